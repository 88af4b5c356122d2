//! Folder things: create durably, sync, lock.
//!
//! A new file or folder is durable only once the folder that holds its name was synced.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use crate::Error;
use crate::error::IoContext;

/// Creates `dir` and what is missing above it, durably.
pub(crate) fn create_dir(dir: &Path) -> Result<(), Error> {
    let missing: Vec<&Path> = dir.ancestors().take_while(|d| is_missing(d)).collect();
    fs::create_dir_all(dir).while_doing("create", dir)?;
    missing.iter().rev().try_for_each(|d| sync_dir(&parent(d)))
}

fn is_missing(dir: &Path) -> bool {
    !dir.as_os_str().is_empty() && !dir.exists()
}

/// The folder that holds the name of `path`.
fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        Some(_) | None => PathBuf::from("."),
    }
}

/// Makes the names in `dir` durable.
pub(crate) fn sync_dir(dir: &Path) -> Result<(), Error> {
    File::open(dir)
        .and_then(|handle| handle.sync_all())
        .while_doing("sync", dir)
}

/// Takes the folder for this journal alone, until the returned file is dropped or the process
/// ends, however it ends.
pub(crate) fn lock(dir: &Path) -> Result<File, Error> {
    let path = dir.join("lock");
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .while_doing("open", &path)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Error::InUse {
            dir: dir.to_owned(),
        }),
        Err(TryLockError::Error(source)) => Err(source).while_doing("lock", &path),
    }
}
