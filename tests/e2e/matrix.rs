//! Who may call what and sees whose mail: every operation of `openapi.yaml` with every kind of token,
//! so that a new one can't be forgotten. What each then sees is for `tenants.rs`.

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::harness::{Service, Setup, datagrams, recent, repository};

/// Whoever asks: name, what stands in its table beside the hash.
const CALLERS: [(&str, &str); 9] = [
    ("read", "scope = \"read\""),
    ("ticket", "scope = \"ticket\""),
    ("ingest", "scope = \"ingest\""),
    ("admin", "scope = \"admin\"\nexpires = \"2999-12-31\""),
    ("expired", "scope = \"admin\"\nexpires = \"2020-01-01\""),
    ("gateway", "scope = \"read\"\nappliances = [\"esa2\"]"),
    ("collector", "scope = \"ingest\"\nappliances = [\"esa1\"]"),
    (
        "corp",
        "scope = \"read\"\nrecipient_domains = [\"kappa.example\"]",
    ),
    (
        "tenant",
        "scope = \"read\"\nrecipient_domains = [\"omega.example\", \"*.omega.example\"]",
    ),
];

/// A mail for annika of kappa.example, one for bartek of omega.example by the same connection, and one for
/// both, of which bartek's part bounces; one of bartek's by another gateway.
const STORY: &[(&str, &str)] = &[
    (
        "esa1",
        "New SMTP ICID 9001 interface Data 1 (192.0.2.10) address 198.51.100.7 reverse dns host mx.partner.example verified yes",
    ),
    (
        "esa1",
        "ICID 9001 ACCEPT SG UNKNOWNLIST match sbrs[-1.0:10.0] SBRS 3.5",
    ),
    ("esa1", "Start MID 40917 ICID 9001"),
    ("esa1", "MID 40917 ICID 9001 From: <desk@partner.example>"),
    (
        "esa1",
        "MID 40917 ICID 9001 RID 0 To: <annika@kappa.example>",
    ),
    ("esa1", "MID 40917 Subject 'Xylophones for Annika'"),
    (
        "esa1",
        "MID 40917 ready 40963 bytes from <desk@partner.example>",
    ),
    (
        "esa1",
        "Message aborted MID 40917 Dropped by filter 'no-xylophones'",
    ),
    ("esa1", "Message finished MID 40917 done"),
    ("esa1", "Start MID 50923 ICID 9001"),
    ("esa1", "MID 50923 ICID 9001 From: <desk@partner.example>"),
    (
        "esa1",
        "MID 50923 ICID 9001 RID 0 To: <bartek@omega.example>",
    ),
    ("esa1", "MID 50923 Subject 'Zeppelins for Bartek'"),
    (
        "esa1",
        "MID 50923 ready 50969 bytes from <desk@partner.example>",
    ),
    (
        "esa1",
        "Message aborted MID 50923 Dropped by filter 'no-zeppelins'",
    ),
    ("esa1", "Message finished MID 50923 done"),
    ("esa1", "Start MID 60931 ICID 9001"),
    ("esa1", "MID 60931 ICID 9001 From: <desk@partner.example>"),
    (
        "esa1",
        "MID 60931 ICID 9001 RID 0 To: <bartek@omega.example>",
    ),
    (
        "esa1",
        "MID 60931 ICID 9001 RID 1 To: <annika@kappa.example>",
    ),
    ("esa1", "MID 60931 Subject 'Shared'"),
    (
        "esa1",
        "MID 60931 ready 60967 bytes from <desk@partner.example>",
    ),
    ("esa1", "MID 60931 queued for delivery"),
    (
        "esa1",
        "New SMTP DCID 71 interface 192.0.2.10 address 192.0.2.50 port 25",
    ),
    ("esa1", "Delivery start DCID 71 MID 60931 to RID [0, 1]"),
    ("esa1", "Message done DCID 71 MID 60931 to RID [1]"),
    ("esa1", "MID 60931 RID [1] Response '2.0.0 Ok'"),
    (
        "esa1",
        "Bounced: DCID 71 MID 60931 to RID 0 - 5.1.0 - Unknown address error ('550', ['5.1.1 <bartek@omega.example>: Recipient address rejected']) []",
    ),
    ("esa1", "Message finished MID 60931 done"),
    ("esa1", "DCID 71 close"),
    ("esa1", "ICID 9001 close"),
    (
        "esa2",
        "New SMTP ICID 70961 interface Data 1 (192.0.2.11) address 198.51.100.8 reverse dns host mx.lambda.example verified yes",
    ),
    ("esa2", "Start MID 70941 ICID 7"),
    ("esa2", "MID 70941 ICID 70961 From: <news@lambda.example>"),
    (
        "esa2",
        "MID 70941 ICID 70961 RID 0 To: <bartek@lab.omega.example>",
    ),
    (
        "esa2",
        "MID 70941 ready 10 bytes from <news@lambda.example>",
    ),
    (
        "esa2",
        "Message aborted MID 70941 Receiving aborted by sender",
    ),
    ("esa2", "Message finished MID 70941 aborted"),
    ("esa2", "ICID 70961 close"),
    ("esa2", "Warning: the reporting database of esa2 is full"),
];

