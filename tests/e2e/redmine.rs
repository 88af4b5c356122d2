//! From a line on the syslog port to an issue in a real Redmine 5, as Debian packages it: created,
//! commented, resolved, re-opened; a wrong key.
//!
//! Run by hand, as Redmine is large and slow to start; `tests/run` has no part of it, and a clean
//! machine gets Redmine by the first of:
//!
//! ```text
//! sudo tests/systems/redmine install
//! cargo test --test redmine -- --nocapture
//! ```

#[expect(
    dead_code,
    unused_imports,
    reason = "the harness and the desk are those of all end-to-end tests"
)]
mod harness;

#[expect(dead_code, reason = "as above")]
#[path = "tickets/desk.rs"]
mod desk;

use std::fs::read_to_string;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Instant;

use serde_json::{Value, json};

use desk::{change, delivered, icid, lost, push, refused, service, subscribe, terms, told};
use harness::systems::System;
use harness::{Asker, encoded};

/// What `tests/systems/redmine install` leaves: the API key, and the id of the field.
const PREPARED: &str = "/var/lib/whymid-tests/redmine";

/// A running Redmine with the project `mail` and no issues.
struct Redmine {
    system: System,
    asker: Asker,
    api_key: String,
    field: u64,
}

impl Redmine {
    fn start() -> Self {
        let mut system = System::start("redmine");
        let port = system.port;
        let asker = Asker::of(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
        system.ready(|| asker.get("/issues.json").is_some());
        let left = |file: &str| {
            let text = read_to_string(format!("{PREPARED}/{file}"));
            text.expect("what the installation left").trim().to_owned()
        };
        Self {
            system,
            asker,
            api_key: left("token"),
            field: left("field").parse().expect("a number"),
        }
    }

    fn get(&self, path: &str) -> Value {
        let mark = if path.contains('?') { '&' } else { '?' };
        let reply = self.asker.get(&format!("{path}{mark}key={}", self.api_key));
        reply.expect("Redmine answers").is(200).json()
    }

    /// The settings that lead to it, with an API key.
    fn target(&self, api_key: &str) -> Value {
        json!({"kind": "redmine", "url": format!("http://127.0.0.1:{}", self.system.port),
            "api_key": api_key, "project": "mail", "custom_field_id": self.field})
    }

    /// The issue of a key, of which there is exactly one, with its journal.
    #[track_caller]
    fn only(&self, key: &str) -> Value {
        let path = format!(
            "/issues.json?status_id=*&cf_{}={}",
            self.field,
            encoded(key)
        );
        let found = self.get(&path);
        assert_eq!(found["total_count"], 1, "{found}");
        let id = &found["issues"][0]["id"];
        self.get(&format!("/issues/{id}.json?include=journals"))["issue"].clone()
    }
}

/// What was written into an issue, the oldest first.
fn texts(issue: &Value) -> Vec<&str> {
    let notes = issue["journals"].as_array().expect("a journal").iter();
    let notes = notes.filter_map(|one| one["notes"].as_str());
    let description = issue["description"].as_str();
    let all = description.into_iter().chain(notes);
    all.filter(|text| !text.is_empty()).collect()
}

#[test]
fn a_cause_has_exactly_one_issue_in_redmine() {
    let host = "redmine.partner.example";
    let begun = Instant::now();
    let passed = |what: &str| println!("{:5.1} s  {what}", begun.elapsed().as_secs_f64());
    let redmine = Redmine::start();
    passed("Redmine answers");
    let service = service();
    let right = terms("Right", redmine.target(&redmine.api_key));
    let id = subscribe(&service, &right);
    let wrong = "0123456789abcdef0123456789abcdef01234567";
    let stranger = subscribe(&service, &terms("Stranger", redmine.target(wrong)));

    push(&service, "esa1", &lost(1001, host));
    let key = told(&service, &id, &[("opened", 1)]);
    passed("created");
    let issue = redmine.only(&key);
    let number = issue["id"].clone();
    assert_eq!(issue["status"]["id"], 1, "{issue}");
    let subject = issue["subject"].as_str().expect("a subject");
    assert!(subject.starts_with("[esa1] "), "{subject}");
    assert!(subject.contains(host), "{subject}");
    let lost_line = format!("ICID {} lost", icid(1001));
    for told in ["1 occurrence", &key, &lost_line] {
        assert!(texts(&issue)[0].contains(told), "{told} is not in {issue}");
    }

    let why = refused(&service, &stranger);
    assert!(why.contains("401"), "{why}");
    let right = json!({"target": {"api_key": redmine.api_key}});
    change(&service, &stranger, &right);
    let other = told(&service, &stranger, &[("opened", 1)]);
    assert_ne!(redmine.only(&other)["id"], number);
    passed("refused with a wrong key, and created with the right one");

    push(&service, "esa1", &lost(1002, host));
    told(&service, &id, &[("opened", 1), ("recurred", 2)]);
    passed("commented");
    let issue = redmine.only(&key);
    assert!(texts(&issue)[1].contains("2 occurrences"), "{issue}");

    push(&service, "esa1", &delivered(1003, host));
    let so_far = [("opened", 1), ("recurred", 2), ("resolved", 2)];
    told(&service, &id, &so_far);
    passed("resolved");
    assert_eq!(redmine.only(&key)["status"]["id"], 5);

    push(&service, "esa1", &lost(1004, host));
    let so_far = [&so_far[..], &[("opened", 3)]].concat();
    told(&service, &id, &so_far);
    passed("re-opened");
    let issue = redmine.only(&key);
    assert_eq!(issue["id"], number);
    assert_eq!(issue["status"]["id"], 1, "{issue}");
    let tickets = service.get("/v1/why?mid=1004").is(200).json()["tickets"].clone();
    assert_eq!(tickets.as_array().map(Vec::len), Some(2), "{tickets}");
    for revision in 1..=4 {
        let marker = format!("[whymid {key}-{revision}]");
        let times = texts(&issue).join("\n").matches(&marker).count();
        assert_eq!(times, 1, "{marker} in {issue}");
    }
}
