//! Traffic with books: TCP connections and requests that send until they are stopped or the
//! service is gone, and a reckoning of what must be there then.
//!
//! | file | what it is |
//! |---|---|
//! | `mails.rs` | invented mails as lines |
//! | `book.rs` | what was sent, what was acknowledged |
//! | `check.rs` | what the service answers against the books |
//! | `reckoning.rs` | that a service stands up to them |

mod book;
mod check;
mod mails;
pub(crate) mod reckoning;

use std::io::Write as _;
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use self::book::Body;
pub(crate) use self::book::{Book, Stream};
use self::mails::Mail;
use crate::harness::{Asker, Dice, Service};

/// How much is sent, and by how many.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan {
    /// TCP connections.
    pub(crate) connections: u64,
    /// Clients that hand lines in, one request after the other.
    pub(crate) clients: u64,
    /// Lines a second, by all of them.
    pub(crate) rate: u64,
}

/// Senders at work.
#[derive(Debug)]
pub(crate) struct Traffic {
    senders: Vec<JoinHandle<()>>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    book: Arc<Book>,
    stop: AtomicBool,
    /// Lines that were sent in full.
    lines: AtomicU64,
}

impl Traffic {
    /// Sends until it is stopped.
    pub(crate) fn start(
        service: &Service,
        book: &Arc<Book>,
        plan: Plan,
        life: &str,
        dice: &mut Dice,
    ) -> Self {
        let shared = Arc::new(Shared {
            book: Arc::clone(book),
            stop: AtomicBool::new(false),
            lines: AtomicU64::new(0),
        });
        let rate = plan.rate / (plan.connections + plan.clients);
        let mut senders = Vec::new();
        for number in 0..plan.connections {
            let (shared, to) = (Arc::clone(&shared), service.tcp);
            let sent = format!("{life}, connection {number}");
            senders.push(std::thread::spawn(move || shared.connect(to, sent, rate)));
        }
        for number in 0..plan.clients {
            let (shared, asker) = (Arc::clone(&shared), Asker::of(service.http));
            let sent = format!("{life}, client {number}");
            let dice = dice.another();
            senders.push(std::thread::spawn(move || {
                shared.hand_in(&asker, &sent, rate, dice);
            }));
        }
        Self { senders, shared }
    }

    /// Lines that were sent in full so far.
    pub(crate) fn lines(&self) -> u64 {
        self.shared.lines.load(Ordering::Relaxed)
    }

    /// Lets each sender end what it has begun, without waiting for it.
    pub(crate) fn stop_soon(&self) {
        self.shared.stop.store(true, Ordering::Relaxed);
    }

    /// Lets each sender end what it has begun, and says how many lines were sent in full.
    pub(crate) fn stop(self) -> u64 {
        self.stop_soon();
        for sender in self.senders {
            sender.join().expect("a sender does not panic");
        }
        self.shared.lines.load(Ordering::Relaxed)
    }
}

impl Shared {
    fn is_over(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Sends mails over one connection until that ends.
    fn connect(&self, to: SocketAddr, sent: String, rate: u64) {
        let mut stream = Stream {
            sent,
            mails: Vec::new(),
            whole: false,
        };
        if let Ok(mut connection) = TcpStream::connect(to) {
            let mut pace = Pace::of(rate);
            while !self.is_over() {
                let mail = Mail(self.book.number());
                stream.mails.push(mail);
                if connection.write_all(&mail.text()).is_err() {
                    break;
                }
                let lines = mail.bodies().len() as u64;
                self.lines.fetch_add(lines, Ordering::Relaxed);
                self.book.lines.fetch_add(lines, Ordering::Relaxed);
                pace.sent(lines, &self.stop);
            }
            let _ = connection.shutdown(Shutdown::Write);
        }
        self.book.add(stream);
    }

    /// Hands lines in until nobody answers. What was not acknowledged is sent once more to the
    /// next service, or never again.
    fn hand_in(&self, asker: &Asker, sent: &str, rate: u64, mut dice: Dice) {
        let mut pace = Pace::of(rate);
        while !self.is_over() {
            let retried = self.book.to_retry();
            let body = retried.unwrap_or_else(|| self.body(&mut dice));
            let reply = asker.post("/v1/lines", &body.text);
            let taken = reply.filter(|reply| reply.status == 202);
            if taken.is_some_and(|taken| taken.json()["accepted"] == body.lines) {
                let lines = body.lines;
                self.lines.fetch_add(lines, Ordering::Relaxed);
                self.book.acknowledge(sent, body);
                pace.sent(lines, &self.stop);
            } else {
                if dice.once_in(2) {
                    self.book.retry_later(body);
                } else {
                    self.book.give_up(sent, body);
                }
                return;
            }
        }
    }

    /// A few mails, an event, and late words for mails that are long there.
    fn body(&self, dice: &mut Dice) -> Body {
        let mails = (0..dice.between(1, 8)).map(|_| Mail(self.book.number()));
        let mails: Vec<Mail> = mails.collect();
        let mut text: Vec<u8> = mails.iter().flat_map(|mail| mail.text()).collect();
        text.extend(mails::event(self.book.number()));
        let mut words = Vec::new();
        for _ in 0..dice.between(0, 3) {
            if let Some(mail) = self.book.some_whole(dice.between(0, u64::MAX - 1)) {
                let word = mail.late_word(self.book.number());
                text.extend(mail.late_text(&word));
                words.push((mail, word));
            }
        }
        let lines = text.iter().filter(|byte| **byte == b'\n').count() as u64;
        Body {
            text,
            lines,
            mails,
            words,
        }
    }
}

/// Keeps a sender to its rate.
struct Pace {
    begun: Instant,
    lines: u64,
    rate: u64,
}

impl Pace {
    fn of(rate: u64) -> Self {
        Self {
            begun: Instant::now(),
            lines: 0,
            rate: rate.max(1),
        }
    }

    /// Waits until so many lines more may have been sent, or it is over.
    fn sent(&mut self, lines: u64, over: &AtomicBool) {
        self.lines += lines;
        let due = Duration::from_millis(self.lines * 1000 / self.rate);
        while let Some(early) = due.checked_sub(self.begun.elapsed())
            && !early.is_zero()
            && !over.load(Ordering::Relaxed)
        {
            std::thread::sleep(early.min(Duration::from_millis(20)));
        }
    }
}
