//! What the service tells of itself.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Time;

/// `GET /v1/status`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Status {
    /// The product's version.
    pub version: String,
    /// The knowledge base's version.
    pub kb_version: String,
    /// Seconds since the start.
    pub uptime_seconds: u64,
    /// Whether the journal's replay is done.
    pub ready: bool,
    /// What is listened on.
    pub listeners: Vec<Listener>,
    /// How full the way is.
    pub queues: Vec<Queue>,
    /// What came of the lines.
    pub lines: Lines,
    /// Bytes of the journal on disk.
    pub journal_bytes: u64,
    /// Bytes of the index on disk.
    pub index_bytes: u64,
    /// Documents in the index.
    pub index_documents: u64,
    /// First stamp of the oldest message kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oldest_message: Option<Time>,
    /// First stamp of the newest message kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest_message: Option<Time>,
    /// Newest stamp up to which every appliance's lines are answered for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub complete_up_to: Option<Time>,
}

/// One bound address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Listener {
    /// `http`, `syslog-udp` or `syslog-tcp`.
    pub name: String,
    /// Address and port.
    pub address: String,
}

/// One bounded queue of the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Queue {
    /// Which.
    pub name: String,
    /// Items waiting.
    pub depth: u64,
    /// Items it can hold.
    pub capacity: u64,
}

/// What came of the lines since the start, the replayed ones included.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Lines {
    /// Received by a listener since the start.
    pub received: u64,
    /// On disk since the start.
    pub accepted: u64,
    /// Read again from the journal at the start.
    pub replayed: u64,
    /// Kept with a message, a connection or a delivery.
    pub attached: u64,
    /// Kept as appliance events.
    pub events: u64,
    /// Understood as a named kind.
    pub understood: u64,
    /// `understood` as a share of all lines handled, 0 to 1; absent before the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share_understood: Option<f64>,
}
