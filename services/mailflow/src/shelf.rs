//! Records of one kind in memory: active, handed out to be written, settled.
//!
//! Invariants:
//! - while a number (MID, ICID, DCID) has a record in memory, all of its records are: what was
//!   written of it was recalled when its first line came;
//! - a record leaves memory only when what was handed out holds all of it and can be read;
//! - [`Shelf::pending_from`] is at or before the journal position of every line that is in no
//!   hand-out.
//!
//! A finished record is handed out when it has lingered; any other when it has been changed for
//! [`PARK`], whether it still grows or not: so a message that waits for days leaves memory
//! (parked), and a connection that trickles for hours holds no journal back (a snapshot).
//!
//! Not here: what a line does to a record, and which record it belongs to (`again.rs`).

use std::collections::{BTreeSet, HashMap, VecDeque};

use foldhash::fast::RandomState;
use jiff::{SignedDuration, Timestamp};

use crate::again;
use crate::appliance::ApplianceIndex;
use crate::assembler::{LINGER, Origin};
use crate::due::{Due, is_time, later, record_weight};
use crate::entry::Entry;
use crate::event::Fact;
use crate::links::{Link, Links};
use crate::merge::Record;
use crate::reset::Life;

/// A record is written at the latest so long after its first unwritten line.
pub const PARK: SignedDuration = SignedDuration::from_secs(60);

pub(crate) type Key = (ApplianceIndex, u64);

/// One record's place: its number and a serial number of its own.
type Place = (Key, u64);

/// A record in memory.
#[derive(Debug)]
struct Held<R> {
    record: R,
    serial: u64,
    /// Where in the journal the first line stands that no hand-out holds, and when it came.
    pending: Option<(u64, Timestamp)>,
    /// When a line last touched it, by the caller's clock.
    touched: Timestamp,
    /// Handed out with that ticket, and what was pending then.
    handed: Option<(u64, u64)>,
    /// Whether it waits in the queue of finished ones.
    lingering: bool,
    /// Whether it waits among those whose number is used again.
    retired: bool,
    weight: usize,
}

/// Records of one kind.
#[derive(Debug)]
pub(crate) struct Shelf<R> {
    held: HashMap<Key, Vec<Held<R>>, RandomState>,
    /// Finished ones, each with when it may be written, in order.
    lingering: VecDeque<(Timestamp, Place)>,
    /// Changed ones, each with when it must be written, in order.
    parking: VecDeque<(Timestamp, Place)>,
    /// Those that are over because their number is used again.
    retired: Vec<Place>,
    /// What is pending: journal position and serial number.
    pending: BTreeSet<(u64, u64)>,
    /// What was handed out, in order of tickets.
    handed: VecDeque<(u64, Place)>,
    /// Numbers that were recalled and perhaps not changed.
    recalled: Vec<Key>,
    /// Which records name which connections and messages.
    links: Links,
    serial: u64,
    weight: usize,
    count: usize,
}

/// A line on its way into a record.
pub(crate) struct Coming<'l> {
    pub(crate) key: Key,
    pub(crate) now: Timestamp,
    pub(crate) live: bool,
    pub(crate) life: Life,
    pub(crate) fact: &'l Fact<'l>,
    pub(crate) entry: Entry,
}

impl<'l> Coming<'l> {
    pub(crate) fn of(origin: Origin<'_>, number: u64, fact: &'l Fact<'l>, entry: Entry) -> Self {
        Self {
            key: (origin.appliance, number),
            now: origin.now,
            live: origin.live,
            life: origin.life,
            fact,
            entry,
        }
    }
}

impl<R: Record> Shelf<R> {
    pub(crate) fn new() -> Self {
        Self {
            held: HashMap::default(),
            lingering: VecDeque::new(),
            parking: VecDeque::new(),
            retired: Vec::new(),
            pending: BTreeSet::new(),
            handed: VecDeque::new(),
            recalled: Vec::new(),
            links: Links::default(),
            serial: 0,
            weight: 0,
            count: 0,
        }
    }

