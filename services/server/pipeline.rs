//! The way of the lines behind the sockets: journal → assembler → index, one thread each, with
//! bounded channels between them.
//!
//! ```text
//! listeners ──Batch──► journal thread: append, sync each 10 ms ── a line is ACCEPTED here
//!                         │ Accepted
//!                         ▼
//!                      assembler thread: replay first, then live; answers look-ups; ticks
//!                         │ Written (records that rest)            ▲ settled(ticket)
//!                         ▼                                        │
//!                      index thread: diagnose, upsert, commit each second
//! ```
//!
//! Invariants: a line is assembled only after its sync; a record leaves memory only after the
//! commit that holds it can be read. Closing the first channel drains the whole way in order.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout_at};
use whymid_diagnosis::{Facets, Knowledge, Listeners, Story};
use whymid_journal::{Journal, Position};
use whymid_mailflow::{Connection, Delivery, Intake, Message, Recall, Rested};
use whymid_store::{Document, Index, Key, Known, Later, Live, Look, Record, RecordKind, Writer};
use whymid_syslog::Frame;

use crate::clock;
use crate::listen::Batch;
use crate::telemetry::Telemetry;

/// Batches that may wait for the journal.
pub const JOURNAL_QUEUE: usize = 256;
/// Synced groups that may wait for the assembler.
const ASSEMBLER_QUEUE: usize = 64;
/// Hand-outs that may wait for the index.
const INDEX_QUEUE: usize = 64;
/// Look-ups that may wait for the assembler.
const ASK_QUEUE: usize = 1024;
/// Lines of one group at most, so that one sync never holds too much.
const GROUP: usize = 16_384;
/// How often resting records are handed out, and how often the index commits.
const TICK: Duration = Duration::from_millis(500);
const COMMIT: Duration = Duration::from_secs(1);

/// Lines that are on disk.
type Accepted = Vec<(u64, Frame)>;

/// What the pipeline is made of.
pub struct Parts {
    /// The open journal.
    pub journal: Journal,
    /// How long a line waits for its sync at most.
    pub group_commit: Duration,
    /// Appliances and assembler.
    pub intake: Intake,
    /// The index, for writing.
    pub writer: Writer,
    /// The index, for reading.
    pub index: Index,
    /// The knowledge base.
    pub knowledge: Arc<Knowledge>,
    /// The gateways' inbound timers.
    pub listeners: Listeners,
    /// The counters.
    pub telemetry: Arc<Telemetry>,
}

/// A running pipeline.
pub struct Pipeline {
    /// Where frames go in; dropping every sender drains the way.
    pub frames: mpsc::Sender<Batch>,
    /// The records in memory.
    pub memory: Memory,
    /// What can be watched.
    pub state: Arc<State>,
    threads: Vec<std::thread::JoinHandle<()>>,
}

/// What can be watched from outside.
#[derive(Debug, Default)]
pub struct State {
    /// The replay is done.
    pub ready: AtomicBool,
    /// The journal has failed: nothing is accepted any more.
    pub failed: AtomicBool,
    /// The index has failed: what could not be written stays in memory.
    pub index_failed: AtomicBool,
    /// Bytes of the journal.
    pub journal_bytes: AtomicU64,
    /// The oldest of the appliances' newest stamps, microseconds; 0 before the first line.
    pub complete_up_to: AtomicI64,
}

/// The records in memory, asked by message.
#[derive(Clone, Debug)]
pub struct Memory(mpsc::Sender<Question>);

enum Question {
    Find(Look, oneshot::Sender<Vec<Record>>),
    Appliances(oneshot::Sender<Vec<Known>>),
}

impl Memory {
    fn ask<T: Default + Send + 'static>(
        &self,
        question: impl FnOnce(oneshot::Sender<T>) -> Question + Send + 'static,
    ) -> Later<T> {
        let asks = self.0.clone();
        Box::pin(async move {
            let (reply, answer) = oneshot::channel();
            if asks.send(question(reply)).await.is_err() {
                return T::default();
            }
            answer.await.unwrap_or_default()
        })
    }
}

impl Live for Memory {
    fn find(&self, look: Look) -> Later<Vec<Record>> {
        self.ask(|reply| Question::Find(look, reply))
    }

    fn appliances(&self) -> Later<Vec<Known>> {
        self.ask(Question::Appliances)
    }
}

