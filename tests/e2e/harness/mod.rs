//! What the end-to-end tests share: the service, the forwarders, the senders, asking, waiting.
//!
//! Invariants: only processes that a test started are ended, by their own id; every port is one
//! that the kernel chose; nothing waits for a fixed time, only for a condition.

mod authority;
mod browser;
mod child;
mod command;
mod contract;
mod dice;
mod http;
mod log;
mod mount;
mod raw;
mod rsyslog;
mod send;
mod service;
pub(crate) mod systems;

pub(crate) use authority::{Authority, For, Signed};
pub(crate) use browser::Browser;
pub(crate) use child::Running;
pub(crate) use command::{Ran, is_for_tests, repository, whymid, whymid_with_input};
pub(crate) use contract::{Call, calls, encoded};
pub(crate) use dice::Dice;
pub(crate) use http::{Asker, Reply, is_japanese};
pub(crate) use log::{Session, founding_lines, recent, sender_quit, sender_quit_before};
pub(crate) use mount::{Ballast, Mount};
pub(crate) use raw::{Raw, exchange};
pub(crate) use rsyslog::{Forward, Rsyslog};
pub(crate) use send::{datagrams, octet_counted, tcp, tcp_from, udp_from};
pub(crate) use service::{Fallen, Service, Setup};
pub(crate) use systems::{Postfix, RequestTracker, RtTicket};

use std::time::{Duration, Instant};

/// The most that any condition may take; generous, because it only decides when to give up.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a condition is looked at.
const PACE: Duration = Duration::from_millis(20);

/// Waits until `probe` has something, and returns it; `None` when it never had.
pub(crate) fn wait_for<T>(probe: impl FnMut() -> Option<T>) -> Option<T> {
    wait_at_most(PATIENCE, probe)
}

/// The same, for what may take longer.
pub(crate) fn wait_at_most<T>(
    patience: Duration,
    mut probe: impl FnMut() -> Option<T>,
) -> Option<T> {
    let begun = Instant::now();
    loop {
        if let Some(found) = probe() {
            return Some(found);
        }
        if begun.elapsed() > patience {
            return None;
        }
        std::thread::sleep(PACE);
    }
}
