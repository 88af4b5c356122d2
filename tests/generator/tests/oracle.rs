//! The oracle is silent about a faultless program and finds each kind of planted error.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use jiff::civil::DateTime;
use whymid_generator::{
    Fault, Generator, Kind, Oracle, Plan, RecordKind, Report, Seen, SeenLine, Source, Whom,
    Written, double, live_and_import,
};

/// Copies by stamp and body.
type Copies<'a> = BTreeMap<(DateTime, &'a str), u32>;

/// A faultless program: one record for each truth record, equal lines counted.
fn faultless(lines: &[Written]) -> Vec<Seen<'_>> {
    let mut records: BTreeMap<u64, (&Written, Copies<'_>)> = BTreeMap::new();
    for line in lines {
        let (_, copies) = records
            .entry(line.whom.id())
            .or_insert_with(|| (line, Copies::new()));
        *copies.entry((line.at, &line.body)).or_default() += 1;
    }
    let seen = records.into_iter().map(|(id, (first, copies))| Seen {
        kind: first.whom.kind(),
        appliance: first.appliance,
        number: first.number,
        id: format!("r{id}"),
        lines: copies.into_iter().map(as_line).collect(),
        spilled: 0,
    });
    seen.collect()
}

fn as_line<'a>(((at, body), copies): ((DateTime, &'a str), u32)) -> SeenLine<'a> {
    SeenLine { at, body, copies }
}

fn some_lines() -> Vec<Written> {
    Generator::new(Plan::small(31)).lines(drop).collect()
}

