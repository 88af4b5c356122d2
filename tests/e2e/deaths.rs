//! The process dies at each fail point in turn while lines come in, and another goes on with the
//! folder: the same is there as after a `kill -9`.
//!
//! The points are those of two tables, that of the journal (`whymid_journal::FAIL_POINTS`) and
//! that at the head of `services/server/pipeline/mod.rs`. Each must be reached: by traffic, or in
//! a way of its own ([`Way`]). With `WHYMID_LONG=1` each is reached for the first, the second, the
//! third, the fifth and the ninth time, else for one of these.
//!
//! Not here: deaths at any moment (`survival.rs`); the journal alone (`services/journal/tests`).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

use crate::harness::{Ballast, Dice, Fallen, Mount, Service, Setup, is_for_tests, repository};
use crate::traffic::{Book, Plan, Stream, Traffic, reckoning};

/// What comes in.
const PLAN: Plan = Plan {
    connections: 2,
    clients: 1,
    rate: 3_000,
};
/// How long lines come in before a point counts as not reached.
const WITHIN: Duration = Duration::from_secs(30);

/// How a point is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Lines come in.
    Traffic,
    /// The same, once in a few seconds: the first or the second time.
    Seldom,
    /// Once, at the start.
    Start,
    /// At the end: SIGTERM.
    Stop,
    /// Records are old.
    Old,
    /// A raw segment is damaged.
    Damage,
    /// The disk is full.
    FullDisk,
}

fn way(point: &str) -> Way {
    match point {
        "journal-opening" | "journal-recovered" | "journal-cut-unsynced" | "journal-cut" => {
            Way::Start
        }
        "journal-before-release" | "journal-released" => Way::Seldom,
        "assembler-drained" => Way::Stop,
        "index-expired" => Way::Old,
        "vault-set-aside" => Way::Damage,
        "journal-reviving" | "journal-revived" | "index-revived" => Way::FullDisk,
        _ => Way::Traffic,
    }
}

/// The names in the table at the head of the pipeline.
fn of_the_pipeline() -> Vec<String> {
    let file = repository().join("services/server/pipeline/mod.rs");
    let text = std::fs::read_to_string(file).expect("a source");
    let rows = text.lines().filter_map(|line| line.strip_prefix("//! | `"));
    let names = rows.filter_map(|row| row.split_once('`'));
    names.map(|(name, _)| name.to_owned()).collect()
}

fn points() -> Vec<String> {
    let journal = whymid_journal::FAIL_POINTS.map(str::to_owned);
    journal.into_iter().chain(of_the_pipeline()).collect()
}

/// A service that dies when it comes by the point for the `nth` time; whatever it keeps is small.
fn doomed(point: &str, nth: u64) -> Setup {
    let mut setup = frugal();
    let points = format!("{point}={}*off->return", nth - 1);
    setup.environment.push(("FAILPOINTS", points));
    setup
}

fn frugal() -> Setup {
    let environment = vec![
        ("WHYMID_TEST_SEGMENT_BYTES", (32 << 10).to_string()),
        ("WHYMID_TEST_MEMORY_BYTES", (1 << 20).to_string()),
    ];
    Setup {
        config: "[retention]\nraw_size = \"64 KiB\"\n".to_owned(),
        environment,
        ..Setup::default()
    }
}

/// A data folder over many deaths.
struct World {
    folder: Arc<TempDir>,
    book: Arc<Book>,
    dice: Dice,
    /// What was sent and not looked at since.
    unchecked: Vec<Stream>,
}

