//! Errands out, reports in: what is due goes to couriers, and what came of it is written down.
//!
//! Trying again waits longer each time, up to a quarter of an hour, by chance a little more or less;
//! while a target does not answer, one notification tries and the others wait, as long as if it were
//! one and the same. After 75 hours it is
//! given up (Standard Webhooks 1.0, example schedule).

use std::collections::HashMap;
use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use whymid_schemas::{Happening, NotificationState, Time};

use super::subscribing::same_system;
use super::turn::listed;
use super::{Held, Office, State};
use crate::carrier::Carrier;
use crate::cause::{Cause, Ended, Nature};
use crate::courier::{self, End, Errand, Report};
use crate::event::Event;
use crate::plan::Plan;
use crate::shelf::{Batch, Error, Table, numbered};
use crate::target::Ticket;

/// How long to wait after each attempt, seconds; the last one again and again.
const WAIT: [i64; 7] = [5, 15, 60, 120, 300, 600, 900];

/// The longest that a target may ask to wait.
const LONGEST_WAIT: i64 = 6 * 3600;

/// The longest that a request takes before the one that opens a ticket is sent.
pub(super) const UNDER_WAY: SignedDuration = SignedDuration::from_secs(30);

/// How often it is tried at least.
const LEAST: u32 = 5;

/// How long it is tried.
const PATIENCE: SignedDuration = SignedDuration::from_hours(75);

/// So many couriers go to one target at a time.
const AT_ONCE: usize = 2;

/// Something for a courier.
#[derive(Debug)]
pub struct Job {
    key: String,
    event: Event,
    ticket: Option<Ticket>,
    tried: bool,
    plan: Arc<Plan>,
}

/// What came of it.
#[derive(Debug)]
pub struct Done {
    key: String,
    /// By which the courier went.
    plan: Arc<Plan>,
    report: Report,
}

impl Job {
    /// Goes to the target. Takes as long as that takes.
    #[must_use]
    pub fn run(&self, carrier: &dyn Carrier, now: Timestamp) -> Done {
        let report = courier::deliver(Errand {
            event: &self.event,
            ticket: self.ticket.clone(),
            tried: self.tried,
            driver: self.plan.driver.as_ref(),
            target: &self.plan.terms.target,
            carrier,
            now,
        });
        Done {
            key: self.key.clone(),
            plan: Arc::clone(&self.plan),
            report,
        }
    }
}

impl Office {
    /// What is due, for `most` couriers. It is on disk that they go.
    ///
    /// # Errors
    /// When that can't be written: nobody goes.
    pub fn jobs(&self, now: Timestamp, most: usize) -> Result<Vec<Job>, Error> {
        let mut state = self.lock();
        if most == 0 {
            return Ok(Vec::new());
        }
        let mut due: Vec<&Cause> = state
            .causes
            .values()
            .filter(|cause| is_due(&state, cause, now))
            .collect();
        due.sort_by_key(|cause| cause.pending.as_ref().map(|one| (one.next_at, one.number)));
        let mut jobs: Vec<Job> = Vec::new();
        let mut changed = Vec::new();
        let gone = state.in_hand.iter().filter_map(|key| state.causes.get(key));
        let mut going: HashMap<&str, usize> = HashMap::new();
        for cause in gone {
            *going.entry(&cause.subscription).or_default() += 1;
        }
        for cause in due {
            if jobs.len() >= most {
                break;
            }
            let (Some(held), Some(pending)) =
                (state.subscriptions.get(&cause.subscription), &cause.pending)
            else {
                continue;
            };
            let going = going.entry(&cause.subscription).or_default();
            let at_once = if held.failing_since.is_some() {
                1
            } else {
                AT_ONCE
            };
            if *going >= at_once {
                continue;
            }
            *going += 1;
            jobs.push(Job {
                key: cause.key.clone(),
                event: pending.event.clone(),
                ticket: cause.ticket.clone(),
                tried: pending.tried,
                plan: Arc::clone(&held.plan),
            });
            let mut begun = cause.clone();
            if let Some(pending) = &mut begun.pending {
                pending.tried = true;
                pending.attempts += 1;
                // where this breaks off, what it did is to show before it is looked for
                let driver = &held.plan.driver;
                let settles = SignedDuration::from_secs(driver.settles_in());
                let begins = if driver.finds() {
                    UNDER_WAY
                } else {
                    SignedDuration::ZERO
                };
                let wait = (settles + begins) / self.haste();
                pending.next_at = now.saturating_add(wait).unwrap_or(now);
            }
            changed.push(begun);
        }
        if jobs.is_empty() {
            return Ok(jobs);
        }
        self.settle(&mut state, Batch::default(), changed)?;
        let keys = jobs.iter().map(|job| job.key.clone());
        state.in_hand.extend(keys);
        Ok(jobs)
    }

