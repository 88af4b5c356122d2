//! Query strings, strictly: each parameter known, readable, and once where it may not be repeated.
//!
//! The names are those that the OpenAPI document shows (`IntoParams`), so the two cannot differ.

use std::{
    future::{Ready, ready},
    str::FromStr,
};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web};
use jiff::{Timestamp, tz::TimeZone};
use utoipa::IntoParams;
use whymid_schemas::Lang;

use crate::error::{Code, Failure};

/// A set of query parameters.
pub(crate) trait Asked: Sized {
    /// The names that may stand in the query.
    fn names() -> Vec<String>;
    /// Those of them that may stand there more than once.
    fn repeated() -> Vec<String> {
        Vec::new()
    }
    /// Reads them.
    fn read(fields: &Fields) -> Result<Self, Failure>;
}

/// Extracts query parameters; anything else in the query is an error.
#[derive(Debug)]
pub(crate) struct Params<T>(pub(crate) T);

impl<T: Asked> FromRequest for Params<T> {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let fields = Fields::read(request.query_string(), &T::names(), &T::repeated());
        ready(fields.and_then(|fields| T::read(&fields)).map(Self))
    }
}

/// The names of a set of parameters, as the document shows them.
pub(crate) fn names_of<T: IntoParams>() -> Vec<String> {
    T::into_params(|| None)
        .into_iter()
        .map(|parameter| parameter.name)
        .collect()
}

/// No parameters at all.
impl Asked for () {
    fn names() -> Vec<String> {
        Vec::new()
    }

    fn read(_: &Fields) -> Result<Self, Failure> {
        Ok(())
    }
}

impl<A: Asked, B: Asked> Asked for (A, B) {
    fn names() -> Vec<String> {
        let mut names = A::names();
        names.extend(B::names());
        names
    }

    fn repeated() -> Vec<String> {
        let mut names = A::repeated();
        names.extend(B::repeated());
        names
    }

    fn read(fields: &Fields) -> Result<Self, Failure> {
        Ok((A::read(fields)?, B::read(fields)?))
    }
}

/// `lang`, on every call that has texts for people.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Tongue {
    /// The language of every human text, `en` or `ja`; by `Accept-Language` where absent.
    #[param(value_type = Option<Lang>, example = "ja", inline)]
    #[expect(
        dead_code,
        reason = "checked here; `negotiate::lang` reads it for answers, pages and errors alike"
    )]
    lang: Option<Lang>,
}

impl Asked for Tongue {
    fn names() -> Vec<String> {
        names_of::<Self>()
    }

    fn read(fields: &Fields) -> Result<Self, Failure> {
        Ok(Self {
            lang: fields.lang()?,
        })
    }
}

/// What every call has that shows both: `lang` and `tz`.
pub(crate) type Shown = (Tongue, ZoneAsked);

/// `tz`, on every call that has moments.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ZoneAsked {
    /// The IANA time zone that moments are written in.
    #[param(value_type = Option<String>, example = "Asia/Tokyo", default = "UTC")]
    pub(crate) tz: Option<TimeZone>,
}

impl Asked for ZoneAsked {
    fn names() -> Vec<String> {
        names_of::<Self>()
    }

    fn read(fields: &Fields) -> Result<Self, Failure> {
        Ok(Self {
            tz: fields.get("tz").map(|name| zone("tz", name)).transpose()?,
        })
    }
}

/// The time zone of an IANA name.
pub(crate) fn zone(name: &str, value: &str) -> Result<TimeZone, Failure> {
    TimeZone::get(value).map_err(|error| {
        Failure::new(Code::TimezoneUnknown)
            .detail(
                format!("`{name}` is `{value}`, which is no time zone known here"),
                format!("`{name}` の値 `{value}` は不明なタイムゾーンです"),
            )
            .log(error.to_string())
    })
}

/// A query string that holds only known parameters, each once but for those that may be repeated.
#[derive(Debug)]
pub(crate) struct Fields(Vec<(String, String)>);

impl Fields {
    fn read(query: &str, names: &[String], repeated: &[String]) -> Result<Self, Failure> {
        let pairs = web::Query::<Vec<(String, String)>>::from_query(query)
            .map_err(|error| Failure::new(Code::RequestMalformed).log(error.to_string()))?
            .into_inner();
        for (at, (name, _)) in pairs.iter().enumerate() {
            if !names.contains(name) {
                return Err(unknown(name, names));
            }
            if !repeated.contains(name) && pairs[..at].iter().any(|(earlier, _)| earlier == name) {
                return Err(given_twice(name));
            }
        }
        Ok(Self(pairs))
    }

