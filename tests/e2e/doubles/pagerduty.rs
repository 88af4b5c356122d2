//! A double of PagerDuty's Events API v2 (PagerDuty: "Send an alert event", "PD-CEF").
//!
//! Events of one `dedup_key` join the alert that is open; after `resolve` a trigger opens another
//! one, so a key has as many alerts as it was opened. A trigger that is the same as the alert's last
//! event is a repetition: it is counted, and no text of the alert.

use std::net::SocketAddr;
use std::time::Instant;

use serde_json::{Map, Value, json};

use super::book::Seen;
use super::{Answer, Deed, Desk, Request};

const ROUTING_KEY: &str = "0123456789abcdef0123456789abcdef";
/// The most that an event may take.
const LARGEST: usize = 512 << 10;

/// An alert.
struct Alert {
    key: String,
    open: bool,
    last: Value,
    texts: Vec<String>,
}

/// See the file's head.
#[derive(Default)]
pub(crate) struct Pagerduty {
    alerts: Vec<Alert>,
    /// Events that came again.
    pub(crate) repeated: u64,
    /// Events that nothing was open for.
    pub(crate) dropped: u64,
}

type Fault = Result<(), String>;

/// A text of at most so many letters.
fn text(object: &Map<String, Value>, name: &str, most: usize, must: bool) -> Fault {
    match object.get(name) {
        None if !must => Ok(()),
        Some(Value::String(text)) if text.chars().count() <= most && !(must && text.is_empty()) => {
            Ok(())
        }
        _ => Err(format!("'{name}' is missing or invalid")),
    }
}

fn only(object: &Map<String, Value>, known: &[&str]) -> Fault {
    let strange = object.keys().find(|name| !known.contains(&name.as_str()));
    strange.map_or(Ok(()), |name| Err(format!("'{name}' is not known")))
}

fn check(event: &Map<String, Value>) -> Fault {
    only(
        event,
        &[
            "routing_key",
            "event_action",
            "dedup_key",
            "payload",
            "links",
            "images",
            "client",
            "client_url",
        ],
    )?;
    if event.get("routing_key") != Some(&ROUTING_KEY.into()) {
        return Err("'routing_key' is missing or invalid".to_owned());
    }
    text(event, "client", 1024, false)?;
    text(event, "client_url", 2048, false)?;
    for link in event
        .get("links")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let link = link.as_object().ok_or("'links' is invalid")?;
        only(link, &["href", "text"])?;
        text(link, "href", 2048, true)?;
    }
    match event.get("event_action").and_then(Value::as_str) {
        Some("trigger") => {
            text(event, "dedup_key", 255, false)?;
            payload(event.get("payload").and_then(Value::as_object))
        }
        Some("acknowledge" | "resolve") => text(event, "dedup_key", 255, true),
        Some(_) | None => Err("'event_action' is missing or invalid".to_owned()),
    }
}

fn payload(payload: Option<&Map<String, Value>>) -> Fault {
    let payload = payload.ok_or("'payload' is missing")?;
    only(
        payload,
        &[
            "summary",
            "source",
            "severity",
            "timestamp",
            "component",
            "group",
            "class",
            "custom_details",
        ],
    )?;
    text(payload, "summary", 1024, true)?;
    text(payload, "source", 1024, true)?;
    for name in ["component", "group", "class"] {
        text(payload, name, 1024, false)?;
    }
    let severity = payload.get("severity").and_then(Value::as_str);
    if !["critical", "error", "warning", "info"].contains(&severity.unwrap_or_default()) {
        return Err("'payload.severity' is missing or invalid".to_owned());
    }
    if let Some(time) = payload.get("timestamp") {
        let time = time.as_str().unwrap_or_default();
        let parsed: Result<jiff::Timestamp, _> = time.parse();
        parsed.map_err(|_| "'payload.timestamp' is invalid")?;
    }
    let details = payload.get("custom_details");
    let are_right = details.is_none_or(|details| details.is_object() || details.is_string());
    are_right
        .then_some(())
        .ok_or_else(|| "'payload.custom_details' is invalid".to_owned())
}

fn refused(status: u16, fault: &str) -> Answer {
    let told = json!({
        "status": "invalid event", "message": "Event object is invalid", "errors": [fault],
    });
    Answer::json(status, &told)
}

/// The line of an event.
fn line(event: &Value) -> String {
    let mut words = vec![
        event["event_action"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
    ];
    words.extend(event["payload"]["summary"].as_str().map(str::to_owned));
    let details = &event["payload"]["custom_details"];
    words.extend((!details.is_null()).then(|| details.to_string()));
    words.join(" ")
}

impl Pagerduty {
    fn enqueue(&mut self, request: &Request) -> Answer {
        if request.body.len() > LARGEST {
            return refused(413, "the event is too large");
        }
        let event = request.json();
        let Some(object) = event.as_object() else {
            return refused(400, "JSON parse error");
        };
        if let Err(fault) = check(object) {
            return refused(400, &fault);
        }
        let fresh = format!("made-{}", self.alerts.len());
        let key = event["dedup_key"].as_str().unwrap_or(&fresh).to_owned();
        let told = json!({"status": "success", "message": "Event processed", "dedup_key": key});
        self.take(key, event);
        Answer::json(202, &told)
    }

    fn take(&mut self, key: String, event: Value) {
        let mut open = self.alerts.iter_mut();
        let open = open.find(|alert| alert.open && alert.key == key);
        match open {
            Some(alert) if alert.last == event => self.repeated += 1,
            Some(alert) => {
                alert.texts.push(line(&event));
                alert.open = event["event_action"] != "resolve";
                alert.last = event;
            }
            None if event["event_action"] == "trigger" => self.alerts.push(Alert {
                key,
                open: true,
                texts: vec![line(&event)],
                last: event,
            }),
            None => self.dropped += 1,
        }
    }
}

impl Desk for Pagerduty {
    fn kind(&self) -> &'static str {
        "pagerduty"
    }

    fn deed(&self, request: &Request) -> Deed {
        let event = request.json();
        let mut alerts = self.alerts.iter();
        let is_open = alerts.any(|alert| alert.open && event["dedup_key"] == alert.key.as_str());
        if is_open { Deed::Change } else { Deed::Create }
    }

    fn serve(&mut self, request: &Request, _horizon: Instant) -> Answer {
        match (request.method.as_str(), request.path.as_str()) {
            ("POST", "/v2/enqueue") => self.enqueue(request),
            _ => refused(404, "Not Found"),
        }
    }

    fn tickets(&self) -> Vec<Seen> {
        let seen = self.alerts.iter().enumerate().map(|(at, alert)| Seen {
            key: alert.key.clone(),
            id: at.to_string(),
            open: alert.open,
            texts: alert.texts.clone(),
        });
        seen.collect()
    }

    fn target(&self, address: SocketAddr) -> Value {
        json!({
            "kind": "pagerduty", "url": format!("http://{address}/v2/enqueue"),
            "routing_key": ROUTING_KEY,
        })
    }
}
