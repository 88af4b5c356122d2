//! Rows E001 to E032: connection and TLS.

use super::{C, D, Fact, Row};
use crate::event::{ConnectionEnd, TlsOutcome};

pub(super) fn rows() -> Vec<Row> {
    [opened(), over(), troubled(), tls()].concat()
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
