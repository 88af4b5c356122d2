//! Who may come in: `Host`, then `Origin`, then the token, then the route's own scopes.
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
        header::{ALLOW, AUTHORIZATION, HeaderMap, ORIGIN, WWW_AUTHENTICATE},
    },
    middleware::Next,
    web::Data,
};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{
    error::{Code, Failure},
    house::{Caller, House, addressed_by},
    route_table::{Access, Found, Route, routes},
    settings::{Scope, Token},
};

/// The middleware.
pub(crate) async fn guard(
    request: ServiceRequest,
    next: Next<BoxBody>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    match check(&request) {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.call(request).await
        }
        Err(failure) => Ok(request.into_response(failure.error_response())),
    }
}

fn check(request: &ServiceRequest) -> Result<Caller, Failure> {
    let house = request
        .app_data::<Data<House>>()
        .ok_or_else(|| Failure::new(Code::Internal))?;
    check_host(house, request.request())?;
    check_origin(house, request.request())?;
    let route = find_route(request)?;
    check_token(house, request.headers(), route)
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

fn check_token(house: &House, headers: &HeaderMap, route: &Route) -> Result<Caller, Failure> {
    let wanted = match &route.access {
        Access::Open => return Ok(Caller::nobody()),
        Access::Scopes(_) if house.open => return Ok(Caller::unlimited()),
        Access::Scopes(wanted) => wanted,
    };
    let Some(secret) = bearer(headers) else {
        return Err(
            Failure::new(Code::TokenMissing).header(WWW_AUTHENTICATE, r#"Bearer realm="whymid""#)
        );
    };
    let Some(token) = known_token(&house.tokens, secret) else {
        let challenge = r#"Bearer realm="whymid", error="invalid_token""#;
        return Err(Failure::new(Code::TokenUnknown).header(WWW_AUTHENTICATE, challenge));
    };
    if token.is_over(house.now()) {
        let challenge =
            r#"Bearer realm="whymid", error="invalid_token", error_description="expired""#;
        return Err(Failure::new(Code::TokenExpired)
            .log(format!("token {} has expired", token.name))
            .header(WWW_AUTHENTICATE, challenge));
    }
    if !token.scope.passes(wanted) {
        return Err(insufficient(token, wanted));
    }
    if !route.holds_to(&token.limits) {
        return Err(Failure::new(Code::TokenLimited)
            .log(format!("token {} sees a part of all mail", token.name)));
    }
    Ok(Caller {
        limits: token.limits.clone(),
    })
}

/// The secret behind `Authorization: Bearer`; the scheme's case does not matter (RFC 9110, 11.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, secret) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let secret = secret.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !secret.is_empty()).then_some(secret)
}

/// Compares every hash in constant time, the rest after a hit included.
fn known_token<'a>(tokens: &'a [Token], secret: &str) -> Option<&'a Token> {
    let hash = Sha256::digest(secret.as_bytes());
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
