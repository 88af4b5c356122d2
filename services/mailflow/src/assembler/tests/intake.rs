//! What the header and the source of a line add to what its body says.

use whymid_schemas::Zone;
use whymid_syslog::{Defect, Label};

use super::*;

#[test]
fn the_rest_of_a_broken_line_is_kept_and_not_believed() {
    let mut bench = Bench::new();
    bench.line("<22>Aug 14 11:00:01 esa9.corp.example mail_logs: Info: Start MID 1 ICID 2");
    let handled = bench.line("Message aborted MID 1 Receiving aborted");
    assert_eq!((handled.kind, handled.attached), (None, false));
    let handled = bench.line("Time offset from UTC: 3600 seconds");
    assert_eq!((handled.kind, handled.attached), (None, false));
    assert!(bench.message(1).receiving_aborted.is_none());
    let events: Vec<_> = bench.intake.assembler.events().collect();
    assert_eq!(events.len(), 2);
    assert!(
        events
            .iter()
            .all(|event| event.common.appliance == "esa9.corp.example")
    );
    assert_eq!(
        bench
            .intake
            .appliances
            .by_name("esa9.corp.example")
            .unwrap()
            .zone_from(),
        Zone::Assumed
    );
}

#[test]
fn a_log_without_any_header_is_understood() {
    let mut bench = Bench::new();
    assert!(bench.line("Start MID 1 ICID 2").attached);
    assert!(bench.line("Message finished MID 1 aborted").attached);
    assert!(bench.message(1).finished.is_some());
}

#[test]
fn records_without_stamps_have_ids_of_their_own() {
    let mut bench = Bench::new();
    bench.line("Start MID 1 ICID 2");
    bench.line("Message finished MID 1 aborted");
    bench.wait(60);
    bench.line("Start MID 1 ICID 9");
    let [old, new] = bench.messages()[..] else {
        panic!("two messages")
    };
    assert_ne!(old.common.id, new.common.id);
}

#[test]
fn the_line_that_tells_the_zone_is_read_by_it() {
    let mut bench = Bench::new();
    bench.at(0, "Begin Logfile");
    let newest = |bench: &Bench| bench.intake.appliances.by_name("esa1").unwrap().newest();
    assert_eq!(newest(&bench), Some(moment("2014-08-14T11:00:00Z")));
    bench.at(1, "Time offset from UTC: 32400 seconds");
    assert_eq!(newest(&bench), Some(moment("2014-08-14T02:00:01Z")));
    bench.at(2, "Start MID 1 ICID 2");
    assert_eq!(
        bench.message(1).started_at,
        Some(moment("2014-08-14T02:00:02Z"))
    );
    assert_eq!(bench.message(1).common.zone, Zone::Learned);
    let told = bench
        .intake
        .assembler
        .events()
        .find(|one| {
            one.entry()
                .is_some_and(|entry| entry.line.starts_with("Time"))
        })
        .unwrap();
    assert_eq!(told.common.first_at, moment("2014-08-14T02:00:01Z"));
}

#[test]
fn the_appliance_is_known_by_version_and_serial() {
    let mut bench = Bench::new();
    bench.at(
        0,
        "Version: 7.6.3-019 SN: 420D4FEA709365BFB3E3-0AF2EE5E700E",
    );
    let appliance = bench.intake.appliances.by_name("ESA1").unwrap();
    assert_eq!(appliance.version(), Some("7.6.3-019"));
    assert_eq!(
        appliance.serial(),
        Some("420D4FEA709365BFB3E3-0AF2EE5E700E")
    );
}

#[test]
fn a_line_that_is_not_understood_stays_with_its_message() {
    let mut bench = Bench::new();
    let handled = bench.at(1, "MID 1 did something new");
    assert_eq!((handled.kind, handled.attached), (None, true));
    assert!(bench.message(1).common.entries.lines[0].kind.is_unknown());
}

/// A line that came with a defect.
fn damaged(bench: &mut Bench, bytes: &[u8], defect: Defect) -> Handled {
    bench.position += 1;
    let frame = Frame {
        bytes: bytes.to_vec(),
        peer: None,
        transport: Transport::Tcp,
        source: 1,
        received_at: bench.now,
        lane: Lane::Live,
        defect: Some(defect),
        label: None,
    };
    bench
        .intake
        .take(&frame, bench.position, &mut NothingWritten)
}

#[test]
fn bytes_that_are_no_text_are_told_and_kept() {
    let mut bench = Bench::new();
    let line = b"Thu Aug 14 11:00:01 2014 Info: MID 1 Subject '\xff\xfe'";
    let handled = damaged(&mut bench, line, Defect::Cut);
    assert!(handled.invalid_utf8 && handled.attached && !handled.without_stamp);
    assert!(bench.message(1).common.entries.lines[0].cut);
}

#[test]
fn a_number_at_the_end_of_a_cut_line_is_not_believed() {
    let mut bench = Bench::new();
    let line = b"Thu Aug 14 11:00:01 2014 Info: Start MID 1 ICID 102";
    damaged(&mut bench, line, Defect::Unfinished);
    bench.at(1, "Start MID 1 ICID 10293");
    let started = bench.messages().iter().find_map(|one| one.icid);
    assert_eq!(started, Some(10_293));
    assert_eq!(bench.accounted(), 2);
}

#[test]
fn a_message_counts_its_lines_that_are_not_understood() {
    let mut bench = Bench::new();
    bench.at(1, "Start MID 1 ICID 2");
    assert_eq!(bench.message(1).lines_not_understood(), 0);
    bench.at(1, "MID 1 interim AV verdict using Sophos CLEAN");
    bench.at(1, "MID 1 did something new");
    bench.at(1, "MID 1 did something new");
    bench.at(2, "MID 1 something else");
    assert_eq!(bench.message(1).lines_not_understood(), 2);
}

/// A log that is handed in from an address of one gateway may be another one's.
#[test]
fn the_name_that_a_log_is_handed_in_under_goes_before_the_address_it_comes_from() {
    let address: std::net::IpAddr = "192.0.2.1".parse().unwrap();
    let row = |name: &str, peers: Vec<std::net::IpAddr>| ApplianceSettings {
        name: name.to_owned(),
        peers,
        ..ApplianceSettings::default()
    };
    let mut intake = Intake::new(&Settings {
        appliances: vec![row("esa1", vec![address])],
        ..Settings::default()
    });
    let names = [None, Some("esa1"), Some("ESA2"), Some("esa2")];
    for (position, name) in (1..).zip(names) {
        let label = name.map(|name| Label {
            appliance: Some(name.to_owned()),
            ..Label::default()
        });
        let frame = Frame {
            bytes: format!("Thu Aug 14 11:00:01 2014 Info: Start MID {position} ICID 2")
                .into_bytes(),
            peer: Some(address),
            transport: Transport::Tcp,
            source: 1,
            received_at: Timestamp::UNIX_EPOCH,
            lane: Lane::Live,
            defect: None,
            label: label.map(Arc::new),
        };
        intake.take(&frame, position, &mut NothingWritten);
    }
    let mut told: Vec<(u64, &str)> = intake
        .assembler
        .messages()
        .map(|one| (one.mid, one.common.appliance.as_str()))
        .collect();
    told.sort_unstable();
    assert_eq!(told, [(1, "esa1"), (2, "esa1"), (3, "esa2"), (4, "esa2")]);
}
