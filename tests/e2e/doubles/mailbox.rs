//! A mail server with one mailbox (RFC 5321): a mail whose `Message-ID` came before is dropped, as
//! many mailboxes do. The mails of a key are a ticket, which nobody closes.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};
use socket2::Socket;

use super::server::{lock, place};
use super::{Deed, Fault, Faults, Seen, System};

/// A mail: its `Message-ID`, its key, its plain text.
struct Mail {
    id: String,
    key: String,
    text: String,
}

#[derive(Default)]
struct Shared {
    mails: Mutex<Vec<Mail>>,
    complaints: Mutex<Vec<String>>,
    faults: Faults,
    mails_sent: AtomicU64,
    ending: AtomicBool,
    open: Mutex<Vec<TcpStream>>,
}

/// See the file's head. Ends when it is dropped.
pub(crate) struct Mailbox {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Mutex<Option<JoinHandle<()>>>,
    /// Bound and never listening: it keeps the port.
    _place: Socket,
}

impl Mailbox {
    /// On a port that the kernel chooses.
    pub(crate) fn start() -> Self {
        let (place, address) = place();
        let mailbox = Self {
            address,
            shared: Arc::default(),
            accepting: Mutex::default(),
            _place: place,
        };
        mailbox.up();
        mailbox
    }
}

impl Drop for Mailbox {
    fn drop(&mut self) {
        self.down();
    }
}

impl System for Mailbox {
    fn kind(&self) -> &'static str {
        "email"
    }

    fn tickets(&self) -> Vec<Seen> {
        let mut tickets: Vec<Seen> = Vec::new();
        for mail in lock(&self.shared.mails).iter() {
            let known = tickets.iter_mut().find(|one| one.key == mail.key);
            match known {
                Some(ticket) => ticket.texts.push(mail.text.clone()),
                None => tickets.push(Seen {
                    key: mail.key.clone(),
                    id: mail.key.clone(),
                    open: true,
                    texts: vec![mail.text.clone()],
                }),
            }
        }
        tickets
    }

    fn requests(&self) -> u64 {
        self.shared.mails_sent.load(Ordering::SeqCst)
    }

    fn complaints(&self) -> Vec<String> {
        lock(&self.shared.complaints).clone()
    }

    fn faults(&self) -> &Faults {
        &self.shared.faults
    }

    fn down(&self) {
        let Some(accepting) = lock(&self.accepting).take() else {
            return;
        };
        self.shared.ending.store(true, Ordering::SeqCst);
        // wakes the thread that waits for connections
        drop(TcpStream::connect(self.address));
        let _ = accepting.join();
        for stream in lock(&self.shared.open).drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    fn up(&self) {
        let mut accepting = lock(&self.accepting);
        if accepting.is_some() {
            return;
        }
        let listener = TcpListener::bind(self.address).expect("its own port");
        self.shared.ending.store(false, Ordering::SeqCst);
        let shared = Arc::clone(&self.shared);
        *accepting = Some(std::thread::spawn(move || accept(&listener, &shared)));
    }

    fn target(&self) -> Value {
        json!({
            "kind": "email", "host": self.address.ip().to_string(), "port": self.address.port(),
            "tls": "none", "from": "whymid@corp.example", "to": ["tickets@corp.example"],
        })
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.ending.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        let Ok(other) = stream.try_clone() else {
            continue;
        };
        let mut open = lock(&shared.open);
        open.retain(|one| one.peer_addr().is_ok());
        open.push(other);
        let own = Arc::clone(shared);
        std::thread::spawn(move || {
            // whoever goes away in the middle has sent no mail
            let _ = serve(&stream, &own);
            let _ = stream.shutdown(Shutdown::Both);
        });
    }
}

/// Takes mails until somebody has enough.
fn serve(mut stream: &TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    stream.write_all(b"220 mailbox.corp.example ESMTP\r\n")?;
    let mut line = String::new();
    while reader.read_line(&mut line)? > 0 {
        let word = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        let answer = match word.as_str() {
            "EHLO" | "HELO" => "250-mailbox.corp.example\r\n250 8BITMIME\r\n",
            "MAIL" | "RCPT" | "RSET" | "NOOP" => "250 as you wish\r\n",
            "DATA" => {
                stream.write_all(b"354 go on\r\n")?;
                let Some(mail) = data(&mut reader)? else {
                    return Ok(());
                };
                match take(&mail, shared) {
                    Some(answer) => answer,
                    None => return Ok(()),
                }
            }
            "QUIT" => return stream.write_all(b"221 bye\r\n"),
            _ => {
                lock(&shared.complaints).push(line.clone());
                "500 what?\r\n"
            }
        };
        stream.write_all(answer.as_bytes())?;
        line.clear();
    }
    Ok(())
}

/// A mail up to its final dot; `None` where it breaks off.
fn data(reader: &mut BufReader<&TcpStream>) -> std::io::Result<Option<String>> {
    let (mut mail, mut line) = (String::new(), Vec::new());
    while reader.read_until(b'\n', &mut line)? > 0 {
        let text = String::from_utf8_lossy(&line);
        if text == ".\r\n" {
            return Ok(Some(mail));
        }
        mail.push_str(text.strip_prefix('.').unwrap_or(&text));
        line.clear();
    }
    Ok(None)
}

/// The answer to a mail; `None` closes the connection.
fn take(mail: &str, shared: &Shared) -> Option<&'static str> {
    const TAKEN: &str = "250 taken\r\n";
    const LATER: &str = "451 not now\r\n";
    shared.mails_sent.fetch_add(1, Ordering::SeqCst);
    let mut mails = lock(&shared.mails);
    let key = header(mail, "X-Whymid-Key");
    let is_known = mails.iter().any(|one| one.key == key);
    let deed = if is_known { Deed::Change } else { Deed::Create };
    let fault = shared.faults.meet(deed);
    if fault.is_none_or(Fault::is_done) {
        let id = header(mail, "Message-ID");
        if key.is_empty() || id.is_empty() {
            lock(&shared.complaints).push(mail.to_owned());
        }
        if !mails.iter().any(|one| one.id == id) {
            let text = plain(mail);
            mails.push(Mail { id, key, text });
        }
    }
    drop(mails);
    match fault {
        None | Some(Fault::Twice) => Some(TAKEN),
        Some(Fault::Drips(time)) => {
            std::thread::sleep(Duration::from_millis(time));
            Some(TAKEN)
        }
        Some(Fault::DoneThenDropped | Fault::Dropped) => None,
        Some(
            Fault::TooMany(_)
            | Fault::Refused(_)
            | Fault::DoneThenRefused(_)
            | Fault::Moved
            | Fault::DoneThenPage
            | Fault::Page
            | Fault::Unauthorized
            | Fault::Forbidden,
        ) => Some(LATER),
    }
}

/// A header's value; empty where there is none.
fn header(mail: &str, name: &str) -> String {
    let head = mail.split("\r\n\r\n").next().unwrap_or_default();
    let found = head.lines().find_map(|line| {
        let (known, value) = line.split_once(':')?;
        known.eq_ignore_ascii_case(name).then(|| value.trim())
    });
    found.unwrap_or_default().to_owned()
}

/// The part that is plain text, with its lines whole (RFC 2045, 6.7).
fn plain(mail: &str) -> String {
    let text = mail.split("Content-Type: text/html").next();
    text.unwrap_or_default().replace("=\r\n", "")
}
