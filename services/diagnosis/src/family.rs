//! How the recipients of a message fared, followed to the messages under which its mail went on:
//! contract, "Summing up".
//!
//! Invariants: a recipient is followed by its address, never by its RID, which begins at 0 again
//! in a child; where a child's lines name no address, all that are left share what became of
//! those, or it is unknown which is whose. Copies, notifications and bounces of a message are
//! other mail and count for nothing. A MID that was named and never seen leaves its recipients
//! unknown.
//!
//! Not here: which records are the family (`mailflow`), one message by itself (`outcome.rs`).

use std::collections::{HashMap, HashSet};

use jiff::SignedDuration;
use whymid_mailflow::{Family, Kinship, Message, Recipient};
use whymid_schemas::{Custody, Outcome};

use crate::outcome;
use crate::story::Story;

/// A bounce is made when its recipient bounces; one that comes so much later is another's.
const BOUNCED_WITHIN: SignedDuration = SignedDuration::from_secs(10);

/// How one recipient fared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fared {
    /// What became of it.
    pub(crate) outcome: Outcome,
    /// Who holds the mail for it.
    pub(crate) custody: Custody,
    /// The place of the member that tells so; `None` where it went on under a MID that was not
    /// seen, or under one of several.
    pub(crate) leaf: Option<usize>,
    /// The place of the recipient there.
    pub(crate) recipient: Option<usize>,
    /// The MID that it ended under, where that is another one.
    pub(crate) final_mid: Option<u64>,
    /// The bounce that was made for it.
    pub(crate) bounce_mid: Option<u64>,
}

/// How a message fared.
#[derive(Clone, Debug)]
pub(crate) struct Followed {
    /// Of its recipients, in order.
    pub(crate) recipients: Vec<Fared>,
    /// Summed up.
    pub(crate) outcome: Outcome,
    /// The outcome that decides diagnosis and custody.
    pub(crate) deciding: Outcome,
    /// Who holds the mail then.
    pub(crate) custody: Custody,
    /// The place of the member that decides.
    pub(crate) leaf: usize,
    /// What decides is a MID that was not seen.
    pub(crate) unseen: bool,
}

/// One end of a message's ways: a recipient where it ended, or a message without recipients.
#[derive(Clone, Copy, Debug)]
struct End<'f> {
    address: Option<&'f str>,
    outcome: Outcome,
    member: usize,
    recipient: Option<usize>,
    /// The MID that was not seen.
    unseen: Option<u64>,
}

impl Followed {
    /// Of the message that was asked for; `None` for a story of a connection.
    pub(crate) fn of(story: &Story) -> Option<Self> {
        let message = story.asked()?;
        let family = &story.family;
        let ends = ends_of(family, 0, &mut vec![false; family.members.len()]);
        let outcomes: Vec<Outcome> = ends.iter().map(|end| end.outcome).collect();
        let outcome = outcome::sum_up(&outcomes).unwrap_or_else(|| outcome::of_unsettled(message));
        let recipients = fared(family, 0);
        if story.is_refused() {
            return Some(Self::refused(recipients));
        }
        if outcome::stage(message) == outcome::Stage::Receiving {
            // refusals so far: the client may still name another recipient
            let deciding = Outcome::Processing;
            return Some(Self {
                recipients,
                outcome,
                deciding,
                custody: outcome::custody(deciding, false),
                leaf: 0,
                unseen: false,
            });
        }
        let deciding = deciding(&ends);
        let leaf = deciding.map_or(0, |end| end.member);
        let outcome_of_it =
            deciding.map_or_else(|| outcome::of_unsettled(message), |end| end.outcome);
        Some(Self {
            recipients,
            outcome,
            deciding: outcome_of_it,
            custody: outcome::custody(outcome_of_it, family.members[leaf].ready_at.is_some()),
            leaf,
            unseen: deciding.is_some_and(|end| end.unseen.is_some()),
        })
    }

    /// Of a message on a connection that was refused.
    fn refused(mut recipients: Vec<Fared>) -> Self {
        for one in &mut recipients {
            (one.outcome, one.custody) = (Outcome::Rejected, Custody::Sender);
        }
        Self {
            recipients,
            outcome: Outcome::Rejected,
            deciding: Outcome::Rejected,
            custody: Custody::Sender,
            leaf: 0,
            unseen: false,
        }
    }

    /// Whether its recipients fared differently.
    pub(crate) fn is_splintered(&self) -> bool {
        let mut outcomes = self.recipients.iter().map(|one| one.outcome);
        let first = outcomes.next();
        outcomes.any(|one| Some(one) != first)
    }
}

/// The worst of those that are under way, else the worst (`services/decisions/006`); of those the
/// first that was seen.
fn deciding<'e>(ends: &'e [End<'_>]) -> Option<&'e End<'e>> {
    let worst = |under_way: bool| {
        let ends = ends
            .iter()
            .filter(move |end| !under_way || outcome::is_under_way(end.outcome));
        ends.min_by_key(|end| (outcome::badness(end.outcome), end.unseen.is_some()))
    };
    worst(true).or_else(|| worst(false))
}

