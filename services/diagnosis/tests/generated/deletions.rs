//! What a diagnosis may say when a line is missing, tried on every single deletion from generated
//! sessions that failed: it never rests on a line that is not there, and where the deciding line
//! is missing it says so. Seeds are printed; `WHYMID_SEED` tries another.
//!
//! Not here: which record a line belongs to (`services/mailflow/tests/properties`).

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use whymid_diagnosis::{Knowledge, Listeners, LogReader, Reading, Style};
use whymid_generator::{
    Abort, Ending, Form, Generator, Plan, Receiving, RecordKind, TruthRecord, Written, render,
};
use whymid_mailflow::Settings;
use whymid_schemas::{Answer, Confidence, Lang};

const LOST: &str = "receiving-aborted-connection-lost";
const TIMEOUT: &str = "receiving-aborted-inbound-timeout";
const TOO_LONG: &str = "receiving-aborted-max-connection-time";
const BY_SENDER: &str = "receiving-aborted-by-sender";
const PROTOCOL: &str = "smtp-protocol-violation";
const UNSEEN: &str = "receiving-aborted-cause-unseen";

/// One failed message with all that its connection said.
struct Session {
    message: TruthRecord,
    why: Abort,
    lines: Vec<Written>,
}

fn plan(seed: u64) -> Plan {
    let receiving = Receiving {
        accepted: 1,
        lost: 10,
        timeout: 10,
        by_sender: 10,
        size: 2,
        loops: 2,
        too_long: 6,
        all_refused: 4,
        bounce_verification: 1,
        killed: 2,
        never: 0,
    };
    Plan {
        lines: 40_000,
        resets: 0,
        receiving,
        ..Plan::full(seed, 40_000)
    }
}

/// The failed messages that came first on their connections, with those connections' lines.
fn sessions(plan: &Plan) -> Vec<Session> {
    let (lines, truth) = Generator::new(plan.clone()).collected();
    let mut by_record: HashMap<u64, Vec<&Written>> = HashMap::new();
    for line in &lines {
        by_record.entry(line.whom.id()).or_default().push(line);
    }
    let connections = truth
        .iter()
        .filter(|record| record.kind == RecordKind::Connection);
    let connections: HashMap<(usize, u64), u64> = connections
        .map(|record| ((record.appliance, record.number), record.id))
        .collect();
    let aborted = truth.into_iter().filter_map(|record| {
        let Ending::Aborted(why) = record.ending else {
            return None;
        };
        let whole = record.kind == RecordKind::Message && !record.cut;
        whole.then_some((record, why))
    });
    let session = |(message, why): (TruthRecord, Abort)| {
        let own = &by_record[&message.id];
        let icid = own.iter().find_map(|line| icid_of(&line.body))?;
        let connection = *connections.get(&(message.appliance, icid))?;
        let connection = by_record.get(&connection)?;
        let mut lines: Vec<Written> = own
            .iter()
            .chain(connection)
            .map(|line| (*line).clone())
            .collect();
        lines.sort_by_key(|line| line.line_id);
        Some(Session {
            message,
            why,
            lines,
        })
    };
    aborted.filter_map(session).collect()
}

/// `Start MID 5 ICID 3` names 3.
fn icid_of(body: &str) -> Option<u64> {
    let (_, rest) = body.strip_prefix("Start MID ")?.split_once(" ICID ")?;
    rest.trim().parse().ok()
}

struct Judge {
    knowledge: Knowledge,
    plan: Plan,
    now: Timestamp,
}

impl Judge {
    fn answer(&self, session: &Session, lines: &[Written]) -> Option<Answer> {
        let mut reader = LogReader::new(Reading {
            settings: Settings {
                zone: Some(TimeZone::UTC),
                unnamed: "esa".to_owned(),
                ..Settings::default()
            },
            listeners: Listeners::default(),
            year: None,
            now: self.now,
        });
        let mut log = Vec::new();
        for line in lines {
            log.extend(render(line, Form::File, &self.plan.appliances));
            log.push(b'\n');
        }
        reader.read(&log);
        let style = Style {
            lang: Lang::En,
            zone: TimeZone::UTC,
            base_url: String::new(),
        };
        let mid = session.message.number;
        reader
            .finish()
            .answer_mid(&self.knowledge, mid, None, &style)
    }
}

