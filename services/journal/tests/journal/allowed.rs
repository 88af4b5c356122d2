//! What a journal may be after a crash, and whether one is that.
//!
//! WHAT IS ALLOWED, exactly, whatever of the writes that were not synced is on the disk:
//!
//! (a) Journal and vault open. Nothing that a crash or a failing disk of this kind can leave is
//!     an error. `missing_bytes` is 0 (but where an older copy is opened, `copies.rs`), files
//!     that were being made are gone.
//! (b) Every record whose position a `sync` returned is there once, in order, byte for byte, at
//!     that position: with the raw segments or in a replay. With the raw segments there is
//!     nothing behind the position up to which a release was asked for. Only what was asked to
//!     go (by an expiry, or by a release without raw segments) may be gone.
//! (c) Behind the last accepted record there is at most a prefix of what was appended after it,
//!     in that order and at the position that `append` gave; nothing else. Once a journal was
//!     opened with it, this prefix is accepted.
//! (d) After a failed write or sync and a successful `revive`, nothing of what was refused is
//!     there.
//! (e) It goes on: what is appended and synced then has positions above all that was found, and
//!     is there, behind all the rest, when the power goes right afterwards.

use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use whymid_journal::{Journal, Options, Position, Vault};
use whymid_syslog::Frame;

use crate::dice::Dice;
use crate::model::inode::Loss;
use crate::model::names::NameLoss;
use crate::model::{Image, Model};

pub const DIR: &str = "/data/journal";

pub type Found = Vec<(Position, Frame)>;

/// What is allowed at one moment.
#[derive(Clone, Debug)]
pub struct Allowed {
    pub options: Options,
    /// What a sync confirmed, oldest first.
    pub accepted: Vec<(Position, Arc<Frame>)>,
    /// What was appended behind that, with its position if `append` came to give one.
    pub maybe: Vec<(Option<Position>, Arc<Frame>)>,
    /// Up to where a release was asked for.
    pub released: Position,
    /// Up to where records were asked to go for good.
    pub gone: Position,
}

impl Allowed {
    /// What is allowed before anything was done.
    pub fn nothing(options: Options) -> Self {
        Self {
            options,
            accepted: Vec::new(),
            maybe: Vec::new(),
            released: Position::START,
            gone: Position::START,
        }
    }

    pub fn end(&self) -> Position {
        self.accepted.last().map_or(Position::START, |last| last.0)
    }

    /// Points (b), (c) and (d). What is found of `maybe` is accepted from now on.
    pub fn settle(&mut self, raw: Found, log: Found) -> Result<(), String> {
        if let Some((last, _)) = raw.last().filter(|(last, _)| *last > self.released) {
            return Err(format!(
                "{last} left the replay range, and only {} was asked to",
                self.released
            ));
        }
        let mut found = raw.into_iter().chain(log).peekable();
        for (position, frame) in &self.accepted {
            let same = found.next_if(|(at, found)| at == position && found == &**frame);
            if same.is_none() && *position > self.gone {
                return Err(format!(
                    "the accepted record at {position} is not there but {:?}",
                    found.next()
                ));
            }
        }
        self.settle_maybe(found.collect())
    }

    fn settle_maybe(&mut self, more: Found) -> Result<(), String> {
        let appended = std::mem::take(&mut self.maybe);
        if more.len() > appended.len() {
            return Err(format!(
                "there is more than was appended: {:?}",
                more.last()
            ));
        }
        for ((at, found), (position, frame)) in more.into_iter().zip(appended) {
            if found != *frame || position.is_some_and(|position| position != at) {
                return Err(format!("{at} is not the next that was appended"));
            }
            self.accepted.push((at, frame));
        }
        Ok(())
    }
}

