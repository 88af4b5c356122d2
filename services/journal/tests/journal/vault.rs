//! What becomes of released segments: packed, read, counted, expired.

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use whymid_journal::{Error, Journal, Options, Position, Removed, Rewritten, Stock, Vault};
use whymid_syslog::Frame;

use super::{append_lines, frame, make_segments, open, positions};

/// A journal whose segments are all raw, but for an empty last one. Gives all positions.
fn make_raw(dir: &Path, count: u32) -> Vec<Position> {
    let all = make_segments(dir, count);
    let (mut journal, _) = open(dir);
    journal.roll().expect("roll");
    let end = *all.last().expect("a record");
    assert_eq!(journal.release(end).expect("release"), count as usize);
    all
}

pub fn raw_names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir.join("raw")).expect("a folder");
    let names = entries.map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> = names.map(|name| name.to_string_lossy().into()).collect();
    names.retain(|name| name != "lock");
    names.sort();
    names
}

pub fn raw_positions(vault: &Vault) -> Vec<Position> {
    vault
        .frames()
        .map(|record| record.expect("whole").0)
        .collect()
}

fn received(second: i64) -> Frame {
    Frame {
        received_at: Timestamp::from_second(second).expect("a time"),
        ..frame("Info: MID 1 ready")
    }
}

fn time(second: i64) -> Option<Timestamp> {
    Some(Timestamp::from_second(second).expect("a time"))
}

/// Raw segments with one line each, received at these seconds.
fn make_aged(dir: &Path, seconds: &[i64]) -> Vault {
    let (mut journal, _) = Journal::open(dir, Options::default()).expect("a journal");
    for &second in seconds {
        journal.append(&received(second)).expect("append");
        journal.sync().expect("sync");
        journal.roll().expect("roll");
    }
    let end = journal.durable();
    journal.release(end).expect("release");
    Vault::open(dir).expect("a vault")
}

fn ages(vault: &Vault) -> Vec<i64> {
    let frames = vault.frames().map(|record| record.expect("whole").1);
    frames.map(|frame| frame.received_at.as_second()).collect()
}

#[test]
fn packing_keeps_every_byte_and_names_what_is_in_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let all = make_raw(dir.path(), 3);
    let plain = raw_names(dir.path());
    let bytes = fs::read(dir.path().join("raw").join(&plain[0])).expect("a file");
    let vault = Vault::open(dir.path()).expect("a vault");

    assert!(vault.pack_one().expect("pack"));
    let names = raw_names(dir.path());
    let packed = format!("{:020}-{:020}-1408014291.wlog.zst", 0, all[2].0);
    assert_eq!(names, [packed, plain[1].clone(), plain[2].clone()]);
    let file = fs::File::open(dir.path().join("raw").join(&names[0])).expect("a file");
    assert_eq!(zstd::decode_all(file).expect("zstd"), bytes);
    assert_eq!(raw_positions(&vault), all);

    assert!(vault.pack_one().expect("pack"));
    assert!(vault.pack_one().expect("pack"));
    assert!(!vault.pack_one().expect("nothing left"));
    assert_eq!(raw_positions(&vault), all);
}

#[test]
fn a_segment_larger_than_any_buffer_is_packed_and_read() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut journal, _) = open(dir.path());
    for n in 0..60 {
        let line: Vec<u8> = (0..60_000u32)
            .map(|i| (i.wrapping_mul(i + n) >> 7) as u8)
            .collect();
        journal.append(&frame(line)).expect("append");
    }
    let end = journal.sync().expect("sync");
    let wanted: Vec<_> = journal
        .replay(Position::START)
        .expect("a replay")
        .map(Result::unwrap)
        .collect();
    journal.roll().expect("roll");
    journal.release(end).expect("release");
    let vault = Vault::open(dir.path()).expect("a vault");
    assert!(vault.pack_one().expect("pack"));
    let found: Vec<_> = vault.frames().map(Result::unwrap).collect();
    assert!(found == wanted);
}

