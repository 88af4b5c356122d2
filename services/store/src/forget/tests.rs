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
    let address = Forgotten::of("SALES@corp.example", &[]).expect("an address");
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
    assert!(holding.len() >= own);
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
    assert!(writer.compact().expect("begun").wait().expect("written") > 0);
    writer.commit(Checkpoint::default()).expect("committed");
    writer.sweep().expect("swept");
    assert!(!is_told(folder.path(), "sales@corp"));
    assert_eq!(count("sales@corp.example"), 0);
    assert_eq!(count("*****@corp.example"), own);
    assert_eq!(index.extent().expect("read").documents, all);
}
