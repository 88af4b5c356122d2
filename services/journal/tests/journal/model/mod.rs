//! A disk in memory that can fail at every step, and be looked at as it is when the power goes.
//!
//! `inode.rs` says what of a file's bytes is then there, `names.rs` what of the folders. Here:
//! the disk as the journal sees it, faults, and the record of all states that it went through.

pub mod inode;
pub mod names;

use std::collections::BTreeMap;
use std::fmt;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, Weak};

use whymid_journal::{Disk, DiskFile, Listed};

use crate::dice::Dice;
use inode::{Inode, Loss};
use names::{Entry, NameLoss, Names};

const NO_SPACE: i32 = 28;
const BAD_DISK: i32 = 5;

/// When steps fail. Steps are counted from 0; one is whatever changes or syncs something.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// These steps fail.
    pub steps: std::ops::Range<usize>,
    /// One in so many others fails, too.
    pub once_in: Option<usize>,
    /// Whether pages that could not be synced are dropped.
    pub drop_pages: bool,
    /// From this step on nothing that the process does has any effect: it was killed.
    pub killed: Option<usize>,
}

/// What becomes of a step.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Done,
    Failed,
    /// Nobody is there to do it.
    Undone,
}

/// All that is on the disk and in the page cache.
#[derive(Clone, Debug, Default)]
pub struct State {
    pub files: Vec<Inode>,
    pub names: Names,
}

/// What is on the disk: files with their bytes, and folders. Two names of one file share them.
pub type Image = BTreeMap<PathBuf, Option<Arc<Vec<u8>>>>;

impl State {
    fn of(image: &Image) -> Self {
        let mut bytes: Vec<&Arc<Vec<u8>>> = Vec::new();
        let mut names = BTreeMap::new();
        for (path, content) in image {
            let entry = content.as_ref().map_or(Entry::Folder, |content| {
                let known = bytes.iter().position(|other| Arc::ptr_eq(other, content));
                let number = known.unwrap_or(bytes.len());
                if known.is_none() {
                    bytes.push(content);
                }
                Entry::File(number)
            });
            names.insert(path.clone(), entry);
        }
        let files = bytes.into_iter().map(Inode::durable).collect();
        let names = Names::durable(names);
        Self { files, names }
    }

    /// What is on the disk when the power goes now.
    pub fn lose(&self, bytes: Loss, names: NameLoss, dice: &mut Dice) -> Image {
        let mut files: BTreeMap<usize, Arc<Vec<u8>>> = BTreeMap::new();
        let left = self.names.lose(names).into_iter();
        left.map(|(path, entry)| match entry {
            Entry::Folder => (path, None),
            Entry::File(file) => {
                let lost = || Arc::new(self.files[file].lose(bytes, dice));
                (
                    path,
                    Some(Arc::clone(files.entry(file).or_insert_with(lost))),
                )
            }
        })
        .collect()
    }

    /// How many bytes, and how many names, are not synced.
    pub fn unsynced(&self) -> (usize, usize) {
        let bytes = self.files.iter().map(Inode::unsynced).sum();
        (bytes, self.names.unsynced())
    }

    fn file(&self, path: &Path) -> io::Result<usize> {
        match self.names.live().get(path) {
            Some(Entry::File(file)) => Ok(*file),
            Some(Entry::Folder) => Err(ErrorKind::IsADirectory.into()),
            None => Err(ErrorKind::NotFound.into()),
        }
    }

    fn create(&mut self, path: &Path, entry: Entry) -> io::Result<()> {
        if !self.names.has_parent(path) {
            return Err(ErrorKind::NotFound.into());
        }
        if self.names.live().contains_key(path) {
            return Err(ErrorKind::AlreadyExists.into());
        }
        self.names.set(path, Some(entry));
        Ok(())
    }

    fn create_file(&mut self, path: &Path) -> io::Result<usize> {
        let file = self.files.len();
        self.create(path, Entry::File(file))?;
        self.files.push(Inode::default());
        Ok(file)
    }
}

struct Inner {
    state: State,
    dice: Dice,
    faults: Faults,
    steps: usize,
    /// Which call of the program is running.
    call: usize,
    /// Every state between two steps, with the call that was running.
    record: Option<Vec<(usize, State)>>,
    locks: BTreeMap<PathBuf, Weak<()>>,
}

impl Inner {
    fn is_killed(&self) -> bool {
        self.faults.killed.is_some_and(|step| self.steps >= step)
    }

    fn fate(&mut self) -> Fate {
        if self.is_killed() {
            return Fate::Undone;
        }
        let step = self.steps;
        self.steps += 1;
        let faults = &self.faults;
        let chance = faults.once_in.is_some_and(|times| self.dice.once_in(times));
        if chance || faults.steps.contains(&step) {
            return Fate::Failed;
        }
        Fate::Done
    }

    fn record(&mut self) {
        if let Some(record) = &mut self.record {
            record.push((self.call, self.state.clone()));
        }
    }
}

/// The disk.
#[derive(Clone)]
pub struct Model(Arc<Mutex<Inner>>);

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a disk in memory")
    }
}

