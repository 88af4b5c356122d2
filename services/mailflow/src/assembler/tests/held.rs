//! Messages in quarantines, and recipients that something of ours settles.

use super::Bench;
use crate::record::{Fate, Held};

/// The lines of a message, a second apart.
fn after(bodies: &[&str]) -> Bench {
    let mut bench = Bench::new();
    bench.at(0, "Start MID 1 ICID 2");
    bench.at(0, "MID 1 ICID 2 RID 0 To: <a@corp.example>");
    bench.at(0, "MID 1 ICID 2 RID 1 To: <b@corp.example>");
    for (second, body) in (1..).zip(bodies) {
        bench.at(second, body);
    }
    bench
}

#[test]
fn a_message_is_held_until_every_quarantine_has_let_it_go() {
    let policy = "MID 1 quarantined to \"Policy\" (content filter)";
    let outbreak = "MID 1 quarantined to \"Outbreak\" (VOF rule:.pif file in zip)";
    let first = "MID 1 released from quarantine \"Policy\" (manual) t=190";
    let second = "MID 1 released from quarantine \"Outbreak\" (expired)";
    let all = "MID 1 released from all quarantines ";
    for (bodies, held, names) in [
        (&[policy][..], Held::Yes, &["Policy"][..]),
        (&[policy, outbreak, first], Held::Yes, &["Outbreak"]),
        (&[policy, outbreak, first, second], Held::No, &[]),
        (&[policy, outbreak, all], Held::No, &[]),
        (&[policy, all, policy], Held::Yes, &["Policy"]),
        (&[first, all], Held::No, &[]),
        (
            &["MID 1 enqueued for transfer to centralized quarantine \"Policy\" (x)"],
            Held::Yes,
            &["Policy"],
        ),
        (&["ISQ: Quarantined MID 1"], Held::Yes, &[]),
        (&["MID 1 quarantined to \"Pol"], Held::No, &[]),
        (
            &["MID 1 quarantined to \"Policy\"  (content filter:foo (bar))"],
            Held::Yes,
            &["Policy"],
        ),
        (
            &["MID 1 quarantined to \"Policy\" (content fil"],
            Held::Yes,
            &["Policy"],
        ),
        (
            &[
                "MID 1 enqueued for transfer to centralized quarantine \"Policy\" (a (b))",
                "MID 1 released from quarantine \"Policy\" (manual)",
            ],
            Held::No,
            &[],
        ),
        (
            &["MID 1 enqueued for transfer to centralized quarantine"],
            Held::No,
            &[],
        ),
    ] {
        let bench = after(bodies);
        let message = bench.message(1);
        assert_eq!(message.held(), held, "{bodies:?}");
        assert_eq!(message.held_in().collect::<Vec<_>>(), names, "{bodies:?}");
    }
}

#[test]
fn deleted_in_one_quarantine_is_deleted_whatever_the_others_do() {
    for bodies in [
        &[
            "MID 1 quarantined to \"Policy\"",
            "MID 1 deleted from quarantine \"Policy\" (expired)",
        ][..],
        &[
            "MID 1 deleted from all quarantines ",
            "MID 1 quarantined to \"Policy\"",
        ],
        &[
            "MID 1 deleted from quarantine \"Anti-Virus\" (manual)",
            "MID 1 released from quarantine \"Policy\" (manual)",
        ],
    ] {
        let bench = after(bodies);
        let message = bench.message(1);
        assert_eq!(message.held(), Held::Deleted, "{bodies:?}");
        assert_eq!(message.held_in().next(), None, "{bodies:?}");
    }
}

#[test]
fn the_old_wording_of_a_filter_is_a_reason_too() {
    for (body, reason) in [
        (
            "MID 1 was dropped by content filter 'dontsend' in the inbound table",
            "dropped by content filter 'dontsend' in the inbound table",
        ),
        (
            "MID 1 was bounced by policy DEFAULT in the inbound table",
            "bounced by policy DEFAULT in the inbound table",
        ),
    ] {
        let bench = after(&[body]);
        assert_eq!(bench.message(1).stopped.as_deref(), Some(reason));
    }
    let other = after(&["MID 1 archived by content filter 'x' in the inbound table"]);
    assert_eq!(other.message(1).stopped, None);
}

#[test]
fn the_order_of_arrival_within_a_second_changes_nothing() {
    let bodies = [
        "MID 1 quarantined to \"Policy\"",
        "MID 1 quarantined to \"Outbreak\"",
        "MID 1 released from all quarantines",
    ];
    let [one, other] = [[0, 1, 2], [2, 1, 0]].map(|order| {
        let mut bench = after(&[]);
        for place in order {
            bench.at(7, bodies[place]);
        }
        bench.message(1).quarantines.clone()
    });
    assert_eq!(one, other);
}

#[test]
fn what_settles_a_recipient_beside_delivery_settles_that_one_alone() {
    for (body, fate) in [
        (
            "LDAP: Drop query Corp.ldapaccept MID 1 RID 1 address b@corp.example",
            Fate::Dropped("LDAP accept query".to_owned()),
        ),
        (
            "LDAP: Bounce query Corp.ldapaccept MID 1 RID 1 address b@corp.example",
            Fate::Bounced("LDAP accept query".to_owned()),
        ),
        (
            "Deleted: MID 1 to [1]",
            Fate::Dropped("deleted by an administrator".to_owned()),
        ),
        (
            "Double bounce: MID 1 to 1 - 5.1.1 - Bad destination email address",
            Fate::Bounced("5.1.1 - Bad destination email address".to_owned()),
        ),
        (
            "MID 1 Global unsubscribe matched entry b@ RID 1 Address b@corp.example Action dropped",
            Fate::Dropped("global unsubscribe".to_owned()),
        ),
        (
            "MID 1 Global unsubscribe matched entry b@ RID 1 Address \"a RID 0 Address b\"@corp.example Action dropped",
            Fate::Dropped("global unsubscribe".to_owned()),
        ),
        (
            "Possible Delivery: DCID: 4 MID 1 to [1]",
            Fate::PerhapsDelivered,
        ),
    ] {
        let bench = after(&[body]);
        let fates: Vec<&Fate> = bench
            .message(1)
            .recipients
            .iter()
            .map(|one| &one.fate)
            .collect();
        assert_eq!(fates, [&Fate::Accepted, &fate], "{body}");
    }
}

#[test]
fn what_was_perhaps_delivered_is_delivered_once_that_is_told() {
    let bench = after(&[
        "Possible Delivery: DCID: 4 MID 1 to [0]",
        "Message done DCID 5 MID 1 to RID [0]",
    ]);
    assert_eq!(bench.message(1).recipients[0].fate, Fate::Delivered);
}
