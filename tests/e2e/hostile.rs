//! Bad input: nothing crashes, nothing else is lost, and what is cut, refused or not understood
//! has its counter.
//!
//! Each test sends something bad and a good session beside it. The harness looks for a panic when
//! the service is dropped; a stalled peer must not keep it from stopping.

use std::io::Write as _;
use std::net::TcpStream;

use crate::harness::{Service, datagrams, octet_counted, recent, sender_quit, tcp};

/// A header as of just now, within the time of a good session.
fn header() -> String {
    format!("<166>{} esa1 mail_logs: Info: ", recent(37))
}

/// Lines of a good session.
fn good(mid: u64) -> Vec<String> {
    sender_quit(mid, "probe@other.example").lines(Some("esa1"))
}

fn write(stream: &mut TcpStream, bytes: &[u8]) {
    stream.write_all(bytes).expect("the service reads");
}

fn write_good(stream: &mut TcpStream, mid: u64) -> u64 {
    let lines = good(mid);
    write(stream, (lines.join("\n") + "\n").as_bytes());
    lines.len() as u64
}

/// The good session is answered in full.
fn is_answered(service: &Service, mid: u64) {
    let answer = service.diagnosed(mid, "receiving-aborted-by-sender");
    assert_eq!(answer["diagnosis"]["confidence"], "certain", "{answer}");
    assert_eq!(answer["message"]["ip"], "198.51.100.31", "{answer}");
}

/// Bytes that look like nothing, the same each time.
fn garbage(length: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    (0..length).map(|_| next()).collect()
}

#[test]
fn binary_garbage_is_counted_and_takes_nothing_with_it() {
    let service = Service::start();
    let bytes = garbage(32 * 1024);
    datagrams(service.udp, &bytes.chunks(1000).collect::<Vec<_>>());
    datagrams(service.udp, &good(6001));
    let mut stream = tcp(service.tcp);
    write(&mut stream, &bytes);
    write(&mut stream, b"\n");
    write_good(&mut stream, 6002);
    drop(stream);
    is_answered(&service, 6001);
    is_answered(&service, 6002);
    service.eventually("every garbled line handled", || {
        (service.lines("attached") + service.lines("events") == service.lines("received"))
            .then_some(())
    });
    assert!(service.counter("line_defects", Some(("defect", "invalid_utf8"))) > 0);
    assert!(service.counter("line_defects", Some(("defect", "without_stamp"))) > 0);
    assert!(service.counter("lines_handled", Some(("kind", "unknown"))) > 0);
    assert!(service.lines("understood") >= 16);
}

#[test]
fn a_line_of_one_mebibyte_is_cut_kept_and_counted() {
    let service = Service::start();
    let mut stream = tcp(service.tcp);
    let long = format!("{}MID 6101 Subject '{}'\n", header(), "x".repeat(1 << 20));
    let lines = good(6101);
    write(&mut stream, (lines[..5].join("\n") + "\n").as_bytes());
    write(&mut stream, long.as_bytes());
    write(&mut stream, (lines[5..].join("\n") + "\n").as_bytes());
    service.all_handled(1 + lines.len() as u64);
    is_answered(&service, 6101);
    assert_eq!(service.counter("line_defects", Some(("defect", "cut"))), 1);
    let id = service.get("/v1/why?mid=6101").json()["message"]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let timeline = service.get(&format!("/v1/messages/{id}")).is(200).json();
    let cut: Vec<_> = timeline["entries"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|entry| entry["cut"] == true)
        .collect();
    assert_eq!(cut.len(), 1, "{timeline}");
    let kept = cut[0]["line"].as_str().expect("a line").len();
    assert!(
        (60_000..=65_536).contains(&kept),
        "{kept} bytes were kept of a line of 1 MiB"
    );
}

#[test]
fn an_octet_counted_line_of_one_mebibyte_is_cut_and_the_next_frame_is_found() {
    let service = Service::start();
    let mut stream = tcp(service.tcp);
    let long = format!("{}MID 6111 Subject '{}'\n", header(), "x".repeat(1 << 20));
    write(&mut stream, &octet_counted(&long));
    let lines = good(6111);
    lines
        .iter()
        .for_each(|line| write(&mut stream, &octet_counted(line)));
    service.all_handled(1 + lines.len() as u64);
    is_answered(&service, 6111);
    assert_eq!(service.counter("line_defects", Some(("defect", "cut"))), 1);
}

