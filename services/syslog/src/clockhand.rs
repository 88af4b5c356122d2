//! The lines of one text, in order, into what the appliance's clock showed at each: the
//! [`near`](crate::Label::near) of their labels.
//!
//! A log of the past says of most lines only day and time. Read from top to bottom its years
//! can be counted ([`YearReader`]), but each of its lines is kept by itself and read again
//! alone. So each carries with it what the clock showed: exact where the line has a stamp, the
//! stamp before it where it has none.
//!
//! Invariants: a year that the appliance wrote holds, and is counted on from; of the years that a
//! relay wrote, which are its guess, only the first counts, and only where no year was given. A
//! stamp that is no date leaves the clock as it was.
//!
//! Not here: whether a text is such a log (the caller asks only then), zones.

use jiff::civil::DateTime;

use crate::message::{parse, text};
use crate::stamp::{Stamp, YearReader};

/// Walks through the lines of one text and tells what the clock showed at each.
#[derive(Clone, Debug)]
pub struct Clockhand {
    years: Option<YearReader>,
    shown: Option<DateTime>,
}

impl Clockhand {
    /// At the top of a text whose first stamp without a year belongs to `year`.
    pub fn starting_in(year: Option<i16>) -> Self {
        Self {
            years: year.map(YearReader::starting_in),
            shown: None,
        }
    }

    /// What the clock showed at the next line, to the second; `None` before the first stamp
    /// whose year is known.
    pub fn read(&mut self, line: &[u8]) -> Option<DateTime> {
        let stamp = parse(&text(line).0).stamp;
        if let Some(shown) = stamp.and_then(|stamp| self.shown_by(&stamp)) {
            self.shown = Some(shown);
        }
        self.shown
    }

    fn shown_by(&mut self, stamp: &Stamp) -> Option<DateTime> {
        if !stamp.is_possible() {
            return None;
        }
        if let Some(year) = stamp.year
            && (!stamp.by_relay || self.years.is_none())
        {
            self.years = Some(YearReader::starting_in(year));
        }
        let year = self.years.as_mut()?.year_of(stamp.month);
        stamp.shown_in(year)
    }
}
