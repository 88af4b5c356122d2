//! What a courier does, against a ticket system that is told what to answer: the requests are words
//! (`find`, `create`, `comment 7 …`), so that a test reads like the way that it went.

mod failing;

use std::collections::VecDeque;
use std::sync::Mutex;

use super::*;
use crate::examples::{at, terms};
use crate::target::Request;
use crate::targets::http::examples::event;

/// Answers that were agreed on, and what was asked.
pub(super) struct Script {
    answers: Mutex<VecDeque<Sent>>,
    asked: Mutex<Vec<String>>,
}

impl Script {
    pub(super) fn of(answers: impl IntoIterator<Item = Sent>) -> Self {
        Self {
            answers: Mutex::new(answers.into_iter().collect()),
            asked: Mutex::default(),
        }
    }

    /// What was asked; every answer must have been used.
    pub(super) fn asked(&self) -> Vec<String> {
        let left = self.answers.lock().expect("no panic").len();
        assert_eq!(left, 0, "answers that nobody asked for");
        self.asked.lock().expect("no panic").clone()
    }
}

impl Carrier for Script {
    fn carry(&self, request: &Request, _target: &Target, _now: Timestamp) -> Sent {
        let Request::Http { url, .. } = request else {
            panic!("no word: {request:?}");
        };
        self.asked.lock().expect("no panic").push(url.clone());
        let answer = self.answers.lock().expect("no panic").pop_front();
        answer.unwrap_or_else(|| panic!("{url} was not expected"))
    }
}

/// A ticket system of words; its answers are words, too.
pub(super) struct Words {
    pub(super) finds: bool,
    pub(super) merges: bool,
}

pub(super) const TICKETS: Words = Words {
    finds: true,
    merges: false,
};

impl Words {
    fn ask(word: String) -> Step {
        Step::Send(Request::Http {
            method: crate::target::Method::Post,
            url: word,
            headers: Vec::new(),
            body: Vec::new(),
        })
    }
}

impl Driver for Words {
    fn finds(&self) -> bool {
        self.finds
    }

    fn settles_in(&self) -> i64 {
        45
    }

    fn step(&self, action: &Action<'_>, answers: &[Response]) -> Result<Step, Refusal> {
        let word = match action {
            Action::Find(_) => "find".to_owned(),
            Action::Create(event) => format!("create {}", event.kind.word()),
            Action::Comment(ticket, event) => {
                format!("comment {} {}", ticket.id, event.kind.word())
            }
            Action::Seen(ticket, marker) => format!("seen {} {marker}", ticket.id),
            Action::Close(ticket) => format!("close {}", ticket.id),
            Action::Reopen(ticket) => format!("reopen {}", ticket.id),
        };
        let Some(answer) = answers.first() else {
            return Ok(Self::ask(word));
        };
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        if text == "goes on" {
            return Ok(Self::ask(word));
        }
        if text == "nonsense" {
            return Err(Refusal(twins!(
                "its answer is not JSON",
                "JSON ではありません"
            )));
        }
        Ok(match action {
            Action::Find(_) => Step::Found(text.split_whitespace().map(ticket).collect()),
            Action::Create(_) => Step::Created(ticket(&text)),
            Action::Seen(..) => Step::Seen(text == "yes"),
            Action::Comment(..) | Action::Close(_) | Action::Reopen(_) => Step::Done,
        })
    }

    fn merge(&self, other: &Ticket, into: &Ticket) -> Option<Request> {
        let word = format!("merge {} into {}", other.id, into.id);
        match Self::ask(word) {
            Step::Send(request) if self.merges => Some(request),
            Step::Send(_) | Step::Found(_) | Step::Created(_) | Step::Seen(_) | Step::Done => None,
        }
    }

    fn complaint(&self, body: &[u8]) -> Option<String> {
        let text = String::from_utf8_lossy(body).into_owned();
        Some(text).filter(|text| !text.is_empty())
    }

