//! Frames to lines on disk: group commit; and what the index holds leaves the journal.
//!
//! Invariants: nothing goes on before its sync has returned. After a failed sync (a full disk)
//! nothing is accepted until the journal could be brought back, which is tried each second:
//! meanwhile what came by TCP waits and its senders feel it, what came by UDP is counted as
//! lost, and requests are told. While the assembler still replays, lines are only
//! written: it reads them from the journal and asks again until it has caught up ([`CatchUp`]);
//! from that moment on they are handed over, none twice and none left out.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout_at};
use whymid_journal::{Journal, Position, Replay};
use whymid_syslog::{Frame, Transport};

use super::{Accepted, State, point};
use crate::listen::{Batch, frame_bytes};
use crate::telemetry::Telemetry;

/// Memory that the frames of one group take, about, so that one sync never holds too much.
const GROUP: usize = 2 * 1024 * 1024;
/// How often a failed journal is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// How often it is looked what the index holds by now.
const UPKEEP: Duration = Duration::from_secs(5);
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
    bytes: usize,
    frames: Vec<Frame>,
    waiting: Vec<oneshot::Sender<bool>>,
}

impl Group {
    fn begun_by(batch: Batch) -> Self {
        Self {
            bytes: batch.bytes(),
            frames: batch.frames,
            waiting: batch.taken.into_iter().collect(),
        }
    }

    fn add(&mut self, batch: Batch) {
        self.bytes += batch.bytes();
        self.frames.extend(batch.frames);
        self.waiting.extend(batch.taken);
    }

    /// Tells those who wait; one that waits no more is no failure.
    fn tell(&mut self, taken: bool) {
        for waiting in self.waiting.drain(..) {
            let _ = waiting.send(taken);
        }
    }

    /// Gives up what nobody can be made to wait with: datagrams, and requests, which are told.
    fn give_up_all_but_tcp(&mut self) -> u64 {
        self.tell(false);
        let before = self.frames.len();
        self.frames
            .retain(|frame| frame.transport == Transport::Tcp);
        self.bytes = frame_bytes(&self.frames);
        (before - self.frames.len()) as u64
    }
}

/// Whether a request does not wait for its lines any more: it was told that they were not taken.
fn is_given_up(batch: &Batch) -> bool {
    batch.taken.as_ref().is_some_and(oneshot::Sender::is_closed)
}