pub(crate) fn service() -> Service {
    let tables = CALLERS.map(|(name, table)| {
        let hash = Sha256::digest(name.as_bytes());
        let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("[[tokens]]\nname = \"{name}\"\nsha256 = \"{hash}\"\n{table}\n")
    });
    let service = Service::start_with(Setup {
        config: tables.concat(),
        token: Some("admin".to_owned()),
        ..Setup::default()
    });
    let lines: Vec<String> = STORY
        .iter()
        .map(|(host, body)| format!("<166>{} {host} mail_logs: Info: {body}", recent(0)))
        .collect();
    datagrams(service.udp, &lines);
    service.all_handled(lines.len() as u64);
    service
}

/// Asks with a token, or without.
pub(crate) fn ask(
    service: &Service,
    token: Option<&str>,
    method: &str,
    path: &str,
    accept: &str,
) -> (u16, String) {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let mut headers = vec![
        ("Accept", accept),
        ("Content-Type", "application/octet-stream"),
    ];
    headers.extend(bearer.as_deref().map(|bearer| ("Authorization", bearer)));
    let reply = match method {
        "get" => service.ask(
            path,
            &headers[..1]
                .iter()
                .chain(&headers[2..])
                .copied()
                .collect::<Vec<_>>(),
        ),
        _ => service.send(method, path, &headers, body_of(path)),
    };
    (reply.status, reply.body)
}

fn body_of(path: &str) -> &'static str {
    if path.starts_with("/v1/lines") {
        "Thu Aug 14 11:00:00 2014 Info: MID 1 queued for delivery\n"
    } else {
        ""
    }
}

/// An operation of the document.
pub(crate) struct Operation {
    pub(crate) path: String,
    pub(crate) method: String,
    /// The scopes that it takes; `None` for one that is open.
    pub(crate) scopes: Option<Vec<String>>,
    /// The limits of tokens that it holds to.
    pub(crate) holds_to: Vec<String>,
}

pub(crate) fn operations() -> Vec<Operation> {
    let text = std::fs::read_to_string(repository().join("openapi.yaml")).expect("the contract");
    let document: Value = serde_saphyr::from_str(&text).expect("YAML");
    let words = |list: &Value| -> Vec<String> {
        let list = list.as_array().into_iter().flatten();
        list.filter_map(|one| Some(one.as_str()?.to_owned()))
            .collect()
    };
    let mut all = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, operation) in methods.as_object().expect("methods") {
            let token = &operation["security"][0]["token"];
            let holds_to = &operation["x-holds-to-limits"];
            all.push(Operation {
                path: path.clone(),
                method: method.clone(),
                scopes: token.is_array().then(|| words(token)),
                holds_to: if holds_to.is_array() {
                    words(holds_to)
                } else {
                    vec!["appliances".to_owned(), "recipient_domains".to_owned()]
                },
            });
        }
    }
    all
}

