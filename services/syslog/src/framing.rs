//! A TCP byte stream in chunks of any size, or one datagram, into lines.
//!
//! RFC 6587 knows two framings and a sender may mix them, so they are told apart frame by
//! frame: 1 to 10 digits without a leading zero, a space and `<` begin an octet-counted
//! frame (3.4.1); anything else runs to the next LF or NUL (3.4.2). A count above
//! [`MAX_LINE`] is no count: such a line is read as text and keeps its digits.
//!
//! Invariants: the same stream gives the same lines however it is cut into chunks; at most
//! `MAX_LINE + 3` bytes are held; CR, LF and NUL at a line's end are framing and never
//! kept; an empty line is nothing; no input is an error.
//!
//! Not here: sockets and who may send (`services/server`), what a line says
//! (`message.rs`). Not supported: finding the way back after a sender's wrong count; what
//! follows is text until a frame begins again.

use memchr::memchr2;

use crate::frame::{Defect, MAX_LINE};

/// A line of this length may still turn out to be one of [`MAX_LINE`] and a CR LF.
const HELD: usize = MAX_LINE + 2;

/// Ten digits of a count, a space and `<`: so many bytes decide how a frame begins.
const COUNT: usize = 12;

/// One line cut out of its framing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// At least 1 and at most [`MAX_LINE`] bytes, without a line end.
    pub bytes: Vec<u8>,
    /// What was wrong with its edges.
    pub defect: Option<Defect>,
}

/// Cuts one TCP stream into lines.
#[derive(Debug, Default)]
pub struct Decoder {
    /// What was read of the current frame; in `Start` the beginning of a possible count.
    held: Vec<u8>,
    state: State,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    /// Between frames, or within a possible count.
    #[default]
    Start,
    /// In a frame that ends at LF or NUL.
    Text,
    /// In a frame of so many bytes.
    Counted(usize),
    /// Behind the kept part of a line that is too long.
    Discard,
}

/// How a frame begins.
enum Opening {
    Text,
    Counted { skip: usize, count: usize },
    Undecided,
}

impl Decoder {
    /// A decoder at the beginning of a connection.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a chunk of any size and hands every line that it completes to `out`.
    pub fn push(&mut self, chunk: &[u8], out: &mut impl FnMut(Line)) {
        let mut rest = chunk;
        while !rest.is_empty() {
            rest = match self.state {
                State::Start => self.open(rest),
                State::Text => self.read_text(rest, out),
                State::Counted(count) => self.read_counted(count, rest, out),
                State::Discard => self.discard(rest),
            };
        }
    }

    /// The connection ended: hands out what is left, marked [`Defect::Unfinished`]. An
    /// undecided count is text.
    pub fn finish(&mut self, out: &mut impl FnMut(Line)) {
        self.emit(Some(Defect::Unfinished), out);
    }

    fn open<'a>(&mut self, chunk: &'a [u8]) -> &'a [u8] {
        let known = self.held.len();
        let opening = if known == 0 {
            opening(chunk)
        } else {
            self.opening_with_held(chunk)
        };
        match opening {
            Opening::Text => {
                self.state = State::Text;
                chunk
            }
            Opening::Counted { skip, count } => {
                self.held.clear();
                self.state = State::Counted(count);
                &chunk[skip - known..]
            }
            Opening::Undecided => {
                self.hold(chunk);
                &[]
            }
        }
    }

    fn opening_with_held(&self, chunk: &[u8]) -> Opening {
        let known = self.held.len();
        let more = chunk.len().min(COUNT - known);
        let mut joined = [0; COUNT];
        joined[..known].copy_from_slice(&self.held);
        joined[known..known + more].copy_from_slice(&chunk[..more]);
        opening(&joined[..known + more])
    }

    fn read_text<'a>(&mut self, chunk: &'a [u8], out: &mut impl FnMut(Line)) -> &'a [u8] {
        let end = memchr2(b'\n', 0, chunk);
        self.hold(&chunk[..end.unwrap_or(chunk.len())]);
        match end {
            Some(end) => {
                self.emit(None, out);
                &chunk[end + 1..]
            }
            None => {
                if self.held.len() > HELD {
                    self.emit(None, out);
                    self.state = State::Discard;
                }
                &[]
            }
        }
    }

    fn read_counted<'a>(
        &mut self,
        count: usize,
        chunk: &'a [u8],
        out: &mut impl FnMut(Line),
    ) -> &'a [u8] {
        let (piece, rest) = chunk.split_at(chunk.len().min(count - self.held.len()));
        self.hold(piece);
        if self.held.len() == count {
            self.emit(None, out);
        }
        rest
    }

    fn discard<'a>(&mut self, chunk: &'a [u8]) -> &'a [u8] {
        let Some(end) = memchr2(b'\n', 0, chunk) else {
            return &[];
        };
        self.state = State::Start;
        &chunk[end + 1..]
    }

    /// Keeps `piece` up to one byte above [`HELD`], which tells that there was more.
    /// Memory doubles as in any `Vec`, but never above that limit.
    fn hold(&mut self, piece: &[u8]) {
        let length = self.held.len();
        let piece = &piece[..piece.len().min(HELD + 1 - length)];
        let needed = length + piece.len();
        if needed > self.held.capacity() {
            let roomy = if length == 0 { needed } else { needed * 2 };
            self.held.reserve_exact(roomy.min(HELD + 1) - length);
        }
        self.held.extend_from_slice(piece);
    }

    /// Ends the frame and hands it out, unless it is empty.
    fn emit(&mut self, defect: Option<Defect>, out: &mut impl FnMut(Line)) {
        self.state = State::Start;
        let mut bytes = std::mem::take(&mut self.held);
        if bytes.len() <= HELD {
            bytes.truncate(trimmed(&bytes).len());
        }
        let cut = bytes.len() > MAX_LINE;
        bytes.truncate(MAX_LINE);
        if !bytes.is_empty() {
            let defect = if cut { Some(Defect::Cut) } else { defect };
            out(Line { bytes, defect });
        }
    }
}

/// One datagram is one line; `None` if nothing but line ends is in it.
pub fn datagram(bytes: &[u8]) -> Option<Line> {
    let line = trimmed(bytes);
    let kept = &line[..line.len().min(MAX_LINE)];
    (!kept.is_empty()).then(|| Line {
        bytes: kept.to_vec(),
        defect: (kept.len() < line.len()).then_some(Defect::Cut),
    })
}

fn trimmed(bytes: &[u8]) -> &[u8] {
    let last = bytes.iter().rposition(|byte| !b"\r\n\0".contains(byte));
    &bytes[..last.map_or(0, |last| last + 1)]
}

fn opening(bytes: &[u8]) -> Opening {
    let digits = bytes
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    if digits > 10 || bytes.first().is_none_or(|first| *first == b'0') {
        return Opening::Text;
    }
    match (digits, &bytes[digits..]) {
        (0, _) => Opening::Text,
        (_, [] | [b' ']) => Opening::Undecided,
        (_, [b' ', b'<', ..]) => match number(&bytes[..digits]) {
            count if count <= MAX_LINE as u64 => Opening::Counted {
                skip: digits + 1,
                count: count as usize,
            },
            _ => Opening::Text,
        },
        _ => Opening::Text,
    }
}

/// At most ten digits, so it can't overflow.
fn number(digits: &[u8]) -> u64 {
    digits
        .iter()
        .fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'))
}
