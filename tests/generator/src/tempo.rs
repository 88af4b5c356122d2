//! When somebody connects: busy shifts, quiet nights between them, and the end.
//!
//! Invariants: in a shift every second passes; in a night time leaps to whatever waits. A reset
//! or another log file comes after so many lines of a gateway, so that a run of any length has
//! what its plan says.

use crate::plan::Plan;
use crate::script::{Act, Stage};
use crate::world::World;

/// Lines that one arrival leads to, by and by, with everything that becomes of it.
const LINES_OF_AN_ARRIVAL: f64 = 22.0;

/// Thresholds of one gateway, in lines that it wrote.
#[derive(Clone, Copy, Debug)]
struct Due {
    reset: u64,
    between_resets: u64,
    jump: u64,
    between_jumps: u64,
    rollover: u64,
}

/// The rhythm of a run.
#[derive(Clone, Debug)]
pub(crate) struct Tempo {
    /// Nobody connects any more.
    over: bool,
    /// Nobody connects before that second.
    resume: i64,
    /// The shift ends when so much is written.
    shift_until: u64,
    shift_lines: u64,
    /// Fractions of arrivals.
    credit: f64,
    arrivals: f64,
    due: Vec<Due>,
    shares: Vec<u32>,
}

/// A gateway that has started is not reset again so soon, seconds.
const BETWEEN_RESETS: i64 = 300;

/// The distance of thresholds, `times` of them within so many lines.
fn apart(lines: u64, times: u32) -> u64 {
    if times == 0 {
        return u64::MAX;
    }
    (lines / (u64::from(times) + 1)).max(1)
}

impl Tempo {
    pub(crate) fn new(plan: &Plan) -> Self {
        let shares: Vec<u32> = plan.appliances.iter().map(|one| one.share).collect();
        let all: u64 = shares.iter().map(|share| u64::from(*share)).sum();
        let due = shares.iter().map(|share| {
            let lines = plan.lines * u64::from(*share) / all.max(1);
            let (resets, jumps) = (apart(lines, plan.resets), apart(lines, plan.clock_jumps));
            Due {
                reset: resets,
                between_resets: resets,
                jump: jumps,
                between_jumps: jumps,
                rollover: if plan.rollover == 0 {
                    u64::MAX
                } else {
                    plan.rollover
                },
            }
        });
        let shift_lines = (plan.lines / u64::from(plan.shifts.max(1))).max(1);
        Self {
            over: false,
            resume: 0,
            shift_until: shift_lines,
            shift_lines,
            credit: 0.0,
            arrivals: 0.0,
            due: due.collect(),
            shares,
        }
    }
}

impl World {
    /// Goes to the next second in which anything happens; `false` when there is none.
    pub(crate) fn next_second(&mut self) -> bool {
        if self.tempo.over && !self.plan.drain {
            return false;
        }
        let arrivals = (!self.tempo.over).then(|| (self.now + 1).max(self.tempo.resume));
        let waiting = self.agenda.next_second();
        let Some(next) = arrivals.into_iter().chain(waiting).min() else {
            return false;
        };
        self.now = next;
        self.agenda.call(next);
        if arrivals == Some(next) {
            self.busy_second();
        }
        true
    }

    fn busy_second(&mut self) {
        for gateway in 0..self.gateways.len() {
            self.incidents(gateway);
        }
        self.arrivals();
        if self.written + self.coming() >= self.plan.lines {
            self.tempo.over = true;
        } else if self.written >= self.tempo.shift_until {
            self.tempo.shift_until += self.tempo.shift_lines;
            self.tempo.resume = self.now + self.dice.between(8 * 3600, 30 * 3600) as i64;
        }
    }

    /// About how many lines will be written of what has arrived.
    fn coming(&self) -> u64 {
        if !self.plan.drain {
            return 0;
        }
        let all = (self.tempo.arrivals * LINES_OF_AN_ARRIVAL) as u64;
        all.saturating_sub(self.written)
    }

    /// What has arrived at a gateway will lead to nothing more.
    fn forget(&mut self, gateway: usize) {
        let all: u32 = self.tempo.shares.iter().sum();
        let share = f64::from(self.tempo.shares[gateway]) / f64::from(all.max(1));
        self.tempo.arrivals -= self.coming() as f64 * share / LINES_OF_AN_ARRIVAL;
    }

    fn arrivals(&mut self) {
        let mean = f64::from(self.plan.rate) / LINES_OF_AN_ARRIVAL;
        let swing = 0.5 + self.dice.below(1_000) as f64 / 1_000.0;
        self.tempo.credit += mean * swing;
        while self.tempo.credit >= 1.0 {
            self.tempo.credit -= 1.0;
            let gateway = self.dice.weighted(&self.tempo.shares);
            if self.gateways[gateway].down_until <= self.now {
                let mut script = self.script(gateway);
                script.acts.push_back(Act::Do(Stage::Arrive));
                self.start(script);
                self.tempo.arrivals += 1.0;
                if self.dice.chance(self.plan.odds.event) {
                    self.alert(gateway);
                }
            }
        }
    }

    /// What happens to the gateway itself in this second.
    fn incidents(&mut self, gateway: usize) {
        if self.gateways[gateway].down_until > self.now {
            return;
        }
        let lines = self.gateways[gateway].lines;
        let due = &mut self.tempo.due[gateway];
        let up_for = self.now - self.gateways[gateway].down_until;
        if lines >= due.reset && up_for >= BETWEEN_RESETS {
            due.reset = due.reset.saturating_add(due.between_resets);
            self.forget(gateway);
            return self.reset(gateway);
        }
        if lines >= due.rollover {
            due.rollover = lines + self.plan.rollover;
            let ahead = self.dice.between(2, 9) as i64;
            self.begin_log(gateway, ahead);
        } else if lines >= due.jump {
            due.jump = due.jump.saturating_add(due.between_jumps);
            self.gateways[gateway].ahead += self.dice.between(0, 6) as i64 - 3;
        }
        if self.now % 60 == 0 {
            self.status(gateway);
        }
    }
}
