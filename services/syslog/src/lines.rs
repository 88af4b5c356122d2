//! A text of log lines, as one request or file holds it, into [`Line`]s.
//!
//! Lines end at LF; CR, LF and NUL at a line's end are no part of it; the last one may lack its
//! LF. Unlike a TCP stream (`framing.rs`) such a text knows no octet counting: digits at the
//! start of a line belong to it.
//!
//! Invariants: an empty line is nothing; what is longer than [`MAX_LINE`](crate::MAX_LINE) is
//! cut and marked; no input is an error; one line at a time is copied, however many there are.

use crate::framing::{Line, datagram};

/// The lines of a text, in order.
pub fn lines(text: &[u8]) -> impl Iterator<Item = Line> {
    text.split(|byte| *byte == b'\n').filter_map(datagram)
}
