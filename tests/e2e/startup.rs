//! Faults at the start: one clear line and an exit code, never a panic and never a half-started
//! service; and the configuration that says them all at once.

use std::net::{TcpListener, UdpSocket};

use tempfile::TempDir;

use crate::harness::{Ran, Service, whymid};

/// `whymid serve` on free ports and a folder of its own, with some of it replaced.
fn serve(replaced: &[(&str, &str)], more: &[&str]) -> Ran {
    let folder = TempDir::new().expect("a temporary folder");
    let data = folder.path().join("data").display().to_string();
    let mut arguments = vec!["serve"];
    let usual = [
        ("--http", "127.0.0.1:0"),
        ("--syslog-udp", "127.0.0.1:0"),
        ("--syslog-tcp", "127.0.0.1:0"),
        ("--data-dir", data.as_str()),
    ];
    for (flag, value) in usual {
        let value = replaced
            .iter()
            .find(|(name, _)| *name == flag)
            .map_or(value, |(_, value)| *value);
        arguments.extend([flag, value]);
    }
    arguments.extend(more);
    whymid(&arguments)
}

#[test]
fn an_unknown_flag_is_named_with_the_nearest_valid_one() {
    for (wrong, right) in [
        ("--htp", "--http"),
        ("--syslog-udb", "--syslog-udp"),
        ("--data-dri", "--data-dir"),
    ] {
        let ran = whymid(&["serve", wrong, "x"]).exits(2);
        assert!(
            ran.stderr.contains(wrong) && ran.stderr.contains(right),
            "{}",
            ran.stderr
        );
    }
    let ran = whymid(&["explan"]).exits(2);
    assert!(ran.stderr.contains("explain"), "{}", ran.stderr);
}

#[test]
fn an_unknown_key_is_named_with_the_nearest_valid_one_and_its_line() {
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("whymid.toml");
    std::fs::write(
        &file,
        "data_dri = \"x\"\n\n[syslog]\nudp_bufer = 1\n[http]\nlisten = \"nowhere\"\n",
    )
    .expect("a temporary file");
    let file = file.display().to_string();
    for ran in [
        whymid(&["config", "check", &file]),
        serve(&[], &["--config", &file]),
    ] {
        let told = ran.exits(1).stderr;
        for (line, wrong, right) in [
            (1, "data_dri", "data_dir"),
            (4, "udp_bufer", "udp_buffer"),
            (6, "http.listen", "127.0.0.1:5514"),
        ] {
            let at = format!("{file}:{line}: ");
            let fault = told
                .lines()
                .find(|told| told.contains(&at))
                .unwrap_or_else(|| panic!("no {at} in {told}"));
            assert!(fault.contains(wrong) && fault.contains(right), "{fault}");
        }
    }
}

#[test]
fn the_default_configuration_is_without_fault() {
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("whymid.toml");
    std::fs::write(&file, whymid(&["config", "default"]).exits(0).stdout)
        .expect("a temporary file");
    let ran = whymid(&["config", "check", &file.display().to_string()]).exits(0);
    assert!(ran.stdout.contains("no faults"), "{}", ran.stdout);
}

#[test]
fn a_configuration_file_that_is_not_there_is_one_clear_line() {
    let ran = serve(&[], &["--config", "/nowhere/whymid.toml"]).exits(1);
    assert!(
        ran.one_line().contains("/nowhere/whymid.toml"),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_port_in_use_is_one_clear_line() {
    let tcp = TcpListener::bind("127.0.0.1:0").expect("a port");
    let tcp = tcp
        .local_addr()
        .map(|address| (tcp, address.to_string()))
        .expect("an address");
    let udp = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let udp = udp
        .local_addr()
        .map(|address| (udp, address.to_string()))
        .expect("an address");
    for (flag, address) in [
        ("--http", &tcp.1),
        ("--syslog-tcp", &tcp.1),
        ("--syslog-udp", &udp.1),
    ] {
        let ran = serve(&[(flag, address)], &[]).exits(1);
        let line = ran.one_line();
        assert!(line.contains(address) && line.contains(flag), "{line}");
        assert!(line.contains("in use"), "{line}");
        assert_eq!(
            ran.stdout, "",
            "a service that can't start says nowhere that it listens"
        );
    }
}

#[test]
fn a_folder_that_cannot_be_written_is_one_clear_line() {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    let below = file.path().join("data").display().to_string();
    for folder in [below.as_str(), "/proc/whymid"] {
        let ran = serve(&[("--data-dir", folder)], &[]).exits(1);
        assert!(ran.one_line().contains(folder), "{}", ran.stderr);
    }
}

#[test]
fn a_folder_that_another_service_holds_is_one_clear_line() {
    let service = Service::start();
    let folder = service.data().display().to_string();
    let ran = serve(&[("--data-dir", &folder)], &[]).exits(1);
    assert!(ran.one_line().contains(&folder), "{}", ran.stderr);
    service.get("/readyz").is(200);
}

#[test]
fn a_stop_in_the_first_moment_is_a_clean_stop() {
    let temporary = TempDir::new().expect("a temporary folder");
    let data = temporary.path().join("data").display().to_string();
    let (mut process, _) = Service::bare(&["--data-dir", &data], temporary.path());
    let status = process.terminate().expect("the service stops");
    assert_eq!(
        status.code(),
        Some(0),
        "{status}: who reads where it listens may stop it"
    );
}

#[test]
fn http_on_more_than_loopback_without_a_token_is_refused() {
    let ran = serve(&[("--http", "0.0.0.0:0")], &[]).exits(1);
    let line = ran.one_line();
    for told in ["0.0.0.0", "whymid token new", "--insecure-no-auth"] {
        assert!(line.contains(told), "{line}");
    }
}

#[test]
fn the_bound_addresses_are_printed_and_told_by_the_status() {
    let service = Service::start();
    let status = service.get("/v1/status").is(200).json();
    let listeners = status["listeners"].as_array().expect("a list");
    let addresses = [
        ("http", service.http),
        ("syslog-udp", service.udp),
        ("syslog-tcp", service.tcp),
    ];
    for (name, address) in addresses {
        let listener = listeners
            .iter()
            .find(|one| one["name"] == name)
            .expect("the listener");
        assert_eq!(listener["address"], address.to_string());
        assert!(
            service
                .stdout()
                .contains(&format!("listening {name} {address}\n")),
            "{}",
            service.stdout()
        );
    }
    assert_eq!(status["ready"], true);
    service.ask("/healthz", &[]).is(200);
}
