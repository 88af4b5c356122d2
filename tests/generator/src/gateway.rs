//! One gateway's own state: counters, clock, open outbound connections.
//!
//! Invariants: a counter gives each number once in a generation; beyond [`LAST_NUMBER`] it goes
//! on at 1. An outbound connection serves one message at a time.

use crate::dice::Dice;
use crate::names::DESTINATIONS;
use crate::plan::{Appliance, LAST_NUMBER};
use crate::record::Who;

/// A number that is counted up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Counter(u64);

impl Counter {
    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        let number = self.0;
        self.0 = if number >= LAST_NUMBER { 1 } else { number + 1 };
        number
    }

    /// The number that the next one will get.
    pub(crate) fn current(self) -> u64 {
        self.0
    }
}

/// An open outbound connection.
#[derive(Clone, Copy, Debug)]
struct Outbound {
    who: Who,
    busy: bool,
    carried: u32,
    /// Counts its uses.
    stamp: u64,
}

/// The state of one gateway.
#[derive(Clone, Debug)]
pub(crate) struct Gateway {
    pub(crate) spec: Appliance,
    /// How often its counters were reset.
    pub(crate) generation: u32,
    pub(crate) mids: Counter,
    pub(crate) icids: Counter,
    pub(crate) dcids: Counter,
    pub(crate) rcids: Counter,
    /// Seconds that its clock is ahead of true time in its zone.
    pub(crate) ahead: i64,
    /// Until when it writes nothing but its start.
    pub(crate) down_until: i64,
    /// Lines that it wrote.
    pub(crate) lines: u64,
    /// Messages that it accepted.
    pub(crate) accepted: u64,
    outbound: Vec<Vec<Outbound>>,
    stamps: u64,
}

impl Gateway {
    pub(crate) fn new(spec: Appliance, dice: &mut Dice) -> Self {
        let first = spec.first_number;
        Self {
            spec,
            generation: 0,
            mids: Counter(first),
            icids: Counter(first),
            dcids: Counter(first),
            rcids: Counter(first),
            ahead: dice.between(0, 3) as i64 - 1,
            down_until: 0,
            lines: 0,
            accepted: 0,
            outbound: vec![Vec::new(); DESTINATIONS + 1],
            stamps: 0,
        }
    }

    /// Loses counters and connections.
    pub(crate) fn reset(&mut self) {
        self.generation += 1;
        self.mids = Counter(1);
        self.icids = Counter(1);
        self.dcids = Counter(1);
        self.rcids = Counter(1);
        self.outbound = vec![Vec::new(); DESTINATIONS + 1];
    }

    /// Takes a free connection to a destination, if there is one that has not carried too much.
    pub(crate) fn take_outbound(&mut self, destination: usize) -> Option<Who> {
        let open = &mut self.outbound[destination];
        let free = open.iter_mut().find(|one| !one.busy && one.carried < 20)?;
        free.busy = true;
        free.carried += 1;
        Some(free.who)
    }

    /// A new connection to a destination, in use.
    pub(crate) fn add_outbound(&mut self, destination: usize, who: Who) {
        self.outbound[destination].push(Outbound {
            who,
            busy: true,
            carried: 1,
            stamp: 0,
        });
    }

    fn find(&mut self, who: Who) -> Option<&mut Outbound> {
        let all = self.outbound.iter_mut().flatten();
        all.into_iter().find(|one| one.who == who)
    }

    /// A connection has nothing to do; the stamp by which to ask later whether that is still so.
    pub(crate) fn free_outbound(&mut self, who: Who) -> Option<u64> {
        self.stamps += 1;
        let stamp = self.stamps;
        let one = self.find(who)?;
        one.busy = false;
        one.stamp = stamp;
        Some(stamp)
    }

    /// Takes away a connection that has had nothing to do since that stamp.
    pub(crate) fn drop_idle(&mut self, who: Who, stamp: u64) -> bool {
        let idle = self
            .find(who)
            .is_some_and(|one| !one.busy && one.stamp == stamp);
        if idle {
            for open in &mut self.outbound {
                open.retain(|one| one.who != who);
            }
        }
        idle
    }
}
