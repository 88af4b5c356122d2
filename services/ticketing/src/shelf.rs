//! What is remembered, on disk: one file of redb, JSON in it.
//!
//! Invariants: what a [`Batch`] holds is on disk as a whole or not at all once [`Shelf::write`]
//! returns, and not where it fails; the file is its owner's alone (it holds secrets). After a failure
//! (a full disk) the file is opened again, as redb asks for: what comes next finds out whether it can
//! be written. A write that failed may be there all the same: each has a number, which is looked for.
//! Where that is found out late, what is in memory is behind, and nothing is written until it is read
//! again ([`Shelf::is_ahead`]).
//!
//! | table | key | value |
//! |---|---|---|
//! | `subscriptions` | id | subscription with its secrets |
//! | `inbox` | number | what the index is about to hold and nobody has looked at |
//! | `causes` | key | cause |
//! | `occurrences` | record, subscription | which cause it counts for |
//! | `notifications` | number | notification |
//! | `meta` | a word | what is remembered of the file itself |
//!
//! Not here: what any of it means.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, RwLock, RwLockWriteGuard};

use redb::backends::FileBackend;
use redb::{
    Database, ReadableDatabase, ReadableTable as _, ReadableTableMetadata, TableDefinition,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// What could not be remembered, or looked up.
#[derive(Debug, thiserror::Error)]
#[error("failed to keep tickets' state in {file}: {what}")]
pub struct Error {
    file: String,
    what: String,
}

/// A table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    Subscriptions,
    Inbox,
    Causes,
    Occurrences,
    Notifications,
    Meta,
}

type Definition = TableDefinition<'static, &'static [u8], &'static [u8]>;

impl Table {
    const ALL: [Self; 6] = [
        Self::Subscriptions,
        Self::Inbox,
        Self::Causes,
        Self::Occurrences,
        Self::Notifications,
        Self::Meta,
    ];

    const fn definition(self) -> Definition {
        TableDefinition::new(match self {
            Self::Subscriptions => "subscriptions",
            Self::Inbox => "inbox",
            Self::Causes => "causes",
            Self::Occurrences => "occurrences",
            Self::Notifications => "notifications",
            Self::Meta => "meta",
        })
    }
}

/// Where the number of the last write is.
const NUMBER: &str = "written";

/// Changes that belong together; of several to one place the last counts.
#[derive(Debug, Default)]
pub(crate) struct Batch(Vec<(Table, Vec<u8>, Option<Vec<u8>>)>);

impl Batch {
    pub(crate) fn put(&mut self, table: Table, key: impl AsRef<[u8]>, value: &impl Serialize) {
        // our own shapes have string keys and no value that JSON lacks
        let value = serde_json::to_vec(value).unwrap_or_default();
        self.0.push((table, key.as_ref().to_vec(), Some(value)));
    }

    pub(crate) fn remove(&mut self, table: Table, key: impl AsRef<[u8]>) {
        self.0.push((table, key.as_ref().to_vec(), None));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The file.
#[derive(Debug)]
pub(crate) struct Shelf {
    /// Nothing where it could not be opened again.
    database: RwLock<Option<Database>>,
    /// The number of a write of which it is not known whether it is there. Held while one is under way.
    doubt: Mutex<Option<u64>>,
    is_ahead: AtomicBool,
    path: PathBuf,
    file: String,
}

impl Shelf {
    /// Opens the file, which is made where there is none.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let shelf = Self {
            database: RwLock::new(None),
            doubt: Mutex::new(None),
            is_ahead: AtomicBool::new(false),
            path: path.to_owned(),
            file: path.display().to_string(),
        };
        // every table is there from now on; where they are, a full disk keeps nobody from starting
        let tables = shelf.with(|database| Ok(database.begin_read()?.list_tables()?.count()))?;
        if tables < Table::ALL.len() {
            shelf.write(&Batch::default())?;
        }
        Ok(shelf)
    }

