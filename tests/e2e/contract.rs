//! The contract against the running service: schemathesis makes thousands of calls from `openapi.yaml`,
//! right and wrong ones; no answer may be a 5xx or other than the document says.

use std::process::Command;

use regex::Regex;

use crate::harness::{Service, founding_lines, repository};

#[test]
fn thousands_of_calls_made_from_the_document_are_answered_as_it_says() {
    let service = Service::start();
    let headers = [("Content-Type", "application/octet-stream")];
    let path = "/v1/lines?lane=archive&appliance=esa1";
    let lines = founding_lines().join("\n");
    service.post(path, &headers, lines).is(202);
    service.diagnosed(1404, "receiving-aborted-connection-lost");
    let schemathesis = repository().join("target/venv/bin/schemathesis");
    assert!(schemathesis.exists(), "`tests/run` installs schemathesis");
    let ran = Command::new(schemathesis)
        .current_dir(service.scratch())
        .arg("run")
        .arg(repository().join("openapi.yaml"))
        .args(["--url", &format!("http://{}", service.http)])
        .args(["--phases", "examples,coverage,fuzzing", "--max-examples", "60"])
        .args(["--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"])
        // the same calls each time: a failure is of the change that is tested
        .args(["--seed", "118295"])
        // one at a time: threads that parse at once trip over each other in CPython 3.11 ("AST
        // constructor recursion depth mismatch")
        .args(["--suppress-health-check", "all", "--workers", "1", "--no-color"])
        .output()
        .expect("schemathesis runs");
    let told = String::from_utf8_lossy(&ran.stdout);
    assert!(
        ran.status.success(),
        "{told}\n{}",
        String::from_utf8_lossy(&ran.stderr)
    );
    let cases = Regex::new(r"(\d+) generated").expect("a pattern");
    let cases = cases
        .captures(&told)
        .and_then(|found| found[1].parse::<u32>().ok());
    assert!(
        cases.is_some_and(|cases| cases >= 2_000),
        "{cases:?} cases: {told}"
    );
}
