//! Stamps, zones and ways to find the year in, moments out.

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};
use proptest::prelude::*;
use whymid_syslog::{Stamp, YearReader, Years, parse};

fn at(moment: &str) -> Timestamp {
    moment.parse().expect("a moment in a test")
}

fn stamp(header: &str) -> Stamp {
    parse(&format!("{header} esa1.example mail_logs: Info: x"))
        .stamp
        .unwrap_or_else(|| panic!("no stamp in {header}"))
}

fn bsd(month: i8, day: i8, hour: i8) -> Stamp {
    Stamp {
        year: None,
        month,
        day,
        hour,
        minute: 0,
        second: 0,
        nanos: 0,
        offset_seconds: None,
        by_relay: false,
    }
}

fn nearest(header: &str, received_at: &str) -> Option<Timestamp> {
    let mut years = Years::NearestTo(at(received_at));
    stamp(header).resolve(&mut years, &TimeZone::UTC, false)
}

#[test]
fn a_stamp_without_a_year_belongs_to_the_year_it_was_received_in() {
    assert_eq!(
        nearest("Nov 24 08:00:00", "2026-11-24T08:00:01Z"),
        Some(at("2026-11-24T08:00:00Z"))
    );
}

#[test]
fn a_december_line_that_arrives_in_january_belongs_to_the_old_year() {
    assert_eq!(
        nearest("Dec 31 23:59:59", "2027-01-01T00:00:02Z"),
        Some(at("2026-12-31T23:59:59Z"))
    );
}

#[test]
fn a_january_line_that_arrives_in_december_is_a_clock_ahead() {
    assert_eq!(
        nearest("Jan  1 00:30:00", "2026-12-31T23:00:00Z"),
        Some(at("2027-01-01T00:30:00Z"))
    );
}

#[test]
fn a_stamp_may_be_26_hours_ahead_and_no_more() {
    assert_eq!(
        nearest("Nov 25 10:00:00", "2026-11-24T08:00:00Z"),
        Some(at("2026-11-25T10:00:00Z"))
    );
    assert_eq!(
        nearest("Nov 25 10:00:01", "2026-11-24T08:00:00Z"),
        Some(at("2025-11-25T10:00:01Z"))
    );
}

#[test]
fn the_29_of_february_goes_back_to_the_last_leap_year() {
    for (received, leap) in [
        ("2027-03-01T00:00:00Z", "2024-02-29T10:00:00Z"),
        ("2028-02-28T07:00:00Z", "2024-02-29T10:00:00Z"),
        ("2028-02-29T10:00:00Z", "2028-02-29T10:00:00Z"),
        ("2104-02-01T00:00:00Z", "2096-02-29T10:00:00Z"),
    ] {
        assert_eq!(nearest("Feb 29 10:00:00", received), Some(at(leap)));
    }
}

#[test]
fn the_years_1970_and_2099_work() {
    assert_eq!(
        nearest("Jan  1 00:00:00", "1970-01-01T00:00:00Z"),
        Some(at("1970-01-01T00:00:00Z"))
    );
    assert_eq!(
        nearest("Dec 31 23:59:59", "2099-12-31T23:59:59Z"),
        Some(at("2099-12-31T23:59:59Z"))
    );
    assert_eq!(
        nearest("Jan  1 00:00:00 1970", "2026-01-01T00:00:00Z"),
        Some(at("1970-01-01T00:00:00Z"))
    );
}

#[test]
fn the_ends_of_time_are_no_trouble() {
    for received in [Timestamp::MIN, Timestamp::MAX] {
        let mut years = Years::NearestTo(received);
        let moment = bsd(6, 1, 0).resolve(&mut years, &TimeZone::UTC, false);
        assert!(moment.is_none_or(|moment| moment <= received));
    }
    let mut years = Years::Counting(YearReader::starting_in(i16::MAX));
    assert_eq!(
        bsd(12, 1, 0).resolve(&mut years, &TimeZone::UTC, false),
        None
    );
    assert_eq!(
        bsd(1, 1, 0).resolve(&mut years, &TimeZone::UTC, false),
        None
    );
}

#[test]
fn a_written_year_counts_whenever_it_was_received() {
    assert_eq!(
        nearest("Oct 19 06:33:29 2011", "2026-11-24T08:00:00Z"),
        Some(at("2011-10-19T06:33:29Z"))
    );
}

#[test]
fn second_60_is_read_as_59() {
    assert_eq!(
        nearest("Dec 31 23:59:60", "2027-01-01T00:00:02Z"),
        Some(at("2026-12-31T23:59:59Z"))
    );
    let iso = stamp("<13>2016-12-31T23:59:60Z");
    assert_eq!((iso.second, iso.nanos), (59, 0));
}

#[test]
fn impossible_digits_resolve_to_nothing() {
    let fine = bsd(2, 28, 10);
    for wrong in [
        Stamp { day: 30, ..fine },
        Stamp { month: 13, ..fine },
        Stamp { hour: 24, ..fine },
        Stamp { minute: 60, ..fine },
        Stamp { second: 61, ..fine },
        Stamp {
            nanos: u32::MAX,
            ..fine
        },
        Stamp {
            day: 29,
            year: Some(2025),
            ..fine
        },
    ] {
        let mut years = Years::NearestTo(at("2026-11-24T08:00:00Z"));
        assert_eq!(wrong.resolve(&mut years, &TimeZone::UTC, true), None);
    }
}

