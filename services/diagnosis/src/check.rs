//! `kb check`: everything that [`Knowledge::read`] finds, and every example run.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use whymid_mailflow::Settings;
use whymid_schemas::{Answer, Lang};

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
    asked(source, &mut faults);
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
            Place::Stray => own.add(1, "not a file of a knowledge base; it holds article.en.md, article.ja.md, rules.yaml, asked.en.txt, asked.ja.txt and examples/*.log"),
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
    let known = [
        "article.en.md",
        "article.ja.md",
        "rules.yaml",
        "asked.en.txt",
        "asked.ja.txt",
    ];
    if known.contains(&rest) {
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

/// The words in which people ask, where there are any, are there in both languages.
fn asked(source: &Source, faults: &mut Vec<Fault>) {
    for path in source.files.keys() {
        let twin = if let Some(article) = path.strip_suffix("/asked.en.txt") {
            format!("{article}/asked.ja.txt")
        } else if let Some(article) = path.strip_suffix("/asked.ja.txt") {
            format!("{article}/asked.en.txt")
        } else {
            continue;
        };
        if !source.files.contains_key(&twin) {
            let text = format!("has no twin; write {twin}");
            Faults::of(path, faults).add(1, text);
        }
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
    let (ask_line, question) = ask;
    let Some(asked) = parse(question) else {
        faults.add(
            ask_line,
            format!("can't ask `{question}`; use `mid N` or `icid N`"),
        );
        return;
    };
    let answer = answer_of(knowledge, asked, text);
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

/// What an example asks for.
#[derive(Clone, Copy)]
enum Asked {
    Mid(u64),
    Icid(u64),
}

fn parse(question: &str) -> Option<Asked> {
    let (what, id) = question.split_once(' ')?;
    let id = id.trim().parse().ok()?;
    match what {
        "mid" => Some(Asked::Mid(id)),
        "icid" => Some(Asked::Icid(id)),
        _ => None,
    }
}

/// The answer to an example's question.
fn answer_of(knowledge: &Knowledge, asked: Asked, text: &str) -> Option<Answer> {
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
    match asked {
        Asked::Mid(mid) => log.answer_mid(knowledge, mid, None, &style),
        Asked::Icid(icid) => log.answer_icid(knowledge, icid, None, &style),
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
    use whymid_schemas::Confidence;

    use super::*;
    use crate::rule::Precedence;

    #[test]
    fn the_built_in_knowledge_base_has_no_faults() {
        let faults = check(&Source::embedded());
        let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert!(faults.is_empty(), "{}", told.join("\n"));
    }

    /// How sure a rule of that precedence may be: what is inferred is never certain.
    fn ceiling(precedence: Precedence) -> Confidence {
        match precedence {
            Precedence::Lost | Precedence::TimeBand => Confidence::Likely,
            Precedence::CauseOnMessage
            | Precedence::CauseOnConnection
            | Precedence::CrossSession
            | Precedence::State => Confidence::Certain,
        }
    }

    /// Every example: how often each diagnosis was to be given and was given, with the
    /// confidences, and what stood beside it. Compared with `confusion.txt`, that shows which
    /// neighbours fire together; `WHYMID_BLESS=1` rewrites it.
    #[test]
    fn every_example_gets_its_own_diagnosis_and_its_neighbours_stay_silent() {
        let knowledge = Knowledge::embedded();
        let mut given: BTreeMap<(String, String), usize> = BTreeMap::new();
        let mut sure: BTreeMap<String, BTreeSet<Confidence>> = BTreeMap::new();
        let mut beside: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (path, text) in &Source::embedded().files {
            let Place::Example(..) = place(path) else {
                continue;
            };
            let (_, wanted) = head(text, "expect").expect("an expectation");
            let (wanted, _) = wanted.split_once(' ').expect("a confidence");
            let asked = head(text, "ask").and_then(|(_, asked)| parse(asked));
            let answer = answer_of(&knowledge, asked.expect("a question"), text);
            let answer = answer.expect("an answer");
            let got = answer.diagnosis;
            *given
                .entry((wanted.to_owned(), got.id.clone()))
                .or_default() += 1;
            let rules = answer.also.iter().filter(|one| {
                let rule = knowledge.diagnosis(&one.id);
                rule.is_some_and(|one| one.given_by == GivenBy::Rule)
            });
            let names = rules.map(|one| one.id.clone());
            beside.entry(got.id.clone()).or_default().extend(names);
            sure.entry(got.id).or_default().insert(got.confidence);
        }
        let mut told = String::new();
        for ((wanted, got), count) in &given {
            let sure: Vec<String> = sure[got].iter().map(ToString::to_string).collect();
            let beside: Vec<&str> = beside[got].iter().map(String::as_str).collect();
            let mut line = format!("{count:>3} {wanted}");
            if wanted != got {
                line.push_str(&format!(" -> {got}"));
            }
            line.push_str(&format!(": {}", sure.join(", ")));
            if !beside.is_empty() {
                line.push_str(&format!("; beside it {}", beside.join(", ")));
            }
            told.push_str(&line);
            told.push('\n');
        }
        println!("{told}");
        assert!(given.keys().all(|(wanted, got)| wanted == got), "{told}");
        for one in knowledge.diagnoses.iter() {
            let most = one.grades.iter().map(|grade| grade.confidence).max();
            let seen = sure.get(&one.id).and_then(|all| all.last().copied());
            assert!(one.given_by != GivenBy::Rule || seen <= most, "{}", one.id);
            for grade in &one.grades {
                let most = ceiling(grade.precedence);
                assert!(
                    grade.confidence <= most,
                    "{}: {:?}",
                    one.id,
                    grade.confidence
                );
            }
        }
        let held = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/confusion.txt");
        if std::env::var_os("WHYMID_BLESS").is_some() {
            std::fs::write(held, &told).expect("a file that can be written");
        }
        assert_eq!(told, std::fs::read_to_string(held).unwrap_or_default());
    }
}
