//! The filters of a search, as they stand in a query string, to the store's conditions.
//!
//! A parameter may be repeated: one of its values must fit. `!` in front of a value turns it round;
//! `*` at its end matches a beginning, at its front an ending. `q` and `subject` are read leniently:
//! what holds no word is listed and left out.
//!
//! Invariant: what can't be read is an error that says how it should be written; nothing that was
//! asked is silently dropped.

mod text;

use jiff::{SignedDuration, Timestamp};
use whymid_schemas::{Outcome, Party};
use whymid_store::{Choice, Filter, Pattern, Phrase, RecordKind};

pub(crate) use self::text::span;
use self::text::{phrase, words};
use crate::{
    error::{Code, Failure},
    query::{Asked, Fields, names_of},
};

/// The most values of one parameter.
const MOST_VALUES: usize = 50;

/// Filters on messages.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "describes the parameters to the document; `read` reads them"
)]
pub(crate) struct MessageFilters {
    /// Words that stand in telling lines or in the subject: all of them, in any order; `"two words"`
    /// one behind the other, `-word` not, `wor*` by the beginning.
    #[param(value_type = Option<String>, example = "aborted -timeout")]
    q: (),
    /// The appliance, by name.
    #[param(value_type = Option<Vec<String>>, style = Form, explode, example = json!(["esa1"]))]
    appliance: (),
    /// The message id (MID).
    #[param(value_type = Option<Vec<String>>, style = Form, explode, example = json!(["1404"]))]
    mid: (),
    /// The connection id (ICID) it came by.
    #[param(value_type = Option<Vec<String>>, style = Form, explode, example = json!(["10293"]))]
    icid: (),
    /// A delivery connection id (DCID) it used.
    #[param(value_type = Option<Vec<String>>, style = Form, explode, example = json!(["50127"]))]
    dcid: (),
    /// The `Message-ID` header; capitals count.
    #[param(value_type = Option<Vec<String>>, style = Form, explode, example = json!(["a1b2@example.com"]))]
    message_id: (),
    /// The envelope sender: `ann@example.com`, `*@example.com`, `ann@*`; `<>` is the null sender.
    #[param(value_type = Option<Vec<String>>, style = Form, explode, example = json!(["*@domain.com"]))]
    sender: (),
    /// A recipient.
    #[param(value_type = Option<Vec<String>>, style = Form, explode, example = json!(["*@example.com"]))]
    recipient: (),
    /// Words of the subject, one behind the other.
    #[param(value_type = Option<Vec<String>>, style = Form, explode, example = json!(["invoice"]))]
    subject: (),
    /// The sending host, by its reverse DNS name.
    #[param(value_type = Option<Vec<String>>, style = Form, explode, example = json!(["*.example.com"]))]
    host: (),
    /// The sending host's address.
    #[param(value_type = Option<Vec<String>>, style = Form, explode, example = json!(["192.0.2.*"]))]
    ip: (),
    /// The outcome.
    #[param(value_type = Option<Vec<String>>, style = Form, explode, example = json!(["aborted", "!delivered"]))]
    outcome: (),
    /// The diagnosis.
    #[param(value_type = Option<Vec<String>>, style = Form, explode, example = json!(["receiving-aborted-*"]))]
    diagnosis: (),
    /// Who can mend it.
    #[param(value_type = Option<Vec<String>>, style = Form, explode, example = json!(["our_policy"]))]
    party: (),
    /// First line not before this moment: RFC 3339, or so long ago (`30m`, `24h`, `7d`, `2w`).
    #[param(value_type = Option<String>, example = "24h")]
    since: (),
    /// First line before this moment.
    #[param(value_type = Option<String>, example = "2014-08-15T00:00:00Z")]
    until: (),
}

