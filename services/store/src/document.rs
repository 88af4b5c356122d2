//! A record to an index document, and back.

use serde::{Deserialize, Serialize};
use tantivy::TantivyDocument;
use tantivy::schema::Value;
use whymid_diagnosis::Facets;
use whymid_mailflow::{
    ApplianceEvent, ApplianceMemory, Common, Connection, Delivery, Message, Recipient,
};

use crate::filter::{Own, Peer, View};
use crate::schema::Fields;
use crate::search::tie;

/// Any record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Record {
    /// A message.
    Message(Box<Message>),
    /// A connection.
    Connection(Box<Connection>),
    /// A delivery.
    Delivery(Box<Delivery>),
    /// A line of nobody's.
    Event(Box<ApplianceEvent>),
}

/// What kind a record is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RecordKind {
    /// A message.
    Message,
    /// A connection.
    Connection,
    /// A delivery.
    Delivery,
    /// An appliance event.
    Event,
}

impl RecordKind {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Connection => "connection",
            Self::Delivery => "delivery",
            Self::Event => "event",
        }
    }
}

impl Record {
    /// What every record has.
    #[must_use]
    pub fn common(&self) -> &Common {
        match self {
            Self::Message(one) => &one.common,
            Self::Connection(one) => &one.common,
            Self::Delivery(one) => &one.common,
            Self::Event(one) => &one.common,
        }
    }

    pub(crate) fn common_mut(&mut self) -> &mut Common {
        match self {
            Self::Message(one) => &mut one.common,
            Self::Connection(one) => &mut one.common,
            Self::Delivery(one) => &mut one.common,
            Self::Event(one) => &mut one.common,
        }
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.common().id
    }

    /// Its appliance.
    #[must_use]
    pub fn appliance(&self) -> &str {
        &self.common().appliance
    }

    /// Stamp of its first line.
    #[must_use]
    pub fn start(&self) -> jiff::Timestamp {
        self.common().first_at
    }
}

impl Record {
    /// With the id that follows from what it says by now: that of an event is made from its line.
    #[must_use]
    pub(crate) fn named_anew(self) -> Self {
        match self {
            Self::Event(one) => {
                let line = one.entry().map(|entry| entry.line.clone());
                Self::Event(Box::new(one.saying(&line.unwrap_or_default())))
            }
            Self::Message(_) | Self::Connection(_) | Self::Delivery(_) => self,
        }
    }

    /// The message, if it is one.
    #[must_use]
    pub fn into_message(self) -> Option<Message> {
        match self {
            Self::Message(one) => Some(*one),
            Self::Connection(_) | Self::Delivery(_) | Self::Event(_) => None,
        }
    }

    /// The connection, if it is one.
    #[must_use]
    pub fn into_connection(self) -> Option<Connection> {
        match self {
            Self::Connection(one) => Some(*one),
            Self::Message(_) | Self::Delivery(_) | Self::Event(_) => None,
        }
    }

    /// It, looked at.
    #[must_use]
    pub fn view(&self) -> View<'_> {
        match self {
            Self::Message(one) => View::Message(one),
            Self::Connection(one) => View::Connection(one),
            Self::Delivery(one) => View::Delivery(one),
            Self::Event(one) => View::Event(one),
        }
    }

    /// The appliance event, if it is one.
    #[must_use]
    pub fn into_event(self) -> Option<ApplianceEvent> {
        match self {
            Self::Event(one) => Some(*one),
            Self::Message(_) | Self::Connection(_) | Self::Delivery(_) => None,
        }
    }

    /// The delivery, if it is one.
    #[must_use]
    pub fn into_delivery(self) -> Option<Delivery> {
        match self {
            Self::Delivery(one) => Some(*one),
            Self::Message(_) | Self::Connection(_) | Self::Event(_) => None,
        }
    }
}

/// A record as it is written, with the diagnosis of that moment.
#[derive(Clone, Debug)]
pub struct Document {
    /// The record.
    pub record: Record,
    /// Diagnosis, outcome, party: for messages and connections.
    pub facets: Option<Facets>,
    /// Who sent it, for a message.
    pub peer: Peer,
    /// A message with what its family tells of it: it is found by that, too.
    pub told: Option<Box<Message>>,
}

