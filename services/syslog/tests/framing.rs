//! Byte streams in, lines out.

use proptest::prelude::*;
use whymid_syslog::{Decoder, Defect, Line, MAX_LINE, datagram};

fn decode<'a>(chunks: impl IntoIterator<Item = &'a [u8]>) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut decoder = Decoder::new();
    for chunk in chunks {
        decoder.push(chunk, &mut |line| lines.push(line));
    }
    decoder.finish(&mut |line| lines.push(line));
    lines
}

fn whole(text: &str) -> Line {
    Line {
        bytes: text.as_bytes().to_vec(),
        defect: None,
    }
}

fn unfinished(text: &str) -> Line {
    Line {
        defect: Some(Defect::Unfinished),
        ..whole(text)
    }
}

/// The same lines, whether the stream comes at once or byte by byte.
fn expect(stream: &str, lines: &[Line]) {
    assert_eq!(decode([stream.as_bytes()]), lines, "{stream:?} at once");
    assert_eq!(
        decode(stream.as_bytes().chunks(1)),
        lines,
        "{stream:?} in bytes"
    );
}

#[test]
fn lines_end_at_lf_cr_lf_or_nul() {
    expect(
        "<1>a\n<2>b\r\n<3>c\0<4>d\n",
        &["<1>a", "<2>b", "<3>c", "<4>d"].map(whole),
    );
}

#[test]
fn empty_lines_are_nothing() {
    expect("\n\r\n\0\na\n\n", &[whole("a")]);
    expect("", &[]);
}

#[test]
fn counted_and_newline_frames_are_told_apart_one_by_one() {
    expect(
        "5 <1>ab<2>text\n4 <3>a\n6 <4>a\nb7 <5>ab\r\n8 <6>a b\r\n9 is text\n",
        &["<1>ab", "<2>text", "<3>a", "<4>a\nb", "<5>ab", "<6>a b"]
            .map(whole)
            .into_iter()
            .chain([whole("9 is text")])
            .collect::<Vec<_>>(),
    );
}

#[test]
fn a_line_end_inside_a_count_is_stripped() {
    expect("6 <1>ab\n7 <2>ab\r\n", &["<1>ab", "<2>ab"].map(whole));
}

#[test]
fn what_only_looks_like_a_count_is_text() {
    for line in [
        "05 <1>ab",
        "12345678901 <1>ab",
        "5  <1>ab",
        "5 1>ab",
        "5<1>ab",
        "65537 <1>ab",
        "9999999999 <1>ab",
        "0 <1>ab",
    ] {
        expect(&format!("{line}\nb\n"), &[whole(line), whole("b")]);
    }
}

#[test]
fn the_highest_count_is_a_count() {
    let line = format!("<1>{}", "a".repeat(MAX_LINE - 3));
    let stream = format!("{MAX_LINE} {line}<2>b\n");
    expect(&stream, &[whole(&line), whole("<2>b")]);
}

#[test]
fn what_is_left_at_the_end_is_unfinished() {
    expect("<1>ab", &[unfinished("<1>ab")]);
    expect("123 ", &[unfinished("123 ")]);
    expect("1", &[unfinished("1")]);
    expect("9 <1>ab", &[unfinished("<1>ab")]);
    expect("<1>ab\r", &[unfinished("<1>ab")]);
    expect("<1>ab\n\r", &[whole("<1>ab")]);
}

#[test]
fn a_decoder_can_begin_again_after_the_end() {
    let mut lines = Vec::new();
    let mut decoder = Decoder::new();
    decoder.push(b"9 <1>a", &mut |line| lines.push(line));
    decoder.finish(&mut |line| lines.push(line));
    decoder.push(b"<2>b\n", &mut |line| lines.push(line));
    assert_eq!(lines, [unfinished("<1>a"), whole("<2>b")]);
}

#[test]
fn a_long_line_is_cut_and_the_next_one_is_whole() {
    for (excess, end) in [
        (1, "\n"),
        (1, "\r\n"),
        (2, "\n"),
        (3, "\n"),
        (200_000, "\n"),
    ] {
        let stream = format!("{}{end}<2>b\n", "a".repeat(MAX_LINE + excess));
        let cut = Line {
            defect: Some(Defect::Cut),
            ..whole(&"a".repeat(MAX_LINE))
        };
        expect(&stream, &[cut, whole("<2>b")]);
    }
}

