//! Notifications, and tickets from the other side: one about a message that somebody wants, and
//! answers in tickets that somebody else opened.

use actix_web::{
    HttpRequest, HttpResponse, get, post,
    web::{Path, Payload},
};
use whymid_schemas::{
    InboundTaken, InboundTicket, Lang, Notification, NotificationList, NotificationState,
    TicketLink, TicketWanted,
};
use whymid_ticketing::{Listing, NotTaken};

use crate::{
    body,
    error::{Code, Failure},
    guess::Guess,
    house::Visit,
    negotiate,
    query::{Asked, Fields, Params, Tongue, names_of},
    refusals::{OfInbound, OfNotification, OfNotifications, OfTicketWanted},
    routes::{asked, messages, subscriptions},
    sample,
};

/// The most bytes of a body.
const BODY_MOST: usize = 512 * 1024;
/// Notifications of a page where nothing is said, and at most.
const LIMIT: usize = 50;
const LIMIT_MOST: usize = 1000;

/// Which notifications.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct NotificationsAsked {
    /// Those of this subscription.
    #[param(value_type = Option<String>, example = "s0f3c")]
    subscription: Option<String>,
    /// Those in this state.
    #[param(value_type = Option<NotificationState>, example = "dead", inline)]
    state: Option<NotificationState>,
    /// Those of this cause.
    #[param(value_type = Option<String>, example = "wm-0123456789abcdef")]
    key: Option<String>,
    /// So many, 1 to 1000.
    #[param(value_type = Option<usize>, default = 50, minimum = 1, maximum = 1000, example = 50)]
    limit: usize,
    /// From `next_cursor` of the page before.
    #[param(value_type = Option<String>, example = "4711")]
    cursor: Option<u64>,
}

impl Asked for NotificationsAsked {
    fn names() -> Vec<String> {
        names_of::<Self>()
    }

    fn read(fields: &Fields) -> Result<Self, Failure> {
        let state = fields.get("state").map(|word| {
            NotificationState::from_word(word).ok_or_else(|| {
                Failure::new(Code::ParameterInvalid).detail(
                    "`state` may be waiting, delivered or dead",
                    "`state` に指定できるのは waiting、delivered、dead です",
                )
            })
        });
        let limit = fields.number("limit")?.unwrap_or(LIMIT);
        if !(1..=LIMIT_MOST).contains(&limit) {
            return Err(Failure::new(Code::ParameterInvalid).detail(
                format!("`limit` may be 1 to {LIMIT_MOST}"),
                format!("`limit` に指定できるのは 1 から {LIMIT_MOST} までです"),
            ));
        }
        Ok(Self {
            subscription: fields.get("subscription").map(str::to_owned),
            state: state.transpose()?,
            key: fields.get("key").map(str::to_owned),
            limit,
            cursor: fields.number("cursor")?,
        })
    }
}

/// What were targets told?
///
/// Notifications, the newest first: what waits and why, what was delivered into which ticket, what was given up
/// (`state=dead`).
#[utoipa::path(
    tag = "tickets",
    params(NotificationsAsked, Tongue),
    responses(
        (status = 200, description = "The notifications", body = NotificationList, example = json!({"items": [sample::notification()]})),
        OfNotifications,
    ),
    security(("token" = ["ticket"])),
    extensions(("x-holds-to-limits" = json!([]))),
)]
#[get("/v1/notifications")]
pub(crate) async fn notifications(
    request: HttpRequest,
    house: Visit,
    asked: Params<(NotificationsAsked, Tongue)>,
) -> Result<HttpResponse, Failure> {
    let Params((asked, _)) = asked;
    let (inner, lang) = (house.clone(), negotiate::lang(&request));
    let listing = Listing {
        subscription: asked.subscription,
        state: asked.state,
        key: asked.key,
        before: asked.cursor,
        limit: asked.limit,
    };
    let found = subscriptions::blocking(move || inner.tickets.notifications(&listing, lang));
    let found = found.await?;
    let (items, next) =
        found.map_err(|error| Failure::new(Code::Internal).log(error.to_string()))?;
    Ok(HttpResponse::Ok().json(NotificationList {
        items,
        next_cursor: next.map(|number| number.to_string()),
    }))
}

/// Try a notification again.
///
/// One that was given up, or that the target refused. It is looked for first whether the target has it.
#[utoipa::path(
    tag = "tickets",
    params(("id" = String, Path, description = "The notification's id", example = "wm-0123456789abcdef-1"), Tongue),
    responses(
        (status = 202, description = "It is on its way", body = Notification, example = json!(sample::notification())),
        OfNotification,
    ),
    security(("token" = ["ticket"])),
    extensions(("x-holds-to-limits" = json!([]))),
)]
#[post("/v1/notifications/{id}/retry")]
pub(crate) async fn retry(
    request: HttpRequest,
    house: Visit,
    id: Path<String>,
    _asked: Params<Tongue>,
) -> Result<HttpResponse, Failure> {
    let (inner, now, lang) = (house.clone(), house.now(), negotiate::lang(&request));
    let tried = subscriptions::blocking(move || inner.tickets.retry(&id, now, lang)).await?;
    Ok(HttpResponse::Accepted().json(tried.map_err(subscriptions::not_taken)?))
}

