//! Search, statistics and exports on the running service, against the truth of a generated log and
//! against each other.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::Value;
use whymid_generator::{
    Form, Generator, Messages, Plan, RecordKind, TruthRecord, Verdict, Written, render,
};

use crate::harness::{Service, wait_for};

/// A generated log whose gateways live in UTC.
pub(crate) fn log(seed: u64, lines: u64) -> (Plan, Vec<Written>, Vec<TruthRecord>) {
    let mut plan = Plan::full(seed, lines);
    for one in &mut plan.appliances {
        one.offset = 0;
    }
    let (lines, records) = Generator::new(plan.clone()).collected();
    (plan, lines, records)
}

pub(crate) fn text<'l>(plan: &Plan, lines: impl IntoIterator<Item = &'l Written>) -> Vec<u8> {
    let mut text = Vec::new();
    for line in lines {
        text.extend(render(line, Form::H2, &plan.appliances));
        text.push(b'\n');
    }
    text
}

/// Hands lines in and says how many there were.
pub(crate) fn hand_in(service: &Service, plan: &Plan, lines: &[Written]) -> u64 {
    let path = format!("/v1/lines?lane=archive&year={}", plan.begins.year());
    let headers = [("Content-Type", "application/octet-stream")];
    let told = service.post(&path, &headers, text(plan, lines)).is(202);
    told.json()["accepted"].as_u64().expect("a number")
}

/// Every message, by an export.
pub(crate) fn all(service: &Service, query: &str) -> Vec<Value> {
    let lines = [("Accept", "application/x-ndjson")];
    let reply = service
        .ask(&format!("/v1/messages?{query}"), &lines)
        .is(200);
    let items = reply.body.lines().map(serde_json::from_str);
    items.collect::<Result<_, _>>().expect("JSON a line")
}

pub(crate) fn ids(items: &[Value]) -> Vec<String> {
    let id = |one: &Value| one["id"].as_str().expect("an id").to_owned();
    items.iter().map(id).collect()
}

/// All pages of a list.
fn paged(
    service: &Service,
    query: &str,
    limit: u32,
    mut between: impl FnMut(usize),
) -> Vec<String> {
    let mut found = Vec::new();
    let mut cursor = String::new();
    for page in 0.. {
        let path = format!("/v1/messages?{query}&limit={limit}{cursor}");
        let reply = service.get(&path).is(200).json();
        found.extend(ids(reply["items"].as_array().expect("a list")));
        match reply["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
        between(page);
    }
    found
}

fn words<'v>(item: &'v Value, of: &'v str, field: &'v str) -> Vec<&'v str> {
    let several = item[of].as_array().into_iter().flatten();
    several.filter_map(|one| one[field].as_str()).collect()
}

/// The groups that an item belongs to.
type Keys = Box<dyn Fn(&Value) -> BTreeSet<String>>;

/// Outcomes that are none yet.
const UNDER_WAY: [&str; 4] = ["queued", "processing", "soft_bounced", "unknown"];

/// Diagnoses that rest on how long something has lasted.
const TELLS_HOW_LONG: [&str; 3] = ["in-progress-", "delivery-delayed-", "log-incomplete"];

/// What a filter must find, by what the items say.
type Fits = fn(&Value) -> bool;

const FILTERS: [(&str, Fits); 14] = [
    ("outcome=delivered", |one| one["outcome"] == "delivered"),
    ("outcome=!delivered&outcome=!aborted", |one| {
        one["outcome"] != "delivered" && one["outcome"] != "aborted"
    }),
    ("outcome=hard_bounced&outcome=dropped", |one| {
        one["outcome"] == "hard_bounced" || one["outcome"] == "dropped"
    }),
    ("outcome=partially_delivered", |one| {
        one["outcome"] == "partially_delivered"
    }),
    ("diagnosis=receiving-aborted-*", |one| {
        one["diagnosis"]
            .as_str()
            .is_some_and(|id| id.starts_with("receiving-aborted-"))
    }),
    ("diagnosis=!delivered-ok&outcome=delivered", |one| {
        one["diagnosis"] != "delivered-ok" && one["outcome"] == "delivered"
    }),
    ("sender=*.example", |one| {
        one["sender"]
            .as_str()
            .is_some_and(|own| own.to_lowercase().ends_with(".example"))
    }),
    ("sender=%3C%3E", |one| one["sender"] == ""),
    ("recipient=*@corp.example", |one| {
        let addresses = words(one, "recipients", "address");
        addresses
            .iter()
            .any(|own| own.to_lowercase().ends_with("@corp.example"))
    }),
    ("recipient=!*@corp.example", |one| {
        let addresses = words(one, "recipients", "address");
        !addresses
            .iter()
            .any(|own| own.to_lowercase().ends_with("@corp.example"))
    }),
    ("subject=invoice", |one| {
        let subject = one["subject"].as_str().unwrap_or_default().to_lowercase();
        subject
            .split(|letter: char| !letter.is_alphanumeric())
            .any(|word| word == "invoice")
    }),
    ("host=*.example", |one| {
        one["host"]
            .as_str()
            .is_some_and(|own| own.to_lowercase().ends_with(".example"))
    }),
    ("ip=192.0.2.*", |one| {
        one["ip"]
            .as_str()
            .is_some_and(|own| own.starts_with("192.0.2."))
    }),
    ("mid=!1&icid=1&icid=2&icid=3&icid=4", |one| {
        one["mid"] != 1
            && one["icid"]
                .as_u64()
                .is_some_and(|icid| (1..=4).contains(&icid))
    }),
];

