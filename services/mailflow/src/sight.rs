//! What somebody sees who may see the mail of some recipient domains alone: records to records, as
//! if the gateway had logged those recipients and no others.
//!
//! Lines that tell of other recipients are left out, of lists of RIDs theirs, and addresses that are
//! neither of those domains nor the sender's are masked, wherever they stand. Then what the lines
//! tell is learned anew. Members of a family with none of those recipients are gone, with every line
//! that names them.
//!
//! Invariants: whatever was not found to be one's own is somebody else's; a RID whose address no
//! line told, too, unless the mail went on from one that had no other recipients. RIDs keep their numbers: they are what the gateway's administrators know.
//!
//! Not here: who may see which domains (`services/api`); which records to look at.

mod text;

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use self::text::{delivered_to, own_rids, rids};
use crate::address::{addresses, bare};
use crate::entry::{Entries, Entry};
use crate::event::{Fact, MailEvent};
use crate::family::{Bond, Family, Unseen};
use crate::grammar;
use crate::kind;
use crate::merge::Record as _;
use crate::record::{ApplianceEvent, Connection, Delivery, Fate, Message, Recipient};

/// Stands for an address that is not shown.
pub const MASKED: &str = "***@***";

/// Whose mail may be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sight {
    /// Domains, small letters; `*.` in front for all below one.
    domains: Vec<String>,
}

impl Sight {
    /// Of recipients in these domains; `*.corp.example` for all below `corp.example`.
    #[must_use]
    pub fn of(domains: impl IntoIterator<Item = String>) -> Self {
        Self {
            domains: domains.into_iter().map(|one| one.to_lowercase()).collect(),
        }
    }

    /// The domains, in small letters.
    #[must_use]
    pub fn domains(&self) -> &[String] {
        &self.domains
    }

    /// Whether a domain is one of them.
    #[must_use]
    pub fn has(&self, domain: &str) -> bool {
        let domain = domain.trim_end_matches('.').to_lowercase();
        let is_it = |one: &String| match one.strip_prefix('*') {
            Some(below) => domain.ends_with(below) && domain.len() > below.len(),
            None => domain == *one,
        };
        self.domains.iter().any(is_it)
    }

    /// Whether an address is in one of them.
    #[must_use]
    pub fn sees(&self, address: &str) -> bool {
        let domain = address.rsplit_once('@').map(|(_, domain)| domain);
        domain.is_some_and(|domain| self.has(domain))
    }

    /// Whether a message has a recipient in one of them, as far as it tells itself.
    #[must_use]
    pub fn sees_message(&self, message: &Message) -> bool {
        message.recipients.iter().any(|one| self.is_own(one))
    }

    /// Whether it has no other recipients, as far as it tells itself.
    #[must_use]
    pub fn sees_all_of(&self, message: &Message) -> bool {
        let mut recipients = message.recipients.iter();
        message.recipients_left_out == 0 && recipients.all(|one| self.is_own(one))
    }

    fn is_own(&self, recipient: &Recipient) -> bool {
        let address = recipient.address.as_deref();
        address.is_some_and(|address| self.sees(address))
    }

    /// What is seen of a family: `family` as it was gathered, with what it tells of each member,
    /// `records` the same members by their own lines alone. `None` where the first member, which
    /// was asked for, is not seen.
    #[must_use]
    pub fn family(&self, family: &Family, records: &[Arc<Message>]) -> Option<Family> {
        let members = &family.members;
        let unshared = self.unshared(family);
        let is_seen = members.iter().zip(&unshared);
        let is_seen = is_seen.map(|(one, unshared)| *unshared || self.sees_message(one));
        let is_seen: Vec<bool> = is_seen.collect();
        if !*is_seen.first()? {
            return None;
        }
        let mids = |wanted: bool| -> HashSet<u64> {
            let of = members.iter().zip(&is_seen);
            of.filter(|(_, is_seen)| **is_seen == wanted)
                .map(|(one, _)| one.mid)
                .collect()
        };
        let (seen, hidden) = (mids(true), mids(false));
        let others: HashSet<String> = members
            .iter()
            .flat_map(|one| &one.recipients)
            .filter(|one| !self.is_own(one))
            .filter_map(|one| one.address.as_ref().map(|own| own.to_lowercase()))
            .collect();
        let visible = members
            .iter()
            .zip(&is_seen)
            .filter(|(_, is_seen)| **is_seen);
        let look = Look {
            sight: self,
            shown: shown_to_all(visible.map(|(one, _)| one)),
            others,
            seen,
            hidden,
        };
        let mut places = vec![None; members.len()];
        let mut shown = Vec::new();
        for (place, record) in records
            .iter()
            .enumerate()
            .filter(|(place, _)| is_seen[*place])
        {
            places[place] = Some(shown.len());
            let message = look.message(record, &members[place], unshared[place]);
            shown.push(Arc::new(message));
        }
        let bonds = family.bonds.iter().filter_map(|bond| {
            Some(Bond {
                elder: places[bond.elder]?,
                younger: places[bond.younger]?,
                ..*bond
            })
        });
        let unseen = family.unseen.iter().filter_map(|one| {
            let of = places[one.of]?;
            let own: &Message = &shown[of];
            own.ties.contains(&one.tie).then_some(Unseen { of, ..*one })
        });
        Some(Family {
            bonds: bonds.collect(),
            unseen: unseen.collect(),
            members: shown,
        })
    }

