//! The knowledge base as readers see it: the list of diagnoses, the articles.

use whymid_schemas::{ArticleText, DiagnosisList, Lang};

use crate::answer::Style;
use crate::knowledge::Knowledge;

impl Knowledge {
    /// The catalogue.
    #[must_use]
    pub fn catalogue(&self, style: &Style) -> DiagnosisList {
        DiagnosisList {
            items: self.ids().filter_map(|id| self.entry(id, style)).collect(),
            kb_version: self.version.clone(),
        }
    }

    /// Every article in one language.
    #[must_use]
    pub fn article_texts(&self, lang: Lang) -> Vec<ArticleText> {
        self.articles
            .keys()
            .filter_map(|id| self.article_text(id, lang))
            .collect()
    }

    /// One article.
    #[must_use]
    pub fn article_text(&self, id: &str, lang: Lang) -> Option<ArticleText> {
        let article = self.text(id, lang)?;
        Some(ArticleText {
            id: id.to_owned(),
            lang,
            title: article.title.clone(),
            summary: article.summary.clone(),
            references: article.references.clone(),
            diagnoses: article.sections.iter().map(|one| one.id.clone()).collect(),
            markdown: article.markdown.clone(),
        })
    }

    /// One article's body as sanitised HTML.
    #[must_use]
    pub fn article_html(&self, id: &str, lang: Lang) -> Option<String> {
        self.text(id, lang).map(crate::article::Article::html)
    }

    /// One diagnosis's section, Markdown.
    #[must_use]
    pub fn section_markdown(&self, diagnosis: &str, lang: Lang) -> Option<&str> {
        let article = &self.diagnosis(diagnosis)?.article;
        self.text(article, lang)?.section_markdown(diagnosis)
    }
}
