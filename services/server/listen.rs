//! Sockets to frames: syslog over UDP and TCP.
//!
//! Invariants: bounded memory for each connection; TCP is read no faster than the journal takes
//! (the sender feels it); what UDP can't pass on is counted. A peer that `syslog.allow` does not
//! name is refused and counted. Binding and running are two steps.
//!
//! Not here: what the bytes say (`services/syslog`); TLS (a later step).

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use ipnet::IpNet;
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Semaphore, watch};
use whymid_syslog::{Decoder, Frame, Lane, Line, MAX_LINE, Transport};

use crate::clock;
use crate::telemetry::Telemetry;

/// Frames on their way to the journal: what one read of a socket brought.
pub type Batch = Vec<Frame>;

/// Bytes read from a TCP connection at a time.
const READ: usize = 64 * 1024;

/// Bytes of datagrams taken together, about.
const BATCH: usize = 256 * 1024;

/// Datagrams taken together, at most.
const DATAGRAMS: usize = 256;

/// What every listener shares.
#[derive(Clone, Debug)]
pub struct Gate {
    /// Where frames go.
    pub journal: Sender<Batch>,
    /// Who may send.
    pub allow: Arc<Vec<IpNet>>,
    /// The counters.
    pub telemetry: Arc<Telemetry>,
    /// Turns true when listening is to end.
    pub stop: watch::Receiver<bool>,
}

impl Gate {
    fn allows(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        let allowed = self.allow.iter().any(|net| net.contains(&peer));
        if !allowed {
            self.telemetry
                .count(&self.telemetry.refused, "reason", "not_allowed");
        }
        allowed
    }

    fn frame(&self, line: Line, peer: IpAddr, transport: Transport, source: u32) -> Frame {
        self.telemetry.defect(line.defect);
        Frame {
            bytes: line.bytes,
            peer: Some(peer.to_canonical()),
            transport,
            source,
            received_at: clock::now(),
            lane: Lane::Live,
            defect: line.defect,
            label: None,
        }
    }
}

/// Binds the UDP socket and asks for a large buffer; the second value is what the kernel gave.
pub fn bind_udp(address: SocketAddr, buffer: usize) -> io::Result<(std::net::UdpSocket, usize)> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::DGRAM,
        Some(Protocol::UDP),
    )?;
    socket.set_nonblocking(true)?;
    // With CAP_NET_ADMIN the kernel's limit does not bind; without it, as much as it allows.
    if rustix::net::sockopt::set_socket_recv_buffer_size_force(&socket, buffer).is_err() {
        socket.set_recv_buffer_size(buffer)?;
    }
    // Linux reports twice what it granted, for its own bookkeeping (socket(7)).
    let granted = socket.recv_buffer_size()? / 2;
    socket.bind(&address.into())?;
    Ok((socket.into(), granted))
}

/// Binds a TCP listener.
pub fn bind_tcp(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
    )?;
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(1024)?;
    Ok(socket.into())
}

/// Takes datagrams until told to stop, and then what the kernel still holds. Each peer is one
/// source.
pub async fn run_udp(socket: std::net::UdpSocket, gate: Gate) -> io::Result<()> {
    let socket = UdpSocket::from_std(socket)?;
    let mut stop = gate.stop.clone();
    let mut buffer = vec![0; MAX_LINE + 1];
    loop {
        let received = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => None,
            received = socket.recv_from(&mut buffer) => Some(received),
        };
        let mut batch = Batch::new();
        match &received {
            Some(Ok((length, peer))) => {
                take_datagram(&gate, &buffer[..*length], *peer, &mut batch);
            }
            Some(Err(error)) => tracing::warn!(%error, "failed to receive a datagram"),
            None => {}
        }
        while batch.len() < DATAGRAMS && bytes(&batch) < BATCH {
            let Ok((length, peer)) = socket.try_recv_from(&mut buffer) else {
                break;
            };
            take_datagram(&gate, &buffer[..length], peer, &mut batch);
        }
        let last = received.is_none() && batch.len() < DATAGRAMS && bytes(&batch) < BATCH;
        pass_on_or_drop(&gate, batch);
        if last {
            return Ok(());
        }
    }
}

fn bytes(batch: &Batch) -> usize {
    batch.iter().map(|frame| frame.bytes.len()).sum()
}

