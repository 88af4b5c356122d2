//! How long a delivered message took, and where: in the work queue, in quarantines, in the queue for
//! delivery.
//!
//! From `ready`, with which the gateway took the mail, to the last delivery. A message that took
//! over from another one (a split, a release) has that one's `ready`, and its quarantines count.
//! Untold where a line is missing that would tell, and where the stamps are not of one zone.

use jiff::Timestamp;
use whymid_mailflow::{Fate, Message, Stay};

use crate::facts;
use crate::story::Story;

/// Seconds from `ready` to the last delivery.
pub(crate) fn delay(story: &Story) -> Option<i64> {
    let message = story.message()?;
    facts::span(story, message.ready_at?, delivered_at(message)?)
}

/// Seconds from `ready` to `queued for delivery`, without the time in quarantines.
pub(crate) fn in_workqueue(story: &Story) -> Option<i64> {
    let message = story.message()?;
    let all = facts::span(story, message.ready_at?, message.queued_at?)?;
    Some((all - in_quarantines(story)?).max(0))
}

/// Seconds in quarantines, from the first one's beginning to the last one's end.
pub(crate) fn in_quarantines(story: &Story) -> Option<i64> {
    let members = &story.family.members;
    let mut place = story.subject;
    let mut stays: Vec<(Timestamp, Timestamp)> = Vec::new();
    for _ in 0..members.len() {
        let member = members.get(place)?;
        let until = story.family.goes_on(place).map(|bond| bond.at).min();
        let all = member.quarantines.iter().find(|stay| stay.name.is_none());
        let let_go = all.and_then(|stay| stay.released_at);
        let named = member
            .quarantines
            .iter()
            .filter(|stay| stay.held_at.is_some());
        let named: Vec<&Stay> = named.collect();
        // let out of what nobody saw it put into
        if named.is_empty() && !member.quarantines.is_empty() {
            return None;
        }
        for stay in named {
            let end = stay.released_at.or(let_go).or(until)?;
            stays.push((stay.held_at?, end));
        }
        match story.family.came_from(place) {
            Some(bond) => place = bond.elder,
            None => break,
        }
    }
    let Some(from) = stays.iter().map(|(from, _)| *from).min() else {
        return Some(0);
    };
    let to = stays.iter().map(|(_, to)| *to).max()?;
    facts::span(story, from, to)
}

/// Seconds from `queued for delivery` to the last delivery.
pub(crate) fn in_queue(story: &Story) -> Option<i64> {
    let message = story.message()?;
    facts::span(story, message.queued_at?, delivered_at(message)?)
}

/// The longest of the three; empty where none is told, or none took any time.
pub(crate) fn slowest(story: &Story) -> &'static str {
    let stages = [
        ("workqueue", in_workqueue(story)),
        ("quarantine", in_quarantines(story)),
        ("delivery", in_queue(story)),
    ];
    let told = stages
        .into_iter()
        .filter_map(|(name, time)| Some((name, time?)));
    let longest = told
        .filter(|(_, time)| *time > 0)
        .max_by_key(|(_, time)| *time);
    longest.map_or("", |(name, _)| name)
}

fn delivered_at(message: &Message) -> Option<Timestamp> {
    let delivered = message
        .recipients
        .iter()
        .filter(|one| one.fate == Fate::Delivered);
    delivered.map(|one| one.at).max()
}