#[test]
fn digits_are_read_in_the_appliances_zone() {
    let zone = TimeZone::fixed(Offset::from_seconds(-21_600).expect("an offset"));
    let mut years = Years::NearestTo(at("2027-01-01T05:59:59Z"));
    assert_eq!(
        stamp("Dec 31 23:59:58").resolve(&mut years, &zone, false),
        Some(at("2027-01-01T05:59:58Z"))
    );
}

#[test]
fn a_time_that_was_skipped_moves_on_and_one_that_was_there_twice_is_the_first() {
    let rules = TimeZone::posix("EST5EDT,M3.2.0,M11.1.0").expect("a zone");
    let mut years = Years::Counting(YearReader::starting_in(2026));
    assert_eq!(
        stamp("Mar  8 02:30:00").resolve(&mut years, &rules, false),
        Some(at("2026-03-08T07:30:00Z"))
    );
    assert_eq!(
        stamp("Nov  1 01:30:00").resolve(&mut years, &rules, false),
        Some(at("2026-11-01T05:30:00Z"))
    );
}

#[test]
fn a_relays_year_and_offset_count_only_if_it_is_trusted() {
    let relayed = stamp("<13>2020-11-24T08:00:00.25+02:00");
    let zone = TimeZone::fixed(Offset::from_seconds(3600).expect("an offset"));
    let mut years = Years::NearestTo(at("2026-11-24T08:00:00Z"));
    assert_eq!(
        relayed.resolve(&mut years, &zone, true),
        Some(at("2020-11-24T06:00:00.25Z"))
    );
    assert_eq!(
        relayed.resolve(&mut years, &zone, false),
        Some(at("2026-11-24T07:00:00.25Z"))
    );
}

/// The years that a file's lines get, by their months.
fn years_of(months: &[i8]) -> Vec<i16> {
    let mut years = Years::Counting(YearReader::starting_in(2025));
    let mut year = |month| {
        let moment = bsd(month, 1, 0).resolve(&mut years, &TimeZone::UTC, false);
        TimeZone::UTC.to_datetime(moment.expect("a moment")).year()
    };
    months.iter().map(|month| year(*month)).collect()
}

#[test]
fn january_after_december_begins_a_year() {
    assert_eq!(years_of(&[11, 12, 1, 6]), [2025, 2025, 2026, 2026]);
    assert_eq!(years_of(&[12, 1, 12, 1]), [2025, 2026, 2025, 2026]);
    assert_eq!(
        years_of(&[1, 6, 12, 1, 6, 12, 1]),
        [2025, 2025, 2025, 2026, 2026, 2026, 2027]
    );
}

#[test]
fn lines_out_of_order_within_a_year_stay_in_it() {
    assert_eq!(years_of(&[3, 2, 3]), [2025, 2025, 2025]);
    assert_eq!(years_of(&[1, 11]), [2025, 2025]);
}

#[test]
fn a_gap_over_new_year_is_bridged() {
    assert_eq!(years_of(&[11, 1]), [2025, 2026]);
    assert_eq!(years_of(&[12, 2]), [2025, 2026]);
}

#[test]
fn lines_with_a_year_do_not_move_the_count() {
    let mut years = Years::Counting(YearReader::starting_in(2025));
    let dated = stamp("Jan  1 00:00:00 2011");
    bsd(12, 1, 0).resolve(&mut years, &TimeZone::UTC, false);
    dated.resolve(&mut years, &TimeZone::UTC, false);
    assert_eq!(
        bsd(12, 2, 0).resolve(&mut years, &TimeZone::UTC, false),
        Some(at("2025-12-02T00:00:00Z"))
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_line_stamped_within_a_year_of_its_arrival_gets_its_own_moment(
        written in 0_i64..4_102_444_800,
        late in -26_i64 * 3600..364 * 86_400,
    ) {
        let written = Timestamp::from_second(written).expect("a moment");
        let received = Timestamp::from_second(written.as_second() + late).expect("a moment");
        let digits = TimeZone::UTC.to_datetime(written);
        let stamp = Stamp {
            minute: digits.minute(),
            second: digits.second(),
            ..bsd(digits.month(), digits.day(), digits.hour())
        };
        let found = stamp.resolve(&mut Years::NearestTo(received), &TimeZone::UTC, false);
        // the newest year wins: only a stamp a year back to within 26 hours is taken for new
        prop_assert!(found == Some(written) || late > 363 * 86_400);
    }

    #[test]
    fn no_digits_panic(
        year in prop::option::of(any::<i16>()),
        parts in any::<[i8; 5]>(),
        nanos in any::<u32>(),
        offset_seconds in prop::option::of(any::<i32>()),
        flags in any::<[bool; 3]>(),
        received in Timestamp::MIN.as_second()..Timestamp::MAX.as_second(),
    ) {
        let [month, day, hour, minute, second] = parts;
        let [by_relay, trust, small] = flags;
        let fold = |value: i8| if small { value.rem_euclid(24) } else { value };
        let stamp = Stamp {
            year,
            month: fold(month),
            day: fold(day),
            hour: fold(hour),
            minute,
            second,
            nanos,
            offset_seconds,
            by_relay,
        };
        let received = Timestamp::from_second(received).expect("a moment");
        stamp.resolve(&mut Years::NearestTo(received), &TimeZone::UTC, trust);
    }
}
