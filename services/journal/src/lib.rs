//! Frames to a durable ordered log with positions.
//!
//! A line is *accepted* here, before anything looks into it: [`Journal::append`] takes a
//! frame, [`Journal::sync`] puts all that was appended on disk, [`Journal::replay`] gives it
//! back in order from any position. Group commit is the caller's: many appends, one sync.
//!
//! Invariants:
//! - what `sync` returned survives `kill -9` and power loss; after a failed write or sync
//!   nothing more is accepted until the journal is opened anew;
//! - positions grow with every record over all segments, and a durable position stands for
//!   the same record forever;
//! - only the end of the last segment can be torn by a crash. It is cut at the last whole
//!   record when the journal is opened, and reported. Damage anywhere else is an error that
//!   names file and offset, never skipped;
//! - one process a folder.
//!
//! | file | turns |
//! |---|---|
//! | `record.rs` | a frame into record bytes and back |
//! | `segment.rs` | a first position into a file name and header, and back |
//! | `tail.rs` | record bytes into a growing segment file |
//! | `reader.rs` | a segment file into checked record bodies |
//! | `recover.rs` | a folder as a crash left it into a journal that can go on |
//! | `replay.rs` | a range of positions into frames |
//! | `journal.rs` | all of it into the interface |
//!
//! Not here yet: cutting (giving up segments below a checkpoint; [`Journal::replay`] already
//! refuses positions before the oldest segment), sealing cut segments into zstd raw segments
//! (files with another ending are left alone), injected faults in whole-program tests (every
//! write goes through `tail.rs`). Not here at all: what a frame says, threads, the clock, when
//! to sync.

mod disk;
mod error;
mod expire;
mod fault;
mod folder;
mod frames;
mod journal;
mod label;
mod pack;
mod position;
mod raw;
mod reader;
mod record;
mod recover;
mod release;
mod replay;
mod segment;
mod stream;
mod tail;
mod vault;

pub use disk::{Disk, DiskFile, Listed, Os};
pub use error::Error;
pub use fault::FAIL_POINTS;
pub use frames::RawFrames;
pub use journal::{Journal, Options, Recovery};
pub use position::Position;
pub use replay::Replay;
pub use vault::{Removed, Stock, Vault};
