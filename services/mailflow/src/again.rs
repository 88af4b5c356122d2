//! Which of the records of one number a line belongs to, and when it begins another: gateways
//! count MIDs, ICIDs and DCIDs from the start again after a reset, and UDP loses and reorders the
//! lines that tell of it.
//!
//! Invariants: the choice goes by the log's own time, never by the order of arrival, so that an
//! old log is read into old records and a replayed journal chooses as before. Within a second
//! nothing begins anew. A line that may come after its message's end (an answer, a late reason,
//! anything that is not understood) begins nothing; one that never does, begins another record
//! once [`LINGER`] has passed: the opening line of that record was lost. Nothing comes after the
//! end of a connection. What finished in a quarantine goes on when it is let out. A clock that is
//! put back by an hour (the end of summer time) stamps what follows before what was.

use jiff::{SignedDuration, Timestamp};

use crate::assembler::LINGER;
use crate::entry::Entry;
use crate::event::{ConnectionEnd, Fact, Kinship};
use crate::merge::Record;
use crate::record::{Connection, Delivery, Message};
use crate::reset::Life;

/// Receiving a message ends long before this: a connection lasts 15 minutes by default.
const RECEIVING: SignedDuration = SignedDuration::from_hours(6);

/// A host access decision comes with the connection, after at most some slow look-ups.
const DECIDING: SignedDuration = SignedDuration::from_mins(15);

/// Nothing is silent for so long in the middle of a message: quarantines keep for 40 days.
const MESSAGE_SILENCE: SignedDuration = SignedDuration::from_hours(60 * 24);

/// By so much clocks are put back when summer time ends.
const SUMMER_TIME: SignedDuration = SignedDuration::from_hours(1);

/// Nothing is silent for so long in the middle of a connection.
const CONNECTION_SILENCE: SignedDuration = SignedDuration::from_hours(24);

/// The place of the record that a line belongs to; `None` when it begins another.
///
/// A record that holds the very line is the one. Otherwise the newest that was there at the
/// line's moment, unless the line begins another; then the oldest that came later, if the line
/// can stand before it. A record made by a later line of the journal is none of an earlier one's;
/// nor is one of another life of the gateway, between two resets of its counters.
pub(crate) fn choose<'r, R: Record + 'r>(
    known: impl Iterator<Item = &'r R> + Clone,
    life: Life,
    fact: &Fact<'_>,
    entry: &Entry,
) -> Option<usize> {
    let mut all = known.clone();
    if let Some(place) = all.position(|one| one.common().entries.holds(entry)) {
        return Some(place);
    }
    let at = entry.at;
    let first = |one: &R| (one.common().first_at, one.common().born);
    let known = known
        .enumerate()
        .filter(|(_, one)| one.common().born <= entry.position && life.has(first(one).0));
    let earlier = known.clone().filter(|(_, one)| first(one).0 <= at);
    let later = known.filter(|(_, one)| first(one).0 > at);
    let earlier = earlier.max_by_key(|(_, one)| first(one));
    let later = later
        .min_by_key(|(_, one)| first(one))
        .filter(|(_, one)| one.may_precede(fact, at));
    match (earlier, later) {
        (Some((_, own)), Some((place, next))) if is_nearer(own, next, at) => Some(place),
        (Some((place, own)), _) if !own.begins_another(fact, at) => Some(place),
        (_, later) => later.map(|(place, _)| place),
    }
}

/// Whether a line stands just before one record while another has long been silent.
fn is_nearer<R: Record>(own: &R, next: &R, at: Timestamp) -> bool {
    far(own.common().last_at, at) && own.common().last_at < at && !far(next.common().first_at, at)
}

/// Whether the lines of a moment, in an older record, are the first ones of the record that
/// begins then: the older one was over, or had long been silent.
pub(crate) fn are_early<R: Record>(older: &R, at: Timestamp) -> bool {
    let lines = &older.common().entries.lines;
    let before = lines.iter().rev().find(|line| line.at < at);
    lines.last().is_some_and(|last| last.at >= at)
        && before.is_some_and(|before| older.is_over() || far(before.at, at))
}

/// Whether a line begins another message of that MID: `Start MID` after the end, or at another
/// moment for another connection or long after; a line of another message's receiving or
/// delivery long after the end.
pub(crate) fn message(held: &Message, fact: &Fact<'_>, at: Timestamp) -> bool {
    let finished = held.finished.map(|finish| finish.at);
    let silent = at.duration_since(held.common.last_at) > MESSAGE_SILENCE;
    let first = held.common.first_at;
    match fact {
        Fact::Started { icid } => {
            // a clock that was put back a little stamps an end before its beginning
            let begun = held.started_at.is_some();
            let over = finished.is_some_and(|end| end < at && (begun || far(end, at)));
            let otherwise = held.icid != *icid;
            over || match held.started_at {
                Some(started) => started != at && (otherwise || far(started, at)),
                None => far(first, at),
            }
        }
        Fact::Sender { icid, .. }
        | Fact::Recipient { icid, .. }
        | Fact::RecipientRefused { icid, .. } => {
            let other = conflict(held.icid, *icid) && far(first, at);
            other || long_over(finished, at) || at.duration_since(first) > RECEIVING
        }
        Fact::Ready { .. }
        | Fact::ReceivingAborted { .. }
        | Fact::MessageId(_)
        | Fact::Subject(_)
        | Fact::Related {
            // its birth
            how:
                Kinship::ReinjectedFrom | Kinship::ReturnedFrom | Kinship::CopyOf | Kinship::BounceOf,
            ..
        } => long_over(finished, at) || at.duration_since(first) > RECEIVING,
        Fact::Finished { .. }
        | Fact::Queued
        | Fact::DeliveryStart { .. }
        | Fact::Done { .. }
        | Fact::Delayed { .. }
        | Fact::Bounced { .. }
        | Fact::Settled { .. }
        | Fact::Related {
            how: Kinship::SplitInto | Kinship::RewrittenTo,
            ..
        } => silent || (held.quarantines.is_empty() && long_over(finished, at)),
        Fact::Stopped(_)
        | Fact::Quarantine { .. }
        | Fact::Response { .. }
        | Fact::ConnectionOpened { .. }
        | Fact::ConnectionEnded(_)
        | Fact::ReceivingFailed(_)
        | Fact::Tls(..)
        | Fact::Hat { .. }
        | Fact::SenderRefused(_)
        | Fact::RecipientRefusedOnConnection { .. }
        | Fact::DeliveryOpened { .. }
        | Fact::DeliveryEnded
        | Fact::Version { .. }
        | Fact::UtcOffset { .. }
        | Fact::Nothing => silent,
    }
}

