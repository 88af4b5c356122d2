//! Families that were written: the diagnosis beside each member, again when another one changed.
//!
//! A message is written with the diagnosis of its own lines. How its mail fared may stand in the
//! record of another MID, which is written later, or earlier. So after a commit the families of
//! what was written are read whole, and what stands beside a member is written again where it is
//! not what its family, or the delivery connections that it used, say (`services/decisions/017`).
//!
//! Invariants: nothing is written between the commit and this; a record itself is written as it
//! was. What there was no time for is done after the next commits, or after the next start.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;
use whymid_diagnosis::{Story, connections_used};
use whymid_mailflow::{Common, Connection, Delivery, Family, Message, is_used};
use whymid_schemas::Outcome;
use whymid_store::{Document, Error, Key, Look, Peer, Record, RecordKind, tie};

use super::indexing::Indexing;
use super::recall;

/// How long families are looked at after one commit, while records wait to be written.
const BUDGET: Duration = Duration::from_millis(200);

/// How long, while none do.
const AT_LEISURE: Duration = Duration::from_secs(2);

/// A record may rest so long before it is written: at the start, families are looked at from so
/// long before the moment that the index knows them up to.
const RESTING: SignedDuration = SignedDuration::from_mins(10);

/// The most messages of one connection that are looked at because it failed, the newest.
const MOST_USERS: usize = 1000;

/// The most messages that wait for their connections: those of connections that never come are
/// forgotten when there are more, with the others.
const MOST_AWAITING: usize = 100_000;

/// What is to be looked at.
#[derive(Debug, Default)]
pub(super) struct Families {
    /// Messages whose families are to be looked at.
    due: VecDeque<Due>,
    /// Connections, of either side, with lines that tell why: which of an appliance, by what. Their
    /// messages that were not delivered are to be looked at.
    broken: HashSet<(String, Key)>,
    /// Messages that were looked at before the connection that they came by was written (it may be
    /// open for long), by appliance and ICID: once more when it is. A start forgets them.
    awaiting: HashMap<(String, u64), HashSet<u64>>,
    /// So many in all.
    awaiting_count: usize,
    /// What was looked at since the last commit: once more if that does not come.
    pending: Vec<u64>,
    /// When nothing was due any more, since the last commit.
    empty_at: Option<i64>,
    /// All that was due when this moment had come is committed; microseconds.
    settled: Option<i64>,
    /// The first receipt of what is due; microseconds. Lines that are read again came long ago.
    since: Option<i64>,
    /// The same of what was looked at and is not committed.
    since_pending: Option<i64>,
}

/// A message whose family is to be looked at.
#[derive(Clone, Copy, Debug)]
struct Due {
    /// The number of its id.
    tie: u64,
    /// The member to go on with.
    next: Option<u64>,
}

impl Due {
    fn anew(tie: u64) -> Self {
        Self { tie, next: None }
    }
}

impl Families {
    /// Notes a record that is written: a message that does not tell all by itself (`is_kin`: or that
    /// another one names), a connection that tells why its messages were not received or delivered.
    pub(super) fn note(&mut self, record: &Record, is_kin: impl Fn(u64) -> bool) {
        let common = record.common();
        match record {
            Record::Message(one) => {
                let is_waiting = !one.dcids.is_empty()
                    && whymid_diagnosis::of_message(one) != Outcome::Delivered;
                let is_tied = !one.ties.is_empty() || !one.fared_alone();
                if is_waiting || is_tied || is_kin(one.mid) {
                    self.due.push_back(Due::anew(tie(&common.id)));
                    self.note_since(common.received_at);
                }
            }
            Record::Delivery(one) => self.note_connection(common, Key::Dcid(one.dcid)),
            Record::Connection(one) => {
                self.note_connection(common, Key::Icid(one.icid));
                self.note_awaited(common, one.icid);
            }
            Record::Event(_) => {}
        }
    }

    /// Notes that a message was looked at without the connection that it came by.
    fn await_connection(&mut self, message: &Message, looked_at: u64) {
        let Some(icid) = message.icid else {
            return;
        };
        if self.awaiting_count >= MOST_AWAITING {
            self.awaiting.clear();
            self.awaiting_count = 0;
        }
        let key = (message.common.appliance.clone(), icid);
        let waiting = self.awaiting.entry(key).or_default();
        self.awaiting_count += usize::from(waiting.insert(looked_at));
    }

