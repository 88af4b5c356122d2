//! TCP connections to frames. Each connection is one source.
//!
//! Invariants: a silent connection holds no buffer, and what it has sent of a line at most;
//! connections are read no faster than the journal takes. When there is no more room the one that
//! has been silent longest makes it (`places.rs`). A failure to accept is counted and followed by
//! a pause, since it comes from a lack that does not pass at once.

use std::cell::RefCell;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use whymid_syslog::{Decoder, Frame, Line, Transport};

use super::places::{Admission, Place, Places};
use super::{Batch, Gate, Sources};

/// Bytes read from a connection at a time.
const READ: usize = 64 * 1024;

/// The first pause after a failure to accept, and the longest.
const PAUSES: [Duration; 2] = [Duration::from_millis(50), Duration::from_secs(1)];

thread_local! {
    /// What was just read. One for all connections of a thread: nothing is awaited between
    /// reading into it and taking out of it.
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; READ]);
}

/// Takes connections until told to stop.
pub async fn run_tcp(
    listener: std::net::TcpListener,
    gate: Gate,
    sources: Sources,
    max_connections: usize,
) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let hall = Hall {
        gate: Arc::new(gate),
        places: Places::new(max_connections),
        sources,
        opened: Instant::now(),
    };
    let mut stop = hall.gate.stop.clone();
    let mut pause = PAUSES[0];
    loop {
        let accepted = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                pause = PAUSES[0];
                hall.admit(stream, peer.ip());
            }
            Err(error) => {
                hall.gate.refused("accept_failed", 1);
                tracing::warn!(%error, "failed to accept a connection");
                tokio::select! {
                    _ = stop.wait_for(|stop| *stop) => return Ok(()),
                    () = tokio::time::sleep(pause) => {}
                }
                pause = PAUSES[1].min(pause * 2);
            }
        }
    }
}

/// What all connections share.
struct Hall {
    gate: Arc<Gate>,
    places: Arc<Places>,
    sources: Sources,
    opened: Instant,
}

impl Hall {
    /// Serves a connection, if its peer may send and there is a place.
    fn admit(&self, stream: TcpStream, peer: IpAddr) {
        if !self.gate.allows(peer) {
            return;
        }
        let place = match self.places.admit(self.sources.next(), since(self.opened)) {
            Admission::Free(place) => place,
            Admission::Instead(place) => {
                self.gate.refused("silent_connection", 1);
                place
            }
            Admission::Refused => return self.gate.refused("too_many_connections", 1),
        };
        let connection = Connection {
            stream,
            peer,
            place,
            gate: Arc::clone(&self.gate),
            opened: self.opened,
        };
        tokio::spawn(async move {
            let open = connection.gate.telemetry.connections.clone();
            open.inc();
            connection.serve().await;
            open.dec();
        });
    }
}

/// Milliseconds since a moment.
fn since(moment: Instant) -> u64 {
    u64::try_from(moment.elapsed().as_millis()).unwrap_or(u64::MAX)
}

struct Connection {
    stream: TcpStream,
    peer: IpAddr,
    place: Place,
    gate: Arc<Gate>,
    /// What moments count from.
    opened: Instant,
}

impl Connection {
    /// Reads until its end, until its place is lost, or until told to stop.
    async fn serve(self) {
        let _ = SockRef::from(&self.stream).set_keepalive(true);
        let mut decoder = Decoder::new();
        let mut stop = self.gate.stop.clone();
        loop {
            let readable = tokio::select! {
                _ = stop.wait_for(|stop| *stop) => break,
                () = self.place.lost() => break,
                readable = self.stream.readable() => readable,
            };
            let mut frames = Vec::new();
            match readable.and_then(|()| self.read(&mut decoder, &mut frames)) {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
                Err(_) => break,
            }
            self.place.busy();
            // who sends without a pause lets others have their turn
            tokio::task::consume_budget().await;
            if !self.pass_on(frames).await {
                return;
            }
            self.place.heard(since(self.opened));
        }
        let mut frames = Vec::new();
        decoder.finish(&mut |line| frames.push(self.frame(line)));
        self.pass_on(frames).await;
    }

    /// Reads what is there, and the lines that it completes; how many bytes.
    fn read(&self, decoder: &mut Decoder, frames: &mut Vec<Frame>) -> io::Result<usize> {
        BUFFER.with_borrow_mut(|buffer| {
            let length = self.stream.try_read(buffer)?;
            decoder.push(&buffer[..length], &mut |line| frames.push(self.frame(line)));
            Ok(length)
        })
    }

    fn frame(&self, line: Line) -> Frame {
        let source = self.place.source;
        self.gate.frame(line, self.peer, Transport::Tcp, source)
    }

    /// Waits until the journal takes the lines; false when it is gone.
    async fn pass_on(&self, frames: Vec<Frame>) -> bool {
        if frames.is_empty() {
            return true;
        }
        let lines = frames.len() as u64;
        let received = &self.gate.telemetry.received;
        received
            .get_or_create(&[("transport", "tcp")])
            .inc_by(lines);
        let taken = self.gate.journal.send(Batch::from(frames)).await.is_ok();
        if !taken {
            self.gate.refused("journal_failed", lines);
        }
        taken
    }
}
