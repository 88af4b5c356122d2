//! The reasons against labelled answers of real servers (`tests/replies/`, hosts, addresses and
//! ids replaced): the rules were written with one half in sight; how good they are is measured
//! with the other. `class, code, enhanced, text, server`, with tabs between them.

use super::*;

const KNOWN: &str = include_str!("../../tests/replies/known.tsv");
/// Three sets that were kept aside until somebody looked into them: of the first 320 lines 283
/// (0.88) were sorted right before that, of the next 284 lines 248 (0.87), of the last 164 lines
/// 146 (0.89).
const OPENED: &str = include_str!("../../tests/replies/opened.tsv");
/// Collected by somebody who knew neither the rules nor those.
const ASIDE: &str = include_str!("../../tests/replies/aside.tsv");

/// Of each reason: labelled so, sorted so, and both.
#[derive(Clone, Copy, Debug, Default)]
struct Score {
    labelled: u32,
    sorted: u32,
    right: u32,
}

impl Score {
    fn recall(self) -> f64 {
        f64::from(self.right) / f64::from(self.labelled.max(1))
    }

    fn precision(self) -> f64 {
        f64::from(self.right) / f64::from(self.sorted.max(1))
    }
}

/// Sorts every line; prints what came out otherwise if `show`, and the scores.
fn score(name: &str, lines: &str, show: bool) -> Score {
    let mut scores = [Score::default(); Reason::ALL.len()];
    let mut all = Score::default();
    let place = |word: &str| {
        let place = Reason::ALL.iter().position(|reason| reason.word() == word);
        place.unwrap_or_else(|| panic!("no reason is called {word}"))
    };
    for line in lines.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let &[label, code, enhanced, text, server] = &fields[..] else {
            panic!("not five fields: {line}")
        };
        // what a server wrote stands in its text; the log's enhanced code is AsyncOS's label
        let enhanced = if code == "000" { enhanced } else { "5.1.0" };
        let reply = Reply {
            enhanced,
            label: "",
            code,
            text,
        };
        let text = &text.replace("\\n", " ");
        let reply = Reply { text, ..reply };
        let (wanted, found) = (place(label), place(reason(&reply).word()));
        scores[wanted].labelled += 1;
        scores[found].sorted += 1;
        all.labelled += 1;
        all.sorted += 1;
        if wanted == found {
            scores[wanted].right += 1;
            all.right += 1;
        } else if show {
            println!(
                "{label} -> {}: {code} {enhanced} {text} ({server})",
                Reason::ALL[found].word()
            );
        }
    }
    for (reason, score) in Reason::ALL.iter().zip(scores) {
        println!(
            "{name} {:<26} {:>3} recall {:.2} precision {:.2}",
            reason.word(),
            score.labelled,
            score.recall(),
            score.precision()
        );
    }
    println!("{name}: {} of {} right", all.right, all.labelled);
    all
}

#[test]
fn the_half_in_sight_is_sorted_as_it_is_labelled() {
    assert!(score("known", KNOWN, true).recall() >= 0.95);
    assert!(score("opened", OPENED, true).recall() >= 0.95);
}

/// 278 of 299 (0.93) at first sight, on 2026-11-29; 282 (0.94) with what the set before it taught.
/// Lines that stand in the other sets too were left out. Whoever looks into this set to mend what
/// is missed needs another one to measure with.
#[test]
fn the_half_kept_aside_is_sorted_as_it_is_labelled() {
    assert!(score("aside", ASIDE, false).recall() >= 0.9);
}

fn of(code: &str, text: &str) -> Reason {
    let reply = Reply {
        enhanced: "5.1.0",
        label: "Unknown address error",
        code,
        text,
    };
    reason(&reply)
}

#[test]
fn asyncos_s_label_is_not_trusted_where_a_server_spoke() {
    assert_eq!(
        of("550", "['<a@corp.example>... Relaying denied']"),
        Reason::RelayDenied
    );
    assert_eq!(of("554", "['Too long line.']"), Reason::Other);
    assert_eq!(of("550", "['something']"), Reason::Other);
    assert_eq!(of("451", "['try later']"), Reason::Busy);
}

#[test]
fn whoever_chose_an_address_does_not_choose_the_reason() {
    for address in [
        "sales@spaceloops.example",
        "tls-quota@corp.example",
        "greylist@spam.example",
        "a@5.7.1.example",
    ] {
        for text in [
            format!("['5.1.1 <{address}>: User unknown']"),
            format!("['{address} user unknown']"),
        ] {
            assert_eq!(of("550", &text), Reason::UnknownRecipient, "{text}");
        }
    }
}

#[test]
fn what_waited_for_too_long_has_expired_whatever_the_last_answer_was() {
    let reply = Reply {
        enhanced: "5.4.7",
        label: "Delivery expired (message too old)",
        code: "451",
        text: "['4.3.2 System not accepting network messages']",
    };
    assert_eq!(reason(&reply), Reason::Expired);
}

#[test]
fn a_text_is_shown_without_the_list_around_it() {
    for (text, shown) in [
        ("['5.1.1 no such user']", "5.1.1 no such user"),
        ("['one', \"it's two\"]", "one it's two"),
        (r"['it\'s']", "it's"),
        ("['cut off", "cut off"),
        ("[]", ""),
        ("timeout", "timeout"),
    ] {
        assert_eq!(words(text), shown, "{text}");
    }
}

#[test]
fn an_enhanced_code_is_read_where_it_stands_and_not_in_an_address() {
    assert_eq!(enhanced("['5.1.1 <a@x.example> no']"), Some("5.1.1"));
    assert_eq!(enhanced("['host 192.0.2.4 said no']"), None);
    assert_eq!(enhanced("['4.7.650 later']"), Some("4.7.650"));
    assert_eq!(enhanced("['5.1.1.2']"), None);
}

#[test]
fn the_words_are_all_lower_case() {
    for word in WORDS.iter().flat_map(|(_, words)| words.split('|')) {
        assert!(!word.is_empty());
        assert_eq!(word, word.to_lowercase());
    }
}
