//! Numbers that are used again, and numbers that are nobody's.

use super::*;

#[test]
fn a_mid_that_starts_again_after_its_end_is_another_message() {
    let mut bench = Bench::new();
    bench.at(1, "Start MID 1 ICID 2");
    bench.at(2, "Message finished MID 1 aborted");
    bench.at(5, "Start MID 1 ICID 3");
    bench.at(5, "MID 1 ICID 3 From: <b@mail.example>");
    let [old, new] = bench.messages()[..] else {
        panic!("two messages")
    };
    assert_ne!(old.common.id, new.common.id);
    assert_eq!(
        (old.icid, old.sender.as_deref(), old.finished.is_some()),
        (Some(2), None, true)
    );
    assert_eq!(
        (new.icid, new.sender.as_deref(), new.finished),
        (Some(3), Some("b@mail.example"), None)
    );
}

#[test]
fn a_start_after_the_end_begins_another_message_even_for_the_same_connection() {
    let mut bench = Bench::new();
    bench.at(1, "Start MID 1 ICID 2");
    bench.at(2, "Message finished MID 1 aborted");
    bench.at(5, "Start MID 1 ICID 2");
    assert_eq!(bench.messages().len(), 2);
}

#[test]
fn a_used_again_mid_hands_out_the_old_message_and_not_the_open_one() {
    let mut bench = Bench::new();
    bench.at(1, "Start MID 1 ICID 2");
    bench.at(2, "Message finished MID 1 aborted");
    bench.at(5, "Start MID 1 ICID 3");
    let id = bench.messages()[0].common.id.clone();
    let rested = bench.rest();
    assert_eq!(mids(&rested), [1]);
    assert!(bench.written.messages.contains_key(&id));
    assert!(bench.rest().is_empty());
    assert_eq!(bench.messages()[1].icid, Some(3));
    bench.at(30, "Message finished MID 1 aborted");
    assert_eq!(mids(&bench.rest()), [1]);
    assert_eq!(bench.written.messages.len(), 2);
    assert!(bench.messages().is_empty());
}

#[test]
fn a_written_mid_that_starts_again_is_another_message() {
    let mut bench = Bench::new();
    bench.at(1, "Start MID 1 ICID 2");
    bench.at(2, "Message finished MID 1 aborted");
    bench.rest();
    bench.at(50, "Start MID 1 ICID 2");
    bench.at(51, "Message finished MID 1 aborted");
    bench.rest();
    assert_eq!(bench.written.messages.len(), 2);
}

#[test]
fn the_lines_of_the_second_in_which_a_mid_starts_again_are_the_new_messages() {
    for order in [[0, 1, 2], [1, 0, 2], [2, 1, 0], [1, 2, 0], [2, 0, 1]] {
        let mut bench = Bench::new();
        bench.at(1, "Start MID 1 ICID 2");
        bench.at(2, "Message finished MID 1 aborted");
        let lines = [
            "Start MID 1 ICID 3",
            "MID 1 ICID 3 From: <b@mail.example>",
            "MID 1 SDR: Tracker Header : x",
        ];
        for place in order {
            bench.at(100, lines[place]);
        }
        let [old, new] = bench.messages()[..] else {
            panic!("two messages in {order:?}")
        };
        assert_eq!(
            (old.common.entries.lines.len(), old.common.last_at),
            (2, time(2)),
            "{order:?}"
        );
        assert_eq!(
            (old.icid, old.sender.as_deref()),
            (Some(2), None),
            "{order:?}"
        );
        assert_eq!(
            (new.icid, new.sender.as_deref()),
            (Some(3), Some("b@mail.example")),
            "{order:?}"
        );
        assert_eq!(new.common.entries.lines.len(), 3, "{order:?}");
        assert_eq!(bench.accounted(), 5);
    }
}

#[test]
fn a_mid_whose_new_start_was_lost_is_another_message_all_the_same() {
    let mut bench = Bench::new();
    bench.at(1, "Start MID 1 ICID 2");
    bench.at(2, "Message finished MID 1 aborted");
    bench.at(100, "MID 1 ICID 3 From: <b@mail.example>");
    bench.at(101, "Message finished MID 1 done");
    let [old, new] = bench.messages()[..] else {
        panic!("two messages")
    };
    assert_eq!((old.sender.as_deref(), old.icid), (None, Some(2)));
    assert_eq!(
        (new.sender.as_deref(), new.finished.map(|one| one.aborted)),
        (Some("b@mail.example"), Some(false))
    );
}

#[test]
fn what_may_come_late_begins_no_other_message() {
    let mut bench = Bench::new();
    bench.at(1, "Start MID 1 ICID 2");
    bench.at(2, "Message finished MID 1 done");
    for (second, body) in [
        (2, "MID 1 ICID 2 From: <a@mail.example>"),
        (3, "MID 1 RID [0] Response 'ok'"),
        (
            90,
            "Message aborted MID 1 Bounced by content filter 'x' in the inbound table",
        ),
        (
            91,
            "Message 1 was initiated for 'Delete' remedial action by 'admin'",
        ),
    ] {
        bench.at(second, body);
    }
    assert_eq!(bench.message(1).common.entries.lines.len(), 6);
}

