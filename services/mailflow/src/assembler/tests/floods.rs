//! Records stay bounded and quick whatever comes.

use super::*;
use crate::entry::{FOR_REASONS, MAX_ENTRIES, RESERVE};
use crate::record::{Fate, MAX_LINKS, MAX_RECIPIENTS, MAX_REMARKS};

#[test]
fn a_mail_to_five_thousand_is_whole_though_its_lines_spill() {
    let mut bench = Bench::new();
    bench.at(1, "Start MID 1 ICID 2");
    for rid in 0..5_000 {
        bench.at(
            1,
            &format!("MID 1 ICID 2 RID {rid} To: <u{rid}@corp.example>"),
        );
    }
    let all: Vec<_> = (0..5_000).map(|rid| rid.to_string()).collect();
    bench.at(
        2,
        &format!("Message done DCID 3 MID 1 to RID [{}]", all.join(", ")),
    );
    let message = bench.message(1);
    assert_eq!(
        (message.recipients.len(), message.recipients_left_out),
        (5_000, 0)
    );
    assert!(
        message
            .recipients
            .iter()
            .all(|one| one.fate == Fate::Delivered && one.address.is_some())
    );
    // the delivery settles recipients, so it is kept although the list is full
    assert_eq!(message.common.entries.lines.len(), MAX_ENTRIES + 1);
    assert_eq!(bench.accounted(), 5_002);
}

#[test]
fn two_thousand_copies_are_one_line() {
    let mut bench = Bench::new();
    for _ in 0..2_000 {
        bench.at(1, "ICID 2 Receiving Failed: Message loop");
    }
    let connection = bench.connection(2);
    assert_eq!(
        (
            connection.failures.len(),
            connection.common.entries.lines.len()
        ),
        (1, 1)
    );
    assert_eq!(connection.common.entries.lines[0].copies(), 2_000);
    assert_eq!(bench.accounted(), 2_000);
}

#[test]
fn a_line_from_very_many_sources_remembers_some_and_counts_all() {
    let mut bench = Bench::new();
    for source in 0..1_000 {
        bench.source = source;
        bench.at(1, "Start MID 1 ICID 2");
    }
    assert_eq!(bench.message(1).common.entries.lines[0].copies(), 1);
    assert_eq!(bench.accounted(), 1_000);
}

#[test]
fn a_connection_keeps_so_many_remarks_and_no_more() {
    let mut bench = Bench::new();
    for place in 0..MAX_REMARKS + 100 {
        bench.at(1, &format!("ICID 2 Receiving Failed: {place}"));
        bench.at(
            1,
            &format!("ICID 2 To: <u{place}@corp.example> Rejected by RAT"),
        );
    }
    let connection = bench.connection(2);
    assert_eq!(
        (connection.failures.len(), connection.refused.len()),
        (MAX_REMARKS, MAX_REMARKS)
    );
    assert_eq!(bench.accounted(), 2 * (MAX_REMARKS as u64 + 100));
}

#[test]
fn a_connection_of_very_many_messages_names_so_many_and_no_more() {
    let mut bench = Bench::new();
    bench.at(1, "New SMTP ICID 2 interface a address 192.0.2.7");
    for mid in 1..=MAX_LINKS + 10 {
        bench.at(1, &format!("Start MID {mid} ICID 2"));
        bench.at(1, &format!("MID {mid} ready 10 bytes from <>"));
    }
    let connection = bench.intake.assembler.connection_of(bench.message(1));
    let connection = connection.expect("the connection");
    assert_eq!(
        (connection.mids.len(), connection.accepted.len()),
        (MAX_LINKS, MAX_LINKS)
    );
}

#[test]
fn a_forged_list_of_recipients_finds_an_end() {
    let mut bench = Bench::new();
    let many = MAX_RECIPIENTS + 500;
    let forged: Vec<_> = (0..many).rev().map(|rid| rid.to_string()).collect();
    bench.at(
        1,
        &format!("Message done DCID 3 MID 1 to RID [{}]", forged.join(",")),
    );
    for place in 0..10 {
        bench.at(
            1,
            &format!("MID 1 ICID 2 To: <u{place}@corp.example> Rejected by RAT"),
        );
        bench.at(
            1,
            &format!("Delivery start DCID {} MID 1 to RID [0]", 4 + place),
        );
    }
    let message = bench.message(1);
    assert_eq!(
        (message.recipients.len(), message.recipients_left_out),
        (MAX_RECIPIENTS, 20)
    );
    assert_eq!(message.dcids.len(), 11);
}

