//! A small HTTP/1.1 server (RFC 9112) on 127.0.0.1: a thread for each connection, which stays open.
//!
//! It keeps its port while it is down: nobody else gets it, and who connects is refused.

use std::collections::HashMap;
use std::io::{BufReader, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use super::wire::{self, Request};

/// What is answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// The body drips over so long a time.
    pub(crate) drip: Duration,
}

impl Answer {
    /// Without a body.
    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            drip: Duration::ZERO,
        }
    }

    /// With text of a media type.
    pub(crate) fn text(status: u16, media: &str, body: &str) -> Self {
        let mut answer = Self::empty(status).with("Content-Type", media);
        answer.body = body.as_bytes().to_vec();
        answer
    }

    pub(crate) fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::text(status, "application/json;charset=UTF-8", &body.to_string())
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

/// Answers requests; `None` closes the connection without an answer.
type Handler = Arc<dyn Fn(&Request) -> Option<Answer> + Send + Sync>;

/// What the threads share.
struct Shared {
    handler: Handler,
    requests: AtomicU64,
    ending: AtomicBool,
    open: Mutex<HashMap<u64, TcpStream>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// See the file's head. Ends when it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Mutex<Option<JoinHandle<()>>>,
    /// Bound and never listening: it keeps the port.
    _place: Socket,
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Server {
    /// Starts one, on a port that the kernel chooses.
    pub(crate) fn start(
        handler: impl Fn(&Request) -> Option<Answer> + Send + Sync + 'static,
    ) -> Self {
        let (place, address) = place();
        let shared = Shared {
            handler: Arc::new(handler),
            requests: AtomicU64::new(0),
            ending: AtomicBool::new(true),
            open: Mutex::default(),
            threads: Mutex::default(),
        };
        let server = Self {
            address,
            shared: Arc::new(shared),
            accepting: Mutex::default(),
            _place: place,
        };
        server.up();
        server
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// So many requests came in, whatever was answered.
    pub(crate) fn requests(&self) -> u64 {
        self.shared.requests.load(Ordering::SeqCst)
    }

    /// Listens, if it does not yet.
    pub(crate) fn up(&self) {
        let mut accepting = lock(&self.accepting);
        if accepting.is_some() {
            return;
        }
        let listener = TcpListener::bind(self.address).expect("its own port");
        self.shared.ending.store(false, Ordering::SeqCst);
        let shared = Arc::clone(&self.shared);
        *accepting = Some(std::thread::spawn(move || accept(&listener, &shared)));
    }

    /// Closes every connection and refuses others.
    pub(crate) fn down(&self) {
        let Some(accepting) = lock(&self.accepting).take() else {
            return;
        };
        self.shared.ending.store(true, Ordering::SeqCst);
        // wakes the thread that waits for connections
        drop(TcpStream::connect(self.address));
        let _ = accepting.join();
        for stream in lock(&self.shared.open).values() {
            let _ = stream.shutdown(Shutdown::Both);
        }
        let threads = std::mem::take(&mut *lock(&self.shared.threads));
        for thread in threads {
            let _ = thread.join();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.down();
    }
}

/// A port of its own.
pub(super) fn place() -> (Socket, SocketAddr) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.set_reuse_address(true).expect("a socket");
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    socket.bind(&any.into()).expect("a port");
    let address = socket.local_addr().expect("an address");
    (socket, address.as_socket().expect("an IP address"))
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for (number, stream) in (0..).zip(listener.incoming()) {
        if shared.ending.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        let Ok(other) = stream.try_clone() else {
            continue;
        };
        lock(&shared.open).insert(number, other);
        let own = Arc::clone(shared);
        let thread = std::thread::spawn(move || {
            serve(&stream, &own);
            lock(&own.open).remove(&number);
            let _ = stream.shutdown(Shutdown::Both);
        });
        let mut threads = lock(&shared.threads);
        threads.retain(|thread| !thread.is_finished());
        threads.push(thread);
    }
}

/// Answers one connection's requests, one after the other.
fn serve(stream: &TcpStream, shared: &Shared) {
    let _ = stream.set_nodelay(true);
    let mut reader = BufReader::new(stream);
    loop {
        let request = match wire::read(&mut reader, stream) {
            Ok(Some(request)) => request,
            Ok(None) => return,
            Err(status) => {
                let _ = write(stream, &Answer::empty(status), false);
                // what was sent is read first: closing before would take the answer away
                let _ = stream.shutdown(Shutdown::Write);
                let _ = std::io::copy(&mut reader, &mut std::io::sink());
                return;
            }
        };
        shared.requests.fetch_add(1, Ordering::SeqCst);
        let Some(answer) = (shared.handler)(&request) else {
            return;
        };
        let stays = request.stays_open();
        if write(stream, &answer, stays).is_err() || !stays {
            return;
        }
    }
}

fn write(mut stream: &TcpStream, answer: &Answer, stays: bool) -> std::io::Result<()> {
    let mut head = format!("HTTP/1.1 {} {}\r\n", answer.status, reason(answer.status));
    for (name, value) in &answer.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if answer.status != 204 {
        head.push_str(&format!("Content-Length: {}\r\n", answer.body.len()));
    }
    head.push_str(if stays {
        "\r\n"
    } else {
        "Connection: close\r\n\r\n"
    });
    if answer.drip.is_zero() {
        let whole = [head.as_bytes(), &answer.body].concat();
        return stream.write_all(&whole);
    }
    stream.write_all(head.as_bytes())?;
    drip(stream, &answer.body, answer.drip)
}

/// In at most 20 pieces, with equal pauses before each.
fn drip(mut stream: &TcpStream, body: &[u8], time: Duration) -> std::io::Result<()> {
    let pieces = body.len().clamp(1, 20);
    let pause = time / u32::try_from(pieces).unwrap_or(1);
    for piece in body.chunks(body.len().div_ceil(pieces).max(1)) {
        std::thread::sleep(pause);
        stream.write_all(piece)?;
    }
    Ok(())
}

const fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        204 => "No Content",
        302 => "Found",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        410 => "Gone",
        413 => "Content Too Large",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        _ => "Answer",
    }
}
