//! How each recipient fared, and the whole message: contract, "Outcome and custody".

use whymid_mailflow::{Connection, Fate, Held, Message, Recipient};
use whymid_schemas::{Custody, Outcome};

/// Where a message stands on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Receiving,
    Workqueue,
    Queued,
    Ended,
    /// Only lines were seen that tell nothing of it.
    Unknown,
}

impl Stage {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Receiving => "receiving",
            Self::Workqueue => "workqueue",
            Self::Queued => "queued",
            Self::Ended => "ended",
            Self::Unknown => "unknown",
        }
    }
}

/// The stage by the lines that were seen.
pub(crate) fn stage(message: &Message) -> Stage {
    let tried = || {
        message.recipients.iter().any(|one| {
            matches!(
                one.fate,
                Fate::Delayed(_)
                    | Fate::PerhapsDelivered
                    | Fate::Delivered
                    | Fate::Bounced(_)
                    | Fate::Quarantined
            )
        })
    };
    if message.finished.is_some() || receiving_ended(message) || message.stopped.is_some() {
        Stage::Ended
    } else if message.queued_at.is_some() || !message.dcids.is_empty() || tried() {
        Stage::Queued
    } else if message.ready_at.is_some() {
        Stage::Workqueue
    } else if message.started_at.is_some()
        || message.sender.is_some()
        || !message.recipients.is_empty()
    {
        Stage::Receiving
    } else {
        Stage::Unknown
    }
}

/// Receiving ended without acceptance.
pub(crate) fn receiving_ended(message: &Message) -> bool {
    message.receiving_aborted.is_some() || message.finished.is_some_and(|finish| finish.aborted)
}

/// One recipient's outcome.
#[must_use]
pub fn of_recipient(message: &Message, recipient: &Recipient) -> Outcome {
    settled(message, recipient).unwrap_or_else(|| of_unsettled(message))
}

/// The recipients' outcomes, in order. Costs what there are recipients: what the message's own
/// lines say of those that nothing settles is asked once.
pub(crate) fn of_recipients(message: &Message) -> impl Iterator<Item = Outcome> + '_ {
    let unsettled = of_unsettled(message);
    let recipients = message.recipients.iter();
    recipients.map(move |one| settled(message, one).unwrap_or(unsettled))
}

/// The outcome of a recipient that a line of its own settles.
pub(crate) fn settled(message: &Message, recipient: &Recipient) -> Option<Outcome> {
    Some(match &recipient.fate {
        Fate::Delivered => Outcome::Delivered,
        Fate::Bounced(_) => Outcome::HardBounced,
        Fate::Quarantined => Outcome::Quarantined,
        Fate::Refused(_) => Outcome::Rejected,
        Fate::Dropped(_) => Outcome::Dropped,
        Fate::PerhapsDelivered => Outcome::Unknown,
        Fate::Delayed(_) if message.finished.is_none() => Outcome::SoftBounced,
        Fate::Delayed(_) => Outcome::Unknown,
        Fate::Accepted => return None,
    })
}

/// What the message's own lines say of a recipient that no line of its own settles. What went on
/// under another MID is that one's to tell (`family.rs`).
pub(crate) fn of_unsettled(message: &Message) -> Outcome {
    if let Some(reason) = &message.stopped {
        return of_reason(reason);
    }
    if receiving_ended(message) {
        return Outcome::Aborted;
    }
    if message.ties.iter().any(|tie| tie.how.is_elder_s()) {
        return Outcome::Unknown;
    }
    match message.held() {
        Held::Deleted => return Outcome::DeletedFromQuarantine,
        Held::Yes => return Outcome::Quarantined,
        Held::No => {}
    }
    match stage(message) {
        Stage::Receiving | Stage::Workqueue => Outcome::Processing,
        Stage::Queued => Outcome::Queued,
        Stage::Ended | Stage::Unknown => Outcome::Unknown,
    }
}

/// `Message aborted MID n <reason>`: the set of reasons is open, so only its beginning counts;
/// old releases write it small (`MID n was dropped by …`).
fn of_reason(reason: &str) -> Outcome {
    let begins = |word: &str| {
        let head = reason.get(..word.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(word))
    };
    if begins("Dropped by ") {
        Outcome::Dropped
    } else if begins("Bounced by ") {
        Outcome::HardBounced
    } else {
        Outcome::Unknown
    }
}

