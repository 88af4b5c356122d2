//! The desk of the running service: memory and index joined into stories, stories diagnosed with
//! the knowledge base of now.
//!
//! What hangs together is joined when it is read (`reading/stories.rs`); "now" is the newest stamp
//! of an appliance. No HTTP here.

pub(crate) mod articles;
mod search;
mod stories;

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use whymid_diagnosis::{Knowledge, Listeners, LogReader, Reading as LogReading, Source, Wanted};
use whymid_mailflow::{Gap, Message, Settings};
use whymid_schemas::{
    Answer, ApplianceInfo, ArticleItem, ArticleText, Candidate, ConnectionItem, ConnectionTimeline,
    DiagnosisEntry, DiagnosisList, EventItem, Lang, MessageItem, MessageTimeline, Question, Stats,
    Time,
};
use whymid_store::{Filter, Key, Known, Library, Pattern, Record, RecordKind, Search};

use self::articles::Shelf;
use crate::desk::{Ask, Counting, Desk, Later, Missing, Page, Style, What};

/// The most other matches that an answer lists.
const MAX_CANDIDATES: usize = 20;
/// The most answers to one pasted log.
const MAX_EXPLAINED: usize = 500;
/// The appliances by name: the newest stamp of each, and where its lines seem to be missing.
type Newest = HashMap<String, (Timestamp, Vec<Gap>)>;

/// What the desk needs to know of the running service.
pub trait Pulse: Send + Sync + 'static {
    /// The journal's replay is done.
    fn is_ready(&self) -> bool;
    /// Now.
    fn now(&self) -> Timestamp;
    /// Up to which moment every appliance's lines are answered for.
    fn complete_up_to(&self) -> Option<Timestamp>;
}

/// The desk. See the file's head.
pub struct Reading {
    library: Library,
    knowledge: Arc<Knowledge>,
    shelf: Shelf,
    listeners: Listeners,
    settings: Settings,
    pulse: Arc<dyn Pulse>,
}

impl std::fmt::Debug for Reading {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reading")
            .field("library", &self.library)
            .finish_non_exhaustive()
    }
}

impl Reading {
    /// Reads from `library`, diagnoses with `knowledge`.
    #[must_use]
    pub fn new(
        library: Library,
        knowledge: Arc<Knowledge>,
        listeners: Listeners,
        settings: Settings,
        pulse: Arc<dyn Pulse>,
    ) -> Self {
        let shelf = Shelf::of(&knowledge, &Source::embedded());
        Self {
            library,
            shelf,
            knowledge,
            listeners,
            settings,
            pulse,
        }
    }

    /// "Now" by an appliance's own clock. Asked before the record is, so that a record is never
    /// older than the moment it is said to be complete up to.
    async fn newest(&self) -> Result<Newest, Missing> {
        if !self.pulse.is_ready() {
            return Err(Missing::Replaying);
        }
        let all = self.library.appliances().await.map_err(failed)?;
        Ok(all
            .into_iter()
            .filter_map(|one| Some((one.name, (one.newest?, one.gaps))))
            .collect())
    }

    async fn message(&self, id: &str) -> Result<Option<Message>, Missing> {
        let key = Key::Id(id.to_owned());
        let found = self.find(RecordKind::Message, key, None, 1).await?;
        Ok(found.into_iter().find_map(Record::into_message))
    }

    async fn why_mid(&self, mid: u64, ask: &Ask, style: &Style) -> Result<Answer, Missing> {
        let question = question(ask, style);
        let now = self.newest().await?;
        let found = self
            .find(
                RecordKind::Message,
                Key::Mid(mid),
                ask.appliance.as_deref(),
                MAX_CANDIDATES + 1,
            )
            .await?;
        self.why_of(found, ask, question, style, &now).await
    }

