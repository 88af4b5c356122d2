//! A house of one room: lines go through [`Intake`] into an index that is a map, with commits,
//! settled tickets and crashes, by a clock that follows the lines.
//!
//! Invariants: what is committed is what was handed out, as the index would bring it back; after
//! a crash only that is left, and the lines behind its checkpoint come once more.

use std::collections::{HashMap, VecDeque};

use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use whymid_generator::{
    Appliance, Form, Oracle, Plan, RecordKind, Seen, SeenLine, Written, render,
};
use whymid_mailflow::{
    ApplianceEvent, ApplianceMemory, ApplianceSettings, Common, Connection, Delivery, Handout,
    Intake, Message, Recall, Rested, Settings,
};
use whymid_syslog::{Frame, Lane, Transport};

/// How often records are handed out.
const TICK: SignedDuration = SignedDuration::from_millis(500);

/// What has been committed.
#[derive(Debug, Default)]
pub struct Committed {
    messages: HashMap<(String, u64), Vec<Message>>,
    connections: HashMap<(String, u64), Vec<Connection>>,
    deliveries: HashMap<(String, u64), Vec<Delivery>>,
    events: HashMap<String, ApplianceEvent>,
    memories: HashMap<String, ApplianceMemory>,
    complete: u64,
}

impl Committed {
    fn take(&mut self, handout: Handout, memories: Vec<ApplianceMemory>) {
        for record in handout.records {
            match record {
                Rested::Message(one, _) => {
                    let key = (one.common.appliance.clone(), one.mid);
                    put(self.messages.entry(key).or_default(), *one, |one| {
                        &one.common
                    });
                }
                Rested::Connection(mut one) => {
                    // what it carried is not stored
                    one.mids.clear();
                    one.accepted.clear();
                    let key = (one.common.appliance.clone(), one.icid);
                    put(self.connections.entry(key).or_default(), *one, |one| {
                        &one.common
                    });
                }
                Rested::Delivery(one) => {
                    let key = (one.common.appliance.clone(), one.dcid);
                    put(self.deliveries.entry(key).or_default(), *one, |one| {
                        &one.common
                    });
                }
                Rested::Event(one) => {
                    self.events.insert(one.common.id.clone(), *one);
                }
            }
        }
        let memories = memories.into_iter().map(|one| (one.identity.clone(), one));
        self.memories.extend(memories);
        self.complete = handout.complete;
    }
}

fn put<R>(all: &mut Vec<R>, record: R, common: impl Fn(&R) -> &Common) {
    match all
        .iter_mut()
        .find(|one| common(one).id == common(&record).id)
    {
        Some(held) => *held = record,
        None => all.push(record),
    }
}

impl Recall for Committed {
    fn messages(&mut self, appliance: &[String], mid: u64) -> Vec<Message> {
        of(&self.messages, appliance, mid)
    }
    fn connections(&mut self, appliance: &[String], icid: u64) -> Vec<Connection> {
        of(&self.connections, appliance, icid)
    }
    fn deliveries(&mut self, appliance: &[String], dcid: u64) -> Vec<Delivery> {
        of(&self.deliveries, appliance, dcid)
    }
    fn event(&mut self, id: &str) -> Option<ApplianceEvent> {
        self.events.get(id).cloned()
    }
}

fn of<R: Clone>(all: &HashMap<(String, u64), Vec<R>>, names: &[String], number: u64) -> Vec<R> {
    let keys = names.iter().map(|name| (name.clone(), number));
    let found = keys.filter_map(|key| all.get(&key));
    found.flatten().cloned().collect()
}

/// See the file's head.
#[derive(Debug)]
pub struct House {
    appliances: Vec<Appliance>,
    begins: Timestamp,
    settings: Settings,
    intake: Intake,
    committed: Committed,
    /// Handed out and not yet committed.
    writing: Vec<(Handout, Vec<ApplianceMemory>)>,
    /// The journal behind the checkpoint.
    journal: VecDeque<(u64, Frame)>,
    position: u64,
    now: Timestamp,
    ticked: Timestamp,
}

impl House {
    pub fn new(plan: &Plan) -> Self {
        let settings = Settings {
            appliances: plan.appliances.iter().map(row).collect(),
            zone: None,
            unnamed: "nobody".to_owned(),
        };
        let begins = TimeZone::UTC.to_timestamp(plan.begins).expect("a moment");
        Self {
            appliances: plan.appliances.clone(),
            begins,
            intake: Intake::new(&settings),
            settings,
            committed: Committed::default(),
            writing: Vec::new(),
            journal: VecDeque::new(),
            position: 0,
            now: begins,
            ticked: begins,
        }
    }

    /// A line as it comes by syslog.
    pub fn hear(&mut self, line: &Written, source: u32) {
        let sent = self.begins + SignedDuration::from_secs(line.sent);
        self.now = self.now.max(sent);
        self.position += 1;
        let frame = Frame {
            bytes: render(line, Form::H2, &self.appliances),
            peer: None,
            transport: Transport::Udp,
            source,
            received_at: self.now,
            lane: Lane::Live,
            defect: None,
            label: None,
        };
        self.take(self.position, &frame);
        self.journal.push_back((self.position, frame));
        if self.now >= self.ticked + TICK {
            self.tick();
        }
    }

    fn take(&mut self, position: u64, frame: &Frame) {
        self.intake.take(frame, position, &mut self.committed);
    }

