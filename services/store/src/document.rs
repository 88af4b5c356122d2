//! A record to an index document, and back.

use serde::{Deserialize, Serialize};
use tantivy::TantivyDocument;
use tantivy::schema::Value;
use whymid_diagnosis::Facets;
use whymid_mailflow::{
    ApplianceEvent, ApplianceMemory, Common, Connection, Delivery, Entries, Entry, Message,
};

use crate::schema::Fields;

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
}

pub(crate) fn to_tantivy(document: &Document, f: &Fields) -> serde_json::Result<TantivyDocument> {
    let mut doc = TantivyDocument::default();
    let record = &document.record;
    let common = record.common();
    doc.add_text(f.id, &common.id);
    for alias in &common.aliases {
        doc.add_text(f.id, alias);
    }
    doc.add_text(f.appliance, &common.appliance);
    doc.add_i64(f.start, common.first_at.as_microsecond());
    doc.add_i64(f.end, common.last_at.as_microsecond());
    doc.add_u64(f.position, common.position);
    doc.add_i64(f.received, common.received_at.as_microsecond());
    doc.add_bytes(f.record, &serde_json::to_vec(record)?);
    match record {
        Record::Message(one) => message(one, f, &mut doc),
        Record::Connection(one) => connection(one, f, &mut doc),
        Record::Delivery(one) => delivery(one, f, &mut doc),
        Record::Event(one) => event(one, f, &mut doc),
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

fn message(one: &Message, f: &Fields, doc: &mut TantivyDocument) {
    doc.add_text(f.kind, RecordKind::Message.word());
    doc.add_u64(f.mid, one.mid);
    if let Some(ready) = one.ready_at {
        doc.add_i64(f.ready, ready.as_microsecond());
    }
    if let Some(icid) = one.icid {
        doc.add_u64(f.icid, icid);
    }
    for dcid in &one.dcids {
        doc.add_u64(f.dcid, *dcid);
    }
    let mut kin: Vec<u64> = one.ties.iter().map(|tie| tie.mid).collect();
    kin.dedup();
    for mid in kin {
        doc.add_u64(f.kin, mid);
    }
    if let Some(sender) = one.envelope_sender() {
        doc.add_text(f.sender, sender.to_lowercase());
    }
    for address in one
        .recipients
        .iter()
        .filter_map(|one| one.address.as_deref())
    {
        doc.add_text(f.recipient, address.to_lowercase());
    }
    if let Some(message_id) = &one.message_id {
        doc.add_text(f.message_id, message_id.trim_matches(['<', '>']));
    }
    if let Some(subject) = &one.subject {
        doc.add_text(f.subject, subject);
    }
    lines(&one.common.entries, f, doc);
}

fn connection(one: &Connection, f: &Fields, doc: &mut TantivyDocument) {
    doc.add_text(f.kind, RecordKind::Connection.word());
    doc.add_u64(f.icid, one.icid);
    if let Some(opened) = &one.opened {
        doc.add_text(f.ip, &opened.peer);
        if let Some(host) = &opened.host {
            doc.add_text(f.host, host.to_lowercase());
        }
    }
    if let Some(hat) = &one.hat {
        doc.add_text(f.sender_group, &hat.group);
    }
    lines(&one.common.entries, f, doc);
}

fn delivery(one: &Delivery, f: &Fields, doc: &mut TantivyDocument) {
    doc.add_text(f.kind, RecordKind::Delivery.word());
    doc.add_u64(f.dcid, one.dcid);
    if let Some(peer) = &one.peer {
        doc.add_text(f.ip, peer);
    }
    lines(&one.common.entries, f, doc);
}

fn event(one: &ApplianceEvent, f: &Fields, doc: &mut TantivyDocument) {
    doc.add_text(f.kind, RecordKind::Event.word());
    if let Some(mid) = one.about {
        doc.add_u64(f.mid, mid);
    }
    if let Some(entry) = one.entry() {
        doc.add_text(f.lines, &entry.line);
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

/// Words are taken from lines that tell why, and from lines that nobody understands.
fn lines(entries: &Entries, f: &Fields, doc: &mut TantivyDocument) {
    let telling = |entry: &&Entry| entry.kind.0.is_none_or(|kind| kind.diagnostic);
    for entry in entries.lines.iter().filter(telling) {
        doc.add_text(f.lines, &entry.line);
    }
}

pub(crate) fn from_tantivy<T: for<'de> Deserialize<'de>>(
    doc: &TantivyDocument,
    f: &Fields,
) -> Option<T> {
    let bytes = tantivy::Document::get_sorted_field_values(doc)
        .into_iter()
        .find(|(field, _)| *field == f.record)
        .and_then(|(_, values)| values.into_iter().next())?;
    serde_json::from_slice(bytes.as_bytes()?).ok()
}
