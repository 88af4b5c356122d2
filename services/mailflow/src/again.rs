//! When a number in use begins anew: gateways count MIDs, ICIDs and DCIDs from the start again
//! after a reset, and UDP loses and reorders the lines that tell of it.
//!
//! Invariant: within a second nothing begins anew, so that the order of its lines makes no
//! difference. A line that may come after its record's end (an answer, a late reason, anything
//! that is not understood) begins nothing; one that never does, begins another record once
//! [`LINGER`] has passed: the opening line of that record was lost.

use jiff::{SignedDuration, Timestamp};

use crate::assembler::LINGER;
use crate::event::{ConnectionEnd, Fact};
use crate::record::{Common, Connection, Delivery, Message};

/// How far apart two zones can put one moment: offsets go to 18 hours either way.
const ZONES_APART: SignedDuration = SignedDuration::from_hours(36);

/// Whether a line begins another message of that MID: `Start MID` after the end, or at another
/// moment for another connection or long after; a line of another message's receiving or
/// delivery long after the end.
pub(crate) fn message(held: &Message, fact: &Fact<'_>, at: Timestamp) -> bool {
    match fact {
        Fact::Started { icid } => {
            let over = held.finished.is_some_and(|finish| finish.at < at);
            over || held
                .started_at
                .is_some_and(|started| started != at && (held.icid != *icid || far(started, at)))
        }
        Fact::Sender { .. }
        | Fact::Recipient { .. }
        | Fact::RecipientRefused { .. }
        | Fact::Ready { .. }
        | Fact::ReceivingAborted { .. }
        | Fact::Finished { .. }
        | Fact::MessageId(_)
        | Fact::Subject(_)
        | Fact::Queued
        | Fact::DeliveryStart { .. }
        | Fact::Done { .. }
        | Fact::Delayed { .. }
        | Fact::Bounced { .. } => long_over(held.finished.map(|finish| finish.at), at),
        Fact::Stopped(_)
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
        | Fact::Nothing => false,
    }
}

/// Whether a line begins another connection of that ICID: an opening after `close`, or of
/// another peer, or long after; any decision or end long after `close`.
pub(crate) fn connection(held: &Connection, fact: &Fact<'_>, at: Timestamp) -> bool {
    let over = |end: &&crate::record::End| {
        [ConnectionEnd::Close.word(), ConnectionEnd::Killed.word()].contains(&end.how.as_str())
    };
    let closed = held.ends.iter().find(over).map(|end| end.at);
    if let Fact::ConnectionOpened { peer, .. } = fact {
        return closed.is_some_and(|closed| closed < at)
            || held.opened.as_ref().is_some_and(|opened| {
                opened.at != at && (opened.peer != *peer || far(opened.at, at))
            });
    }
    let of_a_session = matches!(
        fact,
        Fact::Hat { .. } | Fact::Tls(..) | Fact::ConnectionEnded(_) | Fact::SenderRefused(_)
    );
    of_a_session && long_over(closed, at)
}

/// Whether a line begins another delivery connection of that DCID.
pub(crate) fn delivery(held: &Delivery, fact: &Fact<'_>, at: Timestamp) -> bool {
    if let Fact::DeliveryOpened { peer, .. } = fact {
        return held.ended_at.is_some_and(|ended| ended < at)
            || held.opened_at.is_some_and(|opened| {
                opened != at && (held.peer.as_deref() != Some(*peer) || far(opened, at))
            });
    }
    matches!(fact, Fact::DeliveryEnded) && long_over(held.ended_at, at)
}

/// Whether a message can have come by that connection: it names its ICID, is not tied to an
/// earlier one of that number, was not there before it opened and did not begin long after its
/// end. Where their stamps are not all read in one zone, only a day and a half is long.
pub(crate) fn belongs(message: &Message, connection: &Connection) -> bool {
    let tied_elsewhere = message
        .connection
        .as_ref()
        .is_some_and(|id| *id != connection.common.id);
    let slack = if in_one_zone(&message.common, &connection.common) {
        LINGER
    } else {
        LINGER + ZONES_APART
    };
    let first = message.common.first_at;
    let opened = connection.opened.as_ref().map(|opened| opened.at);
    let end = connection.ends.iter().map(|end| end.at).max();
    let before = opened.is_some_and(|opened| opened.duration_since(first) > slack);
    let after = end.is_some_and(|end| first.duration_since(end) > slack);
    !tied_elsewhere && !before && !after
}

fn in_one_zone(one: &Common, other: &Common) -> bool {
    one.zone_epoch == other.zone_epoch && !one.zone_changed && !other.zone_changed
}

fn long_over(end: Option<Timestamp>, at: Timestamp) -> bool {
    end.is_some_and(|end| end < at && far(end, at))
}

fn far(one: Timestamp, other: Timestamp) -> bool {
    one.duration_since(other).abs() > LINGER
}
