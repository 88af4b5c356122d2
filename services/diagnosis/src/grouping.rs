//! What a diagnosis's occurrences have in common: the word that its rule names (`kb/README.md`) to
//! its value, read from the story that decides.
//!
//! Invariants: the same records give the same value, in whatever order their lines came; hosts and
//! domains are in small letters; a value has at most 255 characters. Names are strangers' words:
//! they are compared, never interpreted. A name that only a host's reverse DNS claims is none:
//! anybody can claim it.
//!
//! Not here: what is shared by it (tickets).

use std::cmp::Reverse;
use std::collections::HashSet;

use whymid_mailflow::{Common, Fate, MASKED, Message, Recipient, canonical, kind};
use whymid_schemas::{GroupedBy, Grouping};

use crate::facts::{self, Value};
use crate::judge::Judged;
use crate::outcome;
use crate::story::Story;

/// The most characters of a value.
const MAX_CHARACTERS: usize = 255;

/// Stands for the sender of a message that has none.
const NULL_SENDER: &str = "<>";

/// Stands for the spam quarantine, which the log does not name.
const SPAM_QUARANTINE: &str = "spam";

/// What occurrences of a judged story's diagnosis have in common.
pub(crate) fn of(by: Grouping, judged: &Judged<'_, '_>) -> GroupedBy {
    let story = judged.story.as_ref();
    let value = match by {
        Grouping::SendingHost => sending_host(story),
        Grouping::SenderDomain => sender_domain(story),
        Grouping::NextHopDomain => next_hop_domain(judged),
        Grouping::Filter => first_told(story, &["filter", "policy", "stopped_by"]),
        Grouping::Quarantine => quarantine(story),
        Grouping::SenderGroup => first_told(story, &["hat_group"]),
        Grouping::Appliance => common(story).map(|one| one.appliance.clone()),
        Grouping::Record => common(story).map(|one| one.id.clone()),
    };
    GroupedBy {
        by,
        value: value.and_then(|one| tidied(&one)),
    }
}

/// Without blanks around it, and cut; `None` when nothing is left.
fn tidied(value: &str) -> Option<String> {
    let cut: String = value.trim().chars().take(MAX_CHARACTERS).collect();
    let cut = cut.trim_end();
    (!cut.is_empty()).then(|| cut.to_owned())
}

fn common(story: &Story) -> Option<&Common> {
    let of_message = story.message().map(|one| &one.common);
    of_message.or_else(|| story.connection.as_deref().map(|one| &one.common))
}

/// The host's name where forward and reverse DNS agree, else its address.
fn sending_host(story: &Story) -> Option<String> {
    let opened = story.connection.as_deref()?.opened.as_ref()?;
    let verified = opened
        .host
        .as_ref()
        .filter(|_| opened.verified == Some(true));
    let name = verified.unwrap_or(&opened.peer);
    Some(name.trim().trim_end_matches('.').to_lowercase())
}

fn sender_domain(story: &Story) -> Option<String> {
    match story.message()?.envelope_sender()? {
        "" => Some(NULL_SENDER.to_owned()),
        sender => domain(sender),
    }
}

/// The domain of the recipient that decides; of one that was refused before a message began, the
/// first of the connection.
fn next_hop_domain(judged: &Judged<'_, '_>) -> Option<String> {
    let story = judged.story.as_ref();
    let Some(message) = story.message() else {
        let (address, _) = story.connection.as_deref()?.refused.first()?;
        return domain(address);
    };
    let deciding = judged.followed.as_ref()?.deciding;
    let all = message.recipients.iter();
    let all = all.zip(outcome::of_recipients(message));
    let alike = all.filter(|(_, outcome)| *outcome == deciding);
    let alike: Vec<&Recipient> = alike.map(|(one, _)| one).collect();
    let answered = last_answered(message, &alike);
    let failed = facts::delivery_error(story, "domain").to_lowercase();
    let rank = |one: &&Recipient| {
        let is_answered = one.rid.is_some_and(|rid| answered.contains(&rid));
        let delivered_at = matches!(one.fate, Fate::Delivered).then_some(one.at);
        let is_failed = !failed.is_empty() && domain_of(one).is_some_and(|own| own == failed);
        (is_answered, delivered_at, is_failed)
    };
    // the first of those that rank highest
    let decides = alike.into_iter().min_by_key(|one| Reverse(rank(one)))?;
    domain_of(decides)
}

/// The RIDs that the answer is about by which the diagnosis is made: the last by which any of these
/// recipients was bounced or put off.
fn last_answered(message: &Message, recipients: &[&Recipient]) -> HashSet<u32> {
    let wanted: HashSet<u32> = recipients.iter().filter_map(|one| one.rid).collect();
    let lines = message.common.entries.lines.iter();
    let answers = lines.filter_map(|line| {
        let rids = facts::answered(line)?;
        let rank = (line.kind.is(&kind::BOUNCED), line.at, line.line.as_str());
        let about_them = rids.iter().any(|rid| wanted.contains(rid));
        about_them.then_some((rank, rids))
    });
    let last = answers.max_by(|(one, _), (other, _)| one.cmp(other));
    last.into_iter().flat_map(|(_, rids)| rids).collect()
}

fn domain_of(recipient: &Recipient) -> Option<String> {
    domain(recipient.address.as_deref()?)
}

/// An address's domain, in small letters; `None` for one that has none, or that is not shown.
fn domain(address: &str) -> Option<String> {
    if address == MASKED {
        return None;
    }
    let whole = canonical(address);
    let (_, domain) = whole.rsplit_once('@')?;
    (!domain.is_empty()).then(|| domain.to_owned())
}

/// The quarantine that it was deleted from, else those that hold it.
fn quarantine(story: &Story) -> Option<String> {
    first_told(story, &["deleted_from", "in_quarantines"]).or_else(|| {
        let is_spam = fact(story, "spam_quarantine") == Some(Value::Bool(true));
        is_spam.then(|| SPAM_QUARANTINE.to_owned())
    })
}

fn fact(story: &Story, name: &str) -> Option<Value> {
    (facts::row(name)?.read)(story)
}

/// The first of these facts that tells anything.
fn first_told(story: &Story, names: &[&str]) -> Option<String> {
    let mut told = names.iter().filter_map(|name| {
        let value = fact(story, name)?.to_string();
        (!value.trim().is_empty()).then_some(value)
    });
    told.next()
}

#[cfg(test)]
mod tests;
