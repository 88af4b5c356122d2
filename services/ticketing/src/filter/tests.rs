//! Which filters are taken, what they say of answers, and that none of them takes long or panics.

use super::*;
use crate::examples::{answer, connection_answer, english, telling_answer};

fn asked(filter: &str, answer: &Answer) -> Result<bool, String> {
    let filter = Filter::compile(filter).unwrap_or_else(|why| panic!("{filter}: {why:?}"));
    filter.fits(&View::of(answer)).map_err(english)
}

fn refused(filter: &str) -> String {
    match Filter::compile(filter) {
        Ok(_) => panic!("{filter} was taken"),
        Err(why) => english(why),
    }
}

#[test]
fn filters_say_yes_or_no_to_messages() {
    for (filter, wanted) in [
        ("true", true),
        ("diagnosis.severity == \"warning\"", true),
        ("diagnosis.severity in [\"critical\", \"notice\"]", false),
        ("\"network_path\" in diagnosis.party", true),
        ("\"our_policy\" in diagnosis.party", false),
        ("message != null && connection == null", true),
        ("message.mid == 1404 && message.mid > 1403", true),
        ("message.sender.endsWith(\"@sender.example\")", true),
        ("summary.contains(\"was aborted\")", true),
        ("size(also) == 0 && size(message.recipients) == 1", true),
        ("has(message.subject)", false),
        (
            "has(message.subject) && message.subject.contains(\"x\")",
            false,
        ),
        ("has(message.sender) || message.nothing == 1", true),
        ("diagnosis.grouping.value == \"192.0.2.200\"", true),
    ] {
        assert_eq!(asked(filter, &answer()), Ok(wanted), "{filter}");
    }
}

#[test]
fn filters_say_yes_or_no_to_connections() {
    let answer = connection_answer();
    for (filter, wanted) in [
        ("message == null", true),
        ("connection != null && connection.icid == 10293", true),
        (
            "message != null && message.sender == \"user@sender.example\"",
            false,
        ),
        ("1404 in connection.messages", true),
    ] {
        assert_eq!(asked(filter, &answer), Ok(wanted), "{filter}");
    }
}

#[test]
fn recipients_are_gone_through() {
    let mut answer = answer();
    let message = answer.message.as_mut().expect("about a message");
    let mut other = message.recipients[0].clone();
    other.address = Some("boss@vip.example".to_owned());
    message.recipients.push(other);
    for (filter, wanted) in [
        (
            "message.recipients.exists(r, r.address.endsWith(\"@vip.example\"))",
            true,
        ),
        (
            "message.recipients.all(r, r.address.endsWith(\"@vip.example\"))",
            false,
        ),
        (
            "message.recipients.exists_one(r, r.address.endsWith(\"@vip.example\"))",
            true,
        ),
        (
            "message.recipients.filter(r, r.outcome == \"aborted\").size() == 2",
            true,
        ),
        (
            "message.recipients.filter(r, r.outcome == \"aborted\").exists(r, r.address == \"boss@vip.example\")",
            true,
        ),
        (
            "\"boss@vip.example\" in message.recipients.map(r, r.address)",
            true,
        ),
        (
            "message.recipients.exists(r, r.outcome in [\"bounced\", \"dropped\"])",
            false,
        ),
    ] {
        assert_eq!(asked(filter, &answer), Ok(wanted), "{filter}");
    }
}

#[test]
fn what_an_answer_lacks_is_told_without_its_values() {
    let answer = telling_answer();
    let lacking = asked("message.nothing == \"x\"", &answer).expect_err("lacks it");
    assert!(lacking.contains("nothing"), "{lacking}");
    assert!(lacking.contains("has(message.subject)"), "{lacking}");
    for filter in [
        "message.sender",
        "message.mid",
        "message[message.recipients] == 1",
        "message.recipients < 3",
        "message.sender < 3",
        "message.sender[0] == \"u\"",
        "message.recipients[7].address == \"\"",
        "-message.sender == \"\"",
        "message.sender.address == \"\"",
        "message.sender / 2 == 1",
        "message.mid / 0 == 1",
        "message.mid * 9223372036854775807 == 1",
        "int(message.sender) == 1",
        "message.sender.startsWith(message.recipients)",
        "message.recipients.exists(r, r.address + 1 == 2)",
    ] {
        let Ok(filter) = Filter::compile(filter) else {
            continue;
        };
        let why = filter.fits(&View::of(&answer)).expect_err("no yes or no");
        let why = format!("{} {}", why.ja, english(why.clone()));
        for value in ["user@", "end_user", "Quarterly", "order-7781"] {
            assert!(!why.contains(value), "{why}");
        }
    }
    let about_connection = asked("message.sender == \"\"", &connection_answer());
    assert!(about_connection.is_err());
}

