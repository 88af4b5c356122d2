//! Records in a few published fields: a message, its recipients, a connection, a delivery.

use jiff::Timestamp;
use whymid_mailflow::{Connection, Fate, Message};
use whymid_schemas::{ConnectionSummary, Delivery, MessageSummary, Outcome, Recipient, Time};

use crate::answer::Style;
use crate::decide;
use crate::knowledge::NO_CAUSE;
use crate::outcome;
use crate::story::Story;

/// The message in a few fields; `diagnosis` is that of its worst recipient.
pub(crate) fn message_summary(
    story: &Story,
    message: &Message,
    diagnosis: Option<&str>,
    style: &Style,
) -> MessageSummary {
    let outcome = outcome::of_message(message);
    let deciding = outcome::deciding(message);
    let connection = story.connection.as_ref();
    let opened = connection.and_then(|one| one.opened.as_ref());
    let hat = connection.and_then(|one| one.hat.as_ref());
    let time = |at: Timestamp| Time::of(at, &style.zone);
    let ended = message
        .finished
        .map(|finish| finish.at)
        .or(message.receiving_aborted.map(|abort| abort.at));
    let base = &style.base_url;
    MessageSummary {
        id: message.common.id.clone(),
        url: (!base.is_empty()).then(|| format!("{base}/messages/{}", message.common.id)),
        appliance: message.common.appliance.clone(),
        zone: message.common.zone,
        mid: message.mid,
        icid: message.icid,
        sender: message.envelope_sender().map(str::to_owned),
        recipients: message
            .recipients
            .iter()
            .zip(outcome::of_recipients(message))
            .map(|(one, outcome)| recipient_summary(message, one, outcome, deciding, diagnosis))
            .collect(),
        subject: message.subject.clone(),
        message_id: message.message_id.clone(),
        size: message.size,
        host: opened.and_then(|one| one.host.clone()),
        host_verified: opened.and_then(|one| one.verified),
        ip: opened.map(|one| one.peer.clone()),
        sender_group: hat
            .map(|hat| hat.group.clone())
            .filter(|group| !group.is_empty()),
        started_at: decide::began_at(message).map(time),
        first_seen_at: time(message.common.first_at),
        ended_at: ended.map(time),
        outcome,
    }
}

fn recipient_summary(
    message: &Message,
    recipient: &whymid_mailflow::Recipient,
    outcome: Outcome,
    deciding: Outcome,
    diagnosis: Option<&str>,
) -> Recipient {
    let own = if outcome == Outcome::Delivered {
        Some("delivered-ok")
    } else if outcome == deciding || outcome::is_under_way(outcome) || outcome == Outcome::Unknown {
        diagnosis
    } else {
        Some(NO_CAUSE)
    };
    let response = match &recipient.fate {
        Fate::Bounced(reply) | Fate::Delayed(reply) => Some(reply.clone()),
        Fate::Refused(by) | Fate::Dropped(by) => Some(by.clone()),
        Fate::Accepted | Fate::PerhapsDelivered | Fate::Quarantined | Fate::Delivered => {
            recipient.response.clone()
        }
    };
    Recipient {
        rid: recipient.rid,
        address: recipient.address.clone(),
        outcome,
        custody: outcome::custody(outcome, message.ready_at.is_some()),
        diagnosis: own.map(str::to_owned),
        response,
    }
}

/// The connection in a few fields.
pub(crate) fn connection_summary(
    connection: &Connection,
    outcome: Outcome,
    style: &Style,
) -> ConnectionSummary {
    let opened = connection.opened.as_ref();
    ConnectionSummary {
        id: connection.common.id.clone(),
        appliance: connection.common.appliance.clone(),
        zone: connection.common.zone,
        icid: connection.icid,
        host: opened.and_then(|one| one.host.clone()),
        host_verified: opened.and_then(|one| one.verified),
        ip: opened.map(|one| one.peer.clone()),
        listener: opened.map(|one| one.interface.clone()),
        sender_group: connection
            .hat
            .as_ref()
            .map(|hat| hat.group.clone())
            .filter(|group| !group.is_empty()),
        opened_at: opened.map(|one| Time::of(one.at, &style.zone)),
        first_seen_at: Time::of(connection.common.first_at, &style.zone),
        ended_at: connection
            .ends
            .last()
            .map(|end| Time::of(end.at, &style.zone)),
        outcome,
        messages: connection.mids.clone(),
    }
}

/// A delivery connection in a few fields.
pub(crate) fn delivery_summary(delivery: &whymid_mailflow::Delivery, style: &Style) -> Delivery {
    Delivery {
        dcid: delivery.dcid,
        ip: delivery.peer.clone(),
        port: delivery.port,
        opened_at: delivery.opened_at.map(|at| Time::of(at, &style.zone)),
        ended_at: delivery.ended_at.map(|at| Time::of(at, &style.zone)),
    }
}
