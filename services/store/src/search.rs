//! A filter to a query on the index, and the records that fit, in order, from a place on.
//!
//! Order is by (start, id): newest first, or oldest first; of one moment by id. A page goes on
//! behind a place, not behind a number of records, so that what comes in between moves nothing.
//!
//! Invariant: a search that nobody waits for any more ends, at the next of the index's segments.
//!
//! Not here: what is in memory, merging the two (`library.rs`).

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{self, AtomicBool};

use jiff::Timestamp;
use tantivy::collector::{Collector, TopDocs};
use tantivy::query::{
    BooleanQuery, EmptyQuery, EnableScoring, Occur, PhraseQuery, Query, RangeQuery, RegexQuery,
    TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption, Term};
use tantivy::{DocId, Searcher, SegmentReader, TantivyDocument};

use crate::document::{self, Record};
use crate::filter::{Choice, Filter, Pattern, Phrase, View, Word};
use crate::index::{self, Error, Index};

/// Whether somebody still waits: shared by who asks and who searches.
#[derive(Clone, Debug, Default)]
pub struct Patience(Arc<AtomicBool>);

impl Patience {
    /// Ends it.
    pub fn end(&self) {
        self.0.store(true, atomic::Ordering::Relaxed);
    }

    fn is_over(&self) -> bool {
        self.0.load(atomic::Ordering::Relaxed)
    }
}

/// Ends the patience when it goes.
pub(crate) struct Asker(pub(crate) Patience);

impl Drop for Asker {
    fn drop(&mut self) {
        self.0.end();
    }
}

/// A place in the order of records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Stamp of the first line.
    pub start: Timestamp,
    /// The id.
    pub id: String,
}

/// In which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Newest first.
    #[default]
    NewestFirst,
    /// Oldest first.
    OldestFirst,
}

/// A search.
#[derive(Clone, Debug)]
pub struct Search {
    /// What is wanted.
    pub filter: Filter,
    /// In which order.
    pub order: Order,
    /// Behind this place.
    pub after: Option<Place>,
    /// At most so many.
    pub limit: usize,
}

impl Place {
    /// Of a record.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        Self {
            start: record.start(),
            id: record.id().to_owned(),
        }
    }
}

impl Order {
    /// Where a place stands, as a number: the smaller, the earlier on the pages.
    #[must_use]
    pub fn rank(self, start: Timestamp, id: &str) -> u128 {
        self.rank_of(start.as_microsecond(), tie(id))
    }

    fn rank_of(self, micros: i64, tie: u64) -> u128 {
        // moments before 1970 stand before those after
        let moment = (micros as u64) ^ (1 << 63);
        let moment = match self {
            Self::NewestFirst => !moment,
            Self::OldestFirst => moment,
        };
        (u128::from(moment) << 64) | u128::from(tie)
    }
}

impl Search {
    /// Where a record stands, if it fits by its own fields and stands behind the place.
    #[must_use]
    pub fn rank(&self, record: View<'_>) -> Option<u128> {
        let common = record.common();
        let rank = self.order.rank(common.first_at, &common.id);
        let after = self.after.as_ref();
        let after = after.map(|after| self.order.rank(after.start, &after.id));
        (after.is_none_or(|after| rank > after) && self.filter.fits(record)).then_some(rank)
    }

    /// The first of records that fit, in order.
    pub fn first_of<'r>(&self, records: impl Iterator<Item = View<'r>>) -> Vec<Record> {
        let ranked = records.filter_map(|one| Some((self.rank(one)?, one)));
        // the heap's greatest is the last on the page
        let mut page: BinaryHeap<Ranked<'r>> = BinaryHeap::new();
        for (rank, one) in ranked {
            page.push(Ranked(rank, one));
            if page.len() > self.limit {
                page.pop();
            }
        }
        let page = page.into_sorted_vec().into_iter();
        page.map(|Ranked(_, one)| one.to_record()).collect()
    }
}

/// A record by its rank alone.
struct Ranked<'r>(u128, View<'r>);

