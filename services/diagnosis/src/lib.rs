//! Timelines and the knowledge base to answers.
//!
//! ```text
//! Story (story.rs) ──► facts.rs, lines.rs: what the log tells, as typed facts and named lines
//!                  ──► family.rs: how each recipient fared, followed to the MID that it ended under
//!                  ──► judge.rs: whose story decides, apart.rs: each recipient's ──► decide.rs: candidates by symptom,
//!                      conditions (CEL), precedence, confidence
//!                  ──► answer.rs, words.rs, summary.rs, item.rs, timeline.rs: the decision in words, with evidence
//!                      reply.rs: another server's answer to its reason · pace.rs: how long it took, and where ·
//!                      grouping.rs: what its occurrences have in common
//!                  ──► render.rs: the answer as Markdown and as text
//! kb/ ──► article.rs, rule_file.rs, rule.rs ──► knowledge.rs; check.rs runs the examples
//! a log ──► explain.rs ──► answers, without a service
//! ```
//!
//! Rules are data (`kb/README.md` is their manual); facts are typed; nothing here asks what time
//! it is or does I/O beyond reading the knowledge base.

mod answer;
mod apart;
mod article;
mod catalogue;
mod check;
mod condition;
mod decide;
mod explain;
mod facts;
mod family;
mod fault;
mod grouping;
mod item;
mod judge;
mod knowledge;
pub mod labels;
mod limits;
mod lines;
mod mentions;
mod outcome;
mod pace;
mod passage;
mod pasted;
mod render;
pub mod reply;
mod rule;
mod rule_file;
mod story;
mod summary;
mod symptom;
mod timeline;
mod words;

pub use answer::{Facets, Style, deciding};
pub use article::page_html;
pub use check::check;
pub use explain::{Log, LogReader, Reading, Wanted};
pub use fault::{Fault, nearest_word};
pub use knowledge::{Knowledge, Source};
pub use limits::{
    DEFAULT_INBOUND_TIMEOUT, DEFAULT_LATE_AFTER, DEFAULT_MAX_CONNECTION_TIME, ListenerTimers,
    Listeners, Timer, Timers,
};
pub use mentions::{Mentions, mentions};
pub use outcome::{of_connection, of_message, of_recipient};
pub use passage::{Passage, marks};
pub use pasted::{Pasted, pasted};
pub use render::{escaped, markdown, text};
pub use rule::{Diagnosis, GivenBy};
pub use story::{Of, Story, connections_used};
