//! What the driver of Redmine asks, and what it makes of answers as 5.0.4 gave them.

use serde_json::json;
use whymid_schemas::Secret;

use super::*;
use crate::targets::http::examples::{
    KEY, MARKER, TITLE, answer, event, event_of, malformed, sent, ticket,
};

fn settings() -> Redmine {
    Redmine {
        url: "https://redmine.example".to_owned(),
        api_key: Secret::new("0abc".to_owned()),
        project: "mail".to_owned(),
        tracker_id: None,
        custom_field_id: 1,
        closed_status_id: 5,
        reopened_status_id: 1,
        private_notes: false,
        text_formatting: RedmineText::Textile,
    }
}

fn driver() -> RedmineDriver {
    RedmineDriver(settings())
}

fn me() -> Response {
    answer(&json!({"user": {"id": 4, "login": "whymid"}}))
}

/// An issue with a key.
fn issue(id: u64, key: &str, status: Value) -> Value {
    json!({"id": id, "status": status, "custom_fields": [{"id": 1, "name": "key", "value": key}]})
}

fn find(issues: Value, total: u64) -> Result<Step, Refusal> {
    let issues = answer(&json!({"issues": issues, "total_count": total}));
    driver().step(&Action::Find(KEY), &[me(), issues])
}

#[test]
fn who_we_are_is_asked_before_the_issues() {
    let request = sent(driver().step(&Action::Find(KEY), &[]));
    assert_eq!(request.method, Method::Get);
    assert_eq!(request.url, "https://redmine.example/users/current.json");
    assert_eq!(request.header("X-Redmine-API-Key"), Some("0abc"));
    let request = sent(driver().step(&Action::Find(KEY), &[me()]));
    assert_eq!(
        request.url,
        "https://redmine.example/issues.json?project_id=mail&status_id=*\
         &cf_1=wm-0123456789abcdef&limit=100"
    );
}

#[test]
fn nothing_breaks_out_of_the_search() {
    let request = sent(driver().step(&Action::Find("a&status_id=1#'\"日"), &[me()]));
    assert!(
        request
            .url
            .contains("&cf_1=a%26status_id%3D1%23%27%22%E6%97%A5&"),
        "{}",
        request.url
    );
}

#[test]
fn every_issue_of_a_key_is_told() {
    let step = find(
        json!([
            issue(7, KEY, json!({"id": 2, "is_closed": false})),
            issue(8, KEY, json!({"id": 6, "is_closed": true})),
            issue(9, KEY, json!({"id": 5})),
            issue(10, KEY, json!({"id": 1})),
        ]),
        4,
    );
    let Ok(Step::Found(tickets)) = step else {
        panic!("{step:?}");
    };
    let told: Vec<_> = tickets
        .iter()
        .map(|one| (one.id.as_str(), one.open))
        .collect();
    assert_eq!(
        told,
        [("7", true), ("8", false), ("9", false), ("10", true)]
    );
    assert_eq!(
        tickets[0].url.as_deref(),
        Some("https://redmine.example/issues/7")
    );
}

#[test]
fn issues_without_the_key_are_not_taken() {
    let open = json!({"id": 1, "is_closed": false});
    let several =
        json!({"id": 7, "status": open, "custom_fields": [{"id": 1, "value": ["x", KEY]}]});
    let other_field = json!({"id": 8, "status": open, "custom_fields": [{"id": 2, "value": KEY}]});
    let none = json!({"id": 9, "status": open});
    let issues = json!([issue(6, "other", open), several, other_field, none]);
    let Ok(Step::Found(tickets)) = find(issues.clone(), 4) else {
        panic!("not found");
    };
    assert_eq!(tickets.len(), 1);
    assert_eq!(tickets[0].id, "7");
    let refusal = find(issues, 400).unwrap_err();
    assert!(refusal.0.en.contains("`custom_field_id`"), "{refusal}");
}

#[test]
fn where_no_issue_has_the_field_nothing_is_opened() {
    let open = json!({"id": 1, "is_closed": false});
    let other = json!({"id": 8, "status": open, "custom_fields": [{"id": 2, "value": ""}]});
    let refusal = find(json!([other]), 1).unwrap_err();
    assert!(refusal.0.en.contains("`custom_field_id`"), "{refusal}");
    let empty = json!({"id": 8, "status": open, "custom_fields": [{"id": 1, "value": ""}]});
    assert_eq!(find(json!([empty]), 1), Ok(Step::Found(Vec::new())));
    assert_eq!(find(json!([]), 0), Ok(Step::Found(Vec::new())));
}

