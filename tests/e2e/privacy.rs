//! Personal data: with pseudonyms nothing on disk tells an address or a subject once lines as they
//! came are gone, and whoever may still finds what is kept by the real ones.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::access::token;
use crate::harness::{Service, Setup, recent, tcp, wait_at_most, whymid};

/// What must not be found: local parts of addresses, words of subjects, in each kind of line.
const SECRETS: [&str; 18] = [
    "zephyrine",
    "quillon",
    "marigold",
    "refusenik",
    "localonly",
    "msgidpart",
    "replyname",
    "customname",
    "unknownname",
    "authuser",
    "cefuser",
    "urlname",
    "orpiment",
    "cefsubject",
    "aliasname",
    "8zC5YWrg",
    "headername",
    "verpname",
];

/// A session in which each of them stands, and one whose subject is encoded.
fn lines() -> Vec<u8> {
    let bodies = [
        "New SMTP ICID 81 interface Data 1 (192.0.2.1) address 192.0.2.9 reverse dns host mx.partner.example verified yes",
        "ICID 81 ACCEPT SG UNKNOWNLIST match sbrs[none] SBRS None",
        "SMTP Auth: (ICID 81) succeeded for user: authuser using AUTH mechanism: LOGIN with profile: x",
        "Start MID 71 ICID 81",
        "MID 71 ICID 81 From: <Zephyrine@partner.example>",
        "MID 71 ICID 81 RID 0 To: <quillon@corp.example>",
        "MID 71 ICID 81 RID 1 To: <marigold@corp.example>",
        "MID 71 ICID 81 To: <refusenik@corp.example> Rejected by LDAPACCEPT",
        "MID 71 ICID 81 RID 2 To: <localonly>",
        "MID 71 Message-ID '<msgidpart.1@mx.partner.example>'",
        "MID 71 Subject 'Orpiment ledger'",
        "MID 71 Custom Log Entry: seen 'Orpiment ledger' for customname@corp.example",
        "MID 71 URL http://x.example/?to=urlname%40corp.example has reputation 3",
        "MID 71 this is nothing that anybody knows of unknownname@corp.example",
        "MID 71 ready 5381 bytes from <Zephyrine@partner.example>",
        "MID 71 queued for delivery",
        "Alias match: recipient aliasname@corp.example mapped to quillon@corp.example",
        "New SMTP DCID 61 interface 192.0.2.1 address 192.0.2.77 port 25",
        "Delivery start DCID 61 MID 71 to RID [0, 1, 2]",
        "Bounced: DCID 61 MID 71 to RID 0 - 5.1.0 - Unknown address error ('550', ['5.1.1 <replyname@corp.example>: User unknown'])",
        "Message done DCID 61 MID 71 to RID [1, 2] [('Subject', 'Orpiment ledger'), ('from', '\"Ms headername\" <x@partner.example>')]",
        "MID 71 RID [1, 2] Response 'ok'",
        "Message finished MID 71 done",
        "DCID 61 close",
        "ICID 81 close",
        "Start MID 72 ICID 82",
        "MID 72 ICID 82 From: <Zephyrine@partner.example>",
        "MID 72 ICID 82 RID 0 To: <quillon@corp.example>",
        "MID 72 Subject '=?UTF-8?B?6KuL5rGC5pu444Gu6YCB5LuY8zC5YWrg?='",
        "Message aborted MID 72 Receiving aborted by sender",
        "Message finished MID 72 aborted",
    ];
    let mut text = String::new();
    for body in bodies {
        text += &format!("<166>{} esa1 mail_logs: Info: {body}\n", recent(0));
    }
    let event = "CEF:0|Cisco|C100V|14.0|ESA_CONSOLIDATED_LOG_EVENT|Consolidated Log Event|5|deviceExternalId=4 ESAMID=71 duser=cefuser@corp.example suser=bounces+verpname=corp.example@lists.example msg='a cefsubject of its own' src=192.0.2.9";
    text += &format!("<166>{} esa1 consolidated_event: {event}\n", recent(0));
    text.into_bytes()
}

