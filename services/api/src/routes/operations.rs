//! What operators and their machines ask: status, health, metrics, and the document itself.

use actix_web::{HttpRequest, HttpResponse, get};
use whymid_schemas::{Lang, Status};

use crate::{
    desk::Told,
    error::{Code, Failure},
    house::Visit,
    negotiate, openapi,
    query::{Params, Tongue},
    refusals::{OfGauge, OfOpen, OfReady},
    sample,
};

const METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// How the service fares.
///
/// Version, listeners, queues, sizes, what came of the lines received, and up to which moment
/// every appliance's lines are answered for.
#[utoipa::path(
    tag = "operations",
    responses(
        (status = 200, description = "The status", body = Status, example = json!(sample::status())),
        OfGauge,
    ),
    security(("token" = ["read"])),
    extensions(("x-holds-to-limits" = json!([]))),
)]
#[get("/v1/status")]
pub(crate) async fn status(house: Visit, _asked: Params<()>) -> HttpResponse {
    HttpResponse::Ok().json(house.gauge.status())
}

/// Is the process alive?
///
/// Answers as long as requests are served at all.
#[utoipa::path(
    tag = "operations",
    responses((status = 200, description = "Alive", body = String, content_type = "text/plain", example = "ok\n"), OfOpen),
    security(()),
)]
#[get("/healthz")]
pub(crate) async fn healthz(_asked: Params<()>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/plain; charset=utf-8")
        .body("ok\n")
}

/// Is the service ready?
///
/// 503 until the journal's replay is done, and whenever something stands in the way; `detail` says
/// what. Behind `ready` stands what is to be mended, a line each: a certificate that ends within 30
/// days, or that can't be taken.
#[utoipa::path(
    tag = "operations",
    params(Tongue),
    responses((status = 200, description = "Ready", body = String, content_type = "text/plain", example = "ready\n"), OfReady),
    security(()),
)]
#[get("/readyz")]
pub(crate) async fn readyz(
    house: Visit,
    request: HttpRequest,
    _asked: Params<Tongue>,
) -> Result<HttpResponse, Failure> {
    let reasons = house.gauge.not_ready();
    if reasons.is_empty() {
        let lang = negotiate::lang(&request);
        let mut text = "ready\n".to_owned();
        for warning in house.gauge.warnings() {
            text += match lang {
                Lang::En => "warning: ",
                Lang::Ja => "警告: ",
            };
            text += &in_lang(&warning, lang);
            text.push('\n');
        }
        return Ok(HttpResponse::Ok()
            .content_type("text/plain; charset=utf-8")
            .body(text));
    }
    let all = |lang, between: &str| {
        let told = reasons.iter().map(|one| in_lang(one, lang));
        told.collect::<Vec<_>>().join(between)
    };
    Err(Failure::new(Code::NotReady).detail(all(Lang::En, "; "), all(Lang::Ja, "。")))
}

fn in_lang(told: &Told, lang: Lang) -> String {
    match lang {
        Lang::En => told.en.clone(),
        Lang::Ja => told.ja.clone(),
    }
}

/// Metrics for Prometheus.
///
/// In the OpenMetrics text format.
#[utoipa::path(
    tag = "operations",
    responses(
        (status = 200, description = "The metrics", body = String,
         content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8",
         example = "# TYPE whymid_lines_received counter\nwhymid_lines_received_total 42\n# EOF\n"),
        OfGauge,
    ),
    security(("token" = ["read"])),
    extensions(("x-holds-to-limits" = json!([]))),
)]
#[get("/metrics")]
pub(crate) async fn metrics(house: Visit, _asked: Params<()>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(METRICS)
        .body(house.gauge.metrics())
}

/// This document.
///
/// The contract of this service as OpenAPI 3.1.
#[utoipa::path(
    tag = "operations",
    responses((status = 200, description = "The document", body = serde_json::Value, content_type = "application/yaml", example = "openapi: 3.1.0\n"), OfOpen),
    security(()),
)]
#[get("/openapi.yaml")]
pub(crate) async fn openapi_document(_asked: Params<()>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/yaml; charset=utf-8")
        .body(openapi::yaml())
}
