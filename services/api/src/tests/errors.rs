//! Every error has its code, its status and its help.

use std::sync::Arc;

use actix_web::{
    http::Method,
    test::{self, TestRequest},
};

use super::{
    Got, HERE, ask, ask_bound,
    fake::{FakeDesk, FakeDoor, Mood},
    get, house, open,
};
use crate::{desk::Told, error::Code, server::application};

#[actix_web::test]
async fn a_request_that_does_not_fit_says_why() {
    let cases = [
        ("/v1/why", 422, "question_missing"),
        ("/v1/why?mid=1404&icid=2", 422, "question_ambiguous"),
        ("/v1/why?mid=abc", 400, "parameter_malformed"),
        ("/v1/why?mid=-1", 400, "parameter_malformed"),
        ("/v1/why?mid=%2B1", 400, "parameter_malformed"),
        ("/v1/why?mid=", 400, "parameter_malformed"),
        (
            "/v1/why?mid=99999999999999999999",
            400,
            "parameter_malformed",
        ),
        ("/v1/why?mid=1&mid=2", 400, "parameter_repeated"),
        ("/v1/why?mid=1404&lang=de", 422, "lang_unknown"),
        ("/v1/why?mid=1404&tz=Mars/Olympus", 422, "timezone_unknown"),
        (
            "/v1/why?mid=1404&tz=../../etc/passwd",
            422,
            "timezone_unknown",
        ),
        ("/v1/why?mid=1404&at=yesterday", 400, "parameter_malformed"),
        ("/v1/why?mid=1404&appliance=", 422, "parameter_invalid"),
        ("/v1/why?mid=7", 404, "mid_unknown"),
        ("/v1/messages/nobody", 404, "message_unknown"),
        ("/v1/messages/nobody/answer", 404, "message_unknown"),
        ("/v1/messages/m7f3c9?limit=0", 422, "parameter_invalid"),
        ("/v1/messages/m7f3c9?limit=1001", 422, "parameter_invalid"),
        ("/v1/messages/m7f3c9?cursor=x", 400, "parameter_malformed"),
        ("/v1/diagnoses/nothing", 404, "diagnosis_unknown"),
        ("/v1/articles/nothing", 404, "article_unknown"),
        ("/kb/nothing", 404, "article_unknown"),
        ("/v1/nothing", 404, "route_unknown"),
        ("/v1/messages/", 404, "route_unknown"),
        ("/v1/connection", 404, "route_unknown"),
        ("/v1/messages?outcome=abroted", 422, "parameter_invalid"),
        ("/v1/messages?sender=*a*", 422, "parameter_invalid"),
        ("/v1/messages?sender=", 422, "parameter_invalid"),
        ("/v1/messages?mid=x", 400, "parameter_malformed"),
        ("/v1/messages?mid=!x", 400, "parameter_malformed"),
        ("/v1/messages?since=yesterday", 400, "parameter_malformed"),
        ("/v1/messages?since=1h&since=2h", 400, "parameter_repeated"),
        ("/v1/messages?cursor=7", 400, "parameter_malformed"),
        ("/v1/messages?sort=mid", 422, "parameter_invalid"),
        ("/v1/messages?limit=0", 422, "parameter_invalid"),
        ("/v1/connections?sender=a", 400, "parameter_unknown"),
        ("/v1/stats?group_by=colour", 422, "parameter_invalid"),
        ("/v1/stats?interval=1x", 422, "parameter_invalid"),
        ("/v1/stats?interval=1m&since=7d", 422, "parameter_invalid"),
        ("/v1/why?mid=1&message_id=a", 422, "question_ambiguous"),
        ("/healthz?verbose=1", 400, "parameter_unknown"),
    ];
    for (uri, status, code) in cases {
        let got = ask(get(uri)).await;
        assert_eq!(
            (got.status.as_u16(), got.code().as_str()),
            (status, code),
            "{uri}"
        );
    }
}

#[actix_web::test]
async fn an_unknown_parameter_is_told_the_nearest_one() {
    let got = ask(get("/v1/why?mdi=1404")).await;
    assert_eq!(got.code(), "parameter_unknown");
    let help = got.json()["help"].as_str().unwrap().to_owned();
    assert!(help.contains("Did you mean `mid`?"), "{help}");
    assert!(help.contains("appliance") && help.contains("tz"), "{help}");
}

