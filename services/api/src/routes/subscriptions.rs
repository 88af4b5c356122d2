//! `/v1/subscriptions`: which answers open tickets, and where. Made, looked at, changed, tried,
//! removed.
//!
//! Not here: what comes of them (`services/ticketing`).

use actix_web::{
    HttpRequest, HttpResponse, delete, get, patch, post,
    web::{self, Path, Payload},
};
use serde_json::Value;
use whymid_schemas::{Notification, Subscribed, Subscription, SubscriptionList, Terms, Text};
use whymid_ticketing::{NotSubscribed, NotTaken};

use super::tickets::lang_of;
use crate::{
    body,
    error::{Code, Failure},
    house::Visit,
    negotiate,
    query::{Params, Tongue},
    refusals::{OfSubscribing, OfSubscription, OfSubscriptions},
    rehearsal, sample,
};

/// The most bytes of a body.
const BODY_MOST: usize = 256 * 1024;

/// What opens tickets?
///
/// The subscriptions, by name, and how each fares. Secrets are shown as `********`.
#[utoipa::path(
    tag = "tickets",
    params(Tongue),
    responses(
        (status = 200, description = "The subscriptions", body = SubscriptionList, example = json!({"items": [sample::subscription()]})),
        OfSubscriptions,
    ),
    security(("token" = ["ticket"])),
    extensions(("x-holds-to-limits" = json!([]))),
)]
#[get("/v1/subscriptions")]
pub(crate) async fn subscriptions(
    request: HttpRequest,
    house: Visit,
    _asked: Params<Tongue>,
) -> HttpResponse {
    let items = house.tickets.subscriptions(negotiate::lang(&request));
    HttpResponse::Ok().json(SubscriptionList { items })
}

/// Open tickets from now on.
///
/// Everything that is wrong with it is told at once. `dry_run` in the response says which tickets it would have
/// opened in the last 7 days; nothing is opened for what has been. Open a test ticket with
/// `POST /v1/subscriptions/{id}/test`. The targets' settings are shown with examples at /docs/integrations.
#[utoipa::path(
    tag = "tickets",
    params(Tongue),
    request_body(content = Terms, content_type = "application/json", example = json!(sample::terms())),
    responses(
        (status = 201, description = "It is there", body = Subscribed, example = json!(sample::subscribed())),
        OfSubscribing,
    ),
    security(("token" = ["ticket"])),
    extensions(("x-holds-to-limits" = json!([]))),
)]
#[post("/v1/subscriptions")]
pub(crate) async fn subscribe(
    request: HttpRequest,
    house: Visit,
    _asked: Params<Tongue>,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    let terms: Terms = body::json(&request, payload, BODY_MOST).await?;
    let would = rehearsal::rehearse(&house, terms.clone(), &request).await?;
    let inner = house.clone();
    let now = house.now();
    let made = blocking(move || inner.tickets.subscribe(terms, now)).await?;
    let subscribed = Subscribed {
        subscription: made.map_err(not_subscribed)?,
        dry_run: would,
    };
    Ok(HttpResponse::Created().json(subscribed))
}

/// What would it do?
///
/// Which tickets a subscription would have opened in the last 7 days. Nothing is kept, nobody is told; the target's
/// secrets have to be there, and are not used.
#[utoipa::path(
    tag = "tickets",
    params(Tongue),
    request_body(content = Terms, content_type = "application/json", example = json!(sample::terms())),
    responses(
        (status = 200, description = "What it would have done", body = whymid_schemas::DryRun, example = json!(sample::dry_run())),
        OfSubscribing,
    ),
    security(("token" = ["ticket"])),
    extensions(("x-holds-to-limits" = json!([]))),
)]
#[post("/v1/subscriptions/dry-run")]
pub(crate) async fn dry_run(
    request: HttpRequest,
    house: Visit,
    _asked: Params<Tongue>,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    let terms: Terms = body::json(&request, payload, BODY_MOST).await?;
    let report = rehearsal::rehearse(&house, terms, &request).await?;
    Ok(HttpResponse::Ok().json(report))
}

/// One subscription.
///
/// What was asked of it, and how it fares: open causes, what waits and why.
#[utoipa::path(
    tag = "tickets",
    params(("id" = String, Path, description = "The subscription's id", example = "s0f3c"), Tongue),
    responses(
        (status = 200, description = "The subscription", body = Subscription, example = json!(sample::subscription())),
        OfSubscription,
    ),
    security(("token" = ["ticket"])),
    extensions(("x-holds-to-limits" = json!([]))),
)]
#[get("/v1/subscriptions/{id}")]
pub(crate) async fn subscription(
    request: HttpRequest,
    house: Visit,
    id: Path<String>,
    _asked: Params<Tongue>,
) -> Result<HttpResponse, Failure> {
    let found = house.tickets.subscription(&id, negotiate::lang(&request));
    let found = found.ok_or_else(|| Failure::new(Code::SubscriptionUnknown))?;
    Ok(HttpResponse::Ok().json(found))
}

