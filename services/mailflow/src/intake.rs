//! One frame to one merged line: header, appliance, time, event, record. The way that the
//! service and `explain` share.
//!
//! Invariants: every frame ends in exactly one record (attached) or as an appliance event;
//! nothing is dropped. What was wrong with a line is told to the caller, who counts it. A line
//! without any header, from a source whose lines have one, is the rest of a line into which a
//! stranger's header value brought a line end: it is kept, and nothing in it is believed.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use whymid_schemas::{Level, Zone};
use whymid_syslog::{Form, Frame, Lane, Message as Header, Years};

use crate::appliance::{ApplianceIndex, ApplianceMemory, Appliances, Settings, ZoneThen};
use crate::assembler::{Assembler, Origin, Recall};
use crate::disguise::{Disguise, Veil};
use crate::entry::{Entry, KindName};
use crate::event::{Fact, MailEvent, Owner};
use crate::grammar;
use crate::reset::News;

/// The most sources of which it is remembered that their lines have headers.
const MAX_HEADED: usize = 10_000;

/// The most zones that are remembered by name.
const MAX_ZONES: usize = 1_000;

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
    /// The release of its appliance, by its place among [`Appliances::releases`].
    pub release: u16,
}

/// Appliances and assembler behind one door.
#[derive(Debug)]
pub struct Intake {
    /// Who is known.
    pub appliances: Appliances,
    /// What is in memory.
    pub assembler: Assembler,
    /// The sources whose lines have headers: the appliance of the first one, and its place in
    /// the journal.
    headed: HashMap<u32, (ApplianceIndex, u64), RandomState>,
    /// Zones that requests named, by name.
    zones: HashMap<String, Option<TimeZone>, RandomState>,
    /// What is not to be kept of lines.
    veil: Option<Veil>,
}

/// Whose a line is, when it was written, and in which zone its stamp was read.
struct Told {
    at: Timestamp,
    stamped: bool,
    zone: ZoneThen,
}

impl Intake {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(settings: &Settings) -> Self {
        Self::remembering(settings, Vec::new())
    }

    /// Nothing in memory yet, but appliances that are remembered.
    #[must_use]
    pub fn remembering(settings: &Settings, memories: Vec<ApplianceMemory>) -> Self {
        let appliances = Appliances::remembering(settings, memories);
        Self {
            headed: appliances.sources().collect(),
            appliances,
            assembler: Assembler::new(),
            zones: HashMap::default(),
            veil: None,
        }
    }

    /// From now on lines are kept with pseudonyms for addresses and subjects.
    pub fn disguise(&mut self, by: Arc<dyn Disguise>) {
        self.veil = Some(Veil::new(by));
    }

    /// Takes a frame of the journal: years are resolved by the moment it was received, or by
    /// what the request that brought it says.
    pub fn take(&mut self, frame: &Frame, position: u64, recall: &mut dyn Recall) -> Handled {
        let near = frame.label.as_ref().and_then(|label| label.near);
        let mut years = match near {
            Some(near) => Years::Around(near),
            None => Years::NearestTo(frame.received_at),
        };
        self.take_with_years(frame, position, &mut years, recall)
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
        let (index, is_rest) = self.whose(&header, frame, position);
        let body = self.body(header.body, index, is_rest);
        let header = Header {
            body: &body,
            ..header
        };
        let event = if is_rest {
            MailEvent {
                kind: None,
                owner: Owner::Appliance,
                fact: Fact::Nothing,
            }
        } else {
            grammar::read(believable(header.body, frame))
        };
        self.appliances.learn(index, &event.fact, frame, position);
        let told = self.moment(&header, index, frame, position, years);
        self.appliances
            .seen_until(index, told.at, frame, told.stamped);
        let stamp = told.stamped.then_some(told.at);
        self.appliances
            .count(index, event.kind.is_some(), frame, stamp);
        if told.stamped {
            self.appliances.note_gaps(index, &event, told.at, frame);
        }
        // a line without a stamp says nothing of when a number began
        if told.stamped
            && let News::Reset(moment) = self.appliances.note_beginning(index, &event, told.at)
        {
            self.assembler.part(index, moment, frame.received_at);
        }
        let appliance = self.appliances.get(index);
        let origin = Origin {
            life: appliance.life_at(told.at),
            appliance: index,
            name: &appliance.identities[0],
            names: &appliance.identities,
            zone: told.zone.from,
            shift: told.zone.shift,
            now: frame.received_at,
            live: frame.lane == Lane::Live,
        };
        let entry = Entry {
            at: told.at,
            stamp: header.stamp_text.to_owned(),
            level: header.level.map(level),
            kind: KindName(event.kind),
            line: header.body.to_owned(),
            position,
            cut: frame.defect.is_some(),
            zone_epoch: told.zone.epoch,
            seen: vec![(stream(frame.source, header.tag), 1)],
        };
        self.assembler.push(origin, &event, entry, recall);
        Handled {
            kind: event.kind.map(|kind| kind.name),
            attached: !matches!(event.owner, Owner::Appliance | Owner::Beside(_)),
            invalid_utf8,
            without_stamp: !told.stamped,
            release: self.appliances.release_of(index),
        }
    }

