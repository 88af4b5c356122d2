//! The journal: takes frames, makes them durable, gives them back.
//!
//! Between `append` and `sync` records are in one buffer of our own (handed to the operating
//! system earlier when it passes 1 MiB) and nobody may act on them. A segment is left for a new
//! one only when all of it is durable.
//!
//! How bytes get to disk is `tail.rs`'s business, what a crash leaves `recover.rs`'s.

use std::fs::File;
use std::path::{Path, PathBuf};

use whymid_syslog::Frame;

use crate::recover::recover;
use crate::segment::HEADER_BYTES;
use crate::tail::Tail;
use crate::{Error, Position, Replay, disk, record};

/// From this size on the buffer is handed to the operating system without waiting for a sync.
const BUFFER_BYTES: usize = 1024 * 1024;

/// How a journal is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// A segment with at least this many bytes of records gets no more; the next one is
    /// started. It may be larger by what was appended between two syncs. Default: 64 MiB.
    pub segment_bytes: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            segment_bytes: 64 * 1024 * 1024,
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
}

/// An ordered log of frames in one folder. Dropping it forgets what was not synced.
#[derive(Debug)]
pub struct Journal {
    dir: PathBuf,
    options: Options,
    /// The first positions of all segments, in order; the last is the tail's.
    firsts: Vec<Position>,
    tail: Tail,
    /// Records that the tail has not got yet.
    pending: Vec<u8>,
    durable: Position,
    failed: bool,
    /// Holds the folder for as long as the journal lives.
    _lock: File,
}

impl Journal {
    /// Opens the journal in `dir`, creating the folder if it is missing, and takes it for
    /// itself. Mends what a crash left at the end of the log and says so.
    ///
    /// # Errors
    /// [`Error::InUse`] if the folder is open elsewhere; [`Error::NotASegment`] and
    /// [`Error::UnknownVersion`] for a `.wlog` file that can't be read here;
    /// [`Error::Damaged`] if a segment is missing or has not the length it must have;
    /// [`Error::Io`]. The records of earlier segments are not read: see [`Journal::replay`].
    pub fn open(dir: &Path, options: Options) -> Result<(Self, Recovery), Error> {
        disk::create_dir(dir)?;
        let lock = disk::lock(dir)?;
        let found = recover(dir)?;
        let recovery = Recovery {
            oldest: found.firsts[0],
            end: found.tail.end(),
            torn_bytes: found.torn_bytes,
        };
        let journal = Self {
            dir: dir.to_owned(),
            options,
            firsts: found.firsts,
            durable: found.tail.end(),
            tail: found.tail,
            pending: Vec::new(),
            failed: false,
            _lock: lock,
        };
        Ok((journal, recovery))
    }

    /// Takes `frame` as the next record and returns its position. Nothing is accepted yet: until
    /// a [`Journal::sync`] has returned this position or a later one, the record may be lost and
    /// its position be given to another. `received_at` is kept in whole microseconds.
    ///
    /// # Errors
    /// [`Error::LineTooLong`], without consequences; [`Error::Io`] if a full buffer could not be
    /// written, and [`Error::Failed`] from then on.
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
    /// [`Error::Io`] if writing or syncing failed, and [`Error::Failed`] from then on: whether
    /// the operating system still has what it could not write is not known, so nothing more is
    /// accepted, and what was not accepted is cut off again where that is possible.
    pub fn sync(&mut self) -> Result<Position, Error> {
        self.refuse_if_failed()?;
        let written = self.write_pending();
        self.fail_on_error(written)?;
        if self.tail.end() > self.durable {
            let synced = self.tail.sync();
            self.fail_on_error(synced)?;
            self.durable = self.tail.end();
        }
        Ok(self.durable)
    }

    /// The position of the last accepted record.
    #[must_use]
    pub fn durable(&self) -> Position {
        self.durable
    }

