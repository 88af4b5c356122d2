//! From the first line to the index: linger, hand out, settle, come back.

use super::*;

const RECEIVED: [&str; 3] = [
    "Start MID 1 ICID 2",
    "Message aborted MID 1 Receiving aborted",
    "Message finished MID 1 aborted",
];

fn received() -> Bench {
    let mut bench = Bench::new();
    for body in RECEIVED {
        bench.at(1, body);
    }
    bench
}

#[test]
fn an_open_record_is_not_handed_out() {
    let mut bench = Bench::new();
    bench.at(1, "Start MID 1 ICID 2");
    bench.at(1, "ICID 2 TLS failed");
    bench.wait(3600);
    assert!(bench.tick().1.is_empty());
    assert_eq!(bench.intake.assembler.drain(bench.now).1.len(), 0);
    assert_eq!(bench.messages().len(), 1);
}

#[test]
fn a_finished_record_is_handed_out_once_after_ten_seconds() {
    let mut bench = received();
    bench.wait(9);
    assert!(bench.tick().1.is_empty());
    bench.wait(1);
    assert_eq!(mids(&bench.tick().1), [1]);
    bench.wait(60);
    assert!(bench.tick().1.is_empty());
}

#[test]
fn the_end_of_a_log_hands_out_what_has_ended_at_once() {
    let mut bench = received();
    assert_eq!(mids(&bench.intake.assembler.drain(bench.now).1), [1]);
}

#[test]
fn a_straggler_makes_a_finished_record_wait_again() {
    let mut bench = received();
    bench.wait(9);
    bench.at(1, "MID 1 ICID 2 From: <a@mail.example>");
    bench.wait(9);
    assert!(bench.tick().1.is_empty());
    bench.wait(1);
    assert_eq!(mids(&bench.tick().1), [1]);
}

#[test]
fn a_handed_out_record_is_readable_until_it_is_settled() {
    let mut bench = received();
    bench.wait(10);
    let (ticket, _) = bench.tick();
    let id = bench.message(1).common.id.clone();
    bench.intake.assembler.settled(ticket - 1);
    assert_eq!(bench.message(1).common.id, id);
    bench.intake.assembler.settled(ticket);
    assert!(bench.messages().is_empty());
    assert!(bench.intake.assembler.by_icid.is_empty());
}

#[test]
fn a_straggler_between_hand_out_and_settling_is_written_under_the_same_id() {
    let mut bench = received();
    bench.wait(10);
    let (ticket, _) = bench.tick();
    let id = bench.message(1).common.id.clone();
    bench.at(1, "MID 1 ICID 2 From: <a@mail.example>");
    bench.intake.assembler.settled(ticket);
    assert_eq!(bench.message(1).common.id, id);
    assert_eq!(mids(&bench.rest()), [1]);
    assert_eq!(
        bench.written.messages[&id].sender.as_deref(),
        Some("a@mail.example")
    );
    assert!(bench.messages().is_empty());
}

#[test]
fn an_earlier_hand_out_that_is_settled_does_not_settle_the_later_one() {
    let mut bench = received();
    bench.wait(10);
    let (first, _) = bench.tick();
    bench.at(1, "MID 1 ICID 2 From: <a@mail.example>");
    bench.wait(10);
    let (second, _) = bench.tick();
    bench.intake.assembler.settled(first);
    assert_eq!(bench.messages().len(), 1);
    bench.intake.assembler.settled(second);
    assert!(bench.messages().is_empty());
}

#[test]
fn a_line_after_settling_brings_the_record_back_under_the_same_id() {
    let mut bench = received();
    bench.rest();
    let id = bench
        .written
        .messages
        .keys()
        .next()
        .expect("written")
        .clone();
    let asked = bench.written.asked;
    bench.at(1, "MID 1 ICID 2 From: <a@mail.example>");
    assert_eq!(bench.written.asked, asked + 1);
    let message = bench.message(1);
    assert_eq!(
        (
            message.common.id.as_str(),
            message.common.entries.lines.len()
        ),
        (id.as_str(), 4)
    );
    assert_eq!(mids(&bench.rest()), [1]);
    assert_eq!(bench.written.messages.len(), 1);
}

