//! Bounds: a stop under full load, more messages than memory holds, and what is kept no longer than
//! it may be.
//!
//! Not here: thousands of connections (`crowds.rs`), full disks (`disk.rs`).

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{
    Asker, Dice, Service, Setup, is_for_tests, recent, sender_quit, tcp, wait_at_most,
};
use crate::traffic::{Book, Plan, Traffic, reckoning};

const BYTES: (&str, &str) = ("Content-Type", "application/octet-stream");
const MIB: u64 = 1024 * 1024;
/// The longest that a flood may take to be handled, or to be written.
const PATIENCE: Duration = Duration::from_secs(400);

#[test]
fn a_stop_under_full_load_is_clean_and_loses_nothing() {
    let mut dice = Dice::cast("a stop under load");
    let folder = Arc::new(TempDir::new().expect("a temporary folder"));
    let book = Arc::new(Book::default());
    let plan = Plan {
        connections: 4,
        clients: 2,
        rate: 60_000,
    };
    let service = Service::on(Arc::clone(&folder), Setup::default()).ready();
    let traffic = Traffic::start(&service, &book, plan, "under load", &mut dice);
    let enough = dice.between(2_000, 12_000);
    service.eventually("much is under way", || {
        (traffic.lines() > enough).then_some(())
    });
    let begun = Instant::now();
    // it must end with code 0, and does only if all was drained within 10 s
    drop(service);
    println!("stopped in {:.1?}", begun.elapsed());
    traffic.stop();
    book.close();
    let service = Service::on(folder, Setup::default());
    let replayed = reckoning::read_again(&service).expect("it runs");
    let found = reckoning::everything(&service, &book);
    println!("{replayed} lines read again, {found:?}");
}

/// As many messages as there are lines, none of which ever ends.
#[test]
fn a_flood_of_messages_that_never_end_takes_no_more_memory_than_it_may() {
    let (messages, allowed) = if is_for_tests() {
        (20_000, 8 * MIB)
    } else {
        (300_000, 64 * MIB)
    };
    let service = Service::start_with(Setup {
        config: "[memory]\nrecords = \"64 MiB\"\n".to_owned(),
        environment: vec![("WHYMID_TEST_MEMORY_BYTES", allowed.to_string())],
        ..Setup::default()
    });
    let to = service.tcp;
    let flood = std::thread::spawn(move || {
        let mut stream = tcp(to);
        for mid in 1..=messages {
            let stamp = recent(0);
            writeln!(stream, "<166>{stamp} esa1 mail_logs: Info: MID {mid} ICID 0 From: <user{mid}@other.example>")
                .expect("the service reads");
        }
    });
    let mut most = (0, 0);
    let handled = wait_at_most(PATIENCE, || {
        let status = service.get("/v1/status").json();
        let records = status["in_memory"]["bytes"].as_u64().expect("a number");
        most = (most.0.max(service.resident()), most.1.max(records));
        (status["lines"]["attached"] == messages).then_some(())
    });
    assert!(
        handled.is_some(),
        "{}\n{}",
        service.get("/v1/status").body,
        service.log()
    );
    flood.join().expect("it was sent");
    println!(
        "{messages} messages, {} MiB resident at most, {} of records",
        most.0 / MIB,
        most.1 / MIB
    );
    // a record that was counted while it was small may have grown by a line
    assert!(
        most.1 < allowed + 2 * MIB,
        "{} MiB of records",
        most.1 / MIB
    );
    assert!(
        most.0 < allowed + 400 * MIB,
        "{} MiB resident",
        most.0 / MIB
    );
    let asker = Asker::of(service.http);
    for mid in (1..=messages).step_by(messages / 100) {
        let answer = asker.get(&format!("/v1/why?mid={mid}")).expect("an answer");
        let message = answer.is(200).json()["message"].take();
        assert_eq!(message["sender"], format!("user{mid}@other.example"));
    }
    let service = service.restart();
    let status = service.get("/v1/status").json();
    assert_eq!(status["index_documents"], messages, "{status}");
    assert_eq!(status["lines"]["replayed"], 0, "{status}");
}

/// Retention that is looked at twice a second; false in a release build, which can't be hurried.
fn hurried(retention: &str) -> Option<Service> {
    if !is_for_tests() {
        println!("SKIPPED: a release build looks each minute");
        return None;
    }
    let environment = [
        ("WHYMID_TEST_EXPIRE_MS", 500),
        ("WHYMID_TEST_SEGMENT_BYTES", 32 << 10),
        ("WHYMID_TEST_MEMORY_BYTES", 1 << 20),
    ];
    let environment = environment.map(|(name, value): (_, u64)| (name, value.to_string()));
    Some(Service::start_with(Setup {
        config: format!("[retention]\n{retention}\n"),
        environment: environment.to_vec(),
        ..Setup::default()
    }))
}

