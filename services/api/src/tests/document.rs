//! Reads the OpenAPI document as a reader would.

use serde_json::Value;

fn operations() -> Vec<(String, String, Value)> {
    let document = crate::openapi::as_json();
    let mut all = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            all.push((path.clone(), method.clone(), operation.clone()));
        }
    }
    all
}

fn is_text(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.trim().is_empty())
}

#[test]
fn the_document_is_the_same_each_time_and_says_what_it_is() {
    let text = crate::openapi_yaml();
    assert_eq!(text, crate::openapi_yaml());
    assert_eq!(
        super::super::openapi::as_json(),
        super::super::openapi::as_json()
    );
    let document = crate::openapi::as_json();
    assert_eq!(document["info"]["title"], "whymid");
    assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(document["info"]["license"]["name"], "MIT OR Apache-2.0");
    assert!(is_text(&document["info"]["description"]));
    assert!(text.starts_with("openapi: 3.1"), "{}", &text[..40]);
}

#[test]
fn every_operation_has_summary_description_tag_security_and_its_own_id() {
    let mut ids = Vec::new();
    for (path, method, operation) in operations() {
        let at = format!("{method} {path}");
        assert!(is_text(&operation["summary"]), "{at} has no summary");
        assert!(
            is_text(&operation["description"]),
            "{at} has no description"
        );
        assert_eq!(
            operation["tags"].as_array().map(Vec::len),
            Some(1),
            "{at} has no tag"
        );
        assert_eq!(
            operation["security"].as_array().map(Vec::len),
            Some(1),
            "{at} has no security"
        );
        ids.push(operation["operationId"].as_str().unwrap().to_owned());
    }
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), all);
}

#[test]
fn every_operation_shows_an_example_of_its_success() {
    for (path, method, operation) in operations() {
        let responses = operation["responses"].as_object().unwrap();
        let success = responses.iter().find(|(status, _)| status.starts_with('2'));
        // a form that only leads on
        let is_empty = success.is_some_and(|(status, _)| status == "204");
        if is_empty || success.is_none() && responses.contains_key("303") {
            continue;
        }
        let content = success.and_then(|(_, response)| response["content"].as_object());
        let content = content.unwrap_or_else(|| panic!("{method} {path} has no content"));
        let shown = content.values().any(|media| !media["example"].is_null());
        assert!(shown, "{method} {path} shows no example");
    }
}

#[test]
fn every_operation_lists_its_errors_as_problems_with_examples() {
    for (path, method, operation) in operations() {
        let at = format!("{method} {path}");
        let guarded = operation["security"][0]
            .as_object()
            .is_some_and(|needed| !needed.is_empty());
        let mut statuses = Vec::new();
        let document = crate::openapi::as_json();
        for (status, response) in operation["responses"].as_object().unwrap() {
            if status.starts_with(['2', '3']) {
                continue;
            }
            statuses.push(status.as_str());
            let target = response["$ref"].as_str().unwrap();
            let response = document
                .pointer(target.trim_start_matches('#'))
                .unwrap_or_else(|| panic!("{target}"));
            let problem = &response["content"]["application/problem+json"];
            assert_eq!(
                problem["schema"]["$ref"], "#/components/schemas/Problem",
                "{at} {status}"
            );
            assert!(is_text(&response["description"]), "{at} {status}");
            for example in problem["examples"].as_object().unwrap().values() {
                assert_eq!(example["value"]["status"].to_string(), *status, "{at}");
            }
        }
        for must in ["400", "403", "421", "500"] {
            assert!(statuses.contains(&must), "{at} lacks {must}");
        }
        // whoever signs in may do so with a wrong token
        let takes_token = guarded || at == "post /sign-in";
        assert_eq!(statuses.contains(&"401"), takes_token, "{at}");
    }
}

#[test]
fn every_parameter_is_described_and_shown() {
    for (path, method, operation) in operations() {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let at = format!("{method} {path}: {}", parameter["name"]);
            assert!(is_text(&parameter["description"]), "{at}");
            let shown =
                !parameter["example"].is_null() || !parameter["schema"]["example"].is_null();
            assert!(shown, "{at} shows no example");
            let needed = parameter["in"] == "path";
            assert_eq!(
                parameter["required"].as_bool().unwrap_or(false),
                needed,
                "{at}"
            );
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = crate::openapi::as_json();
    let known = document["components"]["schemas"].as_object().unwrap();
    let text = document.to_string();
    for target in text.split("\"#/components/schemas/").skip(1) {
        let name = target.split('"').next().unwrap();
        assert!(known.contains_key(name), "{name}");
    }
}

#[test]
fn the_defaults_of_the_timeline_are_written_down() {
    let document = crate::openapi::as_json();
    let parameters = document["paths"]["/v1/messages/{id}"]["get"]["parameters"]
        .as_array()
        .unwrap()
        .clone();
    let limit = parameters
        .iter()
        .find(|parameter| parameter["name"] == "limit")
        .unwrap();
    assert_eq!(limit["schema"]["default"], 200);
    assert_eq!(
        (&limit["schema"]["minimum"], &limit["schema"]["maximum"]),
        (&1.into(), &1000.into())
    );
}

#[test]
fn the_json_schemas_stand_alone() {
    let schemas = crate::json_schemas();
    let names: Vec<_> = schemas.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["answer", "problem", "cause_event"]);
    for (name, text) in schemas {
        let schema: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            schema["$schema"],
            "https://json-schema.org/draft/2020-12/schema"
        );
        assert_eq!(schema["type"], "object", "{name}");
        assert!(!text.contains("#/components/"), "{name}");
        for target in text.split("\"#/$defs/").skip(1) {
            let target = target.split('"').next().unwrap();
            assert!(schema["$defs"][target].is_object(), "{name}: {target}");
        }
    }
}

#[test]
fn closed_vocabularies_show_the_published_words() {
    use whymid_schemas::{Confidence, Custody, Lang, Outcome, Party, Severity};
    let document = crate::openapi::as_json();
    let shown = |name: &str| document["components"]["schemas"][name]["enum"].to_string();
    let words = |words: Vec<&str>| serde_json::json!(words).to_string();
    assert_eq!(
        shown("Outcome"),
        words(Outcome::ALL.iter().map(|word| word.word()).collect())
    );
    assert_eq!(
        shown("Custody"),
        words(Custody::ALL.iter().map(|word| word.word()).collect())
    );
    assert_eq!(
        shown("Party"),
        words(Party::ALL.iter().map(|word| word.word()).collect())
    );
    assert_eq!(
        shown("Confidence"),
        words(Confidence::ALL.iter().map(|word| word.word()).collect())
    );
    assert_eq!(
        shown("Severity"),
        words(Severity::ALL.iter().map(|word| word.word()).collect())
    );
    assert_eq!(
        shown("Lang"),
        words(Lang::ALL.iter().map(|word| word.word()).collect())
    );
}
