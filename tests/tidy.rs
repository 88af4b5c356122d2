//! The house rules that the compiler can't hold (`services/README.md`, "The house").
//!
//! Everything is read as text, from the repository's folder. A rule that fails names every place
//! at once.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use toml::Table;

/// The rooms, each after those that it may depend on.
const ROOMS: [&str; 9] = [
    "schemas",
    "syslog",
    "mailflow",
    "diagnosis",
    "journal",
    "store",
    "ticketing",
    "api",
    "server",
];

/// What may stand at the top, besides dot-files.
const TOP: [&str; 11] = [
    "Cargo.toml",
    "Cargo.lock",
    "services",
    "schemas",
    "kb",
    "tests",
    "openapi.yaml",
    "README.md",
    "LICENSE",
    "CHANGELOG.md",
    "SECURITY.md",
];

/// Made by building or running, and never committed.
const MADE: [&str; 2] = ["target", "whymid-data"];

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below a folder, in order.
fn files(below: &str) -> Vec<PathBuf> {
    fn walk(folder: &Path, into: &mut Vec<PathBuf>) {
        let Ok(entries) = std::fs::read_dir(folder) else {
            return;
        };
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            if path.is_dir() {
                walk(&path, into);
            } else {
                into.push(path);
            }
        }
    }
    let mut all = Vec::new();
    walk(&repository().join(below), &mut all);
    all
}

/// Every Rust file of ours, with its text; the path is relative to the repository.
fn sources() -> Vec<(String, String)> {
    let all = ["services", "schemas", "tests"].into_iter().flat_map(files);
    let rust = all.filter(|path| path.extension().is_some_and(|ending| ending == "rs"));
    rust.map(|path| (shown(&path), text(&path))).collect()
}

fn shown(path: &Path) -> String {
    path.strip_prefix(repository())
        .unwrap_or(path)
        .display()
        .to_string()
}

fn text(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).expect("a file of the repository")).into_owned()
}

/// The lines of a source that hold a word and are no comment, as `path:line`.
fn naming(source: &(String, String), word: &str) -> Vec<String> {
    let (path, text) = source;
    let lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim_start().starts_with("//"));
    let named = lines.filter(|(_, line)| holds_word(line, word));
    named
        .map(|(number, _)| format!("{path}:{}: {word}", number + 1))
        .collect()
}

/// Whether `word` stands in the line and is not the end of a longer name.
fn holds_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|letter| letter.is_alphanumeric() || letter == '_')
    })
}

#[track_caller]
fn none(rule: &str, broken: &[String]) {
    assert!(broken.is_empty(), "{rule}:\n  {}", broken.join("\n  "));
}

#[test]
fn every_source_opens_with_what_it_is_for() {
    let mut broken = Vec::new();
    for (path, text) in sources() {
        if !text.lines().take(3).any(|line| line.starts_with("//!")) {
            broken.push(path);
        }
    }
    none(
        "a file opens with `//!` within its first three lines",
        &broken,
    );
}

#[test]
fn no_source_is_longer_than_500_lines() {
    let long = sources()
        .into_iter()
        .map(|(path, text)| (path, text.lines().count()));
    let long: Vec<String> = long
        .filter(|(_, lines)| *lines > 500)
        .map(|(path, lines)| format!("{path}: {lines}"))
        .collect();
    none("a file is read in one go: split these", &long);
}

#[test]
fn no_source_is_unfinished_or_skipped() {
    // spelled in two halves, so that this file does not name them
    let words = [
        ("todo", "!"),
        ("unimplemented", "!"),
        ("dbg", "!"),
        ("#[ig", "nore"),
    ];
    let words = words.map(|(head, tail)| format!("{head}{tail}"));
    let mut broken = Vec::new();
    for source in sources() {
        let found = words.iter().flat_map(|word| {
            let lines = source
                .1
                .lines()
                .enumerate()
                .filter(|(_, line)| holds_word(line, word));
            lines
                .map(|(number, _)| format!("{}:{}: {word}", source.0, number + 1))
                .collect::<Vec<_>>()
        });
        broken.extend(found);
    }
    none("nothing unfinished, nothing skipped silently", &broken);
}

