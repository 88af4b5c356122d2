//! Data folders that are not as they should be: read-only, gone, taken, of another release, without
//! their index. One clear line where it can't start, a clear reason where it can't go on, and
//! nothing lost.
//!
//! Not here: full disks (`disk.rs`), a journal whose end is torn (`restart.rs`).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;

use crate::harness::{
    Asker, Dice, Mount, Ran, Service, Setup, is_for_tests, sender_quit, tcp, whymid,
};
use crate::traffic::{Book, Plan, Traffic, reckoning};

const BYTES: (&str, &str) = ("Content-Type", "application/octet-stream");

/// `whymid serve` on that data folder, which it can't.
fn serve(data: &Path) -> Ran {
    let data = data.display().to_string();
    let nowhere = "127.0.0.1:0";
    whymid(&[
        "serve",
        "--http",
        nowhere,
        "--syslog-udp",
        nowhere,
        "--syslog-tcp",
        nowhere,
        "--data-dir",
        &data,
    ])
}

/// A service with some lines, all of them handled, and its books.
fn filled(folder: &Arc<TempDir>, setup: Setup, lines: u64) -> (Service, Arc<Book>) {
    let mut dice = Dice::cast("lines");
    let service = Service::on(Arc::clone(folder), setup).ready();
    let book = Arc::new(Book::default());
    let plan = Plan {
        connections: 1,
        clients: 1,
        rate: 20_000,
    };
    let traffic = Traffic::start(&service, &book, plan, "before", &mut dice);
    service.eventually("lines sent", || (traffic.lines() >= lines).then_some(()));
    let sent = traffic.stop();
    reckoning::is_balanced(&service, sent);
    book.all_whole(|_| true);
    (service, book)
}

fn temporary() -> Arc<TempDir> {
    Arc::new(TempDir::new().expect("a temporary folder"))
}

/// A service on the folder has everything.
#[track_caller]
fn has_everything(folder: &Arc<TempDir>, setup: Setup, book: &Book) -> Service {
    let service = Service::on(Arc::clone(folder), setup);
    reckoning::read_again(&service).expect("it runs");
    reckoning::everything(&service, book);
    service
}

#[test]
fn a_read_only_folder_is_one_clear_line_and_stays_as_it_is() {
    let Some(mount) = Mount::small(64) else {
        return;
    };
    let folder = mount.folder();
    let (service, book) = filled(&folder, Setup::default(), 3_000);
    service.kill();
    mount.make_read_only(true);
    let ran = serve(&folder.path().join("data"));
    mount.make_read_only(false);
    let ran = ran.exits(1);
    let line = ran.one_line();
    assert!(
        line.contains(&folder.path().display().to_string()),
        "{line}"
    );
    assert!(line.contains("Read-only"), "{line}");
    assert_eq!(ran.stdout, "");
    has_everything(&folder, Setup::default(), &book);
}

#[test]
fn a_folder_that_another_has_stays_the_others() {
    let folder = temporary();
    let mut dice = Dice::cast("lines");
    let service = Service::on(Arc::clone(&folder), Setup::default()).ready();
    let book = Arc::new(Book::default());
    let plan = Plan {
        connections: 2,
        clients: 1,
        rate: 2_000,
    };
    let traffic = Traffic::start(&service, &book, plan, "the first", &mut dice);
    for _ in 0..3 {
        let before = traffic.lines();
        let ran = serve(&service.data()).exits(1);
        assert!(
            ran.one_line().contains("in use by another whymid"),
            "{}",
            ran.stderr
        );
        service.eventually("more lines", || (traffic.lines() > before).then_some(()));
    }
    let sent = traffic.stop();
    reckoning::is_balanced(&service, sent);
    book.all_whole(|_| true);
    reckoning::everything(&service, &book);
}

#[test]
fn a_newer_format_is_one_clear_line_and_nothing_is_touched() {
    let folder = temporary();
    let (service, book) = filled(&folder, Setup::default(), 3_000);
    service.kill();
    let data = folder.path().join("data");
    let format = data.join("format");
    let ours = std::fs::read_to_string(&format).expect("a format");
    std::fs::write(&format, "99\n").expect("it can be written");
    let before = contents(&data);
    let ran = serve(&data).exits(1);
    let line = ran.one_line();
    assert!(
        line.contains("format 99") && line.contains("newer release"),
        "{line}"
    );
    assert_eq!(contents(&data), before);
    std::fs::write(&format, ours).expect("it can be written");
    has_everything(&folder, Setup::default(), &book);
}

