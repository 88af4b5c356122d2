//! A service against the books, as a test fails: what is wrong, and what the service logged.

use std::time::Duration;

use serde_json::Value;

use super::book::{Book, Stream};
use super::check::{self, Found};
use crate::harness::{Asker, Service, wait_at_most};

/// The longest that reading the journal, or handling what came in, may take.
const PATIENCE: Duration = Duration::from_secs(180);

/// Waits until the journal is read; what was read has its place. How many lines that were; `None`
/// if it ended before.
pub(crate) fn read_again(service: &Service) -> Option<u64> {
    let asker = Asker::of(service.http);
    let mut gone = false;
    let ready = wait_at_most(PATIENCE, || {
        let status = asker.get("/v1/status");
        gone = status.is_none();
        (gone || status?.json()["ready"] == true).then_some(())
    });
    assert!(ready.is_some(), "never ready:\n{}", service.log());
    let lines = if gone { None } else { lines(&asker) };
    let number = |name: &str| lines.as_ref()?[name].as_u64();
    let handled = number("attached")? + number("events")?;
    assert_eq!(
        Some(handled),
        number("replayed"),
        "{lines:?}\n{}",
        service.log()
    );
    number("replayed")
}

fn lines(asker: &Asker) -> Option<Value> {
    Some(asker.get("/v1/status")?.json()["lines"].take())
}

/// Waits until so many lines were accepted and each line has its place; with those that were
/// read again, all are counted.
#[track_caller]
pub(crate) fn is_balanced(service: &Service, accepted: u64) {
    let asker = Asker::of(service.http);
    let mut told = Value::Null;
    let balanced = wait_at_most(PATIENCE, || {
        told = lines(&asker)?;
        let number = |name: &str| told[name].as_u64();
        let handled = number("attached")? + number("events")?;
        let right = number("accepted")? == accepted && handled == accepted + number("replayed")?;
        right.then_some(())
    });
    assert!(
        balanced.is_some(),
        "{accepted} lines were to be accepted, {told}\n{}",
        service.log()
    );
}

/// Of each stream: all, or a prefix; looked at where it is cut. False if the service ended before
/// it was asked everything.
#[track_caller]
pub(crate) fn around_the_cuts(service: &Service, book: &Book, streams: &[Stream]) -> bool {
    let asker = Asker::of(service.http);
    let edges: Vec<Stream> = streams
        .iter()
        .map(|one| check::edges(&asker, one))
        .collect();
    let faults = check::all(&asker, book, &edges).err();
    if asker.get("/healthz").is_none() {
        return false;
    }
    if let Some(faults) = faults {
        panic!(
            "{}\nthe service's log:\n{}",
            faults.join("\n"),
            service.log()
        );
    }
    true
}

/// Everything that was ever sent is there as it may be.
#[track_caller]
pub(crate) fn everything(service: &Service, book: &Book) -> Found {
    let asker = Asker::of(service.http);
    let found = check::all(&asker, book, &book.streams());
    found.unwrap_or_else(|faults| {
        let few = &faults[..faults.len().min(20)];
        panic!(
            "{} faults, among them:\n{}\nthe service's log:\n{}",
            faults.len(),
            few.join("\n"),
            service.log()
        )
    })
}

/// The same of a service that has written everything, and there is nothing else.
#[track_caller]
pub(crate) fn everything_and_nothing_else(service: &Service, book: &Book) -> Found {
    let found = everything(service, book);
    let status = service.get("/v1/status").json();
    let documents = status["index_documents"].as_u64().expect("a number");
    let events = documents.checked_sub(found.messages + found.connections);
    let [sure, perhaps] = book.events();
    let fits = |events: &u64| (sure..=sure + perhaps).contains(events);
    assert!(
        events.as_ref().is_some_and(fits),
        "{documents} documents, {found:?}, {sure} to {} events",
        sure + perhaps
    );
    found
}
