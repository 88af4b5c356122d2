//! What each line does to its message.

use std::cmp::{Ordering, Reverse};

use jiff::Timestamp;

use crate::again;
use crate::assembler::Origin;
use crate::entry::{Entry, KindName};
use crate::event::{Fact, Kinship, Move, Refusal, Reply, Settling};
use crate::family::Tie;
use crate::kind;
use crate::merge::Record;
use crate::record::{
    Common, Fate, Finish, Held, MAX_LINKS, MAX_RECIPIENTS, Message, ReceivingAbort, Recipient,
    Space, Stay, put,
};

impl Message {
    pub(crate) fn new(origin: Origin<'_>, mid: u64, first: &Entry) -> Self {
        Self::blank(Common::new(Space::Message, mid, origin, first), mid)
    }

    /// Another one of the number, of which the older held lines.
    pub(crate) fn parted(older: &Self, first: &Entry) -> Self {
        let common = Common::parted(Space::Message, older.mid, &older.common, first);
        Self::blank(common, older.mid)
    }

    /// A message whose lines have told nothing yet.
    fn blank(common: Common, mid: u64) -> Self {
        Self {
            common,
            mid,
            icid: None,
            started_at: None,
            sender: None,
            ready_sender: None,
            recipients: Vec::new(),
            last_recipient_at: None,
            message_id: None,
            subject: None,
            ready_at: None,
            size: None,
            receiving_aborted: None,
            stopped: None,
            queued_at: None,
            finished: None,
            recipients_left_out: 0,
            dcids: Vec::new(),
            quarantines: Vec::new(),
            ties: Vec::new(),
        }
    }

    /// Learns anew from its lines, which an earlier release read, what they tell. Where lines have
    /// spilled it stays as it is.
    pub fn read_again(&mut self) {
        for line in &mut self.common.entries.lines {
            line.kind = KindName(crate::grammar::read(&line.line).kind);
        }
        self.relearn();
    }

    /// The envelope sender by the best line that tells it.
    #[must_use]
    pub fn envelope_sender(&self) -> Option<&str> {
        self.sender.as_deref().or(self.ready_sender.as_deref())
    }

    /// Where it stands with its quarantines: deleted in one is deleted, whatever the others do;
    /// what was let go by all is in none, unless it was put into one afterwards.
    #[must_use]
    pub fn held(&self) -> Held {
        if self.quarantines.iter().any(|one| one.deleted_at.is_some()) {
            Held::Deleted
        } else if self.lasting().next().is_some() {
            Held::Yes
        } else {
            Held::No
        }
    }

    /// The quarantines that still hold it, by name.
    pub fn held_in(&self) -> impl Iterator<Item = &str> {
        self.lasting().filter_map(|one| one.name.as_deref())
    }

    /// The stays that nothing has ended, neither in that quarantine nor in all.
    fn lasting(&self) -> impl Iterator<Item = &Stay> {
        let all = self.quarantines.iter().find(|one| one.name.is_none());
        let gone = all.and_then(|one| one.deleted_at).map(|_| Timestamp::MAX);
        let released_at = gone.or(all.and_then(|one| one.released_at));
        let stays = self.quarantines.iter();
        stays.filter(move |one| one.lasts(released_at))
    }

    /// How many of its lines are of no known kind.
    #[must_use]
    pub fn lines_not_understood(&self) -> usize {
        let lines = self.common.entries.lines.iter();
        lines.filter(|line| line.kind.is_unknown()).count()
    }

    /// Two lines that name two connections can't both be right: the lower ICID is the older.
    fn came_by(&mut self, icid: Option<u64>) {
        let Some(icid) = icid else { return };
        if self.icid.is_none_or(|held| icid < held) {
            self.icid = Some(icid);
        }
    }

    fn taken(&mut self, at: Timestamp, bytes: u64, sender: Option<&str>) {
        let fresh = (at, Reverse((sender, bytes)));
        let held = (self.ready_sender.as_deref(), self.size.unwrap_or_default());
        if self
            .ready_at
            .is_none_or(|ready_at| fresh < (ready_at, Reverse(held)))
        {
            self.ready_at = Some(at);
            self.size = Some(bytes);
            self.ready_sender = sender.map(str::to_owned);
        }
    }

