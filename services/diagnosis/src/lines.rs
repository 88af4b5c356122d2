//! The named lines of a story: what a condition may point at as its proof.

use whymid_mailflow::kind::{self, Kind};

use crate::facts;
use crate::story::{Of, Story};

/// Which of the matching lines are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pick {
    All,
    First,
    Last,
}

struct Selector {
    name: &'static str,
    of: Of,
    kinds: &'static [&'static Kind],
    pick: Pick,
}

const fn sel(name: &'static str, of: Of, kinds: &'static [&'static Kind], pick: Pick) -> Selector {
    Selector {
        name,
        of,
        kinds,
        pick,
    }
}

static SELECTORS: &[Selector] = &[
    sel(
        "start_line",
        Of::Message,
        &[&kind::MESSAGE_STARTED],
        Pick::First,
    ),
    sel(
        "sender_line",
        Of::Message,
        &[&kind::ENVELOPE_SENDER],
        Pick::First,
    ),
    sel(
        "recipient_lines",
        Of::Message,
        &[&kind::RECIPIENT_ACCEPTED],
        Pick::All,
    ),
    sel(
        "last_recipient_line",
        Of::Message,
        &[&kind::RECIPIENT_ACCEPTED],
        Pick::Last,
    ),
    sel(
        "rejection_lines",
        Of::Message,
        &[
            &kind::RECIPIENT_REJECTED,
            &kind::RECIPIENT_INVALID,
            &kind::BOUNCE_VERIFICATION_REJECTED,
        ],
        Pick::All,
    ),
    sel(
        "bounce_verification_line",
        Of::Message,
        &[&kind::BOUNCE_VERIFICATION_REJECTED],
        Pick::First,
    ),
    sel("ready_line", Of::Message, &[&kind::READY], Pick::First),
    sel("queued_line", Of::Message, &[&kind::QUEUED], Pick::First),
    sel(
        "delivery_lines",
        Of::Message,
        &[&kind::DELIVERED],
        Pick::All,
    ),
    sel(
        "quarantine_lines",
        Of::Message,
        &[
            &kind::EXTERNAL_QUARANTINED,
            &kind::ISQ_QUARANTINED,
            &kind::QUARANTINED,
            &kind::QUARANTINE_REASON,
            &kind::SMA_ENQUEUED,
        ],
        Pick::All,
    ),
    sel(
        "release_lines",
        Of::Message,
        &[
            &kind::RELEASED,
            &kind::RELEASED_STRIPPED,
            &kind::RELEASED_ALL,
        ],
        Pick::All,
    ),
    sel(
        "deletion_lines",
        Of::Message,
        &[&kind::DELETED, &kind::DELETED_ALL],
        Pick::All,
    ),
    sel(
        "settling_lines",
        Of::Message,
        &[
            &kind::LDAP_BOUNCED,
            &kind::LDAP_DROPPED,
            &kind::RECIPIENTS_DELETED,
            &kind::DOUBLE_BOUNCED,
            &kind::BOUNCED_BY_SERVER,
            &kind::POSSIBLE_DELIVERY,
            &kind::UNSUBSCRIBED,
        ],
        Pick::All,
    ),
    sel(
        "antivirus_lines",
        Of::Message,
        &[
            &kind::INTERIM_AV_VERDICT,
            &kind::AV_POSITIVE,
            &kind::AV_ENCRYPTED,
            &kind::AV_REPAIRED,
            &kind::AV_OTHER,
        ],
        Pick::All,
    ),
    sel(
        "engine_lines",
        Of::Message,
        &[
            &kind::INTERIM_VERDICT,
            &kind::ENGINE_VERDICT,
            &kind::GRAYMAIL_VERDICT,
            &kind::SAFELIST_VERDICT,
            &kind::BRIGHTMAIL_VERDICT,
        ],
        Pick::All,
    ),
    sel(
        "amp_lines",
        Of::Message,
        &[&kind::AMP_REPUTATION],
        Pick::All,
    ),
    sel(
        "matched_policy_line",
        Of::Message,
        &[&kind::POLICY_MATCH],
        Pick::First,
    ),
    sel(
        "attachment_lines",
        Of::Message,
        &[&kind::ATTACHMENT],
        Pick::All,
    ),
    sel(
        "log_entry_lines",
        Of::Message,
        &[&kind::CUSTOM_LOG],
        Pick::All,
    ),
    sel(
        "lost_before_commands_line",
        Of::Connection,
        &[&kind::LOST_BEFORE_COMMANDS],
        Pick::First,
    ),
    sel("response_lines", Of::Message, &[&kind::RESPONSE], Pick::All),
    sel(
        "delayed_lines",
        Of::Message,
        &[&kind::DELAYED, &kind::PENDING],
        Pick::All,
    ),
    sel("bounce_lines", Of::Message, &[&kind::BOUNCED], Pick::All),
    sel(
        "abort_line",
        Of::Message,
        &[
            &kind::RECEIVING_ABORTED,
            &kind::RECEIVING_ABORTED_BY_SENDER,
            &kind::MESSAGE_STOPPED,
        ],
        Pick::Last,
    ),
    sel(
        "finish_line",
        Of::Message,
        &[&kind::FINISHED_ABORTED, &kind::FINISHED_DONE],
        Pick::Last,
    ),
    sel(
        "opening_line",
        Of::Connection,
        &[&kind::CONNECTION_OPENED],
        Pick::First,
    ),
    sel(
        "policy_line",
        Of::Connection,
        &[
            &kind::HAT_ACCEPT,
            &kind::HAT_RELAY,
            &kind::HAT_REJECT,
            &kind::HAT_TCPREFUSE,
            &kind::HAT_OTHER,
            &kind::HAT_DELAYED_REJECT,
        ],
        Pick::First,
    ),
    sel(
        "tls_line",
        Of::Connection,
        &[&kind::TLS_FAILED, &kind::TLS_REQUIRED],
        Pick::Last,
    ),
    sel(
        "refusal_lines",
        Of::Connection,
        &[
            &kind::HAT_REJECT,
            &kind::HAT_TCPREFUSE,
            &kind::HAT_DELAYED_REJECT,
            &kind::SENDER_REJECTED,
            &kind::SENDER_INVALID,
            &kind::RECIPIENT_REJECTED_ON_CONNECTION,
            &kind::SMTP_AUTH_FAILED,
        ],
        Pick::All,
    ),
    sel(
        "unknown_command_lines",
        Of::Connection,
        &[&kind::UNKNOWN_COMMAND, &kind::BAD_SYNTAX],
        Pick::All,
    ),
    sel(
        "delivery_error_lines",
        Of::Delivery,
        &[&kind::DELIVERY_ERROR],
        Pick::All,
    ),
    sel(
        "lost_line",
        Of::Connection,
        &[&kind::CONNECTION_LOST, &kind::LOST_BEFORE_COMMANDS],
        Pick::Last,
    ),
    sel(
        "disconnect_line",
        Of::Connection,
        &[
            &kind::CONNECTION_TIMEOUT,
            &kind::CONNECTION_MAX_TIME,
            &kind::CONNECTION_DISCONNECTED,
        ],
        Pick::First,
    ),
    sel(
        "receiving_failed_line",
        Of::Connection,
        &[
            &kind::RECEIVING_FAILED,
            &kind::INJECTION_FAILED,
            &kind::CONNECTION_LIMIT,
        ],
        Pick::First,
    ),
    sel(
        "killed_line",
        Of::Connection,
        &[&kind::CONNECTION_KILLED],
        Pick::First,
    ),
    sel(
        "close_line",
        Of::Connection,
        &[&kind::CONNECTION_CLOSED],
        Pick::Last,
    ),
];

/// What ends a connection, or a message's receiving on it.
static ENDS: &[&str] = &[
    "lost_line",
    "disconnect_line",
    "receiving_failed_line",
    "killed_line",
    "close_line",
];

/// Names that are worked out, not selected.
static COMPUTED: &[&str] = &[
    "other_log_lines",
    "last_line",
    "ending_lines",
    "family_lines",
    "earlier_release_lines",
];

/// Every name.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    SELECTORS
        .iter()
        .map(|one| one.name)
        .chain(COMPUTED.iter().copied())
}

