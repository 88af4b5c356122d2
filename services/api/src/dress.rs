//! The outermost layer: dresses every response.
//!
//! Adds the headers that keep browsers safe, answers HEAD as GET, and writes each failure as
//! `application/problem+json`, or as a small page for a browser outside `/v1`. A bare error status
//! of the framework gets a problem of ours, too. No CORS header is ever sent.
//!
//! The connection of a stranger ends with its first response: of a connection only the first head
//! has a time to come in (actix-http 3.20), a second one could take for ever.

use actix_web::{
    Error, HttpMessage as _, HttpRequest, HttpResponse,
    body::{BoxBody, MessageBody},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        ConnectionType, Method, StatusCode,
        header::{
            CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap,
            HeaderName, HeaderValue, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
            X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
        },
    },
    middleware::Next,
    web::Data,
};

use crate::{
    error::Failure,
    house::{Caller, House},
    negotiate::{self, Form},
    pages,
};

/// Nothing may be loaded, run or framed but our own style sheet.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
    base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The middleware.
pub(crate) async fn dress(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if request.method() == Method::HEAD {
        // The connection still knows that it was HEAD and sends no body.
        request.head_mut().method = Method::GET;
    }
    let response = next.call(request).await?.map_into_boxed_body();
    let (request, response) = response.into_parts();
    let mut response = explain_failure(&request, response);
    add_headers(&request, &mut response);
    if is_stranger(&request) {
        response
            .head_mut()
            .set_connection_type(ConnectionType::Close);
    }
    Ok(ServiceResponse::new(request, response))
}

/// Whoever has shown no token of ours, where there are some.
fn is_stranger(request: &HttpRequest) -> bool {
    let open = request
        .app_data::<Data<House>>()
        .is_none_or(|house| house.open);
    let extensions = request.extensions();
    let caller = extensions.get::<Caller>();
    !open && caller.is_none_or(|caller| caller.token.is_none())
}

fn explain_failure(request: &HttpRequest, response: HttpResponse) -> HttpResponse {
    let status = response.status();
    if status.as_u16() < 400 {
        return response;
    }
    let failure = response.extensions().get::<Failure>().cloned();
    let failure = failure.unwrap_or_else(|| Failure::of_status(status));
    tell_the_log(request, &failure);
    write_failure(request, &failure, response.headers())
}

fn tell_the_log(request: &HttpRequest, failure: &Failure) {
    let (code, text) = (failure.code.word(), failure.for_the_log());
    let (method, path) = (request.method(), request.path());
    if failure.code.status() == StatusCode::INTERNAL_SERVER_ERROR {
        tracing::error!(code, %method, path, "failed to answer: {text}");
    } else {
        tracing::debug!(code, %method, path, "refused: {text}");
    }
}

fn write_failure(request: &HttpRequest, failure: &Failure, old: &HeaderMap) -> HttpResponse {
    let lang = negotiate::lang(request);
    let problem = failure.problem(lang);
    let mut response = HttpResponse::build(failure.code.status());
    for (name, value) in old
        .iter()
        .filter(|(name, _)| *name != CONTENT_TYPE && *name != CONTENT_ENCODING)
    {
        response.append_header((name.clone(), value.clone()));
    }
    for (name, value) in failure.headers() {
        response.insert_header((name.clone(), value.clone()));
    }
    let mut response = if wants_a_page(request) {
        let page = pages::error::page(request, &problem, lang);
        response.content_type(Form::Html.content_type()).body(page)
    } else {
        let text = serde_json::to_string(&problem).unwrap_or_default();
        response.content_type("application/problem+json").body(text)
    };
    negotiate::say_what_was_chosen(response.headers_mut(), lang);
    response
}

/// A browser on a page, not a program on the API.
fn wants_a_page(request: &HttpRequest) -> bool {
    let path = request.path();
    let api = path == "/v1" || path.starts_with("/v1/");
    !api && negotiate::form(request, &[Form::Json, Form::Html]).is_ok_and(|form| form == Form::Html)
}

fn add_headers(request: &HttpRequest, response: &mut HttpResponse) {
    let kept = response
        .status()
        .is_success()
        .then(|| lifetime(request.path()))
        .flatten();
    let house = request.app_data::<Data<House>>();
    // where people sign in, a page shows who is
    let is_page = request.path() == "/kb" || request.path().starts_with("/kb/");
    let kept = kept.filter(|_| !is_page || house.is_none_or(|house| house.open));
    let headers = response.headers_mut();
    let always = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // not `no-referrer`: a form of ours would then come from the origin `null`
        (REFERRER_POLICY, "same-origin"),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (X_FRAME_OPTIONS, "DENY"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (CACHE_CONTROL, kept.unwrap_or("no-store")),
    ];
    for (name, value) in always {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if house.is_some_and(|house| house.names.secure) {
        // a year; other ports of this name may speak plain HTTP, so not for its subdomains
        let year = HeaderValue::from_static("max-age=31536000");
        headers.insert(STRICT_TRANSPORT_SECURITY, year);
    }
}

/// How long a path may be kept; `None` for whatever may hold mail.
fn lifetime(path: &str) -> Option<&'static str> {
    let public = path == "/kb" || path.starts_with("/kb/") || path == "/openapi.yaml";
    match path {
        path if path.starts_with("/assets/") => Some("public, max-age=300"),
        _ if public => Some("public, max-age=300"),
        _ => None,
    }
}
