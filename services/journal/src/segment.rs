//! The name and the header of a segment file, and which segments a folder has.
//!
//! A segment is `FIRST.wlog`: a header of 20 bytes (magic, version, first position), then
//! records to its end. FIRST is the position before its first record in 20 digits, so that
//! names sort as the log does. A segment ends where the next one begins.
//!
//! Version 2 is written; version 1, whose records have no labels, is read.
//!
//! Records are `record.rs`'s business.

use std::io::Read;
use std::path::Path;

use crate::error::IoContext;
use crate::folder::Folder;
use crate::{Error, Position};

/// The version that is written.
pub(crate) const VERSION: u32 = 2;
/// The oldest version that is read.
const OLDEST_VERSION: u32 = 1;
const MAGIC: [u8; 8] = *b"whymidlg";
/// The ending of a segment's name.
pub(crate) const ENDING: &str = ".wlog";
/// Behind the name of a segment that is not wholly there yet.
const UNFINISHED: &str = ".new";
const DIGITS: usize = 20;

/// Length of the header, in bytes.
pub(crate) const HEADER_BYTES: usize = 20;

/// Which file holds the segment that begins at `first`.
pub(crate) fn name(first: Position) -> String {
    format!("{}{ENDING}", digits(first))
}

/// What that file is called while it is made.
pub(crate) fn unfinished_name(first: Position) -> String {
    format!("{}{UNFINISHED}", name(first))
}

/// A position in a file's name.
pub(crate) fn digits(position: Position) -> String {
    format!("{:0width$}", position.0, width = DIGITS)
}

/// The position that a part of a file's name says.
pub(crate) fn from_digits(text: &str) -> Option<Position> {
    if text.len() != DIGITS || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().map(Position)
}

/// The header of the segment that begins at `first`.
pub(crate) fn header(first: Position) -> [u8; HEADER_BYTES] {
    header_of(VERSION, first)
}

/// The header of a segment of any version.
pub(crate) fn header_of(version: u32, first: Position) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    header[..8].copy_from_slice(&MAGIC);
    header[8..12].copy_from_slice(&version.to_le_bytes());
    header[12..].copy_from_slice(&first.0.to_le_bytes());
    header
}

/// Where in its file the record after `position` stands.
pub(crate) fn offset_of(position: Position, first: Position) -> u64 {
    HEADER_BYTES as u64 + position.bytes_since(first)
}

/// One segment of a folder.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment {
    /// The position before its first record.
    pub first: Position,
    /// The length of its file.
    pub size: u64,
}

impl Segment {
    /// The position of its last record, if its file is whole.
    pub(crate) fn end(&self) -> Position {
        let records = self.size.saturating_sub(HEADER_BYTES as u64);
        self.first.plus(records)
    }
}

/// All segments in `folder`, in order. Files with another ending are not ours and left alone;
/// one with ours and an odd name is an error.
pub(crate) fn list(folder: &Folder) -> Result<Vec<Segment>, Error> {
    let mut segments = Vec::new();
    for listed in folder.list()? {
        if let Some(stem) = listed.name.strip_suffix(ENDING) {
            let first = from_digits(stem).ok_or_else(|| odd_name(folder, &listed.name))?;
            let size = listed.size;
            segments.push(Segment { first, size });
        }
    }
    segments.sort_unstable_by_key(|segment| segment.first);
    Ok(segments)
}

fn odd_name(folder: &Folder, name: &str) -> Error {
    Error::NotASegment {
        path: folder.path(name),
        why: "its name is not 20 digits",
    }
}

/// Removes segments that a process did not come to finish.
pub(crate) fn remove_unfinished(folder: &Folder) -> Result<(), Error> {
    let names = folder.list()?.into_iter().map(|listed| listed.name);
    names
        .filter(|name| is_unfinished(name))
        .try_for_each(|name| folder.remove(&name))
}

fn is_unfinished(name: &str) -> bool {
    let finished = name.strip_suffix(UNFINISHED);
    let stem = finished.and_then(|name| name.strip_suffix(ENDING));
    stem.and_then(from_digits).is_some()
}

/// As much of the header as there is.
pub(crate) fn read_header(file: &mut dyn Read, path: &Path) -> Result<Vec<u8>, Error> {
    let mut found = Vec::with_capacity(HEADER_BYTES);
    file.take(HEADER_BYTES as u64)
        .read_to_end(&mut found)
        .while_doing("read", path)?;
    Ok(found)
}

/// Checks that `found` is the header of the segment that begins at `first`, and gives its
/// version.
pub(crate) fn check_header(path: &Path, first: Position, found: &[u8]) -> Result<u32, Error> {
    let not_a_segment = |why| Error::NotASegment {
        path: path.to_owned(),
        why,
    };
    let Some((magic, rest)) = found.split_first_chunk::<8>() else {
        return Err(not_a_segment("it has no header"));
    };
    if *magic != MAGIC {
        return Err(not_a_segment("it begins with other bytes"));
    }
    let Some((version, rest)) = rest.split_first_chunk::<4>() else {
        return Err(not_a_segment("its header is cut short"));
    };
    let version = u32::from_le_bytes(*version);
    check_version(path, version)?;
    if rest != first.0.to_le_bytes() {
        return Err(not_a_segment(
            "its header has another position than its name",
        ));
    }
    Ok(version)
}

fn check_version(path: &Path, found: u32) -> Result<(), Error> {
    if (OLDEST_VERSION..=VERSION).contains(&found) {
        return Ok(());
    }
    Err(Error::UnknownVersion {
        path: path.to_owned(),
        found,
        known: VERSION,
    })
}

/// Whether a file of `len` bytes that begins with `found` is a segment whose creation a crash
/// interrupted. No record can be in it: a header is durable before the first record is written.
/// Since segments get their name last, only whymids before version 2 left any.
pub(crate) fn is_torn_header(first: Position, found: &[u8], len: u64) -> bool {
    let zeros = found.iter().all(|&byte| byte == 0);
    let begins = |version| header_of(version, first).starts_with(found);
    let begun = found.len() < HEADER_BYTES && (OLDEST_VERSION..=VERSION).any(begins);
    len <= HEADER_BYTES as u64 && (zeros || begun)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_as_positions_do() {
        let names = [0, 9, 10, u64::MAX].map(|first| name(Position(first)));
        assert!(names.is_sorted());
        assert_eq!(names[0], "00000000000000000000.wlog");
    }

    #[test]
    fn only_segments_that_are_not_finished_are_called_so() {
        assert!(is_unfinished(&unfinished_name(Position(7))));
        for name in [
            "00000000000000000007.wlog",
            "7.wlog.new",
            "notes.new",
            "00000000000000000007.new",
        ] {
            assert!(!is_unfinished(name), "{name}");
        }
    }

    #[test]
    fn only_a_part_of_the_own_header_or_zeros_is_a_torn_header() {
        let first = Position(77);
        for whole in [header_of(1, first), header_of(2, first)] {
            for len in 0..HEADER_BYTES {
                assert!(is_torn_header(first, &whole[..len], len as u64));
                assert!(is_torn_header(first, &vec![0; len], len as u64));
            }
            assert!(!is_torn_header(first, &whole, HEADER_BYTES as u64));
        }
        let zeros = [0; HEADER_BYTES];
        assert!(is_torn_header(first, &zeros, HEADER_BYTES as u64));
        assert!(!is_torn_header(first, &zeros, 21));
        assert!(!is_torn_header(first, b"my notes", 8));
    }
}
