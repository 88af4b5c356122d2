//! Who may ask, and who may send.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::harness::{Service, Setup, datagrams, sender_quit, tcp_from, udp_from, whymid};

/// A new token: the secret, and the lines for the configuration.
pub(crate) fn token(name: &str, scope: &str) -> (String, String) {
    let printed = whymid(&["token", "new", "--name", name, "--scope", scope])
        .exits(0)
        .stdout;
    let secret = printed
        .lines()
        .map(str::trim)
        .find(|line| line.starts_with("whymid_"))
        .expect("the token");
    let lines = printed
        .lines()
        .skip_while(|line| *line != "[[tokens]]")
        .take_while(|line| !line.is_empty());
    (
        secret.to_owned(),
        lines.collect::<Vec<_>>().join("\n") + "\n",
    )
}

#[test]
fn with_a_token_configured_nobody_reads_without_one() {
    let (desk, desk_lines) = token("desk", "read");
    let (feed, feed_lines) = token("feed", "ingest");
    let config = format!("{desk_lines}\n{feed_lines}");
    assert!(
        !config.contains(&desk),
        "the configuration keeps no secret: {config}"
    );
    let service = Service::start_with(Setup {
        config,
        token: Some(desk.clone()),
        ..Setup::default()
    });
    datagrams(
        service.udp,
        &sender_quit(7101, "probe@other.example").lines(Some("esa1")),
    );
    service.diagnosed(7101, "receiving-aborted-by-sender");
    for closed in [
        "/v1/why?mid=7101",
        "/v1/status",
        "/v1/diagnoses",
        "/metrics",
        "/messages/x",
    ] {
        let refused = service.ask(closed, &[]);
        assert_eq!(refused.status, 401, "{closed}: {}", refused.body);
        assert!(
            refused
                .header("www-authenticate")
                .is_some_and(|way| way.starts_with("Bearer")),
            "{closed}"
        );
    }
    for secret in ["whymid_0000", &desk[..desk.len() - 1], &format!("{feed}0")] {
        let bearer = format!("Bearer {secret}");
        let refused = service
            .ask("/v1/why?mid=7101", &[("Authorization", &bearer)])
            .is(401);
        assert!(
            !refused.body.contains(secret),
            "a secret is never shown: {}",
            refused.body
        );
    }
    let refused = service
        .ask(
            "/v1/why?mid=7101",
            &[("Authorization", &format!("Bearer {feed}"))],
        )
        .is(403);
    assert_eq!(refused.json()["code"], "scope_insufficient");
    for open in ["/healthz", "/readyz", "/openapi.yaml", "/kb"] {
        let reply = service.ask(open, &[]);
        assert_eq!(reply.status, 200, "{open}: {}", reply.body);
    }
    assert!(!service.log().contains(&desk), "a secret is never logged");
}

#[test]
fn a_scope_that_there_is_not_is_named_with_those_there_are() {
    let ran = whymid(&["token", "new", "--name", "desk", "--scope", "reed"]).exits(2);
    assert!(
        ran.stderr.contains("reed") && ran.stderr.contains("read"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_page_of_another_origin_cannot_read_an_answer() {
    let service = Service::start();
    datagrams(
        service.udp,
        &sender_quit(7201, "probe@other.example").lines(Some("esa1")),
    );
    service.diagnosed(7201, "receiving-aborted-by-sender");
    let path = "/v1/why?mid=7201";
    let foreign: [&[(&str, &str)]; 4] = [
        &[("Origin", "https://evil.example")],
        &[("Origin", "null")],
        &[
            ("Sec-Fetch-Site", "cross-site"),
            ("Sec-Fetch-Mode", "no-cors"),
        ],
        &[("Origin", "http://127.0.0.1:1")],
    ];
    for headers in foreign {
        let reply = service.ask(path, headers);
        assert_eq!(reply.status, 403, "{headers:?}: {}", reply.body);
        assert_eq!(reply.json()["code"], "origin_foreign");
        assert!(
            !reply.body.contains("probe@other.example"),
            "{headers:?}: {}",
            reply.body
        );
        assert!(
            reply.header("access-control-allow-origin").is_none(),
            "{headers:?}"
        );
    }
    let own = format!("http://{}", service.http);
    let reply = service.ask(path, &[("Origin", &own)]).is(200);
    assert!(reply.header("access-control-allow-origin").is_none());
    assert_eq!(
        reply.header("cross-origin-resource-policy"),
        Some("same-origin")
    );
}

#[test]
fn a_name_that_is_not_ours_is_refused() {
    let service = Service::start();
    // a rebound name: the browser believes that it still talks to evil.example
    let status = |host: &str| {
        let mut stream = TcpStream::connect(service.http).expect("the service takes connections");
        write!(
            stream,
            "GET /v1/status HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        )
        .expect("the service reads");
        let mut reply = String::new();
        stream
            .read_to_string(&mut reply)
            .expect("the service answers");
        reply
            .split(' ')
            .nth(1)
            .map(str::to_owned)
            .unwrap_or_default()
    };
    assert_eq!(status("evil.example"), "421");
    assert_eq!(
        status(&format!("evil.example:{}", service.http.port())),
        "421"
    );
    assert_eq!(status(&service.http.to_string()), "200");
    assert_eq!(status("localhost"), "200");
}

#[test]
fn a_web_form_of_another_site_cannot_paste_a_log() {
    let service = Service::start();
    let log = sender_quit(7301, "probe@other.example")
        .lines(Some("esa1"))
        .join("\n");
    let plain = ("Content-Type", "text/plain");
    service.post("/v1/explain", &[plain], &log).is(415);
    service
        .post(
            "/v1/explain",
            &[("Content-Type", "application/x-www-form-urlencoded")],
            &log,
        )
        .is(415);
    let answers = service
        .post("/v1/explain", &[plain, ("X-Whymid", "1")], &log)
        .is(200)
        .json();
    assert_eq!(
        answers["items"][0]["diagnosis"]["id"], "receiving-aborted-by-sender",
        "{answers}"
    );
    assert_eq!(
        service.get("/v1/why?mid=7301").status,
        404,
        "a pasted log is stored nowhere"
    );
}

#[test]
fn only_the_networks_of_syslog_allow_may_send_and_the_others_are_counted() {
    let config = "[syslog]\nallow = [\"127.0.0.2/32\", \"192.0.2.0/24\"]\n".to_owned();
    let service = Service::start_with(Setup {
        config,
        ..Setup::default()
    });
    let refused = sender_quit(7401, "stranger@other.example").lines(None);
    udp_from("127.0.0.1", service.udp, &refused);
    drop(tcp_from("127.0.0.3", service.tcp));
    let mut stream = tcp_from("127.0.0.2", service.tcp);
    let allowed = sender_quit(7402, "probe@other.example").lines(None);
    stream
        .write_all((allowed.join("\n") + "\n").as_bytes())
        .expect("the service reads");
    udp_from(
        "127.0.0.2",
        service.udp,
        &sender_quit(7403, "probe@other.example").lines(None),
    );
    service.all_handled(16);
    service.diagnosed(7402, "receiving-aborted-by-sender");
    service.diagnosed(7403, "receiving-aborted-by-sender");
    let counted = refused.len() as u64 + 1;
    service.eventually("every refusal counted", || {
        (service.counter("refused", Some(("reason", "not_allowed"))) == counted).then_some(())
    });
    assert_eq!(service.get("/v1/why?mid=7401").status, 404);
}
