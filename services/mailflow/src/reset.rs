//! When a gateway lost its counters, its queue and its connections: from that moment on no line
//! belongs to a record of before, though the numbers are the same.
//!
//! Within one life of a gateway the numbers of what begins only grow. So a number that begins
//! and is lower than one that began a good minute before, by the gateway's own clock, tells of a
//! reset; one that comes round after 2^31 does not, for the queue lives on.
//!
//! Invariants: which resets are known does not depend on the order of lines within a minute; a
//! replayed line finds none anew. Where two gateways hide behind one name their numbers
//! alternate: when the old ones go on, or one seems to reset all the time, that is taken back
//! and no reset is looked for any more.
//!
//! Not here: which record a line belongs to (`again.rs`).

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::event::{Fact, Owner};

/// Numbers that begin within so long of each other may be logged in any order.
const ORDER: SignedDuration = SignedDuration::from_secs(60);

/// If the old numbers go on within so long, it was no reset.
const TRIAL: SignedDuration = SignedDuration::from_mins(30);

/// Numbers go on from before if they are ahead of the new ones by at least so much.
const AHEAD: u64 = 1_000;

/// Nobody resets a gateway so often within ten minutes.
const TOO_OFTEN: usize = 5;
const OFTEN: SignedDuration = SignedDuration::from_mins(10);

/// A number that is higher than the last by more than this is believed when a second one agrees.
const LEAP: u64 = 100_000;

/// A counter that begins anew begins at 1; a number that is merely late is not so far behind.
const FALL: u64 = 2;

/// A gateway that starts is silent before; and its clock may go back a little as its log begins.
const SILENCE: SignedDuration = SignedDuration::from_secs(20);
const BACK: SignedDuration = SignedDuration::from_secs(10);

/// Counters come round at 2^31, which is no reset: the queue lives on.
const NEARLY_ROUND: u64 = (1 << 31) - 1_000_000;

/// The most resets that are remembered.
const MAX_RESETS: usize = 100;

/// The counters of one gateway, and its resets.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Resets {
    /// MID, ICID, DCID.
    counters: [Counter; 3],
    /// When it began anew, in order.
    at: Vec<Timestamp>,
    /// The newest line, and the first one after it had last been silent.
    heard: Option<(Timestamp, Timestamp)>,
    /// Where the counters stood at the last reset, and when that was.
    trial: Option<(Timestamp, [u64; 3])>,
    /// Two gateways behind one name.
    mixed: bool,
}

/// One counter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Counter {
    /// The highest number that began before the recent ones, and when the last of those began.
    settled: u64,
    settled_until: Option<Timestamp>,
    /// The highest numbers of recent seconds, in order of time.
    recent: VecDeque<(Timestamp, u64)>,
    /// A number that leapt ahead.
    doubted: u64,
}

/// What a line tells of resets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// Nothing.
    None,
    /// The gateway began anew at that moment.
    Reset(Timestamp),
}

/// Between which two resets a line was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Life {
    /// Its first moment, if a reset began it.
    pub(crate) from: Option<Timestamp>,
    /// The first moment of the next one.
    pub(crate) until: Option<Timestamp>,
}

impl Life {
    /// Whether a moment lies in it.
    pub(crate) fn has(self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }
}

impl Resets {
    /// The life of the gateway in which a moment lies.
    pub(crate) fn life_at(&self, at: Timestamp) -> Life {
        let later = self.at.partition_point(|reset| *reset <= at);
        Life {
            from: later.checked_sub(1).map(|before| self.at[before]),
            until: self.at.get(later).copied(),
        }
    }

    /// Takes note of a line.
    pub(crate) fn note(&mut self, owner: Owner, fact: &Fact<'_>, at: Timestamp) -> News {
        self.hear(at);
        let (which, number) = match (owner, fact) {
            (Owner::Message(mid), Fact::Started { .. }) => (0, mid),
            (Owner::Connection(icid), Fact::ConnectionOpened { .. }) => (1, icid),
            (Owner::Delivery(dcid), Fact::DeliveryOpened { .. }) => (2, dcid),
            _ => return News::None,
        };
        let of_a_former_life = self.life_at(at).until.is_some();
        if self.mixed || of_a_former_life || self.goes_on_as_before(which, number, at) {
            return News::None;
        }
        if !self.counters[which].tells_of_reset(number, at) {
            self.counters[which].note(number, at);
            return News::None;
        }
        if self.counters[which].highest() >= NEARLY_ROUND {
            self.counters[which] = Counter::default();
            self.counters[which].note(number, at);
            return News::None;
        }
        let moment = self.woke_before(at);
        self.begin_anew(which, number, at, moment)
    }

