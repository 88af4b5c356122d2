//! Full disks: what can't be put on disk is not accepted, what is answered goes on, and when there
//! is room again so does the rest, without hands.
//!
//! The disks are small tmpfs mounts: see `harness/mount.rs` for what that needs.
//!
//! Not here: a process that dies meanwhile (`deaths.rs`).

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tempfile::TempDir;

use crate::harness::{
    Ballast, Dice, Mount, Service, Setup, datagrams, is_for_tests, sender_quit, tcp, wait_at_most,
};
use crate::tickets::desk::{lost, push, subscribe, terms};
use crate::traffic::{Book, Plan, Traffic, reckoning};

/// A signing key; nobody signs with it.
const SECRET: &str = "whsec_aW52ZW50ZWQtc2lnbmluZy1rZXktb2YtdGVzdHM=";
const BYTES: (&str, &str) = ("Content-Type", "application/octet-stream");
/// The longest that a disk may take to be full, or to be noticed.
const PATIENCE: Duration = Duration::from_secs(90);
/// What comes in until nothing is taken any more. Faster, more would be on its way by then.
const FLOOD: Plan = Plan {
    connections: 2,
    clients: 2,
    rate: 20_000,
};
const STEADY: Plan = Plan {
    connections: 2,
    clients: 1,
    rate: 3_000,
};

/// Why it is not ready.
fn reasons(service: &Service) -> String {
    let reply = service.get("/readyz");
    if reply.status == 200 {
        String::new()
    } else {
        assert_eq!(reply.status, 503, "{}", reply.body);
        reply.body
    }
}

/// Waits until it says, or does not say any more, that it is not ready for that reason.
#[track_caller]
fn says(service: &Service, reason: &str, said: bool) {
    let turned = wait_at_most(PATIENCE, || {
        (reasons(service).contains(reason) == said).then_some(())
    });
    let now = reasons(service);
    assert!(turned.is_some(), "{reason}: {now}\n{}", service.log());
}

/// A request with lines is told to come back later, and nothing of it is kept.
#[track_caller]
fn refuses_requests(service: &Service, mid: u64) {
    let body = sender_quit(mid, "probe@other.example").stream("esa1");
    let refused = service.post("/v1/lines", &[BYTES], body).is(503);
    assert!(refused.header("retry-after").is_some(), "{refused:?}");
    assert_eq!(refused.json()["code"], "not_accepting", "{refused:?}");
    service.get(&format!("/v1/why?mid={mid}")).is(404);
}

/// Lines that were received and not accepted.
fn refused(service: &Service) -> u64 {
    ["journal_failed", "udp_queue_full"]
        .map(|reason| service.counter("refused", Some(("reason", reason))))
        .iter()
        .sum()
}

#[test]
fn on_a_full_disk_nothing_is_accepted_answers_go_on_and_room_is_enough_to_recover() {
    let Some(mount) = Mount::small(96) else {
        return;
    };
    let mut dice = Dice::cast("a full disk");
    let service = Service::on(mount.folder(), Setup::default()).ready();
    let book = Arc::new(Book::default());
    let mut early = tcp(service.tcp);
    std::io::Write::write_all(
        &mut early,
        &sender_quit(1, "probe@other.example").stream("esa1"),
    )
    .expect("the service reads");
    service.diagnosed(1, "receiving-aborted-by-sender");
    let ballast = Ballast::leaving(&mount, 3 * 1024);
    let traffic = Traffic::start(&service, &book, FLOOD, "the flood", &mut dice);
    says(&service, "the journal has failed", true);
    refuses_requests(&service, 2);
    stands_still(&service, &traffic);
    let before = refused(&service);
    let session = sender_quit(3, "probe@other.example").lines(Some("esa1"));
    datagrams(service.udp, &session);
    service.eventually("datagrams counted as refused", || {
        (refused(&service) == before + 8).then_some(())
    });
    service.diagnosed(1, "receiving-aborted-by-sender");
    service.get("/healthz").is(200);
    says(&service, "the journal has failed", true);
    // who waits may end what it has begun
    traffic.stop_soon();
    ballast.remove();
    says(&service, "the journal has failed", false);
    let sent = traffic.stop();
    reckoning::is_balanced(&service, sent + 8);
    book.close();
    assert_eq!(service.lines("received"), sent + 8 + refused(&service));
    let streams = book.streams();
    let connections = streams.iter().filter(|one| one.sent.contains("connection"));
    assert_eq!(connections.count(), 2);
    book.all_whole(|stream| stream.sent.contains("connection"));
    let found = reckoning::everything(&service, &book);
    println!("{sent} lines sent, {found:?}");
    service.get("/v1/why?mid=3").is(404);
    let service = service.restart();
    assert!(reckoning::around_the_cuts(&service, &book, &book.streams()));
}

