//! A cursor over one line's body: takes what stands at the front, never searches.
//!
//! Every method leaves the cursor where it was when it finds nothing, so that a caller can
//! try the next form. Text that strangers wrote is only ever taken as "the rest" or up to a
//! delimiter that the grammar itself puts there.

/// The most recipient ids that are taken from one line.
pub(crate) const MAX_RIDS: usize = 10_000;

/// The untaken rest of a body.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scan<'a>(pub(crate) &'a str);

impl<'a> Scan<'a> {
    /// Takes a literal.
    pub(crate) fn lit(&mut self, literal: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(literal)?;
        Some(())
    }

    /// Takes a literal, letters of either case (`New smtp ICID`).
    pub(crate) fn lit_any_case(&mut self, literal: &str) -> Option<()> {
        let head = self.0.get(..literal.len())?;
        head.eq_ignore_ascii_case(literal)
            .then(|| self.0 = &self.0[literal.len()..])
    }

    /// Takes blanks, one at least.
    pub(crate) fn blanks(&mut self) -> Option<()> {
        let rest = self.0.trim_start_matches(' ');
        (rest.len() < self.0.len()).then(|| self.0 = rest)
    }

    /// Takes blanks, if any.
    pub(crate) fn skip_blanks(&mut self) {
        self.0 = self.0.trim_start_matches(' ');
    }

    /// Takes a decimal number of at most 19 digits.
    pub(crate) fn number(&mut self) -> Option<u64> {
        let digits = self.0.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 || digits > 19 {
            return None;
        }
        let value = self.0[..digits].parse().ok()?;
        self.0 = &self.0[digits..];
        Some(value)
    }

    /// Takes `literal` and the number behind it: `id("MID ")`.
    pub(crate) fn id(&mut self, literal: &str) -> Option<u64> {
        let mut ahead = *self;
        ahead.lit(literal)?;
        ahead.skip_blanks();
        let number = ahead.number()?;
        *self = ahead;
        Some(number)
    }

    /// Takes a word: everything up to the next blank or the end; never empty.
    pub(crate) fn word(&mut self) -> Option<&'a str> {
        let end = self.0.find(' ').unwrap_or(self.0.len());
        if end == 0 {
            return None;
        }
        let (word, rest) = self.0.split_at(end);
        self.0 = rest;
        Some(word)
    }

    /// Takes everything before `delimiter`, and the delimiter.
    pub(crate) fn until(&mut self, delimiter: &str) -> Option<&'a str> {
        let (before, after) = self.0.split_once(delimiter)?;
        self.0 = after;
        Some(before)
    }

    /// Takes everything before the last `delimiter`, and the delimiter.
    pub(crate) fn until_last(&mut self, delimiter: &str) -> Option<&'a str> {
        let (before, after) = self.0.rsplit_once(delimiter)?;
        self.0 = after;
        Some(before)
    }

    /// Everything that is left.
    pub(crate) fn rest(&self) -> &'a str {
        self.0
    }

    /// Whether only blanks are left.
    pub(crate) fn done(&self) -> bool {
        self.0.trim_end().is_empty()
    }

    /// Takes an envelope address: bare, or in angle brackets up to the `>` that is outside of a
    /// quoted local part (which a stranger may fill with anything). `<>` is the empty string.
    pub(crate) fn address(&mut self) -> Option<&'a str> {
        let mut ahead = *self;
        if ahead.lit("<").is_some() {
            let end = closing_bracket(ahead.0).or_else(|| ahead.0.find('>'))?;
            let address = &ahead.0[..end];
            *self = Scan(&ahead.0[end + 1..]);
            return Some(address);
        }
        self.word()
    }

    /// Takes a list of recipient ids in any of its shapes: `[0]`, `[0, 1]`, `0`; an unclosed
    /// list (a cut line) yields the ids that are surely whole: those with a comma behind them. Beyond [`MAX_RIDS`] they are passed over.
    pub(crate) fn rids(&mut self) -> Option<Vec<u32>> {
        let mut ahead = *self;
        ahead.skip_blanks();
        let list = ahead.lit("[").is_some();
        let mut rids = Vec::new();
        loop {
            ahead.skip_blanks();
            let Some(rid) = ahead.number() else { break };
            if list && ahead.0.is_empty() {
                break;
            }
            let rid = u32::try_from(rid).ok()?;
            if rids.len() < MAX_RIDS {
                rids.push(rid);
            }
            if !list || ahead.lit(",").is_none() {
                break;
            }
        }
        if rids.is_empty() {
            return None;
        }
        if list {
            ahead.skip_blanks();
            if ahead.lit("]").is_none() && !ahead.0.is_empty() {
                return None;
            }
        }
        *self = ahead;
        Some(rids)
    }
}

