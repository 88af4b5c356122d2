//! Chaos: targets that misbehave, go down and come up, while lines come in and whymid is killed.
//! In the end each target has one open ticket a key, every occurrence is counted and told, and
//! nothing was told twice.
//!
//! | variable | what it changes |
//! |---|---|
//! | `WHYMID_CHAOS=full` | 50 kills, 5,000 occurrences, 100 keys instead of 5, 500 and 20 |
//! | `WHYMID_SEED` | the same chance once more |

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use super::targets::{DIAGNOSIS, Targets, last_told, setup};
use crate::doubles::{Fault, Seen};
use crate::harness::{Asker, Dice, Service, sender_quit, wait_at_most};

/// What waits for targets are divided by; so a search may lag for half a second, where the driver
/// says that it lags for ten.
const HASTE: u64 = 20;
const LAG: Duration = Duration::from_millis(300);
/// How long the end may take; it only decides when to give up.
const PATIENCE: Duration = Duration::from_secs(900);

/// How much of it.
#[derive(Clone, Copy, Debug)]
struct Plan {
    kills: u64,
    occurrences: u64,
    keys: u64,
    /// The shortest life and the longest, milliseconds: the index has a record ten seconds after its
    /// last line.
    life: (u64, u64),
    /// How often something goes wrong: 15 requests of a hundred, times this.
    often: u64,
    quiet_period: &'static str,
}

impl Plan {
    fn of_the_tester() -> Self {
        if std::env::var_os("WHYMID_CHAOS").is_some_and(|how| how == "full") {
            return Self {
                kills: 50,
                occurrences: 5_000,
                keys: 100,
                life: (500, 9_000),
                often: 1,
                quiet_period: "10s",
            };
        }
        Self {
            kills: 5,
            occurrences: 500,
            keys: 20,
            life: (3_000, 11_000),
            often: 2,
            quiet_period: "2s",
        }
    }
}

/// What was seen of it.
#[derive(Debug, Default)]
struct Figures {
    acknowledged: u64,
    resident: u64,
    /// By target, then by outcome: what whymid's own counters said before each end.
    counted: BTreeMap<&'static str, [u64; 4]>,
}

/// The kinds of targets.
const KINDS: [&str; 8] = [
    "request_tracker",
    "redmine",
    "jira",
    "servicenow",
    "zammad",
    "pagerduty",
    "webhook",
    "email",
];

/// What becomes of attempts.
const OUTCOMES: [&str; 4] = ["delivered", "failed", "dead", "merged"];

#[test]
fn in_chaos_there_is_one_ticket_a_key_every_occurrence_counts_and_nothing_is_told_twice() {
    let plan = Plan::of_the_tester();
    let mut dice = Dice::cast("chaos");
    let mut targets = Targets::start();
    let folder = Arc::new(TempDir::new().expect("a temporary folder"));
    let mut service = Service::on(Arc::clone(&folder), setup(HASTE)).ready();
    targets.subscribe(&service, plan.quiet_period);
    misbehave(&targets, plan.often, &mut dice);
    let begun = Instant::now();
    let mut figures = Figures::default();
    let next = AtomicU64::new(1);
    for life in 0..plan.kills {
        let share = plan.occurrences * (life + 1) / plan.kills;
        let time = Duration::from_millis(dice.between(plan.life.0, plan.life.1));
        live(
            &service,
            &targets,
            &next,
            (share, time),
            plan,
            &mut dice,
            &mut figures,
        );
        figures.count(&service);
        let log = service.kill();
        assert!(!log.contains("panicked at"), "{log}");
        assert!(!log.contains(" ERROR "), "{log}");
        service = Service::on(Arc::clone(&folder), setup(HASTE)).ready();
    }
    // what the last lives left is told while targets misbehave, too
    let most = Duration::from_millis(plan.life.1);
    live(
        &service,
        &targets,
        &next,
        (plan.occurrences, most),
        plan,
        &mut dice,
        &mut figures,
    );
    let lives = begun.elapsed();
    for system in &targets.systems {
        system.faults().clear();
        system.up();
    }
    // what a double made twice is seen when it is told of the next occurrence
    let last = next.load(Ordering::Relaxed);
    next.store(last.next_multiple_of(plan.keys), Ordering::Relaxed);
    let end = next.load(Ordering::Relaxed) + plan.keys;
    figures.acknowledged += hand_in(
        &Asker::of(service.http),
        &next,
        end,
        plan,
        &AtomicBool::new(false),
        Duration::ZERO,
    );
    let occurred = settled(&service, &targets, plan, &mut figures);
    let total: u64 = occurred.values().sum();
    assert!(
        figures.acknowledged <= total,
        "{figures:?}, counted {total}"
    );
    assert!(total < next.load(Ordering::Relaxed), "counted {total}");
    println!("{total} occurrences, {} acknowledged", figures.acknowledged);
    targets.are_well();
    for number in 0..targets.systems.len() {
        one_ticket_a_key(&service, &targets, number, &occurred);
    }
    figures.count(&service);
    println!(
        "{plan:?}\n{lives:.0?} of lives, {:.0?} in all; {total} occurrences, {} acknowledged",
        begun.elapsed(),
        figures.acknowledged
    );
    figures.tell(&targets);
}

