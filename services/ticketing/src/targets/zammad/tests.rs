//! What the driver of Zammad asks, and what it makes of answers as its documentation has them.

use serde_json::json;
use whymid_schemas::Secret;

use super::*;
use crate::targets::http::examples::{
    KEY, MARKER, TITLE, answer, event, event_of, malformed, sent, ticket,
};

fn settings() -> Zammad {
    Zammad {
        url: "https://zammad.example/".to_owned(),
        token: Secret::new("abc".to_owned()),
        group: "Users".to_owned(),
        customer: "helpdesk@corp.example".to_owned(),
        attribute: None,
        closed_state: "closed".to_owned(),
        reopened_state: "open".to_owned(),
    }
}

fn driver() -> ZammadDriver {
    ZammadDriver(settings())
}

fn by_attribute() -> ZammadDriver {
    ZammadDriver(Zammad {
        attribute: Some("whymid_key".to_owned()),
        ..settings()
    })
}

fn told(step: Result<Step, Refusal>) -> Vec<(String, bool)> {
    let Ok(Step::Found(tickets)) = step else {
        panic!("{step:?}");
    };
    tickets.into_iter().map(|one| (one.id, one.open)).collect()
}

fn one(id: &str, open: bool) -> (String, bool) {
    (id.to_owned(), open)
}