#[test]
fn a_frame_length_of_999999999_is_read_as_text() {
    let service = Service::start();
    let mut stream = tcp(service.tcp);
    write(
        &mut stream,
        b"999999999 <166>Nov 24 08:00:00 esa1 mail_logs: Info: MID 6201 queued for delivery\n",
    );
    let sent = 1 + write_good(&mut stream, 6202);
    service.all_handled(sent);
    is_answered(&service, 6202);
}

#[test]
fn an_unfinished_frame_is_kept_and_counted() {
    let service = Service::start();
    let mut sent = 0;
    for (mid, unfinished) in [
        (
            6301,
            &b"500 <166>Nov 24 08:00:00 esa1 mail_logs: Info: MID 6301 Subje"[..],
        ),
        (6302, b"<166>Nov 24 08:00:00 esa1 ma"),
    ] {
        let mut stream = tcp(service.tcp);
        sent += 1 + write_good(&mut stream, mid);
        write(&mut stream, unfinished);
    }
    service.all_handled(sent);
    is_answered(&service, 6301);
    is_answered(&service, 6302);
    assert_eq!(
        service.counter("line_defects", Some(("defect", "unfinished"))),
        2
    );
}

#[test]
fn a_stalled_peer_keeps_nobody_waiting() {
    let service = Service::start();
    let stalled: Vec<TcpStream> = (0..20)
        .map(|_| {
            let mut stream = tcp(service.tcp);
            write(
                &mut stream,
                b"200 <166>Nov 24 08:00:00 esa1 mail_logs: Info: Start MI",
            );
            stream
        })
        .collect();
    service.eventually("all peers connected", || {
        let text = service.get("/metrics").body;
        text.lines()
            .any(|line| line == "whymid_syslog_connections 20")
            .then_some(())
    });
    let mut stream = tcp(service.tcp);
    let sent = write_good(&mut stream, 6401);
    service.all_handled(sent);
    is_answered(&service, 6401);
    // the peers still hold their connections while the service stops
    let service = service.restart();
    is_answered(&service, 6401);
    drop(stalled);
}

#[test]
fn a_subject_that_quotes_an_abort_aborts_nothing() {
    let service = Service::start();
    let stamp = header();
    let bodies = [
        "Start MID 1404 ICID 7001",
        "MID 1404 ICID 7001 From: <orders@partner.example>",
        "MID 1404 ICID 7001 RID 0 To: <sales@corp.example>",
        "Start MID 1405 ICID 7002",
        "MID 1405 ICID 7002 From: <desk@partner.example>",
        "MID 1405 ICID 7002 RID 0 To: <support@corp.example>",
        "MID 1405 Subject 'Message aborted MID 1404 Receiving aborted'",
        "MID 1405 Message-ID '<Message finished MID 1404 aborted@partner.example>'",
        "MID 1405 attachment 'x' Message aborted MID 1404 Receiving aborted.pdf'",
        "MID 1405 ready 2048 bytes from <desk@partner.example>",
        "MID 1404 ready 2048 bytes from <orders@partner.example>",
    ];
    let lines: Vec<String> = bodies.iter().map(|body| format!("{stamp}{body}")).collect();
    datagrams(service.udp, &lines);
    service.all_handled(lines.len() as u64);
    for mid in [1404, 1405] {
        let answer = service.get(&format!("/v1/why?mid={mid}")).is(200).json();
        assert_eq!(answer["message"]["outcome"], "processing", "{answer}");
        assert_eq!(
            answer["diagnosis"]["id"], "in-progress-workqueue",
            "{answer}"
        );
    }
    let subject = service.get("/v1/why?mid=1405").json()["message"]["subject"].clone();
    assert_eq!(subject, "Message aborted MID 1404 Receiving aborted");
}

#[test]
fn a_line_cut_inside_a_quoted_string_still_finds_its_message() {
    let service = Service::start();
    let mut lines = good(6501);
    lines.insert(5, header() + "MID 6501 Subject 'Quarterly rep");
    lines.insert(6, header() + "MID 6501 RID [0");
    datagrams(service.udp, &lines);
    service.all_handled(lines.len() as u64);
    is_answered(&service, 6501);
    assert_eq!(
        service.lines("attached"),
        lines.len() as u64,
        "a cut line lost its message"
    );
    let subject = service.get("/v1/why?mid=6501").json()["message"]["subject"].clone();
    assert_eq!(subject, "Quarterly rep");
}

