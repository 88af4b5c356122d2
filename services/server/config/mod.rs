//! The configuration: as written (`reader.rs`, `tables.rs`, `values.rs`) → validated (here). `default.toml` is the
//! reference, embedded in the binary; a test holds that it names every key.
//!
//! All faults of a file are told at once, each with its line; an unknown key is told with the
//! nearest known one.

mod amounts;
mod keys;
mod reader;
mod tables;
mod values;

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};

use ipnet::IpNet;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use whymid_api::Token;
use whymid_diagnosis::Listeners;
use whymid_mailflow::ApplianceSettings;

use crate::audit::AuditSettings;
use crate::privacy::PrivacySettings;
use crate::retention::Retention;
use crate::tls::TlsFiles;

/// The commented default configuration.
pub const DEFAULT: &str = include_str!("default.toml");

/// A fault of a configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong and how to mend it.
    pub text: String,
}

/// The validated configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// Journal and index.
    pub data_dir: PathBuf,
    /// What links begin with.
    pub public_url: Option<String>,
    /// The zone of appliances without one of their own.
    pub timezone: Option<TimeZone>,
    /// Play sample traffic.
    pub demo: bool,
    /// HTTP.
    pub http: SocketAddr,
    /// Further host names.
    pub hosts: Vec<String>,
    /// Open without tokens on more than loopback.
    pub insecure_no_auth: bool,
    /// How often a token may ask in a second.
    pub requests_per_second: NonZeroU32,
    /// Certificate and key of HTTPS; plain HTTP without.
    pub http_tls: Option<TlsFiles>,
    /// Syslog over UDP.
    pub syslog_udp: SocketAddr,
    /// Syslog over TCP.
    pub syslog_tcp: SocketAddr,
    /// Syslog over TLS; not at all without an address.
    pub syslog_tls: Option<SocketAddr>,
    /// Its certificate and key, and who signs its clients'.
    pub syslog_tls_files: Option<TlsFiles>,
    /// The names of gateways' certificates, each with its appliance.
    pub certificates: Vec<(String, String)>,
    /// Who may send.
    pub allow: Vec<IpNet>,
    /// UDP receive buffer, bytes.
    pub udp_buffer: usize,
    /// TCP connections at a time.
    pub max_connections: usize,
    /// Group commit, milliseconds.
    pub group_commit_ms: u64,
    /// How long things are kept.
    pub retention: Retention,
    /// Bytes that records may take in memory, about.
    pub memory: usize,
    /// The gateways' inbound timers.
    pub listeners: Listeners,
    /// The appliances.
    pub appliances: Vec<ApplianceSettings>,
    /// The tokens.
    pub tokens: Vec<Token>,
    /// Where it is written down who did what.
    pub audit: AuditSettings,
    /// What is kept of persons.
    pub privacy: PrivacySettings,
    /// Where tickets may go, and what opens them.
    pub ticketing: TicketSettings,
}

/// Where tickets may go, and what opens them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketSettings {
    /// The networks that ticket systems may be in, beside the open Internet.
    pub allow: Vec<IpNet>,
    /// So long after it was received a line may open tickets.
    pub live_within: SignedDuration,
}

impl Default for TicketSettings {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            live_within: SignedDuration::from_mins(15),
        }
    }
}

impl Default for Config {
    fn default() -> Self {
        let loopback = |port| SocketAddr::from(([127, 0, 0, 1], port));
        Self {
            data_dir: PathBuf::from("./whymid-data"),
            public_url: None,
            timezone: None,
            demo: false,
            http: loopback(8514),
            hosts: Vec::new(),
            insecure_no_auth: false,
            requests_per_second: whymid_api::A_SECOND,
            http_tls: None,
            syslog_udp: loopback(5514),
            syslog_tcp: loopback(5514),
            syslog_tls: None,
            syslog_tls_files: None,
            certificates: Vec::new(),
            allow: [IpAddr::from([0; 4]), IpAddr::from([0u16; 8])]
                .map(|every| IpNet::new_assert(every, 0))
                .to_vec(),
            udp_buffer: 8 * 1024 * 1024,
            max_connections: 8192,
            group_commit_ms: 10,
            retention: Retention::default(),
            memory: 512 * 1024 * 1024,
            listeners: Listeners::default(),
            appliances: Vec::new(),
            tokens: Vec::new(),
            audit: AuditSettings::default(),
            privacy: PrivacySettings::default(),
            ticketing: TicketSettings::default(),
        }
    }
}

/// Reads and validates a configuration file's text; every fault at once.
///
/// # Errors
/// The faults, in order of lines.
pub fn parse(text: &str) -> Result<Config, Vec<Fault>> {
    let mut reader = reader::Reader::new(text);
    let mut config = Config::default();
    reader.read(&mut config);
    let mut faults = reader.into_faults();
    if faults.is_empty() {
        return Ok(config);
    }
    faults.sort_by_key(|fault| fault.line);
    Err(faults)
}

