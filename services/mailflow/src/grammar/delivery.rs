//! Lines of delivery: outbound connections (DCID), attempts, replies, bounces and delays.
//! Log grammar rows E028 to E032 and E203 to E233. Lines that name a MID are the message's.

use super::{Form, delivery_owner, somebody};
use crate::event::{Fact, Owner, Reply};
use crate::kind;
use crate::scan::{Scan, unquote};

/// `New SMTP DCID n interface i address a [port p]`
pub(super) fn opened(mut scan: Scan<'_>) -> Form<'_> {
    scan.lit("New ")?;
    scan.lit_any_case("SMTP")?;
    let dcid = scan.id(" DCID ")?;
    scan.lit(" interface ")?;
    scan.until(" address ")?;
    let peer = scan.word()?;
    let port = scan.id(" port ").and_then(|port| u16::try_from(port).ok());
    Some((
        &kind::DELIVERY_OPENED,
        delivery_owner(dcid),
        Fact::DeliveryOpened { peer, port },
    ))
}

/// `SMTP client connection killed DCID: n`
pub(super) fn killed(mut scan: Scan<'_>) -> Form<'_> {
    let dcid = scan.id("SMTP client connection killed DCID: ")?;
    Some((
        &kind::DELIVERY_KILLED,
        delivery_owner(dcid),
        Fact::DeliveryEnded,
    ))
}

/// Lines that begin with `DCID`, `Delivery start`, `Message done`, `MID n RID`, `Bounced:`,
/// `Delayed:`, `Connection Error:` or `Message n to RID … pending till`.
pub(super) fn read(scan: Scan<'_>) -> Form<'_> {
    of_dcid(scan)
        .or_else(|| start(scan))
        .or_else(|| done(scan))
        .or_else(|| response(scan))
        .or_else(|| pending(scan))
        .or_else(|| bounce(scan))
        .or_else(|| error(scan))
}

fn of_dcid(mut scan: Scan<'_>) -> Form<'_> {
    let dcid = scan.id("DCID ")?;
    scan.blanks()?;
    let owner = delivery_owner(dcid);
    if scan.rest().trim_end() == "close" {
        return Some((&kind::DELIVERY_CLOSED, owner, Fact::DeliveryEnded));
    }
    let kind = if scan.rest().starts_with("TLS success") {
        &kind::DELIVERY_TLS_OK
    } else if scan.rest().starts_with("TLS failed") {
        &kind::DELIVERY_TLS_FAILED
    } else {
        scan.lit("IP ")?;
        scan.word()?;
        scan.lit(" TLS was required")?;
        &kind::DELIVERY_TLS_REQUIRED
    };
    Some((kind, owner, Fact::Nothing))
}

/// ` to RID [0, 1]`, ` to [0]`, ` to 0`.
fn to_rids(scan: &mut Scan<'_>) -> Option<Vec<u32>> {
    scan.lit(" to ")?;
    scan.lit("RID");
    scan.rids()
}

fn start(mut scan: Scan<'_>) -> Form<'_> {
    let dcid = somebody(scan.id("Delivery start DCID ")?);
    let mid = scan.id(" MID ")?;
    let rids = to_rids(&mut scan)?;
    let kind = match scan.rest().trim() {
        "" => &kind::DELIVERY_START,
        tail if tail.starts_with("to offbox") => &kind::EXTERNAL_QUARANTINE_START,
        _ => return None,
    };
    Some((
        kind,
        Owner::Message(mid),
        Fact::DeliveryStart { dcid, rids },
    ))
}

/// Behind the recipients may stand logged headers (a Python list) or `(external quarantine)`.
/// Any other tail is not understood: it must not be taken for a delivery.
fn done(mut scan: Scan<'_>) -> Form<'_> {
    let dcid = somebody(scan.id("Message done DCID ")?);
    let mid = scan.id(" MID ")?;
    let rids = to_rids(&mut scan)?;
    let tail = scan.rest().trim();
    let quarantine = tail.starts_with("(external quarantine)");
    if !(quarantine || tail.is_empty() || tail.starts_with('[')) {
        return None;
    }
    let kind = if quarantine {
        &kind::EXTERNAL_QUARANTINED
    } else {
        &kind::DELIVERED
    };
    Some((
        kind,
        Owner::Message(mid),
        Fact::Done {
            dcid,
            rids,
            quarantine,
        },
    ))
}

fn response(mut scan: Scan<'_>) -> Form<'_> {
    let mid = scan.id("MID ")?;
    scan.lit(" RID")?;
    let rids = scan.rids()?;
    scan.lit(" Response ")?;
    let fact = Fact::Response {
        rids,
        text: unquote(scan.rest()),
    };
    Some((&kind::RESPONSE, Owner::Message(mid), fact))
}

fn pending(mut scan: Scan<'_>) -> Form<'_> {
    let mid = scan.id("MID ").or_else(|| scan.id("Message "))?;
    to_rids(&mut scan)?;
    scan.lit(" pending till ")?;
    Some((&kind::PENDING, Owner::Message(mid), Fact::Nothing))
}

/// `Bounced: DCID d MID m [From: <a> To: <b>] to RID r - 5.1.0 - label ('550', ['text']) []`,
/// the same with `Delayed:`, `DCID: d` and `Message m` in old releases.
fn bounce(mut scan: Scan<'_>) -> Form<'_> {
    let bounced = scan.lit("Bounced: ").is_some();
    if !bounced {
        scan.lit("Delayed: ")?;
    }
    let dcid = somebody(scan.id("DCID ").or_else(|| scan.id("DCID: "))?);
    let mid = scan.id(" MID ").or_else(|| scan.id(" Message "))?;
    let address = addresses(&mut scan);
    let rids = to_rids(&mut scan).or_else(|| scan.lit(" RID").and_then(|()| scan.rids()))?;
    let reply = reply(scan);
    Some(if bounced {
        (
            &kind::BOUNCED,
            Owner::Message(mid),
            Fact::Bounced {
                dcid,
                rids,
                address,
                reply,
            },
        )
    } else {
        (
            &kind::DELAYED,
            Owner::Message(mid),
            Fact::Delayed {
                dcid,
                rids,
                address,
                reply,
            },
        )
    })
}

/// ` From: <a> To: <b>`: the recipient.
fn addresses<'a>(scan: &mut Scan<'a>) -> Option<&'a str> {
    let mut ahead = *scan;
    ahead.skip_blanks();
    ahead.lit("From:")?;
    ahead.skip_blanks();
    ahead.address()?;
    ahead.lit(" To:")?;
    ahead.skip_blanks();
    let address = ahead.address()?;
    *scan = ahead;
    Some(address)
}

/// ` - 5.1.0 - Unknown address error ('550', ['…']) []`; whatever is missing stays empty.
fn reply(mut scan: Scan<'_>) -> Reply<'_> {
    let mut reply = Reply::default();
    if scan.lit(" - ").is_none() {
        return reply;
    }
    let Some(enhanced) = scan.until(" - ") else {
        return reply;
    };
    reply.enhanced = enhanced;
    let Some((label, tuple)) = scan.rest().split_once(" ('") else {
        reply.label = scan.rest().trim();
        return reply;
    };
    reply.label = label;
    let Some((code, text)) = tuple.split_once("', ") else {
        return reply;
    };
    reply.code = code;
    reply.text = python_list(text);
    reply
}

/// The list at the front of `['one', "two"]) [logged headers]`; of a cut one, what is there.
/// Brackets in its strings, which the remote server wrote, do not close it.
fn python_list(text: &str) -> &str {
    let mut open: Option<u8> = None;
    let mut escaped = false;
    for (place, byte) in text.bytes().enumerate() {
        match open {
            _ if escaped => escaped = false,
            Some(_) if byte == b'\\' => escaped = true,
            Some(quote) if byte == quote => open = None,
            Some(_) => {}
            None if byte == b']' => return &text[..=place],
            None if matches!(byte, b'\'' | b'"') => open = Some(byte),
            None => {}
        }
    }
    text.trim_end()
}

/// `Connection Error: … DCID: n …`: the id is read where one of the two known forms has it.
fn error(mut scan: Scan<'_>) -> Form<'_> {
    scan.lit("Connection Error: ")?;
    let mut ahead = scan;
    let dcid = ahead
        .id("DCID: ")
        .or_else(|| ahead.id("DCID "))
        .or_else(|| {
            let reason = ahead.until(" DCID: ")?;
            (reason.len() < 60).then(|| ahead.number()).flatten()
        });
    let owner = dcid.map_or(Owner::Appliance, delivery_owner);
    Some((&kind::DELIVERY_ERROR, owner, Fact::Nothing))
}
