//! What the double of Jira takes and refuses, in both forms, driven by hand.

use serde_json::{Value, json};

use super::book::basic;
use super::hand::Hand;
use super::tests::double;
use super::{Jira, System as _};

const KEY: &str = "wm-0123456789abcdef";

/// An issue with other fields.
fn issue(hand: &Hand, fields: &Value) -> u16 {
    let mut all = json!({"project": {"key": "MAIL"}, "issuetype": {"name": "Task"},
        "summary": "mail is late", "labels": [KEY], "description": hand.jira_text("text")});
    for (name, value) in fields.as_object().into_iter().flatten() {
        all[name] = value.clone();
    }
    let version = if hand.is_cloud() { 3 } else { 2 };
    let path = format!("/rest/api/{version}/issue");
    let reply = hand.ask("POST", &path, Some(&json!({ "fields": all })));
    reply.expect("an answer").status
}

#[test]
fn jira_refuses_issues_that_are_wrong() {
    for jira in [Jira::cloud(), Jira::server()] {
        let (_double, hand) = double(jira);
        for wrong in [
            json!({"summary": "x".repeat(256)}),
            json!({"summary": "two\nlines"}),
            json!({"summary": ""}),
            json!({"labels": ["a label"]}),
            json!({"project": {"key": "NONE"}}),
            json!({"issuetype": {"name": "None"}}),
            json!({"priority": {"name": "None"}}),
            json!({"unknown": 1}),
            json!({"description": hand.jira_text(&"x".repeat(32_768))}),
        ] {
            assert_eq!(issue(&hand, &wrong), 400, "{wrong}");
        }
        assert_eq!(issue(&hand, &json!({"priority": {"name": "High"}})), 201);
    }
}

#[test]
fn jira_takes_texts_in_its_own_form_only() {
    let (_cloud, hand) = double(Jira::cloud());
    assert_eq!(issue(&hand, &json!({"description": "plain"})), 400);
    let plain = json!({"body": "plain"});
    assert_eq!(issue(&hand, &json!({})), 201);
    let reply = hand.ask("POST", "/rest/api/3/issue/MAIL-1/comment", Some(&plain));
    reply.expect("an answer").is(400);
    let (_server, hand) = double(Jira::server());
    assert_eq!(issue(&hand, &json!({"description": {"type": "doc"}})), 400);
}

#[test]
fn jira_reads_documents_strictly() {
    let (_double, hand) = double(Jira::cloud());
    let text = json!({"type": "text", "text": "x"});
    let paragraph = json!({"type": "paragraph", "content": [text]});
    let node = |node: Value| json!({"type": "doc", "version": 1, "content": [node]});
    let marked = |marks: Value| {
        let text = json!({"type": "text", "text": "x", "marks": marks});
        node(json!({"type": "paragraph", "content": [text]}))
    };
    let list = |item: Value| {
        let item = json!({"type": "listItem", "content": [item]});
        node(json!({"type": "bulletList", "content": [item]}))
    };
    let link = json!({"type": "link", "attrs": {"href": "https://whymid.example"}});
    for right in [
        json!({"type": "doc", "version": 1, "content": []}),
        node(paragraph.clone()),
        node(json!({"type": "paragraph"})),
        list(paragraph.clone()),
        marked(json!([{"type": "code"}, link])),
        node(json!({"type": "heading", "attrs": {"level": 3}, "content": [text]})),
        node(json!({"type": "codeBlock", "attrs": {"language": "text"}, "content": [text]})),
        node(
            json!({"type": "table", "content": [{"type": "tableRow", "content":
            [{"type": "tableCell", "content": [paragraph]}]}]}),
        ),
    ] {
        assert_eq!(issue(&hand, &json!({"description": right})), 201, "{right}");
    }
    for wrong in [
        json!({"type": "doc", "content": [paragraph]}),
        json!({"type": "doc", "version": 1}),
        node(text.clone()),
        node(json!({"type": "paragraph", "content": [{"type": "text", "text": ""}]})),
        node(json!({"type": "paragraph", "content": [paragraph]})),
        node(json!({"type": "paragraph", "text": "x"})),
        node(json!({"type": "unheard"})),
        node(json!({"type": "heading", "attrs": {"level": 7}, "content": [text]})),
        node(json!({"type": "bulletList", "content": []})),
        list(text.clone()),
        list(json!({"type": "bulletList", "content": []})),
        marked(json!([{"type": "code"}, {"type": "strong"}])),
        marked(json!([{"type": "strong"}, {"type": "strong"}])),
        marked(json!([{"type": "link"}])),
        marked(json!([{"type": "loud"}])),
    ] {
        assert_eq!(issue(&hand, &json!({"description": wrong})), 400, "{wrong}");
    }
}

