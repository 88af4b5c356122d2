//! A diagnosis, checked and compiled: from [`RawDiagnosis`] to [`Diagnosis`].
//!
//! Every fault of a diagnosis is reported, not only the first; a diagnosis with a fault is not
//! used at all.

use whymid_schemas::{Confidence, Grouping, HealsByRetry, Party, Severity, Text, Who};

use crate::condition::Condition;
use crate::fault::{Faults, nearest};
use crate::lines;
use crate::rule_file::{RawCondition, RawDiagnosis, RawGrade, RawNote, RawText, Spanned};
use crate::symptom::Symptom;
use crate::words;

/// What gives a diagnosis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GivenBy {
    /// Its conditions.
    Rule,
    /// The engine itself: a state that no condition can tell.
    Engine,
    /// Nobody yet: its log wording was never seen.
    Nobody,
}

impl GivenBy {
    const ALL: [Self; 3] = [Self::Rule, Self::Engine, Self::Nobody];

    /// The published word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Rule => "rule",
            Self::Engine => "engine",
            Self::Nobody => "nobody",
        }
    }
}

/// Which of several causes that fit is named first (catalogue, part J), strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Precedence {
    CauseOnMessage,
    CauseOnConnection,
    Lost,
    TimeBand,
    CrossSession,
    State,
}

impl Precedence {
    const ALL: [Self; 6] = [
        Self::CauseOnMessage,
        Self::CauseOnConnection,
        Self::Lost,
        Self::TimeBand,
        Self::CrossSession,
        Self::State,
    ];

    fn word(self) -> &'static str {
        match self {
            Self::CauseOnMessage => "cause_on_message",
            Self::CauseOnConnection => "cause_on_connection",
            Self::Lost => "lost",
            Self::TimeBand => "time_band",
            Self::CrossSession => "cross_session",
            Self::State => "state",
        }
    }
}

/// One condition with its texts.
#[derive(Debug)]
pub(crate) struct Check {
    pub(crate) when: Condition,
    pub(crate) holds: Text,
    pub(crate) fails: Text,
    pub(crate) lines: Vec<String>,
}

/// One grade.
#[derive(Debug)]
pub(crate) struct Grade {
    pub(crate) when: Option<Condition>,
    pub(crate) confidence: Confidence,
    pub(crate) precedence: Precedence,
}

/// A text under an optional condition.
#[derive(Debug)]
pub(crate) struct Note {
    pub(crate) when: Option<Condition>,
    pub(crate) text: Text,
}

/// One step to take.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) who: Who,
    pub(crate) note: Note,
    pub(crate) command: Option<String>,
}

/// An annotating diagnosis.
#[derive(Debug)]
pub(crate) struct Annotation {
    pub(crate) id: String,
    pub(crate) line: u64,
    pub(crate) when: Option<Condition>,
}

/// One diagnosis of the catalogue.
#[derive(Debug)]
pub struct Diagnosis {
    /// Kebab-case, never renamed or reused.
    pub id: String,
    /// The article that explains it.
    pub article: String,
    /// Where it stands in `rules.yaml`.
    pub(crate) line: u64,
    pub(crate) number: u32,
    /// What gives it.
    pub given_by: GivenBy,
    pub(crate) symptoms: Vec<Symptom>,
    pub(crate) severity: Severity,
    pub(crate) heals_by_retry: HealsByRetry,
    pub(crate) party: Vec<Party>,
    pub(crate) grouping: Grouping,
    pub(crate) summary: Text,
    /// The first whose condition holds replaces `summary`.
    pub(crate) summaries: Vec<Note>,
    pub(crate) checks: Vec<Check>,
    pub(crate) grades: Vec<Grade>,
    pub(crate) would_raise: Vec<Note>,
    pub(crate) next_steps: Vec<Step>,
    pub(crate) helpdesk: Text,
    pub(crate) also: Vec<Annotation>,
}

