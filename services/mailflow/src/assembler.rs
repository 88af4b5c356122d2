//! Events to records: one owner, lines in order, no clock and no I/O of its own.
//!
//! A record is in memory while it is open, and after its end for [`LINGER`], for stragglers.
//! Then [`Assembler::tick`] hands it out to be written; it stays readable here until
//! [`Assembler::settled`] says that what was written can be read where it was written to. A
//! later line brings a written record back through [`Recall`] and it is written again under the
//! same id. When a number begins anew is `again.rs`'s to say; how records rest, `shelf.rs`'s.
//!
//! Not here yet: parking of quiet open records, watermarks, the archive lane, aliases, shards.

use std::collections::{BTreeSet, HashMap, VecDeque};

use foldhash::fast::RandomState;
use jiff::{SignedDuration, Timestamp};
use whymid_schemas::Zone;

use crate::again;
use crate::appliance::ApplianceIndex;
use crate::entry::Entry;
use crate::event::{Fact, MailEvent, Owner};
use crate::grammar;
use crate::record::{ApplianceEvent, Connection, Delivery, Message};
use crate::shelf::{Held, Key, Shelf};

/// How long a finished record waits for stragglers before it is written.
pub const LINGER: SignedDuration = SignedDuration::from_secs(10);

/// Finds what was written before.
pub trait Recall {
    /// The newest message of that MID.
    fn message(&mut self, appliance: &str, mid: u64) -> Option<Message>;
    /// The newest connection of that ICID.
    fn connection(&mut self, appliance: &str, icid: u64) -> Option<Connection>;
    /// The newest delivery of that DCID.
    fn delivery(&mut self, appliance: &str, dcid: u64) -> Option<Delivery>;
}

/// For a log that is read in one go: nothing was written before.
#[derive(Debug)]
pub struct NothingWritten;

impl Recall for NothingWritten {
    fn message(&mut self, _: &str, _: u64) -> Option<Message> {
        None
    }
    fn connection(&mut self, _: &str, _: u64) -> Option<Connection> {
        None
    }
    fn delivery(&mut self, _: &str, _: u64) -> Option<Delivery> {
        None
    }
}

/// A record to be written.
#[derive(Clone, Debug)]
pub enum Rested {
    /// A message, with its connection as far as it is in memory.
    Message(Box<Message>, Option<Box<Connection>>),
    /// A connection.
    Connection(Box<Connection>),
    /// A delivery.
    Delivery(Box<Delivery>),
    /// An appliance event.
    Event(Box<ApplianceEvent>),
}

/// Where a line comes from, beside what it says.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The appliance.
    pub appliance: ApplianceIndex,
    /// Its name.
    pub name: &'a str,
    /// Where its zone comes from.
    pub zone: Zone,
    /// When the line was handled, by the caller's clock.
    pub now: Timestamp,
}

/// All records in memory. See the file's head.
#[derive(Debug)]
pub struct Assembler {
    messages: Shelf<Message>,
    connections: Shelf<Connection>,
    deliveries: Shelf<Delivery>,
    events: Vec<ApplianceEvent>,
    /// Handed out events with their tickets, in order, until they are settled.
    leaving_events: VecDeque<(u64, ApplianceEvent)>,
    /// The MIDs in memory that came by an ICID, to join the two whichever is seen first.
    by_icid: HashMap<Key, BTreeSet<u64>, RandomState>,
    by_name: HashMap<String, ApplianceIndex, RandomState>,
    ticket: u64,
}

impl Default for Assembler {
    fn default() -> Self {
        Self::new()
    }
}

impl Assembler {
    /// Nothing in memory.
    #[must_use]
    pub fn new() -> Self {
        Self {
            messages: Shelf::new(),
            connections: Shelf::new(),
            deliveries: Shelf::new(),
            events: Vec::new(),
            leaving_events: VecDeque::new(),
            by_icid: HashMap::default(),
            by_name: HashMap::default(),
            ticket: 0,
        }
    }

