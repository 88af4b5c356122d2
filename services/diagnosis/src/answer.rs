//! A story to an answer: the decision put into words, with its evidence, in one language.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use whymid_mailflow::Family;
use whymid_schemas::{
    Answer, Confidence, Custody, Evidence, Grouping, Lang, NextStep, Outcome, Party, Question,
    RuledOut, Text, Time,
};

use crate::condition::Facts;
use crate::decide::{self, Verdict, holds};
use crate::family::Followed;
use crate::grouping;
use crate::judge::Judged;
use crate::knowledge::{Knowledge, MID_UNKNOWN, NO_CAUSE, SPLINTERED, WENT_ON};
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
        let judged = self.judge(story);
        let verdict = judged.verdict.as_ref();
        Facets {
            outcome: judged.outcome,
            custody: judged.custody,
            diagnosis: judged.id().to_owned(),
            party: verdict
                .map(|one| one.diagnosis.party.clone())
                .unwrap_or_default(),
            kb_version: self.version.clone(),
        }
    }

    /// The answer about a message, or about a connection that carried none.
    #[must_use]
    pub fn answer(&self, story: &Story, question: Question, style: &Style) -> Answer {
        let judged = self.judge(story);
        Writer::of(self, &judged, style).write(question, HashMap::new())
    }

    /// The answer about a connection that carried messages: the diagnosis is that of its worst
    /// message; what is said of the connection itself stands beside it.
    #[must_use]
    pub fn connection_answer(
        &self,
        connection: &Story,
        messages: &[Story],
        question: Question,
        style: &Style,
    ) -> Answer {
        let Some(worst) = deciding(messages).map(|place| &messages[place]) else {
            return self.answer(connection, question, style);
        };
        let fared = messages.iter().filter_map(Followed::of);
        let outcomes: Vec<Outcome> = fared.map(|one| one.outcome).collect();
        let mut answer = self.answer(worst, question, style);
        answer.message = None;
        answer.connection = connection
            .connection
            .as_ref()
            .map(|one| connection_summary(one, outcome::of_connection(one, &outcomes), style));
        let mut own = self.judge(connection);
        own.verdict = own
            .verdict
            .filter(|one| one.diagnosis.given_by == GivenBy::Rule);
        if let Some(verdict) = &own.verdict {
            let writer = Writer::of(self, &own, style);
            let mut note = writer.note(verdict.diagnosis, verdict.confidence);
            // places in the timeline of the connection tell nothing in that of the message
            note.evidence.clear();
            answer.also.retain(|one| one.id != note.id);
            if answer.diagnosis.id != note.id {
                answer.also.insert(0, note);
            }
        }
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
            family: Family::default(),
            subject: 0,
            connection: None,
            deliveries: Arc::default(),
            beside: Arc::default(),
            gaps: Vec::new(),
            newest: period.map(|(_, newest)| newest),
            timers: crate::limits::Timers::default(),
        };
        let mut given = HashMap::new();
        let mid = question.mid.map(|mid| mid.to_string());
        let icid = question.icid.map(|icid| icid.to_string());
        let asked = mid.as_ref().map(|mid| format!("MID {mid}"));
        let asked = asked.or_else(|| icid.as_ref().map(|icid| format!("ICID {icid}")));
        let message_id = question.message_id.as_ref();
        let asked = asked.or_else(|| message_id.map(|id| format!("Message-ID <{id}>")));
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
        let judged = Judged {
            asked: &story,
            story: Cow::Borrowed(&story),
            followed: None,
            outcome: Outcome::Unknown,
            custody: Custody::Unknown,
            verdict,
        };
        Writer::of(self, &judged, style).write(question, given)
    }
}

/// The place of the worst message of a connection, which decides its answer; `None` for none.
#[must_use]
pub fn deciding(messages: &[Story]) -> Option<usize> {
    let fared = messages.iter().map(Followed::of).enumerate();
    let fared = fared.filter_map(|(place, one)| Some((place, one?)));
    let worst = fared.min_by_key(|(_, one)| outcome::badness(one.deciding));
    worst.map(|(place, _)| place)
}

fn is_rule(diagnosis: &Diagnosis) -> bool {
    diagnosis.given_by == GivenBy::Rule
}

/// The summary that fits the facts.
fn summary<'d>(diagnosis: &'d Diagnosis, facts: &Facts<'_>) -> &'d Text {
    let fitting = diagnosis
        .summaries
        .iter()
        .find(|note| holds(note.when.as_ref(), facts));
    fitting.map_or(&diagnosis.summary, |note| &note.text)
}

struct Writer<'a> {
    knowledge: &'a Knowledge,
    judged: &'a Judged<'a, 'a>,
    /// The story told of the message that decides.
    story: &'a Story,
    style: &'a Style,
}

impl<'a> Writer<'a> {
    fn of(knowledge: &'a Knowledge, judged: &'a Judged<'a, 'a>, style: &'a Style) -> Self {
        Self {
            knowledge,
            judged,
            story: &judged.story,
            style,
        }
    }

    /// A diagnosis by itself, as it stands in `also`.
    fn note(&self, diagnosis: &Diagnosis, confidence: Confidence) -> whymid_schemas::Diagnosis {
        let facts = Facts::of(self.story);
        let filler = self.filler(&facts, HashMap::new());
        self.diagnosis(diagnosis, confidence, None, &filler)
    }