/// Whether a member's mail went on under other MIDs.
fn went_on(family: &Family, member: usize) -> bool {
    family.goes_on(member).next().is_some() || family.lost(member).next().is_some()
}

/// The outcome of a recipient that its own message settles, though its mail went on.
fn settled(family: &Family, member: usize, recipient: &Recipient) -> Option<Outcome> {
    let own = outcome::settled(&family.members[member], recipient)?;
    let came_back = family
        .goes_on(member)
        .any(|bond| matches!(bond.how, Kinship::ReturnedFrom | Kinship::ReinjectedFrom));
    (own != Outcome::Quarantined || !came_back).then_some(own)
}

/// The ends of a member's ways. Each member counts once, however a hostile log ties them.
fn ends_of<'f>(family: &'f Family, member: usize, counted: &mut [bool]) -> Vec<End<'f>> {
    let message = &family.members[member];
    if std::mem::replace(&mut counted[member], true) {
        return Vec::new();
    }
    if !went_on(family, member) {
        return own_ends(message, member);
    }
    let recipients = message.recipients.iter().enumerate();
    let settled = recipients.filter_map(|(place, one)| {
        let outcome = settled(family, member, one)?;
        Some(end_of(member, place, one, outcome))
    });
    let mut ends: Vec<End<'_>> = settled.collect();
    let below = ends_of_children(family, member, counted);
    ends.extend(uncovered(family, member, &below));
    ends.extend(below);
    ends
}

/// The recipients of a member that none of the ends below it can be: they stayed behind, or their
/// child was never named. Where some ends have no address, it is unknown which they are.
fn uncovered<'f>(family: &'f Family, member: usize, below: &[End<'f>]) -> Vec<End<'f>> {
    let message = &family.members[member];
    let addresses: HashSet<String> = message.recipients.iter().filter_map(address_of).collect();
    let lower = |end: &End<'_>| end.address.map(str::to_lowercase);
    let named: HashSet<String> = below.iter().filter_map(lower).collect();
    let unnamed = |end: &&End<'_>| lower(end).is_none_or(|own| !addresses.contains(&own));
    let left: Vec<&End<'_>> = below.iter().filter(unnamed).collect();
    let recipients = message.recipients.iter().enumerate();
    let open = recipients.filter(|(_, one)| {
        let is_named = address_of(one).is_some_and(|own| named.contains(&own));
        !is_named && settled(family, member, one).is_none()
    });
    let open: Vec<(usize, &Recipient)> = open.collect();
    if open.len() <= left.len() || left.iter().any(|end| end.recipient.is_none()) {
        return Vec::new();
    }
    let behind = open.len() - left.len();
    let open = open.into_iter().take(behind);
    open.map(|(place, one)| {
        let own = own_outcome(message, one);
        let outcome = if left.is_empty() {
            own
        } else {
            Outcome::Unknown
        };
        end_of(member, place, one, outcome)
    })
    .collect()
}

/// What a recipient's own message says of it.
fn own_outcome(message: &Message, recipient: &Recipient) -> Outcome {
    outcome::settled(message, recipient).unwrap_or_else(|| outcome::of_unsettled(message))
}

fn ends_of_children<'f>(family: &'f Family, member: usize, counted: &mut [bool]) -> Vec<End<'f>> {
    let mut ends = Vec::new();
    for bond in family.goes_on(member) {
        ends.extend(ends_of(family, bond.younger, counted));
    }
    ends.extend(family.lost(member).map(|tie| End {
        address: None,
        outcome: Outcome::Unknown,
        member,
        recipient: None,
        unseen: Some(tie.mid),
    }));
    ends
}

fn own_ends(message: &Message, member: usize) -> Vec<End<'_>> {
    if message.recipients.is_empty() {
        return vec![End {
            address: None,
            outcome: outcome::of_unsettled(message),
            member,
            recipient: None,
            unseen: None,
        }];
    }
    let recipients = message.recipients.iter().enumerate();
    let recipients = recipients.zip(outcome::of_recipients(message));
    recipients
        .map(|((place, one), outcome)| end_of(member, place, one, outcome))
        .collect()
}

fn end_of(member: usize, place: usize, one: &Recipient, outcome: Outcome) -> End<'_> {
    End {
        address: one.address.as_deref(),
        outcome,
        member,
        recipient: Some(place),
        unseen: None,
    }
}

