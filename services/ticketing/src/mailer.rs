//! A mail to be sent, from what it says and who it goes to.
//!
//! Plain text and HTML as alternatives, the same `Message-ID` in every attempt, no line break in
//! any header. The date is handed in. Sending is in `carrier.rs`.
//! Source: RFC 5322, RFC 3834 (`Auto-Submitted`).

use lettre::Message;
use lettre::message::header::{Date, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MessageBuilder, MultiPart};
use whymid_schemas::Email;

use crate::markup::tree::one_line;
use crate::target::{Mail, Refusal};

/// The mail, ready to be sent.
///
/// # Errors
/// An address in the settings is none; the setting is named.
pub(crate) fn message(
    mail: &Mail,
    settings: &Email,
    date: impl Into<Date>,
) -> Result<Message, Refusal> {
    if settings.to.is_empty() {
        return Err(Refusal(twins!(
            "`to` names nobody",
            "`to` に宛先がありません"
        )));
    }
    let builder = Message::builder()
        .header(date.into())
        .from(mailbox("from", &settings.from)?)
        .subject(one_line(&mail.subject))
        .message_id(Some(bracketed(&mail.message_id)));
    let builder = settings
        .to
        .iter()
        .try_fold(builder, |builder, to| Ok(builder.to(mailbox("to", to)?)))?;
    let builder = threaded(builder, mail.in_reply_to.as_deref());
    let builder = mail.headers.iter().try_fold(builder, further)?;
    let body = MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone());
    let message = builder.multipart(body);
    message.map_err(|error| {
        Refusal(twins!(
            "there is no mail to be made of it: {error}",
            "メールを作成できません: {error}"
        ))
    })
}

/// An address of the settings, with a name or without.
///
/// # Errors
/// It is none; the setting is named.
pub(crate) fn mailbox(setting: &str, address: &str) -> Result<Mailbox, Refusal> {
    address.trim().parse().map_err(|_| {
        let address = one_line(address);
        Refusal(twins!(
            "`{setting}` is not an address of mail: {address}",
            "`{setting}` がメールアドレスとして正しくありません: {address}"
        ))
    })
}

fn threaded(builder: MessageBuilder, first: Option<&str>) -> MessageBuilder {
    match first.map(bracketed) {
        Some(first) => builder.in_reply_to(first.clone()).references(first),
        None => builder,
    }
}

fn further(
    builder: MessageBuilder,
    (name, value): &(&'static str, String),
) -> Result<MessageBuilder, Refusal> {
    let name = HeaderName::new_from_ascii((*name).to_owned()).map_err(|_| {
        Refusal(twins!(
            "`{name}` is no name of a header",
            "`{name}` はヘッダー名ではありません"
        ))
    })?;
    Ok(builder.raw_header(HeaderValue::new(name, one_line(value))))
}

fn bracketed(id: &str) -> String {
    let id = one_line(id);
    format!("<{}>", id.replace(['<', '>', ' '], ""))
}

#[cfg(test)]
mod tests;
