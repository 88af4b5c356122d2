//! What is published is written from code: a difference is mended in the file, and the test fails
//! so that somebody looks at it.

use std::path::Path;

use crate::harness::{repository, whymid};

/// Compares a file with what the code says; rewrites it where they differ.
fn differs(path: &Path, code: &str) -> bool {
    if std::fs::read_to_string(path).ok().as_deref() == Some(code) {
        return false;
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).expect("the repository can be written");
    }
    std::fs::write(path, code).expect("the repository can be written");
    true
}

#[test]
fn openapi_yaml_is_the_document_that_the_binary_prints() {
    let path = repository().join("openapi.yaml");
    let document = whymid(&["openapi"]).exits(0).stdout;
    assert!(
        document.starts_with("openapi: 3.1"),
        "{}",
        document.lines().next().unwrap_or_default()
    );
    assert!(
        !differs(&path, &document),
        "openapi.yaml differed and was rewritten; look at it and keep it"
    );
}

#[test]
fn the_manual_page_is_the_one_that_the_binary_prints() {
    let path = repository().join("services/server/package/whymid.1");
    let page = whymid(&["man"]).exits(0).stdout;
    assert!(
        page.contains("WHYMID SERVE") && page.contains("syslog"),
        "{page}"
    );
    assert!(
        !differs(&path, &page),
        "whymid.1 differed and was rewritten; look at it and keep it"
    );
}

/// What the package is made of is there, and its unit calls the service as it is called.
#[test]
fn the_package_holds_files_that_are_there_and_a_unit_that_starts_the_service() {
    let text = std::fs::read_to_string(repository().join("Cargo.toml")).expect("a manifest");
    let manifest: toml::Table = text.parse().expect("TOML");
    let assets = manifest["package"]["metadata"]["deb"]["assets"].as_array();
    for asset in assets.expect("assets") {
        let path = asset[0].as_str().expect("a path");
        let is_built = path.starts_with("target/");
        assert!(is_built || repository().join(path).exists(), "{path}");
    }
    let unit = repository().join("services/server/package/whymid.service");
    let unit = std::fs::read_to_string(unit).expect("a unit");
    let start = unit
        .lines()
        .find_map(|line| line.strip_prefix("ExecStart=/usr/bin/whymid "));
    let words: Vec<&str> = start.expect("a command").split(' ').collect();
    let help = whymid(&[words[0], "--help"]).exits(0).stdout;
    for flag in words.iter().filter(|word| word.starts_with("--")) {
        assert!(help.contains(flag), "{flag} is not in {help}");
    }
    // the configuration that is installed has no fault
    let config = "services/server/config/default.toml";
    whymid(&["config", "check", config]).exits(0);
}

#[test]
fn the_json_schemas_are_those_of_the_published_shapes() {
    let folder = repository().join("schemas/json");
    let schemas = whymid_api::json_schemas();
    assert!(!schemas.is_empty(), "no shape is published");
    let mut changed = Vec::new();
    for (name, schema) in &schemas {
        if differs(&folder.join(format!("{name}.schema.json")), schema) {
            changed.push(*name);
        }
    }
    assert!(
        changed.is_empty(),
        "schemas/json differed and was rewritten: {changed:?}; look at it and keep it"
    );
    let files = std::fs::read_dir(&folder).expect("the folder was just written");
    let files = files.map(|file| {
        file.expect("an entry")
            .file_name()
            .to_string_lossy()
            .into_owned()
    });
    let strangers: Vec<String> = files
        .filter(|file| {
            !schemas
                .iter()
                .any(|(name, _)| *file == format!("{name}.schema.json"))
        })
        .collect();
    assert!(
        strangers.is_empty(),
        "schemas/json holds what no shape stands for: {strangers:?}"
    );
}
