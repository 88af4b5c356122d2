//! What Jira Cloud takes, and that nothing else is written.

use serde_json::{Value, json};

use super::super::tree::one_line;
use super::super::tree::samples::{body, nasty};
use super::document;

#[test]
fn every_construct_has_its_node() {
    let got = document(
        "## T\n\nA **b `c`** [t](<https://h.example/>)\n\n1. one\n\n   ```text\n   x\n   ```\n",
    );
    let want = json!({"type": "doc", "version": 1, "content": [
        {"type": "heading", "attrs": {"level": 2}, "content": [{"type": "text", "text": "T"}]},
        {"type": "paragraph", "content": [
            {"type": "text", "text": "A "},
            {"type": "text", "text": "b ", "marks": [{"type": "strong"}]},
            {"type": "text", "text": "c", "marks": [{"type": "code"}]},
            {"type": "text", "text": " "},
            {"type": "text", "text": "t",
             "marks": [{"type": "link", "attrs": {"href": "https://h.example/"}}]},
        ]},
        {"type": "orderedList", "attrs": {"order": 1}, "content": [{"type": "listItem", "content": [
            {"type": "paragraph", "content": [{"type": "text", "text": "one"}]},
            {"type": "codeBlock", "attrs": {"language": "text"},
             "content": [{"type": "text", "text": "x"}]},
        ]}]},
    ]});
    assert_eq!(got, want);
}

#[test]
fn an_item_begins_with_a_paragraph() {
    for markdown in [
        "- - a\n",
        "- ```\n  x\n  ```\n",
        "-\n- # b\n",
        "1. > q\n",
        "- ```\n  ```\n",
    ] {
        valid(&document(markdown), "doc");
    }
}

#[test]
fn strangers_texts_are_texts_and_the_document_is_valid() {
    for stranger in nasty() {
        let got = document(&body(&stranger));
        valid(&got, "doc");
        let mut words = String::new();
        collect(&got, &mut words);
        assert!(words.contains(one_line(&stranger).trim()), "{stranger}");
    }
}

#[test]
fn a_document_is_not_longer_than_jira_takes() {
    let got = document(&"words and words\n\n".repeat(5000));
    let mut words = String::new();
    collect(&got, &mut words);
    assert!(words.ends_with('…') && words.chars().count() <= 30_000);
    assert_eq!(
        document(""),
        json!({"type": "doc", "version": 1, "content": []})
    );
}

fn collect(node: &Value, words: &mut String) {
    words.push_str(node["text"].as_str().unwrap_or_default());
    for inside in node["content"].as_array().into_iter().flatten() {
        collect(inside, words);
    }
}

/// The schema of what we write, as far as Jira minds.
fn valid(node: &Value, parent: &str) {
    let kind = node["type"].as_str().expect("a node has a type");
    let content = node["content"].as_array().map_or(&[][..], Vec::as_slice);
    let may_hold: &[&str] = match kind {
        "doc" => &[
            "paragraph",
            "heading",
            "bulletList",
            "orderedList",
            "codeBlock",
        ],
        "paragraph" | "heading" => &["text", "hardBreak"],
        "codeBlock" => &["text"],
        "bulletList" | "orderedList" => &["listItem"],
        "listItem" => &["paragraph", "bulletList", "orderedList", "codeBlock"],
        "text" | "hardBreak" => &[],
        other => panic!("{other} in {parent}"),
    };
    for inside in content {
        let inner = inside["type"].as_str().expect("a node has a type");
        assert!(may_hold.contains(&inner), "{inner} in {kind}");
        valid(inside, kind);
    }
    match kind {
        "text" => valid_text(node, parent),
        "listItem" => assert_eq!(content[0]["type"], "paragraph"),
        "bulletList" | "orderedList" => assert!(!content.is_empty()),
        _ => {}
    }
}

fn valid_text(node: &Value, parent: &str) {
    assert!(
        node["text"].as_str().is_some_and(|text| !text.is_empty()),
        "{node}"
    );
    let marks = node["marks"].as_array().map_or(&[][..], Vec::as_slice);
    let kinds = marks
        .iter()
        .map(|mark| mark["type"].as_str().expect("a mark has a type"));
    let kinds = kinds.collect::<Vec<_>>();
    assert!(parent != "codeBlock" || kinds.is_empty(), "{node}");
    assert!(!kinds.contains(&"code") || kinds.iter().all(|kind| ["code", "link"].contains(kind)));
    for mark in marks.iter().filter(|mark| mark["type"] == "link") {
        let href = mark["attrs"]["href"]
            .as_str()
            .expect("a link has an address");
        assert!(href.starts_with("https://whymid.example/"), "{href}");
    }
}
