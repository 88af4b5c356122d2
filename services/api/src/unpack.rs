//! The bytes of a body, chunk by chunk, in the coding that it came in, into what they stand for.
//!
//! Invariants: no more than a limit is ever held, so that a bomb ends at the limit and not where
//! memory does; what was cut short or damaged gives an error, never a part of itself. Several
//! gzip members or zstd frames behind one another are one text (RFC 1952 2.2, RFC 8878 3.1).
//!
//! Not here: the limits and what a client is told (`body.rs`).

use std::io::{self, Write};

use flate2::write::MultiGzDecoder;
use zstd::stream::{
    raw::{DParameter, Decoder},
    zio,
};

/// The most memory of the past that a zstd frame may ask for: 8 MiB, as RFC 9659 has it for HTTP.
const ZSTD_WINDOW_LOG: u32 = 23;

/// How a body is coded (`Content-Encoding`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Identity,
    Gzip,
    Zstd,
}

/// Why a body could not be unpacked.
#[derive(Debug)]
pub(crate) enum Spoilt {
    /// It is longer than the limit.
    TooLarge,
    /// It is not what its coding says, or not all of it.
    Broken(io::Error),
}

/// Unpacks one body.
pub(crate) struct Unpacker(Kind);

enum Kind {
    Identity(Held),
    Gzip(Box<MultiGzDecoder<Held>>),
    Zstd(Box<zio::Writer<Held, Decoder<'static>>>),
}

impl Unpacker {
    /// For a body that may have `most` bytes once it is unpacked.
    pub(crate) fn new(coding: Coding, most: usize) -> io::Result<Self> {
        let held = Held::up_to(most);
        Ok(Self(match coding {
            Coding::Identity => Kind::Identity(held),
            Coding::Gzip => Kind::Gzip(Box::new(MultiGzDecoder::new(held))),
            Coding::Zstd => {
                let mut decoder = Decoder::new()?;
                decoder.set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG))?;
                Kind::Zstd(Box::new(zio::Writer::new(held, decoder)))
            }
        }))
    }

    /// Takes the next bytes of the body.
    pub(crate) fn push(&mut self, chunk: &[u8]) -> Result<(), Spoilt> {
        let pushed = match &mut self.0 {
            Kind::Identity(held) => held.write_all(chunk),
            Kind::Gzip(decoder) => decoder.write_all(chunk),
            Kind::Zstd(decoder) => decoder.write_all(chunk),
        };
        pushed.map_err(|error| self.spoilt(error))
    }

    /// The body is over: all that it stood for.
    pub(crate) fn finish(mut self) -> Result<Vec<u8>, Spoilt> {
        let finished = match &mut self.0 {
            Kind::Identity(_) => Ok(()),
            Kind::Gzip(decoder) => decoder.try_finish(),
            Kind::Zstd(decoder) => decoder.finish(),
        };
        finished.map_err(|error| self.spoilt(error))?;
        Ok(std::mem::take(&mut self.held_mut().bytes))
    }

    fn held_mut(&mut self) -> &mut Held {
        match &mut self.0 {
            Kind::Identity(held) => held,
            Kind::Gzip(decoder) => decoder.get_mut(),
            Kind::Zstd(decoder) => decoder.writer_mut(),
        }
    }

    fn spoilt(&mut self, error: io::Error) -> Spoilt {
        if self.held_mut().is_full {
            Spoilt::TooLarge
        } else {
            Spoilt::Broken(error)
        }
    }
}

/// Bytes up to a limit; beyond it nothing can be written any more.
struct Held {
    bytes: Vec<u8>,
    most: usize,
    is_full: bool,
}

impl Held {
    fn up_to(most: usize) -> Self {
        Self {
            bytes: Vec::new(),
            most,
            is_full: false,
        }
    }

    /// Room doubles as in any `Vec`, but never above the limit.
    fn make_room(&mut self, more: usize) {
        let needed = self.bytes.len() + more;
        if needed > self.bytes.capacity() {
            let roomy = (needed * 2).min(self.most);
            self.bytes.reserve_exact(roomy - self.bytes.len());
        }
    }
}

impl Write for Held {
    fn write(&mut self, chunk: &[u8]) -> io::Result<usize> {
        if self.is_full || chunk.len() > self.most - self.bytes.len() {
            self.is_full = true;
            return Err(io::Error::other("longer than it may be"));
        }
        self.make_room(chunk.len());
        self.bytes.extend_from_slice(chunk);
        Ok(chunk.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
