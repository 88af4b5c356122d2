//! The traps of the log grammar, one case each in `tests/corpus/trap-*`, and recipients that fared
//! differently, in `tests/corpus/recipients-*`: every message and every connection of the log, as
//! records in a few lines, compared with `records.txt`.
//! `WHYMID_BLESS=1` rewrites what is expected; read the difference before you keep it.
//!
//! Not here: the other cases, whole answers through the command (`tests/e2e/corpus.rs`).

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use whymid_diagnosis::{Knowledge, Listeners, Log, LogReader, Reading, Style, Wanted};
use whymid_mailflow::Settings;
use whymid_schemas::{Answer, Lang, Recipient};

/// How many traps the grammar lists.
const TRAPS: usize = 32;

fn cases() -> Vec<PathBuf> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/corpus");
    let entries = std::fs::read_dir(corpus).expect("a corpus");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let has_records = |path: &PathBuf| is_called(path, "trap-") || is_called(path, "recipients-");
    let mut cases: Vec<PathBuf> = paths.filter(has_records).collect();
    cases.sort();
    cases
}

fn is_called(case: &Path, beginning: &str) -> bool {
    let name = case.file_name().map(|name| name.to_string_lossy());
    name.is_some_and(|name| name.starts_with(beginning))
}

fn read(log: &[u8]) -> Log {
    let mut reader = LogReader::new(Reading {
        settings: Settings {
            unnamed: "unnamed".to_owned(),
            ..Settings::default()
        },
        listeners: Listeners::default(),
        year: Some(2025),
        now: Timestamp::UNIX_EPOCH,
    });
    reader.read(log);
    reader.finish()
}

/// The records of a log, a paragraph each.
fn records(log: &Log, knowledge: &Knowledge) -> String {
    let style = Style {
        lang: Lang::En,
        zone: TimeZone::UTC,
        base_url: String::new(),
    };
    let (answers, _) = log.answers(knowledge, None, Wanted::Everything, usize::MAX, &style);
    let mut text = format!("lines {}, understood {}\n", log.lines, log.understood);
    for answer in &answers {
        text.push('\n');
        head(&mut text, answer);
        let message = answer.message.iter();
        for one in message.flat_map(|message| &message.recipients) {
            recipient(&mut text, one, &answer.diagnosis.id);
        }
        if let Some(own) = &answer.message {
            family(&mut text, log, knowledge, &own.id, &style);
        }
    }
    text
}

fn head(text: &mut String, answer: &Answer) {
    let diagnosis = &answer.diagnosis;
    let (what, appliance, at, outcome) = match (&answer.message, &answer.connection) {
        (Some(one), _) => {
            let sender = one.sender.as_deref().map(|own| format!(" from <{own}>"));
            let icid = one.icid.map(|icid| format!(" ICID {icid}"));
            let what = format!(
                "MID {}{}{}",
                one.mid,
                icid.unwrap_or_default(),
                sender.unwrap_or_default()
            );
            (what, &one.appliance, &one.first_seen_at, one.outcome)
        }
        (None, Some(one)) => (
            format!("ICID {}", one.icid),
            &one.appliance,
            &one.first_seen_at,
            one.outcome,
        ),
        (None, None) => return,
    };
    let custody = diagnosis.custody;
    let (id, confidence) = (&diagnosis.id, diagnosis.confidence);
    let _ = writeln!(
        text,
        "{what} on {appliance} since {at}: {outcome}, custody {custody}"
    );
    let also: Vec<&str> = answer.also.iter().map(|one| one.id.as_str()).collect();
    let also = if also.is_empty() {
        String::new()
    } else {
        format!("; also {}", also.join(", "))
    };
    let _ = writeln!(text, "  {id} {confidence}{also}");
}

/// A recipient; its diagnosis where that is not the answer's.
fn recipient(text: &mut String, one: &Recipient, answer: &str) {
    let address = one.address.as_deref().unwrap_or("?");
    let _ = write!(
        text,
        "  to <{address}>: {}, custody {}",
        one.outcome, one.custody
    );
    if let Some(mid) = one.final_mid {
        let _ = write!(text, ", ended as MID {mid}");
    }
    if let Some(mid) = one.bounce_mid {
        let _ = write!(text, ", bounced by MID {mid}");
    }
    if one.diagnosis.as_deref() != Some(answer) {
        let _ = write!(text, "; {}", one.diagnosis.as_deref().unwrap_or("none"));
    }
    text.push('\n');
}

fn family(text: &mut String, log: &Log, knowledge: &Knowledge, id: &str, style: &Style) {
    let message = log.messages().find(|one| one.common.id == id);
    let story = log.story(message.expect("a message of the log"));
    let timeline = knowledge.timeline(&story, style, 0, 0);
    for kin in timeline.expect("a message").family {
        let unseen = if kin.id.is_none() { ", never seen" } else { "" };
        let _ = writeln!(
            text,
            "  MID {} {} MID {}{unseen}",
            kin.mid, kin.how, kin.from_mid
        );
    }
}

#[test]
fn every_case_gives_the_records_that_stand_beside_it() {
    let bless = std::env::var_os("WHYMID_BLESS").is_some_and(|value| value == "1");
    let knowledge = Knowledge::embedded();
    let cases = cases();
    let traps = cases.iter().filter(|case| is_called(case, "trap-"));
    assert_eq!(traps.count(), TRAPS);
    let mut wrong = Vec::new();
    for case in cases {
        let log = std::fs::read(case.join("input.log")).expect("a log");
        let got = records(&read(&log), &knowledge);
        let expected = case.join("records.txt");
        if bless {
            std::fs::write(&expected, &got).expect("the corpus can be written");
            continue;
        }
        let held = std::fs::read_to_string(&expected).unwrap_or_default();
        let mut pairs = got.lines().zip(held.lines());
        if let Some((own, right)) = pairs.find(|(own, right)| own != right) {
            wrong.push(format!("{}: `{own}`, expected `{right}`", case.display()));
        } else if got != held {
            wrong.push(format!("{}: another length", case.display()));
        }
    }
    assert!(
        wrong.is_empty(),
        "WHYMID_BLESS=1 rewrites them:\n{}",
        wrong.join("\n")
    );
}
