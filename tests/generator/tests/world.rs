//! The world that a plan makes: everything that it promises is in it.

use std::collections::{BTreeSet, HashMap, HashSet};

use whymid_generator::{Ending, Generator, Kind, Line, Plan, RecordKind, Written};

/// A run that is long enough for everything rare.
fn long_run() -> Plan {
    Plan::full(11, 400_000)
}

#[test]
fn a_full_run_writes_every_kind_of_line() {
    let written: HashSet<Kind> = Generator::new(long_run())
        .lines(drop)
        .map(|line| line.kind)
        .collect();
    let missing: Vec<String> = Kind::ALL
        .iter()
        .filter(|kind| !written.contains(kind))
        .map(|kind| format!("{} {}", kind.row(), kind.what()))
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn a_run_is_about_as_long_and_as_fast_as_planned() {
    for lines in [20_000, 200_000] {
        let plan = Plan {
            lines,
            ..Plan::full(3, 0)
        };
        let rate = f64::from(plan.rate);
        let sent: Vec<i64> = Generator::new(plan)
            .lines(drop)
            .map(|line| line.sent)
            .collect();
        let written = sent.len() as f64;
        assert!(
            (written / lines as f64 - 1.0).abs() < 0.1,
            "{written} of {lines}"
        );
        let mut counts: HashMap<i64, u32> = HashMap::new();
        for second in &sent {
            *counts.entry(*second).or_default() += 1;
        }
        let mut of_each_line: Vec<u32> = sent.iter().map(|second| counts[second]).collect();
        of_each_line.sort_unstable();
        let usual = f64::from(of_each_line[of_each_line.len() / 2]);
        assert!(
            usual > rate / 2.0 && usual < rate * 2.0,
            "{usual} of {rate}"
        );
    }
}

#[test]
fn every_line_is_in_the_truth_of_one_record_and_no_record_goes_on_after_its_truth() {
    let mut of_line: HashMap<u64, u64> = HashMap::new();
    let mut done: HashSet<u64> = HashSet::new();
    let mut lines: Vec<Written> = Vec::new();
    for line in Generator::new(Plan::hostile(5, 100_000)) {
        match line {
            Line::Written(line) => {
                assert!(
                    !done.contains(&line.whom.id()),
                    "{line:?} comes after its end"
                );
                lines.push(line);
            }
            Line::Done(record) => {
                assert!(done.insert(record.id), "{record:?} ends twice");
                assert!(record.first <= record.last && !record.line_ids.is_empty());
                for line_id in &record.line_ids {
                    assert_eq!(of_line.insert(*line_id, record.id), None);
                }
            }
        }
    }
    assert_eq!(of_line.len(), lines.len());
    for line in &lines {
        assert_eq!(of_line[&line.line_id], line.whom.id());
    }
    assert!(
        lines
            .iter()
            .zip(0..)
            .all(|(line, place)| line.line_id == place)
    );
}

#[test]
fn equal_numbers_are_in_use_on_several_appliances_at_the_same_time() {
    let mut in_use: HashMap<(RecordKind, u64), HashSet<usize>> = HashMap::new();
    let mut shared: HashSet<RecordKind> = HashSet::new();
    for line in Generator::new(Plan::small(2)) {
        match line {
            Line::Written(line) if line.number > 0 => {
                let number = (line.whom.kind(), line.number);
                let appliances = in_use.entry(number).or_default();
                appliances.insert(line.appliance);
                if appliances.len() > 1 {
                    shared.insert(line.whom.kind());
                }
            }
            Line::Written(_) => {}
            Line::Done(record) => {
                if let Some(appliances) = in_use.get_mut(&(record.kind, record.number)) {
                    appliances.remove(&record.appliance);
                }
            }
        }
    }
    assert_eq!(shared.len(), 3, "{shared:?}");
}

#[test]
fn after_a_reset_numbers_come_again_whether_or_not_their_former_holder_finished() {
    let (_, truth) = Generator::new(Plan::full(4, 100_000)).collected();
    let mut former: HashMap<(RecordKind, usize, u64), (u32, bool)> = HashMap::new();
    let mut again: HashSet<(RecordKind, bool)> = HashSet::new();
    let mut by_generation = truth;
    by_generation.sort_by_key(|record| (record.generation, record.id));
    for record in by_generation.iter().filter(|record| record.number > 0) {
        let number = (record.kind, record.appliance, record.number);
        let held = former.insert(number, (record.generation, record.cut));
        if let Some((generation, cut)) = held {
            assert!(generation < record.generation, "{record:?}");
            again.insert((record.kind, cut));
        }
    }
    assert_eq!(again.len(), 6, "{again:?}");
}

#[test]
fn numbers_close_to_the_end_of_their_range_go_on_at_one() {
    let (_, truth) = Generator::new(Plan::full(4, 100_000)).collected();
    let of_first = truth
        .iter()
        .filter(|record| record.appliance == 3 && record.generation == 0);
    let numbers: HashSet<(RecordKind, u64)> = of_first
        .map(|record| (record.kind, record.number))
        .collect();
    for kind in [RecordKind::Message, RecordKind::Connection] {
        assert!(numbers.contains(&(kind, (1 << 31) - 1)) && numbers.contains(&(kind, 1)));
    }
}

#[test]
fn some_messages_last_for_days_and_some_have_very_many_recipients() {
    let (_, truth) = Generator::new(Plan::full(6, 100_000)).collected();
    let days = |record: &&whymid_generator::TruthRecord| {
        record.last.duration_since(record.first).as_hours() > 30
    };
    let messages = || {
        truth
            .iter()
            .filter(|record| record.kind == RecordKind::Message)
    };
    assert!(messages().filter(days).count() > 10);
    assert!(messages().any(|record| record.recipients.len() > 100));
    let connections = truth
        .iter()
        .filter(|record| record.kind == RecordKind::Connection);
    let hours =
        connections.filter(|record| record.last.duration_since(record.first).as_hours() > 2);
    assert!(hours.count() > 10);
}

/// A word for each ending or fate, without what belongs to one record only.
fn word(of: &impl std::fmt::Debug) -> String {
    let text = format!("{of:?}");
    text.split(" {").next().unwrap_or_default().to_owned()
}

const MESSAGE_ENDINGS: &str = "Aborted(AllRefused) Aborted(BounceVerification) Aborted(BySender) \
    Aborted(Killed) Aborted(Loop) Aborted(Lost) Aborted(Size) Aborted(Timeout) Aborted(TooLong) \
    BouncedByPolicy DeletedFromQuarantine Dropped(Amp) Dropped(Antivirus) Dropped(ContentFilter) \
    Dropped(Filter) Dropped(Ldap) Dropped(Policy) Dropped(Spam) HandedOver Held Queued Receiving \
    Settled SpamQuarantined WentOn Working";
const CONNECTION_ENDINGS: &str = "Closed Failed Killed Lost Open Rejected TimedOut TooLong";
const DELIVERY_ENDINGS: &str = "Closed Killed NotConnected Open";
const FATES: &str = "Aborted Bounced Delayed Deleted Delivered Dropped HandedOver Held \
    PerhapsDelivered Refused Removed Waiting WentOn";

#[test]
fn every_ending_and_every_fate_comes_about() {
    let mut endings: HashMap<RecordKind, BTreeSet<String>> = HashMap::new();
    let mut fates = BTreeSet::new();
    for line in Generator::new(long_run()) {
        if let Line::Done(record) = line {
            let open = [Ending::Receiving, Ending::Working, Ending::Open];
            assert!(record.cut || !open.contains(&record.ending), "{record:?}");
            let of_kind = endings.entry(record.kind).or_default();
            of_kind.insert(word(&record.ending));
            fates.extend(record.recipients.iter().map(|one| word(&one.fate)));
        }
    }
    let words = |all: BTreeSet<String>| all.into_iter().collect::<Vec<_>>().join(" ");
    let mut of = |kind| words(endings.remove(&kind).unwrap_or_default());
    assert_eq!(of(RecordKind::Message), MESSAGE_ENDINGS);
    assert_eq!(of(RecordKind::Connection), CONNECTION_ENDINGS);
    assert_eq!(of(RecordKind::Delivery), DELIVERY_ENDINGS);
    assert_eq!(words(fates), FATES);
}

#[test]
fn equal_lines_in_one_second_come_about() {
    let mut seen = HashSet::new();
    let mut twins = HashSet::new();
    for line in Generator::new(Plan::full(8, 50_000)).lines(drop) {
        let kind = line.whom.kind();
        if !seen.insert((line.appliance, line.at, line.body)) {
            twins.insert(kind);
        }
    }
    assert_eq!(twins.len(), 4, "{twins:?}");
}

#[test]
fn equal_lines_in_one_second_are_about_one_record_unless_they_are_events() {
    let mut about = HashMap::new();
    for line in Generator::new(Plan::hostile(9, 200_000)).lines(drop) {
        if line.number > 0 {
            let id = line.whom.id();
            let held = *about
                .entry((line.appliance, line.at, line.body))
                .or_insert(id);
            assert_eq!(held, id);
        }
    }
}
