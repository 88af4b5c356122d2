//! What is to be told, and was not: causes that rest are resolved, and where there is news, a
//! notification is made that stays as it is until its target has it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use whymid_schemas::{
    Answer, CauseData, Grouping, Happening, Lang, Notification, NotificationState, Severity, Text,
    Time,
};

use super::intake::Occurrence;
use super::{Ask, Asked, Office, State};
use crate::cause::{Beginning, Cause, Ended, Nature, Pending, Seen};
use crate::event::Event;
use crate::key;
use crate::leaving::leaving;
use crate::plan::Plan;
use crate::shelf::{Batch, Error, Table, number, numbered};
use crate::template::{self, Beside};
use crate::words::{self, Telling};

/// The most notifications that are made in one go.
const MOST: usize = 50;

/// How often what is over is removed.
const SWEEP: SignedDuration = SignedDuration::from_hours(1);

/// What is further ahead than this came of a clock that was wrong.
const AHEAD: SignedDuration = SignedDuration::from_mins(1);

/// How long notifications are listed.
const LISTED: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The most notifications that are listed.
const MOST_LISTED: u64 = 100_000;

/// Something to be told.
struct News {
    key: String,
    record: String,
    lang: Lang,
    answer: Option<Box<Answer>>,
}

impl Office {
    /// Resolves what rests, and makes notifications of what is new. Says how many.
    ///
    /// # Errors
    /// When they can't be written: nothing has changed.
    pub fn turn(&self, now: Timestamp, ask: Ask<'_>) -> Result<usize, Error> {
        self.rest(now)?;
        let (mut news, forgotten) = self.news(now);
        news.retain_mut(|one| match ask_about(one, ask) {
            Asked::Answer(answer) => {
                one.answer = Some(answer);
                true
            }
            Asked::Gone => true,
            Asked::NotNow => false,
        });
        let mut state = self.lock();
        if state.forgotten != forgotten {
            // the answers are from before that: they are asked for again
            return Ok(0);
        }
        let mut batch = Batch::default();
        let mut changed = Vec::new();
        let mut opening: HashMap<String, usize> = HashMap::new();
        let mut number = state.next_notification;
        for one in news {
            let Some(cause) = state.causes.get(&one.key) else {
                continue;
            };
            let Some(plan) = state.plan(&cause.subscription).cloned() else {
                continue;
            };
            let Some(kind) = cause.news(plan.quiet_period, now) else {
                continue;
            };
            let mut cause = cause.clone();
            if kind == Happening::Opened && cause.nature == Nature::Ordinary {
                let so_far = opening
                    .entry(cause.subscription.clone())
                    .or_insert_with(|| opened(&state, &cause.subscription, &plan, now));
                if cause.told.is_none() && *so_far >= plan.at_most.0 {
                    cause.held = true;
                    changed.push(cause);
                    continue;
                }
                *so_far += usize::from(cause.told.is_none());
            }
            let answer = one.answer.as_deref();
            let told = self.told(&state, &cause, &plan, answer, kind, now);
            let pending = cause.pend(told, number, now);
            let listed = listed(&cause, &pending, &plan);
            batch.put(Table::Notifications, numbered(number), &listed);
            number += 1;
            changed.push(cause);
        }
        let made = usize::try_from(number - state.next_notification).unwrap_or_default();
        for summary in summaries(&state, &changed, now) {
            changed.retain(|one| one.key != summary.key);
            changed.push(summary);
        }
        self.settle(&mut state, batch, changed)?;
        state.next_notification = number;
        Ok(made)
    }

    /// Resolves what rests, and now and then removes what is over.
    fn rest(&self, now: Timestamp) -> Result<(), Error> {
        let mut state = self.lock();
        let mut changed = Vec::new();
        for cause in state.causes.values() {
            let Some(plan) = state.plan(&cause.subscription) else {
                continue;
            };
            if cause.last_at.duration_since(now) > AHEAD {
                // the clock was ahead, and was put back
                let mut back = cause.clone();
                back.last_at = now;
                changed.push(back);
                continue;
            }
            if let Some(why) = cause.rests(plan, now) {
                let mut resting = cause.clone();
                resting.resolve(why, now);
                changed.push(resting);
            }
        }
        self.settle(&mut state, Batch::default(), changed)?;
        let due = state
            .swept_at
            .is_none_or(|at| now < at || now.duration_since(at) >= SWEEP);
        if due {
            self.sweep(&mut state, now)?;
            state.swept_at = Some(now);
        }
        Ok(())
    }

