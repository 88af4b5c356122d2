//! End-to-end tests: the real binary, real sockets, real forwarders, a data folder of its own.
//!
//! | file | what it holds |
//! |---|---|
//! | `harness/` | starting and stopping the service and the forwarders, asking, waiting |
//! | `founding.rs` | the three sessions of the founding document, pushed by rsyslog |
//! | `forwarders.rs` | rsyslog's own formats, util-linux `logger` |
//! | `hostile.rs` | bad input: nothing crashes, nothing else is lost, all is counted |
//! | `accounting.rs` | sent = received = accepted = attached + events; copies; appliances |
//! | `handed_in.rs` | `POST /v1/lines`: what is taken, what is not, what survives |
//! | `crowds.rs` | thousands of connections, bursts of datagrams: no harm, and all is counted |
//! | `injected.rs`, `paths.rs` | line ends for headers and logs, ways out of what is served |
//! | `slow.rs` | bytes that drip, readers that never read |
//! | `restart.rs` | stop, start, `kill -9`: the same answers and ids |
//! | `lifetime.rs` | written, re-opened, numbers used again |
//! | `survival.rs` | `kill -9` at random moments while lines come in |
//! | `deaths.rs` | the process dies at each fail point in turn |
//! | `disk.rs` | full disks: accepting stops, answers go on, room is enough to recover |
//! | `folders.rs` | data folders that are read-only, gone, taken, or of another release |
//! | `replayed.rs` | what a start reads again |
//! | `bounds.rs` | a stop under load, a flood of messages, retention |
//! | `traffic/` | senders with books, and the reckoning |
//! | `signed_in.rs` | browsers that sign in, who must wait, the audit log |
//! | `matrix.rs`, `tenants.rs` | every route of `openapi.yaml` × every kind of token; whose mail is seen |
//! | `encrypted.rs` | TLS on both sides, certificates replaced under traffic |
//! | `access.rs` | tokens, foreign pages, who may send |
//! | `startup.rs` | faults at the start: one clear line and an exit code |
//! | `floods.rs`, `floods/` | a flood of one cause, archives, chaos: one ticket a key, nothing lost, nothing told twice |
//! | `demo.rs` | `serve --demo` |
//! | `families.rs` | mail that goes on under other MIDs, connections by id, other logs |
//! | `asked.rs` | tickets' texts to the mail that they are about |
//! | `explain.rs`, `corpus.rs` | `whymid explain`, and whole logs to whole answers |
//! | `contract.rs` | thousands of calls made from `openapi.yaml` |
//! | `browser.rs` | the pages in a real browser, with pictures |
//! | `ticket_pages.rs` | tickets from the pages, in a browser, against a double |
//! | `stored.rs`, `stored/` | stored XSS: every field × every page and form |
//! | `search.rs` | search, statistics, exports, against the truth of a generated log |
//! | `imported.rs` | `whymid import`; appliances and their events; by `Message-ID` |
//! | `systems.rs` | the real ticket systems of `tests/systems/` are there |
//! | `tickets.rs`, `tickets/` | from a line to its ticket in Request Tracker, and to its mail in Postfix |
//! | `redmine.rs` | the same in Redmine, by hand: `cargo test --test redmine` |
//! | `docs.rs`, `integrations.rs` | the programs of `/docs` and `/docs/integrations` |
//! | `doubles/` | ticket systems that keep to their vendors' documents, and can be told to misbehave |
//! | `events.rs` | `whymid events`: the table, and what a log holds beside it |
//! | `kb_check.rs`, `kb_faults/` | `whymid kb`: each kind of fault is found at its place |
//! | `privacy.rs` | pseudonyms, and what is forgotten |
//! | `published.rs` | `openapi.yaml` and the JSON Schemas are what the code says |
//!
//! Not here: what one room can show alone (unit tests of that room), speed (benchmarks).

mod access;
mod accounting;
mod asked;
mod bounds;
mod browser;
mod contract;
mod corpus;
mod crowds;
mod deaths;
mod demo;
mod disk;
mod docs;
mod doubles;
mod encrypted;
mod events;
mod explain;
mod families;
mod floods;
mod folders;
mod forwarders;
mod founding;
mod handed_in;
mod harness;
mod hostile;
mod imported;
mod injected;
mod integrations;
mod kb_check;
mod kb_faults;
mod lifetime;
mod matrix;
mod paths;
mod privacy;
mod published;
mod replayed;
mod restart;
mod search;
mod signed_in;
mod slow;
mod startup;
mod stored;
mod survival;
mod systems;
mod tenants;
mod ticket_pages;
mod tickets;
mod traffic;
