//! Who may call what and sees whose mail: every operation of `openapi.yaml` with every kind of token,
//! so that a new one can't be forgotten; tenants who share gateways, connections and mail.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::harness::{Service, Setup, datagrams, recent, repository};
use crate::search::{log, text};

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

/// What nobody of kappa.example may ever see, and nobody of omega.example.
const SECRET: [(&str, &[&str]); 2] = [
    (
        "corp",
        &[
            "bartek",
            "omega.example",
            "zeppelin",
            "50923",
            "50969",
            "lambda.example",
        ],
    ),
    (
        "tenant",
        &["annika", "kappa.example", "xylophones", "40917", "40963"],
    ),
];

fn service() -> Service {
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
fn ask(
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
        _ => service.post(path, &headers, body_of(path)),
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
struct Operation {
    path: String,
    method: String,
    /// The scopes that it takes; `None` for one that is open.
    scopes: Option<Vec<String>>,
    /// The limits of tokens that it holds to.
    holds_to: Vec<String>,
}

fn operations() -> Vec<Operation> {
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
fn refusal(operation: &Operation, caller: Option<&str>) -> Option<(u16, &'static str)> {
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
fn ids(service: &Service) -> Vec<(&'static str, String)> {
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
fn filled(operation: &Operation, message: &str, connection: &str) -> String {
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

/// Every path that a caller can read, of messages and connections everybody's.
fn readable(ids: &[(&str, String)], caller: &str) -> Vec<String> {
    let mut paths = BTreeSet::new();
    let operations = operations().into_iter();
    let gets = operations.filter(|one| one.method == "get" && refusal(one, Some(caller)).is_none());
    for operation in gets {
        for (_, id) in &ids[..4] {
            paths.insert(filled(&operation, id, &ids[4].1));
        }
    }
    for query in [
        "/v1/why?mid=40917",
        "/v1/why?mid=50923",
        "/v1/why?mid=70941",
        "/v1/why?icid=9001",
        "/v1/why?icid=70961",
        "/v1/messages?q=rejected",
        "/v1/messages?sort=start",
        "/v1/messages?outcome=hard_bounced",
        "/v1/messages?recipient=*@omega.example",
        "/v1/messages?recipient=!annika@kappa.example",
        "/v1/stats?group_by=outcome",
        "/v1/stats?group_by=party",
        "/v1/stats?group_by=host",
        "/v1/stats?group_by=sender_domain",
        "/v1/stats?group_by=recipient_domain",
        "/v1/stats?group_by=appliance",
        "/ask?q=40917",
        "/ask?q=50923",
        "/ask?q=annika@kappa.example",
        "/ask?q=bartek@omega.example",
        "/ask?q=mx.partner.example",
        "/overview",
    ] {
        paths.insert(query.to_owned());
    }
    paths.into_iter().collect()
}

#[test]
fn tenants_of_one_gateway_see_nothing_of_each_other_anywhere() {
    let service = service();
    let ids = ids(&service);
    for restarted in [false, true] {
        for (caller, secret) in SECRET {
            for path in readable(&ids, caller) {
                for accept in [
                    "application/json",
                    "text/html",
                    "text/markdown",
                    "text/plain",
                    "text/csv",
                    "application/x-ndjson",
                ] {
                    let (status, body) = ask(&service, Some(caller), "get", &path, accept);
                    assert!(
                        status < 500,
                        "{caller} {path} {accept}: {status} {body:.300}"
                    );
                    // what was asked for is said again
                    let asked = path.to_lowercase();
                    let body = body.to_lowercase();
                    for secret in secret.iter().filter(|one| !asked.contains(**one)) {
                        assert!(
                            !body.contains(secret),
                            "{caller} {path} {accept} {restarted}: {secret} in {body}"
                        );
                    }
                }
            }
        }
        // by the id of somebody else's, nothing is there
        for (caller, foreign) in [
            ("corp", &ids[1].1),
            ("corp", &ids[3].1),
            ("tenant", &ids[0].1),
            ("gateway", &ids[0].1),
        ] {
            for path in [
                format!("/v1/messages/{foreign}"),
                format!("/v1/messages/{foreign}/answer"),
                format!("/messages/{foreign}"),
            ] {
                let (status, body) = ask(&service, Some(caller), "get", &path, "*/*");
                assert_eq!(status, 404, "{caller} {path}: {body}");
            }
        }
        counts(&service);
        if !restarted {
            service.eventually("all written", || {
                let status = service.get("/v1/status").json();
                (status["in_memory"]["messages"] == 0).then_some(())
            });
        }
    }
}

/// What each of them counts, lists and is told of the mail for both.
fn counts(service: &Service) {
    let json = |caller: &str, path: &str| -> Value {
        let (status, body) = ask(service, Some(caller), "get", path, "application/json");
        assert_eq!(status, 200, "{path}: {body}");
        serde_json::from_str(&body).expect("JSON")
    };
    for (caller, mids) in [
        ("admin", vec![40917, 50923, 60931, 70941]),
        ("gateway", vec![70941]),
        ("corp", vec![40917, 60931]),
        ("tenant", vec![50923, 60931, 70941]),
    ] {
        let list = json(caller, "/v1/messages");
        let items = list["items"].as_array().expect("a list").iter();
        let mut listed: Vec<u64> = items.filter_map(|one| one["mid"].as_u64()).collect();
        listed.sort_unstable();
        assert_eq!(listed, mids, "{caller}");
        let stats = json(caller, "/v1/stats?group_by=outcome");
        let counted = stats["total"].as_u64().expect("a number")
            + stats["in_memory"].as_u64().expect("a number");
        assert_eq!(counted, mids.len() as u64, "{caller}: {stats}");
    }
    let own = |caller: &str| json(caller, "/v1/why?mid=60931");
    let corp = own("corp");
    assert_eq!(corp["message"]["outcome"], "delivered", "{corp}");
    assert_eq!(
        corp["message"]["recipients"].as_array().map(Vec::len),
        Some(1)
    );
    let tenant = own("tenant");
    assert_eq!(tenant["message"]["outcome"], "hard_bounced", "{tenant}");
    assert_eq!(own("admin")["message"]["outcome"], "partially_delivered");
    let found = json("corp", "/v1/messages?outcome=delivered");
    assert_eq!(found["items"].as_array().map(Vec::len), Some(1), "{found}");
    let found = json("corp", "/v1/messages?outcome=partially_delivered");
    assert_eq!(found["items"].as_array().map(Vec::len), Some(0), "{found}");
    let connection = json("corp", "/v1/why?icid=9001");
    assert_eq!(
        connection["connection"]["messages"],
        serde_json::json!([40917, 60931])
    );
    // once all is written, groups are by what is seen
    let stats = json("tenant", "/v1/stats?group_by=outcome");
    if stats["in_memory"] == 0 {
        let groups = stats["groups"].as_array().expect("groups").iter();
        let groups: BTreeSet<&str> = groups.filter_map(|one| one["key"].as_str()).collect();
        assert_eq!(
            groups,
            BTreeSet::from(["aborted", "dropped", "hard_bounced"]),
            "{stats}"
        );
    }
}

/// A generated log: a tenant's export is everybody's reduced to its recipients; its counts are those
/// of its export, and no line of its timelines names another recipient.
#[test]
fn of_a_generated_log_a_tenant_sees_its_recipients_mail_and_counts_it() {
    let (plan, lines, _) = log(20_261_130, 4_000);
    let domain = "works.example";
    let hash: String = Sha256::digest(b"works")
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let admin: String = Sha256::digest(b"admin")
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let service = Service::start_with(Setup {
        config: format!(
            "[[tokens]]\nname = \"works\"\nsha256 = \"{hash}\"\nscope = \"read\"\nrecipient_domains = [\"{domain}\"]\n\
             [[tokens]]\nname = \"admin\"\nsha256 = \"{admin}\"\nscope = \"admin\"\n"
        ),
        token: Some("admin".to_owned()),
        ..Setup::default()
    });
    let path = format!("/v1/lines?lane=archive&year={}", plan.begins.year());
    let headers = [
        ("Content-Type", "application/octet-stream"),
        ("Authorization", "Bearer admin"),
    ];
    service.post(&path, &headers, text(&plan, &lines)).is(202);
    service.eventually("all written and settled", || {
        let status = service.get("/v1/status").json();
        let lines = &status["lines"];
        let handled = lines["attached"].as_u64()? + lines["events"].as_u64()?;
        (handled >= lines["accepted"].as_u64()? && status["unsettled"] == 0).then_some(())
    });
    let service = service.restart();
    let export = |token: &str| -> Vec<Value> {
        let (status, body) = ask(
            &service,
            Some(token),
            "get",
            "/v1/messages",
            "application/x-ndjson",
        );
        assert_eq!(status, 200, "{body}");
        body.lines()
            .map(|line| serde_json::from_str(line).expect("JSON"))
            .collect()
    };
    let addresses = |one: &Value| -> Vec<String> {
        let all = one["recipients"].as_array().into_iter().flatten();
        all.filter_map(|one| Some(one["address"].as_str()?.to_lowercase()))
            .collect()
    };
    let is_own = |address: &String| address.ends_with(&format!("@{domain}"));
    let (all, own) = (export("admin"), export("works"));
    let ids = |items: &[&Value]| -> BTreeSet<String> {
        items
            .iter()
            .map(|one| one["id"].as_str().expect("an id").to_owned())
            .collect()
    };
    let wanted: Vec<&Value> = all
        .iter()
        .filter(|one| addresses(one).iter().any(is_own))
        .collect();
    assert!(
        wanted.len() > 20 && wanted.len() < all.len(),
        "{} of {}",
        wanted.len(),
        all.len()
    );
    assert_eq!(ids(&own.iter().collect::<Vec<_>>()), ids(&wanted));
    // senders write to themselves, too
    let senders: BTreeSet<String> = all
        .iter()
        .filter_map(|one| Some(one["sender"].as_str()?.to_lowercase()))
        .collect();
    let others: BTreeSet<String> = all
        .iter()
        .flat_map(&addresses)
        .filter(|one| !is_own(one) && !senders.contains(one))
        .collect();
    assert!(others.len() > 20, "{others:?}");
    let silent_of_others = |what: &str, body: &str| {
        let body = body.to_lowercase();
        let named = others.iter().find(|one| body.contains(one.as_str()));
        assert!(named.is_none(), "{what} names {named:?}: {body}");
    };
    let mut shared = 0;
    for item in &own {
        let held = addresses(item);
        assert!(!held.is_empty() && held.iter().all(is_own), "{item}");
        silent_of_others("an item", &item.to_string());
        let id = item["id"].as_str().expect("an id");
        for path in [
            format!("/v1/messages/{id}"),
            format!("/v1/messages/{id}/answer"),
        ] {
            let (status, body) = ask(&service, Some("works"), "get", &path, "application/json");
            assert_eq!(status, 200, "{body}");
            silent_of_others(&path, &body);
        }
        let whole = wanted
            .iter()
            .find(|one| one["id"] == item["id"])
            .expect("the same mail");
        if addresses(whole).len() > held.len() {
            shared += 1;
        } else {
            assert_eq!(item["outcome"], whole["outcome"], "{item} {whole}");
        }
    }
    println!(
        "{} of {} messages are seen, {shared} of them in part",
        own.len(),
        all.len()
    );
    assert!(shared > 0);
    for group in ["outcome", "diagnosis"] {
        let path = format!("/v1/stats?group_by={group}&limit=1000");
        let (status, body) = ask(&service, Some("works"), "get", &path, "application/json");
        assert_eq!(status, 200, "{body}");
        let stats: Value = serde_json::from_str(&body).expect("JSON");
        let mut counted: BTreeMap<&str, u64> = BTreeMap::new();
        for one in stats["groups"].as_array().expect("groups") {
            counted.insert(
                one["key"].as_str().expect("a key"),
                one["count"].as_u64().expect("a number"),
            );
        }
        let mut wanted: BTreeMap<&str, u64> = BTreeMap::new();
        for one in &own {
            *wanted
                .entry(one[group].as_str().expect("a word"))
                .or_default() += 1;
        }
        assert_eq!(counted, wanted, "{group}");
    }
}
