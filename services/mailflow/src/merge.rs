//! What every kind of record does with its lines: merges them, gives some back, learns anew what
//! they tell, takes over those of a record that turned out to be the same.
//!
//! Invariant: what a record knows follows from its lines, whatever the order in which they came;
//! where lines have spilled, from those that there were.
//!
//! Not here: what a line does to a message (`message.rs`) or a connection (`connection.rs`).

use jiff::{SignedDuration, Timestamp};
use whymid_schemas::Zone;

use crate::entry::{Added, Entry};
use crate::event::Fact;
use crate::family::Tie;
use crate::grammar;
use crate::record::{ApplianceEvent, Common};

/// What the assembler asks of every kind of record.
pub(crate) trait Record: Clone {
    /// What every record has.
    fn common(&self) -> &Common;

    /// The same, to change.
    fn common_mut(&mut self) -> &mut Common;

    /// Takes what a line tells that was added.
    fn apply(&mut self, at: Timestamp, fact: &Fact<'_>);

    /// Forgets everything that its lines told.
    fn reset(&mut self);

    /// Whether a line of that moment, not before the record's first, begins another record of
    /// the same number.
    fn begins_another(&self, fact: &Fact<'_>, at: Timestamp) -> bool;

    /// Whether a line of a moment before the record's first can be the record's.
    fn may_precede(&self, fact: &Fact<'_>, at: Timestamp) -> bool;

    /// Whether a line has ended it.
    fn is_over(&self) -> bool;

    /// What its lists beside the lines take in memory, about, bytes; they only grow.
    fn lists(&self) -> usize {
        0
    }

    /// The number of the connection that it names.
    fn link(&self) -> Option<u64> {
        None
    }

    /// The MID that a line of another log is about.
    fn about(&self) -> Option<u64> {
        None
    }

    /// The messages that it names as kin.
    fn ties(&self) -> &[Tie] {
        &[]
    }

    /// Merges a line. A copy of a line that is there changes nothing but its count; a line that
    /// a replayed journal brings once more changes nothing. Whether anything changed.
    fn merge(&mut self, entry: Entry, fact: &Fact<'_>, received_at: Timestamp) -> bool {
        if self.common().has_merged(&entry) {
            return false;
        }
        let at = entry.at;
        if self.common_mut().add(entry, received_at) == Added::New {
            self.apply(at, fact);
        }
        true
    }

    /// Merges lines that another record gave back.
    fn fill(&mut self, lines: Vec<Entry>, received_at: Timestamp) {
        for line in lines {
            let text = line.line.clone();
            self.merge(line, &grammar::read(&text).fact, received_at);
        }
    }

    /// Learns anew what its lines tell. Where lines have spilled it stays as it is.
    fn relearn(&mut self) {
        if self.common().entries.spilled > 0 {
            return;
        }
        self.common_mut().measure_span();
        self.reset();
        let lines = self.common().entries.lines.clone();
        for line in &lines {
            self.apply(line.at, &grammar::read(&line.line).fact);
        }
    }

    /// Gives the lines from a moment on back, and forgets what they told.
    fn give_back(&mut self, from: Timestamp) -> Vec<Entry> {
        let lines = self.common_mut().entries.split_off(from);
        self.relearn();
        lines
    }

    /// Reads its stamps in a zone that was assumed to be UTC and turned out to lie so far from
    /// it. A record with lines that have no stamp can't be told apart and only notes the change.
    fn move_zone(&mut self, zone: Zone, epoch: u32, behind: SignedDuration) {
        let common = self.common_mut();
        let stamped = common
            .entries
            .lines
            .iter()
            .all(|line| !line.stamp.is_empty());
        if !stamped || common.entries.spilled > 0 || common.zone_changed {
            common.zone_changed = true;
            return;
        }
        common.zone = zone;
        common.zone_epoch = epoch;
        for line in &mut common.entries.lines {
            line.at = line.at.saturating_sub(behind).unwrap_or(line.at);
            line.zone_epoch = epoch;
        }
        self.relearn();
    }

    /// Takes over the lines of a record that turned out to be this one; its id becomes an alias.
    fn take_over(&mut self, other: Self) {
        let theirs = other.common().clone();
        let common = self.common_mut();
        common.aliases.push(theirs.id);
        common.aliases.extend(theirs.aliases);
        common.zone_changed |= theirs.zone_changed || theirs.zone_epoch != common.zone_epoch;
        common.position = common.position.max(theirs.position);
        common.received_at = common.received_at.max(theirs.received_at);
        common.live_at = common.live_at.max(theirs.live_at);
        for line in theirs.entries.lines {
            let received_at = common.received_at;
            common.add(line, received_at);
        }
        self.relearn();
        self.common_mut().entries.spilled += theirs.entries.spilled;
    }
}

impl Record for ApplianceEvent {
    fn common(&self) -> &Common {
        &self.common
    }

    fn common_mut(&mut self) -> &mut Common {
        &mut self.common
    }

    fn apply(&mut self, _: Timestamp, _: &Fact<'_>) {}

    fn reset(&mut self) {}

    fn about(&self) -> Option<u64> {
        self.about
    }

    fn begins_another(&self, _: &Fact<'_>, _: Timestamp) -> bool {
        true
    }

    fn may_precede(&self, _: &Fact<'_>, _: Timestamp) -> bool {
        false
    }

    fn is_over(&self) -> bool {
        true
    }
}
