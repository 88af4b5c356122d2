//! What is wrong with the knowledge base, and where.

use std::fmt;

/// One fault: file, line, what is wrong and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The file, relative to the knowledge base.
    pub file: String,
    /// The line, from 1.
    pub line: u64,
    /// What is wrong and how to mend it.
    pub text: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.text)
    }
}

/// Collects the faults of one file.
#[derive(Debug)]
pub(crate) struct Faults<'a> {
    file: &'a str,
    all: &'a mut Vec<Fault>,
}

impl<'a> Faults<'a> {
    pub(crate) fn of(file: &'a str, all: &'a mut Vec<Fault>) -> Self {
        Self { file, all }
    }

    pub(crate) fn add(&mut self, line: u64, text: impl Into<String>) {
        self.all.push(Fault {
            file: self.file.to_owned(),
            line: line.max(1),
            text: text.into(),
        });
    }
}

/// The one of the known words that is most like a word, if any is like it at all: alike at the
/// beginning, or a slip or two of the fingers away.
#[must_use]
pub fn nearest_word<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let likeness = |candidate: &str| {
        let slips = strsim::normalized_damerau_levenshtein(word, candidate);
        slips.max(strsim::jaro_winkler(word, candidate) - 0.1)
    };
    let scored = known
        .into_iter()
        .map(|candidate| (likeness(candidate), candidate));
    let best = scored.max_by(|a, b| a.0.total_cmp(&b.0));
    best.filter(|(likeness, _)| *likeness > 0.65)
        .map(|(_, candidate)| candidate)
}

/// `; did you mean …?` for the nearest of the known words, or the list of them.
pub(crate) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    match nearest_word(word, known.iter().copied()) {
        Some(candidate) => format!("; did you mean `{candidate}`?"),
        None if known.len() <= 12 => format!("; use one of: {}", known.join(", ")),
        None => "; the known names stand in kb/README.md".to_owned(),
    }
}

/// The keys that every diagnosis has; one that is missing is told where the diagnosis begins.
const DIAGNOSIS_KEYS: [&str; 9] = [
    "id",
    "given_by",
    "severity",
    "heals_by_retry",
    "party",
    "grouping",
    "summary",
    "next_steps",
    "for_the_helpdesk",
];

/// What a YAML reader's error means for the author: the line, and the text with the line's own
/// words. The reader points behind a map that lacks a key, and tells places in its text a second
/// time.
pub(crate) fn of_yaml(text: &str, error: &serde_saphyr::Error) -> (u64, String) {
    let told = error.location().map_or(1, |location| location.line());
    let message = error.to_string();
    let message = message.lines().find(|line| !line.trim().is_empty());
    let message = message
        .unwrap_or("not YAML")
        .trim()
        .trim_start_matches("error: ");
    let message = match message.split_once(": ") {
        Some((place, rest)) if place.starts_with("line ") => rest,
        _ => message,
    };
    let lines: Vec<&str> = text.lines().collect();
    if let Some(key) = missing_key(message) {
        return (
            begins_at(&lines, told, key),
            format!("the key `{key}` is missing; write it"),
        );
    }
    let place = usize::try_from(told).unwrap_or(1).saturating_sub(1);
    let own = lines.get(place).map_or("", |line| line.trim());
    (
        told,
        format!("`{own}`: {message}; kb/README.md shows the form"),
    )
}

fn missing_key(message: &str) -> Option<&str> {
    let rest = message.strip_prefix("missing field `")?;
    Some(rest.split_once('`')?.0)
}

/// Where the map that lacks a key begins, or a line of it.
fn begins_at(lines: &[&str], told: u64, key: &str) -> u64 {
    let behind = usize::try_from(told).unwrap_or(1).min(lines.len());
    let is_wanted = |line: &str| {
        let line = line.trim();
        if DIAGNOSIS_KEYS.contains(&key) {
            line.starts_with("- id:")
        } else {
            !line.is_empty()
        }
    };
    if lines
        .get(behind.saturating_sub(1))
        .is_some_and(|line| line.contains('{'))
    {
        return told;
    }
    let above = lines[..behind.saturating_sub(1)]
        .iter()
        .rposition(|line| is_wanted(line));
    above.map_or(told, |place| place as u64 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_a_slip_away_and_a_far_one_is_none() {
        let known = ["mid", "icid", "appliance", "udp_buffer", "data_dir"];
        for (word, nearest) in [
            ("mdi", Some("mid")),
            ("aplliance", Some("appliance")),
            ("udp_bufer", Some("udp_buffer")),
            ("data_dri", Some("data_dir")),
            ("zebra", None),
        ] {
            assert_eq!(nearest_word(word, known), nearest, "{word}");
        }
    }
}
