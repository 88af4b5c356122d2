//! `/subscriptions/{id}`: one subscription, to be changed; its tickets, and what was told.

use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use whymid_schemas::Subscription;
use whymid_ticketing::Listing;

use super::{
    Shell,
    subscriptions::{Card, told},
    ticketing::{Draft, HIDDEN, Moment, Ticket, Told, zone_name},
};
use crate::{
    desk::Style,
    error::{Code, Failure},
    house::Visit,
    reply,
};

/// Notifications and tickets that are shown.
const LISTED: usize = 100;

#[derive(Template)]
#[template(path = "subscription.html")]
struct Page {
    shell: Shell,
    /// How the page is shown, as a query.
    query: String,
    zone: String,
    card: Card,
    created: Moment,
    changed: Moment,
    tickets: Vec<Ticket>,
    notifications: Vec<Told>,
    /// The way back from a form of a notification.
    back: &'static str,
    draft: Draft,
}

/// The page.
pub(crate) async fn page(
    request: &HttpRequest,
    house: &Visit,
    style: &Style,
    one: Subscription,
    draft: Option<Draft>,
) -> Result<HttpResponse, Failure> {
    let draft = match draft {
        Some(draft) => draft,
        None => Draft::new(text_of(&one)?),
    };
    let listing = Listing {
        subscription: Some(one.id.clone()),
        limit: LISTED,
        ..Listing::default()
    };
    let tickets = house.tickets.tickets_by(&one.id, LISTED).into_iter();
    let page = Page {
        query: reply::shown(style)?,
        zone: zone_name(style),
        created: Moment::of(&one.created_at, &style.zone),
        changed: Moment::of(&one.changed_at, &style.zone),
        tickets: tickets
            .map(|(title, link)| Ticket::of(&link, title, style.lang))
            .collect(),
        notifications: told(house, listing, style).await?,
        back: "subscription",
        draft,
        card: Card::of(one, style, house.now()),
        shell: Shell::new(request, house),
    };
    reply::page(&page, style.lang)
}

/// What is asked of a subscription; secrets are hidden in it.
fn text_of(one: &Subscription) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(&one.terms);
    text.map_err(|error| Failure::new(Code::Internal).log(error.to_string()))
}

/// Words for the template.
impl Page {
    fn hidden(&self) -> &'static str {
        HIDDEN
    }
}
