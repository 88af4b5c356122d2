//! Frames to lines on disk: group commit.
//!
//! Invariants: nothing goes on before its sync has returned; after a failed sync nothing is
//! accepted any more, and that is said.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};
use whymid_journal::Journal;

use super::{Accepted, State};
use crate::listen::Batch;
use crate::telemetry::Telemetry;

/// Lines of one group at most, so that one sync never holds too much.
const GROUP: usize = 16_384;

/// The journal thread.
pub(super) struct Journaling {
    pub(super) journal: Journal,
    pub(super) group_commit: Duration,
    pub(super) state: Arc<State>,
    pub(super) telemetry: Arc<Telemetry>,
}

impl Journaling {
    pub(super) async fn run(
        mut self,
        mut incoming: mpsc::Receiver<Batch>,
        accepted: mpsc::Sender<Accepted>,
    ) {
        while let Some(group) = self.gather(&mut incoming).await {
            match self.accept(group) {
                Ok(lines) => {
                    if accepted.send(lines).await.is_err() {
                        return;
                    }
                }
                Err(error) => {
                    self.telemetry
                        .count(&self.telemetry.failures, "room", "journal");
                    self.state.failed.store(true, Ordering::Relaxed);
                    tracing::error!(%error, "the journal failed: nothing is accepted any more; answers go on. Mend the disk and start again");
                    return;
                }
            }
        }
    }

    /// The frames of one group commit; `None` when no more will come.
    async fn gather(&self, incoming: &mut mpsc::Receiver<Batch>) -> Option<Batch> {
        let mut group = incoming.recv().await?;
        let deadline = Instant::now() + self.group_commit;
        while group.len() < GROUP {
            match timeout_at(deadline, incoming.recv()).await {
                Ok(Some(batch)) => group.extend(batch),
                Ok(None) | Err(_) => break,
            }
        }
        Some(group)
    }

    fn accept(&mut self, group: Batch) -> Result<Accepted, whymid_journal::Error> {
        let mut lines = Vec::with_capacity(group.len());
        for frame in group {
            let position = self.journal.append(&frame)?;
            lines.push((position.0, frame));
        }
        self.journal.sync()?;
        self.telemetry.accepted.inc_by(lines.len() as u64);
        self.state
            .journal_bytes
            .store(self.journal.bytes(), Ordering::Relaxed);
        Ok(lines)
    }
}