    /// Which members had no other recipients than one's own: all are known, or are who they were when
    /// the mail went on from a member of which that is so.
    fn unshared(&self, family: &Family) -> Vec<bool> {
        let names_no_other = |one: &Message| {
            let mut recipients = one.recipients.iter();
            one.recipients_left_out == 0
                && recipients.all(|one| one.address.is_none() || self.is_own(one))
        };
        let members = family.members.iter();
        let mut unshared: Vec<bool> = members
            .map(|one| !one.recipients.is_empty() && self.sees_all_of(one))
            .collect();
        for _ in 0..family.members.len() {
            for (place, member) in family.members.iter().enumerate() {
                let elder = family.came_from(place).map(|bond| bond.elder);
                let is_of_one = elder.is_some_and(|elder| {
                    let had = family.members[elder].recipients.len();
                    unshared[elder] && member.recipients.len() <= had
                });
                unshared[place] |= is_of_one && names_no_other(member);
            }
        }
        unshared
    }

    /// What is seen of a connection by which these messages came, which are seen.
    #[must_use]
    pub fn connection(&self, connection: &Connection, messages: &[Arc<Message>]) -> Connection {
        let look = self.look_beside(messages);
        let mut mids = connection.mids.clone();
        mids.retain(|mid| messages.iter().any(|one| one.mid == *mid));
        let mut seen = connection.clone();
        look.all_beside(&mut seen.common.entries);
        seen.relearn();
        seen.refused.retain(|(address, _)| self.sees(address));
        seen.accepted.clone_from(&connection.accepted);
        seen.accepted.retain(|(mid, _)| mids.contains(mid));
        seen.mids = mids;
        seen
    }

    /// A look at lines that are not these messages' own.
    fn look_beside(&self, messages: &[Arc<Message>]) -> Look<'_> {
        Look {
            sight: self,
            shown: shown_to_all(messages),
            others: HashSet::new(),
            seen: HashSet::new(),
            hidden: HashSet::new(),
        }
    }

    /// What is seen of a delivery connection that these messages used, which are seen: others may
    /// have used it, too.
    #[must_use]
    pub fn delivery(&self, delivery: &Delivery, messages: &[Arc<Message>]) -> Delivery {
        let look = self.look_beside(messages);
        let mut seen = delivery.clone();
        look.all_beside(&mut seen.common.entries);
        seen
    }

    /// What is seen of another log's line about one of these messages, which are seen.
    #[must_use]
    pub fn event(
        &self,
        event: &ApplianceEvent,
        messages: &[Arc<Message>],
    ) -> Option<ApplianceEvent> {
        let look = self.look_beside(messages);
        let mut seen = event.clone();
        look.all_beside(&mut seen.common.entries);
        (!seen.common.entries.lines.is_empty()).then_some(seen)
    }
}

/// What every recipient of messages may see: their envelope senders, and their `Message-ID` headers,
/// which look like addresses; small letters.
fn shown_to_all<'m>(members: impl IntoIterator<Item = &'m Arc<Message>>) -> HashSet<String> {
    let named = members.into_iter().flat_map(|one| {
        let id = one.message_id.as_deref();
        let id = id.map(|id| id.trim_matches(['<', '>']));
        [one.sender.as_deref(), one.ready_sender.as_deref(), id]
    });
    named.flatten().map(str::to_lowercase).collect()
}

/// One look at lines.
struct Look<'s> {
    sight: &'s Sight,
    /// What is shown as it is, though it looks like an address.
    shown: HashSet<String>,
    /// Addresses of other recipients.
    others: HashSet<String>,
    /// The MIDs that are seen, and those that are not.
    seen: HashSet<u64>,
    hidden: HashSet<u64>,
}

