//! A life of a journal on a disk that may fail, with all states that the disk went through.
//!
//! At every moment it is known what is allowed (`allowed.rs`). A life checks that itself
//! whenever it opens the journal anew; what a crash at any other moment leaves is checked
//! afterwards by `crash.rs`.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use whymid_journal::{Error, Journal, Options, Position, Vault};
use whymid_syslog::{Frame, Label, Transport};

use crate::allowed::{Allowed, DIR};
use crate::dice::Dice;
use crate::model::inode::Loss;
use crate::model::names::any_name_loss;
use crate::model::{Faults, Image, Model, State};

/// What a life is like.
#[derive(Clone, Debug)]
pub struct Kind {
    pub seed: u64,
    pub calls: usize,
    pub keep_raw: bool,
    pub faults: Faults,
}

impl Kind {
    /// One without faults that keeps its raw segments.
    pub fn of(seed: u64, calls: usize) -> Self {
        Self {
            seed,
            calls,
            keep_raw: true,
            faults: Faults::default(),
        }
    }
}

/// The states that a disk went through, with what is allowed in each.
pub struct Lived {
    pub states: Vec<(usize, State)>,
    /// By call.
    pub allowed: Vec<Allowed>,
    pub steps: usize,
}

/// One journal and its vault.
pub struct Life {
    pub model: Model,
    pub dice: Dice,
    journal: Option<Journal>,
    vault: Option<Vault>,
    failed: bool,
    allowed: Allowed,
    by_call: Vec<Allowed>,
    lines: u32,
}

/// A disk with nothing but a folder for the data.
pub fn empty_disk() -> Image {
    Image::from([("/data".into(), None)])
}

impl Life {
    /// A life that has not begun.
    pub fn new(kind: &Kind) -> Self {
        let mut dice = Dice::new(kind.seed);
        let options = Options {
            segment_bytes: 300 + dice.below(2000) as u64,
            keep_raw: kind.keep_raw,
            ..Options::default()
        };
        let model = Model::of(&empty_disk(), dice.next());
        model.set_faults(kind.faults.clone());
        model.start_record();
        Self {
            model,
            dice,
            journal: None,
            vault: None,
            failed: false,
            allowed: Allowed::nothing(options),
            by_call: Vec::new(),
            lines: 0,
        }
    }

    /// All of a life, by chance.
    pub fn live(kind: &Kind) -> Lived {
        let mut life = Self::new(kind);
        let lived = catch_unwind(AssertUnwindSafe(|| {
            (0..kind.calls).for_each(|_| life.act())
        }));
        if let Err(panic) = lived {
            eprintln!("in call {} of {kind:?}", life.by_call.len());
            resume_unwind(panic);
        }
        life.end()
    }

    pub fn end(self) -> Lived {
        Lived {
            states: self.model.take_record(),
            allowed: self.by_call,
            steps: self.model.steps(),
        }
    }

    fn act(&mut self) {
        let chance = self.dice.below(100);
        match chance {
            _ if self.model.was_killed() || self.journal.is_none() => self.reopen(),
            0..60 if self.failed => self.revive(),
            0..45 => self.append(),
            45..66 => self.sync(),
            66..70 => self.roll(),
            70..80 => self.release(),
            80..88 => self.pack(),
            88..90 => self.expire(),
            90..96 => self.reopen(),
            _ => self.lose_power(),
        }
    }

    /// Notes what is allowed while the next call runs.
    fn begin(&mut self) {
        self.model.begin(self.by_call.len());
        self.by_call.push(self.allowed.clone());
    }

    fn frame(&mut self) -> Frame {
        self.lines += 1;
        let length = match self.dice.below(8) {
            0 => 0,
            1 => 600 + self.dice.below(900),
            _ => 20 + self.dice.below(120),
        };
        let mut frame = super::frame(vec![b'x'; length]);
        let start = self.lines.to_string();
        let shown = start.len().min(length);
        frame.bytes[..shown].copy_from_slice(&start.as_bytes()[..shown]);
        frame.received_at =
            Timestamp::from_second(1_408_014_291 + i64::from(self.lines)).expect("a time");
        if self.dice.once_in(3) {
            frame.transport = Transport::Http;
            frame.label = Some(Arc::new(Label {
                appliance: Some(format!("esa{}", self.dice.below(2))),
                ..Label::default()
            }));
        }
        frame
    }

    fn append(&mut self) {
        for _ in 0..1 + self.dice.below(3) {
            let frame = self.frame();
            self.append_frame(frame);
        }
    }

    pub fn append_frame(&mut self, frame: Frame) {
        if self.failed {
            let refused = self.journal().append(&frame);
            assert!(matches!(refused, Err(Error::Failed)), "{refused:?}");
            return;
        }
        self.allowed.maybe.push((None, Arc::new(frame.clone())));
        self.begin();
        match self.journal().append(&frame) {
            Ok(position) => self.allowed.maybe.last_mut().expect("it").0 = Some(position),
            Err(error) => self.fail(&error),
        }
    }

