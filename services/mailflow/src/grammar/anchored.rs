//! Whom a line belongs to that no form reads: a cut one, or one of a family that is not
//! understood yet. The id is taken where the grammar puts it, at the body's front; behind it
//! a blank, punctuation or the end must stand.
//!
//! Not here: lines with an id further back (LDAP queries, alerts that quote one), which are the
//! appliance's.

use super::{connection_owner, delivery_owner};
use crate::event::Owner;
use crate::scan::Scan;

/// What stands before a MID.
const MESSAGE: [&str; 15] = [
    "MID ",
    "MID: ",
    "Start MID ",
    "Message aborted MID ",
    "Message finished MID ",
    "Message ",
    "Deleted: MID ",
    "Double bounce: MID ",
    "Double bounce: Message ",
    "Alias match: MID ",
    "ISQ: Tagging MID ",
    "EUQ: Tagging MID ",
    "ISQ: Quarantined MID ",
    "EUQ: Quarantined MID ",
    "LDAP: unable to process, MID ",
];

/// What stands before a DCID that a MID follows.
const ATTEMPT: [&str; 7] = [
    "Message done DCID ",
    "Delivery start DCID ",
    "Possible Delivery: DCID: ",
    "Bounced: DCID ",
    "Bounced: DCID: ",
    "Delayed: DCID ",
    "Delayed: DCID: ",
];

/// What stands before an RCID that a MID follows.
const RPC: [&str; 3] = [
    "RPC Delivery start RCID ",
    "RPC Message done RCID ",
    "RPC Message rejected RCID ",
];

/// What stands before an ICID.
const CONNECTION: [&str; 5] = [
    "ICID ",
    "New SMTP ICID ",
    "SMTP server connection killed ICID: ",
    "SMTP Auth: (ICID ",
    "SMTP Auth (ICID ",
];

/// What stands before a DCID.
const DELIVERY: [&str; 6] = [
    "DCID ",
    "New SMTP DCID ",
    "SMTP client connection killed DCID: ",
    "Connection Error: DCID: ",
    "Connection Error: DCID ",
    "Mail delivery client with DCID ",
];

pub(super) fn owner(scan: Scan<'_>) -> Owner {
    message(scan)
        .map(Owner::Message)
        .or_else(|| behind(scan, &CONNECTION).map(|(icid, _)| connection_owner(icid)))
        .or_else(|| behind(scan, &DELIVERY).map(|(dcid, _)| delivery_owner(dcid)))
        .or_else(|| behind(scan, &ATTEMPT).map(|(dcid, _)| delivery_owner(dcid)))
        .unwrap_or(Owner::Appliance)
}

fn message(scan: Scan<'_>) -> Option<u64> {
    if let Some((mid, _)) = behind(scan, &MESSAGE) {
        return Some(mid);
    }
    let (_, rest) = behind(scan, &ATTEMPT)
        .or_else(|| behind(scan, &RPC))
        .or_else(|| behind(scan, &["ICID "]))?;
    behind(rest, &[" MID ", " Message "]).map(|(mid, _)| mid)
}

/// The whole number behind one of the anchors, and what follows it.
fn behind<'a>(scan: Scan<'a>, anchors: &[&str]) -> Option<(u64, Scan<'a>)> {
    anchors.iter().find_map(|anchor| {
        let mut ahead = scan;
        ahead.lit_any_case(anchor)?;
        ahead.skip_blanks();
        let number = ahead.number()?;
        let whole = !ahead
            .rest()
            .starts_with(|next: char| next.is_alphanumeric());
        whole.then_some((number, ahead))
    })
}
