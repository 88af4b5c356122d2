//! Troubles keep lines as they are: only which arrive, how often and in which order changes.

use std::collections::HashMap;

use whymid_generator::{
    Generator, Plan, Source, Trouble, Written, double, late, live_and_import, lose, lose_only,
    perturb, reorder, shuffle_within_second,
};

fn written() -> impl Iterator<Item = Written> {
    Generator::new(Plan::small(41)).lines(drop)
}

/// How often each line arrives; a line that is not as it was written is a fault.
fn counts(lines: impl Iterator<Item = Written>) -> HashMap<u64, u32> {
    let original: HashMap<u64, Written> = written().map(|line| (line.line_id, line)).collect();
    let mut counts = HashMap::new();
    for line in lines {
        assert_eq!(original[&line.line_id], line);
        *counts.entry(line.line_id).or_default() += 1;
    }
    counts
}

#[track_caller]
fn each_arrives_once(lines: impl Iterator<Item = Written>) {
    let counts = counts(lines);
    assert_eq!(counts.len(), written().count());
    assert!(counts.values().all(|count| *count == 1));
}

fn order(lines: impl Iterator<Item = Written>) -> Vec<u64> {
    lines.map(|line| line.line_id).collect()
}

#[test]
fn some_lines_are_lost_and_no_other() {
    let left = counts(lose(written(), 0.1, 1));
    let all = written().count() as f64;
    let lost = 1.0 - left.len() as f64 / all;
    assert!((0.07..0.13).contains(&lost), "{lost}");
    assert!(left.values().all(|count| *count == 1));
    let chosen = counts(lose_only(written(), |line| line.line_id % 2 == 0));
    assert!(chosen.keys().all(|line_id| line_id % 2 == 1));
}

#[test]
fn some_lines_are_doubled_within_a_second_or_so() {
    let doubled = counts(double(written(), 0.2, 1));
    assert_eq!(doubled.len(), written().count());
    let twice = doubled.values().filter(|count| **count == 2).count() as f64;
    let share = twice / doubled.len() as f64;
    assert!((0.15..0.25).contains(&share), "{share}");
    let mut newest = 0;
    for line in double(written(), 0.2, 1) {
        newest = newest.max(line.sent);
        assert!(newest - line.sent <= 1, "{line:?} after {newest}");
    }
}

#[test]
fn the_lines_of_a_second_come_in_another_order() {
    each_arrives_once(shuffle_within_second(written(), 1));
    let (mut newest, mut moved) = (0, 0);
    for (line, place) in shuffle_within_second(written(), 1).zip(0..) {
        assert!(line.sent >= newest);
        newest = line.sent;
        moved += u32::from(line.line_id != place);
    }
    assert!(moved > 1_000);
}

#[test]
fn some_lines_come_later_and_none_too_late() {
    each_arrives_once(reorder(written(), 0.1, 5, 1));
    each_arrives_once(late(written(), 0.01, 3, 1));
    let (mut newest, mut behind) = (0, 0);
    for line in reorder(written(), 0.1, 5, 1) {
        behind = behind.max(newest - line.sent);
        newest = newest.max(line.sent);
    }
    assert!((3..5).contains(&behind), "{behind}");
    let before = order(written());
    assert_ne!(before, order(reorder(written(), 0.1, 5, 1)));
    assert_ne!(before, order(late(written(), 0.01, 3, 1)));
}

#[test]
fn troubles_add_up_and_are_the_same_for_the_same_seed() {
    let trouble = Trouble {
        double: 0.1,
        shuffle: true,
        reorder: 0.05,
        delay: 3,
        late: 0.01,
        days: 2,
        ..Trouble::default()
    };
    let found = counts(perturb(written(), trouble, 1));
    assert_eq!(found.len(), written().count());
    let one = order(perturb(written(), trouble, 1));
    assert_eq!(one, order(perturb(written(), trouble, 1)));
    assert_ne!(one, order(perturb(written(), trouble, 2)));
    assert_eq!(
        order(written()),
        order(perturb(written(), Trouble::default(), 1))
    );
}

#[test]
fn an_import_follows_the_live_log_and_both_are_whole() {
    let woven: Vec<(Source, Written)> = live_and_import(written(), written(), 700, 1).collect();
    assert!(
        woven[..700]
            .iter()
            .all(|(source, _)| *source == Source::Live)
    );
    for wanted in [Source::Live, Source::Import] {
        let of = woven.iter().filter(|(source, _)| *source == wanted);
        let order: Vec<u64> = of.map(|(_, line)| line.line_id).collect();
        assert_eq!(order, self::order(written()));
    }
}
