//! Requests to answers and pages: every HTTP route, its access rules, its errors, its document.
//!
//! A request passes `dress` (headers, failures as problems or pages), `access` (host, origin,
//! token), and reaches one handler in `routes/`, which reads its parameters (`query`), asks the
//! `desk`, and writes the form that was asked for (`negotiate`, `reply`, `pages`). Lines go the
//! other way: their body is unpacked (`body`, `unpack`) and handed through the `Door`.
//! Never here: Tantivy types, sockets, the clock. What the desk knows comes from elsewhere.

mod access;
mod ask;
mod audit;
mod body;
mod desk;
mod dress;
mod error;
mod export;
mod filters;
mod guess;
mod house;
mod identify;
mod negotiate;
mod openapi;
mod pace;
mod pages;
mod query;
mod reading;
mod refusals;
mod rehearsal;
mod reply;
mod route_table;
mod routes;
mod sample;
mod server;
mod sessions;
mod settings;
#[cfg(test)]
mod tests;
mod unpack;

use whymid_diagnosis::labels;

pub use audit::{Audit, AuditEntry};
pub use desk::{
    Ask, Counting, Desk, Desks, Door, Eraser, Gauge, Later, Missing, NotBegun, NotTaken, Origin,
    Page, Style, Taken, Told, What,
};
pub use reading::{Pulse, Reading};
pub use server::serve;
pub use settings::{A_SECOND, Scope, Settings, Token};

/// The OpenAPI document of this version; the same text each time.
#[must_use]
pub fn openapi_yaml() -> String {
    openapi::yaml().to_owned()
}

/// The JSON Schema (2020-12) documents of the published shapes, by name (`answer`, `problem`).
#[must_use]
pub fn json_schemas() -> Vec<(&'static str, String)> {
    openapi::schemas()
}
