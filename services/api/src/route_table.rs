//! The routes as the OpenAPI document lists them: which path takes which methods and scopes.
//!
//! One list serves three: the document, the `Allow` header and access control.

use std::sync::LazyLock;

use actix_web::http::Method;
use serde_json::Value;

use crate::{openapi, settings::Scope};

/// Who may call a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everybody.
    Open,
    /// Tokens of these scopes, and `admin`.
    Scopes(Vec<Scope>),
}

/// What a path and a method lead to.
pub(crate) enum Found<'a> {
    /// A route.
    Route(&'a Access),
    /// A path that takes other methods.
    OtherMethods(Vec<&'a str>),
    /// No path of ours.
    Nothing,
}

/// Every route.
pub(crate) struct Routes(Vec<Route>);

struct Route {
    template: String,
    method: String,
    access: Access,
}

/// The routes of the document.
pub(crate) fn routes() -> &'static Routes {
    static ROUTES: LazyLock<Routes> = LazyLock::new(|| Routes::read(&openapi::as_json()));
    &ROUTES
}

impl Routes {
    fn read(document: &Value) -> Self {
        let mut routes = Vec::new();
        let paths = document["paths"].as_object().into_iter().flatten();
        for (template, operations) in paths {
            for (method, operation) in operations.as_object().into_iter().flatten() {
                routes.push(Route {
                    template: template.clone(),
                    method: method.to_ascii_uppercase(),
                    access: access(&operation["security"]),
                });
            }
        }
        Self(routes)
    }

    /// The route of a percent-decoded path.
    pub(crate) fn find(&self, path: &str, method: &Method) -> Found<'_> {
        let mut methods = Vec::new();
        for route in self.0.iter().filter(|route| fits(&route.template, path)) {
            if route.method == method.as_str() {
                return Found::Route(&route.access);
            }
            methods.push(route.method.as_str());
            if route.method == "GET" {
                methods.push("HEAD");
            }
        }
        if methods.is_empty() {
            Found::Nothing
        } else {
            Found::OtherMethods(methods)
        }
    }
}

/// `[{}]` is open; scopes are those of the `token` scheme; anything else is for `admin` alone.
fn access(security: &Value) -> Access {
    let needed = security.get(0);
    if needed
        .and_then(Value::as_object)
        .is_some_and(serde_json::Map::is_empty)
    {
        return Access::Open;
    }
    let words = needed
        .and_then(|needed| needed[openapi::SCHEME].as_array())
        .into_iter()
        .flatten();
    let scopes = words.filter_map(|word| Scope::from_word(word.as_str()?));
    Access::Scopes(scopes.collect())
}

/// Whether a path fits a template; `{name}` stands for one part that is not empty.
fn fits(template: &str, path: &str) -> bool {
    let (mut parts, mut wanted) = (path.split('/'), template.split('/'));
    loop {
        match (wanted.next(), parts.next()) {
            (None, None) => return true,
            (Some(wanted), Some(part)) if wanted == part => {}
            (Some(wanted), Some(part)) if wanted.starts_with('{') && !part.is_empty() => {}
            (Some(_) | None, _) => return false,
        }
    }
}
