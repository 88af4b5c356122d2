//! What a ticket system has to be able to say: which requests do a thing, and what their answers
//! mean.
//!
//! A [`Driver`] is pure: it sends nothing, waits for nothing and knows no time. What is common to
//! all of them (statuses that are no success, trying again, what is not known) is in `courier.rs`,
//! so a driver only ever sees answers of the 2xx kind.

use whymid_schemas::Text;

use crate::event::Event;

/// A ticket of a ticket system.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Ticket {
    /// What requests call it.
    pub id: String,
    /// Its page, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Whether it is neither resolved nor closed.
    pub open: bool,
}

/// Something to be done in a ticket system.
#[derive(Clone, Copy, Debug)]
pub enum Action<'a> {
    /// Look for the tickets of a key: all that are open, and those that were closed.
    Find(&'a str),
    /// Open one. Its description is the event's body and holds the event's marker; it keeps the
    /// event's key where [`Action::Find`] finds it.
    Create(&'a Event),
    /// Add a comment: the event's body, with its marker.
    Comment(&'a Ticket, &'a Event),
    /// Look whether the ticket's description or a comment holds a text (an event's marker).
    Seen(&'a Ticket, &'a str),
    /// Close a ticket. Nothing needs to be said: a comment was added before.
    Close(&'a Ticket),
    /// Open a closed ticket again, likewise.
    Reopen(&'a Ticket),
}

/// What comes next in doing something.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// A request; its answer is added to the answers so far.
    Send(Request),
    /// To [`Action::Find`]: the tickets, in any order.
    Found(Vec<Ticket>),
    /// To [`Action::Create`]: the ticket; an empty `id` where the system has no tickets.
    Created(Ticket),
    /// To [`Action::Seen`].
    Seen(bool),
    /// To the others: it is done, or there is nothing to be done.
    Done,
}

/// A system's answer could not be understood, or the settings are at fault: one sentence that says
/// what, fit for "the target can't take it: …".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.en)]
pub struct Refusal(pub Text);

/// A method of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are what they are called")]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
}

/// Something to be sent.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// By HTTP.
    Http {
        /// The method.
        method: Method,
        /// The whole address.
        url: String,
        /// The header fields.
        headers: Vec<(&'static str, String)>,
        /// The body; empty for none.
        body: Vec<u8>,
    },
    /// By a webhook's rules: signed when it is sent, as the signature holds the moment of sending.
    Signed {
        /// The whole address.
        url: String,
        /// `webhook-id`.
        id: String,
        /// The body, a CloudEvent.
        body: Vec<u8>,
    },
    /// By SMTP.
    Mail(Box<Mail>),
}

/// A mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// Its `Message-ID`, the same in every attempt, without angle brackets.
    pub message_id: String,
    /// The `Message-ID` of the mail that opened the ticket, where this is a later one.
    pub in_reply_to: Option<String>,
    /// The subject.
    pub subject: String,
    /// Its text, plain.
    pub text: String,
    /// The same as HTML.
    pub html: String,
    /// Further header fields.
    pub headers: Vec<(&'static str, String)>,
}

/// An answer of the 2xx kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The body, 1 MiB at most.
    pub body: Vec<u8>,
}

impl Response {
    /// The body as JSON.
    ///
    /// # Errors
    /// When it is none.
    pub fn json(&self) -> Result<serde_json::Value, Refusal> {
        serde_json::from_slice(&self.body).map_err(|_| {
            Refusal(twins!(
                "its answer is not JSON: is the address right?",
                "応答が JSON ではありません。アドレスが正しいか確認してください"
            ))
        })
    }
}

/// A ticket system. See the file's head.
pub trait Driver: Send + Sync {
    /// Whether tickets can be looked for by their key. Where not, the system itself joins what has
    /// the same key, or there are no tickets: it is only told.
    fn finds(&self) -> bool;

    /// So many seconds after which a ticket whose opening was not answered shows in a search, if it
    /// was opened.
    fn settles_in(&self) -> i64;

    /// What comes next in doing `action`, after these answers to it.
    ///
    /// # Errors
    /// [`Refusal`].
    fn step(&self, action: &Action<'_>, answers: &[Response]) -> Result<Step, Refusal>;

    /// Makes one ticket of two of the same key, where the system can; `None` where the other one is
    /// commented and closed instead.
    fn merge(&self, _other: &Ticket, _into: &Ticket) -> Option<Request> {
        None
    }

    /// What the system says is wrong, in the body of an answer that is no success; `None` where it
    /// does not say.
    fn complaint(&self, body: &[u8]) -> Option<String>;

    /// What is known to be behind such words.
    fn hint(&self, _said: &str) -> Option<Text> {
        None
    }

    /// Its addresses, each with the setting that it comes from: to be checked when a subscription
    /// is made.
    fn addresses(&self) -> Vec<(&'static str, String)>;
}