#[actix_web::test]
async fn an_unknown_mid_carries_the_answer_that_says_what_was_searched() {
    let got = ask(get("/v1/why?mid=7")).await;
    assert_eq!(got.json()["answer"]["question"]["mid"], 1404);
    assert_eq!(got.json()["type"], "about:blank");
}

#[actix_web::test]
async fn a_wrong_method_names_the_right_ones() {
    for (method, uri, allow) in [
        (Method::POST, "/v1/why", "GET, HEAD"),
        (Method::OPTIONS, "/v1/why?mid=1", "GET, HEAD"),
        (Method::GET, "/v1/explain", "POST"),
        (Method::GET, "/v1/lines", "POST"),
        (Method::DELETE, "/v1/messages/m7f3c9", "GET, HEAD"),
    ] {
        let got = ask(get(uri).method(method)).await;
        assert_eq!(
            (got.status.as_u16(), got.code().as_str()),
            (405, "method_not_allowed"),
            "{uri}"
        );
        assert_eq!(got.header("allow"), allow, "{uri}");
    }
}

#[actix_web::test]
async fn errors_speak_the_language_of_the_request() {
    let got = ask(get("/v1/why?lang=ja")).await;
    assert_eq!(got.json()["title"], "質問がありません");
    assert_eq!(got.header("content-language"), "ja");
    let got = ask(get("/v1/why").insert_header(("accept-language", "fr, ja;q=0.5"))).await;
    assert_eq!(got.json()["title"], "質問がありません");
}

#[actix_web::test]
async fn a_store_that_fails_tells_the_client_nothing_of_its_insides() {
    let desk = FakeDesk {
        mood: Mood::Broken,
        ..FakeDesk::default()
    };
    let got = ask_bound(open(), HERE, desk, get("/v1/why?mid=1404")).await;
    assert_eq!(
        (got.status.as_u16(), got.code().as_str()),
        (500, "store_failed")
    );
    assert!(!got.body.contains("secret"), "{}", got.body);
}

#[actix_web::test]
async fn a_replay_asks_to_come_back() {
    let desk = FakeDesk {
        mood: Mood::Replaying,
        ..FakeDesk::default()
    };
    let got = ask_bound(open(), HERE, desk, get("/v1/why?mid=1404")).await;
    assert_eq!(
        (got.status.as_u16(), got.code().as_str()),
        (503, "replaying")
    );
    assert_eq!(got.header("retry-after"), "2");
}

#[actix_web::test]
async fn readyz_says_what_stands_in_the_way() {
    let desk = FakeDesk {
        reasons: vec![Told {
            en: "the journal is being read".to_owned(),
            ja: "ジャーナルを読んでいます".to_owned(),
        }],
        ..FakeDesk::default()
    };
    let got = ask_bound(open(), HERE, desk.clone(), get("/readyz")).await;
    assert_eq!(
        (got.status.as_u16(), got.code().as_str()),
        (503, "not_ready")
    );
    assert_eq!(got.json()["detail"], "the journal is being read");
    let japanese = ask_bound(open(), HERE, desk, get("/readyz?lang=ja")).await;
    assert_eq!(japanese.json()["detail"], "ジャーナルを読んでいます");
    assert_eq!(ask(get("/readyz")).await.body, "ready\n");
}

fn explain() -> TestRequest {
    get("/v1/explain").method(Method::POST)
}