    /// By the `Message-ID` header: capitals count, angle brackets do not.
    async fn why_message_id(&self, id: &str, ask: &Ask, style: &Style) -> Result<Answer, Missing> {
        let question = question(ask, style);
        let now = self.newest().await?;
        let mut filter = Filter::all(RecordKind::Message);
        filter.message_id.any.push(Pattern::Is(id.to_owned()));
        filter.appliance.any.extend(ask.appliance.clone());
        let found = self.newest_of(filter).await?;
        self.why_of(found, ask, question, style, &now).await
    }

    /// The answer about the newest of messages, or the one nearest to the moment asked for.
    async fn why_of(
        &self,
        found: Vec<Record>,
        ask: &Ask,
        question: Question,
        style: &Style,
        now: &Newest,
    ) -> Result<Answer, Missing> {
        let mut found: Vec<Message> = found.into_iter().filter_map(Record::into_message).collect();
        if found.is_empty() {
            return Err(self.unknown(question, style).await);
        }
        let message = found.remove(chosen(&found, ask.at, |one| {
            (one.common.first_at, one.common.last_at)
        }));
        let story = self.story(message, now).await?;
        let mut answer = self.knowledge.answer(&story, question, style);
        answer.candidates = found.iter().map(|one| self.candidate(one, style)).collect();
        Ok(answer)
    }

    fn candidate(&self, message: &Message, style: &Style) -> Candidate {
        Candidate {
            id: message.common.id.clone(),
            url: Some(format!("{}/messages/{}", style.base_url, message.common.id)),
            appliance: message.common.appliance.clone(),
            first_seen_at: Time::of(message.common.first_at, &style.zone),
            outcome: whymid_diagnosis::of_message(message),
        }
    }

    async fn why_icid(&self, icid: u64, ask: &Ask, style: &Style) -> Result<Answer, Missing> {
        let question = question(ask, style);
        let now = self.newest().await?;
        let appliance = ask.appliance.as_deref();
        let mut found = self.connections(icid, appliance).await?;
        if found.is_empty() {
            return self.why_messages_of(icid, ask, question, style, &now).await;
        }
        let place = chosen(&found, ask.at, |one| {
            (one.common.first_at, one.common.last_at)
        });
        let connection = found[place].clone();
        let (story, messages) = self.with_messages(connection, &found, &now).await?;
        found.remove(place);
        let mut answer = self
            .knowledge
            .connection_answer(&story, &messages, question, style);
        answer.candidates = found
            .iter()
            .map(|one| Candidate {
                id: one.common.id.clone(),
                url: None,
                appliance: one.common.appliance.clone(),
                first_seen_at: Time::of(one.common.first_at, &style.zone),
                outcome: whymid_diagnosis::of_connection(one, &[]),
            })
            .collect();
        Ok(answer)
    }

    /// No line of the connection itself was seen: its newest message answers.
    async fn why_messages_of(
        &self,
        icid: u64,
        ask: &Ask,
        question: Question,
        style: &Style,
        now: &Newest,
    ) -> Result<Answer, Missing> {
        let found = self
            .find(
                RecordKind::Message,
                Key::Icid(icid),
                ask.appliance.as_deref(),
                1,
            )
            .await?;
        match found.into_iter().find_map(Record::into_message) {
            Some(message) => {
                let story = self.story(message, now).await?;
                Ok(self.knowledge.answer(&story, question, style))
            }
            None => Err(self.unknown(question, style).await),
        }
    }

    /// Nothing found: what was searched.
    async fn unknown(&self, question: Question, style: &Style) -> Missing {
        let all = match self.library.appliances().await {
            Ok(all) => all,
            Err(error) => return failed(error),
        };
        let wanted = question.appliance.clone();
        let of = |one: &&Known| {
            wanted
                .as_ref()
                .is_none_or(|wanted| wanted.eq_ignore_ascii_case(&one.name))
        };
        let newest = all.iter().filter(of).filter_map(|one| one.newest).max();
        let first = all.iter().filter(of).filter_map(|one| one.first).min();
        let period = first
            .zip(newest)
            .map(|(first, newest)| (first.min(newest), newest));
        let names: Vec<String> = match wanted {
            Some(wanted) => vec![wanted],
            None => all.into_iter().map(|one| one.name).collect(),
        };
        Missing::Unknown(Box::new(
            self.knowledge.unknown(question, &names, period, style),
        ))
    }
}

