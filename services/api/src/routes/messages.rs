//! `GET /v1/messages/{id}` and its answer.

use actix_web::{HttpRequest, HttpResponse, get, web::Path};
use whymid_schemas::{Answer, MessageTimeline};

use crate::{
    desk::Style,
    error::{Code, Failure},
    house::Visit,
    query::{Asked, Fields, Params, Tongue, ZoneAsked, names_of},
    refusals::OfMessage,
    reply, sample,
};

const LIMIT_DEFAULT: usize = 200;
const LIMIT_MOST: usize = 1000;

/// Which page of a timeline.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PageAsked {
    /// Where to go on: `next_cursor` of the page before.
    #[param(value_type = Option<String>, example = "200")]
    pub(super) cursor: usize,
    /// The most entries a page.
    #[param(value_type = Option<usize>, default = 200, minimum = 1, maximum = 1000, example = 200)]
    pub(super) limit: usize,
}

impl Asked for PageAsked {
    fn names() -> Vec<String> {
        names_of::<Self>()
    }

    fn read(fields: &Fields) -> Result<Self, Failure> {
        let limit = fields.number("limit")?.unwrap_or(LIMIT_DEFAULT);
        if !(1..=LIMIT_MOST).contains(&limit) {
            return Err(Failure::new(Code::ParameterInvalid).detail(
                format!("`limit` is {limit}; it may be 1 to {LIMIT_MOST}"),
                format!("`limit` の値は {limit} です。1 から {LIMIT_MOST} まで指定できます"),
            ));
        }
        Ok(Self {
            cursor: fields.number("cursor")?.unwrap_or(0),
            limit,
        })
    }
}

/// A message's story, line by line.
///
/// The message, its connection, its deliveries, and every line of theirs in order of time, each
/// untouched. Long timelines are paged: `next_cursor` leads on and is absent on the last page.
#[utoipa::path(
    tag = "messages",
    params(("id" = String, Path, description = "The message's id, from an answer", example = "m7f3c9"), PageAsked, Tongue, ZoneAsked),
    responses(
        (status = 200, description = "The timeline", body = MessageTimeline, example = json!(sample::timeline())),
        OfMessage,
    ),
    security(("token" = ["read"])),
)]
#[get("/v1/messages/{id}")]
pub(crate) async fn timeline(
    request: HttpRequest,
    house: Visit,
    id: Path<String>,
    asked: Params<(PageAsked, (Tongue, ZoneAsked))>,
) -> Result<HttpResponse, Failure> {
    let Params((page, (_, zone))) = asked;
    let style = house.style(&request, zone.tz);
    let timeline = house
        .desk
        .timeline(&id, &style, page.cursor, page.limit)
        .await?;
    let timeline = timeline.ok_or_else(|| message_unknown(&id))?;
    Ok(reply::json(&timeline, style.lang))
}

/// Why did this message end as it did?
///
/// The answer about one message by its id. By `Accept` it comes as JSON, as Markdown or plain text
/// made for pasting into a ticket, or as a page.
#[utoipa::path(
    tag = "messages",
    operation_id = "message_answer",
    params(("id" = String, Path, description = "The message's id, from an answer", example = "m7f3c9"), Tongue, ZoneAsked),
    responses(
        (status = 200, description = "The answer", content(
            (Answer = "application/json", example = json!(sample::answer())),
            (String = "text/markdown", example = json!(sample::answer_as_markdown())),
            (String = "text/plain", example = json!(sample::answer_as_text())),
            (String = "text/html"),
        )),
        OfMessage,
    ),
    security(("token" = ["read"])),
)]
#[get("/v1/messages/{id}/answer")]
pub(crate) async fn answer(
    request: HttpRequest,
    house: Visit,
    id: Path<String>,
    asked: Params<(Tongue, ZoneAsked)>,
) -> Result<HttpResponse, Failure> {
    let Params((_, zone)) = asked;
    let form = reply::answer_form(&request)?;
    let style = house.style(&request, zone.tz);
    let answer = answer_of(&house, &id, &style).await?;
    reply::answer(&request, &house, &answer, &style, form).await
}

/// The answer about a message, or the failure for an unknown id.
pub(super) async fn answer_of(house: &Visit, id: &str, style: &Style) -> Result<Answer, Failure> {
    let found = house.desk.answer(id, style).await?;
    found.ok_or_else(|| message_unknown(id))
}

/// The failure for an id that was never assigned, or is no longer kept.
fn message_unknown(id: &str) -> Failure {
    Failure::new(Code::MessageUnknown).detail(
        format!("there is no message `{id}`"),
        format!("メッセージ `{id}` はありません"),
    )
}
