//! `POST /v1/lines`: what is taken is on disk and answered, and what is not taken leaves nothing.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};

use jiff::Timestamp;
use serde_json::Value;

use crate::access::token;
use crate::harness::{Service, Setup, is_japanese, sender_quit, tcp};

const BYTES: (&str, &str) = ("Content-Type", "application/octet-stream");
const MIB: usize = 1024 * 1024;

/// A session as one text.
fn session(mid: u64) -> Vec<u8> {
    sender_quit(mid, "probe@other.example").stream("esa1")
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

fn zstd(text: &[u8]) -> Vec<u8> {
    zstd::encode_all(text, 1).expect("memory takes it")
}

/// The entries of a message's timeline.
fn entries(service: &Service, mid: u64) -> Vec<Value> {
    let answer = service.get(&format!("/v1/why?mid={mid}")).is(200).json();
    let id = answer["message"]["id"].as_str().expect("an id");
    let path = format!("/v1/messages/{id}?limit=1000");
    let timeline = service.get(&path).is(200).json();
    timeline["entries"].as_array().expect("a list").clone()
}

/// Nothing has come in.
#[track_caller]
fn took_nothing(service: &Service) {
    assert_eq!(service.lines("received"), 0);
    assert_eq!(service.lines("accepted"), 0);
}

#[test]
fn lines_that_were_handed_in_are_on_disk_at_once_and_answered() {
    let service = Service::start();
    let body = String::from_utf8(session(7501)).expect("text");
    let body = format!("\r\n{}\n\n", body.trim_end().replace('\n', "\r\n"));
    let taken = service.post("/v1/lines", &[BYTES], body).is(202);
    assert_eq!(taken.json(), serde_json::json!({"accepted": 8, "cut": 0}));
    assert_eq!(service.lines("accepted"), 8);
    service.diagnosed(7501, "receiving-aborted-by-sender");
    let plain = [("Content-Type", "text/plain"), ("X-Whymid", "1")];
    service.post("/v1/lines", &plain, session(7502)).is(202);
    service.diagnosed(7502, "receiving-aborted-by-sender");
    service.all_handled(16);
    let http = service.counter("lines_received", Some(("transport", "http")));
    assert_eq!(http, 16);
}

#[test]
fn gzip_and_zstd_are_unpacked() {
    let service = Service::start();
    for (mid, coding, body) in [
        (7511, "gzip", gzip(&session(7511))),
        (7512, "zstd", zstd(&session(7512))),
        (7513, "identity", session(7513)),
    ] {
        let headers = [BYTES, ("Content-Encoding", coding)];
        let taken = service.post("/v1/lines", &headers, body).is(202);
        assert_eq!(taken.json()["accepted"], 8, "{coding}");
        service.diagnosed(mid, "receiving-aborted-by-sender");
    }
    let headers = [BYTES, ("Content-Encoding", "br")];
    let refused = service.post("/v1/lines", &headers, session(7514)).is(415);
    assert_eq!(refused.json()["code"], "media_unsupported");
    service.all_handled(24);
}

#[test]
fn only_a_token_for_handing_in_hands_in() {
    let tokens = ["read", "ticket", "ingest", "admin"].map(|scope| token(scope, scope));
    let config: Vec<&str> = tokens.iter().map(|(_, lines)| lines.as_str()).collect();
    let service = Service::start_with(Setup {
        config: config.join("\n"),
        token: Some(tokens[0].0.clone()),
        ..Setup::default()
    });
    let post = |secret: &str| {
        let bearer = format!("Bearer {secret}");
        let headers = [BYTES, ("Authorization", bearer.as_str())];
        service.post("/v1/lines", &headers, session(7521))
    };
    let refused = service.post("/v1/lines", &[BYTES], session(7521)).is(401);
    assert_eq!(refused.json()["code"], "token_missing");
    post("whymid_0000").is(401);
    for (secret, _) in &tokens[..2] {
        assert_eq!(post(secret).is(403).json()["code"], "scope_insufficient");
    }
    took_nothing(&service);
    post(&tokens[2].0).is(202);
    post(&tokens[3].0).is(202);
    let ingest = format!("Bearer {}", tokens[2].0);
    service
        .ask("/v1/why?mid=7521", &[("Authorization", &ingest)])
        .is(403);
    service.diagnosed(7521, "receiving-aborted-by-sender");
}

#[test]
fn neither_a_page_of_another_origin_nor_a_web_form_hands_in() {
    let service = Service::start();
    let foreign: [&[(&str, &str)]; 3] = [
        &[BYTES, ("Origin", "https://evil.example")],
        &[BYTES, ("Origin", "null")],
        &[BYTES, ("Sec-Fetch-Site", "cross-site")],
    ];
    for headers in foreign {
        let refused = service.post("/v1/lines", headers, session(7531)).is(403);
        assert_eq!(refused.json()["code"], "origin_foreign", "{headers:?}");
    }
    for media in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
    ] {
        let headers = [("Content-Type", media)];
        let refused = service.post("/v1/lines", &headers, session(7531)).is(415);
        assert_eq!(refused.json()["code"], "media_unsupported", "{media}");
    }
    took_nothing(&service);
    let counted = service.counter("refused", Some(("reason", "media_unsupported")));
    assert_eq!(counted, 3);
}

