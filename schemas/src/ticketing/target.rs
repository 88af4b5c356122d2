//! Where tickets are opened: the settings of each ticket system.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Something that nobody is shown again: a password, a token, a signing key.
#[derive(Clone, Default, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, format = Password)]
pub struct Secret(String);

impl Secret {
    /// What is shown in place of a secret.
    pub const HIDDEN: &str = "********";

    /// Keeps a secret.
    #[must_use]
    pub fn new(secret: String) -> Self {
        Self(secret)
    }

    /// The secret itself, for the request that needs it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether it stands for one that is known already.
    #[must_use]
    pub fn is_hidden(&self) -> bool {
        self.0 == Self::HIDDEN
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(Self::HIDDEN)
    }
}

impl Serialize for Secret {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(Self::HIDDEN)
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(Self)
    }
}

/// Where tickets are opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Target {
    /// An HTTP endpoint that takes signed events (Standard Webhooks 1.0, CloudEvents 1.0).
    Webhook(Webhook),
    /// Request Tracker 5, by REST 2.0.
    RequestTracker(RequestTracker),
    /// Redmine 5, by its REST API.
    Redmine(Redmine),
    /// Jira: Cloud by REST v3, Server and Data Center by REST v2.
    Jira(Jira),
    /// ServiceNow, by its Table API.
    Servicenow(Servicenow),
    /// Zammad, by its REST API.
    Zammad(Zammad),
    /// PagerDuty, by Events API v2.
    Pagerduty(Pagerduty),
    /// Mail, by SMTP.
    Email(Email),
}

impl Target {
    /// The published word of its kind.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Webhook(_) => "webhook",
            Self::RequestTracker(_) => "request_tracker",
            Self::Redmine(_) => "redmine",
            Self::Jira(_) => "jira",
            Self::Servicenow(_) => "servicenow",
            Self::Zammad(_) => "zammad",
            Self::Pagerduty(_) => "pagerduty",
            Self::Email(_) => "email",
        }
    }

    /// Its secrets, each with the name that it has in the settings.
    pub fn secrets(&mut self) -> Vec<(&'static str, &mut Secret)> {
        match self {
            Self::Webhook(one) => one
                .secrets
                .iter_mut()
                .map(|secret| ("secrets", secret))
                .collect(),
            Self::RequestTracker(one) => named("token", one.token.as_mut())
                .chain(named("password", one.password.as_mut()))
                .collect(),
            Self::Redmine(one) => named("api_key", Some(&mut one.api_key)).collect(),
            Self::Jira(one) => named("token", Some(&mut one.token)).collect(),
            Self::Servicenow(one) => named("token", one.token.as_mut())
                .chain(named("password", one.password.as_mut()))
                .collect(),
            Self::Zammad(one) => named("token", Some(&mut one.token)).collect(),
            Self::Pagerduty(one) => named("routing_key", Some(&mut one.routing_key)).collect(),
            Self::Email(one) => named("password", one.password.as_mut()).collect(),
        }
    }
}

fn named<'s>(
    name: &'static str,
    secret: Option<&'s mut Secret>,
) -> impl Iterator<Item = (&'static str, &'s mut Secret)> {
    secret.into_iter().map(move |secret| (name, secret))
}

/// An HTTP endpoint that takes signed events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Webhook {
    /// Where events are posted.
    pub url: String,
    /// The signing keys, `whsec_` and 24 to 64 bytes in base64: each event is signed with every one
    /// of them, the newest first, so that a key can be changed without losing any.
    #[schema(min_items = 1)]
    pub secrets: Vec<Secret>,
}

/// Request Tracker 5.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestTracker {
    /// Its address, `https://rt.example`, with the path that it is below.
    pub url: String,
    /// The queue.
    pub queue: String,
    /// An authentication token; or a user and a password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Secret>,
    /// A user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// That one's password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// The custom field of tickets that keeps the key.
    #[serde(default = "custom_field")]
    pub custom_field: String,
    /// The address in whose name tickets are opened; the user's own where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requestor: Option<String>,
    /// The status of a ticket whose cause is gone.
    #[serde(default = "resolved")]
    pub resolved_status: String,
    /// The status of a ticket whose cause is back.
    #[serde(default = "open")]
    pub reopened_status: String,
}

fn custom_field() -> String {
    "whymid_key".to_owned()
}

fn resolved() -> String {
    "resolved".to_owned()
}

fn open() -> String {
    "open".to_owned()
}

