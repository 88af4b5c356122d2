//! Full-text search over passages, in memory: the knowledge base.
//!
//! Three fields: heading, text, log lines; English words by their stems. Numbers say nothing of a
//! log line, but for the three digits of a reply.
//!
//! Not here: what a passage is, what its place means (`services/api`).

use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, BoostQuery, Query, TermQuery};
use tantivy::schema::{
    FAST, Field, IndexRecordOption, STRING, Schema, Term, TextFieldIndexing, TextOptions,
};
use tantivy::tokenizer::{Language, Stemmer, StopWordFilter, TextAnalyzer};
use tantivy::{Index, IndexReader, TantivyDocument};

use crate::index::Error;
use crate::words::{Words, is_cjk, words};

/// The most words of a query; longer ones are cut.
const MOST_WORDS: usize = 400;

/// A passage: heading, text, log lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text {
    /// Its heading.
    pub title: String,
    /// Its text.
    pub text: String,
    /// Log lines.
    pub log: String,
    /// What these lines are, in words of the caller's.
    pub marks: Vec<String>,
}

/// Passages that can be searched. See the file's head.
pub struct Passages {
    reader: IndexReader,
    fields: [(Field, f32); 3],
    marks: Field,
    stem: TextAnalyzer,
}

impl std::fmt::Debug for Passages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Passages").finish_non_exhaustive()
    }
}

/// Words by their stems, without those that every text has.
fn analyzer() -> TextAnalyzer {
    let stop = StopWordFilter::new(Language::English);
    let stop = stop.unwrap_or_else(|| StopWordFilter::remove(Vec::new()));
    TextAnalyzer::builder(Words::default())
        .filter(stop)
        .filter(Stemmer::new(Language::English))
        .build()
}

const STEMMED: &str = "stemmed";

/// What a hit in each field weighs.
const WEIGHTS: [f32; 3] = [2.0, 1.0, 1.5];

/// What a mark weighs.
const MARK: f32 = 2.0;

impl Passages {
    /// Builds the index.
    ///
    /// # Errors
    /// When it can't be built.
    pub fn new(passages: &[Text]) -> Result<Self, Error> {
        let mut builder = Schema::builder();
        let indexing = TextFieldIndexing::default()
            .set_tokenizer(STEMMED)
            .set_index_option(IndexRecordOption::WithFreqs);
        let options = TextOptions::default().set_indexing_options(indexing);
        let names = ["title", "text", "log"];
        let fields = names.map(|name| builder.add_text_field(name, options.clone()));
        let marks = builder.add_text_field("marks", STRING);
        let place = builder.add_u64_field("place", FAST);
        let index = Index::create_in_ram(builder.build());
        index.tokenizers().register(STEMMED, analyzer());
        let mut writer = index.writer_with_num_threads(1, 15_000_000)?;
        for (number, passage) in passages.iter().enumerate() {
            let mut doc = TantivyDocument::default();
            doc.add_text(fields[0], &passage.title);
            doc.add_text(fields[1], &passage.text);
            doc.add_text(fields[2], telling(&passage.log));
            for mark in &passage.marks {
                doc.add_text(marks, mark);
            }
            doc.add_u64(place, number as u64);
            writer.add_document(doc)?;
        }
        writer.commit()?;
        let mut weighted = [(fields[0], 0.0); 3];
        for (slot, (field, weight)) in weighted.iter_mut().zip(fields.iter().zip(WEIGHTS)) {
            *slot = (*field, weight);
        }
        Ok(Self {
            reader: index.reader()?,
            fields: weighted,
            marks,
            stem: analyzer(),
        })
    }

    /// The places of the passages that fit best, with their scores; the best first.
    ///
    /// # Errors
    /// When the index can't be read.
    pub fn search(
        &self,
        query: &str,
        marks: &[String],
        limit: usize,
    ) -> Result<Vec<(usize, f32)>, Error> {
        let mut any: Vec<Box<dyn Query>> = Vec::new();
        let mut seen = Vec::new();
        let telling = telling(query);
        let mut stem = self.stem.clone();
        let mut stream = stem.token_stream(&telling);
        while seen.len() < MOST_WORDS && stream.advance() {
            let word = &stream.token().text;
            if seen.contains(word) {
                continue;
            }
            seen.push(word.clone());
            for (field, weight) in self.fields {
                let term = Term::from_field_text(field, word);
                let term = Box::new(TermQuery::new(term, IndexRecordOption::WithFreqs));
                any.push(Box::new(BoostQuery::new(term, weight)));
            }
        }
        for mark in marks {
            let term = Term::from_field_text(self.marks, mark);
            let term = Box::new(TermQuery::new(term, IndexRecordOption::Basic));
            any.push(Box::new(BoostQuery::new(term, MARK)));
        }
        if any.is_empty() {
            return Ok(Vec::new());
        }
        let searcher = self.reader.searcher();
        let best = TopDocs::with_limit(limit.max(1)).order_by_score();
        let found = searcher.search(&BooleanQuery::union(any), &best)?;
        let mut places = Vec::new();
        for (score, address) in found {
            let segment = searcher.segment_reader(address.segment_ord);
            let place = segment.fast_fields().u64("place")?.first(address.doc_id);
            places.extend(place.map(|place| (place as usize, score)));
        }
        Ok(places)
    }
}

/// The words of a text without those that are told from others by numbers alone: ids, stamps,
/// addresses.
fn telling(text: &str) -> String {
    let words = words(text).into_iter();
    let telling = words.filter(|word| {
        let digits = word.chars().filter(char::is_ascii_digit).count();
        digits == 0 || word.chars().any(is_cjk) || (digits == 3 && word.len() == 3)
    });
    telling.collect::<Vec<String>>().join(" ")
}