#[test]
fn copies_of_spilled_lines_change_nothing_but_the_count() {
    let mut bench = Bench::new();
    for place in 0..MAX_ENTRIES + RESERVE - FOR_REASONS {
        let line = format!("MID 1 ICID 2 To: <u{place}@corp.example> Rejected by RAT");
        bench.at(1, &line);
    }
    let lines = [
        "MID 1 ICID 2 To: <a@corp.example> Rejected by RAT",
        "MID 1 Subject 'x'",
        "Bounced: DCID 3 MID 1 to RID 0 - 5.1.0 - Unknown address error ('550', ['no']) []",
    ];
    for line in lines {
        bench.at(2, line);
    }
    let before = bench.message(1).clone();
    bench.source = 2;
    for line in lines {
        bench.at(2, line);
    }
    let mut after = bench.message(1).clone();
    assert_eq!(after.common.entries.spilled, 6);
    after.common = before.common.clone();
    assert_eq!(after, before);
}

#[test]
fn the_end_of_a_flooded_message_is_kept() {
    let mut bench = Bench::new();
    for rid in 0..2_500 {
        let line = format!("MID 1 ICID 2 RID {rid} To: <u{rid}@corp.example>");
        bench.at(1, &line);
    }
    bench.at(2, "Message aborted MID 1 Receiving aborted");
    bench.at(2, "Message finished MID 1 aborted");
    let entries = &bench.message(1).common.entries;
    let last: Vec<&str> = entries
        .lines
        .iter()
        .rev()
        .take(2)
        .map(|entry| entry.line.as_str())
        .collect();
    assert_eq!(
        last,
        [
            "Message finished MID 1 aborted",
            "Message aborted MID 1 Receiving aborted"
        ]
    );
    assert_eq!(entries.spilled, 500);
}

#[test]
fn a_long_reply_is_carried_short_by_each_of_its_recipients() {
    let mut bench = Bench::new();
    let text = "語".repeat(5_000);
    bench.at(
        1,
        &format!("Bounced: DCID 3 MID 1 to RID [0, 1] - 5.1.0 - x ('550', ['{text}']) []"),
    );
    for one in &bench.message(1).recipients {
        let Fate::Bounced(reply) = &one.fate else {
            panic!("{one:?}")
        };
        assert_eq!(reply.chars().count(), 301);
        assert!(reply.ends_with('…'));
    }
}

/// The last lines that a message kept.
fn last_lines(message: &Message, many: usize) -> Vec<&str> {
    let lines = &message.common.entries.lines;
    let last = lines.iter().skip(lines.len() - many);
    last.map(|entry| entry.line.as_str()).collect()
}

#[test]
fn the_end_is_kept_though_refused_recipients_fill_the_reserve() {
    let mut bench = Bench::new();
    for place in 0..4_000 {
        let line = format!("MID 1 ICID 2 To: <u{place}@corp.example> Rejected by LDAPACCEPT");
        bench.at(1, &line);
    }
    let ends = [
        "Start MID 1 ICID 2",
        "MID 1 ready 10 bytes from <a@mail.example>",
        "MID 1 queued for delivery",
        "Message aborted MID 1 Receiving aborted",
        "Message finished MID 1 aborted",
    ];
    for line in ends {
        bench.at(2, line);
    }
    bench.at(2, "MID 1 interim verdict");
    assert_eq!(last_lines(bench.message(1), ends.len()), ends);
    assert_eq!(bench.accounted(), 4_006);
}

#[test]
fn the_end_is_kept_though_reasons_fill_the_reserve() {
    let mut bench = Bench::new();
    for place in 0..4_000 {
        bench.at(
            1,
            &format!("Message aborted MID 1 Dropped by filter {place}"),
        );
    }
    bench.at(2, "Message finished MID 1 aborted");
    let message = bench.message(1);
    assert_eq!(last_lines(message, 1), ["Message finished MID 1 aborted"]);
    assert!(message.common.entries.lines.len() < MAX_ENTRIES + RESERVE);
}

#[test]
fn a_delay_and_a_response_are_carried_short_and_kept_whole() {
    let mut bench = Bench::new();
    let text = "x".repeat(30_000);
    let line = format!("MID 1 RID [0, 1] Response '{text}'");
    bench.at(1, &line);
    bench.at(
        2,
        &format!("Delayed: DCID 3 MID 1 to RID [0, 1] - 4.1.0 - x ('466', ['{text}'])[]"),
    );
    let message = bench.message(1);
    assert_eq!(message.common.entries.lines[0].line, line);
    for one in &message.recipients {
        let Fate::Delayed(reply) = &one.fate else {
            panic!("{one:?}")
        };
        assert_eq!(reply.chars().count(), 301);
        assert_eq!(one.response, Some(format!("{}…", "x".repeat(300))));
    }
}
