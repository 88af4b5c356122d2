//! Line ends, NULs and their disguises wherever a request has room for them: no response gets a
//! header, a cookie or a second response from them, and no log gets a line.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use crate::access::token;
use crate::harness::{Raw, Service, Setup, calls, datagrams, encoded, exchange, recent};

/// What a stranger would like to see among the headers.
const WANTED: &str = "x-pwned: 1";

/// Line ends and NUL as they can stand in a path or a query: encoded, twice, overlong, as other
/// letters whose last byte is one, as line ends of Unicode.
const DISGUISES: [&str; 11] = [
    "%0D%0A",
    "%0A",
    "%0D",
    "%00",
    "%250D%250A",
    "%E5%98%8D%E5%98%8A",
    "%C0%8D%C0%8A",
    "%u000D%u000A",
    "%E2%80%A8",
    "%C2%85",
    "%0D%0A%0D%0AHTTP/1.1%20200%20OK%0D%0A",
];

/// The same as bytes.
const BARE: [&[u8]; 8] = [
    b"\r",
    b"\n",
    b"\r\n ",
    b"\r\n",
    b"\0",
    b"\x0b",
    b"\xc2\x85",
    b"\xe2\x80\xa8",
];

/// Every header that there is.
const KNOWN: [&str; 20] = [
    "allow",
    "cache-control",
    "connection",
    "content-language",
    "content-length",
    "content-security-policy",
    "content-type",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "date",
    "location",
    "referrer-policy",
    "retry-after",
    "set-cookie",
    "strict-transport-security",
    "transfer-encoding",
    "vary",
    "www-authenticate",
    "x-content-type-options",
    "x-frame-options",
];

