//! The way of the lines behind the sockets: journal → assembler → index, one thread each, with
//! bounded channels between them.
//!
//! ```text
//! listeners ──Batch──► journal thread: append, sync each 10 ms ── a line is ACCEPTED here
//!                         │ Accepted
//!                         ▼
//!                      assembler thread: the journal first, then live; answers look-ups; ticks
//!                         │ Writing (records, up to where)         ▲ Written (settled, lost)
//!                         ▼                                        │
//!                      index thread: diagnose, upsert, commit each second
//! ```
//!
//! Invariants: a line is assembled only after its sync; a record leaves memory only after the
//! commit that holds it can be read; a commit says how much of the journal it holds, and what is
//! before that leaves the journal. Closing the first channel drains the whole way in order.
//!
//! Memory is bounded: batches wait for the journal only so many, groups for the assembler
//! likewise, and the assembler takes no line while its records take more than their room. So a
//! slow disk is felt by TCP senders, and what UDP can't pass on is counted.
//!
//! Fail points (the crate `fail`, feature `failpoints`; nothing in a release build). Set to
//! `return`, the process is aborted there. `tests/e2e/deaths.rs` reads this table and the
//! journal's:
//!
//! | name | when |
//! |---|---|
//! | `journal-told` | lines are accepted and requests know it, the assembler does not |
//! | `journal-handed-over` | the assembler has them, or will read them |
//! | `journal-before-release` | what the index holds leaves the journal next |
//! | `journal-released` | it has |
//! | `assembler-recalled` | a written record came back for a late line, which is not in it yet |
//! | `assembler-handed-out` | records rest, and the index does not have them yet |
//! | `assembler-shed` | the same, before their time: memory is short |
//! | `assembler-settled` | records have left memory: they can be read in the index |
//! | `assembler-drained` | at the end all is handed out, and not yet written |
//! | `index-upserted` | a record is written, not committed |
//! | `index-taken` | all of a hand-out is |
//! | `index-prepared` | a commit is written, and does not count yet |
//! | `index-committed` | it counts, and nobody knows yet |
//! | `index-told` | the assembler can know |
//! | `index-expired` | old records are removed, not committed |
//! | `index-revived` | after a failure it is at its last commit again |

mod assembling;
mod families;
mod forgetting;
mod indexing;
mod journaling;
mod memory;
mod recall;
mod telling;

use std::cell::Cell;
use std::collections::VecDeque;
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;
use whymid_diagnosis::{Knowledge, Listeners};
use whymid_journal::{Journal, RawFrames, Stock};
use whymid_mailflow::{ApplianceMemory, Assembler, Gap, Handout, Intake};
use whymid_store::{Checkpoint, Index, Writer};
use whymid_syslog::Frame;

use self::assembling::{Assembling, Inbox, Room};
use self::families::Families;
pub use self::forgetting::Forgetting;
use self::indexing::Indexing;
use self::journaling::Journaling;
pub use self::memory::Memory;
use self::recall::IndexRecall;
pub use self::telling::Telling;
use crate::listen::Batch;
use crate::retention::Retention;
use crate::telemetry::Telemetry;

/// Batches that may wait for the journal.
pub const JOURNAL_QUEUE: usize = 256;
/// Synced groups that may wait for the assembler.
const ASSEMBLER_QUEUE: usize = 16;
/// Hand-outs that may wait for the index.
const INDEX_QUEUE: usize = 8;
/// Look-ups that may wait for the assembler.
const ASK_QUEUE: usize = 1024;

/// Lines that are on disk.
type Accepted = Vec<(u64, Frame)>;

/// What the pipeline is made of.
pub struct Parts {
    /// The open journal.
    pub journal: Journal,
    /// Where it begins.
    pub oldest: u64,
    /// The raw segments, for an index that does not hold what has left the journal.
    pub raw: Option<RawFrames>,
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
    /// Who hears of what did not end well.
    pub telling: Telling,
    /// How long things are kept.
    pub retention: Retention,
    /// How long a segment of the journal gets lines.
    pub roll: Duration,
    /// Up to where the index holds the journal.
    pub checkpoint: Checkpoint,
    /// Bytes that records may take in memory, about.
    pub memory: usize,
    /// The counters.
    pub telemetry: Arc<Telemetry>,
}

