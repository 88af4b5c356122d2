//! Segments leave the replay range: which, how, and what a replay that runs sees of it.

use std::fs;
use std::path::{Path, PathBuf};

use whymid_journal::{Error, Journal, Options, Position};

use super::{append_lines, make_segments, open, positions, segments};

fn raw_files(dir: &Path) -> Vec<PathBuf> {
    segments(&dir.join("raw"))
}

fn name(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into()
}

#[test]
fn whole_segments_up_to_a_position_go_and_the_others_stay() {
    let dir = tempfile::tempdir().expect("a folder");
    let all = make_segments(dir.path(), 4);
    let before: Vec<_> = segments(dir.path())
        .iter()
        .map(|path| fs::read(path).expect("a file"))
        .collect();
    let (mut journal, _) = open(dir.path());

    assert_eq!(
        journal.release(all[1]).expect("release"),
        0,
        "a part of one"
    );
    assert_eq!(journal.release(all[6]).expect("release"), 2);
    assert_eq!(journal.release(all[6]).expect("release"), 0);
    assert_eq!(positions(&journal, Position::START), all[6..]);
    assert_eq!(positions(&journal, all[5]), all[6..]);
    let error = journal.replay(all[4]).expect_err("gone");
    assert!(matches!(error, Error::NotKept { oldest, .. } if oldest == all[5]));

    let raw = raw_files(dir.path());
    assert_eq!(name(&raw[0]), format!("{:020}-{:020}.wlog", 0, all[2].0));
    assert_eq!(
        name(&raw[1]),
        format!("{:020}-{:020}.wlog", all[2].0, all[5].0)
    );
    for (path, before) in raw.iter().zip(before) {
        assert_eq!(fs::read(path).expect("a file"), before);
    }
    drop(journal);
    let (journal, recovery) = open(dir.path());
    assert_eq!(recovery.oldest, all[5]);
    assert_eq!(positions(&journal, Position::START), all[6..]);
}

#[test]
fn the_last_segment_goes_only_after_another_was_started() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut journal, _) = open(dir.path());
    assert!(!journal.roll().expect("nothing to leave"));
    let mut all = append_lines(&mut journal, 0..3);
    assert_eq!(journal.release(all[2]).expect("release"), 0);
    journal.append(&super::frame("not synced")).expect("append");
    assert!(!journal.roll().expect("not durable"));
    all.push(journal.sync().expect("sync"));

    assert!(journal.roll().expect("a new segment"));
    assert!(!journal.roll().expect("it is empty"));
    assert_eq!(journal.release(all[3]).expect("release"), 1);
    assert_eq!(positions(&journal, Position::START), []);
    assert_eq!(journal.durable(), all[3]);
    let new = append_lines(&mut journal, 4..6);
    assert!(new[0] > all[3]);
    drop(journal);
    assert_eq!(positions(&open(dir.path()).0, Position::START), new);
}

#[test]
fn without_raw_segments_what_is_released_is_removed() {
    let dir = tempfile::tempdir().expect("a folder");
    let all = make_segments(dir.path(), 3);
    let options = Options {
        keep_raw: false,
        ..Options::default()
    };
    let (mut journal, _) = Journal::open(dir.path(), options).expect("a journal");
    assert_eq!(journal.release(all[8]).expect("release"), 2);
    assert_eq!(positions(&journal, Position::START), all[6..]);
    assert!(!dir.path().join("raw").exists());
}

#[test]
fn the_size_is_that_of_the_replay_range() {
    let dir = tempfile::tempdir().expect("a folder");
    let all = make_segments(dir.path(), 3);
    let (mut journal, _) = open(dir.path());
    journal.release(all[3]).expect("release");
    let sizes = segments(dir.path())
        .into_iter()
        .map(|path| fs::metadata(path).expect("a file").len());
    assert_eq!(journal.bytes(), sizes.sum::<u64>());
}

#[test]
fn what_a_replay_has_yet_to_read_stays_until_it_has() {
    let dir = tempfile::tempdir().expect("a folder");
    let all = make_segments(dir.path(), 4);
    let (mut journal, _) = open(dir.path());
    let mut replay = journal.replay(Position::START).expect("a replay");
    let late = journal.replay(all[5]).expect("a replay");

    assert_eq!(
        journal.release(all[11]).expect("release"),
        1,
        "the one that is open"
    );
    let mut seen: Vec<_> = replay
        .by_ref()
        .take(4)
        .map(|record| record.expect("whole").0)
        .collect();
    assert_eq!(journal.release(all[11]).expect("release"), 1);
    seen.extend(replay.map(|record| record.expect("whole").0));
    assert_eq!(seen, all);
    assert_eq!(
        journal.release(all[11]).expect("release"),
        1,
        "the other has it open"
    );
    let seen: Vec<_> = late.map(|record| record.expect("whole").0).collect();
    assert_eq!(seen, all[6..]);
}

#[test]
fn a_replay_that_is_dropped_holds_nothing_back() {
    let dir = tempfile::tempdir().expect("a folder");
    let all = make_segments(dir.path(), 4);
    let (mut journal, _) = open(dir.path());
    drop(journal.replay(Position::START).expect("a replay"));
    assert_eq!(journal.release(all[11]).expect("release"), 3);
}

#[test]
fn a_replay_on_another_thread_reads_all_while_segments_are_released() {
    let dir = tempfile::tempdir().expect("a folder");
    let all = make_segments(dir.path(), 60);
    let (mut journal, _) = open(dir.path());
    let replay = journal.replay(Position::START).expect("a replay");
    let reading =
        std::thread::spawn(move || replay.map(|record| record.expect("whole").0).collect());
    let mut released = 0;
    while released < 59 {
        released += journal.release(all[179]).expect("release");
        std::thread::yield_now();
    }
    let seen: Vec<Position> = reading.join().expect("the reader");
    assert_eq!(seen, all);
}

#[test]
fn a_raw_folder_that_was_removed_is_made_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let all = make_segments(dir.path(), 3);
    let (mut journal, _) = open(dir.path());
    journal.release(all[2]).expect("release");
    fs::remove_dir_all(dir.path().join("raw")).expect("remove");
    journal.release(all[5]).expect_err("nowhere to go");
    assert_eq!(positions(&journal, Position::START), all[3..]);
    assert_eq!(journal.release(all[5]).expect("release"), 1);
    assert_eq!(raw_files(dir.path()).len(), 1);
}
