//! Lines whose addresses and subjects are not to be kept, to the same lines with pseudonyms in their
//! places.
//!
//! An address keeps its domain, so that policies, next hops and tenants are told as before; what
//! stands in front of it is replaced. Of a subject nothing is left. Addresses are replaced wherever
//! they stand; subjects where the grammar has them, and where strangers or filters wrote in a later
//! line of the same message: whoever chooses a subject must not choose which of the gateway's words
//! are lost. A line that is the rest of a stranger's header value is a subject as a whole.
//!
//! Invariants: equal addresses get equal pseudonyms, so that everything that is counted, joined and
//! diagnosed is as it was; ids, kinds and everything that the gateway wrote itself stay.
//!
//! Not here: what the pseudonyms are (`services/store/src/pseudonyms.rs`). Names of persons that
//! stand anywhere without an `@` (a next hop's reply, an attachment) stay as they are.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt::Debug;
use std::ops::Range;
use std::sync::Arc;

use foldhash::fast::RandomState;

use crate::address::{addresses, canonical, named, split};
use crate::appliance::ApplianceIndex;
use crate::event::{Fact, MailEvent, Owner};
use crate::grammar;
use crate::kind::{self, Kind};

/// Gives pseudonyms.
pub trait Disguise: Debug + Send + Sync {
    /// What stands in front of the domain of an address, which is given whole, in small letters.
    fn local_part(&self, address: &str) -> String;

    /// What stands in front of the host of a `Message-ID`, which is given whole, in small letters.
    fn message_id(&self, id: &str) -> String;

    /// What stands for a subject, which is given as logged.
    fn subject(&self, subject: &str) -> String;
}

/// Fields of forms in which an address stands, with a domain or without.
const PERSONS: [&str; 7] = [
    "address",
    "sender",
    "recipient",
    "old",
    "new",
    "user",
    "entry",
];

/// The least letters of a subject that is looked for in other lines.
const LEAST: usize = 4;

/// The same where it is not of Latin letters alone.
const LEAST_CJK: usize = 2;

/// The most messages whose subjects are remembered to be looked for in their other lines.
const REMEMBERED: usize = 10_000;

/// What is to be replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Person,
    MessageId,
    Subject,
}

/// A line with pseudonyms; `subject` is that of its message, where it is known.
#[must_use]
pub fn disguised<'l>(line: &'l str, subject: Option<&str>, by: &dyn Disguise) -> Cow<'l, str> {
    let event = grammar::read(line);
    let mut found = Found::default();
    by_fact(line, &event.fact, &mut found);
    if let Some(kind) = event.kind {
        by_form(line, kind, &mut found);
    }
    let is_keyed = event.kind == Some(&kind::CONSOLIDATED);
    for (from, to) in addresses(line) {
        let text = &line[from..to];
        let own = match text.split_once('=') {
            Some((_, own)) if is_keyed => own.trim_start_matches('\''),
            _ => named(text),
        };
        found.add_address(to - own.len()..to, own);
    }
    if let Some(from) = cut_address(line) {
        found.add(from..line.len(), What::Person);
    }
    // not in what the gateway wrote itself: see the file's head
    if let Some(text) = strangers(line, event.kind) {
        logged_headers(line, text, &mut found);
        if let Some(subject) = subject.filter(|subject| is_telling(subject)) {
            let begin = place(line, text).start;
            for (at, own) in text.match_indices(subject) {
                if stands_alone(text, at..at + own.len()) {
                    found.cover(begin + at..begin + at + own.len());
                }
            }
        }
    }
    found.replaced(line, by)
}

/// The part of a line that strangers or an administrator's filter wrote as they liked.
fn strangers<'l>(line: &'l str, kind: Option<&'static Kind>) -> Option<&'l str> {
    match kind {
        None => Some(line),
        Some(kind) if kind == &kind::CUSTOM_LOG => {
            line.split_once("Custom Log Entry:").map(|(_, text)| text)
        }
        Some(kind) if kind == &kind::DELIVERED => line.find(" [(").map(|place| &line[place..]),
        Some(_) => None,
    }
}

