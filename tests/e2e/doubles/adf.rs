//! The Atlassian Document Format, as far as texts need it: which nodes there are, what each may hold
//! (Atlassian: "Atlassian Document Format", version 1).

use serde_json::{Map, Value};

/// What may stand within a block of text.
const INLINE: [&str; 7] = [
    "text",
    "hardBreak",
    "emoji",
    "mention",
    "inlineCard",
    "date",
    "status",
];
/// What may stand at the top.
const TOP: [&str; 10] = [
    "paragraph",
    "heading",
    "bulletList",
    "orderedList",
    "codeBlock",
    "blockquote",
    "rule",
    "panel",
    "table",
    "expand",
];
const MARKS: [&str; 9] = [
    "strong",
    "em",
    "code",
    "link",
    "strike",
    "underline",
    "subsup",
    "textColor",
    "backgroundColor",
];

/// What is wrong with a document; `None` where nothing is.
pub(super) fn fault(document: &Value) -> Option<String> {
    let Some(doc) = document.as_object() else {
        return Some("Operation value must be an Atlassian Document".to_owned());
    };
    let right = doc.get("type") == Some(&"doc".into()) && doc.get("version") == Some(&1.into());
    if !right {
        return Some("type must be doc and version 1".to_owned());
    }
    if let Some(strange) = strange(doc, &["type", "version", "content"]) {
        return Some(format!("doc: {strange}"));
    }
    children("doc", doc, &TOP, true)
}

/// The name of a member that is none of these.
fn strange<'a>(object: &'a Map<String, Value>, known: &[&str]) -> Option<&'a String> {
    object.keys().find(|name| !known.contains(&name.as_str()))
}

/// Each node of `content` is one of these, and right itself.
fn children(
    kind: &str,
    object: &Map<String, Value>,
    allowed: &[&str],
    must: bool,
) -> Option<String> {
    let Some(content) = object.get("content") else {
        return must.then(|| format!("{kind} has no content"));
    };
    let Some(content) = content.as_array() else {
        return Some(format!("{kind}: content is no list"));
    };
    if content.is_empty() && must && kind != "doc" {
        return Some(format!("{kind} is empty"));
    }
    content.iter().find_map(|child| node(kind, child, allowed))
}

fn node(parent: &str, value: &Value, allowed: &[&str]) -> Option<String> {
    let Some(object) = value.as_object() else {
        return Some(format!("{parent} holds what is no node"));
    };
    let kind = object
        .get("type")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if !allowed.contains(&kind) {
        return Some(format!("{parent} may not hold {kind:?}"));
    }
    if kind == "text" {
        return text(parent, object);
    }
    let known: &[&str] = match kind {
        "hardBreak" | "rule" | "emoji" | "mention" | "inlineCard" | "date" | "status" => {
            &["type", "attrs"]
        }
        _ => &["type", "attrs", "content"],
    };
    if let Some(strange) = strange(object, known) {
        return Some(format!("{kind} has {strange:?}"));
    }
    attributes(kind, object.get("attrs")).or_else(|| held(kind, object))
}

/// What each kind of node holds.
fn held(kind: &str, object: &Map<String, Value>) -> Option<String> {
    match kind {
        "paragraph" | "heading" => children(kind, object, &INLINE, false),
        "codeBlock" => children(kind, object, &["text"], false),
        "bulletList" | "orderedList" => children(kind, object, &["listItem"], true),
        "listItem" => item(object),
        "blockquote" => {
            let blocks = ["paragraph", "bulletList", "orderedList", "codeBlock"];
            children(kind, object, &blocks, true)
        }
        "panel" => {
            let blocks = ["paragraph", "heading", "bulletList", "orderedList"];
            children(kind, object, &blocks, true)
        }
        "table" => children(kind, object, &["tableRow"], true),
        "tableRow" => children(kind, object, &["tableHeader", "tableCell"], true),
        "tableHeader" | "tableCell" => {
            let blocks = TOP
                .iter()
                .filter(|block| !["table", "expand"].contains(block));
            children(kind, object, &blocks.copied().collect::<Vec<_>>(), true)
        }
        "expand" => {
            let blocks = TOP.iter().filter(|block| **block != "expand");
            children(kind, object, &blocks.copied().collect::<Vec<_>>(), true)
        }
        _ => None,
    }
}

