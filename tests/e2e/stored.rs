//! Stored XSS: every field that a stranger writes carries a text that would become markup or run, and
//! every page and every form of every call is looked at in a real browser. The pages are those of
//! `openapi.yaml`, the lines those of the table of kinds, so that a new one can't be forgotten.
//!
//! | file | what it is |
//! |---|---|
//! | `planted.rs` | the texts, and how each is found again |
//! | `story.rs` | the lines that carry them |
//! | `looking.rs` | what a page must not hold |
//! | `forms.rs` | JSON, Markdown, text, CSV: served as what they are |

mod forms;
mod looking;
mod planted;
mod story;

use std::collections::BTreeSet;

use self::looking::{Eyes, Seeing};
use self::planted::{Garden, Planted, Seen, asked_payloads, visible};
use self::story::{ENCODED, FIRST, Handed};
use crate::access::token;
use crate::harness::{Call, Service, Setup, calls, encoded};

/// A service that has taken all of it, and what it has taken.
struct Sown {
    service: Service,
    garden: Garden,
}

/// All of it is written, and in memory no more.
fn sown() -> Sown {
    let service = Service::start();
    subscription(&service);
    let mut garden = Garden::default();
    let mut handed = story::stories(&mut garden);
    handed.push(story::kinds(&mut garden));
    let mut sent = 0;
    for Handed { appliance, lines } in handed {
        let path = format!("/v1/lines?appliance={appliance}");
        let headers = [("Content-Type", "application/octet-stream")];
        service.post(&path, &headers, lines.join("\n")).is(202);
        sent += lines.len() as u64;
    }
    service.all_handled(sent);
    Sown {
        service: service.restart(),
        garden,
    }
}

/// The ids of all records that a search lists.
fn ids(service: &Service, list: &str) -> Vec<String> {
    let found = service.get(&format!("{list}?limit=500")).is(200).json();
    assert!(found["next_cursor"].is_null(), "{list} is longer");
    let items = found["items"].as_array().expect("items").iter();
    let ids = items.map(|one| one["id"].as_str().expect("an id").to_owned());
    ids.collect()
}

/// One subscription that takes everything, so that its notifications carry what strangers wrote; made if
/// there is none. Its target can't be reached.
fn subscription(service: &Service) -> String {
    let known = service.get("/v1/subscriptions").is(200).json();
    if let Some(id) = known["items"][0]["id"].as_str() {
        return id.to_owned();
    }
    let terms = serde_json::json!({
        "name": "Everything", "filter": "true == true", "at_most": {"tickets": 1000, "per": "1h"},
        "target": {"kind": "redmine", "url": "https://redmine.invalid", "api_key": "invented",
                   "project": "mail", "custom_field_id": 1},
    });
    let headers = [("Content-Type", "application/json")];
    let made = service.post("/v1/subscriptions", &headers, terms.to_string());
    let made = made.is(201).json();
    made["id"].as_str().expect("an id").to_owned()
}

/// What may stand in the place of a path.
fn places(service: &Service, call: &Call) -> Vec<String> {
    match call.path.as_str() {
        path if path.contains("/messages/") => ids(service, "/v1/messages"),
        path if path.contains("/connections/") => ids(service, "/v1/connections"),
        "/kb/{article}" | "/v1/articles/{id}" => vec!["receiving-aborted".to_owned()],
        "/v1/diagnoses/{id}" => vec!["delivered-ok".to_owned()],
        "/v1/appliances/{name}/events" => vec!["esa1".to_owned()],
        path if path.contains("/subscriptions/") => vec![subscription(service)],
        path => {
            assert!(!call.has_place(), "{path}: unknown to this test");
            vec![String::new()]
        }
    }
}

/// What a page is asked that asks for nothing by itself.
fn question(call: &Call) -> &'static str {
    match call.path.as_str() {
        "/v1/why" => "mid=1000&",
        "/ask" => "q=since:1d&",
        _ => "",
    }
}

