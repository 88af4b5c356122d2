//! An address that is to be forgotten: masked wherever it stands, by as many bytes as it had.
//!
//! What is masked is what stands in front of its domain. Small letters and capitals count as the
//! same, and so do `%40` and, as bounces are addressed, `=` for `@`. An address that has more in
//! front or behind is another one.
//!
//! Invariant: a text keeps its length, so that places in a journal stay what they were.
//!
//! Not here: where to look (`services/server/eraser.rs`).

use std::fmt;

use aho_corasick::{AhoCorasick, Input, MatchKind};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::merge::Record;

/// The longest address, bytes: RFC 5321, section 4.5.3.1, has 64 and 255 about an `@`.
const LONGEST: usize = 320;

/// What stands between local part and domain; the last as bounces are addressed.
const SIGNS: [&str; 3] = ["@", "%40", "="];

/// The sign that is left of it.
const MASK: u8 = b'*';

/// Finds one address.
#[derive(Clone)]
pub struct Forgotten {
    forms: AhoCorasick,
    /// So many bytes of each form are masked.
    masked: Vec<usize>,
}

impl fmt::Debug for Forgotten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // whose address it is, is to be forgotten
        f.debug_struct("Forgotten").finish_non_exhaustive()
    }
}

impl Forgotten {
    /// An address, and the pseudonyms that it is kept under; `None` if it is none: it takes one
    /// word with an `@` in it.
    #[must_use]
    pub fn of(address: &str, pseudonyms: &[String]) -> Option<Self> {
        let (local, domain) = address.rsplit_once('@')?;
        let is_odd = |letter: char| letter.is_control() || "<>\"".contains(letter);
        let is_one = !local.is_empty()
            && !domain.is_empty()
            && address.len() <= LONGEST
            && !domain.contains(char::is_whitespace)
            && !address.contains(is_odd);
        if !is_one {
            return None;
        }
        let mut forms: Vec<String> = SIGNS
            .iter()
            .map(|sign| format!("{local}{sign}{domain}"))
            .collect();
        let mut masked = vec![local.len(); forms.len()];
        for pseudonym in pseudonyms {
            masked.push(pseudonym.rfind('@').unwrap_or(pseudonym.len()));
            forms.push(pseudonym.clone());
        }
        let forms = AhoCorasick::builder()
            .ascii_case_insensitive(true)
            .match_kind(MatchKind::LeftmostFirst)
            .build(forms)
            .ok()?;
        Some(Self { forms, masked })
    }

    /// Whether it stands in a text.
    #[must_use]
    pub fn is_in(&self, text: &[u8]) -> bool {
        self.places(text).next().is_some()
    }

    /// Masks it in a text; whether it was there.
    pub fn mask(&self, text: &mut [u8]) -> bool {
        let places: Vec<_> = self.places(text).collect();
        for (from, to) in &places {
            text[*from..*to].fill(MASK);
        }
        !places.is_empty()
    }

    /// The same in a string.
    pub fn mask_text(&self, text: &mut String) -> bool {
        let mut bytes = std::mem::take(text).into_bytes();
        let was_there = self.mask(&mut bytes);
        // whole letters were replaced by as many signs as they had bytes
        *text = String::from_utf8(bytes).unwrap_or_default();
        was_there
    }

    /// A record without it; `None` where it was not there.
    ///
    /// # Errors
    /// When the record can't be read again, which would be a fault of ours.
    pub fn record<R: Serialize + DeserializeOwned>(
        &self,
        record: &R,
    ) -> serde_json::Result<Option<R>> {
        let mut value = serde_json::to_value(record)?;
        if !self.mask_value(&mut value) {
            return Ok(None);
        }
        serde_json::from_value(value).map(Some)
    }

    /// Masks it in a record in memory.
    pub(crate) fn forget<R: Record + Serialize + DeserializeOwned>(
        &self,
        record: &mut R,
    ) -> Option<()> {
        let entries = &record.common().entries;
        let mut lines = entries.lines.iter();
        // what a record knows stands in its lines, as far as those are kept
        let may_tell = entries.spilled > 0 || lines.any(|one| self.is_in(one.line.as_bytes()));
        if may_tell && let Ok(Some(masked)) = self.record(record) {
            *record = masked;
            return Some(());
        }
        None
    }

