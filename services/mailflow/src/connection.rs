//! What each line does to its connection, and to its delivery.

use std::cmp::{Ordering, Reverse};

use jiff::Timestamp;

use crate::again;
use crate::assembler::Origin;
use crate::entry::Entry;
use crate::event::{ConnectionEnd, Fact, TlsOutcome};
use crate::kind::{self, Kind};
use crate::merge::Record;
use crate::record::{
    Common, Connection, Delivery, End, Hat, MAX_REMARKS, Opening, Space, Tls, put,
};

const REJECT: &str = "REJECT";

/// The kinds of line in which the HAT names a group.
static HAT: [&Kind; 5] = [
    &kind::HAT_ACCEPT,
    &kind::HAT_RELAY,
    &kind::HAT_REJECT,
    &kind::HAT_TCPREFUSE,
    &kind::HAT_OTHER,
];

impl ConnectionEnd {
    /// The word records keep.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Close => "close",
            Self::Lost => "lost",
            Self::Timeout => "timeout",
            Self::MaxTime => "max_time",
            Self::Disconnected => "disconnected",
            Self::Killed => "killed",
        }
    }
}

impl TlsOutcome {
    /// The word records keep.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failed => "failed",
            Self::Required => "required",
        }
    }
}

impl Connection {
    pub(crate) fn new(origin: Origin<'_>, icid: u64, first: &Entry) -> Self {
        Self::blank(Common::new(Space::Connection, icid, origin, first), icid)
    }

    /// Another one of the number, of which the older held lines.
    pub(crate) fn parted(older: &Self, first: &Entry) -> Self {
        let common = Common::parted(Space::Connection, older.icid, &older.common, first);
        Self::blank(common, older.icid)
    }

    /// A connection whose lines have told nothing yet.
    fn blank(common: Common, icid: u64) -> Self {
        Self {
            common,
            icid,
            opened: None,
            hat: None,
            tls: None,
            ends: Vec::new(),
            failures: Vec::new(),
            sender_refused: None,
            refused: Vec::new(),
            mids: Vec::new(),
            accepted: Vec::new(),
        }
    }

    /// Whether a line has ended it.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        !self.ends.is_empty()
    }

    fn open(&mut self, fresh: Opening) {
        let key = |one: &Opening| {
            let rest = (
                one.interface.clone(),
                one.listener.clone(),
                one.peer.clone(),
            );
            (one.at, Reverse((rest, one.host.clone(), one.verified)))
        };
        if self
            .opened
            .as_ref()
            .is_none_or(|held| key(&fresh) < key(held))
        {
            self.opened = Some(fresh);
        }
    }

    /// What the HAT decided: group, match, score and action. A reject overrules any other
    /// action; a delayed one names no group, and the group that another line named stays.
    fn decide(&mut self, at: Timestamp, told: [&str; 4]) {
        let [group, matched, score, action] = told;
        let held = self.hat.as_ref();
        let rejected = action == REJECT || held.is_some_and(|hat| hat.action == REJECT);
        let takes = held.is_none_or(|hat| match self.common.entries.rank(&HAT, at) {
            _ if group.is_empty() => false,
            _ if hat.group.is_empty() => true,
            Ordering::Less => true,
            Ordering::Equal => told > [&hat.group, &hat.matched, &hat.score, &hat.action],
            Ordering::Greater => false,
        });
        if takes {
            self.hat = Some(Hat {
                action: action.to_owned(),
                group: group.to_owned(),
                matched: matched.to_owned(),
                score: score.to_owned(),
            });
        }
        if rejected && let Some(hat) = &mut self.hat {
            REJECT.clone_into(&mut hat.action);
        }
    }

    /// A failure outweighs what was required, and that a success; then the earliest counts.
    fn secure(&mut self, at: Timestamp, outcome: TlsOutcome, detail: &str) {
        let weight = |outcome: &str| match outcome {
            "failed" => 0,
            "required" => 1,
            _ => 2,
        };
        let key = |one: &Tls| (weight(&one.outcome), one.at, Reverse(one.detail.clone()));
        let fresh = Tls {
            at,
            outcome: outcome.word().to_owned(),
            detail: detail.to_owned(),
        };
        if self.tls.as_ref().is_none_or(|held| key(&fresh) < key(held)) {
            self.tls = Some(fresh);
        }
    }

    fn refuse_sender(&mut self, at: Timestamp, reason: &str) {
        let kinds = [&kind::SENDER_REJECTED, &kind::SENDER_INVALID];
        let takes = match self.sender_refused.as_deref() {
            None => true,
            Some(held) => match self.common.entries.rank(&kinds, at) {
                Ordering::Less => true,
                Ordering::Equal => reason > held,
                Ordering::Greater => false,
            },
        };
        if takes {
            self.sender_refused = Some(reason.to_owned());
        }
    }
}

