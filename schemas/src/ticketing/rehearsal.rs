//! What a subscription would have done, had it been there.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Time;

/// What a subscription would have done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DryRun {
    /// From when on messages and connections were looked at.
    pub since: Time,
    /// Until when.
    pub until: Time,
    /// So many did not end well and were looked at.
    pub looked_at: u64,
    /// There are more, which were not.
    pub incomplete: bool,
    /// So many fit.
    pub occurrences: u64,
    /// So many tickets would have been opened.
    pub tickets: u64,
    /// Of so many the filter could not be asked, because they lack what it names.
    pub filter_errors: u64,
    /// What one of those lacks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filter_error: Option<String>,
    /// The tickets, those with most occurrences first, 50 at most.
    pub items: Vec<WouldOpen>,
}

/// A ticket that would have been opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WouldOpen {
    /// Its title.
    pub title: String,
    /// The diagnosis.
    pub diagnosis: String,
    /// So many occurrences.
    pub count: u64,
    /// The first one's time.
    pub first_at: Time,
    /// The last one's.
    pub last_at: Time,
    /// The last one's message or connection.
    pub record: String,
}