    /// Takes a line into the record that it belongs to. `recall` gives what was written of the
    /// number, `renew` brings a record's zone up to date, `make` makes another record.
    pub(crate) fn take(
        &mut self,
        coming: Coming<'_>,
        recall: impl FnOnce() -> Vec<R>,
        renew: impl Fn(&mut R),
        make: impl FnOnce(&Entry) -> R,
    ) {
        let Coming {
            key,
            now,
            live,
            life,
            fact,
            entry,
        } = coming;
        if !self.held.contains_key(&key) {
            self.bring_back(key, now, recall());
        }
        let place = {
            let held = self.held.entry(key).or_default();
            held.iter_mut().for_each(|one| renew(&mut one.record));
            again::choose(held.iter().map(|one| &one.record), life, fact, &entry)
        };
        let place = match place {
            Some(place) => self.merge(key, place, now, fact, entry),
            None => self.begin(key, now, fact, entry, make),
        };
        let held = self.held.get_mut(&key);
        if let Some(held) = held.filter(|_| live).and_then(|all| find(all, place?)) {
            held.record.common_mut().live_at = Some(now);
        }
    }

    fn bring_back(&mut self, key: Key, now: Timestamp, written: Vec<R>) {
        if written.is_empty() {
            return;
        }
        self.recalled.push(key);
        for record in written {
            self.put(key, now, record);
        }
    }

    /// Puts a record without anything pending on the shelf; its serial number.
    fn put(&mut self, key: Key, now: Timestamp, mut record: R) -> u64 {
        let held = self.held.entry(key).or_default();
        let is_taken = |id: &str| held.iter().any(|one| one.record.common().goes_by(id));
        while is_taken(&record.common().id) {
            record.common_mut().take_another_id();
        }
        self.serial += 1;
        let weight = record_weight(&record);
        self.weight += weight;
        self.count += 1;
        self.links.note(key, &record);
        self.held.entry(key).or_default().push(Held {
            record,
            serial: self.serial,
            pending: None,
            touched: now,
            handed: None,
            lingering: false,
            retired: false,
            weight,
        });
        self.serial
    }

    /// The serial number of the record that is another one now.
    fn merge(
        &mut self,
        key: Key,
        place: usize,
        now: Timestamp,
        fact: &Fact<'_>,
        entry: Entry,
    ) -> Option<u64> {
        let (position, weight) = (entry.position, entry.weight());
        let held = self.held.get_mut(&key)?.get_mut(place)?;
        let before = Links::mark(&held.record);
        let size = |record: &R| (record.common().entries.lines.len(), record.lists());
        let (lines, lists) = size(&held.record);
        if !held.record.merge(entry, fact, now) {
            return None;
        }
        // a copy, or a line there is no room for, takes nothing
        let (lines_now, lists_now) = size(&held.record);
        let grown = lists_now - lists + if lines_now > lines { weight } else { 0 };
        held.weight += grown;
        self.weight += grown;
        self.links.follow(key, before, &held.record);
        let serial = held.serial;
        self.touch(key, serial, position, now);
        Some(serial)
    }

    /// Another record of a number. The lines of the moment in which it begins are the new one's,
    /// though they came before the line that told: they are given back by the older one.
    fn begin(
        &mut self,
        key: Key,
        now: Timestamp,
        fact: &Fact<'_>,
        entry: Entry,
        make: impl FnOnce(&Entry) -> R,
    ) -> Option<u64> {
        let at = entry.at;
        let early = self.early_lines(key, at, now);
        self.retire_older(key, at);
        // the position of an early line may be below that of the one that makes the record
        let mut record = make(&entry);
        let positions = early.iter().map(|line| line.position);
        let from = positions.chain([entry.position]).min();
        record.fill(early, now);
        record.merge(entry, fact, now);
        let serial = self.put(key, now, record);
        self.touch(key, serial, from.unwrap_or_default(), now);
        Some(serial)
    }

    /// What began before a moment and is still to be written is written soon.
    fn retire_older(&mut self, key: Key, at: Timestamp) {
        for held in self.held.get_mut(&key).into_iter().flatten() {
            let older = held.record.common().first_at <= at;
            if older && held.pending.is_some() && !held.retired {
                held.retired = true;
                self.retired.push((key, held.serial));
            }
        }
    }

    fn early_lines(&mut self, key: Key, at: Timestamp, now: Timestamp) -> Vec<Entry> {
        let held = self.held.get(&key).into_iter().flatten();
        let older = held.filter(|one| one.record.common().first_at < at);
        let older = older.max_by_key(|one| one.record.common().first_at);
        let older = older.filter(|one| again::are_early(&one.record, at));
        let Some(serial) = older.map(|one| one.serial) else {
            return Vec::new();
        };
        self.give_back(key, serial, at, now)
    }

