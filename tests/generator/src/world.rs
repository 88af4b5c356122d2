//! A plan to lines and truth: the gateways at work, second by second.
//!
//! ```text
//! tempo.rs: who connects in this second ──► Script ──► Agenda ──► one act a turn
//!                                                        │
//!           session.rs receive.rs … deliver.rs ◄── Stage ┤ (works out further acts)
//!           records.rs ◄── Note, Done ───────────────────┤
//!           Line::Written, Line::Done ◄── Say, Event ────┘
//! ```
//!
//! Invariants: memory is bounded by what is under way; per gateway the lines come in the order
//! in which it wrote them; whatever a line needs has been written before it.

use std::collections::VecDeque;

use jiff::SignedDuration;
use jiff::civil::DateTime;

use crate::dice::Dice;
use crate::gateway::Gateway;
use crate::kind::Kind;
use crate::plan::{Dialect, Plan};
use crate::record::{Records, Who};
use crate::script::{Act, Agenda, Script, Stage};
use crate::tempo::Tempo;
use crate::truth::{Ending, Line, RecordKind, TruthRecord, Whom, Written};

/// The run of a plan: an iterator over lines and, as they complete, truth records.
#[derive(Clone, Debug)]
pub struct Generator(World);

impl Generator {
    /// Begins the run. The appliances' names do not matter to it, their number does.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        Self(World::new(plan))
    }

    /// The plan.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.0.plan
    }

    /// The lines alone; each truth record is given to `done` as it completes.
    pub fn lines(self, mut done: impl FnMut(TruthRecord)) -> impl Iterator<Item = Written> {
        self.filter_map(move |line| match line {
            Line::Written(written) => Some(written),
            Line::Done(record) => {
                done(*record);
                None
            }
        })
    }

    /// The lines of those ids, as a finding names them, written again.
    #[must_use]
    pub fn only(self, line_ids: &[u64]) -> Vec<Written> {
        let wanted = |line: &Written| line_ids.contains(&line.line_id);
        let last = line_ids.iter().copied().max().unwrap_or(0);
        let until = self.lines(drop).take_while(|line| line.line_id <= last);
        until.filter(wanted).collect()
    }

    /// Lines and truth of a small run.
    #[must_use]
    pub fn collected(self) -> (Vec<Written>, Vec<TruthRecord>) {
        let (mut lines, mut truth) = (Vec::new(), Vec::new());
        for line in self {
            match line {
                Line::Written(written) => lines.push(written),
                Line::Done(record) => truth.push(*record),
            }
        }
        (lines, truth)
    }
}

impl Iterator for Generator {
    type Item = Line;

    fn next(&mut self) -> Option<Line> {
        loop {
            if let Some(line) = self.0.out.pop_front() {
                return Some(line);
            }
            if !self.0.go_on() {
                return self.0.out.pop_front();
            }
        }
    }
}

/// Everything there is.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) plan: Plan,
    pub(crate) dice: Dice,
    pub(crate) gateways: Vec<Gateway>,
    pub(crate) records: Records,
    pub(crate) agenda: Agenda,
    pub(crate) tempo: Tempo,
    /// Seconds since the run began.
    pub(crate) now: i64,
    pub(crate) written: u64,
    out: VecDeque<Line>,
    /// Each gateway's clock, and the seconds for which it was read.
    clocks: Vec<(i64, DateTime)>,
}

impl World {
    fn new(plan: Plan) -> Self {
        let mut dice = Dice::new(plan.seed, 0);
        let specs = plan.appliances.iter();
        let gateways: Vec<Gateway> = specs
            .map(|spec| Gateway::new(spec.clone(), &mut dice))
            .collect();
        let mut world = Self {
            dice,
            records: Records::default(),
            agenda: Agenda::default(),
            tempo: Tempo::new(&plan),
            now: 0,
            written: 0,
            out: VecDeque::new(),
            clocks: vec![(i64::MIN, plan.begins); gateways.len()],
            gateways,
            plan,
        };
        for gateway in 0..world.gateways.len() {
            world.begin_log(gateway, 0);
        }
        world
    }

    /// Does a little more; `false` when nothing is left to do.
    fn go_on(&mut self) -> bool {
        if let Some(script) = self.agenda.turn() {
            self.play(script);
            return true;
        }
        if self.next_second() {
            return true;
        }
        let cut = self.records.cut(None);
        self.hand_out(cut);
        false
    }

    pub(crate) fn hand_out(&mut self, records: Vec<TruthRecord>) {
        let done = records.into_iter().map(|one| Line::Done(Box::new(one)));
        self.out.extend(done);
    }

