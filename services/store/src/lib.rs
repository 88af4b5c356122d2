//! Records to and from the Tantivy index; memory and index as one.
//!
//! | file | turns | into |
//! |---|---|---|
//! | `schema.rs` | | the fields |
//! | `words.rs` | text | the words by which it is found |
//! | `document.rs` | a record and its diagnosis | an index document, and back |
//! | `columns.rs` | a segment | what stands beside its records |
//! | `filter.rs` | what is asked for | conditions on records |
//! | `search.rs` | a filter | the records that fit, in order |
//! | `pseudonyms.rs` | a key | what stands for addresses and subjects |
//! | `forget.rs` | an address | the records without it |
//! | `writer.rs` | documents | an index on disk that says how much of the journal it holds |
//! | `index.rs` | look-ups | records |
//! | `kin.rs` | a message | its family, as far as it is written |
//! | `stats.rs` | a filter | counts, by group and over time |
//! | `passages.rs` | passages of articles | the ones that fit a query |
//! | `library.rs` | memory and index | one set of records |
//!
//! Knows no HTTP and no syslog. No type of Tantivy's stands in a public signature.

mod columns;
mod document;
mod filter;
mod forget;
mod index;
mod kin;
mod library;
mod passages;
mod pseudonyms;
mod renew;
mod schema;
mod search;
mod stats;
#[cfg(test)]
mod tests;
mod words;
mod writer;

pub use document::{Document, Record, RecordKind};
pub use filter::{Choice, Filter, Pattern, Peer, Phrase, View};
pub use forget::{Compacting, Holder, Piece};
pub use index::{Error, Extent, Index, Key, Look};
pub use library::{Found, Gone, Known, Later, Library, Live, Names, Scope};
pub use passages::{Passages, Text as PassageText};
pub use pseudonyms::{AsksBy, KEY_BYTES, Pseudonyms, asked_by};
pub use search::{Order, Patience, Place, Search, tie};
pub use stats::{Counted, Group};
pub use words::decoded;
pub use writer::{Checkpoint, Writer, open};
