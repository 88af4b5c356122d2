//! What tickets say, in both languages: titles, descriptions, comments.
//!
//! Markdown, in which what strangers wrote is escaped. Pure functions.
//!
//! Not here: a site's own words (`template.rs`), other forms than Markdown (`markup/`).

use jiff::Timestamp;
use jiff::tz::TimeZone;
use whymid_diagnosis::{escaped, markdown};
use whymid_mailflow::Forgotten;
use whymid_schemas::{Answer, Happening, Lang, Terms, Time};

use crate::cause::{Cause, Ended};
use crate::{key, leaving};

/// The longest title, letters.
const TITLE: usize = 200;

/// The title of a cause's ticket: `[esa1] what it is: what occurrences have in common`.
pub(crate) fn title(answer: &Answer, common: &[String]) -> String {
    titled(&answer.diagnosis.title, answer, common)
}

/// The same, with what it is as it may leave.
pub(crate) fn titled(what: &str, answer: &Answer, common: &[String]) -> String {
    let appliance = key::appliance(answer);
    let common: Vec<&str> = common
        .iter()
        .map(String::as_str)
        .filter(|one| *one != appliance && *one != key::record(answer))
        .collect();
    let about = match &answer.message {
        Some(message) if common.is_empty() => vec![format!("MID {}", message.mid)],
        _ => common.iter().map(|one| (*one).to_owned()).collect(),
    };
    let mut title = format!("[{appliance}] {what}");
    if !about.is_empty() {
        title = format!("{title}: {}", about.join(", "));
    }
    one_line(&title)
}

/// A text in one line that is not too long for a title.
pub(crate) fn one_line(text: &str) -> String {
    let words = text.split(|letter: char| letter.is_whitespace() || letter.is_control());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let line = words.join(" ");
    let visible = |letter: &char| !('\u{202a}'..='\u{202e}').contains(letter);
    let line: String = line.chars().filter(visible).collect();
    if line.chars().count() <= TITLE {
        return line;
    }
    line.chars().take(TITLE - 1).chain(['…']).collect()
}

/// What is told, as Markdown. `answer` is about the newest occurrence, with what may leave.
pub(crate) struct Telling<'t> {
    pub(crate) terms: &'t Terms,
    pub(crate) cause: &'t Cause,
    pub(crate) kind: Happening,
    pub(crate) answer: Option<&'t Answer>,
    /// The page about the newest occurrence.
    pub(crate) url: Option<&'t str>,
    pub(crate) own: Option<String>,
}

impl Telling<'_> {
    pub(crate) fn body(&self) -> String {
        match self.kind {
            Happening::Opened if self.cause.told.is_none() => self.description(),
            Happening::Opened | Happening::Recurred => self.again(),
            Happening::Revised => self.revised(),
            Happening::Resolved => self.resolved(),
            Happening::Asked => self.plain_answer(),
            Happening::Test => format!("{}\n\n{}", self.test(), self.plain_answer()),
        }
    }

    /// The description of a new ticket.
    fn description(&self) -> String {
        let mut text = String::new();
        if let Some(own) = &self.own {
            text.push_str(own);
        } else {
            text.push_str(&self.count());
            text.push('\n');
            text.push_str(&self.plain_answer());
        }
        text.push_str("\n\n---\n\n");
        text.push_str(&self.footer());
        text
    }

    fn again(&self) -> String {
        let head = if self.kind == Happening::Opened {
            self.say("It is back.", "再発しました。")
        } else {
            self.say("It happened again.", "再び発生しました。")
        };
        let mut text = format!("{head} {}\n", self.count());
        self.add_newest(&mut text);
        text
    }

    fn add_newest(&self, text: &mut String) {
        if let Some(answer) = self.answer {
            let newest = self.say("The newest one", "最新の発生");
            let colon = self.say(": ", "：");
            text.push_str(&format!("\n{newest}{colon}{}\n", escaped(&answer.summary)));
            for proof in &answer.diagnosis.evidence {
                if !proof.line.is_empty() {
                    text.push_str(&block(&format!("{}  {}", proof.at, proof.line)));
                }
            }
        }
        if let Some(url) = self.url {
            text.push_str(&format!("\n<{url}>\n"));
        }
    }

    fn revised(&self) -> String {
        let moved = self.cause.moved - self.cause.told.map_or(0, |told| told.moved);
        match self.lang() {
            Lang::En => format!(
                "{moved} of the occurrences ended well after all, or turned out to be something else, and {} no longer counted here. {}\n",
                if moved == 1 { "is" } else { "are" },
                self.count()
            ),
            Lang::Ja => format!(
                "{moved} 件は、その後正常に処理されたか、別の原因と判明したため、ここでは数えません。{}\n",
                self.count()
            ),
        }
    }

    fn resolved(&self) -> String {
        let why = match self.cause.ended {
            Some(Ended::Success) => self.say(
                "Resolved: mail of the same host (to the same domain) went through again, and it has not occurred since.",
                "解決：同じホスト（同じ宛先ドメイン）のメールが再び通るようになり、以後発生していません。",
            ),
            Some(Ended::Revised) => self.say(
                "Resolved: every occurrence ended well after all, or turned out to be something else.",
                "解決：すべて、その後正常に処理されたか、別の原因と判明しました。",
            ),
            Some(Ended::Quiet) | None => self.say(
                "Resolved: it has not occurred for as long as the subscription waits. Nobody has seen that mail goes through again.",
                "解決：購読に設定された期間、発生していません。メールが再び通ったことは確認されていません。",
            ),
        };
        format!("{why} {}\n", self.count())
    }

    /// `12 occurrences, from … to …`
    fn count(&self) -> String {
        let (first, last) = (utc(self.cause.first_at), utc(self.cause.last_at));
        let count = self.cause.count;
        match (self.lang(), count) {
            (Lang::En, 1) => format!("**1 occurrence**, received {last}."),
            (Lang::En, _) => format!("**{count} occurrences**, received from {first} to {last}."),
            (Lang::Ja, 1) => format!("**発生 1 件**（受信 {last}）。"),
            (Lang::Ja, _) => format!("**発生 {count} 件**（受信 {first} ～ {last}）。"),
        }
    }

    fn plain_answer(&self) -> String {
        let mut text = match self.answer {
            Some(answer) => markdown(answer, self.lang()),
            None => format!(
                "{}\n",
                self.say(
                    "The record is not kept any more: nothing else can be told of it.",
                    "記録はすでに保持期間を過ぎており、これ以上は分かりません。"
                )
            ),
        };
        if let Some(note) = leaving::note(&self.terms.fields, self.lang()) {
            text.push_str(&format!("\n{note}\n"));
        }
        text
    }

    fn footer(&self) -> String {
        let (name, key) = (escaped(&self.terms.name), &self.cause.key);
        match self.lang() {
            Lang::En => format!(
                "Opened by whymid, subscription {name}, key `{key}`. Further occurrences are added here. Keep the key, and this ticket is found again.\n"
            ),
            Lang::Ja => format!(
                "whymid が購読「{name}」により作成しました。キー `{key}`。以後の発生はこのチケットに追記します。キーを消さないでください。\n"
            ),
        }
    }

    fn lang(&self) -> Lang {
        self.terms.lang
    }

    fn test(&self) -> &'static str {
        self.say(
            "**This is a test** of whether tickets arrive. The message below is invented; nothing has to be done.",
            "**これはテストです。** チケットが届くかどうかを確認しています。以下のメッセージは架空のもので、対応は不要です。",
        )
    }

    fn say(&self, en: &'static str, ja: &'static str) -> &'static str {
        match self.lang() {
            Lang::En => en,
            Lang::Ja => ja,
        }
    }
}

