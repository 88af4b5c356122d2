//! Browsers that sign in, who is told to wait, and what is written down of all that.

use std::net::UdpSocket;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use crate::access::token;
use crate::harness::{Service, Setup};

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

struct Signing {
    service: Service,
    secret: String,
    folder: TempDir,
    syslog: UdpSocket,
}

fn signing() -> Signing {
    let folder = TempDir::new().expect("a temporary folder");
    let syslog = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    syslog
        .set_read_timeout(Some(Duration::from_secs(30)))
        .expect("a socket");
    let (secret, lines) = token("desk", "read");
    let (_, other) = token("feed", "ingest");
    let config = format!(
        "[audit]\nfile = \"{}\"\nsyslog = \"{}\"\n{lines}{other}",
        folder.path().join("audit.jsonl").display(),
        syslog.local_addr().expect("bound")
    );
    Signing {
        service: Service::start_with(Setup {
            config,
            token: Some(secret.clone()),
            ..Setup::default()
        }),
        secret,
        folder,
        syslog,
    }
}

impl Signing {
    /// Signs in; the cookie.
    fn cookie(&self) -> String {
        let form = format!("token={}&next=%2Foverview", self.secret);
        let reply = self.service.post("/sign-in?lang=en", &[FORM], form);
        // the client went on to the page, without the cookie
        assert!(
            reply.status == 401 || reply.status == 303,
            "{}",
            reply.status
        );
        self.cookie_of(&format!("token={}", self.secret))
    }

    /// The cookie that a form gets.
    fn cookie_of(&self, form: &str) -> String {
        let told = self.raw("POST", "/sign-in", &[FORM], form);
        let cookie = told
            .lines()
            .find_map(|line| line.strip_prefix("set-cookie: "))
            .unwrap_or_else(|| panic!("no cookie: {told}"));
        for wanted in [
            "; HttpOnly",
            "; SameSite=Strict",
            "; Max-Age=43200",
            "; Path=/",
        ] {
            assert!(cookie.contains(wanted), "{cookie}");
        }
        assert!(
            !cookie.contains("Secure") && !cookie.contains(&self.secret),
            "{cookie}"
        );
        cookie.split(';').next().expect("a pair").to_owned()
    }

    /// A request as bytes: nothing follows redirects.
    fn raw(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> String {
        use std::io::{Read as _, Write as _};
        let mut stream = std::net::TcpStream::connect(self.service.http).expect("it listens");
        let headers: String = headers
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Length: {}\r\n{headers}\r\n{body}",
            self.service.http,
            body.len()
        );
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut told = String::new();
        stream.read_to_string(&mut told).expect("text");
        told
    }

    fn audit(&self) -> Vec<Value> {
        let text = std::fs::read_to_string(self.folder.path().join("audit.jsonl"));
        let text = text.expect("an audit log");
        let lines = text.lines().map(serde_json::from_str);
        lines.collect::<Result<_, _>>().expect("JSON a line")
    }
}

fn status(told: &str) -> &str {
    told.split(' ').nth(1).unwrap_or_default()
}

#[test]
fn a_cookie_stands_for_a_token_and_only_pages_of_ours_can_use_it() {
    let signing = signing();
    let origin = format!("http://{}", signing.service.http);
    let cookie = signing.cookie();
    let with = [("Cookie", cookie.as_str())];
    assert_eq!(
        status(&signing.raw("GET", "/v1/messages", &with, "")),
        "200"
    );
    assert_eq!(status(&signing.raw("GET", "/v1/messages", &[], "")), "401");
    // the same token, the same scopes
    assert_eq!(status(&signing.raw("POST", "/v1/lines", &with, "x")), "403");
    let ask = |more: &[(&str, &str)]| {
        let mut headers = vec![("Cookie", cookie.as_str()), FORM];
        headers.extend(more);
        signing.raw("POST", "/ask", &headers, "q=1404")
    };
    assert_eq!(status(&ask(&[])), "403", "no page says that it asks");
    assert_eq!(status(&ask(&[("Origin", "https://evil.example")])), "403");
    assert_eq!(status(&ask(&[("Origin", "null")])), "403");
    assert_eq!(status(&ask(&[("Sec-Fetch-Site", "cross-site")])), "403");
    assert_eq!(status(&ask(&[("Origin", &origin)])), "303");
    assert_eq!(status(&ask(&[("Sec-Fetch-Site", "same-origin")])), "303");
    // pages show who is signed in
    let page = signing.raw("GET", "/kb?lang=en", &with, "");
    assert!(page.contains("Sign out"), "{page}");
    let page = signing.raw("GET", "/kb?lang=en", &[], "");
    assert!(page.contains("Sign in") && !page.contains("Sign out"));
    // somebody else's number is nobody's
    let other = [("Cookie", "whymid_session=0123456789abcdef")];
    assert_eq!(
        status(&signing.raw("GET", "/v1/messages", &other, "")),
        "401"
    );
    let out = signing.raw(
        "POST",
        "/sign-out",
        &[("Cookie", &cookie), ("Origin", &origin)],
        "",
    );
    assert_eq!(status(&out), "303");
    assert!(out.contains("Max-Age=0"), "{out}");
    assert_eq!(
        status(&signing.raw("GET", "/v1/messages", &with, "")),
        "401"
    );
    // a restart forgets who was signed in
    let cookie = signing.cookie();
    let Signing {
        service,
        secret,
        folder,
        syslog,
    } = signing;
    let signing = Signing {
        service: service.restart(),
        secret,
        folder,
        syslog,
    };
    assert_eq!(
        status(&signing.raw("GET", "/v1/messages", &[("Cookie", &cookie)], "")),
        "401"
    );
}

