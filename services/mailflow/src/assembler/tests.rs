//! Whole logs through [`Intake`]: what records come of them, when they leave, whatever the
//! order in which their lines came.

mod again;
mod families;
mod floods;
mod held;
mod intake;
mod life;
mod order;
mod sessions;
mod sight;
mod zones;

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use whymid_syslog::{Frame, Lane, Transport};

use super::*;
use crate::appliance::{ApplianceSettings, Settings};
use crate::entry::Entries;
use crate::intake::{Handled, Intake};

/// What was written, by id, as the index would have it.
#[derive(Debug, Default)]
struct Written {
    messages: HashMap<String, Message>,
    connections: HashMap<String, Connection>,
    deliveries: HashMap<String, Delivery>,
    events: HashMap<String, ApplianceEvent>,
    asked: u32,
}

impl Recall for Written {
    fn messages(&mut self, _: &[String], mid: u64) -> Vec<Message> {
        self.asked += 1;
        let all = self.messages.values().filter(|one| one.mid == mid);
        all.cloned().collect()
    }
    fn connections(&mut self, _: &[String], icid: u64) -> Vec<Connection> {
        let all = self.connections.values().filter(|one| one.icid == icid);
        all.cloned().collect()
    }
    fn deliveries(&mut self, _: &[String], dcid: u64) -> Vec<Delivery> {
        let all = self.deliveries.values().filter(|one| one.dcid == dcid);
        all.cloned().collect()
    }
    fn event(&mut self, id: &str) -> Option<ApplianceEvent> {
        self.events.get(id).cloned()
    }
}

/// A gateway's log on its way in, by a clock of its own.
struct Bench {
    intake: Intake,
    written: Written,
    now: Timestamp,
    position: u64,
    source: u32,
}

fn moment(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

impl Bench {
    fn new() -> Self {
        Self {
            intake: Intake::new(&Settings {
                appliances: vec![ApplianceSettings {
                    name: "esa1".to_owned(),
                    ..Default::default()
                }],
                zone: None,
                unnamed: "esa1".to_owned(),
            }),
            written: Written::default(),
            now: moment("2014-08-14T12:00:00Z"),
            position: 0,
            source: 1,
        }
    }

    fn of(lines: &[&str]) -> Self {
        let mut bench = Self::new();
        for line in lines {
            bench.line(line);
        }
        bench
    }

    /// A line of the appliance's own file.
    fn line(&mut self, text: &str) -> Handled {
        self.position += 1;
        self.at_position(text, self.position)
    }

    fn at_position(&mut self, text: &str, position: u64) -> Handled {
        let frame = Frame {
            bytes: text.as_bytes().to_vec(),
            peer: None,
            transport: Transport::File,
            source: self.source,
            received_at: self.now,
            lane: Lane::Live,
            defect: None,
            label: None,
        };
        self.intake.take(&frame, position, &mut self.written)
    }

    /// `body` at that second of a minute.
    fn at(&mut self, second: u32, body: &str) -> Handled {
        self.line(&stamped(second, body))
    }

    fn wait(&mut self, seconds: i64) {
        self.now = self
            .now
            .checked_add(SignedDuration::from_secs(seconds))
            .expect("a moment");
    }

    /// What is handed out now, noted as written; not yet settled.
    fn tick(&mut self) -> (u64, Vec<Rested>) {
        let handout = self.intake.assembler.tick(self.now, usize::MAX);
        let (ticket, rested) = (handout.ticket, handout.records);
        for one in &rested {
            match one {
                Rested::Message(one, _) => {
                    self.written
                        .messages
                        .insert(one.common.id.clone(), (**one).clone());
                }
                Rested::Connection(one) => {
                    self.written
                        .connections
                        .insert(one.common.id.clone(), (**one).clone());
                }
                Rested::Delivery(one) => {
                    self.written
                        .deliveries
                        .insert(one.common.id.clone(), (**one).clone());
                }
                Rested::Event(one) => {
                    self.written
                        .events
                        .insert(one.common.id.clone(), (**one).clone());
                }
            }
        }
        (ticket, rested)
    }

    /// Eleven seconds later, everything that rests is written and settled.
    fn rest(&mut self) -> Vec<Rested> {
        self.wait(11);
        let (ticket, rested) = self.tick();
        self.intake.assembler.settled(ticket);
        rested
    }

    fn messages(&self) -> Vec<&Message> {
        let mut all: Vec<_> = self.intake.assembler.messages().collect();
        all.sort_by_key(|one| (one.mid, one.common.first_at));
        all
    }

    /// The only message of that MID in memory.
    fn message(&self, mid: u64) -> &Message {
        let mut found = self
            .intake
            .assembler
            .messages()
            .filter(|one| one.mid == mid);
        let one = found.next().expect("the message is in memory");
        assert!(found.next().is_none(), "one message only");
        one
    }

    /// The only connection of that ICID in memory.
    fn connection(&self, icid: u64) -> &Connection {
        let mut found = self
            .intake
            .assembler
            .connections()
            .filter(|one| one.icid == icid);
        let one = found.next().expect("the connection is in memory");
        assert!(found.next().is_none(), "one connection only");
        one
    }

    /// Every frame that the records in memory account for.
    fn accounted(&self) -> u64 {
        let assembler = &self.intake.assembler;
        let of = |entries: &Entries| {
            let seen = entries.lines.iter().flat_map(|line| &line.seen);
            seen.map(|(_, times)| u64::from(*times)).sum::<u64>() + entries.spilled
        };
        assembler
            .messages()
            .map(|one| of(&one.common.entries))
            .sum::<u64>()
            + assembler
                .connections()
                .map(|one| of(&one.common.entries))
                .sum::<u64>()
            + assembler
                .deliveries()
                .map(|one| of(&one.common.entries))
                .sum::<u64>()
            + assembler
                .events()
                .map(|one| of(&one.common.entries))
                .sum::<u64>()
    }
}

fn stamped(second: u32, body: &str) -> String {
    format!(
        "Thu Aug 14 11:{:02}:{:02} 2014 Info: {body}",
        second / 60,
        second % 60
    )
}

fn time(second: u32) -> Timestamp {
    moment(&format!(
        "2014-08-14T11:{:02}:{:02}Z",
        second / 60,
        second % 60
    ))
}

fn mids(rested: &[Rested]) -> Vec<u64> {
    rested
        .iter()
        .filter_map(|one| match one {
            Rested::Message(message, _) => Some(message.mid),
            Rested::Connection(_) | Rested::Delivery(_) | Rested::Event(_) => None,
        })
        .collect()
}

fn icids(rested: &[Rested]) -> Vec<u64> {
    rested
        .iter()
        .filter_map(|one| match one {
            Rested::Connection(connection) => Some(connection.icid),
            Rested::Message(..) | Rested::Delivery(_) | Rested::Event(_) => None,
        })
        .collect()
}
