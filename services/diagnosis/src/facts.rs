//! The vocabulary that rules may speak of: a story turned into typed facts.
//!
//! One table: name, type, how it is read. A fact that the log does not tell is `None`
//! ("untold"), never a guess. The table is documented in `kb/README.md`; a test holds the two
//! together.

use std::collections::HashMap;

use jiff::Timestamp;
use whymid_mailflow::event::{ConnectionEnd, Fact, Reply};
use whymid_mailflow::kind::{self, Kind};
use whymid_mailflow::{Connection, Entry, Fate, Message};

use crate::family;
use crate::outcome::{self, Stage};
use crate::pace;
use crate::reply;
use crate::story::Story;

/// What type a fact is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Bool,
    Int,
    Text,
}

/// A told fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Bool(bool),
    Int(i64),
    Text(String),
}

impl std::fmt::Display for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Text(value) => f.write_str(value),
        }
    }
}

/// One row of the vocabulary.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) kind: Type,
    pub(crate) read: fn(&Story) -> Option<Value>,
}

macro_rules! facts {
    ($($name:literal $kind:ident $read:expr;)+) => {
        /// Every fact.
        pub(crate) static FACTS: &[Row] = &[$(Row {
            name: $name,
            kind: Type::$kind,
            read: |story| ($read)(story).map(|value| Value::$kind(value.into())),
        }),+];
    };
}

