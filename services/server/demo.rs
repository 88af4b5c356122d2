//! `--demo`: sample gateway traffic through the service's own syslog port, and what to try with it.
//!
//! The lines are invented; they go the whole real way. They end "now", so that the stories
//! with a time-out began minutes ago.

use std::net::SocketAddr;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use whymid_schemas::Listener;

use crate::clock;

/// Appliance, seconds before now, body.
type Sample = (&'static str, i64, &'static str);

/// The stories. MIDs are told in [`hints`].
static STORIES: &[Sample] = &[
    // MID 1404: the connection was lost
    (
        "esa1",
        420,
        "New SMTP ICID 10293 interface Data 1 (192.0.2.10) address 198.51.100.20 reverse dns host mx.partner.example verified yes",
    ),
    (
        "esa1",
        420,
        "ICID 10293 ACCEPT SG UNKNOWNLIST match sbrs[-1.0:10.0] SBRS 1.2 country Japan",
    ),
    ("esa1", 400, "Start MID 1404 ICID 10293"),
    (
        "esa1",
        400,
        "MID 1404 ICID 10293 From: <orders@partner.example>",
    ),
    (
        "esa1",
        391,
        "MID 1404 ICID 10293 RID 0 To: <sales@corp.example>",
    ),
    ("esa1", 355, "ICID 10293 lost"),
    ("esa1", 355, "Message aborted MID 1404 Receiving aborted"),
    ("esa1", 355, "Message finished MID 1404 aborted"),
    ("esa1", 355, "ICID 10293 close"),
    // MID 1405: the listener's time-out ran out
    (
        "esa1",
        340,
        "New SMTP ICID 10301 interface Data 1 (192.0.2.10) address 203.0.113.7 reverse dns host scanner.branch.example verified no",
    ),
    (
        "esa1",
        340,
        "ICID 10301 ACCEPT SG UNKNOWNLIST match sbrs[none] SBRS None country Germany",
    ),
    ("esa1", 339, "Start MID 1405 ICID 10301"),
    (
        "esa1",
        339,
        "MID 1405 ICID 10301 From: <scan@branch.example>",
    ),
    (
        "esa1",
        338,
        "MID 1405 ICID 10301 RID 0 To: <archive@corp.example>",
    ),
    ("esa1", 40, "Message aborted MID 1405 Receiving aborted"),
    ("esa1", 40, "Message finished MID 1405 aborted"),
    ("esa1", 40, "ICID 10301 close"),
    // MID 1412: the sender quit
    (
        "esa1",
        120,
        "New SMTP ICID 10318 interface Data 1 (192.0.2.10) address 198.51.100.31 reverse dns host probe.other.example verified yes",
    ),
    (
        "esa1",
        120,
        "ICID 10318 ACCEPT SG UNKNOWNLIST match sbrs[-1.0:10.0] SBRS 3.4 country France",
    ),
    ("esa1", 119, "Start MID 1412 ICID 10318"),
    ("esa1", 119, "MID 1412 ICID 10318 From: <>"),
    (
        "esa1",
        118,
        "MID 1412 ICID 10318 RID 0 To: <info@corp.example>",
    ),
    (
        "esa1",
        117,
        "Message aborted MID 1412 Receiving aborted by sender",
    ),
    ("esa1", 117, "Message finished MID 1412 aborted"),
    ("esa1", 117, "ICID 10318 close"),
    // MID 1413: every recipient refused
    (
        "esa1",
        100,
        "New SMTP ICID 10319 interface Data 1 (192.0.2.10) address 198.51.100.44 reverse dns host list.news.example verified yes",
    ),
    (
        "esa1",
        100,
        "ICID 10319 ACCEPT SG SUSPECTLIST match sbrs[-4.0:-1.0] SBRS -2.1 country United States",
    ),
    ("esa1", 99, "Start MID 1413 ICID 10319"),
    (
        "esa1",
        99,
        "MID 1413 ICID 10319 From: <bounce@news.example>",
    ),
    (
        "esa1",
        99,
        "MID 1413 ICID 10319 To: <nobody@corp.example> Rejected by LDAPACCEPT",
    ),
    (
        "esa1",
        98,
        "Message aborted MID 1413 Receiving aborted by sender",
    ),
    ("esa1", 98, "Message finished MID 1413 aborted"),
    ("esa1", 98, "ICID 10319 close"),
    // ICID 10320: refused before any MID
    (
        "esa1",
        90,
        "New SMTP ICID 10320 interface Data 1 (192.0.2.10) address 203.0.113.99 reverse dns host unknown verified no",
    ),
    (
        "esa1",
        90,
        "ICID 10320 REJECT SG BLACKLIST match sbrs[-10.0:-3.0] SBRS -9.5 country not enabled",
    ),
    ("esa1", 90, "ICID 10320 close"),
    // MID 1414: delivered
    (
        "esa1",
        60,
        "New SMTP ICID 10321 interface Data 1 (192.0.2.10) address 198.51.100.20 reverse dns host mx.partner.example verified yes",
    ),
    (
        "esa1",
        60,
        "ICID 10321 ACCEPT SG UNKNOWNLIST match sbrs[-1.0:10.0] SBRS 1.2 country Japan",
    ),
    (
        "esa1",
        60,
        "ICID 10321 TLS success protocol TLSv1.3 cipher TLS_AES_256_GCM_SHA384",
    ),
    ("esa1", 59, "Start MID 1414 ICID 10321"),
    (
        "esa1",
        59,
        "MID 1414 ICID 10321 From: <orders@partner.example>",
    ),
    (
        "esa1",
        59,
        "MID 1414 ICID 10321 RID 0 To: <sales@corp.example>",
    ),
    (
        "esa1",
        58,
        "MID 1414 Message-ID '<20251124.1@partner.example>'",
    ),
    ("esa1", 58, "MID 1414 Subject 'Order 4711'"),
    (
        "esa1",
        58,
        "MID 1414 ready 18231 bytes from <orders@partner.example>",
    ),
    ("esa1", 57, "MID 1414 using engine: CASE spam negative"),
    ("esa1", 57, "MID 1414 antivirus negative "),
    ("esa1", 56, "MID 1414 queued for delivery"),
    (
        "esa1",
        56,
        "New SMTP DCID 6551 interface 192.0.2.10 address 192.0.2.50 port 25",
    ),
    ("esa1", 56, "Delivery start DCID 6551 MID 1414 to RID [0]"),
    ("esa1", 55, "Message done DCID 6551 MID 1414 to RID [0] "),
    (
        "esa1",
        55,
        "MID 1414 RID [0] Response '2.6.0 <20251124.1@partner.example> Queued mail for delivery'",
    ),
    ("esa1", 55, "Message finished MID 1414 done"),
    ("esa1", 54, "ICID 10321 close"),
    ("esa1", 50, "DCID 6551 close"),
    // another appliance: its MID 1404 is another message
    (
        "esa2",
        700,
        "New SMTP ICID 770 interface Data 1 (192.0.2.11) address 198.51.100.61 reverse dns host mail.legacy.example verified yes",
    ),
    (
        "esa2",
        700,
        "ICID 770 ACCEPT SG UNKNOWNLIST match sbrs[-1.0:10.0] SBRS 0.4 country Japan",
    ),
    ("esa2", 699, "Start MID 1404 ICID 770"),
    ("esa2", 699, "MID 1404 ICID 770 From: <hr@legacy.example>"),
    (
        "esa2",
        699,
        "MID 1404 ICID 770 RID 0 To: <boss@corp.example>",
    ),
    (
        "esa2",
        698,
        "Message aborted MID 1404 Receiving aborted by sender",
    ),
    ("esa2", 698, "Message finished MID 1404 aborted"),
    ("esa2", 698, "ICID 770 close"),
    // ICID 778: TLS failed before any message
    (
        "esa2",
        30,
        "New SMTP ICID 778 interface Data 1 (192.0.2.11) address 198.51.100.61 reverse dns host mail.legacy.example verified yes",
    ),
    (
        "esa2",
        30,
        "ICID 778 ACCEPT SG UNKNOWNLIST match sbrs[-1.0:10.0] SBRS 0.4 country Japan",
    ),
    (
        "esa2",
        29,
        "ICID 778 TLS failed: [Errno 54] Connection reset by peer",
    ),
    ("esa2", 29, "ICID 778 lost"),
    ("esa2", 29, "ICID 778 close"),
    // MID 2077: still being received
    (
        "esa2",
        20,
        "New SMTP ICID 780 interface Data 1 (192.0.2.11) address 203.0.113.80 reverse dns host big.files.example verified yes",
    ),
    (
        "esa2",
        20,
        "ICID 780 ACCEPT SG UNKNOWNLIST match sbrs[-1.0:10.0] SBRS 2.0 country Japan",
    ),
    ("esa2", 19, "Start MID 2077 ICID 780"),
    (
        "esa2",
        19,
        "MID 2077 ICID 780 From: <drawings@files.example>",
    ),
    (
        "esa2",
        19,
        "MID 2077 ICID 780 RID 0 To: <boss@corp.example>",
    ),
];

