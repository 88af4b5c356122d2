//! Messages to events to records: what AsyncOS says in `mail_logs`, and how ICID, MID, RID and
//! DCID hang together.
//!
//! ```text
//! Frame ── intake.rs ──► header (room syslog) ──► appliance.rs: whose, when
//!                                             ──► grammar/: MailEvent (kind.rs is the table)
//!                                             ──► assembler.rs: Message · Connection · Delivery · ApplianceEvent
//!                                                 again.rs: which of two under one number · shelf.rs: until when
//!                                                 reset.rs: when all numbers begin anew
//!                                                 join.rs: which message came by which connection
//!                                                 family.rs: which messages hang together
//!                                                 gathering.rs: whom to look up for that
//!                                                 sight.rs: what the recipients of some domains may see
//!                                                 disguise.rs: addresses and subjects that are not kept
//!                                                 forgotten.rs: one address that is to be forgotten
//! ```
//!
//! Knows no I/O, no clock, no index, no rules. Parsers here never fail: a line that is not
//! understood is kept with the record that the id at its front names.

mod address;
mod again;
mod appliance;
mod assembler;
mod connection;
mod disguise;
mod due;
mod entry;
pub mod event;
mod family;
mod forgotten;
mod gaps;
mod gathering;
mod grammar;
mod intake;
mod join;
pub mod kind;
mod links;
mod merge;
mod message;
mod nobodys;
mod record;
mod reset;
mod scan;
mod shape;
mod shelf;
mod sight;

pub use address::canonical;
pub use appliance::{
    Appliance, ApplianceIndex, ApplianceMemory, ApplianceSettings, Appliances, Settings,
    ToldOffset, ZoneShift,
};
pub use assembler::{Assembler, Handout, LINGER, NothingWritten, Origin, Recall, Rested};
pub use disguise::{
    Disguise, disguised, disguised_address, disguised_message_id, disguised_subject, disguised_text,
};
pub use entry::{Entries, Entry, KindName, MAX_ENTRIES, MAX_SOURCES};
pub use event::Kinship;
pub use family::{Bond, Family, MAX_FAMILY, Tie, Unseen};
pub use forgotten::Forgotten;
pub use gaps::{Gap, Gaps, MAX_GAPS, Sign};
pub use gathering::{Gathering, Wanted};
pub use grammar::{Field, fields, read};
pub use intake::{Handled, Intake};
pub use join::{Carried, connection_of, is_about, is_used};
pub use record::{
    ApplianceEvent, Common, Connection, Delivery, End, Fate, Finish, Hat, Held, MAX_LINKS,
    MAX_RECIPIENTS, MAX_REMARKS, Message, Opening, ReceivingAbort, Recipient, Stay, Tls,
};
pub use reset::{Life, Resets};
pub use shape::shape;
pub use shelf::PARK;
pub use sight::{MASKED, Sight};
