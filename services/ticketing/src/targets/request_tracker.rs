//! What is to be done in Request Tracker 5, to requests of its REST 2.0; its answers, to what came of
//! it. Source: RT's `RT::REST2` documentation, and version 5.0.3 as it was seen to behave.
//!
//! The key is in a custom field of the queue's tickets. RT takes a ticket with a custom field that it
//! does not have, and drops the key: whoever finds nothing is asked whether the field is there.
//!
//! RT answers 200 to a change that it refused, with a message in the user's language: where the message
//! is not known to be good, the ticket is asked for its status.
//!
//! Not supported: queues whose lifecycle calls other statuses than `resolved`, `rejected` and
//! `deleted` (and the one that is set) closed.

#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};
use whymid_schemas::{RequestTracker, Text};

use super::http::{self, Headers};
use crate::event::Event;
use crate::markup;
use crate::target::{Action, Driver, Method, Refusal, Request, Response, Step, Ticket};

/// What lifecycles call a ticket that nobody works on, besides the status that is set.
const CLOSED: [&str; 3] = ["resolved", DELETED, "rejected"];
/// A ticket that nobody is meant to see any more.
const DELETED: &str = "deleted";
/// Texts of a ticket that one request asks for: most often the newest ones settle it.
const TEXTS_AT_ONCE: usize = 10;
/// The most requests for a ticket's texts: 50 texts.
const MOST_PAGES: usize = 5;
/// Only what was written, without files: texts that are attached could be of any length.
const WRITTEN: &str = r#"[{"field":"ContentType","value":"text/plain"},{"field":"Filename","operator":"IS","value":"NULL"}]"#;

/// See the file's head.
pub(crate) struct RequestTrackerDriver(pub(crate) RequestTracker);

impl Driver for RequestTrackerDriver {
    fn finds(&self) -> bool {
        true
    }

    fn settles_in(&self) -> i64 {
        10
    }

    fn step(&self, action: &Action<'_>, answers: &[Response]) -> Result<Step, Refusal> {
        match action {
            Action::Find(key) => self.find(key, answers),
            Action::Create(event) => self.create(event, answers),
            Action::Comment(ticket, event) => self.comment(ticket, event, answers),
            Action::Seen(ticket, text) => self.seen(ticket, text, answers),
            Action::Close(ticket) => self.set(ticket, &self.0.resolved_status, answers),
            Action::Reopen(ticket) => self.set(ticket, &self.0.reopened_status, answers),
        }
    }

    fn merge(&self, other: &Ticket, into: &Ticket) -> Option<Request> {
        let body = json!({ "MergeInto": into.id });
        match self.send(Method::Put, &["ticket", &other.id], &body) {
            Ok(Step::Send(request)) => Some(request),
            Ok(Step::Found(_) | Step::Created(_) | Step::Seen(_) | Step::Done) | Err(_) => None,
        }
    }

    fn complaint(&self, body: &[u8]) -> Option<String> {
        http::said(body, &["/message"])
    }

    fn hint(&self, said: &str) -> Option<Text> {
        match said {
            "Not Found" => Some(twins!(
                "is there such a queue, or ticket?",
                "キューまたはチケットが存在するか確認してください"
            )),
            // of a queue that it does not have, too, to a user who may not see every queue
            "Forbidden" => Some(twins!(
                "is there such a queue, and has the user the rights SeeQueue and ShowTicket?",
                "キューが存在するか、ユーザーに SeeQueue と ShowTicket の権限があるか確認してください"
            )),
            create if create.starts_with("No permission to create tickets") => Some(twins!(
                "it says so of a queue that it does not have, too",
                "RT は、存在しないキューに対しても同じ応答を返します"
            )),
            _ => None,
        }
    }

    fn addresses(&self) -> Vec<(&'static str, String)> {
        vec![("url", self.0.url.clone())]
    }
}

impl RequestTrackerDriver {
    /// The tickets of a key, closed ones too; where there are none, whether there can be any.
    fn find(&self, key: &str, answers: &[Response]) -> Result<Step, Refusal> {
        let Some(answer) = answers.first() else {
            return self.search(key);
        };
        let found = self.found(&answer.json()?)?;
        if !found.is_empty() {
            return Ok(Step::Found(found));
        }
        let Some(answer) = answers.get(1) else {
            return self.get(&["queue", &self.0.queue], &[]);
        };
        self.keeps_keys(&answer.json()?)?;
        Ok(Step::Found(Vec::new()))
    }

