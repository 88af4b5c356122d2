//! Lines to records: the replay first, then what comes in; look-ups in between.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};
use whymid_mailflow::Intake;
use whymid_syslog::Frame;

use super::memory::Question;
use super::recall::IndexRecall;
use super::{Accepted, Handout, State};
use crate::clock;
use crate::telemetry::Telemetry;

/// How often resting records are handed out.
const TICK: Duration = Duration::from_millis(500);

/// The assembler thread.
pub(super) struct Assembling {
    pub(super) intake: Intake,
    pub(super) recall: IndexRecall,
    pub(super) state: Arc<State>,
    pub(super) telemetry: Arc<Telemetry>,
    pub(super) rested: mpsc::Sender<Handout>,
}

impl Assembling {
    pub(super) async fn run(
        mut self,
        replay: whymid_journal::Replay,
        mut lines: mpsc::Receiver<Accepted>,
        mut asked: mpsc::Receiver<Question>,
        mut settled: mpsc::UnboundedReceiver<u64>,
    ) {
        if !self.replay(replay, &mut asked, &mut settled).await {
            return;
        }
        self.state.ready.store(true, Ordering::Relaxed);
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut asking = true;
        loop {
            tokio::select! {
                biased;
                Some(ticket) = settled.recv() => self.intake.assembler.settled(ticket),
                question = asked.recv(), if asking => match question {
                    Some(question) => question.answer(&self.intake),
                    None => asking = false,
                },
                _ = tick.tick() => if !self.hand_out(clock::now()).await { return },
                group = lines.recv() => match group {
                    Some(group) => for (position, frame) in group {
                        self.take(position, &frame);
                    },
                    None => break,
                },
            }
        }
        self.hand_out(clock::now()).await;
    }

    /// Reads the journal from its start, by the clock of that time. Questions are answered
    /// meanwhile with what there is.
    async fn replay(
        &mut self,
        replay: whymid_journal::Replay,
        asked: &mut mpsc::Receiver<Question>,
        settled: &mut mpsc::UnboundedReceiver<u64>,
    ) -> bool {
        let mut next_tick = Timestamp::MIN;
        for (count, line) in replay.enumerate() {
            let (position, frame) = match line {
                Ok(line) => line,
                Err(error) => {
                    self.telemetry
                        .count(&self.telemetry.failures, "room", "journal");
                    self.state.failed.store(true, Ordering::Relaxed);
                    tracing::error!(%error, "the journal can't be replayed: what stands behind the damage is not shown");
                    return true;
                }
            };
            self.telemetry.replayed.inc();
            self.take(position.0, &frame);
            if frame.received_at >= next_tick || count % 50_000 == 0 {
                next_tick = frame
                    .received_at
                    .saturating_add(SignedDuration::from_secs(1))
                    .unwrap_or(Timestamp::MAX);
                if !self.hand_out(frame.received_at).await {
                    return false;
                }
                while let Ok(ticket) = settled.try_recv() {
                    self.intake.assembler.settled(ticket);
                }
                while let Ok(question) = asked.try_recv() {
                    question.answer(&self.intake);
                }
            }
        }
        true
    }

    fn take(&mut self, position: u64, frame: &Frame) {
        let handled = self.intake.take(frame, position, &mut self.recall);
        self.telemetry.handled(handled);
    }

    /// Hands resting records to the index; false when it is gone.
    async fn hand_out(&mut self, now: Timestamp) -> bool {
        let newest = self
            .intake
            .appliances
            .iter()
            .filter_map(|one| one.newest)
            .min();
        let micros = newest.map_or(0, Timestamp::as_microsecond);
        self.state.complete_up_to.store(micros, Ordering::Relaxed);
        let (ticket, rested) = self.intake.assembler.tick(now);
        rested.is_empty() || self.rested.send((ticket, rested)).await.is_ok()
    }
}
