//! `whymid explain`: its exit codes, its inputs, its forms, its languages.

use std::io::Write as _;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

use crate::harness::{is_japanese, repository, sender_quit, whymid, whymid_with_input};

fn founding() -> PathBuf {
    repository().join("tests/corpus/founding-document/input.log")
}

fn shown(path: &std::path::Path) -> String {
    path.display().to_string()
}

#[test]
fn the_exit_code_says_answered_not_there_usage_or_unreadable() {
    let log = shown(&founding());
    whymid(&["explain", "--mid", "1404", &log]).exits(0);
    whymid(&["explain", "--icid", "10293", &log]).exits(0);
    whymid(&["explain", &log]).exits(0);
    let unknown = whymid(&["explain", "--mid", "99", &log]).exits(1);
    assert!(unknown.one_line().contains("99"), "{}", unknown.stderr);
    whymid(&["explain", "--icid", "99", &log]).exits(1);
    let elsewhere = sender_quit(8001, "probe@other.example").stream("esa1");
    whymid_with_input(
        &["explain", "--mid", "8001", "--appliance", "esa9"],
        &elsewhere,
    )
    .exits(1);
    for usage in [
        &["--mid", "x"][..],
        &["--mid", "1", "--icid", "2"],
        &["--lang", "fr"],
        &["--format", "xml"],
        &["--timezone", "Mars/Base"],
        &["--yaer", "2014"],
    ] {
        whymid(&[&["explain"], usage, &[log.as_str()]].concat()).exits(2);
    }
    let unreadable = whymid(&["explain", "/nowhere/mail.log"]).exits(3);
    assert!(
        unreadable.one_line().contains("/nowhere/mail.log"),
        "{}",
        unreadable.stderr
    );
}

#[test]
fn a_compressed_log_is_read_whatever_its_name() {
    let folder = TempDir::new().expect("a temporary folder");
    let text = std::fs::read(founding()).expect("the corpus");
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&text).expect("memory takes it");
    let packed = [
        ("mail.log.gz", gzip.finish().expect("memory takes it")),
        (
            "mail.log",
            zstd::encode_all(&text[..], 3).expect("memory takes it"),
        ),
    ];
    let plain = whymid(&["explain", "--mid", "1404", &shown(&founding())])
        .exits(0)
        .stdout;
    for (name, bytes) in packed {
        let file = folder.path().join(name);
        std::fs::write(&file, &bytes).expect("a temporary file");
        assert_eq!(
            whymid(&["explain", "--mid", "1404", &shown(&file)])
                .exits(0)
                .stdout,
            plain,
            "{name}"
        );
        std::fs::write(&file, &bytes[..bytes.len() / 2]).expect("a temporary file");
        let broken = whymid(&["explain", "--mid", "1404", &shown(&file)]).exits(3);
        assert!(
            broken.one_line().contains(&shown(&file)),
            "{name}: {}",
            broken.stderr
        );
    }
}

#[test]
fn a_log_may_come_on_stdin() {
    let text = std::fs::read(founding()).expect("the corpus");
    let plain = whymid(&["explain", "--mid", "1404", &shown(&founding())])
        .exits(0)
        .stdout;
    assert_eq!(
        whymid_with_input(&["explain", "--mid", "1404"], &text)
            .exits(0)
            .stdout,
        plain
    );
    assert_eq!(
        whymid_with_input(&["explain", "--mid", "1404", "-"], &text)
            .exits(0)
            .stdout,
        plain
    );
    whymid_with_input(&["explain", "--mid", "1404"], b"").exits(1);
    whymid_with_input(&["explain"], b"").exits(0);
}

#[test]
fn json_is_one_answer_for_an_id_and_a_list_for_a_log() {
    let log = shown(&founding());
    let one = whymid(&["explain", "--format", "json", "--mid", "1412", &log])
        .exits(0)
        .json();
    assert_eq!(one["question"]["mid"], 1412);
    assert_eq!(one["diagnosis"]["id"], "receiving-aborted-by-sender");
    let connection = whymid(&["explain", "--format", "json", "--icid", "10318", &log])
        .exits(0)
        .json();
    assert_eq!(connection["connection"]["icid"], 10318, "{connection}");
    assert_eq!(
        connection["connection"]["messages"],
        serde_json::json!([1412]),
        "{connection}"
    );
    let all = whymid(&["explain", "--format", "json", &log])
        .exits(0)
        .json();
    let mids: Vec<_> = all
        .as_array()
        .expect("a list")
        .iter()
        .map(|answer| answer["message"]["mid"].clone())
        .collect();
    assert_eq!(
        mids,
        [1404, 1412, 1_558_778],
        "every message that did not end well, oldest first"
    );
    let none = whymid_with_input(&["explain", "--format", "json"], b"")
        .exits(0)
        .json();
    assert_eq!(none, serde_json::json!([]));
}

#[test]
fn the_answer_comes_in_japanese_as_text_markdown_and_json() {
    let log = shown(&founding());
    for format in ["text", "markdown", "json"] {
        let told = whymid(&[
            "explain", "--lang", "ja", "--format", format, "--mid", "1404", &log,
        ])
        .exits(0)
        .stdout;
        assert!(
            is_japanese(&told) && told.contains("ICID 10293 lost"),
            "{told}"
        );
        let english = whymid(&["explain", "--format", format, "--mid", "1404", &log])
            .exits(0)
            .stdout;
        assert!(!is_japanese(&english), "{english}");
    }
}

#[test]
fn stamps_without_a_year_get_the_one_that_is_given_in_the_zone_that_is_given() {
    let lines = "<166>Dec 31 23:59:50 esa1 mail_logs: Info: Start MID 8001 ICID 9001\n\
                 <166>Jan  1 00:00:10 esa1 mail_logs: Info: Message aborted MID 8001 Receiving aborted\n";
    let arguments = [
        "explain",
        "--format",
        "json",
        "--mid",
        "8001",
        "--year",
        "2019",
        "--timezone",
        "Asia/Tokyo",
    ];
    let answer = whymid_with_input(&arguments, lines.as_bytes())
        .exits(0)
        .json();
    assert_eq!(
        answer["message"]["started_at"], "2019-12-31T14:59:50+00:00",
        "{answer}"
    );
    assert_eq!(
        answer["diagnosis"]["evidence"][0]["at"], "2019-12-31T15:00:10+00:00",
        "{answer}"
    );
    assert_eq!(answer["message"]["zone"], "configured");
}

#[test]
fn several_files_are_one_log_and_an_appliance_narrows_it() {
    let folder = TempDir::new().expect("a temporary folder");
    let mut files = Vec::new();
    for (host, sender) in [
        ("esa1", "first@other.example"),
        ("esa2", "second@other.example"),
    ] {
        let file = folder.path().join(host);
        std::fs::write(&file, sender_quit(8101, sender).stream(host)).expect("a temporary file");
        files.push(shown(&file));
    }
    let ask = |appliance: &str| {
        let arguments = [
            "explain",
            "--format",
            "json",
            "--mid",
            "8101",
            "--appliance",
            appliance,
            &files[0],
            &files[1],
        ];
        whymid(&arguments).exits(0).json()["message"]["sender"].clone()
    };
    assert_eq!(ask("esa1"), "first@other.example");
    assert_eq!(ask("ESA2"), "second@other.example");
    let all = whymid(&["explain", "--format", "json", &files[0], &files[1]])
        .exits(0)
        .json();
    assert_eq!(all.as_array().map(Vec::len), Some(2), "{all}");
}
