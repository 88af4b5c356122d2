//! Real ticket systems, as `tests/systems/*` install and start them: Request Tracker, Postfix.
//!
//! Each has a folder and a port of its own, and a process group of its own that is killed at its
//! end. A test that can't have one fails. Its port is kept for it as long as it is there, stopped or
//! not: nobody else of this machine is given it.

use std::fs::read_to_string;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};
use tempfile::TempDir;
use ureq::Agent;

use super::http::{self, Reply};
use super::{Running, encoded, repository, wait_at_most};

/// How long a system may take to start, on a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(120);

/// `root:Sup3rsecret`, who sees all of Request Tracker.
const ROOT: &str = "Basic cm9vdDpTdXAzcnNlY3JldA==";
/// Where its bot's token is.
const TOKEN: &str = "/var/lib/whymid-tests/request-tracker/token";

/// The processes of one system.
#[derive(Debug)]
pub(crate) struct System {
    name: &'static str,
    folder: TempDir,
    pub(crate) port: u16,
    /// Keeps the port.
    _place: Socket,
    process: Option<Running>,
}

impl System {
    pub(crate) fn start(name: &'static str) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        let (place, port) = free_port();
        let mut system = Self {
            name,
            folder,
            port,
            _place: place,
            process: None,
        };
        system.start_again();
        system
    }

    fn start_again(&mut self) {
        assert!(self.process.is_none(), "{} runs", self.name);
        let script = repository().join("tests/systems").join(self.name);
        let mut command = Command::new(script);
        command
            .arg("start")
            .arg(self.folder.path())
            .arg(self.port.to_string())
            .process_group(0);
        self.process = Some(Running::start(&mut command));
    }

    /// Waits until it answers.
    pub(crate) fn ready(&mut self, mut answers: impl FnMut() -> bool) {
        let process = self.process.as_mut().expect("it was started");
        let answered = wait_at_most(PATIENCE, || match process.ended() {
            Some(status) => Some(Err(status)),
            None => answers().then_some(Ok(())),
        });
        if !matches!(answered, Some(Ok(()))) {
            let (name, said) = (self.name, process.stderr.text());
            panic!("{name} does not answer ({answered:?}); was it installed (tests/run)?\n{said}");
        }
    }

    fn stop(&mut self) {
        let Some(mut process) = self.process.take() else {
            return;
        };
        // its own id is its group's; where it ended by itself, others of the group may be left
        let group = i32::try_from(process.id()).ok().and_then(Pid::from_raw);
        let _ = kill_process_group(group.expect("a process id"), Signal::KILL);
        process.kill();
    }
}

impl Drop for System {
    fn drop(&mut self) {
        if let (true, Some(process)) = (std::thread::panicking(), &self.process) {
            eprintln!("{} said:\n{}", self.name, process.stderr.text());
        }
        self.stop();
    }
}

/// One that nobody listens on, and what keeps it: Linux gives a port that is bound to nobody who asks
/// for any, and to a server that asks for this one and re-uses addresses (socket(7), `SO_REUSEADDR`).
fn free_port() -> (Socket, u16) {
    let place = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    place.set_reuse_address(true).expect("a TCP socket");
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    place.bind(&any.into()).expect("a free port");
    let address = place.local_addr().expect("it is bound").as_socket();
    (place, address.expect("of IPv4").port())
}

/// A ticket, as Request Tracker shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RtTicket {
    pub(crate) id: u64,
    pub(crate) status: String,
    pub(crate) subject: String,
}

/// A running Request Tracker with the queues `Mail` and `Closed` and no tickets.
#[derive(Debug)]
pub(crate) struct RequestTracker {
    system: System,
    agent: Agent,
    token: String,
}

impl RequestTracker {
    /// Started and answering.
    pub(crate) fn start() -> Self {
        let system = System::start("request-tracker");
        let token = read_to_string(TOKEN);
        let mut tracker = Self {
            system,
            agent: http::agent(None),
            token: token.expect("what `tests/systems/request-tracker install` left"),
        };
        tracker.ready();
        tracker
    }

    /// Its processes are killed; its tickets stay.
    pub(crate) fn stop(&mut self) {
        self.system.stop();
    }

    /// After [`Self::stop`]: on the same port, with the same tickets.
    pub(crate) fn start_again(&mut self) {
        self.system.start_again();
        self.ready();
    }

    fn ready(&mut self) {
        let (agent, url) = (self.agent.clone(), format!("{}/REST/2.0/rt", self.url()));
        let answers = || http::get(&agent, &url, &[("Authorization", ROOT)]);
        self.system
            .ready(|| answers().is_some_and(|reply| reply.status == 200));
    }

