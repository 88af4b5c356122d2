//! The headers of AsyncOS and of the relays around it into a [`Message`].
//!
//! ```text
//! [<PRI>] TIME [SP+ HOST] SP NAME ":" SP+ [LEVEL ":"] SP+ BODY      H1 to H7
//! [<PRI>] TIME [SP+ HOST] [SP NAME ":"] SP+ (a line of the file)    H8
//! Www Mmm d hh:mm:ss yyyy SP LEVEL ":" SP BODY                      H10, the file
//! yyyy SP TIME SP HOST SP FACILITY SP "[" SEVERITY "]" SP NAME ":" PID SP LEVEL ":" SP BODY   H9
//! [LEVEL ":" SP] BODY                                               H11
//! ```
//!
//! A BSD time with neither name nor level behind it is read as well, as [`Form::Loose`].
//!
//! Invariants: nothing is allocated, everything is a slice of the text; the word behind the
//! time that ends with a colon is the subscription's name, never a host (H1 has no host);
//! a LEVEL word is never a name; behind a LEVEL nothing is looked for any more.
//!
//! Not here: the time itself (`bsd_time.rs`), RFC 5424 and ISO stamps (`loose.rs`).

use std::net::IpAddr;

use crate::bsd_time::{self, BsdTime};
use crate::message::{Form, Level, Message};
use crate::stamp::Stamp;

/// What stands between the time and the level.
pub(crate) struct Names<'a> {
    pub host: Option<&'a str>,
    pub tag: Option<&'a str>,
    pub rest: &'a str,
}

/// What is known of a header before its body is looked at.
pub(crate) struct Outer<'a> {
    pub form: Form,
    pub pri: Option<u8>,
    pub stamp: Option<Stamp>,
    pub stamp_text: &'a str,
}

/// `<0>` to `<191>` at the start, and what follows it.
pub(crate) fn pri(text: &str) -> (Option<u8>, &str) {
    match numbered_pri(text) {
        Some((pri, rest)) => (Some(pri), rest),
        None => (None, text),
    }
}

/// A header that begins with a BSD time.
pub(crate) fn own(pri: Option<u8>, text: &str) -> Option<Message<'_>> {
    let (time, rest) = bsd_time::read(text)?;
    if time.file_style {
        return Some(file_style(pri, time, rest));
    }
    Some(match names(rest) {
        Some(names) => with_names(outer(Form::Push, pri, time), names),
        None => with_names(outer(Form::Loose, pri, time), host_only(pri, rest)),
    })
}

/// A relay's own template, the year before the time (H9): `2019 Sep 28 16:13:51 HOST mail [info]
/// NAME:nopid Info: BODY`. The year is the relay's.
pub(crate) fn relayed(pri: Option<u8>, text: &str) -> Option<Message<'_>> {
    let (year, after) = word(text);
    let numeric = year.len() == 4 && year.bytes().all(|byte| byte.is_ascii_digit());
    let year = numeric.then(|| year.parse().ok()).flatten()?;
    let (time, rest) = bsd_time::read(skip_spaces(after)).filter(|(time, _)| !time.file_style)?;
    let written = &text[..text.len() - rest.len()];
    let (name, rest) = word(skip_spaces(rest));
    let host = host(name)?;
    let (facility, rest) = word(skip_spaces(rest));
    let (severity, rest) = word(skip_spaces(rest));
    let (name, rest) = word(skip_spaces(rest));
    let is_facility = facility.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let is_severity = severity.starts_with('[') && severity.ends_with(']');
    let (tag, _pid) = name.split_once(':')?;
    let (level, body) = level(skip_spaces(rest)).filter(|_| is_facility && is_severity)?;
    let stamp = time.stamp.map(|stamp| Stamp {
        year: Some(year),
        by_relay: true,
        ..stamp
    });
    Some(Message {
        form: Form::Relayed,
        pri,
        host,
        tag: non_empty(tag),
        stamp,
        stamp_text: written,
        level: Some(level),
        body,
    })
}

/// A line without a header.
pub(crate) fn bare(pri: Option<u8>, text: &str) -> Message<'_> {
    let (level, body) = level_or_none(text);
    Message {
        form: Form::Bare,
        pri,
        host: None,
        tag: None,
        stamp: None,
        stamp_text: "",
        level,
        body,
    }
}

/// Host and subscription name, either of which may be missing if a level or a line of the
/// file follows. `None` if neither name nor level is there.
pub(crate) fn names(text: &str) -> Option<Names<'_>> {
    let text = skip_spaces(text);
    if begins_body(text) {
        return Some(Names {
            host: None,
            tag: None,
            rest: text,
        });
    }
    let (first, rest) = word(text);
    if let Some(tag) = tag(first) {
        return Some(Names {
            host: None,
            tag: non_empty(tag),
            rest,
        });
    }
    let host = host(first)?;
    let text = skip_spaces(rest);
    if begins_body(text) {
        return Some(Names {
            host,
            tag: None,
            rest: text,
        });
    }
    let (second, rest) = word(text);
    let tag = tag(second)?;
    Some(Names {
        host,
        tag: non_empty(tag),
        rest,
    })
}