#[actix_web::test]
async fn a_pasted_log_comes_as_json_or_as_text_that_no_form_can_send() {
    let json = ("content-type", "application/json");
    let text = ("content-type", "text/plain");
    let got = ask(explain()
        .insert_header(json)
        .set_payload(r#"{"log": "abc", "year": 2014, "timezone": "Asia/Tokyo"}"#))
    .await;
    assert_eq!(
        got.json()["items"][0]["summary"],
        r#"3 bytes, year Some(2014), zone Some("Asia/Tokyo")"#
    );
    let got = ask(explain()
        .insert_header(text)
        .insert_header(("x-whymid", "1"))
        .set_payload("abcd"))
    .await;
    assert_eq!(
        got.json()["items"][0]["summary"],
        "4 bytes, year None, zone None"
    );
    let got = ask(explain().insert_header(text).set_payload("abcd")).await;
    assert_eq!(
        (got.status.as_u16(), got.code().as_str()),
        (415, "media_unsupported")
    );
    assert!(got.json()["help"].as_str().unwrap().contains("X-Whymid: 1"));
}

#[actix_web::test]
async fn a_body_that_does_not_fit_says_why() {
    let cases: [(&str, &str, u16, &str); 8] = [
        ("application/json", "{", 400, "body_malformed"),
        ("application/json", r#"{"log": 1}"#, 422, "body_invalid"),
        (
            "application/json",
            r#"{"log": "", "yaer": 1}"#,
            422,
            "body_invalid",
        ),
        (
            "application/json",
            r#"{"log": "", "year": 1}"#,
            422,
            "parameter_invalid",
        ),
        (
            "application/json",
            r#"{"log": "", "timezone": "Moon"}"#,
            422,
            "timezone_unknown",
        ),
        (
            "application/x-www-form-urlencoded",
            "log=1",
            415,
            "media_unsupported",
        ),
        (
            "multipart/form-data; boundary=x",
            "--x--",
            415,
            "media_unsupported",
        ),
        ("nonsense", "x", 415, "media_unsupported"),
    ];
    for (media, body, status, code) in cases {
        let request = explain()
            .insert_header(("content-type", media))
            .set_payload(body);
        let got = ask(request).await;
        assert_eq!(
            (got.status.as_u16(), got.code().as_str()),
            (status, code),
            "{media} {body}"
        );
    }
    let ask_old = get("/v1/explain?year=1969").method(Method::POST);
    let json = ask_old.insert_header(("content-type", "application/json"));
    let got = ask(json.set_payload(r#"{"log": "", "year": 2014}"#)).await;
    assert_eq!(got.code(), "parameter_invalid");
    let bare = ask(explain().set_payload("x")).await;
    assert_eq!(bare.code(), "media_unsupported");
    let gzip = explain()
        .insert_header(("content-type", "application/json"))
        .insert_header(("content-encoding", "gzip"));
    assert_eq!(ask(gzip.set_payload("x")).await.code(), "media_unsupported");
}

#[actix_web::test]
async fn a_body_of_8_mib_passes_and_a_byte_more_does_not() {
    let most = 8 * 1024 * 1024;
    let paste = |size: usize| {
        let text = explain()
            .insert_header(("content-type", "text/plain"))
            .insert_header(("x-whymid", "1"));
        text.set_payload("x".repeat(size))
    };
    assert_eq!(ask(paste(most)).await.status, 200);
    let got: Got = ask(paste(most + 1)).await;
    assert_eq!(
        (got.status.as_u16(), got.code().as_str()),
        (413, "body_too_large")
    );
}

#[test]
fn each_code_is_used_once_and_reads_well_in_both_languages() {
    use whymid_schemas::Lang;
    let mut words: Vec<_> = Code::ALL.iter().map(|code| code.word()).collect();
    words.sort_unstable();
    words.dedup();
    assert_eq!(words.len(), Code::ALL.len());
    for code in Code::ALL {
        assert!(code.title(Lang::En).is_ascii(), "{}", code.word());
        assert!(
            !code.title(Lang::Ja).is_ascii() && !code.help(Lang::Ja).is_ascii(),
            "{}",
            code.word()
        );
        assert!(code.help(Lang::En).ends_with(['.', '}']), "{}", code.word());
    }
}

#[actix_web::test]
async fn a_house_full_of_pasted_logs_asks_to_come_back() {
    let house = house(&Arc::new(FakeDoor::default()));
    let all = u32::try_from(house.pasted.available_permits()).unwrap();
    let service = test::init_service(application(house.clone())).await;
    let paste = || {
        let json = explain().insert_header(("content-type", "application/json"));
        json.set_payload(r#"{"log": "x"}"#).to_request()
    };
    let taken = house.pasted.acquire_many(all).await.unwrap();
    let response = test::call_service(&service, paste()).await;
    assert_eq!(response.status(), 503);
    assert_eq!(response.headers().get("retry-after").unwrap(), "5");
    drop(taken);
    assert_eq!(test::call_service(&service, paste()).await.status(), 200);
}

#[actix_web::test]
async fn a_path_that_is_no_utf_8_is_refused_and_does_not_stop_the_service() {
    for uri in [
        "/kb/%FF",
        "/messages/%C3%28",
        "/v1/messages/%00/answer",
        "/v1/diagnoses/a%2Fb",
    ] {
        let got = ask(get(uri)).await;
        assert!(
            [400, 404].contains(&got.status.as_u16()),
            "{uri}: {}",
            got.status
        );
        got.code();
    }
}
