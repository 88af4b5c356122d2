//! Who wrote a line, whatever it calls itself; and what forged names may cost.

use whymid_schemas::Zone;
use whymid_syslog::Lane;

use super::*;

fn appliances(table: &[ApplianceSettings]) -> Appliances {
    Appliances::new(&Settings {
        appliances: table.to_vec(),
        zone: None,
        unnamed: "unnamed".to_owned(),
    })
}

fn name(appliances: &mut Appliances, host: Option<&str>, peer: Option<&str>) -> String {
    let index = appliances.of(host, peer.map(|peer| peer.parse().unwrap()));
    appliances.get(index).name.clone()
}

fn frame(transport: Transport, lane: Lane) -> Frame {
    Frame {
        bytes: Vec::new(),
        peer: None,
        transport,
        source: 1,
        received_at: "2014-08-14T12:00:00Z".parse().unwrap(),
        lane,
        defect: None,
        label: None,
    }
}

fn live() -> Frame {
    frame(Transport::Udp, Lane::Live)
}

fn archived() -> Frame {
    frame(Transport::Http, Lane::Archive)
}

fn file() -> Frame {
    frame(Transport::File, Lane::Archive)
}

#[test]
fn two_host_less_gateways_from_two_addresses_are_two_appliances() {
    let mut all = appliances(&[]);
    assert_eq!(name(&mut all, None, Some("192.0.2.1")), "192.0.2.1");
    assert_eq!(name(&mut all, None, Some("192.0.2.2")), "192.0.2.2");
    assert_eq!(name(&mut all, None, Some("::ffff:192.0.2.1")), "192.0.2.1");
}

#[test]
fn a_short_name_is_a_full_one_only_where_exactly_one_fits() {
    let mut all = appliances(&[]);
    assert_eq!(
        name(&mut all, Some("esa1.corp.example"), None),
        "esa1.corp.example"
    );
    assert_eq!(name(&mut all, Some("ESA1"), None), "esa1.corp.example");
    assert_eq!(
        name(&mut all, Some("esa10.corp.example"), None),
        "esa10.corp.example"
    );
    assert_eq!(
        name(&mut all, Some("esa2.a.example"), None),
        "esa2.a.example"
    );
    assert_eq!(
        name(&mut all, Some("esa2.b.example"), None),
        "esa2.b.example"
    );
    assert_eq!(name(&mut all, Some("esa2"), None), "esa2");
    assert_eq!(name(&mut all, Some("192.0.2.9"), None), "192.0.2.9");
    assert_eq!(name(&mut all, Some("192"), None), "192");
}

#[test]
fn the_table_knows_hosts_and_peers() {
    let mut all = appliances(&[ApplianceSettings {
        name: "esa1".to_owned(),
        hosts: vec!["mx1.corp.example".to_owned()],
        peers: vec!["192.0.2.1".parse().unwrap()],
        ..ApplianceSettings::default()
    }]);
    assert_eq!(
        name(&mut all, Some("MX1.corp.example"), Some("203.0.113.9")),
        "esa1"
    );
    assert_eq!(name(&mut all, None, Some("192.0.2.1")), "esa1");
    assert_eq!(
        name(&mut all, Some("other.example"), Some("203.0.113.9")),
        "other.example"
    );
    assert_eq!(name(&mut all, None, None), "unnamed");
}

fn flooded() -> Appliances {
    let mut all = appliances(&[ApplianceSettings {
        name: "esa1".to_owned(),
        hosts: vec!["mx1.corp.example".to_owned()],
        ..ApplianceSettings::default()
    }]);
    name(&mut all, Some("esa7.corp.example"), None);
    for forged in 1..MAX_APPLIANCES {
        name(&mut all, Some(&format!("h{forged}")), None);
    }
    all
}

