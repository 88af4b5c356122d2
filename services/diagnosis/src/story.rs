//! One record with its surroundings, joined for reading: a message with its connection and its
//! deliveries, or a connection by itself; and every line of theirs in one order.

use jiff::Timestamp;
use whymid_mailflow::{Connection, Delivery, Entry, Message};

use crate::limits::Timers;

/// Whose line stands in a joined timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// The message's.
    Message,
    /// Its connection's.
    Connection,
    /// One of its deliveries'.
    Delivery,
}

impl Of {
    /// The published word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Connection => "connection",
            Self::Delivery => "delivery",
        }
    }
}

/// What a diagnosis looks at.
#[derive(Clone, Debug)]
pub struct Story {
    /// The message; `None` when a connection is asked for.
    pub message: Option<Message>,
    /// The connection, where its own lines were seen.
    pub connection: Option<Connection>,
    /// The delivery connections used, where their own lines were seen.
    pub deliveries: Vec<Delivery>,
    /// The newest stamp of the appliance: "now" by its own clock.
    pub newest: Option<Timestamp>,
    /// The inbound timers of the listener that took the connection.
    pub timers: Timers,
}

impl Story {
    /// Every line, oldest first, then in order of arrival.
    #[must_use]
    pub fn lines(&self) -> Vec<(Of, &Entry)> {
        let of_message = self
            .message
            .iter()
            .flat_map(|one| &one.common.entries.lines);
        let of_connection = self
            .connection
            .iter()
            .flat_map(|one| &one.common.entries.lines);
        let of_delivery = self
            .deliveries
            .iter()
            .flat_map(|one| &one.common.entries.lines);
        let mut lines: Vec<(Of, &Entry)> = of_message
            .map(|entry| (Of::Message, entry))
            .chain(of_connection.map(|entry| (Of::Connection, entry)))
            .chain(of_delivery.map(|entry| (Of::Delivery, entry)))
            .collect();
        lines.sort_by_key(|(_, entry)| (entry.at, entry.position));
        lines
    }

    /// Lines that were counted but not kept.
    #[must_use]
    pub fn spilled(&self) -> u64 {
        let message = self.message.iter().map(|one| one.common.entries.spilled);
        let connection = self.connection.iter().map(|one| one.common.entries.spilled);
        let deliveries = self.deliveries.iter().map(|one| one.common.entries.spilled);
        message.chain(connection).chain(deliveries).sum()
    }
}
