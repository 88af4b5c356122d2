//! The boundary: what the routes ask of the rest of the house.
//!
//! `Desk` answers questions about mail and searches it with the store's filters, `Gauge` tells how the service itself fares, `Door` takes
//! lines in. All are object-safe, so that routes can be tested with small fakes and know neither
//! the store nor the journal nor the engine of diagnoses. No HTTP here.

use std::{net::IpAddr, pin::Pin, sync::Arc};

use jiff::Timestamp;
use whymid_schemas::{
    Answer, ApplianceInfo, ArticleItem, ArticleText, ConnectionItem, ConnectionTimeline,
    DiagnosisEntry, DiagnosisList, Erasure, EventItem, Lang, MessageItem, MessageTimeline, Stats,
    Status,
};
use whymid_store::{Filter, Group, Place, Scope, Search};
use whymid_syslog::Lane;
use whymid_ticketing::Office;

/// A boxed future: what an object-safe trait returns in place of `async`.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

pub use whymid_diagnosis::Style;

/// What is asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A message id of a gateway.
    Mid(u64),
    /// An injection connection id of a gateway.
    Icid(u64),
    /// A `Message-ID` header, without its angle brackets.
    MessageId(String),
}

/// A question as people ask it: by number, perhaps with appliance and moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The number.
    pub what: What,
    /// Only this appliance.
    pub appliance: Option<String>,
    /// The record nearest to this moment, not the newest.
    pub at: Option<Timestamp>,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum Missing {
    /// Nothing found; the answer says what was searched.
    Unknown(Box<Answer>),
    /// The journal is still being replayed.
    Replaying,
    /// The search took too long.
    TooCostly,
    /// The store failed; the text is for the log, never for the client.
    Store(String),
}

/// A page of a list.
#[derive(Clone, Debug, Default)]
pub struct Page<T> {
    /// What is on it.
    pub items: Vec<T>,
    /// Behind which place the next page begins; `None` on the last.
    pub next: Option<Place>,
}

/// What is to be counted.
#[derive(Clone, Debug)]
pub struct Counting {
    /// What fits.
    pub filter: Filter,
    /// By what it is grouped, and how many groups are listed.
    pub group: Option<(Group, usize)>,
    /// The edges of the spans of time.
    pub moments: Vec<Timestamp>,
}

/// Answers questions about mail.
pub trait Desk: Send + Sync + 'static {
    /// The same desk for somebody who may see only so much: whatever else there is, is not there.
    fn seen_by(&self, scope: &Scope) -> Arc<dyn Desk>;

    /// The answer for the newest match.
    fn why<'a>(&'a self, ask: &'a Ask, style: &'a Style) -> Later<'a, Result<Answer, Missing>>;

    /// The answer about a message by its id; `None` for an id never assigned.
    fn answer<'a>(
        &'a self,
        id: &'a str,
        style: &'a Style,
    ) -> Later<'a, Result<Option<Answer>, Missing>>;

    /// `limit` entries of a message's timeline from entry `from` on; `None` for an id never
    /// assigned. `next_cursor` is the number of the next entry, as text.
    fn timeline<'a>(
        &'a self,
        id: &'a str,
        style: &'a Style,
        from: usize,
        limit: usize,
    ) -> Later<'a, Result<Option<MessageTimeline>, Missing>>;

    /// The answer about a connection by its id; `None` for an id never assigned.
    fn connection_answer<'a>(
        &'a self,
        id: &'a str,
        style: &'a Style,
    ) -> Later<'a, Result<Option<Answer>, Missing>>;

    /// `limit` entries of a connection's timeline from entry `from` on; `None` for an id never
    /// assigned.
    fn connection<'a>(
        &'a self,
        id: &'a str,
        style: &'a Style,
        from: usize,
        limit: usize,
    ) -> Later<'a, Result<Option<ConnectionTimeline>, Missing>>;

    /// A page of the messages that fit, and behind which place the next one begins.
    fn messages<'a>(
        &'a self,
        search: &'a Search,
        style: &'a Style,
    ) -> Later<'a, Result<Page<MessageItem>, Missing>>;

    /// A page of the connections that fit, and behind which place the next one begins.
    fn connections<'a>(
        &'a self,
        search: &'a Search,
        style: &'a Style,
    ) -> Later<'a, Result<Page<ConnectionItem>, Missing>>;

    /// Counts what fits.
    fn stats<'a>(
        &'a self,
        wanted: &'a Counting,
        style: &'a Style,
    ) -> Later<'a, Result<Stats, Missing>>;

    /// Every appliance that a line came from.
    fn appliances<'a>(&'a self, style: &'a Style)
    -> Later<'a, Result<Vec<ApplianceInfo>, Missing>>;

    /// A page of the appliance events that fit.
    fn events<'a>(
        &'a self,
        search: &'a Search,
        style: &'a Style,
    ) -> Later<'a, Result<Page<EventItem>, Missing>>;

    /// Now, by the clock of the service.
    fn now(&self) -> Timestamp;

    /// Up to which moment every appliance's lines are answered for.
    fn complete_up_to(&self) -> Option<Timestamp>;

    /// One answer per message in a pasted log, and per connection that carried none; and how many
    /// more there would be beyond a limit. Heavy on the CPU: run where blocking is allowed.
    fn explain(
        &self,
        log: &[u8],
        style: &Style,
        year: Option<i16>,
        zone: Option<&str>,
    ) -> (Vec<Answer>, usize);

    /// The catalogue of diagnoses.
    fn diagnoses(&self, style: &Style) -> DiagnosisList;

    /// One diagnosis of the catalogue.
    fn diagnosis(&self, id: &str, style: &Style) -> Option<DiagnosisEntry>;

    /// Every article.
    fn articles(&self, lang: Lang) -> Vec<ArticleText>;

    /// The articles that fit a question, a log line, a bounce or a reply, the best first.
    fn find_articles(&self, query: &str, style: &Style) -> Vec<ArticleItem>;

    /// One article.
    fn article(&self, id: &str, lang: Lang) -> Option<ArticleText>;

    /// The body of an article as sanitised HTML, with the anchors of its sections.
    fn article_html(&self, id: &str, lang: Lang) -> Option<String>;
}

