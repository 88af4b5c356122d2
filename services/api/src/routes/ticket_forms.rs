//! Forms about tickets on other pages: a notification that was given up is tried again, a message gets
//! a ticket. Guarded as every call is (`access.rs`).

use actix_web::{HttpRequest, HttpResponse, post, web::Path};

use super::{
    messages,
    subscriptions::{blocking, not_taken},
    ticket_pages::lead_to,
    tickets::lang_of,
};
use crate::{
    body::Form,
    error::Failure,
    house::Visit,
    query::{Params, Shown, Tongue, ZoneAsked},
    refusals::{OfNotificationForm, OfTicketForm},
};

/// Where a form was.
#[derive(Clone, Copy, Debug, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Back {
    /// On the page of all.
    #[default]
    List,
    /// On the page of one subscription.
    Subscription,
}

/// What is tried again.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
pub(crate) struct RetryForm {
    /// The page that is shown afterwards.
    #[serde(default)]
    #[schema(inline, example = "list")]
    back: Back,
}

/// Try a notification again, with the form.
///
/// As `POST /v1/notifications/{id}/retry`.
#[utoipa::path(
    tag = "pages",
    operation_id = "retry_form",
    params(("id" = String, Path, description = "The notification's id", example = "wm-0123456789abcdef-1"), Tongue, ZoneAsked),
    request_body(content = RetryForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 303, description = "The page that it was on"), OfNotificationForm),
    security(("token" = ["ticket"])),
    extensions(("x-holds-to-limits" = json!([]))),
)]
#[post("/notifications/{id}/retry")]
pub(crate) async fn retry_form(
    request: HttpRequest,
    house: Visit,
    id: Path<String>,
    asked: Params<Shown>,
    form: Form<RetryForm>,
) -> Result<HttpResponse, Failure> {
    let Params((_, zone)) = asked;
    let style = house.style(&request, zone.tz);
    let Form(RetryForm { back }) = form;
    let (inner, now, lang) = (house.clone(), house.now(), style.lang);
    let tried = blocking(move || inner.tickets.retry(&id, now, lang)).await?;
    let told = tried.map_err(not_taken)?;
    let page = match back {
        Back::List => "/subscriptions".to_owned(),
        Back::Subscription => format!("/subscriptions/{}", told.subscription),
    };
    lead_to(&house, &style, &page, "#notifications")
}

/// Where a ticket is wanted.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
pub(crate) struct TicketForm {
    /// The subscription's id.
    #[schema(example = "s0f3c")]
    subscription: String,
}

/// Open a ticket about this message, with the form.
///
/// As `POST /v1/messages/{id}/tickets`; leads back to the message's page.
#[utoipa::path(
    tag = "pages",
    operation_id = "ticket_form",
    params(("id" = String, Path, description = "The message's id, from an answer", example = "m7f3c9"), Tongue, ZoneAsked),
    request_body(content = TicketForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 303, description = "The message's page"), OfTicketForm),
    security(("token" = ["ticket"])),
    extensions(("x-holds-to-limits" = json!([]))),
)]
#[post("/messages/{id}/tickets")]
pub(crate) async fn ticket_form(
    request: HttpRequest,
    house: Visit,
    id: Path<String>,
    asked: Params<Shown>,
    form: Form<TicketForm>,
) -> Result<HttpResponse, Failure> {
    let Params((_, zone)) = asked;
    let style = house.style(&request, zone.tz);
    let Form(TicketForm { subscription }) = form;
    let mut theirs = house.plain_style(&request);
    theirs.lang = lang_of(&house, &subscription)?;
    let answer = messages::answer_of(&house, &id, &theirs).await?;
    let page = answer.message.as_ref().map(|one| one.id.clone());
    let page = format!("/messages/{}", page.unwrap_or_default());
    let (inner, now) = (house.clone(), house.now());
    let wanted = blocking(move || inner.tickets.want(&subscription, &answer, now)).await?;
    wanted.map_err(not_taken)?;
    lead_to(&house, &style, &page, "#tickets")
}
