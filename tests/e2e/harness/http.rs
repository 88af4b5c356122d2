//! Asking over HTTP.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use ureq::Agent;
use ureq::config::{ConfigBuilder, RedirectAuthHeaders};
use ureq::tls::{PemItem, RootCerts, TlsConfig};
use ureq::typestate::AgentScope;

/// How long an [`Asker`] waits for an answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// One response.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Reply {
    /// A header by its lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// The body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {}", self.body))
    }

    /// Fails unless the status is that one.
    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }
}

/// Over HTTPS, it trusts what these authorities signed.
pub(super) fn agent(trust: Option<&str>) -> Agent {
    let config = agent_config();
    match trust {
        Some(pem) => config.tls_config(trusting(pem)).build().into(),
        None => config.build().into(),
    }
}

fn trusting(pem: &str) -> TlsConfig {
    let roots = ureq::tls::parse_pem(pem.as_bytes()).filter_map(|item| {
        if let Ok(PemItem::Certificate(one)) = item {
            Some(one)
        } else {
            None
        }
    });
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = TlsConfig::builder()
        .root_certs(RootCerts::from(roots))
        .unversioned_rustls_crypto_provider(provider);
    config.build()
}

/// Every status is an answer here, and no proxy stands between a test and its service.
fn agent_config() -> ConfigBuilder<AgentScope> {
    Agent::config_builder()
        .http_status_as_error(false)
        .redirect_auth_headers(RedirectAuthHeaders::SameHost)
        .proxy(None)
}

/// `GET url`; `None` when nobody answers.
pub(super) fn get(agent: &Agent, url: &str, headers: &[(&str, &str)]) -> Option<Reply> {
    let request = headers
        .iter()
        .fold(agent.get(url), |request, (name, value)| {
            request.header(*name, *value)
        });
    reply(request.call())
}

/// `POST url`; `None` when nobody answers.
pub(super) fn post(
    agent: &Agent,
    url: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Option<Reply> {
    let request = headers
        .iter()
        .fold(agent.post(url), |request, (name, value)| {
            request.header(*name, *value)
        });
    reply(request.send(body))
}

/// Any method; `None` when nobody answers.
pub(super) fn send(
    agent: &Agent,
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Option<Reply> {
    let method = method.to_ascii_uppercase();
    let request = ureq::http::Request::builder()
        .method(method.as_str())
        .uri(url);
    let request = headers.iter().fold(request, |request, (name, value)| {
        request.header(*name, *value)
    });
    reply(agent.run(request.body(body).expect("a request")))
}

/// `PATCH url` with JSON; `None` when nobody answers.
pub(super) fn patch(agent: &Agent, url: &str, body: &Value) -> Option<Reply> {
    let request = agent.patch(url).header("Content-Type", "application/json");
    reply(request.send(body.to_string()))
}

/// `PUT url` with JSON; `None` when nobody answers.
pub(super) fn put(
    agent: &Agent,
    url: &str,
    headers: &[(&str, &str)],
    body: &Value,
) -> Option<Reply> {
    let request = headers
        .iter()
        .fold(agent.put(url), |request, (name, value)| {
            request.header(*name, *value)
        });
    reply(request.send(body.to_string()))
}

/// Asks one service many times, over connections that stay open.
#[derive(Clone, Debug)]
pub(crate) struct Asker {
    agent: Agent,
    base: String,
}

impl Asker {
    pub(crate) fn of(http: SocketAddr) -> Self {
        let config = agent_config().timeout_global(Some(PATIENCE)).build();
        Self {
            agent: config.into(),
            base: format!("http://{http}"),
        }
    }

    /// `GET`; `None` when nobody answers.
    pub(crate) fn get(&self, path: &str) -> Option<Reply> {
        reply(self.agent.get(format!("{}{path}", self.base)).call())
    }

    /// `POST` of bytes; `None` when nobody answers.
    pub(crate) fn post(&self, path: &str, body: &[u8]) -> Option<Reply> {
        let request = self.agent.post(format!("{}{path}", self.base));
        let request = request.header("Content-Type", "application/octet-stream");
        reply(request.send(body))
    }
}

fn reply(response: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Option<Reply> {
    let mut response = response.ok()?;
    let headers = response.headers().iter();
    let headers = headers.map(|(name, value)| {
        (
            name.as_str().to_owned(),
            String::from_utf8_lossy(value.as_bytes()).into_owned(),
        )
    });
    let headers = headers.collect();
    let status = response.status().as_u16();
    let body = response
        .body_mut()
        .with_config()
        .limit(64 << 20)
        .read_to_string()
        .ok()?;
    Some(Reply {
        status,
        headers,
        body,
    })
}

/// Whether a text holds kana or kanji.
pub(crate) fn is_japanese(text: &str) -> bool {
    text.chars()
        .any(|letter| matches!(letter, '\u{3040}'..='\u{30ff}' | '\u{4e00}'..='\u{9fff}'))
}