#[test]
fn filters_pages_and_counts_agree_with_the_truth_of_a_generated_log() {
    let (plan, lines, records) = log(20_261_129, 5_000);
    let service = Service::start();
    let mut sent = 0;
    // most of it is written and the service started anew; the rest is in memory
    let (written, live) = lines.split_at(lines.len() * 4 / 5);
    sent += hand_in(&service, &plan, written);
    service.all_handled(sent);
    let service = service.restart();
    let items = all(&service, "");
    let in_memory = service.get("/v1/status").is(200).json()["in_memory"]["messages"].clone();
    assert_eq!(in_memory, 0);
    check(&service, &items);

    // a page at a time, while the rest comes in: what was there is found, each once
    let before: Vec<String> = ids(&all(&service, "sort=-start"));
    let mut pieces = live.chunks(live.len() / 8 + 1);
    let mut late = 0;
    let found = paged(&service, "sort=-start", 60, |_| {
        late += pieces
            .next()
            .map_or(0, |piece| hand_in(&service, &plan, piece));
    });
    for piece in pieces {
        late += hand_in(&service, &plan, piece);
    }
    let known: HashSet<&String> = before.iter().collect();
    let again: Vec<&String> = found.iter().filter(|id| known.contains(id)).collect();
    assert_eq!(again, before.iter().collect::<Vec<_>>());
    let once: HashSet<&String> = found.iter().collect();
    assert_eq!(once.len(), found.len());

    // memory and index as one, then all of it written
    service.eventually("handled", || {
        let handled = service.lines("attached") + service.lines("events");
        (handled >= late).then_some(())
    });
    let items = all(&service, "");
    for (query, fits) in FILTERS {
        let (found, wanted) = (ids(&all(&service, query)), of(&items, fits));
        let missing = wanted.iter().filter(|id| !found.contains(id));
        let strange = found.iter().filter(|id| !wanted.contains(id));
        for id in missing.chain(strange) {
            // of a family it takes until all of it is written
            let timeline = service.get(&format!("/v1/messages/{id}")).is(200).json();
            let family = timeline["family"].as_array().map_or(0, Vec::len);
            assert!(family > 0, "live: {query}: {timeline}");
        }
    }
    let service = service.restart();
    let items = all(&service, "");
    check(&service, &items);
    check_truth(&plan, &records, &items);
}

fn of(items: &[Value], fits: Fits) -> Vec<String> {
    let fitting: Vec<Value> = items.iter().filter(|one| fits(one)).cloned().collect();
    ids(&fitting)
}

/// Two lists are the same; what differs is shown.
#[track_caller]
fn same(what: &str, found: &[String], wanted: &[String]) {
    let missing = wanted.iter().filter(|id| !found.contains(id));
    let strange = found.iter().filter(|id| !wanted.contains(id));
    let (missing, strange): (Vec<_>, Vec<_>) = (missing.collect(), strange.collect());
    assert!(
        found == wanted,
        "{what}: missing {missing:?}, strange {strange:?}"
    );
}