/// Checks and compiles; `None` when there was a fault.
pub(crate) fn build(
    raw: RawDiagnosis,
    article: &str,
    faults: &mut Faults<'_>,
) -> Option<Diagnosis> {
    let mut build = Build {
        faults,
        clean: true,
    };
    let id = build.id(&raw.id);
    let line = line(&raw.id);
    let given_by = build.word(&raw.given_by, "`given_by`", GivenBy::ALL, GivenBy::word);
    let diagnosis = Diagnosis {
        id,
        article: article.to_owned(),
        line,
        number: raw.number.unwrap_or(u32::MAX),
        given_by: given_by.unwrap_or(GivenBy::Nobody),
        symptoms: build.each(&raw.symptoms, |build, one| {
            build.word(one, "symptom", Symptom::ALL, Symptom::word)
        }),
        severity: build
            .word(
                &raw.severity,
                "severity",
                Severity::ALL.iter().copied(),
                Severity::word,
            )
            .unwrap_or(Severity::Info),
        heals_by_retry: build
            .word(
                &raw.heals_by_retry,
                "`heals_by_retry`",
                HealsByRetry::ALL.iter().copied(),
                HealsByRetry::word,
            )
            .unwrap_or(HealsByRetry::Unknown),
        party: build.each(&raw.party, |build, one| {
            build.word(one, "party", Party::ALL.iter().copied(), Party::word)
        }),
        grouping: build
            .word(
                &raw.grouping,
                "grouping",
                Grouping::ALL.iter().copied(),
                Grouping::word,
            )
            .unwrap_or(Grouping::Record),
        summary: build.text(raw.summary),
        summaries: build.notes(raw.summaries),
        checks: raw
            .conditions
            .into_iter()
            .filter_map(|one| build.check(one))
            .collect(),
        grades: raw
            .grades
            .into_iter()
            .filter_map(|one| build.grade(one))
            .collect(),
        would_raise: build.notes(raw.would_raise_confidence),
        next_steps: raw
            .next_steps
            .into_iter()
            .filter_map(|one| build.step(one))
            .collect(),
        helpdesk: build.text(raw.for_the_helpdesk),
        also: raw
            .also
            .into_iter()
            .map(|one| Annotation {
                line: self::line(&one.id),
                when: build.when(one.when.as_ref()),
                id: one.id.value,
            })
            .collect(),
    };
    build.whole(&diagnosis);
    build.clean.then_some(diagnosis)
}

fn line<T>(value: &Spanned<T>) -> u64 {
    value.referenced.line()
}

struct Build<'f, 'a> {
    faults: &'f mut Faults<'a>,
    clean: bool,
}

impl Build<'_, '_> {
    fn fault(&mut self, line: u64, text: impl Into<String>) {
        self.clean = false;
        self.faults.add(line, text);
    }

    fn id(&mut self, id: &Spanned<String>) -> String {
        if !is_kebab_case(&id.value) {
            let text = format!(
                "the id `{}` is not kebab-case; use lower-case words and single dashes",
                id.value
            );
            self.fault(line(id), text);
        }
        id.value.clone()
    }

    fn each<T>(
        &mut self,
        raw: &[Spanned<String>],
        mut one: impl FnMut(&mut Self, &Spanned<String>) -> Option<T>,
    ) -> Vec<T> {
        raw.iter().filter_map(|value| one(self, value)).collect()
    }

    fn word<T: Copy>(
        &mut self,
        value: &Spanned<String>,
        what: &str,
        all: impl IntoIterator<Item = T> + Clone,
        word: impl Fn(T) -> &'static str,
    ) -> Option<T> {
        let found = all
            .clone()
            .into_iter()
            .find(|known| word(*known) == value.value);
        if found.is_none() {
            let hint = nearest(&value.value, all.into_iter().map(word));
            self.fault(
                line(value),
                format!("unknown {what} `{}`{hint}", value.value),
            );
        }
        found
    }

    fn text(&mut self, raw: RawText) -> Text {
        for (value, lang) in [(&raw.en, "en"), (&raw.ja, "ja")] {
            if value.value.trim().is_empty() {
                self.fault(line(value), format!("the `{lang}` text is empty; write it"));
            }
            self.placeholders(value);
        }
        if !raw.ja.value.trim().is_empty() && !is_japanese(&raw.ja.value) {
            self.fault(
                line(&raw.ja),
                "the `ja` text holds no Japanese; translate it",
            );
        }
        let (en, ja) = (
            words::placeholders(&raw.en.value),
            words::placeholders(&raw.ja.value),
        );
        if let Some(name) = en.iter().find(|name| !ja.contains(name)) {
            self.fault(
                line(&raw.ja),
                format!("the `ja` text leaves out {{{name}}} of its `en` twin"),
            );
        }
        if let Some(name) = ja.iter().find(|name| !en.contains(name)) {
            self.fault(
                line(&raw.en),
                format!("the `en` text leaves out {{{name}}} of its `ja` twin"),
            );
        }
        Text {
            en: raw.en.value,
            ja: raw.ja.value,
        }
    }

