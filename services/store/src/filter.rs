//! What a search asks for: conditions on records, the same for memory and index.
//!
//! ```text
//! Filter ──► own conditions (what a record's own fields say): `fits`, and a query (`search.rs`)
//!        ──► derived ones (host and address of a message's connection, outcome, diagnosis,
//!            party): written beside a record in the index; what is in memory is asked by whoever
//!            can diagnose (`is_derived`, `fits_derived`)
//! ```
//!
//! Invariant: a record fits in memory exactly if its document fits in the index.
//!
//! Not here: how conditions are written in a request (`services/api`).

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;
use whymid_diagnosis::Facets;
use whymid_mailflow::{ApplianceEvent, Common, Connection, Delivery, Entry, Message, Sight};

use crate::document::{Record, RecordKind};
use crate::words::{self, words};

/// Values of which one must be there, and values of which none may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice<T> {
    /// One of these; all where there are none.
    pub any: Vec<T>,
    /// None of these.
    pub none: Vec<T>,
}

impl<T> Default for Choice<T> {
    fn default() -> Self {
        Self {
            any: Vec::new(),
            none: Vec::new(),
        }
    }
}

impl<T> Choice<T> {
    /// Whether it asks for nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.any.is_empty() && self.none.is_empty()
    }

    fn fits<V: Copy>(&self, values: &[V], holds: impl Fn(&T, V) -> bool) -> bool {
        let found = |wanted: &T| values.iter().any(|value| holds(wanted, *value));
        (self.any.is_empty() || self.any.iter().any(found)) && !self.none.iter().any(found)
    }
}

/// A text that is asked for; small letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// This very text.
    Is(String),
    /// A beginning: `mail*`.
    Begins(String),
    /// An ending: `*@corp.example`.
    Ends(String),
}

impl Pattern {
    fn holds(&self, value: &str) -> bool {
        match self {
            Self::Is(text) => value == text,
            Self::Begins(text) => value.starts_with(text.as_str()),
            Self::Ends(text) => value.ends_with(text.as_str()),
        }
    }
}

/// One word of a phrase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    /// This word.
    Is(String),
    /// A word that begins so.
    Begins(String),
    /// A word that holds this letter: one Chinese or Japanese letter by itself.
    Holds(String),
}

impl Word {
    fn holds(&self, word: &str) -> bool {
        match self {
            Self::Is(text) => word == text,
            Self::Begins(text) => word.starts_with(text.as_str()),
            Self::Holds(text) => word.contains(text.as_str()),
        }
    }
}

/// Words that stand one behind the other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Phrase(pub(crate) Vec<Word>);

impl Phrase {
    /// The words of a text, of which the last may go on if `open`; `None` for a text without any.
    #[must_use]
    pub fn of(text: &str, open: bool) -> Option<Self> {
        let found = words(text);
        let last = found.len().checked_sub(1)?;
        let word = |(place, word): (usize, String)| {
            let mut letters = word.chars();
            let first = letters.next();
            let is_letter = first.is_some_and(words::is_cjk) && letters.next().is_none();
            match place == last {
                _ if is_letter => Word::Holds(word),
                true if open => Word::Begins(word),
                _ => Word::Is(word),
            }
        };
        Some(Self(found.into_iter().enumerate().map(word).collect()))
    }

    fn stands_in(&self, words: &[String]) -> bool {
        let mut places = words.windows(self.0.len());
        places.any(|place| {
            let mut pairs = self.0.iter().zip(place);
            pairs.all(|(wanted, word)| wanted.holds(word))
        })
    }
}

/// Conditions on records of one kind. Conditions of different fields must all hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    /// The kind.
    pub kind: RecordKind,
    /// Appliances, by identity or by the name they are shown by.
    pub appliance: Choice<String>,
    /// MIDs.
    pub mid: Choice<u64>,
    /// ICIDs.
    pub icid: Choice<u64>,
    /// DCIDs.
    pub dcid: Choice<u64>,
    /// `Message-ID` headers, without angle brackets; capitals count.
    pub message_id: Choice<Pattern>,
    /// Envelope senders; empty is the null sender.
    pub sender: Choice<Pattern>,
    /// Recipients.
    pub recipient: Choice<Pattern>,
    /// Words of the subject.
    pub subject: Choice<Phrase>,
    /// Reverse DNS names of sending hosts.
    pub host: Choice<Pattern>,
    /// Addresses of sending hosts.
    pub ip: Choice<Pattern>,
    /// Outcomes, by their words.
    pub outcome: Choice<Pattern>,
    /// Diagnoses, by their ids.
    pub diagnosis: Choice<Pattern>,
    /// Parties, by their words.
    pub party: Choice<Pattern>,
    /// Words of telling lines and of the subject: each must be there, each of `none` must not.
    pub words: Choice<Phrase>,
    /// Not before.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
    /// The identities of the appliances that whoever asks may see; `None` for all. Set by the
    /// library.
    pub scope: Option<Vec<String>>,
    /// The recipient domains whose mail whoever asks may see, where not all; then other kinds than
    /// messages have nothing to show. Set by the library.
    pub sight: Option<Arc<Sight>>,
    /// Only messages whose recipients are of one domain, or only those of several.
    pub shared: Option<bool>,
}

