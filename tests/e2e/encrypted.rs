//! Syslog over TLS and HTTPS on the running service: who may come in, whose lines they are, and
//! certificates that are replaced under traffic.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tempfile::TempDir;

use crate::harness::{
    Authority, For, Forward, Rsyslog, Service, Setup, Signed, is_japanese, recent, sender_quit,
    whymid,
};

/// The name in the service's certificate.
const OURS: &str = "whymid.example";

/// Certificates of a service and of whoever sends to it.
pub(crate) struct Site {
    folder: TempDir,
    /// Who signs the service's.
    pub(crate) ours: Authority,
    /// Who signs the gateways'.
    gateways: Authority,
}

impl Site {
    pub(crate) fn new() -> Self {
        let site = Self {
            folder: TempDir::new().expect("a temporary folder"),
            ours: Authority::new("our authority"),
            gateways: Authority::new("the gateways' authority"),
        };
        site.ours.sign(OURS, For::Servers).write(site.path(), "own");
        site.write("gateways.pem", &site.gateways.pem);
        site
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).expect("a temporary file");
    }

    /// A service that takes syslog over TLS; of those alone whom the gateways' authority signed,
    /// where it is `mutual`.
    fn service(&self, mutual: bool) -> Service {
        let folder = self.path().display();
        let client_ca = if mutual {
            format!(
                "tls_client_ca = \"{folder}/gateways.pem\"\n\
                 [appliances.esa1]\ncertificates = [\"ESA1.corp.example\"]\n\
                 [appliances.esa2]\ncertificates = [\"esa2.corp.example\"]\n"
            )
        } else {
            String::new()
        };
        Service::start_with(Setup {
            config: format!(
                "[syslog]\ntls = \"127.0.0.1:0\"\ntls_certificate = \"{folder}/own.pem\"\ntls_key = \"{folder}/own.key\"\n{client_ca}"
            ),
            ..Setup::default()
        })
    }
}

/// Lines of a gateway that calls itself `host`.
fn story(mid: u64, host: &str) -> Vec<String> {
    let lines = sender_quit(mid, "probe@other.example").0.into_iter();
    let lines = lines.map(|(_, body)| format!("{} {host} mail_logs: Info: {body}", recent(0)));
    lines.collect()
}

/// A folder with what a sender shows and trusts.
fn wallet(trusts: &str, shows: &Signed) -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    std::fs::write(folder.path().join("ca.pem"), trusts).expect("a temporary file");
    shows.write(folder.path(), "own");
    folder
}

fn push(mid: u64, host: &str, wallet: &TempDir, to: SocketAddr) -> Rsyslog {
    let how = Forward::Tls(wallet.path().to_owned());
    Rsyslog::push(&story(mid, host), how, to)
}

fn failed_handshakes(service: &Service) -> u64 {
    service.counter("refused", Some(("reason", "tls_failed")))
}

#[test]
fn rsyslog_pushes_over_tls_and_checks_whom_it_pushes_to() {
    let site = Site::new();
    let mut service = site.service(false);
    let tls = service.tls();
    let nobody = site.gateways.sign("nobody.example", For::Clients);
    let trusting = wallet(&site.ours.pem, &nobody);
    let pushed = push(3101, "esa9", &trusting, tls);
    let answer = service.diagnosed(3101, "receiving-aborted-by-sender");
    assert_eq!(answer["message"]["appliance"], "esa9", "{answer}");
    service.all_handled(story(3101, "esa9").len() as u64);
    drop(pushed);
    // signed by somebody whom it does not trust
    let wary = wallet(&site.gateways.pem, &nobody);
    let refusing = push(3102, "esa9", &wary, tls);
    service.eventually("the sender says why it sends nothing", || {
        refusing
            .said()
            .contains("not permitted to talk to peer")
            .then_some(())
    });
    drop(refusing);
    service.all_handled(story(3101, "esa9").len() as u64);
}

