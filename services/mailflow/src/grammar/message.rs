//! Lines of a message (MID): its start, envelope, headers, acceptance and ends.
//! Log grammar rows E057 to E092.

use super::{Form, somebody};
use crate::event::{Fact, Owner, Refusal};
use crate::kind::{self, Kind};
use crate::scan::{Scan, unquote};

/// Lines that begin with `Start MID`, `Message aborted`, `Message finished`, `MID n` or
/// `ICID n MID m`.
pub(super) fn read(scan: Scan<'_>) -> Form<'_> {
    let (mid, kind, fact) = started(scan)
        .or_else(|| aborted(scan))
        .or_else(|| finished(scan))
        .or_else(|| invalid_recipient(scan))
        .or_else(|| of_mid(scan))?;
    Some((kind, Owner::Message(mid), fact))
}

type OfMessage<'a> = Option<(u64, &'static Kind, Fact<'a>)>;

fn started(mut scan: Scan<'_>) -> OfMessage<'_> {
    let mid = scan.id("Start MID ")?;
    let icid = scan.id(" ICID ")?;
    (scan.done() || scan.rest().starts_with(" (")).then_some((
        mid,
        &kind::MESSAGE_STARTED,
        Fact::Started {
            icid: somebody(icid),
        },
    ))
}

/// The reason is an open set, told apart by how it begins; it may hold filter names. One that
/// is cut before it can be told apart is not understood: it must not blame a filter.
fn aborted(mut scan: Scan<'_>) -> OfMessage<'_> {
    let mid = scan.id("Message aborted MID ")?;
    scan.blanks()?;
    let reason = scan.rest().trim_end();
    for receiving in ["Receiving aborted", "Injection aborted"] {
        if let Some(tail) = reason.strip_prefix(receiving) {
            let (kind, fact) = receiving_aborted(tail);
            return Some((mid, kind, fact));
        }
        if receiving.starts_with(reason) {
            return None;
        }
    }
    Some((mid, &kind::MESSAGE_STOPPED, Fact::Stopped(reason)))
}

fn receiving_aborted(tail: &str) -> (&'static Kind, Fact<'_>) {
    let by_sender = tail.starts_with(" by") && " by sender".starts_with(tail);
    let kind = match by_sender {
        true => &kind::RECEIVING_ABORTED_BY_SENDER,
        false => &kind::RECEIVING_ABORTED,
    };
    (kind, Fact::ReceivingAborted { by_sender })
}

fn finished(mut scan: Scan<'_>) -> OfMessage<'_> {
    let mid = scan.id("Message finished MID ")?;
    match scan.rest().trim() {
        "aborted" => Some((
            mid,
            &kind::FINISHED_ABORTED,
            Fact::Finished { aborted: true },
        )),
        "done" => Some((mid, &kind::FINISHED_DONE, Fact::Finished { aborted: false })),
        _ => None,
    }
}

/// `ICID n MID m Invalid recipient address: …`: the text is the client's.
fn invalid_recipient(mut scan: Scan<'_>) -> OfMessage<'_> {
    let icid = somebody(scan.id("ICID ")?);
    let mid = scan.id(" MID ")?;
    scan.lit(" Invalid recipient address:")?;
    let fact = Fact::RecipientRefused {
        icid,
        address: None,
        refusal: Refusal::Invalid,
    };
    Some((mid, &kind::RECIPIENT_INVALID, fact))
}

fn of_mid(mut scan: Scan<'_>) -> OfMessage<'_> {
    let mid = scan.id("MID ")?;
    scan.blanks()?;
    let (kind, fact) = envelope(scan)
        .or_else(|| ready(scan))
        .or_else(|| header(scan))
        .or_else(|| queued(scan))
        .or_else(|| system_mail(scan))?;
    Some((mid, kind, fact))
}

type Told<'a> = Option<(&'static Kind, Fact<'a>)>;

/// Behind `MID n `: `ICID n From: <a>`, `ICID n RID r To: <a>`, `ICID n To: <a> Rejected by x`,
/// `ICID n invalid bounce, …`; `From: a` without brackets in older releases.
fn envelope(mut scan: Scan<'_>) -> Told<'_> {
    let icid = somebody(scan.id("ICID ")?);
    scan.blanks()?;
    if scan.lit("From: ").is_some() {
        let address = whole_address(&mut scan)?;
        return Some((&kind::ENVELOPE_SENDER, Fact::Sender { icid, address }));
    }
    if let Some(rid) = scan.id("RID ") {
        scan.lit(" To: ")?;
        let rid = u32::try_from(rid).ok()?;
        let address = whole_address(&mut scan)?;
        return Some((
            &kind::RECIPIENT_ACCEPTED,
            Fact::Recipient { icid, rid, address },
        ));
    }
    refused(scan, icid)
}

fn refused(mut scan: Scan<'_>, icid: Option<u64>) -> Told<'_> {
    if scan.lit("To: ").is_some() {
        let address = scan.until_last(" Rejected by ")?;
        let fact = Fact::RecipientRefused {
            icid,
            address: Some(bare(address)),
            refusal: Refusal::By(scan.rest().trim()),
        };
        return Some((&kind::RECIPIENT_REJECTED, fact));
    }
    scan.lit("invalid bounce, ")?;
    if scan.rest().trim() == "tagging" {
        return Some((&kind::BOUNCE_VERIFICATION_TAGGED, Fact::Nothing));
    }
    scan.lit("rcpt address ")?;
    let address = bare(scan.until_last(" rejected by bounce verification")?);
    let refusal = Refusal::BounceVerification;
    let fact = Fact::RecipientRefused {
        icid,
        address: Some(address),
        refusal,
    };
    Some((&kind::BOUNCE_VERIFICATION_REJECTED, fact))
}

/// The address that is the whole rest of the line; a quoted local part may hold `>` and blanks.
/// A cut line yields what is there; a lone `<` is not `<>`.
fn whole_address<'a>(scan: &mut Scan<'a>) -> Option<&'a str> {
    let rest = scan.rest().trim();
    (!rest.is_empty() && rest != "<").then(|| bare(rest))
}

/// Takes the angle brackets off, the closing one only if it is there.
pub(super) fn bare(address: &str) -> &str {
    match address.strip_prefix('<') {
        Some(inner) => inner.strip_suffix('>').unwrap_or(inner),
        None => address,
    }
}

fn ready(mut scan: Scan<'_>) -> Told<'_> {
    scan.lit("ready ")?;
    let bytes = scan.number()?;
    scan.lit(" bytes from")?;
    let sender = scan.rest().trim();
    let sender = (!sender.is_empty() && sender != "<").then(|| bare(sender));
    Some((&kind::READY, Fact::Ready { bytes, sender }))
}

fn header(mut scan: Scan<'_>) -> Told<'_> {
    if scan.lit("Message-ID ").is_some() {
        return Some((&kind::MESSAGE_ID, Fact::MessageId(unquote(scan.rest()))));
    }
    scan.lit("Subject")?;
    if !scan.done() {
        scan.lit(" ")?;
    }
    Some((&kind::SUBJECT, Fact::Subject(unquote(scan.rest()))))
}

fn queued(scan: Scan<'_>) -> Told<'_> {
    (scan.rest().trim_end() == "queued for delivery").then_some((&kind::QUEUED, Fact::Queued))
}

/// `MID n From: <> To: <a>, ... 1 total recipients`: mail that the gateway made.
fn system_mail(mut scan: Scan<'_>) -> Told<'_> {
    scan.lit("From: ")?;
    let address = scan.address()?;
    let fact = Fact::Sender {
        icid: None,
        address,
    };
    if scan.done() {
        return Some((&kind::ENVELOPE_SENDER, fact));
    }
    scan.lit(" To: ")?;
    Some((&kind::SYSTEM_MAIL, fact))
}