/// Where the first `>` outside of double quotes stands.
fn closing_bracket(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    text.bytes().position(|byte| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ => {}
        }
        byte == b'>' && !quoted
    })
}

/// Strips one matching pair of quotes: `'…'` or `"…"`; text without a pair stays as it is
/// (a cut line has no closing quote, and a text may end in a quote of its own).
pub(crate) fn unquote(text: &str) -> &str {
    let text = text.trim_end();
    for quote in ['\'', '"'] {
        if let Some(inner) = text.strip_prefix(quote) {
            return inner.strip_suffix(quote).unwrap_or(inner);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recipient_lists_come_in_every_shape() {
        for (text, rids) in [
            ("[0]", vec![0]),
            (" [0, 1, 2]", vec![0, 1, 2]),
            ("  [0, 1", vec![0]),
            ("[0, 1,", vec![0, 1]),
            ("[0, 12 ", vec![0, 12]),
            ("7", vec![7]),
        ] {
            assert_eq!(Scan(text).rids(), Some(rids), "{text}");
        }
        for text in ["", "[]", "[x]", "[1", "[1 2]", "<a>"] {
            assert_eq!(Scan(text).rids(), None, "{text}");
        }
    }

    #[test]
    fn no_line_names_more_than_ten_thousand_recipients() {
        let all: Vec<_> = (0..MAX_RIDS + 5).map(|rid| rid.to_string()).collect();
        let text = format!("[{}] Response 'ok'", all.join(", "));
        let mut scan = Scan(&text);
        assert_eq!(scan.rids().map(|rids| rids.len()), Some(MAX_RIDS));
        assert_eq!(scan.rest(), " Response 'ok'");
    }

    #[test]
    fn a_quoted_local_part_does_not_end_an_address() {
        let line = "<\"a> To: <b\\\"> c\"@mail.example> To: <d@mail.example>";
        let mut scan = Scan(line);
        assert_eq!(scan.address(), Some("\"a> To: <b\\\"> c\"@mail.example"));
        assert_eq!(scan.rest(), " To: <d@mail.example>");
        assert_eq!(
            Scan("<a\"b@mail.example> x").address(),
            Some("a\"b@mail.example")
        );
        assert_eq!(Scan("<cut@mail.exa").address(), None);
    }

    #[test]
    fn one_pair_of_quotes_is_stripped_and_no_more() {
        assert_eq!(unquote("'it's'"), "it's");
        assert_eq!(
            unquote("\"<Lands'End@shop.example>\""),
            "<Lands'End@shop.example>"
        );
        assert_eq!(
            unquote("'Package delivery notification''"),
            "Package delivery notification'"
        );
        assert_eq!(unquote("'cut off in the mid"), "cut off in the mid");
        assert_eq!(unquote("Re: [#1]"), "Re: [#1]");
    }

    #[test]
    fn a_number_that_does_not_fit_is_no_number() {
        assert_eq!(Scan("99999999999999999999").number(), None);
        assert_eq!(
            Scan("9223372036854775807 x").number(),
            Some(9_223_372_036_854_775_807)
        );
    }
}
