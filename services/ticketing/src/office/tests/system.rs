//! A small Request Tracker in memory: enough of it for the driver.

use std::sync::Mutex;

use jiff::Timestamp;
use serde_json::{Value, json};
use whymid_schemas::Target;

use crate::carrier::{Carrier, Sent};
use crate::target::{Method, Request};

/// A ticket.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept {
    pub(super) key: String,
    pub(super) status: String,
    pub(super) texts: Vec<String>,
}

#[derive(Debug, Default)]
struct Inner {
    tickets: Vec<Kept>,
    requests: usize,
    /// What is answered in place of everything.
    says: Option<Sent>,
    /// So many openings are done, and their answers lost.
    loses: usize,
}

/// See the file's head.
#[derive(Debug, Default)]
pub(super) struct System(Mutex<Inner>);

impl System {
    pub(super) fn tickets(&self) -> Vec<Kept> {
        self.0.lock().expect("no panic").tickets.clone()
    }

    /// So many requests since it was asked last.
    pub(super) fn requests(&self) -> usize {
        std::mem::take(&mut self.0.lock().expect("no panic").requests)
    }

    /// From now on it answers this; `None`: as it should.
    pub(super) fn says(&self, sent: Option<Sent>) {
        self.0.lock().expect("no panic").says = sent;
    }

    pub(super) fn loses(&self, openings: usize) {
        self.0.lock().expect("no panic").loses = openings;
    }

    /// One of somebody else.
    pub(super) fn add(&self, text: &str) {
        let mut inner = self.0.lock().expect("no panic");
        inner.tickets.push(Kept {
            key: String::new(),
            status: "new".to_owned(),
            texts: vec![text.to_owned()],
        });
    }
}

pub(super) fn status(status: u16) -> Option<Sent> {
    Some(Sent::Answered {
        status,
        retry_after: None,
        location: None,
        body: Vec::new(),
    })
}

fn ok(body: &Value) -> Sent {
    Sent::Answered {
        status: 200,
        retry_after: None,
        location: None,
        body: body.to_string().into_bytes(),
    }
}

impl Inner {
    fn answer(&mut self, method: Method, url: &url::Url, body: &Value) -> Sent {
        let path: Vec<&str> = url.path().split('/').skip(3).collect();
        match (method, path.as_slice()) {
            (Method::Get, ["tickets"]) => self.find(url),
            (Method::Get, ["queue", _]) => {
                ok(&json!({"TicketCustomFields": [{"id": "1", "name": "whymid_key"}]}))
            }
            (Method::Post, ["ticket"]) => {
                self.tickets.push(Kept {
                    key: text(&body["CustomFields"]["whymid_key"]),
                    status: "new".to_owned(),
                    texts: vec![text(&body["Content"])],
                });
                if self.loses > 0 {
                    self.loses -= 1;
                    return Sent::Lost(twins!("the answer broke off", "切断"));
                }
                ok(&json!({"id": self.tickets.len().to_string()}))
            }
            (Method::Post, ["ticket", id, "comment"]) => {
                let content = text(&body["Content"]);
                self.change(id, |one| one.texts.push(content))
            }
            (Method::Put, ["ticket", id]) => {
                let status = text(&body["Status"]);
                self.change(id, |one| one.status = status)
            }
            (Method::Get, ["ticket", id, "attachments"]) => {
                let place = id.parse::<usize>().unwrap_or_default();
                let texts = self.tickets.get(place.wrapping_sub(1));
                let texts = texts.map(|one| one.texts.clone()).unwrap_or_default();
                let items: Vec<Value> = texts.iter().map(|one| json!({"Content": one})).collect();
                ok(&json!({"items": items}))
            }
            _ => panic!("{method:?} {url} is not known here"),
        }
    }

    fn find(&self, url: &url::Url) -> Sent {
        let query = url.query_pairs().find(|(name, _)| name == "query");
        let query = query.expect("a query").1.into_owned();
        let all = self.tickets.iter().enumerate();
        let of_it = all.filter(|(_, one)| !one.key.is_empty() && query.contains(&one.key));
        let items: Vec<Value> = of_it
            .map(|(place, one)| json!({"id": (place + 1).to_string(), "Status": one.status}))
            .collect();
        ok(&json!({ "items": items }))
    }

    fn change(&mut self, id: &str, change: impl FnOnce(&mut Kept)) -> Sent {
        let place = id.parse::<usize>().unwrap_or_default();
        match self.tickets.get_mut(place.wrapping_sub(1)) {
            Some(one) => {
                change(one);
                ok(&json!(["Status changed from somewhere"]))
            }
            None => status(404).expect("an answer"),
        }
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

impl Carrier for System {
    fn carry(&self, request: &Request, _target: &Target, _now: Timestamp) -> Sent {
        let mut inner = self.0.lock().expect("no panic");
        inner.requests += 1;
        if let Some(sent) = &inner.says {
            return sent.clone();
        }
        let Request::Http {
            method, url, body, ..
        } = request
        else {
            // what takes events takes all of them
            return ok(&Value::Null);
        };
        let url = url::Url::parse(url).expect("an address");
        let body = serde_json::from_slice(body).unwrap_or_default();
        inner.answer(*method, &url, &body)
    }
}
