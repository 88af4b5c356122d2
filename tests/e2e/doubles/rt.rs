//! A double of Request Tracker 5 (Best Practical: "RT REST 2.0 API"), in the shapes that 5.0.3
//! answered with.
//!
//! Ids are texts in lists and a number in a ticket itself; `pages` of nothing is a fraction; lists
//! have 20 items a page. A key may be used twice.

use std::net::SocketAddr;
use std::time::Instant;

use serde_json::{Map, Value, json};

use super::book::{Book, Page, Seen, basic, encoded, is_one_of};
use super::{Answer, Deed, Desk, Request};

const TOKEN: &str = "1-41-invented0token";
const USER: &str = "whymid";
const PASSWORD: &str = "invented-password";
const QUEUE: &str = "Mail";
/// The custom field.
const FIELD: &str = "whymid_key";
const ACTIVE: [&str; 3] = ["new", "open", "stalled"];
const INACTIVE: [&str; 3] = ["resolved", "rejected", "deleted"];

/// What happened to a ticket; one with a text has an attachment of the same number.
struct Transaction {
    ticket: usize,
    kind: &'static str,
    text: Option<String>,
}

/// See the file's head.
#[derive(Default)]
pub(crate) struct Rt {
    book: Book,
    transactions: Vec<Transaction>,
}

fn refused(status: u16, message: &str) -> Answer {
    Answer::json(status, &json!({ "message": message }))
}

fn is_signed_in(request: &Request) -> bool {
    is_one_of(request, &[format!("token {TOKEN}"), basic(USER, PASSWORD)])
}

fn place(request: &Request, what: &str) -> String {
    let host = request.header("host").unwrap_or_default();
    format!("http://{host}/REST/2.0/{what}")
}

impl Rt {
    fn answer(&mut self, request: &Request, horizon: Instant) -> Result<Answer, Answer> {
        if !is_signed_in(request) {
            return Err(refused(401, "Unauthorized"));
        }
        let segments = request.segments();
        let ["REST", "2.0", rest @ ..] = segments.as_slice() else {
            return Err(refused(404, "Not Found"));
        };
        match (request.method.as_str(), rest) {
            ("GET", ["rt"]) => Ok(Answer::json(200, &json!({"Version": "5.0.3"}))),
            ("GET", ["queue", QUEUE]) => {
                let field = json!({"id": "1", "type": "customfield", "name": FIELD});
                let queue = json!({"id": 3, "Name": QUEUE, "TicketCustomFields": [field]});
                Ok(Answer::json(200, &queue))
            }
            ("GET", ["tickets"]) => self.search(request, horizon),
            ("GET", ["queue", name]) => queue(name),
            ("POST", ["ticket"]) => self.create(request),
            ("GET", ["ticket", id]) => self.shown(id),
            ("PUT", ["ticket", id]) => self.change(id, request),
            ("POST", ["ticket", id, "comment"]) => self.say(id, request, "Comment"),
            ("POST", ["ticket", id, "correspond"]) => self.say(id, request, "Correspond"),
            ("GET", ["ticket", id, "history"]) => self.history(id, request),
            ("GET", ["ticket", id, "attachments"]) => self.attachments(id, request),
            ("GET", ["transaction", id]) => self.transaction(id, request),
            ("GET", ["attachment", id]) => self.attachment(id),
            _ => Err(refused(404, "Not Found")),
        }
    }

    fn page(&mut self, id: &str) -> Result<&mut Page, Answer> {
        self.book.get(id).ok_or_else(|| refused(404, "Not Found"))
    }

    fn happened(&mut self, ticket: usize, kind: &'static str, text: Option<String>) {
        let one = Transaction { ticket, kind, text };
        self.transactions.push(one);
    }

    fn create(&mut self, request: &Request) -> Result<Answer, Answer> {
        let told = request.json();
        if told["Queue"] != QUEUE {
            let queue = told["Queue"].as_str().unwrap_or_default();
            let why = format!("No permission to create tickets in the queue '{queue}'");
            return Err(refused(403, &why));
        }
        let text = content(&told)?;
        let key = &told["CustomFields"][FIELD];
        let key = key.as_str().or(key[0].as_str());
        let keys = key.map(str::to_owned).into_iter().collect();
        let subject = told["Subject"].as_str().unwrap_or_default();
        let status = told["Status"].as_str().unwrap_or("new");
        let number = self.book.open(keys, subject, status, &text).number;
        self.happened(number, "Create", Some(text));
        self.happened(number, "EmailRecord", None);
        let url = place(request, &format!("ticket/{number}"));
        let made = json!({"type": "ticket", "id": number.to_string(), "_url": url});
        Ok(Answer::json(201, &made).with("Location", &url))
    }

