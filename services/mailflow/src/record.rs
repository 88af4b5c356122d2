//! The records: a message, a connection, a delivery, an appliance event.
//!
//! Each holds its own lines and what they told, merged so that the order in which the lines of
//! one second arrived makes no difference: where two lines tell the same thing differently, the
//! earlier counts, and of one second the longer (the shorter may be cut), then the greater.
//! Every list is bounded ([`MAX_RECIPIENTS`], [`MAX_LINKS`], [`MAX_REMARKS`]); what a list has no
//! room for still stands in the lines, as far as those go. Joining them is reading's business;
//! what they mean is `diagnosis`'s.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use whymid_schemas::Zone;

use crate::assembler::Origin;
use crate::entry::{Added, Entries, Entry};
use crate::family::Tie;

/// The most recipients that one message keeps.
pub const MAX_RECIPIENTS: usize = 10_000;

/// The most MIDs that one connection keeps, and the most DCIDs that one message keeps.
pub const MAX_LINKS: usize = 10_000;

/// The most ends, failures and refused recipients, each, that one connection keeps.
pub const MAX_REMARKS: usize = 2_000;

/// What every record has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Common {
    /// Opaque, URL-safe; assigned when the record was first seen, never computed again.
    pub id: String,
    /// Ids of records that turned out to be this one; they still name it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// The appliance that wrote the lines: its identity, not the name it is shown by.
    pub appliance: String,
    /// Where the appliance's time zone came from when the record was first seen.
    pub zone: Zone,
    /// Stamp of the first line.
    pub first_at: Timestamp,
    /// Stamp of the last line.
    pub last_at: Timestamp,
    /// The journal position of the line that made the record.
    pub born: u64,
    /// The highest journal position merged into the record.
    pub position: u64,
    /// When the newest of its lines was received. Retention counts from here.
    pub received_at: Timestamp,
    /// When the newest of its lines that came live was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub live_at: Option<Timestamp>,
    /// How often the zone that its first stamp is read in had changed.
    #[serde(default)]
    pub zone_epoch: u32,
    /// Its stamps are not all read in one zone: spans between them tell nothing.
    #[serde(default)]
    pub zone_changed: bool,
    /// Its lines.
    pub entries: Entries,
}

/// Which number space a record's id was made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Space {
    Message,
    Connection,
    Delivery,
    Event,
}

impl Common {
    pub(crate) fn new(space: Space, number: u64, origin: Origin<'_>, first: &Entry) -> Self {
        Self {
            id: assign_id(space, number, origin.name, first),
            aliases: Vec::new(),
            appliance: origin.name.to_owned(),
            zone: origin.zone,
            first_at: first.at,
            last_at: first.at,
            born: first.position,
            position: 0,
            received_at: origin.now,
            live_at: None,
            zone_epoch: first.zone_epoch,
            zone_changed: false,
            entries: Entries::default(),
        }
    }

    /// Of a record that another one of its number held lines of.
    pub(crate) fn parted(space: Space, number: u64, older: &Self, first: &Entry) -> Self {
        Self {
            id: assign_id(space, number, &older.appliance, first),
            aliases: Vec::new(),
            first_at: first.at,
            last_at: first.at,
            born: first.position,
            position: 0,
            zone_epoch: first.zone_epoch,
            zone_changed: false,
            entries: Entries::default(),
            ..older.clone()
        }
    }

    /// Whether a line is in already, from that very place in the journal: a replay brings it
    /// once more. Where lines have spilled, the position alone tells.
    pub(crate) fn has_merged(&self, line: &Entry) -> bool {
        line.position <= self.position && (self.entries.spilled > 0 || self.entries.holds(line))
    }

    /// Adds a line, and says whether it says something new.
    pub(crate) fn add(&mut self, entry: Entry, received_at: Timestamp) -> Added {
        self.first_at = self.first_at.min(entry.at);
        self.last_at = self.last_at.max(entry.at);
        self.born = self.born.min(entry.position);
        self.position = self.position.max(entry.position);
        self.received_at = self.received_at.max(received_at);
        self.zone_changed |= entry.zone_epoch != self.zone_epoch;
        self.entries.add(entry)
    }

    /// Takes another id: the one that it was given is another record's, whose first line had the
    /// same stamp.
    pub(crate) fn take_another_id(&mut self) {
        let prefix = self.id.chars().next().unwrap_or('x');
        self.id = hashed(prefix, &self.id);
    }

    /// Whether it goes by that id.
    #[must_use]
    pub fn goes_by(&self, id: &str) -> bool {
        self.id == id || self.aliases.iter().any(|alias| alias == id)
    }

    pub(crate) fn measure_span(&mut self) {
        if let (Some(first), Some(last)) = (self.entries.lines.first(), self.entries.lines.last()) {
            (self.first_at, self.last_at) = (first.at, last.at);
        }
    }
}

