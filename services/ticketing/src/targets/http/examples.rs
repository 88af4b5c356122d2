//! What the drivers' tests have in common: an event with hostile texts, answers, and requests as
//! they would be sent.

use serde_json::Value;
use whymid_schemas::{CauseData, Happening, Lang, Severity, Time};

use super::Headers;
use crate::event::Event;
use crate::target::{Method, Refusal, Request, Response, Step, Ticket};

/// The key of [`event`].
pub(crate) const KEY: &str = "wm-0123456789abcdef";
/// The marker of [`event`].
pub(crate) const MARKER: &str = "[whymid wm-0123456789abcdef-3]";
/// The title of [`event`].
pub(crate) const TITLE: &str = r#"esa01: 拒否 "Müller's" \ ^ <b> & 550"#;

/// An event whose texts hold what could break out of quotes.
pub(crate) fn event() -> Event {
    Event {
        id: format!("{KEY}-3"),
        key: KEY.to_owned(),
        revision: 3,
        kind: Happening::Opened,
        at: Time("2026-11-24T10:00:00+00:00".to_owned()),
        title: TITLE.to_owned(),
        body: "The mail was **refused**:\n\n    550 \"5.1.1\" O'Hara \\ ^ 日本\n".to_owned(),
        lang: Lang::En,
        severity: Severity::Warning,
        priority: None,
        appliance: "esa01".to_owned(),
        url: None,
        source: "/whymid".to_owned(),
        data: data(),
    }
}

/// [`event`] with a priority.
pub(crate) fn event_of(priority: &str) -> Event {
    Event {
        priority: Some(priority.to_owned()),
        ..event()
    }
}

fn data() -> CauseData {
    CauseData {
        key: KEY.to_owned(),
        revision: 3,
        count: 1,
        first_at: None,
        last_at: None,
        subscription: "mail".to_owned(),
        title: TITLE.to_owned(),
        reason: None,
        answer: None,
    }
}

/// A ticket that is open.
pub(crate) fn ticket(id: &str) -> Ticket {
    Ticket {
        id: id.to_owned(),
        url: None,
        open: true,
    }
}

/// An answer with this body.
pub(crate) fn answer(body: &Value) -> Response {
    Response {
        status: 200,
        body: body.to_string().into_bytes(),
    }
}

/// Answers of which no driver may make anything but a refusal.
pub(crate) fn malformed() -> Vec<Response> {
    let bodies: [&[u8]; 7] = [
        b"",
        b"<html>Log in</html>",
        b"\xff\xfe",
        b"null",
        b"7",
        br#"{"items":7,"issues":{},"result":null,"id":[]}"#,
        br#"[null,7,"x",{"id":null}]"#,
    ];
    bodies
        .into_iter()
        .map(|body| Response {
            status: 200,
            body: body.to_vec(),
        })
        .collect()
}

/// A request as it would be sent.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) headers: Headers,
    pub(crate) body: Value,
}

impl Sent {
    /// A header field.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.headers.iter();
        fields
            .find(|(one, _)| *one == name)
            .map(|(_, value)| value.as_str())
    }
}

/// The request that comes next; its body is `null` where it has none.
pub(crate) fn sent(step: Result<Step, Refusal>) -> Sent {
    let Ok(Step::Send(Request::Http {
        method,
        url,
        headers,
        body,
    })) = step
    else {
        panic!("no request: {step:?}");
    };
    Sent {
        method,
        url,
        headers,
        body: match body.is_empty() {
            true => Value::Null,
            false => serde_json::from_slice(&body).unwrap(),
        },
    }
}
