//! Where addresses stand in what strangers write.

use super::{addresses, bare};

fn found(text: &str) -> Vec<&str> {
    addresses(text).map(|(from, to)| &text[from..to]).collect()
}

#[test]
fn addresses_are_found_wherever_they_stand() {
    for (text, wanted) in [
        ("To: <a.b+c@x.example>", vec!["a.b+c@x.example"]),
        (
            "a@x.example,b@y.example;c@z.example",
            vec!["a@x.example", "b@y.example", "c@z.example"],
        ),
        ("ends with one: a@x.example.", vec!["a@x.example"]),
        (
            "\"odd one\"@x.example is one",
            vec!["\"odd one\"@x.example"],
        ),
        ("mailto:a%40x.example?", vec!["a%40x.example"]),
        ("日本@例え.example さん", vec!["日本@例え.example"]),
        ("o'hara@x.example", vec!["o'hara@x.example"]),
        ("'a@x.example'", vec!["'a@x.example"]),
        ("a@b@x.example", vec!["a@b@x.example"]),
        ("bob@[192.0.2.9] is one", vec!["bob@[192.0.2.9]"]),
        ("no @ here, nor user@, nor @host", vec![]),
        ("cut at the end: <a@x", vec!["a@x"]),
        ("", vec![]),
    ] {
        assert_eq!(found(text), wanted, "{text}");
    }
}

#[test]
fn keys_and_quotes_in_front_are_no_part_of_one() {
    assert_eq!(bare("duser=bob@b.example"), "bob@b.example");
    assert_eq!(bare("'bob@b.example"), "bob@b.example");
}

/// What a stranger may write takes time that grows with its length, not with its square.
#[test]
fn a_subject_of_signs_alone_is_looked_through_once() {
    let signs = "@".repeat(60_000) + &"%40".repeat(60_000);
    assert!(found(&signs).is_empty());
}
