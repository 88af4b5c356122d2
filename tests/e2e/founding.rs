//! The three sessions of the founding document (Cisco Document ID 118295), joined to unwrapped
//! lines and pushed by rsyslog, get the answers that the product was made for.

use serde_json::Value;

use crate::harness::{
    Forward, Rsyslog, Service, datagrams, founding_lines, is_japanese, recent, whymid,
};

/// MID, diagnosis, confidence, and what must be among the evidence.
const EXPECTED: [(u64, &str, &str, &str); 3] = [
    (
        1404,
        "receiving-aborted-connection-lost",
        "likely",
        "ICID 10293 lost",
    ),
    (
        1_558_778,
        "receiving-aborted-inbound-timeout",
        "possible",
        "Message aborted MID 1558778 Receiving aborted",
    ),
    (
        1412,
        "receiving-aborted-by-sender",
        "certain",
        "Message aborted MID 1412 Receiving aborted by sender",
    ),
];

fn text(value: &Value) -> &str {
    value
        .as_str()
        .unwrap_or_else(|| panic!("not a text: {value}"))
}

fn list<'v>(value: &'v Value, what: &str) -> &'v [Value] {
    let list = value[what]
        .as_array()
        .unwrap_or_else(|| panic!("no list {what} in {value}"));
    assert!(!list.is_empty(), "{what} is empty in {value}");
    list
}

/// Everything that an answer promises about one of the three, and its article.
fn holds(
    service: &Service,
    lines: &[String],
    (mid, id, confidence, proof): (u64, &str, &str, &str),
) {
    let answer = service.diagnosed(mid, id);
    let diagnosis = &answer["diagnosis"];
    assert_eq!(diagnosis["confidence"], confidence, "{diagnosis}");
    assert_eq!(diagnosis["custody"], "sender", "{diagnosis}");
    assert_eq!(answer["message"]["outcome"], "aborted", "{answer}");
    assert_eq!(answer["message"]["appliance"], "esa1", "{answer}");
    let evidence = list(diagnosis, "evidence");
    for one in evidence {
        let line = text(&one["line"]);
        assert!(
            lines.iter().any(|sent| sent.ends_with(line)),
            "`{line}` was never sent"
        );
        assert!(!text(&one["shows"]).is_empty());
    }
    assert!(
        evidence.iter().any(|one| one["line"] == proof),
        "{proof} is no evidence in {diagnosis}"
    );
    for one in list(diagnosis, "ruled_out") {
        assert_ne!(one["id"], id);
        assert!(!text(&one["because"]).is_empty());
    }
    section_of(service, id, &list(diagnosis, "articles")[0], "en");
}

/// The article's address answers, with the section about this diagnosis, in this language.
fn section_of(service: &Service, id: &str, article: &Value, lang: &str) {
    assert_eq!(article["lang"], lang, "{article}");
    let url = text(&article["url"]);
    assert!(
        url.ends_with(&format!("#{id}")),
        "{url} leads to no section"
    );
    let (page, _) = url.split_once('#').expect("just seen");
    let reply = service.ask(page, &[("Accept", "text/html")]).is(200);
    assert!(
        reply.body.contains(&format!("id=\"{id}\"")),
        "{url} has no such section"
    );
    let section = reply
        .body
        .split(&format!("id=\"{id}\""))
        .nth(1)
        .unwrap_or_default();
    let opening: String = section.chars().take(400).collect();
    assert_eq!(
        is_japanese(&opening),
        lang == "ja",
        "{url} is in another language: {opening}"
    );
}

/// Every human text of the answer in Japanese.
fn holds_in_japanese(service: &Service, (mid, id, ..): (u64, &str, &str, &str)) {
    let answer = service
        .get(&format!("/v1/why?mid={mid}&lang=ja"))
        .is(200)
        .json();
    let diagnosis = &answer["diagnosis"];
    assert_eq!(diagnosis["id"], id);
    let mut texts = vec![
        &answer["summary"],
        &diagnosis["title"],
        &diagnosis["explanation"],
        &diagnosis["for_the_helpdesk"],
    ];
    texts.extend(list(diagnosis, "evidence").iter().map(|one| &one["shows"]));
    texts.extend(
        list(diagnosis, "ruled_out")
            .iter()
            .map(|one| &one["because"]),
    );
    texts.extend(list(diagnosis, "next_steps").iter().map(|one| &one["text"]));
    texts.extend(
        diagnosis["would_raise_confidence"]
            .as_array()
            .into_iter()
            .flatten(),
    );
    texts.push(&diagnosis["articles"][0]["title"]);
    for one in texts {
        assert!(is_japanese(text(one)), "not Japanese: {one}");
    }
    section_of(service, id, &list(diagnosis, "articles")[0], "ja");
}

