//! What operators and their machines ask: status, health, metrics, and the document itself.

use actix_web::{HttpResponse, get, web::Data};
use whymid_schemas::Status;

use crate::{
    error::{Code, Failure},
    house::House,
    openapi,
    query::Params,
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
)]
#[get("/v1/status")]
pub(crate) async fn status(house: Data<House>, _asked: Params<()>) -> HttpResponse {
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
/// what.
#[utoipa::path(
    tag = "operations",
    responses((status = 200, description = "Ready", body = String, content_type = "text/plain", example = "ready\n"), OfReady),
    security(()),
)]
#[get("/readyz")]
pub(crate) async fn readyz(
    house: Data<House>,
    _asked: Params<()>,
) -> Result<HttpResponse, Failure> {
    let reasons = house.gauge.not_ready();
    if reasons.is_empty() {
        return Ok(HttpResponse::Ok()
            .content_type("text/plain; charset=utf-8")
            .body("ready\n"));
    }
    let reasons = reasons.join("; ");
    Err(Failure::new(Code::NotReady).detail(reasons.clone(), reasons))
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
)]
#[get("/metrics")]
pub(crate) async fn metrics(house: Data<House>, _asked: Params<()>) -> HttpResponse {
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
