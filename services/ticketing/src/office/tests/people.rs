//! What people ask for, and what is to be forgotten.

use super::system::status;
use super::*;
use crate::examples::telling_answer;

fn listed(house: &House, listing: Listing) -> (Vec<Notification>, Option<u64>) {
    house
        .office()
        .notifications(&listing, Lang::En)
        .expect("a list")
}

#[test]
fn a_ticket_that_is_wanted_twice_is_one() {
    let (house, id) = House::with(json!({"filter": "false"}));
    let answer = answer_about("m1@mx.example", "mx.example");
    let want = || house.office().want(&id, &answer, at(1)).expect("taken");
    let (first, second) = (want(), want());
    assert_eq!(first.key, second.key);
    house.works(at(2));
    assert_eq!(want().id.as_deref(), Some("1"));
    assert_eq!(house.system.tickets().len(), 1);
    assert!(house.office().is_ours(&id, "1", ""));
    let unknown = house.office().want("s0", &answer, at(1));
    assert!(matches!(unknown, Err(NotTaken::Unknown)));
}

#[test]
fn a_record_stays_in_the_ticket_that_somebody_wanted_about_it() {
    let (house, id) = House::with(json!({"filter": "false"}));
    let answer = answer_about("m1@mx.example", "mx.example");
    house.office().want(&id, &answer, at(1)).expect("taken");
    house.works(at(2));
    house.comes("m1@mx.example", minute(30));
    house.works(minute(30));
    assert_eq!(house.kinds(), [(Happening::Opened, 1)]);
    assert_eq!(house.count("m1@mx.example"), 1);
}

#[test]
fn one_that_has_a_ticket_gets_no_other() {
    let (house, id) = House::with(json!({}));
    house.comes("m1@mx.example", at(1));
    house.works(at(2));
    let answer = answer_about("m1@mx.example", "mx.example");
    let link = house.office().want(&id, &answer, at(3)).expect("taken");
    assert_eq!(link.id.as_deref(), Some("1"));
    house.works(at(4));
    assert_eq!(house.system.tickets().len(), 1);
}

#[test]
fn a_ticket_of_somebody_is_answered_once() {
    let (house, id) = House::with(json!({}));
    house.system.add("Why?");
    let answer = answer_about("m1@mx.example", "mx.example");
    let told = house
        .office()
        .answer(&id, "1", &answer, at(1))
        .expect("taken");
    let again = house.office().answer(&id, "1", &answer, at(2));
    assert!(matches!(again, Err(NotTaken::Before(id)) if id == told.id));
    house.works(at(3));
    house.works(hour(1));
    let tickets = house.system.tickets();
    assert_eq!((tickets.len(), tickets[0].texts.len()), (1, 2));
    assert_eq!(house.kinds(), [(Happening::Asked, 0)]);
    assert!(!house.office().is_ours(&id, "1", ""));
}

#[test]
fn a_test_is_told_even_where_all_else_waits() {
    let (house, id) = House::with(json!({"enabled": false}));
    let answer = answer_about("m1@mx.example", "mx.example");
    house.office().test(&id, &answer, at(1)).expect("taken");
    house.works(at(2));
    assert_eq!(house.states(), [NotificationState::Delivered]);
    assert_eq!(house.system.tickets()[0].status, "resolved");
}

#[test]
fn a_test_says_that_it_is_one_whatever_the_site_s_own_words_are() {
    for (lang, words) in [("en", "This is a test"), ("ja", "これはテストです")] {
        let template = json!({"title": "Mail trouble", "body": "Call the partner."});
        let (house, id) = House::with(json!({"lang": lang, "template": template}));
        let answer = answer_about("m1@mx.example", "mx.example");
        house.office().test(&id, &answer, at(1)).expect("taken");
        house.works(at(1));
        let tickets = house.system.tickets();
        let text = tickets[0].texts.join("\n");
        assert!(text.contains(words) && !text.contains("Call"), "{text}");
    }
}

#[test]
fn what_was_given_up_is_listed_and_tried_again_when_somebody_says_so() {
    let (house, id) = House::with(json!({}));
    house.system.says(status(400));
    house.comes("m1@mx.example", at(1));
    house.works(at(2));
    let dead = Listing {
        state: Some(NotificationState::Dead),
        subscription: Some(id),
        limit: 10,
        ..Listing::default()
    };
    let japanese = house.office().notifications(&dead, Lang::Ja);
    let problem = japanese.expect("a list").0[0].problem.clone();
    assert_eq!(problem.as_deref(), Some("連携先が 400 を返しました"));
    let (list, next) = listed(&house, dead);
    assert_eq!((list.len(), next), (1, None));
    let problem = list[0].problem.as_deref();
    assert_eq!(problem, Some("the target answered 400"));
    let there = house.office().subscription(&list[0].subscription, Lang::Ja);
    let failure = there.expect("it is there").state.failure;
    assert_eq!(failure.as_deref(), Some("連携先が 400 を返しました"));
    house.system.says(None);
    let told = house
        .office()
        .retry(&list[0].id, at(3), Lang::En)
        .expect("taken");
    assert_eq!(told.state, NotificationState::Waiting);
    let twice = house.office().retry(&list[0].id, at(3), Lang::En);
    assert!(matches!(twice, Err(NotTaken::NotDead)));
    house.works(at(3));
    assert_eq!(house.states(), [NotificationState::Delivered]);
    for unknown in ["wm-0-1", "x", ""] {
        let retried = house.office().retry(unknown, at(3), Lang::En);
        assert!(
            matches!(retried, Err(NotTaken::UnknownNotification)),
            "{unknown}"
        );
    }
}

