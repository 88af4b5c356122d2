//! A line as a record keeps it, and the bounded list of them.
//!
//! Invariants: the line is untouched; identical lines of one second are one entry whose
//! `copies` is the most that any one source held (a stream that says it twice said it twice;
//! two streams that say it once each said the same thing). Beyond [`MAX_ENTRIES`] lines, and
//! beyond [`MAX_SOURCES`] sources of one line, they are counted, not kept; lines that end or
//! settle something have a reserve.

use std::cmp::Ordering;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use whymid_schemas::Level;

use crate::kind::{self, Ends, Kind};

/// The most lines one record keeps, beside those that end or settle something.
pub const MAX_ENTRIES: usize = 2_000;

/// So many more, if they end or settle something: the proof of an end is not lost to a flood.
pub(crate) const RESERVE: usize = 500;

/// So much of [`RESERVE`] is not for what settles mere recipients: of those there may be
/// thousands before the reason comes.
pub(crate) const FOR_REASONS: usize = 250;

/// So much of it is for the very end alone.
const FOR_ENDS: usize = 50;

/// The most sources that one line remembers.
pub const MAX_SOURCES: usize = 64;

/// One line of a record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// When, resolved.
    pub at: Timestamp,
    /// The stamp as written; empty when there was none.
    pub stamp: String,
    /// The level word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// The kind; `None` for a line that is not understood.
    #[serde(default, skip_serializing_if = "KindName::is_unknown")]
    pub kind: KindName,
    /// The body, untouched.
    pub line: String,
    /// Where the line stands in the journal; order of arrival.
    pub position: u64,
    /// How often the zone that its stamp is read in had changed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub zone_epoch: u32,
    /// Whether the line came cut.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
    /// How often each source held it: (source, times).
    pub seen: Vec<(u32, u32)>,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Entry {
    /// The most copies that one source held.
    #[must_use]
    pub fn copies(&self) -> u32 {
        self.seen.iter().map(|(_, times)| *times).max().unwrap_or(1)
    }

    /// The same words at the same second are one line, whichever way it came.
    fn is_same_line(&self, other: &Entry) -> bool {
        self.line == other.line && self.at == other.at
    }

    /// What it takes in memory, about, bytes.
    pub(crate) fn weight(&self) -> usize {
        // its place in the list, which grows by doubling; three pieces of memory
        size_of::<Self>() * 3 / 2 + self.line.len() + self.stamp.len() + 16 * self.seen.len() + 64
    }

    /// Counts copies from a source; how many of them there is no room for.
    fn see_again(&mut self, source: u32, copies: u32) -> u32 {
        if let Some((_, times)) = self.seen.iter_mut().find(|(seen, _)| *seen == source) {
            *times = times.saturating_add(copies);
            return 0;
        }
        if self.seen.len() >= MAX_SOURCES {
            return copies;
        }
        self.seen.push((source, copies));
        0
    }
}

/// A kind as records store it: by name. A name that this version does not know is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct KindName(pub Option<&'static Kind>);

impl KindName {
    /// Whether the line was not understood.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.0.is_none()
    }

    /// Whether it is that kind.
    #[must_use]
    pub fn is(&self, kind: &'static Kind) -> bool {
        self.0
            .is_some_and(|own| std::ptr::eq(own, kind) || own == kind)
    }
}

impl Serialize for KindName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.map_or("", |kind| kind.name))
    }
}

impl<'de> Deserialize<'de> for KindName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Ok(Self(kind::by_name(&name)))
    }
}

/// The lines of one record, in order of time, then of arrival.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Entries {
    /// The lines.
    pub lines: Vec<Entry>,
    /// How many came after the list was full.
    #[serde(default)]
    pub spilled: u64,
}

/// How many lines a record keeps if one of that kind is the next. `ready` and `queued for
/// delivery` end nothing, and yet tell whose fault an end is.
fn room(kind: KindName) -> usize {
    let taken = kind.is(&kind::READY) || kind.is(&kind::QUEUED);
    match kind.0.map_or(Ends::Nothing, |kind| kind.ends) {
        Ends::Record => MAX_ENTRIES + RESERVE,
        Ends::Begins | Ends::Reason => MAX_ENTRIES + RESERVE - FOR_ENDS,
        Ends::Nothing if taken => MAX_ENTRIES + RESERVE - FOR_ENDS,
        Ends::Recipients => MAX_ENTRIES + RESERVE - FOR_REASONS,
        Ends::Nothing => MAX_ENTRIES,
    }
}

