//! Written records, brought back for late lines.

use whymid_mailflow::{ApplianceEvent, Connection, Delivery, Message, Recall};
use whymid_store::{Index, Key, Look, Record, RecordKind};

use super::point;

/// The most records of one number that are brought back, the newest.
const MOST: usize = 64;

/// Finds written records for the assembler.
pub(super) struct IndexRecall(pub(super) Index);

impl IndexRecall {
    fn written(&self, kind: RecordKind, key: Key, appliances: &[String]) -> Vec<Record> {
        let look = Look {
            kind,
            key,
            appliances: appliances.to_vec(),
            limit: MOST,
        };
        let found = self.0.find(&look).unwrap_or_else(|error| {
            tracing::error!(%error, "failed to look a written record up");
            Vec::new()
        });
        if !found.is_empty() {
            point("assembler-recalled");
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
