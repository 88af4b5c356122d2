//! The names of raw segments, and which of them a folder has.
//!
//! A raw segment is a segment that has left the replay range. Its name tells what is in it:
//!
//! | name | holds |
//! |---|---|
//! | `FIRST-END.wlog` | the segment file as it was, *plain* |
//! | `FIRST-END-NEWEST.wlog.zst` | the same, *packed* |
//! | `FIRST-END-NEWEST.wlog.damaged` | the same as the first, not packed since something is wrong with it |
//! | `FIRST-END.wlog.part` | what a process was packing; worth nothing |
//!
//! FIRST and END are the positions before its first and of its last record, in 20 digits; NEWEST
//! is the latest `received_at` of its records, cut to whole seconds since 1970, or `unknown` if
//! none could be read. Other names are not ours and left alone.

use crate::folder::Folder;
use crate::segment::{ENDING, digits, from_digits};
use crate::{Error, Position};

/// The folder with the raw segments, in that of the journal.
pub(crate) const DIR: &str = "raw";

const PACKED: &str = ".wlog.zst";
const DAMAGED: &str = ".wlog.damaged";
const PART: &str = ".wlog.part";
const UNKNOWN: &str = "unknown";

/// What a raw segment has become. The better comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Form {
    Packed,
    Plain,
    Damaged,
}

/// One raw segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    /// The position before its first record.
    pub first: Position,
    /// The position of its last record.
    pub end: Position,
    pub form: Form,
    /// When the newest of its records was received, in seconds since 1970, if the name tells.
    pub newest: Option<i64>,
    /// The file's length.
    pub size: u64,
    pub name: String,
}

/// The name of a plain raw segment.
pub(crate) fn plain_name(first: Position, end: Position) -> String {
    format!("{}-{}{ENDING}", digits(first), digits(end))
}

/// The name that it gets when it is packed.
pub(crate) fn packed_name(kept: &Kept, newest: i64) -> String {
    format!(
        "{}-{}-{newest}{PACKED}",
        digits(kept.first),
        digits(kept.end)
    )
}

/// The name that it has while it is packed.
pub(crate) fn part_name(kept: &Kept) -> String {
    format!("{}-{}{PART}", digits(kept.first), digits(kept.end))
}

/// The name under which it is set aside.
pub(crate) fn damaged_name(kept: &Kept, newest: Option<i64>) -> String {
    let newest = newest.map_or_else(|| UNKNOWN.to_owned(), |newest| newest.to_string());
    format!(
        "{}-{}-{newest}{DAMAGED}",
        digits(kept.first),
        digits(kept.end)
    )
}

/// Whether a name is one that packing gives to what is not finished.
pub(crate) fn is_part(name: &str) -> bool {
    name.strip_suffix(PART).and_then(range).is_some()
}

/// All raw segments in the folder, the oldest first; of one that is there twice the better
/// form first.
pub(crate) fn list(raw: &Folder) -> Result<Vec<Kept>, Error> {
    let listed = raw.list()?.into_iter();
    let mut all: Vec<Kept> = listed
        .filter_map(|file| parse(file.name, file.size))
        .collect();
    all.sort_by_key(|kept| (kept.first, kept.end, kept.form));
    Ok(all)
}

/// The highest position that a raw segment holds.
pub(crate) fn end(raw: &Folder) -> Result<Position, Error> {
    let ends = list(raw)?.into_iter().map(|kept| kept.end);
    Ok(ends.max().unwrap_or(Position::START))
}

fn parse(name: String, size: u64) -> Option<Kept> {
    let forms = [
        (PACKED, Form::Packed),
        (DAMAGED, Form::Damaged),
        (ENDING, Form::Plain),
    ];
    let (stem, form) = forms
        .into_iter()
        .find_map(|(ending, form)| Some((name.strip_suffix(ending)?, form)))?;
    let (stem, newest) = match form {
        Form::Plain => (stem, None),
        Form::Packed | Form::Damaged => split_newest(stem)?,
    };
    let (first, end) = range(stem)?;
    Some(Kept {
        first,
        end,
        form,
        newest,
        size,
        name,
    })
}

fn range(stem: &str) -> Option<(Position, Position)> {
    let (first, end) = stem.split_once('-')?;
    Some((from_digits(first)?, from_digits(end)?))
}

/// What stands before the time in a name, and the time.
fn split_newest(stem: &str) -> Option<(&str, Option<i64>)> {
    let (range, newest) = stem.split_at_checked(41)?;
    let newest = newest.strip_prefix('-')?;
    if newest == UNKNOWN {
        return Some((range, None));
    }
    Some((range, Some(newest.parse().ok()?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain() -> Kept {
        let name = plain_name(Position(7), Position(1234));
        parse(name, 99).expect("a raw segment")
    }

    #[test]
    fn a_name_tells_what_it_was_made_from() {
        assert_eq!((plain().first, plain().end), (Position(7), Position(1234)));
        assert_eq!((plain().form, plain().newest), (Form::Plain, None));
        for newest in [0, 1_408_014_291, -1, i64::MIN] {
            let packed = parse(packed_name(&plain(), newest), 1).expect("a raw segment");
            assert_eq!((packed.first, packed.end), (Position(7), Position(1234)));
            assert_eq!((packed.form, packed.newest), (Form::Packed, Some(newest)));
        }
        for newest in [None, Some(-5)] {
            let damaged = parse(damaged_name(&plain(), newest), 1).expect("a raw segment");
            assert_eq!((damaged.form, damaged.newest), (Form::Damaged, newest));
        }
        assert!(is_part(&part_name(&plain())));
    }

    #[test]
    fn other_names_are_not_ours() {
        let part = part_name(&plain());
        let packed = packed_name(&plain(), 5);
        let bad = packed.replace("-5.", "-five.");
        for name in [
            "notes",
            "00000000000000000000.wlog",
            "1-2.wlog",
            "ü.wlog.zst",
            &part,
            &bad,
        ] {
            assert_eq!(parse(name.to_owned(), 1), None, "{name}");
        }
        assert!(!is_part("notes.wlog.part"));
    }
}