    /// A connection is written: who waits for it is due.
    fn note_awaited(&mut self, common: &Common, icid: u64) {
        if self.awaiting.is_empty() {
            return;
        }
        if let Some(waiting) = self.awaiting.remove(&(common.appliance.clone(), icid)) {
            self.awaiting_count -= waiting.len();
            self.due.extend(waiting.into_iter().map(Due::anew));
            self.note_users_since(common);
        }
    }

    /// Notes a connection that tells why, when it is written and when one of its messages is: of
    /// several, what it tells may be of the last one only.
    pub(super) fn note_connection(&mut self, common: &Common, key: Key) {
        let mut lines = common.entries.lines.iter();
        if lines.any(|line| line.kind.0.is_some_and(|kind| kind.diagnostic)) {
            self.broken.insert((common.appliance.clone(), key));
            self.note_users_since(common);
        }
    }

    /// Whoever used a connection had a line of that no earlier than it began.
    fn note_users_since(&mut self, common: &Common) {
        let lasted = common.last_at.duration_since(common.first_at).abs();
        let began = common.received_at.checked_sub(lasted);
        self.note_since(began.unwrap_or(Timestamp::MIN));
    }

    fn note_since(&mut self, received: Timestamp) {
        self.since = earlier(self.since, Some(received.as_microsecond()));
    }

    /// So many messages, at most, are still to be looked at, or were and what was found is not
    /// committed.
    pub(super) fn left(&self) -> usize {
        self.due.len() + self.broken.len() + self.pending.len()
    }

    /// What a commit says of it: of what was received before that moment, nothing is due.
    pub(super) fn settled(&self) -> Option<i64> {
        let open = earlier(self.since, self.since_pending);
        self.settled.map(|at| at.min(open.unwrap_or(at)))
    }

    /// Nothing is due any more.
    fn emptied(&mut self, now: Timestamp) {
        self.empty_at = Some(now.as_microsecond());
        self.since_pending = earlier(self.since_pending, self.since.take());
    }

    /// All that was written is committed.
    pub(super) fn committed(&mut self) {
        self.pending.clear();
        if let Some(at) = self.empty_at.take() {
            self.settled = Some(at);
            self.since_pending = None;
        }
    }

    /// What was written since the last commit is lost.
    pub(super) fn lost(&mut self) {
        for one in &mut self.due {
            one.next = None;
        }
        self.due.extend(self.pending.drain(..).map(Due::anew));
        self.empty_at = None;
        self.since = earlier(self.since, self.since_pending.take());
    }
}

/// The earlier of two moments that may not be.
fn earlier(one: Option<i64>, other: Option<i64>) -> Option<i64> {
    one.into_iter().chain(other).min()
}

/// How far a family was looked at: so many records were written again, and, where the time was over,
/// the member to go on with.
#[derive(Default)]
struct Looked {
    written: usize,
    next: Option<u64>,
}

/// One look at what is due.
struct Round<'r> {
    /// There is no time any more.
    is_over: &'r dyn Fn() -> bool,
    /// Whom it has judged.
    done: HashSet<u64>,
    /// The connection that was asked for last, with all that it carried.
    carrier: Option<Arc<Connection>>,
}

impl Indexing {
    /// Tells how many messages are still to be looked at.
    pub(super) fn tell_unsettled(&self) {
        let left = self.families.left() as u64;
        self.state.unsettled.store(left, Ordering::Relaxed);
    }

    /// What a former run left. Until it is looked at, that is told as unsettled.
    pub(super) fn remember_families(&mut self, settled: Option<i64>) {
        let since = settled.and_then(|micros| Timestamp::from_microsecond(micros).ok());
        let since = since.and_then(|since| since.checked_sub(RESTING).ok());
        self.families.settled = settled;
        match self.index.unsettled(since) {
            Ok(due) => self.families.due = due.into_iter().map(Due::anew).collect(),
            Err(error) => {
                tracing::error!(%error, "families can't be read; what is known of messages that went on under other MIDs may be old")
            }
        }
        self.tell_unsettled();
    }

