//! Memory and index as one: what is live shadows what is written, by id.
//!
//! Memory is asked first: a record leaves it only when it can be read in the index, so asking in
//! this order can't miss one on its way.

use std::collections::{HashMap, HashSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use jiff::Timestamp;
use whymid_mailflow::{Carried, Gap, Sight};
use whymid_schemas::Zone;

use crate::document::{Record, RecordKind};
use crate::filter::Filter;
use crate::index::{Error, Index, Key, Look};
use crate::search::{Asker, Patience, Place, Search};
use crate::stats::{Counted, Group};

/// A reply to come.
pub type Later<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// An appliance whose lines came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its name.
    pub name: String,
    /// Stamp of its first line.
    pub first: Option<Timestamp>,
    /// Its newest stamp.
    pub newest: Option<Timestamp>,
    /// Where its lines seem to be missing.
    pub gaps: Vec<Gap>,
    /// Other names that it goes by.
    pub aliases: Vec<String>,
    /// Addresses that the configuration gives it.
    pub addresses: Vec<String>,
    /// AsyncOS version, once told.
    pub version: Option<String>,
    /// Serial number, once told.
    pub serial: Option<String>,
    /// Where its zone comes from.
    pub zone: Zone,
    /// Lines since the start.
    pub lines: u64,
    /// Those of them that were not understood.
    pub not_understood: u64,
    /// How far its last line was behind the moment when it came in, seconds.
    pub behind: Option<i64>,
}

/// The owner of the records in memory has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the records in memory can't be asked any more")]
pub struct Gone;

/// A page of a search.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The records, in order, each with whether it is in memory.
    pub records: Vec<(Record, bool)>,
    /// Behind which place there may be more.
    pub next: Option<Place>,
}

/// The records in memory, as their owner shows them.
pub trait Live: Send + Sync + 'static {
    /// The records that fit a look-up.
    fn find(&self, look: Look) -> Later<Result<Vec<Record>, Gone>>;
    /// The records that fit a search by their own fields, in order.
    fn search(&self, search: Search) -> Later<Result<Vec<Record>, Gone>>;
    /// How many records fit by their own fields.
    fn count(&self, filter: Filter) -> Later<Result<u64, Gone>>;
    /// The records of a kind that go by one of these ids.
    fn those(&self, kind: RecordKind, ids: Vec<String>) -> Later<Result<Vec<Record>, Gone>>;
    /// Every appliance that a line came from.
    fn appliances(&self) -> Later<Result<Vec<Known>, Gone>>;
}

/// What a caller may see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// Only these appliances, by the names that they are shown by; `None` for all.
    pub appliances: Option<Vec<String>>,
    /// Only mail for recipients in these domains; `None` for all. Searches and counts hold to it.
    /// Records that are looked up are whole: what is seen of them follows from the families that
    /// they belong to, and is found out by who gathers those.
    pub sight: Option<Arc<Sight>>,
}

impl Scope {
    /// No limits.
    #[must_use]
    pub fn everything() -> Self {
        Self::default()
    }

    fn allows(&self, record: &Record) -> bool {
        self.allows_appliance(record.appliance())
    }

    /// Whether an appliance, by the name that it is shown by, may be seen.
    #[must_use]
    pub fn allows_appliance(&self, name: &str) -> bool {
        let is_it = |one: &String| one.eq_ignore_ascii_case(name);
        self.appliances
            .as_ref()
            .is_none_or(|allowed| allowed.iter().any(is_it))
    }

    /// Whether it has limits.
    #[must_use]
    pub fn is_limited(&self) -> bool {
        self.appliances.is_some() || self.sight.is_some()
    }
}

/// Every id that records go by.
fn names_of(records: &[Record]) -> HashSet<String> {
    let commons = records.iter().map(Record::common);
    let names = commons.flat_map(|one| [&one.id].into_iter().chain(&one.aliases));
    names.cloned().collect()
}

/// Which identities are shown by which name, where the two differ. Identities never change;
/// names are what the configuration calls an appliance now.
#[derive(Clone, Debug, Default)]
pub struct Names {
    shown: HashMap<String, String>,
}

