//! What the journal and the vault ask of a disk, and the operating system's answer to it.
//!
//! Nothing else in this crate touches a file. So a test can put a disk of its own below and let
//! it fail, lie or lose its power at every step.
//!
//! A disk keeps what was synced: a file's bytes and length once the file was, a file's name once
//! the folder that holds it was. A rename happens wholly or not at all.

use std::fmt::Debug;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::Path;

/// A place for files and folders. Errors are those of the operating system; the caller says on
/// what they happened.
pub trait Disk: Debug + Send + Sync {
    /// Creates one folder.
    ///
    /// # Errors
    /// `AlreadyExists` if there is something of that name, `NotFound` if the folder above is
    /// missing.
    fn create_dir(&self, dir: &Path) -> io::Result<()>;

    /// Creates a file and opens it for reading and writing.
    ///
    /// # Errors
    /// `AlreadyExists` if there is something of that name.
    fn create_new(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Opens a file for reading and writing.
    ///
    /// # Errors
    /// `NotFound` if there is none.
    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>>;

    /// Opens a file, creating it if it is missing, and takes it for its one user until it is
    /// dropped or the process ends, however it ends. `None` if another has it.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn DiskFile>>>;

    /// Gives the file at `from` the name `to`, in place of what has that name.
    ///
    /// # Errors
    /// `NotFound` if there is no such file.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes the name of a file.
    ///
    /// # Errors
    /// `NotFound` if there is none.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// The files and folders in a folder, in any order.
    ///
    /// # Errors
    /// `NotFound` if there is no such folder.
    fn list(&self, dir: &Path) -> io::Result<Vec<Listed>>;

    /// Makes the names in a folder durable.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
}

/// One name in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// The name without the folder; what is not UTF-8 in it is replaced.
    pub name: String,
    /// The file's length in bytes.
    pub size: u64,
}

/// An open file. It stays open, and can be read, when its name is removed.
pub trait DiskFile: Debug + Send + Sync {
    /// Reads from `offset` on, as much as there is at once; 0 at the end.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes from `offset` on and says how many of the bytes were taken.
    ///
    /// # Errors
    /// Whatever the operating system says; some of the bytes may be in the file then.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize>;

    /// Makes the bytes durable, and the length as far as reading them needs it.
    ///
    /// # Errors
    /// Whatever the operating system says. What could not be written may be dropped then, and
    /// the next sync may say nothing of it.
    fn sync_data(&self) -> io::Result<()>;

    /// Makes the bytes and all that is known of the file durable.
    ///
    /// # Errors
    /// As for [`DiskFile::sync_data`].
    fn sync_all(&self) -> io::Result<()>;

    /// Cuts the file to `len` bytes, or lengthens it with zeros.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn set_len(&self, len: u64) -> io::Result<()>;

    /// The file's length in bytes.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn size(&self) -> io::Result<u64>;

    /// How many names the file has: 0 when it was removed.
    ///
    /// # Errors
    /// Whatever the operating system says.
    fn links(&self) -> io::Result<u64>;
}

/// The disk that the operating system has.
#[derive(Clone, Copy, Debug, Default)]
pub struct Os;

impl Disk for Os {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        fs::create_dir(dir)
    }

    fn create_new(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create_new(true).open(path)?;
        Ok(Box::new(OsFile(file)))
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = OpenOptions::new().read(true).write(true).open(path)?;
        Ok(Box::new(OsFile(file)))
    }

    fn lock(&self, path: &Path) -> io::Result<Option<Box<dyn DiskFile>>> {
        let mut options = OpenOptions::new();
        let file = options
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Box::new(OsFile(file)))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => Err(source),
        }
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<Listed>> {
        let entries = fs::read_dir(dir)?;
        entries
            .filter_map(|entry| listed(entry).transpose())
            .collect()
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        File::open(dir)?.sync_all()
    }
}

/// A name with its size; `None` if the file was removed meanwhile.
fn listed(entry: io::Result<fs::DirEntry>) -> io::Result<Option<Listed>> {
    let entry = entry?;
    match entry.metadata() {
        Ok(metadata) => Ok(Some(Listed {
            name: entry.file_name().to_string_lossy().into_owned(),
            size: metadata.len(),
        })),
        Err(gone) if gone.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(source),
    }
}

#[derive(Debug)]
struct OsFile(File);

impl DiskFile for OsFile {
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.0.read_at(buffer, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        self.0.write_at(bytes, offset)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }

    fn sync_all(&self) -> io::Result<()> {
        self.0.sync_all()
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn size(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn links(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.nlink())
    }
}