    fn addresses(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// `7` is open, `7x` is closed.
pub(super) fn ticket(word: &str) -> Ticket {
    Ticket {
        id: word.trim_end_matches('x').to_owned(),
        url: None,
        open: !word.ends_with('x'),
    }
}

pub(super) fn answered(status: u16, body: &str) -> Sent {
    Sent::Answered {
        status,
        retry_after: None,
        location: None,
        body: body.as_bytes().to_vec(),
    }
}

pub(super) fn ok(body: &str) -> Sent {
    answered(200, body)
}

/// What is told, what is known of the ticket, whether it was tried.
pub(super) struct Told(
    pub(super) Happening,
    pub(super) Option<&'static str>,
    pub(super) bool,
);

pub(super) fn went(driver: &Words, told: Told, script: &Script) -> Report {
    let target = terms(serde_json::json!({})).target;
    let mut event = event();
    event.kind = told.0;
    deliver(Errand {
        event: &event,
        ticket: told.1.map(ticket),
        tried: told.2,
        driver,
        target: &target,
        carrier: script,
        now: at(0),
    })
}

/// It is delivered, by this way, to this ticket.
fn delivered(driver: &Words, told: Told, answers: &[&str], way: &[&str], to: Option<&str>) {
    let script = Script::of(answers.iter().map(|text| ok(text)));
    let report = went(driver, told, &script);
    assert_eq!(script.asked(), way);
    assert_eq!(report.end, End::Delivered);
    assert_eq!(report.ticket, to.map(ticket));
}

const NEW: Option<&str> = None;
const SEEN_7: &str = "seen 7 [whymid wm-0123456789abcdef-3]";

#[test]
fn a_ticket_is_opened_after_none_was_found() {
    let told = Told(Happening::Opened, NEW, false);
    let way = ["find", "create opened"];
    delivered(&TICKETS, told, &["", "7"], &way, Some("7"));
    let again = Told(Happening::Recurred, NEW, false);
    let way = ["find", "create recurred"];
    delivered(&TICKETS, again, &["", "7"], &way, Some("7"));
}

#[test]
fn one_that_an_attempt_opened_unseen_is_adopted_and_not_told_twice() {
    let told = Told(Happening::Opened, NEW, true);
    delivered(&TICKETS, told, &["7", "yes"], &["find", SEEN_7], Some("7"));
}

#[test]
fn one_of_an_earlier_life_is_adopted_and_told() {
    let told = Told(Happening::Opened, NEW, false);
    let way = ["find", SEEN_7, "comment 7 opened"];
    delivered(&TICKETS, told, &["7", "no", ""], &way, Some("7"));
    let told = Told(Happening::Opened, NEW, false);
    let way = ["find", "reopen 7", SEEN_7, "comment 7 opened"];
    delivered(&TICKETS, told, &["7x", "", "no", ""], &way, Some("7"));
}

#[test]
fn one_that_is_known_gets_a_comment() {
    let told = Told(Happening::Recurred, Some("7"), false);
    let way = ["find", "comment 7 recurred"];
    delivered(&TICKETS, told, &["7", ""], &way, Some("7"));
    let told = Told(Happening::Revised, Some("7"), false);
    let way = ["find", "comment 7 revised"];
    delivered(&TICKETS, told, &["7", ""], &way, Some("7"));
}

#[test]
fn a_comment_that_is_there_is_not_added_again() {
    let told = Told(Happening::Recurred, Some("7"), true);
    delivered(&TICKETS, told, &["7", "yes"], &["find", SEEN_7], Some("7"));
    let told = Told(Happening::Recurred, Some("7"), true);
    let way = ["find", SEEN_7, "comment 7 recurred"];
    delivered(&TICKETS, told, &["7", "no", ""], &way, Some("7"));
}

#[test]
fn what_people_closed_is_opened_again_when_it_recurs_and_not_when_it_is_revised() {
    let told = Told(Happening::Recurred, Some("7"), false);
    let way = ["find", "reopen 7", "comment 7 recurred"];
    delivered(&TICKETS, told, &["7x", "", ""], &way, Some("7"));
    let told = Told(Happening::Revised, Some("7"), false);
    let way = ["find", "comment 7 revised"];
    delivered(&TICKETS, told, &["7x", ""], &way, Some("7x"));
}

#[test]
fn the_end_is_told_and_closes_what_is_open() {
    let told = Told(Happening::Resolved, Some("7"), false);
    let way = ["find", "comment 7 resolved", "close 7"];
    delivered(&TICKETS, told, &["7", "", ""], &way, Some("7x"));
    let told = Told(Happening::Resolved, Some("7"), false);
    let way = ["find", "comment 7 resolved"];
    delivered(&TICKETS, told, &["7x", ""], &way, Some("7x"));
    let told = Told(Happening::Resolved, Some("7"), true);
    let way = ["find", SEEN_7, "close 7"];
    delivered(&TICKETS, told, &["7", "yes", ""], &way, Some("7x"));
}

#[test]
fn what_nobody_was_told_of_needs_no_end() {
    for kind in [Happening::Resolved, Happening::Revised] {
        let told = Told(kind, NEW, false);
        delivered(&TICKETS, told, &[""], &["find"], None);
    }
}

#[test]
fn a_known_ticket_that_no_search_shows_yet_is_used() {
    let told = Told(Happening::Recurred, Some("7"), false);
    let way = ["find", "comment 7 recurred"];
    delivered(&TICKETS, told, &["", ""], &way, Some("7"));
}

#[test]
fn of_several_tickets_the_oldest_is_kept_and_the_others_are_closed() {
    let script = Script::of(["10 9 9 11x", "", "", "no", ""].map(ok));
    let report = went(&TICKETS, Told(Happening::Opened, NEW, false), &script);
    let seen = "seen 9 [whymid wm-0123456789abcdef-3]";
    let way = [
        "find",
        "comment 10 resolved",
        "close 10",
        seen,
        "comment 9 opened",
    ];
    assert_eq!(script.asked(), way);
    assert_eq!((report.end, report.merged), (End::Delivered, 1));
    assert_eq!(report.ticket, Some(ticket("9")));
}

#[test]
fn of_several_tickets_the_known_one_is_kept() {
    let script = Script::of(["9 10", "", "", ""].map(ok));
    let report = went(
        &TICKETS,
        Told(Happening::Recurred, Some("10"), false),
        &script,
    );
    let way = [
        "find",
        "comment 9 resolved",
        "close 9",
        "comment 10 recurred",
    ];
    assert_eq!(script.asked(), way);
    assert_eq!((report.ticket, report.merged), (Some(ticket("10")), 1));
}

#[test]
fn a_system_that_can_make_one_ticket_of_two_does() {
    let merging = Words {
        finds: true,
        merges: true,
    };
    let script = Script::of(["7 8", "", ""].map(ok));
    let report = went(
        &merging,
        Told(Happening::Recurred, Some("7"), false),
        &script,
    );
    let way = ["find", "merge 8 into 7", "comment 7 recurred"];
    assert_eq!(script.asked(), way);
    assert_eq!((report.end, report.merged), (End::Delivered, 1));
}

#[test]
fn a_merge_that_broke_off_goes_on_where_it_was_without_a_second_comment() {
    let script = Script::of([ok("7 8"), ok(""), answered(503, "")]);
    let report = went(
        &TICKETS,
        Told(Happening::Recurred, Some("7"), false),
        &script,
    );
    assert_eq!(script.asked(), ["find", "comment 8 resolved", "close 8"]);
    assert_eq!(report.merged, 0, "not yet");
    let script = Script::of(["7 8", "yes", "", "no", ""].map(ok));
    let report = went(
        &TICKETS,
        Told(Happening::Recurred, Some("7"), true),
        &script,
    );
    let merged = "seen 8 [whymid wm-0123456789abcdef-3-merged]";
    let way = ["find", merged, "close 8", SEEN_7, "comment 7 recurred"];
    assert_eq!(script.asked(), way);
    assert_eq!((report.end, report.merged), (End::Delivered, 1));
}

#[test]
fn an_answer_goes_into_the_ticket_that_was_named_and_opens_none() {
    let told = Told(Happening::Asked, Some("99"), false);
    delivered(&TICKETS, told, &[""], &["comment 99 asked"], Some("99"));
    let seen = "seen 99 [whymid wm-0123456789abcdef-3]";
    let told = Told(Happening::Asked, Some("99"), true);
    delivered(&TICKETS, told, &["yes"], &[seen], Some("99"));
}

#[test]
fn a_test_opens_a_ticket_and_closes_it() {
    let told = Told(Happening::Test, NEW, false);
    let way = ["find", "create test", "close 7"];
    delivered(&TICKETS, told, &["", "7", ""], &way, Some("7x"));
    let told = Told(Happening::Test, NEW, true);
    let way = ["find", SEEN_7, "close 7"];
    delivered(&TICKETS, told, &["7", "yes", ""], &way, Some("7x"));
}

#[test]
fn where_nothing_can_be_looked_for_it_is_only_told() {
    let hook = Words {
        finds: false,
        merges: false,
    };
    let told = Told(Happening::Opened, NEW, true);
    delivered(&hook, told, &["5"], &["create opened"], Some("5"));
    let told = Told(Happening::Recurred, Some("5"), true);
    delivered(&hook, told, &[""], &["comment 5 recurred"], Some("5"));
    let told = Told(Happening::Resolved, Some("5"), false);
    delivered(&hook, told, &[""], &["comment 5 resolved"], Some("5x"));
}
