//! Texts with `{words}` in them: filled from the facts and from the story, in one language.
//!
//! Values come from the log, so from strangers: they are one line here, without control
//! characters, and escaped by whoever shows them.

use std::collections::HashMap;

use jiff::tz::TimeZone;
use whymid_mailflow::{Gap, Sign};
use whymid_schemas::{Lang, Time};

use crate::condition::Facts;
use crate::facts::FACTS;
use crate::limits::Timer;
use crate::lines;
use crate::pace;
use crate::story::Story;

/// Words that are no facts.
static WORDS: &[&str] = &[
    "mid",
    "icid",
    "appliance",
    "sender",
    "recipients",
    "host",
    "ip",
    "sender_group",
    "from_opening",
    "ended_after",
    "delay",
    "asked",
    "own_mid",
    "final_mids",
    "inbound_timeout_is",
    "max_connection_time_is",
    "missing",
    "candidates",
    "as_of",
    "ending",
    "appliances",
    "period",
];

/// The words that may stand in a command: never a stranger's text.
pub(crate) static COMMAND_WORDS: &[&str] = &["mid", "icid", "ip"];

/// Longest value that is put into a sentence, in characters.
const MAX_VALUE: usize = 200;

/// Longest list that is put into a sentence, in characters.
const MAX_LIST: usize = 2_000;

/// Every name that a text may hold.
pub(crate) fn known() -> impl Iterator<Item = &'static str> {
    WORDS
        .iter()
        .copied()
        .chain(FACTS.iter().map(|row| row.name))
}

/// Whether a text may hold that name.
pub(crate) fn is_known(name: &str) -> bool {
    known().any(|known| known == name)
}

/// The names in braces, in order.
pub(crate) fn placeholders(text: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('{') {
        let Some((name, behind)) = after.split_once('}') else {
            break;
        };
        if is_name(name) {
            names.push(name);
        }
        rest = if is_name(name) { behind } else { after };
    }
    names
}

fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// Fills texts about one story.
pub(crate) struct Filler<'a> {
    pub(crate) story: &'a Story,
    pub(crate) facts: &'a Facts<'a>,
    pub(crate) lang: Lang,
    pub(crate) zone: &'a TimeZone,
    /// Words that only the caller knows.
    pub(crate) given: HashMap<&'static str, String>,
}

impl Filler<'_> {
    /// The text with every word filled in.
    pub(crate) fn fill(&self, text: &str) -> String {
        self.fill_with(text, |value| value)
    }

    /// A command with its words filled in; values keep only what an id or an address holds.
    pub(crate) fn fill_command(&self, command: &str) -> String {
        self.fill_with(command, |value| {
            value
                .chars()
                .filter(|letter| letter.is_ascii_hexdigit() || ".:".contains(*letter))
                .collect()
        })
    }

    /// Whether every word of a command is told.
    pub(crate) fn can_fill(&self, command: &str) -> bool {
        placeholders(command)
            .iter()
            .all(|name| self.given.contains_key(*name) || self.value(name).is_some())
    }

    fn fill_with(&self, text: &str, clean: impl Fn(String) -> String) -> String {
        let mut filled = String::with_capacity(text.len() + 32);
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            filled.push_str(before);
            match after.split_once('}') {
                Some((name, behind)) if is_name(name) => {
                    let own = self.given.get(name).map(|value| one_line(value, MAX_LIST));
                    let value =
                        own.or_else(|| self.value(name).map(|value| one_line(&value, MAX_VALUE)));
                    let unknown = || untold(self.lang).to_owned();
                    filled.push_str(&clean(value.unwrap_or_else(unknown)));
                    rest = behind;
                }
                _ => {
                    filled.push('{');
                    rest = after;
                }
            }
        }
        filled.push_str(rest);
        filled
    }

    fn value(&self, name: &str) -> Option<String> {
        if FACTS.iter().any(|row| row.name == name) {
            return self.facts.get(name).map(ToString::to_string);
        }
        let message = self.story.message();
        let connection = self.story.connection.as_ref();
        let opened = connection.and_then(|one| one.opened.as_ref());
        match name {
            "mid" => message.map(|one| one.mid.to_string()),
            "icid" => connection
                .map(|one| one.icid)
                .or_else(|| message.and_then(|one| one.icid))
                .map(|icid| icid.to_string()),
            "appliance" => message
                .map(|one| one.common.appliance.clone())
                .or_else(|| connection.map(|one| one.common.appliance.clone())),
            "sender" => message.and_then(|one| one.envelope_sender()).map(bracketed),
            "recipients" => self.recipients(),
            "host" => opened.and_then(|opened| opened.host.clone()),
            "ip" => opened.map(|opened| opened.peer.clone()),
            "sender_group" => connection
                .and_then(|one| one.hat.as_ref())
                .map(|hat| hat.group.clone())
                .filter(|group| !group.is_empty()),
            "from_opening" => Some(self.opening_words(opened.is_some()).to_owned()),
            "delay" => Some(duration(pace::delay(self.story)?, self.lang)),
            "ended_after" => Some(self.ended_after(opened.is_some())),
            "asked" => self.asked(),
            "inbound_timeout_is" => Some(limit(self.story.timers.inbound_timeout, self.lang)),
            "max_connection_time_is" => {
                Some(limit(self.story.timers.max_connection_time, self.lang))
            }
            "as_of" => self
                .story
                .newest
                .map(|newest| Time::of(newest, self.zone).0),
            "ending" => self.ending(),
            _ => None,
        }
    }

    /// How long after its beginning it ended.
    fn ended_after(&self, opening_seen: bool) -> String {
        match (self.facts.get("elapsed"), self.lang) {
            (Some(elapsed), Lang::En) => {
                format!("{elapsed} s {}", self.opening_words(opening_seen))
            }
            (Some(elapsed), Lang::Ja) => {
                format!("{} {elapsed} 秒で", self.opening_words(opening_seen))
            }
            (None, Lang::En) => "after a time that the log does not tell".to_owned(),
            (None, Lang::Ja) => "ログからは分からない時間の後に".to_owned(),
        }
    }

    /// What was asked for, where the caller has not said so.
    fn asked(&self) -> Option<String> {
        let mid = self.story.message().map(|one| format!("MID {}", one.mid));
        mid.or_else(|| {
            self.story
                .connection
                .as_ref()
                .map(|one| format!("ICID {}", one.icid))
        })
    }

    fn opening_words(&self, opening_seen: bool) -> &'static str {
        match (self.lang, opening_seen) {
            (Lang::En, true) => "after the connection opened",
            (Lang::En, false) => "after the message started",
            (Lang::Ja, true) => "接続の開始から",
            (Lang::Ja, false) => "メッセージの開始から",
        }
    }

    fn recipients(&self) -> Option<String> {
        let recipients = &self.story.message()?.recipients;
        let named: Vec<String> = recipients
            .iter()
            .filter_map(|one| one.address.as_deref())
            .map(bracketed)
            .collect();
        let shown = named.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
        match (named.len(), self.lang) {
            (0, _) => None,
            (..=3, _) => Some(shown),
            (all, Lang::En) => Some(format!("{shown} and {} more", all - 3)),
            (all, Lang::Ja) => Some(format!("{shown} ほか {} 件", all - 3)),
        }
    }

    fn ending(&self) -> Option<String> {
        let place = lines::most_telling(self.story)?;
        Some(self.story.lines()[place].1.line.trim_end().to_owned())
    }
}

