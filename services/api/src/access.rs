//! Who may come in: `Host`, then `Origin`, then the token (or the session that stands for it), then
//! the route's own scopes and limits.
//!
//! Loopback is no fence against a browser: a page anywhere can make it call 127.0.0.1. So the host
//! must be a name of ours (against DNS rebinding), and a call that a foreign page made is refused,
//! whether or not tokens are configured. A request that fits no route of the document never
//! reaches a handler.

use actix_web::{
    Error, HttpMessage as _, HttpRequest, ResponseError,
    body::BoxBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{
        Method,
        header::{ALLOW, AUTHORIZATION, HeaderMap, ORIGIN, RETRY_AFTER, WWW_AUTHENTICATE},
    },
    middleware::Next,
    web::Data,
};
use subtle::ConstantTimeEq;

use crate::{
    audit,
    error::{Code, Failure},
    house::{Caller, House, addressed_by},
    route_table::{Access, Found, Route, routes},
    sessions::{self, Hash},
    settings::{Scope, Token},
};

/// The middleware.
pub(crate) async fn guard(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let response = match check(&request) {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.call(request).await?
        }
        Err(failure) => request.into_response(failure.error_response()),
    };
    if let Some(house) = response.request().app_data::<Data<House>>() {
        audit::note(house, response.request(), response.response());
    }
    Ok(response)
}

fn check(request: &ServiceRequest) -> Result<Caller, Failure> {
    let house = request
        .app_data::<Data<House>>()
        .ok_or_else(|| Failure::new(Code::Internal))?;
    check_host(house, request.request())?;
    check_origin(house, request.request())?;
    let route = find_route(request)?;
    check_token(house, request, route)
}

fn check_host(house: &House, request: &HttpRequest) -> Result<(), Failure> {
    let host = addressed_by(request).unwrap_or("");
    // An absolute address in the request line counts as well (RFC 9112, 3.2.2).
    let target = request
        .uri()
        .authority()
        .map_or(host, |authority| authority.as_str());
    for name in [host, target] {
        if !house.names.knows(name) {
            return Err(Failure::new(Code::HostUnknown).detail(
                format!("the request was sent to `{name}`"),
                format!("リクエストの宛先は `{name}` です"),
            ));
        }
    }
    Ok(())
}

fn check_origin(house: &House, request: &HttpRequest) -> Result<(), Failure> {
    let host = addressed_by(request).unwrap_or("");
    for origin in request.headers().get_all(ORIGIN) {
        let origin = origin.to_str().unwrap_or("");
        if !house.names.is_own_origin(origin, host) {
            return Err(Failure::new(Code::OriginForeign).detail(
                format!("the call came from a page of `{origin}`"),
                format!("`{origin}` のページからの呼び出しです"),
            ));
        }
    }
    if is_cross_site(request.headers()) && !is_top_level_navigation(request) {
        return Err(Failure::new(Code::OriginForeign).detail(
            "the browser says that another site made it call",
            "ブラウザーによると、別のサイトからの呼び出しです",
        ));
    }
    Ok(())
}

fn is_cross_site(headers: &HeaderMap) -> bool {
    headers
        .get_all("sec-fetch-site")
        .any(|site| site.as_bytes() == b"cross-site")
}

/// Somebody followed a link to us: harmless, as nothing of ours changes by GET.
fn is_top_level_navigation(request: &HttpRequest) -> bool {
    let headers = request.headers();
    let says = |name: &str, word: &str| {
        headers
            .get(name)
            .is_some_and(|value| value.as_bytes() == word.as_bytes())
    };
    let top = !headers.contains_key("sec-fetch-dest") || says("sec-fetch-dest", "document");
    request.method() == Method::GET && says("sec-fetch-mode", "navigate") && top
}

/// What the route that fits says about access, or why none fits.
fn find_route(request: &ServiceRequest) -> Result<&'static Route, Failure> {
    // The path as the router sees it, percent-decoded.
    let path = request.match_info().as_str();
    match routes().find(path, request.method()) {
        Found::Route(route) => Ok(route),
        Found::OtherMethods(methods) => {
            let methods = methods.join(", ");
            Err(Failure::new(Code::MethodNotAllowed)
                .detail(
                    format!(
                        "{} is not for {path}; these are: {methods}",
                        request.method()
                    ),
                    format!(
                        "{path} では {} は使えません。使えるのは {methods} です",
                        request.method()
                    ),
                )
                .header(ALLOW, &methods))
        }
        Found::Nothing => Err(Failure::new(Code::RouteUnknown).detail(
            format!("there is nothing at {path}"),
            format!("{path} には何もありません"),
        )),
    }
}