    fn went_by(&mut self, dcid: Option<u64>) {
        if let Some(dcid) = dcid {
            put(&mut self.dcids, dcid, MAX_LINKS);
        }
    }

    /// The recipient of that RID, made if it is new and there is room; kept in order of RID,
    /// refused ones last.
    fn recipient(&mut self, rid: u32, at: Timestamp) -> Option<&mut Recipient> {
        let held = |held: &Recipient| held.rid.is_some_and(|own| own < rid);
        let place = self.recipients.partition_point(held);
        if self
            .recipients
            .get(place)
            .is_none_or(|held| held.rid != Some(rid))
        {
            if self.recipients.len() >= MAX_RECIPIENTS {
                self.recipients_left_out += 1;
                return None;
            }
            self.recipients
                .insert(place, Recipient::fresh(Some(rid), None, Fate::Accepted, at));
        }
        let recipient = &mut self.recipients[place];
        if recipient.fate == Fate::Accepted {
            recipient.at = recipient.at.min(at);
        }
        Some(recipient)
    }

    /// Settles recipients. In order of RID, so that a long list is appended, not shuffled in.
    fn settle(&mut self, rids: &[u32], fate: &Fate, at: Timestamp) {
        for rid in in_order(rids) {
            if let Some(recipient) = self.recipient(rid, at) {
                recipient.settle(fate.clone(), at);
            }
        }
    }

    fn answered(&mut self, rids: &[u32], text: &str, at: Timestamp) {
        for rid in in_order(rids) {
            if let Some(recipient) = self.recipient(rid, at) {
                tell(&mut recipient.response, text, || Ordering::Equal);
            }
        }
    }

    fn name(&mut self, rids: &[u32], address: Option<&str>, at: Timestamp) {
        if let ([rid], Some(address)) = (rids, address)
            && let Some(recipient) = self.recipient(*rid, at)
        {
            tell(&mut recipient.address, address, || Ordering::Equal);
        }
    }

    /// Names the recipients whose addresses no line of its own tells, by a list in order of RIDs.
    /// A list that a line of its own contradicts names none.
    pub(crate) fn name_in_order(&mut self, addresses: &[String]) {
        let place = |one: &Recipient| one.rid.and_then(|rid| usize::try_from(rid).ok());
        let fits = |one: &Recipient| {
            let listed = place(one).and_then(|place| addresses.get(place));
            match (&one.address, listed) {
                (Some(own), Some(listed)) => own.eq_ignore_ascii_case(listed),
                (_, listed) => one.rid.is_none() || listed.is_some(),
            }
        };
        if !self.recipients.iter().all(fits) {
            return;
        }
        for (rid, address) in (0u32..).zip(addresses) {
            if let Some(recipient) = self.recipient(rid, self.common.first_at) {
                recipient.address.get_or_insert_with(|| address.clone());
            }
        }
    }

    /// Adds the recipients in front of those that were seen: RIDs begin at 0 in every message. At
    /// most `most` in all, which its elder had.
    pub(crate) fn fill_up(&mut self, most: usize) {
        let last = self.recipients.iter().filter_map(|one| one.rid).max();
        for rid in 0..last.unwrap_or(0) {
            if self.recipients.len() < most {
                self.recipient(rid, self.common.first_at);
            }
        }
    }

    fn moved(&mut self, moved: Move, name: Option<&str>, at: Timestamp) {
        let place = self
            .quarantines
            .partition_point(|held| held.name.as_deref() < name);
        let is_there = self
            .quarantines
            .get(place)
            .is_some_and(|held| held.name.as_deref() == name);
        if !is_there {
            if self.quarantines.len() >= MAX_QUARANTINES {
                return;
            }
            let stay = Stay {
                name: name.map(str::to_owned),
                held_at: None,
                released_at: None,
                deleted_at: None,
            };
            self.quarantines.insert(place, stay);
        }
        let stay = &mut self.quarantines[place];
        match moved {
            Move::Held | Move::Stored | Move::Transferred => {
                stay.held_at = latest(stay.held_at, at)
            }
            Move::Released => stay.released_at = latest(stay.released_at, at),
            Move::Deleted => stay.deleted_at = earliest(stay.deleted_at, at),
        }
    }

