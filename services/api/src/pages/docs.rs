//! `/docs`: the contract as a page, made from the OpenAPI document, with examples that run.
//!
//! The document is English; headings around it are in both languages.

use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde_json::Value;

use super::Shell;
use crate::{error::Failure, house::Visit, openapi, reply};

#[derive(Template)]
#[template(path = "docs.html")]
struct Docs {
    shell: Shell,
    version: &'static str,
    about: Vec<String>,
    tags: Vec<Tag>,
    examples: Vec<Example>,
}

/// Calls about one thing.
struct Tag {
    name: String,
    about: String,
    calls: Vec<Call>,
}

/// One call.
struct Call {
    id: String,
    method: String,
    path: String,
    summary: String,
    about: Vec<String>,
    scopes: String,
    parameters: Vec<Parameter>,
    body: Vec<String>,
    responses: Vec<Response>,
    example: String,
}

/// One parameter.
struct Parameter {
    name: String,
    place: String,
    about: String,
    kind: String,
    example: String,
}

/// One response.
struct Response {
    status: String,
    about: String,
    forms: String,
}

/// A program for integrators.
struct Example {
    file: &'static str,
    about: String,
    text: String,
}

/// The programs, each run by a test (`tests/e2e/docs.rs`): behind a line for the shell, what they do in
/// both languages, and what they print.
pub(crate) const EXAMPLES: [(&str, &str); 10] = [
    (
        "01-answer-for-a-ticket.sh",
        include_str!("../../docs/01-answer-for-a-ticket.sh"),
    ),
    (
        "02-who-holds-it-who-can-mend-it.sh",
        include_str!("../../docs/02-who-holds-it-who-can-mend-it.sh"),
    ),
    (
        "03-not-arrived-as-csv.sh",
        include_str!("../../docs/03-not-arrived-as-csv.sh"),
    ),
    (
        "04-count-by-diagnosis.sh",
        include_str!("../../docs/04-count-by-diagnosis.sh"),
    ),
    (
        "05-walk-all-pages.py",
        include_str!("../../docs/05-walk-all-pages.py"),
    ),
    (
        "06-ask-with-care.py",
        include_str!("../../docs/06-ask-with-care.py"),
    ),
    (
        "07-hand-in-a-log-file.sh",
        include_str!("../../docs/07-hand-in-a-log-file.sh"),
    ),
    (
        "08-explain-a-pasted-log.py",
        include_str!("../../docs/08-explain-a-pasted-log.py"),
    ),
    (
        "09-causes-of-the-week.sh",
        include_str!("../../docs/09-causes-of-the-week.sh"),
    ),
    (
        "10-tickets-for-new-aborts.py",
        include_str!("../../docs/10-tickets-for-new-aborts.py"),
    ),
];

/// The page.
pub(crate) fn page(request: &HttpRequest, house: &Visit) -> Result<HttpResponse, Failure> {
    let shell = Shell::new(request, house);
    let lang = shell.lang;
    let document = openapi::as_json();
    let docs = Docs {
        version: env!("CARGO_PKG_VERSION"),
        about: paragraphs(&document["info"]["description"]),
        tags: tags(&document),
        examples: EXAMPLES
            .iter()
            .map(|(file, text)| Example {
                file,
                about: said(text, lang.word()),
                text: text
                    .lines()
                    .filter(|line| !is_said(line))
                    .collect::<Vec<_>>()
                    .join("\n"),
            })
            .collect(),
        shell,
    };
    reply::page(&docs, lang)
}

fn is_said(line: &str) -> bool {
    ["# en: ", "# ja: ", "# expect: "]
        .iter()
        .any(|said| line.starts_with(said))
}

/// What an example does, in a language.
fn said(text: &str, lang: &str) -> String {
    let beginning = format!("# {lang}: ");
    let mut lines = text.lines();
    let said = lines.find_map(|line| line.strip_prefix(&beginning));
    said.unwrap_or_default().to_owned()
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn paragraphs(value: &Value) -> Vec<String> {
    let text = word(value).replace('`', "");
    text.split("\n\n")
        .map(|one| one.replace('\n', " "))
        .collect()
}

fn tags(document: &Value) -> Vec<Tag> {
    let mut tags: Vec<Tag> = document["tags"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|tag| Tag {
            name: word(&tag["name"]),
            about: word(&tag["description"]),
            calls: Vec::new(),
        })
        .collect();
    for (path, methods) in document["paths"].as_object().into_iter().flatten() {
        for (method, call) in methods.as_object().into_iter().flatten() {
            let tag = word(&call["tags"][0]);
            if let Some(tag) = tags.iter_mut().find(|known| known.name == tag) {
                tag.calls.push(read(document, path, method, call));
            }
        }
    }
    tags
}

fn read(document: &Value, path: &str, method: &str, call: &Value) -> Call {
    let scopes = call["security"][0]["token"]
        .as_array()
        .into_iter()
        .flatten();
    let scopes: Vec<String> = scopes.map(word).collect();
    let parameters = call["parameters"].as_array().into_iter().flatten();
    let responses = call["responses"].as_object().into_iter().flatten();
    let body = call["requestBody"]["content"]
        .as_object()
        .into_iter()
        .flatten();
    let example = call["responses"]["200"]["content"]["application/json"]["example"].clone();
    Call {
        id: word(&call["operationId"]),
        method: method.to_uppercase(),
        path: path.to_owned(),
        summary: word(&call["summary"]),
        about: paragraphs(&call["description"]),
        scopes: scopes.join(", "),
        parameters: parameters.map(parameter).collect(),
        body: body.map(|(form, _)| form.clone()).collect(),
        responses: responses
            .map(|(status, response)| {
                let target = word(&response["$ref"]);
                let response = document
                    .pointer(target.trim_start_matches('#'))
                    .unwrap_or(response);
                let forms = response["content"].as_object().into_iter().flatten();
                let forms: Vec<&str> = forms.map(|(form, _)| form.as_str()).collect();
                Response {
                    status: status.clone(),
                    about: word(&response["description"]).replace('`', ""),
                    forms: forms.join(", "),
                }
            })
            .collect(),
        example: if example.is_null() {
            String::new()
        } else {
            format!("{example:#}")
        },
    }
}

fn parameter(value: &Value) -> Parameter {
    let schema = &value["schema"];
    // `["string", "null"]`, or a word by itself
    let kinds = schema["type"].as_array().map(Vec::as_slice);
    let kinds = kinds.unwrap_or(std::slice::from_ref(&schema["type"]));
    let kind = kinds.iter().map(word).find(|kind| kind != "null");
    let example = if value["example"].is_null() {
        &schema["example"]
    } else {
        &value["example"]
    };
    let example = if let Some(text) = example.as_str() {
        text.to_owned()
    } else if let Some(several) = example.as_array() {
        several.iter().map(word).collect::<Vec<_>>().join(" · ")
    } else if example.is_null() {
        String::new()
    } else {
        example.to_string()
    };
    Parameter {
        name: word(&value["name"]),
        place: word(&value["in"]),
        about: word(&value["description"]).replace('`', ""),
        kind: kind.unwrap_or_default(),
        example,
    }
}
