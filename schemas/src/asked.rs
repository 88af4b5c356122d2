//! A ticket's text, and what was made of it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Answer, ArticleItem, Time};

/// What a text names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Mentioned {
    /// Message ids of gateways (MID).
    pub mids: Vec<u64>,
    /// Connection ids of gateways (ICID).
    pub icids: Vec<u64>,
    /// `Message-ID` headers, without angle brackets.
    pub message_ids: Vec<String>,
    /// Addresses.
    pub addresses: Vec<String>,
    /// Moments.
    pub times: Vec<Time>,
    /// What mail servers replied, as bounces quote it.
    pub replies: Vec<String>,
}

/// The answer for the best match of a text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Asked {
    /// What the text names.
    pub found: Mentioned,
    /// What was assumed to come to the answer, a sentence each.
    pub assumed: Vec<String>,
    /// The answer; absent where nothing that is kept fits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
    /// The articles that fit the replies in the text, the best first.
    pub articles: Vec<ArticleItem>,
}
