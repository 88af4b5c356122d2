//! A folder on a disk: create durably, lock, list, rename; with errors that name the file.
//!
//! A new file or folder is durable only once the folder that holds its name was synced.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::Error;
use crate::disk::{Disk, DiskFile, Listed};
use crate::error::IoContext;

/// One folder.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
}

impl Folder {
    pub(crate) fn new(disk: Arc<dyn Disk>, dir: &Path) -> Self {
        Self {
            disk,
            dir: dir.to_owned(),
        }
    }

    /// A folder in this one.
    pub(crate) fn inside(&self, name: &str) -> Self {
        Self::new(Arc::clone(&self.disk), &self.path(name))
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Creates the folder and what is missing above it, durably.
    pub(crate) fn create(&self) -> Result<(), Error> {
        create_dir(&*self.disk, &self.dir)
    }

    /// Takes the folder for one user, until what is returned is dropped.
    pub(crate) fn lock(&self) -> Result<Box<dyn DiskFile>, Error> {
        let path = self.path("lock");
        let lock = self.disk.lock(&path).while_doing("lock", &path)?;
        lock.ok_or_else(|| Error::InUse {
            dir: self.dir.clone(),
        })
    }

    /// All names in the folder; none if there is no such folder.
    pub(crate) fn list(&self) -> Result<Vec<Listed>, Error> {
        match self.disk.list(&self.dir) {
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            listed => listed.while_doing("list", &self.dir),
        }
    }

    /// Makes the names in the folder durable.
    pub(crate) fn sync(&self) -> Result<(), Error> {
        self.disk.sync_dir(&self.dir).while_doing("sync", &self.dir)
    }

    pub(crate) fn open(&self, name: &str) -> Result<Box<dyn DiskFile>, Error> {
        let path = self.path(name);
        self.disk.open(&path).while_doing("open", &path)
    }

    /// Creates a file, in place of a leftover of that name. Its name is not durable yet.
    pub(crate) fn create_file(&self, name: &str) -> Result<Box<dyn DiskFile>, Error> {
        self.remove_if_there(name)?;
        let path = self.path(name);
        self.disk.create_new(&path).while_doing("create", &path)
    }

    /// Renames within the folder; not durable yet.
    pub(crate) fn rename(&self, from: &str, to: &str) -> Result<(), Error> {
        self.give(from, self, to)
    }

    /// Renames into another folder of the same disk; not durable yet.
    pub(crate) fn give(&self, from: &str, other: &Self, to: &str) -> Result<(), Error> {
        let path = self.path(from);
        self.disk
            .rename(&path, &other.path(to))
            .while_doing("rename", &path)
    }

    /// Removes a file; not durable yet.
    pub(crate) fn remove(&self, name: &str) -> Result<(), Error> {
        let path = self.path(name);
        self.disk.remove(&path).while_doing("remove", &path)
    }

    pub(crate) fn remove_if_there(&self, name: &str) -> Result<(), Error> {
        match self.remove(name) {
            Err(error) if error.is_not_found() => Ok(()),
            outcome => outcome,
        }
    }
}

fn create_dir(disk: &dyn Disk, dir: &Path) -> Result<(), Error> {
    let above = parent(dir);
    let created = match disk.create_dir(dir) {
        Err(missing) if missing.kind() == io::ErrorKind::NotFound && above != Path::new(".") => {
            create_dir(disk, &above)?;
            disk.create_dir(dir)
        }
        outcome => outcome,
    };
    let existed = match created {
        Err(exists) if exists.kind() == io::ErrorKind::AlreadyExists => true,
        outcome => outcome.while_doing("create", dir).map(|()| false)?,
    };
    match disk.sync_dir(&above) {
        // Who could not create a folder here did not create this one either.
        Err(denied) if existed && denied.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        // It may have been created by a process that died before it came to sync its name.
        outcome => outcome.while_doing("sync", &above),
    }
}

/// The folder that holds the name of `path`.
fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        Some(_) | None => PathBuf::from("."),
    }
}
