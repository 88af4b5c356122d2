//! What every request handler shares: the desk, the gauge, the door, and the names and tokens we
//! go by.

use std::{
    future::{Ready, ready},
    io,
    net::{IpAddr, SocketAddr},
    ops::Deref,
    sync::Arc,
};

use actix_web::{
    FromRequest, HttpMessage as _, HttpRequest,
    dev::Payload,
    http::{Uri, header::HOST, uri::Authority},
    web::Data,
};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::sync::Semaphore;
use whymid_store::{Pseudonyms, Scope as Limits};
use whymid_ticketing::Office;

use crate::{
    audit::Audit,
    desk::{Desk, Desks, Door, Eraser, Gauge, Style},
    error::{Code, Failure},
    negotiate,
    pace::Pace,
    sessions::Sessions,
    settings::{Settings, Token},
};

/// Pasted logs in the house at once, each up to 8 MiB.
const PASTED_MOST: usize = 16;
/// Pasted logs being worked on at once.
const EXPLAINING_MOST: usize = 2;
/// Bodies of lines in the house at once, each up to 64 MiB.
const HANDED_IN_MOST: usize = 4;

/// Shared by all workers, never changed.
pub(crate) struct House {
    /// For whoever may see everything; others have a desk of their own ([`Visit`]).
    whole: Arc<dyn Desk>,
    pub(crate) gauge: Arc<dyn Gauge>,
    pub(crate) door: Arc<dyn Door>,
    pub(crate) eraser: Arc<dyn Eraser>,
    pub(crate) tickets: Arc<Office>,
    pub(crate) tokens: Vec<Token>,
    pub(crate) sessions: Sessions,
    pub(crate) pace: Pace,
    pub(crate) audit: Option<Arc<dyn Audit>>,
    pub(crate) pseudonyms: Option<Arc<Pseudonyms>>,
    pub(crate) open: bool,
    pub(crate) names: Names,
    /// How many pasted logs may be in the house at once; bounds the memory that they take.
    pub(crate) pasted: Arc<Semaphore>,
    /// How many of them may be worked on at once; leaves the processors to the rest.
    pub(crate) explaining: Arc<Semaphore>,
    /// How many bodies of lines may be in the house at once.
    pub(crate) handed_in: Arc<Semaphore>,
    public_url: Option<String>,
}

impl House {
    /// Puts the house together; fails on a `public_url` that is no http(s) address.
    pub(crate) fn new(desks: Desks, settings: Settings, bound: SocketAddr) -> io::Result<Self> {
        let public_url = settings
            .public_url
            .map(|url| url.trim_end_matches('/').to_owned());
        let public = public_url.as_deref().map(public_name).transpose()?;
        let hosts = settings.hosts.iter().map(|host| bare_host(host)).collect();
        let names = Names {
            bound: bound.ip(),
            hosts,
            public,
            secure: settings.tls.is_some(),
        };
        Ok(Self {
            whole: desks.desk,
            gauge: desks.gauge,
            door: desks.door,
            eraser: desks.eraser,
            tickets: desks.tickets,
            tokens: settings.tokens,
            sessions: Sessions::default(),
            pace: Pace::new(settings.requests_per_second),
            audit: settings.audit,
            pseudonyms: settings.pseudonyms,
            open: settings.open,
            names,
            pasted: Arc::new(Semaphore::new(PASTED_MOST)),
            explaining: Arc::new(Semaphore::new(EXPLAINING_MOST)),
            handed_in: Arc::new(Semaphore::new(HANDED_IN_MOST)),
            public_url,
        })
    }

    /// Whether browsers reach us by HTTPS.
    pub(crate) fn is_secure(&self) -> bool {
        let public = self.public_url.as_deref();
        self.names.secure || public.is_some_and(|url| url.starts_with("https://"))
    }

    /// Now.
    pub(crate) fn now(&self) -> Timestamp {
        self.whole.now()
    }

