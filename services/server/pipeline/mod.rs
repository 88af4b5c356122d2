//! The way of the lines behind the sockets: journal → assembler → index, one thread each, with
//! bounded channels between them.
//!
//! ```text
//! listeners ──Batch──► journal thread: append, sync each 10 ms ── a line is ACCEPTED here
//!                         │ Accepted
//!                         ▼
//!                      assembler thread: the journal first, then live; answers look-ups; ticks
//!                         │ Written (records that rest)            ▲ settled(ticket)
//!                         ▼                                        │
//!                      index thread: diagnose, upsert, commit each second
//! ```
//!
//! Invariants: a line is assembled only after its sync; a record leaves memory only after the
//! commit that holds it can be read. Closing the first channel drains the whole way in order.

mod assembling;
mod indexing;
mod journaling;
mod memory;
mod recall;

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::mpsc;
use whymid_diagnosis::{Knowledge, Listeners};
use whymid_journal::Journal;
use whymid_mailflow::{Intake, Rested};
use whymid_store::{Index, Writer};
use whymid_syslog::Frame;

use self::assembling::{Assembling, Inbox};
use self::indexing::Indexing;
use self::journaling::Journaling;
pub use self::memory::Memory;
use self::recall::IndexRecall;
use crate::listen::Batch;
use crate::telemetry::Telemetry;

/// Batches that may wait for the journal.
pub const JOURNAL_QUEUE: usize = 256;
/// Synced groups that may wait for the assembler.
const ASSEMBLER_QUEUE: usize = 16;
/// Hand-outs that may wait for the index.
const INDEX_QUEUE: usize = 64;
/// Look-ups that may wait for the assembler.
const ASK_QUEUE: usize = 1024;

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
    /// The journal could not be read to its end: lines behind the damage are not shown.
    pub damaged: AtomicBool,
    /// A thread of the way has panicked.
    pub broken: AtomicBool,
    /// The service is to end.
    pub stopping: AtomicBool,
    /// The index has failed: what could not be written stays in memory.
    pub index_failed: AtomicBool,
    /// Bytes of the journal.
    pub journal_bytes: AtomicU64,
    /// The oldest of the appliances' newest stamps, microseconds; 0 before the first line.
    pub complete_up_to: AtomicI64,
}

/// Records to be written, with the ticket to give back.
type Handout = (u64, Vec<Rested>);

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
        let replay_end = parts.journal.durable().0;
        let (behind, is_behind) = mpsc::channel(1);
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
            replay_end,
        };
        let indexing = Indexing {
            writer: parts.writer,
            index: parts.index,
            knowledge: parts.knowledge,
            listeners: parts.listeners,
            state: Arc::clone(&state),
            telemetry: parts.telemetry,
        };
        let inbox = Inbox {
            lines: to_assemble,
            asked,
            settled: is_settled,
        };
        let journaling = journaling.run(incoming, is_behind, accepted);
        let threads = vec![
            thread("journal", &state, journaling)?,
            thread("assembler", &state, assembling.run(behind, inbox))?,
            thread("index", &state, indexing.run(to_write, settled))?,
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

/// Says when the thread that it lives on panics.
struct Watch(Arc<State>);

impl Drop for Watch {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.broken.store(true, Ordering::Relaxed);
        }
    }
}

/// Runs one stage on a thread of its own.
fn thread(
    name: &str,
    state: &Arc<State>,
    stage: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<std::thread::JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()?;
    let watch = Watch(Arc::clone(state));
    let thread = std::thread::Builder::new().name(name.to_owned());
    Ok(thread.spawn(move || {
        let _watch = watch;
        runtime.block_on(stage);
    })?)
}
