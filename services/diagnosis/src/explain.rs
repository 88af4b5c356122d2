//! A log to answers, without a service: every line goes the way that the service's lines go,
//! into memory only.

use jiff::Timestamp;
use whymid_mailflow::{Connection, Delivery, Intake, Message, NothingWritten, Rested, Settings};
use whymid_schemas::{Answer, Outcome, Question};
use whymid_syslog::{Decoder, Frame, Lane, Transport, YearReader, Years};

use crate::answer::Style;
use crate::knowledge::Knowledge;
use crate::limits::Listeners;
use crate::outcome;
use crate::story::Story;

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
    newest: std::collections::HashMap<String, Timestamp>,
    listeners: Listeners,
    /// Lines read.
    pub lines: u64,
}

/// Reads one or more files, one after the other.
#[derive(Debug)]
pub struct LogReader {
    intake: Intake,
    reading: Reading,
    source: u32,
    position: u64,
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
        let mut decoder = Decoder::new();
        let mut lines = Vec::new();
        decoder.push(contents, &mut |line| lines.push(line));
        decoder.finish(&mut |mut line| {
            // a file's last line needs no line end
            line.defect = line
                .defect
                .filter(|defect| *defect != whymid_syslog::Defect::Unfinished);
            lines.push(line);
        });
        for line in lines {
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
            };
            self.intake
                .take_with_years(&frame, self.position, &mut years, &mut NothingWritten);
        }
    }

    /// The log as a whole.
    #[must_use]
    pub fn finish(mut self) -> Log {
        let _ended: (u64, Vec<Rested>) = self.intake.assembler.drain(self.reading.now);
        let newest = self.intake.appliances.iter();
        let newest = newest
            .filter_map(|one| Some((one.name.clone(), one.newest?)))
            .collect();
        let assembler = &self.intake.assembler;
        let mut messages: Vec<Message> = assembler.messages().cloned().collect();
        messages.sort_by(|a, b| {
            (a.common.first_at, a.mid, &a.common.id).cmp(&(b.common.first_at, b.mid, &b.common.id))
        });
        let mut connections: Vec<Connection> = assembler.connections().cloned().collect();
        connections.sort_by(|a, b| {
            (a.common.first_at, a.icid, &a.common.id).cmp(&(
                b.common.first_at,
                b.icid,
                &b.common.id,
            ))
        });
        Log {
            messages,
            connections,
            deliveries: assembler.deliveries().cloned().collect(),
            newest,
            listeners: self.reading.listeners,
            lines: self.position,
        }
    }
}

impl Log {
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
        let message = self.messages.iter().rfind(fits)?;
        let question = Question {
            mid: Some(mid),
            appliance: appliance.map(str::to_owned),
            ..Question::default()
        };
        Some(knowledge.answer(&self.story(message), question, style))
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

    /// The answer for every message and connection that did not end well, oldest first.
    #[must_use]
    pub fn answers(
        &self,
        knowledge: &Knowledge,
        appliance: Option<&str>,
        style: &Style,
    ) -> Vec<Answer> {
        let mut answers = Vec::new();
        for message in self
            .messages
            .iter()
            .filter(|one| is_of(&one.common.appliance, appliance))
        {
            let question = Question {
                mid: Some(message.mid),
                ..Question::default()
            };
            let story = self.story(message);
            if went_wrong(knowledge.facets(&story).outcome, message.finished.is_some()) {
                answers.push((
                    message.common.first_at,
                    knowledge.answer(&story, question, style),
                ));
            }
        }
        for connection in self
            .connections
            .iter()
            .filter(|one| is_of(&one.common.appliance, appliance))
        {
            let alone = connection.mids.is_empty();
            let outcome = outcome::of_connection(connection, &[]);
            if alone && went_wrong(outcome, connection.has_ended()) {
                let question = Question {
                    icid: Some(connection.icid),
                    ..Question::default()
                };
                answers.push((
                    connection.common.first_at,
                    self.about(knowledge, connection, question, style),
                ));
            }
        }
        answers.sort_by_key(|(at, _)| *at);
        answers.into_iter().map(|(_, answer)| answer).collect()
    }

    fn about(
        &self,
        knowledge: &Knowledge,
        connection: &Connection,
        question: Question,
        style: &Style,
    ) -> Answer {
        let story = Story {
            message: None,
            connection: Some(connection.clone()),
            deliveries: Vec::new(),
            newest: self.newest.get(&connection.common.appliance).copied(),
            timers: self.listeners.timers(Some(connection)),
        };
        let own = |one: &&Message| one.connection.as_deref() == Some(connection.common.id.as_str());
        let messages: Vec<Story> = self
            .messages
            .iter()
            .filter(own)
            .map(|one| self.story(one))
            .collect();
        knowledge.connection_answer(&story, &messages, question, style)
    }

    fn story(&self, message: &Message) -> Story {
        let id = message.connection.as_deref();
        let connection = self
            .connections
            .iter()
            .find(|one| Some(one.common.id.as_str()) == id)
            .cloned();
        let used = |one: &&Delivery| {
            one.common.appliance == message.common.appliance && message.dcids.contains(&one.dcid)
        };
        Story {
            timers: self.listeners.timers(connection.as_ref()),
            connection,
            deliveries: self.deliveries.iter().filter(used).cloned().collect(),
            newest: self.newest.get(&message.common.appliance).copied(),
            message: Some(message.clone()),
        }
    }

    /// The appliances whose lines were read.
    #[must_use]
    pub fn appliances(&self) -> Vec<String> {
        let mut names: Vec<String> = self.newest.keys().cloned().collect();
        names.sort();
        names
    }
}

fn is_of(appliance: &str, wanted: Option<&str>) -> bool {
    wanted.is_none_or(|wanted| appliance.eq_ignore_ascii_case(wanted))
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
