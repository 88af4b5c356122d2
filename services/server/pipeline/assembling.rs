//! Lines to records: the journal first, then what comes in; look-ups in between.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{MissedTickBehavior, interval};
use whymid_journal::Replay;
use whymid_mailflow::Intake;
use whymid_syslog::Frame;

use super::journaling::{CatchUp, CaughtUp};
use super::memory::Question;
use super::recall::IndexRecall;
use super::{Accepted, Handout, State};
use crate::clock;
use crate::telemetry::Telemetry;

/// How often resting records are handed out.
const TICK: Duration = Duration::from_millis(500);
/// An appliance that is silent for so long does not hold the others' `complete_up_to` back.
const SILENT: SignedDuration = SignedDuration::from_hours(1);

/// What comes to the assembler.
pub(super) struct Inbox {
    /// Lines that are on disk.
    pub(super) lines: mpsc::Receiver<Accepted>,
    /// Look-ups.
    pub(super) asked: mpsc::Receiver<Question>,
    /// Tickets of what can be read in the index.
    pub(super) settled: mpsc::UnboundedReceiver<u64>,
}

/// The assembler thread.
pub(super) struct Assembling {
    pub(super) intake: Intake,
    pub(super) recall: IndexRecall,
    pub(super) state: Arc<State>,
    pub(super) telemetry: Arc<Telemetry>,
    pub(super) rested: mpsc::Sender<Handout>,
    /// Where the journal ended at the start: up to there lines are replayed.
    pub(super) replay_end: u64,
}

impl Assembling {
    pub(super) async fn run(mut self, behind: mpsc::Sender<CatchUp>, mut inbox: Inbox) {
        if !self.catch_up(behind, &mut inbox).await {
            return;
        }
        self.state.ready.store(true, Ordering::Relaxed);
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut asking, mut receiving) = (true, true);
        loop {
            tokio::select! {
                biased;
                Some(ticket) = inbox.settled.recv() => self.intake.assembler.settled(ticket),
                question = inbox.asked.recv(), if asking => match question {
                    Some(question) => question.answer(&self.intake),
                    None => asking = false,
                },
                _ = tick.tick() => {
                    let over = !receiving && self.state.stopping.load(Ordering::Relaxed);
                    if over || !self.hand_out(clock::now()).await {
                        return;
                    }
                }
                group = inbox.lines.recv(), if receiving => match group {
                    Some(group) => for (position, frame) in group {
                        self.take(position, &frame);
                    },
                    // a failed journal ends the lines, not the answers
                    None if self.state.failed.load(Ordering::Relaxed) => receiving = false,
                    None => break,
                },
            }
        }
        self.hand_out(clock::now()).await;
    }

    /// Reads the journal from its start until lines are handed over; false when stopped.
    async fn catch_up(&mut self, behind: mpsc::Sender<CatchUp>, inbox: &mut Inbox) -> bool {
        let mut after = Some(0);
        loop {
            let (reply, caught_up) = oneshot::channel();
            if behind.send(CatchUp { after, reply }).await.is_err() {
                return true;
            }
            let Ok(CaughtUp { replay, last }) = caught_up.await else {
                return true;
            };
            after = match replay {
                None => None,
                Some(Ok(replay)) => match self.replay(replay, after.unwrap_or(0), inbox).await {
                    Replayed::UpTo(position) => Some(position),
                    Replayed::Stopped => return false,
                    Replayed::Damaged(error) => self.damaged(&error),
                },
                Some(Err(error)) => self.damaged(&error),
            };
            if last {
                return true;
            }
        }
    }

    fn damaged(&self, error: &whymid_journal::Error) -> Option<u64> {
        self.telemetry
            .count(&self.telemetry.failures, "room", "journal");
        self.state.damaged.store(true, Ordering::Relaxed);
        tracing::error!(%error, "the journal can't be read on: lines behind the damage are not shown");
        None
    }

    /// Reads lines by the clock of their time. Questions are answered meanwhile with what there
    /// is.
    async fn replay(&mut self, replay: Replay, after: u64, inbox: &mut Inbox) -> Replayed {
        let mut next_tick = Timestamp::MIN;
        let mut reached = after;
        for (count, line) in replay.enumerate() {
            let (position, frame) = match line {
                Ok(line) => line,
                Err(error) => return Replayed::Damaged(error),
            };
            reached = position.0;
            if reached <= self.replay_end {
                self.telemetry.replayed.inc();
            }
            self.take(reached, &frame);
            if frame.received_at < next_tick && count % 10_000 != 0 {
                continue;
            }
            let second = SignedDuration::from_secs(1);
            next_tick = frame
                .received_at
                .saturating_add(second)
                .unwrap_or(Timestamp::MAX);
            let stopping = self.state.stopping.load(Ordering::Relaxed);
            if stopping || !self.hand_out(frame.received_at).await {
                return Replayed::Stopped;
            }
            while let Ok(ticket) = inbox.settled.try_recv() {
                self.intake.assembler.settled(ticket);
            }
            while let Ok(question) = inbox.asked.try_recv() {
                question.answer(&self.intake);
            }
        }
        Replayed::UpTo(reached)
    }

    fn take(&mut self, position: u64, frame: &Frame) {
        let handled = self.intake.take(frame, position, &mut self.recall);
        self.telemetry.handled(handled);
    }

    /// Hands resting records to the index; false when it is gone.
    async fn hand_out(&mut self, now: Timestamp) -> bool {
        let micros = self.complete_up_to().map_or(0, Timestamp::as_microsecond);
        self.state.complete_up_to.store(micros, Ordering::Relaxed);
        let (ticket, rested) = self.intake.assembler.tick(now);
        rested.is_empty() || self.rested.send((ticket, rested)).await.is_ok()
    }

    /// The oldest of the newest stamps of the appliances that are not silent.
    fn complete_up_to(&self) -> Option<Timestamp> {
        let newest = || self.intake.appliances.iter().filter_map(|one| one.newest);
        let heard = newest().max()?.saturating_sub(SILENT).ok()?;
        newest().filter(|one| *one >= heard).min()
    }
}

/// How reading the journal ended.
enum Replayed {
    /// At its end, or what was its end when it was asked.
    UpTo(u64),
    /// The service stops.
    Stopped,
    /// At a damage.
    Damaged(whymid_journal::Error),
}
