//! One segment file, plain or packed, to its checked records.
//!
//! A record that is handed out has a plausible length and the checksum that was written with
//! it. A record that has not is where reading stops; what that means (a torn tail, damage) is
//! for `recover.rs` and others to say, and what a body holds for `record.rs`.

use std::fmt;
use std::io::{self, BufReader, Read};
use std::path::PathBuf;

use whymid_syslog::Frame;

use crate::error::IoContext;
use crate::folder::Folder;
use crate::label::Labels;
use crate::record::{self, HEAD_BYTES, Head, MAX_BODY, MIN_BODY};
use crate::segment::{self, HEADER_BYTES};
use crate::stream::FileReader;
use crate::{Error, Position};

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
    /// What is no error of the operating system is the unpacker's word on what it was given.
    fn from(source: io::Error) -> Self {
        if source.kind() == io::ErrorKind::UnexpectedEof {
            Self::NoRecord("the file ends before its last record")
        } else if source.raw_os_error().is_none() {
            Self::NoRecord("it can't be unpacked")
        } else {
            Self::Io(source)
        }
    }
}

/// Reads the records of one segment in order.
pub(crate) struct Reader {
    input: Box<dyn Read + Send>,
    path: PathBuf,
    version: u32,
    first: Position,
    at: Position,
    end: Position,
    record: Vec<u8>,
}

impl fmt::Debug for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Reader");
        shown.field("path", &self.path).field("at", &self.at);
        shown.finish_non_exhaustive()
    }
}

impl Reader {
    /// Reads what the file `name`, the segment that begins at `first`, holds behind `after` and
    /// up to `end`. The header is checked.
    pub(crate) fn open(
        folder: &Folder,
        name: &str,
        first: Position,
        after: Position,
        end: Position,
    ) -> Result<Self, Error> {
        let path = folder.path(name);
        let mut file = FileReader::new(folder.open(name)?);
        let found = segment::read_header(&mut file, &path)?;
        let version = segment::check_header(&path, first, &found)?;
        file.seek(segment::offset_of(after, first));
        let input = Box::new(BufReader::with_capacity(BUFFER_BYTES, file));
        Ok(Self {
            input,
            path,
            version,
            first,
            at: after,
            end,
            record: Vec::new(),
        })
    }

    /// Reads what the packed file `name` holds, the segment from `first` to `end`.
    pub(crate) fn open_packed(
        folder: &Folder,
        name: &str,
        first: Position,
        end: Position,
    ) -> Result<Self, Error> {
        let path = folder.path(name);
        let file = FileReader::new(folder.open(name)?);
        let input = zstd::stream::read::Decoder::new(file).while_doing("unpack", &path)?;
        let mut reader = Self {
            input: Box::new(BufReader::with_capacity(BUFFER_BYTES, input)),
            path,
            version: segment::VERSION,
            first,
            at: first,
            end,
            record: Vec::new(),
        };
        reader.read_packed_header()?;
        Ok(reader)
    }

    fn read_packed_header(&mut self) -> Result<(), Error> {
        let mut found = [0; HEADER_BYTES];
        if let Err(source) = self.input.read_exact(&mut found) {
            return Err(self.error_at(0, source.into()));
        }
        self.version = segment::check_header(&self.path, self.first, &found)?;
        Ok(())
    }

    /// The next record with its head, or `None` at the end. After a [`Stop`] the reader is of no
    /// more use but for its position, which is still that of the last whole record.
    pub(crate) fn next_record(&mut self) -> Result<Option<&[u8]>, Stop> {
        let left = self.end.bytes_since(self.at);
        if left == 0 {
            return Ok(None);
        }
        let head = self.read_head(left)?;
        self.record.resize(HEAD_BYTES + head.length, 0);
        self.input.read_exact(&mut self.record[HEAD_BYTES..])?;
        if crc32fast::hash(record::body(&self.record)) != head.crc {
            return Err(Stop::NoRecord("the record's checksum is wrong"));
        }
        self.at = self.at.plus(self.record.len() as u64);
        Ok(Some(&self.record))
    }

    fn read_head(&mut self, left: u64) -> Result<Head, Stop> {
        if left < HEAD_BYTES as u64 {
            return Err(Stop::NoRecord("the record is cut short"));
        }
        let mut bytes = [0; HEAD_BYTES];
        self.input.read_exact(&mut bytes)?;
        let head = Head::read(bytes);
        if !(MIN_BODY..=MAX_BODY).contains(&head.length) {
            return Err(Stop::NoRecord("the record's length is impossible"));
        }
        if (HEAD_BYTES + head.length) as u64 > left {
            return Err(Stop::NoRecord("the record is cut short"));
        }
        self.record.clear();
        self.record.extend_from_slice(&bytes);
        Ok(head)
    }

    /// The next record's frame with its position, where every record must be whole.
    pub(crate) fn next_frame(
        &mut self,
        labels: &mut Labels,
    ) -> Result<Option<(Position, Frame)>, Error> {
        let before = self.at;
        let frame = match self.next_record() {
            Ok(None) => return Ok(None),
            Ok(Some(found)) => record::decode(record::body(found), labels),
            Err(stop) => return Err(self.error(stop)),
        };
        match frame {
            Some(frame) => Ok(Some((self.at, frame))),
            None => Err(self.damaged_behind(before, "the record makes no sense")),
        }
    }

    /// The record read last, with its head.
    pub(crate) fn record(&self) -> &[u8] {
        &self.record
    }

    /// The position of the record read last.
    pub(crate) fn at(&self) -> Position {
        self.at
    }

    /// The version in the segment's header.
    pub(crate) fn version(&self) -> u32 {
        self.version
    }

    /// The error for a stop in a place where every record must be whole.
    pub(crate) fn error(&self, stop: Stop) -> Error {
        self.error_at(segment::offset_of(self.at, self.first), stop)
    }

    fn error_at(&self, offset: u64, stop: Stop) -> Error {
        let path = self.path.clone();
        match stop {
            Stop::NoRecord(what) => Error::Damaged { path, offset, what },
            Stop::Io(source) => Error::Io {
                doing: "read",
                path,
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
