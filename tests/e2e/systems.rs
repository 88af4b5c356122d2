//! The real ticket systems that other tests use are there, and do what those tests rely on.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;

use serde_json::json;

use crate::harness::{Postfix, RequestTracker, RtTicket, wait_for};

#[test]
fn request_tracker_is_there_and_keeps_a_ticket_by_its_key() {
    let mut tracker = RequestTracker::start();
    let key = "a'key\\of/its:own";
    assert_eq!(tracker.tickets(key), []);
    let ticket = json!({"Queue": "Mail", "Subject": "MID 4711 aborted", "Content": "why: 中断",
        "ContentType": "text/plain", "CustomFields": {"whymid_key": key}});
    tracker.post("/ticket", &ticket).is(201);

    let found = tracker.tickets(key);
    let (status, subject) = ("new".to_owned(), "MID 4711 aborted".to_owned());
    let id = 1;
    let only = RtTicket {
        id,
        status,
        subject,
    };
    assert_eq!(found, [only], "every test has a database of its own");
    let comment = json!({"Content": "seen again", "ContentType": "text/plain"});
    tracker
        .post(&format!("/ticket/{id}/comment"), &comment)
        .is(201);
    assert_eq!(tracker.texts(id), ["why: 中断", "seen again"]);

    tracker.stop();
    tracker.start_again();
    assert_eq!(tracker.tickets(key), found, "kept over a restart");
}

#[test]
fn request_trackers_bot_is_refused_in_another_queue() {
    let tracker = RequestTracker::start();
    let ticket = json!({"Queue": "Closed", "Subject": "s", "Content": "c"});
    tracker.post("/ticket", &ticket).is(403);
    assert!(tracker.token().starts_with("1-"), "{}", tracker.token());
}

#[test]
fn postfix_takes_a_mail_and_keeps_it() {
    let postfix = Postfix::start();
    assert!(postfix.mails().is_empty());
    for text in ["first", "second"] {
        hand_in(postfix.port(), "queue@tickets.example", text);
    }
    let mails = wait_for(|| Some(postfix.mails()).filter(|mails| mails.len() == 2));
    let mails = mails.expect("two mails are delivered");
    assert!(mails[0].contains("\nfirst\n") && mails[1].contains("\nsecond\n"));
}

/// One mail by SMTP, with each command's answer awaited.
fn hand_in(port: u16, to: &str, text: &str) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("Postfix listens");
    let mut answers = BufReader::new(stream.try_clone().expect("a second handle")).lines();
    let mut expect = |code: &str| {
        let answer = answers.next().expect("an answer").expect("it is text");
        assert!(answer.starts_with(code), "{answer}");
    };
    expect("220");
    for (command, code) in [
        ("HELO whymid.example".to_owned(), "250"),
        ("MAIL FROM:<whymid@tickets.example>".to_owned(), "250"),
        (format!("RCPT TO:<{to}>"), "250"),
        ("DATA".to_owned(), "354"),
        (format!("Subject: test\r\n\r\n{text}\r\n."), "250"),
        ("QUIT".to_owned(), "221"),
    ] {
        write!(stream, "{command}\r\n").expect("Postfix reads");
        expect(code);
    }
}