/// Filters on connections.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "describes the parameters to the document; `read` reads them"
)]
pub(crate) struct ConnectionFilters {
    /// Words that stand in telling lines.
    #[param(value_type = Option<String>, example = "REJECT")]
    q: (),
    /// The appliance, by name.
    #[param(value_type = Option<Vec<String>>, style = Form, explode, example = json!(["esa1"]))]
    appliance: (),
    /// The connection id (ICID).
    #[param(value_type = Option<Vec<String>>, style = Form, explode, example = json!(["10293"]))]
    icid: (),
    /// The sending host, by its reverse DNS name.
    #[param(value_type = Option<Vec<String>>, style = Form, explode, example = json!(["*.example.com"]))]
    host: (),
    /// The sending host's address.
    #[param(value_type = Option<Vec<String>>, style = Form, explode, example = json!(["192.0.2.*"]))]
    ip: (),
    /// How it ended, of those that carried no message: what others carried is found with
    /// `/v1/messages`.
    #[param(value_type = Option<Vec<String>>, style = Form, explode, example = json!(["rejected"]))]
    outcome: (),
    /// The diagnosis, of those that carried no message.
    #[param(value_type = Option<Vec<String>>, style = Form, explode, example = json!(["connection-*"]))]
    diagnosis: (),
    /// Who can mend it, of those that carried no message.
    #[param(value_type = Option<Vec<String>>, style = Form, explode, example = json!(["sender"]))]
    party: (),
    /// First line not before this moment: RFC 3339, or so long ago (`30m`, `24h`, `7d`, `2w`).
    #[param(value_type = Option<String>, example = "24h")]
    since: (),
    /// First line before this moment.
    #[param(value_type = Option<String>, example = "2014-08-15T00:00:00Z")]
    until: (),
}

/// Filters on the events of one appliance.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(
    dead_code,
    reason = "describes the parameters to the document; `read` reads them"
)]
pub(crate) struct EventFilters {
    /// Words that stand in the line.
    #[param(value_type = Option<String>, example = "TCPREFUSE")]
    q: (),
    /// The MID that a line of another log is about.
    #[param(value_type = Option<Vec<String>>, style = Form, explode, example = json!(["1404"]))]
    mid: (),
    /// Not before this moment: RFC 3339, or so long ago (`30m`, `24h`, `7d`, `2w`).
    #[param(value_type = Option<String>, example = "24h")]
    since: (),
    /// Before this moment.
    #[param(value_type = Option<String>, example = "2014-08-15T00:00:00Z")]
    until: (),
}

/// The filters of a search on events.
#[derive(Debug)]
pub(crate) struct OfEvents(pub(crate) Wanted);

impl Asked for OfEvents {
    fn names() -> Vec<String> {
        names_of::<EventFilters>()
    }

    fn repeated() -> Vec<String> {
        several(Self::names())
    }

    fn read(fields: &Fields) -> Result<Self, Failure> {
        read(fields, RecordKind::Event).map(Self)
    }
}

/// A filter as it was asked for; moments may be told from now.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    filter: Filter,
    since: Option<Moment>,
    until: Option<Moment>,
    /// What held no word.
    pub(crate) not_understood: Vec<String>,
}

/// A moment, or so long ago.
#[derive(Clone, Copy, Debug)]
enum Moment {
    At(Timestamp),
    Ago(SignedDuration),
}

impl Moment {
    fn at(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(at) => at,
            Self::Ago(ago) => now.saturating_sub(ago).unwrap_or(Timestamp::MIN),
        }
    }
}

impl Wanted {
    /// A diagnosis that is asked for by its whole id and that nobody knows.
    pub(crate) fn unknown_diagnosis(&self, is_known: impl Fn(&str) -> bool) -> Option<&str> {
        let asked = self.filter.diagnosis.any.iter();
        let mut asked = asked.chain(&self.filter.diagnosis.none);
        asked.find_map(|pattern| {
            let Pattern::Is(id) = pattern else {
                return None;
            };
            (!is_known(id)).then_some(id.as_str())
        })
    }

    /// Only of this appliance.
    pub(crate) fn of(mut self, appliance: &str) -> Self {
        self.filter.appliance.any = vec![appliance.to_lowercase()];
        self
    }

    /// The filter at a moment.
    pub(crate) fn at(&self, now: Timestamp) -> Filter {
        Filter {
            since: self.since.map(|one| one.at(now)),
            until: self.until.map(|one| one.at(now)),
            ..self.filter.clone()
        }
    }
}

/// The filters of a search on messages.
#[derive(Debug)]
pub(crate) struct OfMessages(pub(crate) Wanted);

/// The filters of a search on connections.
#[derive(Debug)]
pub(crate) struct OfConnections(pub(crate) Wanted);

