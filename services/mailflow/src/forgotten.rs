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

use regex::bytes::{Regex, RegexBuilder};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::address::SIGNS;
use crate::merge::Record;
use crate::record::{ApplianceEvent, Common, Connection, Delivery, Message};

/// The longest address, bytes: RFC 5321, section 4.5.3.1, has 64 and 255 about an `@`.
const LONGEST: usize = 320;

/// The sign that is left of it.
const MASK: u8 = b'*';

/// Finds one address.
#[derive(Clone)]
pub struct Forgotten {
    /// The local part is the group `local`, or `tag` in the recipient of a bounce.
    forms: Regex,
    /// Where its domain is not, it is not.
    domain: Regex,
    domain_is_ascii: bool,
    /// The address and its pseudonyms, as they are searched.
    exact: Vec<String>,
    /// Records that began behind this place in the journal are left alone.
    until: u64,
}

impl fmt::Debug for Forgotten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // whose address it is, is to be forgotten
        f.debug_struct("Forgotten").finish_non_exhaustive()
    }
}

impl Forgotten {
    /// An address, and the pseudonyms that it is kept under, in records that began no later than a
    /// place in the journal; `None` if it is none: it takes one word with an `@` in it.
    #[must_use]
    pub fn of(address: &str, pseudonyms: &[String], until: u64) -> Option<Self> {
        let address = address.trim();
        let (local, domain) = address.rsplit_once('@')?;
        let is_odd = |letter: char| {
            letter.is_control() || letter.is_whitespace() || "<>\"\\".contains(letter)
        };
        let is_one = !local.is_empty()
            && !domain.is_empty()
            && address.len() <= LONGEST
            && !address.contains(is_odd);
        if !is_one {
            return None;
        }
        let signs = SIGNS.map(regex::escape).join("|");
        let own = regex::escape(local);
        let kept = pseudonyms.iter().filter_map(|one| one.rsplit_once('@'));
        let kept = kept.map(|(local, _)| regex::escape(local));
        let locals: Vec<String> = std::iter::once(own.clone())
            .chain([format!("\"{own}\"")])
            .chain(kept)
            .collect();
        let named = regex::escape(domain);
        let forms = format!(
            "(?P<local>{})(?:{signs}){named}|(?P<tag>{own})={named}",
            locals.join("|")
        );
        let exact = std::iter::once(address).chain(pseudonyms.iter().map(String::as_str));
        let quoted = format!("\"{local}\"@{domain}").to_lowercase();
        Some(Self {
            exact: exact.map(str::to_lowercase).chain([quoted]).collect(),
            forms: finder(&forms)?,
            domain: finder(&named)?,
            domain_is_ascii: domain.is_ascii(),
            until,
        })
    }

    /// The address and its pseudonyms, as fields of records are searched.
    #[must_use]
    pub fn exact(&self) -> &[String] {
        &self.exact
    }

    /// Whether it may stand in a text, however that is written.
    #[must_use]
    pub fn may_be_in(&self, text: &[u8]) -> bool {
        self.domain.is_match(text)
    }

    /// Whether a record is one of those that it is to be forgotten in.
    #[must_use]
    pub fn concerns(&self, common: &Common) -> bool {
        common.born <= self.until
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

    /// A record without it; `None` where it was not there, or the record began later.
    pub(crate) fn masked<R: Record + Serialize + DeserializeOwned>(
        &self,
        record: &R,
    ) -> serde_json::Result<Option<R>> {
        let common = record.common();
        let mut lines = common.entries.lines.iter();
        // what a record knows stands in its lines, as far as those are kept
        let may_tell =
            common.entries.spilled > 0 || lines.any(|one| self.may_be_in(one.line.as_bytes()));
        if !self.concerns(common) || !may_tell {
            return Ok(None);
        }
        let mut value = serde_json::to_value(record)?;
        if !self.mask_value(&mut value) {
            return Ok(None);
        }
        serde_json::from_value(value).map(Some)
    }

    /// A message without it.
    ///
    /// # Errors
    /// When the record can't be read again, which would be a fault of ours; likewise the others.
    pub fn message(&self, record: &Message) -> serde_json::Result<Option<Message>> {
        self.masked(record)
    }

    /// A connection without it.
    ///
    /// # Errors
    /// See there.
    pub fn connection(&self, record: &Connection) -> serde_json::Result<Option<Connection>> {
        self.masked(record)
    }

    /// A delivery without it.
    ///
    /// # Errors
    /// See there.
    pub fn delivery(&self, record: &Delivery) -> serde_json::Result<Option<Delivery>> {
        self.masked(record)
    }

    /// An appliance event without it; its id follows from what it says.
    ///
    /// # Errors
    /// See there.
    pub fn event(&self, record: &ApplianceEvent) -> serde_json::Result<Option<ApplianceEvent>> {
        let masked = self.masked(record)?;
        Ok(masked.map(|one| {
            let line = one.entry().map(|entry| entry.line.clone());
            one.saying(&line.unwrap_or_default())
        }))
    }

    /// Masks it in a record in memory.
    pub(crate) fn forget<R: Record + Serialize + DeserializeOwned>(
        &self,
        record: &mut R,
    ) -> Option<()> {
        *record = self.masked(record).ok()??;
        Some(())
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
                let found = self.forms.captures_at(text, from)?;
                let whole = found.get(0)?;
                let tag = found.name("tag");
                let local = found.name("local").or(tag)?;
                // another may begin within what is none
                from = whole.start() + 1;
                if self.is_alone(text, whole.start(), whole.end(), tag.is_some()) {
                    from = whole.end();
                    return Some((local.start(), local.end()));
                }
            }
        })
    }

    /// Whether what stands there is no part of another address. The recipient of a bounce has a tag
    /// in front, and the address of whoever gets the bounce goes on behind it.
    fn is_alone(&self, text: &[u8], from: usize, to: usize, is_of_bounce: bool) -> bool {
        if is_of_bounce {
            let goes_on = text[to..].starts_with(b"@") || text[to..].starts_with(b"%40");
            let tag = from.checked_sub(1).map(|place| text[place]);
            return goes_on && (tag.is_some_and(|tag| b"-+".contains(&tag)) || begins(text, from));
        }
        begins(text, from) && self.ends(text, to)
    }

    /// Whether no letter of a domain stands behind a place.
    fn ends(&self, text: &[u8], at: usize) -> bool {
        let is_of_it = |letter: Option<char>| {
            letter.is_some_and(|one| {
                let is_letter = one.is_alphanumeric() || matches!(one, '-' | '_');
                is_letter && (one.is_ascii() || !self.domain_is_ascii)
            })
        };
        match text.get(at) {
            Some(b'.') => !is_of_it(behind(text, at + 1)),
            _ => !is_of_it(behind(text, at)),
        }
    }
}

