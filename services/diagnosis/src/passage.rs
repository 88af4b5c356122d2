//! The knowledge base in passages, for full-text search: an article's beginning, the words in
//! which people ask for it, and the section of each diagnosis with all that its rule says and the telling lines of its examples.
//!
//! Not here: the search (`services/store`).

use std::collections::BTreeSet;

use whymid_mailflow::event::{Fact, Reply};
use whymid_schemas::{Lang, Text};

use crate::knowledge::{Knowledge, Source};
use crate::reply;
use crate::rule::Diagnosis;

/// A passage of an article.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// The article.
    pub article: String,
    /// The diagnosis that it is about; `None` for the beginning.
    pub diagnosis: Option<String>,
    /// Its language.
    pub lang: Lang,
    /// Its heading.
    pub title: String,
    /// Its text.
    pub text: String,
    /// Log lines that belong to it, without their headers.
    pub log: Vec<String>,
    /// What these lines are: their kinds, and the reasons of the replies in them.
    pub marks: Vec<String>,
}

/// What log lines and replies in a text are: the kinds of the lines, wherever one begins, and the
/// reason of a reply.
#[must_use]
pub fn marks(text: &str) -> Vec<String> {
    let starts = text.char_indices().filter(|(at, letter)| {
        let before = text[..*at].chars().next_back();
        letter.is_ascii_uppercase() && before.is_none_or(|before| !before.is_ascii_alphanumeric())
    });
    let mut marks = BTreeSet::new();
    for (at, _) in starts.take(MOST_STARTS) {
        marks.extend(of_line(&text[at..]));
    }
    if marks.is_empty() {
        marks.extend(of_reply(text));
    }
    marks.into_iter().collect()
}

/// The most places of a text at which a line is looked for.
const MOST_STARTS: usize = 300;

/// The kind of a line, and the reason of the reply in it.
fn of_line(body: &str) -> Vec<String> {
    let event = whymid_mailflow::read(body);
    let kind = event.kind.map(|kind| kind.name.to_owned());
    let mut marks: Vec<String> = kind.into_iter().collect();
    if let Fact::Bounced { reply, .. } | Fact::Delayed { reply, .. } = &event.fact {
        marks.push(of_reason(reply));
    }
    marks
}

/// The reason of a reply: three digits, perhaps an enhanced code, and words.
fn of_reply(text: &str) -> Option<String> {
    let mut words = text.split(|letter: char| !letter.is_ascii_digit());
    let code = words.find(|word| word.len() == 3 && word.starts_with(['4', '5']))?;
    let reply = Reply {
        enhanced: "",
        label: "",
        code,
        text,
    };
    Some(of_reason(&reply))
}

fn of_reason(reply: &Reply<'_>) -> String {
    format!("reply:{}", reply::reason(reply).word())
}

impl Knowledge {
    /// Every passage; `source` is what the knowledge was read from.
    #[must_use]
    pub fn passages(&self, source: &Source) -> Vec<Passage> {
        let mut passages = Vec::new();
        for (id, texts) in &self.articles {
            for (lang, article) in texts {
                let first = article.sections.iter().map(|one| one.range.start).min();
                let head = first.unwrap_or(article.markdown.len());
                passages.push(Passage {
                    article: id.clone(),
                    diagnosis: None,
                    lang: *lang,
                    title: article.title.clone(),
                    text: format!("{}\n{}", article.summary, &article.markdown[..head]),
                    log: Vec::new(),
                    marks: Vec::new(),
                });
                let path = format!("{id}/asked.{lang}.txt");
                let asked = source.files.get(&path).map_or("", String::as_str);
                for phrase in asked.lines().filter(|line| !line.trim().is_empty()) {
                    passages.push(Passage {
                        article: id.clone(),
                        diagnosis: None,
                        lang: *lang,
                        title: phrase.to_owned(),
                        text: String::new(),
                        log: Vec::new(),
                        marks: Vec::new(),
                    });
                }
                for section in &article.sections {
                    let Some(diagnosis) = self.diagnosis(&section.id) else {
                        continue;
                    };
                    let told = article.section_markdown(&section.id).unwrap_or_default();
                    let all = lines(source, diagnosis);
                    let marks = all.iter().flat_map(|body| of_line(body));
                    let marks: BTreeSet<String> = marks.collect();
                    let telling = all.iter().filter(|body| {
                        let kind = whymid_mailflow::read(body).kind;
                        kind.is_none_or(|kind| kind.diagnostic)
                    });
                    passages.push(Passage {
                        article: id.clone(),
                        diagnosis: Some(section.id.clone()),
                        lang: *lang,
                        title: section.title.clone(),
                        text: format!("{told}\n{}", said(diagnosis, *lang)),
                        log: telling.cloned().collect(),
                        marks: marks.into_iter().collect(),
                    });
                }
            }
        }
        passages
    }
}

/// All that a rule says to people.
fn said(diagnosis: &Diagnosis, lang: Lang) -> String {
    let notes = diagnosis.summaries.iter().map(|note| &note.text);
    let steps = diagnosis.next_steps.iter().map(|step| &step.note.text);
    let evidence = diagnosis.checks.iter().map(|check| &check.holds);
    let texts = [&diagnosis.summary, &diagnosis.helpdesk].into_iter();
    let texts = texts.chain(notes).chain(steps).chain(evidence);
    let texts: Vec<&str> = texts.map(|text: &Text| text.get(lang)).collect();
    texts.join("\n")
}

/// The lines of the examples in which a diagnosis is given, each once.
fn lines(source: &Source, diagnosis: &Diagnosis) -> Vec<String> {
    let beginning = format!("{}/examples/{}.fires", diagnosis.article, diagnosis.id);
    let examples = source.files.range(beginning.clone()..);
    let examples = examples.take_while(|(path, _)| path.starts_with(&beginning));
    let bodies = examples.flat_map(|(_, log)| log.lines()).filter_map(body);
    let lines: BTreeSet<&str> = bodies.collect();
    lines.into_iter().map(str::to_owned).collect()
}

/// What stands behind the level word of a line.
fn body(line: &str) -> Option<&str> {
    let levels = ["Info: ", "Warning: ", "Critical: ", "Error: "];
    let found = levels.iter().filter_map(|level| line.split_once(level));
    found
        .min_by_key(|(head, _)| head.len())
        .map(|(_, body)| body)
}
