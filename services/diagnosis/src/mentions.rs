//! What a person wrote about a mail (a ticket, an e-mail to the helpdesk), in English or Japanese, to
//! what it names: MIDs, ICIDs, `Message-ID`s, addresses, moments, replies of mail servers.
//!
//! Invariants: things are told in the order in which they stand, each once, at most [`MOST`] of a
//! kind; the work grows with the text. Nothing is guessed here but the year of a moment that has
//! none (the latest that is not ahead) and its zone (the caller's).
//!
//! Not here: lines of log (`pasted.rs`); what is looked up, and which match is the best (`services/api`).

use std::sync::LazyLock;

use jiff::civil::{Date, DateTime};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use regex::{Captures, Regex};

/// The most of a kind that are told.
pub const MOST: usize = 20;

/// How far ahead a moment may be: clocks and zones differ, and nobody asks about mail to come.
const AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// The longest reply that is told, letters.
const LONGEST: usize = 300;

/// What a text names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mentions {
    /// Message ids of gateways.
    pub mids: Vec<u64>,
    /// Connection ids of gateways.
    pub icids: Vec<u64>,
    /// `Message-ID` headers, without angle brackets.
    pub message_ids: Vec<String>,
    /// Addresses, in small letters.
    pub addresses: Vec<String>,
    /// Moments.
    pub times: Vec<Timestamp>,
    /// Whether some of them said in which zone they are.
    pub zoned: bool,
    /// What mail servers replied, as bounces quote it.
    pub replies: Vec<String>,
}

/// Compiles a pattern of this file's; a test compiles them all.
fn pattern(text: &str) -> Regex {
    match Regex::new(text) {
        Ok(pattern) => pattern,
        Err(error) => unreachable!("a pattern of this file: {error}"),
    }
}

/// What may stand between a name and its number: `MID: 1404`, `MID #1404`, `MID番号は1404`.
const BETWEEN: &str = r"[\s（(]*(?:番号|number|no\.?|nr\.?)?[)）]?\s*(?:は|が|=|:|#)*\s*";

static MID: LazyLock<Regex> =
    LazyLock::new(|| pattern(&format!(r"(?i)(?:^|[^a-z0-9])MID{BETWEEN}([0-9]+)")));
static MIDS_NAMED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"(?i)(?:message|メッセージ)[ -]?ID{BETWEEN}([0-9]+)(?:[^0-9a-z.@_-]|$)"
    ))
});
static ICID: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"(?i)(?:^|[^a-z0-9])(?:ICID|(?:connection|接続)[ -]?ID){BETWEEN}([0-9]+)"
    ))
});
/// A `Message-ID` by its name, or anything in angle brackets that has an `@`.
static BRACKETS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"(?i)((?:message|メッセージ)[ -]?id(?:[ -]?header)?[\s:=は"']*)?<([^<>\s"']{1,500}@[^<>\s"']{1,255})>"#,
    )
});
static NAMED_ID: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"(?i)(?:message|メッセージ)[ -]?id[\s:=は"']*([^<>\s"'、。]{1,500}@[A-Za-z0-9.-]{1,255})"#,
    )
});
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,9}",
    )
});
/// `550 …` where a server's words begin, `5.1.1 …` anywhere.
static REPLY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"(?i)(?:^|said:|smtp;|reply:|応答:?)\s*([45][0-9]{2}[ -].*)|(?:^|[\s('"\[;:])(#?[45]\.[0-9]{1,3}\.[0-9]{1,3}\b.*)"#,
    )
});

/// The time of a day: hour, minute, second, afternoon, offset.
const CLOCK: &str = r"(午前|午後)?\s*([0-9]{1,2})\s*(?::|時)\s*([0-9]{1,2})?\s*分?(?::?([0-9]{2})秒?)?(?:\.[0-9]+)?\s*([ap]\.?m\b)?\s*(Z\b|[+-][0-9]{2}:?[0-9]{2}\b|UTC\b|GMT\b|JST\b)?";
/// What may stand between a day and its time.
const AT: &str = r"[\s,T]*(?:at|um|の|に)?\s*(?:\([^)]{1,4}\)|（[^）]{1,4}）)?\s*";

static YEAR_FIRST: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"(?i)([0-9]{{4}})[-/年]([0-9]{{1,2}})[-/月]([0-9]{{1,2}})日?{AT}{CLOCK}"
    ))
});
static MONTH_JAPANESE: LazyLock<Regex> =
    LazyLock::new(|| pattern(&format!(r"(?i)([0-9]{{1,2}})月([0-9]{{1,2}})日{AT}{CLOCK}")));
