//! One record with its surroundings, joined for reading: a message with its family, its
//! connection and their deliveries, or a connection by itself; and every line of theirs in one
//! order.
//!
//! A story is told of one message, its subject: that which was asked for, or a member of its
//! family under which its mail went on ([`Story::seen_from`]). The lines are the same ones, in the
//! same order, whoever is the subject.

use std::cmp::Reverse;
use std::collections::HashSet;
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
const MAX_DELIVERIES: usize = 200;

/// The delivery connections that a family's mail used, each DCID with the members that used it; of
/// at most 200 connections. First come those of members that were not delivered, of each the last
/// one before the others: its lines tell why. They are the same ones, whoever of the family is
/// asked.
#[must_use]
pub fn connections_used(family: &Family) -> Vec<(u64, &Message)> {
    let members = family.members.iter().map(Arc::as_ref);
    let mut used: Vec<(bool, usize, Reverse<u64>, &Message)> = members
        .flat_map(|one| {
            let is_delivered = outcome::of_message(one) == Outcome::Delivered;
            let newest_first = one.dcids.iter().rev().enumerate();
            newest_first.map(move |(rank, dcid)| (is_delivered, rank, Reverse(*dcid), one))
        })
        .collect();
    used.sort_by_key(|(is_delivered, rank, dcid, by)| (*is_delivered, *rank, *dcid, by.mid));
    let mut known = HashSet::new();
    used.retain(|(.., Reverse(dcid), _)| {
        known.contains(dcid) || known.len() < MAX_DELIVERIES && known.insert(*dcid)
    });
    used.into_iter()
        .map(|(.., Reverse(dcid), by)| (dcid, by))
        .collect()
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
        connection: Option<Arc<Connection>>,
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
            connection,
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

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use whymid_mailflow::Settings;

    use super::*;
    use crate::explain::{LogReader, Reading};
    use crate::limits::Listeners;

    /// A mail in 60 parts, each of which was tried by five connections: more than are joined.
    #[test]
    fn of_each_undelivered_member_the_last_connection_is_joined() {
        let mut log = String::from(
            "Wed Aug 13 10:00:00 2014 Info: Start MID 1 ICID 2\n\
             Wed Aug 13 10:00:00 2014 Info: MID 1 ready 4096 bytes from <a@partner.example>\n",
        );
        let mut say = |second: u64, body: &str| {
            let (minute, second) = (second / 60, second % 60);
            let line = writeln!(
                log,
                "Wed Aug 13 10:{minute:02}:{second:02} 2014 Info: {body}"
            );
            line.expect("written");
        };
        for child in 101..=160 {
            say(
                1,
                &format!(
                    "MID 1 was split creating MID {child} due to a per-recipient policy default in the inbound table"
                ),
            );
        }
        for attempt in 1..=5 {
            for child in 101..=160 {
                let dcid = attempt * 1_000 + child;
                say(
                    attempt * 60,
                    &format!("Delivery start DCID {dcid} MID {child} to RID [0]"),
                );
                say(
                    attempt * 60,
                    &format!(
                        "Delayed: DCID {dcid} MID {child} to RID 0 - 4.1.0 - Unknown address error ('451', ['4.3.0 later'])"
                    ),
                );
            }
        }
        let mut reader = LogReader::new(Reading {
            settings: Settings::default(),
            listeners: Listeners::default(),
            year: None,
            now: Timestamp::from_second(1_500_000_000).expect("a moment"),
        });
        reader.read(log.as_bytes());
        let log = reader.finish();
        let elder = log.messages().find(|one| one.mid == 1).expect("the elder");
        let story = log.story(elder);
        assert_eq!(story.family.members.len(), 61);
        for family in [story.family.clone(), story.family.asked_by(60)] {
            let used = connections_used(&family);
            let dcids: Vec<u64> = used.iter().map(|(dcid, _)| *dcid).collect();
            assert_eq!(dcids.len(), MAX_DELIVERIES);
            for child in 101..=160 {
                assert!(dcids.contains(&(5_000 + child)), "{dcids:?}");
            }
        }
    }
}
