//! One plain raw segment to a packed one: the same bytes, in zstd.
//!
//! The packed file is made under another name, checked record by record on the way, and durable
//! before the plain one is removed. Memory does not grow with the segment. A segment with
//! something wrong in it is not packed: it is kept as it is, under a name that says so.

use std::io::Write;
use std::path::{Path, PathBuf};

use whymid_syslog::Frame;
use zstd::stream::write::Encoder;

use crate::disk::DiskFile;
use crate::error::IoContext;
use crate::fault::point;
use crate::folder::Folder;
use crate::label::Labels;
use crate::raw::{Form, Kept};
use crate::reader::Reader;
use crate::stream::FileWriter;
use crate::{Error, raw, record, segment};

const LEVEL: i32 = 3;

/// Packs `plain`, or sets it aside.
pub(crate) fn pack(raw: &Folder, plain: &Kept) -> Result<(), Error> {
    let part = raw::part_name(plain);
    match write_part(raw, plain, &part, &|_| false) {
        Ok((newest, _)) => put_in_place(raw, plain, &part, newest),
        Err(error) => {
            // What this can't remove is removed when the vault is opened.
            let _ = raw.remove_if_there(&part);
            Err(set_aside_if_damaged(raw, plain, error))
        }
    }
}

/// Packs `kept` anew with its lines as `edit` leaves them, which changes them in place and says
/// whether it did; how many it changed. One without any is left as it is.
pub(crate) fn rewrite(
    raw: &Folder,
    kept: &Kept,
    edit: &dyn Fn(&mut [u8]) -> bool,
) -> Result<u64, Error> {
    let mut is_there = false;
    read_frames(raw, kept, |mut frame| is_there |= edit(&mut frame.bytes))?;
    if !is_there {
        return Ok(0);
    }
    let part = raw::part_name(kept);
    let written = write_part(raw, kept, &part, edit).and_then(|(newest, changed)| {
        put_in_place(raw, kept, &part, newest)?;
        Ok(changed)
    });
    if written.is_err() {
        // What this can't remove is removed when the vault is opened.
        let _ = raw.remove_if_there(&part);
    }
    written
}

/// Writes the packed file, durably but for its name, and gives the time of the newest record, and
/// how many lines were changed.
fn write_part(
    raw: &Folder,
    plain: &Kept,
    part: &str,
    edit: &dyn Fn(&mut [u8]) -> bool,
) -> Result<(i64, u64), Error> {
    let mut reader = open(raw, plain)?;
    let file = raw.create_file(part)?;
    let path = raw.path(part);
    let newest = write_packed(&mut reader, plain, &*file, &path, edit)?;
    point("vault-part-written");
    file.sync_all().while_doing("sync", &path)?;
    point("vault-part-synced");
    Ok(newest)
}

fn write_packed(
    reader: &mut Reader,
    plain: &Kept,
    file: &dyn DiskFile,
    path: &Path,
    edit: &dyn Fn(&mut [u8]) -> bool,
) -> Result<(i64, u64), Error> {
    let mut encoder = Encoder::new(FileWriter::new(file), LEVEL).while_doing("pack", path)?;
    encoder.include_checksum(true).while_doing("pack", path)?;
    let header = segment::header_of(reader.version(), plain.first);
    encoder.write_all(&header).while_doing("write", path)?;
    let mut labels = Labels::default();
    let mut own = Labels::default();
    let (mut newest, mut changed) = (None, 0);
    while let Some((_, frame)) = reader.next_frame(&mut labels)? {
        let mut record = reader.record().to_vec();
        changed += u64::from(record::edit_line(&mut record, &mut own, edit));
        encoder.write_all(&record).while_doing("write", path)?;
        newest = newest.max(Some(frame.received_at.as_second()));
    }
    encoder.finish().while_doing("write", path)?;
    Ok((newest.unwrap_or_default(), changed))
}

fn put_in_place(raw: &Folder, plain: &Kept, part: &str, newest: i64) -> Result<(), Error> {
    raw.rename(part, &raw::packed_name(plain, newest))?;
    point("vault-part-named");
    raw.sync()?;
    point("vault-packed");
    if plain.form == Form::Packed {
        return Ok(());
    }
    raw.remove(&plain.name)?;
    point("vault-plain-removed");
    raw.sync()
}

/// Renames what is damaged for good. Gives the error to report.
fn set_aside_if_damaged(raw: &Folder, plain: &Kept, error: Error) -> Error {
    if !error.is_damage() {
        return error;
    }
    match set_aside(raw, plain) {
        Ok(path) => Error::SetAside {
            path,
            source: Box::new(error),
        },
        Err(error) => error,
    }
}

fn set_aside(raw: &Folder, plain: &Kept) -> Result<PathBuf, Error> {
    let name = raw::damaged_name(plain, newest_readable(raw, plain)?);
    raw.rename(&plain.name, &name)?;
    point("vault-set-aside");
    raw.sync()?;
    Ok(raw.path(&name))
}

/// Opens a raw segment for reading. A plain one has the length that its name says.
pub(crate) fn open(raw: &Folder, kept: &Kept) -> Result<Reader, Error> {
    let (first, end) = (kept.first, kept.end);
    if kept.form == Form::Packed {
        return Reader::open_packed(raw, &kept.name, first, end);
    }
    let reader = Reader::open(raw, &kept.name, first, first, end)?;
    let wanted = segment::offset_of(end, first);
    if kept.form == Form::Plain && kept.size > wanted {
        return Err(Error::Damaged {
            path: raw.path(&kept.name),
            offset: wanted,
            what: "it goes on behind its last record",
        });
    }
    Ok(reader)
}

/// Whether every record of a raw segment can be read.
pub(crate) fn is_whole(raw: &Folder, kept: &Kept) -> Result<bool, Error> {
    match read_all(raw, kept, |_| {}) {
        Ok(()) => Ok(true),
        Err(error) if error.is_damage() => Ok(false),
        Err(error) => Err(error),
    }
}

/// When the newest record was received that can be read, in seconds since 1970.
pub(crate) fn newest_readable(raw: &Folder, kept: &Kept) -> Result<Option<i64>, Error> {
    let mut newest = None;
    let read = read_all(raw, kept, |second| newest = newest.max(Some(second)));
    match read {
        Err(error) if !error.is_damage() => Err(error),
        Ok(()) | Err(_) => Ok(newest),
    }
}

/// Reads a raw segment up to the first damage, giving the second in which each record was
/// received.
fn read_all(raw: &Folder, kept: &Kept, mut each: impl FnMut(i64)) -> Result<(), Error> {
    read_frames(raw, kept, |frame| each(frame.received_at.as_second()))
}

/// The same, giving each frame.
fn read_frames(raw: &Folder, kept: &Kept, mut each: impl FnMut(Frame)) -> Result<(), Error> {
    let mut reader = open(raw, kept)?;
    let mut labels = Labels::default();
    while let Some((_, frame)) = reader.next_frame(&mut labels)? {
        each(frame);
    }
    Ok(())
}
