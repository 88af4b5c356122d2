//! `GET /v1/messages` and `GET /v1/connections`: what fits the filters, in pages, or all of it as
//! lines of JSON or CSV.

use actix_web::{HttpRequest, HttpResponse, get};
use whymid_schemas::{ConnectionList, MessageList, Time};
use whymid_store::{Order, Place, Search};

use crate::{
    desk::Style,
    error::{Code, Failure},
    export,
    filters::{ConnectionFilters, MessageFilters, OfConnections, OfMessages, Wanted},
    house::Visit,
    negotiate::{self, Form},
    query::{Asked, Fields, Params, Shown, Tongue, ZoneAsked, names_of},
    refusals::OfSearch,
    reply, sample,
};

const LIMIT_DEFAULT: usize = 100;
const LIMIT_MOST: usize = 1000;

/// Which page of a list, in which order.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ListAsked {
    /// By the first line: `-start` the newest first, `start` the oldest first.
    #[param(value_type = Option<String>, default = "-start", example = "-start")]
    sort: Order,
    /// Where to go on: `next_cursor` of the page before.
    #[param(value_type = Option<String>, example = "5f5e1a2b3c4d5.m0123456789abcdef")]
    cursor: Option<Place>,
    /// The most items a page. An export is not paged: there it is the most items at all, and
    /// absent means all.
    #[param(value_type = Option<usize>, default = 100, minimum = 1, maximum = 1000, example = 100)]
    limit: Option<usize>,
}

impl Asked for ListAsked {
    fn names() -> Vec<String> {
        names_of::<Self>()
    }

    fn read(fields: &Fields) -> Result<Self, Failure> {
        let limit = fields.number("limit")?;
        if limit.is_some_and(|limit| !(1..=LIMIT_MOST).contains(&limit)) {
            return Err(Failure::new(Code::ParameterInvalid).detail(
                format!("`limit` may be 1 to {LIMIT_MOST}"),
                format!("`limit` に指定できるのは 1 から {LIMIT_MOST} までです"),
            ));
        }
        Ok(Self {
            sort: sort(fields)?,
            cursor: fields.get("cursor").map(place).transpose()?,
            limit,
        })
    }
}

fn sort(fields: &Fields) -> Result<Order, Failure> {
    match fields.get("sort") {
        None | Some("-start") => Ok(Order::NewestFirst),
        Some("start") => Ok(Order::OldestFirst),
        Some(other) => Err(Failure::new(Code::ParameterInvalid).detail(
            format!("`sort` is `{other}`; it may be `start` or `-start`"),
            format!("`sort` の値は `{other}` です。`start` または `-start` を指定できます"),
        )),
    }
}

/// A cursor: the moment in microseconds, hexadecimal, and the id.
fn place(cursor: &str) -> Result<Place, Failure> {
    let parts = cursor.split_once('.').and_then(|(micros, id)| {
        let micros = i64::from_str_radix(micros, 16).ok()?;
        let start = jiff::Timestamp::from_microsecond(micros).ok()?;
        let id = id.to_owned();
        (!id.is_empty()).then_some(Place { start, id })
    });
    parts.ok_or_else(|| {
        Failure::new(Code::ParameterMalformed)
            .detail(
                "`cursor` is not one of ours",
                "`cursor` はこのサービスが返したものではありません",
            )
            .help(
                "Give `next_cursor` of the page before, as it is.",
                "前のページの `next_cursor` をそのまま指定してください。",
            )
    })
}

pub(super) fn cursor(place: &Place) -> String {
    format!("{:x}.{}", place.start.as_microsecond(), place.id)
}

impl ListAsked {
    pub(super) fn search(&self, house: &Visit, wanted: &Wanted) -> Result<Search, Failure> {
        Ok(Search {
            filter: house.conditions(wanted.at(house.desk.now()))?,
            order: self.sort,
            after: self.cursor.clone(),
            limit: self.limit.unwrap_or(LIMIT_DEFAULT),
        })
    }
}