/// Every file below a folder, with its length.
fn contents(folder: &Path) -> Vec<(PathBuf, u64)> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            all.extend(contents(&path));
        } else {
            let length = entry.metadata().expect("a file").len();
            all.push((path, length));
        }
    }
    all.sort();
    all
}

#[test]
fn a_folder_of_the_first_format_keeps_its_journal_and_gets_a_new_index() {
    let folder = temporary();
    let (service, book) = filled(&folder, Setup::default(), 6_000);
    service.kill();
    let data = folder.path().join("data");
    std::fs::remove_file(data.join("format")).expect("it is there");
    // fields of another release, and what is no index at all
    std::fs::write(
        data.join("index/meta.json"),
        "{\"segments\":[],\"schema\":[]}",
    )
    .expect("written");
    std::fs::write(data.join("index/garbage.idx"), [7; 1000]).expect("written");
    std::fs::remove_dir_all(data.join("journal/raw")).expect("it is there");
    age(&data.join("journal"));
    let service = has_everything(&folder, Setup::default(), &book);
    let log = service.log();
    assert!(
        log.contains("the index of an earlier release is built anew"),
        "{log}"
    );
    assert!(!log.contains(" ERROR ") && !log.contains(" WARN "), "{log}");
    let body = sender_quit(1, "probe@other.example").stream("esa1");
    service.post("/v1/lines", &[BYTES], body).is(202);
    let service = service.restart();
    assert_eq!(service.lines("replayed"), 0, "it is ours now");
    service.diagnosed(1, "receiving-aborted-by-sender");
    reckoning::everything(&service, &book);
}

/// Makes all segments such as a whymid that knew only version 1 left them.
fn age(journal: &Path) {
    let mut aged = 0;
    for (path, length) in contents(journal) {
        if path.extension().is_some_and(|ending| ending == "wlog") && length > 20 {
            let mut bytes = std::fs::read(&path).expect("a segment");
            bytes[8] = 1;
            std::fs::write(path, bytes).expect("it can be written");
            aged += 1;
        }
    }
    assert!(aged > 0, "no segment");
}

/// Short segments and little memory: records are written at once, and segments leave the journal.
fn hasty() -> Setup {
    let environment = vec![
        ("WHYMID_TEST_SEGMENT_BYTES", (32 << 10).to_string()),
        ("WHYMID_TEST_MEMORY_BYTES", (1 << 20).to_string()),
    ];
    Setup {
        environment,
        ..Setup::default()
    }
}

fn message(service: &Service, mid: u64) -> serde_json::Value {
    let answer = service.get(&format!("/v1/why?mid={mid}")).is(200);
    answer.json()["message"].take()
}

#[test]
fn an_index_that_is_lost_is_built_again_with_the_same_ids() {
    if !is_for_tests() {
        println!("SKIPPED: a release build has no short segments");
        return;
    }
    let folder = temporary();
    let (service, book) = filled(&folder, hasty(), 12_000);
    service.eventually("raw segments", || {
        let status = service.get("/v1/status").json();
        status["retention"]["raw"]["bytes"]
            .as_u64()
            .filter(|bytes| *bytes > 0)
    });
    let streams = book.streams();
    let mids = streams.iter().flat_map(|stream| &stream.mails);
    let mids: Vec<u64> = mids.map(|mail| mail.0).collect();
    let ids = |service: &Service| -> Vec<serde_json::Value> {
        let messages = mids.iter().step_by(5).map(|mid| message(service, *mid));
        messages.map(|mut message| message["id"].take()).collect()
    };
    let before = ids(&service);
    service.kill();
    std::fs::remove_dir_all(folder.path().join("data/index")).expect("it is there");
    let service = has_everything(&folder, hasty(), &book);
    assert_eq!(ids(&service), before);
    let log = service.log();
    assert!(log.contains("built again from the raw segments"), "{log}");
    let service = service.restart();
    assert_eq!(service.lines("replayed"), 0);
    assert_eq!(ids(&service), before);
}

#[test]
fn an_index_that_is_damaged_is_one_clear_line() {
    let folder = temporary();
    let (service, book) = filled(&folder, Setup::default(), 3_000);
    drop(service);
    let data = folder.path().join("data");
    std::fs::write(data.join("index/meta.json"), "not what it was").expect("written");
    let ran = serve(&data).exits(1);
    let line = ran.one_line();
    assert!(
        line.contains(&data.join("index").display().to_string()),
        "{line}"
    );
    std::fs::rename(data.join("index"), folder.path().join("index")).expect("moved away");
    has_everything(&folder, Setup::default(), &book);
}