    /// Pairs that were read elsewhere.
    pub(crate) fn of(pairs: Vec<(String, String)>, repeated: &[String]) -> Result<Self, Failure> {
        for (at, (name, _)) in pairs.iter().enumerate() {
            if !repeated.contains(name) && pairs[..at].iter().any(|(earlier, _)| earlier == name) {
                return Err(given_twice(name));
            }
        }
        Ok(Self(pairs))
    }

    /// The values of a parameter that may be repeated.
    pub(crate) fn all<'f>(&'f self, name: &'f str) -> impl Iterator<Item = &'f str> {
        let pairs = self.0.iter().filter(move |(known, _)| known == name);
        pairs.map(|(_, value)| value.as_str())
    }

    /// The value of a parameter.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let pair = self.0.iter().find(|(known, _)| known == name);
        pair.map(|(_, value)| value.as_str())
    }

    /// A text that, where given, is not empty.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, Failure> {
        match self.get(name) {
            Some("") => Err(Failure::new(Code::ParameterInvalid)
                .detail(format!("`{name}` is empty"), format!("`{name}` が空です"))),
            other => Ok(other.map(str::to_owned)),
        }
    }

    /// A whole number.
    pub(crate) fn number<N: FromStr>(&self, name: &str) -> Result<Option<N>, Failure> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let digits = value.bytes().all(|byte| byte.is_ascii_digit());
        let number = value.parse().ok().filter(|_| digits);
        number.map(Some).ok_or_else(|| not_a_number(name, value))
    }

    /// A moment by RFC 3339.
    pub(crate) fn moment(&self, name: &str) -> Result<Option<Timestamp>, Failure> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        // A `+` that was not percent-encoded has become a space.
        let repaired = match value.rsplit_once(' ') {
            Some((moment, offset)) if moment.contains([':']) => format!("{moment}+{offset}"),
            Some(_) | None => value.to_owned(),
        };
        repaired
            .parse()
            .map(Some)
            .map_err(|_| not_a_moment(name, value))
    }

    fn lang(&self) -> Result<Option<Lang>, Failure> {
        let Some(word) = self.get("lang") else {
            return Ok(None);
        };
        Lang::from_word(word).map(Some).ok_or_else(|| {
            Failure::new(Code::LangUnknown).detail(
                format!("`lang` is `{word}`"),
                format!("`lang` の値は `{word}` です"),
            )
        })
    }
}

fn unknown(name: &str, names: &[String]) -> Failure {
    let failure = Failure::new(Code::ParameterUnknown).detail(
        format!("there is no parameter `{name}` here"),
        format!("パラメーター `{name}` はありません"),
    );
    if names.is_empty() {
        return failure.help(
            "This call takes no parameters.",
            "この呼び出しにパラメーターはありません。",
        );
    }
    let all = names.join(", ");
    match whymid_diagnosis::nearest_word(name, names.iter().map(String::as_str)) {
        Some(nearest) => failure.help(
            format!("Did you mean `{nearest}`? Known here: {all}."),
            format!("`{nearest}` の間違いではありませんか。使えるのは {all} です。"),
        ),
        None => failure.help(
            format!("Known here: {all}."),
            format!("使えるのは {all} です。"),
        ),
    }
}

fn given_twice(name: &str) -> Failure {
    Failure::new(Code::ParameterRepeated).detail(
        format!("`{name}` is given more than once"),
        format!("`{name}` が 2 回以上指定されています"),
    )
}

fn not_a_number(name: &str, value: &str) -> Failure {
    Failure::new(Code::ParameterMalformed).detail(
        format!("`{name}` is `{value}`, which is not a whole number in range"),
        format!("`{name}` の値 `{value}` は範囲内の整数ではありません"),
    )
}

fn not_a_moment(name: &str, value: &str) -> Failure {
    Failure::new(Code::ParameterMalformed)
        .detail(
            format!("`{name}` is `{value}`, which is not a moment"),
            format!("`{name}` の値 `{value}` は日時ではありません"),
        )
        .help(
            "Write it by RFC 3339 with an offset, for example 2014-08-14T11:05:36Z; `since` and `until` also take so long ago: 30m, 24h, 7d, 2w.",
            "オフセット付きの RFC 3339 形式で指定してください。例: 2014-08-14T11:05:36Z。`since` と `until` には 30m、24h、7d、2w のような「どれだけ前か」も指定できます。",
        )
}
