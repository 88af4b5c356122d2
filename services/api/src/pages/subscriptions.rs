//! `/subscriptions`: what opens tickets and how it fares, what was told, what was given up, and a form
//! for another one.

use std::collections::BTreeSet;

use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use jiff::Timestamp;
use whymid_schemas::{Lang, NotificationState, Subscription};
use whymid_ticketing::Listing;

use super::{
    Shell,
    ticketing::{BEGINNINGS, Draft, HIDDEN, Moment, Told, age, zone_name},
};
use crate::{
    desk::Style,
    error::{Code, Failure},
    house::Visit,
    labels, reply,
    routes::blocking,
};

/// Notifications of each table.
const LISTED: usize = 50;

#[derive(Template)]
#[template(path = "subscriptions.html")]
struct Page {
    shell: Shell,
    /// How the page is shown, as a query.
    query: String,
    zone: String,
    cards: Vec<Card>,
    dead: Vec<Told>,
    notifications: Vec<Told>,
    /// The way back from a form of a notification.
    back: &'static str,
    draft: Draft,
    beginnings: Vec<Beginning>,
}

/// A subscription and how it fares.
pub(crate) struct Card {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) target: String,
    pub(crate) enabled: bool,
    pub(crate) filter: String,
    pub(crate) open: u64,
    pub(crate) occurrences: u64,
    pub(crate) waiting: u64,
    pub(crate) dead: u64,
    pub(crate) held: u64,
    pub(crate) filter_errors: u64,
    /// Since when its target fails, how long that is, and what it said last.
    pub(crate) failing: Option<(Moment, String)>,
    pub(crate) failure: Option<String>,
}

impl Card {
    pub(crate) fn of(one: Subscription, style: &Style, now: Timestamp) -> Self {
        let state = one.state;
        let failing = state.failing_since.as_ref();
        Self {
            target: labels::system(one.terms.target.word(), style.lang).to_owned(),
            id: one.id,
            name: one.terms.name,
            enabled: one.terms.enabled,
            filter: one.terms.filter,
            open: state.open,
            occurrences: state.occurrences,
            waiting: state.waiting,
            dead: state.dead,
            held: state.held,
            filter_errors: state.filter_errors,
            failing: failing.map(|at| (Moment::of(at, &style.zone), age(at, now, style.lang))),
            failure: state.failure,
        }
    }
}

/// A kind of target that a subscription may be begun with.
struct Beginning {
    kind: &'static str,
    name: String,
    shown: bool,
}

/// The page; `target` is the kind whose beginning stands in the form.
pub(crate) async fn page(
    request: &HttpRequest,
    house: &Visit,
    style: &Style,
    draft: Draft,
    target: &str,
) -> Result<HttpResponse, Failure> {
    let shell = Shell::new(request, house);
    let now = house.now();
    let subscriptions = house.tickets.subscriptions(style.lang);
    let known: BTreeSet<String> = subscriptions.iter().map(|one| one.id.clone()).collect();
    let dead = Listing {
        state: Some(NotificationState::Dead),
        limit: LISTED,
        ..Listing::default()
    };
    let all = Listing {
        limit: LISTED,
        ..Listing::default()
    };
    let mut dead = told(house, dead, style).await?;
    // what a removed subscription had to tell can't be tried again
    dead.retain(|one| known.contains(&one.subscription));
    let beginning = |kind: &'static str| Beginning {
        kind,
        name: labels::system(kind, style.lang).to_owned(),
        shown: kind == target,
    };
    let page = Page {
        query: reply::shown(style)?,
        zone: zone_name(style),
        cards: subscriptions
            .into_iter()
            .map(|one| Card::of(one, style, now))
            .collect(),
        dead,
        notifications: told(house, all, style).await?,
        back: "list",
        draft,
        beginnings: BEGINNINGS.map(|(kind, _)| beginning(kind)).into(),
        shell,
    };
    reply::page(&page, style.lang)
}

/// Notifications as rows.
pub(crate) async fn told(
    house: &Visit,
    listing: Listing,
    style: &Style,
) -> Result<Vec<Told>, Failure> {
    let (inner, now, lang) = (house.clone(), house.now(), style.lang);
    let found = blocking(move || inner.tickets.notifications(&listing, lang)).await?;
    let (found, _) = found.map_err(|error| Failure::new(Code::Internal).log(error.to_string()))?;
    let rows = found.into_iter().map(|one| Told::of(one, style, now));
    Ok(rows.collect())
}

/// Words for the template.
impl Page {
    fn hidden(&self) -> &'static str {
        HIDDEN
    }

    fn ja(&self) -> bool {
        self.shell.lang == Lang::Ja
    }
}
