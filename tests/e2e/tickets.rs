//! From a line on the syslog port to a ticket in a real Request Tracker or a mail in a real Postfix:
//! exactly one, whatever breaks off.
//!
//! | file | what |
//! |---|---|
//! | `tickets/life.rs` | opened, commented, resolved, re-opened; by hand in between; two at once |
//! | `tickets/refusals.rs` | wrong queue and token, private addresses, redirects |
//! | `tickets/outages.rs` | Request Tracker stopped, the service killed before an answer came |
//! | `tickets/wanted.rs` | a ticket that is asked for, a ticket that is answered |
//! | `tickets/archive.rs` | imports and replays |
//! | `tickets/mail.rs` | mail |
//! | `tickets/desk.rs`, `tickets/relay.rs` | what they share |
//!
//! Most of the time goes by while records rest: what can share a Request Tracker runs at the same
//! time, each with a service, a subscription and a sending host of its own.
//!
//! Not here: Redmine (`redmine.rs`), other ticket systems (`doubles/`).

mod archive;
pub(crate) mod desk;
mod life;
mod mail;
mod outages;
mod refusals;
mod relay;
mod turned;
mod wanted;

use std::thread::Builder;

use serde_json::{Value, json};

use crate::harness::{RequestTracker, RtTicket};

type Scenario = (&'static str, fn(&RequestTracker));

/// What happens in one Request Tracker at the same time.
const SCENARIOS: [Scenario; 9] = [
    (
        "from a line to resolved and back",
        life::from_a_line_to_resolved_and_back,
    ),
    (
        "with a password, in Japanese, until it is quiet",
        life::with_a_password_in_japanese_until_it_is_quiet,
    ),
    (
        "resolved by hand, opened twice by hand",
        life::resolved_by_hand_and_opened_twice_by_hand,
    ),
    ("two appliances at once", life::twins),
    (
        "wrong queue, wrong token",
        refusals::wrong_queue_and_wrong_token,
    ),
    (
        "killed before the answer",
        outages::killed_before_the_answer,
    ),
    (
        "delivered after all",
        turned::what_is_delivered_after_all_leaves_its_ticket,
    ),
    (
        "wanted and answered",
        wanted::one_that_is_wanted_and_one_that_is_answered,
    ),
    (
        "an archive and a replay",
        archive::a_years_archive_and_a_replay_open_none,
    ),
];

#[test]
fn every_cause_has_exactly_one_ticket_in_request_tracker() {
    let tracker = RequestTracker::start();
    let failed: Vec<&str> = std::thread::scope(|scope| {
        let all = SCENARIOS.map(|(name, scenario)| {
            let tracker = &tracker;
            let thread = Builder::new().name(name.to_owned());
            let thread = thread.spawn_scoped(scope, move || scenario(tracker));
            (name, thread.expect("a thread"))
        });
        let failed = all.into_iter().filter_map(|(name, thread)| {
            let ended = thread.join();
            ended.is_err().then_some(name)
        });
        failed.collect()
    });
    assert!(failed.is_empty(), "failed: {failed:#?}");
}

/// The settings that lead to it.
fn by_token(tracker: &RequestTracker) -> Value {
    json!({"kind": "request_tracker", "url": tracker.url(), "queue": "Mail", "token": tracker.token()})
}

/// The ticket of a key, of which there is exactly one.
#[track_caller]
fn only(tracker: &RequestTracker, key: &str) -> RtTicket {
    let mut all = tracker.tickets(key);
    assert_eq!(all.len(), 1, "{all:#?}");
    all.remove(0)
}

/// Each of so many notifications of a cause is in its ticket once, and no further one.
#[track_caller]
fn marked_once(tracker: &RequestTracker, ticket: u64, key: &str, revisions: usize) {
    let text = tracker.texts(ticket).join("\n");
    for revision in 1..=revisions + 1 {
        let marker = format!("[whymid {key}-{revision}]");
        let times = text.matches(&marker).count();
        assert_eq!(
            times,
            usize::from(revision <= revisions),
            "{marker}: {text}"
        );
    }
}