/// The message's outcome, summed up over its recipients.
#[must_use]
pub fn of_message(message: &Message) -> Outcome {
    let outcomes: Vec<Outcome> = of_recipients(message).collect();
    sum_up(&outcomes).unwrap_or_else(|| of_unsettled(message))
}

/// All alike: that. Some delivered and some not: partially delivered. Otherwise the worst.
/// `None` for no outcomes.
pub(crate) fn sum_up(outcomes: &[Outcome]) -> Option<Outcome> {
    let first = *outcomes.first()?;
    if outcomes.iter().all(|outcome| *outcome == first) {
        return Some(first);
    }
    if outcomes.contains(&Outcome::Delivered) {
        return Some(Outcome::PartiallyDelivered);
    }
    outcomes
        .iter()
        .copied()
        .min_by_key(|outcome| badness(*outcome))
}

/// Worst first; delivered is the best.
pub(crate) fn badness(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::HardBounced => 0,
        Outcome::Dropped => 1,
        Outcome::DeletedFromQuarantine => 2,
        Outcome::Aborted => 3,
        Outcome::Rejected => 4,
        Outcome::Quarantined => 5,
        Outcome::SoftBounced => 6,
        Outcome::Unknown => 7,
        Outcome::Queued => 8,
        Outcome::Processing => 9,
        Outcome::PartiallyDelivered => 10,
        Outcome::Delivered => 11,
    }
}

/// Who holds the mail after that outcome.
pub(crate) fn custody(outcome: Outcome, accepted: bool) -> Custody {
    match outcome {
        Outcome::Delivered => Custody::NextHop,
        Outcome::Aborted | Outcome::Rejected => Custody::Sender,
        Outcome::Dropped | Outcome::HardBounced | Outcome::DeletedFromQuarantine => Custody::Nobody,
        Outcome::SoftBounced | Outcome::Queued => Custody::Gateway,
        Outcome::Quarantined => Custody::Quarantine,
        Outcome::Processing if accepted => Custody::Gateway,
        Outcome::Processing => Custody::Sender,
        Outcome::PartiallyDelivered | Outcome::Unknown => Custody::Unknown,
    }
}

/// The outcome that decides diagnosis and custody: that of the worst recipient; while any
/// recipient is under way, of the worst of those (`services/decisions/006`).
pub(crate) fn deciding(message: &Message) -> Outcome {
    let outcomes = || of_recipients(message);
    let worst =
        |outcomes: &mut dyn Iterator<Item = Outcome>| outcomes.min_by_key(|one| badness(*one));
    if stage(message) == Stage::Receiving {
        // refusals so far: the client may still name another recipient
        return Outcome::Processing;
    }
    worst(&mut outcomes().filter(|one| is_under_way(*one)))
        .or_else(|| worst(&mut outcomes()))
        .unwrap_or_else(|| of_unsettled(message))
}

/// Whether something is still to happen.
pub(crate) fn is_under_way(outcome: Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Processing | Outcome::Queued | Outcome::SoftBounced
    )
}

/// Whether nothing further will happen that could change the outcome.
pub(crate) fn is_settled(outcome: Outcome) -> bool {
    match outcome {
        Outcome::Delivered
        | Outcome::PartiallyDelivered
        | Outcome::Aborted
        | Outcome::Rejected
        | Outcome::Dropped
        | Outcome::HardBounced
        | Outcome::Quarantined
        | Outcome::DeletedFromQuarantine => true,
        Outcome::SoftBounced | Outcome::Queued | Outcome::Processing | Outcome::Unknown => false,
    }
}

/// A connection's outcome: that of the messages it carried, or its own.
#[must_use]
pub fn of_connection(connection: &Connection, of_messages: &[Outcome]) -> Outcome {
    if let Some(outcome) = sum_up(of_messages) {
        return outcome;
    }
    let refused = connection
        .hat
        .as_ref()
        .is_some_and(|hat| matches!(hat.action.as_str(), "REJECT" | "TCPREFUSE"));
    let stopped = connection.sender_refused.is_some()
        || !connection.refused.is_empty()
        || !connection.failures.is_empty();
    if refused || (stopped && connection.has_ended()) {
        Outcome::Rejected
    } else if !connection.mids.is_empty() {
        Outcome::Unknown
    } else if connection.has_ended() {
        Outcome::Aborted
    } else {
        Outcome::Processing
    }
}
