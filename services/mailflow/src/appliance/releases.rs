//! The AsyncOS releases that appliances told of, each by a small number.
//!
//! Invariant: bounded, whatever strangers write.

/// The most releases that are told apart.
const MAX_RELEASES: usize = 64;

/// The releases that were seen, by number: a stranger can't make many.
#[derive(Debug)]
pub(super) struct Releases(Vec<String>);

impl Default for Releases {
    fn default() -> Self {
        Self(vec![String::new()])
    }
}

impl Releases {
    /// The place of a version's release: `15.0` of `15.0.0-104`.
    pub(super) fn of(&mut self, version: &str) -> u16 {
        let mut parts = version.splitn(3, '.');
        let number = |part: &str| part.len() <= 3 && part.bytes().all(|byte| byte.is_ascii_digit());
        let release = match (parts.next(), parts.next()) {
            (Some(major), Some(minor)) if number(major) && number(minor) => {
                format!("{major}.{minor}")
            }
            _ => return 0,
        };
        let known = self.0.iter().position(|own| *own == release);
        let place = known.or_else(|| {
            (self.0.len() < MAX_RELEASES).then(|| {
                self.0.push(release);
                self.0.len() - 1
            })
        });
        place
            .and_then(|place| u16::try_from(place).ok())
            .unwrap_or(0)
    }

    /// All of them, the unknown one first, empty.
    pub(super) fn names(&self) -> &[String] {
        &self.0
    }
}
