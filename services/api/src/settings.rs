//! What the operator decides about the HTTP side: names, tokens, openness. Validated elsewhere.

use std::num::NonZeroU32;
use std::sync::Arc;

use jiff::Timestamp;
use whymid_store::{Pseudonyms, Scope as Limits};

use crate::audit::Audit;

/// What a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Ask.
    Read,
    /// Manage subscriptions and tickets.
    Ticket,
    /// Hand in log lines.
    Ingest,
    /// Everything.
    Admin,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 4] = [Self::Read, Self::Ticket, Self::Ingest, Self::Admin];

    /// The published word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Ticket => "ticket",
            Self::Ingest => "ingest",
            Self::Admin => "admin",
        }
    }

    /// The scope of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.word() == word)
    }

    /// Whether a token of this scope passes where `wanted` are taken.
    #[must_use]
    pub fn passes(self, wanted: &[Self]) -> bool {
        self == Self::Admin || wanted.contains(&self)
    }
}

/// An API token as the configuration knows it: never the secret, only its hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its name in the configuration, for the log.
    pub name: String,
    /// What it may do.
    pub scope: Scope,
    /// SHA-256 of the token's text.
    pub sha256: [u8; 32],
    /// From when on it is refused; `None` for never.
    pub expires: Option<Timestamp>,
    /// It may ask by real addresses and subjects where those are kept as pseudonyms.
    pub real_addresses: bool,
    /// Which appliances, and mail for which recipient domains, it may see.
    pub limits: Limits,
}

impl Token {
    /// Whether it has expired.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }
}

/// How often a token may ask in a second, where nothing else is said.
pub const A_SECOND: NonZeroU32 = NonZeroU32::new(50).expect("not zero");

/// How the HTTP side is to behave.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What permalinks begin with, `https://host[/path]`; by the request where absent.
    pub public_url: Option<String>,
    /// Further host names that we answer to.
    pub hosts: Vec<String>,
    /// The tokens.
    pub tokens: Vec<Token>,
    /// Whether everything is open without a token (loopback without tokens, or said out loud).
    pub open: bool,
    /// How many connections may be open at a time; further ones wait.
    pub max_connections: usize,
    /// How often a token may ask in a second, and ten times as often at once.
    pub requests_per_second: NonZeroU32,
    /// Certificate and key, for HTTPS; plain HTTP without.
    pub tls: Option<rustls::ServerConfig>,
    /// Where it is written down who did what; nowhere without.
    pub audit: Option<Arc<dyn Audit>>,
    /// What addresses and subjects are kept as; as they are without.
    pub pseudonyms: Option<Arc<Pseudonyms>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            public_url: None,
            hosts: Vec::new(),
            tokens: Vec::new(),
            open: false,
            max_connections: 1024,
            requests_per_second: A_SECOND,
            tls: None,
            audit: None,
            pseudonyms: None,
        }
    }
}
