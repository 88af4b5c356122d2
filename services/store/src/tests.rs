//! The store on a real index in a temporary folder: what is written is found, once.

use std::sync::Arc;

use jiff::Timestamp;
use tempfile::TempDir;
use whymid_mailflow::{ApplianceMemory, Carried, Common, Intake, NothingWritten, Rested, Settings};
use whymid_syslog::{Frame, Lane, Transport};

use crate::{
    Checkpoint, Document, Filter, Gone, Index, Key, Known, Later, Library, Live, Look, Names, Peer,
    Record, RecordKind, Scope, Search, Writer, open,
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
    let rested = intake.assembler.shed(usize::MAX).records;
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
            peer: Peer::default(),
            told: None,
        };
        writer
            .upsert(&document)
            .expect("an index that can be written");
    }
    writer
        .commit(Checkpoint::default())
        .expect("an index that can be committed");
}

fn look(kind: RecordKind, key: Key, appliance: Option<&str>) -> Look {
    Look {
        kind,
        key,
        appliances: appliance.map(str::to_owned).into_iter().collect(),
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
    let (mut writer, index, _) = open(folder.path(), None).expect("a new index");
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
            let found = find(&index, kind, key, None);
            let found: Vec<&Common> = found.iter().map(Record::common).collect();
            assert_eq!(found, [record.common()]);
        }
    }
    assert_eq!(written.len(), 3);
    assert!(find(&index, RecordKind::Message, Key::Mid(8), None).is_empty());
}

#[test]
fn what_is_not_committed_is_not_found_and_a_second_write_replaces_the_first() {
    let folder = TempDir::new().expect("a temporary folder");
    let (mut writer, index, _) = open(folder.path(), None).expect("a new index");
    let written = records("esa1", 7, 0);
    for record in &written {
        let facets = None;
        let record = record.clone();
        writer
            .upsert(&Document {
                record,
                facets,
                peer: Peer::default(),
                told: None,
            })
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
    let (mut writer, index, _) = open(folder.path(), None).expect("a new index");
    write(&mut writer, &records("esa1", 7, 0));
    write(&mut writer, &records("esa2", 7, 60));
    let found = find(&index, RecordKind::Message, Key::Mid(7), None);
    let appliances: Vec<&str> = found.iter().map(Record::appliance).collect();
    assert_eq!(appliances, ["esa2", "esa1"]);
    let one = find(&index, RecordKind::Message, Key::Mid(7), Some("ESA1"));
    assert_eq!(one.len(), 1);
}

#[test]
fn an_index_is_there_after_a_close_and_says_how_much_it_holds() {
    let folder = TempDir::new().expect("a temporary folder");
    let (mut writer, index, checkpoint) = open(folder.path(), None).expect("a new index");
    assert_eq!(checkpoint, Checkpoint::default());
    write(&mut writer, &records("esa1", 7, 0));
    let held = Checkpoint {
        complete: 41,
        reached: 44,
        families: None,
    };
    writer.commit(held).expect("a commit");
    drop((writer, index));
    let (_, index, checkpoint) = open(folder.path(), None).expect("the same index");
    assert_eq!(checkpoint, held);
    assert_eq!(
        find(&index, RecordKind::Message, Key::Mid(7), None).len(),
        1
    );
}

#[test]
fn an_index_of_other_fields_is_refused_and_stays() {
    let folder = TempDir::new().expect("a temporary folder");
    let schema = tantivy::schema::Schema::builder().build();
    drop(tantivy::Index::create_in_dir(folder.path(), schema).expect("an index"));
    let error = open(folder.path(), None)
        .expect_err("other fields")
        .to_string();
    assert!(error.contains("another one"), "{error}");
    assert!(folder.path().join("meta.json").exists());
}

#[test]
fn after_a_revival_what_was_not_committed_is_forgotten() {
    let folder = TempDir::new().expect("a temporary folder");
    let (mut writer, index, _) = open(folder.path(), None).expect("a new index");
    write(&mut writer, &records("esa1", 7, 0));
    for record in records("esa1", 8, 0) {
        let facets = None;
        writer
            .upsert(&Document {
                record,
                facets,
                peer: Peer::default(),
                told: None,
            })
            .expect("an upsert");
    }
    writer.revive().expect("a revival");
    write(&mut writer, &records("esa1", 9, 0));
    let found = |mid| find(&index, RecordKind::Message, Key::Mid(mid), None).len();
    assert_eq!((found(7), found(8), found(9)), (1, 0, 1));
}

#[test]
fn the_first_record_after_an_opening_replaces_its_former_version_whatever_is_merged() {
    let folder = TempDir::new().expect("a temporary folder");
    let (mut writer, index, _) = open(folder.path(), None).expect("a new index");
    writer.merge_nothing();
    let of = |mids: &[u64]| -> Vec<Record> {
        let all = mids.iter().flat_map(|mid| records("esa1", *mid, 0));
        all.collect()
    };
    // the largest segment first, then one with the record and another that the last commit removes
    for mids in [
        &[1, 2, 3, 4][..],
        &[7, 8, 9],
        &[10],
        &[11],
        &[12],
        &[13],
        &[14],
    ] {
        write(&mut writer, &of(mids));
    }
    write(&mut writer, &of(&[8]));
    drop((writer, index));
    let (mut writer, index, _) = open(folder.path(), None).expect("the same index");
    write(&mut writer, &of(&[7]));
    let merged = (0..500).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        index.reader.reload().expect("an index that can be read");
        index.reader.searcher().segment_readers().len() < 8
    });
    assert!(merged, "eight segments are enough to be merged");
    let found = find(&index, RecordKind::Message, Key::Mid(7), None);
    assert_eq!(found.len(), 1);
}

