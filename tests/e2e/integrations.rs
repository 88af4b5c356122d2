//! The examples of `/docs/integrations`, each taken out of the page and run as an integrator would,
//! against the doubles of `doubles/`, a real Postfix, a real Request Tracker and the page's own
//! receiver of webhooks: the test ticket arrives and is closed.
//!
//! Not here: what the drivers do in detail (`services/ticketing`).

use std::collections::BTreeMap;
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Value, json};

use crate::access::token;
use crate::doubles::{self, Double, Form, Rt, System, Zammad};
use crate::harness::{
    Postfix, RequestTracker, Running, Service, Setup, datagrams, repository, sender_quit, wait_for,
};

/// Which double an example leads to, and where its variables stand in that one's settings.
type Row = (
    &'static str,
    Box<dyn System>,
    &'static [(&'static str, &'static str)],
);

fn rows() -> Vec<Row> {
    let of = |kind: &str, form: &str| {
        let all = doubles::all().into_iter();
        let mut fitting = all.filter(|one| {
            let target = one.target();
            one.kind() == kind && (form.is_empty() || target["deployment"] == form)
        });
        fitting.next().unwrap_or_else(|| panic!("no {kind}"))
    };
    vec![
        (
            "webhook.sh",
            of("webhook", ""),
            &[("HOOK", "/url"), ("SECRET", "/secrets/0")],
        ),
        (
            "request-tracker.sh",
            of("request_tracker", ""),
            &[("RT", "/url"), ("RT_TOKEN", "/token")],
        ),
        (
            "redmine.sh",
            of("redmine", ""),
            &[
                ("REDMINE", "/url"),
                ("REDMINE_KEY", "/api_key"),
                ("REDMINE_FIELD", "/custom_field_id"),
            ],
        ),
        (
            "jira-cloud.sh",
            of("jira", "cloud"),
            &[
                ("JIRA", "/url"),
                ("JIRA_USER", "/user"),
                ("JIRA_TOKEN", "/token"),
            ],
        ),
        (
            "jira-server.sh",
            of("jira", "server"),
            &[("JIRA", "/url"), ("JIRA_TOKEN", "/token")],
        ),
        (
            "servicenow.sh",
            of("servicenow", ""),
            &[
                ("SERVICENOW", "/url"),
                ("SERVICENOW_USER", "/user"),
                ("SERVICENOW_PASSWORD", "/password"),
            ],
        ),
        (
            "zammad.sh",
            of("zammad", ""),
            &[("ZAMMAD", "/url"), ("ZAMMAD_TOKEN", "/token")],
        ),
        (
            "zammad-by-tag.sh",
            Box::new(Double::of(Zammad::of(Form::List, None))),
            &[("ZAMMAD", "/url"), ("ZAMMAD_TOKEN", "/token")],
        ),
        (
            "pagerduty.sh",
            of("pagerduty", ""),
            &[("PAGERDUTY", "/url"), ("PAGERDUTY_KEY", "/routing_key")],
        ),
    ]
}

/// The examples that the page shows, by their files.
fn examples(service: &Service, lang: &str) -> BTreeMap<String, String> {
    static SHOWN: LazyLock<Regex> = LazyLock::new(|| {
        let shown = r#"(?s)<small>([a-z.-]+)</small></p>\s*<div class="command"><pre tabindex="0"><code id="example-[a-z-]+">(.*?)</code>"#;
        Regex::new(shown).expect("a pattern")
    });
    // as everybody sees it, without a token
    let page = service.ask(&format!("/docs/integrations?lang={lang}"), &[]);
    let page = page.is(200).body;
    let all = SHOWN.captures_iter(&page);
    all.map(|one| (one[1].to_owned(), unescaped(&one[2])))
        .collect()
}

fn unescaped(html: &str) -> String {
    let text = [
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#34;", "\""),
        ("&#39;", "'"),
    ];
    let text = text
        .iter()
        .fold(html.to_owned(), |text, (from, to)| text.replace(from, to));
    text.replace("&#38;", "&")
}

/// A service whose owner allows loopback, and who runs the examples on it.
struct Integrator {
    service: Service,
    token: String,
    examples: BTreeMap<String, String>,
}

impl Integrator {
    fn start() -> Self {
        let (own, own_lines) = token("harness", "admin");
        let (tickets, ticket_lines) = token("tickets", "ticket");
        let allow = "[ticketing]\nallow = [\"127.0.0.0/8\"]\n";
        let service = Service::start_with(Setup {
            config: format!("{allow}\n{own_lines}\n{ticket_lines}"),
            token: Some(own),
            ..Setup::default()
        });
        Self {
            examples: examples(&service, "en"),
            token: tickets,
            service,
        }
    }