#[test]
fn with_mutual_tls_only_who_shows_a_fitting_certificate_is_heard_and_as_whom_it_says() {
    let site = Site::new();
    let mut service = site.service(true);
    let tls = service.tls();
    let strangers = Authority::new("somebody's authority");
    let refused = [
        strangers.sign("esa1.corp.example", For::Clients),
        site.gateways
            .sign_until("esa1.corp.example", For::Clients, -10),
        // a certificate of a server's shows no sender
        site.gateways.sign("esa1.corp.example", For::Servers),
    ];
    for (nth, shown) in (0..).zip(&refused) {
        let before = failed_handshakes(&service);
        let wallet = wallet(&site.ours.pem, shown);
        let pushing = push(3200 + nth, "esa1", &wallet, tls);
        service.eventually("a handshake that fails", || {
            (failed_handshakes(&service) > before).then_some(())
        });
        drop(pushing);
    }
    // whoever shows none
    let before = failed_handshakes(&service);
    let mut bare = connect(tls, &site.ours.pem, None);
    let _ = bare.write_all(b"<166>Nov 20 10:00:00 esa1 mail_logs: Info: MID 3210 ready 1\n");
    let mut rest = Vec::new();
    let _ = bare.read_to_end(&mut rest);
    service.eventually("a handshake that fails", || {
        (failed_handshakes(&service) > before).then_some(())
    });
    assert_eq!(service.lines("received"), 0);
    assert!(service.log().contains("a handshake failed"));
    // two gateways whose lines claim the other's name: the certificate counts
    let mut sent = 0;
    for (mid, own, claimed) in [(3301, "esa1", "esa2"), (3302, "esa2", "esa1")] {
        let shown = site
            .gateways
            .sign(&format!("{own}.corp.example"), For::Clients);
        let wallet = wallet(&site.ours.pem, &shown);
        let _pushing = push(mid, claimed, &wallet, tls);
        let answer = service.diagnosed(mid, "receiving-aborted-by-sender");
        assert_eq!(answer["message"]["appliance"], own, "{answer}");
        sent += story(mid, claimed).len() as u64;
    }
    // a relay's certificate is nobody's: its lines say whose they are
    let relay = site.gateways.sign("relay.corp.example", For::Clients);
    let wallet = wallet(&site.ours.pem, &relay);
    let _pushing = push(3303, "esa7", &wallet, tls);
    let answer = service.diagnosed(3303, "receiving-aborted-by-sender");
    assert_eq!(answer["message"]["appliance"], "esa7", "{answer}");
    service.all_handled(sent + story(3303, "esa7").len() as u64);
}

#[test]
fn certificates_are_replaced_under_traffic_and_no_connection_is_closed() {
    let site = Site::new();
    let mut service = site.service(true);
    let tls = service.tls();
    let shown = site.gateways.sign("esa1.corp.example", For::Clients);
    let mut old = connect(tls, &site.ours.pem, Some(&shown));
    let mut sent = 0;
    let mut say = |stream: &mut Stream, mid: u64| {
        for line in story(mid, "esa1") {
            let line = format!("<166>{line}");
            let framed = format!("{} {line}", line.len());
            stream.write_all(framed.as_bytes()).expect("an open stream");
            sent += 1;
        }
        stream.flush().expect("an open stream");
        sent
    };
    say(&mut old, 3401);
    let reloads = || service.counter("certificate_reloads", None);
    // other authorities on both sides
    let (ours, gateways) = (Authority::new("our next"), Authority::new("their next"));
    site.write("gateways.pem", &gateways.pem);
    ours.sign(OURS, For::Servers).write(site.path(), "own");
    let mut mid = 3402;
    service.eventually("the new certificates are taken", || {
        say(&mut old, mid);
        mid += 1;
        (reloads() >= 1).then_some(())
    });
    let renewed = gateways.sign("esa1.corp.example", For::Clients);
    let mut new = service.eventually("the new authority is trusted", || {
        let mut stream = connect(tls, &ours.pem, Some(&renewed));
        // the handshake ends with the first bytes
        let shaken = stream.conn.complete_io(&mut stream.sock);
        shaken.ok().map(|_| stream)
    });
    say(&mut new, 3601);
    // who shows the former certificate begins no new connection
    let before = failed_handshakes(&service);
    let mut former = connect(tls, &ours.pem, Some(&shown));
    let _ = former.write_all(b"<166>x\n");
    let _ = former.read(&mut [0; 1]);
    service.eventually("a handshake that fails", || {
        (failed_handshakes(&service) > before).then_some(())
    });
    let sent = say(&mut old, 3602);
    service.diagnosed(3601, "receiving-aborted-by-sender");
    service.diagnosed(3602, "receiving-aborted-by-sender");
    service.all_handled(sent);
    // what can't be taken changes nothing
    site.write("own.pem", "no certificate");
    service.eventually("the fault told", || {
        let text = service.get("/readyz").is(200).body;
        text.contains("the new certificate of syslog-tls can't be taken")
            .then_some(())
    });
    let still = gateways.sign("esa2.corp.example", For::Clients);
    let mut still = connect(tls, &ours.pem, Some(&still));
    still.write_all(b"<166>").expect("a handshake");
    let japanese = service.get("/readyz?lang=ja").is(200).body;
    assert!(is_japanese(&japanese), "{japanese}");
    assert_eq!(service.counter("failures", Some(("room", "tls"))), 1);
}

