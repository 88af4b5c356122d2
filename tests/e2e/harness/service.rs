//! The service under test: the real binary on ports of its own, with a data folder of its own.
//!
//! Dropping it stops it by SIGTERM and looks for what was left behind: it must end by itself with
//! exit code 0, must not have panicked, and must leave nothing in its folder but journal, index and what
//! it remembers of tickets.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;
use ureq::Agent;

use super::http::{self, Reply};
use super::{Running, wait_at_most, wait_for};

/// What a data folder holds.
const OWN: [&str; 5] = ["journal", "index", "lock", "format", "tickets.redb"];

/// How a service is to be started.
#[derive(Clone, Debug, Default)]
pub(crate) struct Setup {
    /// Text of the configuration file; none where empty.
    pub(crate) config: String,
    /// Further arguments.
    pub(crate) arguments: Vec<&'static str>,
    /// The token that the harness itself asks with.
    pub(crate) token: Option<String>,
    /// It speaks HTTPS, with a certificate that these authorities (PEM) signed.
    pub(crate) trust: Option<String>,
    /// Further variables of its environment.
    pub(crate) environment: Vec<(&'static str, String)>,
}

impl Setup {
    fn scheme(&self) -> &'static str {
        if self.trust.is_some() {
            "https"
        } else {
            "http"
        }
    }
}

/// A service that ended before it listened, or by itself.
#[derive(Debug)]
pub(crate) struct Fallen {
    pub(crate) status: ExitStatus,
    pub(crate) log: String,
}

/// A running service.
#[derive(Debug)]
pub(crate) struct Service {
    process: Option<Running>,
    setup: Setup,
    agent: Agent,
    folder: Arc<TempDir>,
    pub(crate) http: SocketAddr,
    pub(crate) udp: SocketAddr,
    pub(crate) tcp: SocketAddr,
}

impl Service {
    /// With nothing but its ports and its folder set.
    pub(crate) fn start() -> Self {
        Self::start_with(Setup::default())
    }

    /// Started, listening and ready.
    pub(crate) fn start_with(setup: Setup) -> Self {
        Self::on(Arc::new(TempDir::new().expect("a temporary folder")), setup).ready()
    }

    /// On the data of an earlier one, listening and perhaps not yet ready.
    pub(crate) fn on(folder: Arc<TempDir>, setup: Setup) -> Self {
        Self::try_on(folder, setup).unwrap_or_else(|fallen| {
            panic!("the service ended ({}):\n{}", fallen.status, fallen.log)
        })
    }

    /// The same, for one that may end before it listens.
    pub(crate) fn try_on(folder: Arc<TempDir>, setup: Setup) -> Result<Self, Fallen> {
        let mut command = super::command::binary();
        command
            .arg("serve")
            .arg("--data-dir")
            .arg(folder.path().join("data"));
        command.args([
            "--http",
            "127.0.0.1:0",
            "--syslog-udp",
            "127.0.0.1:0",
            "--syslog-tcp",
            "127.0.0.1:0",
        ]);
        if !setup.config.is_empty() {
            let file = folder.path().join("whymid.toml");
            std::fs::write(&file, &setup.config).expect("a temporary file");
            command.arg("--config").arg(file);
        }
        command.args(&setup.arguments);
        command.envs(setup.environment.iter().cloned());
        let mut process = Running::start(&mut command);
        let mut addresses = Vec::new();
        let scheme = setup.scheme();
        for name in [scheme, "syslog-udp", "syslog-tcp"] {
            addresses.push(listening(&mut process, name)?);
        }
        Ok(Self {
            process: Some(process),
            agent: http::agent(setup.trust.as_deref()),
            setup,
            folder,
            http: addresses[0],
            udp: addresses[1],
            tcp: addresses[2],
        })
    }

    /// Waits until the journal is read.
    pub(crate) fn ready(self) -> Self {
        self.eventually("ready", || {
            (self.get("/readyz").status == 200).then_some(())
        });
        self
    }

    /// Only the process, on ports of its own, without a data folder, listening but perhaps not yet
    /// ready; it finds `temporary` as the system's folder for temporary files.
    pub(crate) fn bare(arguments: &[&str], temporary: &Path) -> (Running, SocketAddr) {
        let mut command = super::command::binary();
        command.args([
            "serve",
            "--http",
            "127.0.0.1:0",
            "--syslog-udp",
            "127.0.0.1:0",
            "--syslog-tcp",
            "127.0.0.1:0",
        ]);
        let mut process = Running::start(command.args(arguments).env("TMPDIR", temporary));
        let http = listening(&mut process, "http");
        let http = http.unwrap_or_else(|fallen| panic!("{fallen:?}"));
        (process, http)
    }

