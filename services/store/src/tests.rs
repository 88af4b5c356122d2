//! The store on a real index in a temporary folder: what is written is found, once.

use std::sync::Arc;

use jiff::Timestamp;
use tempfile::TempDir;
use whymid_mailflow::{Intake, NothingWritten, Rested, Settings};
use whymid_syslog::{Frame, Lane, Transport};

use crate::{
    Document, Gone, Index, Key, Known, Later, Library, Live, Look, Record, RecordKind, Scope,
    Writer, open,
};

/// A message, its connection and an event, as the assembler hands them out.
fn records(appliance: &str, mid: u64, second: i64) -> Vec<Record> {
    let mut intake = Intake::new(&Settings {
        unnamed: appliance.to_owned(),
        ..Settings::default()
    });
    let received_at = Timestamp::from_second(1_755_000_000 + second).expect("a moment");
    let stamp = received_at.strftime("%a %b %e %H:%M:%S %Y");
    let bodies = [
        format!(
            "New SMTP ICID {mid} interface Data 1 (192.0.2.10) address 198.51.100.7 reverse dns host mx.partner.example verified yes"
        ),
        format!("Start MID {mid} ICID {mid}"),
        format!("Message aborted MID {mid} Receiving aborted by sender"),
        format!("Message finished MID {mid} aborted"),
        format!("ICID {mid} close"),
        "a line of nobody's".to_owned(),
    ];
    for (place, body) in bodies.iter().enumerate() {
        let frame = Frame {
            bytes: format!("{stamp} Info: {body}").into_bytes(),
            peer: None,
            transport: Transport::File,
            source: 1,
            received_at,
            lane: Lane::Live,
            defect: None,
            label: None,
        };
        intake.take(&frame, place as u64 + 1, &mut NothingWritten);
    }
    let (_, rested) = intake.assembler.drain(received_at);
    let record = |one| match one {
        Rested::Message(one, _) => Record::Message(one),
        Rested::Connection(one) => Record::Connection(one),
        Rested::Delivery(one) => Record::Delivery(one),
        Rested::Event(one) => Record::Event(one),
    };
    rested.into_iter().map(record).collect()
}

fn write(writer: &mut Writer, records: &[Record]) {
    for record in records {
        let document = Document {
            record: record.clone(),
            facets: None,
        };
        writer
            .upsert(&document)
            .expect("an index that can be written");
    }
    writer.commit().expect("an index that can be committed");
}

fn look(kind: RecordKind, key: Key, appliance: Option<&str>) -> Look {
    Look {
        kind,
        key,
        appliance: appliance.map(str::to_owned),
        limit: 10,
    }
}

fn find(index: &Index, kind: RecordKind, key: Key, appliance: Option<&str>) -> Vec<Record> {
    let look = look(kind, key, appliance);
    index.find(&look).expect("an index that can be read")
}

#[test]
fn what_is_committed_is_found_whole_by_every_number_and_id() {
    let folder = TempDir::new().expect("a temporary folder");
    let (mut writer, index) = open(folder.path()).expect("a new index");
    let written = records("esa1", 7, 0);
    write(&mut writer, &written);
    for record in &written {
        let (kind, keys) = match record {
            Record::Message(_) => (RecordKind::Message, vec![Key::Mid(7), Key::Icid(7)]),
            Record::Connection(_) => (RecordKind::Connection, vec![Key::Icid(7)]),
            Record::Delivery(_) => (RecordKind::Delivery, vec![Key::Dcid(7)]),
            Record::Event(_) => (RecordKind::Event, Vec::new()),
        };
        for key in keys.into_iter().chain([Key::Id(record.id().to_owned())]) {
            assert_eq!(find(&index, kind, key, None), std::slice::from_ref(record));
        }
    }
    assert_eq!(written.len(), 3);
    assert!(find(&index, RecordKind::Message, Key::Mid(8), None).is_empty());
}

#[test]
fn what_is_not_committed_is_not_found_and_a_second_write_replaces_the_first() {
    let folder = TempDir::new().expect("a temporary folder");
    let (mut writer, index) = open(folder.path()).expect("a new index");
    let written = records("esa1", 7, 0);
    for record in &written {
        let facets = None;
        let record = record.clone();
        writer
            .upsert(&Document { record, facets })
            .expect("an upsert");
    }
    assert!(find(&index, RecordKind::Message, Key::Mid(7), None).is_empty());
    write(&mut writer, &written);
    write(&mut writer, &written);
    assert_eq!(
        find(&index, RecordKind::Message, Key::Mid(7), None).len(),
        1
    );
    assert_eq!(index.extent().expect("an extent").documents, 3);
}

#[test]
fn equal_numbers_of_two_appliances_are_two_records_newest_first() {
    let folder = TempDir::new().expect("a temporary folder");
    let (mut writer, index) = open(folder.path()).expect("a new index");
    write(&mut writer, &records("esa1", 7, 0));
    write(&mut writer, &records("esa2", 7, 60));
    let found = find(&index, RecordKind::Message, Key::Mid(7), None);
    let appliances: Vec<&str> = found.iter().map(Record::appliance).collect();
    assert_eq!(appliances, ["esa2", "esa1"]);
    let one = find(&index, RecordKind::Message, Key::Mid(7), Some("ESA1"));
    assert_eq!(one.len(), 1);
}

#[test]
fn an_index_is_there_after_a_close_and_gone_after_a_clear() {
    let folder = TempDir::new().expect("a temporary folder");
    let (mut writer, index) = open(folder.path()).expect("a new index");
    write(&mut writer, &records("esa1", 7, 0));
    drop((writer, index));
    let (mut writer, index) = open(folder.path()).expect("the same index");
    assert_eq!(
        find(&index, RecordKind::Message, Key::Mid(7), None).len(),
        1
    );
    writer.clear().expect("an index that can be cleared");
    assert!(find(&index, RecordKind::Message, Key::Mid(7), None).is_empty());
}

/// Records in memory, or an owner that has ended.
struct Memory(Option<Vec<Record>>);

impl Live for Memory {
    fn find(&self, _: Look) -> Later<Result<Vec<Record>, Gone>> {
        let records = self.0.clone().ok_or(Gone);
        Box::pin(async { records })
    }

    fn appliances(&self) -> Later<Result<Vec<Known>, Gone>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

/// Polls a future that never waits.
fn ready<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match future.as_mut().poll(&mut context) {
        std::task::Poll::Ready(value) => value,
        std::task::Poll::Pending => panic!("the future waits"),
    }
}

#[test]
fn what_is_live_shadows_what_is_written_and_an_owner_that_is_gone_is_an_error() {
    let folder = TempDir::new().expect("a temporary folder");
    let (mut writer, index) = open(folder.path()).expect("a new index");
    let written = records("esa1", 7, 0);
    write(&mut writer, &written);
    let mut live = written[0].clone();
    if let Record::Message(message) = &mut live {
        message.subject = Some("seen since".to_owned());
    }
    let library = Library::new(index.clone(), Arc::new(Memory(Some(vec![live.clone()]))));
    let by_mid = look(RecordKind::Message, Key::Mid(7), None);
    let found = ready(library.find(by_mid.clone(), &Scope::everything()));
    assert_eq!(found.expect("records"), [live]);
    let nobody = Scope {
        appliances: Some(vec!["esa9".to_owned()]),
    };
    let hidden = ready(library.find(by_mid.clone(), &nobody));
    assert!(hidden.expect("records").is_empty());
    let library = Library::new(index, Arc::new(Memory(None)));
    assert!(ready(library.find(by_mid, &Scope::everything())).is_err());
}
