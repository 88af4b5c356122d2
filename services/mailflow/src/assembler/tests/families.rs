//! Which messages hang together, and which do not although a number fits.

use super::Bench;
use crate::family::Family;
use crate::gathering::Gathering;
use crate::record::Message;

/// The family of a MID's newest message, as a reader gathers it.
fn family(bench: &Bench, mid: u64) -> Family {
    let all = bench.intake.assembler.messages().cloned().collect();
    gathered(all, mid)
}

/// The family of a MID's newest message, from what is found in that order.
fn gathered(all: Vec<Message>, mid: u64) -> Family {
    gathering(&all, mid).finish()
}

/// The same, with all found.
pub(super) fn gathering(all: &[Message], mid: u64) -> Gathering {
    let of = |mid: u64| all.iter().filter(move |one| one.mid == mid).cloned();
    let newest = of(mid).max_by_key(|one| one.common.first_at);
    let mut gathering = Gathering::of(newest.expect("a message"));
    while let Some(wanted) = gathering.wanted() {
        let named = wanted.named.iter().flat_map(|mid| of(*mid)).collect();
        let names = |one: &&Message| one.ties.iter().any(|tie| tie.mid == wanted.mid);
        let naming = all.iter().filter(names).cloned().collect();
        let same_mid: Vec<Message> = of(wanted.mid).collect();
        gathering.take(named, naming, &same_mid);
    }
    gathering
}

/// Elder and younger MIDs, and the MIDs that were named and not found.
fn told(family: &Family) -> (Vec<(u64, u64)>, Vec<u64>) {
    let mid = |place: usize| family.members[place].mid;
    let bonds = family.bonds.iter();
    let bonds = bonds.map(|bond| (mid(bond.elder), mid(bond.younger)));
    let unseen = family.unseen.iter().map(|one| one.tie.mid);
    (bonds.collect(), unseen.collect())
}

/// A line of that second, on a day of August.
fn on(bench: &mut Bench, day: u32, second: u32, body: &str) {
    bench.line(&format!(
        "Thu Aug {day:>2} 11:00:{second:02} 2014 Info: {body}"
    ));
}

fn begin(bench: &mut Bench, second: u32, mid: u64) {
    bench.at(second, &format!("Start MID {mid} ICID 2"));
    let to = format!("MID {mid} ICID 2 RID 0 To: <a@corp.example>");
    bench.at(second, &to);
    bench.at(second, &format!("MID {mid} Subject 'Prices'"));
}

#[test]
fn a_child_has_what_its_own_lines_do_not_tell_from_its_elder() {
    let mut bench = Bench::new();
    begin(&mut bench, 0, 1);
    bench.at(1, "MID 1 ready 4096 bytes from <a@partner.example>");
    bench.at(
        2,
        "MID 1 was split creating MID 3 due to a SL/BL configuration for following recipients: b@corp.example, c@corp.example",
    );
    bench.at(3, "Message done DCID 5 MID 3 to RID [1]");
    let family = family(&bench, 3);
    assert_eq!(told(&family), (vec![(1, 3)], vec![]));
    let child = &family.members[0];
    assert_eq!((child.icid, child.size), (Some(2), Some(4096)));
    assert_eq!(child.subject.as_deref(), Some("Prices"));
    let addresses = child.recipients.iter().map(|one| one.address.as_deref());
    assert_eq!(
        addresses.collect::<Vec<_>>(),
        [Some("b@corp.example"), Some("c@corp.example")]
    );
}

/// RIDs begin at 0 in every message: that RID 1 of the child was seen tells that it has two. The
/// elder had two, so a number beyond that is believed of nobody.
#[test]
fn a_child_has_the_recipients_in_front_of_one_that_was_seen() {
    for (rid, wanted) in [(1, [Some(0), Some(1)].as_slice()), (7, &[Some(0), Some(7)])] {
        let mut bench = Bench::new();
        begin(&mut bench, 0, 1);
        bench.at(0, "MID 1 ICID 2 RID 1 To: <b@corp.example>");
        bench.at(
            2,
            "MID 1 was split creating MID 3 due to a per-recipient policy DEFAULT",
        );
        bench.at(3, &format!("Delivery start DCID 5 MID 3 to RID [{rid}]"));
        let family = family(&bench, 3);
        let rids = family.members[0].recipients.iter().map(|one| one.rid);
        assert_eq!(rids.collect::<Vec<_>>(), wanted);
    }
}

