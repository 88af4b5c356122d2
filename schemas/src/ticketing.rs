//! Tickets: what is asked of them (a subscription) and what was sent (a notification).
//!
//! Targets are in `ticketing/target.rs`, one for each ticket system; what webhooks get in `event.rs`;
//! tickets of others in `inbound.rs`; what a subscription would have done in `rehearsal.rs`.

mod event;
mod inbound;
mod rehearsal;
mod target;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use event::{CauseData, CauseEvent};
pub use inbound::{InboundTaken, InboundTicket, TicketWanted};
pub use rehearsal::{DryRun, WouldOpen};
pub use target::{
    Email, Jira, JiraKind, MailTls, Pagerduty, Redmine, RedmineText, RequestTracker, Secret,
    Servicenow, Target, Webhook, Zammad,
};

use crate::{Lang, Severity, Time};

/// What occurrences of one cause have in common, and so share a ticket by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Dedup {
    /// The diagnosis.
    Diagnosis,
    /// What the diagnosis's rule names: `diagnosis.grouping` of the answer.
    Grouping,
    /// The appliance.
    Appliance,
    /// The sending host's name, or its address where it has none.
    Host,
    /// The domain of the envelope sender.
    SenderDomain,
    /// The domain of the recipient that decides.
    RecipientDomain,
    /// The message or connection: a ticket for each.
    Record,
}

/// What may leave for a ticket system beyond the diagnosis, the numbers and the sending host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The envelope sender.
    Sender,
    /// The recipients' addresses.
    Recipients,
    /// The subject.
    Subject,
    /// The `Message-ID` header.
    MessageId,
    /// The log lines that prove the diagnosis, and servers' replies.
    Lines,
}

/// The words of a ticket. Both are templates in the language of Jinja with the answer's members as
/// variables, and beside them `key`, `count`, `revision`, `first_at`, `last_at`, `url` and `kind`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// The title: one line; ours where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The description, Markdown; ours where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// How many tickets may be opened in a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AtMost {
    /// So many.
    #[schema(minimum = 1)]
    pub tickets: u32,
    /// In so long a time: `1h`. What is more goes into one ticket that sums it up.
    pub per: String,
}

impl Default for AtMost {
    fn default() -> Self {
        Self {
            tickets: 20,
            per: "1h".to_owned(),
        }
    }
}

/// What a target calls each severity, in its own words: a priority, an urgency.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Priorities {
    /// For `info`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub info: Option<String>,
    /// For `notice`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<String>,
    /// For `warning`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warning: Option<String>,
    /// For `critical`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub critical: Option<String>,
}

impl Priorities {
    /// What the target calls it.
    #[must_use]
    pub fn of(&self, severity: Severity) -> Option<&str> {
        match severity {
            Severity::Info => self.info.as_deref(),
            Severity::Notice => self.notice.as_deref(),
            Severity::Warning => self.warning.as_deref(),
            Severity::Critical => self.critical.as_deref(),
        }
    }
}

/// Which answers open tickets, where, and how often.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// What it is called, here and in the tickets.
    pub name: String,
    /// Whether it opens tickets; what it has to tell of open ones waits meanwhile.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Which answers: a CEL expression over the answer's members.
    pub filter: String,
    /// Where tickets are opened.
    pub target: Target,
    /// What makes two occurrences one cause, one ticket.
    #[serde(default = "by_grouping")]
    pub dedup: Vec<Dedup>,
    /// So long after telling of a cause nothing more is told of it; occurrences are counted
    /// meanwhile.
    #[serde(default = "quarter_hour")]
    pub quiet_period: String,
    /// So long without an occurrence, and the ticket is resolved.
    #[serde(default = "a_day")]
    pub resolve_after: String,
    /// Whether mail of the same host (to the same domain) that goes through resolves a cause on the
    /// path, once a quiet period has passed without another occurrence. It never resolves what a
    /// policy of ours did.
    #[serde(default = "yes")]
    pub resolve_on_success: bool,
    /// A cause that comes back within this time after its ticket was resolved opens the same one
    /// again.
    #[serde(default = "a_week")]
    pub reopen_within: String,
    /// What may leave beyond the diagnosis, the numbers and the sending host.
    #[serde(default = "most_fields")]
    pub fields: Vec<Field>,
    /// The language of its tickets.
    #[serde(default = "english")]
    pub lang: Lang,
    /// The words of its tickets.
    #[serde(default)]
    pub template: Template,
    /// What the target calls each severity.
    #[serde(default)]
    pub priorities: Priorities,
    /// How many tickets may be opened in a time.
    #[serde(default)]
    pub at_most: AtMost,
}