    /// Looks at what is due, as long as there is time, and says how many records were written again.
    /// There is more of it as long as nothing else is to be done (`is_idle`). To be called when all
    /// that was written is committed.
    pub(super) fn settle_families(
        &mut self,
        now: Timestamp,
        is_idle: &dyn Fn() -> bool,
    ) -> Result<usize, Error> {
        let begun = Instant::now();
        let is_over = move || {
            let spent = begun.elapsed();
            spent > BUDGET && (spent > AT_LEISURE || !is_idle())
        };
        let was_due = !(self.families.due.is_empty() && self.families.broken.is_empty());
        let mut written = 0;
        while let Some(broken) = self.families.broken.iter().next().cloned() {
            if is_over() {
                return Ok(written);
            }
            let (appliance, key) = broken.clone();
            let used = self
                .find(RecordKind::Message, key, &appliance, MOST_USERS)?
                .into_iter();
            let used = used.filter_map(Record::into_message);
            let undelivered =
                |one: &Message| whymid_diagnosis::of_message(one) != Outcome::Delivered;
            let due = used
                .filter(undelivered)
                .map(|one| Due::anew(tie(&one.common.id)));
            self.families.due.extend(due);
            self.families.broken.remove(&broken);
        }
        let mut round = Round {
            is_over: &is_over,
            done: HashSet::new(),
            carrier: None,
        };
        while let Some(due) = self.families.due.front().copied() {
            if is_over() {
                return Ok(written);
            }
            if due.next.is_some() || round.done.insert(due.tie) {
                let looked = self.settle(due, &mut round)?;
                written += looked.written;
                if looked.next.is_some() {
                    if let Some(due) = self.families.due.front_mut() {
                        due.next = looked.next;
                    }
                    return Ok(written);
                }
                self.families.pending.push(due.tie);
            }
            self.families.due.pop_front();
        }
        if was_due {
            self.families.emptied(now);
        }
        Ok(written)
    }

    /// Looks at the family of one message, from a member on.
    fn settle(&mut self, due: Due, round: &mut Round<'_>) -> Result<Looked, Error> {
        let mut looked = Looked::default();
        let Some(message) = self.index.message(due.tie)? else {
            return Ok(looked);
        };
        let (family, records) = self.index.family_of(message)?;
        let deliveries: Arc<[Delivery]> = self.deliveries_of(&family)?.into();
        let ties = || family.members.iter().map(|one| tie(&one.common.id));
        // one that is gone in the meantime: all of them again
        let from = due.next.and_then(|next| ties().position(|one| one == next));
        let from = from.unwrap_or_default();
        let mut connections: HashMap<usize, Option<Arc<Connection>>> = HashMap::new();
        for (place, own) in ties().enumerate().skip(from) {
            // one member at least, so that there is an end
            if place > from && (round.is_over)() {
                looked.next = Some(own);
                return Ok(looked);
            }
            if place > 0 && !round.done.insert(own) {
                continue;
            }
            // a copy or a bounce came by no connection of its elder's
            let root = family.root_of(place);
            let connection = connections.entry(root);
            let connection = match connection {
                Entry::Occupied(known) => known.get().clone(),
                Entry::Vacant(vacant) => {
                    let root = &family.members[root];
                    let found = self.carrier(root, round);
                    if found.is_none() {
                        self.families.await_connection(root, due.tie);
                    }
                    vacant.insert(found).clone()
                }
            };
            // what was written of it knew the connection, and there is nothing to add
            if connection.is_none() && family.members.len() == 1 && deliveries.is_empty() {
                continue;
            }
            let deliveries = Arc::clone(&deliveries);
            looked.written +=
                self.settle_member(&family, place, &records[place], connection, deliveries)?;
        }
        Ok(looked)
    }

    /// The connection that a message came by, with all that it carried.
    fn carrier(&self, message: &Message, round: &mut Round<'_>) -> Option<Arc<Connection>> {
        let mut own = self.written_connection(message)?;
        if let Some(known) = &round.carrier
            && known.common.id == own.common.id
        {
            return Some(Arc::clone(known));
        }
        self.note_messages(&mut own);
        let own = Arc::new(own);
        round.carrier = Some(Arc::clone(&own));
        Some(own)
    }