    fn failed(&self, error: &dyn std::fmt::Display) -> Error {
        Error {
            file: self.file.clone(),
            what: error.to_string(),
        }
    }

    /// Does something with the file. Once anything failed, redb does no more until it is opened again.
    fn with<T>(&self, work: impl FnOnce(&Database) -> Result<T, redb::Error>) -> Result<T, Error> {
        let mut place = self.database.read().unwrap_or_else(PoisonError::into_inner);
        if place.is_none() {
            drop(place);
            let mut empty = self.for_changes();
            if empty.is_none() {
                *empty = Some(opened(&self.path).map_err(|error| self.failed(&error))?);
            }
            drop(empty);
            place = self.database.read().unwrap_or_else(PoisonError::into_inner);
        }
        let Some(database) = &*place else {
            return Err(self.failed(&"it was closed, and is opened again"));
        };
        let done = work(database);
        drop(place);
        done.map_err(|error| {
            *self.for_changes() = None;
            self.failed(&error)
        })
    }

    fn for_changes(&self) -> RwLockWriteGuard<'_, Option<Database>> {
        let place = self.database.write();
        place.unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the file anew: what was removed or written over is nowhere in it.
    pub(crate) fn renew(&self) -> Result<(), Error> {
        // it is there, or can't be read
        self.count(Table::Meta)?;
        let mut place = self.for_changes();
        let Some(old) = &*place else {
            return Err(self.failed(&"it was closed, and is opened again"));
        };
        let new_path = self.path.with_extension("new");
        // what an earlier attempt left
        let _ = std::fs::remove_file(&new_path);
        let new = Self::open(&new_path)?;
        new.with(|new| {
            let (from, to) = (old.begin_read()?, new.begin_write()?);
            for table in Table::ALL {
                let (old, mut open) = (
                    from.open_table(table.definition())?,
                    to.open_table(table.definition())?,
                );
                for entry in old.range::<&[u8]>(..)? {
                    let (key, value) = entry?;
                    open.insert(key.value(), value.value())?;
                }
            }
            to.commit()?;
            Ok(())
        })?;
        std::fs::rename(&new_path, &self.path).map_err(|error| self.failed(&error))?;
        // the new file goes on under the old one's name, whatever comes now
        *place = new
            .database
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let folder = self.path.parent().map(std::fs::File::open);
        if let Some(Ok(folder)) = folder {
            folder.sync_all().map_err(|error| self.failed(&error))?;
        }
        Ok(())
    }

    /// Puts changes on disk.
    pub(crate) fn write(&self, batch: &Batch) -> Result<(), Error> {
        let mut doubt = self.doubt.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = *doubt {
            let is_there = self.written()? == number;
            *doubt = None;
            self.is_ahead.fetch_or(is_there, Ordering::Relaxed);
        }
        if self.is_ahead.load(Ordering::Relaxed) {
            return Err(self.failed(&"what it holds is read again first"));
        }
        let mut number = None;
        let Err(error) = self.with(|database| put(database, batch, &mut number)) else {
            return Ok(());
        };
        let Some(number) = number else {
            return Err(error);
        };
        match self.written() {
            Ok(last) if last == number => Ok(()),
            Ok(_) => Err(error),
            Err(_) => {
                *doubt = Some(number);
                Err(error)
            }
        }
    }

    /// Whether it holds more than whoever wrote knows: asked once, and then it is to be read again.
    pub(crate) fn is_ahead(&self) -> bool {
        self.is_ahead.swap(false, Ordering::Relaxed)
    }

    /// It could not be read again.
    pub(crate) fn stays_ahead(&self) {
        self.is_ahead.store(true, Ordering::Relaxed);
    }

    /// The number of the last write.
    fn written(&self) -> Result<u64, Error> {
        Ok(self.get(Table::Meta, NUMBER)?.unwrap_or_default())
    }