#[test]
fn the_stock_counts_what_is_there() {
    let dir = tempfile::tempdir().expect("a folder");
    let vault = Vault::open(dir.path()).expect("a vault");
    assert_eq!(vault.stock().expect("an empty one"), Stock::default());
    drop(vault);
    let vault = make_aged(dir.path(), &[100, 200, 300]);
    vault.pack_one().expect("pack");
    let sizes = raw_names(dir.path()).into_iter().map(|name| {
        let path = dir.path().join("raw").join(name);
        fs::metadata(path).expect("a file").len()
    });
    let stock = vault.stock().expect("stock");
    assert_eq!(stock.bytes, sizes.sum::<u64>());
    assert_eq!((stock.segments, stock.unpacked, stock.damaged), (3, 2, 0));
    assert_eq!(stock.oldest, time(100));
}

#[test]
fn what_was_received_before_a_time_expires_packed_or_not() {
    for packed in 0..=4 {
        let dir = tempfile::tempdir().expect("a folder");
        let vault = make_aged(dir.path(), &[-5, 100, 200, 300]);
        for _ in 0..packed {
            assert!(vault.pack_one().expect("pack"));
        }
        let none = vault.expire(time(-5), None).expect("expire");
        assert_eq!(none, Removed::default());
        let before = vault.stock().expect("stock");
        let removed = vault.expire(time(201), None).expect("expire");
        let after = vault.stock().expect("stock");
        assert_eq!(removed.segments, 3);
        assert_eq!(removed.bytes, before.bytes - after.bytes);
        assert_eq!(ages(&vault), [300]);
    }
}

/// A clock that was wrong for a while does not keep lines for ever.
#[test]
fn each_segment_expires_by_its_own_age() {
    let dir = tempfile::tempdir().expect("a folder");
    let vault = make_aged(dir.path(), &[100, 9_000_000, 200, 300]);
    while vault.pack_one().expect("pack") {}
    vault.expire(time(300), None).expect("expire");
    assert_eq!(ages(&vault), [9_000_000, 300]);
}

#[test]
fn what_is_too_much_expires_the_oldest_first() {
    let dir = tempfile::tempdir().expect("a folder");
    let vault = make_aged(dir.path(), &[100, 200, 300, 400]);
    vault.pack_one().expect("pack");
    let bytes = vault.stock().expect("stock").bytes;
    assert_eq!(
        vault.expire(None, Some(bytes)).expect("expire"),
        Removed::default()
    );
    assert_eq!(
        vault
            .expire(None, Some(bytes - 1))
            .expect("expire")
            .segments,
        1
    );
    assert_eq!(ages(&vault), [200, 300, 400]);
    let both = vault.expire(time(250), Some(0)).expect("expire");
    assert_eq!(both.segments, 3);
    assert_eq!(ages(&vault), [0; 0]);
}

#[test]
fn the_journal_goes_on_where_all_raw_segments_expired() {
    let dir = tempfile::tempdir().expect("a folder");
    let all = make_raw(dir.path(), 2);
    let vault = Vault::open(dir.path()).expect("a vault");
    vault.expire(None, Some(0)).expect("expire");
    let (mut journal, recovery) = open(dir.path());
    assert_eq!(recovery.end, all[5]);
    assert!(append_lines(&mut journal, 0..1)[0] > all[5]);
}

#[test]
fn frames_are_read_in_order_while_another_thread_packs_them() {
    let dir = tempfile::tempdir().expect("a folder");
    let all = make_raw(dir.path(), 40);
    let vault = Vault::open(dir.path()).expect("a vault");
    std::thread::scope(|scope| {
        scope.spawn(|| while vault.pack_one().expect("pack") {});
        for _ in 0..5 {
            assert_eq!(raw_positions(&vault), all);
        }
    });
    assert_eq!(raw_positions(&vault), all);
}

