//! `POST /v1/explain`: answers for a pasted log. Stores nothing.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::RETRY_AFTER,
    post,
    web::{self, Bytes, Payload},
};
use serde::{Deserialize, Serialize};
use tokio::sync::OwnedSemaphorePermit;
use utoipa::ToSchema;
use whymid_schemas::Answer;

use crate::{
    body,
    desk::Style,
    error::{Code, Failure},
    house::Visit,
    negotiate,
    query::{self, Asked, Fields, Params, Tongue, ZoneAsked, names_of},
    refusals::OfExplain,
    reply, sample,
    unpack::Coding,
};

/// The most bytes of a body.
const BODY_MOST: usize = 8 * 1024 * 1024;

/// A pasted log.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!(sample::explain_ask()))]
pub(crate) struct ExplainAsk {
    /// The lines, in the file form or any syslog form.
    log: String,
    /// The year of stamps that have none.
    #[serde(default)]
    #[schema(minimum = 1970, maximum = 9999)]
    year: Option<i16>,
    /// The IANA zone that the stamps are in; UTC where absent.
    #[serde(default)]
    timezone: Option<String>,
}

/// One answer for each message and connection in the log.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExplainList {
    /// The answers.
    items: Vec<Answer>,
    /// How many more answers there would be: paste less at a time. Absent when none is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    left_out: Option<usize>,
}

/// How to read the stamps, for a `text/plain` body.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct StampsAsked {
    /// The year of stamps that have none; for a `text/plain` body.
    #[param(minimum = 1970, maximum = 9999, example = 2014)]
    year: Option<i16>,
    /// The IANA zone that the stamps are in; for a `text/plain` body.
    #[param(example = "Asia/Tokyo")]
    timezone: Option<String>,
}

impl Asked for StampsAsked {
    fn names() -> Vec<String> {
        names_of::<Self>()
    }

    fn read(fields: &Fields) -> Result<Self, Failure> {
        let asked = Self {
            year: fields.number("year")?,
            timezone: fields.text("timezone")?,
        };
        check_stamps(asked.year, asked.timezone.as_deref())?;
        Ok(asked)
    }
}

/// A log and how to read its stamps.
struct Pasted {
    log: Bytes,
    year: Option<i16>,
    timezone: Option<String>,
}

/// Explain a pasted log.
///
/// Log lines in, one answer for each message and connection found in them out; nothing is stored.
/// Send JSON, or the bare lines as `text/plain` together with the header `X-Whymid: 1`, which no
/// web form can send. Up to 8 MiB.
#[utoipa::path(
    tag = "answers",
    params(
        StampsAsked, Tongue, ZoneAsked,
        ("X-Whymid" = Option<String>, Header, description = "Must be `1` with a `text/plain` body", example = "1"),
    ),
    request_body(description = "The log", content(
        (ExplainAsk = "application/json"),
        (String = "text/plain", example = json!(sample::log())),
    )),
    responses(
        (status = 200, description = "The answers", body = ExplainList, example = json!({"items": [sample::answer()]})),
        OfExplain,
    ),
    security(("token" = ["read"])),
)]
#[post("/v1/explain")]
pub(crate) async fn explain(
    request: HttpRequest,
    house: Visit,
    asked: Params<(StampsAsked, (Tongue, ZoneAsked))>,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    let Params((stamps, (_, zone))) = asked;
    let place = house.pasted.clone().try_acquire_owned();
    let place = place.map_err(|_full| busy())?;
    let pasted = read_pasted(&request, payload, stamps).await?;
    let style = house.style(&request, zone.tz);
    let lang = style.lang;
    let (items, more) = work(house, pasted, style, place).await?;
    let left_out = (more > 0).then_some(more);
    Ok(reply::json(&ExplainList { items, left_out }, lang))
}

/// Waits for its turn, then works where blocking is allowed.
async fn work(
    house: Visit,
    pasted: Pasted,
    style: Style,
    place: OwnedSemaphorePermit,
) -> Result<(Vec<Answer>, usize), Failure> {
    let internal = |text: String| Failure::new(Code::Internal).log(text);
    let turn = house.explaining.clone().acquire_owned().await;
    let turn = turn.map_err(|error| internal(error.to_string()))?;
    let items = web::block(move || {
        // Held to the end of the work, even where the client has gone away.
        let _held = (place, turn);
        let Pasted {
            log,
            year,
            timezone,
        } = pasted;
        house.desk.explain(&log, &style, year, timezone.as_deref())
    });
    items.await.map_err(|error| internal(error.to_string()))
}

