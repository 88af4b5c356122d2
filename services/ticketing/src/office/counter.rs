//! What people ask for: a ticket about one message, a test, an answer in somebody's ticket, what was
//! told and what was given up.

use std::sync::Arc;

use jiff::Timestamp;
use whymid_schemas::{
    Answer, Dedup, Grouping, Happening, Lang, Notification, NotificationState, TicketLink,
};

use super::intake::{Occurrence, place};
use super::turn::{Listed, listed};
use super::{Office, State};
use crate::cause::{Beginning, Cause, Nature, Seen};
use crate::key::{self, About};
use crate::leaving::leaving;
use crate::plan::Plan;
use crate::shelf::{Batch, Error, Table, number, numbered};
use crate::target::Ticket;
use crate::words;

/// The most notifications that are looked through for a page of a list.
const MOST_LOOKED_AT: usize = 20_000;

/// Which notifications are listed.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    /// Of this subscription.
    pub subscription: Option<String>,
    /// In this state.
    pub state: Option<NotificationState>,
    /// Of this cause.
    pub key: Option<String>,
    /// Older than the one of this number.
    pub before: Option<u64>,
    /// So many.
    pub limit: usize,
}

/// Why somebody's wish was not taken.
#[derive(Debug)]
pub enum NotTaken {
    /// There is no such subscription.
    Unknown,
    /// There is no such notification.
    UnknownNotification,
    /// It is not given up: it waits or was delivered.
    NotDead,
    /// That subscription's target has no tickets of others that could be answered.
    NoTickets,
    /// It was answered before, by this notification.
    Before(String),
    /// It can't be written.
    Failed(Error),
}

impl From<Error> for NotTaken {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// The ticket of a cause.
pub(super) fn link(cause: &Cause, plan: &Arc<Plan>) -> Option<TicketLink> {
    let ticket = cause.ticket.as_ref()?;
    Some(TicketLink {
        system: plan.terms.target.word().to_owned(),
        id: Some(ticket.id.clone()).filter(|id| !id.is_empty()),
        url: ticket.url.clone(),
        key: cause.key.clone(),
        count: cause.count,
        open: cause.open,
        subscription: plan.terms.name.clone(),
    })
}

impl Office {
    /// The tickets that a message or connection counts for.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn tickets_of(&self, record: &str) -> Result<Vec<TicketLink>, Error> {
        let prefix = format!("{record}\0");
        let mut keys = Vec::new();
        self.shelf
            .walk(Table::Occurrences, &prefix, |key, one: Occurrence| {
                let is_its = key.starts_with(prefix.as_bytes());
                if is_its {
                    keys.push(one.key);
                }
                is_its
            })?;
        let state = self.lock();
        let links = keys.iter().filter_map(|key| {
            let cause = state.causes.get(key)?;
            let plan = state.plan(&cause.subscription)?;
            let is_coming = cause.pending.is_some() && !cause.held;
            (is_coming || cause.ticket.is_some()).then(|| coming(cause, plan))
        });
        Ok(links.collect())
    }

    /// Whether a message or connection counts for a cause. Asks the disk; what can't be read does not.
    #[must_use]
    pub fn counts(&self, record: &str) -> bool {
        let prefix = format!("{record}\0");
        let mut found = false;
        let looked = self
            .shelf
            .walk(Table::Occurrences, &prefix, |key, _: Occurrence| {
                found = key.starts_with(prefix.as_bytes());
                false
            });
        looked.is_ok() && found
    }

    /// The tickets of a subscription with their titles, those of the newest occurrences first.
    #[must_use]
    pub fn tickets_by(&self, subscription: &str, most: usize) -> Vec<(String, TicketLink)> {
        let state = self.lock();
        let Some(plan) = state.plan(subscription) else {
            return Vec::new();
        };
        let is_its = |one: &&Cause| one.subscription == subscription && one.nature != Nature::Once;
        let mut causes: Vec<&Cause> = state.causes.values().filter(is_its).collect();
        causes.sort_by_key(|one| std::cmp::Reverse(one.last_at));
        let links = causes
            .into_iter()
            .filter_map(|one| Some((one.title.clone(), link(one, plan)?)));
        links.take(most).collect()
    }

