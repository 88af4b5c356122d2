//! A double of Zammad's REST API (Zammad: documentation of `api/ticket`: tickets, articles, tags).
//!
//! Searches are answered in one of two forms: ids with a count and assets, or a plain list. A ticket
//! says its state by number unless it is asked to expand.

use std::net::SocketAddr;
use std::time::Instant;

use serde_json::{Map, Value, json};

use super::book::{Book, Page, Seen, is_one_of};
use super::{Answer, Deed, Desk, Request};

const TOKEN: &str = "invented-zammad-token";
const GROUP: &str = "Mail";
/// Each state, its number from 1.
const STATES: [&str; 6] = [
    "new",
    "open",
    "pending reminder",
    "closed",
    "merged",
    "pending close",
];

/// The form that searches are answered in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `{"tickets": [9], "tickets_count": 1, "assets": {…}}`.
    Counted,
    /// `[{"id": 9, …}]`.
    List,
}

/// An article that is not a ticket's first.
struct Article {
    ticket: usize,
    media: String,
}

/// See the file's head.
pub(crate) struct Zammad {
    form: Form,
    /// The attribute that an administrator made.
    attribute: Option<&'static str>,
    book: Book,
    articles: Vec<Article>,
}

fn refused(status: u16, why: &str) -> Answer {
    Answer::json(status, &json!({"error": why, "error_human": why}))
}

impl Zammad {
    pub(crate) fn of(form: Form, attribute: Option<&'static str>) -> Self {
        Self {
            form,
            attribute,
            book: Book::default(),
            articles: Vec::new(),
        }
    }

    fn answer(&mut self, request: &Request, horizon: Instant) -> Result<Answer, Answer> {
        if !is_one_of(request, &[format!("Token token={TOKEN}")]) {
            return Err(refused(401, "Authentication required"));
        }
        let segments = request.segments();
        let ["api", "v1", rest @ ..] = segments.as_slice() else {
            return Err(refused(404, "No route matches"));
        };
        let told = request.json();
        match (request.method.as_str(), rest) {
            ("GET", ["tickets", "search"]) => self.search(request, horizon),
            ("POST", ["tickets"]) => self.create(request, &told),
            ("GET", ["tickets", number]) => {
                let page = self.page(number)?.clone();
                Ok(Answer::json(200, &self.shown(&page, expands(request))))
            }
            ("PUT", ["tickets", number]) => self.change(number, request, &told),
            ("POST", ["ticket_articles"]) => self.comment(&told),
            ("GET", ["ticket_articles", "by_ticket", number]) => self.listed(number),
            ("GET", ["tags"]) => {
                let page = self.page(request.asked("o_id").unwrap_or_default())?;
                Ok(Answer::json(200, &json!({"tags": page.keys})))
            }
            ("POST", ["tags", "add"]) => self.tag(&told),
            ("GET", ["users", "me"]) => Ok(Answer::json(200, &json!({"id": 3}))),
            _ => Err(refused(404, "No route matches")),
        }
    }

    fn page(&mut self, number: &str) -> Result<&mut Page, Answer> {
        let missing = || refused(404, "Couldn't find Ticket with that 'id'");
        self.book.get(number).ok_or_else(missing)
    }

    fn search(&self, request: &Request, horizon: Instant) -> Result<Answer, Answer> {
        let query = request.asked("query").unwrap_or_default();
        let conditions = self.conditions(query)?;
        let found = self.book.found(horizon).filter(|page| {
            let mut each = conditions.iter();
            each.all(|(field, value)| self.fits(page, field, value))
        });
        let limit = request.asked("limit").and_then(|told| told.parse().ok());
        let found: Vec<&Page> = found.take(limit.unwrap_or(50)).collect();
        if expands(request) || self.form == Form::List {
            let shown = found.iter().map(|page| self.shown(page, expands(request)));
            return Ok(Answer::json(200, &shown.collect::<Vec<_>>().into()));
        }
        let assets = found
            .iter()
            .map(|page| (page.number.to_string(), self.shown(page, false)));
        let assets: Map<String, Value> = assets.collect();
        let ids: Vec<usize> = found.iter().map(|page| page.number).collect();
        let whole =
            json!({"tickets": ids, "tickets_count": ids.len(), "assets": {"Ticket": assets}});
        Ok(Answer::json(200, &whole))
    }

