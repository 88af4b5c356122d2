//! Whatever a body says, the header in front of it comes off and nothing else.

use proptest::prelude::*;
use whymid_syslog::{Form, parse};

/// Header shapes with the form that they are read as. Each ends where a body begins.
const HEADERS: [(&str, Form); 13] = [
    ("<166>Mar 17 18:24:37 mail_logs: Info: ", Form::Push),
    (
        "<94>Nov 24 14:22:57 esa1.example mail_logs: Warning: ",
        Form::Push,
    ),
    (
        "Jun 26 10:42:23 ip1out.example mail_logs: Info: ",
        Form::Push,
    ),
    (
        "Oct 19 06:33:29 2011 mx07.example syslog_mail: Info: ",
        Form::Push,
    ),
    ("Aug  2 23:59:52  192.0.2.1 MAIL_Audit: Info: ", Form::Push),
    ("Thu Feb  1 08:32:59 c60 smail: Debug: ", Form::Push),
    (
        "Mon Aug 10 09:12:39 2020 192.0.2.1 testmaillog: Info: ",
        Form::Push,
    ),
    (
        "<111>Aug 10 09:52:59 relay ESA: Mon Aug 10 09:52:59 2020 Info: ",
        Form::Wrapped,
    ),
    (
        "<111>Aug 10 09:52:59 relay Mon Aug 10 09:52:59 2020 Info: ",
        Form::Wrapped,
    ),
    ("Wed Nov 19 09:16:38 2014 Info: ", Form::File),
    ("Critical: ", Form::Bare),
    (
        "<13>1 2026-11-24T08:00:00.123456+00:00 host mail_logs - - - Info: ",
        Form::Rfc5424,
    ),
    (
        "<13>2026-11-24T08:00:00+00:00 host mail_logs: Info: ",
        Form::Loose,
    ),
];

fn header() -> impl Strategy<Value = (&'static str, Form)> {
    prop::sample::select(HEADERS.to_vec())
}

/// Printable text that may begin with, or quote, other log lines.
fn body() -> impl Strategy<Value = String> {
    let quote = prop_oneof![
        Just(String::new()),
        header().prop_map(|(header, _)| header.to_owned())
    ];
    (quote.clone(), "\\PC{0,40}", quote, "\\PC{0,40} {0,2}")
        .prop_map(|(a, b, c, d)| format!("{a}{b}{c}{d}").trim_start().to_owned())
}

/// Pieces of headers in any order, cut anywhere.
fn near_header() -> impl Strategy<Value = String> {
    const PIECES: [&str; 22] = [
        "<166>",
        "<",
        ">",
        " ",
        "  ",
        ":",
        "-",
        "[",
        "]",
        "1 ",
        "Mon ",
        "Feb ",
        "30 ",
        "25:61:00",
        "10:00:00",
        "2020",
        "Info:",
        "host",
        "tag[1]:",
        "2026-02-30T08:00:00Z",
        "\u{feff}",
        "é",
    ];
    prop::collection::vec(prop::sample::select(PIECES.to_vec()), 0..16)
        .prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_body_comes_out_as_it_went_in((header, form) in header(), body in body()) {
        let line = format!("{header}{body}");
        let message = parse(&line);
        prop_assert_eq!(message.body, body);
        prop_assert_eq!(message.form, form);
        prop_assert!(message.level.is_some());
    }

    #[test]
    fn any_text_is_a_message_and_its_body_a_suffix(text in prop_oneof![any::<String>(), near_header()]) {
        let message = parse(&text);
        prop_assert!(text.ends_with(message.body));
        prop_assert!(message.host.is_none_or(|host| !host.ends_with(':')));
    }

    #[test]
    fn a_header_cut_anywhere_is_still_a_message((header, _) in header(), keep in 0_usize..70) {
        let line = &header[..keep.min(header.len())];
        let message = parse(line);
        prop_assert!(line.ends_with(message.body));
    }
}