#[test]
fn started_on_a_full_disk_it_answers_and_accepts_once_there_is_room() {
    let Some(mount) = Mount::small(48) else {
        return;
    };
    let mut dice = Dice::cast("a full disk at the start");
    let folder = mount.folder();
    let service = Service::on(Arc::clone(&folder), Setup::default()).ready();
    let book = Arc::new(Book::default());
    let traffic = Traffic::start(&service, &book, STEADY, "before", &mut dice);
    service.eventually("lines sent", || (traffic.lines() > 4_000).then_some(()));
    service.kill();
    traffic.stop();
    book.close();
    let ballast = Ballast::leaving(&mount, 0);
    let service = Service::on(folder, Setup::default());
    reckoning::read_again(&service).expect("it runs");
    reckoning::everything(&service, &book);
    // a little may still fit into the blocks that the files have
    let log = sender_quit(1, "probe@other.example")
        .stream("esa1")
        .repeat(100);
    service.post("/v1/lines", &[BYTES], &log).is(503);
    says(&service, "the journal has failed", true);
    ballast.remove();
    says(&service, "the journal has failed", false);
    service.post("/v1/lines", &[BYTES], &log).is(202);
    reckoning::everything(&service, &book);
}

#[test]
fn tickets_go_on_by_themselves_once_there_is_room() {
    let Some(mount) = Mount::small(48) else {
        return;
    };
    let service = Service::on(mount.folder(), Setup::default()).ready();
    // that may not be connected to: what is to be told is listed, and nobody goes
    let target = json!({"kind": "webhook", "url": "https://127.0.0.1:9/", "secrets": [SECRET]});
    let id = subscribe(&service, &terms("Aborted", target));
    let occurrences = || {
        let path = format!("/v1/notifications?subscription={id}");
        let told = service.get(&path).is(200).json();
        told["items"].as_array().map(Vec::len).unwrap_or_default()
    };
    push(&service, "esa1", &lost(7001, "one.partner.example"));
    service.eventually("the first", || (occurrences() == 1).then_some(()));
    let ballast = Ballast::leaving(&mount, 0);
    let path = format!("/v1/subscriptions/{id}");
    let longer = json!({"template": {"body": "x".repeat(12 * 1024)}});
    // a few may fit into the blocks that the file has
    service.eventually("what it can't write", || {
        (service.patch(&path, &longer).status == 500).then_some(())
    });
    assert!(service.log().contains("tickets.redb"), "{}", service.log());
    ballast.remove();
    service.patch(&path, &longer).is(200);
    push(&service, "esa1", &lost(7002, "two.partner.example"));
    service.eventually("what comes now", || (occurrences() == 2).then_some(()));
}

/// No sender gets a line through any more.
#[track_caller]
fn stands_still(service: &Service, traffic: &Traffic) {
    let (mut lines, mut since) = (u64::MAX, Instant::now());
    let still = wait_at_most(PATIENCE, || {
        let now = traffic.lines();
        if std::mem::replace(&mut lines, now) != now {
            since = Instant::now();
        }
        (since.elapsed() > Duration::from_secs(1)).then_some(())
    });
    assert!(still.is_some(), "it still takes lines:\n{}", service.log());
}