/// Whether a subject is long enough to be looked for, and is no number.
fn is_telling(subject: &str) -> bool {
    let least = if subject.is_ascii() { LEAST } else { LEAST_CJK };
    subject.chars().count() >= least && subject.chars().any(char::is_alphabetic)
}

/// Whether a text does not go on on either side: no letter or digit of the same script there.
fn stands_alone(text: &str, place: Range<usize>) -> bool {
    let is_word = |letter: Option<char>| letter.is_some_and(|one| one.is_ascii_alphanumeric());
    let own = &text[place.clone()];
    let (before, behind) = (&text[..place.start], &text[place.end..]);
    let begins = is_word(own.chars().next()) && is_word(before.chars().next_back());
    let goes_on = is_word(own.chars().next_back()) && is_word(behind.chars().next());
    !(begins || goes_on)
}

/// Headers that hold texts of people, or their names.
const TEXTS: [&str; 14] = [
    "subject",
    "thread-topic",
    "from",
    "to",
    "cc",
    "bcc",
    "reply-to",
    "sender",
    "return-path",
    "comments",
    "keywords",
    "resent-from",
    "resent-to",
    "x-original-to",
];

/// The values of logged headers (E099 of the log grammar): a list of tuples, as Python writes them.
fn logged_headers(line: &str, text: &str, found: &mut Found) {
    let small = text.to_ascii_lowercase();
    for name in TEXTS {
        let key = format!("('{name}', ");
        let mut done = 0;
        for (at, _) in small.match_indices(&key) {
            let begin = at + key.len();
            let quote = text[begin..].chars().next();
            let Some(quote) = quote.filter(|sign| at >= done && "'\"".contains(*sign)) else {
                continue;
            };
            let value = &text[begin + 1..];
            let goes_on = |rest: &str| rest.starts_with("), (") || rest.starts_with(")]");
            let mut ends = value.match_indices(quote);
            let end = ends.find(|(place, _)| goes_on(&value[place + 1..]));
            let end = end.map_or(value.len(), |(place, _)| place);
            found.cover(place(line, &value[..end]));
            done = begin + 1 + end;
        }
    }
}

/// A text of any kind with pseudonyms for the addresses in it.
#[must_use]
pub fn disguised_text<'t>(text: &'t str, by: &dyn Disguise) -> Cow<'t, str> {
    let mut found = Found::default();
    for (from, to) in addresses(text) {
        let own = named(&text[from..to]);
        found.add_address(to - own.len()..to, own);
    }
    found.replaced(text, by)
}

/// An address, or a local part alone, as a pseudonym; its domain stays as it was written.
#[must_use]
pub fn disguised_address(address: &str, by: &dyn Disguise) -> String {
    let local = by.local_part(&canonical(address));
    match split(address) {
        Some((_, sign, domain)) => format!("{local}{sign}{domain}"),
        None => local,
    }
}

/// A `Message-ID` without its angle brackets, as it is kept: one with an `@` gets a pseudonym in
/// front of that.
#[must_use]
pub fn disguised_message_id(id: &str, by: &dyn Disguise) -> String {
    match id.rsplit_once('@') {
        Some((local, domain)) if !local.is_empty() => {
            format!("{}@{domain}", by.message_id(&id.to_lowercase()))
        }
        _ => id.to_owned(),
    }
}

/// A subject as a pseudonym; none stays none.
#[must_use]
pub fn disguised_subject(subject: &str, by: &dyn Disguise) -> String {
    if subject.trim().is_empty() {
        return subject.to_owned();
    }
    by.subject(subject)
}

/// What is to be replaced in a line, none of it twice: where it begins, where it ends.
#[derive(Debug, Default)]
struct Found(BTreeMap<usize, (usize, What)>);

impl Found {
    /// Adds a place; what overlaps an earlier one is left out.
    fn add(&mut self, place: Range<usize>, what: What) {
        let before = self.0.range(..place.end).next_back();
        let is_free = before.is_none_or(|(_, (end, _))| *end <= place.start);
        if !place.is_empty() && is_free {
            self.0.insert(place.start, (place.end, what));
        }
    }

    /// Adds an address, if there is one: a key may be all that stood before the sign.
    fn add_address(&mut self, place: Range<usize>, own: &str) {
        if split(own).is_some_and(|(local, ..)| !local.is_empty()) {
            self.add(place, What::Person);
        }
    }