impl World {
    fn on(folder: Arc<TempDir>, dice: &mut Dice) -> Self {
        Self {
            folder,
            book: Arc::new(Book::default()),
            dice: dice.another(),
            unchecked: Vec::new(),
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Lives until it dies, under traffic; looks first at what the one before has left. `None` if
    /// it does not die.
    fn dies(&mut self, setup: &Setup, name: &str) -> Option<Fallen> {
        self.dies_while(setup, name, |_| {})
    }

    /// The same, with something else that happens once lines come in.
    fn dies_while(
        &mut self,
        setup: &Setup,
        name: &str,
        meanwhile: impl FnOnce(&Service),
    ) -> Option<Fallen> {
        let service = match Service::try_on(Arc::clone(&self.folder), setup.clone()) {
            Ok(service) => service,
            Err(fallen) => return Some(fallen),
        };
        if reckoning::read_again(&service).is_some()
            && reckoning::around_the_cuts(&service, &self.book, &self.unchecked)
        {
            self.unchecked.clear();
        }
        let before = self.book.streams().len();
        let traffic = Traffic::start(&service, &self.book, PLAN, name, &mut self.dice);
        meanwhile(&service);
        let fallen = service.falls(WITHIN);
        traffic.stop();
        self.unchecked.extend(self.book.streams().split_off(before));
        fallen
    }

    /// Everything is there, and after a clean stop nothing need be read again.
    fn reckon(self, setup: Setup) {
        self.book.close();
        let service = Service::on(Arc::clone(&self.folder), setup);
        reckoning::read_again(&service).expect("it runs");
        let service = service.restart();
        assert_eq!(service.lines("replayed"), 0, "a clean stop wrote it all");
        let found = reckoning::everything_and_nothing_else(&service, &self.book);
        println!("{found:?}");
    }
}

/// It died as it was told to, and had nothing else to complain of.
#[track_caller]
fn died_of(fallen: Option<Fallen>, point: &str, nth: u64) {
    let fallen = fallen.unwrap_or_else(|| panic!("{point} was not reached {nth} times"));
    let log = &fallen.log;
    assert!(!log.contains("panicked at"), "{point} {nth}:\n{log}");
    let status = fallen.status;
    assert_eq!(status.code(), None, "{point} {nth}: {status}\n{log}");
}

fn times(way: Way, dice: &mut Dice) -> Vec<u64> {
    let all: &[u64] = match way {
        Way::Start | Way::Stop | Way::Old | Way::Damage | Way::FullDisk => &[1],
        Way::Seldom => &[1, 2],
        Way::Traffic => &[1, 2, 3, 5, 9],
    };
    if std::env::var_os("WHYMID_LONG").is_some() {
        return all.to_vec();
    }
    vec![*dice.one_of(all)]
}

#[test]
fn every_fail_point_is_in_a_table_and_is_called_once() {
    let named = of_the_pipeline();
    let folders = ["services/server/pipeline", "services/store/src"];
    let sources = folders.map(|folder| repository().join(folder)).map(text_of);
    let text = sources.concat();
    for name in &named {
        let called = text.matches(&format!("point(\"{name}\")")).count();
        let written_out = text.matches(&format!("fail_point!(\"{name}\",")).count();
        assert_eq!(called + written_out, 1, "{name}");
    }
    let called = text.matches("point(\"").count() + text.matches("fail_point!(\"").count();
    assert_eq!(called, named.len(), "one is called that is in no table");
    assert_eq!(named.iter().collect::<BTreeSet<_>>().len(), named.len());
}

/// All sources of a folder and of those in it.
fn text_of(folder: PathBuf) -> String {
    let entries = std::fs::read_dir(folder).expect("a folder of sources");
    entries
        .map(|entry| entry.expect("an entry").path())
        .map(|path| match path.is_dir() {
            true => text_of(path),
            false => std::fs::read_to_string(path).expect("text"),
        })
        .collect()
}

/// Whether the binary under test can be made to die; said where it can't.
fn can_die() -> bool {
    if !is_for_tests() {
        println!("SKIPPED: a binary that was built without fail points can't be made to die");
    }
    is_for_tests()
}

#[test]
fn wherever_it_dies_under_traffic_everything_accepted_is_there_once() {
    if !can_die() {
        return;
    }
    let mut dice = Dice::cast("fail points");
    let mut world = World::on(Arc::new(TempDir::new().expect("a folder")), &mut dice);
    let mut deaths = Vec::new();
    for point in points() {
        if matches!(
            way(&point),
            Way::Traffic | Way::Seldom | Way::Start | Way::Stop
        ) {
            let times = times(way(&point), &mut dice);
            deaths.extend(times.into_iter().map(|nth| (point.clone(), nth)));
        }
    }
    dice.shuffle(&mut deaths);
    // something must be there for the first one to come by
    deaths.insert(0, ("index-committed".to_owned(), 2));
    let mut not_reached = Vec::new();
    for (point, nth) in &deaths {
        let name = format!("{point} {nth}");
        let terminate = |service: &Service| {
            if way(point) == Way::Stop {
                service.terminate();
            }
        };
        match world.dies_while(&doomed(point, *nth), &name, terminate) {
            None => not_reached.push(name),
            fallen => died_of(fallen, point, *nth),
        }
    }
    assert_eq!(not_reached, Vec::<String>::new(), "not reached");
    println!("{} deaths", deaths.len());
    world.reckon(frugal());
}

#[test]
fn dead_while_old_records_are_removed_it_has_removed_none() {
    if !can_die() {
        return;
    }
    let mut dice = Dice::cast("index-expired");
    let mut world = World::on(Arc::new(TempDir::new().expect("a folder")), &mut dice);
    died_of(
        world.dies(&doomed("index-told", 2), "before"),
        "index-told",
        2,
    );
    let mut setup = doomed("index-expired", 1);
    setup.config = "[retention]\nrecords = \"1s\"\n".to_owned();
    let every = ("WHYMID_TEST_EXPIRE_MS", "200".to_owned());
    setup.environment.push(every);
    died_of(world.dies(&setup, "expiring"), "index-expired", 1);
    world.reckon(frugal());
}

#[test]
fn dead_while_a_damaged_raw_segment_is_set_aside_it_has_every_record() {
    if !can_die() {
        return;
    }
    let mut dice = Dice::cast("vault-set-aside");
    let mut world = World::on(Arc::new(TempDir::new().expect("a folder")), &mut dice);
    let packing = doomed("vault-part-written", 1);
    died_of(world.dies(&packing, "packing"), "vault-part-written", 1);
    damage_a_plain_segment(&world.data().join("journal/raw"));
    let aside = doomed("vault-set-aside", 1);
    died_of(world.dies(&aside, "setting aside"), "vault-set-aside", 1);
    world.reckon(frugal());
}

/// Turns a byte in the middle of one over.
fn damage_a_plain_segment(raw: &Path) {
    let files = std::fs::read_dir(raw).expect("raw segments");
    let mut files: Vec<PathBuf> = files.map(|file| file.expect("a file").path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "wlog"));
    files.sort();
    let plain = files.first().expect("a plain raw segment");
    let mut bytes = std::fs::read(plain).expect("its bytes");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xff;
    std::fs::write(plain, bytes).expect("it can be written");
}

#[test]
fn dead_while_the_journal_comes_back_from_a_full_disk_it_has_everything() {
    if !can_die() {
        return;
    }
    let mut dice = Dice::cast("full under the journal");
    for (point, makes_room) in [("journal-reviving", false), ("journal-revived", true)] {
        let Some(mount) = Mount::small(48) else {
            return;
        };
        let mut world = World::on(mount.folder(), &mut dice);
        died_of(
            world.dies(&doomed("journal-told", 9), "before"),
            "journal-told",
            9,
        );
        let nth = if makes_room { 1 } else { dice.between(1, 2) };
        // with much memory nothing is written for a while, and so nothing leaves the journal
        let mut setup = doomed(point, nth);
        setup
            .environment
            .retain(|(name, _)| !name.contains("MEMORY"));
        let mut ballast = None;
        let fallen = world.dies_while(&setup, point, |service| {
            ballast = Some(Ballast::leaving(&mount, 300));
            if makes_room {
                service.eventually("no room", || {
                    service.log().contains("the journal failed").then_some(())
                });
                ballast.take().into_iter().for_each(Ballast::remove);
            }
        });
        ballast.into_iter().for_each(Ballast::remove);
        died_of(fallen, point, nth);
        world.reckon(frugal());
    }
}

#[test]
fn dead_when_the_index_comes_back_from_a_full_disk_it_has_everything() {
    if !can_die() {
        return;
    }
    let mut dice = Dice::cast("full under the index");
    let folder = Arc::new(TempDir::new().expect("a folder"));
    let mut world = World::on(Arc::clone(&folder), &mut dice);
    // it makes its folder
    drop(Service::on(Arc::clone(&folder), frugal()).ready());
    let Some(mount) = Mount::over(&world.data().join("index"), 32) else {
        return;
    };
    let ballast = Ballast::leaving(&mount, 100);
    let nth = dice.between(1, 2);
    let setup = doomed("index-revived", nth);
    died_of(world.dies(&setup, "no room"), "index-revived", nth);
    ballast.remove();
    world.reckon(frugal());
}
