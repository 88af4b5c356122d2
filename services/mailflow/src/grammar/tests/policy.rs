//! Rows E033 to E056: HAT, reputation, sender verification.

use super::{A, C, Fact, Row};

pub(super) fn rows() -> Vec<Row> {
    [hat(), reputation(), senders()].concat()
}

fn decision(told: [&'static str; 4]) -> Fact<'static> {
    let [action, group, matched, score] = told;
    Fact::Hat {
        action,
        group,
        matched,
        score,
    }
}

fn hat() -> Vec<Row> {
    vec![
        (
            "E033",
            "ICID 824108 ACCEPT SG ACCEPTLIST match sbrs[0.0:10.0] SBRS 3.4 country United States",
            "hat-accept",
            C(824_108),
            decision(["ACCEPT", "ACCEPTLIST", "sbrs[0.0:10.0]", "3.4"]),
        ),
        (
            "E034",
            "ICID 16399 ACCEPT SG ALLOWED_LIST match sbrs[none] SBRS rfc1918 country not applicable",
            "hat-accept",
            C(16_399),
            decision(["ACCEPT", "ALLOWED_LIST", "sbrs[none]", "rfc1918"]),
        ),
        (
            "E035",
            "ICID 3160 ACCEPT SG None match ALL SBRS not enabled country not enabled",
            "hat-accept",
            C(3160),
            decision(["ACCEPT", "None", "ALL", "not enabled"]),
        ),
        (
            "E036",
            "ICID 2106327026 ACCEPT SG GOOD match 192.0.2.0/24",
            "hat-accept",
            C(2_106_327_026),
            decision(["ACCEPT", "GOOD", "192.0.2.0/24", ""]),
        ),
        (
            "E037",
            "ICID 52525189 ACCEPT SG None match  SBRS 3.7",
            "hat-accept",
            C(52_525_189),
            decision(["ACCEPT", "None", "", "3.7"]),
        ),
        (
            "E038",
            "ICID 3 ACCEPT SG None SBRS rfc1918",
            "hat-accept",
            C(3),
            decision(["ACCEPT", "None", "", "rfc1918"]),
        ),
        (
            "E039",
            "ICID 10293 RELAY SG RELAY_SG match 192.168.0.200 SBRS not enabled",
            "hat-relay",
            C(10_293),
            decision(["RELAY", "RELAY_SG", "192.168.0.200", "not enabled"]),
        ),
        (
            "E040",
            "ICID 60140291 REJECT SG BLACKLIST match sbrs[-10.0:-2.5] SBRS -9.5",
            "hat-reject",
            C(60_140_291),
            decision(["REJECT", "BLACKLIST", "sbrs[-10.0:-2.5]", "-9.5"]),
        ),
        (
            "E041",
            "ICID 2106327021 REJECT SG TCP-REFUSE match",
            "hat-reject",
            C(2_106_327_021),
            decision(["REJECT", "TCP-REFUSE", "", ""]),
        ),
        (
            "E042",
            "ICID 0 TCPREFUSE SG RBLBlacklist match dnslist[sbl.dnsbl.example] SBRS None",
            "hat-tcprefuse",
            A,
            decision([
                "TCPREFUSE",
                "RBLBlacklist",
                "dnslist[sbl.dnsbl.example]",
                "None",
            ]),
        ),
        (
            "E043",
            "ICID 824107 Delayed HAT REJECT continuing session for recipient logging (10.8.236.135)",
            "hat-delayed-reject",
            C(824_107),
            decision(["REJECT", "", "", ""]),
        ),
        (
            "E033",
            "ICID 9 CONTINUE SG X match ALL",
            "hat-other",
            C(9),
            decision(["CONTINUE", "X", "ALL", ""]),
        ),
        (
            "E044",
            "ICID 9461571 SBRS None",
            "sbrs",
            C(9_461_571),
            Fact::Nothing,
        ),
    ]
}

fn reputation() -> Vec<Row> {
    vec![]
}

fn senders() -> Vec<Row> {
    let refused = Fact::SenderRefused;
    vec![
        (
            "E051",
            "ICID 3248 Address: <user> sender rejected, envelope sender domain missing",
            "sender-rejected",
            C(3248),
            refused("envelope sender domain missing"),
        ),
        (
            "E052",
            "ICID 1424 Address: <user@mail.example> sender rejected, envelope sender domain does not exist",
            "sender-rejected",
            C(1424),
            refused("envelope sender domain does not exist"),
        ),
        (
            "E053",
            "ICID 1425 Address: <user@mail.example> sender rejected, envelope sender domain could not be resolved",
            "sender-rejected",
            C(1425),
            refused("envelope sender domain could not be resolved"),
        ),
        (
            "E054",
            "ICID 1426 Address: <user@mail.example> sender allowed, envelope sender matched domain exception",
            "sender-allowed",
            C(1426),
            Fact::Nothing,
        ),
        (
            "E055",
            "ICID 493829828 Invalid sender address: Unsupported domain literal: '[]'",
            "sender-invalid",
            C(493_829_828),
            refused("Unsupported domain literal: '[]'"),
        ),
        (
            "E056",
            "LDAP: Dropping connection due to potential Directory Harvest Attack from host=(192.168.10.1', None), dhap_limit=4, sender_group=SUSPECTLIST",
            "directory-harvest",
            A,
            Fact::Nothing,
        ),
    ]
}
