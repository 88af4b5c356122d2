//! The pages about subscriptions, and their forms: seen, tried, made, changed and removed.
//!
//! Each form is guarded as every call is (`access.rs`): a page of ours must have sent it. What is typed
//! into one may hold secrets: it is never logged, and shown only in the response to that very form.
//!
//! Not here: the forms of notifications and messages (`ticket_forms.rs`).

use actix_web::{HttpRequest, HttpResponse, get, http::header::LOCATION, post, web::Path};
use serde_json::{Value, json};
use whymid_schemas::Terms;

use super::subscriptions::{blocking, not_subscribed, not_taken};
use super::tickets::lang_of;
use crate::{
    body::Form,
    desk::Style,
    error::{Code, Failure},
    house::Visit,
    pages::{
        self,
        ticketing::{BEGINNINGS, Draft, beginning},
    },
    query::{Asked, Fields, Params, Shown, Tongue, ZoneAsked, names_of},
    refusals::{OfSubscriptionForm, OfSubscriptionPage, OfSubscriptionsPage},
    rehearsal, reply, sample,
};

/// The longest subscription, bytes.
const LONGEST: usize = 256 * 1024;

/// What the form begins with.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct BeginningAsked {
    /// The kind of target whose example stands in the form.
    #[param(value_type = Option<String>, default = "request_tracker", example = "webhook")]
    target: &'static str,
}

impl Asked for BeginningAsked {
    fn names() -> Vec<String> {
        names_of::<Self>()
    }

    fn read(fields: &Fields) -> Result<Self, Failure> {
        let word = fields.get("target").unwrap_or(BEGINNINGS[0].0);
        let known = BEGINNINGS.iter().find(|(kind, _)| *kind == word);
        let kinds = BEGINNINGS.map(|(kind, _)| kind).join(", ");
        let target = known.map(|(kind, _)| *kind).ok_or_else(|| {
            Failure::new(Code::ParameterInvalid).detail(
                format!("`target` may be {kinds}"),
                format!("`target` に指定できるのは {kinds} です"),
            )
        })?;
        Ok(Self { target })
    }
}

/// What opens tickets.
///
/// The subscriptions and how each fares, what was told and what was given up, and a form to make one.
#[utoipa::path(
    tag = "pages",
    operation_id = "subscriptions_page",
    params(BeginningAsked, Tongue, ZoneAsked),
    responses((status = 200, description = "The page", body = String, content_type = "text/html", example = "<!doctype html>…"), OfSubscriptionsPage),
    security(("token" = ["ticket"])),
    extensions(("x-holds-to-limits" = json!([]))),
)]
#[get("/subscriptions")]
pub(crate) async fn list_page(
    request: HttpRequest,
    house: Visit,
    asked: Params<(BeginningAsked, Shown)>,
) -> Result<HttpResponse, Failure> {
    let Params((BeginningAsked { target }, (_, zone))) = asked;
    let style = house.style(&request, zone.tz);
    let draft = Draft::new(beginning(target, style.lang)?);
    pages::subscriptions::page(&request, &house, &style, draft, target).await
}

/// What is to be done with what was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TermsAction {
    /// Say what it would have done.
    DryRun,
    /// Subscribe, or save.
    Keep,
}

/// A subscription as it is typed.
#[derive(serde::Deserialize, utoipa::ToSchema)]
pub(crate) struct TermsForm {
    /// The subscription as JSON, as `POST /v1/subscriptions` takes it; up to 256 KiB.
    #[schema(example = "{\"name\": \"Mail in trouble\", …}")]
    terms: String,
    /// What is to be done.
    action: TermsAction,
}

/// Subscribe, with the form.
///
/// `dry_run` shows what it would have done in the last 7 days, `keep` makes it and leads to its page. Where
/// something is wrong with it, the page says what, with what was typed.
#[utoipa::path(
    tag = "pages",
    operation_id = "subscribe_form",
    params(Tongue, ZoneAsked),
    request_body(content = TermsForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "What it would have done, or what is wrong with it", body = String, content_type = "text/html", example = "<!doctype html>…"),
        (status = 303, description = "It was made: its page"),
        OfSubscriptionForm,
    ),
    security(("token" = ["ticket"])),
    extensions(("x-holds-to-limits" = json!([]))),
)]
#[post("/subscriptions")]
pub(crate) async fn subscribe_form(
    request: HttpRequest,
    house: Visit,
    asked: Params<Shown>,
    form: Form<TermsForm>,
) -> Result<HttpResponse, Failure> {
    let Params((_, zone)) = asked;
    let style = house.style(&request, zone.tz);
    let Form(TermsForm {
        terms: text,
        action,
    }) = form;
    let done = made(&request, &house, &text, action, &style).await;
    let draft = match done {
        Ok(Done::Kept(id)) => return lead_to(&house, &style, &format!("/subscriptions/{id}"), ""),
        Ok(Done::Rehearsed(draft)) => *draft,
        Err(failure) => Draft::refused(text, failure, style.lang)?,
    };
    pages::subscriptions::page(&request, &house, &style, draft, "").await
}

