//! Words for spans of time and sizes, as a configuration has them: `90d`, `36h`, `50 GiB`,
//! `unlimited`.

use bytesize::ByteSize;
use jiff::{SignedDuration, Span, SpanRelativeTo};

/// No limit.
const UNLIMITED: &str = "unlimited";
/// What records need in memory at least, bytes.
const LEAST: usize = 64 * 1024 * 1024;

/// An age: `90d`, `36h`; a day has 24 hours.
pub(super) fn age(text: &str) -> Result<Option<SignedDuration>, String> {
    if text == UNLIMITED {
        return Ok(None);
    }
    let wrong = || format!("not a span of time: write something like 90d or 36h, or {UNLIMITED}");
    let span: Span = text.parse().map_err(|_| wrong())?;
    let age = span
        .to_duration(SpanRelativeTo::days_are_24_hours())
        .map_err(|_| wrong())?;
    if age.is_negative() {
        return Err(wrong());
    }
    Ok(Some(age))
}

/// A span of time that has an end: `15m`.
pub(super) fn span(text: &str) -> Result<SignedDuration, String> {
    age(text)?.ok_or_else(|| "takes a span of time, as in 15m".to_owned())
}

/// A size: `50 GiB`, `512 MiB`.
pub(super) fn size(text: &str) -> Result<Option<u64>, String> {
    if text == UNLIMITED {
        return Ok(None);
    }
    let size: Result<ByteSize, _> = text.parse();
    size.map(|size| Some(size.as_u64()))
        .map_err(|_| format!("not a size: write something like 50 GiB or 512 MiB, or {UNLIMITED}"))
}

/// A size of memory.
pub(super) fn memory(text: &str) -> Result<usize, String> {
    let bytes = size(text)?.and_then(|bytes| usize::try_from(bytes).ok());
    match bytes {
        Some(bytes) if bytes >= LEAST => Ok(bytes),
        _ => Err("records need 64 MiB of memory at least, and a limit".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_and_sizes_are_read_as_people_write_them() {
        let hours = |hours| Ok(Some(SignedDuration::from_hours(hours)));
        assert_eq!(age("90d"), hours(90 * 24));
        assert_eq!(age("36 hours"), hours(36));
        assert_eq!(age("2 weeks"), hours(14 * 24));
        assert_eq!(age("0s"), Ok(Some(SignedDuration::ZERO)));
        assert_eq!(age("unlimited"), Ok(None));
        assert_eq!(size("50 GiB"), Ok(Some(50 << 30)));
        assert_eq!(size("512MiB"), Ok(Some(512 << 20)));
        assert_eq!(size("unlimited"), Ok(None));
        assert_eq!(memory("64 MiB"), Ok(64 << 20));
    }

    #[test]
    fn what_is_none_is_told_with_an_example() {
        for text in ["", "a while", "-3d", "90"] {
            assert!(
                age(text).is_err_and(|error| error.contains("90d")),
                "{text}"
            );
        }
        assert!(size("much").is_err_and(|error| error.contains("50 GiB")));
        for text in ["1 MiB", "unlimited"] {
            assert!(
                memory(text).is_err_and(|error| error.contains("64 MiB")),
                "{text}"
            );
        }
    }
}
