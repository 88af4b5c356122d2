//! What a subscription would have done, had it been there: answers to tickets that would have been
//! opened.
//!
//! Keys and filters are those of the real thing. Not looked at: quiet periods, the rate cap, tickets
//! that would have been resolved and opened again; each key counts as one ticket.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use whymid_schemas::{Answer, DryRun, Lang, Terms, Text, Time, WouldOpen};

use crate::filter::View;
use crate::key::{self, About};
use crate::leaving::leaving;
use crate::office::is_trouble;
use crate::plan::Plan;
use crate::words;

/// The most tickets that are shown.
const SHOWN: usize = 50;

/// A dry run.
#[derive(Debug)]
pub struct Dry {
    plan: Plan,
    looked_at: u64,
    occurrences: u64,
    filter_errors: u64,
    filter_error: Option<Text>,
    tickets: HashMap<String, (WouldOpen, Timestamp, Timestamp)>,
}

impl Dry {
    /// Of a subscription, whose secrets need not be right.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn of(terms: Terms) -> Result<Self, Vec<Text>> {
        Ok(Self {
            plan: Plan::check(terms)?,
            looked_at: 0,
            occurrences: 0,
            filter_errors: 0,
            filter_error: None,
            tickets: HashMap::new(),
        })
    }

    /// Looks at an answer about something of that moment.
    pub fn look(&mut self, answer: &Answer, at: Timestamp) {
        self.looked_at += 1;
        match self.plan.filter.fits(&View::of(answer)) {
            Ok(true) if is_trouble(answer) => self.count(answer, at),
            Ok(_) => {}
            Err(why) => {
                self.filter_errors += 1;
                self.filter_error.get_or_insert(why);
            }
        }
    }

    fn count(&mut self, answer: &Answer, at: Timestamp) {
        self.occurrences += 1;
        let terms = &self.plan.terms;
        let about = About::of("", answer, &terms.dedup);
        let time = |at| Time::of(at, &TimeZone::UTC);
        let (ticket, first, last) = self.tickets.entry(about.base.clone()).or_insert_with(|| {
            let shown = leaving(answer, &terms.fields);
            let ticket = WouldOpen {
                title: words::title(&shown, &about.common),
                diagnosis: answer.diagnosis.id.clone(),
                count: 0,
                first_at: time(at),
                last_at: time(at),
                record: key::record(answer).to_owned(),
            };
            (ticket, at, at)
        });
        ticket.count += 1;
        if at < *first {
            *first = at;
            ticket.first_at = time(at);
        }
        if at >= *last {
            *last = at;
            ticket.last_at = time(at);
            key::record(answer).clone_into(&mut ticket.record);
        }
    }

    /// What came of it. `incomplete`: there are more answers, which were not looked at.
    #[must_use]
    pub fn report(
        self,
        since: Timestamp,
        until: Timestamp,
        incomplete: bool,
        lang: Lang,
    ) -> DryRun {
        let tickets = self.tickets.len() as u64;
        let mut items: Vec<WouldOpen> = self.tickets.into_values().map(|one| one.0).collect();
        items.sort_by(|one, other| {
            (other.count, &one.title, &one.record).cmp(&(one.count, &other.title, &other.record))
        });
        items.truncate(SHOWN);
        let time = |at| Time::of(at, &TimeZone::UTC);
        DryRun {
            since: time(since),
            until: time(until),
            looked_at: self.looked_at,
            incomplete,
            occurrences: self.occurrences,
            tickets,
            filter_errors: self.filter_errors,
            filter_error: (self.filter_error).map(|text| text.get(lang).to_owned()),
            items,
        }
    }
}
