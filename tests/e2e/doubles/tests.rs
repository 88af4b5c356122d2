//! What each double takes and refuses, driven by hand.

use serde_json::json;

use super::hand::Hand;
use super::{Desk, Double, Form, Pagerduty, Redmine, Rt, Servicenow, System, Webhook, Zammad, all};

const KEY: &str = "wm-0123456789abcdef";

pub(super) fn double<D: Desk>(desk: D) -> (Double<D>, Hand) {
    let double = Double::of(desk);
    let hand = Hand::at(&double);
    (double, hand)
}

#[test]
fn every_double_leads_through_a_tickets_life() {
    for system in all() {
        let hand = Hand::at(system.as_ref());
        let kind = system.kind();
        assert_eq!(system.target()["kind"], kind);
        hand.create(KEY, "why [whymid 1]").expect("an answer");
        let seen = system.tickets().remove(0);
        assert_eq!((seen.key.as_str(), seen.open), (KEY, true), "{kind}");
        if let Some(found) = hand.find(KEY) {
            assert_eq!(hand.count(&found.is(200)), 1, "{kind}");
            let other = hand.find("wm-other").expect("an answer").is(200);
            assert_eq!(hand.count(&other), 0, "{kind}");
        }
        hand.comment(&seen.id, KEY, "again [whymid 2]")
            .expect("an answer");
        hand.turn(&seen.id, KEY, false).expect("an answer");
        let closed = system.tickets().remove(0);
        assert!(!closed.open, "{kind}");
        hand.turn(&seen.id, KEY, true).expect("an answer");
        let last = system.tickets().pop().expect("a ticket");
        assert!(last.open && last.key == KEY, "{kind}");
        assert_eq!(system.complaints(), [""; 0], "{kind}");
        assert!(system.requests() >= 4, "{kind}");
    }
}

#[test]
fn descriptions_come_first_and_comments_in_their_order() {
    for system in all() {
        let hand = Hand::at(system.as_ref());
        hand.create(KEY, "first").expect("an answer");
        let id = system.tickets()[0].id.clone();
        hand.comment(&id, KEY, "second").expect("an answer");
        let texts = &system.tickets()[0].texts;
        let expected = match system.kind() {
            "webhook" => ["opened 1 count 5", "recurred 2 count 5"],
            "pagerduty" => [
                r#"trigger first {"count":5}"#,
                r#"trigger second {"count":5}"#,
            ],
            _ => ["first", "second"],
        };
        assert_eq!(*texts, expected, "{}", system.kind());
    }
}

#[test]
fn a_stranger_is_refused_and_that_is_a_complaint() {
    for system in all() {
        let mut target = system.target();
        let hand = Hand::at(system.as_ref());
        let Some(find) = hand.find(KEY) else {
            continue;
        };
        find.is(200);
        for secret in ["token", "password", "api_key"] {
            if target[secret].is_string() {
                target[secret] = "wrong".into();
            }
        }
        let stranger = hand.with(target);
        stranger.create(KEY, "text").expect("an answer").is(401);
        assert_eq!(system.complaints().len(), 1, "{}", system.kind());
        assert!(system.tickets().is_empty());
    }
}

#[test]
fn servicenow_closes_with_a_code_and_notes_and_keeps_journals_apart() {
    let (_double, hand) = double(Servicenow::default());
    let made = hand.create(KEY, "text").expect("an answer").is(201);
    assert!(made.headers["location"].to_str().is_ok());
    let made = made.json();
    assert!(made["result"]["caller_id"]["link"].is_string());
    let id = made["result"]["sys_id"].as_str().expect("an id");
    let path = format!("/api/now/table/incident/{id}");
    let bare = json!({"state": "6"});
    hand.ask("PATCH", &path, Some(&bare))
        .expect("an answer")
        .is(403);
    hand.comment(id, KEY, "a ^ note")
        .expect("an answer")
        .is(200);
    let one = hand.ask("GET", &path, None).expect("an answer").json();
    assert_eq!(one["result"]["work_notes"], "");
    let query = format!("element_id={id}^elementINwork_notes,comments^valueLIKE^^ note");
    let rows = hand.query(
        "/api/now/table/sys_journal_field",
        &[("sysparm_query", &query)],
    );
    let rows = rows.expect("an answer").is(200).json();
    assert_eq!(rows["result"][0]["value"], "a ^ note");
    hand.turn(id, KEY, false).expect("an answer").is(200);
    let query = format!("correlation_id={KEY}^active=true^state!=7");
    let query = [("sysparm_query", query.as_str())];
    let found = hand.query("/api/now/table/incident", &query);
    assert_eq!(hand.count(&found.expect("an answer").is(200)), 1);
    for (table, wrong) in [
        ("incident", "nonsense"),
        ("incident", "u_field=1"),
        ("other", ""),
    ] {
        let path = format!("/api/now/table/{table}");
        let reply = hand.query(&path, &[("sysparm_query", wrong)]);
        reply.expect("an answer").is(400);
    }
}