impl Filter {
    /// Everything of a kind.
    #[must_use]
    pub fn all(kind: RecordKind) -> Self {
        Self {
            kind,
            appliance: Choice::default(),
            mid: Choice::default(),
            icid: Choice::default(),
            dcid: Choice::default(),
            message_id: Choice::default(),
            sender: Choice::default(),
            recipient: Choice::default(),
            subject: Choice::default(),
            host: Choice::default(),
            ip: Choice::default(),
            outcome: Choice::default(),
            diagnosis: Choice::default(),
            party: Choice::default(),
            words: Choice::default(),
            since: None,
            until: None,
            scope: None,
            sight: None,
            shared: None,
        }
    }

    /// Whether anything is asked that a record's own fields do not say.
    #[must_use]
    pub fn is_derived(&self) -> bool {
        let of_connection = self.kind == RecordKind::Message;
        let asked = [&self.outcome, &self.diagnosis, &self.party];
        asked.iter().any(|choice| !choice.is_empty())
            || (of_connection && !(self.host.is_empty() && self.ip.is_empty()))
    }

    /// Whether a record fits, by its own fields.
    #[must_use]
    pub fn fits(&self, record: View<'_>) -> bool {
        let common = record.common();
        let start = common.first_at;
        let appliance = [common.appliance.as_str()];
        let appliance = self.appliance.fits(&appliance, |wanted, own| wanted == own);
        let mut scope = self.scope.iter();
        let in_scope = scope.all(|scope| scope.contains(&common.appliance));
        let in_time = self.since.is_none_or(|since| start >= since)
            && self.until.is_none_or(|until| start < until);
        let is_seen = self.sight.as_ref().is_none_or(|sight| match record {
            View::Message(one) => sight.sees_message(one),
            View::Connection(_) | View::Delivery(_) | View::Event(_) => false,
        });
        if !appliance || !in_scope || !is_seen || !in_time {
            return false;
        }
        let fields = Own::of(record);
        let texts = |choice: &Choice<Pattern>, values: &[&str]| {
            choice.fits(values, |wanted, own| wanted.holds(own))
        };
        let numbers = |choice: &Choice<u64>, values: &[u64]| {
            choice.fits(values, |wanted, own| *wanted == own)
        };
        // of a mail that others got, too, conditions are for whoever knows what of it is seen
        let is_shared = match (record, &self.sight) {
            (View::Message(one), Some(sight)) => !sight.sees_all_of(one),
            (_, _) => false,
        };
        let on_all_recipients = is_shared
            || (numbers(&self.dcid, &fields.dcid)
                && texts(&self.recipient, &as_texts(&fields.recipient))
                && self.has_words(record));
        let own_peer = self.kind == RecordKind::Message
            || (texts(&self.host, &as_texts(&fields.host))
                && texts(&self.ip, &as_texts(&fields.ip)));
        self.kind == record.kind()
            && numbers(&self.mid, &fields.mid)
            && numbers(&self.icid, &fields.icid)
            && on_all_recipients
            && texts(&self.message_id, &as_texts(&fields.message_id))
            && texts(&self.sender, &as_texts(&fields.sender))
            && own_peer
            && self.has_subject(record)
    }

    fn has_subject(&self, record: View<'_>) -> bool {
        if self.subject.is_empty() {
            return true;
        }
        let subject = record.subject().map(|one| words(&one));
        let stands = |phrase: &Phrase| subject.iter().any(|words| phrase.stands_in(words));
        let mut wanted = self.subject.any.iter();
        (self.subject.any.is_empty() || wanted.any(stands)) && !self.subject.none.iter().any(stands)
    }

    fn has_words(&self, record: View<'_>) -> bool {
        if self.words.is_empty() {
            return true;
        }
        let mut all: Vec<Vec<String>> = record.telling().map(words).collect();
        all.extend(record.subject().map(|one| words(&one)));
        let stands = |phrase: &Phrase| all.iter().any(|words| phrase.stands_in(words));
        self.words.any.iter().all(stands) && !self.words.none.iter().any(stands)
    }

    /// Whether what was derived of a record fits: its diagnosis, and the host and the address of
    /// its connection.
    #[must_use]
    pub fn fits_derived(&self, facets: Option<&Facets>, peer: &Peer) -> bool {
        let texts = |choice: &Choice<Pattern>, values: &[&str]| {
            choice.fits(values, |wanted, own| wanted.holds(own))
        };
        let outcome: Vec<&str> = facets.iter().map(|one| one.outcome.word()).collect();
        let diagnosis: Vec<&str> = facets.iter().map(|one| one.diagnosis.as_str()).collect();
        let parties = facets.iter().flat_map(|one| &one.party);
        let parties: Vec<&str> = parties.map(|one| one.word()).collect();
        let host: Vec<&str> = peer.host.iter().map(String::as_str).collect();
        let ip: Vec<&str> = peer.ip.iter().map(String::as_str).collect();
        texts(&self.outcome, &outcome)
            && texts(&self.diagnosis, &diagnosis)
            && texts(&self.party, &parties)
            && (self.kind != RecordKind::Message
                || (texts(&self.host, &host) && texts(&self.ip, &ip)))
    }
}