#[test]
fn frames_leave_out_what_expires_before_they_come_to_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let vault = make_aged(dir.path(), &[100, 200, 300]);
    let mut frames = vault.frames();
    frames.next().expect("a record").expect("whole");
    vault.expire(time(250), None).expect("expire");
    let rest: Vec<_> = frames
        .map(|record| record.expect("whole").1.received_at)
        .collect();
    assert_eq!(rest.len(), 1);
    assert_eq!(Some(rest[0]), time(300));
}

#[test]
fn a_vault_packs_while_the_journal_releases_more() {
    let dir = tempfile::tempdir().expect("a folder");
    let all = make_segments(dir.path(), 30);
    let (mut journal, _) = open(dir.path());
    let vault = Vault::open(dir.path()).expect("a vault");
    std::thread::scope(|scope| {
        let packing = scope.spawn(|| {
            let mut packed = 0;
            while packed < 29 {
                packed += usize::from(vault.pack_one().expect("pack"));
            }
        });
        for &through in &all {
            journal.release(through).expect("release");
        }
        packing.join().expect("the packer");
    });
    assert_eq!(raw_positions(&vault), all[..87]);
    assert_eq!(positions(&journal, Position::START), all[87..]);
    assert_eq!(vault.stock().expect("stock").unpacked, 0);
}

#[test]
fn a_second_vault_of_the_same_folder_is_refused_until_the_first_is_gone() {
    let dir = tempfile::tempdir().expect("a folder");
    let vault = Vault::open(dir.path()).expect("a vault");
    let error = Vault::open(dir.path()).expect_err("in use");
    assert!(matches!(error, Error::InUse { .. }));
    drop(vault);
    Vault::open(dir.path()).expect("a vault");
}

/// Lines are changed in place, in plain segments and packed ones; everything else stays.
#[test]
fn lines_are_changed_in_place_and_positions_stay() {
    let dir = tempfile::tempdir().expect("a folder");
    make_raw(dir.path(), 3);
    let vault = Vault::open(dir.path()).expect("a vault");
    assert!(vault.pack_one().expect("pack"));
    let before: Vec<_> = vault.frames().map(|one| one.expect("whole")).collect();
    let edit = |line: &mut [u8]| {
        let place = line.iter().position(|byte| *byte == b'I');
        place.map(|place| line[place] = b'*').is_some()
    };
    let rewritten = Rewritten {
        segments: 3,
        lines: before.len() as u64,
        unreadable: 0,
        is_whole: true,
    };
    assert_eq!(vault.rewrite(&edit, &|| true).expect("changed"), rewritten);
    let after: Vec<_> = vault.frames().map(|one| one.expect("whole")).collect();
    for ((old, mut was), (new, is)) in before.into_iter().zip(after) {
        assert!(edit(&mut was.bytes));
        assert_eq!((old, was), (new, is));
    }
    let again = vault.rewrite(&|_| false, &|| false).expect("nothing");
    assert_eq!(again, Rewritten::default());
    let names = raw_names(dir.path());
    assert!(names.iter().all(|name| name.ends_with(".zst")), "{names:?}");
}

#[test]
fn a_segment_that_can_t_be_read_is_counted_and_left_as_it_is() {
    let dir = tempfile::tempdir().expect("a folder");
    make_raw(dir.path(), 2);
    let name = raw_names(dir.path()).remove(0);
    let path = dir.path().join("raw").join(name);
    let mut bytes = fs::read(&path).expect("a file");
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&path, &bytes).expect("written");
    let vault = Vault::open(dir.path()).expect("a vault");
    let edit = |line: &mut [u8]| {
        line[0] = b'*';
        true
    };
    let rewritten = vault.rewrite(&edit, &|| true);
    let rewritten = rewritten.expect("the other one");
    assert_eq!((rewritten.segments, rewritten.unreadable), (1, 1));
    assert_eq!(fs::read(&path).expect("a file"), bytes);
}
