//! Invented gateway logs with their truth, and the oracle that compares a program with it.
//!
//! ```text
//! Plan ──► Generator ──► Line::Written ──► perturb.rs ──► render ──► the program
//!              │              │                                          │
//!              │              └──► Oracle::delivered                     ▼
//!              └──► Line::Done(TruthRecord) ──► Messages     Seen ──► Oracle::seen ──► Report
//!                                                            Verdict ──► Messages::verdicts
//! ```
//!
//! The wording of every line is that of the project's log grammar; a [`Kind`] is a row of it.
//! Names and addresses are invented. A fault that is found is reproduced from its seed and line
//! ids ([`Generator::only`]) and made small by [`minimise`].
//!
//! Invariants: the truth knows nothing of the product, and this crate depends on none of its
//! rooms; the same plan writes the same log on every machine; memory is bounded by what is under
//! way on the gateways, not by the length of the log.
//!
//! Not here: sending, adapting a program's records to [`Seen`], speed limits. Not written:
//! header values that bring raw line ends (trap 20), the hour of a clock change, remediation
//! lines days after a delivery (their wording is known in fragments only), other subscriptions
//! and CEF.

mod alerts;
mod bounce;
mod deliver;
mod dice;
mod engines;
mod family;
mod gateway;
mod headers;
mod kind;
mod ldap;
mod mail;
mod minimise;
mod names;
mod oracle;
mod perturb;
mod plan;
mod quarantine;
mod receive;
mod recipients;
mod record;
mod refused;
mod remarks;
mod render;
mod script;
mod session;
mod spam;
mod split;
mod subjects;
mod system;
mod tempo;
mod text;
mod truth;
mod unreachable;
mod verdict;
mod workqueue;
mod world;

pub use kind::Kind;
pub use minimise::minimise;
pub use oracle::{Fault, Finding, Oracle, Report, Seen, SeenLine};
pub use perturb::{
    Source, Trouble, double, late, live_and_import, lose, lose_only, perturb, reorder,
    shuffle_within_second,
};
pub use plan::{
    Appliance, Content, Delivery, Dialect, LAST_NUMBER, Odds, Plan, Receiving, Sessions,
};
pub use render::{Form, render};
pub use truth::{
    Abort, Dropper, Ending, Fate, Level, Line, Named, Recipient, RecordKind, TruthRecord, Whom,
    Written,
};
pub use verdict::{Agreement, Messages, Verdict};
pub use world::Generator;
