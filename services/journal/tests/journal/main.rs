//! The journal as its users see it. How it outlives its process on a real disk: `../deaths/`.
//!
//! | file | what of it |
//! |---|---|
//! | `log.rs` | the order and the positions of an undamaged log |
//! | `damage.rs` | what bad disks, foreign files and second users do to it |
//! | `versions.rs` | segments that an older whymid wrote |
//! | `copies.rs` | a folder that was lost, or put back from a copy |
//! | `release.rs` | segments that leave the replay range |
//! | `vault.rs`, `vault_damage.rs` | what becomes of them |
//! | `revive.rs` | a full disk, a failing one, a folder that is gone |
//! | `crash.rs` | what may be left when the power goes at any moment and disks fail; `allowed.rs` says what that is, `life.rs` makes the moments, `model/` is the disk |

mod allowed;
mod copies;
mod crash;
mod damage;
mod dice;
mod life;
mod log;
mod model;
mod release;
mod revive;
mod vault;
mod vault_damage;
mod versions;

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use whymid_journal::{Error, Journal, Options, Position, Recovery};
use whymid_syslog::{Frame, Lane, Transport};

/// A frame as an appliance would send it.
fn frame(line: impl Into<Vec<u8>>) -> Frame {
    Frame {
        bytes: line.into(),
        peer: Some([192, 0, 2, 7].into()),
        transport: Transport::Tcp,
        source: 3,
        received_at: Timestamp::from_microsecond(1_408_014_291_000_001).expect("a time"),
        lane: Lane::Live,
        defect: None,
        label: None,
    }
}

/// Appends numbered lines, all in one sync, and gives their positions.
fn append_lines(journal: &mut Journal, numbers: std::ops::Range<u32>) -> Vec<Position> {
    let positions = numbers
        .map(|n| journal.append(&frame(format!("Info: MID {n} ready"))))
        .collect::<Result<Vec<_>, _>>()
        .expect("append");
    let durable = journal.sync().expect("sync");
    assert_eq!(positions.last(), Some(&durable));
    positions
}

fn with_segments_of(segment_bytes: u64) -> Options {
    Options {
        segment_bytes,
        ..Options::default()
    }
}

fn open(dir: &Path) -> (Journal, Recovery) {
    Journal::open(dir, Options::default()).expect("a journal")
}

fn open_error(dir: &Path) -> String {
    let error = Journal::open(dir, Options::default()).expect_err("open must fail");
    error.to_string()
}

/// A journal in `dir` that starts a segment with every sync, with `count` segments of three
/// lines each. Gives all positions.
fn make_segments(dir: &Path, count: u32) -> Vec<Position> {
    let options = with_segments_of(1);
    let (mut journal, _) = Journal::open(dir, options).expect("a journal");
    (0..count)
        .flat_map(|n| append_lines(&mut journal, n * 3..n * 3 + 3))
        .collect()
}

fn replayed(journal: &Journal, after: Position) -> Result<Vec<(Position, Frame)>, Error> {
    journal.replay(after)?.collect()
}

fn positions(journal: &Journal, after: Position) -> Vec<Position> {
    let records = replayed(journal, after).expect("a whole log");
    records.iter().map(|(position, _)| *position).collect()
}

/// The segment files in `dir`, in the order of their names.
fn segments(dir: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(dir)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "wlog"))
        .collect();
    paths.sort();
    paths
}
