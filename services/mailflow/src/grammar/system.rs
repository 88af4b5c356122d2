//! The appliance's own lines: what a log begins with, status, alarms without an id.
//! Log grammar rows E015, E056 and E242 to E245.

use super::{Form, connection};
use crate::event::{Fact, Owner};
use crate::kind;
use crate::scan::Scan;

/// Lines whose first word is none of the ids' words.
pub(super) fn read(scan: Scan<'_>) -> Form<'_> {
    if let Some(form) = connection::limit(scan) {
        return Some(form);
    }
    let (kind, fact) = version(scan)
        .or_else(|| offset(scan))
        .or_else(|| plain(scan))?;
    Some((kind, Owner::Appliance, fact))
}

type OfAppliance<'a> = Option<(&'static kind::Kind, Fact<'a>)>;

fn version(mut scan: Scan<'_>) -> OfAppliance<'_> {
    scan.lit("Version: ")?;
    let version = scan.word()?;
    scan.lit(" SN: ")?;
    Some((
        &kind::VERSION,
        Fact::Version {
            version,
            serial: scan.word()?,
        },
    ))
}

fn offset(mut scan: Scan<'_>) -> OfAppliance<'_> {
    scan.lit("Time offset from UTC: ")?;
    let seconds: i32 = scan.word()?.parse().ok()?;
    scan.lit(" seconds")?;
    (seconds.abs() <= 18 * 3600).then_some((&kind::UTC_OFFSET, Fact::UtcOffset { seconds }))
}

/// How the warning of a directory harvest begins; what stands behind it differs by release.
const HARVEST: &str = "LDAP: Dropping connection due to potential Directory Harvest Attack";

fn plain(scan: Scan<'_>) -> OfAppliance<'_> {
    let body = scan.rest().trim_end();
    let kind = match body {
        "Begin Logfile" => &kind::LOG_BEGINS,
        "End Logfile" => &kind::LOG_ENDS,
        _ if body.starts_with("Status:") => &kind::STATUS_LINE,
        _ if body.starts_with(HARVEST) => &kind::DHAP,
        _ => return None,
    };
    Some((kind, Fact::Nothing))
}