/// A record, looked at.
#[derive(Clone, Copy, Debug)]
pub enum View<'r> {
    /// A message.
    Message(&'r Message),
    /// A connection.
    Connection(&'r Connection),
    /// A delivery.
    Delivery(&'r Delivery),
    /// An appliance event.
    Event(&'r ApplianceEvent),
}

impl<'r> View<'r> {
    /// What every record has.
    #[must_use]
    pub fn common(self) -> &'r Common {
        match self {
            Self::Message(one) => &one.common,
            Self::Connection(one) => &one.common,
            Self::Delivery(one) => &one.common,
            Self::Event(one) => &one.common,
        }
    }

    /// Its kind.
    #[must_use]
    pub fn kind(self) -> RecordKind {
        match self {
            Self::Message(_) => RecordKind::Message,
            Self::Connection(_) => RecordKind::Connection,
            Self::Delivery(_) => RecordKind::Delivery,
            Self::Event(_) => RecordKind::Event,
        }
    }

    /// The whole record.
    #[must_use]
    pub fn to_record(self) -> Record {
        match self {
            Self::Message(one) => Record::Message(Box::new(one.clone())),
            Self::Connection(one) => Record::Connection(Box::new(one.clone())),
            Self::Delivery(one) => Record::Delivery(Box::new(one.clone())),
            Self::Event(one) => Record::Event(Box::new(one.clone())),
        }
    }

    /// The subject of a message as people read it.
    pub(crate) fn subject(self) -> Option<Cow<'r, str>> {
        match self {
            Self::Message(one) => one.subject.as_deref().map(words::decoded),
            Self::Connection(_) | Self::Delivery(_) | Self::Event(_) => None,
        }
    }

    /// The lines that tell why, those that nobody understands, and an event's.
    pub(crate) fn telling(self) -> impl Iterator<Item = &'r str> {
        let all = matches!(self, Self::Event(_));
        let telling = move |entry: &&Entry| all || entry.kind.0.is_none_or(|kind| kind.diagnostic);
        let lines = self.common().entries.lines.iter().filter(telling);
        lines.map(|entry| entry.line.as_str())
    }
}

/// Who sent a message: host (small letters) and address of its connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peer {
    /// Reverse DNS name.
    pub host: Option<String>,
    /// Address.
    pub ip: Option<String>,
}

fn as_texts(values: &[String]) -> Vec<&str> {
    values.iter().map(String::as_str).collect()
}

/// What a record's own fields say, as they are indexed.
#[derive(Debug, Default)]
pub(crate) struct Own {
    pub(crate) mid: Vec<u64>,
    pub(crate) icid: Vec<u64>,
    pub(crate) dcid: Vec<u64>,
    pub(crate) message_id: Vec<String>,
    pub(crate) sender: Vec<String>,
    pub(crate) recipient: Vec<String>,
    pub(crate) host: Vec<String>,
    pub(crate) ip: Vec<String>,
}

impl Own {
    pub(crate) fn of(record: View<'_>) -> Self {
        match record {
            View::Message(one) => {
                let addresses = one
                    .recipients
                    .iter()
                    .filter_map(|one| one.address.as_deref());
                let message_id = one.message_id.as_deref();
                Self {
                    mid: vec![one.mid],
                    icid: one.icid.into_iter().collect(),
                    dcid: one.dcids.clone(),
                    message_id: message_id.map(bare).into_iter().collect(),
                    sender: one
                        .envelope_sender()
                        .map(str::to_lowercase)
                        .into_iter()
                        .collect(),
                    recipient: addresses.map(str::to_lowercase).collect(),
                    ..Self::default()
                }
            }
            View::Connection(one) => {
                let opened = one.opened.as_ref();
                let peer = Peer::of(opened);
                Self {
                    icid: vec![one.icid],
                    host: peer.host.into_iter().collect(),
                    ip: peer.ip.into_iter().collect(),
                    ..Self::default()
                }
            }
            View::Delivery(one) => Self {
                dcid: vec![one.dcid],
                ip: one.peer.clone().into_iter().collect(),
                ..Self::default()
            },
            View::Event(one) => Self {
                mid: one.about.into_iter().collect(),
                ..Self::default()
            },
        }
    }
}

impl Peer {
    /// Of the opening of a connection.
    #[must_use]
    pub fn of(opened: Option<&whymid_mailflow::Opening>) -> Self {
        Self {
            host: opened
                .and_then(|one| one.host.as_deref())
                .map(str::to_lowercase),
            ip: opened.map(|one| one.peer.clone()),
        }
    }
}

/// A `Message-ID` without its angle brackets.
fn bare(message_id: &str) -> String {
    message_id.trim_matches(['<', '>']).to_owned()
}