/// The secrets that stand in a folder, in plain bytes or in what zstd unpacks.
fn told_by(folder: &Path) -> Vec<&'static str> {
    let mut all = String::new();
    read(folder, &mut all);
    let told = SECRETS.into_iter();
    told.filter(|one| all.contains(&one.to_lowercase()))
        .collect()
}

fn read(folder: &Path, into: &mut String) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            read(&path, into);
            continue;
        }
        // one that is gone meanwhile tells nothing
        let bytes = std::fs::read(&path).unwrap_or_default();
        *into += &String::from_utf8_lossy(&bytes).to_lowercase();
        for (at, _) in bytes
            .windows(4)
            .enumerate()
            .filter(|(_, four)| *four == [0x28, 0xb5, 0x2f, 0xfd])
        {
            let mut unpacked = Vec::new();
            let packed = zstd::stream::read::Decoder::new(&bytes[at..]);
            // what stands behind a packed piece is none
            let _ = std::io::copy(&mut packed.expect("a decoder"), &mut unpacked);
            *into += &String::from_utf8_lossy(&unpacked).to_lowercase();
        }
    }
}

/// A service of two tokens: one may ask by real addresses.
struct Office {
    folder: Arc<TempDir>,
    desk: String,
    reader: String,
    config: String,
}

