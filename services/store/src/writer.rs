//! Records into the index: upserts, commits that say how much of the journal they hold, removal.
//!
//! Invariants: there is one writer; a commit is whole or not there; with it goes the
//! [`Checkpoint`] of what it holds. After a failure [`Writer::revive`] goes back to the last
//! commit.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::ops::Bound;
use tantivy::collector::Count;
use tantivy::query::{BooleanQuery, RangeQuery, TermQuery};
use tantivy::schema::{IndexRecordOption, Term};
use tantivy::store::{Compressor, ZstdCompressor};
use tantivy::{Index as Tantivy, IndexSettings, IndexWriter, ReloadPolicy};
use whymid_mailflow::ApplianceMemory;

use crate::columns::Opened;
use crate::document::{self, Document, RecordKind};
use crate::index::{Error, Index};
use crate::pseudonyms::Pseudonyms;
use crate::renew;
use crate::schema::{self, Fields};
use crate::words::{self, Words};

/// Memory of the indexing thread, bytes.
const WRITER_HEAP: usize = 64 * 1024 * 1024;

/// How much of the journal a commit holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// Every line up to this position is in the index.
    pub complete: u64,
    /// No line behind this position is.
    pub reached: u64,
    /// Messages that got their last line before this moment, microseconds, are diagnosed with
    /// their families; `None` in an index that knew no families.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub families: Option<i64>,
}

/// What goes with a commit.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Payload {
    #[serde(flatten)]
    checkpoint: Checkpoint,
    /// By which key's pseudonyms addresses and subjects are kept; `None` for as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pseudonyms: Option<u64>,
}

/// The one writer.
pub struct Writer {
    tantivy: Tantivy,
    /// The key's of the pseudonyms.
    key: Option<u64>,
    /// `None` after a failure.
    writer: Option<IndexWriter>,
    index: Index,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer")
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}

/// Opens the index in a folder, made if it is not there, and says up to where it holds the
/// journal. One that an earlier release wrote is written anew, and so is one in clear text where
/// pseudonyms are to be kept.
///
/// # Errors
/// When the folder can't be used, another process writes to it, or another release wrote it in a
/// way that nothing is known of; [`Error::OtherPseudonyms`].
pub fn open(
    folder: &Path,
    pseudonyms: Option<&Pseudonyms>,
) -> Result<(Writer, Index, Checkpoint), Error> {
    renew::settle(folder)?;
    let wanted = pseudonyms.map(Pseudonyms::key_id);
    let directory = folder.join("meta.json").exists().then_some(folder);
    if let Some(tantivy) = directory.map(Tantivy::open_in_dir).transpose()? {
        let payload = payload(&tantivy)?;
        if payload.pseudonyms.is_some() && payload.pseudonyms != wanted {
            return Err(Error::OtherPseudonyms {
                folder: folder.to_owned(),
            });
        }
        let is_clear = payload.pseudonyms != wanted;
        let is_old = tantivy.schema() != schema::schema().0;
        if is_old && !renew::is_possible(&tantivy) {
            return Err(Error::OtherSchema {
                folder: folder.to_owned(),
            });
        }
        if is_old || is_clear {
            let pseudonyms = pseudonyms.filter(|_| is_clear);
            renew::renew(folder, &tantivy, payload.checkpoint, pseudonyms, wanted)?;
        }
    }
    open_at(folder, wanted)
}

/// What the last commit of an index says.
fn payload(tantivy: &Tantivy) -> Result<Payload, Error> {
    match tantivy.load_metas()?.payload {
        Some(payload) => Ok(serde_json::from_str(&payload)?),
        None => Ok(Payload::default()),
    }
}

/// Opens an index of this release's.
pub(crate) fn open_at(
    folder: &Path,
    key: Option<u64>,
) -> Result<(Writer, Index, Checkpoint), Error> {
    let (schema, fields) = schema::schema();
    let made = std::fs::create_dir_all(folder);
    made.map_err(|source| Error::Folder {
        doing: "make",
        path: folder.to_owned(),
        source,
    })?;
    let directory =
        tantivy::directory::MmapDirectory::open(folder).map_err(tantivy::TantivyError::from)?;
    let tantivy = if Tantivy::exists(&directory).map_err(tantivy::TantivyError::from)? {
        Tantivy::open(directory)?
    } else {
        Tantivy::create(directory, schema, settings())?
    };
    tantivy.tokenizers().register(words::NAME, Words::default());
    let checkpoint = payload(&tantivy)?.checkpoint;
    let reader = tantivy.reader_builder().reload_policy(ReloadPolicy::Manual);
    let index = Index {
        reader: reader.try_into()?,
        fields,
        opened: Opened::default(),
        folder: Arc::new(folder.to_owned()),
    };
    let mut writer = Writer {
        tantivy,
        key,
        writer: None,
        index: index.clone(),
    };
    writer.revive()?;
    Ok((writer, index, checkpoint))
}

