//! Record bytes to the end of the newest segment file.
//!
//! Everything that the journal ever writes goes through here. A segment's header and its name
//! are durable before a record is written to it.
//!
//! When to sync, and what an error means for what was accepted, is `journal.rs`'s business.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::error::IoContext;
use crate::{Error, Position, disk, segment};

/// The segment that grows.
#[derive(Debug)]
pub(crate) struct Tail {
    file: File,
    path: PathBuf,
    first: Position,
    end: Position,
}

impl Tail {
    /// Starts the segment that begins at `first`, durably. It must not exist.
    pub(crate) fn create(dir: &Path, first: Position) -> Result<Self, Error> {
        let path = segment::path(dir, first);
        let file = OpenOptions::new()
            .append(true)
            .create_new(true)
            .open(&path)
            .while_doing("create", &path)?;
        let mut tail = Self::over(file, path, first, first);
        tail.write_header()?;
        disk::sync_dir(dir)?;
        Ok(tail)
    }

    /// Goes on behind the record at `end`; `file` must be open for appending.
    pub(crate) fn over(file: File, path: PathBuf, first: Position, end: Position) -> Self {
        Self {
            file,
            path,
            first,
            end,
        }
    }

    /// Writes the header into the empty file, durably.
    pub(crate) fn write_header(&mut self) -> Result<(), Error> {
        self.file
            .write_all(&segment::header(self.first))
            .while_doing("write", &self.path)?;
        self.file.sync_all().while_doing("sync", &self.path)
    }

    /// Hands whole records over to the operating system.
    pub(crate) fn write(&mut self, records: &[u8]) -> Result<(), Error> {
        self.file
            .write_all(records)
            .while_doing("write", &self.path)?;
        self.end = self.end.plus(records.len() as u64);
        Ok(())
    }

    /// Makes everything written durable.
    pub(crate) fn sync(&self) -> Result<(), Error> {
        self.file.sync_data().while_doing("sync", &self.path)
    }

    /// Cuts the file behind the record at `end`, durably.
    pub(crate) fn cut(&mut self, end: Position) -> Result<(), Error> {
        self.file
            .set_len(segment::offset_of(end, self.first))
            .and_then(|()| self.file.sync_all())
            .while_doing("cut", &self.path)?;
        self.end = end;
        Ok(())
    }

    /// The position of the last record written.
    pub(crate) fn end(&self) -> Position {
        self.end
    }

    /// Bytes of records in this segment.
    pub(crate) fn record_bytes(&self) -> u64 {
        self.end.bytes_since(self.first)
    }
}

#[cfg(test)]
impl Tail {
    /// Lets all further writes go to `device`.
    pub(crate) fn redirect(&mut self, device: &str) {
        self.file = OpenOptions::new()
            .write(true)
            .open(device)
            .expect("a device to write to");
    }
}