/// Where [`names`] found none: a host before other text, as RFC 3164 4.1.2 has it, if a
/// PRI says that it is syslog. A single word may be anything that was cut.
pub(crate) fn host_only(pri: Option<u8>, text: &str) -> Names<'_> {
    let text = skip_spaces(text);
    let (first, rest) = word(text);
    match host(first) {
        Some(host) if pri.is_some() && !skip_spaces(rest).is_empty() => Names {
            host,
            tag: None,
            rest,
        },
        _ => Names {
            host: None,
            tag: None,
            rest: text,
        },
    }
}

/// The message behind a header with names: a level and a body, or a line of the file.
pub(crate) fn with_names<'a>(outer: Outer<'a>, names: Names<'a>) -> Message<'a> {
    let text = skip_spaces(names.rest);
    if let Some(inner) = file_line(outer.pri, text) {
        return Message {
            form: Form::Wrapped,
            host: names.host,
            ..inner
        };
    }
    let (level, body) = level_or_none(text);
    Message {
        form: outer.form,
        pri: outer.pri,
        host: names.host,
        tag: names.tag,
        stamp: outer.stamp,
        stamp_text: outer.stamp_text,
        level,
        body,
    }
}

/// `Some(None)` for the nil value `-`; `None` if it is no host name and no address.
pub(crate) fn host(word: &str) -> Option<Option<&str>> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    match word {
        "" => None,
        "-" => Some(None),
        _ if word.bytes().all(plain) || word.parse::<IpAddr>().is_ok() => Some(Some(word)),
        _ => None,
    }
}

/// The text up to a space, and the rest from that space on.
pub(crate) fn word(text: &str) -> (&str, &str) {
    text.split_at(text.find(' ').unwrap_or(text.len()))
}

pub(crate) fn skip_spaces(text: &str) -> &str {
    text.trim_start_matches(' ')
}

pub(crate) fn without_pid(name: &str) -> &str {
    match name.strip_suffix(']').and_then(|name| name.split_once('[')) {
        Some((name, _pid)) => name,
        None => name,
    }
}

pub(crate) fn non_empty(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn numbered_pri(text: &str) -> Option<(u8, &str)> {
    let after = text.strip_prefix('<')?;
    let rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = &after[..after.len() - rest.len()];
    let pri = digits.parse().ok().filter(|pri| *pri <= 191)?;
    let plain = digits.len() <= 3;
    rest.strip_prefix('>')
        .filter(|_| plain)
        .map(|rest| (pri, rest))
}

fn outer(form: Form, pri: Option<u8>, time: BsdTime<'_>) -> Outer<'_> {
    Outer {
        form,
        pri,
        stamp: time.stamp,
        stamp_text: time.written,
    }
}

/// Weekday and year: a line of the file, unless names follow (H7). Without a PRI these
/// must stand before something that only the appliance writes, since words with a colon
/// are common in bodies.
fn file_style<'a>(pri: Option<u8>, time: BsdTime<'a>, rest: &'a str) -> Message<'a> {
    let body = skip_spaces(rest.strip_prefix(':').unwrap_or(rest));
    let (level, after_level) = level_or_none(body);
    if level.is_none()
        && !rest.starts_with(':')
        && let Some(names) = names(rest)
        && (pri.is_some() || begins_appliance_text(skip_spaces(names.rest)))
    {
        return with_names(outer(Form::Push, pri, time), names);
    }
    from_file(pri, time, level, after_level)
}

/// A line of the appliance's file that says so by a level, or is a CEF line (H13).
fn file_line(pri: Option<u8>, text: &str) -> Option<Message<'_>> {
    let (time, rest) = bsd_time::read(text).filter(|(time, _)| time.file_style)?;
    let cef = rest.strip_prefix(':').map(skip_spaces);
    let (level, body) = match cef {
        Some(body) => (None, body.starts_with("CEF:").then_some(body)?),
        None => level(skip_spaces(rest)).map(|(level, body)| (Some(level), body))?,
    };
    Some(from_file(pri, time, level, body))
}

fn from_file<'a>(
    pri: Option<u8>,
    time: BsdTime<'a>,
    level: Option<Level>,
    body: &'a str,
) -> Message<'a> {
    Message {
        form: Form::File,
        pri,
        host: None,
        tag: None,
        stamp: time.stamp,
        stamp_text: time.written,
        level,
        body,
    }
}

fn begins_body(text: &str) -> bool {
    level(text).is_some() || file_line(None, text).is_some()
}

fn begins_appliance_text(text: &str) -> bool {
    begins_body(text) || text.starts_with("CEF:")
}

/// The name in `NAME:` or `NAME[pid]:`, empty in `:`.
fn tag(word: &str) -> Option<&str> {
    word.strip_suffix(':').map(without_pid)
}

fn level_or_none(text: &str) -> (Option<Level>, &str) {
    match level(text) {
        Some((level, body)) => (Some(level), body),
        None => (None, text),
    }
}

/// A severity word with its colon, and the body behind it.
fn level(text: &str) -> Option<(Level, &str)> {
    const WORDS: [(&str, Level); 6] = [
        ("Info:", Level::Info),
        ("Warning:", Level::Warning),
        ("Critical:", Level::Critical),
        ("Debug:", Level::Debug),
        ("Trace:", Level::Trace),
        ("Alert:", Level::Alert),
    ];
    let (found, rest) = WORDS
        .iter()
        .find_map(|(word, level)| Some((*level, text.strip_prefix(word)?)))?;
    (rest.is_empty() || rest.starts_with(' ')).then(|| (found, skip_spaces(rest)))
}
