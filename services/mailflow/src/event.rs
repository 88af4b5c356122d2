//! What one line says: whose it is, its kind, and the typed facts in it.
//!
//! Borrowed from the body; nothing is allocated but lists of recipient ids. A line that is not
//! understood is an event too: it has no kind, and it belongs to whom the id at its front names.

use serde::{Deserialize, Serialize};

use crate::kind::Kind;

/// One understood or not understood line.
#[derive(Clone, Debug, PartialEq)]
pub struct MailEvent<'a> {
    /// Its row of the table; `None` when it is not understood.
    pub kind: Option<&'static Kind>,
    /// Whose line it is.
    pub owner: Owner,
    /// What it says.
    pub fact: Fact<'a>,
}

/// Whose line it is. ICID 0 and DCID 0 are nobody: such lines are the appliance's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Owner {
    /// A MID.
    Message(u64),
    /// An ICID, never 0.
    Connection(u64),
    /// A DCID, never 0.
    Delivery(u64),
    /// The appliance's, of another log than `mail_logs`, and about a MID, never 0.
    Beside(u64),
    /// The appliance.
    Appliance,
}

impl Owner {
    /// Its number; the appliance has what is nobody's, which is 0.
    #[must_use]
    pub fn number(self) -> u64 {
        match self {
            Self::Message(id) | Self::Connection(id) | Self::Delivery(id) | Self::Beside(id) => id,
            Self::Appliance => 0,
        }
    }
}

/// How a connection was ended, beside `close`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConnectionEnd {
    /// `close`: the session is over, which says nothing about why.
    Close,
    /// `lost`: the peer vanished without QUIT (Cisco document 118579).
    Lost,
    /// The time-out for unsuccessful inbound connections.
    Timeout,
    /// The total time limit for inbound connections.
    MaxTime,
    /// `disconnected address` with a reason nobody has listed.
    Disconnected,
    /// Killed by the gateway itself.
    Killed,
}

/// What became of STARTTLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsOutcome {
    /// Negotiated.
    Success,
    /// Failed.
    Failed,
    /// Required by policy, not begun by the peer.
    Required,
}

/// Why a recipient was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal<'a> {
    /// `Rejected by …`: RAT, LDAPACCEPT, Injection Control, Receiving Control, …
    By(&'a str),
    /// The address could not be parsed.
    Invalid,
    /// Bounce verification: an untagged bounce.
    BounceVerification,
}

/// What happened to a message in a quarantine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// It is held there.
    Held,
    /// It is let go, from that one or from all.
    Released,
    /// It was deleted there, or in all: it is never delivered.
    Deleted,
    /// It is in the spam quarantine, for good unless somebody releases it.
    Stored,
    /// It left for a quarantine on the management appliance.
    Transferred,
}

/// How something of ours settles a recipient, beside delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settling {
    /// Dropped: nobody is told.
    Dropped,
    /// Bounced.
    Bounced,
    /// Perhaps delivered: the next hop was not heard to the end.
    PerhapsDelivered,
}

/// How a message hangs together with another one of its family: what the line says of the message
/// that it belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kinship {
    /// It was split; some recipients go on under the other MID.
    SplitInto,
    /// It was rewritten; it goes on under the other MID.
    RewrittenTo,
    /// It is the other one, released from the spam quarantine.
    ReinjectedFrom,
    /// It is the other one, back from the management appliance's quarantine.
    ReturnedFrom,
    /// It is a copy of the other one, or a notification of it.
    CopyOf,
    /// It is the bounce of the other one.
    BounceOf,
}

/// A `Bounced:` or `Delayed:` line's answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reply<'a> {
    /// Enhanced status as AsyncOS labels it (`5.1.0`).
    pub enhanced: &'a str,
    /// AsyncOS's label, not to be trusted (`Unknown address error`).
    pub label: &'a str,
    /// SMTP code of the remote server; `000`: there was no answer.
    pub code: &'a str,
    /// The tuple's text as logged: a Python list of strings.
    pub text: &'a str,
}

