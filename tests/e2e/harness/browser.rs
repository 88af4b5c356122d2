//! A real browser: Debian's Chromium behind its driver, by the commands of WebDriver (W3C).
//!
//! The driver is asked by plain HTTP: what the tests need is a dozen commands, and two of them (the
//! browser's own log, the emulation of a device) are Chromium's, which client crates leave out.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Running, wait_for};

/// A running driver with one session.
pub(crate) struct Browser {
    driver: Running,
    agent: ureq::Agent,
    session: String,
}

impl Browser {
    /// Starts driver and browser, in one language.
    pub(crate) fn start(lang: &str) -> Self {
        let driver = Running::start(Command::new("chromedriver").arg("--port=0"));
        let port = wait_for(|| {
            let text = driver.stdout.text();
            let (_, rest) = text.split_once("started successfully on port ")?;
            let digits = rest.split('.').next()?;
            digits.parse::<u16>().ok()
        });
        let port = port.expect("chromedriver (Debian: chromium-driver; `tests/run` installs it)");
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(60)))
            .http_status_as_error(false)
            .build();
        let mut browser = Self {
            driver,
            agent: config.into(),
            session: format!("http://127.0.0.1:{port}/session"),
        };
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
        ];
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:loggingPrefs": { "browser": "ALL" },
            "goog:chromeOptions": {
                "args": arguments,
                "prefs": { "intl.accept_languages": lang },
            },
        }}});
        let session = browser
            .agent
            .post(&browser.session)
            .send(wanted.to_string());
        let session = Self::value(session.expect("a session"));
        let id = session["sessionId"].as_str().expect("an id");
        browser.session = format!("{}/{id}", browser.session);
        browser
    }

    fn value(mut reply: ureq::http::Response<ureq::Body>) -> Value {
        let text = reply
            .body_mut()
            .with_config()
            .limit(64 << 20)
            .read_to_string();
        let text = text.expect("an answer of the driver");
        let value: Value = serde_json::from_str(&text).expect("JSON");
        assert!(
            value["value"]["error"].is_null(),
            "{}",
            value["value"]["message"]
        );
        value["value"].clone()
    }

    fn post(&self, command: &str, body: &Value) -> Value {
        let url = format!("{}/{command}", self.session);
        let reply = self.agent.post(&url).send(body.to_string());
        Self::value(reply.expect("the driver answers"))
    }

    fn get(&self, command: &str) -> Value {
        let url = format!("{}/{command}", self.session);
        Self::value(self.agent.get(&url).call().expect("the driver answers"))
    }

    /// Opens a page.
    pub(crate) fn open(&self, url: &str) {
        self.post("url", &json!({ "url": url }));
    }

    /// Where it is.
    pub(crate) fn url(&self) -> String {
        self.get("url").as_str().expect("an address").to_owned()
    }

    /// Runs a script in the page.
    pub(crate) fn run(&self, script: &str) -> Value {
        self.post("execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// Runs a script that calls back.
    pub(crate) fn run_async(&self, script: &str) -> Value {
        self.post("execute/async", &json!({ "script": script, "args": [] }))
    }

    /// Types on the keyboard, wherever the focus is.
    pub(crate) fn keys(&self, text: &str) {
        let press = |letter: char| {
            ["keyDown", "keyUp"].map(|how| json!({ "type": how, "value": letter.to_string() }))
        };
        let strokes: Vec<Value> = text.chars().flat_map(press).collect();
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": strokes });
        self.post("actions", &json!({ "actions": [keyboard] }));
    }

    /// A command of Chromium's own.
    pub(crate) fn chromium(&self, command: &str, parameters: &Value) {
        let body = json!({ "cmd": command, "params": parameters });
        self.post("goog/cdp/execute", &body);
    }

    /// What the browser complained of since it was last asked.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let log = self.post("se/log", &json!({ "type": "browser" }));
        let entries = log.as_array().expect("a list").iter();
        let bad = entries.filter(|one| one["level"] != "INFO" && one["level"] != "DEBUG");
        bad.map(|one| one["message"].to_string()).collect()
    }

    /// A picture of the whole page.
    pub(crate) fn picture(&self, file: &Path) {
        let picture = self.get("screenshot");
        let text = picture.as_str().expect("base64");
        std::fs::write(file, base64(text)).expect("a picture");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.agent.delete(&self.session).call();
        let _ = self.driver.terminate();
    }
}

/// Base64 (RFC 4648) to bytes.
fn base64(text: &str) -> Vec<u8> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let digits: Vec<u8> = text.bytes().filter_map(digit).collect();
    let mut bytes = Vec::with_capacity(digits.len() * 3 / 4);
    for four in digits.chunks(4) {
        let all = four
            .iter()
            .fold(0u32, |all, one| (all << 6) | u32::from(*one));
        let all = all << (6 * (4 - four.len()));
        bytes.extend(all.to_be_bytes()[1..].iter().take(four.len() * 3 / 4));
    }
    bytes
}