/// Each of them, now and then, in each of its ways.
fn misbehave(targets: &Targets, often: u64, dice: &mut Dice) {
    for system in &targets.systems {
        let faults = system.faults();
        faults.seed(dice.between(1, u64::MAX / 2));
        faults.lag(LAG);
        faults.sometimes(40 * often, Fault::DoneThenDropped);
        faults.sometimes(20 * often, Fault::DoneThenRefused(500));
        faults.sometimes(20 * often, Fault::Refused(503));
        faults.sometimes(10 * often, Fault::Dropped);
        faults.sometimes(10 * often, Fault::TooMany(2));
        faults.sometimes(20 * often, Fault::Drips(400));
        faults.sometimes(30 * often, Fault::Twice);
    }
}

/// Lines come in, targets go down and come up.
fn live(
    service: &Service,
    targets: &Targets,
    next: &AtomicU64,
    (share, time): (u64, Duration),
    plan: Plan,
    dice: &mut Dice,
    figures: &mut Figures,
) {
    let to_come = share.saturating_sub(next.load(Ordering::Relaxed)).max(1);
    let pause = time.mul_f64(0.8) / u32::try_from(to_come).expect("a number of lines");
    let (begun, over) = (Instant::now(), AtomicBool::new(false));
    let asker = Asker::of(service.http);
    std::thread::scope(|scope| {
        let sender = scope.spawn(|| hand_in(&asker, next, share + 1, plan, &over, pause));
        while begun.elapsed() < time {
            let system = dice.one_of(&targets.systems);
            if dice.once_in(3) {
                system.down();
            } else {
                system.up();
            }
            figures.resident = figures.resident.max(service.resident());
            std::thread::sleep(Duration::from_millis(dice.between(20, 300)));
        }
        over.store(true, Ordering::Relaxed);
        figures.acknowledged += sender.join().expect("the sender does not panic");
    });
}

/// Hands occurrences in, one after the other, up to `end`; says how many were acknowledged.
fn hand_in(
    asker: &Asker,
    next: &AtomicU64,
    end: u64,
    plan: Plan,
    over: &AtomicBool,
    pause: Duration,
) -> u64 {
    let mut acknowledged = 0;
    while next.load(Ordering::Relaxed) < end && !over.load(Ordering::Relaxed) {
        let mid = next.fetch_add(1, Ordering::Relaxed);
        let lines = sender_quit(mid, "news@partner.example").stream("esa1");
        let lines = String::from_utf8(lines).expect("text");
        let host = host(mid % plan.keys);
        let lines = lines.replace("probe.other.example", &host);
        let reply = asker.post("/v1/lines", lines.as_bytes());
        acknowledged += u64::from(reply.is_some_and(|reply| reply.status == 202));
        std::thread::sleep(pause);
    }
    acknowledged
}

fn host(key: u64) -> String {
    format!("h{key}.partner.example")
}

