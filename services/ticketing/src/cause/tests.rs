//! A cause from its first occurrence to its end, and back: what is told of it, and when.

use super::*;
use crate::examples::{at, hour, minute, plan};
use jiff::tz::TimeZone;
use serde_json::json;
use whymid_schemas::{CauseData, Lang, Severity, Time};

const QUIET: SignedDuration = SignedDuration::from_mins(15);

fn seen(record: &str, at: Timestamp) -> Seen {
    Seen {
        record: record.to_owned(),
        at,
        title: format!("about {record}"),
    }
}

fn cause(on_path: bool) -> Cause {
    let mut cause = Cause::new(Beginning {
        key: "wm-0123456789abcdef".to_owned(),
        base: "base".to_owned(),
        generation: 0,
        subscription: "s1".to_owned(),
        diagnosis: "receiving-aborted-connection-lost".to_owned(),
        by: Grouping::SendingHost,
        value: "mx.sender.example".to_owned(),
        on_path,
        nature: Nature::Ordinary,
        seen: seen("m1", at(0)),
    });
    cause.occur(seen("m1", at(0)));
    cause
}

fn event(cause: &Cause, kind: Happening, now: Timestamp) -> Event {
    let revision = cause.revision + 1;
    Event {
        id: format!("{}-{revision}", cause.key),
        key: cause.key.clone(),
        revision,
        kind,
        at: Time::of(now, &TimeZone::UTC),
        title: cause.title.clone(),
        body: "words".to_owned(),
        lang: Lang::En,
        severity: Severity::Warning,
        priority: None,
        appliance: "esa1".to_owned(),
        url: None,
        source: "/whymid".to_owned(),
        data: CauseData {
            key: cause.key.clone(),
            revision,
            count: cause.count,
            first_at: None,
            last_at: None,
            subscription: "Partners".to_owned(),
            title: cause.title.clone(),
            reason: None,
            answer: None,
        },
    }
}

/// Tells what is new, at once; says what that was.
fn told(cause: &mut Cause, now: Timestamp) -> Option<Happening> {
    let kind = cause.news(QUIET, now)?;
    let event = event(cause, kind, now);
    cause.pend(event, 7, now);
    assert_eq!(cause.news(QUIET, hour(9_000)), None, "one at a time");
    cause.delivered(now).expect("it was under way");
    Some(kind)
}

fn rest(cause: &mut Cause, now: Timestamp) -> Option<Ended> {
    let why = cause.rests(&plan(json!({})), now)?;
    cause.resolve(why, now);
    Some(why)
}

#[test]
fn the_first_occurrence_opens_it_and_later_ones_wait_for_the_quiet_period() {
    let mut cause = cause(false);
    assert_eq!(told(&mut cause, at(1)), Some(Happening::Opened));
    assert_eq!(cause.opened_at, Some(at(1)));
    assert_eq!(told(&mut cause, minute(60)), None, "nothing is new");
    cause.occur(seen("m2", minute(61)));
    assert_eq!(told(&mut cause, minute(61)), Some(Happening::Recurred));
    for number in 0..1_000 {
        cause.occur(seen("m3", minute(62) + SignedDuration::from_millis(number)));
    }
    assert_eq!(told(&mut cause, minute(75)), None, "it is quiet until 76");
    assert_eq!(told(&mut cause, minute(76)), Some(Happening::Recurred));
    assert_eq!(cause.told.map(|told| told.count), Some(1_002));
    assert_eq!(cause.revision, 3);
}

#[test]
fn what_occurs_while_something_is_under_way_is_told_by_the_next() {
    let mut cause = cause(false);
    let opened = event(&cause, Happening::Opened, at(1));
    cause.pend(opened, 1, at(1));
    cause.occur(seen("m2", at(2)));
    let pending = cause.delivered(minute(5)).expect("it was under way");
    assert_eq!(pending.tells.count, 1);
    assert_eq!(
        cause.told.map(|told| (told.count, told.at)),
        Some((1, minute(5)))
    );
    assert_eq!(cause.news(QUIET, minute(19)), None);
    assert_eq!(cause.news(QUIET, minute(20)), Some(Happening::Recurred));
    assert_eq!(cause.delivered(minute(6)), None);
}

#[test]
fn quiet_for_long_enough_resolves_it_and_another_occurrence_opens_it_again() {
    let mut cause = cause(false);
    told(&mut cause, at(1));
    assert_eq!(
        rest(&mut cause, hour(24) - SignedDuration::from_secs(1)),
        None
    );
    assert_eq!(rest(&mut cause, hour(24)), Some(Ended::Quiet));
    assert_eq!(rest(&mut cause, hour(25)), None, "it has ended");
    assert_eq!(told(&mut cause, hour(24)), Some(Happening::Resolved));
    assert_eq!(told(&mut cause, hour(50)), None);
    cause.occur(seen("m2", hour(51)));
    assert_eq!((cause.ended, cause.resolved_at), (None, None));
    assert_eq!(told(&mut cause, hour(51)), Some(Happening::Opened));
    assert_eq!(cause.opened_at, Some(at(1)), "it is the same ticket");
    assert_eq!((cause.count, cause.first_at), (2, at(0)));
}