/// The typed facts of a line.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact<'a> {
    /// An inbound connection.
    ConnectionOpened {
        /// Interface name as logged.
        interface: &'a str,
        /// The listener's address.
        listener: Option<&'a str>,
        /// The peer's address.
        peer: &'a str,
        /// PTR name; `None` when unknown or not logged.
        host: Option<&'a str>,
        /// Whether forward and reverse DNS agree.
        verified: Option<bool>,
    },
    /// A connection ended, or an end was announced.
    ConnectionEnded(ConnectionEnd),
    /// `Receiving Failed:` and its older name.
    ReceivingFailed(&'a str),
    /// STARTTLS on an inbound connection; the text is cipher or reason.
    Tls(TlsOutcome, &'a str),
    /// The HAT's decision.
    Hat {
        /// ACCEPT, RELAY, REJECT, TCPREFUSE, …
        action: &'a str,
        /// Sender group.
        group: &'a str,
        /// What matched; empty when not logged.
        matched: &'a str,
        /// Reputation score as logged; empty when not logged.
        score: &'a str,
    },
    /// MAIL FROM was refused on the connection, before a MID.
    SenderRefused(&'a str),
    /// A recipient was refused on the connection, without a MID.
    RecipientRefusedOnConnection {
        /// The address.
        address: &'a str,
        /// By what.
        by: &'a str,
    },
    /// `Start MID`.
    Started {
        /// The connection; `None` for ICID 0.
        icid: Option<u64>,
    },
    /// MAIL FROM.
    Sender {
        /// The connection; `None` for ICID 0 or when not named.
        icid: Option<u64>,
        /// The address; empty for `<>`.
        address: &'a str,
    },
    /// RCPT TO, accepted.
    Recipient {
        /// The connection; `None` for ICID 0.
        icid: Option<u64>,
        /// The recipient id.
        rid: u32,
        /// The address; empty for `<>`.
        address: &'a str,
    },
    /// RCPT TO, refused.
    RecipientRefused {
        /// The connection; `None` for ICID 0.
        icid: Option<u64>,
        /// The address; `None` where the line holds none that can be told.
        address: Option<&'a str>,
        /// By what.
        refusal: Refusal<'a>,
    },
    /// The gateway has taken the message (SMTP 250).
    Ready {
        /// Size.
        bytes: u64,
        /// Envelope sender, empty for `<>`; `None` where the line was cut before it.
        sender: Option<&'a str>,
    },
    /// Receiving ended without acceptance; `true`: by the sender.
    ReceivingAborted {
        /// The line says `by sender`.
        by_sender: bool,
    },
    /// `Message aborted MID n …` with another reason: dropped or bounced by something of ours.
    Stopped(&'a str),
    /// `Message finished`.
    Finished {
        /// `aborted`, not `done`.
        aborted: bool,
    },
    /// The `Message-ID` header.
    MessageId(&'a str),
    /// The `Subject` header, as logged.
    Subject(&'a str),
    /// `queued for delivery`.
    Queued,
    /// An outbound connection.
    DeliveryOpened {
        /// The next hop.
        peer: &'a str,
        /// Its port.
        port: Option<u16>,
    },
    /// An outbound connection ended.
    DeliveryEnded,
    /// A delivery attempt began.
    DeliveryStart {
        /// By which connection.
        dcid: Option<u64>,
        /// For which recipients.
        rids: Vec<u32>,
    },
    /// Recipients were delivered, or handed to the external spam quarantine.
    Done {
        /// By which connection.
        dcid: Option<u64>,
        /// Which recipients.
        rids: Vec<u32>,
        /// To the external quarantine: not a delivery.
        quarantine: bool,
    },
    /// The next hop's words.
    Response {
        /// For which recipients.
        rids: Vec<u32>,
        /// As logged, quotes stripped.
        text: &'a str,
    },
    /// A soft bounce.
    Delayed {
        /// By which connection; `None` for DCID 0.
        dcid: Option<u64>,
        /// Which recipients.
        rids: Vec<u32>,
        /// The address, where logged.
        address: Option<&'a str>,
        /// The answer.
        reply: Reply<'a>,
    },
    /// A hard bounce.
    Bounced {
        /// By which connection; `None` for DCID 0.
        dcid: Option<u64>,
        /// Which recipients.
        rids: Vec<u32>,
        /// The address, where logged.
        address: Option<&'a str>,
        /// The answer.
        reply: Reply<'a>,
    },
    /// The message was moved into a quarantine or out of it.
    Quarantine {
        /// How.
        moved: Move,
        /// Which; `None` for all, or where the line names none.
        name: Option<&'a str>,
    },
    /// Recipients were settled by something of ours.
    Settled {
        /// Which.
        rids: Vec<u32>,
        /// The address, where logged.
        address: Option<&'a str>,
        /// How.
        how: Settling,
        /// By what, or the answer.
        why: &'a str,
    },
    /// Another message of the family.
    Related {
        /// How the two hang together.
        how: Kinship,
        /// The other one's MID.
        mid: u64,
    },
    /// AsyncOS version and serial number.
    Version {
        /// `7.6.3-019`.
        version: &'a str,
        /// The serial number.
        serial: &'a str,
    },
    /// The appliance's offset from UTC.
    UtcOffset {
        /// Seconds east of UTC.
        seconds: i32,
    },
    /// Understood as a kind; nothing of it is needed as a typed fact.
    Nothing,
}
