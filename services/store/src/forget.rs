//! An address that is to be forgotten: which written records hold it, the same without it, and no
//! trace of what was replaced.
//!
//! Not here: when it is done (`services/server/eraser.rs`).

use tantivy::index::SegmentMeta;
use tantivy::store::StoreReader;
use tantivy::{FutureResult, TantivyDocument};
use whymid_mailflow::Forgotten;

use crate::document::{self, Document, Record, RecordKind};
use crate::index::{Error, Index};
use crate::writer::Writer;

/// A record by its kind and id.
pub type Holder = (RecordKind, String);

impl Record {
    /// The record without an address; `None` where it does not hold it.
    ///
    /// # Errors
    /// When it can't be read again, which would be a fault of ours.
    pub fn without(&self, address: &Forgotten) -> Result<Option<Self>, Error> {
        Ok(address.record(self)?)
    }
}

impl Index {
    /// Up to so many written records that hold an address. Reads all of them: some seconds for a
    /// million.
    ///
    /// # Errors
    /// When the index can't be read.
    pub fn holding(&self, address: &Forgotten, most: usize) -> Result<Vec<Holder>, Error> {
        let mut found = Vec::new();
        for segment in self.reader.searcher().segment_readers() {
            let store = segment.get_store_reader(10);
            let store = store.map_err(tantivy::TantivyError::from)?;
            for doc in segment.doc_ids_alive() {
                if found.len() >= most {
                    return Ok(found);
                }
                found.extend(self.holder(&store, doc, address)?);
            }
        }
        Ok(found)
    }

    fn holder(
        &self,
        store: &StoreReader,
        doc: tantivy::DocId,
        address: &Forgotten,
    ) -> Result<Option<Holder>, Error> {
        let document: TantivyDocument = store.get(doc)?;
        let bytes = document::record_bytes(&document, &self.fields);
        if !bytes.is_some_and(|bytes| address.is_in(&bytes)) {
            return Ok(None);
        }
        let record = document::from_tantivy::<Record>(&document, &self.fields);
        Ok(record.map(|one| (one.view().kind(), one.id().to_owned())))
    }
}

/// Segments that are being written without what was replaced in them.
#[derive(Default)]
pub struct Compacting(Vec<FutureResult<Option<SegmentMeta>>>);

impl std::fmt::Debug for Compacting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Compacting({})", self.0.len())
    }
}

impl Compacting {
    /// Waits until they are written; how many there were. One that the index merges by itself at
    /// the moment can't be: ask again.
    ///
    /// # Errors
    /// When one can't be written.
    pub fn wait(self) -> Result<usize, Error> {
        let count = self.0.len();
        for one in self.0 {
            one.wait()?;
        }
        Ok(count)
    }
}

impl Writer {
    /// Begins to write every segment anew in which something was removed or replaced. What is not
    /// committed is not looked at.
    ///
    /// # Errors
    /// When the index can't be read or written.
    pub fn compact(&mut self) -> Result<Compacting, Error> {
        let segments = self.tantivy().searchable_segment_metas()?.into_iter();
        let removed = segments.filter(SegmentMeta::has_deletes);
        let ids: Vec<_> = removed.map(|one| one.id()).collect();
        let writer = self.writer()?;
        let merges = ids.into_iter().map(|id| writer.merge(&[id]));
        Ok(Compacting(merges.collect()))
    }

    /// Removes the files that nothing uses any more.
    ///
    /// # Errors
    /// When the index can't be written.
    pub fn sweep(&mut self) -> Result<(), Error> {
        self.writer()?.garbage_collect_files().wait()?;
        Ok(())
    }

    /// Writes a record again without an address, if it is written and holds it; whether it did.
    /// What stands beside it stays. To be called when all that was written is committed.
    ///
    /// # Errors
    /// When the index can't be read or written.
    pub fn forget(
        &mut self,
        holder: &Holder,
        address: &Forgotten,
    ) -> Result<Option<Record>, Error> {
        let (kind, id) = holder;
        let (record, facets, peer) = {
            let index = self.index();
            let look = crate::index::Look {
                kind: *kind,
                key: crate::index::Key::Id(id.clone()),
                appliances: Vec::new(),
                limit: 1,
            };
            let found = index.find(&look)?.into_iter().next();
            let Some(record) = found.map(|one| one.without(address)).transpose()?.flatten() else {
                return Ok(None);
            };
            let (facets, peer) = index.beside(id)?;
            (record, facets, peer)
        };
        self.upsert(&Document {
            record: record.clone(),
            facets,
            peer,
            told: None,
        })?;
        Ok(Some(record))
    }
}

#[cfg(test)]
mod tests;
