//! The table of event kinds: what can be told apart in `mail_logs`, one row a kind.
//!
//! A kind is a value of this table and nothing else; records keep its name. The row says where
//! the kind is anchored, whose line it is, and whether it ends something. Numbers are those of
//! the log grammar that the project's knowledge keeps (E001 …).
//!
//! Not here: how a body is read (`grammar/`), what a kind means for a record (`message.rs`,
//! `connection.rs`).

use std::fmt;

/// Whose line it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Belongs {
    /// A message's (MID).
    Message,
    /// A connection's (ICID).
    Connection,
    /// A delivery connection's (DCID).
    Delivery,
    /// The appliance's own.
    Appliance,
}

/// What a line of this kind ends or settles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// Nothing.
    Nothing,
    /// It begins a record.
    Begins,
    /// It settles one or more recipients.
    Recipients,
    /// It names why the record ends; the end itself follows.
    Reason,
    /// It ends the record.
    Record,
}

/// One kind of event.
#[derive(Debug, PartialEq, Eq)]
pub struct Kind {
    /// Kebab-case, never renamed.
    pub name: &'static str,
    /// Row numbers in the log grammar.
    pub rows: &'static str,
    /// What stands at the body's start; capitals and punctuation as logged, `n` for a number.
    pub anchor: &'static str,
    /// Whose line it is.
    pub belongs: Belongs,
    /// What it ends.
    pub ends: Ends,
    /// Whether its lines tell why something went wrong, and so are indexed as text.
    pub diagnostic: bool,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// The kind of that name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static Kind> {
    ALL.iter().copied().find(|kind| kind.name == name)
}

macro_rules! kinds {
    ($($id:ident = $name:literal $rows:literal $belongs:ident $ends:ident $diagnostic:literal $anchor:literal;)+) => {
        $(
            #[doc = concat!("`", $anchor, "` (", $rows, ")")]
            pub static $id: Kind = Kind {
                name: $name, rows: $rows, anchor: $anchor,
                belongs: Belongs::$belongs, ends: Ends::$ends, diagnostic: $diagnostic,
            };
        )+
        /// Every kind, in the grammar's order.
        pub static ALL: &[&Kind] = &[$(&$id),+];
    };
}

