//! Turns an answer into Markdown or plain text, made for pasting into a ticket.
//!
//! Pure functions of the published shapes. Everything an answer holds may come from strangers
//! (subjects, host names, remote replies, log lines), so no value can end a line, open a link, a
//! tag or a code block, ring a terminal or turn the direction of writing.
//! Not here: the HTML page (services/api) and the words themselves (labels.rs).

use whymid_schemas::{
    Answer, Candidate, Diagnosis, Evidence, Lang, MessageSummary, NextStep, Recipient, TicketLink,
};

use self::escape::{code_span, escape, fenced, plain, web_address};
use crate::labels::{self, Labels, labels};

mod escape;

/// Recipients shown before "… n more".
const RECIPIENTS_SHOWN: usize = 20;

/// The answer as Markdown (CommonMark; safe with the GitHub extensions, too).
#[must_use]
pub fn markdown(answer: &Answer, lang: Lang) -> String {
    write(answer, lang, Form::Markdown)
}

/// The answer as plain text.
#[must_use]
pub fn text(answer: &Answer, lang: Lang) -> String {
    write(answer, lang, Form::Text)
}

/// A stranger's text as one line of Markdown in which nothing is markup.
#[must_use]
pub fn escaped(text: &str) -> String {
    escape(text)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Markdown,
    Text,
}

fn write(answer: &Answer, lang: Lang, form: Form) -> String {
    let mut pen = Pen {
        form,
        lang,
        l: labels(lang),
        out: String::new(),
    };
    pen.head(answer);
    pen.facts(answer);
    pen.diagnosis(&answer.diagnosis);
    pen.also(&answer.also);
    pen.recipients(answer.message.as_ref());
    pen.tickets(&answer.tickets);
    pen.candidates(&answer.candidates);
    pen.articles(&answer.diagnosis);
    pen.out
}

/// Writes the parts of an answer in one form and one language.
struct Pen {
    form: Form,
    lang: Lang,
    l: &'static Labels,
    out: String,
}

impl Pen {
    fn head(&mut self, answer: &Answer) {
        if !answer.candidates.is_empty() {
            let opening = self.opening(answer);
            self.out.push_str(&opening);
            self.out.push_str("\n\n");
        }
        let title = format!("{}: {}", about(answer), answer.diagnosis.title);
        let title = self.words(&title);
        match self.form {
            Form::Markdown => self.out.push_str(&format!("## {title}\n")),
            Form::Text => self.out.push_str(&format!("{title}\n")),
        }
        self.paragraph(&answer.summary);
    }

    /// Appliance, time, sender, recipient: which of the records this answer is about.
    fn opening(&self, answer: &Answer) -> String {
        let mut parts = Vec::new();
        if let Some(message) = &answer.message {
            parts.push(self.labelled(self.l.appliance, &message.appliance));
            parts.push(self.labelled(self.l.time, &message.first_seen_at.0));
            parts.push(self.labelled(self.l.sender, address(message.sender.as_deref(), self.l)));
            parts.push(self.labelled(self.l.recipient, &recipients_in_short(message, self.l)));
        } else if let Some(connection) = &answer.connection {
            parts.push(self.labelled(self.l.appliance, &connection.appliance));
            parts.push(self.labelled(self.l.time, &connection.first_seen_at.0));
        }
        parts.join(" · ")
    }

    fn facts(&mut self, answer: &Answer) {
        let diagnosis = &answer.diagnosis;
        self.out.push('\n');
        self.fact(
            self.l.who_holds,
            labels::custody(diagnosis.custody, self.lang),
        );
        self.fact(self.l.who_can_act, &parties(diagnosis, self.lang));
        let outcome = answer.message.as_ref().map(|message| message.outcome);
        let outcome = outcome.or(answer
            .connection
            .as_ref()
            .map(|connection| connection.outcome));
        if let Some(outcome) = outcome {
            self.fact(self.l.outcome, labels::outcome(outcome, self.lang));
        }
        self.fact(
            self.l.confidence,
            labels::confidence(diagnosis.confidence, self.lang),
        );
        self.fact(
            self.l.severity,
            labels::severity(diagnosis.severity, self.lang),
        );
        self.fact(
            self.l.heals_by_retry,
            labels::heals_by_retry(diagnosis.heals_by_retry, self.lang),
        );
        let id = self.code(&diagnosis.id);
        self.raw_fact(self.l.diagnosis, &id);
        if let Some(url) = answer
            .message
            .as_ref()
            .and_then(|message| message.url.as_deref())
        {
            let link = self.link(None, url);
            self.raw_fact(self.l.permalink, &link);
        }
        if let Some(moment) = &answer.complete_up_to {
            self.fact(self.l.complete_up_to, &moment.0);
        }
    }