impl Pipeline {
    /// Starts the threads; the replay begins at once.
    ///
    /// # Errors
    /// When the journal can't be replayed or a thread can't be started.
    pub fn start(parts: Parts) -> anyhow::Result<Self> {
        let (frames, incoming) = mpsc::channel(JOURNAL_QUEUE);
        let (accepted, to_assemble) = mpsc::channel(ASSEMBLER_QUEUE);
        let (rested, to_write) = mpsc::channel(INDEX_QUEUE);
        let (settled, is_settled) = mpsc::unbounded_channel();
        let (asks, asked) = mpsc::channel(ASK_QUEUE);
        let state = Arc::new(State::default());
        state
            .journal_bytes
            .store(parts.journal.bytes(), Ordering::Relaxed);
        let replay = parts.journal.replay(Position::START)?;
        let journaling = Journaling {
            journal: parts.journal,
            group_commit: parts.group_commit,
            state: Arc::clone(&state),
            telemetry: Arc::clone(&parts.telemetry),
        };
        let assembling = Assembling {
            intake: parts.intake,
            recall: IndexRecall(parts.index.clone()),
            state: Arc::clone(&state),
            telemetry: Arc::clone(&parts.telemetry),
            rested,
        };
        let indexing = Indexing {
            writer: parts.writer,
            index: parts.index,
            knowledge: parts.knowledge,
            listeners: parts.listeners,
            state: Arc::clone(&state),
            telemetry: parts.telemetry,
        };
        let threads = vec![
            thread("journal", journaling.run(incoming, accepted))?,
            thread(
                "assembler",
                assembling.run(replay, to_assemble, asked, is_settled),
            )?,
            thread("index", indexing.run(to_write, settled))?,
        ];
        Ok(Self {
            frames,
            memory: Memory(asks),
            state,
            threads,
        })
    }

    /// Waits until everything that came in has gone the whole way. Every sender must be gone.
    pub fn join(self) {
        drop((self.frames, self.memory));
        for thread in self.threads {
            let _ = thread.join();
        }
    }
}

/// Runs one stage on a thread of its own.
fn thread(
    name: &str,
    stage: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<std::thread::JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    let thread = std::thread::Builder::new().name(name.to_owned());
    Ok(thread.spawn(move || runtime.block_on(stage))?)
}

struct Journaling {
    journal: Journal,
    group_commit: Duration,
    state: Arc<State>,
    telemetry: Arc<Telemetry>,
}

