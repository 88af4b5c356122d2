//! A log to answers, without a service: every line goes the way that the service's lines go,
//! into memory only.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use whymid_mailflow::{
    ApplianceEvent, Common, Connection, Delivery, Family, Gap, Gathering, Intake, Message,
    NothingWritten, Settings, connection_of, is_used,
};
use whymid_schemas::{Answer, Candidate, Outcome, Question, Time};
use whymid_syslog::{Frame, Lane, Transport, YearReader, Years};

use crate::answer::Style;
use crate::family::Followed;
use crate::knowledge::Knowledge;
use crate::limits::Listeners;
use crate::outcome;
use crate::story::{Story, connections_used};

/// The most other matches that an answer lists.
const MAX_CANDIDATES: usize = 20;
/// The most lines of other logs that one story joins.
const MAX_BESIDE: usize = 200;

/// How a log is to be read.
#[derive(Clone, Debug)]
pub struct Reading {
    /// Appliances, zone, the name of a file's lines.
    pub settings: Settings,
    /// The inbound timers.
    pub listeners: Listeners,
    /// The year in which the log begins; else that of `now`.
    pub year: Option<i16>,
    /// When the log is read.
    pub now: Timestamp,
}

/// A log that has been read.
#[derive(Debug)]
pub struct Log {
    messages: Vec<Message>,
    connections: Vec<Connection>,
    deliveries: Vec<Delivery>,
    /// What other logs tell of a MID.
    events: Vec<ApplianceEvent>,
    /// Places of the connections by appliance and ICID.
    connections_by_icid: HashMap<(String, u64), Vec<usize>>,
    /// Places of the messages that a connection carried, by its record id.
    messages_by_connection: HashMap<String, Vec<usize>>,
    /// Places of the messages by appliance and MID.
    messages_by_mid: HashMap<(String, u64), Vec<usize>>,
    /// Places of the messages whose lines name another one, by appliance and that one's MID.
    messages_by_kin: HashMap<(String, u64), Vec<usize>>,
    /// Places of what other logs tell, by appliance and MID.
    events_by_mid: HashMap<(String, u64), Vec<usize>>,
    /// Places of the deliveries by appliance and DCID.
    deliveries_by_dcid: HashMap<(String, u64), Vec<usize>>,
    newest: HashMap<String, Timestamp>,
    gaps: HashMap<String, Vec<Gap>>,
    listeners: Listeners,
    /// Lines read.
    pub lines: u64,
    /// Lines that were understood.
    pub understood: u64,
}

/// Reads one or more files, one after the other.
#[derive(Debug)]
pub struct LogReader {
    intake: Intake,
    reading: Reading,
    source: u32,
    position: u64,
    understood: u64,
}

impl LogReader {
    /// Nothing read yet.
    #[must_use]
    pub fn new(reading: Reading) -> Self {
        Self {
            intake: Intake::new(&reading.settings),
            reading,
            source: 0,
            position: 0,
            understood: 0,
        }
    }

    /// Reads a whole file: lines, or octet-counted frames. Lines that begin with `#` are
    /// comments.
    pub fn read(&mut self, contents: &[u8]) {
        let mut years = match self.reading.year {
            Some(year) => Years::Counting(YearReader::starting_in(year)),
            None => Years::NearestTo(self.reading.now),
        };
        self.source += 1;
        for line in whymid_syslog::file(contents) {
            if line.bytes.starts_with(b"#") {
                continue;
            }
            self.position += 1;
            let frame = Frame {
                bytes: line.bytes,
                peer: None,
                transport: Transport::File,
                source: self.source,
                received_at: self.reading.now,
                lane: Lane::Archive,
                defect: line.defect,
                label: None,
            };
            let nothing = &mut NothingWritten;
            let handled = self
                .intake
                .take_with_years(&frame, self.position, &mut years, nothing);
            self.understood += u64::from(handled.kind.is_some());
        }
    }

