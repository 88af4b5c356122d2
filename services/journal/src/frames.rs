//! The raw segments to the frames in them, in order.
//!
//! No position comes twice, though a segment may be there twice: plain and packed, or a part of
//! it from an older copy. The folder is listed anew before each segment, so that one that is
//! packed or removed meanwhile is no error. A listing is no moment: made while a segment is
//! packed, it may hold neither the old file nor the new one. So what seems to be missing is looked
//! for once more.

use std::cmp::Reverse;

use whymid_syslog::Frame;

use crate::folder::Folder;
use crate::label::Labels;
use crate::raw::Kept;
use crate::reader::Reader;
use crate::{Error, Position, pack, raw};

/// Gives the frames of all raw segments with their positions, oldest first; made by
/// [`Vault::frames`](crate::Vault::frames). After an error it goes on with the next segment.
#[derive(Debug)]
pub struct RawFrames {
    raw: Folder,
    /// The position given last, or the end of what could not be read.
    after: Position,
    /// The segment that is being read, with its end.
    open: Option<(Reader, Position)>,
    labels: Labels,
    over: bool,
}

impl RawFrames {
    pub(crate) fn of(raw: Folder) -> Self {
        Self {
            raw,
            after: Position::START,
            open: None,
            labels: Labels::default(),
            over: false,
        }
    }

    fn next_frame(&mut self) -> Result<Option<(Position, Frame)>, Error> {
        loop {
            let Some((reader, end)) = &mut self.open else {
                self.open = self.open_next()?;
                if self.open.is_none() {
                    return Ok(None);
                }
                continue;
            };
            match reader.next_frame(&mut self.labels) {
                Ok(Some((position, frame))) if position > self.after => {
                    self.after = position;
                    return Ok(Some((position, frame)));
                }
                Ok(Some(_)) => {}
                outcome => {
                    self.after = self.after.max(*end);
                    self.open = None;
                    outcome?;
                }
            }
        }
    }

    /// The oldest segment that holds something new; `None` if there is no more.
    fn open_next(&mut self) -> Result<Option<(Reader, Position)>, Error> {
        let mut gone = None;
        loop {
            let Some(kept) = self.next_kept()? else {
                return Ok(None);
            };
            match pack::open(&self.raw, &kept) {
                Ok(reader) => return Ok(Some((reader, kept.end))),
                // Packed or removed since it was listed: look again.
                Err(error) if error.is_not_found() && gone.as_ref() != Some(&kept.name) => {
                    gone = Some(kept.name);
                }
                Err(error) => {
                    self.after = kept.end;
                    return Err(error);
                }
            }
        }
    }

    fn next_kept(&mut self) -> Result<Option<Kept>, Error> {
        match self.listed()? {
            Some(kept) if kept.first <= self.after => Ok(Some(kept)),
            _ => self.listed(),
        }
    }

    fn listed(&mut self) -> Result<Option<Kept>, Error> {
        let all = raw::list(&self.raw);
        self.over = all.is_err();
        let new = all?.into_iter().filter(|kept| kept.end > self.after);
        Ok(new.min_by_key(|kept| (kept.first, Reverse(kept.end), kept.form)))
    }
}

impl Iterator for RawFrames {
    type Item = Result<(Position, Frame), Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.over {
            return None;
        }
        self.next_frame().transpose()
    }
}
