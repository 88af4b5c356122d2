//! Decision 7: the order within a second makes no difference; nor does a second source.

use proptest::prelude::*;

use super::*;

/// What a gateway may say within a second, contradictions included.
const LINES: [&str; 48] = [
    "New SMTP ICID 2 interface Data 1 (192.0.2.1) address 198.51.100.7 reverse dns host mx.mail.example verified yes",
    "New SMTP ICID 2 interface Data 1 (192.0.2.1) address 198.51.100.7 reverse dns ho",
    "ICID 2 ACCEPT SG UNKNOWN match ALL SBRS 1.0",
    "ICID 2 ACCEPT SG OTHER match ALL SBRS None",
    "ICID 2 Delayed HAT REJECT continuing session for recipient logging (198.51.100.7)",
    "ICID 2 TLS success protocol TLSv1.2 cipher X",
    "ICID 2 TLS failed: no cipher",
    "ICID 2 TLS failed: no luck",
    "ICID 2 Address: <a@x.example> sender rejected, envelope sender domain does not exist",
    "ICID 2 Invalid sender address: x",
    "ICID 2 To: <a@corp.example> Rejected by RAT",
    "ICID 2 Receiving Failed: Message loop",
    "ICID 2 lost",
    "ICID 2 close",
    "Start MID 1 ICID 2",
    "Start MID 1 ICID 3",
    "MID 1 ICID 2 From: <a@mail.example>",
    "MID 1 ICID 2 From: <b@mail.example>",
    "MID 1 ICID 2 RID 0 To: <a@corp.example>",
    "MID 1 ICID 2 RID 0 To: <another@corp.example>",
    "MID 1 ICID 2 RID 1 To: <b@corp.example>",
    "MID 1 ICID 2 To: <c@corp.example> Rejected by RAT",
    "MID 1 ICID 2 To: <c@corp.example> Rejected by LDAPACCEPT",
    "ICID 2 MID 1 Invalid recipient address: 'x'",
    "ICID 2 MID 1 Invalid recipient address: 'y'",
    "MID 1 Message-ID '<1@mail.example>'",
    "MID 1 Message-ID '<1@ma",
    "MID 1 Subject 'hello'",
    "MID 1 Subject 'hello, world'",
    "MID 1 ready 10 bytes from <a@mail.example>",
    "MID 1 ready 12 bytes from <a@mail.exa",
    "Message aborted MID 1 Receiving aborted",
    "Message aborted MID 1 Receiving aborted by sender",
    "Message aborted MID 1 Dropped by CASE",
    "Message aborted MID 1 Dropped by amp",
    "Message finished MID 1 aborted",
    "Message finished MID 1 done",
    "MID 1 queued for delivery",
    "Message done DCID 3 MID 1 to RID [0] ",
    "MID 1 RID [0] Response '2.0.0 Ok'",
    "Delayed: DCID 3 MID 1 to RID 0 - 4.1.0 - x ('466', ['full'])[]",
    "Bounced: DCID 4 MID 1 From: <a@mail.example> To: <q@corp.example> RID 1 - 5.1.0 - x ('550', ['no'])",
    "Delayed: DCID 4 MID 1 to RID 0 - 4.2.0 - y ('451', ['later'])[]",
    "Delayed: DCID 3 MID 1 to RID 1 - 4.1.0 - x ('466', ['full'])[]",
    "Bounced: DCID 4 MID 1 to RID 0 - 5.1.0 - x ('550', ['no'])",
    "Message done DCID 3 MID 1 to RID [0, 1] (external quarantine)",
    "New SMTP DCID 3 interface 192.0.2.1 address 203.0.113.5 port 25",
    "DCID 3 close",
];

/// Records without what the order of arrival decides by design: ids, positions, display order.
fn normal(common: &mut crate::record::Common) {
    common.id.clear();
    common.position = 0;
    common.born = 0;
    for line in &mut common.entries.lines {
        line.position = 0;
        line.seen.clear();
    }
    common
        .entries
        .lines
        .sort_by(|a, b| (a.at, &a.line).cmp(&(b.at, &b.line)));
}

/// Everything in memory, as text.
fn records(bench: &Bench) -> Vec<String> {
    let assembler = &bench.intake.assembler;
    let messages = assembler.messages().cloned().map(|mut one| {
        normal(&mut one.common);
        format!("{one:#?}")
    });
    let connections = assembler.connections().cloned().map(|mut one| {
        normal(&mut one.common);
        format!("{one:#?}")
    });
    let deliveries = assembler.deliveries().cloned().map(|mut one| {
        normal(&mut one.common);
        format!("{one:#?}")
    });
    let mut all: Vec<_> = messages.chain(connections).chain(deliveries).collect();
    all.sort();
    all
}

/// Seconds and lines.
type Log = Vec<(u32, usize)>;

/// A line in one of three seconds. What opens a record stands in the first: what it means to
/// come later is `again.rs`'s matter.
fn line() -> impl Strategy<Value = (u32, usize)> {
    (1..4_u32, 0..LINES.len()).prop_map(|(second, line)| {
        let opens = ["Start", "New"]
            .iter()
            .any(|word| LINES[line].starts_with(word));
        (if opens { 1 } else { second }, line)
    })
}

/// Lines, and the same with every second's lines shuffled.
fn two_orders() -> impl Strategy<Value = (Log, Log)> {
    prop::collection::vec(line(), 1..40)
        .prop_flat_map(|lines| (Just(lines.clone()), Just(lines).prop_shuffle()))
        .prop_map(|(mut one, mut other)| {
            one.sort_by_key(|(second, _)| *second);
            other.sort_by_key(|(second, _)| *second);
            (one, other)
        })
}

fn pushed(lines: &[(u32, usize)]) -> Bench {
    let mut bench = Bench::new();
    for (second, line) in lines {
        bench.at(*second, LINES[*line]);
    }
    bench
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn the_order_within_a_second_makes_no_difference((one, other) in two_orders()) {
        prop_assert_eq!(records(&pushed(&one)), records(&pushed(&other)));
    }

    #[test]
    fn every_line_is_accounted_for((lines, _) in two_orders()) {
        prop_assert_eq!(pushed(&lines).accounted(), lines.len() as u64);
    }

    #[test]
    fn a_second_source_changes_nothing_but_what_was_seen((lines, copies) in two_orders()) {
        let mut bench = pushed(&lines);
        let before = records(&bench);
        let ids: Vec<_> = bench.messages().iter().map(|one| one.common.id.clone()).collect();
        bench.source = 2;
        for (second, line) in &copies {
            bench.at(*second, LINES[*line]);
        }
        prop_assert_eq!(records(&bench), before);
        prop_assert_eq!(bench.messages().iter().map(|one| one.common.id.clone()).collect::<Vec<_>>(), ids);
        prop_assert_eq!(bench.accounted(), 2 * lines.len() as u64);
        for line in bench.messages().iter().flat_map(|one| &one.common.entries.lines) {
            prop_assert_eq!(line.seen.len(), 2);
        }
    }
}
