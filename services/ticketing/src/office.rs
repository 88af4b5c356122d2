//! The office: subscriptions and causes, in memory and on disk.
//!
//! Invariants: memory follows the disk: what could not be written has not happened. A key is in one
//! courier's hands at a time. The clock, the answers and the network are handed in.
//!
//! | file | what |
//! |---|---|
//! | `intake.rs` | rows to occurrences of causes |
//! | `turn.rs` | what is to be told, and was not |
//! | `delivery.rs` | errands out, reports in |
//! | `covering.rs` | what was in clear text before there were pseudonyms |
//! | `counter.rs` | what people ask for: tickets, tests, answers, lists |
//! | `subscribing.rs` | subscriptions made, changed and removed |

mod counter;
mod covering;
mod delivery;
mod intake;
mod subscribing;
mod turn;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use whymid_mailflow::Forgotten;
use whymid_schemas::{Answer, Lang, Text};

use crate::cause::Cause;
use crate::inbox::{Row, Watch};
use crate::plan::Plan;
use crate::shelf::{Batch, Error, Shelf, Table, numbered};
use crate::words;

pub use counter::{Listing, NotTaken};
pub use delivery::{Done, Job};
pub(crate) use intake::is_trouble;
pub use intake::{Taken, is_trouble_by};
pub use subscribing::NotSubscribed;

/// What came of asking for an answer.
#[derive(Clone, Debug)]
pub enum Asked {
    /// The answer.
    Answer(Box<Answer>),
    /// The record is not there any more.
    Gone,
    /// Nobody can answer now; later perhaps.
    NotNow,
}

/// Answers about a record, in a language.
pub type Ask<'a> = &'a dyn Fn(&str, Lang) -> Asked;

/// What the office is to know of the service.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// What permalinks begin with; none are given without.
    pub public_url: Option<String>,
    /// Every wait before something is tried again is divided by this, for tests; 0 is as 1.
    pub haste: u32,
}

/// How it went with the targets of a kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Notifications that targets have.
    pub delivered: u64,
    /// Attempts that are made again.
    pub failed: u64,
    /// Notifications that were refused or given up.
    pub dead: u64,
    /// Tickets that were found beside others of the same key.
    pub merged: u64,
}

/// How it stands with everything.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// By the kind of target.
    pub targets: BTreeMap<&'static str, Counts>,
    /// Notifications that wait.
    pub waiting: u64,
    /// Rows that nobody has looked at.
    pub inbox: u64,
    /// Occurrences for which there was no room.
    pub left_out: u64,
    /// Causes that are open.
    pub open: u64,
}

/// A subscription and how it fares.
#[derive(Clone, Debug)]
struct Held {
    plan: Arc<Plan>,
    created_at: Timestamp,
    changed_at: Timestamp,
    filter_errors: u64,
    /// Nothing is sent before that.
    paused_until: Option<Timestamp>,
    /// So often in a row it did not answer.
    downs: u32,
    failing_since: Option<Timestamp>,
    failure: Option<Text>,
}

impl Held {
    /// Whether nothing is sent for now.
    fn waits(&self, now: Timestamp) -> bool {
        self.paused_until
            .is_some_and(|at| delivery::is_to_come(at, now))
    }
}

#[derive(Debug, Default)]
struct State {
    subscriptions: BTreeMap<String, Held>,
    causes: HashMap<String, Cause>,
    /// How many each subscription has.
    sizes: HashMap<String, usize>,
    /// The key of the newest life of a cause, by its base.
    current: HashMap<String, String>,
    /// The keys that couriers have in hand.
    in_hand: HashSet<String>,
    next_notification: u64,
    targets: BTreeMap<&'static str, Counts>,
    left_out: u64,
    swept_at: Option<Timestamp>,
    /// Counts what was forgotten: an answer from before may hold it.
    forgotten: u64,
}

impl State {
    fn plan(&self, subscription: &str) -> Option<&Arc<Plan>> {
        self.subscriptions.get(subscription).map(|held| &held.plan)
    }

    fn put(&mut self, cause: Cause) {
        let current = self.current.get(&cause.base);
        let is_newest = current
            .and_then(|key| self.causes.get(key))
            .is_none_or(|known| known.generation <= cause.generation);
        if is_newest {
            self.current.insert(cause.base.clone(), cause.key.clone());
        }
        let subscription = cause.subscription.clone();
        if self.causes.insert(cause.key.clone(), cause).is_none() {
            *self.sizes.entry(subscription).or_default() += 1;
        }
    }

    fn remove(&mut self, key: &str) {
        let Some(cause) = self.causes.remove(key) else {
            return;
        };
        if self.current.get(&cause.base).is_some_and(|one| one == key) {
            self.current.remove(&cause.base);
        }
        if let Some(size) = self.sizes.get_mut(&cause.subscription) {
            *size -= 1;
        }
    }

    /// Whether mail that goes through would mend a cause, and has not yet.
    fn mends(&self, cause: &Cause) -> bool {
        let plan = self.plan(&cause.subscription);
        let asks = plan.is_some_and(|plan| plan.terms.resolve_on_success);
        cause.open && cause.on_path && asks && cause.healing_since.is_none()
    }

    fn counts(&mut self, kind: &'static str) -> &mut Counts {
        self.targets.entry(kind).or_default()
    }
}

