//! Records that rest to index documents: diagnosed, written, committed each second.
//!
//! A commit says how much of the journal it holds. After a failure (a full disk) the index goes
//! back to its last commit and what was handed out since is asked for again, until it can be
//! written; nothing of it has left memory.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, MissedTickBehavior, interval};
use whymid_diagnosis::{Facets, Knowledge, Listeners, Story};
use whymid_mailflow::{Connection, Family, Message, Rested, connection_of};
use whymid_schemas::Outcome;
use whymid_store::{
    Checkpoint, Document, Error, Index, Key, Look, Peer, Record, RecordKind, Writer,
};

use super::families::Families;
use super::forgetting::ToIndex;
use super::telling::Telling;
use super::{State, Writing, Written, point, recall};
use crate::clock;
use crate::for_tests;
use crate::retention::Retention;
use crate::telemetry::Telemetry;

/// How often the index commits, if there is anything.
const COMMIT: Duration = Duration::from_secs(1);

/// How often it is looked whether something is too old or too much.
const EXPIRE: Duration = Duration::from_secs(60);

/// How long what was handed out is still written when the service is to end.
const AT_THE_END: Duration = Duration::from_secs(4);

/// The index thread.
pub(super) struct Indexing {
    pub(super) writer: Writer,
    pub(super) index: Index,
    pub(super) knowledge: Arc<Knowledge>,
    pub(super) listeners: Listeners,
    pub(super) retention: Retention,
    pub(super) families: Families,
    /// Who hears of what did not end well.
    pub(super) telling: Telling,
    /// What is to be forgotten.
    pub(super) forgetting: mpsc::Receiver<ToIndex>,
    /// When it was first seen that the service is to end.
    pub(super) stopping_since: Option<Instant>,
    pub(super) state: Arc<State>,
    pub(super) telemetry: Arc<Telemetry>,
}

/// What has been written since the last commit.
#[derive(Default)]
struct Open {
    /// The last hand-out's ticket, and how much of the journal is then there.
    handout: Option<(u64, Checkpoint)>,
    /// Counts the failures; a hand-out of an earlier count was made before the last one.
    failures: u64,
    /// The index could not be brought back yet.
    broken: bool,
    /// So many records were removed.
    removed: u64,
    /// So many have another diagnosis beside them, by their families.
    settled: usize,
    /// Records that were written again without an address, and who waits to hear of it.
    forgotten: Vec<(usize, oneshot::Sender<usize>)>,
    /// Something that was handed out has not been written: nothing later makes the index more
    /// complete.
    left: bool,
}