fn question(ask: &Ask, style: &Style) -> Question {
    let at = ask.at.map(|at| Time::of(at, &style.zone));
    let question = Question {
        appliance: ask.appliance.clone(),
        at,
        ..Question::default()
    };
    match &ask.what {
        What::Mid(mid) => Question {
            mid: Some(*mid),
            ..question
        },
        What::Icid(icid) => Question {
            icid: Some(*icid),
            ..question
        },
        What::MessageId(id) => Question {
            message_id: Some(id.clone()),
            ..question
        },
    }
}

fn by_id(id: &str) -> Question {
    Question {
        id: Some(id.to_owned()),
        ..Question::default()
    }
}

/// The newest, or the one whose time is nearest to a moment.
fn chosen<R>(
    found: &[R],
    at: Option<Timestamp>,
    span: impl Fn(&R) -> (Timestamp, Timestamp),
) -> usize {
    let Some(at) = at else { return 0 };
    let distance = |one: &R| {
        let (first, last) = span(one);
        let before = (first.as_second() - at.as_second()).max(0);
        before.max((at.as_second() - last.as_second()).max(0))
    };
    let nearest = found
        .iter()
        .enumerate()
        .min_by_key(|(_, one)| distance(one));
    nearest.map_or(0, |(place, _)| place)
}

/// "Now" by an appliance's clock, and where its lines seem to be missing.
fn clock<'n>(now: &'n Newest, appliance: &str) -> (Option<Timestamp>, &'n [Gap]) {
    match now.get(appliance) {
        Some((newest, gaps)) => (Some(*newest), gaps),
        None => (None, &[]),
    }
}

fn failed(error: whymid_store::Error) -> Missing {
    if matches!(error, whymid_store::Error::TooCostly) {
        return Missing::TooCostly;
    }
    Missing::Store(error.to_string())
}