    /// Notifications, the newest first, and the number to go on before.
    ///
    /// # Errors
    /// When they can't be read.
    pub fn notifications(
        &self,
        wanted: &Listing,
        lang: Lang,
    ) -> Result<(Vec<Notification>, Option<u64>), Error> {
        let mut found = Vec::new();
        let (mut looked_at, mut next) = (0, None);
        let before = wanted.before.map(numbered);
        let fits = |one: &Notification| {
            wanted.state.is_none_or(|state| one.state == state)
                && wanted.key.as_ref().is_none_or(|key| one.key == *key)
                && (wanted.subscription.as_ref()).is_none_or(|id| one.subscription == *id)
        };
        let before = before.as_ref().map(<[u8; 8]>::as_slice);
        self.shelf
            .walk_back(Table::Notifications, before, |key, one: Listed| {
                if found.len() >= wanted.limit || looked_at >= MOST_LOOKED_AT {
                    next = number(key).map(|number| number + 1);
                    return false;
                }
                looked_at += 1;
                if fits(&one.shown) {
                    found.push(one.to(lang));
                }
                true
            })?;
        Ok((found, next))
    }

    /// Tries again what was given up.
    ///
    /// # Errors
    /// [`NotTaken`].
    pub fn retry(&self, id: &str, now: Timestamp, lang: Lang) -> Result<Notification, NotTaken> {
        let mut state = self.lock();
        let key = id.rsplit_once('-').map(|(key, _)| key);
        let cause = key.and_then(|key| state.causes.get(key)).cloned();
        let mut cause = cause.ok_or(NotTaken::UnknownNotification)?;
        let plan = state.plan(&cause.subscription).cloned();
        let plan = plan.ok_or(NotTaken::UnknownNotification)?;
        let pending = cause.pending.as_mut().ok_or(NotTaken::NotDead)?;
        if pending.event.id != id || !pending.dead {
            return Err(NotTaken::NotDead);
        }
        pending.dead = false;
        pending.attempts = 0;
        pending.created_at = now;
        pending.next_at = now;
        let pending = pending.clone();
        let told = listed(&cause, &pending, &plan);
        let mut batch = Batch::default();
        batch.put(Table::Notifications, numbered(pending.number), &told);
        if let Some(held) = state.subscriptions.get_mut(&cause.subscription) {
            held.paused_until = None;
        }
        self.settle(&mut state, batch, vec![cause])?;
        Ok(told.to(lang))
    }

    /// A ticket about one message or connection, because somebody wants it; the one that there is.
    ///
    /// # Errors
    /// [`NotTaken`].
    pub fn want(
        &self,
        subscription: &str,
        answer: &Answer,
        now: Timestamp,
    ) -> Result<TicketLink, NotTaken> {
        let mut state = self.lock();
        let plan = state.plan(subscription).cloned().ok_or(NotTaken::Unknown)?;
        let record = key::record(answer).to_owned();
        let at = place(&record, subscription);
        let known: Option<Occurrence> = self.shelf.get(Table::Occurrences, &at)?;
        let known = known.and_then(|one| state.causes.get(&one.key));
        if let Some(known) = known.filter(|one| one.told.is_some() || one.pending.is_some()) {
            return Ok(coming(known, &plan));
        }
        if let Some(known) = known.filter(|one| one.open) {
            // it counts for a cause that has no ticket yet: that one gets it
            let mut cause = known.clone();
            cause.held = false;
            let told = self.told(&state, &cause, &plan, Some(answer), Happening::Opened, now);
            let link = self.send(&mut state, cause, &plan, told, Batch::default(), now)?;
            return Ok(link.1);
        }
        let about = About::of(subscription, answer, &[Dedup::Record]);
        let shown = leaving(answer, &plan.terms.fields);
        let seen = Seen {
            record,
            at: now,
            title: words::title(&shown, &[]),
        };
        let mut cause = self.begin(subscription, about.base, Nature::Wanted, seen.clone());
        cause.diagnosis.clone_from(&answer.diagnosis.id);
        cause.occur(seen);
        let mut batch = Batch::default();
        let occurrence = Occurrence {
            key: cause.key.clone(),
        };
        batch.put(Table::Occurrences, &at, &occurrence);
        let told = self.told(&state, &cause, &plan, Some(answer), Happening::Opened, now);
        let link = self.send(&mut state, cause, &plan, told, batch, now)?;
        Ok(link.1)
    }

