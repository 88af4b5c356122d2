//! A line's text into a [`Message`]: who wrote it, when, under which subscription, and the
//! body that `services/mailflow` reads.
//!
//! The header's shape is looked for at the start, in this order: RFC 5424, the shapes of
//! AsyncOS and its relays, other stamps by `syslog_loose`, nothing. Shapes are numbered H1 to
//! H13 as in `knowledge/log_grammar.md`; H12 is not supported and comes out as [`Form::Bare`].
//!
//! Invariants: any text is a message; `body` is a suffix of the text, with its trailing
//! spaces; what is not understood as a header stays in it.

use std::borrow::Cow;

use crate::stamp::Stamp;
use crate::{header, loose};

/// The severity word that AsyncOS writes before a body. PRI does not tell it reliably.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// `Info:`
    Info,
    /// `Warning:`
    Warning,
    /// `Critical:`
    Critical,
    /// `Debug:`
    Debug,
    /// `Trace:`
    Trace,
    /// `Alert:`
    Alert,
}

/// Which shape a line's header had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// A BSD time, with or without weekday and year, then host, subscription name and
    /// level, of which name or level is there (H1 to H7).
    Push,
    /// A syslog header around a line of the appliance's own file (H8). Stamp and level are
    /// the inner line's, PRI and host the outer one's; the outer tag is the relay's and
    /// dropped.
    Wrapped,
    /// A line of the appliance's own file (H10).
    File,
    /// A relay's own template, the year before the time (H9).
    Relayed,
    /// No header (H11), or none that was recognised.
    Bare,
    /// RFC 5424.
    Rfc5424,
    /// Another header of RFC 3164's kind: a stamp that `syslog_loose` reads (ISO, or the
    /// year before the time), or a BSD time with neither name nor level behind it.
    Loose,
}

/// One line, read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    /// The header's shape.
    pub form: Form,
    /// The syslog priority, 0 to 191.
    pub pri: Option<u8>,
    /// The host name or address in the header: the appliance or a relay. Never a
    /// subscription name.
    pub host: Option<&'a str>,
    /// The log subscription's name, `mail_logs` by default, without `[pid]`.
    pub tag: Option<&'a str>,
    /// The line's time, if it is one.
    pub stamp: Option<Stamp>,
    /// The time as written, even if it is none; empty where there is none.
    pub stamp_text: &'a str,
    /// The severity word.
    pub level: Option<Level>,
    /// What the appliance says, untouched; always a suffix of the text.
    pub body: &'a str,
}

/// Reads a line. Every text is a message; see [`Form::Bare`].
pub fn parse(text: &str) -> Message<'_> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (pri, rest) = header::pri(text);
    loose::rfc5424(pri, rest)
        .or_else(|| header::own(pri, rest))
        .or_else(|| header::relayed(pri, rest))
        .or_else(|| loose::rfc3164(pri, rest))
        .unwrap_or_else(|| header::bare(pri, rest))
}

/// A line's bytes as text, and whether bytes that are not UTF-8 had to be replaced.
pub fn text(bytes: &[u8]) -> (Cow<'_, str>, bool) {
    let text = String::from_utf8_lossy(bytes);
    let replaced = matches!(text, Cow::Owned(_));
    (text, replaced)
}
