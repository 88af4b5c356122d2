//! `whymid token new`: 256 random bits, shown once; the configuration keeps only their hash.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// Prints a new token, and the lines for the configuration.
///
/// # Errors
/// When the system has no random bits.
pub fn run_new(name: &str, scope: &str) -> anyhow::Result<()> {
    let mut bits = [0_u8; 32];
    getrandom::fill(&mut bits)
        .map_err(|error| anyhow::anyhow!("failed to get random bits: {error}"))?;
    let token = format!("whymid_{}", hex(&bits));
    let hash = hex(&Sha256::digest(token.as_bytes()));
    println!("Token, shown this once:\n\n  {token}\n");
    println!(
        "Lines for the configuration file:\n\n[[tokens]]\nname = {}\nscope = \"{scope}\"\nsha256 = \"{hash}\"\n",
        toml::Value::from(name)
    );
    println!("Use it as: curl -H \"Authorization: Bearer {token}\" …");
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
