//! Segments out of the replay range: into the raw folder, or away.
//!
//! A segment changes its name only, so it is in one place or the other whenever the power goes.
//! What is done to one is durable before the next one's turn, the oldest first; so of a log
//! that was half given up the newer half is left. Packing is `vault.rs`'s business.

use crate::fault::point;
use crate::folder::Folder;
use crate::segment::Segment;
use crate::{Error, Position, raw, segment};

/// The way out of a journal's folder.
#[derive(Debug)]
pub(crate) struct Release {
    home: Folder,
    raw: Folder,
    /// Whether the raw folder is known to be there.
    raw_made: bool,
    /// Something left, and that is not durable yet.
    unsynced: bool,
}

impl Release {
    pub(crate) fn from(home: &Folder) -> Self {
        Self {
            home: home.clone(),
            raw: home.inside(raw::DIR),
            raw_made: false,
            unsynced: false,
        }
    }

    /// Moves the segment from `first` to `end` to the raw ones. It has left when this returns,
    /// durably after [`Release::settle`].
    pub(crate) fn give_to_raw(&mut self, first: Position, end: Position) -> Result<(), Error> {
        if !self.raw_made {
            self.raw.create()?;
            self.raw_made = true;
        }
        let target = raw::plain_name(first, end);
        // The same records: left by a rename that a crash made half, on a disk that does that.
        // While both names are one file's, renaming would do nothing.
        self.raw.remove_if_there(&target)?;
        let given = self.home.give(&segment::name(first), &self.raw, &target);
        self.raw_made = given.is_ok();
        given?;
        self.unsynced = true;
        point("journal-released-one");
        Ok(())
    }

    /// Removes the segment that begins at `first`; durably after [`Release::settle`].
    pub(crate) fn remove(&mut self, first: Position) -> Result<(), Error> {
        self.home.remove(&segment::name(first))?;
        self.unsynced = true;
        point("journal-released-one");
        Ok(())
    }

    /// Moves all of `segments` to the raw ones, durably; what holds no record is removed.
    pub(crate) fn give_all(&mut self, segments: &[Segment]) -> Result<(), Error> {
        for segment in segments {
            if segment.end() > segment.first {
                self.give_to_raw(segment.first, segment.end())?;
            } else {
                self.remove(segment.first)?;
            }
            self.settle()?;
        }
        Ok(())
    }

    /// Makes durable what left: first that it is there, then that it is not here.
    pub(crate) fn settle(&mut self) -> Result<(), Error> {
        if !self.unsynced {
            return Ok(());
        }
        if self.raw_made {
            self.raw.sync()?;
        }
        self.home.sync()?;
        self.unsynced = false;
        point("journal-released-durable");
        Ok(())
    }
}
