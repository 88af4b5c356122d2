//! Certificate files to what rustls serves: read at the start, looked at again and again, swapped
//! without a restart.
//!
//! Invariants: what was read last and is whole is served; files that can't be read or don't fit
//! each other change nothing, are told once in the log and in `/readyz`, and are tried again. A
//! swap closes no connection: each keeps what it began with. Keys are never shown or logged.
//!
//! Not here: the sockets (`listen/`, `services/api`); where the files are said (`config/`).

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{RootCertStore, ServerConfig};
use whymid_api::Told;
use x509_parser::extensions::GeneralName;

use crate::clock;
use crate::telemetry::Telemetry;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// So long before a certificate ends it is told.
const AHEAD: SignedDuration = SignedDuration::from_hours(24 * 30);

/// How often it is told in the log.
const REMIND: SignedDuration = SignedDuration::from_hours(24);

/// The files of one listener, PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, and those between it and its root.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// Who signs the certificates that clients must show; without it they show none.
    pub client_ca: Option<PathBuf>,
}

/// The contents of the files.
#[derive(PartialEq, Eq)]
struct Contents {
    certificate: Vec<u8>,
    key: Vec<u8>,
    client_ca: Option<Vec<u8>>,
}

impl TlsFiles {
    fn read(&self) -> anyhow::Result<Contents> {
        let read = |path: &Path| {
            std::fs::read(path).with_context(|| format!("failed to read {}", path.display()))
        };
        Ok(Contents {
            certificate: read(&self.certificate)?,
            key: read(&self.key)?,
            client_ca: self.client_ca.as_deref().map(read).transpose()?,
        })
    }

    /// What rustls takes, if the contents are whole and fit each other.
    fn understand(&self, contents: &Contents) -> anyhow::Result<Serving> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let chain = certificates(&contents.certificate, &self.certificate)?;
        let key = PrivateKeyDer::from_pem_slice(&contents.key)
            .map_err(|error| anyhow::anyhow!("{}: no private key: {error}", self.key.display()))?;
        let first = chain.first().cloned();
        let key = CertifiedKey::from_der(chain, key, &provider).map_err(|error| {
            anyhow::anyhow!(
                "{} and {} do not fit each other: {error}",
                self.certificate.display(),
                self.key.display()
            )
        })?;
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?;
        let builder = match (&contents.client_ca, &self.client_ca) {
            (Some(bytes), Some(path)) => {
                let mut roots = RootCertStore::empty();
                for one in certificates(bytes, path)? {
                    roots
                        .add(one)
                        .map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?;
                }
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                        .build()
                        .map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?;
                builder.with_client_cert_verifier(verifier)
            }
            (_, _) => builder.with_no_client_auth(),
        };
        let key = Arc::new(key);
        let config = builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(Arc::clone(&key))));
        let first = first.unwrap_or_else(|| CertificateDer::from(Vec::new()));
        Ok(Serving {
            key,
            config: Arc::new(config),
            ends: ends(&first)
                .map_err(|error| anyhow::anyhow!("{}: {error}", self.certificate.display()))?,
        })
    }
}

/// The certificates of a PEM file, one at least.
fn certificates(pem: &[u8], path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let all = all.map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?;
    anyhow::ensure!(
        !all.is_empty(),
        "{}: no certificate in it; it takes PEM (-----BEGIN CERTIFICATE-----)",
        path.display()
    );
    Ok(all)
}

/// When a certificate ends (RFC 5280, section 4.1.2.5).
fn ends(certificate: &CertificateDer<'_>) -> anyhow::Result<Timestamp> {
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate)
        .map_err(|error| anyhow::anyhow!("not a certificate: {error}"))?;
    Ok(Timestamp::from_second(
        parsed.validity().not_after.timestamp(),
    )?)
}

/// The names that a certificate is for, small letters: its DNS names, then its common name
/// (RFC 5425, section 5.2, takes both).
pub fn names(certificate: &CertificateDer<'_>) -> Vec<String> {
    let Ok((_, parsed)) = x509_parser::parse_x509_certificate(certificate) else {
        return Vec::new();
    };
    let alternatives = parsed.subject_alternative_name().ok().flatten();
    let alternatives = alternatives
        .iter()
        .flat_map(|found| &found.value.general_names)
        .filter_map(|name| {
            if let GeneralName::DNSName(name) = name {
                Some(*name)
            } else {
                None
            }
        });
    let common = parsed.subject().iter_common_name();
    let common = common.filter_map(|name| name.as_str().ok());
    alternatives.chain(common).map(str::to_lowercase).collect()
}

/// What is served.
#[derive(Clone)]
struct Serving {
    key: Arc<CertifiedKey>,
    config: Arc<ServerConfig>,
    ends: Timestamp,
}

/// How the files of a listener stand.
struct Standing {
    contents: Contents,
    serving: Serving,
    /// What is wrong with what lies there now.
    fault: Option<String>,
    /// When it was last told that it ends soon.
    reminded: Option<Timestamp>,
}

/// The certificate of one listener.
pub struct Keyring {
    listener: &'static str,
    files: TlsFiles,
    standing: RwLock<Standing>,
    telemetry: Arc<Telemetry>,
}

