//! What a start reads again: only what the index does not hold, and it says how much.
//!
//! The waits are those of the product: a finished record is written after 10 s, any other after a
//! minute.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use crate::harness::{Service, recent, sender_quit, tcp, wait_at_most};

/// The longest that something may take that happens after a minute.
const PATIENCE: Duration = Duration::from_secs(180);

fn send(stream: &mut TcpStream, body: &str) {
    let stamp = recent(0);
    writeln!(stream, "<166>{stamp} esa1 mail_logs: Info: {body}").expect("the service reads");
}

/// Lines of a message that is not over.
fn begin(stream: &mut TcpStream, mid: u64) -> u64 {
    let bodies = [
        format!("Start MID {mid} ICID 0"),
        format!("MID {mid} ICID 0 From: <probe@other.example>"),
        format!("MID {mid} ICID 0 RID 0 To: <info@corp.example>"),
    ];
    bodies.iter().for_each(|body| send(stream, body));
    bodies.len() as u64
}

fn number(service: &Service, path: &[&str]) -> u64 {
    let status = service.get("/v1/status").json();
    let value = path.iter().fold(&status, |value, name| &value[name]);
    value
        .as_u64()
        .unwrap_or_else(|| panic!("no {path:?} in {status}"))
}

fn id(service: &Service, mid: u64) -> String {
    let answer = service.get(&format!("/v1/why?mid={mid}")).is(200).json();
    answer["message"]["id"].as_str().expect("an id").to_owned()
}

#[test]
fn what_was_begun_behind_the_last_commit_is_read_again_and_nothing_else() {
    let service = Service::start();
    let mut stream = tcp(service.tcp);
    let finished = sender_quit(8001, "probe@other.example").stream("esa1");
    stream.write_all(&finished).expect("the service reads");
    let begun = begin(&mut stream, 8002);
    service.all_handled(8 + begun);
    let before = [8001, 8002].map(|mid| id(&service, mid));
    service.eventually("the finished ones written", || {
        (number(&service, &["index_documents"]) == 2).then_some(())
    });
    let mut service = service;
    for _ in 0..2 {
        service = service.crash_and_restart();
        assert_eq!(service.lines("replayed"), begun);
        assert_eq!([8001, 8002].map(|mid| id(&service, mid)), before);
        let log = service.log();
        assert!(log.contains(&format!("lines={begun} ")), "{log}");
    }
    service.all_handled(0);
}

#[test]
fn after_a_minute_all_is_written_what_trickles_too_and_what_was_parked_goes_on() {
    let service = Service::start();
    let mut stream = tcp(service.tcp);
    let begun = (8101..8111).map(|mid| begin(&mut stream, mid)).sum();
    service.all_handled(begun);
    let before = id(&service, 8101);
    let in_memory = |service: &Service| number(service, &["in_memory", "messages"]);
    service.eventually("ten of them", || (in_memory(&service) == 10).then_some(()));
    let mut trickled = 0;
    let mut trickle = || {
        trickled += 1;
        let body = format!("ICID 8200 Custom Log Entry: word {trickled}");
        send(&mut stream, &body);
        std::thread::sleep(Duration::from_secs(1));
    };
    let parked = wait_at_most(PATIENCE, || {
        trickle();
        (in_memory(&service) == 0).then_some(())
    });
    assert!(parked.is_some(), "never parked:\n{}", service.log());
    // what trickles began a moment later, and is written as it then is
    (0..5).for_each(|_| trickle());
    service.all_handled(begun + trickled);
    let service = service.crash_and_restart();
    let replayed = service.lines("replayed");
    println!("{replayed} of {} lines were read again", begun + trickled);
    assert!(replayed < trickled / 2, "{replayed}\n{}", service.log());
    let log = service.log();
    assert!(log.contains(&format!("lines={replayed} ")), "{log}");
    assert_eq!(id(&service, 8101), before);
    let mut stream = tcp(service.tcp);
    send(
        &mut stream,
        "Message aborted MID 8101 Receiving aborted by sender",
    );
    let after = service.diagnosed(8101, "receiving-aborted-by-sender");
    assert_eq!(after["message"]["id"], before, "{after}");
    assert_eq!(after["message"]["sender"], "probe@other.example", "{after}");
    assert_eq!(
        after["candidates"].as_array().map(Vec::len),
        Some(0),
        "{after}"
    );
    let timeline = service
        .get(&format!("/v1/messages/{before}"))
        .is(200)
        .json();
    assert_eq!(
        timeline["entries"].as_array().map(Vec::len),
        Some(4),
        "{timeline}"
    );
}
