//! A subscription's dry run: what did not end well in the last days, asked of its filter.
//!
//! Bounded: so many records are looked at, the newest first; what is left out is said.

use actix_web::HttpRequest;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use whymid_schemas::{DryRun, Outcome, Terms};
use whymid_store::{Filter, Order, Pattern, Place, RecordKind, Search};
use whymid_ticketing::Dry;

use crate::{
    desk::Style,
    error::{Code, Failure},
    house::Visit,
    routes::invalid,
};

/// How far back it looks.
const BACK: SignedDuration = SignedDuration::from_hours(7 * 24);
/// The most messages and the most connections that are looked at.
const MOST: usize = 2_000;
/// So many are asked for at once.
const PAGE: usize = 200;

/// What a subscription would have done.
pub(crate) async fn rehearse(
    house: &Visit,
    terms: Terms,
    request: &HttpRequest,
) -> Result<DryRun, Failure> {
    let until = house.now();
    let since = until.checked_sub(BACK).unwrap_or(until);
    let style = Style {
        lang: terms.lang,
        zone: TimeZone::UTC,
        base_url: house.base_url(request),
    };
    let mut dry = Dry::of(terms).map_err(invalid)?;
    // those that look through records take turns
    let turn = house.explaining.clone().acquire_owned().await;
    let turn = turn.map_err(|error| Failure::new(Code::Internal).log(error.to_string()))?;
    let mut incomplete = false;
    for kind in [RecordKind::Message, RecordKind::Connection] {
        let mut filter = Filter::all(kind);
        filter.since = Some(since);
        filter.outcome.none = [Outcome::Processing, Outcome::Queued]
            .map(|outcome| Pattern::Is(outcome.word().to_owned()))
            .into();
        incomplete |= look(house, filter, &style, &mut dry).await?;
    }
    drop(turn);
    let lang = house.plain_style(request).lang;
    Ok(dry.report(since, until, incomplete, lang))
}

/// Looks at the newest that fit; says whether there are more.
async fn look(
    house: &Visit,
    filter: Filter,
    style: &Style,
    dry: &mut Dry,
) -> Result<bool, Failure> {
    let mut after: Option<Place> = None;
    let mut looked_at = 0;
    loop {
        let search = Search {
            filter: filter.clone(),
            order: Order::NewestFirst,
            after: after.take(),
            limit: PAGE,
        };
        let (ids, next) = page(house, &search, style).await?;
        looked_at += ids.len();
        for (id, is_message) in ids {
            let answer = if is_message {
                house.desk.answer(&id, style).await?
            } else {
                house.desk.connection_answer(&id, style).await?
            };
            if let Some(answer) = answer {
                let at = answer.message.as_ref().map(|one| &one.first_seen_at);
                let at = at.or(answer.connection.as_ref().map(|one| &one.first_seen_at));
                let at = at.and_then(|at| at.0.parse().ok());
                dry.look(&answer, at.unwrap_or_else(|| house.now()));
            }
        }
        match next {
            None => return Ok(false),
            Some(_) if looked_at >= MOST => return Ok(true),
            next @ Some(_) => after = next,
        }
    }
}

/// The ids of a page, of those whose answers can open a ticket.
async fn page(
    house: &Visit,
    search: &Search,
    style: &Style,
) -> Result<(Vec<(String, bool)>, Option<Place>), Failure> {
    if search.filter.kind == RecordKind::Message {
        let page = house.desk.messages(search, style).await?;
        let items = page.items.into_iter();
        let ids = items
            .filter(|one| whymid_ticketing::is_trouble_by(one.message.outcome, &one.diagnosis))
            .map(|one| (one.message.id, true));
        return Ok((ids.collect(), page.next));
    }
    let page = house.desk.connections(search, style).await?;
    let items = page.items.into_iter();
    // one that carried messages is answered for by them
    let ids = items
        .filter(|one| one.connection.messages.is_empty())
        .map(|one| (one.connection.id, false));
    Ok((ids.collect(), page.next))
}
