//! Handing in lines: what is taken, how it is told to the door, and what is turned away.

use std::{io::Write, sync::Arc};

use actix_web::{
    http::{Method, StatusCode},
    test::TestRequest,
};
use whymid_syslog::Lane;

use super::{Got, ask_house, fake::FakeDoor, get, house};
use crate::desk::Origin;

const BYTES: (&str, &str) = ("content-type", "application/octet-stream");
const MIB: usize = 1024 * 1024;

fn post(uri: &str) -> TestRequest {
    get(uri).method(Method::POST)
}

fn bytes(body: impl Into<Vec<u8>>) -> TestRequest {
    let request = post("/v1/lines").insert_header(BYTES);
    request.set_payload(body.into())
}

async fn hand_in(door: &Arc<FakeDoor>, request: TestRequest) -> Got {
    ask_house(house(door), request).await
}

fn refused(got: &Got, status: u16, code: &str) {
    assert_eq!((got.status.as_u16(), got.code().as_str()), (status, code));
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn zstd(text: &[u8]) -> Vec<u8> {
    zstd::encode_all(text, 1).unwrap()
}

#[actix_web::test]
async fn what_was_put_on_disk_is_counted() {
    let door = Arc::new(FakeDoor::default());
    let got = hand_in(&door, bytes("one\r\n\ntwo\nthree")).await;
    assert_eq!(got.status, StatusCode::ACCEPTED);
    assert_eq!(
        got.json(),
        serde_json::json!({"accepted": 3, "cut": 0}),
        "{}",
        got.body
    );
    assert_eq!(door.taken.lock().unwrap()[0].0, b"one\r\n\ntwo\nthree");
    assert!(door.turned_away.lock().unwrap().is_empty());
}

#[actix_web::test]
async fn what_is_said_beside_the_lines_reaches_the_door() {
    let door = Arc::new(FakeDoor::default());
    let uri = "/v1/lines?appliance=esa1&lane=archive&year=2014&timezone=Asia/Tokyo";
    let peer = "192.0.2.7:4000".parse().unwrap();
    let request = post(uri).insert_header(BYTES).peer_addr(peer);
    let got = hand_in(&door, request.set_payload("x")).await;
    assert_eq!(got.status, StatusCode::ACCEPTED, "{}", got.body);
    assert_eq!(hand_in(&door, bytes("x")).await.status, 202);
    let taken = door.taken.lock().unwrap();
    let told = Origin {
        peer: Some(peer.ip()),
        lane: Lane::Archive,
        appliance: Some("esa1".to_owned()),
        zone: Some("Asia/Tokyo".to_owned()),
        year: Some(2014),
    };
    assert_eq!(taken[0].1, told);
    let untold = Origin {
        peer: None,
        lane: Lane::Live,
        appliance: None,
        zone: None,
        year: None,
    };
    assert_eq!(taken[1].1, untold);
}

#[actix_web::test]
async fn parameters_that_make_no_sense_are_refused() {
    let long = format!("/v1/lines?appliance={}", "x".repeat(256));
    let cases = [
        ("/v1/lines?appliance=", 422, "parameter_invalid"),
        ("/v1/lines?appliance=a%0Ab", 422, "parameter_invalid"),
        ("/v1/lines?appliance=%20", 422, "parameter_invalid"),
        (long.as_str(), 422, "parameter_invalid"),
        ("/v1/lines?lane=past", 422, "parameter_invalid"),
        ("/v1/lines?year=1969", 422, "parameter_invalid"),
        ("/v1/lines?year=this", 400, "parameter_malformed"),
        ("/v1/lines?timezone=Mars/Olympus", 422, "timezone_unknown"),
        ("/v1/lines?zone=UTC", 400, "parameter_unknown"),
        ("/v1/lines?lang=de", 422, "lang_unknown"),
    ];
    for (uri, status, code) in cases {
        let door = Arc::new(FakeDoor::default());
        let request = post(uri).insert_header(BYTES).set_payload("x");
        refused(&hand_in(&door, request).await, status, code);
        assert!(door.taken.lock().unwrap().is_empty(), "{uri}");
    }
}

#[actix_web::test]
async fn gzip_and_zstd_are_unpacked_and_other_codings_are_not() {
    let text = b"MID 1 one\nMID 2 two\n";
    let door = Arc::new(FakeDoor::default());
    for (coding, body) in [
        ("identity", text.to_vec()),
        ("gzip", gzip(text)),
        ("GZIP", gzip(text)),
        ("x-gzip", gzip(text)),
        ("zstd", zstd(text)),
    ] {
        let request = bytes(body).insert_header(("content-encoding", coding));
        let got = hand_in(&door, request).await;
        assert_eq!(got.json()["accepted"], 2, "{coding}: {}", got.body);
        assert_eq!(door.taken.lock().unwrap().pop().unwrap().0, text);
    }
    for coding in ["br", "deflate", "gzip, gzip", "gzip, zstd", "nonsense"] {
        let request = bytes(gzip(text)).insert_header(("content-encoding", coding));
        let got = hand_in(&door, request).await;
        refused(&got, 415, "media_unsupported");
        assert_eq!(got.header("accept-encoding"), "gzip, zstd, identity");
        assert!(got.json()["help"].as_str().unwrap().contains("zstd"));
    }
    let twice = bytes(gzip(text))
        .append_header(("content-encoding", "gzip"))
        .append_header(("content-encoding", "gzip"));
    refused(&hand_in(&door, twice).await, 415, "media_unsupported");
    assert!(door.taken.lock().unwrap().is_empty());
}

#[actix_web::test]
async fn what_a_web_form_can_send_is_refused() {
    let door = Arc::new(FakeDoor::default());
    for media in [
        "text/plain",
        "text/plain; charset=utf-8",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json",
        "application/x-ndjson",
        "nonsense",
    ] {
        let request = post("/v1/lines").insert_header(("content-type", media));
        let got = hand_in(&door, request.set_payload("MID 1 x")).await;
        refused(&got, 415, "media_unsupported");
    }
    refused(
        &hand_in(&door, post("/v1/lines").set_payload("MID 1 x")).await,
        415,
        "media_unsupported",
    );
    let foreign = bytes("MID 1 x").insert_header(("origin", "https://evil.example"));
    refused(&hand_in(&door, foreign).await, 403, "origin_foreign");
    let plain = post("/v1/lines")
        .insert_header(("content-type", "text/plain; charset=utf-8"))
        .insert_header(("x-whymid", "1"));
    let got = hand_in(&door, plain.set_payload("MID 1 x")).await;
    assert_eq!(got.status, StatusCode::ACCEPTED, "{}", got.body);
    assert_eq!(door.taken.lock().unwrap().len(), 1);
}

#[actix_web::test]
async fn a_body_that_is_too_large_is_told_to_come_in_pieces() {
    let door = Arc::new(FakeDoor::default());
    let bomb = vec![b'\n'; 64 * MIB + 1];
    let incompressible: Vec<u8> = {
        let mut state = 1_u64;
        let next = std::iter::repeat_with(|| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 56) as u8
        });
        next.take(17 * MIB).collect()
    };
    for (coding, body) in [
        ("identity", bomb.clone()),
        ("gzip", gzip(&bomb)),
        ("zstd", zstd(&bomb)),
        ("zstd", zstd(&incompressible)),
    ] {
        let request = bytes(body).insert_header(("content-encoding", coding));
        let got = hand_in(&door, request).await;
        refused(&got, 413, "body_too_large");
        assert!(got.json()["help"].as_str().unwrap().contains("split"));
        assert!(got.json()["detail"].as_str().unwrap().contains("MiB"));
    }
    assert!(door.taken.lock().unwrap().is_empty());
    assert_eq!(*door.turned_away.lock().unwrap(), ["body_too_large"; 4]);
    let most = vec![b'x'; 64 * MIB];
    let got = hand_in(
        &door,
        bytes(zstd(&most)).insert_header(("content-encoding", "zstd")),
    )
    .await;
    assert_eq!(got.status, StatusCode::ACCEPTED, "{}", got.body);
}

