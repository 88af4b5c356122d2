//! What is kept of persons: the key of the pseudonyms, and where copies lie that nothing here reaches.
//!
//! Invariant: the key is read from a file that is not open to everybody, and is never told.
//!
//! Not here: pseudonyms themselves (`services/store/src/pseudonyms.rs`).

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use jiff::{SignedDuration, Timestamp};
use whymid_journal::{Journal, Options, Position, Vault};
use whymid_store::{Checkpoint, KEY_BYTES, Pseudonyms};

use crate::retention::Retention;

/// How long lines as they came are kept where there are pseudonyms and nothing else is said.
pub const RAW: SignedDuration = SignedDuration::from_mins(15);

/// And how long at most.
pub const RAW_MOST: SignedDuration = SignedDuration::from_hours(1);

/// What the configuration says of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PrivacySettings {
    /// The file with the key of the pseudonyms; none are made without.
    pub pseudonym_key: Option<PathBuf>,
    /// Where copies of the data folder lie.
    pub backups: Vec<String>,
}

impl PrivacySettings {
    /// How long segments are kept behind their last line, so that their first is kept no longer than
    /// the configuration says.
    #[must_use]
    pub fn of_segments(&self, retention: Retention) -> Retention {
        let roll = SignedDuration::try_from(self.roll(retention.raw)).unwrap_or_default();
        let shorter = retention
            .raw
            .map(|raw| raw.saturating_sub(roll).max(SignedDuration::ZERO));
        match self.pseudonym_key {
            Some(_) => Retention {
                raw: shorter,
                ..retention
            },
            None => retention,
        }
    }

    /// How long a segment of the journal gets lines: with pseudonyms, a part of the time that lines
    /// are kept as they came.
    #[must_use]
    pub fn roll(&self, raw: Option<SignedDuration>) -> Duration {
        let usual = Duration::from_secs(3600);
        let raw = raw.and_then(|raw| Duration::try_from(raw).ok());
        match (&self.pseudonym_key, raw) {
            (Some(_), Some(raw)) => (raw / 3).clamp(Duration::from_secs(1), usual),
            (_, _) => usual,
        }
    }

    /// Reads the key.
    ///
    /// # Errors
    /// When it can't be read, others may read it, or it is too short to be one.
    pub fn pseudonyms(&self) -> anyhow::Result<Option<Pseudonyms>> {
        let Some(path) = &self.pseudonym_key else {
            return Ok(None);
        };
        read(path)
            .with_context(|| format!("the key {} (privacy.pseudonym_key)", path.display()))
            .map(Some)
    }
}

/// At a stop: where all that came is written, nothing of it stays as it came.
pub fn leave_nothing(journal: &Path, vault: &Vault, checkpoint: Checkpoint) {
    let left = || -> anyhow::Result<()> {
        let options = Options {
            not_before: Position(checkpoint.reached),
            keep_raw: false,
            ..Options::default()
        };
        let (mut journal, recovery) = Journal::open(journal, options)?;
        if checkpoint.complete < recovery.end.0 {
            tracing::info!("the next start reads what is not written yet: it stays as it came");
            return Ok(());
        }
        journal.roll()?;
        journal.release(Position(checkpoint.complete))?;
        vault.expire(Some(Timestamp::MAX), None)?;
        Ok(())
    };
    if let Err(error) = left() {
        tracing::warn!(error = %format!("{error:#}"), "lines as they came stay where they are until the next start");
    }
}

fn read(path: &Path) -> anyhow::Result<Pseudonyms> {
    let meta = std::fs::metadata(path).context("failed to read")?;
    let mode = meta.permissions().mode();
    anyhow::ensure!(
        mode & 0o007 == 0,
        "can be read by everybody: chmod o= {}",
        path.display()
    );
    let text = std::fs::read(path).context("failed to read")?;
    Pseudonyms::new(text.trim_ascii()).with_context(|| {
        format!("is shorter than {KEY_BYTES} bytes: make one with `whymid privacy key`")
    })
}

/// Prints a new key.
///
/// # Errors
/// When the system gives no random bytes.
pub fn print_key() -> anyhow::Result<()> {
    let mut bytes = [0_u8; KEY_BYTES];
    getrandom::fill(&mut bytes).context("no random bytes")?;
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    println!("{digits}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str, mode: u32) -> anyhow::Result<Option<Pseudonyms>> {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("key");
        std::fs::write(&path, text).expect("written");
        std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).expect("changed");
        let settings = PrivacySettings {
            pseudonym_key: Some(path),
            backups: Vec::new(),
        };
        settings.pseudonyms()
    }

    #[test]
    fn a_key_is_long_and_not_everybody_s() {
        let long = "a".repeat(64);
        for mode in [0o600, 0o640] {
            assert!(key(&long, mode).expect("a key").is_some());
        }
        for (text, mode, wanted) in [
            (long.as_str(), 0o604, "chmod o="),
            (
                "short\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n",
                0o600,
                "whymid privacy key",
            ),
        ] {
            let error = format!("{:#}", key(text, mode).expect_err("no key"));
            assert!(
                error.contains(wanted) && error.contains("privacy.pseudonym_key"),
                "{error}"
            );
        }
    }
}
