//! Record bytes to the end of the newest segment file.
//!
//! Everything that is ever written to a segment goes through here. A segment is made under
//! another name and gets its own when its header is durable; its name is durable before a
//! record is written to it.
//!
//! When to sync, and what an error means for what was accepted, is `journal.rs`'s business.

use std::path::PathBuf;

use crate::disk::DiskFile;
use crate::error::IoContext;
use crate::fault::point;
use crate::folder::Folder;
use crate::stream::write_all_at;
use crate::{Error, Position, segment};

const BUFFER_BYTES: usize = 256 * 1024;

/// The segment that grows.
#[derive(Debug)]
pub(crate) struct Tail {
    file: Box<dyn DiskFile>,
    path: PathBuf,
    first: Position,
    end: Position,
}

impl Tail {
    /// Starts the segment that begins at `first`, durably. It takes the place of one of that
    /// name, which must hold no record.
    pub(crate) fn create(folder: &Folder, first: Position) -> Result<Self, Error> {
        let name = segment::name(first);
        let unfinished = segment::unfinished_name(first);
        let file = folder.create_file(&unfinished)?;
        let path = folder.path(&unfinished);
        write_all_at(&*file, &segment::header(first), 0).while_doing("write", &path)?;
        file.sync_all().while_doing("sync", &path)?;
        point("journal-segment-written");
        folder.rename(&unfinished, &name)?;
        point("journal-segment-named");
        folder.sync()?;
        point("journal-segment-created");
        Ok(Self {
            file,
            path: folder.path(&name),
            first,
            end: first,
        })
    }

    /// Goes on in the segment that begins at `first`, behind the record at `end`. What stands
    /// behind that is still to be cut.
    pub(crate) fn reopen(folder: &Folder, first: Position, end: Position) -> Result<Self, Error> {
        let name = segment::name(first);
        Ok(Self {
            file: folder.open(&name)?,
            path: folder.path(&name),
            first,
            end,
        })
    }

    /// Hands whole records over to the operating system.
    pub(crate) fn write(&mut self, records: &[u8]) -> Result<(), Error> {
        let offset = segment::offset_of(self.end, self.first);
        write_all_at(&*self.file, records, offset).while_doing("write", &self.path)?;
        self.end = self.end.plus(records.len() as u64);
        Ok(())
    }

    /// Makes everything written durable.
    pub(crate) fn sync(&self) -> Result<(), Error> {
        self.file.sync_data().while_doing("sync", &self.path)
    }

    /// Cuts the file behind the record at `end`, durably.
    ///
    /// A byte is written as it was, lest the sync do nothing: a length that an earlier, failed
    /// sync should have written may count as written though it is not.
    pub(crate) fn cut(&mut self, end: Position) -> Result<(), Error> {
        let len = segment::offset_of(end, self.first);
        self.file.set_len(len).while_doing("cut", &self.path)?;
        let byte = &segment::header(self.first)[..1];
        write_all_at(&*self.file, byte, 0).while_doing("write", &self.path)?;
        point("journal-cut-unsynced");
        self.file.sync_all().while_doing("sync", &self.path)?;
        point("journal-cut");
        self.end = end;
        Ok(())
    }

    /// Writes once more what the file holds up to its last record, so that the next sync does
    /// write it: what a process read back after another's failed sync may be in the memory of
    /// the operating system only, and count there as written.
    pub(crate) fn rewrite(&self) -> Result<(), Error> {
        let end = segment::offset_of(self.end, self.first);
        let mut buffer = vec![0; BUFFER_BYTES];
        let mut at = 0;
        while at < end {
            let wanted =
                usize::try_from(end - at).map_or(BUFFER_BYTES, |left| left.min(BUFFER_BYTES));
            let chunk = &mut buffer[..wanted];
            let read = self
                .file
                .read_at(chunk, at)
                .while_doing("read", &self.path)?;
            if read == 0 {
                return Err(self.ends_early(at));
            }
            write_all_at(&*self.file, &chunk[..read], at).while_doing("write", &self.path)?;
            at += read as u64;
        }
        Ok(())
    }

    /// Checks that the file reaches to its last record.
    pub(crate) fn check_length(&self) -> Result<(), Error> {
        let size = self.file.size().while_doing("read", &self.path)?;
        if size < segment::offset_of(self.end, self.first) {
            return Err(self.ends_early(size));
        }
        Ok(())
    }

    fn ends_early(&self, offset: u64) -> Error {
        Error::Damaged {
            path: self.path.clone(),
            offset,
            what: "the file ends before its last record",
        }
    }

    /// Whether the file still has a name.
    pub(crate) fn is_there(&self) -> Result<bool, Error> {
        let links = self.file.links().while_doing("read", &self.path)?;
        Ok(links > 0)
    }

    /// The position before the first record of this segment.
    pub(crate) fn first(&self) -> Position {
        self.first
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
