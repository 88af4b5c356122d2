//! What can go wrong with a journal, in words fit for "failed to …".
//!
//! Every error about a file names it. A torn tail is no error; see `recover.rs`.

use std::io;
use std::path::{Path, PathBuf};

use whymid_syslog::MAX_LINE;

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
    /// The folder is locked by another open journal, here or in another process.
    #[error("another whymid is using the journal folder {}", dir.display())]
    InUse {
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
        "{} has journal format {found}, but this whymid knows only format {known}",
        path.display()
    )]
    UnknownVersion {
        /// The file.
        path: PathBuf,
        /// The version in its header.
        found: u32,
        /// The version that is written and read here.
        known: u32,
    },
    /// Records that were accepted once can't be read any more.
    #[error("{} is damaged at byte {offset}: {what}", path.display())]
    Damaged {
        /// The segment file.
        path: PathBuf,
        /// Where in the file, in bytes from its beginning.
        offset: u64,
        /// What is wrong there.
        what: &'static str,
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
    /// An earlier write or sync failed, so nothing more is accepted.
    #[error("the journal takes no more lines since an earlier write failed; open it again")]
    Failed,
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
