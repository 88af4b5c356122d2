//! Events to records: one owner, lines in order, no clock and no I/O of its own.
//!
//! Each line goes into one record and changes no other. A record is in memory while it is
//! active; [`Assembler::tick`] hands out what is to be written, with a ticket and the journal
//! position up to which everything is then written ([`Handout::complete`]); it stays readable
//! here until [`Assembler::settled`] says that what was written can be read where it was written
//! to. A later line brings a written record back through [`Recall`] and it is written again
//! under the same id. Which record a line belongs to is `again.rs`'s to say; how long records
//! stay, `shelf.rs`'s; how they hang together, `join.rs`'s.
//!
//! When a record is written changes nothing in it: so waiting goes by the clock of receipt, also
//! for archives, and under memory pressure ([`Assembler::shed`]) it is cut short.
//!
//! Not here yet: shards.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::RandomState;
use jiff::{SignedDuration, Timestamp};
use whymid_schemas::Zone;

use crate::appliance::{ApplianceIndex, ZoneShift};
use crate::entry::Entry;
use crate::event::{Fact, MailEvent, Owner};
use crate::forgotten::Forgotten;
use crate::grammar;
use crate::join;
use crate::links::Link;
use crate::merge::Record;
use crate::record::{ApplianceEvent, Connection, Delivery, Message};
use crate::reset::Life;
use crate::shelf::{Coming, Shelf};

/// How long a finished record waits for stragglers before it is written.
pub const LINGER: SignedDuration = SignedDuration::from_secs(10);

/// Finds what was written before. An appliance may have had several identities; all are asked
/// for.
pub trait Recall {
    /// The messages of that MID.
    fn messages(&mut self, appliance: &[String], mid: u64) -> Vec<Message>;
    /// The connections of that ICID.
    fn connections(&mut self, appliance: &[String], icid: u64) -> Vec<Connection>;
    /// The deliveries of that DCID.
    fn deliveries(&mut self, appliance: &[String], dcid: u64) -> Vec<Delivery>;
    /// The appliance event of that id.
    fn event(&mut self, id: &str) -> Option<ApplianceEvent>;
}

/// For a log that is read in one go: nothing was written before.
#[derive(Debug)]
pub struct NothingWritten;

impl Recall for NothingWritten {
    fn messages(&mut self, _: &[String], _: u64) -> Vec<Message> {
        Vec::new()
    }
    fn connections(&mut self, _: &[String], _: u64) -> Vec<Connection> {
        Vec::new()
    }
    fn deliveries(&mut self, _: &[String], _: u64) -> Vec<Delivery> {
        Vec::new()
    }
    fn event(&mut self, _: &str) -> Option<ApplianceEvent> {
        None
    }
}

/// A record to be written.
#[derive(Clone, Debug)]
pub enum Rested {
    /// A message, with its connection as far as it is in memory; the messages of one hand-out
    /// share it.
    Message(Box<Message>, Option<Arc<Connection>>),
    /// A connection, with its messages as far as they are in memory.
    Connection(Box<Connection>),
    /// A delivery.
    Delivery(Box<Delivery>),
    /// An appliance event.
    Event(Box<ApplianceEvent>),
}

/// What is to be written next.
#[derive(Clone, Debug)]
pub struct Handout {
    /// To be given back when all of it, and all that was handed out before, can be read.
    pub ticket: u64,
    /// The records.
    pub records: Vec<Rested>,
    /// Once that is so, every line up to this journal position is in what was written.
    pub complete: u64,
    /// No line behind this journal position is.
    pub reached: u64,
}

/// Where a line comes from, beside what it says.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The appliance.
    pub appliance: ApplianceIndex,
    /// Its identity, that new records carry.
    pub name: &'a str,
    /// Every identity that it has had.
    pub names: &'a [String],
    /// Where its zone comes from.
    pub zone: Zone,
    /// Its zone, if it was assumed at first and is known by now.
    pub shift: Option<ZoneShift>,
    /// The life of the gateway in which it was written: between two resets of its counters.
    pub life: Life,
    /// When the line was received, by the caller's clock.
    pub now: Timestamp,
    /// It came as it was written, from no archive.
    pub live: bool,
}

