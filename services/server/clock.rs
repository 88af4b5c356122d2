//! The only place that asks what time it is. Every other room is handed the answer.

use std::time::Instant;

use jiff::Timestamp;

/// Now.
pub fn now() -> Timestamp {
    Timestamp::now()
}

/// Measures how long the process runs.
#[derive(Clone, Copy, Debug)]
pub struct Uptime(Instant);

impl Uptime {
    /// From now on.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Whole seconds since then.
    pub fn seconds(self) -> u64 {
        self.0.elapsed().as_secs()
    }
}
