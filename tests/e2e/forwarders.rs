//! Real forwarders in their own formats: rsyslog as a relay, util-linux `logger`.

use std::io::Write as _;
use std::net::SocketAddr;
use std::process::{Command, Stdio};

use crate::harness::{Forward, Rsyslog, Service, repository, sender_quit};

/// The founding document's sessions as lines of the appliance's own file (H10).
fn file_lines() -> Vec<String> {
    let text =
        std::fs::read_to_string(repository().join("tests/corpus/founding-document/input.log"));
    let text = text.expect("the corpus holds the founding document");
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

/// A relay wraps a file's lines into its own header (H8): the inner line's time counts.
fn relayed(format: &str, how: Forward) {
    let service = Service::start();
    let to = if how == Forward::Udp {
        service.udp
    } else {
        service.tcp
    };
    let lines = file_lines();
    let _rsyslog = Rsyslog::relay(&lines, format, how, to);
    service.all_handled(lines.len() as u64);
    for (mid, id) in [
        (1404, "receiving-aborted-connection-lost"),
        (1412, "receiving-aborted-by-sender"),
    ] {
        let answer = service.diagnosed(mid, id);
        let started = answer["message"]["started_at"].as_str().expect("a time");
        assert!(
            started.starts_with("2014-08-14T"),
            "the relay's time was taken: {started}"
        );
    }
    service.diagnosed(1_558_778, "receiving-aborted-inbound-timeout");
}

#[test]
fn rsyslogs_default_forward_format_is_read() {
    relayed("RSYSLOG_TraditionalForwardFormat", Forward::Tcp);
}

#[test]
fn rsyslogs_forward_format_with_iso_stamps_is_read() {
    relayed("RSYSLOG_ForwardFormat", Forward::Udp);
}

#[test]
fn rsyslogs_rfc_5424_format_is_read() {
    relayed("RSYSLOG_SyslogProtocol23Format", Forward::TcpOctetCounted);
}

/// Feeds lines to `logger`, one message each.
fn logger(to: SocketAddr, options: &[&str], bodies: &[String]) {
    let mut command = Command::new("logger");
    command.args([
        "-n",
        "127.0.0.1",
        "-P",
        &to.port().to_string(),
        "-p",
        "local4.info",
        "-t",
        "mail_logs",
    ]);
    let mut child = command
        .args(options)
        .stdin(Stdio::piped())
        .spawn()
        .expect("util-linux has logger");
    let text: String = bodies
        .iter()
        .map(|body| format!("Info: {body}\n"))
        .collect();
    child
        .stdin
        .take()
        .expect("piped")
        .write_all(text.as_bytes())
        .expect("logger reads");
    assert!(
        child.wait().expect("the child is ours").success(),
        "logger failed"
    );
}

#[test]
fn logger_is_read_over_udp_and_tcp_in_both_syslog_formats() {
    let service = Service::start();
    let ways: [(u64, SocketAddr, &[&str]); 6] = [
        (2101, service.udp, &["-d", "--rfc3164"]),
        (2102, service.udp, &["-d", "--rfc5424"]),
        (2103, service.tcp, &["-T", "--rfc3164"]),
        (2104, service.tcp, &["-T", "--rfc5424"]),
        (2105, service.tcp, &["-T", "--rfc3164", "--octet-count"]),
        (2106, service.tcp, &["-T", "--rfc5424", "--octet-count"]),
    ];
    let mut sent = 0;
    for (mid, to, options) in ways {
        let bodies: Vec<String> = sender_quit(mid, "probe@other.example")
            .0
            .into_iter()
            .map(|(_, body)| body)
            .collect();
        logger(to, options, &bodies);
        sent += bodies.len() as u64;
    }
    service.all_handled(sent);
    for (mid, _, options) in ways {
        let answer = service.diagnosed(mid, "receiving-aborted-by-sender");
        assert_eq!(
            answer["diagnosis"]["confidence"], "certain",
            "{options:?}: {answer}"
        );
        assert_eq!(
            answer["message"]["sender"], "probe@other.example",
            "{options:?}: {answer}"
        );
    }
    let appliances: Vec<String> = ways
        .iter()
        .map(|(mid, ..)| {
            service.get(&format!("/v1/why?mid={mid}")).json()["message"]["appliance"].to_string()
        })
        .collect();
    assert!(
        appliances.windows(2).all(|pair| pair[0] == pair[1]),
        "one host is one appliance: {appliances:?}"
    );
    assert!(
        !appliances[0].contains("mail_logs"),
        "a subscription's name is never a host: {appliances:?}"
    );
}
