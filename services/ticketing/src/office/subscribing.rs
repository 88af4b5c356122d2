//! Subscriptions made, changed and removed; their secrets kept, and never shown.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use whymid_schemas::{
    Lang, MailTls, Secret, Subscription, SubscriptionState, Target, Terms, Text, Time,
};

use super::delivery::UNDER_WAY;
use super::turn::listed;
use super::{Held, Office, State};
use crate::cause::{Cause, Nature};
use crate::plan::Plan;
use crate::shelf::{Batch, Error, Table, numbered};

/// The most subscriptions.
const MOST: usize = 100;

/// Why a subscription was not made or changed.
#[derive(Debug)]
pub enum NotSubscribed {
    /// There is none of that id.
    Unknown,
    /// Everything that is wrong, `member: what and how to mend it`.
    Faults(Vec<Text>),
    /// Another one has that name.
    NameTaken,
    /// There are too many.
    TooMany,
    /// It can't be written.
    Failed(Error),
}

impl From<Error> for NotSubscribed {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// What a change tries again.
#[derive(Default)]
struct Again {
    /// What was given up.
    dead: bool,
    /// What waits, as its target is told of in another way.
    waiting: bool,
    /// All of it, in another system, which has no ticket yet.
    moved: bool,
}

/// A subscription as it is on disk.
#[derive(Serialize, Deserialize)]
pub(super) struct Stored {
    id: String,
    terms: Terms,
    /// Its secrets, in the order in which the target names them.
    secrets: Vec<String>,
    created_at: Timestamp,
    changed_at: Timestamp,
    failure: Option<Text>,
}

/// Puts what is on disk into memory. What no version that wrote it would take is left alone.
pub(super) fn restore(mut stored: Stored, state: &mut State) {
    let mut secrets: VecDeque<String> = stored.secrets.into();
    for (_, secret) in stored.terms.target.secrets() {
        *secret = Secret::new(secrets.pop_front().unwrap_or_default());
    }
    let Ok(plan) = Plan::check(stored.terms) else {
        return;
    };
    let held = Held {
        plan: Arc::new(plan),
        created_at: stored.created_at,
        changed_at: stored.changed_at,
        filter_errors: 0,
        paused_until: None,
        downs: 0,
        failing_since: stored.failure.as_ref().map(|_| stored.changed_at),
        failure: stored.failure,
    };
    state.subscriptions.insert(stored.id, held);
}

impl Office {
    /// All subscriptions, by name.
    #[must_use]
    pub fn subscriptions(&self, lang: Lang) -> Vec<Subscription> {
        let state = self.lock();
        let all = state.subscriptions.iter();
        let mut all: Vec<_> = all
            .map(|(id, held)| shown(&state, id, held, lang))
            .collect();
        all.sort_by(|one, other| one.terms.name.cmp(&other.terms.name));
        all
    }

    /// One of them.
    #[must_use]
    pub fn subscription(&self, id: &str, lang: Lang) -> Option<Subscription> {
        let state = self.lock();
        let held = state.subscriptions.get(id)?;
        Some(shown(&state, id, held, lang))
    }

    /// The language of its tickets.
    #[must_use]
    pub fn lang_of(&self, id: &str) -> Option<Lang> {
        Some(self.lock().plan(id)?.terms.lang)
    }

    /// Makes one.
    ///
    /// # Errors
    /// [`NotSubscribed`].
    pub fn subscribe(&self, terms: Terms, now: Timestamp) -> Result<Subscription, NotSubscribed> {
        let plan = Plan::check(terms).map_err(NotSubscribed::Faults)?;
        let mut state = self.lock();
        if state.subscriptions.len() >= MOST {
            return Err(NotSubscribed::TooMany);
        }
        let id = new_id();
        self.hold(&mut state, &id, plan, now, &Again::default(), now)?;
        Ok(kept(&state, &id))
    }

