//! Families that were written: the diagnosis beside each member, again when another one changed.
//!
//! A message is written with the diagnosis of its own lines. How its mail fared may stand in the
//! record of another MID, which is written later, or earlier. So after a commit the families of
//! what was written are read whole, and what stands beside a member is written again where it is
//! not what its family says (`services/decisions/017`).
//!
//! Invariants: nothing is written between the commit and this; a record itself is written as it
//! was. What there was no time for is done after the next commits, or after the next start.

use std::collections::HashSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;
use whymid_diagnosis::Story;
use whymid_mailflow::Message;
use whymid_store::{Document, Error, Key, Look, Peer, Record, RecordKind};

use super::indexing::Indexing;

/// How long families are looked at after one commit.
const BUDGET: Duration = Duration::from_millis(200);

/// A record may rest so long before it is written: at the start, families are looked at from so
/// long before the moment that the index knows them up to.
const RESTING: SignedDuration = SignedDuration::from_mins(10);

/// Whose families are to be looked at.
#[derive(Debug, Default)]
pub(super) struct Families {
    due: Vec<String>,
    /// All that was due when this moment had come is done; microseconds.
    settled: Option<i64>,
}

impl Families {
    /// Notes a message that is written.
    pub(super) fn note(&mut self, message: &Message) {
        if !message.ties.is_empty() || !message.fared_alone() {
            self.due.push(message.common.id.clone());
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
        match self.index.with_kin(since) {
            Ok(due) => self.families.due = due,
            Err(error) => {
                tracing::error!(%error, "families can't be read; what is known of messages that went on under other MIDs may be old")
            }
        }
    }

    /// Looks at the families that are due, as long as there is time, and says how many records
    /// were written again. To be called when all that was written is committed.
    pub(super) fn settle_families(&mut self, now: Timestamp) -> Result<usize, Error> {
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
        let root = &family.members[family.root_of(0)];
        let connection = self.written_connection(root).map(|mut one| {
            self.note_messages(&mut one);
            one
        });
        let peer = Peer::of(connection.as_ref().and_then(|one| one.opened.as_ref()));
        let timers = self.listeners.timers(connection.as_ref());
        let mut written = 0;
        for place in 0..family.members.len() {
            let own = &family.members[place].common;
            if place > 0 && !done.insert(own.id.clone()) {
                continue;
            }
            let (newest, id) = (Some(own.last_at), own.id.clone());
            let asked = family.asked_by(place);
            let (none, nobody) = (Vec::new(), Vec::new());
            let story = Story::of(asked, connection.clone(), none, nobody, newest, timers);
            let facets = self.knowledge.facets(&story);
            let (mut known, sent_by) = self.index.beside(&id)?;
            if let Some(known) = &mut known {
                known.kb_version.clone_from(&facets.kb_version);
            }
            if known.as_ref() == Some(&facets) && sent_by == peer {
                continue;
            }
            if let Some(message) = self.written(&id)? {
                self.writer.upsert(&Document {
                    record: Record::Message(Box::new(message)),
                    facets: Some(facets),
                    peer: peer.clone(),
                })?;
                written += 1;
            }
        }
        Ok(written)
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
