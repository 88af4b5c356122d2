//! Lines as written to lines as they arrive: lost, doubled, shuffled, delayed, from two sources.
//!
//! Each is an iterator over an iterator, seeded, and keeps lines as they are: only which of them
//! arrive, how often and in which order changes. Memory is what is held back, nothing more.
//!
//! Invariants: `line_id` and every other field stay; what is not lost arrives, at the latest when
//! the lines end.

use std::collections::{BTreeMap, VecDeque};
use std::iter::Peekable;

use crate::dice::Dice;
use crate::truth::Written;

/// Loses each line with that probability.
pub fn lose(
    lines: impl Iterator<Item = Written>,
    probability: f64,
    seed: u64,
) -> impl Iterator<Item = Written> {
    let mut dice = Dice::new(seed, 101);
    lines.filter(move |_| !dice.chance(probability))
}

/// Loses the lines of which `lost` says so.
pub fn lose_only(
    lines: impl Iterator<Item = Written>,
    mut lost: impl FnMut(&Written) -> bool,
) -> impl Iterator<Item = Written> {
    lines.filter(move |line| !lost(line))
}

/// Doubles each line with that probability: the same datagram twice, side by side or up to a
/// second apart.
pub fn double(
    lines: impl Iterator<Item = Written>,
    probability: f64,
    seed: u64,
) -> impl Iterator<Item = Written> {
    Doubled {
        lines: lines.peekable(),
        probability,
        copies: VecDeque::new(),
        dice: Dice::new(seed, 102),
    }
}

struct Doubled<I: Iterator<Item = Written>> {
    lines: Peekable<I>,
    probability: f64,
    copies: VecDeque<Written>,
    dice: Dice,
}

impl<I: Iterator<Item = Written>> Iterator for Doubled<I> {
    type Item = Written;

    fn next(&mut self) -> Option<Written> {
        let next = self.lines.peek().map(|line| line.sent);
        let due = |copy: &Written| next.is_none_or(|next| next > copy.sent + 1);
        if let Some(copy) = self.copies.front()
            && (due(copy) || self.dice.chance(0.3))
        {
            return self.copies.pop_front();
        }
        let line = self.lines.next()?;
        if self.dice.chance(self.probability) {
            self.copies.push_back(line.clone());
        }
        Some(line)
    }
}

/// Brings the lines that were sent in one second into any order.
pub fn shuffle_within_second(
    lines: impl Iterator<Item = Written>,
    seed: u64,
) -> impl Iterator<Item = Written> {
    Shuffled {
        lines: lines.peekable(),
        second: Vec::new(),
        dice: Dice::new(seed, 103),
    }
}

struct Shuffled<I: Iterator<Item = Written>> {
    lines: Peekable<I>,
    second: Vec<Written>,
    dice: Dice,
}

impl<I: Iterator<Item = Written>> Iterator for Shuffled<I> {
    type Item = Written;

    fn next(&mut self) -> Option<Written> {
        if self.second.is_empty() {
            let first = self.lines.next()?;
            let sent = first.sent;
            self.second.push(first);
            while let Some(line) = self.lines.next_if(|line| line.sent == sent) {
                self.second.push(line);
            }
            self.dice.shuffle(&mut self.second);
        }
        self.second.pop()
    }
}

/// Delays each line, with that probability, by 1 to `seconds` seconds.
pub fn reorder(
    lines: impl Iterator<Item = Written>,
    probability: f64,
    seconds: u32,
    seed: u64,
) -> impl Iterator<Item = Written> {
    delay(lines, probability, (1, u64::from(seconds.max(1))), seed)
}

/// Delays each line, with that probability, by 1 to `days` days.
pub fn late(
    lines: impl Iterator<Item = Written>,
    probability: f64,
    days: u32,
    seed: u64,
) -> impl Iterator<Item = Written> {
    let longest = u64::from(days.max(1)) * 86_400;
    delay(lines, probability, (86_400, longest), seed ^ 1)
}

fn delay(
    lines: impl Iterator<Item = Written>,
    probability: f64,
    seconds: (u64, u64),
    seed: u64,
) -> impl Iterator<Item = Written> {
    Delayed {
        lines: lines.peekable(),
        probability,
        seconds,
        held: BTreeMap::new(),
        dice: Dice::new(seed, 104),
    }
}