    fn placeholders(&mut self, value: &Spanned<String>) {
        for name in words::placeholders(&value.value) {
            if !words::is_known(name) {
                let hint = nearest(name, words::known());
                self.fault(line(value), format!("unknown word {{{name}}}{hint}"));
            }
        }
    }

    fn condition(&mut self, source: &Spanned<String>) -> Option<Condition> {
        match Condition::compile(&source.value) {
            Ok(condition) => Some(condition),
            Err(error) => {
                self.fault(line(source), format!("`if: {}`: {error}", source.value));
                None
            }
        }
    }

    fn when(&mut self, source: Option<&Spanned<String>>) -> Option<Condition> {
        source.and_then(|source| self.condition(source))
    }

    fn notes(&mut self, raw: Vec<RawNote>) -> Vec<Note> {
        let mut notes = Vec::new();
        for one in raw {
            notes.push(Note {
                when: self.when(one.when.as_ref()),
                text: self.text(one.text),
            });
        }
        notes
    }

    fn check(&mut self, raw: RawCondition) -> Option<Check> {
        let (holds, fails) = (self.text(raw.holds), self.text(raw.fails));
        for name in &raw.lines {
            if !lines::names().any(|known| known == name.value) {
                let hint = nearest(&name.value, lines::names());
                self.fault(line(name), format!("unknown line `{}`{hint}", name.value));
            }
        }
        let lines = raw.lines.into_iter().map(|name| name.value).collect();
        Some(Check {
            when: self.condition(&raw.when)?,
            holds,
            fails,
            lines,
        })
    }

    fn grade(&mut self, raw: RawGrade) -> Option<Grade> {
        let when = self.when(raw.when.as_ref());
        let confidence = self.word(
            &raw.confidence,
            "confidence",
            Confidence::ALL.iter().copied(),
            Confidence::word,
        );
        let precedence = self.word(
            &raw.precedence,
            "precedence",
            Precedence::ALL,
            Precedence::word,
        );
        Some(Grade {
            when,
            confidence: confidence?,
            precedence: precedence?,
        })
    }

    fn step(&mut self, raw: crate::rule_file::RawStep) -> Option<Step> {
        let who = self.word(&raw.who, "`who`", Who::ALL.iter().copied(), Who::word);
        let when = self.when(raw.when.as_ref());
        let text = self.text(raw.text);
        if let Some(command) = &raw.command {
            for name in words::placeholders(&command.value) {
                if !words::COMMAND_WORDS.contains(&name) {
                    let allowed = words::COMMAND_WORDS.join("}, {");
                    self.fault(line(command), format!("a command may hold {{{allowed}}} only: {{{name}}} is a stranger's text and would be pasted into a shell"));
                }
            }
        }
        let command = raw.command.map(|command| command.value);
        Some(Step {
            who: who?,
            note: Note { when, text },
            command,
        })
    }

    /// What only the whole can tell.
    fn whole(&mut self, diagnosis: &Diagnosis) {
        let at = diagnosis.line;
        let is_rule = diagnosis.given_by == GivenBy::Rule;
        if diagnosis.party.is_empty() {
            self.fault(
                at,
                "no party is named; say who can mend it, or `undetermined`",
            );
        }
        if diagnosis.next_steps.is_empty() {
            self.fault(at, "no next step is named; say what to do");
        }
        if is_rule && diagnosis.symptoms.is_empty() {
            self.fault(at, "a rule needs `symptoms`: without one it is never tried");
        }
        if is_rule && diagnosis.checks.is_empty() {
            self.fault(
                at,
                "a rule needs `conditions`; a state that the engine gives says `given_by: engine`",
            );
        }
        if is_rule
            && diagnosis
                .grades
                .last()
                .is_none_or(|last| last.when.is_some())
        {
            self.fault(at, "a rule needs `grades`, the last of them without `if`");
        }
        let bare = diagnosis.checks.is_empty()
            && diagnosis.grades.is_empty()
            && diagnosis.symptoms.is_empty();
        if !is_rule && !bare {
            self.fault(
                at,
                "only `given_by: rule` has symptoms, conditions and grades; take them out",
            );
        }
    }
}

pub(crate) fn is_kebab_case(id: &str) -> bool {
    !id.is_empty()
        && id.split('-').all(|word| {
            !word.is_empty()
                && word
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        })
}

/// Whether a text holds kana or kanji.
pub(crate) fn is_japanese(text: &str) -> bool {
    text.chars()
        .any(|letter| matches!(letter, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}'))
}
