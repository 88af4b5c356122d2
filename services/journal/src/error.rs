//! What can go wrong with a journal, in words fit for "failed to …".
//!
//! Every error about a file names it. A torn tail is no error; see `recover.rs`.

use std::io;
use std::path::{Path, PathBuf};

use whymid_syslog::{MAX_LABEL, MAX_LINE};

use crate::Position;

/// Why the journal could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The operating system refused something.
    #[error("cannot {doing} {}", path.display())]
    Io {
        /// What was tried, as a verb.
        doing: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The folder is locked by another open journal or vault, here or in another process.
    #[error("another whymid is using the journal folder {}", dir.display())]
    InUse {
        /// The folder.
        dir: PathBuf,
    },
    /// The folder, or the file that takes the lines, was removed below the open journal.
    #[error("the journal folder {} was removed while it was in use", dir.display())]
    Vanished {
        /// The folder.
        dir: PathBuf,
    },
    /// A file that is named like a segment but is none.
    #[error("{} is not a whymid journal segment: {why}", path.display())]
    NotASegment {
        /// The file.
        path: PathBuf,
        /// By what it was told.
        why: &'static str,
    },
    /// A segment of a version that this program does not know.
    #[error(
        "{} has journal format {found}, but this whymid knows only formats up to {known}",
        path.display()
    )]
    UnknownVersion {
        /// The file.
        path: PathBuf,
        /// The version in its header.
        found: u32,
        /// The newest version that is read here, the one that is written.
        known: u32,
    },
    /// Records that were accepted once can't be read any more.
    #[error("{} is damaged at byte {offset}: {what}", path.display())]
    Damaged {
        /// The segment file.
        path: PathBuf,
        /// Where in the file, in bytes from its beginning; for a packed one, from the beginning
        /// of what is packed in it.
        offset: u64,
        /// What is wrong there.
        what: &'static str,
    },
    /// A raw segment could not be packed and is kept as it is under another name.
    #[error("a raw segment is damaged and was set aside as {}", path.display())]
    SetAside {
        /// The file, under its new name.
        path: PathBuf,
        /// What is wrong with it; names the file as it was called before.
        source: Box<Error>,
    },
    /// A replay was asked for from a position that this journal does not hold.
    #[error("journal position {asked} is outside of what is kept ({oldest} to {durable})")]
    NotKept {
        /// The position asked for.
        asked: Position,
        /// The position before the oldest record.
        oldest: Position,
        /// The position of the newest durable record.
        durable: Position,
    },
    /// A frame that is longer than a frame may be. The journal itself is fine.
    #[error("a line of {len} bytes is above the limit of {MAX_LINE}")]
    LineTooLong {
        /// Its length in bytes.
        len: usize,
    },
    /// A frame whose label has a longer name than a label may have. The journal itself is fine.
    #[error("a label of {len} bytes is above the limit of {MAX_LABEL}")]
    LabelTooLong {
        /// The name's length in bytes.
        len: usize,
    },
    /// An earlier write or sync failed, so nothing more is accepted.
    #[error("the journal takes no more lines since an earlier write failed")]
    Failed,
}

impl Error {
    /// Whether it says that there is no such file or folder.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::Io { source, .. } if source.kind() == io::ErrorKind::NotFound)
    }

    /// Whether it says that a file holds something else than it must, for good.
    pub(crate) fn is_damage(&self) -> bool {
        matches!(
            self,
            Self::Damaged { .. } | Self::NotASegment { .. } | Self::UnknownVersion { .. }
        )
    }
}

/// Says on what an I/O error happened.
pub(crate) trait IoContext<T> {
    fn while_doing(self, doing: &'static str, path: &Path) -> Result<T, Error>;
}

impl<T> IoContext<T> for io::Result<T> {
    fn while_doing(self, doing: &'static str, path: &Path) -> Result<T, Error> {
        self.map_err(|source| Error::Io {
            doing,
            path: path.to_owned(),
            source,
        })
    }
}