/// A request of these parts.
fn request(method: &str, target: &[u8], headers: &[u8], body: &[u8], host: SocketAddr) -> Vec<u8> {
    let head = format!(
        " HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    );
    [
        method.as_bytes(),
        b" ",
        target,
        head.as_bytes(),
        headers,
        b"\r\n",
        body,
    ]
    .concat()
}

/// Sends it; whatever comes is one response of ours.
#[track_caller]
fn is_ours(to: SocketAddr, request: &[u8]) -> Option<Raw> {
    let what = String::from_utf8_lossy(request);
    let mut told = exchange(to, request);
    assert!(told.len() <= 1, "{what:?}: {told:?}");
    let told = told.pop()?;
    for (name, value) in &told.headers {
        assert!(KNOWN.contains(&name.as_str()), "{what:?}: {name}: {value}");
        let is_free = !value.contains("pwned") || name == "location";
        assert!(is_free, "{what:?}: {name}: {value}");
    }
    Some(told)
}

fn guarded() -> (Service, String) {
    let (secret, config) = token("desk", "admin");
    let service = Service::start_with(Setup {
        config,
        token: Some(secret.clone()),
        ..Setup::default()
    });
    (service, secret)
}

#[test]
fn no_path_and_no_parameter_makes_a_header() {
    let (open, (guarded, _)) = (Service::start(), guarded());
    let mut tried = 0;
    let mut statuses = BTreeSet::new();
    let mut ask = |target: &[u8]| {
        for service in [&open, &guarded] {
            let to = service.http;
            let request = request("GET", target, b"Accept: text/html, */*\r\n", b"", to);
            let told = is_ours(to, &request);
            statuses.insert(told.map_or(0, |told| told.status));
            tried += 1;
        }
    };
    for call in calls() {
        let path = call.filled("x");
        let places = call.query.iter().map(|name| format!("{path}?{name}=a"));
        let places = places.chain([format!("{path}?"), format!("{path}/"), path.clone()]);
        let places = places.chain(call.has_place().then(|| call.filled("a")));
        for place in places {
            for disguise in DISGUISES {
                ask(format!("{place}{disguise}{}", encoded(WANTED)).as_bytes());
            }
        }
        for bare in BARE {
            ask(&[path.as_bytes(), b"?lang=en", bare, WANTED.as_bytes()].concat());
            ask(&[path.as_bytes(), bare, WANTED.as_bytes()].concat());
        }
    }
    println!("injected: {tried} targets, statuses {statuses:?}");
    assert!(tried > 4000, "{tried}");
    assert!(statuses.iter().all(|status| *status < 500), "{statuses:?}");
}

#[test]
fn no_header_of_a_request_makes_one_of_the_response() {
    let (guarded, secret) = guarded();
    let to = guarded.http;
    let names = [
        "Host",
        "Origin",
        "Accept",
        "Accept-Language",
        "Accept-Encoding",
        "Authorization",
        "Cookie",
        "Content-Type",
        "Content-Encoding",
        "Referer",
        "X-Request-Id",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "Forwarded",
        "If-None-Match",
        "Range",
        "Sec-Fetch-Site",
    ];
    let disguises = DISGUISES.map(str::as_bytes);
    let ends: Vec<&[u8]> = disguises.into_iter().chain(BARE).collect();
    let bearer = format!("Authorization: Bearer {secret}\r\n");
    for path in ["/messages/x", "/v1/messages", "/kb", "/nowhere"] {
        for name in names {
            for end in &ends {
                let header = [name.as_bytes(), b": a", end, WANTED.as_bytes(), b"\r\n"].concat();
                for more in [b"", bearer.as_bytes()] {
                    let headers = [more, header.as_slice()].concat();
                    is_ours(to, &request("GET", path.as_bytes(), &headers, b"", to));
                }
            }
        }
    }
    for method in ["GET\r\nx-pwned:1\r\n", "PWNED", "G\0T", "TRACE", "CONNECT"] {
        let told = is_ours(to, &request(method, b"/kb", b"X-Pwned: 1\r\n", b"", to));
        let told = told.expect("an answer");
        assert!((400..500).contains(&told.status), "{method:?}: {told:?}");
    }
}

#[test]
fn no_form_and_no_name_of_an_appliance_makes_a_header() {
    let (open, (guarded, secret)) = (Service::start(), guarded());
    let form = b"Content-Type: application/x-www-form-urlencoded\r\n";
    let lines = b"Content-Type: application/octet-stream\r\n";
    let line = format!("<166>{} esa1 mail_logs: Info: MID 1 ready 1\n", recent(0));
    let mut redirected = 0;
    for disguise in DISGUISES {
        let evil = format!("a{disguise}{}", encoded(WANTED));
        for (service, token) in [(&open, "x"), (&guarded, &secret)] {
            let to = service.http;
            for (target, body) in [
                ("/sign-in", format!("token={token}&next=%2F{evil}")),
                ("/sign-in", format!("token={token}&next={evil}")),
                ("/sign-in", format!("token={evil}&next=%2F")),
                (&format!("/sign-in?lang={evil}"), format!("token={token}")),
                (&format!("/sign-out?lang={evil}"), String::new()),
                ("/ask", format!("q={evil}")),
                (&format!("/ask?tz={evil}"), "q=1".to_owned()),
            ] {
                let request = request("POST", target.as_bytes(), form, body.as_bytes(), to);
                let told = is_ours(to, &request).expect("an answer");
                let Some(place) = told.header("location") else {
                    continue;
                };
                redirected += 1;
                assert!(
                    place.starts_with('/') && !place.starts_with("//"),
                    "{body}: {place}"
                );
            }
        }
        for name in ["appliance", "timezone", "year", "lane"] {
            let target = format!("/v1/lines?{name}={evil}");
            let to = open.http;
            let request = request("POST", target.as_bytes(), lines, line.as_bytes(), to);
            is_ours(to, &request).expect("an answer");
        }
    }
    assert!(redirected > 20, "{redirected}");
}

#[test]
fn no_log_gets_a_line_from_a_stranger() {
    let folder = tempfile::TempDir::new().expect("a temporary folder");
    let audit = folder.path().join("audit.jsonl");
    let service = Service::start_with(Setup {
        config: format!("[audit]\nfile = \"{}\"\n", audit.display()),
        environment: vec![("WHYMID_LOG", "debug".to_owned())],
        ..Setup::default()
    });
    let fake = "2026-01-01T00:00:00.000000Z ERROR whymid::pwned: pwned";
    let to = service.http;
    for disguise in DISGUISES {
        for target in ["/kb/a", "/v1/messages/a", "/v1/messages?q=a", "/a", "/kb?"] {
            let target = format!("{target}{disguise}{}", encoded(fake));
            is_ours(to, &request("GET", target.as_bytes(), b"", b"", to));
            is_ours(to, &request("POST", target.as_bytes(), b"", b"", to));
        }
        let target = format!("/v1/lines?appliance=a{disguise}{}", encoded(fake));
        let lines = b"Content-Type: application/octet-stream\r\n";
        is_ours(to, &request("POST", target.as_bytes(), lines, b"x\n", to));
    }
    let header = format!("<166>{} esa1 mail_logs: Info: ", recent(0));
    for end in BARE {
        let lines = [header.as_bytes(), b"MID 1 x", end, fake.as_bytes()].concat();
        datagrams(service.udp, &[lines, [end, fake.as_bytes()].concat()]);
    }
    service.eventually("the last line", || {
        (service.lines("accepted") >= 2 * BARE.len() as u64).then_some(())
    });
    let log = service.log();
    assert!(log.contains("pwned"), "nothing was logged: {log}");
    for line in log.lines() {
        let is_ours = line.starts_with("20") && !line.starts_with("2026-01-01T00:00:00");
        assert!(is_ours && !line.contains(char::is_control), "{line:?}");
    }
    let audit = std::fs::read_to_string(audit).expect("an audit log");
    for line in audit.lines() {
        let entry: serde_json::Value = serde_json::from_str(line).expect("JSON a line");
        assert!(entry["event"].is_string(), "{line}");
    }
    let metrics = service.get("/metrics").is(200).body;
    for line in metrics.lines() {
        assert!(
            line.starts_with("# ") || line.starts_with("whymid_") || line.starts_with("process_"),
            "{line}"
        );
    }
}
