//! From rows to tickets.

use super::*;
use crate::carrier::Sent;
use whymid_schemas::Outcome;

#[test]
fn ten_thousand_records_of_one_partner_are_one_ticket_with_their_count() {
    let (house, _) = House::with(json!({}));
    let rows: Vec<Row> = (0..10_000)
        .map(|number| Row::Record {
            record: format!("m{number}@mx.example"),
            at: at(number / 10),
        })
        .collect();
    for rows in rows.chunks(1_000) {
        house.office().keep(rows).expect("kept");
        house.works(at(60));
    }
    assert_eq!(house.office().tally().inbox, 0);
    house.works(minute(20));
    let kinds = house.kinds();
    assert_eq!(kinds.len(), 2, "{kinds:?}");
    assert_eq!(kinds[1], (Happening::Recurred, 10_000));
    let tickets = house.system.tickets();
    assert_eq!(tickets.len(), 1);
    assert_eq!(tickets[0].texts.len(), 2);
    assert!(tickets[0].texts[1].contains("10000 occurrences"));
}

#[test]
fn the_same_rows_kept_twice_count_once() {
    let (house, _) = House::with(json!({}));
    for _ in 0..2 {
        house.comes("m1@mx.example", at(1));
        house.comes("m2@mx.example", at(2));
        house.comes("m1@mx.example", at(3));
        house.works(at(5));
    }
    assert_eq!(house.count("m1@mx.example"), 2);
    assert_eq!(house.kinds(), [(Happening::Opened, 2)]);
}

#[test]
fn a_restart_at_any_moment_loses_nothing_and_repeats_nothing() {
    let (mut house, _) = House::with(json!({}));
    house.comes("m1@mx.example", at(1));
    house.restart();
    house.take_in(at(2));
    house.restart();
    assert_eq!(house.turn(at(3)), 1);
    house.restart();
    // the courier opens a ticket, and nobody hears of it
    let jobs = house.office().jobs(at(4), 8).expect("jobs");
    let _lost = jobs[0].run(&house.system, at(4));
    house.restart();
    house.works(at(5));
    assert_eq!(
        house.states(),
        [NotificationState::Waiting],
        "it is to show"
    );
    house.works(minute(1));
    house.restart();
    house.works(minute(2));
    assert_eq!(house.states(), [NotificationState::Delivered]);
    let tickets = house.system.tickets();
    assert_eq!(tickets.len(), 1);
    assert_eq!(tickets[0].texts.len(), 1, "{tickets:?}");
    assert_eq!(house.count("m1@mx.example"), 1);
}

#[test]
fn an_opening_whose_answer_is_lost_is_looked_for_and_not_repeated() {
    let (house, _) = House::with(json!({}));
    house.system.loses(1);
    house.comes("m1@mx.example", at(1));
    house.works(at(2));
    assert_eq!(house.states(), [NotificationState::Waiting]);
    house.works(minute(1));
    assert_eq!(house.states(), [NotificationState::Delivered]);
    assert_eq!(house.system.tickets().len(), 1);
    assert_eq!(house.system.tickets()[0].texts.len(), 1);
}

#[test]
fn a_record_whose_diagnosis_changes_moves() {
    let (house, _) = House::with(json!({}));
    house.comes("m1@mx.example", at(1));
    house.comes("m2@mx.example", at(1));
    house.works(at(2));
    let mut other = answer_about("m2@mx.example", "mx.example");
    other.diagnosis.id = "receiving-aborted-by-sender".to_owned();
    house.answers("m2@mx.example", Asked::Answer(Box::new(other)));
    house.comes("m2@mx.example", minute(1));
    house.works(minute(20));
    assert_eq!(house.count("m1@mx.example"), 1);
    let first = house.office().tickets_of("m1@mx.example").expect("tickets");
    let second = house.office().tickets_of("m2@mx.example").expect("tickets");
    assert_ne!(first[0].key, second[0].key);
    assert!(house.kinds().contains(&(Happening::Revised, 1)));
    assert_eq!(house.system.tickets().len(), 2);
}

#[test]
fn what_ends_well_after_all_leaves_its_cause_which_then_is_resolved() {
    let (house, _) = House::with(json!({}));
    house.comes("m1@mx.example", at(1));
    house.works(at(2));
    let mut well = answer_about("m1@mx.example", "mx.example");
    well.diagnosis.id = "delivered".to_owned();
    well.message.as_mut().expect("about a message").outcome = Outcome::Delivered;
    house.answers("m1@mx.example", Asked::Answer(Box::new(well)));
    house.comes("m1@mx.example", minute(1));
    house.works(minute(2));
    assert_eq!(house.kinds(), [(Happening::Opened, 1)], "it is quiet");
    house.works(minute(17));
    assert_eq!(
        house.kinds(),
        [(Happening::Opened, 1), (Happening::Resolved, 0)]
    );
    assert_eq!(house.system.tickets()[0].status, "resolved");
    assert_eq!(house.count("m1@mx.example"), 0, "it counts for none");
}

