//! Stands between the service and a ticket system: passes everything on, or holds one answer back.
//!
//! One request a connection; the ticket system closes it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Whether a request line is the one whose answer is held back.
type IsIt = fn(&str) -> bool;

#[derive(Default)]
struct State {
    hold: Option<IsIt>,
    /// Whoever waits for an answer that does not come.
    held: Vec<TcpStream>,
}

/// See the file's head.
pub(super) struct Relay {
    port: u16,
    state: Arc<Mutex<State>>,
}

impl Relay {
    /// Passes on to a port of this machine.
    pub(super) fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let own = listener.local_addr().expect("it is bound").port();
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        // ends with the process: nobody asks any more by then
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                std::thread::spawn(move || pass_on(stream, port, &state));
            }
        });
        Self { port: own, state }
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Holds back the answers to such requests from now on.
    pub(super) fn hold(&self, is_it: IsIt) {
        let mut state = lock(&self.state);
        state.hold = Some(is_it);
        state.held.clear();
    }

    /// Whether an answer is held back: the ticket system has done what was asked.
    pub(super) fn held(&self) -> bool {
        !lock(&self.state).held.is_empty()
    }

    /// Holds back no further answers; those that are never come.
    pub(super) fn pass(&self) {
        lock(&self.state).hold = None;
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whoever goes away in between is none of our business.
fn pass_on(mut from: TcpStream, port: u16, state: &Mutex<State>) -> Option<()> {
    let (first, request) = read(&from)?;
    let mut to = TcpStream::connect(("127.0.0.1", port)).ok()?;
    to.write_all(&request).ok()?;
    let mut answer = Vec::new();
    to.read_to_end(&mut answer).ok()?;
    let mut state = lock(state);
    if state.hold.is_some_and(|is_it| is_it(&first)) {
        state.held.push(from);
        return None;
    }
    from.write_all(&answer).ok()
}

/// A request, and its first line.
fn read(from: &TcpStream) -> Option<(String, Vec<u8>)> {
    let mut reader = BufReader::new(from);
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let begin = head.len();
        reader.read_line(&mut head).ok()?;
        let line = head[begin..].trim_end();
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().ok()?;
        }
    }
    let first = head.lines().next()?.to_owned();
    let mut request = head.into_bytes();
    let body = request.len();
    request.resize(body + length, 0);
    reader.read_exact(&mut request[body..]).ok()?;
    Some((first, request))
}
