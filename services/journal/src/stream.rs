//! A file of a disk as a stream of bytes, in and out.
//!
//! A disk may take fewer bytes than it was given; here that is tried again until all are taken.

use std::io::{self, Read, Write};

use crate::disk::DiskFile;

/// Reads a file from an offset on.
#[derive(Debug)]
pub(crate) struct FileReader {
    file: Box<dyn DiskFile>,
    at: u64,
}

impl FileReader {
    pub(crate) fn new(file: Box<dyn DiskFile>) -> Self {
        Self { file, at: 0 }
    }

    /// Goes on reading at `offset`.
    pub(crate) fn seek(&mut self, offset: u64) {
        self.at = offset;
    }
}

impl Read for FileReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

/// Writes a file from its beginning on.
#[derive(Debug)]
pub(crate) struct FileWriter<'a> {
    file: &'a dyn DiskFile,
    at: u64,
}

impl<'a> FileWriter<'a> {
    pub(crate) fn new(file: &'a dyn DiskFile) -> Self {
        Self { file, at: 0 }
    }
}

impl Write for FileWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write_at(bytes, self.at)?;
        self.at += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes all of `bytes` from `offset` on.
pub(crate) fn write_all_at(file: &dyn DiskFile, bytes: &[u8], offset: u64) -> io::Result<()> {
    FileWriter { file, at: offset }.write_all(bytes)
}
