//! Nothing is written before what must precede it.

use std::collections::{HashMap, HashSet};

use whymid_generator::{Generator, Kind, Line, Plan, RecordKind, Whom, Written};

const STARTS: [Kind; 3] = [Kind::E057, Kind::E058, Kind::E059];
const EXPLAINED: [Kind; 6] = [
    Kind::E140,
    Kind::E141,
    Kind::E142,
    Kind::E143,
    Kind::E195,
    Kind::E196,
];
const OPENINGS: [Kind; 5] = [Kind::E001, Kind::E002, Kind::E003, Kind::E004, Kind::E005];
const OUTBOUND: [Kind; 3] = [Kind::E204, Kind::E205, Kind::E206];
const FAILED: [Kind; 2] = [Kind::E225, Kind::E226];
const DELIVERY_STARTS: [Kind; 3] = [Kind::E207, Kind::E208, Kind::E183];
const DONE: [Kind; 4] = [Kind::E209, Kind::E210, Kind::E099, Kind::E184];
const ANSWERS: [Kind; 4] = [Kind::E211, Kind::E212, Kind::E213, Kind::E185];
const ABORTS: [Kind; 3] = [Kind::E081, Kind::E082, Kind::E083];
const READY: [Kind; 2] = [Kind::E079, Kind::E080];
const HELD: [Kind; 3] = [Kind::E146, Kind::E165, Kind::E167];

/// What was written so far, by truth id.
#[derive(Default)]
struct SoFar {
    kinds: HashMap<u64, Vec<Kind>>,
    /// Deliveries of messages: which message on which outbound connection.
    under_way: HashSet<(u64, u64)>,
    /// Messages that another one's line has named.
    named: HashSet<u64>,
    /// Successors that were in use before a line named them.
    unexplained: HashMap<u64, i64>,
    /// The connections that are open, by appliance and ICID.
    open: HashSet<(usize, u64)>,
}

impl SoFar {
    fn check(&mut self, line: &Written) {
        match line.whom.kind() {
            RecordKind::Message => self.message(line),
            RecordKind::Connection => self.connection(line),
            RecordKind::Delivery => self.delivery(line),
            RecordKind::Event => {}
        }
        self.kinds
            .entry(line.whom.id())
            .or_default()
            .push(line.kind);
    }

    fn of(&self, id: u64) -> &[Kind] {
        self.kinds.get(&id).map_or(&[], Vec::as_slice)
    }

    fn has(&self, id: u64, any: &[Kind]) -> bool {
        self.of(id).iter().any(|kind| any.contains(kind))
    }

    fn message(&mut self, line: &Written) {
        let id = line.whom.id();
        if self.of(id).is_empty() {
            self.birth(line);
        }
        if let Some(named) = line.also
            && matches!(named.whom, Whom::Message(_))
        {
            self.named.insert(named.whom.id());
            self.unexplained.remove(&named.whom.id());
        }
        self.receiving(line);
        self.delivering(line);
    }

    fn birth(&mut self, line: &Written) {
        let id = line.whom.id();
        let own = [Kind::E077, Kind::E176, Kind::E182];
        let born = [&STARTS[..], &EXPLAINED, &own]
            .concat()
            .contains(&line.kind);
        if line.kind == Kind::E057 {
            let icid = line
                .body
                .rsplit(' ')
                .next()
                .and_then(|icid| icid.parse().ok());
            let icid = icid.expect("Start MID n ICID m");
            assert!(
                self.open.contains(&(line.appliance, icid))
                    || self.named.contains(&id)
                    || self.unexplained.insert(id, line.sent).is_none(),
                "{line:?}"
            );
        } else if !born && !self.named.contains(&id) {
            assert_eq!(line.kind, Kind::E060, "{line:?}");
            self.unexplained.insert(id, line.sent);
        }
    }

    fn receiving(&self, line: &Written) {
        let id = line.whom.id();
        let over = self.has(id, &[Kind::E084]);
        assert!(!over, "{line:?} comes after the end");
        if READY.contains(&line.kind) {
            assert!(self.has(id, &[Kind::E060, Kind::E061]), "{line:?}");
        }
        if line.kind == Kind::E084 {
            let last = self.of(id).last();
            assert!(last.is_some_and(|kind| ABORTS.contains(kind)), "{line:?}");
        }
        if line.kind == Kind::E171 || line.kind == Kind::E173 {
            assert!(self.has(id, &HELD), "{line:?}");
        }
        if self.has(id, &[Kind::E085]) {
            let last = line.kind == Kind::E136;
            assert!(last, "{line:?} comes after the end");
        }
    }

