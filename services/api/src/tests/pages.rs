//! The pages: readable, in both languages, and safe against what strangers write.

use super::{HERE, Settings, ask, ask_bound, ask_with, fake::FakeDesk, get, open};

const BROWSER: (&str, &str) = ("accept", "text/html,application/xhtml+xml,*/*;q=0.8");

/// A page without our own script, which it has once.
fn without_script(page: &str) -> String {
    let own = "<script defer src=\"/assets/app.js\"></script>";
    assert_eq!(page.matches(own).count(), 1, "{page}");
    page.replace(own, "")
}

#[actix_web::test]
async fn what_strangers_write_stays_text() {
    let attack = r#""><script>alert(1)</script><img src=x onerror='alert(2)'>javascript:alert(3)"#;
    let desk = || FakeDesk {
        stranger: Some(attack.to_owned()),
        ..FakeDesk::default()
    };
    for uri in [
        "/messages/m7f3c9",
        "/v1/why?mid=1404",
        "/v1/messages/m7f3c9/answer",
        "/ask?q=%3Cscript%3Ealert(1)%3C/script%3E%3Cimg%20onerror%3D'x'%3E",
        "/ask?q=sender:*@domain.com",
    ] {
        let got = ask_bound(open(), HERE, desk(), get(uri).insert_header(BROWSER)).await;
        assert_eq!(got.status, 200, "{}", got.body);
        assert!(
            got.body.contains("alert(1)"),
            "the attack must be in the page at all"
        );
        let page = without_script(&got.body);
        for tag in ["<script", "<img", "onerror='", "href=\"javascript"] {
            assert!(!page.contains(tag), "{uri}: {tag}");
        }
    }
}

#[actix_web::test]
async fn an_error_page_shows_the_path_of_a_stranger_as_text() {
    let got = ask(get("/%3Cscript%3Ealert(1)%3C/script%3E").insert_header(BROWSER)).await;
    assert_eq!(got.status, 404);
    assert!(
        got.body.contains("&#60;script&#62;") || got.body.contains("&lt;script&gt;"),
        "{}",
        got.body
    );
    assert!(!without_script(&got.body).contains("<script"));
}

#[actix_web::test]
async fn one_message_leads_to_its_page_and_a_short_form_to_its_address() {
    let got = ask(get("/ask?q=sender:*@domain.com&lang=ja")).await;
    assert_eq!(got.status, 200, "{}", got.body);
    assert!(got.body.contains("/messages/m7f3c9?lang=ja"));
    let post = |body: &'static str| {
        let request = get("/ask?lang=ja").method(actix_web::http::Method::POST);
        let form = ("content-type", "application/x-www-form-urlencoded");
        request.insert_header(form).set_payload(body)
    };
    let got = ask(post("q=invoice+%E8%AB%8B")).await;
    assert_eq!(got.status, 303);
    assert_eq!(got.header("location"), "/ask?q=invoice+%E8%AB%8B&lang=ja");
    let got = ask(post("q=Message+aborted+MID+7+Receiving+aborted")).await;
    assert_eq!(got.status, 200, "{}", got.body);
    assert!(got.body.contains("ログ 1 行"), "{}", got.body);
}

#[actix_web::test]
async fn the_overview_has_its_tables() {
    for (uri, words) in [
        ("/overview", "The last day"),
        ("/overview?days=7&lang=ja", "直近 7 日間"),
    ] {
        let got = ask(get(uri)).await;
        assert_eq!(got.status, 200, "{}", got.body);
        assert!(
            got.body.contains(words) && got.body.contains("<svg"),
            "{uri}"
        );
    }
}

#[actix_web::test]
async fn the_permalink_shows_the_answer_in_order() {
    let got = ask(get("/messages/m7f3c9")).await;
    assert_eq!(got.header("content-type"), "text/html; charset=utf-8");
    let order = [
        "<html lang=\"en\">",
        "class=\"skip\"",
        "<h1>",
        "was aborted because its connection was lost",
        "Who holds the mail",
        "the sender (this gateway never accepted it)",
        "Who can act",
        "the network path, the sending side",
        "Next steps",
        "grep &#34;192.0.2.200&#34; mail_logs",
        ">Evidence<",
        "What was ruled out",
        "Timeline",
        "▶ Evidence",
        "Read on",
    ];
    let mut rest = got.body.as_str();
    for part in order {
        let at = rest
            .find(part)
            .unwrap_or_else(|| panic!("`{part}` is not in its place"));
        rest = &rest[at..];
    }
    assert_eq!(got.body.matches("▶ Evidence").count(), 2);
    assert_eq!(got.body.matches("class=\"proof\"").count(), 2);
}

