//! Names of the moments in which a test can make the process die.
//!
//! A moment is nothing in a release build: only the tests of this crate, and builds that turn
//! on the feature `failpoints` of the crate `fail`, can set one. Configured with `return`
//! (`FAILPOINTS='journal-after-write=3*off->return'`) it aborts the process at once, as
//! `kill -9` would. What each name means stands in `lib.rs`.

/// Every name that a moment has, as listed in `lib.rs`.
pub const FAIL_POINTS: [&str; 21] = [
    "journal-opening",
    "journal-recovered",
    "journal-before-write",
    "journal-after-write",
    "journal-after-sync",
    "journal-segment-written",
    "journal-segment-named",
    "journal-segment-created",
    "journal-cut-unsynced",
    "journal-cut",
    "journal-reviving",
    "journal-revived",
    "journal-released-one",
    "journal-released-durable",
    "vault-part-written",
    "vault-part-synced",
    "vault-part-named",
    "vault-packed",
    "vault-plain-removed",
    "vault-set-aside",
    "vault-expired-one",
];

/// Ends the process here if a test asked for it.
pub(crate) fn point(_name: &str) {
    fail::fail_point!(_name, |_| std::process::abort());
}
