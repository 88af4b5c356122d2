//! Invented mails as lines: what a MID's lines are follows from its number alone, so that they
//! need not be kept to be asked for.
//!
//! Every line of a mail is another one, each mail comes by a connection of its own, and nothing
//! but its own lines and late words ever names it.

use crate::harness::recent;

/// What a connection's number is above its mail's.
const ICIDS: u64 = 1_000_000_000;

/// One mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mail(pub(crate) u64);

impl Mail {
    /// The number of its connection.
    pub(crate) fn icid(self) -> u64 {
        self.0 + ICIDS
    }

    /// Three appliances share the mails.
    fn appliance(self) -> String {
        format!("esa{}", self.0 % 3 + 1)
    }

    /// One in four is small, the others have up to 400 recipients.
    fn recipients(self) -> u64 {
        if self.0.is_multiple_of(4) {
            1
        } else {
            100 + self.0 * 7919 % 300
        }
    }

    /// One in five is never finished.
    fn is_left_open(self) -> bool {
        self.0.is_multiple_of(5)
    }

    /// Its lines without their headers, in order.
    pub(crate) fn bodies(self) -> Vec<String> {
        let (mid, icid) = (self.0, self.icid());
        let mut bodies = vec![
            format!(
                "New SMTP ICID {icid} interface Data 1 (192.0.2.10) address 198.51.100.31 reverse dns host probe.other.example verified yes"
            ),
            format!(
                "ICID {icid} ACCEPT SG UNKNOWNLIST match sbrs[-1.0:10.0] SBRS 3.4 country France"
            ),
            format!("Start MID {mid} ICID {icid}"),
            format!("MID {mid} ICID {icid} From: <probe@other.example>"),
        ];
        let recipients = 0..self.recipients();
        bodies
            .extend(recipients.map(|rid| {
                format!("MID {mid} ICID {icid} RID {rid} To: <user{rid}@corp.example>")
            }));
        if !self.is_left_open() {
            bodies.extend([
                format!("Message aborted MID {mid} Receiving aborted by sender"),
                format!("Message finished MID {mid} aborted"),
                format!("ICID {icid} close"),
            ]);
        }
        bodies
    }

    /// How many of its lines are its connection's alone and come first.
    pub(crate) const OPENING: usize = 2;

    /// Its lines as the appliance pushes them now.
    pub(crate) fn text(self) -> Vec<u8> {
        text(&self.appliance(), &self.bodies())
    }

    /// A line that comes when it is long over.
    pub(crate) fn late_word(self, number: u64) -> String {
        format!("MID {} Custom Log Entry: late word {number}", self.0)
    }

    /// That line as the appliance pushes it.
    pub(crate) fn late_text(self, word: &str) -> Vec<u8> {
        text(&self.appliance(), &[word.to_owned()])
    }
}

/// A line that belongs to no mail, and to nothing else.
pub(crate) fn event(number: u64) -> Vec<u8> {
    text(
        "esa1",
        &[format!("Status: CPULd {number} DskIO 0 RAMUtil 1")],
    )
}

fn text(appliance: &str, bodies: &[String]) -> Vec<u8> {
    let stamp = recent(0);
    let lines = bodies
        .iter()
        .map(|body| format!("<166>{stamp} {appliance} mail_logs: Info: {body}\n"));
    lines.collect::<String>().into_bytes()
}