#[test]
fn zammad_answers_searches_in_either_form_and_lists_articles() {
    for (form, attribute) in [(Form::Counted, None), (Form::List, Some("whymid_key"))] {
        let (_double, hand) = double(Zammad::of(form, attribute));
        hand.create(KEY, "first").expect("an answer").is(201);
        hand.comment("1", KEY, "second").expect("an answer").is(201);
        let found = hand.find(KEY).expect("an answer").json();
        assert_eq!(found.is_array(), form == Form::List);
        let path = "/api/v1/ticket_articles/by_ticket/1";
        let articles = hand.ask("GET", path, None).expect("an answer").json();
        assert_eq!(articles[1]["body"], "second");
        let one = hand.query("/api/v1/tickets/1", &[("expand", "true")]);
        assert_eq!(one.expect("an answer").json()["state"], "new");
        let tag = json!({"item": "mail", "object": "Ticket", "o_id": 1});
        let tagged = hand.ask("POST", "/api/v1/tags/add", Some(&tag));
        tagged.expect("an answer").is(201);
        let tags = hand.query("/api/v1/tags", &[("object", "Ticket"), ("o_id", "1")]);
        tags.expect("an answer").is(200);
        for wrong in [
            json!({"state": "none"}),
            json!({"unheard": 1}),
            json!({"article": {"body": ""}}),
        ] {
            let reply = hand.ask("PUT", "/api/v1/tickets/1", Some(&wrong));
            reply.expect("an answer").is(422);
        }
        let reply = hand.query("/api/v1/tickets/search", &[("query", "unheard:1")]);
        reply.expect("an answer").is(422);
    }
}

#[test]
fn pagerduty_joins_by_key_and_drops_what_nothing_is_open_for() {
    let (double, hand) = double(Pagerduty::default());
    for _ in 0..2 {
        hand.page(KEY, "trigger", "late")
            .expect("an answer")
            .is(202);
    }
    assert_eq!(double.desk().repeated, 1);
    for _ in 0..2 {
        hand.page(KEY, "resolve", "").expect("an answer").is(202);
    }
    assert_eq!(double.desk().dropped, 1);
    hand.page(KEY, "trigger", "late")
        .expect("an answer")
        .is(202);
    let open: Vec<bool> = double.tickets().iter().map(|alert| alert.open).collect();
    assert_eq!(open, [false, true]);
}

#[test]
fn pagerduty_refuses_events_that_are_wrong() {
    let (double, hand) = double(Pagerduty::default());
    let right = json!({"routing_key": hand.target["routing_key"], "event_action": "trigger",
        "dedup_key": KEY, "payload": {"summary": "late", "source": "esa01", "severity": "info"}});
    for (place, wrong) in [
        ("/routing_key", json!("short")),
        ("/event_action", json!("open")),
        ("/event_action", json!("change")),
        ("/dedup_key", json!("x".repeat(256))),
        ("/payload", json!(null)),
        ("/payload/summary", json!("")),
        ("/payload/summary", json!("x".repeat(1025))),
        ("/payload/source", json!(null)),
        ("/payload/severity", json!("notice")),
        (
            "/payload",
            json!({"summary": "late", "source": "esa01", "severity": "info", "x": 1}),
        ),
    ] {
        let mut event = right.clone();
        *event.pointer_mut(place).expect("a member") = wrong;
        let reply = hand.ask("POST", "", Some(&event)).expect("an answer");
        assert_eq!(reply.is(400).json()["status"], "invalid event");
    }
    hand.ask("POST", "", Some(&right))
        .expect("an answer")
        .is(202);
    assert_eq!(double.tickets().len(), 1);
}

#[test]
fn the_webhook_verifies_what_it_takes() {
    let (double, hand) = double(Webhook::default());
    hand.event(KEY, "opened", 1).expect("an answer").is(204);
    hand.event(KEY, "opened", 1).expect("an answer").is(204);
    assert_eq!(double.desk().repeated, 1);
    let event = json!({"specversion": "1.0", "id": "a.1", "source": "/whymid",
        "type": "whymid.cause.opened", "subject": KEY, "data": {}});
    for (member, wrong) in [
        ("specversion", json!("0.3")),
        ("id", json!("a.2")),
        ("source", json!("")),
        ("time", json!("yesterday")),
        ("data", json!("text")),
        ("Wrong_Name", json!(1)),
    ] {
        let mut event = event.clone();
        event[member] = wrong;
        hand.hook("a.1", &event.to_string())
            .expect("an answer")
            .is(400);
    }
    let id = format!("{KEY}.1");
    let mut other = event.clone();
    other["id"] = id.as_str().into();
    hand.hook(&id, &other.to_string())
        .expect("an answer")
        .is(400);
    double.desk().secrets = vec![super::webhook::secret("another")];
    hand.hook("a.1", &event.to_string())
        .expect("an answer")
        .is(401);
    let newer = Hand::at(&double);
    newer
        .hook("a.1", &event.to_string())
        .expect("an answer")
        .is(204);
    double.desk().gone = true;
    newer.event(KEY, "opened", 9).expect("an answer").is(410);
    assert_eq!(double.tickets().len(), 1);
}