/// Change a subscription.
///
/// Members that are there take the place of what was (a merge patch, RFC 7396); `null` brings the default back. A
/// secret that is sent back as `********` stays what it was, unless the target's address changes, or a mail server
/// is to be reached without TLS. What the target had refused is tried again.
#[utoipa::path(
    tag = "tickets",
    params(("id" = String, Path, description = "The subscription's id", example = "s0f3c"), Tongue),
    request_body(content = Object, content_type = "application/json", example = json!({"enabled": false})),
    responses(
        (status = 200, description = "As it is now", body = Subscription, example = json!(sample::subscription())),
        OfSubscribing,
    ),
    security(("token" = ["ticket"])),
    extensions(("x-holds-to-limits" = json!([]))),
)]
#[patch("/v1/subscriptions/{id}")]
pub(crate) async fn change(
    request: HttpRequest,
    house: Visit,
    id: Path<String>,
    _asked: Params<Tongue>,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    let changes: Value = body::json(&request, payload, BODY_MOST).await?;
    if !changes.is_object() {
        return Err(Failure::new(Code::BodyInvalid).help(
            "Send an object with what is to change, as in {\"enabled\": false}.",
            "変更する項目だけのオブジェクトを送ってください。例: {\"enabled\": false}",
        ));
    }
    let inner = house.clone();
    let now = house.now();
    let changed = blocking(move || inner.tickets.change(&id, &changes, now)).await?;
    Ok(HttpResponse::Ok().json(changed.map_err(not_subscribed)?))
}

/// Open no more tickets.
///
/// The subscription is removed, and what is remembered of its causes. Its tickets stay as they are.
#[utoipa::path(
    tag = "tickets",
    params(("id" = String, Path, description = "The subscription's id", example = "s0f3c"), Tongue),
    responses((status = 204, description = "It is gone"), OfSubscription),
    security(("token" = ["ticket"])),
    extensions(("x-holds-to-limits" = json!([]))),
)]
#[delete("/v1/subscriptions/{id}")]
pub(crate) async fn unsubscribe(
    house: Visit,
    id: Path<String>,
    _asked: Params<Tongue>,
) -> Result<HttpResponse, Failure> {
    let inner = house.clone();
    let removed = blocking(move || inner.tickets.unsubscribe(&id)).await?;
    removed.map_err(not_subscribed)?;
    Ok(HttpResponse::NoContent().finish())
}

/// Does its target take tickets?
///
/// A ticket about an invented message is opened, which says that it is a test, and closed at once; a webhook gets
/// `whymid.test`. What came of it is told by `GET /v1/notifications?subscription=…`.
#[utoipa::path(
    tag = "tickets",
    params(("id" = String, Path, description = "The subscription's id", example = "s0f3c"), Tongue),
    responses(
        (status = 202, description = "It is on its way", body = Notification, example = json!(sample::notification())),
        OfSubscription,
    ),
    security(("token" = ["ticket"])),
    extensions(("x-holds-to-limits" = json!([]))),
)]
#[post("/v1/subscriptions/{id}/test")]
pub(crate) async fn test(
    house: Visit,
    id: Path<String>,
    _asked: Params<Tongue>,
) -> Result<HttpResponse, Failure> {
    let inner = house.clone();
    let now = house.now();
    let answer = sample::answer_in(lang_of(&house, &id)?);
    let sent = blocking(move || inner.tickets.test(&id, &answer, now)).await?;
    Ok(HttpResponse::Accepted().json(sent.map_err(not_taken)?))
}

/// Does what takes a disk where blocking is allowed.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    let done = web::block(work).await;
    done.map_err(|error| Failure::new(Code::Internal).log(error.to_string()))
}

/// Why a subscription was not made or changed.
pub(super) fn not_subscribed(not: NotSubscribed) -> Failure {
    match not {
        NotSubscribed::Unknown => Failure::new(Code::SubscriptionUnknown),
        NotSubscribed::Faults(faults) => invalid(faults),
        NotSubscribed::NameTaken => Failure::new(Code::SubscriptionNameTaken),
        NotSubscribed::TooMany => Failure::new(Code::SubscriptionsTooMany),
        NotSubscribed::Failed(error) => Failure::new(Code::Internal).log(error.to_string()),
    }
}

/// Everything that is wrong with a subscription.
pub(crate) fn invalid(faults: Vec<Text>) -> Failure {
    let count = faults.len();
    // they may quote what was sent, a secret in the wrong place included
    Failure::new(Code::SubscriptionInvalid)
        .details(faults)
        .log(format!("{count} faults"))
}

/// Why a wish was not taken.
pub(super) fn not_taken(not: NotTaken) -> Failure {
    match not {
        NotTaken::Unknown => Failure::new(Code::SubscriptionUnknown),
        NotTaken::UnknownNotification => Failure::new(Code::NotificationUnknown),
        NotTaken::NotDead => Failure::new(Code::NotificationNotDead),
        NotTaken::NoTickets => Failure::new(Code::TargetWithoutTickets),
        NotTaken::Before(_) => Failure::new(Code::Internal),
        NotTaken::Failed(error) => Failure::new(Code::Internal).log(error.to_string()),
    }
}
