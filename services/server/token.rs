//! `whymid token new`: 256 random bits, shown once; the configuration keeps only their hash.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use crate::config;

/// A token that is to be made.
pub struct Wanted {
    /// What it is called.
    pub name: String,
    /// What it may do.
    pub scope: String,
    /// From when on it is refused.
    pub expires: Option<String>,
    /// Only these appliances; all where there are none.
    pub appliances: Vec<String>,
    /// Only mail for recipients in these domains; all where there are none.
    pub recipient_domains: Vec<String>,
    /// It may ask by real addresses where pseudonyms are kept.
    pub real_addresses: bool,
}

impl Wanted {
    /// Its table in the configuration.
    fn lines(&self, hash: &str) -> String {
        let list = |values: &[String]| toml::Value::from(values.to_vec());
        let mut lines = format!(
            "[[tokens]]\nname = {}\nscope = \"{}\"\nsha256 = \"{hash}\"\n",
            toml::Value::from(self.name.as_str()),
            self.scope
        );
        if let Some(expires) = &self.expires {
            let _ = writeln!(lines, "expires = {}", toml::Value::from(expires.as_str()));
        }
        if !self.appliances.is_empty() {
            let _ = writeln!(lines, "appliances = {}", list(&self.appliances));
        }
        if !self.recipient_domains.is_empty() {
            let domains = list(&self.recipient_domains);
            let _ = writeln!(lines, "recipient_domains = {domains}");
        }
        if self.real_addresses {
            lines.push_str("real_addresses = true\n");
        }
        lines
    }
}

/// Prints a new token, and the lines for the configuration.
///
/// # Errors
/// When the system has no random bits, or the configuration would not take it.
pub fn run_new(wanted: &Wanted) -> anyhow::Result<()> {
    let mut bits = [0_u8; 32];
    getrandom::fill(&mut bits)
        .map_err(|error| anyhow::anyhow!("failed to get random bits: {error}"))?;
    let token = format!("whymid_{}", hex(&bits));
    let hash = hex(&Sha256::digest(token.as_bytes()));
    let lines = wanted.lines(&hash);
    if let Err(faults) = config::parse(&lines) {
        let faults: Vec<String> = faults.into_iter().map(|fault| fault.text).collect();
        anyhow::bail!("{}", faults.join("\n"));
    }
    println!("Token, shown this once:\n\n  {token}\n");
    println!("Lines for the configuration file:\n\n{lines}");
    println!("Use it as: curl -H \"Authorization: Bearer {token}\" …");
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
