//! Browsers that signed in: a random number in a cookie stands for a token, for some hours.
//!
//! Invariants: neither the token nor the number is kept, only their hashes; who is signed in is
//! forgotten at the end of the process; there are only so many at a time, the oldest goes.

use std::{
    collections::HashMap,
    fmt::Write as _,
    sync::{Mutex, MutexGuard, PoisonError},
};

use actix_web::http::header::{COOKIE, HeaderMap};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};

/// The cookie's name.
const NAME: &str = "whymid_session";

/// How long somebody stays signed in, hours.
const HOURS: i64 = 12;

/// Browsers that may be signed in at a time.
const MOST: usize = 1000;

/// SHA-256 of a secret.
pub(crate) type Hash = [u8; 32];

/// Who is signed in.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<HashMap<Hash, Session>>);

#[derive(Clone, Copy, Debug)]
struct Session {
    /// The token that it stands for.
    token: Hash,
    until: Timestamp,
}

impl Sessions {
    fn lock(&self) -> MutexGuard<'_, HashMap<Hash, Session>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Signs a browser in; the cookie's value.
    pub(crate) fn begin(&self, token: Hash, now: Timestamp) -> Result<String, getrandom::Error> {
        let mut bits = [0; 32];
        getrandom::fill(&mut bits)?;
        let number = bits.iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        let until = now.saturating_add(SignedDuration::from_hours(HOURS));
        let until = until.unwrap_or(Timestamp::MAX);
        let mut held = self.lock();
        held.retain(|_, one| one.until > now);
        while held.len() >= MOST {
            let oldest = held.iter().min_by_key(|(_, one)| one.until);
            let Some(oldest) = oldest.map(|(hash, _)| *hash) else {
                break;
            };
            held.remove(&oldest);
        }
        held.insert(hash(&number), Session { token, until });
        Ok(number)
    }

    /// The token that a request's cookie stands for.
    pub(crate) fn token_of(&self, headers: &HeaderMap, now: Timestamp) -> Option<Hash> {
        let number = cookie(headers)?;
        let held = self.lock();
        let session = held.get(&hash(number))?;
        (session.until > now).then_some(session.token)
    }

    /// Signs the browser out that a request came from.
    pub(crate) fn end(&self, headers: &HeaderMap) {
        if let Some(number) = cookie(headers) {
            self.lock().remove(&hash(number));
        }
    }
}

/// What `Set-Cookie` says to sign in, or out without a number. Scripts can't read it, pages of other
/// sites can't have it sent (RFC 6265bis, `HttpOnly`, `SameSite`).
pub(crate) fn set_cookie(number: Option<&str>, root: &str, secure: bool) -> String {
    let seconds = if number.is_some() { HOURS * 3600 } else { 0 };
    let secure = if secure { "; Secure" } else { "" };
    let (number, path) = (
        number.unwrap_or_default(),
        if root.is_empty() { "/" } else { root },
    );
    format!("{NAME}={number}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
}

/// SHA-256 of a secret.
pub(crate) fn hash(secret: &str) -> Hash {
    Sha256::digest(secret.as_bytes()).into()
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let pairs = headers.get_all(COOKIE).filter_map(|one| one.to_str().ok());
    let mut pairs = pairs.flat_map(|one| one.split(';'));
    pairs.find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == NAME && !value.is_empty()).then_some(value)
    })
}