    /// What an example prints.
    fn run(&self, file: &str, variables: &[(&str, &str)]) -> String {
        let ran = Command::new("bash")
            .arg("-c")
            .arg(&self.examples[file])
            .env("WHYMID", format!("http://{}", self.service.http))
            .env("WHYMID_TOKEN", &self.token)
            .envs(variables.iter().copied())
            .output()
            .expect("bash");
        let printed = String::from_utf8_lossy(&ran.stdout).into_owned();
        let told = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "{file}: {told}{printed}");
        printed
    }

    fn json(&self, file: &str, variables: &[(&str, &str)]) -> Value {
        let printed = self.run(file, variables);
        serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{file}: {error}: {printed}"))
    }

    /// The id of the subscription that an example makes.
    fn subscribe(&self, file: &str, variables: &[(&str, &str)]) -> String {
        let made = self.json(file, variables);
        let id = made["id"].as_str();
        id.unwrap_or_else(|| panic!("{file}: {made}")).to_owned()
    }

    /// Tries a subscription, by the page's own words, and waits until the target has it.
    #[track_caller]
    fn tries(&self, subscription: &str) {
        let printed = self.run("try.sh", &[("SUBSCRIPTION", subscription)]);
        assert!(printed.contains("\"kind\":\"test\""), "{printed}");
        let path = format!("/v1/notifications?subscription={subscription}");
        self.service.eventually("delivered", || {
            let told = self.service.get(&path).is(200).json()["items"][0].clone();
            assert_ne!(told["state"], "dead", "{told}");
            (told["state"] == "delivered").then_some(())
        });
    }

    /// An example of the page that is no program for a shell, with other values in it.
    fn with(&self, file: &str, values: &[(&str, &str)]) -> String {
        let text = self.examples[file].clone();
        values.iter().fold(text, |text, (from, to)| {
            assert!(text.contains(from), "{file} does not name {from}");
            text.replace(from, to)
        })
    }
}