/// What must come of a call, by the document: the status and the code of a refusal; `None` where it
/// must pass.
pub(crate) fn refusal(operation: &Operation, caller: Option<&str>) -> Option<(u16, &'static str)> {
    let scopes = operation.scopes.as_ref()?;
    let Some(caller) = caller else {
        return Some((401, "token_missing"));
    };
    let table = CALLERS.iter().find(|(name, _)| *name == caller);
    let Some((_, table)) = table else {
        return Some((401, "token_unknown"));
    };
    if table.contains("2020-01-01") {
        return Some((401, "token_expired"));
    }
    let scope = table.split('"').nth(1).expect("a scope");
    if scope != "admin" && !scopes.iter().any(|one| one == scope) {
        return Some((403, "scope_insufficient"));
    }
    let is_refused = ["appliances", "recipient_domains"]
        .iter()
        .any(|limit| table.contains(limit) && !operation.holds_to.iter().any(|one| one == limit));
    is_refused.then_some((403, "token_limited"))
}

/// The ids of messages by MID, and of the connection that carried most of them.
pub(crate) fn ids(service: &Service) -> Vec<(&'static str, String)> {
    let mut ids = Vec::new();
    for (name, mid) in [
        ("annika's", 40917),
        ("bartek's", 50923),
        ("shared", 60931),
        ("esa2's", 70941),
    ] {
        let answer = service.get(&format!("/v1/why?mid={mid}")).is(200).json();
        ids.push((
            name,
            answer["message"]["id"].as_str().expect("an id").to_owned(),
        ));
    }
    let answer = service.get("/v1/why?icid=9001").is(200).json();
    let connection = &answer["connection"]["id"];
    ids.push(("connection", connection.as_str().expect("an id").to_owned()));
    ids
}

/// A path with something in each place.
pub(crate) fn filled(operation: &Operation, message: &str, connection: &str) -> String {
    let path = operation.path.as_str();
    let id = if path.contains("connections") {
        connection
    } else if path.contains("messages") {
        message
    } else if path.contains("diagnoses") {
        "delivered-ok"
    } else {
        "receiving-aborted"
    };
    let path = path.replace("{id}", id).replace("{article}", id);
    let path = path.replace("{name}", "esa2");
    assert!(
        !path.contains('{'),
        "{path}: a place that this test does not know"
    );
    match operation.path.as_str() {
        "/v1/why" => format!("{path}?mid=60931"),
        "/v1/stats" => format!("{path}?group_by=diagnosis"),
        "/ask" if operation.method == "get" => format!("{path}?q=60931"),
        "/v1/lines" => format!("{path}?appliance=esa1&lane=archive"),
        _ => path,
    }
}

#[test]
fn every_operation_refuses_and_passes_whom_the_document_says() {
    let service = service();
    let ids = ids(&service);
    let operations = operations();
    let callers = CALLERS.map(|(name, _)| Some(name));
    let callers = callers.into_iter().chain([None, Some("nobody")]);
    let callers: Vec<Option<&str>> = callers.collect();
    let mut tried = 0;
    for operation in &operations {
        let path = filled(operation, &ids[2].1, &ids[4].1);
        for caller in &callers {
            let (status, body) = ask(&service, *caller, &operation.method, &path, "*/*");
            let told = format!(
                "{caller:?} {} {path}: {status} {body:.300}",
                operation.method
            );
            match refusal(operation, *caller) {
                // who tries many unknown tokens is told to wait (signed_in.rs)
                Some((_, "token_unknown")) if status == 429 => {
                    assert!(body.contains("too_many_refusals"), "{told}");
                }
                Some((wanted, code)) => {
                    assert_eq!(status, wanted, "{told}");
                    assert!(body.contains(code), "{told}");
                }
                None => {
                    assert!(![401, 403].contains(&status) && status < 500, "{told}");
                }
            }
            tried += 1;
        }
    }
    println!(
        "access matrix: {} operations x {} callers = {tried}",
        operations.len(),
        callers.len()
    );
    assert!(tried > 300, "{tried}");
    // a collector writes for its own gateway alone
    for (query, wanted) in [
        ("?appliance=esa1", 202),
        ("?appliance=esa2", 403),
        ("", 403),
    ] {
        let path = format!("/v1/lines{query}");
        let (status, body) = ask(&service, Some("collector"), "post", &path, "*/*");
        assert_eq!(status, wanted, "{query}: {body}");
    }
}