#[test]
fn an_alias_still_names_its_record_and_the_former_one_is_gone() {
    let folder = TempDir::new().expect("a temporary folder");
    let (mut writer, index, _) = open(folder.path(), None).expect("a new index");
    let older = records("esa1", 7, 0);
    let newer = records("esa1", 7, 60);
    write(&mut writer, &older);
    write(&mut writer, &newer);
    let mut one = older[0].clone();
    let alias = newer[0].id().to_owned();
    one.common_mut().aliases.push(alias.clone());
    write(&mut writer, &[one]);
    for id in [older[0].id(), &alias] {
        let found = find(&index, RecordKind::Message, Key::Id(id.to_owned()), None);
        let found: Vec<&str> = found.iter().map(Record::id).collect();
        assert_eq!(found, [older[0].id()]);
    }
    assert_eq!(
        find(&index, RecordKind::Message, Key::Mid(7), None).len(),
        1
    );
}

#[test]
fn what_was_received_too_long_ago_is_removed() {
    let folder = TempDir::new().expect("a temporary folder");
    let (mut writer, index, _) = open(folder.path(), None).expect("a new index");
    write(&mut writer, &records("esa1", 7, 0));
    write(&mut writer, &records("esa1", 8, 3_600));
    let limit = Timestamp::from_second(1_755_000_000 + 60).expect("a moment");
    let kinds = [
        RecordKind::Message,
        RecordKind::Connection,
        RecordKind::Delivery,
        RecordKind::Event,
    ];
    let mut removed = |limit| kinds.map(|kind| writer.expire(kind, limit).expect("removed"));
    assert_eq!(removed(limit), [1, 1, 0, 1]);
    assert_eq!(removed(Timestamp::MIN), [0; 4]);
    write(&mut writer, &[]);
    let found = |mid| find(&index, RecordKind::Message, Key::Mid(mid), None).len();
    assert_eq!((found(7), found(8)), (0, 1));
    let half = index.received_quantile(0.5).expect("read");
    assert_eq!(half, Timestamp::from_second(1_755_003_600).ok());
}

#[test]
fn what_a_connection_carried_is_told_by_fields_alone() {
    let folder = TempDir::new().expect("a temporary folder");
    let (mut writer, index, _) = open(folder.path(), None).expect("a new index");
    write(&mut writer, &records("esa1", 7, 0));
    write(&mut writer, &records("esa2", 7, 0));
    let carried = index.carried(7, &["esa1".to_owned()]).expect("read");
    let first_at = Timestamp::from_second(1_755_000_000).expect("a moment");
    let one = Carried {
        mid: 7,
        first_at,
        ready_at: None,
        zone: None,
    };
    assert_eq!(carried, [one]);
}

#[test]
fn appliances_are_remembered_and_count_as_no_record() {
    let folder = TempDir::new().expect("a temporary folder");
    let (mut writer, index, _) = open(folder.path(), None).expect("a new index");
    let mut memory = ApplianceMemory {
        identity: "esa1".to_owned(),
        ..ApplianceMemory::default()
    };
    for hosts in [vec![], vec!["esa1.corp.example".to_owned()]] {
        memory.hosts = hosts;
        writer.remember(&memory).expect("remembered");
        write(&mut writer, &[]);
    }
    assert_eq!(index.memories().expect("read"), [memory]);
    assert_eq!(index.extent().expect("an extent").documents, 0);
}

#[test]
fn a_renamed_appliance_is_found_by_each_of_its_names_and_shown_by_one() {
    let folder = TempDir::new().expect("a temporary folder");
    let (mut writer, index, _) = open(folder.path(), None).expect("a new index");
    write(&mut writer, &records("esa1", 7, 0));
    let names = Names::new([("esa1".to_owned(), "tokyo".to_owned())]);
    let library = Library::new(index, Arc::new(Memory(Some(Vec::new()))), names);
    for (called, count) in [("esa1", 1), ("Tokyo", 1), ("osaka", 0)] {
        let look = look(RecordKind::Message, Key::Mid(7), Some(called));
        let found = ready(library.find(look, &Scope::everything())).expect("records");
        assert_eq!(found.len(), count, "{called}");
        assert!(found.iter().all(|one| one.appliance() == "tokyo"));
    }
}

/// Records in memory, or an owner that has ended.
struct Memory(Option<Vec<Record>>);

impl Live for Memory {
    fn find(&self, _: Look) -> Later<Result<Vec<Record>, Gone>> {
        let records = self.0.clone().ok_or(Gone);
        Box::pin(async { records })
    }

