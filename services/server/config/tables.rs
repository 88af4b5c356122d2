//! The tables of the configuration: every key is known, every value goes to its place in [`Config`].
//!
//! Not here: how a value is read (`reader.rs`).

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};
use whymid_api::{Scope, Token};
use whymid_diagnosis::ListenerTimers;
use whymid_mailflow::{ApplianceSettings, Sight};
use whymid_store::Scope as Limits;

use super::reader::{Reader, Value};
use super::values::{address, domain, file, hash, moment, network, scope_of, twice, url, zone};
use super::{Config, amounts, keys};
use crate::privacy;
use crate::retention::Retention;
use crate::tls::TlsFiles;

impl Reader<'_> {
    /// Reads the whole text.
    pub(super) fn read(&mut self, config: &mut Config) {
        let (table, errors) = DeTable::parse_recoverable(self.text);
        for error in errors {
            let span = error.span().unwrap_or(0..0);
            self.fault(&span, format!("not TOML: {}", error.message()));
        }
        let table = table.get_ref();
        self.known(table, "", keys::TOP);
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "data_dir" => self.set(value, "data_dir", &mut config.data_dir, |text| {
                    Ok::<_, String>(PathBuf::from(text))
                }),
                "public_url" => self.set(value, "public_url", &mut config.public_url, |text| {
                    url(text).map(Some)
                }),
                "timezone" => self.set(value, "timezone", &mut config.timezone, |text| {
                    zone(text).map(Some)
                }),
                "demo" => self.bool(value, "demo", &mut config.demo),
                "http" => self.http(value, config),
                "syslog" => self.syslog(value, config),
                "journal" => self.journal(value, config),
                "retention" => self.retention(value, &mut config.retention),
                "memory" => self.memory(value, config),
                "listeners" => self.listeners(value, config),
                "appliances" => self.appliances(value, config),
                "tokens" => self.tokens(value, config),
                "audit" => self.audit(value, config),
                "privacy" => self.privacy(value, config),
                "ticketing" => self.ticketing(value, config),
                _ => {}
            }
        }
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "appliances" => self.check_certificates(value, config),
                "tokens" => self.check_names(value, config),
                _ => {}
            }
        }
        let retention = table.get("retention");
        match retention.filter(|value| value.get_ref().get("raw").is_some()) {
            Some(value) => self.check_raw(value, config),
            None if config.privacy.pseudonym_key.is_some() => {
                config.retention.raw = Some(privacy::RAW);
            }
            None => {}
        }
    }

    /// Lines as they came are in clear text: with pseudonyms they are kept for a short time only.
    fn check_raw(&mut self, value: &Value<'_>, config: &Config) {
        let is_short = |age| age <= privacy::RAW_MOST;
        if config.privacy.pseudonym_key.is_some() && !config.retention.raw.is_some_and(is_short) {
            let fault = "`retention.raw` is one hour at most where `privacy.pseudonym_key` is set: lines as they came hold the real addresses. Leave it out for 15 minutes";
            self.fault(&value.span(), fault);
        }
    }

    fn privacy(&mut self, value: &Value<'_>, config: &mut Config) {
        let Some(table) = self.table(value, "privacy", Some(keys::PRIVACY)) else {
            return;
        };
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "pseudonym_key" => self.set(
                    value,
                    "privacy.pseudonym_key",
                    &mut config.privacy.pseudonym_key,
                    |text| file(text).map(Some),
                ),
                "backups" => {
                    let backups = &mut config.privacy.backups;
                    self.list(value, "privacy.backups", backups, |text| {
                        Ok::<_, String>(text.to_owned())
                    });
                }
                _ => {}
            }
        }
    }

    fn ticketing(&mut self, value: &Value<'_>, config: &mut Config) {
        let Some(table) = self.table(value, "ticketing", Some(keys::TICKETING)) else {
            return;
        };
        let settings = &mut config.ticketing;
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "allow" => self.list(value, "ticketing.allow", &mut settings.allow, network),
                "live_within" => {
                    let name = "ticketing.live_within";
                    self.set(value, name, &mut settings.live_within, amounts::span);
                }
                _ => {}
            }
        }
    }

    /// A certificate counts only where clients are asked for one, and for one appliance.
    fn check_certificates(&mut self, value: &Value<'_>, config: &Config) {
        let files = config.syslog_tls_files.as_ref();
        let asks = files.is_some_and(|files| files.client_ca.is_some());
        if !config.certificates.is_empty() && !asks {
            let fault = "`appliances.certificates` counts only with `syslog.tls_client_ca`: else nobody is asked for a certificate";
            self.fault(&value.span(), fault);
        }
        let names = config.certificates.iter().map(|(name, _)| name);
        if let Some(name) = twice(names) {
            let fault = format!("the certificate `{name}` is given to two appliances");
            self.fault(&value.span(), fault);
        }
    }

    /// Tokens are told apart by their names, in the audit log and where they are counted.
    fn check_names(&mut self, value: &Value<'_>, config: &Config) {
        if let Some(name) = twice(config.tokens.iter().map(|one| &one.name)) {
            let fault = format!("two tokens are called `{name}`: give each a name of its own");
            self.fault(&value.span(), fault);
        }
    }

    fn http(&mut self, value: &Value<'_>, config: &mut Config) {
        let Some(table) = self.table(value, "http", Some(keys::HTTP)) else {
            return;
        };
        let mut tls = Files::default();
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "tls_certificate" | "tls_key" => self.tls_file("http", key, value, &mut tls),
                "listen" => self.set(value, "http.listen", &mut config.http, address),
                "hosts" => self.list(value, "http.hosts", &mut config.hosts, |text| {
                    Ok::<_, String>(text.to_lowercase())
                }),
                "requests_per_second" => {
                    let name = "http.requests_per_second";
                    let told = self.number(value, name, 1..=1_000_000);
                    let told = told.and_then(|told| u32::try_from(told).ok());
                    let told = told.and_then(NonZeroU32::new);
                    config.requests_per_second = told.unwrap_or(config.requests_per_second);
                }
                "insecure_no_auth" => {
                    self.bool(value, "http.insecure_no_auth", &mut config.insecure_no_auth)
                }
                _ => {}
            }
        }
        config.http_tls = self.tls_files("http", value, tls);
    }

    fn syslog(&mut self, value: &Value<'_>, config: &mut Config) {
        let Some(table) = self.table(value, "syslog", Some(keys::SYSLOG)) else {
            return;
        };
        let mut tls = Files::default();
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "tls" => self.set(value, "syslog.tls", &mut config.syslog_tls, |text| {
                    address(text).map(Some)
                }),
                "tls_certificate" | "tls_key" | "tls_client_ca" => {
                    self.tls_file("syslog", key, value, &mut tls)
                }
                "udp" => self.set(value, "syslog.udp", &mut config.syslog_udp, address),
                "tcp" => self.set(value, "syslog.tcp", &mut config.syslog_tcp, address),
                "allow" => self.list(value, "syslog.allow", &mut config.allow, network),
                "udp_buffer" => {
                    if let Some(bytes) = self.number(value, "syslog.udp_buffer", 4096..=1 << 30) {
                        config.udp_buffer = usize::try_from(bytes).unwrap_or(config.udp_buffer);
                    }
                }
                "max_connections" => {
                    if let Some(count) = self.number(value, "syslog.max_connections", 1..=100_000) {
                        config.max_connections =
                            usize::try_from(count).unwrap_or(config.max_connections);
                    }
                }
                _ => {}
            }
        }
        config.syslog_tls_files = self.tls_files("syslog", value, tls);
    }

    /// One of the files that TLS takes.
    fn tls_file(
        &mut self,
        table: &str,
        key: &Spanned<DeString<'_>>,
        value: &Value<'_>,
        files: &mut Files,
    ) {
        let key = key.get_ref().as_ref();
        let place = match key {
            "tls_certificate" => &mut files.certificate,
            "tls_key" => &mut files.key,
            _ => &mut files.client_ca,
        };
        self.set(value, &format!("{table}.{key}"), place, |text| {
            file(text).map(Some)
        });
    }

    /// All of them, or none.
    fn tls_files(&mut self, table: &str, value: &Value<'_>, files: Files) -> Option<TlsFiles> {
        match (files.certificate, files.key) {
            (Some(certificate), Some(key)) => Some(TlsFiles {
                certificate,
                key,
                client_ca: files.client_ca,
            }),
            (None, None) if files.client_ca.is_none() => None,
            (_, _) => {
                let fault =
                    format!("TLS takes both `{table}.tls_certificate` and `{table}.tls_key`");
                self.fault(&value.span(), fault);
                None
            }
        }
    }

    fn journal(&mut self, value: &Value<'_>, config: &mut Config) {
        let Some(table) = self.table(value, "journal", Some(keys::JOURNAL)) else {
            return;
        };
        for (key, value) in table {
            if key.get_ref() == "group_commit_ms"
                && let Some(ms) = self.number(value, "journal.group_commit_ms", 1..=1000)
            {
                config.group_commit_ms = ms;
            }
        }
    }

    fn retention(&mut self, value: &Value<'_>, retention: &mut Retention) {
        let Some(table) = self.table(value, "retention", Some(keys::RETENTION)) else {
            return;
        };
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "records" => self.set(
                    value,
                    "retention.records",
                    &mut retention.records,
                    amounts::age,
                ),
                "records_size" => self.set(
                    value,
                    "retention.records_size",
                    &mut retention.records_size,
                    amounts::size,
                ),
                "raw" => self.set(value, "retention.raw", &mut retention.raw, amounts::age),
                name if let Some(kind) = Retention::kind(name) => self.set(
                    value,
                    &format!("retention.{name}"),
                    &mut retention.by_kind[kind],
                    |text| amounts::age(text).map(Some),
                ),
                "raw_size" => self.set(
                    value,
                    "retention.raw_size",
                    &mut retention.raw_size,
                    amounts::size,
                ),
                _ => {}
            }
        }
    }

    fn memory(&mut self, value: &Value<'_>, config: &mut Config) {
        let Some(table) = self.table(value, "memory", Some(keys::MEMORY)) else {
            return;
        };
        for (key, value) in table {
            if key.get_ref() == "records" {
                self.set(value, "memory.records", &mut config.memory, amounts::memory);
            }
        }
    }

    fn listeners(&mut self, value: &Value<'_>, config: &mut Config) {
        let Some(table) = self.table(value, "listeners", None) else {
            return;
        };
        let mut all = ListenerTimers::default();
        for (key, value) in table {
            let name = key.get_ref().as_ref();
            if let DeValue::Table(own) = value.get_ref() {
                self.known(own, &format!("listeners.\"{name}\""), keys::LISTENER);
                let mut timers = ListenerTimers::default();
                for (key, value) in own {
                    self.timer(key.get_ref(), value, &mut timers);
                }
                config.listeners.named.insert(name.to_lowercase(), timers);
            } else if keys::LISTENER.contains(&name) {
                self.timer(name, value, &mut all);
            } else {
                let hint = keys::nearest(name, keys::LISTENER);
                self.fault(
                    &key.span(),
                    format!("unknown key `{name}` in [listeners]{hint}"),
                );
            }
        }
        config.listeners.all = all;
    }

    fn timer(&mut self, name: &str, value: &Value<'_>, timers: &mut ListenerTimers) {
        let place = match name {
            "inbound_timeout" => &mut timers.inbound_timeout,
            "max_connection_time" => &mut timers.max_connection_time,
            "late_after" => &mut timers.late_after,
            _ => return,
        };
        let seconds = self.number(value, &format!("listeners.{name}"), 1..=86_400);
        *place = seconds.and_then(|seconds| u32::try_from(seconds).ok());
    }

    fn appliances(&mut self, value: &Value<'_>, config: &mut Config) {
        let Some(table) = self.table(value, "appliances", None) else {
            return;
        };
        for (key, value) in table {
            let name = key.get_ref().to_string();
            let path = format!("appliances.{name}");
            let Some(own) = self.table(value, &path, Some(keys::APPLIANCE)) else {
                continue;
            };
            let mut one = ApplianceSettings {
                name,
                ..ApplianceSettings::default()
            };
            for (key, value) in own {
                match key.get_ref().as_ref() {
                    "hosts" => self.list(value, "appliances.hosts", &mut one.hosts, |text| {
                        Ok::<_, String>(text.to_owned())
                    }),
                    "peers" => self.list(value, "appliances.peers", &mut one.peers, |text| {
                        IpAddr::from_str(text)
                    }),
                    "certificates" => {
                        let mut names = Vec::new();
                        self.list(value, "appliances.certificates", &mut names, |text| {
                            Ok::<_, String>(text.to_lowercase())
                        });
                        let named = names.into_iter().map(|held| (held, one.name.clone()));
                        config.certificates.extend(named);
                    }
                    "timezone" => self.set(value, "appliances.timezone", &mut one.zone, |text| {
                        zone(text).map(Some)
                    }),
                    "trust_relay_time" => self.bool(
                        value,
                        "appliances.trust_relay_time",
                        &mut one.trust_relay_time,
                    ),
                    _ => {}
                }
            }
            config.appliances.push(one);
        }
    }

    fn audit(&mut self, value: &Value<'_>, config: &mut Config) {
        let Some(table) = self.table(value, "audit", Some(keys::AUDIT)) else {
            return;
        };
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "file" => self.set(value, "audit.file", &mut config.audit.file, |text| {
                    file(text).map(Some)
                }),
                "syslog" => self.set(value, "audit.syslog", &mut config.audit.syslog, |text| {
                    address(text).map(Some)
                }),
                _ => {}
            }
        }
    }

    fn tokens(&mut self, value: &Value<'_>, config: &mut Config) {
        let DeValue::Array(items) = value.get_ref() else {
            self.fault(
                &value.span(),
                "`tokens` is a list of tables: write [[tokens]] for each",
            );
            return;
        };
        for item in items {
            let Some(own) = self.table(item, "tokens", Some(keys::TOKEN)) else {
                continue;
            };
            let (mut name, mut scope, mut sha256) = (None, None, None);
            let (mut expires, mut appliances, mut domains) = (None, None, None);
            let mut real_addresses = false;
            for (key, value) in own {
                match key.get_ref().as_ref() {
                    "name" => self.set(value, "tokens.name", &mut name, |text| {
                        Ok::<_, String>(Some(text.to_owned()))
                    }),
                    "scope" => self.set(value, "tokens.scope", &mut scope, |text| {
                        scope_of(text).map(Some)
                    }),
                    "sha256" => self.set(value, "tokens.sha256", &mut sha256, |text| {
                        hash(text).map(Some)
                    }),
                    "expires" => self.set(value, "tokens.expires", &mut expires, |text| {
                        moment(text).map(Some)
                    }),
                    "appliances" => {
                        let mut names = Vec::new();
                        self.list(value, "tokens.appliances", &mut names, |text| {
                            Ok::<_, String>(text.to_owned())
                        });
                        appliances = Some(names);
                    }
                    "recipient_domains" => {
                        let mut held = Vec::new();
                        self.list(value, "tokens.recipient_domains", &mut held, domain);
                        domains = Some(held);
                    }
                    "real_addresses" => {
                        self.bool(value, "tokens.real_addresses", &mut real_addresses);
                    }
                    _ => {}
                }
            }
            if domains.is_some() && scope.is_some_and(|scope| scope != Scope::Read) {
                let fault = "`tokens.recipient_domains` limits what is read: it goes with the scope `read` alone";
                self.fault(&item.span(), fault);
            }
            if appliances.is_some() && scope == Some(Scope::Admin) {
                let fault = "`tokens.appliances` limits nothing for the scope `admin`: give `read` or `ingest`";
                self.fault(&item.span(), fault);
            }
            for key in keys::EVERY_TOKEN {
                if !own.keys().any(|held| held.get_ref() == key) {
                    self.fault(&item.span(), format!("`tokens.{key}` is missing"));
                }
            }
            if let (Some(name), Some(scope), Some(sha256)) = (name, scope, sha256) {
                config.tokens.push(Token {
                    name,
                    scope,
                    sha256,
                    expires,
                    real_addresses,
                    limits: Limits {
                        appliances,
                        sight: domains.map(|held| Arc::new(Sight::of(held))),
                    },
                });
            }
        }
    }
}

/// The files that TLS takes, as far as they are said.
#[derive(Default)]
struct Files {
    certificate: Option<PathBuf>,
    key: Option<PathBuf>,
    client_ca: Option<PathBuf>,
}
