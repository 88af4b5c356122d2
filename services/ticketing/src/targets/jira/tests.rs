//! The requests that Jira gets, and what its answers mean, well and badly formed.

use serde_json::{Value, json};
use whymid_schemas::{Happening, Jira, JiraKind, Secret};

use super::JiraDriver;
use crate::examples::english;
use crate::markup::tree::samples::{body, event, nasty};
use crate::target::{Action, Driver as _, Method, Request, Response, Step, Ticket};

const KEY: &str = "wm-0123456789abcdef";

fn driver(deployment: JiraKind) -> JiraDriver {
    let user = (deployment == JiraKind::Cloud).then(|| "bot@h.example".to_owned());
    JiraDriver(Jira {
        url: "https://jira.example/".to_owned(),
        deployment,
        user,
        token: Secret::new("token".to_owned()),
        project: "MA\"IL".to_owned(),
        issue_type: "Task".to_owned(),
        done_transition: None,
        reopen_transition: None,
    })
}

fn ticket(id: &str, open: bool) -> Ticket {
    Ticket {
        id: id.to_owned(),
        url: Some(format!("https://jira.example/browse/{id}")),
        open,
    }
}

fn answer(body: &Value) -> Response {
    Response {
        status: 200,
        body: body.to_string().into_bytes(),
    }
}

/// Method, address, the header `Authorization` and body of what comes next.
fn sent(
    driver: &JiraDriver,
    action: Action<'_>,
    answers: &[Response],
) -> (Method, String, String, Value) {
    let step = driver.step(&action, answers);
    let Ok(Step::Send(Request::Http {
        method,
        url,
        headers,
        body,
    })) = step
    else {
        panic!("{step:?}");
    };
    let auth = headers.iter().find(|(name, _)| *name == "Authorization");
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    (method, url, auth.unwrap().1.clone(), body)
}

#[test]
fn tickets_are_looked_for_by_their_label() {
    let jql = format!("project = \"MA\\\"IL\" AND labels = \"{KEY}\" ORDER BY created ASC");
    let body = json!({"jql": jql, "fields": ["status", "labels"], "maxResults": 50});
    let cloud = sent(&driver(JiraKind::Cloud), Action::Find(KEY), &[]);
    let address = "https://jira.example/rest/api/3/search/jql".to_owned();
    let auth = "Basic Ym90QGguZXhhbXBsZTp0b2tlbg==".to_owned();
    assert_eq!(cloud, (Method::Post, address, auth, body.clone()));
    let server = sent(&driver(JiraKind::Server), Action::Find(KEY), &[]);
    let address = "https://jira.example/rest/api/2/search".to_owned();
    assert_eq!(
        server,
        (Method::Post, address, "Bearer token".to_owned(), body)
    );
}

#[test]
fn only_what_carries_the_label_is_found() {
    let issue = |key: &str, label: &str, category: &str| {
        json!({"key": key, "fields": {"labels": ["x", label],
               "status": {"statusCategory": {"key": category}}}})
    };
    let found = json!({"issues": [issue("MAIL-1", KEY, "new"), issue("MAIL-2", "wm-other", "new"),
                                  issue("MAIL-3", KEY, "done")]});
    let got = driver(JiraKind::Cloud).step(&Action::Find(KEY), &[answer(&found)]);
    let want = vec![ticket("MAIL-1", true), ticket("MAIL-3", false)];
    assert_eq!(got, Ok(Step::Found(want)));
}

