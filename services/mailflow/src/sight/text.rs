//! Addresses and lists of RIDs in lines and in what strangers write.

use std::borrow::Cow;

/// A list of RIDs in brackets, reduced to one's own.
pub(super) fn own_rids<'l>(line: &'l str, own: &[u32]) -> Cow<'l, str> {
    for (open, _) in line.match_indices('[') {
        let rest = &line[open + 1..];
        let Some(end) = rest.find(']') else { break };
        let rids: Option<Vec<u32>> = rest[..end]
            .split(',')
            .map(|one| one.trim().parse().ok())
            .collect();
        let Some(rids) = rids else { continue };
        if rids.iter().all(|rid| own.contains(rid)) {
            continue;
        }
        let left: Vec<String> = rids
            .iter()
            .filter(|rid| own.contains(rid))
            .map(u32::to_string)
            .collect();
        let left = left.join(", ");
        return Cow::Owned(format!("{}[{left}{}", &line[..open], &rest[end..]));
    }
    Cow::Borrowed(line)
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
        let from = local_part(&text[done..at]) + done;
        let domain = text[at + length..]
            .find(|letter: char| !(letter.is_alphanumeric() || matches!(letter, '.' | '-' | '_')))
            .map_or(text.len(), |end| at + length + end);
        let to = at + length + text[at + length..domain].trim_end_matches('.').len();
        (from < at && to > at + length).then(|| {
            done = to;
            (from, to)
        })
    })
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
