//! Requests to answers: by HTTP and SMTP, to addresses that are allowed, once.
//!
//! Redirects are not followed, proxies of the environment are not used, no connection is kept. What
//! did not work out is told apart by what may have been done: nothing, or that is not known.
//!
//! Not here: trying again (`courier.rs`, `office.rs`), which addresses are allowed (`guard.rs`).

use std::net::{IpAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use jiff::Timestamp;
use lettre::Transport as _;
use lettre::transport::smtp::SmtpTransport;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use ureq::http::Uri;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use whymid_schemas::{Email, MailTls, Secret, Target, Text};

use crate::guard::Guard;
use crate::target::{Mail, Method, Request};
use crate::{mailer, signature};

/// The longest that a request may take: Standard Webhooks advise 15 to 30 s.
const PATIENCE: Duration = Duration::from_secs(30);
/// The longest that connecting may.
const CONNECT: Duration = Duration::from_secs(10);
/// The longest body that is read: a ticket with what was told of it for months.
const BODY: u64 = 16 * 1024 * 1024;

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// It was answered.
    Answered {
        /// The status.
        status: u16,
        /// `Retry-After`, seconds.
        retry_after: Option<i64>,
        /// `Location`.
        location: Option<String>,
        /// The body.
        body: Vec<u8>,
    },
    /// It did not reach the system: nothing was done.
    NotSent(Text),
    /// It may have reached the system, and no answer came: nobody knows what was done.
    Lost(Text),
    /// It can't be sent like this, now or later.
    Unsendable(Text),
}

/// Takes requests to ticket systems.
pub trait Carrier: Send + Sync {
    /// Sends a request; `target` has the keys and logins that are not in it.
    fn carry(&self, request: &Request, target: &Target, now: Timestamp) -> Sent;
}

/// The carrier that goes by the network.
#[derive(Debug)]
pub struct Network {
    agent: ureq::Agent,
    guard: Guard,
}

