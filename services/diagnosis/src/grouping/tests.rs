//! What is common to occurrences, read from small logs.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use whymid_mailflow::Settings;
use whymid_schemas::{Answer, GroupedBy, Grouping, Lang};

use super::{MAX_CHARACTERS, of, tidied};
use crate::answer::Style;
use crate::explain::{Log, LogReader, Reading};
use crate::knowledge::Knowledge;
use crate::limits::Listeners;

/// A log of these lines, each a second after the one before.
fn log_of(lines: &[&str]) -> Log {
    let mut reader = LogReader::new(Reading {
        settings: Settings::default(),
        listeners: Listeners::default(),
        year: None,
        now: Timestamp::from_second(1_500_000_000).expect("a moment"),
    });
    for (second, line) in lines.iter().enumerate() {
        let line =
            format!("Aug 13 10:00:{second:02} 2014 esa1.corp.example mail_logs: Info: {line}\n");
        reader.read(line.as_bytes());
    }
    reader.finish()
}

/// The value of a grouping for the log's first message.
fn value(by: Grouping, lines: &[&str]) -> Option<String> {
    let log = log_of(lines);
    let message = log.messages().next().expect("a message");
    let story = log.story(message);
    let knowledge = Knowledge::embedded();
    let grouped = of(by, &knowledge.judge(&story));
    assert_eq!(grouped.by, by);
    grouped.value
}

fn told(by: Grouping, lines: &[&str]) -> String {
    value(by, lines).unwrap_or_default()
}

fn answer(lines: &[&str], icid: u64) -> Answer {
    let style = Style {
        lang: Lang::En,
        zone: TimeZone::UTC,
        base_url: String::new(),
    };
    let answer = log_of(lines).answer_icid(&Knowledge::embedded(), icid, None, &style);
    answer.expect("an answer")
}

const VERIFIED: &str = "New SMTP ICID 7 interface Data 1 (192.0.2.1) address 198.51.100.7 reverse dns host MX.Partner.example verified yes";
const CLAIMED: &str = "New SMTP ICID 7 interface Data 1 (192.0.2.1) address 198.51.100.7 reverse dns host mx.partner.example verified no";
const ACCEPTED: &str = "ICID 7 ACCEPT SG UNKNOWNLIST match sbrs[-1.0:10.0] SBRS 1.2";
const START: &str = "Start MID 1 ICID 7";
const FROM: &str = "MID 1 ICID 7 From: <a@Partner.example>";
const READY: &str = "MID 1 ready 4096 bytes from <a@Partner.example>";

#[test]
fn a_host_counts_by_its_name_only_where_forward_and_reverse_dns_agree() {
    assert_eq!(
        told(Grouping::SendingHost, &[VERIFIED, START, FROM]),
        "mx.partner.example"
    );
    assert_eq!(
        told(Grouping::SendingHost, &[CLAIMED, START, FROM]),
        "198.51.100.7"
    );
    assert_eq!(value(Grouping::SendingHost, &[START, FROM]), None);
}

#[test]
fn the_senders_domain_is_in_small_letters_and_the_null_sender_is_one_of_its_own() {
    assert_eq!(
        told(Grouping::SenderDomain, &[START, FROM]),
        "partner.example"
    );
    assert_eq!(
        told(Grouping::SenderDomain, &[START, "MID 1 ICID 7 From: <>"]),
        "<>"
    );
    assert_eq!(
        value(
            Grouping::SenderDomain,
            &[START, "MID 1 ICID 7 From: <root>"]
        ),
        None
    );
    assert_eq!(value(Grouping::SenderDomain, &[START]), None);
}

