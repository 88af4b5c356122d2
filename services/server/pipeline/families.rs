//! Families that were written: the diagnosis beside each member, again when another one changed.
//!
//! A message is written with the diagnosis of its own lines. How its mail fared may stand in the
//! record of another MID, which is written later, or earlier. So after a commit the families of
//! what was written are read whole, and what stands beside a member is written again where it is
//! not what its family, or the delivery connections that it used, say (`services/decisions/017`).
//!
//! Invariants: nothing is written between the commit and this; a record itself is written as it
//! was. What there was no time for is done after the next commits, or after the next start.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;
use whymid_diagnosis::{Story, connections_used};
use whymid_mailflow::{Connection, Delivery, Family, Message, is_used, kind};
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

/// What is to be looked at.
#[derive(Debug, Default)]
pub(super) struct Families {
    /// Messages whose families are to be looked at, by the numbers of their ids, with the place of
    /// the member to go on with.
    due: VecDeque<(u64, usize)>,
    /// Delivery connections that failed: whoever used them is to be looked at.
    broken: Vec<(String, u64)>,
    /// What was looked at since the last commit: once more if that does not come.
    pending: Vec<u64>,
    /// When nothing was due any more, since the last commit.
    empty_at: Option<i64>,
    /// All that was due when this moment had come is committed; microseconds.
    settled: Option<i64>,
}

impl Families {
    /// Notes a record that is written: a message that does not tell all by itself (`is_kin`: or that
    /// another one names), a delivery connection that tells why those that used it were not
    /// delivered.
    pub(super) fn note(&mut self, record: &Record, is_kin: impl Fn(u64) -> bool) {
        match record {
            Record::Message(one) => {
                let is_waiting = !one.dcids.is_empty()
                    && whymid_diagnosis::of_message(one) != Outcome::Delivered;
                let is_tied = !one.ties.is_empty() || !one.fared_alone();
                if is_waiting || is_tied || is_kin(one.mid) {
                    self.due.push_back((tie(&one.common.id), 0));
                }
            }
            Record::Delivery(one) => {
                let mut lines = one.common.entries.lines.iter();
                if lines.any(|line| line.kind.is(&kind::DELIVERY_ERROR)) {
                    self.broken.push((one.common.appliance.clone(), one.dcid));
                }
            }
            Record::Connection(_) | Record::Event(_) => {}
        }
    }

    /// So many messages, at most, are still to be looked at, or were and what was found is not
    /// committed.
    pub(super) fn left(&self) -> usize {
        self.due.len() + self.broken.len() + self.pending.len()
    }

    /// What a commit says of it.
    pub(super) fn settled(&self) -> Option<i64> {
        self.settled
    }

    /// All that was written is committed.
    pub(super) fn committed(&mut self) {
        self.pending.clear();
        self.settled = self.empty_at.take().or(self.settled);
    }

    /// What was written since the last commit is lost.
    pub(super) fn lost(&mut self) {
        let again = self.pending.drain(..).map(|one| (one, 0));
        self.due.extend(again);
        self.empty_at = None;
    }
}

