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
fn an_open_record_is_parked_after_a_minute_and_comes_back_for_its_next_line() {
    let mut bench = Bench::new();
    bench.at(1, "Start MID 1 ICID 2");
    bench.at(1, "ICID 2 TLS failed");
    bench.wait(59);
    assert!(bench.tick().1.is_empty());
    bench.wait(1);
    let (ticket, rested) = bench.tick();
    assert_eq!((mids(&rested), icids(&rested)), (vec![1], vec![2]));
    let id = bench.message(1).common.id.clone();
    bench.intake.assembler.settled(ticket);
    assert!(bench.messages().is_empty());
    bench.wait(3 * 86_400);
    bench.at(2, "MID 1 ICID 2 From: <a@mail.example>");
    let message = bench.message(1);
    assert_eq!(message.common.id, id);
    assert_eq!(message.common.entries.lines.len(), 2);
}

#[test]
fn a_record_that_grows_all_the_time_is_written_each_minute() {
    let mut bench = Bench::new();
    let mut written = Vec::new();
    for second in 0..200 {
        bench.at(second, &format!("ICID 2 something {second}"));
        bench.wait(1);
        let (ticket, rested) = bench.tick();
        bench.intake.assembler.settled(ticket);
        written.extend(icids(&rested).iter().map(|_| second));
    }
    assert_eq!(written, [59, 119, 179]);
    bench.wait(60);
    bench.rest();
    let connection = bench.written.connections.values().next().expect("written");
    assert_eq!(connection.common.entries.lines.len(), 200);
    assert_eq!(bench.written.connections.len(), 1);
}

#[test]
fn what_is_complete_is_before_every_line_that_is_in_no_hand_out() {
    let mut bench = Bench::new();
    bench.at(1, "Start MID 1 ICID 2");
    for body in RECEIVED {
        bench.at(2, &body.replace("MID 1", "MID 7"));
    }
    assert_eq!(
        bench.intake.assembler.tick(bench.now, usize::MAX).complete,
        0
    );
    bench.wait(10);
    let handout = bench.intake.assembler.tick(bench.now, usize::MAX);
    assert_eq!((mids(&handout.records), handout.complete), (vec![7], 0));
    assert_eq!(handout.reached, 4);
    bench.wait(50);
    bench.at(3, "MID 1 ICID 2 From: <a@mail.example>");
    let handout = bench.intake.assembler.tick(bench.now, usize::MAX);
    assert_eq!((mids(&handout.records), handout.complete), (vec![1], 5));
}

#[test]
fn what_was_not_written_goes_out_again() {
    let mut bench = received();
    bench.wait(10);
    let (_, rested) = bench.tick();
    assert_eq!(mids(&rested), [1]);
    bench.intake.assembler.not_written(bench.now);
    let handout = bench.intake.assembler.tick(bench.now, usize::MAX);
    assert_eq!((mids(&handout.records), handout.complete), (vec![1], 3));
    bench.intake.assembler.settled(handout.ticket);
    assert!(bench.messages().is_empty());
}

#[test]
fn under_pressure_the_longest_waiting_goes_first() {
    let mut bench = Bench::new();
    for mid in 1..=10 {
        bench.at(1, &format!("Start MID {mid} ICID 2"));
    }
    let all = bench.intake.assembler.weight();
    let handout = bench.intake.assembler.shed(all / 2);
    assert_eq!(mids(&handout.records), [1, 2, 3, 4, 5]);
    assert_eq!(handout.complete, 5);
    bench.intake.assembler.settled(handout.ticket);
    assert_eq!(bench.messages().len(), 5);
    let left = bench.intake.assembler.weight();
    assert!(left < all * 6 / 10, "{left} of {all}");
}

#[test]
fn a_clock_that_is_put_back_holds_nothing_up() {
    let mut bench = received();
    bench.wait(-365 * 86_400);
    bench.at(1, "Start MID 5 ICID 6");
    assert_eq!(mids(&bench.tick().1), [1]);
    bench.wait(60);
    assert_eq!(mids(&bench.tick().1), [5]);
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
    let assembler = &bench.intake.assembler;
    assert_eq!((assembler.weight(), assembler.counts()), (0, [0; 4]));
    assert_eq!(assembler.complete(), 3);
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
    assert_eq!(rested.len(), 2, "{rested:?}");
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
fn a_line_changes_one_record_and_no_other() {
    let mut bench = received();
    bench.at(1, "New SMTP ICID 2 interface a address 192.0.2.7");
    bench.at(1, "ICID 2 close");
    let (before, at) = (bench.connection(2).clone(), bench.now);
    bench.at(1, "MID 1 ready 10 bytes from <a@mail.example>");
    assert_eq!((bench.connection(2), bench.now), (&before, at));
    let joined = bench.intake.assembler.connection_of(bench.message(1));
    let joined = joined.map(|one| (one.mids, one.accepted));
    assert_eq!(joined, Some((vec![1], vec![(1, time(1))])));
}