/// Puts one into a sorted list, unless it is there or the list is full.
pub(crate) fn put<T: Ord>(list: &mut Vec<T>, one: T, most: usize) {
    if list.len() < most
        && let Err(place) = list.binary_search(&one)
    {
        list.insert(place, one);
    }
}

/// The hash of appliance, number and first stamp as written (without one, the first line's
/// position): opaque, 96 bits, URL-safe. An appliance event has no number but its moment and its
/// words, so that the same event is the same again, whichever way its line came.
pub(crate) fn assign_id(space: Space, number: u64, appliance: &str, first: &Entry) -> String {
    let stamp = match (space, first.stamp.as_str()) {
        (Space::Event, _) => format!("{}\0{}", first.at.as_second(), first.line),
        (Space::Message | Space::Connection | Space::Delivery, "") => {
            format!("#{}", first.position)
        }
        (Space::Message | Space::Connection | Space::Delivery, stamp) => stamp.to_owned(),
    };
    let prefix = match space {
        Space::Message => 'm',
        Space::Connection => 'c',
        Space::Delivery => 'd',
        Space::Event => 'e',
    };
    hashed(prefix, &format!("{prefix}\0{appliance}\0{number}\0{stamp}"))
}

fn hashed(prefix: char, of: &str) -> String {
    let digest = Sha256::digest(of);
    digest[..12]
        .iter()
        .fold(String::from(prefix), |mut id, byte| {
            let _ = write!(id, "{byte:02x}");
            id
        })
}

/// What one MID on one appliance stands for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Id, appliance, times, lines.
    pub common: Common,
    /// The message id.
    pub mid: u64,
    /// The connection it came by; `None` for ICID 0 or when no line named one. Which record of
    /// that number it is, is found when the two are read: `join.rs`.
    pub icid: Option<u64>,
    /// Stamp of `Start MID`.
    pub started_at: Option<Timestamp>,
    /// MAIL FROM, empty for `<>`.
    pub sender: Option<String>,
    /// Envelope sender as `ready` tells it.
    pub ready_sender: Option<String>,
    /// The recipients that lines named: by RID, then the refused ones.
    pub recipients: Vec<Recipient>,
    /// Stamp of the last accepted recipient.
    pub last_recipient_at: Option<Timestamp>,
    /// The `Message-ID` header.
    pub message_id: Option<String>,
    /// The `Subject` header, as logged.
    pub subject: Option<String>,
    /// Stamp of `ready`: the gateway has taken the message.
    pub ready_at: Option<Timestamp>,
    /// Size by `ready`.
    pub size: Option<u64>,
    /// Receiving ended without acceptance.
    pub receiving_aborted: Option<ReceivingAbort>,
    /// Something of ours stopped it: the reason as logged.
    pub stopped: Option<String>,
    /// Stamp of `queued for delivery`.
    pub queued_at: Option<Timestamp>,
    /// `Message finished`.
    pub finished: Option<Finish>,
    /// How often a line named a recipient for whom there was no room; of one line, the first
    /// 10,000 count.
    #[serde(default)]
    pub recipients_left_out: u64,
    /// The delivery connections used.
    pub dcids: Vec<u64>,
    /// The quarantines that it was in, by name; those that lines named without one have none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quarantines: Vec<Stay>,
    /// The other messages of its family that its own lines name, by MID (`family.rs`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ties: Vec<Tie>,
}

/// A message's stay in a quarantine, as far as lines tell; the latest, if there were several.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Stay {
    /// The quarantine's name; `None` for all of them, or the spam quarantine.
    pub name: Option<String>,
    /// When it was put there.
    pub held_at: Option<Timestamp>,
    /// When it was let go.
    pub released_at: Option<Timestamp>,
    /// When it was deleted there.
    pub deleted_at: Option<Timestamp>,
}

impl Stay {
    /// Whether it is still there, as far as that quarantine's own lines tell, and those that name
    /// all quarantines.
    pub(crate) fn lasts(&self, released_at: Option<Timestamp>) -> bool {
        let let_go = self.released_at.max(released_at);
        self.deleted_at.is_none() && self.held_at.is_some() && self.held_at > let_go
    }
}

/// Where a message stands with its quarantines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// In none, or let go by all.
    No,
    /// In one at least.
    Yes,
    /// Deleted in one: it is never delivered.
    Deleted,
}

/// `Message aborted … Receiving aborted`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceivingAbort {
    /// When.
    pub at: Timestamp,
    /// `by sender`.
    pub by_sender: bool,
}

/// `Message finished`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finish {
    /// When.
    pub at: Timestamp,
    /// `aborted`, not `done`.
    pub aborted: bool,
}

/// One recipient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recipient {
    /// Its RID; `None` for one that was refused.
    pub rid: Option<u32>,
    /// Its address; `None` where only its RID was seen.
    pub address: Option<String>,
    /// What became of it.
    pub fate: Fate,
    /// When that was.
    pub at: Timestamp,
    /// The next hop's words after a delivery.
    pub response: Option<String>,
}

