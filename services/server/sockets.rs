//! The listening sockets: bound, with their certificates, and told on stdout.
//!
//! Not here: who accepts on them (`listen.rs`, `services/api`).

use std::io::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use whymid_schemas::Listener;

use crate::config::Config;
use crate::telemetry::Telemetry;
use crate::tls::{Keyring, TlsFiles};
use crate::{demo, for_tests, listen};

/// The longest that whoever asked over HTTP may take nothing of the response.
const READER: Duration = Duration::from_secs(60);

/// The certificates, of the listeners that have one.
pub struct Keyrings {
    /// Of HTTPS.
    pub http: Option<Arc<Keyring>>,
    /// Of syslog over TLS.
    pub syslog: Option<Arc<Keyring>>,
}

impl Keyrings {
    /// Reads them.
    ///
    /// # Errors
    /// When one is missing or can't be read.
    pub fn open(config: &Config, telemetry: &Arc<Telemetry>) -> anyhow::Result<Self> {
        let open = |listener, files: &TlsFiles| {
            Keyring::open(listener, files.clone(), Arc::clone(telemetry))
                .with_context(|| format!("failed to read the certificate of {listener}"))
        };
        let syslog = match (config.syslog_tls, &config.syslog_tls_files) {
            (Some(_), Some(files)) => Some(open("syslog-tls", files)?),
            (Some(address), None) => anyhow::bail!(
                "syslog over TLS on {address} takes a certificate: set syslog.tls_certificate and syslog.tls_key in the configuration file"
            ),
            (None, _) => None,
        };
        let http = config.http_tls.as_ref();
        Ok(Self {
            http: http.map(|files| open("https", files)).transpose()?,
            syslog,
        })
    }

    /// All of them.
    pub fn all(&self) -> Vec<Arc<Keyring>> {
        [&self.http, &self.syslog]
            .into_iter()
            .flatten()
            .cloned()
            .collect()
    }
}

/// The bound sockets.
pub struct Sockets {
    /// HTTP or HTTPS.
    pub http: std::net::TcpListener,
    /// Syslog over UDP.
    pub udp: std::net::UdpSocket,
    /// Its receive buffer, bytes.
    pub udp_granted: usize,
    /// Syslog over TCP.
    pub tcp: std::net::TcpListener,
    /// Syslog over TLS.
    pub tls: Option<std::net::TcpListener>,
}

/// Binds what the configuration names.
///
/// # Errors
/// When one can't be bound.
pub fn bind(config: &Config) -> anyhow::Result<Sockets> {
    let failed = |what: &str, address: SocketAddr, key: &str| {
        format!("failed to listen for {what} on {address} (set another with {key})")
    };
    let patience = for_tests::number("WHYMID_TEST_READER_MS").map(Duration::from_millis);
    let http = listen::bind_http(config.http, patience.unwrap_or(READER))
        .with_context(|| failed("HTTP", config.http, "--http"))?;
    let (udp, udp_granted) = listen::bind_udp(config.syslog_udp, config.udp_buffer)
        .with_context(|| failed("syslog over UDP", config.syslog_udp, "--syslog-udp"))?;
    let tcp = listen::bind_tcp(config.syslog_tcp)
        .with_context(|| failed("syslog over TCP", config.syslog_tcp, "--syslog-tcp"))?;
    let tls = config.syslog_tls.map(|address| {
        listen::bind_tcp(address)
            .with_context(|| failed("syslog over TLS", address, "--syslog-tls"))
    });
    Ok(Sockets {
        http,
        udp,
        udp_granted,
        tcp,
        tls: tls.transpose()?,
    })
}

/// Prints the bound addresses, one line each, before anything else.
///
/// # Errors
/// When nobody can be told.
pub fn announce(sockets: &Sockets, keyrings: &Keyrings) -> anyhow::Result<Vec<Listener>> {
    let http = if keyrings.http.is_some() {
        "https"
    } else {
        "http"
    };
    let mut listeners = vec![
        (http, sockets.http.local_addr()?),
        ("syslog-udp", sockets.udp.local_addr()?),
        ("syslog-tcp", sockets.tcp.local_addr()?),
    ];
    if let Some(tls) = &sockets.tls {
        listeners.push(("syslog-tls", tls.local_addr()?));
    }
    let listeners = listeners.into_iter().map(|(name, address)| Listener {
        name: name.to_owned(),
        address: address.to_string(),
    });
    let listeners: Vec<Listener> = listeners.collect();
    let mut out = std::io::stdout().lock();
    for listener in &listeners {
        writeln!(out, "listening {} {}", listener.name, listener.address)?;
    }
    writeln!(out, "\n{}", demo::hints(&listeners))?;
    out.flush()?;
    Ok(listeners)
}