    /// Takes the lines from a moment on out of the older records of a gateway, and puts each
    /// record's into another of the same number.
    pub(crate) fn part(
        &mut self,
        of: ApplianceIndex,
        moment: Timestamp,
        now: Timestamp,
        make: impl Fn(&R, &Entry) -> R,
    ) {
        let straddles = |one: &&Held<R>| {
            let common = one.record.common();
            common.first_at < moment && common.last_at >= moment
        };
        let of_gateway = self.held.iter().filter(|((own, _), _)| *own == of);
        let places = of_gateway.flat_map(|(key, all)| {
            let all = all.iter().filter(straddles);
            all.map(|one| (*key, one.serial))
        });
        let places: Vec<Place> = places.collect();
        for (key, serial) in places {
            let lines = self.give_back(key, serial, moment, now);
            let older = self.held.get_mut(&key).and_then(|all| find(all, serial));
            let Some((first, older)) = lines.first().zip(older) else {
                continue;
            };
            let mut record = make(&older.record, first);
            let from = lines.iter().map(|line| line.position).min();
            record.fill(lines, now);
            let serial = self.put(key, now, record);
            self.touch(key, serial, from.unwrap_or_default(), now);
        }
    }

    /// Takes the lines from a moment on out of a record.
    fn give_back(&mut self, key: Key, serial: u64, from: Timestamp, now: Timestamp) -> Vec<Entry> {
        let Some(held) = self.held.get_mut(&key).and_then(|all| find(all, serial)) else {
            return Vec::new();
        };
        self.links.forget(key, &held.record);
        let lines = held.record.give_back(from);
        self.links.note(key, &held.record);
        if let Some(first) = lines.iter().map(|line| line.position).min() {
            self.touch(key, serial, first, now);
        }
        lines
    }

    /// Notes that a line of that position changed a record.
    fn touch(&mut self, key: Key, serial: u64, position: u64, now: Timestamp) {
        let Some(held) = self.held.get_mut(&key).and_then(|all| find(all, serial)) else {
            return;
        };
        held.touched = now;
        match held.pending {
            Some((from, _)) if from <= position => {}
            Some((from, since)) => {
                self.pending.remove(&(from, serial));
                self.pending.insert((position, serial));
                held.pending = Some((position, since));
            }
            None => {
                held.pending = Some((position, now));
                self.pending.insert((position, serial));
                self.parking.push_back((later(now, PARK), (key, serial)));
            }
        }
        if held.record.is_over() && !held.lingering {
            held.lingering = true;
            self.lingering
                .push_back((later(now, LINGER), (key, serial)));
        }
    }

    /// What must be written by now, up to so many bytes of it; the rest is next time's.
    pub(crate) fn due(&mut self, now: Timestamp, ticket: u64, most: usize) -> Vec<R> {
        let mut due = Due::up_to(most);
        while due.room > 0
            && let Some(place) = self.retired.pop()
        {
            due.add(self.hand_out(place, ticket));
        }
        while due.room > 0
            && let Some((_, place)) = self.lingering.pop_front_if(|(when, _)| is_time(*when, now))
        {
            match self.still_lingers(place, now) {
                Some(until) => self.lingering.push_back((until, place)),
                None => due.add(self.hand_out(place, ticket)),
            }
        }
        while due.room > 0
            && let Some((when, place)) = self.parking.pop_front_if(|(when, _)| is_time(*when, now))
        {
            if self.is_due(place, when) {
                due.add(self.hand_out(place, ticket));
            }
        }
        self.forget_recalled();
        due.records
    }

    /// What has changed, the longest ago first, up to so many bytes of it.
    pub(crate) fn shed(&mut self, ticket: u64, most: usize) -> Vec<R> {
        let mut due = Due::up_to(most);
        while due.room > 0
            && let Some((when, place)) = self.parking.pop_front()
        {
            if self.is_due(place, when) {
                due.add(self.hand_out(place, ticket));
            }
        }
        self.forget_recalled();
        due.records
    }

