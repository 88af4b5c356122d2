//! What each line does to its message.

use jiff::Timestamp;
use whymid_schemas::Zone;

use crate::entry::{Added, Entry};
use crate::event::{Fact, Refusal, Reply};
use crate::record::{Common, Fate, Finish, Message, ReceivingAbort, Recipient, Space};

impl Message {
    pub(crate) fn new(appliance: &str, mid: u64, zone: Zone, first: &Entry) -> Self {
        Self {
            common: Common::new(Space::Message, mid, appliance, zone, first),
            mid,
            icid: None,
            connection: None,
            started_at: None,
            sender: None,
            ready_sender: None,
            recipients: Vec::new(),
            last_recipient_at: None,
            message_id: None,
            subject: None,
            ready_at: None,
            size: None,
            receiving_aborted: None,
            stopped: None,
            queued_at: None,
            finished: None,
            dcids: Vec::new(),
        }
    }

    /// The envelope sender by the best line that tells it.
    #[must_use]
    pub fn envelope_sender(&self) -> Option<&str> {
        self.sender.as_deref().or(self.ready_sender.as_deref())
    }

    /// Merges a line. A copy of a line that is there changes nothing but its count.
    pub(crate) fn merge(&mut self, entry: Entry, fact: &Fact<'_>) {
        let at = entry.at;
        self.common.extend(at, entry.position);
        if self.common.entries.add(entry) == Added::New {
            self.apply(at, fact);
        }
    }

    fn apply(&mut self, at: Timestamp, fact: &Fact<'_>) {
        match fact {
            Fact::Started { icid } => {
                self.started_at = earliest(self.started_at, at);
                self.came_by(*icid);
            }
            Fact::Sender { icid, address } => {
                self.came_by(*icid);
                self.sender.get_or_insert_with(|| (*address).to_owned());
            }
            Fact::Recipient { icid, rid, address } => {
                self.came_by(*icid);
                self.last_recipient_at = latest(self.last_recipient_at, at);
                self.recipient(*rid, at).address = Some((*address).to_owned());
            }
            Fact::RecipientRefused { icid, address, refusal } => {
                self.came_by(*icid);
                self.refuse(*address, *refusal, at);
            }
            Fact::Ready { bytes, sender } => {
                self.ready_at = earliest(self.ready_at, at);
                self.size = Some(*bytes);
                self.ready_sender = Some((*sender).to_owned());
            }
            Fact::ReceivingAborted { by_sender } => {
                let by_sender = *by_sender || self.receiving_aborted.is_some_and(|a| a.by_sender);
                self.receiving_aborted = Some(ReceivingAbort { at, by_sender });
            }
            Fact::Stopped(reason) => self.stopped = Some((*reason).to_owned()),
            Fact::Finished { aborted } => {
                let aborted = *aborted || self.finished.is_some_and(|finish| finish.aborted);
                self.finished = Some(Finish { at, aborted });
            }
            Fact::MessageId(text) => self.message_id = Some((*text).to_owned()),
            Fact::Subject(text) => self.subject = Some((*text).to_owned()),
            Fact::Queued => self.queued_at = earliest(self.queued_at, at),
            Fact::DeliveryStart { .. }
            | Fact::Done { .. }
            | Fact::Response { .. }
            | Fact::Delayed { .. }
            | Fact::Bounced { .. } => self.apply_delivery(at, fact),
            Fact::ConnectionOpened { .. }
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
            | Fact::Nothing => {}
        }
    }

    fn apply_delivery(&mut self, at: Timestamp, fact: &Fact<'_>) {
        match fact {
            Fact::DeliveryStart { dcid, rids } => {
                self.went_by(*dcid);
                for rid in rids {
                    self.recipient(*rid, at);
                }
            }
            Fact::Done { dcid, rids, quarantine } => {
                self.went_by(*dcid);
                let fate = if *quarantine { Fate::Quarantined } else { Fate::Delivered };
                self.settle(rids, &fate, at);
            }
            Fact::Response { rids, text } => {
                for rid in rids {
                    self.recipient(*rid, at).response = Some((*text).to_owned());
                }
            }
            Fact::Delayed { dcid, rids, address, reply } => {
                self.went_by(*dcid);
                self.settle(rids, &Fate::Delayed(in_one_line(reply)), at);
                self.name(rids, *address, at);
            }
            Fact::Bounced { dcid, rids, address, reply } => {
                self.went_by(*dcid);
                self.settle(rids, &Fate::Bounced(in_one_line(reply)), at);
                self.name(rids, *address, at);
            }
            _ => {}
        }
    }

    fn came_by(&mut self, icid: Option<u64>) {
        self.icid = self.icid.or(icid);
    }

    fn went_by(&mut self, dcid: Option<u64>) {
        if let Some(dcid) = dcid
            && let Err(place) = self.dcids.binary_search(&dcid)
        {
            self.dcids.insert(place, dcid);
        }
    }

    /// The recipient of that RID, made if it is new; kept in order of RID, refused ones last.
    fn recipient(&mut self, rid: u32, at: Timestamp) -> &mut Recipient {
        let place = self.recipients.partition_point(|held| held.rid.is_some_and(|own| own < rid));
        if self.recipients.get(place).is_none_or(|held| held.rid != Some(rid)) {
            let fresh = Recipient {
                rid: Some(rid),
                address: None,
                fate: Fate::Accepted,
                at,
                response: None,
            };
            self.recipients.insert(place, fresh);
        }
        &mut self.recipients[place]
    }

    fn settle(&mut self, rids: &[u32], fate: &Fate, at: Timestamp) {
        for rid in rids {
            self.recipient(*rid, at).settle(fate.clone(), at);
        }
    }

    fn name(&mut self, rids: &[u32], address: Option<&str>, at: Timestamp) {
        if let ([rid], Some(address)) = (rids, address) {
            self.recipient(*rid, at).address.get_or_insert_with(|| address.to_owned());
        }
    }

    fn refuse(&mut self, address: Option<&str>, refusal: Refusal<'_>, at: Timestamp) {
        let by = match refusal {
            Refusal::By(what) => what,
            Refusal::Invalid => "invalid address",
            Refusal::BounceVerification => "bounce verification",
        };
        let refused = Recipient {
            rid: None,
            address: address.map(str::to_owned),
            fate: Fate::Refused(by.to_owned()),
            at,
            response: None,
        };
        let key = |one: &Recipient| (one.rid.is_none(), one.rid, one.at, one.address.clone());
        let own = key(&refused);
        let place = self.recipients.partition_point(|held| key(held) <= own);
        self.recipients.insert(place, refused);
    }
}

/// `5.1.0 - Unknown address error ('550', ['…'])` as one line without the label's authority.
fn in_one_line(reply: &Reply<'_>) -> String {
    let parts = [reply.code, reply.enhanced, reply.label, reply.text];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

fn earliest(held: Option<Timestamp>, at: Timestamp) -> Option<Timestamp> {
    Some(held.map_or(at, |held| held.min(at)))
}

fn latest(held: Option<Timestamp>, at: Timestamp) -> Option<Timestamp> {
    Some(held.map_or(at, |held| held.max(at)))
}