    /// Takes one line.
    pub fn push(
        &mut self,
        origin: Origin<'_>,
        event: &MailEvent<'_>,
        entry: Entry,
        recall: &mut dyn Recall,
    ) {
        if !self.by_name.contains_key(origin.name) {
            self.by_name
                .insert(origin.name.to_owned(), origin.appliance);
        }
        match event.owner {
            Owner::Message(mid) => self.push_message(origin, mid, &event.fact, entry, recall),
            Owner::Connection(icid) => {
                self.push_connection(origin, icid, &event.fact, entry, recall);
            }
            Owner::Delivery(dcid) => self.push_delivery(origin, dcid, &event.fact, entry, recall),
            Owner::Appliance => self.events.push(ApplianceEvent::new(origin.name, entry)),
        }
    }

    fn push_message(
        &mut self,
        origin: Origin<'_>,
        mid: u64,
        fact: &Fact<'_>,
        entry: Entry,
        recall: &mut dyn Recall,
    ) {
        let key = (origin.appliance, mid);
        let again = |held: &Message| again::message(held, fact, entry.at);
        let former = self.messages.take_former(key, again);
        let early = former.map(|former| self.retire_message(former, key, entry.at));
        let held = self.messages.open(key, origin.now, || {
            let known = recall
                .message(origin.name, mid)
                .filter(|known| !again(known));
            known.unwrap_or_else(|| Message::new(origin.name, mid, origin.zone, &entry))
        });
        let before = held.icid;
        held.merge(entry, fact);
        for line in early.into_iter().flatten() {
            let text = line.line.clone();
            held.absorb(line, &grammar::read(&text).fact);
        }
        let (icid, joined) = (held.icid, held.connection.is_some());
        if held.finished.is_some() {
            self.messages.finish_later(key, origin.now);
        }
        if let Some(other) = before.filter(|_| before != icid) {
            self.untie(key, other);
        }
        if let Some(icid) = icid
            && (!joined || matches!(fact, Fact::Ready { .. }))
        {
            self.join(origin.appliance, icid, mid, origin.now);
        }
    }

    /// Retires the former holder of a MID. The lines of the moment in which the MID begins anew
    /// are the new holder's, though they came before the line that told: they are given back.
    fn retire_message(&mut self, mut former: Held<Message>, key: Key, at: Timestamp) -> Vec<Entry> {
        if let Some(icid) = former.record.icid {
            self.untie(key, icid);
        }
        let over = former.record.finished.is_some_and(|finish| finish.at < at);
        let early = if over {
            former.record.give_back(at)
        } else {
            Vec::new()
        };
        self.messages.retire(former, !early.is_empty());
        early
    }

    fn untie(&mut self, (appliance, mid): Key, icid: u64) {
        if let Some(mids) = self.by_icid.get_mut(&(appliance, icid)) {
            mids.remove(&mid);
            if mids.is_empty() {
                self.by_icid.remove(&(appliance, icid));
            }
        }
    }

    /// Ties a message to its connection, if that is in memory, and notes the tie in any case.
    fn join(&mut self, appliance: ApplianceIndex, icid: u64, mid: u64, now: Timestamp) {
        let (by, own) = ((appliance, icid), (appliance, mid));
        self.by_icid.entry(by).or_default().insert(mid);
        let Some(connection) = self.connections.get_mut(by) else {
            return;
        };
        let Some(message) = self.messages.get_mut(own) else {
            return;
        };
        if !again::belongs(message, connection) {
            return;
        }
        let mut news = connection.carried(mid);
        if let Some(ready_at) = message.ready_at {
            news |= connection.took(mid, ready_at);
        }
        if message.connection.is_none() {
            message.connection = Some(connection.common.id.clone());
            self.messages.changed(own, now);
        }
        if news {
            self.connections.changed(by, now);
        }
    }

    fn push_connection(
        &mut self,
        origin: Origin<'_>,
        icid: u64,
        fact: &Fact<'_>,
        entry: Entry,
        recall: &mut dyn Recall,
    ) {
        let key = (origin.appliance, icid);
        let again = |held: &Connection| again::connection(held, fact, entry.at);
        if let Some(former) = self.connections.take_former(key, again) {
            self.connections.retire(former, false);
        }
        let fresh = self.connections.get(key).is_none();
        let held = self.connections.open(key, origin.now, || {
            let known = recall
                .connection(origin.name, icid)
                .filter(|known| !again(known));
            known.unwrap_or_else(|| Connection::new(origin.name, icid, origin.zone, &entry))
        });
        held.merge(entry, fact);
        if held.has_ended() {
            self.connections.finish_later(key, origin.now);
        }
        if fresh && let Some(mids) = self.by_icid.get(&key) {
            for mid in mids.clone() {
                self.join(origin.appliance, icid, mid, origin.now);
            }
        }
    }

