//! Where addresses stand in lines and in what strangers write.
//!
//! Generous: what only looks like an address counts as one. The work grows with the text, whatever
//! stands in it.

/// Where addresses stand in a text: from, to. Generous: what only looks like one counts.
pub(crate) fn addresses(text: &str) -> impl Iterator<Item = (usize, usize)> + '_ {
    let signs = SIGNS.iter().flat_map(|sign| text.match_indices(sign));
    let mut all: Vec<(usize, usize)> = signs.map(|(at, sign)| (at, sign.len())).collect();
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

/// The sign in an address, as itself and as it is encoded: percent-encoded once and twice, and as
/// quoted-printable text.
pub(crate) const SIGNS: [&str; 4] = ["@", "%2540", "%40", "=40"];

/// An address's local part and its domain, and where the sign between them stands; `None` without one.
pub(crate) fn split(address: &str) -> Option<(&str, &str, &str)> {
    let (sign, at) = SIGNS
        .iter()
        .find_map(|sign| Some((sign, address.rfind(sign)?)))?;
    let domain = at + sign.len();
    Some((&address[..at], &address[at..domain], &address[domain..]))
}

/// An address in the one form that all its forms have: in small letters, without the dot behind a
/// full domain, without quotes that need not be there.
#[must_use]
pub fn canonical(address: &str) -> String {
    let small = address.trim().to_lowercase();
    match split(&small) {
        Some((local, _, domain)) => {
            format!("{}@{}", unquoted(local), domain.trim_end_matches('.'))
        }
        None => unquoted(&small).to_owned(),
    }
}

fn unquoted(local: &str) -> &str {
    let inner = local
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    inner.unwrap_or(local)
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

/// Keys in front of addresses, as gateways and other servers write them.
const KEYS: [&str; 20] = [
    "i",
    "d",
    "b",
    "to",
    "from",
    "rcpt",
    "user",
    "suser",
    "duser",
    "sender",
    "recipient",
    "mail",
    "email",
    "address",
    "smtp",
    "mailfrom",
    "smtp.mailfrom",
    "smtp.rcpt",
    "header.i",
    "header.from",
];

/// The same, without what surely is a key, a quote or a part of a URL. What else stands before a `=`
/// is a part of the address: the recipient of a bounce stands there.
pub(crate) fn named(text: &str) -> &str {
    let is_encoded = !text.contains('@');
    let own = match text.rfind(['/', '?', '&']) {
        Some(place) if is_encoded => &text[place + 1..],
        _ => text.trim_start_matches('\''),
    };
    match own.split_once('=') {
        Some((key, rest))
            if is_encoded && split(rest).is_some()
                || KEYS.contains(&key.to_lowercase().as_str()) =>
        {
            rest.trim_start_matches('\'')
        }
        _ => own,
    }
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
