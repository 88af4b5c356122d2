//! Events to records: one owner, lines in order, no clock and no I/O of its own.
//!
//! A record is in memory while it is open, and after its end for [`LINGER`], for stragglers.
//! Then [`Assembler::tick`] hands it out to be written; it stays readable here until
//! [`Assembler::settled`] says that what was written can be read where it was written to. A
//! later line brings a written record back through [`Recall`] and it is written again under the
//! same id.
//!
//! Not here yet: parking of quiet open records, watermarks, the archive lane, aliases, shards.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

use foldhash::fast::RandomState;
use jiff::{SignedDuration, Timestamp};
use whymid_schemas::Zone;

use crate::appliance::ApplianceIndex;
use crate::entry::Entry;
use crate::event::{Fact, MailEvent, Owner};
use crate::record::{ApplianceEvent, Connection, Delivery, Message};

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

type Key = (ApplianceIndex, u64);

/// A record in memory.
#[derive(Debug)]
struct Held<R> {
    record: R,
    /// When a line last touched it, by the caller's clock.
    touched: Timestamp,
    /// Handed out with that ticket and not touched since.
    written: Option<u64>,
    /// Whether it waits in the queue of finished ones.
    finishing: bool,
}

/// Records of one kind.
#[derive(Debug)]
struct Shelf<R> {
    held: HashMap<Key, Held<R>, RandomState>,
    /// Ends in order, each with when it may be written.
    finishing: VecDeque<(Timestamp, Key)>,
    /// Former holders of a number that is used again.
    retired: Vec<R>,
    /// Handed out retired ones, until they are settled.
    leaving: Vec<(u64, R)>,
}

impl<R: Clone> Shelf<R> {
    fn new() -> Self {
        Self {
            held: HashMap::default(),
            finishing: VecDeque::new(),
            retired: Vec::new(),
            leaving: Vec::new(),
        }
    }

    fn finish_later(&mut self, key: Key, now: Timestamp) {
        if let Some(held) = self.held.get_mut(&key)
            && !held.finishing
        {
            held.finishing = true;
            self.finishing.push_back((now.saturating_add(LINGER).unwrap_or(now), key));
        }
    }

    /// What may be written by now; `everything` at the end of a log.
    fn due(&mut self, now: Timestamp, ticket: u64, everything: bool) -> Vec<R> {
        let mut due: Vec<R> = Vec::new();
        for former in self.retired.drain(..) {
            due.push(former.clone());
            self.leaving.push((ticket, former));
        }
        while let Some((when, key)) = self.finishing.front().copied() {
            if when > now && !everything {
                break;
            }
            self.finishing.pop_front();
            let Some(held) = self.held.get_mut(&key) else { continue };
            let rested = held.touched.saturating_add(LINGER).unwrap_or(now);
            if rested > now && !everything {
                self.finishing.push_back((rested, key));
                continue;
            }
            held.finishing = false;
            held.written = Some(ticket);
            due.push(held.record.clone());
        }
        due
    }

    fn settled(&mut self, ticket: u64) {
        self.held.retain(|_, held| held.written.is_none_or(|written| written > ticket));
        self.leaving.retain(|(written, _)| *written > ticket);
    }

    fn iter(&self) -> impl Iterator<Item = &R> {
        let leaving = self.leaving.iter().map(|(_, record)| record);
        self.held.values().map(|held| &held.record).chain(&self.retired).chain(leaving)
    }
}

/// All records in memory. See the file's head.
#[derive(Debug)]
pub struct Assembler {
    messages: Shelf<Message>,
    connections: Shelf<Connection>,
    deliveries: Shelf<Delivery>,
    events: Vec<ApplianceEvent>,
    leaving_events: Vec<(u64, ApplianceEvent)>,
    /// The MIDs in memory that came by an ICID, to join the two whichever is seen first.
    by_icid: HashMap<Key, Vec<u64>, RandomState>,
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
            leaving_events: Vec::new(),
            by_icid: HashMap::default(),
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
        match event.owner {
            Owner::Message(mid) => self.push_message(origin, mid, &event.fact, entry, recall),
            Owner::Connection(icid) => self.push_connection(origin, icid, &event.fact, entry, recall),
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
        let again = |held: &Message| starts_again(held, fact, &entry);
        let held = open(&mut self.messages, key, origin.now, again, || {
            let known = recall.message(origin.name, mid).filter(|known| !again(known));
            known.unwrap_or_else(|| Message::new(origin.name, mid, origin.zone, &entry))
        });
        let at = entry.at;
        held.merge(entry, fact);
        let (icid, ready_at) = (held.icid, held.ready_at);
        let finished = held.finished.is_some();
        if finished {
            self.messages.finish_later(key, origin.now);
        }
        if let Some(icid) = icid {
            self.join(origin.appliance, icid, mid, at, ready_at);
        }
    }