impl Network {
    /// Connects to what the guard allows.
    #[must_use]
    pub fn new(guard: Guard) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::PlatformVerifier)
            .unversioned_rustls_crypto_provider(provider);
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .timeout_connect(Some(CONNECT))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .max_idle_connections(0)
            .user_agent("whymid")
            .tls_config(tls.build())
            .build();
        let resolver = Guarded {
            inner: DefaultResolver::default(),
            guard: guard.clone(),
        };
        Self {
            agent: ureq::Agent::with_parts(config, DefaultConnector::default(), resolver),
            guard,
        }
    }

    fn http(&self, method: Method, url: &str, headers: &[(&str, String)], body: &[u8]) -> Sent {
        let method = match method {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
        };
        let mut request = ureq::http::Request::builder().method(method).uri(url);
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let answered = if body.is_empty() && method == "GET" {
            request.body(()).map(|request| self.agent.run(request))
        } else {
            request.body(body).map(|request| self.agent.run(request))
        };
        match answered {
            Err(error) => Sent::Unsendable(unfit(&error)),
            // TLS may have ended after the request was read: only what looks is sure to do nothing
            Ok(Err(error)) if method != "GET" && is_tls(&error) => {
                Sent::Lost(unreached(&error.to_string()))
            }
            Ok(Err(error)) => failed(&error),
            Ok(Ok(response)) => read(response),
        }
    }

    fn signed(&self, secrets: &[Secret], id: &str, now: Timestamp, url: &str, body: &[u8]) -> Sent {
        let moment = now.as_second();
        let signature = match signature::sign(secrets, id, moment, body) {
            Ok(signature) => signature,
            Err(refusal) => return Sent::Unsendable(refusal.0),
        };
        let content = "application/cloudevents+json; charset=utf-8".to_owned();
        let headers = [
            ("content-type", content),
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", moment.to_string()),
            ("webhook-signature", signature),
        ];
        self.http(Method::Post, url, &headers, body)
    }

    fn mail(&self, mail: &Mail, settings: &Email, now: Timestamp) -> Sent {
        let since = u64::try_from(now.as_second()).unwrap_or_default();
        let message = match mailer::message(mail, settings, UNIX_EPOCH + Duration::from_secs(since))
        {
            Ok(message) => message,
            Err(refusal) => return Sent::Unsendable(refusal.0),
        };
        let address = match self.allowed(&settings.host, settings.port) {
            Ok(address) => address,
            Err(sent) => return sent,
        };
        let transport = match transport(address, settings) {
            Ok(transport) => transport,
            Err(error) => return Sent::Unsendable(unfit(&error)),
        };
        match transport.send_raw(message.envelope(), &message.formatted()) {
            Ok(_) => Sent::Answered {
                status: 200,
                retry_after: None,
                location: None,
                body: Vec::new(),
            },
            Err(error) if error.is_permanent() => {
                let said = said(&error);
                Sent::Unsendable(twins!(
                    "the mail was not taken: {said}",
                    "メールが受け付けられませんでした: {said}"
                ))
            }
            Err(error) if error.is_transient() => {
                let said = said(&error);
                Sent::NotSent(twins!(
                    "the mail was not taken for now: {said}",
                    "メールサーバーに一時的に拒否されました: {said}"
                ))
            }
            Err(error) if error.is_timeout() => Sent::Lost(unanswered(&said(&error))),
            Err(error) => Sent::NotSent(unreached(&said(&error))),
        }
    }

    /// An address of a host that may be connected to.
    fn allowed(&self, host: &str, port: u16) -> Result<IpAddr, Sent> {
        let found = (host, port).to_socket_addrs();
        let found = found.map_err(|error| Sent::NotSent(unreached(&format!("{host}: {error}"))))?;
        let mut refused = twins!(
            "{host} has no address",
            "{host} の IP アドレスが見つかりません"
        );
        for address in found {
            match self.guard.check(address.ip()) {
                Ok(()) => return Ok(address.ip()),
                Err(why) => refused = why,
            }
        }
        Err(Sent::Unsendable(refused))
    }
}

impl Carrier for Network {
    fn carry(&self, request: &Request, target: &Target, now: Timestamp) -> Sent {
        match (request, target) {
            (
                Request::Http {
                    method,
                    url,
                    headers,
                    body,
                },
                _,
            ) => self.http(*method, url, headers, body),
            (Request::Signed { url, id, body }, Target::Webhook(webhook)) => {
                self.signed(&webhook.secrets, id, now, url, body)
            }
            (Request::Mail(mail), Target::Email(email)) => self.mail(mail, email, now),
            (Request::Signed { .. } | Request::Mail(_), _) => Sent::Unsendable(twins!(
                "the target has no key or login for it",
                "連携先に鍵またはログイン情報がありません"
            )),
        }
    }
}

/// What an error says, with what is behind it.
fn said(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        source = inner.source();
    }
    text
}

/// To an address that was checked, in the name of the host that it was asked for.
fn transport(
    address: IpAddr,
    settings: &Email,
) -> Result<SmtpTransport, lettre::transport::smtp::Error> {
    let parameters = || TlsParameters::new(settings.host.clone());
    let tls = match settings.tls {
        MailTls::Starttls => Tls::Required(parameters()?),
        MailTls::Tls => Tls::Wrapper(parameters()?),
        MailTls::None => Tls::None,
    };
    let mut builder = SmtpTransport::builder_dangerous(address.to_string())
        .port(settings.port)
        .tls(tls)
        .timeout(Some(PATIENCE));
    if let (Some(user), Some(password)) = (&settings.user, &settings.password) {
        let password = password.reveal().to_owned();
        builder = builder.credentials(Credentials::new(user.clone(), password));
    }
    Ok(builder.build())
}