    fn hear(&mut self, at: Timestamp) {
        self.heard = Some(match self.heard {
            Some((newest, awake)) if at <= newest => (newest, awake),
            Some((newest, awake)) if at.duration_since(newest) < SILENCE => (at, awake),
            _ => (at, at),
        });
    }

    /// When a gateway that shows a reset by then began anew: a little before its first line after
    /// a silence, if that was just now.
    fn woke_before(&self, at: Timestamp) -> Timestamp {
        let awake = self.heard.map_or(at, |(_, awake)| awake);
        let just_now = awake <= at && at.duration_since(awake) <= ORDER * 2;
        let woke = if just_now { awake } else { at };
        let back = if just_now { BACK } else { SignedDuration::ZERO };
        woke.checked_sub(back).unwrap_or(woke)
    }

    fn begin_anew(&mut self, which: usize, number: u64, at: Timestamp, moment: Timestamp) -> News {
        let stood = [0, 1, 2].map(|which: usize| self.counters[which].highest());
        self.counters = Default::default();
        self.counters[which].note(number, at);
        self.trial = Some((moment, stood));
        self.at.push(moment);
        self.at.sort_unstable();
        let lately = |one: &&Timestamp| moment.duration_since(**one).abs() <= OFTEN;
        if self.at.iter().filter(lately).count() >= TOO_OFTEN {
            self.at.retain(|one| !lately(&one));
            self.mixed = true;
            return News::None;
        }
        if self.at.len() > MAX_RESETS {
            self.at.remove(0);
        }
        News::Reset(moment)
    }

    /// Whether a number goes on from before the last reset: then there was none.
    fn goes_on_as_before(&mut self, which: usize, number: u64, at: Timestamp) -> bool {
        let Some((reset, stood)) = self.trial else {
            return false;
        };
        if at.duration_since(reset) > TRIAL {
            self.trial = None;
            return false;
        }
        let before = stood[which];
        let goes_on = before > 0
            && (before..=before + LEAP).contains(&number)
            && number > self.counters[which].highest() + AHEAD;
        if goes_on && at > reset {
            self.at.retain(|one| *one != reset);
            self.mixed = true;
            self.trial = None;
        }
        goes_on
    }
}

impl Counter {
    fn highest(&self) -> u64 {
        let recent = self.recent.iter().map(|(_, number)| *number);
        recent.max().unwrap_or_default().max(self.settled)
    }

    /// Whether a number is far lower than one that began a good minute before. Where that is not
    /// known any more, for a line that is late, it tells nothing.
    fn tells_of_reset(&self, number: u64, at: Timestamp) -> bool {
        let before = |second: &Timestamp| at.duration_since(*second) > ORDER;
        if !self.settled_until.as_ref().is_none_or(before) {
            return false;
        }
        let recent = self.recent.iter().filter(|(second, _)| before(second));
        let recent = recent.map(|(_, number)| *number).max().unwrap_or_default();
        number < recent.max(self.settled) / FALL
    }

    fn note(&mut self, number: u64, at: Timestamp) {
        let highest = self.highest();
        if highest > 0 && number > highest + LEAP {
            let agrees = self.doubted.abs_diff(number) <= LEAP;
            self.doubted = number;
            if !agrees {
                return;
            }
        }
        // numbers only grow: a higher one of long before is another life's, as in an archive
        let newest = self.recent.back().map(|(second, _)| *second);
        if newest.is_some_and(|newest| newest.duration_since(at) > ORDER * 2) {
            return;
        }
        let place = self.recent.partition_point(|(second, _)| *second < at);
        match self.recent.get_mut(place) {
            Some((second, held)) if *second == at => *held = (*held).max(number),
            _ => self.recent.insert(place, (at, number)),
        }
        // twice the time, so that a line that is late by less still finds what was before it
        let newest = self.recent.back().map_or(at, |(second, _)| *second);
        while let Some((second, _)) = self.recent.front()
            && newest.duration_since(*second) > ORDER * 2
            && let Some((second, number)) = self.recent.pop_front()
        {
            self.settled = self.settled.max(number);
            self.settled_until = Some(second);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_700_000_000 + second).unwrap()
    }

