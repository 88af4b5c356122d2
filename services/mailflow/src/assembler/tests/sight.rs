//! What the recipients of some domains see of mail that others got, too.

use super::families::gathering;
use super::{Bench, stamped};
use crate::family::Family;
use crate::record::{Fate, Message};
use crate::sight::{MASKED, Sight};

/// A mail for three, of whom two are ours; split, refused, bounced, delivered.
const STORY: &[&str] = &[
    "New SMTP ICID 9 interface Data 1 (192.0.2.10) address 198.51.100.7 reverse dns host mx.partner.example verified yes",
    "ICID 9 From: <desk@partner.example> SMTP Auth",
    "Start MID 1 ICID 9",
    "MID 1 ICID 9 From: <desk@partner.example>",
    "MID 1 ICID 9 RID 0 To: <bob@tenant.example>",
    "MID 1 ICID 9 RID 1 To: <anna@corp.example>",
    "MID 1 ICID 9 RID 2 To: <eve@tenant.example>",
    "MID 1 ICID 9 To: <carl@tenant.example> Rejected by LDAPACCEPT",
    "MID 1 Message-ID '<5@partner.example>'",
    "MID 1 Subject 'For anna@corp.example and bob@tenant.example'",
    "MID 1 ready 4096 bytes from <desk@partner.example>",
    "MID 1 matched all recipients for per-recipient policy DEFAULT in the inbound table",
    "MID 1 was split creating MID 2 due to a SL/BL configuration for following recipients: eve@tenant.example",
    "MID 1 queued for delivery",
    "Delivery start DCID 5 MID 1 to RID [0, 1]",
    "Message done DCID 5 MID 1 to RID [1]",
    "MID 1 RID [1] Response '250 kept for anna@corp.example, cc %22x%22 bob%40tenant.example'",
    "Bounced: DCID 5 MID 1 to RID 0 - 5.1.1 - Bad destination email address ('550', ['5.1.1 <bob@tenant.example>: no such user']) []",
    "MID 1 to RID [0] pending till Mon Aug 18 16:42:02 2014 [Default]",
    "MID 1 Bounced by destination server with response: '5.1.1 no such user'",
    "MID 2 queued for delivery",
    "Delivery start DCID 6 MID 2 to RID [0]",
    "Message done DCID 6 MID 2 to RID [0]",
    "Message finished MID 2 done",
    "Message finished MID 1 done",
    "ICID 9 close",
];

fn told() -> (Vec<Message>, Bench) {
    let mut bench = Bench::new();
    for (second, line) in (0..).zip(STORY) {
        bench.line(&stamped(second, line));
    }
    let all = bench.intake.assembler.messages().cloned().collect();
    (all, bench)
}

fn seen_by(domains: &[&str], mid: u64) -> Option<Family> {
    let (family, records) = gathering(&told().0, mid).with_records();
    sight(domains).family(&family, &records)
}

fn sight(domains: &[&str]) -> Sight {
    Sight::of(domains.iter().map(|one| (*one).to_owned()))
}

fn mids(family: &Family) -> Vec<u64> {
    family.members.iter().map(|one| one.mid).collect()
}

fn lines(message: &Message) -> Vec<&str> {
    let lines = message.common.entries.lines.iter();
    lines.map(|line| line.line.as_str()).collect()
}

#[test]
fn one_of_several_recipients_sees_a_mail_that_went_to_nobody_else() {
    let family = seen_by(&["corp.example"], 1).expect("one of hers");
    assert_eq!(mids(&family), [1]);
    assert!(family.bonds.is_empty() && family.unseen.is_empty());
    let own = &family.members[0];
    assert_eq!(own.recipients.len(), 1);
    assert_eq!(
        own.recipients[0].address.as_deref(),
        Some("anna@corp.example")
    );
    assert_eq!(own.recipients[0].fate, Fate::Delivered);
    assert_eq!(own.recipients_left_out, 0);
    assert!(own.ties.is_empty());
    assert_eq!(
        lines(own),
        [
            "Start MID 1 ICID 9",
            "MID 1 ICID 9 From: <desk@partner.example>",
            "MID 1 ICID 9 RID 1 To: <anna@corp.example>",
            "MID 1 Message-ID '<5@partner.example>'",
            "MID 1 Subject 'For anna@corp.example and ***@***'",
            "MID 1 ready 4096 bytes from <desk@partner.example>",
            "MID 1 matched all recipients for per-recipient policy DEFAULT in the inbound table",
            "MID 1 queued for delivery",
            "Delivery start DCID 5 MID 1 to RID [1]",
            "Message done DCID 5 MID 1 to RID [1]",
            "MID 1 RID [1] Response '250 kept for anna@corp.example, cc %22x%22 ***@***'",
            "Message finished MID 1 done",
        ]
    );
    let all = format!("{family:?}").to_lowercase();
    assert!(!all.contains("tenant.example"), "{all}");
    assert!(
        own.subject
            .as_deref()
            .is_some_and(|text| text.contains(MASKED))
    );
}