/// The places in [`Story::lines`] of the lines of that name.
pub(crate) fn find(story: &Story, name: &str) -> Vec<usize> {
    match name {
        "last_line" => last_line(story),
        "ending_lines" => ending_lines(story),
        "other_log_lines" => of_other_logs(story),
        "family_lines" => of_family(story, &FAMILY),
        "earlier_release_lines" => of_family(story, &RELEASES),
        _ => SELECTORS
            .iter()
            .find(|one| one.name == name)
            .map(|one| select(story, one))
            .unwrap_or_default(),
    }
}

/// The matching lines; those of a message's connection only as far as facts count them, so that
/// nothing is shown as a proof of what it came too late, or too early, for.
fn select(story: &Story, selector: &Selector) -> Vec<usize> {
    let lines = story.lines();
    let in_time = |at| match selector.of {
        Of::Message | Of::Delivery | Of::Family | Of::Beside => true,
        Of::Connection if ENDS.contains(&selector.name) => facts::within(story, at),
        Of::Connection => facts::not_after_end(story, at),
    };
    let matching = lines.iter().enumerate().filter(|(_, (of, entry))| {
        *of == selector.of
            && selector.kinds.iter().any(|kind| entry.kind.is(kind))
            && in_time(entry.at)
    });
    let mut places: Vec<usize> = matching.map(|(place, _)| place).collect();
    match selector.pick {
        Pick::All => {}
        Pick::First => places.truncate(1),
        Pick::Last => {
            places.drain(..places.len().saturating_sub(1));
        }
    }
    places
}

