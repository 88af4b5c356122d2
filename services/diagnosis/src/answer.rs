//! A story to an answer: the decision put into words, with its evidence, in one language.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use whymid_schemas::{
    Answer, Confidence, Custody, Evidence, Lang, NextStep, Outcome, Party, Question, RuledOut,
    Text, Time,
};

use crate::condition::Facts;
use crate::decide::{self, Verdict, decide, holds};
use crate::knowledge::{Knowledge, MID_UNKNOWN, NO_CAUSE};
use crate::lines;
use crate::outcome;
use crate::rule::{Diagnosis, GivenBy};
use crate::story::Story;
use crate::summary::{connection_summary, message_summary};
use crate::words::{self, Filler};

/// How an answer is to be written.
#[derive(Clone, Debug)]
pub struct Style {
    /// The language of every human text.
    pub lang: Lang,
    /// The zone of every time.
    pub zone: TimeZone,
    /// `https://host`, without a slash at the end; empty where no service answers.
    pub base_url: String,
}

/// The most lines an answer shows as evidence.
const MAX_EVIDENCE: usize = 8;

/// What is kept of a diagnosis beside a written record, for search and statistics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facets {
    /// The outcome.
    pub outcome: Outcome,
    /// Who holds the mail.
    pub custody: Custody,
    /// The diagnosis.
    pub diagnosis: String,
    /// Who can mend it.
    pub party: Vec<Party>,
    /// The knowledge base that said so.
    pub kb_version: String,
}

impl Knowledge {
    /// Diagnoses without putting anything into words.
    #[must_use]
    pub fn facets(&self, story: &Story) -> Facets {
        let (outcome, custody) = standing(story);
        let verdict = decide(self, story, &Facts::of(story), outcome);
        Facets {
            outcome,
            custody,
            diagnosis: verdict
                .as_ref()
                .map_or(NO_CAUSE, |one| &one.diagnosis.id)
                .to_owned(),
            party: verdict
                .map(|one| one.diagnosis.party.clone())
                .unwrap_or_default(),
            kb_version: self.version.clone(),
        }
    }

    /// The answer about a message, or about a connection that carried none.
    #[must_use]
    pub fn answer(&self, story: &Story, question: Question, style: &Style) -> Answer {
        let (outcome, custody) = standing(story);
        let writer = Writer {
            knowledge: self,
            story,
            style,
            outcome,
            custody,
        };
        writer.answer(question)
    }

    /// The answer about a connection that carried messages: the diagnosis is that of its worst
    /// message.
    #[must_use]
    pub fn connection_answer(
        &self,
        connection: &Story,
        messages: &[Story],
        question: Question,
        style: &Style,
    ) -> Answer {
        let outcomes: Vec<Outcome> = messages.iter().map(|one| standing(one).0).collect();
        let badness = |story: &&Story| {
            let deciding = story.message.as_ref().map(outcome::deciding);
            deciding.map_or(u8::MAX, outcome::badness)
        };
        let Some(worst) = messages.iter().min_by_key(badness) else {
            return self.answer(connection, question, style);
        };
        let mut answer = self.answer(worst, question, style);
        answer.message = None;
        answer.connection = connection
            .connection
            .as_ref()
            .map(|one| connection_summary(one, outcome::of_connection(one, &outcomes), style));
        answer
    }

    /// The answer when no line names the id.
    #[must_use]
    pub fn unknown(
        &self,
        question: Question,
        appliances: &[String],
        period: Option<(Timestamp, Timestamp)>,
        style: &Style,
    ) -> Answer {
        let story = Story {
            message: None,
            connection: None,
            deliveries: Vec::new(),
            newest: period.map(|(_, newest)| newest),
            timers: crate::limits::Timers::default(),
        };
        let writer = Writer {
            knowledge: self,
            story: &story,
            style,
            outcome: Outcome::Unknown,
            custody: Custody::Unknown,
        };
        let mut given = HashMap::new();
        let mid = question.mid.map(|mid| mid.to_string());
        let icid = question.icid.map(|icid| icid.to_string());
        let asked = mid.as_ref().map(|mid| format!("MID {mid}"));
        let asked = asked.or_else(|| icid.as_ref().map(|icid| format!("ICID {icid}")));
        given.extend(mid.map(|mid| ("mid", mid)));
        given.extend(icid.map(|icid| ("icid", icid)));
        given.extend(asked.map(|asked| ("asked", asked)));
        if !appliances.is_empty() {
            given.insert("appliances", words::list(appliances, style.lang));
        }
        given.extend(period.map(|(oldest, newest)| {
            (
                "period",
                format!(
                    "{} – {}",
                    Time::of(oldest, &style.zone),
                    Time::of(newest, &style.zone)
                ),
            )
        }));
        let verdict = self.diagnosis(MID_UNKNOWN).map(|diagnosis| Verdict {
            diagnosis,
            confidence: Confidence::Certain,
            ruled_out: Vec::new(),
            open: Vec::new(),
            also: Vec::new(),
        });
        writer.write(question, verdict, given)
    }
}

