//! A log is reduced to the lines that matter.

use whymid_generator::{Generator, Kind, Plan, RecordKind, Written, minimise};

fn some() -> Vec<Written> {
    Generator::new(Plan::small(51))
        .lines(drop)
        .take(3_000)
        .collect()
}

#[test]
fn what_is_left_is_as_small_as_it_can_be() {
    let lines = some();
    let of_kind = |kind| move |line: &Written| line.kind == kind && line.appliance == 0;
    let mut calls = 0;
    let left = minimise(&lines, |lines| {
        calls += 1;
        lines.iter().any(of_kind(Kind::E084)) && lines.iter().any(of_kind(Kind::E085))
    });
    let mut kinds: Vec<Kind> = left.iter().map(|line| line.kind).collect();
    kinds.sort_unstable();
    assert_eq!(kinds, [Kind::E084, Kind::E085]);
    assert!(left[0].line_id < left[1].line_id);
    assert!(calls < 400, "{calls}");
}

#[test]
fn a_single_record_is_found_among_many() {
    let lines = some();
    let is_message = |line: &&Written| line.whom.kind() == RecordKind::Message;
    let wanted = lines.iter().rfind(is_message).expect("a message").whom;
    let whole = |lines: &[Written]| lines.iter().filter(|line| line.whom == wanted).count();
    let all = whole(&lines);
    let left = minimise(&lines, |lines| whole(lines) == all);
    assert_eq!(left.len(), all);
    assert!(left.iter().all(|line| line.whom == wanted));
}

#[test]
fn what_does_not_fail_is_left_as_it_is() {
    let lines = some();
    assert_eq!(minimise(&lines, |_| false), lines);
}
