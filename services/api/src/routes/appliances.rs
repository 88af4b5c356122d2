//! `GET /v1/appliances`, and their events.

use actix_web::{HttpRequest, HttpResponse, get, web::Path};
use whymid_schemas::{ApplianceList, EventList};

use super::search::{ListAsked, cursor};
use crate::{
    error::Failure,
    filters::{EventFilters, OfEvents},
    house::Visit,
    query::{Params, Shown, Tongue, ZoneAsked},
    refusals::{OfAppliances, OfEventSearch},
    reply, sample,
};

/// Every appliance.
///
/// Each gateway that a line came from: names, version, serial number, zone, how far its clock is off,
/// how many lines came and how many were not understood, and where lines seem to be missing.
#[utoipa::path(
    tag = "appliances",
    params(Tongue, ZoneAsked),
    responses(
        (status = 200, description = "The appliances", body = ApplianceList, example = json!(sample::appliances())),
        OfAppliances,
    ),
    security(("token" = ["read"])),
    extensions(("x-holds-to-limits" = json!(["appliances"]))),
)]
#[get("/v1/appliances")]
pub(crate) async fn appliances(
    request: HttpRequest,
    house: Visit,
    asked: Params<Shown>,
) -> Result<HttpResponse, Failure> {
    let Params((_, zone)) = asked;
    let style = house.style(&request, zone.tz);
    let items = house.desk.appliances(&style).await?;
    Ok(reply::json(&ApplianceList { items }, style.lang))
}

/// Lines of an appliance that belong to no message.
///
/// Refused connections without a number, warnings, alerts, status, lines of other logs, and what was
/// not understood. A name that no line came under has none.
#[utoipa::path(
    tag = "appliances",
    operation_id = "appliance_events",
    params(("name" = String, Path, description = "The appliance, by any of its names", example = "esa1"), EventFilters, ListAsked, Tongue, ZoneAsked),
    responses(
        (status = 200, description = "A page of events", body = EventList, example = json!(sample::events())),
        OfEventSearch,
    ),
    security(("token" = ["read"])),
    extensions(("x-holds-to-limits" = json!(["appliances"]))),
)]
#[get("/v1/appliances/{name}/events")]
pub(crate) async fn events(
    request: HttpRequest,
    house: Visit,
    name: Path<String>,
    asked: Params<(OfEvents, (ListAsked, Shown))>,
) -> Result<HttpResponse, Failure> {
    let Params((OfEvents(wanted), (list, (_, zone)))) = asked;
    let style = house.style(&request, zone.tz);
    let wanted = wanted.of(&name);
    let search = list.search(&house, &wanted)?;
    let page = house.desk.events(&search, &style).await?;
    let found = EventList {
        items: page.items,
        next_cursor: page.next.as_ref().map(cursor),
        not_understood: wanted.not_understood,
    };
    Ok(reply::json(&found, style.lang))
}
