//! What was delivered and what a program made of it, to what is wrong.
//!
//! ```text
//! delivered(line) ──► Slot: by appliance, second and body      slots.rs
//! seen(record)    ──► whose lines are in it; faults found here ──► Report   report.rs
//! report()        ──► what is missing or counted wrongly       ──►
//! ```
//!
//! A line is known by its appliance, its stamp and its body. Lines that agree in all three are
//! legitimate; they are counted, not told apart. Of two sources that held the same line, the one
//! that held it more often says how many copies there are. A line whose wording names two records
//! may be with either or with both.
//!
//! Invariants: nothing of the product is known here; no body is kept, only its hash; all lines
//! are delivered before the first record is seen.
//!
//! Not here: what a record's outcome should be (`verdict.rs`).

mod report;
mod slots;

use std::collections::HashMap;

use jiff::civil::DateTime;

use crate::kind::Kind;
use crate::truth::{Named, RecordKind, Written};
pub use report::{Fault, Finding, Report};
use slots::{NOBODY, Slot, Slots};

/// One record as the program has it, in plain data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen<'a> {
    /// The kind of record.
    pub kind: RecordKind,
    /// The place of the gateway in `Plan::appliances`.
    pub appliance: usize,
    /// MID, ICID or DCID; 0 for an event.
    pub number: u64,
    /// The program's own id, to name it in findings.
    pub id: String,
    /// Its lines.
    pub lines: Vec<SeenLine<'a>>,
    /// Lines that it says it counted and did not keep.
    pub spilled: u64,
}

/// One line of a record as the program has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenLine<'a> {
    /// The stamp as the gateway wrote it.
    pub at: DateTime,
    /// What it says.
    pub body: &'a str,
    /// How often the program says that it came.
    pub copies: u32,
}

/// Compares what was delivered with what a program has. See the file's head.
#[derive(Debug)]
pub struct Oracle {
    slots: Slots,
    /// Kinds of lines that may be events though they are about a record.
    may_be_event: Vec<Kind>,
    /// Each truth record's first seen record.
    homes: HashMap<u64, u32>,
    /// What the program says it did not keep, by truth record.
    spilled: HashMap<u64, u64>,
    ids: Vec<String>,
    report: Report,
}

/// How a line stands to the record that it was found in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    /// It is about it.
    Own,
    /// It names it beside the one that it is about.
    Second,
}

impl Oracle {
    /// An oracle that names the seed in its report, and up to so many examples for each fault.
    #[must_use]
    pub fn new(seed: u64, examples: usize) -> Self {
        Self {
            slots: Slots::default(),
            may_be_event: Vec::new(),
            homes: HashMap::new(),
            spilled: HashMap::new(),
            ids: Vec::new(),
            report: Report::new(seed, examples),
        }
    }

    /// Lines of these kinds may be events of the appliance too: the program does not read them.
    #[must_use]
    pub fn lenient(mut self, kinds: &[Kind]) -> Self {
        self.may_be_event.extend_from_slice(kinds);
        self
    }

    /// A line was handed to the program by its only source.
    pub fn delivered(&mut self, line: &Written) {
        self.delivered_by(0, line);
    }

    /// A line was handed to the program by one of up to four sources, numbered from 0.
    pub fn delivered_by(&mut self, source: usize, line: &Written) {
        self.report.delivered += 1;
        self.slots.delivered(source, line);
    }

    /// A record of the program.
    pub fn seen(&mut self, record: &Seen<'_>) {
        let place = self.ids.len() as u32;
        self.ids.push(record.id.clone());
        self.report.records += 1;
        let found = self.find_lines(record);
        if record.kind == RecordKind::Event {
            return self.seen_event(record, &found);
        }
        let Some(main) = self.main_of(record, &found) else {
            return self.strange(record, &found);
        };
        self.at_home(main, place, record, &found);
        for (slot, line) in found {
            self.seen_in(slot, line.copies, main, place, record);
        }
    }

