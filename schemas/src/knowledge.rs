//! The catalogue of diagnoses and the articles behind it, as published.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Article, Grouping, HealsByRetry, Lang, NextStep, Party, Reference, Severity};

/// The catalogue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DiagnosisList {
    /// Every diagnosis that the knowledge base knows.
    pub items: Vec<DiagnosisEntry>,
    /// The version of the knowledge base.
    pub kb_version: String,
}

/// One diagnosis of the catalogue, apart from any message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DiagnosisEntry {
    /// Kebab-case, never renamed or reused.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// What it means.
    pub explanation: String,
    /// Who can mend it, likeliest first.
    pub party: Vec<Party>,
    /// What its occurrences have in common, and tickets are shared by.
    pub grouping: Grouping,
    /// How much it should trouble somebody.
    pub severity: Severity,
    /// Whether a retry is likely to mend it.
    pub heals_by_retry: HealsByRetry,
    /// What gives it: `rule`, `engine`, or `nobody` (its wording was never seen: not yet recognisable).
    pub given_by: String,
    /// What to do, in order.
    pub next_steps: Vec<NextStep>,
    /// Where to read on.
    pub article: Article,
}

/// Articles of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ArticleList {
    /// The articles: those that fit, the best first; all of them where nothing was asked.
    pub items: Vec<ArticleItem>,
    /// The version of the knowledge base.
    pub kb_version: String,
}

/// An article in a few fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ArticleItem {
    /// The article.
    pub id: String,
    /// Its language.
    pub lang: Lang,
    /// Its title.
    pub title: String,
    /// What it is about, in a sentence.
    pub summary: String,
    /// Its page, at the section that fits best.
    pub url: String,
    /// The section that fits best.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub section: Option<ArticleSection>,
}

/// The section of an article about one diagnosis.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ArticleSection {
    /// The diagnosis.
    pub diagnosis: String,
    /// Its heading.
    pub title: String,
}

/// An article in one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ArticleText {
    /// The article.
    pub id: String,
    /// Its language.
    pub lang: Lang,
    /// Its title.
    pub title: String,
    /// What it is about, in a sentence.
    pub summary: String,
    /// What it rests on.
    pub references: Vec<Reference>,
    /// The diagnoses that it explains, in its own order.
    pub diagnoses: Vec<String>,
    /// The text, Markdown.
    pub markdown: String,
}