/// Every filter and every count, against the items.
fn check(service: &Service, items: &[Value]) {
    // families are looked at after the commit that holds them
    let _ = wait_for(|| {
        let agrees = |(query, fits): &(&str, Fits)| ids(&all(service, query)) == of(items, *fits);
        FILTERS.iter().all(agrees).then_some(())
    });
    for (query, fits) in FILTERS {
        let found = ids(&all(service, query));
        same(query, &found, &of(items, fits));
        let stats = service.get(&format!("/v1/stats?{query}")).is(200).json();
        assert_eq!(stats["total"], found.len(), "{query}");
    }
    let domain = |address: &str| Some(address.rsplit_once('@')?.1.to_lowercase());
    let keys: [(&str, Keys); 6] = [
        (
            "outcome",
            Box::new(|one| BTreeSet::from([one["outcome"].as_str().unwrap().to_owned()])),
        ),
        (
            "diagnosis",
            Box::new(|one| BTreeSet::from([one["diagnosis"].as_str().unwrap().to_owned()])),
        ),
        (
            "appliance",
            Box::new(|one| BTreeSet::from([one["appliance"].as_str().unwrap().to_owned()])),
        ),
        (
            "host",
            Box::new(|one| {
                one["host"]
                    .as_str()
                    .map(str::to_lowercase)
                    .into_iter()
                    .collect()
            }),
        ),
        (
            "sender_domain",
            Box::new(move |one| {
                one["sender"]
                    .as_str()
                    .and_then(domain)
                    .into_iter()
                    .collect()
            }),
        ),
        (
            "recipient_domain",
            Box::new(move |one| {
                words(one, "recipients", "address")
                    .into_iter()
                    .filter_map(domain)
                    .collect()
            }),
        ),
    ];
    // a mail that is under way is diagnosed by how long it has been so: otherwise when it is read
    // than when it was written
    let settled = |one: &&Value| !UNDER_WAY.contains(&one["outcome"].as_str().unwrap_or_default());
    let only = UNDER_WAY
        .map(|outcome| format!("&outcome=!{outcome}"))
        .join("");
    for (by, keys) in keys {
        let mut wanted: BTreeMap<String, u64> = BTreeMap::new();
        for key in items.iter().filter(settled).flat_map(&keys) {
            *wanted.entry(key).or_default() += 1;
        }
        let stats = service
            .get(&format!("/v1/stats?group_by={by}&limit=1000{only}"))
            .is(200)
            .json();
        let groups = stats["groups"].as_array().expect("groups").iter();
        let groups = groups.map(|one| {
            let key = one["key"].as_str().expect("a key").to_owned();
            (key, one["count"].as_u64().expect("a count"))
        });
        let found: BTreeMap<String, u64> = groups.collect();
        let listed: u64 = found.values().sum();
        let all: u64 = wanted.values().sum();
        assert_eq!(
            listed + stats["other"].as_u64().expect("a number"),
            all,
            "{by}"
        );
        // the worst of a mail that was delivered for some may be under way for others
        let is_lasting = |key: &&String| !TELLS_HOW_LONG.iter().any(|one| key.starts_with(one));
        for key in found.keys().chain(wanted.keys()).filter(is_lasting) {
            assert_eq!(found.get(key), wanted.get(key), "{by}: {key}");
        }
    }
}

/// Every message that truly was is found, with an outcome that is right.
fn check_truth(plan: &Plan, records: &[TruthRecord], items: &[Value]) {
    let messages = records.iter().filter(|one| one.kind == RecordKind::Message);
    assert_eq!(items.len(), messages.count());
    let mut truth = Messages::default();
    for record in records.iter().filter(|one| !one.cut) {
        truth.add(record);
    }
    let place = |name: &str| {
        plan.appliances
            .iter()
            .position(|one| one.name.eq_ignore_ascii_case(name))
    };
    let verdicts = items.iter().filter_map(|one| {
        let first = one["first_seen_at"].as_str().expect("a moment");
        let first: jiff::Timestamp = first.parse().expect("a moment");
        let first = jiff::tz::TimeZone::UTC.to_datetime(first);
        let appliance = place(one["appliance"].as_str().expect("a name")).expect("one of ours");
        let number = one["mid"].as_u64().expect("a number");
        let same = records.iter().filter(|own| {
            let is_message = own.kind == RecordKind::Message;
            is_message && (own.appliance, own.number) == (appliance, number)
        });
        let distance = |own: &&TruthRecord| own.first.duration_since(first).abs();
        // what a reset cut off is told by no line
        same.min_by_key(distance).filter(|own| !own.cut)?;
        Some(Verdict {
            appliance,
            number,
            first,
            diagnosis: one["diagnosis"].as_str().expect("an id").to_owned(),
            outcome: one["outcome"].as_str().expect("a word").to_owned(),
        })
    });
    let agreement = truth.verdicts(verdicts);
    assert!(agreement.wrong.is_empty(), "{:?}", agreement.wrong);
    assert!(agreement.right > 100, "{agreement:?}");
}
