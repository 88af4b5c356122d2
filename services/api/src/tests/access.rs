//! Host, origin, token, scope: who comes in and who does not.

use actix_web::http::Method;
use sha2::{Digest, Sha256};
use whymid_store::Scope as Limits;

use super::{HERE, ask, ask_bound, ask_with, fake::FakeDesk, get, open};
use crate::{
    house::House,
    route_table::routes,
    settings::{Scope, Settings, Token},
};

fn token(secret: &str, scope: Scope) -> Token {
    Token {
        name: secret.to_owned(),
        scope,
        sha256: Sha256::digest(secret).into(),
        expires: None,
        real_addresses: false,
        limits: Limits::everything(),
    }
}

fn with_tokens() -> Settings {
    let tokens = Scope::ALL.map(|scope| token(scope.word(), scope));
    Settings {
        tokens: tokens.into(),
        ..Settings::default()
    }
}

#[actix_web::test]
async fn the_host_must_be_one_of_ours() {
    let named = || Settings {
        public_url: Some("https://whymid.example/".to_owned()),
        hosts: vec!["mail.example".to_owned()],
        ..open()
    };
    let cases = [
        (open(), "127.0.0.1:8514", "127.0.0.1:8514", true),
        (open(), "127.0.0.1:8514", "localhost", true),
        (open(), "127.0.0.1:8514", "LOCALHOST.:9000", true),
        (open(), "127.0.0.1:8514", "[::1]:8514", true),
        (open(), "127.0.0.1:8514", "evil.example", false),
        (open(), "127.0.0.1:8514", "evil.example:8514", false),
        (open(), "127.0.0.1:8514", "192.0.2.7:8514", false),
        (open(), "127.0.0.1:8514", "127.0.0.1.evil.example", false),
        (open(), "127.0.0.1:8514", "localhost@evil.example", false),
        (open(), "0.0.0.0:8514", "192.0.2.7:8514", true),
        (open(), "0.0.0.0:8514", "localhost:8514", true),
        (open(), "[::]:8514", "[2001:db8::7]:8514", true),
        (open(), "0.0.0.0:8514", "evil.example", false),
        (open(), "192.0.2.7:8514", "192.0.2.7:8514", true),
        (open(), "192.0.2.7:8514", "localhost:8514", false),
        (open(), "192.0.2.7:8514", "192.0.2.8:8514", false),
        (named(), "192.0.2.7:8514", "whymid.example", true),
        (named(), "192.0.2.7:8514", "Mail.Example:8514", true),
        (named(), "192.0.2.7:8514", "other.example", false),
    ];
    for (settings, bound, host, passes) in cases {
        let request = get("/healthz").insert_header(("host", host));
        let got = ask_bound(settings, bound, FakeDesk::default(), request).await;
        if passes {
            assert_eq!(got.status, 200, "{host} at {bound}");
        } else {
            assert_eq!(
                (got.status.as_u16(), got.code().as_str()),
                (421, "host_unknown"),
                "{host} at {bound}"
            );
            assert!(got.json()["help"].as_str().unwrap().contains("http.hosts"));
        }
    }
}

#[actix_web::test]
async fn an_absolute_address_of_another_host_is_refused() {
    let got = ask(get("http://evil.example/healthz")).await;
    assert_eq!(got.code(), "host_unknown");
}

#[actix_web::test]
async fn a_foreign_origin_is_refused() {
    let public = || Settings {
        public_url: Some("https://whymid.example".to_owned()),
        ..open()
    };
    let cases = [
        (open(), HERE, "http://127.0.0.1:8514", true),
        (open(), HERE, "http://127.0.0.1:3000", false),
        (open(), HERE, "http://localhost:8514", false),
        (open(), HERE, "http://evil.example", false),
        (open(), HERE, "null", false),
        (open(), HERE, "", false),
        (open(), HERE, "file://", false),
        (open(), "localhost", "http://localhost", true),
        (open(), "localhost:80", "http://localhost", true),
        (public(), "whymid.example", "https://whymid.example", true),
        (
            public(),
            "whymid.example",
            "https://whymid.example:443",
            true,
        ),
        (public(), "whymid.example", "http://whymid.example", false),
        (public(), HERE, "https://whymid.example", true),
        (public(), HERE, "https://whymid.example.evil.example", false),
    ];
    for (settings, host, origin, passes) in cases {
        let request = get("/v1/why?mid=1404")
            .insert_header(("host", host))
            .insert_header(("origin", origin));
        let got = ask_with(settings, request).await;
        if passes {
            assert_eq!(got.status, 200, "{origin} at {host}");
        } else {
            assert_eq!(
                (got.status.as_u16(), got.code().as_str()),
                (403, "origin_foreign"),
                "{origin} at {host}"
            );
        }
        assert!(
            got.headers
                .keys()
                .all(|name| !name.as_str().starts_with("access-control"))
        );
    }
}

#[actix_web::test]
async fn another_site_may_link_here_but_not_call_here() {
    let cases = [
        (Method::GET, "cross-site", "navigate", "document", true),
        (Method::GET, "cross-site", "navigate", "iframe", false),
        (Method::GET, "cross-site", "no-cors", "image", false),
        (Method::POST, "cross-site", "navigate", "document", false),
        (Method::GET, "same-origin", "cors", "empty", true),
        (Method::GET, "none", "navigate", "document", true),
    ];
    for (method, site, mode, target, passes) in cases {
        let request = get("/kb")
            .method(method)
            .insert_header(("sec-fetch-site", site));
        let request = request
            .insert_header(("sec-fetch-mode", mode))
            .insert_header(("sec-fetch-dest", target));
        let got = ask(request).await;
        assert_eq!(got.status == 200, passes, "{site} {mode} {target}");
        assert!(passes || got.code() == "origin_foreign");
    }
}

