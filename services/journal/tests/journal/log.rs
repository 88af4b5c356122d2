//! What goes in comes out: order, positions, segments, what a replay sees.

use std::fs;
use std::net::IpAddr;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::date;
use proptest::prelude::*;
use whymid_journal::{Error, Journal, Position, Replay};
use whymid_syslog::{Defect, Frame, Label, Lane, MAX_LABEL, MAX_LINE, Transport};

use super::{
    append_lines, frame, make_segments, open, positions, replayed, segments, with_segments_of,
};

fn any_time() -> impl Strategy<Value = Timestamp> {
    let range = Timestamp::MIN.as_microsecond()..=Timestamp::MAX.as_microsecond();
    range.prop_map(|micros| Timestamp::from_microsecond(micros).expect("in range"))
}

fn any_peer() -> impl Strategy<Value = Option<IpAddr>> {
    prop_oneof![
        Just(None),
        any::<[u8; 4]>().prop_map(|octets| Some(octets.into())),
        any::<[u8; 16]>().prop_map(|octets| Some(octets.into())),
    ]
}

fn any_line() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        9 => prop::collection::vec(any::<u8>(), 0..300),
        1 => any::<u8>().prop_map(|byte| vec![byte; MAX_LINE]),
    ]
}

/// Few enough that equal ones come one behind the other.
fn any_label() -> impl Strategy<Value = Option<Arc<Label>>> {
    let name = prop::sample::select(vec![None, Some(""), Some("esa1"), Some("Asia/Tokyo")]);
    let near = prop::sample::select(vec![None, Some(date(2014, 8, 14).at(11, 4, 51, 0))]);
    let label = (name.clone(), name, near).prop_map(|(appliance, zone, near)| Label {
        appliance: appliance.map(str::to_owned),
        zone: zone.map(str::to_owned),
        near,
    });
    prop::option::of(label.prop_map(Arc::new))
}