#[test]
fn after_signing_in_nobody_is_sent_elsewhere() {
    let signing = signing();
    for (next, wanted) in [
        ("%2Foverview%3Fdays%3D7", "/overview?days=7"),
        ("%2F%2Fevil.example", "/?lang=en"),
        ("https%3A%2F%2Fevil.example", "/?lang=en"),
        ("%2F%5Cevil.example", "/?lang=en"),
        ("%2Fx%0D%0ASet-Cookie%3A%20a%3Db", "/?lang=en"),
        ("", "/?lang=en"),
    ] {
        let form = format!("token={}&next={next}", signing.secret);
        let told = signing.raw("POST", "/sign-in?lang=en", &[FORM], &form);
        assert_eq!(status(&told), "303", "{told}");
        let place = told
            .lines()
            .find_map(|line| line.strip_prefix("location: "));
        assert_eq!(place, Some(wanted), "{next}");
    }
    let refused = signing.raw(
        "POST",
        "/sign-in?lang=ja",
        &[FORM, ("Accept", "text/html")],
        "token=whymid_wrong",
    );
    assert_eq!(status(&refused), "401");
    assert!(
        refused.contains("name=\"token\"") && refused.contains("サインイン"),
        "{refused}"
    );
}

#[test]
fn whoever_tries_many_tokens_is_told_to_wait_and_who_has_one_is_not() {
    let signing = signing();
    let wrong = [("Authorization", "Bearer whymid_wrong")];
    let ask = || signing.raw("GET", "/v1/messages", &wrong, "");
    for _ in 0..20 {
        assert_eq!(status(&ask()), "401");
    }
    // one more is let through every three seconds
    let refused = signing.service.eventually("told to wait", || {
        let told = ask();
        (status(&told) == "429").then_some(told)
    });
    assert!(refused.contains("too_many_refusals"), "{refused}");
    let wait = refused
        .lines()
        .find_map(|line| line.strip_prefix("retry-after: "));
    assert!(
        wait.is_some_and(|wait| matches!(wait.trim().parse::<u64>(), Ok(1..=4))),
        "{wait:?}"
    );
    let right = format!("Bearer {}", signing.secret);
    let right = [("Authorization", right.as_str())];
    assert_eq!(
        status(&signing.raw("GET", "/v1/messages", &right, "")),
        "200"
    );
}

#[test]
fn a_token_that_asks_too_often_is_told_how_long_to_wait_and_others_are_not() {
    let ((fast, one), (other, two)) = (token("fast", "read"), token("other", "read"));
    let service = Service::start_with(Setup {
        config: format!("[http]\nrequests_per_second = 1\n{one}{two}"),
        token: Some(other.clone()),
        ..Setup::default()
    });
    let bearer = format!("Bearer {fast}");
    let ask = || service.ask("/v1/diagnoses", &[("Authorization", &bearer)]);
    let refused = service.eventually("told to wait", || {
        let reply = ask();
        (reply.status == 429).then_some(reply)
    });
    assert_eq!(refused.json()["code"], "too_many_requests");
    let wait = refused
        .header("retry-after")
        .and_then(|wait| wait.parse::<u64>().ok());
    assert!(
        wait.is_some_and(|wait| (1..=11).contains(&wait)),
        "{wait:?}"
    );
    assert_eq!(service.get("/v1/diagnoses").status, 200);
    service.eventually("answered again", || (ask().status == 200).then_some(()));
}