impl Office {
    fn new() -> Self {
        let folder = Arc::new(TempDir::new().expect("a temporary folder"));
        let (desk, desk_lines) = token("desk", "read");
        let (reader, reader_lines) = token("reader", "read");
        let key = folder.path().join("pseudonym.key");
        std::fs::write(&key, whymid(&["privacy", "key"]).exits(0).stdout).expect("written");
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&key, mode).expect("changed");
        let config = format!(
            "[retention]\nraw = \"1s\"\n[audit]\nfile = \"{}\"\n[privacy]\npseudonym_key = \"{}\"\nbackups = [\"tapes in the cellar\"]\n{desk_lines}real_addresses = true\n{reader_lines}",
            folder.path().join("audit.jsonl").display(),
            key.display()
        );
        Self {
            folder,
            desk,
            reader,
            config,
        }
    }

    fn start(&self, config: &str) -> Service {
        Service::on(Arc::clone(&self.folder), self.setup(config)).ready()
    }

    fn setup(&self, config: &str) -> Setup {
        Setup {
            config: config.to_owned(),
            token: Some(self.desk.clone()),
            ..Setup::default()
        }
    }

    /// The configuration of the same office without pseudonyms.
    fn clear(&self) -> String {
        let begin = self.config.find("[privacy]").expect("there");
        let end = self.config.find("[[tokens]]").expect("there");
        let tokens = &self.config[end..];
        format!("{}{}", &self.config[..begin], tokens)
    }

    /// MIDs that are found, or the code of the refusal.
    fn found(&self, service: &Service, token: &str, query: &str) -> Result<Vec<u64>, String> {
        let bearer = format!("Bearer {token}");
        let reply = service.ask(
            &format!("/v1/messages?{query}"),
            &[("Authorization", bearer.as_str())],
        );
        let body = reply.json();
        if reply.status != 200 {
            return Err(body["code"].as_str().unwrap_or_default().to_owned());
        }
        let items = body["items"].as_array().expect("a list").iter();
        let mut mids: Vec<u64> = items.filter_map(|one| one["mid"].as_u64()).collect();
        mids.sort_unstable();
        Ok(mids)
    }

    /// Who may finds all by what is real; who may not, by pseudonyms alone.
    fn finds(&self, service: &Service) {
        let desk = |query: &str| self.found(service, &self.desk, query);
        let reader = |query: &str| self.found(service, &self.reader, query);
        for (query, wanted) in [
            ("sender=zephyrine@partner.example", vec![71, 72]),
            ("recipient=Quillon@corp.example", vec![71, 72]),
            ("recipient=marigold@corp.example", vec![71]),
            ("recipient=!marigold@corp.example", vec![72]),
            ("recipient=refusenik@corp.example", vec![71]),
            ("recipient=localonly", vec![71]),
            ("recipient=somebody@corp.example", vec![]),
            ("subject=orpiment+Ledger", vec![71]),
            ("message_id=msgidpart.1@mx.partner.example", vec![71]),
            ("recipient=*@corp.example", vec![71, 72]),
        ] {
            service.eventually(query, || (desk(query) == Ok(wanted.clone())).then_some(()));
        }
        for query in [
            "sender=zephyrine@partner.example",
            "recipient=!marigold@corp.example",
            "subject=orpiment+ledger",
        ] {
            assert_eq!(
                reader(query),
                Err("real_addresses_denied".to_owned()),
                "{query}"
            );
        }
        for query in ["recipient=marigold@*", "sender=zeph*", "subject=orpim*"] {
            assert_eq!(desk(query), Err("parameter_invalid".to_owned()), "{query}");
        }
        let answer = service.get("/v1/why?message_id=msgidpart.1@mx.partner.example");
        let answer = answer.is(200).json();
        let own = answer["message"]["recipients"][1]["address"].clone();
        let own = own.as_str().expect("a pseudonym").to_owned();
        assert!(
            own.starts_with("u-") && own.ends_with("@corp.example"),
            "{answer}"
        );
        assert_eq!(reader(&format!("recipient={own}")), Ok(vec![71]));
        assert_eq!(reader("recipient=*@corp.example"), Ok(vec![71, 72]));
        // nobody is told the pseudonym of an address that he knows
        let known = answer["message"]["recipients"][0]["address"].as_str();
        let known = known.expect("a pseudonym");
        let bearer = format!("Bearer {}", self.reader);
        for path in [
            "/v1/why?message_id=quillon@corp.example",
            "/ask?q=%3Cquillon@corp.example%3E",
            "/ask?q=quillon@corp.example",
            "/v1/messages?message_id=quillon@corp.example",
        ] {
            let reply = service.ask(path, &[("Authorization", &bearer)]);
            assert!(!reply.body.contains(known), "{path}: {}", reply.body);
        }
        for (token, found) in [(&self.desk, true), (&self.reader, false)] {
            let bearer = format!("Bearer {token}");
            let headers = [
                ("Content-Type", "application/json"),
                ("Authorization", bearer.as_str()),
            ];
            let text = r#"{"text": "a mail to marigold@corp.example is missing"}"#;
            let told = service.post("/v1/ask", &headers, text).is(200).json();
            assert_eq!(told["answer"]["message"]["mid"] == 71, found, "{told}");
            let assumed = told["assumed"].to_string();
            assert_ne!(assumed.contains("kept as pseudonyms"), found, "{assumed}");
        }
        let page = service.get("/ask?q=Orpiment+ledger").is(200).body;
        assert!(page.contains("MID 71"), "{page}");
        assert_eq!(
            answer["diagnosis"]["id"], "bounced-unknown-recipient",
            "{answer}"
        );
        self.tells_nobody(service, &answer);
        let id = answer["message"]["id"].as_str().expect("an id");
        for (path, wanted) in [
            (format!("/messages/{id}"), "shown as pseudonyms"),
            ("/ask?lang=ja".to_owned(), "仮名"),
        ] {
            let page = service.get(&path).is(200).body;
            assert!(page.contains(wanted), "{path}: {page}");
        }
        assert_eq!(service.get("/v1/status").json()["pseudonyms"], true);
    }

    /// Nothing that is answered tells a secret.
    fn tells_nobody(&self, service: &Service, answer: &Value) {
        let id = answer["message"]["id"].as_str().expect("an id");
        for path in [
            format!("/v1/messages/{id}"),
            format!("/messages/{id}"),
            "/v1/messages".to_owned(),
            "/v1/connections".to_owned(),
            "/v1/appliances/esa1/events".to_owned(),
            "/v1/stats?group_by=sender_domain".to_owned(),
        ] {
            let body = service.get(&path).is(200).body.to_lowercase();
            let told = |one: &&str| body.contains(&one.to_lowercase());
            assert_eq!(SECRETS.iter().find(|one| told(one)), None, "{path}: {body}");
        }
    }
}