fn busy() -> Failure {
    Failure::new(Code::Busy).header(RETRY_AFTER, "5").help(
        "Try again in a few seconds, or use `whymid explain FILE` on the command line.",
        "数秒後にもう一度試すか、コマンドラインの `whymid explain FILE` を使ってください。",
    )
}

async fn read_pasted(
    request: &HttpRequest,
    payload: Payload,
    stamps: StampsAsked,
) -> Result<Pasted, Failure> {
    let is_json = check_media(request)?;
    let body = read_body(request, payload).await?;
    let pasted = if is_json {
        from_json(&body, stamps)?
    } else {
        Pasted {
            log: body,
            year: stamps.year,
            timezone: stamps.timezone,
        }
    };
    check_stamps(pasted.year, pasted.timezone.as_deref())?;
    Ok(pasted)
}

/// Whether the body is JSON; fails unless it is JSON or text that no form can have sent.
fn check_media(request: &HttpRequest) -> Result<bool, Failure> {
    match body::coding(request)? {
        Coding::Identity => {}
        Coding::Gzip | Coding::Zstd => return Err(compressed()),
    }
    let told = body::content_type(request);
    if negotiate::body_is(told.as_ref(), "application", "json") {
        return Ok(true);
    }
    if body::is_text(request).map_err(with_help)? {
        return Ok(false);
    }
    Err(with_help(body::other_kind(request)))
}

fn compressed() -> Failure {
    Failure::new(Code::MediaUnsupported)
        .detail("the body is compressed", "本文が圧縮されています")
        .help("Send it uncompressed.", "圧縮せずに送ってください。")
}

fn with_help(failure: Failure) -> Failure {
    failure.help(
        "Send `Content-Type: application/json` with {\"log\": \"…\"}, or `Content-Type: text/plain` together with the header `X-Whymid: 1`.",
        "`Content-Type: application/json` で {\"log\": \"…\"} を送るか、`Content-Type: text/plain` にヘッダー `X-Whymid: 1` を付けて送ってください。",
    )
}

async fn read_body(request: &HttpRequest, payload: Payload) -> Result<Bytes, Failure> {
    if body::announced(request).is_some_and(|length| length > BODY_MOST as u64) {
        return Err(too_large());
    }
    let body = tokio::time::timeout(body::PATIENCE, payload.to_bytes_limited(BODY_MOST)).await;
    match body {
        Err(_elapsed) => Err(Failure::new(Code::BodySlow)),
        Ok(Err(_too_large)) => Err(too_large()),
        Ok(Ok(Err(broken))) => Err(Failure::new(Code::BodyMalformed).log(broken.to_string())),
        Ok(Ok(Ok(body))) => Ok(body),
    }
}

fn too_large() -> Failure {
    Failure::new(Code::BodyTooLarge).help(
        "A pasted log may have 8 MiB. For more use `whymid explain FILE` on the command line.",
        "貼り付けられるログは 8 MiB までです。それ以上はコマンドラインの `whymid explain FILE` を使ってください。",
    )
}

fn from_json(body: &[u8], stamps: StampsAsked) -> Result<Pasted, Failure> {
    let ask: ExplainAsk = serde_json::from_slice(body).map_err(|error| {
        let code = if error.is_data() {
            Code::BodyInvalid
        } else {
            Code::BodyMalformed
        };
        Failure::new(code).detail(error.to_string(), error.to_string())
    })?;
    Ok(Pasted {
        log: Bytes::from(ask.log),
        year: ask.year.or(stamps.year),
        timezone: ask.timezone.or(stamps.timezone),
    })
}

/// Fails on a year out of range and on an unknown zone.
pub(super) fn check_stamps(year: Option<i16>, timezone: Option<&str>) -> Result<(), Failure> {
    if let Some(year) = year.filter(|year| !(1970..=9999).contains(year)) {
        return Err(Failure::new(Code::ParameterInvalid).detail(
            format!("`year` is {year}; it may be 1970 to 9999"),
            format!("`year` の値は {year} です。1970 から 9999 まで指定できます"),
        ));
    }
    match timezone {
        Some(timezone) => query::zone("timezone", timezone).map(|_known| ()),
        None => Ok(()),
    }
}