impl Indexing {
    pub(super) async fn run(
        mut self,
        mut handouts: mpsc::Receiver<Writing>,
        written: mpsc::UnboundedSender<Written>,
    ) {
        let state = Arc::clone(&self.state);
        let mut open = Open::default();
        let mut commit = interval(COMMIT);
        let every = for_tests::number("WHYMID_TEST_EXPIRE_MS").map(Duration::from_millis);
        let mut expire = interval(every.unwrap_or(EXPIRE));
        commit.set_missed_tick_behavior(MissedTickBehavior::Delay);
        expire.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                _ = commit.tick() => {
                    let stopping = || state.stopping.load(Ordering::Relaxed);
                    let is_idle = || handouts.is_empty() && !stopping();
                    self.commit(&mut open, &written, &is_idle);
                    // at the end nobody waits for an index that does not come back: the next
                    // start reads again what it does not hold
                    if open.broken && handouts.is_closed() {
                        break;
                    }
                }
                _ = expire.tick() => {
                    self.expire(&mut open, &written);
                    self.note_settled(&open);
                }
                handout = handouts.recv(), if !open.broken => match handout {
                    Some(handout) => self.write(handout, &mut open, &written),
                    None => break,
                },
            }
        }
        self.commit(&mut open, &written, &|| false);
        // what this commit told of families is written, too; the next start does the rest
        self.commit(&mut open, &written, &|| false);
        self.note_settled(&open);
    }

    /// Writes down how far families are settled, where no commit does, so that the next start does
    /// not look at all of it again.
    fn note_settled(&mut self, open: &Open) {
        if open.broken
            || open.handout.is_some()
            || open.settled > 0
            || open.removed > 0
            || !open.forgotten.is_empty()
        {
            return;
        }
        let before = self.state.checkpoint();
        let families = self.families.settled();
        if families != before.families {
            let checkpoint = Checkpoint { families, ..before };
            match self.writer.commit(checkpoint) {
                Ok(()) => self.state.set_checkpoint(checkpoint),
                Err(error) => {
                    tracing::warn!(%error, "it can't be written down how far families are settled; the next start looks again");
                }
            }
        }
    }

    fn write(
        &mut self,
        writing: Writing,
        open: &mut Open,
        written: &mpsc::UnboundedSender<Written>,
    ) {
        if writing.failures != open.failures {
            return;
        }
        let handout = writing.handout;
        let checkpoint = Checkpoint {
            complete: handout.complete,
            reached: handout.reached,
            families: self.families.settled(),
        };
        if open.left {
            return self.leave_the_rest(open, checkpoint);
        }
        for rested in handout.records {
            if self.is_late() {
                return self.leave_the_rest(open, checkpoint);
            }
            let document = self.document(rested);
            if let Err(error) = self.writer.upsert(&document) {
                return self.failed(&error, open, written);
            }
            self.telling.note(&document, clock::now());
            let is_kin = |mid| self.index.is_kin(mid).unwrap_or(true);
            self.families.note(&document.record, is_kin);
            self.telemetry.written.inc();
            point("index-upserted");
        }
        for memory in &writing.memories {
            if let Err(error) = self.writer.remember(memory) {
                return self.failed(&error, open, written);
            }
        }
        open.handout = Some((handout.ticket, checkpoint));
        point("index-taken");
    }

    /// Whether the service is to end and has waited long enough: what is not written by now is
    /// read from the journal at the next start.
    fn is_late(&mut self) -> bool {
        if !self.state.stopping.load(Ordering::Relaxed) {
            return false;
        }
        let since = *self.stopping_since.get_or_insert_with(Instant::now);
        since.elapsed() > AT_THE_END
    }

    /// Some of a hand-out may be written: the index reaches further and is complete no further.
    fn leave_the_rest(&self, open: &mut Open, checkpoint: Checkpoint) {
        let (ticket, before) = open.handout.unwrap_or((0, self.state.checkpoint()));
        let reached = before.reached.max(checkpoint.reached);
        open.left = true;
        open.handout = Some((ticket, Checkpoint { reached, ..before }));
    }

    fn document(&mut self, rested: Rested) -> Document {
        match rested {
            Rested::Message(message, connection) => {
                let connection = connection.map(Arc::unwrap_or_clone);
                let connection = connection.or_else(|| self.written_connection(&message));
                if let Some(own) = &connection {
                    let families = &mut self.families;
                    families.note_connection(&own.common, Key::Icid(own.icid));
                }
                let peer = Peer::of(connection.as_ref().and_then(|one| one.opened.as_ref()));
                let facets = self.facets(&message, connection.as_ref());
                let now = clock::now();
                self.telling
                    .note_success(&message, connection.as_ref(), &facets, now);
                Document {
                    facets: Some(facets),
                    record: Record::Message(message),
                    peer,
                    told: None,
                }
            }
            Rested::Connection(connection) => Document {
                facets: self.facets_alone(&connection),
                record: Record::Connection(connection),
                peer: Peer::default(),
                told: None,
            },
            Rested::Delivery(delivery) => Document {
                record: Record::Delivery(delivery),
                facets: None,
                peer: Peer::default(),
                told: None,
            },
            Rested::Event(event) => Document {
                record: Record::Event(event),
                facets: None,
                peer: Peer::default(),
                told: None,
            },
        }
    }

    fn facets(&self, message: &Message, connection: Option<&Connection>) -> Facets {
        let connection = connection.cloned().map(|mut one| {
            if whymid_diagnosis::of_message(message) != Outcome::Delivered {
                self.note_messages(&mut one);
            }
            one
        });
        let timers = self.listeners.timers(connection.as_ref());
        // how its family fares is found when all that is written can be read (families.rs)
        let family = Family::alone(message.clone());
        let newest = Some(message.common.last_at);
        let connection = connection.map(Arc::new);
        let story = Story::of(family, connection, Vec::new(), Vec::new(), newest, timers);
        self.knowledge.facets(&story)
    }

    /// The diagnosis of a connection that carried no message.
    fn facets_alone(&self, connection: &Connection) -> Option<Facets> {
        let mut connection = connection.clone();
        if connection.mids.is_empty() {
            self.note_messages(&mut connection);
        }
        connection.mids.is_empty().then(|| {
            let newest = Some(connection.common.last_at);
            let timers = self.listeners.timers(Some(&connection));
            self.knowledge
                .facets(&Story::of_connection(connection, newest, timers))
        })
    }

    pub(super) fn written_connection(&self, message: &Message) -> Option<Connection> {
        let known = self.written_connections(message.icid?, &message.common.appliance);
        connection_of(message, &known).cloned()
    }

    fn written_connections(&self, icid: u64, appliance: &str) -> Vec<Connection> {
        let look = Look {
            kind: RecordKind::Connection,
            key: Key::Icid(icid),
            appliances: vec![appliance.to_owned()],
            limit: recall::MOST,
        };
        // a diagnosis without it says less; the record itself is whole
        let found = self.index.find(&look).unwrap_or_default();
        found
            .into_iter()
            .filter_map(Record::into_connection)
            .collect()
    }

    /// Adds what is written to what is known of a connection's messages.
    pub(super) fn note_messages(&self, connection: &mut Connection) {
        let (icid, appliance) = (connection.icid, connection.common.appliance.clone());
        let carried = self.index.carried(icid, std::slice::from_ref(&appliance));
        let carried = carried.unwrap_or_default();
        if !carried.is_empty() {
            let known = self.written_connections(icid, &appliance);
            connection.note_messages(carried, &known);
        }
    }

    fn commit(
        &mut self,
        open: &mut Open,
        written: &mpsc::UnboundedSender<Written>,
        is_idle: &dyn Fn() -> bool,
    ) {
        if open.broken {
            return self.revive(open);
        }
        let is_empty = open.handout.is_none() && open.removed == 0 && open.settled == 0;
        if is_empty && open.forgotten.is_empty() {
            return self.look_back(open, written, is_idle);
        }
        let mut checkpoint = match open.handout {
            Some((_, checkpoint)) => checkpoint,
            None => self.state.checkpoint(),
        };
        checkpoint.families = self.families.settled();
        self.tell_unsettled();
        // before the index says that it has them: or a stop between the two would lose them
        if let Err(error) = self.telling.keep() {
            return self.failed(&error, open, written);
        }
        if let Err(error) = self.writer.commit(checkpoint) {
            return self.failed(&error, open, written);
        }
        self.families.committed();
        self.telemetry.commits.inc();
        if self.state.index_failed.swap(false, Ordering::Relaxed) {
            tracing::info!("the index can be written again");
        }
        self.state.set_checkpoint(checkpoint);
        self.tell_removed(std::mem::take(&mut open.removed));
        if let Some((ticket, _)) = open.handout.take() {
            let _ = written.send(Written::Settled(ticket));
        }
        for (records, reply) in open.forgotten.drain(..) {
            let _ = reply.send(records);
        }
        open.settled = 0;
        point("index-told");
        self.look_back(open, written, is_idle);
    }

    /// Writes again what is written, where that is to be: all that was written is committed.
    fn look_back(
        &mut self,
        open: &mut Open,
        written: &mpsc::UnboundedSender<Written>,
        is_idle: &dyn Fn() -> bool,
    ) {
        if let Err(error) = self.forget(open) {
            return self.failed(&error, open, written);
        }
        // two must not write the same record in one commit
        if open.forgotten.is_empty() {
            self.look_at_families(open, written, is_idle);
        }
    }

    /// Does what is asked of the index for an address that is to be forgotten.
    fn forget(&mut self, open: &mut Open) -> Result<(), Error> {
        while open.forgotten.is_empty()
            && let Ok(asked) = self.forgetting.try_recv()
        {
            match asked {
                ToIndex::Records(holders, address, reply) => {
                    let mut records = 0;
                    for holder in &holders {
                        if let Some(record) = self.writer.forget(holder, &address)? {
                            // what its family tells of it is written again
                            self.families.note(&record, |_| true);
                            records += 1;
                        }
                    }
                    open.forgotten.push((records, reply));
                }
                ToIndex::Pieces(reply) => {
                    let _ = reply.send(self.writer.pieces()?);
                }
                ToIndex::Compact(piece, reply) => {
                    let _ = reply.send(self.writer.compact(piece)?);
                }
                ToIndex::Sweep(reply) => {
                    self.writer.commit(self.state.checkpoint())?;
                    self.writer.sweep()?;
                    let _ = reply.send(());
                }
            }
        }
        Ok(())
    }

    fn look_at_families(
        &mut self,
        open: &mut Open,
        written: &mpsc::UnboundedSender<Written>,
        is_idle: &dyn Fn() -> bool,
    ) {
        match self.settle_families(clock::now(), is_idle) {
            Ok(settled) => {
                open.settled = settled;
                if settled == 0 {
                    // nothing waits for a commit
                    self.families.committed();
                }
            }
            Err(error) => self.failed(&error, open, written),
        }
        self.tell_unsettled();
    }

    /// Removes what is older than it may be, or more than there may be.
    fn expire(&mut self, open: &mut Open, written: &mpsc::UnboundedSender<Written>) {
        if open.broken {
            return;
        }
        match self
            .retention
            .expire_records(&mut self.writer, &self.index, clock::now())
        {
            Ok(0) => {}
            Ok(removed) => {
                open.removed += removed;
                point("index-expired");
            }
            Err(error) => self.failed(&error, open, written),
        }
    }

    fn tell_removed(&self, removed: u64) {
        if removed > 0 {
            self.telemetry.expired.inc_by(removed);
            tracing::info!(removed, "records were removed: see [retention]");
        }
    }

    /// Nothing leaves memory until it can be written: it is asked for again.
    fn failed(
        &mut self,
        error: &dyn std::error::Error,
        open: &mut Open,
        written: &mpsc::UnboundedSender<Written>,
    ) {
        self.telemetry
            .count(&self.telemetry.failures, "room", "index");
        if self.state.index_failed.swap(true, Ordering::Relaxed) {
            tracing::debug!(error = %error, "the index can't be written yet");
        } else {
            tracing::error!(error = %error, "the index failed; nothing is lost, it is tried again each second. Is the disk full?");
        }
        self.families.lost();
        self.telling.lost();
        *open = Open {
            failures: open.failures + 1,
            broken: true,
            ..Open::default()
        };
        let _ = written.send(Written::Lost(open.failures));
    }

    fn revive(&mut self, open: &mut Open) {
        match self.writer.revive() {
            Ok(()) => {
                open.broken = false;
                point("index-revived");
            }
            Err(error) => tracing::debug!(%error, "the index can't be written yet"),
        }
    }
}