#[test]
fn what_the_journal_lost_by_damage_is_told_and_hides_nothing_else() {
    if !is_for_tests() {
        return;
    }
    let folder = temporary();
    let setup = Setup {
        environment: vec![("WHYMID_TEST_SEGMENT_BYTES", "1".to_owned())],
        ..Setup::default()
    };
    let service = Service::on(Arc::clone(&folder), setup.clone()).ready();
    for mid in 1..=3 {
        let body = sender_quit(mid, "probe@other.example").stream("esa1");
        service.post("/v1/lines", &[BYTES], body).is(202);
    }
    service.kill();
    let journal = std::fs::read_dir(folder.path().join("data/journal")).expect("a folder");
    let files = journal.map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> = files.filter(|path| path.is_file()).collect();
    files.retain(|path| path.extension().is_some_and(|end| end == "wlog"));
    files.sort();
    let mut bytes = std::fs::read(&files[1]).expect("a segment");
    bytes[60] ^= 1;
    std::fs::write(&files[1], bytes).expect("written");

    let service = Service::on(folder, setup);
    reckoning::read_again(&service).expect("it runs");
    let reasons = service.get("/readyz").is(503).body;
    assert!(reasons.contains("could not be read"), "{reasons}");
    service.diagnosed(1, "receiving-aborted-by-sender");
    service.get("/v1/why?mid=2").is(404);
    service.diagnosed(3, "receiving-aborted-by-sender");
    let log = service.kill();
    assert!(log.contains(&files[1].display().to_string()), "{log}");
}

/// Removes it while the service runs, and what must be said then.
fn vanishes(part: &str) -> (Service, Arc<Book>, Arc<TempDir>) {
    let folder = temporary();
    let (service, book) = filled(&folder, Setup::default(), 3_000);
    // moved first: what the service is just writing would make a folder that is not empty
    let (from, to) = (
        folder.path().join("data").join(part),
        folder.path().join("gone"),
    );
    std::fs::rename(from, &to).expect("it is there");
    std::fs::remove_dir_all(to).expect("nothing is written there");
    (service, book, folder)
}

/// Nothing is accepted any more, which is said, and what is in memory is answered.
#[track_caller]
fn accepts_nothing(service: &Service, book: &Book) {
    let before = service.lines("accepted");
    let body = sender_quit(1, "probe@other.example").stream("esa1");
    let refused = service.post("/v1/lines", &[BYTES], &body).is(503);
    assert!(refused.header("retry-after").is_some(), "{refused:?}");
    let mut stream = tcp(service.tcp);
    std::io::Write::write_all(&mut stream, &body).expect("it is read, or waits");
    let reasons = service.get("/readyz").is(503).body;
    assert!(reasons.contains("the journal has failed"), "{reasons}");
    let log = service.log();
    assert!(log.contains("was removed while it was in use"), "{log}");
    reckoning::everything(service, book);
    // it tries each second, and never takes a folder that is not there for one
    service.eventually("a few tries", || {
        (service.get("/v1/status").json()["uptime_seconds"].as_u64() > Some(8)).then_some(())
    });
    service.post("/v1/lines", &[BYTES], &body).is(503);
    assert_eq!(service.lines("accepted"), before);
    service.get("/v1/why?mid=1").is(404);
}

#[test]
fn a_folder_that_vanishes_stops_the_accepting_with_a_reason() {
    let (service, book, folder) = vanishes("");
    accepts_nothing(&service, &book);
    drop(service);
    assert!(
        !folder.path().join("data/journal").exists(),
        "made anew, and empty"
    );
}

#[test]
fn a_journal_that_vanishes_stops_the_accepting_with_a_reason() {
    let (service, book, folder) = vanishes("journal");
    accepts_nothing(&service, &book);
    // what was in memory is written at the end
    drop(service);
    has_everything(&folder, Setup::default(), &book);
}

#[test]
fn an_index_that_vanishes_is_told_and_built_again() {
    let (service, book, folder) = vanishes("index");
    let asker = Asker::of(service.http);
    service.eventually("a reason", || {
        let reply = asker.get("/readyz")?;
        reply.body.contains("the index has failed").then_some(())
    });
    let body = sender_quit(1, "probe@other.example").stream("esa1");
    service.post("/v1/lines", &[BYTES], body).is(202);
    reckoning::everything(&service, &book);
    service.kill();
    let service = has_everything(&folder, Setup::default(), &book);
    service.diagnosed(1, "receiving-aborted-by-sender");
}