/// `whymid explain` says the same without a service.
fn explain_agrees(service: &Service, lines: &[String], mid: u64) {
    let log = service.scratch().join("founding.log");
    std::fs::write(&log, lines.join("\n")).expect("a temporary file");
    let (mid, log) = (mid.to_string(), log.display().to_string());
    let alone = whymid(&["explain", "--format", "json", "--mid", &mid, &log])
        .exits(0)
        .json();
    let served = service.get(&format!("/v1/why?mid={mid}")).is(200).json();
    assert_eq!(served["summary"], alone["summary"]);
    let mut pair = [served["diagnosis"].clone(), alone["diagnosis"].clone()];
    for diagnosis in &mut pair {
        let articles = diagnosis["articles"].as_array_mut().expect("a list");
        for article in articles {
            let path = text(&article["url"])
                .trim_start_matches("http://")
                .to_owned();
            article["url"] = path.split_once('/').map_or("", |(_, path)| path).into();
        }
    }
    assert_eq!(pair[0], pair[1]);
}

fn pushed_by_rsyslog(how: Forward) {
    let service = Service::start();
    let lines = founding_lines();
    let to = if how == Forward::Udp {
        service.udp
    } else {
        service.tcp
    };
    let _rsyslog = Rsyslog::push(&lines, how, to);
    service.all_handled(lines.len() as u64);
    for expected in EXPECTED {
        holds(&service, &lines, expected);
        holds_in_japanese(&service, expected);
        explain_agrees(&service, &lines, expected.0);
    }
}

#[test]
fn the_founding_sessions_pushed_by_rsyslog_over_udp_are_answered() {
    pushed_by_rsyslog(Forward::Udp);
}

#[test]
fn the_founding_sessions_pushed_by_rsyslog_over_tcp_are_answered() {
    pushed_by_rsyslog(Forward::Tcp);
}

#[test]
fn the_founding_sessions_pushed_by_rsyslog_over_octet_counted_tcp_are_answered() {
    pushed_by_rsyslog(Forward::TcpOctetCounted);
}

#[test]
fn a_founding_session_of_just_now_gets_the_year_of_now() {
    let service = Service::start();
    let lines = founding_lines();
    // seconds from the document's first stamp to each of its first nine
    let after = [0, 0, 20, 20, 29, 65, 65, 65, 65];
    let now: Vec<String> = after
        .iter()
        .zip(&lines)
        .map(|(after, line)| format!("<166>{}{}", recent(70 - after), &line[15..]))
        .collect();
    datagrams(service.udp, &now);
    let answer = service.diagnosed(1404, "receiving-aborted-connection-lost");
    let started: jiff::Timestamp = text(&answer["message"]["started_at"])
        .parse()
        .expect("RFC 3339");
    let ago = jiff::Timestamp::now().duration_since(started).as_secs();
    assert!((0..3600).contains(&ago), "it started {ago} s ago: {answer}");
}

#[test]
fn the_answer_is_also_text_markdown_and_a_page_and_its_links_lead_somewhere() {
    let service = Service::start();
    let lines: Vec<String> = founding_lines()
        .iter()
        .map(|line| format!("<166>{line}"))
        .collect();
    datagrams(service.udp, &lines);
    let answer = service.diagnosed(1404, "receiving-aborted-connection-lost");
    for form in ["text/plain", "text/markdown", "text/html"] {
        let reply = service.ask("/v1/why?mid=1404", &[("Accept", form)]).is(200);
        assert!(
            reply
                .header("content-type")
                .is_some_and(|kind| kind.starts_with(form)),
            "{reply:?}"
        );
        for told in ["1404", "10293 lost"] {
            assert!(
                reply.body.contains(told),
                "{form} leaves out {told}:\n{}",
                reply.body
            );
        }
    }
    let page = service
        .ask(text(&answer["message"]["url"]), &[("Accept", "text/html")])
        .is(200);
    assert!(page.body.contains("ICID 10293 lost"), "{}", page.body);
    let id = text(&answer["message"]["id"]);
    let timeline = service.get(&format!("/v1/messages/{id}")).is(200).json();
    let told: Vec<&str> = list(&timeline, "entries")
        .iter()
        .map(|entry| text(&entry["line"]))
        .collect();
    let session = &lines[..9];
    assert_eq!(told.len(), session.len(), "{told:#?}");
    for line in session {
        assert!(
            told.iter().any(|told| line.ends_with(told)),
            "the timeline leaves out {line}"
        );
    }
}
