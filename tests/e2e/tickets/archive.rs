//! What is no news opens no ticket: archives, and what is read again.

use jiff::{Timestamp, ToSpan as _};

use super::desk::{linked, lost, notifications, push, service, subscribe, terms, told};
use super::{by_token, marked_once, only};
use crate::harness::{RequestTracker, Service, whymid};

/// Aborted messages of a year up to now.
const MESSAGES: u64 = 365;
/// The MID of the first of them.
const FIRST: u64 = 100_000;

pub(super) fn a_years_archive_and_a_replay_open_none(tracker: &RequestTracker) {
    let host = "archive.partner.example";
    let service = service();
    let id = subscribe(&service, &terms("Archive", by_token(tracker)));
    let file = service.scratch().join("archive.log");
    let text = archive(host);
    std::fs::write(&file, &text).expect("a temporary file");
    let (to, file) = (
        format!("http://{}", service.http),
        file.display().to_string(),
    );
    whymid(&["import", "--to", &to, "--appliance", "esa1", &file]).exits(0);
    let lines = text.lines().count() as u64;
    service.all_handled(lines);
    // all of it rests and is written by the time that this one counts
    push(&service, "esa1", &lost(5001, "live.partner.example"));
    let key = told(&service, &id, &[("opened", 1)]);
    let ticket = only(tracker, &key);
    assert!(ticket.subject.contains("live.partner.example"));
    is_archived(&service);

    // once after a clean stop, once with everything read again
    let service = service.restart().crash_and_restart();
    assert_eq!(notifications(&service, &id).len(), 1);
    push(&service, "esa1", &lost(5002, "live.partner.example"));
    assert_eq!(told(&service, &id, &[("opened", 1), ("recurred", 2)]), key);
    marked_once(tracker, only(tracker, &key).id, &key, 2);
    linked(&service, 5001, 2);
    is_archived(&service);
}

/// A message a day: the last one is of now.
fn archive(host: &str) -> String {
    let mut text = String::new();
    let now = Timestamp::now().in_tz("UTC").expect("a zone that is known");
    for number in 0..MESSAGES {
        let ago = i64::try_from(MESSAGES - 1 - number).expect("a few");
        let at = now.checked_sub(ago.days()).expect("a day of this century");
        let stamp = at.strftime("%a %b %e %H:%M:%S %Y").to_string();
        for (_, body) in lost(FIRST + number, host).0 {
            text.push_str(&format!("{stamp} Info: {body}\n"));
        }
    }
    text
}

/// The first, one of the middle and the last are known for what they are.
fn is_archived(service: &Service) {
    for number in [0, MESSAGES / 2, MESSAGES - 1] {
        service.diagnosed(FIRST + number, "receiving-aborted-connection-lost");
    }
}