    /// Notes another message of its family, by the earliest line that names it. Nobody is its own
    /// kin.
    fn tie(&mut self, how: Kinship, mid: u64, at: Timestamp) {
        if mid == self.mid {
            return;
        }
        let key = |tie: &Tie| (tie.mid, tie.how);
        match self.ties.binary_search_by_key(&(mid, how), key) {
            Ok(place) => self.ties[place].at = self.ties[place].at.min(at),
            Err(place) if self.ties.len() < MAX_LINKS => {
                self.ties.insert(place, Tie { how, mid, at });
            }
            Err(_) => {}
        }
    }

    /// Adds a refused recipient. Once lines have spilled, a copy of one can't be told from
    /// another refusal of the same address in the same second, and counts as a copy.
    fn refuse(&mut self, address: Option<&str>, refusal: Refusal<'_>, at: Timestamp) {
        let by = match refusal {
            Refusal::By(what) => what,
            Refusal::Invalid => "invalid address",
            Refusal::BounceVerification => "bounce verification",
        };
        if self.recipients.len() >= MAX_RECIPIENTS {
            self.recipients_left_out += 1;
            return;
        }
        let fate = Fate::Refused(by.to_owned());
        let refused = Recipient::fresh(None, address.map(str::to_owned), fate, at);
        let place = self
            .recipients
            .partition_point(|held| held.key() < refused.key());
        let again = self
            .recipients
            .get(place)
            .is_some_and(|held| *held == refused);
        if !(again && self.common.entries.spilled > 0) {
            self.recipients.insert(place, refused);
        }
    }
}

impl Record for Message {
    fn common(&self) -> &Common {
        &self.common
    }

    fn common_mut(&mut self) -> &mut Common {
        &mut self.common
    }

    fn apply(&mut self, at: Timestamp, fact: &Fact<'_>) {
        match fact {
            Fact::Started { icid } => {
                self.started_at = earliest(self.started_at, at);
                self.came_by(*icid);
            }
            Fact::Sender { icid, address } => {
                self.came_by(*icid);
                let kinds = [&kind::ENVELOPE_SENDER, &kind::SYSTEM_MAIL];
                let rank = || self.common.entries.rank(&kinds, at);
                tell(&mut self.sender, address, rank);
            }
            Fact::Recipient { icid, rid, address } => {
                self.came_by(*icid);
                self.last_recipient_at = latest(self.last_recipient_at, at);
                self.name(&[*rid], Some(address), at);
            }
            Fact::RecipientRefused {
                icid,
                address,
                refusal,
            } => {
                self.came_by(*icid);
                self.refuse(*address, *refusal, at);
            }
            Fact::Ready { bytes, sender } => self.taken(at, *bytes, *sender),
            Fact::ReceivingAborted { by_sender } => {
                let held = self.receiving_aborted;
                let by_sender = *by_sender || held.is_some_and(|held| held.by_sender);
                let at = held.map_or(at, |held| held.at.min(at));
                self.receiving_aborted = Some(ReceivingAbort { at, by_sender });
            }
            Fact::Stopped(reason) => {
                let kinds = [&kind::MESSAGE_STOPPED, &kind::WAS_STOPPED];
                let rank = || self.common.entries.rank(&kinds, at);
                tell(&mut self.stopped, reason, rank);
            }
            Fact::Finished { aborted } => {
                let aborted = *aborted || self.finished.is_some_and(|held| held.aborted);
                let at = self.finished.map_or(at, |held| held.at.min(at));
                self.finished = Some(Finish { at, aborted });
            }
            Fact::MessageId(text) => {
                let rank = || self.common.entries.rank(&[&kind::MESSAGE_ID], at);
                tell(&mut self.message_id, text, rank);
            }
            Fact::Subject(text) => {
                let rank = || self.common.entries.rank(&[&kind::SUBJECT], at);
                tell(&mut self.subject, text, rank);
            }
            Fact::Queued => self.queued_at = earliest(self.queued_at, at),
            Fact::DeliveryStart { dcid, rids } => {
                self.went_by(*dcid);
                self.settle(rids, &Fate::Accepted, at);
            }
            Fact::Done {
                dcid,
                rids,
                quarantine,
            } => {
                self.went_by(*dcid);
                let fate = if *quarantine {
                    Fate::Quarantined
                } else {
                    Fate::Delivered
                };
                self.settle(rids, &fate, at);
            }
            Fact::Response { rids, text } => self.answered(rids, &shortened(text), at),
            Fact::Delayed {
                dcid,
                rids,
                address,
                reply,
            } => {
                self.went_by(*dcid);
                self.settle(rids, &Fate::Delayed(in_one_line(reply)), at);
                self.name(rids, *address, at);
            }
            Fact::Bounced {
                dcid,
                rids,
                address,
                reply,
            } => {
                self.went_by(*dcid);
                self.settle(rids, &Fate::Bounced(in_one_line(reply)), at);
                self.name(rids, *address, at);
            }
            Fact::Quarantine { moved, name } => self.moved(*moved, *name, at),
            Fact::Settled {
                rids,
                address,
                how,
                why,
            } => {
                let fate = match how {
                    Settling::Dropped => Fate::Dropped(shortened(why)),
                    Settling::Bounced => Fate::Bounced(shortened(why)),
                    Settling::PerhapsDelivered => Fate::PerhapsDelivered,
                };
                self.settle(rids, &fate, at);
                self.name(rids, *address, at);
            }
            Fact::Related { how, mid } => self.tie(*how, *mid, at),
            Fact::ConnectionOpened { .. }
            | Fact::ConnectionEnded(_)
            | Fact::ReceivingFailed(_)
            | Fact::Tls(..)
            | Fact::Hat { .. }
            | Fact::SenderRefused(_)
            | Fact::RecipientRefusedOnConnection { .. }
            | Fact::DeliveryOpened { .. }
            | Fact::DeliveryEnded
            | Fact::Version { .. }
            | Fact::UtcOffset { .. }
            | Fact::Nothing => {}
        }
    }