#[test]
fn a_bomb_ends_early_and_says_to_send_smaller_pieces() {
    let service = Service::start();
    service.post("/v1/lines", &[BYTES], session(7541)).is(202);
    let before = service.resident();
    let megabyte = vec![b'\n'; MIB];
    for (coding, bomb) in [
        ("gzip", gzip(&megabyte).repeat(3000)),
        ("zstd", zstd(&megabyte).repeat(20_000)),
    ] {
        assert!(bomb.len() < 16 * MIB, "{coding}: {}", bomb.len());
        let headers = [BYTES, ("Content-Encoding", coding)];
        let refused = service.post("/v1/lines?lang=ja", &headers, bomb).is(413);
        let problem = refused.json();
        assert_eq!(problem["code"], "body_too_large", "{coding}");
        let help = problem["help"].as_str().expect("a help");
        assert!(help.contains("split") && is_japanese(help), "{help}");
    }
    let grown = service.resident().saturating_sub(before);
    // two bodies of 64 MiB, half as much again while they grow, and what the allocator keeps for
    // a while; the bombs stand for 3 and 20 GB
    assert!(grown < 400 * MIB as u64, "grown by {grown} bytes");
    let plain = vec![b'x'; 64 * MIB + 1];
    service.post("/v1/lines", &[BYTES], plain).is(413);
    service.all_handled(8);
    service.diagnosed(7541, "receiving-aborted-by-sender");
}

#[test]
fn a_body_that_breaks_off_leaves_nothing() {
    let service = Service::start();
    let body = session(7551);
    for (coding, packed) in [("gzip", gzip(&body)), ("zstd", zstd(&body))] {
        let headers = [BYTES, ("Content-Encoding", coding)];
        let half = &packed[..packed.len() - 3];
        let refused = service.post("/v1/lines", &headers, half).is(400);
        assert_eq!(refused.json()["code"], "encoding_broken", "{coding}");
    }
    for framing in [
        format!("Content-Length: {}", body.len() + 1),
        "Transfer-Encoding: chunked".to_owned(),
    ] {
        let mut stream = tcp(service.http);
        let head = format!(
            "POST /v1/lines HTTP/1.1\r\nHost: {}\r\nContent-Type: application/octet-stream\r\n{framing}\r\n\r\n",
            service.http
        );
        let chunk = format!("{:x}\r\n", body.len());
        let chunk = if framing.starts_with('T') { &chunk } else { "" };
        let sent = [head.as_bytes(), chunk.as_bytes(), &body].concat();
        stream.write_all(&sent).expect("the service reads");
        let said = everything(stream);
        assert!(!said.contains(" 202 "), "{said}");
    }
    took_nothing(&service);
    service.get("/v1/why?mid=7551").is(404);
}

#[test]
fn a_body_that_stands_still_is_given_up() {
    let service = Service::start();
    let mut stream = tcp(service.http);
    write!(
        stream,
        "POST /v1/lines HTTP/1.1\r\nHost: {}\r\nContent-Type: application/octet-stream\r\nContent-Length: 1000\r\n\r\nthe first line\n",
        service.http
    )
    .expect("the service reads");
    let mut said = [0; 12];
    stream.read_exact(&mut said).expect("the service answers");
    assert_eq!(&said, b"HTTP/1.1 408");
    let counted = service.counter("refused", Some(("reason", "body_slow")));
    assert_eq!(counted, 1);
    took_nothing(&service);
}

/// What is said once nothing more is sent.
fn everything(mut stream: TcpStream) -> String {
    stream.shutdown(Shutdown::Write).expect("it is open");
    let mut said = Vec::new();
    // a connection that is reset says no more
    let _ = stream.read_to_end(&mut said);
    String::from_utf8_lossy(&said).into_owned()
}

#[test]
fn what_was_acknowledged_survives_a_kill() {
    let service = Service::start();
    let mut sent = 0;
    for mid in 7561..7571 {
        let taken = service.post("/v1/lines", &[BYTES], session(mid)).is(202);
        sent += taken.json()["accepted"].as_u64().expect("a number");
    }
    let service = service.crash_and_restart();
    assert_eq!(service.lines("replayed"), sent);
    for mid in 7561..7571 {
        service.diagnosed(mid, "receiving-aborted-by-sender");
    }
}

