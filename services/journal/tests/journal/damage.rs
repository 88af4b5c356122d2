//! What crashes, bad disks, foreign files and second users do to a journal, and what it says.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use whymid_journal::{Error, Journal, Options, Position};

use super::{append_lines, frame, make_segments, open, open_error, positions, replayed, segments};

fn cut_to(path: &Path, len: usize) {
    let file = OpenOptions::new().write(true).open(path).expect("a file");
    file.set_len(len as u64).expect("set the length");
}

fn add(path: &Path, bytes: &[u8]) {
    let mut file = OpenOptions::new().append(true).open(path).expect("a file");
    file.write_all(bytes).expect("write");
}

fn flip(path: &Path, offset: usize) {
    let mut bytes = fs::read(path).expect("a file");
    bytes[offset] ^= 0b0001_0000;
    fs::write(path, bytes).expect("write");
}

/// How many bytes of the last segment stand behind the last of `kept` in it.
fn torn_bytes(len: usize, first: Position, kept: Position) -> u64 {
    let header = 20;
    let whole = header + kept.0 - first.0;
    if (len as u64) < header {
        return len as u64;
    }
    len as u64 - whole
}

#[test]
fn wherever_the_last_segment_is_torn_all_whole_records_before_the_cut_are_kept() {
    let made = tempfile::tempdir().expect("a folder");
    let all = make_segments(made.path(), 2);
    let files = segments(made.path());
    let (earlier, last) = (&files[0], fs::read(&files[1]).expect("a file"));
    let first = all[2];

    for len in 0..=last.len() {
        let dir = tempfile::tempdir().expect("a folder");
        let torn = dir.path().join(files[1].file_name().expect("a name"));
        let copy = dir.path().join(earlier.file_name().expect("a name"));
        fs::copy(earlier, copy).expect("copy");
        fs::write(&torn, &last[..len]).expect("write");
        let whole = |p: &&Position| **p <= first || p.0 - first.0 + 20 <= len as u64;
        let mut kept: Vec<Position> = all.iter().take_while(whole).copied().collect();
        let end = *kept.last().expect("the earlier segment");

        let (mut journal, recovery) = open(dir.path());
        assert_eq!(recovery.end, end, "cut to {len} bytes");
        assert_eq!(
            recovery.torn_bytes,
            torn_bytes(len, first, end),
            "cut to {len} bytes"
        );
        assert_eq!(
            positions(&journal, Position::START),
            kept,
            "cut to {len} bytes"
        );
        kept.extend(append_lines(&mut journal, 50..52));
        drop(journal);

        let (journal, recovery) = open(dir.path());
        assert_eq!(recovery.torn_bytes, 0, "cut to {len} bytes");
        assert_eq!(
            positions(&journal, Position::START),
            kept,
            "cut to {len} bytes"
        );
    }
}

#[test]
fn garbage_behind_the_last_record_is_cut() {
    for garbage in [
        &b"garbage"[..],
        &[0; 4096],
        &[0xff; 9],
        &[13, 0, 0, 0, 1, 2, 3, 4, 5],
    ] {
        let dir = tempfile::tempdir().expect("a folder");
        let all = append_lines(&mut open(dir.path()).0, 0..3);
        add(&segments(dir.path())[0], garbage);

        let (journal, recovery) = open(dir.path());
        assert_eq!(recovery.torn_bytes, garbage.len() as u64);
        assert_eq!(positions(&journal, Position::START), all);
    }
}

#[test]
fn a_crash_right_after_a_segment_was_created_is_mended() {
    for torn in [&b""[..], b"whymid", b"whymidlg\x01\0\0\0", &[0; 20]] {
        let dir = tempfile::tempdir().expect("a folder");
        let mut all = make_segments(dir.path(), 2);
        let end = all[5].0;
        fs::write(dir.path().join(format!("{end:020}.wlog")), torn).expect("write");

        let (mut journal, recovery) = open(dir.path());
        assert_eq!(recovery.end, all[5]);
        assert_eq!(recovery.torn_bytes, torn.len() as u64);
        all.extend(append_lines(&mut journal, 6..8));
        assert_eq!(positions(&journal, Position::START), all);
    }
}

/// Every byte of a middle segment, header included, is under guard.
#[test]
fn a_flipped_bit_in_a_middle_segment_is_an_error_with_the_file_and_the_next_one_is_read() {
    let dir = tempfile::tempdir().expect("a folder");
    let all = make_segments(dir.path(), 3);
    let middle = &segments(dir.path())[1];
    for offset in 0..fs::read(middle).expect("a file").len() {
        flip(middle, offset);
        let error = match Journal::open(dir.path(), Options::default()) {
            Err(error) => error,
            Ok((journal, _)) => {
                let replay = journal.replay(Position::START).expect("a replay");
                let mut records: Vec<_> = replay.collect();
                let at = records.iter().position(Result::is_err).expect("damage");
                assert!(at <= 5);
                let behind = records
                    .drain(at + 1..)
                    .map(|record| record.expect("whole").0);
                assert_eq!(behind.collect::<Vec<_>>(), all[6..]);
                records.remove(at).expect_err("damage")
            }
        };
        let text = error.to_string();
        assert!(
            text.contains(&middle.display().to_string()),
            "byte {offset}: {text}"
        );
        flip(middle, offset);
    }
    assert_eq!(positions(&open(dir.path()).0, Position::START), all);
}

