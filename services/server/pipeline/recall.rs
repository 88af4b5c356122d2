//! Written records, brought back for late lines.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use whymid_mailflow::{ApplianceEvent, Connection, Delivery, Forgotten, Message, Recall};
use whymid_store::{Index, Key, Look, Record, RecordKind};

use super::{State, point};
use crate::telemetry::Telemetry;

/// The most records of one number that are brought back, the newest.
pub(super) const MOST: usize = 64;

/// How long it takes between two attempts to read the index.
const AGAIN: Duration = Duration::from_millis(500);

/// Finds written records for the assembler. An index that can't be read is tried until it can, or
/// the service is to end: a record that is taken for a new one would replace what was written of
/// it.
pub(super) struct IndexRecall {
    pub(super) index: Index,
    pub(super) state: Arc<State>,
    /// The service was to end while the index could not be read: what was assembled since is not
    /// to be written.
    pub(super) given_up: Cell<bool>,
    /// An address that is about to be forgotten: what comes back comes without it.
    pub(super) forgotten: Option<Arc<Forgotten>>,
    pub(super) telemetry: Arc<Telemetry>,
}

impl IndexRecall {
    fn written(&self, kind: RecordKind, key: Key, appliances: &[String]) -> Vec<Record> {
        let look = Look {
            kind,
            key,
            appliances: appliances.to_vec(),
            limit: MOST,
        };
        let mut failed = false;
        loop {
            match self.index.find(&look) {
                Ok(found) => {
                    if !found.is_empty() {
                        point("assembler-recalled");
                    }
                    return self.without_forgotten(found);
                }
                Err(error) if failed => tracing::debug!(%error, "the index can't be read yet"),
                Err(error) => {
                    failed = true;
                    self.telemetry
                        .count(&self.telemetry.failures, "room", "index");
                    tracing::error!(%error, "a written record can't be read: no line is assembled until it can, which is tried twice a second; lines are accepted into the journal");
                }
            }
            if self.state.stopping.load(Ordering::Relaxed) {
                self.given_up.set(true);
                return Vec::new();
            }
            std::thread::sleep(AGAIN);
        }
    }
}

impl IndexRecall {
    fn without_forgotten(&self, mut found: Vec<Record>) -> Vec<Record> {
        let Some(address) = &self.forgotten else {
            return found;
        };
        for record in &mut found {
            if let Ok(Some(masked)) = record.without(address) {
                *record = masked;
            }
        }
        found
    }
}

impl Recall for IndexRecall {
    fn messages(&mut self, appliance: &[String], mid: u64) -> Vec<Message> {
        let written = self.written(RecordKind::Message, Key::Mid(mid), appliance);
        written
            .into_iter()
            .filter_map(Record::into_message)
            .collect()
    }

    fn connections(&mut self, appliance: &[String], icid: u64) -> Vec<Connection> {
        let written = self.written(RecordKind::Connection, Key::Icid(icid), appliance);
        written
            .into_iter()
            .filter_map(Record::into_connection)
            .collect()
    }

    fn deliveries(&mut self, appliance: &[String], dcid: u64) -> Vec<Delivery> {
        let written = self.written(RecordKind::Delivery, Key::Dcid(dcid), appliance);
        written
            .into_iter()
            .filter_map(Record::into_delivery)
            .collect()
    }

    fn event(&mut self, id: &str) -> Option<ApplianceEvent> {
        let written = self.written(RecordKind::Event, Key::Id(id.to_owned()), &[]);
        written.into_iter().find_map(Record::into_event)
    }
}
