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

/// `; did you mean …?` for the nearest of the known words, or the list of them.
pub(crate) fn nearest<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> String {
    let known: Vec<&str> = known.into_iter().collect();
    let best = known
        .iter()
        .map(|candidate| (strsim::jaro_winkler(word, candidate), candidate))
        .max_by(|a, b| a.0.total_cmp(&b.0));
    match best {
        Some((likeness, candidate)) if likeness > 0.8 => format!("; did you mean `{candidate}`?"),
        _ if known.len() <= 12 => format!("; use one of: {}", known.join(", ")),
        _ => "; the known names stand in kb/README.md".to_owned(),
    }
}