    fn start(resets: &mut Resets, mid: u64, second: i64) -> News {
        resets.note(
            Owner::Message(mid),
            &Fact::Started { icid: None },
            at(second),
        )
    }

    fn open(resets: &mut Resets, dcid: u64, second: i64) -> News {
        let (peer, port) = ("198.51.100.7", None);
        let fact = Fact::DeliveryOpened { peer, port };
        resets.note(Owner::Delivery(dcid), &fact, at(second))
    }

    #[test]
    fn growing_numbers_tell_of_no_reset_and_may_come_in_any_order_within_a_minute() {
        let mut resets = Resets::default();
        for (mid, second) in [
            (5, 0),
            (9, 1),
            (7, 30),
            (6, 50),
            (40, 100),
            (12, 100),
            (41, 101),
        ] {
            assert_eq!(start(&mut resets, mid, second), News::None, "{mid}");
        }
    }

    #[test]
    fn a_low_number_after_a_minute_tells_of_a_reset_once() {
        let mut resets = Resets::default();
        for (mid, second) in [(500, 0), (501, 1)] {
            start(&mut resets, mid, second);
        }
        assert_eq!(start(&mut resets, 1, 600), News::Reset(at(590)));
        assert_eq!(start(&mut resets, 2, 700), News::None);
        // a replay brings old lines once more
        for (mid, second) in [(500, 0), (501, 1), (1, 600), (2, 700)] {
            assert_eq!(start(&mut resets, mid, second), News::None, "{mid}");
        }
        assert_eq!(resets.life_at(at(589)).until, Some(at(590)));
        assert_eq!(resets.life_at(at(600)).from, Some(at(590)));
        assert!(!resets.life_at(at(600)).has(at(589)));
    }

    #[test]
    fn two_gateways_behind_one_name_are_no_reset() {
        let mut resets = Resets::default();
        start(&mut resets, 9_000, 0);
        assert_eq!(start(&mut resets, 50, 100), News::Reset(at(90)));
        for (mid, second) in [(9_001, 101), (51, 102), (9_002, 300), (52, 500)] {
            assert_eq!(start(&mut resets, mid, second), News::None, "{mid}");
        }
        assert_eq!(resets.life_at(at(600)), Life::default());
    }

    #[test]
    fn the_numbers_of_an_archive_tell_of_no_reset_now() {
        let mut resets = Resets::default();
        for (mid, second) in [
            (50_000, 10_000),
            (60_000, 0),
            (50_001, 10_001),
            (50_002, 10_200),
        ] {
            assert_eq!(start(&mut resets, mid, second), News::None, "{mid}");
        }
        assert_eq!(resets.life_at(at(10_200)), Life::default());
    }

    #[test]
    fn a_forged_number_makes_no_reset() {
        let mut resets = Resets::default();
        for (mid, second) in [(10, 0), (4_000_000_000, 1), (11, 100), (12, 200)] {
            assert_eq!(start(&mut resets, mid, second), News::None, "{mid}");
        }
    }

    #[test]
    fn numbers_that_come_round_are_no_reset() {
        let mut resets = Resets::default();
        open(&mut resets, 700, 0);
        for (mid, dcid, second) in [((1 << 31) - 1, 701, 0), (1, 702, 100), (2, 703, 200)] {
            assert_eq!(start(&mut resets, mid, second), News::None, "{mid}");
            assert_eq!(open(&mut resets, dcid, second), News::None, "{dcid}");
        }
        assert_eq!(resets.life_at(at(300)), Life::default());
    }

    #[test]
    fn a_counter_that_comes_round_hides_no_reset() {
        let mut resets = Resets::default();
        start(&mut resets, (1 << 31) - 1, 0);
        open(&mut resets, 700, 0);
        assert_eq!(start(&mut resets, 1, 100), News::None);
        assert_eq!(open(&mut resets, 1, 101), News::Reset(at(90)));
        assert_eq!(start(&mut resets, 2, 300), News::None);
        assert_eq!(resets.life_at(at(300)).from, Some(at(90)));
    }
}