/// Sources and manifests outside one room that name a library.
fn named_outside(library: &str, room: &str) -> Vec<String> {
    let own = format!("services/{room}/");
    let ours = |path: &str| path.starts_with(&own) || path == "tests/tidy.rs";
    let mut broken: Vec<String> = sources()
        .iter()
        .filter(|source| !ours(&source.0))
        .flat_map(|source| naming(source, library))
        // the log filter names libraries as a text: what is logged is the server's business
        .filter(|place| !place.starts_with("services/server/main.rs"))
        .collect();
    for (room, manifest) in manifests() {
        let path = manifest_path(&room);
        if !ours(&path) {
            let named = dependencies(&manifest)
                .into_iter()
                .filter(|name| name.starts_with(library));
            broken.extend(named.map(|name| format!("{path}: {name}")));
        }
    }
    broken
}

#[test]
fn only_the_store_names_tantivy() {
    none(
        "Tantivy ends at services/store",
        &named_outside("tantivy", "store"),
    );
}

#[test]
fn only_the_api_names_actix() {
    none("actix ends at services/api", &named_outside("actix", "api"));
}

#[test]
fn only_the_servers_clock_asks_what_time_it_is() {
    let mut broken = Vec::new();
    for source in sources()
        .iter()
        .filter(|source| !source.0.starts_with("tests/"))
    {
        if source.0 != "services/server/clock.rs" {
            for word in [
                "Timestamp::now",
                "SystemTime",
                "Utc::now",
                "Zoned::now",
                "Local::now",
            ] {
                broken.extend(naming(source, word));
            }
        }
        if !source.0.starts_with("services/server/") {
            broken.extend(naming(source, "Instant"));
        }
    }
    none("the clock is handed in (services/server/clock.rs)", &broken);
}

fn manifest_path(room: &str) -> String {
    match room {
        "server" => "Cargo.toml".to_owned(),
        "schemas" => "schemas/Cargo.toml".to_owned(),
        _ => format!("services/{room}/Cargo.toml"),
    }
}

/// The manifest of each room that is there.
fn manifests() -> Vec<(String, Table)> {
    let rooms = ROOMS
        .iter()
        .map(|room| (*room, repository().join(manifest_path(room))));
    let there = rooms.filter(|(_, path)| path.exists());
    there
        .map(|(room, path)| {
            (
                room.to_owned(),
                text(&path).parse().expect("a manifest is TOML"),
            )
        })
        .collect()
}

/// What a manifest depends on for its own code; the workspace's table is no dependency.
fn dependencies(manifest: &Table) -> Vec<String> {
    let tables = ["dependencies", "dev-dependencies", "build-dependencies"];
    let tables = tables
        .into_iter()
        .filter_map(|table| manifest.get(table)?.as_table());
    tables.flat_map(|table| table.keys().cloned()).collect()
}

/// A crate of the tests.
const GENERATOR: &str = "whymid-generator";

fn is_for_use(manifest: &Table, dependency: &str) -> bool {
    let table = manifest
        .get("dependencies")
        .and_then(|table| table.as_table());
    table.is_some_and(|table| table.contains_key(dependency))
}

#[test]
fn a_room_depends_only_on_rooms_above_it() {
    let mut broken = Vec::new();
    for (room, manifest) in manifests() {
        let own = ROOMS
            .iter()
            .position(|known| *known == room)
            .expect("a room");
        for dependency in dependencies(&manifest) {
            let Some(other) = dependency.strip_prefix("whymid-") else {
                continue;
            };
            match ROOMS.iter().position(|known| *known == other) {
                // tests may try a room on invented logs; the generator knows no room
                None if dependency == GENERATOR && !is_for_use(&manifest, GENERATOR) => {}
                Some(place) if place < own => {}
                Some(_) => broken.push(format!("{room} depends on {other}, which is not above it")),
                None => broken.push(format!("{room} depends on {dependency}, which is no room")),
            }
        }
    }
    none("the order of the rooms is schemas → … → server", &broken);
}

