//! Segments of version 1, which have no labels: read, never written.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use whymid_journal::{Position, Vault};
use whymid_syslog::{Frame, Label};

use super::{append_lines, frame, make_segments, open, positions, replayed, segments};

/// Makes all segments in `dir` such as a whymid that knew only version 1 left them.
fn age(dir: &Path) {
    for path in segments(dir) {
        let mut bytes = fs::read(&path).expect("a file");
        bytes[8] = 1;
        fs::write(path, bytes).expect("write");
    }
}

fn labelled() -> Frame {
    let label = Label {
        appliance: Some("esa1".to_owned()),
        ..Label::default()
    };
    Frame {
        label: Some(Arc::new(label)),
        ..frame("Info: MID 9 ready")
    }
}

#[test]
fn a_log_of_version_1_goes_on_in_a_new_segment_and_its_files_stay_as_they_are() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut all = make_segments(dir.path(), 2);
    age(dir.path());
    let before: Vec<_> = segments(dir.path())
        .iter()
        .map(|path| fs::read(path).expect("a file"))
        .collect();

    let (mut journal, recovery) = open(dir.path());
    assert_eq!(recovery.end, all[5]);
    assert_eq!(segments(dir.path()).len(), 3);
    all.push(journal.append(&labelled()).expect("append"));
    journal.sync().expect("sync");
    let records = replayed(&journal, Position::START).expect("a whole log");
    assert_eq!(records.last().expect("a record").1, labelled());
    drop(journal);

    let (journal, recovery) = open(dir.path());
    assert_eq!(recovery.torn_bytes, 0);
    assert_eq!(positions(&journal, Position::START), all);
    let files = segments(dir.path());
    for (path, before) in files.iter().zip(before) {
        assert_eq!(fs::read(path).expect("a file"), before);
    }
    assert_eq!(fs::read(&files[2]).expect("a file")[8], 2);
}

#[test]
fn a_torn_tail_of_version_1_is_cut_before_the_new_segment_begins() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut all = make_segments(dir.path(), 1);
    age(dir.path());
    let path = &segments(dir.path())[0];
    let bytes = fs::read(path).expect("a file");
    fs::write(path, &bytes[..bytes.len() - 1]).expect("write");
    all.pop();

    let (mut journal, recovery) = open(dir.path());
    assert_eq!(recovery.end, all[1]);
    all.extend(append_lines(&mut journal, 7..9));
    drop(journal);
    assert_eq!(positions(&open(dir.path()).0, Position::START), all);
}

#[test]
fn an_empty_segment_of_version_1_becomes_one_of_version_2() {
    let dir = tempfile::tempdir().expect("a folder");
    drop(open(dir.path()));
    age(dir.path());
    let (mut journal, _) = open(dir.path());
    let position = journal.append(&labelled()).expect("append");
    journal.sync().expect("sync");
    assert_eq!(segments(dir.path()).len(), 1);
    drop(journal);
    assert_eq!(positions(&open(dir.path()).0, Position::START), [position]);
}

#[test]
fn a_released_segment_of_version_1_is_packed_as_it_is() {
    let dir = tempfile::tempdir().expect("a folder");
    let all = make_segments(dir.path(), 2);
    age(dir.path());
    let (mut journal, _) = open(dir.path());
    assert_eq!(journal.release(all[5]).expect("release"), 2);
    let vault = Vault::open(dir.path()).expect("a vault");
    while vault.pack_one().expect("pack") {}
    let kept: Vec<Position> = vault
        .frames()
        .map(|record| record.expect("whole").0)
        .collect();
    assert_eq!(kept, all);
}
