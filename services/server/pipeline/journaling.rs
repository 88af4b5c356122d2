//! Frames to lines on disk: group commit.
//!
//! Invariants: nothing goes on before its sync has returned; after a failed sync nothing is
//! accepted any more, and that is said. While the assembler still replays, lines are only
//! written: it reads them from the journal and asks again until it has caught up ([`CatchUp`]);
//! from that moment on they are handed over, none twice and none left out.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, timeout_at};
use whymid_journal::{Journal, Position, Replay};
use whymid_syslog::Frame;

use super::{Accepted, State};
use crate::listen::Batch;
use crate::telemetry::Telemetry;

/// Bytes of lines in one group, about, so that one sync never holds too much.
const GROUP: usize = 4 * 1024 * 1024;
/// Bytes of journal that may be left to read when lines begin to be handed over.
const NEARLY: u64 = 4 * 1024 * 1024;

/// Asks for what is in the journal behind a position; `None` gives the rest up.
pub(super) struct CatchUp {
    pub(super) after: Option<u64>,
    pub(super) reply: oneshot::Sender<CaughtUp>,
}

/// What is left to read.
pub(super) struct CaughtUp {
    /// The lines behind the position, or why they can't be read.
    pub(super) replay: Option<Result<Replay, whymid_journal::Error>>,
    /// From here on lines are handed over.
    pub(super) last: bool,
}

/// What one sync puts on disk, and who waits to hear of it.
struct Group {
    frames: Vec<Frame>,
    waiting: Vec<oneshot::Sender<bool>>,
}

impl Group {
    fn begun_by(batch: Batch) -> Self {
        Self {
            frames: batch.frames,
            waiting: batch.taken.into_iter().collect(),
        }
    }

    fn add(&mut self, batch: Batch) {
        self.frames.extend(batch.frames);
        self.waiting.extend(batch.taken);
    }
}

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
        mut behind: mpsc::Receiver<CatchUp>,
        accepted: mpsc::Sender<Accepted>,
    ) {
        let mut live = false;
        loop {
            let first = tokio::select! {
                Some(request) = behind.recv(), if !live => {
                    live = self.catch_up(request);
                    continue;
                }
                first = incoming.recv() => first,
            };
            let Some(first) = first else { return };
            let group = self.gather(first, &mut incoming).await;
            let lines = group.frames.len() as u64;
            let accepted_lines = self.accept(group.frames);
            for waiting in group.waiting {
                // one that waits no more is no failure
                let _ = waiting.send(accepted_lines.is_ok());
            }
            match accepted_lines {
                Ok(lines) if live => {
                    if accepted.send(lines).await.is_err() {
                        return;
                    }
                }
                Ok(_) => {}
                Err(error) => {
                    self.failed(error);
                    self.refuse(lines);
                    break;
                }
            }
        }
        // senders see that nothing is taken any more; what is on disk can still be read
        incoming.close();
        while let Some(batch) = incoming.recv().await {
            self.refuse(batch.frames.len() as u64);
        }
        drop(accepted);
        while let Some(request) = behind.recv().await {
            self.catch_up(request);
        }
    }

    /// Replies with what is left to read; true when lines are handed over from now on.
    fn catch_up(&self, request: CatchUp) -> bool {
        let left = request
            .after
            .map(|after| self.journal.durable().0.saturating_sub(after));
        let last = left.is_none_or(|left| left <= NEARLY);
        let replay = request
            .after
            .map(|after| self.journal.replay(Position(after)));
        let _ = request.reply.send(CaughtUp { replay, last });
        last
    }

    fn failed(&self, error: whymid_journal::Error) {
        self.telemetry
            .count(&self.telemetry.failures, "room", "journal");
        self.state.failed.store(true, Ordering::Relaxed);
        let error = anyhow::Error::new(error);
        tracing::error!(error = %format!("{error:#}"), "the journal failed: nothing is accepted any more; answers go on. Mend the disk and start again");
    }

    /// Counts lines that were received and could not be put on disk.
    fn refuse(&self, lines: u64) {
        let refused = &self.telemetry.refused;
        refused
            .get_or_create(&[("reason", "journal_failed")])
            .inc_by(lines);
    }

    /// The frames of one group commit, begun by a batch.
    async fn gather(&self, first: Batch, incoming: &mut mpsc::Receiver<Batch>) -> Group {
        let mut bytes = first.bytes();
        let mut group = Group::begun_by(first);
        let deadline = Instant::now() + self.group_commit;
        while bytes < GROUP {
            match timeout_at(deadline, incoming.recv()).await {
                Ok(Some(batch)) => {
                    bytes += batch.bytes();
                    group.add(batch);
                }
                Ok(None) | Err(_) => break,
            }
        }
        group
    }

    fn accept(&mut self, group: Vec<Frame>) -> Result<Accepted, whymid_journal::Error> {
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
