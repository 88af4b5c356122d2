//! Spans of time as people write them (`15m`, `24h`, `7d`) to spans of time.

use jiff::{SignedDuration, Span, SpanRelativeTo};
use whymid_schemas::Text;

/// The longest that anything here takes: a year.
const LONGEST: SignedDuration = SignedDuration::from_hours(366 * 24);

/// Reads a span; a day has 24 hours.
///
/// # Errors
/// What to write instead.
pub(crate) fn span(text: &str) -> Result<SignedDuration, Text> {
    let wrong = || {
        twins!(
            "{text:?} is no span of time: write something like 15m, 24h or 7d",
            "{text:?} は期間ではありません。15m、24h、7d のように指定してください"
        )
    };
    let span: Span = text.trim().parse().map_err(|_| wrong())?;
    let span = span.to_duration(SpanRelativeTo::days_are_24_hours());
    let span = span.map_err(|_| wrong())?;
    if span.is_negative() {
        return Err(wrong());
    }
    if span > LONGEST {
        return Err(twins!(
            "{text:?} is longer than a year",
            "{text:?} は 1 年を超えています"
        ));
    }
    Ok(span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_as_people_write_them() {
        assert_eq!(span("15m"), Ok(SignedDuration::from_mins(15)));
        assert_eq!(span("7d"), Ok(SignedDuration::from_hours(168)));
        assert_eq!(span("0s"), Ok(SignedDuration::ZERO));
        for wrong in ["", "soon", "-5m", "10", "400d"] {
            assert!(span(wrong).is_err(), "{wrong}");
        }
    }
}
