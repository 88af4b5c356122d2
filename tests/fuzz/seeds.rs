//! The repository's own lines into a first corpus and a dictionary for one fuzz target.
//!
//! `seeds TARGET FOLDER`: writes `FOLDER/corpus/seed-*`, one input a file, and
//! `FOLDER/dictionary` in libFuzzer's form. Lines come from the table of forms
//! (`forms.txt`) and from the corpus of logs (`tests/corpus`), words from the table of kinds.
//!
//! Invariants: writes nothing outside of FOLDER; the same repository gives the same files.
//! Not here: what the targets make of an input (`targets/`), whose layouts this follows.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use whymid_mailflow::kind;
use whymid_syslog::parse;

/// One header of each shape that `services/syslog` reads.
const HEADERS: [&str; 16] = [
    "<166>Mar 17 18:24:37 mail_logs: Info: ",
    "<94>Nov 24 14:22:57 esa1.corp.example mail_logs: Info: ",
    "Jun 26 10:42:23 192.0.2.7 mail_logs[71]: Warning: ",
    "<22>Feb 29 23:59:60.125 2001:db8::7 mail_logs: Critical: ",
    "<22>Mon Aug 10 09:12:39 2020 esa1.corp.example mail_logs: Debug: ",
    "<22>Mar 12 10:00:00 relay mail_logs: Mon Aug 10 09:12:39 2020 Info: ",
    "Mon Aug  3 09:12:39 2020 Info: ",
    "Mon Aug  3 09:12:39 2020: CEF:0|Cisco|",
    "2019 Sep 28 16:13:51 esa1 mail [info] mail_logs:nopid Info: ",
    "Info: ",
    "",
    "<22>1 2020-08-10T09:12:39.003Z esa1.corp.example mail_logs 71 ID47 [a@1 b=\"c\\]\"] Info: ",
    "<22>1 - - - - - - \u{feff}Info: ",
    "2020-08-10T09:12:39+09:00 esa1 mail_logs: Info: ",
    "Aug 10 2020 09:12:39: esa1 mail_logs: Info: ",
    "\u{feff}<0>Dec 31 23:59:59 2024 - : Alert: ",
];

/// What headers are made of.
const HEADER_WORDS: [&str; 38] = [
    "<0>",
    "<191>",
    "<22>1 ",
    " - ",
    " - - - - ",
    "\u{feff}",
    "[a@1 b=\"",
    "\\]",
    "\"] ",
    "Info:",
    "Warning:",
    "Critical:",
    "Debug:",
    "Trace:",
    "Alert:",
    "Jan ",
    "Feb 29 ",
    "Apr ",
    "Dec 31 ",
    "Mon ",
    "Sun ",
    " 00:00:00",
    " 23:59:60",
    ".999999999",
    " 0000 ",
    " 9999 ",
    " 2020:",
    "0000-01-01T",
    "9999-12-31T",
    "23:59:59",
    "+23:59",
    "-23:59",
    "Z ",
    "mail_logs: ",
    "[1]: ",
    "[info] ",
    "CEF:",
    "2001:db8::7 ",
];

/// What framing is made of, and the signs of `targets/framing.rs`.
const FRAMING_WORDS: [&[u8]; 14] = [
    b"<1>",
    b"1 <",
    b"10 <",
    b"99 <",
    b"65536 <",
    b"65537 <",
    b"9999999999 <",
    b"\r\n",
    b"\n",
    b"\0",
    b"\xFE\xFF\xFE",
    b"\xFE\xFF\xFF",
    b"\xFE\x01\x00",
    b"\xFF",
];

fn main() -> io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let target = arguments.next().unwrap_or_default();
    let folder = PathBuf::from(arguments.next().unwrap_or_default());
    let (inputs, words) = match target.as_str() {
        "framing" => (framing()?, FRAMING_WORDS.map(<[u8]>::to_vec).to_vec()),
        "header" => (headers()?, HEADER_WORDS.map(bytes).to_vec()),
        "events" => (bodies()?.into_iter().map(bytes).collect(), form_words()),
        _ => {
            return Err(io::Error::other(
                "usage: seeds framing|header|events FOLDER",
            ));
        }
    };
    let corpus = folder.join("corpus");
    fs::create_dir_all(&corpus)?;
    for (number, input) in inputs.iter().enumerate() {
        fs::write(corpus.join(format!("seed-{number:04}")), input)?;
    }
    fs::write(folder.join("dictionary"), dictionary(&words))
}