/// Waits until nothing in the folder tells a secret any more.
fn nothing_tells(office: &Office, service: &Service) {
    let data = service.data();
    let audit = office.folder.path().join("audit.jsonl");
    wait_at_most(Duration::from_secs(120), || {
        told_by(&data).is_empty().then_some(())
    })
    .unwrap_or_else(|| panic!("{:?} is still told", told_by(&data)));
    let audit = std::fs::read_to_string(audit)
        .expect("an audit log")
        .to_lowercase();
    let told = |one: &&str| audit.contains(&one.to_lowercase());
    assert_eq!(SECRETS.iter().find(|one| told(one)), None, "{audit}");
}

#[test]
fn with_pseudonyms_nothing_on_disk_tells_who_wrote_what() {
    let office = Office::new();
    let service = office.start(&office.config);
    tcp(service.tcp)
        .write_all(&lines())
        .expect("the service reads");
    office.finds(&service);
    nothing_tells(&office, &service);
    office.finds(&service);
    let service = service.restart();
    office.finds(&service);
    nothing_tells(&office, &service);
}

/// What was kept in clear text before is written anew at the next start, and a stop leaves nothing
/// as it came.
#[test]
fn what_was_kept_before_gets_pseudonyms_too() {
    let office = Office::new();
    let service = office.start(&office.clear());
    tcp(service.tcp)
        .write_all(&lines())
        .expect("the service reads");
    service.eventually("a message", || {
        (office.found(&service, &office.desk, "mid=72") == Ok(vec![72])).then_some(())
    });
    let data = service.data();
    drop(service);
    // this test can see what is told
    assert_eq!(told_by(&data), SECRETS);
    let service = office.start(&office.config);
    office.finds(&service);
    nothing_tells(&office, &service);
    tcp(service.tcp)
        .write_all(&lines())
        .expect("the service reads");
    service.all_handled(32);
    drop(service);
    assert!(told_by(&data).is_empty(), "{:?}", told_by(&data));
    // and not by accident back to clear text
    let fallen = Service::try_on(Arc::clone(&office.folder), office.setup(&office.clear()));
    let log = fallen.expect_err("no key").log;
    assert!(log.contains("privacy.pseudonym_key"), "{log}");
}