/// Opens what is there and reads all of it.
pub fn read_back(model: &Model, options: &Options) -> Result<(Journal, Found, Found), String> {
    let dir = Path::new(DIR);
    let opened = Journal::open_on(model.disk(), dir, options.clone());
    let (journal, recovery) = opened.map_err(|error| in_full(&error))?;
    let whole = recovery.missing_bytes == 0 || options.not_before > Position::START;
    if !whole || recovery.end != journal.durable() {
        return Err(format!("{recovery:?}"));
    }
    let vault = Vault::open_on(model.disk(), dir).map_err(|error| in_full(&error))?;
    let raw: Result<Found, _> = vault.frames().collect();
    let log: Result<Found, _> = journal.replay(Position::START).and_then(Iterator::collect);
    let raw = raw.map_err(|error| in_full(&error))?;
    let log = log.map_err(|error| in_full(&error))?;
    if log
        .first()
        .is_some_and(|(first, _)| *first <= recovery.oldest)
    {
        return Err(format!("a record before the oldest: {recovery:?}"));
    }
    match log.last().is_some_and(|(last, _)| *last != recovery.end) {
        true => Err(format!("another end than the last record's: {recovery:?}")),
        false => Ok((journal, raw, log)),
    }
}

fn in_full(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    if let Some(source) = error.source() {
        write!(text, ": {source}").expect("a string takes all");
    }
    text
}

/// Checks all of it for a disk with `image` on it.
pub fn check(image: &Image, allowed: &Allowed, dice: &mut Dice) -> Result<(), String> {
    let model = Model::of(image, dice.next());
    let again = dice.once_in(4);
    if again {
        model.start_record();
    }
    let opened = read_back(&model, &allowed.options);
    if again {
        check_crash_while_opening(&model, allowed, dice)?;
    }
    let (journal, raw, log) = opened?;
    let mut allowed = allowed.clone();
    allowed.settle(raw, log)?;
    check_names(&model)?;
    check_going_on(&model, journal, allowed, dice)
}

/// The power goes once more while the journal is opened.
fn check_crash_while_opening(
    model: &Model,
    allowed: &Allowed,
    dice: &mut Dice,
) -> Result<(), String> {
    let states = model.take_record();
    let (_, state) = &states[dice.below(states.len())];
    let loss = [Loss::All, Loss::None, Loss::Sectors(dice.next())][dice.below(3)];
    let image = state.lose(loss, NameLoss::Some(dice.next()), dice);
    let model = Model::of(&image, dice.next());
    let (_, raw, log) = read_back(&model, &allowed.options)
        .map_err(|error| format!("when opened a second time: {error}"))?;
    let settled = allowed.clone().settle(raw, log);
    settled.map_err(|error| format!("when opened a second time: {error}"))
}

fn check_names(model: &Model) -> Result<(), String> {
    let listed = model.disk().list(Path::new(DIR)).expect("the folder");
    let strange = listed.into_iter().find(|listed| {
        let name = &listed.name;
        !(name == "lock" || name == "raw" || name.ends_with(".wlog"))
    });
    strange.map_or(Ok(()), |listed| Err(format!("{} was left", listed.name)))
}

/// Point (e).
fn check_going_on(
    model: &Model,
    mut journal: Journal,
    mut allowed: Allowed,
    dice: &mut Dice,
) -> Result<(), String> {
    let above = journal.durable().max(allowed.options.not_before);
    for line in ["a line after the crash", "and another"] {
        let frame = super::frame(line);
        let position = journal.append(&frame).map_err(|error| in_full(&error))?;
        if position <= above.max(allowed.end()) {
            return Err(format!("{position} was given twice"));
        }
        allowed.accepted.push((position, Arc::new(frame)));
    }
    let durable = journal.sync().map_err(|error| in_full(&error))?;
    if durable != allowed.end() {
        return Err(format!("synced up to {durable} only"));
    }
    drop(journal);
    let image = model.state().lose(Loss::All, NameLoss::All, dice);
    let (_, raw, log) = read_back(&Model::of(&image, 0), &allowed.options)
        .map_err(|error| format!("after going on: {error}"))?;
    let settled = allowed.settle(raw, log);
    settled.map_err(|error| format!("after going on: {error}"))
}