fn bytes(text: impl AsRef<str>) -> Vec<u8> {
    text.as_ref().as_bytes().to_vec()
}

/// Each log in every framing, with a plan of chunks behind it, and lines about as long as is kept.
fn framing() -> io::Result<Vec<Vec<u8>>> {
    let mut inputs = Vec::new();
    for log in logs()? {
        let lines: Vec<&str> = log.lines().take(6).collect();
        inputs.push(bytes(lines.join("\n")));
        inputs.push([&bytes(lines.join("\r\n"))[..], b"\r\n\xFF\x01\x07\x00\x40"].concat());
        let counted = lines
            .iter()
            .map(|line| format!("{} <22>{line}", line.len() + 4));
        let counted = counted.collect::<String>();
        inputs.push([counted.as_bytes(), b"\xFF\x05"].concat());
    }
    for (run, end) in [
        (0xFFFD_u16, "\n"),
        (0xFFFE, "\r\n"),
        (0xFFFF, "bc\0"),
        (0xFFFF, "b\r\n"),
    ] {
        let [high, low] = run.to_be_bytes();
        for count in ["", "65536 <", "65535 <"] {
            let line = [
                count.as_bytes(),
                b"aa\xFE",
                &[high, low],
                end.as_bytes(),
                b"2 <b\xFF\x90",
            ];
            inputs.push(line.concat());
        }
    }
    Ok(inputs)
}

/// The lines of the logs, and headers of every shape before a few bodies, some with settings.
fn headers() -> io::Result<Vec<Vec<u8>>> {
    let mut inputs = Vec::new();
    for log in logs()? {
        inputs.extend(log.lines().map(bytes));
    }
    for header in HEADERS {
        for body in bodies()?.iter().step_by(60) {
            inputs.push(bytes(format!("{header}{body}")));
        }
        let settings = [0xFF, 0, 0, 0, 0, 0x69, 0xAD, 0, 0, 0xFF];
        inputs.push([header.as_bytes(), &settings, &[0x7F; 24]].concat());
    }
    Ok(inputs)
}

/// Lines of every form, and the bodies of the logs.
fn bodies() -> io::Result<Vec<String>> {
    let forms = read("services/mailflow/src/grammar/tests/forms.txt".as_ref())?;
    let blocks = forms
        .split("\n\n")
        .filter_map(|block| block.trim_start().lines().nth(1));
    let mut bodies: BTreeSet<String> = blocks.map(str::to_owned).collect();
    for log in logs()? {
        bodies.extend(log.lines().map(|line| parse(line).body.to_owned()));
    }
    Ok(bodies.into_iter().collect())
}

/// What stands between the fields of the forms.
fn form_words() -> Vec<Vec<u8>> {
    let forms = kind::ALL.iter().flat_map(|kind| kind.forms);
    let outside = forms.flat_map(|form| {
        let parts = form.split('{');
        parts.map(|part| part.split_once('}').map_or(part, |(_, after)| after))
    });
    let texts = outside.flat_map(|part| part.split(['|', '…']));
    let texts: BTreeSet<&str> = texts.filter(|text| !text.trim().is_empty()).collect();
    texts.into_iter().map(bytes).collect()
}

/// libFuzzer's form: a quoted text a line, every byte that is not plain as `\xNN`.
fn dictionary(words: &[Vec<u8>]) -> String {
    let escaped = |byte: &u8| match byte {
        b' ' | b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => char::from(*byte).to_string(),
        _ => format!("\\x{byte:02X}"),
    };
    let entry = |word: &Vec<u8>| format!("\"{}\"\n", word.iter().map(escaped).collect::<String>());
    words.iter().map(entry).collect()
}

/// The logs of `tests/corpus`, in order.
fn logs() -> io::Result<Vec<String>> {
    let mut cases = Vec::new();
    for case in fs::read_dir(repository().join("tests/corpus"))? {
        cases.push(case?.path().join("input.log"));
    }
    cases.sort();
    cases.iter().map(|log| read(log)).collect()
}

/// Some logs hold bytes that are no UTF-8 on purpose; the fuzzer comes to such by itself.
fn read(path: &Path) -> io::Result<String> {
    let bytes = fs::read(repository().join(path))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
