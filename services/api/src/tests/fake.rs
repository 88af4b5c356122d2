//! A desk that knows one message, MID 1404, and a door that keeps what it is handed.

use std::sync::{Arc, Mutex};

use whymid_schemas::{
    Answer, ApplianceInfo, ArticleItem, ArticleText, ConnectionItem, ConnectionTimeline,
    DiagnosisEntry, DiagnosisList, Erasure, EventItem, Lang, MessageItem, MessageTimeline, Stats,
    Status,
};
use whymid_store::{Place, Scope, Search};

use crate::{
    desk::{
        Ask, Counting, Desk, Door, Eraser, Gauge, Later, Missing, NotBegun, NotTaken, Origin, Page,
        Style, Taken, Told, What,
    },
    sample,
};

/// How the fake behaves.
#[derive(Clone, Default)]
pub(super) enum Mood {
    #[default]
    Well,
    Replaying,
    Broken,
}

#[derive(Clone, Default)]
pub(super) struct FakeDesk {
    pub(super) mood: Mood,
    pub(super) reasons: Vec<Told>,
    /// Whoever asks sees so much.
    pub(super) scope: Scope,
    /// Replaces what strangers wrote.
    pub(super) stranger: Option<String>,
}

impl FakeDesk {
    fn answer_in(&self, style: &Style) -> Answer {
        let mut answer = sample::answer();
        if style.lang == Lang::Ja {
            answer.summary = "MID 1404 は中断されました。".to_owned();
        }
        let message = answer.message.as_mut().unwrap();
        message.url = Some(format!("{}/messages/{}", style.base_url, message.id));
        if let Some(text) = &self.stranger {
            answer.summary.clone_from(text);
            message.subject = Some(text.clone());
            message.host = Some(text.clone());
            message.sender = Some(text.clone());
            message.recipients[0].response = Some(text.clone());
            answer.diagnosis.evidence[0].line.clone_from(text);
            answer.diagnosis.next_steps[0].command = Some(text.clone());
        }
        answer
    }

    fn mood(&self) -> Result<(), Missing> {
        match self.mood {
            Mood::Well => Ok(()),
            Mood::Replaying => Err(Missing::Replaying),
            Mood::Broken => Err(Missing::Store("disk /secret/path is gone".to_owned())),
        }
    }
}

impl Desk for FakeDesk {
    fn seen_by(&self, scope: &Scope) -> Arc<dyn Desk> {
        Arc::new(Self {
            scope: scope.clone(),
            ..self.clone()
        })
    }

