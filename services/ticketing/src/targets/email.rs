//! Mail: one for each thing that is told, as a thread.
//!
//! The mail that opens the ticket and the later ones are joined by `In-Reply-To`, as all of them
//! can be named by the key alone. The same attempt twice has the same `Message-ID`, by which many
//! mailboxes drop the second. Nothing can be looked for in a mailbox.
//! The MIME message is made in `mailer.rs`.

use whymid_schemas::{Email, Happening, Lang};

use crate::event::Event;
use crate::mailer::mailbox;
use crate::markup::tree::one_line;
use crate::markup::{html, plain};
use crate::target::{Action, Driver, Mail, Refusal, Request, Response, Step, Ticket};

/// See the file's head.
pub(crate) struct EmailDriver(pub(crate) Email);

impl Driver for EmailDriver {
    fn finds(&self) -> bool {
        false
    }

    fn settles_in(&self) -> i64 {
        0
    }

    fn step(&self, action: &Action<'_>, answers: &[Response]) -> Result<Step, Refusal> {
        let sent = !answers.is_empty();
        match action {
            Action::Create(_) if sent => Ok(Step::Created(Ticket {
                id: String::new(),
                url: None,
                open: true,
            })),
            Action::Comment(..) if sent => Ok(Step::Done),
            Action::Create(event) | Action::Comment(_, event) => self.mail(event),
            Action::Find(_) => Ok(Step::Found(Vec::new())),
            Action::Seen(..) => Ok(Step::Seen(false)),
            Action::Close(_) | Action::Reopen(_) => Ok(Step::Done),
        }
    }

    fn complaint(&self, _body: &[u8]) -> Option<String> {
        None
    }

    fn addresses(&self) -> Vec<(&'static str, String)> {
        vec![("host", format!("smtp://{}:{}", self.0.host, self.0.port))]
    }
}

impl EmailDriver {
    fn mail(&self, event: &Event) -> Result<Step, Refusal> {
        let from = mailbox("from", &self.0.from)?;
        let domain = from.email.domain();
        let subject = subject(event);
        let mail = Mail {
            message_id: format!("{}@{domain}", event.id),
            in_reply_to: (event.revision > 1).then(|| format!("{}-1@{domain}", event.key)),
            text: format!("{}\n\n{}\n", plain::text(&event.body), event.marker()),
            html: document(event, &subject),
            headers: headers(event),
            subject,
        };
        Ok(Step::Send(Request::Mail(Box::new(mail))))
    }
}

fn subject(event: &Event) -> String {
    let title = one_line(&event.title);
    if event.kind == Happening::Resolved {
        return match event.lang {
            Lang::En => format!("[Resolved] {title}"),
            Lang::Ja => format!("[解決] {title}"),
        };
    }
    if event.revision > 1 {
        return format!("Re: {title}");
    }
    title
}

fn document(event: &Event, subject: &str) -> String {
    let lang = match event.lang {
        Lang::En => "en",
        Lang::Ja => "ja",
    };
    format!(
        "<!DOCTYPE html>\n<html lang=\"{lang}\">\n<head><meta charset=\"utf-8\">\
         <title>{}</title></head>\n<body>\n{}<p>{}</p>\n</body>\n</html>\n",
        html::escape(subject),
        html::text(&event.body),
        html::escape(&event.marker())
    )
}

/// Nobody's holiday answers this (RFC 3834), and a filter can tell causes apart.
fn headers(event: &Event) -> Vec<(&'static str, String)> {
    vec![
        ("Auto-Submitted", "auto-generated".to_owned()),
        ("X-Whymid-Key", one_line(&event.key)),
        ("X-Whymid-Revision", event.revision.to_string()),
    ]
}

#[cfg(test)]
mod tests;