/// Whether an added line says something new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Added {
    /// Not seen before in this record.
    New,
    /// A copy of a line that the record has.
    Copy,
}

impl Entries {
    /// Adds a line at its place.
    pub(crate) fn add(&mut self, entry: Entry) -> Added {
        let from = self.lines.partition_point(|held| held.at < entry.at);
        let mut same_second = self.lines[from..]
            .iter_mut()
            .take_while(|held| held.at == entry.at);
        if let Some(held) = same_second.find(|held| held.is_same_line(&entry)) {
            for (source, copies) in entry.seen {
                self.spilled += u64::from(held.see_again(source, copies));
            }
            return Added::Copy;
        }
        if self.lines.len() >= room(entry.kind) {
            self.spilled += 1;
            return Added::New;
        }
        let key = (entry.at, entry.position);
        let place = self
            .lines
            .partition_point(|held| (held.at, held.position) <= key);
        self.lines.insert(place, entry);
        Added::New
    }

    /// How a line of that moment, added already, stands to the other lines of its kinds: `Less`
    /// when it is the earliest alone, `Equal` when others of the same moment are the earliest
    /// too. A line that spilled is never the earliest.
    pub(crate) fn rank(&self, kinds: &[&'static Kind], at: Timestamp) -> Ordering {
        let of_kind = |held: &&Entry| kinds.iter().any(|kind| held.kind.is(kind));
        let mut told = self.lines.iter().filter(of_kind).map(|held| held.at);
        match (told.next(), told.next()) {
            (Some(earliest), second) if earliest == at && second == Some(at) => Ordering::Equal,
            (Some(earliest), _) if earliest == at => Ordering::Less,
            _ => Ordering::Greater,
        }
    }

    /// Whether that line is among them.
    pub(crate) fn holds(&self, line: &Entry) -> bool {
        let from = self.lines.partition_point(|held| held.at < line.at);
        let mut same_second = self.lines[from..]
            .iter()
            .take_while(|held| held.at == line.at);
        // one from the very same place is the same, whatever became of its words
        same_second.any(|held| held.is_same_line(line) || held.position == line.position)
    }

    /// What they take in memory, about, bytes.
    pub(crate) fn weight(&self) -> usize {
        self.lines.iter().map(Entry::weight).sum()
    }

    /// Takes out the lines from a moment on.
    pub(crate) fn split_off(&mut self, from: Timestamp) -> Vec<Entry> {
        let place = self.lines.partition_point(|held| held.at < from);
        self.lines.split_off(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(second: i64, position: u64, line: &str, source: u32) -> Entry {
        Entry {
            at: Timestamp::from_second(second).unwrap(),
            stamp: String::new(),
            level: None,
            kind: KindName(None),
            line: line.to_owned(),
            position,
            cut: false,
            zone_epoch: 0,
            seen: vec![(source, 1)],
        }
    }

    #[test]
    fn a_line_from_two_sources_is_one_line_seen_twice() {
        let mut entries = Entries::default();
        assert_eq!(entries.add(entry(5, 1, "MID 1 x", 1)), Added::New);
        assert_eq!(entries.add(entry(5, 2, "MID 1 x", 2)), Added::Copy);
        assert_eq!(entries.lines.len(), 1);
        assert_eq!(entries.lines[0].copies(), 1);
        entries.add(entry(5, 3, "MID 1 x", 2));
        assert_eq!(entries.lines[0].copies(), 2);
    }

    #[test]
    fn lines_stand_in_order_of_time_whatever_the_order_of_arrival() {
        let mut entries = Entries::default();
        for (second, position) in [(9, 1), (7, 2), (8, 3), (7, 4)] {
            entries.add(entry(second, position, &format!("line {position}"), 0));
        }
        let order: Vec<_> = entries.lines.iter().map(|held| held.position).collect();
        assert_eq!(order, [2, 4, 3, 1]);
    }

    #[test]
    fn a_full_list_counts_what_it_cannot_keep() {
        let mut entries = Entries::default();
        for position in 0..MAX_ENTRIES as u64 + 3 {
            entries.add(entry(1, position, &format!("line {position}"), 0));
        }
        assert_eq!((entries.lines.len(), entries.spilled), (MAX_ENTRIES, 3));
    }
}
