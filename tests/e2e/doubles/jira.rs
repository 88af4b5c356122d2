//! A double of Jira: Cloud by REST v3, Server and Data Center by REST v2 (Atlassian: "The Jira Cloud
//! platform REST API", "JIRA Server platform REST API reference").
//!
//! Cloud takes texts as documents only, has no `/search` any more, and its `/search/jql` answers
//! with ids alone unless fields are named.

use std::net::SocketAddr;
use std::time::Instant;

use serde_json::{Map, Value, json};

use super::book::{Book, Page, Seen, basic, is_one_of};
use super::jira_fields::{check, faulty, labels, wrong};
use super::{Answer, Deed, Desk, Request, adf, jql};

/// The one project.
pub(super) const PROJECT: &str = "MAIL";
const USER: &str = "bot@mail.example";
const TOKEN: &str = "invented-jira-token";
/// The longest text.
const LONGEST: usize = 32_767;

/// Each transition: its id, its name, the status that it leads to, and that one's category.
const WORKFLOW: [(&str, &str, &str, &str); 3] = [
    ("11", "Back to do", "To Do", "new"),
    ("21", "Start", "In Progress", "indeterminate"),
    ("31", "Finish", "Done", "done"),
];

/// See the file's head.
pub(crate) struct Jira {
    cloud: bool,
    book: Book,
    /// Issue properties: the issue's number, the name, the value.
    properties: Vec<(usize, String, Value)>,
}

impl Jira {
    pub(crate) fn cloud() -> Self {
        Self::of(true)
    }

    pub(crate) fn server() -> Self {
        Self::of(false)
    }

    fn of(cloud: bool) -> Self {
        Self {
            cloud,
            book: Book::default(),
            properties: Vec::new(),
        }
    }

