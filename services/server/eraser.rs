//! An address is forgotten: in memory, in the index, in lines as they came. A thread of its own for
//! each, one at a time.
//!
//! ```text
//! wait until what came in before has left the journal ──► memory ──► records ──► segments of the index
//!                                                                      └──► raw segments
//! ```
//!
//! Invariants: what was received before it was asked for is without the address when it is done;
//! what is cut off half-way can be asked for again, and goes on. The address itself is written
//! nowhere, not into the log either.
//!
//! Not here: what is masked (`services/mailflow/src/forgotten.rs`), who may ask (`services/api`).

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use jiff::tz::TimeZone;
use whymid_api::NotBegun;
use whymid_journal::Vault;
use whymid_mailflow::Forgotten;
use whymid_schemas::{Erasure, ErasureState, Time};
use whymid_store::{Index, Pseudonyms};

use crate::clock;
use crate::pipeline::{Forgetting, State};

/// How often it is looked whether something is so far.
const LOOK: Duration = Duration::from_millis(200);
/// How long is waited for that.
const PATIENCE: Duration = Duration::from_secs(15 * 60);
/// Records that are written again between two commits.
const PIECE: usize = 500;
/// The most records that are looked for at a time.
const MOST: usize = 20_000;
/// So often the index is looked through until it holds nothing more.
const ROUNDS: usize = 1000;
/// Segments that were merged while records were written again have what was replaced, too.
const GENERATIONS: usize = 2;
/// How long others may change raw segments before the next one is looked through.
const BETWEEN: Duration = Duration::from_millis(5);
/// The most erasures that are told.
const TOLD: usize = 100;

/// Forgets addresses.
#[derive(Clone, Debug)]
pub struct Eraser(Arc<Office>);

/// What it takes.
#[derive(Debug)]
pub struct Office {
    /// The threads of the way.
    pub forgetting: Forgetting,
    /// What the pipeline shows.
    pub state: Arc<State>,
    /// The index.
    pub index: Index,
    /// The raw segments.
    pub vault: Arc<Vault>,
    /// What addresses are kept as.
    pub pseudonyms: Option<Arc<Pseudonyms>>,
    /// Where copies of the data folder lie.
    pub backups: Vec<String>,
    /// What is remembered of tickets.
    pub tickets: Arc<whymid_ticketing::Office>,
    /// What was asked for, the newest last.
    pub erasures: Mutex<Vec<Erasure>>,
}

impl Eraser {
    /// With what it takes.
    #[must_use]
    pub fn new(office: Office) -> Self {
        Self(Arc::new(office))
    }
}

impl whymid_api::Eraser for Eraser {
    fn begin(&self, address: &str) -> Result<Erasure, NotBegun> {
        let pseudonyms = self.0.pseudonyms.iter();
        let pseudonyms: Vec<String> = pseudonyms.map(|one| one.address(address)).collect();
        let state = &self.0.state;
        if !state.ready.load(Ordering::Relaxed) {
            return Err(NotBegun::Replaying);
        }
        // what waits for the journal would come later than this
        if state.failed.load(Ordering::Relaxed) {
            return Err(NotBegun::NotAccepting);
        }
        let end = state.journal_end.load(Ordering::Relaxed);
        let address = Forgotten::of(address, &pseudonyms, end).ok_or(NotBegun::NoAddress)?;
        let mut all = self.0.erasures();
        if all.last().is_some_and(|last| last.ended_at.is_none()) {
            return Err(NotBegun::Busy);
        }
        let begun = Erasure {
            number: all.last().map_or(1, |last| last.number + 1),
            state: ErasureState::Waiting,
            begun_at: Time::of(clock::now(), &TimeZone::UTC),
            ended_at: None,
            records: 0,
            raw_lines: 0,
            raw_unreadable: 0,
            failure: None,
            not_reached: Vec::new(),
        };
        all.push(begun.clone());
        let excess = all.len().saturating_sub(TOLD);
        all.drain(..excess);
        drop(all);
        let office = Arc::clone(&self.0);
        let thread = std::thread::Builder::new().name("eraser".to_owned());
        let spawned = thread.spawn(move || office.run(&Arc::new(address), end));
        if let Err(error) = spawned {
            self.0.ended(Err(error.into()));
        }
        Ok(begun)
    }

    fn erasures(&self) -> Vec<Erasure> {
        self.0.erasures().iter().rev().cloned().collect()
    }

    fn backups(&self) -> Vec<String> {
        self.0.backups.clone()
    }
}

impl Office {
    fn erasures(&self) -> MutexGuard<'_, Vec<Erasure>> {
        self.erasures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes how far the present one is.
    fn note(&self, note: impl FnOnce(&mut Erasure)) {
        if let Some(last) = self.erasures().last_mut() {
            note(last);
        }
    }

