//! What is found and counted: lists of messages, connections and articles, statistics.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{ConnectionSummary, Custody, MessageSummary, Time};

/// A message that a search found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MessageItem {
    /// The message.
    #[serde(flatten)]
    pub message: MessageSummary,
    /// The id of its diagnosis.
    pub diagnosis: String,
    /// Who holds the mail.
    pub custody: Custody,
}

/// A page of messages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MessageList {
    /// The messages, in the order asked for.
    pub items: Vec<MessageItem>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// What of `q` and `subject` holds no word and was left out.
    pub not_understood: Vec<String>,
    /// Up to which moment every appliance's lines are answered for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub complete_up_to: Option<Time>,
}

/// A connection that a search found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConnectionItem {
    /// The connection.
    #[serde(flatten)]
    pub connection: ConnectionSummary,
    /// The id of its own diagnosis; absent where it carried messages, which have theirs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diagnosis: Option<String>,
}

/// A page of connections.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConnectionList {
    /// The connections, in the order asked for.
    pub items: Vec<ConnectionItem>,
    /// Where the next page begins; absent on the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
    /// What of `q` holds no word and was left out.
    pub not_understood: Vec<String>,
    /// Up to which moment every appliance's lines are answered for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub complete_up_to: Option<Time>,
}

/// How many there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Stats {
    /// When they were counted.
    pub as_of: Time,
    /// From when on; absent for the beginning of all that is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
    /// Up to when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// All that fit.
    pub total: u64,
    /// Records in memory that fit, when they were counted: some of them may not be written, and so not
    /// be counted yet. A record is written some seconds after its end, or after a minute of quiet.
    pub in_memory: u64,
    /// Messages, of all appliances, whose diagnosis is still to be set right by what other messages
    /// of their family tell: until then they count as what their own lines tell. Zero but for the
    /// seconds after a commit, and for some minutes after a large import.
    pub unsettled: u64,
    /// By the group asked for, the largest first.
    pub groups: Vec<StatsGroup>,
    /// What the groups that are not listed have together.
    pub other: u64,
    /// Over time, in the interval asked for.
    pub over_time: Vec<StatsSpan>,
    /// What of `q` and `subject` holds no word and was left out.
    pub not_understood: Vec<String>,
}

/// One group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatsGroup {
    /// What they have in common.
    pub key: String,
    /// What people call that: for diagnoses, outcomes and parties.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// How many.
    pub count: u64,
    /// How many in each span of `over_time`, in its order.
    pub over_time: Vec<u64>,
}

/// One span of time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatsSpan {
    /// Its beginning.
    pub from: Time,
    /// Its end, which is the beginning of the next.
    pub to: Time,
    /// How many.
    pub count: u64,
}
