//! The logs that a command was given: files, or stdin; unpacked by what they begin with, whatever
//! their names.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// The plain bytes of each file, one at a time; of stdin for `-`, or where none is named. A file
/// that can't be read or unpacked is an error, in one line that names it.
pub fn each(files: &[PathBuf]) -> impl Iterator<Item = anyhow::Result<Vec<u8>>> {
    let stdin = files.is_empty().then(|| contents(Path::new("-")));
    stdin
        .into_iter()
        .chain(files.iter().map(|file| contents(file)))
}

fn contents(file: &Path) -> anyhow::Result<Vec<u8>> {
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
