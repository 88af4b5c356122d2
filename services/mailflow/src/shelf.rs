//! Records of one kind in memory: open, finished and lingering, handed out, settled.
//!
//! A number (MID, ICID, DCID) names one held record. A former holder of a number that is used
//! again is retired: handed out at the next occasion, and readable until it is settled.
//!
//! Not here: what a line does to a record, how records hang together (`assembler.rs`).

use std::collections::{HashMap, VecDeque};

use foldhash::fast::RandomState;
use jiff::Timestamp;

use crate::appliance::ApplianceIndex;
use crate::assembler::LINGER;

pub(crate) type Key = (ApplianceIndex, u64);

/// A record in memory.
#[derive(Debug)]
pub(crate) struct Held<R> {
    pub(crate) record: R,
    /// When a line last touched it, by the caller's clock.
    touched: Timestamp,
    /// Handed out with that ticket and not touched since.
    written: Option<u64>,
    /// Whether it waits in the queue of finished ones.
    finishing: bool,
}

/// Records of one kind.
#[derive(Debug)]
pub(crate) struct Shelf<R> {
    held: HashMap<Key, Held<R>, RandomState>,
    /// Ends in order, each with when it may be written.
    finishing: VecDeque<(Timestamp, Key)>,
    /// What was handed out, in order of tickets.
    handed: VecDeque<(u64, Key)>,
    /// Former holders of a number that is used again, to be handed out.
    retired: Vec<R>,
    /// Former holders that were handed out, until they are settled.
    leaving: Vec<(u64, R)>,
}

impl<R: Clone> Shelf<R> {
    pub(crate) fn new() -> Self {
        Self {
            held: HashMap::default(),
            finishing: VecDeque::new(),
            handed: VecDeque::new(),
            retired: Vec::new(),
            leaving: Vec::new(),
        }
    }

    pub(crate) fn get(&self, key: Key) -> Option<&R> {
        self.held.get(&key).map(|held| &held.record)
    }

    pub(crate) fn get_mut(&mut self, key: Key) -> Option<&mut R> {
        self.held.get_mut(&key).map(|held| &mut held.record)
    }

    /// The record of that number, touched: the held one or the one that `make` recalls or makes.
    pub(crate) fn open(&mut self, key: Key, now: Timestamp, make: impl FnOnce() -> R) -> &mut R {
        let held = self.held.entry(key).or_insert_with(|| Held {
            record: make(),
            touched: now,
            written: None,
            finishing: false,
        });
        held.touched = now;
        held.written = None;
        &mut held.record
    }

    /// Takes the held record away if the number begins anew. To be given back by
    /// [`Self::retire`].
    pub(crate) fn take_former(
        &mut self,
        key: Key,
        begins_again: impl FnOnce(&R) -> bool,
    ) -> Option<Held<R>> {
        let begins_again = self
            .held
            .get(&key)
            .is_some_and(|held| begins_again(&held.record));
        if begins_again {
            self.held.remove(&key)
        } else {
            None
        }
    }

    /// Keeps a former holder until it is settled; `changed` says that it differs from what was
    /// handed out.
    pub(crate) fn retire(&mut self, former: Held<R>, changed: bool) {
        match former.written {
            Some(ticket) if !changed => self.leaving.push((ticket, former.record)),
            _ => self.retired.push(former.record),
        }
    }

    /// A finished record is handed out when it has lingered.
    pub(crate) fn finish_later(&mut self, key: Key, now: Timestamp) {
        if let Some(held) = self.held.get_mut(&key)
            && !held.finishing
        {
            held.finishing = true;
            self.finishing.push_back((after_linger(now), key));
        }
    }

    /// A record was changed by another one's line: if it is written, it is to be written again.
    pub(crate) fn changed(&mut self, key: Key, now: Timestamp) {
        if let Some(held) = self.held.get_mut(&key)
            && held.written.take().is_some()
        {
            self.finish_later(key, now);
        }
    }

    /// What may be written by now; `everything` at the end of a log.
    pub(crate) fn due(&mut self, now: Timestamp, ticket: u64, everything: bool) -> Vec<R> {
        let mut due: Vec<R> = Vec::new();
        for former in self.retired.drain(..) {
            due.push(former.clone());
            self.leaving.push((ticket, former));
        }
        while let Some((when, key)) = self.finishing.front().copied() {
            if when > now && !everything {
                break;
            }
            self.finishing.pop_front();
            // a retired record's place in the queue says nothing of the number's new holder
            let Some(held) = self.held.get_mut(&key).filter(|held| held.finishing) else {
                continue;
            };
            let rested = after_linger(held.touched);
            if rested > now && !everything {
                self.finishing.push_back((rested, key));
                continue;
            }
            held.finishing = false;
            held.written = Some(ticket);
            self.handed.push_back((ticket, key));
            due.push(held.record.clone());
        }
        due
    }

    /// Lets go what was handed out with that ticket, or before, and not touched since; `gone`
    /// is told of each. Costs what was handed out, not what is held.
    pub(crate) fn settled(&mut self, ticket: u64, mut gone: impl FnMut(Key, &R)) {
        while let Some((_, key)) = self.handed.pop_front_if(|(written, _)| *written <= ticket) {
            let settled = |held: &Held<R>| held.written.is_some_and(|written| written <= ticket);
            if self.held.get(&key).is_some_and(settled)
                && let Some(held) = self.held.remove(&key)
            {
                gone(key, &held.record);
            }
        }
        self.leaving.retain(|(written, _)| *written > ticket);
    }

    /// Former holders of used-again numbers that are still readable.
    pub(crate) fn former(&self) -> impl Iterator<Item = &R> {
        self.retired
            .iter()
            .chain(self.leaving.iter().map(|(_, record)| record))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &R> {
        self.held
            .values()
            .map(|held| &held.record)
            .chain(self.former())
    }
}

fn after_linger(moment: Timestamp) -> Timestamp {
    moment.saturating_add(LINGER).unwrap_or(moment)
}