/// Seconds from the opening of the connection, and from the last thing that the sender did, to
/// the end of the message: what the time bands are about.
fn is_in_a_band(lines: &[Written]) -> bool {
    let at = |line: &Written| {
        TimeZone::UTC
            .to_timestamp(line.at)
            .map_or(0, |at| at.as_second())
    };
    let opened = lines
        .iter()
        .find(|line| line.body.starts_with("New SMTP ICID"));
    let ended = lines
        .iter()
        .find(|line| line.body.contains("Receiving aborted"));
    let (Some(opened), Some(ended)) = (opened, ended) else {
        return true;
    };
    let spent = at(ended) - at(opened);
    // wide: which band exactly is the rules' business
    (280..=320).contains(&spent) || spent >= 700
}

fn holds(lines: &[Written], told: &[&str]) -> bool {
    lines
        .iter()
        .any(|line| told.iter().any(|words| line.body.contains(words)))
}

/// What each diagnosis rests on: one of these words must stand in the lines.
fn rests_on(id: &str) -> &'static [&'static str] {
    match id {
        LOST => &[" lost", "disconnected"],
        BY_SENDER => &["by sender"],
        _ => &[""],
    }
}

#[test]
fn no_deletion_lets_a_diagnosis_rest_on_what_is_not_there() {
    let seed = std::env::var("WHYMID_SEED").ok();
    let seed = seed
        .and_then(|text| text.parse().ok())
        .unwrap_or(20_261_124);
    let plan = plan(seed);
    println!("seed {seed}");
    let sessions = sessions(&plan);
    let judge = Judge {
        knowledge: Knowledge::embedded(),
        now: "2026-04-30T00:00:00Z".parse().expect("a moment"),
        plan,
    };
    let mut told: BTreeMap<(String, String), u32> = BTreeMap::new();
    let mut deletions = 0;
    for session in &sessions {
        for gone in 0..session.lines.len() {
            let mut lines = session.lines.clone();
            let line = lines.remove(gone);
            let Some(answer) = judge.answer(session, &lines) else {
                continue;
            };
            deletions += 1;
            let diagnosis = &answer.diagnosis;
            *told
                .entry((format!("{:?}", session.why), diagnosis.id.clone()))
                .or_default() += 1;
            let shown = || {
                let left: Vec<&str> = lines.iter().map(|line| line.body.as_str()).collect();
                format!(
                    "without {:?}: {} {:?}\n{left:#?}",
                    line.body, diagnosis.id, diagnosis.confidence
                )
            };
            for evidence in &diagnosis.evidence {
                let there = lines
                    .iter()
                    .any(|line| line.body.trim_end() == evidence.line.trim_end());
                assert!(
                    there,
                    "{:?} is no line of the log\n{}",
                    evidence.line,
                    shown()
                );
            }
            assert!(holds(&lines, rests_on(&diagnosis.id)), "{}", shown());
            deciding(session, &line, &lines, &answer, &shown);
        }
    }
    println!("{} sessions, {deletions} deletions", sessions.len());
    for ((why, id), count) in told {
        println!("{count:6} {why} {id}");
    }
    assert!(deletions > 1_000, "{deletions}");
}

/// The line that decides is the deleted one.
fn deciding(
    session: &Session,
    gone: &Written,
    left: &[Written],
    answer: &Answer,
    shown: &dyn Fn() -> String,
) {
    let decides = ["lost", "disconnected", "Receiving Failed"];
    let of_connection = gone.body.starts_with("ICID");
    let is_deciding = of_connection && decides.iter().any(|word| gone.body.contains(word));
    let others = [
        "lost",
        "disconnected",
        "Receiving Failed",
        "by sender",
        "Rejected",
        "rejected",
        "TLS",
        "killed",
        "invalid",
        "Invalid",
    ];
    let by_quit = !holds(left, &["Receiving aborted"]);
    if !is_deciding || holds(left, &others) || by_quit || session.why == Abort::BounceVerification {
        return;
    }
    let diagnosis = &answer.diagnosis;
    let also = answer.also.iter().any(|one| one.id == UNSEEN);
    let possible = diagnosis.confidence == Confidence::Possible;
    // a slip of the client's that is there may have to do with it
    if diagnosis.id == PROTOCOL {
        assert!(possible && also, "{}", shown());
    } else if is_in_a_band(left) {
        assert!(possible || diagnosis.id == UNSEEN, "{}", shown());
        let told = [TIMEOUT, TOO_LONG, UNSEEN].contains(&diagnosis.id.as_str());
        assert!(told, "{}", shown());
    } else {
        assert_eq!(diagnosis.id, UNSEEN, "{}", shown());
    }
}