impl Journaling {
    async fn run(mut self, mut incoming: mpsc::Receiver<Batch>, accepted: mpsc::Sender<Accepted>) {
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

/// Finds written records for the assembler.
struct IndexRecall(Index);

impl IndexRecall {
    fn newest(&self, kind: RecordKind, key: Key, appliance: &str) -> Option<Record> {
        let look = Look {
            kind,
            key,
            appliance: Some(appliance.to_owned()),
            limit: 1,
        };
        match self.0.find(&look) {
            Ok(records) => records.into_iter().next(),
            Err(error) => {
                tracing::error!(%error, "failed to look a written record up");
                None
            }
        }
    }
}

impl Recall for IndexRecall {
    fn message(&mut self, appliance: &str, mid: u64) -> Option<Message> {
        match self.newest(RecordKind::Message, Key::Mid(mid), appliance)? {
            Record::Message(one) => Some(*one),
            _ => None,
        }
    }

    fn connection(&mut self, appliance: &str, icid: u64) -> Option<Connection> {
        match self.newest(RecordKind::Connection, Key::Icid(icid), appliance)? {
            Record::Connection(one) => Some(*one),
            _ => None,
        }
    }

    fn delivery(&mut self, appliance: &str, dcid: u64) -> Option<Delivery> {
        match self.newest(RecordKind::Delivery, Key::Dcid(dcid), appliance)? {
            Record::Delivery(one) => Some(*one),
            _ => None,
        }
    }
}

/// Records to be written, with the ticket to give back.
type Handout = (u64, Vec<Rested>);

struct Assembling {
    intake: Intake,
    recall: IndexRecall,
    state: Arc<State>,
    telemetry: Arc<Telemetry>,
    rested: mpsc::Sender<Handout>,
}

impl Assembling {
    async fn run(
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
                    Some(question) => self.reply(question),
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
                    self.reply(question);
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

    fn reply(&self, question: Question) {
        match question {
            Question::Find(look, reply) => {
                let _ = reply.send(self.find(&look));
            }
            Question::Appliances(reply) => {
                let seen = self
                    .intake
                    .appliances
                    .iter()
                    .filter(|one| one.first.is_some());
                let known = |one: &whymid_mailflow::Appliance| Known {
                    name: one.name.clone(),
                    first: one.first,
                    newest: one.newest,
                };
                let _ = reply.send(seen.map(known).collect());
            }
        }
    }

    fn find(&self, look: &Look) -> Vec<Record> {
        let assembler = &self.intake.assembler;
        let is_of = |appliance: &str| {
            look.appliance
                .as_deref()
                .is_none_or(|wanted| wanted.eq_ignore_ascii_case(appliance))
        };
        match look.kind {
            RecordKind::Message => assembler
                .messages()
                .filter(|one| {
                    is_of(&one.common.appliance)
                        && match &look.key {
                            Key::Mid(mid) => one.mid == *mid,
                            Key::Icid(icid) => one.icid == Some(*icid),
                            Key::Dcid(dcid) => one.dcids.contains(dcid),
                            Key::Id(id) => one.common.id == *id,
                        }
                })
                .map(|one| Record::Message(Box::new(one.clone())))
                .collect(),
            RecordKind::Connection => assembler
                .connections()
                .filter(|one| {
                    is_of(&one.common.appliance)
                        && match &look.key {
                            Key::Icid(icid) => one.icid == *icid,
                            Key::Id(id) => one.common.id == *id,
                            Key::Mid(_) | Key::Dcid(_) => false,
                        }
                })
                .map(|one| Record::Connection(Box::new(one.clone())))
                .collect(),
            RecordKind::Delivery => assembler
                .deliveries()
                .filter(|one| {
                    is_of(&one.common.appliance)
                        && match &look.key {
                            Key::Dcid(dcid) => one.dcid == *dcid,
                            Key::Id(id) => one.common.id == *id,
                            Key::Mid(_) | Key::Icid(_) => false,
                        }
                })
                .map(|one| Record::Delivery(Box::new(one.clone())))
                .collect(),
            RecordKind::Event => assembler
                .events()
                .filter(|one| {
                    is_of(&one.appliance) && matches!(&look.key, Key::Id(id) if one.id == *id)
                })
                .map(|one| Record::Event(Box::new(one.clone())))
                .collect(),
        }
    }
}

struct Indexing {
    writer: Writer,
    index: Index,
    knowledge: Arc<Knowledge>,
    listeners: Listeners,
    state: Arc<State>,
    telemetry: Arc<Telemetry>,
}

impl Indexing {
    async fn run(
        mut self,
        mut handouts: mpsc::Receiver<Handout>,
        settled: mpsc::UnboundedSender<u64>,
    ) {
        let mut uncommitted = None;
        let mut commit = interval(COMMIT);
        commit.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                _ = commit.tick() => self.commit(&mut uncommitted, &settled),
                handout = handouts.recv() => match handout {
                    Some((ticket, records)) => {
                        for rested in records {
                            self.write(rested);
                        }
                        uncommitted = Some(ticket);
                    }
                    None => break,
                },
            }
        }
        self.commit(&mut uncommitted, &settled);
    }

    fn write(&mut self, rested: Rested) {
        let document = self.document(rested);
        match self.writer.upsert(&document) {
            Ok(()) => {
                self.telemetry.written.inc();
            }
            Err(error) => self.failed(&error),
        }
    }

    fn document(&self, rested: Rested) -> Document {
        match rested {
            Rested::Message(message, connection) => {
                let connection = connection
                    .map(|one| *one)
                    .or_else(|| self.written_connection(&message));
                let story = Story {
                    timers: self.listeners.timers(connection.as_ref()),
                    newest: Some(message.common.last_at),
                    message: Some(*message),
                    connection,
                    deliveries: Vec::new(),
                };
                let facets = self.knowledge.facets(&story);
                let record = story.message.map(|one| Record::Message(Box::new(one)));
                Document {
                    record: record.unwrap_or_else(|| unreachable!("set above")),
                    facets: Some(facets),
                }
            }
            Rested::Connection(connection) => {
                let facets = connection
                    .mids
                    .is_empty()
                    .then(|| self.facets_alone(&connection));
                Document {
                    record: Record::Connection(connection),
                    facets,
                }
            }
            Rested::Delivery(delivery) => Document {
                record: Record::Delivery(delivery),
                facets: None,
            },
            Rested::Event(event) => Document {
                record: Record::Event(event),
                facets: None,
            },
        }
    }

    /// The diagnosis of a connection that carried no message.
    fn facets_alone(&self, connection: &Connection) -> Facets {
        self.knowledge.facets(&Story {
            message: None,
            newest: Some(connection.common.last_at),
            timers: self.listeners.timers(Some(connection)),
            connection: Some(connection.clone()),
            deliveries: Vec::new(),
        })
    }

    fn written_connection(&self, message: &Message) -> Option<Connection> {
        let id = message.connection.clone()?;
        let look = Look {
            kind: RecordKind::Connection,
            key: Key::Id(id),
            appliance: None,
            limit: 1,
        };
        match self.index.find(&look).ok()?.into_iter().next()? {
            Record::Connection(one) => Some(*one),
            _ => None,
        }
    }

    fn commit(&mut self, uncommitted: &mut Option<u64>, settled: &mpsc::UnboundedSender<u64>) {
        let Some(ticket) = uncommitted.take() else {
            return;
        };
        match self.writer.commit() {
            Ok(()) => {
                self.telemetry.commits.inc();
                if !self.state.index_failed.load(Ordering::Relaxed) {
                    let _ = settled.send(ticket);
                }
            }
            Err(error) => {
                *uncommitted = Some(ticket);
                self.failed(&error);
            }
        }
    }

    /// From the first failure on nothing leaves memory any more: what was not written is still
    /// answered for, and the journal has it for the next start.
    fn failed(&self, error: &whymid_store::Error) {
        self.state.index_failed.store(true, Ordering::Relaxed);
        self.telemetry
            .count(&self.telemetry.failures, "room", "index");
        tracing::error!(%error, "the index failed; the journal keeps every line");
    }
}