#[test]
fn ten_thousand_forged_names_and_no_more_become_appliances() {
    let mut all = flooded();
    assert_eq!(name(&mut all, Some("new"), Some("192.0.2.9")), "192.0.2.9");
    assert_eq!(name(&mut all, Some("new"), None), "unnamed");
    let before = all.iter().count();
    for forged in 0..100 {
        name(&mut all, Some(&format!("x{forged}")), Some("192.0.2.9"));
    }
    assert_eq!(all.iter().count(), before);
}

#[test]
fn forged_names_take_no_place_from_those_that_are_known() {
    let mut all = flooded();
    assert_eq!(name(&mut all, Some("h9999"), None), "h9999");
    assert_eq!(name(&mut all, Some("mx1.corp.example"), None), "esa1");
    assert_eq!(name(&mut all, Some("esa7"), None), "esa7.corp.example");
    assert_eq!(name(&mut all, None, Some("192.0.2.9")), "192.0.2.9");
    assert_eq!(name(&mut all, Some("192.0.2.9"), None), "192.0.2.9");
}

#[test]
fn forged_addresses_find_an_end_too() {
    let mut all = appliances(&[]);
    let most = u32::try_from(2 * MAX_APPLIANCES).unwrap();
    for forged in 0..=most {
        all.of(None, Some(IpAddr::V4(forged.into())));
    }
    assert_eq!(name(&mut all, None, Some("203.0.113.9")), "unnamed");
    assert_eq!(name(&mut all, None, Some("0.0.0.1")), "0.0.0.1");
    assert_eq!(
        name(&mut all, Some("esa1.corp.example"), None),
        "esa1.corp.example"
    );
}

#[test]
fn a_name_that_no_host_can_have_is_none() {
    let mut all = appliances(&[]);
    let long = "h".repeat(MAX_HOST + 1);
    assert_eq!(name(&mut all, Some(&long), Some("192.0.2.1")), "192.0.2.1");
    assert_eq!(name(&mut all, Some(&long[1..]), None).len(), MAX_HOST);
}

#[test]
fn a_serial_number_that_fills_a_datagram_is_not_believed() {
    let mut all = appliances(&[]);
    let index = all.of(Some("esa1"), None);
    let serial = "4".repeat(60_000);
    let version = "7.6.3-019";
    all.learn(
        index,
        &Fact::Version {
            version,
            serial: &serial,
        },
        &live(),
        1,
    );
    let appliance = all.get(index);
    assert!(appliance.version().is_none() && appliance.serial().is_none());
}

#[test]
fn a_stamp_from_the_future_moves_nothing_but_in_a_file() {
    let at = "2014-08-16T12:00:00Z".parse().unwrap();
    for (frame, newest) in [(live(), None), (archived(), None), (file(), Some(at))] {
        let mut all = appliances(&[]);
        let index = all.of(Some("esa1"), None);
        all.seen_until(index, at, &frame, true);
        assert_eq!(all.get(index).newest(), newest, "{frame:?}");
    }
}

#[test]
fn a_zone_counts_as_changed_when_its_offset_does() {
    let mut all = appliances(&[]);
    let index = all.of(Some("esa1"), None);
    let mut epochs = Vec::new();
    for (position, seconds) in (1..).zip([0, 32_400, 32_400, 28_800]) {
        all.learn(index, &Fact::UtcOffset { seconds }, &live(), position);
        epochs.push(all.get(index).zone_at(position).epoch);
    }
    assert_eq!(epochs, [0, 1, 1, 2]);
    assert_eq!(all.get(index).zone_from(), Zone::Learned);
    let then = all.get(index).zone_at(3);
    assert_eq!(
        then.epoch, 1,
        "a replayed line is read by the zone of its time"
    );
}

