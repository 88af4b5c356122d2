//! Whoever sends a byte at a time, stops half-way, or never reads: nobody else waits for them, and
//! they are cut off. Slow lines over plain TCP are for `crowds.rs`.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

use crate::access::token;
use crate::encrypted::{Site, connect};
use crate::harness::{For, Service, Setup, is_for_tests, recent, sender_quit, tcp};

/// Slow connections of each kind.
const EACH: usize = 50;
/// Between two bytes.
const PACE: Duration = Duration::from_millis(200);
/// How long a head and a handshake may take, and a form; what comes on top is for a busy machine.
const HEAD: Duration = Duration::from_secs(10 + 6);
const FORM: Duration = Duration::from_secs(20 + 5 + 6);
/// What "quickly" means for everybody else, on a busy machine.
const QUICKLY: Duration = Duration::from_secs(3);

/// One connection that sends a byte now and then.
struct Slow {
    what: &'static str,
    /// Where its bytes go, through TLS or not.
    into: Box<dyn Write>,
    /// The connection itself.
    socket: TcpStream,
    byte: u8,
    begun: Instant,
    /// How long it took until the other side ended it.
    cut_after: Option<Duration>,
}

impl Slow {
    fn new(what: &'static str, mut into: Box<dyn Write>, socket: TcpStream, begins: &str) -> Self {
        into.write_all(begins.as_bytes())
            .expect("it reads the first bytes");
        socket.set_nonblocking(true).expect("a TCP connection");
        let byte = *begins.as_bytes().last().unwrap_or(&b'a');
        Self {
            what,
            into,
            socket,
            byte,
            begun: Instant::now(),
            cut_after: None,
        }
    }

    fn plain(what: &'static str, to: SocketAddr, begins: &str) -> Self {
        let stream = tcp(to);
        let socket = stream.try_clone().expect("a descriptor");
        Self::new(what, Box::new(stream), socket, begins)
    }

    /// A byte more, and a look whether the other side has ended it.
    fn drip(&mut self) {
        if self.cut_after.is_some() {
            return;
        }
        let sent = self.into.write_all(&[self.byte]);
        if sent.is_err() || is_over(&mut self.socket) {
            self.cut_after = Some(self.begun.elapsed());
        }
    }
}

/// Whether nothing comes any more; what did come is thrown away.
fn is_over(mut socket: impl Read) -> bool {
    loop {
        match socket.read(&mut [0; 4096]) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(error) => return error.kind() != ErrorKind::WouldBlock,
        }
    }
}

/// All of them a byte further, at their pace, until so long has passed.
fn drip(all: &mut [Slow], until: Instant) {
    while Instant::now() < until {
        all.iter_mut().for_each(Slow::drip);
        std::thread::sleep(PACE);
    }
}

/// Drips on until all are cut off, each in its time.
fn are_cut(all: &mut [Slow], within: impl Fn(&str) -> Duration) {
    let begun = Instant::now();
    let longest = all.iter().map(|one| within(one.what)).max();
    let longest = longest.unwrap_or_default();
    while all.iter().any(|one| one.cut_after.is_none()) && begun.elapsed() < longest {
        drip(all, Instant::now() + PACE);
    }
    for one in all {
        let within = within(one.what);
        let cut = one.cut_after;
        assert!(cut.is_some_and(|cut| cut < within), "{}: {cut:?}", one.what);
    }
}

/// Somebody who asks and somebody who sends are served at once.
fn nobody_waits(service: &Service, mid: u64) {
    let begun = Instant::now();
    service.get("/healthz").is(200);
    service.get("/v1/messages").is(200);
    let mut sender = tcp(service.tcp);
    let session = sender_quit(mid, "probe@other.example").stream("esa1");
    sender.write_all(&session).expect("the service reads");
    service.diagnosed(mid, "receiving-aborted-by-sender");
    assert!(begun.elapsed() < QUICKLY, "{:?}", begun.elapsed());
}

