//! One body to one event: a dispatch on the first word, then the forms anchored there.
//!
//! Invariants: no input panics or fails; ids are read only where the grammar puts them; text
//! that strangers wrote (subjects, names, replies) is never searched. A body without a known
//! form still belongs to the id at its front, where it has one.
//!
//! Not here: time, appliances, records. Not understood yet: most of what happens between
//! `ready` and `queued for delivery` (engines, filters, quarantines, splits), kept by its MID.

mod connection;
mod delivery;
mod message;
mod system;

use crate::event::{Fact, MailEvent, Owner};
use crate::kind::Kind;
use crate::scan::Scan;

/// What a form yields: its kind, whose line it is, what it says.
type Form<'a> = Option<(&'static Kind, Owner, Fact<'a>)>;

/// Reads one body. Never fails; see [`MailEvent`].
#[must_use]
pub fn read(body: &str) -> MailEvent<'_> {
    let scan = Scan(body);
    let form = match body.split([' ', ':']).next().unwrap_or_default() {
        "MID" | "Start" | "Message" => message::read(scan).or_else(|| delivery::read(scan)),
        "ICID" => connection::read(scan).or_else(|| message::read(scan)),
        "New" => connection::opened(scan).or_else(|| delivery::opened(scan)),
        "DCID" | "Delivery" | "Bounced" | "Delayed" | "Connection" => delivery::read(scan),
        "SMTP" => connection::smtp(scan).or_else(|| delivery::killed(scan)),
        _ => system::read(scan),
    };
    match form {
        Some((kind, owner, fact)) => MailEvent { kind: Some(kind), owner, fact },
        None => MailEvent { kind: None, owner: anchored(scan), fact: Fact::Nothing },
    }
}

/// Whom a line that is not understood belongs to, by the id at its front.
fn anchored(mut scan: Scan<'_>) -> Owner {
    if let Some(mid) = mid_at_front(&mut scan) {
        return Owner::Message(mid);
    }
    if let Some(icid) = scan.id("ICID ") {
        return match scan.id(" MID ") {
            Some(mid) => Owner::Message(mid),
            None => connection_owner(icid),
        };
    }
    scan.id("DCID ").map_or(Owner::Appliance, delivery_owner)
}

/// `MID n`, `Start MID n`, `Message aborted MID n`, `Message finished MID n`,
/// `Message done DCID d MID n`, `Delivery start DCID d MID n`; behind the number a blank,
/// punctuation or the end must follow.
fn mid_at_front(scan: &mut Scan<'_>) -> Option<u64> {
    let mut ahead = *scan;
    let mid = ["MID ", "Start MID ", "Message aborted MID ", "Message finished MID "]
        .iter()
        .find_map(|anchor| ahead.id(anchor))
        .or_else(|| {
            ["Message done DCID ", "Delivery start DCID "].iter().find_map(|anchor| {
                let mut try_it = ahead;
                try_it.id(anchor)?;
                let mid = try_it.id(" MID ")?;
                ahead = try_it;
                Some(mid)
            })
        })?;
    if ahead.rest().starts_with(|next: char| next.is_ascii_alphanumeric()) {
        return None;
    }
    *scan = ahead;
    Some(mid)
}

/// ICID 0 is nobody.
fn connection_owner(icid: u64) -> Owner {
    if icid == 0 { Owner::Appliance } else { Owner::Connection(icid) }
}

/// DCID 0 is nobody.
fn delivery_owner(dcid: u64) -> Owner {
    if dcid == 0 { Owner::Appliance } else { Owner::Delivery(dcid) }
}

/// An id that is nobody's when it is 0.
fn somebody(id: u64) -> Option<u64> {
    (id != 0).then_some(id)
}
