//! A seed to a stream of choices, the same on every machine.
//!
//! Invariants: only 64-bit integers and IEEE doubles are used, never `usize` arithmetic of the
//! platform and never the library's own distributions, whose values may change with its version.
//!
//! Not here: what is chosen.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, SeedableRng};

/// 2^-53: the top 53 bits of a number become a double in [0, 1).
const UNIT: f64 = 1.0 / 9_007_199_254_740_992.0;

/// The seeded source of all choices.
#[derive(Clone, Debug)]
pub(crate) struct Dice(Xoshiro256PlusPlus);

impl Dice {
    /// Dice of a seed; `purpose` keeps apart what is thrown for different ends.
    pub(crate) fn new(seed: u64, purpose: u64) -> Self {
        let mut bytes = [0; 32];
        let mut state = seed ^ mixed(purpose);
        for word in bytes.chunks_exact_mut(8) {
            state = mixed(state);
            word.copy_from_slice(&state.to_le_bytes());
        }
        Self(Xoshiro256PlusPlus::from_seed(bytes))
    }

    /// Any number.
    pub(crate) fn any(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A number below `limit`; 0 if that is 0.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        let wide = u128::from(self.any()) * u128::from(limit);
        (wide >> 64) as u64
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// True with that probability.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        let thrown = (self.any() >> 11) as f64 * UNIT;
        thrown < probability
    }

    /// One of several.
    pub(crate) fn one_of<'a, T>(&mut self, several: &'a [T]) -> &'a T {
        &several[self.below(several.len() as u64) as usize]
    }

    /// A word of several.
    pub(crate) fn word(&mut self, several: &[&'static str]) -> &'static str {
        several[self.below(several.len() as u64) as usize]
    }

    /// A place among weights, in proportion to them; 0 if all are 0.
    pub(crate) fn weighted(&mut self, weights: &[u32]) -> usize {
        let total: u64 = weights.iter().map(|weight| u64::from(*weight)).sum();
        let mut left = self.below(total);
        for (place, weight) in weights.iter().enumerate() {
            match left.checked_sub(u64::from(*weight)) {
                Some(rest) => left = rest,
                None => return place,
            }
        }
        0
    }

    /// Brings several into another order.
    pub(crate) fn shuffle<T>(&mut self, several: &mut [T]) {
        for last in (1..several.len()).rev() {
            several.swap(last, self.below(last as u64 + 1) as usize);
        }
    }
}

/// One step of SplitMix64: a number to one that looks unrelated.
pub(crate) fn mixed(number: u64) -> u64 {
    let mut bits = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_within_their_limits_and_reach_them() {
        let mut dice = Dice::new(1, 1);
        let thrown: Vec<u64> = (0..500).map(|_| dice.between(3, 6)).collect();
        assert_eq!(thrown.iter().min(), Some(&3));
        assert_eq!(thrown.iter().max(), Some(&6));
    }

    #[test]
    fn weights_decide_how_often() {
        let mut dice = Dice::new(2, 1);
        let mut counts = [0; 3];
        for _ in 0..3_000 {
            counts[dice.weighted(&[1, 0, 9])] += 1;
        }
        assert_eq!(counts[1], 0);
        assert!(counts[2] > 5 * counts[0]);
    }

    #[test]
    fn the_same_seed_throws_the_same() {
        let (mut one, mut two) = (Dice::new(7, 3), Dice::new(7, 3));
        assert!((0..100).all(|_| one.any() == two.any()));
        assert_ne!(Dice::new(7, 3).any(), Dice::new(7, 4).any());
    }
}
