//! The answer with which a server refuses or puts off a mail, to the reason that an administrator
//! would name: by the server's code, its enhanced code (RFC 3463) and its words.
//!
//! Invariants: AsyncOS's own label counts only where the gateway itself gives the reason (code
//! `000`); what tells nothing is [`Reason::Other`] or, for a 4xx, [`Reason::Busy`]. Words that
//! point at one reason alone come before those that many reasons share.
//!
//! Not here: how an answer is read from its line (`services/mailflow`).

use whymid_mailflow::event::Reply;

/// Why a server did not take a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// No such address.
    UnknownRecipient,
    /// The mailbox is full, or was switched off.
    MailboxDisabledOrFull,
    /// The message is too large.
    TooLarge,
    /// The server is not responsible for the recipient's domain, or not for us.
    RelayDenied,
    /// Authentication, reputation, lists, content.
    PolicyOrAuthentication,
    /// The domain takes no mail at all (RFC 7505).
    NullMx,
    /// It waited for too long.
    Expired,
    /// The domain does not exist.
    DnsHard,
    /// The domain could not be looked up.
    DnsTemporary,
    /// No connection, or one that broke.
    Connection,
    /// TLS is required, or failed.
    Tls,
    /// We send too much, or too fast.
    RateLimited,
    /// Greylisting: it will be taken later.
    Greylisted,
    /// The server has no room or no time for now.
    Busy,
    /// None of these.
    Other,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 15] = [
        Self::UnknownRecipient,
        Self::MailboxDisabledOrFull,
        Self::TooLarge,
        Self::RelayDenied,
        Self::PolicyOrAuthentication,
        Self::NullMx,
        Self::Expired,
        Self::DnsHard,
        Self::DnsTemporary,
        Self::Connection,
        Self::Tls,
        Self::RateLimited,
        Self::Greylisted,
        Self::Busy,
        Self::Other,
    ];

    /// Its word in rules.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::UnknownRecipient => "unknown_recipient",
            Self::MailboxDisabledOrFull => "mailbox_disabled_or_full",
            Self::TooLarge => "too_large",
            Self::RelayDenied => "relay_denied",
            Self::PolicyOrAuthentication => "policy_or_authentication",
            Self::NullMx => "null_mx",
            Self::Expired => "expired",
            Self::DnsHard => "dns_hard",
            Self::DnsTemporary => "dns_temporary",
            Self::Connection => "connection",
            Self::Tls => "tls",
            Self::RateLimited => "rate_limited",
            Self::Greylisted => "greylisted",
            Self::Busy => "busy",
            Self::Other => "other",
        }
    }
}

