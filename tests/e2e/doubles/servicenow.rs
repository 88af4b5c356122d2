//! A double of ServiceNow's Table API, with the tables `incident` and `sys_journal_field`
//! (ServiceNow: "Table API", "Retrieve journal entries").
//!
//! What an encoded query may ask is little, and the rest is refused: the real one leaves such a
//! condition out and answers with everything. A resolved incident (6) stays active until it is
//! closed (7), and neither is possible without a close code and close notes.

use std::net::SocketAddr;
use std::time::Instant;

use serde_json::{Map, Value, json};

use super::book::{Seen, basic, is_one_of};
use super::{Answer, Deed, Desk, Request};

const USER: &str = "whymid";
const PASSWORD: &str = "invented-password";
const TOKEN: &str = "invented-oauth-token";
/// What people and programs write, each a table of its own.
const JOURNALS: [&str; 2] = ["work_notes", "comments"];
/// What the short description is cut to.
const SHORT: usize = 160;

/// A row of `incident`.
struct Incident {
    made: Instant,
    fields: Map<String, Value>,
    /// Each the field's name and the text.
    journal: Vec<(String, String)>,
}

/// See the file's head.
#[derive(Default)]
pub(crate) struct Servicenow(Vec<Incident>);

fn is_signed_in(request: &Request) -> bool {
    is_one_of(request, &[basic(USER, PASSWORD), format!("Bearer {TOKEN}")])
}

fn refused(status: u16, message: &str, detail: &str) -> Answer {
    let error = json!({"message": message, "detail": detail});
    Answer::json(status, &json!({"error": error, "status": "failure"}))
}

/// Fields that refer to other tables.
fn is_reference(name: &str) -> bool {
    ["caller_id", "assignment_group", "assigned_to"].contains(&name)
}

impl Servicenow {
    fn answer(&mut self, request: &Request, horizon: Instant) -> Result<Answer, Answer> {
        if !is_signed_in(request) {
            let detail = "Required to provide Auth information";
            return Err(refused(401, "User Not Authenticated", detail));
        }
        let segments = request.segments();
        let ["api", "now", "table", rest @ ..] = segments.as_slice() else {
            return Err(refused(
                400,
                "Requested URI does not represent any resource",
                "",
            ));
        };
        match (request.method.as_str(), rest) {
            ("GET", ["incident"]) => self.incidents(request, horizon),
            ("POST", ["incident"]) => self.create(request),
            ("GET", ["incident", id]) => {
                let at = self.place(id)?;
                Ok(result(200, self.0[at].shown(request)))
            }
            ("PATCH" | "PUT", ["incident", id]) => self.change(id, request),
            ("GET", ["sys_journal_field"]) => self.journal(request),
            (_, [table, ..]) => Err(refused(400, &format!("Invalid table {table}"), "")),
            _ => Err(refused(400, "Invalid table", "")),
        }
    }

    fn place(&self, id: &str) -> Result<usize, Answer> {
        let found = self.0.iter().position(|one| one.fields["sys_id"] == id);
        let detail = "Record doesn't exist or ACL restricts the record retrieval";
        found.ok_or_else(|| refused(404, "No Record found", detail))
    }

    fn incidents(&self, request: &Request, horizon: Instant) -> Result<Answer, Answer> {
        let conditions = conditions(request.asked("sysparm_query").unwrap_or_default())?;
        let found = self.0.iter().filter(|one| one.made <= horizon);
        let found = found.filter(|one| conditions.iter().all(|each| each.fits(&one.fields)));
        let shown = found.map(|one| one.shown(request)).take(limit(request));
        Ok(result(200, shown.collect::<Vec<_>>().into()))
    }

    fn journal(&self, request: &Request) -> Result<Answer, Answer> {
        let conditions = conditions(request.asked("sysparm_query").unwrap_or_default())?;
        let rows = self.0.iter().flat_map(Incident::rows);
        let found = rows.filter(|row| conditions.iter().all(|each| each.fits(row)));
        let shown = found.map(|row| picked(row, request)).take(limit(request));
        Ok(result(200, shown.collect::<Vec<_>>().into()))
    }

