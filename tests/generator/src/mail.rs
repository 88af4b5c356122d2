//! A message as the scripts that write it know it.

use crate::names::Domain;
use crate::record::Who;

/// A message on its way.
#[derive(Clone, Debug)]
pub(crate) struct Mail {
    /// Its record.
    pub(crate) who: Who,
    /// The connection that brought it, as its lines name it; 0 for nobody.
    pub(crate) icid: u64,
    /// From outside to us.
    pub(crate) inbound: bool,
    /// The envelope sender; empty for `<>`.
    pub(crate) from: String,
    /// The recipients that nothing has been settled for.
    pub(crate) to: Vec<To>,
    /// How many recipients its record has, refused and settled ones included.
    pub(crate) known: u32,
    /// Its size.
    pub(crate) size: u64,
    /// Made by the gateway: no engine looks at it, nothing is made of it.
    pub(crate) generated: bool,
    /// It has been in a quarantine already.
    pub(crate) released: bool,
    /// Seconds until the next delivery round.
    pub(crate) retry_in: u64,
    /// Delivery rounds so far.
    pub(crate) tries: u32,
    /// When it was queued.
    pub(crate) queued_at: i64,
    /// The destinations that this round has still to try.
    pub(crate) round: Vec<Domain>,
}

/// An accepted recipient.
#[derive(Clone, Debug)]
pub(crate) struct To {
    /// The recipient's number.
    pub(crate) rid: u32,
    /// Its place among the record's recipients.
    pub(crate) place: u32,
    /// The address; empty for `<>`.
    pub(crate) address: String,
    /// Where it goes.
    pub(crate) domain: Domain,
}

impl Mail {
    /// Its number.
    pub(crate) fn mid(&self) -> u64 {
        self.who.number
    }

    /// The recipients of a destination.
    pub(crate) fn bound_for(&self, domain: Domain) -> Vec<To> {
        let bound = self.to.iter().filter(|to| to.domain == domain);
        bound.cloned().collect()
    }

    /// The destinations of what is not settled, each once.
    pub(crate) fn destinations(&self) -> Vec<Domain> {
        let mut seen = [false; crate::names::DESTINATIONS];
        let mut all = Vec::new();
        for to in &self.to {
            if !std::mem::replace(&mut seen[usize::from(to.domain.0)], true) {
                all.push(to.domain);
            }
        }
        all
    }

    /// The places of all that is not settled.
    pub(crate) fn places(&self) -> Vec<u32> {
        self.to.iter().map(|to| to.place).collect()
    }

    /// Some recipients, in order, are settled.
    pub(crate) fn settle(&mut self, rids: &[u32]) {
        self.to.retain(|to| rids.binary_search(&to.rid).is_err());
    }
}
