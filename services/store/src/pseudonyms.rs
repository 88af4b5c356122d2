//! Pseudonyms for addresses and subjects: made with a key, so that whoever has it finds what is kept
//! under the real ones, and nobody else can try them.
//!
//! An address becomes `u-` and 80 bits of HMAC-SHA-256 (RFC 2104) over it in small letters, in hex,
//! in front of its own domain; a subject `s-` and the like over its words as they are searched
//! (decoded, normalised). The same key gives the same pseudonyms always.
//!
//! Not here: where they stand in lines (`services/mailflow/src/disguise.rs`), who may ask by real
//! addresses (`services/api/src/identify.rs`).

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;
use whymid_mailflow::{
    Disguise, Entry, canonical, disguised, disguised_address, disguised_message_id,
    disguised_subject, disguised_text,
};

use crate::document::Record;
use crate::filter::{Choice, Filter, Pattern, Phrase, Word};
use crate::words::{decoded, words};

/// The least length of a key, bytes.
pub const KEY_BYTES: usize = 32;

/// What a pseudonym of an address begins with, one of a subject, one of a `Message-ID`.
const PREFIXES: [&str; 3] = ["u-", "s-", "m-"];

/// Hex digits of one.
const DIGITS: usize = 20;

/// Makes pseudonyms with one key.
#[derive(Clone)]
pub struct Pseudonyms {
    keyed: Hmac<Sha256>,
}

impl fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // the key is nobody's business
        f.debug_struct("Pseudonyms").finish_non_exhaustive()
    }
}

/// What a search asks of persons and subjects by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsksBy {
    /// Nothing, domains, or pseudonyms.
    Nothing,
    /// Real addresses or subjects.
    Real,
    /// A part of one, which a pseudonym does not have.
    Part,
}

impl Pseudonyms {
    /// With a key; `None` if it is shorter than [`KEY_BYTES`].
    #[must_use]
    pub fn new(key: &[u8]) -> Option<Self> {
        if key.len() < KEY_BYTES {
            return None;
        }
        let keyed = Hmac::new_from_slice(key).ok()?;
        Some(Self { keyed })
    }

    /// Tells one key from another; nothing can be learned from it.
    #[must_use]
    pub fn key_id(&self) -> u64 {
        let made = self.made("key", "");
        u64::from_str_radix(&made[..16], 16).unwrap_or_default()
    }

    /// What is made of a text for one use.
    fn made(&self, of: &str, text: &str) -> String {
        let mut keyed = self.keyed.clone();
        keyed.update(of.as_bytes());
        keyed.update(&[0]);
        keyed.update(text.as_bytes());
        let made = keyed.finalize().into_bytes();
        made[..DIGITS / 2]
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// An address, with its domain where it has one, as it is kept and as it is asked for.
    #[must_use]
    pub fn address(&self, address: &str) -> String {
        disguised_address(&canonical(address), self)
    }

    /// Whether an address has the form of a pseudonym.
    #[must_use]
    pub fn is_pseudonym(&self, address: &str) -> bool {
        is_one(address.split('@').next().unwrap_or_default())
    }

    /// A text of any kind with pseudonyms for the addresses in it.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        disguised_text(text, self).into_owned()
    }

    /// An address as somebody asks by it, to be written down: pseudonyms, domains and `!` stay.
    #[must_use]
    pub fn asked(&self, text: &str) -> String {
        let (sign, bare) = match text.strip_prefix('!') {
            Some(bare) => ("!", bare),
            None => ("", text),
        };
        let small = bare.to_lowercase();
        let pattern = match (small.strip_prefix('*'), small.strip_suffix('*')) {
            (Some(end), _) => Pattern::Ends(end.to_owned()),
            (None, Some(begin)) => Pattern::Begins(begin.to_owned()),
            (None, None) => Pattern::Is(small.clone()),
        };
        match asks_by(&pattern) {
            AsksBy::Nothing => text.to_owned(),
            AsksBy::Real => format!("{sign}{}", self.address(&small)),
            AsksBy::Part => format!("{sign}{}", self.subject_text(bare)),
        }
    }

    /// A text of which nothing is to be left, as a subject is kept.
    #[must_use]
    pub fn subject_text(&self, text: &str) -> String {
        disguised_subject(text, self)
    }

    /// A `Message-ID`, without its angle brackets, as it is kept.
    #[must_use]
    pub fn message_id(&self, id: &str) -> String {
        match id.rsplit_once('@') {
            Some((local, _)) if is_one(local) => id.to_owned(),
            _ => disguised_message_id(id, self),
        }
    }

    /// The conditions of a search, with those under which it is kept.
    #[must_use]
    pub fn translated(&self, mut filter: Filter) -> Filter {
        for choice in [&mut filter.sender, &mut filter.recipient] {
            also(choice, |pattern| self.pattern(pattern));
        }
        also(&mut filter.message_id, |pattern| match pattern {
            Pattern::Is(id) => Some(Pattern::Is(self.message_id(id))),
            Pattern::Begins(_) | Pattern::Ends(_) => None,
        });
        also(&mut filter.subject, |phrase| {
            Phrase::of(&self.subject_of_words(&text_of(phrase)?), false)
        });
        filter
    }

    fn pattern(&self, pattern: &Pattern) -> Option<Pattern> {
        match (asks_by(pattern), pattern) {
            (AsksBy::Real, Pattern::Is(text)) => Some(Pattern::Is(self.address(text))),
            _ => None,
        }
    }

    fn subject_of_words(&self, words: &str) -> String {
        format!("{}{}", PREFIXES[1], self.made("subject", words))
    }

