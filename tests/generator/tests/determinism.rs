//! The same plan writes the same log, everywhere and always.

use whymid_generator::{Form, Generator, Plan, Written, render};

/// FNV-1a over the rendered lines.
fn hash(plan: Plan, lines: usize) -> u64 {
    let appliances = plan.appliances.clone();
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    for line in Generator::new(plan).lines(drop).take(lines) {
        for byte in render(&line, Form::File, &appliances) {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    hash
}

#[test]
fn the_same_seed_writes_the_same_lines() {
    let one = hash(Plan::full(1, 200_000), 200_000);
    assert_eq!(one, hash(Plan::full(1, 200_000), 200_000));
    assert_ne!(one, hash(Plan::full(2, 200_000), 200_000));
}

/// Whoever changes what is written changes the number here, knowing that seeds which were noted
/// before mean other logs from now on.
#[test]
fn a_seed_means_the_same_log_on_every_machine() {
    assert_eq!(hash(Plan::full(1, 20_000), 20_000), 0xe609_01ea_0fd0_6a00);
}

#[test]
fn a_run_that_is_cloned_half_way_goes_on_in_the_same_way() {
    let mut one = Generator::new(Plan::small(3));
    assert_eq!(one.by_ref().take(1_000).count(), 1_000);
    let two = one.clone();
    assert!(one.eq(two));
}

#[test]
fn lines_are_written_again_by_their_ids() {
    let lines: Vec<Written> = Generator::new(Plan::small(4)).lines(drop).collect();
    let again = Generator::new(Plan::small(4)).only(&[17, 1_234]);
    assert_eq!(again, [lines[17].clone(), lines[1_234].clone()]);
}
