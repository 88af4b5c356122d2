//! A running service, as commands talk to it: its address, a token, whom its certificate is to be
//! signed by.
//!
//! Not here: what is asked of it (`import.rs`, `forget.rs`).

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use serde::Deserialize;
use ureq::tls::{PemItem, RootCerts, TlsConfig};

/// How long a request may take.
const REQUEST: Duration = Duration::from_secs(120);

/// Which service, and who asks.
#[derive(Clone, Debug, Args)]
pub struct Whom {
    /// Address of the service, http://HOST:PORT or https://HOST:PORT
    #[arg(
        long,
        value_name = "URL",
        env = "WHYMID_URL",
        default_value = "http://127.0.0.1:8514"
    )]
    pub to: String,
    /// Token of the service
    #[arg(
        long,
        value_name = "TOKEN",
        env = "WHYMID_TOKEN",
        hide_env_values = true
    )]
    pub token: Option<String>,
    /// Who signed the service's certificate, PEM; without it, whom the system trusts
    #[arg(long, value_name = "FILE", env = "WHYMID_CA")]
    pub ca: Option<PathBuf>,
}

/// A service.
#[derive(Debug)]
pub struct Client {
    /// For requests of other kinds than these.
    pub agent: ureq::Agent,
    base: String,
    token: Option<String>,
}

impl Client {
    /// Reads the certificate; asks nothing yet.
    ///
    /// # Errors
    /// When the address is none, or the certificate can't be read.
    pub fn new(whom: &Whom) -> anyhow::Result<Self> {
        let base = whom.to.trim_end_matches('/');
        anyhow::ensure!(
            base.starts_with("http://") || base.starts_with("https://"),
            "--to: give the service's address as http://HOST:PORT or https://HOST:PORT"
        );
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(REQUEST))
            .http_status_as_error(false)
            .tls_config(trust(whom.ca.as_deref())?)
            .build();
        Ok(Self {
            agent: config.into(),
            base: base.to_owned(),
            token: whom.token.clone(),
        })
    }

    /// The address of a path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// A request with the token.
    #[must_use]
    pub fn with_token<B>(&self, request: ureq::RequestBuilder<B>) -> ureq::RequestBuilder<B> {
        match &self.token {
            Some(token) => request.header("Authorization", format!("Bearer {token}")),
            None => request,
        }
    }
}

/// What a service says where it refuses.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Refusal {
    title: String,
    detail: String,
    help: String,
}

impl Refusal {
    /// In one line.
    #[must_use]
    pub fn says(&self, status: u16) -> String {
        let parts = [&self.title, &self.detail, &self.help];
        let parts = parts.into_iter().filter(|part| !part.is_empty());
        let parts: Vec<&str> = parts.map(String::as_str).collect();
        format!("{} ({status})", parts.join(". "))
    }
}

/// What to do about a certificate that is not good; `None` where that is not what went wrong.
#[must_use]
pub fn distrust(error: &ureq::Error) -> Option<String> {
    let ureq::Error::Io(inner) = error else {
        return None;
    };
    let inner = inner.get_ref().and_then(|inner| inner.downcast_ref());
    matches!(inner, Some(rustls::Error::InvalidCertificate(_))).then(|| {
        format!("the service's certificate is not trusted ({error}): name who signed it with --ca FILE; one that signed itself must not be marked as an authority")
    })
}

/// Whom the service's certificate is to be signed by.
fn trust(ca: Option<&Path>) -> anyhow::Result<TlsConfig> {
    let roots = match ca {
        None => RootCerts::PlatformVerifier,
        Some(path) => {
            let pem = std::fs::read(path)
                .with_context(|| format!("--ca: failed to read {}", path.display()))?;
            let found: Result<Vec<_>, _> = ureq::tls::parse_pem(&pem).collect();
            let found = found.with_context(|| format!("--ca: {}", path.display()))?;
            let certificates = found.into_iter().filter_map(|item| {
                if let PemItem::Certificate(one) = item {
                    Some(one)
                } else {
                    None
                }
            });
            RootCerts::from(certificates)
        }
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = TlsConfig::builder()
        .root_certs(roots)
        .unversioned_rustls_crypto_provider(provider);
    Ok(config.build())
}
