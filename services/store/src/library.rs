//! Memory and index as one: what is live shadows what is written, by id.
//!
//! Memory is asked first: a record leaves it only when it can be read in the index, so asking in
//! this order can't miss one on its way.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use jiff::Timestamp;

use crate::document::Record;
use crate::index::{Error, Index, Look};

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
}

/// The owner of the records in memory has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the records in memory can't be asked any more")]
pub struct Gone;

/// The records in memory, as their owner shows them.
pub trait Live: Send + Sync + 'static {
    /// The records that fit a look-up.
    fn find(&self, look: Look) -> Later<Result<Vec<Record>, Gone>>;
    /// Every appliance that a line came from.
    fn appliances(&self) -> Later<Result<Vec<Known>, Gone>>;
}

/// What a caller may see. Everything, until tenants come; every call takes one already.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Only these appliances; `None` for all.
    pub appliances: Option<Vec<String>>,
}

impl Scope {
    /// No limits.
    #[must_use]
    pub fn everything() -> Self {
        Self::default()
    }

    fn allows(&self, record: &Record) -> bool {
        self.appliances
            .as_ref()
            .is_none_or(|allowed| allowed.iter().any(|one| one == record.appliance()))
    }
}

/// All records, wherever they are.
#[derive(Clone)]
pub struct Library {
    index: Index,
    live: Arc<dyn Live>,
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
    pub fn new(index: Index, live: Arc<dyn Live>) -> Self {
        Self { index, live }
    }

    /// Looks up; newest first, then by id.
    ///
    /// # Errors
    /// When the index can't be read.
    pub async fn find(&self, look: Look, scope: &Scope) -> Result<Vec<Record>, Error> {
        let mut records = self.live.find(look.clone()).await?;
        for written in self.index.find(&look)? {
            if !records.iter().any(|live| live.id() == written.id()) {
                records.push(written);
            }
        }
        records.retain(|record| scope.allows(record));
        records.sort_by(|a, b| b.start().cmp(&a.start()).then_with(|| a.id().cmp(b.id())));
        records.truncate(look.limit);
        Ok(records)
    }

    /// Every appliance that a line came from.
    ///
    /// # Errors
    /// When the records in memory can't be asked.
    pub async fn appliances(&self) -> Result<Vec<Known>, Error> {
        Ok(self.live.appliances().await?)
    }

    /// The index alone.
    #[must_use]
    pub fn index(&self) -> &Index {
        &self.index
    }
}
