//! A stamp as it was written into a moment, once the year and the zone are known.
//!
//! AsyncOS writes its local time, to the second, without a zone and over syslog without a
//! year. So a [`Stamp`] keeps the digits, and the caller resolves them late, when it knows
//! the appliance's zone and how to find the year.
//!
//! Invariants: nothing here asks what time it is; a stamp that can't be a date
//! (30 February, 25:61) resolves to nothing, never to a neighbour. Two exceptions, both
//! for clocks that did show that time: second 60 is read as 59, and where a zone's clock
//! was put forward or back jiff's "compatible" rule applies (a time in the gap is moved
//! behind it, a time that was there twice is the first of the two; RFC 5545 3.3.5).
//!
//! Not here: reading stamps (`bsd_time.rs`, `loose.rs`), learning a zone (`services/server`).

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// A line may be stamped so much later than it was received: the widest distance between
/// two zones, where the appliance's is not known yet.
const AHEAD: SignedDuration = SignedDuration::from_hours(26);

/// Two 29 Februaries are at most so many years apart (1896 and 1904, 2096 and 2104).
const YEARS_BACK: i16 = 8;

/// A month that goes back at least so far is the next year's: a log goes forward in time.
const NEXT_YEAR: i8 = 9;

/// For asking whether a date without a year can be one.
const LEAP_YEAR: i16 = 2000;

/// The time of a line as written: digits, not yet a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stamp {
    /// Only where the line has one.
    pub year: Option<i16>,
    /// 1 to 12.
    pub month: i8,
    /// 1 to 31.
    pub day: i8,
    /// 0 to 23.
    pub hour: i8,
    /// 0 to 59.
    pub minute: i8,
    /// 0 to 60.
    pub second: i8,
    /// Fraction of the second, in nanoseconds.
    pub nanos: u32,
    /// Seconds east of UTC; ISO (RFC 3339) stamps only.
    pub offset_seconds: Option<i32>,
    /// An ISO stamp was made by a relay, since AsyncOS writes none. The relay may have
    /// guessed its year and zone from a line without either.
    pub by_relay: bool,
}

/// How the year of a stamp without one is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Years {
    /// The newest year in which the moment is at most 26 hours after this one, which is
    /// when the line was received; up to 8 years back.
    NearestTo(Timestamp),
    /// By reading a file from top to bottom.
    Counting(YearReader),
    /// The year in which the stamp is nearest to what the appliance's clock showed thereabouts.
    Around(DateTime),
}

/// Counts the years of a file without years: it starts in a given one, and a line of
/// January after one of December begins the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YearReader {
    year: i16,
    last_month: Option<i8>,
}

impl YearReader {
    /// A reader whose first line belongs to `year`.
    pub fn starting_in(year: i16) -> Self {
        Self {
            year,
            last_month: None,
        }
    }

    /// The year of the next line. Lines out of order over New Year go back again. A gap of
    /// up to a quarter is bridged (November to January, where a grep left out December).
    pub(crate) fn year_of(&mut self, month: i8) -> i16 {
        let last = self.last_month.replace(month).unwrap_or(month);
        if last - month >= NEXT_YEAR {
            self.year = self.year.saturating_add(1);
        } else if (last, month) == (1, 12) {
            self.year = self.year.saturating_sub(1);
        }
        self.year
    }
}

impl Stamp {
    /// The moment, or `None` if the digits are no date or no time, or if no year fits.
    ///
    /// Year and offset of a stamp made by a relay count only with `trust_relay`; otherwise
    /// its digits are read in `zone` and its year is found by `years`, as if the appliance
    /// had written them.
    pub fn resolve(
        &self,
        years: &mut Years,
        zone: &TimeZone,
        trust_relay: bool,
    ) -> Option<Timestamp> {
        if !self.is_possible() {
            return None;
        }
        let trusted = !self.by_relay || trust_relay;
        match (self.year.filter(|_| trusted), years) {
            (Some(year), _) => self.in_own_year(year, zone),
            (None, Years::NearestTo(received_at)) => self.nearest_to(*received_at, zone),
            (None, Years::Counting(reader)) => self.in_year(reader.year_of(self.month), zone),
            (None, Years::Around(near)) => self.around(*near, zone),
        }
    }

    /// Whether there is a year in which this is a date and a time.
    pub(crate) fn is_possible(&self) -> bool {
        let year = self.year.filter(|_| !self.by_relay);
        self.civil(year.unwrap_or(LEAP_YEAR)).is_some()
    }

    /// What the clock showed in that year, without the fraction; `None` if that was no date.
    pub(crate) fn shown_in(&self, year: i16) -> Option<DateTime> {
        let whole = Self { nanos: 0, ..*self };
        whole.civil(year)
    }

    fn in_own_year(&self, year: i16, zone: &TimeZone) -> Option<Timestamp> {
        let Some(seconds) = self.offset_seconds else {
            return self.in_year(year, zone);
        };
        let offset = Offset::from_seconds(seconds).ok()?;
        offset.to_timestamp(self.civil(year)?).ok()
    }

    fn nearest_to(&self, received_at: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let latest = received_at.checked_add(AHEAD).unwrap_or(Timestamp::MAX);
        let newest = zone.to_datetime(latest).year();
        (newest.saturating_sub(YEARS_BACK)..=newest)
            .rev()
            .filter_map(|year| self.in_year(year, zone))
            .find(|moment| *moment <= latest)
    }

    fn around(&self, near: DateTime, zone: &TimeZone) -> Option<Timestamp> {
        let seconds = |date: DateTime| {
            let as_utc = TimeZone::UTC.to_timestamp(date);
            as_utc.map_or(i64::MAX, Timestamp::as_second)
        };
        let distance = |date: &DateTime| seconds(*date).abs_diff(seconds(near));
        let year = near.year();
        let years = year.saturating_sub(YEARS_BACK)..=year.saturating_add(YEARS_BACK);
        let nearest = years
            .filter_map(|year| self.civil(year))
            .min_by_key(distance)?;
        zone.to_timestamp(nearest).ok()
    }

    fn in_year(&self, year: i16, zone: &TimeZone) -> Option<Timestamp> {
        zone.to_timestamp(self.civil(year)?).ok()
    }

    fn civil(&self, year: i16) -> Option<DateTime> {
        let second = if self.second == 60 { 59 } else { self.second };
        let nanos = i32::try_from(self.nanos).ok()?;
        DateTime::new(
            year,
            self.month,
            self.day,
            self.hour,
            self.minute,
            second,
            nanos,
        )
        .ok()
    }
}
