//! Records to and from the Tantivy index; memory and index as one.
//!
//! | file | turns | into |
//! |---|---|---|
//! | `schema.rs` | | the fields |
//! | `document.rs` | a record and its diagnosis | an index document, and back |
//! | `index.rs` | documents | an index on disk, look-ups |
//! | `library.rs` | memory and index | one set of records |
//!
//! Knows no HTTP and no syslog. No type of Tantivy's stands in a public signature.

mod document;
mod index;
mod library;
mod schema;
#[cfg(test)]
mod tests;

pub use document::{Document, Record, RecordKind};
pub use index::{Error, Extent, Index, Key, Look, Writer, open};
pub use library::{Gone, Known, Later, Library, Live, Scope};