#[test]
fn what_came_and_went_untold_is_not_told() {
    let mut cause = cause(false);
    assert_eq!(rest(&mut cause, hour(30)), Some(Ended::Quiet));
    assert_eq!(told(&mut cause, hour(30)), None);
}

#[test]
fn what_came_back_before_its_end_was_told_is_told_as_an_occurrence() {
    let mut cause = cause(false);
    told(&mut cause, at(1));
    assert_eq!(rest(&mut cause, hour(24)), Some(Ended::Quiet));
    cause.occur(seen("m2", hour(25)));
    assert_eq!(told(&mut cause, hour(25)), Some(Happening::Recurred));
}

#[test]
fn success_heals_what_is_on_the_path_after_a_quiet_period() {
    let mut cause = cause(true);
    told(&mut cause, at(1));
    cause.succeed(minute(30));
    cause.succeed(minute(40));
    assert_eq!(cause.healing_since, Some(minute(30)), "the first counts");
    assert_eq!(rest(&mut cause, minute(44)), None);
    assert_eq!(rest(&mut cause, minute(45)), Some(Ended::Success));
    assert_eq!(told(&mut cause, minute(45)), Some(Happening::Resolved));
    cause.succeed(minute(50));
    assert_eq!(cause.healing_since, Some(minute(30)), "it has ended");
}

#[test]
fn success_heals_nothing_off_the_path_nor_what_occurred_later_or_again() {
    let mut policy = cause(false);
    policy.succeed(minute(30));
    assert_eq!(rest(&mut policy, hour(2)), None);
    let mut later = cause(true);
    later.occur(seen("m2", minute(30)));
    later.succeed(minute(30));
    later.succeed(minute(29));
    assert_eq!(later.healing_since, None);
    let mut again = cause(true);
    again.succeed(minute(30));
    again.occur(seen("m2", minute(31)));
    assert_eq!(rest(&mut again, hour(2)), None);
    again.succeed(minute(32));
    assert_eq!(rest(&mut again, hour(2)), Some(Ended::Success));
}

#[test]
fn success_does_not_resolve_where_the_subscription_does_not_want_it() {
    let mut cause = cause(true);
    cause.succeed(minute(30));
    let plan = plan(json!({"resolve_on_success": false}));
    assert_eq!(cause.rests(&plan, hour(23)), None);
    assert_eq!(cause.rests(&plan, hour(24)), Some(Ended::Quiet));
}

#[test]
fn what_turned_out_to_be_something_else_is_revised_and_in_the_end_resolved() {
    let mut cause = cause(false);
    cause.occur(seen("m2", at(1)));
    told(&mut cause, at(2));
    cause.lose(minute(1));
    assert_eq!((cause.count, cause.moved), (1, 1));
    assert_eq!(told(&mut cause, minute(2)), None, "it is quiet until 15");
    assert_eq!(told(&mut cause, minute(16)), Some(Happening::Revised));
    cause.lose(minute(17));
    assert_eq!(cause.ended, Some(Ended::Revised));
    assert_eq!(told(&mut cause, minute(17)), None, "it is quiet until 31");
    assert_eq!(told(&mut cause, minute(31)), Some(Happening::Resolved));
    cause.lose(minute(32));
    assert_eq!(cause.count, 0);
}

#[test]
fn only_ordinary_causes_rest() {
    for nature in [Nature::Wanted, Nature::Summary, Nature::Once] {
        let mut cause = cause(false);
        cause.nature = nature;
        assert_eq!(rest(&mut cause, hour(9_000)), None);
        cause.lose(hour(1));
        assert!(cause.open);
    }
}

#[test]
fn what_is_held_is_counted_and_not_told() {
    let mut cause = cause(false);
    cause.held = true;
    cause.occur(seen("m2", at(3)));
    assert_eq!(told(&mut cause, hour(1)), None);
    cause.held = false;
    assert_eq!(told(&mut cause, hour(1)), Some(Happening::Opened));
    assert_eq!(cause.told.map(|told| told.count), Some(2));
}

#[test]
fn it_is_past_once_it_has_been_over_for_longer_than_it_may_come_back() {
    let mut cause = cause(false);
    assert!(!cause.is_past(QUIET, hour(9_000)), "it is open");
    cause.resolve(Ended::Quiet, hour(1));
    assert!(!cause.is_past(QUIET, minute(75)));
    assert!(cause.is_past(QUIET, minute(75) + SignedDuration::from_secs(1)));
}

#[test]
fn occurrences_may_come_in_any_order() {
    let mut cause = cause(false);
    cause.occur(seen("m3", minute(9)));
    cause.occur(seen("m2", minute(4)));
    assert_eq!((cause.first_at, cause.last_at), (at(0), minute(9)));
    assert_eq!(cause.count, 3);
}
