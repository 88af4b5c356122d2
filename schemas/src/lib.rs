//! The published vocabulary of whymid: every shape that leaves the process.
//!
//! What is `Serialize` here is promised: names and meanings follow the product's contract and
//! change only with a new version. The OpenAPI document and the JSON Schemas are written from
//! these types. This crate knows no other room and holds no behaviour beyond naming.

mod answer;
mod appliance;
mod asked;
mod erasure;
mod knowledge;
mod problem;
mod search;
mod status;
mod taken;
mod ticketing;
mod timeline;
mod words;

pub use answer::{
    Answer, Article, Candidate, ConnectionSummary, Diagnosis, Evidence, GroupedBy, MessageSummary,
    NextStep, Question, Recipient, Reference, RuledOut,
};
pub use appliance::{ApplianceInfo, ApplianceList, EventItem, EventList};
pub use asked::{Asked, Mentioned};
pub use erasure::{Erasure, ErasureList, ErasureState};
pub use knowledge::{
    ArticleItem, ArticleList, ArticleSection, ArticleText, DiagnosisEntry, DiagnosisList,
};
pub use problem::Problem;
pub use search::{
    ConnectionItem, ConnectionList, MessageItem, MessageList, Stats, StatsGroup, StatsSpan,
};
pub use status::{
    Kept, Lines, Listener, Queue, RecordsInMemory, ReleaseLines, Retained, Status, SuspectedGap,
};
pub use taken::LinesTaken;
pub use ticketing::{
    AtMost, CauseData, CauseEvent, Dedup, DryRun, Email, Field, Happening, InboundTaken,
    InboundTicket, Jira, JiraKind, MailTls, Notification, NotificationList, NotificationState,
    Pagerduty, Priorities, Redmine, RedmineText, RequestTracker, Secret, Servicenow, Subscribed,
    Subscription, SubscriptionList, SubscriptionState, Target, Template, Terms, TicketLink,
    TicketWanted, Webhook, WouldOpen, Zammad,
};
pub use timeline::{ConnectionTimeline, Delivery, Entry, Kin, MessageTimeline};
pub use words::{
    Confidence, Custody, Grouping, HealsByRetry, Kinship, Lang, Level, Outcome, Party, Severity,
    Text, Time, Who, Zone,
};
