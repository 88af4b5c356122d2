//! The index on disk, read: look-ups, what a connection carried, how much there is.
//!
//! Invariant: what `Writer::commit` has returned for can be read.
//!
//! Not here: writing (`writer.rs`), what is in memory (`library.rs`).

use std::cmp::Reverse;
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use tantivy::collector::{Collector, Count, DocSetCollector, TopDocs};
use tantivy::query::{AllQuery, BooleanQuery, EmptyQuery, EnableScoring, Occur, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption, Term};
use tantivy::{DocAddress, IndexReader, Order, Searcher, TantivyDocument};
use whymid_mailflow::{ApplianceMemory, Carried};

use crate::columns::{Columns, Opened, value};
use crate::document::{self, Record, RecordKind};
use crate::schema::Fields;

/// So many records, about, are looked at to tell how old a share of them is.
const SAMPLES: u64 = 100_000;

/// What went wrong in the store.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder can't be used.
    #[error("failed to {doing} the index folder {}: {source}", path.display())]
    Folder {
        /// What was tried.
        doing: &'static str,
        /// The folder.
        path: PathBuf,
        /// Why it failed.
        source: std::io::Error,
    },
    /// The index was written by another release, and nothing is known of how.
    #[error(
        "the index in {} has fields that this release does not know: it was written by another one. Start that release, or move the folder away to let the index be built anew from what the journal still has",
        folder.display()
    )]
    OtherSchema {
        /// The folder.
        folder: PathBuf,
    },
    /// What is kept is kept under pseudonyms of another key, or under some where none are wanted.
    #[error(
        "the index in {} holds pseudonyms of another key than the configuration's (privacy.pseudonym_key), which it may not have any more. Give it the key with which it was begun, or set another data folder",
        folder.display()
    )]
    OtherPseudonyms {
        /// The folder.
        folder: PathBuf,
    },
    /// The index refused.
    #[error("index: {0}")]
    Index(String),
    /// There was not enough time.
    #[error("the search takes too long")]
    TooCostly,
    /// An earlier failure has not been mended.
    #[error("the index has failed before and was not brought back")]
    Failed,
    /// The records in memory can't be asked.
    #[error(transparent)]
    Gone(#[from] crate::library::Gone),
    /// A record can't be written.
    #[error("record: {0}")]
    Record(#[from] serde_json::Error),
}

impl From<tantivy::TantivyError> for Error {
    fn from(error: tantivy::TantivyError) -> Self {
        // a limit of the index: too many words or groups for one search
        if matches!(&error, tantivy::TantivyError::AggregationError(_))
            || error.to_string().contains("max expansions")
        {
            return Self::TooCostly;
        }
        Self::Index(error.to_string())
    }
}

/// What to look for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// A message id number.
    Mid(u64),
    /// An injection connection id.
    Icid(u64),
    /// A delivery connection id.
    Dcid(u64),
    /// A message id number that other messages name as their kin.
    Kin(u64),
    /// A record's own id.
    Id(String),
}

/// A look-up.
#[derive(Clone, Debug)]
pub struct Look {
    /// Records of which kind.
    pub kind: RecordKind,
    /// By what.
    pub key: Key,
    /// Of which appliances, by identity or by the name they are shown by; empty for all.
    pub appliances: Vec<String>,
    /// At most so many, newest first.
    pub limit: usize,
}

/// How much there is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// Documents.
    pub documents: u64,
    /// Start of the oldest message, microseconds.
    pub oldest: Option<i64>,
    /// Start of the newest message, microseconds.
    pub newest: Option<i64>,
    /// When the record that was received first got its last line, microseconds.
    pub oldest_received: Option<i64>,
}

/// A handle for reading; cheap to clone.
#[derive(Clone)]
pub struct Index {
    pub(crate) reader: IndexReader,
    pub(crate) fields: Fields,
    pub(crate) opened: Opened,
    pub(crate) folder: Arc<PathBuf>,
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

impl Index {
    /// Looks up; newest first.
    ///
    /// # Errors
    /// When the index can't be read.
    pub fn find(&self, look: &Look) -> Result<Vec<Record>, Error> {
        let searcher = self.reader.searcher();
        let query = self.query(look);
        let found = collect_where(&searcher, &self.key(&look.key), &query, &DocSetCollector)?;
        let mut records = Vec::new();
        for address in self.newest(&searcher, found, look)? {
            let doc: TantivyDocument = searcher.doc(address)?;
            records.extend(document::from_tantivy::<Record>(&doc, &self.fields));
        }
        Ok(records)
    }

