//! A double of Redmine 5's REST API (Redmine: "Rest Issues", and the views of 5.0).
//!
//! Searches find open issues unless they say which; a custom field or a status that does not exist
//! is passed over in silence; a wrong API key is nobody's, who may read all the same.

use std::net::SocketAddr;
use std::time::Instant;

use serde_json::{Value, json};

use super::book::{Book, Page, Seen, basic};
use super::{Answer, Deed, Desk, Request};

const API_KEY: &str = "0123456789abcdef0123456789abcdef01234567";
const PROJECT: &str = "mail";
/// The custom field's number.
const FIELD: u64 = 1;
/// Each status, its number from 1.
const STATUSES: [&str; 6] = [
    "New",
    "In Progress",
    "Resolved",
    "Feedback",
    "Closed",
    "Rejected",
];

/// See the file's head.
#[derive(Default)]
pub(crate) struct Redmine {
    book: Book,
    /// Private notes: the issue's number, and the text's place.
    private: Vec<(usize, usize)>,
}

fn is_closed(status: &str) -> bool {
    ["Closed", "Rejected"].contains(&status)
}

fn is_signed_in(request: &Request) -> bool {
    let by_key = request.header("x-redmine-api-key") == Some(API_KEY);
    let told = request.header("authorization");
    by_key
        || ["", "x", "X"]
            .iter()
            .any(|word| told == Some(&basic(API_KEY, word)))
}

fn wrong(fault: &str) -> Answer {
    Answer::json(422, &json!({"errors": [fault]}))
}

impl Redmine {
    /// How many notes of an issue are private.
    pub(crate) fn private_notes(&self, issue: &str) -> usize {
        let all = self.private.iter();
        all.filter(|(of, _)| of.to_string() == issue).count()
    }

    fn answer(&mut self, request: &Request, horizon: Instant) -> Result<Answer, Answer> {
        let knows = is_signed_in(request);
        let segments = request.segments();
        match (request.method.as_str(), segments.as_slice()) {
            ("GET", ["issues.json"]) => self.search(request, horizon),
            ("GET", ["issues", one]) => {
                let page = self.page(one)?.clone();
                let issue = self.shown(&page, request.asked("include") == Some("journals"));
                Ok(Answer::json(200, &json!({ "issue": issue })))
            }
            _ if !knows => {
                Err(Answer::empty(401).with("WWW-Authenticate", "Basic realm=\"Redmine API\""))
            }
            ("GET", ["users", "current.json"]) => {
                let user = json!({"id": 5, "login": "whymid", "api_key": API_KEY});
                Ok(Answer::json(200, &json!({ "user": user })))
            }
            ("GET", ["projects", one]) if *one == format!("{PROJECT}.json") => {
                let fields = json!([{"id": FIELD, "name": "whymid_key"}]);
                let project = json!({"identifier": PROJECT, "issue_custom_fields": fields});
                Ok(Answer::json(200, &json!({ "project": project })))
            }
            ("POST", ["issues.json"]) => self.create(&request.json()["issue"]),
            ("PUT", ["issues", one]) => self.change(one, &request.json()["issue"]),
            _ => Err(Answer::empty(404)),
        }
    }

    /// By `1.json`.
    fn page(&mut self, name: &str) -> Result<&mut Page, Answer> {
        let number = name.strip_suffix(".json").unwrap_or_default();
        self.book.get(number).ok_or_else(|| Answer::empty(404))
    }

    fn search(&self, request: &Request, horizon: Instant) -> Result<Answer, Answer> {
        if request
            .asked("project_id")
            .is_some_and(|told| told != PROJECT)
        {
            return Err(Answer::empty(404));
        }
        let found = self.book.found(horizon);
        let found = found.filter(|page| {
            let mut each = request.query.iter();
            is_wanted(&page.status, request.asked("status_id").unwrap_or("open"))
                && each.all(|(name, value)| fits(page, name, value))
        });
        let number = |name: &str| request.asked(name).and_then(|told| told.parse().ok());
        let (limit, offset) = (number("limit").unwrap_or(25), number("offset").unwrap_or(0));
        let found: Vec<&Page> = found.collect();
        let issues = found.iter().skip(offset).take(limit.min(100));
        let issues: Vec<Value> = issues.map(|page| self.shown(page, false)).collect();
        let whole = json!({
            "issues": issues, "total_count": found.len(), "offset": offset, "limit": limit,
        });
        Ok(Answer::json(200, &whole))
    }

