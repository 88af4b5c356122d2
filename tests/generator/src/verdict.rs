//! What a program says became of messages, beside what became of them.
//!
//! Outcomes are the words of contracts.md, "Outcome and custody"; a message's own one sums up its
//! recipients', followed to the MIDs under which they went on. Where the contract leaves room,
//! several words are right; where it leaves the matter open, none is asked for.
//!
//! Invariants: a verdict is held against the truth record of that appliance and MID that began
//! nearest to it.
//!
//! Not here: connections; why something ended, beyond the diagnoses that the truth knows for sure.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use jiff::civil::DateTime;

use crate::truth::{Abort, Ending, Fate, Recipient, RecordKind, TruthRecord};

/// From the worst on; what is summed up is the first of these that any recipient has.
const WORST_FIRST: [&str; 10] = [
    "hard_bounced",
    "dropped",
    "deleted_from_quarantine",
    "aborted",
    "rejected",
    "quarantined",
    "soft_bounced",
    "unknown",
    "queued",
    "processing",
];

/// What a program says of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The place of the gateway in `Plan::appliances`.
    pub appliance: usize,
    /// The MID.
    pub number: u64,
    /// Its first stamp.
    pub first: DateTime,
    /// The diagnosis id; empty for none.
    pub diagnosis: String,
    /// The outcome.
    pub outcome: String,
}

/// How verdicts agree with the truth.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Agreement {
    /// Verdicts that agree.
    pub right: u64,
    /// Verdicts of which the contract leaves open what is right.
    pub open: u64,
    /// Verdicts on a MID that no truth record has.
    pub unknown: Vec<Verdict>,
    /// Verdicts that differ, with what would have been right.
    pub wrong: Vec<(Verdict, Vec<&'static str>)>,
}

impl Agreement {
    /// How often each pair of right and given word differs.
    #[must_use]
    pub fn differences(&self) -> BTreeMap<(String, String), u64> {
        let mut counts = BTreeMap::new();
        for (verdict, right) in &self.wrong {
            let given = format!("{} ({})", verdict.outcome, verdict.diagnosis);
            *counts.entry((right.join(" or "), given)).or_default() += 1;
        }
        counts
    }
}

impl fmt::Display for Agreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (right, open, unknown) = (self.right, self.open, self.unknown.len());
        writeln!(f, "{right} right, {open} open, {unknown} on unknown MIDs")?;
        for ((expected, given), count) in self.differences() {
            writeln!(f, "  {count} times {given}, right is {expected}")?;
        }
        Ok(())
    }
}

/// The messages of a truth, as far as verdicts need them.
#[derive(Clone, Debug, Default)]
pub struct Messages {
    by_id: HashMap<u64, Known>,
    by_number: HashMap<(usize, u64), Vec<u64>>,
}

#[derive(Clone, Debug)]
struct Known {
    first: DateTime,
    ending: Ending,
    recipients: Vec<Recipient>,
}

impl Messages {
    /// Takes a truth record; those that are no message are passed over.
    pub fn add(&mut self, record: &TruthRecord) {
        if record.kind != RecordKind::Message {
            return;
        }
        let number = (record.appliance, record.number);
        self.by_number.entry(number).or_default().push(record.id);
        let known = Known {
            first: record.first,
            ending: record.ending,
            recipients: record.recipients.clone(),
        };
        self.by_id.insert(record.id, known);
    }