#[test]
fn an_index_on_a_full_disk_keeps_nothing_out_and_loses_nothing() {
    let mut dice = Dice::cast("a full index");
    let folder = Arc::new(TempDir::new().expect("a temporary folder"));
    // it makes its folder
    drop(Service::on(Arc::clone(&folder), Setup::default()).ready());
    let Some(mount) = Mount::over(&folder.path().join("data/index"), 32) else {
        return;
    };
    let ballast = Ballast::leaving(&mount, 150);
    let service = Service::on(Arc::clone(&folder), Setup::default()).ready();
    let book = Arc::new(Book::default());
    let traffic = Traffic::start(&service, &book, STEADY, "no room for the index", &mut dice);
    says(&service, "the index has failed", true);
    let accepted = service.lines("accepted");
    service.eventually("more lines accepted", || {
        (service.lines("accepted") > accepted).then_some(())
    });
    service
        .post(
            "/v1/lines",
            &[BYTES],
            sender_quit(1, "probe@other.example").stream("esa1"),
        )
        .is(202);
    let sent = traffic.stop() + 8;
    reckoning::is_balanced(&service, sent);
    book.all_whole(|_| true);
    says(&service, "the index has failed", true);
    assert_eq!(
        reasons(&service).lines().count(),
        1,
        "{}",
        reasons(&service)
    );
    reckoning::everything(&service, &book);
    service.diagnosed(1, "receiving-aborted-by-sender");
    let service = killed(service, &book, sent);
    ballast.remove();
    let indexed = || service.get("/v1/status").json()["index_documents"].as_u64();
    says(&service, "the index has failed", false);
    service.eventually("records written", || {
        indexed().filter(|documents| *documents > 0)
    });
    reckoning::everything(&service, &book);
    let service = service.restart();
    assert_eq!(service.lines("replayed"), 0, "it could write everything");
    reckoning::everything(&service, &book);
}

#[test]
fn an_index_that_stays_away_makes_senders_wait_and_takes_no_more_memory() {
    if !is_for_tests() {
        println!("SKIPPED: a release build has more memory than can be filled here");
        return;
    }
    let mut dice = Dice::cast("a full index, and little memory");
    let folder = Arc::new(TempDir::new().expect("a temporary folder"));
    let setup = Setup {
        environment: vec![("WHYMID_TEST_MEMORY_BYTES", (4 << 20).to_string())],
        ..Setup::default()
    };
    drop(Service::on(Arc::clone(&folder), setup.clone()).ready());
    let Some(mount) = Mount::over(&folder.path().join("data/index"), 32) else {
        return;
    };
    let ballast = Ballast::leaving(&mount, 100);
    let service = Service::on(Arc::clone(&folder), setup).ready();
    let book = Arc::new(Book::default());
    let plan = Plan {
        clients: 0,
        ..FLOOD
    };
    let traffic = Traffic::start(&service, &book, plan, "too much", &mut dice);
    says(&service, "the index has failed", true);
    stands_still(&service, &traffic);
    refuses_requests(&service, 2);
    let held = service.get("/v1/status").json()["in_memory"]["bytes"].as_u64();
    assert!(held < Some(8 << 20), "{held:?}");
    service.get("/v1/why?mid=1000").is(200);
    traffic.stop_soon();
    ballast.remove();
    let sent = traffic.stop();
    reckoning::is_balanced(&service, sent);
    book.all_whole(|_| true);
    says(&service, "the index has failed", false);
    assert!(reckoning::around_the_cuts(&service, &book, &book.streams()));
    println!("{sent} lines sent");
}

/// Killed while next to nothing could be written: the rest is read again.
#[track_caller]
fn killed(service: Service, book: &Book, sent: u64) -> Service {
    let service = service.crash_unready(|| {});
    let replayed = reckoning::read_again(&service).expect("it runs");
    assert!(
        replayed > sent / 2,
        "{replayed} of {sent}: what was written?"
    );
    reckoning::everything(&service, book);
    says(&service, "the index has failed", true);
    service
}
