//! The pages in a real browser: the way from a MID to its answer by the keyboard alone, in both
//! languages; no violation of WCAG 2.2 AA that axe-core finds, no complaint of the browser, no request
//! off the origin; what strangers wrote is text. Pictures of every page are put into
//! `target/pictures`, for whoever changes one to look at.

use std::path::PathBuf;

use serde_json::json;

use crate::access::token;
use crate::harness::{Browser, Service, Setup, founding_lines, repository, sender_quit, wait_for};

/// The MIDs of the founding document's sessions, and a word of each answer.
const SESSIONS: [(u64, &str, &str); 3] = [
    (1404, "lost", "切断"),
    (1558778, "timeout", "タイムアウト"),
    (1412, "QUIT", "QUIT"),
];

const ENTER: &str = "\u{e007}";

fn service() -> Service {
    let service = Service::start();
    let headers = [("Content-Type", "application/octet-stream")];
    let path = "/v1/lines?lane=archive&appliance=esa1";
    service
        .post(path, &headers, founding_lines().join("\n"))
        .is(202);
    service.diagnosed(1404, "receiving-aborted-connection-lost");
    service
}

/// The same with mail of now that did not arrive, all of it written.
fn written() -> Service {
    let service = service();
    let mut lines = Vec::new();
    for place in 0..9 {
        let sender = format!("user{place}@partner{}.example", place % 3);
        lines.extend(sender_quit(900 + place, &sender).stream("esa1"));
    }
    let headers = [("Content-Type", "application/octet-stream")];
    service.post("/v1/lines", &headers, lines).is(202);
    service.diagnosed(908, "receiving-aborted-by-sender");
    service.restart()
}

pub(crate) fn axe() -> String {
    let file = repository().join("target/node/node_modules/axe-core/axe.min.js");
    std::fs::read_to_string(&file)
        .unwrap_or_else(|error| panic!("{}: {error}; `tests/run` installs it", file.display()))
}

/// What every page must be: accessible, quiet, and by itself.
pub(crate) fn check(browser: &Browser, axe: &str, what: &str) {
    browser.run(axe);
    let found = browser.run_async(
        "const done = arguments[0];
         const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
         axe.run(document, { runOnly: tags }).then(
           (found) => done(found.violations.map((one) => one.id + ': ' + one.nodes.map((node) => node.html + ' ' + node.failureSummary).join(' | '))),
           (error) => done([String(error)]));",
    );
    assert_eq!(found, json!([]), "{what}");
    let foreign = browser.run(
        "return performance.getEntriesByType('resource').map((one) => one.name)
           .filter((name) => !name.startsWith(location.origin) && !name.startsWith('data:'));",
    );
    assert_eq!(foreign, json!([]), "{what}");
    let complaints = browser.complaints();
    assert!(complaints.is_empty(), "{what}: {complaints:?}");
    let wide = browser.run("return document.documentElement.scrollWidth - innerWidth;");
    assert!(
        wide.as_i64().is_some_and(|wide| wide <= 0),
        "{what} is {wide} too wide"
    );
}

