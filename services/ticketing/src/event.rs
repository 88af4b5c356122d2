//! What a target is told, in a form that every target can put into its own words.

use whymid_schemas::{CauseData, Happening, Lang, Severity, Time};

/// What a target is told. It stays the same in every attempt to tell it.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Event {
    /// Key and revision: `wm-0123456789abcdef-3`. Nothing else ever has it.
    pub id: String,
    /// The cause's key: `wm-` and 16 hexadecimal digits.
    pub key: String,
    /// Counts what is told of the cause, from 1.
    pub revision: u32,
    /// What is told.
    pub kind: Happening,
    /// When it came to be.
    pub at: Time,
    /// One line of plain text, at most 200 characters.
    pub title: String,
    /// The ticket's description, or a comment's text: Markdown (CommonMark). What strangers wrote
    /// is escaped in it.
    pub body: String,
    /// The language of both.
    pub lang: Lang,
    /// How much it should trouble somebody.
    pub severity: Severity,
    /// What the target calls that, where the subscription says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub priority: Option<String>,
    /// The appliance that the newest occurrence is of.
    pub appliance: String,
    /// The page about the newest occurrence, where this service's public address is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// What this service calls itself: its public address, or `/whymid`.
    pub source: String,
    /// What a program is told.
    pub data: CauseData,
}

impl Event {
    /// What every text that is told holds, so that it can be seen whether it was told:
    /// `[whymid wm-0123456789abcdef-3]`.
    #[must_use]
    pub fn marker(&self) -> String {
        marker(&self.id)
    }
}

/// See [`Event::marker`].
fn marker(id: &str) -> String {
    format!("[whymid {id}]")
}