    /// Writes down what came of it. Until that is written, nobody else goes for the same cause.
    ///
    /// # Errors
    /// When it can't be: call again.
    pub fn done(&self, done: &Done, now: Timestamp) -> Result<(), Error> {
        let Done {
            key,
            plan: by,
            report,
        } = done;
        let mut state = self.lock();
        let Some(mut cause) = state.causes.get(key).cloned() else {
            // its subscription was removed meanwhile
            state.in_hand.remove(key);
            return Ok(());
        };
        let Some(plan) = state.plan(&cause.subscription).cloned() else {
            state.in_hand.remove(key);
            return Ok(());
        };
        let kind = plan.terms.target.word();
        if same_system(&by.terms.target, &plan.terms.target) {
            cause.ticket.clone_from(&report.ticket);
        }
        let end = match same_system(&by.terms.target, &plan.terms.target) {
            true => still(&report.end, Arc::ptr_eq(by, &plan)),
            // whatever the old system says, the new one knows nothing yet
            false => End::Again {
                after: None,
                down: false,
                problem: twins!(
                    "the target was changed meanwhile",
                    "送信中に連携先が変更されました"
                ),
            },
        };
        let is_test = cause
            .pending
            .as_ref()
            .is_some_and(|one| one.event.kind == Happening::Test);
        let mut batch = Batch::default();
        let verdict = judge(&mut cause, &end, self.haste(), now);
        match (verdict, cause.pending.clone()) {
            (Verdict::Delivered, Some(pending)) => {
                cause.delivered(now);
                if cause.nature == Nature::Once {
                    cause.resolve(Ended::Quiet, now);
                    cause.told = None;
                }
                let mut told = listed(&cause, &pending, &plan);
                told.shown.state = NotificationState::Delivered;
                told.shown.next_at = None;
                told.shown.delivered_at = Some(Time::of(now, &TimeZone::UTC));
                told.problem = None;
                batch.put(Table::Notifications, numbered(pending.number), &told);
            }
            (Verdict::Again | Verdict::Dead, Some(pending)) => {
                let told = listed(&cause, &pending, &plan);
                batch.put(Table::Notifications, numbered(pending.number), &told);
            }
            (_, None) => {}
        }
        self.settle(&mut state, batch, vec![cause.clone()])?;
        state.in_hand.remove(key);
        let counts = state.counts(kind);
        counts.merged += u64::from(report.merged);
        match verdict {
            Verdict::Delivered => counts.delivered += 1,
            Verdict::Again => counts.failed += 1,
            Verdict::Dead => counts.dead += 1,
        }
        let held = state.subscriptions.get_mut(&cause.subscription);
        if let Some(held) = held {
            note_health(held, &cause, &end, is_test, self.haste(), now);
        }
        if matches!(end, End::Gone(_)) {
            self.disable(&mut state, &cause.subscription, now)?;
        }
        Ok(())
    }

    pub(super) fn haste(&self) -> i32 {
        i32::try_from(self.settings.haste.max(1)).unwrap_or(i32::MAX)
    }
}

/// What an end means by now: what was refused by settings that were changed meanwhile is tried again
/// by those of now.
fn still(end: &End, is_by_those: bool) -> End {
    match end {
        End::Refused(problem) | End::Gone(problem) if !is_by_those => End::Again {
            after: None,
            down: false,
            problem: problem.clone(),
        },
        End::Delivered | End::Again { .. } | End::Refused(_) | End::Gone(_) => end.clone(),
    }
}