kinds! {
    // connection
    CONNECTION_OPENED = "connection-opened" "E001-E005" Connection Begins false "New SMTP ICID n interface";
    CONNECTION_CLOSED = "connection-closed" "E006" Connection Record false "ICID n close";
    CONNECTION_LOST = "connection-lost" "E007" Connection Reason true "ICID n lost";
    CONNECTION_TIMEOUT = "connection-timeout" "E008" Connection Reason true "ICID n disconnected address a, no messages injected within timeout period";
    CONNECTION_MAX_TIME = "connection-max-time" "E009" Connection Reason true "ICID n disconnected address a, exceeded allowable connection time";
    CONNECTION_DISCONNECTED = "connection-disconnected" "E008-E009" Connection Reason true "ICID n disconnected address a";
    LOST_BEFORE_COMMANDS = "lost-before-commands" "E010" Connection Reason true "ICID n Connection from";
    UNKNOWN_COMMAND = "unknown-command" "E011" Connection Nothing true "ICID n Unknown command:";
    BAD_SYNTAX = "bad-syntax" "E012" Connection Nothing true "ICID n Bad syntax for command:";
    CONNECTION_KILLED = "connection-killed" "E013" Connection Record true "SMTP server connection killed ICID: n";
    CONNECTION_LIMIT = "connection-limit" "E015" Connection Reason true "System limit reached: connection limit for IP";
    RECEIVING_FAILED = "receiving-failed" "E016-E019" Connection Reason true "ICID n Receiving Failed:";
    INJECTION_FAILED = "injection-failed" "E020" Connection Reason true "ICID n Injection Failed:";
    SMTP_AUTH_OK = "smtp-auth-succeeded" "E021" Connection Nothing false "SMTP Auth: (ICID n) succeeded";
    SMTP_AUTH_FAILED = "smtp-auth-failed" "E022-E023" Connection Reason true "SMTP Auth (ICID n)";
    // TLS
    TLS_OK = "tls-succeeded" "E024-E025" Connection Nothing false "ICID n TLS success";
    TLS_FAILED = "tls-failed" "E026" Connection Reason true "ICID n TLS failed";
    TLS_REQUIRED = "tls-required" "E027" Connection Reason true "ICID n TLS was required";
    DELIVERY_TLS_OK = "delivery-tls-succeeded" "E028-E030" Delivery Nothing false "DCID n TLS success";
    DELIVERY_TLS_FAILED = "delivery-tls-failed" "E031" Delivery Reason true "DCID n TLS failed";
    DELIVERY_TLS_REQUIRED = "delivery-tls-required" "E032" Delivery Reason true "DCID n IP a TLS was required";
    // HAT, reputation, sender verification
    HAT_ACCEPT = "hat-accept" "E033-E038" Connection Nothing false "ICID n ACCEPT SG";
    HAT_RELAY = "hat-relay" "E039" Connection Nothing false "ICID n RELAY SG";
    HAT_REJECT = "hat-reject" "E040-E041" Connection Reason true "ICID n REJECT SG";
    HAT_TCPREFUSE = "hat-tcprefuse" "E042" Connection Reason true "ICID n TCPREFUSE SG";
    HAT_OTHER = "hat-other" "E033" Connection Nothing true "ICID n ACTION SG";
    HAT_DELAYED_REJECT = "hat-delayed-reject" "E043" Connection Reason true "ICID n Delayed HAT REJECT";
    SBRS = "sbrs" "E044" Connection Nothing false "ICID n SBRS";
    SENDER_REJECTED = "sender-rejected" "E051-E053" Connection Reason true "ICID n Address: <a> sender rejected,";
    SENDER_ALLOWED = "sender-allowed" "E054" Connection Nothing false "ICID n Address: <a> sender allowed,";
    SENDER_INVALID = "sender-invalid" "E055" Connection Reason true "ICID n Invalid sender address:";
    DHAP = "directory-harvest" "E056" Appliance Reason true "LDAP: Dropping connection due to potential Directory Harvest Attack";
    // message start, envelope, recipients
    MESSAGE_STARTED = "message-started" "E057-E059" Message Begins false "Start MID n ICID n";
    ENVELOPE_SENDER = "envelope-sender" "E060-E061" Message Nothing false "MID n ICID n From:";
    RECIPIENT_ACCEPTED = "recipient-accepted" "E062-E063" Message Nothing false "MID n ICID n RID n To:";
    RECIPIENT_REJECTED = "recipient-rejected" "E064-E066" Message Recipients true "MID n ICID n To: <a> Rejected by";
    RECIPIENT_REJECTED_ON_CONNECTION = "recipient-rejected-on-connection" "E067" Connection Recipients true "ICID n To: <a> Rejected by";
    RECIPIENT_INVALID = "recipient-invalid" "E068-E070" Message Recipients true "ICID n MID n Invalid recipient address:";
    BOUNCE_VERIFICATION_REJECTED = "bounce-verification-rejected" "E071" Message Recipients true "MID n ICID n invalid bounce, rcpt address";
    BOUNCE_VERIFICATION_TAGGED = "bounce-verification-tagged" "E072" Message Nothing false "MID n ICID n invalid bounce, tagging";
    SYSTEM_MAIL = "system-mail" "E077" Message Begins false "MID n From: <a> To: <b>";
    // receiving end
    READY = "ready" "E079-E080" Message Nothing false "MID n ready n bytes from";
    RECEIVING_ABORTED = "receiving-aborted" "E081, E083" Message Reason true "Message aborted MID n Receiving aborted";
    RECEIVING_ABORTED_BY_SENDER = "receiving-aborted-by-sender" "E082" Message Reason true "Message aborted MID n Receiving aborted by sender";
    MESSAGE_STOPPED = "message-stopped" "E110-E111, E124, E127, E134-E136" Message Reason true "Message aborted MID n";
    FINISHED_ABORTED = "message-finished-aborted" "E084" Message Record false "Message finished MID n aborted";
    FINISHED_DONE = "message-finished-done" "E085" Message Record false "Message finished MID n done";
    // headers
    MESSAGE_ID = "message-id" "E086-E087" Message Nothing false "MID n Message-ID";
    SUBJECT = "subject" "E088-E092" Message Nothing false "MID n Subject";
    // queue and delivery
    QUEUED = "queued-for-delivery" "E203" Message Nothing false "MID n queued for delivery";
    DELIVERY_OPENED = "delivery-opened" "E204-E206" Delivery Begins false "New SMTP DCID n interface";
    DELIVERY_START = "delivery-start" "E207-E208" Message Nothing false "Delivery start DCID n MID n to";
    EXTERNAL_QUARANTINE_START = "external-quarantine-start" "E183" Message Nothing false "Delivery start DCID n MID n to RID [n] to offbox";
    DELIVERED = "delivered" "E209-E210, E099" Message Recipients false "Message done DCID n MID n to";
    EXTERNAL_QUARANTINED = "external-quarantined" "E184" Message Recipients true "Message done DCID n MID n to RID [n] (external quarantine)";
    RESPONSE = "response" "E211-E213" Message Nothing true "MID n RID [n] Response";
    DELIVERY_CLOSED = "delivery-closed" "E215" Delivery Record false "DCID n close";
    DELIVERY_KILLED = "delivery-killed" "E216" Delivery Record true "SMTP client connection killed DCID: n";
    DELAYED = "delayed" "E220-E222" Message Recipients true "Delayed:";
    PENDING = "pending" "E223-E224" Message Nothing false "MID n to RID [n] pending till";
    DELIVERY_ERROR = "delivery-connection-error" "E225-E226" Delivery Reason true "Connection Error:";
    BOUNCED = "bounced" "E230-E233" Message Recipients true "Bounced:";
    // the appliance itself
    LOG_BEGINS = "logfile-begins" "E242" Appliance Nothing false "Begin Logfile";
    LOG_ENDS = "logfile-ends" "E242" Appliance Nothing false "End Logfile";
    VERSION = "version" "E243" Appliance Nothing false "Version: v SN: s";
    UTC_OFFSET = "utc-offset" "E244" Appliance Nothing false "Time offset from UTC: n seconds";
    STATUS_LINE = "status" "E245" Appliance Nothing false "Status:";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_kinds_share_a_name() {
        let mut names: Vec<_> = ALL.iter().map(|kind| kind.name).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }
}
