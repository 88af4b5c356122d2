//! Counts of what fits, by group and over time: of the index what is written beside its records; of
//! mail that others got, too, and that is seen in part, what is read of it.
//!
//! Invariant: whoever sees some domains' mail alone counts nothing that depends on others'.

use std::collections::BTreeMap;

use whymid_diagnosis::Story;
use whymid_schemas::{Stats, StatsGroup, StatsSpan, Time};
use whymid_store::{Counted, Filter, Found, Group, Order, Search};

use super::search::{peer_of, whole_seconds};
use super::{Newest, Reading, failed};
use crate::desk::{Counting, Missing, Style};

/// The most mails that others got, too, that are read for one count.
const MOST_SHARED: usize = 5_000;

/// Those that are read at a time.
const AT_ONCE: usize = 500;

impl Reading {
    pub(super) async fn count(&self, wanted: &Counting, style: &Style) -> Result<Stats, Missing> {
        self.patiently(async {
            let (filter, moments) = (wanted.filter.clone(), wanted.moments.clone());
            let time = |at| Time::of(at, &style.zone);
            let unsettled = self.pulse.unsettled();
            let in_memory = self.library.in_memory(&filter, &self.scope).await;
            let in_memory = in_memory.map_err(failed)?;
            let counted = match self.scope.sight {
                Some(_) => self.count_seen(wanted).await?,
                None => {
                    let library = &self.library;
                    let counted = library.stats(filter, moments, wanted.group, &self.scope);
                    counted.await.map_err(failed)?
                }
            };
            // some may have been settled while it was counted
            let unsettled = unsettled.max(self.pulse.unsettled());
            let none = std::iter::repeat(&0);
            let spans = wanted
                .moments
                .windows(2)
                .zip(counted.spans.iter().chain(none));
            let group = |(key, count, over_time)| StatsGroup {
                key,
                title: None,
                count,
                over_time,
            };
            Ok(Stats {
                as_of: time(whole_seconds(self.pulse.now())),
                since: wanted.filter.since.map(whole_seconds).map(time),
                until: wanted.filter.until.map(whole_seconds).map(time),
                total: counted.total,
                in_memory,
                // how many of everybody's is nobody's business
                unsettled: if self.scope.is_limited() {
                    unsettled.min(1)
                } else {
                    unsettled
                },
                groups: counted.groups.into_iter().map(group).collect(),
                other: counted.other,
                over_time: spans
                    .map(|(span, count)| StatsSpan {
                        from: time(span[0]),
                        to: time(span[1]),
                        count: *count,
                    })
                    .collect(),
                not_understood: Vec::new(),
            })
        })
        .await
    }

    /// What is seen of some domains' mail: what nobody else got is counted by the index, the rest is
    /// read.
    async fn count_seen(&self, wanted: &Counting) -> Result<Counted, Missing> {
        // the words of a line may be masked in it
        let by_words = !wanted.filter.words.is_empty();
        let mut counted = Counted::default();
        if !by_words {
            let filter = Filter {
                shared: Some(false),
                ..wanted.filter.clone()
            };
            let all = wanted.group.map(|(group, _)| (group, usize::MAX));
            let moments = wanted.moments.clone();
            let told = self.library.stats(filter, moments, all, &self.scope).await;
            counted = told.map_err(failed)?;
        }
        let shared = (!by_words).then_some(true);
        self.count_read(wanted, shared, &mut counted).await?;
        if let Some((group, limit)) = wanted.group {
            if group == Group::RecipientDomain {
                let sight = self.scope.sight.as_deref();
                let is_seen = |key: &str| sight.is_some_and(|sight| sight.has(key));
                counted.groups.retain(|(key, ..)| is_seen(key));
            }
            counted
                .groups
                .sort_by(|(a, one, _), (b, other, _)| other.cmp(one).then_with(|| a.cmp(b)));
            let beyond = counted.groups.split_off(limit.min(counted.groups.len()));
            counted.other += beyond.iter().map(|(_, count, _)| count).sum::<u64>();
        }
        Ok(counted)
    }

    /// Counts what is read, one by one: what others got, too (`shared`), or all.
    async fn count_read(
        &self,
        wanted: &Counting,
        shared: Option<bool>,
        counted: &mut Counted,
    ) -> Result<(), Missing> {
        let now: Newest = self.newest().await?;
        let mut search = Search {
            filter: Filter {
                shared,
                ..wanted.filter.clone()
            },
            order: Order::NewestFirst,
            after: None,
            limit: AT_ONCE,
        };
        let mut groups: BTreeMap<String, (u64, Vec<u64>)> = BTreeMap::new();
        for (key, count, spans) in counted.groups.drain(..) {
            groups.insert(key, (count, spans));
        }
        let spans = wanted.moments.len().saturating_sub(1);
        counted.spans.resize(spans, 0);
        let mut read = 0;
        loop {
            let found = self.library.search(search.clone(), &self.scope).await;
            let Found { records, next } = found.map_err(failed)?;
            // what is in memory is counted beside
            let written = records.into_iter().filter(|(_, is_live)| !is_live);
            for (record, _) in written {
                read += 1;
                if !self.fits(&record, &wanted.filter, &now).await? {
                    continue;
                }
                let start = record.start();
                let mut moments = wanted.moments.windows(2);
                let span = moments.position(|span| span[0] <= start && start < span[1]);
                let Some(message) = record.into_message() else {
                    continue;
                };
                let Some(story) = self.item_story(message, &now).await? else {
                    continue;
                };
                counted.total += 1;
                if let Some(count) = span.and_then(|place| counted.spans.get_mut(place)) {
                    *count += 1;
                }
                let keys = wanted.group.map(|(group, _)| self.keys(&story, group));
                for key in keys.into_iter().flatten() {
                    let (count, over_time) = groups.entry(key).or_default();
                    *count += 1;
                    over_time.resize(spans, 0);
                    if let Some(count) = span.and_then(|place| over_time.get_mut(place)) {
                        *count += 1;
                    }
                }
            }
            if read > MOST_SHARED {
                return Err(Missing::TooCostly);
            }
            match next {
                Some(next) => search.after = Some(next),
                None => break,
            }
        }
        let groups = groups.into_iter();
        counted.groups = groups
            .map(|(key, (count, spans))| (key, count, spans))
            .collect();
        Ok(())
    }

    /// The groups that a story belongs to.
    fn keys(&self, story: &Story, group: Group) -> Vec<String> {
        let facets = self.knowledge.facets(story);
        let Some(message) = story.asked() else {
            return Vec::new();
        };
        let domain = |address: &str| {
            let domain = address.rsplit_once('@').map(|(_, domain)| domain);
            domain.map(str::to_lowercase)
        };
        match group {
            Group::Diagnosis => vec![facets.diagnosis],
            Group::Outcome => vec![facets.outcome.word().to_owned()],
            Group::Party => facets
                .party
                .iter()
                .map(|one| one.word().to_owned())
                .collect(),
            Group::Appliance => vec![message.common.appliance.clone()],
            Group::Host => peer_of(story).host.into_iter().collect(),
            Group::SenderDomain => message
                .envelope_sender()
                .and_then(domain)
                .into_iter()
                .collect(),
            Group::RecipientDomain => {
                let addresses = message.recipients.iter();
                let addresses = addresses.filter_map(|one| one.address.as_deref());
                let mut domains: Vec<String> = addresses.filter_map(domain).collect();
                domains.sort_unstable();
                domains.dedup();
                domains
            }
        }
    }
}
