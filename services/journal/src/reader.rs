//! One segment file to the checked bodies of its records.
//!
//! A body that is handed out has a plausible length and the checksum that was written with it.
//! A record that has not is where reading stops; what that means (a torn tail, damage) is for
//! `recover.rs` and `replay.rs` to say, and what a body holds for `record.rs`.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::error::IoContext;
use crate::record::{HEAD_BYTES, Head, MAX_BODY, MIN_BODY};
use crate::{Error, Position, segment};

const BUFFER_BYTES: usize = 256 * 1024;

/// Why a record could not be read.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The operating system could not read.
    Io(io::Error),
    /// It read, but what stands there is no whole record.
    NoRecord(&'static str),
}

impl From<io::Error> for Stop {
    fn from(source: io::Error) -> Self {
        Self::Io(source)
    }
}

/// Reads the records of one segment in order.
#[derive(Debug)]
pub(crate) struct Reader {
    file: BufReader<File>,
    path: PathBuf,
    first: Position,
    at: Position,
    end: Position,
    body: Vec<u8>,
}

impl Reader {
    /// Reads what the segment that begins at `first` holds behind `after` and up to `end`. The
    /// header is checked.
    pub(crate) fn open(
        dir: &Path,
        first: Position,
        after: Position,
        end: Position,
    ) -> Result<Self, Error> {
        let path = segment::path(dir, first);
        let mut file = segment::open(&path, first)?;
        file.seek(SeekFrom::Start(segment::offset_of(after, first)))
            .while_doing("read", &path)?;
        Ok(Self {
            file: BufReader::with_capacity(BUFFER_BYTES, file),
            path,
            first,
            at: after,
            end,
            body: Vec::new(),
        })
    }

    /// The body of the next record, or `None` at the end. After a [`Stop`] the reader is of no
    /// more use but for its position, which is still that of the last whole record.
    pub(crate) fn next_body(&mut self) -> Result<Option<&[u8]>, Stop> {
        let left = self.end.bytes_since(self.at);
        if left == 0 {
            return Ok(None);
        }
        let head = self.read_head(left)?;
        self.body.resize(head.length, 0);
        self.file.read_exact(&mut self.body)?;
        if crc32fast::hash(&self.body) != head.crc {
            return Err(Stop::NoRecord("the record's checksum is wrong"));
        }
        self.at = self.at.plus((HEAD_BYTES + head.length) as u64);
        Ok(Some(&self.body))
    }

    fn read_head(&mut self, left: u64) -> Result<Head, Stop> {
        if left < HEAD_BYTES as u64 {
            return Err(Stop::NoRecord("the record is cut short"));
        }
        let mut bytes = [0; HEAD_BYTES];
        self.file.read_exact(&mut bytes)?;
        let head = Head::read(bytes);
        if !(MIN_BODY..=MAX_BODY).contains(&head.length) {
            return Err(Stop::NoRecord("the record's length is impossible"));
        }
        if (HEAD_BYTES + head.length) as u64 > left {
            return Err(Stop::NoRecord("the record is cut short"));
        }
        Ok(head)
    }

    /// The position of the record read last.
    pub(crate) fn at(&self) -> Position {
        self.at
    }

    /// The error for a stop in a place where every record must be whole.
    pub(crate) fn error(&self, stop: Stop) -> Error {
        match stop {
            Stop::NoRecord(what) => self.damaged_behind(self.at, what),
            Stop::Io(source) if source.kind() == io::ErrorKind::UnexpectedEof => {
                self.damaged_behind(self.at, "the file ends before its last record")
            }
            Stop::Io(source) => Error::Io {
                doing: "read",
                path: self.path.clone(),
                source,
            },
        }
    }

    /// The error for something wrong with the record behind `before`.
    pub(crate) fn damaged_behind(&self, before: Position, what: &'static str) -> Error {
        Error::Damaged {
            path: self.path.clone(),
            offset: segment::offset_of(before, self.first),
            what,
        }
    }
}