struct Delayed<I: Iterator<Item = Written>> {
    lines: Peekable<I>,
    probability: f64,
    seconds: (u64, u64),
    /// By when they are due, then by their number among all that were held.
    held: BTreeMap<(i64, u64), Written>,
    dice: Dice,
}

impl<I: Iterator<Item = Written>> Iterator for Delayed<I> {
    type Item = Written;

    fn next(&mut self) -> Option<Written> {
        loop {
            let next = self.lines.peek().map(|line| line.sent);
            if let Some(first) = self.held.first_entry()
                && next.is_none_or(|next| next >= first.key().0)
            {
                return Some(first.remove());
            }
            let line = self.lines.next()?;
            if !self.dice.chance(self.probability) {
                return Some(line);
            }
            let seconds = self.dice.between(self.seconds.0, self.seconds.1);
            let number = self.dice.any();
            self.held.insert((line.sent + seconds as i64, number), line);
        }
    }
}

/// Which of two sources a line comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// As it is written.
    Live,
    /// From an archive.
    Import,
}

impl Source {
    /// Its number, as [`crate::Oracle::delivered_by`] wants it.
    #[must_use]
    pub fn number(self) -> usize {
        match self {
            Self::Live => 0,
            Self::Import => 1,
        }
    }
}

/// Two copies of a log woven into each other; the import begins after `lag` live lines.
pub fn live_and_import(
    live: impl Iterator<Item = Written>,
    import: impl Iterator<Item = Written>,
    lag: u64,
    seed: u64,
) -> impl Iterator<Item = (Source, Written)> {
    let (mut live, mut import) = (live.peekable(), import.peekable());
    let (mut dice, mut alone) = (Dice::new(seed, 105), lag);
    std::iter::from_fn(move || {
        let from_live = alone > 0 || dice.chance(0.5);
        alone = alone.saturating_sub(1);
        let first = if from_live {
            live.next().map(|line| (Source::Live, line))
        } else {
            import.next().map(|line| (Source::Import, line))
        };
        first
            .or_else(|| import.next().map(|line| (Source::Import, line)))
            .or_else(|| live.next().map(|line| (Source::Live, line)))
    })
}

/// Several troubles at once.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Trouble {
    /// The probability that a line is lost.
    pub lose: f64,
    /// The probability that a line is doubled.
    pub double: f64,
    /// Whether the lines of a second come in any order.
    pub shuffle: bool,
    /// The probability that a line is delayed by up to `delay` seconds.
    pub reorder: f64,
    /// Seconds.
    pub delay: u32,
    /// The probability that a line is delayed by up to `days` days.
    pub late: f64,
    /// Days.
    pub days: u32,
}

impl Trouble {
    /// What happens to logs on their way, from little to much: lines lost, said twice, out of
    /// order, late by days.
    #[must_use]
    pub fn usual() -> [Self; 4] {
        [
            Self {
                lose: 0.02,
                ..Self::default()
            },
            Self {
                lose: 0.2,
                double: 0.1,
                ..Self::default()
            },
            Self {
                reorder: 0.05,
                delay: 8,
                shuffle: true,
                ..Self::default()
            },
            Self {
                lose: 0.05,
                late: 0.001,
                days: 3,
                ..Self::default()
            },
        ]
    }
}

/// Lets lines run into troubles, in the order of the fields.
pub fn perturb<'a>(
    lines: impl Iterator<Item = Written> + 'a,
    trouble: Trouble,
    seed: u64,
) -> Box<dyn Iterator<Item = Written> + 'a> {
    let mut lines: Box<dyn Iterator<Item = Written> + 'a> = Box::new(lines);
    if trouble.lose > 0.0 {
        lines = Box::new(lose(lines, trouble.lose, seed));
    }
    if trouble.double > 0.0 {
        lines = Box::new(double(lines, trouble.double, seed));
    }
    if trouble.shuffle {
        lines = Box::new(shuffle_within_second(lines, seed));
    }
    if trouble.reorder > 0.0 {
        lines = Box::new(reorder(lines, trouble.reorder, trouble.delay, seed));
    }
    if trouble.late > 0.0 {
        lines = Box::new(late(lines, trouble.late, trouble.days, seed));
    }
    lines
}
