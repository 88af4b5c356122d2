//! Tenants who share gateways, connections and mail: each sees and counts its own, and nothing of
//! the others, on every page and in every format.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::harness::{Service, Setup};
use crate::matrix::{ask, filled, ids, operations, refusal, service};
use crate::search::{log, text};

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
    // what is hidden is found by no condition, and hides nothing by one
    for (query, mids) in [
        ("recipient=bartek@omega.example", vec![]),
        ("recipient=*@omega.example", vec![]),
        ("recipient=!bartek@omega.example", vec![40917, 60931]),
        ("q=rejected", vec![]),
        ("q=-rejected", vec![40917, 60931]),
        ("outcome=!partially_delivered", vec![40917, 60931]),
        ("dcid=71", vec![60931]),
        ("diagnosis=!delivered-ok", vec![40917]),
    ] {
        let list = json("corp", &format!("/v1/messages?{query}"));
        let items = list["items"].as_array().expect("a list").iter();
        let mut listed: Vec<u64> = items.filter_map(|one| one["mid"].as_u64()).collect();
        listed.sort_unstable();
        assert_eq!(listed, mids, "{query}: {list}");
        if list["items"]
            .as_array()
            .is_some_and(|items| items.iter().all(|one| one["outcome"] != "processing"))
        {
            let stats = json("corp", &format!("/v1/stats?{query}"));
            if stats["in_memory"] == 0 {
                assert_eq!(stats["total"], mids.len(), "{query}: {stats}");
            }
        }
    }
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
