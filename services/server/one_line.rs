//! The log on stderr: one line for each event, whatever strangers wrote into it.
//!
//! A control character within an event is written as an escape; only tabs, and the escape character
//! that colours begin with, stay: `tracing` itself lets none of those in from a text.

use std::io::{self, Write};

/// stderr, an event a call.
#[derive(Debug)]
pub struct OneLine;

impl Write for OneLine {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        io::stderr().lock().write_all(&on_one_line(event))?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

fn on_one_line(event: &[u8]) -> Vec<u8> {
    let (text, end) = match event.strip_suffix(b"\n") {
        Some(text) => (text, &b"\n"[..]),
        None => (event, &b""[..]),
    };
    let mut line = Vec::with_capacity(event.len());
    for byte in text {
        match byte {
            b'\t' | 0x1b => line.push(*byte),
            byte if byte.is_ascii_control() => line.extend(byte.escape_ascii()),
            byte => line.push(*byte),
        }
    }
    line.extend(end);
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_one_line() {
        let told = |event: &str| {
            let line = on_one_line(event.as_bytes());
            String::from_utf8(line).expect("it was UTF-8")
        };
        assert_eq!(told("INFO 件名\tready\n"), "INFO 件名\tready\n");
        assert_eq!(told("a\r\nERROR b\0\x7f\n"), "a\\r\\nERROR b\\x00\\x7f\n");
        assert_eq!(told("\x1b[32mINFO\x1b[0m"), "\x1b[32mINFO\x1b[0m");
        assert_eq!(told(""), "");
    }
}