/// A running pipeline.
pub struct Pipeline {
    /// Where frames go in; dropping every sender drains the way.
    pub frames: mpsc::Sender<Batch>,
    /// The records in memory.
    pub memory: Memory,
    /// What is to be forgotten.
    pub forgetting: Forgetting,
    /// What can be watched.
    pub state: Arc<State>,
    threads: Vec<std::thread::JoinHandle<()>>,
}

/// What can be watched from outside.
#[derive(Debug, Default)]
pub struct State {
    /// The replay is done.
    pub ready: AtomicBool,
    /// The journal has failed: nothing is accepted until it can be written again.
    pub failed: AtomicBool,
    /// Some of the journal could not be read: the lines behind the damage, up to the next
    /// segment, are not shown.
    pub damaged: AtomicBool,
    /// A thread of the way has panicked.
    pub broken: AtomicBool,
    /// The service is to end.
    pub stopping: AtomicBool,
    /// The index has failed: what could not be written stays in memory.
    pub index_failed: AtomicBool,
    /// Up to this journal position every line is in the index.
    pub complete: AtomicU64,
    /// No line behind this journal position is in the index.
    pub reached: AtomicU64,
    /// Up to this moment families are settled in the index, microseconds; 0 for never.
    pub families: AtomicI64,
    /// So many messages, at most, are written and their families still to be looked at.
    pub unsettled: AtomicU64,
    /// Messages, connections, deliveries and appliance events in memory.
    pub records: [AtomicU64; 4],
    /// Bytes that they take, about.
    pub records_weight: AtomicU64,
    /// Bytes of the journal.
    pub journal_bytes: AtomicU64,
    /// Where it begins, and where it ends.
    pub journal_begin: AtomicU64,
    /// See there.
    pub journal_end: AtomicU64,
    /// Its segment is to be closed, so that it can leave the journal.
    pub roll: AtomicBool,
    /// What the raw segments are, as last looked at.
    pub raw: Mutex<Stock>,
    /// The oldest of the appliances' newest stamps, microseconds; 0 before the first line.
    pub complete_up_to: AtomicI64,
    /// What was seen of the appliances' lines, as last looked at.
    pub seen: Mutex<Seen>,
}

/// What was seen of the appliances' lines.
#[derive(Debug, Default)]
pub struct Seen {
    /// Of each AsyncOS release, the unknown one empty: lines, and those not understood.
    pub releases: Vec<(String, u64, u64)>,
    /// Where lines seem to be missing, by appliance.
    pub gaps: Vec<(String, Gap)>,
}

impl State {
    /// What the last commit holds.
    pub fn checkpoint(&self) -> Checkpoint {
        Checkpoint {
            complete: self.complete.load(Ordering::Relaxed),
            reached: self.reached.load(Ordering::Relaxed),
            families: Some(self.families.load(Ordering::Relaxed)).filter(|micros| *micros != 0),
        }
    }

    fn set_checkpoint(&self, checkpoint: Checkpoint) {
        self.complete.store(checkpoint.complete, Ordering::Relaxed);
        self.reached.store(checkpoint.reached, Ordering::Relaxed);
        let families = checkpoint.families.unwrap_or_default();
        self.families.store(families, Ordering::Relaxed);
    }

    fn note_records(&self, assembler: &Assembler) {
        for (place, count) in self.records.iter().zip(assembler.counts()) {
            place.store(count as u64, Ordering::Relaxed);
        }
        let weight = assembler.weight() as u64;
        self.records_weight.store(weight, Ordering::Relaxed);
    }
}

/// What the index is to write.
struct Writing {
    handout: Handout,
    memories: Vec<ApplianceMemory>,
    /// How many failures of the index were known when it was handed out.
    failures: u64,
}

