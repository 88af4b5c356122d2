//! What is to be done in Redmine 5, to requests of its REST API; its answers, to what came of it.
//! Source: Redmine's wiki (Rest_api, Rest_Issues), and version 5.0.4 as it was seen to
//! behave.
//!
//! The key is in a custom field of issues. Redmine passes over in silence what it does not like: a
//! wrong API key (on a public project), a filter or a value for a field that it does not have, a change
//! of status that the workflow does not allow. So each of them is looked at.

#[cfg(test)]
mod tests;

use serde_json::{Value, json};
use whymid_schemas::{Redmine, RedmineText};

use super::http::{self, Headers};
use crate::event::Event;
use crate::markup;
use crate::target::{Action, Driver, Method, Refusal, Response, Step, Ticket};

/// See the file's head.
pub(crate) struct RedmineDriver(pub(crate) Redmine);

impl Driver for RedmineDriver {
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
            Action::Close(ticket) => self.set(ticket, self.0.closed_status_id, answers),
            Action::Reopen(ticket) => self.set(ticket, self.0.reopened_status_id, answers),
        }
    }

    fn complaint(&self, body: &[u8]) -> Option<String> {
        let answer: Value = serde_json::from_slice(body).ok()?;
        let errors = answer.get("errors")?.as_array()?.iter();
        let errors: Vec<&str> = errors.filter_map(Value::as_str).collect();
        (!errors.is_empty()).then(|| errors.join("; "))
    }

    fn addresses(&self) -> Vec<(&'static str, String)> {
        vec![("url", self.0.url.clone())]
    }
}

impl RedmineDriver {
    /// Who we are, then the issues of a key.
    fn find(&self, key: &str, answers: &[Response]) -> Result<Step, Refusal> {
        let Some(answer) = answers.first() else {
            return self.get(&["users", "current.json"], &[]);
        };
        http::id(&answer.json()?, "/user/id")?;
        let Some(answer) = answers.get(1) else {
            return self.search(key);
        };
        Ok(Step::Found(self.found(&answer.json()?, key)?))
    }

    fn search(&self, key: &str) -> Result<Step, Refusal> {
        let field = format!("cf_{}", self.0.custom_field_id);
        let query = [
            ("project_id", self.0.project.as_str()),
            ("status_id", "*"),
            (&field, key),
            ("limit", "100"),
        ];
        self.get(&["issues.json"], &query)
    }

    /// Only the issues that hold the key: a filter by a field that is none is no filter.
    fn found(&self, answer: &Value, key: &str) -> Result<Vec<Ticket>, Refusal> {
        let issues = http::list(answer, "/issues")?;
        let total = answer.get("total_count").and_then(Value::as_u64);
        let holding: Vec<_> = issues.iter().filter(|one| self.holds(one, key)).collect();
        let is_filtered = holding.len() == issues.len();
        let is_cut = total.is_none_or(|total| total > issues.len() as u64);
        let has_field = issues.iter().any(|issue| self.field_of(issue).is_some());
        if !is_filtered && (is_cut || !has_field) {
            return Err(self.no_filter());
        }
        holding
            .into_iter()
            .map(|issue| self.ticket(http::id(issue, "/id")?, self.is_open(issue)?))
            .collect()
    }

