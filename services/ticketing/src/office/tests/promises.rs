//! What broke a promise once, by the order in which things happened.

use super::system::status;
use super::*;
use crate::carrier::Sent;

/// So many hosts, one record each.
fn hosts(house: &House, numbers: std::ops::Range<u32>, now: Timestamp) {
    for number in numbers {
        let record = format!("m{}-{number}@mx{number}.example", now.as_second());
        house.comes(&record, now);
    }
}

fn opened(house: &House) -> usize {
    house.system.tickets().len()
}

#[test]
fn what_was_refused_does_not_use_up_the_room_for_tickets() {
    let (house, _) = House::with(json!({"at_most": {"tickets": 3, "per": "1h"}}));
    house.system.says(status(403));
    hosts(&house, 0..5, at(1));
    house.works(at(2));
    house.system.says(None);
    hosts(&house, 7..8, hour(3));
    house.works(hour(3));
    assert_eq!(opened(&house), 1, "{:?}", house.told());
}

#[test]
fn a_night_of_refusals_is_no_flood_in_the_morning() {
    let (house, id) = House::with(json!({"at_most": {"tickets": 3, "per": "1h"}}));
    house.system.says(status(401));
    for batch in 0..21 {
        let now = minute(20 * i64::from(batch));
        hosts(&house, batch * 5..batch * 5 + 5, now);
        house.works(now);
    }
    let told = house.told().len();
    assert!((7..=8 * 3).contains(&told), "three an hour: {told}");
    house.system.says(None);
    let token = json!({"target": {"token": "1-14-fedcba9876543210"}});
    let changed = house.office().change(&id, &token, hour(8));
    changed.expect("changed");
    house.works(hour(8));
    assert_eq!(opened(&house), 4, "three, and the summary");
    let shown = house.office().subscription(&id, Lang::En);
    assert_eq!(shown.expect("it is there").state.dead, 0);
}

#[test]
fn mail_that_is_delayed_and_delivered_again_and_again_is_told_once_a_quiet_period() {
    let (house, _) = House::with(json!({"quiet_period": "15m"}));
    let mut well = answer_about("", "mx.example");
    well.message.as_mut().expect("a message").outcome = whymid_schemas::Outcome::Delivered;
    for round in 0..30 {
        let record = format!("m{round}@mx.example");
        house.answers(
            &record,
            Asked::Answer(Box::new(answer_about(&record, "mx.example"))),
        );
        house.comes(&record, minute(2 * round));
        house.works(minute(2 * round));
        house.answers(&record, Asked::Answer(Box::new(well.clone())));
        house.comes(&record, minute(2 * round + 1));
        house.works(minute(2 * round + 1));
    }
    let told = house.kinds();
    assert!(told.len() <= 6, "within an hour: {told:?}");
    house.works(hour(2));
    assert_eq!(house.system.tickets()[0].status, "resolved");
    assert_eq!(house.kinds().last(), Some(&(Happening::Resolved, 0)));
}

#[test]
fn what_the_old_system_says_after_a_change_of_the_target_is_not_taken_for_the_new_one_s() {
    let (house, id) = House::with(json!({}));
    house.comes("m1@mx.example", at(1));
    house.take_in(at(2));
    house.turn(at(2));
    let jobs = house.office().jobs(at(2), 8).expect("jobs");
    let moved = json!({"target": {"url": "https://new.example", "token": "2-1-new"}});
    house.office().change(&id, &moved, at(3)).expect("changed");
    house.system.says(Some(Sent::Answered {
        status: 429,
        retry_after: Some(6 * 3600),
        location: None,
        body: Vec::new(),
    }));
    let done = jobs[0].run(&house.system, at(4));
    house.office().done(&done, at(4)).expect("written down");
    house.system.says(None);
    house.works(minute(1));
    assert_eq!(house.states(), [NotificationState::Delivered]);
    assert_eq!(opened(&house), 1);
}

#[test]
fn a_summary_is_not_resolved_while_it_is_not_known_whether_there_is_room() {
    let rare = json!({"at_most": {"tickets": 1, "per": "1h"}, "resolve_after": "30d"});
    let (house, _) = House::with(rare);
    hosts(&house, 0..4, at(1));
    house.works(at(2));
    assert_eq!(opened(&house), 2, "one, and the summary");
    let has_one = |number: &u32| {
        let record = format!("m{}-{number}@mx{number}.example", at(1).as_second());
        !house.office().tickets_of(&record).expect("read").is_empty()
    };
    let first = (0..4).find(has_one).expect("one has a ticket");
    house.system.says(status(503));
    hosts(&house, first..first + 1, minute(20));
    house.works(minute(20));
    let later = minute(20) + jiff::SignedDuration::from_secs(1);
    for held in (0..4).filter(|number| *number != first) {
        hosts(&house, held..held + 1, later);
    }
    house.works(later);
    house.system.says(None);
    house.works(minute(50));
    house.works(minute(51));
    assert_eq!(opened(&house), 2);
    let resolved = |told: &(Happening, u64)| told.0 == Happening::Resolved;
    assert!(!house.kinds().iter().any(resolved), "{:?}", house.kinds());
    let texts = house.system.tickets().into_iter().flat_map(|one| one.texts);
    let resolved: Vec<_> = texts.filter(|text| text.contains("Resolved")).collect();
    assert!(resolved.is_empty(), "{resolved:?}");
}

