//! One cause: opened, commented, resolved, re-opened, and whatever people do with its ticket meanwhile.

use serde_json::{Value, json};

use super::desk::{
    ALLOWED, delivered, eventually, icid, linked, lost, push, service, subscribe, terms, told,
};
use super::{by_token, marked_once, only};
use crate::harness::{RequestTracker, Service, Setup, is_japanese};

/// What people see of the service.
const PUBLIC: &str = "https://why.example";

pub(super) fn from_a_line_to_resolved_and_back(tracker: &RequestTracker) {
    let host = "life.partner.example";
    let service = Service::start_with(Setup {
        config: format!("public_url = \"{PUBLIC}\"\n{ALLOWED}"),
        ..Setup::default()
    });
    let id = subscribe(&service, &terms("Aborts", by_token(tracker)));

    push(&service, "esa1", &lost(1001, host));
    let key = told(&service, &id, &[("opened", 1)]);
    let ticket = only(tracker, &key);
    assert_eq!(ticket.status, "new");
    let subject = &ticket.subject;
    assert!(subject.starts_with("[esa1] "), "{subject}");
    assert!(subject.contains(host), "{subject}");
    let texts = tracker.texts(ticket.id);
    assert_eq!(texts.len(), 1, "{texts:#?}");
    let link = linked(&service, 1001, 1);
    let message = service.answer("mid=1001", |_| true)["message"].clone();
    let permalink = message["url"].as_str().expect("a permalink");
    assert!(permalink.starts_with(PUBLIC), "{permalink}");
    let lost_line = format!("ICID {} lost", icid(1001));
    for told in ["1 occurrence", &key, &lost_line, "Aborts", permalink] {
        assert!(texts[0].contains(told), "{told} is not in {}", texts[0]);
    }
    let page = format!("{}/Ticket/Display.html?id={}", tracker.url(), ticket.id);
    let wanted = json!({"system": "request_tracker", "id": ticket.id.to_string(), "url": page,
        "key": key, "count": 1, "open": true, "subscription": "Aborts"});
    assert_eq!(link, wanted);

    push(&service, "esa1", &lost(1002, host));
    told(&service, &id, &[("opened", 1), ("recurred", 2)]);
    let texts = tracker.texts(ticket.id);
    assert_eq!(texts.len(), 2, "{texts:#?}");
    let lost_line = format!("ICID {} lost", icid(1002));
    for told in ["2 occurrences", &lost_line] {
        assert!(texts[1].contains(told), "{told} is not in {}", texts[1]);
    }
    assert_eq!(linked(&service, 1002, 2)["id"], link["id"]);

    push(&service, "esa1", &delivered(1003, host));
    let so_far = [("opened", 1), ("recurred", 2), ("resolved", 2)];
    told(&service, &id, &so_far);
    assert_eq!(only(tracker, &key).status, "resolved");
    assert_eq!(linked(&service, 1001, 2)["open"], false);

    push(&service, "esa1", &lost(1004, host));
    let so_far = [&so_far[..], &[("opened", 3)]].concat();
    told(&service, &id, &so_far);
    let back = only(tracker, &key);
    assert_eq!((back.id, back.status.as_str()), (ticket.id, "open"));
    marked_once(tracker, ticket.id, &key, 4);
    let texts = tracker.texts(ticket.id);
    let opens_with = ["", "It happened again.", "Resolved: mail", "It is back."];
    for (text, opening) in texts.iter().zip(opens_with) {
        assert!(text.starts_with(opening), "{opening}: {text}");
    }
}

