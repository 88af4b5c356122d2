//! The raw segments: packed when they have left the journal, removed when they are too old or too
//! many. A thread of its own, so that nothing waits for it.
//!
//! Not here: when a segment leaves the journal (`pipeline/journaling.rs`); records
//! (`pipeline/indexing.rs`).

use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use whymid_journal::{Error, Vault};

use crate::clock;
use crate::pipeline::State;
use crate::retention::Retention;
use crate::telemetry::Telemetry;

/// How often it is looked.
const LOOK: Duration = Duration::from_secs(5);

/// Keeps the raw segments.
pub struct Keeper {
    /// The raw segments.
    pub vault: Arc<Vault>,
    /// How long they are kept.
    pub retention: Retention,
    /// Where it is told what there is.
    pub state: Arc<State>,
    /// The counters.
    pub telemetry: Arc<Telemetry>,
}

impl Keeper {
    /// Works until the other side of `stop` is gone.
    ///
    /// # Errors
    /// When the thread can't be started.
    pub fn start(self, stop: Receiver<()>) -> std::io::Result<std::thread::JoinHandle<()>> {
        let thread = std::thread::Builder::new().name("keeper".to_owned());
        thread.spawn(move || {
            while {
                self.look(&stop);
                stop.recv_timeout(LOOK) == Err(RecvTimeoutError::Timeout)
            } {}
        })
    }

    fn look(&self, stop: &Receiver<()>) {
        while let Some(true) = self.tell(self.vault.pack_one(), "pack") {
            if stop.try_recv() != Err(std::sync::mpsc::TryRecvError::Empty) {
                return;
            }
        }
        // before everything is read again, a raw segment may be what is read next
        if self.state.ready.load(Ordering::Relaxed) {
            self.expire();
        }
        if let Some(stock) = self.tell(self.vault.stock(), "look at") {
            *self
                .state
                .raw
                .lock()
                .unwrap_or_else(PoisonError::into_inner) = stock;
        }
    }

    fn expire(&self) {
        let limit = self.retention.raw_limit(clock::now());
        let removed = self.vault.expire(limit, self.retention.raw_size);
        if let Some(removed) = self.tell(removed, "remove").filter(|one| one.segments > 0) {
            self.telemetry.raw_expired.inc_by(removed.segments as u64);
            tracing::info!(
                segments = removed.segments,
                bytes = removed.bytes,
                "raw segments were removed: see [retention]"
            );
        }
    }

    fn tell<T>(&self, done: Result<T, Error>, doing: &str) -> Option<T> {
        let error = match done {
            Ok(done) => return Some(done),
            Err(error) => anyhow::Error::new(error),
        };
        self.telemetry
            .count(&self.telemetry.failures, "room", "raw");
        tracing::warn!(error = %format!("{error:#}"), doing, "trouble with a raw segment");
        None
    }
}
