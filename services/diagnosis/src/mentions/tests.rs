//! Tickets as people write them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::{Mentions, mentions};

fn found(text: &str) -> Mentions {
    let now: Timestamp = "2014-08-20T00:00:00Z".parse().expect("a moment");
    mentions(text, &TimeZone::UTC, now)
}

#[test]
fn numbers_are_found_by_their_names_in_either_language() {
    for (text, mids, icids) in [
        ("MID 1404 was aborted", vec![1404], vec![]),
        (
            "mid: 1404, Mid #1405 and MID=1406",
            vec![1404, 1405, 1406],
            vec![],
        ),
        ("Message ID 1404 (ICID 10293)", vec![1404], vec![10293]),
        ("MID番号は1404です。接続ID：10293", vec![1404], vec![10293]),
        ("ＭＩＤ　１４０４", vec![1404], vec![]),
        ("メッセージ ID 1404、ICID 10293", vec![1404], vec![10293]),
        (
            "Message aborted MID 1404 Receiving aborted",
            vec![1404],
            vec![],
        ),
        ("AMID 7, MIDI 8, Message-ID: <9@x.example>", vec![], vec![]),
        ("MID 99999999999999999999", vec![], vec![]),
        ("MID 7 MID 7", vec![7], vec![]),
        ("", vec![], vec![]),
    ] {
        let found = found(text);
        assert_eq!((found.mids, found.icids), (mids, icids), "{text}");
    }
}

#[test]
fn addresses_and_message_ids_are_told_apart() {
    let text = "From: Bob <Bob@Corp.example>\nTo: ann@partner.example\nMessage-ID: <A1.b2@mx.example>\n<20140814110536.4711@host.example> メッセージID：c3@mx.example";
    let found = found(text);
    assert_eq!(found.addresses, ["bob@corp.example", "ann@partner.example"]);
    assert_eq!(
        found.message_ids,
        [
            "A1.b2@mx.example",
            "20140814110536.4711@host.example",
            "c3@mx.example"
        ]
    );
    assert!(
        mentions("no @ here", &TimeZone::UTC, Timestamp::UNIX_EPOCH)
            .addresses
            .is_empty()
    );
}

#[test]
fn moments_are_read_as_people_write_them() {
    for (text, wanted) in [
        ("2014-08-14 11:05:36", "2014-08-14T11:05:36Z"),
        ("2014-08-14T11:05:36+09:00", "2014-08-14T02:05:36Z"),
        ("at 2014/8/14 11:05 JST", "2014-08-14T02:05:00Z"),
        ("on 14 August 2014 at 11:05", "2014-08-14T11:05:00Z"),
        ("Aug 14, 2014, 3:05 pm", "2014-08-14T15:05:00Z"),
        ("Thu Aug 14 11:05:36", "2014-08-14T11:05:36Z"),
        ("14.08.2014 um 11:05", "2014-08-14T11:05:00Z"),
        ("2014年8月14日（木）午後3時5分頃", "2014-08-14T15:05:00Z"),
        ("8月14日 11:05 に送信", "2014-08-14T11:05:00Z"),
        ("８月１４日１１時", "2014-08-14T11:00:00Z"),
        ("Dec 31 23:59", "2013-12-31T23:59:00Z"),
        ("2014-08-14 11:05-12:30", "2014-08-14T11:05:00Z"),
        ("2014-08-14 11:05:36 -0700", "2014-08-14T18:05:36Z"),
        ("the 14th of Aug 11:05", "2014-08-14T11:05:00Z"),
        ("14 Aug 11:05:03", "2014-08-14T11:05:03Z"),
        ("Aug 14, 2014, 12:05 am", "2014-08-14T00:05:00Z"),
        ("8月14日午前12時5分", "2014-08-14T00:05:00Z"),
    ] {
        let at: Timestamp = wanted.parse().expect("a moment");
        assert_eq!(found(text).times, [at], "{text}");
    }
    for text in ["2014-13-45 99:99", "10.1.2.3", "11:05", "version 2014.8"] {
        assert!(
            found(text).times.is_empty(),
            "{text}: {:?}",
            found(text).times
        );
    }
    assert!(found("2014-08-14 11:05 JST").zoned && !found("2014-08-14 11:05").zoned);
}

#[test]
fn replies_are_found_as_bounces_quote_them() {
    let text = "Your mail was not delivered.\n<bob@corp.example>: host mx.corp.example said: 550 5.1.1 User unknown (in reply to RCPT TO)\nDiagnostic-Code: smtp; 452 4.2.2 Mailbox full\n#5.7.1 rejected\nroom 550 users";
    assert_eq!(
        found(text).replies,
        [
            "550 5.1.1 User unknown",
            "452 4.2.2 Mailbox full",
            "#5.7.1 rejected",
        ]
    );
    assert!(found("10.4.5.1 and 1.2.3").replies.is_empty());
}

/// What a stranger may write takes time that grows with its length, not with its square.
#[test]
fn texts_of_signs_alone_are_looked_through_once() {
    for sign in ["@", "MID ", "<a@", "5.", "2014-8-1 ", "８月", "message id "] {
        let text = sign.repeat(256 * 1024 / sign.len());
        assert!(found(&text).mids.is_empty());
    }
}