/// Open a ticket about this message.
///
/// In the target of a subscription, whatever its filter says, once: if there is one, that is told. It is closed by
/// whoever works on it.
#[utoipa::path(
    tag = "tickets",
    params(("id" = String, Path, description = "The message's id, from an answer", example = "m7f3c9"), Tongue),
    request_body(content = TicketWanted, content_type = "application/json", example = json!({"subscription": "s0f3c"})),
    responses(
        (status = 202, description = "It is on its way, or there", body = TicketLink, example = json!(sample::ticket())),
        OfTicketWanted,
    ),
    security(("token" = ["ticket"])),
    extensions(("x-holds-to-limits" = json!([]))),
)]
#[post("/v1/messages/{id}/tickets")]
pub(crate) async fn ticket(
    request: HttpRequest,
    house: Visit,
    id: Path<String>,
    _asked: Params<Tongue>,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    let TicketWanted { subscription } = body::json(&request, payload, BODY_MOST).await?;
    let lang = lang_of(&house, &subscription)?;
    let mut style = house.plain_style(&request);
    style.lang = lang;
    let answer = messages::answer_of(&house, &id, &style).await?;
    let inner = house.clone();
    let now = house.now();
    let wanted =
        subscriptions::blocking(move || inner.tickets.want(&subscription, &answer, now)).await?;
    Ok(HttpResponse::Accepted().json(wanted.map_err(subscriptions::not_taken)?))
}

/// Answer a ticket of somebody else.
///
/// For a rule of the ticket system that posts each new ticket here. If its text mentions a MID or a `Message-ID` of
/// a record that is kept, the answer is added to it as a comment, once, by the subscription's target and login.
/// Tickets that this service opened are left alone. `POST /v1/ask` tells the same without a comment.
#[utoipa::path(
    tag = "tickets",
    params(("id" = String, Path, description = "The subscription's id", example = "s0f3c"), Tongue),
    request_body(content = InboundTicket, content_type = "application/json", example = json!({"ticket": "4711", "subject": "Where is my mail?", "text": "It had MID 1404."})),
    responses(
        (status = 200, description = "Whether the answer goes into the ticket, and why not", body = InboundTaken, example = json!(sample::inbound())),
        OfInbound,
    ),
    security(("token" = ["ticket"])),
    extensions(("x-holds-to-limits" = json!([]))),
)]
#[post("/v1/subscriptions/{id}/inbound")]
pub(crate) async fn inbound(
    request: HttpRequest,
    house: Visit,
    id: Path<String>,
    _asked: Params<Tongue>,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    let theirs: InboundTicket = body::json(&request, payload, BODY_MOST).await?;
    let said = negotiate::lang(&request);
    let lang = lang_of(&house, &id)?;
    if theirs.ticket.is_empty() || theirs.ticket.len() > 100 {
        return Err(Failure::new(Code::BodyInvalid).detail(
            "`ticket` is what its system calls the ticket, at most 100 bytes",
            "`ticket` にはチケットの番号を 100 バイト以内で指定してください",
        ));
    }
    let no = |en: &str, ja: &str| not_answering(said, en, ja);
    if house.tickets.is_ours(&id, &theirs.ticket, &theirs.text) {
        return Ok(no(
            "this service opened it",
            "このサービスが作成したチケットです",
        ));
    }
    let text = format!("{}\n{}", theirs.subject, theirs.text);
    let mut style = house.plain_style(&request);
    style.lang = lang;
    let found = asked::read(&house, text, &style.zone).await?;
    if found.mids.is_empty() && found.message_ids.is_empty() {
        return Ok(no(
            "it mentions no MID and no Message-ID",
            "MID も Message-ID も書かれていません",
        ));
    }
    let mut guess = Guess {
        house: &house,
        style: &style,
        found: &found,
        assumed: Vec::new(),
    };
    let Some(answer) = guess.answer().await? else {
        return Ok(no(
            "nothing that is kept fits what it mentions",
            "書かれている内容に合う記録がありません",
        ));
    };
    let inner = house.clone();
    let now = house.now();
    let answered =
        subscriptions::blocking(move || inner.tickets.answer(&id, &theirs.ticket, &answer, now));
    match answered.await? {
        Ok(told) => Ok(HttpResponse::Ok().json(InboundTaken {
            answering: true,
            because: told.title.clone(),
            notification: Some(told.id),
        })),
        Err(NotTaken::Before(_)) => Ok(no("it was answered before", "すでに回答済みです")),
        Err(
            other @ (NotTaken::Unknown
            | NotTaken::UnknownNotification
            | NotTaken::NotDead
            | NotTaken::NoTickets
            | NotTaken::Failed(_)),
        ) => Err(subscriptions::not_taken(other)),
    }
}

/// The language of a subscription's tickets.
pub(super) fn lang_of(house: &Visit, subscription: &str) -> Result<Lang, Failure> {
    let known = house.tickets.lang_of(subscription);
    known.ok_or_else(|| Failure::new(Code::SubscriptionUnknown))
}

fn not_answering(lang: Lang, en: &str, ja: &str) -> HttpResponse {
    let because = match lang {
        Lang::En => en,
        Lang::Ja => ja,
    };
    HttpResponse::Ok().json(InboundTaken {
        answering: false,
        because: because.to_owned(),
        notification: None,
    })
}