#[test]
fn more_causes_than_tickets_may_be_opened_are_summed_up_in_one() {
    let (house, id) = House::with(json!({"at_most": {"tickets": 3, "per": "1h"}}));
    for number in 0..10 {
        house.comes(&format!("m{number}@mx{number}.example"), at(number));
    }
    house.works(minute(1));
    assert_eq!(house.system.tickets().len(), 4);
    let shown = house
        .office()
        .subscription(&id, Lang::En)
        .expect("it is there");
    assert_eq!((shown.state.held, shown.state.open), (7, 4));
    let summary = house.system.tickets()[3].texts[0].clone();
    assert!(summary.contains("7 causes"), "{summary}");
    // a held one recurs when there is room again: it gets its ticket, with all that was counted
    let tickets = house.system.tickets().len();
    let held: Vec<i64> = (0..10)
        .filter(|number| {
            let record = format!("m{number}@mx{number}.example");
            house
                .office()
                .tickets_of(&record)
                .expect("tickets")
                .is_empty()
        })
        .collect();
    assert_eq!(held.len(), 7);
    let host = format!("mx{}.example", held[0]);
    house.comes(&format!("m99@{host}"), hour(2));
    house.works(hour(2));
    assert_eq!(house.system.tickets().len(), tickets + 1);
    assert_eq!(house.count(&format!("m99@{host}")), 2);
    let shown = house
        .office()
        .subscription(&id, Lang::En)
        .expect("it is there");
    assert_eq!(shown.state.held, 6);
}

#[test]
fn a_summary_that_grows_while_it_is_told_loses_nothing() {
    let (house, _) = House::with(json!({"at_most": {"tickets": 1, "per": "1h"}}));
    for number in 0..3 {
        house.comes(&format!("m{number}@mx{number}.example"), at(number));
    }
    house.take_in(at(5));
    house.turn(at(5));
    // the summary is told in the very turn in which another one is held
    house.comes("m3@mx3.example", at(6));
    house.take_in(at(6));
    house.turn(at(6));
    house.works(minute(30));
    let told = house.told();
    let mut ids: Vec<&str> = told.iter().map(|one| one.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), told.len(), "no id twice");
    let delivered = |one: &Notification| one.state == NotificationState::Delivered;
    assert!(told.iter().all(delivered), "{told:?}");
}

#[test]
fn a_target_that_is_down_for_a_day_is_tried_by_one_and_told_the_count_then() {
    let (house, id) = House::with(json!({"resolve_after": "7d"}));
    house.comes("m0@mx0.example", at(0));
    house.works(at(1));
    house.system.requests();
    let down = Sent::NotSent(twins!("connection refused", "接続拒否"));
    house.system.says(Some(down));
    for quarter in 1..96 {
        let now = minute(15 * quarter);
        for host in 0..5 {
            house.comes(&format!("m{quarter}@mx{host}.example"), now);
        }
        house.works(now);
        // until it is known that it is down, two go
        let most = if quarter == 1 { 2 } else { 1 };
        let requests = house.system.requests();
        assert!(
            requests <= most,
            "{requests} at {quarter}: one attempt at a time"
        );
    }
    let shown = house
        .office()
        .subscription(&id, Lang::En)
        .expect("it is there");
    assert!(shown.state.failing_since.is_some());
    house.system.says(None);
    house.works(hour(25));
    house.works(hour(26));
    let tickets = house.system.tickets();
    assert_eq!(tickets.len(), 5);
    assert!(tickets[0].texts.len() <= 3, "{:?}", tickets[0].texts);
    let last = tickets[0].texts.last().expect("a comment");
    assert!(last.contains("96 occurrences"), "{last}");
    let shown = house
        .office()
        .subscription(&id, Lang::En)
        .expect("it is there");
    assert_eq!(shown.state.failing_since, None);
}

#[test]
fn success_of_the_same_host_heals_what_is_on_the_path() {
    let (house, _) = House::with(json!({}));
    house.comes("m1@MX.example", at(1));
    house.works(at(2));
    let watch = house.office().watch();
    let by = whymid_schemas::Grouping::SendingHost;
    assert!(watch.wants() && watch.waits_for_success());
    assert!(watch.would_heal(by, "mx.example"));
    assert!(!watch.would_heal(by, "other.example"));
    house.succeeds("mx.example", minute(5));
    house.works(minute(6));
    assert!(!watch.would_heal(by, "mx.example"), "it heals already");
    house.works(minute(21));
    assert_eq!(
        house.kinds(),
        [(Happening::Opened, 1), (Happening::Resolved, 1)]
    );
    assert_eq!(house.system.tickets()[0].status, "resolved");
    assert!(!watch.waits_for_success());
}

#[test]
fn what_comes_back_in_time_opens_the_same_ticket_and_later_another_one() {
    let (house, _) = House::with(json!({}));
    house.comes("m1@mx.example", at(1));
    house.works(at(2));
    house.works(hour(30));
    house.comes("m2@mx.example", hour(31));
    house.works(hour(31));
    assert_eq!(house.system.tickets().len(), 1);
    assert_eq!(house.system.tickets()[0].status, "open");
    house.works(hour(60));
    assert_eq!(house.system.tickets()[0].status, "resolved");
    // swept or not, it is another life with another key
    for (life, days) in [(2, 30), (3, 60)] {
        let record = format!("m{days}@mx.example");
        if life == 3 {
            house.turn(hour(24 * (days - 1)));
        }
        house.comes(&record, hour(24 * days));
        house.works(hour(24 * days));
        house.works(hour(24 * days + 30));
        assert_eq!(house.system.tickets().len(), life);
        assert_eq!(house.count(&record), 1);
    }
    let mut keys: Vec<String> = house.told().into_iter().map(|one| one.key).collect();
    keys.dedup();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(
        keys.len(),
        2,
        "older ones are not listed any more: {keys:?}"
    );
}
