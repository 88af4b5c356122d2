//! What each line does to its connection, and to its delivery.

use jiff::Timestamp;
use whymid_schemas::Zone;

use crate::entry::{Added, Entry};
use crate::event::{ConnectionEnd, Fact, TlsOutcome};
use crate::record::{Common, Connection, Delivery, End, Hat, Opening, Space, Tls};

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
    pub(crate) fn new(appliance: &str, icid: u64, zone: Zone, first: &Entry) -> Self {
        Self {
            common: Common::new(Space::Connection, icid, appliance, zone, first),
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

    pub(crate) fn merge(&mut self, entry: Entry, fact: &Fact<'_>) {
        let at = entry.at;
        self.common.extend(at, entry.position);
        if self.common.entries.add(entry) == Added::New {
            self.apply(at, fact);
        }
    }

    fn apply(&mut self, at: Timestamp, fact: &Fact<'_>) {
        match fact {
            Fact::ConnectionOpened { interface, listener, peer, host, verified } => {
                self.opened = Some(Opening {
                    at,
                    interface: (*interface).to_owned(),
                    listener: listener.map(str::to_owned),
                    peer: (*peer).to_owned(),
                    host: host.map(str::to_owned),
                    verified: *verified,
                });
            }
            Fact::Hat { action, group, matched, score } => self.decide(action, group, matched, score),
            Fact::Tls(outcome, detail) => self.secure(at, *outcome, detail),
            Fact::ConnectionEnded(how) => {
                self.ends.push(End { at, how: how.word().to_owned() });
                self.ends.sort_by(|a, b| (a.at, &a.how).cmp(&(b.at, &b.how)));
            }
            Fact::ReceivingFailed(reason) => {
                self.failures.push((at, (*reason).to_owned()));
                self.failures.sort();
            }
            Fact::SenderRefused(reason) => self.sender_refused = Some((*reason).to_owned()),
            Fact::RecipientRefusedOnConnection { address, by } => {
                self.refused.push(((*address).to_owned(), (*by).to_owned()));
                self.refused.sort();
            }
            _ => {}
        }
    }

    /// The group stays when a delayed reject, which names none, overrules the action.
    fn decide(&mut self, action: &str, group: &str, matched: &str, score: &str) {
        let keep = |new: &str, held: Option<&String>| match (new, held) {
            ("", Some(held)) => held.clone(),
            (new, _) => new.to_owned(),
        };
        let held = self.hat.as_ref();
        let refused = held.is_some_and(|hat| hat.action == "REJECT");
        self.hat = Some(Hat {
            action: if refused { "REJECT".to_owned() } else { action.to_owned() },
            group: keep(group, held.map(|hat| &hat.group)),
            matched: keep(matched, held.map(|hat| &hat.matched)),
            score: keep(score, held.map(|hat| &hat.score)),
        });
    }

    /// A failure outweighs a success of the same connection.
    fn secure(&mut self, at: Timestamp, outcome: TlsOutcome, detail: &str) {
        let fresh = Tls { at, outcome: outcome.word().to_owned(), detail: detail.to_owned() };
        let settled = self.tls.as_ref().is_some_and(|held| held.outcome != "success");
        if !settled || outcome == TlsOutcome::Failed {
            self.tls = Some(fresh);
        }
    }

    pub(crate) fn carried(&mut self, mid: u64) {
        if let Err(place) = self.mids.binary_search(&mid) {
            self.mids.insert(place, mid);
        }
    }

    pub(crate) fn took(&mut self, mid: u64, at: Timestamp) {
        if !self.accepted.iter().any(|(held, _)| *held == mid) {
            self.accepted.push((mid, at));
            self.accepted.sort_unstable();
        }
    }
}

impl Delivery {
    pub(crate) fn new(appliance: &str, dcid: u64, zone: Zone, first: &Entry) -> Self {
        Self {
            common: Common::new(Space::Delivery, dcid, appliance, zone, first),
            dcid,
            peer: None,
            port: None,
            opened_at: None,
            ended_at: None,
        }
    }

    pub(crate) fn merge(&mut self, entry: Entry, fact: &Fact<'_>) {
        let at = entry.at;
        self.common.extend(at, entry.position);
        if self.common.entries.add(entry) == Added::Copy {
            return;
        }
        match fact {
            Fact::DeliveryOpened { peer, port } => {
                self.opened_at = Some(at);
                self.peer = Some((*peer).to_owned());
                self.port = *port;
            }
            Fact::DeliveryEnded => self.ended_at = Some(at),
            _ => {}
        }
    }
}
