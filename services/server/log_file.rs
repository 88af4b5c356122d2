//! A file's bytes, unpacked by what it begins with, whatever its name.

use std::io::Read as _;
use std::path::Path;

use anyhow::Context as _;

/// The plain bytes of a file; of stdin for `-`.
///
/// # Errors
/// When it can't be read or unpacked: one line that names it.
pub fn contents(file: &Path) -> anyhow::Result<Vec<u8>> {
    unpacked(file).with_context(|| format!("failed to read {}", file.display()))
}

fn unpacked(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut raw = Vec::new();
    if file == Path::new("-") {
        std::io::stdin().lock().read_to_end(&mut raw)?;
    } else {
        raw = std::fs::read(file)?;
    }
    let mut plain = Vec::new();
    if raw.starts_with(&[0x1f, 0x8b]) {
        flate2::read::MultiGzDecoder::new(&raw[..]).read_to_end(&mut plain)?;
    } else if raw.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]) {
        zstd::stream::copy_decode(&raw[..], &mut plain)?;
    } else {
        return Ok(raw);
    }
    Ok(plain)
}