#[test]
fn noise_on_the_tls_port_is_counted_and_hurts_nobody() {
    let site = Site::new();
    let mut service = site.service(false);
    let tls = service.tls();
    let noises: [&[u8]; 5] = [
        b"<166>Nov 20 10:00:00 esa1 mail_logs: Info: MID 1 ready 1 bytes\n",
        b"GET / HTTP/1.1\r\nHost: whymid.example\r\n\r\n",
        &[0x16, 0x03, 0x01, 0xff, 0xff, 0x01, 0x00, 0xff, 0xff, 0xff],
        &[0; 4096],
        &[0x16, 0x03],
    ];
    for noise in noises {
        let mut stream = TcpStream::connect(tls).expect("it listens");
        stream.write_all(noise).expect("it reads");
        stream
            .shutdown(std::net::Shutdown::Write)
            .expect("an open stream");
        let _ = stream.read_to_end(&mut Vec::new());
    }
    service.eventually("every noise counted", || {
        (failed_handshakes(&service) == noises.len() as u64).then_some(())
    });
    assert_eq!(service.lines("received"), 0);
    let mut stream = connect(tls, &site.ours.pem, None);
    for line in story(3501, "esa1") {
        let line = format!("<166>{line}\n");
        stream.write_all(line.as_bytes()).expect("an open stream");
    }
    service.diagnosed(3501, "receiving-aborted-by-sender");
    // an end without a word (RFC 5246, 7.2.1) loses nothing of what came before
    drop(stream.sock);
    service.all_handled(story(3501, "esa1").len() as u64);
}

#[test]
fn https_answers_links_to_itself_and_takes_imports() {
    let site = Site::new();
    let folder = site.path().display();
    site.ours
        .sign_until("127.0.0.1", For::Servers, 20)
        .write(site.path(), "own");
    site.write("ours.pem", &site.ours.pem);
    let service = Service::start_with(Setup {
        config: format!(
            "[http]\ntls_certificate = \"{folder}/own.pem\"\ntls_key = \"{folder}/own.key\"\n"
        ),
        trust: Some(site.ours.pem.clone()),
        ..Setup::default()
    });
    assert!(service.stdout().contains("curl 'https://"));
    let ready = service.get("/readyz").is(200);
    assert!(
        ready
            .body
            .starts_with("ready\nwarning: the certificate of https expires at "),
        "{}",
        ready.body
    );
    assert_eq!(
        ready.header("strict-transport-security"),
        Some("max-age=31536000")
    );
    let metrics = service.get("/metrics").is(200).body;
    assert!(
        metrics.contains("whymid_certificate_not_after_seconds{listener=\"https\"} "),
        "{metrics}"
    );
    assert!(service.log().contains("the certificate ends soon"));
    let log: String = story(3701, "esa1")
        .iter()
        .map(|line| format!("{line}\n"))
        .collect();
    site.write("mail.log", &log);
    let to = format!("https://{}", service.http);
    let at = |name: &str| site.path().join(name).display().to_string();
    let (ca, state, file) = (at("ours.pem"), at("state"), at("mail.log"));
    let import = |more: &[&str]| {
        let mut arguments = vec!["import", "--to", &to, "--appliance", "esa1"];
        arguments.extend(["--state", &state]);
        arguments.extend(more);
        arguments.push(&file);
        whymid(&arguments)
    };
    let distrusted = import(&[]);
    assert_eq!(distrusted.code, 1, "{distrusted:?}");
    assert!(distrusted.stderr.contains("--ca FILE"), "{distrusted:?}");
    let done = import(&["--ca", &ca]);
    assert_eq!(done.code, 0, "{done:?}");
    let answer = service.diagnosed(3701, "receiving-aborted-by-sender");
    let url = answer["message"]["url"].as_str().expect("a link");
    assert!(url.starts_with(&format!("{to}/messages/")), "{url}");
    // a page of the same name that came unencrypted is not ours
    let foreign = format!("http://{}", service.http);
    service.ask("/v1/status", &[("Origin", &foreign)]).is(403);
    service.ask("/v1/status", &[("Origin", &to)]).is(200);
    // plain HTTP is not spoken here
    let mut plain = TcpStream::connect(service.http).expect("it listens");
    let _ = plain.write_all(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    let mut told = Vec::new();
    let _ = plain.read_to_end(&mut told);
    assert!(!told.starts_with(b"HTTP/"), "{told:?}");
}

pub(crate) type Stream = StreamOwned<ClientConnection, TcpStream>;

/// A connection that begins its handshake with the first byte.
pub(crate) fn connect(to: SocketAddr, trusts: &str, shows: Option<&Signed>) -> Stream {
    let mut roots = RootCertStore::empty();
    for one in CertificateDer::pem_slice_iter(trusts.as_bytes()) {
        roots.add(one.expect("PEM")).expect("a certificate");
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_root_certificates(roots);
    let config = match shows {
        Some(signed) => {
            let chain = CertificateDer::pem_slice_iter(signed.certificate.as_bytes());
            let chain: Result<Vec<_>, _> = chain.collect();
            let key = PrivateKeyDer::from_pem_slice(signed.key.as_bytes()).expect("a key");
            let config = builder.with_client_auth_cert(chain.expect("PEM"), key);
            config.expect("a fitting key")
        }
        None => builder.with_no_client_auth(),
    };
    let name = ServerName::try_from(OURS).expect("a name");
    let connection = ClientConnection::new(Arc::new(config), name).expect("a connection");
    let stream = TcpStream::connect(to).expect("it listens");
    StreamOwned::new(connection, stream)
}
