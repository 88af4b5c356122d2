//! How the service fares: what `/v1/status`, `/readyz` and `/metrics` tell.

use std::cmp::Reverse;
use std::sync::atomic::Ordering;
use std::sync::{Arc, MutexGuard, PoisonError};

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use whymid_api::{Gauge, Pulse, Told};
use whymid_mailflow::Gap;
use whymid_schemas::{
    Kept, Lines, Listener, Queue, RecordsInMemory, ReleaseLines, Retained, Status, SuspectedGap,
    Time,
};
use whymid_store::{Extent, Index};

use crate::clock::{self, Uptime};
use crate::listen::Batch;
use crate::pipeline::{JOURNAL_QUEUE, Seen, State};
use crate::retention::Retention;
use crate::telemetry::Telemetry;
use crate::tls::Keyring;

/// So many suspected gaps are shown.
const GAPS_SHOWN: usize = 50;

/// How the service fares.
pub struct Heart {
    /// Since when it runs.
    pub uptime: Uptime,
    /// What is listened on.
    pub listeners: Vec<Listener>,
    /// The counters.
    pub telemetry: Arc<Telemetry>,
    /// What the pipeline shows.
    pub state: Arc<State>,
    /// The index.
    pub index: Index,
    /// Where frames go in.
    pub frames: tokio::sync::mpsc::WeakSender<Batch>,
    /// How long things are kept.
    pub retention: Retention,
    /// Bytes that records may take in memory.
    pub memory: usize,
    /// The knowledge base's version.
    pub kb_version: String,
    /// The certificates.
    pub keyrings: Vec<Arc<Keyring>>,
    /// Addresses and subjects are kept as pseudonyms.
    pub pseudonyms: bool,
    /// What is remembered of tickets.
    pub tickets: Arc<whymid_ticketing::Office>,
}

impl Pulse for Heart {
    fn is_ready(&self) -> bool {
        self.state.ready.load(Ordering::Relaxed)
    }

    fn now(&self) -> Timestamp {
        clock::now()
    }

    fn complete_up_to(&self) -> Option<Timestamp> {
        let micros = self.state.complete_up_to.load(Ordering::Relaxed);
        Timestamp::from_microsecond(micros)
            .ok()
            .filter(|_| micros != 0)
    }

    fn unsettled(&self) -> u64 {
        self.state.unsettled.load(Ordering::Relaxed)
    }
}

impl Gauge for Heart {
    fn status(&self) -> Status {
        let extent = self.index.extent().unwrap_or_default();
        let waiting = self
            .frames
            .upgrade()
            .map_or(0, |frames| JOURNAL_QUEUE - frames.capacity());
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            kb_version: self.kb_version.clone(),
            uptime_seconds: self.uptime.seconds(),
            ready: self.is_ready(),
            listeners: self.listeners.clone(),
            queues: vec![Queue {
                name: "journal".to_owned(),
                depth: waiting as u64,
                capacity: JOURNAL_QUEUE as u64,
            }],
            lines: self.lines(),
            journal_bytes: self.state.journal_bytes.load(Ordering::Relaxed),
            index_bytes: self.index.bytes(),
            index_documents: extent.documents,
            oldest_message: extent.oldest.and_then(time_of),
            newest_message: extent.newest.and_then(time_of),
            complete_up_to: self.complete_up_to(),
            suspected_gaps: self.gaps(),
            in_memory: self.in_memory(),
            unsettled: self.unsettled(),
            pseudonyms: self.pseudonyms,
            retention: Retained {
                records: self.records_kept(&extent),
                raw: self.raw_kept(),
            },
        }
    }

    fn metrics(&self) -> String {
        for (gauge, count) in self.telemetry.in_memory.iter().zip(&self.state.records) {
            gauge.set(i64::try_from(count.load(Ordering::Relaxed)).unwrap_or(i64::MAX));
        }
        let weight = self.state.records_weight.load(Ordering::Relaxed);
        let weight = i64::try_from(weight).unwrap_or(i64::MAX);
        self.telemetry.in_memory_bytes.set(weight);
        for one in self.releases() {
            self.telemetry.of_release(&one);
        }
        let unsettled = i64::try_from(self.unsettled()).unwrap_or(i64::MAX);
        self.telemetry.unsettled.set(unsettled);
        let gaps = self.seen().gaps.len();
        self.telemetry
            .gaps
            .set(i64::try_from(gaps).unwrap_or(i64::MAX));
        self.telemetry.of_tickets(&self.tickets.tally());
        self.telemetry.text()
    }

    fn not_ready(&self) -> Vec<Told> {
        let state = &self.state;
        let reasons = [
            (
                !self.is_ready(),
                "the journal is being replayed",
                "ジャーナルを読み直しています",
            ),
            (
                state.failed.load(Ordering::Relaxed),
                "the journal has failed: nothing is accepted until it can be written again. Is the disk full?",
                "ジャーナルに書き込めません。書き込めるようになるまで何も受け付けません。ディスクに空きはありますか",
            ),
            (
                state.damaged.load(Ordering::Relaxed),
                "a part of the journal could not be read at the start: the lines behind the damage, up to the next segment, are not shown (the log names the file)",
                "起動時にジャーナルの一部を読めませんでした。破損箇所から次のセグメントまでの行は表示されません（ファイル名はログにあります）",
            ),
            (
                state.broken.load(Ordering::Relaxed),
                "a part of the service has ended: see the log, start again",
                "サービスの一部が停止しました。ログを確認して再起動してください",
            ),
            (
                state.index_failed.load(Ordering::Relaxed),
                "the index has failed: what is new stays in memory until it can be written again. Is the disk full?",
                "索引に書き込めません。書き込めるようになるまで新しいものはメモリーに残ります。ディスクに空きはありますか",
            ),
        ];
        let reasons = reasons.into_iter().filter(|(holds, ..)| *holds);
        let told = reasons.map(|(_, en, ja)| Told {
            en: en.to_owned(),
            ja: ja.to_owned(),
        });
        told.collect()
    }

    fn warnings(&self) -> Vec<Told> {
        let keyrings = self.keyrings.iter();
        keyrings.flat_map(|one| one.warnings()).collect()
    }
}

