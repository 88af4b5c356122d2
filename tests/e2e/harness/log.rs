//! Log lines for tests: the founding document's sessions, and invented ones.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::command::repository;

/// The three sessions of the founding document as an appliance `esa1` pushes them: no year, the
/// host, the subscription's name. The source is the corpus case of the same name.
pub(crate) fn founding_lines() -> Vec<String> {
    let file = repository().join("tests/corpus/founding-document/input.log");
    let text = std::fs::read_to_string(file).expect("the corpus holds the founding document");
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| push_form(line, "esa1 "))
        .collect()
}

/// `Www Mmm dd hh:mm:ss yyyy LEVEL: body` (H10) as `Mmm dd hh:mm:ss HOST mail_logs: LEVEL: body`.
pub(crate) fn push_form(line: &str, host: &str) -> String {
    let (stamp, body) = (&line[4..19], &line[25..]);
    format!("{stamp} {host}mail_logs: {body}")
}

/// An invented session: bodies, and how many seconds before now each was written.
#[derive(Clone, Debug)]
pub(crate) struct Session(pub(crate) Vec<(i64, String)>);

impl Session {
    /// The lines as host-less pushes (H1), or with a host (H2).
    pub(crate) fn lines(&self, host: Option<&str>) -> Vec<String> {
        self.0
            .iter()
            .map(|(ago, body)| line(host, *ago, body))
            .collect()
    }

    /// The lines of one text, each ended by a newline.
    pub(crate) fn stream(&self, host: &str) -> Vec<u8> {
        self.lines(Some(host))
            .into_iter()
            .flat_map(|line| (line + "\n").into_bytes())
            .collect()
    }
}

fn line(host: Option<&str>, ago: i64, body: &str) -> String {
    let host = host.map(|host| format!("{host} ")).unwrap_or_default();
    format!("<166>{} {host}mail_logs: Info: {body}", recent(ago))
}

/// A push stamp of so many seconds ago, in UTC.
pub(crate) fn recent(ago: i64) -> String {
    let at = Timestamp::now() - SignedDuration::from_secs(ago);
    at.to_zoned_datetime(TimeZone::UTC)
        .strftime("%b %e %H:%M:%S")
        .to_string()
}

/// A session that its sender quit: `receiving-aborted-by-sender`, certain; about 40 seconds ago.
pub(crate) fn sender_quit(mid: u64, sender: &str) -> Session {
    sender_quit_before(0, mid, mid + 50_000, sender)
}

/// The same, so many seconds earlier, on a connection of one's choice.
pub(crate) fn sender_quit_before(earlier: i64, mid: u64, icid: u64, sender: &str) -> Session {
    let body = |ago: i64, body: String| (ago + earlier, body);
    Session(vec![
        body(
            40,
            format!(
                "New SMTP ICID {icid} interface Data 1 (192.0.2.10) address 198.51.100.31 reverse dns host probe.other.example verified yes"
            ),
        ),
        body(
            40,
            format!(
                "ICID {icid} ACCEPT SG UNKNOWNLIST match sbrs[-1.0:10.0] SBRS 3.4 country France"
            ),
        ),
        body(38, format!("Start MID {mid} ICID {icid}")),
        body(38, format!("MID {mid} ICID {icid} From: <{sender}>")),
        body(
            37,
            format!("MID {mid} ICID {icid} RID 0 To: <info@corp.example>"),
        ),
        body(
            36,
            format!("Message aborted MID {mid} Receiving aborted by sender"),
        ),
        body(36, format!("Message finished MID {mid} aborted")),
        body(36, format!("ICID {icid} close")),
    ])
}