    fn reset(&mut self) {
        *self = Self::blank(self.common.clone(), self.mid);
    }

    fn begins_another(&self, fact: &Fact<'_>, at: Timestamp) -> bool {
        again::message(self, fact, at)
    }

    fn may_precede(&self, fact: &Fact<'_>, at: Timestamp) -> bool {
        again::before_message(self, fact, at)
    }

    fn is_over(&self) -> bool {
        self.finished.is_some()
    }

    fn lists(&self) -> usize {
        // an address, and an answer of up to MAX_REPLY characters
        let recipients = self.recipients.len() * (size_of::<Recipient>() + MAX_REPLY);
        // a tie is found by the other's number, too
        recipients + 16 * self.dcids.len() + 4 * size_of::<Tie>() * self.ties.len()
    }

    fn link(&self) -> Option<u64> {
        self.icid
    }

    fn ties(&self) -> &[Tie] {
        &self.ties
    }
}

/// Takes over what a line tells if nothing else told it, or if the line is the earliest that
/// does; of lines that rank alike the longer (the shorter may be cut), then the greater.
fn tell(held: &mut Option<String>, told: &str, rank: impl FnOnce() -> Ordering) {
    let takes = match held.as_deref() {
        None => true,
        Some(own) if own == told => false,
        Some(own) => match rank() {
            Ordering::Less => true,
            Ordering::Equal => (told.len(), told) > (own.len(), own),
            Ordering::Greater => false,
        },
    };
    if takes {
        *held = Some(told.to_owned());
    }
}

fn in_order(rids: &[u32]) -> Vec<u32> {
    let mut rids = rids.to_vec();
    rids.sort_unstable();
    rids.dedup();
    rids
}

/// The most quarantines that one message keeps.
const MAX_QUARANTINES: usize = 32;

/// The longest reply that a recipient carries, characters.
const MAX_REPLY: usize = 300;

/// `5.1.0 - Unknown address error ('550', ['…'])` as one line without the label's authority.
fn in_one_line(reply: &Reply<'_>) -> String {
    let parts = [reply.code, reply.enhanced, reply.label, reply.text];
    let told: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    shortened(&told.join(" "))
}

/// A reply as a recipient carries it; one line may name thousands of them, and has it whole.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(MAX_REPLY) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn earliest(held: Option<Timestamp>, at: Timestamp) -> Option<Timestamp> {
    Some(held.map_or(at, |held| held.min(at)))
}

fn latest(held: Option<Timestamp>, at: Timestamp) -> Option<Timestamp> {
    Some(held.map_or(at, |held| held.max(at)))
}
