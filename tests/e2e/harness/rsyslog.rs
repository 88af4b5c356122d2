//! A real rsyslog that forwards a file's lines to the service.
//!
//! Everything of it (configuration, state, pid file) is in a folder of its own; it is ended by the
//! id of the process that was started, never by name.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::Running;

/// How rsyslog forwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Forward {
    Udp,
    Tcp,
    TcpOctetCounted,
    /// Over TLS (RFC 5425) to a service whose certificate is for `whymid.example`, with the files
    /// `ca.pem`, `own.pem` and `own.key` of that folder.
    Tls(PathBuf),
}

impl Forward {
    fn parameters(&self) -> &'static str {
        match self {
            Self::Udp => r#"protocol="udp""#,
            Self::Tcp => r#"protocol="tcp""#,
            Self::TcpOctetCounted => r#"protocol="tcp" TCP_Framing="octet-counted""#,
            Self::Tls(_) => concat!(
                r#"protocol="tcp" TCP_Framing="octet-counted" StreamDriver="gtls" "#,
                r#"StreamDriverMode="1" StreamDriverAuthMode="x509/name" "#,
                r#"StreamDriverPermittedPeers="whymid.example" "#,
                r#"action.resumeInterval="1" action.resumeRetryCount="-1""#
            ),
        }
    }

    /// Where its certificates are.
    fn global(&self) -> String {
        let Self::Tls(folder) = self else {
            return String::new();
        };
        let folder = folder.display();
        format!(
            r#"global(DefaultNetstreamDriver="gtls" DefaultNetstreamDriverCAFile="{folder}/ca.pem" DefaultNetstreamDriverCertFile="{folder}/own.pem" DefaultNetstreamDriverKeyFile="{folder}/own.key")"#
        )
    }
}

/// A running rsyslog.
#[derive(Debug)]
pub(crate) struct Rsyslog {
    process: Running,
    _folder: TempDir,
}

impl Rsyslog {
    /// Forwards the lines as an appliance would push them: `<166>` and the line, untouched.
    pub(crate) fn push(lines: &[String], how: Forward, to: SocketAddr) -> Self {
        let template = r#"template(name="push" type="string" string="<166>%msg%")"#;
        Self::start(lines, template, "push", how, to)
    }

    /// Forwards the lines of a file under the tag `ESA:` in one of rsyslog's own formats.
    pub(crate) fn relay(lines: &[String], format: &str, how: Forward, to: SocketAddr) -> Self {
        Self::start(lines, "", format, how, to)
    }

    /// What it wrote to stderr so far.
    pub(crate) fn said(&self) -> String {
        self.process.stderr.text()
    }

    fn start(lines: &[String], template: &str, name: &str, how: Forward, to: SocketAddr) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let at = |name: &str| folder.path().join(name);
        let text: String = lines
            .iter()
            .flat_map(|line| [line.as_str(), "\n"])
            .collect();
        std::fs::write(at("mail.log"), text).expect("a temporary file");
        let config = config(folder.path(), template, name, &how, to);
        std::fs::write(at("rsyslog.conf"), config).expect("a temporary file");
        let mut command = Command::new("/usr/sbin/rsyslogd");
        command
            .arg("-n")
            .arg("-f")
            .arg(at("rsyslog.conf"))
            .arg("-i")
            .arg(at("rsyslogd.pid"));
        let mut process = Running::start(&mut command);
        assert!(
            process.ended().is_none(),
            "rsyslog ended at once:\n{}",
            process.stderr.text()
        );
        Self {
            process,
            _folder: folder,
        }
    }
}

impl Drop for Rsyslog {
    fn drop(&mut self) {
        let _ = self.process.terminate();
        if std::thread::panicking() {
            eprintln!("rsyslog said:\n{}", self.process.stderr.text());
        }
    }
}

fn config(folder: &Path, template: &str, name: &str, how: &Forward, to: SocketAddr) -> String {
    let (folder, global, how) = (folder.display(), how.global(), how.parameters());
    let (host, port) = (to.ip(), to.port());
    format!(
        r#"global(workDirectory="{folder}")
{global}
module(load="imfile")
{template}
input(type="imfile" File="{folder}/mail.log" Tag="ESA:" Severity="info" Facility="local4")
action(type="omfwd" target="{host}" port="{port}" {how} template="{name}")
"#
    )
}