#[test]
fn what_is_remembered_is_there_after_a_restart_and_news_is_told_once() {
    let mut all = appliances(&[]);
    let index = all.of(Some("esa1.corp.example"), None);
    all.learn(index, &Fact::UtcOffset { seconds: 3600 }, &live(), 7);
    all.heard_from(index, 5, 7);
    let news = all.news(false);
    assert_eq!(news.len(), 1);
    assert!(all.news(false).is_empty());
    let settings = Settings::default();
    let mut again = Appliances::remembering(&settings, news.clone());
    assert!(again.news(true).is_empty());
    assert_eq!(again.of(Some("ESA1"), None), index);
    assert_eq!(again.get(index).zone_at(9).epoch, 1);
    assert_eq!(again.sources().collect::<Vec<_>>(), [(5, (index, 7))]);
    all.not_remembered();
    assert_eq!(all.news(false), news);
}

#[test]
fn a_renamed_appliance_keeps_its_identity_and_two_of_one_row_become_one() {
    let mut before = appliances(&[]);
    let by_host = before.of(Some("esa1.corp.example"), None);
    let by_peer = before.of(None, Some("192.0.2.9".parse().unwrap()));
    assert_ne!(by_host, by_peer);
    let row = ApplianceSettings {
        name: "Tokyo".to_owned(),
        hosts: vec!["esa1.corp.example".to_owned()],
        peers: vec!["192.0.2.9".parse().unwrap()],
        ..ApplianceSettings::default()
    };
    let settings = Settings {
        appliances: vec![row],
        ..Settings::default()
    };
    let mut after = Appliances::remembering(&settings, before.news(true));
    let index = after.of(Some("esa1"), None);
    for (host, peer) in [
        (Some("tokyo"), None),
        (Some("esa1.corp.example"), None),
        (None, Some("192.0.2.9".parse().unwrap())),
    ] {
        assert_eq!(after.of(host, peer), index, "{host:?} {peer:?}");
    }
    let one = after.get(index);
    assert_eq!(one.name, "tokyo");
    assert_eq!(one.identities, ["esa1.corp.example", "192.0.2.9"]);
    let mut renamed: Vec<_> = after.renamed().collect();
    renamed.sort();
    let names = |identity: &str| (identity.to_owned(), "tokyo".to_owned());
    assert_eq!(renamed, [names("192.0.2.9"), names("esa1.corp.example")]);
}

#[test]
fn a_row_that_is_named_anew_is_the_same_appliance_by_its_hosts_or_its_peers() {
    let row = |name: &str, hosts: &[&str], peers: &[&str]| ApplianceSettings {
        name: name.to_owned(),
        hosts: hosts.iter().map(|host| (*host).to_owned()).collect(),
        peers: peers.iter().map(|peer| peer.parse().unwrap()).collect(),
        ..ApplianceSettings::default()
    };
    for (hosts, peers) in [(&["mx.corp.example"][..], &[][..]), (&[], &["192.0.2.9"])] {
        let mut before = appliances(&[row("esa1", hosts, peers)]);
        let settings = Settings {
            appliances: vec![row("gw1", hosts, peers)],
            ..Settings::default()
        };
        let mut after = Appliances::remembering(&settings, before.news(true));
        let peer = peers.first().map(|peer| peer.parse().unwrap());
        let index = after.of(hosts.first().copied(), peer);
        let one = after.get(index);
        assert_eq!(
            (one.name.as_str(), &one.identities[0]),
            ("gw1", &"esa1".to_owned())
        );
    }
}

#[test]
fn an_archive_tells_no_clock_that_is_known() {
    let mut all = appliances(&[]);
    let index = all.of(Some("esa1"), None);
    let offset = |seconds| Fact::UtcOffset { seconds };
    all.learn(index, &offset(7_200), &archived(), 1);
    assert_eq!(all.get(index).zone_at(1).epoch, 1, "nothing else tells");
    all.learn(index, &offset(3_600), &archived(), 2);
    assert_eq!(all.get(index).zone_at(2).epoch, 1);
    all.learn(index, &offset(3_600), &live(), 3);
    assert_eq!(all.get(index).zone_at(3).epoch, 2);
}