#[test]
fn success_does_not_resolve_a_cause_that_is_a_policy_too() {
    let (house, _) = House::with(json!({"dedup": ["host"]}));
    let mut policy = answer_about("m2@mx.example", "mx.example");
    policy.diagnosis.party = vec![whymid_schemas::Party::OurPolicy];
    house.answers("m2@mx.example", Asked::Answer(Box::new(policy)));
    house.comes("m1@mx.example", at(1));
    house.works(at(2));
    assert!(house.office().watch().waits_for_success());
    house.comes("m2@mx.example", at(3));
    house.works(at(4));
    assert!(!house.office().watch().waits_for_success());
    house.succeeds("mx.example", minute(1));
    house.works(minute(30));
    assert_eq!(house.system.tickets()[0].status, "new");
}

#[test]
fn a_ticket_that_is_wanted_for_what_is_held_is_the_one_of_its_cause() {
    let (house, id) = House::with(json!({"at_most": {"tickets": 1, "per": "1h"}}));
    house.comes("m0@mx0.example", at(1));
    house.comes("m1@mx1.example", at(1));
    house.works(at(2));
    let held = ["m0@mx0.example", "m1@mx1.example"]
        .into_iter()
        .find(|record| house.office().tickets_of(record).expect("read").is_empty());
    let held = held.expect("one is held");
    let (_, host) = held.split_once('@').expect("record@host");
    let before = opened(&house);
    let answer = answer_about(held, host);
    let wanted = house.office().want(&id, &answer, at(3)).expect("taken");
    house.works(at(4));
    assert_eq!(opened(&house), before + 1);
    house.comes(&format!("m9@{host}"), hour(2));
    house.works(hour(2));
    assert_eq!(opened(&house), before + 1, "no other one for its cause");
    assert_eq!(house.count(held), 2);
    let links = house.office().tickets_of(held).expect("tickets");
    assert_eq!(links[0].key, wanted.key);
}

#[test]
fn a_change_of_the_name_hurries_nothing_and_one_of_the_target_waits_for_what_may_be_done() {
    let (house, id) = House::with(json!({}));
    house.system.loses(1);
    house.comes("m1@mx.example", at(1));
    house.works(at(2));
    assert_eq!(opened(&house), 1, "and its answer was lost");
    house.system.requests();
    let named = json!({"name": "Other"});
    house.office().change(&id, &named, at(3)).expect("changed");
    house.works(at(4));
    assert_eq!(house.system.requests(), 0);
    let token = json!({"target": {"token": "1-14-fedcba9876543210"}});
    house.office().change(&id, &token, at(5)).expect("changed");
    house.works(at(6));
    assert_eq!(house.system.requests(), 0);
    house.works(minute(2));
    assert_eq!(opened(&house), 1);
    assert_eq!(house.states(), [NotificationState::Delivered]);
    house.system.says(Some(Sent::Answered {
        status: 429,
        retry_after: Some(3600),
        location: None,
        body: Vec::new(),
    }));
    house.comes("m2@mx.example", hour(1));
    house.works(hour(1));
    house.system.requests();
    let named = json!({"name": "Third"});
    let changed = house.office().change(&id, &named, hour(1));
    changed.expect("changed");
    house.works(hour(1) + jiff::SignedDuration::from_mins(5));
    assert_eq!(house.system.requests(), 0, "it asked for an hour");
}

#[test]
fn what_was_told_by_a_clock_that_was_ahead_is_told_again() {
    let (house, _) = House::with(json!({"resolve_after": "30d"}));
    house.comes("m1@mx.example", hour(24 * 300));
    house.works(hour(24 * 300));
    house.comes("m2@mx.example", hour(1));
    house.works(hour(1));
    assert_eq!(
        house.kinds(),
        [(Happening::Opened, 1), (Happening::Recurred, 2)]
    );
}

#[test]
fn a_clock_that_was_ahead_holds_nothing_up_once_it_is_put_back() {
    let once = json!({"at_most": {"tickets": 1, "per": "1h"}, "resolve_after": "6h"});
    let (mut house, _) = House::with(once);
    let later = |hours: i64| hour(24 * 300 + hours);
    house.comes("m1@mx.example", later(0));
    house.works(later(0));
    house.system.says(status(503));
    house.comes("m2@mx.example", later(1));
    house.works(later(1));
    house.system.says(None);
    house.restart();
    // now it is right
    house.works(hour(1));
    assert_eq!(house.states(), [NotificationState::Delivered; 2]);
    house.comes("m3@mx.example", hour(2));
    house.comes("m4@other.example", hour(2));
    house.works(hour(2));
    assert_eq!(house.count("m3@mx.example"), 3);
    let texts = house.system.tickets()[0].texts.join("\n");
    assert!(texts.contains("3 occurrences"), "{texts}");
    let other = house.office().tickets_of("m4@other.example");
    assert_eq!(other.expect("read").len(), 1, "there is room for it");
    house.works(hour(9));
    assert_eq!(house.system.tickets()[0].status, "resolved");
}

#[test]
fn a_target_that_is_down_is_asked_ever_more_rarely_however_much_waits() {
    let (house, _) = House::with(json!({"at_most": {"tickets": 500, "per": "1h"}}));
    house.system.says(status(503));
    hosts(&house, 0..100, at(1));
    for step in 0..720 {
        house.works(at(2 + 5 * step));
    }
    let requests = house.system.requests();
    assert!(requests < 20, "{requests} within an hour");
    house.system.says(None);
    house.works(hour(2));
    house.works(hour(3));
    assert_eq!(opened(&house), 100);
}
