//! One cause: how often it occurred, what its target knows of it, what is to be told next.
//!
//! Invariants: at most one notification is under way, and it stays as it is until it is delivered or
//! given up; revisions only grow; what occurred meanwhile is counted and told by the next one.
//!
//! Moments are those at which lines were received: of a live line, seconds after it was written.
//!
//! Not here: which occurrences there are (`office.rs`), what the words are (`words.rs`).

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use whymid_schemas::{Grouping, Happening, Text};

use crate::event::Event;
use crate::plan::Plan;
use crate::target::Ticket;

/// A cause.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cause {
    pub(crate) key: String,
    /// What its key and those of its former lives are made of.
    pub(crate) base: String,
    /// Tells its lives apart: it came back after its ticket was closed for good. The second in which
    /// this one began, so that a key is never used again, even where former lives are forgotten.
    pub(crate) generation: u32,
    pub(crate) subscription: String,
    pub(crate) diagnosis: String,
    /// One line that says what it is.
    pub(crate) title: String,
    pub(crate) by: Grouping,
    /// In small letters.
    pub(crate) value: String,
    /// Mail that goes through shows that it is gone.
    pub(crate) on_path: bool,
    pub(crate) nature: Nature,
    pub(crate) open: bool,
    /// Occurrences that were counted, less those that turned out to be something else.
    pub(crate) count: u64,
    /// Those.
    pub(crate) moved: u64,
    pub(crate) first_at: Timestamp,
    pub(crate) last_at: Timestamp,
    /// When mail of the same host went through, since the last occurrence.
    pub(crate) healing_since: Option<Timestamp>,
    pub(crate) resolved_at: Option<Timestamp>,
    /// Why it is resolved.
    pub(crate) ended: Option<Ended>,
    /// The newest occurrence's record.
    pub(crate) record: String,
    /// There were too many: it has no ticket of its own.
    pub(crate) held: bool,
    /// When its ticket was opened.
    pub(crate) opened_at: Option<Timestamp>,
    pub(crate) ticket: Option<Ticket>,
    pub(crate) told: Option<Told>,
    pub(crate) revision: u32,
    pub(crate) pending: Option<Pending>,
}

/// What kind of cause it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Nature {
    /// Occurrences make it, time or success ends it.
    Ordinary,
    /// Somebody asked for a ticket about one record: it ends with whoever works on it.
    Wanted,
    /// It sums up those that are held.
    Summary,
    /// Somebody's ticket that is answered, or a test.
    Once,
}

/// Why a cause is resolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Ended {
    /// Nothing of it for long enough.
    Quiet,
    /// Mail of the same host went through.
    Success,
    /// All of it ended well after all, or turned out to be something else.
    Revised,
}

/// What the target knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Told {
    pub(crate) count: u64,
    pub(crate) moved: u64,
    pub(crate) open: bool,
    pub(crate) at: Timestamp,
}

/// A notification under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Pending {
    pub(crate) event: Event,
    /// Its number among the notifications.
    pub(crate) number: u64,
    /// What the target will know.
    pub(crate) tells: Told,
    pub(crate) attempts: u32,
    /// An attempt was begun, and it is not known what it did.
    pub(crate) tried: bool,
    pub(crate) created_at: Timestamp,
    pub(crate) next_at: Timestamp,
    pub(crate) problem: Option<Text>,
    /// It was given up, or refused.
    pub(crate) dead: bool,
}

/// What an occurrence says of its cause.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) record: String,
    pub(crate) at: Timestamp,
    pub(crate) title: String,
}

/// What a cause is made of.
#[derive(Clone, Debug)]
pub(crate) struct Beginning {
    pub(crate) key: String,
    pub(crate) base: String,
    pub(crate) generation: u32,
    pub(crate) subscription: String,
    pub(crate) diagnosis: String,
    pub(crate) by: Grouping,
    pub(crate) value: String,
    pub(crate) on_path: bool,
    pub(crate) nature: Nature,
    pub(crate) seen: Seen,
}

impl Cause {
    /// One without occurrences.
    pub(crate) fn new(from: Beginning) -> Self {
        Self {
            key: from.key,
            base: from.base,
            generation: from.generation,
            subscription: from.subscription,
            diagnosis: from.diagnosis,
            title: from.seen.title,
            by: from.by,
            value: from.value,
            on_path: from.on_path,
            nature: from.nature,
            open: true,
            count: 0,
            moved: 0,
            first_at: from.seen.at,
            last_at: from.seen.at,
            healing_since: None,
            resolved_at: None,
            ended: None,
            record: from.seen.record,
            held: false,
            opened_at: None,
            ticket: None,
            told: None,
            revision: 0,
            pending: None,
        }
    }

