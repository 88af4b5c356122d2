//! The name and the header of a segment file, and which segments a folder has.
//!
//! A segment is `FIRST.wlog`: a header of 20 bytes (magic, version, first position), then
//! records to its end. FIRST is the position before its first record in 20 digits, so that
//! names sort as the log does. A segment ends where the next one begins.
//!
//! Records are `record.rs`'s business.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::error::IoContext;
use crate::{Error, Position};

const MAGIC: [u8; 8] = *b"whymidlg";
const VERSION: u32 = 1;
const ENDING: &str = ".wlog";
const DIGITS: usize = 20;

/// Length of the header, in bytes.
pub(crate) const HEADER_BYTES: usize = 20;

/// Which file holds the segment that begins at `first`.
pub(crate) fn path(dir: &Path, first: Position) -> PathBuf {
    dir.join(format!("{:0width$}{ENDING}", first.0, width = DIGITS))
}

/// The header of the segment that begins at `first`.
pub(crate) fn header(first: Position) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    header[..8].copy_from_slice(&MAGIC);
    header[8..12].copy_from_slice(&VERSION.to_le_bytes());
    header[12..].copy_from_slice(&first.0.to_le_bytes());
    header
}

/// Where in its file the record after `position` stands.
pub(crate) fn offset_of(position: Position, first: Position) -> u64 {
    HEADER_BYTES as u64 + position.bytes_since(first)
}

/// The first positions of all segments in `dir`, in order. Files with another ending are not
/// ours and left alone; one with ours and an odd name is an error.
pub(crate) fn list(dir: &Path) -> Result<Vec<Position>, Error> {
    let mut firsts = Vec::new();
    for entry in fs::read_dir(dir).while_doing("list", dir)? {
        let entry = entry.while_doing("list", dir)?;
        if let Some(stem) = entry.file_name().to_string_lossy().strip_suffix(ENDING) {
            firsts.push(first_of(stem).ok_or_else(|| odd_name(&entry.path()))?);
        }
    }
    firsts.sort_unstable();
    Ok(firsts)
}

fn first_of(stem: &str) -> Option<Position> {
    if stem.len() != DIGITS || !stem.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    stem.parse().ok().map(Position)
}

fn odd_name(path: &Path) -> Error {
    Error::NotASegment {
        path: path.to_owned(),
        why: "its name is not 20 digits",
    }
}

/// Opens the file at `path` for reading behind its header, after checking that it is the
/// segment that begins at `first`.
pub(crate) fn open(path: &Path, first: Position) -> Result<File, Error> {
    let mut file = File::open(path).while_doing("open", path)?;
    let found = read_header(&mut file, path)?;
    check_header(path, first, &found)?;
    Ok(file)
}

/// As much of the header as the file has.
pub(crate) fn read_header(file: &mut File, path: &Path) -> Result<Vec<u8>, Error> {
    let mut found = Vec::with_capacity(HEADER_BYTES);
    file.take(HEADER_BYTES as u64)
        .read_to_end(&mut found)
        .while_doing("read", path)?;
    Ok(found)
}

fn check_header(path: &Path, first: Position, found: &[u8]) -> Result<(), Error> {
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
    check_version(path, u32::from_le_bytes(*version))?;
    if rest != first.0.to_le_bytes() {
        return Err(not_a_segment(
            "its header has another position than its name",
        ));
    }
    Ok(())
}

fn check_version(path: &Path, found: u32) -> Result<(), Error> {
    if found == VERSION {
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
pub(crate) fn is_torn_header(first: Position, found: &[u8], len: u64) -> bool {
    let zeros = found.iter().all(|&byte| byte == 0);
    let begun = found.len() < HEADER_BYTES && header(first).starts_with(found);
    len <= HEADER_BYTES as u64 && (zeros || begun)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_as_positions_do() {
        let dir = Path::new("journal");
        let names = [0, 9, 10, u64::MAX].map(|first| path(dir, Position(first)));
        assert!(names.is_sorted());
        assert_eq!(names[0], Path::new("journal/00000000000000000000.wlog"));
    }

    #[test]
    fn only_a_part_of_the_own_header_or_zeros_is_a_torn_header() {
        let first = Position(77);
        let whole = header(first);
        for len in 0..HEADER_BYTES {
            assert!(is_torn_header(first, &whole[..len], len as u64));
            assert!(is_torn_header(first, &vec![0; len], len as u64));
        }
        assert!(is_torn_header(
            first,
            &[0; HEADER_BYTES],
            HEADER_BYTES as u64
        ));
        assert!(!is_torn_header(first, &whole, HEADER_BYTES as u64));
        assert!(!is_torn_header(first, &[0; HEADER_BYTES], 21));
        assert!(!is_torn_header(first, b"my notes", 8));
    }
}