impl Heart {
    fn in_memory(&self) -> RecordsInMemory {
        let [messages, connections, deliveries, events] =
            [0, 1, 2, 3].map(|kind: usize| self.state.records[kind].load(Ordering::Relaxed));
        RecordsInMemory {
            messages,
            connections,
            deliveries,
            events,
            bytes: self.state.records_weight.load(Ordering::Relaxed),
            limit_bytes: self.memory as u64,
        }
    }

    fn records_kept(&self, extent: &Extent) -> Kept {
        Kept {
            max_age_seconds: self.retention.records.and_then(seconds),
            max_bytes: self.retention.records_size,
            bytes: self.index.bytes(),
            oldest_received_at: extent.oldest_received.and_then(time_of),
            removed: self.telemetry.expired.get(),
        }
    }

    fn raw_kept(&self) -> Kept {
        let raw = self
            .state
            .raw
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        Kept {
            max_age_seconds: self.retention.raw.and_then(seconds),
            max_bytes: self.retention.raw_size,
            bytes: raw.bytes,
            oldest_received_at: raw.oldest.map(|at| Time::of(at, &TimeZone::UTC)),
            removed: self.telemetry.raw_expired.get(),
        }
    }

    fn lines(&self) -> Lines {
        let telemetry = &self.telemetry;
        let received = ["udp", "tcp", "tls", "http"]
            .map(|transport| telemetry.value(&telemetry.received, "transport", transport));
        let (attached, events) = (telemetry.attached.get(), telemetry.events.get());
        let handled = attached + events;
        let understood = handled
            - telemetry
                .value(&telemetry.kinds, "kind", "unknown")
                .min(handled);
        Lines {
            received: received.iter().sum(),
            accepted: telemetry.accepted.get(),
            replayed: telemetry.replayed.get(),
            attached,
            events,
            understood,
            share_understood: (handled > 0).then(|| understood as f64 / handled as f64),
            by_release: self.releases(),
            by_kind: telemetry.lines_by_kind(),
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        let seen = self.state.seen.lock();
        seen.unwrap_or_else(PoisonError::into_inner)
    }

    fn releases(&self) -> Vec<ReleaseLines> {
        let seen = self.seen();
        let told = seen.releases.iter().map(|(name, lines, unknown)| {
            let understood = lines - unknown.min(lines);
            ReleaseLines {
                release: if name.is_empty() { "unknown" } else { name }.to_owned(),
                lines: *lines,
                understood,
                share_understood: understood as f64 / (*lines).max(1) as f64,
            }
        });
        told.collect()
    }

    /// The newest suspected gaps.
    fn gaps(&self) -> Vec<SuspectedGap> {
        let seen = self.seen();
        let mut gaps: Vec<&(String, Gap)> = seen.gaps.iter().collect();
        gaps.sort_by_key(|(_, gap)| Reverse(gap.to));
        gaps.truncate(GAPS_SHOWN);
        let told = gaps.into_iter().map(|(appliance, gap)| SuspectedGap {
            appliance: appliance.clone(),
            from: Time::of(gap.from, &TimeZone::UTC),
            to: Time::of(gap.to, &TimeZone::UTC),
            sign: gap.sign.word().to_owned(),
            count: gap.count,
        });
        told.collect()
    }

    /// The oldest of the appliances' newest stamps: up to there every one is answered for.
    fn complete_up_to(&self) -> Option<Time> {
        let micros = self.state.complete_up_to.load(Ordering::Relaxed);
        let at = (micros != 0)
            .then(|| Timestamp::from_microsecond(micros).ok())
            .flatten()?;
        Some(Time::of(at, &TimeZone::UTC))
    }
}

fn seconds(age: SignedDuration) -> Option<u64> {
    u64::try_from(age.as_secs()).ok()
}

fn time_of(micros: i64) -> Option<Time> {
    let at = Timestamp::from_microsecond(micros).ok()?;
    Some(Time::of(at, &TimeZone::UTC))
}