/// Whether all that was asked can be asked: a diagnosis by its id must be one; an export has no room
/// to say that words were left out.
pub(super) fn check(
    house: &Visit,
    wanted: &Wanted,
    form: Form,
    style: &Style,
) -> Result<(), Failure> {
    let known = house.desk.diagnoses(style).items;
    let is_known = |id: &str| known.iter().any(|one| one.id == id);
    if let Some(id) = wanted.unknown_diagnosis(is_known) {
        let nearest = whymid_diagnosis::nearest_word(id, known.iter().map(|one| one.id.as_str()));
        let failure = Failure::new(Code::ParameterInvalid).detail(
            format!("there is no diagnosis `{id}`"),
            format!("診断 `{id}` はありません"),
        );
        return Err(match nearest {
            Some(nearest) => failure.help(
                format!("Did you mean `{nearest}`? /v1/diagnoses lists them all."),
                format!("`{nearest}` の間違いではありませんか。一覧は /v1/diagnoses にあります。"),
            ),
            None => failure.help(
                "/v1/diagnoses lists them all.",
                "一覧は /v1/diagnoses にあります。",
            ),
        });
    }
    match wanted.not_understood.first().filter(|_| form != Form::Json) {
        Some(text) => Err(Failure::new(Code::ParameterInvalid).detail(
            format!("`{text}` holds no word"),
            format!("`{text}` には語が含まれていません"),
        )),
        None => Ok(()),
    }
}

/// Messages that fit.
///
/// Filters combine; a repeated one means "or"; `!` in front of a value means "not". A `*` at the
/// end of a value matches a beginning, at its front an ending. What is in memory and what is written
/// is found alike. By `Accept` all of it comes as lines of JSON (`application/x-ndjson`) or as CSV
/// (`text/csv`), a table of the same fields with one row a recipient. `outcome=!delivered` finds what is
/// under way too: add `!processing` and `!queued` for what did not arrive.
#[utoipa::path(
    tag = "messages",
    operation_id = "messages",
    params(MessageFilters, ListAsked, Tongue, ZoneAsked),
    responses(
        (status = 200, description = "A page of messages", content(
            (MessageList = "application/json", example = json!(sample::messages())),
            (String = "application/x-ndjson"),
            (String = "text/csv"),
        )),
        OfSearch,
    ),
    security(("token" = ["read"])),
)]
#[get("/v1/messages")]
pub(crate) async fn messages(
    request: HttpRequest,
    house: Visit,
    asked: Params<(OfMessages, (ListAsked, Shown))>,
) -> Result<HttpResponse, Failure> {
    let Params((OfMessages(wanted), (list, (_, zone)))) = asked;
    let form = negotiate::form(&request, &[Form::Json, Form::Ndjson, Form::Csv])?;
    let style = house.style(&request, zone.tz);
    check(&house, &wanted, form, &style)?;
    let search = list.search(&house, &wanted)?;
    if form != Form::Json {
        return export::messages(house, search, style, form, list.limit).await;
    }
    let page = house.desk.messages(&search, &style).await?;
    let complete_up_to = house.desk.complete_up_to();
    let found = MessageList {
        items: page.items,
        next_cursor: page.next.as_ref().map(cursor),
        not_understood: wanted.not_understood,
        complete_up_to: complete_up_to.map(|at| Time::of(at, &style.zone)),
    };
    Ok(reply::json(&found, style.lang))
}

/// Connections that fit.
///
/// Refused ones included, of which most never got a MID. `outcome`, `diagnosis` and `party` find
/// those that carried no message; what the others carried is found with `/v1/messages`. By `Accept`
/// all of it comes as lines of JSON (`application/x-ndjson`) or as CSV (`text/csv`).
#[utoipa::path(
    tag = "connections",
    operation_id = "connections",
    params(ConnectionFilters, ListAsked, Tongue, ZoneAsked),
    responses(
        (status = 200, description = "A page of connections", content(
            (ConnectionList = "application/json", example = json!(sample::connections())),
            (String = "application/x-ndjson"),
            (String = "text/csv"),
        )),
        OfSearch,
    ),
    security(("token" = ["read"])),
    extensions(("x-holds-to-limits" = json!(["appliances"]))),
)]
#[get("/v1/connections")]
pub(crate) async fn connections(
    request: HttpRequest,
    house: Visit,
    asked: Params<(OfConnections, (ListAsked, Shown))>,
) -> Result<HttpResponse, Failure> {
    let Params((OfConnections(wanted), (list, (_, zone)))) = asked;
    let form = negotiate::form(&request, &[Form::Json, Form::Ndjson, Form::Csv])?;
    let style = house.style(&request, zone.tz);
    check(&house, &wanted, form, &style)?;
    let search = list.search(&house, &wanted)?;
    if form != Form::Json {
        return export::connections(house, search, style, form, list.limit).await;
    }
    let page = house.desk.connections(&search, &style).await?;
    let complete_up_to = house.desk.complete_up_to();
    let found = ConnectionList {
        items: page.items,
        next_cursor: page.next.as_ref().map(cursor),
        not_understood: wanted.not_understood,
        complete_up_to: complete_up_to.map(|at| Time::of(at, &style.zone)),
    };
    Ok(reply::json(&found, style.lang))
}
