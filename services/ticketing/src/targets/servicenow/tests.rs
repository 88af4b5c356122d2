//! What the driver of ServiceNow asks, and what it makes of answers as its documentation has them.

use serde_json::json;
use whymid_schemas::Secret;

use super::*;
use crate::targets::http::examples::{
    KEY, MARKER, TITLE as HOSTILE, answer, event, event_of, malformed, sent, ticket,
};

const ID: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";

fn settings() -> Servicenow {
    Servicenow {
        url: "https://corp.service-now.example".to_owned(),
        token: Some(Secret::new("abc".to_owned())),
        user: None,
        password: None,
        table: "incident".to_owned(),
        assignment_group: None,
        caller_id: None,
        resolved_state: "6".to_owned(),
        reopened_state: "2".to_owned(),
        close_code: "Resolved by caller".to_owned(),
    }
}

fn driver() -> ServicenowDriver {
    ServicenowDriver(settings())
}

fn record(key: &str, state: Value, active: Value) -> Value {
    json!({
        "sys_id": ID, "number": "INC0010001", "state": state, "active": active,
        "correlation_id": key,
    })
}

fn find(records: Value) -> Result<Vec<Ticket>, Refusal> {
    let answers = [answer(&json!({"result": records}))];
    let step = driver().step(&Action::Find(KEY), &answers)?;
    let Step::Found(found) = step else {
        panic!("{step:?}");
    };
    Ok(found)
}

#[test]
fn a_search_is_by_correlation_id() {
    let request = sent(driver().step(&Action::Find(KEY), &[]));
    assert_eq!(request.method, Method::Get);
    assert_eq!(
        request.url,
        "https://corp.service-now.example/api/now/table/incident\
         ?sysparm_query=correlation_id%3Dwm-0123456789abcdef\
         &sysparm_fields=sys_id%2Cnumber%2Cstate%2Cactive%2Ccorrelation_id&sysparm_limit=100"
    );
    assert_eq!(request.header("Authorization"), Some("Bearer abc"));
    assert_eq!(request.header("Accept"), Some("application/json"));
}

#[test]
fn nothing_breaks_out_of_the_search() {
    let request = sent(driver().step(&Action::Find("a^ORactive=true&b"), &[]));
    let expected = "sysparm_query=correlation_id%3Da%5E%5EORactive%3Dtrue%26b&";
    assert!(request.url.contains(expected), "{}", request.url);
}

#[test]
fn a_user_and_a_password_do_where_there_is_no_token() {
    let mut settings = settings();
    settings.token = None;
    assert!(
        ServicenowDriver(settings.clone())
            .step(&Action::Find(KEY), &[])
            .is_err()
    );
    settings.user = Some("root".to_owned());
    settings.password = Some(Secret::new("secret".to_owned()));
    let request = sent(ServicenowDriver(settings).step(&Action::Find(KEY), &[]));
    assert_eq!(
        request.header("Authorization"),
        Some("Basic cm9vdDpzZWNyZXQ=")
    );
}

#[test]
fn a_record_is_open_unless_its_state_or_active_says_otherwise() {
    for (state, active, open) in [
        (json!("1"), json!("true"), true),
        (json!(2), json!(true), true),
        (json!("6"), json!("true"), false),
        (json!("7"), json!("false"), false),
        (json!("8"), json!("false"), false),
        (json!("8"), json!(false), false),
    ] {
        let found = find(json!([record(KEY, state.clone(), active)])).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].open, open, "{state}");
    }
}

#[test]
fn records_of_other_keys_are_not_taken() {
    let found = find(json!([
        record("other", json!("1"), json!("true")),
        record(KEY, json!("1"), json!("true")),
        record(KEY, json!("7"), json!("false")),
        {"sys_id": ID, "state": "1"},
    ]))
    .unwrap();
    assert_eq!(found.len(), 2);
    assert_eq!(
        found[0].url.as_deref(),
        Some(
            "https://corp.service-now.example/nav_to.do\
             ?uri=incident.do%3Fsys_id%3D0a1b2c3d4e5f60718293a4b5c6d7e8f9"
        )
    );
}

#[test]
fn a_record_is_opened_with_key_and_marker() {
    let event = event();
    let request = sent(driver().step(&Action::Create(&event), &[]));
    assert_eq!(request.method, Method::Post);
    assert_eq!(
        request.url,
        "https://corp.service-now.example/api/now/table/incident"
    );
    assert_eq!(request.header("Content-Type"), Some("application/json"));
    let text = http::marked(&markup::plain::text(&event.body), MARKER);
    assert_eq!(
        request.body,
        json!({
            "short_description": HOSTILE,
            "description": text,
            "correlation_id": KEY,
            "correlation_display": "whymid",
        })
    );
    let answers = [answer(
        &json!({"result": {"sys_id": ID, "number": "INC0010001"}}),
    )];
    let Ok(Step::Created(ticket)) = driver().step(&Action::Create(&event), &answers) else {
        panic!("not created");
    };
    assert_eq!((ticket.id.as_str(), ticket.open), (ID, true));
}

#[test]
fn what_is_set_is_told() {
    let driver = ServicenowDriver(Servicenow {
        table: "u_mail".to_owned(),
        assignment_group: Some("Mail".to_owned()),
        caller_id: Some("whymid".to_owned()),
        ..settings()
    });
    let request = sent(driver.step(&Action::Create(&event_of("2/1")), &[]));
    assert!(request.url.ends_with("/api/now/table/u_mail"));
    assert_eq!(request.body["assignment_group"], "Mail");
    assert_eq!(request.body["caller_id"], "whymid");
    assert_eq!(request.body["urgency"], "2");
    assert_eq!(request.body["impact"], "1");
}