    /// Adds a text of which nothing is to be left, with all that it overlaps; within an address it
    /// is covered already.
    fn cover(&mut self, mut place: Range<usize>) {
        let before = self.0.range(..place.end).next_back();
        let is_within =
            |(from, (to, _)): (&usize, &(usize, What))| *from <= place.start && place.end <= *to;
        if place.is_empty() || before.is_some_and(is_within) {
            return;
        }
        while let Some((from, (to, _))) = self.0.range(..place.end).next_back()
            && *to > place.start
        {
            let from = *from;
            place = from.min(place.start)..(*to).max(place.end);
            self.0.remove(&from);
        }
        self.0.insert(place.start, (place.end, What::Subject));
    }

    fn replaced<'l>(self, line: &'l str, by: &dyn Disguise) -> Cow<'l, str> {
        if self.0.is_empty() {
            return Cow::Borrowed(line);
        }
        let mut told = String::with_capacity(line.len() + 32);
        let mut done = 0;
        for (from, (to, what)) in self.0 {
            told.push_str(&line[done..from]);
            told.push_str(&match what {
                What::Person => disguised_address(&line[from..to], by),
                What::MessageId => disguised_message_id(&line[from..to], by),
                What::Subject => disguised_subject(&line[from..to], by),
            });
            done = to;
        }
        told.push_str(&line[done..]);
        Cow::Owned(told)
    }
}

/// Where a piece of a line stands in it.
fn place(line: &str, piece: &str) -> Range<usize> {
    let from = (piece.as_ptr() as usize).wrapping_sub(line.as_ptr() as usize);
    if from <= line.len() && from + piece.len() <= line.len() {
        from..from + piece.len()
    } else {
        0..0
    }
}

/// What the typed facts of a line are.
fn by_fact(line: &str, fact: &Fact<'_>, found: &mut Found) {
    match fact {
        Fact::Subject(text) => found.add(place(line, text), What::Subject),
        Fact::MessageId(text) => {
            found.add(place(line, text.trim_matches(['<', '>'])), What::MessageId);
        }
        Fact::Sender { address, .. }
        | Fact::Recipient { address, .. }
        | Fact::RecipientRefusedOnConnection { address, .. } => whole(line, address, found),
        Fact::Ready { sender, .. } => whole(line, sender.unwrap_or_default(), found),
        Fact::RecipientRefused { address, .. }
        | Fact::Delayed { address, .. }
        | Fact::Bounced { address, .. }
        | Fact::Settled { address, .. } => whole(line, address.unwrap_or_default(), found),
        Fact::ConnectionOpened { .. }
        | Fact::ConnectionEnded(_)
        | Fact::ReceivingFailed(_)
        | Fact::Tls(..)
        | Fact::Hat { .. }
        | Fact::SenderRefused(_)
        | Fact::Started { .. }
        | Fact::ReceivingAborted { .. }
        | Fact::Stopped(_)
        | Fact::Finished { .. }
        | Fact::Queued
        | Fact::DeliveryOpened { .. }
        | Fact::DeliveryEnded
        | Fact::DeliveryStart { .. }
        | Fact::Done { .. }
        | Fact::Response { .. }
        | Fact::Quarantine { .. }
        | Fact::Related { .. }
        | Fact::Version { .. }
        | Fact::UtcOffset { .. }
        | Fact::Nothing => {}
    }
}

/// What the fields of a line's form are.
fn by_form(line: &str, kind: &'static Kind, found: &mut Found) {
    let names = |form: &&str| {
        let mut names = PERSONS.iter().chain(&[LIST]);
        names.any(|name| form.contains(&format!("{{{name}")))
    };
    if kind.forms.iter().any(names) {
        for (name, text) in grammar::fields(kind, line) {
            if name == LIST {
                text.split([',', ' '])
                    .for_each(|one| one_person(line, one, found));
            } else if PERSONS.contains(&name) {
                one_person(line, text, found);
            }
        }
    }
    if (kind == &kind::SMTP_AUTH_OK || kind == &kind::SMTP_AUTH_FAILED)
        && let Some((_, user)) = line.split_once("for user: ")
    {
        let user = user.split_once(" using ").map_or(user, |(user, _)| user);
        whole(line, user, found);
    }
    // our own notices may repeat the subject of what they are about
    let behind = if kind == &kind::INTERNAL_MAIL_SENT || kind == &kind::INTERNAL_MAIL_GAVE_UP {
        line.split_once(" with subject ").map(|(_, text)| text)
    } else if kind == &kind::CONSOLIDATED {
        line.split_once(" msg=").map(|(_, text)| value(text))
    } else {
        None
    };
    if let Some(text) = behind {
        found.add(place(line, text), What::Subject);
    }
}

