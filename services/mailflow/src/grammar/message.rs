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
    (scan.done() || scan.rest().starts_with(" ("))
        .then_some((mid, &kind::MESSAGE_STARTED, Fact::Started { icid: somebody(icid) }))
}

/// The reason is an open set, told apart by how it begins; it may hold filter names.
fn aborted(mut scan: Scan<'_>) -> OfMessage<'_> {
    let mid = scan.id("Message aborted MID ")?;
    scan.blanks()?;
    let reason = scan.rest().trim_end();
    let (kind, fact) = match reason {
        "Receiving aborted" | "Injection aborted" => {
            (&kind::RECEIVING_ABORTED, Fact::ReceivingAborted { by_sender: false })
        }
        "Receiving aborted by sender" => {
            (&kind::RECEIVING_ABORTED_BY_SENDER, Fact::ReceivingAborted { by_sender: true })
        }
        _ => (&kind::MESSAGE_STOPPED, Fact::Stopped(reason)),
    };
    Some((mid, kind, fact))
}

fn finished(mut scan: Scan<'_>) -> OfMessage<'_> {
    let mid = scan.id("Message finished MID ")?;
    match scan.rest().trim() {
        "aborted" => Some((mid, &kind::FINISHED_ABORTED, Fact::Finished { aborted: true })),
        "done" => Some((mid, &kind::FINISHED_DONE, Fact::Finished { aborted: false })),
        _ => None,
    }
}

/// `ICID n MID m Invalid recipient address: …`: the text is the client's.
fn invalid_recipient(mut scan: Scan<'_>) -> OfMessage<'_> {
    let icid = somebody(scan.id("ICID ")?);
    let mid = scan.id(" MID ")?;
    scan.lit(" Invalid recipient address:")?;
    let fact = Fact::RecipientRefused { icid, address: None, refusal: Refusal::Invalid };
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
        return Some((&kind::RECIPIENT_ACCEPTED, Fact::Recipient { icid, rid, address }));
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
    let address = scan.address()?;
    scan.lit(" rejected by bounce verification")?;
    let refusal = Refusal::BounceVerification;
    let fact = Fact::RecipientRefused { icid, address: Some(address), refusal };
    Some((&kind::BOUNCE_VERIFICATION_REJECTED, fact))
}

/// The address that is the whole rest of the line; a quoted local part may hold `>` and blanks.
/// A cut line yields what is there.
fn whole_address<'a>(scan: &mut Scan<'a>) -> Option<&'a str> {
    let rest = scan.rest().trim();
    (!rest.is_empty()).then(|| bare(rest))
}

/// Takes the angle brackets off, the closing one only if it is there.
fn bare(address: &str) -> &str {
    match address.strip_prefix('<') {
        Some(inner) => inner.strip_suffix('>').unwrap_or(inner),
        None => address,
    }
}

fn ready(mut scan: Scan<'_>) -> Told<'_> {
    scan.lit("ready ")?;
    let bytes = scan.number()?;
    scan.lit(" bytes from")?;
    Some((&kind::READY, Fact::Ready { bytes, sender: bare(scan.rest().trim()) }))
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
    scan.lit(" To: ").or_else(|| scan.done().then_some(()))?;
    let kind = if scan.rest().is_empty() { &kind::ENVELOPE_SENDER } else { &kind::SYSTEM_MAIL };
    Some((kind, Fact::Sender { icid: None, address }))
}
