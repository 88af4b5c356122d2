//! The datagrams that the kernel dropped, since our socket's buffer was full, as a counter.
//!
//! Linux keeps that number for each socket, in the last column of `/proc/net/udp` and
//! `/proc/net/udp6` (proc_net_udp(5)); a socket is found there by its inode. Where there is no
//! such table this is said once, and there is no counter.
//!
//! Invariant: read each second and once at the end, each difference is counted once. Not here:
//! datagrams that we read and had no room for (`udp.rs`).

use std::fs::File;
use std::io;
use std::net::UdpSocket;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt as _;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::{MissedTickBehavior, interval};

use super::Gate;

/// Where the kernel keeps its UDP sockets.
const TABLES: [&str; 2] = ["/proc/net/udp", "/proc/net/udp6"];

/// How often they are looked at.
const PACE: Duration = Duration::from_secs(1);

/// Counts what the kernel drops of one socket.
pub(super) struct KernelDrops {
    inode: u64,
    gate: Gate,
    /// What was counted so far; `None` before the first reading.
    seen: Option<u32>,
}

impl KernelDrops {
    /// Of a fresh socket, which has dropped nothing yet.
    pub(super) fn of(socket: &UdpSocket, gate: &Gate) -> io::Result<Self> {
        let file = File::from(OwnedFd::from(socket.try_clone()?));
        Ok(Self {
            inode: file.metadata()?.ino(),
            gate: gate.clone(),
            seen: None,
        })
    }

    /// Counts until the other end of `done` is gone, and a last time then.
    pub(super) async fn watch(mut self, mut done: oneshot::Receiver<()>) {
        let mut ticks = interval(PACE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let last = tokio::select! {
                _ = &mut done => true,
                _ = ticks.tick() => false,
            };
            let is_told = self.count();
            if last {
                return;
            }
            if !is_told {
                tracing::warn!(
                    "this system does not tell how many datagrams it dropped (/proc/net/udp), so they can't be counted"
                );
                return;
            }
        }
    }

    /// Adds what was dropped since the last time; false when it never was told.
    fn count(&mut self) -> bool {
        let tables = TABLES.iter();
        let told = tables
            .filter_map(|table| std::fs::read_to_string(table).ok())
            .find_map(|table| drops_of(&table, self.inode));
        let Some(told) = told else {
            return self.seen.is_some();
        };
        let more = told.wrapping_sub(self.seen.unwrap_or(0));
        self.gate.refused("udp_kernel", u64::from(more));
        self.seen = Some(told);
        if more > 0 {
            tracing::warn!(
                datagrams = more,
                "the kernel dropped datagrams, because more came at once than the UDP buffer holds: raise syslog.udp_buffer and net.core.rmem_max, or let senders use TCP"
            );
        }
        true
    }
}

/// The drops of the socket with that inode, if it stands in the table.
fn drops_of(table: &str, inode: u64) -> Option<u32> {
    let rows = table.lines().skip(1);
    rows.filter_map(row)
        .find(|(of, _)| *of == inode)
        .map(|(_, drops)| drops)
}

/// Inode and drops of one row.
fn row(row: &str) -> Option<(u64, u32)> {
    let mut columns = row.split_ascii_whitespace();
    let inode = columns.nth(9)?.parse().ok()?;
    let drops = columns.nth(2)?.parse().ok()?;
    Some((inode, drops))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = "   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops            \n  226: 0100007F:158A 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 21034 2 0000000000000000 0         \n 4711: 0100007F:1F42 00000000:0000 07 00000000:00000B00 00:00000000 00000000  1000        0 21036 2 0000000000000000 4294967295\n";

    #[test]
    fn a_socket_is_found_by_its_inode() {
        assert_eq!(drops_of(TABLE, 21_034), Some(0));
        assert_eq!(drops_of(TABLE, 21_036), Some(u32::MAX));
        assert_eq!(drops_of(TABLE, 2), None);
        assert_eq!(drops_of("", 0), None);
        assert_eq!(drops_of("no\ntable\n", 0), None);
    }

    #[test]
    fn the_kernel_lists_a_socket_of_ours_as_one_that_dropped_nothing() {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a loopback address");
        let file = File::from(OwnedFd::from(socket.try_clone().expect("a descriptor")));
        let inode = file.metadata().expect("of a socket").ino();
        let table = std::fs::read_to_string(TABLES[0]).expect("Linux");
        assert_eq!(drops_of(&table, inode), Some(0), "{table}");
    }
}
