//! The fields that a form took, to what they mean for a record: quarantines, the messages of a
//! family, and what settles a recipient beside delivery. Log grammar rows E078, E140 to E143,
//! E146, E165 to E184, E186 to E201, E214, E218 and E234 to E236.

use super::form::Told;
use crate::event::{Fact, Kinship, Move, Settling};
use crate::kind::{self, Kind};
use crate::scan::Scan;

/// Which kinds are moves, and how.
static MOVES: [(&Kind, Move); 9] = [
    (&kind::QUARANTINED, Move::Held),
    (&kind::QUARANTINE_REASON, Move::Held),
    (&kind::RELEASED, Move::Released),
    (&kind::RELEASED_STRIPPED, Move::Released),
    (&kind::RELEASED_ALL, Move::Released),
    (&kind::DELETED, Move::Deleted),
    (&kind::DELETED_ALL, Move::Deleted),
    (&kind::ISQ_QUARANTINED, Move::Stored),
    (&kind::SMA_ENQUEUED, Move::Transferred),
];

/// Which kinds settle recipients, how, and by what where the line itself does not tell.
static SETTLING: [(&Kind, Settling, &str); 6] = [
    (&kind::LDAP_BOUNCED, Settling::Bounced, "LDAP accept query"),
    (&kind::LDAP_DROPPED, Settling::Dropped, "LDAP accept query"),
    (
        &kind::RECIPIENTS_DELETED,
        Settling::Dropped,
        "deleted by an administrator",
    ),
    (&kind::DOUBLE_BOUNCED, Settling::Bounced, "double bounce"),
    (
        &kind::BOUNCED_BY_SERVER,
        Settling::Bounced,
        "destination server",
    ),
    (&kind::POSSIBLE_DELIVERY, Settling::PerhapsDelivered, ""),
];

/// Which kinds name another message of the family, how, and in which field.
static KIN: [(&Kind, Kinship, &str); 6] = [
    (&kind::SPLIT, Kinship::SplitInto, "new_mid"),
    (&kind::REWRITTEN, Kinship::RewrittenTo, "new_mid"),
    (&kind::ISQ_REINJECTED, Kinship::ReinjectedFrom, "old_mid"),
    (&kind::SMA_RETURNED, Kinship::ReturnedFrom, "old_mid"),
    (&kind::COPIED, Kinship::CopyOf, "old_mid"),
    (&kind::BOUNCE_OF, Kinship::BounceOf, "old_mid"),
];

/// What a line of that kind says.
pub(super) fn of<'a>(kind: &'static Kind, body: &'a str, told: &Told<'a>) -> Fact<'a> {
    if std::ptr::eq(kind, &kind::WAS_STOPPED) {
        return was_stopped(body).unwrap_or(Fact::Nothing);
    }
    let moved = MOVES.iter().find(|(own, _)| std::ptr::eq(*own, kind));
    if let Some((_, moved)) = moved {
        let name = told.text("quarantine");
        // cut before it says where to: nothing could let it go again
        return match (moved, name) {
            (Move::Transferred, None) => Fact::Nothing,
            _ => Fact::Quarantine {
                moved: *moved,
                name,
            },
        };
    }
    let related = KIN.iter().find(|(own, ..)| std::ptr::eq(*own, kind));
    if let Some((_, how, field)) = related {
        let related = |mid| Fact::Related { how: *how, mid };
        return told.number(field).map_or(Fact::Nothing, related);
    }
    let settling = SETTLING.iter().find(|(own, ..)| std::ptr::eq(*own, kind));
    if let Some((_, how, why)) = settling {
        return settled(told, *how, why).unwrap_or(Fact::Nothing);
    }
    if std::ptr::eq(kind, &kind::LDAP_GAVE_UP) {
        return Fact::Stopped("Bounced by LDAP: unable to process");
    }
    if std::ptr::eq(kind, &kind::UNSUBSCRIBED) {
        let how = match told.text("action") {
            Some("dropped") => Settling::Dropped,
            _ => Settling::Bounced,
        };
        return settled(told, how, "global unsubscribe").unwrap_or(Fact::Nothing);
    }
    Fact::Nothing
}

/// The reason of `MID n was dropped by …` (4.0), or of the same without `was`.
fn was_stopped(body: &str) -> Option<Fact<'_>> {
    let mut scan = Scan(body);
    scan.id("MID ")?;
    scan.blanks()?;
    if scan.lit("was ").is_some() {
        scan.skip_blanks();
    }
    let reason = scan.rest().trim_end();
    let mut ahead = scan;
    let stops = ahead
        .lit_any_case("dropped by ")
        .or_else(|| ahead.lit_any_case("bounced by "));
    stops.map(|()| Fact::Stopped(reason))
}

fn settled<'a>(told: &Told<'a>, how: Settling, why: &'static str) -> Option<Fact<'a>> {
    let rid = || told.number("rid").map(|rid| vec![rid]);
    let rids = told.text("rids").and_then(|rids| Scan(rids).rids());
    Some(Fact::Settled {
        rids: rids.or_else(rid)?,
        address: told.text("address"),
        how,
        why: told.text("reply").or(told.text("text")).unwrap_or(why),
    })
}