    /// `name:"value"` joined by ` AND `.
    fn conditions(&self, query: &str) -> Result<Vec<(String, String)>, Answer> {
        let mut conditions = Vec::new();
        for part in query.split(" AND ") {
            let (name, value) = part.trim().split_once(':').unwrap_or_default();
            let known = ["tags", "state.name", "title", "number"].contains(&name);
            let value = value
                .strip_prefix('"')
                .and_then(|value| value.strip_suffix('"'))
                .unwrap_or(value);
            if value.is_empty() || !(known || Some(name) == self.attribute) {
                return Err(refused(422, &format!("can't search for {part:?}")));
            }
            conditions.push((name.to_owned(), value.to_owned()));
        }
        Ok(conditions)
    }

    fn fits(&self, page: &Page, field: &str, value: &str) -> bool {
        match field {
            "state.name" => page.status == value,
            "title" => page.title.contains(value),
            "number" => number(page) == value,
            // a double has tags or an attribute
            _ => page.keys.iter().any(|key| key == value),
        }
    }

    fn create(&mut self, request: &Request, told: &Value) -> Result<Answer, Answer> {
        let text = |name: &str| told[name].as_str().unwrap_or_default();
        if text("title").trim().is_empty() {
            return Err(refused(422, "Missing required value for field 'title'!"));
        }
        if text("group") != GROUP {
            return Err(refused(422, "No lookup value found for 'group'"));
        }
        let customer = text("customer_id").strip_prefix("guess:");
        if !customer.unwrap_or(text("customer")).contains('@') {
            return Err(refused(
                422,
                "Missing required value for field 'customer_id'!",
            ));
        }
        self.check(told)?;
        let (body, media) = article(&told["article"])?;
        let state = text("state");
        let state = if state.is_empty() { "new" } else { state };
        let keys = self.keys(told);
        let page = self.book.open(keys, text("title"), state, body).clone();
        self.note(page.number, media);
        let shown = self.shown(&page, expands(request));
        Ok(Answer::json(201, &shown))
    }

    /// The tags; or the attribute's value.
    fn keys(&self, told: &Value) -> Vec<String> {
        if let Some(name) = self.attribute {
            let value = told[name].as_str();
            return value.map(str::to_owned).into_iter().collect();
        }
        let tags = told["tags"].as_str().unwrap_or_default().split(',');
        let tags = tags.map(str::trim).filter(|tag| !tag.is_empty());
        tags.map(str::to_owned).collect()
    }

    /// What may be set, and to what.
    fn check(&self, told: &Value) -> Result<(), Answer> {
        let known = [
            "title",
            "group",
            "customer",
            "customer_id",
            "state",
            "state_id",
            "priority",
            "article",
            "tags",
            "note",
        ];
        for (name, value) in told.as_object().into_iter().flatten() {
            let is_right = match name.as_str() {
                "state" => value.as_str().is_some_and(|name| STATES.contains(&name)),
                "priority" => value
                    .as_str()
                    .is_some_and(|name| ["1 low", "2 normal", "3 high"].contains(&name)),
                name => known.contains(&name) || Some(name) == self.attribute,
            };
            if !is_right {
                return Err(refused(422, &format!("No lookup value found for '{name}'")));
            }
        }
        Ok(())
    }

    fn note(&mut self, ticket: usize, media: &str) -> usize {
        let media = media.to_owned();
        self.articles.push(Article { ticket, media });
        self.articles.len()
    }

    fn change(&mut self, number: &str, request: &Request, told: &Value) -> Result<Answer, Answer> {
        self.page(number)?;
        self.check(told)?;
        if !told["article"].is_null() {
            let (body, media) = article(&told["article"])?;
            let page = self.page(number)?;
            page.texts.push(body.to_owned());
            let ticket = page.number;
            self.note(ticket, media);
        }
        let page = self.page(number)?;
        if let Some(state) = told["state"].as_str() {
            state.clone_into(&mut page.status);
        }
        let page = page.clone();
        let shown = self.shown(&page, expands(request));
        Ok(Answer::json(200, &shown))
    }

