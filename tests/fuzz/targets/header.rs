//! Any bytes as a log line: a message whose parts are slices of it, and a stamp that becomes a
//! moment, or none, in every zone and year.
//!
//! An input is a line, then, behind the first [`SETTINGS`] byte, the settings: the clock, the
//! year, the zone, and a stamp as no line could have it. Missing bytes are zero.
//!
//! Invariants: asserted is what `message.rs`, `stamp.rs` and `clockhand.rs` promise, and nothing
//! about what a line means. Not here: byte 0xFF within a line, which is replaced as any other
//! that is no UTF-8.

#![no_main]

use std::sync::LazyLock;

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use libfuzzer_sys::fuzz_target;
use whymid_syslog::{Clockhand, Message, Stamp, YearReader, Years, parse, text};

/// Ends the line; settings follow.
const SETTINGS: u8 = 0xFF;

/// Zones with something odd: the widest offsets, half-hour shifts, a day that never was, a rule
/// without a name.
static ZONES: LazyLock<Vec<TimeZone>> = LazyLock::new(|| {
    let named = ["America/New_York", "Australia/Lord_Howe", "Pacific/Apia"];
    let named = named.map(|name| TimeZone::get(name).expect("a zone of the database"));
    let rule = TimeZone::posix("IST-2IDT,M3.4.4/26,M10.5.0").expect("a POSIX rule");
    let fixed = [Offset::MIN, Offset::UTC, Offset::MAX].map(TimeZone::fixed);
    fixed.into_iter().chain(named).chain([rule]).collect()
});

fuzz_target!(|input: &[u8]| {
    let end = input.iter().position(|byte| *byte == SETTINGS);
    let line = &input[..end.unwrap_or(input.len())];
    let mut settings = Settings(end.map_or(&[], |end| &input[end + 1..]));
    let (text, replaced) = text(line);
    assert_eq!(replaced, std::str::from_utf8(line).is_err());

    let message = parse(&text);
    assert_eq!(message, parse(&text), "the same text, the same message");
    parts_are_of_the_text(&text, &message);
    let moment = Circumstances::read(&mut settings);
    if let Some(stamp) = message.stamp {
        of_a_date(&stamp);
        moment.resolve(&stamp);
    }
    moment.resolve(&settings.stamp());
    clock_goes_on(line, settings.year());
});

/// A body is a suffix, every other part a slice.
fn parts_are_of_the_text(text: &str, message: &Message<'_>) {
    assert!(text.ends_with(message.body));
    let parts = [Some(message.stamp_text), message.host, message.tag];
    for part in parts.into_iter().flatten() {
        assert!(part.is_empty() || stands_in(text, part), "{part:?}");
    }
    for name in [message.host, message.tag].into_iter().flatten() {
        assert!(!name.is_empty());
    }
    assert!(message.pri.is_none_or(|pri| pri <= 191));
}

/// Whether `part` is a slice of `whole`, not merely equal to one.
fn stands_in(whole: &str, part: &str) -> bool {
    let (whole, part) = (whole.as_bytes(), part.as_bytes());
    let (whole, part) = (whole.as_ptr_range(), part.as_ptr_range());
    whole.start <= part.start && part.end <= whole.end
}

/// Digits that are no date give no stamp: without a year, there is one in a leap year.
fn of_a_date(stamp: &Stamp) {
    if stamp.year.is_none() {
        let mut years = Years::Counting(YearReader::starting_in(2000));
        let moment = stamp.resolve(&mut years, &TimeZone::UTC, false);
        assert!(moment.is_some(), "{stamp:?}");
    }
}

/// The lines of a log never stop the clock.
fn clock_goes_on(log: &[u8], year: i16) {
    for year in [None, Some(year)] {
        let mut hand = Clockhand::starting_in(year);
        let mut before = None;
        for line in log.split(|byte| *byte == b'\n').take(16) {
            let shown = hand.read(line);
            assert!(shown.is_some() || before.is_none(), "a clock is not lost");
            before = shown;
        }
    }
}

/// Under which a stamp becomes a moment.
struct Circumstances {
    now: Timestamp,
    near: DateTime,
    year: i16,
    zone: TimeZone,
}

impl Circumstances {
    fn read(settings: &mut Settings<'_>) -> Self {
        let now = settings.moment();
        let near = settings.moment();
        Self {
            now,
            near: Offset::UTC.to_datetime(near),
            year: settings.year(),
            zone: settings.zone(),
        }
    }

    /// In each way of finding the year, and with the relay trusted and not.
    fn resolve(&self, stamp: &Stamp) {
        for trust in [false, true] {
            let by = |mut years| stamp.resolve(&mut years, &self.zone, trust);
            let nearest = by(Years::NearestTo(self.now));
            by(Years::Counting(YearReader::starting_in(self.year)));
            by(Years::Around(self.near));
            let own_year = stamp.year.is_some() && (trust || !stamp.by_relay);
            if let Some(nearest) = nearest.filter(|_| !own_year) {
                let ahead = nearest.duration_since(self.now);
                assert!(ahead <= SignedDuration::from_hours(26), "{stamp:?}");
            }
        }
    }
}

/// The bytes that settings are read from.
struct Settings<'a>(&'a [u8]);

impl Settings<'_> {
    fn take<const N: usize>(&mut self) -> [u8; N] {
        let mut taken = [0; N];
        let (now, later) = self.0.split_at(self.0.len().min(N));
        taken[..now.len()].copy_from_slice(now);
        self.0 = later;
        taken
    }

    /// Any moment that can be, and often the first or the last.
    fn moment(&mut self) -> Timestamp {
        let seconds = i64::from_be_bytes(self.take());
        let edge = match seconds < 0 {
            true => Timestamp::MIN,
            false => Timestamp::MAX,
        };
        Timestamp::from_second(seconds).unwrap_or(edge)
    }

    fn year(&mut self) -> i16 {
        i16::from_be_bytes(self.take())
    }

    fn zone(&mut self) -> TimeZone {
        let [choice] = self.take();
        ZONES[usize::from(choice) % ZONES.len()].clone()
    }

    /// A stamp of any numbers.
    fn stamp(&mut self) -> Stamp {
        let [flags] = self.take();
        let [month, day, hour, minute, second] = self.take().map(u8::cast_signed);
        Stamp {
            year: Some(self.year()).filter(|_| flags & 1 != 0),
            month,
            day,
            hour,
            minute,
            second,
            nanos: u32::from_be_bytes(self.take()),
            offset_seconds: Some(i32::from_be_bytes(self.take())).filter(|_| flags & 2 != 0),
            by_relay: flags & 4 != 0,
        }
    }
}
