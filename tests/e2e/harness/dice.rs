//! Chance that can be had again: splitmix64 from a seed that is printed.

use std::time::{SystemTime, UNIX_EPOCH};

/// Sets the seed, to see a failure once more.
const SEED: &str = "WHYMID_SEED";

/// A source of chance.
#[derive(Clone, Debug)]
pub(crate) struct Dice {
    /// What it was made from.
    pub(crate) seed: u64,
    state: u64,
}

impl Dice {
    /// From the seed that the tester set, or another one each time. Prints it.
    pub(crate) fn cast(what: &str) -> Self {
        let told = std::env::var(SEED).ok().and_then(|seed| seed.parse().ok());
        let dice = Self::of(told.unwrap_or_else(now));
        println!("{what}: {SEED}={}", dice.seed);
        dice
    }

    /// From a seed.
    pub(crate) fn of(seed: u64) -> Self {
        Self { seed, state: seed }
    }

    /// Another one, whose throws are its own.
    pub(crate) fn another(&mut self) -> Self {
        Self::of(self.next())
    }

    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number from `least` to `most`, both included.
    pub(crate) fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.next() % (most - least + 1)
    }

    /// True once in so many throws, on average.
    pub(crate) fn once_in(&mut self, throws: u64) -> bool {
        self.next().is_multiple_of(throws)
    }

    /// One of them.
    pub(crate) fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        let last = all.len() as u64 - 1;
        &all[usize::try_from(self.between(0, last)).expect("a place among them")]
    }

    /// Puts them into another order.
    pub(crate) fn shuffle<T>(&mut self, all: &mut [T]) {
        for last in (1..all.len()).rev() {
            let place = self.between(0, last as u64);
            all.swap(last, usize::try_from(place).expect("a place among them"));
        }
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs() ^ u64::from(since.subsec_nanos()))
}