    fn push_delivery(
        &mut self,
        origin: Origin<'_>,
        dcid: u64,
        fact: &Fact<'_>,
        entry: Entry,
        recall: &mut dyn Recall,
    ) {
        let key = (origin.appliance, dcid);
        let again = |held: &Delivery| again::delivery(held, fact, entry.at);
        if let Some(former) = self.deliveries.take_former(key, again) {
            self.deliveries.retire(former, false);
        }
        let held = self.deliveries.open(key, origin.now, || {
            let known = recall
                .delivery(origin.name, dcid)
                .filter(|known| !again(known));
            known.unwrap_or_else(|| Delivery::new(origin.name, dcid, origin.zone, &entry))
        });
        held.merge(entry, fact);
        if held.ended_at.is_some() {
            self.deliveries.finish_later(key, origin.now);
        }
    }

    /// Hands out what has finished and lingered by `now`, and every appliance event so far,
    /// with the ticket to give back when all of it can be read where it went.
    pub fn tick(&mut self, now: Timestamp) -> (u64, Vec<Rested>) {
        self.hand_out(now, false)
    }

    /// Hands out everything that has ended, at the end of a log; open records stay.
    pub fn drain(&mut self, now: Timestamp) -> (u64, Vec<Rested>) {
        self.hand_out(now, true)
    }

    fn hand_out(&mut self, now: Timestamp, everything: bool) -> (u64, Vec<Rested>) {
        self.ticket += 1;
        let ticket = self.ticket;
        let messages = self.messages.due(now, ticket, everything);
        let mut rested: Vec<Rested> = messages
            .into_iter()
            .map(|message| {
                let connection = self.connection_of(&message).cloned().map(Box::new);
                Rested::Message(Box::new(message), connection)
            })
            .collect();
        let connections = self.connections.due(now, ticket, everything);
        rested.extend(
            connections
                .into_iter()
                .map(|one| Rested::Connection(Box::new(one))),
        );
        let deliveries = self.deliveries.due(now, ticket, everything);
        rested.extend(
            deliveries
                .into_iter()
                .map(|one| Rested::Delivery(Box::new(one))),
        );
        for event in self.events.drain(..) {
            rested.push(Rested::Event(Box::new(event.clone())));
            self.leaving_events.push_back((ticket, event));
        }
        (ticket, rested)
    }

    /// What went out with that ticket, or before, can be read where it went: it leaves memory.
    pub fn settled(&mut self, ticket: u64) {
        let mut gone = Vec::new();
        self.messages
            .settled(ticket, |key, message| gone.push((key, message.icid)));
        for (key, icid) in gone {
            if let Some(icid) = icid {
                self.untie(key, icid);
            }
        }
        self.connections.settled(ticket, |_, _| {});
        self.deliveries.settled(ticket, |_, _| {});
        let left = self
            .leaving_events
            .partition_point(|(written, _)| *written <= ticket);
        self.leaving_events.drain(..left);
    }

    /// The messages in memory.
    pub fn messages(&self) -> impl Iterator<Item = &Message> {
        self.messages.iter()
    }

    /// The connections in memory.
    pub fn connections(&self) -> impl Iterator<Item = &Connection> {
        self.connections.iter()
    }

    /// The deliveries in memory.
    pub fn deliveries(&self) -> impl Iterator<Item = &Delivery> {
        self.deliveries.iter()
    }

    /// The appliance events that are not yet written.
    pub fn events(&self) -> impl Iterator<Item = &ApplianceEvent> {
        self.events
            .iter()
            .chain(self.leaving_events.iter().map(|(_, event)| event))
    }

    /// The connection of a message, if it is in memory.
    #[must_use]
    pub fn connection_of(&self, message: &Message) -> Option<&Connection> {
        let id = message.connection.as_deref()?;
        let appliance = self.by_name.get(&message.common.appliance)?;
        let held = self.connections.get((*appliance, message.icid?));
        held.into_iter()
            .chain(self.connections.former())
            .find(|one| one.common.id == id)
    }
}

#[cfg(test)]
mod tests;
