//! The closed vocabularies: each word means one thing in code, API, pages and articles.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Declares a closed vocabulary: a plain enum, its published words, and the way back.
///
/// The word is a `tt`, not a `literal`: utoipa cannot see through the group that a `literal` becomes.
macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident => $word:tt,)+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        pub enum $name {
            $($(#[$vdoc])* #[serde(rename = $word)] $variant,)+
        }
        impl $name {
            /// Every word of this vocabulary, in order.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];
            /// The published word.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $($name::$variant => $word,)+ }
            }
            /// The word's meaning, or `None` for a word that is not in this vocabulary.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|known| known.word() == word)
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.word())
            }
        }
    };
}

vocabulary! {
    /// How the younger of two messages of a family came from the older one.
    Kinship {
        /// The older one was split; some of its recipients go on here.
        Split => "split",
        /// The older one was rewritten; it goes on here.
        Rewritten => "rewritten",
        /// It is the older one, released from the spam quarantine.
        ReleasedFromSpamQuarantine => "released_from_spam_quarantine",
        /// It is the older one, back from a quarantine on the management appliance.
        ReturnedFromSma => "returned_from_sma",
        /// A copy, or a notification, made of the older one: other mail.
        Copy => "copy",
        /// The bounce of the older one: other mail.
        Bounce => "bounce",
    }
}

vocabulary! {
    /// How a recipient's, or a whole message's, story ended or stands (contract: Outcome and custody).
    Outcome {
        /// `Message done` by a real delivery.
        Delivered => "delivered",
        /// Some recipients were delivered and some were not.
        PartiallyDelivered => "partially_delivered",
        /// Receiving ended before the gateway accepted the message.
        Aborted => "aborted",
        /// Refused before acceptance: this recipient, or the whole connection.
        Rejected => "rejected",
        /// Accepted, then discarded.
        Dropped => "dropped",
        /// Undeliverable for good.
        HardBounced => "hard_bounced",
        /// The last delivery attempt was delayed.
        SoftBounced => "soft_bounced",
        /// Waiting for its first delivery attempt.
        Queued => "queued",
        /// Held in a quarantine.
        Quarantined => "quarantined",
        /// Deleted from a quarantine.
        DeletedFromQuarantine => "deleted_from_quarantine",
        /// Still being received or processed.
        Processing => "processing",
        /// The log does not tell.
        Unknown => "unknown",
    }
}

vocabulary! {
    /// Who holds the mail now.
    Custody {
        /// The sender still has it and may retry.
        Sender => "sender",
        /// This gateway.
        Gateway => "gateway",
        /// A quarantine.
        Quarantine => "quarantine",
        /// The next mail server.
        NextHop => "next_hop",
        /// Nobody: it is gone, or the sender was told.
        Nobody => "nobody",
        /// The log does not tell.
        Unknown => "unknown",
    }
}

vocabulary! {
    /// Who can mend it.
    Party {
        /// The sending side.
        Sender => "sender",
        /// Firewalls, links, address translation between the two.
        NetworkPath => "network_path",
        /// A rule of ours did what it says.
        OurPolicy => "our_policy",
        /// A fault of this gateway or of what it depends on.
        OurSystem => "our_system",
        /// The receiving side.
        Destination => "destination",
        /// Not to be told from the log.
        Undetermined => "undetermined",
    }
}

vocabulary! {
    /// How sure a diagnosis is, weakest first.
    Confidence {
        /// Nothing decides between the causes.
        Undetermined => "undetermined",
        /// The signature fits, the evidence is incomplete.
        Possible => "possible",
        /// All that must be there is there, nothing speaks against it.
        Likely => "likely",
        /// The line that names the cause is there.
        Certain => "certain",
    }
}

vocabulary! {
    /// How much a diagnosis should trouble somebody.
    Severity {
        /// Nothing to do.
        Info => "info",
        /// Worth knowing.
        Notice => "notice",
        /// Somebody should look.
        Warning => "warning",
        /// Somebody must act now.
        Critical => "critical",
    }
}

vocabulary! {
    /// Whether the sender's or our own retry is likely to mend it.
    HealsByRetry {
        /// It will.
        Yes => "yes",
        /// It probably will.
        Likely => "likely",
        /// It probably will not.
        Unlikely => "unlikely",
        /// It will not.
        No => "no",
        /// Not to be told.
        Unknown => "unknown",
    }
}

vocabulary! {
    /// What occurrences of one cause have in common, by which they are counted as one.
    Grouping {
        /// The host that connects: its name, if forward and reverse DNS agree, else its IP address.
        SendingHost => "sending_host",
        /// The domain of the envelope sender.
        SenderDomain => "sender_domain",
        /// The domain of the recipient that decides: where the mail goes.
        NextHopDomain => "next_hop_domain",
        /// The filter or policy of ours that acted.
        Filter => "filter",
        /// The quarantine.
        Quarantine => "quarantine",
        /// The sender group that the connection fell into.
        SenderGroup => "sender_group",
        /// The gateway.
        Appliance => "appliance",
        /// Nothing: each message, or connection, stands for itself.
        Record => "record",
    }
}

vocabulary! {
    /// Who takes a step.
    Who {
        /// Whoever answers the phone.
        Helpdesk => "helpdesk",
        /// The gateway's administrator.
        Admin => "admin",
        /// The network or firewall team.
        Network => "network",
        /// The other side's administrator.
        Partner => "partner",
        /// The security operations centre.
        Soc => "soc",
    }
}

vocabulary! {
    /// Where an appliance's time zone comes from.
    Zone {
        /// From its own `Time offset from UTC` line.
        Learned => "learned",
        /// From the configuration or the command line.
        Configured => "configured",
        /// From neither: UTC was taken.
        Assumed => "assumed",
    }
}

vocabulary! {
    /// A log line's level, by its own word.
    Level {
        /// `Info:`
        Info => "info",
        /// `Warning:`
        Warning => "warning",
        /// `Critical:`
        Critical => "critical",
        /// `Debug:`
        Debug => "debug",
        /// `Trace:`
        Trace => "trace",
        /// `Alert:`
        Alert => "alert",
    }
}

vocabulary! {
    /// The languages of every human text.
    Lang {
        /// English.
        En => "en",
        /// Japanese.
        Ja => "ja",
    }
}

/// A text in both languages; neither is ever empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// English.
    pub en: String,
    /// Japanese.
    pub ja: String,
}

impl Text {
    /// The text in one language.
    #[must_use]
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::En => &self.en,
            Lang::Ja => &self.ja,
        }
    }
}

/// A moment as RFC 3339 with an offset: UTC unless the question asked for a zone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[schema(value_type = String, format = DateTime, examples("2014-08-14T11:05:36+00:00"))]
pub struct Time(pub String);

impl Time {
    /// Writes a moment in a zone.
    #[must_use]
    pub fn of(moment: jiff::Timestamp, zone: &jiff::tz::TimeZone) -> Self {
        let zoned = moment.to_zoned_datetime(zone.clone());
        let pattern = if moment.subsec_nanosecond() == 0 {
            "%Y-%m-%dT%H:%M:%S%:z"
        } else {
            "%Y-%m-%dT%H:%M:%S%.f%:z"
        };
        Self(zoned.strftime(pattern).to_string())
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
