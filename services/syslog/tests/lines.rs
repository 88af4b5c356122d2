//! A text of lines into lines, and what the clock showed at each of them.

use jiff::civil::{DateTime, date};
use proptest::prelude::*;
use whymid_syslog::{Clockhand, Defect, Line, MAX_LINE, lines};

fn cut(text: &[u8]) -> Vec<(Vec<u8>, Option<Defect>)> {
    let whole = |line: Line| (line.bytes, line.defect);
    lines(text).map(whole).collect()
}

fn bytes(text: &[u8]) -> Vec<Vec<u8>> {
    lines(text).map(|line| line.bytes).collect()
}

/// What the clock showed at each line.
fn shown(year: Option<i16>, log: &[&str]) -> Vec<Option<DateTime>> {
    let mut hand = Clockhand::starting_in(year);
    log.iter().map(|line| hand.read(line.as_bytes())).collect()
}

#[test]
fn lines_end_at_lf_or_crlf_and_the_last_may_lack_it() {
    assert_eq!(
        bytes(b"one\ntwo\r\n\n\r\nthree"),
        [&b"one"[..], b"two", b"three"]
    );
    assert!(bytes(b"").is_empty());
    assert!(bytes(b"\n\r\n\0\n").is_empty());
}

#[test]
fn digits_at_the_start_are_no_octet_count() {
    assert_eq!(
        bytes(b"5 <166>first\n12 <166>second\n"),
        [&b"5 <166>first"[..], b"12 <166>second"]
    );
}

#[test]
fn a_line_that_is_too_long_is_cut_and_marked_and_the_next_one_whole() {
    let text = [&vec![b'x'; MAX_LINE + 1][..], b"\nnext\n"].concat();
    assert_eq!(
        cut(&text),
        [
            (vec![b'x'; MAX_LINE], Some(Defect::Cut)),
            (b"next".to_vec(), None)
        ]
    );
    let text = [&vec![b'x'; MAX_LINE][..], b"\r\n"].concat();
    assert_eq!(cut(&text), [(vec![b'x'; MAX_LINE], None)]);
}

#[test]
fn years_are_counted_on_over_new_year_and_a_line_without_a_stamp_follows_its_neighbour() {
    let log = [
        "Info: begun before any stamp",
        "Dec 31 23:59:58 esa1 mail_logs: Info: MID 1 queued for delivery",
        "Info: no stamp here",
        "Jan  1 00:00:01 esa1 mail_logs: Info: MID 2 queued for delivery",
        "Dec 31 23:59:59 esa1 mail_logs: Info: MID 1 late by a moment",
        "Feb 30 10:00:00 esa1 mail_logs: Info: no date",
        "Jan  1 00:00:02 esa1 mail_logs: Info: MID 3 queued for delivery",
    ];
    let december = |second| Some(date(2014, 12, 31).at(23, 59, second, 0));
    let january = |second| Some(date(2015, 1, 1).at(0, 0, second, 0));
    assert_eq!(
        shown(Some(2014), &log),
        [
            None,
            december(58),
            december(58),
            january(1),
            december(59),
            december(59),
            january(2)
        ]
    );
}

#[test]
fn without_any_year_the_clock_is_not_known() {
    let log = ["Dec 31 23:59:58 esa1 mail_logs: Info: MID 1 queued for delivery"; 2];
    assert_eq!(shown(None, &log), [None, None]);
}

#[test]
fn a_year_of_the_appliance_holds_and_is_counted_on_from() {
    let log = [
        "Wed Nov 19 09:16:38 2014 Info: MID 1 queued for delivery",
        "Dec 31 23:59:58 esa1 mail_logs: Info: MID 2 queued for delivery",
        "Jan  1 00:00:01 esa1 mail_logs: Info: MID 3 queued for delivery",
        "Tue Mar  7 10:00:00 2017 Info: MID 4 queued for delivery",
        "Mar  7 10:00:01 esa1 mail_logs: Info: MID 5 queued for delivery",
    ];
    let told = [
        date(2014, 11, 19).at(9, 16, 38, 0),
        date(2014, 12, 31).at(23, 59, 58, 0),
        date(2015, 1, 1).at(0, 0, 1, 0),
        date(2017, 3, 7).at(10, 0, 0, 0),
        date(2017, 3, 7).at(10, 0, 1, 0),
    ];
    assert_eq!(shown(None, &log), told.map(Some));
    assert_eq!(shown(Some(2009), &log), told.map(Some));
}

#[test]
fn of_a_relays_years_only_the_first_counts_where_none_was_given() {
    // a relay that wrote its own year to the last line of the old one
    let log = [
        "<166>1 2014-12-31T23:59:58+00:00 esa1 mail_logs - - - Info: MID 1 queued for delivery",
        "<166>1 2015-12-31T23:59:59.25+00:00 esa1 mail_logs - - - Info: MID 1 queued for delivery",
        "<166>1 2015-01-01T00:00:01+00:00 esa1 mail_logs - - - Info: MID 2 queued for delivery",
    ];
    let told = |year| {
        [
            date(year, 12, 31).at(23, 59, 58, 0),
            date(year, 12, 31).at(23, 59, 59, 0),
            date(year + 1, 1, 1).at(0, 0, 1, 0),
        ]
        .map(Some)
    };
    assert_eq!(shown(None, &log), told(2014));
    assert_eq!(shown(Some(2009), &log), told(2009));
}

#[test]
fn a_29_february_in_a_year_that_has_none_leaves_the_clock_as_it_was() {
    let log = [
        "Feb 28 10:00:00 esa1 mail_logs: Info: MID 1 queued for delivery",
        "Feb 29 10:00:00 esa1 mail_logs: Info: MID 2 queued for delivery",
    ];
    let told = Some(date(2015, 2, 28).at(10, 0, 0, 0));
    assert_eq!(shown(Some(2015), &log), [told, told]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn whatever_was_joined_by_line_ends_comes_apart_again(
        pieces in prop::collection::vec("[ -~]{0,40}", 0..20),
        end in prop::sample::select(vec!["\n", "\r\n"]),
        closed in any::<bool>(),
    ) {
        let mut text = pieces.join(end);
        if closed {
            text.push_str(end);
        }
        let kept: Vec<Vec<u8>> = pieces
            .into_iter()
            .filter(|piece| !piece.is_empty())
            .map(String::into_bytes)
            .collect();
        prop_assert_eq!(bytes(text.as_bytes()), kept);
    }

    #[test]
    fn no_line_is_empty_too_long_or_holds_an_lf(text in prop::collection::vec(any::<u8>(), 0..2000)) {
        for line in lines(&text) {
            prop_assert!(!line.bytes.is_empty() && line.bytes.len() <= MAX_LINE);
            prop_assert!(!line.bytes.contains(&b'\n'));
        }
    }

    /// A log in order, of up to a few years, in steps of at most two months: every stamp that
    /// the appliance wrote without its year gets it back.
    #[test]
    fn a_log_in_order_gets_its_years_back(
        first in (2001_i16..2090, 1_i8..=12, 1_i8..=28),
        steps in prop::collection::vec(0_i64..5_000_000, 1..60),
    ) {
        let mut at = date(first.0, first.1, first.2).at(0, 0, 0, 0);
        let mut hand = Clockhand::starting_in(Some(first.0));
        for step in steps {
            let line = format!("{} esa1 mail_logs: Info: Status: x", at.strftime("%b %e %H:%M:%S"));
            prop_assert_eq!(hand.read(line.as_bytes()), Some(at));
            at = at.checked_add(jiff::SignedDuration::from_secs(step)).expect("before the year 9999");
        }
    }
}
