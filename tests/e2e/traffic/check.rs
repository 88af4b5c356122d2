//! What the service answers against the books.

use std::collections::HashSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use super::book::{Book, Stream};
use super::mails::Mail;
use crate::harness::Asker;

/// Threads that ask at the same time.
const ASKERS: usize = 3;

/// What was found of some streams.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Found {
    pub(crate) messages: u64,
    pub(crate) connections: u64,
    pub(crate) lines: u64,
}

impl Found {
    fn add(&mut self, other: Self) {
        self.messages += other.messages;
        self.connections += other.connections;
        self.lines += other.lines;
    }
}

/// Asks for every mail of every stream; every fault there is.
pub(crate) fn all(asker: &Asker, book: &Book, streams: &[Stream]) -> Result<Found, Vec<String>> {
    let (next, told) = (
        AtomicUsize::new(0),
        Mutex::new((Found::default(), Vec::new())),
    );
    std::thread::scope(|scope| {
        for _ in 0..ASKERS {
            scope.spawn(|| {
                while let Some(stream) = streams.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = stream_found(asker, book, stream);
                    let mut told = told.lock().expect("no asker panicked");
                    match found {
                        Ok(found) => told.0.add(found),
                        Err(fault) => told.1.push(fault),
                    }
                }
            });
        }
    });
    let (found, faults) = told.into_inner().expect("no asker panicked");
    if faults.is_empty() {
        Ok(found)
    } else {
        Err(faults)
    }
}

/// The prefix that is there, mail by mail.
fn stream_found(asker: &Asker, book: &Book, stream: &Stream) -> Result<Found, String> {
    let mut found = Found::default();
    let mut cut = None;
    for mail in &stream.mails {
        let kept = mail_found(asker, book, *mail, cut.is_none())
            .map_err(|fault| format!("{}: {fault}", stream.sent))?;
        let all = mail.bodies().len();
        if cut.is_some() && kept.lines > 0 {
            return Err(format!(
                "{}: {mail:?} has {} lines, which were sent behind a gap at {cut:?}",
                stream.sent, kept.lines
            ));
        }
        if kept.lines < all as u64 {
            if stream.whole {
                let lines = kept.lines;
                return Err(format!(
                    "{}: {lines} of {all} lines of {mail:?}",
                    stream.sent
                ));
            }
            cut.get_or_insert(*mail);
        }
        found.add(kept);
    }
    Ok(found)
}

/// Where a stream is cut: the mails around it, and the first and the last one. Enough for a look
/// in between.
pub(crate) fn edges(asker: &Asker, stream: &Stream) -> Stream {
    let is_there = |mail: &Mail| {
        let reply = asker.get(&format!("/v1/why?mid={}", mail.0));
        reply.is_some_and(|reply| reply.status == 200)
    };
    let cut = stream.mails.partition_point(is_there);
    let last = stream.mails.len() - 1;
    let near = |place: usize| place == 0 || place == last || place.abs_diff(cut) < 2;
    let mails = stream.mails.iter().enumerate();
    let mails = mails.filter(|(place, _)| near(*place));
    Stream {
        mails: mails.map(|(_, mail)| *mail).collect(),
        ..stream.clone()
    }
}

/// How many of a mail's lines are there: the first ones, each once, and no others.
fn mail_found(asker: &Asker, book: &Book, mail: Mail, first: bool) -> Result<Found, String> {
    let Some(message) = answer(asker, "mid", mail.0, "message")? else {
        // the lines before the one that names the mail are the connection's
        let opened = first && answer(asker, "icid", mail.icid(), "connection")?.is_some();
        return Ok(Found {
            connections: u64::from(opened),
            ..Found::default()
        });
    };
    let id = message["id"].as_str().ok_or("a message without an id")?;
    let path = format!("/v1/messages/{id}?limit=1000");
    let timeline = asker.get(&path).ok_or("no answer")?;
    if timeline.status != 200 {
        return Err(format!(
            "{mail:?} {id}: {} {}",
            timeline.status, timeline.body
        ));
    }
    let entries = timeline.json()["entries"].take();
    let lines = kept_lines(book, mail, entries.as_array().ok_or("no entries")?)?;
    Ok(Found {
        messages: 1,
        connections: 1,
        lines,
    })
}

fn kept_lines(book: &Book, mail: Mail, entries: &[Value]) -> Result<u64, String> {
    let mut there = HashSet::new();
    for entry in entries {
        let line = entry["line"].as_str().ok_or("an entry without a line")?;
        if entry["copies"] != 1 || !there.insert(line.to_owned()) {
            return Err(format!("{mail:?}: more than once: {entry}"));
        }
    }
    for word in book.words_of(mail) {
        if !there.remove(&word.line) && word.sure {
            return Err(format!(
                "{mail:?}: acknowledged and not there: {}",
                word.line
            ));
        }
    }
    let bodies = mail.bodies();
    let kept = bodies.iter().take_while(|body| there.remove(*body)).count();
    if kept < Mail::OPENING || !there.is_empty() {
        let missing = bodies.get(kept);
        return Err(format!(
            "{mail:?}: {kept} lines, then {missing:?} is not there, and yet there are {there:?}"
        ));
    }
    Ok(kept as u64)
}

/// The answer's subject; `None` if the number is not known. Only one goes by it.
fn answer(asker: &Asker, by: &str, number: u64, what: &str) -> Result<Option<Value>, String> {
    let reply = asker
        .get(&format!("/v1/why?{by}={number}"))
        .ok_or("no answer")?;
    if reply.status == 404 {
        return Ok(None);
    }
    if reply.status != 200 {
        return Err(format!("{by} {number}: {} {}", reply.status, reply.body));
    }
    let mut answer = reply.json();
    let others = answer["candidates"].as_array().map_or(0, Vec::len);
    if others > 0 {
        return Err(format!(
            "{by} {number} is there {} times: {answer}",
            others + 1
        ));
    }
    Ok(Some(answer[what].take()))
}