    fn why<'a>(&'a self, ask: &'a Ask, style: &'a Style) -> Later<'a, Result<Answer, Missing>> {
        Box::pin(async move {
            self.mood()?;
            let answer = self.answer_in(style);
            if ask.what == What::Mid(1404) {
                Ok(answer)
            } else {
                Err(Missing::Unknown(Box::new(answer)))
            }
        })
    }

    fn answer<'a>(
        &'a self,
        id: &'a str,
        style: &'a Style,
    ) -> Later<'a, Result<Option<Answer>, Missing>> {
        Box::pin(async move {
            self.mood()?;
            Ok((id == "m7f3c9").then(|| self.answer_in(style)))
        })
    }

    fn timeline<'a>(
        &'a self,
        id: &'a str,
        _: &'a Style,
        from: usize,
        limit: usize,
    ) -> Later<'a, Result<Option<MessageTimeline>, Missing>> {
        Box::pin(async move {
            self.mood()?;
            let mut timeline = sample::timeline();
            if let Some(text) = &self.stranger {
                timeline.entries[0].line.clone_from(text);
            }
            let all = timeline.entries.len();
            timeline.entries = timeline
                .entries
                .into_iter()
                .skip(from)
                .take(limit)
                .collect();
            let next = from + timeline.entries.len();
            timeline.next_cursor = (next < all).then(|| next.to_string());
            Ok((id == "m7f3c9").then_some(timeline))
        })
    }

    fn connection_answer<'a>(
        &'a self,
        id: &'a str,
        style: &'a Style,
    ) -> Later<'a, Result<Option<Answer>, Missing>> {
        Box::pin(async move {
            self.mood()?;
            let known = sample::connection().connection;
            let mut answer = self.answer_in(style);
            answer.message = None;
            let is_known = id == known.id;
            answer.connection = Some(known);
            Ok(is_known.then_some(answer))
        })
    }

    fn connection<'a>(
        &'a self,
        id: &'a str,
        _: &'a Style,
        _: usize,
        _: usize,
    ) -> Later<'a, Result<Option<ConnectionTimeline>, Missing>> {
        Box::pin(async move {
            self.mood()?;
            let known = sample::connection();
            Ok((id == known.connection.id).then_some(known))
        })
    }

    fn messages<'a>(
        &'a self,
        search: &'a Search,
        _: &'a Style,
    ) -> Later<'a, Result<Page<MessageItem>, Missing>> {
        Box::pin(async move {
            self.mood()?;
            let mut items = sample::messages().items;
            if let Some(text) = &self.stranger {
                items[0].message.subject = Some(text.clone());
            }
            let last = Place {
                start: "2014-08-14T11:04:51Z".parse().unwrap(),
                id: "m7f3c9".to_owned(),
            };
            // two pages of the same message
            let next = search.after.is_none().then_some(last);
            Ok(Page { items, next })
        })
    }

    fn connections<'a>(
        &'a self,
        _: &'a Search,
        _: &'a Style,
    ) -> Later<'a, Result<Page<ConnectionItem>, Missing>> {
        Box::pin(async move {
            self.mood()?;
            let items = sample::connections().items;
            Ok(Page { items, next: None })
        })
    }

    fn stats<'a>(
        &'a self,
        wanted: &'a Counting,
        _: &'a Style,
    ) -> Later<'a, Result<Stats, Missing>> {
        Box::pin(async move {
            self.mood()?;
            let mut stats = sample::stats();
            stats.total = wanted.moments.len() as u64;
            Ok(stats)
        })
    }

    fn appliances<'a>(&'a self, _: &'a Style) -> Later<'a, Result<Vec<ApplianceInfo>, Missing>> {
        Box::pin(async move {
            self.mood()?;
            let mut items = sample::appliances().items;
            items.retain(|one| self.scope.allows_appliance(&one.name));
            Ok(items)
        })
    }

    fn events<'a>(
        &'a self,
        _: &'a Search,
        _: &'a Style,
    ) -> Later<'a, Result<Page<EventItem>, Missing>> {
        Box::pin(async move {
            self.mood()?;
            let items = sample::events().items;
            Ok(Page { items, next: None })
        })
    }

    fn now(&self) -> jiff::Timestamp {
        "2014-08-14T12:00:00Z".parse().unwrap()
    }

    fn complete_up_to(&self) -> Option<jiff::Timestamp> {
        Some(self.now())
    }

    fn explain(
        &self,
        log: &[u8],
        style: &Style,
        year: Option<i16>,
        zone: Option<&str>,
    ) -> (Vec<Answer>, usize) {
        let mut answer = self.answer_in(style);
        answer.summary = format!("{} bytes, year {year:?}, zone {zone:?}", log.len());
        (vec![answer], 0)
    }

    fn diagnoses(&self, _: &Style) -> DiagnosisList {
        sample::diagnoses()
    }

    fn diagnosis(&self, id: &str, _: &Style) -> Option<DiagnosisEntry> {
        (id == "receiving-aborted-connection-lost").then(sample::diagnosis)
    }

    fn articles(&self, lang: Lang) -> Vec<ArticleText> {
        self.article("receiving-aborted", lang)
            .into_iter()
            .collect()
    }

    fn find_articles(&self, _: &str, _: &Style) -> Vec<ArticleItem> {
        sample::articles().items
    }

    fn article(&self, id: &str, lang: Lang) -> Option<ArticleText> {
        (id == "receiving-aborted").then(|| ArticleText {
            lang,
            ..sample::article()
        })
    }

    fn article_html(&self, id: &str, _: Lang) -> Option<String> {
        let html =
            r#"<h2 id="receiving-aborted-connection-lost">The connection dropped</h2><p>Text.</p>"#;
        (id == "receiving-aborted").then(|| html.to_owned())
    }
}

pub(super) struct FakeGauge {
    pub(super) reasons: Vec<Told>,
}

impl Gauge for FakeGauge {
    fn status(&self) -> Status {
        sample::status()
    }

    fn metrics(&self) -> String {
        "# EOF\n".to_owned()
    }

    fn warnings(&self) -> Vec<Told> {
        Vec::new()
    }

    fn not_ready(&self) -> Vec<Told> {
        self.reasons.clone()
    }
}

/// Remembers what was handed in, or lets nothing in.
#[derive(Default)]
pub(super) struct FakeDoor {
    /// Refuses everything behind so many lines.
    pub(super) closed_behind: Option<u64>,
    pub(super) taken: Mutex<Vec<(Vec<u8>, Origin)>>,
    pub(super) turned_away: Mutex<Vec<&'static str>>,
}

impl Door for FakeDoor {
    fn take(&self, log: Vec<u8>, origin: Origin) -> Later<'_, Result<Taken, NotTaken>> {
        Box::pin(async move {
            if let Some(kept) = self.closed_behind {
                return Err(NotTaken { kept });
            }
            let accepted = whymid_syslog::lines(&log).count() as u64;
            self.taken.lock().unwrap().push((log, origin));
            Ok(Taken { accepted, cut: 0 })
        })
    }

    fn turned_away(&self, code: &'static str) {
        self.turned_away.lock().unwrap().push(code);
    }
}

/// Has one address that it has forgotten, and can't be asked while it is about another.
pub(super) struct FakeEraser;

impl Eraser for FakeEraser {
    fn begin(&self, address: &str) -> Result<Erasure, NotBegun> {
        match address {
            "busy@example.com" => Err(NotBegun::Busy),
            address if address.contains('@') => Ok(sample::erasure()),
            _ => Err(NotBegun::NoAddress),
        }
    }

    fn erasures(&self) -> Vec<Erasure> {
        vec![sample::erasure()]
    }

    fn backups(&self) -> Vec<String> {
        Vec::new()
    }
}
