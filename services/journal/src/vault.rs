//! The raw segments: packed, counted, expired.
//!
//! They are in the folder `raw` in that of the journal; `raw.rs` says what their names mean. The
//! journal puts plain ones there and looks at names only, so a vault can be used from another
//! thread than the journal's, whether a journal is open or not. One vault a folder.
//!
//! Nothing is removed but what was asked for by [`Vault::expire`], and what is there twice.
//!
//! Packing one is `pack.rs`'s business, which ones expire `expire.rs`'s, reading them
//! `frames.rs`'s.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use crate::disk::{Disk, DiskFile, Os};
use crate::fault::point;
use crate::folder::Folder;
use crate::raw::{Form, Kept};
use crate::{Error, RawFrames, expire, pack, raw};

/// The raw segments of one journal.
#[derive(Debug)]
pub struct Vault {
    raw: Folder,
    /// Held by whoever changes a file: one at a time.
    changing: Mutex<()>,
    /// Holds the folder for as long as the vault lives.
    _lock: Box<dyn DiskFile>,
}

/// What a vault holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stock {
    /// How many raw segments there are.
    pub segments: usize,
    /// Their bytes on disk.
    pub bytes: u64,
    /// When the first record that can be read was received.
    pub oldest: Option<Timestamp>,
    /// How many of them [`Vault::pack_one`] has still to pack.
    pub unpacked: usize,
    /// How many of them were set aside since they are damaged.
    pub damaged: usize,
}

/// What was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// How many raw segments.
    pub segments: usize,
    /// Their bytes on disk.
    pub bytes: u64,
}

/// What was changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rewritten {
    /// How many raw segments.
    pub segments: usize,
    /// How many lines.
    pub lines: u64,
    /// How many raw segments could not be read to their end.
    pub unreadable: usize,
    /// Whether it went on to the end.
    pub is_whole: bool,
}

impl Vault {
    /// Opens the raw segments of the journal in `dir`, whose folder is made if it is missing.
    /// Mends what a crash left: what was not packed to its end is removed, and of a segment that
    /// is there plain and packed the one that is whole is kept.
    ///
    /// # Errors
    /// [`Error::InUse`] if the vault is open elsewhere; [`Error::Io`].
    pub fn open(dir: &Path) -> Result<Self, Error> {
        Self::open_on(Arc::new(Os), dir)
    }

    /// As [`Vault::open`], in a folder of `disk`.
    ///
    /// # Errors
    /// As for [`Vault::open`].
    pub fn open_on(disk: Arc<dyn Disk>, dir: &Path) -> Result<Self, Error> {
        let raw = Folder::new(disk, dir).inside(raw::DIR);
        raw.create()?;
        let lock = raw.lock()?;
        remove_parts(&raw)?;
        remove_doubles(&raw)?;
        Ok(Self {
            raw,
            changing: Mutex::new(()),
            _lock: lock,
        })
    }

    /// Packs the oldest plain raw segment; false if there is none. Every record is checked on
    /// the way, and the plain file is removed when the packed one is durable. Takes as long as
    /// reading and compressing one segment, and a few MiB of memory.
    ///
    /// # Errors
    /// [`Error::SetAside`] if a record in it is damaged: the file is kept under another name,
    /// and the next call goes on with the next one. [`Error::Io`]: the next call tries again.
    pub fn pack_one(&self) -> Result<bool, Error> {
        let _changing = self.change();
        let all = raw::list(&self.raw)?;
        let plain = all.iter().find(|kept| kept.form == Form::Plain);
        let Some(plain) = plain else {
            return Ok(false);
        };
        pack::pack(&self.raw, plain)?;
        Ok(true)
    }