    /// The outcomes that are right for a message; none, if that is open.
    #[must_use]
    pub fn outcomes(&self, id: u64) -> Vec<&'static str> {
        match self.by_id.get(&id) {
            Some(known) => self.outcomes_of(known),
            None => Vec::new(),
        }
    }

    fn outcomes_of(&self, known: &Known) -> Vec<&'static str> {
        if let Ending::Aborted(Abort::AllRefused | Abort::BounceVerification) = known.ending {
            return vec!["rejected", "aborted"];
        }
        if known.recipients.is_empty() {
            return of_ending(known.ending).into_iter().collect();
        }
        let fates: Option<Vec<&'static str>> = known
            .recipients
            .iter()
            .map(|one| self.outcome_of(one, known.ending, 0))
            .collect();
        fates.map_or_else(Vec::new, |fates| vec![summed_up(&fates)])
    }

    /// One recipient's outcome, followed to its leaf; `None` if it is open.
    fn outcome_of(&self, one: &Recipient, ending: Ending, depth: u32) -> Option<&'static str> {
        match one.fate {
            Fate::Waiting => of_ending(ending),
            Fate::Delivered => Some("delivered"),
            Fate::Bounced => Some("hard_bounced"),
            Fate::Delayed => Some("soft_bounced"),
            Fate::Refused => Some("rejected"),
            Fate::Aborted => Some("aborted"),
            Fate::Dropped => Some("dropped"),
            Fate::Held | Fate::HandedOver => Some("quarantined"),
            Fate::Deleted => Some("deleted_from_quarantine"),
            Fate::Removed | Fate::PerhapsDelivered => None,
            Fate::WentOn { into } if depth < 20 => self.leaf(one, into, depth),
            Fate::WentOn { .. } => None,
        }
    }

    fn leaf(&self, one: &Recipient, into: u64, depth: u32) -> Option<&'static str> {
        let known = self.by_id.get(&into)?;
        let same = known.recipients.iter().find(|to| to.address == one.address);
        // an address that was changed keeps its place
        let same = same.or_else(|| known.recipients.iter().find(|to| to.rid == one.rid))?;
        self.outcome_of(same, known.ending, depth + 1)
    }

    /// The diagnosis that the truth knows for sure.
    #[must_use]
    pub fn diagnosis(&self, id: u64) -> Option<&'static str> {
        let Ending::Aborted(why) = self.by_id.get(&id)?.ending else {
            return None;
        };
        match why {
            Abort::Lost => Some("receiving-aborted-connection-lost"),
            Abort::BySender => Some("receiving-aborted-by-sender"),
            Abort::TooLong => Some("receiving-aborted-max-connection-time"),
            Abort::Timeout => Some("receiving-aborted-inbound-timeout"),
            Abort::Size => Some("receiving-failed-message-size-exceeded"),
            Abort::Loop => Some("receiving-failed-message-loop"),
            Abort::BounceVerification => Some("receiving-aborted-bounce-verification"),
            Abort::AllRefused => Some("receiving-aborted-all-recipients-rejected"),
            Abort::Killed => Some("appliance-restart-or-connection-killed"),
        }
    }

    fn nearest(&self, verdict: &Verdict) -> Option<u64> {
        let ids = self.by_number.get(&(verdict.appliance, verdict.number))?;
        let distance = |id: &&u64| {
            let first = self.by_id[*id].first;
            verdict.first.duration_since(first).as_secs().unsigned_abs()
        };
        ids.iter().min_by_key(distance).copied()
    }

    /// Holds verdicts against the truth.
    #[must_use]
    pub fn verdicts(&self, given: impl IntoIterator<Item = Verdict>) -> Agreement {
        let mut agreement = Agreement::default();
        for verdict in given {
            let Some(id) = self.nearest(&verdict) else {
                agreement.unknown.push(verdict);
                continue;
            };
            let right = self.outcomes(id);
            if right.is_empty() {
                agreement.open += 1;
            } else if right.contains(&verdict.outcome.as_str()) {
                agreement.right += 1;
            } else {
                agreement.wrong.push((verdict, right));
            }
        }
        agreement
    }
}

fn summed_up(outcomes: &[&'static str]) -> &'static str {
    let delivered = outcomes.iter().filter(|one| **one == "delivered").count();
    if delivered == outcomes.len() {
        return "delivered";
    }
    if delivered > 0 {
        return "partially_delivered";
    }
    let worst = WORST_FIRST.iter().find(|word| outcomes.contains(word));
    worst.copied().unwrap_or("unknown")
}

/// The outcome that a message's own lines tell; `None` where it is open.
fn of_ending(ending: Ending) -> Option<&'static str> {
    match ending {
        Ending::Receiving | Ending::Working => Some("processing"),
        Ending::Queued => Some("queued"),
        Ending::Held | Ending::SpamQuarantined | Ending::HandedOver => Some("quarantined"),
        Ending::Aborted(_) => Some("aborted"),
        Ending::Dropped(_) => Some("dropped"),
        Ending::BouncedByPolicy => Some("hard_bounced"),
        Ending::DeletedFromQuarantine => Some("deleted_from_quarantine"),
        Ending::Settled
        | Ending::WentOn
        | Ending::Open
        | Ending::Closed
        | Ending::Rejected
        | Ending::Lost
        | Ending::TimedOut
        | Ending::TooLong
        | Ending::Killed
        | Ending::Failed
        | Ending::NotConnected
        | Ending::Event => None,
    }
}
