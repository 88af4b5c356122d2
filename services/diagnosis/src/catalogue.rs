//! The knowledge base as readers see it: the list of diagnoses, the articles.

use whymid_schemas::{
    Article, ArticleItem, ArticleSection, ArticleText, DiagnosisEntry, DiagnosisList, Lang,
    NextStep,
};

use crate::answer::Style;
use crate::knowledge::Knowledge;
use crate::rule::Diagnosis;

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

    /// One article of a list, at the section of a diagnosis.
    #[must_use]
    pub fn article_item(
        &self,
        id: &str,
        diagnosis: Option<&str>,
        style: &Style,
    ) -> Option<ArticleItem> {
        let article = self.text(id, style.lang)?;
        let mut sections = article.sections.iter();
        let section = sections.find(|one| Some(one.id.as_str()) == diagnosis);
        let anchor = section.map(|one| format!("#{}", one.id));
        let (base, lang) = (&style.base_url, lang_query(style.lang));
        Some(ArticleItem {
            id: id.to_owned(),
            lang: style.lang,
            title: article.title.clone(),
            summary: article.summary.clone(),
            url: format!("{base}/kb/{id}{lang}{}", anchor.unwrap_or_default()),
            section: section.map(|one| ArticleSection {
                diagnosis: one.id.clone(),
                title: one.title.clone(),
            }),
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

    /// One diagnosis of the catalogue, apart from any record.
    #[must_use]
    pub fn entry(&self, id: &str, style: &Style) -> Option<DiagnosisEntry> {
        let diagnosis = self.diagnosis(id)?;
        let (title, explanation) = self.section(diagnosis, style.lang);
        let next_steps = diagnosis.next_steps.iter().map(|step| NextStep {
            who: step.who,
            text: step.note.text.get(style.lang).to_owned(),
            command: step.command.clone(),
        });
        Some(DiagnosisEntry {
            id: diagnosis.id.clone(),
            title,
            explanation,
            party: diagnosis.party.clone(),
            grouping: diagnosis.grouping,
            severity: diagnosis.severity,
            heals_by_retry: diagnosis.heals_by_retry,
            given_by: diagnosis.given_by.word().to_owned(),
            next_steps: next_steps.collect(),
            article: self.article_link(diagnosis, style)?,
        })
    }

    /// Title and explanation: heading and first paragraph of the diagnosis's section.
    pub(crate) fn section(&self, diagnosis: &Diagnosis, lang: Lang) -> (String, String) {
        let article = self.text(&diagnosis.article, lang);
        let section = article.and_then(|one| {
            one.sections
                .iter()
                .find(|section| section.id == diagnosis.id)
        });
        section.map_or_else(Default::default, |one| {
            (one.title.clone(), one.explanation.clone())
        })
    }

    pub(crate) fn article_link(&self, diagnosis: &Diagnosis, style: &Style) -> Option<Article> {
        let article = self.text(&diagnosis.article, style.lang)?;
        Some(Article {
            id: diagnosis.article.clone(),
            title: article.title.clone(),
            lang: style.lang,
            url: format!(
                "{}/kb/{}{}#{}",
                style.base_url,
                diagnosis.article,
                lang_query(style.lang),
                diagnosis.id
            ),
            references: article.references.clone(),
        })
    }
}

/// The page's language: English is the one without a query.
fn lang_query(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "",
        Lang::Ja => "?lang=ja",
    }
}
