//! Rows E057 to E078: start, envelope, recipients.

use super::{C, Fact, M, Row};
use crate::event::Refusal;

pub(super) fn rows() -> Vec<Row> {
    [started(), envelope(), refused(), odd()].concat()
}

fn started() -> Vec<Row> {
    let start = |icid| Fact::Started { icid };
    vec![
        (
            "E057",
            "Start MID 1404 ICID 10293",
            "message-started",
            M(1404),
            start(Some(10_293)),
        ),
        (
            "E058",
            "Start MID 24611495 ICID 0",
            "message-started",
            M(24_611_495),
            start(None),
        ),
        (
            "E059",
            "Start MID 9 ICID 0 (ISQ Notification)",
            "message-started",
            M(9),
            start(None),
        ),
    ]
}

fn envelope() -> Vec<Row> {
    let recipient = |icid, address| Fact::Recipient {
        icid,
        rid: 0,
        address,
    };
    vec![
        (
            "E060",
            "MID 1404 ICID 10293 From: <user@mail.example>",
            "envelope-sender",
            M(1404),
            Fact::Sender {
                icid: Some(10_293),
                address: "user@mail.example",
            },
        ),
        (
            "E060",
            "MID 1405 ICID 0 From: <>",
            "envelope-sender",
            M(1405),
            Fact::Sender {
                icid: None,
                address: "",
            },
        ),
        (
            "E061",
            "MID 257 ICID 44785 From: test@virus.example",
            "envelope-sender",
            M(257),
            Fact::Sender {
                icid: Some(44_785),
                address: "test@virus.example",
            },
        ),
        (
            "E062",
            "MID 1404 ICID 10293 RID 0 To: <end_user@corp.example>",
            "recipient-accepted",
            M(1404),
            recipient(Some(10_293), "end_user@corp.example"),
        ),
        (
            "E063",
            "MID 83143152 ICID 0 RID 0 To: <>",
            "recipient-accepted",
            M(83_143_152),
            recipient(None, ""),
        ),
    ]
}

fn refusal(icid: u64, address: Option<&'static str>, refusal: Refusal<'static>) -> Fact<'static> {
    Fact::RecipientRefused {
        icid: Some(icid),
        address,
        refusal,
    }
}

fn refused() -> Vec<Row> {
    let by = Refusal::By;
    vec![
        (
            "E064",
            "MID 1 ICID 2 To: <postmaster@corp.example> Rejected by RAT",
            "recipient-rejected",
            M(1),
            refusal(2, Some("postmaster@corp.example"), by("RAT")),
        ),
        (
            "E065",
            "MID 410727821 ICID 643905448 To: <left_long_ago@corp.example> Rejected by LDAPACCEPT",
            "recipient-rejected",
            M(410_727_821),
            refusal(
                643_905_448,
                Some("left_long_ago@corp.example"),
                by("LDAPACCEPT"),
            ),
        ),
        (
            "E066",
            "MID 2 ICID 7 To: <busy@corp.example> Rejected by Injection Control",
            "recipient-rejected",
            M(2),
            refusal(7, Some("busy@corp.example"), by("Injection Control")),
        ),
        (
            "E067",
            "ICID 824107 To: <nobody@corp.example> Rejected by RAT",
            "recipient-rejected-on-connection",
            C(824_107),
            Fact::RecipientRefusedOnConnection {
                address: "nobody@corp.example",
                by: "RAT",
            },
        ),
        (
            "E068",
            "ICID 3 MID 1 Invalid recipient address: Invalid character in address: '!'",
            "recipient-invalid",
            M(1),
            refusal(3, None, Refusal::Invalid),
        ),
        (
            "E069",
            "ICID 493771866 MID 340448731 Invalid recipient address:  'RCPT TO:<>'",
            "recipient-invalid",
            M(340_448_731),
            refusal(493_771_866, None, Refusal::Invalid),
        ),
        (
            "E070",
            "ICID 6 MID 9 Invalid recipient address:  \"RCPT TO: <A Person (one@a.example) <one@a.example>; Another (two@b.example) <two@b.example>; 'three@c.example' <three@c.example>; Fourth (four@d.example) <four@d>\"",
            "recipient-invalid",
            M(9),
            refusal(6, None, Refusal::Invalid),
        ),
        (
            "E071",
            "MID 26603 ICID 125192 invalid bounce, rcpt address <box@corp.example> rejected by bounce verification.",
            "bounce-verification-rejected",
            M(26_603),
            refusal(
                125_192,
                Some("box@corp.example"),
                Refusal::BounceVerification,
            ),
        ),
    ]
}

fn odd() -> Vec<Row> {
    vec![
        (
            "E072",
            "MID 12767811 ICID 14967245 invalid bounce, tagging",
            "bounce-verification-tagged",
            M(12_767_811),
            Fact::Nothing,
        ),
        (
            "E077",
            "MID 68615 From: <> To: <blah2@corp.example>, ... 1 total recipients",
            "system-mail",
            M(68_615),
            Fact::Sender {
                icid: None,
                address: "",
            },
        ),
    ]
}
