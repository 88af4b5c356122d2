//! What is on disk: in order, for its owner alone, after a stop, after trouble with the disk.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::AtomicU8;

use super::*;

#[test]
fn what_was_written_is_there_after_opening_again_in_order_and_for_its_owner_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("tickets.redb");
    let shelf = Shelf::open(&path).expect("a shelf");
    let mut batch = Batch::default();
    for one in [300, 2, 1] {
        batch.put(Table::Inbox, numbered(one), &one);
    }
    batch.remove(Table::Inbox, numbered(2));
    shelf.write(&batch).expect("written");
    drop(shelf);
    let shelf = Shelf::open(&path).expect("a shelf");
    let mut all = Vec::new();
    let walked = shelf.walk(Table::Inbox, [], |_, one: u64| {
        all.push(one);
        true
    });
    assert!(walked.is_ok());
    assert_eq!(all, [1, 300]);
    assert_eq!(shelf.next_number(Table::Inbox).ok(), Some(301));
    assert_eq!(shelf.get::<u64>(Table::Inbox, numbered(2)).ok(), Some(None));
    let mode = std::fs::metadata(&path)
        .expect("a file")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn what_was_written_over_is_nowhere_in_a_file_that_was_written_anew() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("tickets.redb");
    let shelf = Shelf::open(&path).expect("a shelf");
    for text in ["somebody-secret", "masked"] {
        let mut batch = Batch::default();
        batch.put(Table::Causes, "one", &text);
        shelf.write(&batch).expect("written");
    }
    let holds = || {
        let file = std::fs::read(&path).expect("a file");
        file.windows(15).any(|window| window == b"somebody-secret")
    };
    assert!(holds(), "else this shows nothing");
    shelf.renew().expect("written anew");
    assert!(!holds());
    let found: Option<String> = shelf.get(Table::Causes, "one").expect("read");
    assert_eq!(found.as_deref(), Some("masked"));
    let mut batch = Batch::default();
    batch.put(Table::Causes, "two", &"later");
    shelf.write(&batch).expect("written");
    drop(shelf);
    let shelf = Shelf::open(&path).expect("a shelf");
    let found: Option<String> = shelf.get(Table::Causes, "two").expect("read");
    assert_eq!(found.as_deref(), Some("later"));
}

/// A disk that takes nothing, or does not say that it did.
#[derive(Debug)]
struct Full(FileBackend, Arc<AtomicU8>);

const FULL: u8 = 1;
const SILENT: u8 = 2;

impl Full {
    fn room(&self, trouble: u8) -> Result<(), std::io::Error> {
        if self.1.load(Ordering::Relaxed) == trouble {
            return Err(std::io::Error::from(std::io::ErrorKind::StorageFull));
        }
        Ok(())
    }
}

impl redb::StorageBackend for Full {
    fn len(&self) -> Result<u64, std::io::Error> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), std::io::Error> {
        self.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> Result<(), std::io::Error> {
        self.room(FULL)?;
        self.0.set_len(len)
    }

    fn sync_data(&self) -> Result<(), std::io::Error> {
        self.room(FULL)?;
        self.room(SILENT)?;
        self.0.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), std::io::Error> {
        self.room(FULL)?;
        self.0.write(offset, data)
    }

    fn close(&self) -> Result<(), std::io::Error> {
        self.0.close()
    }
}

/// A shelf on such a disk, its folder, and the switch.
fn troubled() -> (Shelf, tempfile::TempDir, Arc<AtomicU8>) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("tickets.redb");
    let trouble = Arc::new(AtomicU8::new(0));
    let shelf = Shelf::open(&path).expect("a shelf");
    *shelf.for_changes() = None;
    let file = OpenOptions::new().read(true).write(true).open(&path);
    let backend = FileBackend::new(file.expect("a file")).expect("a backend");
    let full = Full(backend, Arc::clone(&trouble));
    let database = Database::builder().create_with_backend(full);
    *shelf.for_changes() = Some(database.expect("the same"));
    (shelf, folder, trouble)
}

fn put(shelf: &Shelf, number: u64) -> Result<(), Error> {
    let mut batch = Batch::default();
    batch.put(Table::Inbox, numbered(number), &number);
    shelf.write(&batch)
}

fn all(shelf: &Shelf) -> Vec<u64> {
    let mut all = Vec::new();
    let walked = shelf.walk(Table::Inbox, [], |_, one: u64| {
        all.push(one);
        true
    });
    assert!(walked.is_ok());
    all
}

#[test]
fn after_a_full_disk_it_is_written_again_and_nothing_is_lost() {
    let (shelf, _folder, trouble) = troubled();
    put(&shelf, 1).expect("written");
    trouble.store(FULL, Ordering::Relaxed);
    let error = put(&shelf, 2).expect_err("no room").to_string();
    assert!(error.contains("tickets.redb"), "{error}");
    // there is room again; redb alone would go on to fail
    put(&shelf, 3).expect("written again");
    assert_eq!(all(&shelf), [1, 3]);
    shelf.renew().expect("written anew");
    assert_eq!(shelf.count(Table::Inbox).ok(), Some(2));
}

#[test]
fn a_full_disk_keeps_nobody_from_opening_what_is_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("tickets.redb");
    drop(Shelf::open(&path).expect("a shelf"));
    let before = std::fs::read(&path).expect("a file");
    let shelf = Shelf::open(&path).expect("a shelf");
    let number = shelf.written().expect("a number");
    drop(shelf);
    let shelf = Shelf::open(&path).expect("a shelf");
    assert_eq!(shelf.written().ok(), Some(number), "nothing was written");
    assert_eq!(std::fs::read(&path).expect("a file").len(), before.len());
}

#[test]
fn what_is_there_though_writing_it_failed_is_not_said_to_have_failed() {
    let (shelf, _folder, trouble) = troubled();
    trouble.store(SILENT, Ordering::Relaxed);
    put(&shelf, 1).expect("it is there");
    assert_eq!(all(&shelf), [1]);
    assert!(!shelf.is_ahead());
}

#[test]
fn where_that_is_found_out_late_nothing_is_written_before_it_is_read_again() {
    let (mut shelf, folder, trouble) = troubled();
    trouble.store(SILENT, Ordering::Relaxed);
    // and then it can't be opened
    shelf.path = folder.path().join("nowhere").join("tickets.redb");
    put(&shelf, 1).expect_err("nobody knows");
    put(&shelf, 2).expect_err("it can't be opened");
    shelf.path = folder.path().join("tickets.redb");
    put(&shelf, 3).expect_err("1 is there, and nobody knew");
    assert!(shelf.is_ahead());
    put(&shelf, 4).expect("written");
    assert_eq!(all(&shelf), [1, 4]);
}

#[test]
fn a_file_that_is_no_shelf_is_said_to_be_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("tickets.redb");
    std::fs::write(&path, "not a database, but longer than nothing").expect("written");
    let error = Shelf::open(&path).expect_err("no shelf").to_string();
    assert!(error.contains("tickets.redb"), "{error}");
}
