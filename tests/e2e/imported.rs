//! `whymid import`; what is known of appliances and their events; look-ups by `Message-ID`.

use std::io::Write as _;

use serde_json::Value;
use whymid_generator::Written;

use crate::harness::{Service, whymid};
use crate::search::{all, hand_in, ids, log, text};

/// The same lines pushed, imported from files, and imported once more: the same messages.
#[test]
fn what_is_imported_is_what_was_pushed_and_importing_again_adds_nothing() {
    let (plan, lines, _) = log(7, 9_000);
    let only: Vec<Written> = lines
        .into_iter()
        .filter(|line| line.appliance == 0)
        .collect();
    let name = plan.appliances[0].name.to_lowercase();
    let pushed = Service::start();
    let sent = hand_in(&pushed, &plan, &only);
    pushed.all_handled(sent);
    let pushed = pushed.restart();
    let wanted = story(&all(&pushed, ""));
    let counted = counts(&pushed);
    let service = Service::start();
    let folder = service.scratch().join("logs");
    std::fs::create_dir(&folder).expect("a folder");
    // three files: plain, packed, and one that begins with its newest line
    let parts: Vec<&[Written]> = only.chunks(only.len() / 3 + 1).collect();
    let mut newest_first: Vec<&Written> = parts[2].iter().collect();
    newest_first.reverse();
    let packed = |bytes: Vec<u8>| zstd::encode_all(&bytes[..], 3).expect("packed");
    let files = [
        ("c.log", text(&plan, newest_first)),
        ("a.log", text(&plan, parts[0])),
        ("b.log.zst", packed(text(&plan, parts[1]))),
    ];
    let mut arguments = vec![
        "import".to_owned(),
        "--to".to_owned(),
        format!("http://{}", service.http),
        "--appliance".to_owned(),
        name,
        "--year".to_owned(),
        plan.begins.year().to_string(),
        "--state".to_owned(),
        folder.join("state").display().to_string(),
    ];
    for (file, bytes) in files {
        let path = folder.join(file);
        let mut file = std::fs::File::create(&path).expect("a file");
        file.write_all(&bytes).expect("written");
        arguments.push(path.display().to_string());
    }
    let ran = whymid(&arguments).exits(0);
    assert!(
        ran.stdout
            .contains(&format!("3 of 3 files imported, {sent} lines")),
        "{}",
        ran.stdout
    );
    service.all_handled(sent);
    // what is done is not sent again; sent again, it changes nothing
    let ran = whymid(&arguments).exits(0);
    assert!(
        ran.stdout.contains("3 of 3 files imported, 0 lines"),
        "{}",
        ran.stdout
    );
    let service = service.restart();
    assert_eq!(story(&all(&service, "")), wanted);
    assert_eq!(counts(&service), counted);
    let before = all(&service, "");
    arguments[2] = format!("http://{}", service.http);
    arguments.push("--again".to_owned());
    whymid(&arguments).exits(0);
    service.eventually("handled again", || {
        let handled = service.lines("attached") + service.lines("events");
        (handled >= sent).then_some(())
    });
    let service = service.restart();
    let after = all(&service, "");
    assert_eq!(story(&after), wanted);
    assert_eq!(ids(&after), ids(&before));
    assert_eq!(counts(&service), counted);
}

/// What the statistics say, once every family is looked at.
fn counts(service: &Service) -> Vec<Value> {
    service.eventually("every family is looked at", || {
        let status = service.get("/v1/status").is(200).json();
        (status["unsettled"] == 0).then_some(())
    });
    let by = [
        "outcome",
        "diagnosis",
        "party",
        "host",
        "sender_domain",
        "recipient_domain",
    ];
    let groups = by.iter().map(|by| {
        let path = format!("/v1/stats?group_by={by}&limit=1000");
        let stats = service.get(&path).is(200).json();
        assert_eq!(stats["unsettled"], 0, "{stats}");
        stats["groups"].clone()
    });
    groups.collect()
}

/// Messages without what differs from one data folder to another.
fn story(items: &[Value]) -> Vec<Value> {
    let bare = |one: &Value| {
        let mut one = one.clone();
        one["url"].take();
        one
    };
    items.iter().map(bare).collect()
}

#[test]
fn a_message_is_found_by_its_message_id_and_an_unknown_one_says_so() {
    let service = Service::start();
    let lines = "Thu Aug 14 11:05:30 2014 Info: Start MID 77 ICID 5\n\
        Thu Aug 14 11:05:31 2014 Info: MID 77 Message-ID '<Ab.1@mail.partner.example>'\n\
        Thu Aug 14 11:05:36 2014 Info: Message aborted MID 77 Receiving aborted\n\
        Thu Aug 14 11:05:36 2014 Info: Message finished MID 77 aborted\n";
    let headers = [("Content-Type", "application/octet-stream")];
    let path = "/v1/lines?lane=archive&appliance=esa1";
    service.post(path, &headers, lines).is(202);
    service.all_handled(4);
    let of = "message_id=%3CAb.1@mail.partner.example%3E";
    let live = service.get(&format!("/v1/why?{of}")).is(200).json();
    assert_eq!(live["message"]["mid"], 77);
    let service = service.restart();
    let written = service.get(&format!("/v1/why?{of}")).is(200).json();
    assert_eq!(written["message"]["id"], live["message"]["id"]);
    let unknown = service
        .get("/v1/why?message_id=ab.1@mail.partner.example")
        .is(404)
        .json();
    assert_eq!(unknown["code"], "mid_unknown");
    assert_eq!(unknown["answer"]["diagnosis"]["id"], "mid-unknown");
}

#[test]
fn appliances_tell_what_they_are_and_their_events_are_found() {
    let service = Service::start();
    let lines = "Thu Aug 14 11:05:30 2014 Info: Version: 15.0.0-104 SN: 0123456789AB-CDEFGHI\n\
        Thu Aug 14 11:05:30 2014 Info: Time offset from UTC: 7200 seconds\n\
        Thu Aug 14 11:05:36 2014 Info: ICID 0 TCPREFUSE SG BLACKLIST match sbrs[-10.0:-3.0] SBRS -4.2\n\
        Thu Aug 14 11:05:37 2014 Info: what nobody has seen before\n";
    let headers = [("Content-Type", "application/octet-stream")];
    service
        .post("/v1/lines?lane=archive&appliance=ESA7", &headers, lines)
        .is(202);
    service.all_handled(4);
    let all = service.get("/v1/appliances").is(200).json();
    let one = &all["items"][0];
    assert_eq!(one["name"], "esa7");
    assert_eq!(one["serial"], "0123456789AB-CDEFGHI");
    assert_eq!(one["version"], "15.0.0-104");
    assert_eq!(one["zone"], "learned");
    assert_eq!(
        (&one["lines"], &one["not_understood"]),
        (&4.into(), &1.into())
    );
    assert_eq!(one["last_line_at"], "2014-08-14T09:05:37+00:00");
    let service = service.restart();
    let found = service
        .get("/v1/appliances/ESA7/events?q=TCPREFUSE")
        .is(200)
        .json();
    let items = found["items"].as_array().expect("a list");
    assert_eq!(items.len(), 1, "{found}");
    assert_eq!(items[0]["at"], "2014-08-14T09:05:36+00:00");
    let all = service
        .get("/v1/appliances/esa7/events?sort=start")
        .is(200)
        .json();
    assert_eq!(all["items"].as_array().map(Vec::len), Some(4), "{all}");
    let none = service.get("/v1/appliances/esa8/events").is(200).json();
    assert_eq!(none["items"].as_array().map(Vec::len), Some(0));
}