    /// Judges a member, and writes what stands beside its record again where that has changed.
    fn settle_member(
        &mut self,
        family: &Family,
        place: usize,
        message: &Message,
        connection: Option<Arc<Connection>>,
        deliveries: Arc<[Delivery]>,
    ) -> Result<usize, Error> {
        let told = &family.members[place];
        let (newest, id) = (Some(told.common.last_at), told.common.id.as_str());
        let (mut known, sent_by) = self.index.beside(id)?;
        // one that is not written yet was known when the message was
        let peer = match connection.as_deref() {
            Some(connection) => Peer::of(connection.opened.as_ref()),
            None => sent_by.clone(),
        };
        let timers = self.listeners.timers(connection.as_deref());
        let (asked, nobody) = (family.asked_by(place), Vec::new());
        let story = Story::of(asked, connection, deliveries, nobody, newest, timers);
        let facets = self.knowledge.facets(&story);
        if let Some(known) = &mut known {
            known.kb_version.clone_from(&facets.kb_version);
        }
        let is_told_more = message.recipients != told.recipients
            || message.envelope_sender() != told.envelope_sender()
            || (&message.subject, &message.message_id) != (&told.subject, &told.message_id)
            || message.icid != told.icid;
        let is_known = known.as_ref() == Some(&facets) && sent_by == peer;
        if is_known && (!is_told_more || self.index.is_found_by(id, told)?) {
            return Ok(0);
        }
        let document = Document {
            told: is_told_more.then(|| Box::new(Message::clone(told))),
            record: Record::Message(Box::new(message.clone())),
            facets: Some(facets),
            peer,
        };
        self.writer.upsert(&document)?;
        self.telling.note(&document, crate::clock::now());
        Ok(1)
    }

    /// The delivery connections of members that were not delivered.
    fn deliveries_of(&self, family: &Family) -> Result<Vec<Delivery>, Error> {
        let mut deliveries: Vec<Delivery> = Vec::new();
        for (dcid, member) in connections_used(family) {
            if whymid_diagnosis::of_message(member) == Outcome::Delivered {
                break;
            }
            let appliance = &member.common.appliance;
            let found = self.find(
                RecordKind::Delivery,
                Key::Dcid(dcid),
                appliance,
                recall::MOST,
            )?;
            let found = found.into_iter().filter_map(Record::into_delivery);
            let mut fitting = found.filter(|one| is_used(one, member));
            let fitting = fitting.next().filter(|one| {
                let mut known = deliveries.iter();
                !known.any(|known| known.common.id == one.common.id)
            });
            deliveries.extend(fitting);
        }
        Ok(deliveries)
    }

    fn find(
        &self,
        kind: RecordKind,
        key: Key,
        appliance: &str,
        limit: usize,
    ) -> Result<Vec<Record>, Error> {
        self.index.find(&Look {
            kind,
            key,
            appliances: vec![appliance.to_owned()],
            limit,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a moment")
    }

    /// In microseconds, as it is written down.
    fn told(second: i64) -> Option<i64> {
        Some(second * 1_000_000)
    }

    #[test]
    fn what_is_due_is_looked_at_again_after_a_start_however_long_ago_it_was_received() {
        let mut families = Families {
            settled: told(1_000),
            ..Families::default()
        };
        // a line that is read again from the journal
        families.note_since(at(50));
        assert_eq!(families.settled(), told(50));
        families.emptied(at(1_100));
        assert_eq!(families.settled(), told(50), "not committed yet");
        // written between the look and the commit
        families.note_since(at(70));
        families.committed();
        assert_eq!(families.settled(), told(70));
        families.emptied(at(1_200));
        families.committed();
        assert_eq!(families.settled(), told(1_200));
    }

    #[test]
    fn after_a_failed_commit_all_members_are_looked_at_again() {
        let mut families = Families {
            settled: told(1_000),
            ..Families::default()
        };
        families.note_since(at(900));
        families.due.push_back(Due {
            tie: 1,
            next: Some(7),
        });
        families.pending.push(2);
        families.emptied(at(1_100));
        families.lost();
        assert_eq!(families.left(), 2);
        assert!(families.due.iter().all(|due| due.next.is_none()));
        assert_eq!(families.settled(), told(900));
        families.committed();
        assert_eq!(families.settled(), told(900), "nothing was looked at");
    }
}