/// The summary that fits the facts.
fn summary<'d>(diagnosis: &'d Diagnosis, facts: &Facts<'_>) -> &'d Text {
    let fitting = diagnosis
        .summaries
        .iter()
        .find(|note| holds(note.when.as_ref(), facts));
    fitting.map_or(&diagnosis.summary, |note| &note.text)
}

/// Outcome and custody of the record a story is about.
fn standing(story: &Story) -> (Outcome, Custody) {
    if let Some(message) = &story.message {
        return (
            outcome::of_message(message),
            outcome::custody_of_message(message),
        );
    }
    let outcome = story
        .connection
        .as_ref()
        .map_or(Outcome::Unknown, |one| outcome::of_connection(one, &[]));
    (outcome, outcome::custody(outcome, false))
}

struct Writer<'a> {
    knowledge: &'a Knowledge,
    story: &'a Story,
    style: &'a Style,
    outcome: Outcome,
    custody: Custody,
}

impl<'a> Writer<'a> {
    fn answer(&self, question: Question) -> Answer {
        let verdict = decide(
            self.knowledge,
            self.story,
            &Facts::of(self.story),
            self.outcome,
        );
        self.write(question, verdict, HashMap::new())
    }

    fn write(
        &self,
        question: Question,
        verdict: Option<Verdict<'_>>,
        mut given: HashMap<&'static str, String>,
    ) -> Answer {
        let facts = Facts::of(self.story);
        let (lang, missing) = (self.style.lang, decide::missing(self.story));
        if !missing.is_empty() {
            given.insert("missing", words::list(&missing, lang));
        }
        if let Some(verdict) = &verdict {
            let open: Vec<String> = verdict
                .open
                .iter()
                .map(|one| self.knowledge.section(one, lang).0)
                .collect();
            if !open.is_empty() {
                given.insert("candidates", words::list(&open, lang));
            }
        }
        let filler = Filler {
            story: self.story,
            facts: &facts,
            lang,
            zone: &self.style.zone,
            given,
        };
        let id = verdict.as_ref().map(|one| one.diagnosis.id.clone());
        let message = self
            .story
            .message
            .as_ref()
            .map(|one| message_summary(self.story, one, id.as_deref(), self.style));
        let connection = match &self.story.message {
            Some(_) => None,
            None => self
                .story
                .connection
                .as_ref()
                .map(|one| connection_summary(one, self.outcome, self.style)),
        };
        let summary = verdict
            .as_ref()
            .map(|one| filler.fill(summary(one.diagnosis, &facts).get(lang)))
            .unwrap_or_default();
        let also = verdict.iter().flat_map(|one| &one.also);
        let also = also
            .map(|(one, confidence)| self.diagnosis(one, *confidence, None, &filler))
            .collect();
        let diagnosis = match &verdict {
            Some(verdict) => self.diagnosis(
                verdict.diagnosis,
                verdict.confidence,
                Some(verdict),
                &filler,
            ),
            None => self.nothing(),
        };
        Answer {
            question,
            summary,
            message,
            connection,
            diagnosis,
            also,
            history: serde_json::Map::new(),
            tickets: Vec::new(),
            candidates: Vec::new(),
            complete_up_to: self
                .story
                .newest
                .map(|newest| Time::of(newest, &self.style.zone)),
        }
    }

