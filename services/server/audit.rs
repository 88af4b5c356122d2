//! Who did what, as lines of JSON: to a file of its own, to syslog, or both.
//!
//! Invariants: one entry is one line, whatever strangers wrote into it; a file that was moved away
//! (logrotate) is begun anew; an entry that can't be written is counted, and told once, until one
//! can be again.
//!
//! Not here: what is written down (`services/api/src/audit.rs`).

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::net::{SocketAddr, UdpSocket};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use whymid_api::{Audit, AuditEntry};

use crate::telemetry::Telemetry;

/// Where entries go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditSettings {
    /// A file, appended to.
    pub file: Option<PathBuf>,
    /// A syslog server, over UDP.
    pub syslog: Option<SocketAddr>,
}

/// Writes entries.
#[derive(Debug)]
pub struct AuditLog {
    file: Option<Mutex<AuditFile>>,
    syslog: Option<UdpSocket>,
    /// The file, the syslog server.
    failed: [AtomicBool; 2],
    telemetry: Arc<Telemetry>,
}

impl AuditLog {
    /// Opens what is asked for; `None` where nothing is.
    ///
    /// # Errors
    /// When the file can't be opened, or no datagram can be sent there.
    pub fn open(
        settings: &AuditSettings,
        telemetry: &Arc<Telemetry>,
    ) -> anyhow::Result<Option<Arc<Self>>> {
        if *settings == AuditSettings::default() {
            return Ok(None);
        }
        let file = settings.file.as_deref().map(|path| {
            AuditFile::open(path)
                .with_context(|| format!("failed to open {} (audit.file)", path.display()))
        });
        let syslog = settings.syslog.map(|to| {
            connected(to).with_context(|| format!("failed to send to {to} (audit.syslog)"))
        });
        Ok(Some(Arc::new(Self {
            file: file.transpose()?.map(Mutex::new),
            syslog: syslog.transpose()?,
            failed: [AtomicBool::new(false), AtomicBool::new(false)],
            telemetry: Arc::clone(telemetry),
        })))
    }

    fn append(&self, line: &str) -> std::io::Result<()> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
        file.append(line)
    }

    fn send(&self, entry: &AuditEntry, line: &str) -> std::io::Result<()> {
        let Some(syslog) = &self.syslog else {
            return Ok(());
        };
        // RFC 5424: facility 13 (log audit), severity 6 (informational); six digits at most
        let text = format!("<110>1 {:.6} - whymid - audit - {line}", entry.at);
        syslog.send(text.as_bytes()).map(|_| ())
    }

    /// Counts what could not be written there; says so once, until it can be again.
    fn tell(&self, done: std::io::Result<()>, failed: &AtomicBool, place: &str) {
        match done {
            Ok(()) => failed.store(false, Ordering::Relaxed),
            Err(error) => {
                self.telemetry
                    .count(&self.telemetry.failures, "room", "audit");
                if !failed.swap(true, Ordering::Relaxed) {
                    tracing::error!(%error, place, "the audit log can't be written there; answers go on, and what is missing is counted (whymid_failures_total)");
                }
            }
        }
    }
}

impl Audit for AuditLog {
    fn note(&self, entry: &AuditEntry) {
        let Ok(line) = serde_json::to_string(entry) else {
            return;
        };
        let [file_failed, syslog_failed] = &self.failed;
        self.tell(self.append(&line), file_failed, "file");
        self.tell(self.send(entry, &line), syslog_failed, "syslog");
    }
}

fn connected(to: SocketAddr) -> std::io::Result<UdpSocket> {
    let any: SocketAddr = if to.is_ipv4() {
        ([0; 4], 0).into()
    } else {
        ([0_u16; 8], 0).into()
    };
    let socket = UdpSocket::bind(any)?;
    socket.connect(to)?;
    Ok(socket)
}

/// A file that is appended to where its path leads.
#[derive(Debug)]
struct AuditFile {
    path: PathBuf,
    open: File,
    /// A line was cut short: the next one begins anew.
    torn: bool,
}

impl AuditFile {
    fn open(path: &Path) -> std::io::Result<Self> {
        let mut options = OpenOptions::new();
        // what people searched for is for few eyes
        let open = options.append(true).create(true).mode(0o600).open(path)?;
        Ok(Self {
            path: path.to_owned(),
            open,
            torn: false,
        })
    }

    fn append(&mut self, line: &str) -> std::io::Result<()> {
        let held = self.open.metadata()?;
        let is_there = std::fs::metadata(&self.path)
            .is_ok_and(|found| (found.dev(), found.ino()) == (held.dev(), held.ino()));
        if !is_there {
            *self = Self::open(&self.path)?;
        }
        let anew = if self.torn { "\n" } else { "" };
        self.torn = true;
        self.open.write_all(format!("{anew}{line}\n").as_bytes())?;
        self.torn = false;
        Ok(())
    }
}
