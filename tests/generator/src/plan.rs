//! What a run is to look like: how long, how fast, on which gateways, with how much of what.
//!
//! All of it is plain data with sensible defaults; the same plan writes the same log on every
//! machine. Weights are relative to each other, probabilities are from 0 to 1.
//!
//! Not here: how it is written (`world.rs` and below).

use jiff::civil::{DateTime, date};

/// The largest number that a counter shows before it begins at 1 again.
pub const LAST_NUMBER: u64 = (1 << 31) - 1;

/// The whole of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// Everything is decided by it.
    pub seed: u64,
    /// About how many lines.
    pub lines: u64,
    /// About how many lines a second, over all gateways, in a busy time.
    pub rate: u32,
    /// When it begins, in UTC.
    pub begins: DateTime,
    /// The gateways.
    pub appliances: Vec<Appliance>,
    /// Busy times; between two of them a quiet stretch of 8 to 30 hours, in which only what
    /// waits goes on: retries, quarantines, connections that trickle.
    pub shifts: u32,
    /// How often each gateway loses its counters, its queue and its connections.
    pub resets: u32,
    /// After how many lines of a gateway it begins another log file; 0: never.
    pub rollover: u64,
    /// How often each gateway's clock jumps by up to 3 seconds, either way.
    pub clock_jumps: u32,
    /// Whether, when enough is written, what waits is carried to its end; else the log stops.
    pub drain: bool,
    /// The most recipients of one message.
    pub crowd: u32,
    /// Which connections come.
    pub sessions: Sessions,
    /// How receiving a message ends.
    pub receiving: Receiving,
    /// What becomes of an accepted message before it is queued.
    pub content: Content,
    /// What a delivery attempt comes to.
    pub delivery: Delivery,
    /// The rest.
    pub odds: Odds,
}

/// One gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appliance {
    /// Its syslog host name.
    pub name: String,
    /// The name of its log subscription.
    pub subscription: String,
    /// The number in `<…>` in front of its datagrams.
    pub priority: u8,
    /// Which releases' wording it has.
    pub dialect: Dialect,
    /// Its AsyncOS version.
    pub version: String,
    /// Its serial number.
    pub serial: String,
    /// Its offset from UTC in seconds.
    pub offset: i32,
    /// Where its counters stand at first. After a reset, and beyond [`LAST_NUMBER`], they
    /// begin at 1.
    pub first_number: u64,
    /// Its share of the traffic, relative to the others'.
    pub share: u32,
}

/// Which releases' wording a gateway has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// 13.5 to 15: countries, domain reputation, double quotes.
    Modern,
    /// 7 to 10.
    Classic,
    /// Before 5: no reverse DNS, `Message 4 to 0`, Brightmail.
    Old,
}

/// Weights of what connects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sessions {
    /// From outside, with one or more messages.
    pub incoming: u32,
    /// From inside, relayed.
    pub outgoing: u32,
    /// Few messages over many hours.
    pub trickle: u32,
    /// Rejected by the HAT.
    pub rejected: u32,
    /// Refused by TCP, on ICID 0.
    pub refused: u32,
    /// Rejected by the HAT, but talked to so that recipients are logged.
    pub delayed_reject: u32,
    /// Opened and closed without a message.
    pub empty: u32,
    /// Opened, then nothing until the timeout.
    pub idle: u32,
    /// Lost before a command.
    pub vanished: u32,
    /// MAIL FROM refused.
    pub sender_refused: u32,
    /// Over the connection limit.
    pub limited: u32,
    /// TLS failed or missing.
    pub without_tls: u32,
    /// Directory harvest, undetermined addresses: a line without an id.
    pub nameless: u32,
    /// Mail that the system makes for itself.
    pub system_mail: u32,
}