    /// Where it answers, without a slash at the end.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port())
    }

    /// Where it listens, on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.system.port
    }

    /// What `whymid-bot` signs in with, who may use the queue `Mail` only.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// `POST` of JSON below `/REST/2.0`, as the bot.
    pub(crate) fn post(&self, path: &str, body: &Value) -> Reply {
        let signed_in = format!("token {}", self.token);
        let headers = [
            ("Authorization", signed_in.as_str()),
            ("Content-Type", "application/json"),
        ];
        let url = format!("{}/REST/2.0{path}", self.url());
        let body = body.to_string();
        http::post(&self.agent, &url, &headers, body.as_bytes()).expect("Request Tracker answers")
    }

    /// Sets a ticket's status, as root.
    pub(crate) fn set(&self, id: u64, status: &str) {
        let url = format!("{}/REST/2.0/ticket/{id}", self.url());
        let headers = [
            ("Authorization", ROOT),
            ("Content-Type", "application/json"),
        ];
        let change = json!({"Status": status});
        let reply = http::put(&self.agent, &url, &headers, &change);
        reply.expect("Request Tracker answers").is(200);
    }

    /// A scrip of the queue `Mail` with that code, as an administrator enters it: on create, in a
    /// batch.
    pub(crate) fn add_scrip(&self, code: &str) {
        let program = "
            use lib '/usr/share/request-tracker5/lib'; use RT; RT::LoadConfig(); RT::Init();
            my ($ok, $why) = RT::Scrip->new(RT->SystemUser)->Create(
                Queue => 'Mail', Stage => 'TransactionBatch', ScripCondition => 'On Create',
                ScripAction => 'User Defined', Template => 'Blank',
                CustomPrepareCode => 'return 1;', CustomCommitCode => $ENV{SCRIP_CODE});
            die $why unless $ok;";
        let database = self.system.folder.path().join("rt.sqlite");
        let ran = Command::new("setpriv")
            .args([
                "--reuid",
                "www-data",
                "--regid",
                "www-data",
                "--init-groups",
                "--",
            ])
            .args(["perl", "-e", program])
            .current_dir("/")
            .env("RT_PORT", self.system.port.to_string())
            .env("RT_DATABASE", database)
            .env("HOME", self.system.folder.path())
            .env("SCRIP_CODE", code)
            .output()
            .expect("setpriv");
        let said = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "{said}");
    }

    /// All that bear that key, of whatever status, the oldest first.
    pub(crate) fn tickets(&self, key: &str) -> Vec<RtTicket> {
        let key = key.replace('\\', r"\\").replace('\'', r"\'");
        let query = encoded(&format!("CF.{{whymid_key}} = '{key}'"));
        let found = self.get(&format!(
            "/tickets?query={query}&fields=Subject,Status&orderby=id&order=ASC&per_page=100"
        ));
        items(&found).iter().map(ticket).collect()
    }

    /// What was written into a ticket: at its creation, then each comment and reply.
    pub(crate) fn texts(&self, id: u64) -> Vec<String> {
        let found = self.get(&format!(
            "/ticket/{id}/attachments?fields=Content,ContentType&per_page=100"
        ));
        let texts = items(&found).iter().filter(|part| {
            text(part, "ContentType").starts_with("text/") && !text(part, "Content").is_empty()
        });
        texts.map(|part| text(part, "Content")).collect()
    }

    /// As root.
    fn get(&self, path: &str) -> Value {
        let url = format!("{}/REST/2.0{path}", self.url());
        let reply = http::get(&self.agent, &url, &[("Authorization", ROOT)]);
        reply.expect("Request Tracker answers").is(200).json()
    }
}

fn items(found: &Value) -> &[Value] {
    found["items"].as_array().expect("a list of items")
}

fn text(item: &Value, field: &str) -> String {
    let text = item[field].as_str();
    text.unwrap_or_else(|| panic!("{field} in {item}"))
        .to_owned()
}

fn ticket(item: &Value) -> RtTicket {
    RtTicket {
        id: text(item, "id").parse().expect("a number"),
        status: text(item, "Status"),
        subject: text(item, "Subject"),
    }
}

/// A running Postfix that takes mail for `tickets.example`.
#[derive(Debug)]
pub(crate) struct Postfix {
    system: System,
}

impl Postfix {
    /// Started and listening.
    pub(crate) fn start() -> Self {
        let mut system = System::start("postfix");
        let port = system.port;
        system.ready(|| TcpStream::connect(("127.0.0.1", port)).is_ok());
        Self { system }
    }

    /// Where it takes mail, on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.system.port
    }

    /// The mails that it delivered so far, head and body, the oldest first.
    pub(crate) fn mails(&self) -> Vec<String> {
        let delivered = self.system.folder.path().join("mails/new");
        let Ok(entries) = std::fs::read_dir(delivered) else {
            return Vec::new();
        };
        let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        // their names open with the second, and go on with `M` and the microsecond
        paths.sort_by_key(|path| moment(path));
        let mails = paths.iter().map(std::fs::read);
        mails
            .map(|mail| String::from_utf8_lossy(&mail.expect("a delivered mail")).into_owned())
            .collect()
    }
}

/// When a file of a Maildir was delivered, by its name: `SECOND.V…I…M<MICROSECOND>.HOST`.
fn moment(path: &Path) -> (u64, u64) {
    let name = path.file_name().expect("a file").to_string_lossy();
    let mut parts = name.split('.');
    let second = parts.next().and_then(|second| second.parse().ok());
    let micro = parts
        .next()
        .and_then(|rest| rest.rsplit('M').next()?.parse().ok());
    (second.unwrap_or(0), micro.unwrap_or(0))
}
