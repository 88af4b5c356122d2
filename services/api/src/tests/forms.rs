//! Which form and language a client gets.

use super::{Settings, ask, ask_with, get, open};

#[actix_web::test]
async fn the_form_follows_accept_and_its_quality_values() {
    let cases = [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/*", "application/json"),
        ("text/*", "text/markdown; charset=utf-8"),
        ("text/markdown", "text/markdown; charset=utf-8"),
        ("text/plain", "text/plain; charset=utf-8"),
        ("TEXT/HTML", "text/html; charset=utf-8"),
        ("text/html, text/plain;q=0.9", "text/html; charset=utf-8"),
        (
            "text/html;q=0.2, text/plain;q=0.3, application/json;q=0.1",
            "text/plain; charset=utf-8",
        ),
        (
            "text/*;q=0.9, text/markdown;q=0.1, application/json;q=0.5",
            "text/plain; charset=utf-8",
        ),
        ("text/html;q=0, */*;q=0.1", "application/json"),
        (
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "text/html; charset=utf-8",
        ),
        ("this is no media type", "application/json"),
    ];
    for uri in ["/v1/why?mid=1404", "/v1/messages/m7f3c9/answer"] {
        for (accept, form) in cases {
            let got = ask(get(uri).insert_header(("accept", accept))).await;
            assert_eq!(
                (got.status.as_u16(), got.header("content-type")),
                (200, form),
                "{accept}"
            );
            assert!(got.header("vary").contains("Accept"), "{accept}");
        }
    }
    let got = ask(get("/v1/why?mid=1404").insert_header(("accept", "image/png"))).await;
    assert_eq!(
        (got.status.as_u16(), got.code().as_str()),
        (406, "not_acceptable")
    );
    let got = ask(get("/v1/why?mid=1404").insert_header(("accept", "*/*;q=0"))).await;
    assert_eq!(got.code(), "not_acceptable");
}

#[actix_web::test]
async fn the_language_follows_lang_then_accept_language() {
    let cases = [
        ("", "", "en"),
        ("&lang=ja", "", "ja"),
        ("&lang=en", "ja", "en"),
        ("", "ja", "ja"),
        ("", "ja-JP, en;q=0.9", "ja"),
        ("", "en;q=0.4, ja;q=0.6", "ja"),
        ("", "fr, *;q=0.1", "en"),
        ("", "de", "en"),
        ("", ";;;", "en"),
    ];
    for (query, accept, lang) in cases {
        let got = ask(
            get(&format!("/v1/why?mid=1404{query}")).insert_header(("accept-language", accept))
        )
        .await;
        assert_eq!(got.header("content-language"), lang, "{query} {accept}");
        assert_eq!(
            got.json()["summary"].as_str().unwrap().is_ascii(),
            lang == "en"
        );
    }
}

#[actix_web::test]
async fn an_article_comes_as_json_markdown_or_page() {
    let got = ask(get("/v1/articles/receiving-aborted")).await;
    assert_eq!(got.json()["id"], "receiving-aborted");
    let got =
        ask(get("/v1/articles/receiving-aborted").insert_header(("accept", "text/markdown"))).await;
    assert!(
        got.body.starts_with("# Receiving aborted\n\n"),
        "{}",
        got.body
    );
    let got =
        ask(get("/v1/articles/receiving-aborted").insert_header(("accept", "text/html"))).await;
    assert!(
        got.body
            .contains(r#"<h2 id="receiving-aborted-connection-lost">"#),
        "{}",
        got.body
    );
}

#[actix_web::test]
async fn links_begin_with_the_public_url_or_the_name_we_were_addressed_by() {
    let proxied = || get("/v1/why?mid=1404").insert_header(("x-forwarded-host", "evil.example"));
    let got = ask(proxied()).await;
    assert_eq!(
        got.json()["message"]["url"],
        "http://127.0.0.1:8514/messages/m7f3c9"
    );
    let settings = Settings {
        public_url: Some("https://whymid.example/".to_owned()),
        ..open()
    };
    let got = ask_with(settings, proxied()).await;
    assert_eq!(
        got.json()["message"]["url"],
        "https://whymid.example/messages/m7f3c9"
    );
}

#[actix_web::test]
async fn a_timeline_is_paged_by_entry() {
    let got = ask(get("/v1/messages/m7f3c9?limit=3")).await.json();
    assert_eq!(
        (
            got["entries"].as_array().unwrap().len(),
            &got["next_cursor"]
        ),
        (3, &"3".into())
    );
    let got = ask(get("/v1/messages/m7f3c9?limit=1000&cursor=3"))
        .await
        .json();
    assert_eq!(got["entries"][0]["entry"], 3);
    assert!(got.get("next_cursor").is_none());
}

#[actix_web::test]
async fn a_plus_that_was_not_encoded_is_understood() {
    for at in [
        "2014-08-14T11:05:36Z",
        "2014-08-14T11:05:36+09:00",
        "2014-08-14T11:05:36%2B09:00",
    ] {
        assert_eq!(
            ask(get(&format!("/v1/why?mid=1404&at={at}"))).await.status,
            200,
            "{at}"
        );
    }
}

#[actix_web::test]
async fn metrics_and_the_document_name_their_own_types() {
    let got = ask(get("/metrics")).await;
    assert_eq!(
        got.header("content-type"),
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    assert_eq!(ask(get("/openapi.yaml")).await.body, crate::openapi_yaml());
}