    /// Hands out what rests, and commits what was handed out the time before.
    fn tick(&mut self) {
        self.ticked = self.now;
        self.commit();
        let handout = self.intake.assembler.tick(self.now, usize::MAX);
        let memories = self.intake.appliances.news(false);
        self.writing.push((handout, memories));
    }

    fn commit(&mut self) {
        for (handout, memories) in std::mem::take(&mut self.writing) {
            let ticket = handout.ticket;
            self.committed.take(handout, memories);
            self.intake.assembler.settled(ticket);
        }
        let complete = self.committed.complete;
        while self
            .journal
            .pop_front_if(|(position, _)| *position <= complete)
            .is_some()
        {}
    }

    /// Writes so much of what is in memory as if there were no room for it.
    pub fn shed(&mut self) {
        let weight = self.intake.assembler.weight() / 2;
        let handout = self.intake.assembler.shed(weight);
        let memories = self.intake.appliances.news(false);
        self.writing.push((handout, memories));
    }

    /// The index fails: nothing that was handed out since the last commit was written.
    pub fn fail(&mut self) {
        self.writing.clear();
        self.intake.assembler.not_written(self.now);
        self.intake.appliances.not_remembered();
    }

    /// Ends at once, and begins again with what was committed and the rest of the journal.
    pub fn crash(&mut self) {
        self.writing.clear();
        let mut memories: Vec<_> = self.committed.memories.values().cloned().collect();
        memories.sort_by(|a, b| (a.first, &a.identity).cmp(&(b.first, &b.identity)));
        self.intake = Intake::remembering(&self.settings, memories);
        let journal = std::mem::take(&mut self.journal);
        for (position, frame) in &journal {
            self.take(*position, frame);
        }
        self.journal = journal;
    }

    /// Everything is written.
    pub fn close(&mut self) {
        let handout = self.intake.assembler.shed(usize::MAX);
        self.writing.push((handout, Vec::new()));
        self.commit();
        assert_eq!(self.intake.assembler.counts(), [0; 4], "all can be written");
        assert_eq!(self.committed.complete, self.position);
    }

    /// Every record, as text that can be compared: with or without what the order of arrival
    /// decides by design (ids, positions, the order of display).
    pub fn records(&self, with_ids: bool) -> Vec<String> {
        let mut all = Vec::new();
        let normal = |common: &Common| normal(common, with_ids);
        for one in self.committed.messages.values().flatten() {
            let mut one = one.clone();
            one.common = normal(&one.common);
            all.push(format!("{one:?}"));
        }
        for one in self.committed.connections.values().flatten() {
            let mut one = one.clone();
            one.common = normal(&one.common);
            all.push(format!("{one:?}"));
        }
        for one in self.committed.deliveries.values().flatten() {
            let mut one = one.clone();
            one.common = normal(&one.common);
            all.push(format!("{one:?}"));
        }
        for one in self.committed.events.values() {
            let mut one = one.clone();
            one.common = normal(&one.common);
            all.push(format!("{one:?}"));
        }
        all.sort();
        all
    }

    /// Shows every record to the oracle.
    pub fn show(&self, oracle: &mut Oracle) {
        for ((_, mid), all) in &self.committed.messages {
            for one in all {
                self.show_one(oracle, RecordKind::Message, *mid, &one.common);
            }
        }
        for ((_, icid), all) in &self.committed.connections {
            for one in all {
                self.show_one(oracle, RecordKind::Connection, *icid, &one.common);
            }
        }
        for ((_, dcid), all) in &self.committed.deliveries {
            for one in all {
                self.show_one(oracle, RecordKind::Delivery, *dcid, &one.common);
            }
        }
        for one in self.committed.events.values() {
            self.show_one(oracle, RecordKind::Event, 0, &one.common);
        }
    }

    fn show_one(&self, oracle: &mut Oracle, kind: RecordKind, number: u64, common: &Common) {
        let named = |one: &Appliance| one.name.eq_ignore_ascii_case(&common.appliance);
        let appliance = self.appliances.iter().position(named).expect("a known one");
        let zone = zone(&self.appliances[appliance]);
        let lines = common.entries.lines.iter().map(|line| SeenLine {
            at: zone.to_datetime(line.at),
            body: &line.line,
            copies: line.copies(),
        });
        oracle.seen(&Seen {
            kind,
            appliance,
            number,
            id: common.id.clone(),
            lines: lines.collect(),
            spilled: common.entries.spilled,
        });
    }
}

fn row(one: &Appliance) -> ApplianceSettings {
    ApplianceSettings {
        name: one.name.clone(),
        zone: Some(zone(one)),
        ..ApplianceSettings::default()
    }
}

fn zone(one: &Appliance) -> TimeZone {
    let offset = Offset::from_seconds(one.offset).expect("an offset");
    offset.to_time_zone()
}

fn normal(common: &Common, with_ids: bool) -> Common {
    let mut common = common.clone();
    if with_ids {
        return common;
    }
    common.id.clear();
    (common.born, common.position) = (0, 0);
    common.received_at = Timestamp::UNIX_EPOCH;
    common.live_at = None;
    for line in &mut common.entries.lines {
        line.position = 0;
        line.seen.clear();
    }
    let lines = &mut common.entries.lines;
    lines.sort_by(|a, b| (a.at, &a.line).cmp(&(b.at, &b.line)));
    if common.entries.spilled > 0 {
        // which lines of a flood are kept, and so which are told to be copies, is decided by
        // who comes first
        common.entries.spilled = 1;
        lines.clear();
    }
    common
}