#[test]
fn an_address_without_a_token_that_asks_too_often_is_told_to_wait_and_who_has_one_is_not() {
    let (desk, lines) = token("desk", "read");
    let service = Service::start_with(Setup {
        config: format!("[http]\nrequests_per_second = 1\n{lines}"),
        ..Setup::default()
    });
    let refused = service.eventually("told to wait", || {
        let reply = service.get("/kb");
        (reply.status == 429).then_some(reply)
    });
    let wait = refused.header("retry-after").map(str::parse::<u64>);
    assert!(matches!(wait, Some(Ok(1..=11))), "{wait:?}");
    let bearer = format!("Bearer {desk}");
    let with_token = service.ask("/v1/diagnoses", &[("Authorization", &bearer)]);
    assert_eq!(with_token.status, 200);
    assert_eq!(service.get("/healthz").status, 200);
    service.eventually("answered again", || {
        (service.get("/kb").status == 200).then_some(())
    });
}

#[test]
fn the_data_folder_is_nobody_else_s() {
    let service = Service::start();
    let mode = std::fs::metadata(service.data())
        .expect("it is there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn who_did_what_is_written_down_a_line_each() {
    let signing = signing();
    let file = signing.folder.path().join("audit.jsonl");
    let mode = std::fs::metadata(&file)
        .expect("it is there")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let bearer = format!("Bearer {}", signing.secret);
    let own = [("Authorization", bearer.as_str())];
    let csv = [own[0], ("Accept", "text/csv")];
    let cookie = signing.cookie_of(&format!("token={}", signing.secret));
    for (method, path, headers) in [
        ("GET", "/v1/why?mid=1404", &own[..]),
        ("GET", "/v1/messages?recipient=anna@corp.example", &csv[..]),
        ("GET", "/overview", &[("Cookie", cookie.as_str())][..]),
        (
            "GET",
            "/v1/messages?q=%0a%7b%22event%22:%22read%22%7d%0d%0a",
            &own[..],
        ),
        ("GET", "/messages/x\u{1b}%5b31m", &[][..]),
        ("GET", "/v1/status", &own[..]),
        ("GET", "/kb", &own[..]),
        ("POST", "/v1/lines", &own[..]),
    ] {
        signing.raw(method, path, headers, "");
    }
    let told = |one: &Value| {
        let text = |name: &str| one[name].as_str().unwrap_or("-").to_owned();
        let status = one["status"].as_u64().unwrap_or_default();
        (
            text("event"),
            text("token"),
            text("path"),
            status,
            text("code"),
        )
    };
    let told: Vec<_> = signing.audit().iter().map(told).collect();
    let entry = |event: &str, token: &str, path: &str, status: u64, code: &str| {
        (
            event.to_owned(),
            token.to_owned(),
            path.to_owned(),
            status,
            code.to_owned(),
        )
    };
    let wanted = [
        entry("sign_in", "desk", "/sign-in", 303, "-"),
        entry("read", "desk", "/v1/why", 404, "mid_unknown"),
        entry("export", "desk", "/v1/messages", 200, "-"),
        entry("read", "desk", "/overview", 200, "-"),
        entry("read", "desk", "/v1/messages", 200, "-"),
        entry("refused", "desk", "/v1/lines", 403, "scope_insufficient"),
    ];
    for one in &wanted {
        assert!(told.contains(one), "{one:?} in {told:#?}");
    }
    assert!(
        told.iter()
            .all(|one| one.2 != "/v1/status" && one.2 != "/kb"),
        "{told:#?}"
    );
    let session = signing
        .audit()
        .into_iter()
        .find(|one| one["path"] == "/overview");
    let session = session.expect("an entry");
    assert_eq!(session["session"], true, "{session}");
    assert_eq!(session["address"], "127.0.0.1", "{session}");
    let asked = signing
        .audit()
        .into_iter()
        .find(|one| one["event"] == "export");
    assert_eq!(
        asked.expect("an entry")["query"],
        "recipient=anna@corp.example"
    );
    // nothing of a secret
    let text = std::fs::read_to_string(&file).expect("an audit log");
    assert!(!text.contains(&signing.secret) && !text.contains(&cookie));
    // the same by syslog
    let mut datagram = vec![0; 65_536];
    let length = signing.syslog.recv(&mut datagram).expect("a datagram");
    let datagram = String::from_utf8_lossy(&datagram[..length]).into_owned();
    assert!(
        datagram.starts_with("<110>1 2") && datagram.contains("\"event\":\"sign_in\""),
        "{datagram}"
    );
    // moved away, it is begun anew
    std::fs::rename(&file, signing.folder.path().join("audit.1")).expect("the same folder");
    signing.raw("GET", "/v1/why?mid=7", &own, "");
    assert_eq!(signing.audit().len(), 1);
}
