//! `POST /v1/erasures`: what is begun, and what is not.

use actix_web::test::TestRequest;

use super::{HERE, ask_bound, fake::FakeDesk, get, open};

async fn erase(body: &str) -> super::Got {
    let request = TestRequest::post()
        .uri("/v1/erasures")
        .insert_header(("host", HERE))
        .insert_header(("content-type", "application/json"))
        .set_payload(body.to_owned());
    ask_bound(open(), HERE, FakeDesk::default(), request).await
}

#[actix_web::test]
async fn an_erasure_begins_and_says_what_it_can_t_reach() {
    let begun = erase(r#"{"address": "bob@example.com"}"#).await;
    assert_eq!(begun.status, 202, "{}", begun.body);
    let told = begun.json();
    assert_eq!(told["number"], 1);
    let out_of_reach = told["not_reached"].as_array().expect("a list");
    assert_eq!(out_of_reach.len(), 4, "{told}");
    let ja = ask_bound(
        open(),
        HERE,
        FakeDesk::default(),
        get("/v1/erasures?lang=ja"),
    )
    .await;
    assert!(ja.body.contains("監査ログ"), "{}", ja.body);
}

#[actix_web::test]
async fn what_can_t_be_erased_is_said() {
    for (body, status, code) in [
        (r#"{"address": "bob"}"#, 422, "body_invalid"),
        (r#"{"address": 7}"#, 422, "body_invalid"),
        (r#"{"address": "a@b", "x": 1}"#, 422, "body_invalid"),
        ("{", 400, "body_malformed"),
        (r#"{"address": "busy@example.com"}"#, 409, "erasure_running"),
    ] {
        let got = erase(body).await;
        let help = got.json()["help"].to_string();
        assert!(!help.contains("log"), "{body}: {help}");
        assert_eq!(
            (got.status.as_u16(), got.code().as_str()),
            (status, code),
            "{body}"
        );
    }
    let long = format!(r#"{{"address": "{}"}}"#, "a".repeat(20_000));
    assert_eq!(erase(&long).await.code(), "body_too_large");
    let form = TestRequest::post()
        .uri("/v1/erasures")
        .insert_header(("host", HERE))
        .insert_header(("content-type", "application/x-www-form-urlencoded"))
        .set_payload("address=bob@example.com");
    let form = ask_bound(open(), HERE, FakeDesk::default(), form).await;
    assert_eq!(form.code(), "media_unsupported");
}