impl PartialEq for Ranked<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl Eq for Ranked<'_> {}

impl PartialOrd for Ranked<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Ranked<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

/// An id as a number, in the ids' order: a letter for the kind, then hexadecimal digits.
#[must_use]
pub fn tie(id: &str) -> u64 {
    let digits = id.get(1..17).unwrap_or_default();
    u64::from_str_radix(digits, 16).unwrap_or_default()
}

impl Index {
    /// The records that fit, in order.
    ///
    /// # Errors
    /// When the index can't be read, or nobody waits for it any more.
    pub fn search(&self, search: &Search, patience: &Patience) -> Result<Vec<Record>, Error> {
        let searcher = self.reader.searcher();
        let mut query = self.query_of(&search.filter)?;
        if let Some(after) = &search.after {
            query = BooleanQuery::intersection(vec![Box::new(query), self.behind(search, after)]);
        }
        let order = search.order;
        // the best is the greatest
        let key = move |segment: &SegmentReader| {
            let start = segment.fast_fields().i64("start").ok();
            let tie = segment.fast_fields().u64("tie").ok();
            move |doc: DocId| {
                let start = start.as_ref().and_then(|column| column.first(doc));
                let tie = tie.as_ref().and_then(|column| column.first(doc));
                !order.rank_of(start.unwrap_or_default(), tie.unwrap_or_default())
            }
        };
        let best = TopDocs::with_limit(search.limit.max(1)).order_by(key);
        let found = collect(&searcher, &query, &best, patience)?;
        let mut records = Vec::new();
        for (rank, address) in found {
            let doc: TantivyDocument = searcher.doc(address)?;
            let Some(record) = document::from_tantivy::<Record>(&doc, &self.fields) else {
                tracing::error!("a record of the index can't be read and is left out");
                continue;
            };
            // equal ranks are told apart by nothing: the page before had it
            let after = search.after.as_ref();
            let bound = after.map(|after| order.rank(after.start, &after.id));
            if bound.is_none_or(|bound| !rank > bound) {
                records.push(record);
            }
        }
        Ok(records)
    }

    /// What stands behind a place, about: of its own moment all, the collector tells them apart.
    fn behind(&self, search: &Search, after: &Place) -> Box<dyn Query> {
        let moment = Term::from_field_i64(self.fields.start, after.start.as_microsecond());
        let open = Bound::Unbounded;
        let range = match search.order {
            Order::NewestFirst => (open, Bound::Excluded(moment.clone())),
            Order::OldestFirst => (Bound::Excluded(moment.clone()), open),
        };
        let ties = Bound::Excluded(Term::from_field_u64(self.fields.tie, tie(&after.id)));
        let then = BooleanQuery::intersection(vec![
            Box::new(TermQuery::new(moment, IndexRecordOption::Basic)),
            Box::new(RangeQuery::new(ties, Bound::Unbounded)),
        ]);
        Box::new(BooleanQuery::union(vec![
            Box::new(RangeQuery::new(range.0, range.1)),
            Box::new(then),
        ]))
    }