#[actix_web::test]
async fn each_scope_opens_what_it_is_for() {
    let cases = [
        ("", 401, "token_missing", r#"Bearer realm="whymid""#),
        (
            "Basic abc",
            401,
            "token_missing",
            r#"Bearer realm="whymid""#,
        ),
        (
            "Bearer nobody",
            401,
            "token_unknown",
            r#"Bearer realm="whymid", error="invalid_token""#,
        ),
        (
            "Bearer ingest",
            403,
            "scope_insufficient",
            r#"Bearer realm="whymid", error="insufficient_scope", scope="read""#,
        ),
        (
            "Bearer ticket",
            403,
            "scope_insufficient",
            r#"Bearer realm="whymid", error="insufficient_scope", scope="read""#,
        ),
    ];
    for uri in [
        "/v1/why?mid=1404",
        "/v1/status",
        "/metrics",
        "/v1/diagnoses",
        "/messages/m7f3c9",
        "/v1/%77hy?mid=1404",
    ] {
        for (authorization, status, code, challenge) in cases {
            let got = ask_with(
                with_tokens(),
                get(uri).insert_header(("authorization", authorization)),
            )
            .await;
            assert_eq!(
                (got.status.as_u16(), got.code().as_str()),
                (status, code),
                "{uri} {authorization}"
            );
            assert_eq!(got.header("www-authenticate"), challenge);
        }
        for authorization in ["Bearer read", "bearer  admin"] {
            let got = ask_with(
                with_tokens(),
                get(uri).insert_header(("authorization", authorization)),
            )
            .await;
            assert_eq!(got.status, 200, "{uri} {authorization}");
        }
    }
}

#[actix_web::test]
async fn what_is_open_needs_no_token_and_the_rest_needs_one_even_if_none_exists() {
    for uri in [
        "/",
        "/healthz",
        "/readyz",
        "/openapi.yaml",
        "/kb",
        "/kb/receiving-aborted",
        "/assets/style.css",
    ] {
        assert_eq!(ask_with(with_tokens(), get(uri)).await.status, 200, "{uri}");
        assert_eq!(
            ask_with(Settings::default(), get(uri)).await.status,
            200,
            "{uri}"
        );
    }
    assert_eq!(
        ask_with(Settings::default(), get("/v1/status"))
            .await
            .code(),
        "token_missing"
    );
    assert_eq!(ask(get("/v1/status")).await.status, 200);
}

#[test]
fn every_route_under_v1_needs_a_scope() {
    use crate::route_table::{Access, Found};
    let document = crate::openapi::as_json();
    for (path, methods) in document["paths"].as_object().unwrap() {
        let guarded = [
            "/v1",
            "/messages",
            "/metrics",
            "/ask",
            "/overview",
            "/subscriptions",
            "/notifications",
        ];
        let guarded = guarded.iter().any(|beginning| path.starts_with(beginning));
        for method in methods.as_object().unwrap().keys() {
            let method: Method = method.to_ascii_uppercase().parse().unwrap();
            match routes().find(path, &method) {
                Found::Route(route) => match &route.access {
                    Access::Scopes(scopes) => assert!(guarded && !scopes.is_empty(), "{path}"),
                    Access::Open => assert!(!guarded, "{path}"),
                },
                Found::OtherMethods(_) | Found::Nothing => panic!("{path} is not found"),
            }
        }
    }
}

#[actix_web::test]
async fn every_response_carries_the_headers_that_keep_browsers_safe() {
    for (uri, cache) in [
        ("/", "no-store"),
        ("/v1/why?mid=1404", "no-store"),
        ("/v1/nothing", "no-store"),
        ("/kb/nothing", "no-store"),
        ("/messages/m7f3c9", "no-store"),
        ("/kb", "public, max-age=300"),
        ("/openapi.yaml", "public, max-age=300"),
        ("/assets/style.css", "public, max-age=300"),
    ] {
        let got = ask(get(uri)).await;
        assert_eq!(got.header("cache-control"), cache, "{uri}");
        assert_eq!(got.header("x-content-type-options"), "nosniff");
        assert_eq!(got.header("referrer-policy"), "same-origin");
        assert_eq!(got.header("cross-origin-resource-policy"), "same-origin");
        assert_eq!(got.header("cross-origin-opener-policy"), "same-origin");
        assert_eq!(got.header("x-frame-options"), "DENY");
        assert_eq!(
            got.header("content-security-policy"),
            "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        );
    }
}

#[test]
fn a_public_url_must_be_a_web_address() {
    use std::sync::Arc;
    let house = |url: &str| {
        let settings = Settings {
            public_url: Some(url.to_owned()),
            ..open()
        };
        let gauge = Arc::new(super::fake::FakeGauge {
            reasons: Vec::new(),
        });
        let (desk, door) = (FakeDesk::default(), super::fake::FakeDoor::default());
        let desks = super::desks(Arc::new(desk), gauge, Arc::new(door));
        House::new(desks, settings, HERE.parse().unwrap())
    };
    for wrong in ["whymid.example", "ftp://whymid.example", "/whymid", ""] {
        assert!(house(wrong).is_err(), "{wrong}");
    }
    assert_eq!(
        house("https://whymid.example/mail/").unwrap().root(),
        "/mail"
    );
    assert_eq!(house("https://whymid.example").unwrap().root(), "");
}
