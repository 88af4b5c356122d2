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
    failed: AtomicBool,
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
            failed: AtomicBool::new(false),
            telemetry: Arc::clone(telemetry),
        })))
    }

    fn write(&self, entry: &AuditEntry) -> std::io::Result<()> {
        let mut line = serde_json::to_string(entry)?;
        if let Some(syslog) = &self.syslog {
            // RFC 5424: facility 13 (log audit), severity 6 (informational)
            let text = format!("<110>1 {} - whymid - audit - {line}", entry.at);
            syslog.send(text.as_bytes())?;
        }
        if let Some(file) = &self.file {
            line.push('\n');
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            file.append(line.as_bytes())?;
        }
        Ok(())
    }
}

impl Audit for AuditLog {
    fn note(&self, entry: &AuditEntry) {
        match self.write(entry) {
            Ok(()) => self.failed.store(false, Ordering::Relaxed),
            Err(error) => {
                self.telemetry
                    .count(&self.telemetry.failures, "room", "audit");
                if !self.failed.swap(true, Ordering::Relaxed) {
                    tracing::error!(%error, "the audit log can't be written; answers go on, and what is missing there is counted (whymid_failures_total)");
                }
            }
        }
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
}

impl AuditFile {
    fn open(path: &Path) -> std::io::Result<Self> {
        let mut options = OpenOptions::new();
        // what people searched for is for few eyes
        let open = options.append(true).create(true).mode(0o600).open(path)?;
        Ok(Self {
            path: path.to_owned(),
            open,
        })
    }

    fn append(&mut self, line: &[u8]) -> std::io::Result<()> {
        let held = self.open.metadata()?;
        let is_there = std::fs::metadata(&self.path)
            .is_ok_and(|found| (found.dev(), found.ino()) == (held.dev(), held.ino()));
        if !is_there {
            *self = Self::open(&self.path)?;
        }
        self.open.write_all(line)
    }
}
