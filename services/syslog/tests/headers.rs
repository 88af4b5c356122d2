//! Lines in, header fields out: the shapes that AsyncOS writes and that stand in
//! `knowledge/log_grammar.md` a.1. Hosts, addresses and serial numbers are replaced by
//! invented ones.

mod common;

use common::{info, message, stamp};
use whymid_syslog::{Form, Level, Message, parse};

#[test]
fn h1_has_no_host_and_the_word_with_the_colon_is_the_subscription() {
    assert_eq!(
        parse("<166>Mar 17 18:24:37 mail_logs: Info: Start MID 6 ICID 5"),
        Message {
            pri: Some(166),
            tag: Some("mail_logs"),
            ..info(
                Form::Push,
                "Mar 17 18:24:37",
                (0, 3, 17, 18, 24, 37),
                "Start MID 6 ICID 5"
            )
        }
    );
}

#[test]
fn h2_has_a_host() {
    assert_eq!(
        parse(
            "<94>Nov 24 14:22:57 REDACTED.africa.example.net mail_logs: Info: Start MID 204841507 ICID 146047847"
        ),
        Message {
            pri: Some(94),
            host: Some("REDACTED.africa.example.net"),
            tag: Some("mail_logs"),
            ..info(
                Form::Push,
                "Nov 24 14:22:57",
                (0, 11, 24, 14, 22, 57),
                "Start MID 204841507 ICID 146047847"
            )
        }
    );
}

#[test]
fn h3_is_what_a_syslog_daemon_stored() {
    assert_eq!(
        parse(
            "Jun 26 10:42:23 ip1out.college.example mail_logs: Info: ICID 69610481 ACCEPT SG VALIDLIST match sbrs[2.0:10.0] SBRS 5.5"
        ),
        Message {
            host: Some("ip1out.college.example"),
            tag: Some("mail_logs"),
            ..info(
                Form::Push,
                "Jun 26 10:42:23",
                (0, 6, 26, 10, 42, 23),
                "ICID 69610481 ACCEPT SG VALIDLIST match sbrs[2.0:10.0] SBRS 5.5"
            )
        }
    );
}

#[test]
fn h4_has_the_year_behind_the_time() {
    assert_eq!(
        parse("Oct 19 06:33:29 2011 mx07.isp.example syslog_mail: Info: ICID 2106327026 close"),
        Message {
            host: Some("mx07.isp.example"),
            tag: Some("syslog_mail"),
            ..info(
                Form::Push,
                "Oct 19 06:33:29 2011",
                (2011, 10, 19, 6, 33, 29),
                "ICID 2106327026 close"
            )
        }
    );
}

#[test]
fn h5_has_an_address_for_a_host_and_a_padded_day() {
    assert_eq!(
        parse(
            "Aug  2 23:59:52 10.0.1.1 MAIL_SecurityAudit: Info: MID 308049623 using engine: SPF Verdict Cache using cached verdict"
        ),
        Message {
            host: Some("10.0.1.1"),
            tag: Some("MAIL_SecurityAudit"),
            ..info(
                Form::Push,
                "Aug  2 23:59:52",
                (0, 8, 2, 23, 59, 52),
                "MID 308049623 using engine: SPF Verdict Cache using cached verdict"
            )
        }
    );
}

#[test]
fn h5_may_have_two_spaces_before_the_host() {
    let message = parse("Aug  3 07:26:33  10.0.1.1 MAR_SecurityAudit: Info: Message containing x");
    assert_eq!(message.host, Some("10.0.1.1"));
    assert_eq!(message.tag, Some("MAR_SecurityAudit"));
    assert_eq!(message.stamp, stamp((0, 8, 3, 7, 26, 33)));
    assert_eq!(message.body, "Message containing x");
}

#[test]
fn h6_begins_with_a_weekday_or_not() {
    for (line, written) in [
        (
            "Thu Feb  1 08:32:59 c60 smail: Info: ICID 7 close",
            "Thu Feb  1 08:32:59",
        ),
        (
            "Feb  1 08:32:59 c60 smail: Info: ICID 7 close",
            "Feb  1 08:32:59",
        ),
        (
            "Feb 1 08:32:59 c60 smail: Info: ICID 7 close",
            "Feb 1 08:32:59",
        ),
    ] {
        let expected = Message {
            host: Some("c60"),
            tag: Some("smail"),
            ..info(Form::Push, written, (0, 2, 1, 8, 32, 59), "ICID 7 close")
        };
        assert_eq!(parse(line), expected);
    }
}

#[test]
fn h7_has_weekday_and_year_before_its_host() {
    assert_eq!(
        parse(
            "Mon Aug 10 09:12:39 2020 203.0.113.246 testmaillog: Info: Version: 8.7.2-004 SN: 000000000000-0000000"
        ),
        Message {
            host: Some("203.0.113.246"),
            tag: Some("testmaillog"),
            ..info(
                Form::Push,
                "Mon Aug 10 09:12:39 2020",
                (2020, 8, 10, 9, 12, 39),
                "Version: 8.7.2-004 SN: 000000000000-0000000"
            )
        }
    );
}