#[test]
fn what_can_t_be_a_filter_is_refused_with_what_would_be_right() {
    for (filter, said) in [
        ("mesage.mid == 1", "did you mean `message`?"),
        ("tickets.size() == 0", "An answer has: summary, message"),
        (
            "message.recipients.exists(r, x.address == \"\")",
            "it names `x`",
        ),
        ("r.address == \"\"", "it names `r`"),
        ("", "not a CEL expression"),
        ("diagnosis.severity = 1", "not a CEL expression"),
        ("party: our_policy", "not a CEL expression"),
        ("message.recipients.exists(r)", ""),
        (
            "message.sender.matches(\"(a+)+$\")",
            "it calls `matches`, which filters do not have",
        ),
        ("message.sender.endswith(\"x\")", "did you mean `endsWith`?"),
        ("Thing{a: 1} == Thing{a: 1}", "structure"),
        (
            "message.recipients.exists(a, message.recipients.exists(b, a == b))",
            "a list within a list",
        ),
        (
            "message.recipients.filter(a, a.address in message.recipients.map(b, b.address)).size() > 1",
            "a list within a list",
        ),
    ] {
        let why = refused(filter);
        assert!(why.contains(said), "{filter}: {why}");
    }
    let long = format!("summary == \"{}\"", "x".repeat(LONGEST));
    assert!(refused(&long).contains("longer than 2000 bytes"));
}

#[test]
fn names_of_one_loop_are_unknown_behind_it() {
    let why = refused("message.recipients.exists(r, r.rid == 0) && r.rid == 0");
    assert!(why.contains("it names `r`"), "{why}");
    let filter =
        "message.recipients.exists(r, r.rid == 0) && message.recipients.exists(r, r.rid == 0)";
    assert_eq!(asked(filter, &answer()), Ok(true));
}

#[test]
fn what_would_grow_without_end_is_refused() {
    let doubling = format!("[summary]{}.size() == 1", ".map(a, a + a)".repeat(10));
    assert!(refused(&doubling).contains("fill all memory"));
    let nesting = format!("[summary]{} == []", ".map(a, [a, a])".repeat(10));
    assert!(refused(&nesting).contains("fill all memory"));
    let mapping = format!("[summary]{} == []", ".map(a, {1: a, 2: a})".repeat(10));
    assert!(refused(&mapping).contains("fill all memory"));
    assert_eq!(
        asked("[summary].map(a, a).size() == 1", &answer()),
        Ok(true)
    );
}

#[test]
fn hostile_filters_are_refused_or_answered_and_nothing_panics() {
    let deep = |open: &str, close: &str, times: usize| {
        format!("{}true{}", open.repeat(times), close.repeat(times))
    };
    let filters = [
        deep("(", ")", 900),
        deep("[", "]", 900),
        deep("!", "", 1900),
        deep("true?true:", "", 190),
        deep("{1:", "}", 400),
        deep("(", ")", 6),
        deep("[", "]", 6),
        deep("{1:", "}", 8),
        deep("true?true:", "", 8),
        deep("!", "", 47),
        format!("summary{} == \"\"", " + summary".repeat(45)),
        format!("summary{} == \"\"", ".a".repeat(44)),
        format!("message{}", "[0]".repeat(20)),
        format!("1{}", " in also".repeat(46)),
        format!("[1]{}.size() > 0", ".map(a, a)".repeat(20)),
        "-".repeat(1999),
        "r'\\' + '(((((((".to_owned(),
        "a.".repeat(900),
        "\"".to_owned(),
        "\u{0}\u{202e}日本".to_owned(),
        format!("true{}", " && true".repeat(240)),
        format!("message{}", "[0]".repeat(600)),
        format!("summary{} == \"\"", " + summary".repeat(180)),
        format!("message.recipients{}.size() > 0", ".map(a, a)".repeat(150)),
    ];
    let view = View::of(&answer());
    let mut taken = 0;
    for filter in filters {
        if let Ok(filter) = Filter::compile(&filter) {
            taken += 1;
            let _ = filter.fits(&view);
        }
    }
    assert!(taken >= 6, "else little was asked: {taken}");
}

#[test]
fn of_long_lists_the_first_thousand_elements_are_seen() {
    let mut answer = answer();
    let message = answer.message.as_mut().expect("about a message");
    message.recipients = vec![message.recipients[0].clone(); 5_000];
    message.recipients[4_000].address = Some("boss@vip.example".to_owned());
    message.recipients[999].address = Some("last@seen.example".to_owned());
    for (filter, wanted) in [
        ("message.recipients.size() == 1000", true),
        (
            "message.recipients.exists(r, r.address == \"boss@vip.example\")",
            false,
        ),
        (
            "message.recipients.exists(r, r.address == \"last@seen.example\")",
            true,
        ),
    ] {
        assert_eq!(asked(filter, &answer), Ok(wanted), "{filter}");
    }
}
