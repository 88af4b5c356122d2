//! Families that were written: the diagnosis beside each member, again when another one changed.
//!
//! A message is written with the diagnosis of its own lines. How its mail fared may stand in the
//! record of another MID, which is written later, or earlier. So after a commit the families of
//! what was written are read whole, and what stands beside a member is written again where it is
//! not what its family, or the delivery connections that it used, say (`services/decisions/017`).
//!
//! Invariants: nothing is written between the commit and this; a record itself is written as it
//! was. What there was no time for is done after the next commits, or after the next start.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;
use whymid_diagnosis::Story;
use whymid_mailflow::{Connection, Delivery, Family, Message, is_used, kind};
use whymid_schemas::Outcome;
use whymid_store::{Document, Error, Key, Look, Peer, Record, RecordKind};

use super::indexing::Indexing;
use super::recall;

/// How long families are looked at after one commit.
const BUDGET: Duration = Duration::from_millis(200);

/// A record may rest so long before it is written: at the start, families are looked at from so
/// long before the moment that the index knows them up to.
const RESTING: SignedDuration = SignedDuration::from_mins(10);

/// The most delivery connections of one message that are looked at.
const MOST_DELIVERIES: usize = 20;

/// Whose families are to be looked at.
#[derive(Debug, Default)]
pub(super) struct Families {
    due: Vec<String>,
    /// Delivery connections that failed: whoever used them is to be looked at.
    broken: Vec<(String, u64)>,
    /// All that was due when this moment had come is done; microseconds.
    settled: Option<i64>,
}

impl Families {
    /// Notes a record that is written: a message that does not tell all by itself, a delivery
    /// connection that tells why those that used it were not delivered.
    pub(super) fn note(&mut self, record: &Record) {
        match record {
            Record::Message(one) => {
                let is_waiting = !one.dcids.is_empty()
                    && whymid_diagnosis::of_message(one) != Outcome::Delivered;
                if is_waiting || !one.ties.is_empty() || !one.fared_alone() {
                    self.due.push(one.common.id.clone());
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

    /// What a commit says of it.
    pub(super) fn settled(&self) -> Option<i64> {
        self.settled
    }
}

impl Indexing {
    /// What a former run left.
    pub(super) fn remember_families(&mut self, settled: Option<i64>) {
        let since = settled.and_then(|micros| Timestamp::from_microsecond(micros).ok());
        let since = since.and_then(|since| since.checked_sub(RESTING).ok());
        self.families.settled = settled;
        match self.index.unsettled(since) {
            Ok(due) => self.families.due = due,
            Err(error) => {
                tracing::error!(%error, "families can't be read; what is known of messages that went on under other MIDs may be old")
            }
        }
    }

    /// Looks at the families that are due, as long as there is time, and says how many records
    /// were written again. To be called when all that was written is committed.
    pub(super) fn settle_families(&mut self, now: Timestamp) -> Result<usize, Error> {
        for (appliance, dcid) in std::mem::take(&mut self.families.broken) {
            let used = self.find(RecordKind::Message, Key::Dcid(dcid), &appliance)?;
            let used = used.into_iter().map(|one| one.id().to_owned());
            self.families.due.extend(used);
        }
        if self.families.due.is_empty() {
            return Ok(0);
        }
        let until = Instant::now() + BUDGET;
        let mut done = HashSet::new();
        let mut written = 0;
        while let Some(id) = self.families.due.pop() {
            if Instant::now() > until {
                self.families.due.push(id);
                return Ok(written);
            }
            if done.insert(id.clone()) {
                match self.settle(&id, &mut done) {
                    Ok(more) => written += more,
                    Err(error) => {
                        self.families.due.push(id);
                        return Err(error);
                    }
                }
            }
        }
        self.families.settled = Some(now.as_microsecond());
        Ok(written)
    }

    /// Looks at the family of one message.
    fn settle(&mut self, id: &str, done: &mut HashSet<String>) -> Result<usize, Error> {
        let Some(message) = self.written(id)? else {
            return Ok(0);
        };
        let family = self.index.family_of(message)?;
        let mut connections: HashMap<usize, Option<Connection>> = HashMap::new();
        let mut written = 0;
        for place in 0..family.members.len() {
            let own = &family.members[place].common;
            if place > 0 && !done.insert(own.id.clone()) {
                continue;
            }
            let (newest, id) = (Some(own.last_at), own.id.clone());
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
            let peer = Peer::of(connection.as_ref().and_then(|one| one.opened.as_ref()));
            let timers = self.listeners.timers(connection.as_ref());
            let asked = family.asked_by(place);
            let deliveries = self.deliveries_of(&asked)?;
            let nobody = Vec::new();
            let story = Story::of(
                asked,
                connection.clone(),
                deliveries,
                nobody,
                newest,
                timers,
            );
            let facets = self.knowledge.facets(&story);
            let (mut known, sent_by) = self.index.beside(&id)?;
            if let Some(known) = &mut known {
                known.kb_version.clone_from(&facets.kb_version);
            }
            let Some(message) = self.written(&id)? else {
                continue;
            };
            let told = &family.members[place];
            let is_told_more = message.recipients != told.recipients
                || message.envelope_sender() != told.envelope_sender()
                || (&message.subject, &message.message_id) != (&told.subject, &told.message_id);
            if known.as_ref() == Some(&facets) && sent_by == peer && !is_told_more {
                continue;
            }
            self.writer.upsert(&Document {
                told: is_told_more.then(|| Box::new(Message::clone(told))),
                record: Record::Message(Box::new(message)),
                facets: Some(facets),
                peer,
            })?;
            written += 1;
        }
        Ok(written)
    }

    /// The delivery connections that undelivered members used.
    fn deliveries_of(&self, family: &Family) -> Result<Vec<Delivery>, Error> {
        let mut deliveries: Vec<Delivery> = Vec::new();
        let undelivered = family
            .members
            .iter()
            .filter(|one| whymid_diagnosis::of_message(one) != Outcome::Delivered);
        for member in undelivered {
            for dcid in member.dcids.iter().take(MOST_DELIVERIES) {
                let appliance = &member.common.appliance;
                let found = self.find(RecordKind::Delivery, Key::Dcid(*dcid), appliance)?;
                let found = found.into_iter().filter_map(Record::into_delivery);
                let mut fitting = found.filter(|one| is_used(one, member));
                deliveries.extend(fitting.next());
            }
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

    fn written(&self, id: &str) -> Result<Option<Message>, Error> {
        let found = self.index.find(&Look {
            kind: RecordKind::Message,
            key: Key::Id(id.to_owned()),
            appliances: Vec::new(),
            limit: 1,
        })?;
        Ok(found.into_iter().find_map(Record::into_message))
    }
}
