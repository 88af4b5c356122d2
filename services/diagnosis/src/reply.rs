//! The answer with which a server refuses or puts off a mail, to the reason that an administrator
//! would name: by the server's code, its enhanced code (RFC 3463) and its words.
//!
//! Invariants: AsyncOS's own label counts only where the gateway itself gives the reason (code
//! `000`); what tells nothing is [`Reason::Other`] or, for a 4xx, [`Reason::Busy`]. Words that
//! point at one reason alone come before those that many reasons share.
//!
//! Not here: how an answer is read from its line (`services/mailflow`).

mod list;

use whymid_mailflow::event::Reply;

use self::list::WORDS;

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

/// What a code alone says (RFC 5321 4.2.3, RFC 7504, RFC 7505).
fn by_code(code: &str) -> Reason {
    match code {
        "521" | "556" => Reason::NullMx,
        "530" | "535" => Reason::PolicyOrAuthentication,
        "551" | "553" => Reason::UnknownRecipient,
        "552" => Reason::MailboxDisabledOrFull,
        _ if code.starts_with('4') => Reason::Busy,
        _ => Reason::Other,
    }
}

/// Words that put it off and tell nothing.
static LATER: &[&str] = &[
    "try again",
    "try later",
    "again later",
    "temporar",
    "retry",
    "could not complete",
    "plus tard",
    "come back later",
    "currently unavailable",
];

/// Words by which a server says for now that it is itself the trouble.
static BUSY: &[&str] = &[
    "service not active",
    "service not available",
    "temporary service failure",
    "server busy",
    "server is busy",
    "too busy",
    "overloaded",
    "insufficient system",
    "resources are temporarily",
    "system resources",
    "in transit",
    "intransit",
    "no space left on device",
    "disk full",
    "out of memory",
];

/// Enhanced codes that say enough where no word does, and those that say more than common words.
fn by_enhanced(enhanced: &str) -> Option<Reason> {
    let (class, detail) = enhanced.split_once('.')?;
    match detail {
        "1.1" | "1.2" | "1.3" | "1.6" | "1.10" => Some(Reason::UnknownRecipient),
        "1.7" | "1.8" => Some(Reason::PolicyOrAuthentication),
        "3.1" | "3.2" => Some(Reason::Busy),
        "4.1" | "4.2" if class == "4" => Some(Reason::Connection),
        "4.7" => Some(Reason::Expired),
        "2.1" | "2.2" => Some(Reason::MailboxDisabledOrFull),
        "2.3" | "3.4" => Some(Reason::TooLarge),
        "4.6" | "4.14" => Some(Reason::Other),
        "4.5" if class == "5" => Some(Reason::RateLimited),
        _ if detail.starts_with("5.") || detail.starts_with("6.") => Some(Reason::Other),
        _ if detail.starts_with("7.") => Some(Reason::PolicyOrAuthentication),
        _ => None,
    }
}

/// The reason behind an answer.
#[must_use]
pub fn reason(reply: &Reply<'_>) -> Reason {
    let text = without_names(&words(reply.text).to_lowercase());
    // the gateway gave up; what stands behind it is the last answer
    if reply.enhanced.ends_with(".4.7") && reply.label.contains("expired") {
        return Reason::Expired;
    }
    if reply.code.is_empty() || reply.code == "000" {
        return own_reason(reply, &text);
    }
    let enhanced = enhanced(&text).unwrap_or_default();
    // Exchange Online says so of addresses that its directory does not have
    if enhanced == "5.4.1" && text.contains("access denied") {
        return Reason::UnknownRecipient;
    }
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    let by_words = WORDS.iter().find(|(_, words)| holds(&text, words));
    let for_now = reply.code.starts_with('4');
    match (by_words.map(|(reason, _)| *reason), by_enhanced(enhanced)) {
        (None | Some(Reason::MailboxDisabledOrFull | Reason::PolicyOrAuthentication), _)
            if !is_telling(&text) && has(BUSY) =>
        {
            Reason::Busy
        }
        // a mailbox that is unavailable for now is there
        (Some(Reason::UnknownRecipient), _) if for_now && text.contains("mailbox unavailable") => {
            Reason::Busy
        }
        // what is to be tried again, without a word on why, is merely busy
        (
            Some(Reason::PolicyOrAuthentication) | None,
            Some(Reason::PolicyOrAuthentication) | None,
        ) if for_now && !is_telling(&text) && has(LATER) => Reason::Busy,
        (None, _)
            if has(&[
                "timeout",
                "timed out",
                "connection lost",
                "connection reset",
            ]) =>
        {
            Reason::Connection
        }
        // common words of refusal say less than a code that names the address or the mailbox
        (Some(Reason::PolicyOrAuthentication), Some(told))
            if told != Reason::PolicyOrAuthentication && !is_telling(&text) =>
        {
            told
        }
        (Some(reason), _) => reason,
        (None, Some(told)) => told,
        (None, None) => by_code(reply.code),
    }
}

/// The lines of a reply's text, which is logged as a Python list of strings, as one line; a text
/// that is no such list as it is.
#[must_use]
pub fn words(text: &str) -> String {
    if !text.starts_with("['") && !text.starts_with("[\"") {
        return text.trim_matches(['[', ']']).trim().to_owned();
    }
    let mut lines: Vec<String> = Vec::new();
    let mut letters = text.chars();
    while let Some(quote) = letters.find(|letter| matches!(letter, '\'' | '"')) {
        let mut line = String::new();
        while let Some(letter) = letters.next() {
            match letter {
                '\\' => line.extend(letters.next()),
                _ if letter == quote => break,
                _ => line.push(letter),
            }
        }
        lines.push(line);
    }
    lines.join(" ")
}

/// Whether words are there that speak of policy alone.
fn is_telling(text: &str) -> bool {
    let mut groups = WORDS
        .iter()
        .filter(|(reason, _)| *reason == Reason::PolicyOrAuthentication);
    // the last group is the common words
    groups.next_back();
    groups.any(|(_, words)| holds(text, words))
}

/// Whether any of the words stands in a text.
fn holds(text: &str, words: &str) -> bool {
    words.split('|').any(|word| text.contains(word))
}

/// A text without what was merely repeated in it: addresses, and what stands in angle brackets.
/// Whoever chose an address must not choose the reason.
fn without_names(text: &str) -> String {
    let mut rest = text;
    let mut bare = String::with_capacity(text.len());
    while let Some((before, after)) = rest.split_once('<') {
        bare.push_str(before);
        rest = after.split_once('>').map_or("", |(_, after)| after);
    }
    bare.push_str(rest);
    let words = bare.split(' ').filter(|word| !word.contains('@'));
    words.collect::<Vec<_>>().join(" ")
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
    } else if has(&[
        "dns hard",
        "nxdomain",
        "no such domain",
        "does not exist",
        "host not found",
        "malformed query",
    ]) {
        Reason::DnsHard
    } else if has(&["dns", "servfail", "lame", "nameserver", "name server"]) {
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
        "broken",
        "closed",
        "no answer",
        "unexpected smtp response",
        "unreach",
        "is down",
        "have been failing",
        "host down",
    ]) {
        Reason::Connection
    } else if reply.enhanced.ends_with(".1.2") {
        Reason::DnsHard
    } else {
        Reason::Other
    }
}

#[cfg(test)]
mod tests;
