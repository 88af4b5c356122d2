//! Messages of one family, joined when they are read: splits, rewrites, copies, bounces of
//! messages, what comes back from a quarantine. Each names another one by its MID in its own
//! lines; which record of that number is meant, is decided here.
//!
//! ```text
//! a message ──► Gathering::wanted: whose kin to look for ──► (memory, index, a log) ──► Gathering::take
//!     (gathering.rs)                                       … until none is left ──► Family
//! ```
//!
//! Invariants: a tie joins records of one appliance only; a message that came by a connection of
//! its own is nobody's child; a child begins when its tie says so, not hours later, though it may
//! be in use before the line that tells (trap 7 of the log grammar); what comes back from a
//! quarantine was in one. Where nothing fits, the other one was not seen: no guess. What a child's
//! own lines do not tell (connection, sender, subject, size, acceptance) is its elder's (trap 9).
//!
//! Not here: what became of the recipients (`diagnosis`), looking up.

use std::collections::VecDeque;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::assembler::LINGER;
use crate::event::Kinship;
use crate::grammar;
use crate::join::slack;
use crate::kind::{self, Kind};
use crate::record::{Fate, Message};

/// The most messages of one family that are read; what is beyond counts as not seen.
pub const MAX_FAMILY: usize = 200;

/// So long before the line that tells of it a child may have been in use.
const IN_USE_BEFORE: SignedDuration = SignedDuration::from_mins(10);

/// So long after that line a child's first line may come: some may be lost.
const FIRST_SEEN: SignedDuration = SignedDuration::from_hours(1);

/// So long after its end a message may still be copied, or its bounce be made.
const AFTER_END: SignedDuration = SignedDuration::from_mins(1);

/// So long a message may wait before it is bounced: queues keep for 3 days, quarantines for 40.
const ALIVE: SignedDuration = SignedDuration::from_hours(24 * 60);

/// So long a quarantine may keep a message.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 400);

/// What one message's line says of another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Tie {
    /// How the two hang together.
    pub how: Kinship,
    /// The other one's MID.
    pub mid: u64,
    /// Stamp of the line.
    pub at: Timestamp,
}

impl Kinship {
    /// Whether the message whose line it is was there before the other one.
    #[must_use]
    pub fn is_elder_s(self) -> bool {
        matches!(self, Self::SplitInto | Self::RewrittenTo)
    }

    /// Whether the mail itself goes on under the younger MID; copies and bounces are other mail.
    #[must_use]
    pub fn goes_on(self) -> bool {
        !matches!(self, Self::CopyOf | Self::BounceOf)
    }
}

/// Two members of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bond {
    /// The place of the one that was there first.
    pub elder: usize,
    /// The place of the other one.
    pub younger: usize,
    /// How they hang together.
    pub how: Kinship,
    /// When.
    pub at: Timestamp,
}

/// A member that is named and was not found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unseen {
    /// The place of the one that names it.
    pub of: usize,
    /// How, by which MID, when.
    pub tie: Tie,
}

/// A message with its family.
#[derive(Clone, Debug, Default)]
pub struct Family {
    /// The members; the one that was asked for is the first.
    pub members: Vec<Arc<Message>>,
    /// How they hang together.
    pub bonds: Vec<Bond>,
    /// Who is missing.
    pub unseen: Vec<Unseen>,
}

impl Family {
    /// A message whose family is not looked for.
    #[must_use]
    pub fn alone(message: Message) -> Self {
        Self {
            members: vec![Arc::new(message)],
            ..Self::default()
        }
    }

    /// The same family, asked for by another member.
    #[must_use]
    pub fn asked_by(&self, member: usize) -> Self {
        let mut family = self.clone();
        family.arrange(member);
        family
    }

    /// Puts a member first, the others behind it in the order of their lines; in the same order,
    /// whatever was found first.
    pub(crate) fn arrange(&mut self, first: usize) {
        let mut order: Vec<usize> = (0..self.members.len()).collect();
        order.sort_by_key(|place| {
            let one = &self.members[*place];
            (
                *place != first,
                one.common.first_at,
                one.mid,
                one.common.id.as_str(),
            )
        });
        let mut place = vec![0; order.len()];
        for (now, before) in order.iter().enumerate() {
            place[*before] = now;
        }
        self.members = order
            .iter()
            .map(|before| Arc::clone(&self.members[*before]))
            .collect();
        for bond in &mut self.bonds {
            (bond.elder, bond.younger) = (place[bond.elder], place[bond.younger]);
        }
        for one in &mut self.unseen {
            one.of = place[one.of];
        }
        self.bonds
            .sort_by_key(|bond| (bond.at, bond.younger, bond.elder));
        self.unseen
            .sort_by_key(|one| (one.tie.at, one.of, one.tie.mid));
    }