    fn say(&mut self, id: &str, request: &Request, kind: &'static str) -> Result<Answer, Answer> {
        let text = content(&request.json())?;
        let page = self.page(id)?;
        page.texts.push(text.clone());
        if kind == "Correspond" && page.status == "new" {
            "open".clone_into(&mut page.status);
        }
        let number = page.number;
        self.happened(number, kind, Some(text));
        let said = match kind {
            "Comment" => "Comments added",
            _ => "Correspondence added",
        };
        Ok(Answer::json(201, &json!([said])))
    }

    fn shown(&mut self, id: &str) -> Result<Answer, Answer> {
        let page = self.page(id)?.clone();
        let field = json!({"id": "1", "type": "customfield", "name": FIELD, "values": page.keys});
        let shown = json!({
            "id": page.number, "type": "ticket", "Subject": page.title, "Status": page.status,
            "Queue": {"id": "3", "type": "queue", "Name": QUEUE}, "CustomFields": [field],
        });
        Ok(Answer::json(200, &shown).with("ETag", &self.tag(page.number)))
    }

    /// Changes with each transaction.
    fn tag(&self, ticket: usize) -> String {
        let own = self
            .transactions
            .iter()
            .rposition(|one| one.ticket == ticket);
        format!("\"{}\"", own.unwrap_or(0))
    }

    fn change(&mut self, id: &str, request: &Request) -> Result<Answer, Answer> {
        let number = self.page(id)?.number;
        let tag = self.tag(number);
        if request.header("if-match").is_some_and(|told| told != tag) {
            return Err(refused(412, "Precondition Failed"));
        }
        let told = request.json();
        let Some(told) = told.as_object() else {
            return Err(refused(400, "JSON object must be a HASH"));
        };
        if let Some(into) = told.get("MergeInto").and_then(Value::as_str) {
            self.page(into)?;
            "resolved".clone_into(&mut self.page(id)?.status);
            self.happened(number, "AddLink", None);
            return Ok(Answer::json(200, &json!(["Merge Successful"])));
        }
        let Some(to) = told.get("Status").and_then(Value::as_str) else {
            return Ok(Answer::json(200, &json!([])));
        };
        if !ACTIVE.contains(&to) && !INACTIVE.contains(&to) {
            let why =
                format!("Ticket {number}: Status '{to}' isn't a valid status for this ticket.");
            return Ok(Answer::json(200, &json!([why])));
        }
        let page = self.page(id)?;
        let from = std::mem::replace(&mut page.status, to.to_owned());
        self.happened(number, "Status", None);
        let said = format!("Ticket {number}: Status changed from '{from}' to '{to}'");
        Ok(Answer::json(200, &json!([said])))
    }

    fn search(&self, request: &Request, horizon: Instant) -> Result<Answer, Answer> {
        let conditions = conditions(request.asked("query").unwrap_or_default())
            .ok_or_else(|| refused(400, "Wrong query, expecting a OPERATOR"))?;
        let found = self.book.found(horizon);
        let found = found.filter(|page| conditions.iter().all(|each| each.fits(page)));
        let items = found.map(|page| {
            let number = page.number.to_string();
            let known = json!({"Subject": page.title, "Status": page.status, "id": number,
                "CustomFields": [{"name": FIELD, "values": page.keys}]});
            item(request, "ticket", &number, &known)
        });
        Ok(paged(items.collect(), request))
    }

    fn history(&mut self, id: &str, request: &Request) -> Result<Answer, Answer> {
        let number = self.page(id)?.number;
        let all = (1..).zip(&self.transactions);
        let own = all.filter(|(_, one)| one.ticket == number);
        let items = own.map(|(id, one): (usize, _)| {
            let known = json!({"Type": one.kind, "_hyperlinks": links(request, id, one)});
            item(request, "transaction", &id.to_string(), &known)
        });
        Ok(paged(items.collect(), request))
    }

