//! `/sign-in`: a field for a token.

use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::Shell;
use crate::{error::Failure, house::Visit, reply};

#[derive(Template)]
#[template(path = "sign_in.html")]
struct Page<'a> {
    shell: Shell,
    /// Where to go on.
    next: &'a str,
    /// Nobody needs to sign in here.
    open: bool,
}

/// The page.
pub(crate) fn page(
    request: &HttpRequest,
    house: &Visit,
    next: &str,
) -> Result<HttpResponse, Failure> {
    let shell = Shell::new(request, house);
    let lang = shell.lang;
    let page = Page {
        shell,
        next,
        open: house.open,
    };
    reply::page(&page, lang)
}
