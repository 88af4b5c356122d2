//! The journal: takes frames, makes them durable, gives them back, lets them go.
//!
//! Between `append` and `sync` records are in one buffer of our own (handed to the operating
//! system earlier when it passes 1 MiB) and nobody may act on them. A segment is left for a new
//! one only when all of it is durable.
//!
//! How bytes get to disk is `tail.rs`'s business, what a crash leaves `recover.rs`'s.

use std::path::Path;
use std::sync::Arc;

use whymid_syslog::Frame;

use crate::disk::{Disk, DiskFile, Os};
use crate::error::IoContext;
use crate::fault::point;
use crate::folder::Folder;
use crate::recover::recover;
use crate::release::Release;
use crate::replay::Replays;
use crate::segment::HEADER_BYTES;
use crate::tail::Tail;
use crate::{Error, Position, Replay, record, segment};

/// From this size on the buffer is handed to the operating system without waiting for a sync.
const BUFFER_BYTES: usize = 1024 * 1024;

/// How a journal is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// A segment with at least this many bytes of records gets no more; the next one is
    /// started. It may be larger by what was appended between two syncs. Default: 64 MiB.
    pub segment_bytes: u64,
    /// The highest position that anybody remembers (the index): no record gets one at or before
    /// it. Default: [`Position::START`].
    pub not_before: Position,
    /// Whether [`Journal::release`] keeps what it releases as raw segments (see
    /// [`Vault`](crate::Vault)), or removes it. Default: true.
    pub keep_raw: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            segment_bytes: 64 * 1024 * 1024,
            not_before: Position::START,
            keep_raw: true,
        }
    }
}

/// What opening a journal found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// The position before the oldest record that is kept.
    pub oldest: Position,
    /// The position of the newest record, durable; the next one goes behind it.
    pub end: Position,
    /// Bytes of a torn record (or of what else stood behind the last whole one) that were cut
    /// from the end. After a crash this is at most what was never accepted; much more than one
    /// group commit writes points at a damaged disk.
    pub torn_bytes: u64,
    /// By how many bytes the journal ended before [`Options::not_before`] (or before what the
    /// raw segments say was accepted once): it was lost in whole or in part, or is an older
    /// copy. What it held is with the raw segments now, even without [`Options::keep_raw`], and
    /// the log begins anew at `oldest`, which is `end`. 0 as a rule.
    pub missing_bytes: u64,
}

/// An ordered log of frames in one folder. Dropping it forgets what was not synced.
#[derive(Debug)]
pub struct Journal {
    home: Folder,
    options: Options,
    /// The first positions of all segments, in order; the last is the tail's.
    firsts: Vec<Position>,
    tail: Tail,
    /// Records that the tail has not got yet.
    pending: Vec<u8>,
    durable: Position,
    failed: bool,
    release: Release,
    replays: Replays,
    /// Holds the folder for as long as the journal lives.
    lock: Box<dyn DiskFile>,
}

impl Journal {
    /// Opens the journal in `dir`, creating the folder if it is missing, and takes it for
    /// itself. Mends what a crash left and says so.
    ///
    /// # Errors
    /// [`Error::InUse`] if the folder is open elsewhere; [`Error::NotASegment`] and
    /// [`Error::UnknownVersion`] for a `.wlog` file that can't be read here;
    /// [`Error::Damaged`] if a segment is missing or has not the length it must have;
    /// [`Error::Io`]. The records of earlier segments are not read: see [`Journal::replay`].
    pub fn open(dir: &Path, options: Options) -> Result<(Self, Recovery), Error> {
        Self::open_on(Arc::new(Os), dir, options)
    }

    /// As [`Journal::open`], in a folder of `disk`.
    ///
    /// # Errors
    /// As for [`Journal::open`].
    pub fn open_on(
        disk: Arc<dyn Disk>,
        dir: &Path,
        options: Options,
    ) -> Result<(Self, Recovery), Error> {
        let home = Folder::new(disk, dir);
        home.create()?;
        let lock = home.lock()?;
        let found = recover(&home, options.not_before)?;
        let recovery = Recovery {
            oldest: found.firsts[0],
            end: found.tail.end(),
            torn_bytes: found.torn_bytes,
            missing_bytes: found.missing_bytes,
        };
        let journal = Self {
            release: Release::from(&home),
            home,
            options,
            firsts: found.firsts,
            durable: found.tail.end(),
            tail: found.tail,
            pending: Vec::new(),
            failed: false,
            replays: Replays::default(),
            lock,
        };
        Ok((journal, recovery))
    }