/// Plays the stories, oldest line first, then a line now and then so that time moves on.
pub async fn play(syslog: SocketAddr) {
    if let Err(error) = send(syslog).await {
        tracing::warn!(%error, "the demo traffic ended");
    }
}

async fn send(syslog: SocketAddr) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(syslog).await?;
    let now = clock::now();
    let mut stories: Vec<&Sample> = STORIES.iter().collect();
    stories.sort_by_key(|(_, ago, _)| std::cmp::Reverse(*ago));
    for (appliance, ago, body) in stories {
        let at = now
            .saturating_sub(SignedDuration::from_secs(*ago))
            .unwrap_or(now);
        stream
            .write_all(line(appliance, at, body).as_bytes())
            .await?;
    }
    loop {
        for appliance in ["esa1", "esa2"] {
            let status = "Status: CPULd 3 DskIO 0 RAMUtil 1 QKUsd 141 QKFre 34602867";
            stream
                .write_all(line(appliance, clock::now(), status).as_bytes())
                .await?;
        }
        tokio::time::sleep(Duration::from_secs(5)).await;
    }
}

fn line(appliance: &str, at: Timestamp, body: &str) -> String {
    let stamp = at
        .to_zoned_datetime(jiff::tz::TimeZone::UTC)
        .strftime("%b %e %H:%M:%S");
    format!("<166>{stamp} {appliance} mail_logs: Info: {body}\n")
}

/// What to try next.
pub fn hints(listeners: &[Listener]) -> String {
    let at = |name: &str| {
        listeners
            .iter()
            .find(|one| one.name == name)
            .map_or("", |one| &one.address)
    };
    let (http, udp) = (at("http"), at("syslog-udp"));
    let (host, port) = udp.rsplit_once(':').unwrap_or((udp, "5514"));
    let host = host.trim_matches(['[', ']']);
    format!(
        "Send log lines here, from a gateway (System Administration > Log Subscriptions > Syslog Push) or by hand:\n\
         \x20 logger -n {host} -P {port} -d --rfc3164 -t mail_logs 'Info: Message aborted MID 1404 Receiving aborted by sender'\n\
         and ask:\n\
         \x20 curl 'http://{http}/v1/why?mid=1404'\n\
         \x20 curl -H 'Accept: text/plain' 'http://{http}/v1/why?mid=1404&lang=ja'\n\
         Read on at http://{http}/kb; `whymid serve --demo` plays sample traffic (MIDs 1404, 1405, 1412, 1413, 1414, 2077; ICIDs 10320, 778)."
    )
}
