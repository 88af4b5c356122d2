//! Bytes to frames to messages: what arrives on a socket or stands in a file becomes one
//! [`Message`] a line, with the time it was written.
//!
//! | file | turns | into |
//! |---|---|---|
//! | `frame.rs` | | the shape the journal keeps: one line's bytes and where they came from |
//! | `framing.rs` | a TCP stream in chunks, a datagram | lines without framing |
//! | `lines.rs` | a text of lines, as one request or file holds it | the same |
//! | `message.rs` | a line | a [`Message`]: tries `header.rs`, then `loose.rs`, then takes it bare |
//! | `header.rs` | the header shapes of AsyncOS and of the relays around it | host, subscription, level, body |
//! | `loose.rs` | RFC 5424 and RFC 3164 with other stamps, by `syslog_loose` | the same |
//! | `bsd_time.rs` | `Mon Aug 10 09:12:39 2020` and its shorter forms | a [`Stamp`] |
//! | `stamp.rs` | a [`Stamp`], a zone and a way to find the year | a moment |
//! | `clockhand.rs` | the lines of a log of the past, in order | what the clock showed at each |
//!
//! Invariants: nothing here fails on input, asks what time it is, opens a socket or keeps
//! more than one line. A header is looked for at the start of a line only; a body, which
//! may quote anything a stranger sent, is never searched for one, and always is a suffix
//! of the line it came from.
//!
//! Not here: sockets and clocks (`services/server`), what a body says
//! (`services/mailflow`), which appliance a host name stands for (`services/server`).

mod bsd_time;
mod clockhand;
mod frame;
mod framing;
mod header;
mod lines;
mod loose;
mod message;
mod stamp;

pub use clockhand::Clockhand;
pub use frame::{Defect, Frame, Label, Lane, MAX_LABEL, MAX_LINE, Transport};
pub use framing::{Decoder, Line, datagram};
pub use lines::{file, lines};
pub use message::{Form, Level, Message, parse, text};
pub use stamp::{Stamp, YearReader, Years};
