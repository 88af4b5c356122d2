//! One body to one event: a dispatch on the first word, then the readers anchored there, then the
//! forms of the table (`form.rs`).
//!
//! Invariants: no input panics or fails; ids are read only where the grammar puts them; text
//! that strangers wrote (subjects, names, replies) is never searched. A body without a known
//! form still belongs to the id at its front, where it has one.
//!
//! Not here: time, appliances, records.

mod anchored;
mod connection;
mod delivery;
mod fact;
mod form;
mod message;
mod other_log;
mod system;

pub use self::form::{Field, fields};
use crate::event::{Fact, MailEvent, Owner};
use crate::kind::{Belongs, Kind};
use crate::scan::Scan;

/// What a form yields: its kind, whose line it is, what it says.
type Form<'a> = Option<(&'static Kind, Owner, Fact<'a>)>;

/// Reads one body. Never fails; see [`MailEvent`].
#[must_use]
pub fn read(body: &str) -> MailEvent<'_> {
    // blanks at the end complete no word and no number
    let body = body.trim_end_matches(' ');
    let scan = Scan(body);
    let form = match body.split([' ', ':']).next().unwrap_or_default() {
        "MID" | "Start" | "Message" => message::read(scan).or_else(|| delivery::read(scan)),
        "ICID" => connection::read(scan).or_else(|| message::read(scan)),
        "New" => connection::opened(scan).or_else(|| delivery::opened(scan)),
        "DCID" | "Delivery" | "Bounced" | "Delayed" | "Connection" => delivery::read(scan),
        "SMTP" => connection::smtp(scan).or_else(|| delivery::killed(scan)),
        "CEF" => other_log::consolidated(scan),
        _ => system::read(scan),
    };
    match form.or_else(|| by_form(body)) {
        Some((kind, owner, fact)) => MailEvent {
            kind: Some(kind),
            owner,
            fact,
        },
        None => MailEvent {
            kind: None,
            owner: anchored::owner(scan),
            fact: Fact::Nothing,
        },
    }
}

/// What a form of the table reads: its kind, whose it is, what it says.
fn by_form(body: &str) -> Form<'_> {
    let (kind, told) = form::read(body)?;
    let owner = match (kind.belongs, told.number(kind.belongs.id())) {
        (Belongs::Message, Some(mid)) => Owner::Message(mid),
        (Belongs::Connection, Some(icid)) => connection_owner(icid),
        (Belongs::Delivery, Some(dcid)) => delivery_owner(dcid),
        (Belongs::Beside, Some(mid)) => beside(mid),
        (Belongs::Appliance, _) => Owner::Appliance,
        (_, None) => return None,
    };
    Some((kind, owner, fact::of(kind, body, &told)))
}

/// MID 0 is nobody.
fn beside(mid: u64) -> Owner {
    somebody(mid).map_or(Owner::Appliance, Owner::Beside)
}

/// ICID 0 is nobody.
fn connection_owner(icid: u64) -> Owner {
    if icid == 0 {
        Owner::Appliance
    } else {
        Owner::Connection(icid)
    }
}

/// DCID 0 is nobody.
fn delivery_owner(dcid: u64) -> Owner {
    if dcid == 0 {
        Owner::Appliance
    } else {
        Owner::Delivery(dcid)
    }
}

/// An id that is nobody's when it is 0.
fn somebody(id: u64) -> Option<u64> {
    (id != 0).then_some(id)
}

#[cfg(test)]
mod tests;
