//! What end-to-end tests set by the environment, so that they need not wait for hours: in a debug
//! build only. A release build reads none of it.
//!
//! | variable | what it sets |
//! |---|---|
//! | `WHYMID_TEST_SEGMENT_BYTES` | from which size on a journal segment gets no more lines |
//! | `WHYMID_TEST_MEMORY_BYTES` | `[memory] records`, below what the configuration allows |
//! | `WHYMID_TEST_EXPIRE_MS` | how often it is looked whether a record is too old or too much |
//! | `WHYMID_TEST_READER_MS` | how long an HTTP client may take nothing of a response |
//! | `WHYMID_TEST_TICKET_HASTE` | what waits for ticket systems are divided by |
//!
//! Not here: where the process is made to die (`pipeline/mod.rs`).

/// The number that a test has set, if this is a debug build.
pub fn number(name: &str) -> Option<u64> {
    if !cfg!(debug_assertions) {
        return None;
    }
    std::env::var(name).ok()?.parse().ok()
}
