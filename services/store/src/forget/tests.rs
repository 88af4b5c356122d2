//! What is forgotten is in no file of the index any more.

use std::path::Path;

use whymid_mailflow::Forgotten;

use crate::search::tests::samples::documents;
use crate::{Checkpoint, Filter, Order, Pattern, RecordKind, Search};

/// Whether a text stands in a file of a folder, or in what zstd unpacks of one.
fn is_told(folder: &Path, text: &str) -> bool {
    let tells = |bytes: &[u8]| String::from_utf8_lossy(bytes).contains(text);
    let files = std::fs::read_dir(folder).expect("a folder").flatten();
    let mut files = files.filter_map(|file| std::fs::read(file.path()).ok());
    files.any(|bytes| {
        let mut packed = bytes.windows(4).enumerate();
        tells(&bytes)
            || packed.any(|(at, four)| {
                let mut all = Vec::new();
                if four == [0x28, 0xb5, 0x2f, 0xfd] {
                    let packed = zstd::stream::read::Decoder::new(&bytes[at..]);
                    // what stands behind a packed piece is none
                    let _ = std::io::copy(&mut packed.expect("a decoder"), &mut all);
                }
                tells(&all)
            })
    })
}

#[test]
fn a_forgotten_address_is_nowhere_in_the_index() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut writer, index, _) = crate::open(folder.path(), None).expect("a new index");
    for document in documents(0, 300) {
        writer.upsert(&document).expect("written");
    }
    writer.commit(Checkpoint::default()).expect("committed");
    let address = Forgotten::of("SALES@corp.example", &[], u64::MAX).expect("an address");
    let count = |text: &str| {
        let mut filter = Filter::all(RecordKind::Message);
        filter.recipient.any.push(Pattern::Is(text.to_owned()));
        let search = Search {
            filter,
            order: Order::NewestFirst,
            after: None,
            limit: 1000,
        };
        let patience = crate::Patience::default();
        index.search(&search, &patience).expect("read").len()
    };
    let (own, all) = (
        count("sales@corp.example"),
        index.extent().expect("read").documents,
    );
    assert!(own > 10 && is_told(folder.path(), "sales@corp"));
    let holding = index.holding(&address, usize::MAX).expect("read");
    assert_eq!(holding.len(), own);
    for holder in &holding {
        assert!(writer.forget(holder, &address).expect("written").is_some());
    }
    writer.commit(Checkpoint::default()).expect("committed");
    assert!(index.holding(&address, 1).expect("read").is_empty());
    assert!(
        writer
            .forget(&holding[0], &address)
            .expect("read")
            .is_none()
    );
    assert!(
        is_told(folder.path(), "sales@corp"),
        "what is replaced is still there"
    );
    let pieces = writer.pieces().expect("read");
    assert!(!pieces.is_empty());
    for piece in pieces {
        let begun = writer.compact(piece).expect("begun");
        begun.expect("it is there").wait().expect("written");
        assert!(writer.compact(piece).expect("read").is_none());
    }
    writer.commit(Checkpoint::default()).expect("committed");
    writer.sweep().expect("swept");
    assert!(!is_told(folder.path(), "sales@corp"));
    assert_eq!(count("sales@corp.example"), 0);
    assert_eq!(count("*****@corp.example"), own);
    assert_eq!(index.extent().expect("read").documents, all);
}

/// A record that is found by an address since its family told it is written again, too; one that
/// began later is left alone.
#[test]
fn what_a_family_told_is_forgotten_and_what_came_later_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut writer, index, _) = crate::open(folder.path(), None).expect("a new index");
    let all = documents(0, 20);
    let messages = all.into_iter().filter_map(|one| one.record.into_message());
    let mut fitting = messages.filter(|one| one.common.born > 0 && !one.recipients.is_empty());
    let mut elder = fitting.next().expect("a message");
    elder.recipients.truncate(1);
    elder.recipients[0].address = Some("bert@branch.example".to_owned());
    let mut child = Box::new(elder.clone());
    child.recipients[0].address = None;
    let document = crate::Document {
        record: crate::Record::Message(child),
        facets: None,
        peer: crate::Peer::default(),
        told: Some(Box::new(elder.clone())),
    };
    writer.upsert(&document).expect("written");
    writer.commit(Checkpoint::default()).expect("committed");
    let until = |place| Forgotten::of("bert@branch.example", &[], place).expect("an address");
    let later = until(elder.common.born - 1);
    assert!(index.holding(&later, 9).expect("read").is_empty());
    let address = until(elder.common.born);
    let holding = index.holding(&address, 9).expect("read");
    assert_eq!(holding.len(), 1);
    assert!(writer.forget(&holding[0], &later).expect("read").is_none());
    assert!(
        writer
            .forget(&holding[0], &address)
            .expect("written")
            .is_some()
    );
    writer.commit(Checkpoint::default()).expect("committed");
    assert!(index.holding(&address, 9).expect("read").is_empty());
}
