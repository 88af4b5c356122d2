//! What the tests have in common: an answer about a message with everything that may not leave, one
//! about a connection, a subscription, moments.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use whymid_schemas::{Answer, Terms, Text};

use crate::plan::Plan;

/// A Monday.
pub(crate) const BEGIN: &str = "2026-11-30T08:00:00Z";

/// So many seconds after [`BEGIN`].
pub(crate) fn at(seconds: i64) -> Timestamp {
    let begin: Timestamp = BEGIN.parse().expect("a moment");
    begin + SignedDuration::from_secs(seconds)
}

/// So many minutes after it.
pub(crate) fn minute(minutes: i64) -> Timestamp {
    at(minutes * 60)
}

/// So many hours after it.
pub(crate) fn hour(hours: i64) -> Timestamp {
    at(hours * 3600)
}

/// What a line shows, with all that may not leave.
const SHOWS: &str = "user@sender.example wrote to end_user@rcpt.example: Quarterly figures (order-7781@shop.example)";

fn published() -> Value {
    let text = include_str!("../../api/samples/answer.json");
    serde_json::from_str(text).expect("the published sample")
}

/// The published sample, about an aborted message of `mx.sender.example`.
pub(crate) fn answer() -> Answer {
    serde_json::from_value(published()).expect("an answer")
}

/// One that names sender, recipients, subject and `Message-ID` wherever they can stand.
pub(crate) fn telling_answer() -> Answer {
    let mut json = published();
    json["summary"] =
        json!("MID 1404 from user@sender.example to end_user@rcpt.example was aborted.");
    json["question"]["message_id"] = json!("order-7781@shop.example");
    json["message"]["subject"] = json!("Quarterly figures");
    json["message"]["message_id"] = json!("order-7781@shop.example");
    let response = "550 5.1.1 <end_user@rcpt.example>: no such user, asked user@sender.example";
    json["message"]["recipients"][0]["response"] = json!(response);
    let lines = [
        "MID 1404 ICID 10293 From: <user@sender.example>",
        "MID 1404 ICID 10293 RID 0 To: <end_user@rcpt.example>",
        "MID 1404 Subject \"Quarterly figures\"",
        "MID 1404 Message-ID '<order-7781@shop.example>'",
        "MID 1404 Custom Log Entry: about Quarterly figures of user@sender.example",
    ];
    let evidence = lines.map(|line| {
        let at = "2014-08-14T11:05:36+00:00";
        json!({"entry": 1, "at": at, "line": line, "shows": SHOWS})
    });
    let diagnosis = &mut json["diagnosis"];
    diagnosis["evidence"] = json!(evidence);
    diagnosis["ruled_out"][0]["because"] =
        json!("end_user@rcpt.example exists, and Quarterly figures is no spam");
    diagnosis["next_steps"][0]["text"] = json!("Ask user@sender.example about Quarterly figures.");
    diagnosis["next_steps"][0]["command"] = json!("grep -i end_user@rcpt.example mail_logs");
    diagnosis["for_the_helpdesk"] = json!("Mail to end_user@rcpt.example did not reach us.");
    diagnosis["explanation"] = json!("user@sender.example wrote Quarterly figures.");
    json["also"] = json!([diagnosis.clone()]);
    serde_json::from_value(json).expect("an answer")
}

/// One about a connection on which no message came.
pub(crate) fn connection_answer() -> Answer {
    let mut json = published();
    let text = include_str!("../../api/samples/connection.json");
    let sample: Value = serde_json::from_str(text).expect("the published sample");
    json["connection"] = sample["connection"].clone();
    json["message"] = Value::Null;
    serde_json::from_value(json).expect("an answer")
}

/// The sample as the answer about another record, of another host.
pub(crate) fn answer_about(record: &str, host: &str) -> Answer {
    let mut answer = answer();
    answer.diagnosis.grouping.value = Some(host.to_owned());
    let message = answer.message.as_mut().expect("about a message");
    record.clone_into(&mut message.id);
    answer
}

/// A subscription to Request Tracker that takes everything.
pub(crate) fn terms(changes: Value) -> Terms {
    let mut json = json!({
        "name": "Partners",
        "filter": "true",
        "target": {
            "kind": "request_tracker",
            "url": "https://rt.example",
            "queue": "Mail",
            "token": "1-14-0123456789abcdef"
        }
    });
    let (Some(members), Value::Object(changes)) = (json.as_object_mut(), changes) else {
        panic!("changes are members");
    };
    members.extend(changes);
    serde_json::from_value(json).expect("a subscription")
}

/// What is said in English, and in Japanese, too.
pub(crate) fn english(text: Text) -> String {
    let is_japanese = |letter: char| ('\u{3040}'..'\u{a000}').contains(&letter);
    assert!(text.ja.chars().any(is_japanese), "{text:?}");
    assert!(!text.en.chars().any(is_japanese), "{text:?}");
    text.en
}

/// The same, checked.
pub(crate) fn plan(changes: Value) -> Plan {
    Plan::check(terms(changes)).expect("a subscription without faults")
}