impl Names {
    /// From pairs of identity and name.
    #[must_use]
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self {
            shown: pairs.into_iter().collect(),
        }
    }

    /// Every identity of the appliance that is called so, or was.
    fn identities(&self, called: &str) -> Vec<String> {
        let called = called.to_lowercase();
        let shown = self.shown.get(&called).unwrap_or(&called);
        let same = self.shown.iter().filter(|(_, name)| *name == shown);
        let mut all: Vec<String> = same.map(|(identity, _)| identity.clone()).collect();
        all.push(called.clone());
        all.push(shown.clone());
        all.sort_unstable();
        all.dedup();
        all
    }

    /// Counts of identities that are shown by one name, together.
    fn unite(&self, counted: &mut Counted) {
        let mut united: Vec<(String, u64, Vec<u64>)> = Vec::new();
        for (identity, count, spans) in std::mem::take(&mut counted.groups) {
            let name = self.shown.get(&identity).cloned().unwrap_or(identity);
            match united.iter_mut().find(|(known, ..)| *known == name) {
                Some((_, sum, over_time)) => {
                    *sum += count;
                    for (sum, more) in over_time.iter_mut().zip(spans) {
                        *sum += more;
                    }
                }
                None => united.push((name, count, spans)),
            }
        }
        united.sort_by(|(a, one, _), (b, other, _)| other.cmp(one).then_with(|| a.cmp(b)));
        counted.groups = united;
    }

    fn show(&self, record: &mut Record) {
        let appliance = &mut record.common_mut().appliance;
        if let Some(name) = self.shown.get(appliance) {
            appliance.clone_from(name);
        }
    }
}

/// All records, wherever they are.
#[derive(Clone)]
pub struct Library {
    index: Index,
    live: Arc<dyn Live>,
    names: Names,
}

impl std::fmt::Debug for Library {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Library")
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}

impl Library {
    /// Memory over index.
    #[must_use]
    pub fn new(index: Index, live: Arc<dyn Live>, names: Names) -> Self {
        Self { index, live, names }
    }

    /// Looks up; newest first, then by id. Appliances carry the names that they are shown by.
    ///
    /// # Errors
    /// When the index can't be read.
    pub async fn find(&self, look: Look, scope: &Scope) -> Result<Vec<Record>, Error> {
        let Some(look) = self.in_scope(look, scope) else {
            return Ok(Vec::new());
        };
        let mut records = self.live.find(look.clone()).await?;
        for written in self.index.find(&look)? {
            if !records
                .iter()
                .any(|live| live.common().goes_by(written.id()))
            {
                records.push(written);
            }
        }
        records
            .iter_mut()
            .for_each(|record| self.names.show(record));
        records.retain(|record| scope.allows(record));
        records.sort_by(|a, b| b.start().cmp(&a.start()).then_with(|| a.id().cmp(b.id())));
        records.truncate(look.limit);
        Ok(records)
    }

    /// The messages that name the ICID of a connection.
    ///
    /// # Errors
    /// When the index can't be read, or the records in memory can't be asked.
    pub async fn carried(&self, icid: u64, appliance: &str) -> Result<Vec<Carried>, Error> {
        let look = self.by_identity(Look {
            kind: RecordKind::Message,
            key: Key::Icid(icid),
            appliances: vec![appliance.to_owned()],
            limit: usize::MAX,
        });
        let live = self.live.find(look.clone()).await?;
        let written = self.index.carried(icid, &look.appliances)?;
        let live = live.into_iter().filter_map(Record::into_message);
        let live = live.map(|message| Carried::from(&message));
        Ok(live.chain(written).collect())
    }

    /// A page of what fits a search, memory and index as one. What is in memory fits by its own
    /// fields; whether the derived conditions hold there, is for the caller to find out.
    ///
    /// # Errors
    /// When the index can't be read, or the records in memory can't be asked.
    pub async fn search(&self, mut search: Search, scope: &Scope) -> Result<Found, Error> {
        self.name(&mut search.filter, scope);
        let live = self.live.search(search.clone()).await?;
        let asked = search.clone();
        let written = self.blocking(move |index, patience| index.search(&asked, patience));
        let written = written.await?;
        let rank = |record: &Record| search.order.rank(record.start(), record.id());
        // behind the last record of a full source there may be others
        let full = [&live, &written]
            .into_iter()
            .filter(|found| found.len() >= search.limit);
        let end = full.filter_map(|found| found.last());
        let end = end.min_by_key(|one| rank(one)).map(Place::of);
        let mut own = names_of(&live);
        let unknown = written
            .iter()
            .map(Record::id)
            .filter(|id| !own.contains(*id));
        let unknown: Vec<String> = unknown.map(str::to_owned).collect();
        // recalled since, or no longer fitting
        let shadowing = self.live.those(search.filter.kind, unknown).await?;
        own.extend(names_of(&shadowing));
        let written = written.into_iter().filter(|one| !own.contains(one.id()));
        let shadowing = shadowing.into_iter();
        let shadowing = shadowing.filter(|one| search.rank(one.view()).is_some());
        let live = live.into_iter().chain(shadowing).map(|one| (one, true));
        let mut records: Vec<(Record, bool)> =
            live.chain(written.map(|one| (one, false))).collect();
        let last = end
            .as_ref()
            .map(|end| search.order.rank(end.start, &end.id));
        records.retain(|(one, _)| last.is_none_or(|last| rank(one) <= last));
        records.sort_by_key(|(one, _)| rank(one));
        records.dedup_by(|(one, _), (other, _)| one.id() == other.id());
        let next = if records.len() > search.limit {
            records.truncate(search.limit);
            records.last().map(|(one, _)| Place::of(one))
        } else {
            end
        };
        records.iter_mut().for_each(|(one, _)| self.names.show(one));
        Ok(Found { records, next })
    }

