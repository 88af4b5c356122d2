//! Where addresses stand in lines and in what strangers write.
//!
//! Generous: what only looks like an address counts as one. The work grows with the text, whatever
//! stands in it.

/// Where addresses stand in a text: from, to. Generous: what only looks like one counts.
pub(crate) fn addresses(text: &str) -> impl Iterator<Item = (usize, usize)> + '_ {
    let signs = text.match_indices('@').map(|(at, sign)| (at, sign.len()));
    let encoded = text.match_indices("%40").map(|(at, sign)| (at, sign.len()));
    let mut all: Vec<(usize, usize)> = signs.chain(encoded).collect();
    all.sort_unstable();
    let mut done = 0;
    all.into_iter().filter_map(move |(at, length)| {
        if at < done {
            return None;
        }
        let before = text
            .ceil_char_boundary(at.saturating_sub(LONGEST))
            .max(done);
        let from = local_part(&text[before..at]) + before;
        let rest = &text[at + length..];
        let to = at + length + domain(rest);
        // what is no address is not looked at again
        done = at + length;
        (from < at && to > at + length).then(|| {
            done = to;
            (from, to)
        })
    })
}

/// The longest domain, and the longest local part, bytes: RFC 5321, section 4.5.3.1, has 255 and 64.
const LONGEST: usize = 320;

/// Where the domain ends that begins a text: a name, or an address in brackets (RFC 5321, section
/// 4.1.3). What goes on with another `@` is one.
fn domain(text: &str) -> usize {
    let text = &text[..text.floor_char_boundary(LONGEST)];
    if text.starts_with('[') {
        return text.find(']').map_or(text.len(), |end| end + 1);
    }
    let is_of_it =
        |letter: char| letter.is_alphanumeric() || matches!(letter, '.' | '-' | '_' | '@');
    let end = text.find(|letter| !is_of_it(letter)).unwrap_or(text.len());
    text[..end].trim_end_matches(['.', '@']).len()
}

/// An address as it may stand behind a key or a quote: `duser=bob@b.example`, `'bob@b.example'`.
pub(crate) fn bare(address: &str) -> &str {
    let bare = address.rsplit_once('=').map_or(address, |(_, bare)| bare);
    bare.trim_start_matches('\'')
}

/// Where the local part begins that ends a text: quoted, or up to what can't be in one that is not
/// (RFC 5321, section 4.1.2, and what stands around addresses in logs).
fn local_part(text: &str) -> usize {
    if let Some(quoted) = text.strip_suffix('"') {
        return quoted.rfind('"').unwrap_or(0);
    }
    let is_around = |letter: char| {
        letter.is_whitespace()
            || letter.is_control()
            || matches!(
                letter,
                '<' | '>' | '(' | ')' | '[' | ']' | ',' | ';' | ':' | '"' | '\\'
            )
    };
    let begin = text.rfind(is_around);
    begin.map_or(0, |place| {
        place + text[place..].chars().next().map_or(1, char::len_utf8)
    })
}

#[cfg(test)]
mod tests;
