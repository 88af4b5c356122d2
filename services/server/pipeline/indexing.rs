//! Records that rest to index documents: diagnosed, written, committed each second.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};
use whymid_diagnosis::{Facets, Knowledge, Listeners, Story};
use whymid_mailflow::{Connection, Message, Rested};
use whymid_store::{Document, Index, Key, Look, Record, RecordKind, Writer};

use super::{Handout, State};
use crate::telemetry::Telemetry;

/// How often the index commits, if there is anything.
const COMMIT: Duration = Duration::from_secs(1);

/// The index thread.
pub(super) struct Indexing {
    pub(super) writer: Writer,
    pub(super) index: Index,
    pub(super) knowledge: Arc<Knowledge>,
    pub(super) listeners: Listeners,
    pub(super) state: Arc<State>,
    pub(super) telemetry: Arc<Telemetry>,
}

impl Indexing {
    pub(super) async fn run(
        mut self,
        mut handouts: mpsc::Receiver<Handout>,
        settled: mpsc::UnboundedSender<u64>,
    ) {
        let mut uncommitted = None;
        let mut commit = interval(COMMIT);
        commit.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                _ = commit.tick() => self.commit(&mut uncommitted, &settled),
                handout = handouts.recv() => match handout {
                    Some((ticket, records)) => {
                        for rested in records {
                            self.write(rested);
                        }
                        uncommitted = Some(ticket);
                    }
                    None => break,
                },
            }
        }
        self.commit(&mut uncommitted, &settled);
    }

    fn write(&mut self, rested: Rested) {
        let document = self.document(rested);
        match self.writer.upsert(&document) {
            Ok(()) => {
                self.telemetry.written.inc();
            }
            Err(error) => self.failed(&error),
        }
    }

    fn document(&self, rested: Rested) -> Document {
        match rested {
            Rested::Message(message, connection) => {
                let connection = connection
                    .map(|one| *one)
                    .or_else(|| self.written_connection(&message));
                let facets = self.knowledge.facets(&Story {
                    timers: self.listeners.timers(connection.as_ref()),
                    newest: Some(message.common.last_at),
                    message: Some((*message).clone()),
                    connection,
                    deliveries: Vec::new(),
                });
                Document {
                    record: Record::Message(message),
                    facets: Some(facets),
                }
            }
            Rested::Connection(connection) => {
                let facets = connection
                    .mids
                    .is_empty()
                    .then(|| self.facets_alone(&connection));
                Document {
                    record: Record::Connection(connection),
                    facets,
                }
            }
            Rested::Delivery(delivery) => Document {
                record: Record::Delivery(delivery),
                facets: None,
            },
            Rested::Event(event) => Document {
                record: Record::Event(event),
                facets: None,
            },
        }
    }

    /// The diagnosis of a connection that carried no message.
    fn facets_alone(&self, connection: &Connection) -> Facets {
        self.knowledge.facets(&Story {
            message: None,
            newest: Some(connection.common.last_at),
            timers: self.listeners.timers(Some(connection)),
            connection: Some(connection.clone()),
            deliveries: Vec::new(),
        })
    }

    fn written_connection(&self, message: &Message) -> Option<Connection> {
        let id = message.connection.clone()?;
        let look = Look {
            kind: RecordKind::Connection,
            key: Key::Id(id),
            appliance: None,
            limit: 1,
        };
        let found = self.index.find(&look).ok()?;
        found.into_iter().find_map(Record::into_connection)
    }

    fn commit(&mut self, uncommitted: &mut Option<u64>, settled: &mpsc::UnboundedSender<u64>) {
        let Some(ticket) = uncommitted.take() else {
            return;
        };
        match self.writer.commit() {
            Ok(()) => {
                self.telemetry.commits.inc();
                if !self.state.index_failed.load(Ordering::Relaxed) {
                    let _ = settled.send(ticket);
                }
            }
            Err(error) => {
                *uncommitted = Some(ticket);
                self.failed(&error);
            }
        }
    }

    /// From the first failure on nothing leaves memory any more: what was not written is still
    /// answered for, and the journal has it for the next start.
    fn failed(&self, error: &whymid_store::Error) {
        self.state.index_failed.store(true, Ordering::Relaxed);
        self.telemetry
            .count(&self.telemetry.failures, "room", "index");
        tracing::error!(%error, "the index failed; the journal keeps every line");
    }
}
