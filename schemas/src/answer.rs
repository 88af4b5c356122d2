//! The answer: what happened to one message or connection, why, and what to do.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Confidence, Custody, Grouping, HealsByRetry, Lang, Outcome, Party, Severity, TicketLink, Time,
    Who, Zone,
};

/// The answer to "why?", about a message or about a connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Answer {
    /// What was asked.
    pub question: Question,
    /// The whole answer in a sentence or two.
    pub summary: String,
    /// The message, where the answer is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<MessageSummary>,
    /// The connection, where the answer is about one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<ConnectionSummary>,
    /// Why.
    pub diagnosis: Diagnosis,
    /// Further diagnoses that annotate but do not replace the first.
    pub also: Vec<Diagnosis>,
    /// What else is known of this host and pair; empty until history is kept.
    pub history: serde_json::Map<String, serde_json::Value>,
    /// The tickets that it counts for; none are shown to whoever sees only a part of all mail.
    pub tickets: Vec<TicketLink>,
    /// Other records that the question also fits, newest first, at most 20.
    pub candidates: Vec<Candidate>,
    /// Up to which moment the log of this appliance is known here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub complete_up_to: Option<Time>,
}

/// What was asked, as understood.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Question {
    /// A message id of the gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mid: Option<u64>,
    /// A connection id of the gateway.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icid: Option<u64>,
    /// A `Message-ID` header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// A record's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The appliance asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub appliance: Option<String>,
    /// The moment asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Time>,
}

/// A message in a few fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MessageSummary {
    /// Opaque, URL-safe, assigned when the message was first seen.
    pub id: String,
    /// The permalink; absent where no service answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The gateway that wrote the lines.
    pub appliance: String,
    /// Where that gateway's time zone comes from.
    pub zone: Zone,
    /// The gateway's message id.
    pub mid: u64,
    /// The connection it came by; absent when none was named or the gateway made it (ICID 0).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icid: Option<u64>,
    /// Envelope sender; `""` is the null sender `<>`; absent when its line was never seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// Every recipient that a line names.
    pub recipients: Vec<Recipient>,
    /// The `Subject` as logged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The `Message-ID` header as logged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message_id: Option<String>,
    /// Size in bytes, by `ready N bytes`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// Reverse DNS name of the sending host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Whether forward and reverse DNS agreed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_verified: Option<bool>,
    /// Address of the sending host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// The sender group that matched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender_group: Option<String>,
    /// Stamp of the line that began it; absent when that line was never seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Time>,
    /// Stamp of the first line seen of it.
    pub first_seen_at: Time,
    /// Stamp of the line that ended it; absent while none was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Time>,
    /// The outcome, summed up over its recipients.
    pub outcome: Outcome,
}

/// One recipient and how it fared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Recipient {
    /// The gateway's recipient id; absent for a recipient that was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rid: Option<u32>,
    /// The envelope address; `""` is `<>`; absent where only its RID was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// This recipient's outcome.
    pub outcome: Outcome,
    /// Who holds the mail for this recipient.
    pub custody: Custody,
    /// The diagnosis for this recipient; absent where it ended for another reason than that which
    /// the message's diagnosis is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diagnosis: Option<String>,
    /// The remote server's or the gateway's own words on it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<String>,
    /// The MID under which the mail for this recipient ended, where it went on under another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub final_mid: Option<u64>,
    /// The MID of the bounce that was made for this recipient.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bounce_mid: Option<u64>,
}

/// A connection (ICID) in a few fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConnectionSummary {
    /// Opaque, URL-safe.
    pub id: String,
    /// The gateway that wrote the lines.
    pub appliance: String,
    /// Where that gateway's time zone comes from.
    pub zone: Zone,
    /// The gateway's injection connection id.
    pub icid: u64,
    /// Reverse DNS name of the sending host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Whether forward and reverse DNS agreed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_verified: Option<bool>,
    /// Address of the sending host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// The listener that took the connection, by its interface's name as logged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listener: Option<String>,
    /// The sender group that matched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender_group: Option<String>,
    /// Stamp of its opening line; absent when that line was never seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub opened_at: Option<Time>,
    /// Stamp of the first line seen of it.
    pub first_seen_at: Time,
    /// Stamp of the line that ended it; absent while none was seen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Time>,
    /// How it ended or stands.
    pub outcome: Outcome,
    /// The MIDs it carried.
    pub messages: Vec<u64>,
}

/// Another record that fits the question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Candidate {
    /// The record's id.
    pub id: String,
    /// Its permalink, for a message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// The gateway that wrote it.
    pub appliance: String,
    /// Stamp of the first line seen of it.
    pub first_seen_at: Time,
    /// Its outcome.
    pub outcome: Outcome,
}

/// One diagnosis, with its evidence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Diagnosis {
    /// Kebab-case, never renamed or reused.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// What it means.
    pub explanation: String,
    /// How sure.
    pub confidence: Confidence,
    /// Who can mend it, likeliest first.
    pub party: Vec<Party>,
    /// What its occurrences have in common.
    pub grouping: GroupedBy,
    /// Who holds the mail now.
    pub custody: Custody,
    /// How much it should trouble somebody.
    pub severity: Severity,
    /// Whether a retry is likely to mend it.
    pub heals_by_retry: HealsByRetry,
    /// The version of the knowledge base that said so.
    pub kb_version: String,
    /// The lines that prove it.
    pub evidence: Vec<Evidence>,
    /// What else could have been, and why it was not.
    pub ruled_out: Vec<RuledOut>,
    /// Diagnoses that the log can neither confirm nor rule out.
    pub not_ruled_out: Vec<String>,
    /// What to bring for a surer answer.
    pub would_raise_confidence: Vec<String>,
    /// What to do, in order.
    pub next_steps: Vec<NextStep>,
    /// What to tell the person on the phone.
    pub for_the_helpdesk: String,
    /// Where to read on.
    pub articles: Vec<Article>,
}

/// What occurrences of one cause have in common, and tickets are shared by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GroupedBy {
    /// Which kind of thing it is; the diagnosis's rule names it.
    pub by: Grouping,
    /// Which one, at most 255 characters; absent where the log does not tell it: then the
    /// appliance's name stands for it in keys.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// A line and what it shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Evidence {
    /// Its place in the timeline, counted from 0.
    pub entry: usize,
    /// Its stamp.
    pub at: Time,
    /// The line as logged, from behind the level word.
    pub line: String,
    /// What it shows.
    pub shows: String,
}

/// A diagnosis that was ruled out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RuledOut {
    /// The diagnosis.
    pub id: String,
    /// Why it is not that.
    pub because: String,
}

/// One step to take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NextStep {
    /// Who takes it.
    pub who: Who,
    /// What to do.
    pub text: String,
    /// A command to copy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

/// A pointer to a knowledge-base article.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Article {
    /// The article.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its language.
    pub lang: Lang,
    /// The article's section about this diagnosis.
    pub url: String,
    /// What it rests on.
    pub references: Vec<Reference>,
}

/// A document elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// Its title.
    pub title: String,
    /// Its address, `https`.
    pub url: String,
}
