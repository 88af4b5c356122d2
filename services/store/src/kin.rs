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
use tantivy::collector::{Count, DocSetCollector};
use tantivy::query::{BooleanQuery, ExistsQuery, Occur, Query, RangeQuery, TermQuery};
use tantivy::schema::{IndexRecordOption, Term};
use whymid_diagnosis::Facets;
use whymid_mailflow::{Family, Gathering, MAX_FAMILY, Message};
use whymid_schemas::Outcome;

use crate::columns::value;
use crate::document::{self, Record, RecordKind};
use crate::filter::{Own, Peer, View};
use crate::index::{Error, Index, Key, Look, collect_where};
use crate::words;

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
        let columns = self.columns(&searcher, address)?;
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

    /// Whether a written message is found by all that its family tells of it.
    ///
    /// # Errors
    /// When the index can't be read.
    pub fn is_found_by(&self, id: &str, told: &Message) -> Result<bool, Error> {
        let (f, view) = (&self.fields, View::Message(told));
        let own = Own::of(view);
        let id = Term::from_field_text(f.id, id);
        let mut all = vec![id.clone()];
        all.extend(
            own.icid
                .iter()
                .map(|icid| Term::from_field_u64(f.icid, *icid)),
        );
        let subject = view.subject().unwrap_or_default();
        for (field, texts) in [
            (f.message_id, own.message_id),
            (f.sender, own.sender),
            (f.recipient, own.recipient),
            (f.subject, words::words(&subject)),
        ] {
            all.extend(texts.iter().map(|text| Term::from_field_text(field, text)));
        }
        let all = all.into_iter().map(word).collect();
        let query = BooleanQuery::intersection(all);
        Ok(collect_where(&self.reader.searcher(), &id, &query, &Count)? > 0)
    }

    /// The messages, by the numbers of their ids, whose diagnosis may rest on other records (those
    /// with kin, those that another one names, and those that were not delivered) and that got a
    /// line since a moment; all of them for `None`. Oldest first, so that a family's stand together.
    ///
    /// # Errors
    /// When the index can't be read.
    pub fn unsettled(&self, since: Option<Timestamp>) -> Result<Vec<u64>, Error> {
        let f = &self.fields;
        let mut all = vec![word(Term::from_field_text(
            f.kind,
            RecordKind::Message.word(),
        ))];
        if let Some(since) = since {
            let since = Term::from_field_i64(f.received, since.as_microsecond());
            let range = RangeQuery::new(Bound::Included(since), Bound::Unbounded);
            all.push(Box::new(range));
        }
        let searcher = self.reader.searcher();
        let delivered = word(Term::from_field_text(f.outcome, Outcome::Delivered.word()));
        let with_kin: Box<dyn Query> = Box::new(ExistsQuery::new("kin".to_owned(), false));
        let alone = BooleanQuery::new(vec![(Occur::Must, delivered), (Occur::MustNot, with_kin)]);
        let recent: Box<dyn Query> = Box::new(BooleanQuery::intersection(all));
        let recent_and = |occur, query: &BooleanQuery| {
            let query: Box<dyn Query> = Box::new(query.clone());
            BooleanQuery::new(vec![(Occur::Must, recent.box_clone()), (occur, query)])
        };
        let mut found = searcher.search(&recent_and(Occur::MustNot, &alone), &DocSetCollector)?;
        // of all messages, whoever names one is one
        if since.is_some() {
            for address in searcher.search(&recent_and(Occur::Must, &alone), &DocSetCollector)? {
                let columns = self.columns(&searcher, address)?;
                let Some(mid) = value(&columns.mid, address.doc_id) else {
                    continue;
                };
                if searcher.doc_freq(&Term::from_field_u64(f.kin, mid))? > 0 {
                    found.insert(address);
                }
            }
        }
        let mut dated = Vec::with_capacity(found.len());
        for address in found {
            let columns = self.columns(&searcher, address)?;
            let start = value(&columns.start, address.doc_id);
            dated.extend(value(&columns.tie, address.doc_id).map(|tie| (start, tie)));
        }
        dated.sort_unstable();
        Ok(dated.into_iter().map(|(_, tie)| tie).collect())
    }
}

fn word(term: Term) -> Box<dyn Query> {
    Box::new(TermQuery::new(term, IndexRecordOption::Basic))
}

#[cfg(test)]
mod tests;
