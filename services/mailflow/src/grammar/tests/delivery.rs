//! Rows E099, E183 and E184, E203 to E218, E242 to E245: queue, delivery, the appliance itself.

use super::{A, D, Fact, M, Owner, Row};

pub(super) fn rows() -> Vec<Row> {
    [connections(), attempts(), answers(), appliance()].concat()
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

fn appliance() -> Vec<Row> {
    vec![
        ("E242", "Begin Logfile", "logfile-begins", A, Fact::Nothing),
        ("E242", "End Logfile", "logfile-ends", A, Fact::Nothing),
        (
            "H13",
            "CEF:0|Cisco|C300V Secure Email Gateway Virtual|15.0.0-104|ESA_CONSOLIDATED_LOG_EVENT|Consolidated Log Event|5|deviceExternalId=0123456789ABCDEF0123-0123456789AB ESAMID=5 act=DELIVERED",
            "consolidated-event",
            Owner::Beside(5),
            Fact::Nothing,
        ),
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
