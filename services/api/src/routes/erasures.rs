//! `POST /v1/erasures`: an address is forgotten, in everything that the service keeps.

use actix_web::{
    HttpRequest, HttpResponse, get, post,
    web::{self, Payload},
};
use serde::Deserialize;
use utoipa::ToSchema;
use whymid_schemas::{Erasure, ErasureList, Lang};

use crate::{
    body,
    desk::NotBegun,
    error::{Code, Failure},
    house::Visit,
    negotiate,
    query::{Params, Tongue},
    refusals::{OfErasure, OfErasures},
    sample,
};

/// The most bytes of a body.
const BODY_MOST: usize = 16 * 1024;

/// An address that is to be forgotten.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"address": "end_user@example.com"}))]
pub(crate) struct ErasureAsk {
    /// The address, bare and whole. Capitals count as small letters.
    address: String,
}

/// Forget an address.
///
/// The part in front of its domain is replaced by `*` in every record, in memory and written, and in the lines
/// as they came, as far as they were received before now; then the files in which it stood are written anew.
/// That takes some minutes: the reply comes at once, and `GET /v1/erasures` tells how far it is. Its mail stays, and
/// so do other addresses, subjects, and names without an `@`. `not_reached` names what this service can't reach.
#[utoipa::path(
    tag = "operations",
    params(Tongue),
    request_body(content = ErasureAsk, content_type = "application/json"),
    responses(
        (status = 202, description = "It has begun", body = Erasure, example = json!(sample::erasure())),
        OfErasure,
    ),
    security(("token" = ["admin"])),
    extensions(("x-holds-to-limits" = json!([]))),
)]
#[post("/v1/erasures")]
pub(crate) async fn erase(
    request: HttpRequest,
    house: Visit,
    _asked: Params<Tongue>,
    payload: Payload,
) -> Result<HttpResponse, Failure> {
    let ErasureAsk { address } = body::json(&request, payload, BODY_MOST).await?;
    let lang = negotiate::lang(&request);
    let inner = house.clone();
    let begun = web::block(move || inner.eraser.begin(&address)).await;
    let begun = begun.map_err(|error| Failure::new(Code::Internal).log(error.to_string()))?;
    let erasure = begun.map_err(|not_begun| match not_begun {
        NotBegun::NoAddress => Failure::new(Code::BodyInvalid)
            .detail(
                "`address` is no mail address",
                "`address` がメールアドレスではありません",
            )
            .help(
                "Give one whole address, as in {\"address\": \"end_user@example.com\"}.",
                "アドレス全体を 1 つ指定してください。例: {\"address\": \"end_user@example.com\"}",
            ),
        NotBegun::Busy => Failure::new(Code::ErasureRunning),
        NotBegun::Replaying => Failure::new(Code::Replaying),
        NotBegun::NotAccepting => Failure::new(Code::NotAccepting),
    })?;
    let erasure = said(&house, erasure, lang);
    Ok(HttpResponse::Accepted().json(erasure))
}

/// How far are the erasures?
///
/// Those since the start of the service, the newest first. Which addresses they were for is not kept.
#[utoipa::path(
    tag = "operations",
    params(Tongue),
    responses(
        (status = 200, description = "The erasures", body = ErasureList, example = json!({"items": [sample::erasure()]})),
        OfErasures,
    ),
    security(("token" = ["admin"])),
    extensions(("x-holds-to-limits" = json!([]))),
)]
#[get("/v1/erasures")]
pub(crate) async fn erasures(
    request: HttpRequest,
    house: Visit,
    _asked: Params<Tongue>,
) -> HttpResponse {
    let lang = negotiate::lang(&request);
    let items = house.eraser.erasures().into_iter();
    let items = items.map(|one| said(&house, one, lang)).collect();
    HttpResponse::Ok().json(ErasureList { items })
}

/// With what is out of reach, in words.
fn said(house: &Visit, mut erasure: Erasure, lang: Lang) -> Erasure {
    let ja = lang == Lang::Ja;
    let say = |en: &str, jp: &str| if ja { jp.to_owned() } else { en.to_owned() };
    let mut all = house.eraser.backups();
    if all.is_empty() {
        all.push(say(
            "copies of the data folder: none is named in the configuration (`privacy.backups`), so nobody knows here whether there are any",
            "データフォルダーの複製（設定の `privacy.backups` に記載がないため、複製があるかどうかは不明です）",
        ));
    }
    all.push(say(
        "the gateways' own logs, and relays between them and this service",
        "アプライアンス自身のログと、このサービスまでの中継サーバーのログ",
    ));
    all.push(say(
        "exports and answers that somebody copied out, into tickets for example",
        "チケットなどに写された回答や、エクスポートされたデータ",
    ));
    all.push(say(
        "the audit log, if there is one: who asked for what",
        "監査ログ（誰が何を検索したか）",
    ));
    erasure.not_reached = all;
    erasure
}
