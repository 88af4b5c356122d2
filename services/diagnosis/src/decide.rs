//! Which diagnosis a story gets: candidates by symptom, conditions, precedence, confidence.
//!
//! Invariants: confidence never exceeds what the lines allow; what can neither be shown nor
//! ruled out is said to be open; where nothing fits, a settled outcome is
//! `cause-not-in-knowledge-base` and an unsettled one `log-incomplete`, never a state that is
//! not so.

use whymid_schemas::{Confidence, Outcome};

use crate::condition::{Facts, Told};
use crate::knowledge::{Knowledge, LOG_INCOMPLETE, NO_CAUSE, NO_MID};
use crate::outcome;
use crate::rule::{Diagnosis, GivenBy, Grade, Symptom};
use crate::story::Story;

/// What was decided.
#[derive(Debug)]
pub(crate) struct Verdict<'k> {
    pub(crate) diagnosis: &'k Diagnosis,
    pub(crate) confidence: Confidence,
    /// Which candidates failed, each with the condition that failed first.
    pub(crate) ruled_out: Vec<(&'k Diagnosis, usize)>,
    /// Which candidates are open.
    pub(crate) open: Vec<&'k Diagnosis>,
    /// Which diagnoses annotate it.
    pub(crate) also: Vec<(&'k Diagnosis, Confidence)>,
}

/// How one candidate came out.
enum Tried<'k> {
    Fires(&'k Grade),
    Fails(usize),
    Open,
}

/// Decides; `None` only for a knowledge base that lacks the engine's own diagnoses.
pub(crate) fn decide<'k>(
    knowledge: &'k Knowledge,
    story: &Story,
    facts: &Facts<'_>,
    outcome: Outcome,
) -> Option<Verdict<'k>> {
    let candidates = candidates(knowledge, story, outcome);
    let mut fired: Vec<(&'k Diagnosis, &'k Grade)> = Vec::new();
    let (mut ruled_out, mut open) = (Vec::new(), Vec::new());
    for diagnosis in candidates {
        match attempt(diagnosis, facts) {
            Tried::Fires(grade) => fired.push((diagnosis, grade)),
            Tried::Fails(check) => ruled_out.push((diagnosis, check)),
            Tried::Open => open.push(diagnosis),
        }
    }
    fired.sort_by_key(|(diagnosis, grade)| (grade.precedence, diagnosis.number));
    let mut fired = fired.into_iter();
    let (diagnosis, confidence) = match fired.next() {
        Some((diagnosis, grade)) => (diagnosis, grade.confidence),
        None => fallback(knowledge, story, outcome)?,
    };
    let mut also: Vec<(&Diagnosis, Confidence)> =
        fired.map(|(one, grade)| (one, grade.confidence)).collect();
    also.extend(annotations(knowledge, diagnosis, facts));
    if has_gaps(story) {
        also.extend(
            knowledge
                .diagnosis(LOG_INCOMPLETE)
                .map(|one| (one, Confidence::Certain)),
        );
    }
    also.retain(|(one, _)| one.id != diagnosis.id);
    let mut seen = Vec::new();
    also.retain(|(one, _)| {
        !seen.contains(&one.id.as_str()) && {
            seen.push(one.id.as_str());
            true
        }
    });
    ruled_out.retain(|(one, _)| !seen.contains(&one.id.as_str()));
    open.retain(|one| !seen.contains(&one.id.as_str()));
    Some(Verdict {
        diagnosis,
        confidence,
        ruled_out,
        open,
        also,
    })
}

fn candidates<'k>(knowledge: &'k Knowledge, story: &Story, outcome: Outcome) -> Vec<&'k Diagnosis> {
    let Some(symptom) = symptom(story, outcome) else {
        return Vec::new();
    };
    let rules = knowledge
        .diagnoses
        .iter()
        .filter(|one| one.given_by == GivenBy::Rule);
    rules
        .filter(|one| one.symptoms.contains(&symptom))
        .collect()
}

fn symptom(story: &Story, outcome: Outcome) -> Option<Symptom> {
    if under_way(outcome) {
        return Some(Symptom::InProgress);
    }
    let Some(message) = &story.message else {
        let alone = story.connection.as_ref()?.mids.is_empty();
        return alone.then_some(Symptom::ConnectionWithoutMessage);
    };
    if outcome::receiving_ended(message) && message.ready_at.is_none() {
        return Some(Symptom::ReceivingAborted);
    }
    (outcome == Outcome::Delivered).then_some(Symptom::Delivered)
}

