//! Raw segments that are damaged, half packed or there twice.

use std::error::Error as _;
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use whymid_journal::{Error, Position, Vault};

use super::vault::{raw_names, raw_positions};
use super::{append_lines, make_segments, open};

/// Three raw segments of three lines each.
fn make_raw(dir: &Path) -> Vec<Position> {
    let all = make_segments(dir, 3);
    let (mut journal, _) = open(dir);
    journal.roll().expect("roll");
    journal.release(all[8]).expect("release");
    all
}

fn raw(dir: &Path, name: &str) -> PathBuf {
    dir.join("raw").join(name)
}

fn flip(path: &Path, offset: usize) {
    let mut bytes = fs::read(path).expect("a file");
    bytes[offset] ^= 1;
    fs::write(path, bytes).expect("write");
}

fn vault(dir: &Path) -> Vault {
    Vault::open(dir).expect("a vault")
}

#[test]
fn a_damaged_segment_is_set_aside_as_it_is_and_the_next_ones_are_packed() {
    let dir = tempfile::tempdir().expect("a folder");
    let all = make_raw(dir.path());
    let names = raw_names(dir.path());
    let damaged = raw(dir.path(), &names[0]);
    let second = 20 + usize::try_from(all[0].0).expect("small");
    flip(&damaged, second + 9);
    let bytes = fs::read(&damaged).expect("a file");
    let vault = vault(dir.path());

    let error = vault.pack_one().expect_err("damage");
    let aside = format!("{:020}-{:020}-1408014291.wlog.damaged", 0, all[2].0);
    let aside = raw(dir.path(), &aside);
    assert!(
        matches!(&error, Error::SetAside { path, .. } if *path == aside),
        "{error}"
    );
    let source = error.source().expect("a source").to_string();
    let wanted = format!(
        "{} is damaged at byte {second}: the record's checksum is wrong",
        damaged.display()
    );
    assert_eq!(source, wanted);
    assert_eq!(fs::read(&aside).expect("kept"), bytes);

    assert!(vault.pack_one().expect("pack"));
    assert!(vault.pack_one().expect("pack"));
    assert!(!vault.pack_one().expect("nothing left"));
    let stock = vault.stock().expect("stock");
    assert_eq!((stock.segments, stock.unpacked, stock.damaged), (3, 0, 1));
}

#[test]
fn what_can_be_read_of_a_damaged_segment_is_read_then_named_then_the_next() {
    let dir = tempfile::tempdir().expect("a folder");
    let all = make_raw(dir.path());
    let damaged = raw(dir.path(), &raw_names(dir.path())[1]);
    flip(
        &damaged,
        20 + usize::try_from(all[4].0 - all[2].0).expect("small") + 9,
    );
    let vault = vault(dir.path());
    for _ in 0..2 {
        let read: Vec<_> = vault.frames().collect();
        let whole: Vec<Position> = read
            .iter()
            .flatten()
            .map(|(position, _)| *position)
            .collect();
        assert_eq!(whole, [&all[..5], &all[6..]].concat());
        assert!(matches!(read[5], Err(Error::Damaged { .. })));
        let packed = (0..3).filter(|_| matches!(vault.pack_one(), Ok(true)));
        assert!(packed.count() < 3, "one can't be packed");
    }
}

#[test]
fn every_kind_of_damage_is_set_aside() {
    let cut = |bytes: &mut Vec<u8>| bytes.truncate(bytes.len() - 1);
    let header = |bytes: &mut Vec<u8>| bytes[0] ^= 1;
    let version = |bytes: &mut Vec<u8>| bytes[8] = 9;
    let longer = |bytes: &mut Vec<u8>| bytes.push(0);
    let empty = |bytes: &mut Vec<u8>| bytes.clear();
    let damages: [fn(&mut Vec<u8>); 5] = [cut, header, version, longer, empty];
    for damage in damages {
        let dir = tempfile::tempdir().expect("a folder");
        make_raw(dir.path());
        let path = raw(dir.path(), &raw_names(dir.path())[0]);
        let mut bytes = fs::read(&path).expect("a file");
        damage(&mut bytes);
        fs::write(&path, &bytes).expect("write");
        let vault = vault(dir.path());
        assert!(matches!(vault.pack_one(), Err(Error::SetAside { .. })));
        let aside = &raw_names(dir.path())[0];
        assert!(aside.ends_with(".wlog.damaged"), "{aside}");
        assert_eq!(fs::read(raw(dir.path(), aside)).expect("kept"), bytes);
        assert!(vault.pack_one().expect("the next one"));
    }
}

#[test]
fn a_damaged_segment_expires_with_what_was_received_after_it() {
    let dir = tempfile::tempdir().expect("a folder");
    make_raw(dir.path());
    flip(&raw(dir.path(), &raw_names(dir.path())[0]), 0);
    let vault = vault(dir.path());
    vault.pack_one().expect_err("damage");
    assert!(raw_names(dir.path())[0].contains("unknown"));
    let second = |second| Timestamp::from_second(second).expect("a time");
    let removed = vault
        .expire(Some(second(1_408_014_291)), None)
        .expect("expire");
    assert_eq!(removed.segments, 0);
    let removed = vault
        .expire(Some(second(1_408_014_292)), None)
        .expect("expire");
    assert_eq!(removed.segments, 3);
}

