//! Syslog over TLS (RFC 5425): the handshake, and whose certificate it is.
//!
//! Invariants: a handshake has an end; a certificate that the configuration gives to an appliance
//! makes every line that appliance's, whatever the line says. One that it gives to nobody is a
//! relay's: its lines say whose they are.
//!
//! Not here: where certificates come from (`tls.rs` of the server's room); what comes through
//! (`tcp.rs`).

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use whymid_syslog::Label;

use crate::tls::{Keyring, names};

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Seconds between two words about failed handshakes: whoever reaches the port can cause them.
const SAID_EACH: u64 = 10;

/// A connection's stream behind its handshake, and whose lines come through it.
type Shaken = (TlsStream<TcpStream>, Option<Arc<Label>>);

/// What every TLS connection begins with.
#[derive(Debug)]
pub struct Tls {
    keyring: Arc<Keyring>,
    /// The appliances by the names of their certificates.
    appliances: HashMap<String, Arc<Label>>,
    begun: Instant,
    /// Seconds from the beginning until failures are told again.
    quiet_until: AtomicU64,
}

impl Tls {
    /// With pairs of a certificate's name and its appliance.
    pub fn new(
        keyring: Arc<Keyring>,
        certificates: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        let label = |appliance| {
            Arc::new(Label {
                appliance: Some(appliance),
                ..Label::default()
            })
        };
        let named = certificates.into_iter();
        Self {
            keyring,
            appliances: named
                .map(|(name, appliance)| (name.to_lowercase(), label(appliance)))
                .collect(),
            begun: Instant::now(),
            quiet_until: AtomicU64::new(0),
        }
    }

    /// Shakes hands; why it failed, otherwise.
    pub(super) async fn shake_hands(&self, stream: TcpStream) -> Result<Shaken, String> {
        let acceptor = TlsAcceptor::from(self.keyring.config());
        let shaken = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await;
        let stream = match shaken {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return Err(error.to_string()),
            Err(_) => return Err(format!("no handshake within {} s", HANDSHAKE.as_secs())),
        };
        let shown = stream.get_ref().1.peer_certificates();
        let label = shown.and_then(|chain| self.appliance_of(chain.first()?));
        Ok((stream, label))
    }

    fn appliance_of(&self, certificate: &CertificateDer<'_>) -> Option<Arc<Label>> {
        let names = names(certificate);
        names
            .iter()
            .find_map(|name| self.appliances.get(name))
            .cloned()
    }

    /// Says why a handshake failed, if nothing was said of another one just before.
    pub(super) fn tell_failed(&self, peer: IpAddr, why: &str) {
        let now = self.begun.elapsed().as_secs();
        if now >= self.quiet_until.load(Ordering::Relaxed) {
            self.quiet_until.store(now + SAID_EACH, Ordering::Relaxed);
            tracing::warn!(%peer, why, "syslog over TLS: a handshake failed (others may have, within seconds: see whymid_refused_total)");
        }
    }
}
