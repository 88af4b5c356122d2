//! Where lines of an appliance seem to be missing: numbers that jump, silence of one that usually
//! talks, lines that came cut before they said whose they are, datagrams that were dropped.
//!
//! Invariants: a suspicion, never a fact: it lowers the confidence of answers that fall into it
//! and changes nothing else. Numbers and paces are judged only once enough of them was seen. A log
//! of the past that brings lines from within takes the suspicion away. What is kept is bounded.
//!
//! Not here: what an answer makes of it (`diagnosis`).

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::event::{Fact, Owner};

/// So many numbers in a row that nobody began are a gap: some are used without a beginning (the
/// children of a split), and lines come a little out of order.
const JUMP: u64 = 50;

/// So many beginnings must have been seen before their numbers are judged.
const BEGINNINGS: u32 = 200;

/// So many lines of the usual pace must be missing before silence is suspicious.
const SILENT_LINES: f64 = 600.0;

/// So many minutes of talk must have been heard before silence is judged.
const MINUTES: u32 = 10;

/// So many numbers may be used without a line that begins them.
const USED_QUIETLY: u64 = 5;

/// What is closer together than this is one gap.
const NEAR: SignedDuration = SignedDuration::from_secs(60);

/// The most gaps that are kept of one appliance.
pub const MAX_GAPS: usize = 200;

/// How missing lines show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// Message or connection ids jump.
    Jump,
    /// It says nothing, though it usually does.
    Silence,
    /// Lines came cut, and nobody knows whose they are.
    Cut,
    /// Datagrams were dropped, here or by the kernel.
    Dropped,
}

impl Sign {
    /// The published word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Jump => "jump",
            Self::Silence => "silence",
            Self::Cut => "cut",
            Self::Dropped => "dropped",
        }
    }
}

/// A suspected gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Gap {
    /// The last moment of which lines are there.
    pub from: Timestamp,
    /// The next such moment.
    pub to: Timestamp,
    /// How it shows.
    pub sign: Sign,
    /// Numbers missing, lines cut, or datagrams dropped; 0 for silence.
    pub count: u64,
}

impl Gap {
    /// Whether it touches a span of time.
    #[must_use]
    pub fn touches(&self, from: Timestamp, to: Timestamp) -> bool {
        match self.sign {
            // at its edges lines are there
            Sign::Jump | Sign::Silence => self.from < to && self.to > from,
            Sign::Cut | Sign::Dropped => self.from <= to && self.to >= from,
        }
    }
}

/// The numbers of one kind that were begun.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Counter {
    /// The highest, and when.
    highest: Option<(u64, Timestamp)>,
    /// How many, since the numbers last began anew.
    begun: u32,
}

impl Counter {
    /// Takes a beginning: since when how many numbers were passed over.
    fn begin(&mut self, number: u64, at: Timestamp) -> Option<(Timestamp, u64)> {
        self.begun = self.begun.saturating_add(1);
        let (highest, then) = *self.highest.get_or_insert((number, at));
        if number <= highest {
            return None;
        }
        self.highest = Some((number, at));
        Some((then, number - highest - 1))
    }

    /// Whether so many numbers in a row are too many.
    fn is_jump(&self, then: Timestamp, at: Timestamp, count: u64) -> bool {
        count >= JUMP && self.begun > BEGINNINGS && at >= then
    }
}

/// How much an appliance talks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Pace {
    /// The minute that is being counted, since the epoch.
    minute: i64,
    /// Its lines.
    lines: u32,
    /// Lines a minute, the last ten or so weighing most.
    usual: f64,
    /// Minutes heard.
    minutes: u32,
    /// The newest line.
    last: Option<Timestamp>,
}

impl Pace {
    fn hear(&mut self, at: Timestamp) -> Option<Gap> {
        let minute = at.as_second().div_euclid(60);
        let Some(last) = self.last else {
            (self.minute, self.lines, self.last) = (minute, 1, Some(at));
            return None;
        };
        if minute <= self.minute {
            self.lines += 1;
            self.last = Some(last.max(at));
            return None;
        }
        let silent = (minute - self.minute - 1) as f64;
        self.usual = self.usual.mul_add(0.9, f64::from(self.lines) * 0.1);
        self.minutes = self.minutes.saturating_add(1);
        let is_gap = silent >= 2.0 && self.minutes > MINUTES && silent * self.usual >= SILENT_LINES;
        // a long silence is soon the usual
        self.usual *= 0.9_f64.powf(silent);
        (self.minute, self.lines, self.last) = (minute, 1, Some(at));
        is_gap.then_some(Gap {
            from: last,
            to: at,
            sign: Sign::Silence,
            count: 0,
        })
    }
}

