//! Sent = received = accepted = attached + events; one line from two sources is one entry; whose
//! lines they are.

use std::io::Write as _;

use serde_json::Value;

use crate::harness::{
    Service, datagrams, octet_counted, recent, sender_quit, tcp, tcp_from, udp_from,
};

/// The entries of a message's timeline.
fn entries(service: &Service, mid: u64) -> Vec<Value> {
    let answer = service.get(&format!("/v1/why?mid={mid}")).is(200).json();
    let id = answer["message"]["id"].as_str().expect("an id");
    let timeline = service
        .get(&format!("/v1/messages/{id}?limit=1000"))
        .is(200)
        .json();
    timeline["entries"].as_array().expect("a list").clone()
}

#[test]
fn every_line_sent_over_tcp_is_received_accepted_and_has_its_place() {
    let service = Service::start();
    let mut sent = 0;
    for connection in 0..4_u64 {
        let mut stream = tcp(service.tcp);
        for number in 0..50 {
            let mid = 1000 * (connection + 1) + number;
            let session = sender_quit(mid, "probe@other.example");
            stream
                .write_all(&session.stream("esa1"))
                .expect("the service reads");
            sent += session.0.len() as u64;
        }
        let event = "<166>Jan  1 00:00:00 esa1 mail_logs: Info: Status: CPULd 3 DskIO 0 RAMUtil 1 QKUsd 141 QKFre 34602867\n";
        stream
            .write_all(event.as_bytes())
            .expect("the service reads");
        sent += 1;
    }
    service.all_handled(sent);
    assert_eq!(
        service.counter("lines_received", Some(("transport", "tcp"))),
        sent
    );
    assert_eq!(service.counter("lines_accepted", None), sent);
    assert_eq!(service.lines("events"), 4);
    for mid in [1000, 2049, 4020] {
        service.diagnosed(mid, "receiving-aborted-by-sender");
    }
}

#[test]
fn octet_counted_and_newline_frames_may_be_mixed_on_one_connection() {
    let service = Service::start();
    let mut stream = tcp(service.tcp);
    let lines = sender_quit(3001, "probe@other.example").lines(Some("esa1"));
    for (number, line) in lines.iter().enumerate() {
        let frame = if number % 2 == 0 {
            octet_counted(line)
        } else {
            format!("{line}\r\n").into_bytes()
        };
        // byte by byte at the places where a frame begins, so that reads cut through counts
        let (head, tail) = frame.split_at(5);
        head.chunks(1)
            .for_each(|byte| stream.write_all(byte).expect("the service reads"));
        stream.write_all(tail).expect("the service reads");
    }
    service.all_handled(lines.len() as u64);
    let answer = service.diagnosed(3001, "receiving-aborted-by-sender");
    assert_eq!(answer["message"]["sender"], "probe@other.example");
    assert_eq!(entries(&service, 3001).len(), lines.len());
}

#[test]
fn the_same_lines_over_two_connections_are_one_entry_each() {
    let service = Service::start();
    let session = sender_quit(3101, "probe@other.example");
    let stream = session.stream("esa1");
    for _ in 0..2 {
        tcp(service.tcp)
            .write_all(&stream)
            .expect("the service reads");
    }
    service.all_handled(2 * session.0.len() as u64);
    let entries = entries(&service, 3101);
    assert_eq!(entries.len(), session.0.len(), "{entries:#?}");
    assert!(
        entries.iter().all(|entry| entry["copies"] == 1),
        "{entries:#?}"
    );
}

#[test]
fn the_same_line_twice_on_one_connection_is_one_entry_with_two_copies() {
    let service = Service::start();
    let mut lines = sender_quit(3102, "probe@other.example").lines(Some("esa1"));
    let again = lines
        .iter()
        .position(|line| line.contains("Message aborted"))
        .expect("it is there");
    lines.insert(again, lines[again].clone());
    tcp(service.tcp)
        .write_all((lines.join("\n") + "\n").as_bytes())
        .expect("the service reads");
    service.all_handled(lines.len() as u64);
    let entries = entries(&service, 3102);
    assert_eq!(entries.len(), lines.len() - 1, "{entries:#?}");
    let aborted = entries.iter().find(|entry| {
        entry["line"]
            .as_str()
            .is_some_and(|line| line.starts_with("Message aborted"))
    });
    assert_eq!(
        aborted.map(|entry| &entry["copies"]),
        Some(&2.into()),
        "{entries:#?}"
    );
}

#[test]
fn two_gateways_without_a_host_name_are_told_apart_by_their_addresses() {
    let service = Service::start();
    let (first, second) = (
        sender_quit(1404, "first@other.example"),
        sender_quit(1404, "second@other.example"),
    );
    udp_from("127.0.0.1", service.udp, &first.lines(None));
    let mut stream = tcp_from("127.0.0.2", service.tcp);
    stream
        .write_all((second.lines(None).join("\n") + "\n").as_bytes())
        .expect("the service reads");
    service.all_handled(16);
    for (appliance, sender) in [
        ("127.0.0.1", "first@other.example"),
        ("127.0.0.2", "second@other.example"),
    ] {
        let answer = service.answer(&format!("mid=1404&appliance={appliance}"), |answer| {
            answer["message"]["sender"] == sender
        });
        assert_eq!(answer["message"]["appliance"], appliance, "{answer}");
        assert_eq!(
            answer["diagnosis"]["id"], "receiving-aborted-by-sender",
            "{answer}"
        );
        assert_eq!(
            answer["candidates"].as_array().map(Vec::len),
            Some(0),
            "{answer}"
        );
    }
    let both = service.get("/v1/why?mid=1404").is(200).json();
    assert_eq!(
        both["candidates"].as_array().map(Vec::len),
        Some(1),
        "{both}"
    );
}

#[test]
fn lines_of_one_second_may_arrive_in_any_order() {
    let service = Service::start();
    let (session, now) = (sender_quit(3201, "probe@other.example"), recent(36));
    let mut lines: Vec<String> = session
        .0
        .iter()
        .map(|(_, body)| format!("<166>{now} esa1 mail_logs: Info: {body}"))
        .collect();
    lines.reverse();
    datagrams(service.udp, &lines);
    service.all_handled(lines.len() as u64);
    let answer = service.diagnosed(3201, "receiving-aborted-by-sender");
    assert_eq!(answer["message"]["ip"], "198.51.100.31", "{answer}");
}
