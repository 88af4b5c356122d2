//! What is written, and what is true of it.
//!
//! A [`Written`] line names the record that it is about; a [`TruthRecord`] says of that record
//! how it truly ended. Truth ids are unique in a run and have nothing to do with MIDs.
//!
//! Invariants: a line is about one record (`whom`); where its wording names a second one, the
//! second is in `also`, and a program may keep the line with either or with both. A record's
//! `line_ids` are its own lines, in the order in which they were written.
//!
//! Not here: what a program makes of it (`oracle/`, `verdict.rs`).

use jiff::civil::DateTime;

use crate::kind::Kind;

/// The word in front of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// `Info`.
    Info,
    /// `Warning`.
    Warning,
    /// `Critical`.
    Critical,
}

impl Level {
    /// As it is written.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Info => "Info",
            Self::Warning => "Warning",
            Self::Critical => "Critical",
        }
    }
}

/// The four kinds of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RecordKind {
    /// A MID.
    Message,
    /// An ICID.
    Connection,
    /// A DCID.
    Delivery,
    /// One line that is about none of them.
    Event,
}

/// The record that a line is about, by its truth id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Whom {
    /// A message.
    Message(u64),
    /// An inbound connection.
    Connection(u64),
    /// An outbound connection.
    Delivery(u64),
    /// The appliance: each such line is a record of its own.
    Event(u64),
}

impl Whom {
    /// The truth id.
    #[must_use]
    pub fn id(self) -> u64 {
        match self {
            Self::Message(id) | Self::Connection(id) | Self::Delivery(id) | Self::Event(id) => id,
        }
    }

    /// The kind of record.
    #[must_use]
    pub fn kind(self) -> RecordKind {
        match self {
            Self::Message(_) => RecordKind::Message,
            Self::Connection(_) => RecordKind::Connection,
            Self::Delivery(_) => RecordKind::Delivery,
            Self::Event(_) => RecordKind::Event,
        }
    }
}

/// A record and the number that its lines call it by: MID, ICID, DCID; 0 for an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Named {
    /// The record.
    pub whom: Whom,
    /// Its number on its appliance.
    pub number: u64,
}

/// One line as the gateway wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Unique in the run, counted from 0 in order of writing.
    pub line_id: u64,
    /// The place of the gateway in `Plan::appliances`.
    pub appliance: usize,
    /// The gateway's wall clock.
    pub at: DateTime,
    /// True time: seconds since the run began.
    pub sent: i64,
    /// The word in front.
    pub level: Level,
    /// The grammar's row.
    pub kind: Kind,
    /// The record that it is about.
    pub whom: Whom,
    /// That record's number.
    pub number: u64,
    /// A second record that its wording names.
    pub also: Option<Named>,
    /// What it says.
    pub body: String,
}

impl Written {
    /// The record that it is about, with its number.
    #[must_use]
    pub fn named(&self) -> Named {
        Named {
            whom: self.whom,
            number: self.number,
        }
    }
}

/// What the run hands out.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    /// A line.
    Written(Written),
    /// No further line is about that record.
    Done(Box<TruthRecord>),
}

/// What is true of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TruthRecord {
    /// The truth id.
    pub id: u64,
    /// The kind of record.
    pub kind: RecordKind,
    /// The place of the gateway in `Plan::appliances`.
    pub appliance: usize,
    /// MID, ICID or DCID; 0 for an event.
    pub number: u64,
    /// How often the gateway's counters had been reset when it began.
    pub generation: u32,
    /// The earliest stamp of its lines.
    pub first: DateTime,
    /// The latest stamp of its lines.
    pub last: DateTime,
    /// Its own lines.
    pub line_ids: Vec<u64>,
    /// How it stood with its last line.
    pub ending: Ending,
    /// Whether it was cut off in the middle: by a reset of its gateway, by the end of the log.
    pub cut: bool,
    /// The recipients of a message, refused ones included.
    pub recipients: Vec<Recipient>,
}

/// One recipient of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The recipient's number; `None` when refused.
    pub rid: Option<u32>,
    /// The address; empty for `<>`.
    pub address: String,
    /// What became of it.
    pub fate: Fate,
}

/// What became of one recipient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fate {
    /// Nothing yet.
    Waiting,
    /// Taken by the next hop.
    Delivered,
    /// Refused for good by the next hop or by us; the sender was told.
    Bounced,
    /// The last attempt was put off.
    Delayed,
    /// Refused before the message was accepted.
    Refused,
    /// The message was never accepted.
    Aborted,
    /// Thrown away by something of ours.
    Dropped,
    /// In a quarantine.
    Held,
    /// Deleted from a quarantine.
    Deleted,
    /// Went on under another MID.
    WentOn {
        /// The truth id of that message.
        into: u64,
    },
    /// Given to the central quarantine: whether it ever comes back is not this gateway's to say.
    HandedOver,
    /// Taken off the queue by an administrator, or unsubscribed.
    Removed,
    /// Perhaps taken by the next hop: its answer was not heard.
    PerhapsDelivered,
}

/// How a record stood with its last line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ending {
    /// A message: not yet accepted.
    Receiving,
    /// A message: accepted, in the work queue.
    Working,
    /// A message: queued, recipients may have fates already.
    Queued,
    /// A message: in a quarantine.
    Held,
    /// A message: finished, each recipient has its fate.
    Settled,
    /// A message: never accepted.
    Aborted(Abort),
    /// A message: dropped.
    Dropped(Dropper),
    /// A message: bounced by a filter or a policy of ours.
    BouncedByPolicy,
    /// A message: deleted from a quarantine.
    DeletedFromQuarantine,
    /// A message: in the spam quarantine, for good.
    SpamQuarantined,
    /// A message: given to the central quarantine.
    HandedOver,
    /// A message: split or rewritten, goes on under other MIDs.
    WentOn,
    /// A connection: open.
    Open,
    /// A connection: closed without trouble.
    Closed,
    /// A connection: refused before a message.
    Rejected,
    /// A connection: the peer vanished.
    Lost,
    /// A connection: nothing injected in time.
    TimedOut,
    /// A connection: open for too long.
    TooLong,
    /// A connection, inbound or outbound: killed by the gateway.
    Killed,
    /// A connection: receiving failed.
    Failed,
    /// An outbound connection: never came to be.
    NotConnected,
    /// An event: there is nothing to end.
    Event,
}

/// Why a message was never accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Abort {
    /// The connection was lost.
    Lost,
    /// The inbound timeout ran out.
    Timeout,
    /// The sender quit.
    BySender,
    /// It was too big.
    Size,
    /// It went in a loop.
    Loop,
    /// The connection was open for too long.
    TooLong,
    /// No recipient was accepted.
    AllRefused,
    /// Bounce verification refused it.
    BounceVerification,
    /// The gateway killed the connection.
    Killed,
}

/// What threw a message away.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Dropper {
    /// The spam engine.
    Spam,
    /// The antivirus.
    Antivirus,
    /// File reputation.
    Amp,
    /// A message filter.
    Filter,
    /// A content filter.
    ContentFilter,
    /// A policy.
    Policy,
    /// An LDAP query.
    Ldap,
}
