//! A folder that was lost, or put back from an older copy, though the index knows of later lines.

use std::fs;
use std::path::Path;

use whymid_journal::{Journal, Options, Position, Recovery, Vault};

use super::allowed::{Allowed, DIR, check};
use super::dice::Dice;
use super::life::{Kind, Life, empty_disk};
use super::model::inode::Loss;
use super::model::names::{NameLoss, any_name_loss};
use super::model::{Image, Model};
use super::{append_lines, make_segments, positions, segments};

fn not_before(position: Position) -> Options {
    Options {
        not_before: position,
        ..Options::default()
    }
}

fn open(dir: &Path, known: Position) -> (Journal, Recovery) {
    Journal::open(dir, not_before(known)).expect("a journal")
}

fn raw_positions(dir: &Path) -> Vec<Position> {
    let vault = Vault::open(dir).expect("a vault");
    vault
        .frames()
        .map(|record| record.expect("whole").0)
        .collect()
}

#[test]
fn a_journal_that_reaches_far_enough_is_opened_as_ever() {
    let dir = tempfile::tempdir().expect("a folder");
    let all = make_segments(dir.path(), 2);
    for known in [Position::START, all[3], all[5]] {
        let (journal, recovery) = open(dir.path(), known);
        assert_eq!(recovery.missing_bytes, 0);
        assert_eq!(positions(&journal, Position::START), all);
    }
}

#[test]
fn a_lost_journal_begins_anew_behind_what_is_known() {
    let dir = tempfile::tempdir().expect("a folder");
    let known = Position(5000);
    let (mut journal, recovery) = open(dir.path(), known);
    assert_eq!(recovery.missing_bytes, 5000);
    assert_eq!((recovery.oldest, recovery.end), (known, known));
    let new = append_lines(&mut journal, 0..2);
    assert!(new[0] > known);
    assert_eq!(positions(&journal, known), new);
    drop(journal);
    assert_eq!(open(dir.path(), new[1]).1.missing_bytes, 0);
}

#[test]
fn what_an_older_copy_holds_goes_to_the_raw_segments() {
    for keep_raw in [true, false] {
        let dir = tempfile::tempdir().expect("a folder");
        let old = make_segments(dir.path(), 2);
        let known = Position(old[5].0 + 700);
        let options = Options {
            keep_raw,
            ..not_before(known)
        };
        let (mut journal, recovery) = Journal::open(dir.path(), options).expect("a journal");
        assert_eq!(recovery.missing_bytes, 700);
        assert_eq!(segments(dir.path()).len(), 1);
        let new = append_lines(&mut journal, 7..9);
        assert_eq!(positions(&journal, Position::START), new);
        assert_eq!(raw_positions(dir.path()), old);
    }
}

#[test]
fn raw_segments_tell_of_positions_too() {
    let dir = tempfile::tempdir().expect("a folder");
    let all = make_segments(dir.path(), 4);
    let (mut journal, _) = open(dir.path(), Position::START);
    journal.release(all[8]).expect("release");
    drop(journal);
    for path in segments(dir.path()) {
        fs::remove_file(path).expect("remove");
    }
    let (mut journal, recovery) = open(dir.path(), Position::START);
    assert_eq!(recovery.oldest, all[8]);
    assert!(append_lines(&mut journal, 0..1)[0] > all[8]);
    assert_eq!(raw_positions(dir.path()), all[..9]);
}

/// Of what is there twice the vault gives each record once.
#[test]
fn an_older_copy_of_segments_that_are_raw_already_is_kept_beside_them() {
    for index_knows in [true, false] {
        put_an_older_copy_beside_raw_segments(index_knows);
    }
}

fn put_an_older_copy_beside_raw_segments(index_knows: bool) {
    let dir = tempfile::tempdir().expect("a folder");
    let all = make_segments(dir.path(), 3);
    let copy = fs::read(&segments(dir.path())[1]).expect("a file");
    let (mut journal, _) = open(dir.path(), Position::START);
    journal.release(all[8]).expect("release");
    drop(journal);
    fs::remove_file(&segments(dir.path())[0]).expect("remove");
    let name = format!("{:020}.wlog", all[2].0);
    let cut = copy.len() - 5;
    fs::write(dir.path().join(name), &copy[..cut]).expect("write");

    let known = if index_knows { all[8] } else { Position::START };
    let (journal, recovery) = open(dir.path(), known);
    let end = known.max(all[5]);
    assert_eq!(recovery.end, end);
    assert_eq!(recovery.missing_bytes, end.0 - all[4].0);
    assert_eq!(positions(&journal, Position::START), []);
    assert_eq!(raw_positions(dir.path()), all[..6]);
}

/// What a folder holds early in a life, and how far the log came later.
fn copy_and_later_end(seed: u64) -> (Image, Allowed, Position) {
    let kind = Kind::of(seed, 60);
    let mut lived = Life::live(&kind);
    let later = lived.allowed.last().expect("a call").end();
    let (call, state) = lived.states.swap_remove(lived.states.len() / 2);
    let image = state.lose(Loss::None, NameLoss::None, &mut Dice::new(seed));
    let known = Position(later.0 + 1000);
    let mut allowed = lived.allowed.swap_remove(call);
    allowed.options.not_before = known;
    allowed.released = known;
    (image, allowed, known)
}

#[test]
fn a_crash_while_an_older_copy_is_given_up_loses_nothing_and_repeats_no_position() {
    let mut dice = Dice::new(500);
    let mut states = 0;
    for seed in 500..540 {
        let (copy, allowed, known) = copy_and_later_end(seed);
        for image in [copy, empty_disk()] {
            let mut allowed = allowed.clone();
            if image == empty_disk() {
                allowed = Allowed::nothing(allowed.options);
            }
            let model = Model::of(&image, seed);
            model.start_record();
            let opened = Journal::open_on(model.disk(), Path::new(DIR), allowed.options.clone());
            let (journal, recovery) = opened.expect("a journal");
            assert_eq!(journal.durable(), known);
            assert!(recovery.missing_bytes > 0);
            for (_, state) in model.take_record() {
                let loss = [Loss::All, Loss::None, Loss::Sectors(dice.next())][dice.below(3)];
                let image = state.lose(loss, any_name_loss(&mut dice), &mut dice);
                check(&image, &allowed, &mut dice)
                    .unwrap_or_else(|what| panic!("{what}, seed {seed}"));
                states += 1;
            }
        }
    }
    println!("giving up older copies: {states} crash states");
}
