//! Records to and from the Tantivy index; memory and index as one.
//!
//! | file | turns | into |
//! |---|---|---|
//! | `schema.rs` | | the fields |
//! | `document.rs` | a record and its diagnosis | an index document, and back |
//! | `writer.rs` | documents | an index on disk that says how much of the journal it holds |
//! | `index.rs` | look-ups | records |
//! | `library.rs` | memory and index | one set of records |
//!
//! Knows no HTTP and no syslog. No type of Tantivy's stands in a public signature.

mod document;
mod index;
mod library;
mod renew;
mod schema;
#[cfg(test)]
mod tests;
mod writer;

pub use document::{Document, Record, RecordKind};
pub use index::{Error, Extent, Index, Key, Look};
pub use library::{Gone, Known, Later, Library, Live, Names, Scope};
pub use writer::{Checkpoint, Writer, open};