#[test]
fn a_ticket_on_cloud_is_a_document() {
    let mut event = event(Happening::Opened, 1);
    event.priority = Some("High".to_owned());
    let (_, url, _, got) = sent(&driver(JiraKind::Cloud), Action::Create(&event), &[]);
    assert_eq!(url, "https://jira.example/rest/api/3/issue");
    let text = |text: &str| json!({"type": "text", "text": text});
    let marked =
        |text: &str, mark: &str| json!({"type": "text", "text": text, "marks": [{"type": mark}]});
    let paragraph = |content: Value| json!({"type": "paragraph", "content": content});
    let want = json!({
        "fields": {
            "project": {"key": "MA\"IL"},
            "issuetype": {"name": "Task"},
            "summary": "esa1: the connection dropped",
            "labels": [KEY],
            "description": {"type": "doc", "version": 1, "content": [
                {"type": "heading", "attrs": {"level": 2}, "content": [text("Why")]},
                {"type": "bulletList", "content": [{"type": "listItem", "content": [
                    paragraph(json!([marked("Host", "strong"), text(": "),
                                     marked("mx.example", "code")]))]}]},
                paragraph(json!([text("[whymid wm-0123456789abcdef-1]")])),
            ]},
            "priority": {"name": "High"},
        },
        "properties": [{"key": "whymid.dedup", "value": {"key": KEY}}],
    });
    assert_eq!(got, want);
    let created = driver(JiraKind::Cloud).step(
        &Action::Create(&event),
        &[answer(
            &json!({"id": "10000", "key": "MAIL-7", "self": "x"}),
        )],
    );
    assert_eq!(created, Ok(Step::Created(ticket("MAIL-7", true))));
}

#[test]
fn a_comment_on_a_server_is_wiki_markup() {
    let (driver, event) = (driver(JiraKind::Server), event(Happening::Recurred, 2));
    let ticket = ticket("MAIL-1", true);
    let (_, url, _, got) = sent(&driver, Action::Comment(&ticket, &event), &[]);
    assert_eq!(url, "https://jira.example/rest/api/2/issue/MAIL-1/comment");
    let want = "h2. Why\n\n* {*}Host{*}: {{mx.example}}\n\n\\[whymid wm-0123456789abcdef-2\\]";
    assert_eq!(got, json!({"body": want}));
    let done = driver.step(&Action::Comment(&ticket, &event), &[Response::default()]);
    assert_eq!(done, Ok(Step::Done));
}

#[test]
fn what_was_written_is_seen_again() {
    for (kind, version) in [(JiraKind::Cloud, 3), (JiraKind::Server, 2)] {
        for stranger in nasty() {
            let (driver, ticket) = (driver(kind), ticket("MAIL-1", true));
            let mut event = event(Happening::Recurred, 2);
            event.body = body(&stranger);
            event.title = stranger.repeat(9);
            let (_, _, _, comment) = sent(&driver, Action::Comment(&ticket, &event), &[]);
            let (_, _, _, issue) = sent(&driver, Action::Create(&event), &[]);
            let summary = issue["fields"]["summary"].as_str().unwrap();
            assert!(summary.chars().count() <= 255 && !summary.contains(char::is_control));
            let marker = event.marker();
            let seen = Action::Seen(&ticket, &marker);
            let base = format!("https://jira.example/rest/api/{version}/issue/MAIL-1");
            let (method, url, _, _) = sent(&driver, seen, &[]);
            assert_eq!(method, Method::Get);
            assert_eq!(
                url,
                format!("{base}/comment?orderBy=-created&maxResults=50")
            );
            let comments = answer(&json!({"comments": [comment]}));
            assert_eq!(driver.step(&seen, &[comments]), Ok(Step::Seen(true)));
            let none = answer(&json!({"comments": []}));
            let (_, url, _, _) = sent(&driver, seen, std::slice::from_ref(&none));
            assert_eq!(url, format!("{base}?fields=description"));
            let answers = [none.clone(), answer(&issue)];
            assert_eq!(driver.step(&seen, &answers), Ok(Step::Seen(true)));
            assert_eq!(
                driver.step(&seen, &[none.clone(), none]),
                Ok(Step::Seen(false))
            );
        }
    }
}