#[test]
fn h8_keeps_the_outer_host_and_the_inner_stamp_and_drops_the_outer_tag() {
    let inner = "Mon Aug 10 09:52:59 2020 Info: ICID 442736 ACCEPT SG UNKNOWNLIST match sbrs[-2.0:10.0] SBRS -0.9";
    for (outer, host) in [
        ("<111>Aug 10 09:53:01 cisco_esa ESA: ", Some("cisco_esa")),
        (
            "<111>Aug 10 09:53:01 cisco_esa ESA[77]: ",
            Some("cisco_esa"),
        ),
        ("<111>Aug 10 09:53:01 cisco_esa ", Some("cisco_esa")),
        ("<111>Aug 10 09:53:01 ESA: ", None),
        ("<111>Aug 10 09:53:01 ", None),
        (
            "<111>1 2020-08-10T09:53:01Z cisco_esa ESA - - - ",
            Some("cisco_esa"),
        ),
        (
            "<111>2020-08-10T09:53:01Z cisco_esa ESA: ",
            Some("cisco_esa"),
        ),
    ] {
        let expected = Message {
            pri: Some(111),
            host,
            ..info(
                Form::Wrapped,
                "Mon Aug 10 09:52:59 2020",
                (2020, 8, 10, 9, 52, 59),
                "ICID 442736 ACCEPT SG UNKNOWNLIST match sbrs[-2.0:10.0] SBRS -0.9",
            )
        };
        assert_eq!(parse(&format!("{outer}{inner}")), expected, "{outer}");
    }
}

#[test]
fn h9_is_a_relays_template_with_its_year_first() {
    let read = parse(
        "<22>2019 Sep 28 16:13:51 ironport_server mail [info] splunk_maillogs:nopid Info: MID 6509657 DLP violation",
    );
    assert_eq!((read.form, read.pri), (Form::Relayed, Some(22)));
    assert_eq!(
        (read.host, read.tag),
        (Some("ironport_server"), Some("splunk_maillogs"))
    );
    assert_eq!(
        (read.level, read.body),
        (Some(Level::Info), "MID 6509657 DLP violation")
    );
    assert_eq!(read.stamp_text, "2019 Sep 28 16:13:51");
    let stamp = read.stamp.expect("a date");
    assert_eq!(
        (stamp.year, stamp.month, stamp.by_relay),
        (Some(2019), 9, true)
    );
}

#[test]
fn what_only_begins_like_h9_is_no_h9() {
    for line in [
        "2019 Sep 28 16:13:51 host mail info name:nopid Info: MID 1 x",
        "2019 Sep 28 16:13:51 host mail [info] name Info: MID 1 x",
        "2019 Sep 28 16:13:51 host mail [info] name:nopid MID 1 x",
        "20190 Sep 28 16:13:51 host mail [info] name:nopid Info: MID 1 x",
        "2019 Sep 28 16:13:51",
    ] {
        assert_ne!(parse(line).form, Form::Relayed, "{line}");
    }
}

#[test]
fn h10_is_a_line_of_the_appliances_file() {
    assert_eq!(
        parse(
            "Wed Nov 19 09:16:38 2014 Info: New SMTP ICID 60140291 interface Data 1 (192.0.2.109) address "
        ),
        info(
            Form::File,
            "Wed Nov 19 09:16:38 2014",
            (2014, 11, 19, 9, 16, 38),
            "New SMTP ICID 60140291 interface Data 1 (192.0.2.109) address "
        )
    );
}

#[test]
fn h11_has_no_header_at_all() {
    let expected = Message {
        level: Some(Level::Info),
        ..message(Form::Bare, "MID 483 released from all quarantines")
    };
    assert_eq!(
        parse("Info: MID 483 released from all quarantines"),
        expected
    );
}

#[test]
fn h13_has_no_level() {
    let cef = "CEF:0|Cisco|C100V Email Security Virtual Appliance|14.3.0-032|x";
    let pushed = format!("<14>Jun 12 14:01:33 consolidated_event: {cef}");
    let pushed = parse(&pushed);
    assert_eq!(
        (pushed.tag, pushed.level, pushed.body),
        (Some("consolidated_event"), None, cef)
    );
    let filed = format!("Tue Aug 13 15:15:49 2019: {cef}");
    let filed = parse(&filed);
    assert_eq!(
        (filed.form, filed.stamp, filed.body),
        (Form::File, stamp((2019, 8, 13, 15, 15, 49)), cef)
    );
}

#[test]
fn a_file_line_of_an_unknown_level_keeps_its_words() {
    let message = parse("Wed Nov 19 09:16:38 2014 Notice: queue is full");
    assert_eq!(
        (message.form, message.level, message.body),
        (Form::File, None, "Notice: queue is full")
    );
}

#[test]
fn every_level_word_is_known() {
    for (word, level) in [
        ("Info", Level::Info),
        ("Warning", Level::Warning),
        ("Critical", Level::Critical),
        ("Debug", Level::Debug),
        ("Trace", Level::Trace),
        ("Alert", Level::Alert),
    ] {
        let line = format!("<166>Mar 17 18:24:37 mail_logs: {word}: x");
        assert_eq!(parse(&line).level, Some(level));
    }
}
