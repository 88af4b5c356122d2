//! The two inbound timers of a listener, and after how long its mail counts as late, with where
//! each comes from.
//!
//! Defaults by the AsyncOS 10.0 guide, p. 5-6, and Cisco document 118495: 5 minutes for
//! unsuccessful inbound connections, 15 minutes for all inbound connections.

use std::collections::HashMap;

/// The time-out for unsuccessful inbound connections, seconds, unless configured.
pub const DEFAULT_INBOUND_TIMEOUT: u32 = 300;
/// The total time limit for inbound connections, seconds, unless configured.
pub const DEFAULT_MAX_CONNECTION_TIME: u32 = 900;

/// So many seconds after `ready` a delivery counts as late, unless configured.
pub const DEFAULT_LATE_AFTER: u32 = 900;

/// A timer and whether somebody configured it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timer {
    /// Seconds.
    pub seconds: u32,
    /// Configured here; else it is AsyncOS's default.
    pub configured: bool,
}

impl Timer {
    fn new(configured: Option<u32>, default: u32) -> Self {
        Self {
            seconds: configured.unwrap_or(default),
            configured: configured.is_some(),
        }
    }
}

/// A listener's two inbound timers, and what counts as late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timers {
    /// Time-out for unsuccessful inbound connections.
    pub inbound_timeout: Timer,
    /// Total time limit for inbound connections.
    pub max_connection_time: Timer,
    /// After how long a delivery counts as late.
    pub late_after: Timer,
}

impl Default for Timers {
    fn default() -> Self {
        ListenerTimers::default().into_timers()
    }
}

/// What the configuration says of a listener, or of all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListenerTimers {
    /// Seconds.
    pub inbound_timeout: Option<u32>,
    /// Seconds.
    pub max_connection_time: Option<u32>,
    /// Seconds.
    pub late_after: Option<u32>,
}

impl ListenerTimers {
    fn or(self, other: Self) -> Self {
        Self {
            inbound_timeout: self.inbound_timeout.or(other.inbound_timeout),
            max_connection_time: self.max_connection_time.or(other.max_connection_time),
            late_after: self.late_after.or(other.late_after),
        }
    }

    fn into_timers(self) -> Timers {
        Timers {
            inbound_timeout: Timer::new(self.inbound_timeout, DEFAULT_INBOUND_TIMEOUT),
            max_connection_time: Timer::new(self.max_connection_time, DEFAULT_MAX_CONNECTION_TIME),
            late_after: Timer::new(self.late_after, DEFAULT_LATE_AFTER),
        }
    }
}

/// `[listeners]`: for all, and by interface name or listener address.
#[derive(Clone, Debug, Default)]
pub struct Listeners {
    /// For every listener that has no value of its own.
    pub all: ListenerTimers,
    /// By interface name or address as logged, lower case.
    pub named: HashMap<String, ListenerTimers>,
}

impl Listeners {
    /// The timers of the listener that took a connection; the general ones where it is unknown.
    #[must_use]
    pub fn timers(&self, connection: Option<&whymid_mailflow::Connection>) -> Timers {
        let opened = connection.and_then(|one| one.opened.as_ref());
        let names = opened.into_iter().flat_map(|opened| {
            [opened.listener.as_deref(), Some(opened.interface.as_str())]
                .into_iter()
                .flatten()
        });
        let own = names
            .filter_map(|name| self.named.get(&name.to_lowercase()))
            .next();
        own.copied().unwrap_or_default().or(self.all).into_timers()
    }
}
