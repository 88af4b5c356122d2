//! What is to be done in ServiceNow, to requests of its Table API; its answers, to what came of it.
//! Source: ServiceNow's documentation of the Table API; none of this was seen against an instance.
//!
//! The key is a record's `correlation_id`. ServiceNow passes over in silence a condition on a field
//! that a table does not have, and a change that a rule does not allow: so the records that it finds are
//! looked at, and the state that it answers a change with.

#[cfg(test)]
mod tests;

use serde_json::{Value, json};
use whymid_schemas::Servicenow;

use super::http::{self, Headers};
use crate::event::Event;
use crate::markup;
use crate::target::{Action, Driver, Method, Refusal, Response, Step, Ticket};

/// Letters that a `short_description` has room for.
const TITLE: usize = 160;
/// The states of incidents that are resolved or closed, as they are delivered.
const CLOSED_INCIDENTS: [&str; 2] = ["6", "7"];

/// See the file's head.
pub(crate) struct ServicenowDriver(pub(crate) Servicenow);

impl Driver for ServicenowDriver {
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
            Action::Close(ticket) => self.close(ticket, answers),
            Action::Reopen(ticket) => self.reopen(ticket, answers),
        }
    }

    fn complaint(&self, body: &[u8]) -> Option<String> {
        let message = http::said(body, &["/error/message"]);
        let detail = http::said(body, &["/error/detail"]);
        match (message, detail) {
            (Some(message), Some(detail)) => Some(format!("{message}: {detail}")),
            (message, detail) => message.or(detail),
        }
    }

    fn addresses(&self) -> Vec<(&'static str, String)> {
        vec![("url", self.0.url.clone())]
    }
}

impl ServicenowDriver {
    fn find(&self, key: &str, answers: &[Response]) -> Result<Step, Refusal> {
        let Some(answer) = answers.first() else {
            return self.search(key);
        };
        let answer = answer.json()?;
        let records = http::list(&answer, "/result")?.iter();
        let found = records
            .filter(|record| text(record, "correlation_id").as_deref() == Some(key))
            .map(|record| self.ticket(record, self.is_open(record)?))
            .collect::<Result<_, _>>()?;
        Ok(Step::Found(found))
    }

    fn search(&self, key: &str) -> Result<Step, Refusal> {
        let condition = format!("correlation_id={}", escaped(key));
        let query = [
            ("sysparm_query", condition.as_str()),
            (
                "sysparm_fields",
                "sys_id,number,state,active,correlation_id",
            ),
            ("sysparm_limit", "100"),
        ];
        self.get(&[&self.0.table], &query)
    }

    /// A resolved incident is active still: so its state says, and `active` where that does not.
    fn is_open(&self, record: &Value) -> Result<bool, Refusal> {
        let state = state(record)?;
        let is_closed = state == self.0.resolved_state
            || self.0.table == "incident" && CLOSED_INCIDENTS.contains(&state.as_str());
        let is_inactive = match record.get("active") {
            Some(Value::Bool(active)) => !active,
            _ => text(record, "active").as_deref() == Some("false"),
        };
        Ok(!is_closed && !is_inactive)
    }

    fn ticket(&self, record: &Value, open: bool) -> Result<Ticket, Refusal> {
        let id = http::id(record, "/sys_id")?;
        let page = format!("{}.do?sys_id={id}", self.0.table);
        let url = http::address(&self.0.url, &["nav_to.do"], &[("uri", &page)])?;
        Ok(Ticket {
            id,
            url: Some(url),
            open,
        })
    }

    fn create(&self, event: &Event, answers: &[Response]) -> Result<Step, Refusal> {
        let Some(answer) = answers.first() else {
            return self.send(Method::Post, &[&self.0.table], &self.opening(event)?);
        };
        let answer = answer.json()?;
        let record = http::at(&answer, "/result")?;
        Ok(Step::Created(self.ticket(record, true)?))
    }

    fn opening(&self, event: &Event) -> Result<Value, Refusal> {
        let mut opening = json!({
            "short_description": shortened(&event.title),
            "description": written(event),
            "correlation_id": event.key,
            "correlation_display": "whymid",
        });
        if let Some(group) = &self.0.assignment_group {
            opening["assignment_group"] = json!(group);
        }
        if let Some(caller) = &self.0.caller_id {
            opening["caller_id"] = json!(caller);
        }
        if let Some(priority) = &event.priority {
            let (urgency, impact) = urgency_and_impact(priority)?;
            opening["urgency"] = json!(urgency.to_string());
            opening["impact"] = json!(impact.to_string());
        }
        Ok(opening)
    }

    /// A work note, which the caller is not shown.
    fn comment(
        &self,
        ticket: &Ticket,
        event: &Event,
        answers: &[Response],
    ) -> Result<Step, Refusal> {
        if !answers.is_empty() {
            return Ok(Step::Done);
        }
        self.change(ticket, &json!({"work_notes": written(event)}))
    }

