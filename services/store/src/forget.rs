//! An address that is to be forgotten: which written records hold it, the same without it, and no
//! trace of what was replaced.
//!
//! Not here: when it is done (`services/server/eraser.rs`).

use std::collections::HashSet;

use tantivy::collector::{Count, DocSetCollector};
use tantivy::index::{SegmentId, SegmentMeta};
use tantivy::query::{BooleanQuery, Query, TermQuery};
use tantivy::schema::{IndexRecordOption, Term};
use tantivy::store::StoreReader;
use tantivy::{FutureResult, TantivyDocument};
use whymid_mailflow::Forgotten;

use crate::document::{self, Document, Record, RecordKind};
use crate::index::{Error, Index, Key, Look};
use crate::writer::Writer;

/// A record by its kind and id.
pub type Holder = (RecordKind, String);

impl Record {
    /// The record without an address; `None` where it does not hold it, or began too late.
    ///
    /// # Errors
    /// When it can't be read again, which would be a fault of ours.
    pub fn without(&self, address: &Forgotten) -> Result<Option<Self>, Error> {
        Ok(match self {
            Self::Message(one) => address.message(one)?.map(Box::new).map(Self::Message),
            Self::Connection(one) => address.connection(one)?.map(Box::new).map(Self::Connection),
            Self::Delivery(one) => address.delivery(one)?.map(Box::new).map(Self::Delivery),
            Self::Event(one) => address.event(one)?.map(Box::new).map(Self::Event),
        })
    }
}

impl Index {
    /// Up to so many written records that hold an address, or are found by it since their family
    /// told it. Reads all of them: some seconds for a million.
    ///
    /// # Errors
    /// When the index can't be read.
    pub fn holding(&self, address: &Forgotten, most: usize) -> Result<Vec<Holder>, Error> {
        let mut found = HashSet::new();
        let searcher = self.reader.searcher();
        let terms = self.found_by(address);
        for place in searcher.search(&terms, &DocSetCollector)? {
            let document: TantivyDocument = searcher.doc(place)?;
            let record = document::from_tantivy::<Record>(&document, &self.fields);
            let record = record.filter(|one| address.concerns(one.common()));
            found.extend(record.map(|one| holder(&one)));
        }
        for segment in searcher.segment_readers() {
            let store = segment.get_store_reader(10);
            let store = store.map_err(tantivy::TantivyError::from)?;
            for doc in segment.doc_ids_alive() {
                if found.len() >= most {
                    return Ok(found.into_iter().collect());
                }
                found.extend(self.holder(&store, doc, address)?);
            }
        }
        Ok(found.into_iter().collect())
    }

    fn holder(
        &self,
        store: &StoreReader,
        doc: tantivy::DocId,
        address: &Forgotten,
    ) -> Result<Option<Holder>, Error> {
        let document: TantivyDocument = store.get(doc)?;
        let bytes = document::record_bytes(&document, &self.fields);
        if !bytes.is_some_and(|bytes| address.may_be_in(&bytes)) {
            return Ok(None);
        }
        let Some(record) = document::from_tantivy::<Record>(&document, &self.fields) else {
            return Ok(None);
        };
        let is_one = record.without(address)?.is_some();
        Ok(is_one.then(|| holder(&record)))
    }

    /// What is found by an address as its sender or recipient.
    fn found_by(&self, address: &Forgotten) -> BooleanQuery {
        let fields = [self.fields.sender, self.fields.recipient];
        let terms = address.exact().iter().flat_map(|text| {
            fields.map(|field| -> Box<dyn Query> {
                let term = Term::from_field_text(field, text);
                Box::new(TermQuery::new(term, IndexRecordOption::Basic))
            })
        });
        BooleanQuery::union(terms.collect())
    }

    fn is_found_by_address(&self, id: &str, address: &Forgotten) -> Result<bool, Error> {
        let id = Term::from_field_text(self.fields.id, id);
        let id = Box::new(TermQuery::new(id, IndexRecordOption::Basic));
        let both = BooleanQuery::intersection(vec![id, Box::new(self.found_by(address))]);
        Ok(self.reader.searcher().search(&both, &Count)? > 0)
    }
}

fn holder(record: &Record) -> Holder {
    (record.view().kind(), record.id().to_owned())
}

/// A segment in which something was removed or replaced.
#[derive(Clone, Copy, Debug)]
pub struct Piece {
    id: SegmentId,
    records: u32,
}

/// A segment that is being written without what was removed from it.
pub struct Compacting(FutureResult<Option<SegmentMeta>>);

impl std::fmt::Debug for Compacting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Compacting").finish_non_exhaustive()
    }
}

impl Compacting {
    /// Waits until it is written.
    ///
    /// # Errors
    /// When it can't be; one that the index has merged by itself meanwhile is none: ask again.
    pub fn wait(self) -> Result<(), Error> {
        self.0.wait()?;
        Ok(())
    }
}

impl Writer {
    /// The segments in which something was removed or replaced, the smallest first. What is not
    /// committed is not looked at.
    ///
    /// # Errors
    /// When the index can't be read.
    pub fn pieces(&self) -> Result<Vec<Piece>, Error> {
        let segments = self.tantivy().searchable_segment_metas()?.into_iter();
        let removed = segments.filter(SegmentMeta::has_deletes);
        let mut pieces: Vec<Piece> = removed
            .map(|one| Piece {
                id: one.id(),
                records: one.max_doc(),
            })
            .collect();
        pieces.sort_by_key(|one| one.records);
        Ok(pieces)
    }

    /// Begins to write a segment anew; `None` if it is not there any more.
    ///
    /// # Errors
    /// When the index can't be read or written.
    pub fn compact(&mut self, piece: Piece) -> Result<Option<Compacting>, Error> {
        let segments = self.tantivy().searchable_segment_ids()?;
        if !segments.contains(&piece.id) {
            return Ok(None);
        }
        Ok(Some(Compacting(self.writer()?.merge(&[piece.id]))))
    }

    /// Removes the files that nothing uses any more.
    ///
    /// # Errors
    /// When the index can't be written.
    pub fn sweep(&mut self) -> Result<(), Error> {
        let swept = self.writer()?.garbage_collect_files().wait()?;
        match swept.failed_to_delete_files.first() {
            None => Ok(()),
            Some(file) => Err(Error::Index(format!("{} can't be removed", file.display()))),
        }
    }

    /// Writes a record again without an address, if it is written and holds it or is found by it;
    /// the record then. What stands beside it stays, but for what its family told: that is to be
    /// looked at. To be called when all that was written is committed.
    ///
    /// # Errors
    /// When the index can't be read or written.
    pub fn forget(&mut self, held: &Holder, address: &Forgotten) -> Result<Option<Record>, Error> {
        let (kind, id) = held;
        let index = self.index();
        let look = Look {
            kind: *kind,
            key: Key::Id(id.clone()),
            appliances: Vec::new(),
            limit: 1,
        };
        let Some(found) = index.find(&look)?.into_iter().next() else {
            return Ok(None);
        };
        let record = match found.without(address)? {
            Some(masked) => masked,
            None if address.concerns(found.common())
                && index.is_found_by_address(id, address)? =>
            {
                found
            }
            None => return Ok(None),
        };
        let (facets, peer) = index.beside(id)?;
        let old = Term::from_field_text(self.fields().id, id);
        self.writer()?.delete_term(old);
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
