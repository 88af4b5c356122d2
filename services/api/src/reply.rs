//! Writes what the desk gave: JSON, Markdown, text or a page.

use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use whymid_schemas::{Answer, Lang};

use crate::{
    desk::Style,
    error::{Code, Failure},
    house::Visit,
    negotiate::{self, Form},
    pages,
};

/// The form that a client wants an answer in.
pub(crate) fn answer_form(request: &HttpRequest) -> Result<Form, Failure> {
    negotiate::form(
        request,
        &[Form::Json, Form::Markdown, Form::Text, Form::Html],
    )
}

/// An answer in the form asked for.
pub(crate) async fn answer(
    request: &HttpRequest,
    house: &Visit,
    answer: &Answer,
    style: &Style,
    form: Form,
) -> Result<HttpResponse, Failure> {
    let answer = &with_tickets(house, answer);
    match form {
        Form::Json | Form::Ndjson | Form::Csv => Ok(json(answer, style.lang)),
        Form::Markdown => Ok(written(
            form,
            style.lang,
            whymid_diagnosis::markdown(answer, style.lang),
        )),
        Form::Text => Ok(written(
            form,
            style.lang,
            whymid_diagnosis::text(answer, style.lang),
        )),
        Form::Html => pages::message::page(request, house, answer, style).await,
    }
}

/// An answer with the tickets about its message or connection, for whoever may see everything.
pub(crate) fn with_tickets(house: &Visit, answer: &Answer) -> Answer {
    let mut answer = answer.clone();
    let message = answer.message.as_ref().map(|one| &one.id);
    let record = message.or(answer.connection.as_ref().map(|one| &one.id));
    if let Some(record) = record.filter(|_| !house.limits.is_limited()) {
        // an answer without its tickets is an answer still
        answer.tickets = house.tickets.tickets_of(record).unwrap_or_default();
    }
    answer
}

/// How a page is shown, as the query of another one's address.
pub(crate) fn shown(style: &Style) -> Result<String, Failure> {
    let mut query = vec![("lang", style.lang.word())];
    let zone = style.zone.iana_name().filter(|name| *name != "UTC");
    query.extend(zone.map(|name| ("tz", name)));
    let query = serde_urlencoded::to_string(query);
    query.map_err(|error| Failure::new(Code::Internal).log(error.to_string()))
}

/// A published shape as JSON.
pub(crate) fn json(shape: &impl Serialize, lang: Lang) -> HttpResponse {
    let mut response = HttpResponse::Ok().json(shape);
    negotiate::say_what_was_chosen(response.headers_mut(), lang);
    response
}

/// A text in a language.
pub(crate) fn written(form: Form, lang: Lang, text: String) -> HttpResponse {
    let mut response = HttpResponse::Ok()
        .content_type(form.content_type())
        .body(text);
    negotiate::say_what_was_chosen(response.headers_mut(), lang);
    response
}

/// A page from its template.
pub(crate) fn page(template: &impl askama::Template, lang: Lang) -> Result<HttpResponse, Failure> {
    let html = template.render();
    let html = html.map_err(|error| Failure::new(Code::Internal).log(error.to_string()))?;
    Ok(written(Form::Html, lang, html))
}
