//! Pseudonyms, and how what is kept under them is found.

use whymid_mailflow::{Intake, NothingWritten, Rested, Settings};
use whymid_syslog::{Frame, Lane, Transport};

use super::{AsksBy, Pseudonyms, asked_by, is_one};
use crate::{Document, Filter, Pattern, Peer, Phrase, Record, RecordKind, View};
use whymid_mailflow::Disguise as _;

fn pseudonyms() -> Pseudonyms {
    Pseudonyms::new(&[7; 32]).expect("long enough")
}

#[test]
fn the_same_key_gives_the_same_pseudonyms_and_another_gives_others() {
    let one = pseudonyms();
    let other = Pseudonyms::new(&[8; 32]).expect("long enough");
    assert!(Pseudonyms::new(&[7; 31]).is_none());
    assert_eq!(
        one.address("Bob@Corp.example"),
        pseudonyms().address("bob@corp.example")
    );
    assert_ne!(
        one.address("bob@corp.example"),
        other.address("bob@corp.example")
    );
    assert_ne!(
        one.address("bob@corp.example"),
        one.address("bob@other.example")
    );
    assert_ne!(one.key_id(), other.key_id());
    assert!(one.address("bob@corp.example").ends_with("@corp.example"));
    assert!(is_one(&one.address("bob")) && is_one(&one.subject("Hello")));
    // as people write it, as mail programs do
    assert_eq!(
        one.subject("=?UTF-8?B?6KuL5rGC5pu4?="),
        one.subject("請求書")
    );
    assert_eq!(one.subject("Re: Hello"), one.subject("re hello"));
    assert_ne!(one.subject("bob"), one.address("bob"));
    assert!(!format!("{one:?}").contains('7'));
}

#[test]
fn what_is_asked_for_is_told_apart() {
    let by = |sender: Option<Pattern>, subject: Option<&str>, open: bool| {
        let mut filter = Filter::all(RecordKind::Message);
        filter.sender.none.extend(sender);
        filter
            .subject
            .any
            .extend(subject.and_then(|text| Phrase::of(text, open)));
        asked_by(&filter)
    };
    let is = |text: &str| Some(Pattern::Is(text.to_owned()));
    let own = pseudonyms().address("bob@corp.example");
    let subject = pseudonyms().subject("Hello");
    assert_eq!(by(None, None, false), AsksBy::Nothing);
    assert_eq!(by(is(""), None, false), AsksBy::Nothing);
    assert_eq!(by(is(&own), Some(&subject), false), AsksBy::Nothing);
    assert_eq!(by(is("bob@corp.example"), None, false), AsksBy::Real);
    assert_eq!(by(None, Some("Hello"), false), AsksBy::Real);
    assert_eq!(by(None, Some("Hel"), true), AsksBy::Part);
    assert_eq!(
        by(Some(Pattern::Ends("@corp.example".to_owned())), None, false),
        AsksBy::Nothing
    );
    assert_eq!(
        by(Some(Pattern::Ends(".example".to_owned())), None, false),
        AsksBy::Nothing
    );
    assert_eq!(
        by(
            Some(Pattern::Ends("b@corp.example".to_owned())),
            None,
            false
        ),
        AsksBy::Part
    );
    assert_eq!(
        by(Some(Pattern::Begins("bob@".to_owned())), None, false),
        AsksBy::Part
    );
}

const LINES: [&str; 6] = [
    "New SMTP ICID 8 interface Data 1 (192.0.2.1) address 192.0.2.9 reverse dns host mx.partner.example verified yes",
    "Start MID 7 ICID 8",
    "MID 7 ICID 8 From: <Ann@Partner.example>",
    "MID 7 ICID 8 RID 0 To: <bob@corp.example>",
    "MID 7 Message-ID '<A1@mx.partner.example>'",
    "MID 7 Subject 'Quarterly results'",
];

