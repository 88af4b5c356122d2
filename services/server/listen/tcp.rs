//! TCP connections to frames, with TLS (`tls.rs`) or without. Each connection is one source.
//!
//! Invariants: a silent connection holds no buffer, and what it has sent of a line at most;
//! connections are read no faster than the journal takes. When there is no more room the one that
//! has been silent longest makes it (`places.rs`). A failure to accept is counted and followed by
//! a pause, since it comes from a lack that does not pass at once.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Poll, ready};
use std::time::Duration;

use socket2::SockRef;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use whymid_syslog::{Decoder, Frame, Label, Line, Transport};

use super::places::{Admission, Place, Places};
use super::tls::Tls;
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
    tls: Option<Tls>,
) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let hall = Hall {
        gate: Arc::new(gate),
        places: Places::new(max_connections),
        sources,
        opened: Instant::now(),
        tls: tls.map(Arc::new),
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
    tls: Option<Arc<Tls>>,
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
            peer,
            place,
            gate: Arc::clone(&self.gate),
            opened: self.opened,
            transport: if self.tls.is_some() { "tls" } else { "tcp" },
            label: None,
        };
        let tls = self.tls.clone();
        tokio::spawn(async move {
            let open = connection.gate.telemetry.connections.clone();
            open.inc();
            let _ = SockRef::from(&stream).set_keepalive(true);
            match tls {
                Some(tls) => connection.serve_behind(&tls, stream).await,
                None => connection.serve(stream).await,
            }
            open.dec();
        });
    }
}

/// Milliseconds since a moment.
fn since(moment: Instant) -> u64 {
    u64::try_from(moment.elapsed().as_millis()).unwrap_or(u64::MAX)
}

struct Connection {
    peer: IpAddr,
    place: Place,
    gate: Arc<Gate>,
    /// What moments count from.
    opened: Instant,
    /// How lines of it are counted.
    transport: &'static str,
    /// Whose lines they are, whatever they say.
    label: Option<Arc<Label>>,
}

impl Connection {
    /// Serves what comes through TLS, if the handshake comes to an end.
    async fn serve_behind(mut self, tls: &Tls, stream: TcpStream) {
        let mut stop = self.gate.stop.clone();
        let shaken = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return,
            () = self.place.lost() => return,
            shaken = tls.shake_hands(stream) => shaken,
        };
        match shaken {
            Ok((stream, label)) => {
                self.label = label;
                self.serve(stream).await;
            }
            Err(why) => {
                self.gate.refused("tls_failed", 1);
                tls.tell_failed(self.peer, &why);
            }
        }
    }

    /// Reads until its end, until its place is lost, or until told to stop.
    async fn serve(self, mut stream: impl AsyncRead + Unpin) {
        let mut decoder = Decoder::new();
        let mut stop = self.gate.stop.clone();
        loop {
            let mut frames = Vec::new();
            let read = tokio::select! {
                _ = stop.wait_for(|stop| *stop) => break,
                () = self.place.lost() => break,
                read = self.read(&mut stream, &mut decoder, &mut frames) => read,
            };
            match read {
                Ok(0) | Err(_) => break,
                Ok(_) => {}
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

    /// Reads what is there, once there is something, and the lines that it completes; how many
    /// bytes. Dropped half-way, it has read nothing.
    async fn read(
        &self,
        stream: &mut (impl AsyncRead + Unpin),
        decoder: &mut Decoder,
        frames: &mut Vec<Frame>,
    ) -> io::Result<usize> {
        poll_fn(|context| {
            BUFFER.with_borrow_mut(|buffer| {
                let mut into = ReadBuf::new(buffer);
                ready!(Pin::new(&mut *stream).poll_read(context, &mut into))?;
                let read = into.filled();
                decoder.push(read, &mut |line| frames.push(self.frame(line)));
                Poll::Ready(Ok(read.len()))
            })
        })
        .await
    }

    fn frame(&self, line: Line) -> Frame {
        let source = self.place.source;
        let frame = self.gate.frame(line, self.peer, Transport::Tcp, source);
        Frame {
            label: self.label.clone(),
            ..frame
        }
    }

    /// Waits until the journal takes the lines; false when it is gone.
    async fn pass_on(&self, frames: Vec<Frame>) -> bool {
        if frames.is_empty() {
            return true;
        }
        let lines = frames.len() as u64;
        let received = &self.gate.telemetry.received;
        received
            .get_or_create(&[("transport", self.transport)])
            .inc_by(lines);
        let taken = self.gate.journal.send(Batch::from(frames)).await.is_ok();
        if !taken {
            self.gate.refused("journal_failed", lines);
        }
        taken
    }
}
