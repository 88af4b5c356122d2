//! What a record weighs in memory, and when one that waits is due.
//!
//! Not here: which records wait for what (`shelf.rs`).

use jiff::{SignedDuration, Timestamp};

use crate::merge::Record;
use crate::shelf::PARK;

/// Records on their way out, and how many bytes more there may be.
pub(crate) struct Due<R> {
    pub(crate) records: Vec<R>,
    pub(crate) room: usize,
}

impl<R: Record> Due<R> {
    pub(crate) fn up_to(most: usize) -> Self {
        Self {
            records: Vec::new(),
            room: most,
        }
    }

    pub(crate) fn add(&mut self, record: Option<R>) {
        let Some(record) = record else { return };
        self.room = self.room.saturating_sub(record_weight(&record));
        self.records.push(record);
    }
}

/// What a record takes beside its lines, bytes about: its place, its texts and lists.
const OVERHEAD: usize = 1_024;

pub(crate) fn record_weight<R: Record>(record: &R) -> usize {
    size_of::<R>() + OVERHEAD + record.common().entries.weight() + record.lists()
}

/// Whether a moment has come. One that is further ahead than any wait was set by a clock that has
/// been put back since.
pub(crate) fn is_time(when: Timestamp, now: Timestamp) -> bool {
    when <= now || when > later(now, PARK)
}

pub(crate) fn later(moment: Timestamp, by: SignedDuration) -> Timestamp {
    moment.saturating_add(by).unwrap_or(Timestamp::MAX)
}
