//! Tickets that people want, and those that they opened themselves.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which subscription's target gets a ticket about one message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketWanted {
    /// The subscription's id.
    pub subscription: String,
}

/// A ticket of somebody else that may mention a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InboundTicket {
    /// What it goes by in its system.
    #[schema(value_type = String)]
    #[serde(deserialize_with = "text_or_number")]
    pub ticket: String,
    /// Its title.
    #[serde(default)]
    pub subject: String,
    /// Its text.
    #[serde(default)]
    pub text: String,
}

fn text_or_number<'de, D: serde::Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Text(String),
        Number(u64),
    }
    Ok(match Either::deserialize(from)? {
        Either::Text(text) => text,
        Either::Number(number) => number.to_string(),
    })
}

/// What came of a ticket of somebody else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct InboundTaken {
    /// Whether the answer goes into the ticket.
    pub answering: bool,
    /// The answer's title in the language of the ticket, or why not in the asker's.
    pub because: String,
    /// The notification that does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notification: Option<String>,
}
