//! `GET /v1/connections/{id}` and its answer: refused connections included, of which most never
//! got a MID.

use actix_web::{HttpRequest, HttpResponse, get, web::Path};
use whymid_schemas::{Answer, ConnectionTimeline};

use super::messages::PageAsked;
use crate::{
    error::{Code, Failure},
    house::Visit,
    query::{Params, Tongue, ZoneAsked},
    refusals::OfConnection,
    reply, sample,
};

/// A connection, line by line.
///
/// The connection and every line of its own in order of time, each untouched; the MIDs that it
/// carried stand in `messages`. Long timelines are paged: `next_cursor` leads on and is absent on
/// the last page.
#[utoipa::path(
    tag = "connections",
    operation_id = "connection",
    params(("id" = String, Path, description = "The connection's id, from an answer", example = "c51aa0"), PageAsked, Tongue, ZoneAsked),
    responses(
        (status = 200, description = "The connection", body = ConnectionTimeline, example = json!(sample::connection())),
        OfConnection,
    ),
    security(("token" = ["read"])),
)]
#[get("/v1/connections/{id}")]
pub(crate) async fn timeline(
    request: HttpRequest,
    house: Visit,
    id: Path<String>,
    asked: Params<(PageAsked, (Tongue, ZoneAsked))>,
) -> Result<HttpResponse, Failure> {
    let Params((page, (_, zone))) = asked;
    let style = house.style(&request, zone.tz);
    let found = house
        .desk
        .connection(&id, &style, page.cursor, page.limit)
        .await?;
    let found = found.ok_or_else(|| connection_unknown(&id))?;
    Ok(reply::json(&found, style.lang))
}

/// Why did this connection end as it did?
///
/// The answer about one connection by its id: that of its worst message, or its own where it
/// carried none. By `Accept` it comes as JSON, as Markdown or plain text made for pasting into a
/// ticket, or as a page.
#[utoipa::path(
    tag = "connections",
    operation_id = "connection_answer",
    params(("id" = String, Path, description = "The connection's id, from an answer", example = "c51aa0"), Tongue, ZoneAsked),
    responses(
        (status = 200, description = "The answer", content(
            (Answer = "application/json", example = json!(sample::answer())),
            (String = "text/markdown", example = json!(sample::answer_as_markdown())),
            (String = "text/plain", example = json!(sample::answer_as_text())),
            (String = "text/html"),
        )),
        OfConnection,
    ),
    security(("token" = ["read"])),
)]
#[get("/v1/connections/{id}/answer")]
pub(crate) async fn answer(
    request: HttpRequest,
    house: Visit,
    id: Path<String>,
    asked: Params<(Tongue, ZoneAsked)>,
) -> Result<HttpResponse, Failure> {
    let Params((_, zone)) = asked;
    let form = reply::answer_form(&request)?;
    let style = house.style(&request, zone.tz);
    let answer = house.desk.connection_answer(&id, &style).await?;
    let answer = answer.ok_or_else(|| connection_unknown(&id))?;
    reply::answer(&request, &house, &answer, &style, form).await
}

/// The failure for an id that was never assigned, or is no longer kept.
fn connection_unknown(id: &str) -> Failure {
    Failure::new(Code::ConnectionUnknown).detail(
        format!("there is no connection `{id}`"),
        format!("接続 `{id}` はありません"),
    )
}
