//! How long records and raw segments are kept: by age since they were received, and by size.
//!
//! Not here: when it is looked at (`pipeline/indexing.rs`, `keeper.rs`).

use jiff::{SignedDuration, Timestamp};
use whymid_store::{Error, Index, RecordKind, Writer};

/// A share above which records are not thinned out in one go: their number tells their size only
/// about.
const AT_ONCE: f64 = 0.5;

/// What the configuration allows to be kept; `None`: without a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Records: so long after their last line was received.
    pub records: Option<SignedDuration>,
    /// The index: bytes on disk.
    pub records_size: Option<u64>,
    /// Records of one kind ([`Retention::KINDS`]), where it is another time.
    pub by_kind: [Option<Option<SignedDuration>>; 4],
    /// Raw lines: so long after they were received.
    pub raw: Option<SignedDuration>,
    /// Raw lines: bytes on disk.
    pub raw_size: Option<u64>,
}

impl Default for Retention {
    fn default() -> Self {
        Self {
            records: Some(SignedDuration::from_hours(90 * 24)),
            records_size: Some(50 * 1024 * 1024 * 1024),
            by_kind: [None; 4],
            raw: Some(SignedDuration::from_hours(14 * 24)),
            raw_size: Some(20 * 1024 * 1024 * 1024),
        }
    }
}

impl Retention {
    /// The kinds of records, with the words of the configuration.
    const KINDS: [(&str, RecordKind); 4] = [
        ("messages", RecordKind::Message),
        ("connections", RecordKind::Connection),
        ("deliveries", RecordKind::Delivery),
        ("events", RecordKind::Event),
    ];

    /// The place of a kind, by its word.
    #[must_use]
    pub fn kind(word: &str) -> Option<usize> {
        Self::KINDS.iter().position(|(own, _)| *own == word)
    }

    /// Whether raw lines are kept at all.
    #[must_use]
    pub fn keeps_raw(&self) -> bool {
        self.raw != Some(SignedDuration::ZERO) && self.raw_size != Some(0)
    }

    /// Before which moment raw lines are too old.
    #[must_use]
    pub fn raw_limit(&self, now: Timestamp) -> Option<Timestamp> {
        self.raw.and_then(|age| now.checked_sub(age).ok())
    }

    /// Removes records that are too old, and the oldest ones of an index that is too large; how
    /// many. Space is given back when the index merges its segments.
    pub(crate) fn expire_records(
        &self,
        writer: &mut Writer,
        index: &Index,
        now: Timestamp,
    ) -> Result<u64, Error> {
        let by_size = self.limit_by_size(index)?;
        let mut removed = 0;
        for ((_, kind), own) in Self::KINDS.into_iter().zip(self.by_kind) {
            let age = own.unwrap_or(self.records);
            let by_age = age.and_then(|age| now.checked_sub(age).ok());
            if let Some(limit) = by_age.max(by_size) {
                removed += writer.expire(kind, limit)?;
            }
        }
        Ok(removed)
    }

    fn limit_by_size(&self, index: &Index) -> Result<Option<Timestamp>, Error> {
        let Some(most) = self.records_size else {
            return Ok(None);
        };
        let bytes = index.live_bytes()?;
        if bytes <= most {
            return Ok(None);
        }
        let too_much = 1.0 - most as f64 / bytes as f64;
        index.received_quantile(too_much.min(AT_ONCE))
    }
}
