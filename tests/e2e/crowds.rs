//! Crowds: thousands of idle or slow connections, and more datagrams than the kernel holds. They
//! do no harm, and what could not be taken is counted.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, UdpSocket};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::harness::{Service, Setup, recent, sender_quit, tcp};

/// Idle connections.
const IDLE: usize = 10_000;
/// Idle HTTP connections; about a third of them have a place at a time.
const IDLE_HTTP: usize = 3000;
/// Connections that send a byte at a time.
const SLOW: usize = 200;
/// What all of them may take of the service's memory, bytes.
const MEMORY: u64 = 100 * 1024 * 1024;

/// Lets this process open as many files as the system grants; the crowd needs one each.
fn raise_own_limit() {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let raised = Rlimit {
        current: maximum,
        maximum,
    };
    setrlimit(Resource::Nofile, raised).expect("the soft limit may be raised");
    let needed = (IDLE + SLOW + 512) as u64;
    let enough = maximum.is_none_or(|maximum| maximum >= needed);
    assert!(
        enough,
        "these tests need {needed} open files, for themselves and for the service (ulimit -Hn): {maximum:?}"
    );
}

fn connections(service: &Service, wanted: usize) {
    service.eventually(&format!("{wanted} connections"), || {
        (service.gauge("syslog_connections") == Some(wanted as u64)).then_some(())
    });
}

#[test]
fn thousands_of_idle_and_slow_connections_keep_nobody_waiting() {
    raise_own_limit();
    let service = Service::start_with(Setup {
        config: format!("[syslog]\nmax_connections = {}\n", IDLE + SLOW + 1),
        ..Setup::default()
    });
    let before = service.resident();
    let idle: Vec<TcpStream> = (0..IDLE).map(|_| tcp(service.tcp)).collect();
    let mut slow: Vec<TcpStream> = (0..SLOW).map(|_| tcp(service.tcp)).collect();
    connections(&service, IDLE + SLOW);
    let line = format!(
        "<166>{} esa1 mail_logs: Info: Status: CPULd 3 DskIO 0 RAMUtil 1\n",
        recent(0)
    );
    for stream in &slow {
        stream.set_nodelay(true).expect("a TCP connection");
    }
    let (head, tail) = line.as_bytes().split_at(line.len() / 2);
    drip(&mut slow, head);
    let mut normal = tcp(service.tcp);
    let session = sender_quit(7701, "probe@other.example").stream("esa1");
    normal.write_all(&session).expect("the service reads");
    service.diagnosed(7701, "receiving-aborted-by-sender");
    let grown = service.resident().saturating_sub(before);
    assert!(grown < MEMORY, "grown by {grown} bytes");
    drip(&mut slow, tail);
    service.all_handled(8 + SLOW as u64);
    drop((idle, slow));
    connections(&service, 1);
}

/// Each connection sends each byte by itself.
fn drip(streams: &mut [TcpStream], bytes: &[u8]) {
    for byte in bytes.chunks(1) {
        for stream in &mut *streams {
            stream.write_all(byte).expect("the service reads");
        }
    }
}

#[test]
fn beyond_the_limit_a_newcomer_is_refused_and_counted_and_nobody_else_is_disturbed() {
    let config = "[syslog]\nmax_connections = 2\n".to_owned();
    let service = Service::start_with(Setup {
        config,
        ..Setup::default()
    });
    let mut first = tcp(service.tcp);
    let second = tcp(service.tcp);
    connections(&service, 2);
    let mut newcomer = tcp(service.tcp);
    let closed = newcomer.read(&mut [0]);
    assert!(matches!(closed, Ok(0) | Err(_)), "{closed:?}");
    let refused = || service.counter("refused", Some(("reason", "too_many_connections")));
    assert_eq!(refused(), 1);
    let session = sender_quit(7711, "probe@other.example").stream("esa1");
    first.write_all(&session).expect("the service reads");
    service.diagnosed(7711, "receiving-aborted-by-sender");
    drop(second);
    connections(&service, 1);
    let mut late = tcp(service.tcp);
    let session = sender_quit(7712, "probe@other.example").stream("esa1");
    late.write_all(&session).expect("the service reads");
    service.diagnosed(7712, "receiving-aborted-by-sender");
    assert_eq!(refused(), 1);
    service.all_handled(16);
}

#[test]
fn idle_http_connections_keep_nobody_out_for_long() {
    raise_own_limit();
    let service = Service::start();
    let idle: Vec<TcpStream> = (0..IDLE_HTTP).map(|_| tcp(service.http)).collect();
    let reply = service.get("/healthz").is(200);
    assert_eq!(reply.body, "ok\n");
    drop(idle);
}

#[test]
fn what_the_kernel_drops_of_a_burst_is_counted() {
    let config = "[syslog]\nudp_buffer = 4096\n".to_owned();
    let service = Service::start_with(Setup {
        config,
        ..Setup::default()
    });
    let line = format!(
        "<166>{} esa1 mail_logs: Info: Status: CPULd 3 DskIO 0 RAMUtil 1",
        recent(0)
    );
    let dropped = || service.counter("refused", Some(("reason", "udp_kernel")));
    let mut sent = 0;
    // a burst may pass where the service is quick: a few more then, but not without end
    while dropped() == 0 && sent < 400_000 {
        sent += burst(service.udp, line.as_bytes(), 20_000);
    }
    assert!(dropped() > 0, "no burst was too much");
    let received = || service.counter("lines_received", Some(("transport", "udp")));
    service.eventually("every datagram counted", || {
        (received() + dropped() == sent).then_some(())
    });
    let text = service.get("/metrics").body;
    assert!(text.contains(r#"reason="udp_kernel""#), "{text}");
    service.eventually("a word in the log", || {
        service.log().contains("the kernel dropped").then_some(())
    });
}

/// So many datagrams, as fast as can be.
fn burst(to: SocketAddr, datagram: &[u8], count: u64) -> u64 {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a loopback address");
    for _ in 0..count {
        socket.send_to(datagram, to).expect("loopback takes it");
    }
    count
}

#[test]
fn where_nothing_was_dropped_the_counter_says_so() {
    let service = Service::start();
    service.eventually("a count of the kernel's drops", || {
        let text = service.get("/metrics").body;
        text.contains("whymid_refused_total{reason=\"udp_kernel\"} 0")
            .then_some(())
    });
}
