//! Shorthand for the messages that lines are expected to be.

use whymid_syslog::{Form, Level, Message, Stamp};

/// `(year, month, day, hour, minute, second)`; year 0 where the line has none.
pub type Digits = (i16, i8, i8, i8, i8, i8);

/// A stamp as AsyncOS writes it.
pub fn stamp((year, month, day, hour, minute, second): Digits) -> Option<Stamp> {
    Some(Stamp {
        year: (year != 0).then_some(year),
        month,
        day,
        hour,
        minute,
        second,
        nanos: 0,
        offset_seconds: None,
        by_relay: false,
    })
}

/// A message without a header.
pub fn message<'a>(form: Form, body: &'a str) -> Message<'a> {
    Message {
        form,
        pri: None,
        host: None,
        tag: None,
        stamp: None,
        stamp_text: "",
        level: None,
        body,
    }
}

/// A message with a stamp and the level that most lines have.
pub fn info<'a>(form: Form, stamp_text: &'a str, digits: Digits, body: &'a str) -> Message<'a> {
    Message {
        stamp: stamp(digits),
        stamp_text,
        level: Some(Level::Info),
        ..message(form, body)
    }
}
