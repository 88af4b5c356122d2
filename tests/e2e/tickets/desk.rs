//! A service whose aborted mail opens tickets: subscribed, told of mail by syslog, waited for.
//!
//! Records rest for 10 s before they count (`whymid_mailflow::LINGER`): whoever waits for a ticket
//! waits for that.

use std::io::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{Service, Session, Setup, tcp, wait_at_most};

/// The most that a notification may take on a busy machine, with what is tried again after a minute.
const PATIENCE: Duration = Duration::from_secs(180);

const JSON: [(&str, &str); 1] = [("Content-Type", "application/json")];

/// Ticket systems of this machine may be connected to.
pub(crate) const ALLOWED: &str = "[ticketing]\nallow = [\"127.0.0.0/8\"]\n";

/// A service that may connect to this machine.
pub(crate) fn service() -> Service {
    Service::start_with(Setup {
        config: ALLOWED.to_owned(),
        ..Setup::default()
    })
}

/// Tickets for aborted mail; what is new is told after 3 s.
pub(crate) fn terms(name: &str, target: Value) -> Value {
    json!({
        "name": name,
        "filter": "has(message.mid) && message.outcome == \"aborted\"",
        "quiet_period": "3s",
        "resolve_after": "1h",
        "target": target,
    })
}

/// Makes a subscription; its id.
pub(crate) fn subscribe(service: &Service, terms: &Value) -> String {
    let made = service.post("/v1/subscriptions", &JSON, terms.to_string());
    let made = made.is(201).json();
    made["id"].as_str().expect("an id").to_owned()
}

/// `POST` of JSON that is taken with that status.
pub(crate) fn post(service: &Service, path: &str, body: &Value, status: u16) -> Value {
    let reply = service.post(path, &JSON, body.to_string());
    reply.is(status).json()
}

/// Changes a subscription.
pub(crate) fn change(service: &Service, id: &str, changes: &Value) {
    let path = format!("/v1/subscriptions/{id}");
    service.patch(&path, changes).is(200);
}

/// What a subscription had to tell, the oldest first.
pub(crate) fn notifications(service: &Service, id: &str) -> Vec<Value> {
    let path = format!("/v1/notifications?subscription={id}&limit=1000");
    let listed = service.get(&path).is(200).json();
    let mut items = listed["items"].as_array().expect("a list").clone();
    items.reverse();
    items
}

/// Waits for what a subscription has to tell.
#[track_caller]
pub(crate) fn eventually(
    service: &Service,
    id: &str,
    fits: impl Fn(&[Value]) -> bool,
) -> Vec<Value> {
    let mut last = Vec::new();
    let found = wait_at_most(PATIENCE, || {
        std::thread::sleep(Duration::from_millis(100));
        last = notifications(service, id);
        fits(&last).then(|| last.clone())
    });
    found.unwrap_or_else(|| panic!("never; told so far: {last:#?}\n{}", service.log()))
}

/// Waits until so many notifications were made and delivered, and all of them are those: kind and
/// count of each. The key of their cause, if they are of one.
#[track_caller]
pub(crate) fn told(service: &Service, id: &str, wanted: &[(&str, u64)]) -> String {
    let delivered = |one: &Value| one["state"] == "delivered";
    let all = eventually(service, id, |all| {
        all.len() >= wanted.len() && all.iter().all(delivered)
    });
    let of = |one: &Value| (one["kind"].clone(), one["count"].clone());
    let found: Vec<_> = all.iter().map(of).collect();
    let wanted: Vec<_> = wanted
        .iter()
        .map(|(kind, count)| (json!(kind), json!(count)))
        .collect();
    assert_eq!(found, wanted, "{all:#?}");
    let key = &all[0]["key"];
    assert!(all.iter().all(|one| one["key"] == *key), "{all:#?}");
    key.as_str().expect("a key").to_owned()
}

/// Waits until the only notification of a subscription was refused; why.
#[track_caller]
pub(crate) fn refused(service: &Service, id: &str) -> String {
    let dead = |all: &[Value]| all.len() == 1 && all[0]["state"] == "dead";
    let all = eventually(service, id, dead);
    let why = all[0]["problem"].as_str().expect("a reason");
    why.to_owned()
}

/// The ticket that a message counts for, once it has that count.
#[track_caller]
pub(crate) fn linked(service: &Service, mid: u64, count: u64) -> Value {
    let answer = service.answer(&format!("mid={mid}"), |answer| {
        let tickets = answer["tickets"].as_array();
        tickets.is_some_and(|all| all.len() == 1 && all[0]["count"] == count)
    });
    answer["tickets"][0].clone()
}

/// Pushes what an appliance says of a message.
pub(crate) fn push(service: &Service, appliance: &str, session: &Session) {
    let mut stream = tcp(service.tcp);
    let lines = session.stream(appliance);
    stream.write_all(&lines).expect("the service reads");
}

/// The connection that a message comes by.
pub(crate) fn icid(mid: u64) -> u64 {
    mid + 50_000
}

/// A message on its way in, seconds ago.
pub(crate) fn begun(mid: u64, host: &str) -> Vec<(i64, String)> {
    let icid = icid(mid);
    let all = [
        format!(
            "New SMTP ICID {icid} interface Data 1 (192.0.2.10) address 198.51.100.31 reverse dns host {host} verified yes"
        ),
        format!("ICID {icid} ACCEPT SG UNKNOWNLIST match sbrs[-1.0:10.0] SBRS 3.4 country France"),
        format!("Start MID {mid} ICID {icid}"),
        format!("MID {mid} ICID {icid} From: <orders@{host}>"),
        format!("MID {mid} ICID {icid} RID 0 To: <info@corp.example>"),
    ];
    all.map(|body| (4, body)).into()
}

/// A message whose connection was lost, seconds ago.
pub(crate) fn lost(mid: u64, host: &str) -> Session {
    let icid = icid(mid);
    let mut all = begun(mid, host);
    all.push((2, format!("ICID {icid} lost")));
    all.push((2, format!("Message aborted MID {mid} Receiving aborted")));
    all.push((2, format!("Message finished MID {mid} aborted")));
    Session(all)
}

/// A message that went through, seconds ago.
pub(crate) fn delivered(mid: u64, host: &str) -> Session {
    let (icid, dcid) = (icid(mid), mid + 70_000);
    let mut all = begun(mid, host);
    let rest = [
        format!("MID {mid} ready 4096 bytes from <orders@{host}>"),
        format!("MID {mid} queued for delivery"),
        format!("New SMTP DCID {dcid} interface 192.0.2.11 address 192.0.2.50 port 25"),
        format!("Delivery start DCID {dcid} MID {mid} to RID [0]"),
        format!("Message done DCID {dcid} MID {mid} to RID [0] "),
        format!("MID {mid} RID [0] Response '2.0.0 Ok: queued as 7F1A2'"),
        format!("Message finished MID {mid} done"),
        format!("ICID {icid} close"),
        format!("DCID {dcid} close"),
    ];
    all.extend(rest.map(|body| (3, body)));
    Session(all)
}