/// Waits until everything is told; how often it occurred, by host.
fn settled(
    service: &Service,
    targets: &Targets,
    plan: Plan,
    figures: &mut Figures,
) -> BTreeMap<String, u64> {
    let mut dead = BTreeMap::new();
    let told = wait_at_most(PATIENCE, || {
        figures.resident = figures.resident.max(service.resident());
        retry(service, &mut dead);
        let occurred = occurred(service);
        let total: u64 = occurred.values().sum();
        let states = targets.states(service);
        let all = |state: &Value| {
            state["occurrences"] == total && state["open"] == plan.keys && state["held"] == 0
        };
        let is_told = total >= figures.acknowledged && states.iter().all(all);
        (is_told && targets.rests(service) && counted(targets, total)).then_some(occurred)
    });
    println!("given up or refused, and tried again: {dead:#?}");
    told.unwrap_or_else(|| {
        let total: u64 = occurred(service).values().sum();
        let states = targets.states(service);
        let counts: Vec<u64> = targets
            .systems
            .iter()
            .map(|one| sum(&one.tickets()))
            .collect();
        panic!(
            "never told: {total} occurred, {figures:?}, told {counts:?}\n{states:#?}\n{}",
            service.log()
        )
    })
}

/// Whether each system's open tickets tell of so many occurrences.
fn counted(targets: &Targets, total: u64) -> bool {
    let mut systems = targets.systems.iter();
    systems.all(|system| sum(&system.tickets()) == total)
}

fn sum(tickets: &[Seen]) -> u64 {
    let open = tickets.iter().filter(|one| one.open);
    open.filter_map(|one| last_told(&one.texts)).sum()
}

/// What the index says.
fn occurred(service: &Service) -> BTreeMap<String, u64> {
    let path = format!("/v1/stats?group_by=host&limit=1000&diagnosis={DIAGNOSIS}");
    let stats = service.get(&path).is(200).json();
    let groups = stats["groups"].as_array().expect("a list").iter();
    let counts = groups.map(|one| {
        let host = one["key"].as_str().unwrap_or_default().to_owned();
        (host, one["count"].as_u64().expect("a number"))
    });
    counts.collect()
}

/// Tries again what was given up, and notes why that was.
fn retry(service: &Service, why: &mut BTreeMap<String, u64>) {
    let dead = service.get("/v1/notifications?state=dead&limit=200");
    for one in dead.is(200).json()["items"].as_array().expect("a list") {
        let text = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
        *why.entry(format!("{}: {}", text("target"), text("problem")))
            .or_default() += 1;
        let path = format!("/v1/notifications/{}/retry", text("id"));
        service.post(&path, &[("Content-Type", "application/json")], "{}");
    }
}

fn one_ticket_a_key(
    service: &Service,
    targets: &Targets,
    number: usize,
    occurred: &BTreeMap<String, u64>,
) {
    let system = &targets.systems[number];
    let kind = system.kind();
    let titles = targets.titles(service, number);
    assert_eq!(titles.len(), occurred.len(), "{kind}: {titles:#?}");
    let tickets = system.tickets();
    for (key, title) in titles {
        let of_it = tickets.iter().filter(|one| one.key == key && one.open);
        let of_it: Vec<&Seen> = of_it.collect();
        assert_eq!(of_it.len(), 1, "{kind} {key} {title}: {of_it:#?}");
        let host = title.rsplit(' ').next().unwrap_or_default();
        assert_eq!(
            last_told(&of_it[0].texts),
            occurred.get(host).copied(),
            "{kind} {title}: {of_it:#?}"
        );
    }
}

impl Figures {
    /// Adds what a life counted: the counters begin anew with each.
    fn count(&mut self, service: &Service) {
        let text = service.get("/metrics").is(200).body;
        for kind in KINDS {
            let counts = self.counted.entry(kind).or_default();
            for (outcome, count) in OUTCOMES.iter().zip(counts) {
                let wanted = format!("{{target=\"{kind}\",outcome=\"{outcome}\"}} ");
                let line = text.lines().find_map(|line| line.split_once(&wanted));
                *count += line.map_or(0, |(_, value)| value.parse().unwrap_or(0));
            }
        }
    }

    fn tell(&self, targets: &Targets) {
        println!(
            "largest resident memory of whymid: {} MiB",
            self.resident >> 20
        );
        println!("by kind, {OUTCOMES:?}: {:?}", self.counted);
        for system in &targets.systems {
            let tickets = system.tickets();
            let open = tickets.iter().filter(|one| one.open).count();
            let texts: usize = tickets.iter().map(|one| one.texts.len()).sum();
            println!(
                "{}: {open} open tickets, {} closed, {} comments, {} requests, faults {:?}",
                system.kind(),
                tickets.len() - open,
                texts - tickets.len(),
                system.requests(),
                system.faults().played()
            );
        }
    }
}