/// What came of a form.
enum Done {
    Rehearsed(Box<Draft>),
    /// The subscription of this id.
    Kept(String),
}

async fn made(
    request: &HttpRequest,
    house: &Visit,
    text: &str,
    action: TermsAction,
    style: &Style,
) -> Result<Done, Failure> {
    let terms: Terms = read(text)?;
    if action == TermsAction::DryRun {
        return rehearsed(request, house, text, terms, style).await;
    }
    let (inner, now) = (house.clone(), house.now());
    let made = blocking(move || inner.tickets.subscribe(terms, now)).await?;
    Ok(Done::Kept(made.map_err(not_subscribed)?.id))
}

async fn rehearsed(
    request: &HttpRequest,
    house: &Visit,
    text: &str,
    terms: Terms,
    style: &Style,
) -> Result<Done, Failure> {
    let report = rehearsal::rehearse(house, terms, request).await?;
    let draft = Draft::rehearsed(text.to_owned(), report, style, &house.root());
    Ok(Done::Rehearsed(Box::new(draft)))
}

/// What was typed, or what is wrong with it.
fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Failure> {
    if text.len() > LONGEST {
        return Err(Failure::new(Code::BodyTooLarge).help(
            "A subscription may have 256 KiB.",
            "購読の内容は 256 KiB までです。",
        ));
    }
    serde_json::from_str(text).map_err(|error| {
        let code = if error.is_data() {
            Code::SubscriptionInvalid
        } else {
            Code::BodyMalformed
        };
        Failure::new(code).misfit(&error).help(
            "Write it as JSON; the examples of each target show how.",
            "JSON で記述してください。書き方は連携先ごとの例を参照してください。",
        )
    })
}

/// One subscription.
///
/// What is asked of it, to be changed, with secrets as `********`; how it fares, its tickets and what was told.
#[utoipa::path(
    tag = "pages",
    operation_id = "subscription_page",
    params(("id" = String, Path, description = "The subscription's id", example = "s0f3c"), Tongue, ZoneAsked),
    responses((status = 200, description = "The page", body = String, content_type = "text/html", example = "<!doctype html>…"), OfSubscriptionPage),
    security(("token" = ["ticket"])),
    extensions(("x-holds-to-limits" = json!([]))),
)]
#[get("/subscriptions/{id}")]
pub(crate) async fn one_page(
    request: HttpRequest,
    house: Visit,
    id: Path<String>,
    asked: Params<Shown>,
) -> Result<HttpResponse, Failure> {
    let Params((_, zone)) = asked;
    let style = house.style(&request, zone.tz);
    show_one(&request, &house, &id, &style, None).await
}

async fn show_one(
    request: &HttpRequest,
    house: &Visit,
    id: &str,
    style: &Style,
    draft: Option<Draft>,
) -> Result<HttpResponse, Failure> {
    let found = house.tickets.subscription(id, style.lang);
    let found = found.ok_or_else(|| Failure::new(Code::SubscriptionUnknown))?;
    pages::subscription::page(request, house, style, found, draft).await
}

/// Change a subscription, with the form.
///
/// The whole of it: members that are not there get their defaults. A secret that is sent back as `********` stays
/// what it was, unless the target's address changes. `dry_run` shows what it would have done so.
#[utoipa::path(
    tag = "pages",
    operation_id = "change_form",
    params(("id" = String, Path, description = "The subscription's id", example = "s0f3c"), Tongue, ZoneAsked),
    request_body(content = TermsForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "What it would have done, or what is wrong with it", body = String, content_type = "text/html", example = "<!doctype html>…"),
        (status = 303, description = "It was changed: its page"),
        OfSubscriptionForm,
    ),
    security(("token" = ["ticket"])),
    extensions(("x-holds-to-limits" = json!([]))),
)]
#[post("/subscriptions/{id}")]
pub(crate) async fn change_form(
    request: HttpRequest,
    house: Visit,
    id: Path<String>,
    asked: Params<Shown>,
    form: Form<TermsForm>,
) -> Result<HttpResponse, Failure> {
    let Params((_, zone)) = asked;
    let style = house.style(&request, zone.tz);
    let Form(TermsForm {
        terms: text,
        action,
    }) = form;
    let done = changed(&request, &house, &id, &text, action, &style).await;
    let draft = match done {
        Ok(Done::Kept(id)) => return lead_to(&house, &style, &format!("/subscriptions/{id}"), ""),
        Ok(Done::Rehearsed(draft)) => *draft,
        Err(failure) => Draft::refused(text, failure, style.lang)?,
    };
    show_one(&request, &house, &id, &style, Some(draft)).await
}

async fn changed(
    request: &HttpRequest,
    house: &Visit,
    id: &str,
    text: &str,
    action: TermsAction,
    style: &Style,
) -> Result<Done, Failure> {
    let before = house.tickets.subscription(id, style.lang);
    let before = before.ok_or_else(|| Failure::new(Code::SubscriptionUnknown))?;
    // what does not fit is told with its place in the text
    let _: Terms = read(text)?;
    let mut whole: Value = read(text)?;
    let before = serde_json::to_value(&before.terms).unwrap_or_default();
    drop_the_rest(&before, &mut whole);
    if action == TermsAction::DryRun {
        let terms = house.tickets.changed(id, &whole).map_err(not_subscribed)?;
        return rehearsed(request, house, text, terms, style).await;
    }
    let (inner, now, id) = (house.clone(), house.now(), id.to_owned());
    let changed = blocking(move || inner.tickets.change(&id, &whole, now)).await?;
    Ok(Done::Kept(changed.map_err(not_subscribed)?.id))
}