    fn search(&self, key: &str) -> Result<Step, Refusal> {
        let query = format!(
            "Queue = {} AND {} = {}",
            quoted(&self.0.queue),
            quoted(&format!("CF.{{{}}}", self.0.custom_field)),
            quoted(key),
        );
        let query = [
            ("query", query.as_str()),
            ("fields", "Status"),
            ("per_page", "100"),
        ];
        self.get(&["tickets"], &query)
    }

    fn found(&self, answer: &Value) -> Result<Vec<Ticket>, Refusal> {
        let mut found = Vec::new();
        for item in http::list(answer, "/items")? {
            let status = status(item)?;
            if status != DELETED {
                found.push(self.ticket(http::id(item, "/id")?, self.is_open(&status))?);
            }
        }
        Ok(found)
    }

    fn is_open(&self, status: &str) -> bool {
        !CLOSED.contains(&status) && status != self.0.resolved_status.to_lowercase()
    }

    fn ticket(&self, id: String, open: bool) -> Result<Ticket, Refusal> {
        let url = http::address(&self.0.url, &["Ticket", "Display.html"], &[("id", &id)])?;
        Ok(Ticket {
            id,
            url: Some(url),
            open,
        })
    }

    /// Whether the queue's tickets have the custom field, so far as this user may see.
    fn keeps_keys(&self, queue: &Value) -> Result<(), Refusal> {
        let wanted = self.0.custom_field.to_lowercase();
        let fields = http::list(queue, "/TicketCustomFields")?;
        let is_there = fields.iter().any(|field| {
            let name = field.get("name").and_then(http::word);
            let id = field.get("id").and_then(http::word);
            name.is_some_and(|name| name.to_lowercase() == wanted) || id.as_ref() == Some(&wanted)
        });
        match is_there {
            true => Ok(()),
            false => {
                let (queue, field) = (&self.0.queue, &self.0.custom_field);
                Err(Refusal(twins!(
                    "tickets of the queue '{queue}' have no custom field '{field}' that this user may see: \
                     see the setting `custom_field`",
                    "キュー '{queue}' のチケットには、このユーザーから見えるカスタムフィールド '{field}' がありません。`custom_field` の設定を確認してください"
                )))
            }
        }
    }

    fn create(&self, event: &Event, answers: &[Response]) -> Result<Step, Refusal> {
        let Some(answer) = answers.first() else {
            return self.send(Method::Post, &["ticket"], &self.opening(event)?);
        };
        let id = http::id(&answer.json()?, "/id")?;
        Ok(Step::Created(self.ticket(id, true)?))
    }

    fn opening(&self, event: &Event) -> Result<Value, Refusal> {
        let mut keys = Map::new();
        keys.insert(self.0.custom_field.clone(), json!(event.key));
        let mut opening = json!({
            "Queue": self.0.queue,
            "Subject": event.title,
            "Content": written(event),
            "ContentType": "text/plain",
            "CustomFields": keys,
        });
        if let Some(requestor) = &self.0.requestor {
            opening["Requestor"] = json!(requestor);
        }
        if let Some(priority) = http::numbered(event.priority.as_deref())? {
            opening["Priority"] = json!(priority);
        }
        Ok(opening)
    }

    /// A comment, which those who asked are not sent.
    fn comment(
        &self,
        ticket: &Ticket,
        event: &Event,
        answers: &[Response],
    ) -> Result<Step, Refusal> {
        if !answers.is_empty() {
            return Ok(Step::Done);
        }
        let comment = json!({"Content": written(event), "ContentType": "text/plain"});
        self.send(Method::Post, &["ticket", &ticket.id, "comment"], &comment)
    }

