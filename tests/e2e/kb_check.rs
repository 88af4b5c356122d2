//! `whymid kb`: the knowledge base has no faults, and can be read. What happens when it has some:
//! `kb_faults/`.

use crate::harness::{is_japanese, repository, whymid};

#[test]
fn the_built_in_knowledge_base_has_no_faults() {
    let ran = whymid(&["kb", "check"]).exits(0);
    assert!(ran.stdout.starts_with("no faults"), "{}", ran.stdout);
}

#[test]
fn the_folder_of_the_knowledge_base_has_no_faults_and_is_what_was_built_in() {
    let folder = repository().join("kb").display().to_string();
    let ran = whymid(&["kb", "check", &folder]).exits(0);
    assert_eq!(
        ran.stdout,
        whymid(&["kb", "check"]).exits(0).stdout,
        "cargo builds kb/ into the binary"
    );
}

#[test]
fn a_diagnosis_is_explained_in_both_languages() {
    let id = "receiving-aborted-by-sender";
    let english = whymid(&["kb", "explain", id]).exits(0).stdout;
    assert!(
        english.contains(id) && english.contains("118295") && !is_japanese(&english),
        "{english}"
    );
    let japanese = whymid(&["kb", "explain", id, "--lang", "ja"])
        .exits(0)
        .stdout;
    assert!(
        is_japanese(&japanese) && japanese.contains("118295"),
        "{japanese}"
    );
}

#[test]
fn an_unknown_diagnosis_is_named_with_the_nearest_one() {
    let ran = whymid(&["kb", "explain", "receiving-abort-by-sender"]).exits(1);
    assert!(
        ran.one_line().contains("receiving-aborted-by-sender"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_folder_that_is_not_there_is_one_clear_line() {
    let ran = whymid(&["kb", "check", "/nowhere/kb"]).exits(1);
    assert!(ran.one_line().contains("/nowhere/kb"), "{}", ran.stderr);
}