    /// Takes `frame` as the next record and returns its position. Nothing is accepted yet: until
    /// a [`Journal::sync`] has returned this position or a later one, the record may be lost and
    /// its position be given to another. `received_at` is kept in whole microseconds, a label's
    /// `near` in whole seconds.
    ///
    /// # Errors
    /// [`Error::LineTooLong`] and [`Error::LabelTooLong`], without consequences; [`Error::Io`]
    /// if a full buffer could not be written, and [`Error::Failed`] from then on.
    pub fn append(&mut self, frame: &Frame) -> Result<Position, Error> {
        self.refuse_if_failed()?;
        record::encode(frame, &mut self.pending)?;
        let position = self.tail.end().plus(self.pending.len() as u64);
        if self.pending.len() >= BUFFER_BYTES {
            let written = self.write_pending();
            self.fail_on_error(written)?;
        }
        Ok(position)
    }

    /// Makes everything appended so far durable and returns the position of the last of it: all
    /// up to there is accepted. Costs nothing when there is nothing to do.
    ///
    /// # Errors
    /// [`Error::Io`] if writing or syncing failed, [`Error::Vanished`] if the folder is gone,
    /// and [`Error::Failed`] from then on, until [`Journal::revive`] succeeds: whether the
    /// operating system still has what it could not write is not known, so nothing more is
    /// accepted, and what was not accepted is cut off again where that is possible.
    pub fn sync(&mut self) -> Result<Position, Error> {
        self.refuse_if_failed()?;
        let synced = self.write_and_sync();
        self.fail_on_error(synced)?;
        Ok(self.durable)
    }

    /// After a failed write or sync: forgets what was not accepted, on disk too, and goes on
    /// behind what was, in a new segment. Does nothing if nothing has failed.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Vanished`] and [`Error::Damaged`] if the disk, the folder or the
    /// last segment is still not as it must be. Nothing is accepted then, as before, and this
    /// can be called again.
    pub fn revive(&mut self) -> Result<(), Error> {
        if !self.failed {
            return Ok(());
        }
        point("journal-reviving");
        self.check_locked()?;
        self.cut_tail_anew()
            .and_then(|()| self.start_segment())
            .map_err(|error| {
                if error.is_not_found() {
                    self.vanished()
                } else {
                    error
                }
            })?;
        self.failed = false;
        point("journal-revived");
        Ok(())
    }

    /// Starts a new segment, so that [`Journal::release`] can release all that is accepted now.
    /// Does nothing, and says so by false, if the present one has no record or if something is
    /// appended and not synced.
    ///
    /// # Errors
    /// As for [`Journal::sync`].
    pub fn roll(&mut self) -> Result<bool, Error> {
        self.refuse_if_failed()?;
        let durable = self.tail.end() == self.durable && self.pending.is_empty();
        if !durable || self.tail.record_bytes() == 0 {
            return Ok(false);
        }
        let started = self.check_there().and_then(|()| self.start_segment());
        self.fail_on_error(started)?;
        Ok(true)
    }

    /// Takes the segments that lie wholly at or before `through` out of the replay range and
    /// says how many. The last one stays, and so does what a [`Replay`] has yet to open; both
    /// can go with a later call. What is released is with the raw segments, or removed if
    /// [`Options::keep_raw`] says so. Works on a journal that has failed, too.
    ///
    /// # Errors
    /// [`Error::Io`]. What was released until then is; the next call goes on.
    pub fn release(&mut self, through: Position) -> Result<usize, Error> {
        self.release.settle()?;
        let mut released = 0;
        while let &[first, next, ..] = &*self.firsts
            && next <= through
            && !self.replays.need(first)
        {
            if self.options.keep_raw {
                self.release.give_to_raw(first, next)?;
            } else {
                self.release.remove(first)?;
            }
            self.firsts.remove(0);
            self.release.settle()?;
            released += 1;
        }
        Ok(released)
    }

    /// The position of the last accepted record.
    #[must_use]
    pub fn durable(&self) -> Position {
        self.durable
    }

    /// The position before the oldest record in the replay range.
    #[must_use]
    pub fn oldest(&self) -> Position {
        self.firsts[0]
    }

