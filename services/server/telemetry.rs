//! Every line that is taken, refused, lost or not understood has a name and a number here.
//!
//! One set of counters, read by `/metrics` and by `/v1/status` alike.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use jiff::Timestamp;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use whymid_mailflow::Handled;
use whymid_schemas::ReleaseLines;
use whymid_syslog::Defect;
use whymid_ticketing::Tally;

type Labels = [(&'static str, &'static str); 1];
type ByLabel = Family<Labels, Counter>;

/// The counters.
#[derive(Debug)]
pub struct Telemetry {
    registry: Registry,
    /// Lines received, by transport.
    pub received: ByLabel,
    /// Lines, connections or requests refused, by reason.
    pub refused: ByLabel,
    /// Lines on disk since the start.
    pub accepted: Counter,
    /// Lines read again from the journal at the start.
    pub replayed: Counter,
    /// Lines kept with a message, a connection or a delivery.
    pub attached: Counter,
    /// Lines kept as appliance events.
    pub events: Counter,
    /// Lines by kind; `unknown` for those not understood.
    pub kinds: ByLabel,
    /// What was wrong with lines that were kept all the same.
    pub defects: ByLabel,
    /// Open syslog TCP connections.
    pub connections: Gauge,
    /// The UDP socket's effective receive buffer, bytes.
    pub udp_buffer: Gauge,
    /// Records written to the index.
    pub written: Counter,
    /// Index commits.
    pub commits: Counter,
    /// Records that were removed because they were too old or too many.
    pub expired: Counter,
    /// Raw segments that were removed for the same reasons.
    pub raw_expired: Counter,
    /// Messages, connections, deliveries and appliance events in memory.
    pub in_memory: [Gauge; 4],
    /// Bytes that they take, about.
    pub in_memory_bytes: Gauge,
    /// Failures of journal or index, by room.
    pub failures: ByLabel,
    /// Lines by AsyncOS release, understood or not.
    releases: Family<Vec<(String, String)>, Gauge>,
    /// Suspected gaps that are remembered.
    pub gaps: Gauge,
    /// Messages that are written and whose families are still to be looked at.
    pub unsettled: Gauge,
    /// Certificates that took the place of others.
    pub certificate_reloads: Counter,
    /// When each listener's certificate ends, seconds since 1970.
    certificates: Family<Labels, Gauge>,
    /// What became of notifications, by target.
    notifications: Family<[(&'static str, &'static str); 2], Counter>,
    /// Notifications, rows and causes that there are.
    tickets: Family<Labels, Gauge>,
}

impl Telemetry {
    /// All at zero.
    pub fn new() -> Arc<Self> {
        let mut registry = Registry::with_prefix("whymid");
        let mut family = |name: &str, help: &str| {
            let family = ByLabel::default();
            registry.register(name, help, family.clone());
            family
        };
        let received = family("lines_received", "Lines received, by transport");
        let refused = family("refused", "Lines, connections or requests refused");
        let kinds = family("lines_handled", "Lines handled, by kind of event");
        let defects = family(
            "line_defects",
            "Lines kept although something was wrong with them",
        );
        let failures = family("failures", "Failures of journal or index");
        let mut counter = |name: &str, help: &str| {
            let counter = Counter::<u64, AtomicU64>::default();
            registry.register(name, help, counter.clone());
            counter
        };
        let accepted = counter("lines_accepted", "Lines on disk");
        let replayed = counter("lines_replayed", "Lines read again from the journal");
        let attached = counter("lines_attached", "Lines kept with a record");
        let events = counter("appliance_events", "Lines kept as appliance events");
        let written = counter("records_written", "Records written to the index");
        let commits = counter("index_commits", "Index commits");
        let expired = counter("records_expired", "Records removed by retention");
        let certificate_reloads = counter(
            "certificate_reloads",
            "Certificates that took the place of others without a restart",
        );
        let raw_expired = counter("raw_segments_expired", "Raw segments removed by retention");
        let mut gauge = |name: &str, help: &str| {
            let gauge = Gauge::<i64>::default();
            registry.register(name, help, gauge.clone());
            gauge
        };
        let in_memory = ["messages", "connections", "deliveries", "appliance_events"]
            .map(|kind| gauge(&format!("{kind}_in_memory"), "Records in memory"));
        let in_memory_bytes = gauge("records_in_memory_bytes", "Memory that records take, about");
        let connections = gauge("syslog_connections", "Open syslog TCP connections");
        let gaps = gauge(
            "suspected_gaps",
            "Places where an appliance's lines seem to be missing",
        );
        let unsettled = gauge(
            "messages_unsettled",
            "Messages that are written and whose families are still to be looked at",
        );
        let udp_buffer = gauge(
            "udp_buffer_bytes",
            "Effective receive buffer of the UDP socket",
        );
        let releases = Family::<Vec<(String, String)>, Gauge>::default();
        registry.register(
            "lines_of_release",
            "Lines handled since the start, by AsyncOS release and whether they were understood",
            releases.clone(),
        );
        let certificates = Family::<Labels, Gauge>::default();
        registry.register(
            "certificate_not_after_seconds",
            "When a listener's certificate ends, seconds since 1970",
            certificates.clone(),
        );
        let notifications = Family::<[(&'static str, &'static str); 2], Counter>::default();
        registry.register(
            "notifications",
            "What became of notifications to ticket systems: delivered, failed (tried again), dead; merged: tickets found twice",
            notifications.clone(),
        );
        let tickets = Family::<Labels, Gauge>::default();
        registry.register(
            "ticketing",
            "Notifications that wait, records not yet looked at, causes that are open, occurrences without room",
            tickets.clone(),
        );
        Arc::new(Self {
            registry,
            notifications,
            tickets,
            certificates,
            certificate_reloads,
            releases,
            gaps,
            received,
            refused,
            accepted,
            replayed,
            attached,
            events,
            kinds,
            defects,
            connections,
            udp_buffer,
            written,
            commits,
            expired,
            raw_expired,
            in_memory,
            in_memory_bytes,
            unsettled,
            failures,
        })
    }