impl Record for Connection {
    fn common(&self) -> &Common {
        &self.common
    }

    fn common_mut(&mut self) -> &mut Common {
        &mut self.common
    }

    fn apply(&mut self, at: Timestamp, fact: &Fact<'_>) {
        match fact {
            Fact::ConnectionOpened {
                interface,
                listener,
                peer,
                host,
                verified,
            } => {
                self.open(Opening {
                    at,
                    interface: (*interface).to_owned(),
                    listener: listener.map(str::to_owned),
                    peer: (*peer).to_owned(),
                    host: host.map(str::to_owned),
                    verified: *verified,
                });
            }
            Fact::Hat {
                action,
                group,
                matched,
                score,
            } => {
                self.decide(at, [group, matched, score, action]);
            }
            Fact::Tls(outcome, detail) => self.secure(at, *outcome, detail),
            Fact::ConnectionEnded(how) => {
                let end = End {
                    at,
                    how: how.word().to_owned(),
                };
                put(&mut self.ends, end, MAX_REMARKS);
            }
            Fact::ReceivingFailed(reason) => {
                put(&mut self.failures, (at, (*reason).to_owned()), MAX_REMARKS);
            }
            Fact::SenderRefused(reason) => self.refuse_sender(at, reason),
            Fact::RecipientRefusedOnConnection { address, by } => {
                let refused = ((*address).to_owned(), (*by).to_owned());
                put(&mut self.refused, refused, MAX_REMARKS);
            }
            Fact::Started { .. }
            | Fact::Sender { .. }
            | Fact::Recipient { .. }
            | Fact::RecipientRefused { .. }
            | Fact::Ready { .. }
            | Fact::ReceivingAborted { .. }
            | Fact::Stopped(_)
            | Fact::Finished { .. }
            | Fact::MessageId(_)
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
            | Fact::Related { .. }
            | Fact::Version { .. }
            | Fact::UtcOffset { .. }
            | Fact::Nothing => {}
        }
    }

    fn reset(&mut self) {
        *self = Self::blank(self.common.clone(), self.icid);
    }

    fn begins_another(&self, fact: &Fact<'_>, at: Timestamp) -> bool {
        again::connection(self, fact, at)
    }

    fn may_precede(&self, fact: &Fact<'_>, at: Timestamp) -> bool {
        again::before_connection(self, fact, at)
    }

    fn lists(&self) -> usize {
        128 * (self.ends.len() + self.failures.len() + self.refused.len())
    }

    fn is_over(&self) -> bool {
        self.has_ended()
    }
}

impl Delivery {
    pub(crate) fn new(origin: Origin<'_>, dcid: u64, first: &Entry) -> Self {
        Self::blank(Common::new(Space::Delivery, dcid, origin, first), dcid)
    }

    /// Another one of the number, of which the older held lines.
    pub(crate) fn parted(older: &Self, first: &Entry) -> Self {
        let common = Common::parted(Space::Delivery, older.dcid, &older.common, first);
        Self::blank(common, older.dcid)
    }

    /// A delivery whose lines have told nothing yet.
    fn blank(common: Common, dcid: u64) -> Self {
        Self {
            common,
            dcid,
            peer: None,
            port: None,
            opened_at: None,
            ended_at: None,
        }
    }
}

impl Record for Delivery {
    fn common(&self) -> &Common {
        &self.common
    }

    fn common_mut(&mut self) -> &mut Common {
        &mut self.common
    }

    fn apply(&mut self, at: Timestamp, fact: &Fact<'_>) {
        if let Fact::DeliveryOpened { peer, port } = fact {
            let fresh = (at, Reverse((Some(*peer), *port)));
            let held = Reverse((self.peer.as_deref(), self.port));
            if self
                .opened_at
                .is_none_or(|opened_at| fresh < (opened_at, held))
            {
                self.opened_at = Some(at);
                self.peer = Some((*peer).to_owned());
                self.port = *port;
            }
        }
        if matches!(fact, Fact::DeliveryEnded) {
            self.ended_at = Some(self.ended_at.map_or(at, |held| held.min(at)));
        }
    }

    fn reset(&mut self) {
        *self = Self::blank(self.common.clone(), self.dcid);
    }

    fn begins_another(&self, fact: &Fact<'_>, at: Timestamp) -> bool {
        again::delivery(self, fact, at)
    }

    fn may_precede(&self, fact: &Fact<'_>, at: Timestamp) -> bool {
        again::before_delivery(self, fact, at)
    }

    fn is_over(&self) -> bool {
        self.ended_at.is_some()
    }
}