fn values(target: &Value, places: &[(&'static str, &str)]) -> Vec<(&'static str, String)> {
    let value = |place: &str| match target.pointer(place) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => panic!("no {place} in {target}"),
    };
    let values = places.iter().map(|(name, place)| (*name, value(place)));
    values.collect()
}

fn borrowed<'v>(values: &'v [(&'static str, String)]) -> Vec<(&'static str, &'v str)> {
    let values = values.iter().map(|(name, value)| (*name, value.as_str()));
    values.collect()
}

#[test]
fn both_languages_show_the_same_examples_and_all_of_them() {
    let service = Service::start();
    let english = examples(&service, "en");
    assert_eq!(english, examples(&service, "ja"));
    let folder = repository().join("services/api/docs/integrations");
    let files = std::fs::read_dir(folder).expect("a folder");
    let files = files.map(|file| file.expect("a file").path());
    let programs = files.filter(|file| file.extension().is_none_or(|ending| ending != "md"));
    let mut count = 0;
    for program in programs {
        let name = program.file_name().expect("a name").to_string_lossy();
        let text = std::fs::read_to_string(&program).expect("a program");
        assert_eq!(
            english.get(&*name).map(String::as_str),
            Some(text.trim_end())
        );
        count += 1;
    }
    assert_eq!(english.len(), count);
    for page in ["/docs", "/docs/integrations"] {
        let other = if page == "/docs" {
            "href=\"/docs/integrations?lang=en\""
        } else {
            "href=\"/docs?lang=en\""
        };
        assert!(service.get(page).is(200).body.contains(other), "{page}");
    }
}

#[test]
fn each_target_s_example_makes_a_subscription_whose_test_ticket_arrives_and_is_closed() {
    let integrator = Integrator::start();
    std::thread::scope(|scope| {
        for (file, double, places) in rows() {
            let integrator = &integrator;
            scope.spawn(move || {
                let values = values(&double.target(), places);
                let id = integrator.subscribe(file, &borrowed(&values));
                integrator.tries(&id);
                let tickets = double.tickets();
                assert_eq!(tickets.len(), 1, "{file}: {tickets:?}");
                if double.kind() == "webhook" {
                    assert_eq!(tickets[0].texts, ["test 1 count 0"]);
                } else {
                    assert!(!tickets[0].open, "{file}: {tickets:?}");
                    assert!(tickets[0].key.starts_with("wm-"), "{file}: {tickets:?}");
                }
                assert_eq!(double.complaints(), Vec::<String>::new(), "{file}");
            });
        }
    });
    let metrics = integrator.service.get("/metrics").is(200).body;
    let counted = "whymid_notifications_total{target=\"redmine\",outcome=\"delivered\"} 1";
    let named = metrics.contains(counted) && metrics.contains("whymid_ticketing{what=\"waiting\"}");
    assert!(named, "{metrics}");
}

#[test]
fn the_mail_of_the_example_reaches_a_real_postfix() {
    let (integrator, postfix) = (Integrator::start(), Postfix::start());
    let port = postfix.port().to_string();
    let id = integrator.subscribe(
        "email.sh",
        &[
            ("SMTP_HOST", "127.0.0.1"),
            ("SMTP_PORT", &port),
            ("SMTP_TLS", "none"),
            ("MAIL_TO", "queue@tickets.example"),
        ],
    );
    integrator.tries(&id);
    let mails = wait_for(|| Some(postfix.mails()).filter(|mails| mails.len() == 1));
    let mails = mails.expect("one mail is delivered");
    assert!(mails[0].contains("X-Whymid-Key: wm-"), "{}", mails[0]);
    assert!(mails[0].contains("whymid: a test"), "{}", mails[0]);
}

/// One that nobody listens on.
fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("it is bound").port()
}

/// It runs until it is killed.
struct Receiver(Running);

impl Drop for Receiver {
    fn drop(&mut self) {
        self.0.kill();
    }
}

#[test]
fn the_receiver_of_the_page_takes_what_is_signed_and_nothing_else() {
    let integrator = Integrator::start();
    let port = free_port().to_string();
    let secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    // with the reference library: tests/run installs it
    let python = repository().join("target/venv/bin/python");
    let mut command = Command::new(python);
    command
        .arg("-c")
        .arg(&integrator.examples["webhook-receiver.py"]);
    let receiver = Receiver(Running::start(
        command.env("PORT", &port).env("SECRET", secret),
    ));
    let hook = format!("http://127.0.0.1:{port}/");
    let listens = wait_for(|| TcpStream::connect(format!("127.0.0.1:{port}")).ok());
    assert!(listens.is_some(), "{}", receiver.0.stderr.text());
    drop(listens);
    integrator.service.post(&hook, &[], "{}").is(401);
    let id = integrator.subscribe("webhook.sh", &[("HOOK", &hook), ("SECRET", secret)]);
    integrator.tries(&id);
    let printed = receiver.0.stdout.text();
    let expected = Regex::new(r"^whymid\.test wm-[0-9a-f]{16} whymid: a test").expect("a pattern");
    assert!(expected.is_match(&printed), "{printed}");
    assert_eq!(printed.lines().count(), 1, "{printed}");
}

#[test]
fn the_filters_of_the_page_can_be_asked_of_messages_and_connections() {
    let integrator = Integrator::start();
    let service = &integrator.service;
    hand_in(service);
    let page = repository().join("services/api/docs/integrations/en.md");
    let page = std::fs::read_to_string(page).expect("the page");
    let blocks = page.split("```cel\n").skip(1);
    let filters = blocks.filter_map(|rest| Some(rest.split_once("\n```")?.0));
    let filters: Vec<&str> = filters.collect();
    assert_eq!(filters.len(), 5);
    for filter in filters {
        let target = json!({"kind": "email", "host": "mail.example", "from": "a@corp.example", "to": ["b@corp.example"]});
        let terms = json!({"name": "n", "filter": filter, "target": target}).to_string();
        let bearer = format!("Bearer {}", integrator.token);
        let headers = [
            ("Authorization", bearer.as_str()),
            ("Content-Type", "application/json"),
        ];
        let would = service.post("/v1/subscriptions/dry-run", &headers, terms);
        let would = would.is(200).json();
        assert!(would["looked_at"].as_u64() >= Some(1), "{would}");
        assert_eq!(would["filter_errors"], 0, "{filter}: {would}");
    }
}

/// Mail of now that the sender aborted, and a connection that was refused.
fn hand_in(service: &Service) {
    let aborted = sender_quit(1404, "ann@partner.example").lines(Some("esa1"));
    datagrams(service.udp, &aborted);
    let other = sender_quit(9999, "ann@partner.example").lines(Some("esa1"));
    let others = other.into_iter().filter(|line| !line.contains(" MID "));
    let refused =
        others.map(|line| line.replace("ACCEPT SG UNKNOWNLIST", "REJECT SG BLOCKED_LIST"));
    datagrams(service.udp, &refused.collect::<Vec<_>>());
    service.diagnosed(1404, "receiving-aborted-by-sender");
    service.eventually("a connection that was refused", || {
        let refused = service
            .get("/v1/connections?outcome=rejected")
            .is(200)
            .json();
        refused["items"].get(0).map(|_| ())
    });
}

#[test]
fn what_the_page_says_of_messages_tickets_and_given_up_notifications_can_be_done() {
    let integrator = Integrator::start();
    hand_in(&integrator.service);
    let tracker = Double::of(Rt::default());
    let target = tracker.target();
    let of = |name: &str| target[name].as_str().expect("a text").to_owned();
    let variables = [("RT", of("url")), ("RT_TOKEN", of("token"))];
    let would = integrator.json("dry-run.sh", &[]);
    assert!(would["looked_at"].is_u64(), "{would}");
    let id = integrator.subscribe("request-tracker.sh", &borrowed(&variables));

    let answer = integrator.json("ask.sh", &[]);
    assert_eq!(answer["answer"]["message"]["mid"], 1404, "{answer}");
    let message = answer["answer"]["message"]["id"].as_str().expect("an id");
    let both = [("SUBSCRIPTION", id.as_str()), ("MESSAGE", message)];
    let ticket = integrator.json("message.sh", &both);
    assert_eq!(ticket["system"], "request_tracker", "{ticket}");
    let path = format!("/v1/messages/{message}/answer");
    integrator
        .service
        .eventually("a ticket of the message", || {
            let answer = integrator.service.get(&path).is(200).json();
            (answer["tickets"][0]["id"] == "1").then_some(())
        });

    // somebody else's
    let theirs =
        json!({"Queue": "Mail", "Subject": "Where?", "Content": "?", "ContentType": "text/plain"});
    let signed_in = format!("token {}", of("token"));
    let headers = [
        ("Authorization", signed_in.as_str()),
        ("Content-Type", "application/json"),
    ];
    let url = format!("{}/REST/2.0/ticket", of("url"));
    integrator
        .service
        .post(&url, &headers, theirs.to_string())
        .is(201);
    let both = [("SUBSCRIPTION", id.as_str()), ("TICKET", "2")];
    let taken = integrator.json("inbound.sh", &both);
    assert_eq!(taken["answering"], true, "{taken}");
    integrator.service.eventually("an answer in it", || {
        let answered = &tracker.tickets()[1];
        (answered.texts.len() == 2).then_some(())
    });

    let changed = integrator.json("change.sh", &[("SUBSCRIPTION", &id)]);
    assert_eq!(changed["quiet_period"], "1h", "{changed}");

    let wrong = json!({"target": {"token": "1-1-wrong"}}).to_string();
    let ran = Command::new("curl")
        .args(["-sS", "--fail-with-body", "-X", "PATCH", "-d", &wrong])
        .args(["-H", "Content-Type: application/json"])
        .args(["-H", &format!("Authorization: Bearer {}", integrator.token)])
        .arg(format!(
            "http://{}/v1/subscriptions/{id}",
            integrator.service.http
        ))
        .output()
        .expect("curl");
    assert!(ran.status.success(), "{ran:?}");
    integrator.run("try.sh", &[("SUBSCRIPTION", &id)]);
    let dead = format!("/v1/notifications?subscription={id}&state=dead");
    integrator.service.eventually("given up", || {
        let items = integrator.service.get(&dead).is(200).json()["items"].clone();
        items
            .as_array()
            .is_some_and(|items| items.len() == 1)
            .then_some(())
    });
    let printed = integrator.run("dead.sh", &[]);
    assert!(
        printed.starts_with("Mail problems to Request Tracker: the target answered 401"),
        "{printed}"
    );
}

#[test]
fn a_scrip_of_a_real_request_tracker_hands_new_tickets_over_and_gets_the_answers() {
    let integrator = Integrator::start();
    hand_in(&integrator.service);
    let tracker = RequestTracker::start();
    let (url, secret) = (tracker.url(), tracker.token().to_owned());
    let variables = [("RT", url.as_str()), ("RT_TOKEN", secret.as_str())];
    let id = integrator.subscribe("request-tracker.sh", &variables);
    let whymid = format!("http://{}", integrator.service.http);
    let code = integrator.with(
        "scrip.pl",
        &[
            ("http://127.0.0.1:8514", whymid.as_str()),
            ("whymid_0123456789abcdef", integrator.token.as_str()),
            ("s0f3c", id.as_str()),
            ("'whymid-bot'", "'nobody here'"),
        ],
    );
    tracker.add_scrip(&code);

    // the bot itself writes here, so the scrip does not know it: whymid does
    integrator.tries(&id);
    let ticket = json!({"Queue": "Mail", "Subject": "Where is my mail?", "Content": "The log says MID 1404. どこ？", "ContentType": "text/plain"});
    tracker.post("/ticket", &ticket).is(201);
    let told = integrator.service.eventually("answered", || {
        let path = format!("/v1/notifications?subscription={id}");
        let items = integrator.service.get(&path).is(200).json()["items"].clone();
        let items = items.as_array().cloned().unwrap_or_default();
        items
            .iter()
            .any(|one| one["kind"] == "asked" && one["state"] != "waiting")
            .then_some(items)
    });
    let kinds: Vec<&str> = told.iter().filter_map(|one| one["kind"].as_str()).collect();
    assert_eq!(kinds, ["asked", "test"], "{told:?}");
    assert_eq!(told[0]["state"], "delivered", "{told:?}");
    let texts = tracker.texts(2);
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert!(
        texts[1].contains("receiving-aborted-by-sender"),
        "{texts:?}"
    );
}
