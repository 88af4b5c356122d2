//! The names of every key, by the table they stand in.

/// Keys of the top level.
pub(super) const TOP: &[&str] = &[
    "data_dir",
    "public_url",
    "timezone",
    "demo",
    "http",
    "syslog",
    "journal",
    "retention",
    "memory",
    "listeners",
    "appliances",
    "tokens",
    "audit",
    "privacy",
    "ticketing",
];
/// Keys of `[ticketing]`.
pub(super) const TICKETING: &[&str] = &["allow", "live_within"];
/// Keys of `[privacy]`.
pub(super) const PRIVACY: &[&str] = &["pseudonym_key", "backups"];
/// Keys of `[audit]`.
pub(super) const AUDIT: &[&str] = &["file", "syslog"];
/// Keys of `[http]`.
pub(super) const HTTP: &[&str] = &[
    "listen",
    "hosts",
    "insecure_no_auth",
    "requests_per_second",
    "tls_certificate",
    "tls_key",
];
/// Keys of `[syslog]`.
pub(super) const SYSLOG: &[&str] = &[
    "udp",
    "tcp",
    "tls",
    "tls_certificate",
    "tls_key",
    "tls_client_ca",
    "allow",
    "udp_buffer",
    "max_connections",
];
/// Keys of `[journal]`.
pub(super) const JOURNAL: &[&str] = &["group_commit_ms"];
/// Keys of `[retention]`.
pub(super) const RETENTION: &[&str] = &[
    "records",
    "records_size",
    "messages",
    "connections",
    "deliveries",
    "events",
    "raw",
    "raw_size",
];
/// Keys of `[memory]`.
pub(super) const MEMORY: &[&str] = &["records"];
/// Keys of `[listeners]` and of one listener.
pub(super) const LISTENER: &[&str] = &["inbound_timeout", "max_connection_time", "late_after"];
/// Keys of one appliance.
pub(super) const APPLIANCE: &[&str] = &[
    "hosts",
    "peers",
    "certificates",
    "timezone",
    "trust_relay_time",
];
/// Keys of one token.
pub(super) const TOKEN: &[&str] = &[
    "name",
    "scope",
    "sha256",
    "expires",
    "appliances",
    "recipient_domains",
    "real_addresses",
];
/// Those of them that each token has.
pub(super) const EVERY_TOKEN: &[&str] = &["name", "scope", "sha256"];

/// Every key that holds a value, dotted.
#[cfg(test)]
pub(super) fn all() -> Vec<String> {
    let of = |table: &str, keys: &[&str]| -> Vec<String> {
        keys.iter().map(|key| format!("{table}.{key}")).collect()
    };
    let mut all: Vec<String> = TOP[..4].iter().map(|key| (*key).to_owned()).collect();
    all.extend(of("http", HTTP));
    all.extend(of("syslog", SYSLOG));
    all.extend(of("journal", JOURNAL));
    all.extend(of("retention", RETENTION));
    all.extend(of("memory", MEMORY));
    all.extend(of("listeners", LISTENER));
    all.extend(of("appliances", APPLIANCE));
    all.extend(of("tokens", TOKEN));
    all.extend(of("audit", AUDIT));
    all.extend(of("privacy", PRIVACY));
    all.extend(of("ticketing", TICKETING));
    all
}

/// `; did you mean …?` or the list of what is known.
pub(super) fn nearest(word: &str, known: &[&str]) -> String {
    match whymid_diagnosis::nearest_word(word, known.iter().copied()) {
        Some(candidate) => format!("; did you mean `{candidate}`?"),
        None => format!("; known here: {}", known.join(", ")),
    }
}
