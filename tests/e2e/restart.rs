//! Stop, start, `kill -9`: the same answers, the same ids.

use std::io::Write as _;

use serde_json::Value;

use crate::harness::{Service, datagrams, founding_lines, sender_quit, tcp};

const MIDS: [(u64, &str); 4] = [
    (1404, "receiving-aborted-connection-lost"),
    (1_558_778, "receiving-aborted-inbound-timeout"),
    (1412, "receiving-aborted-by-sender"),
    (5001, "receiving-aborted-by-sender"),
];

/// Lines of all of [`MIDS`], by UDP and by TCP; how many.
fn send(service: &Service) -> u64 {
    let mut lines: Vec<String> = founding_lines()
        .iter()
        .map(|line| format!("<166>{line}"))
        .collect();
    datagrams(service.udp, &lines);
    service.all_handled(lines.len() as u64);
    let session = sender_quit(5001, "probe@other.example").lines(Some("esa2"));
    tcp(service.tcp)
        .write_all((session.join("\n") + "\n").as_bytes())
        .expect("the service reads");
    lines.extend(session);
    service.all_handled(lines.len() as u64);
    lines.len() as u64
}

/// Answers and timelines, with every address of this process written as `here`.
fn told(service: &Service) -> Vec<Value> {
    let mut told = Vec::new();
    for (mid, diagnosis) in MIDS {
        let answer = service.diagnosed(mid, diagnosis);
        let id = answer["message"]["id"].as_str().expect("an id").to_owned();
        told.push(answer);
        for path in ["", "/answer"] {
            told.push(
                service
                    .get(&format!("/v1/messages/{id}{path}"))
                    .is(200)
                    .json(),
            );
        }
    }
    let here = service.http.to_string();
    let text = Value::from(told).to_string().replace(&here, "here");
    serde_json::from_str::<Vec<Value>>(&text).expect("still JSON")
}

#[test]
fn after_a_stop_and_a_start_the_same_questions_have_the_same_answers() {
    let service = Service::start();
    send(&service);
    let before = told(&service);
    let service = service.restart();
    assert_eq!(told(&service), before);
    assert_eq!(service.lines("replayed"), 0, "all of it had been written");
    service.all_handled(0);
    let service = service.restart();
    assert_eq!(told(&service), before);
    // a start that gets no line takes nothing of what is written back
    let service = service.crash_and_restart();
    assert_eq!(service.lines("replayed"), 0);
    assert_eq!(told(&service), before);
}

#[test]
fn after_a_kill_the_lines_that_were_not_written_are_read_again() {
    let service = Service::start();
    let sent = send(&service);
    let before = told(&service);
    let service = service.crash_and_restart();
    assert_eq!(told(&service), before);
    assert_eq!(service.lines("replayed"), sent);
    service.all_handled(0);
    // and a second time, when some of it has been written and some has not
    let service = service.crash_and_restart();
    assert_eq!(told(&service), before);
    let service = service.restart();
    assert_eq!(told(&service), before);
    assert_eq!(service.lines("replayed"), 0);
}

#[test]
fn what_was_answered_before_a_kill_is_answered_after_it() {
    let service = Service::start();
    let sent = send(&service);
    let before = told(&service);
    let service = service.crash_and_restart();
    assert_eq!(told(&service), before);
    assert_eq!(service.lines("replayed"), sent);
    service.all_handled(0);
}

#[test]
fn a_line_that_was_accepted_a_moment_before_a_kill_is_there_after_it() {
    let service = Service::start();
    let lines = sender_quit(5101, "probe@other.example").lines(Some("esa1"));
    tcp(service.tcp)
        .write_all((lines.join("\n") + "\n").as_bytes())
        .expect("the service reads");
    let all = lines.len() as u64;
    service.eventually("all accepted", || {
        (service.lines("accepted") == all).then_some(())
    });
    let service = service.crash_and_restart();
    assert_eq!(service.lines("replayed"), all);
    service.diagnosed(5101, "receiving-aborted-by-sender");
}

#[test]
fn a_message_goes_on_across_a_restart() {
    let service = Service::start();
    let lines = sender_quit(5201, "probe@other.example").lines(Some("esa1"));
    let (begun, rest) = lines.split_at(5);
    datagrams(service.udp, begun);
    let before = service.answer("mid=5201", |answer| {
        answer["message"]["outcome"] == "processing"
    });
    service.all_handled(begun.len() as u64);
    let service = service.restart();
    datagrams(service.udp, rest);
    let after = service.diagnosed(5201, "receiving-aborted-by-sender");
    assert_eq!(after["message"]["id"], before["message"]["id"]);
    assert_eq!(
        after["message"]["ip"], "198.51.100.31",
        "the lines from before the restart count: {after}"
    );
    assert_eq!(
        after["candidates"].as_array().map(Vec::len),
        Some(0),
        "{after}"
    );
}

#[test]
fn lines_that_come_while_the_journal_is_read_are_accepted_and_kept() {
    let service = Service::start();
    let session = |mid| sender_quit(mid, "probe@other.example").lines(Some("esa1"));
    let mut kept = 0;
    let mut stream = tcp(service.tcp);
    for mid in 100_000..106_000 {
        let lines = session(mid);
        kept += lines.len() as u64;
        let text = lines.join("\n") + "\n";
        stream
            .write_all(text.as_bytes())
            .expect("the service reads");
    }
    service.all_handled(kept);
    let service = service.crash_unready(|| {});
    let mut sent = 0;
    for mid in 200_000..200_400 {
        let lines = session(mid);
        sent += lines.len() as u64;
        datagrams(service.udp, &lines);
    }
    let was_reading = service.get("/readyz").status == 503;
    assert!(was_reading, "the journal was too short for this test");
    let service = service.ready();
    service.eventually("all accepted", || {
        (service.lines("accepted") == sent).then_some(())
    });
    service.all_handled(sent);
    assert_eq!(service.lines("replayed"), kept);
    assert_eq!(
        service.lines("attached") + service.lines("events"),
        kept + sent
    );
    service.diagnosed(105_999, "receiving-aborted-by-sender");
    service.diagnosed(200_399, "receiving-aborted-by-sender");
}

#[test]
fn a_journal_whose_end_was_torn_keeps_every_whole_line() {
    let service = Service::start();
    let sent = send(&service);
    let before = told(&service);
    let journal = service.data().join("journal");
    let service = service.crash_and_tamper(|| tear(&journal));
    assert_eq!(told(&service), before);
    assert_eq!(service.lines("replayed"), sent);
    datagrams(
        service.udp,
        &sender_quit(5301, "probe@other.example").lines(Some("esa1")),
    );
    service.diagnosed(5301, "receiving-aborted-by-sender");
    // what came behind the tear is kept as well
    let service = service.restart();
    service.diagnosed(5301, "receiving-aborted-by-sender");
}

/// Half a record at the end of the newest segment, as a power cut leaves it.
fn tear(journal: &std::path::Path) {
    let files = std::fs::read_dir(journal).expect("the journal's folder");
    let mut files: Vec<_> = files.map(|file| file.expect("an entry").path()).collect();
    files.retain(|file| {
        file.metadata()
            .is_ok_and(|file| file.is_file() && file.len() > 0)
            && file.extension().is_some_and(|ending| ending == "wlog")
    });
    files.sort();
    let newest = files.last().expect("the journal holds lines");
    let mut file = std::fs::OpenOptions::new()
        .append(true)
        .open(newest)
        .expect("the newest segment");
    file.write_all(&[200, 0, 0, 0, 7, 7, 7])
        .expect("the segment can be written");
}
