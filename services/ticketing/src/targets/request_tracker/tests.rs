//! What the driver of Request Tracker asks, and what it makes of answers as 5.0.3 gave them.

use serde_json::json;
use whymid_schemas::Secret;

use super::*;
use crate::examples::english;
use crate::targets::http::examples::{
    KEY, MARKER, Sent, TITLE, answer, event, event_of, malformed, sent, ticket,
};

fn settings() -> RequestTracker {
    RequestTracker {
        url: "https://rt.example/rt/".to_owned(),
        queue: "Mail".to_owned(),
        token: Some(Secret::new("1-41-b8".to_owned())),
        user: None,
        password: None,
        custom_field: "whymid_key".to_owned(),
        requestor: None,
        resolved_status: "resolved".to_owned(),
        reopened_status: "open".to_owned(),
    }
}

fn driver() -> RequestTrackerDriver {
    RequestTrackerDriver(settings())
}

fn found(items: Value) -> Result<Vec<Ticket>, Refusal> {
    let answers = [answer(&json!({"items": items, "pages": 0.0}))];
    let step = driver().step(&Action::Find(KEY), &answers)?;
    let Step::Found(found) = step else {
        panic!("{step:?}");
    };
    Ok(found)
}

/// The TicketSQL of a search.
fn query(driver: &RequestTrackerDriver, key: &str) -> String {
    let Sent { url, .. } = sent(driver.step(&Action::Find(key), &[]));
    let url = url::Url::parse(&url).unwrap();
    let mut pairs = url.query_pairs();
    pairs.find(|(name, _)| name == "query").unwrap().1.into()
}

#[test]
fn a_search_is_by_queue_and_custom_field_in_any_status() {
    let request = sent(driver().step(&Action::Find(KEY), &[]));
    assert_eq!(request.method, Method::Get);
    assert_eq!(
        request.url,
        "https://rt.example/rt/REST/2.0/tickets?query=Queue+%3D+%27Mail%27+AND+\
         %27CF.%7Bwhymid_key%7D%27+%3D+%27wm-0123456789abcdef%27&fields=Status&per_page=100"
    );
    assert_eq!(request.header("Authorization"), Some("token 1-41-b8"));
    assert_eq!(request.header("Accept"), Some("application/json"));
    assert_eq!(request.body, Value::Null);
}

#[test]
fn nothing_breaks_out_of_ticket_sql() {
    let driver = RequestTrackerDriver(RequestTracker {
        queue: r"O'Hara \' 日本".to_owned(),
        custom_field: "it's".to_owned(),
        ..settings()
    });
    assert_eq!(
        query(&driver, "a' OR 'b' = 'b"),
        r"Queue = 'O\'Hara \\\' 日本' AND 'CF.{it\'s}' = 'a\' OR \'b\' = \'b'"
    );
}

#[test]
fn a_user_and_a_password_do_where_there_is_no_token() {
    let mut settings = settings();
    settings.token = None;
    settings.user = Some("root".to_owned());
    let step = RequestTrackerDriver(settings.clone()).step(&Action::Find(KEY), &[]);
    assert!(step.unwrap_err().0.en.contains("`token`"));
    settings.password = Some(Secret::new("secret".to_owned()));
    let request = sent(RequestTrackerDriver(settings).step(&Action::Find(KEY), &[]));
    assert_eq!(
        request.header("Authorization"),
        Some("Basic cm9vdDpzZWNyZXQ=")
    );
}

#[test]
fn every_ticket_of_a_key_is_told_but_deleted_ones() {
    let tickets = found(json!([
        {"id": "7", "type": "ticket", "Status": "open"},
        {"id": 8, "Status": "Resolved"},
        {"id": "9", "Status": "deleted"},
        {"id": "10", "Status": "rejected"},
        {"id": "11", "Status": "stalled"},
    ]))
    .unwrap();
    let told: Vec<_> = tickets
        .iter()
        .map(|one| (one.id.as_str(), one.open))
        .collect();
    assert_eq!(
        told,
        [("7", true), ("8", false), ("10", false), ("11", true)]
    );
    assert_eq!(
        tickets[0].url.as_deref(),
        Some("https://rt.example/rt/Ticket/Display.html?id=7")
    );
}

