//! Lines to records: the journal first, then what comes in; look-ups in between.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval};
use whymid_journal::{Position, RawFrames};
use whymid_mailflow::{Handout, Intake};
use whymid_syslog::Frame;

use super::forgetting::Masked;
use super::journaling::{CatchUp, CaughtUp};
use super::memory::Question;
use super::recall::IndexRecall;
use super::{Accepted, Seen, State, Writing, Written, point};
use crate::clock::{self, Uptime};
use crate::telemetry::Telemetry;

/// How often resting records are handed out.
const TICK: Duration = Duration::from_millis(500);
/// Bytes of records of one kind in one hand-out, about.
const MOST: usize = 8 * 1024 * 1024;
/// Hand-outs under pressure that may be under way.
const SHED: usize = 4;
/// How long is waited between two looks whether the index has written enough.
const WAIT: Duration = Duration::from_millis(20);
/// How long what is left is assembled, and then how long it is written, when the service ends.
const AT_THE_END: Duration = Duration::from_secs(2);
/// Bytes of records that are handed out at a time then.
const PIECE: usize = 256 * 1024;
/// An appliance that is silent for so long does not hold the others' `complete_up_to` back.
const SILENT: SignedDuration = SignedDuration::from_hours(1);

/// Lines that are taken between two looks at the memory.
const LOOK: usize = 1_000;

/// What comes to the assembler.
pub(super) struct Inbox {
    /// Lines that are on disk.
    pub(super) lines: mpsc::Receiver<Accepted>,
    /// Look-ups.
    pub(super) asked: mpsc::Receiver<Question>,
    /// What became of what was handed out.
    pub(super) written: mpsc::UnboundedReceiver<Written>,
}

/// How much memory records may take, bytes about.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    /// Beyond this, records are written before their time.
    pub(super) soft: usize,
    /// Beyond this, no line is taken until some have been written.
    pub(super) hard: usize,
}

/// The assembler thread.
pub(super) struct Assembling {
    pub(super) intake: Intake,
    pub(super) recall: IndexRecall,
    pub(super) state: Arc<State>,
    pub(super) telemetry: Arc<Telemetry>,
    pub(super) handouts: mpsc::Sender<Writing>,
    pub(super) room: Room,
    /// Up to here the index holds the journal.
    pub(super) complete: u64,
    /// Where the journal begins.
    pub(super) oldest: u64,
    /// The raw segments, if the index does not hold what has left the journal.
    pub(super) raw: Option<RawFrames>,
    /// Where the journal ended at the start: up to there lines are replayed.
    pub(super) replay_end: u64,
    /// Lines by release, and those of them that were not understood.
    pub(super) releases: Vec<(u64, u64)>,
    /// The datagrams that are known to have been dropped.
    pub(super) dropped: u64,
    /// The failures of the index that are known.
    pub(super) failures: u64,
    /// The hand-outs under pressure that are not settled yet.
    pub(super) shed: VecDeque<u64>,
    /// The last hand-out, and the last one that is settled.
    pub(super) tickets: (u64, u64),
    /// An address that is masked here, and not yet in what was handed out before.
    pub(super) masked: Option<Masked>,
}

