//! Ways out of what is served: dots, slashes and NULs in every disguise, in every place of a path and
//! where nothing is. Nothing outside is served.

use std::net::SocketAddr;

use crate::harness::{Call, Raw, Service, calls, exchange};

/// What stands in files that nobody may see, and in those of the system.
const SECRETS: [&str; 4] = ["whymid-canary", "root:x:0:", "[package]", "[boot"];

/// Where they would lead to.
const WAYS: [&str; 16] = [
    "../../../../../../../../etc/passwd",
    "..%2f..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
    "%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
    "%252e%252e%252f%252e%252e%252f%252e%252e%252fetc%252fpasswd",
    "..%5c..%5c..%5c..%5cetc%5cpasswd",
    "..\\..\\..\\..\\etc\\passwd",
    "..%c0%af..%c0%af..%c0%afetc%c0%afpasswd",
    "%c0%ae%c0%ae/%c0%ae%c0%ae/%c0%ae%c0%ae/etc/passwd",
    "%e0%80%ae%e0%80%ae/etc/passwd",
    "....//....//....//....//etc/passwd",
    "..;/..;/..;/etc/passwd",
    "../../../../../../etc/passwd%00.css",
    "/etc/passwd",
    "%2fetc%2fpasswd",
    "file:%2f%2f%2fetc%2fpasswd",
    "../whymid.toml",
];

/// Forms of whole targets.
const TARGETS: [&str; 14] = [
    "//etc/passwd",
    "///etc/passwd",
    "//evil.example/",
    "/..",
    "/../..",
    "/.",
    "/kb/..",
    "/kb/../Cargo.toml",
    "/assets/style.css/../../Cargo.toml",
    "/assets/style.css%00",
    "/assets/style.css.",
    "/assets/",
    "/.git/config",
    "/data/format",
];

fn ask(to: SocketAddr, target: &str) -> Option<Raw> {
    let asked = format!(
        "GET {target} HTTP/1.1\r\nHost: {to}\r\nConnection: close\r\nAccept: text/html, */*\r\n\r\n"
    );
    let mut told = exchange(to, asked.as_bytes());
    assert!(told.len() <= 1, "{target}: {told:?}");
    told.pop()
}

/// Nothing of any file; refused, unless the place takes any name and knows nothing of it.
fn is_refused(to: SocketAddr, target: &str) {
    let told = ask(to, target).unwrap_or_else(|| panic!("{target}: no answer"));
    let body = String::from_utf8_lossy(&told.body);
    for secret in SECRETS {
        assert!(!body.contains(secret), "{target}: {body}");
    }
    let is_empty_list = told.status == 200 && body.contains("\"items\":[]");
    let is_refused = [400, 404].contains(&told.status);
    assert!(
        is_refused || is_empty_list,
        "{target}: {} {body}",
        told.status
    );
}

/// A service with files beside its data that it must not show.
fn service() -> Service {
    let service = Service::start();
    for file in ["whymid.toml", "canary.css"] {
        std::fs::write(service.scratch().join(file), "# whymid-canary\n").expect("a file");
    }
    service
}

#[test]
fn no_path_leads_out_of_what_is_served() {
    let service = service();
    let to = service.http;
    let mut bases: Vec<String> = calls().iter().map(|call| call.path.clone()).collect();
    bases.retain(|path| !path.contains('{'));
    let bases = bases.iter().map(|path| path.trim_end_matches('/'));
    let bases: Vec<String> = bases
        .chain(["/assets"])
        .map(|path| format!("{path}/"))
        .collect();
    let mut tried = 0;
    for way in WAYS {
        for base in &bases {
            is_refused(to, &format!("{base}{way}"));
            tried += 1;
        }
        for call in calls().iter().filter(|call| call.has_place()) {
            for place in [way.to_owned(), format!("x%2f{way}")] {
                is_refused(to, &call.filled(&place));
                tried += 1;
            }
        }
    }
    for target in TARGETS {
        is_refused(to, target);
        tried += 1;
    }
    println!("paths: {tried} tried");
    assert!(tried > 500, "{tried}");
}

#[test]
fn an_absolute_target_is_ours_or_refused() {
    let service = service();
    let to = service.http;
    let ours = ask(to, &format!("http://{to}/healthz")).expect("an answer");
    assert_eq!(ours.status, 200);
    for (target, wanted) in [
        (format!("http://{to}/../../../etc/passwd"), &[400, 404][..]),
        (format!("http://{to}//etc/passwd"), &[400, 404]),
        ("http://evil.example/healthz".to_owned(), &[421]),
        (
            "http://evil.example:80@127.0.0.1/healthz".to_owned(),
            &[400, 421],
        ),
        (format!("http://{to}@evil.example/healthz"), &[400, 421]),
        ("file:///etc/passwd".to_owned(), &[400, 404, 421]),
        ("gopher://evil.example/".to_owned(), &[400, 421]),
        ("evil.example:443".to_owned(), &[400, 404, 421]),
        ("*".to_owned(), &[400, 404]),
        ("healthz".to_owned(), &[400, 404, 421]),
        ("?".to_owned(), &[400, 404]),
        ("#".to_owned(), &[400, 404]),
        ("\\healthz".to_owned(), &[400, 404]),
    ] {
        let told = ask(to, &target).unwrap_or_else(|| panic!("{target}: no answer"));
        assert!(wanted.contains(&told.status), "{target}: {told:?}");
    }
}

#[test]
fn a_place_of_a_path_is_one_part_of_it() {
    let service = service();
    let to = service.http;
    let places = calls().into_iter().filter(Call::has_place);
    for call in places {
        for trick in ["a/b", ".", "..", "a%2fb", "a%5cb", "%2e", "a%00", "%ff"] {
            is_refused(to, &call.filled(trick));
        }
    }
}
