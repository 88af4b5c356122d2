//! An address that is to be forgotten, asked of the assembler and of the index: what whoever does it
//! (`eraser.rs`) needs of the threads of the way.
//!
//! From [`Forgetting::begin`] to [`Forgetting::end`] every record that comes back into memory comes
//! without the address. When `begin` has returned, everything that was handed out before is written:
//! what the index holds of the address then is all there is of it.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio::sync::{mpsc, oneshot};
use whymid_mailflow::Forgotten;
use whymid_store::{Compacting, Holder, Piece};

use super::State;
use super::memory::Question;

/// Asks that may wait for the index.
pub(super) const QUEUE: usize = 4;

/// How often it is looked whether there is a reply.
const LOOK: Duration = Duration::from_millis(10);
/// How long is waited for one.
const PATIENCE: Duration = Duration::from_secs(15 * 60);

/// What is asked of the index thread.
pub(super) enum ToIndex {
    /// Write these records again without the address; replies when that is committed.
    Records(Vec<Holder>, Arc<Forgotten>, oneshot::Sender<usize>),
    /// In which segments something was replaced.
    Pieces(oneshot::Sender<Vec<Piece>>),
    /// Begin to write one of them anew; nothing if it is not there any more.
    Compact(Piece, oneshot::Sender<Option<Compacting>>),
    /// Remove what nothing uses any more.
    Sweep(oneshot::Sender<()>),
}

/// The thread that was asked has ended, or could not do it.
const BROKEN: &str = "the service is about to end, or its index can't be written";

/// The door to those threads; every call blocks.
#[derive(Clone, Debug)]
pub struct Forgetting {
    pub(super) assembler: mpsc::Sender<Question>,
    pub(super) index: mpsc::Sender<ToIndex>,
    pub(super) state: Arc<State>,
}

impl Forgetting {
    /// Masks an address in memory; in how many records it stood.
    ///
    /// # Errors
    /// When the service is about to end, or its index can't be written.
    pub fn begin(&self, address: &Arc<Forgotten>) -> anyhow::Result<usize> {
        let (reply, done) = oneshot::channel();
        let question = Question::Forget(Arc::clone(address), reply);
        self.assembler
            .blocking_send(question)
            .ok()
            .context(BROKEN)?;
        self.wait(done)
    }

    /// Has some of what is in memory written before its time.
    ///
    /// # Errors
    /// When the service is about to end, or its index can't be written.
    pub fn hurry(&self) -> anyhow::Result<()> {
        let question = Question::HandOut;
        self.assembler.blocking_send(question).ok().context(BROKEN)
    }

    /// The index holds it no more.
    ///
    /// # Errors
    /// When the service is about to end, or its index can't be written.
    pub fn end(&self) -> anyhow::Result<()> {
        let question = Question::Forgotten;
        self.assembler.blocking_send(question).ok().context(BROKEN)
    }

    /// Writes records again without the address; how many held it.
    ///
    /// # Errors
    /// When the service is about to end, or its index can't be written.
    pub fn records(&self, all: Vec<Holder>, address: &Arc<Forgotten>) -> anyhow::Result<usize> {
        self.ask(|reply| ToIndex::Records(all, Arc::clone(address), reply))
    }

    /// The segments of the index in which something was replaced.
    ///
    /// # Errors
    /// When the service is about to end, or its index can't be read.
    pub fn pieces(&self) -> anyhow::Result<Vec<Piece>> {
        self.ask(ToIndex::Pieces)
    }

    /// Writes one of them anew; false if it was not there any more, or the index merged it by itself
    /// meanwhile: ask again.
    ///
    /// # Errors
    /// When the service is about to end, or its index can't be written.
    pub fn compact(&self, piece: Piece) -> anyhow::Result<bool> {
        let Some(begun) = self.ask(|reply| ToIndex::Compact(piece, reply))? else {
            return Ok(false);
        };
        if let Err(error) = begun.wait() {
            tracing::debug!(%error, "a segment was merged meanwhile");
        }
        Ok(true)
    }

    /// Removes the files that the index does not use any more.
    ///
    /// # Errors
    /// When the service is about to end, or its index can't be written.
    pub fn sweep(&self) -> anyhow::Result<()> {
        self.ask(ToIndex::Sweep)
    }

    fn ask<T>(&self, ask: impl FnOnce(oneshot::Sender<T>) -> ToIndex) -> anyhow::Result<T> {
        let (reply, done) = oneshot::channel();
        self.index.blocking_send(ask(reply)).ok().context(BROKEN)?;
        self.wait(done)
    }

    /// Waits for a reply, as long as the service runs.
    fn wait<T>(&self, mut done: oneshot::Receiver<T>) -> anyhow::Result<T> {
        let begun = Instant::now();
        loop {
            match done.try_recv() {
                Ok(reply) => return Ok(reply),
                Err(oneshot::error::TryRecvError::Closed) => anyhow::bail!(BROKEN),
                Err(oneshot::error::TryRecvError::Empty) => {}
            }
            anyhow::ensure!(!self.state.stopping.load(Ordering::Relaxed), BROKEN);
            anyhow::ensure!(
                begun.elapsed() < PATIENCE,
                "waited for {} minutes; is the disk full?",
                PATIENCE.as_secs() / 60
            );
            std::thread::sleep(LOOK);
        }
    }
}

/// An address that the assembler has masked, until what it had handed out before is written.
pub(super) struct Masked {
    /// The last hand-out before.
    pub(super) ticket: u64,
    /// In how many records it stood.
    pub(super) records: usize,
    pub(super) reply: oneshot::Sender<usize>,
}
