//! `POST /v1/ask`: tickets as people write them, in both languages, to the mail that they are about.

use serde_json::{Value, json};

use crate::harness::{Service, founding_lines, is_japanese, sender_quit};

/// The founding sessions as an archive, and mail of now.
fn service() -> Service {
    let service = Service::start();
    let headers = [("Content-Type", "application/octet-stream")];
    let founding = founding_lines().join("\n");
    let path = "/v1/lines?lane=archive&appliance=esa1";
    service.post(path, &headers, founding).is(202);
    for (mid, sender) in [
        (1404, "other@partner.example"),
        (9001, "ann@partner.example"),
    ] {
        let lines = sender_quit(mid, sender).stream("esa2");
        service.post("/v1/lines", &headers, lines).is(202);
    }
    service.diagnosed(9001, "receiving-aborted-by-sender");
    service
}

fn ask(service: &Service, text: &str, lang: &str) -> Value {
    let headers = [("Content-Type", "application/json")];
    let body = json!({ "text": text }).to_string();
    let reply = service.post(&format!("/v1/ask?lang={lang}"), &headers, body);
    reply.is(200).json()
}

#[test]
fn a_ticket_s_text_leads_to_the_mail_that_it_is_about() {
    let service = service();
    for (text, mid, appliance, assumed) in [
        // the newest of two with that number
        (
            "My colleague says MID 1404 was aborted. Why?",
            1404,
            "esa2",
            "the newest is meant",
        ),
        // the one that names an address of the text
        (
            "Hello, user@domain.com wrote to us and it never came. The log says MID 1404.",
            1404,
            "esa1",
            "names an address of the text",
        ),
        // the one of that day
        (
            "MID: 1404, it was on 14 August 2014 at 11:05",
            1404,
            "esa1",
            "nearest to the first moment",
        ),
        // no number at all
        (
            "Dear helpdesk, a mail from ann@partner.example is missing since this morning.",
            9001,
            "esa2",
            "no number is known",
        ),
        // one that nobody knows, and one that is
        (
            "MID 77 or MID 9001?",
            9001,
            "esa2",
            "MID 77 is not known here",
        ),
    ] {
        let found = ask(&service, text, "en");
        let message = &found["answer"]["message"];
        assert_eq!(
            (&message["mid"], &message["appliance"]),
            (&json!(mid), &json!(appliance)),
            "{text}: {found:#}"
        );
        let told = found["assumed"].to_string();
        assert!(told.contains(assumed), "{text}: {told}");
    }
}

#[test]
fn a_japanese_ticket_is_read_and_answered_in_japanese() {
    let service = service();
    let found = ask(
        &service,
        "お世話になっております。2014年8月14日（木）午前11時5分頃、ＭＩＤ番号は１４０４のメールが届きません。",
        "ja",
    );
    assert_eq!(found["answer"]["message"]["appliance"], "esa1", "{found:#}");
    assert_eq!(
        found["found"]["times"],
        json!(["2014-08-14T11:05:00+00:00"])
    );
    let summary = found["answer"]["summary"].as_str().expect("a summary");
    assert!(is_japanese(summary), "{summary}");
    let assumed = found["assumed"].as_array().expect("a list");
    assert!(!assumed.is_empty());
    for one in assumed {
        assert!(is_japanese(one.as_str().expect("a sentence")), "{one}");
    }
}

#[test]
fn a_bounce_leads_to_its_article_and_nothing_known_is_said_so() {
    let service = service();
    let bounce = "<bob@nowhere.example>: host mx.nowhere.example said: 550 5.1.1 User unknown (in reply to RCPT TO command)";
    let found = ask(&service, bounce, "en");
    assert!(found.get("answer").is_none(), "{found:#}");
    assert_eq!(found["found"]["addresses"], json!(["bob@nowhere.example"]));
    assert_eq!(found["articles"][0]["id"], "delivery", "{found:#}");
    let nothing = ask(&service, "The printer is on fire.", "en");
    assert!(
        nothing.get("answer").is_none() && nothing["assumed"] == json!([]),
        "{nothing}"
    );
    let headers = [("Content-Type", "application/json")];
    for (body, code) in [
        (r#"{"text": 7}"#, "body_invalid"),
        (
            r#"{"text": "x", "timezone": "Nowhere/At_All"}"#,
            "timezone_unknown",
        ),
        ("{", "body_malformed"),
    ] {
        let refused = service.post("/v1/ask", &headers, body);
        assert_eq!(refused.json()["code"], code, "{body}");
    }
}
