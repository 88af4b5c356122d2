//! JSON, Markdown, text, CSV: each call in each of its forms is served as what it is, a browser that
//! opens it runs nothing, and what a ticket makes of the Markdown is harmless.

use std::collections::BTreeMap;

use pulldown_cmark::{Event, Options, Parser, Tag};
use serde_json::Value;

use super::looking::Eyes;
use super::planted::asked_payloads;
use super::story::{self, ENCODED, FIRST};
use super::{Sown, places, question, sown};
use crate::harness::{Call, Reply, Service, calls, encoded};

/// The form of every refusal.
const PROBLEM: &str = "application/problem+json";

/// So often a browser opens each form.
const LOOKED_AT: usize = 4;

/// Served as that, and so that no browser takes it for something else.
fn is_served_as(reply: &Reply, form: &str, what: &str) {
    let served = reply.header("content-type").unwrap_or_default();
    let (kind, parameters) = served.split_once(';').unwrap_or((served, ""));
    assert_eq!(kind, form, "{what}");
    let is_page_or_text = ["text/html", "text/plain", "text/markdown", "text/csv"].contains(&form);
    assert!(
        !is_page_or_text || parameters.trim() == "charset=utf-8",
        "{what}: {served}"
    );
    assert_eq!(
        reply.header("x-content-type-options"),
        Some("nosniff"),
        "{what}"
    );
    let policy = reply.header("content-security-policy").unwrap_or_default();
    assert!(
        policy.starts_with("default-src 'none';"),
        "{what}: {policy}"
    );
    assert!(!policy.contains("unsafe"), "{what}: {policy}");
    let foreign = reply.header("access-control-allow-origin");
    assert_eq!(foreign, None, "{what}");
}

/// Is what it says it is.
fn is_sound(form: &str, body: &str, what: &str) {
    match form {
        "application/json" | PROBLEM => {
            serde_json::from_str::<Value>(body).unwrap_or_else(|error| panic!("{what}: {error}"));
        }
        "application/x-ndjson" => {
            for line in body.lines() {
                let item = serde_json::from_str::<Value>(line);
                item.unwrap_or_else(|error| panic!("{what}: {error} in {line}"));
            }
        }
        "text/csv" => has_no_formula(body, what),
        "text/markdown" => is_harmless(body, what),
        "text/plain" => {
            let bad = |letter: char| {
                letter != '\n' && letter.is_control() || ('\u{202a}'..='\u{202e}').contains(&letter)
            };
            assert!(!body.contains(bad), "{what}: {body:?}");
        }
        _ => {}
    }
}

fn has_no_formula(table: &str, what: &str) {
    for cell in table.split([',', '\n']) {
        let cell = cell.trim_start_matches('"');
        let number = cell.trim_end_matches(['"', '\r']).parse::<f64>();
        let begins = cell.starts_with(['=', '+', '-', '@', '\t']);
        assert!(!begins || number.is_ok(), "{what}: {cell}");
    }
}

/// Rendered as tickets do, it holds no HTML, no picture, and no link but ours and those of articles.
fn is_harmless(markdown: &str, what: &str) {
    for event in Parser::new_ext(markdown, Options::all()) {
        match event {
            Event::Html(html) | Event::InlineHtml(html) => panic!("{what}: {html}"),
            Event::Start(Tag::Image { dest_url, .. }) => panic!("{what}: {dest_url}"),
            Event::Start(Tag::Link { dest_url, .. }) => {
                // those between articles are relative
                let leads = ["https://", "http://", "#", "../"];
                let is_good = leads.iter().any(|lead| dest_url.starts_with(lead));
                let is_evil = dest_url.contains("evil") || dest_url.contains("pw");
                assert!(is_good && !is_evil, "{what}: {dest_url}");
            }
            Event::Start(_)
            | Event::End(_)
            | Event::Text(_)
            | Event::Code(_)
            | Event::InlineMath(_)
            | Event::DisplayMath(_)
            | Event::FootnoteReference(_)
            | Event::SoftBreak
            | Event::HardBreak
            | Event::Rule
            | Event::TaskListMarker(_) => {}
        }
    }
}

