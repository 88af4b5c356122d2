//! The tickets that a double keeps, and how requests say who they are of.

use std::time::Instant;

use super::wire::Request;

/// A ticket, as tests see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    /// What it can be found by; empty where it has nothing.
    pub(crate) key: String,
    /// What requests call it.
    pub(crate) id: String,
    /// Whether it is neither resolved nor closed.
    pub(crate) open: bool,
    /// The description, then the comments in their order.
    pub(crate) texts: Vec<String>,
}

/// A ticket, as most systems keep it.
#[derive(Clone, Debug)]
pub(super) struct Page {
    /// From 1.
    pub(super) number: usize,
    /// Its key; or its labels or tags.
    pub(super) keys: Vec<String>,
    pub(super) title: String,
    pub(super) status: String,
    /// The description, then the comments.
    pub(super) texts: Vec<String>,
    made: Instant,
}

impl Page {
    /// A label or tag that looks like a key, or the first.
    fn key(&self) -> String {
        let key = self.keys.iter().find(|key| key.starts_with("wm-"));
        key.or(self.keys.first()).cloned().unwrap_or_default()
    }
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Book(Vec<Page>);

impl Book {
    pub(super) fn open(
        &mut self,
        keys: Vec<String>,
        title: &str,
        status: &str,
        text: &str,
    ) -> &mut Page {
        self.0.push(Page {
            number: self.0.len() + 1,
            keys,
            title: title.to_owned(),
            status: status.to_owned(),
            texts: vec![text.to_owned()],
            made: Instant::now(),
        });
        self.0.last_mut().expect("it was opened")
    }

    /// By its number, as text.
    pub(super) fn get(&mut self, number: &str) -> Option<&mut Page> {
        let number: usize = number.parse().ok()?;
        self.0.get_mut(number.checked_sub(1)?)
    }

    /// Those that searches find.
    pub(super) fn found(&self, horizon: Instant) -> impl Iterator<Item = &Page> {
        self.0.iter().filter(move |page| page.made <= horizon)
    }

    pub(super) fn seen(
        &self,
        id: impl Fn(&Page) -> String,
        is_open: impl Fn(&str) -> bool,
    ) -> Vec<Seen> {
        let seen = self.0.iter().map(|page| Seen {
            key: page.key(),
            id: id(page),
            open: is_open(&page.status),
            texts: page.texts.clone(),
        });
        seen.collect()
    }
}

/// `Authorization: Basic …` of a user.
pub(super) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", encoded(&format!("{user}:{password}")))
}

/// Whether a request's `Authorization` is one of these.
pub(super) fn is_one_of(request: &Request, allowed: &[String]) -> bool {
    let told = request.header("authorization");
    told.is_some_and(|told| allowed.iter().any(|one| one == told))
}

/// Text in base64 (RFC 4648).
pub(super) fn encoded(text: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for three in text.as_bytes().chunks(3) {
        let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * at) & 63) as usize];
            encoded.push(if at > three.len() { '=' } else { letter.into() });
        }
    }
    encoded
}