/// Redmine 5.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Redmine {
    /// Its address.
    pub url: String,
    /// The API key of a user who may add issues.
    pub api_key: Secret,
    /// The project's identifier.
    pub project: String,
    /// The tracker; the project's first where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracker_id: Option<u64>,
    /// The issues' custom field (text, used as a filter) that keeps the key.
    pub custom_field_id: u64,
    /// The status of an issue whose cause is gone.
    #[serde(default = "closed_id")]
    pub closed_status_id: u64,
    /// The status of an issue whose cause is back.
    #[serde(default = "new_id")]
    pub reopened_status_id: u64,
    /// Whether notes are private.
    #[serde(default)]
    pub private_notes: bool,
    /// Its setting "Text formatting" (Administration, Settings, General).
    #[serde(default)]
    pub text_formatting: RedmineText,
}

/// How a Redmine reads texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RedmineText {
    /// Textile.
    #[default]
    Textile,
    /// CommonMark Markdown.
    CommonMark,
}

fn closed_id() -> u64 {
    5
}

fn new_id() -> u64 {
    1
}

/// Which Jira it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum JiraKind {
    /// Jira Cloud: REST v3, texts in the Atlassian Document Format.
    Cloud,
    /// Jira Server or Data Center: REST v2, texts in wiki markup.
    Server,
}

/// Jira.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Jira {
    /// Its address, `https://example.atlassian.net`.
    pub url: String,
    /// Which Jira it is.
    pub deployment: JiraKind,
    /// The user's address, for Cloud; on a server the token goes alone without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The API token, personal access token or password.
    pub token: Secret,
    /// The project's key.
    pub project: String,
    /// The issue type's name.
    #[serde(default = "task")]
    pub issue_type: String,
    /// The transition, by name, of an issue whose cause is gone; the first that leads to a status
    /// of the category Done where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done_transition: Option<String>,
    /// The transition of an issue whose cause is back; the first that leads elsewhere where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reopen_transition: Option<String>,
}

fn task() -> String {
    "Task".to_owned()
}

/// ServiceNow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Servicenow {
    /// The instance's address, `https://example.service-now.com`.
    pub url: String,
    /// An OAuth token; or a user and a password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Secret>,
    /// A user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// That one's password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// The table.
    #[serde(default = "incident")]
    pub table: String,
    /// The group that incidents are assigned to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignment_group: Option<String>,
    /// Who calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caller_id: Option<String>,
    /// The state of an incident whose cause is gone.
    #[serde(default = "six")]
    pub resolved_state: String,
    /// The state of an incident whose cause is back.
    #[serde(default = "two")]
    pub reopened_state: String,
    /// The code that an incident is resolved with.
    #[serde(default = "close_code")]
    pub close_code: String,
}

fn incident() -> String {
    "incident".to_owned()
}

fn six() -> String {
    "6".to_owned()
}

fn two() -> String {
    "2".to_owned()
}

fn close_code() -> String {
    "Resolved by caller".to_owned()
}

/// Zammad.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Zammad {
    /// Its address.
    pub url: String,
    /// An access token with `ticket.agent`.
    pub token: Secret,
    /// The group.
    pub group: String,
    /// The customer: an address.
    pub customer: String,
    /// The ticket attribute that keeps the key, made by an administrator; a tag does where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attribute: Option<String>,
    /// The state of a ticket whose cause is gone.
    #[serde(default = "closed")]
    pub closed_state: String,
    /// The state of a ticket whose cause is back.
    #[serde(default = "open")]
    pub reopened_state: String,
}

fn closed() -> String {
    "closed".to_owned()
}

/// PagerDuty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Pagerduty {
    /// Where events go; `https://events.eu.pagerduty.com/v2/enqueue` in Europe.
    #[serde(default = "enqueue")]
    pub url: String,
    /// The integration's key.
    pub routing_key: Secret,
}

fn enqueue() -> String {
    "https://events.pagerduty.com/v2/enqueue".to_owned()
}

/// How mail is sent securely.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MailTls {
    /// STARTTLS, and nothing without it.
    #[default]
    Starttls,
    /// TLS from the first byte.
    Tls,
    /// In the clear.
    None,
}

/// Mail, by SMTP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Email {
    /// The mail server's name.
    pub host: String,
    /// Its port.
    #[serde(default = "submission")]
    pub port: u16,
    /// How it is sent securely.
    #[serde(default)]
    pub tls: MailTls,
    /// A user, where the server wants one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// That one's password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
    /// The sender's address.
    pub from: String,
    /// To whom.
    #[schema(min_items = 1)]
    pub to: Vec<String>,
}

fn submission() -> u16 {
    587
}
