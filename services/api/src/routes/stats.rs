//! `GET /v1/stats`: how many, by group and over time.

use actix_web::{HttpRequest, HttpResponse, get};
use jiff::{RoundMode, Timestamp, ToSpan, Unit, ZonedDateTimeRound, tz::TimeZone};
use whymid_schemas::{Outcome, Party, Stats};
use whymid_store::{Filter, Group};

use crate::{
    desk::{Counting, Style},
    error::{Code, Failure},
    filters::{MessageFilters, OfMessages, span},
    house::Visit,
    labels,
    negotiate::Form,
    query::{Asked, Fields, Params, Shown, Tongue, ZoneAsked, names_of},
    refusals::OfStats,
    reply, sample,
};

/// The most spans of time of one answer.
const MOST_SPANS: usize = 1000;
/// The most groups that are listed.
const MOST_GROUPS: usize = 1000;
const GROUPS_DEFAULT: usize = 100;
/// The most units of a span.
const LONGEST: i64 = 100_000;

/// By what is counted.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct StatsAsked {
    /// By what the messages are grouped: `diagnosis`, `outcome`, `party`, `appliance`, `host`,
    /// `sender_domain`, `recipient_domain`. A message counts once for each party and each domain
    /// of its recipients.
    #[param(value_type = Option<String>, example = "diagnosis")]
    group_by: Option<Group>,
    /// Over time, in spans of so many minutes, hours, days or weeks: `15m`, `1h`, `1d`, `1w`. Days
    /// and weeks (from Monday) are those of `tz`. At most 1000 spans; without `since` the last day
    /// for minutes and hours, else the last 30 days.
    #[param(value_type = Option<String>, example = "1d")]
    interval: Option<Interval>,
    /// How many groups are listed; what the others have together is `other`.
    #[param(value_type = Option<usize>, default = 100, minimum = 1, maximum = 1000, example = 100)]
    limit: usize,
}

/// The length of a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Interval {
    count: i32,
    unit: Unit,
}

impl Asked for StatsAsked {
    fn names() -> Vec<String> {
        names_of::<Self>()
    }

    fn read(fields: &Fields) -> Result<Self, Failure> {
        let limit = fields.number("limit")?.unwrap_or(GROUPS_DEFAULT);
        if !(1..=MOST_GROUPS).contains(&limit) {
            return Err(Failure::new(Code::ParameterInvalid).detail(
                format!("`limit` is {limit}; it may be 1 to {MOST_GROUPS}"),
                format!("`limit` の値は {limit} です。1 から {MOST_GROUPS} まで指定できます"),
            ));
        }
        Ok(Self {
            group_by: fields.get("group_by").map(group).transpose()?,
            interval: fields.get("interval").map(interval).transpose()?,
            limit,
        })
    }
}

const GROUPS: [(&str, Group); 7] = [
    ("diagnosis", Group::Diagnosis),
    ("outcome", Group::Outcome),
    ("party", Group::Party),
    ("appliance", Group::Appliance),
    ("host", Group::Host),
    ("sender_domain", Group::SenderDomain),
    ("recipient_domain", Group::RecipientDomain),
];

fn group(word: &str) -> Result<Group, Failure> {
    let found = GROUPS.iter().find(|(name, _)| *name == word);
    found.map(|(_, group)| *group).ok_or_else(|| {
        let all = GROUPS.map(|(name, _)| name).join(", ");
        Failure::new(Code::ParameterInvalid).detail(
            format!("`group_by` is `{word}`, which is none of: {all}"),
            format!("`group_by` の値 `{word}` は次のいずれでもありません: {all}"),
        )
    })
}

fn interval(text: &str) -> Result<Interval, Failure> {
    let unit = match text.chars().next_back() {
        Some('m') => Unit::Minute,
        Some('h') => Unit::Hour,
        Some('d') => Unit::Day,
        Some('w') => Unit::Week,
        _ => return Err(not_an_interval(text)),
    };
    let count = span(text).and_then(|_| text[..text.len() - 1].parse().ok());
    let count = count.ok_or_else(|| not_an_interval(text))?;
    Ok(Interval { count, unit })
}

fn not_an_interval(text: &str) -> Failure {
    Failure::new(Code::ParameterInvalid).detail(
        format!("`interval` is `{text}`; write 15m, 1h, 1d or 1w"),
        format!("`interval` の値は `{text}` です。15m、1h、1d、1w のように指定してください"),
    )
}

fn too_many() -> Failure {
    Failure::new(Code::ParameterInvalid)
        .detail(
            format!("the interval cuts the time into more than {MOST_SPANS} spans"),
            format!("この間隔では期間が {MOST_SPANS} 個を超えます"),
        )
        .help(
            "Take a longer interval, or narrow `since` and `until`.",
            "間隔を長くするか、`since` と `until` で期間を絞ってください。",
        )
}