    /// The log as a whole.
    #[must_use]
    pub fn finish(self) -> Log {
        let newest = self.intake.appliances.iter();
        let newest = newest
            .filter_map(|one| Some((one.name.clone(), one.newest()?)))
            .collect();
        let gaps = self.intake.appliances.iter();
        let gaps = gaps.map(|one| (one.name.clone(), one.gaps().copied().collect()));
        let gaps = gaps.collect();
        let assembler = &self.intake.assembler;
        let mut messages: Vec<Message> = assembler.messages().cloned().collect();
        messages.sort_by(|a, b| order(&a.common, a.mid).cmp(&order(&b.common, b.mid)));
        let mut connections: Vec<Connection> = assembler.connections().cloned().collect();
        connections.sort_by(|a, b| order(&a.common, a.icid).cmp(&order(&b.common, b.icid)));
        let deliveries: Vec<Delivery> = assembler.deliveries().cloned().collect();
        let events = assembler.events().filter(|one| one.about.is_some());
        let mut events: Vec<ApplianceEvent> = events.cloned().collect();
        events.sort_by(|a, b| order(&a.common, 0).cmp(&order(&b.common, 0)));
        let mut log = Log {
            connections_by_icid: HashMap::new(),
            messages_by_connection: HashMap::new(),
            messages_by_mid: HashMap::new(),
            events_by_mid: HashMap::new(),
            events,
            messages_by_kin: HashMap::new(),
            deliveries_by_dcid: HashMap::new(),
            messages,
            connections,
            deliveries,
            newest,
            gaps,
            listeners: self.reading.listeners,
            lines: self.position,
            understood: self.understood,
        };
        log.note_places();
        log
    }
}

fn order(common: &Common, number: u64) -> (Timestamp, u64, &str) {
    (common.first_at, number, &common.id)
}

impl Log {
    fn note_places(&mut self) {
        for (place, one) in self.connections.iter().enumerate() {
            let key = (one.common.appliance.clone(), one.icid);
            self.connections_by_icid.entry(key).or_default().push(place);
        }
        for (place, one) in self.messages.iter().enumerate() {
            let of = |mid| (one.common.appliance.clone(), mid);
            let own = self.messages_by_mid.entry(of(one.mid));
            own.or_default().push(place);
            let mut kin: Vec<u64> = one.ties.iter().map(|tie| tie.mid).collect();
            kin.dedup();
            for mid in kin {
                self.messages_by_kin.entry(of(mid)).or_default().push(place);
            }
            let Some(id) = self.connection_of(one).map(|one| one.common.id.clone()) else {
                continue;
            };
            let places = self.messages_by_connection.entry(id);
            places.or_default().push(place);
        }
        for connection in &mut self.connections {
            let places = self.messages_by_connection.get(&connection.common.id);
            for place in places.into_iter().flatten() {
                let message = &self.messages[*place];
                connection.note(message.mid, message.ready_at);
            }
        }
        for (place, one) in self.events.iter().enumerate() {
            let key = (one.common.appliance.clone(), one.about.unwrap_or_default());
            self.events_by_mid.entry(key).or_default().push(place);
        }
        for (place, one) in self.deliveries.iter().enumerate() {
            let key = (one.common.appliance.clone(), one.dcid);
            self.deliveries_by_dcid.entry(key).or_default().push(place);
        }
    }

    /// The connection that a message came by.
    fn connection_of(&self, message: &Message) -> Option<&Connection> {
        let key = (message.common.appliance.clone(), message.icid?);
        let places = self.connections_by_icid.get(&key).into_iter().flatten();
        connection_of(message, places.map(|place| &self.connections[*place]))
    }

    /// The answer for one MID: of the newest message, the others as candidates.
    #[must_use]
    pub fn answer_mid(
        &self,
        knowledge: &Knowledge,
        mid: u64,
        appliance: Option<&str>,
        style: &Style,
    ) -> Option<Answer> {
        let fits = |one: &&Message| one.mid == mid && is_of(&one.common.appliance, appliance);
        let mut fitting = self.messages.iter().filter(fits).rev();
        let message = fitting.next()?;
        let question = Question {
            mid: Some(mid),
            appliance: appliance.map(str::to_owned),
            ..Question::default()
        };
        let mut answer = knowledge.answer(&self.story(message), question, style);
        answer.candidates = fitting
            .take(MAX_CANDIDATES)
            .map(|one| candidate(one, style))
            .collect();
        Some(answer)
    }

