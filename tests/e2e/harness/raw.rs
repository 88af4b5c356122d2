//! Requests and responses as bytes: no client mends what is sent or overlooks what came.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr};
use std::time::Duration;

use super::tcp;

/// One response.
#[derive(Debug)]
pub(crate) struct Raw {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Raw {
    /// A header by its lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        let found = headers.find(|(known, _)| known == name)?;
        Some(&found.1)
    }
}

/// Sends bytes by a connection of their own and reads every response to its end, strictly by RFC
/// 9112: the test fails where anything else comes.
#[track_caller]
pub(crate) fn exchange(to: SocketAddr, request: &[u8]) -> Vec<Raw> {
    let mut stream = tcp(to);
    let patience = Some(Duration::from_secs(20));
    stream.set_read_timeout(patience).expect("a TCP connection");
    // a service that has read enough of it may be gone already
    let _ = stream.write_all(request);
    let _ = stream.shutdown(Shutdown::Write);
    let mut told = Vec::new();
    let _ = stream.read_to_end(&mut told);
    let mut rest = told.as_slice();
    let mut all = Vec::new();
    while !rest.is_empty() {
        let (one, behind) = response(rest)
            .unwrap_or_else(|| panic!("no response: {:?}", String::from_utf8_lossy(rest)));
        all.push(one);
        rest = behind;
    }
    all
}

/// The first response, and what stands behind it.
fn response(bytes: &[u8]) -> Option<(Raw, &[u8])> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.strip_prefix("HTTP/1.1 ")?;
    let (status, reason) = status.split_at_checked(3)?;
    let headers: Vec<_> = lines.map(header).collect::<Option<_>>()?;
    let mut raw = Raw {
        status: status.parse().ok()?,
        headers,
        body: Vec::new(),
    };
    is_plain(reason).then_some(())?;
    let rest = &bytes[end + 4..];
    let behind = if raw.header("transfer-encoding") == Some("chunked") {
        chunks(rest, &mut raw.body)?
    } else {
        let length = raw.header("content-length").unwrap_or("0");
        let (body, behind) = rest.split_at_checked(length.parse().ok()?)?;
        raw.body.extend(body);
        behind
    };
    Some((raw, behind))
}

fn header(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(':')?;
    let is_name = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (is_name && !name.is_empty() && is_plain(value))
        .then(|| (name.to_ascii_lowercase(), value.trim().to_owned()))
}

fn is_plain(text: &str) -> bool {
    !text.contains(char::is_control)
}

/// What stands behind the last chunk.
fn chunks<'b>(mut bytes: &'b [u8], into: &mut Vec<u8>) -> Option<&'b [u8]> {
    loop {
        let end = bytes.windows(2).position(|two| two == b"\r\n")?;
        let length = std::str::from_utf8(&bytes[..end]).ok()?;
        let length = usize::from_str_radix(length, 16).ok()?;
        let (chunk, behind) = bytes[end + 2..].split_at_checked(length)?;
        bytes = behind.strip_prefix(b"\r\n")?;
        if length == 0 {
            return Some(bytes);
        }
        into.extend(chunk);
    }
}
