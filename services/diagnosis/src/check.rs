//! `kb check`: everything that [`Knowledge::read`] finds, and every example run.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use whymid_mailflow::Settings;
use whymid_schemas::Lang;

use crate::answer::Style;
use crate::explain::{LogReader, Reading};
use crate::fault::{Fault, Faults};
use crate::knowledge::{Knowledge, Source};
use crate::limits::Listeners;
use crate::rule::GivenBy;

/// Every fault of a knowledge base: articles, translations, rules, links, examples.
#[must_use]
pub fn check(source: &Source) -> Vec<Fault> {
    let (knowledge, mut faults) = Knowledge::read(source);
    let with_faulty_rules = faulty_rules(&faults);
    let mut examples: BTreeMap<&str, BTreeSet<Role>> = BTreeMap::new();
    for (path, text) in &source.files {
        let mut own = Faults::of(path, &mut faults);
        match place(path) {
            Place::Example(diagnosis, role) => {
                match knowledge.diagnosis(diagnosis) {
                    Some(one) if one.given_by == GivenBy::Rule => {
                        examples.entry(diagnosis).or_default().insert(role);
                        run(&knowledge, diagnosis, role, text, &mut own);
                    }
                    // the rule's own fault is told where it stands
                    None if with_faulty_rules.contains(article_of(path)) => {}
                    _ => own.add(1, format!("no usable rule `{diagnosis}`; examples are named <diagnosis>.fires.log or <diagnosis>.silent.log")),
                }
            }
            Place::Known => {}
            Place::Stray => own.add(1, "not a file of a knowledge base; it holds article.en.md, article.ja.md, rules.yaml and examples/*.log"),
        }
    }
    for diagnosis in knowledge
        .diagnoses
        .iter()
        .filter(|one| one.given_by == GivenBy::Rule)
    {
        let path = format!("{}/rules.yaml", diagnosis.article);
        for role in [Role::Fires, Role::Silent] {
            if !examples
                .get(diagnosis.id.as_str())
                .is_some_and(|roles| roles.contains(&role))
            {
                let text = format!(
                    "the rule `{0}` has no example in which it {1}; write examples/{0}.{2}.log",
                    diagnosis.id,
                    role.says(),
                    role.word()
                );
                Faults::of(&path, &mut faults).add(diagnosis.line, text);
            }
        }
    }
    faults.sort();
    faults
}

/// The articles whose rules.yaml has a fault.
fn faulty_rules(faults: &[Fault]) -> BTreeSet<String> {
    let rules = faults
        .iter()
        .filter(|fault| fault.file.ends_with("/rules.yaml"));
    rules
        .map(|fault| article_of(&fault.file).to_owned())
        .collect()
}

fn article_of(path: &str) -> &str {
    path.split('/').next().unwrap_or_default()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Fires,
    Silent,
}

impl Role {
    fn word(self) -> &'static str {
        match self {
            Self::Fires => "fires",
            Self::Silent => "silent",
        }
    }

    fn says(self) -> &'static str {
        match self {
            Self::Fires => "fires",
            Self::Silent => "stays silent",
        }
    }
}

enum Place<'p> {
    Example(&'p str, Role),
    Known,
    Stray,
}

fn place(path: &str) -> Place<'_> {
    let Some((_, rest)) = path.split_once('/') else {
        return if path == "README.md" {
            Place::Known
        } else {
            Place::Stray
        };
    };
    if matches!(rest, "article.en.md" | "article.ja.md" | "rules.yaml") {
        return Place::Known;
    }
    let stem = rest
        .strip_prefix("examples/")
        .and_then(|name| name.strip_suffix(".log"));
    let Some((diagnosis, role)) = stem.and_then(|stem| stem.split_once('.')) else {
        return Place::Stray;
    };
    match role.split('-').next() {
        Some("fires") => Place::Example(diagnosis, Role::Fires),
        Some("silent") => Place::Example(diagnosis, Role::Silent),
        _ => Place::Stray,
    }
}

/// Asks an example its own question and compares.
fn run(knowledge: &Knowledge, diagnosis: &str, role: Role, text: &str, faults: &mut Faults<'_>) {
    let Some(ask) = head(text, "ask") else {
        faults.add(
            1,
            "no question; begin with `# ask: mid N` or `# ask: icid N`",
        );
        return;
    };
    let Some(expect) = head(text, "expect") else {
        faults.add(
            1,
            "no expectation; write `# expect: <diagnosis> <confidence>` under the question",
        );
        return;
    };
    let (expect_line, expected) = expect;
    let mut reader = LogReader::new(Reading {
        settings: Settings {
            unnamed: "example".to_owned(),
            ..Settings::default()
        },
        listeners: Listeners::default(),
        year: None,
        now: Timestamp::MAX
            .saturating_sub(jiff::SignedDuration::from_hours(48))
            .unwrap_or(Timestamp::MAX),
    });
    reader.read(text.as_bytes());
    let log = reader.finish();
    let style = Style {
        lang: Lang::En,
        zone: TimeZone::UTC,
        base_url: String::new(),
    };
    let (ask_line, question) = ask;
    let answer = match question
        .split_once(' ')
        .map(|(what, id)| (what, id.trim().parse::<u64>()))
    {
        Some(("mid", Ok(mid))) => log.answer_mid(knowledge, mid, None, &style),
        Some(("icid", Ok(icid))) => log.answer_icid(knowledge, icid, None, &style),
        _ => {
            faults.add(
                ask_line,
                format!("can't ask `{question}`; use `mid N` or `icid N`"),
            );
            return;
        }
    };
    let Some(answer) = answer else {
        faults.add(ask_line, format!("the log below has no {question}"));
        return;
    };
    let got = format!("{} {}", answer.diagnosis.id, answer.diagnosis.confidence);
    if got != expected {
        faults.add(expect_line, format!("expected `{expected}`, the answer is `{got}`; mend the rule, the example or the expectation"));
    }
    let beside = head(text, "expect-also");
    let stands_beside = |id: &str| answer.also.iter().any(|one| one.id == id);
    if let Some((line, id)) = beside
        && !stands_beside(id)
    {
        faults.add(line, format!("`{id}` does not stand beside the answer"));
    }
    let is_first = answer.diagnosis.id == diagnosis;
    let is_meant = beside.is_some_and(|(_, id)| id == diagnosis);
    let fires = is_first || (is_meant && stands_beside(diagnosis));
    match role {
        Role::Fires if !fires => {
            faults.add(expect_line, format!("`{diagnosis}` does not fire here"))
        }
        Role::Silent if is_first || (stands_beside(diagnosis) && !is_meant) => {
            faults.add(expect_line, format!("`{diagnosis}` is not silent here; where it is to stand beside the answer, write `# expect-also: {diagnosis}`"))
        }
        Role::Fires | Role::Silent => {}
    }
}

/// A `# key: value` of the head, with its line.
fn head<'t>(text: &'t str, key: &str) -> Option<(u64, &'t str)> {
    let head = text
        .lines()
        .take_while(|line| line.starts_with('#'))
        .zip(1..);
    let mut values = head.filter_map(|(line, number)| {
        let value = line
            .trim_start_matches('#')
            .trim()
            .strip_prefix(key)?
            .strip_prefix(':')?;
        Some((number, value.trim()))
    });
    values.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_knowledge_base_has_no_faults() {
        let faults = check(&Source::embedded());
        let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert!(faults.is_empty(), "{}", told.join("\n"));
    }
}
