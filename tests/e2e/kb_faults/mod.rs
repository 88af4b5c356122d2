//! Each kind of fault of a knowledge base is told by `kb check`, with file, line, and what to do.
//!
//! Tables (`articles.rs`, `rules.rs`, `examples.rs`): one edit of a copy of `kb/`, and the fault
//! that must be told. Edits replace the first place where a text stands; the fault's line is found
//! by a text that stands in it afterwards.

mod articles;
mod examples;
mod rules;

use std::path::Path;

use tempfile::TempDir;

use crate::harness::{Ran, repository, whymid};

const EN: &str = "receiving-aborted/article.en.md";
const JA: &str = "receiving-aborted/article.ja.md";
const RULES: &str = "receiving-aborted/rules.yaml";
const FIRES: &str = "receiving-aborted/examples/receiving-aborted-by-sender.fires.log";
const SILENT: &str = "receiving-aborted/examples/receiving-aborted-by-sender.silent.log";
const LOST: &str = "receiving-aborted-connection-lost";

/// What is done to one file.
enum Edit {
    Replace(&'static str, &'static str),
    Write(&'static [u8]),
    Remove,
}
use Edit::{Remove, Replace, Write};

/// Where the fault stands.
enum At {
    /// In the edited file, in the first line that holds this text.
    Here(&'static str),
    /// In another file, in the first line that holds this text.
    In(&'static str, &'static str),
    /// In the edited file, in the second line that holds this text.
    Second(&'static str),
    /// In the edited file, line 1.
    Top,
}
use At::{Here, In, Second, Top};

/// A kind of fault: its name, the file, the edit, the place, words of the fault.
type Row = (
    &'static str,
    &'static str,
    Edit,
    At,
    &'static [&'static str],
);

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a temporary folder");
    for entry in std::fs::read_dir(from).expect("kb/") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("a temporary file");
        }
    }
}

fn apply(file: &Path, edit: &Edit, name: &str) {
    match edit {
        Remove => std::fs::remove_file(file).expect("the file is there"),
        Write(bytes) => std::fs::write(file, bytes).expect("a temporary file"),
        Replace(from, to) => {
            let text = std::fs::read_to_string(file).expect("the file is there");
            assert!(
                text.contains(from),
                "{name}: kb/ has changed, `{from}` stands nowhere in {}",
                file.display()
            );
            std::fs::write(file, text.replacen(from, to, 1)).expect("a temporary file");
        }
    }
}

/// The number of a line that holds a text: the first (0) or the second (1).
fn line_of(file: &Path, needle: &str, which: usize, name: &str) -> usize {
    let text = std::fs::read_to_string(file).expect("the file is there");
    let found = text
        .lines()
        .enumerate()
        .filter(|(_, line)| line.contains(needle))
        .nth(which);
    1 + found
        .unwrap_or_else(|| panic!("{name}: `{needle}` stands nowhere"))
        .0
}

/// What is wrong with how a fault is told; `None` when all is well.
fn misses(row: &Row, pristine: &Path) -> Option<String> {
    let (name, file, edit, at, words) = row;
    let folder = TempDir::new().expect("a temporary folder");
    copy(pristine, folder.path());
    apply(&folder.path().join(file), edit, name);
    let (told_file, line) = match at {
        Here(needle) => (*file, line_of(&folder.path().join(file), needle, 0, name)),
        Second(needle) => (*file, line_of(&folder.path().join(file), needle, 1, name)),
        In(other, needle) => (*other, line_of(&folder.path().join(other), needle, 0, name)),
        Top => (*file, 1),
    };
    let ran: Ran = whymid(&["kb", "check", &folder.path().display().to_string()]);
    let place = format!("{}/{told_file}:{line}: ", folder.path().display());
    let fits = |told: &str| {
        told.strip_prefix(&place)
            .is_some_and(|text| words.iter().all(|word| text.contains(word)))
    };
    if ran.code == 1 && ran.stdout.lines().any(fits) {
        return None;
    }
    let told = ran
        .stdout
        .replace(&folder.path().display().to_string(), "kb");
    Some(format!(
        "{name}: exit {}, wanted `{told_file}:{line}: … {words:?}`, told:\n{told}",
        ran.code
    ))
}

fn all_are_told(rows: &[Row]) {
    let pristine = repository().join("kb");
    let missed: Vec<String> = rows
        .iter()
        .filter_map(|row| misses(row, &pristine))
        .collect();
    assert!(
        missed.is_empty(),
        "{} of {} faults:\n\n{}",
        missed.len(),
        rows.len(),
        missed.join("\n")
    );
}

#[test]
fn each_fault_of_an_article_is_told_at_its_place() {
    all_are_told(&articles::rows());
}

#[test]
fn each_fault_of_a_rule_is_told_at_its_place() {
    all_are_told(&rules::rows());
}

#[test]
fn each_fault_of_an_example_is_told_at_its_place() {
    all_are_told(&examples::rows());
}

#[test]
fn all_faults_are_told_at_once() {
    let folder = TempDir::new().expect("a temporary folder");
    copy(&repository().join("kb"), folder.path());
    let rows = articles::rows()
        .into_iter()
        .chain(rules::rows())
        .chain(examples::rows());
    let together = [
        "the Japanese article is missing",
        "an unknown fact",
        "an unknown who",
        "an example without a question",
    ];
    for (name, file, edit, ..) in rows.filter(|row| together.contains(&row.0)) {
        apply(&folder.path().join(file), &edit, name);
    }
    let ran = whymid(&["kb", "check", &folder.path().display().to_string()]).exits(1);
    for told in [
        "both languages",
        "unknown fact",
        "unknown `who`",
        "# ask: mid N",
    ] {
        assert!(
            ran.stdout.contains(told),
            "{told} is not told:\n{}",
            ran.stdout
        );
    }
    assert!(ran.stderr.contains("faults"), "{}", ran.stderr);
}