#[test]
fn the_next_hop_is_that_of_the_recipient_whose_answer_decides() {
    let lines = |order: [&'static str; 2]| {
        let mut lines = vec![
            START,
            FROM,
            "MID 1 ICID 7 RID 0 To: <b@delivered.example>",
            "MID 1 ICID 7 RID 1 To: <c@first.example>",
            "MID 1 ICID 7 RID 2 To: <d@LAST.example>",
            READY,
            "MID 1 queued for delivery",
            "Message done DCID 9 MID 1 to RID [0]",
        ];
        lines.extend(order);
        lines.push("Message finished MID 1 done");
        lines
    };
    let first = "Bounced: DCID 10 MID 1 to RID 1 - 5.1.0 - Unknown address error ('550', ['5.1.1 no such user']) []";
    let last = "Bounced: DCID 11 MID 1 to RID 2 - 5.1.0 - Unknown address error ('552', ['5.3.4 too large']) []";
    let by = Grouping::NextHopDomain;
    assert_eq!(told(by, &lines([first, last])), "last.example");
    assert_eq!(told(by, &lines([last, first])), "first.example");
}

#[test]
fn the_next_hop_of_a_connection_that_fails_is_the_one_that_it_was_for() {
    let lines = [
        START,
        FROM,
        "MID 1 ICID 7 RID 0 To: <b@works.example>",
        "MID 1 ICID 7 RID 1 To: <c@down.example>",
        READY,
        "MID 1 queued for delivery",
        "New SMTP DCID 9 interface 192.0.2.1 address 203.0.113.25 port 25",
        "Delivery start DCID 9 MID 1 to RID [1]",
        "Connection Error: DCID 9 domain: down.example IP: 203.0.113.25 port: 25 details: timeout interface: 192.0.2.1 reason: connection timeout",
    ];
    assert_eq!(told(Grouping::NextHopDomain, &lines), "down.example");
    assert_eq!(
        told(Grouping::NextHopDomain, &lines[..6]),
        "works.example",
        "where nothing tells them apart, the first"
    );
}

#[test]
fn a_filter_counts_by_its_name_else_by_the_policy_else_by_what_stopped_it() {
    let named = "Message aborted MID 1 Dropped by content filter 'No Macros' in the inbound table";
    let policy = "MID 1 matched all recipients for per-recipient policy Sales in the inbound table";
    let case = "Message aborted MID 1 Dropped by CASE";
    let of = |lines: &[&'static str]| {
        let lines = [&[START, FROM, READY], lines].concat();
        told(Grouping::Filter, &lines)
    };
    assert_eq!(of(&[policy, named]), "No Macros");
    assert_eq!(of(&[policy, case]), "Sales");
    assert_eq!(of(&[case]), "Dropped by CASE");
    assert_eq!(of(&[]), "");
}

#[test]
fn a_quarantine_counts_by_its_name_and_the_spam_quarantine_as_spam() {
    let of = |line| told(Grouping::Quarantine, &[START, FROM, READY, line]);
    assert_eq!(
        of("MID 1 quarantined to \"Policy\" (content filter:No Macros)"),
        "Policy"
    );
    assert_eq!(of("ISQ: Quarantined MID 1"), "spam");
    assert_eq!(of("MID 1 queued for delivery"), "");
}

#[test]
fn group_appliance_and_record_are_those_of_the_story() {
    let lines = [VERIFIED, ACCEPTED, START, FROM];
    assert_eq!(told(Grouping::SenderGroup, &lines), "UNKNOWNLIST");
    let log = log_of(&lines);
    let message = log.messages().next().expect("a message");
    assert_eq!(told(Grouping::Appliance, &lines), "esa1.corp.example");
    assert_eq!(
        value(Grouping::Record, &lines).as_ref(),
        Some(&message.common.id)
    );
}

#[test]
fn an_answer_carries_what_its_rule_names() {
    let rejected = "ICID 7 REJECT SG BLOCKLIST match 198.51.100.7 SBRS None";
    let told = answer(&[VERIFIED, rejected, "ICID 7 close"], 7).diagnosis;
    assert_eq!(told.id, "connection-rejected-hat");
    let expected = GroupedBy {
        by: Grouping::SendingHost,
        value: Some("mx.partner.example".to_owned()),
    };
    assert_eq!(told.grouping, expected);
}

#[test]
fn a_value_is_trimmed_and_cut_between_letters() {
    assert_eq!(tidied(" Policy \t").as_deref(), Some("Policy"));
    assert_eq!(tidied(" \t"), None);
    let long = "隔".repeat(300);
    let cut = tidied(&long).expect("a value");
    assert_eq!(cut.chars().count(), MAX_CHARACTERS);
}