    fn create(&mut self, told: &Value) -> Result<Answer, Answer> {
        if told["project_id"] != PROJECT && told["project_id"] != 1 {
            return Err(wrong("Project cannot be blank"));
        }
        let subject = told["subject"].as_str().unwrap_or_default();
        if subject.trim().is_empty() {
            return Err(wrong("Subject cannot be blank"));
        }
        if subject.chars().count() > 255 {
            return Err(wrong("Subject is too long (maximum is 255 characters)"));
        }
        if !told["tracker_id"].is_null() && told["tracker_id"] != 1 {
            return Err(wrong("Tracker cannot be blank"));
        }
        let fields = told["custom_fields"].as_array().into_iter().flatten();
        let own = fields.filter(|field| field["id"] == FIELD);
        let keys = own.filter_map(|field| field["value"].as_str().map(str::to_owned));
        let text = told["description"].as_str().unwrap_or_default();
        let page = self.book.open(keys.collect(), subject, "New", text).clone();
        let issue = self.shown(&page, false);
        Ok(Answer::json(201, &json!({ "issue": issue })))
    }

    fn change(&mut self, name: &str, told: &Value) -> Result<Answer, Answer> {
        let page = self.page(name)?;
        if !told.is_object() {
            return Err(Answer::empty(400));
        }
        let status = told["status_id"].as_u64().and_then(status);
        if let Some(status) = status {
            status.clone_into(&mut page.status);
        }
        let notes = told["notes"].as_str().unwrap_or_default();
        if !notes.is_empty() {
            page.texts.push(notes.to_owned());
            let place = (page.number, page.texts.len() - 1);
            if told["private_notes"] == true {
                self.private.push(place);
            }
        }
        Ok(Answer::empty(204))
    }

    fn shown(&self, page: &Page, journals: bool) -> Value {
        let at = STATUSES.iter().position(|name| *name == page.status);
        let mut issue = json!({
            "id": page.number,
            "project": {"id": 1, "name": "Mail"},
            "tracker": {"id": 1, "name": "Bug"},
            "status": {"id": at.map(|at| at + 1), "name": page.status,
                "is_closed": is_closed(&page.status)},
            "subject": page.title,
            "description": page.texts[0],
            "custom_fields": [{"id": FIELD, "name": "whymid_key", "value": page.keys.first()}],
        });
        if journals {
            let notes = page.texts.iter().enumerate().skip(1);
            let notes = notes.map(|(at, text)| {
                let private = self.private.contains(&(page.number, at));
                json!({"id": at, "notes": text, "private_notes": private, "details": []})
            });
            issue["journals"] = notes.collect::<Vec<_>>().into();
        }
        issue
    }
}

fn status(number: u64) -> Option<&'static str> {
    let number = usize::try_from(number).ok()?;
    STATUSES.get(number.checked_sub(1)?).copied()
}

/// By `status_id`.
fn is_wanted(told: &str, wanted: &str) -> bool {
    match wanted {
        "*" => true,
        "open" => !is_closed(told),
        "closed" => is_closed(told),
        number => number.parse().ok().and_then(status) == Some(told),
    }
}

/// By another parameter.
fn fits(page: &Page, name: &str, value: &str) -> bool {
    match name.strip_prefix("cf_") {
        Some(number) if number == FIELD.to_string() => page.keys.iter().any(|key| key == value),
        Some(_) | None if name == "subject" => match value.strip_prefix('~') {
            Some(part) => page.title.contains(part),
            None => page.title == value,
        },
        Some(_) | None => true,
    }
}

impl Desk for Redmine {
    fn kind(&self) -> &'static str {
        "redmine"
    }

    fn deed(&self, request: &Request) -> Deed {
        match (request.method.as_str(), request.segments().as_slice()) {
            ("GET", ["issues.json"]) => Deed::Search,
            ("GET", _) => Deed::Read,
            ("POST", _) => Deed::Create,
            _ => Deed::Change,
        }
    }

    fn serve(&mut self, request: &Request, horizon: Instant) -> Answer {
        self.answer(request, horizon)
            .unwrap_or_else(|refusal| refusal)
    }

    fn tickets(&self) -> Vec<Seen> {
        let is_open = |status: &str| !is_closed(status);
        self.book.seen(|page| page.number.to_string(), is_open)
    }

    fn target(&self, address: SocketAddr) -> Value {
        json!({
            "kind": "redmine", "url": format!("http://{address}"), "api_key": API_KEY,
            "project": PROJECT, "tracker_id": 1, "custom_field_id": FIELD,
        })
    }
}
