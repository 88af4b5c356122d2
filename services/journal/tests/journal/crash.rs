//! The power goes between any two steps and within them; what is left is what is allowed.
//!
//! What is allowed stands in `allowed.rs`, what a disk may leave in `model/`. The lives are by
//! chance, from seeds that a failure names.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use whymid_journal::Position;

use crate::allowed::{Allowed, check};
use crate::dice::Dice;
use crate::life::{Kind, Life, Lived};
use crate::model::inode::Loss;
use crate::model::names::{NameLoss, any_name_loss};
use crate::model::{Faults, Image, State};

/// Crash states that were tried.
#[derive(Default)]
struct Tried {
    states: usize,
    distinct: HashSet<u64>,
}

impl Tried {
    /// Checks a state unless the same was checked with the same expectation.
    fn check(&mut self, image: &Image, allowed: &Allowed, dice: &mut Dice, shown: &str) {
        self.states += 1;
        if !self.distinct.insert(hash(image, allowed)) {
            return;
        }
        if let Err(what) = check(image, allowed, dice) {
            panic!("{what}\n{shown}\n{}", show(image, allowed));
        }
    }

    fn say(&self, what: &str) {
        let distinct = self.distinct.len();
        println!("{what}: {} crash states, {distinct} distinct", self.states);
    }
}

fn hash(image: &Image, allowed: &Allowed) -> u64 {
    let mut hasher = DefaultHasher::new();
    image.hash(&mut hasher);
    let maybe = allowed.maybe.len();
    (allowed.end(), maybe, allowed.released, allowed.gone).hash(&mut hasher);
    hasher.finish()
}

fn show(image: &Image, allowed: &Allowed) -> String {
    let files: Vec<String> = image
        .iter()
        .map(|(path, bytes)| format!("{} {:?}", path.display(), bytes.as_ref().map(|b| b.len())))
        .collect();
    let positions: Vec<u64> = allowed
        .accepted
        .iter()
        .map(|(position, _)| position.0)
        .collect();
    format!(
        "on disk: {files:#?}\naccepted: {positions:?}\nmaybe: {:?}\nreleased: {} gone: {}",
        allowed
            .maybe
            .iter()
            .map(|(position, _)| position)
            .collect::<Vec<_>>(),
        allowed.released,
        allowed.gone
    )
}

/// Ways in which the power may go in one state, some of them by chance.
fn losses(state: &State, dice: &mut Dice) -> Vec<(Loss, NameLoss)> {
    let (bytes, names) = state.unsynced();
    let mut losses = vec![(Loss::None, NameLoss::None)];
    if names > 0 {
        losses.push((Loss::None, NameLoss::All));
        losses.push((Loss::None, NameLoss::Some(dice.next())));
    }
    if bytes > 0 {
        losses.push((Loss::All, any_name_loss(dice)));
        losses.push((Loss::Bytes, any_name_loss(dice)));
        losses.push((Loss::Sectors(dice.next()), any_name_loss(dice)));
        losses.push((Loss::After(dice.below(bytes)), NameLoss::None));
        losses.push((Loss::After(dice.below(bytes)), any_name_loss(dice)));
    }
    losses
}

/// Checks the states of a life in which `wanted` says so, by how many steps were done.
fn check_life(lived: &Lived, kind: &Kind, tried: &mut Tried, wanted: impl Fn(usize) -> bool) {
    let mut dice = Dice::new(kind.seed);
    for (step, (call, state)) in lived.states.iter().enumerate() {
        if !wanted(step) {
            continue;
        }
        let none = Allowed::nothing(lived.allowed[0].options.clone());
        let allowed = if step == 0 {
            &none
        } else {
            &lived.allowed[*call]
        };
        for (bytes, names) in losses(state, &mut dice) {
            let image = state.lose(bytes, names, &mut dice);
            let shown = format!("after step {step}, {bytes:?}, {names:?}, of {kind:?}");
            tried.check(&image, allowed, &mut dice, &shown);
        }
    }
}

#[test]
fn after_a_crash_at_any_moment_the_journal_is_what_it_may_be() {
    let mut tried = Tried::default();
    for seed in 0..85 {
        let kind = Kind {
            seed,
            calls: 100,
            keep_raw: seed % 4 != 3,
            faults: Faults::default(),
        };
        check_life(&Life::live(&kind), &kind, &mut tried, |_| true);
    }
    tried.say("at any moment");
    assert!(tried.distinct.len() >= 10_000, "{}", tried.distinct.len());
}

