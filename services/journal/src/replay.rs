//! A range of positions to the frames in it, in order.
//!
//! A replay has handles of its own, so it can run in another thread while the journal takes
//! more; it ends where the journal was durable when it was asked for. Every record is checked;
//! the first that can't be read is an error with its file and offset, and the end.

use std::collections::VecDeque;
use std::iter::FusedIterator;
use std::path::PathBuf;

use whymid_syslog::Frame;

use crate::reader::Reader;
use crate::{Error, Position, record};

/// Gives frames with their positions, oldest first; made by
/// [`Journal::replay`](crate::Journal::replay). Ends after the first error.
#[derive(Debug)]
pub struct Replay {
    dir: PathBuf,
    /// The first positions of the segments after the one that is open.
    coming: VecDeque<Position>,
    end: Position,
    /// `None` at the end and after an error.
    reader: Option<Reader>,
}

impl Replay {
    /// Replays what is behind `after` and up to `end`. `firsts` are the segments that hold it,
    /// in order; `after` is in the first of them.
    pub(crate) fn over(
        dir: PathBuf,
        firsts: &[Position],
        after: Position,
        end: Position,
    ) -> Result<Self, Error> {
        let mut replay = Self {
            dir,
            coming: firsts.iter().copied().collect(),
            end,
            reader: None,
        };
        replay.reader = replay.next_segment(after)?;
        Ok(replay)
    }

    /// Opens the next segment behind `after`, if there is one.
    fn next_segment(&mut self, after: Position) -> Result<Option<Reader>, Error> {
        let Some(first) = self.coming.pop_front() else {
            return Ok(None);
        };
        let end = self.coming.front().copied().unwrap_or(self.end);
        Reader::open(&self.dir, first, after.max(first), end).map(Some)
    }

    fn next_frame(&mut self) -> Result<Option<(Position, Frame)>, Error> {
        while let Some(mut reader) = self.reader.take() {
            if let Some(found) = read_frame(&mut reader)? {
                self.reader = Some(reader);
                return Ok(Some(found));
            }
            self.reader = self.next_segment(reader.at())?;
        }
        Ok(None)
    }
}

/// The next frame of one segment.
fn read_frame(reader: &mut Reader) -> Result<Option<(Position, Frame)>, Error> {
    let before = reader.at();
    let frame = match reader.next_body() {
        Ok(None) => return Ok(None),
        Ok(Some(body)) => record::decode(body),
        Err(stop) => return Err(reader.error(stop)),
    };
    match frame {
        Some(frame) => Ok(Some((reader.at(), frame))),
        None => Err(reader.damaged_behind(before, "the record makes no sense")),
    }
}

impl Iterator for Replay {
    type Item = Result<(Position, Frame), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_frame().transpose()
    }
}

impl FusedIterator for Replay {}