fn yes() -> bool {
    true
}

fn by_grouping() -> Vec<Dedup> {
    vec![Dedup::Diagnosis, Dedup::Grouping]
}

fn quarter_hour() -> String {
    "15m".to_owned()
}

fn a_day() -> String {
    "24h".to_owned()
}

fn a_week() -> String {
    "7d".to_owned()
}

fn most_fields() -> Vec<Field> {
    vec![
        Field::Sender,
        Field::Recipients,
        Field::MessageId,
        Field::Lines,
    ]
}

fn english() -> Lang {
    Lang::En
}

/// A subscription, and how it fares.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Subscription {
    /// Its id.
    pub id: String,
    /// What is asked of it. Secrets are shown as `********`; who sends that back keeps them.
    #[serde(flatten)]
    pub terms: Terms,
    /// When it was made.
    pub created_at: Time,
    /// When it was last changed.
    pub changed_at: Time,
    /// How it fares.
    pub state: SubscriptionState,
}

/// How a subscription fares.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SubscriptionState {
    /// Causes that are open.
    pub open: u64,
    /// Occurrences of them.
    pub occurrences: u64,
    /// Notifications that wait, or are tried again.
    pub waiting: u64,
    /// Notifications that were given up: see `GET /v1/notifications?state=dead`.
    pub dead: u64,
    /// Causes that have no ticket of their own, because there would be too many.
    pub held: u64,
    /// Answers that the filter could not be asked of, because they lack what it names.
    pub filter_errors: u64,
    /// Since when the target can't be reached or refuses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<Time>,
    /// What it last said then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

/// The subscriptions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SubscriptionList {
    /// By name.
    pub items: Vec<Subscription>,
}

/// A subscription that was made, and what it would have done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Subscribed {
    /// The subscription.
    #[serde(flatten)]
    pub subscription: Subscription,
    /// What it would have done in the last 7 days.
    pub dry_run: DryRun,
}

/// What is told of a cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Happening {
    /// It is there, or there again.
    Opened,
    /// It occurred again.
    Recurred,
    /// Some of its occurrences turned out to be something else.
    Revised,
    /// It is gone.
    Resolved,
    /// Somebody asked in a ticket.
    Asked,
    /// Somebody tries whether the target takes tickets.
    Test,
}

impl Happening {
    /// The published word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Recurred => "recurred",
            Self::Revised => "revised",
            Self::Resolved => "resolved",
            Self::Asked => "asked",
            Self::Test => "test",
        }
    }
}

/// How far a notification is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NotificationState {
    /// It waits for its turn, or to be tried again.
    Waiting,
    /// The target has it.
    Delivered,
    /// It was given up, or the target refused it: `POST /v1/notifications/{id}/retry` tries again.
    Dead,
}

impl NotificationState {
    /// The published word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }

    /// The state of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Waiting, Self::Delivered, Self::Dead]
            .into_iter()
            .find(|one| one.word() == word)
    }
}

/// Something that a target is told, or was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Notification {
    /// The same in every attempt: the key and the revision.
    pub id: String,
    /// The subscription.
    pub subscription: String,
    /// That one's name.
    pub subscription_name: String,
    /// The kind of target.
    pub target: String,
    /// The cause.
    pub key: String,
    /// What is told.
    pub kind: Happening,
    /// Counts what is told of a cause, from 1.
    pub revision: u32,
    /// Occurrences of the cause by then.
    pub count: u64,
    /// The title.
    pub title: String,
    /// How far it is.
    pub state: NotificationState,
    /// So often it was tried.
    pub attempts: u32,
    /// When it came to be.
    pub created_at: Time,
    /// When it is tried next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_at: Option<Time>,
    /// When the target had it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivered_at: Option<Time>,
    /// What went wrong last, and what to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// The ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket: Option<TicketLink>,
}

/// Notifications, the newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NotificationList {
    /// The notifications.
    pub items: Vec<Notification>,
    /// Where to go on; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// A ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TicketLink {
    /// The kind of target that it is in.
    pub system: String,
    /// What it goes by there; absent as long as it is not opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its page there, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The cause that it is about.
    pub key: String,
    /// Occurrences of that cause.
    pub count: u64,
    /// Whether that cause is there still.
    pub open: bool,
    /// The subscription's name.
    pub subscription: String,
}
