//! Sending lines as an appliance or a relay would: datagrams and TCP streams, from any loopback
//! address.

use std::io::Write as _;
use std::net::{SocketAddr, TcpStream, UdpSocket};

use socket2::{Domain, Socket, Type};

/// Opens a TCP connection.
pub(crate) fn tcp(to: SocketAddr) -> TcpStream {
    TcpStream::connect(to).expect("the service takes connections")
}

/// Opens a TCP connection from an address of our own.
pub(crate) fn tcp_from(from: &str, to: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    let from: SocketAddr = format!("{from}:0").parse().expect("an address");
    socket.bind(&from.into()).expect("a loopback address");
    socket
        .connect(&to.into())
        .expect("the service takes connections");
    socket.into()
}

/// Sends one datagram for each line, from an address of our own.
pub(crate) fn udp_from<L: AsRef<[u8]>>(from: &str, to: SocketAddr, lines: &[L]) {
    let socket = UdpSocket::bind(format!("{from}:0")).expect("a loopback address");
    for line in lines {
        socket
            .send_to(line.as_ref(), to)
            .expect("loopback takes datagrams");
    }
}

/// Sends one datagram for each line.
pub(crate) fn datagrams<L: AsRef<[u8]>>(to: SocketAddr, lines: &[L]) {
    udp_from("127.0.0.1", to, lines);
}

/// A line as an octet-counted frame (RFC 6587, 3.4.1).
pub(crate) fn octet_counted(line: &str) -> Vec<u8> {
    let mut frame = Vec::new();
    write!(frame, "{} {line}", line.len()).expect("memory takes it");
    frame
}
