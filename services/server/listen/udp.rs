//! Datagrams to frames. Each peer is one source.
//!
//! Invariants: the socket is read as fast as it can be; what the journal has no room for is
//! dropped and counted, and so is what the kernel had no room for (`drops.rs`).

use std::io;
use std::net::{IpAddr, SocketAddr};

use tokio::net::UdpSocket;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::oneshot;
use whymid_syslog::{Frame, MAX_LINE, Transport};

use super::drops::KernelDrops;
use super::{Batch, Gate, UDP_SOURCE, frame_bytes};

/// Bytes of datagrams taken together, about.
const BATCH: usize = 256 * 1024;

/// Datagrams taken together, at most.
const DATAGRAMS: usize = 256;

/// Takes datagrams until told to stop, and then what the kernel still holds.
pub async fn run_udp(socket: std::net::UdpSocket, gate: Gate) -> io::Result<()> {
    let drops = KernelDrops::of(&socket, &gate)?;
    let (done, is_done) = oneshot::channel();
    let watching = tokio::spawn(drops.watch(is_done));
    let socket = UdpSocket::from_std(socket)?;
    take_until_stopped(&socket, &gate).await;
    drop(done);
    // the socket must still be there when its drops are read for the last time
    let _ = watching.await;
    Ok(())
}

async fn take_until_stopped(socket: &UdpSocket, gate: &Gate) {
    let mut stop = gate.stop.clone();
    let mut buffer = vec![0; MAX_LINE + 1];
    loop {
        let received = tokio::select! {
            _ = stop.wait_for(|stop| *stop) => None,
            received = socket.recv_from(&mut buffer) => Some(received),
        };
        let mut batch = Vec::new();
        match &received {
            Some(Ok((length, peer))) => {
                take_datagram(gate, &buffer[..*length], *peer, &mut batch);
            }
            Some(Err(error)) => tracing::warn!(%error, "failed to receive a datagram"),
            None => {}
        }
        while batch.len() < DATAGRAMS && frame_bytes(&batch) < BATCH {
            let Ok((length, peer)) = socket.try_recv_from(&mut buffer) else {
                break;
            };
            take_datagram(gate, &buffer[..length], peer, &mut batch);
        }
        let last = received.is_none() && batch.len() < DATAGRAMS && frame_bytes(&batch) < BATCH;
        pass_on_or_drop(gate, batch);
        if last {
            return;
        }
    }
}

/// Hands datagrams to the journal if it has room; counts them as dropped if not.
fn pass_on_or_drop(gate: &Gate, batch: Vec<Frame>) {
    if batch.is_empty() {
        return;
    }
    let lines = batch.len() as u64;
    let reason = match gate.journal.try_send(Batch::from(batch)) {
        Ok(()) => return,
        Err(TrySendError::Full(_)) => "udp_queue_full",
        Err(TrySendError::Closed(_)) => "journal_failed",
    };
    gate.refused(reason, lines);
    tracing::warn!(lines, reason, "datagrams dropped");
}

fn take_datagram(gate: &Gate, bytes: &[u8], peer: SocketAddr, batch: &mut Vec<Frame>) {
    if !gate.allows(peer.ip()) {
        return;
    }
    gate.telemetry
        .count(&gate.telemetry.received, "transport", "udp");
    match whymid_syslog::datagram(bytes) {
        Some(line) => batch.push(gate.frame(line, peer.ip(), Transport::Udp, source_of(peer.ip()))),
        None => gate.refused("empty", 1),
    }
}

/// A number for a UDP peer: the same for the same address, never a connection's.
fn source_of(peer: IpAddr) -> u32 {
    let mut hash = crc32fast::Hasher::new();
    match peer.to_canonical() {
        IpAddr::V4(address) => hash.update(&address.octets()),
        IpAddr::V6(address) => hash.update(&address.octets()),
    }
    hash.finalize() | UDP_SOURCE
}
