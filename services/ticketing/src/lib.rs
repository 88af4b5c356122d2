//! Answers to tickets: subscriptions, causes, an outbox on disk, the ticket systems.
//!
//! ```text
//! records that did not end well ──► inbox: on disk before the index has them        inbox.rs
//!        ▼  the answer, the subscriptions' filters                                  filter.rs
//!      causes: one for each key, with a count                                       cause.rs, key.rs
//!        ▼  what is to be told, and was not: one notification at a time             office/
//!      outbox ──► look for it, open, comment, close, by the target's own words      courier.rs, targets/
//!        ▼  by HTTP or mail, only to addresses that are allowed                     carrier.rs, guard.rs
//!      ticket system
//! ```
//!
//! Never here: Tantivy, actix, the clock (it is handed in), threads.

#[macro_use]
mod twins;

mod carrier;
mod cause;
mod courier;
mod dry;
mod event;
#[cfg(test)]
mod examples;
mod filter;
mod guard;
mod inbox;
mod key;
mod leaving;
mod mailer;
mod markup;
mod office;
mod plan;
mod shelf;
mod signature;
mod span;
mod target;
mod targets;
mod template;
mod words;

pub use carrier::{Carrier, Network, Sent};
pub use dry::Dry;
pub use event::Event;
pub use guard::Guard;
pub use inbox::{Row, Watch};
pub use office::{
    Ask, Asked, Counts, Done, Job, Listing, NotSubscribed, NotTaken, Office, Settings, Taken,
    Tally, is_trouble_by,
};
pub use shelf::Error;
pub use target::{Action, Driver, Mail, Method, Refusal, Request, Response, Step, Ticket};
