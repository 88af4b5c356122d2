//! Searches on a real index, against the same conditions asked of the records themselves; pages
//! over a store that moves.

pub(crate) mod samples;

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use tempfile::TempDir;

use self::samples::{documents, filters, is, none};
use super::*;
use crate::{
    Checkpoint, Document, Found, Gone, Group, Known, Later, Library, Live, Look, Names, RecordKind,
    Scope, Writer, open,
};

fn write(writer: &mut Writer, documents: &[Document]) {
    for document in documents {
        writer
            .upsert(document)
            .expect("an index that can be written");
    }
    writer.commit(Checkpoint::default()).expect("a commit");
}

fn soon() -> Patience {
    Patience::default()
}

fn fits(one: &Document, filter: &Filter) -> bool {
    filter.fits(one.record.view())
        && (!filter.is_derived() || filter.fits_derived(one.facets.as_ref(), &one.peer))
}

fn truth(documents: &[Document], filter: &Filter, order: Order) -> Vec<String> {
    let mut fitting: Vec<&Record> = documents
        .iter()
        .filter(|one| fits(one, filter))
        .map(|one| &one.record)
        .collect();
    fitting.sort_by_key(|one| order.rank(one.start(), one.id()));
    fitting.into_iter().map(|one| one.id().to_owned()).collect()
}

fn ids(records: &[Record]) -> Vec<String> {
    records.iter().map(|one| one.id().to_owned()).collect()
}

#[test]
fn a_filter_finds_in_the_index_exactly_the_records_that_fit_it() {
    let folder = TempDir::new().expect("a temporary folder");
    let (mut writer, index, _) = open(folder.path(), None).expect("a new index");
    let documents = documents(1, 90);
    writer.merge_nothing();
    for part in documents.chunks(40) {
        write(&mut writer, part);
    }
    for filter in filters() {
        for order in [Order::NewestFirst, Order::OldestFirst] {
            let wanted = truth(&documents, &filter, order);
            assert!(
                !wanted.is_empty() && wanted.len() < documents.len(),
                "{filter:?}"
            );
            let whole = Search {
                filter: filter.clone(),
                order,
                after: None,
                limit: 1000,
            };
            let found = index.search(&whole, &soon()).expect("a search");
            assert_eq!(ids(&found), wanted, "{filter:?}");
            assert_eq!(
                index
                    .stats(&filter, &[], None, &soon())
                    .expect("a count")
                    .total,
                wanted.len() as u64
            );
            let mut paged = Vec::new();
            let mut page = Search { limit: 7, ..whole };
            loop {
                let found = index.search(&page, &soon()).expect("a page");
                paged.extend(ids(&found));
                match found.last() {
                    Some(last) => page.after = Some(Place::of(last)),
                    None => break,
                }
            }
            assert_eq!(paged, wanted, "{filter:?}");
        }
    }
}

#[test]
fn a_search_that_nobody_waits_for_ends_with_an_error() {
    let folder = TempDir::new().expect("a temporary folder");
    let (mut writer, index, _) = open(folder.path(), None).expect("a new index");
    write(&mut writer, &documents(1, 3));
    let search = Search {
        filter: Filter::all(RecordKind::Message),
        order: Order::default(),
        after: None,
        limit: 1,
    };
    let late = {
        let nobody = Patience::default();
        nobody.end();
        index.search(&search, &nobody)
    };
    assert!(matches!(late, Err(Error::TooCostly)));
}

/// Counts over two segments, against the documents themselves: by group, over time, and both.
#[test]
fn counts_are_those_of_the_records_that_fit() {
    let folder = TempDir::new().expect("a temporary folder");
    let (mut writer, index, _) = open(folder.path(), None).expect("a new index");
    let documents = documents(1, 90);
    writer.merge_nothing();
    for part in documents.chunks(40) {
        write(&mut writer, part);
    }
    let moments: Vec<Timestamp> = [2, 9, 20, 25]
        .map(|second| Timestamp::from_second(1_755_000_000 + second).expect("a moment"))
        .to_vec();
    for filter in filters() {
        let fitting: Vec<&Document> = documents.iter().filter(|one| fits(one, &filter)).collect();
        for (group, keys) in [
            (
                Group::Outcome,
                (|one| keys_of_outcome(one)) as fn(&Document) -> Vec<String>,
            ),
            (Group::Party, keys_of_party),
            (Group::Host, |one| {
                one.peer.host.clone().into_iter().collect()
            }),
            (Group::RecipientDomain, keys_of_recipients),
        ] {
            let counted = index.stats(&filter, &moments, Some((group, 2)), &soon());
            let counted = counted.expect("counts");
            assert_eq!(counted.total, fitting.len() as u64);
            let within = |one: &&&Document, place: usize| {
                (moments[place]..moments[place + 1]).contains(&one.record.start())
            };
            let spans = |of: &[&Document]| -> Vec<u64> {
                let count = |place| of.iter().filter(|one| within(one, place)).count() as u64;
                (0..3).map(count).collect()
            };
            assert_eq!(counted.spans, spans(&fitting), "{filter:?}");
            let mut all: Vec<String> = fitting.iter().flat_map(|one| keys(one)).collect();
            let sum = all.len() as u64;
            all.sort();
            all.dedup();
            let of = |key: &String| -> Vec<&Document> {
                let has = |one: &&&Document| keys(one).contains(key);
                fitting.iter().filter(has).copied().collect()
            };
            let mut wanted: Vec<(String, u64, Vec<u64>)> = all
                .iter()
                .map(|key| (key.clone(), of(key).len() as u64, spans(&of(key))))
                .collect();
            wanted.sort_by(|(a, one, _), (b, other, _)| other.cmp(one).then_with(|| a.cmp(b)));
            wanted.truncate(2);
            let listed: u64 = wanted.iter().map(|(_, count, _)| count).sum();
            assert_eq!(counted.groups, wanted, "{filter:?} by {group:?}");
            assert_eq!(counted.other, sum - listed, "{filter:?} by {group:?}");
        }
    }
}