    /// A filter as a query; derived conditions are asked of what was written beside the records.
    ///
    /// Whoever sees some domains alone must not learn by conditions what else a mail holds: what
    /// depends on other recipients is asked only where there are none, and of the others for the
    /// caller to find out.
    pub(crate) fn query_of(&self, filter: &Filter) -> Result<BooleanQuery, Error> {
        let f = &self.fields;
        let mut all = Clauses::default();
        all.must(exact(Term::from_field_text(f.kind, filter.kind.word())));
        let number = |field| move |wanted: &u64| Ok(exact(Term::from_field_u64(field, *wanted)));
        all.choice(&filter.mid, number(f.mid))?;
        all.choice(&filter.icid, number(f.icid))?;
        all.choice(&filter.appliance, |name| {
            Ok(exact(Term::from_field_text(f.appliance, name)))
        })?;
        for (field, choice) in [
            (f.message_id, &filter.message_id),
            (f.sender, &filter.sender),
            (f.host, &filter.host),
            (f.ip, &filter.ip),
        ] {
            all.choice(choice, |pattern| of_pattern(field, pattern))?;
        }
        all.choice(&filter.subject, |phrase| of_phrase(f.subject, phrase))?;
        if let Some(scope) = &filter.scope {
            let names = scope
                .iter()
                .map(|name| exact(Term::from_field_text(f.appliance, name)));
            all.must(index::any(names.collect()));
        }
        if filter.since.is_some() || filter.until.is_some() {
            let at = |at: Timestamp| Term::from_field_i64(f.start, at.as_microsecond());
            let since = filter
                .since
                .map_or(Bound::Unbounded, |since| Bound::Included(at(since)));
            let until = filter
                .until
                .map_or(Bound::Unbounded, |until| Bound::Excluded(at(until)));
            all.must(Box::new(RangeQuery::new(since, until)));
        }
        if let Some(shared) = filter.shared {
            all.must(self.of_domains(shared));
        }
        let on_all = self.on_all_recipients(filter)?;
        match &filter.sight {
            None => all.0.extend(on_all.0),
            Some(sight) => {
                let own = sight.domains().iter().map(|domain| self.of_domain(domain));
                let own: Result<Vec<_>, Error> = own.collect();
                all.must(index::any(own?));
                if !on_all.0.is_empty() {
                    let mut unshared = on_all;
                    unshared.must(self.of_domains(false));
                    all.must(index::any(vec![
                        Box::new(BooleanQuery::new(unshared.0)),
                        self.of_domains(true),
                    ]));
                }
            }
        }
        Ok(BooleanQuery::new(all.0))
    }

    /// The conditions on which every recipient of a mail has a part.
    fn on_all_recipients(&self, filter: &Filter) -> Result<Clauses, Error> {
        let f = &self.fields;
        let mut all = Clauses::default();
        all.choice(&filter.dcid, |wanted| {
            Ok(exact(Term::from_field_u64(f.dcid, *wanted)))
        })?;
        for (field, choice) in [
            (f.recipient, &filter.recipient),
            (f.outcome, &filter.outcome),
            (f.diagnosis, &filter.diagnosis),
            (f.party, &filter.party),
        ] {
            all.choice(choice, |pattern| of_pattern(field, pattern))?;
        }
        let anywhere = |phrase: &Phrase| -> Result<Box<dyn Query>, Error> {
            Ok(Box::new(BooleanQuery::union(vec![
                of_phrase(f.lines, phrase)?,
                of_phrase(f.subject, phrase)?,
            ])))
        };
        for phrase in &filter.words.any {
            all.must(anywhere(phrase)?);
        }
        for phrase in &filter.words.none {
            all.must_not(anywhere(phrase)?);
        }
        Ok(all)
    }

    /// Messages whose recipients are of one domain, or of several.
    fn of_domains(&self, several: bool) -> Box<dyn Query> {
        let count = |count| Term::from_field_u64(self.fields.domains, count);
        if several {
            let from = Bound::Included(count(2));
            Box::new(RangeQuery::new(from, Bound::Unbounded))
        } else {
            exact(count(1))
        }
    }

    /// Messages with a recipient in a domain; `*.` in front for all below it.
    fn of_domain(&self, domain: &str) -> Result<Box<dyn Query>, Error> {
        let field = self.fields.recipient_domain;
        match domain.strip_prefix('*') {
            Some(below) => of_pattern(field, &Pattern::Ends(below.to_owned())),
            None => of_pattern(field, &Pattern::Is(domain.to_owned())),
        }
    }
}

/// Collects segment by segment, as long as there is time. What is found are places of that
/// searcher's: another one may have other segments.
pub(crate) fn collect<C: Collector>(
    searcher: &Searcher,
    query: &dyn Query,
    collector: &C,
    patience: &Patience,
) -> Result<C::Fruit, Error> {
    let weight = query.weight(EnableScoring::disabled_from_searcher(searcher))?;
    let mut fruits = Vec::new();
    for (ord, segment) in (0..).zip(searcher.segment_readers()) {
        if patience.is_over() {
            return Err(Error::TooCostly);
        }
        fruits.push(collector.collect_segment(weight.as_ref(), ord, segment)?);
    }
    Ok(collector.merge_fruits(fruits)?)
}

