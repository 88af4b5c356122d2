//! `kill -9` again and again while lines come in: what was acknowledged is there once, of each
//! connection a prefix, nothing doubled, and every line that was read has its place.
//!
//! | variable | what it changes |
//! |---|---|
//! | `WHYMID_LONG=1` | 200 kills instead of 50 |
//! | `WHYMID_BINARY` | the binary to be killed, e.g. a release build: then at 20,000 lines a second |
//! | `WHYMID_SEED` | the lives of a run that failed, once more |
//!
//! A debug build is killed at a lower rate, with short segments and little memory in some of its
//! lives, so that records are written, parked and brought back, and segments leave the journal,
//! also in lives of a second. What the rate was is printed.
//!
//! Not here: deaths at a chosen step (`deaths.rs`).

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::harness::{Dice, Service, Setup, is_for_tests};
use crate::traffic::{Book, Plan, Stream, Traffic, reckoning};

/// What a life was like.
#[derive(Debug, Default)]
struct Figures {
    traffic: Duration,
    replayed: Vec<u64>,
    restarts: Vec<u64>,
    written: u64,
    quiet: u32,
}

/// How one life is lived.
#[derive(Debug)]
struct Life {
    setup: Setup,
    /// How long lines come in.
    traffic: Duration,
    /// The senders stop before the kill, and all lines are handled.
    quiet: bool,
    rate: u64,
}

impl Life {
    fn of(number: u64, dice: &mut Dice) -> Self {
        let long = number % 25 == 7;
        let traffic = if long {
            dice.between(12_000, 15_000)
        } else {
            dice.between(300, 1100)
        };
        let mut environment = Vec::new();
        if !dice.once_in(4) {
            let bytes = dice.one_of(&[32 << 10, 256 << 10, 2 << 20]);
            environment.push(("WHYMID_TEST_SEGMENT_BYTES", bytes.to_string()));
        }
        if !dice.once_in(4) {
            let bytes = dice.one_of(&[2 << 20, 8 << 20, 32 << 20]);
            environment.push(("WHYMID_TEST_MEMORY_BYTES", bytes.to_string()));
        }
        let full = if is_for_tests() { 6_000 } else { 20_000 };
        let setup = Setup {
            environment,
            ..Setup::default()
        };
        Self {
            setup,
            traffic: Duration::from_millis(traffic),
            quiet: dice.once_in(6),
            rate: if long && is_for_tests() { 2_000 } else { full },
        }
    }
}

#[test]
fn killed_again_and_again_it_loses_nothing_that_it_accepted_and_doubles_nothing() {
    let long = std::env::var_os("WHYMID_LONG").is_some();
    let kills: u64 = if long { 200 } else { 50 };
    let mut dice = Dice::cast("kill -9");
    let folder = Arc::new(TempDir::new().expect("a temporary folder"));
    let book = Arc::new(Book::default());
    let mut figures = Figures::default();
    let begun = Instant::now();
    let mut last = Vec::new();
    for number in 0..kills {
        let life = Life::of(number, &mut dice);
        let service = start(&folder, &life.setup, &mut figures);
        let looked = latest(&last);
        assert!(
            reckoning::around_the_cuts(&service, &book, looked),
            "it runs"
        );
        last = live(service, &book, number, &life, &mut dice, &mut figures);
    }
    book.close();
    let lives = begun.elapsed();
    let setup = Setup::default();
    let service = start(&folder, &setup, &mut figures);
    assert!(
        reckoning::around_the_cuts(&service, &book, latest(&last)),
        "it runs"
    );
    // what a stop has no time for is read again, and the next stop has less to do
    let mut service = service.restart();
    for _ in 0..5 {
        if service.lines("replayed") == 0 {
            break;
        }
        service = service.restart();
    }
    assert_eq!(service.lines("replayed"), 0, "the stops wrote everything");
    let found = reckoning::everything_and_nothing_else(&service, &book);
    println!("{found:?}");
    tell(kills, lives, begun.elapsed(), &book, figures);
}

/// Another life on the folder; what was read again has its place.
fn start(folder: &Arc<TempDir>, setup: &Setup, figures: &mut Figures) -> Service {
    let begun = Instant::now();
    let service = Service::on(Arc::clone(folder), setup.clone());
    let replayed = reckoning::read_again(&service).expect("it runs");
    let took = begun.elapsed().as_millis();
    figures
        .restarts
        .push(u64::try_from(took).unwrap_or(u64::MAX));
    figures.replayed.push(replayed);
    service
}

/// The connections, and the last requests of the clients.
fn latest(streams: &[Stream]) -> &[Stream] {
    &streams[streams.len().saturating_sub(8)..]
}

/// Lines come in, and it is killed. What was sent.
fn live(
    service: Service,
    book: &Arc<Book>,
    number: u64,
    life: &Life,
    dice: &mut Dice,
    figures: &mut Figures,
) -> Vec<Stream> {
    let before = book.streams().len();
    let plan = Plan {
        connections: 3,
        clients: 2,
        rate: life.rate,
    };
    let begun = Instant::now();
    let name = format!("life {number}");
    let traffic = Traffic::start(&service, book, plan, &name, dice);
    std::thread::sleep(life.traffic);
    let mut log = String::new();
    figures.traffic += begun.elapsed();
    if life.quiet {
        let sent = traffic.stop();
        reckoning::is_balanced(&service, sent);
        let of_this_life = format!("{name},");
        book.all_whole(|stream| stream.sent.starts_with(&of_this_life));
        figures.quiet += 1;
        figures.written += service.counter("records_written", None);
        log += &service.kill();
    } else {
        if life.traffic > Duration::from_secs(10) {
            figures.written += service.counter("records_written", None);
        }
        log += &service.kill();
        traffic.stop();
    }
    assert!(!log.contains("panicked at"), "{name} {life:?}:\n{log}");
    assert!(!log.contains(" ERROR "), "{name} {life:?}:\n{log}");
    book.streams().split_off(before)
}

fn tell(kills: u64, lives: Duration, all: Duration, book: &Book, mut figures: Figures) {
    let lines = book.lines.load(Ordering::Relaxed);
    let acknowledged = book.acknowledged.load(Ordering::Relaxed);
    let rate = lines as f64 / figures.traffic.as_secs_f64();
    let of = |name: &str, mut all: Vec<u64>| {
        all.sort_unstable();
        let (median, most) = (all[all.len() / 2], all[all.len() - 1]);
        println!("{name}: median {median}, most {most}");
    };
    println!(
        "{kills} kills in {lives:.0?} ({all:.0?} with the checks), {} of them after a silence",
        figures.quiet
    );
    println!("{lines} lines sent at {rate:.0} a second, {acknowledged} of them acknowledged");
    of("lines read again", std::mem::take(&mut figures.replayed));
    of(
        "milliseconds until ready",
        std::mem::take(&mut figures.restarts),
    );
    println!(
        "records written in long and in quiet lives: {}",
        figures.written
    );
}
