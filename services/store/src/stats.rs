//! How many records fit, by group and over time, from Tantivy's aggregations.
//!
//! Invariant: counts are exact: every term of a segment is kept until the segments are merged.
//! Only what is written is counted.
//!
//! Not here: what is in memory; which spans of time are wanted (`services/api`).

use jiff::Timestamp;
use serde_json::{Value, json};
use tantivy::aggregation::agg_req::Aggregations;
use tantivy::aggregation::{AggContextParams, AggregationCollector, AggregationLimitsGuard};
use tantivy::collector::Count;

use crate::filter::Filter;
use crate::index::{Error, Index};
use crate::search::{Patience, collect};

/// By what records can be grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// The diagnosis.
    Diagnosis,
    /// The outcome.
    Outcome,
    /// Each party: a record counts for every one.
    Party,
    /// The appliance, by identity.
    Appliance,
    /// The sending host.
    Host,
    /// The domain of the envelope sender.
    SenderDomain,
    /// Each domain of the recipients: a record counts for every one.
    RecipientDomain,
}

impl Group {
    fn field(self) -> &'static str {
        match self {
            Self::Diagnosis => "diagnosis",
            Self::Outcome => "outcome",
            Self::Party => "party",
            Self::Appliance => "appliance",
            Self::Host => "host",
            Self::SenderDomain => "sender_domain",
            Self::RecipientDomain => "recipient_domain",
        }
    }
}

/// A count of what fits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// All that fit.
    pub total: u64,
    /// In each span of time.
    pub spans: Vec<u64>,
    /// By group, the largest first, then by name; each also over time.
    pub groups: Vec<(String, u64, Vec<u64>)>,
    /// What the groups that are not listed have together.
    pub other: u64,
}

/// The most groups that are told apart; what is beyond is counted together.
const MOST_GROUPS: u32 = 100_000;

/// Memory for counting, bytes.
const MEMORY: u64 = 256 * 1024 * 1024;

impl Index {
    /// Counts what fits: in spans between moments (each from one to the next), and by group, of
    /// which `limit` are listed.
    ///
    /// # Errors
    /// When the index can't be read, it takes too much memory, or nobody waits for it any more.
    pub fn stats(
        &self,
        filter: &Filter,
        moments: &[Timestamp],
        group: Option<(Group, usize)>,
        patience: &Patience,
    ) -> Result<Counted, Error> {
        let searcher = self.reader.searcher();
        let query = self.query_of(filter)?;
        let total = collect(&searcher, &query, &Count, patience)? as u64;
        let mut wanted = json!({});
        if moments.len() > 1 {
            wanted["spans"] = spans(moments);
        }
        if let Some((group, _)) = group {
            let terms = json!({
                "field": group.field(),
                "size": MOST_GROUPS,
                "segment_size": MOST_GROUPS,
            });
            wanted["groups"] = json!({ "terms": terms });
            if moments.len() > 1 {
                wanted["groups"]["aggs"] = json!({ "spans": spans(moments) });
            }
        }
        let wanted: Aggregations = serde_json::from_value(wanted)?;
        if wanted.is_empty() {
            return Ok(Counted {
                total,
                ..Counted::default()
            });
        }
        let limits = AggregationLimitsGuard::new(Some(MEMORY), Some(u32::MAX));
        let tokenizers = searcher.index().tokenizers().clone();
        let context = AggContextParams::new(limits, tokenizers);
        let collector = AggregationCollector::from_aggs(wanted, context);
        let result = collect(&searcher, &query, &collector, patience)?;
        let result = serde_json::to_value(result)?;
        let mut groups = groups_of(&result["groups"]);
        groups.sort_by(|(a, one, _), (b, other, _)| other.cmp(one).then_with(|| a.cmp(b)));
        let limit = group.map_or(0, |(_, limit)| limit);
        let beyond = groups.split_off(limit.min(groups.len()));
        let cut = result["groups"]["sum_other_doc_count"].as_u64();
        Ok(Counted {
            total,
            spans: counts_of(&result["spans"]),
            groups,
            other: beyond.iter().map(|(_, count, _)| count).sum::<u64>() + cut.unwrap_or(0),
        })
    }
}

/// Spans between moments.
fn spans(moments: &[Timestamp]) -> Value {
    // microseconds of these centuries are whole numbers in a double
    let ranges = moments.windows(2).map(|span| {
        json!({ "from": span[0].as_microsecond() as f64, "to": span[1].as_microsecond() as f64 })
    });
    json!({ "range": { "field": "start", "ranges": ranges.collect::<Vec<Value>>() } })
}

fn groups_of(result: &Value) -> Vec<(String, u64, Vec<u64>)> {
    let buckets = result["buckets"].as_array().into_iter().flatten();
    let groups = buckets.filter_map(|bucket| {
        let key = bucket["key"].as_str()?.to_owned();
        Some((
            key,
            bucket["doc_count"].as_u64()?,
            counts_of(&bucket["spans"]),
        ))
    });
    groups.collect()
}

/// The counts of spans; what lies before the first and behind the last is no span that was asked
/// for.
fn counts_of(result: &Value) -> Vec<u64> {
    let buckets = result["buckets"].as_array().into_iter().flatten();
    let inner = buckets.filter(|one| one.get("from").is_some() && one.get("to").is_some());
    inner.filter_map(|one| one["doc_count"].as_u64()).collect()
}
