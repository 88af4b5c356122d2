//! The programs of `/docs`, each run as an integrator would, against a service that holds the founding
//! document's first session: it must print what its head says.

use std::process::Command;

use regex::Regex;

use crate::harness::{Service, founding_lines, repository};

/// The programs, by their files.
fn programs() -> Vec<std::path::PathBuf> {
    let folder = repository().join("services/api/docs");
    let files = std::fs::read_dir(folder).expect("a folder");
    let files = files.map(|file| file.expect("a file").path());
    // those of `/docs/integrations` have a folder and a test of their own
    let mut files: Vec<_> = files.filter(|file| file.is_file()).collect();
    files.sort();
    files
}

#[test]
fn every_program_of_the_docs_prints_what_it_says() {
    let service = Service::start();
    let lines = founding_lines().join("\n");
    let headers = [("Content-Type", "application/octet-stream")];
    let path = "/v1/lines?lane=archive&appliance=esa1";
    service.post(path, &headers, lines).is(202);
    service.diagnosed(1404, "receiving-aborted-connection-lost");
    let programs = programs();
    assert_eq!(programs.len(), 10);
    let docs = service.get("/docs").is(200).body;
    for program in programs {
        let text = std::fs::read_to_string(&program).expect("a program");
        let expected = text
            .lines()
            .find_map(|line| line.strip_prefix("# expect: "));
        let expected = Regex::new(expected.expect("what it prints")).expect("a pattern");
        let name = program.file_name().expect("a name").to_string_lossy();
        assert!(docs.contains(&*name), "{name} is not on the page");
        let folder = service.scratch().join(&*name);
        std::fs::create_dir(&folder).expect("a folder");
        let interpreter = if name.ends_with(".py") {
            "python3"
        } else {
            "bash"
        };
        let ran = Command::new(interpreter)
            .arg(&program)
            .current_dir(&folder)
            .env("WHYMID", format!("http://{}", service.http))
            .env_remove("WHYMID_TOKEN")
            .output()
            .expect("an interpreter");
        let printed = String::from_utf8_lossy(&ran.stdout);
        let told = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "{name}: {told}{printed}");
        assert!(expected.is_match(&printed), "{name} printed:\n{printed}");
    }
}
