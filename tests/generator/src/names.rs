//! Choices to invented names: hosts, addresses, mailboxes, policies, answers.
//!
//! Invariants: every domain ends in `.example`, every address is a documentation address.
//!
//! Not here: subjects (`subjects.rs`).

use crate::dice::Dice;
use crate::text::body;

/// How many domains are ours; they come first.
const OURS: u64 = 3;

/// All domains: ours, then those of others.
const DOMAINS: [&str; 24] = [
    "corp.example",
    "branch.example",
    "works.example",
    "partner.example",
    "news.example",
    "shop.example",
    "bank.example",
    "school.example",
    "post.example",
    "travel.example",
    "tokyo.partner.example",
    "osaka.shop.example",
    "list.club.example",
    "mail.city.example",
    "offers.example",
    "hospital.example",
    "x.example",
    "very-long-name-of-a-department.institute.university.example",
    "law.example",
    "music.example",
    "garden.example",
    "sport.example",
    "radio.example",
    "library.example",
];

/// How many domains there are.
pub(crate) const DESTINATIONS: usize = DOMAINS.len();

const MAILBOXES: [&str; 20] = [
    "orders",
    "sales",
    "info",
    "office",
    "stock",
    "board",
    "scan",
    "archive",
    "agenda",
    "billing",
    "support",
    "hr",
    "press",
    "desk.north",
    "desk-south",
    "o'clock",
    "bounce+tag",
    "no-reply",
    "mailer_daemon",
    "reception",
];

const COUNTRIES: [&str; 8] = [
    "Japan",
    "United States",
    "Germany",
    "Korea, Republic of",
    "not applicable",
    "not enabled",
    "Brazil",
    "unknown",
];

pub(crate) const POLICIES: [&str; 5] = ["DEFAULT", "Sales Team", "vip", "no-attachments", "Tokyo"];
pub(crate) const FILTERS: [&str; 6] = [
    "Block_Attachments",
    "FileType",
    "dontsend",
    "Return From Trend",
    "MID 7 filter",
    "testfilt",
];
pub(crate) const VIRUSES: [&str; 4] = ["EICAR-AV-Test", "W32/Sober-P", "W32/Zafi-D", "Mal/Phish-A"];
pub(crate) const QUARANTINES: [&str; 3] = ["Policy", "Virus", "Anti-Virus"];

/// Answers of a next hop that took a message.
pub(crate) const TAKEN: [&str; 6] = [
    "2.0.0 Ok: queued as ",
    "2.6.0 <queued@next.example> [InternalId=79003599] Queued mail for delivery ",
    "Message accepted for delivery ",
    "ok dirdel MID 5 ",
    "2.0.0 Message finished MID 7 done ",
    "OK id=",
];

/// A domain and its place among all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Domain(pub(crate) u16);

impl Domain {
    pub(crate) fn ours(dice: &mut Dice) -> Self {
        Self(dice.below(OURS) as u16)
    }

    pub(crate) fn of_others(dice: &mut Dice) -> Self {
        Self((OURS + dice.below(DOMAINS.len() as u64 - OURS)) as u16)
    }

    pub(crate) fn name(self) -> &'static str {
        DOMAINS[usize::from(self.0) % DOMAINS.len()]
    }

    /// The address of its mail server.
    pub(crate) fn server(self) -> String {
        let last = u64::from(self.0) + 40;
        match self.0 % 8 {
            0..=3 => body!["198.51.100.", last],
            4..=6 => body!["203.0.113.", last],
            _ => body!["2001:db8:25::", last],
        }
    }
}

/// A mailbox of a domain.
pub(crate) fn mailbox(dice: &mut Dice, domain: Domain) -> String {
    let name = dice.word(&MAILBOXES);
    let number = dice.below(4_000);
    body![name, number, "@", domain.name()]
}

/// Who connects.
#[derive(Clone, Debug)]
pub(crate) struct Peer {
    pub(crate) address: String,
    /// Its PTR name, or `unknown`.
    pub(crate) host: String,
    pub(crate) verified: &'static str,
    pub(crate) score: String,
    pub(crate) country: &'static str,
}

/// Somebody from outside.
pub(crate) fn stranger(dice: &mut Dice) -> Peer {
    let host = if dice.chance(0.2) {
        "unknown".to_owned()
    } else {
        let (number, domain) = (dice.below(90), Domain::of_others(dice));
        body!["mx", number, ".", domain.name()]
    };
    Peer {
        address: address(dice),
        host,
        verified: dice.word(&["yes", "yes", "yes", "no"]),
        score: score(dice),
        country: dice.word(&COUNTRIES),
    }
}

/// One of our own mail servers.
pub(crate) fn insider(dice: &mut Dice) -> Peer {
    let number = dice.between(20, 60);
    Peer {
        address: body!["192.0.2.", number],
        host: body!["app", number, ".corp.example"],
        verified: dice.word(&["yes", "no"]),
        score: dice.word(&["not enabled", "rfc1918"]).to_owned(),
        country: "not applicable",
    }
}

/// A documentation address.
pub(crate) fn address(dice: &mut Dice) -> String {
    let last = dice.between(1, 254);
    match dice.below(10) {
        0..=4 => body!["198.51.100.", last],
        5..=8 => body!["203.0.113.", last],
        _ => body!["2001:db8:", dice.below(99), "::", last],
    }
}

fn score(dice: &mut Dice) -> String {
    match dice.below(8) {
        0 => "None".to_owned(),
        1 => "unable to retrieve".to_owned(),
        2 => body!["-", dice.below(3), ".", dice.below(10)],
        _ => body![dice.below(10), ".", dice.below(10)],
    }
}

/// A word as mail servers number their queue.
pub(crate) fn token(dice: &mut Dice) -> String {
    const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKLMNPQRSTVWXY";
    let mut bits = dice.any();
    let mut text = String::with_capacity(12);
    for _ in 0..10 {
        text.push(char::from(LETTERS[(bits % 32) as usize]));
        bits /= 32;
    }
    text
}