    fn run(&self, address: &Arc<Forgotten>, end: u64) {
        tracing::info!("an address is erased");
        let guard = Guard(self);
        let done = self.forget(address, end);
        self.ended(done);
        drop(guard);
    }

    fn ended(&self, done: anyhow::Result<()>) {
        self.note(|last| {
            last.ended_at = Some(Time::of(clock::now(), &TimeZone::UTC));
            match &done {
                Ok(()) => last.state = ErasureState::Done,
                Err(error) => {
                    last.state = ErasureState::Failed;
                    last.failure = Some(format!("{error:#}"));
                }
            }
        });
        match done {
            Ok(()) => tracing::info!("the address is erased"),
            Err(error) => {
                tracing::error!(error = %format!("{error:#}"), "an erasure broke off: ask for it again");
            }
        }
    }

    fn forget(&self, address: &Arc<Forgotten>, end: u64) -> anyhow::Result<()> {
        self.leave_the_journal(end)?;
        self.note(|last| last.state = ErasureState::Records);
        // those are written, too, and counted there
        self.forgetting.begin(address)?;
        self.records(address)?;
        self.forgetting.end()?;
        let places = self.tickets.forget(address);
        let places = places.context("what is remembered of tickets can't be written again")?;
        self.note(|last| last.records += places as u64);
        self.compact()?;
        self.note(|last| last.state = ErasureState::Raw);
        let goes_on = || {
            std::thread::sleep(BETWEEN);
            self.go_on().is_ok()
        };
        let rewritten = self.vault.rewrite(&|line| address.mask(line), &goes_on);
        let rewritten = rewritten.context("a raw segment can't be written again")?;
        self.note(|last| {
            last.raw_lines = rewritten.lines;
            last.raw_unreadable = rewritten.unreadable as u64;
        });
        ensure!(rewritten.is_whole, "the service was stopped");
        Ok(())
    }

    /// Waits until every line that was received before is in the index alone, and with the raw
    /// segments.
    fn leave_the_journal(&self, end: u64) -> anyhow::Result<()> {
        let mut asked = Instant::now();
        self.state.roll.store(true, Ordering::Relaxed);
        self.until("what came in before is written", || {
            // a segment that was just begun has nothing to be closed for
            if asked.elapsed() > 50 * LOOK {
                self.state.roll.store(true, Ordering::Relaxed);
                asked = Instant::now();
            }
            // one that can't hurry any more is told by the next that is asked of it
            let _ = self.forgetting.hurry();
            self.state.journal_begin.load(Ordering::Relaxed) >= end
        })
    }

    /// Writes every record again that holds it, or is found by it.
    fn records(&self, address: &Arc<Forgotten>) -> anyhow::Result<()> {
        let mut before = Vec::new();
        for _ in 0..ROUNDS {
            let mut holders = self.index.holding(address, MOST)?;
            if holders.is_empty() {
                return Ok(());
            }
            holders.sort_unstable_by(|one, other| one.1.cmp(&other.1));
            ensure!(
                holders != before,
                "some records can't be written without it"
            );
            let mut written = 0;
            for piece in holders.chunks(PIECE) {
                self.go_on()?;
                written += self.forgetting.records(piece.to_vec(), address)?;
            }
            self.note(|last| last.records += written as u64);
            before = holders;
        }
        bail!("records that hold it come back faster than they can be written again")
    }

    /// What was replaced leaves the disk.
    fn compact(&self) -> anyhow::Result<()> {
        for _ in 0..GENERATIONS {
            for piece in self.forgetting.pieces()? {
                let begun = Instant::now();
                while self.forgetting.compact(piece)? {
                    self.go_on()?;
                    ensure!(
                        begun.elapsed() < PATIENCE,
                        "a segment of the index can't be written anew"
                    );
                }
                self.forgetting.sweep()?;
            }
        }
        self.forgetting.sweep()
    }

    fn until(&self, what: &str, mut is_so: impl FnMut() -> bool) -> anyhow::Result<()> {
        let begun = Instant::now();
        while !is_so() {
            self.go_on()?;
            ensure!(
                begun.elapsed() < PATIENCE,
                "waited for {} minutes until {what}",
                PATIENCE.as_secs() / 60
            );
            std::thread::sleep(LOOK);
        }
        Ok(())
    }

    /// Whatever came of it: memory is as ever, and the next can be asked for.
    fn is_over(&self) {
        let _ = self.forgetting.end();
        let is_open = self
            .erasures()
            .last()
            .is_some_and(|last| last.ended_at.is_none());
        if is_open {
            self.ended(Err(anyhow::anyhow!("it panicked")));
        }
    }

    fn go_on(&self) -> anyhow::Result<()> {
        ensure!(
            !self.state.stopping.load(Ordering::Relaxed),
            "the service was stopped"
        );
        Ok(())
    }
}

/// Ends an erasure, however it came to its end.
struct Guard<'o>(&'o Office);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.0.is_over();
    }
}
