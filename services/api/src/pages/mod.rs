//! The pages for people: what each template is given. The templates escape every value.
//!
//! A page loads the one style sheet and the one script, and nothing from elsewhere; everything
//! works without the script.

pub(crate) mod articles;
pub(crate) mod ask;
pub(crate) mod docs;
pub(crate) mod error;
pub(crate) mod events;
pub(crate) mod home;
pub(crate) mod integrations;
pub(crate) mod message;
pub(crate) mod overview;
pub(crate) mod sign_in;
pub(crate) mod subscription;
pub(crate) mod subscriptions;
pub(crate) mod ticketing;

use actix_web::HttpRequest;
use whymid_schemas::Lang;

use crate::{house::Visit, negotiate};

/// The one style sheet.
pub(crate) const STYLE_SHEET: &str = include_str!("../../templates/style.css");

/// The one script.
pub(crate) const SCRIPT: &str = include_str!("../../templates/app.js");

/// What every page has around its content.
pub(crate) struct Shell {
    /// The page's language.
    pub(crate) lang: Lang,
    /// What internal links begin with; empty unless a proxy shows us below a path.
    pub(crate) root: String,
    /// The same page in each language.
    pub(crate) versions: Vec<Version>,
    /// Whether somebody is signed in; `None` where nobody needs to.
    pub(crate) signed_in: Option<bool>,
    /// Whether addresses and subjects are kept as pseudonyms.
    pub(crate) pseudonyms: bool,
    /// Whether whoever looks may see what opens tickets.
    pub(crate) tickets: bool,
}

/// The same page in one language.
pub(crate) struct Version {
    /// Its language.
    pub(crate) lang: Lang,
    /// The language's own name.
    pub(crate) name: &'static str,
    /// Its absolute address.
    pub(crate) url: String,
    /// Whether it is this very page.
    pub(crate) shown: bool,
}

impl Shell {
    /// The shell of a page that exists in both languages.
    pub(crate) fn new(request: &HttpRequest, house: &Visit) -> Self {
        let lang = negotiate::lang(request);
        let page = format!("{}{}", house.base_url(request), request.path());
        let others = query_without_lang(request.query_string());
        let version = |(other, name): (Lang, &'static str)| Version {
            lang: other,
            name,
            url: format!("{page}?{others}lang={other}"),
            shown: other == lang,
        };
        let versions = [(Lang::En, "English"), (Lang::Ja, "日本語")].map(version);
        Self {
            lang,
            root: house.root(),
            versions: versions.into(),
            signed_in: (!house.open).then_some(house.is_signed_in),
            pseudonyms: house.pseudonyms.is_some(),
            tickets: house.may_ticket,
        }
    }

    /// The shell of a page that says what went wrong.
    pub(crate) fn of_error(lang: Lang, root: String) -> Self {
        Self {
            lang,
            root,
            versions: Vec::new(),
            signed_in: None,
            pseudonyms: false,
            tickets: false,
        }
    }

    /// Whether the page is Japanese.
    pub(crate) const fn ja(&self) -> bool {
        matches!(self.lang, Lang::Ja)
    }

    /// One of two texts, by the page's language.
    pub(crate) const fn say<'a>(&self, en: &'a str, ja: &'a str) -> &'a str {
        match self.lang {
            Lang::En => en,
            Lang::Ja => ja,
        }
    }
}

/// The query as it came, without `lang`, ready for one more parameter.
fn query_without_lang(query: &str) -> String {
    let pairs = query
        .split('&')
        .filter(|pair| !pair.is_empty() && pair.split('=').next() != Some("lang"));
    pairs.map(|pair| format!("{pair}&")).collect()
}

/// Only addresses that a link may lead to: the web and ourselves.
pub(crate) fn safe_link(url: &str) -> Option<&str> {
    let ours = url.starts_with('/') && !url.starts_with("//") && !url.starts_with("/\\");
    web_link(url).or(ours.then_some(url))
}

/// Only addresses of the web: what other systems say of themselves.
pub(crate) fn web_link(url: &str) -> Option<&str> {
    (url.starts_with("https://") || url.starts_with("http://")).then_some(url)
}
