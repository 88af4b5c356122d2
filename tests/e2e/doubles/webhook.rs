//! A receiver of webhooks (Standard Webhooks 1.0.0), whose bodies are CloudEvents 1.0 in structured
//! mode; signatures are verified by the reference library.
//!
//! A delivery whose id came before is answered like the first and changes nothing, but its body must
//! be the same to the byte. Refused are: a signature that is none of the keys', another media type,
//! members that CloudEvents do not allow, and an id that is not the header's.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Instant;

use serde_json::{Map, Value, json};
use ureq::http::{HeaderMap, HeaderName, HeaderValue};

use super::book::{Seen, encoded};
use super::{Answer, Deed, Desk, Request};

/// See the file's head.
pub(crate) struct Webhook {
    /// The keys that it takes; another can be added, or all replaced.
    pub(crate) secrets: Vec<String>,
    /// Wants nothing more: 410.
    pub(crate) gone: bool,
    /// Deliveries that came again.
    pub(crate) repeated: u64,
    /// Each event in the order of arrival: the id and the body.
    events: Vec<(String, Vec<u8>)>,
}

/// A key of invented bytes.
pub(crate) fn secret(name: &str) -> String {
    format!("whsec_{}", encoded(&format!("{name:-<32}")))
}

impl Default for Webhook {
    fn default() -> Self {
        Self {
            secrets: vec![secret("invented-signing-key")],
            gone: false,
            repeated: 0,
            events: Vec::new(),
        }
    }
}

type Fault = (u16, String);

fn bad(fault: &str) -> Fault {
    (400, fault.to_owned())
}

impl Webhook {
    fn take(&mut self, request: &Request) -> Result<(), Fault> {
        self.verify(request)?;
        let media = request.header("content-type").unwrap_or_default();
        let media = media.split(';').next().unwrap_or_default().trim();
        if media != "application/cloudevents+json" {
            return Err((415, format!("the media type {media:?}")));
        }
        let event: Value = serde_json::from_slice(&request.body).map_err(|_| bad("no JSON"))?;
        let event = event.as_object().ok_or_else(|| bad("no object"))?;
        check(event)?;
        let id = event["id"].as_str().unwrap_or_default();
        if request.header("webhook-id") != Some(id) {
            return Err(bad("the event's id is not webhook-id"));
        }
        let before = self.events.iter().find(|(known, _)| known == id);
        match before {
            Some((_, body)) if *body != request.body => {
                return Err(bad("this id came before with another body"));
            }
            Some(_) => self.repeated += 1,
            None => self.events.push((id.to_owned(), request.body.clone())),
        }
        Ok(())
    }

    /// By any of the keys.
    fn verify(&self, request: &Request) -> Result<(), Fault> {
        let headers = headers(request);
        let mut why = "no key".to_owned();
        for secret in &self.secrets {
            let verifier = standardwebhooks::Webhook::new(secret);
            match verifier.and_then(|one| one.verify(&request.body, &headers)) {
                Ok(()) => return Ok(()),
                Err(error) => why = error.to_string(),
            }
        }
        Err((401, why))
    }
}

fn headers(request: &Request) -> HeaderMap {
    let pairs = request.headers.iter().filter_map(|(name, value)| {
        let name: HeaderName = name.parse().ok()?;
        Some((name, HeaderValue::from_str(value).ok()?))
    });
    pairs.collect()
}

/// What CloudEvents ask for, and what `data` must say.
fn check(event: &Map<String, Value>) -> Result<(), Fault> {
    let text = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default();
    if text("specversion") != "1.0" {
        return Err(bad("specversion is not 1.0"));
    }
    for name in ["id", "source", "type"] {
        if text(name).is_empty() {
            return Err(bad(&format!("{name} is missing")));
        }
    }
    let is_attribute = |name: &String| {
        name.bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    if let Some(name) = event.keys().find(|name| !is_attribute(name)) {
        return Err(bad(&format!("the attribute {name:?}")));
    }
    if event.contains_key("time") {
        let time: Result<jiff::Timestamp, _> = text("time").parse();
        time.map_err(|_| bad("time is not by RFC 3339"))?;
    }
    for name in ["subject", "dataschema", "datacontenttype"] {
        if event.contains_key(name) && text(name).is_empty() {
            return Err(bad(&format!("{name} is empty")));
        }
    }
    let is_json = ["", "application/json"].contains(&text("datacontenttype"));
    if !is_json || !event.get("data").is_some_and(Value::is_object) {
        return Err(bad("data is no JSON object"));
    }
    Ok(())
}

/// The last part of the type: `opened`.
fn what(event: &Value) -> &str {
    let kind = event["type"].as_str().unwrap_or_default();
    kind.rsplit('.').next().unwrap_or(kind)
}

impl Desk for Webhook {
    fn kind(&self) -> &'static str {
        "webhook"
    }

    /// An event of a subject that is new opens.
    fn deed(&self, request: &Request) -> Deed {
        let event: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        if what(&event) == "opened" {
            Deed::Create
        } else {
            Deed::Change
        }
    }

    fn serve(&mut self, request: &Request, _horizon: Instant) -> Answer {
        if self.gone {
            return Answer::empty(410);
        }
        if request.method != "POST" || request.path != "/hook" {
            return Answer::empty(404);
        }
        match self.take(request) {
            Ok(()) => Answer::empty(204),
            Err((status, why)) => Answer::json(status, &json!({ "error": why })),
        }
    }

    /// One for each subject, with a line for each event: `opened 1 count 5`.
    fn tickets(&self) -> Vec<Seen> {
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        let mut all: Vec<Seen> = Vec::new();
        for (_, body) in &self.events {
            let event: Value = serde_json::from_slice(body).unwrap_or_default();
            let key = event["subject"].as_str().unwrap_or_default().to_owned();
            let place = *places.entry(key.clone()).or_insert(all.len());
            if place == all.len() {
                all.push(Seen {
                    id: key.clone(),
                    key,
                    open: true,
                    texts: Vec::new(),
                });
            }
            let data = &event["data"];
            let line = format!(
                "{} {} count {}",
                what(&event),
                data["revision"],
                data["count"]
            );
            all[place].texts.push(line);
            all[place].open = what(&event) != "resolved";
        }
        all
    }

    fn target(&self, address: SocketAddr) -> Value {
        json!({
            "kind": "webhook", "url": format!("http://{address}/hook"), "secrets": self.secrets,
        })
    }
}
