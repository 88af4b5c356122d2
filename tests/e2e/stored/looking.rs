//! What a page must not hold: elements, attributes, addresses and names that a stranger made.

use std::cell::RefCell;

use serde_json::{Value, json};

use super::planted::visible;
use crate::harness::{Browser, Service, wait_for};

/// Looks through the whole document.
const LOOK: &str = r"
const bad = [];
if (window.pwned !== undefined) bad.push('ran: ' + window.pwned);
const never = ['img', 'iframe', 'frame', 'object', 'embed', 'applet', 'base', 'style', 'math', 'template', 'audio', 'video'];
const leads = ['href', 'src', 'action', 'formaction', 'data', 'srcdoc', 'srcset', 'poster', 'xlink:href', 'ping', 'background'];
const mark = /pw[0-9]+q/;
for (const one of document.querySelectorAll('*')) {
  const name = one.localName, told = one.cloneNode(false).outerHTML;
  if (never.includes(name) || mark.test(name)) bad.push(told);
  if (name === 'script' && one.src !== location.origin + '/assets/app.js') bad.push(told);
  if (name === 'meta' && one.httpEquiv) bad.push(told);
  for (const { name: attribute, value } of one.attributes) {
    if (/^on/i.test(attribute) || mark.test(attribute)) bad.push(told);
    if (['id', 'class', 'name', 'style'].includes(attribute) && mark.test(value)) bad.push(told);
    if (!leads.includes(attribute)) continue;
    const to = new URL(value, location);
    const is_icon = name === 'link' && one.rel === 'icon' && value === 'data:,';
    const is_ours = to.origin === location.origin;
    const is_paper = to.protocol === 'https:' && ['external noreferrer', 'noreferrer'].includes(one.rel) && !mark.test(value);
    if (!is_icon && !is_ours && !is_paper) bad.push(told);
  }
}
const fields = Array.from(document.querySelectorAll('input, textarea'), (one) => one.value);
const all = [document.title, document.body.textContent, ...fields].join('\n');
const rest = document.body.cloneNode(true);
for (const line of rest.querySelectorAll('.timeline, .logline, .markdown, .command')) line.remove();
return { bad, all, rest: rest.textContent };
";

/// A browser, and all that it has seen.
pub(crate) struct Eyes {
    browser: Browser,
    base: String,
    seen: RefCell<Seeing>,
}

/// Texts without blanks.
#[derive(Default)]
pub(crate) struct Seeing {
    /// All of it.
    pub(crate) all: String,
    /// What is no log line.
    pub(crate) fields: String,
    /// Pages.
    pub(crate) pages: usize,
}

impl Eyes {
    pub(crate) fn open(service: &Service) -> Self {
        let browser = Browser::start("en");
        // what it does not show it would keep
        browser.chromium("Page.setDownloadBehavior", &json!({ "behavior": "deny" }));
        Self {
            browser,
            base: format!("http://{}", service.http),
            seen: RefCell::default(),
        }
    }

    /// Opens a page and looks through it.
    pub(crate) fn look(&self, path: &str) {
        self.browser.open(&format!("{}{path}", self.base));
        self.look_here(path);
    }

    /// The same for another form than a page: the browser shows it or keeps it, and runs nothing.
    pub(crate) fn look_as(&self, path: &str, form: &str) {
        let headers = json!({ "headers": { "Accept": form } });
        self.browser.chromium("Network.enable", &json!({}));
        self.browser
            .chromium("Network.setExtraHTTPHeaders", &headers);
        // what the browser does not show leaves the page that was open
        self.browser.open("about:blank");
        self.look(path);
    }

    /// Looks through the page that is open.
    pub(crate) fn look_here(&self, what: &str) {
        let found = self.browser.run(LOOK);
        assert_eq!(found["bad"], Value::Array(Vec::new()), "{what}");
        let text = |name: &str| visible(found[name].as_str().expect("a text"));
        let mut seen = self.seen.borrow_mut();
        seen.all.push_str(&text("all"));
        seen.fields.push_str(&text("rest"));
        seen.pages += 1;
    }

    /// Hands a text in by the form of the page that is open.
    pub(crate) fn paste(&self, text: &str) {
        let text = Value::from(text);
        self.browser.run(&format!(
            "document.getElementById('asked').value = {text}; document.querySelector('form.ask').submit();"
        ));
        let is_there = || {
            let found = self
                .browser
                .run("return document.readyState === 'complete' && document.querySelector('#explained') !== null;");
            found.as_bool().filter(|found| *found)
        };
        assert!(wait_for(is_there).is_some(), "{text}");
    }

    pub(crate) fn seen(self) -> Seeing {
        self.seen.into_inner()
    }
}