    /// Counts what was wrong with a line's edges.
    pub fn defect(&self, defect: Option<Defect>) {
        match defect {
            Some(Defect::Cut) => self.count(&self.defects, "defect", "cut"),
            Some(Defect::Unfinished) => self.count(&self.defects, "defect", "unfinished"),
            None => {}
        }
    }

    /// Counts what became of a line.
    pub fn handled(&self, handled: Handled) {
        if handled.attached {
            self.attached.inc();
        } else {
            self.events.inc();
        }
        self.count(&self.kinds, "kind", handled.kind.unwrap_or("unknown"));
        if handled.invalid_utf8 {
            self.count(&self.defects, "defect", "invalid_utf8");
        }
        if handled.without_stamp {
            self.count(&self.defects, "defect", "without_stamp");
        }
    }

    /// Shows when a listener's certificate ends.
    pub fn certificate_ends(&self, listener: &'static str, at: Timestamp) {
        let gauge = self.certificates.get_or_create(&[("listener", listener)]);
        gauge.set(at.as_second());
    }

    /// Shows how it stands with tickets.
    pub fn of_tickets(&self, tally: &Tally) {
        for (target, counts) in &tally.targets {
            let outcomes = [
                ("delivered", counts.delivered),
                ("failed", counts.failed),
                ("dead", counts.dead),
                ("merged", counts.merged),
            ];
            for (outcome, count) in outcomes {
                let labels = [("target", *target), ("outcome", outcome)];
                let counter = self.notifications.get_or_create(&labels);
                counter.inc_by(count.saturating_sub(counter.get()));
            }
        }
        let now = [
            ("waiting", tally.waiting),
            ("inbox", tally.inbox),
            ("open", tally.open),
            ("left_out", tally.left_out),
        ];
        for (what, count) in now {
            let gauge = self.tickets.get_or_create(&[("what", what)]);
            gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    /// Shows the lines of a release.
    pub fn of_release(&self, lines: &ReleaseLines) {
        let unknown = lines.lines - lines.understood.min(lines.lines);
        for (understood, count) in [("true", lines.understood), ("false", unknown)] {
            let labels = [
                ("release", lines.release.as_str()),
                ("understood", understood),
            ];
            let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned()));
            let gauge = self.releases.get_or_create(&labels.to_vec());
            gauge.set(i64::try_from(count).unwrap_or(i64::MAX));
        }
    }

    /// Lines by kind of event, those kinds that there were.
    pub fn lines_by_kind(&self) -> BTreeMap<String, u64> {
        let kinds = whymid_mailflow::kind::ALL.iter().map(|kind| kind.name);
        let told = kinds.chain(["unknown"]).filter_map(|kind| {
            let counter = self.kinds.get(&[("kind", kind)])?;
            Some((kind.to_owned(), counter.get()))
        });
        told.collect()
    }

    /// Counts one by its label.
    pub fn count(&self, family: &ByLabel, label: &'static str, value: &'static str) {
        family.get_or_create(&[(label, value)]).inc();
    }

    /// One counter's value.
    pub fn value(&self, family: &ByLabel, label: &'static str, value: &'static str) -> u64 {
        family.get_or_create(&[(label, value)]).get()
    }

    /// The text for `/metrics`.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // writing to a String can't fail
        let _ = encode(&mut text, &self.registry);
        text
    }
}