    /// What is at a place.
    pub(crate) fn get<T: DeserializeOwned>(
        &self,
        table: Table,
        key: impl AsRef<[u8]>,
    ) -> Result<Option<T>, Error> {
        self.with(|database| {
            let transaction = database.begin_read()?;
            let open = transaction.open_table(table.definition())?;
            let found = open.get(key.as_ref())?;
            Ok(found.and_then(|value| serde_json::from_slice(value.value()).ok()))
        })
    }

    /// What is there from a key on, in order, as long as `until` does not say that it is enough.
    pub(crate) fn walk<T: DeserializeOwned>(
        &self,
        table: Table,
        from: impl AsRef<[u8]>,
        mut take: impl FnMut(&[u8], T) -> bool,
    ) -> Result<(), Error> {
        self.with(|database| {
            let transaction = database.begin_read()?;
            let open = transaction.open_table(table.definition())?;
            for entry in open.range(from.as_ref()..)? {
                let (key, value) = entry?;
                let Ok(one) = serde_json::from_slice(value.value()) else {
                    continue;
                };
                if !take(key.value(), one) {
                    break;
                }
            }
            Ok(())
        })
    }

    /// The same backwards, from behind all or from in front of a key.
    pub(crate) fn walk_back<T: DeserializeOwned>(
        &self,
        table: Table,
        before: Option<&[u8]>,
        mut take: impl FnMut(&[u8], T) -> bool,
    ) -> Result<(), Error> {
        self.with(|database| {
            let transaction = database.begin_read()?;
            let open = transaction.open_table(table.definition())?;
            let entries = match before {
                Some(before) => open.range(..before)?,
                None => open.range::<&[u8]>(..)?,
            };
            for entry in entries.rev() {
                let (key, value) = entry?;
                let Ok(one) = serde_json::from_slice(value.value()) else {
                    continue;
                };
                if !take(key.value(), one) {
                    break;
                }
            }
            Ok(())
        })
    }

    /// The number behind the last one of a table whose keys are numbers.
    pub(crate) fn next_number(&self, table: Table) -> Result<u64, Error> {
        let mut last = None;
        self.walk_back(table, None, |key, _: serde_json::Value| {
            last = number(key);
            false
        })?;
        Ok(last.map_or(0, |last| last + 1))
    }

    /// How many there are.
    pub(crate) fn count(&self, table: Table) -> Result<u64, Error> {
        self.with(|database| {
            let transaction = database.begin_read()?;
            Ok(transaction.open_table(table.definition())?.len()?)
        })
    }
}

/// Puts changes into the file, as a write with a number.
fn put(database: &Database, batch: &Batch, number: &mut Option<u64>) -> Result<(), redb::Error> {
    let transaction = database.begin_write()?;
    for table in Table::ALL {
        let mut open = transaction.open_table(table.definition())?;
        for (_, key, value) in batch.0.iter().filter(|change| change.0 == table) {
            match value {
                Some(value) => open.insert(key.as_slice(), value.as_slice())?,
                None => open.remove(key.as_slice())?,
            };
        }
        if table == Table::Meta {
            let last = open.get(NUMBER.as_bytes())?;
            let last = last.and_then(|value| serde_json::from_slice::<u64>(value.value()).ok());
            let next = last.unwrap_or_default() + 1;
            open.insert(NUMBER.as_bytes(), next.to_string().as_bytes())?;
            *number = Some(next);
        }
    }
    transaction.commit()?;
    Ok(())
}

fn opened(path: &Path) -> Result<Database, redb::Error> {
    let mut options = OpenOptions::new();
    let options = options.create(true).truncate(false).read(true).write(true);
    let file = options.mode(0o600).open(path)?;
    Ok(Database::builder().create_with_backend(FileBackend::new(file)?)?)
}

/// A key that is a number, in order.
pub(crate) fn numbered(number: u64) -> [u8; 8] {
    number.to_be_bytes()
}

/// The number of a key.
pub(crate) fn number(key: &[u8]) -> Option<u64> {
    key.try_into().ok().map(u64::from_be_bytes)
}

#[cfg(test)]
mod tests;