static DAY_FIRST: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"(?i)([0-9]{{1,2}})(?:st|nd|rd|th)?\.?\s(?:of\s)?(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?,?\s*([0-9]{{4}})?{AT}{CLOCK}"
    ))
});
static MONTH_FIRST: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"(?i)(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s+([0-9]{{1,2}})(?:(?:st|nd|rd|th)\b|\b),?\s*([0-9]{{4}}\b)?{AT}{CLOCK}"
    ))
});
static DOTTED: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"(?i)([0-9]{{1,2}})\.([0-9]{{1,2}})\.([0-9]{{4}}){AT}{CLOCK}"
    ))
});

/// What a text names; moments without a zone are in `zone`, without a year the latest before `now`.
#[must_use]
pub fn mentions(text: &str, zone: &TimeZone, now: Timestamp) -> Mentions {
    let text = narrow(text);
    let numbers = |patterns: &[&LazyLock<Regex>]| {
        let found = patterns.iter().flat_map(|one| one.captures_iter(&text));
        let mut placed: Vec<(usize, u64)> = found
            .filter_map(|one| one.get(1))
            .filter_map(|one| Some((one.start(), one.as_str().parse().ok()?)))
            .collect();
        placed.sort_unstable();
        first(placed.into_iter().map(|(_, number)| number))
    };
    let (message_ids, addresses) = names(&text);
    let (times, zoned) = times(&text, zone, now);
    let reply = |line| {
        let found = REPLY.captures(line)?;
        let words = found.get(1).or(found.get(2))?.as_str();
        // Postfix says behind a server's words to what they were the reply
        let words = words.split(" (in reply to").next().unwrap_or(words);
        Some(words.trim().chars().take(LONGEST).collect::<String>())
    };
    let replies = text.lines().filter_map(reply);
    Mentions {
        mids: numbers(&[&MID, &MIDS_NAMED]),
        icids: numbers(&[&ICID]),
        message_ids,
        addresses,
        times,
        zoned,
        replies: first(replies),
    }
}

/// Wide letters and signs as narrow ones, as they are typed in Japanese.
fn narrow(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - 0xfee0).unwrap_or(letter),
            '\u{3000}' => ' ',
            other => other,
        })
        .collect()
}

/// The first of a kind, each once.
fn first<T: PartialEq>(all: impl Iterator<Item = T>) -> Vec<T> {
    let mut first = Vec::new();
    for one in all {
        if first.len() < MOST && !first.contains(&one) {
            first.push(one);
        }
    }
    first
}

/// `Message-ID`s and addresses: what stands in angle brackets may be either.
fn names(text: &str) -> (Vec<String>, Vec<String>) {
    let bracketed = BRACKETS.captures_iter(text).filter_map(|found| {
        let id = found.get(2)?.as_str();
        (found.get(1).is_some() || is_of_machine(id)).then(|| id.to_owned())
    });
    let named = NAMED_ID.captures_iter(text).filter_map(|one| one.get(1));
    let ids = bracketed.chain(named.map(|one| one.as_str().to_owned()));
    let ids: Vec<String> = first(ids);
    let addresses = ADDRESS
        .find_iter(text)
        .map(|one| one.as_str().to_lowercase());
    let addresses = addresses
        .map(|one| one.trim_start_matches(['\'', '=', '.', '/']).to_owned())
        .filter(|one| !ids.iter().any(|id| id.eq_ignore_ascii_case(one)));
    let addresses = first(addresses);
    (ids, addresses)
}

/// Whether what stands in front of an `@` was made by a machine: long, with many digits.
fn is_of_machine(id: &str) -> bool {
    let local = id.split('@').next().unwrap_or_default();
    let digits = local.bytes().filter(u8::is_ascii_digit).count();
    local.len() >= 12 && digits >= 6
}

/// Moments in order, and whether one of them said its zone.
fn times(text: &str, zone: &TimeZone, now: Timestamp) -> (Vec<Timestamp>, bool) {
    let mut placed: Vec<(usize, Timestamp, bool)> = Vec::new();
    let mut note = |found: &Captures<'_>, day: Option<Day>, clock: usize| {
        let place = found.get(0).map(|one| one.start());
        let moment = day.and_then(|day| moment(day, &Clock::of(found, clock)?, zone, now));
        if let (Some(place), Some((at, zoned))) = (place, moment) {
            placed.push((place, at, zoned));
        }
    };
    for one in YEAR_FIRST.captures_iter(text) {
        note(
            &one,
            Day::of(number(&one, 1), number(&one, 2), number(&one, 3)),
            4,
        );
    }
    for one in DOTTED.captures_iter(text) {
        note(
            &one,
            Day::of(number(&one, 3), number(&one, 2), number(&one, 1)),
            4,
        );
    }
    for one in DAY_FIRST.captures_iter(text) {
        note(
            &one,
            Day::of(number(&one, 3), month(&one, 2), number(&one, 1)),
            4,
        );
    }
    for one in MONTH_FIRST.captures_iter(text) {
        note(
            &one,
            Day::of(number(&one, 3), month(&one, 1), number(&one, 2)),
            4,
        );
    }
    for one in MONTH_JAPANESE.captures_iter(text) {
        // with its year it was read above
        let place = one.get(0).map_or(0, |one| one.start());
        if !text[..place].ends_with('年') {
            note(&one, Day::of(None, number(&one, 1), number(&one, 2)), 3);
        }
    }
    placed.sort_unstable_by_key(|(place, ..)| *place);
    let zoned = placed.iter().any(|(.., zoned)| *zoned);
    (first(placed.into_iter().map(|(_, at, _)| at)), zoned)
}

