//! `POST /v1/ask`: a ticket's text in, the answer for the mail that it is about out. Stores nothing.

use actix_web::{
    HttpRequest, HttpResponse, post,
    web::{self, Payload},
};
use jiff::{Timestamp, tz::TimeZone};
use serde::Deserialize;
use utoipa::ToSchema;
use whymid_diagnosis::Mentions;
use whymid_schemas::{ArticleItem, Asked, Mentioned, Time};

use crate::{
    body,
    error::{Code, Failure},
    guess::Guess,
    house::Visit,
    query::{self, Params, Tongue, ZoneAsked},
    refusals::OfAskedText,
    reply, sample,
};

/// The most bytes of a body.
const BODY_MOST: usize = 512 * 1024;

/// The most articles.
const ARTICLES: usize = 3;

/// What somebody wrote about a mail.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"text": "Hello, my mail to end_user@example.com on 14 August 2014 at 11:05 did not arrive (MID 1404)."}))]
pub(crate) struct TextAsked {
    /// The text, of a ticket or a mail, in English or Japanese.
    text: String,
    /// The IANA zone of moments that name none; UTC where absent.
    #[serde(default)]
    timezone: Option<String>,
}

/// Find the mail that a ticket is about.
///
/// Finds MIDs, ICIDs, `Message-ID`s, addresses, moments and the replies of mail servers in a text, in English and
/// Japanese, and answers for the best match. `assumed` says what was assumed: which of several records, which zone.
/// Without `answer` nothing fits that is kept (and may be seen). Stores nothing. Up to 512 KiB.
#[utoipa::path(
    tag = "answers",
    params(Tongue, ZoneAsked),
    request_body(content = TextAsked, content_type = "application/json"),
    responses(
        (status = 200, description = "What was found, what was assumed, and the answer", body = Asked, example = json!(sample::asked())),
        OfAskedText,
    ),
    security(("token" = ["read", "ticket"])),
)]
#[post("/v1/ask")]
pub(crate) async fn ask(
    request: HttpRequest,
    house: Visit,
    asked: Params<(Tongue, ZoneAsked)>,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    let Params((_, shown)) = asked;
    let TextAsked { text, timezone } = body::json(&request, payload, BODY_MOST).await?;
    let zone = match &timezone {
        Some(name) => query::zone("timezone", name)?,
        None => TimeZone::UTC,
    };
    let style = house.style(&request, shown.tz);
    let found = read(&house, text, &zone).await?;
    let mut guess = Guess {
        house: &house,
        style: &style,
        found: &found,
        assumed: Vec::new(),
    };
    guess.tell_zone(&zone);
    let answer = guess.answer().await?;
    let answer = answer.map(|answer| reply::with_tickets(&house, &answer));
    let assumed = guess.assumed;
    let mut articles: Vec<ArticleItem> = Vec::new();
    for reply in found.replies.iter().take(ARTICLES) {
        let fitting = house.desk.find_articles(reply, &style).into_iter();
        let new = fitting.filter(|one| articles.iter().all(|held| held.url != one.url));
        let new: Vec<ArticleItem> = new.take(1).collect();
        articles.extend(new);
    }
    articles.truncate(ARTICLES);
    let asked = Asked {
        found: mentioned(found, &style.zone),
        assumed,
        answer,
        articles,
    };
    Ok(reply::json(&asked, style.lang))
}

/// Reads the text where blocking is allowed, a few at a time.
pub(super) async fn read(
    house: &Visit,
    text: String,
    zone: &TimeZone,
) -> Result<Mentions, Failure> {
    let internal = |text: String| Failure::new(Code::Internal).log(text);
    let turn = house.explaining.clone().acquire_owned().await;
    let turn = turn.map_err(|error| internal(error.to_string()))?;
    let (zone, now) = (zone.clone(), house.desk.now());
    let found = web::block(move || {
        let _held = turn;
        whymid_diagnosis::mentions(&text, &zone, now)
    });
    found.await.map_err(|error| internal(error.to_string()))
}

fn mentioned(found: Mentions, zone: &TimeZone) -> Mentioned {
    let time = |at: &Timestamp| Time::of(*at, zone);
    Mentioned {
        times: found.times.iter().map(time).collect(),
        mids: found.mids,
        icids: found.icids,
        message_ids: found.message_ids,
        addresses: found.addresses,
        replies: found.replies,
    }
}
