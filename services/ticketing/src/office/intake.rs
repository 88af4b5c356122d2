//! Rows to occurrences of causes.
//!
//! A record counts once for each subscription, for the cause that it is an occurrence of by what is
//! known now; where that changes, it moves.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use whymid_schemas::{Answer, Grouping, Lang, Outcome, Party, Text};

use super::{Ask, Asked, Office, State};
use crate::cause::{Beginning, Cause, Nature, Seen};
use crate::filter::View;
use crate::inbox::Row;
use crate::key::{self, About};
use crate::leaving;
use crate::plan::Plan;
use crate::shelf::{Batch, Error, Table, number, numbered};
use crate::words;

/// The most rows that are looked at in one go.
const MOST: usize = 50;

/// The most causes that a subscription has at a time.
const MOST_CAUSES: usize = 20_000;

/// What came of looking at rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// There may be more.
    Some,
    /// There was nothing.
    Nothing,
    /// Nobody can answer now: they wait.
    NotNow,
}

/// For which cause a record counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Occurrence {
    pub(super) key: String,
}

/// The place of an occurrence: those of a record are together.
pub(super) fn place(record: &str, subscription: &str) -> String {
    format!("{record}\0{subscription}")
}

/// What a row comes to, before anything is changed.
struct Looked {
    number: u64,
    row: Row,
    found: Vec<Judged>,
}

/// What one subscription makes of a row.
struct Judged {
    subscription: String,
    plan: Arc<Plan>,
    /// What the record is an occurrence of, if it fits.
    found: Result<Option<Found>, Text>,
}

struct Found {
    about: About,
    diagnosis: String,
    by: Grouping,
    value: String,
    on_path: bool,
    seen: Seen,
}

impl Office {
    /// Looks at rows that wait.
    ///
    /// # Errors
    /// When what came of them can't be written: they wait.
    pub fn take_in(&self, now: Timestamp, ask: Ask<'_>) -> Result<Taken, Error> {
        let mut rows = Vec::new();
        self.shelf.walk(Table::Inbox, [], |key, row: Row| {
            rows.extend(number(key).map(|number| (number, row)));
            rows.len() < MOST
        })?;
        if rows.is_empty() {
            return Ok(Taken::Nothing);
        }
        let (plans, forgotten) = self.plans();
        let mut looked = Vec::new();
        for (number, row) in rows {
            let Some(found) = look(&row, &plans, ask) else {
                if looked.is_empty() {
                    return Ok(Taken::NotNow);
                }
                break;
            };
            looked.push(Looked { number, row, found });
        }
        self.apply(looked, forgotten, now)?;
        Ok(Taken::Some)
    }

    /// The subscriptions that are asked, and how much was forgotten so far.
    fn plans(&self) -> (Vec<(String, Arc<Plan>)>, u64) {
        let state = self.lock();
        let enabled = state.subscriptions.iter();
        let enabled = enabled.filter(|(_, held)| held.plan.terms.enabled);
        let plans = enabled.map(|(id, held)| (id.clone(), Arc::clone(&held.plan)));
        (plans.collect(), state.forgotten)
    }

    fn apply(&self, looked: Vec<Looked>, forgotten: u64, now: Timestamp) -> Result<(), Error> {
        let mut state = self.lock();
        if state.forgotten != forgotten {
            // the answers are from before that: they are asked for again
            return Ok(());
        }
        let mut draft = Draft {
            office: self,
            state: &state,
            causes: HashMap::new(),
            made: HashMap::new(),
            mended: None,
            current: HashMap::new(),
            occurrences: HashMap::new(),
            batch: Batch::default(),
            filter_errors: HashMap::new(),
            left_out: 0,
            now,
        };
        for one in looked {
            draft.take(one)?;
        }
        let Draft {
            causes,
            batch,
            filter_errors,
            left_out,
            ..
        } = draft;
        self.settle(&mut state, batch, causes.into_values().collect())?;
        state.left_out += left_out;
        for (subscription, errors) in filter_errors {
            if let Some(held) = state.subscriptions.get_mut(&subscription) {
                held.filter_errors += errors;
            }
        }
        Ok(())
    }
}

