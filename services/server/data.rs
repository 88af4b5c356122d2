//! The data folder: made, taken for one instance alone, of a format that this release knows.
//!
//! Format 1 (releases before 0.2) kept the whole journal and built its index at every start: the
//! index is removed, and built from the journal once more. Since format 2 the index says how much
//! of the journal it holds. In format 3 messages are found by the MIDs of their families;
//! in format 4 also by who sent them and by how their families fared; in format 5, which is this one,
//! it is known which went to recipients of several domains. An index of format 2, 3 or 4 is written
//! anew (`services/store`).
//!
//! Not here: what is in the folders (`services/journal`, `services/store`).

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// The format that this release writes.
const FORMAT: u32 = 5;

/// The data folder, held for as long as this lives.
#[derive(Debug)]
pub struct DataFolder {
    dir: PathBuf,
    _lock: File,
}

impl DataFolder {
    /// Makes the folder if it is missing and takes it.
    ///
    /// # Errors
    /// One clear line: it can't be made or written, another instance has it, or a newer release
    /// wrote it.
    pub fn open(dir: &Path) -> anyhow::Result<Self> {
        // mail metadata is nobody's on this machine but ours
        let mut builder = std::fs::DirBuilder::new();
        builder.recursive(true).mode(0o700);
        builder.create(dir).with_context(|| {
            format!(
                "failed to make the data folder {} (set another with --data-dir)",
                dir.display()
            )
        })?;
        let folder = Self {
            dir: dir.to_owned(),
            _lock: lock(dir)?,
        };
        folder.settle_format()?;
        Ok(folder)
    }

    /// Where the journal is.
    #[must_use]
    pub fn journal(&self) -> PathBuf {
        self.dir.join("journal")
    }

    /// Where the index is.
    #[must_use]
    pub fn index(&self) -> PathBuf {
        self.dir.join("index")
    }

    /// Where it is remembered which tickets there are.
    #[must_use]
    pub fn tickets(&self) -> PathBuf {
        self.dir.join("tickets.redb")
    }

    fn settle_format(&self) -> anyhow::Result<()> {
        let path = self.dir.join("format");
        let written = match std::fs::read_to_string(&path) {
            Ok(text) => Some(read_format(&text).with_context(|| {
                format!(
                    "{} holds no format number: it was not written by whymid, or was damaged",
                    path.display()
                )
            })?),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(error).context(format!("failed to read {}", path.display())),
        };
        match written {
            Some(FORMAT) => return Ok(()),
            Some(newer) if newer > FORMAT => anyhow::bail!(
                "the data folder {} has format {newer}, which a newer release of whymid wrote; this one knows formats up to {FORMAT}: start the newer release, or set another folder with --data-dir",
                self.dir.display()
            ),
            Some(_) | None => {}
        }
        let index = self.index();
        if index.exists() && !has_checkpoint(&index) {
            tracing::info!("the index of an earlier release is built anew from the journal");
            std::fs::remove_dir_all(&index)
                .with_context(|| format!("failed to remove {}", index.display()))?;
        }
        write_durably(&path, &format!("{FORMAT}\n"))
            .with_context(|| format!("failed to write {}", path.display()))
    }
}

fn read_format(text: &str) -> Option<u32> {
    text.trim().parse().ok()
}

fn lock(dir: &Path) -> anyhow::Result<File> {
    let path = dir.join("lock");
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .with_context(|| {
            format!(
                "failed to write into the data folder {} (set another with --data-dir)",
                dir.display()
            )
        })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => anyhow::bail!(
            "the data folder {} is in use by another whymid: stop that one, or set another folder with --data-dir",
            dir.display()
        ),
        Err(TryLockError::Error(error)) => {
            Err(error).context(format!("failed to lock {}", path.display()))
        }
    }
}

fn write_durably(path: &Path, text: &str) -> std::io::Result<()> {
    let new = path.with_extension("new");
    let mut file = File::create(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&new, path)?;
    let folder = path.parent().unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// Whether an index says how much of the journal it holds: then it is not one of format 1.
fn has_checkpoint(index: &Path) -> bool {
    let meta = std::fs::read_to_string(index.join("meta.json"));
    meta.is_ok_and(|meta| meta.contains("\"payload\"") && meta.contains("complete"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_format(text: &str) -> (tempfile::TempDir, anyhow::Result<DataFolder>) {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::write(dir.path().join("format"), text).expect("written");
        let folder = DataFolder::open(dir.path());
        (dir, folder)
    }

    #[test]
    fn a_new_folder_gets_the_format_and_one_holder() {
        let dir = tempfile::tempdir().expect("a folder");
        let folder = DataFolder::open(&dir.path().join("a/b")).expect("made");
        let second = DataFolder::open(&dir.path().join("a/b")).expect_err("in use");
        assert!(
            second.to_string().contains("in use by another whymid"),
            "{second}"
        );
        drop(folder);
        DataFolder::open(&dir.path().join("a/b")).expect("free again");
    }

    #[test]
    fn a_newer_format_is_refused_and_nothing_is_touched() {
        let newer = FORMAT + 1;
        let (dir, folder) = with_format(&format!("{newer}\n"));
        let error = folder.expect_err("newer").to_string();
        assert!(
            error.contains(&format!("format {newer}")) && error.contains("newer release"),
            "{error}"
        );
        assert_eq!(
            std::fs::read_to_string(dir.path().join("format")).expect("there"),
            format!("{newer}\n")
        );
    }

    #[test]
    fn a_format_that_is_none_is_refused() {
        let (_dir, folder) = with_format("hello");
        let error = folder.expect_err("no format").to_string();
        assert!(error.contains("no format number"), "{error}");
    }

    #[test]
    fn the_index_of_format_one_is_removed_and_the_journal_stays() {
        let dir = tempfile::tempdir().expect("a folder");
        for name in ["index", "journal"] {
            std::fs::create_dir_all(dir.path().join(name)).expect("made");
        }
        DataFolder::open(dir.path()).expect("opened");
        assert!(!dir.path().join("index").exists() && dir.path().join("journal").exists());
    }
}
