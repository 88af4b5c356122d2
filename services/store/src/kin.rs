//! What is written of families: gathered from the index, with what was diagnosed of each member.
//!
//! A message whose mail went on under another MID fares as that one does, so its diagnosis beside
//! it is written again when the other one is (`services/decisions/017`).
//!
//! Not here: who does that (`services/server`), what is in memory.

use std::ops::Bound;
use std::sync::Arc;

use jiff::Timestamp;
use tantivy::TantivyDocument;
use tantivy::collector::DocSetCollector;
use tantivy::query::{AllQuery, BooleanQuery, ExistsQuery, Occur, Query, RangeQuery, TermQuery};
use tantivy::schema::{IndexRecordOption, Term};
use whymid_diagnosis::Facets;
use whymid_mailflow::{Family, Gathering, MAX_FAMILY, Message};
use whymid_schemas::Outcome;

use crate::columns::value;
use crate::document::{self, Record, RecordKind};
use crate::filter::Peer;
use crate::index::{Error, Index, Key, Look, collect_where};

impl Index {
    /// A message with its family, as far as it is written; and the members' own records.
    ///
    /// # Errors
    /// When the index can't be read.
    pub fn family_of(&self, message: Message) -> Result<(Family, Vec<Arc<Message>>), Error> {
        let appliance = message.common.appliance.clone();
        let mut gathering = Gathering::of(message);
        while let Some(wanted) = gathering.wanted() {
            let mut named = Vec::new();
            for mid in wanted.named {
                named.extend(self.messages(Key::Mid(mid), &appliance)?);
            }
            let naming = self.messages(Key::Kin(wanted.mid), &appliance)?;
            let same_mid = if naming.is_empty() {
                Vec::new()
            } else {
                self.messages(Key::Mid(wanted.mid), &appliance)?
            };
            gathering.take(named, naming, &same_mid);
        }
        Ok(gathering.with_records())
    }

    fn messages(&self, key: Key, appliance: &str) -> Result<Vec<Message>, Error> {
        let found = self.find(&Look {
            kind: RecordKind::Message,
            key,
            appliances: vec![appliance.to_owned()],
            limit: MAX_FAMILY,
        })?;
        Ok(found.into_iter().filter_map(Record::into_message).collect())
    }

    /// Whether any written message names that MID as its kin, on whatever appliance.
    ///
    /// # Errors
    /// When the index can't be read.
    pub fn is_kin(&self, mid: u64) -> Result<bool, Error> {
        let term = Term::from_field_u64(self.fields.kin, mid);
        Ok(self.reader.searcher().doc_freq(&term)? > 0)
    }

    /// What was written beside a record: its diagnosis, without the knowledge base's version, and
    /// who sent it.
    ///
    /// # Errors
    /// When the index can't be read.
    pub fn beside(&self, id: &str) -> Result<(Option<Facets>, Peer), Error> {
        let searcher = self.reader.searcher();
        let id = Term::from_field_text(self.fields.id, id);
        let query = TermQuery::new(id.clone(), IndexRecordOption::Basic);
        let found = collect_where(&searcher, &id, &query, &DocSetCollector)?;
        let Some(address) = found.into_iter().next() else {
            return Ok((None, Peer::default()));
        };
        let segment = searcher.segment_reader(address.segment_ord);
        let columns = self.opened.of(segment)?;
        Ok((columns.facets(address.doc_id), columns.peer(address.doc_id)))
    }

    /// The message whose id is that number ([`tie`](crate::tie)).
    ///
    /// # Errors
    /// When the index can't be read.
    pub fn message(&self, tie: u64) -> Result<Option<Message>, Error> {
        let searcher = self.reader.searcher();
        let tie = Term::from_field_u64(self.fields.tie, tie);
        let query = TermQuery::new(tie.clone(), IndexRecordOption::Basic);
        let found = collect_where(&searcher, &tie, &query, &DocSetCollector)?;
        for address in found {
            let doc: TantivyDocument = searcher.doc(address)?;
            let record = document::from_tantivy::<Record>(&doc, &self.fields);
            if let Some(message) = record.and_then(Record::into_message) {
                return Ok(Some(message));
            }
        }
        Ok(None)
    }

    /// The messages, by the numbers of their ids, whose diagnosis may rest on other records (those
    /// with kin, and those that were not delivered) and that got a line since a moment; all of them
    /// for `None`.
    ///
    /// # Errors
    /// When the index can't be read.
    pub fn unsettled(&self, since: Option<Timestamp>) -> Result<Vec<u64>, Error> {
        let word = |field, word: &str| -> Box<dyn Query> {
            let term = Term::from_field_text(field, word);
            Box::new(TermQuery::new(term, IndexRecordOption::Basic))
        };
        let delivered = word(self.fields.outcome, Outcome::Delivered.word());
        let with_kin: Box<dyn Query> = Box::new(ExistsQuery::new("kin".to_owned(), false));
        let undelivered: Box<dyn Query> = Box::new(BooleanQuery::new(vec![
            (Occur::Must, Box::new(AllQuery)),
            (Occur::MustNot, delivered),
        ]));
        let mut all: Vec<Box<dyn Query>> = vec![
            word(self.fields.kind, RecordKind::Message.word()),
            Box::new(BooleanQuery::union(vec![with_kin, undelivered])),
        ];
        if let Some(since) = since {
            let since = Term::from_field_i64(self.fields.received, since.as_microsecond());
            let range = RangeQuery::new(Bound::Included(since), Bound::Unbounded);
            all.push(Box::new(range));
        }
        let searcher = self.reader.searcher();
        let found = searcher.search(&BooleanQuery::intersection(all), &DocSetCollector)?;
        let mut ties = Vec::new();
        for address in found {
            let columns = self
                .opened
                .of(searcher.segment_reader(address.segment_ord))?;
            ties.extend(value(&columns.tie, address.doc_id));
        }
        Ok(ties)
    }
}