/// How far a family was looked at: so many records were written again, and, where the time was over,
/// the place to go on with.
struct Looked {
    written: usize,
    next: Option<usize>,
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
            Ok(due) => self.families.due = due.into_iter().map(|one| (one, 0)).collect(),
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
        let mut written = 0;
        while let Some((appliance, dcid)) = self.families.broken.last().cloned() {
            if is_over() {
                return Ok(written);
            }
            let used = self.find(RecordKind::Message, Key::Dcid(dcid), &appliance)?;
            let used = used.into_iter().map(|one| (tie(one.id()), 0));
            self.families.due.extend(used);
            self.families.broken.pop();
        }
        if self.families.due.is_empty() {
            return Ok(0);
        }
        let mut done = HashSet::new();
        while let Some((one, place)) = self.families.due.front().copied() {
            if is_over() {
                return Ok(written);
            }
            if place > 0 || done.insert(one) {
                let looked = self.settle(one, place, &is_over, &mut done)?;
                written += looked.written;
                if let Some(next) = looked.next {
                    if let Some((_, place)) = self.families.due.front_mut() {
                        *place = next;
                    }
                    return Ok(written);
                }
                self.families.pending.push(one);
            }
            self.families.due.pop_front();
        }
        self.families.empty_at = Some(now.as_microsecond());
        Ok(written)
    }

    /// Looks at the family of one message, from a member on.
    fn settle(
        &mut self,
        tie_of: u64,
        from: usize,
        is_over: &dyn Fn() -> bool,
        done: &mut HashSet<u64>,
    ) -> Result<Looked, Error> {
        let mut looked = Looked {
            written: 0,
            next: None,
        };
        let Some(message) = self.index.message(tie_of)? else {
            return Ok(looked);
        };
        let (family, records) = self.index.family_of(message)?;
        let deliveries: Arc<[Delivery]> = self.deliveries_of(&family)?.into();
        let mut connections: HashMap<usize, Option<Connection>> = HashMap::new();
        for place in from..family.members.len() {
            // one member at least, so that there is an end
            if place > from && is_over() {
                looked.next = Some(place);
                return Ok(looked);
            }
            let own = &family.members[place].common;
            if place > 0 && !done.insert(tie(&own.id)) {
                continue;
            }
            // a copy or a bounce came by no connection of its elder's
            let root = family.root_of(place);
            let connection = connections.entry(root);
            let connection = connection.or_insert_with(|| {
                let known = self.written_connection(&family.members[root]);
                known.map(|mut one| {
                    self.note_messages(&mut one);
                    one
                })
            });
            let (deliveries, connection) = (Arc::clone(&deliveries), connection.clone());
            looked.written +=
                self.settle_member(&family, place, &records[place], connection, deliveries)?;
        }
        Ok(looked)
    }

    /// Judges a member, and writes what stands beside its record again where that has changed.
    fn settle_member(
        &mut self,
        family: &Family,
        place: usize,
        message: &Message,
        connection: Option<Connection>,
        deliveries: Arc<[Delivery]>,
    ) -> Result<usize, Error> {
        let told = &family.members[place];
        let (newest, id) = (Some(told.common.last_at), told.common.id.clone());
        let peer = Peer::of(connection.as_ref().and_then(|one| one.opened.as_ref()));
        let timers = self.listeners.timers(connection.as_ref());
        let (asked, nobody) = (family.asked_by(place), Vec::new());
        let story = Story::of(asked, connection, deliveries, nobody, newest, timers);
        let facets = self.knowledge.facets(&story);
        let (mut known, sent_by) = self.index.beside(&id)?;
        if let Some(known) = &mut known {
            known.kb_version.clone_from(&facets.kb_version);
        }
        let is_told_more = message.recipients != told.recipients
            || message.envelope_sender() != told.envelope_sender()
            || (&message.subject, &message.message_id) != (&told.subject, &told.message_id)
            || message.icid != told.icid;
        if known.as_ref() == Some(&facets) && sent_by == peer && !is_told_more {
            return Ok(0);
        }
        self.writer.upsert(&Document {
            told: is_told_more.then(|| Box::new(Message::clone(told))),
            record: Record::Message(Box::new(message.clone())),
            facets: Some(facets),
            peer,
        })?;
        Ok(1)
    }

    /// The delivery connections that the members used.
    fn deliveries_of(&self, family: &Family) -> Result<Vec<Delivery>, Error> {
        let mut deliveries: Vec<Delivery> = Vec::new();
        for (dcid, member) in connections_used(family) {
            let appliance = &member.common.appliance;
            let found = self.find(RecordKind::Delivery, Key::Dcid(dcid), appliance)?;
            let found = found.into_iter().filter_map(Record::into_delivery);
            let mut fitting = found.filter(|one| is_used(one, member));
            deliveries.extend(fitting.next());
        }
        Ok(deliveries)
    }

    fn find(&self, kind: RecordKind, key: Key, appliance: &str) -> Result<Vec<Record>, Error> {
        self.index.find(&Look {
            kind,
            key,
            appliances: vec![appliance.to_owned()],
            limit: recall::MOST,
        })
    }
}
