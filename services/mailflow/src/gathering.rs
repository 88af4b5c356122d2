//! A message to its family: what is to be looked up next, until all are found.
//!
//! Invariant: the order of what was looked up changes nothing, but in a family of more than
//! [`MAX_FAMILY`].
//!
//! Not here: which record a tie means (`family.rs`), looking up.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::family::{Bond, Family, MAX_FAMILY, Tie, Unseen, kin_of};
use crate::record::Message;

/// Gathers a family; the caller looks up.
#[derive(Debug)]
pub struct Gathering {
    family: Family,
    /// Places of the members whose kin is still to be looked for.
    open: VecDeque<usize>,
}

/// What is to be looked up: of one appliance, the messages of these MIDs, and those that name
/// that MID as their kin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The MID whose kin is wanted.
    pub mid: u64,
    /// The MIDs that it names itself.
    pub named: Vec<u64>,
}

impl Gathering {
    /// Begins with the message that was asked for.
    #[must_use]
    pub fn of(message: Message) -> Self {
        Self {
            family: Family::alone(message),
            open: VecDeque::from([0]),
        }
    }

    /// What is to be looked up next.
    #[must_use]
    pub fn wanted(&self) -> Option<Wanted> {
        let one = &self.family.members[*self.open.front()?];
        let mut named: Vec<u64> = one.ties.iter().map(|tie| tie.mid).collect();
        named.dedup();
        named.truncate(MAX_FAMILY);
        Some(Wanted {
            mid: one.mid,
            named,
        })
    }

    /// Takes what was found for [`Gathering::wanted`]: the messages of the MIDs that it names, and
    /// those that name it, with all others of its own MID if there are any.
    pub fn take(&mut self, named: Vec<Message>, naming: Vec<Message>, same_mid: &[Message]) {
        let Some(place) = self.open.pop_front() else {
            return;
        };
        for tie in self.family.members[place].ties.clone() {
            let own = Arc::clone(&self.family.members[place]);
            let of_number = named.iter().filter(|one| one.mid == tie.mid);
            match kin_of(&own, &tie, of_number).cloned() {
                Some(kin) => self.bond(place, kin, tie, true),
                None => self.family.unseen.push(Unseen { of: place, tie }),
            }
        }
        for kin in naming {
            let own = self.family.members[place].as_ref();
            let others = same_mid.iter().filter(|one| one.common.id != own.common.id);
            let known: Vec<&Message> = others.chain([own]).collect();
            let ties = kin.ties.iter().filter(|tie| tie.mid == own.mid);
            let meant = |tie: &&Tie| {
                let found = kin_of(&kin, tie, known.iter().copied());
                found.is_some_and(|found| found.common.id == own.common.id)
            };
            if let Some(tie) = ties.copied().find(|tie| meant(&tie)) {
                self.bond(place, kin, tie, false);
            }
        }
    }

    /// Joins a member and another message; `named`: the tie is the member's.
    fn bond(&mut self, place: usize, kin: Message, tie: Tie, named: bool) {
        let members = &mut self.family.members;
        let known = members
            .iter()
            .position(|one| one.common.id == kin.common.id);
        let other = match known {
            Some(known) => known,
            None if members.len() >= MAX_FAMILY => {
                if named {
                    self.family.unseen.push(Unseen { of: place, tie });
                }
                return;
            }
            None => {
                members.push(Arc::new(kin));
                self.open.push_back(members.len() - 1);
                members.len() - 1
            }
        };
        let holder_first = tie.how.is_elder_s() == named;
        let (elder, younger) = if holder_first {
            (place, other)
        } else {
            (other, place)
        };
        let bond = Bond {
            elder,
            younger,
            how: tie.how,
            at: tie.at,
        };
        if elder == younger {
            return;
        }
        let mut held = self.family.bonds.iter_mut();
        match held.find(|held| (held.elder, held.younger) == (elder, younger)) {
            // both may tell of it: the first line does, whichever was found first
            Some(held) if (bond.at, bond.how) < (held.at, held.how) => *held = bond,
            Some(_) => {}
            None => self.family.bonds.push(bond),
        }
    }

    /// The family, when nothing is wanted any more.
    #[must_use]
    pub fn finish(self) -> Family {
        self.with_records().0
    }

    /// The family, and its members as they are written, without what it tells of them.
    #[must_use]
    pub fn with_records(mut self) -> (Family, Vec<Arc<Message>>) {
        self.family.leave_disputed();
        self.family.arrange(0);
        let records = self.family.members.clone();
        self.family.inherit();
        (self.family, records)
    }
}
