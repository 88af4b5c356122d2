//! The field that takes anything, and the overview: pages that show mail.

use actix_web::{HttpRequest, HttpResponse, get, http::header::LOCATION, post};

use crate::{
    ask::{self, Meant},
    body::Form,
    error::{Code, Failure},
    house::Visit,
    pages,
    query::{Asked, Fields, Params, Shown, Tongue, ZoneAsked, names_of},
    refusals::{OfAsk, OfOverview},
    reply,
};

/// What is looked for.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AskAsked {
    /// A MID, ICID, Message-ID, address, host, IP, words, filters, or pieces of log.
    #[param(value_type = Option<String>, example = "1404")]
    q: String,
}

impl Asked for AskAsked {
    fn names() -> Vec<String> {
        names_of::<Self>()
    }

    fn read(fields: &Fields) -> Result<Self, Failure> {
        let q = fields.get("q").unwrap_or_default().to_owned();
        Ok(Self { q })
    }
}

/// Ask.
///
/// What `q` was understood as, the messages and connections that fit, and the articles that explain
/// it. Where one message alone is meant, the way to its page.
#[utoipa::path(
    tag = "pages",
    params(AskAsked, Tongue, ZoneAsked),
    responses(
        (status = 200, description = "The page", body = String, content_type = "text/html", example = "<!doctype html>…"),
        (status = 303, description = "One message is meant: its page"),
        OfAsk,
    ),
    security(("token" = ["read"])),
)]
#[get("/ask")]
pub(crate) async fn ask_page(
    request: HttpRequest,
    house: Visit,
    asked: Params<(AskAsked, Shown)>,
) -> Result<HttpResponse, Failure> {
    let Params((asked, (_, zone))) = asked;
    let style = house.style(&request, zone.tz);
    let meant = ask::meant(&asked.q)?;
    pages::ask::page(&request, &house, &asked.q, meant, &style).await
}

/// The form of the page.
#[derive(Debug, serde::Deserialize, utoipa::ToSchema)]
pub(crate) struct AskForm {
    /// As `q` of `GET /ask`; up to 256 KiB.
    #[schema(example = "1404")]
    q: String,
}

/// The longest text that the form takes, bytes.
const LONGEST_FORM: usize = 256 * 1024;

/// The longest text that is sent on as an address.
const LONGEST_ADDRESS: usize = 1500;

/// Ask, with a form.
///
/// The same for what is too long for an address: pasted logs. A short text that is no log is sent on
/// to `GET /ask`, so that the page can be kept as a bookmark.
#[utoipa::path(
    tag = "pages",
    params(Tongue, ZoneAsked),
    request_body(content = AskForm, content_type = "application/x-www-form-urlencoded"),
    responses(
        (status = 200, description = "The page", body = String, content_type = "text/html", example = "<!doctype html>…"),
        (status = 303, description = "The address of the same page"),
        OfAsk,
    ),
    security(("token" = ["read"])),
)]
#[post("/ask")]
pub(crate) async fn ask_form(
    request: HttpRequest,
    house: Visit,
    asked: Params<Shown>,
    form: Form<AskForm>,
) -> Result<HttpResponse, Failure> {
    let Params((_, zone)) = asked;
    let style = house.style(&request, zone.tz);
    let Form(AskForm { q }) = form;
    if q.len() > LONGEST_FORM {
        return Err(Failure::new(Code::BodyTooLarge).help(
            "The field takes 256 KiB. For more use `POST /v1/explain` or `whymid explain FILE`.",
            "入力欄に入れられるのは 256 KiB までです。それ以上は `POST /v1/explain` か `whymid explain FILE` を使ってください。",
        ));
    }
    let meant = ask::meant(&q)?;
    if q.len() <= LONGEST_ADDRESS && !matches!(meant, Meant::Log(_)) {
        let text = serde_urlencoded::to_string([("q", q.trim())]);
        let text = text.map_err(|error| Failure::new(Code::Internal).log(error.to_string()))?;
        let page = format!("{}/ask?{text}&{}", house.root(), reply::shown(&style)?);
        let mut response = HttpResponse::SeeOther();
        return Ok(response.insert_header((LOCATION, page)).finish());
    }
    pages::ask::page(&request, &house, &q, meant, &style).await
}

/// How long the overview looks back.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OverviewAsked {
    /// So many days: 1 or 7.
    #[param(value_type = Option<u16>, default = 1, minimum = 1, maximum = 7, example = 1)]
    days: u16,
}

impl Asked for OverviewAsked {
    fn names() -> Vec<String> {
        names_of::<Self>()
    }

    fn read(fields: &Fields) -> Result<Self, Failure> {
        let days = fields.number("days")?.unwrap_or(1);
        if !(1..=7).contains(&days) {
            return Err(Failure::new(Code::ParameterInvalid).detail(
                format!("`days` is {days}; it may be 1 to 7"),
                format!("`days` の値は {days} です。1 から 7 まで指定できます"),
            ));
        }
        Ok(Self { days })
    }
}

/// The last day, or the last week.
///
/// What did not arrive, by cause, party, appliance and partner, and over time.
#[utoipa::path(
    tag = "pages",
    params(OverviewAsked, Tongue, ZoneAsked),
    responses((status = 200, description = "The page", body = String, content_type = "text/html", example = "<!doctype html>…"), OfOverview),
    security(("token" = ["read"])),
)]
#[get("/overview")]
pub(crate) async fn overview_page(
    request: HttpRequest,
    house: Visit,
    asked: Params<(OverviewAsked, Shown)>,
) -> Result<HttpResponse, Failure> {
    let Params((asked, (_, zone))) = asked;
    let style = house.style(&request, zone.tz);
    pages::overview::page(&request, &house, asked.days, &style).await
}