#[test]
fn the_status_that_is_set_counts_as_closed() {
    let driver = RequestTrackerDriver(RequestTracker {
        resolved_status: "Healed".to_owned(),
        ..settings()
    });
    assert!(!driver.is_open("healed"));
    assert!(driver.is_open("new"));
}

#[test]
fn where_nothing_is_found_the_queue_is_asked_for_its_custom_field() {
    let nothing = answer(&json!({"total": 0, "items": [], "pages": 0.0}));
    let request = sent(driver().step(&Action::Find(KEY), std::slice::from_ref(&nothing)));
    assert_eq!(request.url, "https://rt.example/rt/REST/2.0/queue/Mail");

    let queue = |name: &str| answer(&json!({"TicketCustomFields": [{"id": "2", "name": name}]}));
    let step = driver().step(&Action::Find(KEY), &[nothing.clone(), queue("Whymid_Key")]);
    assert_eq!(step, Ok(Step::Found(Vec::new())));
    let step = driver().step(&Action::Find(KEY), &[nothing, queue("other")]);
    assert!(step.unwrap_err().0.en.contains("`custom_field`"));
}

#[test]
fn a_ticket_is_opened_with_key_and_marker() {
    let event = event();
    let request = sent(driver().step(&Action::Create(&event), &[]));
    assert_eq!(request.method, Method::Post);
    assert_eq!(request.url, "https://rt.example/rt/REST/2.0/ticket");
    assert_eq!(request.header("Content-Type"), Some("application/json"));
    let text = http::marked(&markup::plain::text(&event.body), MARKER);
    assert_eq!(
        request.body,
        json!({
            "Queue": "Mail",
            "Subject": TITLE,
            "Content": text,
            "ContentType": "text/plain",
            "CustomFields": {"whymid_key": KEY},
        })
    );
    assert!(text.ends_with(MARKER));
}

#[test]
fn requestor_and_priority_are_told_where_they_are_set() {
    let driver = RequestTrackerDriver(RequestTracker {
        requestor: Some("helpdesk@corp.example".to_owned()),
        ..settings()
    });
    let request = sent(driver.step(&Action::Create(&event_of("50")), &[]));
    assert_eq!(request.body["Requestor"], "helpdesk@corp.example");
    assert_eq!(request.body["Priority"], 50);
    let step = driver.step(&Action::Create(&event_of("high")), &[]);
    assert!(step.unwrap_err().0.en.contains("`priorities`"));
}

#[test]
fn the_opened_ticket_is_told() {
    for id in [json!("12"), json!(12)] {
        let answers = [answer(&json!({"type": "ticket", "id": id}))];
        let step = driver().step(&Action::Create(&event()), &answers);
        let Ok(Step::Created(ticket)) = step else {
            panic!("{step:?}");
        };
        assert_eq!((ticket.id.as_str(), ticket.open), ("12", true));
    }
}

#[test]
fn a_comment_is_internal() {
    let event = event();
    let ticket = ticket("12");
    let action = Action::Comment(&ticket, &event);
    let request = sent(driver().step(&action, &[]));
    assert_eq!(request.method, Method::Post);
    assert_eq!(
        request.url,
        "https://rt.example/rt/REST/2.0/ticket/12/comment"
    );
    let text = http::marked(&markup::plain::text(&event.body), MARKER);
    let expected = json!({"Content": text, "ContentType": "text/plain"});
    assert_eq!(request.body, expected);
    let done = driver().step(&action, &[answer(&json!(["Comments added"]))]);
    assert_eq!(done, Ok(Step::Done));
}

#[test]
fn the_newest_texts_are_looked_at_first() {
    let ticket = ticket("12");
    let action = Action::Seen(&ticket, MARKER);
    let request = sent(driver().step(&action, &[]));
    assert_eq!(
        request.url,
        "https://rt.example/rt/REST/2.0/ticket/12/attachments?query=%5B%7B%22field%22%3A%22\
         ContentType%22%2C%22value%22%3A%22text%2Fplain%22%7D%2C%7B%22field%22%3A%22Filename%22\
         %2C%22operator%22%3A%22IS%22%2C%22value%22%3A%22NULL%22%7D%5D&fields=Content&orderby=id\
         &order=DESC&per_page=10&page=1"
    );
    let texts = |text: &str| answer(&json!({"items": [{"id": "9"}, {"Content": text}]}));
    let seen = |text: &str| driver().step(&action, &[texts(text)]);
    assert_eq!(
        seen(&format!("It failed.\n\n{MARKER}")),
        Ok(Step::Seen(true))
    );
    assert_eq!(
        seen("[whymid wm-0123456789abcdef-33]"),
        Ok(Step::Seen(false))
    );
}

