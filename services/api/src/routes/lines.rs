//! `POST /v1/lines`: takes log lines, and answers once they are on disk.
//!
//! A few bodies are in the house at a time, further ones wait a while: that bounds the memory.
//! Each request that is turned away is counted by its code.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, http::header::RETRY_AFTER, post, web::Payload};
use tokio::{sync::OwnedSemaphorePermit, time::timeout};
use utoipa::ToSchema;
use whymid_schemas::LinesTaken;
use whymid_store::Scope;
use whymid_syslog::{Lane, MAX_LABEL};

use super::explain::check_stamps;
use crate::{
    body::{self, Limits},
    desk::{NotTaken, Origin, Taken},
    error::{Code, Failure},
    house::Visit,
    negotiate,
    query::{Asked, Fields, Params, Tongue, names_of},
    refusals::OfLines,
    sample,
    unpack::Coding,
};

const MIB: usize = 1024 * 1024;
/// How much a body may hold.
const LIMITS: Limits = Limits {
    compressed: 16 * MIB,
    unpacked: 64 * MIB,
};
/// How long a request waits for its place.
const WAIT: Duration = Duration::from_secs(10);

/// Lines of now, or a log of the past.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase", default = "live")]
#[expect(dead_code, reason = "the words as the document shows them")]
enum LaneWord {
    Live,
    Archive,
}

/// What is said of the lines beside them.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LinesAsked {
    /// The appliance that wrote them all, whatever their headers say. Without it the host in each
    /// header or the client's address tells, as for syslog.
    #[param(example = "esa1", max_length = 255)]
    appliance: Option<String>,
    /// `archive` for a log of the past: it raises no notifications and expires nothing; `live`
    /// where absent.
    #[param(value_type = Option<LaneWord>, inline, example = "archive")]
    lane: Lane,
    /// The year of the first stamp that has none; from there on it is counted on over New Year.
    /// Without it such a stamp is taken for the newest that it can be.
    #[param(minimum = 1970, maximum = 9999, example = 2014)]
    year: Option<i16>,
    /// The IANA zone that the stamps are in. Without it the appliance's own, as for syslog.
    #[param(example = "Asia/Tokyo")]
    timezone: Option<String>,
}

impl Asked for LinesAsked {
    fn names() -> Vec<String> {
        names_of::<Self>()
    }

    fn read(fields: &Fields) -> Result<Self, Failure> {
        let asked = Self {
            appliance: fields.text("appliance")?,
            lane: lane(fields.get("lane"))?,
            year: fields.number("year")?,
            timezone: fields.text("timezone")?,
        };
        check_appliance(asked.appliance.as_deref())?;
        check_stamps(asked.year, asked.timezone.as_deref())?;
        Ok(asked)
    }
}

fn lane(word: Option<&str>) -> Result<Lane, Failure> {
    match word {
        None | Some("live") => Ok(Lane::Live),
        Some("archive") => Ok(Lane::Archive),
        Some(other) => Err(Failure::new(Code::ParameterInvalid).detail(
            format!("`lane` is `{other}`; it may be live or archive"),
            format!("`lane` の値は `{other}` です。live または archive を指定できます"),
        )),
    }
}

fn check_appliance(name: Option<&str>) -> Result<(), Failure> {
    let fits = |name: &str| {
        name.len() <= MAX_LABEL && !name.trim().is_empty() && !name.contains(char::is_control)
    };
    if name.is_none_or(fits) {
        return Ok(());
    }
    Err(Failure::new(Code::ParameterInvalid).detail(
        format!("`appliance` is a name of up to {MAX_LABEL} bytes without control characters"),
        format!("`appliance` は {MAX_LABEL} バイト以内の名前で、制御文字は使えません"),
    ))
}

