//! How often somebody may ask: a token so many times a second, an address as often without one, and
//! so many times with a token that is none.
//!
//! Invariant: a token that is right passes, however many wrong ones came from the same address: a
//! proxy in front shows one address for all.

use std::{net::IpAddr, num::NonZeroU32};

use governor::{
    DefaultKeyedRateLimiter, Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
};

/// Wrong tokens of one address in a minute, before it is told to wait.
const WRONG_A_MINUTE: NonZeroU32 = NonZeroU32::new(20).expect("not zero");

/// Addresses that are remembered, before those that have waited are forgotten.
const MANY: usize = 10_000;

/// At once a token may ask as often as in so many seconds.
const SECONDS_AT_ONCE: u32 = 10;

/// How often each asked.
pub(crate) struct Pace {
    refusals: DefaultKeyedRateLimiter<IpAddr>,
    tokens: DefaultKeyedRateLimiter<String>,
    strangers: DefaultKeyedRateLimiter<IpAddr>,
}

impl Pace {
    /// A token, and whoever has none, may ask so often in a second.
    pub(crate) fn new(a_second: NonZeroU32) -> Self {
        let at_once = a_second.saturating_mul(SECONDS_AT_ONCE.try_into().unwrap_or(a_second));
        Self {
            refusals: RateLimiter::keyed(Quota::per_minute(WRONG_A_MINUTE)),
            tokens: RateLimiter::keyed(Quota::per_second(a_second).allow_burst(at_once)),
            strangers: RateLimiter::keyed(Quota::per_second(a_second).allow_burst(at_once)),
        }
    }

    /// Notes a wrong token; how many seconds its address is to wait, if it had too many.
    pub(crate) fn refused(&self, address: IpAddr) -> Option<u64> {
        waits(&self.refusals, address)
    }

    /// Notes a request without a token; how many seconds its address is to wait, if it had too many.
    pub(crate) fn asked_by_stranger(&self, address: IpAddr) -> Option<u64> {
        waits(&self.strangers, address)
    }

    /// Notes a request of a token; how many seconds it is to wait, if it had too many.
    pub(crate) fn asked(&self, token: &str) -> Option<u64> {
        let wait = self.tokens.check_key(&token.to_owned()).err()?;
        Some(seconds(wait.wait_time_from(DefaultClock::default().now())))
    }
}

fn waits(limiter: &DefaultKeyedRateLimiter<IpAddr>, address: IpAddr) -> Option<u64> {
    if limiter.len() > MANY {
        limiter.retain_recent();
    }
    let wait = limiter.check_key(&address).err()?;
    Some(seconds(wait.wait_time_from(DefaultClock::default().now())))
}

/// Whole seconds, one at least.
fn seconds(wait: std::time::Duration) -> u64 {
    wait.as_secs() + 1
}