#[test]
fn the_error_about_a_damaged_record_names_the_offset_where_it_begins() {
    let dir = tempfile::tempdir().expect("a folder");
    let all = make_segments(dir.path(), 2);
    let damaged = &segments(dir.path())[0];
    flip(damaged, fs::read(damaged).expect("a file").len() - 1);

    let (journal, _) = open(dir.path());
    let error = replayed(&journal, Position::START).expect_err("damage");
    let wanted = 20 + all[1].0;
    assert!(
        matches!(error, Error::Damaged { offset, .. } if offset == wanted),
        "{error}"
    );
    assert_eq!(
        error.to_string(),
        format!(
            "{} is damaged at byte {wanted}: the record's checksum is wrong",
            damaged.display()
        )
    );
    assert_eq!(
        positions(&journal, all[2]),
        all[3..],
        "what is behind it can be read"
    );
}

#[test]
fn a_whole_record_with_an_impossible_time_is_damage_and_no_panic() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut journal, _) = open(dir.path());
    journal.append(&frame("line")).expect("append");
    journal.sync().expect("sync");
    drop(journal);
    let path = &segments(dir.path())[0];
    let mut bytes = fs::read(path).expect("a file");
    bytes[28..36].copy_from_slice(&i64::MAX.to_le_bytes());
    let crc = crc32fast::hash(&bytes[28..]);
    bytes[24..28].copy_from_slice(&crc.to_le_bytes());
    fs::write(path, bytes).expect("write");

    let (journal, recovery) = open(dir.path());
    assert_eq!(recovery.torn_bytes, 0, "a whole record is never cut");
    let error = replayed(&journal, Position::START).expect_err("damage");
    assert!(
        error
            .to_string()
            .ends_with("at byte 20: the record makes no sense"),
        "{error}"
    );
}

#[test]
fn an_earlier_segment_that_is_short_or_missing_is_an_error_at_once() {
    let dir = tempfile::tempdir().expect("a folder");
    make_segments(dir.path(), 4);
    let files = segments(dir.path());
    let whole = fs::read(&files[1]).expect("a file");

    cut_to(&files[1], whole.len() - 1);
    let error = open_error(dir.path());
    assert!(error.contains(&files[1].display().to_string()), "{error}");
    assert!(error.contains("records are missing"), "{error}");

    fs::write(&files[1], [&whole[..], b"x"].concat()).expect("write");
    assert!(open_error(dir.path()).contains("goes on where the next segment begins"));

    cut_to(&files[1], 0);
    assert!(open_error(dir.path()).contains("has no header"));

    fs::remove_file(&files[1]).expect("remove");
    let error = open_error(dir.path());
    assert!(error.contains(&files[0].display().to_string()), "{error}");
}

#[test]
fn a_file_that_is_not_ours_is_named_and_left_alone() {
    let dir = tempfile::tempdir().expect("a folder");
    for (name, content) in [
        (
            "00000000000000000000.wlog",
            "some notes that are no segment",
        ),
        ("00000000000000000000.wlog", "short"),
        ("7.wlog", "whatever"),
        ("99999999999999999999.wlog", "whatever"),
    ] {
        let path = dir.path().join(name);
        fs::write(&path, content).expect("write");
        let error = open_error(dir.path());
        assert!(error.contains(&path.display().to_string()), "{error}");
        assert!(error.contains("is not a whymid journal segment"), "{error}");
        assert_eq!(fs::read_to_string(&path).expect("a file"), content);
        fs::remove_file(&path).expect("remove");
    }
}

#[test]
fn files_with_another_ending_do_not_matter() {
    let dir = tempfile::tempdir().expect("a folder");
    let all = make_segments(dir.path(), 2);
    fs::write(dir.path().join("README"), "hands off").expect("write");
    fs::write(dir.path().join("00000000000000000000.wlog.zst"), "sealed").expect("write");
    assert_eq!(positions(&open(dir.path()).0, Position::START), all);
}

#[test]
fn a_segment_of_an_unknown_version_is_an_error_that_says_so() {
    let dir = tempfile::tempdir().expect("a folder");
    make_segments(dir.path(), 1);
    let path = &segments(dir.path())[0];
    let mut bytes = fs::read(path).expect("a file");
    bytes[8] = 3;
    fs::write(path, bytes).expect("write");
    assert_eq!(
        open_error(dir.path()),
        format!(
            "{} has journal format 3, but this whymid knows only formats up to 2",
            path.display()
        )
    );
}

#[test]
fn a_renamed_segment_is_an_error() {
    let dir = tempfile::tempdir().expect("a folder");
    make_segments(dir.path(), 1);
    let path = &segments(dir.path())[0];
    fs::rename(path, dir.path().join("00000000000000000005.wlog")).expect("rename");
    assert!(open_error(dir.path()).contains("its header has another position than its name"));
}

#[test]
fn a_second_journal_in_the_same_folder_is_refused_until_the_first_is_gone() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut journal, _) = open(dir.path());
    append_lines(&mut journal, 0..1);
    let error = Journal::open(dir.path(), Options::default()).expect_err("in use");
    assert!(matches!(error, Error::InUse { .. }));
    assert_eq!(
        error.to_string(),
        format!(
            "another whymid is using the journal folder {}",
            dir.path().display()
        )
    );
    append_lines(&mut journal, 1..2);
    drop(journal);
    assert_eq!(positions(&open(dir.path()).0, Position::START).len(), 2);
}