    /// Ties a message to its connection, if that is in memory, and notes the tie in any case.
    fn join(
        &mut self,
        appliance: ApplianceIndex,
        icid: u64,
        mid: u64,
        at: Timestamp,
        ready_at: Option<Timestamp>,
    ) {
        let mids = self.by_icid.entry((appliance, icid)).or_default();
        if !mids.contains(&mid) {
            mids.push(mid);
        }
        let Some(connection) = self.connections.held.get_mut(&(appliance, icid)) else { return };
        if at < connection.record.common.first_at.saturating_sub(LINGER).unwrap_or(at) {
            return;
        }
        connection.record.carried(mid);
        if let Some(ready_at) = ready_at {
            connection.record.took(mid, ready_at);
        }
        if let Some(message) = self.messages.held.get_mut(&(appliance, mid)) {
            message.record.connection.get_or_insert_with(|| connection.record.common.id.clone());
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
        let again = |held: &Connection| {
            matches!(fact, Fact::ConnectionOpened { .. })
                && held.opened.as_ref().is_some_and(|opened| opened.at != entry.at)
        };
        let fresh = !self.connections.held.contains_key(&key);
        let held = open(&mut self.connections, key, origin.now, again, || {
            let known = recall.connection(origin.name, icid).filter(|known| !again(known));
            known.unwrap_or_else(|| Connection::new(origin.name, icid, origin.zone, &entry))
        });
        let at = entry.at;
        held.merge(entry, fact);
        if held.has_ended() {
            self.connections.finish_later(key, origin.now);
        }
        if fresh {
            for mid in self.by_icid.get(&key).cloned().unwrap_or_default() {
                let ready_at = self.messages.held.get(&(origin.appliance, mid));
                let ready_at = ready_at.and_then(|held| held.record.ready_at);
                self.join(origin.appliance, icid, mid, at, ready_at);
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
        let again = |held: &Delivery| {
            matches!(fact, Fact::DeliveryOpened { .. })
                && held.opened_at.is_some_and(|opened| opened != entry.at)
        };
        let held = open(&mut self.deliveries, key, origin.now, again, || {
            let known = recall.delivery(origin.name, dcid).filter(|known| !again(known));
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
        rested.extend(connections.into_iter().map(|one| Rested::Connection(Box::new(one))));
        let deliveries = self.deliveries.due(now, ticket, everything);
        rested.extend(deliveries.into_iter().map(|one| Rested::Delivery(Box::new(one))));
        for event in self.events.drain(..) {
            rested.push(Rested::Event(Box::new(event.clone())));
            self.leaving_events.push((ticket, event));
        }
        (ticket, rested)
    }

    /// What went out with that ticket, or before, can be read where it went: it leaves memory.
    pub fn settled(&mut self, ticket: u64) {
        self.messages.settled(ticket);
        self.connections.settled(ticket);
        self.deliveries.settled(ticket);
        self.leaving_events.retain(|(written, _)| *written > ticket);
        let messages = &self.messages.held;
        self.by_icid.retain(|(appliance, _), mids| {
            mids.retain(|mid| messages.contains_key(&(*appliance, *mid)));
            !mids.is_empty()
        });
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
        self.events.iter().chain(self.leaving_events.iter().map(|(_, event)| event))
    }

    /// The connection of a message, if it is in memory.
    #[must_use]
    pub fn connection_of(&self, message: &Message) -> Option<&Connection> {
        let id = message.connection.as_deref()?;
        self.connections
            .iter()
            .find(|one| Some(one.icid) == message.icid && one.common.id == id)
    }
}

/// The record of that number: the held one; or, if the line begins the number anew, a fresh one,
/// the held one retired; or the recalled or fresh one.
fn open<R: Clone>(
    shelf: &mut Shelf<R>,
    key: Key,
    now: Timestamp,
    begins_again: impl Fn(&R) -> bool,
    make: impl FnOnce() -> R,
) -> &mut R
where
    Key: Hash + Eq,
{
    if shelf.held.get(&key).is_some_and(|held| begins_again(&held.record))
        && let Some(former) = shelf.held.remove(&key)
    {
        match former.written {
            Some(ticket) => shelf.leaving.push((ticket, former.record)),
            None => shelf.retired.push(former.record),
        }
    }
    let held = shelf.held.entry(key).or_insert_with(|| Held {
        record: make(),
        touched: now,
        written: None,
        finishing: false,
    });
    held.touched = now;
    held.written = None;
    &mut held.record
}

/// Whether a line begins a MID that is in use: `Start MID` for one that has started at another
/// moment, or that has finished before this moment.
fn starts_again(held: &Message, fact: &Fact<'_>, entry: &Entry) -> bool {
    if !matches!(fact, Fact::Started { .. }) {
        return false;
    }
    let other_start = held.started_at.is_some_and(|started| started != entry.at);
    let over = held.finished.is_some_and(|finish| finish.at < entry.at);
    other_start || over
}