    /// Removes causes that ended and won't be opened again, with what hangs on them, and the oldest
    /// notifications.
    fn sweep(&self, state: &mut State, now: Timestamp) -> Result<(), Error> {
        let is_over = |cause: &&Cause| {
            let plan = state.plan(&cause.subscription);
            let is_told = cause.told.is_none_or(|told| !told.open);
            // nobody was told, and it is over: what was refused then is of no use any more
            let is_late = |one: &Pending| one.dead && cause.told.is_none();
            plan.is_none_or(|plan| cause.is_past(plan.reopen_within, now))
                && cause.pending.as_ref().is_none_or(is_late)
                && is_told
        };
        let over = state.causes.values().filter(is_over);
        let over: HashSet<String> = over.map(|one| one.key.clone()).collect();
        let mut batch = Batch::default();
        for key in &over {
            batch.remove(Table::Causes, key);
        }
        let is_known = |key: &str| state.causes.contains_key(key) && !over.contains(key);
        // there may be millions of them: not where nothing was removed
        if !over.is_empty() || state.swept_at.is_none() {
            self.shelf
                .walk(Table::Occurrences, [], |place, one: Occurrence| {
                    if !is_known(&one.key) {
                        batch.remove(Table::Occurrences, place);
                    }
                    true
                })?;
        }
        let oldest = now.checked_sub(LISTED).unwrap_or(Timestamp::MIN);
        let oldest = Time::of(oldest, &TimeZone::UTC);
        let first = state.next_notification.saturating_sub(MOST_LISTED);
        self.shelf
            .walk(Table::Notifications, [], |key, one: Listed| {
                let one = one.shown;
                let is_old = one.created_at < oldest || number(key) < Some(first);
                let waits = one.state != NotificationState::Delivered && is_known(&one.key);
                if is_old && !waits {
                    batch.remove(Table::Notifications, key);
                }
                is_old
            })?;
        self.settle(state, batch, Vec::new())?;
        for key in &over {
            state.remove(key);
        }
        Ok(())
    }

    /// The causes with something to tell, and how much was forgotten so far.
    fn news(&self, now: Timestamp) -> (Vec<News>, u64) {
        let state = self.lock();
        let mut news = Vec::new();
        for cause in state.causes.values() {
            let Some(held) = state.subscriptions.get(&cause.subscription) else {
                continue;
            };
            let waits = !held.plan.terms.enabled || held.waits(now);
            if waits || cause.news(held.plan.quiet_period, now).is_none() {
                continue;
            }
            news.push(News {
                key: cause.key.clone(),
                record: cause.record.clone(),
                lang: held.plan.terms.lang,
                answer: None,
            });
            if news.len() >= MOST {
                break;
            }
        }
        (news, state.forgotten)
    }