    /// A record as it is kept from now on.
    ///
    /// # Errors
    /// When it can't be read again, which would be a fault of ours.
    pub fn record(&self, record: &Record) -> serde_json::Result<Record> {
        // the rest of a line into which a stranger brought a line end has no stamp and no kind
        let is_rest = |one: &Entry| one.stamp.is_empty() && one.kind.is_unknown();
        if let Record::Event(event) = record
            && let Some(line) = event.entry().filter(|one| is_rest(one))
        {
            let covered = self.subject_text(&line.line);
            return Ok(Record::Event(Box::new(event.saying(&covered))));
        }
        let mut value = serde_json::to_value(record)?;
        let subject = match record {
            Record::Message(one) => one.subject.as_deref(),
            Record::Connection(_) | Record::Delivery(_) | Record::Event(_) => None,
        };
        self.cover(&mut value, "", subject);
        Ok(serde_json::from_value::<Record>(value)?.named_anew())
    }

    /// Every text of a record, by the name under which it stands.
    fn cover(&self, value: &mut Value, name: &str, subject: Option<&str>) {
        match value {
            Value::String(text) => {
                let covered = match name {
                    "line" => disguised(text, subject, self).into_owned(),
                    "subject" => disguised_subject(text, self),
                    "message_id" => {
                        let id = text.trim_matches(['<', '>']);
                        text.replace(id, &disguised_message_id(id, self))
                    }
                    "sender" | "ready_sender" | "address" if !text.is_empty() => {
                        disguised_address(text, self)
                    }
                    _ => disguised_text(text, self).into_owned(),
                };
                *text = covered;
            }
            Value::Array(all) => {
                // an address and by what it was refused
                let is_refusal = name == "refused" && all.len() == 2 && all[0].is_string();
                for (place, one) in all.iter_mut().enumerate() {
                    let is_address = is_refusal && place == 0;
                    self.cover(one, if is_address { "address" } else { name }, subject);
                }
            }
            Value::Object(all) => {
                for (name, one) in all {
                    self.cover(one, name, subject);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

impl Disguise for Pseudonyms {
    fn local_part(&self, address: &str) -> String {
        format!("{}{}", PREFIXES[0], self.made("address", address))
    }

    fn message_id(&self, id: &str) -> String {
        format!("{}{}", PREFIXES[2], self.made("message-id", id))
    }

    fn subject(&self, subject: &str) -> String {
        self.subject_of_words(&words(&decoded(subject)).join(" "))
    }
}

/// What the conditions of a search ask of persons and subjects by. A `Message-ID` is no person, and
/// has no beginning either.
#[must_use]
pub fn asked_by(filter: &Filter) -> AsksBy {
    let ids = [&filter.message_id].into_iter();
    let mut ids = ids.flat_map(|choice| choice.any.iter().chain(&choice.none));
    if ids.any(|id| asks_by(id) == AsksBy::Part) {
        return AsksBy::Part;
    }
    let patterns = [&filter.sender, &filter.recipient];
    let patterns = patterns
        .into_iter()
        .flat_map(|choice| choice.any.iter().chain(&choice.none));
    let phrases = filter.subject.any.iter().chain(&filter.subject.none);
    let all: Vec<AsksBy> = patterns
        .map(asks_by)
        .chain(phrases.map(subject_by))
        .collect();
    let wanted = [AsksBy::Part, AsksBy::Real];
    let found = wanted.into_iter().find(|one| all.contains(one));
    found.unwrap_or(AsksBy::Nothing)
}

fn asks_by(pattern: &Pattern) -> AsksBy {
    match pattern {
        Pattern::Is(text) => {
            let local = text
                .rsplit_once('@')
                .map_or(text.as_str(), |(local, _)| local);
            if text.is_empty() || is_one(local) {
                AsksBy::Nothing
            } else {
                AsksBy::Real
            }
        }
        Pattern::Begins(text) if PREFIXES.iter().any(|one| text.starts_with(one)) => {
            AsksBy::Nothing
        }
        Pattern::Ends(text) if text.starts_with('@') || !text.contains('@') => AsksBy::Nothing,
        Pattern::Begins(_) | Pattern::Ends(_) => AsksBy::Part,
    }
}

fn subject_by(phrase: &Phrase) -> AsksBy {
    match text_of(phrase) {
        Some(text) if is_one(&text.replace(' ', "-")) => AsksBy::Nothing,
        Some(_) => AsksBy::Real,
        None => AsksBy::Part,
    }
}

/// The words of a phrase, as a subject's are; `None` where one of them is open.
fn text_of(phrase: &Phrase) -> Option<String> {
    let words = phrase.0.iter().map(|word| match word {
        Word::Is(text) | Word::Holds(text) => Some(text.as_str()),
        Word::Begins(_) => None,
    });
    let words: Option<Vec<&str>> = words.collect();
    Some(words?.join(" "))
}

/// Whether a text has the form of a pseudonym.
fn is_one(text: &str) -> bool {
    let digits = PREFIXES.iter().find_map(|prefix| text.strip_prefix(prefix));
    let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    digits.is_some_and(|digits| digits.len() == DIGITS && digits.bytes().all(is_hex))
}

/// Adds what the conditions become.
fn also<T>(choice: &mut Choice<T>, of: impl Fn(&T) -> Option<T>) {
    for list in [&mut choice.any, &mut choice.none] {
        let more: Vec<T> = list.iter().filter_map(&of).collect();
        list.extend(more);
    }
}

#[cfg(test)]
mod tests;
