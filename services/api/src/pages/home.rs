//! `/`: what this service is.

use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::Shell;
use crate::{error::Failure, house::Visit, reply};

#[derive(Template)]
#[template(path = "home.html")]
struct Home {
    shell: Shell,
    base_url: String,
    /// What stands in the field.
    asked: &'static str,
    open: bool,
}

/// The page.
pub(crate) fn page(request: &HttpRequest, house: &Visit) -> Result<HttpResponse, Failure> {
    let shell = Shell::new(request, house);
    let lang = shell.lang;
    let home = Home {
        shell,
        base_url: house.base_url(request),
        asked: "",
        open: house.open,
    };
    reply::page(&home, lang)
}
