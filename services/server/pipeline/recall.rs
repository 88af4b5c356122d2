//! Written records, brought back for late lines.

use whymid_mailflow::{Connection, Delivery, Message, Recall};
use whymid_store::{Index, Key, Look, Record, RecordKind};

/// Finds written records for the assembler.
pub(super) struct IndexRecall(pub(super) Index);

impl IndexRecall {
    fn newest(&self, kind: RecordKind, key: Key, appliance: &str) -> Option<Record> {
        let look = Look {
            kind,
            key,
            appliance: Some(appliance.to_owned()),
            limit: 1,
        };
        match self.0.find(&look) {
            Ok(records) => records.into_iter().next(),
            Err(error) => {
                tracing::error!(%error, "failed to look a written record up");
                None
            }
        }
    }
}

impl Recall for IndexRecall {
    fn message(&mut self, appliance: &str, mid: u64) -> Option<Message> {
        self.newest(RecordKind::Message, Key::Mid(mid), appliance)?
            .into_message()
    }

    fn connection(&mut self, appliance: &str, icid: u64) -> Option<Connection> {
        self.newest(RecordKind::Connection, Key::Icid(icid), appliance)?
            .into_connection()
    }

    fn delivery(&mut self, appliance: &str, dcid: u64) -> Option<Delivery> {
        self.newest(RecordKind::Delivery, Key::Dcid(dcid), appliance)?
            .into_delivery()
    }
}