/// What a row comes to; `None` where nobody can answer now.
fn look(row: &Row, plans: &[(String, Arc<Plan>)], ask: Ask<'_>) -> Option<Vec<Judged>> {
    let Row::Record { record, at } = row else {
        return Some(Vec::new());
    };
    let langs: BTreeSet<Lang> = plans.iter().map(|(_, plan)| plan.terms.lang).collect();
    let mut answers = HashMap::new();
    for lang in langs {
        match ask(record, lang) {
            Asked::Answer(answer) => {
                let view = View::of(&answer);
                answers.insert(lang, (answer, view));
            }
            Asked::Gone => return Some(Vec::new()),
            Asked::NotNow => return None,
        }
    }
    let found = plans.iter().filter_map(|(id, plan)| {
        let (answer, view) = answers.get(&plan.terms.lang)?;
        let fits = plan.filter.fits(view);
        let found = fits
            .map(|fits| (fits && is_trouble(answer)).then(|| find(id, plan, answer, record, *at)));
        Some(Judged {
            subscription: id.clone(),
            plan: Arc::clone(plan),
            found,
        })
    });
    Some(found.collect())
}

/// Whether an answer is about something that did not end well: mail that was delivered and mail that
/// is still on its way opens no ticket, whatever the filter says.
pub(crate) fn is_trouble(answer: &Answer) -> bool {
    let outcome = answer.message.as_ref().map(|one| one.outcome);
    let outcome = outcome.or(answer.connection.as_ref().map(|one| one.outcome));
    outcome.is_some_and(|outcome| is_trouble_by(outcome, &answer.diagnosis.id))
}

/// See [`is_trouble`].
#[must_use]
pub fn is_trouble_by(outcome: Outcome, diagnosis: &str) -> bool {
    let on_its_way = matches!(outcome, Outcome::Processing | Outcome::Queued)
        || diagnosis.starts_with("in-progress-");
    let well = outcome == Outcome::Delivered && diagnosis != "delivered-late";
    !on_its_way && !well && diagnosis != "connection-opened-no-message"
}

fn find(subscription: &str, plan: &Plan, answer: &Answer, record: &str, at: Timestamp) -> Found {
    let about = About::of(subscription, answer, &plan.terms.dedup);
    let diagnosis = &answer.diagnosis;
    let value = diagnosis.grouping.value.clone().unwrap_or_default();
    let what = leaving::title(answer, &plan.terms.fields);
    let title = words::titled(&what, answer, &about.common);
    Found {
        about,
        diagnosis: diagnosis.id.clone(),
        by: diagnosis.grouping.by,
        value: value.to_lowercase(),
        on_path: is_on_path(&diagnosis.party),
        seen: Seen {
            record: record.to_owned(),
            at,
            title,
        },
    }
}

/// Whether success of the same host shows that a cause is gone: where the way, the sender or the
/// destination is at fault before anything else, and no policy or system of ours.
fn is_on_path(party: &[Party]) -> bool {
    let is_path = |one: &Party| match one {
        Party::NetworkPath | Party::Destination | Party::Sender => true,
        Party::OurPolicy | Party::OurSystem | Party::Undetermined => false,
    };
    party.first().is_some_and(is_path)
}

fn mended(state: &State) -> HashMap<(Grouping, &str), Vec<&str>> {
    let mut mended: HashMap<_, Vec<&str>> = HashMap::new();
    for one in state.causes.values().filter(|one| one.open && one.on_path) {
        let keys = mended.entry((one.by, one.value.as_str())).or_default();
        keys.push(&one.key);
    }
    mended
}

/// Changes that are not yet written.
struct Draft<'o> {
    office: &'o Office,
    state: &'o State,
    causes: HashMap<String, Cause>,
    /// How many are new, by their subscriptions.
    made: HashMap<String, usize>,
    /// The keys of the causes that success mends, by what it is of; gathered once.
    mended: Option<HashMap<(Grouping, &'o str), Vec<&'o str>>>,
    current: HashMap<String, String>,
    occurrences: HashMap<String, Option<String>>,
    batch: Batch,
    filter_errors: HashMap<String, u64>,
    left_out: u64,
    now: Timestamp,
}