#[actix_web::test]
async fn a_truncated_or_damaged_body_accepts_nothing() {
    let door = Arc::new(FakeDoor::default());
    let text = b"MID 1 one\nMID 2 two\n".repeat(100);
    let (gzip, zstd) = (gzip(&text), zstd(&text));
    for (coding, body) in [
        ("gzip", &gzip[..gzip.len() - 1]),
        ("gzip", &text[..]),
        ("zstd", &zstd[..zstd.len() - 1]),
        ("zstd", &gzip[..]),
    ] {
        let request = bytes(body).insert_header(("content-encoding", coding));
        refused(&hand_in(&door, request).await, 400, "encoding_broken");
    }
    assert!(door.taken.lock().unwrap().is_empty());
    assert_eq!(*door.turned_away.lock().unwrap(), ["encoding_broken"; 4]);
}

#[actix_web::test]
async fn a_body_without_lines_is_told_so() {
    let door = Arc::new(FakeDoor::default());
    for body in [&b""[..], b"\n\r\n\n"] {
        refused(&hand_in(&door, bytes(body)).await, 422, "no_lines");
    }
    let nothing = bytes("").insert_header(("content-encoding", "gzip"));
    refused(&hand_in(&door, nothing).await, 422, "no_lines");
}

#[actix_web::test]
async fn a_journal_that_takes_nothing_asks_to_come_back_and_says_what_is_there() {
    for (kept, told) in [(0, "at most a beginning"), (7, "the first 7 of")] {
        let door = Arc::new(FakeDoor {
            closed_behind: Some(kept),
            ..FakeDoor::default()
        });
        let got = hand_in(&door, bytes("x\n")).await;
        refused(&got, 503, "not_accepting");
        assert_eq!(got.header("retry-after"), "30");
        let problem = got.json();
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(told), "{detail}");
        assert!(problem["help"].as_str().unwrap().contains("again"));
        let japanese = post("/v1/lines?lang=ja").insert_header(BYTES);
        let got = hand_in(&door, japanese.set_payload("x\n")).await;
        assert!(!got.json()["detail"].as_str().unwrap().is_ascii());
    }
}

#[actix_web::test(start_paused = true)]
async fn a_house_full_of_bodies_lets_one_wait_and_then_asks_it_to_come_back() {
    let door = Arc::new(FakeDoor::default());
    let house = house(&door);
    let all = u32::try_from(house.handed_in.available_permits()).unwrap();
    let taken = house
        .handed_in
        .clone()
        .acquire_many_owned(all)
        .await
        .unwrap();
    let got = ask_house(house.clone(), bytes("x")).await;
    refused(&got, 503, "busy");
    assert_eq!(got.header("retry-after"), "5");
    assert_eq!(*door.turned_away.lock().unwrap(), ["busy"]);
    let later = async {
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        drop(taken);
    };
    let (got, ()) = tokio::join!(ask_house(house.clone(), bytes("x")), later);
    assert_eq!(got.status, StatusCode::ACCEPTED, "{}", got.body);
}
