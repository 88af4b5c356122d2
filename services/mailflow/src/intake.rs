//! One frame to one merged line: header, appliance, time, event, record. The way that the
//! service and `explain` share.
//!
//! Invariants: every frame ends in exactly one record (attached) or as an appliance event;
//! nothing is dropped. What was wrong with a line is told to the caller, who counts it. A line
//! without any header, from a source whose lines have one, is the rest of a line into which a
//! stranger's header value brought a line end: it is kept, and nothing in it is believed.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use jiff::Timestamp;
use whymid_schemas::Level;
use whymid_syslog::{Form, Frame, Lane, Message as Header, Years};

use crate::appliance::{ApplianceIndex, Appliances, Settings};
use crate::assembler::{Assembler, Origin, Recall};
use crate::entry::{Entry, KindName};
use crate::event::{Fact, MailEvent, Owner};
use crate::grammar;

/// The most sources of which it is remembered that their lines have headers.
const MAX_HEADED: usize = 10_000;

/// What became of a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Handled {
    /// Its kind's name; `None` when the line was not understood.
    pub kind: Option<&'static str>,
    /// Kept with a message, a connection or a delivery; else as an appliance event.
    pub attached: bool,
    /// Bytes that are not UTF-8 were replaced.
    pub invalid_utf8: bool,
    /// No usable stamp: the moment of receipt was taken.
    pub without_stamp: bool,
}

/// Appliances and assembler behind one door.
#[derive(Debug)]
pub struct Intake {
    /// Who is known.
    pub appliances: Appliances,
    /// What is in memory.
    pub assembler: Assembler,
    /// The sources whose lines have headers, with the appliance of the last one.
    headed: HashMap<u32, ApplianceIndex, RandomState>,
}

impl Intake {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self {
            appliances: Appliances::new(settings),
            assembler: Assembler::new(),
            headed: HashMap::default(),
        }
    }

    /// Takes a live frame: years are resolved by the moment it was received.
    pub fn take(&mut self, frame: &Frame, position: u64, recall: &mut dyn Recall) -> Handled {
        self.take_with_years(
            frame,
            position,
            &mut Years::NearestTo(frame.received_at),
            recall,
        )
    }

    /// Takes a frame, years resolved by the caller's rule.
    pub fn take_with_years(
        &mut self,
        frame: &Frame,
        position: u64,
        years: &mut Years,
        recall: &mut dyn Recall,
    ) -> Handled {
        let (text, invalid_utf8) = whymid_syslog::text(&frame.bytes);
        let header = whymid_syslog::parse(&text);
        let (index, event) = self.read(&header, frame);
        self.appliances.learn(index, &event.fact);
        let stamped = self.moment(&header, index, years);
        let at = stamped.unwrap_or_else(|| self.without_stamp(index, frame));
        self.appliances
            .seen_until(index, at, frame, stamped.is_some());
        let appliance = self.appliances.get(index);
        let origin = Origin {
            appliance: index,
            name: &appliance.name,
            zone: appliance.zone_from,
            now: frame.received_at,
        };
        let entry = Entry {
            at,
            stamp: header.stamp_text.to_owned(),
            level: header.level.map(level),
            kind: KindName(event.kind),
            line: header.body.to_owned(),
            position,
            cut: frame.defect.is_some(),
            zone_epoch: appliance.zone_epoch,
            seen: vec![(frame.source, 1)],
        };
        self.assembler.push(origin, &event, entry, recall);
        Handled {
            kind: event.kind.map(|kind| kind.name),
            attached: event.owner != Owner::Appliance,
            invalid_utf8,
            without_stamp: stamped.is_none(),
        }
    }

    /// Whose line it is and what it says.
    fn read<'a>(&mut self, header: &Header<'a>, frame: &Frame) -> (ApplianceIndex, MailEvent<'a>) {
        let headless = header.form == Form::Bare && header.pri.is_none();
        if headless && let Some(index) = self.headed.get(&frame.source) {
            let event = MailEvent {
                kind: None,
                owner: Owner::Appliance,
                fact: Fact::Nothing,
            };
            return (*index, event);
        }
        let index = self.appliances.of(header.host, frame.peer);
        if !headless {
            if self.headed.len() >= MAX_HEADED && !self.headed.contains_key(&frame.source) {
                self.headed.clear();
            }
            self.headed.insert(frame.source, index);
        }
        (index, grammar::read(header.body))
    }

    /// When a line without a stamp was written: when it was received; in an archive, which is
    /// received long after, as its neighbours.
    fn without_stamp(&self, index: ApplianceIndex, frame: &Frame) -> Timestamp {
        let newest = self.appliances.get(index).newest;
        match frame.lane {
            Lane::Live => frame.received_at,
            Lane::Archive => newest.unwrap_or(frame.received_at),
        }
    }

    fn moment(
        &self,
        header: &Header<'_>,
        index: ApplianceIndex,
        years: &mut Years,
    ) -> Option<Timestamp> {
        let appliance = self.appliances.get(index);
        let stamp = header.stamp.as_ref()?;
        stamp.resolve(years, &appliance.zone, appliance.trust_relay_time)
    }
}

fn level(level: whymid_syslog::Level) -> Level {
    match level {
        whymid_syslog::Level::Info => Level::Info,
        whymid_syslog::Level::Warning => Level::Warning,
        whymid_syslog::Level::Critical => Level::Critical,
        whymid_syslog::Level::Debug => Level::Debug,
        whymid_syslog::Level::Trace => Level::Trace,
        whymid_syslog::Level::Alert => Level::Alert,
    }
}
