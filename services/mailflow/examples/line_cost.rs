//! A log, line by line, through header, event and assembly, and nothing else: what is measured
//! when the instructions of a line are counted (`tests/instructions`).
//!
//! `line_cost FILE`: syslog lines, one a line. Records are handed out and settled on the way, by
//! a clock that goes on a second every thousand lines.

use jiff::{SignedDuration, Timestamp};
use whymid_mailflow::{Intake, NothingWritten, Settings};
use whymid_syslog::{Frame, Lane, Transport};

fn main() -> std::io::Result<()> {
    let path = std::env::args().nth(1).unwrap_or_default();
    let log = std::fs::read(path)?;
    let mut intake = Intake::new(&Settings::default());
    let mut now: Timestamp = Timestamp::from_second(1_773_000_000).unwrap_or(Timestamp::UNIX_EPOCH);
    let mut attached = 0_u64;
    for (count, line) in log.split(|byte| *byte == b'\n').enumerate() {
        let frame = Frame {
            bytes: line.to_vec(),
            peer: None,
            transport: Transport::Udp,
            source: 1,
            received_at: now,
            lane: Lane::Live,
            defect: None,
            label: None,
        };
        let handled = intake.take(&frame, count as u64 + 1, &mut NothingWritten);
        attached += u64::from(handled.attached);
        if count % 1_000 == 999 {
            now = now
                .saturating_add(SignedDuration::from_secs(1))
                .unwrap_or(now);
            let handout = intake.assembler.tick(now, usize::MAX);
            intake.assembler.settled(handout.ticket);
        }
    }
    println!("{attached} lines attached");
    Ok(())
}