#[test]
fn an_issue_is_opened_with_key_and_marker() {
    let event = event();
    let request = sent(driver().step(&Action::Create(&event), &[]));
    assert_eq!(request.method, Method::Post);
    assert_eq!(request.url, "https://redmine.example/issues.json");
    assert_eq!(request.header("Content-Type"), Some("application/json"));
    let text = http::marked(&markup::textile::text(&event.body), MARKER);
    assert_eq!(
        request.body,
        json!({"issue": {
            "project_id": "mail",
            "subject": TITLE,
            "description": text,
            "custom_fields": [{"id": 1, "value": KEY}],
        }})
    );
    let create = |issue: Value| {
        let answers = [answer(&json!({ "issue": issue }))];
        driver().step(&Action::Create(&event), &answers)
    };
    let Ok(Step::Created(ticket)) = create(issue(12, KEY, json!({"id": 1}))) else {
        panic!("not created");
    };
    assert_eq!((ticket.id.as_str(), ticket.open), ("12", true));
    let refusal = create(json!({"id": 12})).unwrap_err();
    assert!(refusal.0.en.contains("`custom_field_id`"), "{refusal}");
}

#[test]
fn tracker_and_priority_are_told_where_they_are_set() {
    let driver = RedmineDriver(Redmine {
        tracker_id: Some(3),
        ..settings()
    });
    let request = sent(driver.step(&Action::Create(&event_of("4")), &[]));
    assert_eq!(request.body["issue"]["tracker_id"], 3);
    assert_eq!(request.body["issue"]["priority_id"], 4);
    let step = driver.step(&Action::Create(&event_of("Urgent")), &[]);
    assert!(step.unwrap_err().0.en.contains("`priorities`"));
}

#[test]
fn a_comment_is_a_note_private_where_that_is_set() {
    let (event, ticket) = (event(), ticket("12"));
    let action = Action::Comment(&ticket, &event);
    let text = http::marked(&markup::textile::text(&event.body), MARKER);
    for private_notes in [false, true] {
        let driver = RedmineDriver(Redmine {
            private_notes,
            ..settings()
        });
        let request = sent(driver.step(&action, &[]));
        assert_eq!(request.method, Method::Put);
        assert_eq!(request.url, "https://redmine.example/issues/12.json");
        let expected = json!({"issue": {"notes": text, "private_notes": private_notes}});
        assert_eq!(request.body, expected);
    }
    let done = driver().step(&action, &[Response::default()]);
    assert_eq!(done, Ok(Step::Done));
}

#[test]
fn a_marker_is_seen_in_the_description_and_in_notes() {
    let ticket = ticket("12");
    let action = Action::Seen(&ticket, MARKER);
    let request = sent(driver().step(&action, &[]));
    assert_eq!(
        request.url,
        "https://redmine.example/issues/12.json?include=journals"
    );
    let text = format!("It failed.\n\n{MARKER}");
    let seen = |issue: Value| driver().step(&action, &[answer(&json!({"issue": issue}))]);
    assert_eq!(seen(json!({"description": text})), Ok(Step::Seen(true)));
    let noted = json!({"description": null, "journals": [{"notes": null}, {}, {"notes": text}]});
    assert_eq!(seen(noted), Ok(Step::Seen(true)));
    assert_eq!(seen(json!({"subject": MARKER})), Ok(Step::Seen(false)));
}

#[test]
fn a_status_is_set_and_then_looked_at() {
    let ticket = ticket("12");
    let action = Action::Close(&ticket);
    let request = sent(driver().step(&action, &[]));
    assert_eq!(request.method, Method::Put);
    assert_eq!(request.body, json!({"issue": {"status_id": 5}}));
    let request = sent(driver().step(&Action::Reopen(&ticket), &[]));
    assert_eq!(request.body, json!({"issue": {"status_id": 1}}));
    let request = sent(driver().step(&action, &[Response::default()]));
    assert_eq!(request.method, Method::Get);
    assert_eq!(request.url, "https://redmine.example/issues/12.json");
    let now = |id: u64| answer(&json!({"issue": {"status": {"id": id}}}));
    let step = driver().step(&action, &[Response::default(), now(5)]);
    assert_eq!(step, Ok(Step::Done));
    let step = driver().step(&action, &[Response::default(), now(1)]);
    assert!(step.unwrap_err().0.en.contains("workflow"));
}

#[test]
fn malformed_answers_are_refused() {
    let (event, ticket) = (event(), ticket("12"));
    for bad in malformed() {
        for action in [
            Action::Find(KEY),
            Action::Create(&event),
            Action::Seen(&ticket, MARKER),
        ] {
            let step = driver().step(&action, std::slice::from_ref(&bad));
            assert!(step.is_err(), "{action:?} {bad:?} {step:?}");
        }
        let found = driver().step(&Action::Find(KEY), &[me(), bad.clone()]);
        assert!(found.is_err(), "{bad:?}");
        let step = driver().step(&Action::Close(&ticket), &[Response::default(), bad]);
        assert!(step.is_err(), "{step:?}");
    }
    assert!(find(json!([{"id": 7}]), 100).is_err());
    assert!(find(json!([issue(7, KEY, json!(null))]), 1).is_err());
}

#[test]
fn what_redmine_says_is_told() {
    let body = br#"{"errors":["Subject cannot be blank","Priority is invalid"]}"#;
    assert_eq!(
        driver().complaint(body).as_deref(),
        Some("Subject cannot be blank; Priority is invalid")
    );
    assert_eq!(driver().complaint(br#"{"errors":[]}"#), None);
    assert_eq!(driver().complaint(b"<html>"), None);
}
