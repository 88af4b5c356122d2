//! Rows E099, E183 and E184, E203 to E233, E242 to E245: queue, delivery, delays, bounces, the
//! appliance itself.

use super::{A, D, Fact, M, Row, kept};
use crate::event::Reply;

pub(super) fn rows() -> Vec<Row> {
    [
        connections(),
        attempts(),
        answers(),
        delays(),
        errors(),
        bounces(),
        appliance(),
    ]
    .concat()
}

fn connections() -> Vec<Row> {
    let opened = |peer, port| Fact::DeliveryOpened { peer, port };
    vec![
        (
            "E204",
            "New SMTP DCID 6565555 interface 192.0.2.109 address 198.51.100.186 port 25",
            "delivery-opened",
            D(6_565_555),
            opened("198.51.100.186", Some(25)),
        ),
        (
            "E205",
            "New SMTP DCID 8 interface 192.168.42.42 address 10.5.3.25",
            "delivery-opened",
            D(8),
            opened("10.5.3.25", None),
        ),
        (
            "E206",
            "New SMTP DCID 16 interface PublicNet address 172.17.0.113",
            "delivery-opened",
            D(16),
            opened("172.17.0.113", None),
        ),
        (
            "E215",
            "DCID 6565547 close",
            "delivery-closed",
            D(6_565_547),
            Fact::DeliveryEnded,
        ),
        (
            "E216",
            "SMTP client connection killed DCID: 196546347",
            "delivery-killed",
            D(196_546_347),
            Fact::DeliveryEnded,
        ),
        kept(
            "E217",
            "Mail delivery client with DCID 8163315 exited due to the maximum concurrency configuration.",
            D(8_163_315),
        ),
    ]
}

fn done(dcid: u64, rids: Vec<u32>, quarantine: bool) -> Fact<'static> {
    Fact::Done {
        dcid: Some(dcid),
        rids,
        quarantine,
    }
}

fn attempts() -> Vec<Row> {
    let start = |dcid, rids| Fact::DeliveryStart {
        dcid: Some(dcid),
        rids,
    };
    vec![
        (
            "E203",
            "MID 24611417 queued for delivery",
            "queued-for-delivery",
            M(24_611_417),
            Fact::Queued,
        ),
        (
            "E207",
            "Delivery start DCID 126723200 MID 1416566008 to RID [0, 1, 2, 3, 4, 5]",
            "delivery-start",
            M(1_416_566_008),
            start(126_723_200, vec![0, 1, 2, 3, 4, 5]),
        ),
        (
            "E208",
            "Delivery start DCID 4901127 MID 10288263 to [0]",
            "delivery-start",
            M(10_288_263),
            start(4_901_127, vec![0]),
        ),
        (
            "E209",
            "Message done DCID 6565548 MID 24611465 to RID [0] ",
            "delivered",
            M(24_611_465),
            done(6_565_548, vec![0], false),
        ),
        (
            "E210",
            "Message done DCID 55306 MID 797710 to [0]",
            "delivered",
            M(797_710),
            done(55_306, vec![0], false),
        ),
        (
            "E099",
            "Message done DCID 329979 MID 16106944 to RID [0] [('X-IronPort-Anti-Spam-Result', 'AQAAAMQfDEQJ'), ('from', '\"w2csh\" <w2csh@mail.example>'), ('x-sbrs', '0.0'), ('domainkey-signature', 'blah')]",
            "delivered",
            M(16_106_944),
            done(329_979, vec![0], false),
        ),
        (
            "E183",
            "Delivery start DCID 6565554 MID 24611424 to RID [0] to offbox IronPort Spam Quarantine",
            "external-quarantine-start",
            M(24_611_424),
            start(6_565_554, vec![0]),
        ),
        (
            "E184",
            "Message done DCID 6565554 MID 24611414 to RID [0] (external quarantine) ",
            "external-quarantined",
            M(24_611_414),
            done(6_565_554, vec![0], true),
        ),
        kept(
            "E214",
            "Possible Delivery: DCID: 4641294 MID 8956463 to [0]",
            M(8_956_463),
        ),
        kept("E218", "Deleted: MID 3 to [0]", M(3)),
    ]
}

fn answers() -> Vec<Row> {
    let answer = |rids, text| Fact::Response { rids, text };
    vec![
        (
            "E211",
            "MID 24611465 RID [0] Response '2.0.0 Ok: queued as 3jjSKc6HnKz4GTHJ'",
            "response",
            M(24_611_465),
            answer(vec![0], "2.0.0 Ok: queued as 3jjSKc6HnKz4GTHJ"),
        ),
        (
            "E212",
            "MID 1416566008 RID  [0, 1, 2, 3, 4, 5] Response 'CRR09734 Message accepted for delivery'",
            "response",
            M(1_416_566_008),
            answer(
                vec![0, 1, 2, 3, 4, 5],
                "CRR09734 Message accepted for delivery",
            ),
        ),
        (
            "E213",
            "MID 200257070 RID [0] Response 2.6.0 <37gva9$5uvbhe@mail.example> Queued mail for delivery",
            "response",
            M(200_257_070),
            answer(
                vec![0],
                "2.6.0 <37gva9$5uvbhe@mail.example> Queued mail for delivery",
            ),
        ),
        (
            "E211",
            "MID 24611424 RID [0] Response 'ok:  Message 30631622 accepted'",
            "response",
            M(24_611_424),
            answer(vec![0], "ok:  Message 30631622 accepted"),
        ),
    ]
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
        kept(
            "E234",
            "Double bounce: MID 12222130 to 0 - 5.1.0 - Unknown address error 501-'5.5.4 Invalid Address'",
            M(12_222_130),
        ),
    ]
}

fn appliance() -> Vec<Row> {
    vec![
        ("E242", "Begin Logfile", "logfile-begins", A, Fact::Nothing),
        ("E242", "End Logfile", "logfile-ends", A, Fact::Nothing),
        (
            "E243",
            "Version: 7.6.3-019 SN: 420D4FEA709365BFB3E3-0AF2EE5E700E",
            "version",
            A,
            Fact::Version {
                version: "7.6.3-019",
                serial: "420D4FEA709365BFB3E3-0AF2EE5E700E",
            },
        ),
        (
            "E244",
            "Time offset from UTC: -21600 seconds",
            "utc-offset",
            A,
            Fact::UtcOffset { seconds: -21_600 },
        ),
        (
            "E245",
            "Status: CPULd 3 DskIO 0 RAMUtil 1 QKUsd 141 QKFre 34602867 CrtMID 414695 CrtICID 644374 CrtDCID 76943 InjMsg 243087 InjRcp 264562",
            "status",
            A,
            Fact::Nothing,
        ),
    ]
}