    fn diagnosis(&mut self, diagnosis: &Diagnosis) {
        self.heading(self.l.explanation);
        self.paragraph(&diagnosis.explanation);
        self.steps(&diagnosis.next_steps);
        if !diagnosis.for_the_helpdesk.is_empty() {
            self.heading(self.l.for_the_helpdesk);
            self.paragraph(&diagnosis.for_the_helpdesk);
        }
        self.evidence(&diagnosis.evidence);
        let ruled_out = diagnosis.ruled_out.iter();
        let ruled_out =
            ruled_out.map(|out| format!("{}: {}", self.code(&out.id), self.words(&out.because)));
        let ruled_out = ruled_out.collect::<Vec<_>>();
        self.list(self.l.ruled_out, &ruled_out);
        let open: Vec<_> = diagnosis
            .not_ruled_out
            .iter()
            .map(|id| self.code(id))
            .collect();
        self.list(self.l.not_ruled_out, &open);
        let surer: Vec<_> = diagnosis
            .would_raise_confidence
            .iter()
            .map(|text| self.words(text))
            .collect();
        self.list(self.l.would_raise_confidence, &surer);
    }

    fn steps(&mut self, steps: &[NextStep]) {
        if steps.is_empty() {
            return;
        }
        self.heading(self.l.next_steps);
        self.out.push('\n');
        for (index, step) in steps.iter().enumerate() {
            let who = self.strong(labels::who(step.who, self.lang));
            self.out.push_str(&format!(
                "{}. {who}: {}\n",
                index + 1,
                self.words(&step.text)
            ));
            if let Some(command) = &step.command {
                self.block(command);
            }
        }
    }

    fn evidence(&mut self, evidence: &[Evidence]) {
        if evidence.is_empty() {
            return;
        }
        self.heading(self.l.evidence);
        self.out.push('\n');
        for (index, proof) in evidence.iter().enumerate() {
            self.out
                .push_str(&format!("{}. {}\n", index + 1, self.words(&proof.shows)));
            self.block(&format!("{}  {}", proof.at, proof.line));
        }
    }

    fn also(&mut self, also: &[Diagnosis]) {
        let items: Vec<_> = also
            .iter()
            .map(|one| {
                format!(
                    "{}: {} ({})",
                    self.words(&one.title),
                    self.words(&one.explanation),
                    self.code(&one.id)
                )
            })
            .collect();
        self.list(self.l.also, &items);
    }

    fn recipients(&mut self, message: Option<&MessageSummary>) {
        let Some(message) = message else { return };
        let shown = message.recipients.iter().take(RECIPIENTS_SHOWN);
        let mut items: Vec<_> = shown.map(|recipient| self.recipient(recipient)).collect();
        let hidden = message.recipients.len().saturating_sub(RECIPIENTS_SHOWN);
        if hidden > 0 {
            items.push(format!("… {hidden} {}", self.l.more));
        }
        self.list(self.l.recipients, &items);
    }

    fn recipient(&self, recipient: &Recipient) -> String {
        let who = self.code(address(recipient.address.as_deref(), self.l));
        let mut line = format!("{who}: {}", labels::outcome(recipient.outcome, self.lang));
        if let Some(response) = &recipient.response {
            line.push_str(&format!(" – {}", self.code(response)));
        }
        let mids = [
            (self.l.final_mid, recipient.final_mid),
            (self.l.bounce_mid, recipient.bounce_mid),
        ];
        for (label, mid) in mids {
            if let Some(mid) = mid {
                line.push_str(&format!(" ({label} MID {mid})"));
            }
        }
        line
    }

    fn tickets(&mut self, tickets: &[TicketLink]) {
        let items: Vec<_> = tickets.iter().map(|one| self.ticket(one)).collect();
        self.list(self.l.tickets, &items);
    }

    fn ticket(&self, ticket: &TicketLink) -> String {
        let mut line = self.words(labels::system(&ticket.system, self.lang));
        match &ticket.id {
            Some(id) => line.push_str(&format!(" {}", self.code(id))),
            None if labels::has_numbers(&ticket.system) => {
                line.push_str(&format!(" ({})", self.l.ticket_coming));
            }
            None => {}
        }
        let state = if ticket.open {
            self.l.ticket_open
        } else {
            self.l.ticket_resolved
        };
        let count = labels::occurrences(ticket.count, self.lang);
        let comma = match self.lang {
            Lang::En => ", ",
            Lang::Ja => "、",
        };
        line.push_str(&format!(": {state}{comma}{count}"));
        // what the ticket system said of its own address is a stranger's word: a link, or nothing
        if let Some(url) = ticket.url.as_deref().and_then(web_address) {
            line.push_str(&format!(" – {}", self.link(None, &url)));
        }
        line
    }

    fn candidates(&mut self, candidates: &[Candidate]) {
        let items: Vec<_> = candidates
            .iter()
            .map(|other| self.candidate(other))
            .collect();
        self.list(self.l.candidates, &items);
    }