/// A day; the year may be unknown.
#[derive(Clone, Copy)]
struct Day {
    year: Option<i16>,
    month: i8,
    day: i8,
}

impl Day {
    fn of(year: Option<u32>, month: Option<u32>, day: Option<u32>) -> Option<Self> {
        Some(Self {
            year: year.map(i16::try_from).transpose().ok()?,
            month: i8::try_from(month?).ok()?,
            day: i8::try_from(day?).ok()?,
        })
    }
}

/// The time of a day, and in which offset from UTC it is.
struct Clock {
    hour: i8,
    minute: i8,
    second: i8,
    offset: Option<Offset>,
}

impl Clock {
    /// From the groups of [`CLOCK`], the first of which has this number.
    fn of(found: &Captures<'_>, from: usize) -> Option<Self> {
        let part = |place| number(found, from + place).map(i8::try_from);
        let mut hour = part(1)?.ok()?;
        let text = |place: usize| found.get(from + place).map(|one| one.as_str());
        let is_afternoon = text(0) == Some("午後")
            || text(4).is_some_and(|half| half.to_lowercase().starts_with('p'));
        let is_morning = text(0) == Some("午前")
            || text(4).is_some_and(|half| half.to_lowercase().starts_with('a'));
        if is_afternoon && hour < 12 {
            hour += 12;
        } else if is_morning && hour == 12 {
            hour = 0;
        }
        let minute = part(2).transpose().ok()?.unwrap_or(0);
        let second = part(3).transpose().ok()?.unwrap_or(0);
        // `11:05-12:30` is from, to
        let is_iso = text(3).is_some() || found[0].contains('T');
        let is_range = |word: &&str| word.starts_with('-') && word.contains(':') && !is_iso;
        let offset = match text(5).filter(|word| !is_range(word)) {
            None => None,
            Some(word) => Some(offset(word)?),
        };
        Some(Self {
            hour,
            minute,
            second,
            offset,
        })
    }
}

fn offset(word: &str) -> Option<Offset> {
    match word.to_uppercase().as_str() {
        "Z" | "UTC" | "GMT" => Some(Offset::UTC),
        "JST" => Offset::from_hours(9).ok(),
        signed => {
            let signed = signed.trim();
            let sign = if signed.starts_with('-') { -1 } else { 1 };
            let digits: String = signed.chars().filter(char::is_ascii_digit).collect();
            let hours: i32 = digits.get(..2)?.parse().ok()?;
            let minutes: i32 = digits.get(2..4)?.parse().ok()?;
            Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
        }
    }
}

/// The moment, and whether it said its zone.
fn moment(day: Day, clock: &Clock, zone: &TimeZone, now: Timestamp) -> Option<(Timestamp, bool)> {
    let zone = clock.offset.map_or_else(|| zone.clone(), TimeZone::fixed);
    let at = |year: i16| -> Option<Timestamp> {
        let date = Date::new(year, day.month, day.day).ok()?;
        let time = jiff::civil::Time::new(clock.hour, clock.minute, clock.second, 0).ok()?;
        zone.to_timestamp(DateTime::from_parts(date, time)).ok()
    };
    let found = match day.year {
        Some(year) => at(year)?,
        None => {
            let this = zone.to_datetime(now).year();
            let ahead = now.saturating_add(AHEAD).unwrap_or(now);
            let years = [this - 1, this, this + 1].into_iter().filter_map(at);
            years.filter(|one| *one <= ahead).max()?
        }
    };
    Some((found, clock.offset.is_some()))
}

fn number(found: &Captures<'_>, group: usize) -> Option<u32> {
    found.get(group)?.as_str().parse().ok()
}

fn month(found: &Captures<'_>, group: usize) -> Option<u32> {
    const NAMES: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let name = found.get(group)?.as_str().to_lowercase();
    let place = NAMES.iter().position(|one| *one == name)?;
    u32::try_from(place + 1).ok()
}

#[cfg(test)]
mod tests;
