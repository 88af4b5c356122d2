//! What is written down of who did what: one entry for each sign-in, refusal, reading, export and
//! change.
//!
//! Not audited: what is open to everybody, and how the service itself fares (`/v1/status`,
//! `/metrics`).
//!
//! Not here: where entries go (`Audit` is the server's).

use actix_web::{
    HttpMessage as _, HttpRequest, HttpResponse,
    http::{Method, header::CONTENT_TYPE},
};
use jiff::Timestamp;
use serde::Serialize;
use whymid_store::Pseudonyms;

use crate::{
    error::{Code, Failure},
    house::{Caller, House},
    identify::covered_query,
    negotiate::Form,
};

/// One thing that somebody did, or was refused. Text of strangers' is in it: write it as JSON.
#[derive(Clone, Debug, Serialize)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// `sign_in`, `sign_out`, `refused`, `read`, `export`, `explain`, `lines`, `change`.
    pub event: &'static str,
    /// The token's name in the configuration; absent where there was none, or an unknown one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Whether a browser's session stood for the token.
    pub session: bool,
    /// Where the request came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The method.
    pub method: String,
    /// The path, as it came; with pseudonyms for addresses where those are kept.
    pub path: String,
    /// The query, as it came: what was asked for. Likewise, and for words and subjects.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub query: String,
    /// The status of the reply.
    pub status: u16,
    /// The code of an error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
}

/// Writes entries down.
pub trait Audit: std::fmt::Debug + Send + Sync + 'static {
    /// Writes one down. A failure is the writer's to tell.
    fn note(&self, entry: &AuditEntry);
}

/// The longest path or query that is written down, bytes.
const LONGEST: usize = 4096;

/// And of somebody who has no token.
const SHORT: usize = 256;

/// Writes down a request and what came of it, if that is to be.
pub(crate) fn note(house: &House, request: &HttpRequest, response: &HttpResponse) {
    let Some(audit) = &house.audit else { return };
    let caller = request.extensions().get::<Caller>().cloned();
    let code = response.extensions().get::<Failure>().map(|one| one.code);
    let status = response.status().as_u16();
    let Some(event) = event(request, response, caller.as_ref()) else {
        return;
    };
    let covered = |text: &str, cover: fn(&Pseudonyms, &str) -> String| match &house.pseudonyms {
        Some(pseudonyms) => cover(pseudonyms, text),
        None => text.to_owned(),
    };
    let is_known = caller.as_ref().is_some_and(|one| one.token.is_some());
    let longest = if is_known || house.open {
        LONGEST
    } else {
        SHORT
    };
    audit.note(&AuditEntry {
        at: house.now(),
        event,
        token: caller.as_ref().and_then(|one| one.token.clone()),
        session: caller.as_ref().is_some_and(|one| one.by_session),
        address: request.peer_addr().map(|peer| peer.ip().to_string()),
        method: request.method().to_string(),
        path: cut(&covered(request.path(), Pseudonyms::text), longest),
        query: cut(
            &covered(request.query_string(), |one, text| covered_query(text, one)),
            longest,
        ),
        status,
        code: code.map(|code| code.word()),
    });
}

/// What it was; `None` for what is not written down.
fn event(
    request: &HttpRequest,
    response: &HttpResponse,
    caller: Option<&Caller>,
) -> Option<&'static str> {
    // as the router sees it, percent-decoded
    let path = request.match_info().as_str();
    // whoever asks for what is open to all, however often, does not fill the disk
    let code = response.extensions().get::<Failure>().map(|one| one.code);
    if code == Some(Code::AddressTooFast) {
        return None;
    }
    if [401, 403, 421, 429].contains(&response.status().as_u16()) {
        return Some("refused");
    }
    match path {
        "/sign-in" if request.method() == Method::POST => return Some("sign_in"),
        "/sign-out" => return Some("sign_out"),
        "/v1/status" | "/metrics" => return None,
        _ => {}
    }
    if caller.is_none_or(|one| !one.is_guarded) {
        return None;
    }
    let content = response.headers().get(CONTENT_TYPE);
    let is_export = [Form::Csv, Form::Ndjson]
        .iter()
        .any(|form| content.is_some_and(|held| held.as_bytes() == form.content_type().as_bytes()));
    Some(match path {
        _ if is_export => "export",
        "/v1/explain" => "explain",
        "/v1/lines" => "lines",
        "/ask" | "/v1/subscriptions/dry-run" => "read",
        _ if request.method() == Method::GET => "read",
        _ => "change",
    })
}

fn cut(text: &str, longest: usize) -> String {
    let mut end = longest.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text[..end].to_owned()
}