pub(crate) fn to_tantivy(document: &Document, f: &Fields) -> serde_json::Result<TantivyDocument> {
    let mut doc = TantivyDocument::default();
    let record = &document.record;
    let common = record.common();
    doc.add_text(f.id, &common.id);
    for alias in &common.aliases {
        doc.add_text(f.id, alias);
    }
    doc.add_u64(f.tie, tie(&common.id));
    doc.add_text(f.kind, record.view().kind().word());
    doc.add_text(f.appliance, &common.appliance);
    doc.add_i64(f.start, common.first_at.as_microsecond());
    doc.add_i64(f.end, common.last_at.as_microsecond());
    doc.add_u64(f.position, common.position);
    doc.add_i64(f.received, common.received_at.as_microsecond());
    doc.add_bytes(f.record, &serde_json::to_vec(record)?);
    let told = document.told.as_deref().map(View::Message);
    own(told.unwrap_or(record.view()), f, &mut doc);
    match record {
        Record::Message(one) => {
            message(one, &document.peer, f, &mut doc);
            let told = document.told.as_deref().and_then(|told| told.icid);
            if let Some(elders) = told.filter(|icid| one.icid != Some(*icid)) {
                doc.add_u64(f.elders_icid, elders);
            }
        }
        Record::Connection(one) => {
            if let Some(hat) = &one.hat {
                doc.add_text(f.sender_group, &hat.group);
            }
        }
        Record::Delivery(_) | Record::Event(_) => {}
    }
    for line in record.view().telling() {
        doc.add_text(f.lines, line);
    }
    if let Some(facets) = &document.facets {
        doc.add_text(f.outcome, facets.outcome.word());
        doc.add_text(f.custody, facets.custody.word());
        doc.add_text(f.diagnosis, &facets.diagnosis);
        doc.add_text(f.kb_version, &facets.kb_version);
        for party in &facets.party {
            doc.add_text(f.party, party.word());
        }
    }
    Ok(doc)
}

/// What the record's own fields say, with what its family adds.
fn own(record: View<'_>, f: &Fields, doc: &mut TantivyDocument) {
    let own = Own::of(record);
    for (field, numbers) in [(f.mid, own.mid), (f.icid, own.icid), (f.dcid, own.dcid)] {
        for number in numbers {
            doc.add_u64(field, number);
        }
    }
    for (field, texts) in [
        (f.sender_domain, domains(&own.sender)),
        (f.recipient_domain, domains(&own.recipient)),
        (f.message_id, own.message_id),
        (f.sender, own.sender),
        (f.recipient, own.recipient),
        (f.host, own.host),
        (f.ip, own.ip),
    ] {
        for text in texts {
            doc.add_text(field, text);
        }
    }
    if let Some(subject) = record.subject() {
        doc.add_text(f.subject, subject);
    }
    if let View::Message(one) = record {
        doc.add_u64(f.domains, domains_of(one));
    }
}

/// The domains that a message's recipients are of; those that nobody told are one more.
fn domains_of(message: &Message) -> u64 {
    let own = Own::of(View::Message(message));
    let is_unknown = |one: &Recipient| one.address.as_ref().is_none_or(|own| !own.contains('@'));
    let unknown = message.recipients_left_out > 0 || message.recipients.iter().any(is_unknown);
    domains(&own.recipient).len() as u64 + u64::from(unknown)
}

/// The domains of addresses, each once.
fn domains(addresses: &[String]) -> Vec<String> {
    let domains = addresses.iter().filter_map(|one| one.rsplit_once('@'));
    let mut domains: Vec<String> = domains.map(|(_, domain)| domain.to_owned()).collect();
    domains.sort_unstable();
    domains.dedup();
    domains
}

/// What a message has beside its own fields: its kin, and who sent it.
fn message(one: &Message, peer: &Peer, f: &Fields, doc: &mut TantivyDocument) {
    if let Some(ready) = one.ready_at {
        doc.add_i64(f.ready, ready.as_microsecond());
    }
    let mut kin: Vec<u64> = one.ties.iter().map(|tie| tie.mid).collect();
    kin.dedup();
    for mid in kin {
        doc.add_u64(f.kin, mid);
    }
    for (field, text) in [(f.host, &peer.host), (f.ip, &peer.ip)] {
        if let Some(text) = text {
            doc.add_text(field, text);
        }
    }
}

/// The kind of the documents that hold what is remembered of an appliance.
pub(crate) const MEMORY: &str = "appliance";

/// The id of such a document.
pub(crate) fn memory_id(memory: &ApplianceMemory) -> String {
    format!("a:{}", memory.identity)
}

pub(crate) fn memory_to_tantivy(
    memory: &ApplianceMemory,
    f: &Fields,
) -> serde_json::Result<TantivyDocument> {
    let mut doc = TantivyDocument::default();
    doc.add_text(f.id, memory_id(memory));
    doc.add_text(f.kind, MEMORY);
    doc.add_bytes(f.record, &serde_json::to_vec(memory)?);
    Ok(doc)
}

pub(crate) fn from_tantivy<T: for<'de> Deserialize<'de>>(
    doc: &TantivyDocument,
    f: &Fields,
) -> Option<T> {
    serde_json::from_slice(&record_bytes(doc, f)?).ok()
}

/// A record as it stands in its document.
pub(crate) fn record_bytes(doc: &TantivyDocument, f: &Fields) -> Option<Vec<u8>> {
    let bytes = tantivy::Document::get_sorted_field_values(doc)
        .into_iter()
        .find(|(field, _)| *field == f.record)
        .and_then(|(_, values)| values.into_iter().next())?;
    bytes.as_bytes().map(<[u8]>::to_vec)
}
