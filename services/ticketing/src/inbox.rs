//! What the index is about to hold, to rows that wait to be looked at.
//!
//! A row is on disk before the commit of the index that holds its record. So whatever is killed,
//! either the lines are read again and the row is made again, or it is there: at least once.
//!
//! Not here: which records are told of (`services/server`), what comes of a row (`office/intake.rs`).

use std::collections::HashSet;
use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use whymid_schemas::Grouping;

/// Something that waits to be looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Row {
    /// A message or connection did not end well, or fares otherwise than before.
    Record {
        /// Its id.
        record: String,
        /// When its newest live line was received.
        at: Timestamp,
    },
    /// Mail went through.
    Success {
        /// By which host, or to which domain.
        by: Grouping,
        /// That one, in small letters.
        value: String,
        /// When that was received.
        at: Timestamp,
    },
}

/// What the index thread asks for each record, without waiting.
#[derive(Debug, Default)]
pub struct Watch {
    wants: AtomicBool,
    path: AtomicBool,
    healing: RwLock<HashSet<(Grouping, String)>>,
}

impl Watch {
    /// Whether anybody wants tickets.
    #[must_use]
    pub fn wants(&self) -> bool {
        self.wants.load(Ordering::Relaxed)
    }

    /// Whether any cause would be mended by mail that goes through.
    #[must_use]
    pub fn waits_for_success(&self) -> bool {
        self.path.load(Ordering::Relaxed)
    }

    /// Whether mail of this host, or to this domain, that goes through would mend one.
    #[must_use]
    pub fn would_heal(&self, by: Grouping, value: &str) -> bool {
        let healing = self.healing.read();
        let healing = healing.unwrap_or_else(std::sync::PoisonError::into_inner);
        healing.contains(&(by, value.to_lowercase()))
    }

    pub(crate) fn set(&self, wants: bool, healing: HashSet<(Grouping, String)>) {
        self.wants.store(wants, Ordering::Relaxed);
        self.path.store(!healing.is_empty(), Ordering::Relaxed);
        let mut place = self
            .healing
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        *place = healing;
    }
}