/// A field with several addresses.
const LIST: &str = "addresses";

/// A text that is one address as a whole, whatever stands in it.
fn whole(line: &str, text: &str, found: &mut Found) {
    found.add(
        place(line, text.trim_matches(['<', '>', ' '])),
        What::Person,
    );
}

/// The text in quotes with which a CEF extension goes on: up to the quote behind which the next key
/// comes. Values are not escaped (trap 28 of the log grammar).
fn value(text: &str) -> &str {
    let Some(quote) = text
        .chars()
        .next()
        .filter(|sign| ['\'', '"'].contains(sign))
    else {
        return text;
    };
    let inner = &text[1..];
    let is_key = |rest: &str| {
        // no key is as long as that
        let rest = rest.trim_start_matches(' ');
        let head = &rest[..rest.floor_char_boundary(64)];
        let word = head.split([' ', '=']).next().unwrap_or("");
        rest.is_empty() || (!word.is_empty() && rest[word.len()..].starts_with('='))
    };
    let mut ends = inner.match_indices(quote);
    let end = ends.find(|(at, _)| is_key(&inner[at + 1..]));
    end.map_or(inner, |(at, _)| &inner[..at])
}

/// A field in which one address stands; several are found as addresses are.
fn one_person(line: &str, text: &str, found: &mut Found) {
    let own = text.trim_matches(['<', '>', '\'', ' ']);
    if !own.contains([' ', ',', ';']) {
        found.add(place(line, own), What::Person);
    }
}

/// Where an address begins in which a line was cut: behind a `<` that nothing closes.
fn cut_address(line: &str) -> Option<usize> {
    let from = line.rfind('<')? + 1;
    let rest = &line[from..];
    let own = rest.strip_suffix('@').unwrap_or(rest);
    let is_word = !own.is_empty() && !own.contains(['>', ' ', '@']);
    is_word.then_some(from)
}

/// Disguises the lines of a log as they come.
#[derive(Debug)]
pub(crate) struct Veil {
    by: Arc<dyn Disguise>,
    /// The subjects of the last messages, as logged.
    subjects: HashMap<(ApplianceIndex, u64), String, RandomState>,
    order: VecDeque<(ApplianceIndex, u64)>,
}

impl Veil {
    pub(crate) fn new(by: Arc<dyn Disguise>) -> Self {
        Self {
            by,
            subjects: HashMap::default(),
            order: VecDeque::new(),
        }
    }

    /// A line as it is to be kept.
    pub(crate) fn cover<'l>(&mut self, appliance: ApplianceIndex, line: &'l str) -> Cow<'l, str> {
        let event = grammar::read(line);
        let subject = match event.owner {
            Owner::Message(mid) | Owner::Beside(mid) => {
                self.note(appliance, mid, &event);
                self.subjects.get(&(appliance, mid)).map(String::as_str)
            }
            Owner::Connection(_) | Owner::Delivery(_) | Owner::Appliance => None,
        };
        disguised(line, subject, &*self.by)
    }

    /// A line that is the rest of what a stranger wrote.
    pub(crate) fn cover_all(&self, line: &str) -> String {
        disguised_subject(line, &*self.by)
    }

    fn note(&mut self, appliance: ApplianceIndex, mid: u64, event: &MailEvent<'_>) {
        let Fact::Subject(text) = event.fact else {
            return;
        };
        let key = (appliance, mid);
        if self.subjects.insert(key, text.to_owned()).is_none() {
            self.order.push_back(key);
        }
        while self.order.len() > REMEMBERED {
            if let Some(oldest) = self.order.pop_front() {
                self.subjects.remove(&oldest);
            }
        }
    }
}

#[cfg(test)]
mod tests;
