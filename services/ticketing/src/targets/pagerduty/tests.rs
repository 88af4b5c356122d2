//! The events that PagerDuty gets.

use serde_json::{Value, json};
use whymid_schemas::{Happening, Pagerduty, Secret, Severity};

use super::PagerdutyDriver;
use crate::event::Event;
use crate::markup::tree::samples::{body, event, nasty};
use crate::target::{Action, Driver as _, Refusal, Request, Response, Step, Ticket};

fn driver() -> PagerdutyDriver {
    PagerdutyDriver(Pagerduty {
        url: "https://events.example/v2/enqueue".to_owned(),
        routing_key: Secret::new("k".repeat(32)),
    })
}

fn sent(event: &Event) -> Result<Value, Refusal> {
    let step = driver().step(&Action::Create(event), &[])?;
    let Step::Send(Request::Http { url, body, .. }) = step else {
        panic!("{step:?}");
    };
    assert_eq!(url, "https://events.example/v2/enqueue");
    assert!(body.len() < 512_000);
    Ok(serde_json::from_slice(&body).unwrap())
}

#[test]
fn what_is_told_triggers() {
    let want = json!({
        "routing_key": "k".repeat(32),
        "event_action": "trigger",
        "dedup_key": "wm-0123456789abcdef",
        "payload": {
            "summary": "esa1: the connection dropped", "source": "esa1", "severity": "error",
            "timestamp": "2026-11-24T10:00:00+00:00", "component": "mail", "group": "esa1",
            "class": "receiving-aborted-connection-lost",
            "custom_details": {
                "key": "wm-0123456789abcdef", "count": 7, "revision": 2,
                "first_at": "2026-11-24T09:00:00+00:00", "last_at": "2026-11-24T09:59:00+00:00",
                "text": "Why\n\n- Host: mx.example",
            },
        },
        "links": [{"href": "https://whymid.example/messages/m1", "text": "whymid"}],
        "client": "whymid",
        "client_url": "https://whymid.example",
    });
    assert_eq!(sent(&event(Happening::Recurred, 2)), Ok(want));
}

#[test]
fn a_cause_that_is_gone_resolves() {
    let want = json!({
        "routing_key": "k".repeat(32),
        "event_action": "resolve",
        "dedup_key": "wm-0123456789abcdef",
    });
    assert_eq!(sent(&event(Happening::Resolved, 2)), Ok(want));
}

#[test]
fn severities_are_pagerdutys_words() {
    let mut event = event(Happening::Opened, 1);
    let words = [
        (Severity::Info, "info"),
        (Severity::Notice, "warning"),
        (Severity::Warning, "error"),
        (Severity::Critical, "critical"),
    ];
    for (severity, want) in words {
        event.severity = severity;
        assert_eq!(sent(&event).unwrap()["payload"]["severity"], want);
    }
    event.priority = Some("info".to_owned());
    assert_eq!(sent(&event).unwrap()["payload"]["severity"], "info");
    event.priority = Some("P1".to_owned());
    assert!(sent(&event).unwrap_err().0.en.contains("`P1`"));
}

#[test]
fn strangers_texts_are_cut_and_clean() {
    for stranger in nasty() {
        let mut event = event(Happening::Opened, 1);
        event.title = stranger.repeat(20);
        event.body = body(&stranger).repeat(20);
        let got = sent(&event).unwrap();
        let summary = got["payload"]["summary"].as_str().unwrap();
        assert!(summary.chars().count() <= 1024 && !summary.contains(char::is_control));
        let text = got["payload"]["custom_details"]["text"].as_str().unwrap();
        assert!(text.len() <= 8000, "{}", text.len());
    }
}

#[test]
fn it_is_only_told() {
    let (driver, event) = (driver(), event(Happening::Opened, 1));
    let ticket = Ticket {
        id: "wm-0123456789abcdef".to_owned(),
        url: None,
        open: true,
    };
    let answers = [Response::default()];
    let created = driver.step(&Action::Create(&event), &answers);
    assert_eq!(created, Ok(Step::Created(ticket.clone())));
    assert_eq!(
        driver.step(&Action::Comment(&ticket, &event), &answers),
        Ok(Step::Done)
    );
    assert_eq!(driver.step(&Action::Reopen(&ticket), &[]), Ok(Step::Done));
}

#[test]
fn what_nobody_told_the_end_of_is_resolved_by_its_key() {
    let ticket = Ticket {
        id: "wm-0123456789abcdef".to_owned(),
        url: None,
        open: true,
    };
    let Ok(Step::Send(Request::Http { body, .. })) = driver().step(&Action::Close(&ticket), &[])
    else {
        panic!("nothing is sent");
    };
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(body["event_action"], "resolve");
    assert_eq!(body["dedup_key"], "wm-0123456789abcdef");
    let answered = driver().step(&Action::Close(&ticket), &[Response::default()]);
    assert_eq!(answered, Ok(Step::Done));
}

#[test]
fn a_complaint_is_the_message_and_the_errors() {
    let body =
        br#"{"status":"invalid event","message":"Event object is invalid","errors":["no key",1]}"#;
    let want = Some("Event object is invalid; no key".to_owned());
    assert_eq!(driver().complaint(body), want);
    for body in [&b"\xff"[..], b"[]", b"{\"errors\":{}}", b""] {
        assert_eq!(driver().complaint(body), None);
    }
}