/// Every page: those of all messages in English, of a part of them in Japanese, the others in both.
fn look_at_every_page(service: &Service, eyes: &Eyes) {
    for call in calls().into_iter().filter(Call::is_page) {
        let langs: &[&str] = match call.path.as_str() {
            "/messages/{id}" => &["en"],
            "/v1/messages/{id}/answer" | "/v1/connections/{id}/answer" => &["ja"],
            _ => &["en", "ja"],
        };
        for (nth, place) in places(service, &call).into_iter().enumerate() {
            // the lines are those of the page; a part of them tells whether the words are harmless
            if call.path.starts_with("/v1/") && nth % 5 > 0 {
                continue;
            }
            for lang in langs {
                let path = call.filled(&place);
                eyes.look(&format!("{path}?{}lang={lang}", question(&call)));
            }
        }
    }
}

/// What the field is asked: for the records of each story, and each payload itself.
fn look_at_what_was_asked(eyes: &Eyes) {
    for (nth, payload) in (0..).zip(asked_payloads()) {
        for question in [
            format!("icid:{} since:1d", FIRST + nth),
            format!("MID {}", ENCODED + nth),
            payload.clone(),
            format!("subject:\"{payload}\" sender:{payload}"),
        ] {
            eyes.look(&format!("/ask?q={}", encoded(&question)));
        }
        // pasted, as a form sends it
        let lines = story::pasted(&payload);
        eyes.look("/ask");
        eyes.paste(&lines);
        eyes.look_here("/ask, pasted");
    }
}

/// Every parameter of every page, its place and its path with payloads in them: pages that say what
/// is wrong.
fn look_at_refusals(service: &Service, eyes: &Eyes) {
    let payloads = asked_payloads();
    let mut payloads = payloads.iter().cycle();
    let mut next = || encoded(payloads.next().expect("there is no end"));
    for call in calls().into_iter().filter(Call::is_page) {
        let path = call.filled(&places(service, &call)[0]);
        for name in &call.query {
            eyes.look(&format!("{path}?{name}={}", next()));
        }
        eyes.look(&format!("{path}?{}=1", next()));
        if call.has_place() {
            eyes.look(&call.filled(&next()));
        }
    }
    for payload in asked_payloads() {
        eyes.look(&format!("/{}", encoded(&payload)));
    }
}

/// What the appliance's own events say, without blanks.
fn events(service: &Service) -> String {
    let mut all = String::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/v1/appliances/esa1/events?limit=500{cursor}");
        let page = service.get(&path).is(200).json();
        for event in page["items"].as_array().expect("items") {
            all.push_str(&visible(event["line"].as_str().expect("a line")));
        }
        let Some(next) = page["next_cursor"].as_str() else {
            return all;
        };
        cursor = format!("&cursor={next}");
    }
}

#[test]
fn no_text_of_a_stranger_is_more_than_text_on_any_page() {
    let Sown { service, garden } = sown();
    let eyes = Eyes::open(&service);
    look_at_every_page(&service, &eyes);
    look_at_what_was_asked(&eyes);
    look_at_refusals(&service, &eyes);
    let Seeing { all, fields, pages } = eyes.seen();
    let events = events(&service);
    let is_unseen = |one: &&Planted| {
        let text = visible(&one.text);
        match one.seen {
            Seen::AsField => !fields.contains(&text),
            Seen::InLine => !all.contains(&text),
            Seen::InLineOrEvent => !all.contains(&text) && !events.contains(&text),
        }
    };
    let unseen: Vec<&Planted> = garden.0.iter().filter(is_unseen).collect();
    assert!(unseen.is_empty(), "{unseen:#?}");
    let names: BTreeSet<&str> = garden.0.iter().map(|one| one.field.as_str()).collect();
    println!(
        "stored: {} texts in {} fields, on {pages} pages",
        garden.0.len(),
        names.len()
    );
    assert!(names.len() > 400 && pages > 300, "{} {pages}", names.len());
}

#[test]
fn whoever_must_sign_in_first_meets_only_text_too() {
    let (secret, config) = token("desk", "read");
    let service = Service::start_with(Setup {
        config,
        token: Some(secret),
        ..Setup::default()
    });
    let eyes = Eyes::open(&service);
    for payload in asked_payloads() {
        let payload = encoded(&payload);
        for path in [
            format!("/sign-in?next={payload}"),
            format!("/overview?{payload}"),
            format!("/messages/{payload}?lang=ja"),
            format!("/ask?q={payload}"),
        ] {
            eyes.look(&path);
        }
    }
}
