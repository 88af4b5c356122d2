//! One record with its surroundings, joined for reading: a message with its family, its
//! connection and their deliveries, or a connection by itself; and every line of theirs in one
//! order.
//!
//! A story is told of one message, its subject: that which was asked for, or a member of its
//! family under which its mail went on ([`Story::seen_from`]). The lines are the same ones, in the
//! same order, whoever is the subject.

use std::sync::Arc;

use jiff::Timestamp;
use whymid_mailflow::{
    ApplianceEvent, Common, Connection, Delivery, Entry, Family, Gap, Message, ReceivingAbort,
    is_about,
};
use whymid_schemas::Outcome;

use crate::limits::Timers;
use crate::outcome;

/// The most delivery connections that one story joins.
const MAX_DELIVERIES: usize = 50;

/// The delivery connections that a family's mail used, each DCID with the member that used it; at
/// most 50, those of members that were not delivered first: their lines may tell why.
#[must_use]
pub fn connections_used(family: &Family) -> Vec<(u64, &Message)> {
    let members = family.members.iter().map(Arc::as_ref);
    let mut used: Vec<(bool, u64, &Message)> = members
        .flat_map(|one| {
            let is_delivered = outcome::of_message(one) == Outcome::Delivered;
            one.dcids.iter().map(move |dcid| (is_delivered, *dcid, one))
        })
        .collect();
    used.sort_by_key(|(is_delivered, dcid, by)| (*is_delivered, *dcid, by.mid));
    used.truncate(MAX_DELIVERIES);
    used.into_iter().map(|(_, dcid, by)| (dcid, by)).collect()
}

/// Whose line stands in a joined timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// The message's.
    Message,
    /// Its connection's.
    Connection,
    /// One of its deliveries', or of its family's.
    Delivery,
    /// Another message's of its family.
    Family,
    /// Another log's, about it.
    Beside,
}

impl Of {
    /// The published word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Connection => "connection",
            Self::Delivery => "delivery",
            Self::Family => "family",
            Self::Beside => "other_log",
        }
    }
}

/// What a diagnosis looks at.
#[derive(Clone, Debug)]
pub struct Story {
    /// The message that was asked for, its first member, and its family; nobody when a connection
    /// is asked for.
    pub family: Family,
    /// The place of the member that the story is told of.
    pub subject: usize,
    /// The connection that it came by, where its own lines were seen.
    pub connection: Option<Arc<Connection>>,
    /// The delivery connections used, where their own lines were seen.
    pub deliveries: Arc<[Delivery]>,
    /// What other logs of the appliance tell of the messages.
    pub beside: Arc<[ApplianceEvent]>,
    /// Where lines of the appliance seem to be missing, within the story's time.
    pub gaps: Vec<Gap>,
    /// The newest stamp of the appliance: "now" by its own clock.
    pub newest: Option<Timestamp>,
    /// The inbound timers of the listener that took the connection.
    pub timers: Timers,
}

impl Story {
    /// Of a message with its family, and the connection that it came by. What the connection's
    /// lines alone tell of the message is taken over: `Receiving Failed` ends the one that is
    /// being received, and names no MID (trap 13 of the log grammar).
    #[must_use]
    pub fn of(
        mut family: Family,
        connection: Option<Connection>,
        deliveries: impl Into<Arc<[Delivery]>>,
        mut beside: Vec<ApplianceEvent>,
        newest: Option<Timestamp>,
        timers: Timers,
    ) -> Self {
        beside.retain(|event| family.members.iter().any(|one| is_about(event, one)));
        let message = family.members.first_mut().filter(|one| is_received(one));
        if let (Some(message), Some(connection)) = (message, &connection)
            && connection
                .mids
                .last()
                .is_none_or(|last| *last <= message.mid)
        {
            let failures = connection.failures.iter().map(|(at, _)| *at);
            let mut failures = failures.filter(|at| *at >= message.common.first_at);
            Arc::make_mut(message).receiving_aborted = failures.next().map(|at| ReceivingAbort {
                at,
                by_sender: false,
            });
        }
        Self {
            family,
            subject: 0,
            connection: connection.map(Arc::new),
            deliveries: deliveries.into(),
            beside: beside.into(),
            gaps: Vec::new(),
            newest,
            timers,
        }
    }

