//! Records under way: the truth as far as it is written.
//!
//! Invariants: a truth id is given once; a record is handed out once, when nothing more will be
//! written of it, or when its gateway is reset or the log ends.

use jiff::civil::DateTime;

use crate::truth::{Ending, Fate, Named, Recipient, RecordKind, TruthRecord, Whom};

/// A record under way, as scripts name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Who {
    slot: u32,
    pub(crate) id: u64,
    pub(crate) kind: RecordKind,
    /// MID, ICID or DCID.
    pub(crate) number: u64,
}

impl Who {
    pub(crate) fn whom(self) -> Whom {
        match self.kind {
            RecordKind::Message => Whom::Message(self.id),
            RecordKind::Connection => Whom::Connection(self.id),
            RecordKind::Delivery => Whom::Delivery(self.id),
            RecordKind::Event => Whom::Event(self.id),
        }
    }

    pub(crate) fn named(self) -> Named {
        Named {
            whom: self.whom(),
            number: self.number,
        }
    }
}

/// What a script notes of a record in the moment in which it writes a line.
#[derive(Clone, Debug)]
pub(crate) enum Note {
    /// How the record stands.
    Ending(Ending),
    /// A recipient more.
    Recipient(Recipient),
    /// The fate of some recipients, by their places.
    Fate(Vec<u32>, Fate),
    /// The fate of all recipients that wait or are put off or held.
    FateOfAll(Fate),
}

/// All records under way.
#[derive(Clone, Debug, Default)]
pub(crate) struct Records {
    open: Vec<Option<TruthRecord>>,
    free: Vec<u32>,
    next_id: u64,
}

impl Records {
    /// A new record. It has no line yet.
    pub(crate) fn begin(
        &mut self,
        kind: RecordKind,
        (appliance, generation): (usize, u32),
        number: u64,
        ending: Ending,
    ) -> Who {
        let id = self.next_id;
        self.next_id += 1;
        let record = TruthRecord {
            id,
            kind,
            appliance,
            number,
            generation,
            first: DateTime::MAX,
            last: DateTime::MIN,
            line_ids: Vec::new(),
            ending,
            cut: false,
            recipients: Vec::new(),
        };
        Who {
            slot: self.keep(record),
            id,
            kind,
            number,
        }
    }

    /// The id of a record that is over with its only line.
    pub(crate) fn pass(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id - 1
    }

    fn keep(&mut self, record: TruthRecord) -> u32 {
        if let Some(slot) = self.free.pop() {
            self.open[slot as usize] = Some(record);
            return slot;
        }
        self.open.push(Some(record));
        self.open.len() as u32 - 1
    }

    fn of(&mut self, who: Who) -> Option<&mut TruthRecord> {
        let record = self.open[who.slot as usize].as_mut()?;
        (record.id == who.id).then_some(record)
    }

    /// A line is written of it.
    pub(crate) fn wrote(&mut self, who: Who, line_id: u64, at: DateTime) {
        if let Some(record) = self.of(who) {
            record.line_ids.push(line_id);
            record.first = record.first.min(at);
            record.last = record.last.max(at);
        }
    }

    /// Something became true of it.
    pub(crate) fn note(&mut self, who: Who, note: Note) {
        let Some(record) = self.of(who) else {
            return;
        };
        match note {
            Note::Ending(ending) => record.ending = ending,
            Note::Recipient(recipient) => record.recipients.push(recipient),
            Note::Fate(places, fate) => {
                for place in places {
                    if let Some(recipient) = record.recipients.get_mut(place as usize) {
                        recipient.fate = fate;
                    }
                }
            }
            Note::FateOfAll(fate) => {
                for recipient in &mut record.recipients {
                    if matches!(recipient.fate, Fate::Waiting | Fate::Delayed | Fate::Held) {
                        recipient.fate = fate;
                    }
                }
            }
        }
    }

    /// Nothing more will be written of it. `None` when it is gone already, or has no line.
    pub(crate) fn done(&mut self, who: Who) -> Option<TruthRecord> {
        self.of(who)?;
        let record = self.open[who.slot as usize].take();
        self.free.push(who.slot);
        record.filter(|record| !record.line_ids.is_empty())
    }

    /// Everything under way, of one gateway or of all, cut off as it stands.
    pub(crate) fn cut(&mut self, appliance: Option<usize>) -> Vec<TruthRecord> {
        let mut gone = Vec::new();
        for (slot, place) in self.open.iter_mut().enumerate() {
            let meant =
                |record: &mut TruthRecord| appliance.is_none_or(|one| record.appliance == one);
            if let Some(mut record) = place.take_if(meant) {
                self.free.push(slot as u32);
                record.cut = true;
                if !record.line_ids.is_empty() {
                    gone.push(record);
                }
            }
        }
        gone.sort_by_key(|record| record.id);
        gone
    }
}