    fn comment(&mut self, told: &Value) -> Result<Answer, Answer> {
        let number = told["ticket_id"].to_string();
        let (body, media) = article(told)?;
        let page = self.page(number.trim_matches('"'))?;
        page.texts.push(body.to_owned());
        let ticket = page.number;
        let id = self.note(ticket, media);
        let shown = json!({"id": id, "ticket_id": ticket, "body": body, "content_type": media,
            "internal": told["internal"].as_bool().unwrap_or(false)});
        Ok(Answer::json(201, &shown))
    }

    fn ids(&self, ticket: usize) -> impl Iterator<Item = (usize, &Article)> {
        let all = (1..).zip(&self.articles);
        all.filter(move |(_, article)| article.ticket == ticket)
    }

    fn listed(&mut self, number: &str) -> Result<Answer, Answer> {
        let page = self.page(number)?.clone();
        let articles = page.texts.iter().zip(self.ids(page.number));
        let articles = articles.map(|(text, (id, article))| {
            json!({"id": id, "ticket_id": page.number, "body": text,
                "content_type": article.media, "type": "note"})
        });
        Ok(Answer::json(200, &articles.collect::<Vec<_>>().into()))
    }

    fn tag(&mut self, told: &Value) -> Result<Answer, Answer> {
        let number = told["o_id"].to_string();
        if self.attribute.is_none() {
            let tag = told["item"].as_str().unwrap_or_default().to_owned();
            self.page(number.trim_matches('"'))?.keys.push(tag);
        }
        Ok(Answer::json(201, &true.into()))
    }

    fn shown(&self, page: &Page, expanded: bool) -> Value {
        let state = STATES.iter().position(|name| *name == page.status);
        let ids: Vec<usize> = self.ids(page.number).map(|(id, _)| id).collect();
        let mut shown = json!({
            "id": page.number, "number": number(page), "title": page.title, "group_id": 1,
            "state_id": state.map(|at| at + 1), "article_ids": ids,
        });
        if expanded {
            shown["state"] = page.status.clone().into();
            shown["group"] = GROUP.into();
        }
        if let Some(name) = self.attribute {
            shown[name] = page.keys.first().cloned().into();
        }
        shown
    }
}

fn number(page: &Page) -> String {
    (22_000 + page.number).to_string()
}

fn expands(request: &Request) -> bool {
    request.asked("expand") == Some("true")
}

/// An article's text and its media type.
fn article(told: &Value) -> Result<(&str, &str), Answer> {
    let body = told["body"].as_str().unwrap_or_default();
    if body.is_empty() {
        return Err(refused(422, "Need at least an 'article body' field."));
    }
    let media = told["content_type"].as_str().unwrap_or("text/plain");
    if !["text/plain", "text/html"].contains(&media) {
        return Err(refused(422, "Invalid value for field 'content_type'"));
    }
    Ok((body, media))
}

impl Desk for Zammad {
    fn kind(&self) -> &'static str {
        "zammad"
    }

    fn deed(&self, request: &Request) -> Deed {
        match (request.method.as_str(), request.segments().as_slice()) {
            ("GET", [.., "search"]) => Deed::Search,
            ("GET", _) => Deed::Read,
            ("POST", [.., "tickets"]) => Deed::Create,
            _ => Deed::Change,
        }
    }

    fn serve(&mut self, request: &Request, horizon: Instant) -> Answer {
        self.answer(request, horizon)
            .unwrap_or_else(|refusal| refusal)
    }

    fn tickets(&self) -> Vec<Seen> {
        let closed = ["closed", "merged"];
        self.book.seen(
            |page| page.number.to_string(),
            |state| !closed.contains(&state),
        )
    }

    fn target(&self, address: SocketAddr) -> Value {
        let mut target = json!({
            "kind": "zammad", "url": format!("http://{address}"), "token": TOKEN,
            "group": GROUP, "customer": "helpdesk@mail.example",
        });
        if let Some(name) = self.attribute {
            target["attribute"] = name.into();
        }
        target
    }
}
