//! A webhook: a CloudEvent 1.0 in structured mode for each thing that is told.
//!
//! There are no tickets behind it: it is only told, and what is told twice has the same id. The
//! signature (Standard Webhooks 1.0) is added when it is sent: `signature.rs`.

use whymid_schemas::{CauseEvent, Happening, Webhook};

use crate::event::Event;
use crate::target::{Action, Driver, Refusal, Request, Response, Step, Ticket};

/// See the file's head.
pub(crate) struct WebhookDriver(pub(crate) Webhook);

impl Driver for WebhookDriver {
    fn finds(&self) -> bool {
        false
    }

    fn settles_in(&self) -> i64 {
        0
    }

    fn step(&self, action: &Action<'_>, answers: &[Response]) -> Result<Step, Refusal> {
        let sent = !answers.is_empty();
        match action {
            Action::Create(_) if sent => Ok(Step::Created(Ticket {
                id: String::new(),
                url: None,
                open: true,
            })),
            Action::Comment(..) if sent => Ok(Step::Done),
            Action::Create(event) | Action::Comment(_, event) => self.tell(event),
            Action::Find(_) => Ok(Step::Found(Vec::new())),
            Action::Seen(..) => Ok(Step::Seen(false)),
            Action::Close(_) | Action::Reopen(_) => Ok(Step::Done),
        }
    }

    /// What a receiver answers is its own affair, and may be anything.
    fn complaint(&self, _body: &[u8]) -> Option<String> {
        None
    }

    fn addresses(&self) -> Vec<(&'static str, String)> {
        vec![("url", self.0.url.clone())]
    }
}

impl WebhookDriver {
    fn tell(&self, event: &Event) -> Result<Step, Refusal> {
        let body = serde_json::to_vec(&cloud_event(event)).map_err(|error| {
            Refusal(twins!(
                "the event can't be written as JSON: {error}",
                "イベントを JSON にできません: {error}"
            ))
        })?;
        Ok(Step::Send(Request::Signed {
            url: self.0.url.clone(),
            id: event.id.clone(),
            body,
        }))
    }
}

fn cloud_event(event: &Event) -> CauseEvent {
    CauseEvent {
        specversion: "1.0".to_owned(),
        id: event.id.clone(),
        source: event.source.clone(),
        kind: kind(event.kind).to_owned(),
        time: event.at.clone(),
        subject: event.key.clone(),
        datacontenttype: "application/json".to_owned(),
        data: event.data.clone(),
    }
}

const fn kind(happening: Happening) -> &'static str {
    match happening {
        Happening::Opened => "whymid.cause.opened",
        Happening::Recurred => "whymid.cause.recurred",
        Happening::Revised => "whymid.cause.revised",
        Happening::Resolved => "whymid.cause.resolved",
        Happening::Asked => "whymid.asked",
        Happening::Test => "whymid.test",
    }
}

#[cfg(test)]
mod tests;
