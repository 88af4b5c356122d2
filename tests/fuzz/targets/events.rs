//! Any text as the body of a line: an event, its fields and its shapes.
//!
//! Invariants: asserted is what `grammar/mod.rs`, `grammar/form.rs` and `shape.rs` promise, and
//! what reading must not depend on: when it is done, how many blanks stand at the end. Not here:
//! which line is of which kind (`services/mailflow/src/grammar/tests`).

#![no_main]

use libfuzzer_sys::fuzz_target;
use whymid_mailflow::event::MailEvent;
use whymid_mailflow::{fields, read, shape};
use whymid_syslog::text;

fuzz_target!(|input: &[u8]| {
    let (body, _) = text(input);
    let event = read(&body);
    assert_eq!(event, read(&body), "the same body, the same event");
    fields_are_of_the_body(&event, &body);
    blanks_at_the_end_change_nothing(&event, &body);
    shapes_tell_nothing_personal(&body);
});

/// Every field is a slice of the body and stands behind the one before it; the id among them is the
/// owner's. Empty is an address alone, which then was `<>`.
fn fields_are_of_the_body(event: &MailEvent<'_>, body: &str) {
    let Some(kind) = event.kind else { return };
    let mut free = body.as_ptr();
    let start = free.addr();
    for (name, value) in fields(kind, body) {
        let place = value.as_bytes().as_ptr_range();
        let null_sender = value.is_empty() && body[..place.start.addr() - start].ends_with('<');
        assert!(!value.is_empty() || null_sender, "{name}");
        assert!(free <= place.start, "{name}: {value:?}");
        assert!(place.end <= body.as_bytes().as_ptr_range().end, "{name}");
        free = place.end;
        if name == kind.belongs.id() {
            let number = value.parse().unwrap_or(0);
            assert_eq!(number, event.owner.number(), "{name}: {value}");
        }
    }
}

/// Blanks at the end complete no word and no number.
fn blanks_at_the_end_change_nothing(event: &MailEvent<'_>, body: &str) {
    let (one, three) = (format!("{body} "), format!("{body}   "));
    assert_eq!(read(&one), *event);
    assert_eq!(read(&three), *event);
}

/// An anonymous shape has neither numbers nor addresses.
fn shapes_tell_nothing_personal(body: &str) {
    assert_eq!(shape(body, false), shape(body, false));
    let anonymous = shape(body, true);
    let personal = |letter: char| letter.is_ascii_digit() || letter == '@';
    assert!(!anonymous.contains(personal), "{anonymous:?}");
}