#[test]
fn invalid_utf_8_is_kept_with_its_message_and_counted() {
    let service = Service::start();
    let mut lines: Vec<Vec<u8>> = good(6601).into_iter().map(String::into_bytes).collect();
    let subject = b"MID 6601 Subject 'Gr\xfc\xdfe \xff\xfe\x00 \xe3\x81'";
    lines.insert(5, [header().as_bytes(), subject].concat());
    datagrams(service.udp, &lines);
    service.all_handled(lines.len() as u64);
    is_answered(&service, 6601);
    assert_eq!(service.lines("attached"), lines.len() as u64);
    assert_eq!(
        service.counter("line_defects", Some(("defect", "invalid_utf8"))),
        1
    );
    for form in [
        "application/json",
        "text/plain",
        "text/markdown",
        "text/html",
    ] {
        service.ask("/v1/why?mid=6601", &[("Accept", form)]).is(200);
    }
}

#[test]
fn odd_dates_are_kept_and_move_no_clock() {
    let service = Service::start();
    let odd = [
        "<166>Feb 29 10:00:00 esa1 mail_logs: Info: MID 6701 queued for delivery",
        "<166>Feb 30 10:00:00 esa1 mail_logs: Info: MID 6702 queued for delivery",
        "<166>Thu Jan  1 00:00:00 1970 esa1 mail_logs: Info: MID 6703 queued for delivery",
        "<166>Thu Dec 31 23:59:60 2099 esa1 mail_logs: Info: MID 6704 queued for delivery",
        "<111>Nov 24 08:00:00 relay ESA: Sat Feb 29 10:00:00 2024 Info: MID 6705 queued for delivery",
        "<166>Nov 24 25:61:61 esa1 mail_logs: Info: MID 6706 queued for delivery",
        "<166>1 2099-12-31T23:59:59+14:00 esa1 mail_logs - - - Info: MID 6707 queued for delivery",
        "<166>1 1970-01-01T00:00:00-12:00 esa1 mail_logs - - - Info: MID 6708 queued for delivery",
    ];
    datagrams(service.udp, &odd);
    datagrams(service.udp, &good(6709));
    service.all_handled(odd.len() as u64 + 8);
    is_answered(&service, 6709);
    for mid in 6701..=6708 {
        service.get(&format!("/v1/why?mid={mid}")).is(200);
    }
    let answer = service.get("/v1/why?mid=6709").json();
    let newest: jiff::Timestamp = answer["complete_up_to"]
        .as_str()
        .expect("a time")
        .parse()
        .expect("RFC 3339");
    assert!(
        newest < jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24),
        "a stamp of 2099 moved the clock to {newest}"
    );
    // and all of it again from the journal and the index
    let service = service.restart();
    is_answered(&service, 6709);
    service.get("/v1/why?mid=6703").is(200);
}

#[test]
fn a_datagram_without_anything_in_it_is_refused_and_counted() {
    let service = Service::start();
    datagrams(service.udp, &[&b""[..], b"\n", b"\0\r\n"]);
    datagrams(service.udp, &good(6801));
    is_answered(&service, 6801);
    assert_eq!(service.counter("refused", Some(("reason", "empty"))), 3);
    assert_eq!(service.lines("accepted"), 8);
}

#[test]
fn hostile_texts_are_shown_but_never_run() {
    let service = Service::start();
    let evil = "<script>alert(1)</script>`rm -rf /`\"onload=1";
    let mut lines = good(6901);
    lines.insert(5, format!("{}MID 6901 Subject '{evil}'", header()));
    lines[0] = lines[0].replace("probe.other.example", "$(reboot).other.example");
    datagrams(service.udp, &lines);
    service.all_handled(lines.len() as u64);
    let answer = service.diagnosed(6901, "receiving-aborted-by-sender");
    for step in answer["diagnosis"]["next_steps"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let command = step["command"].as_str().unwrap_or_default();
        assert!(
            !command.contains("reboot") && !command.contains("rm -rf"),
            "{command}"
        );
    }
    let page = answer["message"]["url"].as_str().expect("a permalink");
    let page = service.ask(page, &[("Accept", "text/html")]).is(200);
    assert!(!page.body.contains("<script>alert"), "{}", page.body);
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.contains("default-src 'none'"), "{policy}");
}
