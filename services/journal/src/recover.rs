//! A folder as a crash may have left it to a journal that can go on.
//!
//! Only the last segment can be torn, since one is started when the one before is wholly on
//! disk. So the last one is read and cut behind its last whole record, and its header is
//! written again if its creation was interrupted. Of the earlier ones header and length are
//! checked here, so that none is missing or short; their records are checked when they are
//! replayed, lest opening take as long as reading the whole log.
//!
//! What is left of the last segment is synced before it counts as durable: after a `kill -9`
//! it may so far be in the memory of the operating system only.

use std::fs::OpenOptions;
use std::path::Path;

use crate::error::IoContext;
use crate::reader::{Reader, Stop};
use crate::segment::{self, HEADER_BYTES};
use crate::tail::Tail;
use crate::{Error, Position, disk};

/// What was found in a folder, ready to go on.
pub(crate) struct Recovered {
    /// The first positions of all segments, in order; never empty.
    pub firsts: Vec<Position>,
    /// The last of them.
    pub tail: Tail,
    /// Bytes that were cut from its end.
    pub torn_bytes: u64,
}

/// Brings the folder in order, or says which file stands against it.
pub(crate) fn recover(dir: &Path) -> Result<Recovered, Error> {
    let mut firsts = segment::list(dir)?;
    let Some(&last) = firsts.last() else {
        firsts.push(Position::START);
        let tail = Tail::create(dir, Position::START)?;
        return Ok(Recovered {
            firsts,
            tail,
            torn_bytes: 0,
        });
    };
    for pair in firsts.windows(2) {
        check_complete(dir, pair[0], pair[1])?;
    }
    let (tail, torn_bytes) = recover_last(dir, last)?;
    disk::sync_dir(dir)?;
    Ok(Recovered {
        firsts,
        tail,
        torn_bytes,
    })
}

/// Checks that the segment ends where the next one begins.
fn check_complete(dir: &Path, first: Position, next: Position) -> Result<(), Error> {
    let path = segment::path(dir, first);
    let file = segment::open(&path, first)?;
    let len = file.metadata().while_doing("read", &path)?.len();
    let wanted = segment::offset_of(next, first);
    let what = match len.cmp(&wanted) {
        std::cmp::Ordering::Equal => return Ok(()),
        std::cmp::Ordering::Less => "records are missing between its end and the next segment",
        std::cmp::Ordering::Greater => "it goes on where the next segment begins",
    };
    let offset = len.min(wanted);
    Err(Error::Damaged { path, offset, what })
}

/// The last segment, cut where it is torn, and by how many bytes.
fn recover_last(dir: &Path, first: Position) -> Result<(Tail, u64), Error> {
    let path = segment::path(dir, first);
    let mut file = OpenOptions::new()
        .read(true)
        .append(true)
        .open(&path)
        .while_doing("open", &path)?;
    let len = file.metadata().while_doing("read", &path)?.len();
    let found = segment::read_header(&mut file, &path)?;
    if segment::is_torn_header(first, &found, len) {
        file.set_len(0).while_doing("cut", &path)?;
        let mut tail = Tail::over(file, path, first, first);
        tail.write_header()?;
        return Ok((tail, len));
    }
    let written = first.plus(len.saturating_sub(HEADER_BYTES as u64));
    let whole = last_whole_record(dir, &path, first, written)?;
    let mut tail = Tail::over(file, path, first, whole);
    tail.cut(whole)?;
    Ok((tail, written.bytes_since(whole)))
}

/// Where the segment that begins at `first` and has bytes up to `written` stops making sense.
fn last_whole_record(
    dir: &Path,
    path: &Path,
    first: Position,
    written: Position,
) -> Result<Position, Error> {
    let mut reader = Reader::open(dir, first, first, written)?;
    loop {
        match reader.next_body() {
            Ok(Some(_)) => {}
            Ok(None) | Err(Stop::NoRecord(_)) => return Ok(reader.at()),
            Err(Stop::Io(source)) => {
                return Err(source).while_doing("read", path);
            }
        }
    }
}