    fn candidate(&self, other: &Candidate) -> String {
        let outcome = labels::outcome(other.outcome, self.lang);
        let mut line = format!(
            "{}, {}: {outcome}",
            self.words(&other.appliance),
            self.words(&other.first_seen_at.0)
        );
        if let Some(url) = &other.url {
            line.push_str(&format!(" – {}", self.link(None, url)));
        }
        line
    }

    fn articles(&mut self, diagnosis: &Diagnosis) {
        let mut items = Vec::new();
        for article in &diagnosis.articles {
            items.push(self.link(Some(&article.title), &article.url));
            items.extend(
                article
                    .references
                    .iter()
                    .map(|paper| self.link(Some(&paper.title), &paper.url)),
            );
        }
        self.list(self.l.articles, &items);
    }
}

/// The building blocks, one form each.
impl Pen {
    fn heading(&mut self, title: &str) {
        match self.form {
            Form::Markdown => self.out.push_str(&format!("\n### {title}\n")),
            Form::Text => self.out.push_str(&format!("\n{title}\n")),
        }
    }

    fn paragraph(&mut self, text: &str) {
        let words = self.words(text);
        self.out.push_str(&format!("\n{words}\n"));
    }

    fn list(&mut self, title: &str, items: &[String]) {
        if items.is_empty() {
            return;
        }
        self.heading(title);
        self.out.push('\n');
        for item in items {
            self.out.push_str(&format!("- {item}\n"));
        }
    }

    fn fact(&mut self, label: &str, value: &str) {
        let value = self.words(value);
        self.raw_fact(label, &value);
    }

    fn raw_fact(&mut self, label: &str, value: &str) {
        let label = self.strong(label);
        self.out.push_str(&format!("- {label}: {value}\n"));
    }

    fn labelled(&self, label: &str, value: &str) -> String {
        format!("{}: {}", self.strong(label), self.code(value))
    }

    fn strong(&self, label: &str) -> String {
        match self.form {
            Form::Markdown => format!("**{label}**"),
            Form::Text => label.to_owned(),
        }
    }

    fn words(&self, text: &str) -> String {
        match self.form {
            Form::Markdown => escape(text),
            Form::Text => plain(text),
        }
    }

    fn code(&self, text: &str) -> String {
        match self.form {
            Form::Markdown => code_span(text),
            Form::Text => plain(text),
        }
    }

    /// A line to be read or copied exactly, below a numbered item.
    fn block(&mut self, text: &str) {
        match self.form {
            Form::Markdown => self.out.push_str(&fenced(text, "   ")),
            Form::Text => self.out.push_str(&format!("     {}\n", plain(text))),
        }
    }

    fn link(&self, title: Option<&str>, url: &str) -> String {
        let address = web_address(url);
        match (self.form, title, address) {
            (Form::Markdown, Some(title), Some(url)) => format!("[{}](<{url}>)", escape(title)),
            (Form::Markdown, None, Some(url)) => format!("<{url}>"),
            (Form::Text, Some(title), Some(url)) => format!("{}: {url}", plain(title)),
            (Form::Text, None, Some(url)) => url,
            (Form::Markdown | Form::Text, _, None) => self.code(title.unwrap_or(url)),
        }
    }
}

/// What the answer is about: the number as the person knows it.
fn about(answer: &Answer) -> String {
    if let Some(message) = &answer.message {
        return format!("MID {} ({})", message.mid, message.appliance);
    }
    if let Some(connection) = &answer.connection {
        return format!("ICID {} ({})", connection.icid, connection.appliance);
    }
    match (answer.question.mid, answer.question.icid) {
        (Some(mid), _) => format!("MID {mid}"),
        (None, Some(icid)) => format!("ICID {icid}"),
        (None, None) => "whymid".to_owned(),
    }
}

/// Who can mend it, likeliest first, in words.
fn parties(diagnosis: &Diagnosis, lang: Lang) -> String {
    let words = diagnosis
        .party
        .iter()
        .map(|party| labels::party(*party, lang));
    words.collect::<Vec<_>>().join(match lang {
        Lang::En => ", ",
        Lang::Ja => "、",
    })
}

fn address<'a>(address: Option<&'a str>, labels: &'a Labels) -> &'a str {
    match address {
        Some("") => "<>",
        Some(address) => address,
        None => labels.unknown,
    }
}

fn recipients_in_short(message: &MessageSummary, labels: &Labels) -> String {
    let Some(first) = message.recipients.first() else {
        return labels.unknown.to_owned();
    };
    let first = address(first.address.as_deref(), labels);
    match message.recipients.len() {
        1 => first.to_owned(),
        count => format!("{first} (+{})", count - 1),
    }
}

#[cfg(test)]
mod tests;
