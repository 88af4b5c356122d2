//! Which diagnosis a story gets: candidates by symptom, conditions, precedence, confidence.
//!
//! Invariants: confidence never exceeds what the lines allow; what can neither be shown nor
//! ruled out is said to be open; where nothing fits, a settled outcome is
//! `cause-not-in-knowledge-base` and an unsettled one `log-incomplete`, never a state that is
//! not so.

use std::cmp::Reverse;

use jiff::Timestamp;
use whymid_mailflow::event::Fact;
use whymid_mailflow::{Connection, Entry, Message, kind};
use whymid_schemas::{Confidence, Outcome};

use crate::condition::{Facts, Told};
use crate::knowledge::{Knowledge, LOG_INCOMPLETE, NO_CAUSE, NO_MID, SEVERAL};
use crate::outcome;
use crate::rule::{Diagnosis, GivenBy, Grade};
use crate::story::Story;
use crate::symptom::Symptom;

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

/// Whether two inferences fit equally well: no cause line tells one from the other.
fn equally_good(fired: &[(&Diagnosis, &Grade)]) -> bool {
    let rank = |(_, grade): &(&Diagnosis, &Grade)| (grade.precedence, grade.confidence);
    let first = fired.first().map(rank);
    let inferred =
        |confidence| matches!(confidence, Confidence::Possible | Confidence::Undetermined);
    first.is_some_and(|(_, confidence)| inferred(confidence)) && fired.get(1).map(rank) == first
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
    symptom: Option<Symptom>,
) -> Option<Verdict<'k>> {
    let candidates = candidates(knowledge, symptom);
    let mut fired: Vec<(&'k Diagnosis, &'k Grade)> = Vec::new();
    let (mut ruled_out, mut open) = (Vec::new(), Vec::new());
    for diagnosis in candidates {
        match attempt(diagnosis, facts) {
            Tried::Fires(grade) => fired.push((diagnosis, grade)),
            Tried::Fails(check) => ruled_out.push((diagnosis, check)),
            Tried::Open => open.push(diagnosis),
        }
    }
    fired.sort_by_key(|(diagnosis, grade)| {
        (
            grade.precedence,
            Reverse(grade.confidence),
            diagnosis.number,
        )
    });
    let equal = equally_good(&fired);
    let mut fired = fired.into_iter();
    let (diagnosis, confidence) = match fired.next() {
        Some((diagnosis, grade)) => (diagnosis, grade.confidence),
        None => fallback(knowledge, story)?,
    };
    let mut also: Vec<(&Diagnosis, Confidence)> =
        fired.map(|(one, grade)| (one, grade.confidence)).collect();
    if equal {
        let several = knowledge.diagnosis(SEVERAL);
        also.extend(several.map(|one| (one, Confidence::Certain)));
    }
    also.extend(annotations(knowledge, diagnosis, facts));
    if has_gaps(story) || !story.gaps.is_empty() {
        also.extend(
            knowledge
                .diagnosis(LOG_INCOMPLETE)
                .map(|one| (one, Confidence::Likely)),
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

fn candidates(knowledge: &Knowledge, symptom: Option<Symptom>) -> Vec<&Diagnosis> {
    let Some(symptom) = symptom else {
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

/// What is to be explained; `None` where there is nothing that a rule could explain.
pub(crate) fn symptom(story: &Story) -> Option<Symptom> {
    let Some(message) = story.message() else {
        let connection = story.connection.as_ref()?;
        if !connection.mids.is_empty() {
            return Some(Symptom::ConnectionWithMessages);
        }
        return Some(
            match outcome::is_under_way(outcome::of_connection(connection, &[])) {
                true => Symptom::InProgress,
                false => Symptom::ConnectionWithoutMessage,
            },
        );
    };
    if story.is_refused() {
        return Some(Symptom::ReceivingAborted);
    }
    if outcome::is_under_way(outcome::deciding(message)) {
        return Some(Symptom::InProgress);
    }
    if outcome::receiving_ended(message) && message.ready_at.is_none() && message.stopped.is_none()
    {
        return Some(Symptom::ReceivingAborted);
    }
    match outcome::deciding(message) {
        Outcome::Dropped => Some(Symptom::Stopped),
        Outcome::HardBounced if message.stopped.is_some() => Some(Symptom::Stopped),
        Outcome::HardBounced => Some(Symptom::HardBounced),
        Outcome::Quarantined => Some(Symptom::Quarantined),
        Outcome::DeletedFromQuarantine => Some(Symptom::DeletedFromQuarantine),
        Outcome::Rejected => Some(Symptom::RecipientsRejected),
        Outcome::Delivered => Some(Symptom::Delivered),
        Outcome::Aborted
        | Outcome::Unknown
        | Outcome::Processing
        | Outcome::Queued
        | Outcome::SoftBounced
        | Outcome::PartiallyDelivered => None,
    }
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

fn fallback<'k>(knowledge: &'k Knowledge, story: &Story) -> Option<(&'k Diagnosis, Confidence)> {
    let (id, confidence) = if without_mid(story) {
        (NO_MID, Confidence::Certain)
    } else if cause_may_be_there(story) {
        (NO_CAUSE, Confidence::Undetermined)
    } else {
        (LOG_INCOMPLETE, Confidence::Undetermined)
    };
    Some((knowledge.diagnosis(id)?, confidence))
}

/// A connection that was seen from its opening to its end, or to its refusal, without a MID.
fn without_mid(story: &Story) -> bool {
    let Some(connection) = story
        .connection
        .as_ref()
        .filter(|_| story.message().is_none())
    else {
        return false;
    };
    let refused = outcome::of_connection(connection, &[]) == Outcome::Rejected;
    connection.mids.is_empty() && connection.opened.is_some() && (refused || connection.has_ended())
}

/// The outcome is settled, or something stopped the message, or it finished with lines among its
/// own that this version does not understand or does not follow: a cause is there, but none that
/// is known here.
fn cause_may_be_there(story: &Story) -> bool {
    let Some(message) = story.message() else {
        return false;
    };
    let deciding = outcome::deciding(message);
    if outcome::is_under_way(deciding) {
        return message.stopped.is_some();
    }
    let is_unread = |entry: &Entry| match entry.kind.0 {
        Some(kind) => {
            let tells_nothing = || whymid_mailflow::read(&entry.line).fact == Fact::Nothing;
            kind.by_form && kind.diagnostic && tells_nothing()
        }
        None => true,
    };
    let unread = message.common.entries.lines.iter().any(is_unread);
    outcome::is_settled(deciding)
        || message.stopped.is_some()
        || (message.finished.is_some() && unread)
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

/// What a whole story would have and that was never seen: lines, by how they begin.
pub(crate) fn missing(story: &Story) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(message) = story.message() {
        let mid = message.mid;
        if began_at(message).is_none() {
            lines.push(format!("Start MID {mid}"));
        }
        if message.ready_at.is_none() && went_on(message) {
            lines.push(format!("MID {mid} ready"));
        }
        if message.finished.is_none() && message.receiving_aborted.is_none() {
            lines.push(format!("Message finished MID {mid}"));
        }
        if message.finished.is_some_and(|finish| !finish.aborted) {
            lines.extend(untold_recipients(message));
        }
    }
    lines.extend(connection_missing(story));
    lines
}

/// Stamp of `Start MID`, or of the line that takes its place for mail that the gateway made
/// (E077).
pub(crate) fn began_at(message: &Message) -> Option<Timestamp> {
    let made_here = |entry: &&Entry| entry.kind.is(&kind::SYSTEM_MAIL);
    let lines = &message.common.entries.lines;
    message
        .started_at
        .or_else(|| lines.iter().find(made_here).map(|entry| entry.at))
}

/// Something happened to the message that happens only after `ready`.
fn went_on(message: &Message) -> bool {
    message.queued_at.is_some() || !message.dcids.is_empty()
}

/// The recipients that a finished message leaves without an outcome.
fn untold_recipients(message: &Message) -> Vec<String> {
    let recipients = message
        .recipients
        .iter()
        .zip(outcome::of_recipients(message));
    let untold = recipients.filter(|(_, outcome)| *outcome == Outcome::Unknown);
    let rids = untold.filter_map(|(one, _)| one.rid).take(5);
    rids.map(|rid| format!("Message done … MID {} to RID [{rid}]", message.mid))
        .collect()
}

/// Whether a message's own lines have a hole in them.
fn has_gaps(story: &Story) -> bool {
    let Some(message) = story.message() else {
        return false;
    };
    began_at(message).is_none() || (message.ready_at.is_none() && went_on(message))
}

fn connection_missing(story: &Story) -> Vec<String> {
    let connection = story.connection.as_deref();
    let icid = connection.map(|one| one.icid);
    let Some(icid) = icid.or_else(|| story.message().and_then(|one| one.icid)) else {
        return Vec::new();
    };
    let opened = connection.is_some_and(|one| one.opened.is_some());
    let ended = connection.is_some_and(Connection::has_ended);
    let accepted = story.message().is_some_and(|one| one.ready_at.is_some());
    let mut lines = Vec::new();
    if !opened && !accepted {
        lines.push(format!("New SMTP ICID {icid}"));
    }
    if !ended && !accepted {
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
