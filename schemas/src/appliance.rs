//! Appliances, and lines of theirs that belong to no message.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{SuspectedGap, Time, Zone};

/// Every appliance that a line came from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApplianceList {
    /// The appliances, by name.
    pub items: Vec<ApplianceInfo>,
}

/// One appliance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ApplianceInfo {
    /// The name it is shown by.
    pub name: String,
    /// Other names that it goes by: host names, and names it had.
    pub aliases: Vec<String>,
    /// The addresses that the configuration gives it.
    pub addresses: Vec<String>,
    /// Serial number, once a line told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// AsyncOS version, once a line told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Where its time zone comes from.
    pub zone: Zone,
    /// Stamp of its first line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_line_at: Option<Time>,
    /// Its newest stamp.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_line_at: Option<Time>,
    /// Lines since the service started.
    pub lines: u64,
    /// Those of them that were not understood.
    pub not_understood: u64,
    /// How many seconds the stamp of its last live line was behind the moment when that came in; much
    /// more or less than nothing means that its clock or its zone is not what is believed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub behind_seconds: Option<i64>,
    /// Where its lines seem to be missing, newest first, at most 50.
    pub suspected_gaps: Vec<SuspectedGap>,
}

/// A page of appliance events.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventList {
    /// The events, in the order asked for.
    pub items: Vec<EventItem>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// What of `q` holds no word and was left out.
    pub not_understood: Vec<String>,
}

/// A line that belongs to no message, connection or delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EventItem {
    /// Opaque, URL-safe.
    pub id: String,
    /// The gateway that wrote it.
    pub appliance: String,
    /// Its stamp.
    pub at: Time,
    /// Its kind, as `whymid events` lists them; absent for a line that is not understood.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The MID that a line of another log is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mid: Option<u64>,
    /// The line as logged, from behind the level word.
    pub line: String,
}