    /// Waits until whatever listens there is ready.
    pub(crate) fn wait_until_ready(http: SocketAddr) {
        let url = format!("http://{http}/readyz");
        let ready = wait_for(|| {
            http::get(&http::agent(None), &url, &[])
                .filter(|reply| reply.status == 200)
                .map(|_| ())
        });
        assert!(ready.is_some(), "{url} never said that it is ready");
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Memory of the process that stands in RAM, bytes (`VmRSS`, proc_pid_status(5)).
    pub(crate) fn resident(&self) -> u64 {
        let process = self.process.as_ref().expect("it runs");
        let file = format!("/proc/{}/status", process.id());
        let text = std::fs::read_to_string(file).expect("Linux tells");
        let told = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = told.and_then(|told| told.trim().strip_suffix(" kB"));
        let kib: u64 = kib.and_then(|kib| kib.parse().ok()).expect("a number");
        kib * 1024
    }

    /// How many sockets the process has open.
    pub(crate) fn sockets(&self) -> usize {
        let process = self.process.as_ref().expect("it runs");
        let open = std::fs::read_dir(format!("/proc/{}/fd", process.id())).expect("Linux tells");
        let targets = open.filter_map(|one| std::fs::read_link(one.ok()?.path()).ok());
        targets
            .filter(|target| target.to_string_lossy().starts_with("socket:"))
            .count()
    }

    /// A folder for what the test itself needs.
    pub(crate) fn scratch(&self) -> &Path {
        self.folder.path()
    }

    /// Where it takes syslog over TLS.
    pub(crate) fn tls(&mut self) -> SocketAddr {
        let process = self.process.as_mut().expect("it runs");
        let tls = listening(process, "syslog-tls");
        tls.unwrap_or_else(|fallen| panic!("{fallen:?}"))
    }

    /// What it wrote to stdout so far.
    pub(crate) fn stdout(&self) -> String {
        self.process
            .as_ref()
            .map(|process| process.stdout.text())
            .unwrap_or_default()
    }

    /// What it logged so far.
    pub(crate) fn log(&self) -> String {
        self.process
            .as_ref()
            .map(|process| process.stderr.text())
            .unwrap_or_default()
    }

    /// SIGTERM, a clean end, and a new process on the same folder.
    pub(crate) fn restart(mut self) -> Self {
        self.stop();
        Self::on(Arc::clone(&self.folder), self.setup.clone()).ready()
    }

    /// `kill -9`, and a new process on the same folder.
    pub(crate) fn crash_and_restart(self) -> Self {
        self.crash_and_tamper(|| {})
    }

    /// `kill -9`, whatever happens to the folder then, and a new process on it.
    pub(crate) fn crash_and_tamper(self, tamper: impl FnOnce()) -> Self {
        self.crash_unready(tamper).ready()
    }

    /// The same, without waiting until the journal is read.
    pub(crate) fn crash_unready(mut self, tamper: impl FnOnce()) -> Self {
        if let Some(mut process) = self.process.take() {
            process.kill();
        }
        tamper();
        Self::on(Arc::clone(&self.folder), self.setup.clone())
    }

    /// `kill -9`, and what it had logged.
    pub(crate) fn kill(mut self) -> String {
        let mut process = self.process.take().expect("it runs");
        process.kill();
        process.stderr.text()
    }

    /// SIGTERM, without waiting for the end.
    pub(crate) fn terminate(&self) {
        let process = self.process.as_ref().expect("it runs");
        process.signal(Signal::TERM);
    }

    /// Waits until it ends by itself; where it does not, it is killed.
    pub(crate) fn falls(mut self, within: Duration) -> Option<Fallen> {
        let mut process = self.process.take().expect("it runs");
        let status = wait_at_most(within, || process.ended());
        process.kill();
        let log = process.stderr.text();
        status.map(|status| Fallen { status, log })
    }

    /// Waits for a condition; a failure shows what the service logged.
    #[track_caller]
    pub(crate) fn eventually<T>(&self, what: &str, probe: impl FnMut() -> Option<T>) -> T {
        wait_for(probe)
            .unwrap_or_else(|| panic!("never {what}; the service's log:\n{}", self.log()))
    }

    /// `GET` with the harness's own token.
    pub(crate) fn get(&self, path: &str) -> Reply {
        let bearer = self
            .setup
            .token
            .as_ref()
            .map(|token| format!("Bearer {token}"));
        match &bearer {
            Some(bearer) => self.ask(path, &[("Authorization", bearer)]),
            None => self.ask(path, &[]),
        }
    }

    /// `GET` with exactly these headers.
    pub(crate) fn ask(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        let reply = http::get(&self.agent, &self.url(path), headers);
        reply.unwrap_or_else(|| panic!("no answer to {path}; the service's log:\n{}", self.log()))
    }

    /// `POST` with exactly these headers.
    pub(crate) fn post(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: impl AsRef<[u8]>,
    ) -> Reply {
        let reply = http::post(&self.agent, &self.url(path), headers, body.as_ref());
        reply.unwrap_or_else(|| panic!("no answer to {path}; the service's log:\n{}", self.log()))
    }

    /// Any method.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Reply {
        let reply = http::send(&self.agent, method, &self.url(path), headers, body.as_ref());
        reply.unwrap_or_else(|| panic!("no answer to {path}; the service's log:\n{}", self.log()))
    }