/// What `/v1/status` says of what is kept.
fn kept(service: &Service, what: &str) -> Value {
    service.get("/v1/status").json()["retention"][what].take()
}

fn sessions(mids: std::ops::Range<u64>) -> Vec<u8> {
    mids.flat_map(|mid| sender_quit(mid, "probe@other.example").stream("esa1"))
        .collect()
}

#[test]
fn records_that_are_too_old_are_removed_and_it_is_told() {
    let Some(service) = hurried("records = \"2s\"") else {
        return;
    };
    service.post("/v1/lines", &[BYTES], sessions(1..4)).is(202);
    service.diagnosed(1, "receiving-aborted-by-sender");
    service.eventually("three messages and their connections removed", || {
        (kept(&service, "records")["removed"].as_u64() >= Some(6)).then_some(())
    });
    service.eventually("forgotten", || {
        (service.get("/v1/why?mid=1").status == 404).then_some(())
    });
    let status = service.get("/v1/status").json();
    assert_eq!(status["index_documents"], 0, "{status}");
    assert_eq!(
        status["retention"]["records"]["max_age_seconds"], 2,
        "{status}"
    );
    assert!(
        service.log().contains("records were removed"),
        "{}",
        service.log()
    );
    // its number may come again
    service.post("/v1/lines", &[BYTES], sessions(1..2)).is(202);
    service.diagnosed(1, "receiving-aborted-by-sender");
}

#[test]
fn of_an_index_that_is_too_large_the_oldest_records_are_removed() {
    let Some(service) = hurried("records_size = \"300 KiB\"") else {
        return;
    };
    let mut mids = 0..100;
    service.eventually("records removed", || {
        mids = mids.end..mids.end + 100;
        service
            .post("/v1/lines", &[BYTES], sessions(mids.clone()))
            .is(202);
        (kept(&service, "records")["removed"].as_u64() > Some(0)).then_some(())
    });
    let last = mids.end - 1;
    service.diagnosed(last, "receiving-aborted-by-sender");
    service.eventually("the first forgotten", || {
        (service.get("/v1/why?mid=100").status == 404).then_some(())
    });
    let told = kept(&service, "records");
    assert_eq!(told["max_bytes"], 300 * 1024, "{told}");
}

/// Sends until something is so.
fn until(service: &Service, what: &str, mut is_so: impl FnMut() -> bool) {
    let mut mids = 0..100;
    service.eventually(what, || {
        mids = mids.end..mids.end + 100;
        service
            .post("/v1/lines", &[BYTES], sessions(mids.clone()))
            .is(202);
        is_so().then_some(())
    });
}

/// The names in a folder that hold lines.
fn segments(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("a folder").flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| name.contains(".wlog")).collect();
    names.sort();
    names
}

#[test]
fn where_no_raw_lines_are_to_be_kept_none_are() {
    let Some(service) = hurried("raw = \"0s\"") else {
        return;
    };
    let journal = service.data().join("journal");
    let first = |names: Vec<String>| names.into_iter().next().expect("a segment");
    let begun = first(segments(&journal));
    until(&service, "a segment left the journal", || {
        first(segments(&journal)) != begun
    });
    assert_eq!(segments(&journal.join("raw")), Vec::<String>::new());
    assert_eq!(kept(&service, "raw")["bytes"], 0);
}

#[test]
fn raw_segments_that_are_too_old_or_too_many_are_removed_and_it_is_told() {
    for (retention, told) in [
        ("raw = \"1s\"", ("max_age_seconds", 1)),
        ("raw_size = \"20 KiB\"", ("max_bytes", 20 * 1024)),
    ] {
        let Some(service) = hurried(retention) else {
            return;
        };
        until(&service, "raw segments removed", || {
            kept(&service, "raw")["removed"].as_u64() > Some(0)
        });
        let raw = kept(&service, "raw");
        assert_eq!(raw[told.0], told.1, "{raw}");
        assert!(
            service.log().contains("raw segments were removed"),
            "{}",
            service.log()
        );
        if told.0 == "max_bytes" {
            service.eventually("no more than may be", || {
                (kept(&service, "raw")["bytes"].as_u64() <= Some(20 * 1024)).then_some(())
            });
        }
        service.diagnosed(100, "receiving-aborted-by-sender");
    }
}
