//! `whymid events`: the table of kinds, and the lines of a log that are none of them.

use std::io::Write as _;

use tempfile::NamedTempFile;

use crate::harness::{repository, whymid, whymid_with_input};

const LOG: &str = "\
<166>Nov 24 10:00:00 esa1 mail_logs: Info: Start MID 7 ICID 8
<166>Nov 24 10:00:01 esa1 mail_logs: Info: MID 7 frobnicated 'alpha' for alice@corp.example in 12 ms
<166>Nov 24 10:00:02 esa1 mail_logs: Info: MID 9 frobnicated 'beta' for alice@corp.example in 3 ms
Mon Nov 24 10:00:03 2025 Warning: Quarrel with Dr Nobody
";

#[test]
fn the_table_names_every_kind_with_its_forms_and_what_is_unconfirmed() {
    let told = whymid(&["events"]).exits(0).stdout;
    for line in [
        "message-finished-aborted (of a message, ends it; E084)",
        "    Message finished MID {mid#} aborted",
        "unknown-command (of a connection, unconfirmed: no such line has been seen yet; E011)",
    ] {
        assert!(told.lines().any(|own| own == line), "{line}\n{told}");
    }
}

#[test]
fn lines_that_are_not_known_are_counted_by_their_shape() {
    let ran = whymid_with_input(&["events", "--unknown"], LOG.as_bytes()).exits(0);
    assert_eq!(
        ran.stdout,
        "2 MID N frobnicated '…' for alice@corp.example in N ms\n1 Quarrel with Dr Nobody\n"
    );
    assert!(
        ran.stderr.contains("4 lines, 3 of them not known"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_file_of_octet_counted_frames_is_read_frame_by_frame() {
    let counted: String = LOG
        .lines()
        .map(|line| format!("{} {line}", line.len()))
        .collect();
    let log = counted.split("Mon Nov").next().expect("a beginning");
    let log = log.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == ' ');
    let ran = whymid_with_input(&["events", "--unknown"], log.as_bytes()).exits(0);
    assert!(
        ran.stdout.starts_with("2 MID N frobnicated"),
        "{}",
        ran.stdout
    );
}

#[test]
fn an_anonymous_shape_names_nobody() {
    let mut file = NamedTempFile::new().expect("a temporary file");
    file.write_all(LOG.as_bytes()).expect("written");
    let path = file.path().display().to_string();
    let told = whymid(&["events", "--unknown", "--anonymise", &path])
        .exits(0)
        .stdout;
    assert_eq!(told, "2 MID N X '…' for X in N X\n1 X with X X\n");
}

#[test]
fn every_line_of_the_corpus_is_known_but_the_rest_of_one_that_was_broken() {
    let cases = std::fs::read_dir(repository().join("tests/corpus")).expect("the corpus");
    let logs = cases.map(|case| case.expect("a case").path().join("input.log"));
    let logs: Vec<String> = logs.map(|log| log.display().to_string()).collect();
    let mut arguments = vec!["events", "--unknown"];
    arguments.extend(logs.iter().map(String::as_str));
    let told = whymid(&arguments).exits(0).stdout;
    // rests of broken lines (traps 17 and 20), and a slip of the guides (trap 31)
    let rests = "1 <…>,\n1 MID N ICID N From: <…>\n1 MID N is accepted\n1 Message aborted MID N Dropped by CASE'…'<…>'…'\n1 Message finished MID N aborted'…'\n1 N]\n1 into two lines'…'\n1 partN@corp.example>'…'\n";
    assert_eq!(told, rests);
}

#[test]
fn what_can_not_be_is_told() {
    whymid(&["events", "mail.log"]).exits(2);
    whymid(&["events", "--anonymise"]).exits(2);
    let ran = whymid(&["events", "--unknown", "/nowhere/mail.log"]).exits(3);
    assert!(
        ran.one_line().contains("/nowhere/mail.log"),
        "{}",
        ran.stderr
    );
}
