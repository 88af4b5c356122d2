//! What must hold of every log that a gateway can write, tried on generated ones: seeds are
//! printed, and `WHYMID_SEED` and `WHYMID_LINES` (lines of one run) try others.
//!
//! Not here: diagnoses (`services/diagnosis/tests`), the real index and journal (`tests/e2e`).

mod house;

use std::collections::BTreeSet;

use house::House;
use whymid_generator::{
    Fault, Generator, Kind, Oracle, Plan, Report, Trouble, Written, double, live_and_import,
    perturb, shuffle_within_second,
};

/// The lines of one run.
fn lines() -> u64 {
    from_environment("WHYMID_LINES").unwrap_or(112_000)
}

fn from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// The plans that a property is tried on.
fn plans(own: u64) -> Vec<Plan> {
    let seed = from_environment("WHYMID_SEED").unwrap_or(20_261_124 + own * 1_000);
    let plans = vec![
        Plan::full(seed, lines()),
        Plan::hostile(seed + 1, lines()),
        Plan::busy(seed + 2, lines(), 200),
    ];
    for plan in &plans {
        println!("seed {}, {} lines", plan.seed, plan.lines);
    }
    plans
}

fn written(plan: &Plan) -> Vec<Written> {
    Generator::new(plan.clone()).lines(|_| {}).collect()
}

fn house_of<'l>(plan: &Plan, lines: impl IntoIterator<Item = &'l Written>) -> House {
    let mut house = House::new(plan);
    for line in lines {
        house.hear(line, 1);
    }
    house.close();
    house
}

/// Lines that are not read yet, and are kept as events of the appliance: LDAP queries and RPC
/// remarks that name a MID in the middle.
const UNREAD: [Kind; 5] = [Kind::E181, Kind::E182, Kind::E197, Kind::E198, Kind::E199];

fn oracle(plan: &Plan) -> Oracle {
    Oracle::new(plan.seed, 60).lenient(&UNREAD)
}

/// Two sets of records, compared; of what differs some is shown.
fn same(one: &[String], other: &[String], what: &str) {
    let (a, b): (BTreeSet<_>, BTreeSet<_>) = (one.iter().collect(), other.iter().collect());
    let only = |x: &BTreeSet<&String>, y: &BTreeSet<&String>| -> Vec<String> {
        let some = x.difference(y).take(3);
        some.map(|text| text.chars().take(3_000).collect())
            .collect()
    };
    let (left, right) = (only(&a, &b), only(&b, &a));
    assert!(
        left.is_empty() && right.is_empty() && one.len() == other.len(),
        "{what}: {} and {} records\nonly in the first: {left:#?}\nonly in the second: {right:#?}",
        one.len(),
        other.len()
    );
}

#[test]
fn every_line_is_in_its_record() {
    for plan in plans(1) {
        let lines = written(&plan);
        let house = house_of(&plan, &lines);
        let mut oracle = oracle(&plan);
        lines.iter().for_each(|line| oracle.delivered(line));
        house.show(&mut oracle);
        let report = oracle.report();
        explain(&report, &lines);
        assert!(report.is_clean(), "{report}");
    }
}

/// So many examples are shown with their lines.
const SHOWN: usize = 8;

/// Prints the lines around the first examples.
fn explain(report: &Report, lines: &[Written]) {
    let mut told = BTreeSet::new();
    for fault in [Fault::Mixed, Fault::Split, Fault::Lost, Fault::Doubled] {
        for one in report.examples(fault) {
            if !told.insert((one.appliance, one.records.clone())) || told.len() > SHOWN {
                continue;
            }
            println!("{fault:?} {:?} {:?}", one.number, one.records);
            let first = one.line_ids.first();
            let whom = lines.iter().find(|line| Some(&line.line_id) == first);
            let Some(whom) = whom else { continue };
            for line in lines.iter().filter(|line| line.appliance == whom.appliance) {
                if line.whom.kind() == whom.whom.kind() && line.number == whom.number {
                    println!("{} {:?} {} {}", line.line_id, line.whom, line.at, line.body);
                }
            }
        }
    }
}

#[test]
fn the_order_within_a_second_makes_no_difference() {
    for plan in plans(2) {
        let lines = written(&plan);
        let shuffled: Vec<_> = shuffle_within_second(lines.iter().cloned(), plan.seed).collect();
        same(
            &house_of(&plan, &lines).records(false),
            &house_of(&plan, &shuffled).records(false),
            "as written, and shuffled within each second",
        );
    }
}

#[test]
fn doubled_datagrams_change_nothing_but_the_copies() {
    for plan in plans(3) {
        let lines = written(&plan);
        let doubled: Vec<_> = double(lines.iter().cloned(), 0.2, plan.seed).collect();
        assert!(doubled.len() > lines.len());
        let house = house_of(&plan, &doubled);
        same(
            &house_of(&plan, &lines).records(false),
            &house.records(false),
            "once, and some twice",
        );
        let mut oracle = oracle(&plan);
        doubled.iter().for_each(|line| oracle.delivered(line));
        house.show(&mut oracle);
        let report = oracle.report();
        assert!(report.is_clean(), "{report}");
    }
}

#[test]
fn cutting_and_restarting_anywhere_changes_nothing() {
    for plan in plans(4) {
        let lines = written(&plan);
        let mut house = House::new(&plan);
        let mut dice = Dice(plan.seed);
        for line in &lines {
            house.hear(line, 1);
            match dice.roll(1_000) {
                0 => house.crash(),
                1 => house.fail(),
                2 => house.shed(),
                _ => {}
            }
        }
        house.close();
        same(
            &house_of(&plan, &lines).records(true),
            &house.records(true),
            "in one go, and with crashes, failures and pressure",
        );
    }
}

#[test]
fn importing_twice_changes_nothing_and_live_plus_import_is_one() {
    for plan in plans(5) {
        let lines = written(&plan);
        let once = house_of(&plan, &lines).records(false);
        let mut twice = House::new(&plan);
        for source in [1, 2] {
            lines.iter().for_each(|line| twice.hear(line, source));
        }
        twice.close();
        same(&once, &twice.records(false), "imported once and twice");
        let mut both = House::new(&plan);
        let mixed = live_and_import(
            lines.iter().cloned(),
            lines.iter().cloned(),
            1_000,
            plan.seed,
        );
        let mut oracle = oracle(&plan);
        let mut heard = Vec::new();
        for (source, line) in mixed {
            both.hear(&line, 1 + source.number() as u32);
            heard.push((source, line));
        }
        both.close();
        same(&once, &both.records(false), "live, and live plus import");
        heard
            .iter()
            .for_each(|(source, line)| oracle.delivered_by(source.number(), line));
        both.show(&mut oracle);
        let report = oracle.report();
        assert!(report.is_clean(), "{report}");
    }
}

#[test]
fn a_missing_or_late_line_moves_no_other_line_to_a_wrong_record() {
    for plan in plans(6) {
        let lines = written(&plan);
        for trouble in Trouble::usual() {
            let heard: Vec<_> = perturb(lines.iter().cloned(), trouble, plan.seed).collect();
            let house = house_of(&plan, &heard);
            let mut oracle = oracle(&plan);
            heard.iter().for_each(|line| oracle.delivered(line));
            house.show(&mut oracle);
            let report = oracle.report();
            println!("{trouble:?}\n{report}");
            assert!(report.is_clean(), "{trouble:?}\n{report}");
        }
    }
}

/// A small generator of numbers (SplitMix64), the same everywhere.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % sides
    }
}
