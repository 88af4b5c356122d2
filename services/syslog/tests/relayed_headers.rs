//! Lines in, header fields out: what rsyslog, syslog-ng and logger make of a line.

mod common;

use common::{info, message, stamp};
use whymid_syslog::{Form, Level, Message, Stamp, parse};

fn relayed(nanos: u32, offset_seconds: i32) -> Option<Stamp> {
    Some(Stamp {
        nanos,
        offset_seconds: Some(offset_seconds),
        by_relay: true,
        ..stamp((2026, 11, 24, 8, 0, 0))?
    })
}

#[test]
fn what_rsyslog_and_logger_forward_is_read() {
    let hosts = [
        "relay.example",
        "relay",
        "192.0.2.7",
        "2001:db8::7",
        "esa_1",
    ];
    for host in hosts {
        for (tag, pid) in [("tag", ""), ("mail_logs", ""), ("mail_logs", "[123]")] {
            let line = format!("<13>Nov 24 08:00:00 {host} {tag}{pid}: Info: Start MID 6 ");
            let expected = Message {
                pri: Some(13),
                host: Some(host),
                tag: Some(tag),
                ..info(
                    Form::Push,
                    "Nov 24 08:00:00",
                    (0, 11, 24, 8, 0, 0),
                    "Start MID 6 ",
                )
            };
            assert_eq!(parse(&line), expected);
        }
    }
}

#[test]
fn a_header_without_a_level_is_read() {
    let message = parse("<13>Nov 24 08:00:00 host tag: it's #011 a message");
    assert_eq!(
        (message.host, message.tag, message.level, message.body),
        (Some("host"), Some("tag"), None, "it's #011 a message")
    );
}

#[test]
fn rfc_5424_gives_its_names_and_a_stamp_of_the_relay() {
    let quality = "[timeQuality tzKnown=\"1\" isSynced=\"1\" syncAccuracy=\"123456\"]";
    for (middle, gap) in [
        (format!("- - {quality}"), " "),
        ("- - -".to_owned(), " "),
        ("- - -".to_owned(), "  "),
        ("77 ID47 -".to_owned(), " \u{feff}"),
    ] {
        let line = format!(
            "<13>1 2026-11-24T08:00:00.123456+00:00 host mail_logs {middle}{gap}Info: Start MID 6 "
        );
        let expected = Message {
            form: Form::Rfc5424,
            pri: Some(13),
            host: Some("host"),
            tag: Some("mail_logs"),
            stamp: relayed(123_456_000, 0),
            stamp_text: "2026-11-24T08:00:00.123456+00:00",
            level: Some(Level::Info),
            body: "Start MID 6 ",
        };
        assert_eq!(parse(&line), expected);
    }
}

#[test]
fn rfc_5424_nil_values_are_none() {
    assert_eq!(
        parse("<166>1 - - - - - - Info: Start MID 6"),
        Message {
            pri: Some(166),
            level: Some(Level::Info),
            ..message(Form::Rfc5424, "Start MID 6")
        }
    );
}

#[test]
fn an_impossible_rfc_5424_stamp_costs_the_stamp_alone() {
    let message = parse("<13>1 2026-02-30T08:00:00Z host mail_logs - - - Info: Start MID 6 ");
    assert_eq!(message.form, Form::Rfc5424);
    assert_eq!(
        (message.host, message.tag, message.level, message.stamp),
        (Some("host"), Some("mail_logs"), Some(Level::Info), None)
    );
    assert_eq!(message.stamp_text, "2026-02-30T08:00:00Z");
    assert_eq!(message.body, "Start MID 6 ");
}

#[test]
fn an_iso_stamp_in_a_bsd_header_is_the_relays() {
    for pri in ["", "<166>"] {
        let line = format!("{pri}2026-11-24T08:00:00.5-06:00 esa1.example mail_logs: Info: x ");
        let message = parse(&line);
        assert_eq!(message.form, Form::Loose);
        assert_eq!(message.host, Some("esa1.example"));
        assert_eq!(message.tag, Some("mail_logs"));
        assert_eq!(message.stamp, relayed(500_000_000, -21_600));
        assert_eq!((message.level, message.body), (Some(Level::Info), "x "));
    }
}

#[test]
fn an_iso_stamp_before_a_subscription_has_no_host() {
    let message = parse("<166>2026-11-24T08:00:00Z mail_logs: Info: Start MID 6");
    assert_eq!((message.host, message.tag), (None, Some("mail_logs")));
    assert_eq!(message.body, "Start MID 6");
}

#[test]
fn a_year_before_the_time_is_read_by_the_loose_pass() {
    let message = parse("<166>Nov 24 2026 08:00:00: esa1.example mail_logs: Info: x");
    assert_eq!(message.form, Form::Loose);
    assert_eq!(message.stamp, stamp((2026, 11, 24, 8, 0, 0)));
    assert_eq!(message.stamp_text, "Nov 24 2026 08:00:00");
    assert_eq!((message.host, message.body), (Some("esa1.example"), "x"));
    let message = parse("<166>Feb 29 08:00:00: esa1.example mail_logs: Info: x");
    assert_eq!(message.stamp, stamp((0, 2, 29, 8, 0, 0)));
}
