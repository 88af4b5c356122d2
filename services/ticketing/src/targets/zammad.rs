//! What is to be done in Zammad, to requests of its REST API; its answers, to what came of it.
//! Source: Zammad's documentation (api/ticket, api/general); none of this was seen against a server.
//!
//! The key is in an attribute of tickets that an administrator made, or else a tag. Zammad's search
//! follows an index that lags, answers in one of two forms, and may leave a ticket's state out: what it
//! leaves out is asked for.

#[cfg(test)]
mod tests;

use serde_json::{Value, json};
use whymid_schemas::Zammad;

use super::http::{self, Headers};
use crate::event::Event;
use crate::markup;
use crate::target::{Action, Driver, Method, Refusal, Response, Step, Ticket};

/// What a ticket is called that became a part of another one.
const MERGED: &str = "merged";

/// See the file's head.
pub(crate) struct ZammadDriver(pub(crate) Zammad);

impl Driver for ZammadDriver {
    fn finds(&self) -> bool {
        true
    }

    fn settles_in(&self) -> i64 {
        30
    }

    fn step(&self, action: &Action<'_>, answers: &[Response]) -> Result<Step, Refusal> {
        match action {
            Action::Find(key) => self.find(key, answers),
            Action::Create(event) => self.create(event, answers),
            Action::Comment(ticket, event) => self.comment(ticket, event, answers),
            Action::Seen(ticket, text) => self.seen(ticket, text, answers),
            Action::Close(ticket) => self.set(ticket, &self.0.closed_state, answers),
            Action::Reopen(ticket) => self.set(ticket, &self.0.reopened_state, answers),
        }
    }

    fn complaint(&self, body: &[u8]) -> Option<String> {
        http::said(body, &["/error_human", "/error"])
    }

    fn addresses(&self) -> Vec<(&'static str, String)> {
        vec![("url", self.0.url.clone())]
    }
}

impl ZammadDriver {
    /// The search, and then every ticket that it does not say enough of.
    fn find(&self, key: &str, answers: &[Response]) -> Result<Step, Refusal> {
        let Some((search, asked)) = answers.split_first() else {
            return self.search(key);
        };
        let mut asked = asked.iter();
        let mut found = Vec::new();
        for (id, told) in hits(&search.json()?)? {
            let ticket = match told.filter(|ticket| self.is_enough(ticket)) {
                Some(ticket) => ticket,
                None => match asked.next() {
                    Some(answer) => answer.json()?,
                    None => return self.get(&["tickets", &id], &[("expand", "true")]),
                },
            };
            found.extend(self.found(id, &ticket, key)?);
        }
        Ok(Step::Found(found))
    }

    fn search(&self, key: &str) -> Result<Step, Refusal> {
        let name = self.0.attribute.as_deref().unwrap_or("tags");
        let wanted = format!("{name}:{}", quoted(key));
        let query = [
            ("query", wanted.as_str()),
            ("limit", "10"),
            ("expand", "true"),
        ];
        self.get(&["tickets", "search"], &query)
    }

    /// Whether a ticket's state is told, and what shows that it has the key.
    fn is_enough(&self, ticket: &Value) -> bool {
        let attribute = self.0.attribute.as_deref();
        ticket.get("state").is_some_and(Value::is_string)
            && attribute.is_none_or(|name| ticket.get(name).is_some())
    }

    /// A ticket, unless it does not have the key or has become a part of another one.
    fn found(&self, id: String, ticket: &Value, key: &str) -> Result<Option<Ticket>, Refusal> {
        let state = http::at(ticket, "/state")?.as_str();
        let state = state.ok_or_else(|| {
            Refusal(twins!(
                "its answer lacks a ticket's state",
                "応答にチケットの状態がありません"
            ))
        })?;
        let is_of_another = self
            .0
            .attribute
            .as_ref()
            .is_some_and(|name| ticket.get(name).and_then(Value::as_str) != Some(key));
        match is_of_another || state == MERGED {
            true => Ok(None),
            false => self.ticket(id, self.is_open(state)).map(Some),
        }
    }

    fn is_open(&self, state: &str) -> bool {
        state != "closed" && state != self.0.closed_state
    }

    fn ticket(&self, id: String, open: bool) -> Result<Ticket, Refusal> {
        let base = http::address(&self.0.url, &[], &[])?;
        let url = format!("{}/#ticket/zoom/{id}", base.trim_end_matches('/'));
        Ok(Ticket {
            id,
            url: Some(url),
            open,
        })
    }