/// Neither ended nor unknown.
fn under_way(outcome: Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Processing | Outcome::Queued | Outcome::SoftBounced
    )
}

fn attempt<'k>(diagnosis: &'k Diagnosis, facts: &Facts<'_>) -> Tried<'k> {
    let mut untold = false;
    for (place, check) in diagnosis.checks.iter().enumerate() {
        match check.when.on(facts) {
            Told::Yes => {}
            Told::No => return Tried::Fails(place),
            Told::Untold => untold = true,
        }
    }
    if untold {
        return Tried::Open;
    }
    let grade = diagnosis
        .grades
        .iter()
        .find(|grade| holds(grade.when.as_ref(), facts));
    grade.map_or(Tried::Open, Tried::Fires)
}

/// Whether an optional condition holds; an untold one does not.
pub(crate) fn holds(when: Option<&crate::condition::Condition>, facts: &Facts<'_>) -> bool {
    when.is_none_or(|when| when.on(facts) == Told::Yes)
}

fn fallback<'k>(
    knowledge: &'k Knowledge,
    story: &Story,
    outcome: Outcome,
) -> Option<(&'k Diagnosis, Confidence)> {
    let (id, confidence) = if story.message.is_none() {
        let refused_or_over = story
            .connection
            .as_ref()
            .is_some_and(|one| one.mids.is_empty());
        if refused_or_over && outcome != Outcome::Processing {
            (NO_MID, Confidence::Certain)
        } else {
            (LOG_INCOMPLETE, Confidence::Undetermined)
        }
    } else if outcome::is_settled(outcome) || has_ended(story) {
        (NO_CAUSE, Confidence::Undetermined)
    } else {
        (LOG_INCOMPLETE, Confidence::Undetermined)
    };
    Some((knowledge.diagnosis(id)?, confidence))
}

fn has_ended(story: &Story) -> bool {
    story
        .message
        .as_ref()
        .is_some_and(|one| one.finished.is_some())
}

fn annotations<'k>(
    knowledge: &'k Knowledge,
    diagnosis: &'k Diagnosis,
    facts: &Facts<'_>,
) -> Vec<(&'k Diagnosis, Confidence)> {
    let holding = diagnosis
        .also
        .iter()
        .filter(|also| holds(also.when.as_ref(), facts));
    holding
        .filter_map(|also| knowledge.diagnosis(&also.id))
        .map(|one| {
            let own = one
                .grades
                .iter()
                .find(|grade| holds(grade.when.as_ref(), facts));
            (
                one,
                own.map_or(Confidence::Undetermined, |grade| grade.confidence),
            )
        })
        .collect()
}

/// The lines that a whole story would have and that were never seen, by how they begin.
pub(crate) fn missing(story: &Story) -> Vec<String> {
    let Some(message) = &story.message else {
        return connection_missing(story);
    };
    let mid = message.mid;
    let mut lines = Vec::new();
    if message.started_at.is_none() {
        lines.push(format!("Start MID {mid}"));
    }
    let beyond = message.queued_at.is_some() || !message.dcids.is_empty();
    if message.ready_at.is_none() && beyond {
        lines.push(format!("MID {mid} ready"));
    }
    lines.extend(connection_missing(story));
    lines
}

/// Whether a message's own lines have a hole in them.
fn has_gaps(story: &Story) -> bool {
    let Some(message) = &story.message else {
        return false;
    };
    let beyond = message.queued_at.is_some() || !message.dcids.is_empty();
    message.started_at.is_none() || (message.ready_at.is_none() && beyond)
}

fn connection_missing(story: &Story) -> Vec<String> {
    let icid = story.connection.as_ref().map(|one| one.icid);
    let Some(icid) = icid.or_else(|| story.message.as_ref().and_then(|one| one.icid)) else {
        return Vec::new();
    };
    let opened = story
        .connection
        .as_ref()
        .is_some_and(|one| one.opened.is_some());
    let ended = story.connection.as_ref().is_some_and(|one| one.has_ended());
    let over = story.message.as_ref().is_some_and(outcome::receiving_ended);
    let mut lines = Vec::new();
    if !opened {
        lines.push(format!("New SMTP ICID {icid}"));
    }
    if !ended && over {
        lines.push(format!("ICID {icid} close"));
    }
    lines
}

/// Lowers a confidence by one step.
pub(crate) fn lower(confidence: Confidence) -> Confidence {
    match confidence {
        Confidence::Certain => Confidence::Likely,
        Confidence::Likely => Confidence::Possible,
        Confidence::Possible | Confidence::Undetermined => Confidence::Undetermined,
    }
}
