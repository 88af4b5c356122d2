//! An index that an earlier release wrote, to one with the fields of this release; one in clear text
//! to one with pseudonyms.
//!
//! Every record stands whole in its document, so it is read from the old index and written to a
//! new one beside it, messages with what this release understands of their lines; what the old
//! one knew of their diagnosis is taken over. Then the new one takes the old one's place.
//!
//! Invariant: at every moment one whole index is there. `index.renewed` is unfinished as long as
//! `index` is there; `index.old` is not needed any more once it is.

use std::io;
use std::path::{Path, PathBuf};

use tantivy::collector::DocSetCollector;
use tantivy::query::{BooleanQuery, Query, TermQuery};
use tantivy::schema::{IndexRecordOption, Term};
use tantivy::{Index as Tantivy, Searcher, TantivyDocument};
use whymid_diagnosis::Facets;
use whymid_mailflow::{ApplianceMemory, Message, connection_of};

use crate::columns::Columns;
use crate::document::{self, Document, Record, RecordKind};
use crate::filter::Peer;
use crate::index::Error;
use crate::pseudonyms::Pseudonyms;
use crate::schema::Fields;
use crate::writer::{Checkpoint, Writer};

/// So many records are told of at a time.
const PROGRESS: u64 = 100_000;

/// Where the new index is made, and where the old one goes.
fn beside(folder: &Path) -> [PathBuf; 2] {
    ["renewed", "old"].map(|word| folder.with_extension(word))
}

/// Ends what a former start left half-way.
pub(crate) fn settle(folder: &Path) -> Result<(), Error> {
    let [renewed, old] = beside(folder);
    if !folder.exists() && renewed.exists() {
        rename(&renewed, folder)?;
    }
    remove(&renewed)?;
    if folder.exists() {
        remove(&old)?;
    }
    Ok(())
}

/// Whether the records of an index can be read by this release: it has their field.
pub(crate) fn is_possible(tantivy: &Tantivy) -> bool {
    let field = tantivy.schema().get_field("record");
    field.is_ok_and(|field| tantivy.schema().get_field_entry(field).is_stored())
}

/// Writes all that `tantivy`, the index in `folder`, holds into a new index in its place, with
/// pseudonyms if it is given some; the new one says whose key its pseudonyms are made with.
pub(crate) fn renew(
    folder: &Path,
    tantivy: &Tantivy,
    checkpoint: Checkpoint,
    pseudonyms: Option<&Pseudonyms>,
    key: Option<u64>,
) -> Result<(), Error> {
    let [renewed, old] = beside(folder);
    let (mut writer, _, _) = crate::writer::open_at(&renewed, key)?;
    let former = tantivy.schema();
    let old_fields = Fields {
        record: former.get_field("record")?,
        icid: former.get_field("icid")?,
        kind: former.get_field("kind")?,
        ..writer.fields()
    };
    let searcher = tantivy.reader()?.searcher();
    let all = searcher.num_docs();
    tracing::info!(
        records = all,
        pseudonyms = pseudonyms.is_some(),
        "the index is as an earlier release wrote it, or in clear text; it is written anew"
    );
    let mut done = 0;
    for segment in searcher.segment_readers() {
        let store = told(segment.get_store_reader(10), "read", folder)?;
        let columns = Columns::of(segment)?;
        for doc in segment.doc_ids_alive() {
            let document: TantivyDocument = store.get(doc)?;
            let peers = |message: &Message| peer_of(&searcher, &old_fields, message);
            copy(
                &mut writer,
                &document,
                &old_fields,
                columns.facets(doc),
                pseudonyms,
                peers,
            )?;
            done += 1;
            if done % PROGRESS == 0 {
                tracing::info!(done, all, "writing the index anew");
            }
        }
    }
    // what families tell of their members is not copied: they are looked at again
    writer.commit(Checkpoint {
        families: None,
        ..checkpoint
    })?;
    drop(writer);
    rename(folder, &old)?;
    rename(&renewed, folder)?;
    remove(&old)
}

/// One document: a record, or what is remembered of an appliance.
fn copy(
    writer: &mut Writer,
    document: &TantivyDocument,
    fields: &Fields,
    facets: Option<Facets>,
    pseudonyms: Option<&Pseudonyms>,
    peers: impl Fn(&Message) -> Result<Peer, Error>,
) -> Result<(), Error> {
    if let Some(mut record) = document::from_tantivy::<Record>(document, fields) {
        if let Record::Message(message) = &mut record {
            message.read_again();
        }
        if let Some(pseudonyms) = pseudonyms {
            record = pseudonyms.record(&record)?;
        }
        let peer = match &record {
            Record::Message(message) => peers(message)?,
            Record::Connection(_) | Record::Delivery(_) | Record::Event(_) => Peer::default(),
        };
        return writer.upsert(&Document {
            record,
            facets,
            peer,
            told: None,
        });
    }
    match document::from_tantivy::<ApplianceMemory>(document, fields) {
        Some(memory) => writer.remember(&memory),
        None => {
            tracing::warn!("a record of the old index can't be read and is left out");
            Ok(())
        }
    }
}

/// Who sent a message, by its connection in the old index.
fn peer_of(searcher: &Searcher, old: &Fields, message: &Message) -> Result<Peer, Error> {
    let Some(icid) = message.icid else {
        return Ok(Peer::default());
    };
    let term =
        |term| -> Box<dyn Query> { Box::new(TermQuery::new(term, IndexRecordOption::Basic)) };
    let kind = Term::from_field_text(old.kind, RecordKind::Connection.word());
    let query =
        BooleanQuery::intersection(vec![term(Term::from_field_u64(old.icid, icid)), term(kind)]);
    let mut known = Vec::new();
    for address in searcher.search(&query, &DocSetCollector)? {
        let document: TantivyDocument = searcher.doc(address)?;
        let record = document::from_tantivy::<Record>(&document, old);
        known.extend(record.and_then(Record::into_connection));
    }
    known.retain(|one| one.common.appliance == message.common.appliance);
    let own = connection_of(message, &known);
    Ok(Peer::of(own.and_then(|one| one.opened.as_ref())))
}

fn rename(from: &Path, to: &Path) -> Result<(), Error> {
    told(std::fs::rename(from, to), "move", from)?;
    // the name is durable with its folder
    let parent = to.parent().unwrap_or(to);
    let synced = std::fs::File::open(parent).and_then(|folder| folder.sync_all());
    told(synced, "write down the new name of", to)
}

fn remove(folder: &Path) -> Result<(), Error> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => told(done, "remove", folder),
    }
}

fn told<T>(done: io::Result<T>, doing: &'static str, folder: &Path) -> Result<T, Error> {
    done.map_err(|source| Error::Folder {
        doing,
        path: folder.to_owned(),
        source,
    })
}