/// Whether a moment is still to come. What is further ahead than anything waits came of a clock that
/// was wrong.
pub(super) fn is_to_come(at: Timestamp, now: Timestamp) -> bool {
    let ahead = at.duration_since(now);
    ahead > SignedDuration::ZERO && ahead <= SignedDuration::from_secs(LONGEST_WAIT) + UNDER_WAY
}

fn is_due(state: &State, cause: &Cause, now: Timestamp) -> bool {
    let Some(pending) = &cause.pending else {
        return false;
    };
    let Some(held) = state.subscriptions.get(&cause.subscription) else {
        return false;
    };
    let is_test = pending.event.kind == Happening::Test;
    let waits = held.waits(now) && !is_test;
    !pending.dead
        && !is_to_come(pending.next_at, now)
        && (held.plan.terms.enabled || is_test)
        && !waits
        && !state.in_hand.contains(&cause.key)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Delivered,
    Again,
    Dead,
}

/// What a report means for the notification under way.
fn judge(cause: &mut Cause, end: &End, haste: i32, now: Timestamp) -> Verdict {
    let key = cause.key.clone();
    let Some(pending) = &mut cause.pending else {
        return Verdict::Delivered;
    };
    match end {
        End::Delivered => Verdict::Delivered,
        End::Again { after, problem, .. } => {
            let after = after.unwrap_or_default().clamp(0, LONGEST_WAIT);
            let wait = wait(&key, pending.attempts).max(SignedDuration::from_secs(after)) / haste;
            pending.next_at = now.saturating_add(wait).unwrap_or(now);
            pending.problem = Some(problem.clone());
            // one that waited for its turn all the while gets some attempts of its own
            let is_old = now.duration_since(pending.created_at) > PATIENCE;
            pending.dead = is_old && pending.attempts >= LEAST;
            if pending.dead {
                let attempts = pending.attempts;
                pending.problem = Some(twins!(
                    "given up after {attempts} attempts: {}",
                    "{attempts} 回試行して断念しました: {}"; problem
                ));
                return Verdict::Dead;
            }
            Verdict::Again
        }
        End::Refused(problem) | End::Gone(problem) => {
            pending.dead = true;
            pending.problem = Some(problem.clone());
            Verdict::Dead
        }
    }
}

/// Whether its target can be reached, for the whole subscription.
fn note_health(
    held: &mut Held,
    cause: &Cause,
    end: &End,
    is_test: bool,
    haste: i32,
    now: Timestamp,
) {
    match end {
        End::Delivered => {
            // one that was on its way already says nothing of a wait that was asked for meanwhile
            if is_test || !held.waits(now) {
                held.paused_until = None;
            }
            held.downs = 0;
            held.failing_since = None;
            held.failure = None;
        }
        End::Again { down, problem, .. } => {
            if *down {
                // of those that went together only one counts
                if !held.waits(now) {
                    held.downs = held.downs.saturating_add(1);
                }
                let wait = wait(&cause.subscription, held.downs) / haste;
                let own = now.saturating_add(wait).unwrap_or(now);
                let next = cause.pending.as_ref().map(|one| one.next_at);
                // the longest wait that was asked for
                let so_far = held.paused_until.filter(|at| is_to_come(*at, now));
                held.paused_until = so_far.max(next).max(Some(own));
                held.failing_since.get_or_insert(now);
                held.failure = Some(problem.clone());
            }
        }
        End::Refused(problem) | End::Gone(problem) => {
            held.failing_since.get_or_insert(now);
            held.failure = Some(problem.clone());
        }
    }
}

/// How long to wait after so many attempts: a fifth more or less, by chance.
fn wait(key: &str, attempts: u32) -> SignedDuration {
    let place = (attempts.max(1) as usize - 1).min(WAIT.len() - 1);
    let milliseconds = WAIT[place] * 1000;
    let chance = i64::from(Sha256::digest(format!("{key}.{attempts}"))[0]);
    // 0.8 to 1.2
    SignedDuration::from_millis(milliseconds * (800 + chance * 400 / 255) / 1000)
}