#[test]
fn a_damaged_packed_segment_is_named_with_the_offset_in_what_is_packed() {
    let dir = tempfile::tempdir().expect("a folder");
    let all = make_raw(dir.path());
    let vault = vault(dir.path());
    while vault.pack_one().expect("pack") {}
    let path = raw(dir.path(), &raw_names(dir.path())[1]);
    let bytes = fs::read(&path).expect("a file");
    for len in 0..bytes.len() {
        fs::write(&path, &bytes[..len]).expect("write");
        let read: Vec<_> = vault.frames().collect();
        let errors: Vec<_> = read
            .iter()
            .filter_map(|record| record.as_ref().err())
            .collect();
        // The very last bytes are a checksum behind all records.
        assert!(
            errors.len() == 1 || bytes.len() - len <= 7,
            "cut to {len}: {errors:?}"
        );
        let named = |error: &&&Error| error.to_string().contains(&path.display().to_string());
        assert!(errors.iter().all(|error| named(&error)), "{errors:?}");
        let last = read.last().expect("a record").as_ref().expect("whole");
        assert_eq!(last.0, all[8], "cut to {len}");
    }
}

#[test]
fn what_was_not_packed_to_its_end_is_removed_and_packed_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let all = make_raw(dir.path());
    let part = raw_names(dir.path())[0].replace(".wlog", ".wlog.part");
    fs::write(raw(dir.path(), &part), "half of it").expect("write");
    fs::write(raw(dir.path(), "notes.part"), "hands off").expect("write");
    let vault = vault(dir.path());
    let names = raw_names(dir.path());
    assert!(!names.contains(&part));
    assert!(names.contains(&"notes.part".to_owned()));
    assert!(vault.pack_one().expect("pack"));
    assert_eq!(raw_positions(&vault), all);
}

/// Gives the plain and the packed form of the first raw segment, which are there both.
fn make_double(dir: &Path) -> (PathBuf, PathBuf) {
    make_raw(dir);
    let plain = raw(dir, &raw_names(dir)[0]);
    let bytes = fs::read(&plain).expect("a file");
    assert!(vault(dir).pack_one().expect("pack"));
    let packed = raw(dir, &raw_names(dir)[0]);
    fs::write(&plain, bytes).expect("write");
    (plain, packed)
}

#[test]
fn of_a_segment_that_is_there_twice_the_whole_one_is_kept() {
    for (plain_whole, packed_whole) in [(true, true), (false, true), (true, false), (false, false)]
    {
        let dir = tempfile::tempdir().expect("a folder");
        let (plain, packed) = make_double(dir.path());
        if !plain_whole {
            flip(&plain, 40);
        }
        if !packed_whole {
            flip(&packed, 40);
        }
        let vault = vault(dir.path());
        assert_eq!(packed.exists(), packed_whole || !plain_whole);
        assert_eq!(plain.exists(), !packed_whole);
        let read: Vec<_> = vault.frames().collect();
        assert_eq!(read.iter().all(Result::is_ok), plain_whole || packed_whole);
    }
}

#[test]
fn a_segment_that_is_there_twice_gives_each_record_once() {
    let dir = tempfile::tempdir().expect("a folder");
    let vault = vault(dir.path());
    let (plain, packed) = {
        drop(vault);
        make_double(dir.path())
    };
    let bytes = fs::read(&plain).expect("a file");
    fs::remove_file(&plain).expect("remove");
    let vault = Vault::open(dir.path()).expect("a vault");
    fs::write(&plain, bytes).expect("write");
    assert!(plain.exists() && packed.exists());
    assert_eq!(raw_positions(&vault).len(), 9);
    while vault.pack_one().expect("pack") {}
    assert_eq!(raw_positions(&vault).len(), 9);
    assert!(!plain.exists() && packed.exists());
}

#[test]
fn segments_that_overlap_give_each_record_once() {
    let dirs = [(), ()].map(|()| tempfile::tempdir().expect("a folder"));
    let mut all = Vec::new();
    for (dir, lines) in dirs.iter().zip([[0, 6, 9], [0, 3, 9]]) {
        let (mut journal, _) = open(dir.path());
        all = lines
            .windows(2)
            .flat_map(|range| {
                let positions = append_lines(&mut journal, range[0]..range[1]);
                journal.roll().expect("roll");
                positions
            })
            .collect();
        journal.release(journal.durable()).expect("release");
    }
    let [mine, other] = &dirs;
    let name = &raw_names(other.path())[1];
    fs::copy(raw(other.path(), name), raw(mine.path(), name)).expect("copy");
    fs::remove_file(raw(mine.path(), &raw_names(mine.path())[2])).expect("remove");
    assert_eq!(raw_positions(&vault(mine.path())), all);
}