/// Whether a line can stand before the first one of that message that was seen: nothing stands
/// longer before `Start MID` than a clock is put back, and no end before any other line.
pub(crate) fn before_message(held: &Message, fact: &Fact<'_>, at: Timestamp) -> bool {
    let first = held.common.first_at;
    if first.duration_since(at) > MESSAGE_SILENCE
        || held.started_at.is_some_and(|own| !is_put_back(own, at))
    {
        return false;
    }
    if let Fact::Started { icid }
    | Fact::Sender { icid, .. }
    | Fact::Recipient { icid, .. }
    | Fact::RecipientRefused { icid, .. } = fact
    {
        return !conflict(held.icid, *icid);
    }
    !matches!(fact, Fact::Finished { .. }) || is_put_back(first, at)
}

fn conflict(one: Option<u64>, other: Option<u64>) -> bool {
    one.is_some() && other.is_some() && one != other
}

/// Whether a line begins another connection of that ICID: an opening after `close`, or of
/// another peer, or long after; a decision long after the first line; anything long after
/// `close`.
pub(crate) fn connection(held: &Connection, fact: &Fact<'_>, at: Timestamp) -> bool {
    let over = |end: &&crate::record::End| {
        [ConnectionEnd::Close.word(), ConnectionEnd::Killed.word()].contains(&end.how.as_str())
    };
    let closed = held.ends.iter().find(over).map(|end| end.at);
    let first = held.common.first_at;
    if let Fact::ConnectionOpened { peer, .. } = fact {
        let over = closed.is_some_and(|closed| closed < at);
        return over
            || match &held.opened {
                Some(opened) => opened.at != at && (opened.peer != *peer || far(opened.at, at)),
                None => far(first, at),
            };
    }
    let decided = matches!(fact, Fact::Hat { group, .. } if !group.is_empty());
    long_over(closed, at)
        || (decided && at.duration_since(first) > DECIDING)
        || at.duration_since(held.common.last_at) > CONNECTION_SILENCE
}

/// Whether a line can stand before the first one of that connection that was seen.
pub(crate) fn before_connection(held: &Connection, fact: &Fact<'_>, at: Timestamp) -> bool {
    let opened = held.opened.as_ref().map(|opened| opened.at);
    let peer = held.opened.as_ref().map(|opened| opened.peer.as_str());
    let another = matches!(fact, Fact::ConnectionOpened { peer: own, .. } if peer.is_some_and(|held| held != *own));
    let ended = matches!(fact, Fact::ConnectionEnded(_));
    can_precede(held.common.first_at, opened, ended, at) && !another
}

/// Whether a line begins another delivery connection of that DCID.
pub(crate) fn delivery(held: &Delivery, fact: &Fact<'_>, at: Timestamp) -> bool {
    if let Fact::DeliveryOpened { peer, .. } = fact {
        let over = held.ended_at.is_some_and(|ended| ended < at);
        return over
            || match held.opened_at {
                Some(opened) => {
                    opened != at && (held.peer.as_deref() != Some(*peer) || far(opened, at))
                }
                None => far(held.common.first_at, at),
            };
    }
    long_over(held.ended_at, at) || at.duration_since(held.common.last_at) > CONNECTION_SILENCE
}

/// Whether a line can stand before the first one of that delivery that was seen.
pub(crate) fn before_delivery(held: &Delivery, fact: &Fact<'_>, at: Timestamp) -> bool {
    let ended = matches!(fact, Fact::DeliveryEnded);
    can_precede(held.common.first_at, held.opened_at, ended, at)
}

fn can_precede(first: Timestamp, opened: Option<Timestamp>, is_end: bool, at: Timestamp) -> bool {
    first.duration_since(at) <= CONNECTION_SILENCE
        && opened.is_none_or(|opened| is_put_back(opened, at))
        && (!is_end || is_put_back(first, at))
}

fn long_over(end: Option<Timestamp>, at: Timestamp) -> bool {
    end.is_some_and(|end| end < at && far(end, at))
}

/// Whether a clock that was put back may have stamped a line at `at` that came after `first`.
fn is_put_back(first: Timestamp, at: Timestamp) -> bool {
    first.duration_since(at) <= SUMMER_TIME + LINGER
}

fn far(one: Timestamp, other: Timestamp) -> bool {
    one.duration_since(other).abs() > LINGER
}