/// What is suspected of one appliance.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Gaps {
    found: Vec<Gap>,
    mids: Counter,
    icids: Counter,
    pace: Pace,
    /// A silence; whether numbers are missing behind it, the next beginning tells.
    silence: Option<Gap>,
}

impl Gaps {
    /// The gaps, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Gap> {
        self.found.iter()
    }

    /// Takes a line of a stream, in order of arrival; whether that showed a gap.
    pub(crate) fn hear(&mut self, owner: Owner, fact: &Fact<'_>, at: Timestamp, cut: bool) -> bool {
        if let Some(gap) = self.pace.hear(at) {
            self.silence = Some(gap);
        }
        let begun = match (owner, fact) {
            (Owner::Message(mid), Fact::Started { .. }) => Some((&mut self.mids, mid)),
            // its child has no beginning of its own (trap 9)
            (_, Fact::Related { how, mid }) if how.is_elder_s() => Some((&mut self.mids, *mid)),
            (Owner::Connection(icid), Fact::ConnectionOpened { .. }) => {
                Some((&mut self.icids, icid))
            }
            _ => None,
        };
        let (mut jump, mut silence) = (None, None);
        if let Some((counter, number)) = begun {
            let passed = counter.begin(number, at);
            // numbers that went on without a hole: a quiet night misses nothing
            let missing = passed.is_some_and(|(_, count)| count > USED_QUIETLY);
            silence = self.silence.take().filter(|_| missing);
            let too_many = passed.filter(|(then, count)| counter.is_jump(*then, at, *count));
            jump = too_many.map(|(from, count)| Gap {
                from,
                to: at,
                sign: Sign::Jump,
                count,
            });
        }
        // a record that holds the line knows that it is cut
        let cut = (cut && owner == Owner::Appliance).then_some(Gap {
            from: at,
            to: at,
            sign: Sign::Cut,
            count: 1,
        });
        let found = [jump, silence, cut];
        let any = found.iter().any(Option::is_some);
        found.into_iter().flatten().for_each(|gap| self.add(gap));
        any
    }

    /// Takes that datagrams were dropped by now.
    pub(crate) fn dropped(&mut self, count: u64) {
        let Some(at) = self.pace.last else { return };
        let around = SignedDuration::from_secs(2);
        self.add(Gap {
            from: at.saturating_sub(around).unwrap_or(at),
            to: at.saturating_add(around).unwrap_or(at),
            sign: Sign::Dropped,
            count,
        });
    }

    /// The appliance began to count anew: nothing is missing between the numbers.
    pub(crate) fn begin_anew(&mut self) {
        self.mids = Counter::default();
        self.icids = Counter::default();
    }

    /// A line of the past came: each that begins something fills its number, and a silence ends
    /// where a line is. Whether that changed anything.
    pub(crate) fn fill(&mut self, fact: &Fact<'_>, at: Timestamp) -> bool {
        let begins = matches!(fact, Fact::Started { .. } | Fact::ConnectionOpened { .. });
        let mut changed = false;
        let mut left = Vec::with_capacity(self.found.len());
        for mut gap in std::mem::take(&mut self.found) {
            let inside = gap.from < at && at < gap.to;
            match gap.sign {
                Sign::Jump if inside && begins => {
                    gap.count = gap.count.saturating_sub(1);
                    changed = true;
                    if gap.count < JUMP {
                        continue;
                    }
                }
                Sign::Silence if inside => {
                    changed = true;
                    let parts = [Gap { to: at, ..gap }, Gap { from: at, ..gap }];
                    left.extend(
                        parts
                            .into_iter()
                            .filter(|one| one.to.duration_since(one.from) > NEAR),
                    );
                    continue;
                }
                Sign::Jump | Sign::Silence | Sign::Cut | Sign::Dropped => {}
            }
            left.push(gap);
        }
        left.truncate(MAX_GAPS);
        self.found = left;
        changed
    }

    fn add(&mut self, gap: Gap) {
        let near = |held: &&mut Gap| {
            held.sign == gap.sign
                && gap.from.duration_since(held.to) <= NEAR
                && gap.from >= held.from
        };
        let merges = matches!(gap.sign, Sign::Cut | Sign::Dropped);
        if let Some(held) = self.found.iter_mut().rev().find(near).filter(|_| merges) {
            held.to = held.to.max(gap.to);
            held.count += gap.count;
            return;
        }
        // a replayed journal shows it once more
        if self.found.contains(&gap) {
            return;
        }
        if self.found.len() >= MAX_GAPS {
            self.found.remove(0);
        }
        self.found.push(gap);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_755_000_000 + second).expect("a moment")
    }

    fn begins(gaps: &mut Gaps, mid: u64, second: i64) -> bool {
        let fact = Fact::Started { icid: None };
        gaps.hear(Owner::Message(mid), &fact, at(second), false)
    }

    /// A stream that began `n` messages, one a second.
    fn stream(n: u64) -> Gaps {
        let mut gaps = Gaps::default();
        for mid in 0..n {
            assert!(!begins(&mut gaps, mid, mid as i64), "{mid}");
        }
        gaps
    }

    #[test]
    fn numbers_that_jump_are_a_gap_once_enough_were_seen() {
        let mut young = stream(100);
        assert!(!begins(&mut young, 500, 101));
        let mut gaps = stream(300);
        assert!(
            !begins(&mut gaps, 340, 300),
            "some are used without a beginning"
        );
        assert!(begins(&mut gaps, 500, 310));
        let found: Vec<Gap> = gaps.iter().copied().collect();
        let gap = Gap {
            from: at(300),
            to: at(310),
            sign: Sign::Jump,
            count: 159,
        };
        assert_eq!(found, [gap]);
        assert!(gap.touches(at(305), at(306)) && !gap.touches(at(0), at(299)));
        assert!(!begins(&mut gaps, 450, 311), "late");
        let begins = Fact::Started { icid: None };
        assert!(!gaps.fill(&begins, at(200)) && !gaps.fill(&Fact::Nothing, at(305)));
        for _ in 0..110 {
            gaps.fill(&begins, at(305));
        }
        assert_eq!(gaps.iter().count(), 0);
    }

    #[test]
    fn numbers_that_begin_anew_are_none() {
        let mut gaps = stream(300);
        gaps.begin_anew();
        assert!(!begins(&mut gaps, 5, 300));
        assert!(!begins(&mut gaps, 400, 301));
    }

    fn talk(gaps: &mut Gaps, from: i64, to: i64, a_minute: i64) -> bool {
        let step = 60 / a_minute;
        let seconds = (from..to).step_by(usize::try_from(step).expect("a step"));
        seconds
            .map(|second| gaps.hear(Owner::Appliance, &Fact::Nothing, at(second), false))
            .filter(|one| *one)
            .count()
            > 0
    }

    #[test]
    fn silence_of_one_that_talks_is_a_gap_and_a_quiet_night_is_none() {
        let mut gaps = Gaps::default();
        assert!(!talk(&mut gaps, 0, 1_800, 60));
        assert!(!begins(&mut gaps, 7, 1_799));
        assert!(!talk(&mut gaps, 1_800 + 1_200, 3_060, 60));
        assert!(begins(&mut gaps, 20, 3_060), "numbers are missing, too");
        let mut contiguous = Gaps::default();
        assert!(!talk(&mut contiguous, 0, 1_800, 60) && !begins(&mut contiguous, 7, 1_799));
        assert!(!talk(&mut contiguous, 1_800 + 1_200, 3_060, 60));
        assert!(!begins(&mut contiguous, 8, 3_060), "a quiet night");
        let signs = |gaps: &Gaps| gaps.iter().map(|gap| gap.sign).collect::<Vec<_>>();
        assert_eq!(signs(&gaps), [Sign::Silence]);
        let mut at_once = Gaps::default();
        assert!(!talk(&mut at_once, 0, 1_800, 60) && !begins(&mut at_once, 7, 1_799));
        assert!(begins(&mut at_once, 20, 3_000), "the first line behind it");
        assert_eq!(signs(&at_once), [Sign::Silence]);
        let mut quiet = Gaps::default();
        assert!(!talk(&mut quiet, 0, 7_200, 1));
        assert!(!talk(&mut quiet, 7_200 + 3_600, 12_000, 1));
    }

    #[test]
    fn cut_lines_and_drops_of_one_minute_are_one_gap() {
        let mut gaps = stream(10);
        for second in [10, 12, 50] {
            gaps.hear(Owner::Appliance, &Fact::Nothing, at(second), true);
        }
        gaps.dropped(7);
        gaps.dropped(3);
        let told: Vec<(Sign, u64)> = gaps.iter().map(|gap| (gap.sign, gap.count)).collect();
        assert_eq!(told, [(Sign::Cut, 3), (Sign::Dropped, 10)]);
    }
}