/// What became of a recipient, as far as its own lines tell.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Fate {
    /// Nothing settled yet.
    Accepted,
    /// The last attempt was delayed; the answer in one line.
    Delayed(String),
    /// Perhaps delivered: the next hop was not heard to the end.
    PerhapsDelivered,
    /// Refused before acceptance: by what.
    Refused(String),
    /// Handed to the external spam quarantine.
    Quarantined,
    /// Dropped by something of ours, before delivery: by what.
    Dropped(String),
    /// Undeliverable for good; the answer in one line.
    Bounced(String),
    /// Delivered.
    Delivered,
}

impl Fate {
    /// Whether nothing further will happen to the recipient here.
    fn is_final(&self) -> bool {
        match self {
            Self::Accepted | Self::Delayed(_) | Self::PerhapsDelivered => false,
            Self::Refused(_)
            | Self::Quarantined
            | Self::Dropped(_)
            | Self::Bounced(_)
            | Self::Delivered => true,
        }
    }
}

impl Recipient {
    pub(crate) fn fresh(
        rid: Option<u32>,
        address: Option<String>,
        fate: Fate,
        at: Timestamp,
    ) -> Self {
        Self {
            rid,
            address,
            fate,
            at,
            response: None,
        }
    }

    /// Its place among the refused ones, which stand behind all that have a RID.
    pub(crate) fn key(&self) -> impl Ord + '_ {
        (
            self.rid.is_none(),
            self.rid,
            self.at,
            self.address.as_deref(),
            &self.fate,
        )
    }

    /// Takes over a fate if it outweighs the held one: a final one outweighs, then the later,
    /// then (within a second) the weightier; so the order of arrival makes no difference.
    /// `Accepted` outweighs nothing.
    pub(crate) fn settle(&mut self, fate: Fate, at: Timestamp) {
        let weight = |fate: &Fate| (fate.is_final(), *fate != Fate::Accepted);
        if fate == Fate::Accepted {
            return;
        }
        if (weight(&fate), at, &fate) > (weight(&self.fate), self.at, &self.fate) {
            self.fate = fate;
            self.at = at;
        }
    }
}

/// One inbound connection (ICID).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Connection {
    /// Id, appliance, times, lines.
    pub common: Common,
    /// The injection connection id.
    pub icid: u64,
    /// `New SMTP ICID`.
    pub opened: Option<Opening>,
    /// The HAT's decision.
    pub hat: Option<Hat>,
    /// What became of STARTTLS.
    pub tls: Option<Tls>,
    /// How it ended: every line that says so.
    pub ends: Vec<End>,
    /// `Receiving Failed:`, with the reason.
    pub failures: Vec<(Timestamp, String)>,
    /// MAIL FROM was refused before a MID: the reason.
    pub sender_refused: Option<String>,
    /// Recipients refused on the connection alone.
    pub refused: Vec<(String, String)>,
    /// The MIDs it carried, by number; known when it is read (`join.rs`), not stored.
    #[serde(skip)]
    pub mids: Vec<u64>,
    /// Those that were accepted, and when; likewise.
    #[serde(skip)]
    pub accepted: Vec<(u64, Timestamp)>,
}

/// `New SMTP ICID`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// When.
    pub at: Timestamp,
    /// Interface name.
    pub interface: String,
    /// The listener's address.
    pub listener: Option<String>,
    /// The peer's address.
    pub peer: String,
    /// Its PTR name.
    pub host: Option<String>,
    /// Whether forward and reverse DNS agree.
    pub verified: Option<bool>,
}

/// The HAT's decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hat {
    /// ACCEPT, RELAY, REJECT, TCPREFUSE, …
    pub action: String,
    /// Sender group.
    pub group: String,
    /// What matched.
    pub matched: String,
    /// Reputation score as logged.
    pub score: String,
}

/// What became of STARTTLS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tls {
    /// When.
    pub at: Timestamp,
    /// `success`, `failed` or `required`.
    pub outcome: String,
    /// Protocol and cipher, or the reason.
    pub detail: String,
}

/// One line that ends a connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct End {
    /// When.
    pub at: Timestamp,
    /// `close`, `lost`, `timeout`, `max_time`, `disconnected` or `killed`.
    pub how: String,
}

/// One outbound connection (DCID).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// Id, appliance, times, lines.
    pub common: Common,
    /// The delivery connection id.
    pub dcid: u64,
    /// The next hop's address.
    pub peer: Option<String>,
    /// Its port.
    pub port: Option<u16>,
    /// Stamp of `New SMTP DCID`.
    pub opened_at: Option<Timestamp>,
    /// Stamp of its end.
    pub ended_at: Option<Timestamp>,
}

/// A line that belongs to no message, connection or delivery.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApplianceEvent {
    /// Id, appliance, the one line.
    pub common: Common,
    /// The MID that a line of another log is about (`join.rs`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<u64>,
}