fn any_frame() -> impl Strategy<Value = Frame> {
    let transport = prop::sample::select(vec![
        Transport::Udp,
        Transport::Tcp,
        Transport::File,
        Transport::Http,
    ]);
    let lane = prop::sample::select(vec![Lane::Live, Lane::Archive]);
    let defect = prop::sample::select(vec![None, Some(Defect::Cut), Some(Defect::Unfinished)]);
    let origin = (any_peer(), transport, any::<u32>(), any_time());
    (any_line(), origin, lane, defect, any_label()).prop_map(
        |(bytes, (peer, transport, source, received_at), lane, defect, label)| Frame {
            bytes,
            peer,
            transport,
            source,
            received_at,
            lane,
            defect,
            label,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_frames_come_back_as_they_were_after_reopening(
        frames in prop::collection::vec(any_frame(), 1..20),
        sync_each in 1..8usize,
    ) {
        let dir = tempfile::tempdir()?;
        let mut given = Vec::new();
        {
            let options = with_segments_of(700);
            let (mut journal, _) = Journal::open(dir.path(), options)?;
            for batch in frames.chunks(sync_each) {
                for frame in batch {
                    given.push((journal.append(frame)?, frame.clone()));
                }
                journal.sync()?;
            }
        }
        let (journal, recovery) = open(dir.path());
        prop_assert_eq!(recovery.torn_bytes, 0);
        prop_assert_eq!(replayed(&journal, Position::START)?, given);
    }
}

#[test]
fn a_new_journal_is_empty_and_creates_its_folder() {
    let dir = tempfile::tempdir().expect("a folder");
    let (journal, recovery) = open(&dir.path().join("data/journal"));
    assert_eq!(recovery.oldest, Position::START);
    assert_eq!(recovery.end, Position::START);
    assert_eq!(recovery.torn_bytes, 0);
    assert_eq!(positions(&journal, Position::START), []);
}

#[test]
fn positions_grow_and_go_on_after_reopening() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut all = append_lines(&mut open(dir.path()).0, 0..5);
    let (mut journal, recovery) = open(dir.path());
    assert_eq!(Some(&recovery.end), all.last());
    assert_eq!(journal.durable(), recovery.end);
    all.extend(append_lines(&mut journal, 5..9));

    assert!(all.is_sorted_by(|a, b| a < b));
    assert!(all[0] > Position::START);
    assert_eq!(positions(&journal, Position::START), all);
}

#[test]
fn a_replay_gives_exactly_what_is_behind_a_position_in_whatever_segment() {
    let dir = tempfile::tempdir().expect("a folder");
    let all = make_segments(dir.path(), 4);
    let (journal, _) = open(dir.path());
    for (index, &after) in all.iter().enumerate() {
        assert_eq!(
            positions(&journal, after),
            all[index + 1..],
            "after {after}"
        );
    }
}

#[test]
fn a_segment_that_is_full_is_followed_by_another_and_a_replay_crosses_them() {
    let dir = tempfile::tempdir().expect("a folder");
    let all = make_segments(dir.path(), 5);
    assert_eq!(segments(dir.path()).len(), 5);
    assert!(segments(dir.path())[0].ends_with("00000000000000000000.wlog"));

    let (journal, _) = open(dir.path());
    let records = replayed(&journal, Position::START).expect("a whole log");
    let lines = records.into_iter().map(|(_, frame)| frame.bytes);
    let wanted = (0..15).map(|n| format!("Info: MID {n} ready").into_bytes());
    assert!(lines.eq(wanted));
    assert_eq!(positions(&journal, Position::START), all);
}

#[test]
fn a_segment_takes_all_that_is_appended_until_a_sync_finds_it_full() {
    let dir = tempfile::tempdir().expect("a folder");
    let options = with_segments_of(1);
    let (mut journal, _) = Journal::open(dir.path(), options).expect("a journal");
    let line = frame(vec![b'x'; MAX_LINE]);
    for _ in 0..40 {
        journal.append(&line).expect("append");
    }
    journal.sync().expect("sync");
    assert_eq!(segments(dir.path()).len(), 1);
    append_lines(&mut journal, 0..1);
    assert_eq!(segments(dir.path()).len(), 2);
    assert_eq!(positions(&journal, Position::START).len(), 41);
}

#[test]
fn what_is_not_synced_is_not_in_a_replay_and_not_in_the_durable_position() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut journal, _) = open(dir.path());
    let synced = append_lines(&mut journal, 0..2);
    // Enough to be handed to the operating system before any sync.
    let line = frame(vec![b'x'; 50_000]);
    for _ in 0..50 {
        journal.append(&line).expect("append");
    }
    assert_eq!(positions(&journal, Position::START), synced);
    assert_eq!(Some(&journal.durable()), synced.last());
    journal.sync().expect("sync");
    assert_eq!(positions(&journal, Position::START).len(), 52);
}

#[test]
fn a_sync_without_anything_new_gives_the_same_position_again() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut journal, _) = open(dir.path());
    assert_eq!(journal.sync().expect("sync"), Position::START);
    let last = append_lines(&mut journal, 0..3)[2];
    assert_eq!(journal.sync().expect("sync"), last);
}

#[test]
fn a_replay_ends_where_the_journal_was_durable_when_it_was_asked_for() {
    let dir = tempfile::tempdir().expect("a folder");
    let options = with_segments_of(100);
    let (mut journal, _) = Journal::open(dir.path(), options).expect("a journal");
    let before = append_lines(&mut journal, 0..4);
    let replay = journal.replay(Position::START).expect("a replay");
    append_lines(&mut journal, 4..8);
    append_lines(&mut journal, 8..12);

    let seen: Vec<Position> = replay.map(|record| record.expect("whole").0).collect();
    assert_eq!(seen, before);
}

#[test]
fn a_replay_runs_on_another_thread_while_the_journal_takes_more() {
    let dir = tempfile::tempdir().expect("a folder");
    make_segments(dir.path(), 20);
    let (mut journal, _) = open(dir.path());
    let replay: Replay = journal.replay(Position::START).expect("a replay");
    let reading = std::thread::spawn(move || replay.filter_map(Result::ok).count());
    for n in 0..20 {
        append_lines(&mut journal, n..n + 1);
    }
    assert_eq!(reading.join().expect("the reader"), 60);
    assert_eq!(positions(&journal, Position::START).len(), 80);
}

#[test]
fn a_replay_may_begin_between_two_positions() {
    let dir = tempfile::tempdir().expect("a folder");
    let all = make_segments(dir.path(), 3);
    let (journal, _) = open(dir.path());
    for after in 0..=all.last().expect("a record").0 {
        let behind = all.iter().filter(|position| position.0 > after);
        let behind: Vec<Position> = behind.copied().collect();
        assert_eq!(positions(&journal, Position(after)), behind, "{after}");
    }
}

