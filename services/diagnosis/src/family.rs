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
        let deciding = worst(ends.iter());
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

/// Whether it came out of a quarantine under another MID and is still what decides: then not for
/// all of its recipients.
pub(crate) fn is_partly_released(story: &Story) -> bool {
    let mut bonds = story.family.goes_on(story.subject);
    bonds.any(|bond| matches!(bond.how, Kinship::ReinjectedFrom | Kinship::ReturnedFrom))
}

/// The worst of those that are under way, else the worst (`services/decisions/006`); of those the
/// first that was seen.
fn worst<'e>(ends: impl Iterator<Item = &'e End<'e>> + Clone) -> Option<&'e End<'e>> {
    let rank = |end: &&End<'_>| (outcome::badness(end.outcome), end.unseen.is_some());
    let under_way = ends
        .clone()
        .filter(|end| outcome::is_under_way(end.outcome));
    under_way.min_by_key(rank).or_else(|| ends.min_by_key(rank))
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
    if !family.went_on(member) {
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

/// The ends below a member whose mail went on, and which of its recipients they are.
struct Below<'e> {
    /// By address, lower case.
    named: HashMap<String, Vec<&'e End<'e>>>,
    /// Those that are none of the member's recipients by address.
    left: Vec<&'e End<'e>>,
    /// The places of the member's recipients that nothing of its own settles and that no end has
    /// the address of.
    open: Vec<usize>,
}

impl<'e> Below<'e> {
    fn new(family: &Family, member: usize, ends: &'e [End<'e>]) -> Self {
        let recipients = &family.members[member].recipients;
        let own: HashSet<String> = recipients.iter().filter_map(address_of).collect();
        let mut named: HashMap<String, Vec<&End<'_>>> = HashMap::new();
        let mut left = Vec::new();
        for end in ends {
            match end.address.map(str::to_lowercase) {
                Some(address) if own.contains(&address) => {
                    named.entry(address).or_default().push(end);
                }
                Some(_) | None => left.push(end),
            }
        }
        let places = recipients.iter().enumerate();
        let open = places.filter(|(_, one)| {
            let is_named = address_of(one).is_some_and(|own| named.contains_key(&own));
            !is_named && settled(family, member, one).is_none()
        });
        let open = open.map(|(place, _)| place).collect();
        Self { named, left, open }
    }

    /// So many recipients can be none of the ends that are left: they stayed behind, or their
    /// child was never named. An end without a recipient stands for all that its message has.
    fn behind(&self) -> usize {
        if self.left.iter().any(|end| end.recipient.is_none()) {
            return 0;
        }
        self.open.len().saturating_sub(self.left.len())
    }

    /// Where a recipient ended: by its address; else as all did that are left, if those are
    /// enough and came out alike.
    fn of(&self, recipient: &Recipient, rest: Option<&End<'e>>) -> Option<End<'e>> {
        let named = address_of(recipient).and_then(|own| self.named.get(&own));
        match named {
            Some(ends) => worst(ends.iter().copied()).copied(),
            None => rest.copied(),
        }
    }
}

/// The recipients of a member that none of the ends below it can be. Where some ends have no
/// address, it is unknown which they are.
fn uncovered<'f>(family: &'f Family, member: usize, ends: &[End<'f>]) -> Vec<End<'f>> {
    let message = &family.members[member];
    let below = Below::new(family, member, ends);
    let places = below.open.iter().take(below.behind());
    let own = places.map(|place| {
        let one = &message.recipients[*place];
        let outcome = if below.left.is_empty() {
            own_outcome(message, one)
        } else {
            Outcome::Unknown
        };
        end_of(member, *place, one, outcome)
    });
    own.collect()
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
    if !family.went_on(member) {
        let outcomes = outcome::of_recipients(message).enumerate();
        return outcomes
            .map(|(place, outcome)| own(place, outcome))
            .collect();
    }
    let mut counted = vec![false; family.members.len()];
    counted[member] = true;
    let ends = ends_of_children(family, member, &mut counted);
    let below = Below::new(family, member, &ends);
    let rest = alike(&below.left).filter(|_| below.behind() == 0);
    let recipients = message.recipients.iter().enumerate();
    recipients
        .map(|(place, one)| {
            if let Some(outcome) = settled(family, member, one) {
                return own(place, outcome);
            }
            match below.of(one, rest.as_ref()) {
                Some(end) => tell(family, member, &end),
                None if below.left.is_empty() => own(place, own_outcome(message, one)),
                None => unknown(),
            }
        })
        .collect()
}

fn address_of(recipient: &Recipient) -> Option<String> {
    recipient.address.as_deref().map(str::to_lowercase)
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
