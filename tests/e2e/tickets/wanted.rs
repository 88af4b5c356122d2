//! Tickets that people want, and tickets of people that are answered.

use serde_json::{Value, json};

use super::desk::{eventually, lost, notifications, post, push, service, subscribe, terms, told};
use super::{by_token, marked_once, only};
use crate::harness::{RequestTracker, Service};

pub(super) fn one_that_is_wanted_and_one_that_is_answered(tracker: &RequestTracker) {
    let host = "wanted.partner.example";
    let service = service();
    let fitting = subscribe(&service, &terms("Fitting", by_token(tracker)));
    let witness = subscribe(&service, &terms("Witness", by_token(tracker)));
    let mut terms = terms("Wanted", by_token(tracker));
    // nothing of what comes
    terms["filter"] = json!("has(message.mid) && message.outcome == \"hard_bounced\"");
    let id = subscribe(&service, &terms);
    push(&service, "esa1", &lost(4001, host));
    let answer = service.diagnosed(4001, "receiving-aborted-connection-lost");
    let record = answer["message"]["id"].as_str().expect("an id");

    let path = format!("/v1/messages/{record}/tickets");
    // wanted before the message is written: its subscription would open one by itself
    let also = post(&service, &path, &json!({"subscription": fitting}), 202);
    let wanted = json!({"subscription": id});
    let first = post(&service, &path, &wanted, 202);
    let again = post(&service, &path, &wanted, 202);
    assert_eq!(first["key"], again["key"]);
    let key = first["key"].as_str().expect("a key");
    let all = eventually(&service, &id, |all| {
        all.iter().all(|one| one["state"] == "delivered")
    });
    assert_eq!(all.len(), 1, "{all:#?}");
    let ticket = only(tracker, key);
    assert!(ticket.subject.contains("MID 4001"), "{}", ticket.subject);
    let known = post(&service, &path, &wanted, 202);
    assert_eq!(known["id"], ticket.id.to_string());

    let theirs = json!({"Queue": "Mail", "Subject": "Where is our order?",
        "Content": "The supplier says MID 4001 was aborted.", "ContentType": "text/plain"});
    let made = tracker.post("/ticket", &theirs).is(201).json();
    let theirs: u64 = made["id"]
        .as_str()
        .expect("an id")
        .parse()
        .expect("a number");
    let taken = answered(&service, &id, theirs);
    assert_eq!(taken["answering"], true, "{taken}");
    let notification = taken["notification"].as_str().expect("an id");
    eventually(&service, &id, |all| {
        let is_it = |one: &Value| one["id"] == notification && one["state"] == "delivered";
        all.iter().any(is_it)
    });
    let taken = answered(&service, &id, theirs);
    assert_eq!(taken["because"], "it was answered before", "{taken}");
    let own = answered(&service, &id, ticket.id);
    assert_eq!(own["because"], "this service opened it", "{own}");

    let (asked, _) = notification.rsplit_once('-').expect("key and revision");
    marked_once(tracker, theirs, asked, 1);
    let texts = tracker.texts(theirs);
    assert_eq!(texts.len(), 2, "{texts:#?}");
    assert!(texts[1].contains("4001"), "{}", texts[1]);
    marked_once(tracker, ticket.id, key, 1);
    assert_eq!(tracker.texts(ticket.id).len(), 1);

    // the message is written and looked at by now
    told(&service, &witness, &[("opened", 1)]);
    let all = notifications(&service, &id);
    assert_eq!(all.len(), 2, "{all:#?}");
    assert_eq!(told(&service, &fitting, &[("opened", 1)]), also["key"]);
    let answer = service.get("/v1/why?mid=4001").is(200).json();
    let links = answer["tickets"].as_array().expect("a list");
    assert_eq!(links.len(), 3, "{answer}");
    assert!(links.contains(&known), "{answer}");
}

fn answered(service: &Service, id: &str, ticket: u64) -> Value {
    let path = format!("/v1/subscriptions/{id}/inbound");
    let theirs = json!({"ticket": ticket, "subject": "Where is our order?",
        "text": "The supplier says MID 4001 was aborted."});
    post(service, &path, &theirs, 200)
}