    /// The description and, in the form for people, the work notes; then the notes where they are kept,
    /// which not every user may see.
    fn seen(&self, ticket: &Ticket, text: &str, answers: &[Response]) -> Result<Step, Refusal> {
        match answers {
            [] => self.get(&[&self.0.table, &ticket.id], &AS_SHOWN),
            [record] if holds(&record.json()?, text)? => Ok(Step::Seen(true)),
            [_] => self.notes(ticket),
            [_, notes, ..] => Ok(Step::Seen(holds(&notes.json()?, text)?)),
        }
    }

    fn notes(&self, ticket: &Ticket) -> Result<Step, Refusal> {
        let condition = format!(
            "element_id={}^element=work_notes^ORDERBYDESCsys_created_on",
            escaped(&ticket.id)
        );
        let query = [
            ("sysparm_query", condition.as_str()),
            ("sysparm_fields", "value"),
            ("sysparm_limit", "50"),
        ];
        self.get(&["sys_journal_field"], &query)
    }

    fn close(&self, ticket: &Ticket, answers: &[Response]) -> Result<Step, Refusal> {
        let state = &self.0.resolved_state;
        let change = json!({
            "state": state,
            "close_code": self.0.close_code,
            "close_notes": CLOSE_NOTES,
        });
        self.set(ticket, state, &change, answers)
    }

    fn reopen(&self, ticket: &Ticket, answers: &[Response]) -> Result<Step, Refusal> {
        let state = &self.0.reopened_state;
        self.set(ticket, state, &json!({"state": state}), answers)
    }

    /// Changes a record's state, and looks whether the answer has it.
    fn set(
        &self,
        ticket: &Ticket,
        to: &str,
        change: &Value,
        answers: &[Response],
    ) -> Result<Step, Refusal> {
        let Some(answer) = answers.first() else {
            return self.change(ticket, change);
        };
        let answer = answer.json()?;
        match state(http::at(&answer, "/result")?)? {
            now if now == to => Ok(Step::Done),
            now => {
                let id = &ticket.id;
                Err(Refusal(twins!(
                    "record {id} stays in the state {now} and does not get {to}: may this user set it?",
                    "レコード {id} の状態が {now} のままで、{to} になりません。このユーザーに変更の権限があるか確認してください"
                )))
            }
        }
    }

    fn change(&self, ticket: &Ticket, change: &Value) -> Result<Step, Refusal> {
        self.send(Method::Patch, &[&self.0.table, &ticket.id], change)
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
        http::credentials(token.map(http::bearer), user, password)
    }
}

/// What a record is asked for so that its journals come with it.
const AS_SHOWN: [(&str, &str); 2] = [
    ("sysparm_fields", "description,work_notes"),
    ("sysparm_display_value", "true"),
];

fn path<'p>(below: &[&'p str]) -> Vec<&'p str> {
    [&["api", "now", "table"], below].concat()
}

/// A value of an encoded query, in which `^` parts the conditions.
fn escaped(value: &str) -> String {
    value.replace('^', "^^")
}

/// Whoever closes a record says why; the texts of the cause are in the work notes.
const CLOSE_NOTES: &str =
    "The cause is gone; see the work notes. / 原因は解消しました。作業メモを参照してください。";

/// `2/1` to urgency 2 and impact 1; `2` to 2 and 2.
fn urgency_and_impact(priority: &str) -> Result<(u64, u64), Refusal> {
    let (urgency, impact) = priority.split_once('/').unwrap_or((priority, priority));
    match (urgency.trim().parse(), impact.trim().parse()) {
        (Ok(urgency), Ok(impact)) => Ok((urgency, impact)),
        _ => Err(Refusal(twins!(
            "`priorities` has to name urgency and impact here, such as `2/2`, or one number for \
             both, and {priority:?} is neither",
            "`priorities` には緊急度と影響度を `2/2` のように、または両方に使う数値を 1 つ指定してください。{priority:?} はどちらでもありません"
        ))),
    }
}

/// ServiceNow cuts a long title off without a word.
fn shortened(title: &str) -> String {
    if title.chars().count() <= TITLE {
        return title.to_owned();
    }
    let kept: String = title.chars().take(TITLE - 1).collect();
    format!("{}…", kept.trim_end())
}

/// What people read: the event's text, and its marker.
fn written(event: &Event) -> String {
    http::marked(&markup::plain::text(&event.body), &event.marker())
}

/// A member of a record.
fn text(record: &Value, name: &str) -> Option<String> {
    record.get(name).and_then(http::word)
}

fn state(record: &Value) -> Result<String, Refusal> {
    text(record, "state").ok_or_else(|| {
        Refusal(twins!(
            "its answer lacks a record's state",
            "応答にレコードの状態がありません"
        ))
    })
}

/// Whether a text of a record, or of one of several, holds a text.
fn holds(answer: &Value, text: &str) -> Result<bool, Refusal> {
    let result = http::at(answer, "/result")?;
    let holds = |record: &Value| {
        let members = record.as_object().into_iter().flatten();
        let mut texts = members.filter_map(|(_, value)| value.as_str());
        texts.any(|one| one.contains(text))
    };
    match (result.is_object(), result.as_array()) {
        (true, _) => Ok(holds(result)),
        (false, Some(records)) => Ok(records.iter().any(holds)),
        (false, None) => Err(Refusal(twins!(
            "its answer has no records",
            "応答にレコードがありません"
        ))),
    }
}
