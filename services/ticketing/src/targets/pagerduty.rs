//! PagerDuty, by Events API v2.
//!
//! It joins events of the same key itself, so nothing is looked for: what is told triggers, and
//! what is told of a cause that is gone resolves.
//! Source: PagerDuty's developer documentation, "Send an alert event"; not tried on the service.

use serde_json::{Map, Value, json};
use whymid_schemas::{Happening, Pagerduty, Severity};

use crate::event::Event;
use crate::markup::plain;
use crate::markup::tree::one_line;
use crate::target::{Action, Driver, Method, Refusal, Request, Response, Step, Ticket};

/// The most characters of a summary.
const SUMMARY: usize = 1024;
/// The most bytes of the text: an event may be 512 KB, but nobody reads that on a phone.
const TEXT: usize = 8_000;
/// What PagerDuty calls severities.
const SEVERITIES: [&str; 4] = ["info", "warning", "error", "critical"];

/// See the file's head.
pub(crate) struct PagerdutyDriver(pub(crate) Pagerduty);

impl Driver for PagerdutyDriver {
    fn finds(&self) -> bool {
        false
    }

    fn settles_in(&self) -> i64 {
        0
    }

    fn step(&self, action: &Action<'_>, answers: &[Response]) -> Result<Step, Refusal> {
        let sent = !answers.is_empty();
        match action {
            Action::Create(event) if sent => Ok(Step::Created(Ticket {
                id: event.key.clone(),
                url: None,
                open: event.kind != Happening::Resolved,
            })),
            Action::Comment(..) if sent => Ok(Step::Done),
            Action::Create(event) | Action::Comment(_, event) => self.tell(event),
            Action::Find(_) => Ok(Step::Found(Vec::new())),
            Action::Seen(..) => Ok(Step::Seen(false)),
            Action::Close(ticket) if !sent => Ok(self.send(&self.resolving(&ticket.id))),
            // what was told last triggered it anew
            Action::Close(_) | Action::Reopen(_) => Ok(Step::Done),
        }
    }

    fn complaint(&self, body: &[u8]) -> Option<String> {
        let answer = serde_json::from_slice::<Value>(body).ok()?;
        let errors = answer["errors"].as_array().into_iter().flatten();
        let said = [&answer["message"]].into_iter().chain(errors);
        let said = said.filter_map(Value::as_str).collect::<Vec<_>>();
        (!said.is_empty()).then(|| said.join("; "))
    }

    fn addresses(&self) -> Vec<(&'static str, String)> {
        vec![("url", self.0.url.clone())]
    }
}

impl PagerdutyDriver {
    fn tell(&self, event: &Event) -> Result<Step, Refusal> {
        let mut body = self.resolving(&event.key);
        if event.kind != Happening::Resolved {
            trigger(event, &mut body)?;
        }
        Ok(self.send(&body))
    }

    fn resolving(&self, key: &str) -> Value {
        json!({
            "routing_key": self.0.routing_key.reveal(),
            "event_action": "resolve",
            "dedup_key": key,
        })
    }

    fn send(&self, body: &Value) -> Step {
        Step::Send(Request::Http {
            method: Method::Post,
            url: self.0.url.clone(),
            headers: vec![("Content-Type", "application/json".to_owned())],
            body: body.to_string().into_bytes(),
        })
    }
}

/// Makes it an event that opens an alert, or joins the open one.
fn trigger(event: &Event, body: &mut Value) -> Result<(), Refusal> {
    body["event_action"] = json!("trigger");
    body["payload"] = payload(event)?;
    body["client"] = json!("whymid");
    if event.source.starts_with("http") {
        body["client_url"] = json!(event.source);
    }
    if let Some(url) = &event.url {
        body["links"] = json!([{ "href": url, "text": "whymid" }]);
    }
    Ok(())
}

fn payload(event: &Event) -> Result<Value, Refusal> {
    let summary: String = one_line(&event.title).chars().take(SUMMARY).collect();
    let mut payload = json!({
        "summary": summary,
        "source": event.appliance,
        "severity": severity(event)?,
        "timestamp": event.at,
        "component": "mail",
        "group": event.appliance,
        "custom_details": details(event),
    });
    if let Some(answer) = &event.data.answer {
        payload["class"] = json!(answer.diagnosis.id);
    }
    Ok(payload)
}

fn severity(event: &Event) -> Result<&str, Refusal> {
    let Some(priority) = event.priority.as_deref() else {
        return Ok(match event.severity {
            Severity::Info => "info",
            Severity::Notice => "warning",
            Severity::Warning => "error",
            Severity::Critical => "critical",
        });
    };
    if SEVERITIES.contains(&priority) {
        return Ok(priority);
    }
    let (named, known) = (one_line(priority), SEVERITIES.join(", "));
    Err(Refusal(twins!(
        "`priorities` names `{named}`, and PagerDuty knows {known} only",
        "`priorities` に `{named}` がありますが、PagerDuty で使えるのは {known} だけです"
    )))
}

fn details(event: &Event) -> Map<String, Value> {
    let data = &event.data;
    let mut details = Map::from_iter([
        ("key".to_owned(), json!(event.key)),
        ("count".to_owned(), json!(data.count)),
        ("revision".to_owned(), json!(event.revision)),
        (
            "text".to_owned(),
            json!(start(&plain::text(&event.body), TEXT)),
        ),
    ]);
    let moments = [("first_at", &data.first_at), ("last_at", &data.last_at)];
    for (name, moment) in moments {
        if let Some(moment) = moment {
            details.insert(name.to_owned(), json!(moment));
        }
    }
    details
}

/// As much of a text as fits into so many bytes.
fn start(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(most - '…'.len_utf8());
    format!("{}…", &text[..end])
}

#[cfg(test)]
mod tests;
