//! Places in the log, as one number over all segments.
//!
//! The number counts bytes, so that a segment's name and length say which positions it holds,
//! and a replay can go straight to its place. Nobody outside should compute with it.

use std::fmt;

/// The place of a record in the log: how many bytes of records the log holds up to and
/// including it, over all segments, file headers not counted.
///
/// It grows with every record and never starts again, so it orders all records of one journal.
/// It is where its record *ends*: "complete up to `p`" includes the record at `p`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(pub u64);

impl Position {
    /// Before the first record. As the start of a replay: everything that is still kept.
    pub const START: Self = Self(0);

    pub(crate) fn plus(self, bytes: u64) -> Self {
        Self(self.0.saturating_add(bytes))
    }

    /// Bytes of records between `earlier` and here; 0 if `earlier` is later.
    pub(crate) fn bytes_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