    /// Counts what fits, of what is written: see [`Index::stats`].
    ///
    /// # Errors
    /// When the index can't be read, or counting takes too much memory.
    pub async fn stats(
        &self,
        mut filter: Filter,
        moments: Vec<Timestamp>,
        group: Option<(Group, usize)>,
        scope: &Scope,
    ) -> Result<Counted, Error> {
        self.name(&mut filter, scope);
        // an appliance's identities are united first
        let asked = match group {
            Some((Group::Appliance, _)) => Some((Group::Appliance, usize::MAX)),
            other => other,
        };
        let counting = move |index: &Index, patience: &Patience| {
            index.stats(&filter, &moments, asked, patience)
        };
        let mut counted = self.blocking(counting).await?;
        if let Some((Group::Appliance, limit)) = group {
            self.names.unite(&mut counted);
            let beyond = counted.groups.split_off(limit.min(counted.groups.len()));
            counted.other += beyond.iter().map(|(_, count, _)| count).sum::<u64>();
        }
        Ok(counted)
    }

    /// How many records in memory fit, by their own fields.
    ///
    /// # Errors
    /// When the records in memory can't be asked.
    pub async fn in_memory(&self, filter: &Filter, scope: &Scope) -> Result<u64, Error> {
        let mut filter = filter.clone();
        self.name(&mut filter, scope);
        Ok(self.live.count(filter).await?)
    }

    /// Runs where blocking is allowed; ends when nobody waits any more.
    async fn blocking<T: Send + 'static>(
        &self,
        run: impl FnOnce(&Index, &Patience) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let index = self.index.clone();
        let asker = Asker(Patience::default());
        let patience = asker.0.clone();
        let done = tokio::task::spawn_blocking(move || run(&index, &patience)).await;
        done.map_err(|_| Error::Failed)?
    }

    /// Appliances that a filter names, by identity; and those that may be seen.
    fn name(&self, filter: &mut Filter, scope: &Scope) {
        let identities = |names: &Vec<String>| -> Vec<String> {
            let names = names.iter();
            names
                .flat_map(|called| self.names.identities(called))
                .collect()
        };
        filter.scope = scope.appliances.as_ref().map(identities);
        filter.sight.clone_from(&scope.sight);
        for names in [&mut filter.appliance.any, &mut filter.appliance.none] {
            let identities = names
                .iter()
                .flat_map(|called| self.names.identities(called));
            *names = identities.collect();
        }
    }

    /// A look-up where it may look; `None` for nowhere.
    fn in_scope(&self, look: Look, scope: &Scope) -> Option<Look> {
        let mut look = self.by_identity(look);
        if let Some(allowed) = &scope.appliances {
            let allowed = allowed.iter();
            let mut allowed: Vec<String> = allowed
                .flat_map(|called| self.names.identities(called))
                .collect();
            if !look.appliances.is_empty() {
                allowed.retain(|one| look.appliances.contains(one));
            }
            if allowed.is_empty() {
                return None;
            }
            look.appliances = allowed;
        }
        Some(look)
    }

    fn by_identity(&self, mut look: Look) -> Look {
        let called = std::mem::take(&mut look.appliances);
        let identities = called
            .iter()
            .flat_map(|called| self.names.identities(called));
        look.appliances = identities.collect();
        look
    }

    /// Every appliance that a line came from and that may be seen.
    ///
    /// # Errors
    /// When the records in memory can't be asked.
    pub async fn appliances(&self, scope: &Scope) -> Result<Vec<Known>, Error> {
        let mut all = self.live.appliances().await?;
        all.retain(|one| scope.allows_appliance(&one.name));
        Ok(all)
    }

    /// The index alone.
    #[must_use]
    pub fn index(&self) -> &Index {
        &self.index
    }
}