impl Asked for OfMessages {
    fn names() -> Vec<String> {
        names_of::<MessageFilters>()
    }

    fn repeated() -> Vec<String> {
        several(Self::names())
    }

    fn read(fields: &Fields) -> Result<Self, Failure> {
        read(fields, RecordKind::Message).map(Self)
    }
}

impl Asked for OfConnections {
    fn names() -> Vec<String> {
        names_of::<ConnectionFilters>()
    }

    fn repeated() -> Vec<String> {
        several(Self::names())
    }

    fn read(fields: &Fields) -> Result<Self, Failure> {
        read(fields, RecordKind::Connection).map(Self)
    }
}

/// The names of the filters on messages.
pub(crate) fn names() -> Vec<String> {
    names_of::<MessageFilters>()
}

/// The filters on messages.
pub(crate) fn of_messages(fields: &Fields) -> Result<Wanted, Failure> {
    read(fields, RecordKind::Message)
}

/// Messages with these words, read as `q` is.
pub(crate) fn of_words(text: &str) -> Wanted {
    let mut not_understood = Vec::new();
    let words = words(text, &mut not_understood);
    Wanted {
        filter: Filter {
            words,
            ..Filter::all(RecordKind::Message)
        },
        since: None,
        until: None,
        not_understood,
    }
}

/// Those that may be repeated.
pub(crate) fn several(names: Vec<String>) -> Vec<String> {
    let once = ["q", "since", "until"];
    let several = names.into_iter();
    several
        .filter(|name| !once.contains(&name.as_str()))
        .collect()
}

fn read(fields: &Fields, kind: RecordKind) -> Result<Wanted, Failure> {
    let mut not_understood = Vec::new();
    let small = |name: &str| {
        choice(fields, name, |text| {
            let text = text.to_lowercase();
            pattern(name, if text == "<>" { "" } else { &text })
        })
    };
    let number = |name: &str| choice(fields, name, |text| number(name, text));
    let filter = Filter {
        appliance: choice(fields, "appliance", whole)?,
        mid: number("mid")?,
        icid: number("icid")?,
        dcid: number("dcid")?,
        message_id: choice(fields, "message_id", |text| {
            pattern("message_id", text.trim_matches(['<', '>']))
        })?,
        sender: small("sender")?,
        recipient: small("recipient")?,
        subject: phrases(fields, &mut not_understood)?,
        host: small("host")?,
        ip: small("ip")?,
        outcome: choice(fields, "outcome", |text| {
            known("outcome", text, Outcome::ALL.iter().map(|one| one.word()))
        })?,
        diagnosis: choice(fields, "diagnosis", |text| pattern("diagnosis", text))?,
        party: choice(fields, "party", |text| {
            known("party", text, Party::ALL.iter().map(|one| one.word()))
        })?,
        words: words(fields.get("q").unwrap_or_default(), &mut not_understood),
        ..Filter::all(kind)
    };
    let (since, until) = (moment(fields, "since")?, moment(fields, "until")?);
    Ok(Wanted {
        filter,
        since,
        until,
        not_understood,
    })
}

/// The values of a parameter: one of them, or none of those behind `!`.
fn choice<T>(
    fields: &Fields,
    name: &str,
    read: impl Fn(&str) -> Result<T, Failure>,
) -> Result<Choice<T>, Failure> {
    let mut choice = Choice::default();
    for value in fields.all(name) {
        let (wanted, value) = match value.strip_prefix('!') {
            Some(value) => (&mut choice.none, value),
            None => (&mut choice.any, value),
        };
        if value.is_empty() {
            return Err(Failure::new(Code::ParameterInvalid)
                .detail(format!("`{name}` is empty"), format!("`{name}` が空です"))
                .help(
                    "Leave it out, or give a value; the null sender is `<>`.",
                    "省略するか、値を指定してください。空の送信者は `<>` です。",
                ));
        }
        wanted.push(read(value)?);
    }
    if choice.any.len() + choice.none.len() > MOST_VALUES {
        return Err(Failure::new(Code::ParameterInvalid).detail(
            format!("`{name}` is given more than {MOST_VALUES} times"),
            format!("`{name}` は {MOST_VALUES} 個までです"),
        ));
    }
    Ok(choice)
}