    fn field_of<'i>(&self, issue: &'i Value) -> Option<&'i Value> {
        let wanted = json!(self.0.custom_field_id);
        let fields = issue.get("custom_fields").and_then(Value::as_array);
        let mut fields = fields.into_iter().flatten();
        fields.find(|field| field.get("id") == Some(&wanted))
    }

    fn holds(&self, issue: &Value, key: &str) -> bool {
        let field = self.field_of(issue);
        match field.and_then(|field| field.get("value")) {
            Some(Value::Array(values)) => values.iter().any(|value| value == key),
            Some(value) => value == key,
            None => false,
        }
    }

    fn no_filter(&self) -> Refusal {
        let field = self.0.custom_field_id;
        Refusal(twins!(
            "it does not filter by the custom field {field}: see the setting `custom_field_id`, and the \
             field's `Used as a filter`",
            "カスタムフィールド {field} で絞り込めません。`custom_field_id` の設定と、そのフィールドの「フィルタとして使用」を確認してください"
        ))
    }

    fn is_open(&self, issue: &Value) -> Result<bool, Refusal> {
        if let Some(closed) = issue.pointer("/status/is_closed").and_then(Value::as_bool) {
            return Ok(!closed);
        }
        Ok(status(issue)? != self.0.closed_status_id)
    }

    fn ticket(&self, id: String, open: bool) -> Result<Ticket, Refusal> {
        let url = http::address(&self.0.url, &["issues", &id], &[])?;
        Ok(Ticket {
            id,
            url: Some(url),
            open,
        })
    }

    fn create(&self, event: &Event, answers: &[Response]) -> Result<Step, Refusal> {
        let Some(answer) = answers.first() else {
            return self.send(Method::Post, &["issues.json"], &self.opening(event)?);
        };
        let answer = answer.json()?;
        let id = http::id(&answer, "/issue/id")?;
        match self.holds(http::at(&answer, "/issue")?, &event.key) {
            true => Ok(Step::Created(self.ticket(id, true)?)),
            // nobody can be asked before: a project does not list the fields of all projects
            false => {
                let field = self.0.custom_field_id;
                Err(Refusal(twins!(
                    "issue {id} was opened and does not hold the key: has its tracker a custom field {field} \
                     that this user may see? See the setting `custom_field_id`",
                    "作成したチケット {id} にキーがありません。トラッカーにカスタムフィールド {field} があり、このユーザーに見えるか確認してください（`custom_field_id` の設定）"
                )))
            }
        }
    }

    /// What people read: the event's text, and its marker.
    fn written(&self, event: &Event) -> String {
        let text = match self.0.text_formatting {
            RedmineText::Textile => markup::textile::text(&event.body),
            RedmineText::CommonMark => markup::commonmark::text(&event.body),
        };
        http::marked(&text, &event.marker())
    }

    fn opening(&self, event: &Event) -> Result<Value, Refusal> {
        let mut issue = json!({
            "project_id": self.0.project,
            "subject": event.title,
            "description": self.written(event),
            "custom_fields": [{"id": self.0.custom_field_id, "value": event.key}],
        });
        if let Some(tracker) = self.0.tracker_id {
            issue["tracker_id"] = json!(tracker);
        }
        if let Some(priority) = http::numbered(event.priority.as_deref())? {
            issue["priority_id"] = json!(priority);
        }
        Ok(json!({"issue": issue}))
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
        let note = json!({"notes": self.written(event), "private_notes": self.0.private_notes});
        self.change(ticket, &note)
    }

    fn seen(&self, ticket: &Ticket, text: &str, answers: &[Response]) -> Result<Step, Refusal> {
        let Some(answer) = answers.first() else {
            return self.get(&["issues", &file(ticket)], &[("include", "journals")]);
        };
        let answer = answer.json()?;
        let issue = http::at(&answer, "/issue")?;
        let journals = issue.get("journals").and_then(Value::as_array);
        let notes = journals.into_iter().flatten();
        let mut texts = notes
            .filter_map(|journal| journal.get("notes"))
            .chain(issue.get("description"))
            .filter_map(Value::as_str);
        Ok(Step::Seen(texts.any(|one| one.contains(text))))
    }

    /// Sets an issue's status, and looks whether it has it: 204 does not say so.
    fn set(&self, ticket: &Ticket, to: u64, answers: &[Response]) -> Result<Step, Refusal> {
        match answers {
            [] => self.change(ticket, &json!({"status_id": to})),
            [_] => self.get(&["issues", &file(ticket)], &[]),
            [_, answer, ..] => {
                let answer = answer.json()?;
                let now = status(http::at(&answer, "/issue")?)?;
                match now == to {
                    true => Ok(Step::Done),
                    false => Err(stays(ticket, now, to)),
                }
            }
        }
    }

    fn change(&self, ticket: &Ticket, issue: &Value) -> Result<Step, Refusal> {
        let change = json!({"issue": issue});
        self.send(Method::Put, &["issues", &file(ticket)], &change)
    }

    fn get(&self, below: &[&str], query: &[(&str, &str)]) -> Result<Step, Refusal> {
        let url = http::address(&self.0.url, below, query)?;
        Ok(http::get(url, self.credentials()))
    }

    fn send(&self, method: Method, below: &[&str], body: &Value) -> Result<Step, Refusal> {
        let url = http::address(&self.0.url, below, &[])?;
        Ok(http::send(method, url, self.credentials(), body))
    }

    fn credentials(&self) -> Headers {
        vec![("X-Redmine-API-Key", self.0.api_key.reveal().to_owned())]
    }
}

fn file(ticket: &Ticket) -> String {
    format!("{}.json", ticket.id)
}

fn status(issue: &Value) -> Result<u64, Refusal> {
    let status = http::at(issue, "/status/id")?.as_u64();
    status.ok_or_else(|| {
        Refusal(twins!(
            "its answer lacks an issue's status",
            "応答にチケットのステータスがありません"
        ))
    })
}

fn stays(ticket: &Ticket, now: u64, to: u64) -> Refusal {
    let id = &ticket.id;
    Refusal(twins!(
        "issue {id} stays in the status {now} and does not get {to}: does the workflow let this user \
         set it?",
        "チケット {id} のステータスが {now} のままで、{to} になりません。ワークフローでこのユーザーに変更が許可されているか確認してください"
    ))
}
