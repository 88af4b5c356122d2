//! Records in a few published fields: a message, its recipients, its family, a connection, a
//! delivery.

use jiff::Timestamp;
use whymid_mailflow::{Connection, Fate};
use whymid_schemas::{
    ConnectionSummary, Delivery, Kin, Kinship, MessageSummary, Outcome, Recipient, Time,
};

use crate::answer::Style;
use crate::apart::Apart;
use crate::decide;
use crate::family::Fared;
use crate::judge::Judged;
use crate::knowledge::Knowledge;
use crate::outcome;
use crate::story::Story;

/// The message that was asked for in a few fields; its recipients followed to where they ended.
pub(crate) fn message_summary(
    knowledge: &Knowledge,
    judged: &Judged<'_, '_>,
    style: &Style,
) -> Option<MessageSummary> {
    let story = judged.asked;
    let message = story.asked()?;
    let followed = judged.followed.as_ref()?;
    let connection = story.connection.as_ref();
    let opened = connection.and_then(|one| one.opened.as_ref());
    let hat = connection.and_then(|one| one.hat.as_ref());
    let time = |at: Timestamp| Time::of(at, &style.zone);
    let mut apart = Apart::of(knowledge, judged);
    let recipients = message.recipients.iter().zip(&followed.recipients);
    let recipients = recipients.map(|(one, fared)| Recipient {
        rid: one.rid,
        address: one.address.clone(),
        outcome: fared.outcome,
        custody: fared.custody,
        diagnosis: apart.diagnosis(fared),
        response: response(story, fared),
        final_mid: fared.final_mid,
        bounce_mid: fared.bounce_mid,
    });
    let ended = message
        .finished
        .map(|finish| finish.at)
        .or(message.receiving_aborted.map(|abort| abort.at));
    let base = &style.base_url;
    Some(MessageSummary {
        id: message.common.id.clone(),
        url: (!base.is_empty()).then(|| format!("{base}/messages/{}", message.common.id)),
        appliance: message.common.appliance.clone(),
        zone: message.common.zone,
        mid: message.mid,
        icid: message.icid,
        sender: message.envelope_sender().map(str::to_owned),
        recipients: recipients.collect(),
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
        outcome: followed.outcome,
    })
}

/// What was said of a recipient where it ended.
fn response(story: &Story, fared: &Fared) -> Option<String> {
    let leaf = story.family.members.get(fared.leaf?)?;
    let recipient = leaf.recipients.get(fared.recipient?)?;
    match &recipient.fate {
        Fate::Bounced(reply) | Fate::Delayed(reply) => Some(reply.clone()),
        Fate::Refused(by) | Fate::Dropped(by) => Some(by.clone()),
        Fate::Accepted | Fate::PerhapsDelivered | Fate::Quarantined | Fate::Delivered => {
            recipient.response.clone()
        }
    }
}

/// Other messages of the family of the one that was asked for, as they hang together.
pub(crate) fn family_summary(judged: &Judged<'_, '_>, style: &Style) -> Vec<Kin> {
    let family = &judged.asked.family;
    let base = &style.base_url;
    let seen = family.bonds.iter().map(|bond| {
        let (elder, younger) = (&family.members[bond.elder], &family.members[bond.younger]);
        let id = &younger.common.id;
        Kin {
            mid: younger.mid,
            from_mid: elder.mid,
            how: published(bond.how),
            at: Time::of(bond.at, &style.zone),
            id: Some(id.clone()),
            url: (!base.is_empty()).then(|| format!("{base}/messages/{id}")),
            from_id: Some(elder.common.id.clone()),
            outcome: Some(outcome::of_message(younger)),
        }
    });
    let unseen = family.unseen.iter().map(|one| {
        let own = &family.members[one.of];
        let (mid, from_mid) = if one.tie.how.is_elder_s() {
            (one.tie.mid, own.mid)
        } else {
            (own.mid, one.tie.mid)
        };
        let id = (!one.tie.how.is_elder_s()).then(|| own.common.id.clone());
        Kin {
            mid,
            from_mid,
            how: published(one.tie.how),
            at: Time::of(one.tie.at, &style.zone),
            url: None,
            from_id: one.tie.how.is_elder_s().then(|| own.common.id.clone()),
            outcome: id.is_some().then(|| outcome::of_message(own)),
            id,
        }
    });
    seen.chain(unseen).collect()
}

fn published(how: whymid_mailflow::Kinship) -> Kinship {
    use whymid_mailflow::Kinship as How;
    match how {
        How::SplitInto => Kinship::Split,
        How::RewrittenTo => Kinship::Rewritten,
        How::ReinjectedFrom => Kinship::ReleasedFromSpamQuarantine,
        How::ReturnedFrom => Kinship::ReturnedFromSma,
        How::CopyOf => Kinship::Copy,
        How::BounceOf => Kinship::Bounce,
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