impl Model {
    /// A disk with what is in `image`.
    pub fn of(image: &Image, seed: u64) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            state: State::of(image),
            dice: Dice::new(seed),
            faults: Faults::default(),
            steps: 0,
            call: 0,
            record: None,
            locks: BTreeMap::new(),
        })))
    }

    pub fn disk(&self) -> Arc<dyn Disk> {
        Arc::new(self.clone())
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().expect("no panic while it is held")
    }

    /// From now on steps fail as `faults` says.
    pub fn set_faults(&self, faults: Faults) {
        self.inner().faults = faults;
    }

    /// From now on every state is recorded.
    pub fn start_record(&self) {
        let mut inner = self.inner();
        inner.record = Some(Vec::new());
        inner.record();
    }

    pub fn take_record(&self) -> Vec<(usize, State)> {
        self.inner().record.take().unwrap_or_default()
    }

    /// Says which call of the program comes now.
    pub fn begin(&self, call: usize) {
        self.inner().call = call;
    }

    pub fn steps(&self) -> usize {
        self.inner().steps
    }

    pub fn state(&self) -> State {
        self.inner().state.clone()
    }

    /// Whether the process was killed; if so, another one begins.
    pub fn was_killed(&self) -> bool {
        let mut inner = self.inner();
        let killed = inner.is_killed();
        if killed {
            inner.faults.killed = None;
        }
        killed
    }

    /// The power goes and comes again: only `image` is left, and all programs are gone.
    pub fn restart(&self, image: &Image) {
        let mut inner = self.inner();
        inner.state = State::of(image);
        inner.locks.clear();
    }

    /// Does something that may fail, and records what comes of it.
    fn step<T>(&self, act: impl FnOnce(&mut State) -> io::Result<T>) -> io::Result<T> {
        let mut inner = self.inner();
        let done = match inner.fate() {
            Fate::Done => act(&mut inner.state),
            Fate::Failed | Fate::Undone => Err(io::Error::from_raw_os_error(BAD_DISK)),
        };
        inner.record();
        done
    }

    fn handle(&self, file: usize, lock: Option<Arc<()>>) -> Box<dyn DiskFile> {
        let model = self.clone();
        Box::new(ModelFile {
            model,
            file,
            _lock: lock,
        })
    }
}

impl Disk for Model {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        self.step(|state| state.create(dir, Entry::Folder))
    }

    fn create_new(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = self.step(|state| state.create_file(path))?;
        Ok(self.handle(file, None))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = self.inner().state.file(path)?;
        Ok(self.handle(file, None))
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn DiskFile>>> {
        let found = self.inner().state.file(path);
        let file = found.or_else(|_| self.step(|state| state.create_file(path)))?;
        let mut inner = self.inner();
        if inner
            .locks
            .get(path)
            .is_some_and(|lock| lock.strong_count() > 0)
        {
            return Ok(None);
        }
        let lock = Arc::new(());
        inner.locks.insert(path.to_owned(), Arc::downgrade(&lock));
        drop(inner);
        Ok(Some(self.handle(file, Some(lock))))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step(|state| {
            state.file(from)?;
            if !state.names.has_parent(to) {
                return Err(ErrorKind::NotFound.into());
            }
            state.names.rename(from, to);
            Ok(())
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        // Not there: nothing changes, so it is no step.
        self.inner().state.file(path)?;
        self.step(|state| {
            state.names.set(path, None);
            Ok(())
        })
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<Listed>> {
        let inner = self.inner();
        let live = inner.state.names.live();
        if live.get(dir) != Some(&Entry::Folder) {
            return Err(ErrorKind::NotFound.into());
        }
        let within = live.iter().filter(|(path, _)| path.parent() == Some(dir));
        let listed = within.map(|(path, entry)| Listed {
            name: path.file_name().expect("a name").to_string_lossy().into(),
            size: match entry {
                Entry::Folder => 0,
                Entry::File(file) => inner.state.files[*file].cached().len() as u64,
            },
        });
        Ok(listed.collect())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.step(|state| {
            state.names.sync(dir);
            Ok(())
        })
    }
}

#[derive(Debug)]
struct ModelFile {
    model: Model,
    file: usize,
    /// Held for as long as this is open.
    _lock: Option<Arc<()>>,
}

fn index(offset: u64) -> usize {
    usize::try_from(offset).expect("a small file")
}

impl DiskFile for ModelFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        let inner = self.model.inner();
        let bytes = inner.state.files[self.file].cached();
        let rest = bytes.get(index(offset)..).unwrap_or_default();
        let read = rest.len().min(buffer.len());
        buffer[..read].copy_from_slice(&rest[..read]);
        Ok(read)
    }

    /// May take less than it is given; a disk that is full takes a part and then says so.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let mut inner = self.model.inner();
        let fate = inner.fate();
        let part = inner.dice.below(bytes.len().max(1));
        let taken = match fate {
            Fate::Done if inner.dice.once_in(4) => part.max(1).min(bytes.len()),
            Fate::Done => bytes.len(),
            Fate::Failed => part,
            Fate::Undone => 0,
        };
        if taken > 0 {
            inner.state.files[self.file].write(index(offset), &bytes[..taken]);
        }
        inner.record();
        match fate {
            Fate::Done => Ok(taken),
            Fate::Failed | Fate::Undone => Err(io::Error::from_raw_os_error(NO_SPACE)),
        }
    }

    fn sync_data(&self) -> io::Result<()> {
        let mut inner = self.model.inner();
        let fate = inner.fate();
        let drop_pages = inner.faults.drop_pages;
        let file = &mut inner.state.files[self.file];
        match fate {
            Fate::Done => file.sync(),
            Fate::Failed => file.fail_sync(drop_pages),
            Fate::Undone => {}
        }
        inner.record();
        match fate {
            Fate::Done => Ok(()),
            Fate::Failed | Fate::Undone => Err(io::Error::from_raw_os_error(BAD_DISK)),
        }
    }

    fn sync_all(&self) -> io::Result<()> {
        self.sync_data()
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let file = self.file;
        self.model.step(|state| {
            state.files[file].set_len(index(len));
            Ok(())
        })
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.model.inner().state.files[self.file].cached().len() as u64)
    }

    fn links(&self) -> io::Result<u64> {
        let inner = self.model.inner();
        let names = inner.state.names.live().values();
        Ok(names
            .filter(|entry| **entry == Entry::File(self.file))
            .count() as u64)
    }
}