    /// The bonds by which a member's mail goes on under younger MIDs.
    pub fn goes_on(&self, elder: usize) -> impl Iterator<Item = &Bond> {
        let bonds = self.bonds.iter();
        bonds.filter(move |bond| bond.elder == elder && bond.how.goes_on())
    }

    /// Whether a member's mail went on under other MIDs.
    #[must_use]
    pub fn went_on(&self, member: usize) -> bool {
        self.goes_on(member).next().is_some() || self.lost(member).next().is_some()
    }

    /// The bond by which a member took over from an older one.
    #[must_use]
    pub fn came_from(&self, younger: usize) -> Option<&Bond> {
        let mut bonds = self.bonds.iter();
        bonds.find(|bond| bond.younger == younger && bond.how.goes_on())
    }

    /// The MIDs under which a member went on and that were not seen.
    pub fn lost(&self, of: usize) -> impl Iterator<Item = &Tie> {
        let unseen = self.unseen.iter().filter(move |one| one.of == of);
        unseen
            .map(|one| &one.tie)
            .filter(|tie| tie.how.is_elder_s())
    }

    /// The first one of those that a member took over from, itself if it is from nobody.
    #[must_use]
    pub fn root_of(&self, member: usize) -> usize {
        let mut root = member;
        for _ in 0..self.members.len() {
            match self.came_from(root) {
                Some(bond) => root = bond.elder,
                None => break,
            }
        }
        root
    }

    /// A child that two elders claim is nobody's for sure: to both it counts as not seen.
    pub(crate) fn leave_disputed(&mut self) {
        let bonds = self.bonds.clone();
        let is_disputed = |bond: &Bond| {
            let mut others = bonds.iter().filter(|other| other.younger == bond.younger);
            bond.how.goes_on()
                && others.any(|other| other.how.goes_on() && other.elder != bond.elder)
        };
        for bond in bonds.iter().filter(|bond| is_disputed(bond)) {
            let (of, other) = if bond.how.is_elder_s() {
                (bond.elder, bond.younger)
            } else {
                (bond.younger, bond.elder)
            };
            let tie = Tie {
                how: bond.how,
                mid: self.members[other].mid,
                at: bond.at,
            };
            self.unseen.push(Unseen { of, tie });
        }
        self.bonds.retain(|bond| !is_disputed(bond));
    }

    /// Gives children what only their elders' lines tell, elders first.
    pub(crate) fn inherit(&mut self) {
        let mut left: VecDeque<usize> = (0..self.members.len()).collect();
        let mut done = vec![false; self.members.len()];
        let mut patience = self.members.len() * self.members.len() + 1;
        while let Some(place) = left.pop_front() {
            let bond = self.came_from(place).copied();
            if let Some(bond) = bond {
                patience = patience.saturating_sub(1);
                if !done[bond.elder] && patience > 0 {
                    left.push_back(place);
                    continue;
                }
                let elder = Arc::clone(&self.members[bond.elder]);
                take_after(Arc::make_mut(&mut self.members[place]), &elder, bond);
            }
            done[place] = true;
        }
    }
}

/// What a child has from its elder.
fn take_after(child: &mut Message, elder: &Message, bond: Bond) {
    child.started_at = child
        .started_at
        .or(Some(bond.at.min(child.common.first_at)));
    child.icid = child.icid.or(elder.icid);
    child.ready_at = child.ready_at.or(elder.ready_at);
    child.size = child.size.or(elder.size);
    child.sender = child.sender.take().or_else(|| elder.sender.clone());
    child.ready_sender = child
        .ready_sender
        .take()
        .or_else(|| elder.ready_sender.clone());
    child.subject = child.subject.take().or_else(|| elder.subject.clone());
    child.message_id = child.message_id.take().or_else(|| elder.message_id.clone());
    if bond.how.is_elder_s() {
        let had = elder.recipients.iter().filter(|one| one.rid.is_some());
        child.fill_up(had.count());
    }
    if bond.how == Kinship::SplitInto {
        child.name_in_order(&split_list(elder, child.mid));
    } else if child.recipients.iter().all(|one| one.address.is_none()) && keeps(elder, child, bond)
    {
        let going = unsettled(elder);
        // one of several may be released by itself
        if going.len() == child.recipients.len() || going.len() == 1 {
            child.name_in_order(&going);
        }
    }
}

/// Whether a message goes on with its recipients as they were: out of a quarantine, or with
/// another body (E174, E176, E182, E192, E193). Others are given other recipients.
fn keeps(elder: &Message, child: &Message, bond: Bond) -> bool {
    if bond.how != Kinship::RewrittenTo {
        return true;
    }
    let causes = naming(elder, &kind::REWRITTEN, child.mid, "cause");
    let mut causes = causes.iter();
    causes.any(|cause| {
        let bodies = ["add-footer", "add-heading", "drop-attachments"];
        cause.ends_with("Quarantine") || bodies.iter().any(|own| cause.starts_with(own))
    })
}

