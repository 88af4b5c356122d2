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

/// One line: appliance, seconds before now, body.
type Sample<'t> = (&'t str, i64, &'t str);

/// The stories; their MIDs are told in [`hints`].
static STORIES: &str = include_str!("demo.txt");

/// The lines of the stories, the oldest first.
fn stories() -> Vec<Sample<'static>> {
    let lines = STORIES.lines().filter(|line| !line.starts_with('#'));
    let mut stories: Vec<Sample<'_>> = lines
        .filter_map(|line| {
            let (appliance, rest) = line.split_once(' ')?;
            let (ago, body) = rest.split_once(' ')?;
            Some((appliance, ago.parse().ok()?, body))
        })
        .collect();
    stories.sort_by_key(|(_, ago, _)| std::cmp::Reverse(*ago));
    stories
}

/// Plays the stories, oldest line first, then a line now and then so that time moves on.
pub async fn play(syslog: SocketAddr) {
    if let Err(error) = send(syslog).await {
        tracing::warn!(%error, "the demo traffic ended");
    }
}

async fn send(syslog: SocketAddr) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(syslog).await?;
    let now = clock::now();
    for (appliance, ago, body) in stories() {
        let at = now
            .saturating_sub(SignedDuration::from_secs(ago))
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
    let http = match at("https") {
        "" => format!("http://{}", at("http")),
        https => format!("https://{https}"),
    };
    let udp = at("syslog-udp");
    let (host, port) = udp.rsplit_once(':').unwrap_or((udp, "5514"));
    let host = host.trim_matches(['[', ']']);
    format!(
        "Send log lines here, from a gateway (System Administration > Log Subscriptions > Syslog Push) or by hand:\n\
         \x20 logger -n {host} -P {port} -d --rfc3164 -t mail_logs 'Info: Message aborted MID 1404 Receiving aborted by sender'\n\
         and ask:\n\
         \x20 curl '{http}/v1/why?mid=1404'\n\
         \x20 curl -H 'Accept: text/plain' '{http}/v1/why?mid=1404&lang=ja'\n\
         Read on at {http}/kb; `whymid serve --demo` plays sample traffic (MIDs 1404, 1405, 1412, 1413, 1414, 2077; ICIDs 10320, 778)."
    )
}
