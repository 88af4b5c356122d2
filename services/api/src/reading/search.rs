//! Searches over memory and index, diagnosed: what derives from a record's surroundings (outcome,
//! diagnosis, party, sending host) is asked of the index where it is written, and worked out here
//! for what is in memory.
//!
//! Invariant: a search ends after [`PATIENCE`], with an error that says so.

use std::time::Duration;

use jiff::Timestamp;
use whymid_diagnosis::Story;
use whymid_mailflow::Gap;
use whymid_schemas::{ApplianceInfo, ConnectionItem, EventItem, MessageItem, SuspectedGap, Time};
use whymid_store::{Choice, Filter, Found, Known, Peer, Place, Record, Search, View};

use super::{MAX_CANDIDATES, Newest, Reading, failed};
use crate::desk::{Missing, Page, Style};

/// How long a search may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Records that are asked for at a time, at least: some in memory may not fit.
const AT_ONCE: usize = 50;

/// And at most, once many did not fit.
const MOST_AT_ONCE: usize = 1600;

/// The records of a page, and behind which place the next one begins.
type Records = (Vec<Record>, Option<Place>);

impl Reading {
    /// Ends what takes too long.
    pub(super) async fn patiently<T>(
        &self,
        asked: impl Future<Output = Result<T, Missing>>,
    ) -> Result<T, Missing> {
        if !self.pulse.is_ready() {
            return Err(Missing::Replaying);
        }
        let done = tokio::time::timeout(PATIENCE, asked).await;
        done.unwrap_or(Err(Missing::TooCostly))
    }

    pub(super) async fn message_page(
        &self,
        search: &Search,
        style: &Style,
    ) -> Result<Page<MessageItem>, Missing> {
        self.patiently(async {
            let now = self.newest().await?;
            let (records, next) = self.page(search, &now).await?;
            let mut items = Vec::with_capacity(records.len());
            for message in records.into_iter().filter_map(Record::into_message) {
                if let Some(story) = self.item_story(message, &now).await? {
                    items.extend(self.knowledge.message_item(&story, style));
                }
            }
            Ok(Page { items, next })
        })
        .await
    }

    pub(super) async fn connection_page(
        &self,
        search: &Search,
        style: &Style,
    ) -> Result<Page<ConnectionItem>, Missing> {
        self.patiently(async {
            let now = self.newest().await?;
            let (records, next) = self.page(search, &now).await?;
            let mut items = Vec::with_capacity(records.len());
            for connection in records.into_iter().filter_map(Record::into_connection) {
                let appliance = connection.common.appliance.clone();
                let known = self.connections(connection.icid, Some(&appliance)).await?;
                let told = self.with_messages(connection, &known, &now).await?;
                items.extend(told.and_then(|(story, messages)| {
                    self.knowledge.connection_item(&story, &messages, style)
                }));
            }
            Ok(Page { items, next })
        })
        .await
    }

    pub(super) async fn event_page(
        &self,
        search: &Search,
        style: &Style,
    ) -> Result<Page<EventItem>, Missing> {
        self.patiently(async {
            let found = self
                .library
                .search(search.clone(), &self.scope)
                .await
                .map_err(failed)?;
            let records = found.records.into_iter().map(|(record, _)| record);
            let items = records.filter_map(Record::into_event).filter_map(|event| {
                let entry = event.entry()?;
                Some(EventItem {
                    id: event.common.id.clone(),
                    appliance: event.common.appliance.clone(),
                    at: Time::of(entry.at, &style.zone),
                    kind: entry.kind.0.map(|kind| kind.name.to_owned()),
                    mid: event.about,
                    line: entry.line.clone(),
                })
            });
            Ok(Page {
                items: items.collect(),
                next: found.next,
            })
        })
        .await
    }

    pub(super) async fn appliance_list(
        &self,
        style: &Style,
    ) -> Result<Vec<ApplianceInfo>, Missing> {
        if !self.pulse.is_ready() {
            return Err(Missing::Replaying);
        }
        // the lines of a gateway are everybody's
        if self.scope.sight.is_some() {
            return Ok(Vec::new());
        }
        let all = self.library.appliances(&self.scope).await;
        let all = all.map_err(failed)?;
        let mut all: Vec<ApplianceInfo> = all.into_iter().map(|one| info(one, style)).collect();
        all.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(all)
    }