/// Words, any of which points at a reason; tried from top to bottom.
static WORDS: &[(Reason, &[&str])] = &[
    (Reason::NullMx, &["null mx", "nullmx", "5.7.27"]),
    (
        Reason::Other,
        &[
            "loop",
            "too many hops",
            "hop count",
            "too many received",
            "line too long",
            "too long line",
        ],
    ),
    (
        Reason::Greylisted,
        &[
            "greylist",
            "graylist",
            "grey-list",
            "gray-list",
            "grey list",
            "postgrey",
        ],
    ),
    (
        Reason::RateLimited,
        &[
            "rate limit",
            "rate-limit",
            "ratelimit",
            "throttl",
            "too quickly",
            "too fast",
            "too frequent",
            "too many",
            "too much mail",
            "unusual rate",
            "at a rate",
            "sending rate",
            "connection limit",
            "concurrent",
            "connections exceed",
            "limit on the number of",
            "number of messages",
            "number of connections",
            "maximum number of",
            "max number of",
            "max connections",
            "unexpected volume",
            "slow down",
            "temporarily deferred",
        ],
    ),
    (
        Reason::Tls,
        &[
            "starttls",
            "tls required",
            "requires tls",
            "tls is required",
            "require tls",
            "must use tls",
            "encryption required",
            "encryption needed",
            "certificate",
            "tls handshake",
            "tls negotiation",
            "tls connection",
            "without tls",
            "5.7.10",
            "4.7.10",
        ],
    ),
    (
        Reason::MailboxDisabledOrFull,
        &[
            "quota",
            "mailbox full",
            "mailbox is full",
            "mail box is full",
            "mailbox too full",
            "inbox is full",
            "inbox full",
            "is full",
            "temporarily full",
            "storage limit",
            "out of storage",
            "storage space",
            "exceeded storage",
            "mailbox limit",
            "mailbox size limit",
            "over its limit",
            "account is disabled",
            "account disabled",
            "account has been disabled",
            "account that you tried to reach is disabled",
            "mailbox disabled",
            "mailbox is disabled",
            "is disabled",
            "has been disabled",
            "is inactive",
            "inactive",
            "is suspended",
            "account suspended",
            "has been suspended",
            "deactivated",
            "account is locked",
            "account locked",
            "not accepting mail",
            "not accepting messages",
            "not active",
            "no longer active",
        ],
    ),
    (
        Reason::TooLarge,
        &[
            "too large",
            "too big",
            "message size",
            "size limit",
            "maximum size",
            "max size",
            "size exceed",
            "exceeds size",
            "exceeds the size",
            "exceeds maximum",
            "exceeds the maximum",
            "exceeds fixed",
            "larger than",
        ],
    ),
    (
        Reason::PolicyOrAuthentication,
        &[
            "open relay",
            "sender address rejected",
            "sender rejected",
            "sender denied",
            "sender verify",
            "sender domain",
            "sender's domain",
            "client host rejected",
            "helo command rejected",
            "spf",
            "dkim",
            "dmarc",
            "reverse dns",
            "reverse hostname",
            "rdns",
            "ptr",
            "spamhaus",
            "spamcop",
            "barracuda",
            "dnsbl",
            "rbl",
            "blacklist",
            "black list",
            "blocklist",
            "block list",
            "blocked using",
            "is blocked",
            "been blocked",
            "was blocked",
            "reputation",
            "virus",
            "malware",
            "phish",
            "spam",
            "banned",
            "unsolicited",
        ],
    ),
    (
        Reason::RelayDenied,
        &[
            "relay",
            "rcpthosts",
            "not a gateway",
            "no valid cert for gatewaying",
            "tenantattribution",
            "not local",
            "not hosted",
            "do not serve",
            "domain not accepted",
            "not a local domain",
            "5.7.64",
            "no mail service here for",
            "don't handle mail for",
        ],
    ),
    (
        Reason::UnknownRecipient,
        &[
            "user unknown",
            "unknown user",
            "unknown recipient",
            "recipient unknown",
            "no such",
            "unknown address",
            "address unknown",
            "unknown mailbox",
            "unknown account",
            "unknown local",
            "unknown or illegal",
            "unknown alias",
            "invalid recipient",
            "invalid mailbox",
            "invalid user",
            "invalid address",
            "bad destination mailbox",
            "bad recipient",
            "does not exist",
            "doesn't exist",
            "do not exist",
            "not exist",
            "no mailbox",
            "mailbox unavailable",
            "mailbox not found",
            "user not found",
            "not found",
            "recipnotfound",
            "no account",
            "no user",
            "not our customer",
            "unrouteable",
            "unroutable",
            "address rejected",
            "recipient rejected",
            "recipient not",
            "not a valid",
            "no valid recipient",
            "not listed in",
            "not known",
            "undeliverable address",
            "doesn't have a",
            "does not have a",
            "no longer valid",
            "no longer available",
            "no longer with",
            "no longer in use",
            "not recognized",
            "unable to find",
            "cannot find",
        ],
    ),
    (
        Reason::PolicyOrAuthentication,
        &[
            "policy",
            "denied",
            "blocked",
            "not allowed",
            "not permitted",
            "not authorized",
            "not authorised",
            "unauthorized",
            "unauthenticated",
            "authentication",
            "authenticate",
            "prohibit",
            "forbidden",
            "administrative",
            "content",
            "attachment",
            "abuse",
            "suspicious",
            "helo",
            "ehlo",
            "sender",
            "listed",
            "refused",
            "rejected",
            "trust",
        ],
    ),
];

/// Enhanced codes that say enough where no word does, and those that say more than common words.
fn by_enhanced(enhanced: &str) -> Option<Reason> {
    let (_, detail) = enhanced.split_once('.')?;
    match detail {
        "1.1" | "1.2" | "1.3" | "1.6" | "1.10" => Some(Reason::UnknownRecipient),
        "2.1" | "2.2" => Some(Reason::MailboxDisabledOrFull),
        "2.3" | "3.4" => Some(Reason::TooLarge),
        "4.6" | "4.14" => Some(Reason::Other),
        _ if detail.starts_with("7.") => Some(Reason::PolicyOrAuthentication),
        _ => None,
    }
}