    /// Removes the raw segments all of whose records were received before `received_before` (to
    /// the second), then the oldest ones until the rest has at most `max_bytes` bytes. Whole
    /// files only, the oldest first. One whose times can't be read counts as old as the next one
    /// that can.
    ///
    /// # Errors
    /// [`Error::Io`]. What was removed until then is; the next call goes on.
    pub fn expire(
        &self,
        received_before: Option<Timestamp>,
        max_bytes: Option<u64>,
    ) -> Result<Removed, Error> {
        let _changing = self.change();
        let mut all = raw::list(&self.raw)?;
        if received_before.is_some() {
            expire::learn_newest(&self.raw, &mut all)?;
        }
        let before = received_before.map(Timestamp::as_second);
        let mut removed = Removed::default();
        for kept in expire::choose(&all, before, max_bytes) {
            self.raw.remove(&kept.name)?;
            point("vault-expired-one");
            removed.segments += 1;
            removed.bytes += kept.size;
        }
        self.raw.sync()?;
        Ok(removed)
    }

    /// Changes lines of all raw segments in place, by `edit`, which says whether it changed a
    /// line. What is changed is packed anew, and durable when this returns; positions stay.
    /// Segments that can't be read to their end are left as they are, and counted. Before each
    /// segment `goes_on` is asked, while others may change segments: one that waits a little there
    /// lets them.
    ///
    /// # Errors
    /// [`Error::Io`]. What was changed until then is; the next call goes on.
    pub fn rewrite(
        &self,
        edit: &dyn Fn(&mut [u8]) -> bool,
        goes_on: &dyn Fn() -> bool,
    ) -> Result<Rewritten, Error> {
        let mut rewritten = Rewritten::default();
        let mut behind = None;
        loop {
            if !goes_on() {
                return Ok(rewritten);
            }
            let _changing = self.change();
            let all = raw::list(&self.raw)?.into_iter();
            let key = |kept: &Kept| (kept.first, kept.end, kept.form);
            let mut left = all.filter(|kept| behind.is_none_or(|behind| key(kept) > behind));
            let Some(kept) = left.next() else {
                rewritten.is_whole = true;
                return Ok(rewritten);
            };
            behind = Some(key(&kept));
            match pack::rewrite(&self.raw, &kept, edit) {
                Ok(0) => {}
                Ok(lines) => {
                    rewritten.segments += 1;
                    rewritten.lines += lines;
                }
                Err(error) if error.is_damage() => rewritten.unreadable += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// What there is now. Reads names, and the first record.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn stock(&self) -> Result<Stock, Error> {
        let all = raw::list(&self.raw)?;
        let count = |form| all.iter().filter(|kept| kept.form == form).count();
        let oldest = self.frames().find_map(Result::ok);
        Ok(Stock {
            segments: all.len(),
            bytes: all.iter().map(|kept| kept.size).sum(),
            oldest: oldest.map(|(_, frame)| frame.received_at),
            unpacked: count(Form::Plain),
            damaged: count(Form::Damaged),
        })
    }

    /// All records of the raw segments, in order. It goes on whatever becomes of the segments
    /// meanwhile, and leaves out those that expire before it comes to them.
    ///
    /// What can't be read is an error in its place, after which it goes on with the next
    /// segment: [`Error::Damaged`] and its like, [`Error::Io`].
    #[must_use]
    pub fn frames(&self) -> RawFrames {
        RawFrames::of(self.raw.clone())
    }

    fn change(&self) -> MutexGuard<'_, ()> {
        // What a panic left half done is what a crash would have left, or less.
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes what was not packed to its end.
fn remove_parts(raw: &Folder) -> Result<(), Error> {
    let names = raw.list()?.into_iter().map(|listed| listed.name);
    names
        .filter(|name| raw::is_part(name))
        .try_for_each(|name| raw.remove(&name))
}

/// Of a segment that is there plain and packed, keeps the one that is whole; both if none is.
fn remove_doubles(raw: &Folder) -> Result<(), Error> {
    // The name of a packed one may not be durable yet, and must be before the plain one goes.
    raw.sync()?;
    let all = raw::list(raw)?;
    for pair in all.windows(2) {
        let [better, worse] = pair else { continue };
        let same = (better.first, better.end) == (worse.first, worse.end);
        if !same || (better.form, worse.form) != (Form::Packed, Form::Plain) {
            continue;
        }
        if pack::is_whole(raw, better)? {
            raw.remove(&worse.name)?;
        } else if pack::is_whole(raw, worse)? {
            raw.remove(&better.name)?;
        }
    }
    raw.sync()
}