#[test]
fn a_line_of_the_greatest_length_is_whole() {
    for end in ["\n", "\r\n", "\0"] {
        let line = "a".repeat(MAX_LINE);
        expect(&format!("{line}{end}"), &[whole(&line)]);
    }
}

#[test]
fn a_long_line_without_an_end_is_handed_out_once() {
    let cut = Line {
        defect: Some(Defect::Cut),
        ..whole(&"a".repeat(MAX_LINE))
    };
    expect(&"a".repeat(MAX_LINE * 3), &[cut]);
}

#[test]
fn a_datagram_is_one_line() {
    assert_eq!(datagram(b"<1>a\nb\r\n\0"), Some(whole("<1>a\nb")));
    assert_eq!(datagram(b"5 <1>a"), Some(whole("5 <1>a")));
    assert_eq!(datagram(b"\r\n\0"), None);
    assert_eq!(datagram(b""), None);
}

#[test]
fn a_long_datagram_is_cut() {
    let long = "a".repeat(MAX_LINE + 1);
    let line = datagram(long.as_bytes()).expect("it is not empty");
    assert_eq!(
        (line.bytes.len(), line.defect),
        (MAX_LINE, Some(Defect::Cut))
    );
    let longest = "a".repeat(MAX_LINE) + "\r\n";
    assert_eq!(
        datagram(longest.as_bytes()),
        Some(whole(&longest[..MAX_LINE]))
    );
}

/// Bytes that often are framing.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "1", "12", "0", " ", "<", "<1>", "\n", "\r", "\0", "a", "7 <1>"
        ])
        .prop_map(|piece| piece.as_bytes().to_vec()),
        prop::collection::vec(any::<u8>(), 0..4),
        (0..3_usize).prop_map(|excess| vec![b'x'; MAX_LINE - 1 + excess]),
    ];
    let weighted = prop_oneof![40 => piece.clone(), 1 => piece];
    prop::collection::vec(weighted, 0..40).prop_map(|pieces| pieces.concat())
}

fn rechunked(mut stream: &[u8], sizes: &[usize]) -> Vec<Line> {
    let mut chunks = Vec::new();
    for size in sizes.iter().cycle() {
        if stream.is_empty() {
            break;
        }
        let (chunk, rest) = stream.split_at(stream.len().min(*size));
        chunks.push(chunk);
        stream = rest;
    }
    decode(chunks)
}

/// A line as it may stand in either framing.
fn text_line() -> impl Strategy<Value = String> {
    "[^\\x00\\r\\n0-9][^\\x00\\r\\n]{0,60}"
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn chunks_of_any_size_give_the_same_lines(
        stream in stream(),
        sizes in prop::collection::vec(1_usize..5000, 1..8),
        small in prop::collection::vec(1_usize..4, 1..8),
    ) {
        let at_once = decode([stream.as_slice()]);
        prop_assert_eq!(&rechunked(&stream, &sizes), &at_once);
        let head = &stream[..stream.len().min(3000)];
        prop_assert_eq!(rechunked(head, &small), decode([head]));
        for line in at_once {
            prop_assert!(!line.bytes.is_empty() && line.bytes.len() <= MAX_LINE);
        }
    }

    #[test]
    fn no_text_line_is_lost(lines in prop::collection::vec(text_line(), 0..20)) {
        let stream = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
        let decoded = decode([stream.as_bytes()]);
        prop_assert_eq!(decoded, lines.iter().map(|line| whole(line)).collect::<Vec<_>>());
    }

    #[test]
    fn both_framings_mixed_come_back(
        frames in prop::collection::vec((text_line(), any::<bool>()), 0..20),
        size in 1_usize..50,
    ) {
        let lines = frames.iter().map(|(line, _)| format!("<13>{line}")).collect::<Vec<_>>();
        let mut stream = String::new();
        for (line, (_, counted)) in lines.iter().zip(&frames) {
            match counted {
                true => stream += &format!("{} {line}", line.len()),
                false => stream += &format!("{line}\n"),
            }
        }
        let expected = lines.iter().map(|line| whole(line)).collect::<Vec<_>>();
        prop_assert_eq!(decode(stream.as_bytes().chunks(size)), expected);
    }

    #[test]
    fn any_datagram_is_at_most_one_line(bytes in stream()) {
        let line = datagram(&bytes);
        prop_assert!(line.is_none_or(|line| bytes.starts_with(&line.bytes)));
    }
}