    /// Bytes on disk in the replay range, up to the last accepted record, file headers included.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let headers = self.firsts.len() * HEADER_BYTES;
        headers as u64 + self.durable.bytes_since(self.firsts[0])
    }

    /// The accepted records whose positions are behind `after`, up to the last one that is
    /// accepted now; [`Position::START`] gives all that is kept. `after` need not be a position
    /// that this journal gave out: one before a record's is behind the record before it.
    ///
    /// # Errors
    /// [`Error::NotKept`] if `after` is before the oldest record or behind the last accepted
    /// one; [`Error::Io`]. While it runs, [`Error::Damaged`] for a record that can't be read.
    pub fn replay(&self, after: Position) -> Result<Replay, Error> {
        let oldest = self.firsts[0];
        let kept = after == Position::START || (oldest..=self.durable).contains(&after);
        if !kept {
            return Err(Error::NotKept {
                asked: after,
                oldest,
                durable: self.durable,
            });
        }
        let later = self.firsts.partition_point(|&first| first <= after);
        let firsts = &self.firsts[later.saturating_sub(1)..];
        self.replays.start(&self.home, firsts, after, self.durable)
    }

    /// Leaves in the last segment what is durable, through a new handle: what the old one says
    /// after a failed sync is worth nothing.
    fn cut_tail_anew(&self) -> Result<(), Error> {
        let first = self.tail.first();
        if self.durable == first {
            return Ok(());
        }
        let mut tail = Tail::reopen(&self.home, first, self.durable)?;
        tail.check_length()?;
        tail.cut(self.durable)
    }

    fn refuse_if_failed(&self) -> Result<(), Error> {
        if self.failed {
            return Err(Error::Failed);
        }
        Ok(())
    }

    fn write_and_sync(&mut self) -> Result<(), Error> {
        self.write_pending()?;
        if self.tail.end() > self.durable {
            self.tail.sync()?;
            self.check_there()?;
            point("journal-after-sync");
            self.durable = self.tail.end();
        }
        Ok(())
    }

    fn write_pending(&mut self) -> Result<(), Error> {
        if self.pending.is_empty() {
            return Ok(());
        }
        self.start_segment_if_full()?;
        point("journal-before-write");
        self.tail.write(&self.pending)?;
        point("journal-after-write");
        self.pending.clear();
        Ok(())
    }

    fn start_segment_if_full(&mut self) -> Result<(), Error> {
        let durable = self.tail.end() == self.durable;
        let full = self.tail.record_bytes() >= self.options.segment_bytes.max(1);
        if durable && full {
            self.check_there()?;
            self.start_segment()?;
        }
        Ok(())
    }

    /// Goes on in a new segment behind what is durable; in place of the present one if that has
    /// no such record.
    fn start_segment(&mut self) -> Result<(), Error> {
        self.tail = Tail::create(&self.home, self.durable)?;
        if self.firsts.last() != Some(&self.durable) {
            self.firsts.push(self.durable);
        }
        Ok(())
    }

    /// Lines that go to a file without a name are lost with it.
    fn check_there(&self) -> Result<(), Error> {
        if self.tail.is_there()? {
            return Ok(());
        }
        Err(self.vanished())
    }

    /// Another may have taken the folder if the file by which it is locked has no name.
    fn check_locked(&self) -> Result<(), Error> {
        let links = self.lock.links().while_doing("read", self.home.dir())?;
        let there = segment::list(&self.home)?;
        let is_there = |first: &Position| there.iter().any(|segment| segment.first == *first);
        let (_, earlier) = self.firsts.split_last().unwrap_or((&self.durable, &[]));
        if links > 0 && earlier.iter().all(is_there) {
            return Ok(());
        }
        Err(self.vanished())
    }

    fn vanished(&self) -> Error {
        Error::Vanished {
            dir: self.home.dir().to_owned(),
        }
    }

    /// After an error nothing is accepted any more. What was written but not accepted is cut
    /// off: the next to open the folder would find it in the memory of the operating system and
    /// take it for accepted.
    fn fail_on_error(&mut self, outcome: Result<(), Error>) -> Result<(), Error> {
        if outcome.is_err() {
            self.failed = true;
            self.pending = Vec::new();
            // The first error is the one to report; without the cut the tail is merely torn.
            let _ = self.tail.cut(self.durable);
        }
        outcome
    }
}