/// The records that lines become, with pseudonyms or without.
fn records(pseudonyms: Option<Pseudonyms>) -> Vec<Record> {
    let mut intake = Intake::new(&Settings::default());
    if let Some(pseudonyms) = pseudonyms {
        intake.disguise(std::sync::Arc::new(pseudonyms));
    }
    let received_at = jiff::Timestamp::from_second(1_755_000_000).expect("a moment");
    for (place, line) in (1_u64..).zip(LINES) {
        let frame = Frame {
            bytes: format!("<166>Aug 12 12:00:00 esa1 mail_logs: Info: {line}").into_bytes(),
            peer: None,
            source: 1,
            transport: Transport::Tcp,
            lane: Lane::Live,
            received_at,
            label: None,
            defect: None,
        };
        intake.take(&frame, place, &mut NothingWritten);
    }
    let rested = intake.assembler.shed(usize::MAX).records.into_iter();
    let record = |one| match one {
        Rested::Message(one, _) => Record::Message(one),
        Rested::Connection(one) => Record::Connection(one),
        Rested::Delivery(one) => Record::Delivery(one),
        Rested::Event(one) => Record::Event(one),
    };
    rested.map(record).collect()
}

/// A record that was kept in clear text becomes what it would be, had there been pseudonyms.
#[test]
fn records_become_what_they_would_have_been() {
    let [clear, kept] = [None, Some(pseudonyms())].map(records);
    assert_eq!(clear.len(), 2);
    let json = |record: &Record| serde_json::to_string(record).expect("JSON");
    let kept: Vec<String> = kept.iter().map(json).collect();
    for record in &clear {
        let own = json(&pseudonyms().record(record).expect("read again"));
        assert!(kept.contains(&own), "{own}\n{kept:#?}");
    }
    let all = kept.concat();
    for text in ["ann@", "Ann@", "bob@", "Quarterly", "A1@"] {
        assert!(!all.contains(text), "{text}: {all}");
    }
}

#[test]
fn what_is_kept_is_found_by_the_real_words_and_by_the_pseudonyms() {
    let kept = records(Some(pseudonyms()));
    let message = kept.iter().find(|one| matches!(one, Record::Message(_)));
    let message = message.expect("a message");
    let fits = |change: &dyn Fn(&mut Filter)| {
        let mut filter = Filter::all(RecordKind::Message);
        change(&mut filter);
        pseudonyms().translated(filter).fits(message.view())
    };
    let is = |text: &str| Pattern::Is(text.to_owned());
    assert!(matches!(message.view(), View::Message(_)));
    assert!(fits(&|one| one.sender.any.push(is("ann@partner.example"))));
    assert!(fits(&|one| one.recipient.any.push(is("bob@corp.example"))));
    assert!(!fits(&|one| one
        .recipient
        .none
        .push(is("bob@corp.example"))));
    assert!(!fits(&|one| one.recipient.any.push(is("eve@corp.example"))));
    assert!(fits(&|one| one
        .recipient
        .any
        .push(is(&pseudonyms().address("bob@corp.example")))));
    assert!(fits(&|one| one
        .recipient
        .any
        .push(Pattern::Ends("@corp.example".to_owned()))));
    assert!(fits(&|one| one
        .message_id
        .any
        .push(is("A1@mx.partner.example"))));
    assert!(fits(&|one| one
        .subject
        .any
        .extend(Phrase::of("quarterly  Results", false))));
    assert!(!fits(&|one| one
        .subject
        .any
        .extend(Phrase::of("quarterly", false))));
}

/// An index in clear text is written anew; one with pseudonyms is opened with its own key alone.
#[test]
fn an_index_is_opened_with_the_key_it_was_begun_with() {
    let dir = tempfile::tempdir().expect("a folder");
    let folder = dir.path().join("index");
    let (mut writer, index, checkpoint) = crate::open(&folder, None).expect("made");
    for record in records(None) {
        let document = Document {
            record,
            facets: None,
            peer: Peer::default(),
            told: None,
        };
        writer.upsert(&document).expect("written");
    }
    writer.commit(checkpoint).expect("committed");
    drop((writer, index));
    for _ in 0..2 {
        let (_writer, index, _) = crate::open(&folder, Some(&pseudonyms())).expect("written anew");
        let look = crate::Look {
            kind: RecordKind::Message,
            key: crate::Key::Mid(7),
            appliances: Vec::new(),
            limit: 1,
        };
        let found = index.find(&look).expect("read");
        assert!(
            records(Some(pseudonyms())).contains(&found[0]),
            "{found:#?}"
        );
    }
    let other = Pseudonyms::new(&[8; 32]).expect("long enough");
    for key in [None, Some(&other)] {
        let error = crate::open(&folder, key).expect_err("another key");
        assert!(
            error.to_string().contains("privacy.pseudonym_key"),
            "{error}"
        );
    }
}
