//! Rows E001 to E056: connection, TLS, HAT, reputation, sender verification.

use super::{A, C, D, Fact, M, Row, kept};
use crate::event::{ConnectionEnd, TlsOutcome};

pub(super) fn rows() -> Vec<Row> {
    [
        opened(),
        over(),
        troubled(),
        tls(),
        hat(),
        reputation(),
        senders(),
    ]
    .concat()
}

fn opening(
    (interface, listener): (&'static str, Option<&'static str>),
    peer: &'static str,
    host: Option<&'static str>,
    verified: Option<bool>,
) -> Fact<'static> {
    Fact::ConnectionOpened {
        interface,
        listener,
        peer,
        host,
        verified,
    }
}

fn opened() -> Vec<Row> {
    let kind = "connection-opened";
    vec![
        (
            "E001",
            "New SMTP ICID 824108 interface Data 1 (192.0.2.53) address 198.51.100.59 reverse dns host sender4.mail.example verified yes",
            kind,
            C(824_108),
            opening(
                ("Data 1", Some("192.0.2.53")),
                "198.51.100.59",
                Some("sender4.mail.example"),
                Some(true),
            ),
        ),
        (
            "E002",
            "New SMTP ICID 10293 interface Management (192.168.0.199) address 192.168.0.200 reverse dns host ns.mail.example verified no",
            kind,
            C(10_293),
            opening(
                ("Management", Some("192.168.0.199")),
                "192.168.0.200",
                Some("ns.mail.example"),
                Some(false),
            ),
        ),
        (
            "E003",
            "New SMTP ICID 27389415 interface Marsh (192.0.2.20) address 198.51.100.192 reverse dns host  server.shop.example verified no",
            kind,
            C(27_389_415),
            opening(
                ("Marsh", Some("192.0.2.20")),
                "198.51.100.192",
                Some("server.shop.example"),
                Some(false),
            ),
        ),
        (
            "E004",
            "New SMTP ICID 10292815 interface private address 203.0.113.69",
            kind,
            C(10_292_815),
            opening(("private", None), "203.0.113.69", None, None),
        ),
        (
            "E005",
            "New smtp ICID 282204970 interface Management (10.10.10.1) address 192.168.1.1 reverse dns host unknown verified no",
            kind,
            C(282_204_970),
            opening(
                ("Management", Some("10.10.10.1")),
                "192.168.1.1",
                None,
                Some(false),
            ),
        ),
    ]
}

fn over() -> Vec<Row> {
    let end = Fact::ConnectionEnded;
    vec![
        (
            "E006",
            "ICID 60140291 close",
            "connection-closed",
            C(60_140_291),
            end(ConnectionEnd::Close),
        ),
        (
            "E007",
            "ICID 10293 lost",
            "connection-lost",
            C(10_293),
            end(ConnectionEnd::Lost),
        ),
        (
            "E008",
            "ICID 3 disconnected address 10.1.1.101, no messages injected within timeout period",
            "connection-timeout",
            C(3),
            end(ConnectionEnd::Timeout),
        ),
        (
            "E009",
            "ICID 31 disconnected address 192.0.2.7, exceeded allowable connection time",
            "connection-max-time",
            C(31),
            end(ConnectionEnd::MaxTime),
        ),
        (
            "E009",
            "ICID 32 disconnected address 192.0.2.7, for a reason nobody has listed",
            "connection-disconnected",
            C(32),
            end(ConnectionEnd::Disconnected),
        ),
        (
            "E010",
            "ICID 30308138 Connection from 198.51.100.138 on interface PublicNet (192.0.2.25) lost after 139 seconds (DNS query took 139 seconds), before any commands were received",
            "lost-before-commands",
            C(30_308_138),
            end(ConnectionEnd::Lost),
        ),
        (
            "E013",
            "SMTP server connection killed ICID: 629531",
            "connection-killed",
            C(629_531),
            end(ConnectionEnd::Killed),
        ),
    ]
}