fn settings() -> IndexSettings {
    IndexSettings {
        docstore_compression: Compressor::Zstd(ZstdCompressor {
            compression_level: Some(3),
        }),
        docstore_blocksize: 16 * 1024,
        ..IndexSettings::default()
    }
}

impl Writer {
    /// Goes back to the last commit: what was written since is forgotten.
    ///
    /// # Errors
    /// When the index can't be written still.
    pub fn revive(&mut self) -> Result<(), Error> {
        // the lock is the old writer's until it is gone
        self.writer = None;
        let writer = self.tantivy.writer_with_num_threads(1, WRITER_HEAP)?;
        // a new writer counts operations from the number of the last commit, and a merge takes
        // what has that number for committed: a removal would be applied too early to one of the
        // merged segments and never to another (tantivy 0.27.0), so the first one removes nothing
        writer.delete_term(Term::from_field_text(self.index.fields.id, ""));
        self.writer = Some(writer);
        Ok(())
    }

    /// From now on segments stay as they are.
    #[cfg(test)]
    pub(crate) fn merge_nothing(&mut self) {
        let policy = Box::new(tantivy::merge_policy::NoMergePolicy);
        if let Some(writer) = &self.writer {
            writer.set_merge_policy(policy);
        }
    }

    pub(crate) fn fields(&self) -> Fields {
        self.index.fields
    }

    pub(crate) fn index(&self) -> &Index {
        &self.index
    }

    pub(crate) fn tantivy(&self) -> &Tantivy {
        &self.tantivy
    }

    pub(crate) fn writer(&mut self) -> Result<&mut IndexWriter, Error> {
        self.writer.as_mut().ok_or(Error::Failed)
    }

    /// Adds a record, or replaces the one of its id and of each of its aliases. Readable after
    /// the next [`Writer::commit`].
    ///
    /// # Errors
    /// When the index can't be written.
    pub fn upsert(&mut self, document: &Document) -> Result<(), Error> {
        let fields = self.index.fields;
        let common = document.record.common();
        let made = document::to_tantivy(document, &fields)?;
        let writer = self.writer()?;
        for id in [&common.id].into_iter().chain(&common.aliases) {
            writer.delete_term(Term::from_field_text(fields.id, id));
        }
        writer.add_document(made)?;
        Ok(())
    }

    /// Remembers an appliance. Readable after the next [`Writer::commit`].
    ///
    /// # Errors
    /// When the index can't be written.
    pub fn remember(&mut self, memory: &ApplianceMemory) -> Result<(), Error> {
        let fields = self.index.fields;
        let made = document::memory_to_tantivy(memory, &fields)?;
        let id = Term::from_field_text(fields.id, &document::memory_id(memory));
        let writer = self.writer()?;
        writer.delete_term(id);
        writer.add_document(made)?;
        Ok(())
    }

    /// Makes everything so far durable and readable, together with how much of the journal it
    /// holds.
    ///
    /// # Errors
    /// When the index can't be written. Then nothing of it is there: see [`Writer::revive`].
    pub fn commit(&mut self, checkpoint: Checkpoint) -> Result<(), Error> {
        let payload = serde_json::to_string(&Payload {
            checkpoint,
            pseudonyms: self.key,
        })?;
        let mut prepared = self.writer()?.prepare_commit()?;
        prepared.set_payload(&payload);
        fail::fail_point!("index-prepared", |_| std::process::abort());
        prepared.commit()?;
        fail::fail_point!("index-committed", |_| std::process::abort());
        self.index.reader.reload()?;
        self.index.opened.keep(&self.index.reader.searcher());
        Ok(())
    }

    /// Removes the records of a kind that got their last line before a moment, and says how many
    /// they are. Gone with the next [`Writer::commit`].
    ///
    /// # Errors
    /// When the index can't be read or written.
    pub fn expire(&mut self, kind: RecordKind, received_before: Timestamp) -> Result<u64, Error> {
        let micros = received_before.as_microsecond();
        let limit = Term::from_field_i64(self.index.fields.received, micros);
        let old = RangeQuery::new(Bound::Unbounded, Bound::Excluded(limit));
        let kind = Term::from_field_text(self.index.fields.kind, kind.word());
        let kind = TermQuery::new(kind, IndexRecordOption::Basic);
        let query = BooleanQuery::intersection(vec![Box::new(old), Box::new(kind)]);
        let found = self.index.reader.searcher().search(&query, &Count)? as u64;
        if found > 0 {
            self.writer()?.delete_query(Box::new(query))?;
        }
        Ok(found)
    }
}
