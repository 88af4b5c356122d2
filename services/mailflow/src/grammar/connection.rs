//! Lines of an inbound connection (ICID): opening, HAT, TLS, refusals, its ends.
//! Log grammar rows E001 to E056.

use super::message::bare;
use super::{Form, connection_owner};
use crate::event::{ConnectionEnd, Fact, Owner, TlsOutcome};
use crate::kind;
use crate::scan::Scan;

/// `New SMTP ICID n interface Data 1 (192.0.2.1) address 198.51.100.7 reverse dns host h verified yes`
pub(super) fn opened(mut scan: Scan<'_>) -> Form<'_> {
    scan.lit("New ")?;
    scan.lit_any_case("SMTP")?;
    let icid = scan.id(" ICID ")?;
    scan.lit(" interface ")?;
    let interface = scan.until(" address ")?;
    let peer = scan.word()?;
    let (host, verified) = reverse_dns(scan);
    let (interface, listener) = match interface.rsplit_once(" (") {
        Some((name, address)) => (name, address.strip_suffix(')')),
        None => (interface, None),
    };
    let fact = Fact::ConnectionOpened {
        interface,
        listener,
        peer,
        host,
        verified,
    };
    Some((&kind::CONNECTION_OPENED, connection_owner(icid), fact))
}

/// The tail ` reverse dns host NAME verified yes|no`; the name is a stranger's, `unknown` when
/// there is none.
fn reverse_dns(mut scan: Scan<'_>) -> (Option<&str>, Option<bool>) {
    if scan.lit(" reverse dns host").is_none() {
        return (None, None);
    }
    scan.skip_blanks();
    let host = scan.word().filter(|name| *name != "unknown");
    let verified = match scan.rest().trim() {
        "verified yes" => Some(true),
        "verified no" => Some(false),
        _ => None,
    };
    (host, verified)
}

/// Everything that begins with `ICID n`, except `ICID n MID m …`.
pub(super) fn read(mut scan: Scan<'_>) -> Form<'_> {
    let icid = scan.id("ICID ")?;
    scan.blanks()?;
    let owner = connection_owner(icid);
    let (kind, fact) = ending(scan)
        .or_else(|| tls(scan))
        .or_else(|| failed(scan))
        .or_else(|| sender(scan))
        .or_else(|| recipient(scan))
        .or_else(|| hat(scan))?;
    Some((kind, owner, fact))
}

type OfConnection<'a> = Option<(&'static kind::Kind, Fact<'a>)>;

fn ending(mut scan: Scan<'_>) -> OfConnection<'_> {
    match scan.rest().trim_end() {
        "close" => return ended(&kind::CONNECTION_CLOSED, ConnectionEnd::Close),
        "lost" => return ended(&kind::CONNECTION_LOST, ConnectionEnd::Lost),
        _ => {}
    }
    if scan.lit("Connection from ").is_some() {
        return ended(&kind::LOST_BEFORE_COMMANDS, ConnectionEnd::Lost);
    }
    scan.lit("disconnected address ")?;
    scan.word()?;
    match scan.rest().trim() {
        "no messages injected within timeout period" => {
            ended(&kind::CONNECTION_TIMEOUT, ConnectionEnd::Timeout)
        }
        "exceeded allowable connection time" => {
            ended(&kind::CONNECTION_MAX_TIME, ConnectionEnd::MaxTime)
        }
        _ => ended(&kind::CONNECTION_DISCONNECTED, ConnectionEnd::Disconnected),
    }
}

fn ended(kind: &'static kind::Kind, how: ConnectionEnd) -> OfConnection<'static> {
    Some((kind, Fact::ConnectionEnded(how)))
}

fn tls(mut scan: Scan<'_>) -> OfConnection<'_> {
    scan.lit("TLS ")?;
    let success = scan.rest().strip_prefix("success");
    if let Some(detail) = success.filter(|tail| tail.is_empty() || tail.starts_with(' ')) {
        let fact = Fact::Tls(TlsOutcome::Success, detail.trim());
        return Some((&kind::TLS_OK, fact));
    }
    if scan.lit("failed").is_some() {
        let reason = scan.rest().trim_start_matches(':').trim();
        return Some((&kind::TLS_FAILED, Fact::Tls(TlsOutcome::Failed, reason)));
    }
    scan.lit("was required")?;
    Some((
        &kind::TLS_REQUIRED,
        Fact::Tls(TlsOutcome::Required, scan.rest().trim()),
    ))
}

fn failed(mut scan: Scan<'_>) -> OfConnection<'_> {
    let kind = [
        ("Receiving Failed:", &kind::RECEIVING_FAILED),
        ("Injection Failed:", &kind::INJECTION_FAILED),
        ("Unknown command:", &kind::UNKNOWN_COMMAND),
        ("Bad syntax for command:", &kind::BAD_SYNTAX),
        ("Delayed HAT REJECT", &kind::HAT_DELAYED_REJECT),
        ("SBRS ", &kind::SBRS),
    ]
    .into_iter()
    .find_map(|(anchor, kind)| scan.lit(anchor).map(|()| kind))?;
    let fact = if *kind == kind::RECEIVING_FAILED || *kind == kind::INJECTION_FAILED {
        Fact::ReceivingFailed(scan.rest().trim())
    } else if *kind == kind::HAT_DELAYED_REJECT {
        Fact::Hat {
            action: "REJECT",
            group: "",
            matched: "",
            score: "",
        }
    } else {
        Fact::Nothing
    };
    Some((kind, fact))
}

/// `Address: <user@domain> sender rejected, envelope sender domain does not exist`. The address
/// is the client's and may quote these very words: the last ones are the gateway's.
fn sender(mut scan: Scan<'_>) -> OfConnection<'_> {
    if scan.lit("Invalid sender address:").is_some() {
        return Some((
            &kind::SENDER_INVALID,
            Fact::SenderRefused(scan.rest().trim()),
        ));
    }
    scan.lit("Address: ")?;
    let (rejected, allowed) = (" sender rejected,", " sender allowed,");
    let place = scan
        .rest()
        .rfind(rejected)
        .max(scan.rest().rfind(allowed))?;
    scan = Scan(&scan.rest()[place..]);
    if scan.lit(rejected).is_some() {
        return Some((
            &kind::SENDER_REJECTED,
            Fact::SenderRefused(scan.rest().trim()),
        ));
    }
    Some((&kind::SENDER_ALLOWED, Fact::Nothing))
}

/// `To: <a> Rejected by RAT`, on the connection alone.
fn recipient(mut scan: Scan<'_>) -> OfConnection<'_> {
    scan.lit("To: ")?;
    let address = bare(scan.until_last(" Rejected by ")?);
    let fact = Fact::RecipientRefusedOnConnection {
        address,
        by: scan.rest().trim(),
    };
    Some((&kind::RECIPIENT_REJECTED_ON_CONNECTION, fact))
}

/// `ACTION SG group [match what] [SBRS score] [country c]`: every part behind the group may be
/// missing or empty; a group holds no blank, a score may (`not enabled`).
fn hat(mut scan: Scan<'_>) -> OfConnection<'_> {
    let action = scan
        .word()
        .filter(|word| word.bytes().all(|byte| byte.is_ascii_uppercase()))?;
    scan.lit(" SG ")?;
    let group = scan.word()?;
    let mut matched = "";
    scan.skip_blanks();
    if scan.lit("match").is_some() {
        let mut ahead = scan;
        matched = match ahead.until(" SBRS ") {
            Some(before) => {
                scan = Scan(&scan.0[before.len() + 1..]);
                before.trim()
            }
            None => std::mem::replace(&mut scan, Scan("")).0.trim(),
        };
    }
    let mut score = "";
    if scan.lit("SBRS ").is_some() {
        score = scan
            .rest()
            .split(" country ")
            .next()
            .unwrap_or_default()
            .trim();
    }
    let kind = match action {
        "ACCEPT" => &kind::HAT_ACCEPT,
        "RELAY" => &kind::HAT_RELAY,
        "REJECT" => &kind::HAT_REJECT,
        "TCPREFUSE" => &kind::HAT_TCPREFUSE,
        _ => &kind::HAT_OTHER,
    };
    Some((
        kind,
        Fact::Hat {
            action,
            group,
            matched,
            score,
        },
    ))
}

/// Lines that begin with `SMTP`.
pub(super) fn smtp(mut scan: Scan<'_>) -> Form<'_> {
    if let Some(icid) = scan.id("SMTP server connection killed ICID: ") {
        let fact = Fact::ConnectionEnded(ConnectionEnd::Killed);
        return Some((&kind::CONNECTION_KILLED, connection_owner(icid), fact));
    }
    scan.lit("SMTP Auth")?;
    scan.lit(":");
    let icid = scan.id(" (ICID ")?;
    scan.lit(") ")?;
    let kind = match scan.lit("succeeded") {
        Some(()) => &kind::SMTP_AUTH_OK,
        // cut in the middle of the word that tells
        None if "succeeded".starts_with(scan.rest()) => return None,
        None => &kind::SMTP_AUTH_FAILED,
    };
    Some((kind, connection_owner(icid), Fact::Nothing))
}

/// `System limit reached: connection limit for IP a on listener L ICID n: max: m`
pub(super) fn limit(mut scan: Scan<'_>) -> Form<'_> {
    scan.lit("System limit reached: connection limit for IP ")?;
    scan.word()?;
    scan.lit(" on listener ")?;
    scan.until(" ICID ")?;
    let owner = scan.number().map_or(Owner::Appliance, connection_owner);
    Some((
        &kind::CONNECTION_LIMIT,
        owner,
        Fact::ReceivingFailed("Connection limit exceeded"),
    ))
}
