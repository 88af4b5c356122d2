//! How often an address was refused for its token: whoever tries many is answered less.
//!
//! Invariant: a token that is right passes, however many wrong ones came from the same address: a
//! proxy in front shows one address for all.

use std::{net::IpAddr, num::NonZeroU32};

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// Wrong tokens of one address in a minute, before it is told to wait.
const A_MINUTE: NonZeroU32 = NonZeroU32::new(20).expect("not zero");

/// Addresses that are remembered, before those that have waited are forgotten.
const MANY: usize = 10_000;

/// The refusals of each address.
pub(crate) struct Refusals(DefaultKeyedRateLimiter<IpAddr>);

impl Default for Refusals {
    fn default() -> Self {
        Self(RateLimiter::keyed(Quota::per_minute(A_MINUTE)))
    }
}

impl Refusals {
    /// Notes one; whether the address has had too many.
    pub(crate) fn are_too_many(&self, address: IpAddr) -> bool {
        if self.0.len() > MANY {
            self.0.retain_recent();
        }
        self.0.check_key(&address).is_err()
    }
}