    /// Changes one: what `changes` names (a merge patch, RFC 7396). What was given up is tried again, and
    /// what waits where the target's settings changed. Where the target is another system, the old one's
    /// tickets are left to it.
    ///
    /// # Errors
    /// [`NotSubscribed`].
    pub fn change(
        &self,
        id: &str,
        changes: &Value,
        now: Timestamp,
    ) -> Result<Subscription, NotSubscribed> {
        let mut state = self.lock();
        let held = state.subscriptions.get(id).ok_or(NotSubscribed::Unknown)?;
        let (before, created_at) = (held.plan.terms.clone(), held.created_at);
        let plan = changed(&before, changes).map_err(NotSubscribed::Faults)?;
        let moved = !same_system(&before.target, &plan.terms.target);
        let again = Again {
            dead: plan.terms.enabled || moved,
            waiting: before.target != plan.terms.target,
            moved,
        };
        self.hold(&mut state, id, plan, created_at, &again, now)?;
        Ok(kept(&state, id))
    }

    /// What [`Self::change`] would make of it, with its secrets: for a dry run, and for nobody to see.
    ///
    /// # Errors
    /// [`NotSubscribed`].
    pub fn changed(&self, id: &str, changes: &Value) -> Result<Terms, NotSubscribed> {
        let state = self.lock();
        let held = state.subscriptions.get(id).ok_or(NotSubscribed::Unknown)?;
        let plan = changed(&held.plan.terms, changes).map_err(NotSubscribed::Faults)?;
        Ok(plan.terms)
    }

    /// Removes one, and what is remembered of its causes. Its tickets stay as they are.
    ///
    /// # Errors
    /// [`NotSubscribed`].
    pub fn unsubscribe(&self, id: &str) -> Result<(), NotSubscribed> {
        let mut state = self.lock();
        if !state.subscriptions.contains_key(id) {
            return Err(NotSubscribed::Unknown);
        }
        let mut batch = Batch::default();
        batch.remove(Table::Subscriptions, id);
        let mut keys = HashSet::new();
        for cause in state.causes.values().filter(|one| one.subscription == id) {
            batch.remove(Table::Causes, &cause.key);
            if let Some(pending) = &cause.pending {
                batch.remove(Table::Notifications, numbered(pending.number));
            }
            keys.insert(cause.key.clone());
        }
        self.shelf.write(&batch)?;
        state.subscriptions.remove(id);
        for key in &keys {
            state.remove(key);
        }
        state.sizes.remove(id);
        // occurrences without a cause are swept
        state.swept_at = None;
        self.show(&state);
        Ok(())
    }

    /// Holds a subscription from now on, and tries again what is to be, both or neither.
    fn hold(
        &self,
        state: &mut State,
        id: &str,
        plan: Plan,
        created_at: Timestamp,
        again: &Again,
        now: Timestamp,
    ) -> Result<(), NotSubscribed> {
        let is_taken = |(other, held): (&String, &Held)| {
            other != id && held.plan.terms.name == plan.terms.name
        };
        if state.subscriptions.iter().any(is_taken) {
            return Err(NotSubscribed::NameTaken);
        }
        let plan = Arc::new(plan);
        let mut batch = Batch::default();
        let changed = self.revived(state, id, &plan, again, &mut batch, now);
        let stored = stored(id, &plan.terms, created_at, now, None);
        batch.put(Table::Subscriptions, id, &stored);
        self.settle(state, batch, changed)?;
        let before = state.subscriptions.get(id).filter(|_| !again.waiting);
        let (paused_until, downs) = before.map_or((None, 0), |one| (one.paused_until, one.downs));
        state.subscriptions.insert(
            id.to_owned(),
            Held {
                plan,
                created_at,
                changed_at: now,
                filter_errors: 0,
                paused_until,
                downs,
                failing_since: None,
                failure: None,
            },
        );
        self.show(state);
        Ok(())
    }

