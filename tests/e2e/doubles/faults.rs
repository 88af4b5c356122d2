//! How a double misbehaves: for the next requests, or by chance that can be had again.
//!
//! A fault is played on requests of its own kind ([`On`]); the first that was asked for and fits
//! wins. What a fault does stands beside it: whether the thing was done is what matters to whoever
//! asked for it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use super::server::{Answer, lock};

/// What goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// It is done, and the connection closed without an answer.
    DoneThenDropped,
    /// Nothing is done, and the connection closed without an answer.
    Dropped,
    /// Nothing is done: 429, and to be tried again after so many seconds.
    TooMany(u64),
    /// Nothing is done, and this status answered: 500, 502, 503, …
    Refused(u16),
    /// It is done, and this status answered: 500, 504, …
    DoneThenRefused(u16),
    /// It is done, and the answer's body drips over so many milliseconds.
    Drips(u64),
    /// Nothing is done: 302, to another path of the same server.
    Moved,
    /// It is done, and the answer is a page with the status 200.
    DoneThenPage,
    /// Nothing is done, and the answer is a page with the status 200: a proxy that wants a sign-in.
    /// Where any 2xx means that it was taken (webhooks, events), nobody can see that.
    Page,
    /// Nothing is done: 401.
    Unauthorized,
    /// Nothing is done: 403.
    Forbidden,
    /// It is done twice, and the first answered.
    Twice,
}

impl Fault {
    /// What it is played on where nothing else is said.
    const fn on(self) -> On {
        match self {
            Self::DoneThenDropped | Self::DoneThenRefused(_) => On::Changes,
            Self::Twice => On::Creates,
            Self::Dropped
            | Self::TooMany(_)
            | Self::Refused(_)
            | Self::Drips(_)
            | Self::Moved
            | Self::DoneThenPage
            | Self::Page
            | Self::Unauthorized
            | Self::Forbidden => On::All,
        }
    }

    /// Whether the thing is done all the same.
    pub(super) const fn is_done(self) -> bool {
        match self {
            Self::DoneThenDropped
            | Self::DoneThenRefused(_)
            | Self::Drips(_)
            | Self::DoneThenPage
            | Self::Twice => true,
            Self::Dropped
            | Self::TooMany(_)
            | Self::Refused(_)
            | Self::Moved
            | Self::Page
            | Self::Unauthorized
            | Self::Forbidden => false,
        }
    }

    /// What is answered in place of what would be, or was.
    pub(super) fn instead(self, right: Option<Answer>) -> Option<Answer> {
        match self {
            Self::DoneThenDropped | Self::Dropped => None,
            Self::TooMany(seconds) => {
                Some(told(429).with("Retry-After", seconds.to_string().as_str()))
            }
            Self::Refused(status) | Self::DoneThenRefused(status) => Some(told(status)),
            Self::Drips(time) => right.map(|answer| Answer {
                drip: Duration::from_millis(time),
                ..answer
            }),
            Self::Moved => Some(told(302).with("Location", "/moved/elsewhere")),
            Self::DoneThenPage | Self::Page => Some(told(200)),
            Self::Unauthorized => Some(told(401)),
            Self::Forbidden => Some(told(403)),
            Self::Twice => right,
        }
    }
}

/// A page, as balancers and proxies have them.
fn told(status: u16) -> Answer {
    let page = format!("<!doctype html><title>{status}</title><h1>mail gateway of .example</h1>");
    Answer::text(status, "text/html; charset=utf-8", &page)
}

/// Which requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum On {
    /// Any.
    All,
    /// Those that look for tickets.
    Searches,
    /// Those that read one.
    Reads,
    /// Those that open a ticket.
    Creates,
    /// Those that change anything: those that open a ticket too.
    Changes,
}

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Search,
    Read,
    Create,
    Change,
}

impl On {
    const fn fits(self, deed: Deed) -> bool {
        match self {
            Self::All => true,
            Self::Searches => matches!(deed, Deed::Search),
            Self::Reads => matches!(deed, Deed::Read),
            Self::Creates => matches!(deed, Deed::Create),
            Self::Changes => matches!(deed, Deed::Create | Deed::Change),
        }
    }
}

/// When a fault is played.
#[derive(Debug)]
enum When {
    /// On the next so many.
    Next(u64),
    /// On so many of a thousand.
    Chance(u64),
}

#[derive(Debug)]
struct Wish {
    fault: Fault,
    on: On,
    when: When,
}

#[derive(Debug, Default)]
struct State {
    wishes: Vec<Wish>,
    lag: Duration,
    chance: u64,
    played: BTreeMap<Fault, u64>,
}

/// The misbehaviour of one double. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults(Arc<Mutex<State>>);

impl Faults {
    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.0)
    }

    /// Plays a fault on the next so many requests of its kind.
    pub(crate) fn next(&self, count: u64, fault: Fault) {
        self.next_of(fault.on(), count, fault);
    }

    /// Plays a fault on the next so many requests of a kind.
    pub(crate) fn next_of(&self, on: On, count: u64, fault: Fault) {
        self.wish(on, When::Next(count), fault);
    }

    /// Plays a fault on so many of a thousand requests of its kind.
    pub(crate) fn sometimes(&self, of_a_thousand: u64, fault: Fault) {
        self.sometimes_of(fault.on(), of_a_thousand, fault);
    }

    /// Plays a fault on so many of a thousand requests of a kind.
    pub(crate) fn sometimes_of(&self, on: On, of_a_thousand: u64, fault: Fault) {
        self.wish(on, When::Chance(of_a_thousand), fault);
    }

    fn wish(&self, on: On, when: When, fault: Fault) {
        self.state().wishes.push(Wish { fault, on, when });
    }

    /// What was opened within so long a time is not found.
    pub(crate) fn lag(&self, time: Duration) {
        self.state().lag = time;
    }

    /// Sets the seed of chance.
    pub(crate) fn seed(&self, seed: u64) {
        self.state().chance = seed;
    }

    /// Behaves from now on. What was played stays counted.
    pub(crate) fn clear(&self) {
        let mut state = self.state();
        state.wishes.clear();
        state.lag = Duration::ZERO;
    }

    /// How often each fault was played.
    pub(crate) fn played(&self) -> BTreeMap<Fault, u64> {
        self.state().played.clone()
    }

    /// The fault that a request meets.
    pub(super) fn meet(&self, deed: Deed) -> Option<Fault> {
        let mut state = self.state();
        let State { wishes, chance, .. } = &mut *state;
        let mut fitting = wishes.iter_mut().filter(|wish| wish.on.fits(deed));
        let fault = fitting.find_map(|wish| wish.comes(chance))?;
        *state.played.entry(fault).or_default() += 1;
        Some(fault)
    }

    /// What was opened after this is not found.
    pub(super) fn horizon(&self) -> Instant {
        let now = Instant::now();
        now.checked_sub(self.state().lag).unwrap_or(now)
    }
}

impl Wish {
    fn comes(&mut self, chance: &mut u64) -> Option<Fault> {
        let comes = match &mut self.when {
            When::Next(0) => false,
            When::Next(left) => {
                *left -= 1;
                true
            }
            When::Chance(of_a_thousand) => thrown(chance) % 1000 < *of_a_thousand,
        };
        comes.then_some(self.fault)
    }
}

/// xorshift64*.
fn thrown(state: &mut u64) -> u64 {
    *state = (*state).max(1);
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    state.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
}