    /// The same, with what of those gaps falls into its time: from the opening of its connection,
    /// else its first line, to its last.
    #[must_use]
    pub fn with_gaps<'g>(mut self, gaps: impl IntoIterator<Item = &'g Gap>) -> Self {
        let members = self.family.members.iter().map(|one| &one.common);
        let opened = self.connection.iter().filter_map(|one| one.opened.as_ref());
        let own = self
            .connection
            .iter()
            .filter(|_| self.family.members.is_empty());
        let own = own.map(|one| &one.common);
        let all: Vec<&Common> = members.chain(own).collect();
        let first = all.iter().map(|one| one.first_at);
        let first = first.chain(opened.map(|opened| opened.at)).min();
        let last = all.iter().map(|one| one.last_at).max();
        // what is still under way may have ended where lines are missing
        let mut members = self.family.members.iter();
        let mut connection = self.connection.iter().map(Arc::as_ref);
        let over = match self.family.members.is_empty() {
            false => members.all(|one| one.finished.is_some()),
            true => connection.all(Connection::has_ended),
        };
        let last = if over { last } else { last.max(self.newest) };
        if let Some((first, last)) = first.zip(last) {
            let touching = gaps.into_iter().filter(|gap| gap.touches(first, last));
            self.gaps = touching.copied().collect();
        }
        self
    }

    /// Of a connection by itself.
    #[must_use]
    pub fn of_connection(
        connection: Connection,
        newest: Option<Timestamp>,
        timers: Timers,
    ) -> Self {
        Self {
            family: Family::default(),
            subject: 0,
            connection: Some(Arc::new(connection)),
            deliveries: Arc::default(),
            beside: Arc::default(),
            gaps: Vec::new(),
            newest,
            timers,
        }
    }

    /// The message that it is told of; `None` when it is told of a connection.
    #[must_use]
    pub fn message(&self) -> Option<&Message> {
        self.family.members.get(self.subject).map(Arc::as_ref)
    }

    /// The message that was asked for.
    #[must_use]
    pub fn asked(&self) -> Option<&Message> {
        self.family.members.first().map(Arc::as_ref)
    }

    /// The same, told of another member.
    #[must_use]
    pub fn seen_from(&self, member: usize) -> Self {
        Self {
            subject: member,
            ..self.clone()
        }
    }

    /// Whether our Host Access Table refused the connection and let the session go on, so that
    /// recipients are logged (trap 30): nothing of it was accepted.
    pub(crate) fn is_refused(&self) -> bool {
        let hat = self.connection.as_ref().and_then(|one| one.hat.as_ref());
        let accepted = self.asked().is_some_and(|one| one.ready_at.is_some());
        !accepted && hat.is_some_and(|hat| hat.action == "REJECT")
    }

    /// Every line, oldest first, then in order of arrival.
    #[must_use]
    pub fn lines(&self) -> Vec<(Of, &Entry)> {
        let of_member = |place| {
            if place == self.subject {
                Of::Message
            } else {
                Of::Family
            }
        };
        let members = self.family.members.iter().enumerate();
        let of_family = members.flat_map(|(place, one)| {
            let lines = one.common.entries.lines.iter();
            lines.map(move |entry| (of_member(place), entry))
        });
        let of_connection = self
            .connection
            .iter()
            .flat_map(|one| &one.common.entries.lines);
        let of_delivery = self
            .deliveries
            .iter()
            .flat_map(|one| &one.common.entries.lines);
        let of_other_logs = self.beside.iter().flat_map(|one| &one.common.entries.lines);
        let mut lines: Vec<(Of, &Entry)> = of_family
            .chain(of_connection.map(|entry| (Of::Connection, entry)))
            .chain(of_delivery.map(|entry| (Of::Delivery, entry)))
            .chain(of_other_logs.map(|entry| (Of::Beside, entry)))
            .collect();
        lines.sort_by_key(|(_, entry)| (entry.at, entry.position));
        lines
    }

    /// Lines that were counted but not kept.
    #[must_use]
    pub fn spilled(&self) -> u64 {
        let members = self.family.members.iter().map(|one| &one.common);
        let connection = self.connection.iter().map(|one| &one.common);
        let deliveries = self.deliveries.iter().map(|one| &one.common);
        let all = members.chain(connection).chain(deliveries);
        all.map(|common| common.entries.spilled).sum()
    }
}

/// Whether a message is being received, as far as its own lines tell.
fn is_received(message: &Message) -> bool {
    let over = message.ready_at.is_some() || message.finished.is_some();
    let stopped = message.receiving_aborted.is_some() || message.stopped.is_some();
    message.started_at.is_some() && !over && !stopped
}
