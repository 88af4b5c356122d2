//! Lines that only look like a header, are cut, or say an impossible time.

use whymid_syslog::{Form, Level, Message, parse, text};

fn message(form: Form, body: &str) -> Message<'_> {
    Message {
        form,
        pri: None,
        host: None,
        tag: None,
        stamp: None,
        stamp_text: "",
        level: None,
        body,
    }
}

#[test]
fn a_level_is_never_a_name() {
    let message = parse("<13>Nov 24 08:00:00 host Info: Start MID 6 ICID 5");
    assert_eq!(
        (message.host, message.tag, message.level, message.body),
        (Some("host"), None, Some(Level::Info), "Start MID 6 ICID 5")
    );
    let message = parse("<13>Nov 24 08:00:00 Info: Start MID 6 ICID 5");
    assert_eq!(
        (message.host, message.level, message.body),
        (None, Some(Level::Info), "Start MID 6 ICID 5")
    );
}

#[test]
fn an_impossible_date_costs_the_stamp_alone() {
    for written in [
        "Feb 30 10:00:00",
        "Mar 17 25:61:00",
        "Mar 17 18:24:61",
        "Mar 0 18:24:37",
    ] {
        let line = format!("<166>{written} esa1.example mail_logs: Warning: x");
        let message = parse(&line);
        assert_eq!((message.stamp, message.stamp_text), (None, written));
        assert_eq!(message.host, Some("esa1.example"));
        assert_eq!(message.tag, Some("mail_logs"));
        assert_eq!((message.level, message.body), (Some(Level::Warning), "x"));
    }
    let filed = parse("Sat Feb 29 10:00:00 2025 Info: x");
    assert_eq!(
        (filed.form, filed.stamp, filed.body),
        (Form::File, None, "x")
    );
}

#[test]
fn a_header_cut_short_keeps_what_is_left() {
    for (line, host, body) in [
        ("<166>Mar 17 18:24:37 mail_lo", None, "mail_lo"),
        ("<166>Mar 17 18:24:37", None, ""),
        ("<166>Mar 17 18:2", None, "Mar 17 18:2"),
        ("<166>", None, ""),
        ("<16", None, "<16"),
        (
            "<94>Nov 24 14:22:57 esa1.example mail_lo",
            Some("esa1.example"),
            "mail_lo",
        ),
        (
            "<94>Nov 24 14:22:57 esa1.example mail_logs: In",
            Some("esa1.example"),
            "In",
        ),
        (
            "<13>1 2026-11-24T08:00:00Z esa1.example mail_lo",
            None,
            "1 2026-11-24T08:00:00Z esa1.example mail_lo",
        ),
        ("Wed Nov 19 09:16:38 2014 In", None, "In"),
    ] {
        let message = parse(line);
        assert_eq!((message.host, message.body), (host, body), "{line}");
    }
}

#[test]
fn a_priority_above_191_is_none() {
    assert_eq!(parse("<191>Info: x").pri, Some(191));
    let line = "<192>Info: x";
    assert_eq!(parse(line), message(Form::Bare, line));
}

#[test]
fn a_fragment_of_a_wrapped_line_is_bare_and_untouched() {
    for line in [
        "",
        " ",
        "\t<someone@sender.example>, and more ",
        "- item one of a list",
        "1 - a b c - - text",
        "Subject: Jun 26 10:42:23 host mail_logs: Info: quoted",
        "日本語の件名",
    ] {
        assert_eq!(parse(line), message(Form::Bare, line));
    }
}

#[test]
fn words_behind_a_time_are_no_host_without_a_priority() {
    let message = parse("Jun 26 10:42:23 we will meet at the gate");
    assert_eq!(
        (message.host, message.body),
        (None, "we will meet at the gate")
    );
}

#[test]
fn a_body_is_never_searched_for_a_header() {
    let quoted = "MID 6 Subject 'Mon Aug 10 09:52:59 2020 Info: <13>Nov 24 08:00:00 evil tag: Info: Start MID 1'";
    let line = format!("<166>Mar 17 18:24:37 mail_logs: Info: {quoted}");
    assert_eq!(parse(&line).body, quoted);
    let inner = "Mon Aug 10 09:52:59 2020 Info: Start MID 1";
    let line = format!("<166>Mar 17 18:24:37 mail_logs: Info: {inner}");
    assert_eq!(
        (parse(&line).form, parse(&line).body),
        (Form::Push, inner),
        "behind a level"
    );
}

#[test]
fn a_byte_order_mark_at_a_files_start_is_no_text() {
    let message = parse("\u{feff}Wed Nov 19 09:16:46 2014 Info: Begin Logfile");
    assert_eq!((message.form, message.body), (Form::File, "Begin Logfile"));
}

#[test]
fn bytes_that_are_not_utf_8_are_replaced_and_told() {
    assert_eq!(text(b"MID 6"), ("MID 6".into(), false));
    assert_eq!(text(b"MID \xff 6"), ("MID \u{fffd} 6".into(), true));
}
