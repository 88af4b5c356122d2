//! What a browser is shown when something went wrong.

use actix_web::{HttpRequest, http::Method, web::Data};
use askama::Template;
use whymid_schemas::{Lang, Problem};

use super::Shell;
use crate::house::House;

#[derive(Template)]
#[template(path = "error.html")]
struct Page<'a> {
    shell: Shell,
    problem: &'a Problem,
    command: Option<String>,
    /// Where to go on after signing in.
    next: String,
}

/// The page; plain text should the template fail.
pub(crate) fn page(request: &HttpRequest, problem: &Problem, lang: Lang) -> String {
    let house = request.app_data::<Data<House>>();
    let root = house.map(|house| house.root()).unwrap_or_default();
    let command = house
        .filter(|_| problem.status == 401)
        .map(|house| command(request, house));
    let page = Page {
        shell: Shell::of_error(lang, root),
        problem,
        command,
        next: next(request),
    };
    page.render().unwrap_or_else(|_| problem.title.clone())
}

/// The page that was wanted; what was sent by a form is to be sent again.
fn next(request: &HttpRequest) -> String {
    if request.method() != Method::GET || request.path() == "/sign-in" {
        return String::new();
    }
    let query = request.query_string();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{}{mark}{query}", request.uri().path())
}

/// How a program asks the same, with a token.
fn command(request: &HttpRequest, house: &House) -> String {
    let path = match request.path().strip_prefix("/messages/") {
        Some(id) => format!("/v1/messages/{id}/answer"),
        None => request.path().to_owned(),
    };
    let url = format!("{}{path}", house.base_url(request)).replace('\'', "%27");
    format!("curl -H \"Authorization: Bearer $TOKEN\" -H 'Accept: text/plain' '{url}'")
}
