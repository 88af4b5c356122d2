//! The clerk: looks at what came in for tickets, makes notifications, sends couriers.
//!
//! One thread looks, [`COURIERS`] carry; the office (`services/ticketing`) remembers. Whatever is
//! under way when the service ends is looked at again at the next start.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::runtime::Handle;
use whymid_api::{Desk, Missing, Style};
use whymid_schemas::Lang;
use whymid_ticketing::{Asked, Carrier, Done, Job, Office, Taken};

use crate::clock;

/// How often it is looked whether there is something to do.
const LOOK: Duration = Duration::from_millis(250);

/// So many requests to ticket systems are under way at a time.
const COURIERS: usize = 8;

/// The clerk. See the file's head.
pub struct Clerk {
    /// What is remembered.
    pub office: Arc<Office>,
    /// Who answers.
    pub desk: Arc<dyn Desk>,
    /// Who carries.
    pub carrier: Arc<dyn Carrier>,
    /// Where permalinks lead.
    pub base_url: String,
}

impl Clerk {
    /// Works until `stop` is dropped.
    ///
    /// # Errors
    /// When a thread can't be started.
    pub fn start(self, stop: Receiver<()>) -> std::io::Result<JoinHandle<()>> {
        let (hand_out, jobs) = sync_channel::<Job>(COURIERS);
        let (tell, done) = sync_channel::<Done>(COURIERS);
        let jobs = Arc::new(Mutex::new(jobs));
        for number in 0..COURIERS {
            let (jobs, tell) = (Arc::clone(&jobs), tell.clone());
            let carrier = Arc::clone(&self.carrier);
            let thread = std::thread::Builder::new().name(format!("courier-{number}"));
            // nobody waits for it: what it has in hand is looked at again at the next start
            thread.spawn(move || carry(&jobs, &tell, carrier.as_ref()))?;
        }
        let runtime = Handle::current();
        let thread = std::thread::Builder::new().name("clerk".to_owned());
        thread.spawn(move || self.work(&stop, &hand_out, &done, &runtime))
    }

    fn work(
        &self,
        stop: &Receiver<()>,
        hand_out: &SyncSender<Job>,
        done: &Receiver<Done>,
        runtime: &Handle,
    ) {
        let mut going = 0;
        let mut failed = false;
        let mut untold: Vec<Done> = Vec::new();
        loop {
            while let Ok(one) = done.try_recv() {
                going -= 1;
                untold.push(one);
            }
            untold.retain(|one| self.office.done(one, clock::now()).is_err());
            let worked = self.look(COURIERS - going, stop, hand_out, runtime);
            match worked {
                Ok((sent, more)) => {
                    going += sent;
                    if failed && untold.is_empty() {
                        failed = false;
                        tracing::info!("tickets' state can be written again");
                    }
                    if more {
                        if is_over(stop) {
                            return;
                        }
                        continue;
                    }
                }
                Err(error) => {
                    if !failed {
                        tracing::error!(%error, "tickets wait; it is tried again. Is the disk full?");
                    }
                    failed = true;
                }
            }
            match stop.recv_timeout(LOOK) {
                Err(RecvTimeoutError::Timeout) => {}
                Ok(()) | Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// So many couriers were sent, and whether more waits to be looked at.
    fn look(
        &self,
        free: usize,
        stop: &Receiver<()>,
        hand_out: &SyncSender<Job>,
        runtime: &Handle,
    ) -> Result<(usize, bool), whymid_ticketing::Error> {
        let ask = |record: &str, lang| {
            if is_over(stop) {
                // whoever waits for the end does not wait for hundreds of answers
                return Asked::NotNow;
            }
            runtime.block_on(self.ask(record, lang))
        };
        let now = clock::now();
        let taken = self.office.take_in(now, &ask)?;
        let told = self.office.turn(now, &ask)?;
        let jobs = self.office.jobs(clock::now(), free)?;
        let sent = jobs.len();
        for job in jobs {
            // there is room for every courier
            let _ = hand_out.send(job);
        }
        Ok((sent, taken == Taken::Some || told > 0))
    }

    async fn ask(&self, record: &str, lang: Lang) -> Asked {
        let style = Style {
            lang,
            zone: TimeZone::UTC,
            base_url: self.base_url.clone(),
        };
        let answer = if record.starts_with('c') {
            self.desk.connection_answer(record, &style).await
        } else {
            self.desk.answer(record, &style).await
        };
        match answer {
            Ok(Some(answer)) => Asked::Answer(Box::new(answer)),
            Ok(None) => Asked::Gone,
            Err(Missing::Replaying) => Asked::NotNow,
            // it would be so the next time, and whatever comes behind it must not wait
            Err(Missing::TooCostly | Missing::Unknown(_)) => {
                tracing::warn!(record, "no answer for a ticket: it is passed over");
                Asked::Gone
            }
            Err(error @ Missing::Store(_)) => {
                tracing::warn!(?error, record, "no answer for a ticket; it is asked again");
                Asked::NotNow
            }
        }
    }
}

fn is_over(stop: &Receiver<()>) -> bool {
    stop.try_recv() == Err(TryRecvError::Disconnected)
}

fn carry(jobs: &Mutex<Receiver<Job>>, tell: &SyncSender<Done>, carrier: &dyn Carrier) {
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        if tell.send(job.run(carrier, clock::now())).is_err() {
            return;
        }
    }
}
