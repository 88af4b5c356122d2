//! Text that strangers wrote opens, closes and blames nobody.

use super::{A, C, D, Fact, M, read};
use crate::event::Owner;

fn read_as(line: &str, kind: &str, owner: Owner) {
    let event = read(line);
    assert_eq!(event.kind.map_or("", |kind| kind.name), kind, "{line}");
    assert_eq!(event.owner, owner, "{line}");
}

#[test]
fn quoted_lines_blame_no_other_message() {
    for quoted in [
        "Message aborted MID 1404 Receiving aborted",
        "Message finished MID 1404 aborted",
        "Start MID 1404 ICID 10293",
        "MID 1404 ICID 10293 From: <a@mail.example>",
        "x' Message aborted MID 1404 Receiving aborted",
    ] {
        read_as(&format!("MID 7 Subject '{quoted}'"), "subject", M(7));
        read_as(&format!("MID 7 Subject {quoted}"), "subject", M(7));
        read_as(
            &format!("MID 7 Message-ID '<{quoted}>'"),
            "message-id",
            M(7),
        );
        read_as(
            &format!("MID 7 RID [0] Response '{quoted}'"),
            "response",
            M(7),
        );
        let line = format!("MID 7 Custom Log Entry: {quoted}");
        read_as(&line, "custom-log-entry", M(7));
        read_as(&format!("MID 7 attachment '{quoted}'"), "attachment", M(7));
        read_as(
            &format!("ICID 5 Unknown command: {quoted}"),
            "unknown-command",
            C(5),
        );
        read_as(&format!("Custom Log Entry: {quoted}"), "", A);
    }
}

#[test]
fn the_word_mid_without_a_message_creates_none() {
    for line in [
        "Custom Log Entry: MID 5 was fine",
        "Status: CPULd 3 CrtMID 414695 CrtICID 644374",
        "A Anti-Virus/Critical alert was sent to ops@corp.example with subject \"Critical <Anti-Virus> esa.corp.example: MID 198463616 antivirus timeout error\".",
        "Internal SMTP system successfully sent a message to ops@corp.example with subject 'MID 5 finished'.",
        "ESA messages results sent for the MID: 107.",
        "LDAP: Accepted query MID 5 address a@corp.example",
        "Message containing attachment(s) for which verdict update was(were) available was not found in the recipient's (<EMAIL>) mailbox.",
    ] {
        assert_eq!(read(line).owner, A, "{line}");
    }
}

#[test]
fn a_number_that_goes_on_is_no_id() {
    for line in [
        "MID 5x y",
        "Start MID 5th ICID 3",
        "ICID 5a close",
        "DCID 5a close",
        "MID",
        "MID x",
    ] {
        read_as(line, "", A);
    }
    read_as("MID 99999999999999999999 x", "", A);
}

#[test]
fn a_quoted_local_part_neither_forges_nor_hides_a_refusal() {
    read_as(
        "ICID 5 Address: <\"x> sender allowed, y\"@mail.example> sender rejected, envelope sender domain does not exist",
        "sender-rejected",
        C(5),
    );
    read_as(
        "ICID 5 Address: <\"x> sender rejected, y\"@mail.example> sender allowed, envelope sender matched domain exception",
        "sender-allowed",
        C(5),
    );
    let by = "MID 5 ICID 6 To: <\"x> Rejected by RAT\"@corp.example> Rejected by LDAPACCEPT";
    let Fact::RecipientRefused { address, .. } = read(by).fact else {
        panic!("{by}")
    };
    assert_eq!(address, Some("\"x> Rejected by RAT\"@corp.example"));
}

#[test]
fn a_sender_can_not_choose_whose_bounce_it_is() {
    let line = "Bounced: DCID 8 MID 9 From: <\"a> To: <victim@corp.example> RID 7 - 5.0.0 - b\"@mail.example> To: <box@corp.example> RID 0 - 5.1.0 - Unknown address error ('550', ['no'])";
    let Fact::Bounced { rids, address, .. } = read(line).fact else {
        panic!("{line}")
    };
    assert_eq!((rids, address), (vec![0], Some("box@corp.example")));
}

#[test]
fn a_delivery_with_an_unknown_tail_is_no_delivery() {
    read_as(
        "Message done DCID 8 MID 9 to RID [0] (somewhere new)",
        "",
        M(9),
    );
    read_as(
        "Message done DCID 8 MID 9 to RID [0] [('from', '(external quarantine)')]",
        "delivered",
        M(9),
    );
    read_as(
        "Delivery start DCID 8 MID 9 to RID [0] to somewhere new",
        "",
        M(9),
    );
}

#[test]
fn nobody_owns_number_zero() {
    read_as("ICID 0 close", "connection-closed", A);
    read_as("ICID 0 something new", "", A);
    read_as("DCID 0 close", "delivery-closed", A);
    read_as("New SMTP DCID 0 interface", "", A);
    read_as("DCID 8 close", "delivery-closed", D(8));
}
