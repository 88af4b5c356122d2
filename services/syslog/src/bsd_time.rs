//! `[Www ]Mmm d hh:mm:ss[.fraction][ yyyy]` at the start of a text into a [`Stamp`].
//!
//! This is the time of RFC 3164 4.1.2 and the same with the weekday, the year or both, as
//! AsyncOS writes them (header shapes H1 to H8 and H10). The day may be padded with a space
//! or not, since copies from web pages collapse spaces.
//!
//! Invariants: the shape is all that is needed to be recognised; digits that are no date
//! give a time without a stamp, so that what follows them is still read.
//!
//! Not here: ISO stamps, a year before the time (`loose.rs`), moments (`stamp.rs`).

use crate::stamp::Stamp;

/// A time as found at the start of a text.
pub(crate) struct BsdTime<'a> {
    /// `None` if the digits are no date.
    pub stamp: Option<Stamp>,
    /// As written, weekday and year included.
    pub written: &'a str,
    /// Whether both weekday and year are there, as in the appliance's own files.
    pub file_style: bool,
}

/// The time at the start of `text` and what follows it: nothing, or a space and more, or,
/// behind a year, a colon and more.
pub(crate) fn read(text: &str) -> Option<(BsdTime<'_>, &str)> {
    let dated = after_weekday(text);
    let (mut stamp, after) = month_to_second(dated.unwrap_or(text))?;
    let (year, rest) = match trailing_year(after) {
        Some((year, rest)) => (Some(year), rest),
        None => (None, after),
    };
    if year.is_none() && !rest.is_empty() && !rest.starts_with(' ') {
        return None;
    }
    stamp.year = year;
    let time = BsdTime {
        stamp: stamp.is_possible().then_some(stamp),
        written: &text[..text.len() - rest.len()],
        file_style: dated.is_some() && year.is_some(),
    };
    Some((time, rest))
}

/// 1 to 12 if `text` begins with the English short name of a month.
pub(crate) fn month(text: &str) -> Option<i8> {
    const MONTHS: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let name = text.get(..3)?;
    let index = MONTHS.iter().position(|m| name.eq_ignore_ascii_case(m))?;
    i8::try_from(index + 1).ok()
}

fn after_weekday(text: &str) -> Option<&str> {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    DAYS.contains(&text.get(..3)?)
        .then(|| spaces(&text[3..]))
        .flatten()
}

fn month_to_second(text: &str) -> Option<(Stamp, &str)> {
    let month = month(text)?;
    let (day, rest) = day(spaces(&text[3..])?)?;
    let (hour, rest) = two_digits(spaces(rest)?)?;
    let (minute, rest) = two_digits(rest.strip_prefix(':')?)?;
    let (second, rest) = two_digits(rest.strip_prefix(':')?)?;
    let (nanos, rest) = fraction(rest);
    let stamp = Stamp {
        year: None,
        month,
        day,
        hour,
        minute,
        second,
        nanos,
        offset_seconds: None,
        by_relay: false,
    };
    Some((stamp, rest))
}

fn spaces(text: &str) -> Option<&str> {
    text.starts_with(' ').then(|| text.trim_start_matches(' '))
}

fn day(text: &str) -> Option<(i8, &str)> {
    two_digits(text).or_else(|| {
        let digit = digit(*text.as_bytes().first()?)?;
        Some((digit, &text[1..]))
    })
}

fn two_digits(text: &str) -> Option<(i8, &str)> {
    let [tens, ones] = *text.as_bytes().first_chunk::<2>()?;
    Some((digit(tens)? * 10 + digit(ones)?, &text[2..]))
}

fn digit(byte: u8) -> Option<i8> {
    i8::try_from(byte.wrapping_sub(b'0'))
        .ok()
        .filter(|d| *d <= 9 && *d >= 0)
}

/// `.` and 1 to 9 digits, as some relays add them.
fn fraction(text: &str) -> (u32, &str) {
    let Some(after) = text.strip_prefix('.') else {
        return (0, text);
    };
    let rest = after.trim_start_matches(|c: char| c.is_ascii_digit());
    let digits = &after[..after.len() - rest.len()];
    match (digits.len(), digits.parse::<u32>()) {
        (length @ 1..=9, Ok(number)) => (number * 10_u32.pow(9 - length as u32), rest),
        _ => (0, text),
    }
}

/// Exactly four digits behind spaces, and then the end, a space or a colon that ends a
/// word: `2001:db8::7` is a host.
fn trailing_year(text: &str) -> Option<(i16, &str)> {
    let text = spaces(text)?;
    let digits = text.get(..4)?;
    let rest = &text[4..];
    let behind = rest.strip_prefix(':').unwrap_or(rest);
    let ends = behind.is_empty() || behind.starts_with(' ');
    let numeric = digits.bytes().all(|byte| byte.is_ascii_digit());
    (ends && numeric)
        .then(|| digits.parse().ok())
        .flatten()
        .map(|year| (year, rest))
}
