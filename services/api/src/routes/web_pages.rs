//! The pages for people. What they look like is in `pages/` and `templates/`.

use actix_web::{HttpRequest, HttpResponse, get, web::Path};

use super::{knowledge::article_unknown, messages::answer_of};
use crate::{
    error::Failure,
    house::Visit,
    negotiate, pages,
    query::{Params, Tongue, ZoneAsked},
    refusals::{OfArticlePage, OfMessage, OfOpen, OfPage},
    reply,
};

/// What this service is.
///
/// A short page: what can be asked here, one example, and where to read on.
#[utoipa::path(
    tag = "pages",
    params(Tongue),
    responses((status = 200, description = "The page", body = String, content_type = "text/html", example = "<!doctype html>…"), OfPage),
    security(()),
)]
#[get("/")]
pub(crate) async fn home(
    request: HttpRequest,
    house: Visit,
    _asked: Params<Tongue>,
) -> Result<HttpResponse, Failure> {
    pages::home::page(&request, &house)
}

/// The knowledge base.
///
/// Every article with its summary.
#[utoipa::path(
    tag = "pages",
    operation_id = "kb",
    params(Tongue),
    responses((status = 200, description = "The page", body = String, content_type = "text/html", example = "<!doctype html>…"), OfPage),
    security(()),
)]
#[get("/kb")]
pub(crate) async fn articles(
    request: HttpRequest,
    house: Visit,
    _asked: Params<Tongue>,
) -> Result<HttpResponse, Failure> {
    pages::articles::list_page(&request, &house)
}

/// The contract as a page.
///
/// Every call with its parameters, its responses and an example, and programs to begin with. Works
/// offline.
#[utoipa::path(
    tag = "pages",
    operation_id = "docs",
    params(Tongue),
    responses((status = 200, description = "The page", body = String, content_type = "text/html", example = "<!doctype html>…"), OfPage),
    security(()),
)]
#[get("/docs")]
pub(crate) async fn docs(
    request: HttpRequest,
    house: Visit,
    _asked: Params<Tongue>,
) -> Result<HttpResponse, Failure> {
    pages::docs::page(&request, &house)
}

/// How tickets are opened in each ticket system.
///
/// What to set up there, an example to copy for each, and what whymid then does: tickets, webhooks, mail, and
/// answers in tickets of others.
#[utoipa::path(
    tag = "pages",
    operation_id = "docs_integrations",
    params(Tongue),
    responses((status = 200, description = "The page", body = String, content_type = "text/html", example = "<!doctype html>…"), OfPage),
    security(()),
)]
#[get("/docs/integrations")]
pub(crate) async fn integrations(
    request: HttpRequest,
    house: Visit,
    _asked: Params<Tongue>,
) -> Result<HttpResponse, Failure> {
    pages::integrations::page(&request, &house)
}

/// The kinds of log lines.
///
/// Every kind of line that this release tells apart, with the forms by which it is read: what
/// `whymid events` prints.
#[utoipa::path(
    tag = "pages",
    operation_id = "docs_events",
    params(Tongue),
    responses((status = 200, description = "The page", body = String, content_type = "text/html", example = "<!doctype html>…"), OfPage),
    security(()),
)]
#[get("/docs/events")]
pub(crate) async fn events(
    request: HttpRequest,
    house: Visit,
    _asked: Params<Tongue>,
) -> Result<HttpResponse, Failure> {
    pages::events::page(&request, &house)
}

/// An article of the knowledge base.
///
/// Each diagnosis is a section with its id as the anchor: `/kb/{article}#{diagnosis}`.
#[utoipa::path(
    tag = "pages",
    operation_id = "kb_article",
    params(("article" = String, Path, description = "The article", example = "receiving-aborted"), Tongue),
    responses((status = 200, description = "The page", body = String, content_type = "text/html", example = "<!doctype html>…"), OfArticlePage),
    security(()),
)]
#[get("/kb/{article}")]
pub(crate) async fn article(
    request: HttpRequest,
    house: Visit,
    id: Path<String>,
    _asked: Params<Tongue>,
) -> Result<HttpResponse, Failure> {
    let article = house.desk.article(&id, negotiate::lang(&request));
    let article = article.ok_or_else(|| article_unknown(&id))?;
    pages::articles::article_page(&request, &house, &article)
}

/// The permalink of a message.
///
/// The answer as a page, with the timeline and the evidence in it. Tickets and answers link here.
#[utoipa::path(
    tag = "pages",
    operation_id = "message_page",
    params(("id" = String, Path, description = "The message's id, from an answer", example = "m7f3c9"), Tongue, ZoneAsked),
    responses((status = 200, description = "The page", body = String, content_type = "text/html", example = "<!doctype html>…"), OfMessage),
    security(("token" = ["read"])),
)]
#[get("/messages/{id}")]
pub(crate) async fn message(
    request: HttpRequest,
    house: Visit,
    id: Path<String>,
    asked: Params<(Tongue, ZoneAsked)>,
) -> Result<HttpResponse, Failure> {
    let Params((_, zone)) = asked;
    let style = house.style(&request, zone.tz);
    let answer = answer_of(&house, &id, &style).await?;
    let answer = reply::with_tickets(&house, &answer);
    pages::message::page(&request, &house, &answer, &style).await
}

/// The script of the pages.
///
/// One file: Enter asks, buttons copy. Everything works without it.
#[utoipa::path(
    tag = "pages",
    responses((status = 200, description = "The script", body = String, content_type = "text/javascript", example = "\"use strict\";"), OfOpen),
    security(()),
)]
#[get("/assets/app.js")]
pub(crate) async fn script(_asked: Params<()>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/javascript; charset=utf-8")
        .body(pages::SCRIPT)
}

/// The style sheet of the pages.
///
/// One file; the pages load nothing from elsewhere.
#[utoipa::path(
    tag = "pages",
    responses((status = 200, description = "The style sheet", body = String, content_type = "text/css", example = "body { … }"), OfOpen),
    security(()),
)]
#[get("/assets/style.css")]
pub(crate) async fn style_sheet(_asked: Params<()>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/css; charset=utf-8")
        .body(pages::STYLE_SHEET)
}