#[test]
fn a_replayed_journal_changes_no_written_record() {
    let mut bench = received();
    bench.at(2, "New SMTP ICID 2 interface a address 192.0.2.7");
    bench.at(2, "ICID 2 close");
    bench.at(2, "DCID 3 close");
    bench.rest();
    let before = format!(
        "{:?}",
        (&bench.written.messages, &bench.written.connections)
    );
    for (place, body) in RECEIVED.iter().enumerate() {
        bench.at_position(&stamped(1, body), place as u64 + 1);
    }
    for (place, body) in [
        "New SMTP ICID 2 interface a address 192.0.2.7",
        "ICID 2 close",
        "DCID 3 close",
    ]
    .iter()
    .enumerate()
    {
        bench.at_position(&stamped(2, body), place as u64 + 4);
    }
    bench.rest();
    assert_eq!(
        format!(
            "{:?}",
            (&bench.written.messages, &bench.written.connections)
        ),
        before
    );
    assert_eq!(bench.written.deliveries.len(), 1);
}

#[test]
fn a_settled_ticket_settles_the_earlier_ones_and_no_later_one() {
    let mut bench = received();
    bench.wait(10);
    let (first, _) = bench.tick();
    bench.at(20, "Start MID 5 ICID 6");
    bench.at(20, "Message finished MID 5 done");
    bench.at(20, "Begin Logfile");
    bench.wait(10);
    let (second, rested) = bench.tick();
    assert_eq!(rested.len(), 2);
    bench.intake.assembler.settled(first);
    assert_eq!(bench.message(5).mid, 5);
    assert_eq!(bench.intake.assembler.events().count(), 1);
    bench.intake.assembler.settled(second);
    assert_eq!(
        (
            bench.messages().len(),
            bench.intake.assembler.events().count()
        ),
        (0, 0)
    );
}

#[test]
fn a_connection_goes_along_with_its_message() {
    let mut bench = Bench::new();
    bench.at(1, "New SMTP ICID 2 interface a address 192.0.2.7");
    for body in RECEIVED {
        bench.at(1, body);
    }
    bench.wait(10);
    let (_, rested) = bench.tick();
    let [Rested::Message(_, Some(connection))] = &rested[..] else {
        panic!("{rested:?}")
    };
    assert_eq!(connection.icid, 2);
}

#[test]
fn a_connection_that_is_seen_late_joins_and_what_was_written_is_written_again() {
    let mut bench = received();
    bench.wait(10);
    let (ticket, _) = bench.tick();
    assert_eq!(bench.message(1).connection, None);
    bench.at(1, "ICID 2 close");
    bench.intake.assembler.settled(ticket);
    assert_eq!(
        bench.message(1).connection.as_ref(),
        Some(&bench.connection(2).common.id)
    );
    assert_eq!(bench.connection(2).mids, [1]);
    assert_eq!(mids(&bench.rest()), [1]);
    assert!(
        bench
            .written
            .messages
            .values()
            .all(|one| one.connection.is_some())
    );
}

#[test]
fn a_message_that_joins_a_written_connection_is_written_into_it() {
    let mut bench = Bench::new();
    bench.at(1, "New SMTP ICID 2 interface a address 192.0.2.7");
    bench.at(1, "ICID 2 close");
    bench.wait(10);
    let (ticket, rested) = bench.tick();
    assert_eq!(icids(&rested), [2]);
    bench.at(1, "Start MID 1 ICID 2");
    bench.at(1, "MID 1 ready 10 bytes from <a@mail.example>");
    bench.intake.assembler.settled(ticket);
    assert_eq!(icids(&bench.rest()), [2]);
    let connection = bench.written.connections.values().next().expect("written");
    assert_eq!(
        (&connection.mids[..], &connection.accepted[..]),
        (&[1][..], &[(1, time(1))][..])
    );
}