pub(super) fn with_a_password_in_japanese_until_it_is_quiet(tracker: &RequestTracker) {
    let host = "quiet.partner.example";
    let service = service();
    let target = json!({"kind": "request_tracker", "url": tracker.url(), "queue": "Mail",
        "user": "whymid-bot", "password": "BotPass123"});
    let mut terms = terms("中断", target);
    terms["lang"] = json!("ja");
    // longer than a record rests: what is over by then gets no ticket
    terms["resolve_after"] = json!("25s");
    let id = subscribe(&service, &terms);

    push(&service, "esa1", &lost(1101, host));
    let key = told(&service, &id, &[("opened", 1)]);
    let ticket = only(tracker, &key);
    assert!(is_japanese(&ticket.subject), "{}", ticket.subject);
    assert!(ticket.subject.contains(host), "{}", ticket.subject);
    told(&service, &id, &[("opened", 1), ("resolved", 1)]);
    assert_eq!(only(tracker, &key).status, "resolved");
    let texts = tracker.texts(ticket.id);
    assert!(texts[0].contains("発生 1 件"), "{}", texts[0]);
    let quiet = "メールが再び通ったことは確認されていません";
    assert!(texts[1].contains(quiet), "{}", texts[1]);
    marked_once(tracker, ticket.id, &key, 2);
}

pub(super) fn resolved_by_hand_and_opened_twice_by_hand(tracker: &RequestTracker) {
    let host = "hand.partner.example";
    let service = service();
    let id = subscribe(&service, &terms("Hand", by_token(tracker)));
    push(&service, "esa1", &lost(1201, host));
    let key = told(&service, &id, &[("opened", 1)]);
    let ticket = only(tracker, &key);

    tracker.set(ticket.id, "resolved");
    push(&service, "esa1", &lost(1202, host));
    told(&service, &id, &[("opened", 1), ("recurred", 2)]);
    let back = only(tracker, &key);
    assert_eq!((back.id, back.status.as_str()), (ticket.id, "open"));

    let another = json!({"Queue": "Mail", "Subject": "the same, by hand", "Content": "by hand",
        "ContentType": "text/plain", "CustomFields": {"whymid_key": key}});
    tracker.post("/ticket", &another).is(201);
    assert_eq!(tracker.tickets(&key).len(), 2);
    push(&service, "esa1", &lost(1203, host));
    told(
        &service,
        &id,
        &[("opened", 1), ("recurred", 2), ("recurred", 3)],
    );
    assert_eq!(only(tracker, &key).id, ticket.id);
    marked_once(tracker, ticket.id, &key, 3);
    let texts = tracker.texts(ticket.id);
    assert!(texts.iter().any(|text| text == "by hand"), "{texts:#?}");
    let counted = "whymid_notifications_total{target=\"request_tracker\",outcome=\"merged\"} 1";
    service.eventually("merged is counted", || {
        let metrics = service.get("/metrics").is(200).body;
        metrics.lines().any(|line| line == counted).then_some(())
    });
}

/// Several hosts, each seen by two appliances in the same moment.
pub(super) fn twins(tracker: &RequestTracker) {
    let hosts: Vec<String> = (0..6)
        .map(|n| format!("twins{n}.partner.example"))
        .collect();
    let service = service();
    let id = subscribe(&service, &terms("Twins", by_token(tracker)));
    std::thread::scope(|scope| {
        for appliance in ["esa1", "esa2"] {
            let (service, hosts) = (&service, &hosts);
            scope.spawn(move || {
                for (mid, host) in (1301..).zip(hosts) {
                    push(service, appliance, &lost(mid, host));
                }
            });
        }
    });
    // told as two at once, or as one and one more
    let all = eventually(&service, &id, |all| {
        let counts = |one: &&Value| one["state"] == "delivered" && one["count"] == 2;
        all.iter().filter(counts).count() == hosts.len()
    });
    let keys: std::collections::BTreeSet<_> =
        all.iter().filter_map(|one| one["key"].as_str()).collect();
    assert_eq!(keys.len(), hosts.len(), "{all:#?}");
    for key in keys {
        let ticket = only(tracker, key);
        let told = all.iter().filter(|one| one["key"] == key).count();
        marked_once(tracker, ticket.id, key, told);
    }
}