impl Look<'_> {
    /// A record, of which `told` knows all recipients' addresses that are known; those of one that is
    /// `unshared` are one's own without.
    fn message(&self, record: &Message, told: &Message, unshared: bool) -> Message {
        let is_own = |one: &&Recipient| unshared || self.sight.is_own(one);
        let told_own: Vec<&Recipient> = told.recipients.iter().filter(is_own).collect();
        let own: Vec<u32> = told_own.iter().filter_map(|one| one.rid).collect();
        let mut seen = record.clone();
        let lines = std::mem::take(&mut seen.common.entries.lines);
        seen.common.entries.lines = lines
            .into_iter()
            .filter_map(|line| self.own_line(line, &own, unshared))
            .collect();
        let had_spilled = self.forget_spilled(&mut seen.common.entries);
        // where not all lines are there to learn from, it stays as it is
        seen.relearn();
        seen.recipients = self.recipients(&seen.recipients, &told_own);
        seen.recipients_left_out = 0;
        seen.ties.retain(|tie| !self.hidden.contains(&tie.mid));
        if had_spilled {
            seen.dcids.clear();
        }
        // what its elders' lines tell
        seen.icid = told.icid;
        seen.started_at = told.started_at;
        seen.ready_at = told.ready_at;
        seen.size = told.size;
        seen.sender.clone_from(&told.sender);
        seen.ready_sender.clone_from(&told.ready_sender);
        seen.message_id.clone_from(&told.message_id);
        let subject = told.subject.as_deref();
        seen.subject = subject.map(|text| self.masked(text).0.into_owned());
        seen
    }

    /// One's own recipients: who they are, from all that is told; how they fared, as it was `learned`
    /// from the lines that are seen.
    fn recipients(&self, learned: &[Recipient], told: &[&Recipient]) -> Vec<Recipient> {
        let own = told.iter().map(|one| {
            let is_it = |known: &&Recipient| match one.rid {
                Some(_) => known.rid == one.rid,
                None => known.rid.is_none() && known.address == one.address,
            };
            let known = learned.iter().find(is_it).unwrap_or(one);
            let masked = |text: &String| self.masked(text).0.into_owned();
            Recipient {
                rid: one.rid,
                address: one.address.clone(),
                fate: match &known.fate {
                    Fate::Delayed(text) => Fate::Delayed(masked(text)),
                    Fate::Refused(text) => Fate::Refused(masked(text)),
                    Fate::Dropped(text) => Fate::Dropped(masked(text)),
                    Fate::Bounced(text) => Fate::Bounced(masked(text)),
                    fate @ (Fate::Accepted
                    | Fate::PerhapsDelivered
                    | Fate::Quarantined
                    | Fate::Delivered) => fate.clone(),
                },
                at: known.at,
                response: known.response.as_ref().map(masked),
            }
        });
        own.collect()
    }

    /// How many lines have spilled tells of others, too: that some did is enough.
    fn forget_spilled(&self, entries: &mut Entries) -> bool {
        let spilled = entries.spilled > 0;
        entries.spilled = entries.spilled.min(1);
        spilled
    }

    /// A line of a message's own, whose recipients of one's own have these RIDs.
    fn own_line(&self, mut entry: Entry, own: &[u32], unshared: bool) -> Option<Entry> {
        let MailEvent { fact, .. } = grammar::read(&entry.line);
        let names_one_s_own = || self.masked(&entry.line).1 == Named::Own;
        let is_shown = match &fact {
            Fact::Recipient { rid, .. } => own.contains(rid),
            Fact::RecipientRefused { address, .. } => {
                address.is_some_and(|address| self.sight.sees(address))
            }
            Fact::Related { mid, .. } => {
                !self.hidden.contains(mid)
                    && (unshared || self.seen.contains(mid) || names_one_s_own())
            }
            Fact::DeliveryStart { rids, .. }
            | Fact::Done { rids, .. }
            | Fact::Response { rids, .. }
            | Fact::Delayed { rids, .. }
            | Fact::Bounced { rids, .. }
            | Fact::Settled { rids, .. }
                if !rids.is_empty() =>
            {
                rids.iter().any(|rid| own.contains(rid))
            }
            Fact::Settled {
                address: Some(address),
                ..
            } => self.sight.sees(address),
            Fact::MessageId(_) => return Some(entry),
            Fact::ConnectionOpened { .. }
            | Fact::ConnectionEnded(_)
            | Fact::ReceivingFailed(_)
            | Fact::Tls(..)
            | Fact::Hat { .. }
            | Fact::SenderRefused(_)
            | Fact::RecipientRefusedOnConnection { .. }
            | Fact::Started { .. }
            | Fact::Sender { .. }
            | Fact::Ready { .. }
            | Fact::ReceivingAborted { .. }
            | Fact::Stopped(_)
            | Fact::Finished { .. }
            | Fact::Subject(_)
            | Fact::Queued
            | Fact::DeliveryOpened { .. }
            | Fact::DeliveryEnded
            | Fact::DeliveryStart { .. }
            | Fact::Done { .. }
            | Fact::Response { .. }
            | Fact::Delayed { .. }
            | Fact::Bounced { .. }
            | Fact::Quarantine { .. }
            | Fact::Settled { .. }
            | Fact::Version { .. }
            | Fact::UtcOffset { .. } => !self.names_others_alone(&entry.line),
            Fact::Nothing => {
                let rids = rids(&entry.line);
                let tells_of_all =
                    !unshared && rids.is_none() && entry.kind.is(&kind::BOUNCED_BY_SERVER);
                let is_own = |(_, _, rids): (usize, usize, Vec<u32>)| {
                    rids.iter().any(|rid| own.contains(rid))
                };
                !tells_of_all && rids.is_none_or(is_own) && !self.names_others_alone(&entry.line)
            }
        };
        if !is_shown || self.names_hidden(&entry.line) {
            return None;
        }
        let lists = matches!(
            fact,
            Fact::DeliveryStart { .. }
                | Fact::Done { .. }
                | Fact::Response { .. }
                | Fact::Delayed { .. }
                | Fact::Bounced { .. }
                | Fact::Settled { .. }
                | Fact::Nothing
        );
        let listed = if lists && !unshared {
            own_rids(&entry.line, own).into_owned()
        } else {
            entry.line.clone()
        };
        entry.line = self.masked(&listed).0.into_owned();
        Some(entry)
    }

    /// Lines that are not a message's own.
    fn all_beside(&self, entries: &mut Entries) {
        let lines = std::mem::take(&mut entries.lines).into_iter();
        entries.lines = lines.filter_map(|line| self.beside(line)).collect();
        self.forget_spilled(entries);
    }

    /// A line that is not a message's own: of its connection, of another log.
    fn beside(&self, mut entry: Entry) -> Option<Entry> {
        let (masked, named) = self.masked(&entry.line);
        let fact = grammar::read(&entry.line).fact;
        let is_own = if let Fact::RecipientRefusedOnConnection { address, .. } = fact {
            self.sight.sees(address)
        } else {
            // a recipient that is named in no way that is known
            named == Named::Own || !entry.line.to_ascii_uppercase().contains("RCPT")
        };
        if named == Named::Others || !is_own || !self.is_for_one_s_own(&entry.line) {
            return None;
        }
        entry.line = masked.into_owned();
        Some(entry)
    }

    /// Whether a line says for no domain, or for one of one's own, that it is.
    fn is_for_one_s_own(&self, line: &str) -> bool {
        delivered_to(line).all(|domain| self.sight.has(domain))
    }

    fn names_others_alone(&self, line: &str) -> bool {
        let named: Vec<&str> = addresses(line).map(|(from, to)| &line[from..to]).collect();
        let is_other = |one: &&str| {
            self.others.contains(&one.to_lowercase())
                || self.others.contains(&bare(one).to_lowercase())
        };
        named.iter().any(is_other) && !named.iter().any(|one| self.sight.sees(one))
    }

    /// Whether a line names a message that is not seen.
    fn names_hidden(&self, line: &str) -> bool {
        let mut words = line.split([' ', ',', ';', ':', '\'', '"', '(', ')', '.']);
        let mut before = "";
        words.any(|word| {
            let is_mid =
                before == "MID" && word.parse().is_ok_and(|mid| self.hidden.contains(&mid));
            before = word;
            is_mid
        })
    }

    /// A text without other people's addresses, and whom it named.
    fn masked<'t>(&self, text: &'t str) -> (Cow<'t, str>, Named) {
        let (mut masked, mut done) = (String::new(), 0);
        let mut named = Named::Nobody;
        for (from, to) in addresses(text) {
            let address = &text[from..to];
            let is_shown = self.shown.contains(&address.to_lowercase())
                || self.shown.contains(&bare(address).to_lowercase());
            if is_shown {
                // whoever wrote, in one's own domain or not
            } else if self.sight.sees(address) {
                named = Named::Own;
            } else {
                masked += &text[done..from];
                masked += MASKED;
                done = to;
                if named == Named::Nobody {
                    named = Named::Others;
                }
            }
        }
        if done == 0 {
            return (Cow::Borrowed(text), named);
        }
        masked += &text[done..];
        (Cow::Owned(masked), named)
    }
}

/// Whose addresses a text names, senders aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Named {
    Nobody,
    Own,
    Others,
}