/// Hand in log lines.
///
/// Log lines in any form that syslog takes, or as the appliance keeps them in its files, one a
/// line, ended by LF or CRLF; empty ones are skipped, of one above 64 KiB the first 64 KiB are
/// kept. Send them as `application/octet-stream`, or
/// as `text/plain` together with the header `X-Whymid: 1`, which no web form can send; up to
/// 64 MiB, or compressed up to 16 MiB that unpack to 64 MiB at most.
///
/// 202 means that every line is on disk: it survives a crash and shows in answers within seconds.
/// On 503 nothing, or only a beginning, was kept. Sending the same body again is harmless: each
/// request is a source of its own, and a line that two sources hold is one line. Only lines
/// without a stamp have no moment but that of their receipt, and are kept again.
#[utoipa::path(
    tag = "lines",
    params(
        LinesAsked, Tongue,
        ("X-Whymid" = Option<String>, Header, description = "Must be `1` with a `text/plain` body", example = "1"),
        ("Content-Encoding" = Option<String>, Header, description = "`gzip`, `zstd` or `identity`", example = "gzip"),
    ),
    request_body(description = "The lines", content(
        (String = "application/octet-stream", example = json!(sample::log())),
        (String = "text/plain", example = json!(sample::log())),
    )),
    responses(
        (status = 202, description = "Every line is on disk", body = LinesTaken, example = json!(sample::lines_taken())),
        OfLines,
    ),
    security(("token" = ["ingest"])),
    extensions(("x-holds-to-limits" = json!(["appliances"]))),
)]
#[post("/v1/lines")]
pub(crate) async fn lines(
    request: HttpRequest,
    house: Visit,
    asked: Params<(LinesAsked, Tongue)>,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    let Params((asked, _)) = asked;
    let counted = |failure: Failure| {
        house.door.turned_away(failure.code.word());
        failure
    };
    if !may_write_for(&house.limits, asked.appliance.as_deref()) {
        return Err(counted(Failure::new(Code::ApplianceForeign)));
    }
    let coding = coding(&request).map_err(counted)?;
    let _place = place(&house).await.map_err(counted)?;
    let log = body::unpacked(&request, payload, coding, LIMITS).await;
    let log = log.map_err(counted)?;
    let taken = house.door.take(log, origin(&request, asked)).await;
    match taken {
        Ok(Taken { accepted: 0, .. }) => Err(counted(Failure::new(Code::NoLines))),
        Ok(Taken { accepted, cut }) => Ok(said(&request, LinesTaken { accepted, cut })),
        Err(not_taken) => Err(not_accepting(not_taken)),
    }
}

/// Whoever may write for some appliances alone says for which.
fn may_write_for(limits: &Scope, appliance: Option<&str>) -> bool {
    limits.appliances.is_none() || appliance.is_some_and(|one| limits.allows_appliance(one))
}

/// The coding of a body of a kind that is taken here.
fn coding(request: &HttpRequest) -> Result<Coding, Failure> {
    let told = body::content_type(request);
    let bytes = negotiate::body_is(told.as_ref(), "application", "octet-stream");
    if bytes || body::is_text(request)? {
        return body::coding(request);
    }
    Err(body::other_kind(request).help(
        "Send `Content-Type: application/octet-stream`, for example `curl -H 'Content-Type: application/octet-stream' --data-binary @mail.log`.",
        "`Content-Type: application/octet-stream` で送ってください。例: `curl -H 'Content-Type: application/octet-stream' --data-binary @mail.log`",
    ))
}

/// A place in the house, held until the lines are on disk.
async fn place(house: &Visit) -> Result<OwnedSemaphorePermit, Failure> {
    match timeout(WAIT, house.handed_in.clone().acquire_owned()).await {
        Ok(Ok(place)) => Ok(place),
        Ok(Err(_)) | Err(_) => Err(Failure::new(Code::Busy)
            .detail(
                "others are handing in lines; nothing was accepted",
                "ほかのクライアントが行を送信中です。何も受け付けていません",
            )
            .header(RETRY_AFTER, "5")),
    }
}

fn origin(request: &HttpRequest, asked: LinesAsked) -> Origin {
    Origin {
        peer: request.peer_addr().map(|peer| peer.ip()),
        lane: asked.lane,
        appliance: asked.appliance,
        zone: asked.timezone,
        year: asked.year,
    }
}

fn said(request: &HttpRequest, taken: LinesTaken) -> HttpResponse {
    let mut response = HttpResponse::Accepted().json(taken);
    negotiate::say_what_was_chosen(response.headers_mut(), negotiate::lang(request));
    response
}

fn not_accepting(NotTaken { kept }: NotTaken) -> Failure {
    let failure = Failure::new(Code::NotAccepting).header(RETRY_AFTER, "30");
    if kept == 0 {
        return failure.detail(
            "none of these lines is surely on disk; at most a beginning of them is",
            "保存が確認できた行はありません。保存されているとしても先頭の一部だけです",
        );
    }
    failure.detail(
        format!("the first {kept} of these lines are on disk, perhaps some behind them, none behind a gap"),
        format!("先頭の {kept} 行は保存済みです。続く数行も保存されている可能性がありますが、途中が抜けることはありません"),
    )
}