/// See the file's head.
#[derive(Debug)]
pub struct Office {
    shelf: Shelf,
    settings: Settings,
    watch: Arc<Watch>,
    next_row: AtomicU64,
    state: Mutex<State>,
}

impl Office {
    /// Opens what is remembered in a file, which is made where there is none.
    ///
    /// # Errors
    /// When it can't be read, or is no such file.
    pub fn open(path: &Path, settings: Settings) -> Result<Self, Error> {
        let shelf = Shelf::open(path)?;
        let mut state = State::default();
        read(&shelf, &mut state)?;
        let office = Self {
            next_row: AtomicU64::new(shelf.next_number(Table::Inbox)?),
            shelf,
            settings,
            watch: Arc::default(),
            state: Mutex::new(state),
        };
        office.show(&office.lock());
        Ok(office)
    }

    /// What the index thread asks.
    #[must_use]
    pub fn watch(&self) -> Arc<Watch> {
        Arc::clone(&self.watch)
    }

    /// Keeps rows, to be looked at. They are on disk when this returns.
    ///
    /// # Errors
    /// When they can't be written.
    pub fn keep(&self, rows: &[Row]) -> Result<(), Error> {
        let mut batch = Batch::default();
        for row in rows {
            let number = self.next_row.fetch_add(1, Ordering::Relaxed);
            batch.put(Table::Inbox, numbered(number), row);
        }
        if batch.is_empty() {
            return Ok(());
        }
        self.shelf.write(&batch)
    }

    /// How it stands with everything.
    #[must_use]
    pub fn tally(&self) -> Tally {
        let state = self.lock();
        let causes = || state.causes.values();
        let pending = causes().filter_map(|one| one.pending.as_ref());
        Tally {
            targets: state.targets.clone(),
            waiting: pending.filter(|one| !one.dead).count() as u64,
            inbox: self.shelf.count(Table::Inbox).unwrap_or_default(),
            left_out: state.left_out,
            open: causes().filter(|one| one.open).count() as u64,
        }
    }

    /// Masks an address wherever it stands here; says in how many places.
    ///
    /// # Errors
    /// When that can't be written.
    pub fn forget(&self, address: &Forgotten) -> Result<usize, Error> {
        let mut state = self.lock();
        let mut batch = Batch::default();
        let (mut places, mut changed) = (0, Vec::new());
        for cause in state.causes.values() {
            let mut text = serde_json::to_string(cause).unwrap_or_default();
            let is_there = address.mask_text(&mut text);
            let pending = cause.pending.as_ref();
            let body = pending.and_then(|one| words::without(&one.event.body, address));
            if (is_there || body.is_some())
                && let Ok(mut masked) = serde_json::from_str::<Cause>(&text)
            {
                if let (Some(pending), Some(body)) = (&mut masked.pending, body) {
                    pending.event.body = body;
                }
                changed.push(masked);
                places += 1;
            }
        }
        self.shelf
            .walk(Table::Notifications, [], |key, told: serde_json::Value| {
                let mut text = told.to_string();
                if address.mask_text(&mut text)
                    && let Ok(masked) = serde_json::from_str::<serde_json::Value>(&text)
                {
                    batch.put(Table::Notifications, key, &masked);
                    places += 1;
                }
                true
            })?;
        self.settle(&mut state, batch, changed)?;
        state.forgotten += 1;
        // what was written over or removed long ago may hold it, too
        self.shelf.renew()?;
        Ok(places)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if self.shelf.is_ahead() {
            match read(&self.shelf, &mut state) {
                Ok(()) => self.show(&state),
                Err(_) => self.shelf.stays_ahead(),
            }
        }
        state
    }

    /// Writes causes, and only then holds them to be so.
    fn settle(
        &self,
        state: &mut State,
        mut batch: Batch,
        changed: Vec<Cause>,
    ) -> Result<(), Error> {
        for cause in &changed {
            batch.put(Table::Causes, &cause.key, cause);
        }
        if batch.is_empty() {
            return Ok(());
        }
        self.shelf.write(&batch)?;
        let mut shows = false;
        for cause in changed {
            let known = state.causes.get(&cause.key);
            shows |= known.is_some_and(|known| state.mends(known)) != state.mends(&cause);
            state.put(cause);
        }
        if shows {
            self.show(state);
        }
        Ok(())
    }

    /// Tells the index thread what is wanted.
    fn show(&self, state: &State) {
        let wants = state
            .subscriptions
            .values()
            .any(|one| one.plan.terms.enabled);
        let healing = state.causes.values().filter(|one| state.mends(one));
        let healing = healing.map(|one| (one.by, one.value.clone()));
        self.watch.set(wants, healing.collect());
    }
}

/// Reads what is on disk into memory, in the place of what is there.
fn read(shelf: &Shelf, state: &mut State) -> Result<(), Error> {
    let mut new = State {
        next_notification: shelf.next_number(Table::Notifications)?,
        ..State::default()
    };
    shelf.walk(Table::Subscriptions, [], |_, stored| {
        subscribing::restore(stored, &mut new);
        true
    })?;
    shelf.walk(Table::Causes, [], |_, cause: Cause| {
        new.put(cause);
        true
    })?;
    new.in_hand = std::mem::take(&mut state.in_hand);
    new.targets = std::mem::take(&mut state.targets);
    (new.left_out, new.forgotten) = (state.left_out, state.forgotten + 1);
    *state = new;
    Ok(())
}

#[cfg(test)]
mod tests;