#[test]
fn a_list_that_a_line_of_the_child_contradicts_names_nobody() {
    let mut bench = Bench::new();
    begin(&mut bench, 0, 1);
    bench.at(
        2,
        "MID 1 was split creating MID 3 due to a SL/BL configuration for following recipients: b@corp.example, c@corp.example",
    );
    bench.at(2, "MID 3 ICID 0 RID 0 To: <c@corp.example>");
    bench.at(3, "Message done DCID 5 MID 3 to RID [0, 1]");
    let family = family(&bench, 3);
    let addresses = family.members[0].recipients.iter();
    let addresses = addresses.map(|one| one.address.as_deref());
    assert_eq!(
        addresses.collect::<Vec<_>>(),
        [Some("c@corp.example"), None]
    );
}

#[test]
fn what_does_not_fit_was_not_seen() {
    for (what, lines) in [
        ("a connection of its own", &[(60, "Start MID 3 ICID 9")][..]),
        ("begun long after", &[(1_200, "Start MID 3 ICID 0")]),
        (
            "a copy of another",
            &[(2, "MID 3 was generated based on MID 7 by bcc filter 'x'")],
        ),
        ("never seen", &[]),
    ] {
        let mut bench = Bench::new();
        begin(&mut bench, 0, 1);
        bench.at(2, "MID 1 rewritten to MID 3 by antispam");
        for (second, line) in lines {
            bench.at(*second, line);
        }
        assert_eq!(told(&family(&bench, 1)), (vec![], vec![3]), "{what}");
    }
}

#[test]
fn a_child_that_two_claim_is_nobody_s_and_nobody_is_its_own() {
    let mut bench = Bench::new();
    begin(&mut bench, 0, 1);
    begin(&mut bench, 0, 2);
    bench.at(2, "MID 1 rewritten to MID 3 by antispam");
    bench.at(2, "MID 2 rewritten to MID 3 by antispam");
    bench.at(3, "MID 3 queued for delivery");
    bench.at(3, "MID 3 rewritten to MID 3 by antispam");
    let (bonds, unseen) = told(&family(&bench, 1));
    assert_eq!((bonds, unseen), (vec![], vec![3, 3]));
}

#[test]
fn what_comes_back_is_the_newest_of_its_number_and_was_in_a_quarantine() {
    let held = "EUQ: Quarantined MID 1";
    for (newest, found) in [(held, vec![(1, 4)]), ("MID 1 queued for delivery", vec![])] {
        let mut bench = Bench::new();
        for (day, line) in [(1, held), (5, newest)] {
            on(&mut bench, day, 0, "Start MID 1 ICID 2");
            on(&mut bench, day, 1, line);
            on(&mut bench, day, 2, "Message finished MID 1 done");
        }
        on(&mut bench, 6, 0, "EUQ: Reinjected MID 1 as MID 4");
        assert_eq!(told(&family(&bench, 4)).0, found, "{newest}");
    }
}

#[test]
fn a_family_is_the_same_whoever_is_asked_and_whatever_is_found_first() {
    let mut bench = Bench::new();
    begin(&mut bench, 0, 1);
    bench.at(1, "MID 1 ready 4096 bytes from <a@partner.example>");
    let split = |child: u64| {
        format!(
            "MID 1 was split creating MID {child} due to a per-recipient policy default in the inbound table"
        )
    };
    // three children of one second, of which one goes on, and one that is never seen
    for child in [3, 2, 4, 9] {
        bench.at(2, &split(child));
    }
    bench.at(2, "MID 3 rewritten to MID 5 by add-footer filter 'Footer'");
    for (second, mid) in [(3, 4), (3, 2), (3, 3), (3, 5)] {
        bench.at(second, &format!("Message done DCID 5 MID {mid} to RID [0]"));
    }
    let mut all: Vec<Message> = bench.intake.assembler.messages().cloned().collect();
    assert_eq!(all.len(), 5);
    for mid in 1..=5 {
        let family = gathered(all.clone(), mid);
        assert_eq!((family.members.len(), family.unseen.len()), (5, 1));
        all.reverse();
        assert_eq!(
            format!("{family:?}"),
            format!("{:?}", gathered(all.clone(), mid)),
            "found in another order"
        );
        for (place, other) in family.members.iter().enumerate() {
            assert_eq!(
                format!("{:?}", family.asked_by(place)),
                format!("{:?}", gathered(all.clone(), other.mid)),
                "{mid} asked for {}",
                other.mid
            );
        }
    }
}

/// Nothing that a stranger writes makes a family go round for ever.
#[test]
fn two_that_claim_each_other_come_to_an_end() {
    let mut bench = Bench::new();
    for (one, other) in [(1, 2), (2, 1)] {
        let line = format!(
            "MID {one} was split creating MID {other} due to a per-recipient policy default in the inbound table"
        );
        bench.at(1, &line);
    }
    bench.at(2, "MID 3 was generated for bounce of MID 2");
    assert_eq!(family(&bench, 1).members.len(), 3);
    assert_eq!(family(&bench, 2).members.len(), 3);
}
