//! After a full disk, a failing one, or with a folder that is gone.

use std::fs;
use std::path::Path;

use whymid_journal::{Error, Journal, Options, Position};

use super::allowed::DIR;
use super::life::empty_disk;
use super::model::{Faults, Model};
use super::{append_lines, frame, open, positions, replayed};

/// A journal with two accepted lines, on a disk that does what it is told.
fn journal_on(model: &Model) -> (Journal, Vec<Position>) {
    let opened = Journal::open_on(model.disk(), Path::new(DIR), Options::default());
    let mut journal = opened.expect("a journal").0;
    let accepted = append_lines(&mut journal, 0..2);
    (journal, accepted)
}

/// Lets the next `count` steps fail.
fn fail_next(model: &Model, count: usize) {
    let now = model.steps();
    model.set_faults(Faults {
        steps: now..now + count,
        ..Faults::default()
    });
}

fn lines(journal: &Journal) -> Vec<Vec<u8>> {
    let records = replayed(journal, Position::START).expect("a whole log");
    records.into_iter().map(|(_, frame)| frame.bytes).collect()
}

#[test]
fn after_a_failure_nothing_is_accepted_until_the_journal_is_revived() {
    let model = Model::of(&empty_disk(), 1);
    let (mut journal, accepted) = journal_on(&model);
    journal.append(&frame("refused")).expect("append");
    fail_next(&model, 1);
    let error = journal.sync().expect_err("a full disk");
    assert!(
        error.to_string().starts_with("cannot write /data/journal/"),
        "{error}"
    );
    assert!(matches!(journal.sync(), Err(Error::Failed)));
    assert!(matches!(journal.append(&frame("x")), Err(Error::Failed)));
    assert!(matches!(journal.roll(), Err(Error::Failed)));
    assert_eq!(journal.durable(), accepted[1]);
    assert_eq!(positions(&journal, Position::START), accepted);

    journal.revive().expect("revive");
    let new = append_lines(&mut journal, 7..9);
    assert!(new[0] > accepted[1]);
    let wanted = [0, 1, 7, 8].map(|n| format!("Info: MID {n} ready").into_bytes());
    assert_eq!(lines(&journal), wanted);
}

#[test]
fn a_failed_sync_is_named_and_what_it_refused_does_not_come_back() {
    for drop_pages in [true, false] {
        let model = Model::of(&empty_disk(), 2);
        let (mut journal, accepted) = journal_on(&model);
        journal.append(&frame("refused")).expect("append");
        // A write may be done in two steps, so the fault is set between the two calls.
        let failed = (0..9).find_map(|ahead| {
            let step = model.steps() + ahead;
            model.set_faults(Faults {
                steps: step..step + 1,
                drop_pages,
                ..Faults::default()
            });
            journal.append(&frame("refused")).ok()?;
            journal.sync().err()
        });
        assert!(matches!(failed, Some(Error::Io { .. })), "{failed:?}");
        let durable = journal.durable();
        journal.revive().expect("revive");
        drop(journal);
        let opened = Journal::open_on(model.disk(), Path::new(DIR), Options::default());
        let (journal, recovery) = opened.expect("a journal");
        assert_eq!((recovery.end, recovery.torn_bytes), (durable, 0));
        assert!(positions(&journal, Position::START).starts_with(&accepted));
    }
}

#[test]
fn reviving_a_journal_that_has_not_failed_changes_nothing() {
    let model = Model::of(&empty_disk(), 3);
    let (mut journal, accepted) = journal_on(&model);
    journal.append(&frame("not yet accepted")).expect("append");
    journal.revive().expect("nothing to do");
    let durable = journal.sync().expect("sync");
    assert_eq!(
        positions(&journal, Position::START),
        [&accepted[..], &[durable]].concat()
    );
}

#[test]
fn a_revival_that_fails_can_be_tried_again_and_meanwhile_segments_can_be_released() {
    let model = Model::of(&empty_disk(), 4);
    let (mut journal, mut accepted) = journal_on(&model);
    journal.roll().expect("roll");
    accepted.extend(append_lines(&mut journal, 2..3));
    journal.append(&frame("refused")).expect("append");
    for steps in 1..20 {
        fail_next(&model, steps);
        match journal.sync() {
            Err(_) => {}
            Ok(_) => panic!("the disk failed"),
        }
        if journal.revive().is_ok() {
            journal.append(&frame("refused")).expect("append");
        }
    }
    assert_eq!(positions(&journal, Position::START), accepted);
    fail_next(&model, 0);
    assert_eq!(journal.release(accepted[1]).expect("release"), 1);
    journal.revive().expect("revive");
    let new = append_lines(&mut journal, 3..4);
    assert_eq!(positions(&journal, Position::START), [accepted[2], new[0]]);
}

