//! Searches by real addresses and subjects, where those are kept as pseudonyms: to searches by what
//! is kept, for those who may.
//!
//! Not here: how pseudonyms are made (`services/store/src/pseudonyms.rs`).

use whymid_store::{AsksBy, Filter, Pseudonyms, asked_by};

use crate::{
    error::{Code, Failure},
    house::Visit,
};

impl Visit {
    /// The conditions of a search as what is kept fits them.
    pub(crate) fn conditions(&self, filter: Filter) -> Result<Filter, Failure> {
        let Some(pseudonyms) = &self.pseudonyms else {
            return Ok(filter);
        };
        match asked_by(&filter) {
            AsksBy::Part => Err(part()),
            AsksBy::Real if !self.real_addresses => Err(Failure::new(Code::RealAddressesDenied)),
            AsksBy::Real | AsksBy::Nothing => Ok(pseudonyms.translated(filter)),
        }
    }

    /// A `Message-ID` as it is kept.
    pub(crate) fn message_id(&self, id: &str) -> String {
        let kept = self.pseudonyms.as_ref().map(|one| one.message_id(id));
        kept.unwrap_or_else(|| id.to_owned())
    }
}

fn part() -> Failure {
    Failure::new(Code::ParameterInvalid)
        .detail(
            "addresses and subjects are kept as pseudonyms here, which have no beginnings or endings in common",
            "ここではアドレスと件名を仮名で保存しているため、前方一致・後方一致では検索できません",
        )
        .help(
            "Give a whole address, `*@domain`, or a whole subject.",
            "アドレス全体、`*@ドメイン`、または件名全体を指定してください。",
        )
}

/// Parameters in which nobody is named, but for addresses.
const PLAIN: [&str; 26] = [
    "mid",
    "icid",
    "dcid",
    "message_id",
    "appliance",
    "host",
    "ip",
    "outcome",
    "diagnosis",
    "party",
    "since",
    "until",
    "sort",
    "limit",
    "cursor",
    "lang",
    "tz",
    "at",
    "group_by",
    "interval",
    "entries",
    "year",
    "lane",
    "timezone",
    "format",
    "next",
];

/// A query string in which nobody is named.
pub(crate) fn covered_query(query: &str, pseudonyms: &Pseudonyms) -> String {
    let Ok(pairs) = serde_urlencoded::from_str::<Vec<(String, String)>>(query) else {
        return pseudonyms.text(query);
    };
    let covered = pairs.into_iter().map(|(name, value)| {
        let value = match name.as_str() {
            "q" | "subject" => pseudonyms.subject_text(&value),
            "sender" | "recipient" => pseudonyms.asked(&value),
            name if PLAIN.contains(&name) => pseudonyms.text(&value),
            // nobody knows what it is
            _ => pseudonyms.subject_text(&value),
        };
        (name, value)
    });
    let covered: Vec<(String, String)> = covered.collect();
    serde_urlencoded::to_string(covered).unwrap_or_default()
}