    pub fn sync(&mut self) {
        self.begin();
        match self.journal().sync() {
            Ok(durable) => {
                let synced = self.allowed.maybe.drain(..);
                let positions = synced.map(|(position, frame)| (position.expect("given"), frame));
                self.allowed.accepted.extend(positions);
                assert!(durable == self.allowed.end() || self.allowed.accepted.is_empty());
            }
            Err(error) => self.fail(&error),
        }
    }

    fn fail(&mut self, error: &Error) {
        let by_the_disk =
            matches!(error, Error::Io { source, .. } if source.raw_os_error().is_some());
        let refused = self.failed && matches!(error, Error::Failed);
        assert!(by_the_disk || refused, "{error:?}");
        self.failed = true;
    }

    pub fn revive(&mut self) {
        self.begin();
        match self.journal().revive() {
            Ok(()) if self.failed => {
                self.allowed.maybe.clear();
                self.failed = false;
            }
            Ok(()) => {}
            Err(error) => self.fail(&error),
        }
    }

    pub fn roll(&mut self) {
        self.begin();
        if let Err(error) = self.journal().roll() {
            self.fail(&error);
        }
    }

    fn release(&mut self) {
        let accepted = &self.allowed.accepted;
        let through = match accepted.len() {
            0 => Position::START,
            len => accepted[self.dice.below(len)].0,
        };
        self.release_through(through);
    }

    pub fn release_through(&mut self, through: Position) {
        self.allowed.released = self.allowed.released.max(through);
        if !self.allowed.options.keep_raw {
            self.allowed.gone = self.allowed.gone.max(through);
        }
        self.begin();
        if let Err(error) = self.journal().release(through) {
            only_the_disk(&error);
        }
    }

    pub fn pack(&mut self) {
        self.begin();
        if let Some(vault) = self.vault()
            && let Err(error) = vault.pack_one()
        {
            only_the_disk(&error);
        }
    }

    fn expire(&mut self) {
        self.begin();
        let Some(vault) = self.vault() else { return };
        let raw_end = vault.frames().filter_map(Result::ok).last();
        let stock = vault.stock().expect("a disk that can be read");
        self.allowed.gone = self
            .allowed
            .gone
            .max(raw_end.map_or(Position::START, |last| last.0));
        self.begin();
        let left = self.dice.below(stock.bytes as usize + 1) as u64;
        let vault = self.vault().expect("it was there");
        match vault.expire(None, Some(left)) {
            Ok(removed) => assert!(stock.bytes - removed.bytes <= left),
            Err(error) => only_the_disk(&error),
        }
    }

    /// The process is killed and another one started.
    pub fn reopen(&mut self) {
        self.journal = None;
        self.vault = None;
        self.begin();
        let options = self.allowed.options.clone();
        let opened = Journal::open_on(self.model.disk(), Path::new(DIR), options);
        match opened {
            Ok((journal, _)) => {
                self.failed = false;
                self.settle(journal);
            }
            Err(error) => only_the_disk(&error),
        }
    }

    /// What was found is what is allowed, and is accepted now.
    fn settle(&mut self, journal: Journal) {
        let log: Result<Vec<_>, _> = journal.replay(Position::START).and_then(Iterator::collect);
        let log = log.expect("a log that can be read");
        self.journal = Some(journal);
        // Opening a vault makes names durable, so there are lives without.
        let vault = if self.dice.once_in(2) {
            self.vault()
        } else {
            None
        };
        match vault.map(|vault| vault.frames().collect::<Result<_, _>>()) {
            Some(raw) => {
                let raw = raw.expect("raw segments");
                self.allowed.settle(raw, log).expect("what is allowed");
            }
            None => self.settle_without_vault(log),
        }
    }

    /// What is released may be raw; whether it is, is checked afterwards.
    fn settle_without_vault(&mut self, log: Vec<(Position, Frame)>) {
        let oldest = log.first().map_or(Position(u64::MAX), |first| first.0);
        let mut rest = self.allowed.clone();
        rest.gone = rest.gone.max(rest.released);
        rest.settle(Vec::new(), log).expect("what is allowed");
        assert!(oldest > Position::START);
        self.allowed.accepted = rest.accepted;
        self.allowed.maybe.clear();
    }

    pub fn lose_power(&mut self) {
        self.journal = None;
        self.vault = None;
        let loss = match self.dice.below(3) {
            0 => Loss::All,
            1 => Loss::None,
            _ => Loss::Sectors(self.dice.next()),
        };
        let names = any_name_loss(&mut self.dice);
        let image = self.model.state().lose(loss, names, &mut self.dice);
        self.model.restart(&image);
        self.reopen();
    }

    fn journal(&mut self) -> &mut Journal {
        self.journal.as_mut().expect("an open journal")
    }

    fn vault(&mut self) -> Option<&Vault> {
        if self.vault.is_none() {
            let opened = Vault::open_on(self.model.disk(), Path::new(DIR));
            self.vault = opened.map_err(|error| only_the_disk(&error)).ok();
        }
        self.vault.as_ref()
    }
}

fn only_the_disk(error: &Error) {
    let by_the_disk = matches!(error, Error::Io { source, .. } if source.raw_os_error().is_some());
    assert!(by_the_disk, "{error:?}");
}
