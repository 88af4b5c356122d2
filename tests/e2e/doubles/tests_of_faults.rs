//! What each fault does, at every double, and the server below them.

use std::time::{Duration, Instant};

use super::hand::Hand;
use super::server::Server;
use super::{Answer, Double, Fault, Faults, On, Redmine, System, all};
use crate::harness::{exchange, tcp, wait_for};

const KEY: &str = "wm-0123456789abcdef";

/// Plays a fault on the opening of a ticket at every double: the status that comes back, and how
/// many tickets there are then.
#[track_caller]
fn at_every_double(fault: Fault, status: Option<u16>, tickets: usize) {
    for system in all() {
        let hand = Hand::at(system.as_ref());
        system.faults().next_of(On::All, 1, fault);
        let reply = hand.create(KEY, "text");
        let kind = system.kind();
        assert_eq!(reply.map(|reply| reply.status), status, "{kind}");
        assert_eq!(system.tickets().len(), tickets, "{kind}");
        assert_eq!(system.faults().played(), [(fault, 1)].into(), "{kind}");
        assert!(system.complaints().is_empty(), "{kind}");
        hand.create(KEY, "text").expect("it behaves again");
        assert!(!system.tickets().is_empty(), "{kind}");
    }
}

#[test]
fn what_is_done_and_not_answered_is_there() {
    at_every_double(Fault::DoneThenDropped, None, 1);
}

#[test]
fn what_is_dropped_before_is_not_done() {
    at_every_double(Fault::Dropped, None, 0);
}

#[test]
fn too_many_requests_are_told_when_to_come_again() {
    at_every_double(Fault::TooMany(7), Some(429), 0);
    let system = Double::of(Redmine::default());
    system.faults().next(1, Fault::TooMany(7));
    let reply = Hand::at(&system).find(KEY).expect("an answer");
    assert_eq!(reply.headers["retry-after"], "7");
}

#[test]
fn a_server_error_before_does_nothing() {
    for status in [500, 502, 503] {
        at_every_double(Fault::Refused(status), Some(status), 0);
    }
}

#[test]
fn a_server_error_after_hides_that_it_was_done() {
    at_every_double(Fault::DoneThenRefused(500), Some(500), 1);
}

#[test]
fn a_redirect_leads_elsewhere_and_nothing_is_done() {
    at_every_double(Fault::Moved, Some(302), 0);
}

#[test]
fn a_page_in_place_of_json_may_hide_either() {
    at_every_double(Fault::DoneThenPage, Some(200), 1);
    at_every_double(Fault::Page, Some(200), 0);
}

#[test]
fn who_is_not_let_in_changes_nothing() {
    at_every_double(Fault::Unauthorized, Some(401), 0);
    at_every_double(Fault::Forbidden, Some(403), 0);
}

#[test]
fn a_create_that_is_done_twice_makes_two_tickets_of_one_key() {
    for system in all() {
        system.faults().next(1, Fault::Twice);
        let hand = Hand::at(system.as_ref());
        hand.create(KEY, "text").expect("an answer");
        let joins = ["pagerduty", "webhook"].contains(&system.kind());
        let tickets = system.tickets();
        assert_eq!(tickets.len(), if joins { 1 } else { 2 }, "{tickets:?}");
        assert!(tickets.iter().all(|ticket| ticket.key == KEY));
    }
}

#[test]
fn an_answer_that_drips_takes_its_time() {
    let system = Double::of(Redmine::default());
    system.faults().next(1, Fault::Drips(300));
    let begun = Instant::now();
    let reply = Hand::at(&system).create(KEY, "text").expect("an answer");
    assert!(begun.elapsed() >= Duration::from_millis(250));
    assert_eq!(reply.is(201).json()["issue"]["id"], 1);
}

#[test]
fn a_search_that_lags_finds_later_what_was_opened() {
    for system in all() {
        let hand = Hand::at(system.as_ref());
        system.faults().lag(Duration::from_secs(3600));
        hand.create(KEY, "text").expect("an answer");
        let Some(found) = hand.find(KEY) else {
            continue;
        };
        assert_eq!(hand.count(&found), 0, "{}", system.kind());
        system.faults().lag(Duration::from_millis(50));
        let found = wait_for(|| hand.find(KEY).filter(|found| hand.count(found) == 1));
        assert!(found.is_some(), "{}", system.kind());
    }
}

