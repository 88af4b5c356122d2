//! The event that a webhook gets.

use serde_json::Value;
use whymid_schemas::{Happening, Secret, Webhook};

use super::WebhookDriver;
use crate::markup::tree::samples::event;
use crate::target::{Action, Driver as _, Request, Response, Step, Ticket};

fn driver() -> WebhookDriver {
    WebhookDriver(Webhook {
        url: "https://hooks.example/in".to_owned(),
        secrets: vec![Secret::new("whsec_x".to_owned())],
    })
}

fn ticket() -> Ticket {
    Ticket {
        id: String::new(),
        url: None,
        open: true,
    }
}

#[test]
fn what_is_told_is_a_cloud_event() {
    let event = event(Happening::Recurred, 3);
    let step = driver().step(&Action::Comment(&ticket(), &event), &[]);
    let Ok(Step::Send(Request::Signed { url, id, body })) = step else {
        panic!("{step:?}");
    };
    assert_eq!(
        (url.as_str(), id.as_str()),
        ("https://hooks.example/in", "wm-0123456789abcdef-3")
    );
    let got: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(got["specversion"], "1.0");
    assert_eq!(got["id"], "wm-0123456789abcdef-3");
    assert_eq!(got["type"], "whymid.cause.recurred");
    assert_eq!(got["source"], "https://whymid.example");
    assert_eq!(got["subject"], "wm-0123456789abcdef");
    assert_eq!(got["time"], "2026-11-24T10:00:00+00:00");
    assert_eq!(got["datacontenttype"], "application/json");
    assert_eq!(got["data"], serde_json::to_value(&event.data).unwrap());
}

#[test]
fn every_happening_has_its_type() {
    let types = [
        (Happening::Opened, "whymid.cause.opened"),
        (Happening::Revised, "whymid.cause.revised"),
        (Happening::Resolved, "whymid.cause.resolved"),
        (Happening::Asked, "whymid.asked"),
        (Happening::Test, "whymid.test"),
    ];
    for (happening, want) in types {
        assert_eq!(super::kind(happening), want);
    }
}

#[test]
fn it_is_only_told() {
    let (driver, ticket, event) = (driver(), ticket(), event(Happening::Opened, 1));
    let answers = [Response::default()];
    assert!(!driver.finds());
    let created = driver.step(&Action::Create(&event), &answers);
    assert_eq!(created, Ok(Step::Created(ticket.clone())));
    assert_eq!(
        driver.step(&Action::Comment(&ticket, &event), &answers),
        Ok(Step::Done)
    );
    assert_eq!(driver.step(&Action::Close(&ticket), &[]), Ok(Step::Done));
    assert_eq!(driver.step(&Action::Reopen(&ticket), &[]), Ok(Step::Done));
    assert_eq!(driver.complaint(b"\xff<html>"), None);
    assert_eq!(
        driver.addresses(),
        [("url", "https://hooks.example/in".to_owned())]
    );
}