#[test]
fn closing_takes_the_first_transition_that_leads_to_done() {
    let (driver, ticket) = (driver(JiraKind::Server), ticket("MAIL-1", true));
    let close = Action::Close(&ticket);
    let status =
        |key: &str| answer(&json!({"fields": {"status": {"statusCategory": {"key": key}}}}));
    let base = "https://jira.example/rest/api/2/issue/MAIL-1";
    assert_eq!(sent(&driver, close, &[]).1, format!("{base}?fields=status"));
    assert_eq!(driver.step(&close, &[status("done")]), Ok(Step::Done));
    let (method, url, _, _) = sent(&driver, close, &[status("new")]);
    assert_eq!((method, url), (Method::Get, format!("{base}/transitions")));
    let answers = [status("new"), transitions()];
    let (method, url, _, body) = sent(&driver, close, &answers);
    assert_eq!((method, url), (Method::Post, format!("{base}/transitions")));
    assert_eq!(body, json!({"transition": {"id": "31"}}));
    let answers = [status("new"), transitions(), Response::default()];
    assert_eq!(driver.step(&close, &answers), Ok(Step::Done));
    let answers = [status("done"), transitions()];
    let (_, _, _, body) = sent(&driver, Action::Reopen(&ticket), &answers);
    assert_eq!(body, json!({"transition": {"id": "11"}}));
}

fn transitions() -> Response {
    let one = |id: &str, name: &str, category: &str| json!({"id": id, "name": name, "to": {"statusCategory": {"key": category}}});
    answer(
        &json!({"transitions": [one("11", "Start", "indeterminate"), one("31", "Finish", "done"),
                                   one("41", "Won't do", "done")]}),
    )
}

#[test]
fn a_transition_is_taken_by_its_name() {
    let mut driver = driver(JiraKind::Cloud);
    let ticket = ticket("MAIL-1", true);
    let answers = [answer(&json!({})), transitions()];
    driver.0.done_transition = Some("won't DO ".to_owned());
    let (_, _, _, body) = sent(&driver, Action::Close(&ticket), &answers);
    assert_eq!(body, json!({"transition": {"id": "41"}}));
    driver.0.reopen_transition = Some("Back".to_owned());
    let refusal = driver
        .step(&Action::Reopen(&ticket), &answers)
        .unwrap_err()
        .0;
    let want = "the issue has no transition `Back`: set `reopen_transition` to one that it offers: \
                `Start`, `Finish`, `Won't do`";
    assert_eq!(english(refusal), want);
}

#[test]
fn answers_of_any_kind_are_survived() {
    let (driver, ticket) = (driver(JiraKind::Cloud), ticket("MAIL-1", true));
    let event = event(Happening::Opened, 1);
    let bodies: [&[u8]; 8] = [
        b"",
        b"\xff",
        b"<html>",
        b"[]",
        b"null",
        b"{\"issues\":[1]}",
        b"{\"key\":\"../x\"}",
        b"{\"transitions\":[{\"id\":{}}],\"issues\":[{\"key\":1,\"fields\":{\"labels\":[null]}}]}",
    ];
    for body in bodies {
        let one = Response {
            status: 200,
            body: body.to_vec(),
        };
        let answers = [one.clone(), one];
        for count in 1..=2 {
            let answers = &answers[..count];
            let close = driver.step(&Action::Close(&ticket), answers);
            assert!(!matches!(close, Ok(Step::Done)), "{close:?}");
            let created = driver.step(&Action::Create(&event), answers);
            assert!(created.is_err(), "{created:?}");
            let seen = driver.step(&Action::Seen(&ticket, "[whymid"), answers);
            assert_ne!(seen, Ok(Step::Seen(true)));
            let _ = driver.step(&Action::Find(KEY), answers);
        }
        assert_eq!(driver.complaint(body), None);
    }
    let strange = Ticket {
        id: "../x?".to_owned(),
        url: None,
        open: true,
    };
    assert!(driver.step(&Action::Close(&strange), &[]).is_err());
}

#[test]
fn a_complaint_joins_messages_and_errors() {
    let body = br#"{"errorMessages":["no such project"],"errors":{"labels":"not on the screen"}}"#;
    let want = Some("no such project; labels: not on the screen".to_owned());
    assert_eq!(driver(JiraKind::Cloud).complaint(body), want);
}