    /// The causes of a subscription with what is tried again.
    fn revived(
        &self,
        state: &State,
        id: &str,
        plan: &Arc<Plan>,
        again: &Again,
        batch: &mut Batch,
        now: Timestamp,
    ) -> Vec<Cause> {
        let settles = SignedDuration::from_secs(plan.driver.settles_in()) / self.haste();
        let mut changed = Vec::new();
        for cause in state.causes.values().filter(|one| one.subscription == id) {
            let pending = cause.pending.as_ref();
            let is_again =
                pending.is_some_and(|one| if one.dead { again.dead } else { again.waiting });
            let leaves_ticket = again.moved && cause.ticket.is_some();
            if !is_again && !leaves_ticket {
                continue;
            }
            let mut cause = cause.clone();
            if again.moved {
                cause.ticket = None;
            }
            if let Some(refused) = cause.pending.take_if(|one| {
                // there may be thousands: it is decided anew which of them get a ticket
                is_again && one.dead && cause.nature == Nature::Ordinary && cause.told.is_none()
            }) {
                cause.revision = refused.event.revision - 1;
                batch.remove(Table::Notifications, numbered(refused.number));
            }
            if let Some(pending) = cause.pending.as_mut().filter(|_| is_again) {
                // an opening may be done, and not show yet
                let in_doubt = pending.tried && !pending.dead && !again.moved;
                let wait = match (in_doubt, state.in_hand.contains(&cause.key)) {
                    (false, _) => SignedDuration::ZERO,
                    (true, false) => settles,
                    (true, true) => settles + UNDER_WAY / self.haste(),
                };
                pending.dead = false;
                pending.attempts = 0;
                pending.created_at = now;
                pending.next_at = now.saturating_add(wait).unwrap_or(now);
            }
            if let Some(pending) = &cause.pending {
                let told = listed(&cause, pending, plan);
                batch.put(Table::Notifications, numbered(pending.number), &told);
            }
            changed.push(cause);
        }
        changed
    }

