//! Records on their way into the index to rows for the tickets: those that did not end well, those
//! that did after all, and mail that goes through where that would mend something.
//!
//! A record is told of only if a line of it came live within the last minutes, whose stamp is no
//! further from then than clocks and zones can be wrong: imports, replays and records that are
//! written anew raise nothing. Rows are on disk before the commit that holds their records.
//!
//! Not here: what becomes of rows (`services/ticketing`).

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use whymid_diagnosis::Facets;
use whymid_mailflow::{Common, Connection, Fate, Message};
use whymid_schemas::{Grouping, Outcome};
use whymid_store::{Document, Record};
use whymid_ticketing::{Error, Office, Row, Watch, is_trouble_by};

/// So far apart are the stamp of a line of now and the moment it is received at most: the widest
/// zone, 14 h, either way, and a clock that is wrong by hours.
const APART: SignedDuration = SignedDuration::from_hours(32);

/// Tells the tickets.
#[derive(Debug)]
pub struct Telling {
    office: Arc<Office>,
    watch: Arc<Watch>,
    /// How long after it was received a line raises something.
    within: SignedDuration,
    rows: Vec<Row>,
}

impl Telling {
    /// Tells an office.
    #[must_use]
    pub fn new(office: Arc<Office>, within: SignedDuration) -> Self {
        Self {
            watch: office.watch(),
            office,
            within,
            rows: Vec::new(),
        }
    }

    /// Notes what is to be written.
    pub(super) fn note(&mut self, document: &Document, now: Timestamp) {
        if !self.watch.wants() {
            return;
        }
        let (Some(common), Some(facets)) = (common(&document.record), &document.facets) else {
            return;
        };
        let Some(at) = self.live(common, now) else {
            return;
        };
        let is_over = !matches!(facets.outcome, Outcome::Processing | Outcome::Queued);
        let is_trouble = is_trouble_by(facets.outcome, &facets.diagnosis);
        // what ended well after all leaves the cause that it counts for
        if is_trouble || (is_over && self.office.counts(&common.id)) {
            let record = common.id.clone();
            self.rows.push(Row::Record { record, at });
        }
    }

    /// Notes mail that went through, where that would mend something.
    pub(super) fn note_success(
        &mut self,
        message: &Message,
        connection: Option<&Connection>,
        facets: &Facets,
        now: Timestamp,
    ) {
        if !self.watch.waits_for_success() {
            return;
        }
        let Some(at) = self.live(&message.common, now) else {
            return;
        };
        let whole = facets.outcome == Outcome::Delivered;
        let opened = connection.and_then(|one| one.opened.as_ref());
        let host = opened.filter(|_| whole).map(|opened| {
            let verified = opened.host.as_deref();
            let verified = verified.filter(|_| opened.verified == Some(true));
            (Grouping::SendingHost, verified.unwrap_or(&opened.peer))
        });
        let domains = message.recipients.iter().filter_map(|one| {
            let domain = one.address.as_deref()?.rsplit_once('@')?.1;
            matches!(one.fate, Fate::Delivered).then_some((Grouping::NextHopDomain, domain))
        });
        for (by, value) in host.into_iter().chain(domains) {
            let value = value.trim_end_matches('.').to_lowercase();
            if self.watch.would_heal(by, &value) {
                self.rows.push(Row::Success { by, value, at });
            }
        }
    }

    /// Puts what was noted on disk.
    pub(super) fn keep(&mut self) -> Result<(), Error> {
        if self.rows.is_empty() {
            return Ok(());
        }
        self.rows.dedup();
        self.office.keep(&self.rows)?;
        self.rows.clear();
        Ok(())
    }

    /// What was noted is written once more, and noted again.
    pub(super) fn lost(&mut self) {
        self.rows.clear();
    }

    /// When its newest live line was received, if that is not long ago.
    fn live(&self, common: &Common, now: Timestamp) -> Option<Timestamp> {
        let at = common.live_at?;
        let is_new = now.duration_since(at) <= self.within;
        let is_of_now = at.duration_since(common.last_at).abs() <= APART;
        (is_new && is_of_now).then_some(at)
    }
}

fn common(record: &Record) -> Option<&Common> {
    match record {
        Record::Message(one) => Some(&one.common),
        Record::Connection(one) => Some(&one.common),
        Record::Delivery(_) | Record::Event(_) => None,
    }
}