/// The longest value with a `*`, letters.
const LONGEST_PATTERN: usize = 320;

fn pattern(name: &str, text: &str) -> Result<Pattern, Failure> {
    if text.contains('*') && text.chars().count() > LONGEST_PATTERN {
        return Err(Failure::new(Code::ParameterInvalid).detail(
            format!("`{name}` is longer than {LONGEST_PATTERN} letters"),
            format!("`{name}` は {LONGEST_PATTERN} 文字までです"),
        ));
    }
    let bare = text.trim_matches('*');
    if bare.contains('*') || (text.starts_with('*') && text.ends_with('*')) {
        return Err(Failure::new(Code::ParameterInvalid)
            .detail(
                format!("`{name}` is `{text}`: a `*` may stand at the front or at the end, not both, and nowhere else"),
                format!("`{name}` の値 `{text}` で `*` を使えるのは先頭か末尾のどちらか一方だけです"),
            )
            .help(
                "For words inside a text use `q` or `subject`.",
                "文中の語を探すには `q` または `subject` を使ってください。",
            ));
    }
    Ok(match (text.starts_with('*'), text.ends_with('*')) {
        (true, _) => Pattern::Ends(bare.to_owned()),
        (_, true) => Pattern::Begins(bare.to_owned()),
        _ => Pattern::Is(bare.to_owned()),
    })
}

/// The name of an appliance: whole, as other names stand for it too.
fn whole(text: &str) -> Result<String, Failure> {
    if text.contains('*') {
        return Err(Failure::new(Code::ParameterInvalid)
            .detail(
                format!("`appliance` is `{text}`: it takes no `*`"),
                format!("`appliance` の値 `{text}` に `*` は使えません"),
            )
            .help(
                "Give whole names; /v1/appliances lists them.",
                "名前全体を指定してください。一覧は /v1/appliances にあります。",
            ));
    }
    Ok(text.to_lowercase())
}

fn number(name: &str, text: &str) -> Result<u64, Failure> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text.parse().ok().filter(|_| digits);
    number.ok_or_else(|| {
        Failure::new(Code::ParameterMalformed).detail(
            format!("`{name}` is `{text}`, which is not a whole number in range"),
            format!("`{name}` の値 `{text}` は範囲内の整数ではありません"),
        )
    })
}

/// A word of a closed set.
fn known(
    name: &str,
    text: &str,
    all: impl Iterator<Item = &'static str> + Clone,
) -> Result<Pattern, Failure> {
    let wanted = pattern(name, text)?;
    let Pattern::Is(word) = &wanted else {
        return Ok(wanted);
    };
    if all.clone().any(|one| one == word) {
        return Ok(wanted);
    }
    let listed: Vec<&str> = all.clone().collect();
    let listed = listed.join(", ");
    let failure = Failure::new(Code::ParameterInvalid).detail(
        format!("`{name}` is `{word}`, which is none of: {listed}"),
        format!("`{name}` の値 `{word}` は次のいずれでもありません: {listed}"),
    );
    Err(match whymid_diagnosis::nearest_word(word, all) {
        Some(nearest) => failure.help(
            format!("Did you mean `{nearest}`?"),
            format!("`{nearest}` の間違いではありませんか。"),
        ),
        None => failure,
    })
}

/// `subject`: each value a phrase.
fn phrases(fields: &Fields, not_understood: &mut Vec<String>) -> Result<Choice<Phrase>, Failure> {
    let read = choice(fields, "subject", |text| {
        Ok((phrase(text), text.to_owned()))
    })?;
    let mut keep = |values: Vec<(Option<Phrase>, String)>| {
        let mut phrases = Vec::new();
        for (phrase, text) in values {
            match phrase {
                Some(phrase) => phrases.push(phrase),
                None => not_understood.push(text),
            }
        }
        phrases
    };
    Ok(Choice {
        any: keep(read.any),
        none: keep(read.none),
    })
}

/// RFC 3339, or so long ago.
fn moment(fields: &Fields, name: &str) -> Result<Option<Moment>, Failure> {
    let Some(value) = fields.get(name) else {
        return Ok(None);
    };
    if let Some(ago) = span(value) {
        return Ok(Some(Moment::Ago(ago)));
    }
    Ok(fields.moment(name)?.map(Moment::At))
}
