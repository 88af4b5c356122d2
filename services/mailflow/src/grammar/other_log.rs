//! Lines of the consolidated event log (H13 of the log grammar), which come in CEF.
//!
//! Invariant: the MID is read only in front of everything that strangers wrote: values are not
//! escaped (trap 28), and a subject may hold ` ESAMID=7`.
//!
//! Not here: other logs than `mail_logs`, which have forms.

use super::{Form, beside};
use crate::event::{Fact, Owner};
use crate::kind;
use crate::scan::Scan;

/// How an event of this log is named, in the fifth field of its head.
const CLASS: &str = "ESA_CONSOLIDATED_LOG_EVENT";

/// `CEF:0|Cisco|…|ESA_CONSOLIDATED_LOG_EVENT|…|5|deviceExternalId=… ESAMID=n …`.
pub(super) fn consolidated(scan: Scan<'_>) -> Form<'_> {
    let body = scan.rest();
    if !body.starts_with("CEF:") {
        return None;
    }
    let head: Vec<&str> = body.splitn(8, '|').collect();
    let of_this_log = head.get(4).is_some_and(|class| *class == CLASS);
    let mid = head
        .get(7)
        .filter(|_| of_this_log)
        .and_then(|rest| mid(rest));
    let owner = mid.map_or(Owner::Appliance, beside);
    Some((&kind::CONSOLIDATED, owner, Fact::Nothing))
}

/// `ESAMID`, which comes behind the serial number alone: what an administrator puts before it, or
/// a stranger's text, is not searched.
fn mid(extension: &str) -> Option<u64> {
    let mut fields = extension.split(' ');
    let first = fields.next()?;
    let own = match first.strip_prefix("deviceExternalId=") {
        Some(_) => fields.next()?,
        None => first,
    };
    // with nothing behind it, it may be cut
    fields.next()?;
    own.strip_prefix("ESAMID=")?.parse().ok()
}