    /// The event that tells what is new of a cause.
    pub(super) fn told(
        &self,
        state: &State,
        cause: &Cause,
        plan: &Plan,
        answer: Option<&Answer>,
        kind: Happening,
        now: Timestamp,
    ) -> Event {
        let terms = &plan.terms;
        let answer = answer.map(|answer| leaving(answer, &terms.fields));
        let revision = cause.revision + 1;
        let id = format!("{}-{revision}", cause.key);
        let url = answer.as_ref().and_then(|answer| {
            let url = answer.message.as_ref()?.url.clone()?;
            self.settings.public_url.is_some().then_some(url)
        });
        let beside = Beside {
            key: cause.key.clone(),
            revision,
            count: cause.count,
            first_at: Time::of(cause.first_at, &TimeZone::UTC).0,
            last_at: Time::of(cause.last_at, &TimeZone::UTC).0,
            kind: kind.word(),
            subscription: terms.name.clone(),
            url: url.clone(),
        };
        let fill = |template: &Option<String>, plain| {
            // a test says that it is one
            let template = template.as_ref().filter(|_| kind != Happening::Test)?;
            // it was tried when the subscription was made; where it fails now, ours do
            template::fill(template, answer.as_ref(), &beside, plain).ok()
        };
        let mut title = match fill(&terms.template.title, true) {
            Some(own) if !own.trim().is_empty() => words::one_line(&own),
            _ => cause.title.clone(),
        };
        let mut body = Telling {
            terms,
            cause,
            kind,
            answer: answer.as_ref(),
            url: url.as_deref(),
            own: fill(&terms.template.body, false),
        }
        .body();
        if cause.nature == Nature::Summary && kind != Happening::Resolved {
            let held = held_of(state, &cause.subscription);
            (title, body) = words::summary(terms, &held, cause.told.is_some());
        }
        let severity = answer
            .as_ref()
            .map_or(Severity::Warning, |answer| answer.diagnosis.severity);
        let time = |at| Some(Time::of(at, &TimeZone::UTC));
        let source = self.settings.public_url.clone();
        Event {
            id,
            key: cause.key.clone(),
            revision,
            kind,
            at: Time::of(now, &TimeZone::UTC),
            lang: terms.lang,
            severity,
            priority: terms.priorities.of(severity).map(str::to_owned),
            appliance: answer
                .as_ref()
                .map_or_else(|| "whymid".to_owned(), key::appliance),
            url,
            source: source.unwrap_or_else(|| "/whymid".to_owned()),
            data: CauseData {
                key: cause.key.clone(),
                revision,
                count: cause.count,
                first_at: time(cause.first_at),
                last_at: time(cause.last_at),
                subscription: terms.name.clone(),
                title: title.clone(),
                reason: reason(cause, kind),
                answer: answer.filter(|_| cause.nature != Nature::Summary),
            },
            title,
            body,
        }
    }
}

fn ask_about(one: &News, ask: Ask<'_>) -> Asked {
    if one.record.is_empty() {
        return Asked::Gone;
    }
    ask(&one.record, one.lang)
}

fn reason(cause: &Cause, kind: Happening) -> Option<String> {
    let ended = cause.ended.filter(|_| kind == Happening::Resolved)?;
    Some(
        match ended {
            Ended::Quiet => "quiet",
            Ended::Success => "success",
            Ended::Revised => "revised",
        }
        .to_owned(),
    )
}

/// So many tickets were opened by now, or are about to be.
fn opened(state: &State, subscription: &str, plan: &Plan, now: Timestamp) -> usize {
    let counts = |other: &&Cause| {
        // what was refused takes room for a while, or all that comes would be refused one by one
        let is_recent = |at: Timestamp| at <= now && now.duration_since(at) < plan.at_most.1;
        let pending = other.pending.as_ref();
        let is_coming = other.told.is_none()
            && pending.is_some_and(|one| !one.dead || is_recent(one.created_at));
        other.subscription == subscription
            && other.nature == Nature::Ordinary
            && (other.opened_at.is_some_and(is_recent) || is_coming)
    };
    state.causes.values().filter(counts).count()
}

fn held_of<'s>(state: &'s State, subscription: &str) -> Vec<&'s Cause> {
    let is_held = |one: &&Cause| one.held && one.open && one.subscription == subscription;
    state.causes.values().filter(is_held).collect()
}

