//! What a courier makes of answers that are none, and of those that say no.

use super::*;
use crate::examples::english;

fn ended(answers: Vec<Sent>, told: Told) -> (Vec<String>, Report) {
    let script = Script::of(answers);
    let report = went(&TICKETS, told, &script);
    (script.asked(), report)
}

fn opening(sent: Sent) -> End {
    let told = Told(Happening::Opened, None, false);
    let (way, report) = ended(vec![ok(""), sent], told);
    assert_eq!(way, ["find", "create opened"]);
    assert_eq!(report.ticket, None);
    report.end
}

fn waits(end: &End) -> (Option<i64>, bool) {
    match end {
        End::Again { after, down, .. } => (*after, *down),
        End::Delivered | End::Refused(_) | End::Gone(_) => panic!("{end:?}"),
    }
}

fn refused(end: &End) -> String {
    match end {
        End::Refused(problem) => english(problem.clone()),
        End::Delivered | End::Gone(_) | End::Again { .. } => panic!("{end:?}"),
    }
}

fn limited(status: u16, retry_after: Option<i64>) -> Sent {
    Sent::Answered {
        status,
        retry_after,
        location: None,
        body: Vec::new(),
    }
}

#[test]
fn where_opening_was_not_answered_it_waits_until_a_search_shows_it_and_looks_first() {
    let lost = opening(Sent::Lost(twins!("the answer broke off", "切断")));
    assert_eq!(waits(&lost), (Some(45), true));
    for status in [500, 502, 503, 504] {
        assert_eq!(waits(&opening(answered(status, ""))), (Some(45), true));
    }
    assert_eq!(waits(&opening(limited(503, Some(300)))), (Some(300), true));
    assert_eq!(waits(&opening(limited(503, Some(1)))), (Some(45), true));
    assert_eq!(waits(&opening(limited(409, None))), (Some(45), false));
    let again = Told(Happening::Opened, None, true);
    let (way, report) = ended(vec![ok("7"), ok("yes")], again);
    assert_eq!(way, ["find", SEEN_7], "no second one is opened");
    assert_eq!(report.end, End::Delivered);
}

#[test]
fn where_nothing_was_sent_there_is_nothing_to_wait_for() {
    let refused = opening(Sent::NotSent(twins!("connection refused", "接続拒否")));
    assert_eq!(waits(&refused), (None, true));
    let told = Told(Happening::Recurred, Some("7"), false);
    let lost = Sent::Lost(twins!("timeout", "時間切れ"));
    let (_, report) = ended(vec![ok("7"), lost], told);
    assert_eq!(waits(&report.end), (None, true), "a comment shows at once");
    assert_eq!(report.ticket, Some(ticket("7")));
}

#[test]
fn who_asks_to_wait_is_waited_for() {
    assert_eq!(waits(&opening(limited(429, Some(120)))), (Some(120), true));
    assert_eq!(waits(&opening(limited(429, None))), (Some(60), true));
    assert_eq!(waits(&opening(limited(425, None))), (Some(60), true));
}

#[test]
fn what_is_refused_is_told_in_the_systems_own_words_in_one_line() {
    let end = opening(answered(
        400,
        "The field\n\u{1b}[31m'Queue' is\u{0} missing",
    ));
    assert_eq!(
        refused(&end),
        "the target answered 400: The field [31m'Queue' is missing"
    );
    for status in [401, 403, 404, 405, 410, 413, 422] {
        let end = opening(answered(status, ""));
        assert_eq!(refused(&end), format!("the target answered {status}"));
    }
    let long = opening(answered(400, &"x".repeat(5_000)));
    assert!(refused(&long).len() < 400);
    let nonsense = opening(ok("nonsense"));
    assert!(refused(&nonsense).contains("its answer is not JSON"));
    let unsendable = opening(Sent::Unsendable(twins!(
        "10.0.0.1 is private",
        "10.0.0.1 は私用です"
    )));
    assert_eq!(refused(&unsendable), "10.0.0.1 is private");
}

#[test]
fn redirects_are_refused_with_where_they_lead() {
    for status in [301, 302, 303, 307, 308] {
        let end = opening(Sent::Answered {
            status,
            retry_after: None,
            location: Some("https://login.example/".to_owned()),
            body: Vec::new(),
        });
        assert!(refused(&end).contains("points to https://login.example/"));
    }
    let nowhere = opening(answered(302, ""));
    assert!(refused(&nowhere).contains("points to nowhere"));
}

#[test]
fn a_ticket_that_is_gone_is_forgotten_and_another_one_opened() {
    for status in [404, 410] {
        let told = Told(Happening::Recurred, Some("7"), false);
        let (way, report) = ended(vec![ok(""), answered(status, "")], told);
        assert_eq!(way, ["find", "comment 7 recurred"]);
        assert_eq!(report.ticket, None);
        assert_eq!(waits(&report.end), (Some(1), false));
    }
    let told = Told(Happening::Recurred, None, true);
    let (way, report) = ended(vec![ok(""), ok("8")], told);
    assert_eq!(way, ["find", "create recurred"]);
    assert_eq!(report.ticket, Some(ticket("8")));
}

#[test]
fn somebodys_ticket_that_is_gone_is_not_replaced() {
    let told = Told(Happening::Asked, Some("99"), false);
    let (_, report) = ended(vec![answered(404, "no such ticket")], told);
    assert!(refused(&report.end).contains("no such ticket"));
    let none = Told(Happening::Asked, None, false);
    let (way, report) = ended(Vec::new(), none);
    assert!(way.is_empty());
    assert_eq!(refused(&report.end), "no ticket was named");
}

#[test]
fn an_endpoint_without_tickets_that_is_gone_is_gone_for_good() {
    let hook = Words {
        finds: false,
        merges: false,
    };
    for known in [None, Some("5")] {
        let script = Script::of([answered(410, "")]);
        let report = went(&hook, Told(Happening::Recurred, known, false), &script);
        let gone = twins!("the target answered 410", "連携先が 410 を返しました");
        assert_eq!(report.end, End::Gone(gone));
        let script = Script::of([answered(404, "")]);
        let report = went(&hook, Told(Happening::Recurred, known, false), &script);
        assert_eq!(refused(&report.end), "the target answered 404");
    }
}

#[test]
fn a_lost_answer_there_means_telling_it_again() {
    let hook = Words {
        finds: false,
        merges: false,
    };
    let script = Script::of([Sent::Lost(twins!("timeout", "時間切れ"))]);
    let report = went(&hook, Told(Happening::Opened, None, false), &script);
    assert_eq!(waits(&report.end), (None, true));
}

#[test]
fn what_was_opened_is_known_even_if_closing_it_failed() {
    let told = Told(Happening::Test, None, false);
    let (_, report) = ended(vec![ok(""), ok("7"), answered(503, "")], told);
    assert_eq!(report.ticket, Some(ticket("7")));
    assert_eq!(waits(&report.end), (None, true));
}

#[test]
fn answers_that_do_not_come_to_an_end_are_refused() {
    let told = Told(Happening::Opened, None, false);
    let answers = vec![ok("goes on"); MOST_REQUESTS];
    let (way, report) = ended(answers, told);
    assert_eq!(way.len(), MOST_REQUESTS);
    assert!(refused(&report.end).contains("do not come to an end"));
}

#[test]
fn numbers_and_names_are_sorted_by_age() {
    let mut ids = ["10", "9", "MAIL-10", "MAIL-9", "100"];
    ids.sort_by(|one, other| older_first(one, other));
    assert_eq!(ids, ["9", "10", "100", "MAIL-9", "MAIL-10"]);
}
