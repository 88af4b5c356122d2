//! Rows E079 to E092: the end of receiving, headers.

use super::{Fact, M, Row};

pub(super) fn rows() -> Vec<Row> {
    [ends(), headers()].concat()
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
