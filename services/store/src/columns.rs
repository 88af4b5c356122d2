//! What stands beside the records of a segment, by columns: read without the records.
//!
//! To open a column its whole head is read, which takes longer than a look-up: what is open stays
//! open as long as its segment is there.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use tantivy::columnar::{Column, StrColumn};
use tantivy::index::SegmentId;
use tantivy::{DocId, Searcher, SegmentReader};
use whymid_diagnosis::Facets;
use whymid_schemas::{Custody, Outcome, Party};

use crate::filter::Peer;
use crate::index::Error;

/// The columns of one segment.
pub(crate) struct Columns {
    pub(crate) tie: Option<Column<u64>>,
    pub(crate) mid: Option<Column<u64>>,
    pub(crate) elders_icid: Option<Column<u64>>,
    /// Microseconds.
    pub(crate) start: Option<Column<i64>>,
    /// Microseconds.
    pub(crate) ready: Option<Column<i64>>,
    outcome: Option<StrColumn>,
    custody: Option<StrColumn>,
    diagnosis: Option<StrColumn>,
    party: Option<StrColumn>,
    host: Option<StrColumn>,
    ip: Option<StrColumn>,
}

impl Columns {
    /// Of a segment of this release's or an earlier one's, which may not have all of them.
    pub(crate) fn of(segment: &SegmentReader) -> Result<Self, Error> {
        let fast = segment.fast_fields();
        Ok(Self {
            tie: fast.u64("tie").ok(),
            mid: fast.u64("mid").ok(),
            elders_icid: fast.u64("elders_icid").ok(),
            start: fast.i64("start").ok(),
            ready: fast.i64("ready").ok(),
            outcome: fast.str("outcome")?,
            custody: fast.str("custody")?,
            diagnosis: fast.str("diagnosis")?,
            party: fast.str("party")?,
            host: fast.str("host").unwrap_or_default(),
            ip: fast.str("ip").unwrap_or_default(),
        })
    }

    pub(crate) fn peer(&self, doc: DocId) -> Peer {
        Peer {
            host: word(&self.host, doc),
            ip: word(&self.ip, doc),
        }
    }

    pub(crate) fn facets(&self, doc: DocId) -> Option<Facets> {
        let one = |column| word(column, doc);
        let parties = self.party.as_ref().map(|column| words(column, doc));
        Some(Facets {
            outcome: named::<Outcome>(&one(&self.outcome)?)?,
            custody: named::<Custody>(&one(&self.custody)?)?,
            diagnosis: one(&self.diagnosis)?,
            party: parties
                .unwrap_or_default()
                .iter()
                .filter_map(|word| named::<Party>(word))
                .collect(),
            kb_version: String::new(),
        })
    }
}

/// The first value of a document, if it has one.
pub(crate) fn value<T>(column: &Option<Column<T>>, doc: DocId) -> Option<T>
where
    T: PartialOrd + Copy + std::fmt::Debug + Send + Sync + 'static,
{
    column.as_ref()?.first(doc)
}

fn word(column: &Option<StrColumn>, doc: DocId) -> Option<String> {
    words(column.as_ref()?, doc).into_iter().next()
}

fn words(column: &StrColumn, doc: DocId) -> Vec<String> {
    let ords = column.ords().values_for_doc(doc);
    let words = ords.filter_map(|ord| {
        let mut word = String::new();
        column.ord_to_str(ord, &mut word).ok()?.then_some(word)
    });
    words.collect()
}

/// A value by its published word.
fn named<T: serde::de::DeserializeOwned>(word: &str) -> Option<T> {
    serde_json::from_value(serde_json::Value::String(word.to_owned())).ok()
}

/// The columns that are open, by segment.
#[derive(Clone, Default)]
pub(crate) struct Opened(Arc<RwLock<HashMap<SegmentId, Arc<Columns>>>>);

impl Opened {
    /// The columns of a segment of this release's.
    pub(crate) fn of(&self, segment: &SegmentReader) -> Result<Arc<Columns>, Error> {
        let id = segment.segment_id();
        let open = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(columns) = open.get(&id) {
            return Ok(Arc::clone(columns));
        }
        drop(open);
        let columns = Arc::new(Columns::of(segment)?);
        let mut open = self.0.write().unwrap_or_else(PoisonError::into_inner);
        open.insert(id, Arc::clone(&columns));
        Ok(columns)
    }

    /// Closes those of segments that are gone.
    pub(crate) fn keep(&self, searcher: &Searcher) {
        let segments = searcher.segment_readers().iter();
        let there: Vec<SegmentId> = segments.map(SegmentReader::segment_id).collect();
        let mut open = self.0.write().unwrap_or_else(PoisonError::into_inner);
        open.retain(|id, _| there.contains(id));
    }
}
