//! Any bytes as a TCP stream: however it is cut into chunks, the lines are those that the
//! documentation of `services/syslog/src/framing.rs` promises, and every byte is accounted for.
//!
//! An input is a stream, then, behind the first [`PLAN`] byte, the sizes of the chunks. So that
//! lines of 64 KiB are within reach of short inputs, the first [`RUN`] and two bytes repeat the
//! byte before them so many times. Without a plan the bytes are read as a file, a request and a
//! datagram instead: instrumented code is slow on long lines, and those share the decoder.
//!
//! Invariants: what is expected comes from [`documented`], a plain second reading of the whole
//! stream, never from the decoder itself. Not here: byte 0xFF within a stream, which the decoder
//! treats as any other.

#![no_main]

use libfuzzer_sys::fuzz_target;
use memchr::{memchr, memchr2};
use whymid_syslog::{Decoder, Defect, Line, MAX_LINE, datagram, file, lines};

/// Ends the stream; chunk sizes follow.
const PLAN: u8 = 0xFF;

/// Repeats the byte before it as often as the two bytes behind it say.
const RUN: u8 = 0xFE;

/// A stream is cut into at most so many chunks; its rest is one more.
const MOST_CHUNKS: usize = 128;

fuzz_target!(|input: &[u8]| {
    let end = memchr(PLAN, input);
    let stream = expanded(&input[..end.unwrap_or(input.len())]);
    let expected = documented(&stream);
    expected.account_for(&stream);

    let mut decoder = Decoder::new();
    assert_eq!(decoded(&mut decoder, [&stream[..]]), expected.lines);
    let Some(end) = end else {
        return other_readings(&stream, &expected.lines);
    };
    // the same decoder once more: after an end nothing of the former stream is left
    let plan = &input[end + 1..];
    let again = decoded(&mut decoder, chunks(&stream, plan));
    assert_eq!(again, expected.lines, "cut by {plan:?}");
});

/// A whole file, a request and a datagram of the same bytes.
fn other_readings(stream: &[u8], of_stream: &[Line]) {
    let of_file = file(stream);
    assert_eq!(of_file.len(), of_stream.len());
    for (in_file, in_stream) in of_file.iter().zip(of_stream) {
        assert_eq!(in_file.bytes, in_stream.bytes);
        let cut = in_stream.defect.filter(|defect| *defect == Defect::Cut);
        assert_eq!(in_file.defect, cut, "the end of a file finishes its line");
    }
    for line in lines(stream).chain(datagram(stream)) {
        assert!(!line.bytes.is_empty() && line.bytes.len() <= MAX_LINE);
        assert_ne!(line.defect, Some(Defect::Unfinished));
    }
}

/// A stream with its run written out. Line ends are not repeated: so many empty lines are slow and
/// like any few.
fn expanded(short: &[u8]) -> Vec<u8> {
    let repeats = |place: usize| place > 0 && !matches!(short[place - 1], b'\n' | 0);
    let run = memchr(RUN, short).filter(|place| repeats(*place) && place + 2 < short.len());
    let Some(place) = run else {
        return short.to_vec();
    };
    let (before, run) = short.split_at(place);
    let times = usize::from(u16::from_be_bytes([run[1], run[2]]));
    let mut stream = before.to_vec();
    stream.resize(place + times, before[place - 1]);
    stream.extend_from_slice(&run[3..]);
    stream
}

/// The stream in chunks of the planned sizes, again and again. A byte is a size, above 127 in
/// steps of a kilobyte. Chunks may be empty.
fn chunks<'a>(stream: &'a [u8], plan: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    let size = |byte: u8| match byte {
        0..128 => usize::from(byte),
        _ => usize::from(byte - 127) * 1024,
    };
    let sizes = plan.iter().copied().map(size).cycle().take(MOST_CHUNKS);
    let mut rest = stream;
    sizes.chain([usize::MAX]).map_while(move |size| {
        let (chunk, after) = rest.split_at(size.min(rest.len()));
        let ended = rest.is_empty();
        rest = after;
        (!ended).then_some(chunk)
    })
}

fn decoded<'a>(decoder: &mut Decoder, chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<Line> {
    let mut lines = Vec::new();
    for chunk in chunks {
        decoder.push(chunk, &mut |line| lines.push(line));
    }
    decoder.finish(&mut |line| lines.push(line));
    lines
}

/// What a stream holds, and where the bytes are that no line has.
#[derive(Default)]
struct Documented {
    lines: Vec<Line>,
    /// Counts and line ends, in bytes.
    framing: usize,
    /// What was thrown away of lines that are too long, in bytes.
    thrown: usize,
}

impl Documented {
    fn account_for(&self, stream: &[u8]) {
        let kept: usize = self.lines.iter().map(|line| line.bytes.len()).sum();
        assert_eq!(kept + self.framing + self.thrown, stream.len());
        let told = self
            .lines
            .iter()
            .any(|line| line.defect == Some(Defect::Cut));
        assert_eq!(told, self.thrown > 0, "what is thrown away is told");
    }

    /// Keeps a frame's bytes, which the line end, if any, no longer belongs to.
    fn keep(&mut self, frame: &[u8], unfinished: bool) {
        // beyond a line and CR LF nobody waits for the end to strip it
        let line = match frame.len() > MAX_LINE + 2 {
            true => frame,
            false => without_line_end(frame),
        };
        self.framing += frame.len() - line.len();
        let kept = &line[..line.len().min(MAX_LINE)];
        self.thrown += line.len() - kept.len();
        if kept.is_empty() {
            return;
        }
        let defect = match (kept.len() < line.len(), unfinished) {
            (true, _) => Some(Defect::Cut),
            (false, true) => Some(Defect::Unfinished),
            (false, false) => None,
        };
        self.lines.push(Line {
            bytes: kept.to_vec(),
            defect,
        });
    }
}

/// The whole stream by RFC 6587 as `framing.rs` tells it, frame by frame.
fn documented(stream: &[u8]) -> Documented {
    let mut found = Documented::default();
    let mut rest = stream;
    while !rest.is_empty() {
        if let Some((skip, count)) = count(rest) {
            found.framing += skip;
            let there = rest.len() - skip;
            let frame = &rest[skip..skip + count.min(there)];
            found.keep(frame, there < count);
            rest = &rest[skip + frame.len()..];
        } else if let Some(end) = memchr2(b'\n', 0, rest) {
            found.keep(&rest[..end], false);
            found.framing += 1;
            rest = &rest[end + 1..];
        } else {
            found.keep(rest, true);
            rest = &[];
        }
    }
    found
}

/// The bytes of a count with its blank, and the count.
fn count(text: &[u8]) -> Option<(usize, usize)> {
    let blank = text.iter().take(11).position(|byte| *byte == b' ')?;
    let digits = &text[..blank];
    let plain = digits.first()? != &b'0' && digits.iter().all(u8::is_ascii_digit);
    let count: usize = std::str::from_utf8(digits).ok()?.parse().ok()?;
    let begins = text.get(blank + 1) == Some(&b'<');
    (plain && begins && count <= MAX_LINE).then_some((blank + 1, count))
}

fn without_line_end(frame: &[u8]) -> &[u8] {
    let mut line = frame;
    while let [before @ .., b'\r' | b'\n' | 0] = line {
        line = before;
    }
    line
}