/// The journal thread.
pub(super) struct Journaling {
    pub(super) journal: Journal,
    pub(super) group_commit: Duration,
    /// A segment gets no lines for longer than this, so that it can leave the journal and grow old.
    pub(super) roll: Duration,
    /// When the present segment was begun.
    pub(super) rolled_at: Instant,
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
        let mut upkeep = interval(UPKEEP);
        upkeep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let first = tokio::select! {
                Some(request) = behind.recv(), if !live => {
                    live = self.catch_up(request);
                    continue;
                }
                _ = upkeep.tick() => {
                    self.upkeep();
                    continue;
                }
                first = incoming.recv() => first,
            };
            let Some(first) = first else { return };
            if is_given_up(&first) {
                self.refuse(first.frames.len() as u64);
                continue;
            }
            let mut group = self.gather(first, &mut incoming).await;
            let lines = match self.accept(&mut group) {
                Ok(lines) => lines,
                Err(error) => {
                    self.failed(error);
                    let retried = self.retry(group, &mut incoming, &mut behind, &mut live);
                    let Some(lines) = retried.await else { return };
                    lines
                }
            };
            // an assembler that has ended reads them at the next start
            if live {
                let _ = accepted.send(lines).await;
            }
            point("journal-handed-over");
        }
    }

    /// Tries to bring the journal back until it takes the group, whose lines from TCP wait;
    /// `None` when the service ends before.
    async fn retry(
        &mut self,
        mut group: Group,
        incoming: &mut mpsc::Receiver<Batch>,
        behind: &mut mpsc::Receiver<CatchUp>,
        live: &mut bool,
    ) -> Option<Accepted> {
        self.refuse(group.give_up_all_but_tcp());
        let mut again = interval(RETRY);
        again.set_missed_tick_behavior(MissedTickBehavior::Delay);
        again.tick().await;
        loop {
            tokio::select! {
                Some(request) = behind.recv(), if !*live => *live = self.catch_up(request),
                batch = incoming.recv(), if group.bytes < GROUP => match batch {
                    Some(batch) => {
                        group.add(batch);
                        self.refuse(group.give_up_all_but_tcp());
                    }
                    None => {
                        self.refuse(group.frames.len() as u64);
                        return None;
                    }
                },
                _ = again.tick() => {
                    if let Some(lines) = self.try_again(&mut group) {
                        return Some(lines);
                    }
                    if self.state.stopping.load(Ordering::Relaxed) {
                        self.refuse(group.frames.len() as u64);
                        return None;
                    }
                }
            }
        }
    }

    fn try_again(&mut self, group: &mut Group) -> Option<Accepted> {
        let accepted = self.journal.revive().and_then(|()| self.accept(group));
        match accepted {
            Ok(lines) => {
                self.state.failed.store(false, Ordering::Relaxed);
                tracing::info!("the journal takes lines again");
                Some(lines)
            }
            Err(error) => {
                let error = anyhow::Error::new(error);
                tracing::debug!(error = %format!("{error:#}"), "the journal takes no lines yet");
                None
            }
        }
    }

    /// What the index holds leaves the journal; a segment that has been open for long is closed,
    /// so that it can.
    fn upkeep(&mut self) {
        let mut kept = Ok(());
        let is_wanted = self.state.roll.swap(false, Ordering::Relaxed);
        if is_wanted || self.rolled_at.elapsed() > self.roll {
            self.rolled_at = Instant::now();
            kept = self.journal.roll().map(|_| ());
        }
        let complete = self.state.checkpoint().complete;
        point("journal-before-release");
        let released = kept.and_then(|()| self.journal.release(Position(complete)));
        let oldest = self.journal.oldest();
        self.state.journal_begin.store(oldest.0, Ordering::Relaxed);
        match released {
            Ok(0) => {}
            Ok(_) => {
                point("journal-released");
                self.note_bytes();
            }
            Err(whymid_journal::Error::Failed) => {}
            Err(error) => {
                self.telemetry
                    .count(&self.telemetry.failures, "room", "journal");
                let error = anyhow::Error::new(error);
                tracing::warn!(error = %format!("{error:#}"), "failed to move a segment out of the journal; it stays, and is tried again");
            }
        }
    }

    fn note_bytes(&self) {
        let bytes = self.journal.bytes();
        self.state.journal_bytes.store(bytes, Ordering::Relaxed);
        let end = self.journal.durable();
        self.state.journal_end.store(end.0, Ordering::Relaxed);
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
        tracing::error!(error = %format!("{error:#}"), "the journal failed: nothing is accepted until it can be written again, which is tried each second; answers go on. Is the disk full?");
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
        let mut group = Group::begun_by(first);
        let deadline = Instant::now() + self.group_commit;
        while group.bytes < GROUP {
            match timeout_at(deadline, incoming.recv()).await {
                Ok(Some(batch)) if is_given_up(&batch) => self.refuse(batch.frames.len() as u64),
                Ok(Some(batch)) => group.add(batch),
                Ok(None) | Err(_) => break,
            }
        }
        group
    }

    /// Puts a group on disk and tells those who wait. After a failure the group is as it was.
    fn accept(&mut self, group: &mut Group) -> Result<Accepted, whymid_journal::Error> {
        let mut positions = Vec::with_capacity(group.frames.len());
        for frame in &group.frames {
            positions.push(self.journal.append(frame)?.0);
        }
        self.journal.sync()?;
        // who is told may look at once
        self.telemetry.accepted.inc_by(positions.len() as u64);
        self.note_bytes();
        group.tell(true);
        point("journal-told");
        let frames = std::mem::take(&mut group.frames);
        Ok(positions.into_iter().zip(frames).collect())
    }
}