/// Who asks, if they may.
fn check_token(house: &House, request: &ServiceRequest, route: &Route) -> Result<Caller, Failure> {
    let is_open = matches!(route.access, Access::Open);
    if house.open {
        return Ok(Caller {
            is_guarded: !is_open,
            ..Caller::unlimited()
        });
    }
    let (headers, now) = (request.headers(), house.now());
    let secret = bearer(headers);
    let session = house.sessions.token_of(headers, now);
    let by_session = secret.is_none() && session.is_some();
    let wanted = match &route.access {
        Access::Scopes(wanted) => wanted,
        // a page shows who is signed in
        Access::Open => {
            let token = session.and_then(|hash| known_token(&house.tokens, hash));
            if let Some(token) = token.filter(|token| !token.is_over(now)) {
                return Ok(caller(token, by_session, false));
            }
            check_pace_of_stranger(house, request)?;
            return Ok(Caller::nobody());
        }
    };
    let Some(hash) = secret.map(sessions::hash).or(session) else {
        return Err(
            Failure::new(Code::TokenMissing).header(WWW_AUTHENTICATE, r#"Bearer realm="whymid""#)
        );
    };
    let token = valid_token(house, request.request(), hash, by_session)?;
    if let Some(wait) = house.pace.asked(&token.name) {
        return Err(too_many(Code::TooManyRequests, wait));
    }
    if by_session {
        check_that_a_page_of_ours_asks(request.request())?;
    }
    if !token.scope.passes(wanted) {
        return Err(insufficient(token, wanted));
    }
    if !route.holds_to(&token.limits) {
        return Err(Failure::new(Code::TokenLimited)
            .log(format!("token {} sees a part of all mail", token.name)));
    }
    Ok(caller(token, by_session, true))
}

/// Whoever has no token asks as often as one with a token, each address by itself. Whether the
/// service is alive may be asked without an end.
fn check_pace_of_stranger(house: &House, request: &ServiceRequest) -> Result<(), Failure> {
    let address = request.peer_addr().filter(|_| request.path() != "/healthz");
    let wait = address.and_then(|peer| house.pace.asked_by_stranger(peer.ip()));
    match wait {
        Some(wait) => Err(too_many(Code::AddressTooFast, wait)),
        None => Ok(()),
    }
}

fn too_many(code: Code, wait: u64) -> Failure {
    Failure::new(code).header(RETRY_AFTER, &wait.to_string())
}

fn caller(token: &Token, by_session: bool, is_guarded: bool) -> Caller {
    Caller {
        token: Some(token.name.clone()),
        by_session,
        is_guarded,
        real_addresses: token.real_addresses,
        tickets: token.scope.passes(&[Scope::Ticket]) && !token.limits.is_limited(),
        limits: token.limits.clone(),
    }
}

/// Whoever signs in with a token: its hash, if it is one of ours.
pub(crate) fn sign_in(house: &House, request: &HttpRequest, secret: &str) -> Result<Hash, Failure> {
    let hash = sessions::hash(secret);
    let token = valid_token(house, request, hash, true)?;
    match house.pace.asked(&token.name) {
        Some(wait) => Err(too_many(Code::TooManyRequests, wait)),
        None => Ok(hash),
    }
}

/// The token of a hash, if there is one and it has not expired.
fn valid_token<'h>(
    house: &'h House,
    request: &HttpRequest,
    hash: Hash,
    by_session: bool,
) -> Result<&'h Token, Failure> {
    let challenge = r#"Bearer realm="whymid", error="invalid_token""#;
    let Some(token) = known_token(&house.tokens, hash) else {
        let address = request.peer_addr().map(|peer| peer.ip());
        if let Some(wait) = address.and_then(|address| house.pace.refused(address)) {
            return Err(too_many(Code::TooManyRefusals, wait));
        }
        return Err(Failure::new(Code::TokenUnknown).header(WWW_AUTHENTICATE, challenge));
    };
    // whatever comes of it, it is written down whose it was
    request
        .extensions_mut()
        .insert(caller(token, by_session, false));
    if token.is_over(house.now()) {
        return Err(Failure::new(Code::TokenExpired)
            .log(format!("token {} has expired", token.name))
            .header(WWW_AUTHENTICATE, challenge));
    }
    Ok(token)
}

/// A cookie is sent by the browser, whoever makes it call: what may change something must come from
/// a page of ours, and say so. (A foreign one was refused before.)
fn check_that_a_page_of_ours_asks(request: &HttpRequest) -> Result<(), Failure> {
    let headers = request.headers();
    let is_harmless = [Method::GET, Method::HEAD].contains(request.method());
    let is_ours = headers.contains_key(ORIGIN)
        || headers
            .get("sec-fetch-site")
            .is_some_and(|site| site.as_bytes() == b"same-origin");
    if is_harmless || is_ours {
        return Ok(());
    }
    Err(Failure::new(Code::OriginForeign).detail(
        "the call came with a cookie and does not say from which page",
        "Cookie 付きの呼び出しですが、呼び出し元のページが示されていません",
    ))
}

/// The secret behind `Authorization: Bearer`; the scheme's case does not matter (RFC 9110, 11.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, secret) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let secret = secret.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !secret.is_empty()).then_some(secret)
}

/// Compares every hash in constant time, the rest after a hit included.
fn known_token(tokens: &[Token], hash: Hash) -> Option<&Token> {
    let mut found = None;
    for token in tokens {
        if bool::from(token.sha256[..].ct_eq(&hash[..])) {
            found = Some(token);
        }
    }
    found
}

fn insufficient(token: &Token, wanted: &[Scope]) -> Failure {
    let words: Vec<_> = wanted.iter().map(|scope| scope.word()).collect();
    let words = words.join(" ");
    let challenge =
        format!(r#"Bearer realm="whymid", error="insufficient_scope", scope="{words}""#);
    Failure::new(Code::ScopeInsufficient)
        .detail(
            format!(
                "this token has the scope {}; this call takes {words}",
                token.scope.word()
            ),
            format!(
                "このトークンのスコープは {} ですが、必要なのは {words} です",
                token.scope.word()
            ),
        )
        .log(format!(
            "token {} has the scope {}, not {words}",
            token.name,
            token.scope.word()
        ))
        .header(WWW_AUTHENTICATE, &challenge)
}
