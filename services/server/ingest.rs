//! The lines of a request to frames on disk: what `POST /v1/lines` hands over.
//!
//! Invariants: each request is a source of its own. Its lines go to the journal in order and in
//! pieces, each on disk before the next is cut: so one piece is in memory as frames however many
//! lines there are, lines of now need not wait behind a whole archive, and what can't go on
//! leaves a beginning, never a gap. While the service stops, nothing is taken; while the journal
//! takes nothing, nobody waits for it for long.
//!
//! Not here: the request (`services/api`), how lines are cut and what their clock showed
//! (`services/syslog`).

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc::{Sender, WeakSender};
use tokio::sync::oneshot;
use tokio::time::Instant;
use whymid_api::{Door, Later, NotTaken, Origin, Taken};
use whymid_syslog::{Clockhand, Defect, Frame, Label, Lane, Line, Transport, lines};

use crate::clock;
use crate::listen::{Batch, Sources};
use crate::pipeline::State;
use crate::telemetry::Telemetry;

/// Lines in a piece, at most.
const PIECE: usize = 8192;
/// Bytes of lines in a piece, about.
const PIECE_BYTES: usize = 1024 * 1024;
/// How often a request that waits looks whether the journal has failed.
const LOOK: Duration = Duration::from_millis(100);
/// How long it waits otherwise.
const WAIT: Duration = Duration::from_secs(30);

/// Takes the lines of requests.
#[derive(Debug)]
pub struct Ingest {
    /// Where frames go; weak, so that it keeps no journal from ending.
    pub journal: WeakSender<Batch>,
    /// The numbers of requests.
    pub sources: Sources,
    /// Whether the journal has failed.
    pub state: Arc<State>,
    /// The counters.
    pub telemetry: Arc<Telemetry>,
}

impl Door for Ingest {
    fn take(&self, log: Vec<u8>, origin: Origin) -> Later<'_, Result<Taken, NotTaken>> {
        Box::pin(async move {
            let mut taken = Taken::default();
            let mut framer = Framer::new(origin, self.sources.next());
            let mut lines = lines(&log);
            let Some(journal) = self.journal.upgrade() else {
                return Err(NotTaken { kept: 0 });
            };
            loop {
                let piece = framer.piece(&mut lines);
                if piece.is_empty() {
                    return Ok(taken);
                }
                let cut = piece.iter().filter(|frame| is_cut(frame)).count() as u64;
                let accepted = piece.len() as u64;
                if !self.put_on_disk(&journal, piece).await {
                    let kept = taken.accepted;
                    return Err(NotTaken { kept });
                }
                taken.accepted += accepted;
                taken.cut += cut;
            }
        })
    }

    fn turned_away(&self, code: &'static str) {
        self.telemetry
            .count(&self.telemetry.refused, "reason", code);
    }
}

fn is_cut(frame: &Frame) -> bool {
    frame.defect == Some(Defect::Cut)
}

impl Ingest {
    /// Whether the frames are on disk now.
    async fn put_on_disk(&self, journal: &Sender<Batch>, frames: Vec<Frame>) -> bool {
        let lines = frames.len() as u64;
        for frame in &frames {
            self.telemetry.defect(frame.defect);
        }
        let received = &self.telemetry.received;
        received
            .get_or_create(&[("transport", "http")])
            .inc_by(lines);
        let (taken, is_taken) = oneshot::channel();
        let batch = Batch {
            frames,
            taken: Some(taken),
        };
        let place = tokio::select! {
            place = journal.reserve() => place.ok(),
            () = self.given_up() => None,
        };
        let Some(place) = place else {
            let refused = &self.telemetry.refused;
            refused
                .get_or_create(&[("reason", "journal_failed")])
                .inc_by(lines);
            return false;
        };
        place.send(batch);
        tokio::select! {
            biased;
            taken = is_taken => taken.unwrap_or(false),
            () = self.given_up() => false,
        }
    }