/// Weights of how receiving a message ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receiving {
    /// Accepted.
    pub accepted: u32,
    /// The connection is lost.
    pub lost: u32,
    /// The inbound timeout runs out (on the first message of a connection only).
    pub timeout: u32,
    /// The sender quits.
    pub by_sender: u32,
    /// Too big.
    pub size: u32,
    /// In a loop.
    pub loops: u32,
    /// The connection is open for too long.
    pub too_long: u32,
    /// No recipient is accepted.
    pub all_refused: u32,
    /// Refused by bounce verification.
    pub bounce_verification: u32,
    /// The gateway kills the connection.
    pub killed: u32,
    /// No line tells of an end.
    pub never: u32,
}

/// Weights of what becomes of an accepted message before it is queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Content {
    /// Queued for delivery.
    pub queued: u32,
    /// Dropped by spam engine, antivirus, file reputation, filter or policy.
    pub dropped: u32,
    /// Bounced by a filter or a policy.
    pub bounced: u32,
    /// Held in one or more quarantines.
    pub held: u32,
    /// Given to the central quarantine.
    pub central: u32,
    /// Into the spam quarantine, local or external.
    pub spam_quarantine: u32,
    /// Split.
    pub split: u32,
    /// Rewritten under another MID.
    pub rewritten: u32,
    /// Settled in part by LDAP.
    pub ldap: u32,
    /// No line tells of an end.
    pub never: u32,
}

/// Weights of what a delivery attempt for a destination comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// All recipients taken.
    pub taken: u32,
    /// Some taken, some bounced, some put off.
    pub mixed: u32,
    /// All refused.
    pub refused: u32,
    /// All put off.
    pub delayed: u32,
    /// No connection.
    pub not_connected: u32,
    /// The destination does not exist.
    pub no_such_host: u32,
    /// Perhaps delivered.
    pub possible: u32,
    /// Deleted by an administrator.
    pub removed: u32,
    /// No line tells of an end.
    pub never: u32,
}

/// Probabilities.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Odds {
    /// A connection brings many messages.
    pub many_messages: f64,
    /// A message has very many recipients.
    pub crowd: f64,
    /// A recipient among others is refused.
    pub refused_recipient: f64,
    /// A subject tries to mislead.
    pub hostile_subject: f64,
    /// A copy or notification is made of a message.
    pub copy: f64,
    /// A rare line of the grammar, or one that nobody understands, stands among the others.
    pub remark: f64,
    /// Such a line is written twice in the same second.
    pub twin: f64,
    /// A line about the gateway itself, for each connection that comes.
    pub event: f64,
    /// A message that was put off is put off again.
    pub again: f64,
    /// A message that was put off is never heard of again.
    pub forgotten: f64,
}

impl Plan {
    /// Some 5,000 lines of two gateways with equal numbers; one reset, one quiet night.
    #[must_use]
    pub fn small(seed: u64) -> Self {
        Self {
            lines: 5_000,
            rate: 20,
            shifts: 2,
            resets: 1,
            rollover: 1_000,
            crowd: 60,
            appliances: Self::default().appliances.into_iter().take(2).collect(),
            ..Self::of_seed(seed)
        }
    }

    /// Everything that the grammar knows, on four gateways: all dialects, zones, resets, nights.
    #[must_use]
    pub fn full(seed: u64, lines: u64) -> Self {
        Self {
            lines,
            rate: 100,
            ..Self::of_seed(seed)
        }
    }

    /// As `full`, with clocks that jump, huge messages, and no end to what waits.
    #[must_use]
    pub fn hostile(seed: u64, lines: u64) -> Self {
        let odds = Odds {
            hostile_subject: 0.5,
            remark: 0.5,
            twin: 0.5,
            crowd: 0.003,
            ..Odds::default()
        };
        Self {
            clock_jumps: 5,
            crowd: 5_000,
            drain: false,
            resets: 5,
            odds,
            ..Self::full(seed, lines)
        }
    }