    /// How to answer this request.
    pub(crate) fn style(&self, request: &HttpRequest, zone: Option<TimeZone>) -> Style {
        Style {
            lang: negotiate::lang(request),
            zone: zone.unwrap_or(TimeZone::UTC),
            base_url: self.base_url(request),
        }
    }

    /// The same where no moment is written.
    pub(crate) fn plain_style(&self, request: &HttpRequest) -> Style {
        self.style(request, None)
    }

    /// What links begin with: the configured address, else the one we were addressed by. Headers
    /// of a proxy are not believed.
    pub(crate) fn base_url(&self, request: &HttpRequest) -> String {
        match &self.public_url {
            Some(url) => url.clone(),
            None => {
                let scheme = if self.names.secure { "https" } else { "http" };
                format!(
                    "{scheme}://{}",
                    addressed_by(request).unwrap_or("localhost")
                )
            }
        }
    }

    /// The path below which a proxy shows this service; empty for the usual root.
    pub(crate) fn root(&self) -> String {
        let path = self
            .public_url
            .as_deref()
            .and_then(|url| url.parse::<Uri>().ok());
        path.map(|url| url.path().trim_end_matches('/').to_owned())
            .unwrap_or_default()
    }
}

/// Who makes a request, as access control found out.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The token's name; `None` where there was none.
    pub(crate) token: Option<String>,
    /// A browser's session stood for it.
    pub(crate) by_session: bool,
    /// What was asked for is not open to everybody.
    pub(crate) is_guarded: bool,
    /// It may ask by real addresses where pseudonyms are kept.
    pub(crate) real_addresses: bool,
    /// It may see and change what opens tickets.
    pub(crate) tickets: bool,
    /// What may be seen.
    pub(crate) limits: Limits,
}

impl Caller {
    /// Somebody who may see everything.
    pub(crate) fn unlimited() -> Self {
        Self {
            token: None,
            by_session: false,
            is_guarded: true,
            real_addresses: true,
            tickets: true,
            limits: Limits::everything(),
        }
    }

    /// Somebody of whom nothing is known: no mail at all.
    pub(crate) fn nobody() -> Self {
        Self {
            token: None,
            by_session: false,
            is_guarded: false,
            real_addresses: false,
            tickets: false,
            limits: Limits {
                appliances: Some(Vec::new()),
                sight: None,
            },
        }
    }
}

/// The house as one request sees it: its desk knows only what the caller may see.
#[derive(Clone)]
pub(crate) struct Visit {
    house: Data<House>,
    pub(crate) desk: Arc<dyn Desk>,
    pub(crate) limits: Limits,
    /// It may ask by real addresses where pseudonyms are kept.
    pub(crate) real_addresses: bool,
    /// It may see and change what opens tickets.
    pub(crate) may_ticket: bool,
    /// A browser that signed in.
    pub(crate) is_signed_in: bool,
}

impl Deref for Visit {
    type Target = House;

    fn deref(&self) -> &House {
        &self.house
    }
}

impl FromRequest for Visit {
    type Error = Failure;
    type Future = Ready<Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(house) = request.app_data::<Data<House>>() else {
            return ready(Err(Failure::new(Code::Internal)));
        };
        let caller = request.extensions().get::<Caller>().cloned();
        let Caller {
            limits,
            by_session,
            real_addresses,
            tickets,
            ..
        } = caller.unwrap_or_else(Caller::nobody);
        let desk = if limits.is_limited() {
            house.whole.seen_by(&limits)
        } else {
            Arc::clone(&house.whole)
        };
        ready(Ok(Self {
            house: house.clone(),
            desk,
            limits,
            real_addresses,
            may_ticket: tickets,
            is_signed_in: by_session,
        }))
    }
}

/// The names that a `Host` header may carry.
pub(crate) struct Names {
    bound: IpAddr,
    hosts: Vec<String>,
    public: Option<Public>,
    /// Only HTTPS is spoken here.
    pub(crate) secure: bool,
}