/// The path of a call with something in its place and what it asks; only for the stories' records.
fn paths(service: &Service, call: &Call) -> Vec<String> {
    let stories = |list: &str, first: u64| -> Vec<String> {
        let nths = first..first + asked_payloads().len() as u64;
        let ids = nths.map(|nth| id_of(service, list, nth));
        ids.collect()
    };
    match call.path.as_str() {
        path if path.contains("/messages/") => {
            let ids = [stories("mid", FIRST), stories("mid", ENCODED)].concat();
            asked(call, &ids)
        }
        path if path.contains("/connections/") => asked(call, &stories("icid", FIRST)),
        _ => all_paths(service, call),
    }
}

/// The same for all records.
fn all_paths(service: &Service, call: &Call) -> Vec<String> {
    asked(call, &places(service, call))
}

fn asked(call: &Call, places: &[String]) -> Vec<String> {
    let question = match call.path.as_str() {
        "/v1/stats" => "group_by=sender_domain&",
        _ => question(call),
    };
    let path = |place: &String| format!("{}?{question}", call.filled(place));
    let paths = places.iter().map(path);
    paths
        .map(|path| path.trim_end_matches(['?', '&']).to_owned())
        .collect()
}

fn id_of(service: &Service, what: &str, number: u64) -> String {
    let record = if what == "mid" {
        "message"
    } else {
        "connection"
    };
    let answer = service.get(&format!("/v1/why?{what}={number}"));
    let answer = answer.is(200).json();
    answer[record]["id"].as_str().expect("an id").to_owned()
}

#[test]
fn every_form_of_every_call_is_served_as_what_it_is_and_runs_nothing() {
    let Sown { service, .. } = sown();
    let eyes = Eyes::open(&service);
    let (mut served, mut shown) = (0, BTreeMap::<String, usize>::new());
    for call in calls() {
        let paths = paths(&service, &call);
        let all = all_paths(&service, &call);
        for form in &call.forms {
            // each diagnosis has texts of its own, which tickets take
            let is_for_tickets = ["text/markdown", "text/plain"].contains(&form.as_str());
            for path in if is_for_tickets { &all } else { &paths } {
                let what = format!("{path} as {form}");
                let reply = service.ask(path, &[("Accept", form)]).is(200);
                is_served_as(&reply, form, &what);
                is_sound(form, &reply.body, &what);
                served += 1;
            }
            // each with another payload
            let looked = shown.entry(form.clone()).or_default();
            if *looked < LOOKED_AT {
                eyes.look_as(&paths[served % paths.len()], form);
                *looked += 1;
            }
        }
    }
    println!("stored: {served} responses in {} forms", shown.len());
    assert!(served > 150, "{served}");
}

#[test]
fn what_was_asked_comes_back_as_what_it_is() {
    let Sown { service, .. } = sown();
    let mut refused = 0;
    for call in calls() {
        let path = paths(&service, &call).swap_remove(0);
        for (name, payload) in call
            .query
            .iter()
            .flat_map(|name| asked_payloads().map(|one| (name, one)))
        {
            // in place of what the call asks by itself, or beside it
            let (bare, question) = path.split_once('?').unwrap_or((&path, ""));
            let is_asked = question.starts_with(&format!("{name}="));
            let kept = if is_asked { "" } else { question };
            let asked = format!("{bare}?{name}={}&{kept}", encoded(&payload));
            let asked = asked.trim_end_matches('&');
            let accept = call.forms.join(", ");
            let reply = service.ask(asked, &[("Accept", &accept)]);
            let form = match reply.status {
                200 => reply.header("content-type").unwrap_or_default(),
                _ if call.path.starts_with("/v1/") || !call.is_page() => PROBLEM,
                _ => "text/html",
            };
            let form = form.split(';').next().unwrap_or_default().to_owned();
            assert!(
                reply.status != 200 || call.forms.contains(&form),
                "{asked}: {form}"
            );
            is_served_as(&reply, &form, asked);
            is_sound(&form, &reply.body, asked);
            refused += usize::from(reply.status != 200);
        }
    }
    assert!(refused > 500, "{refused}");
    for payload in asked_payloads() {
        let headers = [("Content-Type", "text/plain"), ("X-Whymid", "1")];
        let reply = service.post("/v1/explain", &headers, story::pasted(&payload));
        is_served_as(&reply, "application/json", &payload);
        is_sound("application/json", &reply.is(200).body, &payload);
    }
}