#[test]
fn reviving_again_and_again_leaves_one_segment_for_each_with_lines() {
    let model = Model::of(&empty_disk(), 5);
    let (mut journal, mut all) = journal_on(&model);
    for round in 0..4 {
        for _ in 0..3 {
            journal.append(&frame("refused")).expect("append");
            fail_next(&model, 1);
            journal.sync().expect_err("a failing disk");
            journal.revive().expect("revive");
        }
        all.extend(append_lines(&mut journal, round..round + 1));
    }
    assert_eq!(positions(&journal, Position::START), all);
    let listed = model.disk().list(Path::new(DIR)).expect("a folder");
    let segments = listed
        .iter()
        .filter(|listed| listed.name.ends_with(".wlog"));
    assert_eq!(segments.count(), 5);
}

#[test]
fn no_line_is_accepted_into_a_folder_that_was_removed() {
    let above = tempfile::tempdir().expect("a folder");
    let dir = above.path().join("journal");
    let (mut journal, _) = open(&dir);
    let accepted = append_lines(&mut journal, 0..2);
    fs::remove_dir_all(&dir).expect("remove");
    journal.append(&frame("into the void")).expect("append");
    let error = journal.sync().expect_err("gone");
    assert!(matches!(error, Error::Vanished { .. }));
    assert_eq!(
        error.to_string(),
        format!(
            "the journal folder {} was removed while it was in use",
            dir.display()
        )
    );
    assert_eq!(journal.durable(), accepted[1]);
    assert!(matches!(journal.revive(), Err(Error::Vanished { .. })));

    fs::create_dir(&dir).expect("create");
    assert!(
        matches!(journal.revive(), Err(Error::Vanished { .. })),
        "an empty one is another"
    );
    drop(journal);
    let (mut journal, _) = open(&dir);
    append_lines(&mut journal, 0..1);
}

/// All accepted lines were in earlier segments, so that a new one could well be started.
#[test]
fn a_journal_is_not_revived_in_a_folder_that_took_the_place_of_its_own() {
    let above = tempfile::tempdir().expect("a folder");
    let dir = above.path().join("journal");
    let (mut journal, _) = open(&dir);
    append_lines(&mut journal, 0..2);
    journal.roll().expect("roll");
    let first = &super::segments(&dir)[0];
    let bytes = fs::read(first).expect("a file");
    fs::remove_dir_all(&dir).expect("remove");
    journal.append(&frame("into the void")).expect("append");
    assert!(matches!(journal.sync(), Err(Error::Vanished { .. })));
    fs::create_dir(&dir).expect("create");
    assert!(matches!(journal.revive(), Err(Error::Vanished { .. })));
    fs::write(first, bytes).expect("write");
    assert!(
        matches!(journal.revive(), Err(Error::Vanished { .. })),
        "it is not locked"
    );
}

#[test]
fn an_earlier_segment_that_is_gone_is_seen_when_the_journal_is_revived() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut journal, _) = open(dir.path());
    append_lines(&mut journal, 0..2);
    journal.roll().expect("roll");
    fs::remove_file(&super::segments(dir.path())[1]).expect("remove");
    journal.append(&frame("into the void")).expect("append");
    assert!(matches!(journal.sync(), Err(Error::Vanished { .. })));
    fs::remove_file(&super::segments(dir.path())[0]).expect("remove");
    assert!(matches!(journal.revive(), Err(Error::Vanished { .. })));
}

#[test]
fn no_segment_is_started_beside_one_that_was_removed() {
    let above = tempfile::tempdir().expect("a folder");
    let dir = above.path().join("journal");
    let options = super::with_segments_of(1);
    let (mut journal, _) = Journal::open(&dir, options).expect("a journal");
    append_lines(&mut journal, 0..2);
    fs::remove_dir_all(&dir).expect("remove");
    fs::create_dir(&dir).expect("create");
    assert!(matches!(journal.roll(), Err(Error::Vanished { .. })));
    assert!(super::segments(&dir).is_empty());
}

#[test]
fn a_revival_needs_the_accepted_records_to_be_there() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut journal, _) = open(dir.path());
    append_lines(&mut journal, 0..2);
    let path = &super::segments(dir.path())[0];
    let bytes = fs::read(path).expect("a file");
    fs::remove_file(path).expect("remove");
    journal.append(&frame("into the void")).expect("append");
    assert!(matches!(journal.sync(), Err(Error::Vanished { .. })));
    assert!(matches!(journal.revive(), Err(Error::Vanished { .. })));

    fs::write(path, &bytes[..bytes.len() - 1]).expect("write");
    assert!(matches!(journal.revive(), Err(Error::Damaged { .. })));
    fs::write(path, &bytes).expect("write");
    journal.revive().expect("put back");
    append_lines(&mut journal, 2..3);
    assert_eq!(lines(&journal).len(), 3);
}