/// Causes that have no tickets of their own, as Markdown: the title and the body of the summary.
pub(crate) fn summary(terms: &Terms, held: &[&Cause], told: bool) -> (String, String) {
    let occurrences: u64 = held.iter().map(|one| one.count).sum();
    let (causes, name) = (held.len(), escaped(&terms.name));
    let most = (terms.at_most.tickets, escaped(&terms.at_most.per));
    let (title, mut body) = match terms.lang {
        Lang::En => (
            format!(
                "{}: many further causes without tickets of their own",
                terms.name
            ),
            format!(
                "{}**{causes} causes** with {occurrences} occurrences have no ticket of their own: the subscription {name} opens {} in {} at most. The most frequent ones:\n\n",
                if told { "It goes on. " } else { "" },
                most.0,
                most.1
            ),
        ),
        Lang::Ja => (
            format!("{}: 個別のチケットにならなかった多数の原因", terms.name),
            format!(
                "{}**{causes} 件の原因**（発生 {occurrences} 件）には個別のチケットがありません。購読「{name}」は {} あたり最大 {} 件しか作成しません。多い順：\n\n",
                if told { "続いています。" } else { "" },
                most.1,
                most.0
            ),
        ),
    };
    let mut sorted: Vec<&&Cause> = held.iter().collect();
    sorted.sort_by_key(|one| std::cmp::Reverse(one.count));
    for one in sorted.iter().take(20) {
        body.push_str(&format!("- {} × {}\n", one.count, escaped(&one.title)));
    }
    (one_line(&title), body)
}

/// Markdown without an address, `None` where it is not there: what is masked is found in lines as
/// they are read, where nothing is escaped and no sign of Markdown touches it. Such a line is plain.
pub(crate) fn without(body: &str, address: &Forgotten) -> Option<String> {
    let mut is_there = false;
    let lines = body.split('\n').map(|line| {
        let mut plain = unescaped(line);
        if !address.mask_text(&mut plain) {
            return line.to_owned();
        }
        is_there = true;
        escaped(&plain)
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    is_there.then_some(text)
}

fn unescaped(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if letters.peek().is_some_and(char::is_ascii_punctuation) => {
                plain.extend(letters.next());
            }
            '`' => plain.push('\''),
            '*' => plain.push(' '),
            other => plain.push(other),
        }
    }
    plain
}

fn utc(at: Timestamp) -> String {
    let whole = Timestamp::from_second(at.as_second()).unwrap_or(at);
    Time::of(whole, &TimeZone::UTC).0
}

/// A line in a block of its own that it can't end.
fn block(line: &str) -> String {
    let longest = line.split(|letter| letter != '`').map(str::len).max();
    let fence = "`".repeat(longest.unwrap_or_default().max(2) + 1);
    let line: String = line.chars().filter(|letter| !letter.is_control()).collect();
    format!("\n{fence}\n{line}\n{fence}\n")
}
