//! A frame's label to bytes in its record, and back.
//!
//! ```text
//! has u8 │ length u8 │ appliance │ length u8 │ zone │ near i64
//! ```
//! `has`, from the lowest bit: there is an appliance, there is a zone; six bits that are zero.
//! So a missing name and an empty one differ. `near` is in seconds, the civil time read as UTC,
//! little-endian; the least number stands for none.
//!
//! Decoding gives back what was encoded, but for the fraction of a second that `near` may have.
//! Labels that come out one behind the other and are equal are one in memory.

use std::sync::Arc;

use jiff::SignedDuration;
use jiff::civil::{DateTime, date};
use whymid_syslog::{Label, MAX_LABEL};

use crate::Error;

/// No label takes more bytes.
pub(crate) const MAX_LABEL_BYTES: usize = 1 + 2 * (1 + MAX_LABEL) + 8;

const APPLIANCE: u8 = 0b01;
const ZONE: u8 = 0b10;
const EPOCH: DateTime = date(1970, 1, 1).at(0, 0, 0, 0);
const NOT_NEAR: i64 = i64::MIN;

/// Refuses names that a record can't hold.
pub(crate) fn check(label: &Label) -> Result<(), Error> {
    let names = [&label.appliance, &label.zone];
    let lengths = names.into_iter().flatten().map(String::len);
    match lengths.max() {
        Some(len) if len > MAX_LABEL => Err(Error::LabelTooLong { len }),
        Some(_) | None => Ok(()),
    }
}

/// Appends a label that was checked.
pub(crate) fn encode(label: &Label, out: &mut Vec<u8>) {
    let appliance = label.appliance.as_ref().map_or(0, |_| APPLIANCE);
    let zone = label.zone.as_ref().map_or(0, |_| ZONE);
    out.push(appliance | zone);
    encode_name(label.appliance.as_deref(), out);
    encode_name(label.zone.as_deref(), out);
    let near = label.near.map_or(NOT_NEAR, seconds);
    out.extend_from_slice(&near.to_le_bytes());
}

fn encode_name(name: Option<&str>, out: &mut Vec<u8>) {
    let name = name.unwrap_or_default();
    out.push(u8::try_from(name.len()).expect("a checked name is at most MAX_LABEL bytes"));
    out.extend_from_slice(name.as_bytes());
}

fn seconds(near: DateTime) -> i64 {
    let since = near.duration_since(EPOCH);
    since.as_secs() - i64::from(since.subsec_nanos() < 0)
}

/// Reads labels and remembers the last one.
#[derive(Debug, Default)]
pub(crate) struct Labels {
    encoded: Vec<u8>,
    label: Option<Arc<Label>>,
}

impl Labels {
    /// The label that `bytes` begin with and what follows it; `None` if they mean nothing.
    pub(crate) fn read<'a>(&mut self, bytes: &'a [u8]) -> Option<(Arc<Label>, &'a [u8])> {
        if let (Some(label), Some(rest)) = (&self.label, bytes.strip_prefix(&*self.encoded)) {
            return Some((Arc::clone(label), rest));
        }
        let (label, rest) = decode(bytes)?;
        let label = Arc::new(label);
        bytes[..bytes.len() - rest.len()].clone_into(&mut self.encoded);
        self.label = Some(Arc::clone(&label));
        Some((label, rest))
    }
}

fn decode(bytes: &[u8]) -> Option<(Label, &[u8])> {
    let (&has, rest) = bytes.split_first()?;
    if has & !(APPLIANCE | ZONE) != 0 {
        return None;
    }
    let (appliance, rest) = decode_name(has & APPLIANCE != 0, rest)?;
    let (zone, rest) = decode_name(has & ZONE != 0, rest)?;
    let (&near, rest) = rest.split_first_chunk()?;
    let near = decode_near(i64::from_le_bytes(near))?;
    let label = Label {
        appliance,
        zone,
        near,
    };
    Some((label, rest))
}

