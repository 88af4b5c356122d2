//! An answer to what of it may leave for a ticket system: the rest is blanked out.
//!
//! Addresses keep their domains: the destination is what a cause hangs on. Where senders or
//! recipients may not leave, their addresses are blanked in lines and replies, too; any address
//! there, where neither may. The subject and the `Message-ID` likewise.
//!
//! Not here: which fields may leave (the subscription says so).

use whymid_mailflow::{Disguise, disguised, disguised_address, disguised_text};
use whymid_schemas::{Answer, Diagnosis, Field, Lang, MessageSummary};

/// What stands for what may not leave.
const BLANK: &str = "***";

/// What of the answer may leave.
pub(crate) fn leaving(answer: &Answer, fields: &[Field]) -> Answer {
    let mut answer = answer.clone();
    let known = answer.message.as_ref().map(Known::of).unwrap_or_default();
    let blank = Blank {
        fields: fields.to_vec(),
        known,
    };
    if let Some(message) = &mut answer.message {
        blank.message(message);
    }
    blank.diagnosis(&mut answer.diagnosis);
    answer.also.iter_mut().for_each(|one| blank.diagnosis(one));
    answer.summary = blank.text(&answer.summary);
    let id = &mut answer.question.message_id;
    *id = id.take().filter(|_| blank.may(Field::MessageId));
    answer
}

/// The diagnosis's title as it may leave: what each occurrence needs, without looking at the rest.
pub(crate) fn title(answer: &Answer, fields: &[Field]) -> String {
    let known = answer.message.as_ref().map(Known::of).unwrap_or_default();
    let blank = Blank {
        fields: fields.to_vec(),
        known,
    };
    blank.text(&answer.diagnosis.title)
}

/// Whose addresses and which words there are.
#[derive(Debug, Default)]
struct Known {
    senders: Vec<String>,
    recipients: Vec<String>,
    subject: Option<String>,
    message_id: Option<String>,
}

impl Known {
    fn of(message: &MessageSummary) -> Self {
        let recipients = message.recipients.iter();
        Self {
            senders: message
                .sender
                .iter()
                .map(|one| one.to_lowercase())
                .collect(),
            recipients: recipients
                .filter_map(|one| one.address.as_deref())
                .map(str::to_lowercase)
                .collect(),
            subject: message.subject.clone(),
            message_id: message.message_id.clone(),
        }
    }
}

#[derive(Debug)]
struct Blank {
    fields: Vec<Field>,
    known: Known,
}

impl Blank {
    fn may(&self, field: Field) -> bool {
        self.fields.contains(&field)
    }

    fn message(&self, message: &mut MessageSummary) {
        if let Some(sender) = &mut message.sender {
            *sender = self.address(sender);
        }
        for recipient in &mut message.recipients {
            if let Some(address) = &mut recipient.address {
                *address = self.address(address);
            }
            let response = recipient.response.take();
            recipient.response = response
                .filter(|_| self.may(Field::Lines))
                .map(|response| self.text(&response));
        }
        let id = message.message_id.take();
        message.message_id = id.filter(|_| self.may(Field::MessageId));
        let subject = message.subject.take();
        message.subject = subject.filter(|_| self.may(Field::Subject));
    }

    fn diagnosis(&self, diagnosis: &mut Diagnosis) {
        for proof in &mut diagnosis.evidence {
            proof.line = if self.may(Field::Lines) {
                let subject = self.known.subject.as_deref();
                disguised(&proof.line, subject, self).into_owned()
            } else {
                String::new()
            };
            proof.shows = self.text(&proof.shows);
        }
        for other in &mut diagnosis.ruled_out {
            other.because = self.text(&other.because);
        }
        for step in &mut diagnosis.next_steps {
            step.text = self.text(&step.text);
            if let Some(command) = &mut step.command {
                *command = self.text(command);
            }
        }
        let texts = [
            &mut diagnosis.explanation,
            &mut diagnosis.for_the_helpdesk,
            &mut diagnosis.title,
        ];
        for text in texts {
            *text = self.text(text);
        }
    }

    fn address(&self, address: &str) -> String {
        if address.is_empty() {
            return String::new();
        }
        disguised_address(address, self)
    }

    /// A text that may hold any of it.
    fn text(&self, text: &str) -> String {
        let known = &self.known;
        let whole = [
            (&known.subject, Field::Subject),
            (&known.message_id, Field::MessageId),
        ];
        let mut text = disguised_text(text, self).into_owned();
        for (value, field) in whole {
            if let Some(value) = value
                && !self.may(field)
                && value.chars().count() > 3
            {
                text = text.replace(value.as_str(), BLANK);
            }
        }
        text
    }
}

impl Disguise for Blank {
    fn local_part(&self, address: &str) -> String {
        let id = self.known.message_id.as_ref();
        if id.is_some_and(|id| id.eq_ignore_ascii_case(address)) {
            // it looks like one
            return self.message_id(address);
        }
        let (senders, recipients) = (self.may(Field::Sender), self.may(Field::Recipients));
        let is_of = |list: &[String]| list.iter().any(|one| one == address);
        let may = match (is_of(&self.known.senders), is_of(&self.known.recipients)) {
            (true, true) => senders && recipients,
            (true, false) => senders,
            (false, true) => recipients,
            // somebody else's, as in a reply
            (false, false) => senders || recipients,
        };
        match address.rsplit_once('@') {
            _ if !may => BLANK.to_owned(),
            Some((local, _)) => local.to_owned(),
            None => address.to_owned(),
        }
    }

    fn message_id(&self, id: &str) -> String {
        match id.rsplit_once('@') {
            _ if !self.may(Field::MessageId) => BLANK.to_owned(),
            Some((local, _)) => local.to_owned(),
            None => id.to_owned(),
        }
    }

    fn subject(&self, subject: &str) -> String {
        if self.may(Field::Subject) {
            return subject.to_owned();
        }
        BLANK.to_owned()
    }
}

/// A line for whoever wonders what is missing; `None` where nothing is.
pub(crate) fn note(fields: &[Field], lang: Lang) -> Option<String> {
    let all = [
        (Field::Sender, "sender", "送信者"),
        (Field::Recipients, "recipients", "受信者"),
        (Field::Subject, "subject", "件名"),
        (Field::MessageId, "Message-ID", "Message-ID"),
        (Field::Lines, "log lines", "ログの行"),
    ];
    let missing = all
        .into_iter()
        .filter(|(field, ..)| !fields.contains(field));
    let missing = missing.map(|(_, en, ja)| match lang {
        Lang::En => en,
        Lang::Ja => ja,
    });
    let missing: Vec<&str> = missing.collect();
    if missing.is_empty() {
        return None;
    }
    Some(match lang {
        Lang::En => format!(
            "Left out, as the subscription asks: {}.",
            missing.join(", ")
        ),
        Lang::Ja => format!("購読の設定により省いた項目: {}。", missing.join("、")),
    })
}

#[cfg(test)]
mod tests;
