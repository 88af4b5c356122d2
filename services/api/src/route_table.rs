//! The routes as the OpenAPI document lists them: which path takes which methods and scopes.
//!
//! One list serves three: the document, the `Allow` header and access control.

use std::sync::LazyLock;

use actix_web::http::Method;
use serde_json::Value;
use whymid_store::Scope as Limits;

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
    Route(&'a Route),
    /// A path that takes other methods.
    OtherMethods(Vec<&'a str>),
    /// No path of ours.
    Nothing,
}

/// Every route.
pub(crate) struct Routes(Vec<Route>);

/// A route.
pub(crate) struct Route {
    template: String,
    method: String,
    /// Who may call it.
    pub(crate) access: Access,
    /// The limits of tokens that it holds to: who has another one may not call it.
    holds_to: Vec<String>,
}

impl Route {
    /// Whether it shows no more than such limits allow.
    pub(crate) fn holds_to(&self, limits: &Limits) -> bool {
        let holds_to = |word: &str| self.holds_to.iter().any(|one| one == word);
        (limits.appliances.is_none() || holds_to(APPLIANCES))
            && (limits.sight.is_none() || holds_to(DOMAINS))
    }
}

/// The word for a limit to appliances.
const APPLIANCES: &str = "appliances";
/// The word for a limit to recipient domains.
const DOMAINS: &str = "recipient_domains";
/// Where the document says to which limits a call holds; to every one where it does not.
const HOLDS_TO: &str = "x-holds-to-limits";

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
                    holds_to: match operation[HOLDS_TO].as_array() {
                        Some(words) => words
                            .iter()
                            .filter_map(|word| Some(word.as_str()?.to_owned()))
                            .collect(),
                        None => vec![APPLIANCES.to_owned(), DOMAINS.to_owned()],
                    },
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
                return Found::Route(route);
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