/// Finds it however it is written: the letters of names have more forms than capitals and small ones.
fn finder(form: &str) -> Option<Regex> {
    RegexBuilder::new(form).case_insensitive(true).build().ok()
}

/// Whether no letter of a local part stands before a place (RFC 5321, section 4.1.2, `Atom`; RFC 6531),
/// or one that stands around addresses in logs, too.
fn begins(text: &[u8], at: usize) -> bool {
    let Some(letter) = before(text, at) else {
        return true;
    };
    let is_escaped =
        at >= 3 && text[at - 3] == b'%' && text[at - 2..at].iter().all(u8::is_ascii_hexdigit);
    // folded headers are logged with two letters for a tab
    let is_folded = at >= 2 && text[at - 2] == b'\\' && matches!(letter, 'r' | 'n' | 't');
    let is_of_it = letter.is_alphanumeric() || "!#$%*+-.^_`~".contains(letter);
    is_escaped || is_folded || !is_of_it
}

/// The letter that ends before a place; `None` where none does, or what stands there is no text.
fn before(text: &[u8], at: usize) -> Option<char> {
    let from = at.saturating_sub(4);
    let pieces = (from..at).rev().map(|from| &text[from..at]);
    let mut letters = pieces.filter_map(|piece| std::str::from_utf8(piece).ok());
    letters.next()?.chars().next_back()
}

/// The letter that begins at a place; likewise.
fn behind(text: &[u8], at: usize) -> Option<char> {
    let to = (at + 4).min(text.len());
    let pieces = (at + 1..=to).map(|to| &text[at..to]);
    let mut letters = pieces.filter_map(|piece| std::str::from_utf8(piece).ok());
    letters.next()?.chars().next()
}

#[cfg(test)]
mod tests {
    use super::Forgotten;

    fn masked(text: &str) -> String {
        let forgotten = Forgotten::of(" Bob.S@corp.example", &["u-12@corp.example".to_owned()], 0);
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
            ("bob.s=corp.example", "bob.s=corp.example"),
            (
                "<bob.s=corp.example@l.example>",
                "<*****=corp.example@l.example>",
            ),
            (
                "From: <\"bob.s\"@corp.example>",
                "From: <*******@corp.example>",
            ),
            ("u-12@corp.example", "****@corp.example"),
            ("to=u-12%40corp.example", "to=****%40corp.example"),
            ("「bob.s@corp.example」、", "「*****@corp.example」、"),
            ("bob.s@corp.example宛", "*****@corp.example宛"),
            ("{bob.s@corp.example}", "{*****@corp.example}"),
            (
                "\u{1}bob.s@corp.example\u{1}",
                "\u{1}*****@corp.example\u{1}",
            ),
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
    fn letters_of_any_language_are_found_in_either_case() {
        let forgotten = Forgotten::of("müller@straße.example", &[], 0).expect("an address");
        let mut text = "From: <MÜLLER@STRAßE.example>".to_owned();
        assert!(forgotten.mask_text(&mut text));
        assert_eq!(text, "From: <*******@STRAßE.example>");
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
            assert!(Forgotten::of(text, &[], 0).is_none(), "{text}");
        }
        assert!(Forgotten::of(&format!("{}@x", "a".repeat(400)), &[], 0).is_none());
    }
}