facts! {
    "abort_by_sender" Bool |story: &Story| Some(message(story).and_then(|m| m.receiving_aborted).is_some_and(|a| a.by_sender));
    "accepted" Bool |story: &Story| Some(message(story).is_some_and(|m| m.ready_at.is_some()));
    "accepted_recipients" Int |story: &Story| Some(count(story, |fate| !matches!(fate, Fate::Refused(_))));
    "rejected_recipients" Int |story: &Story| Some(count(story, |fate| matches!(fate, Fate::Refused(_))));
    "rejected_by" Text |story: &Story| Some(rejected_by(story));
    "bounce_verification" Bool |story: &Story| Some(count(story, |fate| matches!(fate, Fate::Refused(by) if by == "bounce verification")) > 0);
    "null_sender" Bool |story: &Story| message(story)?.envelope_sender().map(str::is_empty);
    "about" Text |story: &Story| Some(if story.message().is_some() { "message" } else { "connection" });
    "start_seen" Bool |story: &Story| Some(message(story).is_some_and(|m| m.started_at.is_some()));
    "finish_seen" Bool |story: &Story| Some(message(story).is_some_and(|m| m.finished.is_some()));
    "queued" Bool |story: &Story| Some(message(story).is_some_and(|m| m.queued_at.is_some()));
    "delivered_recipients" Int |story: &Story| Some(count(story, |fate| matches!(fate, Fate::Delivered)));
    "bounced_recipients" Int |story: &Story| Some(count(story, |fate| matches!(fate, Fate::Bounced(_))));
    "dropped_recipients" Int |story: &Story| Some(count(story, |fate| matches!(fate, Fate::Dropped(_))));
    "stopped_by" Text |story: &Story| Some(message(story).and_then(|m| m.stopped.clone()).unwrap_or_default());
    "in_quarantines" Text |story: &Story| Some(in_quarantines(message(story)?));
    "spam_quarantine" Bool |story: &Story| Some(has_line(story, &[&kind::ISQ_QUARANTINED, &kind::EXTERNAL_QUARANTINED]));
    "quarantine_reason" Text |story: &Story| Some(told(story, &[&kind::QUARANTINED, &kind::SMA_ENQUEUED], "reason"));
    "deleted_from" Text |story: &Story| Some(told(story, &[&kind::DELETED], "quarantine"));
    "deletion_reason" Text |story: &Story| Some(told(story, &[&kind::DELETED], "reason"));
    "virus" Text |story: &Story| Some(told(story, &[&kind::AV_POSITIVE], "virus"));
    "policy" Text |story: &Story| Some(told(story, &[&kind::POLICY_MATCH], "policy"));
    "filter" Text |story: &Story| Some(told(story, &[&kind::MESSAGE_STOPPED, &kind::WAS_STOPPED], "name"));
    "released" Bool |story: &Story| Some(!crate::lines::find(story, "earlier_release_lines").is_empty());
    "partly_released" Bool |story: &Story| Some(family::is_partly_released(story));
    "unknown_commands" Int |story: &Story| Some(unknown_commands(story, |_| true));
    "masked_commands" Int |story: &Story| Some(unknown_commands(story, is_masked));
    "header_commands" Int |story: &Story| Some(unknown_commands(story, is_header));
    "delivery_error" Text |story: &Story| Some(delivery_error(story, "reason"));
    "delivery_error_details" Text |story: &Story| Some(delivery_error(story, "details"));
    "delivery_delay" Int |story: &Story| pace::delay(story);
    "workqueue_time" Int |story: &Story| pace::in_workqueue(story);
    "quarantine_time" Int |story: &Story| pace::in_quarantines(story);
    "queue_time" Int |story: &Story| pace::in_queue(story);
    "slowest" Text |story: &Story| Some(pace::slowest(story));
    "late_after" Int |story: &Story| Some(story.timers.late_after.seconds);
    "delayed_recipients" Int |story: &Story| Some(count(story, |fate| matches!(fate, Fate::Delayed(_))));
    "reply_reason" Text |story: &Story| Some(of_reply(story, |reply| reply::reason(reply).word().to_owned()));
    "reply_code" Text |story: &Story| Some(of_reply(story, |reply| reply.code.to_owned()));
    "reply_text" Text |story: &Story| Some(of_reply(story, |reply| reply::words(reply.text)));
    "stage" Text |story: &Story| Some(stage(story).word());
    "age" Int |story: &Story| span(story, first_at(story)?, story.newest?);
    "quiet" Int |story: &Story| span(story, last_at(story)?, story.newest?);
    "connection_seen" Bool |story: &Story| Some(story.connection.is_some());
    "opening_seen" Bool |story: &Story| Some(opened_at(story).is_some());
    "connection_end_seen" Bool |story: &Story| Some(ended_connection(story).is_some());
    "lost" Bool |story: &Story| ended_connection(story).map(|one| has_end(story, one, &["lost"]));
    "disconnect" Text |story: &Story| ended_connection(story).map(|one| disconnect(story, one));
    "receiving_failed" Text |story: &Story| connection(story).map(|one| receiving_failed(story, one));
    "killed" Bool |story: &Story| ended_connection(story).map(|one| has_end(story, one, &["killed"]));
    "tls" Text |story: &Story| connection(story).map(|one| tls(story, one));
    "tls_reason" Text |story: &Story| Some(tls_reason(story));
    "hat_action" Text |story: &Story| connection(story)?.hat.as_ref().map(|hat| hat.action.clone());
    "hat_group" Text |story: &Story| connection(story)?.hat.as_ref().map(|hat| hat.group.clone());
    "hat_match" Text |story: &Story| connection(story)?.hat.as_ref().map(|hat| hat.matched.clone());
    "reputation" Text |story: &Story| connection(story)?.hat.as_ref().map(|hat| hat.score.clone());
    "sender_refused" Text |story: &Story| connection(story).map(|one| one.sender_refused.clone().unwrap_or_default());
    "lost_before_commands" Bool |story: &Story| connection(story).map(lost_before_commands);
    "closed_with_it" Bool |story: &Story| connection(story).filter(|one| one.has_ended()).map(|one| has_end(story, one, &["close"]));
    "later_message" Bool |story: &Story| Some(later_message(message(story)?, connection(story)?));
    "not_understood" Int |story: &Story| Some(not_understood(story));
    "earlier_success" Bool |story: &Story| Some(earlier_success(story, connection(story)?));
    "elapsed" Int |story: &Story| span(story, began_at(story)?, end_at(story)?);
    "since_last_recipient" Int |story: &Story| span(story, message(story)?.last_recipient_at?, end_at(story)?);
    "inbound_timeout" Int |story: &Story| Some(story.timers.inbound_timeout.seconds);
    "max_connection_time" Int |story: &Story| Some(story.timers.max_connection_time.seconds);
}

/// The row of that name.
pub(crate) fn row(name: &str) -> Option<&'static Row> {
    FACTS.iter().find(|row| row.name == name)
}

fn message(story: &Story) -> Option<&Message> {
    story.message()
}

fn connection(story: &Story) -> Option<&Connection> {
    story.connection.as_deref()
}

/// The connection, if a line that tells how it ended was seen within the message's time: after
/// every end comes `close`, and alone it only tells that another line is missing.
fn ended_connection(story: &Story) -> Option<&Connection> {
    let close = ConnectionEnd::Close.word();
    connection(story).filter(|one| {
        let mut failures = one.failures.iter();
        let mut ends = one.ends.iter().filter(|end| end.how != close);
        failures.any(|(at, _)| within(story, *at)) || ends.any(|end| within(story, end.at))
    })
}