    /// Lets a script write its next line.
    fn play(&mut self, mut script: Script) {
        if self.gateways[script.gateway].generation != script.generation {
            return;
        }
        while let Some(act) = script.acts.pop_front() {
            match act {
                Act::Wait(seconds) => {
                    self.agenda.at(self.now + i64::from(seconds), script);
                    return;
                }
                Act::Note(who, note) => self.records.note(who, note),
                Act::Do(stage) => self.work_out(stage, &mut script),
                Act::Begin(other) => self.start(*other),
                Act::Done(who) => self.done(who),
                Act::Say(kind, who, also, body) => {
                    self.write(script.gateway, kind, who, also, body);
                    if !matches!(script.acts.front(), None | Some(Act::Done(_))) {
                        self.agenda.again(script);
                        return;
                    }
                }
                Act::Event(kind, body) => self.write_event(script.gateway, kind, body, 0),
            }
        }
    }

    fn work_out(&mut self, stage: Stage, script: &mut Script) {
        match stage {
            Stage::Arrive => self.arrive(script),
            Stage::Talk(session) => self.talk(session, script),
            Stage::Accepted(mail) => self.go_own_way(mail, script.gateway),
            Stage::Work(mail) => self.work(mail, script),
            Stage::Release(mail, held_in) => self.release(mail, &held_in, script),
            Stage::Offbox(mail) => self.offbox(mail, script),
            Stage::Reinject(mail) => self.reinject(&mail, script),
            Stage::Return(mail) => self.come_back(&mail, script),
            Stage::TellSender(mail) => self.tell_sender(&mail, script.gateway),
            Stage::Attempt(mail) => self.attempt(mail, script),
            Stage::Free(who) => self.free(who, script.gateway),
            Stage::Idle(who, stamp) => self.close_if_idle(who, stamp, script),
            Stage::Restart => self.restart(script),
        }
    }

    pub(crate) fn done(&mut self, who: Who) {
        let record = self.records.done(who);
        self.hand_out(record.into_iter().collect());
    }

    pub(crate) fn dialect(&self, script: &Script) -> Dialect {
        self.gateways[script.gateway].spec.dialect
    }

    /// A new script of the same gateway.
    pub(crate) fn script(&self, gateway: usize) -> Script {
        Script::new(gateway, self.gateways[gateway].generation)
    }

    /// A script begins now.
    pub(crate) fn start(&mut self, script: Script) {
        self.agenda.again(script);
    }

    /// A new record of a gateway.
    pub(crate) fn begin(
        &mut self,
        gateway: usize,
        kind: RecordKind,
        number: u64,
        ending: Ending,
    ) -> Who {
        let generation = self.gateways[gateway].generation;
        self.records
            .begin(kind, (gateway, generation), number, ending)
    }

    /// What a gateway's clock shows.
    fn clock(&mut self, gateway: usize) -> DateTime {
        let of = &self.gateways[gateway];
        let seconds = self.now + of.ahead + i64::from(of.spec.offset);
        let read = &mut self.clocks[gateway];
        if read.0 != seconds {
            let since = SignedDuration::from_secs(seconds);
            *read = (seconds, self.plan.begins.saturating_add(since));
        }
        read.1
    }

    /// What it will show in some seconds.
    pub(crate) fn clock_in(&mut self, gateway: usize, seconds: i64) -> DateTime {
        let now = self.clock(gateway);
        now.saturating_add(SignedDuration::from_secs(seconds))
    }

    /// Writes a line about a record, now.
    pub(crate) fn write(
        &mut self,
        gateway: usize,
        kind: Kind,
        who: Who,
        also: Option<Who>,
        body: String,
    ) {
        let at = self.clock(gateway);
        self.records.wrote(who, self.written, at);
        let line = Written {
            line_id: self.written,
            appliance: gateway,
            at,
            sent: self.now,
            level: kind.level(),
            kind,
            whom: who.whom(),
            number: who.number,
            also: also.map(Who::named),
            body,
        };
        self.put(line);
    }

    fn put(&mut self, line: Written) {
        self.gateways[line.appliance].lines += 1;
        self.written += 1;
        self.out.push_back(Line::Written(line));
    }

    /// Writes a line about a gateway, now, stamped some seconds ahead.
    pub(crate) fn write_event(&mut self, gateway: usize, kind: Kind, body: String, ahead: i64) {
        let at = if ahead == 0 {
            self.clock(gateway)
        } else {
            self.clock_in(gateway, ahead)
        };
        let (id, line_id) = (self.records.pass(), self.written);
        let line = Written {
            line_id,
            appliance: gateway,
            at,
            sent: self.now,
            level: kind.level(),
            kind,
            whom: Whom::Event(id),
            number: 0,
            also: None,
            body,
        };
        self.put(line);
        let record = TruthRecord {
            id,
            kind: RecordKind::Event,
            appliance: gateway,
            number: 0,
            generation: self.gateways[gateway].generation,
            first: at,
            last: at,
            line_ids: vec![line_id],
            ending: Ending::Event,
            cut: false,
            recipients: Vec::new(),
        };
        self.out.push_back(Line::Done(Box::new(record)));
    }
}