#[test]
fn heads_and_forms_that_drip_keep_nobody_waiting_and_are_cut_off() {
    let service = Service::start();
    let to = service.http;
    let form = |path: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: {to}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000000\r\n\r\nq=a"
        )
    };
    let kinds = [
        ("a request line", "GET /aa".to_owned()),
        ("a head", format!("GET / HTTP/1.1\r\nHost: {to}\r\nX-a: a")),
        ("a form", form("/sign-in")),
        ("a form", form("/ask")),
        (
            "a body that nobody wants",
            form("/healthz").replace("POST", "GET"),
        ),
    ];
    let mut slow: Vec<Slow> = kinds
        .iter()
        .flat_map(|(what, begins)| (0..EACH).map(|_| Slow::plain(what, to, begins)))
        .collect();
    drip(&mut slow, Instant::now() + 5 * PACE);
    nobody_waits(&service, 8101);
    are_cut(&mut slow, |what| match what {
        "a form" => FORM,
        _ => HEAD,
    });
    nobody_waits(&service, 8102);
}

/// A service that takes syslog over TLS and speaks HTTPS.
fn encrypted(site: &Site) -> Service {
    let folder = site.path().display();
    let files = format!("tls_certificate = \"{folder}/own.pem\"\ntls_key = \"{folder}/own.key\"\n");
    Service::start_with(Setup {
        config: format!("[http]\n{files}[syslog]\ntls = \"127.0.0.1:0\"\n{files}"),
        trust: Some(site.ours.pem.clone()),
        ..Setup::default()
    })
}

#[test]
fn behind_and_within_a_handshake_who_drips_keeps_nobody_waiting() {
    let site = Site::new();
    let both = site.ours.sign("whymid.example", For::Servers);
    both.write(site.path(), "own");
    let mut service = encrypted(&site);
    let (syslog, https) = (service.tls(), service.http);
    let shaken = |what, to, begins: &str| {
        let mut stream = connect(to, &site.ours.pem, None);
        stream
            .conn
            .complete_io(&mut stream.sock)
            .expect("a handshake");
        let socket = stream.sock.try_clone().expect("a descriptor");
        Slow::new(what, Box::new(stream), socket, begins)
    };
    // the beginning of a record of 16 KiB that never ends
    let hello = "\u{16}\u{3}\u{1}\u{40}\0\u{1}";
    let mut slow = Vec::new();
    for _ in 0..EACH {
        slow.push(Slow::plain("a handshake (syslog)", syslog, hello));
        slow.push(Slow::plain("a handshake (HTTPS)", https, hello));
        slow.push(shaken("a head", https, "GET / HTTP/1.1\r\nX-a: a"));
    }
    let line = format!("<166>{} esa1 mail_logs: Info: Status: a", recent(0));
    let lines = (0..EACH).map(|_| shaken("a line", syslog, &line));
    let mut lines: Vec<Slow> = lines.collect();
    drip(&mut slow, Instant::now() + 3 * PACE);
    drip(&mut lines, Instant::now() + 3 * PACE);
    nobody_waits(&service, 8111);
    are_cut(&mut slow, |_| HEAD);
    let failed = service.counter("refused", Some(("reason", "tls_failed")));
    assert_eq!(failed, EACH as u64);
    // a slow line is a line
    for one in &mut lines {
        assert_eq!(one.cut_after, None);
        one.into.write_all(b"\n").expect("the service reads");
        one.into.flush().expect("the service reads");
    }
    service.all_handled(8 + EACH as u64);
    nobody_waits(&service, 8112);
}

#[test]
fn a_stranger_s_connection_ends_with_its_first_response() {
    let (secret, config) = token("desk", "read");
    let service = Service::start_with(Setup {
        config,
        token: Some(secret.clone()),
        ..Setup::default()
    });
    let ask = |path: &str, more: &str| {
        let mut stream = tcp(service.http);
        let asked = format!(
            "GET {path} HTTP/1.1\r\nHost: {}\r\n{more}\r\n",
            service.http
        );
        stream.write_all(asked.as_bytes()).expect("it reads");
        stream
    };
    for (path, more) in [
        ("/healthz", ""),
        ("/v1/messages", ""),
        ("/nowhere", ""),
        ("/v1/messages", "Authorization: Bearer whymid_wrong\r\n"),
        ("/v1/messages", "Cookie: whymid_session=0\r\n"),
    ] {
        let mut told = String::new();
        let mut stream = ask(path, more);
        stream.read_to_string(&mut told).expect("an end");
        assert!(told.contains("\r\nconnection: close\r\n"), "{told}");
    }
    // who shows a token asks again by the same connection
    let bearer = format!("Authorization: Bearer {secret}\r\n");
    let mut stream = ask("/v1/diagnoses/delivered-ok", &bearer);
    let head = head_of(&mut stream);
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert!(!head.contains("connection: close"), "{head}");
}

