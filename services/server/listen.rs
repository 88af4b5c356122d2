//! Sockets to frames: syslog over UDP, TCP and TLS.
//!
//! | file | what it is |
//! |---|---|
//! | `udp.rs` | datagrams to frames |
//! | `drops.rs` | the datagrams that the kernel dropped, as a counter |
//! | `tcp.rs` | connections to frames, with TLS or without |
//! | `tls.rs` | handshakes, and whose certificates they show |
//! | `places.rs` | who may stay connected when there is no more room |
//!
//! Invariants: bounded memory for each connection; TCP is read no faster than the journal takes
//! (the sender feels it); what UDP can't pass on is counted. A peer that `syslog.allow` does not
//! name is refused and counted. Binding and running are two steps.
//!
//! Not here: what the bytes say (`services/syslog`); lines that come by HTTP (`ingest.rs`); the
//! certificates themselves (`tls.rs` of this room).

mod drops;
mod places;
mod tcp;
mod tls;
mod udp;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use ipnet::IpNet;
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use tokio::sync::mpsc::Sender;
use tokio::sync::{oneshot, watch};
use whymid_syslog::{Frame, Lane, Line, Transport};

pub use self::tcp::run_tcp;
pub use self::tls::Tls;
pub use self::udp::run_udp;
use crate::clock;
use crate::telemetry::Telemetry;

/// Frames on their way to the journal: what one read of a socket, or a piece of a request, brought.
#[derive(Debug, Default)]
pub struct Batch {
    /// The frames, in order.
    pub frames: Vec<Frame>,
    /// Who waits to hear whether they are on disk. Dropped, it says that they may not be.
    pub taken: Option<oneshot::Sender<bool>>,
}

impl Batch {
    /// What its frames take in memory, about, bytes.
    pub fn bytes(&self) -> usize {
        frame_bytes(&self.frames)
    }
}

impl From<Vec<Frame>> for Batch {
    fn from(frames: Vec<Frame>) -> Self {
        Self {
            frames,
            taken: None,
        }
    }
}

/// What frames take in memory, about: a line of one byte is a frame too.
pub fn frame_bytes(frames: &[Frame]) -> usize {
    let lines: usize = frames.iter().map(|frame| frame.bytes.len()).sum();
    lines + 2 * size_of_val(frames)
}

/// The bit that tells a UDP peer's number from a connection's or a request's.
const UDP_SOURCE: u32 = 1 << 31;

/// Numbers for TCP connections and requests, each given once. They begin apart from those of
/// earlier starts, whose lines are in the journal: 64 numbers are kept for each second that passes.
#[derive(Clone, Debug)]
pub struct Sources(Arc<AtomicU32>);

impl Sources {
    /// The numbers of a start at this moment.
    pub fn from_now_on() -> Self {
        let seconds = u64::try_from(clock::now().as_second()).unwrap_or(0);
        let first = u32::try_from((seconds * 64) & u64::from(!UDP_SOURCE)).unwrap_or(0);
        Self(Arc::new(AtomicU32::new(first)))
    }

    /// The next number; never a UDP peer's.
    pub fn next(&self) -> u32 {
        self.0.fetch_add(1, Ordering::Relaxed).wrapping_add(1) & !UDP_SOURCE
    }
}

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
            self.refused("not_allowed", 1);
        }
        allowed
    }

    /// Counts lines or connections that were refused.
    fn refused(&self, reason: &'static str, count: u64) {
        let refused = &self.telemetry.refused;
        refused.get_or_create(&[("reason", reason)]).inc_by(count);
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

/// Binds the TCP listener of HTTP: whoever takes nothing of a response for that long, or is gone,
/// is cut off. A slow reader who takes something now and then is not.
pub fn bind_http(address: SocketAddr, patience: Duration) -> io::Result<std::net::TcpListener> {
    let listener = bind_tcp(address)?;
    // what is accepted inherits it (tcp(7)); Linux counts the time of a closed window, too
    SockRef::from(&listener).set_tcp_user_timeout(Some(patience))?;
    Ok(listener)
}
