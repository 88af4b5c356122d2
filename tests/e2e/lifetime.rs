//! A record's life behind the answers: it is written once it rests, re-opened by a late line, and
//! its number may be used again by another message.

use std::io::Write as _;

use serde_json::Value;

use crate::harness::{Service, datagrams, recent, sender_quit, sender_quit_before, tcp};

/// The answer without what moves on with the log.
fn settled(service: &Service, query: &str) -> Value {
    let mut answer = service.get(&format!("/v1/why?{query}")).is(200).json();
    answer["complete_up_to"].take();
    answer
}

/// Waits until that many records can be read from the index.
fn written(service: &Service, records: u64) {
    service.eventually("the records written", || {
        let documents = service.get("/v1/status").json()["index_documents"].as_u64()?;
        (documents >= records).then_some(())
    });
}

#[test]
fn an_answer_is_the_same_once_its_record_was_written() {
    let service = Service::start();
    datagrams(
        service.udp,
        &sender_quit(5401, "probe@other.example").lines(Some("esa1")),
    );
    service.diagnosed(5401, "receiving-aborted-by-sender");
    let (by_mid, by_icid) = (
        settled(&service, "mid=5401"),
        settled(&service, "icid=55401"),
    );
    written(&service, 2);
    assert_eq!(settled(&service, "mid=5401"), by_mid);
    assert_eq!(settled(&service, "icid=55401"), by_icid);
}

#[test]
fn a_late_line_re_opens_a_written_record() {
    let service = Service::start();
    let session = sender_quit(5402, "probe@other.example").lines(Some("esa1"));
    datagrams(service.udp, &session);
    let before = service.diagnosed(5402, "receiving-aborted-by-sender");
    written(&service, 2);
    // a line that names the message and begins none
    datagrams(
        service.udp,
        &[format!(
            "<166>{} esa1 mail_logs: Info: MID 5402 Custom Log Entry: a late word",
            recent(0)
        )],
    );
    let id = before["message"]["id"].as_str().expect("an id");
    service.eventually("the late line in its timeline", || {
        let timeline = service.get(&format!("/v1/messages/{id}")).is(200).json();
        (timeline["entries"].as_array()?.len() == session.len() + 1).then_some(())
    });
    let after = service.diagnosed(5402, "receiving-aborted-by-sender");
    assert_eq!(after["message"]["id"], before["message"]["id"]);
    assert_eq!(
        after["candidates"].as_array().map(Vec::len),
        Some(0),
        "{after}"
    );
}

#[test]
fn a_mid_used_again_after_a_reset_is_another_message() {
    let service = Service::start();
    let (first, second) = (
        sender_quit_before(3 * 3600, 5403, 61, "first@other.example"),
        sender_quit_before(0, 5403, 62, "second@other.example"),
    );
    let mut stream = tcp(service.tcp);
    for session in [&first, &second] {
        stream
            .write_all(&session.stream("esa1"))
            .expect("the service reads");
    }
    service.all_handled(16);
    let newest = service.answer("mid=5403", |answer| {
        answer["message"]["sender"] == "second@other.example"
    });
    let others = newest["candidates"].as_array().expect("a list");
    assert_eq!(others.len(), 1, "{newest}");
    assert_ne!(others[0]["id"], newest["message"]["id"]);
    let id = others[0]["id"].as_str().expect("an id");
    let older = service
        .get(&format!("/v1/messages/{id}/answer"))
        .is(200)
        .json();
    assert_eq!(older["message"]["sender"], "first@other.example", "{older}");
    assert_eq!(older["message"]["icid"], 61, "{older}");
    let at = older["message"]["started_at"]
        .as_str()
        .expect("a time")
        .replace('+', "%2B");
    let then = service
        .get(&format!("/v1/why?mid=5403&at={at}"))
        .is(200)
        .json();
    assert_eq!(
        then["message"]["id"], older["message"]["id"],
        "`at` chooses the one of that time"
    );
}

#[test]
fn of_a_connection_a_kill_keeps_a_prefix_in_order_and_nothing_twice() {
    let service = Service::start();
    let mut stream = tcp(service.tcp);
    let sessions = 400_u64;
    let sender = std::thread::spawn(move || {
        // the kill ends the connection: what can't be sent any more is not sent
        (0..sessions)
            .take_while(|number| {
                stream
                    .write_all(&sender_quit(20_000 + number, "probe@other.example").stream("esa1"))
                    .is_ok()
            })
            .count()
    });
    let accepted = service.eventually("some lines accepted", || {
        Some(service.lines("accepted")).filter(|lines| *lines > 80)
    });
    let service = service.crash_and_restart();
    let sent = sender.join().expect("the sender does not panic") as u64 * 8;
    let kept = service.lines("replayed");
    assert!(
        accepted <= kept && kept <= sent,
        "{accepted} accepted, {kept} kept, {sent} sent"
    );
    service.all_handled(0);
    let whole = kept / 8;
    for number in (0..whole).step_by(7).chain([whole - 1]) {
        let answer = service.diagnosed(20_000 + number, "receiving-aborted-by-sender");
        assert_eq!(
            answer["candidates"].as_array().map(Vec::len),
            Some(0),
            "{answer}"
        );
    }
    assert_eq!(
        service
            .get(&format!("/v1/why?mid={}", 20_001 + whole))
            .status,
        404,
        "a line behind a gap was kept"
    );
}
