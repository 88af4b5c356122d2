//! The index on disk: one writer, many readers.
//!
//! Invariants: one document an id (an upsert replaces); what `commit` has returned for can be
//! read.
//!
//! Not here yet: the checkpoint in the commit's payload (the index is rebuilt from the journal at
//! start), retention.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tantivy::collector::{Count, TopDocs};
use tantivy::query::{AllQuery, BooleanQuery, Occur, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption, Term};
use tantivy::store::{Compressor, ZstdCompressor};
use tantivy::{
    Index as Tantivy, IndexReader, IndexSettings, IndexWriter, Order, ReloadPolicy, TantivyDocument,
};

use crate::document::{self, Document, Record, RecordKind};
use crate::schema::{self, Fields};

/// Memory of the indexing thread, bytes.
const WRITER_HEAP: usize = 64 * 1024 * 1024;

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
    /// The index refused.
    #[error("index: {0}")]
    Index(String),
    /// The records in memory can't be asked.
    #[error(transparent)]
    Gone(#[from] crate::library::Gone),
    /// A record can't be written.
    #[error("record: {0}")]
    Record(#[from] serde_json::Error),
}

impl From<tantivy::TantivyError> for Error {
    fn from(error: tantivy::TantivyError) -> Self {
        Self::Index(error.to_string())
    }
}

/// What to look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// A message id number.
    Mid(u64),
    /// An injection connection id.
    Icid(u64),
    /// A delivery connection id.
    Dcid(u64),
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
    /// Of which appliance; `None` for all.
    pub appliance: Option<String>,
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
}

/// A handle for reading; cheap to clone.
#[derive(Clone)]
pub struct Index {
    reader: IndexReader,
    fields: Fields,
    folder: Arc<PathBuf>,
}

impl std::fmt::Debug for Index {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Index")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

/// The one writer.
pub struct Writer {
    writer: IndexWriter,
    index: Index,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer")
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}

/// Opens the index in a folder, made if it is not there. An index of another schema is replaced:
/// everything in it comes from the journal.
///
/// # Errors
/// When the folder can't be used or another process writes to it.
pub fn open(folder: &Path) -> Result<(Writer, Index), Error> {
    let (schema, fields) = schema::schema();
    let at = |doing| {
        move |source| Error::Folder {
            doing,
            path: folder.to_owned(),
            source,
        }
    };
    std::fs::create_dir_all(folder).map_err(at("make"))?;
    let tantivy = match Tantivy::open_in_dir(folder) {
        Ok(tantivy) if tantivy.schema() == schema => tantivy,
        _ => {
            std::fs::remove_dir_all(folder).map_err(at("replace"))?;
            std::fs::create_dir_all(folder).map_err(at("make"))?;
            let settings = IndexSettings {
                docstore_compression: Compressor::Zstd(ZstdCompressor {
                    compression_level: Some(3),
                }),
                docstore_blocksize: 16 * 1024,
                ..IndexSettings::default()
            };
            let directory = tantivy::directory::MmapDirectory::open(folder)
                .map_err(tantivy::TantivyError::from)?;
            Tantivy::create(directory, schema, settings)?
        }
    };
    let writer = tantivy.writer_with_num_threads(1, WRITER_HEAP)?;
    let reader = tantivy
        .reader_builder()
        .reload_policy(ReloadPolicy::Manual)
        .try_into()?;
    let index = Index {
        reader,
        fields,
        folder: Arc::new(folder.to_owned()),
    };
    Ok((
        Writer {
            writer,
            index: index.clone(),
        },
        index,
    ))
}

impl Writer {
    /// Removes everything, visible at once.
    ///
    /// # Errors
    /// When the index can't be written.
    pub fn clear(&mut self) -> Result<(), Error> {
        self.writer.delete_all_documents()?;
        self.commit()
    }

    /// Adds a record, or replaces the one of its id. Readable after the next [`Writer::commit`].
    ///
    /// # Errors
    /// When the index can't be written.
    pub fn upsert(&mut self, document: &Document) -> Result<(), Error> {
        let id = Term::from_field_text(self.index.fields.id, document.record.id());
        self.writer.delete_term(id);
        self.writer
            .add_document(document::to_tantivy(document, &self.index.fields)?)?;
        Ok(())
    }

    /// Makes everything so far durable and readable.
    ///
    /// # Errors
    /// When the index can't be written.
    pub fn commit(&mut self) -> Result<(), Error> {
        self.writer.commit()?;
        self.index.reader.reload()?;
        Ok(())
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
        let newest =
            TopDocs::with_limit(look.limit.max(1)).order_by_fast_field::<i64>("start", Order::Desc);
        let mut records = Vec::new();
        for (_, address) in searcher.search(&query, &newest)? {
            let doc: TantivyDocument = searcher.doc(address)?;
            records.extend(document::from_tantivy(&doc, &self.fields));
        }
        Ok(records)
    }

    fn query(&self, look: &Look) -> BooleanQuery {
        let f = &self.fields;
        let key = match &look.key {
            Key::Mid(mid) => Term::from_field_u64(f.mid, *mid),
            Key::Icid(icid) => Term::from_field_u64(f.icid, *icid),
            Key::Dcid(dcid) => Term::from_field_u64(f.dcid, *dcid),
            Key::Id(id) => Term::from_field_text(f.id, id),
        };
        let mut all = vec![term(key), self.word(f.kind, look.kind.word())];
        if let Some(appliance) = &look.appliance {
            all.push(self.word(f.appliance, &appliance.to_lowercase()));
        }
        BooleanQuery::new(all.into_iter().map(|query| (Occur::Must, query)).collect())
    }

    fn word(&self, field: Field, word: &str) -> Box<dyn Query> {
        term(Term::from_field_text(field, word))
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
        let documents = searcher.search(&AllQuery, &Count)? as u64;
        Ok(Extent {
            documents,
            oldest: edge(Order::Asc)?,
            newest: edge(Order::Desc)?,
        })
    }

    /// Bytes on disk.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let entries = std::fs::read_dir(self.folder.as_path());
        let files = entries.into_iter().flatten().flatten();
        files
            .filter_map(|file| file.metadata().ok())
            .map(|meta| meta.len())
            .sum()
    }
}

fn term(term: Term) -> Box<dyn Query> {
    Box::new(TermQuery::new(term, IndexRecordOption::Basic))
}
