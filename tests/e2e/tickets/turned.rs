//! Mail that was delayed and is delivered after all: it leaves its ticket, which is then resolved.

use serde_json::{Value, json};

use super::desk::{begun, linked, push, service, subscribe, terms, told};
use super::{by_token, only};
use crate::harness::{RequestTracker, Session};

fn tries(mid: u64, attempt: u64, outcome: &[String]) -> Vec<(i64, String)> {
    let dcid = mid + 70_000 + attempt;
    let first = [
        format!("New SMTP DCID {dcid} interface 192.0.2.11 address 203.0.113.25 port 25"),
        format!("Delivery start DCID {dcid} MID {mid} to RID [0]"),
    ];
    let all = first.into_iter().chain(outcome.iter().cloned());
    let all = all.chain([format!("DCID {dcid} close")]);
    all.map(|body| (2, body)).collect()
}

/// A message that its destination does not take for now.
fn delayed(mid: u64, host: &str) -> Session {
    let mut all = begun(mid, host);
    all.push((
        3,
        format!("MID {mid} ready 4096 bytes from <orders@{host}>"),
    ));
    all.push((3, format!("MID {mid} queued for delivery")));
    let dcid = mid + 70_001;
    let delayed = format!(
        "Delayed: DCID {dcid} MID {mid} From: <orders@{host}> To: <info@corp.example> RID 0 - 4.3.2 - Not accepting messages at this time ('421', ['4.3.2 try again later'])"
    );
    all.extend(tries(mid, 1, &[delayed]));
    Session(all)
}

/// The same, taken later.
fn taken(mid: u64) -> Session {
    let dcid = mid + 70_002;
    Session(tries(
        mid,
        2,
        &[
            format!("Message done DCID {dcid} MID {mid} to RID [0] "),
            format!("MID {mid} RID [0] Response '2.0.0 Ok: queued as 7F1A2'"),
            format!("Message finished MID {mid} done"),
        ],
    ))
}

pub(super) fn what_is_delivered_after_all_leaves_its_ticket(tracker: &RequestTracker) {
    let service = service();
    let mut terms = terms("Delayed", by_token(tracker));
    terms["filter"] = json!("diagnosis.id == \"delivery-delayed-4xx\"");
    let id = subscribe(&service, &terms);
    push(&service, "esa1", &delayed(6001, "turned.partner.example"));
    let key = told(&service, &id, &[("opened", 1)]);
    let ticket = linked(&service, 6001, 1);
    push(&service, "esa1", &taken(6001));
    told(&service, &id, &[("opened", 1), ("resolved", 0)]);
    let now = only(tracker, &key);
    assert_eq!(ticket["id"], now.id.to_string());
    assert_eq!(now.status, "resolved");
    let answer = service.answer("mid=6001", |answer| {
        answer["message"]["outcome"] == "delivered"
    });
    assert_eq!(answer["tickets"], Value::Array(Vec::new()));
}