    /// Tells the target something that says it is a test, as it would tell of a cause.
    ///
    /// # Errors
    /// [`NotTaken`].
    pub fn test(
        &self,
        subscription: &str,
        answer: &Answer,
        now: Timestamp,
    ) -> Result<Notification, NotTaken> {
        let mut state = self.lock();
        let plan = state.plan(subscription).cloned().ok_or(NotTaken::Unknown)?;
        let seen = Seen {
            record: String::new(),
            at: now,
            title: match plan.terms.lang {
                Lang::En => "whymid: a test, which closes itself".to_owned(),
                Lang::Ja => "whymid: テスト（自動的に閉じます）".to_owned(),
            },
        };
        let base = key::hashed(&["test", subscription, &now.to_string()]);
        let cause = self.begin(subscription, base, Nature::Once, seen);
        let told = self.told(&state, &cause, &plan, Some(answer), Happening::Test, now);
        let sent = self.send(&mut state, cause, &plan, told, Batch::default(), now)?;
        Ok(sent.0)
    }

    /// Adds an answer to somebody's ticket, once.
    ///
    /// # Errors
    /// [`NotTaken`].
    pub fn answer(
        &self,
        subscription: &str,
        ticket: &str,
        answer: &Answer,
        now: Timestamp,
    ) -> Result<Notification, NotTaken> {
        let mut state = self.lock();
        let plan = state.plan(subscription).cloned().ok_or(NotTaken::Unknown)?;
        if !plan.driver.finds() {
            return Err(NotTaken::NoTickets);
        }
        let base = key::hashed(&["ticket", subscription, ticket]);
        if let Some(known) = state.current.get(&base) {
            return Err(NotTaken::Before(format!("{known}-1")));
        }
        let shown = leaving(answer, &plan.terms.fields);
        let seen = Seen {
            record: key::record(answer).to_owned(),
            at: now,
            title: words::title(&shown, &[]),
        };
        let mut cause = self.begin(subscription, base, Nature::Once, seen);
        cause.ticket = Some(Ticket {
            id: ticket.to_owned(),
            url: None,
            open: true,
        });
        let told = self.told(&state, &cause, &plan, Some(answer), Happening::Asked, now);
        let sent = self.send(&mut state, cause, &plan, told, Batch::default(), now)?;
        Ok(sent.0)
    }

    /// Whether a ticket is one that was opened from here. One that is just being opened is known by
    /// the marker in its text: a rule over there may tell of it before its opening is answered.
    #[must_use]
    pub fn is_ours(&self, subscription: &str, ticket: &str, text: &str) -> bool {
        let state = self.lock();
        let mut named = keys_in(text).filter_map(|key| state.causes.get(key));
        if named.any(|one| one.subscription == subscription && one.ticket.is_none()) {
            return true;
        }
        let is_it = |one: &Cause| {
            one.subscription == subscription
                && one.nature != Nature::Once
                && one.ticket.as_ref().is_some_and(|known| known.id == ticket)
        };
        state.causes.values().any(is_it)
    }

    fn begin(&self, subscription: &str, base: String, nature: Nature, seen: Seen) -> Cause {
        Cause::new(Beginning {
            key: key::key(&base, key::life(seen.at)),
            base,
            generation: key::life(seen.at),
            subscription: subscription.to_owned(),
            diagnosis: String::new(),
            by: Grouping::Record,
            value: seen.record.clone(),
            on_path: false,
            nature,
            seen,
        })
    }

    fn send(
        &self,
        state: &mut State,
        mut cause: Cause,
        plan: &Arc<Plan>,
        event: crate::event::Event,
        mut batch: Batch,
        now: Timestamp,
    ) -> Result<(Notification, TicketLink), Error> {
        let number = state.next_notification;
        let pending = cause.pend(event, number, now);
        let link = coming(&cause, plan);
        let told = listed(&cause, &pending, plan);
        batch.put(Table::Notifications, numbered(number), &told);
        self.settle(state, batch, vec![cause])?;
        state.next_notification = number + 1;
        // nothing went wrong with it yet
        Ok((told.shown, link))
    }
}

/// The keys of the markers (`[whymid wm-0123456789abcdef-1]`) in a text.
fn keys_in(text: &str) -> impl Iterator<Item = &str> {
    let markers = text.split("[whymid ").skip(1);
    markers.filter_map(|rest| Some(rest.split_once(']')?.0.rsplit_once('-')?.0))
}

/// The ticket of a cause, or the one that it will have.
fn coming(cause: &Cause, plan: &Arc<Plan>) -> TicketLink {
    link(cause, plan).unwrap_or_else(|| TicketLink {
        system: plan.terms.target.word().to_owned(),
        id: None,
        url: None,
        key: cause.key.clone(),
        count: cause.count,
        open: cause.open,
        subscription: plan.terms.name.clone(),
    })
}
