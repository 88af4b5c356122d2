//! Rows E220 to E234: delays, connection errors, bounces.

use super::{D, Fact, M, Row};
use crate::event::Reply;

pub(super) fn rows() -> Vec<Row> {
    [delays(), errors(), bounces()].concat()
}

fn reply(told: [&'static str; 4]) -> Reply<'static> {
    let [enhanced, label, code, text] = told;
    Reply {
        enhanced,
        label,
        code,
        text,
    }
}

fn delays() -> Vec<Row> {
    let delayed = |dcid, address, told| Fact::Delayed {
        dcid: Some(dcid),
        rids: vec![0],
        address,
        reply: reply(told),
    };
    vec![
        (
            "E220",
            "Delayed: DCID 5 MID 4 to RID 0 - 4.1.0 - Unknown address error ('466', ['Mailbox temporarily full.'])[]",
            "delayed",
            M(4),
            delayed(
                5,
                None,
                [
                    "4.1.0",
                    "Unknown address error",
                    "466",
                    "['Mailbox temporarily full.']",
                ],
            ),
        ),
        (
            "E221",
            "Delayed: DCID 8414309 MID 19410908 From: <sender@mail.example> To: <box@corp.example> RID 0 - 4.3.2 - Not accepting messages at this time ('421', ['4.3.2 try again later'])",
            "delayed",
            M(19_410_908),
            delayed(
                8_414_309,
                Some("box@corp.example"),
                [
                    "4.3.2",
                    "Not accepting messages at this time",
                    "421",
                    "['4.3.2 try again later']",
                ],
            ),
        ),
        (
            "E222",
            "Delayed: DCID: 4370 Message 10800 to 0 - 4.4.0 - Other network problem ('000', ['[Errno 54] Connection reset by peer']) []",
            "delayed",
            M(10_800),
            delayed(
                4370,
                None,
                [
                    "4.4.0",
                    "Other network problem",
                    "000",
                    "['[Errno 54] Connection reset by peer']",
                ],
            ),
        ),
        (
            "E223",
            "Message 4 to RID [0] pending till Mon Mar 31 20:01:23 2003",
            "pending",
            M(4),
            Fact::Nothing,
        ),
        (
            "E224",
            "MID 154 to RID [0] pending till Wed Jul 20 10:15:41 2005 [Default]",
            "pending",
            M(154),
            Fact::Nothing,
        ),
    ]
}

fn errors() -> Vec<Row> {
    let kind = "delivery-connection-error";
    vec![
        (
            "E225",
            "Connection Error: connection timed out DCID: 2804 IP: 203.0.113.5 details: timeout interface: 10.20.1.49",
            kind,
            D(2804),
            Fact::Nothing,
        ),
        (
            "E226",
            "Connection Error: DCID: 263 IP: 203.0.113.90 details: EOF interface: 192.0.2.246 reason: network error",
            kind,
            D(263),
            Fact::Nothing,
        ),
        (
            "E226",
            "Connection Error: DCID 264 domain: mail.example IP: 203.0.113.90 port: 25 details: EOF interface: 192.0.2.246 reason: network error",
            kind,
            D(264),
            Fact::Nothing,
        ),
    ]
}

fn bounces() -> Vec<Row> {
    let bounced = |dcid, address, told| Fact::Bounced {
        dcid,
        rids: vec![0],
        address,
        reply: reply(told),
    };
    vec![
        (
            "E230",
            "Bounced: DCID 3 MID 4 to RID 0 - 5.1.0 - Unknown address error ('550', ['<george@corp.example>... Relaying denied']) []",
            "bounced",
            M(4),
            bounced(
                Some(3),
                None,
                [
                    "5.1.0",
                    "Unknown address error",
                    "550",
                    "['<george@corp.example>... Relaying denied']",
                ],
            ),
        ),
        (
            "E231",
            "Bounced: DCID 8413617 MID 19338947 From: <sender@mail.example> To: <box@corp.example> RID 0 - 5.4.7 - Delivery expired (message too old) ('000', ['timeout'])",
            "bounced",
            M(19_338_947),
            bounced(
                Some(8_413_617),
                Some("box@corp.example"),
                [
                    "5.4.7",
                    "Delivery expired (message too old)",
                    "000",
                    "['timeout']",
                ],
            ),
        ),
        (
            "E232",
            "Bounced: DCID 0 MID 19408690 From: <desk@mail.example> To: <box@corp.example> RID 0 - 5.1.2 - Bad destination host ('000', ['DNS Hard Error looking up gone.example (MX): NXDomain'])",
            "bounced",
            M(19_408_690),
            bounced(
                None,
                Some("box@corp.example"),
                [
                    "5.1.2",
                    "Bad destination host",
                    "000",
                    "['DNS Hard Error looking up gone.example (MX): NXDomain']",
                ],
            ),
        ),
        (
            "E233",
            "Bounced: DCID: 1911 Message 3993 to 0 - 5.1.0 - Unknown address error ('554', ['Too long line.']) []",
            "bounced",
            M(3993),
            bounced(
                Some(1911),
                None,
                [
                    "5.1.0",
                    "Unknown address error",
                    "554",
                    "['Too long line.']",
                ],
            ),
        ),
        (
            "E230",
            "Bounced: DCID 2 MID 15232 From:<sender@mail.example> To:<box@corp.example> RID 0 - 5.1.0 - Unknown address error ('550', ['no [such] user', \"it's gone\"]) [('from', 'a@mail.example')]",
            "bounced",
            M(15_232),
            bounced(
                Some(2),
                Some("box@corp.example"),
                [
                    "5.1.0",
                    "Unknown address error",
                    "550",
                    "['no [such] user', \"it's gone\"]",
                ],
            ),
        ),
    ]
}