#[test]
fn who_has_no_recipient_in_it_sees_nothing_of_a_mail() {
    assert!(seen_by(&["elsewhere.example"], 1).is_none());
    assert!(seen_by(&["corp.example"], 2).is_none());
    assert!(seen_by(&[], 1).is_none());
    // a part of a name is another name
    assert!(seen_by(&["orp.example", "*.corp.example"], 1).is_none());
}

#[test]
fn the_other_tenant_sees_its_own_with_what_became_of_them() {
    let family = seen_by(&["Tenant.Example"], 2).expect("one of theirs");
    assert_eq!(mids(&family), [2, 1]);
    assert_eq!(family.bonds.len(), 1);
    let elder = &family.members[1];
    let fared: Vec<_> = elder
        .recipients
        .iter()
        .map(|one| (one.address.as_deref().unwrap_or_default(), one.fate.clone()))
        .collect();
    assert_eq!(fared.len(), 3, "{fared:?}");
    assert!(matches!(
        &fared[0],
        ("bob@tenant.example", Fate::Bounced(_))
    ));
    assert!(fared.iter().any(|(address, fate)| {
        *address == "carl@tenant.example" && matches!(fate, Fate::Refused(_))
    }));
    let all = format!("{family:?}");
    assert!(!all.contains("anna"), "{all}");
    assert_eq!(
        family.members[0].recipients[0].address.as_deref(),
        Some("eve@tenant.example")
    );
}

#[test]
fn a_connection_shows_the_messages_that_are_seen_and_names_nobody_else() {
    let (_, mut bench) = told();
    for line in [
        "ICID 9 To: <dora@tenant.example> Rejected by RAT",
        "ICID 9 To: <dora> Rejected by RAT",
        "ICID 9 To: <dora@[192.0.2.9]> Rejected by RAT",
        "Start MID 3 ICID 9",
        "MID 3 ICID 9 RID 0 To: <eve@tenant.example>",
    ] {
        bench.line(&stamped(30, line));
    }
    let family = seen_by(&["corp.example"], 1).expect("one of hers");
    let mut connection = bench
        .intake
        .assembler
        .connections()
        .next()
        .cloned()
        .expect("a connection");
    connection.mids = vec![1, 3];
    let seen = sight(&["corp.example"]).connection(&connection, &family.members);
    assert_eq!(seen.mids, [1]);
    assert!(seen.refused.is_empty());
    assert_eq!(seen.opened, connection.opened);
    let told = format!("{seen:?}");
    assert!(
        !told.contains("tenant.example") && !told.contains("dora"),
        "{told}"
    );
    let theirs = sight(&["tenant.example"]).connection(&connection, &family.members);
    assert_eq!(theirs.refused.len(), 1);
}

#[test]
fn of_a_mail_with_more_lines_than_are_kept_only_ones_own_recipients_are_told() {
    let (mut all, _) = told();
    for one in &mut all {
        one.common.entries.spilled = 4_711;
    }
    let (family, records) = gathering(&all, 1).with_records();
    let family = sight(&["corp.example"])
        .family(&family, &records)
        .expect("one of hers");
    let own = &family.members[0];
    assert_eq!(own.common.entries.spilled, 1);
    assert_eq!(own.recipients.len(), 1);
    let told = format!("{family:?}");
    assert!(!told.contains("tenant.example"), "{told}");
}

/// Whoever wrote a mail may be of one's own domain: a line that names that sender and somebody else's
/// recipient is no line about one's own.
#[test]
fn a_sender_of_ones_own_domain_makes_no_line_ones_own() {
    let mut bench = Bench::new();
    for (second, line) in (0..).zip([
        "New SMTP ICID 3 interface Data 1 (192.0.2.10) address 198.51.100.7 reverse dns host mx.partner.example verified yes",
        "Start MID 7 ICID 3",
        "MID 7 ICID 3 From: <alice@corp.example>",
        "MID 7 ICID 3 RID 0 To: <anna@corp.example>",
        "ICID 3 passed From:<alice@corp.example> To:<bob@tenant.example> on",
        "ICID 3 passed From:<alice@corp.example> To:<anna@corp.example> on",
    ]) {
        bench.line(&stamped(second, line));
    }
    let all: Vec<Message> = bench.intake.assembler.messages().cloned().collect();
    let (family, records) = gathering(&all, 7).with_records();
    let sight = sight(&["corp.example"]);
    let family = sight.family(&family, &records).expect("one of hers");
    let connection = bench.intake.assembler.connections().next().cloned();
    let seen = sight.connection(&connection.expect("a connection"), &family.members);
    let lines = seen.common.entries.lines.iter();
    let passed: Vec<&str> = lines
        .map(|line| line.line.as_str())
        .filter(|line| line.contains("passed"))
        .collect();
    assert_eq!(passed.len(), 1, "{passed:?}");
    assert!(passed[0].contains("anna@corp.example"), "{passed:?}");
}