    /// The ticket's texts, the newest first, until one of them is it.
    fn seen(&self, ticket: &Ticket, text: &str, answers: &[Response]) -> Result<Step, Refusal> {
        let Some(answer) = answers.last() else {
            return self.texts(ticket, 1);
        };
        let answer = answer.json()?;
        let texts = http::list(&answer, "/items")?;
        if texts.iter().any(|item| holds(item, text)) {
            return Ok(Step::Seen(true));
        }
        // A user who may not do everything is not told whether there are more.
        let is_full = answer.get("next_page").is_some() || texts.len() >= TEXTS_AT_ONCE;
        match is_full && answers.len() < MOST_PAGES {
            true => self.texts(ticket, answers.len() + 1),
            false => Ok(Step::Seen(false)),
        }
    }

    fn texts(&self, ticket: &Ticket, page: usize) -> Result<Step, Refusal> {
        let (page, at_once) = (page.to_string(), TEXTS_AT_ONCE.to_string());
        let query = [
            ("query", WRITTEN),
            ("fields", "Content"),
            ("orderby", "id"),
            ("order", "DESC"),
            ("per_page", &at_once),
            ("page", &page),
        ];
        self.get(&["ticket", &ticket.id, "attachments"], &query)
    }

    /// Sets a ticket's status, and does not take RT's 200 for a yes.
    fn set(&self, ticket: &Ticket, to: &str, answers: &[Response]) -> Result<Step, Refusal> {
        let path = ["ticket", ticket.id.as_str()];
        let Some(answer) = answers.first() else {
            return self.send(Method::Put, &path, &json!({"Status": to}));
        };
        let messages = messages(&answer.json()?)?;
        if messages.iter().any(|message| is_good(message)) {
            return Ok(Step::Done);
        }
        let Some(answer) = answers.get(1) else {
            return self.get(&path, &[]);
        };
        match status(&answer.json()?)? {
            now if now == to.to_lowercase() => Ok(Step::Done),
            now => {
                let (id, said) = (&ticket.id, messages.join("; "));
                Err(Refusal(twins!(
                    "ticket {id} stays '{now}' and does not become '{to}': {said}",
                    "チケット {id} は '{now}' のままで、'{to}' になりません: {said}"
                )))
            }
        }
    }

    fn get(&self, below: &[&str], query: &[(&str, &str)]) -> Result<Step, Refusal> {
        let url = http::address(&self.0.url, &path(below), query)?;
        Ok(http::get(url, self.credentials()?))
    }

    fn send(&self, method: Method, below: &[&str], body: &Value) -> Result<Step, Refusal> {
        let url = http::address(&self.0.url, &path(below), &[])?;
        Ok(http::send(method, url, self.credentials()?, body))
    }

    fn credentials(&self) -> Result<Headers, Refusal> {
        let token = self.0.token.as_ref().map(|token| token.reveal());
        let user = self.0.user.as_deref();
        let password = self.0.password.as_ref().map(|password| password.reveal());
        http::credentials(token.map(|token| format!("token {token}")), user, password)
    }
}

fn path<'p>(below: &[&'p str]) -> Vec<&'p str> {
    [&["REST", "2.0"], below].concat()
}

/// A value of TicketSQL.
fn quoted(value: &str) -> String {
    let escaped = value.replace('\\', "\\\\").replace('\'', "\\'");
    format!("'{escaped}'")
}

/// What people read: the event's text, and its marker.
fn written(event: &Event) -> String {
    http::marked(&markup::plain::text(&event.body), &event.marker())
}

/// A ticket's status in small letters, as RT keeps it whatever it is given.
fn status(ticket: &Value) -> Result<String, Refusal> {
    let status = http::at(ticket, "/Status")?.as_str();
    let status = status.filter(|status| !status.is_empty());
    status.map(str::to_lowercase).ok_or_else(|| {
        Refusal(twins!(
            "its answer lacks a ticket's status",
            "応答にチケットのステータスがありません"
        ))
    })
}

/// Whether a part of a ticket's history holds a text.
fn holds(item: &Value, text: &str) -> bool {
    let content = item.get("Content").and_then(Value::as_str);
    content.is_some_and(|content| content.contains(text))
}

/// What RT says of a change.
fn messages(answer: &Value) -> Result<Vec<String>, Refusal> {
    let messages = http::list(answer, "")?.iter();
    Ok(messages.filter_map(http::word).collect())
}

/// Whether a message says, in English, that the status is as it should be.
fn is_good(message: &str) -> bool {
    message.contains("Status changed from") || message.contains("already the current value")
}
