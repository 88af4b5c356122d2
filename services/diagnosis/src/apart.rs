//! Recipients of one message that fared differently, each with the diagnosis of those like it.
//!
//! ```text
//! how a recipient fared ──► its way (outcome, why) ──► the message where it ended, with those of
//!                           its way alone ──► decide.rs ──► the id of a diagnosis
//! ```
//!
//! Invariants: those that fared as what decides the answer carry the answer's diagnosis; an answer
//! by which other recipients were bounced or put off tells nothing of this one; what a line does
//! not settle is not explained by what became of the others.
//!
//! Not here: how each fared (`family.rs`), which of them decides (`judge.rs`).

use std::collections::HashMap;

use whymid_mailflow::{Fate, Message};
use whymid_schemas::Outcome;

use crate::facts;
use crate::family::Fared;
use crate::judge::Judged;
use crate::knowledge::{DELIVERED, Knowledge, WENT_ON};
use crate::outcome;

/// The most ways of one message's recipients that are told apart; those beyond carry no diagnosis.
/// A reply is one of 15 reasons; the rest is names of filters and tables.
const MAX_WAYS: usize = 32;

/// What those have in common that are diagnosed together.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Way {
    leaf: usize,
    outcome: Outcome,
    /// The reason of a server's last answer, or what of ours refused or dropped them.
    why: String,
}

/// The message under which recipients ended.
struct Leaf {
    /// What its own deciding recipients have in common.
    way: Way,
    /// Why a server bounced recipients or put them off, by RID.
    reasons: HashMap<u32, &'static str>,
    diagnosis: String,
}

/// The diagnoses of the recipients of one answer.
pub(crate) struct Apart<'a> {
    knowledge: &'a Knowledge,
    judged: &'a Judged<'a, 'a>,
    leaves: HashMap<usize, Leaf>,
    told: Vec<(Way, String)>,
}

impl<'a> Apart<'a> {
    pub(crate) fn of(knowledge: &'a Knowledge, judged: &'a Judged<'a, 'a>) -> Self {
        Self {
            knowledge,
            judged,
            leaves: HashMap::new(),
            told: Vec::new(),
        }
    }

    /// The diagnosis of one recipient; `None` where it ended nobody knows where.
    pub(crate) fn diagnosis(&mut self, fared: &Fared) -> Option<String> {
        if fared.outcome == Outcome::Delivered {
            return Some(DELIVERED.to_owned());
        }
        let Some(place) = fared.leaf else {
            return fared.final_mid.map(|_| WENT_ON.to_owned());
        };
        let (knowledge, judged) = (self.knowledge, self.judged);
        let leaf = self.leaves.entry(place);
        let leaf = leaf.or_insert_with(|| Leaf::of(knowledge, judged, place));
        let message = &judged.asked.family.members[place];
        let recipient = fared.recipient.map(|place| &message.recipients[place]);
        let Some(recipient) = recipient.filter(|_| !judged.asked.is_refused()) else {
            return Some(leaf.diagnosis.clone());
        };
        let way = Way {
            leaf: place,
            outcome: fared.outcome,
            why: why(recipient, &leaf.reasons),
        };
        if way == leaf.way || leaf.way.outcome == Outcome::Unknown {
            return Some(leaf.diagnosis.clone());
        }
        if let Some((_, id)) = self.told.iter().find(|(known, _)| *known == way) {
            return Some(id.clone());
        }
        if self.told.len() >= MAX_WAYS {
            return None;
        }
        let alone = alone(message, &way, &leaf.reasons);
        let id = knowledge.diagnosis_of(judged.asked, place, Some((alone, way.outcome)));
        self.told.push((way, id.clone()));
        Some(id)
    }
}

impl Leaf {
    fn of(knowledge: &Knowledge, judged: &Judged<'_, '_>, place: usize) -> Self {
        let story = judged.asked;
        let message = &story.family.members[place];
        let decides = judged
            .followed
            .as_ref()
            .is_some_and(|one| one.leaf == place);
        let deciding = outcome::deciding(message);
        let (last, reasons) = facts::reply_reasons(message).unwrap_or_default();
        let by_reply = matches!(deciding, Outcome::HardBounced | Outcome::SoftBounced);
        let mut of_it = message
            .recipients
            .iter()
            .zip(outcome::of_recipients(message));
        let first = of_it.find(|(_, outcome)| *outcome == deciding);
        let why = match first {
            _ if by_reply && message.stopped.is_none() => last.to_owned(),
            Some((one, _)) => why(one, &reasons),
            None => String::new(),
        };
        Self {
            way: Way {
                leaf: place,
                outcome: deciding,
                why,
            },
            reasons,
            diagnosis: if decides {
                judged.id().to_owned()
            } else {
                knowledge.diagnosis_of(story, place, None)
            },
        }
    }
}

/// What became of a recipient by whom or what, as far as lines of its own tell.
fn why(recipient: &whymid_mailflow::Recipient, reasons: &HashMap<u32, &'static str>) -> String {
    match &recipient.fate {
        Fate::Refused(by) | Fate::Dropped(by) => by.clone(),
        Fate::Bounced(_) | Fate::Delayed(_) => {
            let own = recipient.rid.and_then(|rid| reasons.get(&rid));
            own.copied().unwrap_or_default().to_owned()
        }
        Fate::Accepted | Fate::PerhapsDelivered | Fate::Quarantined | Fate::Delivered => {
            String::new()
        }
    }
}

/// The message as if those of one way had been its only recipients: the others are left out, and
/// the answers about them.
fn alone(message: &Message, way: &Way, reasons: &HashMap<u32, &'static str>) -> Message {
    let mut alone = message.clone();
    let outcomes: Vec<Outcome> = outcome::of_recipients(message).collect();
    let mut outcomes = outcomes.into_iter();
    alone.recipients.retain(|one| {
        let outcome = outcomes.next();
        outcome == Some(way.outcome) && why(one, reasons) == way.why
    });
    let own: Vec<u32> = alone.recipients.iter().filter_map(|one| one.rid).collect();
    alone.common.entries.lines.retain(|line| {
        let about = facts::answered(line);
        about.is_none_or(|rids| rids.iter().any(|rid| own.contains(rid)))
    });
    alone
}