#[test]
fn a_mid_leads_to_its_answer_by_the_keyboard_alone_in_both_languages() {
    let service = service();
    for lang in ["en", "ja"] {
        let browser = Browser::start(lang);
        for (mid, english, japanese) in SESSIONS {
            browser.open(&format!("http://{}/", service.http));
            let ready = || {
                browser.run("return document.readyState == 'complete' && document.activeElement.id == 'asked';")
            };
            assert!(
                wait_for(|| ready().as_bool().filter(|ready| *ready)).is_some(),
                "{lang} {mid}"
            );
            browser.keys(&format!("{mid}{ENTER}"));
            let arrived = wait_for(|| browser.url().contains("/messages/").then_some(()));
            assert!(arrived.is_some(), "{lang} {mid}: {}", browser.url());
            let text = browser.run("return document.querySelector('main').innerText;");
            let text = text.as_str().expect("a text");
            let (word, holds) = match lang {
                "en" => (english, "Who holds the mail"),
                _ => (japanese, "現在の保持者"),
            };
            assert!(text.contains(&format!("MID {mid}")), "{text}");
            assert!(
                text.contains(word) && text.contains(holds),
                "{lang} {mid}: {text}"
            );
            // the sentence and who holds the mail stand on the first screen
            let place = browser.run(
                "return document.querySelector('dl.facts').getBoundingClientRect().top / innerHeight;",
            );
            assert!(place.as_f64().is_some_and(|place| place < 1.0), "{place}");
        }
        // the first stop of the tabulator leads to the content
        browser.keys("\u{e004}");
        let first = browser.run("return document.activeElement.className;");
        assert_eq!(first, "skip");
        browser.keys(ENTER);
        assert!(browser.url().ends_with("#main"));
    }
}

#[test]
fn a_browser_signs_in_by_the_keyboard_alone_and_out_again() {
    let (secret, config) = token("desk", "read");
    let service = Service::start_with(Setup {
        config,
        token: Some(secret.clone()),
        ..Setup::default()
    });
    let axe = axe();
    for (lang, title) in [("en", "Overview"), ("ja", "概要")] {
        let browser = Browser::start(lang);
        browser.open(&format!(
            "http://{}/sign-in?lang={lang}&next=%2Foverview%3Flang%3D{lang}",
            service.http
        ));
        let ready = || browser.run("return document.activeElement.id == 'token';");
        assert!(wait_for(|| ready().as_bool().filter(|ready| *ready)).is_some());
        check(&browser, &axe, "the page to sign in");
        browser.keys(&format!("{secret}{ENTER}"));
        let arrived = wait_for(|| browser.url().contains("/overview").then_some(()));
        assert!(arrived.is_some(), "{}", browser.url());
        let text = browser.run("return document.body.innerText;");
        assert!(
            text.as_str().is_some_and(|text| text.contains(title)),
            "{text}"
        );
        let seen = browser.run("return document.cookie;");
        assert_eq!(seen, "", "a script can read it");
        check(&browser, &axe, "the overview, signed in");
        browser.run("document.querySelector('.sign-out button').focus();");
        browser.keys(ENTER);
        let left = wait_for(|| browser.url().contains("/sign-in").then_some(()));
        assert!(left.is_some(), "{}", browser.url());
        browser.open(&format!("http://{}/overview", service.http));
        let text = browser.run("return document.querySelector('main').innerText;");
        assert!(
            text.as_str()
                .is_some_and(|text| text.contains("token_missing")),
            "{text}"
        );
        let form = browser.run("return document.activeElement.id;");
        assert_eq!(form, "token");
    }
}