    fn delivering(&mut self, line: &Written) {
        let id = line.whom.id();
        let outbound = line.also.map(|named| named.whom);
        if let Some(Whom::Delivery(outbound)) = outbound {
            assert!(!self.of(outbound).is_empty(), "{line:?} has no connection");
            if DELIVERY_STARTS.contains(&line.kind) {
                assert!(self.has(id, &[Kind::E203]), "{line:?} is not queued");
                self.under_way.insert((id, outbound));
            }
            if DONE.contains(&line.kind) {
                assert!(self.under_way.contains(&(id, outbound)), "{line:?}");
            }
        }
        if ANSWERS.contains(&line.kind) {
            assert!(self.has(id, &DONE), "{line:?}");
        }
    }

    fn connection(&mut self, line: &Written) {
        let (id, number) = (line.whom.id(), (line.appliance, line.number));
        if self.of(id).is_empty() {
            let rejected = [Kind::E040, Kind::E041].contains(&line.kind);
            assert!(OPENINGS.contains(&line.kind) || rejected, "{line:?}");
            self.open.insert(number);
        }
        assert!(!self.has(id, &[Kind::E006, Kind::E013]), "{line:?}");
        if line.kind == Kind::E006 || line.kind == Kind::E013 {
            self.open.remove(&number);
        }
    }

    fn delivery(&self, line: &Written) {
        let id = line.whom.id();
        if self.of(id).is_empty() {
            let kinds = [&OUTBOUND[..], &FAILED].concat();
            assert!(kinds.contains(&line.kind), "{line:?}");
        }
        let closed = [Kind::E215, Kind::E216, Kind::E217];
        assert!(!self.has(id, &closed), "{line:?} comes after the end");
    }
}

#[test]
fn whatever_a_line_needs_was_written_before_it() {
    for seed in 0..3 {
        let mut so_far = SoFar::default();
        for line in Generator::new(Plan::full(seed, 60_000)) {
            let line = match line {
                Line::Written(line) => line,
                Line::Done(record) => {
                    so_far.unexplained.remove(&record.id);
                    continue;
                }
            };
            so_far.check(&line);
            let since = so_far.unexplained.values().min();
            assert!(
                since.is_none_or(|since| line.sent - since <= 2),
                "a successor that nothing explains before {line:?}"
            );
        }
        assert!(so_far.named.len() > 100);
    }
}

#[test]
fn each_appliance_writes_in_order_of_time_but_for_the_heads_of_its_log_files() {
    let mut newest = HashMap::new();
    let mut back = 0;
    for line in Generator::new(Plan::full(1, 100_000)).lines(drop) {
        let head = [Kind::E242, Kind::E243, Kind::E244].contains(&line.kind);
        let before = newest.entry(line.appliance).or_insert(line.at);
        if head {
            back += u32::from(line.at > *before);
            continue;
        }
        assert!(line.at >= *before, "{line:?}");
        *before = line.at;
    }
    assert!(back > 3);
}

#[test]
fn an_inbound_timeout_comes_five_minutes_after_the_opening() {
    let (lines, truth) = Generator::new(Plan::full(2, 60_000)).collected();
    let opened: HashMap<(usize, u64, u32), i64> = truth
        .iter()
        .filter(|record| record.kind == RecordKind::Connection)
        .map(|record| {
            let first = &lines[record.line_ids[0] as usize];
            (
                (record.appliance, record.number, record.generation),
                first.sent,
            )
        })
        .collect();
    let mut found = 0;
    for record in &truth {
        let timeout = whymid_generator::Ending::Aborted(whymid_generator::Abort::Timeout);
        if record.ending == timeout && !record.cut {
            let of = |line_id: &u64| &lines[*line_id as usize];
            let start = of(&record.line_ids[0]).body.rsplit(' ').next();
            let icid = start.and_then(|icid| icid.parse().ok()).expect("an ICID");
            let end = record.line_ids.last().map(of).expect("a line");
            let open = opened[&(record.appliance, icid, record.generation)];
            assert_eq!(end.sent - open, 300, "{end:?}");
            found += 1;
        }
    }
    assert!(found > 5);
}
