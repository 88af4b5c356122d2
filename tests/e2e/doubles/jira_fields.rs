//! What Jira allows in an issue's fields, and how it says what is wrong.

use serde_json::{Map, Value, json};

use super::Answer;
use super::jira::PROJECT;

pub(super) fn faulty(status: u16, fault: &str) -> Answer {
    Answer::json(status, &json!({"errorMessages": [fault], "errors": {}}))
}

pub(super) fn wrong(field: &str, fault: &str) -> Answer {
    Answer::json(400, &json!({"errorMessages": [], "errors": {field: fault}}))
}

/// All but the texts.
pub(super) fn check(fields: &Map<String, Value>) -> Result<(), Answer> {
    for (name, value) in fields {
        let fault = match name.as_str() {
            "project" if value["key"] != PROJECT => "valid project is required",
            "issuetype" if value["name"] != "Task" && value["name"] != "Bug" => {
                "Specify a valid issue type"
            }
            "priority" if !is_priority(value) => "Priority name is not valid",
            "project" | "issuetype" | "priority" | "summary" | "description" | "labels" => continue,
            _ => "Field cannot be set. It is not on the appropriate screen, or unknown.",
        };
        return Err(wrong(name, fault));
    }
    for name in ["project", "issuetype"] {
        if !fields.contains_key(name) {
            return Err(wrong(name, "is required"));
        }
    }
    let summary = fields.get("summary").and_then(Value::as_str).unwrap_or("");
    let fault = if summary.trim().is_empty() {
        "You must specify a summary of the issue."
    } else if summary.chars().count() > 255 {
        "Summary can't exceed 255 characters."
    } else if summary.contains(['\n', '\r']) {
        "The summary is invalid because it contains newline characters."
    } else {
        return Ok(());
    };
    Err(wrong("summary", fault))
}

fn is_priority(value: &Value) -> bool {
    let names = ["Highest", "High", "Medium", "Low", "Lowest"];
    value["name"]
        .as_str()
        .is_some_and(|name| names.contains(&name))
}

pub(super) fn labels(told: Option<&Value>) -> Result<Vec<String>, Answer> {
    let mut labels = Vec::new();
    for label in told.and_then(Value::as_array).into_iter().flatten() {
        let label = label.as_str().unwrap_or_default();
        if label.is_empty() || label.contains(char::is_whitespace) || label.len() > 255 {
            return Err(wrong("labels", "The label contains spaces or is invalid."));
        }
        labels.push(label.to_owned());
    }
    Ok(labels)
}