/// The edges of the spans from a moment to another: whole minutes, hours, days or weeks of a zone.
fn edges(
    interval: Interval,
    (since, until): (Timestamp, Timestamp),
    zone: &TimeZone,
) -> Result<Vec<Timestamp>, Failure> {
    let odd = |error: jiff::Error| Failure::new(Code::ParameterInvalid).log(error.to_string());
    let begins = since.to_zoned_datetime(zone.clone());
    // weeks begin on Monday; other spans where one of their unit does
    let unit = if interval.unit == Unit::Week {
        Unit::Day
    } else {
        interval.unit
    };
    let round = ZonedDateTimeRound::new()
        .smallest(unit)
        .mode(RoundMode::Trunc);
    let mut at = begins.round(round).map_err(odd)?;
    if interval.unit == Unit::Week {
        let days = at.weekday().to_monday_zero_offset();
        at = at.checked_sub(i64::from(days).days()).map_err(odd)?;
    }
    // longer ones make one span of all that there is
    let count = i64::from(interval.count).min(LONGEST);
    let step = if interval.unit == Unit::Minute {
        count.minutes()
    } else if interval.unit == Unit::Hour {
        count.hours()
    } else if interval.unit == Unit::Week {
        (count * 7).days()
    } else {
        count.days()
    };
    let mut edges = vec![at.timestamp()];
    let mut last = at.timestamp();
    while last < until {
        if edges.len() > MOST_SPANS {
            return Err(too_many());
        }
        // from the first edge: clocks that are put on at midnight move one edge and no other
        let spans = i64::try_from(edges.len()).unwrap_or(i64::MAX);
        let ahead = step.checked_mul(spans).map_err(odd)?;
        last = at.checked_add(ahead).map_err(odd)?.timestamp();
        edges.push(last);
    }
    Ok(edges)
}

impl StatsAsked {
    /// What is to be counted: without a beginning the last day, or the last thirty.
    fn counting(
        &self,
        mut filter: Filter,
        now: Timestamp,
        zone: &TimeZone,
    ) -> Result<Counting, Failure> {
        let moments = match self.interval {
            None => Vec::new(),
            Some(interval) => {
                let days = if matches!(interval.unit, Unit::Minute | Unit::Hour) {
                    1
                } else {
                    30
                };
                let until = filter.until.unwrap_or(now);
                let before = until.saturating_sub(jiff::SignedDuration::from_hours(24 * days));
                let since = filter.since.or(before.ok()).unwrap_or(until);
                (filter.since, filter.until) = (Some(since), Some(until));
                edges(interval, (since, until), zone)?
            }
        };
        Ok(Counting {
            filter,
            group: self.group_by.map(|group| (group, self.limit)),
            moments,
        })
    }
}

/// What people call a group.
fn title(house: &Visit, by: Option<Group>, key: &str, style: &Style) -> Option<String> {
    let lang = style.lang;
    match by? {
        Group::Diagnosis => house.desk.diagnosis(key, style).map(|one| one.title),
        Group::Outcome => Outcome::from_word(key).map(|one| labels::outcome(one, lang).to_owned()),
        Group::Party => Party::from_word(key).map(|one| labels::party(one, lang).to_owned()),
        Group::Appliance | Group::Host | Group::SenderDomain | Group::RecipientDomain => None,
    }
}

/// How many messages fit.
///
/// By group and over time, with the filters of `/v1/messages`. What is written is counted; a
/// message is written some seconds after its end, or after a minute of quiet: `in_memory` says how
/// many that fit are in memory. How a split or rewritten message fared stands in other messages:
/// `unsettled` says how many messages are still to be looked at for that; after a large import it
/// takes minutes to come down to zero.
#[utoipa::path(
    tag = "messages",
    params(StatsAsked, MessageFilters, Tongue, ZoneAsked),
    responses(
        (status = 200, description = "The counts", body = Stats, example = json!(sample::stats())),
        OfStats,
    ),
    security(("token" = ["read"])),
)]
#[get("/v1/stats")]
pub(crate) async fn stats(
    request: HttpRequest,
    house: Visit,
    asked: Params<(StatsAsked, (OfMessages, Shown))>,
) -> Result<HttpResponse, Failure> {
    let Params((asked, (OfMessages(wanted), (_, zone)))) = asked;
    let style = house.style(&request, zone.tz);
    super::search::check(&house, &wanted, Form::Json, &style)?;
    let now = house.desk.now();
    let counting = asked.counting(house.conditions(wanted.at(now))?, now, &style.zone)?;
    let mut stats = house.desk.stats(&counting, &style).await?;
    stats.not_understood = wanted.not_understood;
    for group in &mut stats.groups {
        group.title = title(&house, asked.group_by, &group.key, &style);
    }
    Ok(reply::json(&stats, style.lang))
}