fn decode_name(there: bool, bytes: &[u8]) -> Option<(Option<String>, &[u8])> {
    let (&len, rest) = bytes.split_first()?;
    let (name, rest) = rest.split_at_checked(len.into())?;
    let name = str::from_utf8(name).ok()?;
    if !there && !name.is_empty() {
        return None;
    }
    Some((there.then(|| name.to_owned()), rest))
}

fn decode_near(seconds: i64) -> Option<Option<DateTime>> {
    if seconds == NOT_NEAR {
        return Some(None);
    }
    let since = SignedDuration::from_secs(seconds);
    EPOCH.checked_add(since).ok().map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(label: &Label) -> Vec<u8> {
        let mut out = Vec::new();
        encode(label, &mut out);
        out
    }

    fn label(appliance: Option<&str>, zone: Option<&str>, near: Option<DateTime>) -> Label {
        Label {
            appliance: appliance.map(str::to_owned),
            zone: zone.map(str::to_owned),
            near,
        }
    }

    #[test]
    fn missing_and_empty_names_are_told_apart_and_the_line_behind_is_left() {
        for appliance in [None, Some(""), Some("esa1")] {
            for zone in [None, Some(""), Some("Asia/Tokyo")] {
                let label = label(appliance, zone, None);
                let mut bytes = encoded(&label);
                bytes.extend_from_slice(b"line");
                assert_eq!(decode(&bytes), Some((label, &b"line"[..])));
            }
        }
    }

    #[test]
    fn any_second_that_a_civil_time_can_name_comes_back() {
        let near = [
            DateTime::MIN,
            DateTime::MAX,
            EPOCH,
            date(2014, 8, 14).at(11, 4, 51, 0),
        ];
        for near in near {
            let bytes = encoded(&label(None, None, Some(near)));
            let back = decode(&bytes).expect("a label");
            let whole = near.with().subsec_nanosecond(0).build().expect("a time");
            assert_eq!(back.0.near, Some(whole));
        }
        let before = date(1969, 12, 31).at(23, 59, 58, 999_999_999);
        assert_eq!(seconds(before), -2);
    }

    #[test]
    fn the_longest_label_is_within_its_limit_and_a_longer_name_is_refused() {
        let name = "x".repeat(MAX_LABEL);
        let longest = label(Some(&name), Some(&name), Some(EPOCH));
        assert!(check(&longest).is_ok());
        assert_eq!(encoded(&longest).len(), MAX_LABEL_BYTES);
        let longer = format!("{name}y");
        for label in [
            label(Some(&longer), None, None),
            label(None, Some(&longer), None),
        ] {
            let error = check(&label).expect_err("too long");
            assert!(matches!(error, Error::LabelTooLong { len: 256 }));
        }
    }

    #[test]
    fn bytes_that_mean_nothing_are_no_label() {
        let whole = encoded(&label(Some("esa1"), Some("Asia/Tokyo"), Some(EPOCH)));
        for len in 0..whole.len() {
            assert_eq!(decode(&whole[..len]), None, "{len} bytes");
        }
        let unknown = [&[0b100], &whole[1..]].concat();
        let hidden = [&[ZONE], &whole[1..]].concat();
        let mut no_text = whole.clone();
        no_text[2] = 0xff;
        let mut no_time = whole.clone();
        let near = whole.len() - 8;
        no_time[near..].copy_from_slice(&i64::MAX.to_le_bytes());
        for bytes in [unknown, hidden, no_text, no_time] {
            assert_eq!(decode(&bytes), None);
        }
    }

    #[test]
    fn equal_labels_one_behind_the_other_are_one_in_memory() {
        let mut labels = Labels::default();
        let mut read = |bytes: &[u8]| labels.read(bytes).map(|(label, _)| label);
        let [first, other] =
            [Some("esa1"), Some("esa2")].map(|name| encoded(&label(name, None, None)));
        let one = read(&first).expect("a label");
        assert!(Arc::ptr_eq(&one, &read(&first).expect("a label")));
        let two = read(&other).expect("a label");
        assert_ne!(one, two);
        assert!(Arc::ptr_eq(&two, &read(&other).expect("a label")));
    }
}
