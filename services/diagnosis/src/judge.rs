//! A story to its verdict: which member of the family decides, what is said of it, and what
//! annotates that.
//!
//! Invariant: the diagnosis is that of the worst recipient, followed to its leaf (contract,
//! "Summing up"); where the leaf was never seen, it is that the mail went on.

use std::borrow::Cow;
use std::sync::Arc;

use whymid_mailflow::Message;
use whymid_schemas::{Confidence, Custody, Outcome};

use crate::condition::Facts;
use crate::decide::{self, Verdict};
use crate::family::Followed;
use crate::knowledge::{Knowledge, NO_CAUSE, SPLINTERED, WENT_ON};
use crate::outcome;
use crate::story::Story;
use crate::symptom::Symptom;

/// What is said of a story.
#[derive(Debug)]
pub(crate) struct Judged<'s, 'k> {
    /// The story as it was asked for.
    pub(crate) asked: &'s Story,
    /// The story told of the message that decides.
    pub(crate) story: Cow<'s, Story>,
    /// How the message that was asked for fared; `None` for a connection.
    pub(crate) followed: Option<Followed>,
    /// How the record that was asked for fared, summed up.
    pub(crate) outcome: Outcome,
    /// Who holds the mail.
    pub(crate) custody: Custody,
    /// The verdict; `None` only for a knowledge base that lacks the engine's own diagnoses.
    pub(crate) verdict: Option<Verdict<'k>>,
}

impl Knowledge {
    /// Judges a story.
    pub(crate) fn judge<'s, 'k>(&'k self, asked: &'s Story) -> Judged<'s, 'k> {
        let followed = Followed::of(asked);
        let story = match &followed {
            Some(one) if one.leaf != asked.subject => Cow::Owned(asked.seen_from(one.leaf)),
            _ => Cow::Borrowed(asked),
        };
        let (outcome, custody) = match &followed {
            Some(one) => (one.outcome, one.custody),
            None => of_connection(asked),
        };
        let verdict = match &followed {
            Some(one) if one.unseen => self.diagnosis(WENT_ON).map(went_on),
            _ => decide::decide(self, &story, &Facts::of(&story), decide::symptom(&story)),
        };
        let mut judged = Judged {
            asked,
            story,
            followed,
            outcome,
            custody,
            verdict,
        };
        judged.annotate(self);
        judged
    }

    /// The diagnosis of a member's own story; where some of its recipients are asked about, as if
    /// it had had no others.
    pub(crate) fn diagnosis_of(
        &self,
        asked: &Story,
        member: usize,
        some: Option<(Message, Outcome)>,
    ) -> String {
        let mut story = asked.seen_from(member);
        let mut symptom = decide::symptom(&story);
        if let Some((alone, outcome)) = some {
            story.family.members[member] = Arc::new(alone);
            symptom = if outcome == Outcome::Rejected {
                // whatever became of the message: these were refused before it was sent
                Some(Symptom::RecipientsRejected)
            } else {
                decide::symptom(&story)
            };
        }
        let verdict = decide::decide(self, &story, &Facts::of(&story), symptom);
        verdict.map_or(NO_CAUSE, |one| &one.diagnosis.id).to_owned()
    }
}

/// The mail went on under a MID that was never seen.
fn went_on(diagnosis: &crate::rule::Diagnosis) -> Verdict<'_> {
    Verdict {
        diagnosis,
        confidence: Confidence::Certain,
        ruled_out: Vec::new(),
        open: Vec::new(),
        also: Vec::new(),
    }
}

fn of_connection(story: &Story) -> (Outcome, Custody) {
    let connection = story.connection.as_ref();
    let outcome = connection.map_or(Outcome::Unknown, |one| outcome::of_connection(one, &[]));
    (outcome, outcome::custody(outcome, false))
}

impl<'k> Judged<'_, 'k> {
    /// Adds what the family says beside the diagnosis.
    fn annotate(&mut self, knowledge: &'k Knowledge) {
        let (Some(followed), Some(verdict)) = (&self.followed, &mut self.verdict) else {
            return;
        };
        let family = &self.asked.family;
        let notes = [
            (followed.is_splintered(), SPLINTERED),
            (family.went_on(0), WENT_ON),
        ];
        for (holds, id) in notes {
            let note = knowledge.diagnosis(id).filter(|_| holds);
            let is_said = |one: &&crate::rule::Diagnosis| one.id == verdict.diagnosis.id;
            if let Some(note) = note.filter(|one| !is_said(one)) {
                verdict.also.push((note, Confidence::Certain));
            }
        }
    }

    /// The id of the diagnosis.
    pub(crate) fn id(&self) -> &str {
        let verdict = self.verdict.as_ref();
        verdict.map_or(NO_CAUSE, |one| &one.diagnosis.id)
    }

    /// The MIDs under which the message that was asked for ended, in order.
    pub(crate) fn final_mids(&self) -> Vec<u64> {
        let fared = self.followed.iter().flat_map(|one| &one.recipients);
        let mut mids: Vec<u64> = fared.filter_map(|one| one.final_mid).collect();
        if mids.is_empty() {
            let family = &self.asked.family;
            let seen = family
                .goes_on(0)
                .map(|bond| family.members[bond.younger].mid);
            mids.extend(seen.chain(family.lost(0).map(|tie| tie.mid)));
        }
        mids.sort_unstable();
        mids.dedup();
        let own = self.asked.asked().map(|one| one.mid);
        mids.retain(|mid| Some(*mid) != own);
        mids
    }
}
