//! Rows E057 to E092: start, envelope, recipients, the end of receiving, headers.

use super::{A, C, Fact, M, Row, kept};
use crate::event::Refusal;

pub(super) fn rows() -> Vec<Row> {
    [
        started(),
        envelope(),
        refused(),
        odd(),
        ends(),
        headers(),
        others(),
    ]
    .concat()
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
        kept(
            "E073",
            "Alias match: MID 17 RID 0 recipient a@corp.example mapped to ['b@corp.example']",
            M(17),
        ),
        kept(
            "E074",
            "Alias match: recipient me@corp.example mapped to ['me@corp.example']",
            A,
        ),
        kept(
            "E075",
            "MID 1 masquerading envelope sender from 'TOMKI' to 'tomki@masqueraded.example'",
            M(1),
        ),
        kept(
            "E076",
            "MID 1 masquerading header 'To' from 'TCAMP' to 'TCAMP@masqueraded.example'",
            M(1),
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
        kept(
            "E078",
            "MID 85 Global unsubscribe matched entry foo@ RID 0 Address foo@domain0.example Action bounced",
            M(85),
        ),
    ]
}

fn ends() -> Vec<Row> {
    let ready = |bytes, sender| Fact::Ready {
        bytes,
        sender: Some(sender),
    };
    let aborted = |by_sender| Fact::ReceivingAborted { by_sender };
    vec![
        (
            "E079",
            "MID 38637862 ready 14453 bytes from <m-XCzcfqOcRIvdTvkIgwORlvuOZnddGLH9o2FNfIr@bounce.mail.example>",
            "ready",
            M(38_637_862),
            ready(
                14_453,
                "m-XCzcfqOcRIvdTvkIgwORlvuOZnddGLH9o2FNfIr@bounce.mail.example",
            ),
        ),
        (
            "E080",
            "MID 6509657 ready 53 bytes from user1@mail.example",
            "ready",
            M(6_509_657),
            ready(53, "user1@mail.example"),
        ),
        (
            "E081",
            "Message aborted MID 1404 Receiving aborted",
            "receiving-aborted",
            M(1404),
            aborted(false),
        ),
        (
            "E082",
            "Message aborted MID 1412 Receiving aborted by sender",
            "receiving-aborted-by-sender",
            M(1412),
            aborted(true),
        ),
        (
            "E083",
            "Message aborted MID 1548 Injection aborted",
            "receiving-aborted",
            M(1548),
            aborted(false),
        ),
        (
            "E110",
            "Message aborted MID 24611411 Dropped by CASE",
            "message-stopped",
            M(24_611_411),
            Fact::Stopped("Dropped by CASE"),
        ),
        (
            "E127",
            "Message aborted MID 1653 Dropped by amp",
            "message-stopped",
            M(1653),
            Fact::Stopped("Dropped by amp"),
        ),
        (
            "E134",
            "Message aborted MID 346002679 Dropped by filter 'FileType'",
            "message-stopped",
            M(346_002_679),
            Fact::Stopped("Dropped by filter 'FileType'"),
        ),
        (
            "E084",
            "Message finished MID 1404 aborted",
            "message-finished-aborted",
            M(1404),
            Fact::Finished { aborted: true },
        ),
        (
            "E085",
            "Message finished MID 24611465 done",
            "message-finished-done",
            M(24_611_465),
            Fact::Finished { aborted: false },
        ),
    ]
}

fn headers() -> Vec<Row> {
    let (id, subject) = (Fact::MessageId, Fact::Subject);
    vec![
        (
            "E086",
            "MID 1653 Message-ID '<10E1315A60354F2906677B9DB70@phx.mail.example>'",
            "message-id",
            M(1653),
            id("<10E1315A60354F2906677B9DB70@phx.mail.example>"),
        ),
        (
            "E087",
            "MID 24611516 Message-ID \"<Lands'End.6cl2sv--1f.tlmd@email.shop.example>\"",
            "message-id",
            M(24_611_516),
            id("<Lands'End.6cl2sv--1f.tlmd@email.shop.example>"),
        ),
        (
            "E088",
            r"MID 24611537 Subject '=?iso-8859-1?B?WmllIGdpbmRz?=\r\n\t=?iso-8859-1?B?IA==?='",
            "subject",
            M(24_611_537),
            subject(r"=?iso-8859-1?B?WmllIGdpbmRz?=\r\n\t=?iso-8859-1?B?IA==?="),
        ),
        (
            "E089",
            "MID 38637862 Subject 'Your connection has endorsed you!'",
            "subject",
            M(38_637_862),
            subject("Your connection has endorsed you!"),
        ),
        (
            "E090",
            "MID 68119155 Subject \"redacted subject\"",
            "subject",
            M(68_119_155),
            subject("redacted subject"),
        ),
        (
            "E091",
            r"MID 204841507 Subject Re: [example: #129226] FW: example MARKETING SOUTH AFRICA\r\n (PTY) LTD | Autoprice and STP",
            "subject",
            M(204_841_507),
            subject(
                r"Re: [example: #129226] FW: example MARKETING SOUTH AFRICA\r\n (PTY) LTD | Autoprice and STP",
            ),
        ),
        (
            "E092",
            "MID 1653 Subject 'Package delivery notification''",
            "subject",
            M(1653),
            subject("Package delivery notification'"),
        ),
    ]
}

/// Families that are not understood yet: kept where the id at their front says.
fn others() -> Vec<Row> {
    vec![
        kept(
            "E093",
            "MID 24611417 attachment 'CFO_INV_1400691819.pdf'",
            M(24_611_417),
        ),
        kept(
            "E097",
            "MID 256, Message Scanning Problem: Continuation line seen before first header",
            M(256),
        ),
        kept(
            "E098",
            "MID 257: scanning error (name='x.doc', type=document): too deep",
            M(257),
        ),
        kept(
            "E100",
            "MID 204841507 Custom Log Entry: Mail Not DKIM Signed",
            M(204_841_507),
        ),
        kept(
            "E112",
            "ISQ: Tagging MID 24611424 for quarantine",
            M(24_611_424),
        ),
        kept("E118", "MID 24611421 antivirus negative ", M(24_611_421)),
        kept(
            "E177",
            "RPC Delivery start RCID 756814 MID 2317877 to local IronPort Spam Quarantine",
            M(2_317_877),
        ),
        kept(
            "E200",
            "LDAP: unable to process, MID 611628 requeued",
            M(611_628),
        ),
        kept(
            "E237",
            "Message 68119155 was initiated for 'Delete' remedial action by 'admin'",
            M(68_119_155),
        ),
        kept("E238", "MID: 5542748 RID: 0 was remediated", M(5_542_748)),
    ]
}