#[test]
fn faults_of_a_kind_spare_other_requests() {
    let system = Double::of(Redmine::default());
    let hand = Hand::at(&system);
    system.faults().next(1, Fault::DoneThenDropped);
    system
        .faults()
        .next_of(On::Searches, 1, Fault::Refused(502));
    system.faults().next_of(On::Reads, 1, Fault::Refused(503));
    hand.find(KEY).expect("an answer").is(502);
    hand.ask("GET", "/users/current.json", None)
        .expect("an answer")
        .is(503);
    hand.find(KEY).expect("an answer").is(200);
    assert!(hand.create(KEY, "text").is_none());
    hand.comment("1", KEY, "note").expect("an answer").is(204);
    assert_eq!(system.tickets()[0].texts, ["text", "note"]);
}

#[test]
fn chance_is_the_same_for_the_same_seed_and_about_as_often_as_asked() {
    let play = |seed: u64| {
        let system = Double::of(Redmine::default());
        let faults: &Faults = system.faults();
        faults.seed(seed);
        faults.sometimes(250, Fault::Refused(500));
        faults.sometimes_of(On::Searches, 250, Fault::Dropped);
        let hand = Hand::at(&system);
        let replies = (0..200).map(|_| hand.find(KEY).map(|reply| reply.status));
        let replies: Vec<_> = replies.collect();
        faults.clear();
        hand.find(KEY).expect("it behaves").is(200);
        replies
    };
    let first = play(7);
    assert_eq!(first, play(7));
    assert_ne!(first, play(8));
    let refused = first.iter().filter(|status| **status == Some(500)).count();
    assert!((25..=75).contains(&refused), "{refused}");
}

#[test]
fn a_double_that_is_down_refuses_and_comes_back_on_its_port_with_its_tickets() {
    for system in all() {
        let hand = Hand::at(system.as_ref());
        hand.create(KEY, "text").expect("an answer");
        let before = system.requests();
        for _ in 0..3 {
            system.down();
            assert!(hand.create(KEY, "text").is_none(), "{}", system.kind());
            system.up();
            system.up();
        }
        assert_eq!((system.requests(), before), (1, 1), "{}", system.kind());
        assert_eq!(system.tickets().len(), 1, "{}", system.kind());
        hand.comment(&system.tickets()[0].id, KEY, "more")
            .expect("an answer");
        assert_eq!(system.tickets()[0].texts.len(), 2, "{}", system.kind());
    }
}

/// Answers with what came.
fn echo() -> Server {
    Server::start(|request| {
        let told = format!("{} {} {:?}", request.method, request.path, request.query);
        let mut answer = Answer::text(200, "text/plain", &told);
        answer.body.extend(&request.body);
        Some(answer)
    })
}

#[test]
fn the_server_takes_requests_one_after_the_other_and_bodies_in_both_forms() {
    let server = echo();
    let requests = "POST /a%20b?c=d%26&e HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\none\
        PUT /2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n\
        2;x=y\r\ntw\r\n1\r\no\r\n0\r\nTrailer: x\r\n\r\n\
        GET /3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\nGET /4 HTTP/1.1\r\n\r\n";
    let answers = exchange(server.address(), requests.as_bytes());
    let bodies = answers.iter().map(|one| String::from_utf8_lossy(&one.body));
    let bodies: Vec<_> = bodies.collect();
    let first = "POST /a%20b [(\"c\", \"d&\"), (\"e\", \"\")]one";
    assert_eq!(bodies, [first, "PUT /2 []two", "GET /3 []"]);
    assert_eq!(server.requests(), 3);
}

#[test]
fn the_server_refuses_what_is_no_request_and_goes_on() {
    let server = echo();
    for (request, status) in [
        ("GET / HTTP/1.0\r\n\r\n".to_owned(), 400),
        ("GET / HTTP/1.1\r\nno field\r\n\r\n".to_owned(), 400),
        (
            "POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n".to_owned(),
            400,
        ),
        (
            "POST / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n".to_owned(),
            413,
        ),
        (
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n".to_owned(),
            400,
        ),
        (
            "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nabc".to_owned(),
            400,
        ),
        (
            format!("GET / HTTP/1.1\r\nA: {}\r\n\r\n", "a".repeat(70_000)),
            431,
        ),
    ] {
        let answers = exchange(server.address(), request.as_bytes());
        assert_eq!(answers.first().map(|one| one.status), Some(status));
    }
    assert_eq!(server.requests(), 0);
    assert_eq!(
        exchange(server.address(), b"GET / HTTP/1.1\r\n\r\n").len(),
        1
    );
}

#[test]
fn the_server_ends_while_connections_are_open() {
    let server = echo();
    let idle = tcp(server.address());
    drop(server);
    drop(idle);
}
