//! `serve --demo`: a newcomer sees answers, and nothing stays behind.

use std::path::PathBuf;

use crate::harness::{Service, Setup};

#[test]
fn the_demo_shows_answers_and_says_what_to_try() {
    let service = Service::start_with(Setup {
        arguments: vec!["--demo"],
        ..Setup::default()
    });
    let lost = service.answer("mid=1404&appliance=esa1", |answer| {
        answer["diagnosis"]["id"] == "receiving-aborted-connection-lost"
    });
    assert_eq!(lost["diagnosis"]["custody"], "sender");
    service.diagnosed(1412, "receiving-aborted-by-sender");
    service.diagnosed(1414, "delivered-ok");
    let hints = service.stdout();
    for hint in [
        "logger -n",
        "curl",
        &service.http.to_string(),
        &format!("-P {}", service.udp.port()),
    ] {
        assert!(hints.contains(hint), "{hint} is not in the hints:\n{hints}");
    }
}

#[test]
fn a_service_without_the_demo_holds_no_sample_traffic() {
    let service = Service::start();
    let reply = service.get("/v1/why?mid=1404").is(404);
    let problem = reply.json();
    assert_eq!(problem["code"], "mid_unknown");
    assert_eq!(problem["answer"]["diagnosis"]["id"], "mid-unknown");
    assert_eq!(service.lines("received"), 0);
}

#[test]
fn the_demo_has_a_data_folder_of_its_own_and_takes_it_away() {
    let temporary = tempfile::TempDir::new().expect("a temporary folder");
    let (mut demo, http) = Service::bare(&["--demo"], temporary.path());
    Service::wait_until_ready(http);
    assert_eq!(
        folders(temporary.path()).len(),
        1,
        "the demo's data folder stands in the temporary folder"
    );
    let status = demo.terminate().expect("the demo stops");
    assert_eq!(status.code(), Some(0), "{}", demo.stderr.text());
    assert_eq!(folders(temporary.path()), Vec::<PathBuf>::new());
}

fn folders(within: &std::path::Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(within).expect("a folder");
    entries
        .map(|entry| entry.expect("an entry").path())
        .collect()
}