/// Hands datagrams to the journal if it has room; counts them as dropped if not.
fn pass_on_or_drop(gate: &Gate, batch: Batch) {
    if batch.is_empty() {
        return;
    }
    let lines = batch.len() as u64;
    let reason = match gate.journal.try_send(batch) {
        Ok(()) => return,
        Err(TrySendError::Full(_)) => "udp_queue_full",
        Err(TrySendError::Closed(_)) => "journal_failed",
    };
    let refused = &gate.telemetry.refused;
    refused.get_or_create(&[("reason", reason)]).inc_by(lines);
    tracing::warn!(lines, reason, "datagrams dropped");
}

fn take_datagram(gate: &Gate, bytes: &[u8], peer: SocketAddr, batch: &mut Batch) {
    if !gate.allows(peer.ip()) {
        return;
    }
    gate.telemetry
        .count(&gate.telemetry.received, "transport", "udp");
    match whymid_syslog::datagram(bytes) {
        Some(line) => {
            batch.push(gate.frame(line, peer.ip(), Transport::Udp, udp_source(peer.ip())))
        }
        None => gate
            .telemetry
            .count(&gate.telemetry.refused, "reason", "empty"),
    }
}

/// The bit that tells a UDP peer's number from a TCP connection's.
const UDP_SOURCE: u32 = 1 << 31;

/// A number for a UDP peer: the same for the same address, never one of TCP's.
fn udp_source(peer: IpAddr) -> u32 {
    let mut hash = crc32fast::Hasher::new();
    match peer.to_canonical() {
        IpAddr::V4(address) => hash.update(&address.octets()),
        IpAddr::V6(address) => hash.update(&address.octets()),
    }
    hash.finalize() | UDP_SOURCE
}

/// Where the numbers of TCP connections begin: apart from those of earlier starts, whose lines
/// are in the journal. 64 numbers a second are kept for each second that passes.
fn first_source() -> u32 {
    let seconds = u64::try_from(clock::now().as_second()).unwrap_or(0);
    u32::try_from((seconds * 64) & u64::from(!UDP_SOURCE)).unwrap_or(0)
}

/// Takes TCP connections until told to stop. Each connection is one source.
pub async fn run_tcp(
    listener: std::net::TcpListener,
    gate: Gate,
    max_connections: usize,
) -> io::Result<()> {
    let listener = TcpListener::from_std(listener)?;
    let places = Arc::new(Semaphore::new(max_connections));
    let mut source = first_source();
    let mut stop = gate.stop.clone();
    loop {
        let accepted = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => return Ok(()),
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "failed to accept a connection");
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                continue;
            }
        };
        if !gate.allows(peer.ip()) {
            continue;
        }
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            gate.telemetry
                .count(&gate.telemetry.refused, "reason", "too_many_connections");
            continue;
        };
        source = source.wrapping_add(1) & !UDP_SOURCE;
        let gate = gate.clone();
        tokio::spawn(async move {
            gate.telemetry.connections.inc();
            serve_connection(stream, peer.ip(), source, &gate).await;
            gate.telemetry.connections.dec();
            drop(place);
        });
    }
}

async fn serve_connection(mut stream: TcpStream, peer: IpAddr, source: u32, gate: &Gate) {
    let _ = SockRef::from(&stream).set_keepalive(true);
    let mut decoder = Decoder::new();
    let mut buffer = vec![0; READ];
    let mut stop = gate.stop.clone();
    loop {
        let read = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => break,
            read = stream.read(&mut buffer) => read,
        };
        let length = match read {
            Ok(0) | Err(_) => break,
            Ok(length) => length,
        };
        let mut batch = Batch::new();
        decoder.push(&buffer[..length], &mut |line| {
            batch.push(gate.frame(line, peer, Transport::Tcp, source))
        });
        if !pass_on(gate, batch).await {
            return;
        }
    }
    let mut batch = Batch::new();
    decoder.finish(&mut |line| batch.push(gate.frame(line, peer, Transport::Tcp, source)));
    pass_on(gate, batch).await;
}

/// Waits until the journal takes the batch; false when it is gone.
async fn pass_on(gate: &Gate, batch: Batch) -> bool {
    if batch.is_empty() {
        return true;
    }
    gate.telemetry
        .received
        .get_or_create(&[("transport", "tcp")])
        .inc_by(batch.len() as u64);
    let lines = batch.len() as u64;
    let taken = gate.journal.send(batch).await.is_ok();
    if !taken {
        let refused = &gate.telemetry.refused;
        refused
            .get_or_create(&[("reason", "journal_failed")])
            .inc_by(lines);
    }
    taken
}
