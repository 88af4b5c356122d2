//! What a webhook gets of a cause.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Answer, Time};

/// What a webhook gets: a CloudEvent 1.0 in structured mode, signed as Standard Webhooks 1.0 say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CauseEvent {
    /// `1.0`.
    pub specversion: String,
    /// The same in every attempt; also the header `webhook-id`.
    pub id: String,
    /// This service: its public address, or `/whymid`.
    pub source: String,
    /// `whymid.cause.opened`, `.recurred`, `.revised`, `.resolved`, or `whymid.test`.
    #[serde(rename = "type")]
    pub kind: String,
    /// When it came to be.
    pub time: Time,
    /// The cause's key.
    pub subject: String,
    /// `application/json`.
    pub datacontenttype: String,
    /// What happened.
    pub data: CauseData,
}

/// What happened to a cause.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CauseData {
    /// The cause: the same as long as it is.
    pub key: String,
    /// Counts what is told of it, from 1.
    pub revision: u32,
    /// Occurrences by now.
    pub count: u64,
    /// The first one's time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_at: Option<Time>,
    /// The newest one's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_at: Option<Time>,
    /// The subscription's name.
    pub subscription: String,
    /// One line that says what it is.
    pub title: String,
    /// Why it is resolved or revised.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The answer about the newest occurrence, with what may not leave blanked out; absent in a
    /// summary of many causes and where the record is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
}