/// The response's head.
fn head_of(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).expect("a head");
        head.extend(byte);
    }
    String::from_utf8(head).expect("ASCII")
}

/// Messages whose export is larger than what two kernels hold between a service and its reader.
const MESSAGES: u64 = 900;
const SUBJECT: usize = 12_000;

/// A service that waits for its readers so long, and holds the messages.
fn with_much_to_export(patience: Duration) -> Service {
    let service = Service::start_with(Setup {
        environment: vec![("WHYMID_TEST_READER_MS", patience.as_millis().to_string())],
        ..Setup::default()
    });
    let now = recent(0);
    let line =
        |mid: u64, rest: &str| format!("<166>{now} esa1 mail_logs: Info: MID {mid} {rest}\n");
    let subject = "x".repeat(SUBJECT);
    let lines = (1..=MESSAGES).map(|mid| line(mid, &format!("Subject '{subject}'")));
    let lines: String = lines.collect();
    let headers = [("Content-Type", "application/octet-stream")];
    service.post("/v1/lines", &headers, lines).is(202);
    service.all_handled(MESSAGES);
    service
}

/// Asks for the export, by a connection that holds so many bytes.
fn export(service: &Service, holds: usize) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.set_recv_buffer_size(holds).expect("a socket");
    socket.connect(&service.http.into()).expect("it listens");
    let mut stream = TcpStream::from(socket);
    let asked = format!(
        "GET /v1/messages HTTP/1.1\r\nHost: {}\r\nAccept: application/x-ndjson\r\nConnection: close\r\n\r\n",
        service.http
    );
    stream.write_all(asked.as_bytes()).expect("it reads");
    stream
}

/// Everything that still comes, up to an end that may be a sudden one.
fn rest_of(stream: &mut TcpStream, pause: Duration) -> Vec<u8> {
    let mut all = Vec::new();
    let mut piece = vec![0; 256 * 1024];
    while let Ok(read @ 1..) = stream.read(&mut piece) {
        all.extend(&piece[..read]);
        std::thread::sleep(pause);
    }
    all
}

#[test]
fn whoever_never_reads_an_export_is_cut_off() {
    if !is_for_tests() {
        return;
    }
    let service = with_much_to_export(Duration::from_secs(1));
    let mut reader = export(&service, 4096);
    let head = head_of(&mut reader);
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    // the service has an end of this connection, and of the one that the harness asks by
    let sockets = service.sockets();
    let begun = Instant::now();
    service.eventually("an end of the connection", || {
        (service.sockets() < sockets).then_some(())
    });
    let took = begun.elapsed();
    assert!(took > Duration::from_millis(500), "{took:?}");
    let rest = rest_of(&mut reader, Duration::ZERO);
    assert!(!rest.ends_with(b"\r\n0\r\n\r\n"), "it was sent as a whole");
    nobody_waits(&service, 8121);
}

#[test]
fn whoever_reads_an_export_slowly_gets_all_of_it() {
    if !is_for_tests() {
        return;
    }
    let service = with_much_to_export(Duration::from_secs(1));
    let mut reader = export(&service, 256 * 1024);
    let whole = rest_of(&mut reader, Duration::from_millis(50));
    assert!(whole.ends_with(b"\r\n0\r\n\r\n"), "it broke off");
    assert!(
        whole.len() as u64 > MESSAGES * SUBJECT as u64,
        "{}",
        whole.len()
    );
}