/// The parts of a query.
#[derive(Default)]
struct Clauses(Vec<(Occur, Box<dyn Query>)>);

impl Clauses {
    fn must(&mut self, query: Box<dyn Query>) {
        self.0.push((Occur::Must, query));
    }

    fn must_not(&mut self, query: Box<dyn Query>) {
        self.0.push((Occur::MustNot, query));
    }

    fn choice<T>(
        &mut self,
        choice: &Choice<T>,
        query: impl Fn(&T) -> Result<Box<dyn Query>, Error>,
    ) -> Result<(), Error> {
        let any: Result<Vec<Box<dyn Query>>, Error> = choice.any.iter().map(&query).collect();
        let any = any?;
        if !any.is_empty() {
            self.must(index::any(any));
        }
        for unwanted in &choice.none {
            self.must_not(query(unwanted)?);
        }
        Ok(())
    }
}

fn exact(term: Term) -> Box<dyn Query> {
    Box::new(TermQuery::new(term, IndexRecordOption::Basic))
}

fn of_pattern(field: Field, pattern: &Pattern) -> Result<Box<dyn Query>, Error> {
    match pattern {
        Pattern::Is(text) => Ok(exact(Term::from_field_text(field, text))),
        Pattern::Begins(text) => matching(field, &format!("{}.*", literal(text))),
        Pattern::Ends(text) => matching(field, &format!(".*{}", literal(text))),
    }
}

/// Terms that a regular expression describes as a whole.
fn matching(field: Field, pattern: &str) -> Result<Box<dyn Query>, Error> {
    Ok(Box::new(RegexQuery::from_pattern(pattern, field)?))
}

/// A text in a regular expression.
fn literal(text: &str) -> String {
    let mut literal = String::with_capacity(text.len());
    for letter in text.chars() {
        if r"\.+*?()|[]{}^$#&-~".contains(letter) {
            literal.push('\\');
        }
        literal.push(letter);
    }
    literal
}

fn of_phrase(field: Field, phrase: &Phrase) -> Result<Box<dyn Query>, Error> {
    match phrase.0.as_slice() {
        [] => Ok(Box::new(EmptyQuery)),
        [Word::Is(word)] => Ok(exact(Term::from_field_text(field, word))),
        [Word::Begins(word)] => matching(field, &format!("{}.*", literal(word))),
        [Word::Holds(word)] => matching(field, &format!(".*{}.*", literal(word))),
        several => phrase_of(field, several),
    }
}

/// Several words: as a phrase where all are whole, else with the open ones as regular expressions.
fn phrase_of(field: Field, words: &[Word]) -> Result<Box<dyn Query>, Error> {
    let whole: Option<Vec<Term>> = words
        .iter()
        .map(|word| match word {
            Word::Is(word) => Some(Term::from_field_text(field, word)),
            Word::Begins(_) | Word::Holds(_) => None,
        })
        .collect();
    if let Some(terms) = whole {
        return Ok(Box::new(PhraseQuery::new(terms)));
    }
    let patterns = words.iter().enumerate().map(|(place, word)| {
        let pattern = match word {
            Word::Is(word) => literal(word),
            Word::Begins(word) => format!("{}.*", literal(word)),
            Word::Holds(word) => format!(".*{}.*", literal(word)),
        };
        (place, pattern)
    });
    let mut query = tantivy::query::RegexPhraseQuery::new_with_offset(field, patterns.collect());
    query.set_max_expansions(MOST_WORDS);
    Ok(Box::new(query))
}

/// The most words of the index that an open word of a phrase may stand for.
const MOST_WORDS: u32 = 16_384;

#[cfg(test)]
pub(crate) mod tests;