/// What tells how the messages of a family hang together.
static FAMILY: [&Kind; 6] = [
    &kind::SPLIT,
    &kind::REWRITTEN,
    &kind::ISQ_REINJECTED,
    &kind::SMA_RETURNED,
    &kind::COPIED,
    &kind::BOUNCE_OF,
];

/// What lets a message out of a quarantine.
static RELEASES: [&Kind; 5] = [
    &kind::RELEASED,
    &kind::RELEASED_STRIPPED,
    &kind::RELEASED_ALL,
    &kind::ISQ_REINJECTED,
    &kind::SMA_RETURNED,
];

/// The lines of those kinds that the message has, or another one of its family.
fn of_family(story: &Story, kinds: &[&'static Kind]) -> Vec<usize> {
    let lines = story.lines();
    let matching = lines.iter().enumerate().filter(|(_, (of, entry))| {
        matches!(of, Of::Message | Of::Family) && kinds.iter().any(|kind| entry.kind.is(kind))
    });
    matching.map(|(place, _)| place).collect()
}

/// What other logs of the appliance tell.
fn of_other_logs(story: &Story) -> Vec<usize> {
    let lines = story.lines();
    let matching = lines.iter().enumerate();
    let matching = matching.filter(|(_, (of, _))| *of == Of::Beside);
    matching.map(|(place, _)| place).collect()
}

/// The last line of the record itself.
fn last_line(story: &Story) -> Vec<usize> {
    let of = if story.message().is_some() {
        Of::Message
    } else {
        Of::Connection
    };
    story
        .lines()
        .iter()
        .rposition(|(whose, _)| *whose == of)
        .into_iter()
        .collect()
}

/// What settles how a message ended, most telling first: the connection's own reason tells more
/// than the abort that follows from it.
static MESSAGE_ENDINGS: &[&str] = &[
    "receiving_failed_line",
    "disconnect_line",
    "killed_line",
    "abort_line",
    "bounce_lines",
    "deletion_lines",
    "settling_lines",
    "quarantine_lines",
    "delayed_lines",
    "delivery_lines",
    "rejection_lines",
    "finish_line",
];

/// What settles how a connection ended, most telling first.
static CONNECTION_ENDINGS: &[&str] = &[
    "refusal_lines",
    "receiving_failed_line",
    "disconnect_line",
    "tls_line",
    "killed_line",
    "lost_line",
    "close_line",
];

fn endings(story: &Story) -> impl Iterator<Item = Vec<usize>> + '_ {
    let names = match story.message() {
        // what was accepted has outlived its connection
        Some(message) if message.ready_at.is_some() => &MESSAGE_ENDINGS[3..],
        Some(_) => MESSAGE_ENDINGS,
        None => CONNECTION_ENDINGS,
    };
    names
        .iter()
        .map(|name| find(story, name))
        .filter(|places| !places.is_empty())
}

/// The lines that settle how the record ended; its last line where none does.
fn ending_lines(story: &Story) -> Vec<usize> {
    let mut places: Vec<usize> = endings(story).flatten().collect();
    if places.is_empty() {
        return last_line(story);
    }
    places.sort_unstable();
    places
}

/// The one line that says most about how the record ended.
pub(crate) fn most_telling(story: &Story) -> Option<usize> {
    let first = endings(story).next().unwrap_or_else(|| last_line(story));
    first.last().copied()
}