    fn attachments(&mut self, id: &str, request: &Request) -> Result<Answer, Answer> {
        let number = self.page(id)?.number;
        let all = (1..).zip(&self.transactions);
        let own = all.filter(|(_, one)| one.ticket == number);
        let items = own.filter_map(|(id, one): (usize, _)| {
            let known = json!({"Content": one.text.as_ref()?, "ContentType": "text/plain"});
            Some(item(request, "attachment", &id.to_string(), &known))
        });
        Ok(paged(items.collect(), request))
    }

    fn one(&self, id: &str) -> Result<(usize, &Transaction), Answer> {
        let missing = || refused(404, "Not Found");
        let id: usize = id.parse().map_err(|_| missing())?;
        let at = id.checked_sub(1).ok_or_else(missing)?;
        Ok((id, self.transactions.get(at).ok_or_else(missing)?))
    }

    fn transaction(&self, id: &str, request: &Request) -> Result<Answer, Answer> {
        let (id, one) = self.one(id)?;
        let shown = json!({"id": id, "Type": one.kind, "_hyperlinks": links(request, id, one)});
        Ok(Answer::json(200, &shown))
    }

    /// Its content is in base64, in lines of 76 letters.
    fn attachment(&self, id: &str) -> Result<Answer, Answer> {
        let (id, one) = self.one(id)?;
        let text = one.text.as_ref().ok_or_else(|| refused(404, "Not Found"))?;
        let mut content = String::new();
        for line in encoded(text).as_bytes().chunks(76) {
            content.push_str(&String::from_utf8_lossy(line));
            content.push('\n');
        }
        let shown = json!({"id": id, "ContentType": "text/plain", "Content": content});
        Ok(Answer::json(200, &shown))
    }
}

fn links(request: &Request, id: usize, one: &Transaction) -> Value {
    let own = place(request, &format!("transaction/{id}"));
    let mut links = vec![json!({"ref": "self", "_url": own})];
    if one.text.is_some() {
        let url = place(request, &format!("attachment/{id}"));
        links.push(json!({"ref": "attachment", "_url": url}));
    }
    links.into()
}

fn content(told: &Value) -> Result<String, Answer> {
    let media = told["ContentType"].as_str().unwrap_or("text/plain");
    match told["Content"].as_str() {
        Some(text) if ["text/plain", "text/html"].contains(&media) => Ok(text.to_owned()),
        Some(_) | None => Err(refused(400, "Content and a ContentType of text are needed")),
    }
}

/// One item of a list, with the fields that are asked for.
fn item(request: &Request, kind: &str, id: &str, known: &Value) -> Value {
    let url = place(request, &format!("{kind}/{id}"));
    let mut item = Map::new();
    let asked = request.asked("fields").unwrap_or_default();
    for field in asked.split(',').filter(|field| !field.is_empty()) {
        let value = known.get(field).cloned().unwrap_or_else(|| "".into());
        item.insert(field.to_owned(), value);
    }
    item.insert("id".to_owned(), id.into());
    item.insert("type".to_owned(), kind.into());
    item.insert("_url".to_owned(), url.into());
    item.into()
}

fn queue(name: &str) -> Result<Answer, Answer> {
    if name != QUEUE {
        return Err(refused(404, "Not Found"));
    }
    let field = json!({"id": "1", "type": "customfield", "name": FIELD});
    let shown = json!({"id": 3, "Name": QUEUE, "TicketCustomFields": [field]});
    Ok(Answer::json(200, &shown))
}

fn paged(all: Vec<Value>, request: &Request) -> Answer {
    let number = |name: &str| request.asked(name).and_then(|told| told.parse().ok());
    let per_page = number("per_page")
        .filter(|told| *told > 0)
        .unwrap_or(20)
        .min(100);
    let page = number("page").filter(|told| *told > 0).unwrap_or(1);
    let total = all.len();
    let pages = total.div_ceil(per_page);
    let items: Vec<Value> = all
        .into_iter()
        .skip((page - 1) * per_page)
        .take(per_page)
        .collect();
    let mut whole = json!({"total": total, "count": items.len(), "page": page,
        "per_page": per_page, "pages": pages, "items": items});
    if pages == 0 {
        whole["pages"] = 0.0.into();
    }
    if page < pages {
        let mut query: Vec<_> = request.query.clone();
        query.retain(|(name, _)| name != "page");
        query.push(("page".to_owned(), (page + 1).to_string()));
        let query = serde_urlencoded::to_string(query).unwrap_or_default();
        let host = request.header("host").unwrap_or_default();
        whole["next_page"] = format!("http://{host}{}?{query}", request.path).into();
    }
    Answer::json(200, &whole)
}