/// Makes a merge patch (RFC 7396) of a whole: members that it does not have are taken away.
fn drop_the_rest(before: &Value, whole: &mut Value) {
    let (Value::Object(before), Value::Object(whole)) = (before, whole) else {
        return;
    };
    for (name, value) in before {
        match whole.get_mut(name) {
            Some(now) => drop_the_rest(value, now),
            None => {
                whole.insert(name.clone(), Value::Null);
            }
        }
    }
}

/// Whether it opens tickets.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
pub(crate) struct EnabledForm {
    /// Whether it does from now on.
    #[schema(example = "false")]
    enabled: bool,
}

/// Let a subscription rest, or go on.
///
/// What it has to tell waits meanwhile.
#[utoipa::path(
    tag = "pages",
    operation_id = "enable_form",
    params(("id" = String, Path, description = "The subscription's id", example = "s0f3c"), Tongue, ZoneAsked),
    request_body(content = EnabledForm, content_type = "application/x-www-form-urlencoded"),
    responses((status = 303, description = "The subscriptions"), OfSubscriptionForm),
    security(("token" = ["ticket"])),
    extensions(("x-holds-to-limits" = json!([]))),
)]
#[post("/subscriptions/{id}/enabled")]
pub(crate) async fn enable_form(
    request: HttpRequest,
    house: Visit,
    id: Path<String>,
    asked: Params<Shown>,
    form: Form<EnabledForm>,
) -> Result<HttpResponse, Failure> {
    let Params((_, zone)) = asked;
    let style = house.style(&request, zone.tz);
    let Form(EnabledForm { enabled }) = form;
    let (inner, now) = (house.clone(), house.now());
    let changes = json!({ "enabled": enabled });
    let changed = blocking(move || inner.tickets.change(&id, &changes, now)).await?;
    let id = changed.map_err(not_subscribed)?.id;
    lead_to(&house, &style, "/subscriptions", &format!("#{id}"))
}

/// Try a subscription's target.
///
/// As `POST /v1/subscriptions/{id}/test`; leads to its page, where it stands what came of it.
#[utoipa::path(
    tag = "pages",
    operation_id = "test_form",
    params(("id" = String, Path, description = "The subscription's id", example = "s0f3c"), Tongue, ZoneAsked),
    responses((status = 303, description = "The subscription's page"), OfSubscriptionPage),
    security(("token" = ["ticket"])),
    extensions(("x-holds-to-limits" = json!([]))),
)]
#[post("/subscriptions/{id}/test")]
pub(crate) async fn test_form(
    request: HttpRequest,
    house: Visit,
    id: Path<String>,
    asked: Params<Shown>,
) -> Result<HttpResponse, Failure> {
    let Params((_, zone)) = asked;
    let style = house.style(&request, zone.tz);
    let (inner, now) = (house.clone(), house.now());
    let answer = sample::answer_in(lang_of(&house, &id)?);
    let sent = blocking(move || inner.tickets.test(&id, &answer, now)).await?;
    let page = format!("/subscriptions/{}", sent.map_err(not_taken)?.subscription);
    lead_to(&house, &style, &page, "#notifications")
}

/// Remove a subscription.
///
/// As `DELETE /v1/subscriptions/{id}`. Its tickets stay as they are.
#[utoipa::path(
    tag = "pages",
    operation_id = "delete_form",
    params(("id" = String, Path, description = "The subscription's id", example = "s0f3c"), Tongue, ZoneAsked),
    responses((status = 303, description = "The subscriptions"), OfSubscriptionPage),
    security(("token" = ["ticket"])),
    extensions(("x-holds-to-limits" = json!([]))),
)]
#[post("/subscriptions/{id}/delete")]
pub(crate) async fn delete_form(
    request: HttpRequest,
    house: Visit,
    id: Path<String>,
    asked: Params<Shown>,
) -> Result<HttpResponse, Failure> {
    let Params((_, zone)) = asked;
    let style = house.style(&request, zone.tz);
    let inner = house.clone();
    let removed = blocking(move || inner.tickets.unsubscribe(&id)).await?;
    removed.map_err(not_subscribed)?;
    lead_to(&house, &style, "/subscriptions", "")
}

/// The way to a page of ours, shown as this one is. A browser goes there by GET.
pub(super) fn lead_to(
    house: &Visit,
    style: &Style,
    page: &str,
    place: &str,
) -> Result<HttpResponse, Failure> {
    let to = format!("{}{page}?{}{place}", house.root(), reply::shown(style)?);
    let mut response = HttpResponse::SeeOther();
    Ok(response.insert_header((LOCATION, to)).finish())
}