#[actix_web::test]
async fn pages_speak_japanese_and_lead_to_the_other_language() {
    let got = ask(get("/messages/m7f3c9?tz=Asia/Tokyo&lang=ja")).await;
    assert!(got.body.contains("<html lang=\"ja\">") && got.body.contains("現在の保持者"));
    let english = "http://127.0.0.1:8514/messages/m7f3c9?tz=Asia/Tokyo&#38;lang=en";
    assert!(
        got.body.contains(&format!(
            "<link rel=\"alternate\" hreflang=\"en\" href=\"{english}\">"
        )),
        "{}",
        got.body
    );
    for uri in [
        "/",
        "/kb",
        "/kb/receiving-aborted",
        "/docs",
        "/docs/events",
        "/docs/integrations",
        "/messages/m7f3c9",
        "/ask",
        "/overview",
        "/subscriptions",
    ] {
        let got = ask(get(uri).insert_header(("accept-language", "ja"))).await;
        assert!(got.body.contains("<html lang=\"ja\">"), "{uri}");
        assert_eq!(got.body.matches("rel=\"alternate\"").count(), 2, "{uri}");
        assert!(!without_script(&got.body).contains("<script"), "{uri}");
    }
}

#[actix_web::test]
async fn an_article_keeps_its_anchors_in_both_languages() {
    let got = ask(get("/kb/receiving-aborted")).await;
    let id = "receiving-aborted-connection-lost";
    assert!(got.body.contains(&format!("<h2 id=\"{id}\">")));
    assert!(got.body.contains(&format!("<a href=\"#{id}\">")));
    assert!(
        got.body.contains(&format!("?lang=ja#{id}\"")),
        "{}",
        got.body
    );
}

#[actix_web::test]
async fn a_browser_without_a_token_is_told_how_to_ask() {
    let got = ask_with(
        Settings::default(),
        get("/messages/m7f3c9").insert_header(BROWSER),
    )
    .await;
    assert_eq!(got.status, 401);
    assert_eq!(got.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(got.header("www-authenticate"), r#"Bearer realm="whymid""#);
    assert!(
        got.body
            .contains("curl -H &#34;Authorization: Bearer $TOKEN&#34;"),
        "{}",
        got.body
    );
    assert!(
        got.body
            .contains("http://127.0.0.1:8514/v1/messages/m7f3c9/answer"),
        "{}",
        got.body
    );
    let got = ask_with(Settings::default(), get("/messages/m7f3c9")).await;
    assert_eq!(got.code(), "token_missing");
}

#[actix_web::test]
async fn only_pages_answer_errors_with_pages() {
    let page = ask(get("/nothing").insert_header(BROWSER)).await;
    assert!(
        page.body.contains("<h1>There is nothing here</h1>"),
        "{}",
        page.body
    );
    assert_eq!(
        ask(get("/v1/nothing").insert_header(BROWSER)).await.code(),
        "route_unknown"
    );
    assert_eq!(ask(get("/nothing")).await.code(), "route_unknown");
}

#[actix_web::test]
async fn below_a_path_of_a_proxy_every_link_of_ours_has_that_path() {
    let settings = || Settings {
        public_url: Some("https://it.example/whymid".to_owned()),
        ..open()
    };
    for uri in [
        "/",
        "/kb",
        "/kb/receiving-aborted",
        "/docs/events",
        "/docs/integrations",
        "/messages/m7f3c9",
        "/subscriptions",
    ] {
        let got = ask_with(settings(), get(uri)).await;
        assert!(
            got.body.contains("href=\"/whymid/assets/style.css\""),
            "{uri}"
        );
        for link in got.body.split("href=\"/").skip(1) {
            assert!(link.starts_with("whymid/"), "{uri}: {}", &link[..30]);
        }
    }
}
