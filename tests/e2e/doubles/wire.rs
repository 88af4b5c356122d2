//! Requests as they come over the wire (RFC 9112): the head, `Content-Length` and chunked bodies.

use std::io::{BufRead, Read as _, Write};

use serde_json::Value;

/// The most that the head may take.
const HEAD: u64 = 64 << 10;
/// The most that a body may take.
const BODY: u64 = 16 << 20;

/// One request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// As it came, without the query.
    pub(crate) path: String,
    /// The query, decoded.
    pub(crate) query: Vec<(String, String)>,
    /// The names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// A header by its lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        named(&self.headers, name)
    }

    /// A parameter of the query.
    pub(crate) fn asked(&self, name: &str) -> Option<&str> {
        named(&self.query, name)
    }

    /// The path's segments.
    pub(crate) fn segments(&self) -> Vec<&str> {
        self.path.split('/').filter(|one| !one.is_empty()).collect()
    }

    /// The body as JSON; null where it is none or says that it is something else.
    pub(crate) fn json(&self) -> Value {
        let media = self.header("content-type").unwrap_or_default();
        if media.split(';').next().map(str::trim) != Some("application/json") {
            return Value::Null;
        }
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(super) fn stays_open(&self) -> bool {
        let told = self.header("connection").unwrap_or_default();
        !told.eq_ignore_ascii_case("close")
    }
}

fn named<'a>(all: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found = all.iter().find(|(known, _)| known == name)?;
    Some(&found.1)
}

/// The next request; `None` at the end of the connection.
///
/// # Errors
/// A status, where it is no request.
pub(super) fn read(from: &mut impl BufRead, mut to: impl Write) -> Result<Option<Request>, u16> {
    let Some(head) = head(from)? else {
        return Ok(None);
    };
    let mut request = parsed(&head).ok_or(400_u16)?;
    if request.header("expect").is_some() {
        to.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")
            .map_err(|_| 400_u16)?;
    }
    request.body = match (
        request.header("transfer-encoding"),
        request.header("content-length"),
    ) {
        (Some(coding), None) if coding.eq_ignore_ascii_case("chunked") => chunks(from)?,
        (Some(_), _) => return Err(400),
        (None, Some(length)) => exactly(from, length.parse().map_err(|_| 400_u16)?)?,
        (None, None) => Vec::new(),
    };
    Ok(Some(request))
}

/// The head's lines; `None` where the connection ends before it.
fn head(from: &mut impl BufRead) -> Result<Option<String>, u16> {
    let mut head = Vec::new();
    let mut limited = from.take(HEAD);
    loop {
        let before = head.len();
        let Ok(read) = limited.read_until(b'\n', &mut head) else {
            return Ok(None);
        };
        if read == 0 {
            return if limited.limit() == 0 {
                Err(431)
            } else {
                Ok(None)
            };
        }
        if matches!(&head[before..], b"\r\n" | b"\n") && before > 0 {
            return String::from_utf8(head).map(Some).map_err(|_| 400);
        }
    }
}

fn parsed(head: &str) -> Option<Request> {
    let mut lines = head.lines().filter(|line| !line.is_empty());
    let mut first = lines.next()?.split(' ');
    let (method, target, version) = (first.next()?, first.next()?, first.next()?);
    if first.next().is_some() || version != "HTTP/1.1" || !target.starts_with('/') {
        return None;
    }
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Some(Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: serde_urlencoded::from_str(query).ok()?,
        headers: lines.map(field).collect::<Option<_>>()?,
        body: Vec::new(),
    })
}

fn field(line: &str) -> Option<(String, String)> {
    let (name, value) = line.split_once(':')?;
    let is_name = !name.is_empty() && !name.contains(char::is_whitespace);
    is_name.then(|| (name.to_ascii_lowercase(), value.trim().to_owned()))
}

fn exactly(from: &mut impl BufRead, length: u64) -> Result<Vec<u8>, u16> {
    if length > BODY {
        return Err(413);
    }
    let mut body = Vec::new();
    let read = from.take(length).read_to_end(&mut body);
    match read {
        Ok(read) if read as u64 == length => Ok(body),
        Ok(_) | Err(_) => Err(400),
    }
}

fn chunks(from: &mut impl BufRead) -> Result<Vec<u8>, u16> {
    let mut body = Vec::new();
    loop {
        let size = line(from)?;
        let size = size.split(';').next().unwrap_or_default().trim();
        let size = u64::from_str_radix(size, 16).map_err(|_| 400_u16)?;
        if size == 0 {
            // trailers end with an empty line
            while !line(from)?.is_empty() {}
            return Ok(body);
        }
        if body.len() as u64 + size > BODY {
            return Err(413);
        }
        body.extend(exactly(from, size)?);
        if !line(from)?.is_empty() {
            return Err(400);
        }
    }
}

fn line(from: &mut impl BufRead) -> Result<String, u16> {
    let mut line = String::new();
    let read = from.take(HEAD).read_line(&mut line);
    match read {
        Ok(1..) if line.ends_with('\n') => Ok(line.trim_end_matches(['\r', '\n']).to_owned()),
        Ok(_) | Err(_) => Err(400),
    }
}