#[test]
fn the_same_body_again_adds_nothing_whichever_way_it_came_first() {
    let service = Service::start();
    let body = session(7581);
    tcp(service.tcp)
        .write_all(&body)
        .expect("the service reads");
    service.all_handled(8);
    for _ in 0..2 {
        service.post("/v1/lines", &[BYTES], &body).is(202);
    }
    service.all_handled(24);
    let entries = entries(&service, 7581);
    assert_eq!(entries.len(), 8, "{entries:#?}");
    let once = |entry: &Value| entry["copies"] == 1;
    assert!(entries.iter().all(once), "{entries:#?}");
}

#[test]
fn what_is_said_beside_the_lines_holds_for_each_of_them() {
    let service = Service::start();
    // the lines name another host, no year and no zone, and go over New Year
    let log = concat!(
        "Dec 31 23:59:50 relay mail_logs: Info: New SMTP ICID 61 interface Data 1 (192.0.2.10) address 198.51.100.31 reverse dns host probe.other.example verified yes\n",
        "Dec 31 23:59:51 relay mail_logs: Info: Start MID 7591 ICID 61\n",
        "Dec 31 23:59:51 relay mail_logs: Info: MID 7591 ICID 61 From: <probe@other.example>\n",
        "Jan  1 00:00:03 relay mail_logs: Info: MID 7591 ICID 61 RID 0 To: <info@corp.example>\n",
        "Jan  1 00:00:04 relay mail_logs: Info: Message aborted MID 7591 Receiving aborted by sender\n",
        "Jan  1 00:00:04 relay mail_logs: Info: Message finished MID 7591 aborted\n",
    );
    let path = "/v1/lines?appliance=esa9&lane=archive&year=2014&timezone=Asia/Tokyo";
    let taken = service.post(path, &[BYTES], log).is(202);
    assert_eq!(taken.json()["accepted"], 6);
    is_as_was_said(&service);
    for (query, code) in [
        ("lane=past", "parameter_invalid"),
        ("timezone=Mars/Olympus", "timezone_unknown"),
    ] {
        let path = format!("/v1/lines?{query}");
        let refused = service.post(&path, &[BYTES], log).is(422);
        assert_eq!(refused.json()["code"], code);
    }
    // it was kept with the lines
    is_as_was_said(&service.crash_and_restart());
}

/// MID 7591 is of `esa9` and of New Year 2015 in Tokyo.
#[track_caller]
fn is_as_was_said(service: &Service) {
    let answer = service.diagnosed(7591, "receiving-aborted-by-sender");
    assert_eq!(answer["message"]["appliance"], "esa9", "{answer}");
    let times: Vec<Timestamp> = entries(service, 7591)
        .iter()
        .filter_map(|entry| entry["at"].as_str()?.parse().ok())
        .collect();
    let at = |text: &str| -> Timestamp { text.parse().expect("RFC 3339") };
    assert_eq!(times.iter().min(), Some(&at("2014-12-31T14:59:50Z")));
    assert_eq!(times.iter().max(), Some(&at("2014-12-31T15:00:04Z")));
}

#[test]
fn a_long_line_is_cut_and_counted_and_a_body_without_lines_is_told_so() {
    let service = Service::start();
    let mut body = vec![b'x'; 64 * 1024 + 1];
    body.push(b'\n');
    body.extend(session(7601));
    let taken = service.post("/v1/lines", &[BYTES], body).is(202).json();
    assert_eq!(taken, serde_json::json!({"accepted": 9, "cut": 1}));
    let refused = service.post("/v1/lines", &[BYTES], "\n\n").is(422).json();
    assert_eq!(refused["code"], "no_lines");
    service.all_handled(9);
    let cut = service.counter("line_defects", Some(("defect", "cut")));
    assert_eq!(cut, 1);
    service.diagnosed(7601, "receiving-aborted-by-sender");
}

#[test]
fn a_long_log_is_taken_whole_while_others_go_on() {
    let service = Service::start();
    let first = 300_000;
    let sessions = 1500;
    let log: Vec<u8> = (first..first + sessions).flat_map(session).collect();
    let live = session(7611);
    let taken = std::thread::scope(|scope| {
        let archive = scope.spawn(|| service.post("/v1/lines", &[BYTES], &log).is(202).json());
        tcp(service.tcp)
            .write_all(&live)
            .expect("the service reads");
        service.diagnosed(7611, "receiving-aborted-by-sender");
        archive.join().expect("it was taken")
    });
    assert_eq!(taken["accepted"], sessions * 8);
    service.all_handled(sessions * 8 + 8);
    for mid in [first, first + sessions / 2, first + sessions - 1] {
        service.diagnosed(mid, "receiving-aborted-by-sender");
    }
}
