//! A frame to the bytes of one record, and back.
//!
//! ```text
//! length u32 │ crc32 u32 │ received_at i64 │ source u32 │ flags u8 │ peer 0, 4 or 16 │ label │ line
//!            │           └──────────────────────────── the body ───────────────────────────────────┘
//! ```
//! All numbers little-endian, addresses in network order. `length` is the body's, and the
//! checksum is over the body. `flags`, from the lowest bit: transport (2), lane (1), defect (2),
//! peer (2), label (1). Segments of version 1 have no labels, and are read by the same rules.
//!
//! Decoding gives back what was encoded, with two exceptions: `received_at` is kept in whole
//! microseconds, a label's `near` in whole seconds. Whether a body is what was written is
//! `reader.rs`'s business (checksum); here it is only whether the body means something. A
//! label's bytes are `label.rs`'s business.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use jiff::Timestamp;
use whymid_syslog::{Defect, Frame, Lane, MAX_LINE, Transport};

use crate::Error;
use crate::label::{self, Labels, MAX_LABEL_BYTES};

/// Bytes before the body: length and checksum.
pub(crate) const HEAD_BYTES: usize = 8;
/// The shortest body: no peer, an empty line.
pub(crate) const MIN_BODY: usize = 13;
/// No body is longer.
pub(crate) const MAX_BODY: usize = MIN_BODY + 16 + MAX_LABEL_BYTES + MAX_LINE;

const LANE_SHIFT: u8 = 2;
const DEFECT_SHIFT: u8 = 3;
const PEER_SHIFT: u8 = 5;
const LABEL_SHIFT: u8 = 7;

/// The first bytes of a record.
pub(crate) struct Head {
    /// The body's length in bytes, as written: check it before use.
    pub length: usize,
    /// The body's checksum.
    pub crc: u32,
}

impl Head {
    pub(crate) fn read(bytes: [u8; HEAD_BYTES]) -> Self {
        let [l0, l1, l2, l3, c0, c1, c2, c3] = bytes;
        Self {
            length: u32::from_le_bytes([l0, l1, l2, l3]) as usize,
            crc: u32::from_le_bytes([c0, c1, c2, c3]),
        }
    }
}

/// Appends the record of `frame` to `out`, or leaves `out` as it was if the line or a name in
/// the label is too long.
pub(crate) fn encode(frame: &Frame, out: &mut Vec<u8>) -> Result<(), Error> {
    let len = frame.bytes.len();
    if len > MAX_LINE {
        return Err(Error::LineTooLong { len });
    }
    frame.label.as_deref().map_or(Ok(()), label::check)?;
    let start = out.len();
    out.extend_from_slice(&[0; HEAD_BYTES]);
    encode_body(frame, out);
    fill_in_head(&mut out[start..]);
    Ok(())
}

fn encode_body(frame: &Frame, out: &mut Vec<u8>) {
    out.extend_from_slice(&frame.received_at.as_microsecond().to_le_bytes());
    out.extend_from_slice(&frame.source.to_le_bytes());
    out.push(flags(frame));
    match frame.peer {
        None => {}
        Some(IpAddr::V4(address)) => out.extend_from_slice(&address.octets()),
        Some(IpAddr::V6(address)) => out.extend_from_slice(&address.octets()),
    }
    if let Some(label) = &frame.label {
        label::encode(label, out);
    }
    out.extend_from_slice(&frame.bytes);
}

fn fill_in_head(record: &mut [u8]) {
    let (head, body) = record.split_at_mut(HEAD_BYTES);
    let length = u32::try_from(body.len()).expect("a body is at most MAX_BODY bytes");
    head[..4].copy_from_slice(&length.to_le_bytes());
    head[4..].copy_from_slice(&crc32fast::hash(body).to_le_bytes());
}

fn flags(frame: &Frame) -> u8 {
    let transport = match frame.transport {
        Transport::Udp => 0,
        Transport::Tcp => 1,
        Transport::File => 2,
        Transport::Http => 3,
    };
    let lane = match frame.lane {
        Lane::Live => 0,
        Lane::Archive => 1,
    };
    let defect = match frame.defect {
        None => 0,
        Some(Defect::Cut) => 1,
        Some(Defect::Unfinished) => 2,
    };
    let peer = match frame.peer {
        None => 0,
        Some(IpAddr::V4(_)) => 1,
        Some(IpAddr::V6(_)) => 2,
    };
    let label = u8::from(frame.label.is_some());
    transport
        | lane << LANE_SHIFT
        | defect << DEFECT_SHIFT
        | peer << PEER_SHIFT
        | label << LABEL_SHIFT
}

/// Changes the line of a whole record in place, by `edit`, which says whether it did. `false` for
/// a body that means nothing, too, which is left alone.
pub(crate) fn edit_line(
    record: &mut [u8],
    labels: &mut Labels,
    edit: &dyn Fn(&mut [u8]) -> bool,
) -> bool {
    let Some(frame) = decode(body(record), labels) else {
        return false;
    };
    let begin = record.len() - frame.bytes.len();
    let is_changed = edit(&mut record[begin..]);
    if is_changed {
        fill_in_head(record);
    }
    is_changed
}

/// The body of a whole record.
pub(crate) fn body(record: &[u8]) -> &[u8] {
    &record[HEAD_BYTES..]
}

