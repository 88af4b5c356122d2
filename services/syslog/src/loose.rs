//! RFC 5424 and the RFC 3164 headers that `header.rs` does not know into a [`Message`], by
//! `syslog_loose`.
//!
//! `syslog_loose` takes the subscription's name of a header without a host for the host,
//! takes any word behind a host for a tag, drops what looks like structured data and trims
//! the line. So it is asked for the stamp and the fields of RFC 5424 only; the body is
//! found by its place in the text, and the names of RFC 3164 by `header.rs`.
//!
//! Invariants: `syslog_loose` never sees the machine's zone, year or clock; a word that
//! ends with a colon is never a host; a stamp that is no date costs the stamp alone.
//!
//! Not supported: ISO stamps without an offset; RFC 5424 versions other than 1.

use std::borrow::Cow;
use std::cell::Cell;

use chrono::{DateTime, Datelike, FixedOffset, Timelike, Utc};
use syslog_loose::{Message as Found, Variant, parse_message_with_year_exact_tz};

use crate::bsd_time;
use crate::header::{
    self, Names, Outer, host, host_only, names, non_empty, skip_spaces, with_names, word,
};
use crate::message::{Form, Message};
use crate::stamp::Stamp;

/// Lent to stamps without a year, so that 29 February is one; taken back afterwards.
const LEAP_YEAR: i32 = 2000;

/// `1 STAMP HOST APP-NAME PROCID MSGID SD MSG`; without a PRI only before an ISO stamp.
pub(crate) fn rfc5424(pri: Option<u8>, text: &str) -> Option<Message<'_>> {
    let (written, _) = word(text.strip_prefix("1 ")?);
    if !is_iso(written) && (pri.is_none() || written != "-") {
        return None;
    }
    read_5424(text, Cow::Borrowed(text), written, pri)
        .or_else(|| read_5424(text, without_stamp(text, written), written, pri))
}

/// An ISO stamp or a BSD time, then what the line has of host, name, level and body.
pub(crate) fn rfc3164(pri: Option<u8>, text: &str) -> Option<Message<'_>> {
    let written = stamp_at_start(text)?;
    let outer = Outer {
        form: Form::Loose,
        pri,
        stamp: stamp_3164(text, is_iso(written)),
        stamp_text: written,
    };
    let rest = &text[written.len()..];
    let rest = rest.strip_prefix(':').unwrap_or(rest);
    match names(rest) {
        Some(names) => Some(with_names(outer, names)),
        None if outer.stamp.is_some() => Some(with_names(outer, host_only(pri, rest))),
        None => None,
    }
}

/// `given` is `text` itself, or `text` with a shorter stamp.
fn read_5424<'a>(
    text: &'a str,
    given: Cow<'_, str>,
    written: &'a str,
    pri: Option<u8>,
) -> Option<Message<'a>> {
    let found = ask(&given, |_| LEAP_YEAR, Variant::RFC5424)?;
    let shift = text.len() - given.len();
    let part = |part: &str| {
        let start = place(&given, part) + shift;
        &text[start..start + part.len()]
    };
    let body = &text[place(&given, found.msg) + shift..];
    let outer = Outer {
        form: Form::Rfc5424,
        pri,
        stamp: found.timestamp.and_then(iso_stamp),
        stamp_text: if written == "-" { "" } else { written },
    };
    let names = Names {
        host: found.hostname.map(part).and_then(|word| host(word)?),
        tag: found.appname.map(part).and_then(subscription),
        rest: skip_spaces(body).trim_start_matches('\u{feff}'),
    };
    Some(with_names(outer, names))
}

fn subscription(app_name: &str) -> Option<&str> {
    non_empty(header::without_pid(app_name.trim_end_matches(':')))
}

fn without_stamp<'a>(text: &'a str, written: &str) -> Cow<'a, str> {
    let rest = &text["1 ".len() + written.len()..];
    Cow::Owned(format!("1 -{rest}"))
}

/// Where `part`, a slice of `whole`, begins in it.
fn place(whole: &str, part: &str) -> usize {
    part.as_ptr() as usize - whole.as_ptr() as usize
}

fn ask<F>(text: &str, year: F, variant: Variant) -> Option<Found<&str>>
where
    F: FnOnce((u32, u32, u32, u32, u32)) -> i32 + Copy,
{
    parse_message_with_year_exact_tz(text, year, Some(Utc), variant).ok()
}

fn stamp_3164(text: &str, iso: bool) -> Option<Stamp> {
    let lent = Cell::new(false);
    let lend = |_| {
        lent.set(true);
        LEAP_YEAR
    };
    let stamp = iso_stamp(ask(text, lend, Variant::RFC3164)?.timestamp?)?;
    if iso {
        return Some(stamp);
    }
    Some(Stamp {
        year: stamp.year.filter(|_| !lent.get()),
        offset_seconds: None,
        by_relay: false,
        ..stamp
    })
}

fn iso_stamp(time: DateTime<FixedOffset>) -> Option<Stamp> {
    Some(Stamp {
        year: Some(i16::try_from(time.year()).ok()?),
        month: i8::try_from(time.month()).ok()?,
        day: i8::try_from(time.day()).ok()?,
        hour: i8::try_from(time.hour()).ok()?,
        minute: i8::try_from(time.minute()).ok()?,
        second: i8::try_from(time.second()).ok()?,
        // chrono counts a leap second as a second 59 of two seconds
        nanos: time.nanosecond() % 1_000_000_000,
        offset_seconds: Some(time.offset().local_minus_utc()),
        by_relay: true,
    })
}

/// The stamp at the start by its shape: one ISO word, or `Mmm d [yyyy] hh:mm:ss`.
fn stamp_at_start(text: &str) -> Option<&str> {
    let (first, _) = word(text);
    if is_iso(first) {
        return Some(first);
    }
    bsd_time::month(first)?;
    let mut rest = text;
    for _ in 0..4 {
        let (next, after) = word(skip_spaces(rest));
        rest = after;
        if next.contains(':') {
            let clock = next.strip_suffix(':').unwrap_or(next);
            let end = text.len() - rest.len() - (next.len() - clock.len());
            return is_clock(clock).then(|| &text[..end]);
        }
    }
    None
}

fn is_clock(word: &str) -> bool {
    let digit_or_colon = |byte: u8| byte.is_ascii_digit() || byte == b':';
    word.bytes().all(digit_or_colon)
}

/// `yyyy-mm-ddT…`
fn is_iso(word: &str) -> bool {
    let shape = b"0000-00-00T";
    word.len() > shape.len()
        && word.bytes().zip(shape).all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            form => byte == *form,
        })
}