    fn create(&mut self, request: &Request) -> Result<Answer, Answer> {
        let told = object(request)?;
        let number = self.0.len() + 1;
        let id = format!("{:032x}", 0x00A1_B2C3_D4E5_F607_u128 << 32 | number as u128);
        let mut fields = Map::new();
        fields.insert("sys_id".to_owned(), id.clone().into());
        fields.insert("number".to_owned(), format!("INC{number:07}").into());
        fields.insert("state".to_owned(), "1".into());
        fields.insert("active".to_owned(), "true".into());
        let mut incident = Incident {
            made: Instant::now(),
            fields,
            journal: Vec::new(),
        };
        incident.take(told)?;
        let shown = incident.shown(request);
        self.0.push(incident);
        let place = format!("https://servicenow.example/api/now/table/incident/{id}");
        Ok(result(201, shown).with("Location", &place))
    }

    fn change(&mut self, id: &str, request: &Request) -> Result<Answer, Answer> {
        let at = self.place(id)?;
        self.0[at].take(object(request)?)?;
        Ok(result(200, self.0[at].shown(request)))
    }
}

fn result(status: u16, result: Value) -> Answer {
    Answer::json(status, &json!({ "result": result }))
}

fn limit(request: &Request) -> usize {
    let told = request.asked("sysparm_limit");
    told.and_then(|told| told.parse().ok()).unwrap_or(10_000)
}

fn object(request: &Request) -> Result<Map<String, Value>, Answer> {
    let Value::Object(told) = request.json() else {
        return Err(refused(400, "Exception while reading request", "no JSON"));
    };
    Ok(told)
}

/// Only the fields that are asked for.
fn picked(row: Map<String, Value>, request: &Request) -> Value {
    let Some(wanted) = request.asked("sysparm_fields") else {
        return row.into();
    };
    let wanted: Vec<&str> = wanted.split(',').collect();
    let row = row.into_iter();
    let row = row.filter(|(name, _)| wanted.contains(&name.as_str()));
    Value::Object(row.collect())
}