impl std::fmt::Debug for Keyring {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keyring")
            .field("listener", &self.listener)
            .finish_non_exhaustive()
    }
}

impl Keyring {
    /// Reads the files of a listener, which goes by this name.
    ///
    /// # Errors
    /// When they can't be read, or do not fit each other.
    pub fn open(
        listener: &'static str,
        files: TlsFiles,
        telemetry: Arc<Telemetry>,
    ) -> anyhow::Result<Arc<Self>> {
        let contents = files.read()?;
        let serving = files.understand(&contents)?;
        let keyring = Self {
            listener,
            files,
            standing: RwLock::new(Standing {
                contents,
                serving,
                fault: None,
                reminded: None,
            }),
            telemetry,
        };
        keyring.tell();
        Ok(Arc::new(keyring))
    }

    /// What a new connection begins with.
    pub fn config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.standing().serving.config)
    }

    /// For a server that takes one configuration for good: its certificate follows all the same.
    /// Clients show none.
    pub fn following(self: &Arc<Self>) -> anyhow::Result<ServerConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider);
        let builder = builder.with_safe_default_protocol_versions()?;
        let resolver = Arc::clone(self) as Arc<dyn ResolvesServerCert>;
        Ok(builder.with_no_client_auth().with_cert_resolver(resolver))
    }

    fn standing(&self) -> std::sync::RwLockReadGuard<'_, Standing> {
        self.standing.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn standing_mut(&self) -> std::sync::RwLockWriteGuard<'_, Standing> {
        self.standing
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the files, and takes what is new and whole.
    fn look(&self) {
        let read = self.files.read();
        if let Ok(contents) = &read
            && *contents == self.standing().contents
        {
            self.standing_mut().fault = None;
            return;
        }
        match read.and_then(|contents| Ok((self.files.understand(&contents)?, contents))) {
            Ok((serving, contents)) => {
                tracing::info!(
                    listener = self.listener,
                    until = %serving.ends,
                    "a new certificate is served to new connections"
                );
                *self.standing_mut() = Standing {
                    contents,
                    serving,
                    fault: None,
                    reminded: None,
                };
                self.telemetry.certificate_reloads.inc();
            }
            Err(error) => {
                let fault = format!("{error:#}");
                let former = self.standing_mut().fault.replace(fault.clone());
                if former.as_ref() != Some(&fault) {
                    tracing::error!(
                        listener = self.listener,
                        %fault,
                        "the new certificate can't be taken; the former one is served"
                    );
                    self.telemetry
                        .count(&self.telemetry.failures, "room", "tls");
                }
            }
        }
    }

    /// Tells when the certificate ends: the metrics always, the log once a day when it is soon.
    fn tell(&self) {
        let ends = self.standing().serving.ends;
        self.telemetry.certificate_ends(self.listener, ends);
        let now = clock::now();
        if ends.duration_since(now) > AHEAD {
            return;
        }
        let is_due = |at: Timestamp| now.duration_since(at) >= REMIND;
        if self.standing().reminded.is_none_or(is_due) {
            let listener = self.listener;
            if ends <= now {
                tracing::error!(listener, %ends, "the certificate has expired: clients refuse it");
            } else {
                tracing::warn!(listener, %ends, "the certificate ends soon; a new one is taken from its files without a restart");
            }
            self.standing_mut().reminded = Some(now);
        }
    }

    /// What operators should know: of a certificate that ends soon, or can't be taken.
    pub fn warnings(&self) -> Vec<Told> {
        let (listener, now) = (self.listener, clock::now());
        let standing = self.standing();
        let ends = standing.serving.ends;
        let mut told = Vec::new();
        if ends <= now {
            told.push(Told {
                en: format!("the certificate of {listener} expired at {ends}"),
                ja: format!("{listener} の証明書は {ends} に期限切れになりました"),
            });
        } else if ends.duration_since(now) <= AHEAD {
            told.push(Told {
                en: format!("the certificate of {listener} expires at {ends}"),
                ja: format!("{listener} の証明書は {ends} に期限切れになります"),
            });
        }
        if let Some(fault) = &standing.fault {
            told.push(Told {
                en: format!(
                    "the new certificate of {listener} can't be taken, the former one is served: {fault}"
                ),
                ja: format!(
                    "{listener} の新しい証明書を読み込めないため、以前の証明書を使っています: {fault}"
                ),
            });
        }
        told
    }
}

impl ResolvesServerCert for Keyring {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.standing().serving.key))
    }
}

/// Looks at the files of every keyring, for as long as the service runs.
pub async fn watch(keyrings: Vec<Arc<Keyring>>) {
    let mut every = tokio::time::interval(LOOK);
    every.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while !keyrings.is_empty() {
        every.tick().await;
        let keyrings = keyrings.clone();
        let look = move || {
            for keyring in keyrings {
                keyring.look();
                keyring.tell();
            }
        };
        if let Err(error) = tokio::task::spawn_blocking(look).await {
            tracing::error!(%error, "the certificates could not be looked at");
        }
    }
}
