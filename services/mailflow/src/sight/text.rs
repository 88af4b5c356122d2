//! Lists of RIDs and domains of deliveries in lines.

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

#[cfg(test)]
mod tests;
