//! Whole logs in, whole answers out: `tests/corpus/<case>/input.log` through `whymid explain
//! --format json` gives `expected.json`, but for the knowledge base's version.
//!
//! A case may hold a file `args` with further arguments. `WHYMID_BLESS=1` rewrites what is
//! expected; read the difference before you keep it. The cases are invented in the shapes of a
//! real stream; only `founding-document` quotes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{repository, whymid};

fn corpus() -> PathBuf {
    repository().join("tests/corpus")
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = std::fs::read_dir(folder).expect("a folder");
    entries
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("UTF-8")
        })
        .collect()
}

fn explained(log: &Path, arguments: &[&str]) -> Value {
    let log = log.display().to_string();
    let mut all = vec!["explain", "--format", "json"];
    all.extend(arguments);
    all.push(&log);
    whymid(&all).exits(0).json()
}

/// Takes out, everywhere, the members that a predicate names.
fn without(value: &mut Value, path: &str, gone: &dyn Fn(&str) -> bool) {
    match value {
        Value::Object(members) => {
            members.retain(|name, _| !gone(&format!("{path}.{name}")));
            for (name, member) in members.iter_mut() {
                without(member, &format!("{path}.{name}"), gone);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| without(item, path, gone)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The traps of the grammar, and recipients that fare differently, have records in place of answers (`services/diagnosis/tests`).
fn is_whole(case: &str) -> bool {
    !case.starts_with("trap-") && !case.starts_with("recipients-")
}

#[test]
fn every_log_of_the_corpus_gives_the_answers_that_stand_beside_it() {
    let bless = std::env::var_os("WHYMID_BLESS").is_some_and(|value| value == "1");
    let mut wrong = Vec::new();
    for case in names(&corpus()).into_iter().filter(|case| is_whole(case)) {
        let folder = corpus().join(&case);
        let arguments = std::fs::read_to_string(folder.join("args")).unwrap_or_default();
        let arguments: Vec<&str> = arguments.split_whitespace().collect();
        let mut answers = explained(&folder.join("input.log"), &arguments);
        without(&mut answers, "", &|path| path.ends_with(".kb_version"));
        let got = serde_json::to_string_pretty(&answers).expect("JSON") + "\n";
        let expected = folder.join("expected.json");
        if bless {
            std::fs::write(&expected, &got).expect("the corpus can be written");
        } else if std::fs::read_to_string(&expected).ok().as_deref() != Some(&got) {
            wrong.push(format!("{case}: {}", first_difference(&expected, &got)));
        }
    }
    assert!(
        wrong.is_empty(),
        "WHYMID_BLESS=1 rewrites them, if the new answers are right:\n{}",
        wrong.join("\n")
    );
}

fn first_difference(expected: &Path, got: &str) -> String {
    let Ok(expected) = std::fs::read_to_string(expected) else {
        return "expected.json is missing".to_owned();
    };
    let pairs = expected.lines().zip(got.lines()).zip(1..);
    let different =
        pairs
            .filter(|((expected, got), _)| expected != got)
            .map(|((expected, got), line)| {
                format!(
                    "line {line}:\n  expected {}\n  got      {}",
                    expected.trim(),
                    got.trim()
                )
            });
    different
        .take(1)
        .next()
        .unwrap_or_else(|| "one ends before the other".to_owned())
}

#[test]
fn a_case_holds_a_log_and_what_is_expected_and_nothing_else() {
    for case in names(&corpus()) {
        let files = names(&corpus().join(&case));
        let expected = if is_whole(&case) {
            "expected.json"
        } else {
            "records.txt"
        };
        for needed in ["input.log", expected] {
            assert!(
                files.contains(needed),
                "tests/corpus/{case}/{needed} is missing"
            );
        }
        let known = ["input.log", expected, "args"].map(str::to_owned);
        let strangers: Vec<_> = files.difference(&BTreeSet::from(known)).cloned().collect();
        assert!(
            strangers.is_empty(),
            "tests/corpus/{case} holds files that no test reads: {strangers:?}"
        );
    }
}

/// A line of the appliance's own file in another header.
fn reframed(line: &str, form: &str) -> String {
    let (day, stamp, year, body) = (&line[..3], &line[4..19], &line[20..24], &line[25..]);
    match form {
        "H4" => format!("{stamp} {year} esa1.corp.example mail_logs: {body}"),
        "H5" => format!("{stamp}  192.0.2.10 mail_logs: {body}"),
        "H6" => format!("{day} {stamp} esa1.corp.example mail_logs: {body}"),
        "H7" => format!("{day} {stamp} {year} 192.0.2.10 mail_logs: {body}"),
        "H9" => format!("{year} {stamp} esa1.corp.example mail [info] mail_logs:nopid {body}"),
        "H1" => format!("<166>{stamp} mail_logs: {body}"),
        "H2" => format!("<166>{stamp} esa1.corp.example mail_logs: {body}"),
        "H3" => format!("{stamp} esa1.corp.example mail_logs: {body}"),
        "H8" => format!("<111>{stamp} relay.corp.example ESA: {line}"),
        _ => line.to_owned(),
    }
}

/// The answers for the whole log and for each of its MIDs, without what hangs on the header.
fn records(lines: &[&str], form: &str, folder: &Path) -> Vec<Value> {
    let log = folder.join(format!("{form}.log"));
    let text: String = lines
        .iter()
        .map(|line| reframed(line, form) + "\n")
        .collect();
    std::fs::write(&log, text).expect("a temporary file");
    let stamps = ["--year", "2025", "--timezone", "UTC"];
    let mut records = vec![explained(&log, &stamps)];
    for mid in ["30101", "30102", "30103"] {
        records.push(explained(&log, &[&stamps[..], &["--mid", mid]].concat()));
    }
    let by_header = [
        ".message.id",
        ".connection.id",
        ".message.appliance",
        ".connection.appliance",
        // of a diagnosis that is grouped by record or appliance
        ".diagnosis.grouping.value",
        ".also.grouping.value",
    ];
    for record in &mut records {
        without(record, "", &|path| by_header.contains(&path));
    }
    records
}

#[test]
fn the_same_log_in_any_header_form_gives_the_same_records() {
    let input = std::fs::read_to_string(corpus().join("interleaved/input.log")).expect("the case");
    let lines: Vec<&str> = input
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect();
    let folder = TempDir::new().expect("a temporary folder");
    let file = records(&lines, "H10", folder.path());
    assert_eq!(
        file[0].as_array().map(Vec::len),
        Some(2),
        "two of the three did not end well: {}",
        file[0]
    );
    for form in ["H1", "H2", "H3", "H4", "H5", "H6", "H7", "H8", "H9"] {
        assert_eq!(
            records(&lines, form, folder.path()),
            file,
            "{form} is not read as the file is"
        );
    }
}
