//! A zone that is learned while records are open: their stamps stand hours apart.

use super::*;

const OPENED: &str = "New SMTP ICID 2 interface a address 192.0.2.7";

#[test]
fn a_zone_that_is_learned_in_between_moves_what_was_read_before() {
    let mut bench = Bench::new();
    bench.at(1, "Start MID 1 ICID 2");
    bench.at(2, "Time offset from UTC: 32400 seconds");
    bench.at(3, "MID 1 ICID 2 From: <a@mail.example>");
    bench.at(3, "Start MID 5 ICID 2");
    let message = bench.message(1);
    let started = time(1).checked_sub(SignedDuration::from_hours(9)).unwrap();
    assert_eq!(message.started_at, Some(started));
    let common = &message.common;
    assert_eq!((common.zone_changed, common.zone_epoch), (false, 1));
    assert_eq!((common.zone, common.first_at), (Zone::Learned, started));
    let later = &bench.message(5).common;
    assert_eq!((later.zone_changed, later.zone_epoch), (false, 1));
}

#[test]
fn an_offset_that_is_told_again_changes_nothing() {
    let mut bench = Bench::new();
    bench.at(1, "Time offset from UTC: 32400 seconds");
    bench.at(2, "Start MID 1 ICID 2");
    bench.at(3, "Time offset from UTC: 32400 seconds");
    bench.at(4, "Message finished MID 1 aborted");
    let common = &bench.message(1).common;
    assert_eq!((common.zone_changed, common.zone_epoch), (false, 1));
}

#[test]
fn one_learned_offset_after_another_is_a_change() {
    let mut bench = Bench::new();
    bench.at(1, "Time offset from UTC: 32400 seconds");
    bench.at(2, OPENED);
    bench.at(3, "Time offset from UTC: 28800 seconds");
    bench.at(4, "ICID 2 close");
    let common = &bench.connection(2).common;
    assert_eq!((common.zone_changed, common.zone_epoch), (true, 1));
}

#[test]
fn a_message_is_tied_to_its_connection_though_the_zone_came_between() {
    for seconds in [32_400, -32_400] {
        let mut bench = Bench::new();
        bench.at(1, OPENED);
        bench.at(1, "Start MID 1 ICID 2");
        bench.at(2, &format!("Time offset from UTC: {seconds} seconds"));
        bench.at(3, "Start MID 5 ICID 2");
        for mid in [1, 5] {
            bench.at(4, &format!("MID {mid} ready 10 bytes from <>"));
        }
        let connection = bench.intake.assembler.connection_of(bench.message(5));
        let connection = connection.expect("the connection");
        let taken: Vec<_> = connection.accepted.iter().map(|(mid, _)| *mid).collect();
        assert_eq!(
            (&connection.mids[..], &taken[..]),
            (&[1, 5][..], &[1, 5][..])
        );
    }
}

#[test]
fn no_zone_ties_a_message_to_a_connection_of_days_before() {
    let mut bench = Bench::new();
    bench.at(1, OPENED);
    bench.at(2, "ICID 2 close");
    bench.at(3, "Time offset from UTC: 32400 seconds");
    bench.line("Sun Aug 17 11:00:00 2014 Info: Start MID 5 ICID 2");
    let message = bench.message(5);
    assert_eq!(bench.intake.assembler.connection_of(message), None);
}
