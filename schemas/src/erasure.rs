//! An address that is erased: what became of that.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::Time;

/// How far an erasure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ErasureState {
    /// It waits until everything that came in before is written.
    Waiting,
    /// Records are written again without the address.
    Records,
    /// Lines as they came are written again without it.
    Raw,
    /// It is nowhere in the data folder any more.
    Done,
    /// It broke off: ask again.
    Failed,
}

/// The erasure of one address. Whose it is is not told: that is to be forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Erasure {
    /// Its number, from the start of the service.
    pub number: u64,
    /// How far it is.
    pub state: ErasureState,
    /// When it was asked for. What was received later is not touched.
    pub begun_at: Time,
    /// When it was done, or broke off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Time>,
    /// Records (messages, connections, deliveries, appliance events) that held it.
    pub records: u64,
    /// Lines as they came that held it.
    pub raw_lines: u64,
    /// Pieces of those that can't be read, and so may hold it still.
    pub raw_unreadable: u64,
    /// Why it broke off.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    /// Where else it may stand, out of reach of this service.
    pub not_reached: Vec<String>,
}

/// The erasures since the start of the service, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErasureList {
    /// The erasures.
    pub items: Vec<Erasure>,
}