/// The reason behind an answer.
#[must_use]
pub fn reason(reply: &Reply<'_>) -> Reason {
    let text = reply.text.to_lowercase();
    if reply.code.is_empty() || reply.code == "000" {
        return own_reason(reply, &text);
    }
    let enhanced = enhanced(&text).unwrap_or_default();
    // Exchange Online says so of addresses that its directory does not have
    if enhanced == "5.4.1" && text.contains("access denied") {
        return Reason::UnknownRecipient;
    }
    let by_words = WORDS
        .iter()
        .find(|(_, words)| words.iter().any(|word| text.contains(word)));
    match (by_words.map(|(reason, _)| *reason), by_enhanced(enhanced)) {
        // common words of refusal say less than a code that names the address or the mailbox
        (Some(Reason::PolicyOrAuthentication), Some(told))
            if told != Reason::PolicyOrAuthentication && !is_telling(&text) =>
        {
            told
        }
        (Some(reason), _) => reason,
        (None, Some(told)) => told,
        (None, None) if reply.code.starts_with('4') => Reason::Busy,
        (None, None) => Reason::Other,
    }
}

/// Whether words are there that speak of policy alone.
fn is_telling(text: &str) -> bool {
    let mut groups = WORDS
        .iter()
        .filter(|(reason, _)| *reason == Reason::PolicyOrAuthentication);
    let telling = groups.next().map(|(_, words)| *words).unwrap_or_default();
    telling.iter().any(|word| text.contains(word))
}

/// The server's own enhanced code at the front of a line of its text.
fn enhanced(text: &str) -> Option<&str> {
    let mut words = text.split(|letter: char| !(letter.is_ascii_digit() || letter == '.'));
    words.find(|word| {
        let mut parts = word.split('.');
        let class = parts.next().is_some_and(|class| matches!(class, "4" | "5"));
        let mut number = || {
            parts
                .next()
                .is_some_and(|part| (1..=3).contains(&part.len()))
        };
        class && number() && number() && parts.next().is_none()
    })
}

/// What the gateway itself says: a look-up, a connection, its patience.
fn own_reason(reply: &Reply<'_>, text: &str) -> Reason {
    let label = reply.label.to_lowercase();
    let has = |words: &[&str]| {
        words
            .iter()
            .any(|word| text.contains(word) || label.contains(word))
    };
    let expired = has(&["expired", "too old"]) || reply.enhanced.ends_with(".4.7");
    if expired {
        Reason::Expired
    } else if has(&["null mx", "nullmx"]) {
        Reason::NullMx
    } else if has(&["dns hard", "nxdomain"]) {
        Reason::DnsHard
    } else if has(&["dns soft", "dns temporary", "servfail", "dns error", "lame"]) {
        Reason::DnsTemporary
    } else if has(&["tls", "certificate"]) {
        Reason::Tls
    } else if has(&[
        "timeout",
        "timed out",
        "time out",
        "refused",
        "reset",
        "errno",
        "eof",
        "network",
        "no route",
        "unreachable",
        "connection",
        "broken pipe",
    ]) {
        Reason::Connection
    } else if reply.enhanced.ends_with(".1.2") {
        Reason::DnsHard
    } else {
        Reason::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: &str, text: &str) -> Reason {
        let reply = Reply {
            enhanced: "5.1.0",
            label: "Unknown address error",
            code,
            text,
        };
        reason(&reply)
    }

    #[test]
    fn asyncos_s_label_is_not_trusted_where_a_server_spoke() {
        assert_eq!(
            of("550", "['<a@corp.example>... Relaying denied']"),
            Reason::RelayDenied
        );
        assert_eq!(of("554", "['Too long line.']"), Reason::Other);
        assert_eq!(
            of("466", "['Mailbox temporarily full.']"),
            Reason::MailboxDisabledOrFull
        );
        assert_eq!(of("451", "['try later']"), Reason::Busy);
        assert_eq!(of("550", "['something']"), Reason::Other);
    }

    #[test]
    fn an_enhanced_code_is_read_where_it_stands_and_not_in_an_address() {
        assert_eq!(enhanced("['5.1.1 <a@x.example> no']"), Some("5.1.1"));
        assert_eq!(enhanced("['host 192.0.2.4 said no']"), None);
        assert_eq!(enhanced("['4.7.650 later']"), Some("4.7.650"));
        assert_eq!(enhanced("['5.1.1.2']"), None);
    }

    #[test]
    fn words_are_all_lower_case() {
        for word in WORDS.iter().flat_map(|(_, words)| words.iter()) {
            assert_eq!(*word, word.to_lowercase());
        }
    }
}