#[test]
fn a_search_is_by_tag_or_attribute() {
    let request = sent(driver().step(&Action::Find(KEY), &[]));
    assert_eq!(request.method, Method::Get);
    assert_eq!(
        request.url,
        "https://zammad.example/api/v1/tickets/search\
         ?query=tags%3A%22wm-0123456789abcdef%22&limit=10&expand=true"
    );
    assert_eq!(request.header("Authorization"), Some("Token token=abc"));
    let request = sent(by_attribute().step(&Action::Find(r#"a" OR \ 日"#), &[]));
    let expected = "query=whymid_key%3A%22a%5C%22+OR+%5C%5C+%E6%97%A5%22&";
    assert!(request.url.contains(expected), "{}", request.url);
}

#[test]
fn a_list_of_tickets_is_understood() {
    let list = answer(&json!([
        {"id": 7, "state": "new"},
        {"id": 8, "state": "closed"},
        {"id": 9, "state": "merged"},
        {"id": 10, "state": "pending reminder"},
    ]));
    let found = told(driver().step(&Action::Find(KEY), &[list]));
    assert_eq!(found, [one("7", true), one("8", false), one("10", true)]);
}

#[test]
fn ids_with_assets_are_understood_and_what_is_missing_is_asked_for() {
    let search = answer(&json!({
        "tickets": [9, 8, 7],
        "tickets_count": 3,
        "assets": {"Ticket": {"9": {"id": 9, "state": "open"}, "8": {"id": 8, "state_id": 4}}},
    }));
    let request = sent(driver().step(&Action::Find(KEY), std::slice::from_ref(&search)));
    assert_eq!(
        request.url,
        "https://zammad.example/api/v1/tickets/8?expand=true"
    );
    let answers = [search, answer(&json!({"id": 8, "state": "closed"}))];
    let request = sent(driver().step(&Action::Find(KEY), &answers));
    assert_eq!(
        request.url,
        "https://zammad.example/api/v1/tickets/7?expand=true"
    );
    let [search, eight] = answers;
    let answers = [search, eight, answer(&json!({"id": 7, "state": "merged"}))];
    let found = told(driver().step(&Action::Find(KEY), &answers));
    assert_eq!(found, [one("9", true), one("8", false)]);
}

#[test]
fn nothing_is_found_in_either_form() {
    for nothing in [json!([]), json!({"tickets": [], "assets": {}})] {
        let step = driver().step(&Action::Find(KEY), &[answer(&nothing)]);
        assert_eq!(step, Ok(Step::Found(Vec::new())));
    }
}

#[test]
fn tickets_whose_attribute_is_another_one_are_not_taken() {
    let list = answer(&json!([
        {"id": 7, "state": "open", "whymid_key": KEY},
        {"id": 8, "state": "open", "whymid_key": "wm-0123456789abcdee"},
        {"id": 9, "state": "open", "whymid_key": null},
    ]));
    let found = told(by_attribute().step(&Action::Find(KEY), &[list]));
    assert_eq!(found, [one("7", true)]);
    let without = answer(&json!([{"id": 7, "state": "open"}]));
    let request = sent(by_attribute().step(&Action::Find(KEY), &[without]));
    assert!(request.url.ends_with("/tickets/7?expand=true"));
}

#[test]
fn a_ticket_is_opened_with_key_and_marker() {
    let event = event();
    let request = sent(driver().step(&Action::Create(&event), &[]));
    assert_eq!(request.method, Method::Post);
    assert_eq!(request.url, "https://zammad.example/api/v1/tickets");
    assert_eq!(request.header("Content-Type"), Some("application/json"));
    let text = http::marked(
        &markup::html::text(&event.body),
        &format!("<p>{MARKER}</p>"),
    );
    assert_eq!(
        request.body,
        json!({
            "title": TITLE,
            "group": "Users",
            "customer_id": "guess:helpdesk@corp.example",
            "tags": KEY,
            "article": {
                "subject": TITLE,
                "body": text,
                "content_type": "text/html",
                "type": "note",
                "internal": true,
            },
        })
    );
    let answers = [answer(&json!({"id": 12, "number": "31012"}))];
    let Ok(Step::Created(ticket)) = driver().step(&Action::Create(&event), &answers) else {
        panic!("not created");
    };
    assert_eq!((ticket.id.as_str(), ticket.open), ("12", true));
    assert_eq!(
        ticket.url.as_deref(),
        Some("https://zammad.example/#ticket/zoom/12")
    );
}

#[test]
fn attribute_and_priority_are_told_where_they_are_set() {
    let request = sent(by_attribute().step(&Action::Create(&event_of("3 high")), &[]));
    assert_eq!(request.body["whymid_key"], KEY);
    assert_eq!(request.body["tags"], Value::Null);
    assert_eq!(request.body["priority"], "3 high");
    let request = sent(by_attribute().step(&Action::Create(&event_of("3")), &[]));
    assert_eq!(request.body["priority_id"], 3);
}

#[test]
fn a_comment_is_a_note_among_agents() {
    let (event, ticket) = (event(), ticket("12"));
    let action = Action::Comment(&ticket, &event);
    let request = sent(driver().step(&action, &[]));
    assert_eq!(request.method, Method::Post);
    assert_eq!(request.url, "https://zammad.example/api/v1/ticket_articles");
    assert_eq!(request.body["ticket_id"], "12");
    assert_eq!(request.body["internal"], true);
    assert_eq!(request.body["content_type"], "text/html");
    let body = request.body["body"].as_str().unwrap();
    assert!(body.ends_with(&format!("<p>{MARKER}</p>")), "{body}");
    let done = driver().step(&action, &[answer(&json!({"id": 5}))]);
    assert_eq!(done, Ok(Step::Done));
}

#[test]
fn a_marker_is_seen_in_articles() {
    let ticket = ticket("12");
    let action = Action::Seen(&ticket, MARKER);
    let request = sent(driver().step(&action, &[]));
    assert_eq!(
        request.url,
        "https://zammad.example/api/v1/ticket_articles/by_ticket/12"
    );
    let articles = |text: &str| answer(&json!([{"id": 1}, {"body": text}]));
    let seen = |text: &str| driver().step(&action, &[articles(text)]);
    assert_eq!(seen(&format!("<p>{MARKER}</p>")), Ok(Step::Seen(true)));
    assert_eq!(
        seen("<p>[whymid wm-0123456789abcdef-33]</p>"),
        Ok(Step::Seen(false))
    );
}

#[test]
fn a_state_is_set() {
    let ticket = ticket("12");
    let request = sent(driver().step(&Action::Close(&ticket), &[]));
    assert_eq!(request.method, Method::Put);
    assert_eq!(request.url, "https://zammad.example/api/v1/tickets/12");
    assert_eq!(request.body, json!({"state": "closed"}));
    let request = sent(driver().step(&Action::Reopen(&ticket), &[]));
    assert_eq!(request.body, json!({"state": "open"}));
    let done = driver().step(&Action::Close(&ticket), &[answer(&json!({"id": 12}))]);
    assert_eq!(done, Ok(Step::Done));
}

#[test]
fn malformed_answers_are_refused() {
    let (event, ticket) = (event(), ticket("12"));
    for bad in malformed() {
        for action in [Action::Find(KEY), Action::Create(&event)] {
            let step = driver().step(&action, std::slice::from_ref(&bad));
            assert!(step.is_err(), "{action:?} {bad:?} {step:?}");
        }
        let search = answer(&json!({"tickets": [7]}));
        let step = driver().step(&Action::Find(KEY), &[search, bad]);
        assert!(step.is_err(), "{step:?}");
    }
    let no_list = answer(&json!({"articles": 7}));
    let step = driver().step(&Action::Seen(&ticket, MARKER), &[no_list]);
    assert!(step.is_err(), "{step:?}");
    let hostile = answer(&json!({"tickets": ["../../users"]}));
    assert!(driver().step(&Action::Find(KEY), &[hostile]).is_err());
}

#[test]
fn what_zammad_says_is_told() {
    let body = br#"{"error":"No lookup value found for 'group'","error_human":null}"#;
    assert_eq!(
        driver().complaint(body).as_deref(),
        Some("No lookup value found for 'group'")
    );
    assert_eq!(driver().complaint(b"[]"), None);
}