/// A list's item starts with a paragraph or a code block.
fn item(object: &Map<String, Value>) -> Option<String> {
    let blocks = ["paragraph", "bulletList", "orderedList", "codeBlock"];
    let first = object
        .get("content")
        .and_then(|content| content.pointer("/0/type"));
    match first.and_then(Value::as_str) {
        Some("paragraph" | "codeBlock") => children("listItem", object, &blocks, true),
        Some(_) | None => Some("listItem does not start with a paragraph".to_owned()),
    }
}

fn attributes(kind: &str, attrs: Option<&Value>) -> Option<String> {
    let of = |name: &str| attrs.and_then(|attrs| attrs.get(name));
    let right = match kind {
        "heading" => of("level")
            .and_then(Value::as_u64)
            .is_some_and(|level| (1..=6).contains(&level)),
        "panel" => of("panelType")
            .and_then(Value::as_str)
            .is_some_and(|kind| ["info", "note", "warning", "success", "error"].contains(&kind)),
        "codeBlock" => of("language").is_none_or(Value::is_string),
        "orderedList" => of("order").is_none_or(Value::is_u64),
        "emoji" => of("shortName").is_some_and(Value::is_string),
        "mention" => of("id").is_some_and(Value::is_string),
        "inlineCard" => of("url").is_some_and(Value::is_string),
        _ => attrs.is_none_or(Value::is_object),
    };
    (!right).then(|| format!("{kind} has wrong attrs"))
}

fn text(parent: &str, object: &Map<String, Value>) -> Option<String> {
    let text = object
        .get("text")
        .and_then(Value::as_str)
        .unwrap_or_default();
    if text.is_empty() {
        return Some(format!("{parent} holds an empty text"));
    }
    if let Some(strange) = strange(object, &["type", "text", "marks"]) {
        return Some(format!("text has {strange:?}"));
    }
    let marks = object.get("marks")?;
    let Some(marks) = marks.as_array() else {
        return Some("marks is no list".to_owned());
    };
    if parent == "codeBlock" && !marks.is_empty() {
        return Some("a codeBlock's text has marks".to_owned());
    }
    marked(marks)
}

/// Each mark once; `code` only with `link`.
fn marked(marks: &[Value]) -> Option<String> {
    let kinds: Vec<&str> = marks
        .iter()
        .map(|mark| mark["type"].as_str().unwrap_or_default())
        .collect();
    for (at, (kind, mark)) in kinds.iter().zip(marks).enumerate() {
        if !MARKS.contains(kind) || kinds[..at].contains(kind) {
            return Some(format!("the mark {kind:?}"));
        }
        if *kind == "link" && mark["attrs"]["href"].as_str().is_none_or(str::is_empty) {
            return Some("a link without href".to_owned());
        }
    }
    let mixed = kinds.iter().any(|kind| !["code", "link"].contains(kind));
    (kinds.contains(&"code") && mixed).then(|| "code with other marks".to_owned())
}

/// Its words: a line for each block.
pub(super) fn words(document: &Value) -> String {
    let mut words = String::new();
    gather(document, &mut words);
    words.trim_end().to_owned()
}

fn gather(node: &Value, into: &mut String) {
    if let Some(text) = node["text"].as_str() {
        into.push_str(text);
    }
    for child in node["content"].as_array().into_iter().flatten() {
        gather(child, into);
    }
    let kind = node["type"].as_str().unwrap_or_default();
    if matches!(kind, "paragraph" | "heading" | "codeBlock" | "hardBreak") {
        into.push('\n');
    }
}
