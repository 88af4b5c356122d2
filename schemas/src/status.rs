//! What the service tells of itself.

use std::collections::BTreeMap;

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
    /// The newest suspected gaps, at most 50, newest first.
    pub suspected_gaps: Vec<SuspectedGap>,
    /// Records that are in memory now: active, or written and not yet readable.
    pub in_memory: RecordsInMemory,
    /// Messages that are written and whose families are still to be looked at: what filters and
    /// statistics tell of them may change.
    pub unsettled: u64,
    /// Whether addresses and subjects are kept as pseudonyms.
    pub pseudonyms: bool,
    /// How long things are kept, and what that has come to.
    pub retention: Retained,
}

/// Records in memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecordsInMemory {
    /// Messages.
    pub messages: u64,
    /// Connections.
    pub connections: u64,
    /// Deliveries.
    pub deliveries: u64,
    /// Appliance events.
    pub events: u64,
    /// Bytes that they take, about.
    pub bytes: u64,
    /// Bytes that they may take: beyond it no line is taken until some have been written.
    pub limit_bytes: u64,
}

/// What is kept, and for how long.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Retained {
    /// Records: messages, connections, deliveries, appliance events.
    pub records: Kept,
    /// Raw lines that have left the journal, compressed; what is removed is counted in segments.
    pub raw: Kept,
}

/// One kind of what is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Kept {
    /// Seconds after the last line was received; absent without a limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age_seconds: Option<u64>,
    /// Bytes on disk; absent without a limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<u64>,
    /// Bytes on disk now.
    pub bytes: u64,
    /// When the oldest that is kept was received.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oldest_received_at: Option<Time>,
    /// Removed since the start.
    pub removed: u64,
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
    /// The same by AsyncOS release, as the appliances told it; `unknown` for those that did not.
    pub by_release: Vec<ReleaseLines>,
    /// Lines handled by kind of event, `unknown` for those not understood; see `whymid events`.
    pub by_kind: BTreeMap<String, u64>,
}

/// What came of the lines of one AsyncOS release.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ReleaseLines {
    /// `15.0`; `unknown` where no line told.
    pub release: String,
    /// Lines handled since the start.
    pub lines: u64,
    /// Understood as a named kind.
    pub understood: u64,
    /// `understood` as a share of `lines`, 0 to 1.
    pub share_understood: f64,
}

/// Where lines of an appliance seem to be missing. Answers that fall into it are less sure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SuspectedGap {
    /// The appliance.
    pub appliance: String,
    /// The last moment of which lines are there.
    pub from: Time,
    /// The next such moment.
    pub to: Time,
    /// How it shows: `jump` (numbers that nobody began), `silence` (of one that usually talks),
    /// `cut` (lines that came cut), `dropped` (datagrams).
    pub sign: String,
    /// Numbers missing, lines cut, or datagrams dropped; 0 for silence.
    pub count: u64,
}