impl Origin<'_> {
    /// Brings a record that was read in an assumed zone up to date.
    fn renew<R: Record>(&self, record: &mut R) {
        if let Some(shift) = self.shift
            && record.common().zone == Zone::Assumed
        {
            record.move_zone(self.zone, shift.epoch, shift.behind);
        }
    }
}

/// All records in memory. See the file's head.
#[derive(Debug)]
pub struct Assembler {
    messages: Shelf<Message>,
    connections: Shelf<Connection>,
    deliveries: Shelf<Delivery>,
    events: Shelf<ApplianceEvent>,
    /// Every identity of every appliance.
    by_name: HashMap<String, ApplianceIndex, RandomState>,
    ticket: u64,
    /// The journal position of the last line taken.
    taken: u64,
    /// No line behind this journal position has been written.
    reached: u64,
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
            events: Shelf::new(),
            by_name: HashMap::default(),
            ticket: 0,
            taken: 0,
            reached: 0,
        }
    }

    /// Goes on where what was written ends: every line up to `complete` is in it, none behind
    /// `reached`.
    pub fn go_on_from(&mut self, complete: u64, reached: u64) {
        self.taken = self.taken.max(complete);
        self.reached = self.reached.max(reached).max(complete);
    }

    /// Takes one line.
    pub fn push(
        &mut self,
        origin: Origin<'_>,
        event: &MailEvent<'_>,
        entry: Entry,
        recall: &mut dyn Recall,
    ) {
        self.taken = self.taken.max(entry.position);
        self.reached = self.reached.max(entry.position);
        let names = origin.names;
        if !self.by_name.contains_key(origin.name) {
            let names = names.iter().map(|name| (name.clone(), origin.appliance));
            self.by_name.extend(names);
        }
        match event.owner {
            Owner::Message(mid) => self.messages.take(
                Coming::of(origin, mid, &event.fact, entry),
                || united(recall.messages(names, mid)),
                |one| origin.renew(one),
                |first| Message::new(origin, mid, first),
            ),
            Owner::Connection(icid) => self.connections.take(
                Coming::of(origin, icid, &event.fact, entry),
                || united(recall.connections(names, icid)),
                |one| origin.renew(one),
                |first| Connection::new(origin, icid, first),
            ),
            Owner::Delivery(dcid) => self.deliveries.take(
                Coming::of(origin, dcid, &event.fact, entry),
                || united(recall.deliveries(names, dcid)),
                |one| origin.renew(one),
                |first| Delivery::new(origin, dcid, first),
            ),
            Owner::Beside(mid) => self.push_event(origin, Some(mid), &event.fact, entry, recall),
            Owner::Appliance => self.push_event(origin, None, &event.fact, entry, recall),
        }
    }

    fn push_event(
        &mut self,
        origin: Origin<'_>,
        about: Option<u64>,
        fact: &Fact<'_>,
        entry: Entry,
        recall: &mut dyn Recall,
    ) {
        let (id, number) = ApplianceEvent::id_of(origin.name, &entry);
        self.events.take(
            Coming::of(origin, number, fact, entry),
            || recall.event(&id).into_iter().collect(),
            |_| {},
            |first| ApplianceEvent::new(origin, first, about),
        );
    }

    /// A gateway turned out to have begun anew at a moment: what records of before hold of lines
    /// from then on is other records'.
    pub fn part(&mut self, of: ApplianceIndex, moment: Timestamp, now: Timestamp) {
        self.messages.part(of, moment, now, Message::parted);
        self.connections.part(of, moment, now, Connection::parted);
        self.deliveries.part(of, moment, now, Delivery::parted);
    }

    /// Hands out what must be written by `now`: what has finished and lingered, and what has
    /// been changed for a minute; of each kind up to about so many bytes.
    pub fn tick(&mut self, now: Timestamp, most: usize) -> Handout {
        self.hand_out(|shelves, ticket| Due {
            messages: shelves.messages.due(now, ticket, most),
            connections: shelves.connections.due(now, ticket, most),
            deliveries: shelves.deliveries.due(now, ticket, most),
            events: shelves.events.due(now, ticket, most),
        })
    }

    /// Hands out about so many bytes of records, those first that have waited longest.
    pub fn shed(&mut self, weight: usize) -> Handout {
        self.hand_out(|shelves, ticket| {
            let all = shelves.weight().max(1);
            let share = |own: usize| usize::try_from(weight as u128 * own as u128 / all as u128);
            let share = |own| share(own).unwrap_or(usize::MAX).max(1);
            Due {
                messages: shelves
                    .messages
                    .shed(ticket, share(shelves.messages.weight())),
                connections: shelves
                    .connections
                    .shed(ticket, share(shelves.connections.weight())),
                deliveries: shelves
                    .deliveries
                    .shed(ticket, share(shelves.deliveries.weight())),
                events: shelves.events.shed(ticket, share(shelves.events.weight())),
            }
        })
    }

    fn hand_out(&mut self, due: impl FnOnce(&mut Self, u64) -> Due) -> Handout {
        self.ticket += 1;
        let ticket = self.ticket;
        let due = due(self, ticket);
        let mut joined: HashMap<String, Arc<Connection>> = HashMap::new();
        let messages = due.messages.into_iter().map(|message| {
            let connection = self.bare_connection_of(&message).map(|bare| {
                let shared = joined.entry(bare.common.id.clone());
                Arc::clone(shared.or_insert_with(|| Arc::new(self.with_messages(bare))))
            });
            Rested::Message(Box::new(message), connection)
        });
        let connections = due.connections.into_iter().map(|mut connection| {
            self.note_messages(&mut connection);
            Rested::Connection(Box::new(connection))
        });
        let deliveries = due.deliveries.into_iter().map(Box::new);
        let events = due.events.into_iter().map(Box::new);
        let records = messages
            .chain(connections)
            .chain(deliveries.map(Rested::Delivery))
            .chain(events.map(Rested::Event))
            .collect();
        Handout {
            ticket,
            records,
            complete: self.complete(),
            reached: self.reached,
        }
    }

    fn complete(&self) -> u64 {
        let pending = [
            self.messages.pending_from(),
            self.connections.pending_from(),
            self.deliveries.pending_from(),
            self.events.pending_from(),
        ];
        let first = pending.into_iter().flatten().min();
        first.map_or(self.taken, |first| first.saturating_sub(1).min(self.taken))
    }

    /// What went out with that ticket, or before, can be read where it went: it leaves memory.
    pub fn settled(&mut self, ticket: u64) {
        self.messages.settled(ticket);
        self.connections.settled(ticket);
        self.deliveries.settled(ticket);
        self.events.settled(ticket);
    }

    /// What went out since the last settled ticket was not written: it goes out again.
    pub fn not_written(&mut self, now: Timestamp) {
        self.messages.not_written(now);
        self.connections.not_written(now);
        self.deliveries.not_written(now);
        self.events.not_written(now);
    }

    /// Masks an address in every record in memory; in how many it stood.
    pub fn forget(&mut self, address: &Forgotten) -> usize {
        let messages = self
            .messages
            .iter_mut()
            .filter_map(|one| address.forget(one));
        let connections = self
            .connections
            .iter_mut()
            .filter_map(|one| address.forget(one));
        let deliveries = self
            .deliveries
            .iter_mut()
            .filter_map(|one| address.forget(one));
        let events = self.events.iter_mut().filter_map(|one| {
            *one = address.event(one).ok()??;
            Some(())
        });
        messages.count() + connections.count() + deliveries.count() + events.count()
    }

    /// What the records take in memory, about, bytes.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.messages.weight()
            + self.connections.weight()
            + self.deliveries.weight()
            + self.events.weight()
    }

    /// How many messages, connections, deliveries and appliance events are in memory.
    #[must_use]
    pub fn counts(&self) -> [usize; 4] {
        [
            self.messages.count(),
            self.connections.count(),
            self.deliveries.count(),
            self.events.count(),
        ]
    }

    /// The messages in memory.
    pub fn messages(&self) -> impl Iterator<Item = &Message> {
        self.messages.iter()
    }

    /// The messages of one MID in memory.
    pub fn messages_of(&self, of: ApplianceIndex, mid: u64) -> impl Iterator<Item = &Message> {
        self.messages.of((of, mid))
    }

    /// The messages in memory that name an ICID.
    pub fn messages_by(&self, of: ApplianceIndex, icid: u64) -> impl Iterator<Item = &Message> {
        self.messages.linked_to(of, Link::Connection(icid))
    }

    /// The messages in memory that name a MID as their kin.
    pub fn kin_of(&self, of: ApplianceIndex, mid: u64) -> impl Iterator<Item = &Message> {
        self.messages.linked_to(of, Link::Kin(mid))
    }

    /// The connections in memory.
    pub fn connections(&self) -> impl Iterator<Item = &Connection> {
        self.connections.iter()
    }

    /// The connections of one ICID in memory.
    pub fn connections_of(
        &self,
        of: ApplianceIndex,
        icid: u64,
    ) -> impl Iterator<Item = &Connection> {
        self.connections.of((of, icid))
    }

    /// The deliveries in memory.
    pub fn deliveries(&self) -> impl Iterator<Item = &Delivery> {
        self.deliveries.iter()
    }

    /// The deliveries of one DCID in memory.
    pub fn deliveries_of(&self, of: ApplianceIndex, dcid: u64) -> impl Iterator<Item = &Delivery> {
        self.deliveries.of((of, dcid))
    }

    /// The appliance events in memory that are about a MID.
    pub fn events_about(
        &self,
        of: ApplianceIndex,
        mid: u64,
    ) -> impl Iterator<Item = &ApplianceEvent> {
        self.events.linked_to(of, Link::About(mid))
    }

    /// The appliance events in memory.
    pub fn events(&self) -> impl Iterator<Item = &ApplianceEvent> {
        self.events.iter()
    }

    /// The connection of a message with its messages, as far as they are in memory.
    #[must_use]
    pub fn connection_of(&self, message: &Message) -> Option<Connection> {
        let bare = self.bare_connection_of(message)?;
        Some(self.with_messages(bare))
    }

    fn bare_connection_of(&self, message: &Message) -> Option<&Connection> {
        let of = *self.by_name.get(&message.common.appliance)?;
        join::connection_of(message, self.connections_of(of, message.icid?))
    }

    fn with_messages(&self, bare: &Connection) -> Connection {
        let mut connection = bare.clone();
        self.note_messages(&mut connection);
        connection
    }

    fn note_messages(&self, connection: &mut Connection) {
        let Some(of) = self.by_name.get(&connection.common.appliance).copied() else {
            return;
        };
        let icid = connection.icid;
        let known: Vec<Connection> = self.connections_of(of, icid).cloned().collect();
        let messages = self.messages_by(of, icid).map(join::Carried::from);
        connection.note_messages(messages, &known);
    }
}

/// What is to be written of each kind.
struct Due {
    messages: Vec<Message>,
    connections: Vec<Connection>,
    deliveries: Vec<Delivery>,
    events: Vec<ApplianceEvent>,
}

/// Written records of one number, of an appliance that had several identities: what turns out to
/// be one record becomes one. The older id stays.
fn united<R: Record>(mut written: Vec<R>) -> Vec<R> {
    written.sort_by_key(|one| one.common().born);
    let mut all: Vec<R> = Vec::with_capacity(written.len());
    for record in written {
        match all.iter_mut().find(|older| are_one(*older, &record)) {
            Some(older) => older.take_over(record),
            None => all.push(record),
        }
    }
    all
}

fn are_one<R: Record>(older: &R, record: &R) -> bool {
    let first = record.common().entries.lines.first();
    older.common().appliance != record.common().appliance
        && first.is_some_and(|first| {
            let fact = grammar::read(&first.line).fact;
            if older.common().first_at <= first.at {
                !older.begins_another(&fact, first.at)
            } else {
                older.may_precede(&fact, first.at)
            }
        })
}

#[cfg(test)]
mod tests;