impl Incident {
    fn text(&self, name: &str) -> &str {
        self.fields
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// Sets fields; what is written to a journal is added to it.
    fn take(&mut self, told: Map<String, Value>) -> Result<(), Answer> {
        let mut fields = self.fields.clone();
        let mut journal = Vec::new();
        for (name, value) in told {
            let text = match value {
                Value::String(text) => text,
                Value::Number(_) | Value::Bool(_) => value.to_string(),
                Value::Null => String::new(),
                Value::Array(_) | Value::Object(_) => {
                    return Err(refused(400, "Exception while reading request", &name));
                }
            };
            if JOURNALS.contains(&name.as_str()) {
                journal.push((name, text));
            } else if name == "short_description" {
                let cut: String = text.chars().take(SHORT).collect();
                fields.insert(name, cut.into());
            } else if !["sys_id", "number"].contains(&name.as_str()) {
                fields.insert(name, text.into());
            }
        }
        checked(&mut fields)?;
        self.fields = fields;
        journal.retain(|(_, text)| !text.is_empty());
        self.journal.extend(journal);
        Ok(())
    }

    /// As requests see it: journals are empty unless display values are asked for.
    fn shown(&self, request: &Request) -> Value {
        let mut shown = self.fields.clone();
        let plain = request.asked("sysparm_exclude_reference_link") == Some("true");
        for (name, value) in &mut shown {
            if is_reference(name) && !plain {
                let link = "https://servicenow.example/api/now/table/other/1";
                *value = json!({"link": link, "value": value});
            }
        }
        let displayed = request.asked("sysparm_display_value") == Some("true");
        for name in JOURNALS {
            let own = self.journal.iter().rev().filter(|(of, _)| of == name);
            let texts = own.map(|(_, text)| format!("{text}\n\n"));
            let text = if displayed {
                texts.collect()
            } else {
                String::new()
            };
            shown.insert(name.to_owned(), text.into());
        }
        picked(shown, request)
    }

    /// Its rows of `sys_journal_field`.
    fn rows(&self) -> Vec<Map<String, Value>> {
        let rows = self.journal.iter().map(|(name, text)| {
            let row = json!({
                "element_id": self.text("sys_id"), "name": "incident", "element": name,
                "value": text,
            });
            row.as_object().cloned().unwrap_or_default()
        });
        rows.collect()
    }
}

/// What a state needs, and what follows from it.
fn checked(fields: &mut Map<String, Value>) -> Result<(), Answer> {
    let has = |name: &str| fields.get(name).is_some_and(|value| value != "");
    if !has("short_description") {
        let detail = "Data Policy Exception: Short description is mandatory";
        return Err(refused(403, "Operation Failed", detail));
    }
    let state = fields.get("state").and_then(Value::as_str).unwrap_or("1");
    if !["1", "2", "3", "6", "7", "8"].contains(&state) {
        return Err(refused(400, "Operation Failed", "no such state"));
    }
    if ["6", "7"].contains(&state) && !(has("close_code") && has("close_notes")) {
        let detail =
            "Data Policy Exception: The following fields are mandatory: Close notes, Close code";
        return Err(refused(403, "Operation Failed", detail));
    }
    let active = !["7", "8"].contains(&state);
    fields.insert("active".to_owned(), active.to_string().into());
    Ok(())
}

/// One condition of an encoded query.
struct Condition {
    field: String,
    operator: &'static str,
    value: String,
}

impl Condition {
    fn fits(&self, row: &Map<String, Value>) -> bool {
        let told = row
            .get(&self.field)
            .and_then(Value::as_str)
            .unwrap_or_default();
        match self.operator {
            "=" => told == self.value,
            "!=" => told != self.value,
            "LIKE" => told.contains(&self.value),
            "NOT IN" => !self.value.split(',').any(|one| one == told),
            _ => self.value.split(',').any(|one| one == told),
        }
    }
}

/// `field=value^field!=value^ORDERBYfield`; `^^` stands for `^`.
fn conditions(query: &str) -> Result<Vec<Condition>, Answer> {
    let query = query.replace("^^", "\0");
    let parts = query.split('^').filter(|part| !part.is_empty());
    let parts = parts.filter(|part| !part.starts_with("ORDERBY"));
    parts.map(condition).collect()
}

fn condition(part: &str) -> Result<Condition, Answer> {
    let end = part.find(|letter: char| !letter.is_ascii_lowercase() && letter != '_');
    let (field, rest) = part.split_at(end.unwrap_or(part.len()));
    let operators = ["!=", "=", "LIKE", "NOT IN", "IN"];
    let found = operators
        .into_iter()
        .find_map(|operator| Some((operator, rest.strip_prefix(operator)?)));
    match found {
        Some((operator, value)) if is_column(field) => Ok(Condition {
            field: field.to_owned(),
            operator,
            value: value.replace('\0', "^"),
        }),
        Some(_) | None => Err(refused(400, "Invalid query", part)),
    }
}

fn is_column(name: &str) -> bool {
    let incident = [
        "sys_id",
        "number",
        "state",
        "active",
        "correlation_id",
        "correlation_display",
        "short_description",
        "description",
    ];
    let journal = ["element_id", "element", "name", "value"];
    incident.contains(&name) || journal.contains(&name)
}

impl Desk for Servicenow {
    fn kind(&self) -> &'static str {
        "servicenow"
    }

    fn deed(&self, request: &Request) -> Deed {
        match (request.method.as_str(), request.segments().as_slice()) {
            ("GET", [.., "incident"]) => Deed::Search,
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
        let seen = self.0.iter().map(|one| {
            let texts = one.journal.iter().map(|(_, text)| text.clone());
            let first = one.text("description").to_owned();
            Seen {
                key: one.text("correlation_id").to_owned(),
                id: one.text("sys_id").to_owned(),
                open: !["6", "7", "8"].contains(&one.text("state")),
                texts: std::iter::once(first).chain(texts).collect(),
            }
        });
        seen.collect()
    }

    fn target(&self, address: SocketAddr) -> Value {
        json!({
            "kind": "servicenow", "url": format!("http://{address}"),
            "user": USER, "password": PASSWORD,
        })
    }
}