/// How a member's recipients fared.
fn fared(family: &Family, member: usize) -> Vec<Fared> {
    let message = &family.members[member];
    let own = |place: usize, outcome| {
        let end = end_of(member, place, &message.recipients[place], outcome);
        tell(family, member, &end)
    };
    if !went_on(family, member) {
        let outcomes = outcome::of_recipients(message).enumerate();
        return outcomes
            .map(|(place, outcome)| own(place, outcome))
            .collect();
    }
    let mut counted = vec![false; family.members.len()];
    counted[member] = true;
    let ends = ends_of_children(family, member, &mut counted);
    let addresses = message.recipients.iter().filter_map(address_of);
    let addresses: HashSet<String> = addresses.collect();
    let by_address = Named::new(&ends);
    let is_named = |end: &&End<'_>| {
        let address = end.address.map(str::to_lowercase);
        address.is_some_and(|address| addresses.contains(&address))
    };
    let left: Vec<&End<'_>> = ends.iter().filter(|end| !is_named(end)).collect();
    let is_found = |one: &Recipient| {
        let found = address_of(one).and_then(|own| by_address.worst(&own));
        found.is_some()
    };
    let open = message.recipients.iter();
    let open = open.filter(|one| settled(family, member, one).is_none() && !is_found(one));
    // an end without a recipient stands for all that its message has
    let covers = left.len() >= open.count() || left.iter().any(|end| end.recipient.is_none());
    let rest = alike(&left).filter(|_| covers);
    let recipients = message.recipients.iter().enumerate();
    recipients
        .map(|(place, one)| {
            if let Some(outcome) = settled(family, member, one) {
                return own(place, outcome);
            }
            let followed = address_of(one).and_then(|address| by_address.worst(&address));
            match followed.or(rest.as_ref()) {
                Some(end) => tell(family, member, end),
                None if left.is_empty() => own(place, own_outcome(message, one)),
                None => unknown(),
            }
        })
        .collect()
}

fn address_of(recipient: &Recipient) -> Option<String> {
    recipient.address.as_deref().map(str::to_lowercase)
}

/// Ends by address.
struct Named<'e> {
    by_address: HashMap<String, Vec<&'e End<'e>>>,
}

impl<'e> Named<'e> {
    fn new(ends: &'e [End<'_>]) -> Self {
        let mut by_address: HashMap<String, Vec<&'e End<'e>>> = HashMap::new();
        for end in ends {
            if let Some(address) = end.address {
                by_address
                    .entry(address.to_lowercase())
                    .or_default()
                    .push(end);
            }
        }
        Self { by_address }
    }

    fn worst(&self, address: &str) -> Option<&'e End<'e>> {
        let ends = self.by_address.get(address)?;
        let under_way = ends.iter().filter(|end| outcome::is_under_way(end.outcome));
        let worst = under_way.min_by_key(|end| outcome::badness(end.outcome));
        let worst = worst.or_else(|| ends.iter().min_by_key(|end| outcome::badness(end.outcome)));
        worst.copied()
    }
}

/// What all ends have in common, if they came out alike: their outcome, and the member and the
/// MID if that is one.
fn alike<'f>(ends: &[&End<'f>]) -> Option<End<'f>> {
    let first = **ends.first()?;
    let same = |end: &&End<'_>| {
        end.outcome == first.outcome && end.unseen.is_some() == first.unseen.is_some()
    };
    if !ends.iter().all(same) {
        return None;
    }
    let one_member = ends
        .iter()
        .all(|end| end.member == first.member && end.unseen == first.unseen);
    Some(End {
        address: None,
        recipient: if ends.len() == 1 {
            first.recipient
        } else {
            None
        },
        member: if one_member { first.member } else { usize::MAX },
        ..first
    })
}

fn tell(family: &Family, asked: usize, end: &End<'_>) -> Fared {
    let seen = family
        .members
        .get(end.member)
        .filter(|_| end.unseen.is_none());
    let is_other = end.member != asked;
    Fared {
        outcome: end.outcome,
        custody: outcome::custody(end.outcome, seen.is_some_and(|one| one.ready_at.is_some())),
        leaf: seen.map(|_| end.member),
        recipient: end.recipient,
        final_mid: end
            .unseen
            .or_else(|| seen.filter(|_| is_other).map(|one| one.mid)),
        bounce_mid: seen.and_then(|_| bounce_of(family, end)),
    }
}

fn unknown() -> Fared {
    Fared {
        outcome: Outcome::Unknown,
        custody: Custody::Unknown,
        leaf: None,
        recipient: None,
        final_mid: None,
        bounce_mid: None,
    }
}

/// The bounce that was made for a recipient: the only one of its message that was made when it was
/// bounced.
fn bounce_of(family: &Family, end: &End<'_>) -> Option<u64> {
    if end.outcome != Outcome::HardBounced {
        return None;
    }
    let at = family.members[end.member].recipients[end.recipient?].at;
    let mut then = family.bonds.iter().filter(|bond| {
        let is_bounce = bond.elder == end.member && bond.how == Kinship::BounceOf;
        is_bounce && bond.at.duration_since(at).abs() <= BOUNCED_WITHIN
    });
    let first = then.next()?;
    let is_only = then.next().is_none();
    is_only.then(|| family.members[first.younger].mid)
}