    /// Fast plain traffic of two modern gateways, as for a load test.
    #[must_use]
    pub fn busy(seed: u64, lines: u64, rate: u32) -> Self {
        let all = Self::default().appliances;
        let modern = all
            .into_iter()
            .filter(|one| one.dialect == Dialect::Modern)
            .take(2);
        Self {
            lines,
            rate,
            shifts: 1,
            resets: 0,
            rollover: 0,
            drain: false,
            appliances: modern.collect(),
            ..Self::of_seed(seed)
        }
    }

    fn of_seed(seed: u64) -> Self {
        Self {
            seed,
            ..Self::default()
        }
    }
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            seed: 1,
            lines: 100_000,
            rate: 100,
            begins: date(2026, 3, 9).at(7, 58, 30, 0),
            appliances: gateways(),
            shifts: 4,
            resets: 2,
            rollover: 20_000,
            clock_jumps: 0,
            drain: true,
            crowd: 400,
            sessions: Sessions::default(),
            receiving: Receiving::default(),
            content: Content::default(),
            delivery: Delivery::default(),
            odds: Odds::default(),
        }
    }
}

fn gateways() -> Vec<Appliance> {
    let near_the_end = LAST_NUMBER - 100;
    vec![
        gateway("esa1.corp.example", Dialect::Modern, 0, 1, 10),
        gateway("esa2.corp.example", Dialect::Classic, 0, 1, 9),
        gateway("esa3.branch.example", Dialect::Modern, 32_400, 1, 8),
        gateway("esa4.works.example", Dialect::Old, -21_600, near_the_end, 4),
    ]
}

fn gateway(name: &str, dialect: Dialect, offset: i32, first_number: u64, share: u32) -> Appliance {
    let (version, subscription, priority) = match dialect {
        Dialect::Modern => ("15.0.0-104", "mail_logs", 166),
        Dialect::Classic => ("7.6.3-019", "MAIL_SecurityAudit", 94),
        Dialect::Old => ("4.6.0-273", "smail", 22),
    };
    let serial = format!("42{:0>18}-{:0>12}", name.len() * 7, share);
    Appliance {
        name: name.to_owned(),
        subscription: subscription.to_owned(),
        priority,
        dialect,
        version: version.to_owned(),
        serial,
        offset,
        first_number,
        share,
    }
}

impl Default for Sessions {
    fn default() -> Self {
        Self {
            incoming: 500,
            outgoing: 200,
            trickle: 10,
            rejected: 140,
            refused: 15,
            delayed_reject: 10,
            empty: 25,
            idle: 12,
            vanished: 12,
            sender_refused: 20,
            limited: 10,
            without_tls: 12,
            nameless: 8,
            system_mail: 5,
        }
    }
}

impl Default for Receiving {
    fn default() -> Self {
        Self {
            accepted: 850,
            lost: 25,
            timeout: 15,
            by_sender: 25,
            size: 10,
            loops: 8,
            too_long: 8,
            all_refused: 20,
            bounce_verification: 8,
            killed: 4,
            never: 3,
        }
    }
}

impl Default for Content {
    fn default() -> Self {
        Self {
            queued: 700,
            dropped: 110,
            bounced: 12,
            held: 35,
            central: 10,
            spam_quarantine: 40,
            split: 25,
            rewritten: 30,
            ldap: 20,
            never: 3,
        }
    }
}

impl Default for Delivery {
    fn default() -> Self {
        Self {
            taken: 800,
            mixed: 25,
            refused: 35,
            delayed: 45,
            not_connected: 25,
            no_such_host: 15,
            possible: 6,
            removed: 5,
            never: 2,
        }
    }
}

impl Default for Odds {
    fn default() -> Self {
        Self {
            many_messages: 0.03,
            crowd: 0.002,
            refused_recipient: 0.04,
            hostile_subject: 0.08,
            copy: 0.06,
            remark: 0.15,
            twin: 0.2,
            event: 0.03,
            again: 0.6,
            forgotten: 0.01,
        }
    }
}
