//! The three sessions of Cisco document 118295, and a delivered one.

use super::*;
use crate::record::Fate;

const LOST: [&str; 9] = [
    "Thu Aug 14 11:04:31 2014 Info: New SMTP ICID 10293 interface Management (192.168.0.199) address 192.168.0.200 reverse dns host ns.example.com verified no",
    "Thu Aug 14 11:04:31 2014 Info: ICID 10293 RELAY SG RELAY_SG match 192.168.0.200 SBRS not enabled",
    "Thu Aug 14 11:04:51 2014 Info: Start MID 1404 ICID 10293",
    "Thu Aug 14 11:04:51 2014 Info: MID 1404 ICID 10293 From: <user@domain.com>",
    "Thu Aug 14 11:05:00 2014 Info: MID 1404 ICID 10293 RID 0 To: <end_user@example.com>",
    "Thu Aug 14 11:05:36 2014 Info: ICID 10293 lost",
    "Thu Aug 14 11:05:36 2014 Info: Message aborted MID 1404 Receiving aborted",
    "Thu Aug 14 11:05:36 2014 Info: Message finished MID 1404 aborted",
    "Thu Aug 14 11:05:36 2014 Info: ICID 10293 close",
];

const TIMEOUT: [&str; 5] = [
    "Wed Aug 20 22:20:07 2014 Info: Start MID 1558778 ICID 3875465",
    "Wed Aug 20 22:20:07 2014 Info: MID 1558778 ICID 3875465 From: <sndr@xyz.com>",
    "Wed Aug 20 22:20:07 2014 Info: MID 1558778 ICID 3875465 RID 0 To: <recip@abc.com>",
    "Wed Aug 20 22:25:07 2014 Info: Message aborted MID 1558778 Receiving aborted",
    "Wed Aug 20 22:25:07 2014 Info: Message finished MID 1558778 aborted",
];

const BY_SENDER: [&str; 8] = [
    "Thu Aug 14 13:08:49 2014 Info: New SMTP ICID 10318 interface Management (192.168.0.199) address 192.168.0.200 reverse dns host ns.example.com verified no",
    "Thu Aug 14 13:08:49 2014 Info: ICID 10318 RELAY SG RELAY_SG match 192.168.0.200 SBRS not enabled",
    "Thu Aug 14 13:08:56 2014 Info: Start MID 1412 ICID 10318",
    "Thu Aug 14 13:08:56 2014 Info: MID 1412 ICID 10318 From: <user@domain.com>",
    "Thu Aug 14 13:09:03 2014 Info: MID 1412 ICID 10318 RID 0 To: <end_user@example.com>",
    "Thu Aug 14 13:09:06 2014 Info: Message aborted MID 1412 Receiving aborted by sender",
    "Thu Aug 14 13:09:06 2014 Info: Message finished MID 1412 aborted",
    "Thu Aug 14 13:09:06 2014 Info: ICID 10318 close",
];

fn ends(connection: &Connection) -> Vec<(Timestamp, &str)> {
    connection
        .ends
        .iter()
        .map(|end| (end.at, end.how.as_str()))
        .collect()
}

#[test]
fn a_lost_connection_aborts_its_message() {
    let bench = Bench::of(&LOST);
    let message = bench.message(1404);
    assert_eq!(message.icid, Some(10_293));
    assert_eq!(message.started_at, Some(moment("2014-08-14T11:04:51Z")));
    assert_eq!(message.envelope_sender(), Some("user@domain.com"));
    assert_eq!(
        message.last_recipient_at,
        Some(moment("2014-08-14T11:05:00Z"))
    );
    let [recipient] = &message.recipients[..] else {
        panic!("one recipient")
    };
    assert_eq!(
        (recipient.rid, recipient.address.as_deref()),
        (Some(0), Some("end_user@example.com"))
    );
    assert_eq!(recipient.fate, Fate::Accepted);
    let abort = message.receiving_aborted.expect("aborted");
    assert_eq!(
        (abort.at, abort.by_sender),
        (moment("2014-08-14T11:05:36Z"), false)
    );
    assert!(message.finished.is_some_and(|finish| finish.aborted));
    assert_eq!(
        (message.ready_at, message.size, message.stopped.as_deref()),
        (None, None, None)
    );
    assert_eq!(message.common.entries.lines.len(), 5);
}

#[test]
fn a_connection_knows_its_peer_its_group_its_ends_and_its_messages() {
    let bench = Bench::of(&LOST);
    let connection = bench.connection(10_293);
    let opened = connection.opened.as_ref().expect("opened");
    assert_eq!(
        (opened.interface.as_str(), opened.listener.as_deref()),
        ("Management", Some("192.168.0.199"))
    );
    assert_eq!(
        (opened.peer.as_str(), opened.host.as_deref()),
        ("192.168.0.200", Some("ns.example.com"))
    );
    assert_eq!(opened.verified, Some(false));
    let hat = connection.hat.as_ref().expect("a decision");
    assert_eq!(
        (hat.action.as_str(), hat.group.as_str()),
        ("RELAY", "RELAY_SG")
    );
    assert_eq!(
        (hat.matched.as_str(), hat.score.as_str()),
        ("192.168.0.200", "not enabled")
    );
    let end = moment("2014-08-14T11:05:36Z");
    assert_eq!(ends(connection), [(end, "close"), (end, "lost")]);
    let joined = bench.intake.assembler.connection_of(bench.message(1404));
    let joined = joined.expect("the message's connection");
    assert_eq!(joined.common, connection.common);
    assert_eq!(joined.mids, [1404]);
    assert!(joined.accepted.is_empty());
}