    /// The messages that fit, newest first, one more than an answer lists beside itself.
    pub(super) async fn newest_of(&self, filter: Filter) -> Result<Vec<Record>, Missing> {
        let search = Search {
            filter,
            order: whymid_store::Order::NewestFirst,
            after: None,
            limit: MAX_CANDIDATES + 1,
        };
        let found = self
            .library
            .search(search, &self.scope)
            .await
            .map_err(failed)?;
        Ok(found
            .records
            .into_iter()
            .map(|(record, _)| record)
            .collect())
    }

    async fn page(&self, search: &Search, now: &Newest) -> Result<Records, Missing> {
        let mut page: Vec<Record> = Vec::new();
        let mut asked = Search {
            limit: search.limit.max(AT_ONCE),
            ..search.clone()
        };
        loop {
            let found = self
                .library
                .search(asked.clone(), &self.scope)
                .await
                .map_err(failed)?;
            let Found { records, next } = found;
            let mut records = records.into_iter();
            for (record, is_live) in records.by_ref() {
                let is_asked = is_live || self.scope.sight.is_some();
                if is_asked && !self.fits(&record, &search.filter, now).await? {
                    continue;
                }
                page.push(record);
                if page.len() == search.limit {
                    break;
                }
            }
            let last = page.last().map(Place::of);
            let is_full = page.len() == search.limit;
            match next {
                // some that were found are left
                _ if is_full && records.len() > 0 => return Ok((page, last)),
                Some(next) if !is_full => {
                    asked.after = Some(next);
                    asked.limit = (asked.limit * 2).min(MOST_AT_ONCE);
                }
                next => return Ok((page, next)),
            }
        }
    }

    /// Whether a record in memory fits by what derives from its surroundings; where only some
    /// domains' mail is seen, whether any record fits, as it is seen.
    pub(super) async fn fits(
        &self,
        record: &Record,
        filter: &Filter,
        now: &Newest,
    ) -> Result<bool, Missing> {
        let is_sighted = self.scope.sight.is_some();
        if !filter.is_derived() && !is_sighted {
            return Ok(true);
        }
        let story = match record {
            Record::Message(message) => self.story((**message).clone(), now).await?,
            Record::Connection(connection) => {
                let appliance = connection.common.appliance.clone();
                let known = self.connections(connection.icid, Some(&appliance)).await?;
                let told = self
                    .with_messages((**connection).clone(), &known, now)
                    .await?;
                told.map(|(story, _)| story)
            }
            Record::Delivery(_) | Record::Event(_) => {
                return Ok(filter.fits_derived(None, &Peer::default()));
            }
        };
        let Some(story) = story else {
            return Ok(false);
        };
        if let (true, Some(seen)) = (is_sighted, story.asked()) {
            // the appliance, the time: the library knows better
            let own = Filter {
                appliance: Choice::default(),
                since: None,
                until: None,
                ..filter.clone()
            };
            if !own.fits(View::Message(seen)) {
                return Ok(false);
            }
        }
        Ok(self.fits_as_told(&story, filter))
    }

    fn fits_as_told(&self, story: &Story, filter: &Filter) -> bool {
        let facets = tells_itself(story).then(|| self.knowledge.facets(story));
        filter.fits_derived(facets.as_ref(), &peer_of(story))
    }
}

/// Who sent the mail of a story.
pub(super) fn peer_of(story: &Story) -> Peer {
    let connection = story.connection.as_ref();
    Peer::of(connection.and_then(|one| one.opened.as_ref()))
}

/// The most gaps of one appliance that are told.
const GAPS_TOLD: usize = 50;

fn info(one: Known, style: &Style) -> ApplianceInfo {
    let time = |at| Time::of(at, &style.zone);
    let name = one.name;
    let mut gaps = one.gaps;
    gaps.sort_by_key(|gap| std::cmp::Reverse(gap.to));
    gaps.truncate(GAPS_TOLD);
    let gap = |gap: Gap| SuspectedGap {
        appliance: name.clone(),
        from: time(gap.from),
        to: time(gap.to),
        sign: gap.sign.word().to_owned(),
        count: gap.count,
    };
    ApplianceInfo {
        suspected_gaps: gaps.into_iter().map(gap).collect(),
        name,
        aliases: one.aliases,
        addresses: one.addresses,
        serial: one.serial,
        version: one.version,
        zone: one.zone,
        first_line_at: one.first.map(time),
        last_line_at: one.newest.map(time),
        lines: one.lines,
        not_understood: one.not_understood,
        behind_seconds: one.behind,
    }
}

/// A moment to the second.
pub(super) fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

/// Whether a diagnosis is of the record itself: a connection that carried messages has theirs.
fn tells_itself(story: &Story) -> bool {
    let mut connection = story.connection.iter();
    story.message().is_some() || connection.all(|one| one.mids.is_empty())
}