    fn search(&self, _: Search) -> Later<Result<Vec<Record>, Gone>> {
        let records = self.0.clone().ok_or(Gone);
        Box::pin(async { records })
    }

    fn those(&self, _: RecordKind, _: Vec<String>) -> Later<Result<Vec<Record>, Gone>> {
        let records = self.0.clone().ok_or(Gone);
        Box::pin(async { records })
    }

    fn count(&self, _: Filter) -> Later<Result<u64, Gone>> {
        Box::pin(async { Ok(0) })
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
    let (mut writer, index, _) = open(folder.path(), None).expect("a new index");
    let written = records("esa1", 7, 0);
    write(&mut writer, &written);
    let mut live = written[0].clone();
    if let Record::Message(message) = &mut live {
        message.subject = Some("seen since".to_owned());
    }
    let library = Library::new(
        index.clone(),
        Arc::new(Memory(Some(vec![live.clone()]))),
        Names::default(),
    );
    let by_mid = look(RecordKind::Message, Key::Mid(7), None);
    let found = ready(library.find(by_mid.clone(), &Scope::everything()));
    assert_eq!(found.expect("records"), [live]);
    let nobody = Scope {
        appliances: Some(vec!["esa9".to_owned()]),
        ..Scope::default()
    };
    let hidden = ready(library.find(by_mid.clone(), &nobody));
    assert!(hidden.expect("records").is_empty());
    let library = Library::new(index, Arc::new(Memory(None)), Names::default());
    assert!(ready(library.find(by_mid, &Scope::everything())).is_err());
}

/// An index as the release before wrote it, with these records and that checkpoint.
fn written_by_the_release_before(
    folder: &std::path::Path,
    records: &[Record],
    checkpoint: Checkpoint,
) {
    let schema = include_str!("../../../schemas/index/v2.json");
    let schema: tantivy::schema::Schema = serde_json::from_str(schema).expect("a schema");
    std::fs::create_dir_all(folder).expect("a folder");
    let index = tantivy::Index::create_in_dir(folder, schema.clone()).expect("an old index");
    let mut writer: tantivy::IndexWriter = index
        .writer_with_num_threads(1, 20_000_000)
        .expect("a writer");
    let field = |name| schema.get_field(name).expect("a field");
    for record in records {
        let mut doc = tantivy::TantivyDocument::default();
        doc.add_text(field("id"), record.id());
        doc.add_text(field("outcome"), "aborted");
        doc.add_text(field("custody"), "sender");
        doc.add_text(field("diagnosis"), "receiving-aborted-by-sender");
        doc.add_text(field("party"), "sender");
        doc.add_bytes(
            field("record"),
            &serde_json::to_vec(record).expect("a record"),
        );
        writer.add_document(doc).expect("written");
    }
    let mut commit = writer.prepare_commit().expect("a commit");
    commit.set_payload(&serde_json::to_string(&checkpoint).expect("a payload"));
    commit.commit().expect("committed");
}

#[test]
fn an_index_of_the_release_before_is_written_anew_whole_whenever_that_is_cut_off() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join("index");
    let records = records("esa1", 7, 0);
    let checkpoint = Checkpoint {
        complete: 6,
        reached: 9,
        families: None,
    };
    let whole = |cut: &str| {
        let (_, index, held) = open(&path, None).expect("renewed");
        assert_eq!(held, checkpoint, "{cut}");
        let found = find(&index, RecordKind::Message, Key::Mid(7), Some("esa1"));
        assert_eq!(found.len(), 1, "{cut}");
        assert_eq!(
            index.extent().expect("read").documents,
            records.len() as u64,
            "{cut}"
        );
        let left = std::fs::read_dir(folder.path()).expect("read").count();
        assert_eq!(left, 1, "{cut}: nothing is left beside the index");
    };
    written_by_the_release_before(&path, &records, checkpoint);
    let [renewed, old] = ["renewed", "old"].map(|word| path.with_extension(word));
    std::fs::create_dir_all(renewed.join("half")).expect("made");
    whole("while the new one was written");
    std::fs::rename(&path, &renewed).expect("renamed");
    written_by_the_release_before(&old, &records, checkpoint);
    whole("between the two renamings");
    written_by_the_release_before(&old, &records, checkpoint);
    whole("before the old one was removed");
}

#[test]
fn what_was_known_of_a_diagnosis_is_taken_over_into_the_new_index() {
    let folder = TempDir::new().expect("a temporary folder");
    let path = folder.path().join("index");
    let records = records("esa1", 7, 0);
    written_by_the_release_before(&path, &records, Checkpoint::default());
    let (_, index, _) = open(&path, None).expect("renewed");
    let searcher = index.reader.searcher();
    for (field, word) in [
        ("outcome", "aborted"),
        ("custody", "sender"),
        ("diagnosis", "receiving-aborted-by-sender"),
        ("party", "sender"),
    ] {
        let field = searcher.schema().get_field(field).expect("a field");
        let term = tantivy::Term::from_field_text(field, word);
        let found: u64 = searcher.doc_freq(&term).expect("read");
        assert_eq!(found, records.len() as u64, "{word}");
    }
}
