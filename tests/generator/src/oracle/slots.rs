//! Delivered lines by appliance, second and body, without their text.
//!
//! Invariants: a key is 64 bits of hash; at some millions of lines two different ones meet with
//! a probability below one in a million. A slot is a few dozen bytes; truth ids and numbers are
//! kept in 32 bits.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use jiff::civil::DateTime;

use super::Role;
use crate::dice::mixed;
use crate::kind::Kind;
use crate::truth::{Named, RecordKind, Whom, Written};

/// No record.
pub(super) const NOBODY: u32 = u32::MAX;

/// How many sources are told apart.
const SOURCES: usize = 4;

/// A record and its number in half the space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Packed {
    id: u32,
    number: u32,
    kind: RecordKind,
}

impl Packed {
    fn new(named: Named) -> Self {
        Self {
            id: named.whom.id() as u32,
            number: named.number as u32,
            kind: named.whom.kind(),
        }
    }

    fn named(self) -> Named {
        let id = u64::from(self.id);
        Named {
            whom: match self.kind {
                RecordKind::Message => Whom::Message(id),
                RecordKind::Connection => Whom::Connection(id),
                RecordKind::Delivery => Whom::Delivery(id),
                RecordKind::Event => Whom::Event(id),
            },
            number: u64::from(self.number),
        }
    }
}

/// One delivered line, or several that agree.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    /// The first of them.
    pub(super) line_id: u64,
    whom: Packed,
    also: Option<Packed>,
    delivered: [u16; SOURCES],
    /// In the record that it is about.
    pub(super) seen: u16,
    /// In the record that it names beside that one.
    pub(super) seen_second: u16,
    pub(super) seen_as_event: u16,
    pub(super) appliance: u16,
    pub(super) home: u32,
    pub(super) second_home: u32,
    pub(super) kind: Kind,
    /// It was found where it does not belong: it is not lost as well.
    pub(super) excused: bool,
    /// Lines that agree are about several records.
    pub(super) shared: bool,
}

impl Slot {
    fn new(line: &Written) -> Self {
        Self {
            line_id: line.line_id,
            whom: Packed::new(line.named()),
            also: line.also.map(Packed::new),
            delivered: [0; SOURCES],
            seen: 0,
            seen_second: 0,
            seen_as_event: 0,
            appliance: line.appliance as u16,
            home: NOBODY,
            second_home: NOBODY,
            kind: line.kind,
            excused: false,
            shared: false,
        }
    }

    /// The record that it is about.
    pub(super) fn whom(&self) -> Named {
        self.whom.named()
    }

    /// How many copies there should be: the most that one source held.
    pub(super) fn expected(&self) -> u16 {
        self.delivered.iter().copied().max().unwrap_or(0)
    }

    /// How many copies there are, where there are most.
    pub(super) fn most_seen(&self) -> u16 {
        self.seen.max(self.seen_second).max(self.seen_as_event)
    }
}

/// All delivered lines.
#[derive(Debug, Default)]
pub(super) struct Slots {
    pub(super) all: Vec<Slot>,
    by_key: HashMap<u64, u32, BuildHasherDefault<KeyItself>>,
    /// Further records that lines which agree are about.
    rivals: HashMap<u32, Vec<Named>>,
    appliances: usize,
}

impl Slots {
    pub(super) fn delivered(&mut self, source: usize, line: &Written) {
        self.appliances = self.appliances.max(line.appliance + 1);
        let key = key(line.appliance, line.at, &line.body);
        let fresh = self.all.len() as u32;
        let place = *self.by_key.entry(key).or_insert(fresh);
        if place == fresh {
            self.all.push(Slot::new(line));
        }
        let slot = &mut self.all[place as usize];
        let delivered = &mut slot.delivered[source.min(SOURCES - 1)];
        *delivered = delivered.saturating_add(1);
        if slot.whom() != line.named() {
            slot.shared = true;
            let rivals = self.rivals.entry(place).or_default();
            if !rivals.contains(&line.named()) {
                rivals.push(line.named());
            }
        }
    }

    pub(super) fn find(&self, appliance: usize, at: DateTime, body: &str) -> Option<u32> {
        self.by_key.get(&key(appliance, at, body)).copied()
    }

    /// The same line of whatever appliance.
    pub(super) fn find_elsewhere(&self, at: DateTime, body: &str) -> Option<u32> {
        (0..self.appliances).find_map(|appliance| self.find(appliance, at, body))
    }

    /// How a line stands to a record, if it may be with it at all.
    pub(super) fn role(&self, slot: u32, is_it: impl Fn(Named) -> bool) -> Option<Role> {
        let of = &self.all[slot as usize];
        if is_it(of.whom()) || self.rivals_of(slot).any(&is_it) {
            return Some(Role::Own);
        }
        let second = of.also.is_some_and(|packed| is_it(packed.named()));
        second.then_some(Role::Second)
    }

    fn rivals_of(&self, slot: u32) -> impl Iterator<Item = Named> + '_ {
        let shared = self.all[slot as usize].shared;
        let rivals = shared.then(|| self.rivals.get(&slot)).flatten();
        rivals.into_iter().flatten().copied()
    }

    /// The records that a line may be with.
    pub(super) fn candidates(&self, slot: u32, mut each: impl FnMut(Named, Role)) {
        let of = &self.all[slot as usize];
        each(of.whom(), Role::Own);
        for rival in self.rivals_of(slot) {
            each(rival, Role::Own);
        }
        if let Some(packed) = of.also {
            each(packed.named(), Role::Second);
        }
    }
}

fn key(appliance: usize, at: DateTime, body: &str) -> u64 {
    let (date, time) = (at.date(), at.time());
    let day = (i64::from(date.year()) * 13 + i64::from(date.month())) * 32 + i64::from(date.day());
    let minute = i64::from(time.hour()) * 60 + i64::from(time.minute());
    let second = day * 86_400 + minute * 60 + i64::from(time.second());
    let mut hash = mixed(second as u64 ^ ((appliance as u64) << 48));
    let mut chunks = body.as_bytes().chunks_exact(8);
    for chunk in &mut chunks {
        hash = absorbed(hash, chunk);
    }
    mixed(absorbed(hash, chunks.remainder()) ^ body.len() as u64)
}

/// Up to eight bytes more.
fn absorbed(hash: u64, bytes: &[u8]) -> u64 {
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    let folded = (hash ^ u64::from_le_bytes(word)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    folded ^ (folded >> 29)
}

/// A hasher for keys that are hashes.
#[derive(Clone, Copy, Debug, Default)]
struct KeyItself(u64);

impl Hasher for KeyItself {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = mixed(self.0 ^ u64::from(*byte));
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}