#[test]
fn every_page_is_accessible_quiet_and_by_itself_and_has_its_picture() {
    let service = written();
    let axe = axe();
    let answer = service.get("/v1/why?mid=1404").is(200).json();
    let id = answer["message"]["id"].as_str().expect("an id").to_owned();
    let pages = [
        ("home", "/".to_owned()),
        ("ask", "/ask?q=receiving+aborted".to_owned()),
        ("nothing", "/ask?q=MID+99999999".to_owned()),
        ("overview", "/overview?days=7".to_owned()),
        ("message", format!("/messages/{id}")),
        ("kb", "/kb".to_owned()),
        ("article", "/kb/receiving-aborted".to_owned()),
        ("docs", "/docs".to_owned()),
        ("events", "/docs/events".to_owned()),
        ("integrations", "/docs/integrations".to_owned()),
        ("error", "/nowhere".to_owned()),
        ("sign-in", "/sign-in".to_owned()),
        ("subscribe", "/subscriptions?target=webhook".to_owned()),
    ];
    let pictures = repository().join("target/pictures");
    std::fs::create_dir_all(&pictures).expect("a folder");
    let browser = Browser::start("en");
    for (name, path) in &pages {
        for lang in ["en", "ja"] {
            let join = if path.contains('?') { '&' } else { '?' };
            let url = format!("http://{}{path}{join}lang={lang}", service.http);
            for (size, width, height, phone) in
                [("desktop", 1280, 900, false), ("phone", 390, 844, true)]
            {
                browser.chromium(
                    "Emulation.setDeviceMetricsOverride",
                    &json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone }),
                );
                for scheme in ["light", "dark"] {
                    let feature = json!({ "name": "prefers-color-scheme", "value": scheme });
                    browser.chromium(
                        "Emulation.setEmulatedMedia",
                        &json!({ "features": [feature] }),
                    );
                    browser.open(&url);
                    let what = format!("{name}-{lang}-{size}-{scheme}");
                    if *name == "error" {
                        // the browser itself complains of a page that is not there
                        browser.complaints();
                    }
                    check(&browser, &axe, &what);
                    let file: PathBuf = pictures.join(format!("{what}.png"));
                    browser.picture(&file);
                }
            }
        }
    }
}

#[test]
fn what_strangers_write_shows_as_text_in_a_browser() {
    let service = Service::start();
    let long = "長い".repeat(5_000);
    let evil = [
        "<script>document.title='taken'</script><img src=x onerror=document.title='taken'>",
        "\u{202e}txt.exe \u{5d0}\u{5d1}\u{5d2} مرحبا",
        "🦊🧯👩‍👩‍👧 \u{0}\u{7}\u{1b}[31m",
        &long,
        "javascript:document.title='taken' {{7*7}} ${7*7} &lt;b&gt; --><!--",
    ];
    let mut lines = String::new();
    for (place, text) in evil.iter().enumerate() {
        let mid = 500 + place;
        for body in [
            format!("Start MID {mid} ICID {mid}"),
            format!("MID {mid} ICID {mid} From: <{text}@evil.example>"),
            format!("MID {mid} ICID {mid} RID 0 To: <a@corp.example>"),
            format!("MID {mid} Subject '{text}'"),
            format!("MID {mid} what is this: {text}"),
            format!("Message aborted MID {mid} Receiving aborted by sender"),
            format!("Message finished MID {mid} aborted"),
        ] {
            lines.push_str(&format!("Thu Aug 14 11:05:36 2014 Info: {body}\n"));
        }
    }
    let headers = [("Content-Type", "application/octet-stream")];
    service
        .post("/v1/lines?lane=archive&appliance=esa1", &headers, lines)
        .is(202);
    service.all_handled(7 * evil.len() as u64);
    let browser = Browser::start("en");
    let axe = axe();
    for (place, text) in evil.iter().enumerate() {
        let answer = service
            .get(&format!("/v1/why?mid={}", 500 + place))
            .is(200)
            .json();
        let id = answer["message"]["id"].as_str().expect("an id");
        for path in [
            format!("/messages/{id}"),
            format!("/ask?q=icid:{}+since:30000d", 500 + place),
        ] {
            browser.open(&format!("http://{}{path}", service.http));
            let title = browser.run("return document.title;");
            assert!(title.as_str() != Some("taken"), "{text}");
            let scripts =
                browser.run("return document.querySelectorAll('script, img, iframe').length;");
            assert_eq!(scripts, 1, "{path}: {text}");
            check(&browser, &axe, &path);
        }
        browser.open(&format!("http://{}/messages/{id}", service.http));
        let shown = browser.run("return document.body.textContent;");
        let shown = shown.as_str().expect("a text");
        let visible: String = text
            .chars()
            .filter(|letter| !letter.is_control())
            .take(40)
            .collect();
        let shown: String = shown
            .chars()
            .filter(|letter| !letter.is_control())
            .collect();
        assert!(shown.contains(&visible), "{visible}");
    }
}