#[test]
fn every_room_of_the_workspace_has_its_place_in_the_order() {
    let root: Table = text(&repository().join("Cargo.toml"))
        .parse()
        .expect("TOML");
    let members = root["workspace"]["members"].as_array().expect("a list");
    let members = members.iter().filter_map(toml::Value::as_str);
    let strange: Vec<String> = members
        .filter(|member| !ROOMS.contains(&member.trim_start_matches("services/")))
        .filter(|member| *member != "tests/generator")
        .map(str::to_owned)
        .collect();
    none(
        "a new room gets its place in tests/tidy.rs and in the map",
        &strange,
    );
}

#[test]
fn no_source_reaches_into_another_room_by_path() {
    let mut broken = Vec::new();
    for (path, text) in sources().iter().filter(|(path, _)| path != "tests/tidy.rs") {
        for (number, line) in text.lines().enumerate() {
            if line.trim_start().starts_with("#[path") && line.contains("..") {
                broken.push(format!("{path}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    none(
        "a room uses another through its crate, never through its files",
        &broken,
    );
}

#[test]
fn every_article_is_there_in_both_languages() {
    let mut broken = Vec::new();
    for entry in std::fs::read_dir(repository().join("kb"))
        .expect("kb/")
        .flatten()
    {
        if entry.path().is_dir() {
            let missing = ["article.en.md", "article.ja.md", "rules.yaml"]
                .into_iter()
                .filter(|name| !entry.path().join(name).exists());
            broken.extend(missing.map(|name| format!("{}/{name}", shown(&entry.path()))));
        }
    }
    none("an article has its twin and its rules", &broken);
}

#[test]
fn the_top_level_holds_what_it_may_and_nothing_else() {
    let entries = std::fs::read_dir(repository())
        .expect("the repository")
        .flatten();
    let names: BTreeSet<String> = entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    let allowed = |name: &&String| {
        name.starts_with('.') || TOP.contains(&name.as_str()) || MADE.contains(&name.as_str())
    };
    let strange: Vec<String> = names
        .iter()
        .filter(|name| !allowed(name))
        .cloned()
        .collect();
    none("the product's owner fixed the top level", &strange);
}

fn is_documentation(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    a == 127 || [[192, 0, 2], [198, 51, 100], [203, 0, 113]].contains(&[a, b, c])
}

/// The domains behind an `@`; one of a mailbox has a dot in it.
fn mail_domains(line: &str) -> Vec<String> {
    let domain = |rest: &str| -> String {
        let length = rest
            .find(|letter: char| !letter.is_ascii_alphanumeric() && !"-.".contains(letter))
            .unwrap_or(rest.len());
        rest[..length].trim_end_matches('.').to_lowercase()
    };
    let domains = line
        .match_indices('@')
        .map(|(at, _)| domain(&line[at + 1..]));
    domains.filter(|domain| domain.contains('.')).collect()
}

#[test]
fn test_data_is_invented() {
    let data = files("tests/corpus").into_iter().chain(
        files("kb")
            .into_iter()
            .filter(|path| shown(path).contains("/examples/")),
    );
    let mut broken = Vec::new();
    for path in data.filter(|path| !shown(path).starts_with("tests/corpus/founding-document/")) {
        for (number, line) in text(&path).lines().enumerate() {
            let words = line.split(|letter: char| !letter.is_ascii_digit() && letter != '.');
            let addresses = words
                .filter_map(|word| word.trim_matches('.').parse().ok())
                .filter(|address: &Ipv4Addr| !is_documentation(*address))
                .map(|address| address.to_string());
            let domains = mail_domains(line)
                .into_iter()
                .filter(|domain| !domain.ends_with(".example") && domain != "example");
            broken.extend(
                addresses
                    .chain(domains)
                    .map(|what| format!("{}:{}: {what}", shown(&path), number + 1)),
            );
        }
    }
    none(
        "test data has documentation addresses and .example names only",
        &broken,
    );
}