fn troubled() -> Vec<Row> {
    let failed = Fact::ReceivingFailed;
    let limit = "Connection limit exceeded";
    vec![
        (
            "E011",
            "ICID 8 Unknown command: HELP ME",
            "unknown-command",
            C(8),
            Fact::Nothing,
        ),
        (
            "E012",
            "ICID 8 Bad syntax for command: MAIL",
            "bad-syntax",
            C(8),
            Fact::Nothing,
        ),
        kept(
            "E014",
            "Incoming SMTP connection undetermined IP on interface Data 1",
            A,
        ),
        (
            "E015",
            "System limit reached: connection limit for IP *.*.*.* on listener Incoming ICID 16399: max: 1",
            "connection-limit",
            C(16_399),
            failed(limit),
        ),
        (
            "E016",
            "ICID 16399 Receiving Failed: Connection limit exceeded",
            "receiving-failed",
            C(16_399),
            failed(limit),
        ),
        (
            "E017",
            "ICID 440090 Receiving Failed: Message size exceeds limit",
            "receiving-failed",
            C(440_090),
            failed("Message size exceeds limit"),
        ),
        (
            "E018",
            "ICID 9033 Receiving Failed: Message loop",
            "receiving-failed",
            C(9033),
            failed("Message loop"),
        ),
        (
            "E019",
            "ICID 9034 Receiving Failed: Too Many Messages",
            "receiving-failed",
            C(9034),
            failed("Too Many Messages"),
        ),
        (
            "E020",
            "ICID 11723972 Injection Failed: Message loop",
            "injection-failed",
            C(11_723_972),
            failed("Message loop"),
        ),
        (
            "E021",
            "SMTP Auth: (ICID 30) succeeded for user: relay using AUTH mechanism: LOGIN with profile: ldap_smpt",
            "smtp-auth-succeeded",
            C(30),
            Fact::Nothing,
        ),
        (
            "E022",
            "SMTP Auth (ICID 30) failed for user: relay using AUTH mechanism: PLAIN with profile: ldap_smtp",
            "smtp-auth-failed",
            C(30),
            Fact::Nothing,
        ),
        (
            "E023",
            "SMTP Auth (ICID 30) was required but remote host did not initiate it",
            "smtp-auth-failed",
            C(30),
            Fact::Nothing,
        ),
    ]
}

fn tls() -> Vec<Row> {
    let (ok, failed, required) = (
        TlsOutcome::Success,
        TlsOutcome::Failed,
        TlsOutcome::Required,
    );
    let cipher = "protocol TLSv1.2 cipher ECDHE-RSA-AES256-GCM-SHA384";
    vec![
        (
            "E024",
            "ICID 824108 TLS success protocol TLSv1.2 cipher ECDHE-RSA-AES256-GCM-SHA384",
            "tls-succeeded",
            C(824_108),
            Fact::Tls(ok, cipher),
        ),
        (
            "E025",
            "ICID 282204970 TLS success",
            "tls-succeeded",
            C(282_204_970),
            Fact::Tls(ok, ""),
        ),
        (
            "E026",
            "ICID 282204971 TLS failed",
            "tls-failed",
            C(282_204_971),
            Fact::Tls(failed, ""),
        ),
        (
            "E026",
            "ICID 282204972 TLS failed: no cipher",
            "tls-failed",
            C(282_204_972),
            Fact::Tls(failed, "no cipher"),
        ),
        (
            "E027",
            "ICID 8 TLS was required but remote host did not initiate it",
            "tls-required",
            C(8),
            Fact::Tls(required, "but remote host did not initiate it"),
        ),
        (
            "E028",
            "DCID 6565555 TLS success protocol TLSv1 cipher AES128-SHA ",
            "delivery-tls-succeeded",
            D(6_565_555),
            Fact::Nothing,
        ),
        (
            "E029",
            "DCID 112095 TLS success protocol TLSv1 cipher AES128-SHA for mail.example",
            "delivery-tls-succeeded",
            D(112_095),
            Fact::Nothing,
        ),
        (
            "E030",
            "DCID 239490 TLS success protocol TLSv1 cipher RC4-SHA CN=c602.mail.example",
            "delivery-tls-succeeded",
            D(239_490),
            Fact::Nothing,
        ),
        (
            "E031",
            "DCID 80167 TLS failed: STARTTLS unexpected response",
            "delivery-tls-failed",
            D(80_167),
            Fact::Nothing,
        ),
        (
            "E032",
            "DCID 8 IP 203.0.113.140 TLS was required but could not be successfully negotiated",
            "delivery-tls-required",
            D(8),
            Fact::Nothing,
        ),
    ]
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
    vec![
        kept(
            "E045",
            "MID 201434 IncomingRelay(partner): Header Received found, IP 192.0.2.1 being used, SBRS 6.8",
            M(201_434),
        ),
        kept(
            "E046",
            "MID 201434 IncomingRelay(partner): Header Received not found",
            M(201_434),
        ),
        kept(
            "E047",
            "MID 26983 SDR: Domains for which SDR is requested: reverse DNS host: sender4.mail.example, helo: sender4.mail.example, env-from: mail.example, header-from: Not Present, reply-to: Not Present",
            M(26_983),
        ),
        kept(
            "E048",
            "MID 26983 SDR: Consolidated Sender Threat Level: Neutral, Threat Category: N/A, Suspected Domain(s) : N/A (other reasons for verdict). Sender Maturity: 30 days (or greater) for domain: sender4.mail.example",
            M(26_983),
        ),
        kept(
            "E049",
            "MID 26984 SDR: Consolidated Sender Reputation: Weak, Threat Category: N/A. Youngest Domain Age: 21 years 11 months 7 days for domain: out.mail.example",
            M(26_984),
        ),
        kept(
            "E050",
            "MID 68119155 SDR: Tracker Header : redactedTrackerHeader",
            M(68_119_155),
        ),
    ]
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