    /// One more occurrence.
    pub(crate) fn occur(&mut self, seen: Seen) {
        self.count += 1;
        self.first_at = self.first_at.min(seen.at);
        self.last_at = self.last_at.max(seen.at);
        self.record = seen.record;
        self.title = seen.title;
        self.healing_since = None;
        self.open = true;
        self.resolved_at = None;
        self.ended = None;
    }

    /// An occurrence turned out to be something else.
    pub(crate) fn lose(&mut self, now: Timestamp) {
        self.count = self.count.saturating_sub(1);
        self.moved += 1;
        if self.count == 0 && self.open && self.nature == Nature::Ordinary {
            self.resolve(Ended::Revised, now);
        }
    }

    /// Mail of the same host (to the same domain) went through.
    pub(crate) fn succeed(&mut self, at: Timestamp) {
        if self.open && self.on_path && at > self.last_at && self.healing_since.is_none() {
            self.healing_since = Some(at);
        }
    }

    pub(crate) fn resolve(&mut self, why: Ended, now: Timestamp) {
        self.open = false;
        self.resolved_at = Some(now);
        self.ended = Some(why);
    }

    /// Why it ends now, if it has been quiet for long enough.
    pub(crate) fn rests(&self, plan: &Plan, now: Timestamp) -> Option<Ended> {
        if !self.open || self.nature != Nature::Ordinary {
            return None;
        }
        let since = |at: Timestamp| now.duration_since(at);
        let healed = plan.terms.resolve_on_success
            && self
                .healing_since
                .is_some_and(|at| since(at) >= plan.quiet_period);
        if healed {
            Some(Ended::Success)
        } else {
            (since(self.last_at) >= plan.resolve_after).then_some(Ended::Quiet)
        }
    }

    /// Whether it came to its end so long ago that what comes is another one.
    pub(crate) fn is_past(&self, reopen_within: SignedDuration, now: Timestamp) -> bool {
        self.resolved_at
            .is_some_and(|at| now.duration_since(at) > reopen_within)
    }

    /// What is to be told now, if anything is.
    pub(crate) fn news(&self, quiet_period: SignedDuration, now: Timestamp) -> Option<Happening> {
        if self.pending.is_some() || self.held {
            return None;
        }
        let Some(told) = self.told else {
            // what came and went unnoticed is not worth a ticket, but it was counted
            return self.open.then_some(Happening::Opened);
        };
        match (self.open, told.open) {
            (true, false) => return Some(Happening::Opened),
            // mail is delayed and delivered again and again: not a comment for each
            (false, true) if self.ended == Some(Ended::Revised) => {}
            (false, true) => return Some(Happening::Resolved),
            (true, true) => {}
            (false, false) => return None,
        }
        if told.at <= now && now.duration_since(told.at) < quiet_period {
            return None;
        }
        if !self.open {
            // nor an end, as long as it goes on like that
            let rests = now.duration_since(self.last_at) >= quiet_period;
            return rests.then_some(Happening::Resolved);
        }
        if self.count > told.count {
            Some(Happening::Recurred)
        } else if self.moved > told.moved {
            Some(Happening::Revised)
        } else {
            None
        }
    }

    /// What a notification of now tells.
    pub(crate) fn tells(&self, now: Timestamp) -> Told {
        Told {
            count: self.count,
            moved: self.moved,
            open: self.open,
            at: now,
        }
    }

    /// Has something to tell.
    pub(crate) fn pend(&mut self, event: Event, number: u64, now: Timestamp) -> Pending {
        self.revision = event.revision;
        let pending = Pending {
            tells: self.tells(now),
            event,
            number,
            attempts: 0,
            tried: false,
            created_at: now,
            next_at: now,
            problem: None,
            dead: false,
        };
        self.pending = Some(pending.clone());
        pending
    }

    /// The target has what is under way.
    pub(crate) fn delivered(&mut self, now: Timestamp) -> Option<Pending> {
        let pending = self.pending.take()?;
        let is_first = self.told.is_none();
        self.told = Some(Told {
            at: now,
            ..pending.tells
        });
        if is_first && pending.event.kind == Happening::Opened {
            self.opened_at = Some(now);
        }
        Some(pending)
    }
}

#[cfg(test)]
mod tests;