fn count(story: &Story, wanted: impl Fn(&Fate) -> bool) -> i64 {
    let recipients = message(story).into_iter().flat_map(|one| &one.recipients);
    recipients
        .filter(|one| wanted(&one.fate))
        .count()
        .try_into()
        .unwrap_or(i64::MAX)
}

/// What refused the first refused recipient.
fn rejected_by(story: &Story) -> String {
    if let (None, Some(connection)) = (message(story), connection(story)) {
        let first = connection.refused.first();
        return first.map(|(_, by)| by.clone()).unwrap_or_default();
    }
    let recipients = message(story).into_iter().flat_map(|one| &one.recipients);
    let mut refusals = recipients.filter_map(|one| match &one.fate {
        Fate::Refused(by) => Some(by.clone()),
        Fate::Accepted
        | Fate::Delayed(_)
        | Fate::PerhapsDelivered
        | Fate::Dropped(_)
        | Fate::Quarantined
        | Fate::Bounced(_)
        | Fate::Delivered => None,
    });
    refusals.next().unwrap_or_default()
}

/// The quarantines that still hold it, by name.
fn in_quarantines(message: &Message) -> String {
    let names: Vec<&str> = message.held_in().collect();
    names.join(", ")
}

fn has_line(story: &Story, kinds: &[&'static Kind]) -> bool {
    let lines = message(story)
        .into_iter()
        .flat_map(|one| &one.common.entries.lines);
    lines
        .into_iter()
        .any(|line| kinds.iter().any(|kind| line.kind.is(kind)))
}

/// A field of the message's last line of those kinds; of one second, that of the line whose words
/// come last, since the order of arrival tells nothing. Empty where none has it.
fn told(story: &Story, kinds: &[&'static Kind], field: &str) -> String {
    let lines = message(story)
        .into_iter()
        .flat_map(|one| &one.common.entries.lines);
    let told = lines.filter_map(|line| {
        let kind = kinds.iter().find(|kind| line.kind.is(kind))?;
        let fields = whymid_mailflow::fields(kind, &line.line);
        let own = fields.into_iter().find(|(name, _)| *name == field)?;
        Some(((line.at, line.line.as_str()), own.1.to_owned()))
    });
    let last = told.max_by(|(one, _), (other, _)| one.cmp(other));
    last.map(|(_, text)| text).unwrap_or_default()
}

/// What the last answer tells by which a recipient was bounced, or put off where none was; of one
/// second, that of the line whose words come last. Empty when there was none.
fn of_reply(story: &Story, tell: impl Fn(&Reply<'_>) -> String) -> String {
    let answers = message(story).map(answers).unwrap_or_default();
    let last = answers.into_iter().max_by_key(|(rank, ..)| *rank);
    last.map(|(_, _, reply)| tell(&reply)).unwrap_or_default()
}

/// Why each recipient of a message was bounced or put off, by the last answer about it, with the
/// reason of the last answer of all first.
pub(crate) fn reply_reasons(
    message: &Message,
) -> Option<(&'static str, HashMap<u32, &'static str>)> {
    let mut answers = answers(message);
    answers.sort_by_key(|(rank, ..)| *rank);
    let mut reasons = HashMap::new();
    let mut last = None;
    for (_, rids, reply) in answers {
        let own = reply::reason(&reply).word();
        reasons.extend(rids.into_iter().map(|rid| (rid, own)));
        last = Some(own);
    }
    Some((last?, reasons))
}

/// What outweighs what: a bounce a delay, then the later, then the greater words.
type Rank<'m> = (bool, Timestamp, &'m str);

/// The RIDs that a line bounces or puts off; `None` for any other line.
pub(crate) fn answered(line: &Entry) -> Option<Vec<u32>> {
    if !line.kind.is(&kind::BOUNCED) && !line.kind.is(&kind::DELAYED) {
        return None;
    }
    let fact = whymid_mailflow::read(&line.line).fact;
    let (Fact::Bounced { rids, .. } | Fact::Delayed { rids, .. }) = fact else {
        return None;
    };
    Some(rids)
}

/// The answers by which recipients were bounced or put off.
fn answers(message: &Message) -> Vec<(Rank<'_>, Vec<u32>, Reply<'_>)> {
    let lines = message.common.entries.lines.iter();
    let answers = lines.filter_map(|line| {
        let bounced = line.kind.is(&kind::BOUNCED);
        if !bounced && !line.kind.is(&kind::DELAYED) {
            return None;
        }
        let fact = whymid_mailflow::read(&line.line).fact;
        let (Fact::Bounced { rids, reply, .. } | Fact::Delayed { rids, reply, .. }) = fact else {
            return None;
        };
        Some(((bounced, line.at, line.line.as_str()), rids, reply))
    });
    answers.collect()
}

/// The commands of the connection that the gateway did not know, up to the message's end.
fn unknown_commands(story: &Story, wanted: fn(&str) -> bool) -> i64 {
    let kinds = [&kind::UNKNOWN_COMMAND, &kind::BAD_SYNTAX];
    let lines = connection(story)
        .into_iter()
        .flat_map(|one| &one.common.entries.lines);
    let commands = lines.filter_map(|line| {
        let kind = kinds.iter().find(|kind| line.kind.is(kind))?;
        let fields = whymid_mailflow::fields(kind, &line.line);
        let text = fields.into_iter().find(|(name, _)| *name == "text")?.1;
        not_after_end(story, line.at).then(|| (text.trim().to_owned(), line.copies()))
    });
    let wanted = commands.filter(|(text, _)| wanted(text));
    wanted.map(|(_, copies)| i64::from(copies)).sum()
}

/// What an SMTP-inspecting firewall makes of a command that it does not know (Cisco document
/// 117801): as many X.
fn is_masked(command: &str) -> bool {
    command.len() >= 3 && command.bytes().all(|byte| byte == b'X')
}

/// A line of a message's header (RFC 5322, section 2.2): a name without blanks, a colon, and
/// something behind it. `MAIL FROM:` and `RCPT TO:` have a blank.
fn is_header(command: &str) -> bool {
    let Some((name, _)) = command.split_once(": ") else {
        return false;
    };
    let letters = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    letters
        && name
            .bytes()
            .next()
            .is_some_and(|byte| byte.is_ascii_alphabetic())
}

/// A field of the last `Connection Error:` line of the delivery connections that the message used.
pub(crate) fn delivery_error(story: &Story, field: &str) -> String {
    let used = message(story)
        .map(|one| one.dcids.as_slice())
        .unwrap_or_default();
    let deliveries = story
        .deliveries
        .iter()
        .filter(|one| used.contains(&one.dcid));
    let lines = deliveries.flat_map(|one| &one.common.entries.lines);
    let errors = lines.filter(|line| line.kind.is(&kind::DELIVERY_ERROR));
    let last = errors.max_by_key(|line| (line.at, line.line.as_str()));
    let told = last.and_then(|line| {
        let fields = whymid_mailflow::fields(&kind::DELIVERY_ERROR, &line.line);
        fields.into_iter().find(|(name, _)| *name == field)
    });
    told.map(|(_, text)| text.to_owned()).unwrap_or_default()
}

fn lost_before_commands(connection: &Connection) -> bool {
    let mut lines = connection.common.entries.lines.iter();
    lines.any(|line| line.kind.is(&kind::LOST_BEFORE_COMMANDS))
}

fn stage(story: &Story) -> Stage {
    match (message(story), connection(story)) {
        (Some(message), _) => outcome::stage(message),
        (None, Some(connection)) if connection.has_ended() => Stage::Ended,
        (None, _) => Stage::Receiving,
    }
}

fn first_at(story: &Story) -> Option<Timestamp> {
    message(story)
        .map(|one| one.common.first_at)
        .or_else(|| connection(story).map(|one| one.common.first_at))
}

fn last_at(story: &Story) -> Option<Timestamp> {
    message(story)
        .map(|one| one.common.last_at)
        .or_else(|| connection(story).map(|one| one.common.last_at))
}

fn opened_at(story: &Story) -> Option<Timestamp> {
    connection(story)?.opened.as_ref().map(|opened| opened.at)
}

/// When receiving ended: the message's abort, else its finish, else the connection's end.
fn end_at(story: &Story) -> Option<Timestamp> {
    if let Some(message) = message(story) {
        let aborted = message.receiving_aborted.map(|abort| abort.at);
        return aborted.or_else(|| message.finished.map(|finish| finish.at));
    }
    connection(story)?.ends.first().map(|end| end.at)
}

/// Whether a moment of the connection falls into the message's own time: not before its first
/// line, not later than 2 s after its end (Cisco document 118295 shows the same second). A
/// connection by itself has no such bound.
pub(crate) fn within(story: &Story, at: Timestamp) -> bool {
    let Some(message) = message(story) else {
        return true;
    };
    at >= message.common.first_at && not_after_end(story, at)
}

/// Whether a moment of the connection is not behind the message's end.
pub(crate) fn not_after_end(story: &Story, at: Timestamp) -> bool {
    story.message().is_none() || end_at(story).is_none_or(|end| seconds(end, at) <= AFTER_END)
}

/// How long after a message's end a line of its connection may still tell why, seconds.
const AFTER_END: i64 = 2;

fn has_end(story: &Story, connection: &Connection, hows: &[&str]) -> bool {
    let mut ends = connection.ends.iter();
    ends.any(|end| hows.contains(&end.how.as_str()) && within(story, end.at))
}

fn disconnect(story: &Story, connection: &Connection) -> &'static str {
    if has_end(story, connection, &["timeout"]) {
        "timeout"
    } else if has_end(story, connection, &["max_time"]) {
        "max_time"
    } else if has_end(story, connection, &["disconnected"]) {
        "other"
    } else {
        "none"
    }
}

fn receiving_failed(story: &Story, connection: &Connection) -> String {
    let mut failures = connection
        .failures
        .iter()
        .filter(|(at, _)| within(story, *at));
    failures
        .next()
        .map(|(_, reason)| reason.clone())
        .unwrap_or_default()
}

/// TLS is negotiated before a message begins, so only the end bounds it.
fn tls(story: &Story, connection: &Connection) -> String {
    let tls = connection.tls.as_ref();
    let of_message = tls.filter(|tls| not_after_end(story, tls.at));
    of_message.map_or_else(|| "none".to_owned(), |tls| tls.outcome.clone())
}

fn tls_reason(story: &Story) -> String {
    let failed = connection(story)
        .and_then(|one| one.tls.as_ref())
        .filter(|tls| tls.outcome == "failed");
    failed.map(|tls| tls.detail.clone()).unwrap_or_default()
}

/// Whether the connection went on with another MID after this one; MIDs only grow.
fn later_message(message: &Message, connection: &Connection) -> bool {
    connection.mids.iter().any(|mid| *mid > message.mid)
}

fn not_understood(story: &Story) -> i64 {
    let lines = message(story).map_or(0, Message::lines_not_understood);
    lines.try_into().unwrap_or(i64::MAX)
}

/// Whether another message of the connection was accepted before this one's end.
fn earlier_success(story: &Story, connection: &Connection) -> bool {
    let own = message(story).map(|one| one.mid);
    let end = end_at(story);
    connection
        .accepted
        .iter()
        .any(|(mid, at)| Some(*mid) != own && end.is_none_or(|end| *at <= end))
}

fn seconds(from: Timestamp, to: Timestamp) -> i64 {
    to.as_second() - from.as_second()
}

/// When the connection opened, else when the message started.
fn began_at(story: &Story) -> Option<Timestamp> {
    opened_at(story).or_else(|| message(story)?.started_at)
}

/// Whether every stamp of the story was read in the same zone.
fn one_zone(story: &Story) -> bool {
    let message = message(story).map(|one| &one.common);
    let connection = connection(story).map(|one| &one.common);
    let all = || message.into_iter().chain(connection);
    let epochs = || all().map(|one| one.zone_epoch);
    all().all(|one| !one.zone_changed) && epochs().min() == epochs().max()
}

/// A span of time, if it can be one: not backwards, and not across a change of the zone in which
/// the stamps are read.
pub(crate) fn span(story: &Story, from: Timestamp, to: Timestamp) -> Option<i64> {
    let seconds = seconds(from, to);
    (seconds >= 0 && one_zone(story)).then_some(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manual_names_every_fact_word_and_line() {
        let manual = include_str!("../../../kb/README.md");
        let facts = FACTS.iter().map(|row| format!("`{}`", row.name));
        let words = crate::words::known()
            .filter(|word| row(word).is_none())
            .map(|word| format!("`{{{word}}}`"));
        let lines = crate::lines::names().map(|name| format!("`{name}`"));
        let missing: Vec<String> = facts
            .chain(words)
            .chain(lines)
            .filter(|name| !manual.contains(name))
            .collect();
        assert!(missing.is_empty(), "kb/README.md does not name {missing:?}");
    }
}
