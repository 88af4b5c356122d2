//! Addresses and lists of RIDs in lines and in what strangers write.

use std::borrow::Cow;

/// Mentions of RIDs that are looked at: the gateway's own come first.
const MENTIONS: usize = 8;

/// The first RIDs that a line names, as `RID 1`, `RID: 1` or `RID [0, 1]`: where the numbers stand,
/// and which. A list that was cut ends with the line.
pub(super) fn rids(line: &str) -> Option<(usize, usize, Vec<u32>)> {
    let numbers = |text: &str| -> Vec<u32> {
        let each = text.split(|letter: char| !letter.is_ascii_digit());
        each.filter_map(|one| one.parse().ok()).collect()
    };
    let mut mentions = line.match_indices("RID").take(MENTIONS);
    mentions.find_map(|(at, word)| {
        let before = line[..at].chars().next_back();
        if before.is_some_and(char::is_alphanumeric) {
            return None;
        }
        let rest = line[at + word.len()..].trim_start_matches([':', ' ']);
        let from = line.len() - rest.len();
        let (from, to) = if let Some(list) = rest.strip_prefix('[') {
            (from + 1, from + 1 + list.find(']').unwrap_or(list.len()))
        } else {
            let end = rest.find(|letter: char| !letter.is_ascii_digit());
            (from, from + end.unwrap_or(rest.len()))
        };
        let found = numbers(&line[from..to]);
        (!found.is_empty()).then_some((from, to, found))
    })
}

/// A line whose first list of RIDs is reduced to one's own.
pub(super) fn own_rids<'l>(line: &'l str, own: &[u32]) -> Cow<'l, str> {
    let Some((from, to, rids)) = rids(line) else {
        return Cow::Borrowed(line);
    };
    if rids.iter().all(|rid| own.contains(rid)) {
        return Cow::Borrowed(line);
    }
    let left: Vec<String> = rids
        .iter()
        .filter(|rid| own.contains(rid))
        .map(u32::to_string)
        .collect();
    Cow::Owned(format!(
        "{}{}{}",
        &line[..from],
        left.join(", "),
        &line[to..]
    ))
}

/// The domains that a line of a delivery connection says it is for: `… for b.example`,
/// `… domain: b.example`.
pub(super) fn delivered_to(line: &str) -> impl Iterator<Item = &str> {
    let is_of_delivery = line.contains("DCID ");
    let words = line.split(' ').filter(move |_| is_of_delivery);
    let pairs = words.clone().zip(words.skip(1));
    pairs.filter_map(|(before, word)| {
        let name = word.trim_matches(|letter: char| !letter.is_alphanumeric());
        let is_name = name.contains('.') && name.chars().any(char::is_alphabetic);
        (["for", "domain:"].contains(&before) && is_name).then_some(name)
    })
}

/// Where addresses stand in a text: from, to. Generous: what only looks like one counts.
pub(super) fn addresses(text: &str) -> impl Iterator<Item = (usize, usize)> + '_ {
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
pub(super) fn bare(address: &str) -> &str {
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