#[test]
fn after_three_days_it_is_given_up() {
    let (house, _) = House::with(json!({"resolve_after": "30d"}));
    house.system.says(status(503));
    house.comes("m1@mx.example", at(1));
    for hours in 0..75 {
        house.works(hour(hours));
    }
    assert_eq!(house.states(), [NotificationState::Waiting]);
    house.works(hour(76));
    assert_eq!(house.states(), [NotificationState::Dead]);
    let problem = house.told()[0].problem.clone().expect("it says why");
    assert!(problem.starts_with("given up after"), "{problem}");
}

#[test]
fn notifications_are_listed_page_by_page() {
    let (house, _) = House::with(json!({"dedup": ["record"]}));
    for number in 0..7 {
        house.comes(&format!("m{number}@mx.example"), at(number));
    }
    house.works(at(8));
    let (mut ids, mut before, mut pages) = (Vec::new(), None, 0);
    loop {
        let page = Listing {
            limit: 3,
            before,
            ..Listing::default()
        };
        let (list, next) = listed(&house, page);
        ids.extend(list.into_iter().map(|one| one.id));
        pages += 1;
        before = next;
        if next.is_none() {
            break;
        }
    }
    assert_eq!((ids.len(), pages), (7, 3));
    let all: Vec<String> = house.told().into_iter().rev().map(|one| one.id).collect();
    assert_eq!(ids, all);
}

fn forget(house: &House) -> usize {
    let address = Forgotten::of("end_user@rcpt.example", &[], u64::MAX);
    let address = address.expect("an address");
    house.office().forget(&address).expect("written")
}

/// A record whose answer names an address in its summary.
fn naming(house: &House) {
    let mut answer = answer_about("m1@mx.example", "mx.example");
    answer.summary = "It was for end_user@rcpt.example.".to_owned();
    house.answers("m1@mx.example", Asked::Answer(Box::new(answer)));
    house.comes("m1@mx.example", at(1));
}

#[test]
fn an_address_is_forgotten_in_what_waits_and_in_every_byte_of_the_file() {
    let (house, _) = House::with(json!({}));
    naming(&house);
    house.take_in(at(2));
    house.turn(at(2));
    assert!(
        house.holds("end_user@rcpt.example"),
        "else this shows nothing"
    );
    assert!(forget(&house) > 0);
    assert!(!house.holds("end_user@rcpt.example"));
    assert!(!house.holds("end\\\\_user@"), "as Markdown in JSON");
    house.works(at(3));
    let text = house.system.tickets()[0].texts[0].clone();
    assert!(!text.contains("user@rcpt.example"), "{text}");
    assert!(text.contains("********@rcpt.example"), "{text}");
    assert!(!house.holds("end_user@rcpt.example"));
}

#[test]
fn what_was_delivered_leaves_no_trace_of_it_either() {
    let (house, _) = House::with(json!({}));
    naming(&house);
    house.works(at(2));
    forget(&house);
    assert!(!house.holds("end_user@rcpt.example"));
}

#[test]
fn an_answer_from_before_it_was_forgotten_is_not_told() {
    let (house, _) = House::with(json!({}));
    naming(&house);
    house.take_in(at(2));
    let ask = |record: &str, _: Lang| {
        let before = house.ask(record);
        forget(&house);
        let after = answer_about(record, "mx.example");
        house.answers(record, Asked::Answer(Box::new(after)));
        before
    };
    assert_eq!(house.office().turn(at(3), &ask).expect("turned"), 0);
    assert!(!house.holds("It was for"));
    assert_eq!(house.turn(at(4)), 1, "it is asked for again");
}

#[test]
fn rows_wait_as_long_as_nobody_can_answer() {
    let (house, _) = House::with(json!({}));
    house.comes("m1@mx.example", at(1));
    let ask = |_: &str, _: Lang| Asked::NotNow;
    let taken = house.office().take_in(at(2), &ask).expect("looked");
    assert_eq!(taken, Taken::NotNow);
    assert_eq!(house.office().tally().inbox, 1);
    house.answers("m2@mx.example", Asked::Gone);
    house.comes("m2@mx.example", at(1));
    house.works(at(3));
    assert_eq!(house.office().tally().inbox, 0);
    assert_eq!(house.kinds(), [(Happening::Opened, 1)]);
}

#[test]
fn what_waits_in_clear_text_is_covered_once_there_are_pseudonyms() {
    let fields = json!(["sender", "recipients", "subject", "message_id", "lines"]);
    let (mut house, _) = House::with(json!({"fields": fields}));
    let told = || Asked::Answer(Box::new(telling_answer()));
    house.answers("m1@mx.example", told());
    house.comes("m1@mx.example", at(1));
    house.take_in(at(2));
    house.turn(at(2));
    let secrets = ["end_user@rcpt.example", "Quarterly figures", "order-7781@"];
    assert!(
        secrets.iter().all(|one| house.holds(one)),
        "else it is idle"
    );
    let cover = |text: &str| text.replace("end_user@", "u-1@");
    house.office().cover(7, &cover).expect("written");
    assert_eq!(secrets.iter().find(|one| house.holds(one)), None);
    house.restart();
    house.works(at(3));
    let text = house.system.tickets()[0].texts[0].clone();
    assert!(text.contains("pseudonyms"), "{text}");
    // with the same key it is done: what came since is made of pseudonyms already
    house.answers("m2@mx.example", told());
    house.comes("m2@mx.example", hour(1));
    house.take_in(hour(1));
    house.turn(hour(1));
    house.office().cover(7, &cover).expect("written");
    assert!(house.holds("Quarterly figures"));
}