    /// The slots of a record's lines; lines without one are faults.
    fn find_lines<'a>(&mut self, record: &'a Seen<'_>) -> Vec<(u32, &'a SeenLine<'a>)> {
        let mut found = Vec::with_capacity(record.lines.len());
        for line in &record.lines {
            if let Some(slot) = self.slots.find(record.appliance, line.at, line.body) {
                found.push((slot, line));
            } else if let Some(slot) = self.slots.find_elsewhere(line.at, line.body) {
                let of = &mut self.slots.all[slot as usize];
                of.excused = true;
                let lines = vec![of.line_id];
                self.found(Fault::Foreign, record, lines, line.body);
            } else {
                self.found(Fault::Invented, record, Vec::new(), line.body);
            }
        }
        found
    }

    fn found(&mut self, fault: Fault, record: &Seen<'_>, line_ids: Vec<u64>, note: &str) {
        self.report.add(Finding {
            fault,
            appliance: record.appliance,
            number: record.number,
            records: vec![record.id.clone()],
            line_ids,
            note: note.to_owned(),
        });
    }

    fn seen_event(&mut self, record: &Seen<'_>, found: &[(u32, &SeenLine<'_>)]) {
        for (slot, line) in found {
            let of = &mut self.slots.all[*slot as usize];
            of.seen_as_event = of.seen_as_event.saturating_add(short(line.copies));
            let is_event = of.whom().whom.kind() == RecordKind::Event;
            if !is_event && !self.may_be_event.contains(&of.kind) {
                let line_id = of.line_id;
                self.found(Fault::WrongKind, record, vec![line_id], line.body);
            }
        }
    }

    /// The truth record of that kind and number that most of the lines are about.
    fn main_of(&self, record: &Seen<'_>, found: &[(u32, &SeenLine<'_>)]) -> Option<u64> {
        let mut votes: Vec<(u64, u32)> = Vec::new();
        for (slot, _) in found {
            self.slots.candidates(*slot, |named, role| {
                if fits(named, record) {
                    let weight = if role == Role::Own { 2 } else { 1 };
                    match votes.iter_mut().find(|(id, _)| *id == named.whom.id()) {
                        Some((_, count)) => *count += weight,
                        None => votes.push((named.whom.id(), weight)),
                    }
                }
            });
        }
        votes
            .into_iter()
            .max_by_key(|(id, count)| (*count, u64::MAX - id))
            .map(|(id, _)| id)
    }

    /// No line of the record is about anything of that kind and number.
    fn strange(&mut self, record: &Seen<'_>, found: &[(u32, &SeenLine<'_>)]) {
        for (slot, line) in found {
            self.misplaced(*slot, record, line.body);
        }
    }

    fn misplaced(&mut self, slot: u32, record: &Seen<'_>, body: &str) {
        let of = &mut self.slots.all[slot as usize];
        of.excused = true;
        let same_kind = of.whom().whom.kind() == record.kind;
        let fault = match (same_kind, of.whom().number == record.number) {
            (true, true) => Fault::Mixed,
            (true, false) => Fault::WrongNumber,
            (false, _) => Fault::WrongKind,
        };
        let line_id = of.line_id;
        self.found(fault, record, vec![line_id], body);
    }

    fn at_home(
        &mut self,
        main: u64,
        place: u32,
        record: &Seen<'_>,
        found: &[(u32, &SeenLine<'_>)],
    ) {
        *self.spilled.entry(main).or_default() += record.spilled;
        let home = *self.homes.entry(main).or_insert(place);
        if home == place {
            return;
        }
        let line_ids = found.iter().take(3);
        let line_ids = line_ids.map(|(slot, _)| self.slots.all[*slot as usize].line_id);
        self.report.add(Finding {
            fault: Fault::Split,
            appliance: record.appliance,
            number: record.number,
            records: vec![self.ids[home as usize].clone(), record.id.clone()],
            line_ids: line_ids.collect(),
            note: format!("truth {main}"),
        });
    }

    fn seen_in(&mut self, slot: u32, copies: u32, main: u64, place: u32, record: &Seen<'_>) {
        let is_main = |named: Named| named.whom.id() == main && fits(named, record);
        let role = self.slots.role(slot, is_main);
        let Some(role) = role else {
            return self.misplaced(slot, record, "");
        };
        let of = &mut self.slots.all[slot as usize];
        let shared = of.shared;
        let (home, seen) = match role {
            Role::Own => (&mut of.home, &mut of.seen),
            Role::Second => (&mut of.second_home, &mut of.seen_second),
        };
        if *home == NOBODY || *home == place || shared {
            *home = place;
            *seen = seen.saturating_add(short(copies));
            return;
        }
        let (other, line_id) = (*home, of.line_id);
        self.report.add(Finding {
            fault: Fault::Doubled,
            appliance: record.appliance,
            number: record.number,
            records: vec![self.ids[other as usize].clone(), record.id.clone()],
            line_ids: vec![line_id],
            note: String::new(),
        });
    }

    /// All records were seen: what is wrong.
    #[must_use]
    pub fn report(mut self) -> Report {
        let mut missing: HashMap<u64, Vec<u32>> = HashMap::new();
        let slots = std::mem::take(&mut self.slots.all);
        for (place, slot) in slots.iter().enumerate() {
            let expected = slot.expected();
            let seen = slot.most_seen();
            if seen == 0 && !slot.excused {
                let of = missing.entry(slot.whom().whom.id()).or_default();
                of.push(place as u32);
            } else if seen < expected && !slot.excused {
                self.miscounted(Fault::CopiesShort, slot, seen, expected);
            } else if seen > expected {
                self.miscounted(Fault::CopiesOver, slot, seen, expected);
            }
            if slot.seen_as_event > 0 && slot.home != NOBODY {
                self.miscounted(Fault::Doubled, slot, seen, expected);
            }
        }
        self.report.lines = slots.len() as u64;
        self.lost(missing, &slots);
        self.report
    }

    fn miscounted(&mut self, fault: Fault, slot: &Slot, seen: u16, expected: u16) {
        let home = self.ids.get(slot.home as usize).cloned();
        self.report.add(Finding {
            fault,
            appliance: usize::from(slot.appliance),
            number: slot.whom().number,
            records: home.into_iter().collect(),
            line_ids: vec![slot.line_id],
            note: format!("{}: {seen} copies of {expected}", slot.kind.what()),
        });
    }

    /// Lines in no record: a record may say that it counted them without keeping them.
    fn lost(&mut self, missing: HashMap<u64, Vec<u32>>, slots: &[Slot]) {
        let mut missing: Vec<(u64, Vec<u32>)> = missing.into_iter().collect();
        missing.sort_unstable();
        for (truth, places) in missing {
            let excused = self.spilled.get(&truth).copied().unwrap_or(0) as usize;
            for place in places.into_iter().skip(excused) {
                let slot = &slots[place as usize];
                let home = self.homes.get(&truth).map(|home| *home as usize);
                let records = home.map(|home| self.ids[home].clone());
                self.report.add(Finding {
                    fault: Fault::Lost,
                    appliance: usize::from(slot.appliance),
                    number: slot.whom().number,
                    records: records.into_iter().collect(),
                    line_ids: vec![slot.line_id],
                    note: slot.kind.what().to_owned(),
                });
            }
        }
    }
}

/// Copies, as they are counted.
fn short(copies: u32) -> u16 {
    u16::try_from(copies).unwrap_or(u16::MAX)
}

fn fits(named: Named, record: &Seen<'_>) -> bool {
    named.whom.kind() == record.kind && named.number == record.number
}