    /// Which appliance's line it is, and whether it is the rest of what a stranger wrote.
    fn whose(
        &mut self,
        header: &Header<'_>,
        frame: &Frame,
        position: u64,
    ) -> (ApplianceIndex, bool) {
        let headless = header.form == Form::Bare && header.pri.is_none();
        let headed = self.headed.get(&frame.source).copied();
        let headed = headed.filter(|(_, first)| *first <= position);
        if headless && let Some((index, _)) = headed {
            return (index, true);
        }
        let named = frame
            .label
            .as_ref()
            .and_then(|label| label.appliance.as_deref());
        let index = match named {
            // whoever hands a log in sits at any address
            Some(named) => self.appliances.of(Some(named), None),
            None => self.appliances.of(header.host, frame.peer),
        };
        if !headless && headed.is_none() {
            self.hear(index, frame.source, position);
        }
        (index, false)
    }

    /// A body as it is kept.
    fn body<'l>(&mut self, body: &'l str, index: ApplianceIndex, is_rest: bool) -> Cow<'l, str> {
        match &mut self.veil {
            None => Cow::Borrowed(body),
            Some(veil) if is_rest => Cow::Owned(veil.cover_all(body)),
            Some(veil) => veil.cover(index, body),
        }
    }

    fn hear(&mut self, index: ApplianceIndex, source: u32, position: u64) {
        if self.headed.len() >= MAX_HEADED {
            self.headed.clear();
        }
        self.headed.insert(source, (index, position));
        self.appliances.heard_from(index, source, position);
    }

    /// When a line was written, to the second: AsyncOS's clock shows no more, and a relay's
    /// fraction is the relay's. A line without a stamp was written when it was received; in an
    /// archive, which is received long after, when its neighbours were.
    fn moment(
        &mut self,
        header: &Header<'_>,
        index: ApplianceIndex,
        frame: &Frame,
        position: u64,
        years: &mut Years,
    ) -> Told {
        let own = self.appliances.get(index).zone_at(position);
        let trusts = self.appliances.get(index).trust_relay_time;
        let label = frame.label.as_deref();
        let named = label.and_then(|label| label.zone.as_deref());
        let named = named.and_then(|name| self.zone_named(name));
        let zone = named.as_ref().unwrap_or(&own.zone);
        let stamp = header.stamp.as_ref();
        let by_own_zone = || stamp?.resolve(&mut years.clone(), &own.zone, trusts);
        let by_own_zone = named.as_ref().map(|_| by_own_zone());
        let at = stamp.and_then(|stamp| stamp.resolve(years, zone, trusts));
        let near = label.and_then(|label| label.near);
        let near = near.and_then(|near| zone.to_timestamp(near).ok());
        let newest = self.appliances.get(index).newest();
        let without = match frame.lane {
            Lane::Live => near.unwrap_or(frame.received_at),
            Lane::Archive => near.or(newest).unwrap_or(frame.received_at),
        };
        let differs = by_own_zone.is_some_and(|by_own| by_own != at);
        Told {
            at: whole_second(at.unwrap_or(without)),
            stamped: at.is_some(),
            zone: if differs { by_request(own) } else { own },
        }
    }

    fn zone_named(&mut self, name: &str) -> Option<TimeZone> {
        if let Some(zone) = self.zones.get(name) {
            return zone.clone();
        }
        let zone = TimeZone::get(name).ok();
        if self.zones.len() < MAX_ZONES {
            self.zones.insert(name.to_owned(), zone.clone());
        }
        zone
    }
}

/// What counts as one source of a line: each log of an appliance is one. A line of two logs (a
/// critical one stands in `error_logs`, too) is one line that came twice.
fn stream(source: u32, log: Option<&str>) -> u32 {
    match log {
        None => source,
        Some(log) => log.bytes().fold(source ^ 0x811c_9dc5, |hash, byte| {
            (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
        }),
    }
}

/// A line that came cut: a number at its end may be the beginning of another one.
fn believable<'a>(body: &'a str, frame: &Frame) -> &'a str {
    match frame.defect {
        Some(_) => body.trim_end_matches(|letter: char| letter.is_ascii_digit()),
        None => body,
    }
}

/// The epoch of stamps that were read in a zone that a request named and the appliance's own
/// clock is not known to be in.
const BY_REQUEST: u32 = u32::MAX;

fn by_request(own: ZoneThen) -> ZoneThen {
    ZoneThen {
        from: Zone::Configured,
        epoch: BY_REQUEST,
        ..own
    }
}

fn whole_second(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
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
