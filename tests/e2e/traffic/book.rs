//! What was sent, and what of it must be there: the books that the senders keep.
//!
//! What is allowed: of a connection, and of a request that was not acknowledged, a prefix of its
//! lines; of one that was, all. Each line once. Of a late word that was not acknowledged, itself
//! or nothing.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use super::mails::Mail;

/// Mails that were sent one behind the other: by a connection, or in a request.
#[derive(Clone, Debug)]
pub(crate) struct Stream {
    /// In which life of the service, and how.
    pub(crate) sent: String,
    pub(crate) mails: Vec<Mail>,
    /// All of it is on disk, the service says.
    pub(crate) whole: bool,
}

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Body {
    pub(crate) text: Vec<u8>,
    pub(crate) lines: u64,
    pub(crate) mails: Vec<Mail>,
    pub(crate) words: Vec<(Mail, String)>,
}

/// A late line of a mail.
#[derive(Clone, Debug)]
pub(crate) struct Word {
    pub(crate) line: String,
    /// It was acknowledged.
    pub(crate) sure: bool,
}

/// All that was sent.
#[derive(Debug, Default)]
pub(crate) struct Book {
    next: AtomicU64,
    streams: Mutex<Vec<Stream>>,
    words: Mutex<HashMap<u64, Vec<Word>>>,
    /// Requests that were not acknowledged and are to be sent once more.
    pending: Mutex<Vec<Body>>,
    /// Some mails that are whole.
    whole: Mutex<Vec<Mail>>,
    /// Events that were acknowledged, and those that were not.
    events: [AtomicU64; 2],
    /// Lines that were written or acknowledged.
    pub(crate) lines: AtomicU64,
    /// Lines that were acknowledged.
    pub(crate) acknowledged: AtomicU64,
}

impl Book {
    /// A number that was never given before.
    pub(crate) fn number(&self) -> u64 {
        1000 + self.next.fetch_add(1, Ordering::Relaxed)
    }

    pub(crate) fn add(&self, stream: Stream) {
        if !stream.mails.is_empty() {
            self.streams
                .lock()
                .expect("no sender panicked")
                .push(stream);
        }
    }

    /// A request that the service has taken.
    pub(crate) fn acknowledge(&self, sent: &str, body: Body) {
        self.lines.fetch_add(body.lines, Ordering::Relaxed);
        self.acknowledged.fetch_add(body.lines, Ordering::Relaxed);
        let mut whole = self.whole.lock().expect("no sender panicked");
        whole.extend(&body.mails);
        drop(whole);
        self.enter(sent, body, true);
    }

    /// A request that was broken off and is not sent again.
    pub(crate) fn give_up(&self, sent: &str, body: Body) {
        self.enter(sent, body, false);
    }

    fn enter(&self, sent: &str, body: Body, sure: bool) {
        let mut words = self.words.lock().expect("no sender panicked");
        for (mail, line) in body.words {
            words.entry(mail.0).or_default().push(Word { line, sure });
        }
        drop(words);
        self.events[usize::from(!sure)].fetch_add(1, Ordering::Relaxed);
        self.add(Stream {
            sent: sent.to_owned(),
            mails: body.mails,
            whole: sure,
        });
    }

    /// A request that is to be sent once more.
    pub(crate) fn retry_later(&self, body: Body) {
        self.pending.lock().expect("no sender panicked").push(body);
    }

    /// Such a request.
    pub(crate) fn to_retry(&self) -> Option<Body> {
        self.pending.lock().expect("no sender panicked").pop()
    }

    /// What is still to be sent once more never will be.
    pub(crate) fn close(&self) {
        while let Some(body) = self.to_retry() {
            self.give_up("given up at the end", body);
        }
    }

    /// A mail that is whole, by a throw.
    pub(crate) fn some_whole(&self, throw: u64) -> Option<Mail> {
        let whole = self.whole.lock().expect("no sender panicked");
        let place = throw.checked_rem(whole.len() as u64)?;
        whole.get(usize::try_from(place).ok()?).copied()
    }

    /// Everything that was sent, in order of the books.
    pub(crate) fn streams(&self) -> Vec<Stream> {
        self.streams.lock().expect("no sender panicked").clone()
    }

    /// Those streams are whole, as it turned out.
    pub(crate) fn all_whole(&self, those: impl Fn(&Stream) -> bool) {
        let mut streams = self.streams.lock().expect("no sender panicked");
        let whole = streams.iter_mut().filter(|stream| those(stream));
        whole.for_each(|stream| stream.whole = true);
    }

    /// The late words of a mail; those of requests that are to be sent once more may be there.
    pub(crate) fn words_of(&self, mail: Mail) -> Vec<Word> {
        let words = self.words.lock().expect("no sender panicked");
        let mut words = words.get(&mail.0).cloned().unwrap_or_default();
        let pending = self.pending.lock().expect("no sender panicked");
        let pending = pending.iter().flat_map(|body| &body.words);
        let of_mail = pending.filter(|(own, _)| *own == mail);
        words.extend(of_mail.map(|(_, line)| Word {
            line: line.clone(),
            sure: false,
        }));
        words
    }

    /// How many events must be there, and how many more may be.
    pub(crate) fn events(&self) -> [u64; 2] {
        [0, 1].map(|place: usize| self.events[place].load(Ordering::Relaxed))
    }
}
