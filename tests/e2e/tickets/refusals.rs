//! What targets refuse, and what is not connected to: told as it is, and mended by a change.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpListener;

use serde_json::{Value, json};

use super::desk::{
    change, eventually, lost, notifications, post, push, refused, service, subscribe, terms, told,
};
use super::{by_token, marked_once, only};
use crate::harness::{RequestTracker, Service};

pub(super) fn wrong_queue_and_wrong_token(tracker: &RequestTracker) {
    let host = "refusals.partner.example";
    let service = service();
    let with = |name: &str, member: &str, value: &str| {
        let mut target = by_token(tracker);
        target[member] = json!(value);
        subscribe(&service, &terms(name, target))
    };
    let closed = with("Closed", "queue", "Closed");
    let unknown = with("Unknown", "queue", "Mial");
    let stranger = with("Stranger", "token", "1-14-0123456789abcdef0123456789abcdef");
    push(&service, "esa1", &lost(2001, host));

    // who may not see every queue is not told which there are
    for id in [&closed, &unknown] {
        let why = refused(&service, id);
        for told in ["403", "is there such a queue", "SeeQueue"] {
            assert!(why.contains(told), "{told} is not in {why}");
        }
    }
    let why = refused(&service, &stranger);
    assert!(why.contains("401"), "{why}");
    let path = format!("/v1/subscriptions/{stranger}");
    let fares = service.get(&path).is(200).json()["state"].clone();
    assert_eq!(
        (&fares["dead"], &fares["waiting"]),
        (&json!(1), &json!(0)),
        "{fares}"
    );

    // who stops it revives nothing
    change(&service, &stranger, &json!({"enabled": false}));
    let still = notifications(&service, &stranger);
    assert_eq!(still[0]["state"], "dead", "{still:#?}");

    let right = json!({"target": {"queue": "Mail"}});
    change(&service, &closed, &right);
    change(&service, &unknown, &right);
    let right = json!({"enabled": true, "target": {"token": tracker.token()}});
    change(&service, &stranger, &right);
    for id in [&closed, &unknown, &stranger] {
        let key = told(&service, id, &[("opened", 1)]);
        let ticket = only(tracker, &key);
        marked_once(tracker, ticket.id, &key, 1);
        let listed = service.get("/v1/notifications?state=dead").is(200).json();
        let is_its = |one: &Value| one["subscription"] == **id;
        let dead = listed["items"].as_array().expect("a list");
        assert!(!dead.iter().any(is_its), "{listed}");
    }
    let state = service.get(&path).is(200).json()["state"].clone();
    assert_eq!(state["failure"], Value::Null, "{state}");
}

/// A test ticket for an address; what came of it.
fn tried(service: &Service, name: &str, url: &str) -> String {
    let target = json!({"kind": "request_tracker", "url": url, "queue": "Mail", "token": "1-2-3"});
    let id = subscribe(service, &terms(name, target));
    let path = format!("/v1/subscriptions/{id}/test");
    post(service, &path, &json!({}), 202);
    let all = eventually(service, &id, |all| all[0]["state"] == "dead");
    all[0]["problem"].as_str().expect("a reason").to_owned()
}

/// Nobody came.
#[track_caller]
fn is_alone(listener: &TcpListener) {
    listener.set_nonblocking(true).expect("a listener");
    let came = listener.accept().map_err(|error| error.kind());
    assert_eq!(came.err(), Some(ErrorKind::WouldBlock));
}

fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    (listener, port)
}

#[test]
fn private_addresses_are_not_connected_to_unless_they_are_allowed() {
    let service = Service::start();
    let (alone, port) = listener();
    for (name, host) in [
        ("loopback", "127.0.0.1"),
        ("by name", "localhost"),
        ("as IPv6", "[::ffff:127.0.0.1]"),
        ("private", "10.255.255.1"),
        ("link-local", "169.254.169.254"),
    ] {
        let why = tried(&service, name, &format!("http://{host}:{port}"));
        assert!(why.contains("ticketing.allow"), "{host}: {why}");
    }
    is_alone(&alone);
}

#[test]
fn redirects_are_not_followed() {
    let service = service();
    let (alone, elsewhere) = listener();
    let (pointing, port) = listener();
    let points = std::thread::spawn(move || {
        let (mut stream, _) = pointing.accept().expect("a connection");
        let mut request = [0; 4096];
        let length = stream.read(&mut request).expect("a request");
        assert!(request[..length].starts_with(b"GET /REST/2.0/"));
        let head = "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nConnection: close\r\n";
        write!(
            stream,
            "{head}Location: http://127.0.0.1:{elsewhere}/REST/2.0/\r\n\r\n"
        )
        .expect("the service reads");
    });
    let why = tried(&service, "redirected", &format!("http://127.0.0.1:{port}"));
    assert!(why.contains("redirects are not followed"), "{why}");
    assert!(why.contains(&elsewhere.to_string()), "{why}");
    points.join().expect("it was asked");
    is_alone(&alone);
}