    fn create(&self, event: &Event, answers: &[Response]) -> Result<Step, Refusal> {
        let Some(answer) = answers.first() else {
            return self.send(Method::Post, &["tickets"], &self.opening(event));
        };
        let id = http::id(&answer.json()?, "/id")?;
        Ok(Step::Created(self.ticket(id, true)?))
    }

    /// A ticket whose first article is a note among agents: nobody is mailed.
    fn opening(&self, event: &Event) -> Value {
        let mut opening = json!({
            "title": event.title,
            "group": self.0.group,
            "customer_id": format!("guess:{}", self.0.customer),
            "article": note(event),
        });
        opening["article"]["subject"] = json!(event.title);
        let keeps_key = self.0.attribute.as_deref().unwrap_or("tags");
        opening[keeps_key] = json!(event.key);
        if let Some(priority) = event.priority.as_deref() {
            match priority.parse::<u64>() {
                Ok(number) => opening["priority_id"] = json!(number),
                Err(_) => opening["priority"] = json!(priority),
            }
        }
        opening
    }

    fn comment(
        &self,
        ticket: &Ticket,
        event: &Event,
        answers: &[Response],
    ) -> Result<Step, Refusal> {
        if !answers.is_empty() {
            return Ok(Step::Done);
        }
        let mut article = note(event);
        article["ticket_id"] = json!(ticket.id);
        self.send(Method::Post, &["ticket_articles"], &article)
    }

    fn seen(&self, ticket: &Ticket, text: &str, answers: &[Response]) -> Result<Step, Refusal> {
        let Some(answer) = answers.first() else {
            return self.get(&["ticket_articles", "by_ticket", &ticket.id], &[]);
        };
        let answer = answer.json()?;
        let mut articles = http::list(&answer, "")?.iter();
        let is_seen = articles.any(|article| {
            let body = article.get("body").and_then(Value::as_str);
            body.is_some_and(|body| body.contains(text))
        });
        Ok(Step::Seen(is_seen))
    }

    fn set(&self, ticket: &Ticket, to: &str, answers: &[Response]) -> Result<Step, Refusal> {
        if !answers.is_empty() {
            return Ok(Step::Done);
        }
        self.send(Method::Put, &["tickets", &ticket.id], &json!({"state": to}))
    }

    fn get(&self, below: &[&str], query: &[(&str, &str)]) -> Result<Step, Refusal> {
        let url = http::address(&self.0.url, &path(below), query)?;
        Ok(http::get(url, self.credentials()))
    }

    fn send(&self, method: Method, below: &[&str], body: &Value) -> Result<Step, Refusal> {
        let url = http::address(&self.0.url, &path(below), &[])?;
        Ok(http::send(method, url, self.credentials(), body))
    }

    fn credentials(&self) -> Headers {
        let token = format!("Token token={}", self.0.token.reveal());
        vec![("Authorization", token)]
    }
}

fn path<'p>(below: &[&'p str]) -> Vec<&'p str> {
    [&["api", "v1"], below].concat()
}

/// A phrase of a search.
fn quoted(value: &str) -> String {
    let escaped = value.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{escaped}\"")
}

/// The ids that a search found, each with what it tells of the ticket: a list of tickets, or ids with
/// what belongs to them beside.
fn hits(answer: &Value) -> Result<Vec<(String, Option<Value>)>, Refusal> {
    if let Some(tickets) = answer.as_array() {
        let tickets = tickets.iter();
        return tickets
            .map(|ticket| Ok((http::id(ticket, "/id")?, Some(ticket.clone()))))
            .collect();
    }
    let beside = answer.pointer("/assets/Ticket");
    let ids = http::list(answer, "/tickets")?.iter();
    ids.map(|id| {
        let id = http::id(id, "")?;
        let ticket = beside.and_then(|beside| beside.get(&id)).cloned();
        Ok((id, ticket))
    })
    .collect()
}

/// A note among agents: the event's text, and its marker.
fn note(event: &Event) -> Value {
    let text = markup::html::text(&event.body);
    json!({
        "body": http::marked(&text, &format!("<p>{}</p>", event.marker())),
        "content_type": "text/html",
        "type": "note",
        "internal": true,
    })
}
