//! An answer to the cause that it is an occurrence of: what occurrences have in common, hashed.

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use whymid_schemas::{Answer, Dedup, MessageSummary};

/// What an answer is about, as causes are told apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct About {
    /// The base of keys: what makes two occurrences one cause.
    pub(crate) base: String,
    /// What they have in common, for people: `ns.example.com`.
    pub(crate) common: Vec<String>,
}

impl About {
    /// Of an answer, by what the subscription says.
    pub(crate) fn of(subscription: &str, answer: &Answer, dedup: &[Dedup]) -> Self {
        let mut hash = Sha256::new();
        let mut add = |word: &str, value: &str| {
            // lengths first: no two lists of parts are one text
            for part in [word, value] {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part);
            }
        };
        add("subscription", subscription);
        let mut common = Vec::new();
        for by in dedup {
            let (word, value) = part(answer, *by);
            add(word, &value.to_lowercase());
            if *by != Dedup::Diagnosis && !common.contains(&value) {
                common.push(value);
            }
        }
        Self {
            base: hex(&hash.finalize()),
            common,
        }
    }
}

/// The key of one life of a cause: what comes back after its ticket was closed for good has another.
pub(crate) fn key(base: &str, generation: u32) -> String {
    let hash = Sha256::digest(format!("{base}.{generation}"));
    format!("wm-{}", &hex(&hash)[..16])
}

/// The number of a life that begins now, see [`key`].
pub(crate) fn life(now: Timestamp) -> u32 {
    u32::try_from(now.as_second()).unwrap_or_default()
}

/// The hash of parts that belong together.
pub(crate) fn hashed(parts: &[&str]) -> String {
    hex(&Sha256::digest(parts.join("\0")))
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn part(answer: &Answer, by: Dedup) -> (&'static str, String) {
    let message = answer.message.as_ref();
    match by {
        Dedup::Diagnosis => ("diagnosis", answer.diagnosis.id.clone()),
        Dedup::Grouping => {
            let grouping = &answer.diagnosis.grouping;
            let value = grouping.value.clone();
            (
                grouping.by.word(),
                value.unwrap_or_else(|| appliance(answer)),
            )
        }
        Dedup::Appliance => ("appliance", appliance(answer)),
        Dedup::Host => ("host", host(answer)),
        Dedup::SenderDomain => {
            let sender = message.and_then(|one| one.sender.as_deref());
            ("sender_domain", domain(sender))
        }
        Dedup::RecipientDomain => {
            let recipient = message.and_then(deciding);
            ("recipient_domain", domain(recipient))
        }
        Dedup::Record => ("record", record(answer).to_owned()),
    }
}

/// The first recipient that fared as the message is said to have.
fn deciding(message: &MessageSummary) -> Option<&str> {
    let of_it = |outcome| {
        let mut recipients = message.recipients.iter();
        recipients.find(move |one| one.outcome == outcome)
    };
    let found = of_it(message.outcome).or_else(|| message.recipients.first());
    found.and_then(|one| one.address.as_deref())
}

fn domain(address: Option<&str>) -> String {
    match address {
        Some(address) => {
            let (_, domain) = address.rsplit_once('@').unwrap_or(("", "<>"));
            domain.to_owned()
        }
        None => "-".to_owned(),
    }
}

/// The appliance that an answer is about.
pub(crate) fn appliance(answer: &Answer) -> String {
    let message = answer.message.as_ref().map(|one| &one.appliance);
    let connection = answer.connection.as_ref().map(|one| &one.appliance);
    message.or(connection).cloned().unwrap_or_default()
}

fn host(answer: &Answer) -> String {
    let message = answer.message.as_ref();
    let message = message.and_then(|one| one.host.as_ref().or(one.ip.as_ref()));
    let connection = answer.connection.as_ref();
    let connection = connection.and_then(|one| one.host.as_ref().or(one.ip.as_ref()));
    let host = message.or(connection).cloned();
    host.unwrap_or_else(|| appliance(answer))
}

/// The id of the message or connection that an answer is about.
pub(crate) fn record(answer: &Answer) -> &str {
    let message = answer.message.as_ref().map(|one| one.id.as_str());
    let connection = answer.connection.as_ref().map(|one| one.id.as_str());
    message.or(connection).unwrap_or_default()
}