#[test]
fn a_timeout_is_seen_without_its_connection() {
    let bench = Bench::of(&TIMEOUT);
    let message = bench.message(1_558_778);
    assert_eq!(message.icid, Some(3_875_465));
    assert_eq!(bench.intake.assembler.connection_of(message), None);
    assert_eq!(
        message.receiving_aborted.expect("aborted").at,
        moment("2014-08-20T22:25:07Z")
    );
    assert_eq!(bench.intake.assembler.connections().count(), 0);
}

#[test]
fn the_sender_may_abort_by_quit() {
    let bench = Bench::of(&BY_SENDER);
    let message = bench.message(1412);
    assert!(message.receiving_aborted.expect("aborted").by_sender);
    let close = moment("2014-08-14T13:09:06Z");
    assert_eq!(ends(bench.connection(10_318)), [(close, "close")]);
}

#[test]
fn the_three_sessions_end_in_five_records_and_nothing_is_lost() {
    let all = [&LOST[..], &TIMEOUT, &BY_SENDER].concat();
    let bench = Bench::of(&all);
    assert_eq!(
        bench
            .messages()
            .iter()
            .map(|one| one.mid)
            .collect::<Vec<_>>(),
        [1404, 1412, 1_558_778]
    );
    assert_eq!(bench.intake.assembler.connections().count(), 2);
    assert_eq!(bench.accounted(), all.len() as u64);
}

#[test]
fn a_delivered_message_tells_how_it_went() {
    let mut bench = Bench::new();
    for (second, body) in [
        (
            1,
            "New SMTP ICID 5 interface Data 1 (192.0.2.1) address 198.51.100.7 reverse dns host mx.mail.example verified yes",
        ),
        (
            1,
            "ICID 5 ACCEPT SG UNKNOWNLIST match sbrs[0.0:10.0] SBRS 3.4 country United States",
        ),
        (1, "ICID 5 TLS success protocol TLSv1.2 cipher X"),
        (2, "Start MID 9 ICID 5"),
        (2, "MID 9 ICID 5 From: <a@mail.example>"),
        (2, "MID 9 ICID 5 RID 0 To: <b@corp.example>"),
        (2, "MID 9 ICID 5 RID 1 To: <c@corp.example>"),
        (2, "MID 9 ICID 5 To: <gone@corp.example> Rejected by RAT"),
        (3, "MID 9 Message-ID '<1@mail.example>'"),
        (3, "MID 9 Subject 'hello'"),
        (3, "MID 9 ready 1404 bytes from <a@mail.example>"),
        (3, "ICID 5 close"),
        (4, "MID 9 queued for delivery"),
        (
            5,
            "New SMTP DCID 8 interface 192.0.2.1 address 203.0.113.5 port 25",
        ),
        (5, "Delivery start DCID 8 MID 9 to RID [0, 1]"),
        (6, "Message done DCID 8 MID 9 to RID [0] "),
        (6, "MID 9 RID [0] Response '2.0.0 Ok'"),
        (
            6,
            "Bounced: DCID 8 MID 9 to RID 1 - 5.1.0 - Unknown address error ('550', ['no']) []",
        ),
        (6, "Message finished MID 9 done"),
        (9, "DCID 8 close"),
    ] {
        assert!(bench.at(second, body).kind.is_some(), "{body}");
    }
    let message = bench.message(9);
    let fates: Vec<_> = message
        .recipients
        .iter()
        .map(|one| (one.rid, one.fate.clone()))
        .collect();
    let bounce = Fate::Bounced("550 5.1.0 Unknown address error ['no']".to_owned());
    let refused = Fate::Refused("RAT".to_owned());
    assert_eq!(
        fates,
        [
            (Some(0), Fate::Delivered),
            (Some(1), bounce),
            (None, refused)
        ]
    );
    assert_eq!(message.recipients[0].response.as_deref(), Some("2.0.0 Ok"));
    assert_eq!(
        (message.size, message.dcids.as_slice()),
        (Some(1404), &[8][..])
    );
    assert_eq!(
        (message.ready_at, message.queued_at),
        (Some(time(3)), Some(time(4)))
    );
    assert_eq!(
        (message.subject.as_deref(), message.message_id.as_deref()),
        (Some("hello"), Some("<1@mail.example>"))
    );
    let connection = bench.intake.assembler.connection_of(message);
    let accepted = connection.map(|one| one.accepted);
    assert_eq!(accepted, Some(vec![(9, time(3))]));
    let delivery = bench
        .intake
        .assembler
        .deliveries()
        .next()
        .expect("a delivery");
    assert_eq!(
        (delivery.peer.as_deref(), delivery.port),
        (Some("203.0.113.5"), Some(25))
    );
    assert_eq!(
        (delivery.opened_at, delivery.ended_at),
        (Some(time(5)), Some(time(9)))
    );
}