/// A field of an elder's lines of a kind that name a child.
fn naming<'e>(elder: &'e Message, kind: &'static Kind, child: u64, field: &str) -> Vec<&'e str> {
    let lines = elder.common.entries.lines.iter();
    let of_kind = lines.filter(|line| line.kind.is(kind));
    let told = of_kind.filter_map(|line| {
        let fields = grammar::fields(kind, &line.line);
        let text = |name: &str| fields.iter().find(|(own, _)| *own == name).map(|own| own.1);
        let is_of = text("new_mid").is_some_and(|mid| mid.parse() == Ok(child));
        text(field).filter(|_| is_of)
    });
    told.collect()
}

/// The addresses of the recipients that went on, in order of RID; none where one is not known.
fn unsettled(elder: &Message) -> Vec<String> {
    let going = elder
        .recipients
        .iter()
        .filter(|one| one.rid.is_some() && matches!(one.fate, Fate::Accepted | Fate::Quarantined));
    let addresses: Option<Vec<String>> = going.map(|one| one.address.clone()).collect();
    addresses.unwrap_or_default()
}

/// The addresses that the line lists by which a message was split; in order of the child's RIDs,
/// which begin at 0 (trap 9). Empty where it lists none.
fn split_list(elder: &Message, child: u64) -> Vec<String> {
    let lists = naming(elder, &kind::SPLIT, child, "addresses");
    let list = lists.into_iter().next().unwrap_or_default();
    let addresses = list.split(',').map(|one| one.trim().to_owned());
    addresses.filter(|one| !one.is_empty()).collect()
}

impl Message {
    /// Whether it was in a quarantine, from which it may come back under another MID.
    fn was_held(&self) -> bool {
        let mut recipients = self.recipients.iter();
        !self.quarantines.is_empty() || recipients.any(|one| one.fate == Fate::Quarantined)
    }

    /// Whether its own lines tell what became of it: it went on under no other MID.
    #[must_use]
    pub fn fared_alone(&self) -> bool {
        !self.ties.iter().any(|tie| tie.how.goes_on()) && !self.was_held()
    }
}

/// Of the messages of one appliance that have the MID which a tie names, the one that it means: the
/// same one in whatever order they come.
pub(crate) fn kin_of<'m>(
    holder: &Message,
    tie: &Tie,
    known: impl IntoIterator<Item = &'m Message>,
) -> Option<&'m Message> {
    let known = known.into_iter();
    let known = known.filter(|one| {
        one.common.appliance == holder.common.appliance && one.common.id != holder.common.id
    });
    let slack = |one: &Message| slack(&holder.common, &one.common);
    if tie.how.is_elder_s() {
        let fitting = known.filter(|one| is_child(holder, one, tie.at, slack(one)));
        let distance = |one: &Message| tie.at.duration_since(one.common.first_at).abs();
        return fitting.min_by_key(|one| (distance(one), one.common.id.as_str()));
    }
    // numbers are used again: the one before the last can't be meant, even if it fits better
    let there = known.filter(|one| was_there(one, tie, slack(one)));
    let newest = there.max_by_key(|one| (one.common.first_at, one.common.id.as_str()))?;
    is_elder(newest, holder, tie, slack(newest)).then_some(newest)
}

/// Whether a message can be the one into which another was split or rewritten at a moment.
fn is_child(elder: &Message, child: &Message, at: Timestamp, slack: SignedDuration) -> bool {
    let after = child.common.first_at.duration_since(at);
    let of_nobody_else = child.icid.is_none_or(|icid| elder.icid == Some(icid));
    let made_otherwise = child.ties.iter().any(|tie| !tie.how.is_elder_s());
    let started = child.started_at.map(|own| own.duration_since(at));
    started.is_none_or(|after| after <= LINGER + slack)
        && after <= FIRST_SEEN + slack
        && after >= -(IN_USE_BEFORE + slack)
        && of_nobody_else
        && !made_otherwise
}

/// Whether a message had begun when a line named its MID.
fn was_there(one: &Message, tie: &Tie, slack: SignedDuration) -> bool {
    tie.at.duration_since(one.common.first_at) >= -(LINGER + slack)
}

/// Whether a message that was there can be the one that another was made of, or is released from.
fn is_elder(elder: &Message, child: &Message, tie: &Tie, slack: SignedDuration) -> bool {
    let age = tie.at.duration_since(elder.common.first_at);
    if tie.how.goes_on() {
        let ids = elder.message_id.as_deref().zip(child.message_id.as_deref());
        return age <= KEPT && elder.was_held() && ids.is_none_or(|(own, other)| own == other);
    }
    let over = elder
        .finished
        .map(|finish| tie.at.duration_since(finish.at));
    age <= ALIVE && over.is_none_or(|over| over <= AFTER_END + slack)
}