    /// Stops a subscription whose endpoint is gone for good.
    pub(super) fn disable(&self, state: &mut State, id: &str, now: Timestamp) -> Result<(), Error> {
        let Some(held) = state.subscriptions.get(id) else {
            return Ok(());
        };
        let mut terms = held.plan.terms.clone();
        terms.enabled = false;
        let (created_at, failure) = (held.created_at, held.failure.clone());
        let Ok(plan) = Plan::check(terms) else {
            return Ok(());
        };
        let mut batch = Batch::default();
        let stored = stored(id, &plan.terms, created_at, now, failure);
        batch.put(Table::Subscriptions, id, &stored);
        self.shelf.write(&batch)?;
        if let Some(held) = state.subscriptions.get_mut(id) {
            held.plan = Arc::new(plan);
            held.changed_at = now;
        }
        self.show(state);
        Ok(())
    }
}

fn stored(
    id: &str,
    terms: &Terms,
    created_at: Timestamp,
    changed_at: Timestamp,
    failure: Option<Text>,
) -> Stored {
    let mut terms = terms.clone();
    let secrets = terms.target.secrets().into_iter();
    let secrets = secrets.map(|(_, secret)| secret.reveal().to_owned());
    Stored {
        id: id.to_owned(),
        secrets: secrets.collect(),
        terms,
        created_at,
        changed_at,
        failure,
    }
}

/// The subscription with changes, checked. Secrets that come hidden are those that it had.
fn changed(before: &Terms, changes: &Value) -> Result<Plan, Vec<Text>> {
    let mut text = serde_json::to_value(before).unwrap_or_default();
    let kind = changes.pointer("/target/kind").and_then(Value::as_str);
    if kind.is_some_and(|kind| kind != before.target.word()) {
        // one kind's settings are not another's
        text["target"] = Value::Null;
    }
    merge(&mut text, changes);
    let mut terms: Terms = serde_json::from_value(text).map_err(|error| {
        vec![twins!(
            "it does not fit: {error}",
            "項目または値が正しくありません: {error}"
        )]
    })?;
    keep_secrets(&before.target, &mut terms.target)?;
    Plan::check(terms)
}

/// Puts the secrets that a target had where it has hidden ones now.
fn keep_secrets(before: &Target, now: &mut Target) -> Result<(), Vec<Text>> {
    let mut old = before.clone();
    let mut known: Vec<(&'static str, String)> = Vec::new();
    if before.word() == now.word() {
        let secrets = old.secrets().into_iter();
        known.extend(secrets.map(|(name, secret)| (name, secret.reveal().to_owned())));
    }
    let moved = addresses(before) != addresses(now) || is_laid_bare(before, now);
    for (name, secret) in now.secrets() {
        if !secret.is_hidden() {
            continue;
        }
        if moved {
            // or a secret could be sent to wherever one likes
            return Err(vec![twins!(
                "target.{name}: the address or the encryption is another one: give the secret again",
                "target.{name}: アドレスまたは暗号化が変わったため、もう一度指定してください"
            )]);
        }
        if let Some(place) = known.iter().position(|(known, _)| *known == name) {
            *secret = Secret::new(known.remove(place).1);
        }
    }
    Ok(())
}

/// Whether what was encrypted on its way is no more.
fn is_laid_bare(before: &Target, now: &Target) -> bool {
    let (Target::Email(before), Target::Email(now)) = (before, now) else {
        return false;
    };
    before.tls != MailTls::None && now.tls == MailTls::None
}

fn addresses(target: &Target) -> Vec<(&'static str, String)> {
    crate::targets::driver(target).addresses()
}

/// Whether two targets are one ticket system: a ticket of one is a ticket of the other.
pub(super) fn same_system(one: &Target, other: &Target) -> bool {
    one.word() == other.word() && addresses(one) == addresses(other)
}

/// RFC 7396.
fn merge(into: &mut Value, changes: &Value) {
    let Value::Object(changes) = changes else {
        *into = changes.clone();
        return;
    };
    if !into.is_object() {
        *into = Value::Object(serde_json::Map::new());
    }
    let Some(members) = into.as_object_mut() else {
        return;
    };
    for (name, value) in changes {
        if value.is_null() {
            members.remove(name);
        } else {
            merge(members.entry(name.clone()).or_insert(Value::Null), value);
        }
    }
}

/// One that was just made or changed: nothing failed yet.
fn kept(state: &State, id: &str) -> Subscription {
    let held = &state.subscriptions[id];
    shown(state, id, held, held.plan.terms.lang)
}

fn shown(state: &State, id: &str, held: &Held, lang: Lang) -> Subscription {
    let time = |at: Timestamp| Time::of(at, &TimeZone::UTC);
    let causes = || state.causes.values().filter(|one| one.subscription == id);
    let open = || causes().filter(|one| one.open && one.told.is_some());
    let pending = || causes().filter_map(|one| one.pending.as_ref());
    Subscription {
        id: id.to_owned(),
        terms: held.plan.terms.clone(),
        created_at: time(held.created_at),
        changed_at: time(held.changed_at),
        state: SubscriptionState {
            open: open().count() as u64,
            occurrences: open().map(|one| one.count).sum(),
            waiting: pending().filter(|one| !one.dead).count() as u64,
            dead: pending().filter(|one| one.dead).count() as u64,
            held: causes().filter(|one| one.held && one.open).count() as u64,
            filter_errors: held.filter_errors,
            failing_since: held.failing_since.map(time),
            failure: (held.failure.as_ref()).map(|text| text.get(lang).to_owned()),
        },
    }
}

/// An id that nobody has: 96 bits of chance.
fn new_id() -> String {
    let mut bytes = [0_u8; 12];
    // two of the same would overwrite each other: without chance, the process can't go on
    getrandom::fill(&mut bytes).expect("the system has random numbers");
    let hex = bytes.iter().map(|byte| format!("{byte:02x}"));
    std::iter::once("s".to_owned()).chain(hex).collect()
}
