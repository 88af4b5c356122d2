//! A range of positions to the frames in it, in order.
//!
//! A replay has handles of its own, so it can run in another thread while the journal takes
//! more; it ends where the journal was durable when it was asked for. Every record is checked;
//! the first that can't be read is an error with its file and offset, and the end of its segment:
//! the next one is read again.
//!
//! A segment that a replay has yet to open does not leave the replay range; see `Replays`.

use std::collections::VecDeque;
use std::iter::FusedIterator;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use whymid_syslog::Frame;

use crate::folder::Folder;
use crate::label::Labels;
use crate::reader::Reader;
use crate::{Error, Position, segment};

/// Gives frames with their positions, oldest first; made by
/// [`Journal::replay`](crate::Journal::replay). After an error it goes on with the next segment.
/// Frames behind each other with equal labels share one.
#[derive(Debug)]
pub struct Replay {
    home: Folder,
    /// The first positions of the segments after the one that is open.
    coming: VecDeque<Position>,
    end: Position,
    /// `None` between two segments.
    reader: Option<Reader>,
    /// Why the first segment could not be opened.
    failed: Option<Error>,
    labels: Labels,
    needs: Arc<AtomicU64>,
    /// What is at or before this is not given.
    after: Position,
}

impl Replay {
    /// Where it ends: every record up to there is given, or an error in its place.
    #[must_use]
    pub fn end(&self) -> Position {
        self.end
    }

    /// Opens the next segment, if there is one.
    fn next_segment(&mut self) -> Result<Option<Reader>, Error> {
        let Some(first) = self.coming.pop_front() else {
            return Ok(None);
        };
        let end = self.coming.front().copied().unwrap_or(self.end);
        let name = segment::name(first);
        let reader = Reader::open(&self.home, &name, first, first, end);
        // An open file can be read to its end whatever happens to its name.
        let next = self.coming.front().map_or(u64::MAX, |first| first.0);
        self.needs.store(next, Ordering::Release);
        reader.map(Some)
    }

    fn next_frame(&mut self) -> Result<Option<(Position, Frame)>, Error> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        loop {
            let Some(mut reader) = self.reader.take() else {
                self.reader = self.next_segment()?;
                if self.reader.is_none() {
                    return Ok(None);
                }
                continue;
            };
            if let Some(found) = reader.next_frame(&mut self.labels)? {
                self.reader = Some(reader);
                if found.0 > self.after {
                    return Ok(Some(found));
                }
            }
        }
    }
}

impl Iterator for Replay {
    type Item = Result<(Position, Frame), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_frame().transpose()
    }
}

impl FusedIterator for Replay {}

/// The replays that run, each with the first position of the oldest segment that it has yet to
/// open.
#[derive(Debug, Default)]
pub(crate) struct Replays {
    needs: Mutex<Vec<Weak<AtomicU64>>>,
}

impl Replays {
    /// Starts a replay of what is behind `after` and up to `end`. `firsts` are the segments that
    /// hold it, in order; `after` is in the first of them, and that is read from its beginning:
    /// only so is it known where its records begin.
    pub(crate) fn start(
        &self,
        home: &Folder,
        firsts: &[Position],
        after: Position,
        end: Position,
    ) -> Result<Replay, Error> {
        let oldest = firsts.first().map_or(u64::MAX, |first| first.0);
        let mut replay = Replay {
            home: home.clone(),
            coming: firsts.iter().copied().collect(),
            end,
            reader: None,
            failed: None,
            labels: Labels::default(),
            needs: Arc::new(AtomicU64::new(oldest)),
            after,
        };
        match replay.next_segment() {
            Ok(reader) => replay.reader = reader,
            Err(error) => replay.failed = Some(error),
        }
        self.lock().push(Arc::downgrade(&replay.needs));
        Ok(replay)
    }

    /// Whether a replay has yet to open the segment that begins at `first`.
    pub(crate) fn need(&self, first: Position) -> bool {
        let mut all = self.lock();
        all.retain(|needs| needs.strong_count() > 0);
        let mut needed = all.iter().filter_map(Weak::upgrade);
        needed.any(|needs| needs.load(Ordering::Acquire) <= first.0)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Weak<AtomicU64>>> {
        // A list of numbers is whole whatever happened to who held it.
        self.needs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