impl Draft<'_> {
    fn take(&mut self, looked: Looked) -> Result<(), Error> {
        self.batch.remove(Table::Inbox, numbered(looked.number));
        match looked.row {
            Row::Success { by, value, at } => {
                self.succeed(by, &value, at);
                Ok(())
            }
            Row::Record { record, .. } => {
                for one in looked.found {
                    let Judged {
                        subscription,
                        plan,
                        found,
                    } = one;
                    if !self.state.subscriptions.contains_key(&subscription) {
                        // it was removed meanwhile
                        continue;
                    }
                    let found = found.unwrap_or_else(|_| {
                        *self.filter_errors.entry(subscription.clone()).or_default() += 1;
                        None
                    });
                    self.occur(&record, &subscription, &plan, found)?;
                }
                Ok(())
            }
        }
    }

    fn succeed(&mut self, by: Grouping, value: &str, at: Timestamp) {
        let state = self.state;
        let mended = self.mended.get_or_insert_with(|| mended(state));
        let known = mended.get(&(by, value)).cloned().unwrap_or_default();
        for key in known {
            self.cause(key);
        }
        let drafts = self.causes.values_mut();
        for cause in drafts.filter(|one| one.by == by && one.value == value) {
            cause.succeed(at);
        }
    }

    fn occur(
        &mut self,
        record: &str,
        subscription: &str,
        plan: &Plan,
        found: Option<Found>,
    ) -> Result<(), Error> {
        let place = place(record, subscription);
        let before = self.occurrence(&place)?;
        let known = before.as_deref().and_then(|key| self.cause(key));
        if known.is_some_and(|one| one.nature == Nature::Wanted) {
            // somebody wanted a ticket about this very one: it stays in it
            return Ok(());
        }
        let Some(found) = found else {
            self.leave(&place, before);
            return Ok(());
        };
        let Some(key) = self.cause_of(subscription, plan, &found) else {
            self.left_out += 1;
            return Ok(());
        };
        if before.as_deref() == Some(key.as_str()) {
            return Ok(());
        }
        self.leave(&place, before);
        if let Some(cause) = self.cause(&key) {
            cause.held = false;
            // of several kinds, success of one says nothing about the others
            let is_alike = cause.by == found.by && cause.value == found.value;
            cause.on_path &= found.on_path && is_alike;
            cause.occur(found.seen);
        }
        let occurrence = Occurrence { key: key.clone() };
        self.batch.put(Table::Occurrences, &place, &occurrence);
        self.occurrences.insert(place, Some(key));
        Ok(())
    }

    /// A record counts no more for the cause that it counted for.
    fn leave(&mut self, place: &str, before: Option<String>) {
        let Some(before) = before else {
            return;
        };
        let now = self.now;
        if let Some(cause) = self.cause(&before) {
            cause.lose(now);
        }
        self.batch.remove(Table::Occurrences, place);
        self.occurrences.insert(place.to_owned(), None);
    }

    fn occurrence(&self, place: &str) -> Result<Option<String>, Error> {
        if let Some(known) = self.occurrences.get(place) {
            return Ok(known.clone());
        }
        let found: Option<Occurrence> = self.office.shelf.get(Table::Occurrences, place)?;
        Ok(found.map(|one| one.key))
    }

    /// A cause, to be changed.
    fn cause(&mut self, key: &str) -> Option<&mut Cause> {
        if !self.causes.contains_key(key) {
            let known = self.state.causes.get(key)?.clone();
            self.causes.insert(key.to_owned(), known);
        }
        self.causes.get_mut(key)
    }

    /// The key of the cause that something is an occurrence of, which is made where there is none;
    /// `None` where there are too many.
    fn cause_of(&mut self, subscription: &str, plan: &Plan, found: &Found) -> Option<String> {
        let base = &found.about.base;
        let current = self.current.get(base).or(self.state.current.get(base));
        let now = self.now;
        let mut generation = key::life(now);
        if let Some(key) = current.cloned()
            && let Some(known) = self.cause(&key)
        {
            if !known.is_past(plan.reopen_within, now) {
                return Some(key);
            }
            generation = generation.max(known.generation + 1);
        }
        let size = self.state.sizes.get(subscription);
        let made = self.made.entry(subscription.to_owned()).or_default();
        if size.copied().unwrap_or_default() + *made >= MOST_CAUSES {
            return None;
        }
        *made += 1;
        let key = key::key(base, generation);
        let cause = Cause::new(Beginning {
            key: key.clone(),
            base: base.clone(),
            generation,
            subscription: subscription.to_owned(),
            diagnosis: found.diagnosis.clone(),
            by: found.by,
            value: found.value.clone(),
            on_path: found.on_path,
            nature: Nature::Ordinary,
            seen: found.seen.clone(),
        });
        self.current.insert(base.clone(), key.clone());
        self.causes.insert(key.clone(), cause);
        Some(key)
    }
}
