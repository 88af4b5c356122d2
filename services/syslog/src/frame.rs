//! One received line as raw bytes, with where it came from and when.
//!
//! A frame is what the journal keeps: nothing in it was interpreted. What its bytes
//! say is `header.rs`'s business; how they were cut out of a stream is `framing.rs`'s.

use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::DateTime;

/// The longest line that is kept whole, in bytes. What is longer is cut here and marked
/// [`Defect::Cut`].
pub const MAX_LINE: usize = 64 * 1024;

/// How a frame reached us.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// One datagram, one frame.
    Udp,
    /// A TCP stream, by RFC 6587 octet counting or newlines.
    Tcp,
    /// A file read by `explain`.
    File,
    /// A line of a request to `POST /v1/lines`.
    Http,
}

/// What the request that brought a line says of it, beside the line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Label {
    /// The appliance that wrote it, whatever its header says; at most [`MAX_LABEL`] bytes.
    pub appliance: Option<String>,
    /// The IANA name of the zone that its stamp is in; at most [`MAX_LABEL`] bytes.
    pub zone: Option<String>,
    /// What the clock of the appliance showed thereabouts, to the second: a stamp without a
    /// year is the one nearest to it, a line without a stamp was written then.
    pub near: Option<DateTime>,
}

/// The longest name in a [`Label`], bytes.
pub const MAX_LABEL: usize = 255;

/// Whether a frame belongs to the stream of now or to a log of the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lane {
    /// Pushed by an appliance as it happens.
    Live,
    /// Read from an archive: stamps may be years old.
    Archive,
}

/// What was wrong with a frame's edges. Never a reason to drop it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Defect {
    /// Longer than [`MAX_LINE`]; the rest was thrown away.
    Cut,
    /// The connection ended before the frame did; these are the bytes that came.
    Unfinished,
}

/// One line as received. `bytes` has no framing around it and no line end behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The line, untouched, at most [`MAX_LINE`] bytes; not necessarily UTF-8.
    pub bytes: Vec<u8>,
    /// Who sent it; `None` for a file.
    pub peer: Option<IpAddr>,
    /// How it came.
    pub transport: Transport,
    /// Which stream it came in: one number for each TCP connection, UDP peer, file or request. Two
    /// copies of a line from one source are two; from two sources they are one seen twice.
    pub source: u32,
    /// When it was received, by the clock of `server`.
    pub received_at: Timestamp,
    /// Live or archive.
    pub lane: Lane,
    /// What was wrong with its edges.
    pub defect: Option<Defect>,
    /// What the request that brought it says of it.
    pub label: Option<Arc<Label>>,
}

impl Frame {
    /// Whether it is of a log of the past that was handed to a service of now. A file that is
    /// read by itself has no other now.
    #[must_use]
    pub fn is_of_the_past(&self) -> bool {
        self.lane == Lane::Archive && self.transport != Transport::File
    }
}