impl Assembling {
    pub(super) async fn run(mut self, behind: mpsc::Sender<CatchUp>, mut inbox: Inbox) {
        if !self.catch_up(behind, &mut inbox).await {
            return;
        }
        self.state.ready.store(true, Ordering::Relaxed);
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut asking, mut over) = (true, None);
        loop {
            let has_room = self.intake.assembler.weight() < self.room.hard;
            // in turn, by chance: however much is asked, lines and the tick get theirs
            tokio::select! {
                Some(written) = inbox.written.recv() => self.note(written, clock::now()),
                question = inbox.asked.recv(), if asking => match question {
                    Some(question) => self.answer(question),
                    None => asking = false,
                },
                _ = tick.tick() => {
                    self.hand_out(clock::now());
                    if self.state.stopping.load(Ordering::Relaxed) {
                        // what is left is on disk, and is read at the next start
                        let since = *over.get_or_insert_with(Instant::now);
                        if since.elapsed() > AT_THE_END {
                            break;
                        }
                    }
                }
                group = inbox.lines.recv(), if has_room => match group {
                    Some(group) => for lines in group.chunks(LOOK) {
                        for (position, frame) in lines {
                            self.take(*position, frame);
                        }
                        self.make_room();
                        self.wait_for_room(&mut inbox, None).await;
                        // the timer is looked at only between two turns of the executor
                        tokio::task::yield_now().await;
                    },
                    None => break,
                },
            }
        }
        self.hand_all_out().await;
    }

    /// What the index says of what it was handed.
    fn note(&mut self, written: Written, now: Timestamp) {
        match written {
            Written::Settled(ticket) => {
                self.intake.assembler.settled(ticket);
                self.tickets.1 = ticket;
                self.tell_masked();
                point("assembler-settled");
                self.shed.retain(|shed| *shed > ticket);
            }
            Written::Lost(failures) => {
                self.failures = failures;
                // it goes out again, as it is by now
                self.tickets.1 = self.tickets.0;
                self.tell_masked();
                self.shed.clear();
                self.intake.assembler.not_written(now);
                self.intake.appliances.not_remembered();
            }
        }
    }

    /// Reads the journal from where the index ends until lines are handed over; false when
    /// stopped.
    async fn catch_up(&mut self, behind: mpsc::Sender<CatchUp>, inbox: &mut Inbox) -> bool {
        let begun = Uptime::start();
        let mut after = Some(self.complete.max(self.oldest));
        if let Some(raw) = self.raw.take() {
            let complete = self.complete;
            let is_new = move |line: &Line| !matches!(line, Ok((at, _)) if at.0 <= complete);
            if !self.replay(raw.filter(is_new), inbox).await {
                return false;
            }
        }
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
                Some(Ok(replay)) => {
                    let end = replay.end();
                    if !self.replay(replay, inbox).await {
                        return false;
                    }
                    Some(end.0)
                }
                Some(Err(error)) => {
                    self.damaged(&error);
                    None
                }
            };
            if last {
                let lines = self.telemetry.replayed.get();
                let seconds = begun.seconds();
                tracing::info!(lines, seconds, "read again what the index did not hold");
                return true;
            }
        }
    }

    /// Some lines can't be read. Their segment is kept with the raw ones.
    fn damaged(&self, error: &whymid_journal::Error) {
        self.telemetry
            .count(&self.telemetry.failures, "room", "journal");
        self.state.damaged.store(true, Ordering::Relaxed);
        tracing::error!(%error, "a part of the journal can't be read: the lines behind the damage, up to the next segment, are not shown");
    }

    /// Reads lines by the clock of their time; false when stopped. Questions are answered
    /// meanwhile with what there is.
    async fn replay(&mut self, replay: impl Iterator<Item = Line>, inbox: &mut Inbox) -> bool {
        let mut next_tick = Timestamp::MIN;
        for (count, line) in replay.enumerate() {
            let (position, frame) = match line {
                Ok(line) => line,
                Err(error) => {
                    self.damaged(&error);
                    continue;
                }
            };
            if position.0 <= self.replay_end {
                self.telemetry.replayed.inc();
            }
            self.take(position.0, &frame);
            if count % LOOK == 0 {
                self.make_room();
                self.wait_for_room(inbox, Some(frame.received_at)).await;
            }
            if frame.received_at < next_tick && count % 10_000 != 0 {
                continue;
            }
            let second = SignedDuration::from_secs(1);
            next_tick = frame
                .received_at
                .saturating_add(second)
                .unwrap_or(Timestamp::MAX);
            if self.state.stopping.load(Ordering::Relaxed) {
                return false;
            }
            self.hand_out(frame.received_at);
            self.look_into(inbox, frame.received_at);
        }
        true
    }

    fn take(&mut self, position: u64, frame: &Frame) {
        let handled = self.intake.take(frame, position, &mut self.recall);
        self.telemetry.handled(handled);
        let release = usize::from(handled.release);
        if self.releases.len() <= release {
            self.releases.resize(release + 1, (0, 0));
        }
        let (lines, unknown) = &mut self.releases[release];
        *lines += 1;
        *unknown += u64::from(handled.kind.is_none());
    }

    /// What is told of the appliances' lines; what was dropped of them is noted.
    fn note_seen(&mut self, now: Timestamp) {
        let refused = &self.telemetry.refused;
        let dropped = ["udp_kernel", "udp_queue_full"];
        let dropped = dropped.map(|reason| self.telemetry.value(refused, "reason", reason));
        let dropped: u64 = dropped.iter().sum();
        if dropped > self.dropped {
            self.intake.appliances.dropped(dropped - self.dropped, now);
            self.dropped = dropped;
        }
        let names = self.intake.appliances.releases().iter().cloned();
        let counts = self.releases.iter().copied();
        let releases = names.zip(counts).filter(|(_, (lines, _))| *lines > 0);
        let gaps = self.intake.appliances.iter().flat_map(|one| {
            let gaps = one.gaps();
            gaps.map(|gap| (one.name.clone(), *gap))
        });
        let seen = Seen {
            releases: releases
                .map(|(name, (lines, unknown))| (name, lines, unknown))
                .collect(),
            gaps: gaps.collect(),
        };
        *self
            .state
            .seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = seen;
    }

    /// What waits in the inbox beside lines.
    fn look_into(&mut self, inbox: &mut Inbox, now: Timestamp) {
        while let Ok(written) = inbox.written.try_recv() {
            self.note(written, now);
        }
        while let Ok(question) = inbox.asked.try_recv() {
            self.answer(question);
        }
    }

    fn answer(&mut self, question: Question) {
        match question {
            Question::Forget(address, reply) => {
                let records = self.intake.assembler.forget(&address);
                self.recall.forgotten = Some(address);
                self.masked = Some(Masked {
                    ticket: self.tickets.0,
                    records,
                    reply,
                });
                self.tell_masked();
            }
            Question::Forgotten => self.recall.forgotten = None,
            Question::HandOut => self.shed(),
            Question::Find(..)
            | Question::Search(..)
            | Question::Count(..)
            | Question::Those(..)
            | Question::Appliances(_) => question.answer(&self.intake),
        }
    }

    /// Tells that an address is masked in all that will be written.
    fn tell_masked(&mut self) {
        let is_written = |one: &mut Masked| one.ticket <= self.tickets.1;
        if let Some(masked) = self.masked.take_if(is_written) {
            let _ = masked.reply.send(masked.records);
        }
    }

    /// Waits until the index has written enough.
    /// Goes by the clock unless lines are replayed.
    async fn wait_for_room(&mut self, inbox: &mut Inbox, replayed: Option<Timestamp>) {
        while self.intake.assembler.weight() >= self.room.hard
            && !self.state.stopping.load(Ordering::Relaxed)
        {
            let now = replayed.unwrap_or_else(clock::now);
            self.look_into(inbox, now);
            self.make_room();
            self.hand_out(now);
            tokio::time::sleep(WAIT).await;
        }
    }

    /// Hands records that must be written to the index, if it has room for them.
    fn hand_out(&mut self, now: Timestamp) {
        let micros = self.complete_up_to().map_or(0, Timestamp::as_microsecond);
        self.state.complete_up_to.store(micros, Ordering::Relaxed);
        self.state.note_records(&self.intake.assembler);
        self.note_seen(now);
        if let Ok(place) = self.handouts.clone().try_reserve() {
            let handout = self.intake.assembler.tick(now, MOST);
            if let Some(writing) = self.writing(handout, false) {
                place.send(writing);
            }
        }
    }

    /// Under memory pressure: hands out what has waited longest before its time, in pieces, a
    /// few of which may be under way.
    fn make_room(&mut self) {
        if self.intake.assembler.weight() > self.room.soft {
            self.shed();
        }
    }

    /// Hands out some of what has waited longest.
    fn shed(&mut self) {
        if self.shed.len() >= SHED {
            return;
        }
        if let Ok(place) = self.handouts.clone().try_reserve() {
            let handout = self.intake.assembler.shed(MOST);
            let ticket = handout.ticket;
            if let Some(writing) = self.writing(handout, false) {
                self.shed.push_back(ticket);
                point("assembler-shed");
                place.send(writing);
            }
        }
    }

    /// A hand-out with what is to be remembered of appliances; `None` if there is no news.
    fn writing(&mut self, handout: Handout, all: bool) -> Option<Writing> {
        if self.recall.given_up.get() {
            return None;
        }
        let memories = self.intake.appliances.news(all);
        let news = !handout.records.is_empty() || !memories.is_empty();
        if !news && handout.complete == self.complete {
            return None;
        }
        self.complete = handout.complete;
        self.tickets.0 = handout.ticket;
        point("assembler-handed-out");
        Some(Writing {
            handout,
            memories,
            failures: self.failures,
        })
    }

    /// At the end everything is written, if that takes no long time: the next start has nothing
    /// to read again then.
    async fn hand_all_out(&mut self) {
        let until = Instant::now() + AT_THE_END;
        while Instant::now() < until {
            let handout = self.intake.assembler.shed(PIECE);
            let over = handout.records.is_empty();
            if let Some(writing) = self.writing(handout, over) {
                let _ = self.handouts.send_timeout(writing, AT_THE_END).await;
            }
            if over {
                point("assembler-drained");
                return;
            }
        }
    }

    /// The oldest of the newest stamps of the appliances that are not silent.
    fn complete_up_to(&self) -> Option<Timestamp> {
        let newest = || self.intake.appliances.iter().filter_map(|one| one.newest());
        let heard = newest().max()?.saturating_sub(SILENT).ok()?;
        newest().filter(|one| *one >= heard).min()
    }
}

/// A line of the journal, or why there is none to be read.
type Line = Result<(Position, Frame), whymid_journal::Error>;