    /// The newest of documents, newest first; of one moment by id. What has the ICID from its
    /// family did not come by it.
    fn newest(
        &self,
        searcher: &Searcher,
        found: HashSet<DocAddress>,
        look: &Look,
    ) -> Result<Vec<DocAddress>, Error> {
        let mut dated = Vec::with_capacity(found.len());
        for address in found {
            let columns = self.columns(searcher, address)?;
            let doc = address.doc_id;
            let is_elders = value(&columns.elders_icid, doc).is_some();
            if is_elders && matches!(look.key, Key::Icid(_)) {
                continue;
            }
            let start = value(&columns.start, doc);
            dated.push((Reverse(start), value(&columns.tie, doc), address));
        }
        dated.sort_unstable();
        dated.truncate(look.limit.max(1));
        Ok(dated.into_iter().map(|(.., address)| address).collect())
    }

    /// The columns in which a document's values stand.
    pub(crate) fn columns(
        &self,
        searcher: &Searcher,
        address: DocAddress,
    ) -> Result<Arc<Columns>, Error> {
        self.opened.of(searcher.segment_reader(address.segment_ord))
    }

    fn query(&self, look: &Look) -> BooleanQuery {
        let f = &self.fields;
        let key = term(self.key(&look.key));
        let mut all = vec![key, self.word(f.kind, look.kind.word())];
        if !look.appliances.is_empty() {
            all.push(self.any_word(f.appliance, &look.appliances));
        }
        BooleanQuery::new(all.into_iter().map(|query| (Occur::Must, query)).collect())
    }

    fn key(&self, key: &Key) -> Term {
        let f = &self.fields;
        match key {
            Key::Mid(mid) => Term::from_field_u64(f.mid, *mid),
            Key::Icid(icid) => Term::from_field_u64(f.icid, *icid),
            Key::Dcid(dcid) => Term::from_field_u64(f.dcid, *dcid),
            Key::Kin(mid) => Term::from_field_u64(f.kin, *mid),
            Key::Id(id) => Term::from_field_text(f.id, id),
        }
    }

    fn word(&self, field: Field, word: &str) -> Box<dyn Query> {
        term(Term::from_field_text(field, word))
    }

    fn any_word(&self, field: Field, words: &[String]) -> Box<dyn Query> {
        let words = words
            .iter()
            .map(|word| self.word(field, &word.to_lowercase()));
        any(words.collect())
    }

    /// The messages that came by an ICID, by their fields alone.
    ///
    /// # Errors
    /// When the index can't be read.
    pub fn carried(&self, icid: u64, appliances: &[String]) -> Result<Vec<Carried>, Error> {
        let f = &self.fields;
        let key = Term::from_field_u64(f.icid, icid);
        let all = vec![
            term(key.clone()),
            self.word(f.kind, RecordKind::Message.word()),
            self.any_word(f.appliance, appliances),
        ];
        let query = BooleanQuery::new(all.into_iter().map(|query| (Occur::Must, query)).collect());
        let searcher = self.reader.searcher();
        let mut carried = Vec::new();
        for address in collect_where(&searcher, &key, &query, &DocSetCollector)? {
            let columns = self.columns(&searcher, address)?;
            let doc = address.doc_id;
            if value(&columns.elders_icid, doc).is_some() {
                continue;
            }
            let moment = |micros: i64| Timestamp::from_microsecond(micros).ok();
            let first_at = value(&columns.start, doc).and_then(moment);
            if let Some((mid, first_at)) = value(&columns.mid, doc).zip(first_at) {
                carried.push(Carried {
                    mid,
                    first_at,
                    ready_at: value(&columns.ready, doc).and_then(moment),
                    zone: None,
                });
            }
        }
        Ok(carried)
    }

    /// What is remembered of the appliances, the one seen first before the others.
    ///
    /// # Errors
    /// When the index can't be read.
    pub fn memories(&self) -> Result<Vec<ApplianceMemory>, Error> {
        let searcher = self.reader.searcher();
        let query = self.word(self.fields.kind, document::MEMORY);
        let mut memories: Vec<ApplianceMemory> = Vec::new();
        for address in searcher.search(&query, &DocSetCollector)? {
            let doc: TantivyDocument = searcher.doc(address)?;
            memories.extend(document::from_tantivy::<ApplianceMemory>(
                &doc,
                &self.fields,
            ));
        }
        // one whose lines never came is the youngest
        let age = |one: &ApplianceMemory| (one.first.is_none(), one.first);
        memories.sort_by(|a, b| (age(a), &a.identity).cmp(&(age(b), &b.identity)));
        Ok(memories)
    }