    /// `PATCH` of JSON.
    pub(crate) fn patch(&self, path: &str, body: &Value) -> Reply {
        let reply = http::patch(&self.agent, &self.url(path), body);
        reply.unwrap_or_else(|| panic!("no answer to {path}; the service's log:\n{}", self.log()))
    }

    fn url(&self, path: &str) -> String {
        if path.starts_with("http://") {
            path.to_owned()
        } else {
            format!("{}://{}{path}", self.setup.scheme(), self.http)
        }
    }

    /// The answer, once the question has one that fits.
    #[track_caller]
    pub(crate) fn answer(&self, query: &str, fits: impl Fn(&Value) -> bool) -> Value {
        self.eventually(&format!("a fitting answer to {query}"), || {
            let reply = self.get(&format!("/v1/why?{query}"));
            (reply.status == 200)
                .then(|| reply.json())
                .filter(|answer| fits(answer))
        })
    }

    /// The answer, once its diagnosis is that one.
    #[track_caller]
    pub(crate) fn diagnosed(&self, mid: u64, diagnosis: &str) -> Value {
        self.answer(&format!("mid={mid}"), |answer| {
            answer["diagnosis"]["id"] == diagnosis
        })
    }

    /// A number of `/v1/status` → `lines`.
    pub(crate) fn lines(&self, name: &str) -> u64 {
        self.get("/v1/status").json()["lines"][name]
            .as_u64()
            .unwrap_or_else(|| panic!("no lines.{name}"))
    }

    /// Waits until that many lines have been accepted and each was handled; then what was
    /// received is exactly that, and every line has its place.
    #[track_caller]
    pub(crate) fn all_handled(&self, sent: u64) {
        let lines = self.eventually(&format!("{sent} lines handled"), || {
            let lines = self.get("/v1/status").json()["lines"].clone();
            let number = |name: &str| lines[name].as_u64().expect("a number");
            let handled = number("attached") + number("events");
            (number("accepted") >= sent && handled >= sent + number("replayed")).then_some(lines)
        });
        let number = |name: &str| lines[name].as_u64().expect("a number");
        assert_eq!(number("received"), sent, "{lines}");
        assert_eq!(number("accepted"), sent, "{lines}");
        assert_eq!(
            number("attached") + number("events"),
            sent + number("replayed"),
            "{lines}"
        );
    }

    /// A counter of `/metrics`; 0 where it never counted.
    pub(crate) fn counter(&self, name: &str, label: Option<(&str, &str)>) -> u64 {
        let label = label
            .map(|(name, value)| format!("{{{name}=\"{value}\"}}"))
            .unwrap_or_default();
        let wanted = format!("whymid_{name}_total{label} ");
        let text = self.get("/metrics").is(200).body;
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(wanted.as_str()));
        value.map_or(0, |value| {
            value
                .trim()
                .parse()
                .unwrap_or_else(|error| panic!("{error}: {value}"))
        })
    }

    /// A gauge of `/metrics`.
    pub(crate) fn gauge(&self, name: &str) -> Option<u64> {
        let wanted = format!("whymid_{name} ");
        let text = self.get("/metrics").is(200).body;
        let value = text
            .lines()
            .find_map(|line| line.strip_prefix(wanted.as_str()))?;
        value.trim().parse().ok()
    }

    /// SIGTERM, and looks for what was left behind.
    fn stop(&mut self) {
        let Some(mut process) = self.process.take() else {
            return;
        };
        let status = process.terminate();
        let log = process.stderr.text();
        assert!(!log.contains("panicked at"), "the service panicked:\n{log}");
        let status = status.unwrap_or_else(|| panic!("the service did not stop:\n{log}"));
        assert_eq!(status.code(), Some(0), "{status}\n{log}");
        assert_eq!(
            left_behind(&self.data()),
            Vec::<String>::new(),
            "strangers in the data folder"
        );
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.stop();
        } else if let Some(mut process) = self.process.take() {
            process.terminate();
            eprintln!("the service's log:\n{}", process.stderr.text());
        }
    }
}

fn listening(process: &mut Running, name: &str) -> Result<SocketAddr, Fallen> {
    let wanted = format!("listening {name} ");
    let address = wait_for(|| {
        let text = process.stdout.text();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let address = whole
            .lines()
            .find_map(|line| line.strip_prefix(wanted.as_str()))
            .map(str::to_owned);
        address.map(Ok).or_else(|| process.ended().map(Err))
    });
    match address {
        Some(Ok(address)) => Ok(address.parse().expect("an address and a port")),
        Some(Err(status)) => {
            process.kill();
            let log = process.stderr.text();
            Err(Fallen { status, log })
        }
        None => panic!(
            "the service never said where it listens for {name}:\n{}",
            process.stderr.text()
        ),
    }
}

/// What stands in the data folder and should not.
fn left_behind(data: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(data) else {
        return Vec::new();
    };
    let names = entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned());
    names.filter(|name| !OWN.contains(&name.as_str())).collect()
}
