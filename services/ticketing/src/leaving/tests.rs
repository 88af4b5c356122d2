//! What may not leave is nowhere in what does, and what may is as it was.

use super::*;
use crate::examples::{connection_answer, telling_answer};

const ALL: [Field; 5] = [
    Field::Sender,
    Field::Recipients,
    Field::Subject,
    Field::MessageId,
    Field::Lines,
];

fn without(missing: &[Field]) -> Vec<Field> {
    let all = ALL.into_iter();
    all.filter(|field| !missing.contains(field)).collect()
}

fn left(missing: &[Field]) -> String {
    let left = leaving(&telling_answer(), &without(missing));
    serde_json::to_string(&left).expect("JSON")
}

#[test]
fn with_all_fields_nothing_changes() {
    let (message, connection) = (telling_answer(), connection_answer());
    assert_eq!(leaving(&message, &ALL), message);
    assert_eq!(leaving(&connection, &ALL), connection);
}

#[test]
fn what_may_not_leave_is_nowhere_in_the_answer() {
    let all = left(&[]);
    for (field, value) in [
        (Field::Sender, "user@sender.example"),
        (Field::Recipients, "end_user@rcpt.example"),
        (Field::Subject, "Quarterly"),
        (Field::MessageId, "order-7781"),
        (Field::Lines, "ICID 10293 From"),
        (Field::Lines, "550 5.1.1"),
    ] {
        assert!(all.contains(value), "else nothing is shown of {value}");
        let text = left(&[field]);
        assert!(!text.contains(value), "{value}: {text}");
    }
}

#[test]
fn the_other_fields_stay_where_one_may_not_leave() {
    for (field, stays) in [
        (
            Field::Sender,
            [
                "end_user@rcpt.example",
                "Quarterly figures",
                "order-7781@shop.example",
            ],
        ),
        (
            Field::Subject,
            [
                "end_user@rcpt.example",
                "<user@sender.example",
                "order-7781@shop.example",
            ],
        ),
        (
            Field::MessageId,
            [
                "end_user@rcpt.example",
                "Quarterly figures",
                "<user@sender.example",
            ],
        ),
    ] {
        let text = left(&[field]);
        for value in stays {
            assert!(text.contains(value), "{field:?} took {value} along: {text}");
        }
    }
}

#[test]
fn domains_stay_for_they_are_what_a_cause_hangs_on() {
    let text = left(&[Field::Sender, Field::Recipients]);
    assert!(text.contains("***@sender.example"), "{text}");
    assert!(text.contains("***@rcpt.example"), "{text}");
}

#[test]
fn addresses_of_others_leave_as_long_as_any_may() {
    let mut answer = telling_answer();
    answer.summary = "It went to third@else.example.".to_owned();
    let told = |missing: &[Field]| leaving(&answer, &without(missing)).summary;
    assert_eq!(told(&[Field::Sender]), "It went to third@else.example.");
    assert_eq!(told(&[Field::Recipients]), "It went to third@else.example.");
    assert_eq!(
        told(&[Field::Sender, Field::Recipients]),
        "It went to ***@else.example."
    );
}

#[test]
fn who_wrote_to_themselves_leaves_only_where_both_may() {
    let mut answer = telling_answer();
    let message = answer.message.as_mut().expect("about a message");
    message.recipients[0].address = Some("User@sender.example".to_owned());
    for missing in [Field::Sender, Field::Recipients] {
        let left = leaving(&answer, &without(&[missing]));
        let message = left.message.expect("about a message");
        assert_eq!(message.sender.as_deref(), Some("***@sender.example"));
        let recipient = message.recipients[0].address.as_deref();
        assert_eq!(recipient, Some("***@sender.example"));
    }
}

#[test]
fn the_null_sender_stays_what_it_is() {
    let mut answer = telling_answer();
    answer.message.as_mut().expect("about a message").sender = Some(String::new());
    let left = leaving(&answer, &[]);
    let message = left.message.expect("about a message");
    assert_eq!(message.sender.as_deref(), Some(""));
}

#[test]
fn nothing_leaves_of_a_message_where_no_field_may() {
    let text = left(&ALL);
    for value in ["user@", "end_user", "Quarterly", "order-7781", "550 5.1.1"] {
        assert!(!text.contains(value), "{value}: {text}");
    }
    assert!(text.contains("receiving-aborted-connection-lost"));
    assert!(text.contains("mx.sender.example"));
}

#[test]
fn a_note_names_what_is_missing_in_both_languages() {
    assert_eq!(note(&ALL, Lang::En), None);
    let en = note(&without(&[Field::Subject, Field::Lines]), Lang::En);
    let ja = note(&without(&[Field::Subject, Field::Lines]), Lang::Ja);
    let wanted = "Left out, as the subscription asks: subject, log lines.";
    assert_eq!(en.as_deref(), Some(wanted));
    assert_eq!(
        ja.as_deref(),
        Some("購読の設定により省いた項目: 件名、ログの行。")
    );
}
