//! Lists of RIDs, and domains of deliveries.

use super::{delivered_to, own_rids, rids};

#[test]
fn lists_of_rids_keep_ones_own() {
    let line = "Delivery start DCID 5 MID 1 to RID [0, 1, 12]";
    assert_eq!(
        own_rids(line, &[1, 12]),
        "Delivery start DCID 5 MID 1 to RID [1, 12]"
    );
    assert_eq!(own_rids(line, &[0, 1, 12]), line);
    // what strangers write in brackets is theirs
    let reply = "MID 1 RID [0] Response '250 queued [4711]'";
    assert_eq!(own_rids(reply, &[0]), reply);
    // cut before its end
    let cut = "Delivery start DCID 5 MID 1 to RID [0, 1, 2";
    assert_eq!(own_rids(cut, &[1]), "Delivery start DCID 5 MID 1 to RID [1");
}

#[test]
fn rids_are_found_however_they_are_named() {
    for (line, wanted) in [
        ("MID 5 to RID [1, 3] pending till Mon", Some(vec![1, 3])),
        ("MID: 5 RID: 1 Message was remediated", Some(vec![1])),
        ("Alias match: MID 5 RID 7 bob", Some(vec![7])),
        ("MID 5 ready 10 bytes", None),
        ("MID 5 Subject 'GRID 7'", None),
    ] {
        assert_eq!(rids(line).map(|(_, _, rids)| rids), wanted, "{line}");
    }
}

#[test]
fn a_delivery_says_for_which_domain_it_is() {
    let told = |line| delivered_to(line).collect::<Vec<&str>>();
    assert_eq!(
        told("DCID 3 TLS success protocol TLSv1.2 cipher X for b.example"),
        ["b.example"]
    );
    assert_eq!(
        told("Connection Error: DCID 3 domain: b.example IP: 192.0.2.1"),
        ["b.example"]
    );
    assert!(told("New SMTP DCID 3 interface 192.0.2.1 address 192.0.2.2 port 25").is_empty());
}

/// What a stranger may write takes time that grows with its length, not with its square.
#[test]
fn a_list_that_begins_often_is_looked_through_once() {
    let brackets = "RID [".repeat(20_000);
    assert_eq!(own_rids(&brackets, &[]), brackets);
}
