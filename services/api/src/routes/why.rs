//! `GET /v1/why`: the answer by number.

use actix_web::{HttpRequest, HttpResponse, get};
use jiff::Timestamp;
use whymid_schemas::Answer;

use crate::{
    desk::{Ask, What},
    error::{Code, Failure},
    house::Visit,
    query::{Asked, Fields, Params, Tongue, ZoneAsked, names_of},
    refusals::OfWhy,
    reply, sample,
};

/// What is asked: exactly one of `mid`, `icid` and `message_id`.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct WhyAsked {
    /// The message id (MID) of the gateway; not the `Message-ID` header.
    #[param(example = 1404)]
    mid: Option<u64>,
    /// The injection connection id (ICID); in place of `mid`, for mail that never got one.
    #[param(example = 10293)]
    icid: Option<u64>,
    /// The `Message-ID` header, with or without its angle brackets; capitals count.
    #[param(example = "a1b2@example.com", min_length = 1)]
    message_id: Option<String>,
    /// Only this appliance, by its name.
    #[param(example = "esa1", min_length = 1)]
    appliance: Option<String>,
    /// The record nearest to this moment (RFC 3339) in place of the newest.
    #[param(value_type = Option<String>, format = DateTime, example = "2014-08-14T11:05:36Z")]
    at: Option<Timestamp>,
}

impl Asked for WhyAsked {
    fn names() -> Vec<String> {
        names_of::<Self>()
    }

    fn read(fields: &Fields) -> Result<Self, Failure> {
        Ok(Self {
            mid: fields.number("mid")?,
            icid: fields.number("icid")?,
            message_id: fields.text("message_id")?,
            appliance: fields.text("appliance")?,
            at: fields.moment("at")?,
        })
    }
}

impl WhyAsked {
    fn ask(self) -> Result<Ask, Failure> {
        let what = match (self.mid, self.icid, self.message_id) {
            (Some(mid), None, None) => What::Mid(mid),
            (None, Some(icid), None) => What::Icid(icid),
            (None, None, Some(id)) => What::MessageId(id.trim_matches(['<', '>']).to_owned()),
            (None, None, None) => return Err(Failure::new(Code::QuestionMissing)),
            _ => return Err(Failure::new(Code::QuestionAmbiguous)),
        };
        Ok(Ask {
            what,
            appliance: self.appliance,
            at: self.at,
        })
    }
}

/// Why did this message or connection end as it did?
///
/// The answer for the newest record with that MID, ICID or `Message-ID`: what happened, who holds the mail now,
/// who can mend it, the lines that prove it, what was ruled out, and what to do next. Numbers
/// repeat on other appliances and after resets: `candidates` lists the other records that fit.
/// Give exactly one of `mid`, `icid` and `message_id`; a `Message-ID` is that of the header, as
/// logged.
#[utoipa::path(
    tag = "answers",
    params(WhyAsked, Tongue, ZoneAsked),
    responses(
        (status = 200, description = "The answer", content(
            (Answer = "application/json", example = json!(sample::answer())),
            (String = "text/markdown", example = json!(sample::answer_as_markdown())),
            (String = "text/plain", example = json!(sample::answer_as_text())),
            (String = "text/html"),
        )),
        OfWhy,
    ),
    security(("token" = ["read"])),
)]
#[get("/v1/why")]
pub(crate) async fn why(
    request: HttpRequest,
    house: Visit,
    asked: Params<(WhyAsked, (Tongue, ZoneAsked))>,
) -> Result<HttpResponse, Failure> {
    let Params((asked, (_, zone))) = asked;
    let mut ask = asked.ask()?;
    if let What::MessageId(id) = &mut ask.what {
        *id = house.message_id(id);
    }
    let form = reply::answer_form(&request)?;
    let style = house.style(&request, zone.tz);
    let answer = house.desk.why(&ask, &style).await?;
    reply::answer(&request, &house, &answer, &style, form).await
}
