//! Texts of a search to words, and spans of time.

use jiff::SignedDuration;
use whymid_store::{Choice, Phrase};

/// `q`: words, `"phrases"`, `-unwanted`, `beginnings*`.
pub(super) fn words(text: &str, not_understood: &mut Vec<String>) -> Choice<Phrase> {
    let mut choice = Choice::default();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (wanted, from) = match rest.strip_prefix(['-', '!']) {
            Some(from) => (&mut choice.none, from),
            None => (&mut choice.any, rest),
        };
        let (word, after) = match from.strip_prefix('"').and_then(|one| one.split_once('"')) {
            Some((quoted, after)) => (quoted, after),
            None => from.split_once(char::is_whitespace).unwrap_or((from, "")),
        };
        match phrase(word) {
            Some(phrase) => wanted.push(phrase),
            None if !word.is_empty() || from.len() < rest.len() => {
                let taken = rest.len() - after.len();
                not_understood.push(rest[..taken].trim().to_owned());
            }
            None => {}
        }
        rest = after.trim_start();
    }
    choice
}

/// Words one behind the other; `*` at the end leaves the last one open.
pub(super) fn phrase(text: &str) -> Option<Phrase> {
    Phrase::of(text.trim_end_matches('*'), text.ends_with('*'))
}

/// The longest time ago, minutes: a hundred years.
const LONGEST: i64 = 100 * 366 * 24 * 60;

/// `30m`, `24h`, `7d`, `2w`.
pub(crate) fn span(text: &str) -> Option<SignedDuration> {
    let unit = text.chars().next_back()?;
    let minutes = match unit {
        'm' => 1,
        'h' => 60,
        'd' => 24 * 60,
        'w' => 7 * 24 * 60,
        _ => return None,
    };
    let digits = &text[..text.len() - 1];
    let count: i64 = digits.parse().ok().filter(|count| *count > 0)?;
    let minutes = count.checked_mul(minutes)?;
    if minutes > LONGEST {
        return None;
    }
    digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| SignedDuration::from_mins(minutes))
}