#[test]
fn the_next_texts_are_asked_for_while_there_are_more_but_fifty_at_most() {
    let ticket = ticket("12");
    let action = Action::Seen(&ticket, MARKER);
    let told = answer(&json!({"items": [], "next_page": "https://elsewhere.example/"}));
    let untold = answer(&json!({"items": vec![json!({"Content": "x"}); 10], "pages": null}));
    for page in [told, untold] {
        let request = sent(driver().step(&action, std::slice::from_ref(&page)));
        assert!(request.url.starts_with("https://rt.example/rt/"));
        assert!(request.url.ends_with("&page=2"), "{}", request.url);
        let step = driver().step(&action, &vec![page; 5]);
        assert_eq!(step, Ok(Step::Seen(false)));
    }
}

#[test]
fn a_status_is_set_and_known_messages_are_believed() {
    let ticket = ticket("12");
    let request = sent(driver().step(&Action::Close(&ticket), &[]));
    assert_eq!(request.method, Method::Put);
    assert_eq!(request.url, "https://rt.example/rt/REST/2.0/ticket/12");
    assert_eq!(request.body, json!({"Status": "resolved"}));
    let request = sent(driver().step(&Action::Reopen(&ticket), &[]));
    assert_eq!(request.body, json!({"Status": "open"}));
    for message in [
        "Ticket 12: Status changed from 'open' to 'resolved'",
        "That is already the current value",
    ] {
        let step = driver().step(&Action::Close(&ticket), &[answer(&json!([message]))]);
        assert_eq!(step, Ok(Step::Done));
    }
}

#[test]
fn other_messages_are_held_against_the_ticket() {
    let ticket = ticket("12");
    let action = Action::Close(&ticket);
    for messages in [json!([]), json!(["Ticket 12: Zugriff verweigert"])] {
        let messages = answer(&messages);
        let request = sent(driver().step(&action, std::slice::from_ref(&messages)));
        assert_eq!(request.method, Method::Get);
        assert_eq!(request.url, "https://rt.example/rt/REST/2.0/ticket/12");
        let now = |status: &str| answer(&json!({"id": 12, "Status": status}));
        let step = driver().step(&action, &[messages.clone(), now("resolved")]);
        assert_eq!(step, Ok(Step::Done));
        let step = driver().step(&action, &[messages, now("open")]);
        assert!(step.unwrap_err().0.en.starts_with("ticket 12 stays 'open'"));
    }
}

#[test]
fn a_refusal_tells_what_rt_said() {
    let ticket = ticket("12");
    let said = "Ticket 12: Permission Denied";
    let answers = [answer(&json!([said])), answer(&json!({"Status": "open"}))];
    let refusal = driver()
        .step(&Action::Close(&ticket), &answers)
        .unwrap_err();
    assert!(refusal.0.en.ends_with(said), "{refusal}");
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
        for first in [json!({"items": []}), json!([])] {
            for action in [Action::Find(KEY), Action::Close(&ticket)] {
                let step = driver().step(&action, &[answer(&first), bad.clone()]);
                assert!(step.is_err(), "{action:?} {bad:?} {step:?}");
            }
        }
    }
    assert!(found(json!([{"id": "7"}])).is_err());
    assert!(found(json!([{"id": "../7", "Status": "open"}])).is_err());
}

#[test]
fn complaints_hint_at_the_queue() {
    let body = br#"{"message":"No permission to create tickets in the queue 'Nope'"}"#;
    let said = driver().complaint(body).unwrap();
    let hint = english(driver().hint(&said).unwrap());
    assert!(hint.contains("does not have"), "{hint}");
    let said = driver().complaint(br#"{"message":"Not Found"}"#).unwrap();
    let hint = english(driver().hint(&said).unwrap());
    assert!(hint.contains("queue"), "{hint}");
    let body = br#"{"message":"Unauthorized"}"#;
    let said = driver().complaint(body).unwrap();
    assert_eq!((&*said, driver().hint(&said)), ("Unauthorized", None));
    assert_eq!(driver().complaint(b"<html>"), None);
}