    /// The answer for one ICID; by its newest message where no line of its own was seen.
    #[must_use]
    pub fn answer_icid(
        &self,
        knowledge: &Knowledge,
        icid: u64,
        appliance: Option<&str>,
        style: &Style,
    ) -> Option<Answer> {
        let question = Question {
            icid: Some(icid),
            appliance: appliance.map(str::to_owned),
            ..Question::default()
        };
        let fits = |one: &&Connection| one.icid == icid && is_of(&one.common.appliance, appliance);
        if let Some(connection) = self.connections.iter().rfind(fits) {
            return Some(self.about(knowledge, connection, question, style));
        }
        let came_by =
            |one: &&Message| one.icid == Some(icid) && is_of(&one.common.appliance, appliance);
        let message = self.messages.iter().rfind(came_by)?;
        Some(knowledge.answer(&self.story(message), question, style))
    }

    /// Answers for many at once, oldest first: at most `limit`, and how many more there would be.
    /// Connections that carried messages are answered for by those.
    #[must_use]
    pub fn answers(
        &self,
        knowledge: &Knowledge,
        appliance: Option<&str>,
        wanted: Wanted,
        limit: usize,
        style: &Style,
    ) -> (Vec<Answer>, usize) {
        let mut found: Vec<(Timestamp, Found<'_>)> = Vec::new();
        let of = |common: &Common| is_of(&common.appliance, appliance);
        for one in self.messages.iter().filter(|one| of(&one.common)) {
            if wanted == Wanted::Everything || self.went_wrong(one) {
                found.push((one.common.first_at, Found::Message(one)));
            }
        }
        for one in self.connections.iter().filter(|one| of(&one.common)) {
            if one.mids.is_empty() && (wanted == Wanted::Everything || connection_went_wrong(one)) {
                found.push((one.common.first_at, Found::Connection(one)));
            }
        }
        found.sort_by_key(|(at, _)| *at);
        let left_out = found.len().saturating_sub(limit);
        let shown = found.into_iter().take(limit);
        (
            shown
                .map(|(_, one)| self.answer_found(knowledge, one, style))
                .collect(),
            left_out,
        )
    }

    /// Whether a message is known to have gone wrong; one that goes on another's way is answered
    /// for by that one.
    fn went_wrong(&self, message: &Message) -> bool {
        let has_kin = || {
            let key = (message.common.appliance.clone(), message.mid);
            !message.ties.is_empty() || self.messages_by_kin.contains_key(&key)
        };
        let ended = message.finished.is_some();
        if !has_kin() {
            return went_wrong(outcome::of_message(message), ended);
        }
        let story = self.story(message);
        let followed = Followed::of(&story);
        story.family.came_from(0).is_none()
            && followed.is_some_and(|one| went_wrong(one.outcome, ended))
    }

    fn answer_found(&self, knowledge: &Knowledge, found: Found<'_>, style: &Style) -> Answer {
        match found {
            Found::Message(one) => {
                let mid = Some(one.mid);
                let question = Question {
                    mid,
                    ..Question::default()
                };
                knowledge.answer(&self.story(one), question, style)
            }
            Found::Connection(one) => {
                let icid = Some(one.icid);
                let question = Question {
                    icid,
                    ..Question::default()
                };
                self.about(knowledge, one, question, style)
            }
        }
    }

    fn about(
        &self,
        knowledge: &Knowledge,
        connection: &Connection,
        question: Question,
        style: &Style,
    ) -> Answer {
        let newest = self.newest.get(&connection.common.appliance).copied();
        let timers = self.listeners.timers(Some(connection));
        let gaps = self
            .gaps
            .get(&connection.common.appliance)
            .into_iter()
            .flatten();
        let story = Story::of_connection(connection.clone(), newest, timers).with_gaps(gaps);
        let places = self.messages_by_connection.get(&connection.common.id);
        let messages: Vec<Story> = places
            .into_iter()
            .flatten()
            .map(|place| self.story(&self.messages[*place]))
            .collect();
        knowledge.connection_answer(&story, &messages, question, style)
    }

    /// One of them with its surroundings.
    #[must_use]
    pub fn story(&self, message: &Message) -> Story {
        let family = self.family_of(message);
        let root = &family.members[family.root_of(0)];
        let connection = self.connection_of(root).cloned().map(Arc::new);
        let mut places: Vec<usize> = Vec::new();
        for (dcid, one) in connections_used(&family) {
            let key = (one.common.appliance.clone(), dcid);
            let known = self.deliveries_by_dcid.get(&key).into_iter().flatten();
            let used = known
                .copied()
                .filter(|place| is_used(&self.deliveries[*place], one));
            places.extend(used.max_by_key(|place| self.deliveries[*place].common.first_at));
        }
        places.sort_unstable();
        places.dedup();
        let deliveries = places.iter().map(|place| &self.deliveries[*place]);
        let timers = self.listeners.timers(connection.as_deref());
        let newest = self.newest.get(&message.common.appliance).copied();
        let deliveries: Vec<Delivery> = deliveries.cloned().collect();
        let mids = family.members.iter().map(|one| one.mid);
        let beside = mids.flat_map(|mid| {
            let key = (message.common.appliance.clone(), mid);
            let places = self.events_by_mid.get(&key).into_iter().flatten();
            places.map(|place| self.events[*place].clone())
        });
        let beside = beside.take(MAX_BESIDE).collect();
        let gaps = self
            .gaps
            .get(&message.common.appliance)
            .into_iter()
            .flatten();
        Story::of(family, connection, deliveries, beside, newest, timers).with_gaps(gaps)
    }

    /// The messages of the log, oldest first.
    pub fn messages(&self) -> impl Iterator<Item = &Message> {
        self.messages.iter()
    }

    /// How one of them fared, followed to the messages under which its mail went on.
    #[must_use]
    pub fn outcome_of(&self, message: &Message) -> Outcome {
        let followed = Followed::of(&self.story(message));
        followed.map_or(Outcome::Unknown, |one| one.outcome)
    }

    /// One of them with its family.
    #[must_use]
    pub fn family_of(&self, message: &Message) -> Family {
        let mut gathering = Gathering::of(message.clone());
        while let Some(wanted) = gathering.wanted() {
            let all = |places: &HashMap<(String, u64), Vec<usize>>, mid: u64| -> Vec<Message> {
                let key = (message.common.appliance.clone(), mid);
                let places = places.get(&key).into_iter().flatten();
                places.map(|place| self.messages[*place].clone()).collect()
            };
            let named = wanted.named.iter();
            let named = named
                .flat_map(|mid| all(&self.messages_by_mid, *mid))
                .collect();
            let naming = all(&self.messages_by_kin, wanted.mid);
            let same_mid = all(&self.messages_by_mid, wanted.mid);
            gathering.take(named, naming, &same_mid);
        }
        gathering.finish()
    }

    /// The appliances whose lines were read.
    #[must_use]
    pub fn appliances(&self) -> Vec<String> {
        let mut names: Vec<String> = self.newest.keys().cloned().collect();
        names.sort();
        names
    }
}

/// Whether an appliance is the wanted one; a short host name is enough.
fn is_of(appliance: &str, wanted: Option<&str>) -> bool {
    let Some(wanted) = wanted.map(str::to_lowercase) else {
        return true;
    };
    let rest = appliance.strip_prefix(&wanted);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

fn candidate(message: &Message, style: &Style) -> Candidate {
    Candidate {
        id: message.common.id.clone(),
        url: None,
        appliance: message.common.appliance.clone(),
        first_seen_at: Time::of(message.common.first_at, &style.zone),
        outcome: outcome::of_message(message),
    }
}

/// One of the log's records.
enum Found<'l> {
    Message(&'l Message),
    Connection(&'l Connection),
}

/// Which records are answered for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// All of them.
    Everything,
    /// Those that are known to have gone wrong, or that ended nobody can tell how.
    GoneWrong,
}

fn connection_went_wrong(connection: &Connection) -> bool {
    went_wrong(
        outcome::of_connection(connection, &[]),
        connection.has_ended(),
    )
}

/// Whether somebody might ask why: anything but delivered, and but what is simply under way.
fn went_wrong(outcome: Outcome, ended: bool) -> bool {
    match outcome {
        Outcome::Delivered | Outcome::Processing | Outcome::Queued => false,
        Outcome::Unknown => ended,
        Outcome::PartiallyDelivered
        | Outcome::Aborted
        | Outcome::Rejected
        | Outcome::Dropped
        | Outcome::HardBounced
        | Outcome::SoftBounced
        | Outcome::Quarantined
        | Outcome::DeletedFromQuarantine => true,
    }
}
