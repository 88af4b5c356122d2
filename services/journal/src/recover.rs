//! A folder as a crash may have left it to a journal that can go on.
//!
//! Only the last segment can be torn, since one is started when the one before is wholly on
//! disk. So the last one is read and cut behind its last whole record. Of the earlier ones
//! header and length are checked here, so that none is missing or short; their records are
//! checked when they are replayed, lest opening take as long as reading the whole log.
//!
//! What is left of the last segment is written once more and synced before it counts as
//! durable: it may so far be in the memory of the operating system only, after a `kill -9` as
//! dirty pages, after a failed sync as clean ones.
//!
//! A log that ends before a position that is known to have been given out (by the index, or by
//! a raw segment's name) was lost or comes from a copy. It is given up to the raw segments, and
//! a new one begins at that position.

use std::cmp::Ordering;

use crate::fault::point;
use crate::folder::Folder;
use crate::reader::{Reader, Stop};
use crate::release::Release;
use crate::segment::{self, Segment};
use crate::stream::FileReader;
use crate::tail::Tail;
use crate::{Error, Position, raw};

/// What was found in a folder, ready to go on.
pub(crate) struct Recovered {
    /// The first positions of all segments, in order; never empty.
    pub firsts: Vec<Position>,
    /// The last of them.
    pub tail: Tail,
    /// Bytes that were cut from the end.
    pub torn_bytes: u64,
    /// Bytes of positions between the end that was found and the one that was known of.
    pub missing_bytes: u64,
}

/// Brings the folder in order, or says which file stands against it. No record will get a
/// position at or before `not_before`.
pub(crate) fn recover(home: &Folder, not_before: Position) -> Result<Recovered, Error> {
    point("journal-opening");
    segment::remove_unfinished(home)?;
    let raw_end = raw::end(&home.inside(raw::DIR))?;
    finish_release(home, raw_end)?;
    let mut segments = segment::list(home)?;
    for pair in segments.windows(2) {
        check_complete(home, pair[0], pair[1])?;
    }
    let last = match segments.last_mut() {
        Some(last) => recover_last(home, last)?,
        None => Last::none(raw_end),
    };
    let recovered = go_on(home, &segments, last, not_before.max(raw_end))?;
    home.sync()?;
    point("journal-recovered");
    Ok(recovered)
}

/// Moves what a raw segment's name says has left, or should have before it did.
fn finish_release(home: &Folder, raw_end: Position) -> Result<(), Error> {
    let mut segments = segment::list(home)?;
    segments.pop();
    segments.retain(|segment| segment.first < raw_end && segment.end() <= raw_end);
    Release::from(home).give_all(&segments)
}

/// Checks that the segment ends where the next one begins.
fn check_complete(home: &Folder, segment: Segment, next: Segment) -> Result<(), Error> {
    let name = segment::name(segment.first);
    let path = home.path(&name);
    let mut file = FileReader::new(home.open(&name)?);
    let found = segment::read_header(&mut file, &path)?;
    segment::check_header(&path, segment.first, &found)?;
    let wanted = segment::offset_of(next.first, segment.first);
    let what = match segment.size.cmp(&wanted) {
        Ordering::Equal => return Ok(()),
        Ordering::Less => "records are missing between its end and the next segment",
        Ordering::Greater => "it goes on where the next segment begins",
    };
    let offset = segment.size.min(wanted);
    Err(Error::Damaged { path, offset, what })
}

/// The end of the log as it was found.
struct Last {
    end: Position,
    torn_bytes: u64,
    /// The last segment if lines can be added to it.
    tail: Option<Tail>,
}

impl Last {
    fn none(end: Position) -> Self {
        Self {
            end,
            torn_bytes: 0,
            tail: None,
        }
    }
}

/// Cuts the last segment where it is torn.
fn recover_last(home: &Folder, last: &mut Segment) -> Result<Last, Error> {
    let (first, size) = (last.first, last.size);
    let name = segment::name(first);
    let mut file = FileReader::new(home.open(&name)?);
    let found = segment::read_header(&mut file, &home.path(&name))?;
    if segment::is_torn_header(first, &found, size) {
        let torn_bytes = size;
        return Ok(Last {
            torn_bytes,
            ..Last::none(first)
        });
    }
    let written = last.end();
    let (end, version) = last_whole_record(home, first, written)?;
    let mut tail = Tail::reopen(home, first, end)?;
    tail.rewrite()?;
    tail.cut(end)?;
    last.size = segment::offset_of(end, first);
    Ok(Last {
        end,
        torn_bytes: written.bytes_since(end),
        tail: (version == segment::VERSION).then_some(tail),
    })
}

/// Where the segment that begins at `first` and has bytes up to `written` stops making sense,
/// and its version.
fn last_whole_record(
    home: &Folder,
    first: Position,
    written: Position,
) -> Result<(Position, u32), Error> {
    let name = segment::name(first);
    let mut reader = Reader::open(home, &name, first, first, written)?;
    loop {
        match reader.next_record() {
            Ok(Some(_)) => {}
            Ok(None) | Err(Stop::NoRecord(_)) => return Ok((reader.at(), reader.version())),
            Err(stop) => return Err(reader.error(stop)),
        }
    }
}

/// Goes on in the last segment, or in a new one.
fn go_on(
    home: &Folder,
    segments: &[Segment],
    last: Last,
    not_before: Position,
) -> Result<Recovered, Error> {
    let missing_bytes = not_before.bytes_since(last.end);
    let mut firsts: Vec<Position> = segments.iter().map(|segment| segment.first).collect();
    let tail = match last.tail {
        _ if missing_bytes > 0 => {
            Release::from(home).give_all(segments)?;
            firsts.clear();
            Tail::create(home, not_before)?
        }
        Some(tail) => tail,
        None => Tail::create(home, last.end)?,
    };
    if firsts.last() != Some(&tail.first()) {
        firsts.push(tail.first());
    }
    Ok(Recovered {
        firsts,
        tail,
        torn_bytes: last.torn_bytes,
        missing_bytes,
    })
}
