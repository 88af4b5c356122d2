//! Frames to a durable ordered log with positions, and what is done with it to raw segments.
//!
//! A line is *accepted* here, before anything looks into it: [`Journal::append`] takes a
//! frame, [`Journal::sync`] puts all that was appended on disk, [`Journal::replay`] gives it
//! back in order from any position. Group commit is the caller's: many appends, one sync. What
//! need not be replayed any more is released ([`Journal::release`]) and becomes raw segments,
//! which a [`Vault`] packs, reads and expires.
//!
//! Invariants:
//! - what `sync` returned survives `kill -9` and power loss; after a failed write or sync
//!   nothing more is accepted until [`Journal::revive`] succeeds or the journal is opened anew;
//! - positions grow with every record over all segments, and a durable position stands for
//!   the same record forever, even if the folder is lost ([`Options::not_before`]);
//! - only the end of the last segment can be torn by a crash. It is cut at the last whole
//!   record when the journal is opened, and reported. Damage anywhere else is an error that
//!   names file and offset, never skipped;
//! - a released segment is raw or still in the replay range, never neither;
//! - one process a folder.
//!
//! What a crash may leave, exactly (`tests/journal/allowed.rs` tests it from states at every
//! step, with writes torn and out of order, names lost, full and failing disks):
//! - (a) journal and vault open, whatever of the writes that were not synced is on the disk;
//! - (b) every record whose position a `sync` returned is there once, in order, byte for byte,
//!   at that position: in a replay or, once it was released, with the raw segments. Only what
//!   was asked to go may be gone;
//! - (c) behind the last accepted record there is at most a prefix of what was appended after
//!   it, in that order and at those positions, and nothing else. A journal that was opened with
//!   it has accepted it;
//! - (d) after a failed write or sync and a successful `revive` nothing of what was refused is
//!   there;
//! - (e) it goes on, and no position of an accepted record is given out again.
//!
//! The disk that this rests on: a sync makes durable what changed since the last one; after one
//! that failed, what it should have written is on the disk or not, and the next one may say that
//! all is well. A rename happens wholly or not at all. A sector whose writing is cut short holds
//! old bytes and new ones, no others. Reading gives what was written: a bit that changed by
//! itself is found by checksum and named, not mended.
//!
//! | file | turns |
//! |---|---|
//! | `disk.rs` | what is asked of a disk into calls of the operating system, or of a test |
//! | `stream.rs` | a file of a disk into a stream of bytes |
//! | `folder.rs` | a folder into durable names and errors that name the file |
//! | `record.rs`, `label.rs` | a frame into record bytes and back |
//! | `segment.rs` | a first position into a file name and header, and back |
//! | `tail.rs` | record bytes into a growing segment file |
//! | `reader.rs` | a segment file, plain or packed, into checked records |
//! | `recover.rs` | a folder as a crash left it into a journal that can go on |
//! | `replay.rs` | a range of positions into frames |
//! | `release.rs` | segments of the replay range into raw ones |
//! | `journal.rs` | all of this into the interface |
//! | `raw.rs` | the name of a raw segment into what is in it, and back |
//! | `pack.rs` | a plain raw segment into a packed one |
//! | `frames.rs` | all raw segments into frames |
//! | `expire.rs` | raw segments into those that are to go |
//! | `vault.rs` | all of this into the interface |
//! | `fault.rs` | the name of a moment into the death of the process, in tests |
//!
//! Fail points (the crate `fail`, feature `failpoints`; nothing in a release build). Set to
//! `return`, the process is aborted there:
//!
//! | name | when |
//! |---|---|
//! | `journal-opening` | the folder is locked, nothing in it was touched |
//! | `journal-recovered` | the folder is mended, and that is durable |
//! | `journal-before-write` | records are handed to the operating system next |
//! | `journal-after-write` | they were, and are not synced |
//! | `journal-after-sync` | they are accepted, and the caller does not know yet |
//! | `journal-segment-written` | a new segment has its header, durably, under another name |
//! | `journal-segment-named` | it has its name, not durably |
//! | `journal-segment-created` | durably |
//! | `journal-cut-unsynced` | what is not accepted was cut from the last segment, not durably |
//! | `journal-cut` | durably |
//! | `journal-reviving` | a revival begins |
//! | `journal-revived` | it has succeeded, and the caller does not know yet |
//! | `journal-released-one` | a segment was moved or removed, not durably |
//! | `journal-released-durable` | durably |
//! | `vault-part-written` | a packed segment is written, not durably |
//! | `vault-part-synced` | durably, under another name |
//! | `vault-part-named` | it has its name, not durably |
//! | `vault-packed` | durably; the plain one is removed next |
//! | `vault-plain-removed` | it was, not durably |
//! | `vault-set-aside` | a damaged segment has its other name, not durably |
//! | `vault-expired-one` | a raw segment was removed, not durably |
//!
//! Not here at all: what a frame says, threads, the clock, when to sync, roll, release, pack or
//! expire.

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
pub use vault::{Removed, Rewritten, Stock, Vault};