/// Reads a configuration file.
///
/// # Errors
/// When it can't be read, or has faults: one line a fault, `file:line: what is wrong`.
pub fn load(path: &Path) -> anyhow::Result<Config> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| anyhow::anyhow!("failed to read {}: {error}", path.display()))?;
    parse(&text).map_err(|faults| {
        let lines: Vec<String> = faults
            .iter()
            .map(|fault| format!("{}:{}: {}", path.display(), fault.line, fault.text))
            .collect();
        anyhow::anyhow!("{}", lines.join("\n"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<String> {
        let faults = parse(text).expect_err("the file has faults");
        faults
            .into_iter()
            .map(|fault| format!("{}: {}", fault.line, fault.text))
            .collect()
    }

    #[test]
    fn the_default_file_is_the_default_configuration() {
        let parsed = format!("{:?}", parse(DEFAULT).unwrap());
        assert_eq!(parsed, format!("{:?}", Config::default()));
    }

    #[test]
    fn the_default_file_names_every_key() {
        for key in keys::all() {
            let name = key.rsplit('.').next().unwrap();
            assert!(
                DEFAULT.contains(&format!("{name} = ")),
                "{key} is not in default.toml"
            );
        }
    }

    #[test]
    fn every_fault_is_told_at_once_with_its_line_and_the_nearest_key() {
        let told = faults(
            "data_dri = \"x\"\n[http]\nlisten = \"nowhere\"\n[syslog]\nudp_bufer = 1\nallow = [\"10.0.0.0/33\"]\n",
        );
        assert_eq!(told.len(), 4, "{told:#?}");
        assert!(
            told[0].starts_with("1: unknown key `data_dri`; did you mean `data_dir`?"),
            "{}",
            told[0]
        );
        assert!(told[1].starts_with("3: `http.listen`"), "{}", told[1]);
        assert!(
            told[2].contains("did you mean `udp_buffer`?"),
            "{}",
            told[2]
        );
        assert!(told[3].starts_with("6: `syslog.allow`"), "{}", told[3]);
    }

    #[test]
    fn appliances_listeners_and_tokens_are_read() {
        let config = parse(concat!(
            "timezone = \"Asia/Tokyo\"\n",
            "[listeners]\ninbound_timeout = 240\n[listeners.\"Data 1\"]\nmax_connection_time = 600\n",
            "[appliances.esa1]\nhosts = [\"esa1.corp.example\"]\npeers = [\"192.0.2.10\"]\ntimezone = \"Europe/Berlin\"\n",
            "[[tokens]]\nname = \"desk\"\nscope = \"read\"\n",
            "sha256 = \"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"\n",
        ))
        .unwrap();
        assert_eq!(config.appliances[0].name, "esa1");
        assert_eq!(config.listeners.all.inbound_timeout, Some(240));
        assert_eq!(
            config.listeners.named["data 1"].max_connection_time,
            Some(600)
        );
        assert_eq!(config.tokens[0].name, "desk");
    }

    #[test]
    fn certificates_and_names_that_count_for_nothing_are_told() {
        let hash = "0".repeat(64);
        let token = format!("[[tokens]]\nname = \"a\"\nscope = \"read\"\nsha256 = \"{hash}\"\n");
        let told = faults(&format!(
            "[appliances.a]\ncertificates = [\"x.example\"]\n[appliances.b]\ncertificates = [\"X.example\"]\n\
             [syslog]\ntls_key = \"k\"\n{token}{token}"
        ));
        for wanted in [
            "counts only with `syslog.tls_client_ca`",
            "`x.example` is given to two appliances",
            "TLS takes both `syslog.tls_certificate` and `syslog.tls_key`",
            "two tokens are called `a`",
        ] {
            assert!(
                told.iter().any(|one| one.contains(wanted)),
                "{wanted}: {told:#?}"
            );
        }
        let limited = token.replace("\"read\"", "\"admin\"");
        for limit in [
            "appliances = [\"esa1\"]",
            "recipient_domains = [\"a.example\"]",
        ] {
            assert_eq!(faults(&format!("{limited}{limit}\n")).len(), 1, "{limit}");
        }
        assert_eq!(
            faults(&format!("{token}recipient_domains = [\"a@b\"]\n")).len(),
            1
        );
        assert_eq!(faults(&format!("{token}expires = \"soon\"\n")).len(), 1);
    }

    #[test]
    fn with_pseudonyms_lines_as_they_came_are_kept_for_a_short_time() {
        let raw = |text: &str| parse(text).map(|config| config.retention.raw);
        let minutes = |count| Ok(Some(SignedDuration::from_mins(count)));
        let key = "[privacy]\npseudonym_key = \"k\"\n";
        assert_eq!(raw(key), minutes(15));
        assert_eq!(
            raw(&format!("{key}[retention]\nraw = \"5m\"\n")),
            minutes(5)
        );
        assert_eq!(
            raw(&format!("{key}[retention]\nevents = \"5d\"\n")),
            minutes(15)
        );
        for long in ["2h", "14d", "unlimited"] {
            let told = faults(&format!("{key}[retention]\nraw = \"{long}\"\n"));
            assert!(
                told[0].starts_with("3: `retention.raw` is one hour at most"),
                "{told:?}"
            );
        }
    }

    #[test]
    fn a_value_of_the_wrong_type_and_a_missing_one_are_told() {
        let told = faults(
            "[http]\nlisten = 8514\nhosts = \"x\"\n[[tokens]]\nname = \"a\"\nscope = \"reed\"\n",
        );
        assert!(
            told.iter()
                .any(|fault| fault.starts_with("2: `http.listen`")),
            "{told:#?}"
        );
        assert!(
            told.iter()
                .any(|fault| fault.starts_with("3: `http.hosts`")),
            "{told:#?}"
        );
        assert!(
            told.iter()
                .any(|fault| fault.contains("reed") && fault.contains("read")),
            "{told:#?}"
        );
        assert!(
            told.iter()
                .any(|fault| fault.contains("`tokens.sha256` is missing")),
            "{told:#?}"
        );
    }
}
