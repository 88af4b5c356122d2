//! Subscriptions made, changed and removed.

use super::system::status;
use super::*;
use crate::examples::english;

const TOKEN: &str = "1-14-0123456789abcdef";

fn faults(changed: Result<Subscription, NotSubscribed>) -> String {
    match changed {
        Err(NotSubscribed::Faults(faults)) => {
            let faults: Vec<String> = faults.into_iter().map(english).collect();
            faults.join("\n")
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn secrets_are_kept_and_never_shown() {
    let (mut house, id) = House::with(json!({}));
    let check = |house: &House| {
        let shown = house
            .office()
            .subscription(&id, Lang::En)
            .expect("it is there");
        let json = serde_json::to_string(&shown).expect("JSON");
        assert!(json.contains("********") && !json.contains(TOKEN), "{json}");
        assert!(!format!("{shown:?}{:?}", house.office()).contains(TOKEN));
        let state = house.office().lock();
        let plan = state.plan(&id).expect("it is there");
        let mut target = plan.terms.target.clone();
        assert_eq!(target.secrets()[0].1.reveal(), TOKEN);
    };
    check(&house);
    house.restart();
    check(&house);
    let target = json!({"token": "********", "queue": "Other"});
    let changed = house
        .office()
        .change(&id, &json!({"target": target}), at(1));
    assert!(changed.is_ok(), "{changed:?}");
    check(&house);
}

#[test]
fn a_secret_is_not_sent_to_another_address() {
    let (house, id) = House::with(json!({}));
    let moved = json!({"target": {"url": "https://evil.example"}});
    let why = faults(house.office().change(&id, &moved, at(1)));
    assert!(why.contains("target.token: the address or"), "{why}");
    let other = json!({"target": {"kind": "zammad", "url": "https://rt.example",
        "group": "g", "customer": "c@corp.example", "token": "********"}});
    let why = faults(house.office().change(&id, &other, at(1)));
    assert!(why.contains("target.token"), "{why}");
    let given = json!({"target": {"url": "https://new.example", "token": "2-1-new"}});
    assert!(house.office().change(&id, &given, at(1)).is_ok());
    let mail = house.subscribe(json!({"name": "Mail", "target": {"kind": "email",
        "host": "mail.example", "from": "w@h.example", "to": ["a@h.example"],
        "user": "w", "password": "open sesame"}}));
    let bare = json!({"target": {"tls": "none"}});
    let why = faults(house.office().change(&mail.id, &bare, at(1)));
    assert!(why.contains("target.password"), "{why}");
    let given = json!({"target": {"tls": "none", "password": "open sesame"}});
    assert!(house.office().change(&mail.id, &given, at(1)).is_ok());
}

#[test]
fn another_system_gets_tickets_of_its_own() {
    let (house, id) = House::with(json!({}));
    house.comes("m1@mx.example", at(1));
    house.works(at(2));
    let given = json!({"target": {"url": "https://new.example", "token": "2-1-new"}});
    assert!(house.office().change(&id, &given, at(3)).is_ok());
    let links = house.office().tickets_of("m1@mx.example").expect("tickets");
    assert!(links.iter().all(|one| one.id.is_none()), "{links:?}");
}

#[test]
fn a_courier_who_comes_back_from_the_old_system_changes_nothing_in_the_new_one() {
    let (house, id) = House::with(json!({}));
    house.comes("m1@mx.example", at(1));
    house.take_in(at(2));
    house.turn(at(2));
    let jobs = house.office().jobs(at(2), 8).expect("jobs");
    house.system.says(status(403));
    let done = jobs[0].run(&house.system, at(2));
    let given = json!({"target": {"url": "https://new.example", "token": "2-1-new"}});
    assert!(house.office().change(&id, &given, at(3)).is_ok());
    house.office().done(&done, at(3)).expect("written down");
    assert_eq!(house.states(), [NotificationState::Waiting], "not given up");
    house.system.says(None);
    house.works(minute(1));
    assert_eq!(house.states(), [NotificationState::Delivered]);
}

#[test]
fn a_change_tries_again_what_was_given_up() {
    let (house, id) = House::with(json!({}));
    house.system.says(status(403));
    house.comes("m1@mx.example", at(1));
    house.works(at(2));
    assert_eq!(house.states(), [NotificationState::Dead]);
    house.system.requests();
    house.works(hour(1));
    assert_eq!(house.system.requests(), 0, "nobody goes for what is dead");
    house.system.says(None);
    let changed = house
        .office()
        .change(&id, &json!({"target": {"queue": "Q"}}), hour(2));
    assert_eq!(changed.expect("changed").state.dead, 0);
    assert_eq!(house.states(), [], "it is decided anew");
    house.works(hour(2));
    assert_eq!(house.states(), [NotificationState::Delivered]);
}

#[test]
fn names_are_taken_once_and_what_is_wrong_is_told_all_at_once() {
    let (house, id) = House::with(json!({}));
    let again = house.office().subscribe(terms(json!({})), at(1));
    assert!(matches!(again, Err(NotSubscribed::NameTaken)), "{again:?}");
    let wrong = json!({"filter": "mesage == 1", "quiet_period": "soon", "dedup": []});
    let why = faults(house.office().change(&id, &wrong, at(1)));
    for member in ["filter: ", "quiet_period: ", "dedup: "] {
        assert!(why.contains(member), "{why}");
    }
    let unknown = house.office().change("s0", &json!({}), at(1));
    assert!(matches!(unknown, Err(NotSubscribed::Unknown)));
}

#[test]
fn one_that_is_removed_is_gone_with_its_causes_and_its_courier_is_not_missed() {
    let (mut house, id) = House::with(json!({}));
    house.comes("m1@mx.example", at(1));
    house.take_in(at(2));
    house.turn(at(2));
    let jobs = house.office().jobs(at(2), 8).expect("jobs");
    let done = jobs[0].run(&house.system, at(2));
    house.office().unsubscribe(&id).expect("removed");
    house.office().done(&done, at(3)).expect("written down");
    assert!(house.told().is_empty(), "what waited waits no more");
    assert_eq!(house.office().tally().open, 0);
    assert!(!house.office().watch().wants());
    let new = house.subscribe(json!({}));
    house.comes("m1@mx.example", at(4));
    house.works(at(4));
    assert_eq!(house.count("m1@mx.example"), 1);
    assert_eq!(
        house.system.tickets().len(),
        2,
        "the old ticket stays as it is"
    );
    house.restart();
    assert!(house.office().subscription(&id, Lang::En).is_none());
    assert!(house.office().subscription(&new.id, Lang::En).is_some());
    let again = house.office().unsubscribe(&id);
    assert!(matches!(again, Err(NotSubscribed::Unknown)));
}

#[test]
fn rows_of_one_that_is_removed_while_they_are_looked_at_make_nothing() {
    let (house, id) = House::with(json!({}));
    house.comes("m1@mx.example", at(1));
    let ask = |record: &str, _: Lang| {
        house.office().unsubscribe(&id).expect("removed");
        house.ask(record)
    };
    house.office().take_in(at(2), &ask).expect("taken in");
    assert_eq!(house.office().tally().open, 0);
}

#[test]
fn what_hangs_on_a_removed_one_is_swept() {
    let (house, id) = House::with(json!({}));
    house.comes("m1@mx.example", at(1));
    house.works(at(2));
    assert_eq!(house.office().shelf.count(Table::Occurrences).ok(), Some(1));
    house.office().unsubscribe(&id).expect("removed");
    house.turn(at(3));
    assert_eq!(house.office().shelf.count(Table::Occurrences).ok(), Some(0));
    assert_eq!(house.office().shelf.count(Table::Causes).ok(), Some(0));
    assert!(house.office().lock().sizes.is_empty());
}

#[test]
fn a_webhook_that_is_gone_is_stopped() {
    let key = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYqr";
    let target = json!({"kind": "webhook", "url": "https://hook.example/x", "secrets": [key]});
    let (mut house, id) = House::with(json!({ "target": target }));
    house.comes("m1@mx.example", at(1));
    house.system.says(status(410));
    house.works(at(2));
    let check = |house: &House| {
        let shown = house
            .office()
            .subscription(&id, Lang::En)
            .expect("it is there");
        assert!(!shown.terms.enabled);
        assert_eq!(
            shown.state.failure.as_deref(),
            Some("the target answered 410")
        );
    };
    check(&house);
    assert_eq!(house.states(), [NotificationState::Dead]);
    assert!(!house.office().watch().wants());
    house.restart();
    check(&house);
    house.system.says(None);
    let enabled = house.office().change(&id, &json!({"enabled": true}), at(3));
    assert!(enabled.expect("changed").state.failure.is_none());
    house.works(at(3));
    assert_eq!(house.states(), [NotificationState::Delivered]);
}