    /// A knowledge base without the engine's own diagnoses (`kb check` refuses it).
    fn nothing(&self) -> whymid_schemas::Diagnosis {
        whymid_schemas::Diagnosis {
            id: NO_CAUSE.to_owned(),
            title: String::new(),
            explanation: String::new(),
            confidence: Confidence::Undetermined,
            party: vec![Party::Undetermined],
            custody: self.custody,
            severity: whymid_schemas::Severity::Notice,
            heals_by_retry: whymid_schemas::HealsByRetry::Unknown,
            kb_version: self.knowledge.version.clone(),
            evidence: Vec::new(),
            ruled_out: Vec::new(),
            not_ruled_out: Vec::new(),
            would_raise_confidence: Vec::new(),
            next_steps: Vec::new(),
            for_the_helpdesk: String::new(),
            articles: Vec::new(),
        }
    }

    fn diagnosis(
        &self,
        diagnosis: &Diagnosis,
        confidence: Confidence,
        verdict: Option<&Verdict<'_>>,
        filler: &Filler<'_>,
    ) -> whymid_schemas::Diagnosis {
        let lang = self.style.lang;
        let (title, explanation) = self.knowledge.section(diagnosis, lang);
        let evidence = self.evidence(diagnosis, filler);
        let lines = self.story.lines();
        let cut = evidence.iter().any(|one| lines[one.entry].1.cut);
        let fill = |text: &Text| filler.fill(text.get(lang));
        whymid_schemas::Diagnosis {
            id: diagnosis.id.clone(),
            title,
            explanation,
            confidence: if cut {
                decide::lower(confidence)
            } else {
                confidence
            },
            party: diagnosis.party.clone(),
            custody: self.custody,
            severity: diagnosis.severity,
            heals_by_retry: diagnosis.heals_by_retry,
            kb_version: self.knowledge.version.clone(),
            evidence,
            ruled_out: verdict
                .iter()
                .flat_map(|one| &one.ruled_out)
                .map(|(one, check)| RuledOut {
                    id: one.id.clone(),
                    because: fill(&one.checks[*check].fails),
                })
                .collect(),
            not_ruled_out: verdict
                .iter()
                .flat_map(|one| &one.open)
                .map(|one| one.id.clone())
                .collect(),
            would_raise_confidence: diagnosis
                .would_raise
                .iter()
                .filter(|note| holds(note.when.as_ref(), filler.facts))
                .map(|note| fill(&note.text))
                .collect(),
            next_steps: self.next_steps(diagnosis, filler),
            for_the_helpdesk: fill(&diagnosis.helpdesk),
            articles: self
                .knowledge
                .article_link(diagnosis, self.style)
                .into_iter()
                .collect(),
        }
    }

    /// The lines that its conditions point at, in order of time, each once.
    fn evidence(&self, diagnosis: &Diagnosis, filler: &Filler<'_>) -> Vec<Evidence> {
        let mut shown: Vec<(usize, String)> = Vec::new();
        for check in &diagnosis.checks {
            for place in check
                .lines
                .iter()
                .flat_map(|name| lines::find(self.story, name))
            {
                if !shown.iter().any(|(held, _)| *held == place) {
                    shown.push((place, filler.fill(check.holds.get(self.style.lang))));
                }
            }
        }
        if diagnosis.given_by == GivenBy::Engine {
            let shows = match self.style.lang {
                Lang::En => "how it ended, or the last that was seen of it",
                Lang::Ja => "終わり方、または最後に確認された行",
            };
            let places = lines::find(self.story, "ending_lines");
            shown.extend(places.into_iter().map(|place| (place, shows.to_owned())));
        }
        shown.truncate(MAX_EVIDENCE);
        shown.sort_by_key(|(place, _)| *place);
        let lines = self.story.lines();
        shown
            .into_iter()
            .map(|(place, shows)| Evidence {
                entry: place,
                at: Time::of(lines[place].1.at, &self.style.zone),
                line: lines[place].1.line.clone(),
                shows,
            })
            .collect()
    }

    /// The steps whose condition holds; a command whose words are not told is left out.
    fn next_steps(&self, diagnosis: &Diagnosis, filler: &Filler<'_>) -> Vec<NextStep> {
        let steps = diagnosis
            .next_steps
            .iter()
            .filter(|step| holds(step.note.when.as_ref(), filler.facts));
        steps
            .map(|step| NextStep {
                who: step.who,
                text: filler.fill(step.note.text.get(self.style.lang)),
                command: step
                    .command
                    .as_deref()
                    .filter(|command| filler.can_fill(command))
                    .map(|command| filler.fill_command(command)),
            })
            .collect()
    }
}
