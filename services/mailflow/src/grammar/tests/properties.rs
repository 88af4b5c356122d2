//! What holds for every text.

use proptest::prelude::*;
use proptest::sample::Index;

use super::{M, known, read};

/// A change to the bytes of a line.
#[derive(Clone, Debug)]
enum Change {
    Insert(Index, char),
    Delete(Index),
    Replace(Index, char),
    Cut(Index),
}

fn change() -> impl Strategy<Value = Change> {
    let sign = prop_oneof![
        any::<char>(),
        "[ \\[\\]<>'\"():,0-9]".prop_map(|sign| sign.chars().next().unwrap_or(' '))
    ];
    prop_oneof![
        (any::<Index>(), sign.clone()).prop_map(|(at, sign)| Change::Insert(at, sign)),
        any::<Index>().prop_map(Change::Delete),
        (any::<Index>(), sign).prop_map(|(at, sign)| Change::Replace(at, sign)),
        any::<Index>().prop_map(Change::Cut),
    ]
}

fn changed(line: &str, changes: &[Change]) -> String {
    let mut signs: Vec<char> = line.chars().collect();
    for change in changes {
        if signs.is_empty() {
            break;
        }
        match change {
            Change::Insert(at, sign) => signs.insert(at.index(signs.len()), *sign),
            Change::Delete(at) => drop(signs.remove(at.index(signs.len()))),
            Change::Replace(at, sign) => {
                let place = at.index(signs.len());
                signs[place] = *sign;
            }
            Change::Cut(at) => signs.truncate(at.index(signs.len())),
        }
    }
    signs.into_iter().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_text_is_read(text in any::<String>()) {
        let _ = read(&text);
    }

    #[test]
    fn any_damaged_line_is_read(
        row in any::<Index>(),
        changes in prop::collection::vec(change(), 1..8),
    ) {
        let rows = known();
        let (_, line, ..) = rows[row.index(rows.len())];
        let _ = read(&changed(line, &changes));
    }

    #[test]
    fn what_begins_with_a_mid_is_that_messages(
        mid in 0..=9_999_999_999_999_999_999_u64,
        text in any::<String>(),
        row in any::<Index>(),
    ) {
        let rows = known();
        let (_, line, ..) = rows[row.index(rows.len())];
        let (_, tail) = line.split_once(' ').unwrap_or_default();
        for text in [text.as_str(), tail, line] {
            prop_assert_eq!(read(&format!("MID {mid} {text}")).owner, M(mid));
        }
    }

    #[test]
    fn text_behind_a_subject_changes_no_owner(text in any::<String>(), row in any::<Index>()) {
        let rows = known();
        let (_, line, ..) = rows[row.index(rows.len())];
        for text in [text.as_str(), line] {
            for quote in ["'", "\"", ""] {
                let event = read(&format!("MID 7 Subject {quote}{text}{quote}")).owner;
                prop_assert_eq!(event, M(7));
            }
        }
    }
}
