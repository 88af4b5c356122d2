//! What became of lines that were handed in.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `POST /v1/lines`: every line of the body is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LinesTaken {
    /// Lines on disk, empty ones not counted.
    pub accepted: u64,
    /// Those of them that were longer than 64 KiB: their first 64 KiB were kept.
    pub cut: u64,
}
