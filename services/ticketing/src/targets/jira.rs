//! Jira: Cloud by REST v3, Server and Data Center by REST v2.
//!
//! The cause's key is a label of its issue: labels can be searched for without an app of ours. The
//! search of Cloud lags behind, so an issue found must show the label itself before it is believed.
//! Texts are documents on Cloud and wiki markup on a server; each ends with the event's marker.
//! Source: Atlassian's REST documentation; not tried on either product.

use serde_json::{Value, json};
use whymid_schemas::{Jira, JiraKind};

use super::http;
use crate::event::Event;
use crate::markup::tree::one_line;
use crate::markup::{adf, wiki};
use crate::target::{Action, Driver, Method, Refusal, Response, Step, Ticket};

mod answers;

/// The most characters of a summary.
const SUMMARY: usize = 255;
/// The most issues and comments looked at.
const PAGE: u32 = 50;

/// See the file's head.
pub(crate) struct JiraDriver(pub(crate) Jira);

/// Where an issue is to be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Done,
    NotDone,
}

impl Driver for JiraDriver {
    fn finds(&self) -> bool {
        true
    }

    fn settles_in(&self) -> i64 {
        match self.0.deployment {
            JiraKind::Cloud => 30,
            JiraKind::Server => 10,
        }
    }

    fn step(&self, action: &Action<'_>, answers: &[Response]) -> Result<Step, Refusal> {
        match action {
            Action::Find(key) => self.find(key, answers),
            Action::Create(event) => self.create(event, answers),
            Action::Comment(ticket, event) => self.comment(ticket, event, answers),
            Action::Seen(ticket, text) => self.seen(ticket, text, answers),
            Action::Close(ticket) => self.transition(ticket, Wanted::Done, answers),
            Action::Reopen(ticket) => self.transition(ticket, Wanted::NotDone, answers),
        }
    }

    fn complaint(&self, body: &[u8]) -> Option<String> {
        answers::complaint(body)
    }

    fn addresses(&self) -> Vec<(&'static str, String)> {
        vec![("url", self.0.url.clone())]
    }
}

impl JiraDriver {
    fn find(&self, key: &str, answers: &[Response]) -> Result<Step, Refusal> {
        if let Some(answer) = answers.first() {
            let found = answers::found(&answer.json()?, key)?;
            let tickets = found.into_iter().map(|(id, open)| self.ticket(id, open));
            return Ok(Step::Found(tickets.collect()));
        }
        let jql = format!(
            "project = {} AND labels = {} ORDER BY created ASC",
            quoted(&self.0.project),
            quoted(key)
        );
        let path = match self.0.deployment {
            JiraKind::Cloud => "/search/jql",
            JiraKind::Server => "/search",
        };
        let search = json!({ "jql": jql, "fields": ["status", "labels"], "maxResults": PAGE });
        Ok(self.send(path, Some(&search)))
    }

    fn create(&self, event: &Event, answers: &[Response]) -> Result<Step, Refusal> {
        if let Some(answer) = answers.first() {
            let id = answers::key(&answer.json()?)?;
            return Ok(Step::Created(self.ticket(id, true)));
        }
        let summary: String = one_line(&event.title).chars().take(SUMMARY).collect();
        let mut issue = json!({
            "fields": {
                "project": { "key": self.0.project },
                "issuetype": { "name": self.0.issue_type },
                "summary": summary,
                "labels": [event.key],
                "description": self.text(event),
            },
            "properties": [{ "key": "whymid.dedup", "value": { "key": event.key } }],
        });
        if let Some(priority) = &event.priority {
            issue["fields"]["priority"] = json!({ "name": priority });
        }
        Ok(self.send("/issue", Some(&issue)))
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
        let comment = json!({ "body": self.text(event) });
        Ok(self.send(&issue(ticket, "/comment")?, Some(&comment)))
    }

    /// The newest comments first: the marker is looked for soon after it was written.
    fn seen(&self, ticket: &Ticket, text: &str, answers: &[Response]) -> Result<Step, Refusal> {
        if let Some(last) = answers.last() {
            let seen = answers::holds(&last.json()?, text);
            if seen || answers.len() > 1 {
                return Ok(Step::Seen(seen));
            }
            return Ok(self.send(&issue(ticket, "?fields=description")?, None));
        }
        let newest = format!("/comment?orderBy=-created&maxResults={PAGE}");
        Ok(self.send(&issue(ticket, &newest)?, None))
    }

    fn transition(
        &self,
        ticket: &Ticket,
        wanted: Wanted,
        answers: &[Response],
    ) -> Result<Step, Refusal> {
        match answers {
            [] => Ok(self.send(&issue(ticket, "?fields=status")?, None)),
            [status] if answers::is_there(&status.json()?, wanted) => Ok(Step::Done),
            [_] => Ok(self.send(&issue(ticket, "/transitions")?, None)),
            [_, offered] => {
                let id = answers::chosen(&offered.json()?, wanted, self.named(wanted))?;
                let chosen = json!({ "transition": { "id": id } });
                Ok(self.send(&issue(ticket, "/transitions")?, Some(&chosen)))
            }
            [..] => Ok(Step::Done),
        }
    }

    fn named(&self, wanted: Wanted) -> Option<&str> {
        match wanted {
            Wanted::Done => self.0.done_transition.as_deref(),
            Wanted::NotDone => self.0.reopen_transition.as_deref(),
        }
    }

    /// The body, and the marker as a paragraph of its own.
    fn text(&self, event: &Event) -> Value {
        match self.0.deployment {
            JiraKind::Server => {
                let marker = wiki::escape(&event.marker());
                json!(format!("{}\n\n{marker}", wiki::text(&event.body)))
            }
            JiraKind::Cloud => {
                let mut document = adf::document(&event.body);
                if let Some(content) = document["content"].as_array_mut() {
                    content.push(adf::paragraph(&event.marker()));
                }
                document
            }
        }
    }

    fn ticket(&self, id: String, open: bool) -> Ticket {
        let url = format!("{}/browse/{id}", self.base());
        Ticket {
            id,
            url: Some(url),
            open,
        }
    }

    fn base(&self) -> &str {
        self.0.url.trim_end_matches('/')
    }

    /// A request: with a body it posts that.
    fn send(&self, path: &str, body: Option<&Value>) -> Step {
        let version = match self.0.deployment {
            JiraKind::Cloud => 3,
            JiraKind::Server => 2,
        };
        let url = format!("{}/rest/api/{version}{path}", self.base());
        let credentials = vec![("Authorization", self.authorization())];
        match body {
            Some(body) => http::send(Method::Post, url, credentials, body),
            None => http::get(url, credentials),
        }
    }

    fn authorization(&self) -> String {
        let token = self.0.token.reveal();
        match &self.0.user {
            Some(user) => http::basic(user, token),
            None => http::bearer(token),
        }
    }
}

/// A text of JQL.
fn quoted(text: &str) -> String {
    let text = one_line(text).replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{text}\"")
}

/// A path of an issue; an id that is none leads nowhere.
fn issue(ticket: &Ticket, rest: &str) -> Result<String, Refusal> {
    if !answers::is_key(&ticket.id) {
        let id = one_line(&ticket.id);
        return Err(Refusal(twins!(
            "`{id}` is no key of an issue",
            "`{id}` は課題キーではありません"
        )));
    }
    Ok(format!("/issue/{}{rest}", ticket.id))
}

#[cfg(test)]
mod tests;
