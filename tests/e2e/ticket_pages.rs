//! The pages about tickets in a real browser, by the keyboard, against a double of a ticket system: a
//! dry run, a subscription, a test, a ticket about a message that is given up and tried again; nothing
//! that axe-core or the browser complains of, in both languages. Pictures are put into
//! `target/pictures`.

use serde_json::{Value, json};

use crate::browser::{axe, check};
use crate::doubles::{Double, Fault, On, Rt, System};
use crate::harness::{Browser, Service, Setup, repository, sender_quit, wait_for};

const ENTER: &str = "\u{e007}";

/// A service that may reach the double, with a mail of now that did not arrive.
fn service() -> Service {
    let service = Service::start_with(Setup {
        config: "[ticketing]\nallow = [\"127.0.0.0/8\"]\n".to_owned(),
        ..Setup::default()
    });
    let mut lines = sender_quit(901, "user@partner.example").stream("esa1");
    lines.extend(sender_quit(902, "other@partner.example").stream("esa1"));
    let headers = [("Content-Type", "application/octet-stream")];
    // of the past: they raise nothing by themselves
    service
        .post("/v1/lines?lane=archive", &headers, lines)
        .is(202);
    service.diagnosed(902, "receiving-aborted-by-sender");
    service
}

/// The browser on a service's pages.
struct Desk<'s> {
    browser: Browser,
    service: &'s Service,
    axe: String,
    lang: &'static str,
}

impl Desk<'_> {
    fn open(&self, path: &str) {
        let url = format!("http://{}{path}?lang={}", self.service.http, self.lang);
        self.browser.open(&url);
    }

    fn text(&self) -> String {
        let text = self
            .browser
            .run("return document.querySelector('main').innerText;");
        text.as_str().expect("a text").to_owned()
    }

    /// Presses what a selector finds, as the keyboard does, and waits for what a script then says.
    #[track_caller]
    fn press(&self, what: &str, until: &str) {
        let what = Value::from(what);
        self.browser
            .run(&format!("document.querySelector({what}).focus();"));
        self.browser.keys(ENTER);
        let done = || {
            let found = self.browser.run(&format!(
                "return document.readyState === 'complete' && ({until});"
            ));
            found.as_bool().filter(|found| *found)
        };
        let found = wait_for(done);
        assert!(
            found.is_some(),
            "{what} did not lead to {until}: {} {}",
            self.browser.url(),
            self.text()
        );
    }

    /// Writes a subscription into the form.
    fn write(&self, terms: &Value) {
        let text = Value::from(format!("{terms:#}"));
        self.browser
            .run(&format!("document.getElementById('terms').value = {text};"));
    }

    fn check(&self, what: &str) {
        check(&self.browser, &self.axe, &format!("{what} ({})", self.lang));
    }

    /// Opens a page again until it says something.
    #[track_caller]
    fn until(&self, path: &str, words: &str) {
        let says = || {
            self.open(path);
            self.text().contains(words).then_some(())
        };
        assert!(wait_for(says).is_some(), "{path}: {words}: {}", self.text());
    }

    /// Pictures of a page, whole, on a desk and on a phone.
    fn pictures(&self, name: &str, path: &str) {
        let folder = repository().join("target/pictures");
        std::fs::create_dir_all(&folder).expect("a folder");
        for (size, width, phone) in [("desktop", 1280, false), ("phone", 390, true)] {
            let metrics = |height: u64| json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": phone });
            let set = "Emulation.setDeviceMetricsOverride";
            self.browser.chromium(set, &metrics(900));
            self.open(path);
            let high = self
                .browser
                .run("return document.documentElement.scrollHeight;");
            let high = high.as_u64().expect("a height");
            self.browser.chromium(set, &metrics(high));
            self.check(&format!("{name}-{size}"));
            let file = folder.join(format!("{name}-{}-{size}-light.png", self.lang));
            self.browser.picture(&file);
        }
        self.browser
            .chromium("Emulation.clearDeviceMetricsOverride", &json!({}));
    }
}