fn keys_of_outcome(one: &Document) -> Vec<String> {
    let facets = one.facets.iter();
    facets.map(|one| one.outcome.word().to_owned()).collect()
}

fn keys_of_party(one: &Document) -> Vec<String> {
    let parties = one.facets.iter().flat_map(|one| &one.party);
    parties.map(|one| one.word().to_owned()).collect()
}

fn keys_of_recipients(one: &Document) -> Vec<String> {
    let Record::Message(message) = &one.record else {
        return Vec::new();
    };
    let addresses = message
        .recipients
        .iter()
        .filter_map(|one| one.address.as_deref());
    let domains = addresses.filter_map(|one| one.rsplit_once('@'));
    let mut domains: Vec<String> = domains.map(|(_, domain)| domain.to_lowercase()).collect();
    domains.sort();
    domains.dedup();
    domains
}

/// Records in memory that come and go.
#[derive(Clone, Default)]
struct Moving(Arc<Mutex<Vec<Record>>>);

impl Live for Moving {
    fn find(&self, _: Look) -> Later<Result<Vec<Record>, Gone>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn search(&self, search: Search) -> Later<Result<Vec<Record>, Gone>> {
        let records = self.0.lock().expect("records").clone();
        Box::pin(async move { Ok(search.first_of(records.iter().map(Record::view))) })
    }

    fn those(&self, _: RecordKind, ids: Vec<String>) -> Later<Result<Vec<Record>, Gone>> {
        let mut records = self.0.lock().expect("records").clone();
        records.retain(|one| ids.iter().any(|id| one.common().goes_by(id)));
        Box::pin(async { Ok(records) })
    }

    fn count(&self, _: Filter) -> Later<Result<u64, Gone>> {
        Box::pin(async { Ok(0) })
    }

    fn appliances(&self) -> Later<Result<Vec<Known>, Gone>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

/// Whoever may see one appliance alone finds nothing of another one, in memory or written, and counts
/// nothing of it.
#[tokio::test]
async fn a_scope_bounds_what_is_found_and_counted() {
    let folder = TempDir::new().expect("a temporary folder");
    let (mut writer, index, _) = open(folder.path(), None).expect("a new index");
    let all = documents(1, 40);
    write(&mut writer, &all[..30]);
    let memory = Moving::default();
    let live = all[25..].iter().map(|one| one.record.clone());
    *memory.0.lock().expect("records") = live.collect();
    let library = Library::new(index, Arc::new(memory), Names::default());
    let scope = Scope {
        appliances: Some(vec!["esa1".to_owned()]),
        ..Scope::default()
    };
    let filter = Filter::all(RecordKind::Message);
    let search = Search {
        filter: filter.clone(),
        order: Order::NewestFirst,
        after: None,
        limit: 1000,
    };
    let found = library.search(search, &scope).await.expect("a page");
    let own = |one: &&Document| one.record.appliance() == "esa1";
    assert_eq!(found.records.len(), all.iter().filter(own).count());
    assert!(
        found
            .records
            .iter()
            .all(|(one, _)| one.appliance() == "esa1")
    );
    let counted = library.stats(filter, Vec::new(), None, &scope).await;
    let written = all[..30].iter().filter(own).count() as u64;
    assert_eq!(counted.expect("counts").total, written);
}

/// Between two pages records go from memory to the index and back, some are in both, and new ones
/// come in: each that was there at the beginning is on one page, once.
#[tokio::test]
async fn pages_over_a_moving_store_neither_skip_nor_repeat() {
    for limit in [1, 4, 13, 1000] {
        let folder = TempDir::new().expect("a temporary folder");
        let (mut writer, index, _) = open(folder.path(), None).expect("a new index");
        let mut all = documents(100, 60);
        let memory = Moving::default();
        let library = Library::new(index, Arc::new(memory.clone()), Names::default());
        let filter = Filter {
            sender: none(vec![is("")]),
            ..Filter::all(RecordKind::Message)
        };
        let wanted = truth(&all, &filter, Order::NewestFirst);
        write(&mut writer, &all[..40]);
        let live = |range: std::ops::Range<usize>, all: &[Document]| {
            all[range]
                .iter()
                .map(|one| one.record.clone())
                .collect::<Vec<Record>>()
        };
        *memory.0.lock().expect("records") = live(30..60, &all);
        let mut search = Search {
            filter,
            order: Order::NewestFirst,
            after: None,
            limit,
        };
        let mut paged = Vec::new();
        for page in 0.. {
            let Found { records, next } = library
                .search(search.clone(), &Scope::everything())
                .await
                .expect("a page");
            assert!(records.len() <= limit);
            paged.extend(records.iter().map(|(one, _)| one.id().to_owned()));
            let Some(next) = next else { break };
            search.after = Some(next);
            // the memory is written, others are recalled, and newer ones come
            match page % 3 {
                0 => {
                    write(&mut writer, &all[40..60]);
                    *memory.0.lock().expect("records") = live(10..20, &all);
                }
                1 => *memory.0.lock().expect("records") = Vec::new(),
                _ => {
                    all.extend(documents(1000 + page * 10, 5));
                    let newest = all.len();
                    write(&mut writer, &all[newest - 5..]);
                    *memory.0.lock().expect("records") = live(25..45, &all);
                }
            }
        }
        assert_eq!(paged, wanted, "pages of {limit}");
    }
}
