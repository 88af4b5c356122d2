//! Bodies are unpacked alike however they are cut into chunks, never beyond the limit, and never
//! in part.

use std::io::Write;

use crate::unpack::{Coding, Spoilt, Unpacker};

const CODINGS: [Coding; 3] = [Coding::Identity, Coding::Gzip, Coding::Zstd];

fn pack(coding: Coding, text: &[u8]) -> Vec<u8> {
    match coding {
        Coding::Identity => text.to_vec(),
        Coding::Gzip => {
            let mut encoder =
                flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
            encoder.write_all(text).unwrap();
            encoder.finish().unwrap()
        }
        Coding::Zstd => zstd::encode_all(text, 3).unwrap(),
    }
}

fn unpack(coding: Coding, body: &[u8], chunk: usize, most: usize) -> Result<Vec<u8>, Spoilt> {
    let mut unpacker = Unpacker::new(coding, most).unwrap();
    for chunk in body.chunks(chunk) {
        unpacker.push(chunk)?;
    }
    unpacker.finish()
}

fn text() -> Vec<u8> {
    let line = |number: u32| format!("Info: MID {number} queued for delivery {}\n", number * 7919);
    (0..3000).map(line).collect::<String>().into_bytes()
}

#[test]
fn however_it_is_cut_it_unpacks_to_the_same() {
    let text = text();
    for coding in CODINGS {
        let body = pack(coding, &text);
        for chunk in [1, 7, 4096, body.len()] {
            let unpacked = unpack(coding, &body, chunk, text.len()).unwrap();
            assert!(unpacked == text, "{coding:?} in chunks of {chunk}");
        }
    }
}

#[test]
fn members_and_frames_behind_one_another_are_one_text() {
    for coding in CODINGS {
        let body = [&b"one\n"[..], b"", b"two\n"].map(|text| pack(coding, text));
        for chunk in [1, 5, 1000] {
            let unpacked = unpack(coding, &body.concat(), chunk, 100).unwrap();
            assert_eq!(unpacked, b"one\ntwo\n", "{coding:?} in chunks of {chunk}");
        }
    }
}

#[test]
fn cut_short_anywhere_it_gives_nothing() {
    let text = &text()[..600];
    for coding in [Coding::Gzip, Coding::Zstd] {
        let body = pack(coding, text);
        for length in 1..body.len() {
            let unpacked = unpack(coding, &body[..length], 64, 1000);
            assert!(
                matches!(unpacked, Err(Spoilt::Broken(_))),
                "{coding:?} cut to {length} of {}",
                body.len()
            );
        }
    }
}

#[test]
fn damage_and_what_follows_the_end_give_nothing() {
    let text = text();
    for coding in [Coding::Gzip, Coding::Zstd] {
        let mut body = pack(coding, &text);
        body.extend_from_slice(b"what is this?");
        let unpacked = unpack(coding, &body, 1000, text.len());
        assert!(matches!(unpacked, Err(Spoilt::Broken(_))), "{coding:?}");
    }
    let mut body = pack(Coding::Gzip, &text);
    let checksum = body.len() - 8;
    body[checksum] ^= 1;
    let unpacked = unpack(Coding::Gzip, &body, 1000, text.len());
    assert!(matches!(unpacked, Err(Spoilt::Broken(_))));
}

#[test]
fn one_byte_above_the_limit_is_too_much() {
    let text = text();
    for coding in CODINGS {
        let body = pack(coding, &text);
        for chunk in [64, body.len()] {
            let unpacked = unpack(coding, &body, chunk, text.len() - 1);
            assert!(matches!(unpacked, Err(Spoilt::TooLarge)), "{coding:?}");
        }
    }
}

#[test]
fn a_bomb_ends_at_the_limit() {
    let zeros = vec![0; 8 * 1024 * 1024];
    for coding in [Coding::Gzip, Coding::Zstd] {
        let bomb = pack(coding, &zeros).repeat(100);
        let mut unpacker = Unpacker::new(coding, zeros.len()).unwrap();
        let mut fed = 0;
        let spoilt = bomb.chunks(512).find_map(|chunk| {
            fed += chunk.len();
            unpacker.push(chunk).err()
        });
        assert!(matches!(spoilt, Some(Spoilt::TooLarge)), "{coding:?}");
        assert!(fed < bomb.len() / 50, "{coding:?} took {fed} bytes");
    }
}

#[test]
fn a_frame_that_asks_for_too_much_memory_is_refused() {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.window_log(27).unwrap();
    encoder.write_all(b"a line\n").unwrap();
    let body = encoder.finish().unwrap();
    let unpacked = unpack(Coding::Zstd, &body, 1000, 1000);
    assert!(matches!(unpacked, Err(Spoilt::Broken(_))));
}