/// What became of what the index was handed.
enum Written {
    /// All up to that ticket can be read.
    Settled(u64),
    /// The index failed for that many times by now: all since the last settled ticket is lost.
    Lost(u64),
}

impl Pipeline {
    /// Starts the threads; the replay begins at once.
    ///
    /// # Errors
    /// When the journal can't be replayed or a thread can't be started.
    pub fn start(parts: Parts) -> anyhow::Result<Self> {
        let (frames, incoming) = mpsc::channel(JOURNAL_QUEUE);
        let (accepted, to_assemble) = mpsc::channel(ASSEMBLER_QUEUE);
        let (handouts, to_write) = mpsc::channel(INDEX_QUEUE);
        let (tell_written, written) = mpsc::unbounded_channel();
        let (asks, asked) = mpsc::channel(ASK_QUEUE);
        let (to_index, forgetting) = mpsc::channel(forgetting::QUEUE);
        let state = Arc::new(State::default());
        state
            .journal_bytes
            .store(parts.journal.bytes(), Ordering::Relaxed);
        let [begin, end] = [parts.journal.oldest(), parts.journal.durable()];
        state.journal_begin.store(begin.0, Ordering::Relaxed);
        state.journal_end.store(end.0, Ordering::Relaxed);
        state.set_checkpoint(parts.checkpoint);
        let replay_end = parts.journal.durable().0;
        let mut intake = parts.intake;
        let Checkpoint {
            complete,
            reached,
            families,
        } = parts.checkpoint;
        intake.assembler.go_on_from(complete, reached);
        let (behind, is_behind) = mpsc::channel(1);
        let journaling = Journaling {
            journal: parts.journal,
            group_commit: parts.group_commit,
            roll: parts.roll,
            rolled_at: Instant::now(),
            state: Arc::clone(&state),
            telemetry: Arc::clone(&parts.telemetry),
        };
        let assembling = Assembling {
            intake,
            recall: IndexRecall {
                state: Arc::clone(&state),
                given_up: Cell::new(false),
                forgotten: None,
                index: parts.index.clone(),
                telemetry: Arc::clone(&parts.telemetry),
            },
            state: Arc::clone(&state),
            telemetry: Arc::clone(&parts.telemetry),
            handouts,
            room: Room {
                soft: parts.memory / 2,
                hard: parts.memory,
            },
            complete: parts.checkpoint.complete,
            releases: Vec::new(),
            dropped: 0,
            oldest: parts.oldest,
            raw: parts.raw,
            replay_end,
            failures: 0,
            shed: VecDeque::new(),
            tickets: (0, 0),
            masked: None,
        };
        let mut indexing = Indexing {
            writer: parts.writer,
            index: parts.index,
            knowledge: parts.knowledge,
            listeners: parts.listeners,
            telling: parts.telling,
            retention: parts.retention,
            families: Families::default(),
            forgetting,
            stopping_since: None,
            state: Arc::clone(&state),
            telemetry: parts.telemetry,
        };
        indexing.remember_families(families);
        let inbox = Inbox {
            lines: to_assemble,
            asked,
            written,
        };
        let journaling = journaling.run(incoming, is_behind, accepted);
        let threads = vec![
            thread("journal", &state, journaling)?,
            thread("assembler", &state, assembling.run(behind, inbox))?,
            thread("index", &state, indexing.run(to_write, tell_written))?,
        ];
        Ok(Self {
            frames,
            forgetting: Forgetting {
                assembler: asks.clone(),
                index: to_index,
                state: Arc::clone(&state),
            },
            memory: Memory(asks),
            state,
            threads,
        })
    }

    /// Waits until everything that came in has gone the whole way. Every sender must be gone.
    pub fn join(self) {
        drop((self.frames, self.memory, self.forgetting));
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

/// Ends the process here if a test asked for it: see the file's head.
fn point(_name: &str) {
    fail::fail_point!(_name, |_| std::process::abort());
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
