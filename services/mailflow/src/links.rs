//! Which records in memory name which connections and messages, so that they are found by those.
//!
//! Not here: which record of a number is meant (`join.rs`, `family.rs`).

use std::collections::{BTreeSet, HashMap};

use foldhash::fast::RandomState;

use crate::appliance::ApplianceIndex;
use crate::merge::Record;
use crate::shelf::Key;

/// What a record names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Link {
    /// The ICID that it came by.
    Connection(u64),
    /// The MID of another message of its family.
    Kin(u64),
    /// The MID that a line of another log is about.
    About(u64),
}

impl Link {
    pub(crate) fn is_of<R: Record>(self, record: &R) -> bool {
        links(record).any(|link| link == self)
    }
}

fn links<R: Record>(record: &R) -> impl Iterator<Item = Link> + '_ {
    let kin = record.ties().iter().map(|tie| Link::Kin(tie.mid));
    let about = record.about().map(Link::About);
    let connection = record.link().map(Link::Connection);
    connection.into_iter().chain(about).chain(kin)
}

/// The numbers of the records that name something.
#[derive(Debug, Default)]
pub(crate) struct Links {
    numbers: HashMap<(ApplianceIndex, Link), BTreeSet<u64>, RandomState>,
}

impl Links {
    /// What tells whether a line changed what a record names: its connection may become another
    /// one, its ties only grow.
    pub(crate) fn mark<R: Record>(record: &R) -> (Option<u64>, usize) {
        (record.link(), record.ties().len())
    }

    /// Notes what a record names since it was so marked.
    pub(crate) fn follow<R: Record>(&mut self, key: Key, before: (Option<u64>, usize), record: &R) {
        if Self::mark(record) == before {
            return;
        }
        if let (of, Some(icid)) = (key.0, before.0) {
            self.remove(of, Link::Connection(icid), key.1);
        }
        self.note(key, record);
    }

    pub(crate) fn note<R: Record>(&mut self, (of, number): Key, record: &R) {
        for link in links(record) {
            self.numbers.entry((of, link)).or_default().insert(number);
        }
    }

    pub(crate) fn forget<R: Record>(&mut self, (of, number): Key, record: &R) {
        for link in links(record) {
            self.remove(of, link, number);
        }
    }

    fn remove(&mut self, of: ApplianceIndex, link: Link, number: u64) {
        if let Some(numbers) = self.numbers.get_mut(&(of, link)) {
            numbers.remove(&number);
            if numbers.is_empty() {
                self.numbers.remove(&(of, link));
            }
        }
    }

    pub(crate) fn of(&self, of: ApplianceIndex, link: Link) -> impl Iterator<Item = u64> + '_ {
        self.numbers.get(&(of, link)).into_iter().flatten().copied()
    }
}