#[test]
fn a_position_that_is_not_durable_here_is_refused() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut journal, _) = open(dir.path());
    append_lines(&mut journal, 0..1);
    let not_yet = journal.append(&frame("Info: MID 1 ready")).expect("append");
    let error = journal.replay(not_yet).expect_err("not durable");
    assert!(matches!(error, Error::NotKept { asked, .. } if asked == not_yet));
    journal.sync().expect("sync");
    assert_eq!(positions(&journal, not_yet), []);
}

#[test]
fn a_journal_whose_oldest_segments_are_gone_starts_at_the_oldest_kept() {
    let dir = tempfile::tempdir().expect("a folder");
    let all = make_segments(dir.path(), 3);
    fs::remove_file(&segments(dir.path())[0]).expect("remove");

    let (journal, recovery) = open(dir.path());
    assert_eq!(recovery.oldest, all[2]);
    assert_eq!(positions(&journal, Position::START), all[3..]);
    assert_eq!(positions(&journal, all[2]), all[3..]);
    let error = journal.replay(all[1]).expect_err("gone");
    assert!(matches!(error, Error::NotKept { oldest, .. } if oldest == all[2]));
}

#[test]
fn a_line_that_is_too_long_is_refused_and_nothing_else_is_lost() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut journal, _) = open(dir.path());
    journal.append(&frame("before")).expect("append");
    let error = journal
        .append(&frame(vec![b'x'; MAX_LINE + 1]))
        .expect_err("too long");
    assert_eq!(
        error.to_string(),
        "a line of 65537 bytes is above the limit of 65536"
    );
    journal.append(&frame("after")).expect("append");
    journal.sync().expect("sync");
    let records = replayed(&journal, Position::START).expect("a whole log");
    let lines: Vec<_> = records.into_iter().map(|(_, frame)| frame.bytes).collect();
    assert_eq!(lines, [b"before".to_vec(), b"after".to_vec()]);
}

#[test]
fn a_label_with_a_name_that_is_too_long_is_refused_and_nothing_else_is_lost() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut journal, _) = open(dir.path());
    let labelled = |length| Frame {
        label: Some(Arc::new(Label {
            zone: Some("x".repeat(length)),
            ..Label::default()
        })),
        ..frame("line")
    };
    let error = journal
        .append(&labelled(MAX_LABEL + 1))
        .expect_err("too long");
    assert_eq!(
        error.to_string(),
        "a label of 256 bytes is above the limit of 255"
    );
    journal.append(&labelled(MAX_LABEL)).expect("append");
    journal.sync().expect("sync");
    let records = replayed(&journal, Position::START).expect("a whole log");
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].1, labelled(MAX_LABEL));
}

#[test]
fn the_lines_of_one_request_share_their_label_when_replayed() {
    let dir = tempfile::tempdir().expect("a folder");
    let (mut journal, _) = open(dir.path());
    for name in ["esa1", "esa1", "esa2", "esa1"] {
        let label = Label {
            appliance: Some(name.to_owned()),
            ..Label::default()
        };
        let label = Some(Arc::new(label));
        journal
            .append(&Frame {
                label,
                ..frame("line")
            })
            .expect("append");
    }
    journal.sync().expect("sync");
    let records = replayed(&journal, Position::START).expect("a whole log");
    let labels: Vec<_> = records
        .iter()
        .filter_map(|(_, frame)| frame.label.as_ref())
        .collect();
    assert!(Arc::ptr_eq(labels[0], labels[1]));
    assert_eq!(labels[0], labels[3]);
    assert_ne!(labels[0], labels[2]);
}

#[test]
fn the_size_is_that_of_the_files() {
    let dir = tempfile::tempdir().expect("a folder");
    make_segments(dir.path(), 3);
    let (mut journal, _) = open(dir.path());
    append_lines(&mut journal, 9..10);
    let sizes = segments(dir.path()).into_iter().map(|path| {
        let metadata = fs::metadata(path).expect("a file");
        metadata.len()
    });
    assert_eq!(journal.bytes(), sizes.sum::<u64>());
}