struct Public {
    scheme: String,
    authority: Authority,
}

impl Names {
    /// Whether a host, without its port, is ours. The port is not compared: forwarding changes it,
    /// and a page cannot forge it.
    pub(crate) fn knows(&self, host: &str) -> bool {
        let host = bare_host(host);
        self.hosts.contains(&host)
            || self
                .public
                .as_ref()
                .is_some_and(|public| bare_host(public.authority.host()) == host)
            || self.is_bound_address(&host)
    }

    fn is_bound_address(&self, host: &str) -> bool {
        let address = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .parse::<IpAddr>()
            .ok();
        let reachable_here = self.bound.is_loopback() || self.bound.is_unspecified();
        let local = host == "localhost" || ["127.0.0.1", "[::1]"].contains(&host);
        address == Some(self.bound)
            || (local && reachable_here)
            || (address.is_some() && self.bound.is_unspecified())
    }

    /// Whether an `Origin` is the place that we were addressed by.
    pub(crate) fn is_own_origin(&self, origin: &str, addressed_by: &str) -> bool {
        let Some((scheme, authority)) = origin.split_once("://") else {
            return false;
        };
        let scheme = scheme.to_ascii_lowercase();
        let Some(port) = default_port(&scheme) else {
            return false;
        };
        let here = with_port(authority, port);
        let public = self
            .public
            .as_ref()
            .filter(|public| public.scheme == scheme);
        if public.is_some_and(|public| with_port(public.authority.as_str(), port) == here) {
            return true;
        }
        // a page that came unencrypted is not one of ours
        if self.secure && scheme != "https" {
            return false;
        }
        // Where the public name was used, only its own scheme counts.
        let by_public_name = self.public.as_ref().is_some_and(|public| {
            let port = default_port(&public.scheme).unwrap_or(port);
            with_port(public.authority.as_str(), port) == with_port(addressed_by, port)
        });
        !by_public_name && with_port(addressed_by, port) == here
    }
}

/// The authority that a request was sent to.
pub(crate) fn addressed_by(request: &HttpRequest) -> Option<&str> {
    request
        .headers()
        .get(HOST)
        .and_then(|host| host.to_str().ok())
}

fn public_name(url: &str) -> io::Result<Public> {
    let unfit = || {
        let text = format!("`public_url` is not an http or https address: {url}");
        io::Error::new(io::ErrorKind::InvalidInput, text)
    };
    let url: Uri = url.parse().map_err(|_| unfit())?;
    let scheme = url
        .scheme_str()
        .map(str::to_ascii_lowercase)
        .filter(|scheme| default_port(scheme).is_some());
    match (scheme, url.authority()) {
        (Some(scheme), Some(authority)) => Ok(Public {
            scheme,
            authority: authority.clone(),
        }),
        (Some(_) | None, _) => Err(unfit()),
    }
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}

/// Lower case, without port and without the final dot of a full name.
fn bare_host(host: &str) -> String {
    let host = host.trim().to_ascii_lowercase();
    let without_port = match host.rsplit_once(':') {
        Some((name, port))
            if port.bytes().all(|byte| byte.is_ascii_digit()) && !is_bare_ipv6(&host) =>
        {
            name
        }
        Some(_) | None => &host,
    };
    without_port.trim_end_matches('.').to_owned()
}

fn is_bare_ipv6(host: &str) -> bool {
    host.parse::<std::net::Ipv6Addr>().is_ok()
}

/// Lower case, with the port spelled out.
fn with_port(authority: &str, default: u16) -> String {
    let authority = authority.to_ascii_lowercase();
    let host = bare_host(&authority);
    let port = authority
        .rsplit_once(':')
        .and_then(|(_, port)| port.parse().ok())
        .filter(|_| !authority.ends_with(']'));
    format!("{host}:{}", port.unwrap_or(default))
}
