//! Pieces to a line's body, without the formatting machinery.
//!
//! `body!["Start MID ", mid, " ICID ", icid]` is what `format!` would give; it is written by
//! hand because millions of bodies are made in unoptimised test runs.

/// Something that can stand in a body.
pub(crate) trait Part {
    /// Appends it.
    fn put(&self, text: &mut String);
}

impl Part for &str {
    fn put(&self, text: &mut String) {
        text.push_str(self);
    }
}

impl Part for String {
    fn put(&self, text: &mut String) {
        text.push_str(self);
    }
}

impl Part for &String {
    fn put(&self, text: &mut String) {
        text.push_str(self);
    }
}

impl Part for u64 {
    fn put(&self, text: &mut String) {
        let mut digits = [0; 20];
        let mut place = digits.len();
        let mut left = *self;
        loop {
            place -= 1;
            digits[place] = b'0' + (left % 10) as u8;
            left /= 10;
            if left == 0 {
                break;
            }
        }
        text.push_str(str::from_utf8(&digits[place..]).unwrap_or_default());
    }
}

impl Part for u32 {
    fn put(&self, text: &mut String) {
        u64::from(*self).put(text);
    }
}

impl Part for i64 {
    fn put(&self, text: &mut String) {
        if *self < 0 {
            text.push('-');
        }
        self.unsigned_abs().put(text);
    }
}

/// A list of recipient ids as the gateway writes it: `[0, 1, 2]`.
pub(crate) struct Rids<'a>(pub(crate) &'a [u32]);

impl Part for Rids<'_> {
    fn put(&self, text: &mut String) {
        text.push('[');
        for (place, rid) in self.0.iter().enumerate() {
            if place > 0 {
                text.push_str(", ");
            }
            rid.put(text);
        }
        text.push(']');
    }
}

/// A text as Python's `repr` shows it: in `'…'`, or in `"…"` when it holds a `'`.
pub(crate) struct Repr<'a>(pub(crate) &'a str);

impl Part for Repr<'_> {
    fn put(&self, text: &mut String) {
        let quote = if self.0.contains('\'') { '"' } else { '\'' };
        text.push(quote);
        text.push_str(self.0);
        text.push(quote);
    }
}

/// Joins pieces to a body.
macro_rules! body {
    ($($part:expr),+ $(,)?) => {{
        let mut text = String::with_capacity(112);
        $($crate::text::Part::put(&$part, &mut text);)+
        text
    }};
}
pub(crate) use body;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_its_pieces() {
        let rids = [0, 1, 12];
        let text = body![
            "MID ",
            u64::MAX,
            " to RID ",
            Rids(&rids),
            " ",
            -5_i64,
            " ",
            0_u32
        ];
        assert_eq!(text, "MID 18446744073709551615 to RID [0, 1, 12] -5 0");
    }

    #[test]
    fn a_quote_inside_changes_the_quotes() {
        assert_eq!(body![Repr("a"), Repr("Lands'End")], "'a'\"Lands'End\"");
    }
}