#[test]
fn jira_cloud_has_no_old_search_and_answers_with_ids_unless_fields_are_named() {
    let (_double, hand) = double(Jira::cloud());
    hand.create(KEY, "text").expect("an answer").is(201);
    let ask = |path: &str, jql: &str, fields: Option<Value>| {
        let mut body = json!({ "jql": jql });
        if let Some(fields) = fields {
            body["fields"] = fields;
        }
        hand.ask("POST", path, Some(&body)).expect("an answer")
    };
    let jql = format!("labels = {KEY} AND statusCategory != Done");
    ask("/rest/api/3/search", &jql, None).is(410);
    let bare = ask("/rest/api/3/search/jql", &jql, None).is(200).json();
    assert!(bare["issues"][0]["fields"].is_null());
    let named = ask("/rest/api/3/search/jql", &jql, Some(json!(["status"])));
    let named = named.is(200).json();
    let status = &named["issues"][0]["fields"]["status"];
    assert_eq!(status["statusCategory"]["key"], "new");
    assert_eq!(named["isLast"], true);
    for wrong in [
        "",
        "project = NONE",
        "text ~ mail",
        "labels = \"x",
        "labels in (x)",
        "labels = x OR labels = y",
    ] {
        ask("/rest/api/3/search/jql", wrong, None).is(400);
    }
}

#[test]
fn jira_moves_issues_along_the_transitions_that_it_lists() {
    for jira in [Jira::cloud(), Jira::server()] {
        let (double, hand) = double(jira);
        hand.create(KEY, "text").expect("an answer").is(201);
        let version = if hand.is_cloud() { 3 } else { 2 };
        let path = format!("/rest/api/{version}/issue/MAIL-1/transitions");
        let listed = hand.ask("GET", &path, None).expect("an answer").json();
        let listed = listed["transitions"].as_array().expect("a list").clone();
        let category = |one: &Value| one["to"]["statusCategory"]["key"].clone();
        let categories: Vec<Value> = listed.iter().map(category).collect();
        assert_eq!(categories, ["indeterminate", "done"]);
        hand.turn("MAIL-1", KEY, false).expect("an answer").is(204);
        hand.turn("MAIL-1", KEY, false).expect("an answer").is(400);
        assert!(!double.tickets()[0].open);
        let path = format!("/rest/api/{version}/issue/10001?fields=comment,status");
        let one = hand.ask("GET", &path, None).expect("an answer").is(200);
        assert_eq!(one.json()["fields"]["comment"]["total"], 0);
    }
}

#[test]
fn jira_keeps_issue_properties_and_takes_no_forms_of_browsers() {
    let (_double, hand) = double(Jira::cloud());
    hand.create(KEY, "text").expect("an answer").is(201);
    let path = "/rest/api/3/issue/MAIL-1/properties/whymid";
    let value = json!({"key": KEY});
    hand.ask("PUT", path, Some(&value))
        .expect("an answer")
        .is(201);
    let kept = hand.ask("GET", path, None).expect("an answer").is(200);
    assert_eq!(kept.json()["value"], value);
    let wrong = hand.ask("GET", "/rest/api/2/issue/MAIL-1", None);
    wrong.expect("an answer").is(404);
    let word = |name: &str| hand.target[name].as_str().unwrap_or_default();
    let form = |token: &str| {
        let headers = [
            ("Authorization", basic(word("user"), word("token"))),
            ("Content-Type", "application/json".to_owned()),
            ("User-Agent", "Mozilla/5.0".to_owned()),
            ("X-Atlassian-Token", token.to_owned()),
        ];
        let sent = hand.send("PUT", path, &headers, Some("{}"));
        sent.expect("an answer").status
    };
    assert_eq!((form("check"), form("no-check")), (403, 201));
}
