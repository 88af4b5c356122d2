//! Which form and which language a client wants, by RFC 9110 with quality values.
//!
//! A header that cannot be read counts as absent: the client gets the usual form.

use actix_web::{
    HttpRequest,
    http::header::{
        ACCEPT, Accept, AcceptLanguage, CONTENT_LANGUAGE, ContentType, Header, HeaderMap,
        HeaderValue, Preference, Quality, VARY,
    },
    web,
};
use whymid_schemas::Lang;

use crate::error::{Code, Failure};

/// A form that an answer can be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Json,
    Markdown,
    Text,
    Html,
    Ndjson,
    Csv,
}

impl Form {
    /// Its media type, as ranges of `Accept` are compared with it.
    const fn media(self) -> (&'static str, &'static str) {
        match self {
            Self::Json => ("application", "json"),
            Self::Markdown => ("text", "markdown"),
            Self::Text => ("text", "plain"),
            Self::Html => ("text", "html"),
            Self::Ndjson => ("application", "x-ndjson"),
            Self::Csv => ("text", "csv"),
        }
    }

    /// Its `Content-Type`.
    pub(crate) const fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Markdown => "text/markdown; charset=utf-8",
            Self::Text => "text/plain; charset=utf-8",
            Self::Html => "text/html; charset=utf-8",
            Self::Ndjson => "application/x-ndjson",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }
}

/// The best of the forms on offer, the first among equals.
pub(crate) fn form(request: &HttpRequest, offers: &[Form]) -> Result<Form, Failure> {
    let ranges = match Accept::parse(request) {
        Ok(accept) if !accept.is_empty() => accept,
        Ok(_) | Err(_) => return Ok(offers[0]),
    };
    let mut best: Option<(Form, Quality)> = None;
    for offer in offers {
        let quality = quality(&ranges, *offer);
        if quality > Quality::ZERO && best.is_none_or(|(_, known)| quality > known) {
            best = Some((*offer, quality));
        }
    }
    best.map(|(form, _)| form)
        .ok_or_else(|| not_acceptable(request, offers))
}

/// The quality that the most specific fitting range gives a form.
fn quality(ranges: &Accept, form: Form) -> Quality {
    let (kind, subtype) = form.media();
    let fitting = ranges.iter().filter_map(|range| {
        let (range_kind, range_subtype) = (range.item.type_(), range.item.subtype());
        let specific = match (range_kind.as_str(), range_subtype.as_str()) {
            (known, sub) if known == kind && sub == subtype => 3,
            (known, "*") if known == kind => 2,
            ("*", "*") => 1,
            _ => return None,
        };
        Some((specific, range.quality))
    });
    fitting
        .max_by_key(|(specific, _)| *specific)
        .map_or(Quality::ZERO, |(_, quality)| quality)
}

fn not_acceptable(request: &HttpRequest, offers: &[Form]) -> Failure {
    let forms: Vec<_> = offers.iter().map(|form| form.content_type()).collect();
    let forms = forms.join(", ");
    let asked = request
        .headers()
        .get(ACCEPT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    Failure::new(Code::NotAcceptable).detail(
        format!("`Accept: {asked}` fits none of: {forms}"),
        format!("`Accept: {asked}` は次のいずれにも合いません: {forms}"),
    )
}

/// The language by `lang=`, else by `Accept-Language`, else English.
pub(crate) fn lang(request: &HttpRequest) -> Lang {
    asked_lang(request.query_string()).unwrap_or_else(|| accepted_lang(request))
}

fn asked_lang(query: &str) -> Option<Lang> {
    let pairs = web::Query::<Vec<(String, String)>>::from_query(query).ok()?;
    let asked = pairs.iter().find(|(name, _)| name == "lang");
    asked.and_then(|(_, word)| Lang::from_word(word))
}

fn accepted_lang(request: &HttpRequest) -> Lang {
    let Ok(accept) = AcceptLanguage::parse(request) else {
        return Lang::En;
    };
    let mut best = (Lang::En, Quality::ZERO);
    for range in accept.iter() {
        let lang = match &range.item {
            Preference::Any => Some(Lang::En),
            Preference::Specific(tag) => Lang::from_word(tag.primary_language()),
        };
        if let Some(lang) = lang
            && range.quality > best.1
        {
            best = (lang, range.quality);
        }
    }
    best.0
}

/// Says which language was chosen, and what the choice rested on.
pub(crate) fn say_what_was_chosen(headers: &mut HeaderMap, lang: Lang) {
    headers.insert(CONTENT_LANGUAGE, HeaderValue::from_static(lang.word()));
    headers.append(VARY, HeaderValue::from_static("Accept, Accept-Language"));
}

/// Says that the form was chosen by `Accept`, where there is nothing in a language.
pub(crate) fn say_that_the_form_was_chosen(headers: &mut HeaderMap) {
    headers.append(VARY, HeaderValue::from_static("Accept"));
}

/// Whether a request names this media type for its body.
pub(crate) fn body_is(content_type: Option<&ContentType>, kind: &str, subtype: &str) -> bool {
    content_type.is_some_and(|media| media.0.type_() == kind && media.0.subtype() == subtype)
}
