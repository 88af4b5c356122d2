//! What goes wrong with tickets is told in the reader's language, to programs as on pages.

use actix_web::{http::Method, test::TestRequest};
use serde_json::{Value, json};

use super::ticket_pages::{house, refuse_all, subscribed, terms};
use super::{ask_house, get};

fn post(uri: &str, body: &Value) -> TestRequest {
    get(uri)
        .method(Method::POST)
        .insert_header(("content-type", "application/json"))
        .set_payload(body.to_string())
}

#[actix_web::test]
async fn faults_of_a_subscription_are_told_in_the_readers_language() {
    let mut wrong: Value = serde_json::from_str(&terms("A")).unwrap();
    wrong["filter"] = json!("mesage.mid == 1");
    wrong["quiet_period"] = json!("soon");
    for uri in ["/v1/subscriptions", "/v1/subscriptions/dry-run"] {
        let ask = |lang: &str| {
            let request = post(uri, &wrong).insert_header(("accept-language", lang));
            ask_house(house(), request)
        };
        let english = ask("en").await;
        assert_eq!(english.code(), "subscription_invalid");
        let japanese = ask("ja").await.body;
        for (en, ja) in [
            ("did you mean `message`?", "`message` のことですか"),
            ("is no span of time", "は期間ではありません"),
        ] {
            assert!(english.body.contains(en), "{}", english.body);
            assert!(japanese.contains(ja), "{japanese}");
        }
        assert!(!japanese.contains("did you mean"), "{japanese}");
    }
}

#[actix_web::test]
async fn problems_of_a_target_are_told_in_the_readers_language() {
    let house = house();
    let id = subscribed(&house, "Mail").await;
    let test = format!("/v1/subscriptions/{id}/test");
    ask_house(house.clone(), post(&test, &json!({}))).await;
    refuse_all(&house, "no such hook");
    for (lang, said) in [
        ("en", "the target answered 400"),
        ("ja", "連携先が 400 を返しました"),
    ] {
        for uri in [
            "/v1/notifications",
            "/v1/subscriptions",
            &format!("/v1/subscriptions/{id}"),
            "/subscriptions",
            &format!("/subscriptions/{id}"),
        ] {
            let got = ask_house(house.clone(), get(&format!("{uri}?lang={lang}"))).await;
            assert!(got.body.contains(said), "{uri}, {lang}: {}", got.body);
        }
    }
}