#[test]
fn request_tracker_pages_lists_and_keeps_texts_as_attachments() {
    let (double, hand) = double(Rt::default());
    hand.create("it's \\ odd", "first")
        .expect("an answer")
        .is(201);
    for at in 0..25 {
        let said = hand.comment("1", KEY, &format!("note {at}"));
        said.expect("an answer").is(201);
    }
    let none = hand.find("wm-none").expect("an answer");
    assert!(none.body.contains(r#""pages":0.0"#), "{}", none.body);
    assert_eq!(
        hand.count(&hand.find(r"it\'s \\ odd").expect("an answer")),
        1
    );
    let path = "/REST/2.0/ticket/1/attachments";
    let query = [("fields", "Content"), ("page", "2")];
    let second = hand.query(path, &query).expect("an answer").is(200).json();
    assert_eq!(second["items"][5]["Content"], "note 24");
    let history = hand.ask("GET", "/REST/2.0/ticket/1/history?fields=Type", None);
    let history = history.expect("an answer").json();
    assert_eq!(
        (&history["total"], &history["items"][1]["Type"]),
        (&27.into(), &"EmailRecord".into())
    );
    assert!(
        history["next_page"]
            .as_str()
            .is_some_and(|url| url.ends_with("page=2"))
    );
    let one = hand
        .ask("GET", "/REST/2.0/transaction/1", None)
        .expect("an answer");
    assert_eq!(one.json()["_hyperlinks"][1]["ref"], "attachment");
    let one = hand
        .ask("GET", "/REST/2.0/attachment/1", None)
        .expect("an answer");
    assert_eq!(one.json()["Content"], "Zmlyc3Q=\n");
    let wrong = hand.query("/REST/2.0/tickets", &[("query", "((")]);
    wrong.expect("an answer").is(400);
    let odd = json!({"Status": "odd"});
    let said = hand
        .ask("PUT", "/REST/2.0/ticket/1", Some(&odd))
        .expect("an answer");
    assert!(said.is(200).body.contains("isn't a valid status"));
    assert!(double.tickets()[0].open);
}

#[test]
fn request_tracker_refuses_stale_changes_and_unknown_queues() {
    let (_double, hand) = double(Rt::default());
    hand.create(KEY, "first").expect("an answer").is(201);
    let shown = hand
        .ask("GET", "/REST/2.0/ticket/1", None)
        .expect("an answer");
    assert!(shown.json()["id"].is_u64());
    let authorization = format!(
        "token {}",
        hand.target["token"].as_str().unwrap_or_default()
    );
    let put = |tag: &str| {
        let headers = [
            ("Authorization", authorization.clone()),
            ("Content-Type", "application/json".to_owned()),
            ("If-Match", tag.to_owned()),
        ];
        let body = Some(r#"{"Status":"resolved"}"#);
        hand.send("PUT", "/REST/2.0/ticket/1", &headers, body)
            .expect("an answer")
    };
    let tag = shown.headers["etag"].to_str().expect("a tag").to_owned();
    put(&tag).is(200);
    put(&tag).is(412);
    let other = json!({"Queue": "None", "Content": "text"});
    let reply = hand.ask("POST", "/REST/2.0/ticket", Some(&other));
    reply.expect("an answer").is(403);
    let reply = hand.ask(
        "POST",
        "/REST/2.0/ticket/1/correspond",
        Some(&json!({"Content": "x"})),
    );
    reply.expect("an answer").is(201);
}

#[test]
fn redmine_finds_open_issues_only_unless_asked_and_keeps_private_notes() {
    let (double, hand) = double(Redmine::default());
    hand.create(KEY, "first").expect("an answer").is(201);
    hand.comment("1", KEY, "second").expect("an answer").is(204);
    assert_eq!(double.desk().private_notes("1"), 1);
    hand.turn("1", KEY, false).expect("an answer").is(204);
    let open = hand
        .query("/issues.json", &[("cf_1", KEY)])
        .expect("an answer");
    assert_eq!(hand.count(&open), 0);
    assert_eq!(hand.count(&hand.find(KEY).expect("an answer")), 1);
    let one = hand.query("/issues/1.json", &[("include", "journals")]);
    let one = one.expect("an answer").json();
    assert_eq!(one["issue"]["journals"][0]["notes"], "second");
    assert_eq!(one["issue"]["status"]["is_closed"], true);
    let silent = json!({"issue": {"status_id": 99}});
    let reply = hand.ask("PUT", "/issues/1.json", Some(&silent));
    reply.expect("an answer").is(204);
    let wrong = json!({"issue": {"project_id": "mail", "subject": " "}});
    let reply = hand.ask("POST", "/issues.json", Some(&wrong));
    reply.expect("an answer").is(422);
    let me = hand
        .ask("GET", "/users/current.json", None)
        .expect("an answer");
    assert_eq!(me.is(200).json()["user"]["login"], "whymid");
}
