//! Invented gateway logs with their truth, and the oracle that compares a program with it.
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
