//! A text of log lines, as one request holds it, or a file, into [`Line`]s.
//!
//! Lines end at LF; CR, LF and NUL at a line's end are no part of it; the last one may lack its
//! LF. Unlike a TCP stream (`framing.rs`) and a file, which may be one that was kept, a request
//! knows no octet counting: digits at the start of a line belong to it.
//!
//! Invariants: an empty line is nothing; what is longer than [`MAX_LINE`](crate::MAX_LINE) is
//! cut and marked; no input is an error; one line at a time is copied, however many there are.

use crate::frame::Defect;
use crate::framing::{Decoder, Line, datagram};

/// The lines of a whole file, in order: newline or octet-counted frames, told apart as on TCP. The
/// last one needs no line end.
#[must_use]
pub fn file(contents: &[u8]) -> Vec<Line> {
    let mut decoder = Decoder::new();
    let mut lines = Vec::new();
    decoder.push(contents, &mut |line| lines.push(line));
    decoder.finish(&mut |mut line| {
        line.defect = line.defect.filter(|defect| *defect != Defect::Unfinished);
        lines.push(line);
    });
    lines
}

/// The lines of a text, in order.
pub fn lines(text: &[u8]) -> impl Iterator<Item = Line> {
    text.split(|byte| *byte == b'\n').filter_map(datagram)
}