    /// Bytes on disk up to the last accepted record, file headers included.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let headers = self.firsts.len() * HEADER_BYTES;
        headers as u64 + self.durable.bytes_since(self.firsts[0])
    }

    /// The accepted records behind `after`, up to the last one that is accepted now. `after` is
    /// a position that this journal gave out, or [`Position::START`] for all that is kept.
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
        Replay::over(self.dir.clone(), firsts, after, self.durable)
    }

    fn refuse_if_failed(&self) -> Result<(), Error> {
        if self.failed {
            return Err(Error::Failed);
        }
        Ok(())
    }

    fn write_pending(&mut self) -> Result<(), Error> {
        if self.pending.is_empty() {
            return Ok(());
        }
        self.start_segment_if_full()?;
        self.tail.write(&self.pending)?;
        self.pending.clear();
        Ok(())
    }

    fn start_segment_if_full(&mut self) -> Result<(), Error> {
        let durable = self.tail.end() == self.durable;
        let full = self.tail.record_bytes() >= self.options.segment_bytes.max(1);
        if durable && full {
            self.tail = Tail::create(&self.dir, self.durable)?;
            self.firsts.push(self.durable);
        }
        Ok(())
    }

    /// After an error nothing is accepted any more. What was written but not accepted is cut
    /// off: the next to open the folder would find it in the memory of the operating system and
    /// take it for durable, though it may never reach the disk.
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

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use jiff::Timestamp;
    use whymid_syslog::{Lane, Transport};

    use super::*;

    fn frame(line: &[u8]) -> Frame {
        Frame {
            bytes: line.to_vec(),
            peer: None,
            transport: Transport::Udp,
            source: 1,
            received_at: Timestamp::UNIX_EPOCH,
            lane: Lane::Live,
            defect: None,
            label: None,
        }
    }

    fn lines(journal: &Journal) -> Vec<Vec<u8>> {
        let replay = journal.replay(Position::START).expect("a replay");
        replay
            .map(|record| record.expect("a whole record").1.bytes)
            .collect()
    }

    /// A journal with one accepted line and one that goes to `device` in place of the disk.
    fn with_failing(device: &str, dir: &Path) -> Journal {
        let (mut journal, _) = Journal::open(dir, Options::default()).expect("a journal");
        journal.append(&frame(b"accepted")).expect("append");
        journal.sync().expect("sync");
        journal.tail.redirect(device);
        journal.append(&frame(b"never accepted")).expect("append");
        journal
    }

    fn refuses_everything_after_a_failed_sync(device: &str, doing: &str) {
        let dir = tempfile::tempdir().expect("a folder");
        let mut journal = with_failing(device, dir.path());
        let before = journal.durable();

        let error = journal.sync().expect_err("a failed sync");
        assert!(error.to_string().starts_with(doing), "{error}");
        assert!(matches!(journal.sync(), Err(Error::Failed)));
        assert!(matches!(journal.append(&frame(b"x")), Err(Error::Failed)));
        assert_eq!(journal.durable(), before);
        assert_eq!(lines(&journal), [b"accepted"]);

        drop(journal);
        let (journal, recovery) = Journal::open(dir.path(), Options::default()).expect("reopen");
        assert_eq!(recovery.end, before);
        assert_eq!(lines(&journal), [b"accepted"]);
    }

    #[test]
    fn after_a_write_to_a_full_disk_nothing_is_accepted_any_more() {
        refuses_everything_after_a_failed_sync("/dev/full", "cannot write");
    }

    #[test]
    fn after_a_failed_fdatasync_nothing_is_accepted_any_more() {
        refuses_everything_after_a_failed_sync("/dev/null", "cannot sync");
    }

    #[test]
    fn a_full_buffer_that_cannot_be_written_fails_the_append() {
        let dir = tempfile::tempdir().expect("a folder");
        let mut journal = with_failing("/dev/full", dir.path());
        let line = frame(&vec![b'x'; 60_000]);
        let error = (0..100).find_map(|_| journal.append(&line).err());
        assert!(
            matches!(error, Some(Error::Io { doing: "write", .. })),
            "{error:?}"
        );
        assert!(matches!(journal.append(&line), Err(Error::Failed)));
    }

    #[test]
    fn what_was_written_but_not_synced_is_cut_off_after_a_failure() {
        let dir = tempfile::tempdir().expect("a folder");
        let (mut journal, _) = Journal::open(dir.path(), Options::default()).expect("a journal");
        journal.append(&frame(b"accepted")).expect("append");
        journal.sync().expect("sync");
        journal
            .append(&frame(b"written, never synced"))
            .expect("append");
        journal.write_pending().expect("write");

        let error = Err(Error::Failed);
        journal.fail_on_error(error).expect_err("the error itself");
        drop(journal);

        let (journal, recovery) = Journal::open(dir.path(), Options::default()).expect("reopen");
        assert_eq!(recovery.torn_bytes, 0);
        assert_eq!(lines(&journal), [b"accepted"]);
    }
}