fn tickets_are_opened_from_the_page(lang: &'static str, said: [&str; 4]) {
    let [delivered, none, lists, would] = said;
    let service = service();
    let double = Double::of(Rt::default());
    let desk = Desk {
        browser: Browser::start(lang),
        service: &service,
        axe: axe(),
        lang,
    };
    desk.open("/subscriptions");
    assert!(desk.text().contains(none), "{}", desk.text());
    desk.pictures("subscriptions-none", "/subscriptions");
    let terms = json!({
        "name": "Mail of partners", "lang": lang, "target": double.target(),
        "filter": "message != null && message.sender.endsWith('partner.example')",
    });
    // what is wrong is told, and what was typed stands there still
    let mut wrong = terms.clone();
    wrong["filter"] = json!("message.");
    desk.write(&wrong);
    desk.press(
        "button[value=dry_run]",
        "document.querySelector('[role=alert]') !== null",
    );
    desk.check("what is wrong");
    desk.write(&terms);
    desk.press(
        "button[value=dry_run]",
        "document.querySelector('[role=status]') !== null",
    );
    assert!(desk.text().contains(would), "{}", desk.text());
    desk.check("the dry run");
    assert_eq!(double.requests(), 0, "a dry run tells nobody");
    let list = service.get("/v1/subscriptions").is(200).json();
    assert_eq!(list["items"], json!([]), "a dry run keeps nothing");
    // what was typed is kept through it
    desk.press(
        "button[value=keep]",
        "location.pathname.startsWith('/subscriptions/')",
    );
    let page = desk.browser.run("return location.pathname;");
    let page = page.as_str().expect("a path").to_owned();
    let shown = desk
        .browser
        .run("return document.getElementById('terms').value;");
    assert!(shown.as_str().is_some_and(|text| text.contains("********")));
    desk.press(
        "form[action*='/test'] button",
        "location.hash === '#notifications'",
    );
    desk.until(&page, delivered);
    assert_eq!(double.tickets().len(), 1);

    // a ticket about one message is given up, and tried again
    double.faults().next_of(On::Creates, 1, Fault::Forbidden);
    let answer = service.get("/v1/why?mid=901").is(200).json();
    let message = answer["message"]["id"].as_str().expect("an id").to_owned();
    let message = format!("/messages/{message}");
    desk.open(&message);
    desk.press(
        "form[action*='/tickets'] button",
        "location.hash === '#tickets'",
    );
    desk.check("the message with a ticket");
    let is_dead = || {
        let dead = service.get("/v1/notifications?state=dead").json();
        (dead["items"].as_array()?.len() == 1).then_some(())
    };
    service.eventually("given up", is_dead);
    desk.pictures("subscriptions", "/subscriptions");
    desk.pictures("subscription", &page);
    desk.open("/subscriptions");
    desk.press(
        "form[action*='/retry'] button",
        "location.hash === '#notifications'",
    );
    let is_there = || (double.tickets().len() == 2).then_some(());
    let listed = || service.get("/v1/notifications").body;
    assert!(wait_for(is_there).is_some(), "not delivered: {}", listed());
    desk.until("/subscriptions", lists);
    let retries = desk
        .browser
        .run("return document.querySelectorAll(\"form[action*='/retry']\").length;");
    assert_eq!(retries, 0);
    let leads = || {
        desk.open(&message);
        let link = desk.browser.run(
            "const link = document.querySelector('.tickets a'); return link && link.href + ' ' + link.rel;",
        );
        link.as_str().map(str::to_owned)
    };
    let link = wait_for(leads).expect("a link to the ticket");
    assert!(
        link.starts_with("http://127.0.0.1") && link.ends_with(" noopener noreferrer"),
        "{link}"
    );
    desk.pictures("message-with-ticket", &message);

    // disabled and removed
    desk.open("/subscriptions");
    desk.press(
        "form[action*='/enabled'] button",
        "document.querySelector('.resting') !== null",
    );
    desk.press(
        ".confirm summary",
        "document.querySelector('.confirm').open",
    );
    desk.check("whether it is to be removed");
    desk.press(
        ".confirm button",
        "document.querySelector('.subscriptions') === null",
    );
    assert!(desk.text().contains(none), "{}", desk.text());
    assert_eq!(double.complaints(), Vec::<String>::new());
    let log = service.log();
    assert!(!log.contains("1-41-invented"), "a secret is logged: {log}");
}

#[test]
fn tickets_are_opened_seen_and_tried_again_from_the_page() {
    tickets_are_opened_from_the_page(
        "en",
        [
            "delivered",
            "There is no subscription yet.",
            "None. What a target refuses",
            "receiving-aborted-by-sender",
        ],
    );
}

#[test]
fn tickets_are_opened_seen_and_tried_again_from_the_page_in_japanese() {
    tickets_are_opened_from_the_page(
        "ja",
        [
            "送信済み",
            "購読はまだありません",
            "ありません。連携先に拒否",
            "receiving-aborted-by-sender",
        ],
    );
}
