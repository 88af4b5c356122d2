//! Where addresses stand in what strangers write.

use super::{addresses, own_rids};

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
        ("a@b@x.example", vec!["a@b"]),
        ("no @ here, nor user@, nor @host", vec![]),
        ("cut at the end: <a@x", vec!["a@x"]),
        ("", vec![]),
    ] {
        assert_eq!(found(text), wanted, "{text}");
    }
}

#[test]
fn lists_of_rids_keep_ones_own() {
    let line = "Delivery start DCID 5 MID 1 to RID [0, 1, 12]";
    assert_eq!(
        own_rids(line, &[1, 12]),
        "Delivery start DCID 5 MID 1 to RID [1, 12]"
    );
    assert_eq!(own_rids(line, &[0, 1, 12]), line);
    let odd = "MID 1 RID [0] Response '[0, x] [1]'";
    assert_eq!(own_rids(odd, &[0]), "MID 1 RID [0] Response '[0, x] []'");
}