/// One condition of TicketSQL.
struct Condition {
    field: String,
    operator: &'static str,
    value: String,
}

impl Condition {
    fn fits(&self, page: &Page) -> bool {
        let is_active = ACTIVE.contains(&page.status.as_str());
        let holds = match (self.field.as_str(), self.value.as_str()) {
            ("Status", "__Active__") => is_active,
            ("Status", "__Inactive__") => !is_active,
            ("Status", value) => page.status == value,
            ("Queue", value) => value == QUEUE,
            ("id", value) => page.number.to_string() == value,
            ("Subject", value) => page.title.contains(value),
            (_, value) => page.keys.iter().any(|key| key == value),
        };
        holds == (self.operator != "!=")
    }
}

/// `field operator value`, joined by `AND`; `None` where it is anything else.
fn conditions(query: &str) -> Option<Vec<Condition>> {
    let mut rest = query.trim();
    let mut all = Vec::new();
    loop {
        let (field, behind) = field(rest)?;
        let operators = ["!=", "=", "LIKE"];
        let (operator, behind) = operators
            .into_iter()
            .find_map(|one| Some((one, behind.trim_start().strip_prefix(one)?)))?;
        let (compared, behind) = value(behind.trim_start())?;
        let own = format!("CF.{{{FIELD}}}");
        let known = ["Status", "Queue", "id", "Subject", own.as_str()];
        known.contains(&field.as_str()).then_some(())?;
        all.push(Condition {
            field,
            operator,
            value: compared,
        });
        let behind = behind.trim();
        if behind.is_empty() {
            return Some(all);
        }
        rest = behind.strip_prefix("AND ")?.trim_start();
    }
}

/// A field's name, which may be quoted; and what stands behind it.
fn field(from: &str) -> Option<(String, &str)> {
    if from.starts_with(['\'', '"']) {
        return value(from);
    }
    let (field, behind) = from.split_at(from.find(['=', '!', ' '])?);
    Some((field.to_owned(), behind))
}

/// A quoted text, in which `\` escapes, or a number; and what stands behind it.
fn value(from: &str) -> Option<(String, &str)> {
    let quote = from.chars().next()?;
    if quote.is_ascii_digit() {
        let end = from.find(' ').unwrap_or(from.len());
        return Some((from[..end].to_owned(), &from[end..]));
    }
    ['\'', '"'].contains(&quote).then_some(())?;
    let mut text = String::new();
    let mut letters = from.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => text.push(letters.next()?.1),
            _ if letter == quote => return Some((text, &from[at + 1..])),
            _ => text.push(letter),
        }
    }
    None
}

impl Desk for Rt {
    fn kind(&self) -> &'static str {
        "request_tracker"
    }

    fn deed(&self, request: &Request) -> Deed {
        match (request.method.as_str(), request.segments().as_slice()) {
            ("GET", [.., "tickets"]) => Deed::Search,
            ("GET", _) => Deed::Read,
            ("POST", [.., "ticket"]) => Deed::Create,
            _ => Deed::Change,
        }
    }

    fn serve(&mut self, request: &Request, horizon: Instant) -> Answer {
        self.answer(request, horizon)
            .unwrap_or_else(|refusal| refusal)
    }

    fn tickets(&self) -> Vec<Seen> {
        let is_open = |status: &str| ACTIVE.contains(&status);
        self.book.seen(|page| page.number.to_string(), is_open)
    }

    fn target(&self, address: SocketAddr) -> Value {
        json!({
            "kind": "request_tracker", "url": format!("http://{address}"), "queue": QUEUE,
            "token": TOKEN, "custom_field": FIELD,
        })
    }
}
