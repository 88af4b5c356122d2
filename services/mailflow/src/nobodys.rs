//! A line of nobody's to the event that it is: what it is called follows from what it says.
//!
//! Not here: the shape itself (`record.rs`), which lines are nobody's (`grammar/`).

use crate::assembler::Origin;
use crate::entry::Entry;
use crate::record::{ApplianceEvent, Common, Space, assign_id};

impl ApplianceEvent {
    pub(crate) fn new(origin: Origin<'_>, entry: &Entry, about: Option<u64>) -> Self {
        Self {
            common: Common::new(Space::Event, 0, origin, entry),
            about,
        }
    }

    /// The id that an event of that line has, and a number to keep it by.
    pub(crate) fn id_of(appliance: &str, entry: &Entry) -> (String, u64) {
        let id = assign_id(Space::Event, 0, appliance, entry);
        let number = u64::from_str_radix(&id[1..17], 16).unwrap_or_default();
        (id, number)
    }

    /// The event that says another line; its id follows from that.
    #[must_use]
    pub fn saying(&self, line: &str) -> Self {
        let mut other = self.clone();
        if let Some(entry) = other.common.entries.lines.first_mut() {
            line.clone_into(&mut entry.line);
            other.common.id = Self::id_of(&other.common.appliance, entry).0;
            other.common.aliases.clear();
        }
        other
    }

    /// The line. An event without one was never written.
    #[must_use]
    pub fn entry(&self) -> Option<&Entry> {
        self.common.entries.lines.first()
    }
}