    /// Until when a finished record waits for stragglers, if it still does.
    fn still_lingers(&mut self, (key, serial): Place, now: Timestamp) -> Option<Timestamp> {
        let held = self.held.get_mut(&key).and_then(|all| find(all, serial))?;
        let until = later(held.touched, LINGER);
        held.lingering = !is_time(until, now);
        held.lingering.then_some(until)
    }

    /// Whether what was pending when it was queued for that moment still is.
    fn is_due(&mut self, (key, serial): Place, when: Timestamp) -> bool {
        let held = self.held.get_mut(&key).and_then(|all| find(all, serial));
        let pending = held.and_then(|held| held.pending);
        pending.is_some_and(|(_, since)| later(since, PARK) <= when)
    }

    /// The record as it is now, if anything of it is pending.
    fn hand_out(&mut self, (key, serial): Place, ticket: u64) -> Option<R> {
        let held = self.held.get_mut(&key).and_then(|all| find(all, serial))?;
        held.retired = false;
        let (from, _) = held.pending.take()?;
        self.pending.remove(&(from, serial));
        let first = held.handed.map_or(from, |(_, first)| first.min(from));
        held.handed = Some((ticket, first));
        self.handed.push_back((ticket, (key, serial)));
        Some(held.record.clone())
    }

    /// Lets go what was handed out with that ticket, or before, and not touched since. Costs
    /// what was handed out, not what is held.
    pub(crate) fn settled(&mut self, ticket: u64) {
        while let Some((_, (key, serial))) =
            self.handed.pop_front_if(|(written, _)| *written <= ticket)
        {
            if let Some(held) = self.held.get_mut(&key).and_then(|all| find(all, serial))
                && held.handed.is_some_and(|(written, _)| written <= ticket)
            {
                held.handed = None;
                self.let_go(key);
            }
        }
    }

    /// What was handed out since the last settled ticket was not written: all of it is pending
    /// again.
    pub(crate) fn not_written(&mut self, now: Timestamp) {
        for (_, (key, serial)) in std::mem::take(&mut self.handed) {
            let Some(held) = self.held.get_mut(&key).and_then(|all| find(all, serial)) else {
                continue;
            };
            if let Some((_, from)) = held.handed.take() {
                if !std::mem::replace(&mut held.retired, true) {
                    self.retired.push((key, serial));
                }
                self.touch(key, serial, from, now);
            }
        }
    }

    /// Numbers that were recalled for a line that changed nothing.
    fn forget_recalled(&mut self) {
        for key in std::mem::take(&mut self.recalled) {
            self.let_go(key);
        }
    }

    /// Forgets a number if all of its records can be read where they were written to.
    fn let_go(&mut self, key: Key) {
        let rests = |held: &Held<R>| held.pending.is_none() && held.handed.is_none();
        if !self.held.get(&key).is_some_and(|all| all.iter().all(rests)) {
            return;
        }
        for held in self.held.remove(&key).into_iter().flatten() {
            self.weight -= held.weight;
            self.count -= 1;
            self.links.forget(key, &held.record);
        }
    }

    /// The journal position of the oldest line that is in no hand-out.
    pub(crate) fn pending_from(&self) -> Option<u64> {
        self.pending.first().map(|(position, _)| *position)
    }

    /// Bytes in memory, about.
    pub(crate) fn weight(&self) -> usize {
        self.weight
    }

    /// Records in memory.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// The records of a number.
    pub(crate) fn of(&self, key: Key) -> impl Iterator<Item = &R> {
        self.held
            .get(&key)
            .into_iter()
            .flatten()
            .map(|held| &held.record)
    }

    /// The records that name a connection, or a message.
    pub(crate) fn linked_to(&self, of: ApplianceIndex, link: Link) -> impl Iterator<Item = &R> {
        let numbers = self.links.of(of, link);
        let all = numbers.flat_map(move |number| self.of((of, number)));
        all.filter(move |record| link.is_of(*record))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &R> {
        self.held.values().flatten().map(|held| &held.record)
    }

    /// To change texts in place; a record takes as much afterwards as before.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut R> {
        let all = self.held.values_mut().flatten();
        all.map(|held| &mut held.record)
    }
}

fn find<R>(all: &mut [Held<R>], serial: u64) -> Option<&mut Held<R>> {
    all.iter_mut().find(|held| held.serial == serial)
}
