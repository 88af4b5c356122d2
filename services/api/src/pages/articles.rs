//! `/kb` and `/kb/{article}`: the knowledge base.

use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use whymid_schemas::ArticleText;

use super::{Shell, safe_link};
use crate::{
    error::Failure,
    house::Visit,
    labels::{Labels, labels},
    reply,
};

#[derive(Template)]
#[template(path = "kb.html")]
struct List {
    shell: Shell,
    articles: Vec<ArticleText>,
}

#[derive(Template)]
#[template(path = "article.html")]
struct Page<'a> {
    shell: Shell,
    l: &'static Labels,
    article: &'a ArticleText,
    sections: Vec<Section>,
    body: String,
}

/// One diagnosis of the article, for the list of contents.
struct Section {
    id: String,
    title: String,
}

impl Page<'_> {
    fn link<'a>(&self, url: &'a str) -> &'a str {
        safe_link(url).unwrap_or("")
    }
}

/// The page of all articles.
pub(crate) fn list_page(request: &HttpRequest, house: &Visit) -> Result<HttpResponse, Failure> {
    let shell = Shell::new(request, house);
    let lang = shell.lang;
    reply::page(
        &List {
            shell,
            articles: house.desk.articles(lang),
        },
        lang,
    )
}

/// The page of one article.
pub(crate) fn article_page(
    request: &HttpRequest,
    house: &Visit,
    article: &ArticleText,
) -> Result<HttpResponse, Failure> {
    let shell = Shell::new(request, house);
    let style = house.plain_style(request);
    let title = |id: &String| house.desk.diagnosis(id, &style).map(|entry| entry.title);
    let section = |id: &String| Section {
        id: id.clone(),
        title: title(id).unwrap_or_else(|| id.clone()),
    };
    let page = Page {
        l: labels(shell.lang),
        article,
        sections: article.diagnoses.iter().map(section).collect(),
        body: house
            .desk
            .article_html(&article.id, shell.lang)
            .unwrap_or_default(),
        shell,
    };
    reply::page(&page, page.shell.lang)
}
