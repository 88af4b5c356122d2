//! The office with a real file, invented answers and a ticket system in memory.

mod desk;
mod people;
mod promises;
mod system;
mod telling;

use std::cell::{Cell, RefCell};
use std::path::PathBuf;

use serde_json::{Value, json};
use whymid_schemas::{Happening, Notification, NotificationState, Subscription};

use self::system::System;
use super::*;
use crate::examples::{answer_about, at, hour, minute, terms};

/// An office, the answers that it gets, the ticket system that it tells.
struct House {
    folder: tempfile::TempDir,
    office: Option<Office>,
    system: System,
    /// What is answered in place of the ordinary answer, by record.
    answers: RefCell<HashMap<String, Asked>>,
    asked: Cell<usize>,
}

impl House {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut house = Self {
            folder,
            office: None,
            system: System::default(),
            answers: RefCell::default(),
            asked: Cell::new(0),
        };
        house.restart();
        house
    }

    /// One with a subscription, and that one's id.
    fn with(changes: Value) -> (Self, String) {
        let house = Self::new();
        let made = house.subscribe(changes);
        (house, made.id)
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("tickets.redb")
    }

    /// Whatever was under way is broken off, and the file opened again.
    fn restart(&mut self) {
        self.office = None;
        let office = Office::open(&self.file(), Settings::default());
        self.office = Some(office.expect("an office"));
    }

    fn office(&self) -> &Office {
        self.office.as_ref().expect("an office")
    }

    fn subscribe(&self, changes: Value) -> Subscription {
        let made = self.office().subscribe(terms(changes), at(0));
        made.expect("a subscription")
    }

    /// A record of `host` comes in, `record@host`.
    fn comes(&self, record: &str, at: Timestamp) {
        let record = record.to_owned();
        self.office()
            .keep(&[Row::Record { record, at }])
            .expect("kept");
    }

    fn succeeds(&self, host: &str, at: Timestamp) {
        let row = Row::Success {
            by: whymid_schemas::Grouping::SendingHost,
            value: host.to_owned(),
            at,
        };
        self.office().keep(&[row]).expect("kept");
    }

    fn ask(&self, record: &str) -> Asked {
        self.asked.set(self.asked.get() + 1);
        if let Some(answer) = self.answers.borrow().get(record) {
            return answer.clone();
        }
        let (_, host) = record.split_once('@').expect("record@host");
        Asked::Answer(Box::new(answer_about(record, host)))
    }

    /// From now on a record is answered like this.
    fn answers(&self, record: &str, answer: Asked) {
        self.answers.borrow_mut().insert(record.to_owned(), answer);
    }

    fn take_in(&self, now: Timestamp) {
        let ask = |record: &str, _: Lang| self.ask(record);
        while self.office().take_in(now, &ask).expect("taken in") == Taken::Some {}
    }

    fn turn(&self, now: Timestamp) -> usize {
        let ask = |record: &str, _: Lang| self.ask(record);
        self.office().turn(now, &ask).expect("turned")
    }

    /// All that there is to do now is done.
    fn works(&self, now: Timestamp) {
        self.take_in(now);
        loop {
            let made = self.turn(now);
            let jobs = self.office().jobs(now, 8).expect("jobs");
            if made == 0 && jobs.is_empty() {
                // what was held is summed up by the next one
                if self.turn(now) == 0 {
                    return;
                }
            }
            for job in jobs {
                let done = job.run(&self.system, now);
                self.office().done(&done, now).expect("written down");
            }
        }
    }

    fn told(&self) -> Vec<Notification> {
        let all = Listing {
            limit: 10_000,
            ..Listing::default()
        };
        let mut told = self
            .office()
            .notifications(&all, Lang::En)
            .expect("a list")
            .0;
        told.reverse();
        told
    }

    fn kinds(&self) -> Vec<(Happening, u64)> {
        self.told()
            .iter()
            .map(|one| (one.kind, one.count))
            .collect()
    }

    fn states(&self) -> Vec<NotificationState> {
        self.told().iter().map(|one| one.state).collect()
    }

    fn count(&self, record: &str) -> u64 {
        let tickets = self.office().tickets_of(record).expect("tickets");
        tickets.first().map_or(0, |one| one.count)
    }

    fn holds(&self, text: &str) -> bool {
        let file = std::fs::read(self.file()).expect("a file");
        file.windows(text.len()).any(|one| one == text.as_bytes())
    }
}
