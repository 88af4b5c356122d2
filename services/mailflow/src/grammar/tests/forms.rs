//! Every row of the log grammar that a form reads, and some that have readers of their own: its
//! line, its kind, whose it is, its fields (`forms.txt`; `WHYMID_BLESS=1` writes it anew from its
//! lines, to be read before it is committed).

use std::fmt::Write as _;

use crate::event::Owner;
use crate::grammar::{fields, form, read};
use crate::kind::{self, Kind};

const ROWS: &str = include_str!("forms.txt");

/// One block of the file: the row, and the line.
fn rows() -> Vec<(&'static str, &'static str)> {
    let blocks = ROWS.split("\n\n").map(str::trim_start);
    let blocks = blocks.filter(|block| !block.is_empty());
    let row = |block: &'static str| {
        let mut lines = block.lines();
        let head = lines.next().expect("a head");
        let (row, _) = head.split_once(':').expect("a row's number");
        (row, lines.next().expect("a line"))
    };
    blocks.map(row).collect()
}

fn block(row: &str, line: &str) -> String {
    let event = read(line);
    let owner = match event.owner {
        Owner::Message(mid) => format!("MID {mid}"),
        Owner::Connection(icid) => format!("ICID {icid}"),
        Owner::Delivery(dcid) => format!("DCID {dcid}"),
        Owner::Beside(mid) => format!("beside MID {mid}"),
        Owner::Appliance => "appliance".to_owned(),
    };
    let kind = event.kind.map_or("not understood", |kind| kind.name);
    let mut block = format!("{row}: {kind}, {owner}\n{line}\n");
    let told = event.kind.map(|kind| fields(kind, line));
    for (name, text) in told.into_iter().flatten() {
        writeln!(block, "  {name}: {text}").expect("a string takes all");
    }
    block
}

#[test]
fn every_row_has_its_kind_its_owner_and_its_fields() {
    let blocks = rows().into_iter().map(|(row, line)| block(row, line));
    let told = blocks.collect::<Vec<_>>().join("\n");
    if std::env::var_os("WHYMID_BLESS").is_some() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/grammar/tests/forms.txt");
        std::fs::write(file, &told).expect("a file that can be written");
    }
    for (told, held) in told.split("\n\n").zip(ROWS.split("\n\n")) {
        assert_eq!(told, held);
    }
    assert_eq!(told, ROWS);
}

#[test]
fn every_kind_that_a_form_reads_has_a_row() {
    let told: Vec<&Kind> = rows()
        .iter()
        .filter_map(|(_, line)| read(line).kind)
        .collect();
    let by_form = kind::ALL.iter().filter(|kind| kind.by_form);
    let missing = by_form.filter(|kind| !told.iter().any(|one| one.name == kind.name));
    let missing: Vec<&str> = missing.map(|kind| kind.name).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_line_is_of_a_form_of_its_kind_and_the_form_says_whose_it_is() {
    let known = super::known()
        .into_iter()
        .map(|(row, line, ..)| (row, line));
    let mut misfits = Vec::new();
    for (row, line) in known.chain(rows()) {
        let event = read(line);
        let Some(kind) = event.kind else { continue };
        if !form::fits(kind, line) {
            misfits.push(format!("{row} {}: {line}", kind.name));
            continue;
        }
        let id = match event.owner {
            Owner::Message(id)
            | Owner::Connection(id)
            | Owner::Delivery(id)
            | Owner::Beside(id) => Some(id.to_string()),
            Owner::Appliance => None,
        };
        let told = fields(kind, line);
        let told = told.iter().find(|(name, _)| *name == kind.belongs.id());
        if let Some(id) = id {
            assert_eq!(
                told.map(|(_, text)| *text),
                Some(id.as_str()),
                "{row} {line}"
            );
        }
    }
    assert!(misfits.is_empty(), "{misfits:#?}");
}

#[test]
fn what_a_stranger_wrote_makes_no_other_kind() {
    for line in [
        "MID 5 Custom Log Entry: MID 6 quarantined to \"Policy\"",
        "MID 5 attachment 'MID 6 released from all quarantines'",
        "MID 5 URL http://a.example/ was split creating MID 9 has reputation 1.0 matched Condition: x",
        "MID 5 Subject 'MID 6 rewritten to MID 7 by antispam'",
    ] {
        let event = read(line);
        assert_eq!(event.owner, Owner::Message(5), "{line}");
        let kind = event.kind.expect("a kind").name;
        let own = [
            "custom-log-entry",
            "attachment",
            "url-reputation",
            "subject",
        ];
        assert!(own.contains(&kind), "{kind}: {line}");
    }
}

#[test]
fn a_line_that_is_cut_is_still_the_message_s() {
    for (row, line) in rows() {
        let Owner::Message(mid) = read(line).owner else {
            continue;
        };
        for end in (0..line.len()).filter(|end| line.is_char_boundary(*end)) {
            let cut = line[..end].trim_end_matches(|letter: char| letter.is_ascii_digit());
            let owner = read(cut).owner;
            let fits = owner == Owner::Message(mid) || !matches!(owner, Owner::Message(_));
            assert!(fits, "{row} {cut}: {owner:?}");
        }
    }
}