    fn version(&self) -> &'static str {
        if self.cloud { "3" } else { "2" }
    }

    fn is_signed_in(&self, request: &Request) -> bool {
        let mut allowed = vec![basic(USER, TOKEN)];
        if !self.cloud {
            allowed.push(format!("Bearer {TOKEN}"));
        }
        is_one_of(request, &allowed)
    }

    /// The words of a text in this Jira's form.
    fn text(&self, field: &str, told: &Value) -> Result<String, Answer> {
        let words = match told.as_str() {
            Some(text) if !self.cloud => text.to_owned(),
            _ if self.cloud => match adf::fault(told) {
                None => adf::words(told),
                Some(fault) => return Err(wrong(field, &fault)),
            },
            Some(_) | None => return Err(wrong(field, "Operation value must be a string")),
        };
        if words.chars().count() > LONGEST {
            let long = "The entered text is too long. It exceeds the allowed limit of 32,767.";
            return Err(wrong(field, long));
        }
        Ok(words)
    }

    /// Words in this Jira's form.
    fn shown(&self, words: &str) -> Value {
        if !self.cloud || words.is_empty() {
            return words.into();
        }
        let text = json!([{"type": "text", "text": words}]);
        json!({"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": text}]})
    }

    fn create(&mut self, told: &Value) -> Result<Answer, Answer> {
        let Some(fields) = told["fields"].as_object() else {
            return Err(wrong("fields", "fields are missing"));
        };
        check(fields)?;
        let text = match fields.get("description") {
            None | Some(Value::Null) => String::new(),
            Some(text) => self.text("description", text)?,
        };
        let labels = labels(fields.get("labels"))?;
        let summary = fields["summary"].as_str().unwrap_or_default();
        let number = self.book.open(labels, summary, "To Do", &text).number;
        for one in told["properties"].as_array().into_iter().flatten() {
            let name = one["key"].as_str().unwrap_or_default().to_owned();
            self.properties.push((number, name, one["value"].clone()));
        }
        let key = format!("{PROJECT}-{number}");
        let made = json!({"id": (10_000 + number).to_string(), "key": key, "self": place(&key)});
        Ok(Answer::json(201, &made))
    }

    fn search(&self, request: &Request, horizon: Instant) -> Result<Answer, Answer> {
        let told = request.json();
        let text = told["jql"].as_str().or(request.asked("jql"));
        let query = jql::parse(text.unwrap_or_default()).map_err(|fault| faulty(400, &fault))?;
        if query.project.as_deref().is_some_and(|name| name != PROJECT) {
            return Err(faulty(
                400,
                "The value does not exist for the field 'project'.",
            ));
        }
        if query == jql::Query::default() {
            return Err(faulty(400, "Unbounded JQL queries are not allowed here."));
        }
        let fields = self.wanted(request, &told);
        let found = self.book.found(horizon).filter(|page| fits(page, &query));
        let issues: Vec<Value> = found.map(|page| self.issue(page, &fields)).collect();
        let whole = if self.cloud {
            json!({"issues": issues, "isLast": true})
        } else {
            json!({"startAt": 0, "maxResults": 50, "total": issues.len(), "issues": issues})
        };
        Ok(Answer::json(200, &whole))
    }

    /// The fields that are asked for.
    fn wanted(&self, request: &Request, told: &Value) -> Vec<String> {
        let listed = told["fields"].as_array().map(|fields| {
            let names = fields.iter().filter_map(Value::as_str);
            names.map(str::to_owned).collect::<Vec<_>>()
        });
        let asked = request.asked("fields");
        let asked = asked.map(|fields| fields.split(',').map(str::to_owned).collect());
        let otherwise = if self.cloud && !is_of_one(request) {
            Vec::new()
        } else {
            vec!["*all".to_owned()]
        };
        listed.or(asked).unwrap_or(otherwise)
    }

    fn issue(&self, page: &Page, wanted: &[String]) -> Value {
        let key = format!("{PROJECT}-{}", page.number);
        let mut issue = json!({"id": (10_000 + page.number).to_string(), "key": key});
        issue["self"] = place(&key).into();
        let comments = self.comments(page);
        let all = json!({
            "project": {"key": PROJECT},
            "summary": page.title,
            "labels": page.keys,
            "status": status(&page.status),
            "description": self.shown(&page.texts[0]),
            "comment": comments,
        });
        let all = all.as_object().into_iter().flatten();
        let is_wanted = |name: &str| wanted.iter().any(|one| one == name || one.starts_with('*'));
        let fields: Map<String, Value> = all
            .filter(|(name, _)| is_wanted(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        if !wanted.is_empty() {
            issue["fields"] = fields.into();
        }
        issue
    }

    fn comments(&self, page: &Page) -> Value {
        let texts = page.texts.iter().enumerate().skip(1);
        let comments: Vec<Value> = texts
            .map(|(at, text)| json!({"id": at.to_string(), "body": self.shown(text)}))
            .collect();
        let total = comments.len();
        json!({"startAt": 0, "maxResults": 5000.min(total), "total": total, "comments": comments})
    }

    /// What is asked of one issue.
    fn of_one(&mut self, request: &Request, key: &str, rest: &[&str]) -> Result<Answer, Answer> {
        let missing = || faulty(404, "Issue does not exist or you do not have permission.");
        let number = &number(key).ok_or_else(missing)?;
        let page = self.book.get(number).ok_or_else(missing)?.clone();
        match (request.method.as_str(), rest) {
            ("GET", []) => {
                let wanted = self.wanted(request, &Value::Null);
                Ok(Answer::json(200, &self.issue(&page, &wanted)))
            }
            ("GET", ["comment"]) => Ok(Answer::json(200, &self.comments(&page))),
            ("POST", ["comment"]) => {
                let text = self.text("comment", &request.json()["body"])?;
                let told = json!({"id": page.texts.len().to_string(), "body": self.shown(&text)});
                self.book.get(number).ok_or_else(missing)?.texts.push(text);
                Ok(Answer::json(201, &told))
            }
            ("GET", ["transitions"]) => Ok(Answer::json(200, &transitions(&page))),
            ("POST", ["transitions"]) => {
                let to = transition(&page, &request.json()["transition"]["id"])?;
                to.clone_into(&mut self.book.get(number).ok_or_else(missing)?.status);
                Ok(Answer::empty(204))
            }
            ("GET", ["properties", name]) => self.property(page.number, name),
            ("PUT", ["properties", name]) => {
                let one = (page.number, (*name).to_owned(), request.json());
                self.properties.push(one);
                Ok(Answer::json(201, &json!({})))
            }
            _ => Err(faulty(405, "Method Not Allowed")),
        }
    }

    fn property(&self, number: usize, name: &str) -> Result<Answer, Answer> {
        let mut all = self.properties.iter().rev();
        let found = all.find(|(of, known, _)| *of == number && known == name);
        let (_, _, value) = found.ok_or_else(|| faulty(404, "The property does not exist."))?;
        Ok(Answer::json(200, &json!({"key": name, "value": value})))
    }

    fn answer(&mut self, request: &Request, horizon: Instant) -> Result<Answer, Answer> {
        if !self.is_signed_in(request) {
            let why = "AUTHENTICATED_FAILED";
            let told = faulty(401, "Client must be authenticated to access this resource.");
            return Err(told.with("X-Seraph-LoginReason", why));
        }
        if is_from_a_page(request) {
            return Err(Answer::text(403, "text/plain", "XSRF check failed"));
        }
        let segments = request.segments();
        let ["rest", "api", version, rest @ ..] = segments.as_slice() else {
            return Err(faulty(404, "no such page"));
        };
        if *version != self.version() {
            return Err(faulty(404, "null for uri"));
        }
        match (request.method.as_str(), rest) {
            ("POST", ["issue"]) => self.create(&request.json()),
            ("GET" | "POST", ["search"]) if self.cloud => Err(faulty(
                410,
                "The requested API has been removed. Please migrate to /rest/api/3/search/jql.",
            )),
            ("GET" | "POST", ["search", "jql"]) if self.cloud => self.search(request, horizon),
            ("GET" | "POST", ["search"]) => self.search(request, horizon),
            (_, ["issue", key, rest @ ..]) => self.of_one(request, key, rest),
            ("GET", ["myself"]) => Ok(Answer::json(200, &json!({"emailAddress": USER}))),
            _ => Err(faulty(404, "null for uri")),
        }
    }
}

/// An issue's number, by its key or its id.
fn number(key: &str) -> Option<String> {
    if let Some(number) = key.strip_prefix("MAIL-") {
        return Some(number.to_owned());
    }
    let id: usize = key.parse().ok()?;
    Some(id.checked_sub(10_000)?.to_string())
}

fn is_of_one(request: &Request) -> bool {
    request.path.contains("/issue/")
}

/// A browser's form needs `X-Atlassian-Token`; a program that says it is a browser too.
fn is_from_a_page(request: &Request) -> bool {
    let agent = request.header("user-agent").unwrap_or_default();
    request.method != "GET"
        && agent.starts_with("Mozilla")
        && request.header("x-atlassian-token") != Some("no-check")
}

fn place(key: &str) -> String {
    format!("https://jira.example/rest/api/issue/{key}")
}

fn fits(page: &Page, query: &jql::Query) -> bool {
    let category = query.category.as_ref();
    let in_category = category.is_none_or(|(name, same)| {
        let is_done = ["Done", "done"].contains(&name.as_str());
        (is_done == (page.status == "Done")) == *same
    });
    in_category && query.labels.iter().all(|label| page.keys.contains(label))
}

fn status(name: &str) -> Value {
    let found = WORKFLOW.iter().find(|(_, _, to, _)| *to == name);
    let category = found.map_or("undefined", |(_, _, _, category)| category);
    json!({"name": name, "statusCategory": {"key": category}})
}

/// Those that lead elsewhere.
fn transitions(page: &Page) -> Value {
    let others = WORKFLOW.iter().filter(|(_, _, to, _)| page.status != *to);
    let others = others.map(|(id, name, to, _)| json!({"id": id, "name": name, "to": status(to)}));
    json!({"expand": "transitions", "transitions": others.collect::<Vec<_>>()})
}

fn transition(page: &Page, id: &Value) -> Result<&'static str, Answer> {
    let mut others = WORKFLOW.iter().filter(|(_, _, to, _)| page.status != *to);
    let found = others.find(|(known, _, _, _)| id == known);
    let found = found.ok_or_else(|| faulty(400, "Transition id is not valid for this issue."))?;
    Ok(found.2)
}

impl Desk for Jira {
    fn kind(&self) -> &'static str {
        "jira"
    }

    fn deed(&self, request: &Request) -> Deed {
        match (request.method.as_str(), request.segments().get(3..)) {
            (_, Some(["search", ..])) => Deed::Search,
            ("GET", _) => Deed::Read,
            ("POST", Some(["issue"])) => Deed::Create,
            _ => Deed::Change,
        }
    }

    fn serve(&mut self, request: &Request, horizon: Instant) -> Answer {
        self.answer(request, horizon)
            .unwrap_or_else(|refusal| refusal)
    }

    fn tickets(&self) -> Vec<Seen> {
        let id = |page: &Page| format!("{PROJECT}-{}", page.number);
        self.book.seen(id, |status| status != "Done")
    }

    fn target(&self, address: SocketAddr) -> Value {
        let mut target = json!({
            "kind": "jira",
            "deployment": if self.cloud { "cloud" } else { "server" },
            "url": format!("http://{address}"),
            "token": TOKEN,
            "project": PROJECT,
        });
        if self.cloud {
            target["user"] = USER.into();
        }
        target
    }
}