fn compare(lines: &[Written], records: &[Seen<'_>]) -> Report {
    let mut oracle = Oracle::new(31, 5);
    lines.iter().for_each(|line| oracle.delivered(line));
    records.iter().for_each(|record| oracle.seen(record));
    oracle.report()
}

/// The records of a faultless program, changed; exactly that fault is found, so often.
#[track_caller]
fn finds(fault: Fault, times: u64, spoil: impl FnOnce(&mut Vec<Seen<'_>>)) {
    let lines = some_lines();
    let mut records = faultless(&lines);
    spoil(&mut records);
    let report = compare(&lines, &records);
    assert_eq!(report.count(fault), times, "{report}");
    let others = Fault::ALL.iter().filter(|other| **other != fault);
    assert_eq!(
        others.map(|other| report.count(*other)).sum::<u64>(),
        0,
        "{report}"
    );
    assert!(report.examples(fault).count() >= 1);
    assert!(report.to_string().contains("seed 31"), "{report}");
}

/// The place of a record of that kind with enough lines of its own.
fn place_of(records: &[Seen<'_>], kind: RecordKind) -> usize {
    let fits = |record: &Seen<'_>| record.kind == kind && record.lines.len() > 4;
    records.iter().position(fits).expect("a record")
}

#[test]
fn a_faultless_program_has_no_faults() {
    let lines = some_lines();
    let report = compare(&lines, &faultless(&lines));
    assert!(report.is_clean(), "{report}");
    assert_eq!(report.delivered, lines.len() as u64);
}

#[test]
fn a_lost_line_is_found() {
    finds(Fault::Lost, 1, |records| {
        let place = place_of(records, RecordKind::Message);
        records[place].lines.remove(2);
    });
}

#[test]
fn a_lost_record_is_found_line_by_line() {
    let lines = some_lines();
    let mut records = faultless(&lines);
    let gone = records.remove(place_of(&records, RecordKind::Message));
    let report = compare(&lines, &records);
    assert_eq!(
        report.count(Fault::Lost),
        gone.lines.len() as u64,
        "{report}"
    );
}

#[test]
fn a_line_that_a_record_counts_without_keeping_it_is_not_lost() {
    let lines = some_lines();
    let mut records = faultless(&lines);
    let place = place_of(&records, RecordKind::Message);
    records[place].lines.remove(2);
    records[place].spilled = 1;
    assert!(compare(&lines, &records).is_clean());
}

#[test]
fn a_line_in_two_records_is_found() {
    let lines = some_lines();
    let mut records = faultless(&lines);
    let place = place_of(&records, RecordKind::Message);
    let mut twin = records[place].clone();
    twin.id = "twin".to_owned();
    twin.lines.truncate(1);
    records.push(twin);
    let report = compare(&lines, &records);
    assert_eq!(report.count(Fault::Doubled), 1, "{report}");
    assert_eq!(report.count(Fault::Split), 1, "{report}");
}

#[test]
fn copies_are_counted_both_ways() {
    finds(Fault::CopiesOver, 1, |records| {
        let place = place_of(records, RecordKind::Connection);
        records[place].lines[0].copies += 1;
    });
    finds(Fault::CopiesShort, 1, |records| {
        let twice = |line: &&mut SeenLine<'_>| line.copies == 2;
        let lines = records.iter_mut().flat_map(|record| &mut record.lines);
        lines.into_iter().find(twice).expect("a twin").copies = 1;
    });
}

/// The places of two records of one number and kind on one appliance.
fn two_generations(records: &[Seen<'_>]) -> (usize, usize) {
    let mut first = BTreeMap::new();
    for (place, record) in records.iter().enumerate() {
        let number = (record.appliance, record.number);
        if record.kind == RecordKind::Message
            && record.lines.len() > 8
            && let Some(former) = first.insert(number, place)
        {
            return (former, place);
        }
    }
    panic!("a number that comes again");
}

#[test]
fn a_line_of_another_generation_is_found() {
    finds(Fault::Mixed, 1, |records| {
        let (one, other) = two_generations(records);
        let line = records[one].lines.remove(3);
        records[other].lines.push(line);
    });
}

#[test]
fn a_line_of_another_appliance_is_found() {
    finds(Fault::Foreign, 1, |records| {
        let one = place_of(records, RecordKind::Message);
        let elsewhere = |record: &Seen<'_>| record.appliance != records[one].appliance;
        let other = records
            .iter()
            .position(elsewhere)
            .expect("another appliance");
        let line = records[one].lines.remove(3);
        records[other].lines.push(line);
    });
}

#[test]
fn a_record_that_is_spread_over_two_is_found() {
    finds(Fault::Split, 1, |records| {
        let place = place_of(records, RecordKind::Message);
        let mut rest = records[place].clone();
        rest.id = "rest".to_owned();
        rest.lines = records[place].lines.split_off(3);
        records.push(rest);
    });
}

#[test]
fn a_line_that_nobody_delivered_is_found() {
    finds(Fault::Invented, 1, |records| {
        let place = place_of(records, RecordKind::Message);
        let at = records[place].lines[0].at;
        records[place].lines.push(SeenLine {
            at,
            body: "MID 1 never written",
            copies: 1,
        });
    });
}

#[test]
fn a_stamp_that_is_an_hour_off_is_found() {
    let lines = some_lines();
    let mut records = faultless(&lines);
    let place = place_of(&records, RecordKind::Message);
    let line = &mut records[place].lines[0];
    line.at = line.at.saturating_add(SignedDuration::from_hours(1));
    let report = compare(&lines, &records);
    assert_eq!(report.count(Fault::Invented), 1, "{report}");
    assert_eq!(report.count(Fault::Lost), 1, "{report}");
}

#[test]
fn a_line_under_another_number_or_kind_is_found() {
    finds(Fault::WrongNumber, 1, |records| {
        let one = place_of(records, RecordKind::Message);
        let appliance = records[one].appliance;
        let line = records[one].lines.remove(3);
        let number = records[one].number;
        let other = records.iter().position(|record| {
            record.kind == RecordKind::Message
                && record.appliance == appliance
                && record.number != number
        });
        records[other.expect("another message")].lines.push(line);
    });
    finds(Fault::WrongKind, 1, |records| {
        let one = place_of(records, RecordKind::Message);
        let appliance = records[one].appliance;
        let line = records[one].lines.remove(3);
        let other = records.iter().position(|record| {
            record.kind == RecordKind::Connection && record.appliance == appliance
        });
        records[other.expect("a connection")].lines.push(line);
    });
}

#[test]
fn a_record_under_a_wrong_number_is_found() {
    let lines = some_lines();
    let mut records = faultless(&lines);
    let place = place_of(&records, RecordKind::Connection);
    records[place].number += 1_000_000;
    let report = compare(&lines, &records);
    assert_eq!(
        report.count(Fault::WrongNumber),
        records[place].lines.len() as u64
    );
}

#[test]
fn a_line_that_is_not_read_may_be_an_event_where_that_is_said() {
    let lines = some_lines();
    let mut records = faultless(&lines);
    let is_tag = |line: &Written| line.kind == Kind::E112;
    let tag = lines
        .iter()
        .find(|line| is_tag(line))
        .expect("a tagged message");
    let id = format!("r{}", tag.whom.id());
    let of = records
        .iter_mut()
        .find(|record| record.id == id)
        .expect("it");
    of.lines.retain(|line| line.body != tag.body);
    records.push(Seen {
        kind: RecordKind::Event,
        appliance: tag.appliance,
        number: 0,
        id: "event".to_owned(),
        lines: vec![as_line(((tag.at, &tag.body), 1))],
        spilled: 0,
    });
    assert_eq!(compare(&lines, &records).count(Fault::WrongKind), 1);
    let mut oracle = Oracle::new(31, 5).lenient(&[Kind::E112]);
    lines.iter().for_each(|line| oracle.delivered(line));
    records.iter().for_each(|record| oracle.seen(record));
    let report = oracle.report();
    assert!(report.is_clean(), "{report}");
}

#[test]
fn a_line_that_names_two_records_may_be_with_either_or_both() {
    let lines = some_lines();
    let both = lines.iter().filter(|line| line.also.is_some());
    let deliveries = both
        .clone()
        .filter(|line| matches!(line.also, Some(named) if matches!(named.whom, Whom::Delivery(_))));
    for keep in [false, true] {
        let mut records = faultless(&lines);
        for line in deliveries.clone() {
            let (own, second) = (line.whom.id(), line.also.map_or(0, |named| named.whom.id()));
            let id = format!("r{own}");
            let of = records
                .iter_mut()
                .find(|record| record.id == id)
                .expect("it");
            let here = of
                .lines
                .iter()
                .position(|one| one.body == line.body && one.at == line.at);
            let here = here.expect("the line");
            let moved = if keep {
                of.lines[here]
            } else {
                of.lines.remove(here)
            };
            let id = format!("r{second}");
            let to = records
                .iter_mut()
                .find(|record| record.id == id)
                .expect("it");
            to.lines.push(moved);
        }
        records.retain(|record| !record.lines.is_empty());
        let report = compare(&lines, &records);
        assert!(report.is_clean(), "{report}");
    }
}

#[test]
fn of_two_sources_the_one_that_held_a_line_more_often_counts() {
    let lines: Vec<Written> = double(some_lines().into_iter(), 0.2, 1).collect();
    let once = some_lines();
    let mut oracle = Oracle::new(31, 5);
    for (source, line) in live_and_import(lines.clone().into_iter(), once.into_iter(), 500, 1) {
        oracle.delivered_by(source.number(), &line);
    }
    faultless(&lines)
        .iter()
        .for_each(|record| oracle.seen(record));
    let report = oracle.report();
    assert!(report.is_clean(), "{report}");
    assert_eq!(Source::Import.number(), 1);
}
