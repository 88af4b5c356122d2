//! Drives a double by hand, in its vendor's words: what its own tests ask with.

use std::time::Duration;

use serde_json::{Value, json};
use ureq::Agent;
use ureq::http;

use super::System;
use super::book::basic;

/// One answer.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: http::HeaderMap,
    pub(super) body: String,
}

impl Reply {
    /// The body; null where it is no JSON.
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    /// Fails unless the status is that one.
    #[track_caller]
    pub(super) fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }
}

/// Somebody who works at one double.
pub(super) struct Hand {
    agent: Agent,
    pub(super) target: Value,
    kind: String,
    url: String,
}

impl Hand {
    pub(super) fn at(system: &dyn System) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_idle_connections(0)
            .timeout_global(Some(Duration::from_secs(20)))
            .proxy(None);
        let target = system.target();
        Self {
            agent: config.build().into(),
            kind: system.kind().to_owned(),
            url: target["url"].as_str().unwrap_or_default().to_owned(),
            target,
        }
    }

    /// The same with another target's secrets.
    pub(super) fn with(self, target: Value) -> Self {
        Self { target, ..self }
    }

    fn word(&self, name: &str) -> &str {
        self.target[name].as_str().unwrap_or_default()
    }

    pub(super) fn is_cloud(&self) -> bool {
        self.word("deployment") == "cloud"
    }

    /// Who asks.
    fn signed(&self) -> (&'static str, String) {
        let authorization = match self.kind.as_str() {
            "redmine" => return ("X-Redmine-API-Key", self.word("api_key").to_owned()),
            "request_tracker" => format!("token {}", self.word("token")),
            "zammad" => format!("Token token={}", self.word("token")),
            "servicenow" => basic(self.word("user"), self.word("password")),
            "jira" if self.is_cloud() => basic(self.word("user"), self.word("token")),
            "jira" => format!("Bearer {}", self.word("token")),
            _ => return ("X-Nobody", String::new()),
        };
        ("Authorization", authorization)
    }

    /// `None` where nobody answers.
    pub(super) fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Option<Reply> {
        let body = body.map(Value::to_string);
        let (name, value) = self.signed();
        let headers = [
            ("Content-Type", "application/json".to_owned()),
            (name, value),
        ];
        self.send(method, path, &headers, body.as_deref())
    }

    pub(super) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, String)],
        body: Option<&str>,
    ) -> Option<Reply> {
        let mut request = http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let answer = match body {
            Some(body) => self.agent.run(request.body(body.to_owned()).ok()?),
            None => self.agent.run(request.body(()).ok()?),
        };
        let mut answer = answer.ok()?;
        Some(Reply {
            status: answer.status().as_u16(),
            headers: answer.headers().clone(),
            body: answer.body_mut().read_to_string().ok()?,
        })
    }

    /// With a query.
    pub(super) fn query(&self, path: &str, query: &[(&str, &str)]) -> Option<Reply> {
        let query = serde_urlencoded::to_string(query).ok()?;
        self.ask("GET", &format!("{path}?{query}"), None)
    }

    /// A text in this Jira's form.
    pub(super) fn jira_text(&self, text: &str) -> Value {
        if self.is_cloud() {
            let text = json!([{"type": "text", "text": text}]);
            let paragraph = json!([{"type": "paragraph", "content": text}]);
            return json!({"type": "doc", "version": 1, "content": paragraph});
        }
        text.into()
    }

    fn jira(&self, rest: &str) -> String {
        let version = if self.is_cloud() { 3 } else { 2 };
        format!("/rest/api/{version}/{rest}")
    }

    /// An event for a webhook, signed by its first key.
    pub(super) fn event(&self, key: &str, what: &str, revision: u32) -> Option<Reply> {
        let id = format!("{key}.{revision}");
        let event = json!({
            "specversion": "1.0", "id": id, "source": "/whymid", "subject": key,
            "type": format!("whymid.cause.{what}"), "time": "2026-11-24T10:00:00Z",
            "datacontenttype": "application/json",
            "data": {"key": key, "revision": revision, "count": 5},
        });
        self.hook(&id, &event.to_string())
    }

    pub(super) fn hook(&self, id: &str, body: &str) -> Option<Reply> {
        let secret = self.target["secrets"][0].as_str().unwrap_or_default();
        let now = jiff::Timestamp::now().as_second();
        let signer = standardwebhooks::Webhook::new(secret).ok()?;
        let headers = [
            (
                "Content-Type",
                "application/cloudevents+json; charset=utf-8".to_owned(),
            ),
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", now.to_string()),
            (
                "webhook-signature",
                signer.sign(id, now, body.as_bytes()).ok()?,
            ),
        ];
        self.send("POST", "", &headers, Some(body))
    }

    /// An event for PagerDuty.
    pub(super) fn page(&self, key: &str, action: &str, text: &str) -> Option<Reply> {
        let mut event = json!({
            "routing_key": self.target["routing_key"], "event_action": action, "dedup_key": key,
        });
        if action == "trigger" {
            event["payload"] = json!({"summary": text, "source": "esa01", "severity": "error",
                "timestamp": "2026-11-24T10:00:00Z", "custom_details": {"count": 5}});
        }
        self.ask("POST", "", Some(&event))
    }

    /// Opens a ticket.
    pub(super) fn create(&self, key: &str, text: &str) -> Option<Reply> {
        let (path, body) = match self.kind.as_str() {
            "webhook" => return self.event(key, "opened", 1),
            "pagerduty" => return self.page(key, "trigger", text),
            "request_tracker" => (
                "/REST/2.0/ticket".to_owned(),
                json!({"Queue": "Mail", "Subject": "mail is late", "Content": text,
                    "ContentType": "text/plain", "CustomFields": {"whymid_key": key}}),
            ),
            "redmine" => (
                "/issues.json".to_owned(),
                json!({"issue": {"project_id": "mail", "tracker_id": 1, "subject": "mail is late",
                    "description": text, "custom_fields": [{"id": 1, "value": key}]}}),
            ),
            "jira" => (
                self.jira("issue"),
                json!({"fields": {"project": {"key": "MAIL"}, "issuetype": {"name": "Task"},
                    "summary": "mail is late", "labels": ["whymid", key],
                    "description": self.jira_text(text)}}),
            ),
            "servicenow" => (
                "/api/now/table/incident".to_owned(),
                json!({"short_description": "mail is late", "description": text,
                    "correlation_id": key, "caller_id": "helpdesk"}),
            ),
            _ => ("/api/v1/tickets".to_owned(), self.zammad_ticket(key, text)),
        };
        self.ask("POST", &path, Some(&body))
    }

    fn zammad_ticket(&self, key: &str, text: &str) -> Value {
        let mut ticket = json!({"title": "mail is late", "group": "Mail",
            "customer_id": "guess:helpdesk@mail.example",
            "article": {"body": text, "content_type": "text/html", "type": "note"}});
        match self.target["attribute"].as_str() {
            Some(name) => ticket[name] = key.into(),
            None => ticket["tags"] = format!("whymid,{key}").into(),
        }
        ticket
    }

    /// Looks for a key's tickets; `None` where the system can't be asked that.
    pub(super) fn find(&self, key: &str) -> Option<Reply> {
        match self.kind.as_str() {
            "request_tracker" => {
                let query = format!("Queue = 'Mail' AND CF.{{whymid_key}} = '{key}'");
                let query = [("query", query.as_str()), ("fields", "Status")];
                self.query("/REST/2.0/tickets", &query)
            }
            "redmine" => {
                let query = [("project_id", "mail"), ("status_id", "*"), ("cf_1", key)];
                self.query("/issues.json", &query)
            }
            "jira" => {
                let jql = format!("project = MAIL AND labels = \"{key}\" ORDER BY created ASC");
                let path = if self.is_cloud() {
                    "search/jql"
                } else {
                    "search"
                };
                let body = json!({"jql": jql, "fields": ["status"]});
                self.ask("POST", &self.jira(path), Some(&body))
            }
            "servicenow" => {
                let query = format!("correlation_id={key}^ORDERBYnumber");
                let query = [
                    ("sysparm_query", query.as_str()),
                    ("sysparm_fields", "sys_id,state"),
                ];
                self.query("/api/now/table/incident", &query)
            }
            "zammad" => {
                let name = self.target["attribute"].as_str().unwrap_or("tags");
                let query = format!("{name}:\"{key}\"");
                self.query("/api/v1/tickets/search", &[("query", query.as_str())])
            }
            _ => None,
        }
    }

    /// How many tickets an answer to [`Hand::find`] names.
    pub(super) fn count(&self, found: &Reply) -> usize {
        let found = found.json();
        let lists = ["items", "issues", "result", "tickets"];
        let list = lists.iter().find_map(|name| found[*name].as_array());
        list.or(found.as_array()).expect("a list of tickets").len()
    }

    /// Adds a comment.
    pub(super) fn comment(&self, id: &str, key: &str, text: &str) -> Option<Reply> {
        let (method, path, body) = match self.kind.as_str() {
            "webhook" => return self.event(key, "recurred", 2),
            "pagerduty" => return self.page(key, "trigger", text),
            "request_tracker" => (
                "POST",
                format!("/REST/2.0/ticket/{id}/comment"),
                json!({"Content": text, "ContentType": "text/plain"}),
            ),
            "redmine" => (
                "PUT",
                format!("/issues/{id}.json"),
                json!({"issue": {"notes": text, "private_notes": true}}),
            ),
            "jira" => (
                "POST",
                self.jira(&format!("issue/{id}/comment")),
                json!({"body": self.jira_text(text)}),
            ),
            "servicenow" => (
                "PATCH",
                format!("/api/now/table/incident/{id}"),
                json!({"work_notes": text}),
            ),
            _ => (
                "POST",
                "/api/v1/ticket_articles".to_owned(),
                json!({"ticket_id": id.parse::<u64>().ok()?, "body": text, "internal": true}),
            ),
        };
        self.ask(method, &path, Some(&body))
    }

    /// Closes a ticket, or opens it again.
    pub(super) fn turn(&self, id: &str, key: &str, open: bool) -> Option<Reply> {
        let (method, path, body) = match self.kind.as_str() {
            "webhook" if open => return self.event(key, "opened", 4),
            "webhook" => return self.event(key, "resolved", 3),
            "pagerduty" if open => return self.page(key, "trigger", "back"),
            "pagerduty" => return self.page(key, "resolve", ""),
            "request_tracker" => (
                "PUT",
                format!("/REST/2.0/ticket/{id}"),
                json!({"Status": if open { "open" } else { "resolved" }}),
            ),
            "redmine" => (
                "PUT",
                format!("/issues/{id}.json"),
                json!({"issue": {"status_id": if open { 1 } else { 5 }}}),
            ),
            "jira" => (
                "POST",
                self.jira(&format!("issue/{id}/transitions")),
                json!({"transition": {"id": if open { "11" } else { "31" }}}),
            ),
            "servicenow" => (
                "PATCH",
                format!("/api/now/table/incident/{id}"),
                json!({"state": if open { "2" } else { "6" }, "close_code": "Resolved by caller",
                    "close_notes": "gone"}),
            ),
            _ => (
                "PUT",
                format!("/api/v1/tickets/{id}"),
                json!({"state": if open { "open" } else { "closed" }}),
            ),
        };
        self.ask(method, &path, Some(&body))
    }
}
