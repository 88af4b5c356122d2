//! A mail that was split, written; its child is delivered hours later.

use jiff::Timestamp;
use tempfile::TempDir;
use whymid_diagnosis::Facets;
use whymid_mailflow::{Intake, Message, NothingWritten, Rested, Settings};
use whymid_schemas::{Custody, Outcome};
use whymid_syslog::{Frame, Lane, Transport};

use crate::{Checkpoint, Document, Index, Key, Look, Peer, Record, RecordKind, Writer, open, tie};

/// MID 3 is the child of MID 1; MID 9 is nobody's.
const LINES: [(i64, &str); 10] = [
    (0, "Start MID 1 ICID 7"),
    (0, "MID 1 ICID 7 From: <desk@partner.example>"),
    (0, "MID 1 ICID 7 RID 0 To: <anna@corp.example>"),
    (0, "MID 1 Subject 'Prices, again'"),
    (0, "MID 1 ready 4096 bytes from <desk@partner.example>"),
    (
        1,
        "MID 1 was split creating MID 3 due to a SL/BL configuration for following recipients: anna@corp.example",
    ),
    (1, "Message finished MID 1 done"),
    (3_000, "Message done DCID 5 MID 3 to RID [0]"),
    (3_000, "Start MID 9 ICID 8"),
    (3_000, "Message done DCID 5 MID 9 to RID [0]"),
];

fn moment(second: i64) -> Timestamp {
    Timestamp::from_second(1_755_000_000 + second).expect("a moment")
}

fn messages() -> Vec<Message> {
    let mut intake = Intake::new(&Settings {
        unnamed: "esa1".to_owned(),
        ..Settings::default()
    });
    for (place, (second, body)) in LINES.iter().enumerate() {
        let stamp = moment(*second).strftime("%a %b %e %H:%M:%S %Y");
        let frame = Frame {
            bytes: format!("{stamp} Info: {body}").into_bytes(),
            peer: None,
            transport: Transport::File,
            source: 1,
            received_at: moment(*second),
            lane: Lane::Live,
            defect: None,
            label: None,
        };
        intake.take(&frame, place as u64 + 1, &mut NothingWritten);
    }
    let rested = intake.assembler.shed(usize::MAX).records.into_iter();
    let mut messages: Vec<Message> = rested
        .filter_map(|one| match one {
            Rested::Message(one, _) => Some(*one),
            Rested::Connection(_) | Rested::Delivery(_) | Rested::Event(_) => None,
        })
        .collect();
    messages.sort_by_key(|one| one.mid);
    messages
}

fn write(writer: &mut Writer, message: &Message, told: Option<&Message>) {
    let outcome = whymid_diagnosis::of_message(message);
    let facets = Facets {
        outcome,
        custody: Custody::Unknown,
        diagnosis: "delivered-ok".to_owned(),
        party: Vec::new(),
        kb_version: "1".to_owned(),
    };
    let document = Document {
        record: Record::Message(Box::new(message.clone())),
        facets: Some(facets),
        peer: Peer::default(),
        told: told.map(|told| Box::new(told.clone())),
    };
    writer
        .upsert(&document)
        .expect("an index that can be written");
    writer
        .commit(Checkpoint::default())
        .expect("an index that can be committed");
}

/// The three messages, and the index with what their own lines tell.
fn written(folder: &TempDir) -> (Writer, Index, [Message; 3]) {
    let (mut writer, index, _) = open(folder.path(), None).expect("a new index");
    let messages: [Message; 3] = messages().try_into().expect("three messages");
    for message in &messages {
        write(&mut writer, message, None);
    }
    (writer, index, messages)
}

#[test]
fn a_child_that_is_delivered_hours_later_is_unsettled_and_who_is_alone_is_not() {
    let folder = TempDir::new().expect("a temporary folder");
    let (_writer, index, [elder, child, alone]) = written(&folder);
    assert_eq!(whymid_diagnosis::of_message(&child), Outcome::Delivered);
    assert_eq!(whymid_diagnosis::of_message(&alone), Outcome::Delivered);
    let of = |message: &Message| tie(&message.common.id);
    let recent = index.unsettled(Some(moment(2_000))).expect("read");
    assert_eq!(recent, [of(&child)]);
    // the elder brings its child
    let all = index.unsettled(None).expect("read");
    assert_eq!(all, [of(&elder)]);
}

#[test]
fn what_the_family_tells_is_found_once_it_is_written() {
    let folder = TempDir::new().expect("a temporary folder");
    let (mut writer, index, [elder, child, _]) = written(&folder);
    let (family, records) = index.family_of(child.clone()).expect("read");
    assert_eq!(
        records.iter().map(|one| one.mid).collect::<Vec<_>>(),
        [3, 1]
    );
    assert_eq!(records[0].subject, None, "as it is written");
    let told = &family.members[0];
    let id = &child.common.id;
    assert_eq!(told.subject.as_deref(), Some("Prices, again"));
    assert!(!index.is_found_by(id, told).expect("read"));
    write(&mut writer, &child, Some(told));
    assert!(index.is_found_by(id, told).expect("read"));
    // whoever asks for the connection's newest message gets the one that came by it
    let look = Look {
        kind: RecordKind::Message,
        key: Key::Icid(7),
        appliances: vec!["esa1".to_owned()],
        limit: 1,
    };
    let found = index.find(&look).expect("read");
    assert_eq!(
        found.iter().map(Record::id).collect::<Vec<_>>(),
        [&elder.common.id]
    );
}