/// Which lines seem to be missing.
pub(crate) fn missing(gap: &Gap, zone: &TimeZone, lang: Lang) -> String {
    let (from, to) = (Time::of(gap.from, zone), Time::of(gap.to, zone));
    let count = gap.count;
    match (lang, gap.sign) {
        (Lang::En, Sign::Jump) => format!(
            "the appliance's lines between {from} and {to}: {count} numbers were never seen there, so lines may have been lost"
        ),
        (Lang::Ja, Sign::Jump) => format!(
            "{from} から {to} までのアプライアンスの行。この間に {count} 個の番号が一度も現れておらず、行が失われた可能性があります"
        ),
        (Lang::En, Sign::Silence) => format!(
            "the appliance's lines between {from} and {to}: it was silent then, which it usually is not"
        ),
        (Lang::Ja, Sign::Silence) => format!(
            "{from} から {to} までのアプライアンスの行。通常と異なり、この間の行を受信していません"
        ),
        (Lang::En, Sign::Cut) => {
            format!("the whole of the appliance's lines between {from} and {to}: {count} came cut")
        }
        (Lang::Ja, Sign::Cut) => format!(
            "{from} から {to} までのアプライアンスの行の全体。{count} 行が途中で切れています"
        ),
        (Lang::En, Sign::Dropped) => format!(
            "the appliance's lines between {from} and {to}: {count} datagrams were dropped then"
        ),
        (Lang::Ja, Sign::Dropped) => format!(
            "{from} から {to} までのアプライアンスの行。この間に {count} 個のデータグラムが破棄されました"
        ),
    }
}

/// A span of time for people: its two largest units.
fn duration(seconds: i64, lang: Lang) -> String {
    let units = [
        (86_400, "d", "日"),
        (3_600, "h", "時間"),
        (60, "min", "分"),
        (1, "s", "秒"),
    ];
    let mut left = seconds;
    let mut parts = Vec::new();
    for (size, en, ja) in units {
        let count = left / size;
        left %= size;
        if count > 0 || (size == 1 && parts.is_empty()) {
            parts.push(match lang {
                Lang::En => format!("{count} {en}"),
                Lang::Ja => format!("{count} {ja}"),
            });
        } else if !parts.is_empty() {
            break;
        }
    }
    parts.truncate(2);
    parts.join(" ")
}

/// What the lines show by which the messages of a family hang together.
pub(crate) fn of_family(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "how the messages of this mail hang together",
        Lang::Ja => "このメールに属するメッセージ同士のつながり",
    }
}

fn bracketed(address: &str) -> String {
    format!("<{address}>")
}

fn limit(timer: Timer, lang: Lang) -> String {
    let seconds = timer.seconds;
    match (timer.configured, lang) {
        (true, Lang::En) => format!("the configured limit is {seconds} s"),
        (false, Lang::En) => {
            format!("the default limit is {seconds} s and no other is configured here")
        }
        (true, Lang::Ja) => format!("設定されている制限は {seconds} 秒です"),
        (false, Lang::Ja) => {
            format!("既定の制限は {seconds} 秒で、ここでは他の値は設定されていません")
        }
    }
}

/// How an untold word is written.
pub(crate) fn untold(lang: Lang) -> &'static str {
    match lang {
        Lang::En => "unknown",
        Lang::Ja => "不明",
    }
}

/// Joins parts as the language does.
pub(crate) fn list(parts: &[String], lang: Lang) -> String {
    parts.join(match lang {
        Lang::En => ", ",
        Lang::Ja => "、",
    })
}

fn one_line(value: &str, most: usize) -> String {
    let printable = value.chars().filter(|letter| !letter.is_control());
    let mut line: String = printable.take(most).collect();
    if value.chars().count() > most {
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_that_hold_no_name_are_text() {
        assert_eq!(
            placeholders("a {mid} b {} c {X} {sender_group}"),
            ["mid", "sender_group"]
        );
        assert_eq!(placeholders("{{mid}"), ["mid"]);
    }
}