/// Lines of messages that are written already, as long as it takes.
fn late_lines(service: &Service, is_over: &AtomicBool) {
    let mut stream = tcp(service.tcp);
    let mut count = 0;
    while !is_over.load(Ordering::Relaxed) {
        count += 1;
        for mid in [71, 72] {
            let line = format!(
                "<166>{} esa1 mail_logs: Info: MID {mid} Custom Log Entry: late {count}\n",
                recent(0)
            );
            stream
                .write_all(line.as_bytes())
                .expect("the service reads");
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Whoever is forgotten is nowhere any more, in memory, in the index, in lines as they came; everything
/// else is as it was.
/// Tickets of everything, for a target that may not be reached: what is to be told waits on disk.
fn subscribe(service: &Service, admin: &str) {
    let bearer = format!("Bearer {admin}");
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Content-Type", "application/json"),
    ];
    let terms = r#"{"name": "all", "filter": "true", "fields": ["sender", "recipients", "subject", "message_id", "lines"],
        "target": {"kind": "webhook", "url": "http://127.0.0.1:9/", "secrets": ["whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="]}}"#;
    service
        .send("post", "/v1/subscriptions", &headers, terms)
        .is(201);
}

/// Waits until it is written down what tickets would tell, with addresses unless they are pseudonyms.
fn tickets_wait(service: &Service, admin: &str, has_pseudonyms: bool) {
    let bearer = format!("Bearer {admin}");
    let given_up = || {
        let headers = [("Authorization", bearer.as_str())];
        let dead = service.ask("/v1/notifications?state=dead", &headers).json();
        (dead["items"].as_array()?.len() >= 2).then_some(())
    };
    service.eventually("given up", given_up);
    let file = std::fs::read(service.data().join("tickets.redb")).expect("a file");
    let text = String::from_utf8_lossy(&file).to_lowercase();
    assert_eq!(text.contains("quillon"), !has_pseudonyms);
}

#[test]
fn an_address_that_is_forgotten_is_nowhere_any_more() {
    for has_pseudonyms in [false, true] {
        let office = Office::new();
        let (admin, admin_lines) = token("admin", "admin");
        let config = if has_pseudonyms {
            office
                .config
                .clone()
                .replace("raw = \"1s\"", "raw = \"1h\"")
        } else {
            office.clear().replace("raw = \"1s\"", "raw = \"1h\"")
        };
        let config = format!(
            "{config}{admin_lines}{}",
            if has_pseudonyms {
                ""
            } else {
                "[privacy]\nbackups = [\"tapes in the cellar\"]\n"
            }
        );
        let service = office.start(&config);
        subscribe(&service, &admin);
        tcp(service.tcp)
            .write_all(&lines())
            .expect("the service reads");
        service.all_handled(32);
        tickets_wait(&service, &admin, has_pseudonyms);
        let to = format!("http://{}", service.http);
        let forget = |address: &str, token: &str| {
            whymid(&["forget", address, "--to", &to, "--token", token])
        };
        let refused = forget("quillon@corp.example", &office.desk).exits(1);
        assert!(refused.stderr.contains("admin"), "{}", refused.stderr);
        let refused = forget("quillon", &admin).exits(1);
        assert!(
            refused.stderr.contains("no mail address"),
            "{}",
            refused.stderr
        );
        // late lines bring its records back into memory all the while
        let is_over = AtomicBool::new(false);
        let done = std::thread::scope(|scope| {
            scope.spawn(|| late_lines(&service, &is_over));
            let done = forget("Quillon@corp.example", &admin);
            is_over.store(true, Ordering::Relaxed);
            done
        });
        let done = done.exits(0).stdout;
        assert!(
            done.contains("Erased from") && done.contains("tapes in the cellar"),
            "{done}"
        );
        assert!(
            !done.contains(" 0 lines") && !done.contains("from 0 records"),
            "{done}"
        );
        let told = told_by(&service.data());
        let left = |one: &&str| told.contains(one);
        assert!(!told.contains(&"quillon"), "{told:?}");
        assert!(
            ["zephyrine", "orpiment"].iter().all(left),
            "the raw lines stay: {told:?}"
        );
        let desk = |query: &str| office.found(&service, &office.desk, query);
        assert_eq!(desk("recipient=quillon@corp.example"), Ok(vec![]));
        assert_eq!(desk("recipient=*@corp.example"), Ok(vec![71, 72]));
        assert_eq!(desk("recipient=marigold@corp.example"), Ok(vec![71]));
        let again = forget("quillon@corp.example", &admin).exits(0).stdout;
        assert!(again.contains("from 0 records and 0 lines"), "{again}");
        // and it does not come back
        let data = service.data();
        let service = service.crash_and_restart();
        assert!(!told_by(&data).contains(&"quillon"));
        let desk = |query: &str| office.found(&service, &office.desk, query);
        assert_eq!(desk("recipient=quillon@corp.example"), Ok(vec![]));
        assert_eq!(desk("recipient=*@corp.example"), Ok(vec![71, 72]));
    }
}