/// The fault strikes once, or as long as it takes the journal to try several things.
#[test]
fn after_a_fault_at_any_step_and_a_crash_the_journal_is_what_it_may_be() {
    let mut tried = Tried::default();
    for seed in 100..108 {
        let mut kind = Kind::of(seed, 40);
        let steps = Life::live(&kind).steps;
        for step in 0..steps {
            let length = 1 + step % 4;
            kind.faults.steps = step..step + length;
            kind.faults.drop_pages = step % 2 == 0;
            let lived = Life::live(&kind);
            let near = step..step + length + 20;
            let last = lived.states.len() - 1;
            check_life(&lived, &kind, &mut tried, |now| {
                near.contains(&now) || now == last
            });
        }
    }
    tried.say("with a fault at any step");
    assert!(tried.distinct.len() >= 3_000, "{}", tried.distinct.len());
}

/// What the killed process did is in the page cache still, and on the disk or not.
#[test]
fn after_a_process_was_killed_at_any_step_and_a_crash_the_journal_is_what_it_may_be() {
    let mut tried = Tried::default();
    for seed in 600..610 {
        let mut kind = Kind::of(seed, 40);
        let steps = Life::live(&kind).steps;
        for step in 0..steps {
            kind.faults.killed = Some(step);
            let lived = Life::live(&kind);
            let near = step..step + 30;
            check_life(&lived, &kind, &mut tried, |now| {
                near.contains(&now) && (now + step) % 3 == 0
            });
        }
    }
    tried.say("with a process killed at any step");
    assert!(tried.distinct.len() >= 1_500, "{}", tried.distinct.len());
}

#[test]
fn on_a_disk_that_fails_all_the_time_the_journal_is_what_it_may_be() {
    let mut tried = Tried::default();
    for seed in 200..280 {
        let kind = Kind {
            seed,
            calls: 120,
            keep_raw: seed % 3 != 0,
            faults: Faults {
                steps: 0..0,
                once_in: Some(3 + seed as usize % 20),
                drop_pages: seed % 2 == 0,
                killed: None,
            },
        };
        check_life(&Life::live(&kind), &kind, &mut tried, |step| step % 3 == 0);
    }
    tried.say("on a failing disk");
    assert!(tried.distinct.len() >= 3_000, "{}", tried.distinct.len());
}

/// One short life in which nothing is left to chance: every byte at which a write may be torn,
/// every set of names that may be there.
#[test]
fn every_torn_byte_and_every_set_of_names_of_a_short_life_is_allowed() {
    let kind = Kind::of(300, 0);
    let mut life = Life::new(&kind);
    life.reopen();
    for lines in [3, 2, 4] {
        (0..lines)
            .for_each(|line| life.append_frame(crate::frame(format!("Info: MID {line} ready"))));
        life.sync();
        life.roll();
    }
    life.release_through(Position(u64::MAX));
    life.pack();
    life.pack();
    let lived = life.end();
    let mut tried = Tried::default();
    let mut dice = Dice::new(kind.seed);
    for (step, (call, state)) in lived.states.iter().enumerate().skip(1) {
        let (bytes, names) = state.unsynced();
        assert!(names < 8);
        for cut in 0..=bytes {
            for bits in 0..1 << names {
                let image = state.lose(Loss::After(cut), NameLoss::Some(bits), &mut dice);
                let shown = format!("after step {step}, cut {cut}, names {bits:#b}");
                tried.check(&image, &lived.allowed[*call], &mut dice, &shown);
            }
        }
    }
    tried.say("every byte");
    assert!(tried.distinct.len() >= 500, "{}", tried.distinct.len());
}

/// More than what is kept in memory until a sync: parts of a group are written early.
#[test]
fn a_crash_within_a_group_larger_than_the_buffer_leaves_what_it_may() {
    let kind = Kind::of(400, 0);
    let mut life = Life::new(&kind);
    life.reopen();
    life.append_frame(crate::frame("before"));
    life.sync();
    for _ in 0..40 {
        life.append_frame(crate::frame(vec![b'x'; 60_000]));
    }
    life.sync();
    let mut tried = Tried::default();
    let lived = life.end();
    check_life(&lived, &kind, &mut tried, |_| true);
    tried.say("a large group");
    assert!(tried.distinct.len() >= 20, "{}", tried.distinct.len());
}
