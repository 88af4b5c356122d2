//! A message's story line by line, joined with its connection and its deliveries.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{ConnectionSummary, Kinship, Level, MessageSummary, Outcome, Time};

/// A message, its connection, its deliveries, and every line of theirs in order of time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MessageTimeline {
    /// The message.
    pub message: MessageSummary,
    /// The connection it came by, where its lines were seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<ConnectionSummary>,
    /// The delivery connections it left by.
    pub deliveries: Vec<Delivery>,
    /// How the messages of its family hang together: splits, rewrites, copies, bounces, what came
    /// back from a quarantine.
    pub family: Vec<Kin>,
    /// The lines, oldest first.
    pub entries: Vec<Entry>,
    /// Lines that are not shown because the record had reached its bound.
    pub spilled: u64,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// Up to which moment the log of this appliance is known here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub complete_up_to: Option<Time>,
}

/// Two messages of a family: the younger one and the one that it is from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Kin {
    /// The younger one's MID.
    pub mid: u64,
    /// The MID that it is from.
    pub from_mid: u64,
    /// How the younger one came from it.
    pub how: Kinship,
    /// When.
    pub at: Time,
    /// The younger one's id; absent where its lines were never seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its permalink.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The id of the one that it is from; absent where its lines were never seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_id: Option<String>,
    /// The younger one's own outcome, as its own lines tell it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}

/// One line of a timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Entry {
    /// Its place in the timeline, counted from 0.
    pub entry: usize,
    /// When, resolved.
    pub at: Time,
    /// The stamp as the gateway wrote it; empty when it had none.
    pub stamp: String,
    /// Its level word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// The kind of event; absent for a line that is not understood.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Whose line it is: `message`, `connection`, `delivery`, `family` (another message's of its
    /// family) or `other_log` (another log's of the gateway, about it).
    pub of: String,
    /// The line as logged, from behind the level word, untouched.
    pub line: String,
    /// How often one source held this line within the second.
    pub copies: u32,
    /// Whether the line came cut.
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub cut: bool,
}

/// A connection, refused ones included, with its lines.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ConnectionTimeline {
    /// The connection.
    pub connection: ConnectionSummary,
    /// Its own lines, oldest first; those of the messages that it carried stand in theirs.
    pub entries: Vec<Entry>,
    /// Lines that are not shown because the record had reached its bound.
    pub spilled: u64,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// Up to which moment the log of this appliance is known here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub complete_up_to: Option<Time>,
}

/// A delivery connection (DCID) that a message used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Delivery {
    /// The gateway's delivery connection id.
    pub dcid: u64,
    /// The next hop's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// The next hop's port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Stamp of its first line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<Time>,
    /// Stamp of the line that ended it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Time>,
}