impl Desk for Reading {
    fn why<'a>(&'a self, ask: &'a Ask, style: &'a Style) -> Later<'a, Result<Answer, Missing>> {
        Box::pin(async move {
            match ask.what {
                What::Mid(mid) => self.why_mid(mid, ask, style).await,
                What::Icid(icid) => self.why_icid(icid, ask, style).await,
                What::MessageId(ref id) => self.why_message_id(id, ask, style).await,
            }
        })
    }

    fn answer<'a>(
        &'a self,
        id: &'a str,
        style: &'a Style,
    ) -> Later<'a, Result<Option<Answer>, Missing>> {
        Box::pin(async move {
            let now = self.newest().await?;
            let Some(message) = self.message(id).await? else {
                return Ok(None);
            };
            let question = by_id(id);
            let story = self.story(message, &now).await?;
            Ok(Some(self.knowledge.answer(&story, question, style)))
        })
    }

    fn timeline<'a>(
        &'a self,
        id: &'a str,
        style: &'a Style,
        from: usize,
        limit: usize,
    ) -> Later<'a, Result<Option<MessageTimeline>, Missing>> {
        Box::pin(async move {
            let now = self.newest().await?;
            let Some(message) = self.message(id).await? else {
                return Ok(None);
            };
            let story = self.story(message, &now).await?;
            Ok(self.knowledge.timeline(&story, style, from, limit))
        })
    }

    fn connection_answer<'a>(
        &'a self,
        id: &'a str,
        style: &'a Style,
    ) -> Later<'a, Result<Option<Answer>, Missing>> {
        Box::pin(async move {
            let now = self.newest().await?;
            let Some((story, messages)) = self.connection_story(id, &now).await? else {
                return Ok(None);
            };
            let question = by_id(id);
            let answer = self
                .knowledge
                .connection_answer(&story, &messages, question, style);
            Ok(Some(answer))
        })
    }

    fn connection<'a>(
        &'a self,
        id: &'a str,
        style: &'a Style,
        from: usize,
        limit: usize,
    ) -> Later<'a, Result<Option<ConnectionTimeline>, Missing>> {
        Box::pin(async move {
            let now = self.newest().await?;
            let Some((story, messages)) = self.connection_story(id, &now).await? else {
                return Ok(None);
            };
            let knowledge = &self.knowledge;
            Ok(knowledge.connection_timeline(&story, &messages, style, from, limit))
        })
    }

    fn messages<'a>(
        &'a self,
        search: &'a Search,
        style: &'a Style,
    ) -> Later<'a, Result<Page<MessageItem>, Missing>> {
        Box::pin(self.message_page(search, style))
    }

    fn connections<'a>(
        &'a self,
        search: &'a Search,
        style: &'a Style,
    ) -> Later<'a, Result<Page<ConnectionItem>, Missing>> {
        Box::pin(self.connection_page(search, style))
    }

    fn stats<'a>(
        &'a self,
        wanted: &'a Counting,
        style: &'a Style,
    ) -> Later<'a, Result<Stats, Missing>> {
        Box::pin(self.count(wanted, style))
    }

    fn appliances<'a>(
        &'a self,
        style: &'a Style,
    ) -> Later<'a, Result<Vec<ApplianceInfo>, Missing>> {
        Box::pin(self.appliance_list(style))
    }

    fn events<'a>(
        &'a self,
        search: &'a Search,
        style: &'a Style,
    ) -> Later<'a, Result<Page<EventItem>, Missing>> {
        Box::pin(self.event_page(search, style))
    }

    fn now(&self) -> Timestamp {
        self.pulse.now()
    }

    fn complete_up_to(&self) -> Option<Timestamp> {
        self.pulse.complete_up_to()
    }

    fn explain(
        &self,
        log: &[u8],
        style: &Style,
        year: Option<i16>,
        zone: Option<&str>,
    ) -> (Vec<Answer>, usize) {
        let mut settings = self.settings.clone();
        if let Some(zone) = zone.and_then(|zone| jiff::tz::TimeZone::get(zone).ok()) {
            settings.zone = Some(zone);
        }
        let mut reader = LogReader::new(LogReading {
            settings,
            listeners: self.listeners.clone(),
            year,
            now: self.pulse.now(),
        });
        reader.read(log);
        let log = reader.finish();
        let (mut answers, left_out) = log.answers(
            &self.knowledge,
            None,
            Wanted::Everything,
            MAX_EXPLAINED,
            style,
        );
        for answer in &mut answers {
            // nothing is stored, so there is no page to link to
            if let Some(message) = &mut answer.message {
                message.url = None;
            }
        }
        (answers, left_out)
    }

    fn diagnoses(&self, style: &Style) -> DiagnosisList {
        self.knowledge.catalogue(style)
    }

    fn diagnosis(&self, id: &str, style: &Style) -> Option<DiagnosisEntry> {
        self.knowledge.entry(id, style)
    }

    fn articles(&self, lang: Lang) -> Vec<ArticleText> {
        self.knowledge.article_texts(lang)
    }

    fn find_articles(&self, query: &str, style: &Style) -> Vec<ArticleItem> {
        let knowledge = &self.knowledge;
        let item = |id: &str, diagnosis: Option<&str>| knowledge.article_item(id, diagnosis, style);
        if query.trim().is_empty() {
            let all = knowledge.article_texts(style.lang).into_iter();
            return all.filter_map(|one| item(&one.id, None)).collect();
        }
        let hits = self.shelf.search(query, &knowledge.diagnosed(query));
        let hits = hits.iter();
        hits.filter_map(|hit| item(&hit.article, hit.diagnosis.as_deref()))
            .collect()
    }

    fn article(&self, id: &str, lang: Lang) -> Option<ArticleText> {
        self.knowledge.article_text(id, lang)
    }

    fn article_html(&self, id: &str, lang: Lang) -> Option<String> {
        self.knowledge.article_html(id, lang)
    }
}
