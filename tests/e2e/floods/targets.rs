//! Every kind of ticket system, a subscription for each, and what they were told.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::doubles::{Mailbox, System, all};
use crate::harness::{Service, Setup};

/// What every occurrence here is diagnosed as.
pub(super) const DIAGNOSIS: &str = "receiving-aborted-by-sender";

/// The systems, and the ids of the subscriptions that lead to them.
pub(super) struct Targets {
    pub(super) systems: Vec<Box<dyn System>>,
    ids: Vec<String>,
}

/// A service that may reach them.
pub(super) fn setup(haste: u64) -> Setup {
    Setup {
        config: "[ticketing]\nallow = [\"127.0.0.0/8\"]\n".to_owned(),
        environment: vec![("WHYMID_TEST_TICKET_HASTE", haste.to_string())],
        ..Setup::default()
    }
}

impl Targets {
    /// One of each, that nobody leads to yet.
    pub(super) fn start() -> Self {
        let mut systems = all();
        systems.push(Box::new(Mailbox::start()));
        let ids = Vec::new();
        Self { systems, ids }
    }

    /// Leads to each of them.
    pub(super) fn subscribe(&mut self, service: &Service, quiet_period: &str) {
        for (number, system) in self.systems.iter().enumerate() {
            let terms = json!({
                "name": format!("{number} {}", system.kind()),
                "filter": format!("diagnosis.id == {DIAGNOSIS:?}"),
                "target": system.target(),
                "quiet_period": quiet_period,
                "at_most": {"tickets": 1000, "per": "1h"},
            });
            let headers = [("Content-Type", "application/json")];
            let made = service.post("/v1/subscriptions", &headers, terms.to_string());
            let id = made.is(201).json()["id"].as_str().map(str::to_owned);
            self.ids.push(id.expect("an id"));
        }
    }

    /// How each subscription fares, in the order of the systems.
    pub(super) fn states(&self, service: &Service) -> Vec<Value> {
        let all = service.get("/v1/subscriptions").is(200).json();
        let items = all["items"].as_array().expect("a list");
        let of = |id: &String| {
            let mut found = items.iter().filter(|one| one["id"] == id.as_str());
            found.next().expect("a subscription")["state"].clone()
        };
        self.ids.iter().map(of).collect()
    }

    /// Whether everything that is known was told everywhere.
    pub(super) fn rests(&self, service: &Service) -> bool {
        let inbox = service.gauge("ticketing{what=\"inbox\"}");
        let states = self.states(service);
        let is_done = |state: &Value| state["waiting"] == 0 && state["dead"] == 0;
        inbox == Some(0) && states.iter().all(is_done)
    }

    /// The titles of each subscription's causes by their keys.
    pub(super) fn titles(&self, service: &Service, number: usize) -> BTreeMap<String, String> {
        let mut titles = BTreeMap::new();
        let mut path = format!(
            "/v1/notifications?limit=200&subscription={}",
            self.ids[number]
        );
        loop {
            let page = service.get(&path).is(200).json();
            for one in page["items"].as_array().expect("a list") {
                let text = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
                titles.entry(text("key")).or_insert_with(|| text("title"));
            }
            let Some(next) = page["next_cursor"].as_str() else {
                return titles;
            };
            path = format!(
                "/v1/notifications?limit=200&subscription={}&cursor={next}",
                self.ids[number]
            );
        }
    }

    /// Nothing was told twice, and nothing that a system would not take.
    pub(super) fn are_well(&self) {
        for system in &self.systems {
            let kind = system.kind();
            assert_eq!(system.complaints(), Vec::<String>::new(), "{kind}");
            for ticket in system.tickets() {
                let mut all: Vec<String> = ticket.texts.iter().flat_map(|one| marks(one)).collect();
                let before = all.len();
                all.sort();
                all.dedup();
                assert_eq!(all.len(), before, "{kind}: something twice in {ticket:#?}");
            }
        }
    }
}

/// What tells one notification from all others in a text: its marker, or its revision.
fn marks(text: &str) -> Vec<String> {
    let after = |word: &'static str, end: char| {
        let found = text.match_indices(word).map(move |(at, _)| {
            let rest = &text[at + word.len()..];
            rest.split(end).next().unwrap_or_default().to_owned()
        });
        found.collect::<Vec<_>>()
    };
    let markers = after("[whymid wm-", ']');
    if !markers.is_empty() {
        return markers;
    }
    let revisions = after("\"revision\":", ',');
    if revisions.is_empty() {
        vec![text.to_owned()]
    } else {
        revisions
    }
}

/// How many occurrences a text tells of.
pub(super) fn told(text: &str) -> Option<u64> {
    let is_digit = |letter: &char| letter.is_ascii_digit();
    let number = |digits: &str| digits.parse().ok();
    if let Some(at) = text.find(" occurrence") {
        let before = text[..at].chars().rev().take_while(is_digit).count();
        return number(&text[at - before..at]);
    }
    let (_, rest) = text.rsplit_once(" count ")?;
    let end = rest.chars().take_while(is_digit).count();
    number(&rest[..end])
}

/// How many occurrences a ticket's newest text tells of.
pub(super) fn last_told(texts: &[String]) -> Option<u64> {
    texts.iter().rev().find_map(|text| told(text))
}
