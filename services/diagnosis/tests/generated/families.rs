//! Families of generated logs (splits, rewrites, copies, bounces, what comes back from a
//! quarantine) against the truth: no two messages are joined that do not hang together, and each
//! message's outcome, followed to the messages under which it went on, is the right one. Seeds are
//! printed; `WHYMID_SEED` and `WHYMID_LINES` (lines of one run) try others.
//!
//! Not here: which record a line belongs to (`services/mailflow/tests/properties`).

use std::collections::{HashMap, HashSet};

use jiff::tz::{Offset, TimeZone};
use whymid_diagnosis::{Listeners, Log, LogReader, Reading};
use whymid_generator::{
    Appliance, Form, Generator, Messages, Plan, RecordKind, Trouble, TruthRecord, Verdict, Whom,
    Written, perturb, render,
};
use whymid_mailflow::{ApplianceSettings, Message, Settings};

fn from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn plans(own: u64) -> Vec<Plan> {
    let lines = from_environment("WHYMID_LINES").unwrap_or(150_000);
    let seed = from_environment("WHYMID_SEED").unwrap_or(20_261_124 + own * 1_000);
    let plans = vec![Plan::full(seed, lines), Plan::hostile(seed + 1, lines)];
    for plan in &plans {
        println!("seed {}, {} lines", plan.seed, plan.lines);
    }
    plans
}

fn zone(one: &Appliance) -> TimeZone {
    Offset::from_seconds(one.offset)
        .expect("an offset")
        .to_time_zone()
}

fn log<'l>(plan: &Plan, lines: impl IntoIterator<Item = &'l Written>) -> Log {
    let row = |one: &Appliance| ApplianceSettings {
        name: one.name.clone(),
        zone: Some(zone(one)),
        ..ApplianceSettings::default()
    };
    let begins = TimeZone::UTC.to_timestamp(plan.begins).expect("a moment");
    let mut reader = LogReader::new(Reading {
        settings: Settings {
            appliances: plan.appliances.iter().map(row).collect(),
            zone: None,
            unnamed: "nobody".to_owned(),
        },
        listeners: Listeners::default(),
        year: Some(plan.begins.year()),
        now: begins,
    });
    let mut contents = Vec::new();
    for line in lines {
        contents.extend(render(line, Form::H2, &plan.appliances));
        contents.push(b'\n');
    }
    reader.read(&contents);
    reader.finish()
}

/// The truth, as far as families need it.
struct Truth {
    appliances: Vec<Appliance>,
    /// The messages of a number: when each began, and its truth id.
    by_number: HashMap<(usize, u64), Vec<(jiff::civil::DateTime, u64)>>,
    /// Who hangs together, the lower truth id first.
    kin: HashSet<(u64, u64)>,
    messages: Messages,
}

impl Truth {
    fn new(plan: &Plan, lines: &[Written], records: &[TruthRecord]) -> Self {
        let mut truth = Self {
            appliances: plan.appliances.clone(),
            by_number: HashMap::new(),
            kin: HashSet::new(),
            messages: Messages::default(),
        };
        for record in records {
            truth.messages.add(record);
            if record.kind == RecordKind::Message {
                let number = (record.appliance, record.number);
                let all = truth.by_number.entry(number).or_default();
                all.push((record.first, record.id));
            }
        }
        for line in lines {
            if let (Whom::Message(one), Some(Whom::Message(other))) =
                (line.whom, line.also.map(|also| also.whom))
            {
                truth.kin.insert((one.min(other), one.max(other)));
            }
        }
        truth
    }

    /// The appliance of a record and the local time of its first line.
    fn place(&self, message: &Message) -> (usize, jiff::civil::DateTime) {
        let named = |one: &Appliance| one.name.eq_ignore_ascii_case(&message.common.appliance);
        let appliance = self.appliances.iter().position(named).expect("a known one");
        let zone = zone(&self.appliances[appliance]);
        (appliance, zone.to_datetime(message.common.first_at))
    }

    /// The truth id of a record: that of its number which began nearest to it.
    fn id_of(&self, message: &Message) -> Option<u64> {
        let (appliance, first) = self.place(message);
        let all = self.by_number.get(&(appliance, message.mid))?;
        let distance = |one: &&(jiff::civil::DateTime, u64)| one.0.duration_since(first).abs();
        all.iter().min_by_key(distance).map(|(_, id)| *id)
    }
}

/// Every bond of the log's families; how many there are.
fn check_joins(log: &Log, truth: &Truth) -> usize {
    let mut joined = 0;
    let mut wrong = Vec::new();
    for message in log.messages() {
        let family = log.family_of(message);
        for bond in &family.bonds {
            let [one, other] = [bond.elder, bond.younger].map(|place| &family.members[place]);
            let ids = truth.id_of(one).zip(truth.id_of(other));
            let is_true = ids.is_some_and(|(a, b)| truth.kin.contains(&(a.min(b), a.max(b))));
            joined += 1;
            if !is_true {
                wrong.push(format!(
                    "{} {} {:?} {} {} {ids:?} {}",
                    one.common.first_at,
                    one.mid,
                    bond.how,
                    other.mid,
                    other.common.first_at,
                    message.common.appliance
                ));
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "{} wrong: {wrong:#?}", wrong.len());
    joined
}

#[test]
fn every_message_fared_as_its_family_did() {
    for plan in plans(21) {
        let (lines, records) = Generator::new(plan.clone()).collected();
        let truth = Truth::new(&plan, &lines, &records);
        let log = log(&plan, &lines);
        let joined = check_joins(&log, &truth);
        assert!(joined > 1_000, "{joined} bonds");
        let whole = records.iter().filter(|one| !one.cut).map(|one| one.id);
        let whole: HashSet<u64> = whole.collect();
        let verdicts = log.messages().filter_map(|message| {
            // what a reset cut off is told by no line
            truth.id_of(message).filter(|id| whole.contains(id))?;
            let (appliance, first) = truth.place(message);
            Some(Verdict {
                appliance,
                number: message.mid,
                first,
                diagnosis: message.common.id.clone(),
                outcome: log.outcome_of(message).to_string(),
            })
        });
        let agreement = truth.messages.verdicts(verdicts);
        println!(
            "{} bonds, {} right, {} open",
            joined, agreement.right, agreement.open
        );
        for (verdict, right) in agreement.wrong.iter().take(10) {
            println!(
                "MID {} is {}, right is {right:?}",
                verdict.number, verdict.outcome
            );
            for line in &lines {
                if line.appliance == verdict.appliance
                    && line.body.contains(&format!("MID {} ", verdict.number))
                {
                    println!("    {} {}", line.at, line.body);
                }
            }
        }
        assert!(
            agreement.wrong.is_empty() && agreement.unknown.is_empty(),
            "{} wrong",
            agreement.wrong.len()
        );
    }
}

#[test]
fn a_missing_or_late_line_joins_no_strangers() {
    for plan in plans(22) {
        let (lines, records) = Generator::new(plan.clone()).collected();
        let truth = Truth::new(&plan, &lines, &records);
        for trouble in Trouble::usual() {
            let heard = perturb(lines.iter().cloned(), trouble, plan.seed);
            let heard: Vec<Written> = heard.collect();
            let joined = check_joins(&log(&plan, &heard), &truth);
            println!("{trouble:?}: {joined} bonds");
        }
    }
}
