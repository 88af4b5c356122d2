//! The knowledge base, searched: a question, a log line, a bounce or a reply to the articles that
//! explain it.
//!
//! Full text over passages in both languages; and what the log lines and the replies in a query are,
//! which counts more than their words: the section of the diagnosis that these lines get comes before
//! what merely has the same words.
//!
//! Invariant: an article stands in a list once, with the passage that fits best.

use std::collections::HashMap;

use whymid_diagnosis::{Knowledge, Passage, Source};
use whymid_store::{PassageText, Passages};

/// Passages that are looked at.
const DEEP: usize = 60;

/// What a diagnosis of the query's own lines adds to its section, as a share of the best score.
const DIAGNOSED: f32 = 0.6;

/// What an article's second-best passage adds to the best.
const SECOND: f32 = 0.25;

/// The knowledge base, ready to be searched.
#[derive(Debug)]
pub(crate) struct Shelf {
    passages: Vec<Passage>,
    index: Option<Passages>,
}

/// An article that fits, and its best passage's diagnosis.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Hit {
    pub(crate) article: String,
    pub(crate) diagnosis: Option<String>,
    pub(crate) score: f32,
}

impl Shelf {
    /// Of a knowledge base and what it was read from.
    pub(crate) fn of(knowledge: &Knowledge, source: &Source) -> Self {
        let passages = knowledge.passages(source);
        let texts = passages.iter().map(|one| PassageText {
            title: one.title.clone(),
            text: one.text.clone(),
            log: one.log.join("\n"),
            marks: one.marks.clone(),
        });
        let texts: Vec<PassageText> = texts.collect();
        let index = Passages::new(&texts);
        if let Err(error) = &index {
            tracing::error!(%error, "the knowledge base can't be searched");
        }
        Self {
            passages,
            index: index.ok(),
        }
    }

    /// The articles that fit, the best first; `diagnosed` are the diagnoses that the query's own
    /// lines get.
    pub(crate) fn search(&self, query: &str, diagnosed: &[String]) -> Vec<Hit> {
        let found = self.index.as_ref().map(|index| {
            let marks = whymid_diagnosis::marks(query);
            index.search(query, &marks, DEEP)
        });
        let found = match found {
            Some(Ok(found)) => found,
            Some(Err(error)) => {
                tracing::error!(%error, "the knowledge base can't be searched");
                Vec::new()
            }
            None => Vec::new(),
        };
        let best = found.first().map_or(1.0, |(_, score)| *score);
        let mut found: HashMap<usize, f32> = found.into_iter().collect();
        for (place, passage) in self.passages.iter().enumerate() {
            let is_told = |id: &String| diagnosed.contains(id);
            if passage.diagnosis.as_ref().is_some_and(is_told) {
                *found.entry(place).or_default() += best * DIAGNOSED;
            }
        }
        let mut hits: HashMap<&str, Vec<(f32, &Passage)>> = HashMap::new();
        for (place, score) in found {
            let passage = &self.passages[place];
            let of_article = hits.entry(&passage.article).or_default();
            of_article.push((score, passage));
        }
        let mut hits: Vec<Hit> = hits.into_values().filter_map(hit).collect();
        hits.sort_by(|a, b| {
            let order = b.score.total_cmp(&a.score);
            order.then_with(|| a.article.cmp(&b.article))
        });
        hits
    }
}

/// The hit of one article's passages.
fn hit(mut passages: Vec<(f32, &Passage)>) -> Option<Hit> {
    passages.sort_by(|(a, one), (b, other)| {
        let order = b.total_cmp(a);
        order.then_with(|| (&one.diagnosis, one.lang).cmp(&(&other.diagnosis, other.lang)))
    });
    let (best, first) = passages.first()?;
    let second = passages.get(1).map_or(0.0, |(score, _)| *score);
    let section = passages.iter().find_map(|(_, one)| one.diagnosis.clone());
    Some(Hit {
        article: first.article.clone(),
        diagnosis: first.diagnosis.clone().or(section),
        score: best + SECOND * second,
    })
}