#[test]
fn a_start_that_two_clocks_stamped_is_one_message() {
    let mut bench = Bench::new();
    bench.at(1, "Start MID 1 ICID 2");
    bench.source = 2;
    bench.at(2, "Start MID 1 ICID 2");
    assert_eq!(bench.message(1).started_at, Some(time(1)));
}

#[test]
fn an_icid_that_opens_again_is_another_connection_with_its_own_messages() {
    let mut bench = Bench::new();
    bench.at(1, "New SMTP ICID 2 interface a address 192.0.2.7");
    bench.at(1, "Start MID 1 ICID 2");
    bench.at(2, "ICID 2 close");
    bench.at(60, "New SMTP ICID 2 interface a address 192.0.2.7");
    bench.at(61, "Start MID 8 ICID 2");
    bench.at(62, "MID 1 queued for delivery");
    let mut all: Vec<_> = bench.intake.assembler.connections().collect();
    all.sort_by_key(|one| one.common.first_at);
    let [old, new] = all[..] else {
        panic!("two connections")
    };
    assert_ne!(old.common.id, new.common.id);
    let of = |mid| {
        let connection = bench.intake.assembler.connection_of(bench.message(mid));
        connection.map(|one| (one.common.id, one.mids))
    };
    assert_eq!(of(1), Some((old.common.id.clone(), vec![1])));
    assert_eq!(of(8), Some((new.common.id.clone(), vec![8])));
}

#[test]
fn a_refusal_before_its_opening_is_the_same_connection() {
    let mut bench = Bench::new();
    bench.at(1, "ICID 2 REJECT SG BLOCK match sbrs[-10.0:-2.5] SBRS -9.5");
    bench.at(1, "ICID 2 close");
    bench.at(1, "New SMTP ICID 2 interface a address 192.0.2.7");
    let connection = bench.connection(2);
    assert_eq!(
        connection.hat.as_ref().map(|hat| hat.action.as_str()),
        Some("REJECT")
    );
    assert!(connection.opened.is_some() && connection.has_ended());
}

#[test]
fn number_zero_joins_nobody() {
    let mut bench = Bench::new();
    bench.at(1, "Start MID 1 ICID 0");
    bench.at(1, "Start MID 2 ICID 0");
    bench.at(
        1,
        "ICID 0 TCPREFUSE SG BLOCK match dnslist[sbl.dnsbl.example] SBRS None",
    );
    bench.at(
        1,
        "Bounced: DCID 0 MID 1 to RID 0 - 5.1.2 - Bad destination host ('000', ['NXDomain'])",
    );
    bench.at(1, "DCID 0 close");
    for message in bench.messages() {
        assert_eq!(message.icid, None);
        assert!(message.dcids.is_empty());
    }
    assert_eq!(bench.intake.assembler.connections().count(), 0);
    assert_eq!(bench.intake.assembler.deliveries().count(), 0);
    assert_eq!(bench.intake.assembler.events().count(), 2);
}

#[test]
fn a_message_is_not_tied_to_a_connection_that_ended_long_before() {
    let mut bench = Bench::new();
    bench.at(0, "New SMTP ICID 2 interface a address 192.0.2.7");
    bench.at(9, "ICID 2 lost");
    bench.at(9, "ICID 2 close");
    bench.at(50, "Start MID 900 ICID 2");
    let message = bench.message(900);
    assert_eq!(message.icid, Some(2));
    assert_eq!(bench.intake.assembler.connection_of(message), None);
}

#[test]
fn an_end_within_ten_seconds_may_be_ahead_of_its_message() {
    let mut bench = Bench::new();
    bench.at(0, "New SMTP ICID 2 interface a address 192.0.2.7");
    bench.at(9, "ICID 2 close");
    bench.at(19, "Start MID 900 ICID 2");
    bench.at(20, "Start MID 901 ICID 2");
    let of = |mid| bench.intake.assembler.connection_of(bench.message(mid));
    assert_eq!(of(900).map(|one| one.mids), Some(vec![900]));
    assert_eq!(of(901), None);
}

#[test]
fn two_messages_of_one_mid_never_share_an_id() {
    // a clock that was put back: the end is stamped before the beginning, and comes first
    let mut bench = Bench::new();
    bench.at(1, "Message finished MID 1 done");
    bench.at(3, "Start MID 1 ICID 2");
    bench.at(60, "Message finished MID 1 done");
    bench.at(120, "Start MID 1 ICID 3");
    bench.source = 2;
    bench.line(&stamped(3, "Start MID 1 ICID 9"));
    let mut ids: Vec<_> = bench
        .messages()
        .iter()
        .map(|one| one.common.id.clone())
        .collect();
    let all = ids.len();
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), all);
    assert_eq!(bench.accounted(), 5);
}

#[test]
fn a_message_is_not_tied_to_a_connection_that_was_last_heard_of_long_before() {
    let mut bench = Bench::new();
    bench.at(0, "New SMTP ICID 2 interface a address 192.0.2.7");
    bench.line("Sun Aug 17 11:00:00 2014 Info: Start MID 5 ICID 2");
    let message = bench.message(5);
    assert_eq!(bench.intake.assembler.connection_of(message), None);
}
