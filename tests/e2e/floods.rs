//! Floods and archives: 10,000 aborts of one partner within a minute are one ticket with a count
//! wherever tickets are opened, with a `kill -9` in the middle; a year's archive opens none.
//!
//! | file | what it is |
//! |---|---|
//! | `floods/targets.rs` | every kind of ticket system, and what they were told |
//! | `floods/chaos.rs` | targets that misbehave, and kills |
//!
//! Everything goes to loopback.

mod chaos;
mod targets;

use std::io::Write as _;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use self::targets::{Targets, last_told, setup};
use crate::harness::{Service, sender_quit, tcp, wait_at_most, whymid};

/// The aborts of the flood.
const FLOOD: u64 = 10_000;
/// Those of the archive.
const ARCHIVE: u64 = 3_000;
/// The lines of one.
const LINES: u64 = 8;
/// How long everything may take to be told; it only decides when to give up.
const PATIENCE: Duration = Duration::from_secs(240);

#[test]
fn a_flood_is_one_ticket_with_a_count_everywhere_and_an_archive_opens_none() {
    let mut targets = Targets::start();
    let service = Service::start_with(setup(10));
    targets.subscribe(&service, "3s");
    let begun = Instant::now();
    send(&service, 1..=FLOOD / 2);
    let first = begun.elapsed();
    // rows are looked at, and tickets opened, while it is killed
    service.eventually("a first ticket", || {
        let mut systems = targets.systems.iter();
        systems.any(|one| !one.tickets().is_empty()).then_some(())
    });
    let service = service.crash_and_restart();
    let again = Instant::now();
    send(&service, FLOOD / 2 + 1..=FLOOD);
    println!("{FLOOD} aborts sent in {:.1?}", first + again.elapsed());
    looked_at(&service);
    all_told(&targets, &service, FLOOD, 1);
    println!(
        "everything told {:.1?} after the first line",
        begun.elapsed()
    );

    import(&service);
    let service = service.restart();
    // what is told of this one is told after whatever the archive would have made
    let after = Instant::now();
    let lines = sender_quit(90_000, "later@partner.example").stream("esa1");
    let lines = String::from_utf8(lines).expect("text");
    let lines = lines.replace("probe.other.example", "later.other.example");
    tcp(service.tcp).write_all(lines.as_bytes()).expect("taken");
    all_told(&targets, &service, FLOOD, 2);
    for state in targets.states(&service) {
        assert_eq!(state["occurrences"], FLOOD + 1, "{state}");
    }
    println!("the archive: told of nothing, {:.1?}", after.elapsed());
}

/// Sends aborts of one partner over one connection, and waits until the service has the lines.
fn send(service: &Service, mids: std::ops::RangeInclusive<u64>) {
    let count = mids.end() - mids.start() + 1;
    let mut connection = tcp(service.tcp);
    for mid in mids {
        let lines = sender_quit(mid, "news@partner.example").stream("esa1");
        connection.write_all(&lines).expect("the service reads");
    }
    drop(connection);
    handled(service, count * LINES);
}

/// Waits until so many lines are handled, which may take longer than most of what tests wait for.
fn handled(service: &Service, lines: u64) {
    let is_handled =
        || (service.lines("attached") + service.lines("events") >= lines).then_some(());
    assert!(
        wait_at_most(PATIENCE, is_handled).is_some(),
        "{}",
        service.log()
    );
    service.all_handled(lines);
}

/// Says how long the rows of the flood waited.
fn looked_at(service: &Service) {
    let inbox = || service.gauge("ticketing{what=\"inbox\"}").unwrap_or(0);
    let begun = Instant::now();
    let mut most = (0, begun);
    let mut done = None;
    let looked = wait_at_most(PATIENCE, || {
        let now = inbox();
        if now > most.0 {
            most = (now, Instant::now());
        }
        if now == 0 && most.0 > 0 {
            done.get_or_insert_with(Instant::now);
        }
        done
    });
    let looked = looked.unwrap_or_else(|| panic!("rows wait:\n{}", service.log()));
    println!(
        "at most {} rows waited; none {:.1?} later",
        most.0,
        looked.duration_since(most.1)
    );
}

/// Waits until each system has so many tickets, the first of which tells of that many occurrences.
fn all_told(targets: &Targets, service: &Service, occurrences: u64, tickets: usize) {
    let is_told = || {
        let mut systems = targets.systems.iter();
        let all = systems.all(|system| {
            let seen = system.tickets();
            seen.len() == tickets && last_told(&seen[0].texts) == Some(occurrences)
        });
        (all && targets.rests(service)).then_some(())
    };
    let told = wait_at_most(PATIENCE, is_told);
    for system in &targets.systems {
        let (kind, seen) = (system.kind(), system.tickets());
        let counts: Vec<_> = seen.iter().map(|one| last_told(&one.texts)).collect();
        assert!(
            told.is_some(),
            "{kind}: {counts:?}, {}\n{:#?}\n{}",
            system.requests(),
            targets.states(service),
            service.log()
        );
        assert_eq!(seen.len(), tickets, "{kind}");
        assert!(seen.iter().all(|one| one.open), "{kind}");
    }
    targets.are_well();
}

/// Imports a year that ends now.
fn import(service: &Service) {
    let file = service.scratch().join("year.log");
    let mut text = String::new();
    let now = Timestamp::now();
    for number in 0..ARCHIVE {
        let ago = i64::try_from((ARCHIVE - 1 - number) * 365 * 24 * 3600 / ARCHIVE);
        let session = sender_quit(100_000 + number, "archive@partner.example");
        for (before, body) in session.0 {
            let seconds = ago.expect("a year") + before;
            let at = now - SignedDuration::from_secs(seconds);
            let at = at.to_zoned_datetime(TimeZone::UTC);
            text += &format!("{} Info: {body}\n", at.strftime("%a %b %d %H:%M:%S %Y"));
        }
    }
    std::fs::write(&file, text).expect("a file");
    let to = format!("http://{}", service.http);
    let state = service.scratch().join("state").display().to_string();
    let file = file.display().to_string();
    let arguments = [
        "import",
        "--to",
        &to,
        "--appliance",
        "esa1",
        "--state",
        &state,
        &file,
    ];
    let ran = whymid(&arguments).exits(0);
    let lines = ARCHIVE * LINES;
    assert!(
        ran.stdout.contains(&format!("{lines} lines")),
        "{}",
        ran.stdout
    );
    handled(service, FLOOD / 2 * LINES + lines);
}
