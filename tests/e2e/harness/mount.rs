//! A small file system of our own, and something in it that takes its room.
//!
//! Mounting needs root with `CAP_SYS_ADMIN`. What was mounted is unmounted when it is dropped, also
//! when a test fails.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use tempfile::TempDir;

/// A tmpfs. Declare it before what uses it, so that it is dropped last.
#[derive(Debug)]
pub(crate) struct Mount {
    at: PathBuf,
    /// The folder that it was mounted on, where the test brought none.
    _own: Option<TempDir>,
}

impl Mount {
    /// One of so many MiB on a new folder. `None`, and said, where mounting is impossible.
    pub(crate) fn small(mebibytes: u64) -> Option<Self> {
        let own = TempDir::new().expect("a temporary folder");
        let mut mount = Self::over(own.path(), mebibytes)?;
        mount._own = Some(own);
        Some(mount)
    }

    /// One over a folder that is there.
    pub(crate) fn over(folder: &Path, mebibytes: u64) -> Option<Self> {
        let size = format!("size={mebibytes}m");
        let options = ["-t", "tmpfs", "-o", &size, "whymid-test"];
        let said = run(Command::new("mount").args(options).arg(folder));
        if let Err(why) = said {
            let note =
                "SKIPPED: this test mounts a tmpfs, for which it must be root with CAP_SYS_ADMIN";
            println!("{note}: {why}");
            eprintln!("{note}: {why}");
            return None;
        }
        Some(Self {
            at: folder.to_owned(),
            _own: None,
        })
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.at
    }

    /// A new folder in it.
    pub(crate) fn folder(&self) -> Arc<TempDir> {
        Arc::new(TempDir::new_in(&self.at).expect("a folder in the mount"))
    }

    /// Nothing in it can be changed from now on, or everything again.
    pub(crate) fn make_read_only(&self, read_only: bool) {
        let word = if read_only {
            "remount,ro"
        } else {
            "remount,rw"
        };
        let said = run(Command::new("mount").args(["-o", word]).arg(&self.at));
        said.unwrap_or_else(|why| panic!("{word}: {why}"));
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // lazily: it goes even if something in it is still open
        if let Err(why) = run(Command::new("umount").arg("-l").arg(&self.at)) {
            eprintln!("failed to unmount {}: {why}", self.at.display());
        }
    }
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
}

/// A file that takes the room that others would have.
#[derive(Debug)]
pub(crate) struct Ballast {
    file: File,
    path: PathBuf,
}

impl Ballast {
    /// Takes all the room of the mount's but for about so many KiB.
    pub(crate) fn leaving(mount: &Mount, kibibytes: u64) -> Self {
        let path = mount.path().join("ballast");
        let file = OpenOptions::new().append(true).create(true).open(&path);
        let mut ballast = Self {
            file: file.expect("a file in the mount"),
            path,
        };
        ballast.leave(kibibytes);
        ballast
    }

    /// Takes what has become free, and leaves about so many KiB.
    pub(crate) fn leave(&mut self, kibibytes: u64) {
        let block = [0; 64 * 1024];
        while self.file.write(&block).is_ok_and(|length| length > 0) {}
        let length = self.file.metadata().expect("an open file").len();
        let length = length.saturating_sub(kibibytes * 1024);
        self.file.set_len(length).expect("an open file");
    }

    /// Gives all its room back.
    pub(crate) fn remove(self) {
        std::fs::remove_file(&self.path).expect("it is there");
    }
}