/// A sentence for operators, in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// In English.
    pub en: String,
    /// In Japanese.
    pub ja: String,
}

/// Tells how the service fares.
pub trait Gauge: Send + Sync + 'static {
    /// `GET /v1/status`.
    fn status(&self) -> Status;

    /// The metrics in the OpenMetrics text format.
    fn metrics(&self) -> String;

    /// Why the service is not ready, a sentence each; empty when it is.
    fn not_ready(&self) -> Vec<Told>;

    /// What stands in nobody's way yet and should be mended, a sentence each.
    fn warnings(&self) -> Vec<Told>;
}

/// Where lines that are handed in come from, and what is said of them beside them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Who sent them.
    pub peer: Option<IpAddr>,
    /// Lines of now, or a log of the past.
    pub lane: Lane,
    /// The appliance that wrote them all, whatever their headers say.
    pub appliance: Option<String>,
    /// The IANA name of the zone that their stamps are in.
    pub zone: Option<String>,
    /// The year of the first stamp that has none.
    pub year: Option<i16>,
}

/// Every line of a text is on disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// How many; empty ones not counted.
    pub accepted: u64,
    /// How many of them were too long and kept in part.
    pub cut: u64,
}

/// Not every line of a text is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotTaken {
    /// So many, from the first one on, surely are. Some behind them may be, none behind a gap.
    pub kept: u64,
}

/// Why an erasure was not begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotBegun {
    /// It is no address.
    NoAddress,
    /// Another one is under way.
    Busy,
    /// The journal is being replayed.
    Replaying,
    /// The journal takes nothing.
    NotAccepting,
}

/// Forgets addresses.
pub trait Eraser: Send + Sync + 'static {
    /// Begins to forget an address.
    ///
    /// # Errors
    /// [`NotBegun`].
    fn begin(&self, address: &str) -> Result<Erasure, NotBegun>;

    /// The erasures since the start, the newest first; what they can't reach is not told there.
    fn erasures(&self) -> Vec<Erasure>;

    /// Copies of the data folder, as the configuration names them.
    fn backups(&self) -> Vec<String>;
}

/// Takes lines in.
pub trait Door: Send + Sync + 'static {
    /// Takes the lines of a text, and returns once they are on disk or can't be. Each call is a
    /// source of its own: the same text again adds nothing. Dropped half-way, a beginning of the
    /// text may have been taken.
    fn take(&self, log: Vec<u8>, origin: Origin) -> Later<'_, Result<Taken, NotTaken>>;

    /// Counts a request that never came so far, by the code of its error.
    fn turned_away(&self, code: &'static str);
}

/// Everybody who works behind the routes.
pub struct Desks {
    /// Answers.
    pub desk: Arc<dyn Desk>,
    /// Tells how the service fares.
    pub gauge: Arc<dyn Gauge>,
    /// Takes lines in.
    pub door: Arc<dyn Door>,
    /// Forgets addresses.
    pub eraser: Arc<dyn Eraser>,
    /// Opens tickets.
    pub tickets: Arc<Office>,
}
