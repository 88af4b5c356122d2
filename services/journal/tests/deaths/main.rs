//! The process dies at every fail point in turn, on the real disk, and another goes on.
//!
//! The process is this test program once more, running one test only. It says on its standard
//! output what was accepted; what is on disk afterwards must be what `../journal/allowed.rs`
//! allows, less what only a loss of power can do.
//!
//! It is a program of its own since a child that is just being started holds the locks of its
//! parent for a moment.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use jiff::Timestamp;
use whymid_journal::{Error, FAIL_POINTS, Journal, Options, Position, Vault};
use whymid_syslog::{Frame, Lane, Transport};

const DIR: &str = "WHYMID_JOURNAL_DEATHS_DIR";
const LINES: u32 = 40;

fn options() -> Options {
    Options {
        segment_bytes: 300,
        ..Options::default()
    }
}

fn frame(line: String) -> Frame {
    Frame {
        bytes: line.into_bytes(),
        peer: Some([192, 0, 2, 7].into()),
        transport: Transport::Tcp,
        source: 3,
        received_at: Timestamp::UNIX_EPOCH,
        lane: Lane::Live,
        defect: None,
        label: None,
    }
}

fn line(number: u32) -> String {
    format!("Info: MID {number} ready")
}

/// Comes by every fail point, but for those of a damaged segment and of a failed write.
fn live(dir: &Path) -> Result<(), Error> {
    drop(Journal::open(dir, options())?);
    let (mut journal, _) = Journal::open(dir, options())?;
    let vault = Vault::open(dir)?;
    for number in 0..LINES {
        journal.append(&frame(line(number)))?;
        let position = journal.sync()?;
        println!("accepted {position}");
        if number % 10 == 9 {
            journal.roll()?;
            journal.release(position)?;
            vault.pack_one()?;
        }
    }
    while vault.pack_one()? {}
    println!("expiring");
    vault.expire(None, Some(300))?;
    Ok(())
}

/// Run by itself it is a life without a death.
#[test]
fn a_life_that_other_tests_cut_short() {
    let Some(dir) = std::env::var_os(DIR) else {
        let dir = tempfile::tempdir().expect("a folder");
        return live(dir.path()).expect("no fault");
    };
    let _scenario = fail::FailScenario::setup();
    live(Path::new(&dir)).expect("no fault");
}

/// Lives until the fail point is reached for the `nth` time. Gives what it said, and whether it
/// died.
fn die(dir: &Path, point: &str, nth: usize) -> (String, bool) {
    let program = std::env::current_exe().expect("this program");
    let output = Command::new(program)
        .args([
            "--exact",
            "a_life_that_other_tests_cut_short",
            "--nocapture",
        ])
        .env(DIR, dir)
        .env("FAILPOINTS", format!("{point}={}*off->return", nth - 1))
        .stderr(Stdio::null())
        .output()
        .expect("a process");
    let said = String::from_utf8(output.stdout).expect("text");
    (said, !output.status.success())
}

fn check(dir: &Path, said: &str) -> Result<(), Error> {
    let accepted: Vec<Position> = said
        .lines()
        .filter_map(|line| line.strip_prefix("accepted "))
        .map(|position| Position(position.parse().expect("a number")))
        .collect();
    let (mut journal, recovery) = Journal::open(dir, options())?;
    assert_eq!(recovery.torn_bytes, 0, "what was written is there");
    let vault = Vault::open(dir)?;
    let raw = vault.frames().collect::<Result<Vec<_>, _>>()?;
    let log = journal
        .replay(Position::START)?
        .collect::<Result<Vec<_>, _>>()?;
    let found = [raw, log].concat();
    let expiring = said.contains("expiring");
    let none = if expiring { LINES } else { 0 };
    let first = found
        .first()
        .map_or(none, |(_, frame)| number_of(&frame.bytes));
    assert!(first == 0 || expiring);
    for (number, (position, frame)) in (first..).zip(&found) {
        assert_eq!(frame.bytes, line(number).into_bytes());
        let known = accepted.get(number as usize);
        assert!(known.is_none_or(|known| known == position));
    }
    let last = first as usize + found.len();
    assert!(
        (accepted.len()..=accepted.len() + 1).contains(&last),
        "{last} of {}",
        accepted.len()
    );
    assert!(journal.append(&frame(line(0)))? > recovery.end);
    journal.sync()?;
    Ok(())
}

fn number_of(line: &[u8]) -> u32 {
    let text = str::from_utf8(line).expect("text");
    let number = text.split(' ').nth(2).expect("a number");
    number.parse().expect("a number")
}

#[test]
fn wherever_the_process_dies_what_was_accepted_is_there() {
    let elsewhere = ["journal-reviving", "journal-revived", "vault-set-aside"];
    let mut deaths = 0;
    for point in FAIL_POINTS
        .iter()
        .filter(|point| !elsewhere.contains(point))
    {
        for nth in [1, 3] {
            let dir = tempfile::tempdir().expect("a folder");
            let (said, died) = die(dir.path(), point, nth);
            assert!(died || nth > 1, "{point} is never reached");
            deaths += usize::from(died);
            check(dir.path(), &said).unwrap_or_else(|error| panic!("{point} {nth}: {error:?}"));
        }
    }
    println!("{deaths} deaths");
    assert!(deaths >= 30);
}

#[test]
fn every_fail_point_is_in_the_table_and_is_called_somewhere() {
    let table = include_str!("../../src/lib.rs");
    let named = table
        .lines()
        .filter_map(|line| line.strip_prefix("//! | `")?.split('`').next());
    let named: BTreeSet<&str> = named.filter(|name| !name.ends_with(".rs")).collect();
    assert_eq!(named, BTreeSet::from(FAIL_POINTS));
    let sources = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).expect("sources");
    let sources: String = sources
        .map(|entry| std::fs::read_to_string(entry.expect("an entry").path()).expect("text"))
        .collect();
    for point in FAIL_POINTS {
        assert!(sources.contains(&format!("point(\"{point}\")")), "{point}");
    }
    assert_eq!(sources.matches("point(\"").count(), FAIL_POINTS.len() + 1);
}
