//! Doubles of ticket systems: each takes what its vendor's document says, refuses what it does not,
//! and can be told to misbehave (`faults.rs`).
//!
//! | file | whose contract |
//! |---|---|
//! | `jira.rs`, `jira_fields.rs`, `adf.rs`, `jql.rs` | Atlassian: Jira Cloud REST v3, Jira Server REST v2, Document Format |
//! | `servicenow.rs` | ServiceNow: Table API |
//! | `zammad.rs` | Zammad: documentation of `api/ticket` |
//! | `pagerduty.rs` | PagerDuty: Events API v2 |
//! | `webhook.rs` | Standard Webhooks 1.0.0, CloudEvents 1.0 over HTTP |
//! | `mailbox.rs` | RFC 5321: what a mail server takes |
//! | `rt.rs` | Request Tracker 5: REST 2.0 |
//! | `redmine.rs` | Redmine 5: REST API |
//! | `server.rs`, `wire.rs` | HTTP/1.1 |
//! | `book.rs` | what all of them keep: tickets |
//! | `hand.rs` | who drives them in their own tests |
//!
//! Whatever a double refuses by its own rules is a complaint: a test that ends without complaints
//! kept to the contract.

mod adf;
mod book;
mod faults;
mod hand;
mod jira;
mod jira_fields;
mod jql;
mod mailbox;
mod pagerduty;
mod redmine;
mod rt;
mod server;
mod servicenow;
mod tests;
mod tests_of_faults;
mod tests_of_jira;
mod webhook;
mod wire;
mod zammad;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use serde_json::Value;

use server::{Server, lock};

pub(crate) use book::Seen;
pub(crate) use faults::{Deed, Fault, Faults, On};
pub(crate) use jira::Jira;
pub(crate) use mailbox::Mailbox;
pub(crate) use pagerduty::Pagerduty;
pub(crate) use redmine::Redmine;
pub(crate) use rt::Rt;
pub(crate) use server::Answer;
pub(crate) use servicenow::Servicenow;
pub(crate) use webhook::Webhook;
pub(crate) use wire::Request;
pub(crate) use zammad::{Form, Zammad};

/// A ticket system, as tests see it.
pub(crate) trait System: Send + Sync {
    /// What the settings call it.
    fn kind(&self) -> &'static str;
    /// Its tickets, in the order that they were opened in.
    fn tickets(&self) -> Vec<Seen>;
    /// So many requests came in.
    fn requests(&self) -> u64;
    /// What was refused by its own rules, with the reason; what faults refuse is not.
    fn complaints(&self) -> Vec<String>;
    /// Its misbehaviour.
    fn faults(&self) -> &Faults;
    /// Refuses connections.
    fn down(&self);
    /// Takes connections again, on the same port.
    fn up(&self);
    /// The member `target` of a subscription that leads to it.
    fn target(&self) -> Value;
}

/// A ticket system's own rules.
pub(crate) trait Desk: Send + 'static {
    /// What the settings call it.
    fn kind(&self) -> &'static str;
    /// What a request does.
    fn deed(&self, request: &Request) -> Deed;
    /// Does what is asked. What was opened after `horizon` is not found by searches.
    fn serve(&mut self, request: &Request, horizon: Instant) -> Answer;
    /// The tickets.
    fn tickets(&self) -> Vec<Seen>;
    /// The settings that lead here.
    fn target(&self, address: SocketAddr) -> Value;
}

/// A desk behind a server.
pub(crate) struct Double<D> {
    desk: Arc<Mutex<D>>,
    complaints: Arc<Mutex<Vec<String>>>,
    faults: Faults,
    server: Server,
}

impl<D: Desk> Double<D> {
    /// Opens a desk.
    pub(crate) fn of(desk: D) -> Self {
        let desk = Arc::new(Mutex::new(desk));
        let complaints = Arc::new(Mutex::new(Vec::new()));
        let faults = Faults::default();
        let server = {
            let (desk, complaints) = (Arc::clone(&desk), Arc::clone(&complaints));
            let faults = faults.clone();
            Server::start(move |request| attend(request, &desk, &complaints, &faults))
        };
        Self {
            desk,
            complaints,
            faults,
            server,
        }
    }

    /// The desk itself: what only this system has. Nothing is answered meanwhile.
    pub(crate) fn desk(&self) -> MutexGuard<'_, D> {
        lock(&self.desk)
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address()
    }
}

/// Answers one request.
fn attend<D: Desk>(
    request: &Request,
    desk: &Mutex<D>,
    complaints: &Mutex<Vec<String>>,
    faults: &Faults,
) -> Option<Answer> {
    let mut desk = lock(desk);
    let fault = faults.meet(desk.deed(request));
    let mut done = || {
        let answer = desk.serve(request, faults.horizon());
        if answer.status >= 400 {
            lock(complaints).push(complaint(request, &answer));
        }
        answer
    };
    let Some(fault) = fault else {
        return Some(done());
    };
    let right = fault.is_done().then(&mut done);
    if fault == Fault::Twice {
        done();
    }
    fault.instead(right)
}

fn complaint(request: &Request, answer: &Answer) -> String {
    format!(
        "{} {}: {} {}",
        request.method,
        request.path,
        answer.status,
        String::from_utf8_lossy(&answer.body)
    )
}

impl<D: Desk> System for Double<D> {
    fn kind(&self) -> &'static str {
        self.desk().kind()
    }

    fn tickets(&self) -> Vec<Seen> {
        self.desk().tickets()
    }

    fn requests(&self) -> u64 {
        self.server.requests()
    }

    fn complaints(&self) -> Vec<String> {
        lock(&self.complaints).clone()
    }

    fn faults(&self) -> &Faults {
        &self.faults
    }

    fn down(&self) {
        self.server.down();
    }

    fn up(&self) {
        self.server.up();
    }

    fn target(&self) -> Value {
        self.desk().target(self.address())
    }
}

/// One of each; Jira and Zammad in both forms.
pub(crate) fn all() -> Vec<Box<dyn System>> {
    vec![
        Box::new(Double::of(Rt::default())),
        Box::new(Double::of(Redmine::default())),
        Box::new(Double::of(Jira::cloud())),
        Box::new(Double::of(Jira::server())),
        Box::new(Double::of(Servicenow::default())),
        Box::new(Double::of(Zammad::of(Form::Counted, Some("whymid_key")))),
        Box::new(Double::of(Zammad::of(Form::List, None))),
        Box::new(Double::of(Pagerduty::default())),
        Box::new(Double::of(Webhook::default())),
    ]
}
