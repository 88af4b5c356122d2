//! The desk of the running service: memory and index joined into stories, stories diagnosed with
//! the knowledge base of now.
//!
//! What hangs together is joined when it is read (`reading/stories.rs`); "now" is the newest stamp
//! of an appliance. No HTTP here.

pub(crate) mod articles;
mod count;
mod search;
mod stories;
mod why;

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use whymid_diagnosis::{Knowledge, Listeners, LogReader, Reading as LogReading, Source, Wanted};
use whymid_mailflow::{Gap, Message, Settings};
use whymid_schemas::{
    Answer, ApplianceInfo, ArticleItem, ArticleText, ConnectionItem, ConnectionTimeline,
    DiagnosisEntry, DiagnosisList, EventItem, Lang, MessageItem, MessageTimeline, Question, Stats,
};
use whymid_store::{Key, Library, Record, RecordKind, Scope, Search};

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
    /// So many messages are written and their families still to be looked at.
    fn unsettled(&self) -> u64;
}

/// The desk. See the file's head.
#[derive(Clone)]
pub struct Reading {
    library: Library,
    knowledge: Arc<Knowledge>,
    shelf: Arc<Shelf>,
    listeners: Arc<Listeners>,
    settings: Arc<Settings>,
    pulse: Arc<dyn Pulse>,
    /// What is seen here: what the library holds to, and where only some domains' mail is, what
    /// stories hold to.
    scope: Scope,
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
            shelf: Arc::new(shelf),
            knowledge,
            listeners: Arc::new(listeners),
            settings: Arc::new(settings),
            pulse,
            scope: Scope::everything(),
        }
    }

    /// "Now" by an appliance's own clock. Asked before the record is, so that a record is never
    /// older than the moment it is said to be complete up to.
    async fn newest(&self) -> Result<Newest, Missing> {
        if !self.pulse.is_ready() {
            return Err(Missing::Replaying);
        }
        let all = self.library.appliances(&self.scope).await;
        let all = all.map_err(failed)?;
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
}

fn by_id(id: &str) -> Question {
    Question {
        id: Some(id.to_owned()),
        ..Question::default()
    }
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
    fn seen_by(&self, scope: &Scope) -> Arc<dyn Desk> {
        Arc::new(Self {
            scope: scope.clone(),
            ..self.clone()
        })
    }

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
            Ok(story.map(|story| self.knowledge.answer(&story, question, style)))
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
            Ok(story.and_then(|story| self.knowledge.timeline(&story, style, from, limit)))
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
        // when other gateways spoke is nobody's business who does not see them
        let sees_all = self.scope.appliances.is_none();
        sees_all.then(|| self.pulse.complete_up_to()).flatten()
    }

    fn explain(
        &self,
        log: &[u8],
        style: &Style,
        year: Option<i16>,
        zone: Option<&str>,
    ) -> (Vec<Answer>, usize) {
        let mut settings = Settings::clone(&self.settings);
        if let Some(zone) = zone.and_then(|zone| jiff::tz::TimeZone::get(zone).ok()) {
            settings.zone = Some(zone);
        }
        let mut reader = LogReader::new(LogReading {
            settings,
            listeners: Listeners::clone(&self.listeners),
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
