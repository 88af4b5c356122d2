//! The ticket system is away, the service is killed: nothing is lost, nothing is told twice.

use serde_json::Value;

use super::desk::{eventually, linked, lost, push, service, subscribe, terms, told};
use super::relay::Relay;
use super::{by_token, marked_once, only};
use crate::harness::{RequestTracker, wait_for};

#[test]
fn request_tracker_is_away_for_a_while_and_nothing_is_lost() {
    let host = "away.partner.example";
    let mut tracker = RequestTracker::start();
    tracker.stop();
    let service = service();
    let id = subscribe(&service, &terms("Away", by_token(&tracker)));
    push(&service, "esa1", &lost(3001, host));
    let tried = |all: &[Value]| all.first().is_some_and(|one| one["attempts"] != 0);
    let all = eventually(&service, &id, tried);
    assert_eq!(all[0]["state"], "waiting", "{all:#?}");
    let path = format!("/v1/subscriptions/{id}");
    let state = service.get(&path).is(200).json()["state"].clone();
    assert!(state["failing_since"].is_string(), "{state}");

    push(&service, "esa1", &lost(3002, host));
    tracker.start_again();
    let key = told(&service, &id, &[("opened", 1), ("recurred", 2)]);
    let ticket = only(&tracker, &key);
    marked_once(&tracker, ticket.id, &key, 2);
    let texts = tracker.texts(ticket.id);
    assert!(texts[1].contains("2 occurrences"), "{}", texts[1]);
    let state = service.get(&path).is(200).json()["state"].clone();
    assert_eq!(state["failing_since"], Value::Null, "{state}");
}

/// Killed when Request Tracker has done what was asked, and before it is known.
pub(super) fn killed_before_the_answer(tracker: &RequestTracker) {
    let host = "killed.partner.example";
    let relay = Relay::to(tracker.port());
    let mut target = by_token(tracker);
    target["url"] = relay.url().into();
    let service = service();
    let id = subscribe(&service, &terms("Killed", target));

    relay.hold(|line| line == "POST /REST/2.0/ticket HTTP/1.1");
    push(&service, "esa1", &lost(3101, host));
    wait_for_one(&relay);
    relay.pass();
    let service = service.crash_and_restart();
    let key = told(&service, &id, &[("opened", 1)]);
    let ticket = only(tracker, &key);
    marked_once(tracker, ticket.id, &key, 1);
    assert_eq!(linked(&service, 3101, 1)["id"], ticket.id.to_string());

    relay.hold(|line| line.starts_with("POST ") && line.contains("/comment "));
    push(&service, "esa1", &lost(3102, host));
    wait_for_one(&relay);
    relay.pass();
    let service = service.crash_and_restart();
    told(&service, &id, &[("opened", 1), ("recurred", 2)]);
    assert_eq!(only(tracker, &key).id, ticket.id);
    marked_once(tracker, ticket.id, &key, 2);
    assert_eq!(linked(&service, 3102, 2)["id"], ticket.id.to_string());
}

fn wait_for_one(relay: &Relay) {
    let held = wait_for(|| relay.held().then_some(()));
    held.expect("the request comes by");
}
