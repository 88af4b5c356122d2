//! A message and its connection, and what other logs tell of it, joined when they are read:
//! neither stores the other's name, so that a line changes one record only, and it makes no difference which of the two was seen
//! first, or written, or forgotten.

use jiff::{SignedDuration, Timestamp};

use crate::assembler::LINGER;
use crate::record::{ApplianceEvent, Common, Connection, Delivery, MAX_LINKS, Message, put};

/// A connection that has been silent for so long carries nothing more.
const SILENCE: SignedDuration = SignedDuration::from_hours(24);

/// How far apart two zones can put one moment: offsets go to 18 hours either way.
const ZONES_APART: SignedDuration = SignedDuration::from_hours(36);

/// So long after a message's last line another log may still tell of it: the consolidated event
/// log does when all is over.
const TOLD_LATER: SignedDuration = SignedDuration::from_hours(1);

/// Whether a line of another log that names a message's MID is about that message: it came while
/// that was there, or soon after.
#[must_use]
pub fn is_about(event: &ApplianceEvent, message: &Message) -> bool {
    let at = event.common.first_at;
    let common = &message.common;
    let slack = slack(&event.common, common);
    event.about == Some(message.mid)
        && event.common.appliance == common.appliance
        && common.first_at.duration_since(at) <= LINGER + slack
        && at.duration_since(common.last_at) <= TOLD_LATER + slack
}

/// How much further apart two records' stamps may be since they are not all read in one zone.
pub(crate) fn slack(one: &Common, other: &Common) -> SignedDuration {
    let in_one_zone =
        one.zone_epoch == other.zone_epoch && !one.zone_changed && !other.zone_changed;
    if in_one_zone {
        SignedDuration::ZERO
    } else {
        ZONES_APART
    }
}

/// Whether a delivery connection can be the one that a message used: numbers are used again, so
/// it was there while the message was.
#[must_use]
pub fn is_used(delivery: &Delivery, message: &Message) -> bool {
    let ended = delivery.ended_at;
    delivery
        .common
        .first_at
        .duration_since(message.common.last_at)
        <= LINGER
        && ended.is_none_or(|ended| message.common.first_at.duration_since(ended) <= LINGER)
        && message
            .common
            .first_at
            .duration_since(delivery.common.last_at)
            <= SILENCE
}

/// What joining needs of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Carried {
    /// Its number.
    pub mid: u64,
    /// Stamp of its first line.
    pub first_at: Timestamp,
    /// Stamp of `ready`: the gateway has taken it.
    pub ready_at: Option<Timestamp>,
    /// The epoch of the zone that its stamps were read in, and whether that changed; `None` when
    /// it is held to be its connection's.
    pub zone: Option<(u32, bool)>,
}

impl From<&Message> for Carried {
    fn from(message: &Message) -> Self {
        Self {
            mid: message.mid,
            first_at: message.common.first_at,
            ready_at: message.ready_at,
            zone: Some((message.common.zone_epoch, message.common.zone_changed)),
        }
    }
}

/// Of the connections of one appliance and of the ICID that a message names, the one that it came
/// by: it was not there before the connection opened and did not begin long after its end. Where
/// several fit, the one that opened last before it. Where their stamps are not all read in one
/// zone, only a day and a half is long.
pub fn connection_of<'c>(
    message: impl Into<Carried>,
    known: impl IntoIterator<Item = &'c Connection>,
) -> Option<&'c Connection> {
    let message = message.into();
    let fitting = known.into_iter().filter(|one| belongs(message, one));
    fitting.min_by_key(|one| {
        let ahead = one.common.first_at.duration_since(message.first_at);
        (ahead.is_positive(), ahead.abs())
    })
}

fn belongs(message: Carried, connection: &Connection) -> bool {
    let common = &connection.common;
    let in_one_zone = message.zone.is_none_or(|(epoch, changed)| {
        epoch == common.zone_epoch && !changed && !common.zone_changed
    });
    let slack = if in_one_zone {
        LINGER
    } else {
        LINGER + ZONES_APART
    };
    let first = message.first_at;
    let opened = connection.opened.as_ref().map(|opened| opened.at);
    let end = connection.ends.iter().map(|end| end.at).max();
    let before = opened.is_some_and(|opened| opened.duration_since(first) > slack);
    let silence = first.duration_since(common.last_at) > SILENCE + slack;
    let after = silence || end.is_some_and(|end| first.duration_since(end) > slack);
    !before && !after
}

impl Connection {
    /// Notes a message that it carried.
    pub fn note(&mut self, mid: u64, ready_at: Option<Timestamp>) {
        put(&mut self.mids, mid, MAX_LINKS);
        let Some(at) = ready_at else { return };
        match self.accepted.binary_search_by_key(&mid, |(held, _)| *held) {
            Ok(place) => self.accepted[place].1 = self.accepted[place].1.min(at),
            Err(place) if self.accepted.len() < MAX_LINKS => self.accepted.insert(place, (mid, at)),
            Err(_) => {}
        }
    }

    /// Notes, of the messages that name its ICID, those that came by it and not by another of
    /// that number.
    pub fn note_messages(&mut self, messages: impl IntoIterator<Item = Carried>, known: &[Self]) {
        for message in messages {
            let others = known.iter().filter(|one| one.common.id != self.common.id);
            let of_this = connection_of(message, others.chain([&*self]))
                .is_some_and(|one| one.common.id == self.common.id);
            if of_this {
                self.note(message.mid, message.ready_at);
            }
        }
    }
}