    fn filler(&self, facts: &'a Facts<'a>, mut given: HashMap<&'static str, String>) -> Filler<'a> {
        let lang = self.style.lang;
        let missing = decide::missing(self.story);
        if !missing.is_empty() {
            given.insert("missing", words::list(&missing, lang));
        }
        if let Some(verdict) = &self.judged.verdict {
            let open: Vec<String> = verdict
                .open
                .iter()
                .chain(
                    verdict
                        .also
                        .iter()
                        .map(|(one, _)| one)
                        .filter(|one| is_rule(one)),
                )
                .map(|one| self.knowledge.section(one, lang).0)
                .collect();
            if !open.is_empty() {
                given.insert("candidates", words::list(&open, lang));
            }
        }
        if let Some(asked) = self.judged.asked.asked() {
            given.insert("own_mid", asked.mid.to_string());
        }
        let mids = self.judged.final_mids();
        if !mids.is_empty() {
            let mids: Vec<String> = mids.iter().map(u64::to_string).collect();
            given.insert("final_mids", words::list(&mids, lang));
        }
        Filler {
            story: self.story,
            facts,
            lang,
            zone: &self.style.zone,
            given,
        }
    }

    fn write(&self, question: Question, given: HashMap<&'static str, String>) -> Answer {
        let facts = Facts::of(self.story);
        let verdict = self.judged.verdict.as_ref();
        let filler = self.filler(&facts, given);
        let connection = match self.story.message() {
            Some(_) => None,
            None => self.story.connection.as_deref(),
        };
        let also = verdict.into_iter().flat_map(|one| &one.also);
        Answer {
            question,
            summary: self.summary(&filler),
            message: message_summary(self.knowledge, self.judged, self.style),
            connection: connection
                .map(|one| connection_summary(one, self.judged.outcome, self.style)),
            diagnosis: match verdict {
                Some(one) => self.diagnosis(one.diagnosis, one.confidence, Some(one), &filler),
                None => self.nothing(),
            },
            also: also
                .map(|(one, confidence)| self.diagnosis(one, *confidence, None, &filler))
                .collect(),
            history: serde_json::Map::new(),
            tickets: Vec::new(),
            candidates: Vec::new(),
            complete_up_to: self
                .story
                .newest
                .map(|newest| Time::of(newest, &self.style.zone)),
        }
    }

    /// The sentence that the answer opens with; before it, under which MID the mail went on, if
    /// that decides.
    fn summary(&self, filler: &Filler<'_>) -> String {
        let verdict = self.judged.verdict.as_ref();
        let told = verdict
            .map(|one| filler.fill(summary(one.diagnosis, filler.facts).get(self.style.lang)));
        let told = told.unwrap_or_default();
        let asked = self.judged.asked.asked().map(|one| one.mid);
        let own = self.story.message().map(|one| one.mid);
        match (asked, own, self.style.lang) {
            // says so itself
            _ if self.judged.id() == WENT_ON => told,
            (Some(asked), Some(own), Lang::En) if asked != own => {
                format!("MID {asked} went on as MID {own}. {told}")
            }
            (Some(asked), Some(own), Lang::Ja) if asked != own => {
                format!("MID {asked} は MID {own} として処理が続きました。{told}")
            }
            (_, _, _) => told,
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
            grouping: grouping::of(Grouping::Record, self.judged),
            custody: self.judged.custody,
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
        // what may be missing might tell otherwise
        let doubtful =
            cut || (is_rule(diagnosis) && !self.story.gaps.is_empty() && !self.is_whole());
        let fill = |text: &Text| filler.fill(text.get(lang));
        whymid_schemas::Diagnosis {
            id: diagnosis.id.clone(),
            title,
            explanation,
            confidence: if doubtful {
                decide::lower(confidence)
            } else {
                confidence
            },
            party: diagnosis.party.clone(),
            grouping: grouping::of(diagnosis.grouping, self.judged),
            custody: self.judged.custody,
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
                .chain(self.missing_lines())
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

    /// Whether the message was seen from its beginning to its end, with what became of everybody:
    /// what else is missing changes nothing.
    fn is_whole(&self) -> bool {
        let seen = self.story.message().is_some_and(|one| {
            one.started_at.is_some() && one.ready_at.is_some() && one.finished.is_some()
        });
        let followed = self.judged.followed.as_ref();
        let recipients = followed.map_or(&[][..], |one| &one.recipients);
        let settled = recipients
            .iter()
            .all(|one| outcome::is_settled(one.outcome));
        seen && settled && !recipients.is_empty()
    }

    /// What lines seem to be missing in its time, in words: the gap that took the most.
    fn missing_lines(&self) -> Option<String> {
        let gap = self
            .story
            .gaps
            .iter()
            .max_by_key(|gap| (gap.sign, gap.count))?;
        Some(words::missing(gap, &self.style.zone, self.style.lang))
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
            let family = [SPLINTERED, WENT_ON].contains(&diagnosis.id.as_str());
            let (name, shows) = if family {
                ("family_lines", words::of_family(self.style.lang))
            } else {
                ("ending_lines", shows)
            };
            let places = lines::find(self.story, name);
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