#[test]
fn one_number_is_urgency_and_impact_and_anything_else_is_refused() {
    assert_eq!(urgency_and_impact("3"), Ok((3, 3)));
    assert_eq!(urgency_and_impact("1 / 2"), Ok((1, 2)));
    for bad in ["", "high", "1/", "1/2/3", "-1"] {
        let step = driver().step(&Action::Create(&event_of(bad)), &[]);
        assert!(step.unwrap_err().0.en.contains("`priorities`"), "{bad}");
    }
}

#[test]
fn a_long_title_is_shortened_by_letters() {
    assert_eq!(shortened(&"拒".repeat(160)), "拒".repeat(160));
    let short = shortened(&"拒".repeat(161));
    assert_eq!(short.chars().count(), 160);
    assert!(short.ends_with('…'));
}

#[test]
fn a_comment_is_a_work_note() {
    let (event, ticket) = (event(), ticket(ID));
    let action = Action::Comment(&ticket, &event);
    let request = sent(driver().step(&action, &[]));
    assert_eq!(request.method, Method::Patch);
    assert!(
        request
            .url
            .ends_with(&format!("/api/now/table/incident/{ID}"))
    );
    let text = http::marked(&markup::plain::text(&event.body), MARKER);
    assert_eq!(request.body, json!({"work_notes": text}));
    let done = driver().step(&action, &[answer(&json!({"result": {}}))]);
    assert_eq!(done, Ok(Step::Done));
}

#[test]
fn a_marker_is_seen_in_the_record_or_else_in_the_journal() {
    let ticket = ticket(ID);
    let action = Action::Seen(&ticket, MARKER);
    let request = sent(driver().step(&action, &[]));
    assert!(request.url.ends_with(&format!(
        "/api/now/table/incident/{ID}\
         ?sysparm_fields=description%2Cwork_notes&sysparm_display_value=true"
    )));
    let with = |text: &str| answer(&json!({"result": {"description": "x", "work_notes": text}}));
    let seen = driver().step(&action, &[with(&format!("2026 - whymid\n{MARKER}"))]);
    assert_eq!(seen, Ok(Step::Seen(true)));

    let request = sent(driver().step(&action, &[with("")]));
    assert!(request.url.ends_with(&format!(
        "/api/now/table/sys_journal_field?sysparm_query=element_id%3D{ID}%5Eelement%3Dwork_notes\
         %5EORDERBYDESCsys_created_on&sysparm_fields=value&sysparm_limit=50"
    )));
    let notes = |text: &str| answer(&json!({"result": [{"value": "x"}, {"value": text}]}));
    let seen = |text: &str| driver().step(&action, &[with(""), notes(text)]);
    assert_eq!(seen(MARKER), Ok(Step::Seen(true)));
    assert_eq!(seen("other"), Ok(Step::Seen(false)));
}

#[test]
fn a_state_is_set_and_the_answer_is_looked_at() {
    let ticket = ticket(ID);
    let request = sent(driver().step(&Action::Close(&ticket), &[]));
    assert_eq!(request.method, Method::Patch);
    assert_eq!(
        request.body,
        json!({
            "state": "6",
            "close_code": "Resolved by caller",
            "close_notes": CLOSE_NOTES,
        })
    );
    let request = sent(driver().step(&Action::Reopen(&ticket), &[]));
    assert_eq!(request.body, json!({"state": "2"}));
    let now = |state: &str| answer(&json!({"result": {"state": state}}));
    let closed = driver().step(&Action::Close(&ticket), &[now("6")]);
    assert_eq!(closed, Ok(Step::Done));
    let step = driver().step(&Action::Reopen(&ticket), &[now("7")]);
    assert!(step.unwrap_err().0.en.contains("stays in the state 7"));
}

#[test]
fn malformed_answers_are_refused() {
    let (event, ticket) = (event(), ticket(ID));
    for bad in malformed() {
        for action in [
            Action::Find(KEY),
            Action::Create(&event),
            Action::Seen(&ticket, MARKER),
            Action::Close(&ticket),
        ] {
            let step = driver().step(&action, std::slice::from_ref(&bad));
            assert!(step.is_err(), "{action:?} {bad:?} {step:?}");
        }
        let answers = [answer(&json!({"result": {}})), bad];
        let step = driver().step(&Action::Seen(&ticket, MARKER), &answers);
        assert!(step.is_err(), "{step:?}");
    }
    assert!(find(json!([{"correlation_id": KEY, "sys_id": ID}])).is_err());
    let hostile = json!([{"correlation_id": KEY, "state": "1", "sys_id": "../x"}]);
    assert!(find(hostile).is_err());
}

#[test]
fn what_servicenow_says_is_told() {
    let body = br#"{"error":{"message":"Operation Failed","detail":"ACL"},"status":"failure"}"#;
    assert_eq!(
        driver().complaint(body).as_deref(),
        Some("Operation Failed: ACL")
    );
    let body = br#"{"error":{"message":"No Record found","detail":null}}"#;
    assert_eq!(driver().complaint(body).as_deref(), Some("No Record found"));
    assert_eq!(driver().complaint(b"<html>"), None);
}