    /// Returns when the journal takes nothing, or nothing of this for long: it may wait behind
    /// lines that can wait longer than a request.
    async fn given_up(&self) {
        let begun = Instant::now();
        while !self.state.failed.load(Ordering::Relaxed) && begun.elapsed() < WAIT {
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// Makes the lines of one request frames.
struct Framer {
    origin: Origin,
    source: u32,
    received_at: Timestamp,
    /// There where a stamp's year follows from the lines before it.
    hand: Option<Clockhand>,
    /// The label of the last line, which is often that of the next.
    label: Arc<Label>,
}

impl Framer {
    fn new(origin: Origin, source: u32) -> Self {
        let counting = origin.lane == Lane::Archive || origin.year.is_some();
        Self {
            source,
            received_at: clock::now(),
            hand: counting.then(|| Clockhand::starting_in(origin.year)),
            label: Arc::new(Label {
                appliance: origin.appliance.clone(),
                zone: origin.zone.clone(),
                near: None,
            }),
            origin,
        }
    }

    /// The next lines, as frames; none when there are no more.
    fn piece(&mut self, lines: &mut impl Iterator<Item = Line>) -> Vec<Frame> {
        let mut frames = Vec::new();
        let mut bytes = 0;
        while frames.len() < PIECE && bytes < PIECE_BYTES {
            let Some(line) = lines.next() else { break };
            bytes += line.bytes.len();
            frames.push(self.frame(line));
        }
        frames
    }

    fn frame(&mut self, line: Line) -> Frame {
        let label = self.label_of(&line.bytes);
        Frame {
            bytes: line.bytes,
            peer: self.origin.peer.map(|peer| peer.to_canonical()),
            transport: Transport::Http,
            source: self.source,
            received_at: self.received_at,
            lane: self.origin.lane,
            defect: line.defect,
            label,
        }
    }

    fn label_of(&mut self, line: &[u8]) -> Option<Arc<Label>> {
        let near = self.hand.as_mut().and_then(|hand| hand.read(line));
        if near != self.label.near {
            let label = Label {
                near,
                ..Label::clone(&self.label)
            };
            self.label = Arc::new(label);
        }
        (*self.label != Label::default()).then(|| Arc::clone(&self.label))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use jiff::civil::date;

    fn origin(lane: Lane, year: Option<i16>) -> Origin {
        Origin {
            peer: "::ffff:192.0.2.7".parse().ok(),
            lane,
            appliance: None,
            zone: None,
            year,
        }
    }

    fn frames(origin: Origin, log: &[u8]) -> Vec<Frame> {
        Framer::new(origin, 7).piece(&mut lines(log))
    }

    #[test]
    fn a_frame_says_where_its_line_came_from() {
        let told = Origin {
            appliance: Some("esa1".to_owned()),
            zone: Some("Asia/Tokyo".to_owned()),
            ..origin(Lane::Archive, None)
        };
        let frames = frames(told, b"Info: MID 1 a line without a stamp\n");
        let label = Label {
            appliance: Some("esa1".to_owned()),
            zone: Some("Asia/Tokyo".to_owned()),
            near: None,
        };
        assert_eq!(frames[0].peer, "192.0.2.7".parse().ok());
        assert_eq!(frames[0].transport, Transport::Http);
        assert_eq!((frames[0].source, frames[0].lane), (7, Lane::Archive));
        assert_eq!(frames[0].label.as_deref(), Some(&label));
    }

    #[test]
    fn live_lines_without_anything_said_of_them_have_no_label() {
        let log = b"Wed Nov 19 09:16:38 2014 Info: MID 1 queued for delivery\n";
        assert_eq!(frames(origin(Lane::Live, None), log)[0].label, None);
    }

    #[test]
    fn where_years_are_counted_each_line_says_what_the_clock_showed() {
        let log = b"Dec 31 23:59:59 esa1 mail_logs: Info: MID 1 x\nJan  1 00:00:00 esa1 mail_logs: Info: MID 1 y\nInfo: z\n";
        let near = [
            date(2014, 12, 31).at(23, 59, 59, 0),
            date(2015, 1, 1).at(0, 0, 0, 0),
            date(2015, 1, 1).at(0, 0, 0, 0),
        ];
        for lane in [Lane::Live, Lane::Archive] {
            let frames = frames(origin(lane, Some(2014)), log);
            let told = frames.iter().map(|frame| frame.label.as_ref()?.near);
            assert_eq!(told.collect::<Vec<_>>(), near.map(Some));
        }
    }

    #[test]
    fn pieces_are_bounded_in_lines_and_in_bytes_and_hold_every_line_once() {
        for log in [
            b"x\n".repeat(20_000),
            [&b"y".repeat(60_000)[..], b"\n"].concat().repeat(50),
        ] {
            let mut framer = Framer::new(origin(Lane::Live, None), 1);
            let mut all = lines(&log);
            let mut pieces = Vec::new();
            while let Some(piece) = Some(framer.piece(&mut all)).filter(|piece| !piece.is_empty()) {
                pieces.push(Batch::from(piece));
            }
            assert!(pieces.len() > 2);
            let bytes = |piece: &Batch| -> usize {
                let frames = piece.frames.iter();
                frames.map(|frame| frame.bytes.len()).sum()
            };
            let within = |piece: &Batch| {
                piece.frames.len() <= PIECE && bytes(piece) < PIECE_BYTES + 64 * 1024
            };
            assert!(pieces.iter().all(within));
            let lines: usize = pieces.iter().map(|piece| piece.frames.len()).sum();
            assert_eq!(lines, log.iter().filter(|byte| **byte == b'\n').count());
        }
    }

    /// Hands `log` in where the journal answers as told, and then not at all.
    async fn handed_in(log: Vec<u8>, answers: Vec<bool>) -> (Result<Taken, NotTaken>, usize) {
        let (journal, mut incoming) = tokio::sync::mpsc::channel::<Batch>(1);
        let ingest = Ingest {
            journal: journal.downgrade(),
            sources: Sources::from_now_on(),
            state: Arc::default(),
            telemetry: Telemetry::new(),
        };
        let disk = tokio::spawn(async move {
            let mut lines = 0;
            for answer in answers {
                let Some(batch) = incoming.recv().await else {
                    break;
                };
                lines += batch.frames.len();
                let waiting = batch.taken.expect("a request waits for its answer");
                waiting.send(answer).expect("it waits");
            }
            lines
        });
        let taken = ingest.take(log, origin(Lane::Live, None)).await;
        drop(journal);
        (taken, disk.await.expect("it does not panic"))
    }

    #[tokio::test]
    async fn every_piece_is_on_disk_before_the_request_is_answered() {
        let log = b"a line\n".repeat(2 * PIECE + 1);
        let (taken, on_disk) = handed_in(log, vec![true; 3]).await;
        let accepted = 2 * PIECE as u64 + 1;
        assert_eq!(taken, Ok(Taken { accepted, cut: 0 }));
        assert_eq!(on_disk, 2 * PIECE + 1);
    }

    #[tokio::test]
    async fn what_can_not_go_on_leaves_a_beginning_and_says_how_much() {
        let log = b"a line\n".repeat(3 * PIECE);
        let kept = PIECE as u64;
        // said to have failed, and gone without a word
        for answers in [vec![true, false], vec![true]] {
            let (taken, _) = handed_in(log.clone(), answers).await;
            assert_eq!(taken, Err(NotTaken { kept }));
        }
        let (taken, _) = handed_in(log, Vec::new()).await;
        assert_eq!(taken, Err(NotTaken { kept: 0 }));
    }
    #[tokio::test]
    async fn while_the_journal_has_failed_nobody_waits_for_it() {
        let (journal, _nobody_takes) = tokio::sync::mpsc::channel::<Batch>(1);
        let state = Arc::new(State::default());
        state.failed.store(true, Ordering::Relaxed);
        let ingest = Ingest {
            journal: journal.downgrade(),
            sources: Sources::from_now_on(),
            state,
            telemetry: Telemetry::new(),
        };
        for _ in 0..3 {
            let taken = ingest.take(b"a line\n".to_vec(), origin(Lane::Live, None));
            assert_eq!(taken.await, Err(NotTaken { kept: 0 }));
        }
    }
}