/// The frame in a record's body; `None` if the body means nothing: too short, an unknown flag,
/// a time that no timestamp can hold, a label that is none, or a line above [`MAX_LINE`].
/// `labels` are those read before it.
pub(crate) fn decode(body: &[u8], labels: &mut Labels) -> Option<Frame> {
    let (&micros, rest) = body.split_first_chunk()?;
    let (&source, rest) = rest.split_first_chunk()?;
    let (&flags, rest) = rest.split_first()?;
    let (peer, rest) = read_peer(flags, rest)?;
    let (label, line) = if flags >> LABEL_SHIFT == 0 {
        (None, rest)
    } else {
        let (label, line) = labels.read(rest)?;
        (Some(label), line)
    };
    if line.len() > MAX_LINE {
        return None;
    }
    Some(Frame {
        bytes: line.to_vec(),
        peer,
        transport: read_transport(flags),
        source: u32::from_le_bytes(source),
        received_at: Timestamp::from_microsecond(i64::from_le_bytes(micros)).ok()?,
        lane: read_lane(flags),
        defect: read_defect(flags)?,
        label,
    })
}

fn read_transport(flags: u8) -> Transport {
    match flags & 0b11 {
        0 => Transport::Udp,
        1 => Transport::Tcp,
        2 => Transport::File,
        _ => Transport::Http,
    }
}

fn read_lane(flags: u8) -> Lane {
    if flags >> LANE_SHIFT & 1 == 0 {
        Lane::Live
    } else {
        Lane::Archive
    }
}

fn read_defect(flags: u8) -> Option<Option<Defect>> {
    match flags >> DEFECT_SHIFT & 0b11 {
        0 => Some(None),
        1 => Some(Some(Defect::Cut)),
        2 => Some(Some(Defect::Unfinished)),
        _ => None,
    }
}

/// The peer's address and what follows it.
fn read_peer(flags: u8, rest: &[u8]) -> Option<(Option<IpAddr>, &[u8])> {
    match flags >> PEER_SHIFT & 0b11 {
        0 => Some((None, rest)),
        1 => rest
            .split_first_chunk::<4>()
            .map(|(octets, line)| (Some(Ipv4Addr::from(*octets).into()), line)),
        2 => rest
            .split_first_chunk::<16>()
            .map(|(octets, line)| (Some(Ipv6Addr::from(*octets).into()), line)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(micros: i64, flags: u8, rest: &[u8]) -> Vec<u8> {
        let mut body = micros.to_le_bytes().to_vec();
        body.extend_from_slice(&7u32.to_le_bytes());
        body.push(flags);
        body.extend_from_slice(rest);
        body
    }

    fn decoded(body: &[u8]) -> Option<Frame> {
        decode(body, &mut Labels::default())
    }

    #[test]
    fn a_body_with_known_flags_is_a_frame() {
        let frame = decoded(&encoded(-1, 0b0011_0101, b"\xc0\x00\x02\x01line")).expect("a frame");
        assert_eq!(frame.bytes, b"line");
        assert_eq!(frame.peer, Some(IpAddr::from([192, 0, 2, 1])));
        assert_eq!(frame.transport, Transport::Tcp);
        assert_eq!(frame.lane, Lane::Archive);
        assert_eq!(frame.defect, Some(Defect::Unfinished));
        assert_eq!(frame.received_at.as_microsecond(), -1);
        assert_eq!(frame.source, 7);
        assert_eq!(frame.label, None);
    }

    #[test]
    fn a_label_stands_between_the_peer_and_the_line() {
        let rest = b"\xc0\x00\x02\x01\x01\x04esa1\x00\x07\0\0\0\0\0\0\0line";
        let frame = decoded(&encoded(0, 0b1010_0011, rest)).expect("a frame");
        assert_eq!(frame.transport, Transport::Http);
        assert_eq!(frame.bytes, b"line");
        let label = frame.label.expect("a label");
        assert_eq!(label.appliance.as_deref(), Some("esa1"));
        assert_eq!(label.zone, None);
        assert_eq!(
            label.near,
            Some(jiff::civil::date(1970, 1, 1).at(0, 0, 7, 0))
        );
    }

    #[test]
    fn a_time_that_no_timestamp_can_hold_is_no_frame() {
        assert_eq!(decoded(&encoded(i64::MAX, 0, b"line")), None);
        assert_eq!(decoded(&encoded(i64::MIN, 0, b"line")), None);
    }

    #[test]
    fn unknown_flags_and_a_missing_label_are_no_frame() {
        for flags in [0b0001_1000, 0b0110_0000, 0b1110_0000] {
            assert_eq!(decoded(&encoded(0, flags, &[0; 20])), None, "{flags:#010b}");
        }
        assert_eq!(decoded(&encoded(0, 0b1000_0000, b"line")), None);
    }

    #[test]
    fn a_body_that_ends_in_its_fixed_part_is_no_frame() {
        let whole = encoded(0, 0b0100_0000, &[0; 16]);
        assert!(decoded(&whole).is_some());
        for len in 0..whole.len() {
            assert_eq!(decoded(&whole[..len]), None, "{len} bytes");
        }
    }

    #[test]
    fn the_shortest_and_the_longest_frame_are_within_the_limits_of_a_body() {
        let name = "x".repeat(whymid_syslog::MAX_LABEL);
        let label = whymid_syslog::Label {
            appliance: Some(name.clone()),
            zone: Some(name),
            near: None,
        };
        let mut rest = vec![0; 16];
        label::encode(&label, &mut rest);
        rest.extend_from_slice(&[b'x'; MAX_LINE]);
        let longest = encoded(0, 0b1100_0000, &rest);
        assert_eq!(decoded(&longest).expect("a frame").bytes.len(), MAX_LINE);
        assert_eq!(longest.len(), MAX_BODY);
        assert_eq!(encoded(0, 0, b"").len(), MIN_BODY);
    }
}