/// The causes that sum up what is held, where that changed.
fn summaries(state: &State, changed: &[Cause], now: Timestamp) -> Vec<Cause> {
    let mut sums: HashMap<String, (u64, Timestamp)> = HashMap::new();
    let newer: HashMap<&str, &Cause> = changed.iter().map(|one| (&*one.key, one)).collect();
    let is_newest = |one: &&Cause| !newer.contains_key(&*one.key);
    let is_held = |one: &&Cause| one.held && one.open;
    let held = state.causes.values().filter(is_held).filter(is_newest);
    for one in held.chain(changed.iter().filter(is_held)) {
        let (count, first) = sums
            .entry(one.subscription.clone())
            .or_insert((0, one.first_at));
        *count += one.count;
        *first = (*first).min(one.first_at);
    }
    let mut summaries = Vec::new();
    for (id, held) in &state.subscriptions {
        let base = key::hashed(&["summary", id]);
        let known = state.current.get(&base);
        // it may have got something to tell a moment ago
        let known = known.and_then(|key| {
            let newer = newer.get(&**key).copied();
            newer.or_else(|| state.causes.get(key))
        });
        let sum = sums.get(id);
        if sum.is_none() && known.is_some_and(|known| known.open) && is_undecided(state, &newer, id)
        {
            // those that it sums up occurred again: it is not known yet whether they get tickets
            continue;
        }
        let summary = match (known, sum) {
            (None, None) => continue,
            (None, Some((_, first))) => summary_of(id, &base, &held.plan, *first, now),
            (Some(known), _) => known.clone(),
        };
        let before = (summary.count, summary.open);
        let summary = summed(summary, sum, now);
        if known.is_none() || before != (summary.count, summary.open) {
            summaries.push(summary);
        }
    }
    summaries
}

/// Whether there are causes of which nobody has decided yet whether they get a ticket.
fn is_undecided(state: &State, newer: &HashMap<&str, &Cause>, subscription: &str) -> bool {
    let all = state.causes.values();
    let mut newest = all.map(|one| newer.get(&*one.key).copied().unwrap_or(one));
    newest.any(|one| {
        let is_new = !one.held && one.told.is_none() && one.pending.is_none();
        one.subscription == subscription && one.nature == Nature::Ordinary && one.open && is_new
    })
}

fn summed(mut summary: Cause, sum: Option<&(u64, Timestamp)>, now: Timestamp) -> Cause {
    match sum {
        Some((count, first)) => {
            if !summary.open {
                summary.open = true;
                summary.resolved_at = None;
                summary.ended = None;
                summary.first_at = *first;
            }
            // a cause that got its ticket leaves the sum: what it knows never shrinks
            if *count != summary.count {
                summary.last_at = now;
            }
            summary.count = *count;
        }
        None if summary.open => summary.resolve(Ended::Quiet, now),
        None => {}
    }
    summary
}

fn summary_of(
    subscription: &str,
    base: &str,
    plan: &Plan,
    first: Timestamp,
    now: Timestamp,
) -> Cause {
    let (title, _) = words::summary(&plan.terms, &[], false);
    let generation = key::life(now);
    Cause::new(Beginning {
        key: key::key(base, generation),
        base: base.to_owned(),
        generation,
        subscription: subscription.to_owned(),
        diagnosis: String::new(),
        by: Grouping::Record,
        value: String::new(),
        on_path: false,
        nature: Nature::Summary,
        seen: Seen {
            record: String::new(),
            at: first,
            title,
        },
    })
}

/// A notification as it is kept to be listed: what went wrong is in both languages.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Listed {
    /// Without its problem.
    pub(super) shown: Notification,
    pub(super) problem: Option<Text>,
}

impl Listed {
    /// As it is shown to somebody.
    pub(super) fn to(self, lang: Lang) -> Notification {
        Notification {
            problem: self.problem.map(|text| text.get(lang).to_owned()),
            ..self.shown
        }
    }
}

/// A notification as it is listed.
pub(super) fn listed(cause: &Cause, pending: &Pending, plan: &Arc<Plan>) -> Listed {
    let time = |at: Timestamp| Time::of(at, &TimeZone::UTC);
    let shown = Notification {
        id: pending.event.id.clone(),
        subscription: cause.subscription.clone(),
        subscription_name: plan.terms.name.clone(),
        target: plan.terms.target.word().to_owned(),
        key: cause.key.clone(),
        kind: pending.event.kind,
        revision: pending.event.revision,
        count: pending.tells.count,
        title: pending.event.title.clone(),
        state: if pending.dead {
            NotificationState::Dead
        } else {
            NotificationState::Waiting
        },
        attempts: pending.attempts,
        created_at: time(pending.created_at),
        next_at: (!pending.dead).then(|| time(pending.next_at)),
        delivered_at: None,
        problem: None,
        ticket: super::counter::link(cause, plan),
    };
    Listed {
        shown,
        problem: pending.problem.clone(),
    }
}