fn read(mut response: ureq::http::Response<ureq::Body>) -> Sent {
    let header = |name: &str| {
        let value = response.headers().get(name)?;
        Some(value.to_str().ok()?.to_owned())
    };
    let (retry_after, location) = (header("retry-after"), header("location"));
    let status = response.status().as_u16();
    let body = response.body_mut().with_config().limit(BODY).read_to_vec();
    match body {
        Ok(body) => Sent::Answered {
            status,
            retry_after: retry_after.and_then(|text| text.trim().parse().ok()),
            location,
            body,
        },
        Err(ureq::Error::BodyExceedsLimit(_)) => Sent::Unsendable(twins!(
            "the target's answer is longer than {BODY} bytes: is the address right, or does the ticket hold that much?",
            "連携先の応答が {BODY} バイトを超えています。アドレスが正しいか、チケットの内容が多すぎないか確認してください"
        )),
        Err(error) => Sent::Lost(twins!(
            "the answer broke off: {error}",
            "応答が途中で切れました: {error}"
        )),
    }
}

/// Whether anything was done, as far as an error tells.
fn failed(error: &ureq::Error) -> Sent {
    use std::io::ErrorKind;
    use ureq::Timeout;

    if let ureq::Error::Other(inner) = error
        && let Some(Refused(why)) = inner.downcast_ref()
    {
        return Sent::Unsendable(why.clone());
    }
    let text = error.to_string();
    let not_begun = matches!(
        error,
        ureq::Error::HostNotFound
            | ureq::Error::ConnectionFailed
            | ureq::Error::Tls(_)
            | ureq::Error::Rustls(_)
            | ureq::Error::Timeout(Timeout::Resolve | Timeout::Connect)
    );
    let not_connected = |inner: &std::io::Error| {
        matches!(
            inner.kind(),
            ErrorKind::ConnectionRefused
                | ErrorKind::HostUnreachable
                | ErrorKind::NetworkUnreachable
                | ErrorKind::AddrNotAvailable
        )
    };
    let is_apart = matches!(error, ureq::Error::Io(inner) if not_connected(inner));
    if not_begun || is_apart || is_tls(error) {
        return Sent::NotSent(unreached(&text));
    }
    if let ureq::Error::BadUri(_) | ureq::Error::Http(_) = error {
        return Sent::Unsendable(unfit(error));
    }
    Sent::Lost(unanswered(&text))
}

/// Whether TLS failed, at whatever point.
fn is_tls(error: &ureq::Error) -> bool {
    let is_rustls = |inner: &std::io::Error| {
        let own = inner.get_ref();
        own.is_some_and(|own| own.is::<rustls::Error>())
    };
    matches!(error, ureq::Error::Io(inner) if is_rustls(inner))
}

fn unfit(error: &dyn std::error::Error) -> Text {
    twins!(
        "the request can't be made: {error}",
        "リクエストを作成できません: {error}"
    )
}

fn unreached(said: &str) -> Text {
    twins!(
        "the target can't be reached: {said}",
        "連携先に接続できません: {said}"
    )
}

fn unanswered(said: &str) -> Text {
    twins!(
        "the target did not answer: {said}",
        "連携先から応答がありません: {said}"
    )
}

/// An address that may not be connected to.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.en)]
struct Refused(Text);

/// Looks names up, and keeps the addresses that may be connected to.
#[derive(Debug)]
struct Guarded {
    inner: DefaultResolver,
    guard: Guard,
}

impl Resolver for Guarded {
    fn resolve(
        &self,
        uri: &Uri,
        config: &ureq::config::Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let found = self.inner.resolve(uri, config, timeout)?;
        let mut allowed = self.empty();
        let mut refused = None;
        for address in found.iter() {
            match self.guard.check(address.ip()) {
                Ok(()) => allowed.push(*address),
                Err(why) => refused = Some(why),
            }
        }
        match refused {
            Some(why) if allowed.is_empty() => Err(ureq::Error::Other(Box::new(Refused(why)))),
            _ => Ok(allowed),
        }
    }
}