    /// Every text of a value, whatever it is called.
    fn mask_value(&self, value: &mut Value) -> bool {
        let any = |held, one: &mut Value| self.mask_value(one) | held;
        match value {
            Value::String(text) => self.mask_text(text),
            Value::Array(all) => all.iter_mut().fold(false, any),
            Value::Object(all) => all.values_mut().fold(false, any),
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }

    /// Where it stands: what is to be masked of it.
    fn places<'t>(&'t self, text: &'t [u8]) -> impl Iterator<Item = (usize, usize)> + 't {
        let mut from = 0;
        std::iter::from_fn(move || {
            loop {
                let found = self.forms.find(Input::new(text).range(from..))?;
                // another may begin within what is none
                from = found.start() + 1;
                let form = found.pattern().as_usize();
                let is_of_bounce = form + 1 == SIGNS.len();
                if begins(text, found.start(), is_of_bounce) && ends(text, found.end()) {
                    let length = self.masked[form];
                    from = found.end();
                    return Some((found.start(), found.start() + length));
                }
            }
        })
    }
}

/// Whether no letter of a local part stands before a place (RFC 5321, section 4.1.2, `Atom`), or one
/// that stands around addresses in logs, too. The recipient of a bounce has a tag in front.
fn begins(text: &[u8], at: usize, is_of_bounce: bool) -> bool {
    let Some(before) = at.checked_sub(1).map(|place| text[place]) else {
        return true;
    };
    let is_escaped =
        at >= 3 && text[at - 3] == b'%' && text[at - 2..at].iter().all(u8::is_ascii_hexdigit);
    let is_of_it = before.is_ascii_alphanumeric()
        || !before.is_ascii()
        || b"!#$%*+-.^_`{|}~".contains(&before);
    // folded headers are logged with two letters for a tab
    let is_letter = at >= 2 && text[at - 2] == b'\\' && b"rnt".contains(&before);
    let is_tag = is_of_bounce && b"-+".contains(&before);
    is_escaped || is_letter || is_tag || !is_of_it
}

/// Whether no letter of a domain stands behind a place.
fn ends(text: &[u8], at: usize) -> bool {
    let is_of_it =
        |byte: u8| byte.is_ascii_alphanumeric() || !byte.is_ascii() || b"-_".contains(&byte);
    match text.get(at) {
        None => true,
        Some(b'.') => !text.get(at + 1).is_some_and(|next| is_of_it(*next)),
        Some(byte) => !is_of_it(*byte),
    }
}

#[cfg(test)]
mod tests {
    use super::Forgotten;

    fn masked(text: &str) -> String {
        let forgotten = Forgotten::of("Bob.S@corp.example", &["u-12@corp.example".to_owned()]);
        let mut text = text.to_owned();
        let before = text.clone();
        let was_there = forgotten.expect("an address").mask_text(&mut text);
        assert_eq!(was_there, text != before, "{before}");
        assert_eq!(text.len(), before.len());
        text
    }

    #[test]
    fn an_address_is_masked_wherever_it_stands() {
        for (text, wanted) in [
            ("To: <bob.s@Corp.example>", "To: <*****@Corp.example>"),
            ("bob.s@corp.example.", "*****@corp.example."),
            ("duser=bob.s@corp.example x", "duser=*****@corp.example x"),
            ("'bob.s@corp.example'", "'*****@corp.example'"),
            ("x?to=bob.s%40corp.example&", "x?to=*****%40corp.example&"),
            ("x%3Dbob.s%40corp.example", "x%3D*****%40corp.example"),
            (
                "<v-bob.s=corp.example@l.example>",
                "<v-*****=corp.example@l.example>",
            ),
            ("\\r\\n\\tbob.s@corp.example", "\\r\\n\\t*****@corp.example"),
            (
                "<bob.s=corp.example@l.example>",
                "<*****=corp.example@l.example>",
            ),
            ("u-12@corp.example", "****@corp.example"),
            (
                "bob.s@corp.example,bob.s@corp.example",
                "*****@corp.example,*****@corp.example",
            ),
            (
                "請求書 bob.s@corp.example 様",
                "請求書 *****@corp.example 様",
            ),
            ("x@bob.s@corp.example", "x@*****@corp.example"),
        ] {
            assert_eq!(masked(text), wanted);
        }
    }

    #[test]
    fn others_are_left_alone() {
        for text in [
            "jimbob.s@corp.example",
            "x.bob.s@corp.example",
            "bob.s@corp.example.org",
            "bob.s@corp.example-2",
            "bob.s@other.example",
            "日bob.s@corp.example",
            "bob.s",
            "",
        ] {
            assert_eq!(masked(text), text);
        }
    }

    #[test]
    fn what_is_no_address_can_t_be_forgotten() {
        for text in [
            "",
            "bob",
            "@corp.example",
            "bob@",
            "bob@a b",
            "<bob@corp.example>",
            "b\n@x",
        ] {
            assert!(Forgotten::of(text, &[]).is_none(), "{text}");
        }
        assert!(Forgotten::of(&format!("{}@x", "a".repeat(400)), &[]).is_none());
    }
}