    /// The moment before which that share of the records was last received; `None` when there
    /// are none.
    ///
    /// # Errors
    /// When the index can't be read.
    pub fn received_quantile(&self, share: f64) -> Result<Option<Timestamp>, Error> {
        let searcher = self.reader.searcher();
        let step = usize::try_from(searcher.num_docs() / SAMPLES).unwrap_or(0) + 1;
        let mut received = Vec::new();
        for segment in searcher.segment_readers() {
            let column = segment.fast_fields().i64("received")?;
            let sampled = segment.doc_ids_alive().step_by(step);
            received.extend(sampled.filter_map(|doc| column.first(doc)));
        }
        if received.is_empty() {
            return Ok(None);
        }
        received.sort_unstable();
        let place = (received.len() as f64 * share.clamp(0.0, 1.0)) as usize;
        let micros = received[place.min(received.len() - 1)];
        Ok(Timestamp::from_microsecond(micros).ok())
    }

    /// How much there is.
    ///
    /// # Errors
    /// When the index can't be read.
    pub fn extent(&self) -> Result<Extent, Error> {
        let searcher = self.reader.searcher();
        let messages = self.word(self.fields.kind, RecordKind::Message.word());
        let edge = |order| -> Result<Option<i64>, Error> {
            let first = TopDocs::with_limit(1).order_by_fast_field::<i64>("start", order);
            Ok(searcher
                .search(&messages, &first)?
                .first()
                .and_then(|(start, _)| *start))
        };
        let memories = self.word(self.fields.kind, document::MEMORY);
        let memories = searcher.search(&memories, &Count)? as u64;
        Ok(Extent {
            documents: searcher.num_docs() - memories,
            oldest: edge(Order::Asc)?,
            newest: edge(Order::Desc)?,
            oldest_received: self.oldest_received()?,
        })
    }

    fn oldest_received(&self) -> Result<Option<i64>, Error> {
        let searcher = self.reader.searcher();
        let first = TopDocs::with_limit(1).order_by_fast_field::<i64>("received", Order::Asc);
        let found = searcher.search(&AllQuery, &first)?;
        Ok(found.first().and_then(|(received, _)| *received))
    }

    /// Bytes on disk of what has not been removed, about: the removed is there until segments are
    /// merged.
    ///
    /// # Errors
    /// When the index can't be read.
    pub fn live_bytes(&self) -> Result<u64, Error> {
        let searcher = self.reader.searcher();
        let all: u64 = searcher
            .segment_readers()
            .iter()
            .map(|one| u64::from(one.max_doc()))
            .sum();
        let live = u128::from(self.bytes_of(&searcher)) * u128::from(searcher.num_docs());
        Ok(u64::try_from(live / u128::from(all.max(1))).unwrap_or(u64::MAX))
    }

    /// Bytes on disk, those of segments that are just being written included.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes_where(|_| true)
    }

    /// Bytes on disk of the segments that are read.
    fn bytes_of(&self, searcher: &Searcher) -> u64 {
        let segments = searcher.segment_readers().iter();
        let ids: Vec<String> = segments.map(|one| one.segment_id().uuid_string()).collect();
        self.bytes_where(|name| ids.iter().any(|id| name.starts_with(id)))
    }

    fn bytes_where(&self, counts: impl Fn(&str) -> bool) -> u64 {
        let entries = std::fs::read_dir(self.folder.as_path());
        let files = entries.into_iter().flatten().flatten();
        files
            .filter(|file| file.file_name().to_str().is_some_and(&counts))
            .filter_map(|file| file.metadata().ok())
            .map(|meta| meta.len())
            .sum()
    }
}

/// Collects from the segments that have a term at all: a look-up by one id meets few of them, and
/// opening the columns of the others costs more than the look-up.
pub(crate) fn collect_where<C: Collector>(
    searcher: &Searcher,
    key: &Term,
    query: &dyn Query,
    collector: &C,
) -> Result<C::Fruit, Error> {
    let weight = query.weight(EnableScoring::disabled_from_searcher(searcher))?;
    let mut fruits = Vec::new();
    for (ord, segment) in (0..).zip(searcher.segment_readers()) {
        let terms = segment.inverted_index(key.field())?;
        let is_there = terms
            .get_term_info(key)
            .map_err(tantivy::TantivyError::from)?;
        if is_there.is_some() {
            fruits.push(collector.collect_segment(weight.as_ref(), ord, segment)?);
        }
    }
    Ok(collector.merge_fruits(fruits)?)
}

/// Any of several queries. No set of terms: that one reads all that each of them has, before
/// anything is looked for (tantivy 0.27.0), and an appliance's name is in most records.
pub(crate) fn any(mut queries: Vec<Box<dyn Query>>) -> Box<dyn Query> {
    match queries.pop() {
        Some(only) if queries.is_empty() => only,
        Some(last) => {
            queries.push(last);
            Box::new(BooleanQuery::union(queries))
        }
        None => Box::new(EmptyQuery),
    }
}

fn term(term: Term) -> Box<dyn Query> {
    Box::new(TermQuery::new(term, IndexRecordOption::Basic))
}
